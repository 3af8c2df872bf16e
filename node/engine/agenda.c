#include "node/engine/ops.h"

#include "node/engine/inbox.h"
#include "node/engine/participant.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/timer.h"
#include "node/engine/user.h"

/* agenda.list, agenda.done: what is due, for whoever must act on it. */

#define LIST_MAX 500
/* Without `until`: so many days ahead. */
#define AHEAD_DAYS 31

static const char *const states[] = {
    [SK_TIMER_WAITS] = "coming",
    [SK_TIMER_RAISED] = "raised",
    [SK_TIMER_DONE] = "done",
};

static const char *const kinds[] = {
    [SK_TIMER_ABOUT_EVENT] = "event",
    [SK_TIMER_ABOUT_MESSAGE] = "message",
    [SK_TIMER_ABOUT_CONSENT] = "consent",
    [SK_TIMER_ABOUT_HANDOVER] = "handover",
    [SK_TIMER_ABOUT_WITHDRAWAL] = "withdrawal",
    [SK_TIMER_ABOUT_RELATION] = "relation",
    [SK_TIMER_ABOUT_CORRECTION] = "correction",
    [SK_TIMER_ABOUT_OBJECTION] = "objection",
};

struct list {
    int32_t from;
    uint64_t after; /* of that day only what is behind this item */
    int32_t until;
    uint64_t limit;
    bool done;
    struct sk_bytes tell; /* empty: everybody */
    struct sk_participant_id participant;
    bool has_participant;
    size_t count;
    int32_t last_day; /* of the last one that is on the page */
    uint64_t last;
    bool more;
};

/* ------------------------------------------------------------- one item */

/* A coach knows people by name; a team lead sees that something is late, not
   whom it is about (DOMAIN 2.3). */
static enum sk_status name_of(struct sk_engine *e, struct sk_bytes tell,
                              const struct sk_participant_id *id,
                              struct sk_participant *out)
{
    enum sk_status status;

