#include "support.h"

#include "protocol/envelope.h"

static uint8_t room_data[SK_FRAME_SIZE_MAX + 1000];
static const struct sk_room room = {room_data, sizeof(room_data)};
static uint8_t plain_data[SK_FRAME_SIZE_MAX];
static const struct sk_room plain_room = {plain_data, sizeof(plain_data)};
static struct party mol;
static struct party sopraco;
static struct sk_seed seed;

static void setup(void)
{
    mol = party_mol();
    sopraco = party_sopraco();
    seed = seed_of(0x44);
}

TestSuite(envelope, .init = setup);

static struct sk_bytes seal(struct sk_bytes plain)
{
    struct sk_bytes out = {0};

    cr_assert(
        eq(int,
           sk_envelope_seal(&mol.card, &sopraco.card, &seed, plain, room, &out),
           SK_OK));
    return out;
}

static enum sk_status open_(struct sk_bytes in, struct sk_bytes *out)
{
    return sk_envelope_open(in, &mol.card, &sopraco.card, &sopraco.sealing[0],
                            plain_room, out);
}

static struct sk_bytes xs(size_t size)
{
    static uint8_t data[SK_FRAME_SIZE_MAX + 1];

    memset(data, 'x', sizeof(data));
    return (struct sk_bytes){data, size};
}

static struct sk_bytes example(const char *name)
{
    if (strcmp(name, "empty") == 0)
        return (struct sk_bytes){NULL, 0};
    if (strcmp(name, "at_256") == 0)
        return xs(255);
    if (strcmp(name, "above_256") == 0)
        return xs(256);
    return vector("message", name);
}

static const char *const names[] = {"empty", "at_256", "above_256", "hello",
                                    "items"};

Test(envelope, is_the_known_answer_both_ways)
{
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        struct sk_bytes plain = example(names[i]);
        struct sk_envelope_head head;
        struct sk_bytes got = {0};

        cr_expect(is_vector("envelope", names[i], seal(plain)), "%s", names[i]);
        cr_assert(eq(int, open_(vector("envelope", names[i]), &got), SK_OK));
        cr_expect(sk_bytes_equal(got, plain), "%s", names[i]);
        cr_assert(eq(int, sk_envelope_peek(vector("envelope", names[i]), &head),
                     SK_OK));
        cr_expect(eq(str, head.sender.text, "ocmw-mol"));
        cr_expect(eq(str, head.recipient.text, "sopraco"));
        cr_expect(
            eq(int, memcmp(&head.sealing, &sopraco.card.sealing[0].id, 8), 0));
    }
}

Test(envelope, rejects_every_truncation_and_a_trailing_byte)
{
    struct sk_bytes full = vector("envelope", "hello");
    struct sk_bytes got = {NULL, 77};
    struct sk_envelope_head head = {.sender = org_of("gtb")};
    uint8_t *longer = keep(calloc(1, full.size + 1));

    for (size_t size = 0; size < full.size; size++) {
        struct sk_bytes in = exact_copy((struct sk_bytes){full.data, size});

        cr_expect(ne(int, open_(in, &got), SK_OK), "size %zu", size);
        cr_expect(ne(int, sk_envelope_peek(in, &head), SK_OK), "%zu", size);
        free((void *)in.data);
    }
    memcpy(longer, full.data, full.size);
    cr_expect(eq(int, open_((struct sk_bytes){longer, full.size + 1}, &got),
                 SK_E_BAD_LENGTH));
    cr_expect(eq(sz, got.size, 77), "out was touched");
    cr_expect(eq(str, head.sender.text, "gtb"), "out was touched");
}

