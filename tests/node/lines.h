/*
 * For tests of delivery: numbered messages that are not about persons, the
 * frames between two nodes as text, backups of a node.
 *
 *     ln_publish(&f, "buso", "gtb", 0, 3);     places p0000, p0001, p0002
 *     ln_check(&f, "gtb", "buso", 3);          exactly these, in this order
 *     t = ln_trace(&f, "buso", "gtb");         then t->text is, per frame,
 *         "buso>gtb ITEMS 1: 1-3\n"  "gtb>buso RECEIPT 1: 3\n"  ...
 */
#ifndef SK_TESTS_NODE_LINES_H
#define SK_TESTS_NODE_LINES_H

#include "tests/node/fixture.h"

#include "node/engine/tables.h"
#include "protocol/envelope.h"
#include "protocol/item.h"
#include "protocol/message.h"

#define LN_MAX 2200

/* ------------------------------------------------------------- messages */

static inline void ln_publish(struct fx *f, const char *from, const char *to,
                              unsigned first, unsigned count)
{
    for (unsigned i = first; i < first + count; i++) {
        fx_call(f, from, "collective.publish",
                "{'type':'place.offered','recipients':['%s'],'body':{"
                "'place_ref':'p%04u','workplace_org':'1999900765',"
                "'workplace_kind':'experience','hours_week':'38',"
                "'municipality':'13025','language_need':'a2','places':'1',"
                "'open_until':'2027-12-31'}}",
                to, i);
        cr_assert(sk_value_bool(fx_at(f, "ok")), "%s", f->reply);
    }
}

/* All of them, in pages. */
static inline size_t ln_received(struct fx *f, const char *org,
                                 const char *from, unsigned *out)
{
    char after[64] = "";
    struct sk_value_walk walk;
    size_t count = 0;

    do {
        fx_call(f, org, "inbox.list", "{'from':'%s','limit':300%s}", from,
                after);
        cr_assert(sk_value_bool(fx_at(f, "ok")), "%s", f->reply);
        walk = sk_value_walk(fx_at(f, "result.messages"));
        while (sk_value_next(&walk)) {
            struct sk_bytes ref = sk_value_str(
                sk_value_get(sk_value_get(walk.value, "fields"), "place_ref"));
            struct sk_bytes id =
                sk_value_str(sk_value_get(walk.value, "message"));

            cr_assert(ref.size == 5 && count < LN_MAX);
            out[count++] =
                (unsigned)strtoul((const char *)ref.data + 1, NULL, 10);
            snprintf(after, sizeof(after), ",'after':'%.*s'", (int)id.size,
                     (const char *)id.data);
        }
    } while (sk_value_bool(fx_at(f, "result.more")));
    return count;
}

/* I10: all of 0..count-1, once, in order. */
static inline void ln_check(struct fx *f, const char *org, const char *from,
                            size_t count)
{
    static unsigned got[LN_MAX];
    size_t n = ln_received(f, org, from, got);

    cr_assert(n == count, "%s has %zu of %zu of %s", org, n, count, from);
    for (size_t i = 0; i < n; i++)
        cr_assert(got[i] == i, "at %zu of %s: %u", i, from, got[i]);
}

static inline const char *ln_peer(struct fx *f, const char *org,
                                  const char *peer, const char *what)
{
    char path[64];

    fx_call(f, org, "peer.show", "{'org':'%s'}", peer);
    snprintf(path, sizeof(path), "result.%s", what);
    return fx_text(f, path);
}

/* ------------------------------------------------------------- frames */

/* What is in a frame; views in a buffer that the next call overwrites. */
static inline enum sk_status ln_open(struct fx *f, size_t from, size_t to,
                                     const uint8_t *bytes, size_t size,
                                     struct sk_message *out)
{
    static uint8_t room[SK_FRAME_SIZE_MAX];
    const struct fx_node *a = &f->nodes[from];
    const struct fx_node *b = &f->nodes[to];
    struct sk_bytes plain;

