#include "policies/asking.h"

#include <string.h>

/* What of the event goes out, and under which terms.  POLICY.md 8.4, 8.5 */

/* Sets of survivors: bit i is the i-th survivor. */
struct contributions {
    size_t words;    /* of one set */
    uint64_t *all;   /* rules that contribute to anything */
    uint64_t *field; /* per position of the event: its contributing rules */
};

static uint64_t *set_of(const struct contributions *c, size_t position)
{
    return c->field + position * c->words;
}

static bool has(const uint64_t *set, size_t i)
{
    return (set[i / 64] >> (i % 64) & 1) != 0;
}

/* ---------------------------------------------------------------- step 5 */

/* What the survivors give for one field, before prohibitions. */
struct grant {
    uint8_t level;       /* g of step 5 */
    bool lacked_consent; /* a survivor that names it lacks consent */
};

uint8_t sk_count_of(struct sk_asking *a, const struct sk_survivor *s, size_t at)
{
    uint16_t f = a->type->fields[at];
    const struct sk_field *field = &a->v->fields[f];
    uint8_t level = s->shared->levels[at];

    if (!sk_atoms_all(&a->atoms, sk_bit(sk_category_in(a->v, f, a->event)),
                      s->explicit_for))
        return 0;
    if (level == sk_exact(field) && field->reveals != 0 &&
        !sk_atoms_all(&a->atoms, field->reveals, s->explicit_for))
        level--;
    return level;
}

/* by: the survivors whose count was highest; zeroed by the caller. */
static struct grant grant_of(struct sk_asking *a, size_t at, size_t words,
                             uint64_t *by)
{
    struct grant grant = {0, false};

    for (size_t i = 0; i < a->survivors_count; i++) {
        const struct sk_survivor *s = &a->survivors[i];
        uint8_t level;

        if (s->shared->levels[at] == 0)
            continue;
        level = sk_count_of(a, s, at);
        grant.lacked_consent = grant.lacked_consent || level == 0;
        if (level < grant.level || level == 0)
            continue;
        if (level > grant.level)
            memset(by, 0, words * sizeof(*by));
        grant.level = level;
        by[i / 64] |= sk_bit((unsigned)(i % 64));
    }
    return grant;
}

/* The highest level that limits, and nevers that reach the field, leave. */
static uint8_t cap_of(const struct sk_asking *a, uint16_t f, uint8_t level)
{
    const struct sk_bundle *bundle = a->bundle;
    const struct sk_field *field = &a->v->fields[f];
    size_t words = bundle->take_words;

    for (size_t w = 0; w < words; w++) {
        uint64_t left = bundle->cap_by_field[f * words + w] & a->takes.words[w];

        for (; left != 0; left &= left - 1) {
            const struct sk_take *take =
                &bundle->takes[w * 64 + sk_lowest(left)];

            if (!take->limit && level == sk_exact(field))
                level--;
            for (size_t i = 0; i < take->caps_count; i++) {
                if (take->caps[i].field == f && take->caps[i].level < level)
                    level = take->caps[i].level;
            }
        }
    }
    return level;
}

static bool is_field_forbidden(const struct sk_asking *a, uint16_t f)
{
    size_t words = a->bundle->take_words;
    const uint64_t *nevers = a->bundle->never_by_field + f * words;

    for (size_t w = 0; w < words; w++) {
        if ((nevers[w] & a->takes.words[w]) != 0)
            return true;
    }
    return false;
}

static void decide_field(struct sk_asking *a, size_t at,
                         const struct contributions *c,
                         struct sk_decided_field *out)
{
    uint16_t f = a->type->fields[at];
    const struct sk_field *field = &a->v->fields[f];
    struct grant grant = grant_of(a, at, c->words, set_of(c, at));
    uint8_t level;

