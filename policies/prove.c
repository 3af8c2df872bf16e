#include "policies/prove.h"

#include <string.h>

struct proving {
    const struct sk_bundle *bundle;
    const struct sk_vocabulary *v;
    struct sk_arena *arena;
    struct sk_ways ways;
    struct sk_classes orgs;     /* of ways.orgs */
    struct sk_classes purposes; /* of ways.purposes */
    struct sk_proof *proofs;
    struct sk_proof **asked; /* the ones that speak of the spot at hand */
    size_t asked_count;
    struct sk_open *open;
    struct sk_spot spot;
    uint64_t members; /* recipients x purposes that the spot stands for */
    uint64_t looked_at;
};

/* ---------------------------------------------------------------- classes */

/* Recipients are apart when a rule or an invariant tells them apart. */
static enum sk_status class_orgs(struct proving *p)
{
    const struct sk_bundle *bundle = p->bundle;
    size_t own = sk_ways_org_words(&p->ways);
    size_t words = own + (bundle->invariants_count + 63) / 64;
    size_t count = bundle->roster.count;
    uint64_t *rows =
        sk_arena_get_array(p->arena, count * words + 1, sizeof(*rows));

    if (rows == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        uint64_t *row = rows + i * words;

        sk_ways_org_row(&p->ways, p->ways.orgs[i], row);
        for (size_t k = 0; k < bundle->invariants_count; k++) {
            if (sk_org_set_has(&bundle->invariants[k].who, p->ways.orgs[i]))
                row[own + k / 64] |= sk_bit((unsigned)(k % 64));
        }
    }
    return sk_classes_make(rows, count, words, p->arena, &p->orgs);
}

static enum sk_status class_purposes(struct proving *p)
{
    const struct sk_bundle *bundle = p->bundle;
    size_t own = sk_ways_purpose_words(&p->ways);
    size_t words = own + (bundle->invariants_count + 63) / 64;
    size_t count = p->ways.purposes_count;
    uint64_t *rows =
        sk_arena_get_array(p->arena, count * words + 1, sizeof(*rows));

    if (rows == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        uint64_t *row = rows + i * words;

        sk_ways_purpose_row(&p->ways, p->ways.purposes[i], row);
        for (size_t k = 0; k < bundle->invariants_count; k++) {
            if ((bundle->invariants[k].purposes >> p->ways.purposes[i] & 1) !=
                0)
                row[own + k / 64] |= sk_bit((unsigned)(k % 64));
        }
    }
    return sk_classes_make(rows, count, words, p->arena, &p->purposes);
}

/* ---------------------------------------------------------------- one way */

/* Does the invariant speak of a way of this field, at this level? */
static bool matches(const struct sk_invariant *i, uint64_t tells,
                    uint16_t field, uint8_t level)
{
    if ((i->data & tells) == 0)
        return false;
    if (i->form != SK_FORM_NO_FLOW || i->fields == NULL)
        return true;
    for (size_t k = 0; k < i->fields_count; k++) {
        if (i->fields[k].field == field && level >= i->fields[k].level)
            return true;
    }
    return false;
}

/* Is a way that it speaks of as it must be? */
static bool is_good(const struct sk_invariant *i, const struct sk_way *way)
{
    switch (i->form) {
    case SK_FORM_NO_FLOW:
    case SK_FORM_ONLY_TO:
        return false;
    case SK_FORM_NEEDS_CONSENT:
        return way->explicit_consent || !i->explicit_consent;
    case SK_FORM_MAX_RETENTION:
        return sk_duration_at_most(way->share->retain, i->longest);
    case SK_FORM_FLOW:
        break;
    }
    return true;
}

/*
 * POLICY.md 12: the first by day, then by cell.  A way starts on the first day
 * of its rule, which is a critical day.  Cells are walked in their order, so
 * only an earlier day, or more of the same cell and day, comes first.
 */
static bool comes_first(const struct sk_counterexample *first,
                        const struct proving *p, uint16_t field,
                        const struct sk_way *way)
{
    if (way->share->from != first->day)
        return way->share->from < first->day;
    return memcmp(&first->spot, &p->spot, sizeof(p->spot)) == 0 &&
           first->field == field && way->level > first->level;
}

static void check_way(struct proving *p, uint16_t field,
                      const struct sk_way *way)
{
    uint64_t tells = sk_way_tells(p->v, p->spot.event, field, way->level);

    p->looked_at += 1 + p->asked_count;
    for (size_t i = 0; i < p->asked_count; i++) {
        struct sk_proof *proof = p->asked[i];

        if (!matches(proof->invariant, tells, field, way->level))
            continue;
        proof->matched += p->members;
        if (is_good(proof->invariant, way) ||
            (!proof->holds && !comes_first(&proof->first, p, field, way)))
            continue;
        proof->holds = false;
        proof->first = (struct sk_counterexample){
            .day = way->share->from,
            .spot = p->spot,
            .field = field,
            .level = way->level,
            .rule = way->share->id,
            .place = way->share->place,
        };
    }
}

