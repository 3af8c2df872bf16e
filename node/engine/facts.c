#include "node/engine/facts.h"

#include "node/engine/consent.h"
#include "node/engine/employer.h"
#include "node/engine/objection.h"
#include "node/engine/participant.h"
#include "node/engine/relation.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"

/* Consent of a preview lasts longer than its decision; that is all. */
#define PREVIEW_SECONDS 60

/* Facts of most people fit in this. */
#define SHORT_SIZE ((size_t)8 * 1024)

/* Tables of which facts are made. */
static const char tables[] = {SK_T_PARTICIPANT, SK_T_RELATION, SK_T_EMPLOYER,
                              SK_T_OBJECTION,   SK_T_CONSENT,  '\0'};

struct gathering {
    struct sk_engine *e;
    struct sk_arena *arena; /* of the facts */
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
    struct sk_fact_consent fact = record->fact;

    /* CONSENT 1.3: behind a gap a giving does not count; taking back does. */
    if (!record->in_chain && sk_bytes_equal(fact.state, sk_text("given")))
        return SK_OK;
    /* The only text that stays in the facts. */
    fact.id = sk_arena_copy(g->arena, fact.id);
    return sk_facts_consent(g->facts, &fact);
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

static enum sk_status gather(struct sk_engine *e,
                             const struct sk_bundle *bundle,
                             const struct sk_participant_id *id,
                             const struct sk_facts_extra *extra,
                             struct sk_arena *arena, struct sk_facts **out)
{
    struct gathering g = {.e = e, .arena = arena};
    struct sk_participant participant;

    SK_TRY(sk_participant_get(e, id, &participant));
    SK_TRY(sk_facts_start(bundle, arena, &g.facts));
    if (participant.birth_date.size > 0 &&
        !sk_facts_birth_date(g.facts, participant.birth_date))
        return SK_E_BAD_FORM;
    if (participant.administration.from != INT32_MAX)
        SK_TRY(sk_facts_administration(g.facts, participant.administration));
    SK_TRY(sk_relation_each(e, id, add_relation, &g));
    SK_TRY(sk_employer_each(e, id, add_employer, &g));
    SK_TRY(sk_objection_each(e, id, UINT64_MAX, add_objection, &g));
    SK_TRY(sk_consent_each(e, id, add_consent, &g));
    if (extra != NULL)
        SK_TRY(add_extra(e, g.facts, &participant, extra));
    if (arena->full)
        return SK_E_MEMORY;
    *out = g.facts;
    return SK_OK;
}

/* Facts go into the first part of what is left, records pass through the rest:
   then a long history costs its facts alone. */
static enum sk_status gather_in(struct sk_engine *e,
                                const struct sk_bundle *bundle,
                                const struct sk_participant_id *id,
                                const struct sk_facts_extra *extra, size_t room,
                                struct sk_arena *arena, struct sk_facts **out)
{
    void *data = sk_arena_take(&e->scratch, room);
    size_t mark;

    if (data == NULL)
        return SK_E_MEMORY;
    mark = sk_arena_mark(&e->scratch) - room;
    *arena = sk_arena_start(data, room);
    SK_TRY(gather(e, bundle, id, extra, arena, out));
    arena->size_max = arena->size;
    sk_arena_reset(&e->scratch, mark + arena->size);
    return SK_OK;
}

enum sk_status sk_facts_of(struct sk_engine *e, const struct sk_bundle *bundle,
                           const struct sk_participant_id *id,
                           const struct sk_facts_extra *extra,
                           struct sk_facts **out)
{
    struct sk_arena *arena = sk_arena_get(&e->scratch, sizeof(*arena));
    size_t mark = sk_arena_mark(&e->scratch);
    size_t half = (e->scratch.size_max - e->scratch.size) / 2;
    enum sk_status status;

