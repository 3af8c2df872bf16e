#include "node/engine/gate.h"

#include <string.h>

#include "node/engine/event.h"
#include "node/engine/facts.h"
#include "node/engine/federation.h"
#include "node/engine/handover.h"
#include "node/engine/leave.h"
#include "node/engine/ledger.h"
#include "node/engine/ready.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "node/engine/text.h"
#include "node/engine/timer.h"
#include "policies/civil.h"

/* ------------------------------------------------------------- the decision */

/* DOMAIN 9.3, on what would really go out. */
static void check_words(const struct sk_engine *e,
                        const struct sk_gate_question *question,
                        struct sk_gate_answer *answer)
{
    const struct sk_decision *d = &answer->decision;

    for (size_t i = 0; i < d->fields_count; i++) {
        const struct sk_decided_field *field = &d->fields[i];
        struct sk_gate_warning found = {.field = field->name};
        enum sk_text_result result;

        if (field->withheld != SK_SENT || field->value.text.size == 0)
            continue;
        result = sk_text_check(e, field->name, field->value.text, question->to,
                               &found.word);
        if (result == SK_TEXT_ALLOWED)
            continue;
        if (result == SK_TEXT_BLOCKED) {
            answer->blocked = true;
            answer->warnings[0] = found;
            answer->warnings_count = 1;
            return;
        }
        answer->warnings[answer->warnings_count++] = found;
    }
}

static enum sk_status facts_for(struct sk_engine *e,
                                const struct sk_gate_question *question,
                                const struct sk_facts **out)
{
    const struct sk_participant_id *id = &question->event->participant;
    struct sk_facts *facts;

    if (question->extra == NULL && question->bundle == e->bundle)
        return sk_facts_now(e, id, out);
    SK_TRY(sk_facts_of(e, question->bundle, id, question->extra, &facts));
    *out = facts;
    return SK_OK;
}

enum sk_status sk_gate_judge(struct sk_engine *e,
                             const struct sk_gate_question *question,
                             struct sk_gate_answer **out)
{
    struct sk_gate_answer *answer = sk_arena_take(&e->scratch, sizeof(*answer));
    struct sk_question asked = {.to = question->to,
                                .purpose = question->purpose,
                                .now = sk_instant(e),
                                .event = &question->event->view};
    const struct sk_facts *facts;

    if (answer == NULL)
        return SK_E_MEMORY;
    answer->warnings_count = 0;
    answer->blocked = false;
    SK_TRY(facts_for(e, question, &facts));
    SK_TRY(sk_decide(question->bundle, facts, &asked, &e->scratch,
                     &answer->decision));
    if (answer->decision.permit && question->bundle == e->bundle &&
        e->seen != NULL)
        SK_TRY(sk_approval_cut(e, question, &asked, &answer->decision));
    if (answer->decision.permit)
        check_words(e, question, answer);
    *out = answer;
    return SK_OK;
}

/* ------------------------------------------------------------- the ledger */

static bool contributed(const struct sk_decided_field *field, size_t rule)
{
    for (size_t i = 0; i < field->rules_count; i++)
        if (field->rules[i] == rule)
            return true;
    return false;
}

/* What a recall will need to know of one rule, whatever becomes of the
   policy (CONSENT 4.3). */
static enum sk_status fill_rule(struct sk_engine *e,
                                const struct sk_bundle *bundle,
                                const struct sk_decision *d, size_t i,
                                struct sk_recall_rule *out)
{
    struct sk_bytes *fields =
        sk_arena_get_array(&e->scratch, d->fields_count + 1, sizeof(*fields));
    struct sk_rule_view rule;
    size_t count = 0;

    if (fields == NULL)
        return SK_E_MEMORY;
    if (!sk_bundle_rule(bundle, d->rules[i], &rule))
        return SK_E_NOT_FOUND;
    for (size_t f = 0; f < d->fields_count; f++)
        if (d->fields[f].withheld == SK_SENT && contributed(&d->fields[f], i))
            fields[count++] = d->fields[f].name;
    *out = (struct sk_recall_rule){.id = d->rules[i],
                                   .explicit_consent = rule.explicit_consent,
                                   .where = rule.where,
                                   .where_count = rule.where_count,
                                   .fields = fields,
                                   .fields_count = count};
    return SK_OK;
}

