#include "node/engine/ops.h"

#include <string.h>

#include "node/engine/event.h"
#include "node/engine/facts.h"
#include "node/engine/federation.h"
#include "node/engine/gate.h"
#include "node/engine/handover.h"
#include "node/engine/inbox.h"
#include "node/engine/leave.h"
#include "node/engine/ledger.h"
#include "node/engine/linked.h"
#include "node/engine/outbox.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "policies/civil.h"

/* Offering an event to a partner: what would go (preview), or do it (send).
   A deny is an answer, not an error. */

/* ------------------------------------------------------------- the answer */

struct answer {
    struct sk_bytes type;
    struct sk_bytes to;
    struct sk_bytes purpose;
    const struct sk_gate_answer *gate;
    const struct sk_ledger_entry *entry;     /* sent; else NULL */
    const struct sk_recorded_event *request; /* previewed; else NULL */
};

static void pack_list(struct sk_pack *p, const char *key,
                      const struct sk_bytes *list, size_t count)
{
    sk_pack_cstr(p, key);
    sk_pack_array(p, count);
    for (size_t i = 0; i < count; i++)
        sk_pack_str(p, list[i]);
}

static void pack_value(struct sk_pack *p, const struct sk_field_value *value)
{
    if (value->set_count == 0) {
        sk_pack_str(p, value->text);
        return;
    }
    sk_pack_array(p, value->set_count);
    for (size_t i = 0; i < value->set_count; i++)
        sk_pack_str(p, value->set[i]);
}

static void pack_fields(struct sk_pack *p, const struct sk_decision *d)
{
    size_t count = 0;
    size_t at;

    sk_pack_cstr(p, "fields");
    at = sk_reply_open(p);
    for (size_t i = 0; i < d->fields_count; i++) {
        if (d->fields[i].withheld != SK_SENT)
            continue;
        sk_pack_str(p, d->fields[i].name);
        pack_value(p, &d->fields[i].value);
        count++;
    }
    sk_reply_close_map(p, at, count);
}

static void pack_levels(struct sk_pack *p, const struct sk_decision *d)
{
    size_t count = 0;
    size_t at;

    sk_pack_cstr(p, "levels");
    at = sk_reply_open(p);
    for (size_t i = 0; i < d->fields_count; i++) {
        if (d->fields[i].withheld != SK_SENT)
            continue;
        sk_pack_str(p, d->fields[i].name);
        sk_pack_str(p, d->fields[i].level_name);
        count++;
    }
    sk_reply_close_map(p, at, count);
}

static void pack_withheld(struct sk_pack *p, const struct sk_decision *d)
{
    size_t count = 0;
    size_t at;

    sk_pack_cstr(p, "withheld");
    at = sk_reply_open(p);
    for (size_t i = 0; i < d->fields_count; i++) {
        if (d->fields[i].withheld == SK_SENT)
            continue;
        sk_pack_str(p, d->fields[i].name);
        sk_pack_cstr(p, sk_withheld_text(d->fields[i].withheld));
        count++;
    }
    sk_reply_close_map(p, at, count);
}

static void pack_warnings(struct sk_pack *p, const struct sk_gate_answer *gate)
{
    sk_pack_cstr(p, "warnings");
    sk_pack_array(p, gate->warnings_count);
    for (size_t i = 0; i < gate->warnings_count; i++) {
        sk_pack_map(p, 3);
        sk_reply_cstr(p, "code", "sensitive-text");
        sk_reply_text(p, "field", gate->warnings[i].field);
        sk_reply_text(p, "word", gate->warnings[i].word);
    }
}

