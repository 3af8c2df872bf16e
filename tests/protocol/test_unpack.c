#include "support.h"

#include "protocol/unpack.h"

/* All that one call can be made to read from these bytes. */
enum call {
    ARRAY2,
    MAP1,
    UINT,
    UINT9,
    BOOL,
    NIL,
    BIN4,
    BIN2_3,
    STR2_3,
    KEY,
    ID,
    ORG,
    ANY
};

static enum sk_status run(enum call call, struct sk_bytes in)
{
    struct sk_unpack u = sk_unpack_start(in);
    uint8_t bytes[4];
    struct sk_org org;
    struct sk_id id;

    switch (call) {
    case ARRAY2:
        sk_unpack_array(&u, 2);
        break;
    case MAP1:
        sk_unpack_map(&u, 1);
        break;
    case UINT:
        sk_unpack_uint(&u, 0, UINT64_MAX);
        break;
    case UINT9:
        sk_unpack_uint(&u, 3, 9);
        break;
    case BOOL:
        sk_unpack_bool(&u);
        break;
    case NIL:
        sk_unpack_nil(&u);
        break;
    case BIN4:
        sk_unpack_bin(&u, bytes, sizeof(bytes));
        break;
    case BIN2_3:
        sk_unpack_bin_upto(&u, 2, 3);
        break;
    case STR2_3:
        sk_unpack_str(&u, 2, 3);
        break;
    case KEY:
        sk_unpack_key(&u, "op");
        break;
    case ID:
        sk_unpack_id(&u, &id);
        break;
    case ORG:
        sk_unpack_org(&u, &org);
        break;
    case ANY:
        sk_unpack_any(&u);
        break;
    }
    return sk_unpack_finish(&u);
}

