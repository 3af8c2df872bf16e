#include "node/engine/erasure.h"

#include <string.h>

#include "node/engine/access.h"
#include "node/engine/due.h"
#include "node/engine/federation.h"
#include "node/engine/inbox.h"
#include "node/engine/journal.h"
#include "node/engine/leave.h"
#include "node/engine/notice.h"
#include "node/engine/notice_in.h"
#include "node/engine/ops.h"
#include "node/engine/outbox.h"
#include "node/engine/request.h"
#include "node/engine/restored.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/withdraw.h"
#include "policies/civil.h"
#include "protocol/unpack.h"

/*
 * What partners ask back, and our answers.               CONSENT 4.5, 4.8, 5.3
 *
 * From the notice on the data are locked: not shown, not used, not taken in
 * again.  A person then confirms the erasure, which destroys keys, or names
 * the law that makes us keep the data.
 */

/* A term beyond this is taken as this; our own policies allow 31 days. */
#define WITHIN_DAYS_MAX 366

/* ------------------------------------------------------------- which one */

static enum sk_status get_named(struct sk_engine *e, struct sk_bytes from,
                                const struct sk_id *wanted,
                                struct sk_notice_in **out)
{
    struct sk_org org;
    uint64_t number;

    if (!sk_org_parse(from, &org))
        return SK_E_NOT_FOUND;
    SK_TRY(sk_notice_in_number(e, &org, wanted, &number));
    return sk_notice_in_get(e, &org, number, out);
}

/* The oldest one that who asks may see. */
static enum sk_status get_oldest(struct sk_engine *e, struct sk_bytes from,
                                 struct sk_notice_in **out)
{
    struct sk_notice_walk *walk;
    struct sk_org org;

    if (from.size > 0 && !sk_org_parse(from, &org))
        return SK_E_NOT_FOUND;
    SK_TRY(sk_notice_walk(e, /* own */ !sk_asker_is_officer(e),
                          from.size > 0 ? &org : NULL, NULL, 0, &walk));
    for (;;) {
        size_t mark = sk_arena_mark(&e->scratch);
        bool seen;

        SK_TRY(sk_notice_walk_next(walk, out));
        SK_TRY(sk_notice_in_is_seen(e, *out, &seen));
        if (seen)
            return SK_OK;
        sk_arena_reset(&e->scratch, mark);
    }
}

/* The open notice of a partner that is named; without a name the oldest that
   who asks may see; refuses unknown-notice, not-your-case. */
static enum sk_status find(struct sk_engine *e, struct sk_value args,
                           struct sk_notice_in **out)
{
    struct sk_bytes from = sk_arg_text(args, "from");
    enum sk_status status;
    struct sk_id wanted;
    bool named = sk_arg_id(args, "notice", &wanted);

    status =
        named ? get_named(e, from, &wanted, out) : get_oldest(e, from, out);
    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "unknown-notice", named ? "notice" : "from",
                         named ? sk_arg_text(args, "notice") : from);
    SK_TRY(status);
    return sk_notice_in_access(e, *out);
}

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