/* Keys `erase_by` to `purpose` of a permit; counts them. */
static enum sk_status pack_terms(struct sk_engine *e, const struct answer *a,
                                 size_t *count)
{
    const struct sk_decision *d = &a->gate->decision;
    struct sk_pack *p = &e->reply;
    struct sk_org to;

    sk_reply_day(p, "erase_by", d->erase_by);
    pack_fields(p, d);
    if (a->entry != NULL && a->entry->has_handover) {
        sk_reply_id(p, "handover", &a->entry->handover.id);
        (*count)++;
    }
    pack_levels(p, d);
    if (a->request != NULL && sk_org_parse(a->to, &to)) {
        SK_TRY(sk_linked_pack_sent(e, &a->request->participant, &to,
                                   &a->request->about, p));
        (*count)++;
    }
    if (a->entry != NULL) {
        sk_reply_id(p, "message", &a->entry->message.id);
        (*count)++;
    }
    sk_pack_cstr(p, "on_withdrawal");
    sk_pack_map(p, 2);
    sk_reply_cstr(p, "do", d->erase ? "erase" : "stop");
    sk_reply_uint(p, "within_days", d->within_days);
    sk_reply_text(p, "purpose", a->purpose);
    *count += 5;
    return SK_OK;
}

static enum sk_status pack_permit(struct sk_engine *e, const struct answer *a)
{
    const struct sk_decision *d = &a->gate->decision;
    struct sk_pack *p = &e->reply;
    size_t at = sk_reply_open(p);
    size_t count = 3;

    pack_list(p, "consents", d->consents, d->consents_count);
    sk_reply_cstr(p, "decision", "permit");
    pack_list(p, "duties", d->duties, d->duties_count);
    SK_TRY(pack_terms(e, a, &count));
    if (d->roles_all) {
        sk_pack_cstr(p, "roles");
        sk_pack_nil(p);
    } else {
        pack_list(p, "roles", d->roles, d->roles_count);
    }
    pack_list(p, "rules", d->rules, d->rules_count);
    sk_reply_text(p, "to", a->to);
    sk_reply_text(p, "type", a->type);
    count += 5;
    if (a->gate->warnings_count > 0) {
        pack_warnings(p, a->gate);
        count++;
    }
    pack_withheld(p, d);
    sk_reply_close_map(p, at, count);
    return SK_OK;
}

static void pack_deny(struct sk_pack *p, const struct answer *a)
{
    const struct sk_decision *d = &a->gate->decision;
    bool left = d->fields_count > 0; /* nothing-left: what was withheld */

    sk_pack_map(p, left ? 7 : 6);
    sk_reply_cstr(p, "decision", "deny");
    sk_reply_text(p, "purpose", a->purpose);
    sk_reply_cstr(p, "reason", d->reason);
    pack_list(p, "rules", d->rules, d->rules_count);
    sk_reply_text(p, "to", a->to);
    sk_reply_text(p, "type", a->type);
    if (left)
        pack_withheld(p, d);
}

static enum sk_status refuse_word(struct sk_engine *e,
                                  const struct sk_gate_answer *gate)
{
    enum sk_status status =
        sk_refuse(e, "sensitive-text", NULL, gate->warnings[0].word);

    e->refusal_field = gate->warnings[0].field;
    return status;
}

static enum sk_status pack_answer(struct sk_engine *e, const struct answer *a)
{
    if (!a->gate->decision.permit) {
        pack_deny(&e->reply, a);
        return SK_OK;
    }
    if (a->gate->blocked)
        return refuse_word(e, a->gate);
    return pack_permit(e, a);
}

/* ------------------------------------------------------------- received */

/* Reasons of POLICY.md 8.4 step 1 that come before `not-source`; a received
   message is a part of an event, so `malformed-event` says nothing. */
static bool comes_first(const char *reason)
{
    static const char *const first[] = {
        "owner-suspended",     "unknown-recipient",  "recipient-is-owner",
        "recipient-suspended", "purpose-forbidden",  "unknown-purpose",
        "purpose-too-broad",   "unknown-event-type",
    };

    for (size_t i = 0; i < SK_COUNT(first); i++)
        if (strcmp(reason, first[i]) == 0)
            return true;
    return false;
}

/* I8: what another partner recorded is never passed on. */
static enum sk_status judge_received(struct sk_engine *e,
                                     const struct sk_inbox_entry *entry,
                                     struct answer *a)
{
    struct sk_gate_answer *gate = sk_arena_get(&e->scratch, sizeof(*gate));
    struct sk_event_view view = {.type = entry->event->type,
                                 .subject = true,
                                 .source = sk_org_text(&entry->from)};
    struct sk_question asked = {.to = a->to,
                                .purpose = a->purpose,
                                .now = sk_instant(e),
                                .event = &view};
    char day[11];
    struct sk_facts *facts;

