#include "node/engine/notice.h"

#include <string.h>

#include "node/engine/journal.h"
#include "node/engine/ledger.h"
#include "node/engine/rights.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/timer.h"
#include "node/engine/withdraw.h"
#include "protocol/unpack.h"

#define RECORD_SIZE_MAX ((size_t)16 * 1024)

struct notice_out {
    struct sk_org to;
    struct sk_participant_id participant;
    struct sk_consent_id withdrawal;
    uint64_t at_ms;
    uint64_t answered_ms;
    struct sk_message_id messages[SK_NOTICE_MESSAGES_MAX]; /* unanswered */
    size_t messages_count;
};

static struct sk_key notice_key(const struct sk_id *notice)
{
    struct sk_key key = sk_key_start(SK_T_NOTICE_OUT);

    sk_key_id(&key, notice);
    return key;
}

static struct sk_key waits_key(const struct sk_org *to)
{
    struct sk_key key = sk_key_start(SK_T_NOTICE_WAITS);

    sk_key_org(&key, to);
    return key;
}

static enum sk_status put_waits(struct sk_engine *e, const struct sk_id *notice,
                                const struct notice_out *record)
{
    struct sk_key key = waits_key(&record->to);

    sk_key_id(&key, notice);
    if (record->answered_ms != 0)
        return sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key));
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                        (struct sk_bytes){0});
}

static enum sk_status put(struct sk_engine *e, const struct sk_id *notice,
                          const struct notice_out *record)
{
    struct sk_pack p = sk_scratch_pack(e, RECORD_SIZE_MAX);
    struct sk_key key = notice_key(notice);
    struct sk_bytes value;

    sk_pack_array(&p, 6);
    sk_pack_str(&p, sk_org_text(&record->to));
    sk_pack_id(&p, &record->participant.id);
    sk_pack_id(&p, &record->withdrawal.id);
    sk_pack_uint(&p, record->at_ms);
    sk_pack_uint(&p, record->answered_ms);
    sk_pack_array(&p, record->messages_count);
    for (size_t i = 0; i < record->messages_count; i++)
        sk_pack_id(&p, &record->messages[i].id);
    if (sk_scratch_packed(e, &p, &value) != SK_OK)
        return SK_E_MEMORY;
    SK_TRY(put_waits(e, notice, record));
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), value);
}

static enum sk_status get(struct sk_engine *e, const struct sk_id *notice,
                          struct notice_out *out)
{
    struct sk_key key = notice_key(notice);
    struct sk_bytes value;
    struct sk_unpack u;

    *out = (struct notice_out){0};
    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value));
    u = sk_unpack_start(value);
    sk_unpack_array(&u, 6);
    sk_unpack_org(&u, &out->to);
    sk_unpack_id(&u, &out->participant.id);
    sk_unpack_id(&u, &out->withdrawal.id);
    out->at_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->answered_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->messages_count = sk_unpack_array_upto(&u, 0, SK_NOTICE_MESSAGES_MAX);
    for (size_t i = 0; i < out->messages_count; i++)
        sk_unpack_id(&u, &out->messages[i].id);
    return sk_unpack_finish(&u);
}

enum sk_status sk_notice_out_put(struct sk_engine *e, const struct sk_org *to,
                                 const struct sk_participant_id *participant,
                                 const struct sk_consent_id *withdrawal,
                                 const struct sk_item_withdrawn *notice,
                                 bool sealed)
{
    struct notice_out record = {.to = *to,
                                .participant = *participant,
                                .withdrawal = *withdrawal,
                                .at_ms = notice->at_ms};
    struct sk_entry entry;

    assert(notice->entries_count <= SK_NOTICE_MESSAGES_MAX);

    for (size_t i = 0; i < notice->entries_count; i++)
        record.messages[record.messages_count++] = notice->entries[i].message;
    SK_TRY(put(e, &notice->notice, &record));
    entry = sk_entry_start(e, SK_ENTRY_RECALL_SENT, to);
    sk_entry_id(&entry, &notice->notice);
    sk_entry_number(&entry, notice->entries_count);
    SK_TRY(sk_journal_add(e, &entry));
    return sk_timers_recall(e, participant, withdrawal, to, &notice->notice,
                            sealed);
}

void sk_notice_pack_messages(struct sk_pack *p,
                             const struct sk_item_entry *entries, size_t count)
{
    sk_pack_cstr(p, "messages");
    sk_pack_map(p, count);
    for (size_t i = 0; i < count; i++) {
        char text[SK_ID_TEXT_SIZE + 1];

        sk_id_format(&entries[i].message.id, text);
        sk_pack_cstr(p, text);
        if (entries[i].all) {
            sk_pack_cstr(p, "all");
            continue;
        }
        sk_pack_array(p, entries[i].fields.count);
        for (size_t f = 0; f < entries[i].fields.count; f++)
            sk_pack_str(p, entries[i].fields.list[f]);
    }
}

enum sk_status sk_notice_waiting(struct sk_engine *e, const struct sk_org *to,
                                 uint64_t *count)
{
    struct sk_key prefix = waits_key(to);

    return sk_store_count(e->store, SK_SPACE_DATA, sk_key_done(&prefix), count);
}

