/*
 * One canonical msgpack value, checked once and then walked freely.
 *                                                        docs/PROTOCOL.md 2
 * For messages whose shape is a tree (control requests and replies, fields of
 * an event).  sk_value_check() is the strict scan: depth at most
 * SK_VALUE_DEPTH_MAX, at most SK_VALUE_COUNT_MAX values (keys of maps not
 * counted), declared counts that fit the bytes that are left, shortest forms,
 * valid UTF-8, no float, no ext, no negative integers, map keys all str,
 * strictly ascending bytewise by their text (so no key twice), nothing after
 * the end.
 *
 * The walkers take only values that were checked; a wrong kind yields empty,
 * zero or false, never a crash.  A value is a view; it dies with its bytes.
 */
#ifndef SK_PROTOCOL_VALUE_H
#define SK_PROTOCOL_VALUE_H

#include "protocol/base.h"
#include "protocol/status.h"

enum sk_value_kind {
    SK_VALUE_NONE, /* no value: a key that is not there */
    SK_VALUE_NIL,
    SK_VALUE_BOOL,
    SK_VALUE_UINT,
    SK_VALUE_STR,
    SK_VALUE_BIN,
    SK_VALUE_ARRAY,
    SK_VALUE_MAP,
};

struct sk_value {
    struct sk_bytes bytes; /* this value, from its first byte to its last */
};

/* Fails with SK_E_BAD_FORM, SK_E_BAD_LENGTH or SK_E_TOO_LARGE. */
SK_CHECKED enum sk_status sk_value_check(struct sk_bytes in,
                                         struct sk_value *out);

/* The same for the first value of `in`; bytes after it are left alone. */
SK_CHECKED enum sk_status sk_value_check_first(struct sk_bytes in,
                                               struct sk_value *out);

enum sk_value_kind sk_value_kind(struct sk_value v);
bool sk_value_bool(struct sk_value v);
uint64_t sk_value_uint(struct sk_value v);
struct sk_bytes sk_value_str(struct sk_value v);
struct sk_bytes sk_value_bin(struct sk_value v);
/* Entries of an array or map; 0 for anything else. */
size_t sk_value_count(struct sk_value v);
/* The value of a key; kind NONE when absent or not a map. */
struct sk_value sk_value_get(struct sk_value map, const char *key);
struct sk_value sk_value_get_bytes(struct sk_value map, struct sk_bytes key);

/* Walk an array or a map:  for (it = start; sk_value_next(&it);)  */
struct sk_value_walk {
    struct sk_bytes rest;
    size_t left;
    bool map;
    struct sk_bytes key;   /* of a map */
    struct sk_value value; /* of this step */
};
struct sk_value_walk sk_value_walk(struct sk_value v);
bool sk_value_next(struct sk_value_walk *walk);

#endif
