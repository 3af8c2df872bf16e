/*
 * A node's folder, from the outside: its set-up, and its secrets when the
 * operator unlocks them.  For commands that work without a running node.
 *
 * Functions return -1 to go on, or the exit code after an error was told.
 */
#ifndef SK_TOOLS_NODEDIR_H
#define SK_TOOLS_NODEDIR_H

#include "policies/config.h"
#include "protocol/keyfile.h"
#include "tools/schakel/cli.h"

#define SK_CONFIG_NAME "node.conf"
#define SK_NODE_KEY_NAME "node.key"
#define SK_IDENTITY_KEY_NAME "identity.key"
#define SK_OWN_CARD_NAME "own.card"

/* The three options that say what unlocks node.key, for tables. */
#define SK_UNLOCK_OPTIONS                                                      \
    {"passphrase-file",                                                        \
     "FILE",                                                                   \
     false,                                                                    \
     false,                                                                    \
     "bestand met de wachtzin op de eerste regel",                             \
     "file with the passphrase on its first line"},                            \
        {"key-file",                                                           \
         "FILE",                                                               \
         false,                                                                \
         false,                                                                \
         "bestand met 32 willekeurige bytes",                                  \
         "file with 32 random bytes"},                                         \
    {                                                                          \
        "credential", "NAME", false, false, "naam van een systemd-credential", \
            "name of a systemd credential"                                     \
    }

/* The same for a new key: --new-passphrase-file ... */
#define SK_NEW_UNLOCK_OPTIONS                                                  \
    {"new-passphrase-file",                                                    \
     "FILE",                                                                   \
     false,                                                                    \
     false,                                                                    \
     "bestand met de nieuwe wachtzin",                                         \
     "file with the new passphrase"},                                          \
        {"new-key-file",                                                       \
         "FILE",                                                               \
         false,                                                                \
         false,                                                                \
         "bestand met 32 willekeurige bytes (wordt gemaakt)",                  \
         "file with 32 random bytes (is made)"},                               \
    {                                                                          \
        "new-credential", "NAME", false, false,                                \
            "naam van een systemd-credential", "name of a systemd credential"  \
    }

/* What unlocks, with the secret in memory of its own; wipe with _end. */
struct sk_unlocking {
    struct sk_config config; /* only key and key_name are set */
    struct sk_unlock unlock;
    uint8_t secret_bytes[SK_PASSPHRASE_SIZE_MAX + 8];
};

/*
 * A fresh one, from the options with this prefix ("" or "new-"); asks on the
 * terminal, twice, when none is given.  A key file that is not there is made.
 */
int sk_unlocking_new(const struct sk_parsed *parsed, const char *prefix,
                     struct sk_unlocking *out);
void sk_unlocking_end(struct sk_unlocking *unlocking);

int sk_nodedir_config(const char *dir, struct sk_config *out);
int sk_nodedir_card(const char *dir, struct sk_card *out);
/* Wipe what comes out with sk_wipe(). */
int sk_nodedir_secrets(const struct sk_parsed *parsed, const char *dir,
                       struct sk_node_secrets *out);
/* The same, and what unlocked it; wipe that too, also after a failure. */
int sk_nodedir_unlocked(const struct sk_parsed *parsed, const char *dir,
                        struct sk_unlocking *unlocking,
                        struct sk_node_secrets *out);
/* Does node.key open with this?  Tells nothing.  out: as above when it does. */
bool sk_nodedir_opens(const char *dir, const struct sk_unlock *unlock,
                      struct sk_node_secrets *out);
/* Where the next identity.key waits beside one that lives elsewhere, until
   node.key has its master key; free(), NULL: no memory. */
char *sk_nodedir_identity_next(const char *path);
/* `path`: of identity.key when it lives elsewhere, or NULL.  What a rotation
   that was stopped left beside it counts when it opens no more. */
int sk_nodedir_identity(const char *dir, const char *path,
                        const struct sk_node_secrets *secrets,
                        struct sk_identity *out);

/* A fresh random seed. */
void sk_seed_fill(struct sk_seed *out);
/* Nobody else changes keys of this folder meanwhile: another schakel waits, and
   the node that runs leaves its files alone.  lock: for unlock; -1: none. */
int sk_nodedir_lock(const char *dir, int *lock);
void sk_nodedir_unlock(int lock);

/* Write DIR/name, and tell when it fails. */
int sk_nodedir_write(const char *dir, const char *name, struct sk_bytes bytes,
                     unsigned mode, bool replace);
/* Findings of a YAML file as lines "file:line:column: error CODE: text". */
void sk_nodedir_tell(const struct sk_findings *findings);

#endif
