#include "protocol/age.h"

#include <string.h>

/* Keys as text: Bech32 (BIP 173) of 32 bytes, 52 letters and 6 of checksum. */

#define WORDS 52
#define CHECK 6

static const char bech32_letters[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static uint32_t bech32_step(uint32_t sum, uint32_t word)
{
    static const uint32_t generators[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa,
                                          0x3d4233dd, 0x2a1462b3};
    uint32_t top = sum >> 25;

    sum = (sum & 0x1ffffff) << 5 ^ word;
    for (size_t i = 0; i < SK_COUNT(generators); i++) {
        if ((top >> i & 1) != 0)
            sum ^= generators[i];
    }
    return sum;
}

/* prefix: lower case. */
static uint32_t bech32_sum(const char *prefix, const uint8_t *words,
                           size_t count)
{
    uint32_t sum = 1;

    for (const char *at = prefix; *at != '\0'; at++)
        sum = bech32_step(sum, (uint32_t)*at >> 5);
    sum = bech32_step(sum, 0);
    for (const char *at = prefix; *at != '\0'; at++)
        sum = bech32_step(sum, (uint32_t)*at & 31);
    for (size_t i = 0; i < count; i++)
        sum = bech32_step(sum, words[i]);
    return sum;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static void to_words(const uint8_t bytes[32], uint8_t words[WORDS])
{
    uint32_t bits = 0;
    unsigned count = 0;
    size_t at = 0;

    for (size_t i = 0; i < 32; i++) {
        bits = (bits << 8 | bytes[i]) & 0xfff;
        for (count += 8; count >= 5; count -= 5)
            words[at++] = bits >> (count - 5) & 31;
    }
    words[at++] = (uint8_t)(bits << (5 - count) & 31);
    assert(at == WORDS);
}

/* False when the bits that are left over are not zero. */
static bool from_words(const uint8_t words[WORDS], uint8_t out[32])
{
    uint32_t bits = 0;
    unsigned count = 0;
    size_t at = 0;

    for (size_t i = 0; i < WORDS; i++) {
        bits = (bits << 5 | words[i]) & 0xfff;
        count += 5;
        if (count >= 8) {
            count -= 8;
            out[at++] = (uint8_t)(bits >> count);
        }
    }
    assert(at == 32);
    return (bits & ((1u << count) - 1)) == 0;
}

/* prefix: lower case.  Returns what was written. */
static size_t bech32_write(const char *prefix, const uint8_t bytes[32],
                           char *out)
{
    uint8_t words[WORDS + CHECK] = {0};
    size_t at = strlen(prefix);
    uint32_t sum;

    to_words(bytes, words);
    sum = bech32_sum(prefix, words, sizeof(words)) ^ 1;
    for (unsigned i = 0; i < CHECK; i++)
        words[WORDS + i] = sum >> (5 * (CHECK - 1 - i)) & 31;
    memcpy(out, prefix, at);
    out[at++] = '1';
    for (size_t i = 0; i < sizeof(words); i++)
        out[at++] = bech32_letters[words[i]];
    out[at] = '\0';
    sk_wipe(words, sizeof(words));
    return at;
}

/* One case, as `capital` says: both tools write it so. */
static enum sk_status bech32_read(struct sk_bytes text, const char *prefix,
                                  bool capital, uint8_t out[32])
{
    uint8_t words[WORDS + CHECK] = {0};
    uint8_t bytes[32];
    size_t prefix_size = strlen(prefix);
    enum sk_status status = SK_E_BAD_FORM;

    if (text.size != prefix_size + 1 + sizeof(words))
        return SK_E_BAD_FORM;
    for (size_t i = 0; i < text.size; i++) {
        char c = (char)text.data[i];
        char wanted = i < prefix_size ? prefix[i] : '1';
        const char *letter;

        if (c != (capital ? upper(c) : lower(c)))
            goto out;
        if (i <= prefix_size) {
            if (lower(c) != wanted)
                goto out;
            continue;
        }
        letter = c == '\0' ? NULL : strchr(bech32_letters, lower(c));
        if (letter == NULL)
            goto out;
        words[i - prefix_size - 1] = (uint8_t)(letter - bech32_letters);
    }
    if (bech32_sum(prefix, words, sizeof(words)) != 1 ||
        !from_words(words, bytes))
        goto out;
    memcpy(out, bytes, sizeof(bytes));
    status = SK_OK;
out:
    sk_wipe(words, sizeof(words));
    sk_wipe(bytes, sizeof(bytes));
    return status;
}

static const char recipient_prefix[] = "age";
static const char identity_prefix[] = "age-secret-key-";

enum sk_status sk_age_recipient_parse(struct sk_bytes text,
                                      struct sk_age_recipient *out)
{
    return bech32_read(text, recipient_prefix, /* capital */ false, out->bytes);
}

enum sk_status sk_age_identity_parse(struct sk_bytes text,
                                     struct sk_age_identity *out)
{
    return bech32_read(text, identity_prefix, /* capital */ true,
                       out->secret_bytes);
}

void sk_age_recipient_format(const struct sk_age_recipient *recipient,
                             char out[SK_AGE_RECIPIENT_TEXT_SIZE + 1])
{
    size_t size = bech32_write(recipient_prefix, recipient->bytes, out);

    assert(size == SK_AGE_RECIPIENT_TEXT_SIZE);
}

void sk_age_identity_format(const struct sk_age_identity *identity,
                            char out[SK_AGE_IDENTITY_TEXT_SIZE + 1])
{
    size_t size = bech32_write(identity_prefix, identity->secret_bytes, out);

    assert(size == SK_AGE_IDENTITY_TEXT_SIZE);
    for (size_t i = 0; i < size; i++)
        out[i] = upper(out[i]);
}
