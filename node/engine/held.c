#include "node/engine/restored.h"

#include <string.h>

#include "node/engine/apply.h"
#include "node/engine/inbox.h"
#include "node/engine/journal.h"
#include "node/engine/ledger.h"
#include "node/engine/outbox.h"
#include "node/engine/participant.h"
#include "node/engine/relation.h"
#include "node/engine/rights.h"
#include "node/engine/state.h"
#include "policies/civil.h"

/* Answers to one ASKED.  A partner that asks for more than this was away for
   longer than its backups should be. */
#define HELD_MAX 10000
/* With more than this waiting for it, it is not told more. */
#define WAITING_MAX 10000

/* ------------------------------------------------------------- the asker */

enum sk_status sk_held_restart(struct sk_engine *e, const struct sk_org *to,
                               struct sk_log *log, uint64_t incarnation)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_item *item = sk_item_new(e, SK_ITEM_ASKED, 0);
    struct sk_entry entry = sk_entry_start(e, SK_ENTRY_INCARNATION, to);

    if (item == NULL)
        return SK_E_MEMORY;
    item->asked.incarnation = log->incarnation;
    item->asked.after = log->stored - log->base;
    sk_entry_number(&entry, incarnation);
    SK_TRY(sk_journal_add(e, &entry));
    sk_log_restart(log, incarnation, log->stored);
    SK_TRY(sk_log_put(e, to, log));
    SK_TRY(sk_outbox_item(e, to, item));
    sk_arena_reset(&e->scratch, mark);
    return sk_log_get(e, to, log);
}

static bool is_believable(const struct sk_engine *e,
                          const struct sk_item_event *event)
{
    const struct sk_vocabulary *v = sk_bundle_vocabulary(e->bundle);

    return sk_vocabulary_purpose(v, event->purpose) != SK_NONE &&
           event->fields_count <= SK_EVENT_FIELDS_MAX &&
           sk_words_are_known(v, event);
}

/* What a recall will ask (CONSENT 4.3).  Which rule gave which field is lost:
   each may have given all.  A rule that is gone counts as a strict one. */
static enum sk_status fill_rules(struct sk_engine *e,
                                 const struct sk_item_event *event,
                                 struct sk_ledger_entry *entry)
{
    struct sk_bytes *names = sk_arena_get_array(
        &e->scratch, event->fields_count + 1, sizeof(*names));

    if (names == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < event->fields_count; i++)
        names[i] = event->fields[i].name;
    entry->rules_count = event->rules.count;
    for (size_t i = 0; i < event->rules.count; i++) {
        struct sk_rule_view rule = {.explicit_consent = true};

        (void)sk_bundle_rule(e->bundle, event->rules.list[i], &rule);
        entry->rules[i] =
            (struct sk_recall_rule){.id = event->rules.list[i],
                                    .explicit_consent = rule.explicit_consent,
                                    .fields = names,
                                    .fields_count = event->fields_count};
    }
    return SK_OK;
}

static enum sk_status fill_consents(struct sk_engine *e,
                                    const struct sk_item_event *event,
                                    struct sk_ledger_entry *entry)
{
    for (size_t i = 0; i < event->consents_count; i++) {
        char *text = sk_arena_get(&e->scratch, SK_ID_TEXT_SIZE + 1);

        if (text == NULL)
            return SK_E_MEMORY;
        sk_id_format(&event->consents[i].id, text);
        entry->consents.list[i] = sk_text(text);
    }
    entry->consents.count = event->consents_count;
    return SK_OK;
}

/* What it showed, as the partner tells. */
static enum sk_status fill_entry(struct sk_engine *e,
                                 const struct sk_item_held *held,
                                 struct sk_ledger_entry *entry)
{
    const struct sk_item_event *event = &held->event;

    entry->fields_count = event->fields_count;
    for (size_t i = 0; i < event->fields_count; i++)
        entry->fields[i] =
            (struct sk_ledger_field){.name = event->fields[i].name,
                                     .withheld = SK_SENT,
                                     .level = event->fields[i].level};
    SK_TRY(fill_rules(e, event, entry));
    SK_TRY(fill_consents(e, event, entry));
    entry->policy = event->policy;
    if (!sk_day_parse(event->erase_by, &entry->erase_by))
        return SK_E_BAD_VALUE;
    entry->erase = event->erase;
    entry->within_days = (uint32_t)event->within_days;
    entry->has_handover = event->has_handover;
    entry->handover = event->handover;
    return SK_OK;
}

static enum sk_status write_entry(struct sk_engine *e,
                                  const struct sk_org *from,
                                  const struct sk_item_held *held,
                                  const struct sk_participant_id *participant)
{
    const struct sk_item_event *event = &held->event;
    struct sk_ledger_entry *entry = sk_arena_get(&e->scratch, sizeof(*entry));
    uint64_t at_ms = sk_partner_ms(e, held->at_ms);

    if (entry == NULL)
        return SK_E_MEMORY;
    entry->message = event->message;
    entry->participant = *participant;
    entry->type = event->type;
    entry->to = *from;
    entry->purpose = event->purpose;
    entry->queued_ms = at_ms;
    entry->state = SK_LEDGER_QUEUED;
    SK_TRY(fill_entry(e, held, entry));
    /* The index of the ledger is written with an entry that never left. */
    SK_TRY(sk_ledger_put(e, entry));
    entry->state = SK_LEDGER_STORED;
    entry->sent_ms = at_ms;
    entry->stored_ms = at_ms;
    SK_TRY(sk_ledger_put(e, entry));
    return sk_held_recall(e, participant, from, event);
}

