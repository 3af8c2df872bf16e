/* Tests: protocol/item_decode.c */
#include "support.h"

#include <signal.h>

#include "protocol/item.h"
#include "protocol/unpack.h"

#define AT UINT64_C(1790000000123)

static uint8_t room_data[2 * SK_ITEM_SIZE_MAX];
static const struct sk_room room = {room_data, sizeof(room_data)};
static struct sk_item item;
static struct sk_item got;

static struct sk_words words_of(size_t count, const char *const *texts)
{
    struct sk_words words = {.count = count};

    for (size_t i = 0; i < count; i++)
        words.list[i] = sk_text(texts[i]);
    return words;
}

#define WORDS(...)                                                             \
    words_of(SK_COUNT(((const char *const[]){__VA_ARGS__})),                   \
             (const char *const[]){__VA_ARGS__})

static const char *const names[] = {
    "void",      "event",      "event_only_the_fact",
    "withdrawn", "erased",     "kept",
    "read",      "accepted",   "handover",
    "released",  "unreleased", "collective",
    "asked",     "held",       "told",
    "erasure",   "correction", "corrected",
};

static void fill_event(struct sk_item_event *event)
{
    struct sk_item_field *f = event->fields;

    event->message.id = id_of(1);
    event->handle.id = id_of(2);
    event->source = sk_text("ocmw-mol");
    event->type = sk_text("handover.requested");
    event->purpose = sk_text("guidance.handover");
    f[0].name = sk_text("birth_date");
    f[0].level = sk_text("year");
    f[0].text = sk_text("1998");
    f[1].name = sk_text("languages");
    f[1].level = sk_text("exact");
    f[1].is_set = true;
    f[1].set = WORDS("ar", "nl");
    f[2].name = sk_text("participant_goal");
    f[2].level = sk_text("exact");
    f[2].text = sk_text("Ik wil graag kok worden.");
    f[3].name = sk_text("pre_childcare");
    f[3].level = sk_text("present");
    f[3].text = sk_text("true");
    event->fields_count = 4;
    event->erase_by = sk_text("2027-09-21");
    event->duties = WORDS("erase-on-request", "no-onward");
    event->roles = WORDS("coach");
    event->rules = WORDS("share-goal", "share-start");
    event->consents[0].id = id_of(3);
    event->consents[1].id = id_of(4);
    event->consents_count = 2;
    event->policy = sk_text("ocmw-mol/12");
    event->erase = true;
    event->within_days = 14;
    event->has_handover = true;
    event->handover.id = id_of(5);
    event->trajectory.id = id_of(6);
    event->epoch = 1;
    event->handover_kind = sk_text("warm");
}

static void fill_only_the_fact(struct sk_item_event *event)
{
    event->message.id = id_of(1);
    event->handle.id = id_of(2);
    event->source = sk_text("ocmw-mol");
    event->type = sk_text("workplace.started");
    event->purpose = sk_text("work.place");
    event->erase_by = sk_text("2027-01-31");
    event->roles_all = true;
    event->rules = WORDS("share-start");
    event->consents[0].id = id_of(3);
    event->consents_count = 1;
    event->policy = sk_text("ocmw-mol/12");
}

static void fill_withdrawn(struct sk_item_withdrawn *withdrawn)
{
    withdrawn->notice = id_of(7);
    withdrawn->handle.id = id_of(2);
    withdrawn->entries[0].message.id = id_of(1);
    withdrawn->entries[0].all = true;
    withdrawn->entries[1].message.id = id_of(8);
    withdrawn->entries[1].fields = WORDS("birth_date", "phone");
    withdrawn->entries_count = 2;
    withdrawn->purposes = WORDS("guidance.handover");
    withdrawn->categories = WORDS("contact", "origin");
    withdrawn->erase = true;
    withdrawn->within_days = 14;
    withdrawn->at_ms = AT;
}

static void fill_held(struct sk_item_held *held)
{
    struct sk_item_event *event = &held->event;

    fill_event(event);
    event->source = (struct sk_bytes){0};
    event->duties.count = 0;
    event->roles.count = 0;
    for (size_t i = 0; i < event->fields_count; i++) {
        event->fields[i].text = (struct sk_bytes){0};
        event->fields[i].is_set = false;
        event->fields[i].set.count = 0;
    }
    held->at_ms = AT;
}

