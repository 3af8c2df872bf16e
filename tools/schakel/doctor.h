/*
 * schakel doctor: every step of the way, which one fails, and what to do.
 *
 *   cmd_doctor.c      the command, and how it tells
 *   doctor_folder.c   the folder, the keys, the card: without a running node
 *   doctor_node.c     the node that runs, its endpoint, its partners
 *   doctor_users.c    the people who use it
 */
#ifndef SK_TOOLS_DOCTOR_H
#define SK_TOOLS_DOCTOR_H

#include <jansson.h>

#include "policies/config.h"
#include "protocol/card.h"
#include "protocol/keyfile.h"
#include "tools/schakel/cli.h"
#include "tools/schakel/client.h"

enum sk_finding_state {
    SK_DOCTOR_OK,
    SK_DOCTOR_SKIPPED, /* could not be looked at; no fault by itself */
    SK_DOCTOR_WARN,
    SK_DOCTOR_FAIL,
};

struct sk_doctor {
    const char *dir;
    const char *partner; /* only this one; NULL: all */
    json_t *checks;      /* what was found, in order */
    size_t failures;
    /* what later steps need of earlier ones */
    bool has_config;
    struct sk_config config;
    bool has_card;
    struct sk_card card;
    bool has_secrets;
    struct sk_node_secrets secrets;
    struct sk_client *client; /* NULL: the node does not run */
    uint64_t charter_version; /* 0: none */
    bool deaf;                /* it is not us who listens there */
};

/* One step.  `check` is a word, for --json; about: a partner, file or address,
   or NULL; the next step may be NULL. */
struct sk_step {
    const char *check;
    enum sk_finding_state state;
    const char *nl;
    const char *en;
    const char *about;
    const char *detail;
    const char *next_nl;
    const char *next_en;
};
void sk_doctor_note(struct sk_doctor *d, const struct sk_step *step);

void sk_doctor_folder(struct sk_doctor *d);
void sk_doctor_node(struct sk_doctor *d);
/* Who may ask it; status: of node.status.  doctor_users.c */
void sk_doctor_users(struct sk_doctor *d, const json_t *status);

int sk_cmd_doctor(int argc, char **argv);
extern const struct sk_command sk_doctor_commands[];

#endif
