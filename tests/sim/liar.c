#include "tests/sim/sim.h"

#include "node/engine/federation.h"
#include "node/engine/outbox.h"
#include "node/engine/session.h"
#include "node/engine/tables.h"
#include "protocol/envelope.h"
#include "protocol/message.h"

/*
 * One partner has keys that count and says what is not true: numbers that do
 * not follow, two things under one number, receipts for what never came,
 * answers to what was never asked, ownership that nobody gave.
 */

static void random_bytes(uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)chance(256);
}

/* An id in this table at a victim, or 16 random bytes. */
static void some_id(size_t victim, enum sk_table table, struct sk_id *out)
{
    struct sk_store *store = sim.f.nodes[victim].store;
    struct sk_key prefix = sk_key_start(table);
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;
    uint64_t skip = chance(6);

    random_bytes(out->bytes, sizeof(out->bytes));
    cr_assert(sk_store_begin(store) == SK_OK);
    scan = sk_scan_start(store, SK_SPACE_DATA, sk_key_done(&prefix));
    for (uint64_t i = 0; i <= skip; i++) {
        if (sk_scan_next(&scan, &key, &value) != SK_OK)
            break;
        memcpy(out->bytes,
               key.data + (table == SK_T_PERSON ? 1 : key.size - SK_ID_SIZE),
               SK_ID_SIZE);
    }
    cr_assert(sk_store_commit(store) == SK_OK);
}

static uint64_t some_number(uint64_t near)
{
    switch (chance(5)) {
    case 0:
        return 1 + chance(3);
    case 1:
        return near + 1;
    case 2:
        return near + 2 + chance(5);
    case 3:
        return (UINT64_C(1) << 53) - 1 - chance(3);
    default:
        return near > 0 ? near : 1;
    }
}

static void make_event(size_t victim, struct sk_item *item)
{
    struct sk_item_event *event = &item->event;
    static const char *const sources[] = {"self", "buso", "gtb", "vdab"};
    const char *source = sources[chance(SK_COUNT(sources))];

    item->kind = SK_ITEM_EVENT;
    if (one_in(2))
        some_id(victim, one_in(2) ? SK_T_INBOX : SK_T_PERSON,
                &event->message.id);
    else
        random_bytes(event->message.id.bytes, SK_ID_SIZE);
    random_bytes(event->handle.id.bytes, SK_ID_SIZE);
    event->source =
        sk_text(strcmp(source, "self") == 0 ? node_names[sim.liar] : source);
    event->type = sk_text("workplace.evaluated");
    event->purpose = sk_text("guidance.joint");
    event->fields[0] = (struct sk_item_field){.name = sk_text("eval_learning"),
                                              .level = sk_text("exact"),
                                              .text = sk_text("4")};
    event->fields_count = 1;
    event->erase_by = sk_text(one_in(2) ? "2027-12-01" : "2027-03-09");
    event->roles_all = true;
    event->rules.list[0] = sk_text("a-rule");
    event->rules.count = 1;
    event->policy = sk_text("x/1");
    event->erase = true;
    event->within_days = 30;
}

static void make_owner(size_t victim, struct sk_item *item)
{
    item->kind = one_in(2) ? SK_ITEM_RELEASED : SK_ITEM_UNRELEASED;
    some_id(victim, SK_T_TRAJECTORY, &item->owner.trajectory.id);
    some_id(victim, SK_T_HANDOVER, &item->owner.handover.id);
    item->owner.epoch = 1 + chance(4);
    item->owner.owner = sk_text(node_names[one_in(2) ? victim : sim.liar]);
    item->owner.previous = sk_text(node_names[sim.liar]);
    item->owner.reason = sk_text(one_in(2) ? "completed" : "stale-epoch");
    item->owner.at_ms = sim.f.real_ms;
}

static void make_handover(size_t victim, struct sk_item *item)
{
    static const char *const inputs[] = {
        "open",   "answer-accepted",  "cancel", "complete",
        "return", "answer-need_info", "expire", "answer-declined"};

    item->kind = SK_ITEM_HANDOVER;
    some_id(victim, SK_T_HANDOVER, &item->handover.handover.id);
    item->handover.input = sk_text(inputs[chance(SK_COUNT(inputs))]);
    item->handover.epoch = 1 + chance(3);
    item->handover.at_ms = sim.f.real_ms;
}

