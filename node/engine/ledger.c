#include "node/engine/ledger.h"

#include <string.h>

#include "node/engine/correction.h"
#include "node/engine/handover.h"
#include "node/engine/ops.h"
#include "node/engine/outbox.h"
#include "node/engine/ready.h"
#include "node/engine/request.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/vault.h"
#include "protocol/unpack.h"

/*
 * One record per message, SK_T_LEDGER, sealed under the participant's key:
 * array of 28, in the order of struct sk_ledger_entry.  No values (I3).
 */
#define RECORD_COUNT 28
#define RECORD_SIZE_MAX ((size_t)64 * 1024)
#define FIXED_SIZE_MAX 2560 /* all but fields, rules and consents */
#define TEXT_MAX 512 /* bytes of one text in it: a law, a policy, a reason */

/* ------------------------------------------------------------- the record */

void sk_ledger_start(struct sk_ledger_entry *out)
{
    memset(out, 0, offsetof(struct sk_ledger_entry, fields));
    out->consents.count = 0;
}

static void pack_list(struct sk_pack *p, const struct sk_bytes *list,
                      size_t count)
{
    sk_pack_array(p, count);
    for (size_t i = 0; i < count; i++)
        sk_pack_str(p, list[i]);
}

static void pack_fields(struct sk_pack *p, const struct sk_ledger_entry *entry)
{
    sk_pack_array(p, entry->fields_count);
    for (size_t i = 0; i < entry->fields_count; i++) {
        const struct sk_ledger_field *field = &entry->fields[i];

        sk_pack_array(p, 4);
        sk_pack_str(p, field->name);
        sk_pack_uint(p, (uint64_t)field->withheld);
        sk_pack_str(p, field->level);
        sk_pack_bool(p, field->recalled);
    }
}

static void pack_rules(struct sk_pack *p, const struct sk_ledger_entry *entry)
{
    sk_pack_array(p, entry->rules_count);
    for (size_t i = 0; i < entry->rules_count; i++) {
        const struct sk_recall_rule *rule = &entry->rules[i];

        sk_pack_array(p, 4);
        sk_pack_str(p, rule->id);
        sk_pack_bool(p, rule->explicit_consent);
        pack_list(p, rule->where, rule->where_count);
        pack_list(p, rule->fields, rule->fields_count);
    }
}

static void pack_entry(struct sk_pack *p, const struct sk_ledger_entry *entry)
{
    sk_pack_array(p, RECORD_COUNT);
    sk_pack_id(p, &entry->message.id);
    sk_pack_id(p, &entry->participant.id);
    sk_pack_id(p, &entry->event.id);
    sk_pack_str(p, entry->type);
    sk_pack_str(p, sk_org_text(&entry->to));
    sk_pack_str(p, entry->purpose);
    sk_pack_uint(p, entry->queued_ms);
    sk_pack_uint(p, entry->number);
    sk_pack_uint(p, entry->sent_ms);
    sk_pack_uint(p, entry->stored_ms);
    sk_pack_uint(p, entry->read_ms);
    sk_pack_uint(p, (uint64_t)entry->state);
    sk_pack_str(p, entry->reason);
    pack_fields(p, entry);
    pack_rules(p, entry);
    pack_list(p, entry->consents.list, entry->consents.count);
    sk_pack_str(p, entry->policy);
    /* Days may lie before 1970. */
    sk_pack_uint(p, (uint64_t)((int64_t)entry->erase_by - INT32_MIN));
    sk_pack_bool(p, entry->erase);
    sk_pack_uint(p, entry->within_days);
    sk_pack_uint(p, (uint64_t)entry->recall);
    sk_pack_bool(p, entry->recall_all);
    sk_pack_str(p, entry->law_reference);
    sk_pack_str(p, entry->keep_until);
    sk_pack_uint(p, entry->answered_ms);
    sk_pack_id(p, &entry->notice);
    sk_pack_bool(p, entry->has_handover);
    sk_pack_id(p, &entry->handover.id);
}

static const struct sk_bytes *unpack_list(struct sk_engine *e,
                                          struct sk_unpack *u, size_t *count)
{
    size_t n = sk_unpack_array_upto(u, 0, SK_EVENT_FIELDS_MAX);
    struct sk_bytes *list =
        sk_arena_get_array(&e->scratch, n + 1, sizeof(*list));