    SK_TRY(sk_envelope_open((struct sk_bytes){bytes, size}, &a->card, &b->card,
                            &b->secrets.sealing[0],
                            (struct sk_room){room, sizeof(room)}, &plain));
    return sk_message_decode(plain, &a->org, &b->org, &a->card.signing, out);
}

/* A message as `from` would send it; malloc'ed. */
static inline uint8_t *ln_seal(struct fx *f, size_t from, size_t to,
                               struct sk_message *message, size_t *size)
{
    static uint8_t room[SK_FRAME_SIZE_MAX];
    const struct fx_node *a = &f->nodes[from];
    const struct fx_node *b = &f->nodes[to];
    struct sk_seed seed = fx_seed(f);
    uint8_t *frame = malloc(SK_FRAME_SIZE_MAX);
    struct sk_bytes plain;
    struct sk_bytes out;

    cr_assert(sk_message_encode(message, &a->org, &b->org, &a->secrets.signing,
                                (struct sk_room){room, sizeof(room)},
                                &plain) == SK_OK);
    cr_assert(sk_envelope_seal(&a->card, &b->card, &seed, plain,
                               (struct sk_room){frame, SK_FRAME_SIZE_MAX},
                               &out) == SK_OK);
    *size = out.size;
    return frame;
}

/* Put bytes on the line as if `from` sent them. */
static inline void ln_inject(struct fx *f, size_t from, size_t to,
                             const uint8_t *bytes, size_t size)
{
    struct fx_frame *out = &f->queue[f->queue_count++];

    *out = (struct fx_frame){from, to, malloc(size), size};
    memcpy(out->bytes, bytes, size);
}

static inline void ln_send(struct fx *f, const char *from, const char *to,
                           struct sk_message *message)
{
    size_t size;
    uint8_t *frame =
        ln_seal(f, fx_index(f, from), fx_index(f, to), message, &size);

    ln_inject(f, fx_index(f, from), fx_index(f, to), frame, size);
    free(frame);
}

/* `to` alone takes this message; what it answers is traced and lost. */
static inline void ln_tell(struct fx *f, const char *from, const char *to,
                           struct sk_message *message)
{
    size_t size;
    uint8_t *frame =
        ln_seal(f, fx_index(f, from), fx_index(f, to), message, &size);
    struct sk_input input = {.type = SK_INPUT_FRAME,
                             .peer = fx_node(f, from)->org,
                             .bytes = {frame, size}};

    fx_must(f, fx_index(f, to), &input);
    free(frame);
    for (size_t i = 0; i < f->queue_count; i++)
        free(f->queue[i].bytes);
    f->queue_count = 0;
}

/* An event of buso that nothing is wrong with. */
static inline void ln_event(struct sk_item *item, uint8_t id)
{
    struct sk_item_event *event = &item->event;

    memset(item, 0, sizeof(*item));
    item->kind = SK_ITEM_EVENT;
    memset(event->message.id.bytes, id, SK_ID_SIZE);
    memset(event->handle.id.bytes, 0x11, SK_ID_SIZE);
    event->source = sk_text("buso");
    event->type = sk_text("workplace.evaluated");
    event->purpose = sk_text("guidance.joint");
    event->fields[0] = (struct sk_item_field){.name = sk_text("eval_learning"),
                                              .level = sk_text("exact"),
                                              .text = sk_text("4")};
    event->fields[1] = (struct sk_item_field){.name = sk_text("eval_period"),
                                              .level = sk_text("exact"),
                                              .text = sk_text("2026-W45")};
    event->fields_count = 2;
    event->erase_by = sk_text("2026-12-01");
    event->roles_all = true;
    event->rules.list[0] = sk_text("a-rule");
    event->rules.count = 1;
    event->policy = sk_text("buso/1");
    event->erase = true;
    event->within_days = 30;
}

