/*
 * node.conf: how one node is set up.                      docs/OPERATING.md
 *
 *     format: node/1
 *     org: ocmw-mol                     # own id in the roster
 *     listen: "tcp://0.0.0.0:7411"      # optional: where partners may dial
 *     key: {passphrase-file: PATH}      # or one of key-file: PATH,
 *                                       # credential: NAME, ask: true
 *     store_bytes: 1073741824           # optional: room for the store
 *     partner_bytes: 1073741824         # optional: unread, of one partner
 *
 * Read by the daemon and by the command line through this one function.  It
 * holds no secret.  Unknown keys are errors, with line and column.
 */
#ifndef SK_POLICIES_CONFIG_H
#define SK_POLICIES_CONFIG_H

#include "policies/findings.h"
#include "protocol/limits.h"
#include "protocol/status.h"

#define SK_CONFIG_SIZE_MAX 16384
#define SK_CONFIG_PATH_SIZE_MAX 1023
#define SK_CONFIG_STORE_BYTES_MIN 16777216      /* 16 MiB */
#define SK_CONFIG_STORE_BYTES_MAX 4398046511104 /* 4 TiB */
#define SK_CONFIG_PARTNER_BYTES_MIN 65536       /* 64 KiB */

enum sk_config_key {
    SK_CONFIG_KEY_ASK,
    SK_CONFIG_KEY_PASSPHRASE_FILE,
    SK_CONFIG_KEY_FILE,
    SK_CONFIG_KEY_CREDENTIAL,
};

struct sk_config {
    struct sk_org org;
    char listen[SK_ENDPOINT_SIZE_MAX + 1]; /* "" for none */
    enum sk_config_key key;
    /* Path (relative: to the node's folder) or name; "" for ask. */
    char key_name[SK_CONFIG_PATH_SIZE_MAX + 1];
    uint64_t store_bytes;   /* 0: the default of the store */
    uint64_t partner_bytes; /* 0: SK_PARTNER_BYTES */
};

/*
 * Read node.conf.
 *
 *     file       name for findings
 *     arena      scratch; 64 times the file, plus 1 MiB
 *     findings   what is wrong; errors > 0 means do not use
 *     out        written only on SK_OK
 *
 * Fails with SK_E_BAD_VALUE (see findings) or SK_E_MEMORY.
 */
SK_CHECKED enum sk_status
sk_config_read(const char *file, struct sk_bytes bytes, struct sk_arena *arena,
               struct sk_findings *findings, struct sk_config *out);

/*
 * Write a node.conf that reads back as this, with comments.
 * Fails with SK_E_NO_ROOM.
 */
SK_CHECKED enum sk_status sk_config_write(const struct sk_config *config,
                                          struct sk_room room,
                                          struct sk_bytes *out);

#endif
