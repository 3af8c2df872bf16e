#include "policies/decide.h"

#include <string.h>

#include "policies/asking.h"
#include "policies/civil.h"

#define NOT_CARRIED UINT8_MAX

static const char *const stage_codes[] = {
    [SK_STAGE_NOT_YET_VALID] = "not-yet-valid",
    [SK_STAGE_NO_LONGER_VALID] = "no-longer-valid",
    [SK_STAGE_WHERE_NOT_MET] = "where-not-met",
    [SK_STAGE_TOO_OLD] = "too-old",
    [SK_STAGE_RETENTION_OVER] = "retention-already-over",
    [SK_STAGE_CANNOT_HONOUR] = "recipient-cannot-honour",
    [SK_STAGE_NOT_LINKED] = "not-linked",
    [SK_STAGE_OBJECTION] = "objection",
    [SK_STAGE_CONSENT_MISSING] = "consent-missing",
    [SK_STAGE_CONSENT_REFUSED] = "consent-refused",
    [SK_STAGE_CONSENT_WITHDRAWN] = "consent-withdrawn",
    [SK_STAGE_CONSENT_EXPIRED] = "consent-expired",
    [SK_STAGE_CONSENT_WRONG_GIVER] = "consent-wrong-giver",
    [SK_STAGE_CONSENT_NOT_EXPLICIT] = "consent-not-explicit",
};

const char *sk_stage_text(enum sk_stage stage)
{
    return stage < SK_STAGE_SURVIVES ? stage_codes[stage] : NULL;
}

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

void sk_deny(struct sk_decision *out, const char *reason)
{
    out->permit = false;
    out->reason = reason;
}

/* ---------------------------------------------------------------- sets */

/* The ids of a set of share rules, sorted as they are. */
static void name_shares(struct sk_asking *a, const struct sk_rule_set *set,
                        size_t count, struct sk_decision *out)
{
    const struct sk_bundle *bundle = a->bundle;

    if (count == 0)
        return;
    out->rules = sk_arena_get_array(a->arena, count, sizeof(*out->rules));
    if (out->rules == NULL) {
        a->fits = false;
        return;
    }
    for (size_t w = 0; w < bundle->share_words; w++) {
        for (uint64_t left = set->words[w]; left != 0; left &= left - 1)
            out->rules[out->rules_count++] =
                bundle->shares[w * 64 + sk_lowest(left)].id;
    }
}

/* ---------------------------------------------------------------- step 1 */