    *count = 0;
    if (list == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++)
        list[i] = sk_unpack_str(u, 0, TEXT_MAX);
    *count = n;
    return list;
}

static void unpack_fields(struct sk_unpack *u, struct sk_ledger_entry *out)
{
    out->fields_count = sk_unpack_array_upto(u, 0, SK_EVENT_FIELDS_MAX);
    for (size_t i = 0; i < out->fields_count; i++) {
        struct sk_ledger_field *field = &out->fields[i];

        sk_unpack_array(u, 4);
        field->name = sk_unpack_str(u, 1, TEXT_MAX);
        field->withheld =
            (enum sk_withheld)sk_unpack_uint(u, 0, SK_WITHHELD_NOT_GRANTED);
        field->level = sk_unpack_str(u, 0, TEXT_MAX);
        field->recalled = sk_unpack_bool(u);
    }
}

static void unpack_rules(struct sk_engine *e, struct sk_unpack *u,
                         struct sk_ledger_entry *out)
{
    out->rules_count = sk_unpack_array_upto(u, 0, SK_ITEM_WORDS_MAX);
    for (size_t i = 0; i < out->rules_count; i++) {
        struct sk_recall_rule *rule = &out->rules[i];

        sk_unpack_array(u, 4);
        rule->id = sk_unpack_str(u, 1, TEXT_MAX);
        rule->explicit_consent = sk_unpack_bool(u);
        rule->where = unpack_list(e, u, &rule->where_count);
        rule->fields = unpack_list(e, u, &rule->fields_count);
    }
}

static void unpack_terms(struct sk_unpack *u, struct sk_ledger_entry *out)
{
    out->consents.count = sk_unpack_array_upto(u, 0, SK_ITEM_WORDS_MAX);
    for (size_t i = 0; i < out->consents.count; i++)
        out->consents.list[i] = sk_unpack_str(u, 1, TEXT_MAX);
    out->policy = sk_unpack_str(u, 0, TEXT_MAX);
    out->erase_by =
        (int32_t)((int64_t)sk_unpack_uint(u, 0, UINT32_MAX) + INT32_MIN);
    out->erase = sk_unpack_bool(u);
    out->within_days = (uint32_t)sk_unpack_uint(u, 0, UINT32_MAX);
    out->recall = (enum sk_ledger_recall)sk_unpack_uint(u, 0, SK_RECALL_KEPT);
    out->recall_all = sk_unpack_bool(u);
    out->law_reference = sk_unpack_str(u, 0, TEXT_MAX);
    out->keep_until = sk_unpack_str(u, 0, TEXT_MAX);
    out->answered_ms = sk_unpack_uint(u, 0, UINT64_MAX);
    sk_unpack_id(u, &out->notice);
    out->has_handover = sk_unpack_bool(u);
    sk_unpack_id(u, &out->handover.id);
}

enum sk_status sk_ledger_unpack(struct sk_engine *e, struct sk_bytes plain,
                                struct sk_ledger_entry *out)
{
    struct sk_unpack u = sk_unpack_start(plain);

    sk_ledger_start(out);
    sk_unpack_array(&u, RECORD_COUNT);
    sk_unpack_id(&u, &out->message.id);
    sk_unpack_id(&u, &out->participant.id);
    sk_unpack_id(&u, &out->event.id);
    out->type = sk_unpack_str(&u, 1, TEXT_MAX);
    sk_unpack_org(&u, &out->to);
    out->purpose = sk_unpack_str(&u, 1, TEXT_MAX);
    out->queued_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->number = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->sent_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->stored_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->read_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->state = (enum sk_ledger_state)sk_unpack_uint(&u, 0, SK_LEDGER_REFUSED);
    out->reason = sk_unpack_str(&u, 0, TEXT_MAX);
    unpack_fields(&u, out);
    unpack_rules(e, &u, out);
    unpack_terms(&u, out);
    SK_TRY(sk_unpack_finish(&u));
    return e->scratch.full ? SK_E_MEMORY : SK_OK;
}

/* What the partner confirmed since the record was written: one small record
   per receipt says it for all that the receipt covers. */
static enum sk_status settle(struct sk_engine *e, struct sk_ledger_entry *entry)
{
    enum sk_status status;