    *out = (struct sk_participant){0};
    if (sk_id_is_zero(&id->id) || !sk_bytes_equal(tell, sk_text("coach")))
        return SK_OK;
    status = sk_participant_get(e, id, out);
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

static struct sk_bytes tell_of(const struct sk_timer_rule *rule)
{
    return rule == NULL ? sk_text("coach") : rule->tell;
}

static enum sk_status pack_item(struct sk_engine *e, const struct sk_timer *t,
                                const struct sk_timer_rule *rule,
                                const struct sk_participant_id *person,
                                bool ended)
{
    struct sk_bytes tell = tell_of(rule);
    struct sk_pack *p = &e->reply;
    struct sk_participant who;
    bool about = !sk_id_is_zero(&t->about);
    bool known = !sk_id_is_zero(&person->id);
    bool partner = t->partner.text[0] != '\0';
    size_t count = 8;

    SK_TRY(name_of(e, tell, person, &who));
    count += (ended ? 1u : 0u) + (about ? 1u : 0u) + (known ? 1u : 0u) +
             (partner ? 1u : 0u) + (who.family_name.size > 0 ? 1u : 0u) +
             (who.given_name.size > 0 ? 1u : 0u);
    sk_pack_map(p, count);
    if (about)
        sk_reply_id(p, "about", &t->about);
    sk_reply_day(p, "day", t->day);
    if (ended)
        sk_reply_bool(p, "ended", true);
    if (who.family_name.size > 0)
        sk_reply_text(p, "family_name", who.family_name);
    if (who.given_name.size > 0)
        sk_reply_text(p, "given_name", who.given_name);
    sk_reply_uint(p, "item", t->number);
    sk_reply_cstr(p, "kind", kinds[t->kind]);
    sk_reply_text(p, "label_en", rule == NULL ? t->rule : rule->en);
    sk_reply_text(p, "label_nl", rule == NULL ? t->rule : rule->nl);
    if (known)
        sk_reply_id(p, "participant", &person->id);
    if (partner)
        sk_reply_text(p, "partner", sk_org_text(&t->partner));
    sk_reply_cstr(p, "state", states[t->state]);
    sk_reply_text(p, "tell", tell);
    sk_reply_text(p, "timer", t->rule);
    return SK_OK;
}

/* What a locked or erased message said is in no list (CONSENT 4.5). */
static enum sk_status is_hidden(struct sk_engine *e, const struct sk_timer *t,
                                bool *out)
{
    struct sk_message_id message = {t->about};

    *out = false;
    if (t->kind != SK_TIMER_ABOUT_MESSAGE)
        return SK_OK;
    return sk_inbox_is_recalled(e, &t->partner, &message, out);
}

static enum sk_status add_item(struct sk_engine *e, struct list *list,
                               uint64_t number)
{
    const struct sk_timer_rule *rule;
    struct sk_participant_id person;
    struct sk_timer t;
    bool hidden;
    bool told;
    bool moot = false;
    bool ended = false;
    enum sk_status status = sk_timer_get(e, number, &t);

    if (status == SK_E_NOT_FOUND)
        return SK_OK; /* whom it was about is erased */
    SK_TRY(status);
    rule = sk_timer_rule_find(e->timer_rules, t.rule);
    if (list->tell.size > 0 &&
        !(rule != NULL && sk_bytes_equal(rule->tell, list->tell)))
        return SK_OK;
    SK_TRY(is_hidden(e, &t, &hidden));
    SK_TRY(sk_timer_person(e, &t, &person));
    SK_TRY(sk_case_is_told(e, tell_of(rule), &person, &told));
    if (hidden || !told ||
        (list->has_participant &&
         !sk_id_equal(&person.id, &list->participant.id)))
        return SK_OK;
    if (t.state == SK_TIMER_WAITS ||
        (t.state == SK_TIMER_RAISED && !list->done))
        SK_TRY(sk_timer_is_moot(e, &t, &moot, &ended));
    if (moot)
        return SK_OK;
    list->more = list->count == list->limit;
    if (list->more)
        return SK_OK;
    list->count++;
    list->last_day = t.day;
    list->last = t.number;
    return pack_item(e, &t, rule, &person, ended);
}

/* ------------------------------------------------------------- the list
 * Of who asks, of one team, or about one person: never everybody's. */

struct stream {
    struct sk_timer_walk walk;
    bool open;
};

struct streams {
    struct sk_engine *e;
    const struct list *list;
    const struct sk_user *lead; /* whose team; or NULL */
    struct stream *all;
    size_t count;
    size_t count_max;
};

static enum sk_status advance(struct sk_engine *e, struct stream *s,
                              int32_t until)
{
    enum sk_status status = sk_timer_walk_next(e, &s->walk);

    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    s->open = status == SK_OK && s->walk.day <= until;
    return SK_OK;
}

/* What is empty takes no place. */
static enum sk_status add_walk(struct streams *streams,
                               struct sk_timer_walk walk)
{
    const struct list *list = streams->list;
    struct stream *s = &streams->all[streams->count];

    assert(streams->count < streams->count_max);

    if (walk.state == SK_TIMER_DONE && !list->done)
        return SK_OK;
    walk.day = list->from;
    walk.number = list->after;
    s->walk = walk;
    SK_TRY(advance(streams->e, s, list->until));
    streams->count += s->open ? 1 : 0;
    return SK_OK;
}

static enum sk_status add_told(struct streams *streams, enum sk_timer_tell tell,
                               const struct sk_id *coach)
{
    const struct list *list = streams->list;

    if (list->tell.size > 0 && sk_timer_tell_of(list->tell) != tell)
        return SK_OK;
    for (size_t i = 0; i < SK_COUNT(states); i++)
        SK_TRY(add_walk(
            streams, sk_timer_walk_told(tell, coach, (enum sk_timer_state)i)));
    return SK_OK;
}

static enum sk_status add_stand_in(void *context, const struct sk_id *whom,
                                   int32_t until)
{
    (void)until;
    return add_told(context, SK_TELL_COACH, whom);
}

static enum sk_status add_member(void *context, const struct sk_user *user)
{
    struct streams *streams = context;

