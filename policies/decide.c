#include "policies/decide.h"

#include <string.h>

#include "policies/civil.h"
#include "policies/facts.h"
#include "policies/rules.h"

#define NOT_CARRIED UINT8_MAX

/* Where a candidate rule stops (8.4 step 3), in the order of 8.6. */
enum stage {
    STAGE_NOT_YET_VALID,
    STAGE_NO_LONGER_VALID,
    STAGE_WHERE_NOT_MET,
    STAGE_TOO_OLD,
    STAGE_RETENTION_OVER,
    STAGE_CANNOT_HONOUR,
    STAGE_NOT_LINKED,
    STAGE_OBJECTION,
    STAGE_CONSENT_MISSING,
    STAGE_CONSENT_REFUSED,
    STAGE_CONSENT_WITHDRAWN,
    STAGE_CONSENT_EXPIRED,
    STAGE_CONSENT_WRONG_GIVER,
    STAGE_CONSENT_NOT_EXPLICIT,
    STAGE_SURVIVES,
};

static const char *const stage_codes[] = {
    [STAGE_NOT_YET_VALID] = "not-yet-valid",
    [STAGE_NO_LONGER_VALID] = "no-longer-valid",
    [STAGE_WHERE_NOT_MET] = "where-not-met",
    [STAGE_TOO_OLD] = "too-old",
    [STAGE_RETENTION_OVER] = "retention-already-over",
    [STAGE_CANNOT_HONOUR] = "recipient-cannot-honour",
    [STAGE_NOT_LINKED] = "not-linked",
    [STAGE_OBJECTION] = "objection",
    [STAGE_CONSENT_MISSING] = "consent-missing",
    [STAGE_CONSENT_REFUSED] = "consent-refused",
    [STAGE_CONSENT_WITHDRAWN] = "consent-withdrawn",
    [STAGE_CONSENT_EXPIRED] = "consent-expired",
    [STAGE_CONSENT_WRONG_GIVER] = "consent-wrong-giver",
    [STAGE_CONSENT_NOT_EXPLICIT] = "consent-not-explicit",
};

/* A set of share rules or of takes, as long as the bundle needs. */
struct rule_set {
    uint64_t words[SK_RULE_WORDS_MAX];
};

/* One question while it is being answered. */
struct asking {
    const struct sk_bundle *bundle;
    const struct sk_vocabulary *v;
    const struct sk_facts *facts;
    const struct sk_question *question;
    struct sk_arena *arena;
    int32_t day; /* civil day of now */
    int32_t occurred;
    uint16_t org;
    uint16_t purpose;
    uint16_t event;
    const struct sk_event_type *type;
    uint64_t present; /* positions of the event that have a value */
    struct sk_field_value values[SK_EVENT_FIELDS_MAX];
    struct rule_set takes; /* that speak for recipient and purpose */
    struct rule_set survivors;
    struct rule_set contributing;
    struct sk_atoms atoms;
    /* Per position: the contributing rules, in the arena. */
    uint64_t *by[SK_EVENT_FIELDS_MAX];
    bool fits; /* the arena sufficed so far */
};

const char *sk_withheld_text(enum sk_withheld withheld)
{
    switch (withheld) {
    case SK_SENT:
        return "sent";
    case SK_WITHHELD_FORBIDDEN:
        return "forbidden";
    case SK_WITHHELD_LIMITED:
        return "limited";
    case SK_WITHHELD_CONSENT:
        return "consent";
    case SK_WITHHELD_NOT_GRANTED:
        return "not-granted";
    }
    return "not-granted";
}

static void deny(struct sk_decision *out, const char *reason)
{
    out->permit = false;
    out->reason = reason;
}

/* ---------------------------------------------------------------- sets */

static struct sk_bytes *share_ids(struct asking *a, const struct rule_set *set,
                                  size_t *count)
{
    const struct sk_bundle *bundle = a->bundle;
    struct sk_bytes *ids;
    size_t n = 0;

    for (size_t w = 0; w < bundle->share_words; w++)
        n += sk_members(set->words[w]);
    ids = sk_arena_get_array(a->arena, n, sizeof(*ids));
    if (ids == NULL && n != 0) {
        a->fits = false;
        *count = 0;
        return NULL;
    }
    n = 0;
    for (size_t w = 0; w < bundle->share_words; w++) {
        for (uint64_t left = set->words[w]; left != 0; left &= left - 1)
            ids[n++] = bundle->shares[w * 64 + sk_lowest(left)].id;
    }
    *count = n;
    return ids;
}

