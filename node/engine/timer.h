/*
 * Timers: what must be done, or looked at, on a civil day.
 *                                                       docs/DOMAIN.md 6
 * The rules are data: `timers` of policies/library/domain.yaml, built in.  A
 * timer is a row in the store, written in the transaction of what triggers it
 * (I4), raised once when its day comes, dated on that day also when the node
 * was down, and then listed until a person says that it was done.
 *
 *   timer_rules.c  read the rules      timer_plan.c   what starts and ends one
 *   timer.c        rows in the store   timer_list.c   whose agenda it is in
 *   timer_raise.c  its day has come
 *   agenda.c       operations     agenda_node.c  what the node has to see to
 *
 * What a timer says about a person is sealed under that person's key, or the
 * key of the message it comes from: it goes when that goes (I7, I9).
 */
#ifndef SK_NODE_ENGINE_TIMER_H
#define SK_NODE_ENGINE_TIMER_H

#include "node/engine/consent.h"
#include "node/engine/engine.h"
#include "node/engine/event.h"
#include "node/engine/handover.h"

/* ------------------------------------------------------------- rules */

#define SK_TIMER_RULES_MAX 32
#define SK_TIMER_STEPS_MAX 8
#define SK_TIMER_WORDS_MAX 8
#define SK_TIMER_TEXTS_SIZE 16384

enum sk_timer_kind { SK_TIMER_DEADLINE, SK_TIMER_REMINDER };
enum sk_timer_trigger {
    SK_TIMER_ON_HANDOVER,   /* a handover enters `state` */
    SK_TIMER_ON_EVENT,      /* an event of type `event` */
    SK_TIMER_ON_CONSENT,    /* a consent is given */
    SK_TIMER_ON_RECALL,     /* a notice leaves: consent.withdrawn */
    SK_TIMER_ON_MESSAGE,    /* a message about somebody leaves: last_message */
    SK_TIMER_ON_CORRECTION, /* a partner is to be told: correction.sent */
    SK_TIMER_ON_OBJECTION,  /* a person objects: open */
};
enum sk_timer_unit {
    SK_TIMER_WORKING_DAYS,
    SK_TIMER_DAYS,
    SK_TIMER_MONTHS,
    SK_TIMER_DAYS_BEFORE,
    SK_TIMER_MONTHS_BEFORE, /* the last day of a period of months */
};
enum sk_timer_place {
    SK_TIMER_AT_SENDER,
    SK_TIMER_AT_RECEIVER,
    SK_TIMER_AT_BOTH,
    SK_TIMER_AT_OWNER,
    SK_TIMER_AT_RECORDER,
};
enum sk_timer_does {
    SK_TIMER_TELLS,           /* nothing but that */
    SK_TIMER_EXPIRES,         /* the handover */
    SK_TIMER_CLOSES,          /* the relation */
    SK_TIMER_PROPOSES_ERASURE /* a person decides */
};

/* One condition of `when`: a number of at least min, or one of the words. */
struct sk_timer_when {
    struct sk_bytes field; /* empty: no condition */
    uint32_t min;
    struct sk_bytes words[SK_TIMER_WORDS_MAX];
    size_t words_count; /* 0: min counts */
};

struct sk_timer_rule {
    struct sk_bytes name;
    enum sk_timer_kind kind;
    enum sk_timer_trigger trigger;
    enum sk_handover_state state; /* that starts it */
    uint32_t until;               /* set of states that end it */
    struct sk_bytes event;
    struct sk_bytes field; /* date to count from; empty: the trigger day */
    struct sk_timer_when when;
    struct sk_bytes stop_event;
    struct sk_bytes stop_field;
    struct sk_bytes stop_same;
    enum sk_timer_unit unit;
    uint32_t period_months; /* of MONTHS_BEFORE */
    uint32_t steps[SK_TIMER_STEPS_MAX];
    size_t steps_count;
    enum sk_timer_place place;
    enum sk_timer_does does;
    struct sk_bytes tell;
    struct sk_bytes nl;
    struct sk_bytes en;
};

