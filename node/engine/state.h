/*
 * Inside the engine: its state, and what every file of it may ask.
 *                                                   docs/ARCHITECTURE.md 4, 5
 *
 *   engine.c      step, clock, frames out;  open.c;  key.c: keys, META, ids
 *   ops.c         who handles which operation
 *   request.c     a request, from its bytes to its reply;  reply.c: refusals,
 *                 packing, arguments
 *   repeat.c      a request that comes again is answered, not done again
 *   vault.c       data keys: seal, open, destroy
 *   journal.h     what this node did, in a tree that it signs
 *   federation.c  charter, cards, roster, policy: the bundle in force;
 *                 charter.c policy.c status.c: operations on them;
 *                 charter_share.c: a newer charter goes from node to node
 *   renew.c       our own keys: new ones into force, old ones destroyed;
 *                 rewrap.c: another master key
 *   participant.c participant_find.c relation.c event.c record.c employer.c
 *   objection.c calendar.c
 *   collective.c text.c clean.c;  source.c: what was imported before
 *   draft.c       what a person must still confirm
 *   feed.c        what happened, for who follows along
 *   consent.c     consent records;  facts.c: what a decision needs to know
 *   ledger.c      who got what: every disclosure, per field
 *   gate.c        I1: the one function through which an event leaves;
 *   ready.c       what it made in this batch and may let go in it
 *   question.h    questions with their facts, of now and of then
 *   shadow.c      a draft that is asked too, and only counted
 *   outbox.c      a log per partner;  session.c: hello, in flight, receipts
 *   apply.c       an item that arrived;  inbox.h: what is kept of it
 *   withdraw.c    recall and notices;  erasure.c: answers to them
 *   recall_later.c  the same for very much, in parts
 *   restored.c hold.c held.c taken.c  after a restore
 *   leave.c       this node leaves the federation;  left.c: a partner did
 *   rights.h      to be forgotten
 *   correction.h  what was wrong: correct.c, gate_correct.c
 *   handover.c    the state machine and the one owner
 *   timer.h       what is due on a civil day;  agenda.c: operations;  due.c
 *   user.h        users, whose case a person is, who looked at what
 *
 * Each has its header (vault.c: vault.h), or is under that of its family; the
 * tables of the store are in tables.h, what handlers use in request.h.
 *
 * Conventions.  Functions that may write return a status of the store; a
 * refusal towards the user is a code set with sk_refuse() and SK_E_REFUSED,
 * and is given before anything is written.  Scratch memory: engine->scratch,
 * reset by sk_engine_step() after every input.
 */
#ifndef SK_NODE_ENGINE_STATE_H
#define SK_NODE_ENGINE_STATE_H

#include "node/engine/engine.h"
#include "node/engine/tables.h"
#include "policies/facts.h"
#include "protocol/checkpoint.h"
#include "protocol/item.h"
#include "protocol/pack.h"

#define SK_FRAME_SIZES_MAX 64

/* Memory of what is needed again and again.  Bytes of the id say which
   SK_KEPT_WAYS slots it may be in; when all are used, one of them makes room in
   turn.  Data keys (vault.c), unwrapped: gone at once when a key is destroyed.
   Facts (facts.c), compiled: days and sets, no names or texts of a person. */
#define SK_KEPT_WAYS 8
#define SK_KEPT_KEYS 1024
struct sk_kept_key {
    bool used;
    struct sk_id owner;
    struct sk_box_key secret;
};
#define SK_KEPT_FACTS 1024
#define SK_KEPT_FACTS_SIZE 2048
struct sk_kept_facts {
    struct sk_id participant;
    struct sk_facts *facts; /* NULL: none */
    struct sk_org to;       /* whose handle was asked for last; empty: none */
    struct sk_handle handle;
    uint64_t version;       /* of the store's tables behind all of it */
    uint64_t bundle_number; /* it was compiled for */
    struct sk_arena arena;  /* SK_KEPT_FACTS_SIZE bytes */
};
struct sk_count {
    bool loaded;
    bool due; /* to be written */
    uint64_t count;
};

/* Numbers of META that every input asks for: as in the store while nothing was
   written to META.  key.c */
#define SK_KEPT_NUMBERS 8
#define SK_KEPT_NAME_MAX 15
struct sk_kept_number {
    char name[SK_KEPT_NAME_MAX + 1]; /* empty: none */
    bool found;
    uint64_t version; /* of META */
    uint64_t number;
};

/* Requests that were done in this batch, in order.  repeat.c */
#define SK_DONE_MAX 512
struct sk_done {
    uint64_t first; /* number of ids[0] */
    size_t count;
    struct sk_id ids[SK_DONE_MAX];
};

