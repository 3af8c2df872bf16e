/*
 * The head of one msgpack value: its kind, its size or count, and whether it
 * stands there in the canonical form.                     docs/PROTOCOL.md 2
 *
 * Under unpack.c and value.c; nobody else reads msgpack byte by byte.
 */
#ifndef SK_PROTOCOL_HEAD_H
#define SK_PROTOCOL_HEAD_H

#include "protocol/base.h"
#include "protocol/status.h"

enum sk_head_kind {
    SK_HEAD_NIL,
    SK_HEAD_BOOL,
    SK_HEAD_UINT,
    SK_HEAD_STR,
    SK_HEAD_BIN,
    SK_HEAD_ARRAY,
    SK_HEAD_MAP,
};

struct sk_head {
    enum sk_head_kind kind;
    uint64_t value;       /* of a BOOL (0, 1) or UINT; else 0 */
    uint64_t count;       /* entries of an ARRAY or MAP; else 0 */
    struct sk_bytes body; /* a view into the input: of a STR or BIN */
    size_t size;          /* bytes: head and body, without entries */
};

/*
 * Read the head at the start of `in`.
 * Fails with SK_E_BAD_LENGTH when the bytes end too early and SK_E_BAD_FORM
 * for a longer form than needed, another type, or a str that is not UTF-8.
 */
SK_CHECKED enum sk_status sk_head_read(struct sk_bytes in, struct sk_head *out);
/* The same without a look at the text of a str: for bytes that were read once
   before. */
SK_CHECKED enum sk_status sk_head_peek(struct sk_bytes in, struct sk_head *out);

/* Shortest forms, no surrogates, at most U+10FFFF. */
bool sk_utf8_is_valid(struct sk_bytes text);

#endif
