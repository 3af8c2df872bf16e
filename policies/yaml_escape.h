/*
 * Escapes of double-quoted texts: what they would yield.  docs/POLICY.md 3.1
 * Only yaml.c uses it.
 */
#ifndef SK_POLICIES_YAML_ESCAPE_H
#define SK_POLICIES_YAML_ESCAPE_H

#include "protocol/base.h"

struct sk_escape {
    uint32_t character; /* what it yields */
    uint32_t line;      /* of the backslash, from 0 */
    uint32_t column;    /* in that line, from 0, in characters */
};

/*
 * Find the first escape that yields a line break or a forbidden character.
 *
 *     raw    what stands between the quotes; libyaml accepted it
 *
 * False, and out untouched, when there is none.
 */
bool sk_escape_find(struct sk_bytes raw, struct sk_escape *out);

#endif
