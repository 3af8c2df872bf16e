#include "node/engine/timer.h"

#include <string.h>

#include "node/engine/consent.h"
#include "node/engine/due.h"
#include "node/engine/event.h"
#include "node/engine/handover.h"
#include "node/engine/inbox.h"
#include "node/engine/relation.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "policies/civil.h"

/* What starts a timer, and what ends it before it is raised. DOMAIN.md 6. */

static const struct sk_timer_rule *rule_of(const struct sk_engine *e,
                                           const struct sk_timer *t)
{
    return sk_timer_rule_find(e->timer_rules, t->rule);
}

/* One timer per step of the rule, counted from base.  A step of several that
   is over already is of no use any more; a single one is still told, today. */
static enum sk_status plan(struct sk_engine *e,
                           const struct sk_timer_rule *rule, int32_t base,
                           const struct sk_timer *like)
{
    bool many = rule->steps_count > 1 || rule->unit == SK_TIMER_DAYS_BEFORE;
    const int32_t *closed;
    size_t count;

    SK_TRY(sk_calendar_closed(e, &closed, &count));
    for (size_t i = 0; i < rule->steps_count; i++) {
        struct sk_timer t = *like;

        t.rule = rule->name;
        t.base = base;
        t.step = rule->steps[i];
        t.day = sk_timer_day(rule, t.step, base, closed, count);
        if (t.day < sk_today(e) && many)
            continue;
        if (t.day < sk_today(e))
            t.day = sk_today(e);
        SK_TRY(sk_timer_add(e, &t));
    }
    return SK_OK;
}

struct ending {
    struct sk_engine *e;
    const struct sk_timer_rule *rule; /* only of this one, or NULL */
    const struct sk_id *key;          /* only with this key, or NULL */
    uint32_t states;                  /* only rules that one of these ends */
    int32_t after;                    /* only what is later */
    bool found;                       /* looking only: there was one */
    bool look;
};

static enum sk_status end_one(void *context, struct sk_timer *t)
{
    struct ending *end = context;
    const struct sk_timer_rule *rule = rule_of(end->e, t);

    if (end->rule != NULL && rule != end->rule)
        return SK_OK;
    if (end->key != NULL && !sk_id_equal(&t->key, end->key))
        return SK_OK;
    if (end->states != 0 && (rule == NULL || (rule->until & end->states) == 0))
        return SK_OK;
    end->found = true;
    if (end->look || t->state != SK_TIMER_WAITS || t->day <= end->after)
        return SK_OK;
    return sk_timer_drop(end->e, t);
}

/* ------------------------------------------------------------- handovers */

static bool is_here(const struct sk_timer_rule *rule, bool sender)
{
    return rule->place == SK_TIMER_AT_BOTH ||
           rule->place == (sender ? SK_TIMER_AT_SENDER : SK_TIMER_AT_RECEIVER);
}

enum sk_status sk_timers_handover(struct sk_engine *e,
                                  const struct sk_handover *h)
{
    struct sk_timer like = {.scope = h->id.id,
                            .kind = SK_TIMER_ABOUT_HANDOVER,
                            .about = h->id.id,
                            .key = h->id.id,
                            .partner = h->partner};
    struct ending end = {.e = e, .states = 1u << h->state, .after = INT32_MIN};

    SK_TRY(sk_timer_each(e, &h->id.id, end_one, &end));
    for (size_t i = 0; i < e->timer_rules->count; i++) {
        const struct sk_timer_rule *rule = &e->timer_rules->list[i];
        struct ending again = {.e = e, .rule = rule, .after = INT32_MIN};

        if (rule->trigger != SK_TIMER_ON_HANDOVER || rule->state != h->state ||
            !is_here(rule, h->sender))
            continue;
        /* Asked again: the clocks start again (DOMAIN 5.3). */
        SK_TRY(sk_timer_each(e, &h->id.id, end_one, &again));
        SK_TRY(plan(e, rule, sk_today(e), &like));
    }
    return SK_OK;
}

/* ------------------------------------------------------------- events */

