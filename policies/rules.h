/*
 * A bundle from inside: what the files of 2.1 say once every word is a number.
 * For policies/ and for the commands that describe policies (tools/schakel/
 * policy_*.c), which only read it.           docs/POLICY.md 7, 8, 9; bundle.h
 *
 * The loader fills these in order (roster, guards, policy) and ends with
 * sk_bundle_index(), which sorts the rules by id and builds, for every
 * recipient, purpose, event and field, the set of rules that speak for it.  A
 * decision is then an intersection of a few sets.
 */
#ifndef SK_POLICIES_RULES_H
#define SK_POLICIES_RULES_H

#include "policies/bundle.h"
#include "policies/index.h"

/* POLICY.md 13; more only to measure (docs/decisions/0013). */
#ifndef SK_ORGS_MAX
#define SK_ORGS_MAX 256
#endif
#define SK_RULES_MAX 2000 /* in one policy, and again in the guards */
#define SK_RULE_WORDS_MAX 64
#define SK_ROLES_PER_RULE_MAX 64

/* A set of organisations of the roster. */
#define SK_ORG_WORDS (SK_ORGS_MAX / 64)
struct sk_org_set {
    uint64_t words[SK_ORG_WORDS];
};

static inline bool sk_org_set_has(const struct sk_org_set *set, size_t org)
{
    return (set->words[org / 64] >> (org % 64) & 1) != 0;
}

static inline void sk_org_set_add(struct sk_org_set *set, size_t org)
{
    set->words[org / 64] |= UINT64_C(1) << (org % 64);
}

/* ---------------------------------------------------------------- small */

/* The field's category in this event: its own, or the event's. */
static inline uint16_t sk_category_in(const struct sk_vocabulary *v,
                                      uint16_t field, uint16_t event)
{
    uint16_t own = v->fields[field].category;

    return own != SK_NONE ? own : v->events[event].category;
}

static inline uint8_t sk_exact(const struct sk_field *field)
{
    return (uint8_t)(field->levels_count - 1);
}

static inline uint64_t sk_bit(unsigned at)
{
    return UINT64_C(1) << at;
}

/* Position of the lowest member of a set that is not empty. */
static inline unsigned sk_lowest(uint64_t set)
{
    return (unsigned)__builtin_ctzll(set);
}

/* Members of a set.  Not the compiler's own: that calls its library on
   machines without the instruction. */
