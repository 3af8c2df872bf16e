#include "protocol/item.h"

#include "protocol/form.h"
#include "protocol/unpack.h"

#define WORD_SIZE_MAX 64
#define POLICY_SIZE_MAX 80
#define LAW_SIZE_MAX 500
/* PROTOCOL.md 6.10. */
#define SK_INCARNATION_MAX ((UINT64_C(1) << 53) - 1)

/* PROTOCOL.md 7.2: the first thing about a text that is not as it must be. */
static void refuse(struct sk_unpack *u)
{
    if (u->status == SK_OK)
        u->status = SK_E_BAD_VALUE;
}

/* --------------------------------------------------------------- the parts */

static struct sk_bytes read_word(struct sk_unpack *u)
{
    struct sk_bytes text = sk_unpack_str(u, 1, WORD_SIZE_MAX);

    if (!sk_word_is_legal(text))
        refuse(u);
    return text;
}

static struct sk_bytes read_text(struct sk_unpack *u, size_t size_max)
{
    struct sk_bytes text = sk_unpack_str(u, 1, size_max);

    if (!sk_text_is_legal(text, size_max))
        refuse(u);
    return text;
}

static struct sk_bytes read_date(struct sk_unpack *u)
{
    struct sk_bytes text = sk_unpack_str(u, SK_DATE_SIZE, SK_DATE_SIZE);

    if (!sk_date_is_legal(text))
        refuse(u);
    return text;
}

static struct sk_bytes read_policy(struct sk_unpack *u)
{
    struct sk_bytes text = sk_unpack_str(u, 1, POLICY_SIZE_MAX);

    if (!sk_policy_is_legal(text))
        refuse(u);
    return text;
}

/* PROTOCOL.md 7.2: sorted, and nothing twice. */
static void read_list(struct sk_unpack *u, size_t min, bool words,
                      struct sk_words *out)
{
    size_t count = sk_unpack_array_upto(u, min, SK_ITEM_WORDS_MAX);

    for (size_t i = 0; i < count; i++) {
        out->list[i] = words ? read_word(u) : read_text(u, SK_EVENT_SIZE_MAX);
        if (i > 0 && sk_bytes_compare(out->list[i - 1], out->list[i]) >= 0)
            refuse(u);
    }
    out->count = count;
}

static void read_words(struct sk_unpack *u, size_t min, struct sk_words *out)
{
    read_list(u, min, true, out);
}

/* "erase", else "stop"; and the days. */
static bool read_do(struct sk_unpack *u, uint64_t *within_days)
{
    struct sk_bytes text = sk_unpack_str(u, 1, WORD_SIZE_MAX);
    bool erase = sk_bytes_equal(text, sk_text("erase"));

    if (!erase && !sk_bytes_equal(text, sk_text("stop")))
        refuse(u);
    *within_days = sk_unpack_uint(u, 0, SK_ITEM_DAYS_MAX);
    return erase;
}

static uint64_t read_epoch(struct sk_unpack *u)
{
    return sk_unpack_uint(u, 0, SK_ITEM_EPOCH_MAX);
}

static uint64_t read_at(struct sk_unpack *u)
{
    return sk_unpack_uint(u, 0, SK_AT_MS_MAX);
}

/* --------------------------------------------------------------- the kinds */

/* A value: true, a text, or a set of texts. */
static void read_value(struct sk_unpack *u, struct sk_item_field *field)
{
    struct sk_unpack ahead = *u;

    field->is_set = false;
    field->text = (struct sk_bytes){0};
    if (sk_unpack_bool(&ahead)) {
        *u = ahead;
        field->text = sk_text("true");
        return;
    }
    ahead = *u;
    (void)sk_unpack_array_upto(&ahead, 1, SK_ITEM_WORDS_MAX); /* look only */
    if (ahead.status == SK_OK) {
        field->is_set = true;
        read_list(u, 1, false, &field->set);
        return;
    }
    field->text = read_text(u, SK_EVENT_SIZE_MAX);
    /* PROTOCOL.md 7.4: one value, one form. */
    if (sk_bytes_equal(field->text, sk_text("true")))
        refuse(u);
}

