#include "node/engine/user.h"

#include <string.h>

#include "node/engine/access.h"
#include "node/engine/case_list.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/timer.h"

/* ------------------------------------------------------------- keys */

static struct sk_key part_key(char part, const struct sk_id *first)
{
    struct sk_key key = sk_key_start(SK_T_USER);

    sk_key_bytes(&key, (struct sk_bytes){(const uint8_t *)&part, 1});
    sk_key_id(&key, first);
    return key;
}

static struct sk_key own_key(const struct sk_id *coach,
                             const struct sk_participant_id *id)
{
    struct sk_key key = sk_list_key(SK_LIST_PARTICIPANTS, coach);

    sk_key_id(&key, &id->id);
    return key;
}

static struct sk_key stand_in_key(const struct sk_id *by,
                                  const struct sk_id *for_whom)
{
    struct sk_key key = part_key('s', by);

    sk_key_id(&key, for_whom);
    return key;
}

/* The id at the end of a key. */
static enum sk_status last_id(struct sk_bytes key, struct sk_id *out)
{
    if (key.size != 2 + 2 * SK_ID_SIZE)
        return SK_E_IO;
    memcpy(out->bytes, key.data + key.size - SK_ID_SIZE, SK_ID_SIZE);
    return SK_OK;
}

/* ------------------------------------------------------------- whose */

enum sk_status sk_case_coach(struct sk_engine *e,
                             const struct sk_participant_id *id,
                             struct sk_id *out)
{
    struct sk_key key = sk_key_person(SK_T_CASE, &id->id);
    struct sk_bytes value;
    enum sk_status status =
        sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value);

    *out = (struct sk_id){0};
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    if (value.size != SK_ID_SIZE)
        return SK_E_IO;
    memcpy(out->bytes, value.data, SK_ID_SIZE);
    return SK_OK;
}

enum sk_status sk_case_erased(struct sk_engine *e,
                              const struct sk_participant_id *id)
{
    struct sk_key own;
    struct sk_id coach;

    SK_TRY(sk_case_coach(e, id, &coach));
    own = own_key(&coach, id);
    return sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&own));
}

static enum sk_status put_coach(struct sk_engine *e,
                                const struct sk_participant_id *id,
                                const struct sk_id *coach)
{
    struct sk_key key = sk_key_person(SK_T_CASE, &id->id);

    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                        (struct sk_bytes){coach->bytes, SK_ID_SIZE});
}

static enum sk_status put_case(struct sk_engine *e,
                               const struct sk_participant_id *id,
                               const struct sk_id *coach)
{
    struct sk_key own = own_key(coach, id);

    SK_TRY(sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&own),
                        (struct sk_bytes){0}));
    return sk_id_is_zero(coach) ? SK_OK : put_coach(e, id, coach);
}

enum sk_status sk_case_give(struct sk_engine *e,
                            const struct sk_participant_id *id,
                            const struct sk_id *coach)
{
    struct sk_id before;

    assert(!sk_id_is_zero(coach));

    SK_TRY(sk_case_coach(e, id, &before));
    SK_TRY(sk_case_erased(e, id));
    SK_TRY(put_case(e, id, coach));
    SK_TRY(sk_list_case_moved(e, id, &before, coach));
    return sk_timers_relist_about(e, id);
}

enum sk_status sk_case_new(struct sk_engine *e,
                           const struct sk_participant_id *id)
{
    sk_access_about(e, id, NULL);
    return put_case(e, id, &e->asker.id);
}

/* Whose records are gone: in no list of participants, and what still waits for
   partners is told to officers. */
static enum sk_status give_erased(struct sk_engine *e,
                                  const struct sk_participant_id *id,
                                  const struct sk_id *coach)
{
    struct sk_id before;

    SK_TRY(sk_case_coach(e, id, &before));
    SK_TRY(put_coach(e, id, coach));
    return sk_list_case_moved(e, id, &before, coach);
}

/* Everybody on this list of `from`. */
static enum sk_status
move_each(struct sk_engine *e, enum sk_list list, const struct sk_id *from,
          const struct sk_id *to, uint64_t *count,
          enum sk_status (*give)(struct sk_engine *e,
                                 const struct sk_participant_id *id,
                                 const struct sk_id *coach))
{
    struct sk_key prefix = sk_list_key(list, from);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct sk_bytes key;
    struct sk_bytes value;
    enum sk_status status;

    *count = 0;
    while ((status = sk_scan_next(&scan, &key, &value)) == SK_OK) {
        struct sk_participant_id id;

        SK_TRY(last_id(key, &id.id));
        SK_TRY(give(e, &id, to));
        (*count)++;
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

enum sk_status sk_case_move_all(struct sk_engine *e, const struct sk_id *from,
                                const struct sk_id *to, uint64_t *count)
{
    uint64_t erased;

    SK_TRY(move_each(e, SK_LIST_PARTICIPANTS, from, to, count, sk_case_give));
    /* Who asked to be forgotten and is still here went along. */
    SK_TRY(move_each(e, SK_LIST_ERASURES, from, to, &erased, give_erased));
    return sk_list_handovers_moved(e, from, to);
}

/* ------------------------------------------------------------- stand-ins
 * value: the last day as 8 bytes of two's complement */

enum sk_status sk_stand_in_put(struct sk_engine *e, const struct sk_id *by,
                               const struct sk_id *for_whom, int32_t until)
{
    struct sk_key key = stand_in_key(by, for_whom);
    struct sk_key day = {.size = 0};

    if (until == INT32_MIN)
        return sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key));
    sk_key_u64(&day, (uint64_t)(int64_t)until);
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                        sk_key_done(&day));
}

