/*
 * What people type, made canonical: a national number without separators, an
 * enterprise number without points and BE.            docs/DOMAIN.md 4.1, 4.2
 */
#ifndef SK_NODE_ENGINE_CLEAN_H
#define SK_NODE_ENGINE_CLEAN_H

#include "node/engine/engine.h"

/* format: of POLICY.md 6.3; other formats are left alone.  In scratch, or the
   text. */
struct sk_bytes sk_clean_code(struct sk_engine *e, struct sk_bytes format,
                              struct sk_bytes text);
bool sk_insz_is_legal(const struct sk_engine *e, struct sk_bytes insz);
/* The day is above the length of the month: legal, but worth a warning. */
bool sk_insz_is_odd(struct sk_bytes insz);
/* Lower case, without accents, letters and digits only: the next word of a
   name.  False at the end.  Longer words are cut. */
#define SK_NAME_WORD_MAX 64
struct sk_name_word {
    uint8_t bytes[SK_NAME_WORD_MAX];
    size_t size;
};
bool sk_name_next(struct sk_bytes *rest, struct sk_name_word *out);

#endif
