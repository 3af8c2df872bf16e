/*
 * A partner that holds its keys and means harm.  `gtb` sends `buso` any bytes
 * as a frame, any plaintext under a good seal, any body under a good
 * signature, and items that are nearly right, in any order, between lines that
 * go up and down, timers, withdrawals, genuine frames and a full disk.
 *
 * The law, after every step:
 *   - the step is done, or the disk was full and nothing of it happened, and
 *     then it is done when there is room again (I4);
 *   - the cursor into the partner's log never goes back (I10);
 *   - a frame wrote nothing into the records of our own participants, nothing
 *     of another partner's line, and took no data key of anybody;
 *   - another charter came into force only when it is the one that the steward
 *     signed, whole;
 *   - what left can be read by its recipient, and has nothing of a person that
 *     was withheld, nor of a consent that was withdrawn (I1, I2, I7).
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/say.h"

#include "node/engine/federation.h"
#include "node/engine/handover.h"
#include "node/engine/relation.h"
#include "node/engine/session.h"
#include "protocol/texts.h"

#define ACTIONS_MAX 24
#define A_DAY_MS UINT64_C(86400000)

/* What a frame may write to: delivery, inbox, ledger, notices, handovers, the
   journal. */
static const char frame_tables[] = "mk1dQRSsBbX2W5waVv4UTtZKAoGxFJ8";
static const char frame_persons[] = {SK_T_LEDGER, SK_T_CORRECTION,
                                     SK_T_TIMER_LAST, SK_T_TIMER_ABOUT, '\0'};
/* And to these when the partner told of a withdrawal, which goes to others;
   SK_T_TOLD has a mark of what it said before, under its own name. */
static const char told_tables[] = {SK_T_CONSENT,      SK_T_CONSENT_OF,
                                   SK_T_CONSENT_LAST, SK_T_OUT,
                                   SK_T_PEER,         '\0'};
/* And to these with the next charter of the stewards, byte for byte. */
static const char charter_tables[] = "fg";
static const char line_tables[] = "k1QRSs2"; /* of one partner: its own only */

static struct fx *const f = &world.f;
static size_t us;
static size_t them;
static struct say fresh;
static bool withdrawn;
static bool told;                   /* a partner passed on a withdrawal */
static bool armed;                  /* the disk fills up within the next step */
static uint8_t charter[128 * 1024]; /* the next one, as it travels */
static size_t charter_size;
static bool filled; /* an envelope with as many items as can be was sent */

/* ------------------------------------------------------------- the law */

static struct sk_bytes said; /* by the partner: the input */

static bool has(struct sk_bytes plain, const char *text)
{
    return memmem(plain.data, plain.size, text, strlen(text)) != NULL;
}

/* What it said itself may come back to it: an id of its own in an answer. */
static bool tells(struct sk_bytes plain, const char *text)
{
    return has(plain, text) && !has(said, text);
}

static void learn_item(struct sk_bytes bytes)
{
    static struct sk_item item;

    MUST(sk_item_decode(bytes, &item) == SK_OK);
    if (item.kind == SK_ITEM_EVENT) {
        say_learn(&item.event.message.id);
        say_learn(&item.event.handle.id);
        say_learn(&item.event.handover.id);
        say_learn(&item.event.trajectory.id);
        if (item.event.consents_count > 0)
            say_learn(&item.event.consents[0].id);
    } else if (item.kind == SK_ITEM_WITHDRAWN || item.kind == SK_ITEM_ERASURE) {
        say_learn(&item.withdrawn.notice);
    } else if (item.kind == SK_ITEM_HANDOVER) {
        say_learn(&item.handover.handover.id);
    }
}

static void check_frame(const struct sk_effect_frame *frame)
{
    static uint8_t room[SK_FRAME_SIZE_MAX];
    static struct sk_message message;
    const struct fx_node *a = &f->nodes[us];
    const struct fx_node *b = fx_node(f, frame->to.text);
    struct sk_bytes plain;

    MUST(sk_envelope_open(
             frame->frame, &a->engine->card, &b->card, &b->secrets.sealing[0],
             (struct sk_room){room, sizeof(room)}, &plain) == SK_OK);
    MUST(sk_message_decode(plain, &a->org, &b->org, &a->card.signing,
                           &message) == SK_OK);
    for (size_t i = 0; i < sizeof(world_never) / sizeof(*world_never); i++)
        MUST(!tells(plain, world_never[i]));
    MUST(!withdrawn || !tells(plain, WORLD_SHARED));
    if (message.kind != SK_MESSAGE_ITEMS)
        return;
    MUST(message.items.incarnation <= SK_NUMBER_MAX);
    for (size_t i = 0; i < message.items.count; i++)
        learn_item(message.items.items[i]);
}

/* Our own entries and nodes; what this partner showed; findings about it, or
   about ourselves. */
static void check_journal(const struct world_write *w, const char *org)
{
    const char *self = f->nodes[us].org.text;
    bool about_it = w->key_size > strlen(org) + 2 &&
                    memcmp(w->key + 2, org, strlen(org) + 1) == 0;
    bool about_us = w->key_size > strlen(self) + 2 &&
                    memcmp(w->key + 2, self, strlen(self) + 1) == 0;

    switch (w->key[1]) {
    case 'e':
        MUST(w->key_size == 10);
        return;
    case 'n':
        MUST(w->key_size == 11);
        return;
    case 'p':
        MUST(about_it && w->key_size == strlen(org) + 3);
        return;
    default:
        MUST(w->key[1] == 'f' && (about_it || about_us));
        return;
    }
}

