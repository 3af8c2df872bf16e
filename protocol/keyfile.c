#include "protocol/keyfile.h"

#include <string.h>

#include <sodium.h>

#include "protocol/pack.h"
#include "protocol/unpack.h"

#define SALT_SIZE 16
#define CHECK_SIZE 16
#define MASTER_SEALED_SIZE (32 + SK_BOX_OVERHEAD)
#define IDENTITY_SEALED_SIZE (64 + SK_BOX_OVERHEAD)
#define ONLINE_PLAIN_SIZE_MAX 256
#define ONLINE_SEALED_SIZE_MAX (ONLINE_PLAIN_SIZE_MAX + SK_BOX_OVERHEAD)

static const char node_format[] = "schakel/node-key/1";
static const char identity_format[] = "schakel/identity-key/1";

_Static_assert(crypto_pwhash_SALTBYTES == SALT_SIZE, "salt of Argon2id is 16");

/* Everything of node.key but the online secrets inside `online`. */
struct node_key {
    enum sk_unlock_kind kind;
    uint8_t salt[SALT_SIZE];
    uint64_t passes;
    uint64_t memory_kib;
    uint8_t check[CHECK_SIZE];
    uint8_t master[MASTER_SEALED_SIZE];
    struct sk_bytes online;
};

enum sk_status sk_unlock_of(enum sk_unlock_kind kind, struct sk_bytes content,
                            struct sk_unlock *out)
{
    struct sk_bytes secret = content;

    if (kind == SK_UNLOCK_PASSPHRASE && content.size > 0) {
        const uint8_t *end = memchr(content.data, '\n', content.size);

        if (end != NULL)
            secret.size = (size_t)(end - content.data);
        if (secret.size > 0 && secret.data[secret.size - 1] == '\r')
            secret.size--;
    }
    if (kind == SK_UNLOCK_KEY ? secret.size != SK_UNLOCK_KEY_SIZE
                              : secret.size < SK_PASSPHRASE_SIZE_MIN ||
                                    secret.size > SK_PASSPHRASE_SIZE_MAX)
        return SK_E_BAD_LENGTH;
    *out = (struct sk_unlock){.kind = kind, .secret_view = secret};
    return SK_OK;
}

/* -------------------------------------------------------- unlocking key */
static void unlock_by_key(const struct sk_unlock *unlock,
                          const struct node_key *file, struct sk_box_key *out)
{
    struct sk_box_key key;
    struct sk_hash hash;

    memcpy(key.secret_bytes, unlock->secret_view.data, SK_UNLOCK_KEY_SIZE);
    sk_keyed_hash(&key, "schakel/unlock/1",
                  (struct sk_bytes){file->salt, sizeof(file->salt)}, &hash);
    memcpy(out->secret_bytes, hash.bytes, sizeof(out->secret_bytes));
    sk_wipe(&key, sizeof(key));
    sk_wipe(&hash, sizeof(hash));
}

static enum sk_status unlock_by_passphrase(const struct sk_unlock *unlock,
                                           const struct node_key *file,
                                           struct sk_box_key *out)
{
    if (crypto_pwhash(out->secret_bytes, sizeof(out->secret_bytes),
                      (const char *)unlock->secret_view.data,
                      unlock->secret_view.size, file->salt, file->passes,
                      (size_t)file->memory_kib * 1024,
                      crypto_pwhash_ALG_ARGON2ID13) != 0)
        return SK_E_MEMORY;
    return SK_OK;
}

static enum sk_status unlocking_key(const struct sk_unlock *unlock,
                                    const struct node_key *file,
                                    struct sk_box_key *out)
{
    struct sk_unlock whole;

    /* One place knows the sizes. */
    SK_TRY(sk_unlock_of(unlock->kind, unlock->secret_view, &whole));
    if (whole.secret_view.size != unlock->secret_view.size)
        return SK_E_BAD_LENGTH;
    if (unlock->kind == SK_UNLOCK_PASSPHRASE)
        return unlock_by_passphrase(unlock, file, out);
    unlock_by_key(unlock, file, out);
    return SK_OK;
}