/* The items of tests/vectors/item.txt, in `item`. */
static void fill(const char *name)
{
    static const enum sk_item_kind kinds[] = {
        SK_ITEM_VOID,      SK_ITEM_EVENT,      SK_ITEM_EVENT,
        SK_ITEM_WITHDRAWN, SK_ITEM_ERASED,     SK_ITEM_KEPT,
        SK_ITEM_READ,      SK_ITEM_ACCEPTED,   SK_ITEM_HANDOVER,
        SK_ITEM_RELEASED,  SK_ITEM_UNRELEASED, SK_ITEM_COLLECTIVE,
        SK_ITEM_ASKED,     SK_ITEM_HELD,       SK_ITEM_TOLD,
        SK_ITEM_ERASURE,   SK_ITEM_CORRECTION, SK_ITEM_CORRECTED,
    };
    static uint8_t body_data[100];
    struct sk_pack p = sk_pack_start((struct sk_room){body_data, 100});

    memset(&item, 0, sizeof(item));
    for (size_t i = 0; i < SK_COUNT(names); i++)
        if (strcmp(names[i], name) == 0)
            item.kind = kinds[i];
    switch (item.kind) {
    case SK_ITEM_VOID:
        return;
    case SK_ITEM_EVENT:
        if (strcmp(name, "event") == 0)
            fill_event(&item.event);
        else
            fill_only_the_fact(&item.event);
        return;
    case SK_ITEM_WITHDRAWN:
        fill_withdrawn(&item.withdrawn);
        return;
    case SK_ITEM_ERASED:
        item.answer.notice = id_of(7);
        item.answer.messages[0].id = id_of(1);
        item.answer.messages[1].id = id_of(8);
        item.answer.messages_count = 2;
        item.answer.method = sk_text("keys-destroyed");
        item.answer.at_ms = AT;
        return;
    case SK_ITEM_KEPT:
        item.answer.notice = id_of(7);
        item.answer.messages[0].id = id_of(1);
        item.answer.messages_count = 1;
        item.answer.law_reference = sk_text("Archiefdecreet, art. 5");
        item.answer.keep_until = sk_text("2031-12-31");
        item.answer.at_ms = AT;
        return;
    case SK_ITEM_READ:
    case SK_ITEM_ACCEPTED:
        item.receipt.message.id = id_of(1);
        item.receipt.at_ms = AT;
        return;
    case SK_ITEM_HANDOVER:
        item.handover.handover.id = id_of(5);
        item.handover.input = sk_text("answer-accepted");
        item.handover.epoch = 1;
        item.handover.at_ms = AT;
        return;
    case SK_ITEM_RELEASED:
        item.owner.trajectory.id = id_of(6);
        item.owner.handover.id = id_of(5);
        item.owner.epoch = 2;
        item.owner.owner = sk_text("sopraco");
        item.owner.previous = sk_text("ocmw-mol");
        item.owner.at_ms = AT;
        return;
    case SK_ITEM_UNRELEASED:
        item.owner.trajectory.id = id_of(6);
        item.owner.handover.id = id_of(5);
        item.owner.epoch = 1;
        item.owner.reason = sk_text("stale-epoch");
        item.owner.at_ms = AT;
        return;
    case SK_ITEM_COLLECTIVE:
        item.collective.message.id = id_of(9);
        item.collective.type = sk_text("place.offered");
        sk_pack_map(&p, 4);
        sk_pack_cstr(&p, "open");
        sk_pack_bool(&p, true);
        sk_pack_cstr(&p, "place_ref");
        sk_pack_cstr(&p, "PL-1");
        sk_pack_cstr(&p, "places");
        sk_pack_uint(&p, 2);
        sk_pack_cstr(&p, "skills");
        sk_pack_array(&p, 1);
        sk_pack_cstr(&p, "koken");
        cr_assert(
            eq(int, sk_pack_finish(&p, &item.collective.body.bytes), SK_OK));
        return;
    case SK_ITEM_ASKED:
        item.asked.incarnation = 3;
        item.asked.after = 1000;
        return;
    case SK_ITEM_HELD:
        fill_held(&item.held);
        return;
    case SK_ITEM_TOLD:
        item.told.handle.id = id_of(2);
        item.told.purposes = WORDS("guidance.handover");
        item.told.recipients_all = true;
        item.told.categories = WORDS("contact", "origin");
        item.told.given_by = sk_text("self-and-parent");
        item.told.at_ms = AT;
        return;
    case SK_ITEM_CORRECTION:
        item.correction.correction = id_of(10);
        item.correction.handle.id = id_of(2);
        item.correction.message.id = id_of(1);
        item.correction.at_ms = AT;
        item.correction.fields_count = 3;
        item.correction.fields[0].name = sk_text("birth_date");
        item.correction.fields[0].level = sk_text("year");
        item.correction.fields[0].text = sk_text("1999");
        item.correction.fields[1].name = sk_text("languages");
        item.correction.fields[1].level = sk_text("exact");
        item.correction.fields[1].is_set = true;
        item.correction.fields[1].set = WORDS("ar", "fr");
        item.correction.fields[2].name = sk_text("participant_goal");
        return;
    case SK_ITEM_CORRECTED:
        item.corrected.message.id = id_of(1);
        item.corrected.correction = id_of(10);
        item.corrected.at_ms = AT;
        return;
    case SK_ITEM_ERASURE:
        item.withdrawn.notice = id_of(7);
        item.withdrawn.handle.id = id_of(2);
        item.withdrawn.entries[0].message.id = id_of(1);
        item.withdrawn.entries[0].all = true;
        item.withdrawn.entries[1].message.id = id_of(8);
        item.withdrawn.entries[1].all = true;
        item.withdrawn.entries_count = 2;
        item.withdrawn.ground = sk_text("not-needed");
        item.withdrawn.erase = true;
        item.withdrawn.within_days = 14;
        item.withdrawn.at_ms = AT;
        return;
    }
}

static struct sk_bytes encode(const struct sk_item *from)
{
    struct sk_bytes out = {0};

    cr_assert(eq(int, sk_item_encode(from, room, &out), SK_OK));
    return out;
}

/* ------------------------------------------------ what was read, in fields */

static bool is_same_words(const struct sk_words *a, const struct sk_words *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!sk_bytes_equal(a->list[i], b->list[i]))
            return false;
    return true;
}

