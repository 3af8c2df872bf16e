/* Tests: protocol/age_key.c */
#include "support.h"

#include "protocol/age.h"

/* Made by age 1.1.1 and age-keygen, for this test only: "Een
   reservekopie.\n" to a key and to a passphrase, and nothing to the key. */
static const char stock_identity[] =
    "AGE-SECRET-KEY-"
    "1F2TFJA6GFNFE9FT8DHTP53NW3NADLX3F4264YXUD2SYJVZAHJP5QT96VGH";
static const char stock_recipient[] =
    "age16askpqzgnc6ply0087ksaenrsfk8jppy393grj8epk2jg2rm340qly92pz";
static const char stock_file[] =
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBSTUNHemtIYW9vekhLeUQ1RW01UFhV"
    "R1Npd2k5QWhLZHdkL2pGNkxWZHdZCjQvVGNLQ2hFWlNib1g0QkU5RThxdWdQWCtsTzF4a3lv"
    "OFhQVjhWYmVEYUUKLS0tIGgycTNSbUNscDgxM050dWJ4NGxxb3NqNWE1aC95eWNlbDFqMmFv"
    "eVozcTgKym4PYSUAHuzagYflKWAbEHjcjsfkr/26HJze69UdI/rW7SAwASaC2vxpMN9hdM6J"
    "PXc=";
static const char stock_empty[] =
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBYSmNCc1Q4MUlzR2Jwd2gxQmpPc3NL"
    "ckZjL0RHYWVCTjExMmZidmwrTXcwCmhzMEFZRERzRHROZ1R2ZTJpSklGb1Z0YUtQUm4xa2hk"
    "eng3TUNxeWw3a0EKLS0tIHpBcUxlbDdrczBTVzk0YUxZRU4vczlwMzlIcldxWStJUU9QWmpN"
    "ZnhnTzgK6kYvU9uTRNeDldVNPAHyQQoNgpNkT5AXNtn1iiL+Tcc=";
static const char stock_passphrase_file[] =
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBhOVFoRGE3R2h1MVkxTWtRcXFSQ1VB"
    "IDE4CkVYaVAxVFN3eDE5ZXVSQVdYUng0Rm5ESVFlY2VpU2s4Snk1aEZjc3kwZkEKLS0tIEhF"
    "UHo2WTJmbHNJUjY4SWNWKzEzdklyNzM3Tm04UmVvNDI0VGYxeHhxWk0KqiPQS9jsQ6YJBP4C"
    "LuBTOGmEu8xYbYrHDetYXAckhzXYY9qzW4P8bZJlXg+47jZ4ODI=";
static const char stock_passphrase[] = "paard batterij";
static const char stock_plain[] = "Een reservekopie.\n";

struct file {
    uint8_t bytes[3 * SK_AGE_SEALED_SIZE + SK_AGE_HEADER_SIZE_MAX];
    size_t size;
};

static struct file *decode(const char *text)
{
    struct file *file = keep(calloc(1, sizeof(*file)));

    cr_assert(eq(int,
                 sodium_base642bin(file->bytes, sizeof(file->bytes), text,
                                   strlen(text), NULL, &file->size, NULL,
                                   sodium_base64_VARIANT_ORIGINAL),
                 0));
    return file;
}

static struct sk_age_identity identity_of(const char *text)
{
    struct sk_age_identity identity = {0};

    cr_assert(eq(int, sk_age_identity_parse(sk_text(text), &identity), SK_OK));
    return identity;
}

static struct sk_age_identity identity_of_byte(uint8_t byte)
{
    struct sk_age_identity identity;

    memset(identity.secret_bytes, byte, sizeof(identity.secret_bytes));
    return identity;
}

/* The whole file; plain: room for all of it. */
static enum sk_status open_file(struct sk_bytes in,
                                const struct sk_age_with *with, uint8_t *plain,
                                size_t *size)
{
    struct sk_age_header header;
    struct sk_age_stream stream;
    bool last = false;

    *size = 0;
    SK_TRY(sk_age_header_read(in, &header));
    SK_TRY(sk_age_header_open(&header, with, &stream));
    in.data += header.size;
    in.size -= header.size;
    while (!last) {
        struct sk_bytes chunk = in;
        size_t got = 0;

        last = in.size <= SK_AGE_SEALED_SIZE;
        if (!last)
            chunk.size = SK_AGE_SEALED_SIZE;
        SK_TRY(sk_age_open(&stream, chunk, last, plain + *size, &got));
        *size += got;
        in.data += chunk.size;
        in.size -= chunk.size;
    }
    return SK_OK;
}

