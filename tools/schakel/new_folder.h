/*
 * A folder that is there whole, or not at all: made beside it as
 * DIR.restoring, and renamed.  What somebody who was killed left there goes
 * when it is made again.
 */
#ifndef SK_TOOLS_NEW_FOLDER_H
#define SK_TOOLS_NEW_FOLDER_H

#include <limits.h>

struct sk_new_folder {
    char dir[PATH_MAX]; /* without the last slash */
    char *temporary;    /* where it is in the making; NULL: it is not */
    int lock;           /* on it, meanwhile */
};

/* dir may be there when it is empty; f: zero.  -1 or an exit status. */
int sk_new_folder_make(struct sk_new_folder *f, const char *dir);
/* All of it is there and sound: give it its name, durably. */
int sk_new_folder_take(struct sk_new_folder *f);
/* What is still in the making goes.  It holds files only. */
void sk_new_folder_drop(struct sk_new_folder *f);

#endif
