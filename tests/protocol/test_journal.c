#include "support.h"

#include "protocol/journal.h"
#include "protocol/lines.h"
#include "protocol/pack.h"
#include "protocol/value.h"

static struct sk_entry full(void)
{
    struct sk_entry e = {.kind = SK_ENTRY_REFUSED,
                         .at_s = 1811592000,
                         .org = sk_text("sopraco"),
                         .ids_count = 2,
                         .numbers = {1, 128, 70000},
                         .numbers_count = 3,
                         .has_hash = true,
                         .word = sk_text("not-source")};

    memset(e.ids[0].bytes, 0x51, SK_ID_SIZE);
    memset(e.ids[1].bytes, 0x52, SK_ID_SIZE);
    memset(e.hash.bytes, 0x5b, SK_HASH_SIZE);
    return e;
}

static struct sk_bytes encode(const struct sk_entry *e)
{
    static uint8_t room[SK_ENTRY_SIZE_MAX];
    struct sk_bytes out = {0};

    cr_assert(eq(int,
                 sk_entry_encode(e, (struct sk_room){room, sizeof(room)}, &out),
                 SK_OK));
    return out;
}

static bool same(const struct sk_entry *a, const struct sk_entry *b)
{
    return a->kind == b->kind && a->at_s == b->at_s &&
           sk_bytes_equal(a->org, b->org) && a->ids_count == b->ids_count &&
           memcmp(a->ids, b->ids, sizeof(a->ids)) == 0 &&
           a->numbers_count == b->numbers_count &&
           memcmp(a->numbers, b->numbers, sizeof(a->numbers)) == 0 &&
           a->has_hash == b->has_hash && sk_hash_equal(&a->hash, &b->hash) &&
           sk_bytes_equal(a->word, b->word);
}

Test(journal, entries_are_as_the_page_says)
{
    struct sk_entry e = full();
    struct sk_bytes out = encode(&e);
    struct sk_entry got;

    cr_expect(is_vector("journal", "entry", out));
    cr_assert(eq(int, sk_entry_decode(out, &got), SK_OK));
    cr_expect(same(&e, &got));
    e = (struct sk_entry){.kind = SK_ENTRY_BACKUP};
    out = encode(&e);
    cr_expect(is_vector("journal", "entry_short", out));
    e = (struct sk_entry){.kind = SK_ENTRY_OBJECTION,
                          .at_s = 1811592000,
                          .ids_count = 1,
                          .word = sk_text("upheld")};
    memset(e.ids[0].bytes, 0x53, sizeof(e.ids[0].bytes));
    out = encode(&e);
    cr_expect(is_vector("journal", "entry_objection", out));
    cr_assert(eq(int, sk_entry_decode(out, &got), SK_OK));
    cr_expect(same(&e, &got));
}

Test(journal, entries_of_every_kind_come_back)
{
    uint64_t state = 3;

    for (int i = 0; i < 20000; i++) {
        struct sk_entry e = full();
        struct sk_entry got;
        struct sk_value value;
        struct sk_bytes out;

        e.kind = (enum sk_entry_kind)(1 + below(&state, SK_ENTRY_OBJECTION));
        e.at_s = random_uint(&state) % 7258118400u;
        e.ids_count = below(&state, SK_ENTRY_IDS_MAX + 1);
        for (size_t j = e.ids_count; j < SK_ENTRY_IDS_MAX; j++)
            memset(&e.ids[j], 0, sizeof(e.ids[j]));
        e.numbers_count = below(&state, SK_ENTRY_NUMBERS_MAX + 1);
        for (size_t j = 0; j < SK_ENTRY_NUMBERS_MAX; j++)
            e.numbers[j] = j < e.numbers_count ? random_uint(&state) : 0;
        e.has_hash = below(&state, 2) == 1;
        if (!e.has_hash)
            memset(&e.hash, 0, sizeof(e.hash));
        if (below(&state, 2) == 1)
            e.org = (struct sk_bytes){0};
        if (below(&state, 2) == 1)
            e.word = (struct sk_bytes){0};
        out = encode(&e);
        cr_assert(eq(int, sk_value_check(out, &value), SK_OK));
        cr_assert(eq(int, sk_entry_decode(out, &got), SK_OK));
        cr_assert(same(&e, &got));
        cr_assert(ne(str, (char *)sk_entry_kind_text(got.kind), ""));
    }
}

