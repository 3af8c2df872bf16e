/*
 * The simulator: a federation of whole engines in one process, on stores in
 * memory, with bad weather, and beside it a model of what each node may have
 * got.                                                     docs/TESTING.md
 *
 *   main.c    seeds, and the story of one that fails
 *   world.c   the federation as every seed finds it: made once, copied per seed
 *   disk.c    a store that is full, or dies, at a chosen write; backups
 *   net.c     frames under way; one batch of inputs in one node; crashes
 *   ask.c     requests
 *   act.c     what people do
 *   liar.c    a partner that signs what is not true
 *   keys.c    keys that are renewed
 *   leave.c   a node that leaves, in parts
 *   feed.c    a client system that follows
 *   journal.c a journal that is forked, or goes back
 *   model.c   who allowed what, since when: shares no code with the engine
 *   remember.c  what every seed would read again is read once
 *   check.c   I1..I10 after each step, and when all is quiet again
 *
 * Everything a seed does follows from its number.  What is wrong aborts; the
 * program then runs the seed again on its own and prints its story.
 */
#ifndef SK_TESTS_SIM_SIM_H
#define SK_TESTS_SIM_SIM_H

#define FX_PLAIN
#include "tests/node/fixture.h"

#include "node/engine/handover.h"
#include "protocol/checkpoint.h"

#define NODES 5
#define FRAMES 1024
#define PERSONS 10
#define MESSAGES 96
#define BATCH 4

/* Part of every value about a person: is seen nowhere outside a seal. */
#define CANARY "Kanarie"

enum { BUSO, GTB, HOUTZAAK, VDAB, CLB };
enum purpose { HANDOVER, WORK, PURPOSES };
enum { CAT_PROCESS, CAT_COACH, CAT_NAME, CAT_JOB, CAT_PROFILE, CATS };

/* ------------------------------------------------------------- model */

/* What was true from which moment on; MAYBE: cannot be known here. */
#define HISTORY 24
#define MAYBE INT64_MIN
struct history {
    uint32_t since[HISTORY];
    int64_t value[HISTORY];
    size_t count;
};

/* A participant as the node knows it that wrote the person's events. */
struct person {
    size_t owner;
    char id[SK_ID_TEXT_SIZE + 1];
    struct history relation[NODES];                /* last day; 0: none */
    struct history consent[PURPOSES][NODES][CATS]; /* until, s; 0: none */
    uint64_t withdrawn_s; /* when it last took something back */
    bool told;            /* a partner passed on a withdrawal, or says so */
    bool young; /* made after the backup that its owner went back to */
    bool gone;  /* asked to be forgotten; also its owner knows nothing */
};

struct message {
    char id[SK_ID_TEXT_SIZE + 1];
    size_t person;
    size_t from;
    size_t to;
    enum purpose purpose;
    bool collective;
    uint32_t since;    /* when it was queued */
    bool forgotten;    /* its sender went back to before it */
    bool doubtful;     /* a permission behind it ended, or may have */
    bool widened;      /* more was allowed since it was queued */
    bool told;         /* a partner was told that it is withdrawn */
    bool must_go;      /* its consent was withdrawn */
    uint8_t lost;      /* categories of which consent was withdrawn */
    bool went_before;  /* as must_go, before its sender went back */
    bool must_go_then; /* the same, when the backup was taken */
    uint8_t lost_then;
    char event[SK_ID_TEXT_SIZE + 1]; /* the one that is right */
    uint32_t phones;                 /* how often coach_phone was corrected */
};

/* ------------------------------------------------------------- nodes */

struct frame {
    size_t from;
    size_t to;
    uint32_t since; /* when it was sent; 0: in this step */
    uint64_t at_ms; /* on the sender's clock */
    bool forged;
    uint8_t *bytes;
    size_t size;
};

struct seen {
    char id[SK_ID_TEXT_SIZE + 1];
    struct sk_id correction; /* the last one that waits there */
};

