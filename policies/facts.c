#include "policies/facts.h"

#include <string.h>

#include "policies/civil.h"

#define OF_AGE_YEARS 18
#define CIVIL_DAY_SECONDS 86400

enum sk_status sk_facts_start(const struct sk_bundle *bundle,
                              struct sk_arena *arena, struct sk_facts **out)
{
    struct sk_facts *facts = sk_arena_get(arena, sizeof(*facts));

    if (facts == NULL)
        return SK_E_MEMORY;
    facts->bundle = bundle;
    facts->arena = arena;
    *out = facts;
    return SK_OK;
}

/* ---------------------------------------------------------------- persons */

static bool digits(struct sk_bytes text, size_t from, size_t count,
                   uint32_t *out)
{
    uint32_t number = 0;

    for (size_t i = from; i < from + count; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        number = number * 10 + (uint32_t)(text.data[i] - '0');
    }
    *out = number;
    return true;
}

/* POLICY.md 8.3: of a partial birth date the last possible day counts. */
static bool last_birth_day(struct sk_bytes text, int32_t *out)
{
    uint32_t year;
    uint32_t month = 12;
    struct sk_date next = {0, 1, 1};

    if (text.size == 10)
        return sk_day_parse(text, out);
    if (text.size != 4 && text.size != 7)
        return false;
    if (!digits(text, 0, 4, &year) || year < 1900 || year > 2199)
        return false;
    if (text.size == 7 && (text.data[4] != '-' || !digits(text, 5, 2, &month)))
        return false;
    if (month < 1 || month > 12)
        return false;
    next.year = (int32_t)(month == 12 ? year + 1 : year);
    next.month = month == 12 ? 1 : month + 1;
    *out = sk_day_of_date(next) - 1;
    return true;
}

bool sk_facts_birth_date(struct sk_facts *facts, struct sk_bytes text)
{
    const struct sk_duration age = {OF_AGE_YEARS * 12, SK_MONTHS};
    int32_t born;

    if (!last_birth_day(text, &born))
        return false;
    facts->of_age = sk_day_add(born, age);
    facts->of_age_known = true;
    return true;
}

enum sk_status sk_facts_administration(struct sk_facts *facts,
                                       struct sk_fact_period period)
{
    struct sk_under_administration *entry =
        sk_arena_get(facts->arena, sizeof(*entry));

    if (entry == NULL)
        return SK_E_MEMORY;
    entry->period = period;
    entry->next = facts->administration;
    facts->administration = entry;
    return SK_OK;
}

/* ---------------------------------------------------------------- bonds */

static enum sk_status add_bond(struct sk_facts *facts, struct sk_bytes org,
                               struct sk_fact_period period,
                               struct sk_bond **list)
{
    uint16_t at = sk_roster_find(&facts->bundle->roster, org);
    struct sk_bond *bond;

    if (at == SK_NONE)
        return SK_OK;
    bond = sk_arena_get(facts->arena, sizeof(*bond));
    if (bond == NULL)
        return SK_E_MEMORY;
    bond->org = at;
    bond->period = period;
    bond->next = *list;
    *list = bond;
    return SK_OK;
}

enum sk_status sk_facts_link(struct sk_facts *facts, struct sk_bytes org,
                             struct sk_fact_period period)
{
    return add_bond(facts, org, period, &facts->links);
}

enum sk_status sk_facts_employer(struct sk_facts *facts, struct sk_bytes org,
                                 struct sk_fact_period period)
{
    return add_bond(facts, org, period, &facts->employers);
}

bool sk_bond_covers(const struct sk_bond *bonds, uint16_t org, int32_t day)
{
    for (const struct sk_bond *b = bonds; b != NULL; b = b->next) {
        if (b->org == org && sk_period_covers(b->period, day))
            return true;
    }
    return false;
}

/* ---------------------------------------------------------------- scopes */

static bool is_star(struct sk_bytes word)
{
    return sk_bytes_equal(word, sk_text("*"));
}

/* What a withdrawal, refusal or objection speaks for: everything when the
   list is absent or has `*`; else what is under one of the words. */
uint64_t sk_wide_purposes(const struct sk_vocabulary *v,
                          const struct sk_bytes *list, size_t count)
{
    uint64_t set = 0;

    if (list == NULL)
        return UINT64_MAX;
    for (size_t i = 0; i < count; i++) {
        uint16_t at = sk_vocabulary_purpose(v, list[i]);

        if (is_star(list[i]))
            return UINT64_MAX;
        for (size_t p = 0; at != SK_NONE && p < v->purposes_count; p++) {
            if ((v->purposes[p].under & sk_bit(at)) != 0)
                set |= sk_bit((unsigned)p);
        }
    }
    return set;
}

