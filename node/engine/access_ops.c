#include "node/engine/user.h"

#include <string.h>

#include "node/engine/ops.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "policies/civil.h"

/* access.list, access.seen: who looked at what.               CONTROL.md 7.4 */

#define LIST_LIMIT 100
#define LIST_LIMIT_MAX 1000

/* ------------------------------------------------------------- keys */

static struct sk_key part_key(char part)
{
    struct sk_key key = sk_key_start(SK_T_ACCESS);

    sk_key_bytes(&key, (struct sk_bytes){(const uint8_t *)&part, 1});
    return key;
}

/* The number at the end of a key. */
static enum sk_status last_number(struct sk_bytes key, uint64_t *out)
{
    if (key.size < 8)
        return SK_E_IO;
    *out = sk_u64_read(key.data + key.size - 8);
    return SK_OK;
}

enum sk_status sk_access_glass(struct sk_engine *e, uint64_t *out)
{
    struct sk_key prefix = part_key('g');

    return sk_store_count(e->store, SK_SPACE_DATA, sk_key_done(&prefix), out);
}

/* ------------------------------------------------------------- list */

struct list {
    bool glass; /* only break-glass that nobody looked at */
    bool by_participant;
    struct sk_participant_id participant;
    bool by_user;
    struct sk_id user;
    uint64_t after;
    uint64_t limit;
    uint64_t count;
    uint64_t last; /* looked at, in this page */
    bool more;
};

/* The last number that was kept before this day.  They are given in order of
   time, and the first ones go. */
static enum sk_status number_before(struct sk_engine *e, int32_t day,
                                    uint64_t *out)
{
    uint64_t from_ms = (uint64_t)sk_civil_start(day) * 1000;
    uint64_t low;
    uint64_t high = 0;
    enum sk_status status = sk_meta_get_u64(e, "looks", &high);

    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    SK_TRY(sk_access_gone(e, &low));
    while (low < high) {
        uint64_t middle = low + (high - low + 1) / 2;
        struct sk_access access;

        SK_TRY(sk_access_get(e, middle, &access));
        if (access.at_ms < from_ms)
            low = middle;
        else
            high = middle - 1;
    }
    *out = low;
    return SK_OK;
}

static enum sk_status pack_access(struct sk_engine *e,
                                  const struct sk_access *access)
{
    struct sk_pack *p = &e->reply;
    size_t at = sk_reply_open(p);
    size_t count = 3;
    struct sk_bytes user;
    struct sk_bytes reason = {0};
    enum sk_status status = sk_access_reason(e, access, &reason);

    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    SK_TRY(sk_user_name(e, &access->user, &user));
    if (!sk_id_is_zero(&access->about)) {
        sk_reply_id(p, "about", &access->about);
        count++;
    }
    sk_reply_instant(p, "at", access->at_ms);
    if (access->glass) {
        sk_reply_bool(p, "glass", true);
        count++;
    }
    sk_reply_uint(p, "item", access->number);
    sk_reply_text(p, "op", access->op);
    if (!sk_id_is_zero(&access->participant.id)) {
        sk_reply_id(p, "participant", &access->participant.id);
        count++;
    }
    if (status == SK_OK) {
        sk_reply_text(p, "reason", reason);
        count++;
    }
    if (user.size > 0) {
        sk_reply_text(p, "user", user);
        count++;
    }
    sk_reply_close_map(p, at, count);
    return SK_OK;
}

/* The narrowest of the indexes. */
static struct sk_key prefix_of(const struct list *list)
{
    struct sk_key key;

    if (list->glass)
        return part_key('g');
    if (list->by_participant)
        return sk_key_person(SK_T_LOOKED, &list->participant.id);
    if (!list->by_user)
        return part_key('a');
    key = part_key('u');
    sk_key_id(&key, &list->user);
    return key;
}