static void make_answer(size_t victim, struct sk_item *item)
{
    item->kind = one_in(2) ? SK_ITEM_ERASED : SK_ITEM_KEPT;
    some_id(victim, SK_T_NOTICE_OUT, &item->answer.notice);
    some_id(victim, SK_T_LEDGER_OF, &item->answer.messages[0].id);
    item->answer.messages_count = 1;
    item->answer.method = sk_text("key-destroyed");
    item->answer.law_reference = sk_text("Een wet");
    item->answer.keep_until = sk_text("2030-01-01");
    item->answer.at_ms = sim.f.real_ms;
}

/* It asks to erase what others sent. */
static void make_notice(size_t victim, struct sk_item *item)
{
    item->kind = SK_ITEM_WITHDRAWN;
    random_bytes(item->withdrawn.notice.bytes, SK_ID_SIZE);
    random_bytes(item->withdrawn.handle.id.bytes, SK_ID_SIZE);
    some_id(victim, SK_T_INBOX, &item->withdrawn.entries[0].message.id);
    item->withdrawn.entries[0].all = true;
    item->withdrawn.entries_count = 1;
    item->withdrawn.erase = true;
    item->withdrawn.within_days = 30;
    item->withdrawn.at_ms = sim.f.real_ms;
}

static void make_told(size_t victim, struct sk_item *item)
{
    item->kind = SK_ITEM_TOLD;
    some_id(victim, SK_T_HANDLE_OWN, &item->told.handle.id);
    item->told.purposes_all = true;
    item->told.recipients_all = true;
    item->told.categories_all = true;
    item->told.given_by = sk_text("self");
    item->told.at_ms = sim.f.real_ms;
    /* The word of a partner is enough to withdraw: CONSENT 4.1. */
    for (size_t i = 0; i < sim.persons_count; i++) {
        if (sim.persons[i].owner == victim)
            sim.persons[i].told = true;
    }
    model_doubt(victim, NODES);
}

static void make_item(size_t victim, struct sk_item *item)
{
    memset(item, 0, sizeof(*item));
    switch (chance(8)) {
    case 0:
        item->kind = SK_ITEM_VOID;
        break;
    case 1:
        make_owner(victim, item);
        break;
    case 2:
        make_handover(victim, item);
        break;
    case 3:
        make_answer(victim, item);
        break;
    case 4:
        make_notice(victim, item);
        break;
    case 5:
        make_told(victim, item);
        break;
    case 6:
        item->kind = one_in(2) ? SK_ITEM_READ : SK_ITEM_ACCEPTED;
        some_id(victim, SK_T_LEDGER_OF, &item->receipt.message.id);
        item->receipt.at_ms = sim.f.real_ms;
        break;
    default:
        make_event(victim, item);
        break;
    }
}

/* ------------------------------------------------------------- messages */

static void send(size_t victim, struct sk_message *message)
{
    static uint8_t plain_room[SK_FRAME_SIZE_MAX];
    static uint8_t frame_room[SK_FRAME_SIZE_MAX];
    const struct fx_node *a = &sim.f.nodes[sim.liar];
    const struct fx_node *b = &sim.f.nodes[victim];
    struct sk_seed seed = fx_seed(&sim.f);
    struct frame frame = {
        .from = sim.liar, .to = victim, .since = sim.moment, .forged = true};
    struct sk_bytes plain;
    struct sk_bytes out;

    cr_assert(
        sk_message_encode(message, &a->org, &b->org, &a->secrets.signing,
                          (struct sk_room){plain_room, sizeof(plain_room)},
                          &plain) == SK_OK);
    cr_assert(sk_envelope_seal(&a->card, &b->card, &seed, plain,
                               (struct sk_room){frame_room, sizeof(frame_room)},
                               &out) == SK_OK);
    frame.bytes = frame_room;
    frame.size = out.size;
    frame.at_ms = sim.f.real_ms;
    net_put(&frame);
}

