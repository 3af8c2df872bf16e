/*
 * A backup of a node.                               docs/OPERATING.md 5
 *
 * An age file with a tar file in it:
 *
 *     BACKUP        what this is, for people; its first lines:
 *                       format: schakel-backup/1
 *                       org: ORG
 *                       at: 2027-05-03T09:30:00Z
 *     node.conf, node.key, own.card, identity.key when it is in the folder
 *     store/000000, store/000001, ...
 *                   what backup.read gave, piece by piece
 */
#ifndef SK_TOOLS_BACKUP_H
#define SK_TOOLS_BACKUP_H

#include "tools/schakel/cli.h"

#define SK_BACKUP_NAME "BACKUP"
#define SK_BACKUP_FORMAT "format: schakel-backup/1\n"
#define SK_BACKUP_STORE "store/"
/* Of BACKUP, and of a file of the folder. */
#define SK_BACKUP_FILE_SIZE_MAX 65536u
/* Of a member with a piece of the store. */
#define SK_BACKUP_PIECE_SIZE_MAX (1024u * 1024)

/* The files of the folder that go along, in this order; those without which
   there is no node come first. */
#define SK_BACKUP_FILES_NEEDED 3
#define SK_BACKUP_FILES 4
extern const char *const sk_backup_files[SK_BACKUP_FILES];

/* A passphrase from the first line of a file, or from the terminal.  Returns
   -1 or an exit code.   out: NUL-terminated, to be wiped. */
#define SK_BACKUP_PASSPHRASE_ROOM 1026
int sk_backup_passphrase(const struct sk_parsed *parsed, bool twice,
                         char out[SK_BACKUP_PASSPHRASE_ROOM]);

int sk_cmd_backup(int argc, char **argv);
int sk_cmd_restore(int argc, char **argv);
extern const struct sk_command sk_backup_commands[];
extern const struct sk_command sk_restore_commands[];

#endif
