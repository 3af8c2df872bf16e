#include "node/engine/timer.h"

#include "node/engine/consent.h"
#include "node/engine/handover.h"
#include "node/engine/inbox.h"
#include "node/engine/ledger.h"
#include "node/engine/relation.h"
#include "node/engine/state.h"
#include "policies/civil.h"

/*
 * The day of a timer has come.  It is raised as of the start of its civil day,
 * also when the node was down then: what happened since was an input, and
 * inputs come after this (engine.c), so the list does not depend on when
 * anybody looked.
 */

/* What becomes of it. */
enum outcome { RAISE, DROP, LATER };
struct verdict {
    enum outcome outcome;
    int32_t day; /* LATER: then */
};

/* A consent that ended in another way, or was renewed, needs no reminder. */
static enum sk_status judge_consent(struct sk_engine *e,
                                    const struct sk_timer *t,
                                    struct verdict *out)
{
    struct sk_participant_id person = {t->scope};
    struct sk_consent_id consent = {t->about};
    bool live = true;

    /* Without a charter nothing says that it is not. */
    if (e->bundle != NULL)
        SK_TRY(sk_consent_is_live(e, &person, &consent, sk_civil_start(t->day),
                                  &live));
    if (!live)
        out->outcome = DROP;
    return SK_OK;
}

/* Recalled, erased, or to be erased by then: its data are not used. */
static enum sk_status judge_message(struct sk_engine *e,
                                    const struct sk_timer *t,
                                    struct verdict *out)
{
    struct sk_inbox_entry *entry = sk_arena_get(&e->scratch, sizeof(*entry));
    struct sk_message_id id = {t->about};
    enum sk_status status;
    int32_t erase_by;
    bool gone;

    if (entry == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_inbox_is_recalled(e, &t->partner, &id, &gone));
    status = gone ? SK_E_NOT_FOUND : sk_inbox_get(e, &id, entry);
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    if (status == SK_E_NOT_FOUND ||
        (sk_day_parse(entry->event->erase_by, &erase_by) && erase_by <= t->day))
        out->outcome = DROP;
    return SK_OK;
}

/* Asked back meanwhile, or erased by its own day: nothing is left to put
   right. */
static enum sk_status judge_correction(struct sk_engine *e,
                                       const struct sk_timer *t,
                                       struct verdict *out)
{
    struct sk_ledger_entry *entry = sk_arena_get(&e->scratch, sizeof(*entry));
    struct sk_message_id id = {t->about};
    enum sk_status status;

    if (entry == NULL)
        return SK_E_MEMORY;
    status = sk_ledger_get(e, &id, entry);
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    if (status == SK_E_NOT_FOUND || entry->recall_all ||
        entry->erase_by <= t->day)
        out->outcome = DROP;
    return SK_OK;
}

/* DOMAIN 3.5: while a consent runs, the partner may still be needed. */
static enum sk_status close_relation(struct sk_engine *e,
                                     const struct sk_timer *t,
                                     struct verdict *out)
{
    struct sk_participant_id person = {t->scope};
    int64_t until = INT64_MIN;
    int32_t next;
    bool ended;

    if (e->bundle != NULL)
        SK_TRY(sk_consent_live_until(e, &person, &t->partner,
                                     sk_civil_start(t->day), &until));
    if (until != INT64_MIN) {
        /* The first civil day without it. */
        next = sk_civil_day(until - 1) + 1;
        *out = (struct verdict){LATER, next > t->day ? next : t->day + 1};
        return SK_OK;
    }
    SK_TRY(sk_relation_end(e, &person, &t->partner, t->day - 1, &ended));
    if (!ended)
        out->outcome = DROP;
    return SK_OK;
}

static enum sk_status act(struct sk_engine *e, const struct sk_timer *t,
                          const struct sk_timer_rule *rule, struct verdict *out)
{
    struct sk_handover_id handover = {t->about};
    bool expired;

    switch (rule->does) {
    case SK_TIMER_EXPIRES:
        SK_TRY(sk_handover_expire(e, &handover, &expired));
        if (!expired)
            out->outcome = DROP;
        return SK_OK;
    case SK_TIMER_CLOSES:
        return close_relation(e, t, out);
    case SK_TIMER_TELLS:
    case SK_TIMER_PROPOSES_ERASURE:
        break;
    }
    return SK_OK;
}