/* ------------------------------------------------------------- the answer */

/* CONSENT 5.6: it erased, or keeps, a message that nobody asked back.  One
   that was asked back meanwhile waits for the answer to that. */
static enum sk_status unasked_message(struct sk_engine *e,
                                      const struct sk_org *from,
                                      const struct sk_message_id *message,
                                      const struct sk_item *item)
{
    struct sk_ledger_entry *entry = sk_arena_get(&e->scratch, sizeof(*entry));
    enum sk_status status;

    if (entry == NULL)
        return SK_E_MEMORY;
    status = sk_ledger_get(e, message, entry);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    if (!sk_org_equal(&entry->to, from) || entry->sent_ms == 0 ||
        entry->recall == SK_RECALL_ASKED)
        return SK_OK;
    entry->answered_ms = e->now_ms;
    entry->law_reference = (struct sk_bytes){0};
    entry->keep_until = (struct sk_bytes){0};
    if (item->kind == SK_ITEM_KEPT) {
        entry->recall = SK_RECALL_KEPT;
        entry->law_reference = item->answer.law_reference;
        entry->keep_until = item->answer.keep_until;
        return sk_ledger_put(e, entry);
    }
    entry->recall = SK_RECALL_CONFIRMED;
    entry->recall_all = true;
    for (size_t i = 0; i < entry->fields_count; i++)
        entry->fields[i].recalled = entry->fields[i].withheld == SK_SENT;
    return sk_ledger_put(e, entry);
}

static enum sk_status unasked(struct sk_engine *e, const struct sk_org *from,
                              const struct sk_item *item)
{
    const struct sk_item_answer *answer = &item->answer;

    for (size_t i = 0; i < answer->messages_count; i++) {
        size_t mark = sk_arena_mark(&e->scratch);

        SK_TRY(unasked_message(e, from, &answer->messages[i], item));
        sk_arena_reset(&e->scratch, mark);
    }
    return SK_OK;
}

/* What one message's ledger learns of the answer.  A newer notice about the
   same message still waits for its own. */
static enum sk_status answer_message(struct sk_engine *e,
                                     const struct sk_message_id *message,
                                     const struct sk_item *item)
{
    struct sk_ledger_entry *entry = sk_arena_get(&e->scratch, sizeof(*entry));
    const struct sk_item_answer *answer = &item->answer;
    enum sk_status status;

    if (entry == NULL)
        return SK_E_MEMORY;
    status = sk_ledger_get(e, message, entry);
    if (status == SK_E_NOT_FOUND)
        return SK_OK; /* the participant was erased here */
    SK_TRY(status);
    if (!sk_id_equal(&entry->notice, &answer->notice))
        return SK_OK;
    entry->answered_ms = e->now_ms;
    entry->recall = SK_RECALL_CONFIRMED;
    if (item->kind == SK_ITEM_KEPT) {
        entry->recall = SK_RECALL_KEPT;
        entry->law_reference = answer->law_reference;
        entry->keep_until = answer->keep_until;
    }
    return sk_ledger_put(e, entry);
}

static bool take(struct notice_out *record, const struct sk_message_id *message)
{
    for (size_t i = 0; i < record->messages_count; i++) {
        if (!sk_id_equal(&record->messages[i].id, &message->id))
            continue;
        record->messages[i] = record->messages[--record->messages_count];
        return true;
    }
    return false;
}

enum sk_status sk_withdraw_answer(struct sk_engine *e,
                                  const struct sk_org *from,
                                  const struct sk_item *item,
                                  const char **refusal)
{
    const struct sk_item_answer *answer = &item->answer;
    struct notice_out record;
    size_t mark = sk_arena_mark(&e->scratch);
    enum sk_status status;
    struct sk_entry entry;

    *refusal = NULL;
    if (sk_id_is_zero(&answer->notice))
        return unasked(e, from, item);
    status = get(e, &answer->notice, &record);
    if (status == SK_OK && !sk_org_equal(&record.to, from))
        status = SK_E_NOT_FOUND;
    if (status == SK_E_NOT_FOUND) {
        *refusal = "unknown-notice";
        return SK_OK;
    }
    SK_TRY(status);
    entry = sk_entry_start(e, SK_ENTRY_ANSWER_TAKEN, from);
    sk_entry_id(&entry, &answer->notice);
    sk_entry_number(&entry, answer->messages_count);
    entry.word = sk_text(item->kind == SK_ITEM_KEPT ? "kept" : "erased");
    SK_TRY(sk_journal_add(e, &entry));
    for (size_t i = 0; i < answer->messages_count; i++) {
        if (!take(&record, &answer->messages[i]))
            continue;
        SK_TRY(answer_message(e, &answer->messages[i], item));
        sk_arena_reset(&e->scratch, mark);
    }
    SK_TRY(sk_erasure_answered(e, &record.participant, item));
    if (record.messages_count == 0 && record.answered_ms == 0) {
        record.answered_ms = e->now_ms;
        SK_TRY(sk_timers_answered(e, &record.participant, &answer->notice));
    }
    return put(e, &answer->notice, &record);
}