struct row { /* a message in the feed */
    char id[SK_ID_TEXT_SIZE + 1];
    uint64_t number;
};

struct node {
    int64_t drift_ms;               /* its clock is ahead */
    uint64_t versions[256];         /* of its tables, when last looked at */
    struct seen seen[MESSAGES * 2]; /* messages that arrived */
    size_t seen_count;
    size_t last_order[NODES]; /* the latest message of each partner */
    struct history policy;    /* variant */
    struct history suspended; /* the partner that its charter suspends, + 1 */
    struct history leaving;   /* 1: it said so, and not that it stays */
    bool emptied; /* what partners sent was erased since it leaves */
    uint64_t emptied_to;
    bool rotated; /* another master key, once at least: not this one */
    struct sk_box_key master_before;
    uint64_t policy_version;
    uint64_t charter_version;
    bool restored;
    bool silent;     /* and nobody told it: the folder was copied back */
    bool knows_more; /* of the journal of the one that went back */
    bool refused_erasure;
    uint64_t feed; /* its client system has everything up to this */
    struct row rows[MESSAGES * 2];
    size_t rows_count;
};

/* What may happen in this run. */
struct weather {
    uint32_t lose, copy, swap, damage; /* of 256 */
    bool cuts, crashes, full, clocks, restores, liar, policies, charter, keys,
        leaves;
};

struct sim {
    struct fx f;
    size_t count;
    uint64_t seed;
    uint64_t state;
    size_t step;
    bool verbose;
    struct weather weather;
    bool cut[NODES][NODES];
    struct frame frames[FRAMES];
    size_t frames_count;
    struct node nodes[NODES];
    uint32_t moment; /* grows with everything the model learns */
    struct person persons[PERSONS];
    size_t persons_count;
    struct message messages[MESSAGES];
    size_t messages_count;
    size_t liar;    /* NODES: nobody */
    size_t unlucky; /* the node that goes back to a backup; NODES: nobody */
    size_t leaver;  /* who leaves; NODES: nobody */
    const struct frame *arriving[BATCH];
    size_t arriving_count;
    struct sk_value reply; /* of the last request that was answered */
    /* what all seeds did */
    uint64_t frames_carried, frames_lost, crashes, disks_full, sent, denied,
        withdrawn, told, forgotten, corrected, handed_over, restored, lies,
        recalled, forks, rollbacks, relearned, renewed, rotated, left, emptied;
};

extern struct sim sim;
extern const char *const node_names[NODES];

/* main.c */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
__attribute__((format(printf, 1, 2), noreturn)) void fail(const char *format,
                                                          ...);
#define check(fact, ...) ((fact) ? (void)0 : fail(__VA_ARGS__))
uint64_t chance(uint64_t below);
bool one_in(uint64_t many);

/* world.c */
void world_make(size_t count);
void world_reset(void);
bool is_guide(size_t node);
/* Put a policy into force, signed by its officers; variants: 0 all, 1 no names
   in handovers, 2 no workplaces. */
#define VARIANTS 3
bool world_activate(size_t node, uint64_t version, int variant);
/* Version 2 of the charter into one node. */
void world_charter(size_t at);
/* Whom it suspends in this run, or who has left; NODES: nobody. */
size_t suspended_of_seed(void);
/* A node's memory as in this file, or empty; -1: none.  Its engine, if there is
   one, is that of before. */
void world_memory(size_t at, int image);
const char *world_person(size_t owner, size_t n);

/* disk.c */
struct backup;
struct sk_store *disk_open(void);
void disk_full_after(struct sk_store *disk, uint64_t writes); /* 0: never */
void disk_die_after(struct sk_store *disk, uint64_t writes);
bool disk_is_dead(struct sk_store *disk);
struct backup *disk_backup(struct sk_store *disk);
void disk_restore(struct sk_store *disk, const struct backup *backup);
void backup_free(struct backup *backup);
bool disk_shows(struct sk_store *disk); /* I9: at any time so far */

