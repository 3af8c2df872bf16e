#include "tools/schakel/tar.h"

#include <stdio.h>
#include <string.h>

/* Where the fields stand (POSIX.1-1988, ustar). */
#define AT_MODE 100
#define AT_UID 108
#define AT_GID 116
#define AT_SIZE 124
#define AT_TIME 136
#define AT_SUM 148
#define AT_TYPE 156
#define AT_MAGIC 257
#define SIZE_OF_SIZE 12
#define SIZE_OF_SUM 8

/* The sum counts its own field as blanks. */
static unsigned sum_of(const uint8_t *block)
{
    unsigned sum = 0;

    for (size_t i = 0; i < SK_TAR_BLOCK_SIZE; i++)
        sum += i >= AT_SUM && i < AT_SUM + SIZE_OF_SUM ? ' ' : block[i];
    return sum;
}

void sk_tar_write(const struct sk_tar_member *member, uint64_t now_s,
                  uint8_t block[SK_TAR_BLOCK_SIZE])
{
    char *text = (char *)block;

    assert(strlen(member->name) <= SK_TAR_NAME_SIZE_MAX);
    assert(member->size < UINT64_C(1) << 33);

    memset(block, 0, SK_TAR_BLOCK_SIZE);
    memcpy(text, member->name, strlen(member->name));
    snprintf(text + AT_MODE, 8, "%07o", 0600u);
    snprintf(text + AT_UID, 8, "%07o", 0u);
    snprintf(text + AT_GID, 8, "%07o", 0u);
    snprintf(text + AT_SIZE, SIZE_OF_SIZE, "%011llo",
             (unsigned long long)member->size);
    snprintf(text + AT_TIME, SIZE_OF_SIZE, "%011llo",
             (unsigned long long)(now_s & 0x1ffffffffu));
    text[AT_TYPE] = '0';
    memcpy(text + AT_MAGIC, "ustar\00000", 8);
    snprintf(text + AT_SUM, SIZE_OF_SUM, "%06o", sum_of(block) & 0777777u);
    text[AT_SUM + 7] = ' ';
}

/* Octal digits up to NUL or blank. */
static bool read_octal(const uint8_t *field, size_t size, uint64_t *out)
{
    uint64_t value = 0;
    size_t at = 0;

    for (; at < size && field[at] >= '0' && field[at] <= '7'; at++)
        value = value << 3 | (uint64_t)(field[at] - '0');
    if (at == 0 || (at < size && field[at] != '\0' && field[at] != ' '))
        return false;
    *out = value;
    return true;
}

enum sk_status sk_tar_read(const uint8_t block[SK_TAR_BLOCK_SIZE],
                           struct sk_tar_member *out)
{
    static const uint8_t empty[SK_TAR_BLOCK_SIZE];
    struct sk_tar_member member = {0};
    uint64_t sum;

    if (memcmp(block, empty, sizeof(empty)) == 0)
        return SK_E_NOT_FOUND;
    if (memcmp(block + AT_MAGIC, "ustar", 5) != 0 || block[AT_TYPE] != '0' ||
        block[SK_TAR_NAME_SIZE_MAX] != '\0' || block[0] == '\0' ||
        !read_octal(block + AT_SUM, SIZE_OF_SUM, &sum) ||
        !read_octal(block + AT_SIZE, SIZE_OF_SIZE, &member.size))
        return SK_E_BAD_FORM;
    if (sum != sum_of(block))
        return SK_E_BAD_HASH;
    memcpy(member.name, block, SK_TAR_NAME_SIZE_MAX);
    *out = member;
    return SK_OK;
}

size_t sk_tar_padding(uint64_t size)
{
    return (size_t)(-size & (SK_TAR_BLOCK_SIZE - 1));
}
