#include "node/engine/question.h"

#include <string.h>

#include "node/engine/consent.h"
#include "node/engine/employer.h"
#include "node/engine/event.h"
#include "node/engine/federation.h"
#include "node/engine/ledger.h"
#include "node/engine/objection.h"
#include "node/engine/ops.h"
#include "node/engine/participant.h"
#include "node/engine/policy.h"
#include "node/engine/relation.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "policies/civil.h"

struct question {
    const struct sk_participant_id *participant;
    const struct sk_recorded_event *event; /* NULL: of the person alone */
    struct sk_bytes to; /* empty: whoever; then purpose is too */
    struct sk_bytes purpose;
    uint64_t at_ms; /* records from after it are left out */
};

struct packing {
    struct sk_pack *p;
    const struct question *q;
    size_t count;
};

/* ------------------------------------------------------------- facts */

static void pack_subject(struct packing *g)
{
    sk_reply_id(g->p, "subject", &g->q->participant->id);
}

static void pack_words(struct sk_pack *p, const char *key,
                       const struct sk_bytes *list, size_t count)
{
    if (list == NULL)
        return;
    sk_pack_cstr(p, key);
    sk_pack_array(p, count);
    for (size_t i = 0; i < count; i++)
        sk_pack_str(p, list[i]);
}

static void pack_seconds(struct sk_pack *p, const char *key, int64_t seconds)
{
    sk_reply_instant(p, key, (uint64_t)seconds * 1000);
}

static enum sk_status pack_consent(void *context,
                                   const struct sk_consent_record *record)
{
    const struct sk_fact_consent *fact = &record->fact;
    struct packing *g = context;
    struct sk_pack *p = g->p;

    if (record->recorded_ms > g->q->at_ms)
        return SK_OK;
    /* CONSENT 1.3: behind a gap a giving does not count. */
    if (!record->in_chain && sk_bytes_equal(fact->state, sk_text("given")))
        return SK_OK;
    sk_pack_map(p, 4u + (fact->categories != NULL) + fact->explicit_consent +
                       (fact->given_by.size > 0) + (fact->purposes != NULL) +
                       (fact->recipients != NULL) + (fact->until != INT64_MIN));
    pack_seconds(p, "at", fact->at);
    pack_words(p, "categories", fact->categories, fact->categories_count);
    if (fact->explicit_consent)
        sk_reply_bool(p, "explicit", true);
    if (fact->given_by.size > 0)
        sk_reply_text(p, "given_by", fact->given_by);
    sk_reply_text(p, "id", fact->id);
    pack_words(p, "purposes", fact->purposes, fact->purposes_count);
    pack_words(p, "recipients", fact->recipients, fact->recipients_count);
    sk_reply_text(p, "state", fact->state);
    pack_subject(g);
    if (fact->until != INT64_MIN)
        pack_seconds(p, "until", fact->until);
    g->count++;
    return SK_OK;
}

static void pack_period(struct packing *g, struct sk_bytes org,
                        struct sk_fact_period period)
{
    bool until = period.until != INT32_MAX;

    sk_pack_map(g->p, until ? 4 : 3);
    sk_reply_day(g->p, "from", period.from);
    sk_reply_text(g->p, "org", org);
    pack_subject(g);
    if (until)
        sk_reply_day(g->p, "until", period.until);
    g->count++;
}

static enum sk_status pack_employer(void *context,
                                    const struct sk_employer *employer)
{
    pack_period(context, employer->org, employer->period);
    return SK_OK;
}

static enum sk_status pack_link(void *context,
                                const struct sk_relation *relation)
{
    struct sk_fact_period period = {relation->from, relation->until};

    pack_period(context, sk_org_text(&relation->org), period);
    return SK_OK;
}

static enum sk_status pack_objection(void *context,
                                     const struct sk_fact_objection *fact)
{
    struct packing *g = context;

    if ((uint64_t)fact->at > g->q->at_ms / 1000)
        return SK_OK;
    sk_pack_map(g->p,
                3u + (fact->purposes != NULL) + (fact->recipients != NULL));
    pack_seconds(g->p, "at", fact->at);
    pack_words(g->p, "purposes", fact->purposes, fact->purposes_count);
    pack_words(g->p, "recipients", fact->recipients, fact->recipients_count);
    sk_reply_text(g->p, "state", fact->state);
    pack_subject(g);
    g->count++;
    return SK_OK;
}