/* net.c */
struct sk_engine *engine(size_t at);
void net_clear(void);
void net_stamp(void);
void net_put(const struct frame *frame);
void net_line(size_t a, size_t b);
void net_lines(size_t a);
void net_carry(size_t frames);
void net_timers(void);
bool net_wait(void); /* until nothing is owed; false: it never comes to rest */
bool node_step(size_t at, const struct sk_input *inputs, size_t count);
void node_start(size_t at);
void node_crash(size_t at);
/* As a crash; the disk is full, or the process dies again, at this write while
   it starts, and then it starts once more. */
void node_start_hard(size_t at, uint64_t writes);

/* keys.c */
void act_renew(size_t at);
void act_rotate(size_t at);
void keys_tend(size_t at);
void check_cards(void);
void check_masters(void);

/* leave.c */
void act_leave(void);
void leave_settle(void); /* it erases the rest */
bool is_leaving(size_t at);
void check_left(void);

/* feed.c */
void act_follow(size_t at);
void check_feed(size_t at);

/* journal.c */
/* The head that was proved, and the newest since. */
struct shown {
    bool any[2];
    struct sk_checkpoint heads[2];
};
void journal_shown(size_t at, size_t about, struct shown *out);
struct sk_bytes journal_lie(struct sk_room room);
/* With this frame a lie must be found: call journal_tested() when it was
   taken. */
bool journal_is_test(const struct frame *frame);
void journal_tested(size_t at);
void journal_note_rollback(size_t at, uint64_t entries);
void journal_settle(void);
void check_journals(void);

/* ask.c */
bool ask(size_t at, const char *op, const char *format, ...);
/* The arguments as fixture.h reads them. */
bool ask_json(size_t at, const char *op, const char *arguments);
bool answered(void); /* did the last request reach the node at all? */
const char *got(const char *key);
uint64_t got_number(const char *key);
bool got_true(const char *key);
struct sk_value got_value(const char *key); /* until the next request */
struct sk_bytes got_bytes(const char *key); /* until the next request */
size_t pick(const char *list, const char *key, char *out, size_t room);
size_t listed(const char *list);

/* act.c */
void act(void);
void act_backup(void);
void act_between(void);
void act_restore(void);
void act_settle(void);
void act_withdraw_all(void);

/* liar.c */
void lie(void);

/* model.c */
void history_put(struct history *h, int64_t value);
int64_t history_at(const struct history *h, uint32_t since);
int64_t history_now(const struct history *h);
struct message *model_message(const char *id);
/* May it leave at that moment, as far as people said? */
enum verdict { NO, YES, UNSURE };
enum verdict model_permits(const struct message *m, uint32_t since,
                           uint64_t at_ms);
/* May this field of it? level: as it must be. */
enum verdict model_field(const struct message *m, const char *field,
                         uint32_t since, uint64_t at_ms, const char **level);
bool model_is_of(const struct message *m, const char *field, int category);
const char *model_value(const struct message *m, const char *field);
/* What coach_phone says after so many corrections; static. */
const char *model_phone(uint32_t corrections);
void model_withdrawn(struct person *p, int purpose, size_t to, int category);
void model_doubt(size_t from, size_t to);
extern const char *const purpose_names[PURPOSES];
extern const char *const category_names[CATS];
extern const char *const type_names[PURPOSES];

/* check.c */
void check_forget(void);
void check_step(size_t at);
bool shows_canary(struct sk_bytes bytes);
void check_frame(size_t from, const uint8_t *bytes, size_t size);
void check_quiet(void);
/* Calls fn for every message in the inbox; views die with the call. */
void check_messages_at(size_t at, void (*fn)(size_t at, const char *id,
                                             struct sk_message_id *message));
void check_gone(void);

#endif
