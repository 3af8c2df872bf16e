/*
 * node.key without the keys that had their time.        docs/PROTOCOL.md 4.5
 *
 * The file is replaced as a whole; the one before is overwritten.  Who renews
 * keys (schakel) holds a lock on the folder meanwhile, and so do we.
 */
#include "node/core/core.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "node/files.h"
#include "node/log.h"

#define KEY_NAME "node.key"
#define IDENTITY_NAME "identity.key"
#define SOON_MS 500 /* somebody is renewing keys: a moment */
#define RETRY_MS 60000

static enum sk_status rewrite(struct sk_core *core, int dir_fd)
{
    uint8_t in_bytes[SK_NODE_KEY_SIZE_MAX];
    uint8_t out_bytes[SK_NODE_KEY_SIZE_MAX];
    struct sk_bytes in;
    struct sk_bytes out;
    struct sk_seed seed;
    enum sk_status status;

    SK_TRY(sk_file_read(KEY_NAME, (struct sk_room){in_bytes, sizeof(in_bytes)},
                        &in));
    randombytes_buf(&seed, sizeof(seed));
    status = sk_engine_keys_rewrite(
        core->engine, in, &seed, (struct sk_room){out_bytes, sizeof(out_bytes)},
        &out);
    sodium_memzero(&seed, sizeof(seed));
    SK_TRY(status);
    return sk_file_replace(dir_fd, KEY_NAME, out) == 0 ? SK_OK : SK_E_IO;
}

/* identity.key, when it is here and still under the master key before. */
static enum sk_status reseal_identity(struct sk_core *core, int dir_fd)
{
    const struct sk_node_secrets *secrets = core->setup.secrets;
    uint8_t bytes[SK_IDENTITY_KEY_SIZE_MAX];
    struct sk_room room = {bytes, sizeof(bytes)};
    struct sk_identity identity;
    struct sk_bytes file;
    struct sk_seed seed;
    enum sk_status status = sk_file_read(IDENTITY_NAME, room, &file);

    if (status == SK_E_NOT_FOUND)
        return SK_OK; /* in a safe */
    SK_TRY(status);
    if (sk_identity_open(file, &secrets->master_before, &identity) != SK_OK)
        return SK_OK; /* it was done, or is not ours */
    randombytes_buf(&seed, sizeof(seed));
    status = sk_identity_seal(&identity, &secrets->master, &seed, room, &file);
    sodium_memzero(&identity, sizeof(identity));
    sodium_memzero(&seed, sizeof(seed));
    SK_TRY(status);
    return sk_file_replace(dir_fd, IDENTITY_NAME, file) == 0 ? SK_OK : SK_E_IO;
}

/* Nothing in the folder is left under the master key before: no page of
   keys.mdb, and not the identity. */
static enum sk_status leave_master(struct sk_core *core, int dir_fd)
{
    if (!sk_engine_master_changed(core->engine))
        return SK_OK;
    SK_TRY(sk_store_shred(core->store));
    return reseal_identity(core, dir_fd);
}

static enum sk_status rewrite_locked(struct sk_core *core)
{
    int dir_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum sk_status status = SK_E_LOCKED;

    if (dir_fd < 0)
        return SK_E_IO;
    if (flock(dir_fd, LOCK_EX | LOCK_NB) == 0)
        status = leave_master(core, dir_fd);
    if (status == SK_OK)
        status = rewrite(core, dir_fd);
    (void)close(dir_fd); /* releases the lock */
    return status;
}

void sk_keys_tend(struct sk_core *core)
{
    struct sk_curve_secret before;
    struct sk_curve_secret after;
    enum sk_status status;

    if (core->monotonic_ms < core->keys_at_ms ||
        !sk_engine_keys_due(core->engine))
        return;
    status = rewrite_locked(core);
    if (status != SK_OK) {
        /* They stay in use; nothing says that they are gone. */
        core->keys_at_ms =
            core->monotonic_ms + (status == SK_E_LOCKED ? SOON_MS : RETRY_MS);
        if (status != SK_E_LOCKED && status != SK_E_REFUSED &&
            status != SK_E_WRONG_KEY)
            sk_log_error(NULL, status, "old keys are still in node.key");
        return;
    }
    sk_engine_curve(core->engine, &before);
    sk_engine_keys_drop(core->engine);
    sk_engine_curve(core->engine, &after);
    sodium_memzero(&core->setup.secrets->master_before,
                   sizeof(core->setup.secrets->master_before));
    sk_log_info(NULL, "keys that had their time are destroyed");
    if (sodium_memcmp(&before, &after, sizeof(before)) != 0) {
        sk_log_info(NULL, "lines use the new transport key from now on");
        sk_child_again(core);
    }
    sodium_memzero(&before, sizeof(before));
    sodium_memzero(&after, sizeof(after));
}
