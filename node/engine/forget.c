#include "node/engine/rights.h"

#include "node/engine/consent.h"
#include "node/engine/due.h"
#include "node/engine/forgotten.h"
#include "node/engine/handover.h"
#include "node/engine/ledger.h"
#include "node/engine/notice.h"
#include "node/engine/ops.h"
#include "node/engine/outbox.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/withdraw.h"
#include "policies/civil.h"

/* To be forgotten: the request, and the answers of partners. */

#define OPEN_NAME "erasures"

/* ------------------------------------------------------------- the answers */

enum sk_status sk_erasures_open(struct sk_engine *e, uint64_t *out)
{
    enum sk_status status = sk_meta_get_u64(e, OPEN_NAME, out);

    if (status == SK_E_NOT_FOUND)
        *out = 0;
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

enum sk_status sk_erasure_asked(struct sk_engine *e,
                                const struct sk_participant_id *participant,
                                const struct sk_org *to,
                                const struct sk_item_withdrawn *notice)
{
    struct sk_key key =
        sk_forgotten_part_key(&participant->id, &notice->notice);
    struct sk_forgotten_part *part = sk_arena_get(&e->scratch, sizeof(*part));
    uint64_t open;

    if (part == NULL)
        return SK_E_MEMORY;
    assert(notice->entries_count <= SK_NOTICE_MESSAGES_MAX);

    part->to = *to;
    part->at_ms = notice->at_ms;
    part->messages_count = notice->entries_count;
    for (size_t i = 0; i < notice->entries_count; i++)
        part->messages[i].id = notice->entries[i].message;
    SK_TRY(sk_erasures_open(e, &open));
    SK_TRY(sk_meta_put_u64(e, OPEN_NAME, open + 1));
    return sk_forgotten_part_put(e, &key, part);
}

static bool is_named(const struct sk_item_answer *answer,
                     const struct sk_message_id *id)
{
    for (size_t i = 0; i < answer->messages_count; i++)
        if (sk_id_equal(&answer->messages[i].id, &id->id))
            return true;
    return false;
}

enum sk_status sk_erasure_answered(struct sk_engine *e,
                                   const struct sk_participant_id *participant,
                                   const struct sk_item *item)
{
    const struct sk_item_answer *answer = &item->answer;
    struct sk_key key =
        sk_forgotten_part_key(&participant->id, &answer->notice);
    bool kept = item->kind == SK_ITEM_KEPT;
    size_t asked = 0;
    struct sk_forgotten_part *part;
    uint64_t open;
    enum sk_status status = sk_forgotten_part_get(e, &key, &part);

    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    /* In full: an answer cannot be taken back. */
    if (part->answered_ms != 0)
        return SK_OK;
    for (size_t i = 0; i < part->messages_count; i++) {
        if (part->messages[i].state == SK_FORGOTTEN_ASKED &&
            is_named(answer, &part->messages[i].id))
            part->messages[i].state =
                kept ? SK_FORGOTTEN_KEPT : SK_FORGOTTEN_ERASED;
        asked += part->messages[i].state == SK_FORGOTTEN_ASKED ? 1 : 0;
    }
    if (kept) {
        part->law_reference = answer->law_reference;
        part->keep_until = answer->keep_until;
    }
    if (asked == 0) {
        part->answered_ms = e->now_ms;
        SK_TRY(sk_erasures_open(e, &open));
        SK_TRY(sk_meta_put_u64(e, OPEN_NAME, open > 0 ? open - 1 : 0));
    }
    return sk_forgotten_part_put(e, &key, part);
}

static enum sk_status is_asked(struct sk_engine *e,
                               const struct sk_participant_id *participant,
                               const struct sk_message_id *message, bool *out)
{
    struct sk_key prefix = sk_forgotten_key(&participant->id);
    struct sk_scan scan = sk_scan_after(
        e->store, SK_SPACE_DATA, sk_key_done(&prefix), sk_key_done(&prefix));

    *out = false;
    for (;;) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_forgotten_part *part =
            sk_arena_get(&e->scratch, sizeof(*part));
        struct sk_bytes key;
        struct sk_bytes value;
        enum sk_status status;

        if (part == NULL)
            return SK_E_MEMORY;
        status = sk_scan_next(&scan, &key, &value);
        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        SK_TRY(sk_forgotten_part_read(e, value, part));
        for (size_t i = 0; i < part->messages_count; i++)
            *out |= sk_id_equal(&part->messages[i].id.id, &message->id);
        sk_arena_reset(&e->scratch, mark);
    }
}