static void check_write(const struct world_write *w)
{
    char table = (char)sk_store_table((struct sk_bytes){w->key, w->key_size});
    const char *org = f->nodes[them].org.text;

    if (w->space == SK_SPACE_KEYS) {
        struct sk_id id;

        MUST(w->key_size == SK_ID_SIZE);
        memcpy(id.bytes, w->key, sizeof(id.bytes));
        MUST(!sk_id_equal(&id, &fresh.ids[0]));
        MUST(!sk_id_equal(&id, &fresh.ids[1]));
        return;
    }
    if (strchr(charter_tables, table) != NULL) {
        const struct sk_engine *e = f->nodes[us].engine;

        MUST(e->charter_version == f->charter_version + 1);
        /* Or it asks for the one after that already. */
        MUST(e->fetch.size == charter_size ||
             (e->fetch.active && e->fetch.at == 0 &&
              e->fetch.version == e->charter_version + 1));
        MUST(memcmp(e->fetch_room.data, charter, charter_size) == 0);
        return;
    }
    if (told && strchr(told_tables, table) != NULL)
        return;
    if (told && table == SK_T_TOLD) {
        MUST(w->key_size > SK_KEY_PERSON_SIZE + strlen(org));
        MUST(memcmp(w->key + SK_KEY_PERSON_SIZE, org, strlen(org)) == 0);
        return;
    }
    MUST(table != '\0' && (strchr(frame_tables, table) != NULL ||
                           strchr(frame_persons, table) != NULL));
    if (table == 'J')
        check_journal(w, org);
    MUST(strchr(line_tables, table) == NULL ||
         (w->key_size > strlen(org) + 1 &&
          memcmp(w->key + 1, org, strlen(org) + 1) == 0));
}

struct place {
    uint64_t incarnation;
    uint64_t cursor;
};

static struct place place_of(void)
{
    struct fx_node *node = &f->nodes[us];
    struct sk_log log;

    MUST(sk_store_begin(node->store) == SK_OK);
    MUST(sk_log_get(node->engine, &f->nodes[them].org, &log) == SK_OK);
    sk_store_abort(node->store);
    return (struct place){log.peer_incarnation, log.peer_cursor};
}

/* All of it, but the room for ranges that are not in use. */
static bool is_same_line(const struct sk_session *a, const struct sk_session *b)
{
    const size_t ranges = offsetof(struct sk_session, log.ranges);
    const size_t behind = offsetof(struct sk_session, log.ranges_count);

    return memcmp(a, b, ranges) == 0 &&
           a->log.ranges_count == b->log.ranges_count &&
           memcmp(a->log.ranges, b->log.ranges,
                  a->log.ranges_count * sizeof(*a->log.ranges)) == 0 &&
           memcmp((const uint8_t *)a + behind, (const uint8_t *)b + behind,
                  sizeof(*a) - behind) == 0;
}

/* One input of ours, checked. */
static void step(struct sk_input *input)
{
    static struct sk_session sessions[SK_PARTNERS_MAX];
    static struct sk_effects effects;
    struct sk_engine *e = f->nodes[us].engine;
    struct place before = place_of();
    size_t mark = world.writes_count;
    uint64_t seeds = f->seeds;
    enum sk_status status;
    struct place after;

    memcpy(sessions, e->sessions, e->sessions_count * sizeof(*sessions));
    status = fx_step(f, us, input, &effects);
    world_fail_after(f->nodes[us].store, 0);
    if (status == SK_E_FULL && armed) {
        world_must_be_back(mark);
        for (size_t i = 0; i < e->sessions_count; i++)
            MUST(is_same_line(&sessions[i], &e->sessions[i]));
        mark = world.writes_count;
        f->seeds = seeds;
        status = fx_step(f, us, input, &effects);
    }
    armed = false;
    MUST(status == SK_OK);
    after = place_of();
    MUST(after.incarnation > before.incarnation ||
         (after.incarnation == before.incarnation &&
          after.cursor >= before.cursor));
    if (input->type == SK_INPUT_FRAME) {
        for (size_t i = mark; i < world.writes_count; i++)
            check_write(&world.writes[i]);
    }
    for (size_t i = 0; i < effects.frames_count; i++)
        check_frame(&effects.frames[i]);
}

/* ------------------------------------------------------------- frames */

static void take(struct sk_bytes frame)
{
    struct sk_input input = {
        .type = SK_INPUT_FRAME, .peer = f->nodes[them].org, .bytes = frame};

    step(&input);
}

static void seal(struct sk_bytes plain)
{
    static uint8_t room[SK_FRAME_SIZE_MAX];
    struct sk_seed seed = fx_seed(f);
    struct sk_bytes frame;

    if (sk_envelope_seal(&f->nodes[them].card, &f->nodes[us].card, &seed, plain,
                         (struct sk_room){room, sizeof(room)}, &frame) == SK_OK)
        take(frame);
}

