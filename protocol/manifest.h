/*
 * MANIFEST: the signed list of the files of a charter or policy.
 *                                                     docs/PROTOCOL.md 9.2
 * Text, one manifest one byte string; lines end with LF:
 *     format: manifest/1
 *     of: charter/kempen            what it is: kind and name
 *     version: 2                    from 1, only grows
 *     previous: <64 hex>            SHA-256 of the MANIFEST before; not in
 *                                   version 1, required from version 2 on
 *     <64 hex>  <size>  <name>      one line per file, names ascending
 *
 * Hex is lower case, numbers have no leading zero, two spaces between
 * columns.  `of` is part of what is signed, so that a signature under a
 * policy can never pass for one under a charter.
 *
 * Pure; everything returned is a value or a view into the input.
 */
#ifndef SK_PROTOCOL_MANIFEST_H
#define SK_PROTOCOL_MANIFEST_H

#include "protocol/base.h"
#include "protocol/limits.h"
#include "protocol/lines.h"

#define SK_MANIFEST_NAME "MANIFEST"
#define SK_MANIFEST_FILES_MAX 32
#define SK_MANIFEST_FILE_NAME_SIZE_MAX 64
#define SK_MANIFEST_SIZE_MAX 8192
#define SK_MANIFEST_VERSION_MAX 999999999

struct sk_manifest_file {
    struct sk_bytes name; /* [A-Za-z0-9][A-Za-z0-9._-]*, no folder */
    uint64_t size;        /* bytes, at most SK_YAML_SIZE_MAX */
    struct sk_hash sha256;
};

struct sk_manifest {
    struct sk_bytes kind; /* "charter" */
    struct sk_bytes name; /* "kempen", an ID */
    uint64_t version;
    bool has_previous; /* exactly when version > 1 */
    struct sk_hash previous;
    struct sk_manifest_file files[SK_MANIFEST_FILES_MAX];
    size_t files_count; /* at least 1 */
};

/* Write.  Files must be sorted by name (assert).  Fails with SK_E_NO_ROOM. */
SK_CHECKED enum sk_status sk_manifest_encode(const struct sk_manifest *manifest,
                                             struct sk_room room,
                                             struct sk_bytes *out);

/* Read; views into `in`.  Fails with SK_E_BAD_*, SK_E_TOO_LARGE. */
SK_CHECKED enum sk_status sk_manifest_decode(struct sk_bytes in,
                                             struct sk_manifest *out);

/* The entry of this name, or NULL. */
const struct sk_manifest_file *
sk_manifest_find(const struct sk_manifest *manifest, struct sk_bytes name);

/* Fails with SK_E_NOT_FOUND (no such entry) or SK_E_BAD_HASH. */
SK_CHECKED enum sk_status sk_manifest_check(const struct sk_manifest *manifest,
                                            struct sk_bytes name,
                                            struct sk_bytes bytes);

#endif