static enum sk_status open_with_identity(struct sk_bytes in,
                                         const struct sk_age_identity *identity,
                                         uint8_t *plain, size_t *size)
{
    struct sk_age_with with = {.identities = identity, .identities_count = 1};

    return open_file(in, &with, plain, size);
}

static struct sk_bytes view(const struct file *file)
{
    return (struct sk_bytes){file->bytes, file->size};
}

static struct file *make(const struct sk_age_to *to, struct sk_bytes plain)
{
    struct file *file = keep(calloc(1, sizeof(*file)));
    struct sk_seed seed = seed_of(0x51);
    struct sk_age_stream stream;
    struct sk_bytes header;
    bool last = false;

    cr_assert(
        eq(int,
           sk_age_start(to, &seed,
                        (struct sk_room){file->bytes, SK_AGE_HEADER_SIZE_MAX},
                        &header, &stream),
           SK_OK));
    file->size = header.size;
    while (!last) {
        struct sk_bytes chunk = plain;

        last = plain.size <= SK_AGE_CHUNK_SIZE;
        if (!last)
            chunk.size = SK_AGE_CHUNK_SIZE;
        sk_age_seal(&stream, chunk, last, file->bytes + file->size);
        file->size += chunk.size + SK_AGE_TAG_SIZE;
        plain.data += chunk.size;
        plain.size -= chunk.size;
    }
    return file;
}

static struct sk_age_to to_byte(uint8_t byte)
{
    struct sk_age_identity identity = identity_of_byte(byte);
    struct sk_age_to to = {.recipients_count = 1};

    sk_age_recipient_of(&identity, &to.recipients[0]);
    return to;
}

Test(age, opens_what_the_stock_tool_made)
{
    static uint8_t plain[SK_AGE_CHUNK_SIZE];
    struct sk_age_identity identity = identity_of(stock_identity);
    struct sk_age_with with = {.passphrase_secret = sk_text(stock_passphrase)};
    size_t size;

    cr_assert(eq(
        int,
        open_with_identity(view(decode(stock_file)), &identity, plain, &size),
        SK_OK));
    cr_assert(eq(sz, size, strlen(stock_plain)));
    cr_assert(eq(int, memcmp(plain, stock_plain, size), 0));
    cr_assert(eq(
        int,
        open_with_identity(view(decode(stock_empty)), &identity, plain, &size),
        SK_OK));
    cr_assert(eq(sz, size, 0));
    cr_assert(
        eq(int,
           open_file(view(decode(stock_passphrase_file)), &with, plain, &size),
           SK_OK));
    cr_assert(eq(sz, size, strlen(stock_plain)));
    cr_assert(eq(int, memcmp(plain, stock_plain, size), 0));
}

Test(age, writes_keys_as_the_stock_tool_does)
{
    struct sk_age_identity identity = identity_of(stock_identity);
    char secret_text[SK_AGE_IDENTITY_TEXT_SIZE + 1];
    char text[SK_AGE_RECIPIENT_TEXT_SIZE + 1];
    struct sk_age_recipient recipient;
    struct sk_age_recipient same;

    sk_age_recipient_of(&identity, &recipient);
    sk_age_recipient_format(&recipient, text);
    cr_assert(eq(str, text, (char *)stock_recipient));
    sk_age_identity_format(&identity, secret_text);
    cr_assert(eq(str, secret_text, (char *)stock_identity));
    cr_assert(eq(int, sk_age_recipient_parse(sk_text(text), &same), SK_OK));
    cr_assert(eq(int, memcmp(&recipient, &same, sizeof(same)), 0));
}