static bool is_same_event(const struct sk_item_event *a,
                          const struct sk_item_event *b)
{
    if (a->fields_count != b->fields_count ||
        a->consents_count != b->consents_count)
        return false;
    for (size_t i = 0; i < a->fields_count; i++) {
        const struct sk_item_field *f = &a->fields[i];
        const struct sk_item_field *g = &b->fields[i];

        if (!sk_bytes_equal(f->name, g->name) ||
            !sk_bytes_equal(f->level, g->level) || f->is_set != g->is_set)
            return false;
        if (f->is_set ? !is_same_words(&f->set, &g->set)
                      : !sk_bytes_equal(f->text, g->text))
            return false;
    }
    if (memcmp(a->consents, b->consents, a->consents_count * 16) != 0)
        return false;
    if (a->has_handover != b->has_handover ||
        (a->has_handover &&
         (!sk_id_equal(&a->handover.id, &b->handover.id) ||
          !sk_id_equal(&a->trajectory.id, &b->trajectory.id) ||
          a->epoch != b->epoch ||
          !sk_bytes_equal(a->handover_kind, b->handover_kind))))
        return false;
    return sk_id_equal(&a->message.id, &b->message.id) &&
           sk_id_equal(&a->handle.id, &b->handle.id) &&
           sk_bytes_equal(a->source, b->source) &&
           sk_bytes_equal(a->type, b->type) &&
           sk_bytes_equal(a->purpose, b->purpose) &&
           sk_bytes_equal(a->erase_by, b->erase_by) &&
           is_same_words(&a->duties, &b->duties) &&
           a->roles_all == b->roles_all &&
           is_same_words(&a->roles, &b->roles) &&
           is_same_words(&a->rules, &b->rules) &&
           sk_bytes_equal(a->policy, b->policy) && a->erase == b->erase &&
           a->within_days == b->within_days;
}

static bool is_same_withdrawn(const struct sk_item_withdrawn *a,
                              const struct sk_item_withdrawn *b)
{
    if (a->entries_count != b->entries_count)
        return false;
    for (size_t i = 0; i < a->entries_count; i++)
        if (!sk_id_equal(&a->entries[i].message.id,
                         &b->entries[i].message.id) ||
            a->entries[i].all != b->entries[i].all ||
            !is_same_words(&a->entries[i].fields, &b->entries[i].fields))
            return false;
    return sk_id_equal(&a->notice, &b->notice) &&
           sk_id_equal(&a->handle.id, &b->handle.id) &&
           is_same_words(&a->purposes, &b->purposes) &&
           is_same_words(&a->categories, &b->categories) &&
           sk_bytes_equal(a->ground, b->ground) && a->erase == b->erase &&
           a->within_days == b->within_days && a->at_ms == b->at_ms;
}

static bool is_same_answer(const struct sk_item_answer *a,
                           const struct sk_item_answer *b)
{
    return sk_id_equal(&a->notice, &b->notice) &&
           a->messages_count == b->messages_count &&
           memcmp(a->messages, b->messages, a->messages_count * 16) == 0 &&
           sk_bytes_equal(a->method, b->method) &&
           sk_bytes_equal(a->law_reference, b->law_reference) &&
           sk_bytes_equal(a->keep_until, b->keep_until) && a->at_ms == b->at_ms;
}

static bool is_same_told(const struct sk_item_told *a,
                         const struct sk_item_told *b)
{
    return sk_id_equal(&a->handle.id, &b->handle.id) &&
           a->purposes_all == b->purposes_all &&
           is_same_words(&a->purposes, &b->purposes) &&
           a->recipients_all == b->recipients_all &&
           is_same_words(&a->recipients, &b->recipients) &&
           a->categories_all == b->categories_all &&
           is_same_words(&a->categories, &b->categories) &&
           sk_bytes_equal(a->given_by, b->given_by) && a->at_ms == b->at_ms;
}

static bool is_same_correction(const struct sk_item_correction *a,
                               const struct sk_item_correction *b)
{
    if (a->fields_count != b->fields_count)
        return false;
    for (size_t i = 0; i < a->fields_count; i++)
        if (!sk_bytes_equal(a->fields[i].name, b->fields[i].name) ||
            !sk_bytes_equal(a->fields[i].level, b->fields[i].level) ||
            !sk_bytes_equal(a->fields[i].text, b->fields[i].text) ||
            a->fields[i].is_set != b->fields[i].is_set ||
            !is_same_words(&a->fields[i].set, &b->fields[i].set))
            return false;
    return sk_id_equal(&a->correction, &b->correction) &&
           sk_id_equal(&a->handle.id, &b->handle.id) &&
           sk_id_equal(&a->message.id, &b->message.id) && a->at_ms == b->at_ms;
}

