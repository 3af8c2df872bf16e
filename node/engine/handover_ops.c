#include "node/engine/handover.h"
#include "node/engine/user.h"

/* More than anybody reads at once; the reply stays bounded. */
#define LIST_MAX 1000

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

static enum sk_status view(struct sk_engine *e, const struct sk_handover *h,
                           struct sk_pack *p)
{
    struct sk_participant_id person;
    struct sk_trajectory t;
    enum sk_status status = sk_trajectory_get(e, &h->trajectory, &t);
    bool known;

    if (status == SK_E_NOT_FOUND)
        t = (struct sk_trajectory){.owner = h->partner, .epoch = h->epoch};
    else
        SK_TRY(status);
    SK_TRY(sk_handover_person(e, h, &person));
    known = !sk_id_is_zero(&person.id);
    sk_pack_map(p, known ? 13 : 12);
    sk_reply_instant(p, "changed", h->changed_ms);
    sk_reply_uint(p, "epoch", t.epoch);
    sk_reply_id(p, "handover", &h->id.id);
    sk_reply_text(p, "kind", h->kind);
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
    return view(e, &h, &e->reply);
}

enum sk_status sk_op_handover_show(struct sk_engine *e, struct sk_value args)
{
    struct sk_handover h;

    SK_TRY(arg_handover(e, args, &h));
    return view(e, &h, &e->reply);
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

/* One line, when who asks may see it. */
static enum sk_status list_one(struct sk_engine *e,
                               const struct sk_handover_id *id, size_t *count)
{
    struct sk_participant_id person;
    struct sk_handover h;
    bool seen;

    SK_TRY(sk_handover_get(e, id, &h));
    SK_TRY(sk_handover_person(e, &h, &person));
    SK_TRY(sk_case_is_seen(e, &person, &seen));
    if (!seen)
        return SK_OK;
    (*count)++;
    return view(e, &h, &e->reply);
}

enum sk_status sk_op_handover_list(struct sk_engine *e, struct sk_value args)
{
    bool open = sk_value_bool(sk_value_get(args, "open"));
    struct sk_key prefix =
        sk_key_start(open ? SK_T_HANDOVER_OPEN : SK_T_HANDOVER);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    size_t count = 0;
    size_t at;

    sk_pack_map(&e->reply, 1);
    sk_pack_cstr(&e->reply, "handovers");
    at = sk_reply_open(&e->reply);
    while (count < LIST_MAX) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_handover_id id;
        struct sk_bytes key;
        struct sk_bytes value;
        enum sk_status status = sk_scan_next(&scan, &key, &value);

        if (status == SK_E_NOT_FOUND)
            break;
        SK_TRY(status);
        assert(key.size == 1 + SK_ID_SIZE);
        for (size_t i = 0; i < SK_ID_SIZE; i++)
            id.id.bytes[i] = key.data[1 + i];
        SK_TRY(list_one(e, &id, &count));
        sk_arena_reset(&e->scratch, mark);
    }
    sk_reply_close_array(&e->reply, at, count);
    return SK_OK;
}
