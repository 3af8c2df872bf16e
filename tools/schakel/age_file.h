/*
 * Files in the age format (protocol/age.h), read and written piece by piece.
 */
#ifndef SK_TOOLS_AGE_FILE_H
#define SK_TOOLS_AGE_FILE_H

#include "protocol/age.h"

struct sk_age_writer {
    int fd; /* borrowed */
    struct sk_age_stream stream;
    uint8_t plain[SK_AGE_CHUNK_SIZE];
    size_t plain_size;
    uint8_t sealed[SK_AGE_SEALED_SIZE];
};

/* All fail with SK_E_FULL, SK_E_IO, and what sk_age_start() says. */
SK_CHECKED enum sk_status sk_age_writer_start(int fd,
                                              const struct sk_age_to *to,
                                              struct sk_age_writer *out);
SK_CHECKED enum sk_status sk_age_writer_put(struct sk_age_writer *w,
                                            struct sk_bytes bytes);
/* The last chunk.  The file is whole only after this. */
SK_CHECKED enum sk_status sk_age_writer_finish(struct sk_age_writer *w);

struct sk_age_reader {
    int fd; /* borrowed */
    struct sk_age_stream stream;
    struct sk_age_header header; /* views into `in`, until the first chunk */
    uint8_t in[SK_AGE_SEALED_SIZE + 1];
    size_t in_size;
    uint8_t plain[SK_AGE_CHUNK_SIZE];
    size_t plain_size;
    size_t plain_at;
};

/* Read the header: then header.passphrase says what opens it.  Fails like
   sk_age_header_read(), with SK_E_BAD_LENGTH when the file ends in it. */
SK_CHECKED enum sk_status sk_age_reader_start(int fd,
                                              struct sk_age_reader *out);
/* Fails like sk_age_header_open(). */
SK_CHECKED enum sk_status sk_age_reader_open(struct sk_age_reader *r,
                                             const struct sk_age_with *with);
/* Exactly `size` bytes.  Fails with SK_E_NOT_FOUND (the file ended, as it
   should, just before them), SK_E_BAD_LENGTH (it ended within), SK_E_BAD_SEAL
   (changed or cut), SK_E_IO. */
SK_CHECKED enum sk_status sk_age_reader_get(struct sk_age_reader *r, void *out,
                                            size_t size);

#endif
