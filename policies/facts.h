/*
 * Facts about one person from inside, and consent per atom.
 * Private to policies/.                              docs/POLICY.md 8.1, 8.3
 */
#ifndef SK_POLICIES_FACTS_H
#define SK_POLICIES_FACTS_H

#include "policies/decide.h"
#include "policies/rules.h"

enum sk_giver {
    SK_GIVER_NOBODY, /* an unknown word: never competent */
    SK_GIVER_SELF,
    SK_GIVER_PARENT,
    SK_GIVER_SELF_AND_PARENT,
    SK_GIVER_ADMINISTRATOR,
    SK_GIVER_SELF_AND_ADMINISTRATOR,
};

/* A consent event that counts for something. */
struct sk_consent {
    struct sk_bytes id;
    int64_t at;
    int64_t until;
    bool giving; /* else a refusal or withdrawal */
    bool refused;
    bool explicit_consent;
    enum sk_giver given_by;
    uint64_t purposes; /* leaves that it speaks for */
    uint64_t categories;
    struct sk_org_set recipients;
    struct sk_consent *next;
};

struct sk_bond { /* relation or employer */
    uint16_t org;
    struct sk_fact_period period;
    struct sk_bond *next;
};

struct sk_objecting {
    int64_t at;
    uint64_t purposes;
    struct sk_org_set recipients;
    struct sk_objecting *next;
};

struct sk_under_administration {
    struct sk_fact_period period;
    struct sk_under_administration *next;
};

struct sk_facts {
    const struct sk_bundle *bundle;
    struct sk_arena *arena;
    bool of_age_known;
    int32_t of_age; /* the day the person comes of age */
    struct sk_under_administration *administration;
    struct sk_bond *links;
    struct sk_bond *employers;
    struct sk_consent *consents;
    size_t consents_count;
    struct sk_objecting *objections;
};

static inline bool sk_period_covers(struct sk_fact_period period, int32_t day)
{
    return period.from <= day && day <= period.until;
}

bool sk_bond_covers(const struct sk_bond *bonds, uint16_t org, int32_t day);
/* What a withdrawal, refusal or objection speaks for: everything when the list
   is absent or has `*`; else what is under one of the words. */
uint64_t sk_wide_purposes(const struct sk_vocabulary *v,
                          const struct sk_bytes *list, size_t count);
struct sk_org_set sk_orgs_of(const struct sk_roster *roster,
                             const struct sk_bytes *list, size_t count,
                             bool wide);
/* An objection that is not rejected matches (8.4 step 3). */
bool sk_facts_object(const struct sk_facts *facts, uint16_t purpose,
                     uint16_t org, int64_t now);

/* ---------------------------------------------------------------- atoms */

/* In the order of 8.6, where a later one is further. */
enum sk_consent_is {
    SK_CONSENT_GIVEN,
    SK_CONSENT_MISSING,
    SK_CONSENT_REFUSED,
    SK_CONSENT_WITHDRAWN,
    SK_CONSENT_EXPIRED,
    SK_CONSENT_WRONG_GIVER,
    SK_CONSENT_NOT_EXPLICIT,
};

/*
 * All atoms of one person, purpose, recipient and instant: each is worked out
 * once, when it is first asked.
 */
struct sk_atoms {
    const struct sk_facts *facts;
    uint16_t purpose;
    uint16_t org;
    int64_t now;
    uint64_t known[2]; /* categories, per strength (explicit: 1) */
    uint8_t state[2][SK_CATEGORIES_MAX];
    const struct sk_consent *by[2][SK_CATEGORIES_MAX];
};

/* Initialises without touching the tables. */
void sk_atoms_start(struct sk_atoms *atoms, const struct sk_facts *facts,
                    uint16_t purpose, uint16_t org, int64_t now);
/* The state; *by the giving that decided when it is given (by may be NULL). */
enum sk_consent_is sk_atoms_ask(struct sk_atoms *atoms, unsigned category,
                                bool explicit_consent,
                                const struct sk_consent **by);
/* When this giving ends for the purpose of the atoms (8.3). */
int64_t sk_atom_end(const struct sk_atoms *atoms,
                    const struct sk_consent *giving);
/* Are all of these given, those of `explicit_for` explicitly? */
bool sk_atoms_all(struct sk_atoms *atoms, uint64_t categories,
                  uint64_t explicit_for);

#endif