static enum sk_status pack_persons(struct sk_engine *e, struct packing *g)
{
    const struct sk_participant_id *id = g->q->participant;
    struct sk_participant participant;
    char text[SK_ID_TEXT_SIZE + 1];
    bool born;
    bool administered;

    SK_TRY(sk_participant_get(e, id, &participant));
    born = participant.birth_date.size > 0;
    administered = participant.administration.from != INT32_MAX;
    sk_id_format(&id->id, text);
    sk_pack_cstr(g->p, "persons");
    sk_pack_map(g->p, 1);
    sk_pack_cstr(g->p, text);
    sk_pack_map(g->p, (size_t)born + (size_t)administered);
    if (administered) {
        bool until = participant.administration.until != INT32_MAX;

        sk_pack_cstr(g->p, "administration");
        sk_pack_array(g->p, 1);
        sk_pack_map(g->p, until ? 2 : 1);
        sk_reply_day(g->p, "from", participant.administration.from);
        if (until)
            sk_reply_day(g->p, "until", participant.administration.until);
    }
    if (born)
        sk_reply_text(g->p, "birth_date", participant.birth_date);
    return SK_OK;
}

static size_t open_list(struct packing *g, const char *key)
{
    sk_pack_cstr(g->p, key);
    g->count = 0;
    return sk_reply_open(g->p);
}

static enum sk_status pack_facts(struct sk_engine *e, const struct question *q)
{
    const struct sk_participant_id *id = q->participant;
    struct packing g = {.p = &e->reply, .q = q};
    size_t at;

    sk_pack_cstr(g.p, "facts");
    sk_pack_map(g.p, 5);
    at = open_list(&g, "consents");
    SK_TRY(sk_consent_each(e, id, pack_consent, &g));
    sk_reply_close_array(g.p, at, g.count);
    at = open_list(&g, "employers");
    SK_TRY(sk_employer_each(e, id, pack_employer, &g));
    sk_reply_close_array(g.p, at, g.count);
    at = open_list(&g, "links");
    SK_TRY(sk_relation_each(e, id, pack_link, &g));
    sk_reply_close_array(g.p, at, g.count);
    at = open_list(&g, "objections");
    SK_TRY(sk_objection_each(e, id, g.q->at_ms, pack_objection, &g));
    sk_reply_close_array(g.p, at, g.count);
    return pack_persons(e, &g);
}

/* ------------------------------------------------------------- ask */

static void pack_fields(struct sk_pack *p, const struct sk_event_view *view)
{
    sk_pack_cstr(p, "fields");
    sk_pack_map(p, view->fields_count);
    for (size_t i = 0; i < view->fields_count; i++) {
        const struct sk_named_value *field = &view->fields[i];

        sk_pack_str(p, field->name);
        if (field->set == NULL) {
            sk_pack_str(p, field->text);
            continue;
        }
        sk_pack_array(p, field->set_count);
        for (size_t v = 0; v < field->set_count; v++)
            sk_pack_str(p, field->set[v]);
    }
}

static void pack_ask(struct sk_pack *p, const struct question *q)
{
    const struct sk_event_view *view = &q->event->view;
    bool whoever = q->to.size == 0;

    sk_pack_cstr(p, "ask");
    sk_pack_map(p, whoever ? 2 : 4);
    sk_pack_cstr(p, "event");
    sk_pack_map(p, 4u + (view->provenance.size > 0) + (view->source.size > 0));
    pack_fields(p, view);
    sk_reply_text(p, "occurred", view->occurred);
    if (view->provenance.size > 0)
        sk_reply_text(p, "provenance", view->provenance);
    if (view->source.size > 0)
        sk_reply_text(p, "source", view->source);
    sk_reply_id(p, "subject", &q->participant->id);
    sk_reply_text(p, "type", view->type);
    if (!whoever)
        sk_reply_text(p, "for", q->purpose);
    sk_reply_instant(p, "now", q->at_ms);
    if (!whoever)
        sk_reply_text(p, "to", q->to);
}

/* ------------------------------------------------------------- versions */

/* The number behind the slash: "ocmw-mol/7". */
static uint64_t version_of(struct sk_bytes name)
{
    uint64_t version = 0;
    size_t i = 0;

    while (i < name.size && name.data[i] != '/')
        i++;
    for (i++; i < name.size; i++)
        version = version * 10 + (uint64_t)(name.data[i] - '0');
    return version;
}