static void check_of(const struct sk_box_key *key, uint8_t out[CHECK_SIZE])
{
    struct sk_box_key derived;

    sk_derive(key, "schakel/node-key-check/1", &derived);
    memcpy(out, derived.secret_bytes, CHECK_SIZE);
    sk_wipe(&derived, sizeof(derived));
}

/* ------------------------------------------------------------- node.key */
/* The fields in front of `master`, or of `online`: additional data. */
static void pack_head(struct sk_pack *p, const struct node_key *file,
                      bool with_master)
{
    sk_pack_array(p, 8);
    sk_pack_cstr(p, node_format);
    sk_pack_uint(p, file->kind == SK_UNLOCK_PASSPHRASE ? 1 : 0);
    sk_pack_bin(p, (struct sk_bytes){file->salt, sizeof(file->salt)});
    sk_pack_uint(p, file->passes);
    sk_pack_uint(p, file->memory_kib);
    sk_pack_bin(p, (struct sk_bytes){file->check, sizeof(file->check)});
    if (with_master)
        sk_pack_bin(p, (struct sk_bytes){file->master, sizeof(file->master)});
}

/* head: of SK_NODE_KEY_SIZE_MAX, which is enough. */
static struct sk_bytes head_of(const struct node_key *file, bool with_master,
                               uint8_t *head)
{
    struct sk_pack p =
        sk_pack_start((struct sk_room){head, SK_NODE_KEY_SIZE_MAX});
    struct sk_bytes bytes = {0};
    enum sk_status status;

    pack_head(&p, file, with_master);
    status = sk_pack_finish(&p, &bytes);
    assert(status == SK_OK);
    return bytes;
}

static enum sk_status node_key_decode(struct sk_bytes in, struct node_key *out)
{
    struct sk_unpack u = sk_unpack_start(in);
    struct node_key file = {0};

    if (in.size > SK_NODE_KEY_SIZE_MAX)
        return SK_E_BAD_LENGTH;
    sk_unpack_array(&u, 8);
    sk_unpack_key(&u, node_format);
    file.kind =
        sk_unpack_uint(&u, 0, 1) == 1 ? SK_UNLOCK_PASSPHRASE : SK_UNLOCK_KEY;
    sk_unpack_bin(&u, file.salt, sizeof(file.salt));
    file.passes = sk_unpack_uint(&u, 0, SK_ARGON_PASSES_MAX);
    file.memory_kib = sk_unpack_uint(&u, 0, SK_ARGON_MEMORY_KIB_MAX);
    sk_unpack_bin(&u, file.check, sizeof(file.check));
    sk_unpack_bin(&u, file.master, sizeof(file.master));
    file.online =
        sk_unpack_bin_upto(&u, SK_BOX_OVERHEAD, ONLINE_SEALED_SIZE_MAX);
    SK_TRY(sk_unpack_finish(&u));

    if (file.kind == SK_UNLOCK_KEY &&
        (file.passes != 0 || file.memory_kib != 0))
        return SK_E_BAD_VALUE;
    if (file.kind == SK_UNLOCK_PASSPHRASE &&
        (file.passes < 1 || file.memory_kib < 8))
        return SK_E_BAD_VALUE; /* Argon2id knows nothing smaller */
    *out = file;
    return SK_OK;
}

static enum sk_status online_encode(const struct sk_node_secrets *node,
                                    struct sk_room room, struct sk_bytes *out)
{
    struct sk_pack p = sk_pack_start(room);

    bool before = node->has_curve_before || node->has_master_before;

