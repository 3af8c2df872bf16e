#include "support.h"

#include "protocol/limits.h"
#include "protocol/value.h"
#include "tests/protocol/repack.h"

static struct sk_bytes unhex(const char *hex)
{
    size_t size = 0;
    uint8_t *data = keep(malloc(strlen(hex) + 1));

    cr_assert(sodium_hex2bin(data, strlen(hex) + 1, hex, strlen(hex), " ",
                             &size, NULL) == 0);
    return exact_copy((struct sk_bytes){data, size});
}

static enum sk_status check(struct sk_bytes in)
{
    struct sk_value value;

    return sk_value_check(in, &value);
}

/* PROTOCOL.md 2: one row per rule. */
Test(value, knows_the_canonical_form)
{
    static const struct {
        const char *rule;
        const char *hex;
        enum sk_status want;
    } rows[] = {
        {"nil", "c0", SK_OK},
        {"an empty map", "80", SK_OK},
        {"an empty array", "90", SK_OK},
        {"nested", "82 a161 92 01 80 a162 c3", SK_OK},
        {"nothing", "", SK_E_BAD_LENGTH},
        {"2.3 nothing after the end", "c0c0", SK_E_BAD_LENGTH},
        {"2.3 no int", "ff", SK_E_BAD_FORM},
        {"2.3 no float", "ca00000000", SK_E_BAD_FORM},
        {"2.3 no ext", "d40000", SK_E_BAD_FORM},
        {"2.3 never used", "c1", SK_E_BAD_FORM},
        {"2.4 keys are str", "81 01 01", SK_E_BAD_FORM},
        {"2.4 keys are no bin", "81 c40161 01", SK_E_BAD_FORM},
        {"2.4 keys are no map", "81 80 01", SK_E_BAD_FORM},
        {"2.4 ascending", "82 a161 01 a162 02", SK_OK},
        {"2.4 not descending", "82 a162 01 a161 02", SK_E_BAD_FORM},
        {"2.4 no key twice", "82 a161 01 a161 02", SK_E_BAD_FORM},
        {"2.4 the shorter first", "82 a161 01 a26161 02", SK_OK},
        {"2.4 the longer first", "82 a26161 01 a161 02", SK_E_BAD_FORM},
        {"2.4 by bytes, not by length", "82 a26161 01 a162 02", SK_OK},
        {"2.4 unsigned bytes", "82 a17a 01 a2c3a9 02", SK_OK},
        {"2.4 also inside", "91 82 a162 01 a161 02", SK_E_BAD_FORM},
        {"2.4 per map", "92 81 a162 01 81 a161 02", SK_OK},
        {"2.5 more than is there", "92 01", SK_E_BAD_LENGTH},
        {"2.5 a huge array", "dd04000000 00", SK_E_BAD_LENGTH},
        {"2.5 a huge map", "df02000000 a161 00", SK_E_BAD_LENGTH},
        {"2.5 a map of half entries", "82 a161 01 a162", SK_E_BAD_LENGTH},
        {"2.2 shortest inside", "91 cc01", SK_E_BAD_FORM},
        {"2.2 shortest key", "81 d90161 01", SK_E_BAD_FORM},
        {"2.2 UTF-8 inside", "91 a1ff", SK_E_BAD_FORM},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++)
        cr_expect(eq(str, (char *)sk_status_text(check(unhex(rows[i].hex))),
                     (char *)sk_status_text(rows[i].want)),
                  "%s", rows[i].rule);
}

/* PROTOCOL.md 2.6: 16 deep, not 17. */
Test(value, knows_how_deep_is_too_deep)
{
    uint8_t data[SK_VALUE_DEPTH_MAX + 1];

    memset(data, 0x91, sizeof(data));
    data[SK_VALUE_DEPTH_MAX] = 0x01;
    cr_expect(eq(int, check((struct sk_bytes){data, sizeof(data)}), SK_OK));
    data[SK_VALUE_DEPTH_MAX] = 0x90;
    cr_expect(
        eq(int, check((struct sk_bytes){data, sizeof(data)}), SK_E_TOO_LARGE));
}

