/*
 * From the bytes of a fuzzer to something that makes sense to an engine now
 * and then: words of the vocabulary, ids that exist, days near today, and
 * canonical values made of them.
 */
#ifndef SK_TESTS_FUZZ_SAY_H
#define SK_TESTS_FUZZ_SAY_H

#include "node/engine/state.h"
#include "tests/fuzz/world.h"

#define SAY_IDS_MAX 64
#define SAY_VALUE_SIZE_MAX 16384

struct feed {
    const uint8_t *at;
    size_t left;
};

/* Zero when there is nothing left. */
static inline uint8_t feed_u8(struct feed *feed)
{
    if (feed->left == 0)
        return 0;
    feed->left--;
    return *feed->at++;
}

static inline uint16_t feed_u16(struct feed *feed)
{
    uint16_t high = feed_u8(feed);

    return (uint16_t)(high << 8 | feed_u8(feed));
}

static inline uint64_t feed_u64(struct feed *feed)
{
    uint64_t out = 0;

    for (unsigned i = 0; i < 8; i++)
        out = out << 8 | feed_u8(feed);
    return out;
}

static inline struct sk_bytes feed_bytes(struct feed *feed, size_t size)
{
    struct sk_bytes out = {feed->at, size < feed->left ? size : feed->left};

    feed->at += out.size;
    feed->left -= out.size;
    return out;
}

/* ------------------------------------------------------------- ids */

struct say {
    struct sk_engine *engine; /* whose vocabulary and today */
    struct sk_id ids[SAY_IDS_MAX];
    size_t ids_count;
};

static struct say say;

static inline void say_learn(const struct sk_id *id)
{
    for (size_t i = 0; i < say.ids_count; i++) {
        if (sk_id_equal(&say.ids[i], id))
            return;
    }
    if (say.ids_count < SAY_IDS_MAX)
        say.ids[say.ids_count++] = *id;
}

static inline void say_learn_text(const char *text)
{
    struct sk_id id;

    cr_assert(sk_id_parse(sk_text(text), &id));
    say_learn(&id);
}

/* One that exists, or one of 64 that never did. */
static inline struct sk_id say_id(struct feed *feed)
{
    uint8_t at = feed_u8(feed);
    struct sk_id id;

    if (at < 0xc0 && say.ids_count > 0)
        return say.ids[at % say.ids_count];
    memset(id.bytes, at, sizeof(id.bytes));
    sk_id_from_random(id.bytes, &id);
    return id;
}

/* ------------------------------------------------------------- words */

static const char *const say_words[] = {
    "buso",
    "gtb",
    "houtzaak",
    "vdab",
    "clb",
    "nobody",
    "exact",
    "year",
    "present",
    "drop",
    "kind3",
    "erase",
    "stop",
    "retain",
    "erase-on-withdrawal",
    "confirm-erasure",
    "no-onward",
    "log-access",
    "open",
    "answer-need_info",
    "answer-waiting",
    "answer-accepted",
    "answer-declined",
    "complete",
    "return",
    "cancel",
    "expire",
    "warm",
    "cold",
    "buso/1",
    "gtb/1",
    "a-rule",
    "warm-handover",
    "stale-epoch",
    "wrong-state",
    "overwritten",
    "place.offered",
    "all",
    "objects",
    "full",
    "own",
    "reported",
    "nl",
    "paper",
    "oral",
    "participant",
    "key-destroyed",
    "mentor",
    "handover.requested",
    "handover.answered",
    "handover.completed",
    "guidance.handover",
    "guidance.joint",
    "workplace.evaluated",
};

static inline struct sk_bytes say_word(struct feed *feed)
{
    const struct sk_vocabulary *v = NULL;
    uint8_t list = feed_u8(feed);
    uint8_t at = feed_u8(feed);

    if (say.engine->bundle != NULL)
        v = sk_bundle_vocabulary(say.engine->bundle);
    if (v == NULL || list < 96)
        return sk_text(say_words[at % (sizeof(say_words) / sizeof(char *))]);
    if (list < 128)
        return v->events[at % v->events_count].id;
    if (list < 160)
        return v->purposes[at % v->purposes_count].id;
    if (list < 192)
        return v->categories[at % v->categories_count].id;
    return v->fields[(at | (unsigned)(list & 3) << 8) % v->fields_count].id;
}

