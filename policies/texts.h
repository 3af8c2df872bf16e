/*
 * The words of findings: one row per code of docs/POLICY.md 15 with its
 * sentence in Dutch and English, and one row per phrase that stands inside a
 * sentence.  Add a row here and the code exists in both languages.
 */
#ifndef SK_POLICIES_TEXTS_H
#define SK_POLICIES_TEXTS_H

#include "protocol/base.h"

struct sk_template {
    char code[5];
    const char *nl; /* placeholders in braces */
    const char *en;
};

/* NULL when there is no such code. */
const struct sk_template *sk_template_find(const char *code);
/* For lists and tests; NULL behind the last. */
const struct sk_template *sk_template_at(size_t i);

/*
 * What {what}, {detail} and {type} say is a phrase: the caller gives it in
 * English and the Dutch comes from here.
 */
struct sk_phrase {
    const char *en;
    const char *nl;
};

/* NULL when it is not in the table: then it is the same in both languages (a
   character, a key). */
const struct sk_phrase *sk_phrase_find(struct sk_bytes english);

#endif