/* Any body under a good signature. */
static void sign_body(uint8_t kind, struct sk_bytes body)
{
    uint8_t statement[256];
    uint8_t room[2048];
    struct sk_signature signature;
    struct sk_hash digest;
    struct sk_bytes out;
    struct sk_pack p = sk_pack_start((struct sk_room){statement, 256});

    if (body.size > 1024)
        body.size = 1024;
    sk_hash("schakel/body/1", body, &digest);
    sk_pack_array(&p, 4);
    sk_pack_str(&p, sk_org_text(&f->nodes[them].org));
    sk_pack_str(&p, sk_org_text(&f->nodes[us].org));
    sk_pack_uint(&p, kind);
    sk_pack_bin(&p, (struct sk_bytes){digest.bytes, sizeof(digest.bytes)});
    MUST(sk_pack_finish(&p, &out) == SK_OK);
    sk_sign(&f->nodes[them].secrets.signing, "schakel/message/1", out,
            &signature);
    p = sk_pack_start((struct sk_room){room, sizeof(room)});
    sk_pack_array(&p, 3);
    sk_pack_uint(&p, kind);
    sk_pack_bin(&p, (struct sk_bytes){signature.bytes, SK_SIGNATURE_SIZE});
    sk_pack_bin(&p, body);
    MUST(sk_pack_finish(&p, &out) == SK_OK);
    seal(out);
}

static void tell(struct sk_message *message)
{
    static uint8_t room[SK_FRAME_SIZE_MAX];
    struct sk_bytes plain;

    if (sk_message_encode(message, &f->nodes[them].org, &f->nodes[us].org,
                          &f->nodes[them].secrets.signing,
                          (struct sk_room){room, sizeof(room)},
                          &plain) == SK_OK)
        seal(plain);
}

/* ------------------------------------------------------------- items */

static void say_words_of(struct feed *feed, struct sk_words *out)
{
    size_t count = feed_u8(feed) & 3;

    for (size_t i = 0; i < count; i++) {
        struct sk_bytes word = say_word(feed);

        if (out->count == 0 ||
            sk_bytes_compare(out->list[out->count - 1], word) < 0)
            out->list[out->count++] = word;
    }
}

/* Fields of the type of the event, ascending by name. */
static void say_fields(struct feed *feed, struct sk_item_event *event)
{
    const struct sk_vocabulary *v = sk_bundle_vocabulary(say.engine->bundle);
    uint16_t type = sk_vocabulary_event(v, event->type);
    uint32_t chosen = (uint32_t)feed_u16(feed) << 16 | feed_u16(feed);

    for (uint16_t at = 0; type != SK_NONE && at < v->fields_count; at++) {
        const struct sk_event_type *row = &v->events[type];

        for (size_t k = 0; k < row->fields_count && k < 32; k++) {
            const struct sk_field *field = &v->fields[row->fields[k]];
            struct sk_item_field *out = &event->fields[event->fields_count];
            uint8_t level;

            if (row->fields[k] != at || (chosen >> k & 1) == 0)
                continue;
            level = feed_u8(feed);
            out->name = field->id;
            out->level = level < 0xf0
                             ? field->levels[level % field->levels_count]
                             : say_word(feed);
            out->text = level & 1 ? sk_text("true") : say_word(feed);
            event->fields_count++;
        }
    }
    for (size_t i = 1; i < event->fields_count; i++) {
        for (size_t j = i; j > 0 && sk_bytes_compare(event->fields[j - 1].name,
                                                     event->fields[j].name) > 0;
             j--) {
            struct sk_item_field field = event->fields[j];

            event->fields[j] = event->fields[j - 1];
            event->fields[j - 1] = field;
        }
    }
}

static void say_event(struct feed *feed, struct sk_item_event *event,
                      char day[11])
{
    uint8_t bits = feed_u8(feed);

    event->message.id = say_id(feed);
    event->handle.id = say_id(feed);
    event->source = bits & 1 ? say_word(feed) : sk_text("gtb");
    event->type = bits & 2 ? say_word(feed) : sk_text("handover.requested");
    event->purpose = bits & 4 ? say_word(feed) : sk_text("guidance.handover");
    say_fields(feed, event);
    event->erase_by = bits & 8 ? say_day(feed, day) : sk_text("2027-12-01");
    say_words_of(feed, &event->duties);
    event->roles_all = true;
    event->rules.list[0] = sk_text("a-rule");
    event->rules.count = 1;
    event->policy = sk_text("gtb/1");
    event->erase = (bits & 16) != 0;
    event->within_days = bits & 32 ? feed_u16(feed) : 30;
    event->has_handover = (bits & 64) != 0;
    if (!event->has_handover)
        return;
    event->handover.id = say_id(feed);
    event->trajectory.id = say_id(feed);
    event->epoch = say_number(feed, 1) & SK_ITEM_EPOCH_MAX;
    event->handover_kind = bits & 128 ? say_word(feed) : sk_text("warm");
}

