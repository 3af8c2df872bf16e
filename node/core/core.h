/*
 * schakeld: the engine, the keys and the store of one node, and the loop that
 * brings inputs to the engine and its effects to the world.
 *                                                   docs/ARCHITECTURE.md 3
 *
 *   main.c     options, start and stop          setup.c   files of the folder
 *   loop.c     epoll, signals, time             batch.c   group commit
 *   control.c  ctl.sock                         child.c   schakel-net
 *   notify.c   the service manager              starter.c who may start it
 *   keys.c     node.key without keys that had their time
 *
 * One thread.  Everything is allocated at start, but the buffers of control
 * clients, which grow as bytes come and have a limit together.
 */
#ifndef SK_NODE_CORE_CORE_H
#define SK_NODE_CORE_CORE_H

#include <sys/types.h>

#include "node/engine/engine.h"
#include "node/ipc.h"
#include "policies/config.h"

/* Inputs in one batch, those of clients among them; bytes of frames in one
   batch. */
#define SK_BATCH_COUNT_MAX 512
#define SK_BATCH_CLIENTS_MAX 448
#define SK_BATCH_FRAMES_SIZE_MAX (4u * 1024 * 1024)

/* Fresh seeds drawn at once. */
#define SK_SEEDS_COUNT 64

/* Control connections; bytes that all of them may make us hold; how long a
   request may take to arrive and a reply to be taken, ms. */
#define SK_CLIENTS_MAX 64
#define SK_CLIENTS_OTHERS_MAX 16 /* of one system user, not the node's own */
#define SK_CLIENTS_SIZE_MAX (32u * 1024 * 1024)
#define SK_CLIENT_SLOW_MS 10000

struct sk_options {
    const char *dir;
    const char *net; /* path of schakel-net, or NULL: beside schakeld */
    bool manual_clock;
    uint64_t manual_ms;
    bool foreground;
    bool load; /* fill an empty store from standard input, and end */
};

/* ------------------------------------------------------------- setup.c */
struct sk_setup {
    struct sk_config config;
    struct sk_card card;
    uint8_t card_bytes[SK_CARD_SIZE_MAX]; /* as signed */
    size_t card_size;
    struct sk_node_secrets *secrets; /* locked memory, owned */
};
/* Read node.conf, node.key and own.card in the current folder; says on the
   log what is wrong.  Fails with what it says. */
SK_CHECKED enum sk_status sk_setup_open(const struct sk_options *options,
                                        struct sk_setup *out);
void sk_setup_close(struct sk_setup *setup);
/* node.conf alone. */
SK_CHECKED enum sk_status sk_setup_config(struct sk_config *out);

/* ------------------------------------------------------------- load.c */
/* Standard input into a new store in the current folder; says on the log what
   is wrong, and on standard output how many records came. */
SK_CHECKED enum sk_status sk_load_store(const struct sk_config *config);

/* ------------------------------------------------------------- clients */
enum sk_client_state {
    SK_CLIENT_FREE,
    SK_CLIENT_READING,
    SK_CLIENT_ASKING, /* requests of it are in the batch */
    SK_CLIENT_WRITING,
};

struct sk_buffer { /* messages with 4 bytes of size in front */
    uint8_t *data;
    size_t size;
    size_t size_max;
    size_t at; /* used up to here */
};

struct sk_client {
    enum sk_client_state state;
    int fd;
    struct sk_buffer in;  /* requests; at: what was asked */
    struct sk_buffer out; /* replies; at: what was sent */
    size_t asked;         /* requests in the batch */
    uint64_t deadline_ms; /* monotonic; 0: idle, none */
    uint32_t events;      /* that epoll watches for */
    bool hang_up;         /* after this reply */
    uint32_t uid;         /* of the peer, as the kernel says */
    bool owner;           /* that uid is ours, or root */
};

/* ------------------------------------------------------------- partners */
struct sk_link {
    struct sk_org org;
    bool up;    /* schakel-net says */
    bool told;  /* the engine knows, committed */
    bool asked; /* an input of this batch says so */
};

/* ------------------------------------------------------------- batch.c */
struct sk_batch_input {
    struct sk_input input;
    struct sk_client *client; /* of a CONTROL */
    struct sk_bytes reply;
};

struct sk_core {
    const struct sk_options *options;
    struct sk_setup setup;
    struct sk_store *store;
    struct sk_engine *engine;
    int epoll_fd;
    int signal_fd;
    bool stopping;
    bool failed; /* the store is broken: exit, so that somebody looks */
    struct sk_engine_host host; /* what holds around the engine */
    bool ready;
    uint64_t now_ms;        /* real clock */
    uint64_t monotonic_ms;  /* for time-outs of our own */
    uint64_t wake_ms;       /* real clock: when the engine wants a TIMER */
    uint64_t complain_ms;   /* monotonic: when the log may have the next line */
    uint64_t retry_ms;      /* monotonic: when to try again after a failure */
    uint64_t rest_at_ms;    /* monotonic: nobody asked anything until then */
    uint64_t shred_at_ms;   /* monotonic: when to overwrite old keys again */
    uint64_t shred_wait_ms; /* before that; 0: it did not fail */
    uint64_t keys_at_ms;    /* monotonic: when to write node.key again */
    uint64_t watchdog_ms;   /* tell the service manager so often; 0: never */
    uint64_t alive_ms;      /* monotonic: when to tell it next */
    enum sk_status store_status; /* as last logged */