    sk_pack_array(&p, before ? 5 : 3);
    sk_pack_bin(&p, (struct sk_bytes){node->signing.secret_bytes,
                                      sizeof(node->signing.secret_bytes)});
    sk_pack_array(&p, node->sealing_count);
    for (size_t i = 0; i < node->sealing_count; i++)
        sk_pack_bin(&p,
                    (struct sk_bytes){node->sealing[i].secret_bytes,
                                      sizeof(node->sealing[i].secret_bytes)});
    sk_pack_bin(&p, (struct sk_bytes){node->curve.secret_bytes,
                                      sizeof(node->curve.secret_bytes)});
    if (before) {
        sk_pack_bin(&p, (struct sk_bytes){node->curve_before.secret_bytes,
                                          node->has_curve_before ? 32u : 0});
        sk_pack_bin(&p, (struct sk_bytes){node->master_before.secret_bytes,
                                          node->has_master_before ? 32u : 0});
    }
    return sk_pack_finish(&p, out);
}

/* Of 32 bytes, or none. */
static bool unpack_before(struct sk_unpack *u, uint8_t out[32])
{
    struct sk_bytes bytes = sk_unpack_bin_upto(u, 0, 32);

    if (u->status != SK_OK || bytes.size == 0)
        return false;
    if (bytes.size != 32) {
        u->status = SK_E_BAD_LENGTH;
        return false;
    }
    memcpy(out, bytes.data, 32);
    return true;
}

static enum sk_status online_decode(struct sk_bytes in,
                                    struct sk_node_secrets *node)
{
    struct sk_unpack u = sk_unpack_start(in);

    size_t count = sk_unpack_array_upto(&u, 3, 5);

    sk_unpack_bin(&u, node->signing.secret_bytes,
                  sizeof(node->signing.secret_bytes));
    node->sealing_count = sk_unpack_array_upto(&u, 1, 2);
    for (size_t i = 0; i < node->sealing_count; i++)
        sk_unpack_bin(&u, node->sealing[i].secret_bytes,
                      sizeof(node->sealing[i].secret_bytes));
    sk_unpack_bin(&u, node->curve.secret_bytes,
                  sizeof(node->curve.secret_bytes));
    if (u.status == SK_OK && count > 3) {
        node->has_curve_before =
            unpack_before(&u, node->curve_before.secret_bytes);
        node->has_master_before =
            unpack_before(&u, node->master_before.secret_bytes);
        if (u.status == SK_OK && !node->has_curve_before &&
            !node->has_master_before)
            return SK_E_BAD_FORM; /* one value, one form */
    }
    return sk_unpack_finish(&u);
}

/* The online secrets under the master key, and the whole file. */
static enum sk_status seal_online(const struct sk_node_secrets *node,
                                  struct sk_random *random,
                                  struct node_key *file, struct sk_room room,
                                  struct sk_bytes *out)
{
    uint8_t head[SK_NODE_KEY_SIZE_MAX];
    uint8_t plain_room[ONLINE_PLAIN_SIZE_MAX];
    uint8_t online[ONLINE_SEALED_SIZE_MAX];
    uint8_t nonce[24];
    struct sk_box_key online_key;
    struct sk_bytes plain;
    struct sk_pack p;
    enum sk_status status;

    sk_derive(&node->master, node_format, &online_key);
    status = online_encode(
        node, (struct sk_room){plain_room, sizeof(plain_room)}, &plain);
    assert(status == SK_OK);
    sk_random_fill(random, nonce, sizeof(nonce));
    status =
        sk_box_seal(&online_key, nonce, head_of(file, true, head), plain,
                    (struct sk_room){online, sizeof(online)}, &file->online);
    assert(status == SK_OK);

    p = sk_pack_start(room);
    pack_head(&p, file, true);
    sk_pack_bin(&p, file->online);
    sk_wipe(plain_room, sizeof(plain_room));
    sk_wipe(&online_key, sizeof(online_key));
    return sk_pack_finish(&p, out);
}