/* correction: at least one, and each may be without value. */
static size_t read_fields(struct sk_unpack *u, bool correction,
                          struct sk_item_field *fields)
{
    size_t count =
        sk_unpack_map_upto(u, correction ? 1 : 0, SK_ITEM_FIELDS_MAX);

    for (size_t i = 0; i < count && u->status == SK_OK; i++) {
        struct sk_item_field *field = &fields[i];

        field->name = read_word(u);
        if (i > 0 && sk_bytes_compare(fields[i - 1].name, field->name) >= 0)
            refuse(u);
        field->level = (struct sk_bytes){0};
        field->is_set = false;
        field->text = (struct sk_bytes){0};
        field->set.count = 0;
        if (correction && sk_unpack_is_nil(u))
            continue;
        sk_unpack_array(u, 2);
        field->level = read_word(u);
        read_value(u, field);
    }
    return count;
}

static void read_correction(struct sk_unpack *u, struct sk_item_correction *out)
{
    sk_unpack_id(u, &out->correction);
    sk_unpack_id(u, &out->handle.id);
    sk_unpack_id(u, &out->message.id);
    out->fields_count = read_fields(u, /* correction */ true, out->fields);
    out->at_ms = read_at(u);
}

static void read_consents(struct sk_unpack *u, struct sk_item_event *event)
{
    event->consents_count = sk_unpack_array_upto(u, 0, SK_ITEM_WORDS_MAX);
    for (size_t i = 0; i < event->consents_count; i++)
        sk_unpack_id(u, &event->consents[i].id);
}

static void read_stamp(struct sk_unpack *u, struct sk_item_event *event)
{
    event->has_handover = !sk_unpack_is_nil(u);
    if (!event->has_handover)
        return;
    sk_unpack_array(u, 4);
    sk_unpack_id(u, &event->handover.id);
    sk_unpack_id(u, &event->trajectory.id);
    event->epoch = read_epoch(u);
    event->handover_kind = read_word(u);
}

static void read_event(struct sk_unpack *u, struct sk_item_event *event)
{
    sk_unpack_id(u, &event->message.id);
    sk_unpack_id(u, &event->handle.id);
    event->source = read_word(u);
    event->type = read_word(u);
    event->purpose = read_word(u);
    event->fields_count = read_fields(u, /* correction */ false, event->fields);
    event->erase_by = read_date(u);
    read_words(u, 0, &event->duties);
    event->roles.count = 0;
    event->roles_all = sk_unpack_is_nil(u);
    if (!event->roles_all)
        read_words(u, 1, &event->roles);
    read_words(u, 0, &event->rules);
    read_consents(u, event);
    event->policy = read_policy(u);
    event->erase = read_do(u, &event->within_days);
    read_stamp(u, event);
}

static void read_levels(struct sk_unpack *u, struct sk_item_event *event)
{
    size_t count = sk_unpack_map_upto(u, 0, SK_ITEM_FIELDS_MAX);

    for (size_t i = 0; i < count && u->status == SK_OK; i++) {
        struct sk_item_field *field = &event->fields[i];

        field->name = read_word(u);
        if (i > 0 &&
            sk_bytes_compare(event->fields[i - 1].name, field->name) >= 0)
            refuse(u);
        field->level = read_word(u);
        field->is_set = false;
        field->text = (struct sk_bytes){0};
    }
    event->fields_count = count;
}

static void read_held(struct sk_unpack *u, struct sk_item_held *held)
{
    struct sk_item_event *event = &held->event;

    sk_unpack_id(u, &event->message.id);
    sk_unpack_id(u, &event->handle.id);
    event->source = (struct sk_bytes){0};
    event->duties.count = 0;
    event->roles_all = false;
    event->roles.count = 0;
    event->type = read_word(u);
    event->purpose = read_word(u);
    read_levels(u, event);
    event->erase_by = read_date(u);
    read_words(u, 0, &event->rules);
    read_consents(u, event);
    event->policy = read_policy(u);
    event->erase = read_do(u, &event->within_days);
    read_stamp(u, event);
    held->at_ms = read_at(u);
}

static void read_withdrawn(struct sk_unpack *u,
                           struct sk_item_withdrawn *withdrawn)
{
    size_t count;