static enum sk_status read_until(struct sk_bytes value, int32_t *out)
{
    if (value.size != 8)
        return SK_E_IO;
    *out = (int32_t)(int64_t)sk_u64_read(value.data);
    return SK_OK;
}

static enum sk_status stands_in(struct sk_engine *e, const struct sk_id *by,
                                const struct sk_id *whom, bool *out)
{
    struct sk_key key = stand_in_key(by, whom);
    struct sk_bytes value;
    int32_t until;
    enum sk_status status =
        sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value);

    *out = false;
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    SK_TRY(read_until(value, &until));
    *out = until >= sk_today(e);
    return SK_OK;
}

enum sk_status sk_stand_in_each(struct sk_engine *e, const struct sk_id *by,
                                enum sk_status (*fn)(void *context,
                                                     const struct sk_id *whom,
                                                     int32_t until),
                                void *context)
{
    struct sk_key prefix = part_key('s', by);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct sk_bytes key;
    struct sk_bytes value;
    enum sk_status status;

    while ((status = sk_scan_next(&scan, &key, &value)) == SK_OK) {
        struct sk_id whom;
        int32_t until;

        SK_TRY(last_id(key, &whom));
        SK_TRY(read_until(value, &until));
        if (until >= sk_today(e))
            SK_TRY(fn(context, &whom, until));
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

/* ------------------------------------------------------------- seen */

enum sk_status sk_case_is_seen(struct sk_engine *e,
                               const struct sk_participant_id *id, bool *out)
{
    const struct sk_asker *asker = &e->asker;
    struct sk_id coach = {0};

    *out = !asker->known;
    if (*out || (asker->roles & SK_ROLE_BIT(SK_ROLE_COACH)) == 0)
        return SK_OK;
    if (!sk_id_is_zero(&id->id))
        SK_TRY(sk_case_coach(e, id, &coach));
    *out = sk_id_is_zero(&coach) || sk_id_equal(&coach, &asker->id);
    return *out ? SK_OK : stands_in(e, &asker->id, &coach, out);
}

/* A team lead has the cases of the own team, and those of nobody. */
static enum sk_status is_led(struct sk_engine *e,
                             const struct sk_participant_id *id, bool *out)
{
    struct sk_user coach = {0};
    struct sk_user lead;
    struct sk_id owner = {0};

    if (!sk_id_is_zero(&id->id))
        SK_TRY(sk_case_coach(e, id, &owner));
    *out = sk_id_is_zero(&owner);
    if (*out)
        return SK_OK;
    SK_TRY(sk_user_get(e, &owner, &coach));
    SK_TRY(sk_user_get(e, &e->asker.id, &lead));
    *out = sk_bytes_equal(coach.team, lead.team);
    return SK_OK;
}

enum sk_status sk_case_is_told(struct sk_engine *e, struct sk_bytes tell,
                               const struct sk_participant_id *id, bool *out)
{
    const struct sk_asker *asker = &e->asker;

    *out = !asker->known;
    if (*out)
        return SK_OK;
    if (sk_bytes_equal(tell, sk_text("privacy")))
        *out = (asker->roles & SK_ROLE_BIT(SK_ROLE_PRIVACY_OFFICER)) != 0;
    else if (!sk_bytes_equal(tell, sk_text("team-lead")))
        return sk_case_is_seen(e, id, out);
    else if ((asker->roles & SK_ROLE_BIT(SK_ROLE_TEAM_LEAD)) != 0)
        return is_led(e, id, out);
    return SK_OK;
}

/* ------------------------------------------------------------- list */

enum sk_status sk_case_list(struct sk_engine *e,
                            const struct sk_participant_id *after, size_t most,
                            struct sk_participant_id *ids, size_t *count,
                            bool *more)
{
    const struct sk_key whole = {.size = 0};
    struct sk_list_walk *walk;
    enum sk_status status;

    SK_TRY(sk_list_walk(e, SK_LIST_PARTICIPANTS, &whole, 1,
                        (struct sk_bytes){after->id.bytes, SK_ID_SIZE}, &walk));
    for (*count = 0;; (*count)++) {
        struct sk_bytes place;
        struct sk_bytes value;

        status = sk_list_walk_next(walk, &place, &value);
        *more = status == SK_OK;
        if (status == SK_E_NOT_FOUND || (*more && *count == most))
            return SK_OK;
        SK_TRY(status);
        if (place.size != SK_ID_SIZE)
            return SK_E_BAD_LENGTH;
        memcpy(ids[*count].id.bytes, place.data, SK_ID_SIZE);
    }
}
