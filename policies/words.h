/*
 * Words for people: what a level leaves of a field, why a field stays, what
 * would have to change.  Dutch and English; labels of the vocabulary first.
 *                                                    docs/POLICY.md 6.4, 8.4
 */
#ifndef SK_POLICIES_WORDS_H
#define SK_POLICIES_WORDS_H

#include "policies/trace.h"

/*
 * How precise a level is, to stand behind the name of the field: "alleen het
 * jaar" / "only the year"; of exact it is "precies" / "in full".
 *
 *     label    in the arena or static; empty when the arena is full
 */
struct sk_label sk_level_words(const struct sk_field *field, uint8_t level,
                               struct sk_arena *arena);

/* Why a field stays, in words (8.4 step 5). */
const char *sk_withheld_words(enum sk_withheld withheld, bool dutch);

/* What is wrong with an event, to stand behind the name of the field. */
const char *sk_fault_words(enum sk_fault fault, bool dutch);

/* What would have to change for a question that was denied with this reason
   (8.6); NULL when the reason depends on a rule, which says more. */
const char *sk_reason_remedy(const char *reason, bool dutch);

/* The label in one of the languages. */
static inline struct sk_bytes sk_label_of(const struct sk_label *label,
                                          bool dutch)
{
    return dutch ? label->nl : label->en;
}

#endif