    /* batch.c */
    struct sk_batch_input inputs[SK_BATCH_COUNT_MAX];
    size_t inputs_count;
    struct sk_room frames; /* bytes of the inputs */
    size_t frames_used;
    struct sk_effects effects;
    struct sk_room effects_room;
    struct sk_seed seeds[SK_SEEDS_COUNT]; /* fresh ones: a call gets many */
    size_t seeds_left;

    /* control.c */
    int control_fd;
    struct sk_client clients[SK_CLIENTS_MAX];
    size_t clients_size;

    /* starter.c */
    int starter_fd; /* -1: none */
    pid_t starter_pid;

    /* child.c */
    int net_fd; /* -1: not running */
    pid_t net_pid;
    uint64_t net_started_ms;  /* monotonic */
    uint64_t net_start_at_ms; /* monotonic; when to start it again */
    uint32_t net_failures;
    bool net_again;     /* we ended it: it starts again at once */
    uint64_t net_taken; /* frames of it that are done, and it does not know */
    uint64_t strangers; /* as last logged */
    struct sk_link links[SK_PARTNERS_MAX];
    size_t links_count;
};

/* Room for one more input?  Then a place for it, with time and seed. */
bool sk_batch_has_room(const struct sk_core *core);
struct sk_batch_input *sk_batch_add(struct sk_core *core,
                                    enum sk_input_type type);
/* Step, commit, let the effects out. */
void sk_batch_run(struct sk_core *core);
/* Overwrite deleted keys when that failed before and its time has come. */
void sk_batch_shred(struct sk_core *core);

/* ------------------------------------------------------------- control.c */
SK_CHECKED enum sk_status sk_control_open(struct sk_core *core);
void sk_control_accept(struct sk_core *core);
/* Read and write what a client is ready for; a whole request is an input. */
void sk_control_serve(struct sk_core *core, struct sk_client *client);
/* Requests that were read but had no room in a batch before. */
void sk_control_rest(struct sk_core *core);
/* To the next request of it that has none; borrowed. */
void sk_control_reply(struct sk_core *core, struct sk_client *client,
                      struct sk_bytes reply);
/* Cut those who are too slow; the next such moment, or UINT64_MAX. */
uint64_t sk_control_expire(struct sk_core *core);
void sk_control_close(struct sk_core *core);

/* ------------------------------------------------------------- starter.c
 * Once it is locked up, schakeld starts no process.  One that was forked
 * before any key was read does it instead, and knows one program. */
SK_CHECKED enum sk_status sk_starter_open(struct sk_core *core);
/* Have schakel-net started with this end of the pair; it is our child then.
   Returns 0 or what errno says. */
SK_CHECKED int sk_starter_ask(struct sk_core *core, int fd, pid_t *pid);
/* SIGCHLD came.  Without a starter we must be started anew ourselves. */
void sk_starter_reap(struct sk_core *core);
void sk_starter_close(struct sk_core *core);

/* ------------------------------------------------------------- child.c */
/* Start schakel-net when it does not run and its back-off is over. */
void sk_child_start(struct sk_core *core);
/* Messages of schakel-net become inputs, as many as the batch takes. */
void sk_child_read(struct sk_core *core);
/* Between two batches: let it give more. */
void sk_child_take_more(struct sk_core *core);
/* Links that the engine does not know yet become inputs. */
void sk_child_links(struct sk_core *core);
/* This LINK is committed; this batch is over. */
void sk_child_told(struct sk_core *core, const struct sk_input *input);
void sk_child_settled(struct sk_core *core);
void sk_child_send_frame(struct sk_core *core,
                         const struct sk_effect_frame *frame);
void sk_child_send_peers(struct sk_core *core);
/* SIGCHLD came. */
void sk_child_reap(struct sk_core *core);
/* End it and start it again: the transport key is another one now. */
void sk_child_again(struct sk_core *core);
/* Let it send what it has, wait a moment, end it. */
void sk_child_stop(struct sk_core *core);

/* ------------------------------------------------------------- keys.c */
/* Destroy keys that had their time, in node.key and in memory. */
void sk_keys_tend(struct sk_core *core);

/* ------------------------------------------------------------- loop.c */
/* What epoll says who is ready. */
enum sk_watched {
    SK_READY_SIGNAL,
    SK_READY_NET,
    SK_READY_CONTROL,
    SK_READY_CLIENT
};
SK_CHECKED enum sk_status sk_loop_open(struct sk_core *core);
SK_CHECKED enum sk_status sk_loop_watch(struct sk_core *core, int fd,
                                        enum sk_watched ready, size_t index,
                                        uint32_t events);
void sk_loop_change(struct sk_core *core, int fd, enum sk_watched ready,
                    size_t index, uint32_t events);
void sk_loop_run(struct sk_core *core);
void sk_loop_close(struct sk_core *core);
void sk_loop_times(struct sk_core *core);

/* ------------------------------------------------------------- notify.c */
/* One line of sd_notify's protocol; nothing without NOTIFY_SOCKET. */
void sk_notify(const char *line);
/* How often it wants to hear WATCHDOG=1, half of what it allows; 0: never. */
uint64_t sk_notify_watchdog_ms(void);

#endif