/* "charter-at/" and the version: the instant it came into force here. */
static struct sk_key began_name(void)
{
    struct sk_key name = {.size = 0};

    sk_key_bytes(&name, sk_text("charter-at/"));
    return name;
}

enum sk_status sk_charter_began(struct sk_engine *e, uint64_t version)
{
    struct sk_key name = began_name();
    struct sk_key at = {.size = 0};

    sk_key_u64(&name, version);
    sk_key_u64(&at, e->now_ms);
    return sk_file_put(e, sk_key_done(&name), sk_key_done(&at));
}

/* The charter in force at that instant: the newest that had begun.  The one
   of now when none is known to. */
static enum sk_status charter_at(struct sk_engine *e, uint64_t at_ms,
                                 uint64_t *out)
{
    struct sk_key name = began_name();
    struct sk_key prefix = sk_key_start(SK_T_FILE);
    struct sk_scan scan;
    uint64_t found = e->charter_version;

    sk_key_bytes(&prefix, sk_key_done(&name));
    scan = sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    for (;;) {
        struct sk_bytes key;
        struct sk_bytes value;
        enum sk_status status = sk_scan_next(&scan, &key, &value);

        if (status == SK_E_NOT_FOUND)
            break;
        SK_TRY(status);
        if (key.size != prefix.size + 8 || value.size != 8)
            return SK_E_BAD_LENGTH;
        if (sk_u64_read(value.data) <= at_ms)
            found = sk_u64_read(key.data + prefix.size);
    }
    *out = found;
    return SK_OK;
}

/* ------------------------------------------------------------- what was */

static const char *state_of(const struct sk_ledger_entry *entry)
{
    if (entry->sent_ms != 0)
        return "sent";
    return entry->state == SK_LEDGER_QUEUED ? "queued" : "dropped";
}

static void pack_was(struct sk_pack *p, const struct sk_ledger_entry *entry)
{
    sk_pack_cstr(p, "was");
    sk_pack_map(p, entry->reason.size > 0 ? 4 : 3);
    sk_pack_cstr(p, "fields");
    sk_pack_array(p, entry->fields_count);
    for (size_t i = 0; i < entry->fields_count; i++) {
        const struct sk_ledger_field *field = &entry->fields[i];

        sk_pack_map(p, 3);
        sk_reply_text(p, "field", field->name);
        sk_reply_text(p, "level", field->level);
        sk_reply_cstr(p, "outcome",
                      field->withheld == SK_SENT
                          ? "sent"
                          : sk_withheld_text(field->withheld));
    }
    if (entry->reason.size > 0)
        sk_reply_text(p, "reason", entry->reason);
    sk_pack_cstr(p, "rules");
    sk_pack_array(p, entry->rules_count);
    for (size_t i = 0; i < entry->rules_count; i++)
        sk_pack_str(p, entry->rules[i].id);
    sk_reply_cstr(p, "state", state_of(entry));
}

/* What was asked when it left, or was offered: with its facts of then.
   SK_E_NOT_FOUND: the event or the participant is gone. */
enum sk_status sk_question_pack_message(struct sk_engine *e,
                                        const struct sk_ledger_entry *entry)
{
    struct question q = {.to = sk_org_text(&entry->to),
                         .purpose = entry->purpose,
                         .at_ms = entry->sent_ms != 0 ? entry->sent_ms
                                                      : entry->queued_ms};
    struct sk_recorded_event event;
    uint64_t charter;

    SK_TRY(sk_event_get(e, &entry->event, &event));
    SK_TRY(charter_at(e, q.at_ms, &charter));
    q.event = &event;
    q.participant = &event.participant;
    sk_pack_map(&e->reply, 7);
    pack_ask(&e->reply, &q);
    sk_reply_uint(&e->reply, "charter", charter);
    sk_reply_id(&e->reply, "event", &entry->event.id);
    SK_TRY(pack_facts(e, &q));
    sk_reply_id(&e->reply, "message", &entry->message.id);
    sk_reply_uint(&e->reply, "policy", version_of(entry->policy));
    pack_was(&e->reply, entry);
    return SK_OK;
}

struct going {
    struct sk_pack *p;
    const struct sk_event_id *event;
    size_t count;
};

static enum sk_status pack_going(void *context, struct sk_ledger_entry *entry)
{
    struct going *going = context;