struct sk_timer_rules {
    struct sk_timer_rule list[SK_TIMER_RULES_MAX];
    size_t count;
    uint32_t keep_looks_months; /* the log of who looked at what */
    uint32_t keep_feed_days;
    uint8_t texts[SK_TIMER_TEXTS_SIZE]; /* of the rules */
    size_t texts_size;
};

/*
 * Read `timers` and `keep` of a domain file.  I5: a key, word or state that is
 * not known fails the whole file.
 *
 *     yaml      borrowed
 *     scratch   64 times the file and 1 MiB; given back
 *     out       does not move after: the rules point into its texts
 *
 * Fails with SK_E_BAD_VALUE, SK_E_TOO_LARGE, SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_timer_rules_read(struct sk_bytes yaml,
                                              struct sk_arena *scratch,
                                              struct sk_timer_rules *out);
/* So many months earlier, clamped to the last day of that month. */
int32_t sk_months_before(int32_t day, uint32_t months);
/* The domain file that is built in. */
struct sk_bytes sk_timer_domain(void);
/* NULL: no rule has this name (any more). */
const struct sk_timer_rule *
sk_timer_rule_find(const struct sk_timer_rules *rules, struct sk_bytes name);

/*
 * The day of a step (DOMAIN 6.2): when it is raised, counted from base.  A
 * deadline is raised the day after it was due.
 */
int32_t sk_timer_day(const struct sk_timer_rule *rule, uint32_t step,
                     int32_t base, const int32_t *closed, size_t closed_count);

/* ------------------------------------------------------------- rows */

enum sk_timer_state { SK_TIMER_WAITS, SK_TIMER_RAISED, SK_TIMER_DONE };
enum sk_timer_about {
    SK_TIMER_ABOUT_EVENT,
    SK_TIMER_ABOUT_MESSAGE, /* an event that a partner sent */
    SK_TIMER_ABOUT_CONSENT,
    SK_TIMER_ABOUT_HANDOVER,
    SK_TIMER_ABOUT_WITHDRAWAL, /* a consent record, or an objection */
    SK_TIMER_ABOUT_RELATION,   /* no id: partner */
    SK_TIMER_ABOUT_CORRECTION, /* a message of ours that was wrong */
    SK_TIMER_ABOUT_OBJECTION,
    SK_TIMER_ABOUT_LAST = SK_TIMER_ABOUT_OBJECTION,
};

struct sk_timer {
    uint64_t number;      /* in order of making, from 1; known to people */
    bool sealed;          /* under the key of `scope` */
    struct sk_id scope;   /* participant, key of a message, or handover */
    struct sk_bytes rule; /* a name; view in scratch or the rules */
    enum sk_timer_about kind;
    struct sk_id about;    /* zero: none */
    struct sk_id key;      /* what ends it: event, notice, ... */
    struct sk_org partner; /* empty: none */
    int32_t base;          /* the day it counts from */
    uint32_t step;
    int32_t day; /* of raising */
    enum sk_timer_state state;
    uint64_t changed_ms; /* raised, or done */
};

/* Keep a new one: gives it a number. */
SK_CHECKED enum sk_status sk_timer_add(struct sk_engine *e,
                                       struct sk_timer *timer);
/* SK_E_NOT_FOUND: never was, or its key is gone. */
SK_CHECKED enum sk_status sk_timer_get(struct sk_engine *e, uint64_t number,
                                       struct sk_timer *out);
/* Another day or state. */
SK_CHECKED enum sk_status sk_timer_move(struct sk_engine *e,
                                        struct sk_timer *timer, int32_t day,
                                        enum sk_timer_state state);
SK_CHECKED enum sk_status sk_timer_drop(struct sk_engine *e,
                                        const struct sk_timer *timer);