/* ---------------------------------------------------------------- walk */

/* The invariants that speak of this recipient, purpose and event. */
static void find_asked(struct proving *p)
{
    p->asked_count = 0;
    for (size_t i = 0; i < p->bundle->invariants_count; i++) {
        const struct sk_invariant *invariant = &p->bundle->invariants[i];

        if (invariant->form != SK_FORM_FLOW &&
            sk_org_set_has(&invariant->who, p->spot.org) &&
            (invariant->purposes >> p->spot.purpose & 1) != 0 &&
            (invariant->event == SK_NONE || invariant->event == p->spot.event))
            p->asked[p->asked_count++] = &p->proofs[i];
    }
}

static void check_spot(struct proving *p)
{
    const struct sk_event_type *type = &p->v->events[p->spot.event];
    const uint8_t *by_name =
        p->bundle->by_name + (size_t)p->spot.event * SK_EVENT_FIELDS_MAX;
    struct sk_way ways[2];

    if (!sk_ways_open(&p->ways, p->spot, NULL, p->open))
        return;
    find_asked(p);
    if (p->asked_count == 0)
        return;
    for (size_t i = 0; i < p->open->count; i++) {
        if (sk_ways_of_fact(&p->ways.caps, p->spot,
                            &p->bundle->shares[p->open->at[i]],
                            p->open->shared[i], ways))
            check_way(p, SK_FACT, ways);
    }
    for (size_t k = 0; k < type->fields_count; k++) {
        for (size_t i = 0; i < p->open->count; i++) {
            size_t count = sk_ways_of_field(
                &p->ways.caps, p->spot, &p->bundle->shares[p->open->at[i]],
                p->open->shared[i], by_name[k], ways);

            for (size_t w = 0; w < count; w++)
                check_way(p, type->fields[by_name[k]], &ways[w]);
        }
    }
}

/* One recipient and purpose stand for their classes. */
static enum sk_status check_ways(struct proving *p)
{
    for (size_t o = 0; o < p->orgs.count; o++) {
        for (size_t u = 0; u < p->purposes.count; u++) {
            p->members = (uint64_t)p->orgs.members[o] * p->purposes.members[u];
            for (size_t e = 0; e < p->v->events_count; e++) {
                p->spot = (struct sk_spot){
                    p->ways.orgs[p->orgs.first[o]],
                    p->ways.purposes[p->purposes.first[u]], p->ways.events[e]};
                check_spot(p);
            }
            if (p->looked_at > SK_WAYS_MAX)
                return SK_E_TOO_LARGE;
        }
    }
    return SK_OK;
}

/* ---------------------------------------------------------------- flow */

/* The highest level at which a field, or the fact, flows on some day. */
static uint8_t highest(struct proving *p, uint16_t field)
{
    uint8_t best = 0;
    struct sk_way ways[2];

    for (size_t i = 0; i < p->open->count; i++) {
        const struct sk_share *share = &p->bundle->shares[p->open->at[i]];
        size_t count = 0;

        if (field == SK_FACT)
            count = sk_ways_of_fact(&p->ways.caps, p->spot, share,
                                    p->open->shared[i], ways);
        else
            count = sk_ways_of_field(
                &p->ways.caps, p->spot, share, p->open->shared[i],
                p->bundle
                    ->positions[(size_t)p->spot.event * p->v->fields_count +
                                field],
                ways);
        if (count > 0 && ways[0].level > best)
            best = ways[0].level;
        p->looked_at++;
    }
    return best;
}

/* Would a share rule give this, without nevers and limits? */
static bool is_offered(const struct proving *p, uint16_t field, uint8_t level)
{
    const struct sk_bundle *bundle = p->bundle;
    size_t words = bundle->share_words;
    const uint64_t *open = p->ways.open_by_org + p->spot.org * words;

    for (size_t i = 0; i < bundle->shares_count; i++) {
        const struct sk_share *share = &bundle->shares[i];
        const struct sk_shared_event *shared;

        if ((open[i / 64] >> (i % 64) & 1) == 0 ||
            (share->purposes >> p->spot.purpose & 1) == 0)
            continue;
        shared = sk_share_what(share, p->spot.event);
        if (shared == NULL)
            continue;
        if (field == SK_FACT ||
            shared->levels[bundle->positions[(size_t)p->spot.event *
                                                 p->v->fields_count +
                                             field]] >= level)
            return true;
    }
    return false;
}

