#include "node/engine/erasure.h"

#include <string.h>

#include "node/engine/due.h"
#include "node/engine/federation.h"
#include "node/engine/inbox.h"
#include "node/engine/journal.h"
#include "node/engine/leave.h"
#include "node/engine/notice_in.h"
#include "node/engine/outbox.h"
#include "node/engine/restored.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/withdraw.h"
#include "policies/civil.h"

/*
 * What partners ask back, and our answers.               CONSENT 4.5, 4.8, 5.3
 *
 * From the notice on the data are locked: not shown, not used, not taken in
 * again.  A person then confirms the erasure, which destroys keys, or names
 * the law that makes us keep the data.
 */

/* A term beyond this is taken as this; our own policies allow 31 days. */
#define WITHIN_DAYS_MAX 366

/* ------------------------------------------------------------- notices */

static int64_t waiting_bytes(const struct sk_notice_in *notice)
{
    return 512 + 128 * (int64_t)notice->entries_count;
}

/* The record, and the marks of its messages. */
static enum sk_status close_notice(struct sk_engine *e,
                                   const struct sk_notice_in *notice)
{
    SK_TRY(sk_log_add(e, &notice->from, SK_COUNT_NOTICES, -1));
    SK_TRY(
        sk_log_add(e, &notice->from, SK_COUNT_WAITING, -waiting_bytes(notice)));
    return sk_notice_in_drop(e, notice);
}

/* ------------------------------------------------------------- it arrives */

/* Sorted by id; false when one message is named twice. */
static bool sort_entries(struct sk_item_entry *list, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        size_t j = i;

        for (; j > 0; j--) {
            struct sk_item_entry swap = list[j];
            int order = memcmp(&list[j - 1].message, &list[j].message,
                               sizeof(list[j].message));

            if (order == 0)
                return false;
            if (order < 0)
                break;
            list[j] = list[j - 1];
            list[j - 1] = swap;
        }
    }
    return true;
}

/* Is it open here already? */
static enum sk_status is_open(struct sk_engine *e, const struct sk_org *from,
                              const struct sk_id *notice, bool *out)
{
    uint64_t number;
    enum sk_status status = sk_notice_in_number(e, from, notice, &number);

    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    *out = status == SK_OK;
    return SK_OK;
}

/* In order of arrival. */
static enum sk_status next_number(struct sk_engine *e, uint64_t *out)
{
    uint64_t before;

    SK_TRY(sk_series_next(e, SK_SERIES_NOTICES, &before));
    *out = before + 1;
    return SK_OK;
}

static enum sk_status journal(struct sk_engine *e, enum sk_entry_kind kind,
                              const struct sk_notice_in *notice,
                              const char *word)
{
    struct sk_entry entry = sk_entry_start(e, kind, &notice->from);

    sk_entry_id(&entry, &notice->notice);
    sk_entry_number(&entry, notice->entries_count);
    entry.word = sk_text(word);
    return sk_journal_add(e, &entry);
}

/* Erase what a notice names and say so; what a law keeps waits for a person. */
static enum sk_status settle(struct sk_engine *e,
                             const struct sk_notice_in *notice, bool *done);

enum sk_status sk_withdraw_apply(struct sk_engine *e, const struct sk_org *from,
                                 const struct sk_item *item,
                                 const char **refusal)
{
    const struct sk_item_withdrawn *in = &item->withdrawn;
    struct sk_notice_in *notice =
        sk_arena_get(&e->scratch, sk_notice_in_size(in->entries_count));
    struct sk_session *s = sk_session_find(e, from);
    uint64_t within = in->within_days;
    uint64_t since_ms;
    bool leaving;
    bool settled;
    size_t mark;
    bool open;

    assert(s != NULL);

    if (notice == NULL)
        return SK_E_MEMORY;
    *refusal = NULL;
    notice->from = *from;
    notice->notice = in->notice;
    notice->at_ms = in->at_ms;
    notice->erase = in->erase;
    notice->ground = in->ground;
    notice->entries_count = in->entries_count;
    notice->received_ms = e->now_ms;
    memcpy(notice->entries, in->entries,
           in->entries_count * sizeof(in->entries[0]));
    if (in->entries_count == 0 ||
        !sort_entries(notice->entries, notice->entries_count)) {
        *refusal = "malformed-item";
        return SK_OK;
    }
    SK_TRY(is_open(e, from, &in->notice, &open));
    if (open)
        return SK_OK;
    SK_TRY(next_number(e, &notice->number));
    if (within > WITHIN_DAYS_MAX)
        within = WITHIN_DAYS_MAX;
    notice->due = sk_today(e) + (int32_t)within;
    SK_TRY(sk_notice_in_add(e, notice));
    SK_TRY(sk_taken_put(e, from, in));
    SK_TRY(journal(e, SK_ENTRY_RECALL_TAKEN, notice, ""));
    sk_log_add_later(s, SK_COUNT_NOTICES, 1);
    sk_log_add_later(s, SK_COUNT_WAITING, waiting_bytes(notice));
    mark = sk_arena_mark(&e->scratch);
    for (size_t i = 0; i < notice->entries_count; i++) {
        const struct sk_item_entry *entry = &notice->entries[i];

        SK_TRY(sk_inbox_lock(e, from, &entry->message, entry->all,
                             &entry->fields));
        sk_arena_reset(&e->scratch, mark);
    }
    SK_TRY(sk_leaving_since(e, &leaving, &since_ms));
    return leaving ? settle(e, notice, &settled) : SK_OK;
}