Test(envelope, rejects_every_changed_bit_and_leaves_nothing)
{
    struct sk_bytes full = vector("envelope", "hello");
    struct sk_bytes got = {NULL, 77};

    for (size_t i = 0; i < full.size; i++) {
        for (int bit = 1; bit <= 128; bit *= 2) {
            ((uint8_t *)full.data)[i] ^= (uint8_t)bit;
            memset(plain_data, 0, 512);
            cr_expect(ne(int, open_(full, &got), SK_OK), "%zu", i);
            for (size_t j = 0; j < 512; j++)
                cr_assert(eq(u8, plain_data[j], 0), "%zu is not wiped", j);
            ((uint8_t *)full.data)[i] ^= (uint8_t)bit;
        }
    }
    cr_expect(eq(sz, got.size, 77), "out was touched");
    cr_expect(eq(int, open_(full, &got), SK_OK));
}

/* --------------------------------------- one row per rule of PROTOCOL.md 5 */

/* An envelope as another program may write it: with one thing changed, and
   sealed so that only the rule itself can refuse it. */
enum change {
    NOTHING,
    VERSION,
    VERSION_FIELDS,
    FIELDS,
    SUITE,
    SENDER,
    RECIPIENT,
    SENDER_FORM,
    SEAL_ID,
    EPHEMERAL_ZERO,
    PAD_NONE,
    PAD_LONG,
    PAD_ODD,
    PAD_MARK,
    CIPHER_STR,
    CHANGES
};

static struct sk_bytes envelope_with(enum change change)
{
    struct sk_seal_public ephemeral;
    struct sk_seal_secret secret;
    struct sk_pack p = sk_pack_start(room);
    struct sk_agreed agreed;
    struct sk_bytes head = {0};
    struct sk_bytes out = {0};
    struct sk_seal_id id = sopraco.card.sealing[0].id;
    uint8_t about[400];
    uint8_t padded[1024] = {0};
    /* 5 bytes of text need 256; 272 is a size too, 264 is none. */
    size_t size = change == PAD_LONG ? 272 : change == PAD_ODD ? 264 : 256;

    sk_seal_keypair(&seed, &ephemeral, &secret);
    if (change == EPHEMERAL_ZERO)
        memset(ephemeral.bytes, 0, 32);
    id.bytes[0] ^= change == SEAL_ID ? 1 : 0;
    sk_pack_array(&p, change == FIELDS || change == VERSION_FIELDS ? 8 : 7);
    sk_pack_uint(&p, change == VERSION || change == VERSION_FIELDS ? 2 : 1);
    sk_pack_uint(&p, change == SUITE ? 2 : 1);
    sk_pack_cstr(&p, change == SENDER        ? "gtb"
                     : change == SENDER_FORM ? "GTB"
                                             : "ocmw-mol");
    sk_pack_cstr(&p, change == RECIPIENT ? "gtb" : "sopraco");
    sk_pack_bin(&p, (struct sk_bytes){id.bytes, 8});
    sk_pack_bin(&p, (struct sk_bytes){ephemeral.bytes, 32});
    cr_assert(eq(int, sk_pack_finish(&p, &head), SK_OK));
    memcpy(about, head.data, head.size);
    memcpy(about + head.size, sopraco.card.sealing[0].key.bytes, 32);
    memcpy(about + head.size + 32, mol.card.identity.bytes, 32);
    memcpy(about + head.size + 64, sopraco.card.identity.bytes, 32);
    cr_assert(
        eq(int,
           sk_agree(&secret, &sopraco.card.sealing[0].key, "schakel/seal/1",
                    (struct sk_bytes){about, head.size + 96}, &agreed),
           SK_OK));
    memcpy(padded, "hello", 5);
    padded[5] = change == PAD_MARK ? 0x81 : 0x80;
    if (change == PAD_NONE)
        memset(padded, 0, sizeof(padded));
    sk_agreed_seal(&agreed, head, padded, size);
    if (change == CIPHER_STR)
        sk_pack_cstr(&p, "no bytes");
    else
        sk_pack_bin(&p, (struct sk_bytes){padded, size + 16});
    if (change == FIELDS || change == VERSION_FIELDS)
        sk_pack_nil(&p);
    cr_assert(eq(int, sk_pack_finish(&p, &out), SK_OK));
    return out;
}

