/*
 * Values that a command line must not show: it is in the list of processes and
 * in the history of the shell.                                            I9
 *
 * `-` in the place of a value: it is typed at the terminal, or is the next
 * line of standard input.
 */
#ifndef SK_TOOLS_TYPED_H
#define SK_TOOLS_TYPED_H

#include "protocol/base.h"

#define SK_TYPED_SIZE_MAX 65536

bool sk_typed_wanted(const char *value);

/*
 * One line, NUL-terminated, without its end; to be wiped.
 *     what      what to ask for at a terminal
 *     silent    do not show what is typed
 * Returns -1, or the exit code of the problem that was told (where: `what`).
 */
int sk_typed_line(const char *what, bool silent, char out[SK_TYPED_SIZE_MAX]);

/* The next line of many; false at their end (of the input, or an empty line
   at a terminal).  A line that is too long is an error too: *code. */
bool sk_typed_next(const char *what, char out[SK_TYPED_SIZE_MAX], int *code);

/*
 * Copies of the arguments, for the program to use; of those that the kernel
 * shows, only command words and names of options stay.  NULL: no memory.
 */
char **sk_typed_hide(int argc, char **argv);

#endif