    if (entry->number == 0 || entry->stored_ms != 0 ||
        entry->state == SK_LEDGER_QUEUED || entry->state == SK_LEDGER_DROPPED)
        return SK_OK;
    status =
        sk_outbox_stored_at(e, &entry->to, entry->number, &entry->stored_ms);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    if (entry->state == SK_LEDGER_SENT)
        entry->state = SK_LEDGER_STORED;
    return SK_OK;
}

static size_t size_of_list(const struct sk_bytes *list, size_t count)
{
    size_t size = 3;

    for (size_t i = 0; i < count; i++)
        size += list[i].size + 3;
    return size;
}

/* At most so many bytes. */
static size_t size_of(const struct sk_ledger_entry *entry)
{
    size_t size = FIXED_SIZE_MAX;

    for (size_t i = 0; i < entry->fields_count; i++)
        size += entry->fields[i].name.size + entry->fields[i].level.size + 16;
    for (size_t i = 0; i < entry->rules_count; i++) {
        const struct sk_recall_rule *rule = &entry->rules[i];

        size += rule->id.size + 8 +
                size_of_list(rule->where, rule->where_count) +
                size_of_list(rule->fields, rule->fields_count);
    }
    return size + size_of_list(entry->consents.list, entry->consents.count);
}

bool sk_ledger_fits(const struct sk_ledger_entry *entry)
{
    return size_of(entry) <= RECORD_SIZE_MAX;
}

/* ------------------------------------------------------------- the table */

static struct sk_key entry_key(const struct sk_participant_id *participant,
                               const struct sk_message_id *message)
{
    struct sk_key key = sk_key_person(SK_T_LEDGER, &participant->id);

    sk_key_id(&key, &message->id);
    return key;
}

static struct sk_key index_key(const struct sk_message_id *message)
{
    struct sk_key key = sk_key_start(SK_T_LEDGER_OF);

    sk_key_id(&key, &message->id);
    return key;
}

enum sk_status sk_ledger_person(struct sk_engine *e,
                                const struct sk_message_id *id,
                                struct sk_participant_id *out)
{
    struct sk_key key = index_key(id);
    struct sk_bytes value;

    SK_TRY(sk_ready_settle(e));
    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value));
    if (value.size < SK_ID_SIZE)
        return SK_E_BAD_FORM;
    for (size_t i = 0; i < SK_ID_SIZE; i++)
        out->id.bytes[i] = value.data[i];
    return SK_OK;
}

enum sk_status sk_ledger_get(struct sk_engine *e,
                             const struct sk_message_id *id,
                             struct sk_ledger_entry *out)
{
    struct sk_participant_id participant;
    struct sk_key key;
    struct sk_bytes plain;

    SK_TRY(sk_ledger_person(e, id, &participant));
    key = entry_key(&participant, id);
    SK_TRY(sk_vault_get(e, &participant.id, sk_key_done(&key), &plain));
    SK_TRY(sk_ledger_unpack(e, plain, out));
    return settle(e, out);
}

/* Who it is about and whom it went to, without opening it: the index outlives
   the participant's key. */
static enum sk_status put_index(struct sk_engine *e,
                                const struct sk_message_id *message,
                                const struct sk_participant_id *participant,
                                const struct sk_org *to)
{
    struct sk_key key = index_key(message);
    uint8_t value[SK_ID_SIZE + SK_ORG_SIZE_MAX];
    struct sk_bytes org = sk_org_text(to);

    for (size_t i = 0; i < SK_ID_SIZE; i++)
        value[i] = participant->id.bytes[i];
    for (size_t i = 0; i < org.size; i++)
        value[SK_ID_SIZE + i] = org.data[i];
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                        (struct sk_bytes){value, SK_ID_SIZE + org.size});
}

enum sk_status sk_ledger_pack(struct sk_engine *e,
                              const struct sk_ledger_entry *entry,
                              struct sk_bytes *out)
{
    struct sk_pack p;

    if (!sk_ledger_fits(entry))
        return SK_E_TOO_LARGE;
    p = sk_scratch_pack(e, size_of(entry));
    pack_entry(&p, entry);
    return sk_scratch_packed(e, &p, out) == SK_OK ? SK_OK : SK_E_MEMORY;
}