static void say_withdrawn(struct feed *feed, struct sk_item_withdrawn *w)
{
    w->notice = say_id(feed);
    w->handle.id = say_id(feed);
    w->entries_count = 1 + feed_u8(feed) % 4;
    for (size_t i = 0; i < w->entries_count; i++) {
        w->entries[i].message.id = say_id(feed);
        say_words_of(feed, &w->entries[i].fields);
        w->entries[i].all = w->entries[i].fields.count == 0;
    }
    say_words_of(feed, &w->purposes);
    say_words_of(feed, &w->categories);
    w->erase = feed_u8(feed) & 1;
    w->within_days = feed_u8(feed);
    w->at_ms = say.engine->now_ms;
}

/* Of fields that an event has, some without value. */
static void say_correction(struct feed *feed, struct sk_item *item)
{
    static struct sk_item_event event;
    struct sk_item_correction *c = &item->correction;
    uint8_t bits = feed_u8(feed);
    char day[11];

    memset(&event, 0, sizeof(event));
    say_event(feed, &event, day);
    c->correction = say_id(feed);
    c->handle.id = event.handle.id;
    c->message = event.message;
    c->at_ms = say.engine->now_ms;
    c->fields_count = event.fields_count;
    memcpy(c->fields, event.fields, sizeof(c->fields));
    for (size_t i = 0; i < c->fields_count; i++)
        if ((bits >> (i % 8) & 1) != 0)
            c->fields[i] = (struct sk_item_field){.name = c->fields[i].name};
    if (c->fields_count == 0)
        item->kind = SK_ITEM_VOID;
}

static bool say_scope(struct feed *feed, struct sk_words *out)
{
    say_words_of(feed, out);
    return out->count == 0;
}

static void say_told(struct feed *feed, struct sk_item_told *out)
{
    told = true;
    out->handle.id = say_id(feed);
    out->purposes_all = say_scope(feed, &out->purposes);
    out->recipients_all = say_scope(feed, &out->recipients);
    out->categories_all = say_scope(feed, &out->categories);
    out->given_by = sk_text(feed_u8(feed) & 1 ? "self" : "parent");
    out->at_ms = say.engine->now_ms;
}

static void say_answer(struct feed *feed, struct sk_item_answer *a,
                       char day[11])
{
    a->notice = say_id(feed);
    a->messages_count = 1 + feed_u8(feed) % 4;
    for (size_t i = 0; i < a->messages_count; i++)
        a->messages[i].id = say_id(feed);
    a->method = sk_text("key-destroyed");
    a->law_reference = sk_text("a law");
    a->keep_until = say_day(feed, day);
    a->at_ms = say.engine->now_ms;
}

static void say_owner(struct feed *feed, struct sk_item_owner *o)
{
    o->trajectory.id = say_id(feed);
    o->handover.id = say_id(feed);
    o->epoch = say_number(feed, 1) & SK_ITEM_EPOCH_MAX;
    o->owner = say_word(feed);
    o->previous = say_word(feed);
    o->reason = sk_text("stale-epoch");
    o->at_ms = say.engine->now_ms;
}

static void say_collective(struct feed *feed, struct sk_item_collective *c,
                           struct sk_pack *body)
{
    struct fx_json json = {
        "{'language_need':'a2','municipality':'13025','hours_week':'38',"
        "'open_until':'2027-12-31','place_ref':'p1','places':'1',"
        "'workplace_kind':'experience','workplace_org':'1999900765'}"};

    c->message.id = say_id(feed);
    c->type = say_word(feed);
    if (feed_u8(feed) & 1)
        say_map(feed, body, feed_u8(feed) & 15, 1);
    else
        fx_value(&json, body);
}

static void say_item_of_kind(struct feed *feed, struct sk_item *item,
                             char day[11], struct sk_pack *body)
{
    struct sk_bytes bytes;

    switch (item->kind) {
    case SK_ITEM_EVENT:
        say_event(feed, &item->event, day);
        return;
    case SK_ITEM_WITHDRAWN:
        say_withdrawn(feed, &item->withdrawn);
        return;
    case SK_ITEM_ERASURE:
        say_withdrawn(feed, &item->withdrawn);
        item->withdrawn.ground =
            sk_text(feed_u8(feed) & 1 ? "not-needed" : "child");
        return;
    case SK_ITEM_CORRECTION:
        say_correction(feed, item);
        return;
    case SK_ITEM_CORRECTED:
        item->corrected.message.id = say_id(feed);
        item->corrected.correction = say_id(feed);
        item->corrected.at_ms = say.engine->now_ms;
        return;
    case SK_ITEM_ERASED:
    case SK_ITEM_KEPT:
        say_answer(feed, &item->answer, day);
        return;
    case SK_ITEM_READ:
    case SK_ITEM_ACCEPTED:
        item->receipt.message.id = say_id(feed);
        item->receipt.at_ms = say.engine->now_ms;
        return;
    case SK_ITEM_HANDOVER:
        item->handover.handover.id = say_id(feed);
        item->handover.input = sk_text(say_words[18 + feed_u8(feed) % 9]);
        item->handover.epoch = say_number(feed, 1) & SK_ITEM_EPOCH_MAX;
        item->handover.at_ms = say.engine->now_ms;
        return;
    case SK_ITEM_RELEASED:
    case SK_ITEM_UNRELEASED:
        say_owner(feed, &item->owner);
        return;
    case SK_ITEM_COLLECTIVE:
        say_collective(feed, &item->collective, body);
        if (sk_pack_finish(body, &bytes) != SK_OK ||
            sk_value_check(bytes, &item->collective.body) != SK_OK)
            item->kind = SK_ITEM_VOID;
        return;
    case SK_ITEM_ASKED:
        item->asked.incarnation = 1 + (feed_u8(feed) & 3);
        item->asked.after = say_number(feed, 0) % SK_NUMBER_MAX;
        return;
    case SK_ITEM_HELD:
        say_event(feed, &item->held.event, day);
        item->held.at_ms = say.engine->now_ms;
        return;
    case SK_ITEM_TOLD:
        say_told(feed, &item->told);
        return;
    case SK_ITEM_VOID:
        return;
    }
}

