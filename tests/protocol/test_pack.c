#include "support.h"

#include "protocol/value.h"

/* What one call packed, as hex. */
static const char *hex(const struct sk_pack *p)
{
    static char text[200];
    struct sk_bytes out = {0};

    cr_assert(eq(int, sk_pack_finish(p, &out), SK_OK));
    sodium_bin2hex(text, sizeof(text), out.data, out.size);
    return text;
}

#define EXPECT_PACKED(call, want)                                              \
    do {                                                                       \
        uint8_t data[80];                                                      \
        struct sk_pack p =                                                     \
            sk_pack_start((struct sk_room){data, sizeof(data)});               \
                                                                               \
        call;                                                                  \
        cr_expect(eq(str, (char *)hex(&p), want), "%s", #call);                \
    } while (0)

/* PROTOCOL.md 2.2: both ends of every form. */
Test(pack, writes_the_shortest_uint)
{
    EXPECT_PACKED(sk_pack_uint(&p, 0), "00");
    EXPECT_PACKED(sk_pack_uint(&p, 0x7f), "7f");
    EXPECT_PACKED(sk_pack_uint(&p, 0x80), "cc80");
    EXPECT_PACKED(sk_pack_uint(&p, 0xff), "ccff");
    EXPECT_PACKED(sk_pack_uint(&p, 0x100), "cd0100");
    EXPECT_PACKED(sk_pack_uint(&p, 0xffff), "cdffff");
    EXPECT_PACKED(sk_pack_uint(&p, 0x10000), "ce00010000");
    EXPECT_PACKED(sk_pack_uint(&p, 0xffffffff), "ceffffffff");
    EXPECT_PACKED(sk_pack_uint(&p, 0x100000000), "cf0000000100000000");
    EXPECT_PACKED(sk_pack_uint(&p, UINT64_MAX), "cfffffffffffffffff");
}

Test(pack, writes_each_kind)
{
    static const uint8_t two[] = {1, 2};
    struct sk_id id = id_of(0xab);

    EXPECT_PACKED(sk_pack_nil(&p), "c0");
    EXPECT_PACKED(sk_pack_bool(&p, false), "c2");
    EXPECT_PACKED(sk_pack_bool(&p, true), "c3");
    EXPECT_PACKED(sk_pack_cstr(&p, ""), "a0");
    EXPECT_PACKED(sk_pack_cstr(&p, "ab"), "a26162");
    EXPECT_PACKED(sk_pack_cstr(&p, "0123456789012345678901234567890"),
                  "bf303132333435363738393031323334353637383930313233"
                  "34353637383930");
    EXPECT_PACKED(sk_pack_cstr(&p, "01234567890123456789012345678901"),
                  "d920303132333435363738393031323334353637383930313233"
                  "3435363738393031");
    EXPECT_PACKED(sk_pack_bin(&p, (struct sk_bytes){0}), "c400");
    EXPECT_PACKED(sk_pack_bin(&p, (struct sk_bytes){two, 2}), "c4020102");
    EXPECT_PACKED(sk_pack_id(&p, &id), "c410abababababababababababababababab");
    EXPECT_PACKED(sk_pack_raw(&p, (struct sk_bytes){two, 2}), "0102");
    EXPECT_PACKED(sk_pack_array(&p, 0), "90");
    EXPECT_PACKED(sk_pack_array(&p, 15), "9f");
    EXPECT_PACKED(sk_pack_array(&p, 16), "dc0010");
    EXPECT_PACKED(sk_pack_map(&p, 15), "8f");
    EXPECT_PACKED(sk_pack_map(&p, 16), "de0010");
    EXPECT_PACKED(sk_pack_bin_head(&p, 0xff), "c4ff");
    EXPECT_PACKED(sk_pack_bin_head(&p, 0x100), "c50100");
    EXPECT_PACKED(sk_pack_bin_head(&p, 0x10000), "c600010000");
}

/* Sizes at each change of form, with their bodies. */
Test(pack, writes_large_bodies)
{
    static const size_t sizes[] = {31, 32, 255, 256, 65535, 65536};
    static const size_t str_heads[] = {1, 2, 2, 3, 3, 5};
    static const size_t bin_heads[] = {2, 2, 2, 3, 3, 5};
    static uint8_t body[65536];
    static uint8_t data[65536 + 5];

    memset(body, 'x', sizeof(body));
    for (size_t i = 0; i < SK_COUNT(sizes); i++) {
        struct sk_room room = {data, sizes[i] + str_heads[i]};
        struct sk_pack p = sk_pack_start(room);
        struct sk_bytes out = {0};
        struct sk_value value;

        sk_pack_str(&p, (struct sk_bytes){body, sizes[i]});
        cr_assert(eq(int, sk_pack_finish(&p, &out), SK_OK));
        cr_expect(eq(sz, out.size, room.size_max));
        cr_expect(eq(int, sk_value_check(out, &value), SK_OK));
        cr_expect(eq(sz, sk_value_str(value).size, sizes[i]));

        room.size_max = sizes[i] + bin_heads[i];
        p = sk_pack_start(room);
        sk_pack_bin(&p, (struct sk_bytes){body, sizes[i]});
        cr_assert(eq(int, sk_pack_finish(&p, &out), SK_OK));
        cr_expect(eq(sz, out.size, room.size_max));
        cr_expect(eq(int, sk_value_check(out, &value), SK_OK));
        cr_expect(eq(sz, sk_value_bin(value).size, sizes[i]));
    }
}

/* Every kind of value, into every room that is too small. */
Test(pack, remembers_the_first_overflow)
{
    struct sk_bytes full = {0};
    uint8_t data[100];

    for (size_t size = 0; size <= sizeof(data); size++) {
        uint8_t *exact = malloc(size == 0 ? 1 : size);
        struct sk_pack p = sk_pack_start((struct sk_room){exact, size});
        struct sk_bytes out = {(const uint8_t *)"untouched", 9};
        struct sk_id id = id_of(1);
        enum sk_status status;

        sk_pack_array(&p, 6);
        sk_pack_uint(&p, 70000);
        sk_pack_cstr(&p, "woord");
        sk_pack_id(&p, &id);
        sk_pack_bool(&p, true);
        sk_pack_nil(&p);
        sk_pack_map(&p, 1);
        sk_pack_cstr(&p, "k");
        sk_pack_bin(&p, sk_text("bytes"));
        status = sk_pack_finish(&p, &out);
        if (status == SK_OK) {
            if (full.size == 0)
                full = exact_copy(out);
            cr_expect(sk_bytes_equal(out, full), "size %zu", size);
        } else {
            cr_expect(eq(int, status, SK_E_NO_ROOM));
            cr_expect(eq(sz, out.size, 9), "out was touched, size %zu", size);
        }
        cr_expect(eq(int, status == SK_OK, size >= 42), "size %zu", size);
        free(exact);
    }
    cr_expect(eq(sz, full.size, 42));
}

/* A size above 32 bits is never cut into a small one. */
Test(pack, refuses_sizes_above_32_bits)
{
    uint8_t data[16];
    struct sk_room room = {data, sizeof(data)};
    struct sk_bytes out;
    struct sk_pack p = sk_pack_start(room);

    sk_pack_array(&p, (size_t)UINT32_MAX + 1);
    cr_expect(eq(int, sk_pack_finish(&p, &out), SK_E_NO_ROOM));
    p = sk_pack_start(room);
    sk_pack_map(&p, (size_t)UINT32_MAX + 2);
    cr_expect(eq(int, sk_pack_finish(&p, &out), SK_E_NO_ROOM));
    p = sk_pack_start(room);
    sk_pack_bin(&p, (struct sk_bytes){data, (size_t)UINT32_MAX + 2});
    cr_expect(eq(int, sk_pack_finish(&p, &out), SK_E_NO_ROOM));
}
