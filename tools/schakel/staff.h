/*
 * People who work at a node: their login, and files that were opened in an
 * emergency.                                               docs/CONTROL.md 7
 */
#ifndef SK_TOOLS_STAFF_H
#define SK_TOOLS_STAFF_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "tools/schakel/client.h"

/* The node knows system users by number: that of the login in `args`, unless
   a number was given.  -1, or an exit code after the problem was told. */
int sk_staff_resolve(json_t *args);

/* Uses of break-glass that nobody looked at, oldest first: an array to be
   released; NULL when who asks has nothing to do with them. */
json_t *sk_staff_glass_ask(struct sk_client *client, const json_t *status);
/* With a title; nothing when there are none. */
size_t sk_staff_glass_print(const json_t *looks, bool dutch);

/* Under the table of users: who stands in for whom. */
void sk_staff_stand_ins_print(FILE *out, const json_t *users, bool dutch);
/* What an operation is in words; its name when it is not known. */
const char *sk_staff_op_text(const char *op, bool dutch);

#endif
