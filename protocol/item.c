#include "protocol/item.h"

#include "protocol/pack.h"

static void pack_words(struct sk_pack *p, const struct sk_words *words)
{
    assert(words->count <= SK_ITEM_WORDS_MAX);

    sk_pack_array(p, words->count);
    for (size_t i = 0; i < words->count; i++) {
        assert(i == 0 ||
               sk_bytes_compare(words->list[i - 1], words->list[i]) < 0);
        sk_pack_str(p, words->list[i]);
    }
}

static void pack_fields(struct sk_pack *p, const struct sk_item_field *fields,
                        size_t count)
{
    assert(count <= SK_ITEM_FIELDS_MAX);

    sk_pack_map(p, count);
    for (size_t i = 0; i < count; i++) {
        const struct sk_item_field *field = &fields[i];

        assert(i == 0 || sk_bytes_compare(fields[i - 1].name, field->name) < 0);
        sk_pack_str(p, field->name);
        /* Of a correction: there is no value. */
        if (field->level.size == 0) {
            sk_pack_nil(p);
            continue;
        }
        sk_pack_array(p, 2);
        sk_pack_str(p, field->level);
        if (field->is_set)
            pack_words(p, &field->set);
        else if (sk_bytes_equal(field->text, sk_text("true")))
            sk_pack_bool(p, true);
        else
            sk_pack_str(p, field->text);
    }
}

static void pack_do(struct sk_pack *p, bool erase, uint64_t within_days)
{
    sk_pack_cstr(p, erase ? "erase" : "stop");
    sk_pack_uint(p, within_days);
}

static void pack_consents(struct sk_pack *p, const struct sk_item_event *event)
{
    assert(event->consents_count <= SK_ITEM_WORDS_MAX);

    sk_pack_array(p, event->consents_count);
    for (size_t i = 0; i < event->consents_count; i++)
        sk_pack_id(p, &event->consents[i].id);
}

static void pack_stamp(struct sk_pack *p, const struct sk_item_event *event)
{
    if (!event->has_handover) {
        sk_pack_nil(p);
        return;
    }
    sk_pack_array(p, 4);
    sk_pack_id(p, &event->handover.id);
    sk_pack_id(p, &event->trajectory.id);
    sk_pack_uint(p, event->epoch);
    sk_pack_str(p, event->handover_kind);
}

static void pack_event(struct sk_pack *p, const struct sk_item_event *event)
{
    sk_pack_id(p, &event->message.id);
    sk_pack_id(p, &event->handle.id);
    sk_pack_str(p, event->source);
    sk_pack_str(p, event->type);
    sk_pack_str(p, event->purpose);
    pack_fields(p, event->fields, event->fields_count);
    sk_pack_str(p, event->erase_by);
    pack_words(p, &event->duties);
    if (event->roles_all)
        sk_pack_nil(p);
    else
        pack_words(p, &event->roles);
    pack_words(p, &event->rules);
    pack_consents(p, event);
    sk_pack_str(p, event->policy);
    pack_do(p, event->erase, event->within_days);
    pack_stamp(p, event);
}

static void pack_levels(struct sk_pack *p, const struct sk_item_event *event)
{
    assert(event->fields_count <= SK_ITEM_FIELDS_MAX);

    sk_pack_map(p, event->fields_count);
    for (size_t i = 0; i < event->fields_count; i++) {
        const struct sk_item_field *field = &event->fields[i];

        assert(i == 0 ||
               sk_bytes_compare(event->fields[i - 1].name, field->name) < 0);
        sk_pack_str(p, field->name);
        sk_pack_str(p, field->level);
    }
}

static void pack_held(struct sk_pack *p, const struct sk_item_held *held)
{
    const struct sk_item_event *event = &held->event;

    sk_pack_id(p, &event->message.id);
    sk_pack_id(p, &event->handle.id);
    sk_pack_str(p, event->type);
    sk_pack_str(p, event->purpose);
    pack_levels(p, event);
    sk_pack_str(p, event->erase_by);
    pack_words(p, &event->rules);
    pack_consents(p, event);
    sk_pack_str(p, event->policy);
    pack_do(p, event->erase, event->within_days);
    pack_stamp(p, event);
    sk_pack_uint(p, held->at_ms);
}

