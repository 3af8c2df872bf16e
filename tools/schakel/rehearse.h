/*
 * Play a scenario on throw-away nodes: real processes, a manual clock.
 *                                                        docs/SCENARIOS.md
 *
 *   rehearse_world.c   the nodes: processes, requests, clocks, settling
 *   rehearse_federation.c   their folders, keys, charter, officers, policies
 *   rehearse_story.c   the steps; their verbs: rehearse_verbs.h
 *   rehearse_check.c   what must hold: expectations, `never`, files
 *   rehearse_timers.c  and what the nodes' timers raised
 *   rehearse_tell.c    the story as text, Dutch or English, and the table
 *   cmd_rehearse.c     the command
 *
 * One process drives everything; a failure of the set-up ends it with a text,
 * a failed expectation is counted and told.
 */
#ifndef SK_TOOLS_REHEARSE_H
#define SK_TOOLS_REHEARSE_H

#include <jansson.h>
#include <sys/types.h>

#include "policies/cases.h"
#include "policies/civil.h"
#include "policies/yaml.h"
#include "tools/schakel/client.h"
#include "tools/schakel/glossary.h"

#define SK_ACTORS_MAX 48

/* One partner of the story. */
struct sk_actor {
    char *org;
    char *name;                /* from the roster */
    char *dir;                 /* the node's folder */
    char *bundle_dir;          /* of its bundle.yaml; NULL: no policy */
    struct sk_sources sources; /* of its bundle, as trees; when it has one */
    bool active;               /* runs a node */
    bool suspended;
    bool online;
    int port;
    pid_t pid;
    struct sk_client *client;
    uint64_t restarts;
};

enum sk_alias_kind {
    SK_ALIAS_PERSON,   /* per node: participant */
    SK_ALIAS_EVENT,    /* per node: event */
    SK_ALIAS_CONSENT,  /* per node: consent */
    SK_ALIAS_MESSAGE,  /* of all: message */
    SK_ALIAS_HANDOVER, /* of all: handover */
};
struct sk_alias {
    enum sk_alias_kind kind;
    const struct sk_actor *actor; /* NULL: of all */
    char *alias;
    char *id;
    struct sk_alias *next;
};

/* A message that was really sent, for the table and for `never`. */
struct sk_told {
    char *alias;
    char *id;
    char *type;
    char *event;  /* alias of the event */
    char *person; /* alias */
    char *at;     /* civil minute */
    const struct sk_actor *from;
    const struct sk_actor *to;
    json_t *fields;
    json_t *levels;
    bool received; /* seen at the recipient, whole and equal */
    bool dropped;
    bool recalled;
    struct sk_told *next;
};

struct sk_world {
    /* options */
    bool dutch;
    bool json;
    bool keep;
    uint64_t crash_seed; /* 0: nobody is killed */
    const char *schakel; /* the programs */
    const char *schakeld;
    /* the story */
    const char *file;
    const struct sk_node *story;
    struct sk_arena arena;
    struct sk_findings findings;
    char *root; /* folder of the throw-away nodes */
    char *bundles;
    struct sk_actor actors[SK_ACTORS_MAX];
    size_t actors_count;
    const struct sk_bundle *words; /* any bundle that loaded: the vocabulary */
    struct sk_glossary *glossary;  /* over that vocabulary */
    struct sk_alias *aliases;
    struct sk_told *told;
    char *roster;    /* partners.yaml of the charter in force */
    size_t charters; /* that followed the first one */
    json_t *dropped; /* message aliases dropped from a queue so far */
    int64_t instant; /* of the step; never goes back */
    char now[21];    /* instant of the step */
    uint64_t kills;
    uint64_t kills_inside; /* of them: between a request and its answer */
    bool started;          /* every node runs and is joined */
    /* the report */
    json_t *steps;
    json_t *step; /* of this step */
    size_t checks;
    size_t failures;
    size_t unchecked;
};