static uint64_t wide_categories(const struct sk_vocabulary *v,
                                const struct sk_bytes *list, size_t count)
{
    uint64_t set = 0;

    if (list == NULL)
        return UINT64_MAX;
    for (size_t i = 0; i < count; i++) {
        uint16_t at = sk_vocabulary_category(v, list[i]);

        if (is_star(list[i]))
            return UINT64_MAX;
        for (size_t c = 0; at != SK_NONE && c < v->categories_count; c++) {
            if ((v->categories[c].under & sk_bit(at)) != 0)
                set |= sk_bit((unsigned)c);
        }
    }
    return set;
}

struct sk_org_set sk_orgs_of(const struct sk_roster *roster,
                             const struct sk_bytes *list, size_t count,
                             bool wide)
{
    struct sk_org_set set = {{0}};
    bool all = wide && list == NULL;

    for (size_t i = 0; list != NULL && i < count; i++) {
        uint16_t at = sk_roster_find(roster, list[i]);

        if (at != SK_NONE)
            sk_org_set_add(&set, at);
        all = all || (wide && is_star(list[i]));
    }
    if (all)
        memset(&set, 0xff, sizeof(set));
    return set;
}

/* A giving: the words that are there literally (8.3). */
static uint64_t literal(const struct sk_vocabulary *v,
                        const struct sk_bytes *list, size_t count,
                        uint16_t (*find)(const struct sk_vocabulary *v,
                                         struct sk_bytes word))
{
    uint64_t set = 0;

    for (size_t i = 0; list != NULL && i < count; i++) {
        uint16_t at = find(v, list[i]);

        if (at != SK_NONE)
            set |= sk_bit(at);
    }
    return set;
}

enum sk_status sk_facts_objection(struct sk_facts *facts,
                                  const struct sk_fact_objection *o)
{
    const struct sk_bundle *bundle = facts->bundle;
    struct sk_objecting *entry;

    if (sk_bytes_equal(o->state, sk_text("rejected")))
        return SK_OK;
    entry = sk_arena_get(facts->arena, sizeof(*entry));
    if (entry == NULL)
        return SK_E_MEMORY;
    entry->at = o->at;
    entry->purposes =
        sk_wide_purposes(bundle->vocabulary, o->purposes, o->purposes_count);
    entry->recipients = sk_orgs_of(&bundle->roster, o->recipients,
                                   o->recipients_count, /* wide */ true);
    entry->next = facts->objections;
    facts->objections = entry;
    return SK_OK;
}

bool sk_facts_object(const struct sk_facts *facts, uint16_t purpose,
                     uint16_t org, int64_t now)
{
    const struct sk_objecting *o = facts->objections;

    for (; o != NULL; o = o->next) {
        if (o->at <= now && (o->purposes & sk_bit(purpose)) != 0 &&
            sk_org_set_has(&o->recipients, org))
            return true;
    }
    return false;
}

/* ---------------------------------------------------------------- consents */

static enum sk_giver giver_of(struct sk_bytes word)
{
    static const struct {
        const char *word;
        enum sk_giver giver;
    } words[] = {
        {"self", SK_GIVER_SELF},
        {"parent", SK_GIVER_PARENT},
        {"self-and-parent", SK_GIVER_SELF_AND_PARENT},
        {"administrator", SK_GIVER_ADMINISTRATOR},
        {"self-and-administrator", SK_GIVER_SELF_AND_ADMINISTRATOR},
    };

    if (word.size == 0)
        return SK_GIVER_SELF;
    for (size_t i = 0; i < SK_COUNT(words); i++) {
        if (sk_bytes_equal(word, sk_text(words[i].word)))
            return words[i].giver;
    }
    return SK_GIVER_NOBODY;
}

static void set_giving(struct sk_consent *entry, const struct sk_bundle *bundle,
                       const struct sk_fact_consent *c)
{
    const struct sk_vocabulary *v = bundle->vocabulary;

    entry->giving = true;
    entry->purposes =
        literal(v, c->purposes, c->purposes_count, sk_vocabulary_purpose);
    entry->categories =
        literal(v, c->categories, c->categories_count, sk_vocabulary_category);
    entry->recipients = sk_orgs_of(&bundle->roster, c->recipients,
                                   c->recipients_count, /* wide */ false);
}

