/*
 * Values of fields: what is legal, and what is left at each level.
 *                                              docs/POLICY.md 6, DOMAIN 4
 * A value is text here, also for numbers and booleans; a set is several texts.
 */
#ifndef SK_POLICIES_LEVELS_H
#define SK_POLICIES_LEVELS_H

#include "policies/vocabulary.h"

#define SK_SET_MAX SK_VALUES_MAX

struct sk_field_value {
    uint16_t field;       /* of the vocabulary */
    struct sk_bytes text; /* exact value; for a set unused */
    struct sk_bytes *set; /* for kind set */
    size_t set_count;
};

/*
 * A number in its canonical form (6.2), in units of the last decimal: with two
 * decimals "30.4" is 3040.  False when the form is another one.
 */
bool sk_decimal_parse(struct sk_bytes text, uint32_t decimals, uint64_t *out);
#define SK_DECIMAL_SIZE 24 /* with the NUL */
/* The canonical form; returns its size. */
size_t sk_decimal_format(uint64_t units, uint32_t decimals,
                         char out[SK_DECIMAL_SIZE]);

/* Is it a legal exact value (6.1 to 6.3)?  `year`: civil year of the question,
   for insz. */
bool sk_value_is_legal(const struct sk_field *field,
                       const struct sk_field_value *value, uint32_t year);

/*
 * What is left of a legal value at a level above drop (6.4).
 *
 *     occurred   the event's day "YYYY-MM-DD", for ages
 *     out        text or set: a view into the value, the vocabulary or the
 *                arena; "true" for present
 *
 * Fails with SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_coarsen(const struct sk_field *field,
                                     const struct sk_field_value *value,
                                     uint8_t level, struct sk_bytes occurred,
                                     struct sk_arena *arena,
                                     struct sk_field_value *out);

#endif
