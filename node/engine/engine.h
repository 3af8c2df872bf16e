/*
 * The engine: one partner's node as a function of (store, input, time, seed)
 * to (effects).                                        docs/ARCHITECTURE.md 4
 *
 * No sockets, clocks, files or randomness of its own.  The caller (schakeld,
 * or a simulator) opens a store transaction, steps the inputs that arrived
 * together, pumps, commits, and only then lets the effects out:
 *
 *     begin; step, step, ...; pump; commit; send frames and replies
 *
 * A step either writes everything of its input or says why not.  When step or
 * pump fails after it wrote, or commit fails, the caller aborts and calls
 * sk_engine_rollback(), which forgets all volatile state of the batch; then
 * it may step the inputs again one at a time with the same time and seed.
 *
 * One thread.  Memory: one block given by the caller.
 */
#ifndef SK_NODE_ENGINE_H
#define SK_NODE_ENGINE_H

#include "node/store.h"
#include "protocol/card.h"
#include "protocol/control.h"
#include "protocol/keyfile.h"

struct sk_engine;

#define SK_ENGINE_MEMORY_SIZE (96u * 1024 * 1024) /* touched as needed */
#define SK_EFFECT_FRAMES_MAX 2080
#define SK_EFFECTS_SIZE_MAX (8u * 1024 * 1024)

struct sk_engine_config {
    struct sk_store *store;                /* borrowed for life */
    const struct sk_node_secrets *secrets; /* copied, wiped on close */
    const struct sk_card *card;            /* own card; copied */
    struct sk_bytes card_bytes; /* the same as signed, to hand on; may be
                                   empty: then it cannot be */
    uint64_t partner_bytes; /* of one partner that may wait for people: unread
                               messages, unanswered notices; 0: default */
    size_t recall_part;     /* messages that one withdrawal looks at in one
                               transaction; 0: default */
    bool manual_clock;
    uint64_t now_ms;     /* UTC ms since 1970; start of a manual clock */
    struct sk_room room; /* SK_ENGINE_MEMORY_SIZE, 64-byte aligned */
};

/*
 * Load charter, cards, policy and peers from the store (begins and ends its
 * own transactions).  A store that belongs to another node is SK_E_REFUSED, one
 * of another format, older or newer, SK_E_UNSUPPORTED; a wrong master key
 * SK_E_WRONG_KEY.
 */
SK_CHECKED enum sk_status sk_engine_open(const struct sk_engine_config *config,
                                         struct sk_engine **out);
void sk_engine_close(struct sk_engine **engine);

/*
 * This store was filled from a backup (inside a transaction, before it is
 * opened): towards every partner it starts a new incarnation, and asks what
 * it forgot.  PROTOCOL.md 8.4
 */
SK_CHECKED enum sk_status sk_engine_mark_restored(struct sk_store *store);

enum sk_input_type {
    SK_INPUT_FRAME,   /* bytes: an envelope; peer: whom CURVE authenticated */
    SK_INPUT_LINK,    /* peer, up: the transport reaches it, or not */
    SK_INPUT_CONTROL, /* bytes: a request */
    SK_INPUT_TIMER,   /* the wake-up that was asked for, or any time */
    SK_INPUT_STOP,    /* clean stop: say goodbye to partners */
};

struct sk_input {
    enum sk_input_type type;
    uint64_t now_ms; /* real clock; ignored by a manual clock */
    struct sk_seed seed;
    struct sk_org peer;
    bool up;
    struct sk_bytes bytes;
    uint32_t uid; /* CONTROL: of the peer, as the kernel says */
    bool owner;   /* CONTROL: the system user that runs the node, or root */
};

struct sk_effect_frame {
    struct sk_org to;
    struct sk_bytes frame;
};

struct sk_effects {
    struct sk_room room; /* given by the caller; frames and replies go here */
    size_t used;
    struct sk_effect_frame frames[SK_EFFECT_FRAMES_MAX];
    size_t frames_count;
    struct sk_bytes reply; /* of the last SK_INPUT_CONTROL step; else empty */
    bool peers_changed;    /* the transport must ask sk_engine_peer_at() */
    bool shred;            /* after the commit: sk_store_shred(), then pump:
                              ERASED waits for it */
    const char *finding; /* news about a journal, a kind of findings.h; NULL */
    struct sk_org finding_about;
    uint64_t charter_version;   /* now in force; 0: as it was */
    struct sk_org charter_from; /* who handed it on; empty: a person */
    uint64_t wake_ms; /* next SK_INPUT_TIMER at the latest, real clock */
};

void sk_effects_start(struct sk_effects *effects, struct sk_room room);

/*
 * One input.  A refused request or a bad frame is not a failure: the reply
 * or a REFUSAL says so and SK_OK is returned.  Fails only with what the store
 * says (SK_E_FULL, SK_E_IO), with SK_E_AGAIN when the effects have no room
 * left, or with SK_E_TOO_LARGE when it ran out of memory half-way: taken back,
 * the request is answered so, and the same frame is taken the next time,
 * without the item that did it.
 */
SK_CHECKED enum sk_status sk_engine_step(struct sk_engine *engine,
                                         const struct sk_input *input,
                                         struct sk_effects *effects);

/* Fill envelopes for every partner that can take some.  Once per batch. */
SK_CHECKED enum sk_status sk_engine_pump(struct sk_engine *engine,
                                         uint64_t now_ms,
                                         const struct sk_seed *seed,
                                         struct sk_effects *effects);

/* The batch was aborted: forget everything that was not committed. */
void sk_engine_rollback(struct sk_engine *engine);

/* What the machine gives that the engine cannot see, for node.status. */
struct sk_engine_host {
    unsigned landlock; /* its version, 0: none */
    bool seccomp;
    bool deaf; /* somebody else has the address of node.conf */
};
void sk_engine_host_set(struct sk_engine *engine,
                        const struct sk_engine_host *host);

/* A coded error reply for a request whose batch could not be stored. */
SK_CHECKED enum sk_status sk_engine_error_reply(const char *code,
                                                struct sk_room room,
                                                struct sk_bytes *out);

/*
 * Keys that have had their time, between two batches (renew.c), and the master
 * key before, once keys.mdb was overwritten.  due: node.key
 * is to be written again; rewrite: as it was read, without them, fails with
 * SK_E_REFUSED while a person is renewing; then drop: they are forgotten, and
 * sk_engine_curve() may be another key: lines must be opened anew.
 */
bool sk_engine_master_changed(const struct sk_engine *engine);
bool sk_engine_keys_due(const struct sk_engine *engine);
SK_CHECKED enum sk_status sk_engine_keys_rewrite(const struct sk_engine *engine,
                                                 struct sk_bytes in,
                                                 const struct sk_seed *seed,
                                                 struct sk_room room,
                                                 struct sk_bytes *out);
void sk_engine_keys_drop(struct sk_engine *engine);
/* The transport key that lines use now.  Wipe it. */
void sk_engine_curve(const struct sk_engine *engine,
                     struct sk_curve_secret *out);

/* What the transport must know: partners that may connect. */
struct sk_engine_peer {
    struct sk_org org;
    struct sk_curve_public curve;
    bool has_curve_before; /* it may still come under this one */
    struct sk_curve_public curve_before;
    char endpoint[SK_ENDPOINT_SIZE_MAX + 1]; /* to dial; "" for none */
};
size_t sk_engine_peers_count(const struct sk_engine *engine);
void sk_engine_peer_at(const struct sk_engine *engine, size_t i,
                       struct sk_engine_peer *out);

#endif
