#include "policies/matrix.h"

#include <string.h>

/* The matrix while it is made, in what is left of the arena; what it does not
   need is given back. */
struct making {
    const struct sk_bundle *bundle;
    const struct sk_vocabulary *v;
    struct sk_ways ways;
    struct sk_arena *arena;
    int32_t day;
    uint64_t valid[SK_RULE_WORDS_MAX];
    uint64_t looked_at; /* ways */
    struct sk_cell *cells;
    size_t count;
    size_t count_max;
    uint16_t *rules;
    size_t rules_count;
    size_t rules_max;
    bool cramped; /* the arena has less room than the limits allow */
};

static void find_valid(struct making *m)
{
    for (size_t i = 0; i < m->bundle->shares_count; i++) {
        const struct sk_share *share = &m->bundle->shares[i];

        if (share->from <= m->day && m->day <= share->until)
            m->valid[i / 64] |= sk_bit((unsigned)(i % 64));
    }
}

/* ---------------------------------------------------------------- cells */

static void start_cell(struct making *m, struct sk_spot spot, uint16_t field)
{
    m->cells[m->count] = (struct sk_cell){
        .spot = spot,
        .field = field,
        .explicit_consent = true,
        .rules = m->rules + m->rules_count,
    };
}

/* POLICY.md 10.3: the highest level; given when a way at that level is. */
static void add_way(struct making *m, const struct sk_way *way)
{
    struct sk_cell *cell = &m->cells[m->count];

    m->looked_at++;
    if (way->level > cell->level) {
        cell->level = way->level;
        cell->explicit_consent = way->explicit_consent;
    } else if (way->level == cell->level) {
        cell->explicit_consent =
            cell->explicit_consent && way->explicit_consent;
    }
}

static void add_rule(struct making *m, size_t share)
{
    m->rules[m->rules_count++] = (uint16_t)share;
    m->cells[m->count].rules_count++;
}

static void fact_cell(struct making *m, struct sk_spot spot,
                      const struct sk_open *open)
{
    struct sk_way way;

    start_cell(m, spot, SK_FACT);
    for (size_t i = 0; i < open->count; i++) {
        if (!sk_ways_of_fact(&m->ways.caps, spot,
                             &m->bundle->shares[open->at[i]], open->shared[i],
                             &way))
            continue;
        add_way(m, &way);
        add_rule(m, open->at[i]);
    }
    if (m->cells[m->count].level > 0)
        m->count++;
}

static void field_cell(struct making *m, struct sk_spot spot, uint8_t at,
                       const struct sk_open *open)
{
    struct sk_way ways[2];

    start_cell(m, spot, m->v->events[spot.event].fields[at]);
    for (size_t i = 0; i < open->count; i++) {
        size_t count = sk_ways_of_field(&m->ways.caps, spot,
                                        &m->bundle->shares[open->at[i]],
                                        open->shared[i], at, ways);

        for (size_t k = 0; k < count; k++)
            add_way(m, &ways[k]);
        if (count > 0)
            add_rule(m, open->at[i]);
    }
    if (m->cells[m->count].level > 0)
        m->count++;
}

/* ---------------------------------------------------------------- walk */

static enum sk_status add_spot(struct making *m, struct sk_spot spot,
                               struct sk_open *open)
{
    const uint8_t *by_name =
        m->bundle->by_name + (size_t)spot.event * SK_EVENT_FIELDS_MAX;
    size_t fields = m->v->events[spot.event].fields_count;

    if (!sk_ways_open(&m->ways, spot, m->valid, open))
        return SK_OK;
    if (m->count + fields + 1 > m->count_max ||
        m->rules_count + (fields + 1) * open->count > m->rules_max ||
        m->looked_at > SK_WAYS_MAX)
        return m->cramped ? SK_E_MEMORY : SK_E_TOO_LARGE;
    fact_cell(m, spot, open);
    for (size_t i = 0; i < fields; i++)
        field_cell(m, spot, by_name[i], open);
    return SK_OK;
}

static enum sk_status add_org(struct making *m, uint16_t org,
                              struct sk_open *open)
{
    for (size_t p = 0; p < m->ways.purposes_count; p++) {
        for (size_t e = 0; e < m->v->events_count; e++) {
            struct sk_spot spot = {org, m->ways.purposes[p], m->ways.events[e]};

            SK_TRY(add_spot(m, spot, open));
        }
    }
    return SK_OK;
}