/* "org/version" of a policy, in scratch. */
static enum sk_status policy_name(struct sk_engine *e,
                                  const struct sk_bundle *bundle,
                                  struct sk_bytes *out)
{
    struct sk_bytes owner = sk_bundle_owner(bundle);
    char number[21];
    struct sk_bytes version =
        sk_number_format(sk_bundle_policy_version(bundle), number);
    uint8_t *text = sk_arena_get(&e->scratch, owner.size + version.size + 1);
    size_t size = 0;

    if (text == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < owner.size; i++)
        text[size++] = owner.data[i];
    text[size++] = '/';
    for (size_t i = 0; i < version.size; i++)
        text[size++] = version.data[i];
    *out = (struct sk_bytes){text, size};
    return SK_OK;
}

enum sk_status sk_gate_fill(struct sk_engine *e, const struct sk_bundle *bundle,
                            const struct sk_decision *d,
                            struct sk_ledger_entry *entry)
{
    if (d->rules_count > SK_ITEM_WORDS_MAX ||
        d->consents_count > SK_ITEM_WORDS_MAX)
        return SK_E_TOO_LARGE;
    entry->fields_count = d->fields_count;
    for (size_t i = 0; i < d->fields_count; i++) {
        const struct sk_decided_field *field = &d->fields[i];
        bool sent = field->withheld == SK_SENT;

        entry->fields[i] = (struct sk_ledger_field){
            .name = field->name,
            .withheld = field->withheld,
            .level = sent ? field->level_name : (struct sk_bytes){0}};
    }
    entry->rules_count = d->rules_count;
    for (size_t i = 0; i < d->rules_count; i++)
        SK_TRY(fill_rule(e, bundle, d, i, &entry->rules[i]));
    entry->consents.count = d->consents_count;
    for (size_t i = 0; i < d->consents_count; i++)
        entry->consents.list[i] = d->consents[i];
    SK_TRY(policy_name(e, bundle, &entry->policy));
    entry->erase_by = d->erase_by;
    entry->erase = d->erase;
    entry->within_days = d->within_days;
    return sk_ledger_fits(entry) ? SK_OK : SK_E_TOO_LARGE;
}

static struct sk_ledger_field *find_field(struct sk_ledger_entry *entry,
                                          struct sk_bytes name)
{
    for (size_t i = 0; i < entry->fields_count; i++)
        if (sk_bytes_equal(entry->fields[i].name, name))
            return &entry->fields[i];
    return NULL;
}

static bool has_rule(const struct sk_ledger_entry *entry, struct sk_bytes id)
{
    for (size_t i = 0; i < entry->rules_count; i++)
        if (sk_bytes_equal(entry->rules[i].id, id))
            return true;
    return false;
}

/*
 * It was handed over before and nobody knows which copy arrived.  What either
 * showed counts as disclosed, so that a later recall reaches it.
 */
static enum sk_status merge(const struct sk_bundle *bundle,
                            const struct sk_ledger_entry *before,
                            struct sk_ledger_entry *entry)
{
    const struct sk_vocabulary *v = sk_bundle_vocabulary(bundle);

    for (size_t i = 0; i < before->fields_count; i++) {
        const struct sk_ledger_field *old = &before->fields[i];
        struct sk_ledger_field *field = find_field(entry, old->name);
        uint16_t at = sk_vocabulary_field(v, old->name);

        if (old->withheld != SK_SENT || field == NULL)
            continue;
        if (field->withheld != SK_SENT || at == SK_NONE ||
            sk_field_level(&v->fields[at], field->level) <
                sk_field_level(&v->fields[at], old->level))
            *field = *old;
    }
    for (size_t i = 0; i < before->rules_count; i++) {
        if (has_rule(entry, before->rules[i].id))
            continue;
        if (entry->rules_count == SK_ITEM_WORDS_MAX)
            return SK_E_TOO_LARGE;
        entry->rules[entry->rules_count++] = before->rules[i];
    }
    if (before->erase_by > entry->erase_by)
        entry->erase_by = before->erase_by;
    return SK_OK;
}

/* ------------------------------------------------------------- the item */

static void copy_words(const struct sk_bytes *list, size_t count,
                       struct sk_words *out)
{
    out->count = count < SK_ITEM_WORDS_MAX ? count : SK_ITEM_WORDS_MAX;
    for (size_t i = 0; i < out->count; i++)
        out->list[i] = list[i];
}