Test(envelope, rejects_each_broken_rule)
{
    static const enum sk_status wants[CHANGES] = {
        [NOTHING] = SK_OK,
        [VERSION] = SK_E_BAD_VERSION,
        [VERSION_FIELDS] = SK_E_BAD_VERSION,
        [FIELDS] = SK_E_BAD_FORM,
        [SUITE] = SK_E_BAD_VERSION,
        [SENDER] = SK_E_BAD_SENDER,
        [RECIPIENT] = SK_E_BAD_RECIPIENT,
        [SENDER_FORM] = SK_E_BAD_VALUE,
        [SEAL_ID] = SK_E_WRONG_KEY,
        [EPHEMERAL_ZERO] = SK_E_BAD_SEAL,
        [PAD_NONE] = SK_E_BAD_FORM,
        [PAD_LONG] = SK_E_BAD_FORM,
        [PAD_ODD] = SK_E_BAD_FORM,
        [PAD_MARK] = SK_E_BAD_FORM,
        [CIPHER_STR] = SK_E_BAD_FORM,
    };

    for (int change = NOTHING; change < CHANGES; change++) {
        struct sk_bytes got = {NULL, 77};
        enum sk_status status = open_(envelope_with((enum change)change), &got);

        cr_expect(eq(str, (char *)sk_status_text(status),
                     (char *)sk_status_text(wants[change])),
                  "change %d", change);
        cr_expect(eq(int, got.size == 77, status != SK_OK));
    }
}

/* PROTOCOL.md 5.4: identities are in the key, although they are not sent. */
Test(envelope, is_bound_to_both_identities_and_the_sealing_key)
{
    struct sk_bytes in = vector("envelope", "hello");
    struct sk_bytes got = {NULL, 77};
    struct party liar = mol;
    struct party other = sopraco;

    liar.card.identity.bytes[0] ^= 1;
    cr_expect(eq(int,
                 sk_envelope_open(in, &liar.card, &sopraco.card,
                                  &sopraco.sealing[0], plain_room, &got),
                 SK_E_BAD_SEAL));
    other.card.identity.bytes[0] ^= 1;
    cr_expect(eq(int,
                 sk_envelope_open(in, &mol.card, &other.card,
                                  &sopraco.sealing[0], plain_room, &got),
                 SK_E_BAD_SEAL));
    cr_expect(eq(int,
                 sk_envelope_open(in, &mol.card, &sopraco.card,
                                  &sopraco.sealing[1], plain_room, &got),
                 SK_E_BAD_SEAL));
}

/* A key that left the card opens what was sealed before. */
Test(envelope, opens_with_a_key_that_was_replaced)
{
    struct sk_bytes in = vector("envelope", "hello");
    struct party renewed = sopraco;
    struct sk_bytes got = {0};

    renewed.card.sealing[0] = renewed.card.sealing[1];
    renewed.card.sealing_count = 1;
    cr_assert(eq(int,
                 sk_envelope_open(in, &mol.card, &renewed.card,
                                  &sopraco.sealing[0], plain_room, &got),
                 SK_OK));
    cr_expect(sk_bytes_equal(got, vector("message", "hello")));
    cr_expect(eq(int,
                 sk_envelope_open(in, &mol.card, &renewed.card,
                                  &sopraco.sealing[1], plain_room, &got),
                 SK_E_WRONG_KEY));
}

Test(envelope, needs_all_its_room)
{
    struct sk_bytes plain = vector("message", "hello");
    size_t size = seal(plain).size;
    struct sk_bytes in = exact_copy(seal(plain));

    for (size_t less = 0; less <= size; less++) {
        uint8_t *exact = malloc(less == 0 ? 1 : less);
        struct sk_bytes out = {NULL, 7};
        enum sk_status status =
            sk_envelope_seal(&mol.card, &sopraco.card, &seed, plain,
                             (struct sk_room){exact, less}, &out);

        cr_expect(eq(int, status, less < size ? SK_E_NO_ROOM : SK_OK));
        cr_expect(eq(sz, out.size, less < size ? 7 : size));
        free(exact);
    }
    for (size_t less = 0; less <= 256; less++) {
        uint8_t *exact = malloc(less == 0 ? 1 : less);
        struct sk_bytes out = {NULL, 7};
        enum sk_status status =
            sk_envelope_open(in, &mol.card, &sopraco.card, &sopraco.sealing[0],
                             (struct sk_room){exact, less}, &out);

        cr_expect(eq(int, status, less < 256 ? SK_E_NO_ROOM : SK_OK));
        free(exact);
    }
}

