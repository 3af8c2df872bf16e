#include "node/engine/employer.h"

#include "node/engine/event.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/vault.h"
#include "policies/civil.h"
#include "protocol/unpack.h"

/*
 * DOMAIN 3.5: while an ordinary job lasts, the employer gets nothing about the
 * person.  Kept by enterprise number, so that a partner who joins later is
 * recognised too.
 *
 * Record: array [kbo, from DATE, until DATE or nil].
 */
#define EMPLOYER_SIZE_MAX 64

struct employer {
    uint64_t number;
    struct sk_bytes kbo;
    struct sk_fact_period period;
};

static struct sk_key participant_prefix(const struct sk_participant_id *id)
{
    return sk_key_person(SK_T_EMPLOYER, &id->id);
}

static enum sk_status employer_put(struct sk_engine *e,
                                   const struct sk_participant_id *id,
                                   const struct employer *employer)
{
    struct sk_key key = participant_prefix(id);
    struct sk_pack p = sk_scratch_pack(e, EMPLOYER_SIZE_MAX);
    struct sk_bytes plain;
    char text[11];

    sk_key_u64(&key, employer->number);
    sk_pack_array(&p, 3);
    sk_pack_str(&p, employer->kbo);
    sk_day_format(employer->period.from, text);
    sk_pack_cstr(&p, text);
    if (employer->period.until == INT32_MAX) {
        sk_pack_nil(&p);
    } else {
        sk_day_format(employer->period.until, text);
        sk_pack_cstr(&p, text);
    }
    SK_TRY(sk_scratch_packed(e, &p, &plain));
    return sk_vault_put(e, &id->id, sk_key_done(&key), plain);
}

static enum sk_status employer_read(struct sk_bytes plain, struct employer *out)
{
    struct sk_unpack u = sk_unpack_start(plain);
    struct sk_bytes day;

    out->period.until = INT32_MAX;
    sk_unpack_array(&u, 3);
    out->kbo = sk_unpack_str(&u, 1, EMPLOYER_SIZE_MAX);
    day = sk_unpack_str(&u, 10, 10);
    if (u.status == SK_OK && !sk_day_parse(day, &out->period.from))
        return SK_E_BAD_VALUE;
    if (!sk_unpack_is_nil(&u)) {
        day = sk_unpack_str(&u, 10, 10);
        if (u.status == SK_OK && !sk_day_parse(day, &out->period.until))
            return SK_E_BAD_VALUE;
    }
    return sk_unpack_finish(&u);
}

static enum sk_status
each(struct sk_engine *e, const struct sk_participant_id *id,
     enum sk_status (*fn)(void *context, const struct employer *),
     void *context)
{
    struct sk_key prefix = participant_prefix(id);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct sk_bytes key;
    struct sk_bytes sealed;
    enum sk_status status;

    while ((status = sk_scan_next(&scan, &key, &sealed)) == SK_OK) {
        struct employer employer = {0};
        struct sk_bytes plain;

        if (key.size != prefix.size + 8)
            return SK_E_BAD_LENGTH;
        employer.number = sk_u64_read(key.data + prefix.size);
        SK_TRY(sk_vault_open(e, &id->id, key, sealed, &plain));
        SK_TRY(employer_read(plain, &employer));
        SK_TRY(fn(context, &employer));
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

/* ------------------------------------------------------------- facts */

struct outer {
    const struct sk_bundle *bundle;
    enum sk_status (*fn)(void *context, const struct sk_employer *);
    void *context;
};

static enum sk_status call_outer(void *context, const struct employer *employer)
{
    struct outer *outer = context;
    size_t orgs = sk_bundle_orgs_count(outer->bundle);

    for (size_t i = 0; i < orgs; i++) {
        const struct sk_roster_org *org = sk_bundle_org_at(outer->bundle, i);
        struct sk_employer found = {org->id, employer->period};

        if (sk_bytes_equal(org->kbo, employer->kbo))
            return outer->fn(outer->context, &found);
    }
    return SK_OK;
}

enum sk_status sk_employer_each(
    struct sk_engine *e, const struct sk_participant_id *id,
    enum sk_status (*fn)(void *context, const struct sk_employer *),
    void *context)
{
    struct outer outer = {e->bundle, fn, context};

    if (e->bundle == NULL)
        return SK_OK;
    return each(e, id, call_outer, &outer);
}

/* ------------------------------------------------------------- recorded */

struct last {
    uint64_t next; /* number of the next record */
    bool found;    /* an open one that began by `day` */
    int32_t day;
    struct employer open;
};

static enum sk_status look(void *context, const struct employer *employer)
{
    struct last *last = context;

    last->next = employer->number + 1;
    if (employer->period.until == INT32_MAX &&
        employer->period.from <= last->day &&
        (!last->found || employer->period.from >= last->open.period.from)) {
        last->found = true;
        last->open = *employer;
    }
    return SK_OK;
}

static enum sk_status job_started(struct sk_engine *e,
                                  const struct sk_recorded_event *event)
{
    struct employer employer = {.period.until = INT32_MAX};
    struct last last = {.day = INT32_MIN};
    struct sk_bytes circuit;
    struct sk_bytes day;

    if (!sk_event_field(&event->view, "circuit", &circuit) ||
        !sk_event_field(&event->view, "employer_org", &employer.kbo) ||
        !sk_event_field(&event->view, "start_date", &day) ||
        !sk_day_parse(day, &employer.period.from))
        return SK_OK;
    if (!sk_bytes_equal(circuit, sk_text("nec")) &&
        !sk_bytes_equal(circuit, sk_text("public")))
        return SK_OK;
    SK_TRY(each(e, &event->participant, look, &last));
    employer.number = last.next;
    return employer_put(e, &event->participant, &employer);
}

/* The event names no employer: it ends the job that began last. */
static enum sk_status job_ended(struct sk_engine *e,
                                const struct sk_recorded_event *event)
{
    struct last last = {0};
    struct sk_bytes day;

    if (!sk_event_field(&event->view, "end_date", &day) ||
        !sk_day_parse(day, &last.day))
        return SK_OK;
    SK_TRY(each(e, &event->participant, look, &last));
    if (!last.found)
        return SK_OK;
    last.open.period.until = last.day;
    return employer_put(e, &event->participant, &last.open);
}

enum sk_status sk_employer_recorded(struct sk_engine *e,
                                    const struct sk_recorded_event *event)
{
    if (sk_bytes_equal(event->view.type, sk_text("employment.started")))
        return job_started(e, event);
    if (sk_bytes_equal(event->view.type, sk_text("employment.ended")))
        return job_ended(e, event);
    return SK_OK;
}