/* The first handle of `org` towards `peer`. */
static inline void ln_own_handle(struct fx *f, const char *org,
                                 const char *peer, struct sk_handle *out)
{
    struct sk_store *store = fx_node(f, org)->store;
    struct sk_key prefix = sk_key_start(SK_T_HANDLE_OWN);
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;

    sk_key_org(&prefix, &fx_node(f, peer)->org);
    cr_assert(sk_store_begin(store) == SK_OK);
    scan = sk_scan_start(store, SK_SPACE_DATA, sk_key_done(&prefix));
    cr_assert(sk_scan_next(&scan, &key, &value) == SK_OK);
    memcpy(out->id.bytes, key.data + key.size - SK_ID_SIZE, SK_ID_SIZE);
    sk_store_abort(store);
}

/* Item `number` of the log of `from`, alone in its envelope. */
static inline void ln_item(struct fx *f, const char *from, const char *to,
                           const struct sk_item *item, uint64_t number)
{
    static uint8_t room[SK_ITEM_SIZE_MAX];
    struct sk_message *m = calloc(1, sizeof(*m));

    m->kind = SK_MESSAGE_ITEMS;
    m->items.incarnation = 1;
    m->items.first = number;
    m->items.count = 1;
    cr_assert(sk_item_encode(item, (struct sk_room){room, sizeof(room)},
                             &m->items.items[0]) == SK_OK);
    ln_tell(f, from, to, m);
    free(m);
}

struct ln_trace {
    size_t pair[2]; /* the only line that is looked at */
    char text[65536];
    size_t size;
    /* The frame of this kind that was seen last, as bytes. */
    uint8_t last[SK_MESSAGE_PROOF + 1][SK_FRAME_SIZE_MAX];
    size_t last_size[SK_MESSAGE_PROOF + 1];
    /* Lose the next so many frames of this kind. */
    unsigned lose[SK_MESSAGE_PROOF + 1];
    /* Lose each frame with this chance in 256, drawn from `state`. */
    unsigned chance;
    uint64_t state;
};

static inline uint64_t ln_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline void ln_describe(const struct sk_message *m, char *out,
                               size_t room)
{
    unsigned long long a;

    switch (m->kind) {
    case SK_MESSAGE_HELLO:
        snprintf(out, room, "HELLO %llu:%llu has %llu:%llu%s",
                 (unsigned long long)m->hello.incarnation,
                 (unsigned long long)m->hello.head,
                 (unsigned long long)m->hello.peer_incarnation,
                 (unsigned long long)m->hello.cursor,
                 m->hello.answer ? " asks" : "");
        break;
    case SK_MESSAGE_ITEMS:
        a = m->items.first;
        snprintf(out, room, "ITEMS %llu: %llu-%llu",
                 (unsigned long long)m->items.incarnation, a,
                 a + m->items.count - 1);
        break;
    case SK_MESSAGE_RECEIPT:
        snprintf(out, room, "RECEIPT %llu: %llu",
                 (unsigned long long)m->receipt.incarnation,
                 (unsigned long long)m->receipt.last);
        break;
    case SK_MESSAGE_REFUSAL:
        snprintf(out, room, "REFUSAL %s %s", m->refusal.code, m->refusal.check);
        break;
    case SK_MESSAGE_CARD:
        snprintf(out, room, "CARD");
        break;
    case SK_MESSAGE_BYE:
        snprintf(out, room, "BYE");
        break;
    case SK_MESSAGE_WANT:
        snprintf(out, room, "WANT %llu from %llu",
                 (unsigned long long)m->want.version,
                 (unsigned long long)m->want.at);
        break;
    case SK_MESSAGE_CHARTER:
        snprintf(out, room, "CHARTER %llu from %llu",
                 (unsigned long long)m->charter.version,
                 (unsigned long long)m->charter.at);
        break;
    case SK_MESSAGE_PROVE:
        snprintf(out, room, "PROVE %llu %llu",
                 (unsigned long long)m->prove.first,
                 (unsigned long long)m->prove.second);
        break;
    case SK_MESSAGE_PROOF:
        snprintf(out, room, "PROOF %llu %llu",
                 (unsigned long long)m->proof.asked.first,
                 (unsigned long long)m->proof.asked.second);
        break;
    }
}