/* A number counts from its first digits: "2+" is at least 2. */
static uint32_t leading_number(struct sk_bytes text)
{
    uint32_t number = 0;

    for (size_t i = 0; i < text.size && text.data[i] >= '0' &&
                       text.data[i] <= '9' && number < 1000000;
         i++)
        number = number * 10 + (uint32_t)(text.data[i] - '0');
    return number;
}

static bool holds(const struct sk_timer_when *when,
                  const struct sk_event_view *view)
{
    char name[64];
    struct sk_bytes value;

    if (when->field.size == 0)
        return true;
    if (when->field.size >= sizeof(name))
        return false;
    memcpy(name, when->field.data, when->field.size);
    name[when->field.size] = '\0';
    if (!sk_event_field(view, name, &value))
        return false;
    if (when->words_count == 0)
        return value.size > 0 && value.data[0] >= '0' && value.data[0] <= '9' &&
               leading_number(value) >= when->min;
    for (size_t i = 0; i < when->words_count; i++)
        if (sk_bytes_equal(value, when->words[i]))
            return true;
    return false;
}

/* A field that is no set; empty: absent. */
static struct sk_bytes field_of(const struct sk_event_view *view,
                                struct sk_bytes name)
{
    for (size_t i = 0; i < view->fields_count; i++)
        if (view->fields[i].set == NULL &&
            sk_bytes_equal(view->fields[i].name, name))
            return view->fields[i].text;
    return (struct sk_bytes){0};
}

/* The date in a field (also of a date and time), else otherwise. */
static int32_t day_of(const struct sk_event_view *view, struct sk_bytes name,
                      int32_t otherwise)
{
    struct sk_bytes text = field_of(view, name);
    int32_t day;

    if (text.size > 10)
        text.size = 10;
    return sk_day_parse(text, &day) ? day : otherwise;
}

/* What an ending ends: of what began by then, that which began last. */
struct stop {
    struct sk_engine *e;
    const struct sk_timer_rule *rule;
    struct sk_bytes same; /* value of stop_same, or empty */
    int32_t day;
    bool found;
    struct sk_id key;
    int32_t base;
};

/* Did it start with the same value, as far as it says? */
static enum sk_status is_same(const struct stop *stop, const struct sk_timer *t,
                              bool *out)
{
    struct sk_event_id id = {t->key};
    struct sk_recorded_event event;
    struct sk_bytes value;
    enum sk_status status;

    *out = true;
    if (stop->same.size == 0)
        return SK_OK;
    status = sk_event_get(stop->e, &id, &event);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    value = field_of(&event.view, stop->rule->stop_same);
    *out = value.size == 0 || sk_bytes_equal(value, stop->same);
    return SK_OK;
}

static enum sk_status find_started(void *context, struct sk_timer *t)
{
    struct stop *stop = context;
    bool same;

    if (rule_of(stop->e, t) != stop->rule || t->state != SK_TIMER_WAITS ||
        t->base > stop->day || (stop->found && t->base < stop->base))
        return SK_OK;
    SK_TRY(is_same(stop, t, &same));
    if (!same)
        return SK_OK;
    stop->found = true;
    stop->key = t->key;
    stop->base = t->base;
    return SK_OK;
}

static enum sk_status stop_by(struct sk_engine *e,
                              const struct sk_timer_rule *rule,
                              const struct sk_recorded_event *event)
{
    struct stop stop = {
        .e = e,
        .rule = rule,
        .same = field_of(&event->view, rule->stop_same),
        .day = day_of(&event->view, rule->stop_field, sk_today(e))};
    struct ending end = {.e = e, .rule = rule, .after = stop.day};

    SK_TRY(sk_timer_each(e, &event->participant.id, find_started, &stop));
    if (!stop.found)
        return SK_OK;
    end.key = &stop.key;
    return sk_timer_each(e, &event->participant.id, end_one, &end);
}

static enum sk_status is_owner(struct sk_engine *e,
                               const struct sk_participant_id *id, bool *out)
{
    struct sk_trajectory t;
    enum sk_status status = sk_trajectory_of(e, id, &t);

    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    *out = status == SK_OK && sk_trajectory_is_ours(e, &t);
    return SK_OK;
}

