#include "node/engine/restored.h"

#include <string.h>

#include "node/engine/journal.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"

/*
 * PROTOCOL.md 8.4: a node that was restored knows that it was, and does not
 * wait for something that shows it.  In META:
 *
 *     "restored"       the store was filled from a backup and never opened
 *     "restored/ORG"   this partner was not asked yet what it has
 *
 * From then on it is on hold: hold.c.
 */
#define NAME "restored"

static struct sk_key mark_key(const struct sk_org *org)
{
    struct sk_key key = sk_key_start(SK_T_META);

    sk_key_bytes(&key, sk_text(NAME));
    if (org != NULL) {
        sk_key_bytes(&key, sk_text("/"));
        sk_key_bytes(&key, sk_org_text(org));
    }
    return key;
}

static enum sk_status put_mark(struct sk_store *store, const struct sk_org *org)
{
    static const uint8_t one[8] = {0, 0, 0, 0, 0, 0, 0, 1};
    struct sk_key key = mark_key(org);

    return sk_store_put(store, SK_SPACE_DATA, sk_key_done(&key),
                        (struct sk_bytes){one, sizeof(one)});
}

enum sk_status sk_engine_mark_restored(struct sk_store *store)
{
    return put_mark(store, NULL);
}

static enum sk_status has_mark(struct sk_engine *e, const struct sk_org *org,
                               bool *out)
{
    struct sk_key key = mark_key(org);
    struct sk_bytes value;
    enum sk_status status =
        sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value);

    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    *out = status == SK_OK;
    return SK_OK;
}

static enum sk_status drop_mark(struct sk_engine *e, const struct sk_org *org)
{
    struct sk_key key = mark_key(org);

    return sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key));
}

/* Everybody we ever had a log with, in the charter of the backup or not. */
static enum sk_status mark_logs(struct sk_engine *e)
{
    struct sk_key prefix = sk_key_start(SK_T_PEER);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct sk_bytes key;
    struct sk_bytes value;
    enum sk_status status;

    while ((status = sk_scan_next(&scan, &key, &value)) == SK_OK) {
        struct sk_org org;

        /* The table's byte, the name, a zero byte. */
        if (key.size < 3 ||
            !sk_org_parse((struct sk_bytes){key.data + 1, key.size - 2}, &org))
            return SK_E_IO;
        SK_TRY(put_mark(e->store, &org));
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

enum sk_status sk_restored_load(struct sk_engine *e)
{
    bool marked;

    SK_TRY(has_mark(e, NULL, &marked));
    if (!marked)
        return SK_OK;
    SK_TRY(mark_logs(e));
    SK_TRY(sk_hold_start(e));
    SK_TRY(sk_journal_mark_restored(e));
    for (size_t i = 0; i < e->sessions_count; i++)
        SK_TRY(put_mark(e->store, &e->sessions[i].org));
    return drop_mark(e, NULL);
}

enum sk_status sk_restored_take(struct sk_engine *e, const struct sk_org *org,
                                bool *out)
{
    SK_TRY(has_mark(e, org, out));
    return *out ? drop_mark(e, org) : SK_OK;
}