static void send_items(size_t victim, const struct sk_log *log)
{
    static struct sk_item item;
    static uint8_t rooms[2][SK_ITEM_SIZE_MAX];
    static struct sk_message message;
    size_t copies = one_in(4) ? 2 : 1; /* two things under one number */
    uint64_t first =
        one_in(3) ? some_number(log->peer_cursor) : log->peer_cursor + 1;

    for (size_t i = 0; i < copies; i++) {
        memset(&message, 0, sizeof(message));
        message.kind = SK_MESSAGE_ITEMS;
        message.items.incarnation = one_in(4)
                                        ? some_number(log->peer_incarnation)
                                        : log->peer_incarnation;
        message.items.first = first;
        message.items.count = 1 + chance(2);
        for (size_t j = 0; j < message.items.count; j++) {
            make_item(victim, &item);
            cr_assert(sk_item_encode(
                          &item, (struct sk_room){rooms[j], sizeof(rooms[j])},
                          &message.items.items[j]) == SK_OK);
        }
        send(victim, &message);
    }
}

static void send_other(size_t victim, const struct sk_log *log)
{
    static const char *const codes[] = {"gap", "recalled", "not-source",
                                        "wrong-incarnation", "expired"};
    static struct sk_message message;

    memset(&message, 0, sizeof(message));
    switch (chance(4)) {
    case 0:
        message.kind = SK_MESSAGE_RECEIPT;
        message.receipt.incarnation = some_number(log->incarnation);
        message.receipt.last = some_number(log->head - log->base);
        if (log->ranges_count > 0 && one_in(2))
            message.receipt.root = log->ranges[0].root;
        break;
    case 1:
        message.kind = SK_MESSAGE_HELLO;
        message.hello.incarnation = some_number(log->peer_incarnation);
        message.hello.head = some_number(log->peer_cursor);
        message.hello.peer_incarnation = some_number(log->incarnation);
        message.hello.cursor = some_number(log->handed - log->base);
        message.hello.answer = one_in(2);
        message.hello.card_version = 1;
        message.hello.charter_version = 1;
        break;
    case 2:
        message.kind = SK_MESSAGE_REFUSAL;
        strcpy(message.refusal.code, codes[chance(SK_COUNT(codes))]);
        strcpy(message.refusal.check, "items");
        message.refusal.incarnation = some_number(log->incarnation);
        message.refusal.first = some_number(log->stored);
        message.refusal.last = message.refusal.first + chance(2);
        message.refusal.has_message = one_in(2);
        some_id(victim, SK_T_LEDGER_OF, &message.refusal.message.id);
        break;
    default:
        message.kind = SK_MESSAGE_BYE;
        break;
    }
    send(victim, &message);
}

/* A journal that it does not have, where a head is looked at: in a receipt for
   what is under way, or in the answer to a question. */
static void send_journal(size_t victim, const struct sk_log *log)
{
    static struct sk_message message;
    static uint8_t room[SK_CHECKPOINT_SIZE_MAX];
    const struct sk_session *s =
        sk_session_find(engine(victim), &sim.f.nodes[sim.liar].org);
    struct sk_bytes head = journal_lie((struct sk_room){room, sizeof(room)});

    memset(&message, 0, sizeof(message));
    if (s != NULL && s->prove_asked && one_in(2)) {
        message.kind = SK_MESSAGE_PROOF;
        message.proof.asked = s->prove;
        message.proof.checkpoint = head;
    } else if (log->ranges_count > 0) {
        const struct sk_range *range = &log->ranges[chance(log->ranges_count)];

        message.kind = SK_MESSAGE_RECEIPT;
        message.receipt.incarnation = log->incarnation;
        message.receipt.last = range->last - log->base;
        message.receipt.root = range->root;
        message.receipt.checkpoint = head;
    } else {
        return;
    }
    send(victim, &message);
}

void lie(void)
{
    size_t victim;
    struct sk_log log;
    struct sk_store *store;

    do
        victim = chance(sim.count);
    while (victim == sim.liar);
    store = sim.f.nodes[victim].store;
    cr_assert(sk_store_begin(store) == SK_OK);
    cr_assert(sk_log_get(engine(victim), &sim.f.nodes[sim.liar].org, &log) ==
              SK_OK);
    cr_assert(sk_store_commit(store) == SK_OK);
    sim.lies++;
    say("%s lies to %s", node_names[sim.liar], node_names[victim]);
    if (one_in(3))
        send_journal(victim, &log);
    else if (one_in(3))
        send_other(victim, &log);
    else
        send_items(victim, &log);
}