static bool is_same(const struct sk_item *a, const struct sk_item *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case SK_ITEM_VOID:
        return true;
    case SK_ITEM_EVENT:
        return is_same_event(&a->event, &b->event);
    case SK_ITEM_WITHDRAWN:
    case SK_ITEM_ERASURE:
        return is_same_withdrawn(&a->withdrawn, &b->withdrawn);
    case SK_ITEM_ERASED:
    case SK_ITEM_KEPT:
        return is_same_answer(&a->answer, &b->answer);
    case SK_ITEM_READ:
    case SK_ITEM_ACCEPTED:
        return sk_id_equal(&a->receipt.message.id, &b->receipt.message.id) &&
               a->receipt.at_ms == b->receipt.at_ms;
    case SK_ITEM_HANDOVER:
        return sk_id_equal(&a->handover.handover.id,
                           &b->handover.handover.id) &&
               sk_bytes_equal(a->handover.input, b->handover.input) &&
               a->handover.epoch == b->handover.epoch &&
               a->handover.at_ms == b->handover.at_ms;
    case SK_ITEM_RELEASED:
    case SK_ITEM_UNRELEASED:
        return sk_id_equal(&a->owner.trajectory.id, &b->owner.trajectory.id) &&
               sk_id_equal(&a->owner.handover.id, &b->owner.handover.id) &&
               a->owner.epoch == b->owner.epoch &&
               sk_bytes_equal(a->owner.owner, b->owner.owner) &&
               sk_bytes_equal(a->owner.previous, b->owner.previous) &&
               sk_bytes_equal(a->owner.reason, b->owner.reason) &&
               a->owner.at_ms == b->owner.at_ms;
    case SK_ITEM_COLLECTIVE:
        return sk_id_equal(&a->collective.message.id,
                           &b->collective.message.id) &&
               sk_bytes_equal(a->collective.type, b->collective.type) &&
               sk_bytes_equal(a->collective.body.bytes,
                              b->collective.body.bytes);
    case SK_ITEM_ASKED:
        return a->asked.incarnation == b->asked.incarnation &&
               a->asked.after == b->asked.after;
    case SK_ITEM_HELD:
        return is_same_event(&a->held.event, &b->held.event) &&
               a->held.at_ms == b->held.at_ms;
    case SK_ITEM_TOLD:
        return is_same_told(&a->told, &b->told);
    case SK_ITEM_CORRECTION:
        return is_same_correction(&a->correction, &b->correction);
    case SK_ITEM_CORRECTED:
        return sk_id_equal(&a->corrected.message.id,
                           &b->corrected.message.id) &&
               sk_id_equal(&a->corrected.correction,
                           &b->corrected.correction) &&
               a->corrected.at_ms == b->corrected.at_ms;
    }
    return false;
}

Test(item, is_the_known_answer_both_ways)
{
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        fill(names[i]);
        cr_expect(is_vector("item", names[i], encode(&item)), "%s", names[i]);
        memset(&got, 0xaa, sizeof(got));
        cr_assert(
            eq(int, sk_item_decode(vector("item", names[i]), &got), SK_OK),
            "%s", names[i]);
        cr_expect(is_same(&item, &got), "%s", names[i]);
    }
}

Test(item, rejects_every_truncation_and_a_trailing_byte)
{
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        struct sk_bytes full = vector("item", names[i]);
        uint8_t *longer = keep(calloc(1, full.size + 1));

        for (size_t size = 0; size < full.size; size++) {
            struct sk_bytes in = exact_copy((struct sk_bytes){full.data, size});

            got.kind = SK_ITEM_READ;
            cr_expect(ne(int, sk_item_decode(in, &got), SK_OK), "%s %zu",
                      names[i], size);
            cr_expect(eq(int, got.kind, SK_ITEM_VOID), "%s %zu", names[i],
                      size);
            free((void *)in.data);
        }
        memcpy(longer, full.data, full.size);
        cr_expect(ne(
            int, sk_item_decode((struct sk_bytes){longer, full.size + 1}, &got),
            SK_OK));
        free(longer);
    }
}

Test(item, needs_all_its_room)
{
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        size_t size;

        fill(names[i]);
        size = encode(&item).size;
        for (size_t less = 0; less <= size; less++) {
            uint8_t *exact = malloc(less == 0 ? 1 : less);
            struct sk_bytes out = {NULL, 7};
            enum sk_status status =
                sk_item_encode(&item, (struct sk_room){exact, less}, &out);

            cr_expect(eq(int, status, less < size ? SK_E_NO_ROOM : SK_OK));
            cr_expect(eq(sz, out.size, less < size ? 7 : size));
            free(exact);
        }
    }
}

/* --------------------------------------- one row per rule of PROTOCOL.md 7 */

/* An item of the vectors with some bytes exchanged for others. */
struct row {
    const char *rule;
    const char *name;
    const char *from; /* hex, once in the vector */
    const char *to;
    enum sk_status want;
};

static struct sk_bytes exchange(const struct row *row)
{
    static uint8_t out[4096];
    static uint8_t from[200];
    static uint8_t to[2000];
    struct sk_bytes v = vector("item", row->name);
    size_t from_size = 0;
    size_t to_size = 0;
    size_t count = 0;
    size_t at = 0;

    cr_assert(sodium_hex2bin(from, sizeof(from), row->from, strlen(row->from),
                             " ", &from_size, NULL) == 0);
    cr_assert(sodium_hex2bin(to, sizeof(to), row->to, strlen(row->to), " ",
                             &to_size, NULL) == 0);
    for (size_t i = 0; i + from_size <= v.size; i++) {
        if (memcmp(v.data + i, from, from_size) != 0)
            continue;
        at = count == 0 ? i : at;
        count++;
    }
    cr_assert(count >= 1, "%s: nothing to exchange", row->rule);
    memcpy(out, v.data, at);
    memcpy(out + at, to, to_size);
    memcpy(out + at + to_size, v.data + at + from_size,
           v.size - at - from_size);
    return (struct sk_bytes){out, v.size - from_size + to_size};
}

#define ID1 "c41001010101010101010101010101010101 "
#define AT_HEX "cf000001a0c4506c7b"
#define LATE_HEX "cf00000699e991a800"
#define LAST_HEX "cf00000699e991a7ff"