/* Seal the two secret parts and write the file. */
static enum sk_status seal_parts(const struct sk_node_secrets *node,
                                 const struct sk_box_key *unlocking,
                                 struct sk_random *random,
                                 struct node_key *file, struct sk_room room,
                                 struct sk_bytes *out)
{
    uint8_t head[SK_NODE_KEY_SIZE_MAX];
    uint8_t nonce[24];
    struct sk_bytes master;
    enum sk_status status;

    check_of(unlocking, file->check);
    sk_random_fill(random, nonce, sizeof(nonce));
    status = sk_box_seal(unlocking, nonce, head_of(file, false, head),
                         (struct sk_bytes){node->master.secret_bytes,
                                           sizeof(node->master.secret_bytes)},
                         (struct sk_room){file->master, sizeof(file->master)},
                         &master);
    assert(status == SK_OK);
    assert(master.size == sizeof(file->master));
    return seal_online(node, random, file, room, out);
}

enum sk_status sk_node_key_seal(const struct sk_node_secrets *node,
                                const struct sk_unlock *unlock,
                                const struct sk_seed *seed, struct sk_room room,
                                struct sk_bytes *out)
{
    struct sk_random random = {.seed = *seed};
    struct node_key file = {.kind = unlock->kind};
    struct sk_box_key unlocking = {0};
    enum sk_status status;

    assert(node->sealing_count >= 1);
    assert(node->sealing_count <= 2);
    sk_random_fill(&random, file.salt, sizeof(file.salt));
    if (unlock->kind == SK_UNLOCK_PASSPHRASE) {
        file.passes = SK_ARGON_PASSES;
        file.memory_kib = SK_ARGON_MEMORY_KIB;
    }
    status = unlocking_key(unlock, &file, &unlocking);
    if (status == SK_OK)
        status = seal_parts(node, &unlocking, &random, &file, room, out);
    sk_wipe(&unlocking, sizeof(unlocking));
    sk_wipe(&random, sizeof(random));
    return status;
}

/* With the master key that is in node. */
static enum sk_status open_online(const struct node_key *file,
                                  struct sk_node_secrets *node)
{
    uint8_t head[SK_NODE_KEY_SIZE_MAX];
    uint8_t plain_room[ONLINE_PLAIN_SIZE_MAX];
    struct sk_box_key online_key;
    struct sk_bytes plain;
    enum sk_status status;

    sk_derive(&node->master, node_format, &online_key);
    status =
        sk_box_open(&online_key, head_of(file, true, head), file->online,
                    (struct sk_room){plain_room, sizeof(plain_room)}, &plain);
    if (status == SK_OK)
        status = online_decode(plain, node);
    sk_wipe(plain_room, sizeof(plain_room));
    sk_wipe(&online_key, sizeof(online_key));
    return status;
}

/* Open the two secret parts into node. */
static enum sk_status open_parts(const struct node_key *file,
                                 const struct sk_box_key *unlocking,
                                 struct sk_node_secrets *node)
{
    uint8_t head[SK_NODE_KEY_SIZE_MAX];
    struct sk_bytes plain;

    SK_TRY(sk_box_open(unlocking, head_of(file, false, head),
                       (struct sk_bytes){file->master, sizeof(file->master)},
                       (struct sk_room){node->master.secret_bytes,
                                        sizeof(node->master.secret_bytes)},
                       &plain));
    return open_online(file, node);
}

enum sk_status sk_node_key_open(struct sk_bytes in,
                                const struct sk_unlock *unlock,
                                struct sk_node_secrets *out)
{
    struct sk_node_secrets node = {0};
    struct sk_box_key unlocking = {0};
    uint8_t check[CHECK_SIZE];
    struct node_key file;
    enum sk_status status;