Test(age, every_changed_letter_of_a_key_is_seen)
{
    struct sk_age_recipient out;

    for (size_t i = 0; i < strlen(stock_recipient); i++) {
        char text[sizeof(stock_recipient)];

        memcpy(text, stock_recipient, sizeof(text));
        text[i] = text[i] == 'q' ? 'p' : 'q';
        cr_assert(eq(int, sk_age_recipient_parse(sk_text(text), &out),
                     SK_E_BAD_FORM));
        memcpy(text, stock_recipient, sizeof(text));
        text[i] = '\0'; /* not the end of the letters */
        cr_assert(
            eq(int,
               sk_age_recipient_parse(
                   (struct sk_bytes){(uint8_t *)text, sizeof(text) - 1}, &out),
               SK_E_BAD_FORM));
    }
    cr_assert(eq(int,
                 sk_age_recipient_parse(
                     sk_text("AGE16ASKPQZGNC6PLY0087KSAENRSFK8JPPY393GRJ8EPK2JG"
                             "2RM340QLY92PZ"),
                     &out),
                 SK_E_BAD_FORM));
}

Test(age, any_size_comes_back)
{
    static const size_t sizes[] = {0,
                                   1,
                                   SK_AGE_CHUNK_SIZE - 1,
                                   SK_AGE_CHUNK_SIZE,
                                   SK_AGE_CHUNK_SIZE + 1,
                                   2 * SK_AGE_CHUNK_SIZE,
                                   2 * SK_AGE_CHUNK_SIZE + 77};
    static uint8_t plain[3 * SK_AGE_CHUNK_SIZE];
    static uint8_t again[3 * SK_AGE_CHUNK_SIZE];
    struct sk_age_identity identity = identity_of_byte(9);
    struct sk_age_to to = to_byte(9);
    uint64_t state = 1;

    fill_random(&state, plain, sizeof(plain));
    for (size_t i = 0; i < SK_COUNT(sizes); i++) {
        struct file *file = make(&to, (struct sk_bytes){plain, sizes[i]});
        size_t size;

        cr_assert(eq(int,
                     open_with_identity(view(file), &identity, again, &size),
                     SK_OK));
        cr_assert(eq(sz, size, sizes[i]));
        cr_assert(eq(int, memcmp(plain, again, size), 0));
    }
}

Test(age, each_recipient_opens_and_nobody_else)
{
    static uint8_t plain[SK_AGE_CHUNK_SIZE];
    struct sk_age_to to = {.recipients_count = 3};
    struct sk_age_with with = {.passphrase_secret = sk_text("paard batterij")};
    struct file *file;
    size_t size;

    for (uint8_t i = 0; i < 3; i++)
        to.recipients[i] = to_byte(i + 1).recipients[0];
    file = make(&to, sk_text(stock_plain));
    for (uint8_t i = 0; i < 5; i++) {
        struct sk_age_identity identity = identity_of_byte(i + 1);

        cr_assert(eq(int,
                     open_with_identity(view(file), &identity, plain, &size),
                     i < 3 ? SK_OK : SK_E_WRONG_KEY));
    }
    cr_assert(
        eq(int, open_file(view(file), &with, plain, &size), SK_E_WRONG_KEY));
}

Test(age, a_passphrase_opens_and_no_other)
{
    static uint8_t plain[SK_AGE_CHUNK_SIZE];
    struct sk_age_to to = {.passphrase_secret = sk_text("paard batterij")};
    struct sk_age_with right = {.passphrase_secret = to.passphrase_secret};
    struct sk_age_with wrong = {.passphrase_secret = sk_text("paard Batterij")};
    struct file *file = make(&to, sk_text(stock_plain));
    struct sk_age_header header;
    size_t size;

    cr_assert(eq(int, sk_age_header_read(view(file), &header), SK_OK));
    cr_assert(header.passphrase);
    cr_assert(eq(int, open_file(view(file), &right, plain, &size), SK_OK));
    cr_assert(eq(sz, size, strlen(stock_plain)));
    cr_assert(
        eq(int, open_file(view(file), &wrong, plain, &size), SK_E_WRONG_KEY));
}

