/*
 * Members of a tar file (ustar), as far as a backup needs them: regular files
 * with short names.  So `age -d BACKUP | tar x` shows what is in one.
 */
#ifndef SK_TOOLS_TAR_H
#define SK_TOOLS_TAR_H

#include "protocol/base.h"
#include "protocol/status.h"

#define SK_TAR_BLOCK_SIZE 512u
#define SK_TAR_NAME_SIZE_MAX 99u

struct sk_tar_member {
    char name[SK_TAR_NAME_SIZE_MAX + 1];
    uint64_t size;
};

/* The block before a member.  name: at most SK_TAR_NAME_SIZE_MAX bytes; size:
   below 8 GiB. */
void sk_tar_write(const struct sk_tar_member *member, uint64_t now_s,
                  uint8_t block[SK_TAR_BLOCK_SIZE]);
/* Fails with SK_E_NOT_FOUND (an empty block: the end), SK_E_BAD_FORM (not such
   a member), SK_E_BAD_HASH (the sum is wrong). */
SK_CHECKED enum sk_status sk_tar_read(const uint8_t block[SK_TAR_BLOCK_SIZE],
                                      struct sk_tar_member *out);
/* Zeros behind a member of this size. */
size_t sk_tar_padding(uint64_t size);

#endif
