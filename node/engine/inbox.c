#include "node/engine/inbox.h"

#include <string.h>

#include "node/engine/federation.h"
#include "node/engine/feed.h"
#include "node/engine/inbox_record.h"
#include "node/engine/outbox.h"
#include "node/engine/participant.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/vault.h"

/* ------------------------------------------------------------- arrival */

enum sk_status sk_inbox_has(struct sk_engine *e, const struct sk_org *from,
                            const struct sk_message_id *id)
{
    struct sk_inbox_record *record = sk_arena_get(&e->scratch, sizeof(*record));
    struct sk_participant_id person = {.id = id->id};
    enum sk_status status;

    if (record == NULL)
        return SK_E_MEMORY;
    status = sk_inbox_load(e, id, record);
    /* A partner chooses the ids of its messages: never that of a person. */
    if (status == SK_E_NOT_FOUND && sk_participant_exists(e, &person) == SK_OK)
        return SK_E_EXISTS;
    SK_TRY(status);
    return sk_org_equal(&record->from, from) ? SK_OK : SK_E_EXISTS;
}

static enum sk_status next_number(struct sk_engine *e, uint64_t *out)
{
    uint64_t before;

    SK_TRY(sk_series_next(e, SK_SERIES_INBOX, &before));
    *out = before + 1;
    return SK_OK;
}

enum sk_status sk_inbox_add(struct sk_engine *e, const struct sk_org *from,
                            const struct sk_message_id *id,
                            const struct sk_handle *handle,
                            struct sk_bytes item)
{
    struct sk_inbox_record *record = sk_arena_get(&e->scratch, sizeof(*record));
    struct sk_session *s = sk_session_find(e, from);

    if (record == NULL)
        return SK_E_MEMORY;
    assert(s != NULL);
    record->from = *from;
    if (handle != NULL)
        record->handle = *handle;
    record->incarnation = s->log.peer_incarnation;
    record->place = s->applying;
    record->received_ms = e->now_ms;
    record->item = item;
    SK_TRY(next_number(e, &record->number));
    SK_TRY(sk_vault_take(e, &record->key_owner));
    SK_TRY(sk_inbox_save(e, id, record));
    sk_log_add_later(s, SK_COUNT_UNREAD, 1);
    sk_log_add_later(s, SK_COUNT_WAITING, (int64_t)sk_inbox_waiting_of(record));
    SK_TRY(sk_feed_put(e, SK_FEED_MESSAGE, &id->id, from, NULL));
    return sk_inbox_index(e, id, record);
}

enum sk_status sk_inbox_next(struct sk_engine *e, struct sk_scan *scan,
                             uint64_t *number, struct sk_org *from,
                             struct sk_message_id *id)
{
    struct sk_inbox_record *record = sk_arena_get(&e->scratch, sizeof(*record));
    struct sk_bytes key;
    struct sk_bytes value;
    uint64_t at;

    if (record == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_scan_next(scan, &key, &value));
    if (value.size != SK_ID_SIZE || key.size < 8)
        return SK_E_IO;
    at = sk_u64_read(key.data + key.size - 8);
    memcpy(id->id.bytes, value.data, SK_ID_SIZE);
    SK_TRY(sk_inbox_load(e, id, record));
    *number = at;
    *from = record->from;
    return SK_OK;
}

/* ------------------------------------------------------------- entries */

static enum sk_status read_correction(struct sk_engine *e,
                                      struct sk_bytes bytes,
                                      struct sk_item_correction **out)
{
    struct sk_item *item;

    *out = NULL;
    if (bytes.size == 0)
        return SK_OK;
    item = sk_arena_take(&e->scratch, sizeof(*item));
    if (item == NULL)
        return SK_E_MEMORY;
    if (sk_item_decode(bytes, item) != SK_OK ||
        item->kind != SK_ITEM_CORRECTION)
        return SK_E_IO;
    /* With room for fields that a later one adds. */
    *out = &item->correction;
    sk_arena_trim(&e->scratch, item,
                  sk_item_size(item->kind, SK_ITEM_FIELDS_MAX));
    return SK_OK;
}

static enum sk_status write_correction(struct sk_engine *e,
                                       const struct sk_item_correction *in,
                                       struct sk_bytes *out)
{
    struct sk_item *item;
    struct sk_room room = {.size_max = SK_ITEM_SIZE_MAX};