/* Does what it is about still ask for it? */
static enum sk_status judge_about(struct sk_engine *e, const struct sk_timer *t,
                                  struct verdict *out)
{
    *out = (struct verdict){RAISE, t->day};
    if (t->kind == SK_TIMER_ABOUT_CONSENT)
        return judge_consent(e, t, out);
    if (t->kind == SK_TIMER_ABOUT_MESSAGE)
        return judge_message(e, t, out);
    if (t->kind == SK_TIMER_ABOUT_CORRECTION)
        return judge_correction(e, t, out);
    return SK_OK;
}

/* ------------------------------------------------------------- renewals
 * DOMAIN.md 6.7: nobody is asked to renew what has no use any more. */

/* A consent that ended is asked for again so long. */
#define ENDED_DAYS 31

struct use {
    struct sk_engine *e;
    const struct sk_consent_record *record;
    int32_t given;
    bool closed; /* a relation with a partner that it names */
    bool open;
    bool over; /* the guidance ended since it was given */
};

static enum sk_status look_relation(void *context,
                                    const struct sk_relation *relation)
{
    const struct sk_fact_consent *fact = &((struct use *)context)->record->fact;
    struct use *use = context;
    bool named = false;

    for (size_t i = 0; i < fact->recipients_count && !named; i++)
        named =
            sk_bytes_equal(fact->recipients[i], sk_org_text(&relation->org));
    if (named && relation->until < sk_today(use->e))
        use->closed = true;
    else if (named)
        use->open = true;
    return SK_OK;
}

/* What ended guidance starts: the proposal to erase, counted from its end. */
static enum sk_status look_over(void *context, struct sk_timer *t)
{
    struct use *use = context;
    const struct sk_timer_rule *rule =
        sk_timer_rule_find(use->e->timer_rules, t->rule);

    if (rule != NULL && rule->does == SK_TIMER_PROPOSES_ERASURE &&
        t->base >= use->given && t->base < sk_today(use->e))
        use->over = true;
    return SK_OK;
}

static enum sk_status judge_renewal(struct sk_engine *e,
                                    const struct sk_timer *t, bool *moot,
                                    bool *ended)
{
    struct sk_participant_id person = {t->scope};
    struct sk_consent_id consent = {t->about};
    struct sk_consent_record record;
    struct use use = {.e = e, .record = &record};
    int64_t now = sk_instant(e);
    int64_t end;
    bool live;
    enum sk_status status = sk_consent_get(e, &consent, &record);

    *moot = status == SK_E_NOT_FOUND;
    if (*moot)
        return SK_OK;
    SK_TRY(status);
    SK_TRY(sk_consent_ends(e, &record, &end));
    *ended = now >= end;
    /* Of one that ended: did it by itself? */
    SK_TRY(sk_consent_is_live(e, &person, &consent, *ended ? end - 1 : now,
                              &live));
    *moot = !live || sk_civil_day(end - 1) + ENDED_DAYS < sk_today(e);
    if (*moot)
        return SK_OK;
    use.given = sk_civil_day(record.fact.at);
    SK_TRY(sk_relation_each(e, &person, look_relation, &use));
    SK_TRY(sk_timer_each_about(e, &person, look_over, &use));
    *moot = use.over || (use.closed && !use.open);
    return SK_OK;
}

enum sk_status sk_timer_is_moot(struct sk_engine *e, const struct sk_timer *t,
                                bool *out, bool *ended)
{
    struct verdict verdict = {RAISE, t->day};

    *ended = false;
    if (t->state == SK_TIMER_WAITS)
        SK_TRY(judge_about(e, t, &verdict));
    *out = verdict.outcome == DROP;
    /* Without a charter nothing says what a consent is worth. */
    if (*out || t->kind != SK_TIMER_ABOUT_CONSENT || e->bundle == NULL)
        return SK_OK;
    return judge_renewal(e, t, out, ended);
}

/* ------------------------------------------------------------- its day */

static enum sk_status judge(struct sk_engine *e, const struct sk_timer *t,
                            struct verdict *out)
{
    const struct sk_timer_rule *rule =
        sk_timer_rule_find(e->timer_rules, t->rule);

    SK_TRY(judge_about(e, t, out));
    /* A rule that is gone can do nothing, but a person is told. */
    if (out->outcome != RAISE || rule == NULL)
        return SK_OK;
    return act(e, t, rule, out);
}

