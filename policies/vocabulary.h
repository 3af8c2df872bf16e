/*
 * The shared vocabulary, compiled: every word is a small number.
 *                                              docs/POLICY.md 5 and 6
 * Numbers are positions in the arrays below, in order of declaration.
 * Immutable once loaded; lives in the arena it was loaded into.
 */
#ifndef SK_POLICIES_VOCABULARY_H
#define SK_POLICIES_VOCABULARY_H

#include "policies/formats.h"
#include "policies/index.h"
#include "policies/yaml.h"

#define SK_PURPOSES_MAX 64
#define SK_CATEGORIES_MAX 64 /* fits one uint64_t as a set */
#define SK_EVENTS_MAX 256
#define SK_FIELDS_MAX 512
#define SK_EVENT_FIELDS_MAX 64 /* per event, `occurred` included */
#define SK_VALUES_MAX 64       /* per code list */
#define SK_LEVELS_MAX 16
#define SK_NONE UINT16_MAX /* no such word */

struct sk_label {
    struct sk_bytes nl;
    struct sk_bytes en;
};

enum sk_duration_unit { SK_DAYS, SK_MONTHS }; /* weeks, years are converted */
struct sk_duration {
    uint32_t count; /* 0: absent */
    enum sk_duration_unit unit;
};

struct sk_purpose {
    struct sk_bytes id;
    struct sk_label label;
    struct sk_label sentence;
    uint32_t consent_days; /* leaves */
    bool leaf;
    bool events;    /* may carry events */
    uint64_t under; /* set of purposes this one is under, itself included */
};

struct sk_category {
    struct sk_bytes id;
    struct sk_label label;
    struct sk_bytes special; /* health, origin, judicial; inherited; or empty */
    struct sk_duration keep_max; /* nearest mark, else the vocabulary's */
    uint64_t under; /* set of categories this one is under, itself included */
    bool leaf;
    bool secrecy;         /* inherited */
    bool always_explicit; /* `explicit`; inherited */
};

/* none < discretion < official < professional: position is strength. */
enum sk_secrecy {
    SK_SECRECY_NONE,
    SK_SECRECY_DISCRETION,
    SK_SECRECY_OFFICIAL,
    SK_SECRECY_PROFESSIONAL,
};

struct sk_role {
    struct sk_bytes id;
    struct sk_label label;
    enum sk_secrecy secrecy;
    bool insz;
    bool person_level;
    bool public_body;
    bool sanctions;
};

struct sk_word { /* user roles, duties, forbidden purposes */
    struct sk_bytes id;
    struct sk_label label;
};

struct sk_code_group {
    struct sk_bytes id;
    struct sk_label label;
    uint64_t values; /* set of values of the code list it holds */
};
struct sk_code_grouping {
    struct sk_bytes level;
    struct sk_code_group *groups;
    size_t count;
    struct sk_label label;
    uint8_t *group_of; /* per value of the code list: its group */
};
struct sk_code_list {
    struct sk_bytes id;
    struct sk_word *values;
    uint64_t *reveals; /* per value: set of categories */
    size_t count;
    struct sk_code_grouping *groupings; /* fine to coarse */
    size_t groupings_count;
    struct sk_index index; /* of the values */
};

enum sk_kind {
    SK_KIND_TEXT,
    SK_KIND_NAME,
    SK_KIND_ENUM,
    SK_KIND_SET,
    SK_KIND_BOOL,
    SK_KIND_NUMBER,
    SK_KIND_DATE,
    SK_KIND_DATETIME,
    SK_KIND_WEEK,
    SK_KIND_BIRTHDATE,
    SK_KIND_CODE,
};

struct sk_bands {
    struct sk_bytes level;
    uint32_t *cuts; /* in units of the last decimal, ascending from 0 */
    size_t count;
    struct sk_label label;
    struct sk_bytes *names; /* of each band: "0-18.9", "30.4+" */
};