/* It is in the ledger: then it arrived, whatever the ledger thought.  What was
   dropped before it was known that it had left is asked back now (I7). */
static enum sk_status confirm_entry(struct sk_engine *e,
                                    const struct sk_org *from,
                                    const struct sk_item_held *held,
                                    struct sk_ledger_entry *entry)
{
    uint64_t at_ms = sk_partner_ms(e, held->at_ms);

    if (!sk_org_equal(&entry->to, from) || entry->stored_ms != 0 ||
        (entry->state != SK_LEDGER_QUEUED && entry->state != SK_LEDGER_SENT &&
         entry->state != SK_LEDGER_DROPPED))
        return SK_OK;
    if (entry->sent_ms == 0) {
        SK_TRY(fill_entry(e, held, entry));
        entry->sent_ms = at_ms;
    }
    entry->state = SK_LEDGER_STORED;
    entry->stored_ms = at_ms;
    entry->reason = (struct sk_bytes){0};
    SK_TRY(sk_ledger_put(e, entry));
    return sk_held_recall(e, &entry->participant, from, &held->event);
}

enum sk_status sk_held_apply(struct sk_engine *e, const struct sk_org *from,
                             const struct sk_item_held *held,
                             const char **refusal)
{
    struct sk_ledger_entry *entry = sk_arena_get(&e->scratch, sizeof(*entry));
    struct sk_participant_id participant;
    struct sk_log log;
    enum sk_status status;

    if (entry == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_log_get(e, from, &log));
    /* We never asked. */
    if (log.incarnation == 1) {
        *refusal = "wrong-state";
        return SK_OK;
    }
    if (!is_believable(e, &held->event)) {
        *refusal = "malformed-item";
        return SK_OK;
    }
    status = sk_ledger_get(e, &held->event.message, entry);
    if (status == SK_OK)
        return confirm_entry(e, from, held, entry);
    if (status != SK_E_NOT_FOUND)
        return status;
    status = sk_handle_own(e, from, &held->event.handle, &participant);
    if (status == SK_E_NOT_FOUND) {
        *refusal = "unknown-handle";
        return SK_OK;
    }
    SK_TRY(status);
    status = sk_participant_exists(e, &participant);
    if (status == SK_E_NOT_FOUND)
        return sk_erasure_held(e, from, &participant, &held->event, refusal);
    SK_TRY(status);
    return write_entry(e, from, held, &participant);
}

/* ------------------------------------------------------------- the asked */

/* One message: what it showed, without what it said. */
static enum sk_status tell_one(struct sk_engine *e, const struct sk_org *from,
                               const struct sk_message_id *id, size_t *count)
{
    struct sk_inbox_entry *entry = sk_arena_get(&e->scratch, sizeof(*entry));
    struct sk_item *item;
    const char *gone;
    enum sk_status status;

    if (entry == NULL)
        return SK_E_MEMORY;
    status = sk_inbox_get(e, id, entry);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    SK_TRY(sk_inbox_gone(e, from, id, &gone));
    if (gone != NULL || entry->collective)
        return SK_OK;
    item = sk_item_new(e, SK_ITEM_HELD, entry->event->fields_count);
    if (item == NULL)
        return SK_E_MEMORY;
    memcpy(&item->held.event, entry->event, sk_item_event_size(entry->event));
    item->held.at_ms = entry->received_ms;
    (*count)++;
    return sk_outbox_item(e, from, item);
}

enum sk_status sk_held_tell(struct sk_engine *e, const struct sk_org *from,
                            const struct sk_item_asked *asked,
                            const char **refusal)
{
    struct sk_scan scan =
        sk_inbox_behind(e, from, asked->incarnation, asked->after);
    struct sk_bytes key;
    struct sk_bytes value;
    struct sk_log log;
    size_t count = 0;

    SK_TRY(sk_log_get(e, from, &log));
    /* Once per incarnation, or asking would be a way to fill our queue. */
    if (asked->incarnation >= log.peer_incarnation ||
        log.told == log.peer_incarnation) {
        *refusal = "wrong-state";
        return SK_OK;
    }
    if (log.head - log.stored > WAITING_MAX) {
        *refusal = "busy";
        return SK_OK;
    }
    log.told = log.peer_incarnation;
    SK_TRY(sk_log_put(e, from, &log));
    while (count < HELD_MAX) {
        size_t mark = sk_arena_mark(&e->scratch);
        enum sk_status status = sk_scan_next(&scan, &key, &value);
        struct sk_message_id id;

        if (status == SK_E_NOT_FOUND)
            break;
        SK_TRY(status);
        if (value.size != SK_ID_SIZE)
            return SK_E_IO;
        for (size_t i = 0; i < SK_ID_SIZE; i++)
            id.id.bytes[i] = value.data[i];
        SK_TRY(tell_one(e, from, &id, &count));
        sk_arena_reset(&e->scratch, mark);
    }
    return sk_taken_tell(e, from, asked, HELD_MAX - count);
}
