#include "node/engine/question.h"

#include <string.h>

#include "node/engine/event.h"
#include "node/engine/ledger.h"
#include "node/engine/ops.h"
#include "node/engine/ready.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "policies/civil.h"

/* Of one page of disclosure.history: what is looked at, told, and packed. */
#define LOOK_MAX 512
#define TELL_MAX 64
#define PAGE_SIZE_MAX (512u * 1024)

struct paging {
    int32_t since;
    size_t looked;
    size_t told;
    size_t before; /* bytes of the reply when it began */
    bool more;
    struct sk_id last;
};

static bool is_full(const struct sk_engine *e, const struct paging *page)
{
    return page->looked == LOOK_MAX || page->told == TELL_MAX ||
           e->reply.size - page->before > PAGE_SIZE_MAX;
}

static bool is_since(const struct paging *page, uint64_t at_ms)
{
    return sk_civil_day((int64_t)(at_ms / 1000)) >= page->since;
}

static enum sk_status tell_message(struct sk_engine *e, struct paging *page)
{
    struct sk_ledger_entry *entry = sk_arena_get(&e->scratch, sizeof(*entry));
    struct sk_message_id id = {page->last};
    size_t before = e->reply.size;
    enum sk_status status;

    if (entry == NULL)
        return SK_E_MEMORY;
    status = sk_ledger_get(e, &id, entry);
    if (status == SK_OK &&
        !is_since(page,
                  entry->sent_ms != 0 ? entry->sent_ms : entry->queued_ms))
        return SK_OK;
    if (status == SK_OK)
        status = sk_question_pack_message(e, entry);
    if (status == SK_E_NOT_FOUND) { /* erased */
        e->reply.size = before;
        return SK_OK;
    }
    SK_TRY(status);
    page->told++;
    return SK_OK;
}

static enum sk_status tell_event(struct sk_engine *e, struct paging *page)
{
    struct sk_recorded_event event;
    struct sk_event_id id = {page->last};
    size_t before = e->reply.size;
    enum sk_status status = sk_event_get(e, &id, &event);

    if (status == SK_OK &&
        (!is_since(page, event.recorded_ms) || event.view.source.size > 0))
        return SK_OK;
    if (status == SK_OK)
        status = sk_question_pack_event(e, &event);
    if (status == SK_E_NOT_FOUND) { /* erased */
        e->reply.size = before;
        return SK_OK;
    }
    SK_TRY(status);
    page->told++;
    return SK_OK;
}

static enum sk_status tell_page(struct sk_engine *e, struct sk_value args,
                                bool events, struct paging *page)
{
    struct sk_key prefix =
        sk_key_start(events ? SK_T_EVENT_OF : SK_T_LEDGER_OF);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct sk_id after;

    SK_TRY(sk_ready_settle(e));
    if (sk_arg_id(args, "after", &after)) {
        struct sk_key from = prefix;

        sk_key_id(&from, &after);
        scan = sk_scan_after(e->store, SK_SPACE_DATA, sk_key_done(&prefix),
                             sk_key_done(&from));
    }
    for (;;) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_bytes key;
        struct sk_bytes value;
        enum sk_status status = sk_scan_next(&scan, &key, &value);

        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        if (key.size != prefix.size + SK_ID_SIZE)
            return SK_E_BAD_LENGTH;
        page->more = is_full(e, page);
        if (page->more)
            return SK_OK;
        memcpy(page->last.bytes, key.data + prefix.size, SK_ID_SIZE);
        page->looked++;
        SK_TRY(events ? tell_event(e, page) : tell_message(e, page));
        sk_arena_reset(&e->scratch, mark);
    }
}

/* "next": where the next page goes on. */
enum sk_status sk_op_disclosure_history(struct sk_engine *e,
                                        struct sk_value args)
{
    struct paging page = {.since = INT32_MIN};
    bool events = sk_value_bool(sk_value_get(args, "events"));
    size_t map;
    size_t at;

    if (e->bundle == NULL)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    (void)sk_arg_day(args, "since", &page.since);
    map = sk_reply_open(&e->reply);
    page.before = e->reply.size;
    sk_pack_cstr(&e->reply, "list");
    at = sk_reply_open(&e->reply);
    SK_TRY(tell_page(e, args, events, &page));
    sk_reply_close_array(&e->reply, at, page.told);
    if (page.more)
        sk_reply_id(&e->reply, "next", &page.last);
    sk_reply_close_map(&e->reply, map, page.more ? 2 : 1);
    return SK_OK;
}