static const struct row rows[] = {
    {"7.1 an array", "void", "91", "81", SK_E_BAD_FORM},
    {"7.1 not empty", "void", "9100", "90", SK_E_BAD_LENGTH},
    {"7.1 no more than its kind has", "void", "9100", "9200c0", SK_E_BAD_FORM},
    {"7.1 known kinds only", "void", "9100", "9111", SK_E_BAD_VALUE},
    {"7.1 kind is a uint", "void", "9100", "91c0", SK_E_BAD_FORM},
    {"7.1 the kind decides the count", "read", "9305", "9205", SK_E_BAD_FORM},
    {"7.15 a word, or no value at all", "correction",
     "b07061727469636970616e745f676f616cc0",
     "b07061727469636970616e745f676f616cc2", SK_E_BAD_FORM},
    {"7.15 names ascend", "correction", "aa62697274685f64617465",
     "aa7a697274685f64617465", SK_E_BAD_VALUE},
    {"7.14 at least one message", "erasure",
     "92" ID1 "c41008080808080808080808080808080808", "90", SK_E_BAD_LENGTH},
    {"7.14 known grounds only", "erasure", "aa6e6f742d6e6565646564",
     "aa6e6f742d6e6565646578", SK_E_BAD_VALUE},
    {"7.14 within_days", "erasure", "6465640e", "646564ce000186a1",
     SK_E_BAD_VALUE},
    {"7.12 at least one word", "told", "91b167756964616e63652e68616e646f766572",
     "90", SK_E_BAD_LENGTH},
    {"7.12 known givers only", "told", "af73656c662d616e642d706172656e74",
     "af73656c662d616e642d706172656e78", SK_E_BAD_VALUE},
    {"7.3 ids are 16 bytes", "read", "c410", "c40f", SK_E_BAD_LENGTH},
    {"7.3 source is an org", "event", "a86f636d772d6d6f6c",
     "a86f636d775f2d6d6f", SK_E_BAD_VALUE},
    {"7.3 type is a word", "event", "b268616e646f766572", "b248616e646f766572",
     SK_E_BAD_VALUE},
    {"7.3 purpose is a word", "event", "b16775696461", "b12075696461",
     SK_E_BAD_VALUE},
    {"7.3 a word is at most 64", "event_only_the_fact",
     "aa776f726b2e706c616365",
     "d941"
     "6161616161616161616161616161616161616161616161616161616161616161"
     "616161616161616161616161616161616161616161616161616161616161616161",
     SK_E_BAD_LENGTH},
    {"7.4 names are words", "event", "aa62697274685f64617465",
     "aa42697274685f64617465", SK_E_BAD_VALUE},
    {"7.4 names ascend", "event", "aa62697274685f64617465",
     "aa7a697274685f64617465", SK_E_BAD_VALUE},
    {"7.4 no name twice", "event", "a96c616e677561676573",
     "aa62697274685f64617465", SK_E_BAD_VALUE},
    {"7.4 a level and a value", "event", "92 a479656172 a431393938",
     "93 a479656172 a431393938 01", SK_E_BAD_LENGTH},
    {"7.4 level is a word", "event", "a479656172", "a459656172",
     SK_E_BAD_VALUE},
    {"7.4 no empty text", "event", "a431393938", "a0", SK_E_BAD_LENGTH},
    {"7.4 no number", "event", "a431393938", "cd07ce", SK_E_BAD_FORM},
    {"7.4 no false", "event", "c3", "c2", SK_E_BAD_FORM},
    {"7.4 true is a bool", "event", "a431393938", "a474727565", SK_E_BAD_VALUE},
    {"7.4 no escape", "event", "a431393938", "a4311b3938", SK_E_BAD_VALUE},
    {"7.4 no C1 control", "event", "a431393938", "a431c29b38", SK_E_BAD_VALUE},
    {"7.4 other letters", "event", "a431393938", "a431c2a038", SK_OK},
    {"7.4 no delete", "event", "a431393938", "a4317f3938", SK_E_BAD_VALUE},
    {"7.4 no NUL", "event", "a431393938", "a431003938", SK_E_BAD_VALUE},
    {"7.4 lines and tabs", "event", "a431393938", "a4310a0938", SK_OK},
    {"7.4 a set ascends", "event", "92 a26172 a26e6c", "92 a26e6c a26172",
     SK_E_BAD_VALUE},
    {"7.4 a set has nothing twice", "event", "92 a26172 a26e6c",
     "92 a26172 a26172", SK_E_BAD_VALUE},
    {"7.4 no empty set", "event", "92 a26172 a26e6c", "90", SK_E_BAD_FORM},
    {"7.4 texts in a set", "event", "92 a26172 a26e6c", "92 a26172 01",
     SK_E_BAD_FORM},
    {"7.3 erase_by is a day", "event", "aa323032372d30392d3231",
     "aa323032372d31332d3231", SK_E_BAD_VALUE},
    {"7.3 duties ascend", "event", "b065726173652d6f6e2d72657175657374",
     "b07a726173652d6f6e2d72657175657374", SK_E_BAD_VALUE},
    {"7.3 roles are not empty", "event", "91 a5636f616368", "90",
     SK_E_BAD_LENGTH},
    {"7.3 all roles", "event", "91 a5636f616368", "c0", SK_OK},
    {"7.3 policy has a version", "event", "ab6f636d772d6d6f6c2f3132",
     "a86f636d772d6d6f6c", SK_E_BAD_VALUE},
    {"7.3 a version from 1", "event", "ab6f636d772d6d6f6c2f3132",
     "aa6f636d772d6d6f6c2f30", SK_E_BAD_VALUE},
    {"7.3 erase or stop", "event", "a56572617365", "a5657261736c",
     SK_E_BAD_VALUE},
    {"7.3 within 100000 days", "event", "a56572617365 0e",
     "a56572617365 ce000186a0", SK_OK},
    {"7.3 not above", "event", "a56572617365 0e", "a56572617365 ce000186a1",
     SK_E_BAD_VALUE},
    {"7.5 a handover is an array of 4", "event", "01 a47761726d", "a47761726d",
     SK_E_BAD_FORM},
    {"7.5 the largest epoch", "event", "01 a47761726d", "ceffffffff a47761726d",
     SK_OK},
    {"7.5 not above", "event", "01 a47761726d", "cf0000000100000000 a47761726d",
     SK_E_BAD_VALUE},
    {"7.6 at least one entry", "withdrawn", "92 92" ID1 "c0", "90 92" ID1 "c0",
     SK_E_BAD_LENGTH},
    {"7.6 fields are not empty", "withdrawn", "92 aa62697274685f64617465",
     "90 aa62697274685f64617465", SK_E_BAD_LENGTH},
    {"7.6 no purposes", "withdrawn", "91 b167756964616e63652e68616e646f766572",
     "90", SK_OK},
    {"7.2 an instant", "withdrawn", AT_HEX, LAST_HEX, SK_OK},
    {"7.2 before 2200", "withdrawn", AT_HEX, LATE_HEX, SK_E_BAD_VALUE},
    {"7.2 before 2200", "read", AT_HEX, LATE_HEX, SK_E_BAD_VALUE},
    {"7.2 before 2200", "erased", AT_HEX, LATE_HEX, SK_E_BAD_VALUE},
    {"7.2 before 2200", "handover", AT_HEX, LATE_HEX, SK_E_BAD_VALUE},
    {"7.2 before 2200", "released", AT_HEX, LATE_HEX, SK_E_BAD_VALUE},
    {"7.7 method is a word", "erased", "ae6b657973", "ae4b657973",
     SK_E_BAD_VALUE},
    {"7.7 at least one message", "kept", "91" ID1, "90", SK_E_BAD_LENGTH},
    {"7.7 a law", "kept", "b6417263686965666465637265 65742c206172742e2035",
     "a0", SK_E_BAD_LENGTH},
    {"7.7 keep_until is a day", "kept", "aa323033312d31322d3331",
     "aa323033312d30322d3239", SK_E_BAD_VALUE},
    {"7.8 a known input", "handover", "af616e737765722d6163636570746564",
     "a772657175657374", SK_E_BAD_VALUE},
    {"7.8 a known input", "handover", "af616e737765722d6163636570746564",
     "a6657870697265", SK_OK},
    {"7.9 owner is an org", "released", "a7736f707261636f", "a7536f707261636f",
     SK_E_BAD_VALUE},
    {"7.9 reason is a word", "unreleased", "ab7374616c65", "ab5374616c65",
     SK_E_BAD_VALUE},
    {"7.10 body is a map", "collective", "84 a46f70656e c3", "94 a46f70656e c3",
     SK_E_BAD_VALUE},
    {"7.11 incarnation from 1", "asked", "0b03", "0b00", SK_E_BAD_VALUE},
    {"7.11 after nothing", "asked", "cd03e8", "00", SK_OK},
    {"7.11 after is a uint", "asked", "cd03e8", "c0", SK_E_BAD_FORM},
    {"7.11 names ascend", "held", "aa62697274685f64617465",
     "aa7a697274685f64617465", SK_E_BAD_VALUE},
    {"7.11 no name twice", "held", "a96c616e677561676573",
     "aa62697274685f64617465", SK_E_BAD_VALUE},
    {"7.11 names are words", "held", "aa62697274685f64617465",
     "aa42697274685f64617465", SK_E_BAD_VALUE},
    {"7.11 levels are words", "held", "a479656172", "a459656172",
     SK_E_BAD_VALUE},
    {"7.11 no values", "held", "a479656172", "92a479656172a431393938",
     SK_E_BAD_FORM},
    {"7.11 a day", "held", "aa323032372d30392d3231", "aa323032372d31332d3231",
     SK_E_BAD_VALUE},
    {"7.11 an instant", "held", AT_HEX, LATE_HEX, SK_E_BAD_VALUE},
    {"7.10 body is canonical", "collective", "84 a46f70656e c3",
     "84 a47a70656e c3", SK_E_BAD_FORM},
};