    if (gate == NULL)
        return SK_E_MEMORY;
    sk_day_format(sk_today(e), day);
    view.occurred = sk_text(day);
    SK_TRY(sk_facts_start(e->bundle, &e->scratch, &facts));
    SK_TRY(sk_decide(e->bundle, facts, &asked, &e->scratch, &gate->decision));
    if (gate->decision.permit || !comes_first(gate->decision.reason)) {
        gate->decision = (struct sk_decision){.reason = "not-source"};
    }
    a->type = entry->event->type;
    a->gate = gate;
    return SK_OK;
}

/* The event argument: one recorded here, or a message that was received. */
static enum sk_status find_event(struct sk_engine *e, struct sk_value args,
                                 struct sk_recorded_event *event,
                                 struct sk_inbox_entry **received)
{
    char text[SK_ID_TEXT_SIZE + 1];
    struct sk_message_id message;
    enum sk_status status = SK_E_NOT_FOUND;

    *received = NULL;
    if (sk_arg_id(args, "event", &event->id.id)) {
        message.id = event->id.id;
        status = sk_event_get(e, &event->id, event);
        if (status == SK_E_NOT_FOUND) {
            *received = sk_arena_get(&e->scratch, sizeof(**received));
            if (*received == NULL)
                return SK_E_MEMORY;
            status = sk_inbox_get(e, &message, *received);
        }
    }
    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "unknown-event", "event", (struct sk_bytes){0});
    SK_TRY(status);
    if (*received != NULL || sk_id_is_zero(&event->corrected_by.id))
        return SK_OK;
    /* CONSENT 5.4: what is wrong goes to nobody any more. */
    sk_id_format(&event->corrected_by.id, text);
    return sk_refuse(e, "event-corrected", "event",
                     sk_arena_copy(&e->scratch, sk_text(text)));
}

/* ------------------------------------------------------------- preview */

static enum sk_status read_extra(struct sk_engine *e, struct sk_value args,
                                 const struct answer *a,
                                 struct sk_facts_extra *extra)
{
    extra->to = a->to;
    extra->purpose = a->purpose;
    extra->with_link = sk_value_bool(sk_value_get(args, "with_link"));
    return sk_arg_words(e, args, "with_consent", &extra->with_consent,
                        &extra->with_consent_count);
}

/* A relation or consent that is not there. */
static bool is_supposed(const struct sk_facts_extra *extra)
{
    return extra->with_link || extra->with_consent_count > 0;
}

static void pack_findings(struct sk_engine *e,
                          const struct sk_findings *findings)
{
    sk_pack_map(&e->reply, 3);
    sk_reply_cstr(&e->reply, "decision", "none");
    sk_reply_findings(&e->reply, "errors", findings, 'E');
    sk_reply_bool(&e->reply, "ok", false);
}

enum sk_status sk_op_disclosure_preview(struct sk_engine *e,
                                        struct sk_value args)
{
    struct sk_value draft = sk_value_get(args, "draft");
    struct answer a = {.to = sk_arg_text(args, "to"),
                       .purpose = sk_arg_text(args, "for")};
    struct sk_findings findings = sk_findings_start(&e->scratch);
    struct sk_gate_question question = {.bundle = e->bundle};
    struct sk_recorded_event event;
    struct sk_inbox_entry *received;
    struct sk_facts_extra extra = {0};
    struct sk_gate_answer *gate;
    struct sk_bundle *changed;

    if (e->bundle == NULL)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    SK_TRY(find_event(e, args, &event, &received));
    SK_TRY(read_extra(e, args, &a, &extra));
    if (received != NULL) {
        SK_TRY(judge_received(e, received, &a));
        return pack_answer(e, &a);
    }
    if (sk_value_kind(draft) == SK_VALUE_BIN) {
        SK_TRY(
            sk_federation_draft(e, sk_value_bin(draft), &findings, &changed));
        if (changed == NULL) {
            pack_findings(e, &findings);
            return SK_OK;
        }
        question.bundle = changed;
    } else if (!e->has_policy) {
        return sk_refuse(e, "no-policy", NULL, (struct sk_bytes){0});
    }
    question.event = &event;
    question.to = a.to;
    question.purpose = a.purpose;
    question.extra = &extra;
    SK_TRY(sk_gate_judge(e, &question, &gate));
    if (question.bundle == e->bundle && !is_supposed(&extra) &&
        !sk_value_bool(sk_value_get(args, "explain")))
        SK_TRY(sk_shadow_note(e, &question, gate));
    a.type = event.view.type;
    a.gate = gate;
    if (sk_bytes_equal(a.type, sk_text("handover.requested")))
        a.request = &event;
    return pack_answer(e, &a);
}