    sk_unpack_id(u, &withdrawn->notice);
    sk_unpack_id(u, &withdrawn->handle.id);
    count = sk_unpack_array_upto(u, 1, SK_ITEM_ENTRIES_MAX);
    for (size_t i = 0; i < count && u->status == SK_OK; i++) {
        struct sk_item_entry *entry = &withdrawn->entries[i];

        sk_unpack_array(u, 2);
        sk_unpack_id(u, &entry->message.id);
        entry->fields.count = 0;
        entry->all = sk_unpack_is_nil(u);
        if (!entry->all)
            read_words(u, 1, &entry->fields);
    }
    withdrawn->entries_count = count;
    read_words(u, 0, &withdrawn->purposes);
    read_words(u, 0, &withdrawn->categories);
    withdrawn->ground = (struct sk_bytes){0};
    withdrawn->erase = read_do(u, &withdrawn->within_days);
    withdrawn->at_ms = read_at(u);
}

bool sk_item_ground_is_known(struct sk_bytes word)
{
    static const char *const grounds[] = {"not-needed", "withdrawn",
                                          "objection",  "unlawful",
                                          "legal-duty", "child"};

    for (size_t i = 0; i < SK_COUNT(grounds); i++)
        if (sk_bytes_equal(word, sk_text(grounds[i])))
            return true;
    return false;
}

static void read_erasure(struct sk_unpack *u, struct sk_item_withdrawn *out)
{
    sk_unpack_id(u, &out->notice);
    sk_unpack_id(u, &out->handle.id);
    out->entries_count = sk_unpack_array_upto(u, 1, SK_ITEM_ENTRIES_MAX);
    for (size_t i = 0; i < out->entries_count; i++) {
        sk_unpack_id(u, &out->entries[i].message.id);
        out->entries[i].all = true;
        out->entries[i].fields.count = 0;
    }
    out->purposes.count = 0;
    out->categories.count = 0;
    out->ground = read_word(u);
    if (!sk_item_ground_is_known(out->ground))
        refuse(u);
    out->erase = true;
    out->within_days = sk_unpack_uint(u, 0, SK_ITEM_DAYS_MAX);
    out->at_ms = read_at(u);
}

static void read_answer(struct sk_unpack *u, struct sk_item_answer *answer,
                        bool kept)
{
    sk_unpack_id(u, &answer->notice);
    answer->messages_count = sk_unpack_array_upto(u, 1, SK_ITEM_ENTRIES_MAX);
    for (size_t i = 0; i < answer->messages_count; i++)
        sk_unpack_id(u, &answer->messages[i].id);
    answer->method = (struct sk_bytes){0};
    answer->law_reference = (struct sk_bytes){0};
    answer->keep_until = (struct sk_bytes){0};
    if (kept) {
        answer->law_reference = read_text(u, LAW_SIZE_MAX);
        answer->keep_until = read_date(u);
    } else {
        answer->method = read_word(u);
    }
    answer->at_ms = read_at(u);
}

/* nil: all; else at least one. */
static bool read_scope(struct sk_unpack *u, struct sk_words *out)
{
    bool all = sk_unpack_is_nil(u);

    out->count = 0;
    if (!all)
        read_words(u, 1, out);
    return all;
}

static bool is_giver(struct sk_bytes word)
{
    static const char *const givers[] = {"self", "parent", "self-and-parent",
                                         "administrator",
                                         "self-and-administrator"};

    for (size_t i = 0; i < SK_COUNT(givers); i++)
        if (sk_bytes_equal(word, sk_text(givers[i])))
            return true;
    return false;
}

static void read_told(struct sk_unpack *u, struct sk_item_told *told)
{
    sk_unpack_id(u, &told->handle.id);
    told->purposes_all = read_scope(u, &told->purposes);
    told->recipients_all = read_scope(u, &told->recipients);
    told->categories_all = read_scope(u, &told->categories);
    told->given_by = read_word(u);
    if (!is_giver(told->given_by))
        refuse(u);
    told->at_ms = read_at(u);
}

static void read_handover(struct sk_unpack *u,
                          struct sk_item_handover *handover)
{
    static const char *const inputs[] = {
        "open",
        "answer-need_info",
        "answer-waiting",
        "answer-accepted",
        "answer-declined",
        "complete",
        "return",
        "cancel",
        "expire",
    };
    bool known = false;