static inline bool ln_filter(struct fx *f, size_t from, size_t to,
                             uint8_t *bytes, size_t size)
{
    struct ln_trace *t = f->filter_context;
    struct sk_message *m = malloc(sizeof(*m));
    char line[256] = "unreadable";
    bool quiet = false; /* journals are watched beside everything else */
    bool lost = false;

    if ((from != t->pair[0] || to != t->pair[1]) &&
        (from != t->pair[1] || to != t->pair[0])) {
        free(m);
        return true;
    }
    if (ln_open(f, from, to, bytes, size, m) == SK_OK) {
        ln_describe(m, line, sizeof(line));
        memcpy(t->last[m->kind], bytes, size);
        t->last_size[m->kind] = size;
        quiet = m->kind == SK_MESSAGE_PROVE || m->kind == SK_MESSAGE_PROOF;
        lost = t->lose[m->kind] > 0;
        if (lost)
            t->lose[m->kind]--;
    }
    if (t->chance > 0 && (ln_random(&t->state) & 255) < t->chance)
        lost = true;
    free(m);
    if (!quiet && t->size < sizeof(t->text) - 512)
        t->size += (size_t)snprintf(
            t->text + t->size, 512, "%s>%s %s%s\n", f->nodes[from].org.text,
            f->nodes[to].org.text, line, lost ? " (lost)" : "");
    return !lost;
}

static inline void ln_clear(struct ln_trace *t)
{
    t->size = 0;
    t->text[0] = '\0';
}

static inline struct ln_trace *ln_trace(struct fx *f, const char *a,
                                        const char *b)
{
    struct ln_trace *t = calloc(1, sizeof(*t));

    t->pair[0] = fx_index(f, a);
    t->pair[1] = fx_index(f, b);
    f->filter = ln_filter;
    f->filter_context = t;
    return t;
}

/* ------------------------------------------------------------- backups */

static inline struct sk_store *ln_backup(struct fx *f, const char *org)
{
    struct sk_store *from = fx_node(f, org)->store;
    struct sk_store *to;

    cr_assert(sk_store_open_memory(&to) == SK_OK);
    cr_assert(sk_store_begin(from) == SK_OK);
    cr_assert(sk_store_begin(to) == SK_OK);
    for (int space = SK_SPACE_DATA; space <= SK_SPACE_KEYS; space++) {
        struct sk_scan scan = sk_scan_start(from, (enum sk_space)space,
                                            (struct sk_bytes){NULL, 0});
        struct sk_bytes key;
        struct sk_bytes value;

        while (sk_scan_next(&scan, &key, &value) == SK_OK)
            cr_assert(sk_store_put(to, (enum sk_space)space, key, value) ==
                      SK_OK);
    }
    cr_assert(sk_store_commit(to) == SK_OK);
    sk_store_abort(from);
    return to;
}

/* The node stops, is put back as it was, and starts again.  Takes backup. */
static inline void ln_restore(struct fx *f, const char *org,
                              struct sk_store *backup)
{
    size_t at = fx_index(f, org);
    bool offline = f->nodes[at].offline;

    fx_close(f, at);
    for (size_t i = 0; i < f->count; i++) {
        if (i != at)
            fx_line(f, at, i);
    }
    fx_run(f);
    sk_store_close(&f->nodes[at].store);
    f->nodes[at].store = backup;
    cr_assert(fx_open(f, at) == SK_OK);
    if (offline)
        return;
    for (size_t i = 0; i < f->count; i++) {
        if (i != at)
            fx_line(f, at, i);
    }
    fx_run(f);
}

#endif