/* ------------------------------------------------------------- send */

/* The handover that the message belongs to, if the partner is part of it. */
static enum sk_status link_handover(struct sk_engine *e,
                                    const struct sk_recorded_event *event,
                                    struct sk_ledger_entry *entry)
{
    if (sk_bytes_equal(event->view.type, sk_text("handover.requested")))
        return sk_handover_sent(e, event, entry);
    if (!event->has_about)
        return SK_OK;
    entry->handover = event->about;
    return sk_handover_is_with(e, &event->about, &entry->to,
                               &entry->has_handover);
}

/* Its id begins with its place in the log to the partner: at both ends what
   leaves together lies together. */
static enum sk_status new_message(struct sk_engine *e, const struct sk_org *to,
                                  struct sk_message_id *out)
{
    uint64_t number;

    SK_TRY(sk_outbox_next(e, to, &number));
    sk_new_id_numbered(e, number, &out->id);
    return SK_OK;
}

/* Permitted: give it an id, remember it, and let it wait for its partner. */
static enum sk_status queue(struct sk_engine *e,
                            const struct sk_recorded_event *event,
                            const struct answer *a,
                            struct sk_ledger_entry *entry)
{
    struct sk_out_entry out = {.kind = SK_OUT_EVENT};
    enum sk_status status;

    sk_ledger_start(entry);
    entry->participant = event->participant;
    entry->event = event->id;
    entry->type = event->view.type;
    entry->purpose = a->purpose;
    entry->queued_ms = e->now_ms;
    entry->state = SK_LEDGER_QUEUED;
    if (!sk_org_parse(a->to, &entry->to))
        return sk_refuse(e, "unknown-org", "to", (struct sk_bytes){0});
    SK_TRY(new_message(e, &entry->to, &entry->message));
    status = sk_gate_fill(e, e->bundle, &a->gate->decision, entry);
    if (status == SK_E_TOO_LARGE)
        return sk_refuse(e, "too-large", NULL, (struct sk_bytes){0});
    SK_TRY(status);
    SK_TRY(link_handover(e, event, entry));
    out.message = entry->message;
    SK_TRY(sk_outbox_put(e, &entry->to, &out, &entry->number));
    return sk_gate_queue(e, &a->gate->decision, entry);
}

enum sk_status sk_op_disclosure_send(struct sk_engine *e, struct sk_value args)
{
    struct answer a = {.to = sk_arg_text(args, "to"),
                       .purpose = sk_arg_text(args, "for")};
    struct sk_gate_question question = {.bundle = e->bundle};
    struct sk_ledger_entry *entry = sk_arena_take(&e->scratch, sizeof(*entry));
    struct sk_recorded_event event;
    struct sk_inbox_entry *received;
    struct sk_gate_answer *gate;

    if (entry == NULL)
        return SK_E_MEMORY;
    if (e->bundle == NULL)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    SK_TRY(find_event(e, args, &event, &received));
    if (received != NULL) {
        SK_TRY(judge_received(e, received, &a));
        return pack_answer(e, &a);
    }
    if (!e->has_policy)
        return sk_refuse(e, "no-policy", NULL, (struct sk_bytes){0});
    SK_TRY(sk_leaving_refuse(e));
    e->reply_owner = event.participant.id;
    question.event = &event;
    question.to = a.to;
    question.purpose = a.purpose;
    SK_TRY(sk_gate_judge(e, &question, &gate));
    SK_TRY(sk_shadow_note(e, &question, gate));
    a.type = event.view.type;
    a.gate = gate;
    if (gate->decision.permit && !gate->blocked) {
        SK_TRY(queue(e, &event, &a, entry));
        a.entry = entry;
    }
    return pack_answer(e, &a);
}
