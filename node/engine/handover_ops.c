#include "node/engine/participant.h"

#include <string.h>

#include "node/engine/case_list.h"
#include "node/engine/handover.h"
#include "node/engine/linked.h"
#include "node/engine/ops.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/timer.h"
#include "node/engine/user.h"

/* More than anybody reads at once; the reply stays bounded. */
#define LIST_MAX 1000
#define LIST_DEFAULT 200

/* ------------------------------------------------------------- the view */

static const char *waits_for(const struct sk_handover *h)
{
    bool ours = h->sender;

    if (!sk_handover_is_open(h->state))
        return "nobody";
    /* The receiver acts, except when it asked something back. */
    if (h->state != SK_HANDOVER_NEED_INFO)
        ours = !ours;
    return ours ? "us" : "partner";
}

/* The messages it can refer to. */
static enum sk_status
pack_linked(struct sk_engine *e, const struct sk_handover *h, struct sk_pack *p)
{
    if (h->sender)
        return sk_linked_pack_sent(e, &h->participant, &h->partner, &h->id, p);
    return sk_linked_pack_received(e, &h->partner, &h->handle, &h->id, p);
}

/* How much of it: a reply that is remembered (CONTROL.md 2.4) holds no name. */
enum depth { STEP, ROW, FILE_OF_IT };

/* What is overdue in it, in words, and since when. */
static void pack_late(struct sk_pack *p, const struct sk_timer_rule *rule,
                      int32_t since)
{
    sk_pack_cstr(p, "late");
    sk_pack_map(p, 3);
    sk_reply_text(p, "label_en", rule->en);
    sk_reply_text(p, "label_nl", rule->nl);
    sk_reply_day(p, "since", since);
}

static enum sk_status view(struct sk_engine *e, const struct sk_handover *h,
                           enum depth depth, struct sk_pack *p)
{
    struct sk_participant_id person;
    struct sk_participant who = {0};
    const struct sk_timer_rule *late = NULL;
    struct sk_trajectory t;
    int32_t since;
    enum sk_status status = sk_trajectory_get(e, &h->trajectory, &t);
    bool linked = depth == FILE_OF_IT;
    bool known;

    if (status == SK_E_NOT_FOUND)
        t = (struct sk_trajectory){.owner = h->partner, .epoch = h->epoch};
    else
        SK_TRY(status);
    SK_TRY(sk_handover_person(e, h, &person));
    known = !sk_id_is_zero(&person.id);
    if (known && depth != STEP) {
        status = sk_participant_get(e, &person, &who);
        if (status != SK_OK && status != SK_E_NOT_FOUND)
            return status;
    }
    if (depth != STEP && sk_handover_is_open(h->state))
        SK_TRY(sk_timer_late(e, h, &late, &since));
    sk_pack_map(p, 12u + known + linked + (late != NULL) +
                       (who.family_name.size > 0) + (who.given_name.size > 0));
    sk_reply_instant(p, "changed", h->changed_ms);
    sk_reply_uint(p, "epoch", t.epoch);
    if (who.family_name.size > 0)
        sk_reply_text(p, "family_name", who.family_name);
    if (who.given_name.size > 0)
        sk_reply_text(p, "given_name", who.given_name);
    sk_reply_id(p, "handover", &h->id.id);
    sk_reply_text(p, "kind", h->kind);
    if (late != NULL)
        pack_late(p, late, since);
    if (linked)
        SK_TRY(pack_linked(e, h, p));
    sk_reply_text(p, "owner", sk_org_text(&t.owner));
    if (known)
        sk_reply_id(p, "participant", &person.id);
    sk_reply_text(p, "partner", sk_org_text(&h->partner));
    sk_reply_id(p, "request", &h->message.id);
    sk_reply_instant(p, "requested", h->requested_ms);
    sk_reply_cstr(p, "role", h->sender ? "sender" : "receiver");
    sk_reply_cstr(p, "state", sk_handover_state_text(h->state));
    sk_reply_id(p, "trajectory", &h->trajectory.id);
    sk_reply_cstr(p, "waits_for", waits_for(h));
    return SK_OK;
}

enum sk_status sk_trajectory_pack(struct sk_engine *e,
                                  const struct sk_participant_id *id,
                                  struct sk_pack *p)
{
    struct sk_trajectory t;
    enum sk_status status = sk_trajectory_of(e, id, &t);

    if (status == SK_E_NOT_FOUND) {
        sk_pack_nil(p);
        return SK_OK;
    }
    SK_TRY(status);
    sk_pack_map(p, 4);
    sk_reply_uint(p, "epoch", t.epoch);
    sk_reply_text(p, "owner", sk_org_text(&t.owner));
    sk_reply_instant(p, "since", t.since_ms);
    sk_reply_id(p, "trajectory", &t.id.id);
    return SK_OK;
}

/* ------------------------------------------------------------- operations */

static enum sk_status arg_handover(struct sk_engine *e, struct sk_value args,
                                   struct sk_handover *out)
{
    struct sk_handover_id id;
    enum sk_status status = SK_E_NOT_FOUND;

