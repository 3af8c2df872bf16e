#include "node/engine/leave.h"

#include <string.h>

#include "node/engine/erasure.h"
#include "node/engine/federation.h"
#include "node/engine/handover.h"
#include "node/engine/inbox.h"
#include "node/engine/notice.h"
#include "node/engine/ops.h"
#include "node/engine/outbox.h"
#include "node/engine/request.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/timer.h"

#define NAME "leaving"
/* One request: so many messages, and requests of partners. */
#define PAGE_MESSAGES 2048
#define PAGE_NOTICES 64
#define LIST_MAX 200

/* ------------------------------------------------------------- leaving */

enum sk_status sk_leaving_since(struct sk_engine *e, bool *on,
                                uint64_t *since_ms)
{
    enum sk_status status = sk_meta_get_u64(e, NAME, since_ms);

    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    *on = status == SK_OK;
    return SK_OK;
}

enum sk_status sk_leaving_refuse(struct sk_engine *e)
{
    uint64_t since_ms;
    bool on;

    SK_TRY(sk_leaving_since(e, &on, &since_ms));
    if (on)
        return sk_refuse(e, "leaving", NULL, (struct sk_bytes){0});
    return SK_OK;
}

static enum sk_status must_be_leaving(struct sk_engine *e)
{
    uint64_t since_ms;
    bool on;

    SK_TRY(sk_leaving_since(e, &on, &since_ms));
    if (!on)
        return sk_refuse(e, "not-leaving", NULL, (struct sk_bytes){0});
    return SK_OK;
}

/* Messages of one partner that were erased for it. */
struct erased_name {
    char text[sizeof(NAME) + SK_ORG_SIZE_MAX + 1];
};

static struct erased_name erased_name(const struct sk_org *org)
{
    struct erased_name name = {NAME " "};
    struct sk_bytes text = sk_org_text(org);

    memcpy(name.text + sizeof(NAME), text.data, text.size);
    return name;
}

static enum sk_status erased_get(struct sk_engine *e, const struct sk_org *org,
                                 uint64_t *count)
{
    struct erased_name name = erased_name(org);
    enum sk_status status = sk_meta_get_u64(e, name.text, count);

    if (status != SK_E_NOT_FOUND)
        return status;
    *count = 0;
    return SK_OK;
}

static enum sk_status erased_add(struct sk_engine *e, const struct sk_org *org,
                                 uint64_t count)
{
    struct erased_name name = erased_name(org);
    uint64_t before;

    SK_TRY(erased_get(e, org, &before));
    return sk_meta_put_u64(e, name.text, before + count);
}

/* ------------------------------------------------------------- handovers */

/* With the step that a person would give, so that the partner reads a state
   that it knows: ours is cancelled, theirs declined, or given back. */
static enum sk_status end_one(void *context, struct sk_handover *h)
{
    struct sk_engine *e = context;
    enum sk_handover_input input = SK_STEP_DECLINE;

    if (h->sender)
        input = SK_STEP_CANCEL;
    else if (h->state == SK_HANDOVER_ACCEPTED)
        input = SK_STEP_RETURN;
    return sk_handover_own(e, h, input);
}

static enum sk_status pack_open(void *context, struct sk_handover *h)
{
    struct sk_engine *e = context;
    struct sk_pack *p = &e->reply;

    sk_pack_map(p, 6);
    sk_reply_id(p, "handover", &h->id.id);
    sk_reply_text(p, "kind", h->kind);
    sk_reply_text(p, "partner", sk_org_text(&h->partner));
    sk_reply_instant(p, "requested", h->requested_ms);
    sk_reply_cstr(p, "role", h->sender ? "sender" : "receiver");
    sk_reply_cstr(p, "state", sk_handover_state_text(h->state));
    return SK_OK;
}

/* ------------------------------------------------------------- counts */

static enum sk_status count_keys(struct sk_scan *scan, uint64_t *count)
{
    struct sk_bytes key;
    struct sk_bytes value;
    enum sk_status status;

    *count = 0;
    while ((status = sk_scan_next(scan, &key, &value)) == SK_OK)
        *count += 1;
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

static enum sk_status count_table(struct sk_engine *e, enum sk_table table,
                                  uint64_t *count)
{
    struct sk_key prefix = sk_key_start(table);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));

    return count_keys(&scan, count);
}