static void set_stop(struct sk_consent *entry, const struct sk_bundle *bundle,
                     const struct sk_fact_consent *c)
{
    const struct sk_vocabulary *v = bundle->vocabulary;

    entry->purposes = sk_wide_purposes(v, c->purposes, c->purposes_count);
    entry->categories = wide_categories(v, c->categories, c->categories_count);
    entry->recipients = sk_orgs_of(&bundle->roster, c->recipients,
                                   c->recipients_count, /* wide */ true);
}

enum sk_status sk_facts_consent(struct sk_facts *facts,
                                const struct sk_fact_consent *c)
{
    bool giving = sk_bytes_equal(c->state, sk_text("given"));
    bool refused = sk_bytes_equal(c->state, sk_text("refused"));
    struct sk_consent *entry;

    if (!giving && !refused && !sk_bytes_equal(c->state, sk_text("withdrawn")))
        return SK_OK;
    /* POLICY.md 8.3: a giving without end or lists never speaks. */
    if (giving && (c->until == INT64_MIN || c->purposes == NULL ||
                   c->recipients == NULL || c->categories == NULL))
        return SK_OK;
    entry = sk_arena_get(facts->arena, sizeof(*entry));
    if (entry == NULL)
        return SK_E_MEMORY;
    entry->id = c->id;
    entry->at = c->at;
    entry->until = c->until;
    entry->refused = refused;
    entry->explicit_consent = c->explicit_consent;
    entry->given_by = giver_of(c->given_by);
    if (giving)
        set_giving(entry, facts->bundle, c);
    else
        set_stop(entry, facts->bundle, c);
    entry->next = facts->consents;
    facts->consents = entry;
    facts->consents_count++;
    return SK_OK;
}

/* ---------------------------------------------------------------- atoms */

static bool is_competent(const struct sk_facts *facts,
                         const struct sk_consent *c)
{
    const struct sk_under_administration *a = facts->administration;
    enum sk_giver by = c->given_by;
    int32_t day;

    if (a == NULL && !facts->of_age_known)
        return by == SK_GIVER_SELF || by == SK_GIVER_SELF_AND_PARENT ||
               by == SK_GIVER_SELF_AND_ADMINISTRATOR;
    day = sk_civil_day(c->at);
    for (; a != NULL; a = a->next) {
        if (sk_period_covers(a->period, day))
            return by == SK_GIVER_ADMINISTRATOR ||
                   by == SK_GIVER_SELF_AND_ADMINISTRATOR;
    }
    if (facts->of_age_known && day < facts->of_age)
        return by == SK_GIVER_PARENT || by == SK_GIVER_SELF_AND_PARENT;
    return by == SK_GIVER_SELF || by == SK_GIVER_SELF_AND_PARENT ||
           by == SK_GIVER_SELF_AND_ADMINISTRATOR;
}

int64_t sk_atom_end(const struct sk_atoms *atoms, const struct sk_consent *c)
{
    const struct sk_facts *facts = atoms->facts;
    const struct sk_vocabulary *v = facts->bundle->vocabulary;
    int64_t end = c->until;
    int64_t longest =
        (int64_t)v->purposes[atoms->purpose].consent_days * CIVIL_DAY_SECONDS;

    if (c->at + longest < end)
        end = c->at + longest;
    if (c->given_by == SK_GIVER_PARENT && facts->of_age_known) {
        int64_t of_age = sk_civil_start(facts->of_age);

        if (of_age < end)
            end = of_age;
    }
    return end;
}

/* Does a decide rather than b?  POLICY.md 8.3, equal instants. */
static bool decides_before(const struct sk_atoms *atoms,
                           const struct sk_consent *a,
                           const struct sk_consent *b)
{
    if (a->at != b->at)
        return a->at > b->at;
    if (a->giving != b->giving)
        return !a->giving;
    if (a->giving) {
        int64_t end_a = sk_atom_end(atoms, a);
        int64_t end_b = sk_atom_end(atoms, b);

        if (end_a != end_b)
            return end_a < end_b;
    }
    return sk_bytes_compare(a->id, b->id) < 0;
}

/* The last word on one track. */
struct word {
    const struct sk_consent *by; /* NULL: none */
    bool wrong_giver;            /* one was left out for its giver only */
};

static struct word last_word(const struct sk_atoms *atoms, unsigned category,
                             bool explicit_consent)
{
    const struct sk_consent *c = atoms->facts->consents;
    struct word word = {NULL, false};

    for (; c != NULL; c = c->next) {
        if ((c->categories & sk_bit(category)) == 0 ||
            (c->purposes & sk_bit(atoms->purpose)) == 0 || c->at > atoms->now ||
            !sk_org_set_has(&c->recipients, atoms->org))
            continue;
        if (c->giving) {
            if (explicit_consent && !c->explicit_consent)
                continue;
            if (!is_competent(atoms->facts, c)) {
                word.wrong_giver = true;
                continue;
            }
        }
        if (word.by == NULL || decides_before(atoms, c, word.by))
            word.by = c;
    }
    return word;
}