/* The last of the range is for what came later: the corpus stays what it is. */
static enum sk_item_kind say_kind(uint8_t kind)
{
    static const enum sk_item_kind later[] = {
        SK_ITEM_ERASURE, SK_ITEM_CORRECTION, SK_ITEM_CORRECTION,
        SK_ITEM_CORRECTED};

    if (kind >= 0xc0 && kind < 0xd0)
        return later[kind & 3];
    return (enum sk_item_kind)(kind % 14);
}

/* A whole item, anything canonical, or anything. */
static struct sk_bytes say_item(struct feed *feed, struct sk_room room)
{
    static struct sk_item item;
    static uint8_t body_room[SAY_VALUE_SIZE_MAX];
    struct sk_pack body =
        sk_pack_start((struct sk_room){body_room, sizeof(body_room)});
    struct sk_pack p = sk_pack_start(room);
    struct sk_bytes out = {0};
    uint8_t kind = feed_u8(feed);
    char day[11];

    memset(&item, 0, sizeof(item));
    told = told || kind >= 0xd0; /* it may be anything */
    if (kind >= 0xf0) {
        out = feed_bytes(feed, feed_u8(feed));
        return out.size > 0 ? out : sk_text("?");
    }
    if (kind >= 0xe0) {
        size_t count = 1 + feed_u8(feed) % 17;

        sk_pack_array(&p, count);
        sk_pack_uint(&p, kind & 15);
        for (size_t i = 1; i < count; i++)
            say_value(feed, &p, 1);
        if (p.full)
            return sk_text("?");
        return (struct sk_bytes){room.data, p.size};
    }
    item.kind = say_kind(kind);
    say_item_of_kind(feed, &item, day, &body);
    if (sk_item_encode(&item, room, &out) != SK_OK)
        return sk_text("?");
    for (uint8_t n = kind >= 0xd0 ? 1 + (feed_u8(feed) & 3) : 0; n > 0; n--)
        room.data[feed_u16(feed) % out.size] ^= feed_u8(feed);
    return out;
}

static void tell_items(struct feed *feed)
{
    static uint8_t rooms[SK_ITEMS_COUNT_MAX][SK_ITEM_SIZE_MAX];
    static struct sk_message message;
    struct place place = place_of();
    uint8_t shape = feed_u8(feed);
    struct sk_items *items = &message.items;
    size_t count = 1 + (shape & 7);

    message.kind = SK_MESSAGE_ITEMS;
    items->incarnation = place.incarnation == 0 ? 1 : place.incarnation;
    items->first = place.cursor + 1;
    if (shape & 0x80) {
        items->incarnation = say_number(feed, items->incarnation);
        items->first = say_number(feed, items->first);
    }
    for (size_t i = 0; i < count; i++)
        items->items[i] =
            say_item(feed, (struct sk_room){rooms[i], SK_ITEM_SIZE_MAX});
    /* The last one again and again: as many answers as can be had. */
    while ((shape & 0x40) != 0 && !filled && count < SK_ITEMS_COUNT_MAX) {
        items->items[count] = items->items[count - 1];
        count++;
    }
    filled = filled || (shape & 0x40) != 0;
    items->count = count;
    if (items->first == 0 || items->first > UINT64_MAX - count)
        items->first = 1;
    tell(&message);
    /* And the same once more. */
    if (shape & 0x20)
        tell(&message);
}

/* ------------------------------------------------------------- the rest */

static void tell_hello(struct feed *feed)
{
    struct sk_message message = {.kind = SK_MESSAGE_HELLO};
    struct sk_hello *h = &message.hello;
    struct place place = place_of();

    h->incarnation = say_number(feed, place.incarnation);
    h->head = say_number(feed, place.cursor);
    h->peer_incarnation = say_number(feed, 1);
    h->cursor = say_number(feed, 1);
    h->card_version = feed_u8(feed) & 3;
    h->charter_version = feed_u8(feed) & 3;
    h->sent_ms = say.engine->now_ms;
    h->answer = feed_u8(feed) & 1;
    tell(&message);
}

/* A checkpoint of the partner, true to its key, or not. */
static struct sk_bytes some_checkpoint(struct feed *feed)
{
    static uint8_t room[SK_CHECKPOINT_SIZE_MAX];
    const struct fx_node *node = &f->nodes[them];
    const struct sk_sign_secret *secret = &node->secrets.signing;
    struct sk_checkpoint c = {.charter = say.engine->charter,
                              .org = node->org,
                              .log = node->engine->journal.log};
    uint8_t bits = feed_u8(feed);
    struct sk_bytes out = {0};