/* ---------------------------------------------------------------- step 1 */

/* POLICY.md 8.2; the values are left in `a`. */
static bool take_values(struct asking *a)
{
    const struct sk_event_view *event = a->question->event;
    uint32_t year = (uint32_t)sk_date_of_day(a->day).year;
    const uint8_t *positions =
        a->bundle->positions + (size_t)a->event * a->v->fields_count;

    a->values[0] = (struct sk_field_value){.field = a->type->fields[0],
                                           .text = event->occurred};
    a->present = 1;
    for (size_t i = 0; i < event->fields_count; i++) {
        const struct sk_named_value *named = &event->fields[i];
        uint16_t field = sk_vocabulary_field(a->v, named->name);
        uint8_t at;
        struct sk_field_value value;

        if (field == SK_NONE)
            return false;
        at = positions[field];
        if (at == NOT_CARRIED || (a->present & sk_bit(at)) != 0)
            return false;
        if ((a->v->fields[field].kind == SK_KIND_SET) != (named->set != NULL))
            return false;
        value.field = field;
        value.text = named->text;
        /* Only read from here on; the member is not const for coarsening. */
        value.set = (struct sk_bytes *)(uintptr_t)named->set;
        value.set_count = named->set_count;
        if (!sk_value_is_legal(&a->v->fields[field], &value, year))
            return false;
        a->values[at] = value;
        a->present |= sk_bit(at);
    }
    for (size_t at = 0; at < a->type->fields_count; at++) {
        if (a->type->required[at] && (a->present >> at & 1) == 0)
            return false;
    }
    return true;
}

static bool is_well_formed(struct asking *a)
{
    const struct sk_event_view *event = a->question->event;

    if (!event->subject)
        return false;
    if (!sk_day_parse(event->occurred, &a->occurred) || a->occurred > a->day)
        return false;
    if (event->provenance.size != 0 &&
        !sk_bytes_equal(event->provenance, sk_text("own")) &&
        !sk_bytes_equal(event->provenance, sk_text("authentic-source")))
        return false;
    return take_values(a);
}

/* The first early refusal that applies, or NULL. */
static const char *early_refusal(struct asking *a)
{
    const struct sk_bundle *bundle = a->bundle;
    const struct sk_question *q = a->question;
    const struct sk_roster_org *orgs = bundle->roster.orgs;

    if (bundle->owner_at != SK_NONE &&
        orgs[bundle->owner_at].status != SK_ORG_ACTIVE)
        return "owner-suspended";
    a->org = sk_roster_find(&bundle->roster, q->to);
    if (a->org == SK_NONE)
        return "unknown-recipient";
    if (a->org == bundle->owner_at)
        return "recipient-is-owner";
    if (orgs[a->org].status != SK_ORG_ACTIVE)
        return "recipient-suspended";
    a->purpose = sk_vocabulary_purpose(a->v, q->purpose);
    if (a->purpose == SK_NONE)
        return sk_vocabulary_forbidden(a->v, q->purpose) ? "purpose-forbidden"
                                                         : "unknown-purpose";
    if (!a->v->purposes[a->purpose].leaf)
        return "purpose-too-broad";
    a->event = sk_vocabulary_event(a->v, q->event->type);
    if (a->event == SK_NONE)
        return "unknown-event-type";
    a->type = &a->v->events[a->event];
    if (!is_well_formed(a))
        return "malformed-event";
    if (q->event->source.size != 0 &&
        !sk_bytes_equal(q->event->source, bundle->owner))
        return "not-source";
    if (sk_bytes_equal(q->event->provenance, sk_text("authentic-source")))
        return "from-authentic-source";
    if (sk_bond_covers(a->facts->employers, a->org, a->day))
        return "recipient-is-employer";
    return NULL;
}

/* ---------------------------------------------------------------- step 2 */