    if (!sk_bytes_equal(user->team, streams->lead->team))
        return SK_OK;
    return add_told(streams, SK_TELL_LEAD, &user->id);
}

/* As sk_case_is_told() has it, which looks at each item again. */
static enum sk_status add_asker(struct streams *streams)
{
    const struct sk_asker *asker = &streams->e->asker;
    const struct sk_id nobody = {0};
    struct sk_user lead;

    if (!asker->known || (asker->roles & SK_ROLE_BIT(SK_ROLE_COACH)) != 0)
        SK_TRY(add_told(streams, SK_TELL_COACH, &nobody));
    if (!asker->known || (asker->roles & SK_ROLE_BIT(SK_ROLE_TEAM_LEAD)) != 0)
        SK_TRY(add_told(streams, SK_TELL_LEAD, &nobody));
    if (!asker->known ||
        (asker->roles & SK_ROLE_BIT(SK_ROLE_PRIVACY_OFFICER)) != 0)
        SK_TRY(add_told(streams, SK_TELL_PRIVACY, &nobody));
    if (asker->known && (asker->roles & SK_ROLE_BIT(SK_ROLE_COACH)) != 0) {
        SK_TRY(add_told(streams, SK_TELL_COACH, &asker->id));
        SK_TRY(sk_stand_in_each(streams->e, &asker->id, add_stand_in, streams));
    }
    if (asker->known && (asker->roles & SK_ROLE_BIT(SK_ROLE_TEAM_LEAD)) != 0) {
        SK_TRY(sk_user_get(streams->e, &asker->id, &lead));
        streams->lead = &lead;
        SK_TRY(sk_user_each(streams->e, add_member, streams));
        streams->lead = NULL;
    }
    return SK_OK;
}

static enum sk_status start(struct sk_engine *e, const struct list *list,
                            struct streams *out)
{
    uint64_t users;

    SK_TRY(sk_users_count(e, &users));
    /* Nobody's, of both sorts and for officers; of each user, of both. */
    *out = (struct streams){
        .e = e, .list = list, .count_max = SK_COUNT(states) * (3 + 2 * users)};
    out->all =
        sk_arena_get_array(&e->scratch, out->count_max + 1, sizeof(*out->all));
    if (out->all == NULL)
        return SK_E_MEMORY;
    if (!list->has_participant)
        return add_asker(out);
    for (size_t i = 0; i < SK_COUNT(states); i++)
        SK_TRY(add_walk(out, sk_timer_walk_about(&list->participant,
                                                 (enum sk_timer_state)i)));
    return SK_OK;
}

static bool is_before(const struct stream *a, const struct stream *b)
{
    if (a->walk.day != b->walk.day)
        return a->walk.day < b->walk.day;
    return a->walk.number < b->walk.number;
}

/* The streams merged by day and number. */
static enum sk_status pack_list(struct sk_engine *e, struct list *list)
{
    struct streams streams;

    SK_TRY(start(e, list, &streams));
    while (!list->more) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct stream *next = NULL;

        for (size_t i = 0; i < streams.count; i++)
            if (streams.all[i].open &&
                (next == NULL || is_before(&streams.all[i], next)))
                next = &streams.all[i];
        if (next == NULL)
            return SK_OK;
        SK_TRY(add_item(e, list, next->walk.number));
        sk_arena_reset(&e->scratch, mark);
        SK_TRY(advance(e, next, list->until));
    }
    return SK_OK;
}

/* An optional day: absent leaves *out. */
static enum sk_status arg_day(struct sk_engine *e, struct sk_value args,
                              const char *name, int32_t *out)
{
    if (sk_value_kind(sk_value_get(args, name)) == SK_VALUE_NONE)
        return SK_OK;
    if (!sk_arg_day(args, name, out))
        return sk_refuse(e, "bad-argument", name, (struct sk_bytes){0});
    return SK_OK;
}