static inline struct sk_bytes say_day(struct feed *feed, char out[11])
{
    int8_t offset = (int8_t)feed_u8(feed);

    sk_day_format(sk_today(say.engine) + offset * 3, out);
    return sk_text(out);
}

/* Numbers near what counts. */
static inline uint64_t say_number(struct feed *feed, uint64_t near)
{
    uint8_t byte = feed_u8(feed);

    if (byte == 0xff)
        return feed_u64(feed);
    if (byte == 0xfe)
        return (UINT64_C(1) << 53) - 1 + feed_u8(feed) % 3;
    if (byte >= 0x80)
        return byte - 0x80u;
    return near + byte < near + 64 ? near + byte : near - (byte - 64u);
}

/* ------------------------------------------------------------- values */

static inline void say_value(struct feed *feed, struct sk_pack *p,
                             unsigned depth);

struct say_member {
    struct sk_bytes key;
    uint8_t *bytes;
    size_t size;
};

static inline int say_member_order(const void *a, const void *b)
{
    return sk_bytes_compare(((const struct say_member *)a)->key,
                            ((const struct say_member *)b)->key);
}

/* Keys ascending, each once. */
static inline void say_pack_members(struct say_member *members, size_t count,
                                    struct sk_pack *p)
{
    size_t kept = 0;

    qsort(members, count, sizeof(*members), say_member_order);
    for (size_t i = 0; i < count; i++)
        kept += i == 0 || say_member_order(&members[i - 1], &members[i]) != 0;
    sk_pack_map(p, kept);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && say_member_order(&members[i - 1], &members[i]) == 0)
            continue;
        sk_pack_str(p, members[i].key);
        sk_pack_raw(p, (struct sk_bytes){members[i].bytes, members[i].size});
    }
    for (size_t i = 0; i < count; i++)
        free(members[i].bytes);
}

static inline void say_map(struct feed *feed, struct sk_pack *p, size_t count,
                           unsigned depth)
{
    struct say_member members[16];

    cr_assert(count <= 16);
    for (size_t i = 0; i < count; i++) {
        struct say_member *m = &members[i];
        struct sk_pack inner;

        m->key = say_word(feed);
        m->bytes = malloc(SAY_VALUE_SIZE_MAX);
        inner = sk_pack_start((struct sk_room){m->bytes, SAY_VALUE_SIZE_MAX});
        say_value(feed, &inner, depth + 1);
        if (inner.full || inner.size == 0) {
            inner = sk_pack_start((struct sk_room){m->bytes, 16});
            sk_pack_nil(&inner);
        }
        m->size = inner.size;
    }
    say_pack_members(members, count, p);
}

static inline void say_text(struct feed *feed, struct sk_pack *p)
{
    sk_pack_str(p, feed_bytes(feed, feed_u8(feed)));
}

static inline void say_value(struct feed *feed, struct sk_pack *p,
                             unsigned depth)
{
    uint8_t byte = feed_u8(feed);
    char text[SK_ID_TEXT_SIZE + 1];
    struct sk_id id;
    size_t count = byte & 15;

    switch (byte >> 4 & 7) {
    case 0:
        sk_pack_str(p, say_word(feed));
        return;
    case 1:
        id = say_id(feed);
        sk_pack_bin(p, (struct sk_bytes){id.bytes, sizeof(id.bytes)});
        return;
    case 2:
        id = say_id(feed);
        sk_id_format(&id, text);
        sk_pack_cstr(p, text);
        return;
    case 3:
        sk_pack_str(p, say_day(feed, text));
        return;
    case 4:
        if (count == 0)
            sk_pack_nil(p);
        else if (count < 6)
            sk_pack_bool(p, (count & 1) != 0);
        else
            sk_pack_uint(p,
                         say_number(feed, count < 10 ? say.engine->now_ms : 1));
        return;
    case 5:
        if (count < 8)
            say_text(feed, p);
        else
            sk_pack_bin(p, feed_bytes(feed, feed_u8(feed)));
        return;
    case 6:
        if (depth > 4)
            count = 0;
        sk_pack_array(p, count);
        for (size_t i = 0; i < count; i++)
            say_value(feed, p, depth + 1);
        return;
    case 7:
        say_map(feed, p, depth > 4 ? 0 : count, depth);
        return;
    }
}

#endif
