#include "node/engine/withdraw.h"

#include <string.h>

#include "node/engine/consent.h"
#include "node/engine/inbox.h"
#include "node/engine/journal.h"
#include "node/engine/ops.h"
#include "node/engine/outbox.h"
#include "node/engine/participant.h"
#include "node/engine/relation.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/vault.h"

/*
 * A withdrawal that was said at a partner which holds data about the person:
 * that partner passes it on, the owner records it as its own.  CONSENT 4.1
 */

/* What the owner's recall would tell a user, when no user asked. */
#define UNREAD_SIZE_MAX ((size_t)256 * 1024)

#define MARK_SIZE 16
#define MARKS_COUNT SK_TOLD_MAX

static const char context_mark[] = "schakel/told/mark/1";

/* ------------------------------------------------------------- pass it on */

/* Sorted, without doubles, as an item has it.  False: too many. */
static bool fill_words(const struct sk_bytes *list, size_t count,
                       struct sk_words *out)
{
    assert(list != NULL || count == 0);

    out->count = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;

        while (at < out->count && sk_bytes_compare(out->list[at], list[i]) < 0)
            at++;
        if (at < out->count && sk_bytes_equal(out->list[at], list[i]))
            continue;
        if (out->count == SK_ITEM_WORDS_MAX)
            return false;
        for (size_t j = out->count; j > at; j--)
            out->list[j] = out->list[j - 1];
        out->list[at] = list[i];
        out->count++;
    }
    return true;
}

static bool fill_told(const struct sk_fact_consent *fact,
                      struct sk_item_told *out)
{
    out->purposes_all = fact->purposes == NULL;
    out->recipients_all = fact->recipients == NULL;
    out->categories_all = fact->categories == NULL;
    out->given_by = fact->given_by;
    return fill_words(fact->purposes, fact->purposes_count, &out->purposes) &&
           fill_words(fact->recipients, fact->recipients_count,
                      &out->recipients) &&
           fill_words(fact->categories, fact->categories_count,
                      &out->categories);
}

enum sk_status sk_op_inbox_withdraw(struct sk_engine *e, struct sk_value args)
{
    struct sk_consent_record record = {0};
    struct sk_item *item = sk_item_new(e, SK_ITEM_TOLD, 0);
    struct sk_inbox_entry *entry;
    struct sk_entry told;

    if (item == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_arg_message(e, args, &entry));
    if (e->bundle == NULL)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    if (entry->collective)
        return sk_refuse(e, "wrong-state", "message", (struct sk_bytes){0});
    SK_TRY(sk_consent_scope(e, args, &record));
    item->told.handle = entry->event->handle;
    item->told.at_ms = e->now_ms;
    if (!fill_told(&record.fact, &item->told))
        return sk_refuse(e, "too-large", NULL, (struct sk_bytes){0});
    SK_TRY(sk_outbox_item(e, &entry->from, item));
    told = sk_entry_start(e, SK_ENTRY_TOLD, &entry->from);
    sk_entry_id(&told, &entry->message.id);
    SK_TRY(sk_journal_add(e, &told));
    sk_pack_map(&e->reply, 3);
    sk_reply_instant(&e->reply, "at", e->now_ms);
    sk_reply_id(&e->reply, "message", &entry->message.id);
    sk_reply_text(&e->reply, "to", sk_org_text(&entry->from));
    return SK_OK;
}

/* ------------------------------------------------------------- the owner */

static const struct sk_bytes *list_of(bool all, const struct sk_words *words)
{
    return all ? NULL : words->list;
}

/* It counts from now on, whatever the partner's clock says: I7.  A word that
   is not known here yet speaks for nothing; the others do. */
static void fill_record(const struct sk_engine *e,
                        const struct sk_participant_id *participant,
                        const struct sk_org *from,
                        const struct sk_item_told *told,
                        struct sk_consent_record *out)
{
    *out = (struct sk_consent_record){
        .participant = *participant,
        .told_by = sk_org_text(from),
        .fact = {.state = sk_text("withdrawn"),
                 .at = sk_instant(e),
                 .until = INT64_MIN,
                 .purposes = list_of(told->purposes_all, &told->purposes),
                 .purposes_count = told->purposes.count,
                 .recipients = list_of(told->recipients_all, &told->recipients),
                 .recipients_count = told->recipients.count,
                 .categories = list_of(told->categories_all, &told->categories),
                 .categories_count = told->categories.count,
                 .given_by = told->given_by},
    };
}

/* ------------------------------------------------------------- said before
 * A partner that went back to a backup sends its log again.  What was taken
 * back and then given anew must not fall to the old word: SK_T_TOLD has a mark
 * of the last MARKS_COUNT items, oldest first. */

static struct sk_key marks_key(const struct sk_participant_id *participant,
                               const struct sk_org *from)
{
    struct sk_key key = sk_key_person(SK_T_TOLD, &participant->id);

    sk_key_org(&key, from);
    return key;
}