Test(item, rejects_each_broken_rule)
{
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        enum sk_status status = sk_item_decode(exchange(&rows[i]), &got);

        cr_expect(eq(str, (char *)sk_status_text(status),
                     (char *)sk_status_text(rows[i].want)),
                  "%s (%s)", rows[i].rule, rows[i].name);
    }
}

/* PROTOCOL.md 7.10: a body that is no map at all. */
Test(item, has_a_body_that_is_a_map)
{
    static const uint8_t in[] = {0x94, 10, 0xc4, 16, 0,    0,   0,   0,
                                 0,    0,  0,    0,  0,    0,   0,   0,
                                 0,    0,  0,    0,  0xa1, 'a', 0x90};

    cr_expect(eq(int, sk_item_decode((struct sk_bytes){in, sizeof(in)}, &got),
                 SK_E_BAD_VALUE));
}

/* ------------------------------------------------------------- the limits */

static char long_words[SK_ITEM_WORDS_MAX + 1][24];

static void fill_words(struct sk_words *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        snprintf(long_words[i], sizeof(long_words[i]), "w%04zu", i);
        words->list[i] = sk_text(long_words[i]);
    }
    words->count = count;
}

Test(item, takes_up_to_64_words_fields_and_consents)
{
    struct sk_item_event *event = &item.event;
    struct sk_pack p = sk_pack_start(room);
    struct sk_bytes out = {0};

    fill("event");
    fill_words(&event->duties, SK_ITEM_WORDS_MAX);
    fill_words(&event->fields[1].set, SK_ITEM_WORDS_MAX);
    event->consents_count = SK_ITEM_WORDS_MAX;
    event->fields_count = SK_ITEM_FIELDS_MAX;
    for (size_t i = 0; i < SK_ITEM_FIELDS_MAX; i++) {
        event->fields[i].name = event->duties.list[i];
        event->fields[i].level = sk_text("exact");
        event->fields[i].is_set = i % 2 == 0;
        event->fields[i].text = sk_text("x");
        event->fields[i].set = WORDS("a", "b");
    }
    cr_assert(eq(int, sk_item_decode(encode(&item), &got), SK_OK));
    cr_expect(is_same(&item, &got));

    sk_pack_array(&p, 16);
    sk_pack_uint(&p, SK_ITEM_EVENT);
    sk_pack_id(&p, &event->message.id);
    sk_pack_id(&p, &event->handle.id);
    sk_pack_cstr(&p, "a");
    sk_pack_cstr(&p, "a");
    sk_pack_cstr(&p, "a");
    sk_pack_map(&p, SK_ITEM_FIELDS_MAX + 1);
    cr_assert(eq(int, sk_pack_finish(&p, &out), SK_OK));
    cr_expect(eq(int, sk_item_decode(out, &got), SK_E_BAD_LENGTH));
}