    SK_TRY(node_key_decode(in, &file));
    if (unlock->kind != file.kind)
        return SK_E_WRONG_KEY;
    status = unlocking_key(unlock, &file, &unlocking);
    /* What could not have been written cannot be right either. */
    if (status == SK_E_BAD_LENGTH)
        status = SK_E_WRONG_KEY;
    if (status != SK_OK)
        goto out;
    check_of(&unlocking, check);
    status = SK_E_WRONG_KEY;
    if (sodium_memcmp(check, file.check, sizeof(check)) != 0)
        goto out;
    status = open_parts(&file, &unlocking, &node);
    if (status == SK_OK)
        *out = node;
out:
    sk_wipe(&node, sizeof(node));
    sk_wipe(&unlocking, sizeof(unlocking));
    return status;
}

enum sk_status sk_node_key_kind(struct sk_bytes in, enum sk_unlock_kind *out)
{
    struct node_key file;

    SK_TRY(node_key_decode(in, &file));
    *out = file.kind;
    return SK_OK;
}

enum sk_status sk_node_key_reopen(struct sk_bytes in,
                                  const struct sk_box_key *master,
                                  struct sk_node_secrets *out)
{
    struct sk_node_secrets node = {.master = *master};
    struct node_key file;
    enum sk_status status;

    SK_TRY(node_key_decode(in, &file));
    status = open_online(&file, &node);
    if (status == SK_OK)
        *out = node;
    sk_wipe(&node, sizeof(node));
    return status == SK_E_BAD_SEAL ? SK_E_WRONG_KEY : status;
}

enum sk_status sk_node_key_rewrite(struct sk_bytes in,
                                   const struct sk_node_secrets *node,
                                   const struct sk_seed *seed,
                                   struct sk_room room, struct sk_bytes *out)
{
    struct sk_random random = {.seed = *seed};
    struct sk_node_secrets before;
    struct node_key file;
    enum sk_status status;

    SK_TRY(node_key_decode(in, &file));
    SK_TRY(sk_node_key_reopen(in, &node->master, &before));
    sk_wipe(&before, sizeof(before));
    status = seal_online(node, &random, &file, room, out);
    sk_wipe(&random, sizeof(random));
    return status;
}

enum sk_status sk_node_key_change(struct sk_bytes in,
                                  const struct sk_unlock *old_unlock,
                                  const struct sk_unlock *new_unlock,
                                  const struct sk_seed *seed,
                                  struct sk_room room, struct sk_bytes *out)
{
    struct sk_node_secrets node;
    enum sk_status status;

    SK_TRY(sk_node_key_open(in, old_unlock, &node));
    status = sk_node_key_seal(&node, new_unlock, seed, room, out);
    sk_wipe(&node, sizeof(node));
    return status;
}

/* ---------------------------------------------------------------- card */
static bool is_pair(const uint8_t public[32], const uint8_t secret[32])
{
    uint8_t of_secret[32];

    return crypto_scalarmult_base(of_secret, secret) == 0 &&
           memcmp(of_secret, public, sizeof(of_secret)) == 0;
}

enum sk_status sk_node_secrets_align(struct sk_node_secrets *node,
                                     const struct sk_card *card)
{
    struct sk_seal_secret sealing[2] = {0};
    size_t found = 0;

    /* The second half of an Ed25519 secret is its public key. */
    if (memcmp(card->signing.bytes, node->signing.secret_bytes + 32,
               sizeof(card->signing.bytes)) != 0 ||
        !is_pair(card->curve.bytes, node->curve.secret_bytes))
        return SK_E_WRONG_KEY;
    for (size_t i = 0; i < card->sealing_count; i++)
        for (size_t k = 0; k < node->sealing_count; k++)
            if (found == i && is_pair(card->sealing[i].key.bytes,
                                      node->sealing[k].secret_bytes)) {
                sealing[i] = node->sealing[k];
                found++;
            }
    if (found > 0) {
        memcpy(node->sealing, sealing, sizeof(sealing));
        node->sealing_count = found;
    }
    sk_wipe(sealing, sizeof(sealing));
    return found > 0 ? SK_OK : SK_E_WRONG_KEY;
}

