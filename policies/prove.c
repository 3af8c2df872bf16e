#include "policies/prove.h"

#include <string.h>

/*
 * Invariants as sets: what one speaks of is worked out once per recipient and
 * purpose (paired), once per event (of_event), once per field and level in it
 * (speaks) and once per rule (too_long), so that a way costs an intersection.
 */
struct proving {
    const struct sk_bundle *bundle;
    const struct sk_vocabulary *v;
    struct sk_arena *arena;
    struct sk_ways ways;
    struct sk_classes orgs;     /* of ways.orgs */
    struct sk_classes purposes; /* of ways.purposes */
    struct sk_proof *proofs;
    size_t words;       /* of a set of invariants */
    uint64_t *paired;   /* those that speak of recipient and purpose */
    uint64_t *of_event; /* per event: those that speak of it */
    uint64_t **speaks;  /* per event: per field and level, see speaks_of() */
    uint64_t *asked;    /* those that speak of the spot at hand */
    uint64_t *stops;    /* those that stop every way: no_flow, only_to */
    uint64_t *explicit; /* those that ask explicit consent */
    uint64_t *too_long; /* per rule: those whose longest it exceeds */
    struct sk_open *open;
    struct sk_spot spot;
    uint64_t looked_at;
};

static void set_add(uint64_t *set, size_t at)
{
    set[at / 64] |= sk_bit((unsigned)(at % 64));
}

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

/* ---------------------------------------------------------------- sets */

static bool make_room(struct proving *p)
{
    size_t rows = 4 + p->v->events_count + p->bundle->shares_count;

    p->words = (p->bundle->invariants_count + 63) / 64;
    p->asked =
        sk_arena_get_array(p->arena, p->words * rows + 1, sizeof(*p->asked));
    p->speaks = sk_arena_get_array(p->arena, p->v->events_count + 1,
                                   sizeof(uint64_t *));
    if (p->asked == NULL || p->speaks == NULL)
        return false;
    p->paired = p->asked + p->words;
    p->stops = p->paired + p->words;
    p->explicit = p->stops + p->words;
    p->of_event = p->explicit + p->words;
    p->too_long = p->of_event + p->v->events_count * p->words;
    return true;
}

static void fill_sets(struct proving *p)
{
    const struct sk_bundle *bundle = p->bundle;

    for (size_t k = 0; k < bundle->invariants_count; k++) {
        const struct sk_invariant *i = &bundle->invariants[k];

        if (i->form == SK_FORM_NO_FLOW || i->form == SK_FORM_ONLY_TO)
            set_add(p->stops, k);
        if (i->form == SK_FORM_NEEDS_CONSENT && i->explicit_consent)
            set_add(p->explicit, k);
        for (size_t e = 0; e < p->v->events_count; e++) {
            if (i->form != SK_FORM_FLOW &&
                (i->event == SK_NONE || i->event == e))
                set_add(p->of_event + e * p->words, k);
        }
        for (size_t s = 0;
             i->form == SK_FORM_MAX_RETENTION && s < bundle->shares_count;
             s++) {
            if (!sk_duration_at_most(bundle->shares[s].retain, i->longest))
                set_add(p->too_long + s * p->words, k);
        }
    }
}

/* The invariants that speak of this recipient and purpose. */
static void find_paired(struct proving *p)
{
    memset(p->paired, 0, p->words * sizeof(*p->paired));
    for (size_t k = 0; k < p->bundle->invariants_count; k++) {
        const struct sk_invariant *i = &p->bundle->invariants[k];

        if (sk_org_set_has(&i->who, p->spot.org) &&
            (i->purposes >> p->spot.purpose & 1) != 0)
            set_add(p->paired, k);
    }
}

/* Those that also speak of the event; false when there are none. */
static bool find_asked(struct proving *p)
{
    uint64_t any = 0;

    for (size_t w = 0; w < p->words; w++) {
        p->asked[w] = p->paired[w] & p->of_event[p->spot.event * p->words + w];
        any |= p->asked[w];
    }
    return any != 0;
}

/* Does the invariant speak of a way of this field, at this level? */
static bool speaks(const struct sk_invariant *i, uint64_t tells, uint16_t field,
                   uint8_t level)
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

static void fill_speaks(struct proving *p, uint16_t event, uint16_t field,
                        uint64_t *out)
{
    uint8_t top =
        field == SK_FACT ? SK_FACT_LEVEL : sk_exact(&p->v->fields[field]);

    for (uint8_t level = 1; level <= top; level++) {
        uint64_t tells = sk_way_tells(p->v, event, field, level);

        for (size_t k = 0; k < p->bundle->invariants_count; k++) {
            if (speaks(&p->bundle->invariants[k], tells, field, level))
                set_add(out + level * p->words, k);
        }
    }
}

/* Per position in the event and level, the fact behind the last field: the
   invariants that speak of such a way.  Worked out when first asked. */