/* POLICY.md 8.2; the values are left in `a`. */
static bool take_values(struct sk_asking *a)
{
    const struct sk_event_view *event = a->question->event;
    uint32_t year = (uint32_t)sk_date_of_day(a->day).year;

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
        at = a->positions[field];
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

static bool is_well_formed(struct sk_asking *a)
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
static const char *early_refusal(struct sk_asking *a)
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
    a->positions = bundle->positions + (size_t)a->event * a->v->fields_count;
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
static bool is_forbidden(struct sk_asking *a, struct sk_decision *out)
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
    sk_deny(out, "forbidden");
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

bool sk_meets_where(const struct sk_asking *a, const struct sk_share *share)
{
    for (size_t i = 0; i < share->where_count; i++) {
        const struct sk_where *where = &share->where[i];
        const struct sk_code_list *list = a->v->fields[where->field].codelist;
        uint8_t at = a->positions[where->field];
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

int32_t sk_last_day(const struct sk_asking *a, const struct sk_share *share)
{
    return sk_day_add(share->retain_from_occurred ? a->occurred : a->day,
                      share->retain);
}

enum sk_stage sk_consent_stage(struct sk_asking *a, uint64_t categories,
                               uint64_t explicit_for)
{
    enum sk_stage stage = SK_STAGE_SURVIVES;
    struct sk_bytes first = {NULL, 0};

    /* POLICY.md 8.4 step 3: of several, the first by the bytes of its id. */
    for (uint64_t left = categories; left != 0; left &= left - 1) {
        unsigned c = sk_lowest(left);
        enum sk_consent_is state =
            sk_atoms_ask(&a->atoms, c, (explicit_for >> c & 1) != 0, NULL);

        if (state == SK_CONSENT_GIVEN)
            continue;
        if (stage != SK_STAGE_SURVIVES &&
            sk_bytes_compare(a->v->categories[c].id, first) > 0)
            continue;
        first = a->v->categories[c].id;
        stage = (enum sk_stage)(SK_STAGE_CONSENT_MISSING +
                                (int)(state - SK_CONSENT_MISSING));
    }
    return stage;
}

enum sk_stage sk_person_stage_of(struct sk_asking *a,
                                 const struct sk_share *share)
{
    uint64_t explicit_for;
    enum sk_stage stage;

    if (!sk_bond_covers(a->facts->links, a->org, a->day))
        return SK_STAGE_NOT_LINKED;
    if (sk_share_objects(share) &&
        sk_facts_object(a->facts, a->purpose, a->org, a->question->now))
        return SK_STAGE_OBJECTION;
    explicit_for = sk_explicit_for(a->bundle, share->explicit_consent, a->org);
    stage = sk_consent_stage(a, sk_bit(a->type->category), explicit_for);
    if (stage != SK_STAGE_SURVIVES || share->where_count == 0)
        return stage;
    return sk_consent_stage(a, sk_where_categories(a->v, share, a->event),
                            explicit_for);
}

enum sk_stage sk_stage_of(struct sk_asking *a, const struct sk_share *share)
{
    if (a->day < share->from)
        return SK_STAGE_NOT_YET_VALID;
    if (a->day > share->until)
        return SK_STAGE_NO_LONGER_VALID;
    if (share->where_count != 0 && !sk_meets_where(a, share))
        return SK_STAGE_WHERE_NOT_MET;
    if (share->not_older_than.count != 0 &&
        a->day > sk_day_add(a->occurred, share->not_older_than))
        return SK_STAGE_TOO_OLD;
    if (sk_last_day(a, share) <= a->day)
        return SK_STAGE_RETENTION_OVER;
    if ((share->duties & ~a->bundle->roster.duties[a->org]) != 0)
        return SK_STAGE_CANNOT_HONOUR;
    return sk_person_stage_of(a, share);
}

/* The rules of step 3 as a list. */
static void keep_survivors(struct sk_asking *a, const struct sk_rule_set *set,
                           size_t count)
{
    const struct sk_bundle *bundle = a->bundle;

    a->survivors_count = 0;
    a->survivors = sk_arena_get_array(a->arena, count, sizeof(*a->survivors));
    if (a->survivors == NULL) {
        a->fits = false;
        return;
    }
    for (size_t w = 0; w < bundle->share_words; w++) {
        for (uint64_t left = set->words[w]; left != 0; left &= left - 1) {
            const struct sk_share *share =
                &bundle->shares[w * 64 + sk_lowest(left)];

            a->survivors[a->survivors_count++] = (struct sk_survivor){
                .share = share,
                .shared = sk_share_what(share, a->event),
                .explicit_for =
                    sk_explicit_for(bundle, share->explicit_consent, a->org),
            };
        }
    }
}

/* Steps 3 and 4: false when no candidate survives. */
static bool find_survivors(struct sk_asking *a, struct sk_decision *out)
{
    const struct sk_bundle *bundle = a->bundle;
    size_t words = bundle->share_words;
    const uint64_t *by_org = bundle->share_by_org + a->org * words;
    const uint64_t *by_purpose = bundle->share_by_purpose + a->purpose * words;
    const uint64_t *by_event = bundle->share_by_event + a->event * words;
    struct sk_rule_set furthest;
    enum sk_stage stage = SK_STAGE_NOT_YET_VALID;
    size_t count = 0;

    memset(furthest.words, 0, words * sizeof(uint64_t));
    for (size_t w = 0; w < words; w++) {
        uint64_t left = by_org[w] & by_purpose[w] & by_event[w];

        for (; left != 0; left &= left - 1) {
            size_t at = w * 64 + sk_lowest(left);
            enum sk_stage reached = sk_stage_of(a, &bundle->shares[at]);

            if (reached < stage)
                continue;
            if (reached > stage) {
                memset(furthest.words, 0, words * sizeof(uint64_t));
                count = 0;
            }
            stage = reached;
            furthest.words[w] |= sk_bit(at % 64);
            count++;
        }
    }
    if (count > 0 && stage == SK_STAGE_SURVIVES) {
        keep_survivors(a, &furthest, count);
        return a->fits;
    }
    sk_deny(out, count > 0 ? stage_codes[stage] : "no-rule");
    name_shares(a, &furthest, count, out);
    return false;
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

const char *sk_ask_start(struct sk_asking *a, const struct sk_bundle *bundle,
                         const struct sk_facts *facts,
                         const struct sk_question *question,
                         struct sk_arena *arena)
{
    const char *refusal;

    assert(facts->bundle == bundle);

    a->bundle = bundle;
    a->v = bundle->vocabulary;
    a->facts = facts;
    a->question = question;
    a->arena = arena;
    a->day = sk_civil_day(question->now);
    a->fits = true;
    refusal = early_refusal(a);
    if (refusal == NULL)
        sk_atoms_start(&a->atoms, facts, a->purpose, a->org, question->now);
    return refusal;
}

enum sk_status sk_decide(const struct sk_bundle *bundle,
                         const struct sk_facts *facts,
                         const struct sk_question *question,
                         struct sk_arena *arena, struct sk_decision *out)
{
    struct sk_asking a;
    const char *refusal;

    clear(out);
    refusal = sk_ask_start(&a, bundle, facts, question, arena);
    if (refusal != NULL) {
        sk_deny(out, refusal);
        return SK_OK;
    }
    if (!is_forbidden(&a, out) && find_survivors(&a, out))
        sk_decide_fields(&a, out);
    if (!a.fits) {
        clear(out);
        return SK_E_MEMORY;
    }
    return SK_OK;
}
