#include "node/engine/inbox.h"

#include "node/engine/due.h"
#include "node/engine/erasure.h"
#include "node/engine/feed.h"
#include "node/engine/inbox_record.h"
#include "node/engine/journal.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/timer.h"
#include "node/engine/vault.h"
#include "policies/civil.h"
#include "protocol/unpack.h"

/* Why a message is in SK_T_RECALLED. */
enum { GONE_RECALLED = 1, GONE_EXPIRED = 2 };

static struct sk_key gone_key(const struct sk_org *from,
                              const struct sk_message_id *id)
{
    struct sk_key key = sk_key_start(SK_T_RECALLED);

    sk_key_org(&key, from);
    sk_key_id(&key, &id->id);
    return key;
}

enum sk_status sk_inbox_gone(struct sk_engine *e, const struct sk_org *from,
                             const struct sk_message_id *id, const char **code)
{
    struct sk_key key = gone_key(from, id);
    struct sk_bytes value;
    struct sk_unpack u;
    enum sk_status status;
    uint64_t why;

    *code = NULL;
    status = sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    u = sk_unpack_start(value);
    sk_unpack_array(&u, 2);
    sk_unpack_str(&u, 10, 10);
    why = sk_unpack_uint(&u, GONE_RECALLED, GONE_EXPIRED);
    if (sk_unpack_finish(&u) != SK_OK)
        return SK_E_IO;
    *code = why == GONE_RECALLED ? "recalled" : "expired";
    return SK_OK;
}

enum sk_status sk_inbox_is_recalled(struct sk_engine *e,
                                    const struct sk_org *from,
                                    const struct sk_message_id *id, bool *out)
{
    const char *code;

    SK_TRY(sk_inbox_gone(e, from, id, &code));
    *out = code != NULL;
    return SK_OK;
}

/* The id and the fact are all that stays (CONSENT 5.1). */
static enum sk_status mark_gone(struct sk_engine *e, const struct sk_org *from,
                                const struct sk_message_id *id, uint64_t why)
{
    struct sk_key key = gone_key(from, id);
    uint8_t bytes[16];
    struct sk_pack p = sk_pack_start((struct sk_room){bytes, sizeof(bytes)});
    struct sk_bytes value;
    const char *before;
    char day[11];

    SK_TRY(sk_inbox_gone(e, from, id, &before));
    if (before != NULL)
        return SK_OK;
    sk_day_format(sk_today(e), day);
    sk_pack_array(&p, 2);
    sk_pack_cstr(&p, day);
    sk_pack_uint(&p, why);
    SK_TRY(sk_pack_finish(&p, &value));
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), value);
}

/* The record of this message of `from`; SK_E_NOT_FOUND also when the id is
   another partner's. */
static enum sk_status load_from(struct sk_engine *e, const struct sk_org *from,
                                const struct sk_message_id *id,
                                struct sk_inbox_record **out)
{
    struct sk_inbox_record *record = sk_arena_get(&e->scratch, sizeof(*record));

    if (record == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_inbox_load(e, id, record));
    if (!sk_org_equal(&record->from, from))
        return SK_E_NOT_FOUND;
    *out = record;
    return SK_OK;
}

/* ------------------------------------------------------------- locks */

static bool has_word(const struct sk_words *words, struct sk_bytes word)
{
    for (size_t i = 0; i < words->count; i++) {
        if (sk_bytes_equal(words->list[i], word))
            return true;
    }
    return false;
}

enum sk_status sk_inbox_lock(struct sk_engine *e, const struct sk_org *from,
                             const struct sk_message_id *id, bool all,
                             const struct sk_words *fields)
{
    struct sk_inbox_record *record;
    enum sk_status status;

    if (all)
        SK_TRY(mark_gone(e, from, id, GONE_RECALLED));
    status = load_from(e, from, id, &record);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    SK_TRY(
        sk_feed_put(e, SK_FEED_RECALLED, &id->id, from, all ? NULL : fields));
    if (all)
        return sk_inbox_unlist(e, record, record->opened_ms != 0);
    for (size_t i = 0; i < fields->count; i++) {
        if (!has_word(&record->locked, fields->list[i]) &&
            record->locked.count < SK_ITEM_WORDS_MAX)
            record->locked.list[record->locked.count++] = fields->list[i];
    }
    return sk_inbox_save(e, id, record);
}