static bool find_speaks(struct proving *p, uint16_t event)
{
    const struct sk_event_type *type = &p->v->events[event];
    size_t row = SK_LEVELS_MAX * p->words;
    uint64_t *sets;

    if (p->speaks[event] != NULL)
        return true;
    sets = sk_arena_get_array(p->arena, (type->fields_count + 1) * row + 1,
                              sizeof(*sets));
    if (sets == NULL)
        return false;
    for (size_t at = 0; at < type->fields_count; at++)
        fill_speaks(p, event, type->fields[at], sets + at * row);
    fill_speaks(p, event, SK_FACT, sets + type->fields_count * row);
    p->speaks[event] = sets;
    return true;
}

/* Of those asked, does one speak of this cell? */
static bool is_asked_of(const struct proving *p, const uint64_t *sets)
{
    uint64_t any = 0;

    for (size_t level = 1; level < SK_LEVELS_MAX; level++) {
        for (size_t w = 0; w < p->words; w++)
            any |= p->asked[w] & sets[level * p->words + w];
    }
    return any != 0;
}

/* ---------------------------------------------------------------- one way */

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

static void refute(struct proving *p, struct sk_proof *proof, uint16_t field,
                   const struct sk_way *way)
{
    if (!proof->holds && !comes_first(&proof->first, p, field, way))
        return;
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

/* sets: of the cell, per level. */
static void check_way(struct proving *p, uint16_t field,
                      const struct sk_way *way, const uint64_t *sets)
{
    const uint64_t *speaking = sets + way->level * p->words;
    const uint64_t *too_long =
        p->too_long + (size_t)(way->share - p->bundle->shares) * p->words;

    p->looked_at++;
    for (size_t w = 0; w < p->words; w++) {
        uint64_t left = p->asked[w] & speaking[w] &
                        (p->stops[w] | too_long[w] |
                         (way->explicit_consent ? 0 : p->explicit[w]));

        for (; left != 0; left &= left - 1)
            refute(p, &p->proofs[w * 64 + sk_lowest(left)], field, way);
    }
}

/* ---------------------------------------------------------------- walk */

/* All ways of one cell; they are spoken of when there is one. */
static void check_cell(struct proving *p, uint16_t field, size_t at)
{
    const uint64_t *sets =
        p->speaks[p->spot.event] + at * SK_LEVELS_MAX * p->words;
    uint8_t highest = 0;

    if (!is_asked_of(p, sets))
        return;
    for (size_t i = 0; i < p->open->count; i++) {
        const struct sk_share *share = &p->bundle->shares[p->open->at[i]];
        struct sk_way ways[2];
        size_t count;

        if (field == SK_FACT)
            count = sk_ways_of_fact(&p->ways.caps, p->spot, share,
                                    p->open->shared[i], ways);
        else
            count = sk_ways_of_field(&p->ways.caps, p->spot, share,
                                     p->open->shared[i], at, ways);
        for (size_t k = 0; k < count; k++)
            check_way(p, field, &ways[k], sets);
        if (count > 0 && ways[0].level > highest)
            highest = ways[0].level;
    }
    for (size_t w = 0; w < p->words && highest > 0; w++) {
        uint64_t left = p->asked[w] & sets[highest * p->words + w];

        for (; left != 0; left &= left - 1)
            p->proofs[w * 64 + sk_lowest(left)].spoken = true;
    }
}

static enum sk_status check_spot(struct proving *p)
{
    const struct sk_event_type *type = &p->v->events[p->spot.event];
    const uint8_t *by_name =
        p->bundle->by_name + (size_t)p->spot.event * SK_EVENT_FIELDS_MAX;

    if (!find_asked(p) || !sk_ways_open(&p->ways, p->spot, NULL, p->open))
        return SK_OK;
    if (!find_speaks(p, p->spot.event))
        return SK_E_MEMORY;
    check_cell(p, SK_FACT, type->fields_count);
    for (size_t k = 0; k < type->fields_count; k++)
        check_cell(p, type->fields[by_name[k]], by_name[k]);
    return p->looked_at > SK_WAYS_MAX ? SK_E_TOO_LARGE : SK_OK;
}

/* One recipient and purpose stand for their classes. */
static enum sk_status check_ways(struct proving *p)
{
    for (size_t o = 0; o < p->orgs.count; o++) {
        for (size_t u = 0; u < p->purposes.count; u++) {
            p->spot.org = p->ways.orgs[p->orgs.first[o]];
            p->spot.purpose = p->ways.purposes[p->purposes.first[u]];
            find_paired(p);
            for (size_t e = 0; e < p->v->events_count; e++) {
                p->spot.event = p->ways.events[e];
                SK_TRY(check_spot(p));
            }
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
            proof->spoken = true;
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
    p.open = sk_arena_get(arena, sizeof(*p.open));
    if (p.proofs == NULL || p.open == NULL || !make_room(&p))
        return SK_E_MEMORY;
    fill_sets(&p);
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