struct sk_field {
    struct sk_bytes id;
    struct sk_label label;
    enum sk_kind kind;
    uint16_t category; /* or SK_NONE for `inherit` */
    bool free;
    bool authorise;
    uint64_t hints;   /* `reveals` of the field: categories, for W022 only */
    uint64_t reveals; /* R(f): union over the values of an enum; 5.6 */
    uint32_t max;
    uint32_t decimals;
    const struct sk_code_list *codelist; /* enum, set */
    struct sk_bytes format;              /* code */
    struct sk_bands *bands;              /* number, fine to coarse */
    size_t bands_count;
    uint32_t *prefixes; /* code, ascending */
    size_t prefixes_count;
    /* The chain, protective to revealing: levels[0] "drop", [1] "present",
       ..., [levels_count - 1] "exact". */
    struct sk_bytes levels[SK_LEVELS_MAX];
    uint8_t levels_count;
    const struct sk_format *form; /* code: of that format */
};

struct sk_event_type {
    struct sk_bytes id;
    struct sk_label label;
    uint16_t category;
    bool sanction_risk;
    uint16_t fields[SK_EVENT_FIELDS_MAX]; /* `occurred` is always fields[0] */
    bool required[SK_EVENT_FIELDS_MAX];
    size_t fields_count;
};

struct sk_vocabulary {
    struct sk_bytes id;
    uint32_t version;
    struct sk_bytes name; /* "traject-vlaanderen/1" */
    struct sk_duration keep_max;
    struct sk_purpose *purposes;
    size_t purposes_count;
    struct sk_word *forbidden; /* forbidden purposes */
    size_t forbidden_count;
    struct sk_category *categories;
    size_t categories_count;
    struct sk_role *roles;
    size_t roles_count;
    struct sk_word *user_roles;
    size_t user_roles_count;
    struct sk_word *duties; /* labels; the list itself is fixed */
    size_t duties_count;
    struct sk_code_list *codelists;
    size_t codelists_count;
    struct sk_field *fields;
    size_t fields_count;
    struct sk_event_type *events;
    size_t events_count;
    uint16_t occurred;          /* the field of that name */
    const struct sk_node *tree; /* as read */
    struct sk_index purpose_index;
    struct sk_index category_index;
    struct sk_index event_index;
    struct sk_index field_index;
    struct sk_index role_index;
    struct sk_index codelist_index;
};

/* Load from a tree.  NULL in *out when there were errors.
   Fails only with SK_E_MEMORY. */
SK_CHECKED enum sk_status sk_vocabulary_load(const struct sk_node *tree,
                                             struct sk_arena *arena,
                                             struct sk_findings *findings,
                                             struct sk_vocabulary **out);

/* Position of a word, or SK_NONE.  Constant time on average. */
uint16_t sk_vocabulary_purpose(const struct sk_vocabulary *v, struct sk_bytes);
uint16_t sk_vocabulary_category(const struct sk_vocabulary *v, struct sk_bytes);
uint16_t sk_vocabulary_event(const struct sk_vocabulary *v, struct sk_bytes);
uint16_t sk_vocabulary_field(const struct sk_vocabulary *v, struct sk_bytes);
uint16_t sk_vocabulary_role(const struct sk_vocabulary *v, struct sk_bytes);

uint16_t sk_vocabulary_codelist(const struct sk_vocabulary *v, struct sk_bytes);
uint16_t sk_code_list_value(const struct sk_code_list *list, struct sk_bytes);

/* Is `id` a forbidden purpose or under one? */
bool sk_vocabulary_forbidden(const struct sk_vocabulary *v, struct sk_bytes id);

/* Is a tree word x under y: the same, or y and a point in front of it? */
bool sk_is_under(struct sk_bytes x, struct sk_bytes y);

/* "none", "discretion", "official", "professional". */
const char *sk_secrecy_text(enum sk_secrecy secrecy);
bool sk_secrecy_parse(struct sk_bytes text, enum sk_secrecy *out);
/* "text", "name", "enum", ... */
const char *sk_kind_text(enum sk_kind kind);
bool sk_kind_parse(struct sk_bytes text, enum sk_kind *out);

/* Position of the level in the field's chain, or SK_NONE. */
uint16_t sk_field_level(const struct sk_field *field, struct sk_bytes level);

/*
 * Does a level leave the same of a value in two vocabularies?  A name is not
 * enough: bands, groups and formats are what it means.  Values that only one
 * of them knows do not count.
 */
bool sk_level_is_same(const struct sk_field *a, uint16_t level_of_a,
                      const struct sk_field *b, uint16_t level_of_b);

#endif