static inline size_t sk_members(uint64_t set)
{
    set -= set >> 1 & UINT64_C(0x5555555555555555);
    set = (set & UINT64_C(0x3333333333333333)) +
          (set >> 2 & UINT64_C(0x3333333333333333));
    set = (set + (set >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (size_t)(set * UINT64_C(0x0101010101010101) >> 56);
}

/* ---------------------------------------------------------------- roster */

/* The fixed list of 7.2, sorted by bytes. */
enum sk_duty {
    SK_DUTY_CONFIRM_ERASURE = 1,
    SK_DUTY_ERASE_ON_WITHDRAWAL = 2,
    SK_DUTY_LIMIT_ROLES = 4,
    SK_DUTY_LOG_ACCESS = 8,
    SK_DUTY_NO_ONWARD = 16,
    SK_DUTY_RETAIN = 32,
};
#define SK_DUTIES_COUNT 6
#define SK_DUTIES_ALWAYS                                                       \
    (SK_DUTY_RETAIN | SK_DUTY_ERASE_ON_WITHDRAWAL | SK_DUTY_CONFIRM_ERASURE |  \
     SK_DUTY_NO_ONWARD)
/* The words, in the order of the bits. */
extern const char *const sk_duty_words[SK_DUTIES_COUNT];
/* The bit of a word, or 0. */
unsigned sk_duty_of(struct sk_bytes word);

struct sk_group {
    struct sk_bytes id;
    struct sk_org_set members;
};

struct sk_roster {
    struct sk_bytes id;
    uint32_t version;
    struct sk_roster_org *orgs;
    uint8_t *duties; /* per organisation: set of enum sk_duty */
    size_t count;
    struct sk_group *groups; /* built-in ones first, then own ones */
    size_t groups_count;
    struct sk_index index;
};

/* Position in the roster, or SK_NONE. */
uint16_t sk_roster_find(const struct sk_roster *roster, struct sk_bytes id);
const struct sk_group *sk_roster_group(const struct sk_roster *roster,
                                       struct sk_bytes id);

/* ---------------------------------------------------------------- rules */

/* A never or limit of the policy or the guards (7.5). */
struct sk_cap {
    uint16_t field;
    uint8_t level;
};
struct sk_take {
    struct sk_bytes id;
    struct sk_place place;
    bool federation;
    bool limit;
    struct sk_org_set who; /* `to` without `except` */
    uint64_t purposes;     /* leaves and branches; all when `for` is absent */
    bool everything;       /* a never without data, events and fields */
    uint64_t data;         /* categories under one of `data` */
    uint64_t events[SK_EVENTS_MAX / 64];
    uint64_t fields[SK_FIELDS_MAX / 64];
    struct sk_cap *caps; /* of a limit */
    size_t caps_count;
    const struct sk_node *node;
};

bool sk_take_covers_event(const struct sk_take *take,
                          const struct sk_vocabulary *v, uint16_t event);
/* category: of the field in this event. */
bool sk_take_covers_field(const struct sk_take *take, uint16_t field,
                          uint16_t category);
/* Reaches a revealing field (7.5): limits it to the level below exact. */
bool sk_take_reaches(const struct sk_take *take, const struct sk_field *field);
/* What is left of a level when this rule speaks; 0 when a never covers. */
uint8_t sk_take_leaves(const struct sk_take *take,
                       const struct sk_vocabulary *v, uint16_t field,
                       uint16_t event, uint8_t level);
/* The same in events that it does not cover (where an inherited category
   cannot be in `data`). */
uint8_t sk_take_leaves_own(const struct sk_take *take,
                           const struct sk_vocabulary *v, uint16_t field,
                           uint8_t level);
/* Does it speak for this recipient and purpose? */
static inline bool sk_take_speaks(const struct sk_take *take, size_t org,
                                  unsigned purpose)
{
    return sk_org_set_has(&take->who, org) &&
           (take->purposes >> purpose & 1) != 0;
}

enum sk_gdpr {
    SK_GDPR_CONSENT,
    SK_GDPR_CONTRACT,
    SK_GDPR_PUBLIC_TASK,
    SK_GDPR_LEGITIMATE_INTEREST,
};

/* One event of `what`. */
struct sk_shared_event {
    uint16_t event;
    bool only_the_fact;
    /* Per position in the event type's fields: level, 0 when not named. */
    uint8_t *levels;
    const struct sk_node *node;
};
struct sk_where {
    uint16_t field;
    uint64_t values; /* of the field's code list */
};
struct sk_share {
    struct sk_bytes id;
    struct sk_bytes text;
    struct sk_place place;
    struct sk_org_set to; /* without the owner */
    uint64_t purposes;
    struct sk_shared_event *what;
    size_t what_count;
    struct sk_where *where;
    struct sk_bytes *where_names;
    size_t where_count;
    bool explicit_consent;
    enum sk_gdpr gdpr;
    struct sk_bytes gdpr_word;
    struct sk_bytes reference;
    struct sk_bytes art9;          /* or empty */
    struct sk_bytes authorisation; /* or empty */
    int32_t from;
    int32_t until;
    struct sk_duration retain;
    struct sk_bytes retain_text;
    bool retain_from_occurred;
    struct sk_duration not_older_than; /* count 0: absent */
    bool erase;                        /* on withdrawal */
    uint32_t within_days;
    uint8_t duties;
    bool roles_all;
    struct sk_bytes *roles; /* sorted */
    size_t roles_count;
    bool broken; /* has an error: left out of checks between rules */
    const struct sk_node *node;
};

/* The share rule with this id: its position, or shares_count. */
size_t sk_share_at(const struct sk_bundle *bundle, struct sk_bytes id);
struct sk_rule_view sk_share_view(const struct sk_share *share);
/* Can a person object to it (8.4 step 3; GDPR art. 21.1)? */
static inline bool sk_share_objects(const struct sk_share *share)
{
    return share->gdpr == SK_GDPR_PUBLIC_TASK ||
           share->gdpr == SK_GDPR_LEGITIMATE_INTEREST;
}

/* Categories that a field tells of at this level in this event: its own, and
   what it reveals when it is exact; none at drop. */
uint64_t sk_told(const struct sk_vocabulary *v, uint16_t field, uint16_t event,
                 uint8_t level);
/* All categories that a rule shares (5.6 a). */
uint64_t sk_share_tells(const struct sk_vocabulary *v,
                        const struct sk_share *share);
/* The shared event, or NULL. */
const struct sk_shared_event *sk_share_what(const struct sk_share *share,
                                            uint16_t event);

/* ---------------------------------------------------------------- invariants
 */

/* One rule of 12, with exactly one form. */
enum sk_form {
    SK_FORM_NO_FLOW,
    SK_FORM_ONLY_TO,
    SK_FORM_NEEDS_CONSENT,
    SK_FORM_MAX_RETENTION,
    SK_FORM_FLOW,
};
struct sk_invariant {
    struct sk_bytes id;
    struct sk_bytes text;
    struct sk_place place;
    enum sk_form form;
    struct sk_org_set who; /* `to` without `except`; all others for only_to */
    uint64_t purposes;     /* all when `for` is absent */
    uint64_t data;         /* categories under one of `data`; all when absent */
    uint16_t event;        /* or SK_NONE */
    struct sk_cap *fields; /* a level that must be reached, or must not be */
    size_t fields_count;
    bool explicit_consent;      /* needs_consent: at least that */
    struct sk_duration longest; /* max_retention; may be 0 months */
};

/* ---------------------------------------------------------------- bundle */

struct sk_bundle {
    const struct sk_vocabulary *vocabulary;
    struct sk_roster roster;
    struct sk_bytes guards_name; /* "vlaanderen/1" */
    bool has_policy;
    struct sk_bytes owner; /* empty without policy */
    uint16_t owner_at;     /* in the roster, or SK_NONE */
    uint32_t policy_version;
    struct sk_share *shares;
    size_t shares_count;
    struct sk_take *takes; /* policy and guards together */
    size_t takes_count;
    /* Categories that need explicit consent towards a recipient without
       professional secrecy (7.4). */
    uint64_t secret;
    struct sk_invariant *invariants; /* in the order of the file */
    size_t invariants_count;
    /* As they are written; NULL: there is none, or it came from elsewhere. */
    const struct sk_node *files[SK_SOURCE_COUNT];

    /* Made by sk_bundle_index().  Sets of rules are rows of words. */
    size_t share_words;
    uint64_t *share_by_org;
    uint64_t *share_by_purpose;
    uint64_t *share_by_event;
    size_t take_words;
    uint64_t *take_by_org;
    uint64_t *take_by_purpose;
    uint64_t *take_by_event;  /* nevers that cover the event */
    uint64_t *never_by_field; /* nevers that cover the field */
    uint64_t *cap_by_field;   /* limits that name it, nevers that reach it */
    uint8_t *positions;       /* event x field: position in the event, or 255 */
    uint8_t *by_name; /* event x SK_EVENT_FIELDS_MAX: positions by name */
};

/* What the loader hands from file to file. */
struct sk_loading {
    struct sk_bundle *bundle;
    struct sk_arena *arena;
    struct sk_findings *findings;
    int32_t day; /* for W015, or INT32_MIN */
};

/*
 * One file each.  `file` is the tree, or NULL.  Findings say what is wrong;
 * they fail only with SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_roster_load(struct sk_loading *l,
                                         const struct sk_node *file);
SK_CHECKED enum sk_status sk_guards_load(struct sk_loading *l,
                                         const struct sk_node *file);
SK_CHECKED enum sk_status sk_policy_load(struct sk_loading *l,
                                         const struct sk_node *file);
void sk_invariants_load(struct sk_loading *l, const struct sk_node *file);
/* After the policy: checks on one rule and between rules; warnings. */
void sk_policy_check(struct sk_loading *l);
SK_CHECKED enum sk_status sk_policy_warn(struct sk_loading *l);
SK_CHECKED enum sk_status sk_bundle_index(struct sk_loading *l);

/* E012 unless the key of this file names exactly what is loaded. */
void sk_check_version(struct sk_loading *l, const struct sk_node *file,
                      const char *key, struct sk_bytes have);

/* ---------------------------------------------------------------- helpers */

/* Categories that need explicit consent for this rule and recipient (7.4). */
static inline uint64_t sk_explicit_for(const struct sk_bundle *bundle,
                                       bool rule_says, uint16_t org)
{
    if (rule_says)
        return UINT64_MAX;
    if (org != SK_NONE &&
        bundle->roster.orgs[org].secrecy == SK_SECRECY_PROFESSIONAL)
        return 0;
    return bundle->secret;
}

/* The event's category apart, the categories of the `where` fields in this
   event together with what they reveal (8.4 step 3). */
uint64_t sk_where_categories(const struct sk_vocabulary *v,
                             const struct sk_share *share, uint16_t event);

#endif