/* ------------------------------------------------------------- answers */

static struct sk_key kept_key(const struct sk_org *from,
                              const struct sk_message_id *message)
{
    struct sk_key key = sk_key_start(SK_T_KEPT);

    sk_key_org(&key, from);
    sk_key_id(&key, &message->id);
    return key;
}

enum sk_status sk_erasure_keep_until(struct sk_engine *e,
                                     const struct sk_org *from,
                                     const struct sk_message_id *message,
                                     int32_t *until)
{
    struct sk_key key = kept_key(from, message);
    struct sk_bytes value;
    enum sk_status status;

    *until = INT32_MIN;
    status = sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    return sk_day_parse(value, until) ? SK_OK : SK_E_IO;
}

/* Kept through `day`; a message that was asked back whole goes the day after,
   also when it might have stayed longer without the withdrawal. */
static enum sk_status keep_one(struct sk_engine *e, const struct sk_org *from,
                               const struct sk_message_id *message, bool all,
                               int32_t day)
{
    struct sk_key key = kept_key(from, message);
    char text[11];

    sk_day_format(day, text);
    SK_TRY(sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                        sk_text(text)));
    if (!all)
        return SK_OK;
    return sk_due_put(e, day + 1, SK_DUE_ERASE_BY, &message->id,
                      sk_org_text(from));
}

enum sk_status sk_erasure_keep_whole(struct sk_engine *e,
                                     const struct sk_org *from,
                                     const struct sk_message_id *message,
                                     int32_t day)
{
    SK_TRY(sk_inbox_lock(e, from, message, /* all */ true, NULL));
    return keep_one(e, from, message, /* all */ true, day);
}

enum sk_status sk_erasure_keep(struct sk_engine *e,
                               const struct sk_notice_in *notice, int32_t day)
{
    for (size_t i = 0; i < notice->entries_count; i++) {
        const struct sk_item_entry *entry = &notice->entries[i];

        SK_TRY(keep_one(e, &notice->from, &entry->message, entry->all, day));
    }
    return SK_OK;
}