static enum sk_status list_one(struct sk_engine *e, struct list *list,
                               uint64_t number)
{
    struct sk_access access;

    SK_TRY(sk_access_get(e, number, &access));
    list->last = number;
    if ((list->by_participant &&
         !sk_id_equal(&access.participant.id, &list->participant.id)) ||
        (list->by_user && !sk_id_equal(&access.user, &list->user)))
        return SK_OK;
    SK_TRY(pack_access(e, &access));
    list->count++;
    return SK_OK;
}

/* A page looks at LIST_LIMIT_MAX records at most, whatever it shows of them. */
static enum sk_status list_all(struct sk_engine *e, struct list *list)
{
    struct sk_key prefix = prefix_of(list);
    struct sk_key from = prefix;
    struct sk_scan scan;
    enum sk_status status = SK_OK;

    sk_key_u64(&from, list->after);
    scan = sk_scan_after(e->store, SK_SPACE_DATA, sk_key_done(&prefix),
                         sk_key_done(&from));
    for (size_t seen = 0;; seen++) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_bytes key;
        struct sk_bytes value;
        uint64_t number;

        status = sk_scan_next(&scan, &key, &value);
        list->more = status == SK_OK;
        if (status != SK_OK || list->count == list->limit ||
            seen == LIST_LIMIT_MAX)
            break;
        SK_TRY(last_number(key, &number));
        SK_TRY(list_one(e, list, number));
        sk_arena_reset(&e->scratch, mark);
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

static enum sk_status read_list(struct sk_engine *e, struct sk_value args,
                                struct list *out)
{
    struct sk_bytes user = sk_arg_text(args, "user");
    struct sk_value limit = sk_value_get(args, "limit");
    struct sk_user found;
    enum sk_status status;
    uint64_t before = 0;
    int32_t day;

    out->glass = sk_value_bool(sk_value_get(args, "glass"));
    /* Also of somebody who was erased: the log stays. */
    out->by_participant = sk_arg_id(args, "participant", &out->participant.id);
    out->by_user = user.size > 0;
    status = out->by_user ? sk_user_of_name(e, user, &found) : SK_OK;
    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "unknown-user", "user", user);
    SK_TRY(status);
    if (out->by_user)
        out->user = found.id;
    out->after = sk_value_uint(sk_value_get(args, "after"));
    if (sk_arg_day(args, "since", &day))
        SK_TRY(number_before(e, day, &before));
    if (before > out->after)
        out->after = before;
    out->limit = sk_value_kind(limit) == SK_VALUE_UINT ? sk_value_uint(limit)
                                                       : LIST_LIMIT;
    if (out->limit < 1 || out->limit > LIST_LIMIT_MAX)
        return sk_refuse(e, "bad-argument", "limit", (struct sk_bytes){0});
    return SK_OK;
}

enum sk_status sk_op_access_list(struct sk_engine *e, struct sk_value args)
{
    struct list list = {0};
    size_t at;
    size_t looks;

    SK_TRY(read_list(e, args, &list));
    at = sk_reply_open(&e->reply);
    sk_pack_cstr(&e->reply, "looks");
    looks = sk_reply_open(&e->reply);
    SK_TRY(list_all(e, &list));
    sk_reply_close_array(&e->reply, looks, (size_t)list.count);
    if (list.more)
        sk_reply_uint(&e->reply, "next", list.last);
    sk_reply_close_map(&e->reply, at, list.more ? 2 : 1);
    return SK_OK;
}

enum sk_status sk_op_access_seen(struct sk_engine *e, struct sk_value args)
{
    uint64_t number = sk_value_uint(sk_value_get(args, "item"));
    struct sk_key key = part_key('g');
    struct sk_bytes value;
    uint64_t left;
    enum sk_status status;

    sk_key_u64(&key, number);
    status = sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value);
    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "unknown-look", "item", (struct sk_bytes){0});
    SK_TRY(status);
    SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key)));
    SK_TRY(sk_access_glass(e, &left));
    sk_pack_map(&e->reply, 2);
    sk_reply_uint(&e->reply, "item", number);
    sk_reply_uint(&e->reply, "left", left);
    return SK_OK;
}
