/*
 * A charter as a folder: read, checked as policies too, told, and written.
 *
 * Functions that return an int return -1 to go on, or the exit code after an
 * error was told.
 */
#ifndef SK_TOOLS_CHARTER_FOLDER_H
#define SK_TOOLS_CHARTER_FOLDER_H

#include "protocol/charter.h"
#include "tools/schakel/cli.h"

/* A charter that was read, with the bytes it looks into. */
struct sk_charter_folder {
    struct sk_folder files;
    struct sk_charter *charter; /* malloc'ed */
};

/* Read and check everything but the number of signatures. */
int sk_charter_folder_read(const char *dir, struct sk_charter_folder *out);
/* The same, and valid: enough stewards signed.  previous may be NULL. */
int sk_charter_folder_verify(const char *dir, const struct sk_charter *previous,
                             struct sk_charter_folder *out);
void sk_charter_folder_free(struct sk_charter_folder *folder);

/*
 * Do vocabulary, partners and guards load, and is every identity of the
 * charter in the roster?  Findings are told.
 *
 *     names    refuse partners that are called the same (POLICY.md 9.1);
 *              false: a charter that lives, of which it is only told
 */
int sk_charter_check_rules(const struct sk_charter *charter, const char *dir,
                           bool names);

/*
 * Make a new folder: the charter's views, charter.yaml and MANIFEST made from
 * it, cards from its identities.  Nothing may be there yet.
 */
int sk_charter_folder_write(const char *dir, struct sk_charter *charter);

/* Say what is wrong with it; the exit code. */
int sk_charter_fail(enum sk_status status, const struct sk_charter_fault *fault,
                    const char *dir);

#endif