/* PROTOCOL.md 2.6: 65536 values, not 65537; the array itself is one. */
Test(value, knows_how_many_are_too_many)
{
    static uint8_t data[5 + SK_VALUE_COUNT_MAX];

    data[0] = 0xdc;
    data[1] = 0xff;
    data[2] = 0xff;
    cr_expect(eq(int,
                 check((struct sk_bytes){data, 3 + SK_VALUE_COUNT_MAX - 1}),
                 SK_OK));
    memset(data, 0, sizeof(data));
    data[0] = 0xdd;
    data[2] = 0x01;
    cr_expect(eq(int, check((struct sk_bytes){data, 5 + SK_VALUE_COUNT_MAX}),
                 SK_E_TOO_LARGE));
}

/* {"a": [1, "two", h'03'], "b": {"c": true, "d": nil}} */
#define TREE "82 a161 93 01 a374776f c40103 a162 82 a163 c3 a164 c0"

Test(value, is_walked)
{
    struct sk_value_walk walk;
    struct sk_value tree;
    struct sk_value a;
    struct sk_value b;

    cr_assert(eq(int, sk_value_check(unhex(TREE), &tree), SK_OK));
    cr_expect(eq(int, sk_value_kind(tree), SK_VALUE_MAP));
    cr_expect(eq(sz, sk_value_count(tree), 2));
    a = sk_value_get(tree, "a");
    b = sk_value_get(tree, "b");
    cr_expect(eq(sz, sk_value_count(a), 3));
    walk = sk_value_walk(a);
    cr_assert(sk_value_next(&walk));
    cr_expect(eq(u64, sk_value_uint(walk.value), 1));
    cr_assert(sk_value_next(&walk));
    cr_expect(sk_bytes_equal(sk_value_str(walk.value), sk_text("two")));
    cr_assert(sk_value_next(&walk));
    cr_expect(sk_bytes_equal(sk_value_bin(walk.value), sk_text("\x03")));
    cr_expect(not(sk_value_next(&walk)));

    walk = sk_value_walk(b);
    cr_assert(sk_value_next(&walk));
    cr_expect(sk_bytes_equal(walk.key, sk_text("c")));
    cr_expect(sk_value_bool(walk.value));
    cr_assert(sk_value_next(&walk));
    cr_expect(sk_bytes_equal(walk.key, sk_text("d")));
    cr_expect(eq(int, sk_value_kind(walk.value), SK_VALUE_NIL));
    cr_expect(not(sk_value_next(&walk)));
    cr_expect(not(sk_value_next(&walk)));
}

Test(value, gives_nothing_for_a_wrong_kind)
{
    struct sk_value none = {{NULL, 0}};
    struct sk_value tree;
    struct sk_value_walk walk;

    cr_assert(eq(int, sk_value_check(unhex(TREE), &tree), SK_OK));
    cr_expect(eq(int, sk_value_kind(none), SK_VALUE_NONE));
    cr_expect(eq(int, sk_value_kind(sk_value_get(tree, "0")), SK_VALUE_NONE));
    cr_expect(eq(int, sk_value_kind(sk_value_get(tree, "aa")), SK_VALUE_NONE));
    cr_expect(eq(int, sk_value_kind(sk_value_get(tree, "z")), SK_VALUE_NONE));
    cr_expect(eq(int, sk_value_kind(sk_value_get(none, "a")), SK_VALUE_NONE));
    cr_expect(eq(int, sk_value_kind(sk_value_get(sk_value_get(tree, "a"), "a")),
                 SK_VALUE_NONE),
              "an array has no keys");
    cr_expect(eq(u64, sk_value_uint(tree), 0));
    cr_expect(not(sk_value_bool(tree)));
    cr_expect(
        eq(u64, sk_value_uint(sk_value_get(sk_value_get(tree, "b"), "c")), 0),
        "true is no 1");
    cr_expect(not(sk_value_bool(sk_value_get(tree, "a"))));
    cr_expect(eq(sz, sk_value_str(tree).size, 0));
    cr_expect(eq(sz, sk_value_bin(tree).size, 0));
    walk = sk_value_walk(sk_value_get(tree, "a"));
    cr_assert(sk_value_next(&walk) && sk_value_next(&walk));
    cr_expect(eq(sz, sk_value_bin(walk.value).size, 0), "a str is no bin");
    cr_assert(sk_value_next(&walk));
    cr_expect(eq(sz, sk_value_str(walk.value).size, 0), "nor a bin a str");
    cr_expect(eq(sz, sk_value_count(none), 0));
    walk = sk_value_walk(none);
    cr_expect(not(sk_value_next(&walk)));
    walk = sk_value_walk(sk_value_get(sk_value_get(tree, "b"), "c"));
    cr_expect(not(sk_value_next(&walk)));
}

