#include "node/engine/rights.h"

#include <string.h>

#include "node/engine/consent.h"
#include "node/engine/draft.h"
#include "node/engine/erasure.h"
#include "node/engine/facts.h"
#include "node/engine/feed.h"
#include "node/engine/inbox.h"
#include "node/engine/ledger.h"
#include "node/engine/outbox.h"
#include "node/engine/participant.h"
#include "node/engine/relation.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/timer.h"
#include "node/engine/user.h"
#include "node/engine/vault.h"
#include "node/engine/withdraw.h"

/* Own records of one person.  What finds the rows is read first, while their
   key is there; then rows, then the key.  Our handles of the person stay, so
   that a partner that still names one is asked to erase (sk_erasure_held). */

/* ------------------------------------------------------------- rows */

/* Whose case it was, who looked, and timers that wait for partners. */
static bool is_kept(uint8_t table)
{
    return table == SK_T_CASE || table == SK_T_LOOKED ||
           table == SK_T_TIMER_ABOUT;
}

/* All that is known of a person but what is kept. */
static enum sk_status drop_rows(struct sk_engine *e, const struct sk_id *id)
{
    struct sk_key prefix = sk_key_persons(id);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct sk_bytes key;
    struct sk_bytes value;
    enum sk_status status;

    while ((status = sk_scan_next(&scan, &key, &value)) == SK_OK) {
        struct sk_key at = {.size = 0};

        sk_key_bytes(&at, key);
        if (key.size <= prefix.size || !is_kept(key.data[prefix.size]))
            SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&at)));
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

/* Handovers are found by this id no more.  They stay, with their partners, and
   name it: whose case it was sees them (CONTROL.md 7.3). */
static enum sk_status drop_handovers(struct sk_engine *e,
                                     const struct sk_id *id)
{
    struct sk_key prefix = sk_key_start(SK_T_HANDOVER_BY);

    sk_key_id(&prefix, id);
    return sk_drop_all(e, &prefix);
}

/* Its row in a table that is looked through for everybody. */
static enum sk_status drop_row(struct sk_engine *e, enum sk_table table,
                               const struct sk_id *id)
{
    struct sk_key key = sk_key_start(table);

    sk_key_id(&key, id);
    return sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key));
}

/* Rows of another table, named by the second id of these. */
static enum sk_status drop_index(struct sk_engine *e,
                                 enum sk_person_table table,
                                 const struct sk_id *id, enum sk_table index)
{
    struct sk_key prefix = sk_key_person(table, id);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));

    for (;;) {
        struct sk_key at = sk_key_start(index);
        struct sk_bytes key;
        struct sk_bytes value;
        enum sk_status status = sk_scan_next(&scan, &key, &value);

        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        if (key.size != prefix.size + SK_ID_SIZE)
            return SK_E_BAD_LENGTH;
        sk_key_bytes(&at,
                     (struct sk_bytes){key.data + prefix.size, SK_ID_SIZE});
        SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&at)));
    }
}

/* ------------------------------------------------------------- what waits */

/* It may still be on its way: its place in the log is empty from now on.  The
   partner was asked to erase it all the same. */
static enum sk_status unqueue(void *context, struct sk_ledger_entry *entry)
{
    struct sk_engine *e = context;
    struct sk_out_entry out;
    enum sk_status status;

    if (!sk_ledger_waits(entry) || entry->number == 0)
        return SK_OK;
    status = sk_outbox_get(e, &entry->to, entry->number, &out);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    SK_TRY(sk_outbox_remove(e, &entry->to, entry->number));
    return sk_log_add(e, &entry->to, SK_COUNT_EVENTS, -1);
}

/* ------------------------------------------------------------- indexes */

static enum sk_status drop_consent(void *context,
                                   const struct sk_consent_record *record)
{
    struct sk_key key = sk_key_start(SK_T_CONSENT_OF);
    struct sk_engine *e = context;

    sk_key_id(&key, &record->consent.id);
    return sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key));
}

/* ------------------------------------------------------------- received */

/* What a law makes us keep stays through its day, and nobody reads it any more
   (CONSENT 5.2). */
static enum sk_status drop_received(void *context,
                                    const struct sk_inbox_entry *entry)
{
    struct sk_engine *e = context;
    int32_t until = INT32_MIN;

    SK_TRY(sk_erasure_keep_until(e, &entry->from, &entry->message, &until));
    if (until >= sk_today(e))
        return sk_erasure_keep_whole(e, &entry->from, &entry->message, until);
    return sk_inbox_erase(e, &entry->from, &entry->message, /* all */ true,
                          NULL);
}

/* ------------------------------------------------------------- all */

enum sk_status sk_forget_own(struct sk_engine *e,
                             const struct sk_participant_id *participant)
{
    const struct sk_id *id = &participant->id;

    SK_TRY(sk_recall_settle(e, participant));
    SK_TRY(sk_timers_erased(e, participant));
    SK_TRY(sk_ledger_each(e, participant, unqueue, e));
    SK_TRY(sk_feed_put(e, SK_FEED_FORGOTTEN, id, NULL, NULL));
    SK_TRY(sk_participant_unindex(e, participant));
    SK_TRY(sk_consent_each(e, participant, drop_consent, e));
    SK_TRY(drop_index(e, SK_T_EVENT, id, SK_T_EVENT_OF));
    SK_TRY(drop_index(e, SK_T_LEDGER, id, SK_T_LEDGER_OF));
    SK_TRY(sk_received_each(e, participant, drop_received, e));
    SK_TRY(sk_handles_forget(e, participant));
    SK_TRY(sk_case_erased(e, participant));
    SK_TRY(drop_rows(e, id));
    SK_TRY(drop_row(e, SK_T_TRAJECTORY_OF, id));
    SK_TRY(drop_row(e, SK_T_RECALL, id));
    SK_TRY(drop_handovers(e, id));
    sk_facts_forget(e);
    return sk_vault_destroy(e, id);
}