/* --------------------------------------------------------- identity.key */
static void pack_identity_head(struct sk_pack *p, const struct sk_org *org,
                               const struct sk_minisign_key *public)
{
    sk_pack_array(p, 5);
    sk_pack_cstr(p, identity_format);
    sk_pack_str(p, sk_org_text(org));
    sk_pack_bin(p,
                (struct sk_bytes){public->id.bytes, sizeof(public->id.bytes)});
    sk_pack_bin(p, (struct sk_bytes){public->public.bytes,
                                     sizeof(public->public.bytes)});
}

static struct sk_bytes identity_head_of(const struct sk_org *org,
                                        const struct sk_minisign_key *public,
                                        uint8_t *head)
{
    struct sk_pack p =
        sk_pack_start((struct sk_room){head, SK_IDENTITY_KEY_SIZE_MAX});
    struct sk_bytes bytes = {0};
    enum sk_status status;

    pack_identity_head(&p, org, public);
    status = sk_pack_finish(&p, &bytes);
    assert(status == SK_OK);
    return bytes;
}

enum sk_status sk_identity_seal(const struct sk_identity *identity,
                                const struct sk_box_key *master,
                                const struct sk_seed *seed, struct sk_room room,
                                struct sk_bytes *out)
{
    struct sk_random random = {.seed = *seed};
    uint8_t head[SK_IDENTITY_KEY_SIZE_MAX];
    uint8_t sealed_room[IDENTITY_SEALED_SIZE];
    struct sk_bytes sealed;
    struct sk_box_key key;
    uint8_t nonce[24];
    struct sk_pack p;
    enum sk_status status;

    sk_derive(master, identity_format, &key);
    sk_random_fill(&random, nonce, sizeof(nonce));
    status = sk_box_seal(
        &key, nonce, identity_head_of(&identity->org, &identity->public, head),
        (struct sk_bytes){identity->secret.secret_bytes,
                          sizeof(identity->secret.secret_bytes)},
        (struct sk_room){sealed_room, sizeof(sealed_room)}, &sealed);
    assert(status == SK_OK);
    p = sk_pack_start(room);
    pack_identity_head(&p, &identity->org, &identity->public);
    sk_pack_bin(&p, sealed);
    sk_wipe(&key, sizeof(key));
    sk_wipe(&random, sizeof(random));
    return sk_pack_finish(&p, out);
}

enum sk_status sk_identity_open(struct sk_bytes in,
                                const struct sk_box_key *master,
                                struct sk_identity *out)
{
    struct sk_unpack u = sk_unpack_start(in);
    struct sk_identity identity = {0};
    uint8_t head[SK_IDENTITY_KEY_SIZE_MAX];
    uint8_t sealed[IDENTITY_SEALED_SIZE];
    struct sk_box_key key;
    struct sk_bytes plain;
    enum sk_status status;

    if (in.size > SK_IDENTITY_KEY_SIZE_MAX)
        return SK_E_BAD_LENGTH;
    sk_unpack_array(&u, 5);
    sk_unpack_key(&u, identity_format);
    sk_unpack_org(&u, &identity.org);
    sk_unpack_bin(&u, identity.public.id.bytes,
                  sizeof(identity.public.id.bytes));
    sk_unpack_bin(&u, identity.public.public.bytes,
                  sizeof(identity.public.public.bytes));
    sk_unpack_bin(&u, sealed, sizeof(sealed));
    SK_TRY(sk_unpack_finish(&u));

    sk_derive(master, identity_format, &key);
    status = sk_box_open(
        &key, identity_head_of(&identity.org, &identity.public, head),
        (struct sk_bytes){sealed, sizeof(sealed)},
        (struct sk_room){identity.secret.secret_bytes,
                         sizeof(identity.secret.secret_bytes)},
        &plain);
    if (status == SK_OK)
        *out = identity;
    sk_wipe(&key, sizeof(key));
    sk_wipe(&identity, sizeof(identity));
    return status;
}