static void pack_withdrawn(struct sk_pack *p,
                           const struct sk_item_withdrawn *withdrawn)
{
    assert(withdrawn->entries_count >= 1);
    assert(withdrawn->entries_count <= SK_ITEM_ENTRIES_MAX);

    sk_pack_id(p, &withdrawn->notice);
    sk_pack_id(p, &withdrawn->handle.id);
    sk_pack_array(p, withdrawn->entries_count);
    for (size_t i = 0; i < withdrawn->entries_count; i++) {
        const struct sk_item_entry *entry = &withdrawn->entries[i];

        sk_pack_array(p, 2);
        sk_pack_id(p, &entry->message.id);
        if (entry->all)
            sk_pack_nil(p);
        else
            pack_words(p, &entry->fields);
    }
    pack_words(p, &withdrawn->purposes);
    pack_words(p, &withdrawn->categories);
    pack_do(p, withdrawn->erase, withdrawn->within_days);
    sk_pack_uint(p, withdrawn->at_ms);
}

static void pack_erasure(struct sk_pack *p, const struct sk_item_withdrawn *in)
{
    assert(in->entries_count >= 1);
    assert(in->entries_count <= SK_ITEM_ENTRIES_MAX);

    sk_pack_id(p, &in->notice);
    sk_pack_id(p, &in->handle.id);
    sk_pack_array(p, in->entries_count);
    for (size_t i = 0; i < in->entries_count; i++)
        sk_pack_id(p, &in->entries[i].message.id);
    sk_pack_str(p, in->ground);
    sk_pack_uint(p, in->within_days);
    sk_pack_uint(p, in->at_ms);
}

static void pack_answer(struct sk_pack *p, const struct sk_item_answer *answer,
                        bool kept)
{
    assert(answer->messages_count <= SK_ITEM_ENTRIES_MAX);

    sk_pack_id(p, &answer->notice);
    sk_pack_array(p, answer->messages_count);
    for (size_t i = 0; i < answer->messages_count; i++)
        sk_pack_id(p, &answer->messages[i].id);
    if (kept) {
        sk_pack_str(p, answer->law_reference);
        sk_pack_str(p, answer->keep_until);
    } else {
        sk_pack_str(p, answer->method);
    }
    sk_pack_uint(p, answer->at_ms);
}

static void pack_scope(struct sk_pack *p, bool all,
                       const struct sk_words *words)
{
    if (all)
        sk_pack_nil(p);
    else
        pack_words(p, words);
}

static void pack_told(struct sk_pack *p, const struct sk_item_told *told)
{
    sk_pack_id(p, &told->handle.id);
    pack_scope(p, told->purposes_all, &told->purposes);
    pack_scope(p, told->recipients_all, &told->recipients);
    pack_scope(p, told->categories_all, &told->categories);
    sk_pack_str(p, told->given_by);
    sk_pack_uint(p, told->at_ms);
}

static void pack_correction(struct sk_pack *p,
                            const struct sk_item_correction *correction)
{
    assert(correction->fields_count >= 1);

    sk_pack_id(p, &correction->correction);
    sk_pack_id(p, &correction->handle.id);
    sk_pack_id(p, &correction->message.id);
    pack_fields(p, correction->fields, correction->fields_count);
    sk_pack_uint(p, correction->at_ms);
}

static void pack_owner(struct sk_pack *p, const struct sk_item_owner *owner,
                       bool released)
{
    sk_pack_id(p, &owner->trajectory.id);
    sk_pack_id(p, &owner->handover.id);
    sk_pack_uint(p, owner->epoch);
    if (released) {
        sk_pack_str(p, owner->owner);
        sk_pack_str(p, owner->previous);
    } else {
        sk_pack_str(p, owner->reason);
    }
    sk_pack_uint(p, owner->at_ms);
}

/* Entries of the array, the kind among them. */
static size_t count_of(enum sk_item_kind kind)
{
    switch (kind) {
    case SK_ITEM_VOID:
        return 1;
    case SK_ITEM_EVENT:
        return 16;
    case SK_ITEM_WITHDRAWN:
        return 9;
    case SK_ITEM_ERASED:
        return 5;
    case SK_ITEM_KEPT:
        return 6;
    case SK_ITEM_READ:
    case SK_ITEM_ACCEPTED:
        return 3;
    case SK_ITEM_HANDOVER:
        return 5;
    case SK_ITEM_RELEASED:
    case SK_ITEM_TOLD:
    case SK_ITEM_ERASURE:
        return 7;
    case SK_ITEM_UNRELEASED:
        return 6;
    case SK_ITEM_COLLECTIVE:
    case SK_ITEM_CORRECTED:
        return 4;
    case SK_ITEM_CORRECTION:
        return 6;
    case SK_ITEM_ASKED:
        return 3;
    case SK_ITEM_HELD:
        return 14;
    }
    return 0;
}

