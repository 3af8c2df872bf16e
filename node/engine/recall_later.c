#include "node/engine/withdraw.h"

#include <string.h>

#include "node/engine/ledger.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"

/*
 * A withdrawal from somebody of whom partners got very much: that nothing
 * leaves any more holds from the moment it is recorded, because everything is
 * decided again when it leaves (I2).  What follows, telling partners and
 * keeping the ledger, is done in parts, one per transaction, so that nobody
 * waits for it.                                    docs/CONSENT.md 4.4, I7
 *
 * SK_T_RECALL: participant -> the withdrawal, the last message looked at.
 * One per participant: whatever could change what is lost (another record of
 * consent) and whatever ends the ledger comes after all of it.
 */

struct later {
    struct sk_participant_id participant;
    struct sk_consent_id withdrawal;
    struct sk_message_id after;
};

/* The reply to somebody who does not read it. */
#define UNREAD_SIZE_MAX ((size_t)256 * 1024)

static struct sk_key later_key(const struct sk_participant_id *participant)
{
    struct sk_key key = sk_key_start(SK_T_RECALL);

    sk_key_id(&key, &participant->id);
    return key;
}

static enum sk_status put(struct sk_engine *e, const struct later *later)
{
    struct sk_key key = later_key(&later->participant);
    struct sk_key value = {.size = 0};

    sk_key_id(&value, &later->withdrawal.id);
    sk_key_id(&value, &later->after.id);
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                        sk_key_done(&value));
}

static enum sk_status drop(struct sk_engine *e, const struct later *later)
{
    struct sk_key key = later_key(&later->participant);

    return sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key));
}

static enum sk_status read(struct sk_bytes key, struct sk_bytes value,
                           struct later *out)
{
    if (key.size != 1 + SK_ID_SIZE || value.size != 2 * (size_t)SK_ID_SIZE)
        return SK_E_IO;
    memcpy(out->participant.id.bytes, key.data + 1, SK_ID_SIZE);
    memcpy(out->withdrawal.id.bytes, value.data, SK_ID_SIZE);
    memcpy(out->after.id.bytes, value.data + SK_ID_SIZE, SK_ID_SIZE);
    return SK_OK;
}

/* The next part of it; *more: not the last one. */
static enum sk_status do_part(struct sk_engine *e, struct later *later,
                              bool *more)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_pack reply = e->reply;
    struct sk_ledger_page page = {
        .after = later->after, .most = e->recall_part, .passes = true};
    enum sk_status status;

    e->reply = sk_scratch_pack(e, UNREAD_SIZE_MAX);
    status =
        sk_withdraw_part(e, &later->participant, &later->withdrawal, &page);
    e->reply = reply;
    sk_arena_reset(&e->scratch, mark);
    SK_TRY(status);
    later->after = page.after;
    *more = page.more;
    return page.more ? put(e, later) : drop(e, later);
}

enum sk_status sk_recall_settle(struct sk_engine *e,
                                const struct sk_participant_id *participant)
{
    struct sk_key key = later_key(participant);
    struct later later;
    struct sk_bytes value;
    bool more = true;
    enum sk_status status;

    /* Without a charter there is nobody who could be told. */
    if (e->bundle == NULL)
        return SK_OK;
    status = sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    SK_TRY(read(sk_key_done(&key), value, &later));
    while (more)
        SK_TRY(do_part(e, &later, &more));
    return SK_OK;
}

enum sk_status sk_recall_later(struct sk_engine *e,
                               const struct sk_participant_id *participant,
                               const struct sk_consent_id *withdrawal)
{
    struct later later = {.participant = *participant,
                          .withdrawal = *withdrawal};

    SK_TRY(sk_recall_settle(e, participant));
    if (e->recalls == SK_RECALLS_NONE)
        e->recalls = SK_RECALLS_NEW;
    return put(e, &later);
}

/* The first one that can be done.  I5: one whose person cannot be read keeps
   nobody else waiting; it is tried again when the node starts. */
static enum sk_status run_first(struct sk_engine *e, bool *found)
{
    struct sk_key prefix = sk_key_start(SK_T_RECALL);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    uint64_t writes = e->store->writes;

    for (;;) {
        struct later later;
        struct sk_bytes key;
        struct sk_bytes value;
        bool more;
        enum sk_status status = sk_scan_next(&scan, &key, &value);

        *found = status == SK_OK;
        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        SK_TRY(read(key, value, &later));
        status = do_part(e, &later, &more);
        if (status == SK_OK || status == SK_E_FULL || status == SK_E_IO ||
            status == SK_E_MEMORY || e->store->writes != writes)
            return status;
    }
}

enum sk_status sk_recalls_count(struct sk_engine *e, uint64_t *out)
{
    struct sk_key prefix = sk_key_start(SK_T_RECALL);

    return sk_store_count(e->store, SK_SPACE_DATA, sk_key_done(&prefix), out);
}

enum sk_status sk_recall_run(struct sk_engine *e)
{
    bool found = true;

    if (e->recalls == SK_RECALLS_NONE || e->bundle == NULL)
        return SK_OK;
    /* What was withdrawn in this batch is answered first. */
    if (e->recalls == SK_RECALLS_DUE)
        SK_TRY(run_first(e, &found));
    e->recalls = found ? SK_RECALLS_DUE : SK_RECALLS_NONE;
    if (found)
        sk_wake_at(e, e->real_ms);
    return SK_OK;
}