enum sk_status sk_erasure_held(struct sk_engine *e, const struct sk_org *from,
                               const struct sk_participant_id *participant,
                               const struct sk_item_event *event,
                               const char **refusal)
{
    struct sk_item *item = sk_item_new(e, SK_ITEM_ERASURE, 1);
    struct sk_item_withdrawn *notice = &item->withdrawn;
    struct sk_forgotten erasure;
    bool asked;
    enum sk_status status;

    if (item == NULL)
        return SK_E_MEMORY;
    status = sk_forgotten_get(e, &participant->id, &erasure);
    if (status == SK_E_NOT_FOUND) {
        *refusal = "unknown-handle";
        return SK_OK;
    }
    SK_TRY(status);
    SK_TRY(is_asked(e, participant, &event->message, &asked));
    if (asked)
        return SK_OK;
    sk_new_id(e, &notice->notice);
    notice->handle = event->handle;
    notice->entries[0].message = event->message;
    notice->entries[0].all = true;
    notice->entries_count = 1;
    notice->ground = erasure.ground;
    notice->erase = true;
    notice->within_days = event->within_days;
    notice->at_ms = e->now_ms;
    SK_TRY(sk_outbox_item(e, from, item));
    SK_TRY(sk_notice_out_put(e, from, participant, &(struct sk_consent_id){0},
                             notice, /* sealed */ false));
    return sk_erasure_asked(e, participant, from, notice);
}

/* What a partner keeps by a law since an earlier withdrawal is not asked again
   (CONSENT 4.6), and is in the report. */
static enum sk_status add_kept(void *context, struct sk_ledger_entry *entry)
{
    struct sk_engine *e = context;
    struct sk_key key =
        sk_forgotten_part_key(&entry->participant.id, &entry->notice);
    struct sk_forgotten_part *part;
    enum sk_status status;

    if (entry->recall != SK_RECALL_KEPT || !entry->recall_all)
        return SK_OK;
    status = sk_forgotten_part_get(e, &key, &part);
    if (status == SK_E_NOT_FOUND) {
        part = sk_arena_get(&e->scratch, sizeof(*part));
        status = part == NULL ? SK_E_MEMORY : SK_OK;
    }
    SK_TRY(status);
    for (size_t i = 0; i < part->messages_count; i++)
        if (sk_id_equal(&part->messages[i].id.id, &entry->message.id))
            return SK_OK;
    if (part->messages_count == SK_NOTICE_MESSAGES_MAX)
        return SK_OK;
    part->to = entry->to;
    part->at_ms = entry->answered_ms;
    part->answered_ms = entry->answered_ms;
    part->law_reference = entry->law_reference;
    part->keep_until = entry->keep_until;
    part->messages[part->messages_count].id = entry->message;
    part->messages[part->messages_count++].state = SK_FORGOTTEN_KEPT;
    return sk_forgotten_part_put(e, &key, part);
}

/* ------------------------------------------------------------- the request */

struct open {
    struct sk_id handover;
    bool found;
};

static enum sk_status look_open(void *context, struct sk_handover *h)
{
    struct open *open = context;

    if (open->found || !sk_handover_is_open(h->state))
        return SK_OK;
    open->found = true;
    open->handover = h->id.id;
    return SK_OK;
}

/* An open handover of this person, ours or a partner's. */
static enum sk_status find_open(struct sk_engine *e,
                                const struct sk_participant_id *id,
                                struct open *out)
{
    *out = (struct open){.found = false};
    return sk_handover_about(e, id, look_open, out);
}

static enum sk_status check_handovers(struct sk_engine *e,
                                      const struct sk_participant_id *id)
{
    char text[SK_ID_TEXT_SIZE + 1];
    struct open open;

    SK_TRY(find_open(e, id, &open));
    if (!open.found)
        return SK_OK;
    sk_id_format(&open.handover, text);
    return sk_refuse(e, "handover-open", "participant",
                     sk_arena_copy(&e->scratch, sk_text(text)));
}