/* Prohibited event: the ids of the nevers that cover it. */
static bool is_forbidden(struct asking *a, struct sk_decision *out)
{
    const struct sk_bundle *bundle = a->bundle;
    size_t words = bundle->take_words;
    const uint64_t *by_org = bundle->take_by_org + a->org * words;
    const uint64_t *by_purpose = bundle->take_by_purpose + a->purpose * words;
    const uint64_t *by_event = bundle->take_by_event + a->event * words;
    size_t n = 0;

    for (size_t w = 0; w < words; w++) {
        a->takes.words[w] = by_org[w] & by_purpose[w];
        n += sk_members(a->takes.words[w] & by_event[w]);
    }
    if (n == 0)
        return false;
    deny(out, "forbidden");
    out->rules = sk_arena_get_array(a->arena, n, sizeof(*out->rules));
    if (out->rules == NULL) {
        a->fits = false;
        return true;
    }
    for (size_t w = 0; w < words; w++) {
        uint64_t left = a->takes.words[w] & by_event[w];

        for (; left != 0; left &= left - 1)
            out->rules[out->rules_count++] =
                bundle->takes[w * 64 + sk_lowest(left)].id;
    }
    return true;
}

/* ---------------------------------------------------------------- step 3 */

static bool meets_where(const struct asking *a, const struct sk_share *share)
{
    const uint8_t *positions =
        a->bundle->positions + (size_t)a->event * a->v->fields_count;

    for (size_t i = 0; i < share->where_count; i++) {
        const struct sk_where *where = &share->where[i];
        const struct sk_code_list *list = a->v->fields[where->field].codelist;
        uint8_t at = positions[where->field];
        bool met = false;

        if (at == NOT_CARRIED || (a->present >> at & 1) == 0)
            return false;
        for (uint64_t left = where->values; left != 0 && !met; left &= left - 1)
            met = sk_bytes_equal(list->values[sk_lowest(left)].id,
                                 a->values[at].text);
        if (!met)
            return false;
    }
    return true;
}

static int32_t last_day(const struct asking *a, const struct sk_share *share)
{
    return sk_day_add(share->retain_from_occurred ? a->occurred : a->day,
                      share->retain);
}

static enum stage consent_stage(struct asking *a, uint64_t categories,
                                uint64_t explicit_for)
{
    enum stage stage = STAGE_SURVIVES;
    struct sk_bytes first = {NULL, 0};

    /* POLICY.md 8.4 step 3: of several, the first by the bytes of its id. */
    for (uint64_t left = categories; left != 0; left &= left - 1) {
        unsigned c = sk_lowest(left);
        enum sk_consent_is state =
            sk_atoms_ask(&a->atoms, c, (explicit_for >> c & 1) != 0, NULL);

        if (state == SK_CONSENT_GIVEN)
            continue;
        if (stage != STAGE_SURVIVES &&
            sk_bytes_compare(a->v->categories[c].id, first) > 0)
            continue;
        first = a->v->categories[c].id;
        stage = (enum stage)(STAGE_CONSENT_MISSING +
                             (int)(state - SK_CONSENT_MISSING));
    }
    return stage;
}

static enum stage stage_of(struct asking *a, const struct sk_share *share)
{
    uint64_t explicit_for;
    enum stage stage;

    if (a->day < share->from)
        return STAGE_NOT_YET_VALID;
    if (a->day > share->until)
        return STAGE_NO_LONGER_VALID;
    if (share->where_count != 0 && !meets_where(a, share))
        return STAGE_WHERE_NOT_MET;
    if (share->not_older_than.count != 0 &&
        a->day > sk_day_add(a->occurred, share->not_older_than))
        return STAGE_TOO_OLD;
    if (last_day(a, share) <= a->day)
        return STAGE_RETENTION_OVER;
    if ((share->duties & ~a->bundle->roster.duties[a->org]) != 0)
        return STAGE_CANNOT_HONOUR;
    if (!sk_bond_covers(a->facts->links, a->org, a->day))
        return STAGE_NOT_LINKED;
    if ((share->gdpr == SK_GDPR_PUBLIC_TASK ||
         share->gdpr == SK_GDPR_LEGITIMATE_INTEREST) &&
        sk_facts_object(a->facts, a->purpose, a->org, a->question->now))
        return STAGE_OBJECTION;
    explicit_for = sk_explicit_for(a->bundle, share->explicit_consent, a->org);
    stage = consent_stage(a, sk_bit(a->type->category), explicit_for);
    if (stage != STAGE_SURVIVES || share->where_count == 0)
        return stage;
    return consent_stage(a, sk_where_categories(a->v, share, a->event),
                         explicit_for);
}