enum sk_status sk_erasure_kept(struct sk_engine *e, const struct sk_org *from,
                               uint64_t *count)
{
    struct sk_key prefix = sk_key_start(SK_T_KEPT);
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;
    enum sk_status status;

    sk_key_org(&prefix, from);
    scan = sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    *count = 0;
    while ((status = sk_scan_next(&scan, &key, &value)) == SK_OK) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_message_id id;
        int32_t until;

        if (key.size < SK_ID_SIZE || !sk_day_parse(value, &until))
            return SK_E_IO;
        memcpy(id.id.bytes, key.data + key.size - SK_ID_SIZE, SK_ID_SIZE);
        status = sk_inbox_has(e, from, &id);
        if (status != SK_OK && status != SK_E_NOT_FOUND)
            return status;
        if (status == SK_OK && until >= sk_today(e))
            *count += 1;
        sk_arena_reset(&e->scratch, mark);
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

enum sk_status sk_erasure_erase(struct sk_engine *e,
                                const struct sk_notice_in *notice)
{
    size_t mark = sk_arena_mark(&e->scratch);

    for (size_t i = 0; i < notice->entries_count; i++) {
        const struct sk_item_entry *entry = &notice->entries[i];

        SK_TRY(sk_inbox_erase(e, &notice->from, &entry->message, entry->all,
                              &entry->fields));
        sk_arena_reset(&e->scratch, mark);
    }
    return SK_OK;
}

enum sk_status sk_erasure_answer(struct sk_engine *e,
                                 const struct sk_notice_in *notice,
                                 struct sk_item *item)
{
    struct sk_item_answer *out = &item->answer;

    out->notice = notice->notice;
    for (size_t i = 0; i < notice->entries_count; i++)
        out->messages[out->messages_count++] = notice->entries[i].message;
    out->at_ms = e->now_ms;
    SK_TRY(sk_outbox_item(e, &notice->from, item));
    SK_TRY(journal(e, SK_ENTRY_ANSWER_SENT, notice,
                   item->kind == SK_ITEM_KEPT ? "kept" : "erased"));
    return close_notice(e, notice);
}

/* ------------------------------------------------------------- who leaves
 * CONSENT 5.6.  What nobody asked for is answered with the id of no notice. */

static enum sk_status holds_kept(struct sk_engine *e,
                                 const struct sk_notice_in *notice, bool *out)
{
    *out = false;
    for (size_t i = 0; i < notice->entries_count && !*out; i++) {
        int32_t until;

        SK_TRY(sk_erasure_keep_until(e, &notice->from,
                                     &notice->entries[i].message, &until));
        *out = until != INT32_MIN && until >= sk_today(e);
    }
    return SK_OK;
}

static enum sk_status settle(struct sk_engine *e,
                             const struct sk_notice_in *notice, bool *done)
{
    struct sk_item *item;
    bool kept;

    SK_TRY(holds_kept(e, notice, &kept));
    *done = !kept;
    if (kept)
        return SK_OK;
    item = sk_item_new(e, SK_ITEM_ERASED, notice->entries_count);
    if (item == NULL)
        return SK_E_MEMORY;
    item->answer.method = sk_text("key-destroyed");
    SK_TRY(sk_erasure_erase(e, notice));
    return sk_erasure_answer(e, notice, item);
}

enum sk_status sk_erasure_settle(struct sk_engine *e, size_t count_max,
                                 size_t *count)
{
    struct sk_notice_walk *walk;
    struct sk_notice_in *notice;

    *count = 0;
    SK_TRY(sk_notice_walk(e, /* own */ false, NULL, NULL, 0, &walk));
    while (*count < count_max) {
        size_t mark = sk_arena_mark(&e->scratch);
        enum sk_status status = sk_notice_walk_next(walk, &notice);
        bool done;

        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        SK_TRY(settle(e, notice, &done));
        *count += done ? 1 : 0;
        sk_arena_reset(&e->scratch, mark);
    }
    return SK_OK;
}

static enum sk_status tell_unasked(struct sk_engine *e,
                                   const struct sk_org *from,
                                   const struct sk_message_id *messages,
                                   size_t count, struct sk_item *item)
{
    memcpy(item->answer.messages, messages, count * sizeof(*messages));
    item->answer.messages_count = count;
    item->answer.at_ms = e->now_ms;
    return sk_outbox_item(e, from, item);
}

enum sk_status sk_erasure_unasked(struct sk_engine *e,
                                  const struct sk_org *from,
                                  const struct sk_message_id *messages,
                                  size_t count)
{
    struct sk_item *item = sk_item_new(e, SK_ITEM_ERASED, count);

    if (item == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        size_t mark = sk_arena_mark(&e->scratch);

        SK_TRY(sk_inbox_erase(e, from, &messages[i], /* all */ true, NULL));
        sk_arena_reset(&e->scratch, mark);
    }
    item->answer.method = sk_text("key-destroyed");
    return tell_unasked(e, from, messages, count, item);
}

enum sk_status sk_erasure_keep_one(struct sk_engine *e,
                                   const struct sk_org *from,
                                   const struct sk_message_id *message,
                                   struct sk_bytes law, int32_t day)
{
    struct sk_item *item = sk_item_new(e, SK_ITEM_KEPT, 1);
    char *text = sk_arena_get(&e->scratch, 11);

    if (item == NULL || text == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_erasure_keep_whole(e, from, message, day));
    sk_day_format(day, text);
    item->answer.law_reference = law;
    item->answer.keep_until = sk_text(text);
    return tell_unasked(e, from, message, 1, item);
}
