/*
 * Between msgpack values and JSON, for --json, NDJSON and requests.
 *                                                        docs/CONTROL.md
 */
#ifndef SK_TOOLS_JSON_H
#define SK_TOOLS_JSON_H

#include <jansson.h>

#include "protocol/pack.h"
#include "protocol/value.h"

/* A new reference; bin becomes lower-case hexadecimal text.  NULL: no memory.
 */
json_t *sk_json_of_value(struct sk_value value);

/*
 * Pack canonically (keys sorted).  False for what the control protocol has no
 * form for: negative numbers, reals.
 */
bool sk_json_pack(struct sk_pack *p, const json_t *json);

/* Text of a string member, or "" when absent or not a string. */
const char *sk_json_text(const json_t *object, const char *key);

/* A new list of the same members in order; compare: as of qsort(), of two
   `const json_t *`. */
json_t *sk_json_sorted(const json_t *list,
                       int (*compare)(const void *a, const void *b));

/* Print with sorted keys, two spaces of indentation, and a line end. */
void sk_json_print(const json_t *json);
/* On one line, for programs that read line by line. */
void sk_json_print_line(const json_t *json);
/* A value inside a larger one, behind `depth` spaces, for who prints that piece
   by piece, as sk_json_print() would; no line end.  Takes the reference. */
void sk_json_print_inside(json_t *json, int depth);

#endif