/* PROTOCOL.md 5.5, from the paper: the last bits of a size are zero. */
Test(envelope, pads_to_the_known_sizes)
{
    static const size_t sizes[][2] = {
        {0, 256},       {255, 256},     {256, 272},       {271, 272},
        {272, 288},     {511, 512},     {512, 544},       {1000, 1024},
        {1023, 1024},   {1024, 1088},   {4095, 4096},     {4096, 4352},
        {65535, 65536}, {65536, 67584}, {129023, 129024}, {129024, 131072},
    };

    for (size_t i = 0; i < SK_COUNT(sizes); i++)
        cr_expect(eq(sz, sk_padded_size(sizes[i][0]), sizes[i][1]), "%zu",
                  sizes[i][0]);
    for (size_t size = 0; size < 100000; size++) {
        size_t padded = sk_padded_size(size);

        cr_assert(padded > size && padded >= sk_padded_size(size - (size > 0)));
        cr_assert(padded <= 256 || (padded - size - 1) * 100 <= size * 12,
                  "at most 12 %% more: %zu", size);
    }
}

/* Frames are at most 128 KiB; what fits, fits for the longest names too. */
Test(envelope, fits_a_frame_up_to_the_limit)
{
    char name[SK_ORG_SIZE_MAX + 1];
    struct sk_bytes out = {0};
    struct sk_bytes got = {0};

    memset(name, 'a', SK_ORG_SIZE_MAX);
    name[SK_ORG_SIZE_MAX] = '\0';
    mol.card.org = org_of(name);
    name[0] = 'b';
    sopraco.card.org = org_of(name);
    cr_assert(eq(int,
                 sk_envelope_seal(&mol.card, &sopraco.card, &seed,
                                  xs(SK_PLAIN_SIZE_MAX), room, &out),
                 SK_OK));
    cr_expect(le(sz, out.size, SK_FRAME_SIZE_MAX));
    cr_assert(eq(int, open_(out, &got), SK_OK));
    cr_expect(eq(sz, got.size, SK_PLAIN_SIZE_MAX));
    cr_expect(eq(int,
                 sk_envelope_seal(&mol.card, &sopraco.card, &seed,
                                  xs(SK_PLAIN_SIZE_MAX + 1), room, &out),
                 SK_E_TOO_LARGE));
    cr_expect(eq(int,
                 sk_envelope_seal(&mol.card, &sopraco.card, &seed,
                                  xs(SK_FRAME_SIZE_MAX + 1), room, &out),
                 SK_E_TOO_LARGE));
    cr_expect(eq(int, open_(xs(SK_FRAME_SIZE_MAX + 1), &got), SK_E_TOO_LARGE));
}

Test(envelope, survives_a_round_trip_whatever_is_in_it)
{
    static uint8_t data[5000];
    uint64_t state = 3;

    for (int round = 0; round < 300; round++) {
        size_t size = below(&state, sizeof(data));
        struct sk_bytes plain = {data, size};
        struct sk_bytes got = {0};

        fill_random(&state, data, size);
        /* What ends like padding is not taken for it. */
        if (size > 10 && below(&state, 3) == 0) {
            memset(data + size - 9, 0, 9);
            data[size - 10] = 0x80;
        }
        fill_random(&state, seed.secret_bytes, sizeof(seed.secret_bytes));
        cr_assert(eq(int, open_(seal(plain), &got), SK_OK), "%d", round);
        cr_expect(sk_bytes_equal(got, plain), "%d", round);
    }
}
