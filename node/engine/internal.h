/*
 * Inside the engine: its state and the seams between its files.
 *                                                   docs/ARCHITECTURE.md 4, 5
 *
 *   engine.c      open, step, clock, frames out;  key.c: keys, META, ids
 *   ops.c         who handles which operation
 *   reply.c       requests and replies: refusals, packing, arguments
 *   repeat.c      a request that comes again is answered, not done again
 *   vault.c       data keys: seal, open, destroy
 *   journal.h     what this node did, in a tree that it signs
 *   federation.c  charter, cards, roster, policy: the bundle in force;
 *                 charter.c policy.c status.c: operations on them;
 *                 charter_share.c: a newer charter goes from node to node
 *   renew.c       our own keys: new ones into force, old ones destroyed;
 *                 rewrap.c: another master key
 *   participant.c relation.c event.c record.c employer.c objection.c calendar.c
 *   collective.c text.c clean.c;  source.c: what was imported before
 *   draft.c       what a person must still confirm
 *   feed.c        what happened, for who follows along
 *   consent.c     consent records;  facts.c: what a decision needs to know
 *   ledger.c      who got what: every disclosure, per field
 *   gate.c        I1: the one function through which an event leaves;
 *   ready.c       what it made in this batch and may let go in it
 *   question.c    questions with their facts, of now and of then
 *   shadow.c      a draft that is asked too, and only counted
 *   outbox.c      a log per partner;  session.c: hello, in flight, receipts
 *   apply.c       an item that arrived;  inbox.c: what people do with it
 *   withdraw.c    recall and notices;  erasure.c: answers to them
 *   recall_later.c  the same for very much, in parts
 *   restored.c hold.c held.c taken.c  after a restore
 *   leave.c       this node leaves the federation;  left.c: a partner did
 *   rights.h      to be forgotten: forget.c, forget_own.c
 *   correction.h  what was wrong: correct.c, gate_correct.c
 *   handover.c    the state machine and the one owner
 *   timer.h       what is due on a civil day;  agenda.c: operations;  due.c
 *   user.h        users, whose case a person is, who looked at what
 *
 * Conventions.  Functions that may write return a status of the store; a
 * refusal towards the user is a code set with sk_refuse() and SK_E_REFUSED,
 * and is given before anything is written.  Scratch memory: engine->scratch,
 * reset by sk_engine_step() after every input.
 */
#ifndef SK_NODE_ENGINE_INTERNAL_H
#define SK_NODE_ENGINE_INTERNAL_H

#include "node/engine/engine.h"
#include "policies/civil.h"
#include "policies/decide.h"
#include "protocol/charter.h"
#include "protocol/checkpoint.h"
#include "protocol/envelope.h"
#include "protocol/item.h"
#include "protocol/message.h"
#include "protocol/pack.h"
#include "protocol/unpack.h"

/* ------------------------------------------------------------- tables
 * First byte of a key in SPACE_DATA.  Integers in keys are big-endian; an
 * organisation in a key is its text and a zero byte. */
enum sk_table {
    SK_T_META = 'm',          /* name -> value */
    SK_T_FILE = 'f',          /* charter and policy files: name -> bytes */
    SK_T_CARD = 'k',          /* org -> card as received */
    SK_T_CARD_BEFORE = '1',   /* org -> transport key of its card before that,
                                 the day from which it no longer counts */
    SK_T_CHARTER = 'g',       /* version, name -> file of that charter */
    SK_T_PARTICIPANT = 'P',   /* participant -> sealed */
    SK_T_INSZ = 'I',          /* keyed hash -> participant */
    SK_T_SOURCE = 'i',        /* keyed hash -> what was imported; source.c */
    SK_T_FEED = 'F',          /* what happened, in order; drafts; feed.c */
    SK_T_NAME = 'N',          /* keyed hash 16, participant -> empty */
    SK_T_RELATION = 'L',      /* participant, org -> sealed */
    SK_T_HANDLE = 'H',        /* org, handle -> participant (assigned) */
    SK_T_HANDLE_OF = 'y',     /* participant, org, handle -> empty */
    SK_T_HANDLE_OWN = 'h',    /* org, our handle -> participant */
    SK_T_EVENT = 'E',         /* participant, event -> sealed */
    SK_T_EVENT_OF = 'e',      /* event -> participant */
    SK_T_EMPLOYER = 'Y',      /* participant, number -> sealed */
    SK_T_OBJECTION = 'O',     /* participant, number -> sealed */
    SK_T_CONSENT = 'C',       /* participant, number -> sealed */
    SK_T_CONSENT_OF = 'c',    /* consent -> participant, number */
    SK_T_CONSENT_LAST = 'l',  /* participant -> number of the last one */
    SK_T_TOLD = 'p',          /* participant, org -> sealed: told.c */
    SK_T_LEDGER = 'D',        /* participant, message -> sealed */
    SK_T_LEDGER_OF = 'd',     /* message -> participant, org */
    SK_T_OUT = 'Q',           /* org, number -> outbox entry */
    SK_T_HELD = 'u',          /* org, number -> event put aside; hold.c */
    SK_T_PEER = 'R',          /* org -> log state, both directions */
    SK_T_STORED = 's',        /* org, number -> when up to it was stored */
    SK_T_RECEIPT = 'S',       /* org, incarnation, last -> signed message */
    SK_T_INBOX = 'B',         /* message -> owner of its key, sealed */
    SK_T_INBOX_ORDER = 'b',   /* number -> message */
    SK_T_RECALLED = 'X',      /* org, message -> day */
    SK_T_TAKEN = '2',         /* org, incarnation, number -> what was asked
                                 back; taken.c */
    SK_T_RECALL = '3',        /* participant -> a withdrawal that partners are
                                 still to be told of; recall_later.c */
    SK_T_NOTICE_OUT = 'W',    /* notice -> what was asked of whom, answers */
    SK_T_NOTICE_WAITS = '5',  /* org, notice -> empty, until it is answered */
    SK_T_NOTICE_IN = 'w',     /* org, number -> notice to answer */
    SK_T_NOTICE_OF = 'a',     /* org, notice -> number, while it is open */
    SK_T_HANDOVER = 'V',      /* handover -> state */
    SK_T_HANDOVER_OPEN = 'v', /* handover -> empty, while it is open */
    SK_T_HANDOVER_OF = 'U',   /* request event, org -> handover */
    SK_T_HANDOVER_BY = '4',   /* participant or handle, handover -> empty */
    SK_T_KEPT = 'K',          /* org, message -> day a law keeps it until */
    SK_T_ERASURE = 'x',       /* participant -> erasure; rights.h
                                 participant, notice -> what a partner has */
    SK_T_CORRECTION = 'z',    /* participant, message, correction -> sealed */
    SK_T_TRAJECTORY = 'T',    /* trajectory -> owner, epoch */
    SK_T_TRAJECTORY_OF = 't', /* participant -> trajectory */
    SK_T_DUE = 'Z',           /* day, kind, id -> what to do that day */
    SK_T_TIMER = 'A',         /* sealed or not, number -> scope, timer */
    SK_T_TIMER_OF = 'o',      /* scope, number -> lists that it is on */
    SK_T_TIMER_DAY = 'G',     /* those lists, by day: timer_list.c */
    SK_T_TIMER_LAST = 'j',    /* participant, org -> day of last message */
    SK_T_REQUEST = 'r',       /* request -> its reply; repeat.c */
    SK_T_REQUEST_AT = 'q',    /* number -> instant, requests from it on */
    SK_T_USER = 'M',          /* who works here, whose case: user.h */
    SK_T_ACCESS = 'n',        /* who looked at what: user.h */
    SK_T_JOURNAL = 'J',       /* journal.h */
};

struct sk_key { /* a key under construction */
    uint8_t bytes[SK_STORE_KEY_SIZE_MAX];
    size_t size;
};
struct sk_key sk_key_start(enum sk_table table);
void sk_key_id(struct sk_key *key, const struct sk_id *id);
void sk_key_org(struct sk_key *key, const struct sk_org *org);
void sk_key_u64(struct sk_key *key, uint64_t number);
void sk_key_bytes(struct sk_key *key, struct sk_bytes bytes);
/* A number as it stands in a key or a value: 8 bytes, the highest first. */
uint64_t sk_u64_read(const uint8_t *at);
void sk_u64_write(uint8_t *at, uint64_t number);
struct sk_bytes sk_key_done(const struct sk_key *key);
/* Delete every record whose key begins with this one. */
SK_CHECKED enum sk_status sk_drop_all(struct sk_engine *e,
                                      const struct sk_key *prefix);

/* ------------------------------------------------------------- logs
 * What is kept about the two logs with one partner (SK_T_PEER).  Entries of
 * our log have numbers that never start again; on the wire the first item
 * after `base` is item 1 of the incarnation.       docs/PROTOCOL.md 8 */