static enum sk_status read_list(struct sk_engine *e, struct sk_value args,
                                struct list *out)
{
    struct sk_value limit = sk_value_get(args, "limit");
    struct sk_value person = sk_value_get(args, "participant");

    *out = (struct list){.from = INT32_MIN,
                         .after = sk_value_uint(sk_value_get(args, "after")),
                         .until = sk_today(e) + AHEAD_DAYS,
                         .limit = LIST_MAX,
                         .done = sk_value_bool(sk_value_get(args, "done")),
                         .tell = sk_arg_text(args, "tell")};
    SK_TRY(arg_day(e, args, "from", &out->from));
    SK_TRY(arg_day(e, args, "until", &out->until));
    if (out->after > 0 && out->from == INT32_MIN)
        return sk_refuse(e, "missing-argument", "from", (struct sk_bytes){0});
    if (sk_value_kind(limit) == SK_VALUE_UINT)
        out->limit = sk_value_uint(limit);
    if (out->limit < 1 || out->limit > LIST_MAX)
        return sk_refuse(e, "bad-argument", "limit", (struct sk_bytes){0});
    if (sk_value_kind(person) == SK_VALUE_NONE)
        return SK_OK;
    out->has_participant = true;
    return sk_arg_participant(e, args, &out->participant);
}

static void pack_next(struct sk_pack *p, const struct list *list)
{
    sk_pack_cstr(p, "next");
    sk_pack_map(p, 2);
    sk_reply_uint(p, "after", list->last);
    sk_reply_day(p, "from", list->last_day);
}

enum sk_status sk_op_agenda_list(struct sk_engine *e, struct sk_value args)
{
    struct sk_pack *p = &e->reply;
    size_t top = sk_reply_open(p);
    size_t nodes = 0;
    struct list list;
    size_t at;

    SK_TRY(read_list(e, args, &list));
    sk_pack_cstr(p, "items");
    at = sk_reply_open(p);
    SK_TRY(pack_list(e, &list));
    sk_reply_close_array(p, at, list.count);
    sk_reply_bool(p, "more", list.more);
    if (list.more)
        pack_next(p, &list);
    sk_pack_cstr(p, "node");
    at = sk_reply_open(p);
    /* On the first page only: it is not paged. */
    if (!list.has_participant && list.after == 0)
        SK_TRY(sk_agenda_node(e, list.tell, &nodes));
    sk_reply_close_array(p, at, nodes);
    sk_reply_day(p, "until", list.until);
    sk_reply_close_map(p, top, list.more ? 5 : 4);
    return SK_OK;
}

enum sk_status sk_op_agenda_done(struct sk_engine *e, struct sk_value args)
{
    uint64_t number = sk_value_uint(sk_value_get(args, "item"));
    struct sk_participant_id person;
    struct sk_timer t;
    bool hidden;
    bool told;
    enum sk_status status = sk_timer_get(e, number, &t);

    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "unknown-item", "item", (struct sk_bytes){0});
    SK_TRY(status);
    SK_TRY(is_hidden(e, &t, &hidden));
    SK_TRY(sk_timer_person(e, &t, &person));
    SK_TRY(sk_case_is_told(e,
                           tell_of(sk_timer_rule_find(e->timer_rules, t.rule)),
                           &person, &told));
    if (hidden || !told)
        return sk_refuse(e, "unknown-item", "item", (struct sk_bytes){0});
    if (t.state != SK_TIMER_RAISED)
        return sk_refuse(e, "wrong-state", "item", sk_text(states[t.state]));
    SK_TRY(sk_timer_move(e, &t, t.day, SK_TIMER_DONE));
    sk_pack_map(&e->reply, 2);
    sk_reply_uint(&e->reply, "item", t.number);
    sk_reply_cstr(&e->reply, "state", states[t.state]);
    return SK_OK;
}