struct unlinked {
    struct sk_engine *e;
    uint64_t *count;
};

/* Given to this node by a handover of which nobody said whom it is about. */
static enum sk_status count_unlinked(void *context, struct sk_handover *h)
{
    struct unlinked *unlinked = context;
    struct sk_engine *e = unlinked->e;
    struct sk_participant_id person;
    struct sk_trajectory t;
    enum sk_status status;

    if (h->sender)
        return SK_OK;
    SK_TRY(sk_handover_person(e, h, &person));
    if (!sk_id_is_zero(&person.id))
        return SK_OK;
    status = sk_trajectory_get(e, &h->trajectory, &t);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    if (sk_trajectory_is_ours(e, &t) && t.epoch == h->epoch + 1)
        *unlinked->count += 1;
    return SK_OK;
}

/* Trajectories that this node owns, of participants here and of whom nobody
   said who it is: who was erased is nobody's to hand over. */
static enum sk_status count_owned(struct sk_engine *e, uint64_t *count)
{
    struct sk_key prefix = sk_key_start(SK_T_TRAJECTORY_OF);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct unlinked unlinked = {e, count};
    struct sk_bytes key;
    struct sk_bytes value;
    enum sk_status status;

    *count = 0;
    while ((status = sk_scan_next(&scan, &key, &value)) == SK_OK) {
        struct sk_trajectory_id id;
        struct sk_trajectory t;

        if (value.size != SK_ID_SIZE)
            return SK_E_BAD_FORM;
        memcpy(id.id.bytes, value.data, SK_ID_SIZE);
        SK_TRY(sk_trajectory_get(e, &id, &t));
        *count += sk_trajectory_is_ours(e, &t) ? 1 : 0;
    }
    if (status != SK_E_NOT_FOUND)
        return status;
    return sk_handover_each(e, /* open */ false, count_unlinked, &unlinked);
}

/* What is between us and one partner. */
struct between {
    uint64_t erased;      /* of its messages, since we leave */
    uint64_t holds;       /* of them that are here, kept ones too */
    uint64_t kept;        /* of those, for a law */
    uint64_t unanswered;  /* that it asks to erase */
    uint64_t asked;       /* of ours that it did not answer */
    uint64_t events;      /* of ours that may still go */
    uint64_t unconfirmed; /* of ours, of any kind */
};

static enum sk_status
look_between(struct sk_engine *e, const struct sk_org *org, struct between *out)
{
    struct sk_scan scan = sk_inbox_behind(e, org, 0, 0);
    struct sk_log log;

    SK_TRY(erased_get(e, org, &out->erased));
    SK_TRY(count_keys(&scan, &out->holds));
    SK_TRY(sk_erasure_kept(e, org, &out->kept));
    SK_TRY(sk_log_get(e, org, &log));
    out->unanswered = log.counts[SK_COUNT_NOTICES];
    SK_TRY(sk_notice_waiting(e, org, &out->asked));
    return sk_outbox_pending(e, org, &out->events, &out->unconfirmed);
}

static bool is_settled(const struct between *b)
{
    return b->holds <= b->kept && b->unanswered == 0 && b->asked == 0 &&
           b->unconfirmed == 0;
}

static void pack_between(struct sk_engine *e, const struct sk_session *s,
                         const struct between *b)
{
    struct sk_pack *p = &e->reply;

    sk_pack_map(p, 9);
    sk_reply_uint(p, "asked", b->asked);
    sk_reply_uint(p, "erased", b->erased);
    sk_reply_uint(p, "events", b->events);
    sk_reply_uint(p, "holds", b->holds);
    sk_reply_uint(p, "kept", b->kept);
    sk_reply_text(p, "org", sk_org_text(&s->org));
    sk_reply_bool(p, "settled", is_settled(b));
    sk_reply_uint(p, "unanswered", b->unanswered);
    sk_reply_uint(p, "unconfirmed", b->unconfirmed);
}

/* ------------------------------------------------------------- report */

static enum sk_status pack_handovers(struct sk_engine *e, uint64_t *count)
{
    size_t at;