/* A charter that a partner hands on, part by part.  charter_share.c */
struct sk_fetch {
    bool active;
    struct sk_org from;
    uint64_t version;
    uint64_t size; /* with the first part */
    uint64_t at;   /* bytes that came */
    struct sk_hash digest;
    uint64_t asked_ms;
    unsigned restarts;
    unsigned silences; /* in a row */
};

/* An item of a partner that failed half-way: the batch was taken back, and
   when it comes again it is refused without being tried.  receive.c */
#define SK_BAD_ITEMS_MAX 256
struct sk_bad_item {
    struct sk_org from;
    uint64_t incarnation;
    uint64_t number; /* 0: none */
};

/* Who makes this control request, and what it looks at.  CONTROL.md 7 */
struct sk_asker {
    bool known; /* a user; else the node has none, and serves its own */
    struct sk_id id;
    unsigned roles;
    struct sk_bytes why; /* break-glass: the reason that was typed; or empty */
    const struct sk_op *op;
    bool looks; /* at what follows: it is recorded */
    bool told;  /* also when it is refused: the refusal says who is known */
    struct sk_participant_id participant; /* zero: nobody, or not known yet */
    struct sk_id about;                   /* zero: nothing else */
    bool glass;                           /* only because of `why` */
};

/* Our journal.  journal.h */
#define SK_JOURNAL_ROOM (64u * 1024)
struct sk_journal {
    struct sk_log_id log; /* none: with the first entry */
    struct sk_merkle_edge edge;
    struct sk_restart restarts[SK_RESTARTS_MAX];
    size_t restarts_count;
    bool restart_due; /* restored: before anything else is written down */
    uint8_t *room;    /* SK_JOURNAL_ROOM: entries that are not written yet */
    size_t used;
    uint64_t waiting; /* how many */
};

/* Is there something in SK_T_RECALL?  recall_later.c */
enum sk_recalls {
    SK_RECALLS_NONE,
    SK_RECALLS_NEW, /* since this batch */
    SK_RECALLS_DUE, /* or perhaps */
};

struct sk_engine {
    struct sk_store *store;
    struct sk_node_secrets secrets;
    struct sk_card card;
    struct sk_org org;
    struct sk_box_key wrap_secret;  /* derived: wraps data keys */
    struct sk_box_key index_secret; /* derived: keyed hashes */
    bool manual_clock;
    uint64_t partner_bytes; /* of one partner that may wait for people here */
    size_t recall_part;     /* messages that a withdrawal looks at in one
                               transaction */
    enum sk_recalls recalls;
    uint64_t now_ms;  /* of this step: civil time of the node */
    uint64_t real_ms; /* of this step: for time-outs and back-off */
    struct sk_random random;
    struct sk_arena scratch;          /* reset after each input */
    struct sk_arena bundle_memory[2]; /* in force, and the next one: the
                                         other may be used for a draft until
                                         the end of the input */
    int bundle_at;
    struct sk_bundle *bundle; /* NULL: no charter; nothing flows */
    struct sk_arena seen_memory;
    struct sk_bundle *seen; /* the policy under the charter that its officers
                               saw, when the one in force lets more through;
                               else NULL.  approval.c */
    uint64_t seen_charter;
    /* shadow.c: a draft that only counts.  Its memory is touched when there is
       one. */
    struct sk_arena shadow_memory;
    struct sk_bundle *shadow;      /* NULL: none, or it does not load */
    uint64_t shadow_number;        /* of the draft it was made of; 0: none */
    uint64_t shadow_bundle;        /* bundle_number at that time */
    uint64_t bundle_number;        /* another one for every bundle in force */
    struct sk_kept_key *kept_keys; /* SK_KEPT_KEYS */
    struct sk_kept_facts *kept_facts; /* SK_KEPT_FACTS */
    size_t kept_turn;                 /* whose turn it is to make room */
    bool has_policy;
    struct sk_org charter; /* its id; empty: none */
    uint64_t charter_version;
    struct sk_journal journal;
    struct sk_fetch fetch;
    struct sk_room fetch_room;   /* SK_CHARTER_SIZE_MAX */
    struct sk_session *sessions; /* SK_PARTNERS_MAX */
    size_t sessions_count;
    size_t session_at;     /* where one was found last */
    uint64_t cards_number; /* another one when a name or card in them is */
    struct sk_count series[SK_SERIES];
    struct sk_kept_number kept_numbers[SK_KEPT_NUMBERS];
    size_t kept_number_turn;
    struct sk_done done;
    struct sk_ready *ready;
    struct sk_item *leaving;    /* where the gate puts an item together: large,
                                   and only views into what is wiped */
    struct sk_effects *effects; /* of this step */
    struct sk_asker asker;      /* of this control request */
    /* the answer to this control request */
    struct sk_policy_refused *policy_refused; /* to be recorded, or NULL */
    const char *refusal;                      /* a code of texts.h, or NULL */
    struct sk_bytes refusal_field;
    struct sk_bytes refusal_detail;
    size_t refusal_place;       /* of a hidden character in it, from 1; or 0 */
    const char *refusal_reason; /* of a decision, or NULL */
    const struct sk_bytes *refusal_rules;
    size_t refusal_rules_count;
    const struct sk_findings *refusal_findings;
    struct sk_pack reply;
    struct sk_id reply_owner; /* the participant whose values are in it, or
                                 zero: a copy is kept under that data key */
    /* for rehearsals: which frame sizes ever left, and sent envelopes */
    uint32_t frame_sizes[SK_FRAME_SIZES_MAX];
    uint64_t frame_counts[SK_FRAME_SIZES_MAX];
    size_t frame_sizes_count;
    struct sk_replay *replay;   /* manual clock only; session.c */
    struct sk_room replay_room; /* what session.c may use for it, zeroed */
    size_t pump_at;             /* the session whose turn is first; session.c */
    struct sk_room reply_room;
    uint64_t largest_ms; /* system clock: the largest time ever seen */
    uint64_t kept_ms;    /* what META has of it */
    bool clock_back;     /* it was set back: nothing may be dated now */
    int32_t due_day;     /* sk_due_run() did everything up to this day */
    struct sk_timer_rules *timer_rules; /* timer.h; of the built-in file */
    /* backup.c: which one is kept, and when it was last asked for; 0: none */
    uint64_t backup;
    uint64_t backup_ms;
    bool in_batch;
    bool reload; /* bundle and sessions must come from the store */
    bool has_host;
    struct sk_engine_host host;
    /* the last ones, over all partners; a rollback does not forget them */
    struct sk_bad_item bad_items[SK_BAD_ITEMS_MAX];
    size_t bad_items_next;
    struct sk_batch *batch; /* engine.c: what a rollback goes back to */
};

