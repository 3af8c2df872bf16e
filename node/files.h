/*
 * Small files of the node's folder, read and written whole.
 */
#ifndef SK_NODE_FILES_H
#define SK_NODE_FILES_H

#include "protocol/base.h"
#include "protocol/status.h"

#define SK_PATH_SIZE_MAX 4096

/*
 * "dir/name", or name alone when it is absolute.
 * Fails with SK_E_TOO_LARGE; out is then not written.
 */
SK_CHECKED enum sk_status sk_path_join(const char *dir, const char *name,
                                       char out[SK_PATH_SIZE_MAX]);

/*
 * Read a regular file into room.
 *
 *     out    a view into room
 *
 * Fails with SK_E_NOT_FOUND, SK_E_REFUSED (no permission, or not a regular
 * file), SK_E_TOO_LARGE (room is too small; wiped), SK_E_IO.
 */
SK_CHECKED enum sk_status sk_file_read(const char *path, struct sk_room room,
                                       struct sk_bytes *out);

/* True when group or others may read the file: a secret is not one there. */
bool sk_file_is_open_to_others(const char *path);

/*
 * Overwrite and unlink a file of an open folder, and sync the folder; fine
 * when there is none.  When it is the same file as `live`, under another
 * name, only the name goes.
 *
 * Returns 0 or an errno.
 */
SK_CHECKED int sk_file_destroy(int dir_fd, const char *name, const char *live);

/*
 * Put these bytes in place of a file of an open folder, as a whole: also when
 * the machine stops in between there is one or the other.  The one before is
 * overwritten.  What a stop left behind (name.new, name.old) goes first.
 *
 * Returns 0 or an errno.
 */
SK_CHECKED int sk_file_replace(int dir_fd, const char *name,
                               struct sk_bytes bytes);

/*
 * A store keeps its promises only where a lock, a shared map and fsync() mean
 * what they mean on a disk of this machine.  The name of the kind of file
 * system (statfs: f_type) where they do not, or NULL.
 */
const char *sk_network_kind(uint32_t magic);

/* The same for an open folder; "unknown" when that cannot be asked. */
const char *sk_network_kind_of(int dir_fd);

#endif
