/*
 * A large answer to standard output, written as it is made: as text in memory
 * of its own, and not as a tree of jansson, which takes forty times as much.
 *
 * The caller writes the keys in order, and the spaces, as sk_json_print() does.
 */
#ifndef SK_TOOLS_OUT_H
#define SK_TOOLS_OUT_H

#include <string.h>

#include "protocol/base.h"

/* Starts with size 0. */
struct sk_out {
    size_t size;
    uint8_t data[16384];
};

/* To standard output what waits, and then nothing waits. */
void sk_out_flush(struct sk_out *out);

/* As it is. */
void sk_out_large(struct sk_out *out, struct sk_bytes bytes);
static inline void sk_out_bytes(struct sk_out *out, struct sk_bytes bytes)
{
    if (bytes.size > sizeof(out->data) - out->size) {
        sk_out_large(out, bytes);
        return;
    }
    if (bytes.size > 0)
        memcpy(out->data + out->size, bytes.data, bytes.size);
    out->size += bytes.size;
}
static inline void sk_out_text(struct sk_out *out, const char *text)
{
    sk_out_bytes(out, (struct sk_bytes){(const uint8_t *)text, strlen(text)});
}

/* In quotes; what JSON does not take as it is, escaped as jansson does. */
void sk_out_string(struct sk_out *out, struct sk_bytes text);

#endif