    SK_TRY(count_table(e, SK_T_HANDOVER_OPEN, count));
    sk_pack_cstr(&e->reply, "handovers");
    at = sk_reply_open(&e->reply);
    if (*count > LIST_MAX) {
        sk_reply_close_array(&e->reply, at, 0);
        return SK_OK;
    }
    SK_TRY(sk_handover_each(e, /* open */ true, pack_open, e));
    sk_reply_close_array(&e->reply, at, *count);
    return SK_OK;
}

static enum sk_status pack_partners(struct sk_engine *e, bool *settled)
{
    size_t at;

    sk_pack_cstr(&e->reply, "partners");
    at = sk_reply_open(&e->reply);
    for (size_t i = 0; i < e->sessions_count; i++) {
        struct between between;

        SK_TRY(look_between(e, &e->sessions[i].org, &between));
        pack_between(e, &e->sessions[i], &between);
        *settled = *settled && is_settled(&between);
    }
    sk_reply_close_array(&e->reply, at, e->sessions_count);
    return SK_OK;
}

static enum sk_status pack_follow_ups(struct sk_engine *e)
{
    uint64_t raised;
    uint64_t coming;

    SK_TRY(sk_timers_count(e, SK_TIMER_RAISED, &raised));
    SK_TRY(sk_timers_count(e, SK_TIMER_WAITS, &coming));
    sk_pack_cstr(&e->reply, "follow_ups");
    sk_pack_map(&e->reply, 2);
    sk_reply_uint(&e->reply, "coming", coming);
    sk_reply_uint(&e->reply, "raised", raised);
    return SK_OK;
}

enum sk_status sk_op_leave_report(struct sk_engine *e, struct sk_value args)
{
    const struct sk_roster_org *us = sk_federation_org(e, sk_org_text(&e->org));
    struct sk_pack *p = &e->reply;
    uint64_t since_ms;
    uint64_t handovers;
    uint64_t owned;
    bool settled;
    bool on;

    (void)args; /* it has none */
    if (us == NULL)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    SK_TRY(sk_leaving_since(e, &on, &since_ms));
    SK_TRY(count_owned(e, &owned));
    sk_pack_map(p, on ? 9 : 8);
    SK_TRY(pack_follow_ups(e));
    SK_TRY(pack_handovers(e, &handovers));
    settled = handovers == 0;
    sk_reply_uint(p, "handovers_count", handovers);
    sk_reply_text(p, "org", sk_org_text(&e->org));
    SK_TRY(pack_partners(e, &settled));
    sk_reply_bool(p, "settled", settled);
    if (on)
        sk_reply_instant(p, "since", since_ms);
    sk_reply_cstr(p, "status", sk_org_status_text(us));
    sk_reply_uint(p, "trajectories", owned);
    return SK_OK;
}

/* ------------------------------------------------------------- start, stop */

enum sk_status sk_op_leave_start(struct sk_engine *e, struct sk_value args)
{
    uint64_t since_ms = e->now_ms;
    uint64_t handovers;
    bool on;

    (void)args; /* it has none */
    if (e->bundle == NULL)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    SK_TRY(sk_leaving_since(e, &on, &since_ms));
    SK_TRY(count_table(e, SK_T_HANDOVER_OPEN, &handovers));
    if (!on)
        SK_TRY(sk_meta_put_u64(e, NAME, since_ms));
    SK_TRY(sk_handover_each(e, /* open */ true, end_one, e));
    sk_pack_map(&e->reply, 2);
    sk_reply_uint(&e->reply, "handovers", handovers);
    sk_reply_instant(&e->reply, "since", since_ms);
    return SK_OK;
}

enum sk_status sk_op_leave_stop(struct sk_engine *e, struct sk_value args)
{
    struct sk_key key = sk_key_start(SK_T_META);

    (void)args; /* it has none */
    SK_TRY(must_be_leaving(e));
    sk_key_bytes(&key, sk_text(NAME));
    SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key)));
    sk_pack_map(&e->reply, 1);
    sk_reply_bool(&e->reply, "ok", true);
    return SK_OK;
}

/* ------------------------------------------------------------- erasure */