Test(value, check_first_leaves_the_rest)
{
    struct sk_value value;

    cr_assert(eq(int, sk_value_check_first(unhex("9201a0 ff"), &value), SK_OK));
    cr_expect(eq(sz, value.bytes.size, 3));
}

Test(value, leaves_out_alone_when_it_fails)
{
    struct sk_bytes full = unhex(TREE);
    struct sk_value value = {{(const uint8_t *)"x", 1}};

    for (size_t size = 0; size < full.size; size++) {
        struct sk_bytes in = exact_copy((struct sk_bytes){full.data, size});

        cr_expect(ne(int, sk_value_check(in, &value), SK_OK), "size %zu", size);
        cr_expect(eq(sz, value.bytes.size, 1), "size %zu", size);
    }
}

/* ------------------------------------------------- what is packed is canonical
 */

static void pack_any(struct sk_pack *p, uint64_t *state, int depth);

static void pack_container(struct sk_pack *p, uint64_t *state, int depth)
{
    size_t count = below(state, depth > 3 ? 2 : 20);
    bool map = below(state, 2) == 0;

    if (map)
        sk_pack_map(p, count);
    else
        sk_pack_array(p, count);
    for (size_t i = 0; i < count; i++) {
        char key[8];

        snprintf(key, sizeof(key), "k%05zu", i);
        if (map)
            sk_pack_cstr(p, key);
        pack_any(p, state, depth + 1);
    }
}

static void pack_any(struct sk_pack *p, uint64_t *state, int depth)
{
    static const uint8_t body[70000];
    size_t size =
        below(state, 2) == 0 ? below(state, 300) : below(state, sizeof(body));

    switch (below(state, depth < 8 ? 7 : 5)) {
    case 0:
        sk_pack_uint(p, random_uint(state));
        break;
    case 1:
        sk_pack_bool(p, below(state, 2) == 0);
        break;
    case 2:
        sk_pack_bin(p, (struct sk_bytes){body, size});
        break;
    case 3:
        sk_pack_str(p, (struct sk_bytes){body, size});
        break;
    case 4:
        sk_pack_nil(p);
        break;
    default:
        pack_container(p, state, depth);
        break;
    }
}

Test(value, packs_to_the_same_bytes_again)
{
    static uint8_t first[8 << 20];
    static uint8_t second[8 << 20];
    size_t largest = 0;

    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct sk_pack p =
            sk_pack_start((struct sk_room){first, sizeof(first)});
        struct sk_bytes one = {0};
        struct sk_bytes two = {0};
        struct sk_value value = {0};
        uint64_t state = seed;

        pack_container(&p, &state, 0);
        if (sk_pack_finish(&p, &one) != SK_OK)
            continue;
        cr_assert(eq(int, sk_value_check(one, &value), SK_OK), "seed %zu",
                  (size_t)seed);
        p = sk_pack_start((struct sk_room){second, sizeof(second)});
        repack(&p, value);
        cr_assert(eq(int, sk_pack_finish(&p, &two), SK_OK));
        cr_expect(sk_bytes_equal(one, two), "seed %zu", (size_t)seed);
        largest = one.size > largest ? one.size : largest;
    }
    cr_expect(ge(sz, largest, 70000), "the seeds reach the long forms");
}