    *out = (struct sk_decided_field){.name = field->id, .field = f};
    if (grant.level > 0 && is_field_forbidden(a, f)) {
        out->withheld = SK_WITHHELD_FORBIDDEN;
        return;
    }
    level = cap_of(a, f, grant.level);
    if (level == 0) {
        out->withheld = grant.level > 0        ? SK_WITHHELD_LIMITED
                        : grant.lacked_consent ? SK_WITHHELD_CONSENT
                                               : SK_WITHHELD_NOT_GRANTED;
        return;
    }
    out->withheld = SK_SENT;
    out->level = level;
    out->level_name = field->levels[level];
    if (sk_coarsen(field, &a->values[at], level, a->question->event->occurred,
                   a->arena, &out->value) != SK_OK)
        a->fits = false;
}

/* ---------------------------------------------------------------- step 7 */

/* Positions in decision->rules of the contributing rules of one field. */
static void name_rules(struct sk_asking *a, const struct contributions *c,
                       struct sk_decided_field *field)
{
    const uint64_t *by = set_of(c, a->positions[field->field]);
    uint16_t *list;
    size_t count = 0;
    size_t before = 0; /* contributing rules in the words so far */

    for (size_t w = 0; w < c->words; w++)
        count += sk_members(by[w]);
    list = sk_arena_get_array(a->arena, count, sizeof(*list));
    if (list == NULL) {
        a->fits = false;
        return;
    }
    field->rules = list;
    field->rules_count = count;
    for (size_t w = 0; w < c->words; w++) {
        for (uint64_t left = by[w]; left != 0; left &= left - 1) {
            uint64_t below = c->all[w] & ((left & (~left + 1)) - 1);

            *list++ = (uint16_t)(before + sk_members(below));
        }
        before += sk_members(c->all[w]);
    }
}

static void add_giving(struct sk_decision *out, size_t count_max,
                       struct sk_bytes id)
{
    size_t at = out->consents_count;

    while (at > 0) {
        int order = sk_bytes_compare(out->consents[at - 1], id);

        if (order == 0)
            return;
        if (order < 0)
            break;
        at--;
    }
    assert(out->consents_count < count_max);
    memmove(&out->consents[at + 1], &out->consents[at],
            (out->consents_count - at) * sizeof(id));
    out->consents[at] = id;
    out->consents_count++;
}

/* Categories whose givings decided for this rule (8.5). */
static uint64_t decisive(const struct sk_asking *a,
                         const struct contributions *c, size_t survivor,
                         const struct sk_decision *out)
{
    uint64_t categories =
        sk_bit(a->type->category) |
        sk_where_categories(a->v, a->survivors[survivor].share, a->event);

    for (size_t i = 0; i < out->fields_count; i++) {
        const struct sk_decided_field *sent = &out->fields[i];

        if (sent->withheld == SK_SENT &&
            has(set_of(c, a->positions[sent->field]), survivor))
            categories |= sk_told(a->v, sent->field, a->event, sent->level);
    }
    return categories;
}

/* The terms of one contributing rule, and the givings that decided. */
static void add_terms(struct sk_asking *a, const struct contributions *c,
                      size_t survivor, struct sk_decision *out,
                      unsigned *duties)
{
    const struct sk_survivor *s = &a->survivors[survivor];
    const struct sk_share *share = s->share;
    int32_t erase_by = sk_last_day(a, share);
    uint64_t left = decisive(a, c, survivor, out);

    for (; left != 0; left &= left - 1) {
        unsigned category = sk_lowest(left);
        const struct sk_consent *by;

        if (sk_atoms_ask(&a->atoms, category,
                         (s->explicit_for >> category & 1) != 0,
                         &by) == SK_CONSENT_GIVEN)
            add_giving(out, a->facts->consents_count, by->id);
    }
    if (erase_by < out->erase_by)
        out->erase_by = erase_by;
    if (share->within_days < out->within_days)
        out->within_days = share->within_days;
    out->erase = out->erase || share->erase;
    *duties |= share->duties;
    out->roles_all = share->roles_all;
    out->roles = share->roles;
    out->roles_count = share->roles_count;
}