static void item_field(const struct sk_decided_field *field,
                       struct sk_item_field *out)
{
    out->name = field->name;
    out->level = field->level_name;
    out->is_set = field->value.set_count > 0;
    out->text = field->value.text;
    copy_words(field->value.set, field->value.set_count, &out->set);
}

static enum sk_status item_event(struct sk_engine *e,
                                 const struct sk_ledger_entry *entry,
                                 const struct sk_decision *d,
                                 struct sk_item_event *out)
{
    char *day = sk_arena_get(&e->scratch, 11);

    if (day == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_facts_handle(e, &entry->participant, &entry->to, &out->handle));
    out->message = entry->message;
    out->source = sk_org_text(&e->org);
    out->type = entry->type;
    out->purpose = entry->purpose;
    for (size_t i = 0; i < d->fields_count; i++)
        if (d->fields[i].withheld == SK_SENT)
            item_field(&d->fields[i], &out->fields[out->fields_count++]);
    sk_day_format(d->erase_by, day);
    out->erase_by = sk_text(day);
    copy_words(d->duties, d->duties_count, &out->duties);
    out->roles_all = d->roles_all;
    copy_words(d->roles, d->roles_count, &out->roles);
    copy_words(d->rules, d->rules_count, &out->rules);
    for (size_t i = 0; i < d->consents_count; i++)
        if (!sk_id_parse(d->consents[i], &out->consents[i].id))
            return SK_E_BAD_VALUE;
    out->consents_count = d->consents_count;
    out->policy = entry->policy;
    out->erase = d->erase;
    out->within_days = d->within_days;
    if (entry->has_handover)
        SK_TRY(sk_handover_stamp(e, &entry->handover, out));
    return SK_OK;
}

static enum sk_status empty_place(struct sk_engine *e, struct sk_room room,
                                  struct sk_bytes *out)
{
    e->leaving->kind = SK_ITEM_VOID;
    return sk_item_encode(e->leaving, room, out);
}

/* Never sent: say why, and leave its place empty.  What was handed over before
   stays in the ledger as disclosed. */
static enum sk_status drop(struct sk_engine *e, struct sk_ledger_entry *entry,
                           const char *reason, struct sk_room room,
                           struct sk_bytes *out)
{
    if (entry->state == SK_LEDGER_QUEUED)
        SK_TRY(sk_ledger_drop(e, entry, reason));
    return empty_place(e, room, out);
}

/* What may leave, and its entry, sent.  Writes nothing; fails with
   SK_E_TOO_LARGE or SK_E_NO_ROOM when it does not fit. */
static enum sk_status make_item(struct sk_engine *e,
                                struct sk_ledger_entry *entry,
                                const struct sk_decision *d,
                                struct sk_room room, struct sk_bytes *out)
{
    struct sk_item *item = e->leaving;

    memset(&item->event, 0, offsetof(struct sk_item_event, fields));
    item->kind = SK_ITEM_EVENT;
    SK_TRY(item_event(e, entry, d, &item->event));
    SK_TRY(sk_item_encode(item, room, out));
    if (entry->state == SK_LEDGER_QUEUED)
        entry->state = SK_LEDGER_SENT;
    if (entry->sent_ms == 0)
        entry->sent_ms = e->now_ms;
    return SK_OK;
}

/* Writes only when all is well: before that it fails with SK_E_TOO_LARGE or
   SK_E_NO_ROOM. */
static enum sk_status pass(struct sk_engine *e,
                           const struct sk_ledger_entry *before,
                           const struct sk_decision *d, struct sk_room room,
                           struct sk_bytes *out)
{
    struct sk_ledger_entry *entry = sk_arena_take(&e->scratch, sizeof(*entry));

    if (entry == NULL)
        return SK_E_MEMORY;
    *entry = *before;
    SK_TRY(sk_gate_fill(e, e->bundle, d, entry));
    if (before->sent_ms != 0)
        SK_TRY(merge(e->bundle, before, entry));
    SK_TRY(make_item(e, entry, d, room, out));
    if (before->sent_ms == 0)
        SK_TRY(sk_timers_sent(e, &entry->participant, &entry->to));
    return sk_ledger_put(e, entry);
}

/* Is its place among those that leave with this batch, as far as one can say
   now?  A message of a handover is decided when its turn comes. */