static void pack_item(struct sk_pack *p, const struct sk_item *item)
{
    sk_pack_array(p, count_of(item->kind));
    sk_pack_uint(p, item->kind);
    switch (item->kind) {
    case SK_ITEM_VOID:
        return;
    case SK_ITEM_EVENT:
        pack_event(p, &item->event);
        return;
    case SK_ITEM_WITHDRAWN:
        pack_withdrawn(p, &item->withdrawn);
        return;
    case SK_ITEM_ERASED:
    case SK_ITEM_KEPT:
        pack_answer(p, &item->answer, item->kind == SK_ITEM_KEPT);
        return;
    case SK_ITEM_READ:
    case SK_ITEM_ACCEPTED:
        sk_pack_id(p, &item->receipt.message.id);
        sk_pack_uint(p, item->receipt.at_ms);
        return;
    case SK_ITEM_HANDOVER:
        sk_pack_id(p, &item->handover.handover.id);
        sk_pack_str(p, item->handover.input);
        sk_pack_uint(p, item->handover.epoch);
        sk_pack_uint(p, item->handover.at_ms);
        return;
    case SK_ITEM_RELEASED:
    case SK_ITEM_UNRELEASED:
        pack_owner(p, &item->owner, item->kind == SK_ITEM_RELEASED);
        return;
    case SK_ITEM_COLLECTIVE:
        sk_pack_id(p, &item->collective.message.id);
        sk_pack_str(p, item->collective.type);
        sk_pack_raw(p, item->collective.body.bytes);
        return;
    case SK_ITEM_ASKED:
        sk_pack_uint(p, item->asked.incarnation);
        sk_pack_uint(p, item->asked.after);
        return;
    case SK_ITEM_HELD:
        pack_held(p, &item->held);
        return;
    case SK_ITEM_TOLD:
        pack_told(p, &item->told);
        return;
    case SK_ITEM_ERASURE:
        pack_erasure(p, &item->withdrawn);
        return;
    case SK_ITEM_CORRECTION:
        pack_correction(p, &item->correction);
        return;
    case SK_ITEM_CORRECTED:
        sk_pack_id(p, &item->corrected.message.id);
        sk_pack_id(p, &item->corrected.correction);
        sk_pack_uint(p, item->corrected.at_ms);
        return;
    }
    assert(false);
}

size_t sk_item_event_size(const struct sk_item_event *event)
{
    return offsetof(struct sk_item_event, fields) +
           event->fields_count * sizeof(event->fields[0]);
}

#define END_OF(member)                                                         \
    (offsetof(struct sk_item, member) +                                        \
     sizeof(((struct sk_item *)NULL)->member))
#define UP_TO(list, count)                                                     \
    (offsetof(struct sk_item, list) +                                          \
     (count) * sizeof(((struct sk_item *)NULL)->list[0]))

size_t sk_item_size(enum sk_item_kind kind, size_t count)
{
    switch (kind) {
    case SK_ITEM_VOID:
        break;
    case SK_ITEM_EVENT:
        return UP_TO(event.fields, count);
    case SK_ITEM_WITHDRAWN:
    case SK_ITEM_ERASURE:
        return UP_TO(withdrawn.entries, count);
    case SK_ITEM_ERASED:
    case SK_ITEM_KEPT:
        return UP_TO(answer.messages, count);
    case SK_ITEM_READ:
    case SK_ITEM_ACCEPTED:
        return END_OF(receipt);
    case SK_ITEM_HANDOVER:
        return END_OF(handover);
    case SK_ITEM_RELEASED:
    case SK_ITEM_UNRELEASED:
        return END_OF(owner);
    case SK_ITEM_COLLECTIVE:
        return END_OF(collective);
    case SK_ITEM_ASKED:
        return END_OF(asked);
    case SK_ITEM_HELD:
        return UP_TO(held.event.fields, count);
    case SK_ITEM_TOLD:
        return END_OF(told);
    case SK_ITEM_CORRECTION:
        return UP_TO(correction.fields, count);
    case SK_ITEM_CORRECTED:
        return END_OF(corrected);
    }
    return END_OF(kind);
}

enum sk_status sk_item_encode(const struct sk_item *item, struct sk_room room,
                              struct sk_bytes *out)
{
    struct sk_pack p = sk_pack_start(room);
    struct sk_bytes bytes = {0};

    pack_item(&p, item);
    SK_TRY(sk_pack_finish(&p, &bytes));
    if (bytes.size > SK_ITEM_SIZE_MAX)
        return SK_E_TOO_LARGE;
    *out = bytes;
    return SK_OK;
}
