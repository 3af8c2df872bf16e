/*
 * Parts that rules have in common: who, purposes, categories, events, fields
 * and levels, as sets.  Private to policies/.     docs/POLICY.md 7.1, 7.2, 7.5
 *
 * Every unknown word is a finding with a hint; what is known is taken, so that
 * one run finds everything.
 */
#ifndef SK_POLICIES_RULE_READ_H
#define SK_POLICIES_RULE_READ_H

#include "policies/read.h"
#include "policies/rules.h"

#define SK_JOIN_SIZE_MAX 1024

/* Words joined with ", " for {choices}; the rest is left out. */
struct sk_join {
    char text[SK_JOIN_SIZE_MAX];
    size_t size;
};
void sk_join_add(struct sk_join *join, struct sk_bytes word);
struct sk_bytes sk_join_text(const struct sk_join *join);

enum sk_who_for {
    SK_WHO_SHARE,     /* no anyone, not the owner */
    SK_WHO_TAKE,      /* `to` of a never or limit: not the owner */
    SK_WHO_EXCEPT,    /* `except` of one: no anyone, not the owner */
    SK_WHO_INVARIANT, /* everybody may be named */
};

/* `to` or `except` of a rule.  A missing key is the caller's to report. */
void sk_read_who(struct sk_loading *l, const struct sk_node *node,
                 enum sk_who_for use, struct sk_org_set *out);

/* `for` of a never, limit or invariant: purposes under one of these. */
uint64_t sk_read_branches(struct sk_loading *l, const struct sk_node *list);
/* `for` of a share rule: leaves that carry events. */
uint64_t sk_read_leaves(struct sk_loading *l, const struct sk_node *list);
/* `data`: categories under one of these. */
uint64_t sk_read_data(struct sk_loading *l, const struct sk_node *list);

/* One word; SK_NONE with E028, E030. */
uint16_t sk_read_event(struct sk_loading *l, struct sk_bytes word,
                       struct sk_place place);
uint16_t sk_read_field(struct sk_loading *l, struct sk_bytes word,
                       struct sk_place place);
/* Level of the field's chain; SK_NONE with E031. */
uint16_t sk_read_level(struct sk_loading *l, uint16_t field,
                       const struct sk_node *node, bool offer_drop);
const char *sk_kind_word(enum sk_kind kind);

/* A word of the list, or NULL (no finding). */
bool sk_word_is_in(struct sk_bytes word, const char *const *words,
                   size_t count);
/* E052 with a hint among these. */
void sk_say_unknown(struct sk_loading *l, const char *code,
                    const struct sk_node *node, const char *const *words,
                    size_t count);

/*
 * id and text of a rule (7.1): E014 to E018.  The id is empty when there is
 * none.  Returns false when the rule is no map.
 */
bool sk_read_rule_head(struct sk_loading *l, const struct sk_node *rule,
                       bool federation, struct sk_bytes *id,
                       struct sk_bytes *text);

/* Read a list of nevers or limits behind those that are loaded already. */
SK_CHECKED enum sk_status sk_read_takes(struct sk_loading *l,
                                        const struct sk_node *list, bool limit,
                                        bool federation);

#endif
