/*
 * Words of a bundle as people read them, in Dutch or English.
 *                                                docs/POLICY.md 5, 6, 10, 11
 * Texts are built in the arena of the run; they live as long as it does.
 */
#ifndef SK_TOOLS_POLICY_WORDS_H
#define SK_TOOLS_POLICY_WORDS_H

#include "policies/matrix.h"
#include "tools/schakel/policy_run.h"

/* A text that grows in an arena. */
struct sk_words {
    struct sk_arena *arena;
    char *text; /* NUL-terminated */
    size_t size;
    size_t size_max;
};
struct sk_words sk_words_start(struct sk_arena *arena);
void sk_words_add(struct sk_words *words, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same without a format, for what is said a hundred thousand times. */
void sk_words_text(struct sk_words *words, struct sk_bytes text);
/* printf-like arguments of a view: "%.*s", SK_ARG(bytes). */
#define SK_ARG(bytes) (int)(bytes).size, (const char *)(bytes).data

/* One cell of a CSV file on standard output, quoted (RFC 4180); before what a
   spreadsheet would take for a formula, an apostrophe. */
void sk_policy_csv_cell(struct sk_bytes text);
/* A text of a file in Markdown on standard output, where it is only text: the
   name that a partner gave itself makes no tag, link or column. */
void sk_policy_md(struct sk_bytes text);

/* The label in the language of the run; the id when there is none. */
struct sk_bytes sk_policy_label(const struct sk_policy_run *run,
                                const struct sk_label *label,
                                struct sk_bytes id);

/* "Geboortedatum"; "het feit zelf" for SK_FACT. */
struct sk_bytes sk_policy_field(const struct sk_policy_run *run,
                                const struct sk_vocabulary *v, uint16_t field);
/* "jaar", "per 4 uur", "volledig". */
const char *sk_policy_level(struct sk_policy_run *run,
                            const struct sk_vocabulary *v, uint16_t field,
                            uint8_t level);

/* "12 maanden". */
const char *sk_policy_duration(struct sk_policy_run *run,
                               struct sk_duration duration);
/* "Stopreden is Werk gevonden of Verhuisd"; "" without `where`. */
const char *sk_policy_where(struct sk_policy_run *run,
                            const struct sk_vocabulary *v,
                            const struct sk_share *share);

/* What stands in a file, on one line: the sentence of a rule, the name of a
   partner, else "orgs: vdab, gtb; groups: school"; "-" for nothing. */
const char *sk_policy_written(struct sk_policy_run *run,
                              const struct sk_node *node);

/* Characters on screen: code points, not bytes. */
size_t sk_width(struct sk_bytes text);

#endif