struct marks {
    uint8_t bytes[MARKS_COUNT * MARK_SIZE];
    size_t size;
};

static enum sk_status get_marks(struct sk_engine *e,
                                const struct sk_participant_id *participant,
                                const struct sk_org *from, struct marks *out)
{
    struct sk_key key = marks_key(participant, from);
    struct sk_bytes plain = {0};
    enum sk_status status =
        sk_vault_get(e, &participant->id, sk_key_done(&key), &plain);

    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    /* Not ours: as if there were none, and the word counts (I7). */
    if (status != SK_OK || plain.size > sizeof(out->bytes) ||
        plain.size % MARK_SIZE != 0)
        plain.size = 0;
    out->size = plain.size;
    if (plain.size > 0)
        memcpy(out->bytes, plain.data, plain.size);
    return SK_OK;
}

static bool has_mark(const struct marks *marks, const struct sk_hash *hash)
{
    for (size_t i = 0; i < marks->size; i += MARK_SIZE)
        if (memcmp(marks->bytes + i, hash->bytes, MARK_SIZE) == 0)
            return true;
    return false;
}

static enum sk_status add_mark(struct sk_engine *e,
                               const struct sk_participant_id *participant,
                               const struct sk_org *from, struct marks *marks,
                               const struct sk_hash *hash)
{
    struct sk_key key = marks_key(participant, from);

    if (marks->size == sizeof(marks->bytes)) {
        marks->size -= MARK_SIZE;
        memmove(marks->bytes, marks->bytes + MARK_SIZE, marks->size);
    }
    memcpy(marks->bytes + marks->size, hash->bytes, MARK_SIZE);
    marks->size += MARK_SIZE;
    return sk_vault_put(e, &participant->id, sk_key_done(&key),
                        (struct sk_bytes){marks->bytes, marks->size});
}

/* ------------------------------------------------------------- what it adds */

struct looking {
    const struct sk_consent_record *told;
    bool covered; /* all of it was withdrawn, and nothing given since */
    size_t count; /* that this partner told of this person */
};

static enum sk_status look(void *context, const struct sk_consent_record *one)
{
    struct looking *looking = context;
    const struct sk_consent_record *told = looking->told;

    if (sk_bytes_equal(one->fact.state, sk_text("given")))
        looking->covered = false;
    else if (sk_bytes_equal(one->fact.state, sk_text("withdrawn")) &&
             sk_consent_covers(&one->fact, &told->fact))
        looking->covered = true;
    if (sk_bytes_equal(one->told_by, told->told_by))
        looking->count++;
    return SK_OK;
}

/* A partner that says so much about one person has nothing left to narrow: it
   takes back everything, and the list of consents stays short. */
static void widen(struct sk_consent_record *record)
{
    struct sk_fact_consent *fact = &record->fact;

    fact->purposes = NULL;
    fact->purposes_count = 0;
    fact->recipients = NULL;
    fact->recipients_count = 0;
    fact->categories = NULL;
    fact->categories_count = 0;
}

static enum sk_status record_it(struct sk_engine *e,
                                struct sk_consent_record *record)
{
    struct looking looking = {.told = record};
    struct sk_pack reply = e->reply;
    size_t keys;
    enum sk_status status;

    SK_TRY(sk_consent_each(e, &record->participant, look, &looking));
    if (looking.covered)
        return SK_OK;
    if (looking.count >= SK_TOLD_MAX)
        widen(record);
    SK_TRY(sk_consent_append(e, record));
    e->reply = sk_scratch_pack(e, UNREAD_SIZE_MAX);
    status =
        sk_withdraw_recall(e, &record->participant, &record->consent, &keys);
    e->reply = reply;
    return status;
}

enum sk_status sk_told_apply(struct sk_engine *e, const struct sk_org *from,
                             struct sk_bytes bytes,
                             const struct sk_item_told *told,
                             const char **refusal)
{
    struct sk_participant_id participant;
    struct sk_consent_record record;
    struct marks marks;
    struct sk_hash hash;
    enum sk_status status;

    status = sk_handle_own(e, from, &told->handle, &participant);
    if (status == SK_OK && sk_participant_exists(e, &participant) != SK_OK)
        return SK_OK; /* forgotten here: everything was asked back */
    if (status == SK_E_NOT_FOUND) {
        *refusal = "unknown-handle";
        return SK_OK;
    }
    SK_TRY(status);
    sk_hash(context_mark, bytes, &hash);
    SK_TRY(get_marks(e, &participant, from, &marks));
    if (has_mark(&marks, &hash))
        return SK_OK;
    SK_TRY(add_mark(e, &participant, from, &marks, &hash));
    fill_record(e, &participant, from, told, &record);
    return record_it(e, &record);
}
