/*
 * Control messages: the one API of a node, over ctl.sock.
 *                                                        docs/CONTROL.md
 * Frame on the socket: uint32 big-endian size, then that many bytes.
 *     request  map {args: map, id?: str, op: str, v: 1, why?: str}
 *     reply    map {ok: true,  result: value}
 *           or map {error: map {code: str, text..}, ok: false}
 *              error: code (a word of texts.h), and when known: field (the
 *              argument concerned), detail (a word or id, never a value),
 *              reason and rules (for a refused disclosure)
 * All are canonical msgpack of value.h.  The table below is the only place
 * where an operation and its arguments are defined: the daemon checks requests
 * against it before any handler sees them, the CLI makes its flags and help
 * from it.
 */
#ifndef SK_PROTOCOL_CONTROL_H
#define SK_PROTOCOL_CONTROL_H

#include "protocol/limits.h"
#include "protocol/value.h"

enum sk_arg_kind {
    SK_ARG_TEXT,    /* str, 1..size_max bytes, no control characters but tab
                       and line feed */
    SK_ARG_WORD,    /* str: an ID of the vocabulary or roster */
    SK_ARG_ID,      /* str: UUID */
    SK_ARG_DATE,    /* str: YYYY-MM-DD */
    SK_ARG_INSTANT, /* str: YYYY-MM-DDTHH:MM:SSZ */
    SK_ARG_UINT,
    SK_ARG_BOOL,
    SK_ARG_WORDS, /* array of str, 1..size_max entries */
    SK_ARG_DATES, /* array of DATE */
    SK_ARG_MAP,   /* map of str to str, bool, uint, or array of str */
    SK_ARG_FILE,  /* bin, 0..size_max bytes; the CLI takes a path */
    SK_ARG_FILES, /* map of relative path to bin, 1..size_max entries; the
                     CLI takes a folder */
};

struct sk_arg {
    const char *name;
    enum sk_arg_kind kind;
    bool required;
    uint32_t size_max; /* 0: the default of the kind */
    const char *nl;    /* one line of help */
    const char *en;
};

/* Who works at a node.  A user has a set of them.          CONTROL.md 7 */
enum sk_user_role {
    SK_ROLE_COACH,
    SK_ROLE_TEAM_LEAD,
    SK_ROLE_PRIVACY_OFFICER,
    SK_ROLE_OPERATOR,
    SK_ROLE_AUDITOR,
    SK_ROLE_CLIENT_SYSTEM, /* a program of this organisation, no person */
    SK_ROLES
};
extern const char *const sk_role_words[SK_ROLES]; /* "team-lead" */
#define SK_ROLE_BIT(role) (1u << (role))

/* What an operation needs of who asks.  0 is none of them: a row without it
   does not compile. */
enum sk_need {
    SK_NEED_NODE = 1, /* how the node is: nothing about persons */
    SK_NEED_STAFF,    /* who works here */
    SK_NEED_OPERATE,  /* keys, lines, backup */
    SK_NEED_POLICY,   /* what the privacy officer decides */
    SK_NEED_USERS,    /* who may do what */
    SK_NEED_AUDIT,    /* what was done, by whom */
    SK_NEED_WORK,     /* a coach's work that opens no file */
    SK_NEED_CASES,    /* a list, cut down to what who asks may see */
    SK_NEED_AGENDA,   /* the same, also for team leads and officers */
    SK_NEED_ASSIGN,   /* whose case it is; the operation looks further */
    SK_NEED_FEED,     /* what happened, with what is in it */
    SK_NEED_FOLLOW,   /* how far that is, and who follows it */
    SK_NEED_ERASE,    /* what partners ask to erase */
    SK_NEED_REGISTER, /* who got what about the person that it names; without
                         a name, about everybody */
    SK_NEED_CASE,     /* the file of the person that it names */
    SK_NEEDS
};
const char *sk_need_word(enum sk_need need);
/* The roles that have it, bits; of CASE and REGISTER a coach has only those of
   the own cases. */
unsigned sk_need_roles(enum sk_need need);

#define SK_OP_ARGS_MAX 14

struct sk_op {
    const char *name; /* "participant.add" */
    bool manual_only; /* only on nodes with a manual clock */
    enum sk_need need;
    const char *nl;
    const char *en;
    struct sk_arg args[SK_OP_ARGS_MAX]; /* ends at name NULL */
};

extern const struct sk_op sk_ops[];
extern const size_t sk_ops_count;

/* NULL when there is no such operation. */
const struct sk_op *sk_op_find(struct sk_bytes name);

struct sk_request {
    const struct sk_op *op;
    struct sk_value args; /* a checked map */
    bool has_id;          /* CONTROL.md 2.4 */
    struct sk_id id;
    struct sk_bytes why; /* CONTROL.md 7.5, or empty; view */
};

/* What a request or its arguments got wrong; `code` is static. */
struct sk_request_fault {
    const char *code;      /* bad-request, unknown-op, missing-argument,
                              unknown-argument, bad-argument,
                              hidden-character */
    struct sk_bytes field; /* the argument, or empty; view */
    size_t place;          /* of a hidden character, from 1; or 0 */
};

/*
 * Read and check a request against the table.
 * Fails with SK_E_BAD_*; then fault says what to tell.
 */
SK_CHECKED enum sk_status sk_request_decode(struct sk_bytes in,
                                            struct sk_request *out,
                                            struct sk_request_fault *fault);

#endif