/* PROTOCOL.md 2.2, 2.3: what each call takes, and what it refuses and how. */
Test(unpack, takes_what_must_come_next_and_nothing_else)
{
    static const struct {
        enum call call;
        enum sk_status want;
        const char *hex;
    } rows[] = {
        {ARRAY2, SK_OK, "92"},
        {ARRAY2, SK_E_BAD_LENGTH, "93"},
        {ARRAY2, SK_E_BAD_FORM, "82"},
        {ARRAY2, SK_E_BAD_FORM, "dc0002"},
        {ARRAY2, SK_E_BAD_FORM, "dd00000002"},
        {ARRAY2, SK_E_BAD_LENGTH, "dc00"},
        {MAP1, SK_OK, "81"},
        {MAP1, SK_E_BAD_LENGTH, "80"},
        {MAP1, SK_E_BAD_FORM, "91"},
        {MAP1, SK_E_BAD_FORM, "de0001"},
        {MAP1, SK_E_BAD_FORM, "df00000001"},
        {UINT, SK_OK, "00"},
        {UINT, SK_OK, "7f"},
        {UINT, SK_OK, "cc80"},
        {UINT, SK_E_BAD_FORM, "cc7f"},
        {UINT, SK_OK, "cd0100"},
        {UINT, SK_E_BAD_FORM, "cd00ff"},
        {UINT, SK_OK, "ce00010000"},
        {UINT, SK_E_BAD_FORM, "ce0000ffff"},
        {UINT, SK_OK, "cf0000000100000000"},
        {UINT, SK_E_BAD_FORM, "cf00000000ffffffff"},
        {UINT, SK_E_BAD_LENGTH, "cf00000001000000"},
        {UINT, SK_E_BAD_LENGTH, ""},
        {UINT, SK_E_BAD_FORM, "ff"},                 /* -1 */
        {UINT, SK_E_BAD_FORM, "e0"},                 /* -32 */
        {UINT, SK_E_BAD_FORM, "d001"},               /* int 8 */
        {UINT, SK_E_BAD_FORM, "d3ffffffffffffffff"}, /* int 64 */
        {UINT, SK_E_BAD_FORM, "c1"},
        {UINT, SK_E_BAD_FORM, "ca3f800000"}, /* float */
        {UINT, SK_E_BAD_FORM, "cb3ff0000000000000"},
        {UINT, SK_E_BAD_FORM, "c70001"}, /* ext */
        {UINT, SK_E_BAD_FORM, "d40100"}, /* fixext */
        {UINT, SK_E_BAD_LENGTH, "0000"}, /* one too many */
        {UINT9, SK_E_BAD_VALUE, "02"},
        {UINT9, SK_OK, "03"},
        {UINT9, SK_OK, "09"},
        {UINT9, SK_E_BAD_VALUE, "0a"},
        {BOOL, SK_OK, "c2"},
        {BOOL, SK_OK, "c3"},
        {BOOL, SK_E_BAD_FORM, "01"},
        {BOOL, SK_E_BAD_FORM, "c0"},
        {NIL, SK_OK, "c0"},
        {NIL, SK_E_BAD_FORM, "c2"},
        {BIN4, SK_OK, "c40401020304"},
        {BIN4, SK_E_BAD_LENGTH, "c403010203"},
        {BIN4, SK_E_BAD_LENGTH, "c4050102030405"},
        {BIN4, SK_E_BAD_LENGTH, "c404010203"},
        {BIN4, SK_E_BAD_FORM, "c5000401020304"},
        {BIN4, SK_E_BAD_FORM, "c60000000401020304"},
        {BIN4, SK_E_BAD_FORM, "a461626364"},
        {BIN2_3, SK_E_BAD_LENGTH, "c40101"},
        {BIN2_3, SK_OK, "c4020102"},
        {BIN2_3, SK_OK, "c403010203"},
        {BIN2_3, SK_E_BAD_LENGTH, "c40401020304"},
        {STR2_3, SK_E_BAD_LENGTH, "a161"},
        {STR2_3, SK_OK, "a26162"},
        {STR2_3, SK_OK, "a3616263"},
        {STR2_3, SK_E_BAD_LENGTH, "a461626364"},
        {STR2_3, SK_E_BAD_FORM, "d9026162"},
        {STR2_3, SK_E_BAD_FORM, "da00026162"},
        {STR2_3, SK_E_BAD_FORM, "db000000026162"},
        {STR2_3, SK_E_BAD_FORM, "c4026162"},
        {STR2_3, SK_OK, "a2c3a9"},           /* U+00E9 */
        {STR2_3, SK_E_BAD_FORM, "a2c0af"},   /* overlong */
        {STR2_3, SK_E_BAD_FORM, "a2c1bf"},   /* overlong */
        {STR2_3, SK_E_BAD_FORM, "a3e09fbf"}, /* overlong */
        {STR2_3, SK_OK, "a3e0a080"},         /* U+0800 */
        {STR2_3, SK_OK, "a3ed9fbf"},         /* U+D7FF */
        {STR2_3, SK_E_BAD_FORM, "a3eda080"}, /* surrogate */
        {STR2_3, SK_E_BAD_FORM, "a3edbfbf"}, /* surrogate */
        {STR2_3, SK_OK, "a3ee8080"},         /* U+E000 */
        {ANY, SK_E_BAD_FORM, "a180"},        /* tail only */
        {STR2_3, SK_E_BAD_FORM, "a280bf"},   /* tail first */
        {STR2_3, SK_E_BAD_FORM, "a261c3"},   /* lead last */
        {STR2_3, SK_E_BAD_FORM, "a2c361"},   /* no tail */
        {STR2_3, SK_E_BAD_FORM, "a3e28261"}, /* tail too short */
        {STR2_3, SK_E_BAD_FORM, "a261fe"},   /* never in UTF-8 */
        {ANY, SK_OK, "a4f0908080"},          /* U+10000 */
        {ANY, SK_E_BAD_FORM, "a4f08fbfbf"},  /* overlong */
        {ANY, SK_OK, "a4f48fbfbf"},          /* U+10FFFF */
        {ANY, SK_E_BAD_FORM, "a4f4908080"},  /* above */
        {ANY, SK_E_BAD_FORM, "a4f5808080"},  /* above */
        {KEY, SK_OK, "a26f70"},
        {KEY, SK_E_BAD_VALUE, "a26f71"},
        {KEY, SK_E_BAD_VALUE, "a36f7070"},
        {KEY, SK_E_BAD_FORM, "c4026f70"},
        {ID, SK_OK, "c41000000000000000000000000000000000"},
        {ID, SK_E_BAD_LENGTH, "c40f000000000000000000000000000000"},
        {ORG, SK_OK, "a3677462"},
        {ORG, SK_E_BAD_VALUE, "a3477462"},
        {ORG, SK_E_BAD_LENGTH, "a0"},
        {ANY, SK_OK, "81a1619201c0"},
        {ANY, SK_E_BAD_LENGTH, "0101"},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        uint8_t data[40];
        size_t size = 0;
        struct sk_bytes in;

        cr_assert(sodium_hex2bin(data, sizeof(data), rows[i].hex,
                                 strlen(rows[i].hex), NULL, &size, NULL) == 0);
        in = exact_copy((struct sk_bytes){data, size});
        cr_expect(eq(str, (char *)sk_status_text(run(rows[i].call, in)),
                     (char *)sk_status_text(rows[i].want)),
                  "row %zu: %s", i, rows[i].hex);
        free((void *)in.data);
    }
}