Test(age, a_recipient_that_is_no_key_is_refused)
{
    struct sk_age_to to = {.recipients_count = 1}; /* all zero */
    struct sk_seed seed = seed_of(1);
    uint8_t room[SK_AGE_HEADER_SIZE_MAX];
    struct sk_age_stream stream;
    struct sk_bytes header;

    cr_assert(eq(int,
                 sk_age_start(&to, &seed, (struct sk_room){room, sizeof(room)},
                              &header, &stream),
                 SK_E_BAD_VALUE));
    to = to_byte(3);
    for (size_t size = 0; size < 100; size += 7)
        cr_assert(eq(int,
                     sk_age_start(&to, &seed, (struct sk_room){room, size},
                                  &header, &stream),
                     SK_E_NO_ROOM));
}

Test(age, every_bit_counts)
{
    static uint8_t plain[SK_AGE_CHUNK_SIZE];
    struct sk_age_identity identity = identity_of_byte(9);
    struct sk_age_to to = to_byte(9);
    struct file *file = make(&to, sk_text(stock_plain));
    size_t size;

    for (size_t i = 0; i < file->size * 8; i++) {
        file->bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        cr_assert(ne(int,
                     open_with_identity(view(file), &identity, plain, &size),
                     SK_OK),
                  "bit %zu", i);
        file->bytes[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    cr_assert(eq(int, open_with_identity(view(file), &identity, plain, &size),
                 SK_OK));
}

Test(age, a_file_cut_anywhere_is_not_whole)
{
    static uint8_t content[2 * SK_AGE_CHUNK_SIZE];
    static uint8_t plain[2 * SK_AGE_CHUNK_SIZE];
    struct sk_age_identity identity = identity_of_byte(9);
    struct sk_age_to to = to_byte(9);
    struct file *file = make(&to, (struct sk_bytes){content, sizeof(content)});
    size_t size;

    for (size_t cut = 0; cut < file->size;
         cut += cut < 400 || cut % SK_AGE_SEALED_SIZE < 400 ? 1 : 997) {
        struct sk_bytes in = {file->bytes, cut};

        cr_assert(
            ne(int, open_with_identity(in, &identity, plain, &size), SK_OK),
            "cut at %zu", cut);
    }
    /* Just before the last chunk: the one before it is not marked as last. */
    file->size -= SK_AGE_SEALED_SIZE;
    cr_assert(eq(int, open_with_identity(view(file), &identity, plain, &size),
                 SK_E_BAD_SEAL));
}

Test(age, chunks_in_another_order_are_refused)
{
    static uint8_t content[3 * SK_AGE_CHUNK_SIZE - 5];
    static uint8_t plain[3 * SK_AGE_CHUNK_SIZE];
    static uint8_t chunk[SK_AGE_SEALED_SIZE];
    struct sk_age_identity identity = identity_of_byte(9);
    struct sk_age_to to = to_byte(9);
    struct file *file = make(&to, (struct sk_bytes){content, sizeof(content)});
    struct sk_age_header header;
    uint8_t *first;
    size_t size;

    cr_assert(eq(int, sk_age_header_read(view(file), &header), SK_OK));
    first = file->bytes + header.size;
    memcpy(chunk, first, sizeof(chunk));
    memmove(first, first + sizeof(chunk), sizeof(chunk));
    memcpy(first + sizeof(chunk), chunk, sizeof(chunk));
    cr_assert(eq(int, open_with_identity(view(file), &identity, plain, &size),
                 SK_E_BAD_SEAL));
}

/* Header lines of a stranger, before any key is tried. */
static enum sk_status read_text(const char *text)
{
    struct sk_age_header header;

    return sk_age_header_read(sk_text(text), &header);
}

#define V "age-encryption.org/v1\n"
#define MAC "--- h2q3RmClp813Ntubx4lqosj5a5h/yycel1j2aoyZ3q8\n"
#define NONCE "0123456789abcdef"
#define LINE64                                                                 \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

Test(age, headers_that_are_none)
{
    static const struct {
        const char *text;
        enum sk_status status;
    } cases[] = {
        {V "-> a\n\n" MAC NONCE, SK_OK},
        {V "-> a b c!\n" LINE64 "\nAA\n-> d\nAAA\n" MAC NONCE, SK_OK},
        {V "-> a\n" LINE64 "\n\n" MAC NONCE, SK_OK},
        {"age-encryption.org/v2\n-> a\n\n" MAC NONCE, SK_E_BAD_VERSION},
        {"age-encryption.org/v1 \n-> a\n\n" MAC NONCE, SK_E_BAD_VERSION},
        {"PK", SK_E_BAD_VERSION},
        {V MAC NONCE, SK_E_BAD_FORM},
        {V "-> a\n\n" MAC "0123456789abcde", SK_E_AGAIN},
        {V "-> a\n\n---", SK_E_AGAIN},
        {V "-> a", SK_E_AGAIN},
        {"age-enc", SK_E_AGAIN},
        {"", SK_E_AGAIN},
        {V "->  a\n\n" MAC NONCE, SK_E_BAD_FORM},
        {V "-> a \n\n" MAC NONCE, SK_E_BAD_FORM},
        {V "-> \n\n" MAC NONCE, SK_E_BAD_FORM},
        {V "-> a\x7f\n\n" MAC NONCE, SK_E_BAD_FORM},
        {V "-> a\r\n\n" MAC NONCE, SK_E_BAD_FORM},
        {V "-> a\n" LINE64 "A\n\n" MAC NONCE, SK_E_BAD_FORM},
        {V "-> a\n====\n" MAC NONCE, SK_E_BAD_FORM},
        {V "-> a\n\n---\n" NONCE, SK_E_BAD_FORM},
        {V "-> scrypt a 1\n\n-> b\n\n" MAC NONCE, SK_E_BAD_FORM},
    };

    for (size_t i = 0; i < SK_COUNT(cases); i++)
        cr_expect(eq(int, read_text(cases[i].text), cases[i].status),
                  "case %zu", i);
}

Test(age, a_header_has_an_end)
{
    static char text[SK_AGE_HEADER_SIZE_MAX + 2];

    memset(text, 'a', sizeof(text) - 1);
    memcpy(text, V "-> ", sizeof(V "-> ") - 1);
    cr_assert(eq(int, read_text(text), SK_E_TOO_LARGE));
}

/* The work that a stranger asks for has a bound, and one way to be written. */
Test(age, the_work_of_a_passphrase_is_bounded)
{
    static const struct {
        const char *text;
        enum sk_status status;
    } cases[] = {
        {V
         "-> scrypt a9QhDa7Ghu1Y1MkQqqRCUA 21\nEXiP1TSwx19euRAWXRx4FnDIQeceiSk"
         "8Jy5hFcsy0fA\n" MAC NONCE,
         SK_E_TOO_LARGE},
        {V
         "-> scrypt a9QhDa7Ghu1Y1MkQqqRCUA 018\nEXiP1TSwx19euRAWXRx4FnDIQeceiS"
         "k8Jy5hFcsy0fA\n" MAC NONCE,
         SK_E_BAD_FORM},
        {V "-> scrypt a9QhDa7Ghu1Y1MkQqqRCUA 1 \n\n" MAC NONCE, SK_E_BAD_FORM},
        {V
         "-> scrypt a9QhDa7Ghu1Y1MkQqqRCUB 10\nEXiP1TSwx19euRAWXRx4FnDIQeceiSk"
         "8Jy5hFcsy0fA\n" MAC NONCE,
         SK_E_BAD_FORM}, /* bits left over */
        {V
         "-> scrypt a9QhDa7Ghu1Y1MkQqqRCUA 10\nEXiP1TSwx19euRAWXRx4FnDIQeceiSk"
         "8Jy5hFcsy0fA\n" MAC NONCE,
         SK_E_WRONG_KEY},
    };
    struct sk_age_with with = {.passphrase_secret = sk_text("paard batterij")};

    for (size_t i = 0; i < SK_COUNT(cases); i++) {
        struct sk_age_header header;
        struct sk_age_stream stream;
        enum sk_status status =
            sk_age_header_read(sk_text(cases[i].text), &header);

        if (status == SK_OK)
            status = sk_age_header_open(&header, &with, &stream);
        cr_expect(eq(int, status, cases[i].status), "case %zu", i);
    }
}