enum sk_status sk_timers_recorded(struct sk_engine *e,
                                  const struct sk_recorded_event *event)
{
    struct sk_timer like = {.sealed = true,
                            .scope = event->participant.id,
                            .kind = SK_TIMER_ABOUT_EVENT,
                            .about = event->id.id,
                            .key = event->id.id};
    bool ours = event->view.source.size == 0;

    for (size_t i = 0; i < e->timer_rules->count; i++) {
        const struct sk_timer_rule *rule = &e->timer_rules->list[i];
        bool here = ours;

        if (rule->trigger != SK_TIMER_ON_EVENT)
            continue;
        if (ours && rule->stop_event.size > 0 &&
            sk_bytes_equal(event->view.type, rule->stop_event))
            SK_TRY(stop_by(e, rule, event));
        if (!sk_bytes_equal(event->view.type, rule->event) ||
            !holds(&rule->when, &event->view))
            continue;
        if (rule->place == SK_TIMER_AT_OWNER)
            SK_TRY(is_owner(e, &event->participant, &here));
        if (here)
            SK_TRY(plan(e, rule, day_of(&event->view, rule->field, sk_today(e)),
                        &like));
    }
    return SK_OK;
}

/* ------------------------------------------------------------- received */

/* The parts of a received event that rules look at. */
static enum sk_status view_of(struct sk_engine *e,
                              const struct sk_item_event *event,
                              struct sk_event_view *out)
{
    struct sk_named_value *fields = sk_arena_get_array(
        &e->scratch, event->fields_count + 1, sizeof(*fields));

    if (fields == NULL)
        return SK_E_MEMORY;
    *out = (struct sk_event_view){.type = event->type, .fields = fields};
    for (size_t i = 0; i < event->fields_count; i++) {
        if (event->fields[i].is_set)
            continue;
        fields[out->fields_count].name = event->fields[i].name;
        fields[out->fields_count++].text = event->fields[i].text;
    }
    return SK_OK;
}

static enum sk_status plan_received(struct sk_engine *e,
                                    const struct sk_timer_rule *rule,
                                    const struct sk_inbox_entry *entry)
{
    /* Under the key of the message: it goes when the message goes. */
    struct sk_timer like = {.sealed = true,
                            .scope = entry->key_owner,
                            .kind = SK_TIMER_ABOUT_MESSAGE,
                            .about = entry->message.id,
                            .key = entry->message.id,
                            .partner = entry->from};
    int32_t day = sk_civil_day((int64_t)(entry->received_ms / 1000));
    struct ending before = {
        .e = e, .rule = rule, .key = &like.key, .look = true};
    struct sk_event_view view;

    SK_TRY(view_of(e, entry->event, &view));
    if (!holds(&rule->when, &view))
        return SK_OK;
    SK_TRY(sk_timer_each(e, &like.scope, end_one, &before));
    if (before.found)
        return SK_OK;
    return plan(e, rule, day_of(&view, rule->field, day), &like);
}

static bool is_for_owner(const struct sk_timer_rule *rule, struct sk_bytes type)
{
    return rule->trigger == SK_TIMER_ON_EVENT &&
           rule->place == SK_TIMER_AT_OWNER &&
           sk_bytes_equal(type, rule->event);
}

enum sk_status sk_timers_received(struct sk_engine *e, struct sk_bytes type,
                                  const struct sk_message_id *id)
{
    const struct sk_timer_rules *rules = e->timer_rules;
    struct sk_inbox_entry *entry;
    struct sk_participant_id person;
    enum sk_status status;
    bool owner = false;

    /* Most messages start nothing, and are not read again for it. */
    for (size_t i = 0; i < rules->count; i++)
        owner = owner || is_for_owner(&rules->list[i], type);
    if (!owner)
        return SK_OK;
    entry = sk_arena_get(&e->scratch, sizeof(*entry));
    if (entry == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_inbox_get(e, id, entry));
    status = sk_handle_find(e, &entry->from, &entry->event->handle, &person);
    if (status == SK_E_NOT_FOUND)
        return SK_OK; /* a person will say who it is */
    SK_TRY(status);
    SK_TRY(is_owner(e, &person, &owner));
    for (size_t i = 0; owner && i < rules->count; i++)
        if (is_for_owner(&rules->list[i], entry->event->type))
            SK_TRY(plan_received(e, &rules->list[i], entry));
    return SK_OK;
}