/* Who has room for so much of it has room for all that is read of it. */
Test(item, size_of_an_event_is_what_decode_writes)
{
    const uint8_t *bytes = (const uint8_t *)&got.event;
    size_t size;

    memset(&got, 0xaa, sizeof(got));
    cr_assert(eq(int, sk_item_decode(vector("item", "event"), &got), SK_OK));
    size = sk_item_event_size(&got.event);
    cr_expect(eq(sz, got.event.fields_count, 4));
    cr_expect(eq(ptr, (void *)(bytes + size), (void *)&got.event.fields[4]));
    for (size_t i = size; i < sizeof(got.event); i++)
        cr_assert(eq(u8, bytes[i], 0xaa), "byte %zu", i);
    got.event.fields_count = SK_ITEM_FIELDS_MAX;
    cr_expect(eq(sz, sk_item_event_size(&got.event), sizeof(got.event)));
}

static size_t count_in(const struct sk_item *of)
{
    if (of->kind == SK_ITEM_EVENT)
        return of->event.fields_count;
    if (of->kind == SK_ITEM_HELD)
        return of->held.event.fields_count;
    if (of->kind == SK_ITEM_CORRECTION)
        return of->correction.fields_count;
    if (of->kind == SK_ITEM_WITHDRAWN || of->kind == SK_ITEM_ERASURE)
        return of->withdrawn.entries_count;
    if (of->kind == SK_ITEM_ERASED || of->kind == SK_ITEM_KEPT)
        return of->answer.messages_count;
    return 0;
}

/* Of every kind: also encode looks no further. */
Test(item, size_is_all_that_one_of_its_kind_has)
{
    const uint8_t *bytes = (const uint8_t *)&got;

    for (size_t n = 0; n < SK_COUNT(names); n++) {
        struct sk_bytes in = vector("item", names[n]);
        struct sk_bytes again;
        size_t size;

        memset(&got, 0xaa, sizeof(got));
        cr_assert(eq(int, sk_item_decode(in, &got), SK_OK), "%s", names[n]);
        size = sk_item_size(got.kind, count_in(&got));
        for (size_t i = size; i < sizeof(got); i++)
            cr_assert(eq(u8, bytes[i], 0xaa), "%s: byte %zu", names[n], i);
        memset((uint8_t *)&got + size, 0xff, sizeof(got) - size);
        again = encode(&got);
        cr_expect(sk_bytes_equal(again, in), "%s", names[n]);
    }
}

Test(item, takes_up_to_256_entries)
{
    fill("withdrawn");
    item.withdrawn.entries_count = SK_ITEM_ENTRIES_MAX;
    for (size_t i = 0; i < SK_ITEM_ENTRIES_MAX; i++) {
        item.withdrawn.entries[i].message.id = id_of((uint8_t)i);
        item.withdrawn.entries[i].all = true;
        item.withdrawn.entries[i].fields.count = 0;
    }
    cr_assert(eq(int, sk_item_decode(encode(&item), &got), SK_OK));
    cr_expect(is_same(&item, &got));

    fill("erased");
    item.answer.messages_count = SK_ITEM_ENTRIES_MAX;
    cr_assert(eq(int, sk_item_decode(encode(&item), &got), SK_OK));
    cr_expect(is_same(&item, &got));
}