    sk_unpack_id(u, &handover->handover.id);
    handover->input = read_word(u);
    for (size_t i = 0; i < SK_COUNT(inputs); i++)
        known = known || sk_bytes_equal(handover->input, sk_text(inputs[i]));
    if (!known)
        refuse(u);
    handover->epoch = read_epoch(u);
    handover->at_ms = read_at(u);
}

static void read_owner(struct sk_unpack *u, struct sk_item_owner *owner,
                       bool released)
{
    sk_unpack_id(u, &owner->trajectory.id);
    sk_unpack_id(u, &owner->handover.id);
    owner->epoch = read_epoch(u);
    owner->owner = (struct sk_bytes){0};
    owner->previous = (struct sk_bytes){0};
    owner->reason = (struct sk_bytes){0};
    if (released) {
        owner->owner = read_word(u);
        owner->previous = read_word(u);
    } else {
        owner->reason = read_word(u);
    }
    owner->at_ms = read_at(u);
}

static void read_collective(struct sk_unpack *u,
                            struct sk_item_collective *collective)
{
    sk_unpack_id(u, &collective->message.id);
    collective->type = read_word(u);
    collective->body.bytes = sk_unpack_any(u);
    if (sk_value_kind(collective->body) != SK_VALUE_MAP)
        refuse(u);
}

/* The entries behind the kind; their number, the kind counted. */
static size_t read_kind(struct sk_unpack *u, struct sk_item *item)
{
    switch (item->kind) {
    case SK_ITEM_VOID:
        return 1;
    case SK_ITEM_EVENT:
        read_event(u, &item->event);
        return 16;
    case SK_ITEM_WITHDRAWN:
        read_withdrawn(u, &item->withdrawn);
        return 9;
    case SK_ITEM_ERASED:
        read_answer(u, &item->answer, false);
        return 5;
    case SK_ITEM_KEPT:
        read_answer(u, &item->answer, true);
        return 6;
    case SK_ITEM_READ:
    case SK_ITEM_ACCEPTED:
        sk_unpack_id(u, &item->receipt.message.id);
        item->receipt.at_ms = read_at(u);
        return 3;
    case SK_ITEM_HANDOVER:
        read_handover(u, &item->handover);
        return 5;
    case SK_ITEM_RELEASED:
        read_owner(u, &item->owner, true);
        return 7;
    case SK_ITEM_UNRELEASED:
        read_owner(u, &item->owner, false);
        return 6;
    case SK_ITEM_COLLECTIVE:
        read_collective(u, &item->collective);
        return 4;
    case SK_ITEM_ASKED:
        item->asked.incarnation = sk_unpack_uint(u, 1, SK_INCARNATION_MAX);
        item->asked.after = sk_unpack_uint(u, 0, SK_INCARNATION_MAX);
        return 3;
    case SK_ITEM_HELD:
        read_held(u, &item->held);
        return 14;
    case SK_ITEM_TOLD:
        read_told(u, &item->told);
        return 7;
    case SK_ITEM_ERASURE:
        read_erasure(u, &item->withdrawn);
        return 7;
    case SK_ITEM_CORRECTION:
        read_correction(u, &item->correction);
        return 6;
    case SK_ITEM_CORRECTED:
        sk_unpack_id(u, &item->corrected.message.id);
        sk_unpack_id(u, &item->corrected.correction);
        item->corrected.at_ms = read_at(u);
        return 4;
    }
    return 0;
}

enum sk_status sk_item_decode(struct sk_bytes in, struct sk_item *out)
{
    struct sk_unpack u = sk_unpack_start(in);
    enum sk_status status;
    size_t count;

    out->kind = SK_ITEM_VOID;
    if (in.size > SK_ITEM_SIZE_MAX)
        return SK_E_TOO_LARGE;
    count = sk_unpack_array_upto(&u, 1, 16);
    out->kind =
        (enum sk_item_kind)sk_unpack_uint(&u, SK_ITEM_VOID, SK_ITEM_CORRECTED);
    if (u.status == SK_OK && read_kind(&u, out) != count)
        status = SK_E_BAD_FORM;
    else
        status = sk_unpack_finish(&u);
    if (status != SK_OK)
        out->kind = SK_ITEM_VOID;
    return status;
}