/* What a rollback goes back to: all that is volatile, as it was before the
   first input of the batch. */
struct sk_batch {
    struct sk_node_secrets secrets;
    struct sk_card card;
    struct sk_session *sessions; /* SK_PARTNERS_MAX */
    size_t sessions_count;
    uint64_t cards_number; /* names and cards in it are those of then */
    uint64_t now_ms;
    uint64_t kept_ms;
    int32_t due_day;
    bool reload;
    uint64_t bundle_number; /* to notice that another one was loaded */
    struct sk_fetch fetch;
    struct sk_journal journal;
    uint32_t frame_sizes[SK_FRAME_SIZES_MAX];
    uint64_t frame_counts[SK_FRAME_SIZES_MAX];
    size_t frame_sizes_count;
};

/*
 * Send a frame: ask for room, seal into it, say what came out.  The frame is
 * in the effects and its size is counted.  Fails with SK_E_AGAIN: no room in
 * the effects; send nothing more in this batch.
 */
SK_CHECKED enum sk_status sk_frame_room(struct sk_engine *e,
                                        struct sk_room *out);
void sk_frame_send(struct sk_engine *e, const struct sk_org *to,
                   struct sk_bytes frame);
/* The core must send SK_INPUT_TIMER at this real time at the latest.  Asked
   for in every step or pump that leaves something to wait for. */
void sk_wake_at(struct sk_engine *e, uint64_t real_ms);
/*
 * The time of this input.  A manual clock moves only by clock.set.  A system
 * clock never goes back for those who ask: small steps are flattened, and a
 * large one stops everything that dates things.
 */
SK_CHECKED enum sk_status sk_clock_tick(struct sk_engine *e, uint64_t real_ms);
/* Room in scratch to pack a record into; full when scratch is. */
struct sk_pack sk_scratch_pack(struct sk_engine *e, size_t size_max);
/* What was packed there.  Room that it did not need is free again, unless more
   of scratch was taken since.  Fails as sk_pack_finish(). */
SK_CHECKED enum sk_status sk_scratch_packed(struct sk_engine *e,
                                            const struct sk_pack *p,
                                            struct sk_bytes *out);
/* Everything that the input left in scratch may be about a person, also what
   it took and gave back. */
void sk_scratch_forget(struct sk_engine *e);
void sk_fill_random(struct sk_engine *e, void *out, size_t size);
void sk_new_id(struct sk_engine *e, struct sk_id *out);
/* A UUID of version 7: records that follow each other lie together, and are
   written together.  For what no partner ever hears of. */
void sk_new_id_in_order(struct sk_engine *e, struct sk_id *out);
/* The same for what one partner hears of: it begins with a number that this
   partner knows anyway, and tells it nothing of when, or of others. */
void sk_new_id_numbered(struct sk_engine *e, uint64_t number,
                        struct sk_id *out);
int32_t sk_today(const struct sk_engine *e);   /* civil day of now */
int64_t sk_instant(const struct sk_engine *e); /* seconds */

#endif