/* One message of a page. */
struct leaf {
    struct sk_org from;
    struct sk_message_id message;
    bool told;
};

struct page {
    struct leaf *list; /* PAGE_MESSAGES */
    size_t count;
    uint64_t number; /* of the last one that was looked at */
    bool more;
};

static enum sk_status is_kept(struct sk_engine *e, const struct leaf *leaf,
                              bool *out)
{
    int32_t until;

    SK_TRY(sk_erasure_keep_until(e, &leaf->from, &leaf->message, &until));
    *out = until != INT32_MIN && until >= sk_today(e);
    return SK_OK;
}

/* The next ones behind a number of arrival. */
static enum sk_status read_page(struct sk_engine *e, uint64_t after,
                                struct page *out)
{
    struct sk_scan scan = sk_inbox_arrived(e, after);
    size_t seen;

    out->number = after;
    out->list =
        sk_arena_get_array(&e->scratch, PAGE_MESSAGES, sizeof(*out->list));
    if (out->list == NULL)
        return SK_E_MEMORY;
    for (seen = 0; seen < PAGE_MESSAGES; seen++) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct leaf *leaf = &out->list[out->count];
        bool kept = true;
        enum sk_status status =
            sk_inbox_next(e, &scan, &out->number, &leaf->from, &leaf->message);

        if (status == SK_E_NOT_FOUND)
            break;
        SK_TRY(status);
        SK_TRY(is_kept(e, leaf, &kept));
        if (!kept)
            out->count++;
        sk_arena_reset(&e->scratch, mark);
    }
    out->more = seen == PAGE_MESSAGES;
    return SK_OK;
}

/* All of one partner, as many as fit in an answer. */
static enum sk_status erase_of(struct sk_engine *e, struct page *page,
                               const struct sk_org *from)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_message_id *list =
        sk_arena_get_array(&e->scratch, SK_ITEM_ENTRIES_MAX, sizeof(*list));
    size_t count = 0;

    if (list == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < page->count && count < SK_ITEM_ENTRIES_MAX; i++) {
        struct leaf *leaf = &page->list[i];

        if (leaf->told || !sk_org_equal(&leaf->from, from))
            continue;
        leaf->told = true;
        list[count++] = leaf->message;
    }
    SK_TRY(sk_erasure_unasked(e, from, list, count));
    sk_arena_reset(&e->scratch, mark);
    return erased_add(e, from, count);
}

enum sk_status sk_op_leave_erase(struct sk_engine *e, struct sk_value args)
{
    uint64_t after = sk_value_uint(sk_value_get(args, "after"));
    struct page page = {0};
    size_t notices;

    SK_TRY(must_be_leaving(e));
    SK_TRY(sk_erasure_settle(e, PAGE_NOTICES, &notices));
    SK_TRY(read_page(e, after, &page));
    for (size_t i = 0; i < page.count; i++) {
        struct sk_org from = page.list[i].from;

        if (!page.list[i].told)
            SK_TRY(erase_of(e, &page, &from));
    }
    page.more = page.more || notices == PAGE_NOTICES;
    sk_pack_map(&e->reply, page.more ? 3 : 2);
    sk_reply_uint(&e->reply, "erased", page.count);
    if (page.more)
        sk_reply_uint(&e->reply, "next", page.number);
    sk_reply_uint(&e->reply, "notices", notices);
    return SK_OK;
}

enum sk_status sk_op_leave_keep(struct sk_engine *e, struct sk_value args)
{
    struct sk_inbox_entry *entry;
    int32_t day;

    if (!sk_arg_day(args, "keep_until", &day) || day < sk_today(e))
        return sk_refuse(e, "bad-argument", "keep_until", (struct sk_bytes){0});
    SK_TRY(sk_arg_message(e, args, &entry));
    SK_TRY(sk_erasure_keep_one(e, &entry->from, &entry->message,
                               sk_arg_text(args, "law_reference"), day));
    sk_pack_map(&e->reply, 3);
    sk_reply_text(&e->reply, "from", sk_org_text(&entry->from));
    sk_reply_day(&e->reply, "keep_until", day);
    sk_reply_id(&e->reply, "message", &entry->message.id);
    return SK_OK;
}
