/*
 * Formats of codes: national numbers, enterprise numbers, classifications.
 *                                        docs/POLICY.md 6.3, docs/DOMAIN.md 4
 * Canonical texts only: separators are taken away where people type.
 */
#ifndef SK_POLICIES_FORMATS_H
#define SK_POLICIES_FORMATS_H

#include "protocol/base.h"

struct sk_format {
    const char *name;
    uint32_t prefix_max; /* longest prefix that is a level; 0: none */
    bool (*matches)(struct sk_bytes text, uint32_t year);
};

/* NULL when there is no such format. */
const struct sk_format *sk_format_find(struct sk_bytes name);

/*
 * Is the text in this format?
 *
 *     year    civil year of the question; only for insz
 */
bool sk_format_matches(const struct sk_format *format, struct sk_bytes text,
                       uint32_t year);

/* An enterprise number of ten digits (also for the roster, E085). */
bool sk_is_kbo(struct sk_bytes text);

/*
 * Take away what people type between the digits: points, hyphens, spaces and
 * slashes, for KBO also "BE" and a missing leading 0 (DOMAIN.md 4.1, 4.2).
 *
 *     out    as long as text at least, plus 1
 *
 * Returns the size; the result may still be no number of the format.
 */
size_t sk_format_clean(const struct sk_format *format, struct sk_bytes text,
                       char *out);

#endif
