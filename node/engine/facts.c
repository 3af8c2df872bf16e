#include "node/engine/consent.h"

/* Consent of a preview lasts longer than its decision; that is all. */
#define PREVIEW_SECONDS 60

struct gathering {
    struct sk_engine *e;
    struct sk_facts *facts;
};

static enum sk_status add_relation(void *context,
                                   const struct sk_relation *relation)
{
    struct gathering *g = context;
    struct sk_fact_period period = {relation->from, relation->until};

    return sk_facts_link(g->facts, sk_org_text(&relation->org), period);
}

static enum sk_status add_employer(void *context,
                                   const struct sk_employer *employer)
{
    struct gathering *g = context;

    return sk_facts_employer(g->facts, employer->org, employer->period);
}

static enum sk_status add_objection(void *context,
                                    const struct sk_fact_objection *objection)
{
    struct gathering *g = context;

    return sk_facts_objection(g->facts, objection);
}

static enum sk_status add_consent(void *context,
                                  const struct sk_consent_record *record)
{
    struct gathering *g = context;

    /* CONSENT 1.3: behind a gap a giving does not count; taking back does. */
    if (!record->in_chain &&
        sk_bytes_equal(record->fact.state, sk_text("given")))
        return SK_OK;
    return sk_facts_consent(g->facts, &record->fact);
}

/* Somebody who may give at any age and under any administration (8.3). */
static struct sk_bytes competent(const struct sk_participant *p, int32_t today)
{
    bool administered =
        p->administration.from <= today && today <= p->administration.until;

    return sk_text(administered ? "self-and-administrator" : "self-and-parent");
}

static enum sk_status add_extra(struct sk_engine *e, struct sk_facts *facts,
                                const struct sk_participant *participant,
                                const struct sk_facts_extra *extra)
{
    int32_t today = sk_today(e);

    if (extra->with_link) {
        struct sk_fact_period period = {today, today};

        SK_TRY(sk_facts_link(facts, extra->to, period));
    }
    if (extra->with_consent_count > 0) {
        struct sk_fact_consent consent = {
            .id = sk_text("preview"),
            .state = sk_text("given"),
            .explicit_consent = true,
            .at = sk_instant(e),
            .until = sk_instant(e) + PREVIEW_SECONDS,
            .purposes = &extra->purpose,
            .purposes_count = 1,
            .recipients = &extra->to,
            .recipients_count = 1,
            .categories = extra->with_consent,
            .categories_count = extra->with_consent_count,
            .given_by = competent(participant, today),
        };

        SK_TRY(sk_facts_consent(facts, &consent));
    }
    return SK_OK;
}

enum sk_status sk_facts_of(struct sk_engine *e, const struct sk_bundle *bundle,
                           const struct sk_participant_id *id,
                           const struct sk_facts_extra *extra,
                           struct sk_facts **out)
{
    struct gathering g = {.e = e};
    struct sk_participant participant;

    SK_TRY(sk_participant_get(e, id, &participant));
    SK_TRY(sk_facts_start(bundle, &e->scratch, &g.facts));
    if (participant.birth_date.size > 0 &&
        !sk_facts_birth_date(g.facts, participant.birth_date))
        return SK_E_BAD_FORM;
    if (participant.administration.from != INT32_MAX)
        SK_TRY(sk_facts_administration(g.facts, participant.administration));
    SK_TRY(sk_relation_each(e, id, add_relation, &g));
    SK_TRY(sk_employer_each(e, id, add_employer, &g));
    SK_TRY(sk_objection_each(e, id, add_objection, &g));
    SK_TRY(sk_consent_each(e, id, add_consent, &g));
    if (extra != NULL)
        SK_TRY(add_extra(e, g.facts, &participant, extra));
    *out = g.facts;
    return SK_OK;
}
