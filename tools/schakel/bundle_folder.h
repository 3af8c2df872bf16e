/*
 * A bundle as files on disk: bundle.yaml and what it names.
 *                                                        docs/POLICY.md 2.1
 */
#ifndef SK_TOOLS_BUNDLE_FOLDER_H
#define SK_TOOLS_BUNDLE_FOLDER_H

#include "policies/cases.h"

struct sk_bundle_folder {
    struct sk_sources sources; /* names and bytes in the arena */
    const char **tests;        /* paths, in the order of bundle.yaml */
    size_t tests_count;
    const char *missing;   /* the file that could not be read, or NULL */
    enum sk_status why;    /* of `missing` */
    struct sk_place named; /* where bundle.yaml names it; line 0: nowhere */
};

/* "dir/name", or name itself when it is absolute; in the arena. */
const char *sk_path_join(struct sk_arena *arena, const char *dir,
                         struct sk_bytes name);
/* The folder a path is in: "a/b.yaml" gives "a", "b.yaml" gives ".". */
const char *sk_path_folder(struct sk_arena *arena, const char *path);
/* Is there a folder at this path? */
bool sk_path_is_folder(const char *path);

/*
 * Read a whole file into the arena, up to one byte more than a YAML file may
 * have (so that a reader can say that it is too large).
 *
 * Fails like sk_cli_read().
 */
SK_CHECKED enum sk_status sk_file_read(struct sk_arena *arena, const char *path,
                                       struct sk_bytes *out);

/*
 * Read bundle.yaml and the files it names.
 *
 *     path       a folder, or the bundle.yaml itself
 *     findings   what is wrong with bundle.yaml
 *     out        written only on SK_OK; missing tells of a file that is not
 *                there or cannot be read
 *
 * Fails with SK_E_BAD_VALUE (see findings) or SK_E_MEMORY.
 */
SK_CHECKED enum sk_status sk_bundle_folder_read(const char *path,
                                                struct sk_arena *arena,
                                                struct sk_findings *findings,
                                                struct sk_bundle_folder *out);

#endif