    c.head.size = say_number(feed, node->engine->journal.edge.size) %
                  (SK_MERKLE_SIZE_MAX + 1);
    memset(c.head.root.bytes, bits & 3, SK_HASH_SIZE);
    if (bits & 4)
        sk_merkle_edge_root(&node->engine->journal.edge, &c.head.root);
    if (bits & 8)
        c.restarts[c.restarts_count++] = (struct sk_restart){
            c.log, say_number(feed, 1) % (SK_MERKLE_SIZE_MAX + 1)};
    if (bits & 16)
        memset(c.log.bytes, 1 + feed_u8(feed) % 4, SK_LOG_ID_SIZE);
    if ((bits & 96) == 96)
        c.org = f->nodes[us].org;
    if (bits & 128 && feed_u8(feed) & 1)
        secret = &f->nodes[us].secrets.signing;
    if (sk_log_id_is_none(&c.log) || c.charter.text[0] == '\0' ||
        sk_checkpoint_sign(&c, secret, (struct sk_room){room, sizeof(room)},
                           &out) != SK_OK)
        return sk_text("none");
    return out;
}

static void tell_prove(struct feed *feed)
{
    struct sk_message message = {.kind = SK_MESSAGE_PROVE};

    message.prove.log = say.engine->journal.log;
    if (feed_u8(feed) & 1)
        memset(message.prove.log.bytes, feed_u8(feed) % 3, SK_LOG_ID_SIZE);
    message.prove.first = say_number(feed, say.engine->journal.edge.size);
    message.prove.second = say_number(feed, 1);
    tell(&message);
}

static void tell_proof(struct feed *feed)
{
    struct sk_session *s = sk_session_find(say.engine, &f->nodes[them].org);
    struct sk_message message = {.kind = SK_MESSAGE_PROOF};
    struct sk_journal_proof *proof = &message.proof;

    proof->asked = s->prove;
    if (feed_u8(feed) % 8 == 0)
        proof->asked.first = say_number(feed, 1);
    proof->checkpoint = some_checkpoint(feed);
    proof->first.count = feed_u8(feed) % 4;
    proof->second.count = feed_u8(feed) % 4;
    for (size_t i = 0; i < proof->first.count; i++)
        memset(proof->first.hashes[i].bytes, feed_u8(feed), SK_HASH_SIZE);
    tell(&message);
}

static void tell_receipt(struct feed *feed)
{
    struct sk_message message = {.kind = SK_MESSAGE_RECEIPT};
    struct sk_session *s = sk_session_find(say.engine, &f->nodes[them].org);
    uint8_t range = feed_u8(feed);

    message.receipt.incarnation = say_number(feed, s->log.incarnation);
    message.receipt.last = say_number(feed, 1);
    message.receipt.at_ms = say.engine->now_ms;
    if (s->log.loaded && range < s->log.ranges_count) {
        message.receipt.last = s->log.ranges[range].last - s->log.base;
        message.receipt.root = s->log.ranges[range].root;
        message.receipt.checkpoint = some_checkpoint(feed);
    }
    tell(&message);
}

static void tell_refusal(struct feed *feed)
{
    static const char *const checks[] = {"form",  "seal",      "items",
                                         "hello", "last",      "card",
                                         "item",  "duplicate", "message"};
    struct sk_message message = {.kind = SK_MESSAGE_REFUSAL};
    struct sk_refusal *r = &message.refusal;
    const struct sk_code *code = &sk_codes[feed_u8(feed) % sk_codes_count];

    snprintf(r->code, sizeof(r->code), "%s", code->code);
    snprintf(r->check, sizeof(r->check), "%s", checks[feed_u8(feed) % 9]);
    r->incarnation = say_number(feed, 1);
    r->first = say_number(feed, 1);
    r->last = r->first + (feed_u8(feed) & 3);
    r->has_message = feed_u8(feed) & 1;
    r->message.id = say_id(feed);
    tell(&message);
}

/* A new card, good or not; its keys stay those that we can sign with. */
static void tell_card(struct feed *feed)
{
    static uint8_t room[SK_CARD_SIZE_MAX];
    struct sk_message message = {.kind = SK_MESSAGE_CARD};
    struct fx_node *node = &f->nodes[them];
    struct sk_card card = node->card;
    uint8_t bits = feed_u8(feed);

    card.version = say_number(feed, card.version);
    if (card.version == 0)
        card.version = 1;
    if (bits & 1) {
        snprintf(card.endpoints[0], sizeof(card.endpoints[0]),
                 "tcp://127.0.0.1:%u", 1u + feed_u16(feed) % 65535u);
        card.endpoints_count = 1;
    }
    if (bits & 2)
        card.issued_s += feed_u16(feed);
    if (sk_card_encode(&card, &node->identity,
                       (struct sk_room){room, sizeof(room)},
                       &message.card) != SK_OK)
        return;
    if (bits & 4)
        room[feed_u16(feed) % message.card.size] ^= feed_u8(feed);
    tell(&message);
}