static enum sk_status read_request(struct sk_engine *e, struct sk_value args,
                                   struct sk_forgotten *out, int32_t *until)
{
    *out = (struct sk_forgotten){.at_ms = e->now_ms};
    if (e->bundle == NULL)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    SK_TRY(sk_arg_participant(e, args, &out->participant));
    out->ground = sk_arg_text(args, "ground");
    out->keep_until = sk_arg_text(args, "keep_until");
    out->law = sk_arg_text(args, "law");
    if (!sk_item_ground_is_known(out->ground))
        return sk_refuse(e, "bad-argument", "ground", out->ground);
    /* Kept by a law until a day, or not kept. */
    if (out->keep_until.size > 0 && out->law.size == 0)
        return sk_refuse(e, "missing-argument", "law", (struct sk_bytes){0});
    if (out->keep_until.size == 0 && out->law.size > 0)
        return sk_refuse(e, "missing-argument", "keep_until",
                         (struct sk_bytes){0});
    if (out->keep_until.size > 0 &&
        (!sk_arg_day(args, "keep_until", until) || *until < sk_today(e)))
        return sk_refuse(e, "bad-argument", "keep_until", (struct sk_bytes){0});
    if (out->keep_until.size > 0)
        return SK_OK;
    return check_handovers(e, &out->participant);
}

/* From now on nothing flows, whatever becomes of our own records. */
static enum sk_status take_back(struct sk_engine *e,
                                const struct sk_forgotten *erasure)
{
    struct sk_consent_record record = {
        .participant = erasure->participant,
        .fact = {.state = sk_text("withdrawn"),
                 .at = sk_instant(e),
                 .until = INT64_MIN,
                 .given_by = sk_text("self")},
    };

    SK_TRY(sk_consent_append(e, &record));
    return sk_erasure_recall(e, &erasure->participant, &record.consent,
                             erasure->ground);
}

enum sk_status sk_op_participant_erase(struct sk_engine *e,
                                       struct sk_value args)
{
    struct sk_pack *p = &e->reply;
    struct sk_forgotten erasure;
    int32_t until = 0;
    bool kept;

    SK_TRY(read_request(e, args, &erasure, &until));
    kept = erasure.keep_until.size > 0;
    sk_pack_map(p, 5);
    sk_reply_instant(p, "at", erasure.at_ms);
    SK_TRY(take_back(e, &erasure)); /* "dropped", "notices" */
    SK_TRY(sk_ledger_each(e, &erasure.participant, add_kept, e));
    if (kept) {
        SK_TRY(sk_due_put(e, until + 1, SK_DUE_PERSON, &erasure.participant.id,
                          (struct sk_bytes){0}));
    } else {
        SK_TRY(sk_forget_own(e, &erasure.participant));
        erasure.erased_ms = e->now_ms;
        /* Ids: the copy of this reply needs no key, and there is none. */
        e->reply_owner = (struct sk_id){0};
    }
    sk_reply_cstr(p, "own", kept ? "kept" : "erased");
    sk_reply_id(p, "participant", &erasure.participant.id);
    return sk_forgotten_put(e, &erasure);
}

/* ------------------------------------------------------------- the last day */

struct since {
    int64_t at;
    bool given;
};

static enum sk_status look_since(void *context,
                                 const struct sk_consent_record *one)
{
    struct since *since = context;

    if (sk_bytes_equal(one->fact.state, sk_text("given")) &&
        one->fact.at > since->at)
        since->given = true;
    return SK_OK;
}

enum sk_status sk_erasure_due(struct sk_engine *e, const struct sk_id *id)
{
    struct sk_forgotten erasure;
    struct since since = {0};
    struct open open;
    int32_t until;
    enum sk_status status = sk_forgotten_get(e, id, &erasure);

    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    /* A later day may have been named since. */
    if (erasure.erased_ms != 0 || !sk_day_parse(erasure.keep_until, &until) ||
        until >= sk_today(e))
        return SK_OK;
    since.at = (int64_t)(erasure.at_ms / 1000);
    SK_TRY(sk_consent_each(e, &erasure.participant, look_since, &since));
    if (since.given)
        return SK_OK;
    SK_TRY(find_open(e, &erasure.participant, &open));
    if (open.found)
        return sk_due_put(e, sk_today(e) + 1, SK_DUE_PERSON, id,
                          (struct sk_bytes){0});
    SK_TRY(sk_forget_own(e, &erasure.participant));
    erasure.erased_ms = e->now_ms;
    return sk_forgotten_put(e, &erasure);
}