/* Room for cells and rules: the most there may be, or what there is. */
static bool take_room(struct making *m)
{
    size_t left = m->arena->size_max - m->arena->size;
    size_t per_cell = sizeof(*m->cells) +
                      SK_CELL_RULES_MAX / SK_CELLS_MAX * sizeof(*m->rules);

    m->count_max = left / per_cell;
    m->count_max -= m->count_max > 0; /* the arena aligns */
    m->cramped = m->count_max < SK_CELLS_MAX;
    if (!m->cramped)
        m->count_max = SK_CELLS_MAX;
    m->rules_max = m->count_max * (SK_CELL_RULES_MAX / SK_CELLS_MAX);
    m->cells = sk_arena_take(m->arena, m->count_max * sizeof(*m->cells));
    m->rules = sk_arena_take(m->arena, m->rules_max * sizeof(*m->rules));
    return m->cells != NULL && m->rules != NULL;
}

/* Move the rules behind the cells and give the rest back. */
static void give_back(struct making *m, size_t mark)
{
    uint16_t *rules;

    sk_arena_reset(m->arena, mark);
    m->cells = sk_arena_take(m->arena, m->count * sizeof(*m->cells));
    rules = sk_arena_take(m->arena, m->rules_count * sizeof(*m->rules));
    assert(m->cells != NULL);
    assert(rules != NULL);
    memmove(rules, m->rules, m->rules_count * sizeof(*m->rules));
    for (size_t i = 0; i < m->count; i++)
        m->cells[i].rules = rules + (m->cells[i].rules - m->rules);
}

enum sk_status sk_matrix_make(const struct sk_bundle *bundle, int32_t day,
                              uint16_t only, struct sk_arena *arena,
                              struct sk_matrix *out)
{
    struct making *m = sk_arena_get(arena, sizeof(*m));
    struct sk_open *open = sk_arena_get(arena, sizeof(*open));
    enum sk_status status = SK_OK;
    size_t mark;

    if (m == NULL || open == NULL)
        return SK_E_MEMORY;
    m->bundle = bundle;
    m->v = bundle->vocabulary;
    m->arena = arena;
    m->day = day;
    SK_TRY(sk_ways_start(bundle, arena, &m->ways));
    find_valid(m);
    mark = sk_arena_mark(arena);
    if (!take_room(m))
        return SK_E_MEMORY;
    for (size_t i = 0; i < bundle->roster.count && status == SK_OK; i++) {
        if (only == SK_NONE || only == m->ways.orgs[i])
            status = add_org(m, m->ways.orgs[i], open);
    }
    if (status != SK_OK) {
        sk_arena_reset(arena, mark);
        return status;
    }
    give_back(m, mark);
    *out = (struct sk_matrix){bundle, &m->ways.caps, day, m->cells, m->count};
    return SK_OK;
}

/* ---------------------------------------------------------------- find */

static int compare_spots(const struct sk_bundle *bundle,
                         const struct sk_cell *a, const struct sk_cell *b)
{
    const struct sk_vocabulary *v = bundle->vocabulary;
    int order;

    order = sk_bytes_compare(bundle->roster.orgs[a->spot.org].id,
                             bundle->roster.orgs[b->spot.org].id);
    if (order == 0)
        order = sk_bytes_compare(v->purposes[a->spot.purpose].id,
                                 v->purposes[b->spot.purpose].id);
    if (order == 0)
        order = sk_bytes_compare(v->events[a->spot.event].id,
                                 v->events[b->spot.event].id);
    if (order == 0)
        order = sk_bytes_compare(sk_field_name(v, a->field),
                                 sk_field_name(v, b->field));
    return order;
}

const struct sk_cell *sk_matrix_find(const struct sk_matrix *matrix,
                                     struct sk_spot spot, uint16_t field)
{
    struct sk_cell sought = {.spot = spot, .field = field};
    size_t low = 0;
    size_t high = matrix->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order =
            compare_spots(matrix->bundle, &matrix->cells[middle], &sought);

        if (order == 0)
            return &matrix->cells[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
