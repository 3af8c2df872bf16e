#include "node/engine/user.h"

#include <string.h>

#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/vault.h"
#include "protocol/unpack.h"

#define USER_SIZE_MAX 512

static const char context_name[] = "schakel/index/user/1";

/* Whose data key seals users and log: byte 6 of a random id is never 0. */
static const struct sk_id staff = {{'s', 't', 'a', 'f', 'f'}};

/* ------------------------------------------------------------- keys */

static struct sk_key part_key(char part)
{
    struct sk_key key = sk_key_start(SK_T_USER);

    sk_key_bytes(&key, (struct sk_bytes){(const uint8_t *)&part, 1});
    return key;
}

static struct sk_key user_key(const struct sk_id *id)
{
    struct sk_key key = part_key('u');

    sk_key_id(&key, id);
    return key;
}

static struct sk_key uid_key(uint32_t uid)
{
    struct sk_key key = part_key('i');

    sk_key_u64(&key, uid);
    return key;
}

static struct sk_key name_key(const struct sk_engine *e, struct sk_bytes name)
{
    struct sk_key key = part_key('n');
    struct sk_hash hash;

    sk_keyed_hash(&e->index_secret, context_name, name, &hash);
    sk_key_bytes(&key, (struct sk_bytes){hash.bytes, 16});
    return key;
}

/* ------------------------------------------------------------- sealing */

enum sk_status sk_users_count(struct sk_engine *e, uint64_t *out)
{
    enum sk_status status = sk_meta_get_u64(e, "users", out);

    if (status != SK_E_NOT_FOUND)
        return status;
    *out = 0;
    return SK_OK;
}

enum sk_status sk_staff_put(struct sk_engine *e, struct sk_bytes key,
                            struct sk_bytes plain)
{
    enum sk_status status = sk_vault_put(e, &staff, key, plain);

    if (status != SK_E_NOT_FOUND)
        return status;
    SK_TRY(sk_vault_make(e, &staff));
    return sk_vault_put(e, &staff, key, plain);
}

enum sk_status sk_staff_get(struct sk_engine *e, struct sk_bytes key,
                            struct sk_bytes *plain)
{
    return sk_vault_get(e, &staff, key, plain);
}

/* ------------------------------------------------------------- records
 * array [name, roles, team, login, uid, since ms, ended ms] */

enum sk_status sk_user_get(struct sk_engine *e, const struct sk_id *id,
                           struct sk_user *out)
{
    struct sk_key key = user_key(id);
    struct sk_user user = {.id = *id};
    struct sk_bytes plain;
    struct sk_unpack u;

    SK_TRY(sk_staff_get(e, sk_key_done(&key), &plain));
    u = sk_unpack_start(plain);
    sk_unpack_array(&u, 7);
    user.name = sk_unpack_str(&u, 1, USER_SIZE_MAX);
    user.roles = (unsigned)sk_unpack_uint(&u, 0, SK_ROLE_BIT(SK_ROLES) - 1);
    user.team = sk_unpack_str(&u, 0, USER_SIZE_MAX);
    user.login = sk_unpack_str(&u, 0, USER_SIZE_MAX);
    user.uid = (uint32_t)sk_unpack_uint(&u, 0, UINT32_MAX);
    user.since_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    user.ended_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    if (sk_unpack_finish(&u) != SK_OK)
        return SK_E_IO;
    *out = user;
    return SK_OK;
}

static enum sk_status get_by(struct sk_engine *e, const struct sk_key *key,
                             struct sk_user *out)
{
    struct sk_bytes value;
    struct sk_id id;

    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(key), &value));
    if (value.size != SK_ID_SIZE)
        return SK_E_IO;
    memcpy(id.bytes, value.data, SK_ID_SIZE);
    return sk_user_get(e, &id, out);
}

enum sk_status sk_user_of_uid(struct sk_engine *e, uint32_t uid,
                              struct sk_user *out)
{
    struct sk_key key = uid_key(uid);

    return get_by(e, &key, out);
}

enum sk_status sk_user_of_name(struct sk_engine *e, struct sk_bytes name,
                               struct sk_user *out)
{
    struct sk_key key = name_key(e, name);

    return get_by(e, &key, out);
}

enum sk_status sk_user_name(struct sk_engine *e, const struct sk_id *id,
                            struct sk_bytes *out)
{
    struct sk_user user = {0};

    if (!sk_id_is_zero(id))
        SK_TRY(sk_user_get(e, id, &user));
    *out = user.name;
    return SK_OK;
}

static enum sk_status put_index(struct sk_engine *e, const struct sk_user *user,
                                const struct sk_user *before)
{
    struct sk_bytes id = {user->id.bytes, SK_ID_SIZE};
    struct sk_key name = name_key(e, user->name);
    struct sk_key uid = uid_key(user->uid);
    struct sk_key old;

    if (before == NULL)
        SK_TRY(sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&name), id));
    if (before != NULL && before->ended_ms == 0) {
        old = uid_key(before->uid);
        SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&old)));
    }
    if (user->ended_ms != 0)
        return SK_OK;
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&uid), id);
}

enum sk_status sk_user_put(struct sk_engine *e, const struct sk_user *user,
                           const struct sk_user *before)
{
    struct sk_key key = user_key(&user->id);
    struct sk_pack p = sk_scratch_pack(e, USER_SIZE_MAX);
    struct sk_bytes plain;
    uint64_t count;

    sk_pack_array(&p, 7);
    sk_pack_str(&p, user->name);
    sk_pack_uint(&p, user->roles);
    sk_pack_str(&p, user->team);
    sk_pack_str(&p, user->login);
    sk_pack_uint(&p, user->uid);
    sk_pack_uint(&p, user->since_ms);
    sk_pack_uint(&p, user->ended_ms);
    SK_TRY(sk_pack_finish(&p, &plain));
    SK_TRY(sk_staff_put(e, sk_key_done(&key), plain));
    SK_TRY(put_index(e, user, before));
    if (before != NULL)
        return SK_OK;
    SK_TRY(sk_users_count(e, &count));
    return sk_meta_put_u64(e, "users", count + 1);
}

enum sk_status sk_user_each(struct sk_engine *e,
                            enum sk_status (*fn)(void *context,
                                                 const struct sk_user *user),
                            void *context)
{
    struct sk_key prefix = part_key('u');
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct sk_bytes key;
    struct sk_bytes value;
    enum sk_status status;

    while ((status = sk_scan_next(&scan, &key, &value)) == SK_OK) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_user user;
        struct sk_id id;

        if (key.size != prefix.size + SK_ID_SIZE)
            return SK_E_IO;
        memcpy(id.bytes, key.data + prefix.size, SK_ID_SIZE);
        SK_TRY(sk_user_get(e, &id, &user));
        SK_TRY(fn(context, &user));
        sk_arena_reset(&e->scratch, mark);
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}