struct gone {
    struct sk_engine *e;
    bool open;
};

static enum sk_status drop_any(void *context, struct sk_timer *t)
{
    struct gone *gone = context;

    gone->open = gone->open || t->state != SK_TIMER_DONE;
    return sk_timer_drop(gone->e, t);
}

enum sk_status sk_timers_message_gone(struct sk_engine *e,
                                      const struct sk_id *key_owner, bool *open)
{
    struct gone gone = {.e = e};

    SK_TRY(sk_timer_each(e, key_owner, drop_any, &gone));
    *open = gone.open;
    return SK_OK;
}

/* ------------------------------------------------------------- consent */

enum sk_status sk_timers_consent(struct sk_engine *e,
                                 const struct sk_consent_record *record)
{
    struct sk_timer like = {.sealed = true,
                            .scope = record->participant.id,
                            .kind = SK_TIMER_ABOUT_CONSENT,
                            .about = record->consent.id,
                            .key = record->consent.id};
    int64_t end;

    if (!sk_bytes_equal(record->fact.state, sk_text("given")))
        return SK_OK;
    SK_TRY(sk_consent_ends(e, record, &end));
    for (size_t i = 0; i < e->timer_rules->count; i++) {
        const struct sk_timer_rule *rule = &e->timer_rules->list[i];

        /* The last day is the one that holds the last second. */
        if (rule->trigger == SK_TIMER_ON_CONSENT)
            SK_TRY(plan(e, rule, sk_civil_day(end - 1), &like));
    }
    return SK_OK;
}

static enum sk_status plan_all(struct sk_engine *e,
                               enum sk_timer_trigger trigger,
                               const struct sk_timer *like)
{
    for (size_t i = 0; i < e->timer_rules->count; i++)
        if (e->timer_rules->list[i].trigger == trigger)
            SK_TRY(plan(e, &e->timer_rules->list[i], sk_today(e), like));
    return SK_OK;
}

enum sk_status sk_timers_correction(struct sk_engine *e,
                                    const struct sk_participant_id *participant,
                                    const struct sk_message_id *message,
                                    const struct sk_org *partner,
                                    const struct sk_id *correction)
{
    struct sk_timer like = {.sealed = true,
                            .scope = participant->id,
                            .kind = SK_TIMER_ABOUT_CORRECTION,
                            .about = message->id,
                            .key = *correction,
                            .partner = *partner};

    return plan_all(e, SK_TIMER_ON_CORRECTION, &like);
}

enum sk_status sk_timers_objection(struct sk_engine *e,
                                   const struct sk_participant_id *participant,
                                   const struct sk_id *objection)
{
    struct sk_timer like = {.sealed = true,
                            .scope = participant->id,
                            .kind = SK_TIMER_ABOUT_OBJECTION,
                            .about = *objection,
                            .key = *objection};

    return plan_all(e, SK_TIMER_ON_OBJECTION, &like);
}

enum sk_status sk_timers_recall(struct sk_engine *e,
                                const struct sk_participant_id *participant,
                                const struct sk_consent_id *withdrawal,
                                const struct sk_org *partner,
                                const struct sk_id *notice, bool sealed)
{
    struct sk_timer like = {.sealed = sealed,
                            .scope = participant->id,
                            .kind = SK_TIMER_ABOUT_WITHDRAWAL,
                            .about = withdrawal->id,
                            .key = *notice,
                            .partner = *partner};

    return plan_all(e, SK_TIMER_ON_RECALL, &like);
}

enum sk_status sk_timers_answered(struct sk_engine *e,
                                  const struct sk_participant_id *participant,
                                  const struct sk_id *key)
{
    struct ending end = {.e = e, .key = key, .after = INT32_MIN};

    return sk_timer_each(e, &participant->id, end_one, &end);
}

struct replaced {
    struct sk_engine *e;
    const struct sk_event_id *event;
};

static enum sk_status drop_replaced(void *context, struct sk_timer *t)
{
    struct replaced *replaced = context;

    if (t->kind != SK_TIMER_ABOUT_EVENT || t->state != SK_TIMER_WAITS ||
        !sk_id_equal(&t->about, &replaced->event->id))
        return SK_OK;
    return sk_timer_drop(replaced->e, t);
}

