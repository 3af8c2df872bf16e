/*
 * What the command line prints shows on a terminal as the text that it is.
 *
 * Names, answers and errors hold texts of partners, of files and of whoever
 * typed them.  A character that moves the cursor, starts an escape sequence,
 * turns the direction of reading or cannot be seen leaves as \uXXXX: people see
 * that it is there, and in JSON, where it can only be in a string, it still
 * means the same.
 */
#ifndef SK_TOOLS_PLAIN_H
#define SK_TOOLS_PLAIN_H

#include "protocol/base.h"

/* What came so far of a character, and a carriage return that waits for its
   line feed.  Starts as zero. */
struct sk_plain {
    uint8_t part[4];
    size_t part_size;
    bool cr;
};

/* Bytes that one byte in can become, at most. */
#define SK_PLAIN_GROWTH 12

/*
 * The next bytes of a stream.
 *
 *     out    SK_PLAIN_GROWTH * (in.size + 4) bytes
 *
 * Returns how many there are in out.
 */
size_t sk_plain_take(struct sk_plain *plain, struct sk_bytes in, uint8_t *out);

/* From now on stdout and stderr print like that. */
void sk_plain_start(void);

#endif