/* Steps 3 and 4: false when no candidate survives. */
static bool find_survivors(struct asking *a, struct sk_decision *out)
{
    const struct sk_bundle *bundle = a->bundle;
    size_t words = bundle->share_words;
    const uint64_t *by_org = bundle->share_by_org + a->org * words;
    const uint64_t *by_purpose = bundle->share_by_purpose + a->purpose * words;
    const uint64_t *by_event = bundle->share_by_event + a->event * words;
    enum stage furthest = STAGE_NOT_YET_VALID;
    bool any = false;

    memset(a->survivors.words, 0, words * sizeof(uint64_t));
    for (size_t w = 0; w < words; w++) {
        uint64_t left = by_org[w] & by_purpose[w] & by_event[w];

        for (; left != 0; left &= left - 1) {
            size_t at = w * 64 + sk_lowest(left);
            enum stage stage = stage_of(a, &bundle->shares[at]);

            if (stage < furthest)
                continue;
            if (stage > furthest)
                memset(a->survivors.words, 0, words * sizeof(uint64_t));
            furthest = stage;
            a->survivors.words[w] |= sk_bit(at % 64);
            any = true;
        }
    }
    if (any && furthest == STAGE_SURVIVES)
        return true;
    deny(out, any ? stage_codes[furthest] : "no-rule");
    out->rules = share_ids(a, &a->survivors, &out->rules_count);
    return false;
}

/* ---------------------------------------------------------------- step 5 */

/* What the survivors give for one field, before prohibitions. */
struct grant {
    uint8_t level;       /* g of step 5 */
    bool lacked_consent; /* a survivor that names it lacks consent */
};

static struct grant grant_of(struct asking *a, size_t at, uint64_t *by)
{
    const struct sk_bundle *bundle = a->bundle;
    uint16_t f = a->type->fields[at];
    const struct sk_field *field = &a->v->fields[f];
    uint64_t own = sk_bit(sk_category_in(a->v, f, a->event));
    struct grant grant = {0, false};

    for (size_t w = 0; w < bundle->share_words; w++) {
        by[w] = 0;
        for (uint64_t left = a->survivors.words[w]; left != 0;
             left &= left - 1) {
            const struct sk_share *share =
                &bundle->shares[w * 64 + sk_lowest(left)];
            uint8_t level = sk_share_what(share, a->event)->levels[at];
            uint64_t explicit_for;

            if (level == 0)
                continue;
            explicit_for =
                sk_explicit_for(bundle, share->explicit_consent, a->org);
            if (!sk_atoms_all(&a->atoms, own, explicit_for)) {
                grant.lacked_consent = true;
                continue;
            }
            if (level == sk_exact(field) && field->reveals != 0 &&
                !sk_atoms_all(&a->atoms, field->reveals, explicit_for))
                level--;
            if (level < grant.level)
                continue;
            if (level > grant.level) {
                grant.level = level;
                memset(by, 0, w * sizeof(*by));
                by[w] = 0;
            }
            if (level > 0)
                by[w] |= left & (~left + 1);
        }
    }
    return grant;
}

/* The highest level that limits, and nevers that reach the field, leave. */
static uint8_t cap_of(const struct asking *a, uint16_t f, uint8_t level)
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

static bool is_field_forbidden(const struct asking *a, uint16_t f)
{
    size_t words = a->bundle->take_words;
    const uint64_t *nevers = a->bundle->never_by_field + f * words;

    for (size_t w = 0; w < words; w++) {
        if ((nevers[w] & a->takes.words[w]) != 0)
            return true;
    }
    return false;
}

static void decide_field(struct asking *a, size_t at,
                         struct sk_decided_field *out)
{
    uint16_t f = a->type->fields[at];
    const struct sk_field *field = &a->v->fields[f];
    struct grant grant;
    uint8_t level;