/* The never or limit that takes it away, the policy's own first. */
static const struct sk_take *taker(const struct proving *p, uint16_t field,
                                   uint8_t level)
{
    const struct sk_take *found = NULL;

    if (!is_offered(p, field, level))
        return NULL;
    for (size_t i = 0; i < p->bundle->takes_count; i++) {
        const struct sk_take *take = &p->bundle->takes[i];

        if (!sk_take_speaks(take, p->spot.org, p->spot.purpose) ||
            (!sk_take_covers_event(take, p->v, p->spot.event) &&
             (field == SK_FACT ||
              sk_take_leaves(take, p->v, field, p->spot.event, level) >=
                  level)))
            continue;
        if (found == NULL || (found->federation && !take->federation))
            found = take;
    }
    return found;
}

/* False, with the counterexample, when it does not flow as asked. */
static bool check_reached(struct proving *p, struct sk_proof *proof,
                          uint16_t field, uint8_t level)
{
    uint8_t reached = highest(p, field);
    const struct sk_take *by;

    if (reached >= level)
        return true;
    by = taker(p, field, level);
    proof->holds = false;
    proof->first = (struct sk_counterexample){
        .missing = true,
        .day = INT32_MIN,
        .spot = p->spot,
        .field = field,
        .level = level,
        .reached = reached,
    };
    if (by != NULL) {
        proof->first.rule = by->id;
        proof->first.place = by->place;
    }
    return false;
}

static bool check_flow_at(struct proving *p, struct sk_proof *proof)
{
    const struct sk_invariant *i = proof->invariant;
    const uint8_t *by_name =
        p->bundle->by_name + (size_t)p->spot.event * SK_EVENT_FIELDS_MAX;
    const struct sk_event_type *type = &p->v->events[p->spot.event];

    (void)sk_ways_open(&p->ways, p->spot, NULL, p->open);
    if (i->fields == NULL)
        return check_reached(p, proof, SK_FACT, SK_FACT_LEVEL);
    for (size_t k = 0; k < type->fields_count; k++) {
        uint16_t field = type->fields[by_name[k]];

        for (size_t f = 0; f < i->fields_count; f++) {
            if (i->fields[f].field == field &&
                !check_reached(p, proof, field, i->fields[f].level))
                return false;
        }
    }
    return true;
}

/* Every recipient and purpose that it names; never the owner (7.1). */
static void check_flow(struct proving *p, struct sk_proof *proof)
{
    const struct sk_invariant *i = proof->invariant;

    for (size_t o = 0; o < p->bundle->roster.count; o++) {
        uint16_t org = p->ways.orgs[o];

        if (org == p->bundle->owner_at || !sk_org_set_has(&i->who, org))
            continue;
        for (size_t u = 0; u < p->ways.purposes_count; u++) {
            uint16_t purpose = p->ways.purposes[u];

            if ((i->purposes >> purpose & 1) == 0)
                continue;
            p->spot = (struct sk_spot){org, purpose, i->event};
            proof->matched++;
            if (!check_flow_at(p, proof))
                return;
        }
    }
}

/* ---------------------------------------------------------------- prove */

enum sk_status sk_prove(const struct sk_bundle *bundle, struct sk_arena *arena,
                        struct sk_proof **out, size_t *count)
{
    struct proving p = {
        .bundle = bundle, .v = bundle->vocabulary, .arena = arena};
    size_t n = bundle->invariants_count;

    p.proofs = sk_arena_get_array(arena, n + 1, sizeof(*p.proofs));
    p.asked = sk_arena_get_array(arena, n + 1, sizeof(struct sk_proof *));
    p.open = sk_arena_get(arena, sizeof(*p.open));
    if (p.proofs == NULL || p.asked == NULL || p.open == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_ways_start(bundle, arena, &p.ways));
    for (size_t i = 0; i < n; i++)
        p.proofs[i] = (struct sk_proof){.invariant = &bundle->invariants[i],
                                        .holds = true};
    SK_TRY(class_orgs(&p));
    SK_TRY(class_purposes(&p));
    SK_TRY(check_ways(&p));
    for (size_t i = 0; i < n; i++) {
        if (bundle->invariants[i].form == SK_FORM_FLOW)
            check_flow(&p, &p.proofs[i]);
        if (p.looked_at > SK_WAYS_MAX)
            return SK_E_TOO_LARGE;
    }
    *out = p.proofs;
    *count = n;
    return SK_OK;
}