/* ------------------------------------------------------------- erasure */

enum sk_status sk_inbox_rekey(struct sk_engine *e, struct sk_inbox_entry *entry)
{
    bool open;

    SK_TRY(sk_timers_message_gone(e, &entry->key_owner, &open));
    SK_TRY(sk_vault_destroy(e, &entry->key_owner));
    SK_TRY(sk_vault_take(e, &entry->key_owner));
    SK_TRY(sk_inbox_put(e, entry));
    if (!open)
        return SK_OK;
    return sk_timers_received(e, entry->event->type, &entry->message);
}

/* A new data key under which the fields are no longer. */
static enum sk_status erase_fields(struct sk_engine *e,
                                   const struct sk_message_id *id,
                                   const struct sk_words *fields)
{
    struct sk_inbox_entry *entry = sk_arena_get(&e->scratch, sizeof(*entry));
    struct sk_item_event *event;
    size_t kept = 0;

    if (entry == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_inbox_get(e, id, entry));
    event = entry->event;
    for (size_t i = 0; i < event->fields_count; i++) {
        if (!has_word(fields, event->fields[i].name))
            event->fields[kept++] = event->fields[i];
    }
    event->fields_count = kept;
    kept = 0;
    for (size_t i = 0; i < entry->locked.count; i++) {
        if (!has_word(fields, entry->locked.list[i]))
            entry->locked.list[kept++] = entry->locked.list[i];
    }
    entry->locked.count = kept;
    kept = 0;
    for (size_t i = 0;
         entry->correction != NULL && i < entry->correction->fields_count;
         i++) {
        struct sk_item_field *field = &entry->correction->fields[i];

        if (!has_word(fields, field->name))
            entry->correction->fields[kept++] = *field;
    }
    if (entry->correction != NULL)
        entry->correction->fields_count = kept;
    return sk_inbox_rekey(e, entry);
}

enum sk_status sk_inbox_erase(struct sk_engine *e, const struct sk_org *from,
                              const struct sk_message_id *id, bool all,
                              const struct sk_words *fields)
{
    struct sk_inbox_record *record;
    enum sk_status status;

    if (all)
        SK_TRY(mark_gone(e, from, id, GONE_RECALLED));
    status = load_from(e, from, id, &record);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    SK_TRY(sk_feed_put(e, SK_FEED_ERASED, &id->id, from, all ? NULL : fields));
    if (all)
        return sk_inbox_drop(e, id, record);
    return erase_fields(e, id, fields);
}

enum sk_status sk_inbox_expire(struct sk_engine *e,
                               const struct sk_message_id *id,
                               struct sk_bytes from)
{
    struct sk_inbox_record *record;
    struct sk_entry entry;
    struct sk_org org;
    enum sk_status status;
    int32_t until;

    if (!sk_org_parse(from, &org))
        return SK_E_IO;
    status = load_from(e, &org, id, &record);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    /* A law may make us keep it longer than the sender allowed. */
    SK_TRY(sk_erasure_keep_until(e, &org, id, &until));
    if (until != INT32_MIN && until >= sk_today(e))
        return sk_due_put(e, until + 1, SK_DUE_ERASE_BY, &id->id,
                          sk_org_text(&org));
    SK_TRY(mark_gone(e, &org, id, GONE_EXPIRED));
    SK_TRY(sk_feed_put(e, SK_FEED_ERASED, &id->id, &org, NULL));
    entry = sk_entry_start(e, SK_ENTRY_ERASED, &org);
    sk_entry_id(&entry, &id->id);
    SK_TRY(sk_journal_add(e, &entry));
    return sk_inbox_drop(e, id, record);
}