    *out = (struct sk_decided_field){.name = field->id, .field = f};
    a->by[at] =
        sk_arena_get_array(a->arena, a->bundle->share_words, sizeof(uint64_t));
    if (a->by[at] == NULL) {
        a->fits = false;
        return;
    }
    grant = grant_of(a, at, a->by[at]);
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
    out->level = level;
    out->level_name = field->levels[level];
    if (sk_coarsen(field, &a->values[at], level, a->question->event->occurred,
                   a->arena, &out->value) != SK_OK)
        a->fits = false;
}

/* ---------------------------------------------------------------- step 7 */

/* Positions in decision->rules of the contributing rules of one field. */
static void name_rules(struct asking *a, const uint64_t *by,
                       struct sk_decided_field *field)
{
    uint16_t *list;
    size_t before = 0; /* contributing rules in the words so far */

    for (size_t w = 0; w < a->bundle->share_words; w++)
        field->rules_count += sk_members(by[w]);
    list = sk_arena_get_array(a->arena, field->rules_count, sizeof(*list));
    if (list == NULL) {
        a->fits = false;
        field->rules_count = 0;
        return;
    }
    field->rules = list;
    for (size_t w = 0; w < a->bundle->share_words; w++) {
        uint64_t all = a->contributing.words[w];

        for (uint64_t left = by[w]; left != 0; left &= left - 1) {
            uint64_t below = all & ((left & (~left + 1)) - 1);

            *list++ = (uint16_t)(before + sk_members(below));
        }
        before += sk_members(all);
    }
}

struct givings {
    struct sk_bytes *list; /* sorted, without doubles */
    size_t count;
    size_t count_max;
};

static void add_giving(struct givings *givings, struct sk_bytes id)
{
    size_t at = givings->count;

    while (at > 0) {
        int order = sk_bytes_compare(givings->list[at - 1], id);

        if (order == 0)
            return;
        if (order < 0)
            break;
        at--;
    }
    assert(givings->count < givings->count_max);
    memmove(&givings->list[at + 1], &givings->list[at],
            (givings->count - at) * sizeof(id));
    givings->list[at] = id;
    givings->count++;
}

static void add_givings(struct asking *a, struct givings *givings,
                        uint64_t categories, uint64_t explicit_for)
{
    const struct sk_consent *by;

    for (uint64_t left = categories; left != 0; left &= left - 1) {
        unsigned c = sk_lowest(left);

        if (sk_atoms_ask(&a->atoms, c, (explicit_for >> c & 1) != 0, &by) ==
            SK_CONSENT_GIVEN)
            add_giving(givings, by->id);
    }
}