static enum sk_status raise_one(struct sk_engine *e,
                                const struct sk_timer_walk *at)
{
    struct verdict verdict;
    struct sk_timer t;
    enum sk_status status = sk_timer_get(e, at->number, &t);

    /* The key of whom it was about is gone. */
    if (status == SK_E_NOT_FOUND)
        return sk_timer_forget_number(e, at);
    SK_TRY(status);
    if (t.state != SK_TIMER_WAITS || t.day != at->day)
        return SK_E_BAD_VALUE;
    SK_TRY(judge(e, &t, &verdict));
    switch (verdict.outcome) {
    case DROP:
        return sk_timer_drop(e, &t);
    case LATER:
        return sk_timer_move(e, &t, verdict.day, SK_TIMER_WAITS);
    case RAISE:
        break;
    }
    return sk_timer_move(e, &t, t.day, SK_TIMER_RAISED);
}

/* I5: one broken row must not stop the node, nor the rows behind it: it stays
   where it is, and is tried again with the next day. */
static enum sk_status raise_try(struct sk_engine *e,
                                const struct sk_timer_walk *at)
{
    uint64_t writes = e->store->writes;
    enum sk_status status = raise_one(e, at);

    if (status == SK_OK || status == SK_E_FULL || status == SK_E_IO ||
        status == SK_E_AGAIN)
        return status;
    return e->store->writes == writes ? SK_OK : SK_E_IO;
}

enum sk_status sk_timers_run(struct sk_engine *e, int32_t today, size_t *budget,
                             bool *done)
{
    struct sk_timer_walk walk = sk_timer_walk_waits();

    *done = false;
    for (; *budget > 0; (*budget)--) {
        size_t mark = sk_arena_mark(&e->scratch);
        enum sk_status status = sk_timer_walk_next(e, &walk);

        if (status == SK_E_NOT_FOUND || (status == SK_OK && walk.day > today)) {
            *done = true;
            return SK_OK;
        }
        SK_TRY(status);
        SK_TRY(raise_try(e, &walk));
        sk_arena_reset(&e->scratch, mark);
    }
    return SK_OK;
}

/* ------------------------------------------------------------- whom */

static enum sk_status person_of_handover(struct sk_engine *e,
                                         const struct sk_timer *t,
                                         struct sk_participant_id *out)
{
    struct sk_handover_id id = {t->about};
    struct sk_handover h;
    enum sk_status status = sk_handover_get(e, &id, &h);

    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    return sk_handover_person(e, &h, out);
}

enum sk_status sk_timer_person(struct sk_engine *e, const struct sk_timer *t,
                               struct sk_participant_id *out)
{
    struct sk_inbox_entry *entry;
    struct sk_message_id message = {t->about};
    enum sk_status status;

    *out = (struct sk_participant_id){0};
    if (t->kind == SK_TIMER_ABOUT_HANDOVER)
        return person_of_handover(e, t, out);
    if (t->kind != SK_TIMER_ABOUT_MESSAGE) {
        out->id = t->scope;
        return SK_OK;
    }
    entry = sk_arena_get(&e->scratch, sizeof(*entry));
    if (entry == NULL)
        return SK_E_MEMORY;
    status = sk_inbox_get(e, &message, entry);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    status = sk_handle_find(e, &entry->from, &entry->event->handle, out);
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

/* ------------------------------------------------------------- what is late */

struct late {
    struct sk_engine *e;
    enum sk_handover_state state;
    const struct sk_timer_rule *rule;
    int32_t since;
};

static enum sk_status note_late(void *context, struct sk_timer *t)
{
    struct late *late = context;
    const struct sk_timer_rule *rule =
        sk_timer_rule_find(late->e->timer_rules, t->rule);

    if (t->state == SK_TIMER_RAISED && rule != NULL &&
        rule->kind == SK_TIMER_DEADLINE &&
        (rule->until & (1u << late->state)) == 0 &&
        (late->rule == NULL || t->day > late->since)) {
        late->rule = rule;
        late->since = t->day;
    }
    return SK_OK;
}

enum sk_status sk_timer_late(struct sk_engine *e,
                             const struct sk_handover *handover,
                             const struct sk_timer_rule **out, int32_t *since)
{
    struct late late = {.e = e, .state = handover->state};

    SK_TRY(sk_timer_each(e, &handover->id.id, note_late, &late));
    *out = late.rule;
    *since = late.since;
    return SK_OK;
}