    if (!sk_id_equal(&entry->event.id, &going->event->id) ||
        (entry->sent_ms == 0 && entry->state != SK_LEDGER_QUEUED))
        return SK_OK;
    sk_pack_map(going->p, 2);
    sk_reply_text(going->p, "for", entry->purpose);
    sk_reply_text(going->p, "to", sk_org_text(&entry->to));
    going->count++;
    return SK_OK;
}

/* An event as it could be offered now, and to whom it was sent already. */
enum sk_status sk_question_pack_event(struct sk_engine *e,
                                      const struct sk_recorded_event *event)
{
    struct question q = {
        .participant = &event->participant, .event = event, .at_ms = e->now_ms};
    struct going going = {.p = &e->reply, .event = &event->id};
    size_t at;

    sk_pack_map(&e->reply, 4);
    pack_ask(&e->reply, &q);
    sk_reply_id(&e->reply, "event", &event->id.id);
    SK_TRY(pack_facts(e, &q));
    sk_pack_cstr(&e->reply, "sent");
    at = sk_reply_open(&e->reply);
    SK_TRY(sk_ledger_each(e, &event->participant, pack_going, &going));
    sk_reply_close_array(&e->reply, at, going.count);
    return SK_OK;
}

/* ------------------------------------------------------------- question */

static enum sk_status ask_message(struct sk_engine *e, struct sk_value args)
{
    struct sk_ledger_entry *entry = sk_arena_get(&e->scratch, sizeof(*entry));
    struct sk_message_id id;
    enum sk_status status = SK_E_NOT_FOUND;

    if (entry == NULL)
        return SK_E_MEMORY;
    if (sk_arg_id(args, "message", &id.id))
        status = sk_ledger_get(e, &id, entry);
    if (status == SK_OK)
        status = sk_question_pack_message(e, entry);
    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "unknown-message", "message", (struct sk_bytes){0});
    return status;
}

/* The version in force; 0: none. */
static enum sk_status pack_policy(struct sk_engine *e)
{
    uint64_t policy;

    SK_TRY(sk_policy_newest(e, &policy));
    sk_reply_uint(&e->reply, "policy", e->has_policy ? policy : 0);
    return SK_OK;
}

/* All that is known now of one person, for whoever asks of every event. */
static enum sk_status ask_participant(struct sk_engine *e, struct sk_value args)
{
    struct sk_participant_id id;
    struct question q = {.participant = &id, .at_ms = e->now_ms};

    SK_TRY(sk_arg_participant(e, args, &id));
    sk_pack_map(&e->reply, e->seen != NULL ? 6 : 5);
    sk_reply_uint(&e->reply, "charter", e->charter_version);
    SK_TRY(pack_facts(e, &q));
    sk_reply_instant(&e->reply, "now", e->now_ms);
    sk_reply_id(&e->reply, "participant", &id.id);
    SK_TRY(pack_policy(e));
    if (e->seen != NULL)
        sk_reply_uint(&e->reply, "seen", e->seen_charter);
    return SK_OK;
}

enum sk_status sk_op_disclosure_question(struct sk_engine *e,
                                         struct sk_value args)
{
    struct question q = {.to = sk_arg_text(args, "to"),
                         .purpose = sk_arg_text(args, "for"),
                         .at_ms = e->now_ms};
    struct sk_event_id id;
    struct sk_recorded_event event;
    enum sk_status status = SK_E_NOT_FOUND;

    if (e->bundle == NULL)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    if (sk_value_kind(sk_value_get(args, "message")) != SK_VALUE_NONE)
        return ask_message(e, args);
    if (sk_value_kind(sk_value_get(args, "participant")) != SK_VALUE_NONE)
        return ask_participant(e, args);
    if (q.to.size == 0 || q.purpose.size == 0)
        return sk_refuse(e, "missing-argument", q.to.size == 0 ? "to" : "for",
                         (struct sk_bytes){0});
    if (sk_arg_id(args, "event", &id.id))
        status = sk_event_get(e, &id, &event);
    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "unknown-event", "event", (struct sk_bytes){0});
    SK_TRY(status);
    q.event = &event;
    q.participant = &event.participant;
    sk_pack_map(&e->reply, 5);
    pack_ask(&e->reply, &q);
    sk_reply_uint(&e->reply, "charter", e->charter_version);
    sk_reply_id(&e->reply, "event", &event.id.id);
    SK_TRY(pack_facts(e, &q));
    return pack_policy(e);
}