enum sk_status sk_timers_replaced(struct sk_engine *e,
                                  const struct sk_participant_id *participant,
                                  const struct sk_event_id *event)
{
    struct replaced replaced = {e, event};

    return sk_timer_each(e, &participant->id, drop_replaced, &replaced);
}

/* ------------------------------------------------------------- messages */

/* SK_T_TIMER_LAST: participant, org -> civil day of the last message.  Most
   messages are not the first of their day, and need no more than this. */
static struct sk_key last_key(const struct sk_id *participant,
                              const struct sk_org *org)
{
    struct sk_key key = sk_key_person(SK_T_TIMER_LAST, participant);

    sk_key_org(&key, org);
    return key;
}

struct towards {
    struct sk_engine *e;
    const struct sk_timer_rule *rule;
    const struct sk_org *org;
};

static enum sk_status end_towards(void *context, struct sk_timer *t)
{
    struct towards *to = context;

    if (rule_of(to->e, t) != to->rule || t->state != SK_TIMER_WAITS ||
        !sk_org_equal(&t->partner, to->org))
        return SK_OK;
    return sk_timer_drop(to->e, t);
}

enum sk_status sk_timers_sent(struct sk_engine *e,
                              const struct sk_participant_id *participant,
                              const struct sk_org *org)
{
    struct sk_key key = last_key(&participant->id, org);
    struct sk_timer like = {.sealed = true,
                            .scope = participant->id,
                            .kind = SK_TIMER_ABOUT_RELATION,
                            .partner = *org};
    struct sk_bytes value;
    char today[11];
    enum sk_status status;

    sk_day_format(sk_today(e), today);
    status = sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value);
    if (status == SK_OK && sk_bytes_equal(value, sk_text(today)))
        return SK_OK;
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    SK_TRY(sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                        sk_text(today)));
    for (size_t i = 0; i < e->timer_rules->count; i++) {
        struct towards to = {e, &e->timer_rules->list[i], org};

        if (to.rule->trigger != SK_TIMER_ON_MESSAGE)
            continue;
        if (status == SK_OK)
            SK_TRY(sk_timer_each(e, &like.scope, end_towards, &to));
        SK_TRY(plan(e, to.rule, sk_today(e), &like));
    }
    return SK_OK;
}

/* ------------------------------------------------------------- all */

enum sk_status sk_timers_recount(struct sk_engine *e)
{
    struct sk_timer_walk walk = sk_timer_walk_waits();
    const int32_t *closed;
    size_t count;

    SK_TRY(sk_calendar_closed(e, &closed, &count));
    for (;;) {
        size_t mark = sk_arena_mark(&e->scratch);
        const struct sk_timer_rule *rule;
        struct sk_timer t;
        int32_t day;
        enum sk_status status = sk_timer_walk_next(e, &walk);

        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        status = sk_timer_get(e, walk.number, &t);
        if (status == SK_OK) {
            rule = rule_of(e, &t);
            day = t.day;
            if (rule != NULL && rule->unit == SK_TIMER_WORKING_DAYS)
                day = sk_timer_day(rule, t.step, t.base, closed, count);
            /* Only later: a day that was told is never taken back. */
            if (day > t.day)
                status = sk_timer_move(e, &t, day, SK_TIMER_WAITS);
        } else if (status == SK_E_NOT_FOUND) {
            status = SK_OK;
        }
        sk_arena_reset(&e->scratch, mark);
        SK_TRY(status);
    }
}

/* What waits for answers of partners stays: it is not sealed. */
static enum sk_status drop_own(void *context, struct sk_timer *t)
{
    return t->sealed || t->kind == SK_TIMER_ABOUT_HANDOVER
               ? sk_timer_drop(context, t)
               : SK_OK;
}

enum sk_status sk_timers_erased(struct sk_engine *e,
                                const struct sk_participant_id *id)
{
    struct sk_key last = sk_key_person(SK_T_TIMER_LAST, &id->id);

    SK_TRY(sk_timer_each_about(e, id, drop_own, e));
    return sk_drop_all(e, &last);
}