static enum sk_status put_record(struct sk_engine *e,
                                 const struct sk_message_id *message,
                                 const struct sk_participant_id *participant,
                                 struct sk_bytes record)
{
    struct sk_key key = entry_key(participant, message);

    return sk_vault_put(e, &participant->id, sk_key_done(&key), record);
}

enum sk_status sk_ledger_put_packed(struct sk_engine *e,
                                    const struct sk_message_id *message,
                                    const struct sk_participant_id *participant,
                                    const struct sk_org *to,
                                    struct sk_bytes record)
{
    SK_TRY(put_record(e, message, participant, record));
    return put_index(e, message, participant, to);
}

enum sk_status sk_ledger_put(struct sk_engine *e,
                             const struct sk_ledger_entry *entry)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_bytes record;
    enum sk_status status;

    SK_TRY(sk_ledger_pack(e, entry, &record));
    status = put_record(e, &entry->message, &entry->participant, record);
    /* The index stays as it was first written. */
    if (status == SK_OK && entry->sent_ms == 0)
        status = put_index(e, &entry->message, &entry->participant, &entry->to);
    sk_wipe(e->scratch.data + mark, e->scratch.size - mark);
    sk_arena_reset(&e->scratch, mark);
    return status;
}

/* Open one row of the table, as fn gets it. */
static enum sk_status open_row(struct sk_engine *e,
                               const struct sk_participant_id *id,
                               struct sk_bytes key, struct sk_bytes sealed,
                               struct sk_ledger_entry *out)
{
    struct sk_bytes plain;

    SK_TRY(sk_vault_open(e, &id->id, key, sealed, &plain));
    SK_TRY(sk_ledger_unpack(e, plain, out));
    return settle(e, out);
}

/* Of this record, not of the store or of memory. */
static bool is_broken(enum sk_status status)
{
    return status != SK_OK && status != SK_E_FULL && status != SK_E_IO &&
           status != SK_E_MEMORY;
}

enum sk_status
sk_ledger_page(struct sk_engine *e, const struct sk_participant_id *id,
               struct sk_ledger_page *page,
               enum sk_status (*fn)(void *context, struct sk_ledger_entry *),
               void *context)
{
    struct sk_key prefix = sk_key_person(SK_T_LEDGER, &id->id);
    struct sk_key from = entry_key(id, &page->after);
    struct sk_ledger_entry *entry = sk_arena_get(&e->scratch, sizeof(*entry));
    struct sk_scan scan;

    if (entry == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_ready_settle(e));
    scan = sk_scan_after(e->store, SK_SPACE_DATA, sk_key_done(&prefix),
                         sk_key_done(&from));
    page->more = false;
    for (size_t count = 0;; count++) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_bytes key;
        struct sk_bytes sealed;
        enum sk_status status = sk_scan_next(&scan, &key, &sealed);

        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        if (count == page->most) {
            page->more = true;
            return SK_OK;
        }
        assert(key.size == prefix.size + SK_ID_SIZE);
        memcpy(page->after.id.bytes, key.data + prefix.size, SK_ID_SIZE);
        status = open_row(e, id, key, sealed, entry);
        if (status == SK_OK)
            status = fn(context, entry);
        else if (page->passes && is_broken(status))
            status = SK_OK;
        SK_TRY(status);
        sk_arena_reset(&e->scratch, mark);
    }
}

enum sk_status
sk_ledger_each(struct sk_engine *e, const struct sk_participant_id *id,
               enum sk_status (*fn)(void *context, struct sk_ledger_entry *),
               void *context)
{
    struct sk_ledger_page page = {.most = SIZE_MAX};

    return sk_ledger_page(e, id, &page, fn, context);
}

