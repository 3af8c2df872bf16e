#include "node/engine/erasure.h"

#include "node/engine/access.h"
#include "node/engine/notice.h"
#include "node/engine/ops.h"
#include "node/engine/outbox.h"
#include "node/engine/request.h"
#include "node/engine/state.h"

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
        SK_TRY(sk_erasure_erase(e, notice));
    SK_TRY(sk_erasure_answer(e, notice, item));
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
    SK_TRY(sk_erasure_keep(e, notice, day));
    SK_TRY(sk_erasure_answer(e, notice, item));
    reply(e, notice);
    return SK_OK;
}