/* Every timer of a scope, oldest first; fn may move or drop it. */
SK_CHECKED enum sk_status
sk_timer_each(struct sk_engine *e, const struct sk_id *scope,
              enum sk_status (*fn)(void *context, struct sk_timer *timer),
              void *context);

/* ------------------------------------------------------------- timer_list.c
 * Who is told, as far as it says whose agenda a timer is in.  Another `tell` of
 * a rule in domain.yaml is another layout of the store: STORE_FORMAT. */
enum sk_timer_tell { SK_TELL_COACH, SK_TELL_LEAD, SK_TELL_PRIVACY };
enum sk_timer_list {
    SK_TIMER_LIST_WAITS = 'w',
    SK_TIMER_LIST_TOLD = 'l',
    SK_TIMER_LIST_ABOUT = 'p',
};
/* "coach", "team" and what is no word are told to a coach. */
enum sk_timer_tell sk_timer_tell_of(struct sk_bytes word);

/* On the lists where it belongs; on others; off all.  timer.c */
SK_CHECKED enum sk_status sk_timer_list_new(struct sk_engine *e,
                                            const struct sk_timer *timer);
SK_CHECKED enum sk_status sk_timer_list_move(struct sk_engine *e,
                                             const struct sk_timer *timer,
                                             int32_t day,
                                             enum sk_timer_state state);
SK_CHECKED enum sk_status sk_timer_list_drop(struct sk_engine *e,
                                             const struct sk_timer *timer);
/* It is known now who timers of a scope are about. */
SK_CHECKED enum sk_status sk_timers_relist(struct sk_engine *e,
                                           const struct sk_id *scope);
/* The case is another one's, or what was about this person no longer is. */
SK_CHECKED enum sk_status
sk_timers_relist_about(struct sk_engine *e,
                       const struct sk_participant_id *person);

/* A place in one list, by day and number: behind the last one read, or where
   it is to start.  A plain value: writing during a walk is allowed. */
struct sk_timer_walk {
    enum sk_timer_list list;
    enum sk_timer_tell tell;
    struct sk_id id; /* the coach, zero: nobody; or the person */
    enum sk_timer_state state;
    int32_t day;
    uint64_t number;
};
/* From the first one on. */
struct sk_timer_walk sk_timer_walk_waits(void);
struct sk_timer_walk sk_timer_walk_told(enum sk_timer_tell tell,
                                        const struct sk_id *coach,
                                        enum sk_timer_state state);
struct sk_timer_walk sk_timer_walk_about(const struct sk_participant_id *person,
                                         enum sk_timer_state state);
/* SK_E_NOT_FOUND at the end. */
SK_CHECKED enum sk_status sk_timer_walk_next(struct sk_engine *e,
                                             struct sk_timer_walk *walk);
/* Every timer about somebody that can be read; fn may move or drop it. */
SK_CHECKED enum sk_status
sk_timer_each_about(struct sk_engine *e, const struct sk_participant_id *person,
                    enum sk_status (*fn)(void *context, struct sk_timer *timer),
                    void *context);
/* Of the whole node: looks at each. */
SK_CHECKED enum sk_status sk_timers_count(struct sk_engine *e,
                                          enum sk_timer_state state,
                                          uint64_t *count);
/* Forget the one that a walk is at, whose row cannot be read any more. */
SK_CHECKED enum sk_status
sk_timer_forget_number(struct sk_engine *e, const struct sk_timer_walk *walk);

/* ------------------------------------------------------------- seams
 * What starts and ends timers; each in the transaction of its cause. */

/* An event was recorded here and is stored. */
SK_CHECKED enum sk_status
sk_timers_recorded(struct sk_engine *e, const struct sk_recorded_event *event);
/* The event was wrong: what waits for it goes.  Before the right one starts
   its own. */