/* ------------------------------------------------------------- world */
/* Stop with a text: for what makes rehearsing impossible. */
_Noreturn void sk_world_die(const struct sk_world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Nodes for every active partner of the roster, joined, with policies. */
void sk_world_start(struct sk_world *w);
void sk_world_stop(struct sk_world *w);
struct sk_actor *sk_world_actor(struct sk_world *w, const char *org);
/* All clocks that run. */
void sk_world_clock(struct sk_world *w, const char *instant);
/* Wait until nothing is under way between nodes that reach each other. */
void sk_world_settle(struct sk_world *w);
void sk_world_offline(struct sk_world *w, struct sk_actor *actor);
void sk_world_online(struct sk_world *w, struct sk_actor *actor);
/* With --crash: kill -9 something now and then, and start it again. */
void sk_world_weather(struct sk_world *w);
/* A request; the whole reply, a new reference.  Dies when a node is gone. */
json_t *sk_world_ask(struct sk_world *w, struct sk_actor *actor, const char *op,
                     json_t *args /* stolen */, const struct sk_blob *blobs,
                     size_t blobs_count);
/* The same, when it must succeed: the result, a new reference. */
json_t *sk_world_do(struct sk_world *w, struct sk_actor *actor, const char *op,
                    json_t *args);

/* Run `schakel ...` and wait; its output goes to setup.log.  Dies if it fails.
 */
void sk_world_run(struct sk_world *w, char *const *argv);
/* A path, in the world's arena. */
char *sk_world_path(struct sk_world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same memory; dies when there is none. */
void *sk_world_must(const struct sk_world *w, void *memory);

/* ------------------------------------------------------------- federation */
/* From the story's files: partners, folders with keys, the first charter,
   officers.  No node runs yet. */
void sk_federation_make(struct sk_world *w);
/* A node that runs: the charter, and its policy in force. */
void sk_federation_join(struct sk_world *w, const struct sk_actor *actor);
/* A next charter, in which this partner has another status. */
void sk_world_standing(struct sk_world *w, const char *org, const char *status);

/* ------------------------------------------------------------- names */
const char *sk_alias_id(struct sk_world *w, enum sk_alias_kind kind,
                        const struct sk_actor *actor, const char *alias);
const char *sk_alias_of(struct sk_world *w, enum sk_alias_kind kind,
                        const struct sk_actor *actor, const char *id);
void sk_alias_set(struct sk_world *w, enum sk_alias_kind kind,
                  const struct sk_actor *actor, const char *alias,
                  const char *id);

/* Text of a scalar child, or "". */
const char *sk_step_text(const struct sk_node *map, const char *key);
json_t *sk_json_of_node(const struct sk_node *node);

/* ------------------------------------------------------------- story */
/* Before any node is made; says on stderr what is wrong, with its place. */
bool sk_story_check(struct sk_world *w);
void sk_story_play(struct sk_world *w);

/* ------------------------------------------------------------- check */
void sk_check(struct sk_world *w, bool holds, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void sk_check_unchecked(struct sk_world *w, const char *what);
/* A decision reply against an `expect` map. */
void sk_check_decision(struct sk_world *w, struct sk_actor *actor,
                       const struct sk_node *expect, const json_t *result);
void sk_check_fields(struct sk_world *w, const struct sk_node *want,
                     const json_t *fields, const char *what);
/* The `expect` verb. */
void sk_check_state(struct sk_world *w, struct sk_actor *actor,
                    const struct sk_node *expect);
/* After the last step. */
void sk_check_never(struct sk_world *w);
void sk_check_files(struct sk_world *w);
/* rehearse_timers.c: exactly what the story says was raised. */
void sk_check_timers(struct sk_world *w);
/* Every participant and event of the story is there once. */
void sk_check_once(struct sk_world *w);

/* ------------------------------------------------------------- tell */
void sk_tell_title(struct sk_world *w);
void sk_tell_step(struct sk_world *w, const struct sk_node *step,
                  const struct sk_actor *actor);
/* One line under the step. */
void sk_tell(struct sk_world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void sk_tell_decision(struct sk_world *w, const json_t *result,
                      const struct sk_actor *to, bool hypothetical);
/* Who saw what, and the closing lines. */
void sk_tell_end(struct sk_world *w);
/* nl or en, by the world's language. */
const char *sk_tell_word(const struct sk_world *w, const char *nl,
                         const char *en);
/* Label of an event, field, purpose, category in the vocabulary; else id. */
const char *sk_tell_label(const struct sk_world *w, const char *id);
/* Name of a partner in the roster; else id. */
const char *sk_tell_org(struct sk_world *w, const char *org);
const char *sk_tell_person(const struct sk_world *w, const char *alias);

#endif