static enum sk_consent_is state_of(const struct sk_atoms *atoms,
                                   struct word word)
{
    if (word.by == NULL)
        return word.wrong_giver ? SK_CONSENT_WRONG_GIVER : SK_CONSENT_MISSING;
    if (!word.by->giving)
        return word.by->refused ? SK_CONSENT_REFUSED : SK_CONSENT_WITHDRAWN;
    if (atoms->now >= sk_atom_end(atoms, word.by))
        return SK_CONSENT_EXPIRED;
    return SK_CONSENT_GIVEN;
}

static enum sk_consent_is work_out(const struct sk_atoms *atoms,
                                   unsigned category, bool explicit_consent,
                                   const struct sk_consent **by)
{
    struct word word = last_word(atoms, category, explicit_consent);
    struct word other;
    enum sk_consent_is state = state_of(atoms, word);

    *by = word.by;
    if (state == SK_CONSENT_GIVEN)
        return state;
    if (!explicit_consent) {
        /* The two strengths are separate tracks; explicit counts for both. */
        other = last_word(atoms, category, /* explicit */ true);
        if (state_of(atoms, other) == SK_CONSENT_GIVEN) {
            *by = other.by;
            return SK_CONSENT_GIVEN;
        }
        return state;
    }
    if (word.by == NULL) {
        other = last_word(atoms, category, /* explicit */ false);
        if (state_of(atoms, other) == SK_CONSENT_GIVEN)
            return SK_CONSENT_NOT_EXPLICIT;
    }
    return state;
}

void sk_atoms_start(struct sk_atoms *atoms, const struct sk_facts *facts,
                    uint16_t purpose, uint16_t org, int64_t now)
{
    atoms->facts = facts;
    atoms->purpose = purpose;
    atoms->org = org;
    atoms->now = now;
    atoms->known[0] = 0;
    atoms->known[1] = 0;
}

enum sk_consent_is sk_atoms_ask(struct sk_atoms *atoms, unsigned category,
                                bool explicit_consent,
                                const struct sk_consent **by)
{
    unsigned k = explicit_consent ? 1 : 0;

    if ((atoms->known[k] & sk_bit(category)) == 0) {
        const struct sk_consent *decider;

        atoms->state[k][category] =
            (uint8_t)work_out(atoms, category, explicit_consent, &decider);
        atoms->by[k][category] = decider;
        atoms->known[k] |= sk_bit(category);
    }
    if (by != NULL)
        *by = atoms->by[k][category];
    return (enum sk_consent_is)atoms->state[k][category];
}

bool sk_atoms_all(struct sk_atoms *atoms, uint64_t categories,
                  uint64_t explicit_for)
{
    for (uint64_t left = categories; left != 0; left &= left - 1) {
        unsigned c = sk_lowest(left);

        if (sk_atoms_ask(atoms, c, (explicit_for >> c & 1) != 0, NULL) !=
            SK_CONSENT_GIVEN)
            return false;
    }
    return true;
}

const char *sk_consent_state(const struct sk_facts *facts, struct sk_bytes to,
                             struct sk_bytes purpose, struct sk_bytes category,
                             bool explicit_consent, int64_t now)
{
    static const char *const words[] = {
        [SK_CONSENT_GIVEN] = "given",
        [SK_CONSENT_MISSING] = "missing",
        [SK_CONSENT_REFUSED] = "refused",
        [SK_CONSENT_WITHDRAWN] = "withdrawn",
        [SK_CONSENT_EXPIRED] = "expired",
        [SK_CONSENT_WRONG_GIVER] = "wrong-giver",
        [SK_CONSENT_NOT_EXPLICIT] = "not-explicit",
    };
    const struct sk_bundle *bundle = facts->bundle;
    uint16_t org = sk_roster_find(&bundle->roster, to);
    uint16_t p = sk_vocabulary_purpose(bundle->vocabulary, purpose);
    uint16_t c = sk_vocabulary_category(bundle->vocabulary, category);
    struct sk_atoms atoms;

    if (org == SK_NONE || p == SK_NONE || c == SK_NONE)
        return words[SK_CONSENT_MISSING];
    sk_atoms_start(&atoms, facts, p, org, now);
    return words[sk_atoms_ask(&atoms, c, explicit_consent, NULL)];
}
