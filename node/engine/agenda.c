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
    int32_t until;
    bool done;
    struct sk_bytes tell; /* empty: everybody */
    struct sk_id participant;
    bool has_participant;
    size_t count;
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
                                const struct sk_participant_id *person)
{
    struct sk_bytes tell = tell_of(rule);
    struct sk_pack *p = &e->reply;
    struct sk_participant who;
    bool about = !sk_id_is_zero(&t->about);
    bool known = !sk_id_is_zero(&person->id);
    bool partner = t->partner.text[0] != '\0';
    size_t count = 8;

    SK_TRY(name_of(e, tell, person, &who));
    count += (about ? 1u : 0u) + (known ? 1u : 0u) + (partner ? 1u : 0u) +
             (who.family_name.size > 0 ? 1u : 0u) +
             (who.given_name.size > 0 ? 1u : 0u);
    sk_pack_map(p, count);
    if (about)
        sk_reply_id(p, "about", &t->about);
    sk_reply_day(p, "day", t->day);
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
        (list->has_participant && !sk_id_equal(&person.id, &list->participant)))
        return SK_OK;
    if (t.state == SK_TIMER_WAITS)
        SK_TRY(sk_timer_is_moot(e, &t, &moot));
    if (moot)
        return SK_OK;
    list->count++;
    return pack_item(e, &t, rule, &person);
}

/* ------------------------------------------------------------- the list */

struct stream {
    struct sk_timer_walk walk;
    bool open;
};

static enum sk_status advance(struct stream *s, int32_t until)
{
    enum sk_status status;

    if (!s->open)
        return SK_OK;
    status = sk_timer_walk_next(&s->walk);
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    s->open = status == SK_OK && s->walk.day <= until;
    return SK_OK;
}

static bool is_before(const struct stream *a, const struct stream *b)
{
    if (a->walk.day != b->walk.day)
        return a->walk.day < b->walk.day;
    return a->walk.number < b->walk.number;
}

/* The streams of the states, merged by day and number. */
static enum sk_status pack_list(struct sk_engine *e, struct list *list,
                                bool *more)
{
    struct stream streams[SK_COUNT(states)];

    for (size_t i = 0; i < SK_COUNT(streams); i++) {
        streams[i].walk =
            sk_timer_walk_start(e, (enum sk_timer_state)i, list->from);
        streams[i].open = i != SK_TIMER_DONE || list->done;
        SK_TRY(advance(&streams[i], list->until));
    }
    for (;;) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct stream *next = NULL;

        for (size_t i = 0; i < SK_COUNT(streams); i++)
            if (streams[i].open &&
                (next == NULL || is_before(&streams[i], next)))
                next = &streams[i];
        *more = next != NULL && list->count == LIST_MAX;
        if (next == NULL || *more)
            return SK_OK;
        SK_TRY(add_item(e, list, next->walk.number));
        sk_arena_reset(&e->scratch, mark);
        SK_TRY(advance(next, list->until));
    }
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
    struct sk_value person = sk_value_get(args, "participant");
    struct sk_participant_id id;

    *out = (struct list){.from = INT32_MIN,
                         .until = sk_today(e) + AHEAD_DAYS,
                         .done = sk_value_bool(sk_value_get(args, "done")),
                         .tell = sk_arg_text(args, "tell")};
    SK_TRY(arg_day(e, args, "from", &out->from));
    SK_TRY(arg_day(e, args, "until", &out->until));
    if (sk_value_kind(person) == SK_VALUE_NONE)
        return SK_OK;
    SK_TRY(sk_arg_participant(e, args, &id));
    out->has_participant = true;
    out->participant = id.id;
    return SK_OK;
}

enum sk_status sk_op_agenda_list(struct sk_engine *e, struct sk_value args)
{
    struct list list;
    size_t at;
    bool more;

    SK_TRY(read_list(e, args, &list));
    sk_pack_map(&e->reply, 4);
    sk_pack_cstr(&e->reply, "items");
    at = sk_reply_open(&e->reply);
    SK_TRY(pack_list(e, &list, &more));
    sk_reply_close_array(&e->reply, at, list.count);
    sk_reply_bool(&e->reply, "more", more);
    sk_pack_cstr(&e->reply, "node");
    at = sk_reply_open(&e->reply);
    list.count = 0;
    if (!list.has_participant)
        SK_TRY(sk_agenda_node(e, list.tell, &list.count));
    sk_reply_close_array(&e->reply, at, list.count);
    sk_reply_day(&e->reply, "until", list.until);
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