Test(unpack, gives_what_was_packed)
{
    static const uint8_t in[] = {
        0x99, 0xcd, 0x01, 0x2c, 0xc3, 0xc0, 0xc0, 0xa2, 'h',  'i',
        0xc4, 2,    9,    8,    0x81, 0xa1, 'k',  0x07, 0x92, 0x05,
        0xa0, 0xa3, 'g',  't',  'b',  0xc4, 1,    0x55,
    };
    struct sk_unpack u = sk_unpack_start((struct sk_bytes){in, sizeof(in)});
    struct sk_bytes any;
    struct sk_org org;
    uint8_t one;

    sk_unpack_array(&u, 9);
    cr_expect(eq(u64, sk_unpack_uint(&u, 0, 1000), 300));
    cr_expect(eq(int, sk_unpack_is_nil(&u), 0), "a bool comes first");
    cr_expect(eq(int, sk_unpack_bool(&u), 1));
    cr_expect(eq(int, sk_unpack_is_nil(&u), 1));
    sk_unpack_nil(&u);
    cr_expect(sk_bytes_equal(sk_unpack_str(&u, 0, 9), sk_text("hi")));
    cr_expect(
        sk_bytes_equal(sk_unpack_bin_upto(&u, 0, 9), sk_text("\x09\x08")));
    cr_expect(eq(sz, sk_unpack_map_upto(&u, 0, 5), 1));
    sk_unpack_key(&u, "k");
    cr_expect(eq(u64, sk_unpack_uint(&u, 0, 9), 7));
    any = sk_unpack_any(&u);
    cr_expect(sk_bytes_equal(any, (struct sk_bytes){in + 18, 3}));
    sk_unpack_org(&u, &org);
    cr_expect(eq(str, org.text, "gtb"));
    sk_unpack_bin(&u, &one, 1);
    cr_expect(eq(u8, one, 0x55));
    cr_expect(eq(int, sk_unpack_finish(&u), SK_OK));
}

/* After the first failure nothing is read and nothing is forgotten. */
Test(unpack, remembers_the_first_failure)
{
    static const uint8_t in[] = {0x01, 0xa1, 'a', 0xc4, 1, 7, 0xc0, 0xc3};
    static const uint8_t more[] = {0x07, 0xc3, 0xa1, 'a', 0x91, 0x00};
    struct sk_unpack u = sk_unpack_start((struct sk_bytes){in, sizeof(in)});
    uint8_t four[4] = {1, 2, 3, 4};
    struct sk_org org = org_of("gtb");

    cr_expect(eq(u64, sk_unpack_uint(&u, 5, 9), 0), "1 is not 5 to 9");
    cr_expect(eq(sz, sk_unpack_str(&u, 0, 9).size, 0));
    sk_unpack_bin(&u, four, 4);
    cr_expect(eq(u8, four[3], 0));
    cr_expect(eq(int, sk_unpack_is_nil(&u), 0));
    cr_expect(eq(int, sk_unpack_bool(&u), 0));
    cr_expect(eq(sz, sk_unpack_array_upto(&u, 0, 9), 0));
    cr_expect(eq(sz, sk_unpack_any(&u).size, 0));
    sk_unpack_org(&u, &org);
    cr_expect(eq(str, org.text, ""));
    cr_expect(eq(int, sk_unpack_finish(&u), SK_E_BAD_VALUE));

    /* What came before it is not given again. */
    u = sk_unpack_start((struct sk_bytes){more, sizeof(more)});
    cr_expect(eq(u64, sk_unpack_uint(&u, 0, 9), 7));
    cr_expect(eq(int, sk_unpack_bool(&u), 1));
    sk_unpack_nil(&u);
    cr_expect(eq(int, sk_unpack_bool(&u), 0));
    cr_expect(eq(u64, sk_unpack_uint(&u, 0, 9), 0));
    cr_expect(eq(sz, sk_unpack_str(&u, 0, 9).size, 0));
    cr_expect(eq(sz, sk_unpack_array_upto(&u, 0, 9), 0));
    cr_expect(eq(int, sk_unpack_finish(&u), SK_E_BAD_FORM));
}

Test(unpack, reads_nothing_from_nothing)
{
    struct sk_unpack u = sk_unpack_start((struct sk_bytes){NULL, 0});

    cr_expect(eq(int, sk_unpack_finish(&u), SK_OK));
    cr_expect(eq(int, sk_unpack_is_nil(&u), 0));
    sk_unpack_nil(&u);
    cr_expect(eq(int, sk_unpack_finish(&u), SK_E_BAD_LENGTH));
}

/* Whatever the bytes: every call ends inside them (ASan watches). */
Test(unpack, survives_random_bytes)
{
    uint64_t state = 42;

    for (int round = 0; round < 20000; round++) {
        uint8_t data[24];
        size_t size = below(&state, sizeof(data));
        struct sk_bytes in;

        fill_random(&state, data, sizeof(data));
        if (size > 0 && below(&state, 2) == 0)
            data[0] = (uint8_t)(0xc0 + below(&state, 32));
        in = exact_copy((struct sk_bytes){data, size});
        for (int call = ARRAY2; call <= ANY; call++)
            (void)run((enum call)call, in);
        free((void *)in.data);
    }
}