static enum sk_status keep(struct sk_engine *e,
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

static enum sk_status erase(struct sk_engine *e,
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

/* ERASED or KEPT to the one who asked; the caller filled what differs. */
static enum sk_status answer(struct sk_engine *e,
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
    SK_TRY(erase(e, notice));
    return answer(e, notice, item);
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
    SK_TRY(sk_inbox_lock(e, from, message, /* all */ true, NULL));
    SK_TRY(keep_one(e, from, message, /* all */ true, day));
    sk_day_format(day, text);
    item->answer.law_reference = law;
    item->answer.keep_until = sk_text(text);
    return tell_unasked(e, from, message, 1, item);
}

static void reply(struct sk_engine *e, const struct sk_notice_in *notice)
{
    sk_pack_map(&e->reply, 2);
    sk_pack_cstr(&e->reply, "messages");
    sk_pack_array(&e->reply, notice->entries_count);
    for (size_t i = 0; i < notice->entries_count; i++) {
        char text[SK_ID_TEXT_SIZE + 1];

        sk_id_format(&notice->entries[i].message.id, text);
        sk_pack_cstr(&e->reply, text);
    }
    sk_reply_id(&e->reply, "notice", &notice->notice);
}

/* ------------------------------------------------------------- operations */

/* With one more notice behind it a reply still fits. */
#define LIST_FULL (SK_CONTROL_SIZE_MAX - (size_t)1024 * 1024)

/* Operators and team leads see that something is due, not of whom or what. */
static bool sees_dates(const struct sk_engine *e)
{
    return (e->asker.roles & (SK_ROLE_BIT(SK_ROLE_OPERATOR) |
                              SK_ROLE_BIT(SK_ROLE_TEAM_LEAD))) != 0;
}

static void pack_notice(struct sk_pack *p, const struct sk_notice_in *notice,
                        bool seen)
{
    bool ground = seen && notice->ground.size > 0;

    sk_pack_map(p, 6u + (ground ? 1 : 0) + (seen ? 1 : 0));
    sk_reply_instant(p, "at", notice->at_ms);
    sk_reply_uint(p, "count", notice->entries_count);
    sk_reply_cstr(p, "do", notice->erase ? "erase" : "stop");
    sk_reply_day(p, "due", notice->due);
    sk_reply_text(p, "from", sk_org_text(&notice->from));
    if (ground)
        sk_reply_text(p, "ground", notice->ground);
    if (seen)
        sk_notice_pack_messages(p, notice->entries, notice->entries_count);
    sk_reply_id(p, "notice", &notice->notice);
}

struct page {
    bool by_from; /* then of this partner only */
    struct sk_org from;
    bool on; /* behind this one */
    struct sk_org after_from;
    uint64_t after;
    size_t limit;
    struct sk_org last_from; /* that was shown */
    struct sk_id last;
    bool more; /* behind that one */
};

/* Behind the notice that is named, also of one that is no partner any more:
   its id alone does not say whose it is, partners choose theirs. */
static enum sk_status read_after(struct sk_engine *e, struct sk_value args,
                                 struct page *page)
{
    const char *of = sk_arg_text(args, "from").size > 0 ? "from" : "after_from";
    enum sk_status status = SK_E_NOT_FOUND;
    struct sk_id after;

    page->on = sk_arg_id(args, "after", &after);
    if (!page->on) {
        if (sk_arg_text(args, "after_from").size > 0)
            return sk_refuse(e, "missing-argument", "after",
                             (struct sk_bytes){0});
        return SK_OK;
    }
    if (sk_arg_text(args, of).size == 0)
        return sk_refuse(e, "missing-argument", of, (struct sk_bytes){0});
    if (sk_arg_org(args, of, &page->after_from))
        status =
            sk_notice_in_number(e, &page->after_from, &after, &page->after);
    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "unknown-notice", "after",
                         sk_arg_text(args, "after"));
    return status;
}

/* As an array.  Who sees everything walks over everything; a coach over what is
   on the own lists, and each is looked at again. */
static enum sk_status pack_page(struct sk_engine *e, struct page *page)
{
    bool all = sees_dates(e) || sk_asker_is_officer(e);
    struct sk_pack *out = &e->reply;
    struct sk_notice_walk *walk;
    size_t at = sk_reply_open(out);
    size_t count = 0;

    SK_TRY(sk_notice_walk(e, !all, page->by_from ? &page->from : NULL,
                          page->on ? &page->after_from : NULL, page->after,
                          &walk));
    for (;;) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_notice_in *notice;
        enum sk_status status = sk_notice_walk_next(walk, &notice);
        bool seen;

        if (status == SK_E_NOT_FOUND)
            break;
        SK_TRY(status);
        SK_TRY(sk_notice_in_is_seen(e, notice, &seen));
        if (seen || all) {
            page->more = count == page->limit || out->size > LIST_FULL;
            if (page->more)
                break;
            pack_notice(out, notice, seen);
            count++;
            page->last_from = notice->from;
            page->last = notice->notice;
        }
        sk_arena_reset(&e->scratch, mark);
    }
    sk_reply_close_array(out, at, count);
    return SK_OK;
}

enum sk_status sk_op_erasure_list(struct sk_engine *e, struct sk_value args)
{
    struct sk_bytes from = sk_arg_text(args, "from");
    struct page page = {.by_from = from.size > 0};
    size_t top = e->reply.size;
    struct sk_bytes list;

    SK_TRY(sk_arg_limit(e, args, &page.limit));
    if (page.by_from && !sk_org_parse(from, &page.from)) {
        sk_pack_array(&e->reply, 0);
    } else {
        SK_TRY(read_after(e, args, &page));
        SK_TRY(pack_page(e, &page));
    }
    /* Only now is it known what stands before them. */
    list = (struct sk_bytes){e->reply.data + top, e->reply.size - top};
    list = sk_arena_copy(&e->scratch, list);
    if (list.data == NULL)
        return SK_E_MEMORY;
    e->reply.size = top;
    sk_pack_map(&e->reply, page.more ? 3 : 2);
    sk_reply_bool(&e->reply, "more", page.more);
    if (page.more) {
        sk_pack_cstr(&e->reply, "next");
        sk_pack_map(&e->reply, 2);
        sk_reply_id(&e->reply, "after", &page.last);
        sk_reply_text(&e->reply, "after_from", sk_org_text(&page.last_from));
    }
    sk_pack_cstr(&e->reply, "notices");
    sk_pack_raw(&e->reply, list);
    return SK_OK;
}

enum sk_status sk_op_erasure_confirm(struct sk_engine *e, struct sk_value args)
{
    struct sk_notice_in *notice;
    struct sk_item *item;

    SK_TRY(find(e, args, &notice));
    item = sk_item_new(e, SK_ITEM_ERASED, notice->entries_count);
    if (item == NULL)
        return SK_E_MEMORY;
    /* 4.8: `stop` locks the data until erase_by. */
    item->answer.method = sk_text(notice->erase ? "key-destroyed" : "locked");
    if (notice->erase)
        SK_TRY(erase(e, notice));
    SK_TRY(answer(e, notice, item));
    reply(e, notice);
    return SK_OK;
}

enum sk_status sk_op_erasure_refuse(struct sk_engine *e, struct sk_value args)
{
    struct sk_notice_in *notice;
    struct sk_item *item;
    int32_t day;

    if (!sk_arg_day(args, "keep_until", &day) || day < sk_today(e))
        return sk_refuse(e, "bad-argument", "keep_until", (struct sk_bytes){0});
    SK_TRY(find(e, args, &notice));
    item = sk_item_new(e, SK_ITEM_KEPT, notice->entries_count);
    if (item == NULL)
        return SK_E_MEMORY;
    item->answer.law_reference = sk_arg_text(args, "law_reference");
    item->answer.keep_until = sk_arg_text(args, "keep_until");
    SK_TRY(keep(e, notice, day));
    SK_TRY(answer(e, notice, item));
    reply(e, notice);
    return SK_OK;
}