static void list_duties(struct sk_asking *a, unsigned duties,
                        struct sk_decision *out)
{
    struct sk_bytes *list =
        sk_arena_get_array(a->arena, SK_DUTIES_COUNT, sizeof(*list));

    if (list == NULL) {
        a->fits = false;
        return;
    }
    for (size_t i = 0; i < SK_DUTIES_COUNT; i++) {
        if ((duties >> i & 1) != 0)
            list[out->duties_count++] = sk_text(sk_duty_words[i]);
    }
    out->duties = list;
}

/* The ids of some survivors. */
static bool name_survivors(struct sk_asking *a, const uint64_t *set,
                           struct sk_decision *out)
{
    out->rules =
        sk_arena_get_array(a->arena, a->survivors_count, sizeof(*out->rules));
    if (out->rules == NULL) {
        a->fits = false;
        return false;
    }
    for (size_t i = 0; i < a->survivors_count; i++) {
        if (set == NULL || has(set, i))
            out->rules[out->rules_count++] = a->survivors[i].share->id;
    }
    return true;
}

static void permit(struct sk_asking *a, const struct contributions *c,
                   struct sk_decision *out)
{
    unsigned duties = 0;

    out->permit = true;
    out->erase_by = INT32_MAX;
    out->within_days = UINT32_MAX;
    out->consents = sk_arena_get_array(a->arena, a->facts->consents_count,
                                       sizeof(*out->consents));
    if (out->consents == NULL || !name_survivors(a, c->all, out)) {
        a->fits = false;
        return;
    }
    for (size_t i = 0; i < a->survivors_count; i++) {
        if (has(c->all, i))
            add_terms(a, c, i, out, &duties);
    }
    list_duties(a, duties, out);
    for (size_t i = 0; i < out->fields_count && a->fits; i++) {
        if (out->fields[i].withheld == SK_SENT)
            name_rules(a, c, &out->fields[i]);
    }
}

/* ---------------------------------------------------------------- steps */

static bool start(struct sk_asking *a, struct contributions *c)
{
    size_t words = (a->survivors_count + 63) / 64;
    uint64_t *sets = sk_arena_get_array(
        a->arena, (1 + a->type->fields_count) * words, sizeof(*sets));

    if (sets == NULL) {
        a->fits = false;
        return false;
    }
    c->words = words;
    c->all = sets;
    c->field = sets + words;
    return true;
}

/* Step 6: rules that share only the fact, when no field goes out. */
static bool share_the_fact(const struct sk_asking *a,
                           const struct contributions *c)
{
    bool any = false;

    for (size_t i = 0; i < a->survivors_count; i++) {
        if (a->survivors[i].shared->only_the_fact) {
            c->all[i / 64] |= sk_bit((unsigned)(i % 64));
            any = true;
        }
    }
    return any;
}

void sk_decide_fields(struct sk_asking *a, struct sk_decision *out)
{
    const uint8_t *by_name =
        a->bundle->by_name + (size_t)a->event * SK_EVENT_FIELDS_MAX;
    struct contributions c;
    bool any = false;

    if (!start(a, &c))
        return;
    for (size_t i = 0; i < a->type->fields_count && a->fits; i++) {
        uint8_t at = by_name[i];
        struct sk_decided_field *field = &out->fields[out->fields_count];

        if ((a->present >> at & 1) == 0)
            continue;
        decide_field(a, at, &c, field);
        out->fields_count++;
        if (field->withheld != SK_SENT)
            continue;
        any = true;
        for (size_t w = 0; w < c.words; w++)
            c.all[w] |= set_of(&c, at)[w];
    }
    if (!a->fits)
        return;
    if (any || share_the_fact(a, &c)) {
        permit(a, &c, out);
        return;
    }
    sk_deny(out, "nothing-left");
    (void)name_survivors(a, NULL, out);
}