    if (arena == NULL)
        return SK_E_MEMORY;
    /* What was in reach is wiped after the input, used or not. */
    if (half > SHORT_SIZE) {
        status = gather_in(e, bundle, id, extra, SHORT_SIZE, arena, out);
        if (status == SK_OK || !arena->full)
            return status;
        sk_arena_reset(&e->scratch, mark);
    }
    return gather_in(e, bundle, id, extra, half, arena, out);
}

/* ------------------------------------------------------------- kept */

static void forget(struct sk_kept_facts *kept)
{
    kept->facts = NULL;
    sk_wipe(&kept->to, sizeof(kept->to));
    sk_wipe(&kept->handle, sizeof(kept->handle));
    sk_wipe(kept->arena.data, kept->arena.size);
    sk_arena_reset(&kept->arena, 0);
}

void sk_facts_forget(struct sk_engine *e)
{
    for (size_t i = 0; i < SK_KEPT_FACTS; i++)
        if (e->kept_facts[i].facts != NULL)
            forget(&e->kept_facts[i]);
}

uint64_t sk_facts_version(const struct sk_engine *e)
{
    return sk_store_version(e->store, tables);
}

/* I1, I2: as if read from the store now, or not used. */
static bool is_current(const struct sk_engine *e,
                       const struct sk_kept_facts *kept)
{
    return kept->facts != NULL && kept->bundle_number == e->bundle_number &&
           kept->version == sk_facts_version(e);
}

/* Theirs, or an empty one, or that of somebody else. */
static struct sk_kept_facts *slot_of(struct sk_engine *e,
                                     const struct sk_participant_id *id)
{
    const uint8_t *b = id->id.bytes;
    size_t set = ((size_t)b[14] << 8 | b[15]) % (SK_KEPT_FACTS / SK_KEPT_WAYS);
    struct sk_kept_facts *first = &e->kept_facts[set * SK_KEPT_WAYS];
    struct sk_kept_facts *slot = NULL;

    for (size_t i = 0; i < SK_KEPT_WAYS; i++) {
        if (first[i].facts == NULL)
            slot = &first[i];
        else if (sk_id_equal(&first[i].participant, &id->id))
            return &first[i];
    }
    return slot != NULL ? slot : &first[e->kept_turn++ % SK_KEPT_WAYS];
}

enum sk_status sk_facts_now(struct sk_engine *e,
                            const struct sk_participant_id *id,
                            const struct sk_facts **out)
{
    struct sk_kept_facts *kept = slot_of(e, id);
    struct sk_facts *facts = NULL;
    size_t mark = sk_arena_mark(&e->scratch);
    enum sk_status status;

    if (sk_id_equal(&kept->participant, &id->id) && is_current(e, kept)) {
        *out = kept->facts;
        return SK_OK;
    }
    forget(kept);
    status = gather(e, e->bundle, id, NULL, &kept->arena, &facts);
    if (status != SK_OK && kept->arena.full) {
        /* A long history: not kept. */
        forget(kept);
        SK_TRY(sk_facts_of(e, e->bundle, id, NULL, &facts));
        *out = facts;
        return SK_OK;
    }
    sk_arena_reset(&e->scratch, mark);
    if (status != SK_OK) {
        forget(kept);
        return status;
    }
    kept->participant = id->id;
    kept->bundle_number = e->bundle_number;
    kept->version = sk_facts_version(e);
    kept->facts = facts;
    *out = facts;
    return SK_OK;
}

enum sk_status sk_facts_handle(struct sk_engine *e,
                               const struct sk_participant_id *id,
                               const struct sk_org *to, struct sk_handle *out)
{
    struct sk_kept_facts *kept = slot_of(e, id);
    bool theirs =
        sk_id_equal(&kept->participant, &id->id) && is_current(e, kept);
    struct sk_relation relation;

    if (theirs && sk_org_equal(&kept->to, to)) {
        *out = kept->handle;
        return SK_OK;
    }
    SK_TRY(sk_relation_get(e, id, to, &relation));
    if (theirs) {
        kept->to = *to;
        kept->handle = relation.handle;
    }
    *out = relation.handle;
    return SK_OK;
}