/* The charter that comes next, whole or a part of it, good or not. */
static void tell_charter(struct feed *feed)
{
    static uint8_t bytes[sizeof(charter)];
    struct sk_message message = {.kind = SK_MESSAGE_CHARTER};
    struct sk_charter_part *part = &message.charter;
    const struct sk_engine *e = say.engine;
    uint8_t bits = feed_u8(feed);

    memcpy(bytes, charter, charter_size);
    part->version = f->charter_version + 1;
    part->size = charter_size;
    part->at = bits & 1 ? say_number(feed, 0) % charter_size : e->fetch.at;
    if (bits & 2)
        part->size = 1 + say_number(feed, charter_size) % SK_CHARTER_SIZE_MAX;
    if (bits & 4)
        bytes[(feed_u16(feed) * 7u) % charter_size] ^= feed_u8(feed);
    if (bits & 8)
        part->version = 1 + (feed_u8(feed) & 3);
    sk_charter_digest((struct sk_bytes){bytes, charter_size}, &part->digest);
    if (bits & 16)
        part->digest.bytes[0] ^= feed_u8(feed);
    for (uint64_t end = 0; end < charter_size;) {
        uint64_t left = charter_size - part->at % charter_size;

        part->at %= charter_size;
        if (left > SK_CHARTER_PART_SIZE_MAX)
            left = SK_CHARTER_PART_SIZE_MAX;
        if (part->at + left > part->size)
            return;
        part->bytes = (struct sk_bytes){bytes + part->at, left};
        tell(&message);
        part->at += left;
        end = bits & 32 ? charter_size : part->at;
    }
}

static void tell_want(struct feed *feed)
{
    struct sk_message message = {.kind = SK_MESSAGE_WANT};

    message.want.version = 1 + (feed_u8(feed) & 3);
    message.want.at = say_number(feed, 0) % SK_CHARTER_SIZE_MAX;
    tell(&message);
}

static void tell_bye(void)
{
    struct sk_message message = {.kind = SK_MESSAGE_BYE};

    message.bye_sent_ms = say.engine->now_ms;
    tell(&message);
}

static void line_or_time(struct feed *feed)
{
    static const uint64_t waits[] = {1,     999,   1001,   5001,
                                     20001, 60001, 120001, A_DAY_MS};
    struct sk_input input = {.type = SK_INPUT_TIMER};
    uint8_t byte = feed_u8(feed);

    if (byte & 0x80) {
        input.type = SK_INPUT_LINK;
        input.peer = f->nodes[them].org;
        input.up = byte & 1;
    } else {
        f->real_ms += waits[byte & 7];
    }
    step(&input);
}

/* ------------------------------------------------------------- people */

static void ask(const char *op, const char *args)
{
    static uint8_t room[65536];
    struct sk_input input = {.type = SK_INPUT_CONTROL, .owner = true};
    struct fx_json json = {args};
    struct sk_pack p = sk_pack_start((struct sk_room){room, sizeof(room)});

    sk_pack_map(&p, 3);
    sk_pack_cstr(&p, "args");
    fx_value(&json, &p);
    sk_pack_cstr(&p, "op");
    sk_pack_cstr(&p, op);
    sk_pack_cstr(&p, "v");
    sk_pack_uint(&p, 1);
    MUST(sk_pack_finish(&p, &input.bytes) == SK_OK);
    step(&input);
}

/* What people at the school do meanwhile. */
static void people(struct feed *feed)
{
    const struct world_people *p = &world_people;
    static char args[2048];
    char id[SK_ID_TEXT_SIZE + 1];
    char day[11];
    uint8_t what = feed_u8(feed) % 14;
    struct sk_id other = say_id(feed);

    sk_id_format(&other, id);
    snprintf(args, sizeof(args), "{'message':'%s'}", id);
    switch (what) {
    case 0:
        snprintf(args, sizeof(args), "{'participant':'%s'}", p->jonas.text);
        withdrawn = true;
        ask("consent.withdraw", args);
        return;
    case 1:
        snprintf(args, sizeof(args),
                 "{'event':'%s','to':'gtb','for':'guidance.handover'}",
                 p->request.text);
        ask("disclosure.send", args);
        return;
    case 2:
        ask("inbox.open", args);
        return;
    case 3:
        ask("inbox.accept", args);
        return;
    case 4:
        snprintf(args, sizeof(args), "{'message':'%s','participant':'%s'}", id,
                 feed_u8(feed) & 1 ? p->jonas.text : p->lotte.text);
        ask("inbox.assign", args);
        return;
    case 5:
        ask("erasure.confirm", "{'from':'gtb'}");
        return;
    case 6:
        ask("erasure.refuse", "{'from':'gtb','law_reference':'Wet 1',"
                              "'keep_until':'2028-01-01'}");
        return;
    case 7:
        say_day(feed, day);
        snprintf(args, sizeof(args), "{'at':'%sT09:00:00Z'}", day);
        ask("clock.set", args);
        return;
    case 8:
        snprintf(args, sizeof(args), "{'handover':'%s'}", id);
        ask("handover.open", args);
        return;
    case 9:
        snprintf(args, sizeof(args), "{'handover':'%s','input':'%s'}", id,
                 say_words[18 + feed_u8(feed) % 9]);
        ask("handover.input", args);
        return;
    case 10:
        snprintf(args, sizeof(args),
                 "{'participant':'%s','org':'gtb','until':'2027-03-01'}",
                 p->jonas.text);
        ask("relation.close", args);
        return;
    case 11:
        snprintf(args, sizeof(args),
                 "{'event':'%s','to':'gtb','for':'work.placement'}",
                 p->workplace.text);
        ask("disclosure.send", args);
        return;
    case 12:
        snprintf(args, sizeof(args),
                 "{'participant':'%s','type':'handover.answered','about':'%s',"
                 "'fields':{'answer':'accepted'}}",
                 p->jonas.text, id);
        ask("event.record", args);
        return;
    default:
        ask("node.status", "{}");
        return;
    }
}

