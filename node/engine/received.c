#include "node/engine/rights.h"

#include <string.h>

#include "node/engine/inbox.h"
#include "node/engine/ops.h"
#include "node/engine/relation.h"
#include "node/engine/request.h"
#include "node/engine/state.h"

/* What partners sent about one person: by the handles of theirs that somebody
   said are this person. */

#define PAGE_MAX 50

enum sk_status sk_received_about(
    struct sk_engine *e, const struct sk_org *from,
    const struct sk_handle *handle,
    enum sk_status (*fn)(void *context, const struct sk_inbox_entry *entry),
    void *context)
{
    struct sk_scan scan = sk_inbox_about(e, from, handle);

    for (;;) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_inbox_entry *entry =
            sk_arena_get(&e->scratch, sizeof(*entry));
        struct sk_message_id id;
        struct sk_bytes key;
        struct sk_bytes value;
        enum sk_status status;

        if (entry == NULL)
            return SK_E_MEMORY;
        status = sk_scan_next(&scan, &key, &value);
        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        if (value.size != SK_ID_SIZE)
            return SK_E_IO;
        memcpy(id.id.bytes, value.data, SK_ID_SIZE);
        status = sk_inbox_get(e, &id, entry);
        if (status != SK_OK && status != SK_E_NOT_FOUND)
            return status;
        if (status == SK_OK)
            SK_TRY(fn(context, entry));
        sk_arena_reset(&e->scratch, mark);
    }
}

struct about {
    struct sk_engine *e;
    enum sk_status (*fn)(void *context, const struct sk_inbox_entry *entry);
    void *context;
};

static enum sk_status each_of_handle(void *context, const struct sk_org *from,
                                     const struct sk_handle *handle)
{
    struct about *about = context;

    return sk_received_about(about->e, from, handle, about->fn, about->context);
}

enum sk_status sk_received_each(
    struct sk_engine *e, const struct sk_participant_id *participant,
    enum sk_status (*fn)(void *context, const struct sk_inbox_entry *entry),
    void *context)
{
    struct about about = {e, fn, context};

    return sk_handles_of(e, participant, each_of_handle, &about);
}

/* ------------------------------------------------------------- the page */

struct page {
    struct sk_engine *e;
    struct sk_id after;
    bool here; /* `after` was passed */
    struct sk_id last;
    size_t count;
    bool more;
};

static enum sk_status pack_one(void *context,
                               const struct sk_inbox_entry *entry)
{
    struct page *page = context;
    const char *gone = NULL;

    if (!page->here) {
        page->here = sk_id_equal(&entry->message.id, &page->after);
        return SK_OK;
    }
    /* Asked back: it is shown to nobody any more (CONSENT 4.5). */
    SK_TRY(sk_inbox_gone(page->e, &entry->from, &entry->message, &gone));
    if (gone != NULL)
        return SK_OK;
    if (page->count == PAGE_MAX) {
        page->more = true;
        return SK_OK;
    }
    page->count++;
    page->last = entry->message.id;
    return sk_inbox_pack(page->e, &page->e->reply, entry);
}

/* Not opened by it: its sender is told only that a person read it for the work
   (DOMAIN 3.4). */
enum sk_status sk_op_participant_received(struct sk_engine *e,
                                          struct sk_value args)
{
    struct sk_pack *p = &e->reply;
    struct page page = {.e = e};
    struct sk_participant_id id;
    size_t keys = sk_reply_open(p);
    size_t at;

    SK_TRY(sk_arg_participant(e, args, &id));
    page.here = !sk_arg_id(args, "after", &page.after);
    sk_pack_cstr(p, "messages");
    at = sk_reply_open(p);
    SK_TRY(sk_received_each(e, &id, pack_one, &page));
    if (!page.here)
        return sk_refuse(e, "unknown-message", "after",
                         sk_arg_text(args, "after"));
    sk_reply_close_array(p, at, page.count);
    if (page.more)
        sk_reply_id(p, "next", &page.last);
    sk_reply_close_map(p, keys, page.more ? 2 : 1);
    return SK_OK;
}