/* The givings that decided (8.5), and the terms of each contributing rule. */
static void add_terms(struct asking *a, const struct sk_share *share, size_t at,
                      struct givings *givings, struct sk_decision *out,
                      unsigned *duties)
{
    uint64_t explicit_for =
        sk_explicit_for(a->bundle, share->explicit_consent, a->org);
    uint64_t categories =
        sk_bit(a->type->category) | sk_where_categories(a->v, share, a->event);
    int32_t erase_by = last_day(a, share);

    for (size_t i = 0; i < a->type->fields_count; i++) {
        uint16_t f = a->type->fields[i];

        if (a->by[i] != NULL && (a->by[i][at / 64] >> (at % 64) & 1) != 0)
            categories |= sk_bit(sk_category_in(a->v, f, a->event));
    }
    for (size_t i = 0; i < out->fields_count; i++) {
        const struct sk_decided_field *sent = &out->fields[i];
        const struct sk_field *field = &a->v->fields[sent->field];
        uint8_t position =
            a->bundle->positions[(size_t)a->event * a->v->fields_count +
                                 sent->field];

        if (sent->withheld == SK_SENT && sent->level == sk_exact(field) &&
            (a->by[position][at / 64] >> (at % 64) & 1) != 0)
            categories |= field->reveals;
    }
    add_givings(a, givings, categories, explicit_for);
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

static void list_duties(struct asking *a, unsigned duties,
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

static void permit(struct asking *a, struct sk_decision *out)
{
    const struct sk_bundle *bundle = a->bundle;
    struct givings givings = {NULL, 0, a->facts->consents_count};
    unsigned duties = 0;

    out->permit = true;
    out->erase_by = INT32_MAX;
    out->within_days = UINT32_MAX;
    out->rules = share_ids(a, &a->contributing, &out->rules_count);
    givings.list =
        sk_arena_get_array(a->arena, givings.count_max, sizeof(*givings.list));
    if (givings.list == NULL) {
        a->fits = false;
        return;
    }
    for (size_t w = 0; w < bundle->share_words; w++) {
        for (uint64_t left = a->contributing.words[w]; left != 0;
             left &= left - 1) {
            size_t at = w * 64 + sk_lowest(left);

            add_terms(a, &bundle->shares[at], at, &givings, out, &duties);
        }
    }
    out->consents = givings.list;
    out->consents_count = givings.count;
    list_duties(a, duties, out);
}

/* Steps 5 to 7. */
static void decide_fields(struct asking *a, struct sk_decision *out)
{
    const struct sk_bundle *bundle = a->bundle;
    const uint8_t *by_name =
        bundle->by_name + (size_t)a->event * SK_EVENT_FIELDS_MAX;
    bool any = false;

    memset(a->by, 0, sizeof(a->by));
    memset(a->contributing.words, 0, bundle->share_words * sizeof(uint64_t));
    for (size_t i = 0; i < a->type->fields_count && a->fits; i++) {
        uint8_t at = by_name[i];
        struct sk_decided_field *field = &out->fields[out->fields_count];

        if ((a->present >> at & 1) == 0)
            continue;
        decide_field(a, at, field);
        out->fields_count++;
        if (field->withheld != SK_SENT) {
            a->by[at] = NULL;
            continue;
        }
        any = true;
        for (size_t w = 0; w < bundle->share_words && a->fits; w++)
            a->contributing.words[w] |= a->by[at][w];
    }
    if (!any) {
        for (size_t w = 0; w < bundle->share_words; w++) {
            for (uint64_t left = a->survivors.words[w]; left != 0;
                 left &= left - 1) {
                const struct sk_share *share =
                    &bundle->shares[w * 64 + sk_lowest(left)];

                if (!sk_share_what(share, a->event)->only_the_fact)
                    continue;
                a->contributing.words[w] |= left & (~left + 1);
                any = true;
            }
        }
    }
    if (!any) {
        deny(out, "nothing-left");
        out->rules = share_ids(a, &a->survivors, &out->rules_count);
        return;
    }
    permit(a, out);
    for (size_t i = 0; i < out->fields_count && a->fits; i++) {
        struct sk_decided_field *field = &out->fields[i];
        uint8_t at = bundle->positions[(size_t)a->event * a->v->fields_count +
                                       field->field];

        if (field->withheld == SK_SENT)
            name_rules(a, a->by[at], field);
    }
}

/* Everything but the fields, which are written one by one. */
static void clear(struct sk_decision *out)
{
    out->permit = false;
    out->reason = NULL;
    out->fields_count = 0;
    out->rules = NULL;
    out->rules_count = 0;
    out->consents = NULL;
    out->consents_count = 0;
    out->erase_by = 0;
    out->duties = NULL;
    out->duties_count = 0;
    out->roles_all = false;
    out->roles = NULL;
    out->roles_count = 0;
    out->erase = false;
    out->within_days = 0;
}

enum sk_status sk_decide(const struct sk_bundle *bundle,
                         const struct sk_facts *facts,
                         const struct sk_question *question,
                         struct sk_arena *arena, struct sk_decision *out)
{
    struct asking a;
    const char *refusal;

    assert(facts->bundle == bundle);

    a.bundle = bundle;
    a.v = bundle->vocabulary;
    a.facts = facts;
    a.question = question;
    a.arena = arena;
    a.day = sk_civil_day(question->now);
    a.fits = true;
    clear(out);
    refusal = early_refusal(&a);
    if (refusal != NULL) {
        deny(out, refusal);
        return SK_OK;
    }
    sk_atoms_start(&a.atoms, facts, a.purpose, a.org, question->now);
    if (!is_forbidden(&a, out) && find_survivors(&a, out))
        decide_fields(&a, out);
    if (!a.fits) {
        clear(out);
        return SK_E_MEMORY;
    }
    return SK_OK;
}