    *out = (struct sk_bytes){0};
    if (in == NULL || in->fields_count == 0)
        return SK_OK;
    item = sk_item_new(e, SK_ITEM_CORRECTION, in->fields_count);
    room.data = sk_arena_take(&e->scratch, room.size_max);
    if (item == NULL || room.data == NULL)
        return SK_E_MEMORY;
    memcpy(&item->correction, in,
           offsetof(struct sk_item_correction, fields) +
               in->fields_count * sizeof(in->fields[0]));
    return sk_item_encode(item, room, out);
}

/* An item is large, and what an event holds is not. */
static enum sk_status read_item(struct sk_engine *e, struct sk_bytes bytes,
                                struct sk_inbox_entry *out)
{
    struct sk_item *item = sk_arena_take(&e->scratch, sizeof(*item));
    struct sk_item_collective collective;

    if (item == NULL)
        return SK_E_MEMORY;
    if (sk_item_decode(bytes, item) != SK_OK)
        return SK_E_IO;
    out->collective = item->kind == SK_ITEM_COLLECTIVE;
    out->body = (struct sk_value){0};
    out->event = &item->event;
    if (out->collective) {
        collective = item->collective;
        memset(out->event, 0, offsetof(struct sk_item_event, fields));
        out->event->message = collective.message;
        out->event->type = collective.type;
        out->body = collective.body;
    }
    sk_arena_trim(&e->scratch, out->event, sk_item_event_size(out->event));
    return SK_OK;
}

enum sk_status sk_inbox_get(struct sk_engine *e, const struct sk_message_id *id,
                            struct sk_inbox_entry *out)
{
    struct sk_inbox_record *record = sk_arena_get(&e->scratch, sizeof(*record));

    if (record == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_inbox_load(e, id, record));
    SK_TRY(read_item(e, record->item, out));
    out->message = *id;
    out->key_owner = record->key_owner;
    out->from = record->from;
    out->number = record->number;
    out->incarnation = record->incarnation;
    out->place = record->place;
    out->received_ms = record->received_ms;
    out->opened_ms = record->opened_ms;
    out->accepted_ms = record->accepted_ms;
    out->locked = record->locked;
    out->waiting = sk_inbox_waiting_of(record);
    out->corrected_ms = record->corrected_ms;
    return read_correction(e, record->correction, &out->correction);
}

static enum sk_status encode_entry(struct sk_engine *e,
                                   const struct sk_inbox_entry *entry,
                                   struct sk_bytes *out)
{
    struct sk_item *item =
        sk_item_new(e, entry->collective ? SK_ITEM_COLLECTIVE : SK_ITEM_EVENT,
                    entry->event->fields_count);
    struct sk_room room;

    room.size_max = SK_ITEM_SIZE_MAX;
    room.data = sk_arena_take(&e->scratch, room.size_max);
    if (item == NULL || room.data == NULL)
        return SK_E_MEMORY;
    if (entry->collective) {
        item->collective.message = entry->message;
        item->collective.type = entry->event->type;
        item->collective.body = entry->body;
    } else {
        memcpy(&item->event, entry->event, sk_item_event_size(entry->event));
    }
    return sk_item_encode(item, room, out);
}

enum sk_status sk_inbox_put(struct sk_engine *e,
                            const struct sk_inbox_entry *entry)
{
    struct sk_inbox_record *record = sk_arena_get(&e->scratch, sizeof(*record));

    if (record == NULL)
        return SK_E_MEMORY;
    record->key_owner = entry->key_owner;
    record->from = entry->from;
    if (!entry->collective)
        record->handle = entry->event->handle;
    record->number = entry->number;
    record->incarnation = entry->incarnation;
    record->place = entry->place;
    record->received_ms = entry->received_ms;
    record->opened_ms = entry->opened_ms;
    record->accepted_ms = entry->accepted_ms;
    record->locked = entry->locked;
    record->corrected_ms = entry->corrected_ms;
    SK_TRY(encode_entry(e, entry, &record->item));
    SK_TRY(write_correction(e, entry->correction, &record->correction));
    SK_TRY(sk_inbox_count_waiting(e, &entry->from, entry->waiting,
                                  sk_inbox_waiting_of(record)));
    SK_TRY(sk_inbox_save(e, &entry->message, record));
    return sk_inbox_index(e, &entry->message, record);
}