#define SK_RANGES_MAX 32
struct sk_range { /* an envelope that was handed to the transport */
    uint64_t first;
    uint64_t last;
    struct sk_hash root;
    uint8_t voided[SK_ITEMS_COUNT_MAX / 8]; /* items that left as VOID */
};
/* Counted where they change, so that nobody has to count them. */
enum sk_log_count {
    SK_COUNT_EVENTS,  /* behind the partner's receipt, and not dropped */
    SK_COUNT_UNREAD,  /* messages of the partner that nobody opened */
    SK_COUNT_NOTICES, /* what it asks back and nobody answered */
    SK_COUNT_WAITING, /* bytes of both */
    SK_COUNTS
};
struct sk_log {
    bool loaded;
    bool due; /* to be written at the end of the batch */
    uint64_t incarnation;
    uint64_t base;
    uint64_t head;            /* last entry queued; base when there is none */
    uint64_t handed;          /* last entry that ever left in an envelope */
    uint64_t stored;          /* last entry that the partner's receipt names */
    uint64_t old_incarnation; /* the one before, 0: none */
    uint64_t old_base;
    struct sk_range ranges[SK_RANGES_MAX]; /* left, not yet confirmed */
    size_t ranges_count;
    uint64_t peer_incarnation; /* of the partner's log; 0: none yet */
    uint64_t peer_cursor;      /* last item of it that was applied */
    uint64_t answers;          /* receipts kept in SK_T_RECEIPT */
    uint64_t told;             /* peer incarnation that got its HELD */
    uint64_t counts[SK_COUNTS];
};

/* ------------------------------------------------------------- sessions
 * Volatile: what is known of the line with one partner right now. */
struct sk_session {
    /* Both change only with cards_number of the engine, and come first. */
    struct sk_org org;
    struct sk_card card;   /* as stored; version 0: none yet */
    bool has_curve_before; /* of its card before: lines may still use it */
    struct sk_curve_public curve_before;
    bool known;         /* in the roster with a card */
    bool suspended;     /* not active in the roster */
    bool up;            /* the transport reaches it */
    bool greeted;       /* its HELLO came since `up` */
    bool announce;      /* ours is new: say HELLO */
    bool clock_known;   /* its HELLO said what its clock is */
    bool clock_ahead;   /* of ours, at that moment */
    bool line_known;    /* the transport said something about it */
    bool asking;        /* our HELLO waits for its answer */
    bool prove_due;     /* its journal must be asked for a proof; witness.c */
    bool findings_due;  /* what was found of it is said once per greeting */
    bool prove_asked;   /* PROVE left and was not answered: this one */
    bool proved;        /* it proved something since the line is up */
    uint64_t heard_ms;  /* last good message, 0 never */
    uint64_t hello_ms;  /* when we last sent HELLO, 0 never */
    uint64_t confirmed; /* the last row in SK_T_STORED, and its second */
    uint64_t confirmed_s;
    uint64_t sent;     /* number of the last item put in an envelope
                          since greeted */
    uint64_t retry_ms; /* when to say HELLO again if unanswered */
    uint32_t failures;
    uint32_t full_times;       /* it had no room, in a row */
    uint64_t charter_version;  /* from its HELLO */
    uint64_t charter_later_ms; /* do not ask it for a charter before; 0 */
    uint64_t their_card; /* version of our card that its HELLO named; 0: none */
    uint64_t card_said;  /* version that we sent it, because it is new */
    uint64_t clock_off_ms;   /* so much ahead or behind */
    uint64_t hello_until_ms; /* HELLOs answered, and charters given, until */
    uint64_t want_until_ms;  /* then: session.c, charter_share.c */
    char refused[SK_CODE_SIZE_MAX + 1]; /* last refusal it gave, or "" */
    uint64_t spoke_ms;                  /* last frame to it, 0 never */
    uint64_t complained_ms; /* when we last refused an unreadable frame */
    uint64_t applying;      /* number of the item that is being applied */
    uint64_t flight[SK_IN_FLIGHT_MAX]; /* envelopes without receipt: last */
    size_t flight_count;
    uint64_t full_ms;         /* it has no room: nothing leaves before; 0 */
    uint64_t refused_ms;      /* when we last said that we have no room */
    uint64_t prove_ms;        /* no PROVE before */
    struct sk_prove prove;    /* the one that left */
    uint64_t proof_until_ms;  /* PROOFs given, until then */
    uint64_t said_until_ms;   /* answers to ITEMS: receive.c */
    uint64_t wasted_until_ms; /* opened for nothing: session.c */
    uint64_t reminded;        /* last entry of our log that reminds it whose a
                                 trajectory is; 0: none */
    struct sk_log log;        /* as in the store, when log.loaded */
};

#define SK_FRAME_SIZES_MAX 64

/* ------------------------------------------------------------- memory of
 * what is needed again and again.  Bytes of the id say which SK_KEPT_WAYS slots
 * it may be in; when all are used, one of them makes room in turn.  Data keys
 * (vault.c), unwrapped: gone at once when a key is destroyed.  Facts (facts.c),
 * compiled: days and sets, no names or texts of a person. */
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

/* Numbers in the order in which things came; how many there were is kept in
   META, written once per batch. */