static bool leaves_now(struct sk_engine *e, const struct sk_ledger_entry *entry)
{
    const struct sk_session *s = sk_session_find(e, &entry->to);

    return s != NULL && s->up && s->known && s->greeted && !s->asking &&
           s->full_times == 0 && !entry->has_handover &&
           entry->number - s->sent <=
               (SK_IN_FLIGHT_MAX - s->flight_count) * SK_ITEMS_COUNT_MAX;
}

/* As sent, for as long as that is made of it. */
static enum sk_status make_ready(struct sk_engine *e,
                                 const struct sk_decision *d,
                                 struct sk_ledger_entry *entry)
{
    struct sk_room room;
    struct sk_bytes item;
    enum sk_status status;

    assert(entry->state == SK_LEDGER_QUEUED && entry->sent_ms == 0);

    SK_TRY(sk_ready_room(e, &room));
    status = make_item(e, entry, d, room, &item);
    if (status == SK_OK)
        status = sk_ready_put(e, entry, item);
    entry->state = SK_LEDGER_QUEUED;
    entry->sent_ms = 0;
    return status;
}

enum sk_status sk_gate_queue(struct sk_engine *e, const struct sk_decision *d,
                             struct sk_ledger_entry *entry)
{
    size_t mark = sk_arena_mark(&e->scratch);
    enum sk_status status = SK_E_NO_ROOM;

    if (leaves_now(e, entry))
        status = make_ready(e, d, entry);
    sk_arena_reset(&e->scratch, mark);
    if (status == SK_E_NO_ROOM || status == SK_E_TOO_LARGE)
        return sk_ledger_put(e, entry);
    return status;
}

/* Why the message may not even be decided about; NULL: decide. */
static enum sk_status blocked_by(struct sk_engine *e,
                                 const struct sk_ledger_entry *entry,
                                 const char **out)
{
    uint64_t since_ms;
    bool leaving;
    bool wanted;

    *out = NULL;
    SK_TRY(sk_leaving_since(e, &leaving, &since_ms));
    if (leaving)
        *out = "leaving";
    else if (e->bundle == NULL)
        *out = "no-charter";
    else if (!e->has_policy)
        *out = "no-policy";
    else if (entry->recall_all)
        *out = "recalled";
    if (*out != NULL)
        return SK_OK;
    SK_TRY(sk_handover_wants(e, entry, &wanted));
    if (!wanted)
        *out = "wrong-state";
    return SK_OK;
}

enum sk_status sk_gate_item(struct sk_engine *e,
                            const struct sk_message_id *message,
                            struct sk_room room, struct sk_bytes *out)
{
    struct sk_recorded_event event;
    struct sk_gate_question question;
    struct sk_ledger_entry *entry;
    struct sk_gate_answer *answer;
    const char *reason;
    enum sk_status status = sk_ready_take(e, message, room, out);

    if (status != SK_E_NOT_FOUND)
        return status;
    entry = sk_arena_get(&e->scratch, sizeof(*entry));
    if (entry == NULL)
        return SK_E_MEMORY;
    status = sk_ledger_get(e, message, entry);
    if (status == SK_E_NOT_FOUND)
        return empty_place(e, room, out);
    SK_TRY(status);
    if (entry->state == SK_LEDGER_DROPPED || entry->state == SK_LEDGER_REFUSED)
        return empty_place(e, room, out);
    SK_TRY(blocked_by(e, entry, &reason));
    if (reason != NULL)
        return drop(e, entry, reason, room, out);
    status = sk_event_get(e, &entry->event, &event);
    if (status == SK_E_NOT_FOUND)
        return drop(e, entry, "unknown-event", room, out);
    SK_TRY(status);
    question = (struct sk_gate_question){.bundle = e->bundle,
                                         .event = &event,
                                         .to = sk_org_text(&entry->to),
                                         .purpose = entry->purpose};
    SK_TRY(sk_gate_judge(e, &question, &answer));
    if (!answer->decision.permit)
        return drop(e, entry, answer->decision.reason, room, out);
    if (answer->blocked)
        return drop(e, entry, "sensitive-text", room, out);
    status = pass(e, entry, &answer->decision, room, out);
    if (status == SK_E_TOO_LARGE || status == SK_E_NO_ROOM)
        return drop(e, entry, "too-large", room, out);
    return status;
}