/* The next genuine frame between the two, whoever sent it. */
static void deliver(void)
{
    struct sk_input input = {.type = SK_INPUT_FRAME};
    static struct sk_effects effects;
    struct fx_frame frame;

    if (f->queue_count == 0)
        return;
    frame = f->queue[0];
    f->queue_count--;
    memmove(f->queue, f->queue + 1, f->queue_count * sizeof(*f->queue));
    input.peer = f->nodes[frame.from].org;
    input.bytes = (struct sk_bytes){frame.bytes, frame.size};
    if (frame.to == us)
        step(&input);
    else
        MUST(fx_step(f, frame.to, &input, &effects) == SK_OK);
    free(frame.bytes);
}

static void tell_rarely(struct feed *feed)
{
    switch (feed_u8(feed) & 7) {
    case 1:
    case 3:
        tell_card(feed);
        return;
    case 4:
    case 5:
        tell_charter(feed);
        return;
    case 6:
        tell_want(feed);
        return;
    case 2:
        tell_prove(feed);
        return;
    case 7:
        tell_proof(feed);
        return;
    default:
        tell_bye();
        return;
    }
}

static void act(struct feed *feed)
{
    struct sk_bytes bytes;

    switch (feed_u8(feed) & 15) {
    case 0:
        take(feed_bytes(feed, feed_u16(feed) % 2048));
        return;
    case 1:
        seal(feed_bytes(feed, feed_u16(feed) % 2048));
        return;
    case 2:
        bytes = feed_bytes(feed, feed_u8(feed));
        sign_body(feed_u8(feed) % 12, bytes);
        return;
    case 8:
        tell_hello(feed);
        return;
    case 9:
        tell_receipt(feed);
        return;
    case 10:
        tell_refusal(feed);
        return;
    case 11:
        tell_rarely(feed);
        return;
    case 12:
        line_or_time(feed);
        return;
    case 13:
        people(feed);
        return;
    case 14:
        for (uint8_t n = feed_u8(feed) & 7; n > 0; n--)
            deliver();
        return;
    case 15:
        armed = true;
        world_fail_after(f->nodes[us].store, 1 + feed_u8(feed) % 24);
        return;
    default:
        tell_items(feed);
        return;
    }
}

/* What gtb knows already. */
static void learn_known(void)
{
    struct sk_participant_id jonas;
    struct sk_relation relation;
    struct sk_handover handover;
    struct sk_handover_id id;

    MUST(sk_id_parse(sk_text(world_people.jonas.text), &jonas.id));
    MUST(sk_id_parse(sk_text(world_people.handover.text), &id.id));
    MUST(sk_store_begin(f->nodes[us].store) == SK_OK);
    MUST(sk_relation_get(say.engine, &jonas, &f->nodes[them].org, &relation) ==
         SK_OK);
    MUST(sk_handover_get(say.engine, &id, &handover) == SK_OK);
    say_learn(&relation.handle.id);
    say_learn(&handover.trajectory.id);
    sk_store_abort(f->nodes[us].store);
}

static void pack_file(struct sk_pack *p, const char *name,
                      struct sk_bytes bytes)
{
    sk_pack_array(p, 2);
    sk_pack_cstr(p, name);
    sk_pack_bin(p, bytes);
}

static void make_charter(void)
{
    struct fx_charter *c = fx_charter(f);
    struct sk_pack p =
        sk_pack_start((struct sk_room){charter, sizeof(charter)});

    sk_pack_array(&p, 6);
    pack_file(&p, "MANIFEST", c->charter.manifest_text);
    pack_file(&p, "MANIFEST.buso.minisig", c->signature_bytes);
    pack_file(&p, "charter.yaml", c->charter.charter_yaml);
    pack_file(&p, "guards.yaml", c->charter.guards_yaml);
    pack_file(&p, "partners.yaml", c->charter.partners_yaml);
    pack_file(&p, "vocabulary.yaml", c->charter.vocabulary_yaml);
    MUST(!p.full);
    charter_size = p.size;
    free(c);
    *f = world.frozen;
}

static void start(void)
{
    world_start("buso", "gtb");
    make_charter();
    us = fx_index(f, "buso");
    them = fx_index(f, "gtb");
    say.engine = f->nodes[us].engine;
    say_learn_text(world_people.jonas.text);
    say_learn_text(world_people.lotte.text);
    say_learn_text(world_people.message.text);
    say_learn_text(world_people.handover.text);
    learn_known();
    fresh = say;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct feed feed = {data, size};

    if (say.engine == NULL)
        start();
    said = (struct sk_bytes){data, size};
    say = fresh;
    withdrawn = false;
    told = false;
    armed = false;
    filled = false;
    for (int i = 0; i < ACTIONS_MAX && feed.left > 0; i++)
        act(&feed);
    world_reset();
    return 0;
}