SK_CHECKED enum sk_status
sk_timers_replaced(struct sk_engine *e,
                   const struct sk_participant_id *participant,
                   const struct sk_event_id *event);
/* A message of this type came, or somebody said who it is about: reminders
   for the owner of the trajectory. */
SK_CHECKED enum sk_status sk_timers_received(struct sk_engine *e,
                                             struct sk_bytes type,
                                             const struct sk_message_id *id);
/* A message goes, with its key.  open: one of its timers was not done yet. */
SK_CHECKED enum sk_status sk_timers_message_gone(struct sk_engine *e,
                                                 const struct sk_id *key_owner,
                                                 bool *open);
/* A message about somebody leaves for the first time. */
SK_CHECKED enum sk_status
sk_timers_sent(struct sk_engine *e, const struct sk_participant_id *participant,
               const struct sk_org *to);
SK_CHECKED enum sk_status
sk_timers_consent(struct sk_engine *e, const struct sk_consent_record *record);
/* A partner was asked to erase; it answered in full.  sealed: under the key of
   the participant; not for who asks to be forgotten, or nobody would be told
   that a partner does not answer. */
SK_CHECKED enum sk_status sk_timers_recall(
    struct sk_engine *e, const struct sk_participant_id *participant,
    const struct sk_consent_id *withdrawal, const struct sk_org *partner,
    const struct sk_id *notice, bool sealed);
/* A correction waits to be told to a partner: ended by its id. */
SK_CHECKED enum sk_status sk_timers_correction(
    struct sk_engine *e, const struct sk_participant_id *participant,
    const struct sk_message_id *message, const struct sk_org *partner,
    const struct sk_id *correction);
SK_CHECKED enum sk_status
sk_timers_objection(struct sk_engine *e,
                    const struct sk_participant_id *participant,
                    const struct sk_id *objection);
/* The answer to a notice, a correction or an objection is there. */
SK_CHECKED enum sk_status
sk_timers_answered(struct sk_engine *e,
                   const struct sk_participant_id *participant,
                   const struct sk_id *key);
/* A handover went to another state. */
SK_CHECKED enum sk_status
sk_timers_handover(struct sk_engine *e, const struct sk_handover *handover);
/* The node has other closing days: what waits is counted again. */
SK_CHECKED enum sk_status sk_timers_recount(struct sk_engine *e);
/* The participant is erased here: all timers about it, too, but those that
   wait for answers of partners.  Before handovers and data keys go. */
SK_CHECKED enum sk_status
sk_timers_erased(struct sk_engine *e,
                 const struct sk_participant_id *participant);

/* Raise what is due up to today, at most *budget of them (counted down). */
SK_CHECKED enum sk_status sk_timers_run(struct sk_engine *e, int32_t today,
                                        size_t *budget, bool *done);

/* What is overdue in a handover: the deadline of it that was raised last and
   that nobody saw to, and since when; NULL: nothing is. */
SK_CHECKED enum sk_status sk_timer_late(struct sk_engine *e,
                                        const struct sk_handover *handover,
                                        const struct sk_timer_rule **out,
                                        int32_t *since);
/* Of one that waits: would it be dropped on its day, as things are now?  Of a
   consent, also when it was raised: is it of no use to renew it any more?
   ended: of a consent that is, it has ended. */
SK_CHECKED enum sk_status sk_timer_is_moot(struct sk_engine *e,
                                           const struct sk_timer *t, bool *out,
                                           bool *ended);

/* What the organisation itself has to see to, for who asks: packs an entry for
   each into e->reply.  agenda_node.c */
SK_CHECKED enum sk_status sk_agenda_node(struct sk_engine *e,
                                         struct sk_bytes tell, size_t *count);

/* Who it is about, if that is known here; zero otherwise. */
SK_CHECKED enum sk_status sk_timer_person(struct sk_engine *e,
                                          const struct sk_timer *timer,
                                          struct sk_participant_id *out);

#endif