enum sk_status sk_ledger_count(struct sk_engine *e,
                               const struct sk_participant_id *id, size_t most,
                               size_t *out)
{
    struct sk_key prefix = sk_key_person(SK_T_LEDGER, &id->id);
    struct sk_bytes key;
    struct sk_bytes value;
    struct sk_scan scan;
    enum sk_status status = SK_OK;

    SK_TRY(sk_ready_settle(e));
    scan = sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    for (*out = 0; *out < most && status == SK_OK;) {
        status = sk_scan_next(&scan, &key, &value);
        if (status == SK_OK)
            (*out)++;
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

bool sk_ledger_is_out(const struct sk_engine *e,
                      const struct sk_ledger_entry *entry)
{
    return (entry->state == SK_LEDGER_SENT ||
            entry->state == SK_LEDGER_STORED ||
            entry->state == SK_LEDGER_READ ||
            entry->state == SK_LEDGER_ACCEPTED ||
            (entry->state == SK_LEDGER_REFUSED && entry->sent_ms != 0)) &&
           entry->erase_by > sk_today(e);
}

bool sk_ledger_waits(const struct sk_ledger_entry *entry)
{
    return entry->state == SK_LEDGER_QUEUED || entry->state == SK_LEDGER_SENT;
}

enum sk_status sk_ledger_drop(struct sk_engine *e,
                              struct sk_ledger_entry *entry, const char *reason)
{
    assert(entry->state == SK_LEDGER_QUEUED);

    entry->state = SK_LEDGER_DROPPED;
    entry->reason = sk_text(reason);
    SK_TRY(sk_ledger_put(e, entry));
    SK_TRY(sk_log_add(e, &entry->to, SK_COUNT_EVENTS, -1));
    return sk_handover_dropped(e, entry);
}

/* ------------------------------------------------------------- the views */

static const char *state_text(enum sk_ledger_state state)
{
    switch (state) {
    case SK_LEDGER_QUEUED:
        return "queued";
    case SK_LEDGER_SENT:
        return "sent";
    case SK_LEDGER_STORED:
        return "stored";
    case SK_LEDGER_READ:
        return "read";
    case SK_LEDGER_ACCEPTED:
        return "accepted";
    case SK_LEDGER_DROPPED:
        return "dropped";
    case SK_LEDGER_REFUSED:
        break;
    }
    return "refused";
}

static const char *recall_text(enum sk_ledger_recall recall)
{
    switch (recall) {
    case SK_RECALL_NONE:
        return "none";
    case SK_RECALL_ASKED:
        return "asked";
    case SK_RECALL_CONFIRMED:
        return "confirmed";
    case SK_RECALL_KEPT:
        break;
    }
    return "kept";
}

static void view_fields(struct sk_pack *p, const struct sk_ledger_entry *entry)
{
    sk_pack_cstr(p, "fields");
    sk_pack_array(p, entry->fields_count);
    for (size_t i = 0; i < entry->fields_count; i++) {
        const struct sk_ledger_field *field = &entry->fields[i];

        sk_pack_map(p, field->recalled ? 4 : 3);
        sk_reply_text(p, "field", field->name);
        sk_reply_text(p, "level", field->level);
        sk_reply_cstr(p, "outcome",
                      field->withheld == SK_SENT
                          ? "sent"
                          : sk_withheld_text(field->withheld));
        if (field->recalled)
            sk_reply_bool(p, "recalled", true);
    }
}

static size_t view_recall(struct sk_pack *p,
                          const struct sk_ledger_entry *entry)
{
    size_t at;
    size_t count = 0;

    sk_reply_cstr(p, "recall", recall_text(entry->recall));
    if (entry->recall == SK_RECALL_NONE || entry->recall_all)
        return 1;
    sk_pack_cstr(p, "recall_fields");
    at = sk_reply_open(p);
    for (size_t i = 0; i < entry->fields_count; i++) {
        if (!entry->fields[i].recalled)
            continue;
        sk_pack_str(p, entry->fields[i].name);
        count++;
    }
    sk_reply_close_array(p, at, count);
    return 2;
}

/* Keys `answered` to `message`. */
static enum sk_status view_first(struct sk_engine *e, struct sk_pack *p,
                                 const struct sk_ledger_entry *entry,
                                 size_t *total)
{
    size_t count = 4;

    if (entry->answered_ms != 0) {
        sk_reply_instant(p, "answered", entry->answered_ms);
        count++;
    }
    sk_pack_cstr(p, "consents");
    pack_list(p, entry->consents.list, entry->consents.count);
    SK_TRY(sk_corrections_pack(e, entry, p, &count));
    sk_reply_day(p, "erase_by", entry->erase_by);
    sk_reply_id(p, "event", &entry->event.id);
    view_fields(p, entry);
    if (entry->has_handover) {
        sk_reply_id(p, "handover", &entry->handover.id);
        count++;
    }
    if (entry->keep_until.size > 0) {
        sk_reply_text(p, "keep_until", entry->keep_until);
        count++;
    }
    if (entry->law_reference.size > 0) {
        sk_reply_text(p, "law_reference", entry->law_reference);
        count++;
    }
    *total = count;
    return SK_OK;
}

static size_t view_instant(struct sk_pack *p, const char *key, uint64_t ms)
{
    if (ms == 0)
        return 0;
    sk_reply_instant(p, key, ms);
    return 1;
}

static enum sk_status view(struct sk_engine *e,
                           const struct sk_ledger_entry *entry,
                           struct sk_pack *p)
{
    const char *replay = sk_replay_answer(e, &entry->message);
    size_t at = sk_reply_open(p);
    size_t count = 0;

    SK_TRY(view_first(e, p, entry, &count));
    sk_reply_id(p, "message", &entry->message.id);
    sk_reply_text(p, "policy", entry->policy);
    sk_reply_text(p, "purpose", entry->purpose);
    sk_reply_instant(p, "queued", entry->queued_ms);
    count += 4 + view_instant(p, "read", entry->read_ms);
    if (entry->reason.size > 0) {
        sk_reply_text(p, "reason", entry->reason);
        count++;
    }
    count += view_recall(p, entry);
    if (replay != NULL) {
        sk_reply_cstr(p, "replay", replay);
        count++;
    }
    sk_pack_cstr(p, "rules");
    sk_pack_array(p, entry->rules_count);
    for (size_t i = 0; i < entry->rules_count; i++)
        sk_pack_str(p, entry->rules[i].id);
    count += 1 + view_instant(p, "sent", entry->sent_ms);
    sk_reply_cstr(p, "state", state_text(entry->state));
    count += 1 + view_instant(p, "stored", entry->stored_ms);
    sk_reply_text(p, "to", sk_org_text(&entry->to));
    sk_reply_text(p, "type", entry->type);
    count += 2;
    sk_reply_close_map(p, at, count);
    return SK_OK;
}

/* So many are read before the room that is left is looked at. */
#define LIST_STEP 16
#define LIST_FULL (SK_CONTROL_SIZE_MAX - (LIST_STEP + 1) * RECORD_SIZE_MAX)

struct listing {
    struct sk_engine *e;
    size_t count;
};

static enum sk_status list_one(void *context, struct sk_ledger_entry *entry)
{
    struct listing *listing = context;

    listing->count++;
    return view(listing->e, entry, &listing->e->reply);
}

enum sk_status sk_op_disclosure_list(struct sk_engine *e, struct sk_value args)
{
    struct sk_participant_id id;
    struct sk_ledger_page page = {.more = true};
    struct listing listing = {.e = e};
    size_t limit;
    size_t top;
    size_t at;

    SK_TRY(sk_arg_participant(e, args, &id));
    SK_TRY(sk_arg_limit(e, args, &limit));
    (void)sk_arg_id(args, "after", &page.after.id);
    top = sk_reply_open(&e->reply);
    sk_pack_cstr(&e->reply, "disclosures");
    at = sk_reply_open(&e->reply);
    while (page.more && listing.count < limit && e->reply.size < LIST_FULL) {
        size_t left = limit - listing.count;

        page.most = left < LIST_STEP ? left : LIST_STEP;
        SK_TRY(sk_ledger_page(e, &id, &page, list_one, &listing));
    }
    sk_reply_close_array(&e->reply, at, listing.count);
    sk_reply_close_page(e, top, 1, page.more ? &page.after.id : NULL);
    return SK_OK;
}

enum sk_status sk_op_message_show(struct sk_engine *e, struct sk_value args)
{
    struct sk_message_id id;
    struct sk_ledger_entry *entry = sk_arena_get(&e->scratch, sizeof(*entry));
    enum sk_status status = SK_E_NOT_FOUND;

    if (entry == NULL)
        return SK_E_MEMORY;
    if (sk_arg_id(args, "message", &id.id))
        status = sk_ledger_get(e, &id, entry);
    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "unknown-message", "message", (struct sk_bytes){0});
    SK_TRY(status);
    return view(e, entry, &e->reply);
}