Test(journal, the_largest_entry_has_room)
{
    static const char word[] = "a123456789012345678901234567890123456789";
    static const char org[] =
        "a123456789012345678901234567890123456789012345678901234567890123";
    struct sk_entry e = full();
    uint8_t room[SK_ENTRY_SIZE_MAX];
    struct sk_bytes out;
    struct sk_entry got;

    e.at_s = 7258118399;
    e.org = sk_text(org);
    e.word = sk_text(word);
    for (size_t i = 0; i < SK_ENTRY_NUMBERS_MAX; i++)
        e.numbers[i] = UINT64_MAX;
    out = encode(&e);
    cr_expect(out.size <= SK_ENTRY_SIZE_MAX);
    cr_assert(eq(int, sk_entry_decode(out, &got), SK_OK));
    for (size_t size = 0; size < out.size; size++)
        cr_assert(eq(int,
                     sk_entry_encode(&e, (struct sk_room){room, size}, &out),
                     SK_E_NO_ROOM));
}

Test(journal, refuses_what_is_no_entry)
{
    struct sk_entry e = full();
    struct sk_bytes out = encode(&e);
    uint8_t bytes[SK_ENTRY_SIZE_MAX + 1];
    struct sk_entry got;
    size_t size = out.size;

    memcpy(bytes, out.data, size);
    for (size_t i = 0; i < size; i++)
        cr_expect(
            ne(int, sk_entry_decode((struct sk_bytes){bytes, i}, &got), SK_OK));
    bytes[size] = 0;
    cr_expect(ne(int, sk_entry_decode((struct sk_bytes){bytes, size + 1}, &got),
                 SK_OK));
    bytes[1] = 0; /* kind */
    cr_expect(
        ne(int, sk_entry_decode((struct sk_bytes){bytes, size}, &got), SK_OK));
    bytes[1] = SK_ENTRY_OBJECTION + 1;
    cr_expect(
        ne(int, sk_entry_decode((struct sk_bytes){bytes, size}, &got), SK_OK));
    e.word = sk_text("Jonas Mertens");
    cr_expect(ne(int, sk_entry_decode(encode(&e), &got), SK_OK));
    e = full();
    e.org = sk_text("Sopra");
    cr_expect(ne(int, sk_entry_decode(encode(&e), &got), SK_OK));
}

/* A hash is whole, or not there. */
Test(journal, refuses_half_a_hash)
{
    static const uint8_t half[SK_HASH_SIZE];
    uint8_t bytes[SK_ENTRY_SIZE_MAX];
    struct sk_entry got;

    for (size_t size = 0; size <= SK_HASH_SIZE; size++) {
        struct sk_pack p =
            sk_pack_start((struct sk_room){bytes, sizeof(bytes)});
        struct sk_bytes out;
        bool good = size == 0 || size == SK_HASH_SIZE;

        sk_pack_array(&p, 7);
        sk_pack_uint(&p, SK_ENTRY_SENT);
        sk_pack_uint(&p, 1);
        sk_pack_str(&p, sk_text("sopraco"));
        sk_pack_array(&p, 0);
        sk_pack_array(&p, 0);
        sk_pack_bin(&p, (struct sk_bytes){half, size});
        sk_pack_str(&p, sk_text(""));
        cr_assert(sk_pack_finish(&p, &out) == SK_OK);
        cr_expect(
            eq(int, sk_entry_decode(out, &got), good ? SK_OK : SK_E_BAD_VALUE),
            "%zu", size);
    }
}