/* 32768 bytes, not one more, to write and to read. */
Test(item, is_at_most_32768_bytes)
{
    static uint8_t text[SK_EVENT_SIZE_MAX];
    static uint8_t large[SK_ITEM_SIZE_MAX + 1];
    struct sk_bytes out = {NULL, 7};

    memset(text, 'x', sizeof(text));
    fill("event");
    item.event.fields[0].text = (struct sk_bytes){text, sizeof(text)};
    item.event.fields[2].text = (struct sk_bytes){text, sizeof(text) - 400};
    cr_assert(le(sz, encode(&item).size, SK_ITEM_SIZE_MAX));
    item.event.fields[2].text.size += SK_ITEM_SIZE_MAX - encode(&item).size;
    cr_expect(eq(sz, encode(&item).size, SK_ITEM_SIZE_MAX));
    cr_expect(eq(int, sk_item_decode(encode(&item), &got), SK_OK));
    item.event.fields[2].text.size++;
    cr_expect(eq(int, sk_item_encode(&item, room, &out), SK_E_TOO_LARGE));
    cr_expect(eq(sz, out.size, 7), "out was touched");
    cr_expect(eq(int,
                 sk_item_decode((struct sk_bytes){large, sizeof(large)}, &got),
                 SK_E_TOO_LARGE));
}

Test(item, asserts_that_no_word_comes_twice, .signal = SIGABRT)
{
    fill("event");
    item.event.duties = WORDS("a", "a");
    (void)encode(&item);
}

Test(item, asserts_that_its_words_ascend, .signal = SIGABRT)
{
    fill("event");
    item.event.duties = WORDS("b", "a");
    (void)encode(&item);
}

/* -------------------------------------------------------------- any item */

static struct sk_bytes random_word(uint64_t *state)
{
    static char pool[64][8];
    static size_t at;
    char *word = pool[at++ % 64];

    snprintf(word, 8, "w%u", (unsigned)below(state, 10000));
    return sk_text(word);
}

Test(item, survives_a_round_trip_whatever_is_in_it)
{
    uint64_t state = 11;

    for (int round = 0; round < 2000; round++) {
        struct sk_bytes first;
        struct sk_bytes again = {0};
        static uint8_t again_data[SK_ITEM_SIZE_MAX];

        fill(names[below(&state, SK_COUNT(names))]);
        switch (item.kind) {
        case SK_ITEM_EVENT:
            fill_random(&state, &item.event.message, 16);
            item.event.type = random_word(&state);
            fill_words(&item.event.rules, below(&state, 65));
            item.event.consents_count = below(&state, 65);
            fill_random(&state, item.event.consents,
                        sizeof(item.event.consents));
            item.event.erase = below(&state, 2) == 0;
            item.event.within_days = below(&state, 100001);
            if (item.event.has_handover)
                item.event.epoch = random_uint(&state) >> 32;
            break;
        case SK_ITEM_WITHDRAWN:
            item.withdrawn.at_ms = random_uint(&state) % 7258118400000;
            item.withdrawn.erase = below(&state, 2) == 0;
            fill_words(&item.withdrawn.purposes, below(&state, 65));
            break;
        case SK_ITEM_CORRECTION:
            item.correction.fields_count = 1 + below(&state, 3);
            item.correction.at_ms = random_uint(&state) % 7258118400000;
            break;
        case SK_ITEM_CORRECTED:
            item.corrected.at_ms = random_uint(&state) % 7258118400000;
            break;
        case SK_ITEM_ERASURE:
            item.withdrawn.at_ms = random_uint(&state) % 7258118400000;
            item.withdrawn.within_days = below(&state, 100001);
            break;
        case SK_ITEM_ERASED:
        case SK_ITEM_KEPT:
            item.answer.messages_count = 1 + below(&state, 256);
            fill_random(&state, item.answer.messages,
                        sizeof(item.answer.messages));
            break;
        case SK_ITEM_READ:
        case SK_ITEM_ACCEPTED:
            item.receipt.at_ms = random_uint(&state) % 7258118400000;
            break;
        case SK_ITEM_RELEASED:
        case SK_ITEM_UNRELEASED:
            item.owner.epoch = random_uint(&state) >> 32;
            break;
        case SK_ITEM_HELD:
            fill_random(&state, &item.held.event.message, 16);
            fill_words(&item.held.event.rules, below(&state, 65));
            item.held.event.consents_count = below(&state, 65);
            fill_random(&state, item.held.event.consents,
                        sizeof(item.held.event.consents));
            item.held.at_ms = random_uint(&state) % 7258118400000;
            break;
        case SK_ITEM_TOLD:
            item.told.recipients_all = below(&state, 2) == 0;
            item.told.recipients.count = 0;
            if (!item.told.recipients_all)
                fill_words(&item.told.recipients, 1 + below(&state, 64));
            item.told.at_ms = random_uint(&state) % 7258118400000;
            break;
        case SK_ITEM_ASKED:
            item.asked.incarnation = 1 + below(&state, 1u << 30);
            item.asked.after = random_uint(&state) >> 12;
            break;
        case SK_ITEM_HANDOVER:
        case SK_ITEM_COLLECTIVE:
        case SK_ITEM_VOID:
            break;
        }
        first = exact_copy(encode(&item));
        memset(&got, 0x55, 4096);
        cr_assert(eq(int, sk_item_decode(first, &got), SK_OK), "%d", round);
        cr_assert(is_same(&item, &got), "%d", round);
        cr_assert(eq(
            int,
            sk_item_encode(
                &got, (struct sk_room){again_data, sizeof(again_data)}, &again),
            SK_OK));
        cr_assert(sk_bytes_equal(first, again), "%d", round);
        free((void *)first.data);
    }
}
