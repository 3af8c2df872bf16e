/*
 * What the `schakel policy` commands share: one run, findings as text and as
 * JSON, a bundle loaded or refused.            docs/POLICY.md 15 and 16
 *
 * A command is a row in cmd_policy.c and a function here, in a file of its
 * own (policy_<name>.c).  It returns the exit code: 0 done, 1 findings, 2
 * input that cannot be used, 10 wider.
 */
#ifndef SK_TOOLS_POLICY_RUN_H
#define SK_TOOLS_POLICY_RUN_H

#include <jansson.h>

#include "tools/schakel/bundle_folder.h"
#include "tools/schakel/cli.h"

#define SK_EXIT_WIDER 10

/* One run of a command. */
struct sk_policy_run {
    const char *command; /* "check", "matrix": the last word of its name */
    struct sk_arena arena;
    int32_t day; /* --day, or INT32_MIN */
    bool dutch;  /* --lang; Dutch unless it says en */
    bool json;
};

/* One of the two, by the language of this run. */
const char *sk_policy_word(const struct sk_policy_run *run, const char *nl,
                           const char *en);
/* A text that is not NUL-terminated, as JSON. */
json_t *sk_policy_string(struct sk_bytes text);
/* Print an object on stdout and let it go. */
void sk_policy_answer(json_t *answer);
/* --day, else today in Brussels. */
int32_t sk_policy_day(const struct sk_policy_run *run);

/* ---------------------------------------------------------------- findings */
/* In each file by place; the files stay in the order of loading. */
void sk_policy_sort(struct sk_findings *findings);
/* kind: 'E' or 'W'. */
json_t *sk_policy_json(const struct sk_policy_run *run,
                       const struct sk_findings *findings, char kind);
void sk_policy_print(const struct sk_policy_run *run, FILE *out,
                     const struct sk_findings *findings);
/* Warnings that the files themselves accept: a comment on the line, or above
   it, names the code and says why ("# W002: ...").  POLICY.md 16 */
size_t sk_policy_accepted(const struct sk_findings *findings);
bool sk_policy_accepts(const struct sk_finding *finding);

/* ---------------------------------------------------------------- failures */
/* Each tells what is wrong and returns the exit code. */
int sk_policy_unusable(struct sk_policy_run *run, struct sk_findings *findings);
int sk_policy_no_file(const struct sk_policy_run *run, enum sk_status status,
                      const char *path);
/* The same of a file of a bundle, and what to do about it. */
int sk_policy_no_source(const struct sk_policy_run *run,
                        const struct sk_bundle_folder *folder);
int sk_policy_no_memory(void);
/* A bundle with more flows than can be looked at. */
int sk_policy_too_large(const struct sk_policy_run *run);
/* An option with a value that cannot be. */
int sk_policy_bad_option(const char *option, const char *nl, const char *en);

/* ---------------------------------------------------------------- bundle */
/* A bundle, and the files it came from (names that findings show). */
struct sk_policy_bundle {
    struct sk_bundle_folder folder;
    struct sk_bundle *bundle;
};
/*
 * Load BUNDLE (a folder or a bundle.yaml) into the arena of the run.
 *
 * Returns -1 to go on, or the exit code when that was told.
 */
int sk_policy_open(struct sk_policy_run *run, const char *path,
                   struct sk_policy_bundle *out);

/* ---------------------------------------------------------------- commands */
int sk_policy_do_check(struct sk_policy_run *run,
                       const struct sk_parsed *parsed);
int sk_policy_do_test(struct sk_policy_run *run,
                      const struct sk_parsed *parsed);
int sk_policy_do_matrix(struct sk_policy_run *run,
                        const struct sk_parsed *parsed);
int sk_policy_do_diff(struct sk_policy_run *run,
                      const struct sk_parsed *parsed);
int sk_policy_do_prove(struct sk_policy_run *run,
                       const struct sk_parsed *parsed);
int sk_policy_do_explain(struct sk_policy_run *run,
                         const struct sk_parsed *parsed);
int sk_policy_do_render(struct sk_policy_run *run,
                        const struct sk_parsed *parsed);
int sk_policy_do_schema(struct sk_policy_run *run,
                        const struct sk_parsed *parsed);
int sk_policy_do_export(struct sk_policy_run *run,
                        const struct sk_parsed *parsed);
int sk_policy_do_new(struct sk_policy_run *run, const struct sk_parsed *parsed);
int sk_policy_do_replay(struct sk_policy_run *run,
                        const struct sk_parsed *parsed);
int sk_policy_do_shadow(struct sk_policy_run *run,
                        const struct sk_parsed *parsed);
int sk_policy_do_officer(struct sk_policy_run *run,
                         const struct sk_parsed *parsed);
int sk_policy_do_sign(struct sk_policy_run *run,
                      const struct sk_parsed *parsed);
int sk_policy_do_activate(struct sk_policy_run *run,
                          const struct sk_parsed *parsed);
int sk_policy_do_rollback(struct sk_policy_run *run,
                          const struct sk_parsed *parsed);

#endif