enum sk_series {
    SK_SERIES_EVENTS,
    SK_SERIES_FEED,
    SK_SERIES_INBOX,
    SK_SERIES_KEYS, /* taken: vault.c */
    SK_SERIES_NOTICES,
    SK_SERIES_REQUESTS,
    SK_SERIES_TIMERS,
    SK_SERIES
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

/* What was offered in this batch and may leave in it.  ready.c */
#define SK_READY_MAX 512
#define SK_READY_SLOTS (2 * SK_READY_MAX)
#define SK_READY_SIZE (1024u * 1024)
struct sk_ready_entry {
    struct sk_message_id message;
    struct sk_participant_id participant;
    struct sk_org to;
    bool taken;
    struct sk_bytes item;   /* as it may leave */
    struct sk_bytes record; /* its ledger entry, sent */
};
struct sk_ready {
    /* What it was decided from. */
    uint64_t version; /* of the store's tables */
    uint64_t bundle_number;
    uint64_t now_ms;
    size_t count;
    struct sk_ready_entry list[SK_READY_MAX];
    uint16_t slots[SK_READY_SLOTS]; /* by id: place in list + 1; 0: none */
    struct sk_arena memory;         /* SK_READY_SIZE */
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

/* ------------------------------------------------------------- engine.c */
/* Refuse the request: returns SK_E_REFUSED.  code: static, of texts.h;
   field: the argument concerned or NULL; detail: a word or id, never a
   value about a person; may be empty. */
enum sk_status sk_refuse(struct sk_engine *e, const char *code,
                         const char *field, struct sk_bytes detail);
/* A number as a detail; in scratch. */
struct sk_bytes sk_number_text(struct sk_engine *e, uint64_t number);
/* A handler packs exactly one value into e->reply and returns SK_OK, or
   refuses.  Every file with operations exports sk_op_<object>_<verb>(). */
typedef enum sk_status sk_op_handler(struct sk_engine *e, struct sk_value args);
/* The handler of an operation of protocol/control.h; ops.c. */
struct sk_op_row {
    const char *name;
    sk_op_handler *handler;
    bool dates; /* records an instant: refused when the clock was set back */
    bool again; /* doing it once more changes nothing and answers the same:
                   its reply, with values of a partner, is not kept */
};
const struct sk_op_row *sk_op_row_find(const char *name);
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
/* Room in scratch to pack a record into; full when scratch is. */
struct sk_pack sk_scratch_pack(struct sk_engine *e, size_t size_max);
/* What was packed there.  Room that it did not need is free again, unless more
   of scratch was taken since.  Fails as sk_pack_finish(). */
SK_CHECKED enum sk_status sk_scratch_packed(struct sk_engine *e,
                                            const struct sk_pack *p,
                                            struct sk_bytes *out);
/* Named values of this node in SK_T_META, as bytes; SK_E_NOT_FOUND. */
SK_CHECKED enum sk_status sk_meta_get(struct sk_engine *e, const char *name,
                                      struct sk_bytes *out);
SK_CHECKED enum sk_status sk_meta_put(struct sk_engine *e, const char *name,
                                      struct sk_bytes value);
SK_CHECKED enum sk_status sk_meta_get_u64(struct sk_engine *e, const char *name,
                                          uint64_t *out);
SK_CHECKED enum sk_status sk_meta_put_u64(struct sk_engine *e, const char *name,
                                          uint64_t value);
/* How many there were before this one; from 0 on, never the same again. */
SK_CHECKED enum sk_status sk_series_next(struct sk_engine *e,
                                         enum sk_series which, uint64_t *out);
/* How many there are, now. */
SK_CHECKED enum sk_status sk_series_count(struct sk_engine *e,
                                          enum sk_series which, uint64_t *out);
/* At the end of the batch: write how far they came. */
SK_CHECKED enum sk_status sk_series_settle(struct sk_engine *e);
void sk_fill_random(struct sk_engine *e, void *out, size_t size);
void sk_new_id(struct sk_engine *e, struct sk_id *out);
/* A UUID of version 7: records that follow each other lie together, and are
   written together.  For what no partner ever hears of. */
void sk_new_id_in_order(struct sk_engine *e, struct sk_id *out);
int32_t sk_today(const struct sk_engine *e);   /* civil day of now */
int64_t sk_instant(const struct sk_engine *e); /* seconds */
/* Packing helpers for replies. */
void sk_reply_id(struct sk_pack *p, const char *key, const struct sk_id *id);
void sk_reply_day(struct sk_pack *p, const char *key, int32_t day);
void sk_reply_instant(struct sk_pack *p, const char *key, uint64_t ms);
void sk_reply_text(struct sk_pack *p, const char *key, struct sk_bytes text);
void sk_reply_cstr(struct sk_pack *p, const char *key, const char *text);
void sk_reply_uint(struct sk_pack *p, const char *key, uint64_t value);
void sk_reply_bool(struct sk_pack *p, const char *key, bool value);
/*
 * A map or array whose count is known only at its end:
 *     at = sk_reply_open(p); ... count++ per entry ...;
 *     sk_reply_close_map(p, at, count) or sk_reply_close_array(p, at, count)
 */
size_t sk_reply_open(struct sk_pack *p);
void sk_reply_close_map(struct sk_pack *p, size_t at, size_t count);
void sk_reply_close_array(struct sk_pack *p, size_t at, size_t count);
/* key and the findings of one kind: 'E' errors, 'W' warnings. */
void sk_reply_findings(struct sk_pack *p, const char *key,
                       const struct sk_findings *findings, char kind);
/* Refuse a policy with what is wrong in it (errors inside the error). */
enum sk_status sk_refuse_findings(struct sk_engine *e, const char *code,
                                  const struct sk_findings *findings);
/* Refuse with the reason and rules of a decision. */
enum sk_status sk_refuse_reason(struct sk_engine *e, const char *code,
                                const char *reason,
                                const struct sk_bytes *rules, size_t count);
#ifdef __clang_analyzer__
/* What the analyzer cannot see in a declaration: a refusal is never SK_OK. */
#define sk_refuse(...) ((void)sk_refuse(__VA_ARGS__), SK_E_REFUSED)
#define sk_refuse_findings(...)                                                \
    ((void)sk_refuse_findings(__VA_ARGS__), SK_E_REFUSED)
#define sk_refuse_reason(...)                                                  \
    ((void)sk_refuse_reason(__VA_ARGS__), SK_E_REFUSED)
#endif
/* Arguments: text of an optional argument (empty when absent), an id. */
struct sk_bytes sk_arg_text(struct sk_value args, const char *name);
bool sk_arg_id(struct sk_value args, const char *name, struct sk_id *out);
bool sk_arg_day(struct sk_value args, const char *name, int32_t *out);
bool sk_arg_org(struct sk_value args, const char *name, struct sk_org *out);
/* The strings of an array argument, in scratch; NULL and 0 when absent. */
SK_CHECKED enum sk_status sk_arg_words(struct sk_engine *e,
                                       struct sk_value args, const char *name,
                                       const struct sk_bytes **out,
                                       size_t *count);
/* The participant argument, checked: refuses unknown-participant. */
SK_CHECKED enum sk_status sk_arg_participant(struct sk_engine *e,
                                             struct sk_value args,
                                             struct sk_participant_id *out);

/* ------------------------------------------------------------- access.c
 * CONTROL.md 7.  May this be asked by the system user who asks?  Refuses
 * not-a-user, role-lacks, not-your-case.  Fills e->asker. */
SK_CHECKED enum sk_status sk_access_check(struct sk_engine *e,
                                          const struct sk_input *input,
                                          const struct sk_request *request);
/* It was answered: keep who looked at whom. */
SK_CHECKED enum sk_status sk_access_keep(struct sk_engine *e);
/* A handler found whose file it is: refuses not-your-case, as a file that the
   request names is refused. */
SK_CHECKED enum sk_status sk_access_person(struct sk_engine *e,
                                           const struct sk_participant_id *id);
/* May who asks see what is to be erased of this person, or is it somebody
   else's to see? */
SK_CHECKED enum sk_status sk_access_erases(struct sk_engine *e,
                                           const struct sk_participant_id *id,
                                           bool *out);
/* The refusal that follows says that this person is known here. */
void sk_access_told(struct sk_engine *e, const struct sk_participant_id *id);
/* Who a message is about that we sent or that came; zero: nobody said so, or it
   is not here. */
SK_CHECKED enum sk_status sk_access_of_message(struct sk_engine *e,
                                               const struct sk_id *id,
                                               struct sk_participant_id *out);
/* The same of an event; or of a message, which has no other id. */
SK_CHECKED enum sk_status sk_access_of_event(struct sk_engine *e,
                                             const struct sk_id *id,
                                             struct sk_participant_id *out);
/* A handler found whom it is about (NULL: nobody), and what else. */
void sk_access_about(struct sk_engine *e, const struct sk_participant_id *id,
                     const struct sk_id *about);

/* ------------------------------------------------------------- repeat.c
 * CONTROL.md 2.4.  Was this request done before?  Then its reply is packed,
 * and nothing else is to happen.  Refuses request-reused, already-done. */
SK_CHECKED enum sk_status sk_repeat_find(struct sk_engine *e,
                                         const struct sk_request *request,
                                         struct sk_bytes bytes, bool *found);
/* It was done: keep e->reply with what it wrote. */
SK_CHECKED enum sk_status sk_repeat_keep(struct sk_engine *e,
                                         const struct sk_request *request,
                                         struct sk_bytes bytes);
/* At the end of the batch: write in which order, and drop what is too old. */
SK_CHECKED enum sk_status sk_repeat_settle(struct sk_engine *e);

/* ------------------------------------------------------------- vault.c
 * A data key belongs to an id: of a participant (own data), or a number of its
 * own (one for each message that was received).  Wrapped under wrap_secret in
 * SPACE_KEYS. */
/* What a wrapped key is bound to: its additional data. */
#define SK_VAULT_BOUND_SIZE (20 + SK_ID_SIZE)
void sk_vault_bound(const struct sk_id *owner,
                    uint8_t out[SK_VAULT_BOUND_SIZE]);
SK_CHECKED enum sk_status sk_vault_make(struct sk_engine *e,
                                        const struct sk_id *owner);
/* Seal plain under owner's key; `table key` is the additional data, so a
   record cannot be moved.  Result in scratch.  SK_E_NOT_FOUND: key is gone. */
SK_CHECKED enum sk_status sk_vault_put(struct sk_engine *e,
                                       const struct sk_id *owner,
                                       struct sk_bytes key,
                                       struct sk_bytes plain);
/* Read and open one record; plain in scratch.  SK_E_NOT_FOUND also when the
   data key was destroyed. */
SK_CHECKED enum sk_status sk_vault_get(struct sk_engine *e,
                                       const struct sk_id *owner,
                                       struct sk_bytes key,
                                       struct sk_bytes *plain);
/* Open a sealed value that a scan returned. */
SK_CHECKED enum sk_status sk_vault_open(struct sk_engine *e,
                                        const struct sk_id *owner,
                                        struct sk_bytes key,
                                        struct sk_bytes sealed,
                                        struct sk_bytes *plain);
/* The next of the keys that were made ahead, many at once: then a message
   that arrives writes to DATA alone.  docs/decisions/0003 */
SK_CHECKED enum sk_status sk_vault_take(struct sk_engine *e,
                                        struct sk_id *owner);
/* put for a record that starts with `head` in the clear; put and get for one
   that starts with the owner of its key; owner: also without the key. */
SK_CHECKED enum sk_status sk_vault_put_behind(struct sk_engine *e,
                                              const struct sk_id *owner,
                                              struct sk_bytes head,
                                              struct sk_bytes key,
                                              struct sk_bytes plain);
SK_CHECKED enum sk_status sk_vault_put_owned(struct sk_engine *e,
                                             const struct sk_id *owner,
                                             struct sk_bytes key,
                                             struct sk_bytes plain);
SK_CHECKED enum sk_status sk_vault_get_owned(struct sk_engine *e,
                                             struct sk_bytes key,
                                             struct sk_id *owner,
                                             struct sk_bytes *plain);
/* Destroy the key; sets effects->shred. */
SK_CHECKED enum sk_status sk_vault_destroy(struct sk_engine *e,
                                           const struct sk_id *owner);
/* Forget every unwrapped key: some may never have been stored. */
void sk_vault_forget(struct sk_engine *e);

/* ------------------------------------------------------------- federation.c */
/* Load charter, cards and policy from the store into e->bundle, sessions. */
SK_CHECKED enum sk_status sk_federation_load(struct sk_engine *e);
/* Files of the charter and the policy in SK_T_FILE; bytes in scratch. */
SK_CHECKED enum sk_status sk_file_get(struct sk_engine *e, const char *name,
                                      struct sk_bytes *out);
SK_CHECKED enum sk_status sk_file_get_named(struct sk_engine *e,
                                            struct sk_bytes name,
                                            struct sk_bytes *out);
SK_CHECKED enum sk_status sk_file_put(struct sk_engine *e, struct sk_bytes name,
                                      struct sk_bytes bytes);
SK_CHECKED enum sk_status sk_file_delete(struct sk_engine *e,
                                         struct sk_bytes name);
/* The charter in force, read again into scratch; SK_E_NOT_FOUND: none. */
SK_CHECKED enum sk_status sk_federation_charter(struct sk_engine *e,
                                                struct sk_charter **out);
/* Load charter and policy (empty: none) into the bundle memory that is not in
   use; NULL in *out when findings has errors.  take: from now on it is in
   force; sessions: one per partner of its roster. */
SK_CHECKED enum sk_status
sk_federation_compile(struct sk_engine *e, const struct sk_charter *charter,
                      struct sk_bytes policy, struct sk_bytes invariants,
                      struct sk_findings *findings, struct sk_bundle **out);
void sk_federation_take(struct sk_engine *e, const struct sk_charter *charter,
                        struct sk_bundle *bundle, bool has_policy);
SK_CHECKED enum sk_status
sk_federation_sessions(struct sk_engine *e, const struct sk_charter *charter);
/* "id/version" of the charter, of the policy in force; empty when there is
   none.  In scratch. */
struct sk_bytes sk_charter_name(struct sk_engine *e);
struct sk_bytes sk_policy_name(struct sk_engine *e);
struct sk_bytes sk_policy_name_of(struct sk_engine *e, struct sk_bytes owner,
                                  uint64_t version);
/* A file of the policy in force, "officers.yaml"; into scratch.
   SK_E_NOT_FOUND: there is no policy, or no such file.  policy_files.c. */
SK_CHECKED enum sk_status
sk_policy_in_force(struct sk_engine *e, const char *name, struct sk_bytes *out);
/* After another charter or policy came into force: what the officers did not
   see yet goes no further (POLICY.md 2.5).  approval.c */
SK_CHECKED enum sk_status sk_approval_look(struct sk_engine *e);
/* Record what the gate for policies refused in this request, if anything: it
   is all that is left of it.  policy_gate.c */
SK_CHECKED enum sk_status sk_policy_keep_refused(struct sk_engine *e);
/* The argument "files"; views into the request.  charter.c. */
SK_CHECKED enum sk_status sk_arg_files(struct sk_engine *e,
                                       struct sk_value args, size_t count_max,
                                       struct sk_charter_file **out,
                                       size_t *count);
/* "active", "suspended", "left". */
const char *sk_org_status_text(const struct sk_roster_org *org);
/* A card of a partner of this charter, newer than what is known of it:
   SK_E_OLD, SK_E_BAD_*.  put: store it and use it. */
SK_CHECKED enum sk_status
sk_federation_card_check(struct sk_engine *e, const struct sk_charter *charter,
                         struct sk_bytes bytes, struct sk_card *out);
SK_CHECKED enum sk_status sk_federation_card_put(struct sk_engine *e,
                                                 const struct sk_card *card,
                                                 struct sk_bytes bytes);
/* The roster entry; NULL when unknown or no charter. */
const struct sk_roster_org *sk_federation_org(const struct sk_engine *e,
                                              struct sk_bytes org);
struct sk_session *sk_session_find(struct sk_engine *e,
                                   const struct sk_org *org);
/* The charter in force with another policy instead of ours, in the bundle
   memory that is not in use: until the end of this input.  NULL in *out when
   findings has errors. */
SK_CHECKED enum sk_status sk_federation_draft(struct sk_engine *e,
                                              struct sk_bytes policy,
                                              struct sk_findings *findings,
                                              struct sk_bundle **out);
/* A newer card that a partner sent; verified against the charter's identity.
   SK_E_OLD when not newer. */
SK_CHECKED enum sk_status sk_federation_card(struct sk_engine *e,
                                             const struct sk_org *from,
                                             struct sk_bytes card);

/* ------------------------------------------------------------- charter.c
 * Verify a charter and put it into force: what a person imports and what a
 * partner hands on.  Refused before anything is written.  out: in scratch. */
SK_CHECKED enum sk_status sk_charter_adopt(struct sk_engine *e,
                                           const struct sk_charter_file *files,
                                           size_t count,
                                           struct sk_charter **out);
/* Keep a file of a version that came into force.  charter_share.c */
/* A file of a charter that was in force; into scratch.  SK_E_NOT_FOUND. */
SK_CHECKED enum sk_status sk_charter_kept(struct sk_engine *e, uint64_t version,
                                          struct sk_bytes name,
                                          struct sk_bytes *out);
/* It comes into force now: remembered, for who asks what held on a day.
   question.c */
SK_CHECKED enum sk_status sk_charter_began(struct sk_engine *e,
                                           uint64_t version);
SK_CHECKED enum sk_status sk_charter_keep(struct sk_engine *e, uint64_t version,
                                          struct sk_bytes name,
                                          struct sk_bytes bytes);

/* ------------------------------------------------------------- clean.c
 * What people type, made canonical (DOMAIN 4.1, 4.2): a national number
 * without separators, an enterprise number without points and BE.  format:
 * of POLICY.md 6.3; other formats are left alone.  In scratch, or the text. */
struct sk_bytes sk_clean_code(struct sk_engine *e, struct sk_bytes format,
                              struct sk_bytes text);
bool sk_insz_is_legal(const struct sk_engine *e, struct sk_bytes insz);
/* The day is above the length of the month: legal, but worth a warning. */
bool sk_insz_is_odd(struct sk_bytes insz);
/* Lower case, without accents, letters and digits only: the next word of a
   name.  False at the end.  Longer words are cut. */
#define SK_NAME_WORD_MAX 64
struct sk_name_word {
    uint8_t bytes[SK_NAME_WORD_MAX];
    size_t size;
};
bool sk_name_next(struct sk_bytes *rest, struct sk_name_word *out);

/* ------------------------------------------------------------- participant.c
 */
struct sk_participant {
    struct sk_participant_id id;
    struct sk_bytes given_name;
    struct sk_bytes family_name;
    struct sk_bytes birth_date; /* YYYY, YYYY-MM, YYYY-MM-DD or empty */
    struct sk_bytes insz;
    struct sk_fact_period administration; /* from INT32_MAX: none */
};
/* SK_E_NOT_FOUND.  Texts in scratch. */
SK_CHECKED enum sk_status sk_participant_get(struct sk_engine *e,
                                             const struct sk_participant_id *id,
                                             struct sk_participant *out);

/* SK_E_NOT_FOUND when there is no such participant; reads no values. */
SK_CHECKED enum sk_status
sk_participant_exists(struct sk_engine *e, const struct sk_participant_id *id);
/* It is found by number and name no more. */
SK_CHECKED enum sk_status
sk_participant_unindex(struct sk_engine *e, const struct sk_participant_id *id);
/* A partner argument: in the roster and not ourselves; refuses no-charter,
   unknown-org, recipient-is-owner.  relation.c */
SK_CHECKED enum sk_status sk_arg_partner(struct sk_engine *e,
                                         struct sk_value args, const char *name,
                                         struct sk_org *out);
/* Parts of participant.show that other files pack: the value only. */
SK_CHECKED enum sk_status
sk_relations_pack(struct sk_engine *e, const struct sk_participant_id *id,
                  struct sk_pack *p); /* relation.c: array */
SK_CHECKED enum sk_status
sk_objections_pack(struct sk_engine *e, const struct sk_participant_id *id,
                   struct sk_pack *p); /* objection.c: array */
SK_CHECKED enum sk_status
sk_events_pack(struct sk_engine *e, const struct sk_participant_id *id,
               bool fields, struct sk_pack *p); /* event.c: array */
SK_CHECKED enum sk_status
sk_consents_pack(struct sk_engine *e, const struct sk_participant_id *id,
                 struct sk_pack *p); /* consent.c: array */
SK_CHECKED enum sk_status
sk_trajectory_pack(struct sk_engine *e, const struct sk_participant_id *id,
                   struct sk_pack *p); /* handover.c: map or nil */

/* Objections (POLICY.md 8.1) as they stood at an instant, for facts. */
SK_CHECKED enum sk_status sk_objection_each(
    struct sk_engine *e, const struct sk_participant_id *id, uint64_t as_of_ms,
    enum sk_status (*fn)(void *context, const struct sk_fact_objection *),
    void *context);

/* ------------------------------------------------------------- relation.c */
struct sk_relation {
    struct sk_org org;
    int32_t from;
    int32_t until;           /* INT32_MAX: open */
    struct sk_handle handle; /* ours towards org; DOMAIN 3.2 */
};
/* Calls each relation of a participant; stops when fn returns not SK_OK. */
SK_CHECKED enum sk_status sk_relation_each(
    struct sk_engine *e, const struct sk_participant_id *id,
    enum sk_status (*fn)(void *context, const struct sk_relation *),
    void *context);
SK_CHECKED enum sk_status sk_relation_get(struct sk_engine *e,
                                          const struct sk_participant_id *id,
                                          const struct sk_org *org,
                                          struct sk_relation *out);
/* It ends with this day, unless it did already or begins later; ended: did
   anything change. */
SK_CHECKED enum sk_status sk_relation_end(struct sk_engine *e,
                                          const struct sk_participant_id *id,
                                          const struct sk_org *org,
                                          int32_t until, bool *ended);
/* Who is behind a partner's handle, once a person assigned it. */
SK_CHECKED enum sk_status sk_handle_find(struct sk_engine *e,
                                         const struct sk_org *org,
                                         const struct sk_handle *handle,
                                         struct sk_participant_id *out);
/* Who is behind a handle of ours towards a partner. */
SK_CHECKED enum sk_status sk_handle_own(struct sk_engine *e,
                                        const struct sk_org *org,
                                        const struct sk_handle *handle,
                                        struct sk_participant_id *out);
SK_CHECKED enum sk_status sk_handle_assign(struct sk_engine *e,
                                           const struct sk_org *org,
                                           const struct sk_handle *handle,
                                           const struct sk_participant_id *id);
/* Every handle of a partner that was said to be this person. */
SK_CHECKED enum sk_status
sk_handles_of(struct sk_engine *e, const struct sk_participant_id *id,
              enum sk_status (*fn)(void *context, const struct sk_org *org,
                                   const struct sk_handle *handle),
              void *context);
/* Nobody is behind them any more. */
SK_CHECKED enum sk_status sk_handles_forget(struct sk_engine *e,
                                            const struct sk_participant_id *id);

/* ------------------------------------------------------------- event.c */
struct sk_recorded_event {
    struct sk_event_id id;
    struct sk_participant_id participant;
    struct sk_event_view view; /* texts in scratch */
    bool has_about;
    struct sk_handover_id about;
    uint64_t recorded_ms;
    struct sk_event_id corrects;     /* that one was wrong; zero: none */
    struct sk_event_id corrected_by; /* this one is wrong; zero: no */
};
/* SK_E_NOT_FOUND. */
SK_CHECKED enum sk_status sk_event_get(struct sk_engine *e,
                                       const struct sk_event_id *id,
                                       struct sk_recorded_event *out);
/* Store a new event that was checked, with what follows from it: handover,
   employer, trajectory.  Refuses what sk_handover_recorded() refuses. */
SK_CHECKED enum sk_status sk_event_record(struct sk_engine *e,
                                          struct sk_recorded_event *event);
/* The same event with other values, instead of the old one, which stays as it
   was and says so. */
SK_CHECKED enum sk_status sk_event_replace(struct sk_engine *e,
                                           struct sk_recorded_event *old,
                                           struct sk_recorded_event *event);
/* A field of it (no set); false when absent. */
bool sk_event_field(const struct sk_event_view *view, const char *name,
                    struct sk_bytes *out);

/* What event.record takes, checked, without an id; whole: with all that must
   be there.  Refuses.  record.c */
SK_CHECKED enum sk_status sk_record_read(struct sk_engine *e,
                                         struct sk_value args, bool whole,
                                         struct sk_recorded_event *out);
/* Everything about it, as event.show. */
void sk_event_pack(struct sk_pack *p, const struct sk_recorded_event *event);
/* SK_E_NOT_FOUND when there is no such event; reads no values. */
SK_CHECKED enum sk_status sk_event_exists(struct sk_engine *e,
                                          const struct sk_event_id *id);

/* ------------------------------------------------------------- source.c
 * A key of another system, "source_id": what was made under it once is not
 * made again.                                          docs/IMPORT.md 4 */
enum sk_source_kind {
    SK_SOURCE_PARTICIPANT,
    SK_SOURCE_EVENT,
    SK_SOURCE_DRAFT, /* or the event that it became, under the same id */
};
/* What was made under this key; also when it was erased since.
   SK_E_NOT_FOUND. */
SK_CHECKED enum sk_status sk_source_find(struct sk_engine *e,
                                         enum sk_source_kind kind,
                                         struct sk_bytes source,
                                         struct sk_id *out);
/* Was it made before?  Then that is the reply; nothing else is to happen. */
SK_CHECKED enum sk_status sk_source_answer(struct sk_engine *e,
                                           enum sk_source_kind kind,
                                           struct sk_value args,
                                           bool *answered);
/* It was made now; for a request without a key nothing is kept. */
SK_CHECKED enum sk_status sk_source_keep(struct sk_engine *e,
                                         enum sk_source_kind kind,
                                         struct sk_value args,
                                         const struct sk_id *id);
/* The argument "limit" of a list; refuses bad-argument. */
SK_CHECKED enum sk_status sk_arg_limit(struct sk_engine *e,
                                       struct sk_value args, size_t *out);
/* End a reply that was opened at `top` and has so many keys: "more", and "next"
   when there is more. */
void sk_reply_close_page(struct sk_engine *e, size_t top, size_t keys,
                         const struct sk_id *next);
/* Everything was checked: is it only a trial?  Then that is the reply. */
bool sk_arg_dry_run(struct sk_engine *e, struct sk_value args);

/* ------------------------------------------------------------- draft.c */
/* SK_E_NOT_FOUND when there is no such draft of this participant. */
SK_CHECKED enum sk_status sk_draft_exists(struct sk_engine *e,
                                          const struct sk_id *owner,
                                          const struct sk_id *id);

/* Every draft of a participant goes. */
SK_CHECKED enum sk_status
sk_drafts_forget(struct sk_engine *e,
                 const struct sk_participant_id *participant);

/* ------------------------------------------------------------- feed.c
 * For who follows along (IMPORT.md 5): told in the transaction of what
 * happened. */
enum sk_feed_kind {
    SK_FEED_EVENT = 1, /* id: of an event, recorded here */
    SK_FEED_MESSAGE,   /* id: of a message that arrived */
    SK_FEED_ASSIGNED,  /* id: of a message; a person said whom it is about */
    SK_FEED_WITHDRAWN, /* id: of the consent record */
    SK_FEED_RECALLED,  /* id: of a message of `from` that it asks back */
    SK_FEED_ERASED,    /* id: of a message of `from` that is gone */
    SK_FEED_FORGOTTEN, /* id: of a participant, of whom nothing is left */
};
/* from: NULL for what is ours; fields: which of them, NULL for all. */
SK_CHECKED enum sk_status
sk_feed_put(struct sk_engine *e, enum sk_feed_kind kind, const struct sk_id *id,
            const struct sk_org *from, const struct sk_words *fields);
/* The store went back to a backup: numbers go on where nobody was. */
/* Rows of before this day go, the oldest first, at most *budget of them
   (counted down). */
SK_CHECKED enum sk_status sk_feed_prune(struct sk_engine *e, int32_t day,
                                        size_t *budget, bool *done);
SK_CHECKED enum sk_status sk_feed_restored(struct sk_engine *e);

/* Regular employers that are in the roster (DOMAIN 3.5), for facts.c. */
struct sk_employer {
    struct sk_bytes org;
    struct sk_fact_period period;
};
SK_CHECKED enum sk_status sk_employer_each(
    struct sk_engine *e, const struct sk_participant_id *id,
    enum sk_status (*fn)(void *context, const struct sk_employer *),
    void *context);

/* An event was recorded: does a job begin or end?  After it was stored. */
SK_CHECKED enum sk_status
sk_employer_recorded(struct sk_engine *e,
                     const struct sk_recorded_event *event);

/* ------------------------------------------------------------- text.c
 * The word check of DOMAIN 9.3 on one outgoing text. word: what was found, a
 * view into the built-in list; written unless ALLOWED. */
enum sk_text_result { SK_TEXT_ALLOWED, SK_TEXT_WARNED, SK_TEXT_BLOCKED };
enum sk_text_result sk_text_check(const struct sk_engine *e,
                                  struct sk_bytes field, struct sk_bytes value,
                                  struct sk_bytes to, struct sk_bytes *word);

/* ------------------------------------------------------------- facts.c */
/* Everything the decision needs about one participant, compiled; in scratch.
   Extra: hypothetical link today and explicit consent now (preview), or NULL.
 */
struct sk_facts_extra {
    struct sk_bytes to;
    struct sk_bytes purpose;
    bool with_link;
    const struct sk_bytes *with_consent;
    size_t with_consent_count;
};
SK_CHECKED enum sk_status sk_facts_of(struct sk_engine *e,
                                      const struct sk_bundle *bundle,
                                      const struct sk_participant_id *id,
                                      const struct sk_facts_extra *extra,
                                      struct sk_facts **out);
/* The same for the bundle in force, without extra: kept until a record or the
   bundle behind it changes.  It and its texts die at the next call. */
SK_CHECKED enum sk_status sk_facts_now(struct sk_engine *e,
                                       const struct sk_participant_id *id,
                                       const struct sk_facts **out);
/* Our handle of a participant towards a partner, as sk_relation_get() has it.
 */
SK_CHECKED enum sk_status sk_facts_handle(struct sk_engine *e,
                                          const struct sk_participant_id *id,
                                          const struct sk_org *to,
                                          struct sk_handle *out);
/* While it is the same, so are the records behind everybody's facts. */
uint64_t sk_facts_version(const struct sk_engine *e);
void sk_facts_forget(struct sk_engine *e);

/* ------------------------------------------------------------- ledger.c
 * One record per disclosure (message): made when it is queued, filled when it
 * is handed to the transport, and followed to the end (I3). No values. */
enum sk_ledger_state {
    SK_LEDGER_QUEUED, /* waits in the outbox */
    SK_LEDGER_SENT,   /* handed over at least once, no receipt yet */
    SK_LEDGER_STORED,
    SK_LEDGER_READ,
    SK_LEDGER_ACCEPTED,
    SK_LEDGER_DROPPED, /* never sent: reason */
    SK_LEDGER_REFUSED, /* by the recipient: reason */
};
enum sk_ledger_recall {
    SK_RECALL_NONE,
    SK_RECALL_ASKED,     /* a notice is on its way or waits for its answer */
    SK_RECALL_CONFIRMED, /* erased */
    SK_RECALL_KEPT,      /* refused: law_reference, keep_until */
};
struct sk_ledger_field {
    struct sk_bytes name;
    enum sk_withheld withheld;
    struct sk_bytes level; /* when sent */
    bool recalled;
};
struct sk_ledger_entry {
    struct sk_message_id message;
    struct sk_participant_id participant;
    struct sk_event_id event;
    struct sk_bytes type;
    struct sk_org to;
    struct sk_bytes purpose;
    uint64_t queued_ms;
    uint64_t number;    /* of its place in the log towards `to`; 0: none */
    uint64_t sent_ms;   /* first hand-over; 0 never */
    uint64_t stored_ms; /* as the partner's receipts say, also when the record
                           was not written since */
    uint64_t read_ms;
    enum sk_ledger_state state;
    struct sk_bytes reason; /* DROPPED, REFUSED */
    struct sk_ledger_field fields[SK_EVENT_FIELDS_MAX];
    size_t fields_count;
    struct sk_recall_rule rules[SK_ITEM_WORDS_MAX]; /* as of sending */
    size_t rules_count;
    struct sk_words consents; /* ids as text */
    struct sk_bytes policy;   /* "org/version" */
    int32_t erase_by;
    bool erase;
    uint32_t within_days;
    enum sk_ledger_recall recall;
    bool recall_all;
    struct sk_bytes law_reference;
    struct sk_bytes keep_until;
    uint64_t answered_ms;
    struct sk_id notice; /* the last one that names it; zero: none */
    bool has_handover;
    struct sk_handover_id handover;
};
SK_CHECKED enum sk_status sk_ledger_get(struct sk_engine *e,
                                        const struct sk_message_id *id,
                                        struct sk_ledger_entry *out);
/* Fails with SK_E_TOO_LARGE when it names more than a record can hold. */
SK_CHECKED enum sk_status sk_ledger_put(struct sk_engine *e,
                                        const struct sk_ledger_entry *entry);
/* How many messages of a participant there are, counted up to `most`. */
SK_CHECKED enum sk_status sk_ledger_count(struct sk_engine *e,
                                          const struct sk_participant_id *id,
                                          size_t most, size_t *out);
/* The partner may have it: handed over, and its day is not there yet.  I7:
   also when it says that it refused it, for it had it in hands. */
bool sk_ledger_is_out(const struct sk_engine *e,
                      const struct sk_ledger_entry *entry);
bool sk_ledger_fits(const struct sk_ledger_entry *entry);
/* The two halves of put: the record in scratch; and store it, sealed, also in
   the index that says who it is about. */
SK_CHECKED enum sk_status sk_ledger_pack(struct sk_engine *e,
                                         const struct sk_ledger_entry *entry,
                                         struct sk_bytes *out);
SK_CHECKED enum sk_status
sk_ledger_put_packed(struct sk_engine *e, const struct sk_message_id *message,
                     const struct sk_participant_id *participant,
                     const struct sk_org *to, struct sk_bytes record);
/* The other way. */
SK_CHECKED enum sk_status sk_ledger_unpack(struct sk_engine *e,
                                           struct sk_bytes record,
                                           struct sk_ledger_entry *out);
/* Its partner has not confirmed it, and may still. */
bool sk_ledger_waits(const struct sk_ledger_entry *entry);
/* Every message of a participant, ids ascend.  fn may write; views of the
   entry, and what fn takes from scratch, die when it returns. */
SK_CHECKED enum sk_status
sk_ledger_each(struct sk_engine *e, const struct sk_participant_id *id,
               enum sk_status (*fn)(void *context, struct sk_ledger_entry *),
               void *context);
/* The same of those behind `after` (zero: from the first), so many at most;
   `after` is then the last one, and whether more follow is in `more`.  passes:
   a record that cannot be opened is passed over, for work that must go on. */
struct sk_ledger_page {
    struct sk_message_id after;
    size_t most;
    bool passes;
    bool more;
};
SK_CHECKED enum sk_status
sk_ledger_page(struct sk_engine *e, const struct sk_participant_id *id,
               struct sk_ledger_page *page,
               enum sk_status (*fn)(void *context, struct sk_ledger_entry *),
               void *context);
/* The message waits no longer: it is never sent (DROPPED), with the reason;
   a handover that it would have opened is cancelled. */
SK_CHECKED enum sk_status sk_ledger_drop(struct sk_engine *e,
                                         struct sk_ledger_entry *entry,
                                         const char *reason);

/* ------------------------------------------------------------- gate.c (I1)
 * Decide about a queued message NOW and write the item that may leave:
 * EVENT when permitted (ledger filled, state SENT), VOID when not (ledger
 * DROPPED with the reason).  Called by the outbox each time the item is sent
 * (I2).  out: into room. */
SK_CHECKED enum sk_status sk_gate_item(struct sk_engine *e,
                                       const struct sk_message_id *message,
                                       struct sk_room room,
                                       struct sk_bytes *out);

/* ------------------------------------------------------------- ready.c
 * An offer is decided twice: when it is made, and when it is sent (I2).  When
 * both happen in one transaction, at one instant, with nothing written between
 * them that a decision looks at, the second would be the first again: then the
 * item and the ledger entry of the first are used. */
/* Forget; the batch is over, or was taken back. */
void sk_ready_forget(struct sk_engine *e);
/* Write the entries that wait in memory, as queued: whoever reads the ledger
   does this first.  What is sent then is decided again. */
SK_CHECKED enum sk_status sk_ready_settle(struct sk_engine *e);
/* The item of this message, its ledger entry written; SK_E_NOT_FOUND: decide.
 */
SK_CHECKED enum sk_status sk_ready_take(struct sk_engine *e,
                                        const struct sk_message_id *message,
                                        struct sk_room room,
                                        struct sk_bytes *out);

/* The same for what was wrong in a message that went (CONSENT 5.4): a
   CORRECTION with the values that may flow now and the names of the others;
   VOID when the message is not out there any more.  gate_correct.c */
SK_CHECKED enum sk_status
sk_gate_correction(struct sk_engine *e, const struct sk_message_id *message,
                   const struct sk_id *correction, struct sk_room room,
                   struct sk_bytes *out);
/* May it say what is right at all?  Not without a policy, after a restore, or
   when the node leaves (CONSENT 5.6). */
SK_CHECKED enum sk_status sk_gate_shows_right(struct sk_engine *e, bool *out);

/* ------------------------------------------------------------- correct.c
 * CORRECTION and CORRECTED came. */
SK_CHECKED enum sk_status
sk_correction_apply(struct sk_engine *e, const struct sk_org *from,
                    const struct sk_item_correction *item,
                    const char **refusal);
SK_CHECKED enum sk_status
sk_correction_answer(struct sk_engine *e, const struct sk_org *from,
                     const struct sk_item_corrected *item,
                     const char **refusal);

/* ------------------------------------------------------------- outbox.c */
enum sk_out_kind {
    SK_OUT_EVENT = 1,      /* id: the message; decided at sending */
    SK_OUT_ITEM = 2,       /* bytes: an encoded item without personal values */
    SK_OUT_CORRECTION = 3, /* ids: of that message; decided at sending */
};
struct sk_out_entry {
    enum sk_out_kind kind;
    struct sk_message_id message; /* EVENT, CORRECTION */
    struct sk_id correction;      /* CORRECTION */
    struct sk_bytes item;         /* ITEM */
};
/* Append to the log towards `to`.  The number it got in *number. */
SK_CHECKED enum sk_status sk_outbox_put(struct sk_engine *e,
                                        const struct sk_org *to,
                                        const struct sk_out_entry *entry,
                                        uint64_t *number);
/* An item to fill, in scratch: zero, and no larger than one of this kind with
   so many fields, entries or messages (sk_item_size()).  NULL: no room. */
struct sk_item *sk_item_new(struct sk_engine *e, enum sk_item_kind kind,
                            size_t count);
/* Encode and append in one. */
SK_CHECKED enum sk_status sk_outbox_item(struct sk_engine *e,
                                         const struct sk_org *to,
                                         const struct sk_item *item);
/* How things stand with the logs of one partner; SK_E_NOT_FOUND never: all
   zero but the incarnation. */
SK_CHECKED enum sk_status
sk_log_get(struct sk_engine *e, const struct sk_org *org, struct sk_log *out);
SK_CHECKED enum sk_status sk_log_put(struct sk_engine *e,
                                     const struct sk_org *org,
                                     const struct sk_log *log);
/* That of a session is written once per batch, at its end or before somebody
   reads SK_T_PEER itself. */
SK_CHECKED enum sk_status sk_log_settle(struct sk_engine *e);
/* Count up or down, and store it. */
SK_CHECKED enum sk_status sk_log_add(struct sk_engine *e,
                                     const struct sk_org *org,
                                     enum sk_log_count which, int64_t by);
/* The same for a caller of sk_log_put(): in the session only. */
void sk_log_add_later(struct sk_session *s, enum sk_log_count which,
                      int64_t by);
/* One entry; its bytes are a view that dies at the next write. */
SK_CHECKED enum sk_status sk_outbox_get(struct sk_engine *e,
                                        const struct sk_org *to,
                                        uint64_t number,
                                        struct sk_out_entry *out);
/* Nothing stands at this number any more: its place is empty. */
SK_CHECKED enum sk_status
sk_outbox_remove(struct sk_engine *e, const struct sk_org *to, uint64_t number);
/* Items not yet confirmed stored by `to` (NULL: by anybody).  events: those
   of them that were not dropped. */
SK_CHECKED enum sk_status sk_outbox_pending(struct sk_engine *e,
                                            const struct sk_org *to,
                                            uint64_t *events, uint64_t *items);
/* One count over all partners, also those that left the charter. */
SK_CHECKED enum sk_status sk_log_total(struct sk_engine *e,
                                       enum sk_log_count which, uint64_t *out);

/* ------------------------------------------------------------- rewrap.c
 * Before the store is used: while there is a master key before, what that one
 * wraps is wrapped under the other one.  In transactions of its own. */
SK_CHECKED enum sk_status sk_rewrap(struct sk_engine *e);
/* e->index_secret, from the store or derived. */
SK_CHECKED enum sk_status sk_rewrap_index(struct sk_engine *e);
/* META `check`: tells under which master key a store is. */
SK_CHECKED enum sk_status sk_rewrap_check_put(struct sk_engine *e);
SK_CHECKED enum sk_status sk_rewrap_check(struct sk_engine *e);

/* ------------------------------------------------------------- renew.c */
/* Hand our card to a partner whose HELLO named an older one, once. */
SK_CHECKED enum sk_status sk_renew_tell(struct sk_engine *e,
                                        struct sk_session *s);

/* ------------------------------------------------------------- session.c */
SK_CHECKED enum sk_status sk_session_frame(struct sk_engine *e,
                                           const struct sk_org *from,
                                           struct sk_bytes frame);
SK_CHECKED enum sk_status sk_session_link(struct sk_engine *e,
                                          const struct sk_org *peer, bool up);
SK_CHECKED enum sk_status sk_session_timer(struct sk_engine *e);
SK_CHECKED enum sk_status sk_session_stop(struct sk_engine *e);
SK_CHECKED enum sk_status sk_session_pump(struct sk_engine *e);
/* What the partner answered to message.replay of this message: "pending",
   "duplicate", "recalled"; NULL when it was not replayed. */
const char *sk_replay_answer(const struct sk_engine *e,
                             const struct sk_message_id *id);
/* Called for every item that `to` now has stored (once, in order), and then
   for all of them: their ledger entries are not written, but know it. */
SK_CHECKED enum sk_status
sk_outbox_stored(struct sk_engine *e, const struct sk_org *to, uint64_t number);
SK_CHECKED enum sk_status sk_outbox_confirm(struct sk_engine *e,
                                            const struct sk_org *to,
                                            uint64_t last, uint64_t at_ms);
/* When `to` said that it has this item; SK_E_NOT_FOUND: it did not. */
SK_CHECKED enum sk_status sk_outbox_stored_at(struct sk_engine *e,
                                              const struct sk_org *to,
                                              uint64_t number, uint64_t *at_ms);

/* ------------------------------------------------------------- apply.c
 * One item of `from`, in order, exactly once, inside the transaction that
 * moves the cursor.  A bad item never stops the log: it is refused (code) and
 * the cursor moves on. refusal: static code, or NULL. */
SK_CHECKED enum sk_status sk_apply_item(struct sk_engine *e,
                                        const struct sk_org *from,
                                        struct sk_bytes item,
                                        const char **refusal,
                                        struct sk_message_id *message);

/* ------------------------------------------------------------- collective.c
 * Is it a type of the closed table, with every key it needs and no others?
 * For what is published and for what arrives. */
bool sk_collective_is_known(struct sk_bytes type, struct sk_value body);

/* ------------------------------------------------------------- inbox.c */
struct sk_inbox_entry {
    struct sk_message_id message;
    struct sk_id key_owner; /* vault.c */
    struct sk_org from;
    uint64_t number;
    uint64_t incarnation; /* its place in the log of `from` */
    uint64_t place;
    uint64_t received_ms;
    uint64_t opened_ms; /* 0: not yet */
    uint64_t accepted_ms;
    struct sk_item_event *event; /* in scratch, room for no more fields */
    bool collective;             /* then `event` has message, type only */
    struct sk_value body;        /* of a collective message */
    struct sk_words locked;      /* fields asked back, not yet erased */
    struct sk_item_correction *correction; /* not taken over yet; or NULL */
    uint64_t corrected_ms; /* a person took the last one over; 0: never */
    size_t waiting;        /* bytes it counts for; 0 once opened */
};
/* SK_E_NOT_FOUND also for what was erased. */
SK_CHECKED enum sk_status sk_inbox_get(struct sk_engine *e,
                                       const struct sk_message_id *id,
                                       struct sk_inbox_entry *out);
/* The argument "message" of an operation: what a partner sent.  SK_E_REFUSED:
   not here, or not any more.  inbox_ops.c. */
SK_CHECKED enum sk_status sk_arg_message(struct sk_engine *e,
                                         struct sk_value args,
                                         struct sk_inbox_entry **out);
SK_CHECKED enum sk_status sk_inbox_put(struct sk_engine *e,
                                       const struct sk_inbox_entry *entry);
/* The same under a new data key: what an entry no longer holds can be read
   nowhere any more.  What there is still to do is planned again from it. */
SK_CHECKED enum sk_status sk_inbox_rekey(struct sk_engine *e,
                                         struct sk_inbox_entry *entry);
/* Was this message of `from` recalled (or erased at its erase_by day)? */
SK_CHECKED enum sk_status sk_inbox_is_recalled(struct sk_engine *e,
                                               const struct sk_org *from,
                                               const struct sk_message_id *id,
                                               bool *out);
/* CONSENT 4.5: from a notice on the data are not used: locked fields and
   messages are in no list and cannot be opened, and the same message coming
   again is `recalled`.  Also for a message that never came. */
SK_CHECKED enum sk_status sk_inbox_lock(struct sk_engine *e,
                                        const struct sk_org *from,
                                        const struct sk_message_id *id,
                                        bool all,
                                        const struct sk_words *fields);
/* The erase_by day of a received message came (SK_DUE_ERASE_BY; value: the
   text of the partner it came from). */
SK_CHECKED enum sk_status sk_inbox_expire(struct sk_engine *e,
                                          const struct sk_message_id *id,
                                          struct sk_bytes from);
/* Take fields away (all: the whole message), destroying the key. */
SK_CHECKED enum sk_status sk_inbox_erase(struct sk_engine *e,
                                         const struct sk_org *from,
                                         const struct sk_message_id *id,
                                         bool all,
                                         const struct sk_words *fields);

/* ------------------------------------------------------------- withdraw.c */
/* After a withdrawal was recorded: drop from the queue, recall, queue the
   notices (CONSENT 4.2 to 4.4).  Packs into e->reply *keys keys with their
   values: "dropped", "notices", and "under_way" when there are more messages
   than e->recall_part; they follow (recall_later.c), and the lists are empty.
   */
SK_CHECKED enum sk_status
sk_withdraw_recall(struct sk_engine *e,
                   const struct sk_participant_id *participant,
                   const struct sk_consent_id *withdrawal, size_t *keys);
/* The same of one page of messages. */
SK_CHECKED enum sk_status sk_withdraw_part(
    struct sk_engine *e, const struct sk_participant_id *participant,
    const struct sk_consent_id *withdrawal, struct sk_ledger_page *page);
/* The same for who asks to be forgotten (CONSENT 5.2): nothing waits any more,
   everything out there is asked back whole, with an ERASURE for this ground;
   and SK_T_ERASURE remembers it. */
SK_CHECKED enum sk_status sk_erasure_recall(
    struct sk_engine *e, const struct sk_participant_id *participant,
    const struct sk_consent_id *withdrawal, struct sk_bytes ground);
/* A law makes us keep it through this day (erasure.refuse), so that it is not
   erased at an earlier erase_by; INT32_MIN: no law.  For sk_inbox_expire(). */
SK_CHECKED enum sk_status
sk_erasure_keep_until(struct sk_engine *e, const struct sk_org *from,
                      const struct sk_message_id *message, int32_t *until);
SK_CHECKED enum sk_status sk_withdraw_apply(struct sk_engine *e,
                                            const struct sk_org *from,
                                            const struct sk_item *item,
                                            const char **refusal);
/* TOLD: a partner passes on a withdrawal.  bytes: the item as it came.
   told.c */
#define SK_TOLD_MAX 64 /* per partner and person: see CONSENT 4.1 */
SK_CHECKED enum sk_status sk_told_apply(struct sk_engine *e,
                                        const struct sk_org *from,
                                        struct sk_bytes bytes,
                                        const struct sk_item_told *told,
                                        const char **refusal);
/* ERASED or KEPT came back. */
SK_CHECKED enum sk_status sk_withdraw_answer(struct sk_engine *e,
                                             const struct sk_org *from,
                                             const struct sk_item *item,
                                             const char **refusal);

/* ------------------------------------------------------------- recall_later.c
 */
/* What follows from this withdrawal is done in parts, from the next batch on.
 */
SK_CHECKED enum sk_status
sk_recall_later(struct sk_engine *e,
                const struct sk_participant_id *participant,
                const struct sk_consent_id *withdrawal);
/* Do what is left of it, before what is known of the person changes. */
SK_CHECKED enum sk_status
sk_recall_settle(struct sk_engine *e,
                 const struct sk_participant_id *participant);
/* How many are under way. */
SK_CHECKED enum sk_status sk_recalls_count(struct sk_engine *e, uint64_t *out);
/* Once per batch, before frames leave: a part of one. */
SK_CHECKED enum sk_status sk_recall_run(struct sk_engine *e);

/* ------------------------------------------------------------- handover.c */
/* An event of a handover was recorded here: the input it is, checked before
   the event is stored: refuses wrong-state, unknown-handover.  Called for
   handover.answered, .completed and .returned (`about` is then given), and
   for every other event that has `about`; never for a handover.requested
   without it. */
SK_CHECKED enum sk_status
sk_handover_recorded(struct sk_engine *e,
                     const struct sk_recorded_event *event);
/* A trajectory.started was recorded: the owner is this node, epoch 1. */
SK_CHECKED enum sk_status
sk_trajectory_started(struct sk_engine *e,
                      const struct sk_participant_id *participant);
/* A handover.requested is offered and permitted: opens the handover (id of
   its own), supersedes an older open one; fills the entry's handover. */
SK_CHECKED enum sk_status
sk_handover_sent(struct sk_engine *e, const struct sk_recorded_event *event,
                 struct sk_ledger_entry *entry);
/* What a message about a handover carries (id, trajectory, epoch, kind). */
SK_CHECKED enum sk_status sk_handover_stamp(struct sk_engine *e,
                                            const struct sk_handover_id *id,
                                            struct sk_item_event *event);
/* A handover.requested arrived. */
SK_CHECKED enum sk_status sk_handover_arrived(struct sk_engine *e,
                                              const struct sk_org *from,
                                              const struct sk_item_event *event,
                                              const char **refusal);
/* HANDOVER, RELEASED, UNRELEASED arrived. */
SK_CHECKED enum sk_status sk_handover_apply(struct sk_engine *e,
                                            const struct sk_org *from,
                                            const struct sk_item *item,
                                            const char **refusal);
/* The partner forgot things (its log has a new incarnation): tell it again who
   owns what was handed over between it and us.  Called by session.c. */
SK_CHECKED enum sk_status sk_handover_remind(struct sk_engine *e,
                                             const struct sk_org *partner);
/* A person said who a handover's message is about (inbox.assign). */
SK_CHECKED enum sk_status
sk_handover_assigned(struct sk_engine *e, const struct sk_handover_id *id,
                     const struct sk_participant_id *participant);
/* A handover's message was opened by a person. */
SK_CHECKED enum sk_status sk_handover_opened(struct sk_engine *e,
                                             const struct sk_handover_id *id);

/* ------------------------------------------------------------- backup.c */
/* Let go of a moment that nobody reads any more. */
void sk_backup_expire(struct sk_engine *e);

/* ------------------------------------------------------------- restored.c */
/* At open, with the sessions there: mark who must be asked. */
SK_CHECKED enum sk_status sk_restored_load(struct sk_engine *e);
/* Must this partner still be asked?  Then it is done now. */
SK_CHECKED enum sk_status sk_restored_take(struct sk_engine *e,
                                           const struct sk_org *org, bool *out);

/* ------------------------------------------------------------- hold.c
 * After a restore no event leaves until a person says that what came on paper
 * after the backup was entered again (restore.done).  Everything else does. */
SK_CHECKED enum sk_status sk_hold_start(struct sk_engine *e);
SK_CHECKED enum sk_status sk_hold_since(struct sk_engine *e, bool *on,
                                        uint64_t *since_ms);
/* On hold, this event is put aside and its place in the log is empty: *out. */
SK_CHECKED enum sk_status
sk_hold_aside(struct sk_engine *e, const struct sk_org *to, uint64_t number,
              const struct sk_message_id *message, bool *out);
/* The key "hold" of node.status; only while on hold. */
SK_CHECKED enum sk_status sk_hold_pack(struct sk_engine *e, uint64_t since_ms);

/* ------------------------------------------------------------- due.c
 * Things to do on a civil day; the timers of timer.h are among them.
 * sk_due_run() does what is due up to today, in order; called at each step
 * when the day changed, and after clock.set. */
enum sk_due_kind {
    SK_DUE_ERASE_BY = 1, /* id: a received message */
    SK_DUE_POLICY = 3,   /* id: of a signed policy, from that day on */
    SK_DUE_PERSON = 4,   /* id: a participant whom a law kept here */
};
SK_CHECKED enum sk_status sk_due_put(struct sk_engine *e, int32_t day,
                                     enum sk_due_kind kind,
                                     const struct sk_id *id,
                                     struct sk_bytes value);
SK_CHECKED enum sk_status sk_due_run(struct sk_engine *e);
/* There is more to do today. */
void sk_due_again(struct sk_engine *e);
/* Nobody answered in time; expired: it was still open to that. */
SK_CHECKED enum sk_status sk_handover_expire(struct sk_engine *e,
                                             const struct sk_handover_id *id,
                                             bool *expired);
/* policy_gate.c */
SK_CHECKED enum sk_status sk_policy_due(struct sk_engine *e,
                                        const struct sk_id *id);
/* Closing days of this node, sorted, in scratch. */
SK_CHECKED enum sk_status
sk_calendar_closed(struct sk_engine *e, const int32_t **days, size_t *count);

#include "node/engine/ops.h"

#endif
