/*
 * What a reader found wrong: code, place, and the sentence in Dutch and
 * English.                                        docs/POLICY.md 3.6, 3.7, 15
 *
 * At most 50 errors and 50 warnings per file are kept; the rest is counted.
 * Texts are built from one table of templates (code, nl, en) with named
 * placeholders, so that no code can lack a language.
 */
#ifndef SK_POLICIES_FINDINGS_H
#define SK_POLICIES_FINDINGS_H

#include "policies/arena.h"

struct sk_place {
    const char *file; /* as the user named it; never NULL */
    uint32_t line;    /* from 1 */
    uint32_t column;  /* from 1, in characters */
};

struct sk_finding {
    char code[5]; /* "E020", "W002" */
    struct sk_place place;
    const char *nl; /* the message, without place and code */
    const char *en;
};

#define SK_FINDINGS_PER_FILE_MAX 50

struct sk_findings {
    struct sk_arena *arena; /* where texts go */
    struct sk_finding *list;
    size_t count;
    size_t count_max;
    size_t errors;   /* all, also those that were not kept */
    size_t warnings; /* likewise */
};

/*
 * A named value for a template: {"id", "thomas-moore"}.  Long values are cut,
 * line breaks become spaces.  Some names have a meaning of their own:
 *
 *     hint    the known word, or empty: becomes " Bedoelde u 'x'?"
 *     cut     the id of the rule that cuts, or empty (E049)
 *     what, detail, type    a phrase in English; texts.c has the Dutch
 */
struct sk_argument {
    const char *name;
    struct sk_bytes text;
};

struct sk_findings sk_findings_start(struct sk_arena *arena);

/* Add one.  code must be in the table (assert); {hint} absent means empty. */
void sk_findings_add(struct sk_findings *findings, const char *code,
                     struct sk_place place, const struct sk_argument *arguments,
                     size_t count);

/*
 * The hint " Bedoelde u 'x'?" / " Did you mean 'x'?" for {hint}: choices are
 * offered one by one in order of declaration (POLICY.md 3.8).
 */
struct sk_hint {
    struct sk_bytes word;
    struct sk_bytes best;
    size_t distance;
    struct sk_bytes labelled; /* the choice that people call so, or empty */
};
struct sk_hint sk_hint_start(struct sk_bytes word);
void sk_hint_offer(struct sk_hint *hint, struct sk_bytes choice);
/* A choice with its labels: who writes one of those, means the choice. */
void sk_hint_offer_label(struct sk_hint *hint, struct sk_bytes choice,
                         struct sk_bytes nl, struct sk_bytes en);
/* The best choice when it is near enough, else the one with that label, else
   empty. */
struct sk_bytes sk_hint_best(const struct sk_hint *hint);

/* Do people read two names as one?  Capitals, which of `.`, `_`, `-` and spaces
   stand between words, how many, what stands around them, and what nobody sees
   do not count; empty is nobody's name. */
bool sk_names_alike(struct sk_bytes a, struct sk_bytes b);
/* The same number for names that are alike, mostly another for others. */
uint64_t sk_name_sum(struct sk_bytes name);
/* Is nothing of it left to read then? */
bool sk_name_is_blank(struct sk_bytes name);

/* How far a and b are apart: insert, delete, replace (3.8); bytes.  Texts of
   more than 128 bytes are infinitely far from everything. */
size_t sk_edit_distance(struct sk_bytes a, struct sk_bytes b);

/* Write a number as text into out; returns the view on it. */
struct sk_bytes sk_number_format(uint64_t number, char out[21]);

/* Errors of this file only. */
size_t sk_findings_errors(const struct sk_findings *findings, const char *file);
bool sk_findings_has(const struct sk_findings *findings, const char *code);

#endif