    if (sk_arg_id(args, "handover", &id.id))
        status = sk_handover_get(e, &id, out);
    if (status == SK_E_NOT_FOUND) {
        (void)sk_refuse(e, "unknown-handover", "handover",
                        (struct sk_bytes){0});
        return SK_E_REFUSED;
    }
    return status;
}

static enum sk_status give(struct sk_engine *e, struct sk_value args,
                           enum sk_handover_input input)
{
    struct sk_handover h;

    SK_TRY(arg_handover(e, args, &h));
    SK_TRY(sk_handover_own(e, &h, input));
    return view(e, &h, STEP, &e->reply);
}

enum sk_status sk_op_handover_show(struct sk_engine *e, struct sk_value args)
{
    struct sk_handover h;

    SK_TRY(arg_handover(e, args, &h));
    return view(e, &h, FILE_OF_IT, &e->reply);
}

enum sk_status sk_op_handover_open(struct sk_engine *e, struct sk_value args)
{
    return give(e, args, SK_STEP_OPEN);
}

enum sk_status sk_op_handover_cancel(struct sk_engine *e, struct sk_value args)
{
    return give(e, args, SK_STEP_CANCEL);
}

enum sk_status sk_op_handover_input(struct sk_engine *e, struct sk_value args)
{
    struct sk_bytes word = sk_arg_text(args, "input");
    enum sk_handover_input input;
    struct sk_handover h;

    SK_TRY(arg_handover(e, args, &h));
    if (!sk_handover_input_parse(word, &input))
        return sk_refuse(e, "bad-argument", "input", word);
    /* A request is a message, and only the clock expires. */
    if (input == SK_STEP_REQUEST || input == SK_STEP_EXPIRE)
        return sk_refuse(e, "wrong-state", "input",
                         sk_text(sk_handover_state_text(h.state)));
    return give(e, args, input);
}

struct listing {
    struct sk_handover_id last; /* shown */
    uint64_t limit;
    size_t count;
    bool more;
};

/* One line, when who asks may see it. */
static enum sk_status list_one(struct sk_engine *e, struct listing *l,
                               const struct sk_handover_id *id)
{
    struct sk_participant_id person;
    struct sk_handover h;
    bool seen;

    SK_TRY(sk_handover_get(e, id, &h));
    SK_TRY(sk_handover_person(e, &h, &person));
    SK_TRY(sk_case_is_seen(e, &person, &seen));
    if (!seen)
        return SK_OK;
    l->more = l->count == l->limit;
    if (l->more)
        return SK_OK;
    l->count++;
    l->last = *id;
    return view(e, &h, ROW, &e->reply);
}

/* The lists look at the own cases only; list_one() looks at each again. */
static enum sk_status list_page(struct sk_engine *e, struct sk_list_walk *walk,
                                struct listing *l)
{
    while (!l->more) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_handover_id id;
        struct sk_bytes place;
        struct sk_bytes value;
        enum sk_status status = sk_list_walk_next(walk, &place, &value);

        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        if (place.size != SK_ID_SIZE)
            return SK_E_BAD_LENGTH;
        memcpy(id.id.bytes, place.data, SK_ID_SIZE);
        SK_TRY(list_one(e, l, &id));
        sk_arena_reset(&e->scratch, mark);
    }
    return SK_OK;
}

enum sk_status sk_op_handover_list(struct sk_engine *e, struct sk_value args)
{
    bool open = sk_value_bool(sk_value_get(args, "open"));
    struct sk_value limit = sk_value_get(args, "limit");
    const struct sk_key groups[] = {sk_handover_group(/* open */ true),
                                    sk_handover_group(/* open */ false)};
    struct listing l = {.limit = LIST_DEFAULT};
    struct sk_key after = {.size = 0};
    struct sk_list_walk *walk;
    struct sk_id id;
    size_t top;
    size_t at;

    if (sk_value_kind(limit) == SK_VALUE_UINT)
        l.limit = sk_value_uint(limit);
    if (l.limit < 1 || l.limit > LIST_MAX)
        return sk_refuse(e, "bad-argument", "limit", (struct sk_bytes){0});
    if (sk_arg_id(args, "after", &id))
        sk_key_id(&after, &id);
    SK_TRY(sk_list_walk(e, SK_LIST_HANDOVERS, groups, open ? 1 : 2,
                        sk_key_done(&after), &walk));
    top = sk_reply_open(&e->reply);
    sk_pack_cstr(&e->reply, "handovers");
    at = sk_reply_open(&e->reply);
    SK_TRY(list_page(e, walk, &l));
    sk_reply_close_array(&e->reply, at, l.count);
    sk_reply_bool(&e->reply, "more", l.more);
    if (l.more)
        sk_reply_id(&e->reply, "next", &l.last.id);
    sk_reply_close_map(&e->reply, top, l.more ? 3 : 2);
    return SK_OK;
}
