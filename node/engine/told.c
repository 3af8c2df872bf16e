#include "node/engine/consent.h"
#include "node/engine/session.h"

#include <string.h>

/*
 * A withdrawal that was said at a partner which holds data about the person:
 * that partner passes it on, the owner records it as its own.  CONSENT 4.1
 */

/* What the owner's recall would tell a user, when no user asked. */
#define UNREAD_SIZE_MAX ((size_t)256 * 1024)

/* ------------------------------------------------------------- pass it on */

/* Sorted, without doubles, as an item has it.  False: too many. */
static bool fill_words(const struct sk_bytes *list, size_t count,
                       struct sk_words *out)
{
    out->count = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;

        while (at < out->count && sk_bytes_compare(out->list[at], list[i]) < 0)
            at++;
        if (at < out->count && sk_bytes_equal(out->list[at], list[i]))
            continue;
        if (out->count == SK_ITEM_WORDS_MAX)
            return false;
        for (size_t j = out->count; j > at; j--)
            out->list[j] = out->list[j - 1];
        out->list[at] = list[i];
        out->count++;
    }
    return true;
}

static bool fill_told(const struct sk_fact_consent *fact,
                      struct sk_item_told *out)
{
    out->purposes_all = fact->purposes == NULL;
    out->recipients_all = fact->recipients == NULL;
    out->categories_all = fact->categories == NULL;
    out->given_by = fact->given_by;
    return fill_words(fact->purposes, fact->purposes_count, &out->purposes) &&
           fill_words(fact->recipients, fact->recipients_count,
                      &out->recipients) &&
           fill_words(fact->categories, fact->categories_count,
                      &out->categories);
}

enum sk_status sk_op_inbox_withdraw(struct sk_engine *e, struct sk_value args)
{
    struct sk_consent_record record = {0};
    struct sk_item *item = sk_arena_get(&e->scratch, sizeof(*item));
    struct sk_inbox_entry *entry;

    if (item == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_arg_message(e, args, &entry));
    if (e->bundle == NULL)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    if (entry->collective)
        return sk_refuse(e, "wrong-state", "message", (struct sk_bytes){0});
    SK_TRY(sk_consent_scope(e, args, &record));
    item->kind = SK_ITEM_TOLD;
    item->told.handle = entry->event.handle;
    item->told.at_ms = e->now_ms;
    if (!fill_told(&record.fact, &item->told))
        return sk_refuse(e, "too-large", NULL, (struct sk_bytes){0});
    SK_TRY(sk_outbox_item(e, &entry->from, item));
    sk_pack_map(&e->reply, 3);
    sk_reply_instant(&e->reply, "at", e->now_ms);
    sk_reply_id(&e->reply, "message", &entry->message.id);
    sk_reply_text(&e->reply, "to", sk_org_text(&entry->from));
    return SK_OK;
}

/* ------------------------------------------------------------- the owner */

static const struct sk_bytes *list_of(bool all, const struct sk_words *words)
{
    return all ? NULL : words->list;
}

/* It counts from now on, whatever the partner's clock says: I7.  A word that
   is not known here yet speaks for nothing; the others do. */
static void fill_record(const struct sk_engine *e,
                        const struct sk_participant_id *participant,
                        const struct sk_org *from,
                        const struct sk_item_told *told,
                        struct sk_consent_record *out)
{
    *out = (struct sk_consent_record){
        .participant = *participant,
        .told_by = sk_org_text(from),
        .fact = {.state = sk_text("withdrawn"),
                 .at = sk_instant(e),
                 .until = INT64_MIN,
                 .purposes = list_of(told->purposes_all, &told->purposes),
                 .purposes_count = told->purposes.count,
                 .recipients = list_of(told->recipients_all, &told->recipients),
                 .recipients_count = told->recipients.count,
                 .categories = list_of(told->categories_all, &told->categories),
                 .categories_count = told->categories.count,
                 .given_by = told->given_by},
    };
}

enum sk_status sk_told_apply(struct sk_engine *e, const struct sk_org *from,
                             const struct sk_item_told *told,
                             const char **refusal)
{
    struct sk_pack reply = e->reply;
    struct sk_participant_id participant;
    struct sk_consent_record record;
    enum sk_status status;

    status = sk_handle_own(e, from, &told->handle, &participant);
    if (status == SK_E_NOT_FOUND) {
        *refusal = "unknown-handle";
        return SK_OK;
    }
    SK_TRY(status);
    fill_record(e, &participant, from, told, &record);
    SK_TRY(sk_consent_append(e, &record));
    e->reply = sk_scratch_pack(e, UNREAD_SIZE_MAX);
    status = sk_withdraw_recall(e, &participant, &record.consent);
    e->reply = reply;
    return status;
}
