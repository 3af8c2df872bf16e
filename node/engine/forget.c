#include "node/engine/rights.h"

#include <string.h>

#include "node/engine/access.h"
#include "node/engine/case_list.h"
#include "node/engine/consent.h"
#include "node/engine/due.h"
#include "node/engine/handover.h"
#include "node/engine/ledger.h"
#include "node/engine/notice.h"
#include "node/engine/ops.h"
#include "node/engine/outbox.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/user.h"
#include "node/engine/withdraw.h"
#include "policies/civil.h"
#include "protocol/unpack.h"

/* To be forgotten: the request, the answers of partners, one report. */

#define RECORD_SIZE_MAX ((size_t)8 * 1024)
#define TEXT_MAX 512
#define OPEN_NAME "erasures"

enum part_state { PART_ASKED, PART_ERASED, PART_KEPT };

struct erasure {
    struct sk_participant_id participant;
    uint64_t at_ms;
    struct sk_bytes ground;
    struct sk_bytes keep_until; /* DATE; empty: nothing is kept here */
    struct sk_bytes law;
    uint64_t erased_ms; /* our own records; 0: not */
};

/* What one partner has, by the notice that asked it back. */
struct part {
    struct sk_org to;
    uint64_t at_ms;
    uint64_t answered_ms;
    struct sk_bytes law_reference;
    struct sk_bytes keep_until;
    struct {
        struct sk_message_id id;
        uint64_t state;
    } messages[SK_NOTICE_MESSAGES_MAX];
    size_t messages_count;
};

/* ------------------------------------------------------------- the records */

static struct sk_key erasure_key(const struct sk_id *participant)
{
    struct sk_key key = sk_key_start(SK_T_ERASURE);

    sk_key_id(&key, participant);
    return key;
}

static struct sk_key part_key(const struct sk_id *participant,
                              const struct sk_id *notice)
{
    struct sk_key key = erasure_key(participant);

    sk_key_id(&key, notice);
    return key;
}

static struct sk_key row_key(const struct sk_id *participant,
                             const struct sk_id *coach)
{
    struct sk_key key = sk_list_key(SK_LIST_ERASURES, coach);

    sk_key_id(&key, participant);
    return key;
}

enum sk_status sk_erasure_list_move(struct sk_engine *e,
                                    const struct sk_participant_id *participant,
                                    const struct sk_id *from,
                                    const struct sk_id *to)
{
    struct sk_key row = row_key(&participant->id, from);
    struct sk_key there = row_key(&participant->id, to);

    return sk_list_move(e, &row, &there);
}

static enum sk_status put_erasure(struct sk_engine *e,
                                  const struct erasure *erasure)
{
    struct sk_key key = erasure_key(&erasure->participant.id);
    struct sk_pack p = sk_scratch_pack(e, RECORD_SIZE_MAX);
    struct sk_bytes value;
    struct sk_key row;
    struct sk_id coach;

    SK_TRY(sk_case_coach(e, &erasure->participant, &coach));
    row = row_key(&erasure->participant.id, &coach);
    SK_TRY(sk_list_put(e, &row, (struct sk_bytes){0}));
    sk_pack_array(&p, 5);
    sk_pack_uint(&p, erasure->at_ms);
    sk_pack_str(&p, erasure->ground);
    sk_pack_str(&p, erasure->keep_until);
    sk_pack_str(&p, erasure->law);
    sk_pack_uint(&p, erasure->erased_ms);
    if (sk_pack_finish(&p, &value) != SK_OK)
        return SK_E_MEMORY;
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), value);
}

/* value: as the store gave it; texts are copied to scratch. */
static enum sk_status read_erasure(struct sk_engine *e, struct sk_bytes value,
                                   struct erasure *out)
{
    struct sk_bytes copy = sk_arena_copy(&e->scratch, value);
    struct sk_unpack u = sk_unpack_start(copy);

    if (copy.size == 0)
        return SK_E_MEMORY;
    sk_unpack_array(&u, 5);
    out->at_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->ground = sk_unpack_str(&u, 1, TEXT_MAX);
    out->keep_until = sk_unpack_str(&u, 0, TEXT_MAX);
    out->law = sk_unpack_str(&u, 0, TEXT_MAX);
    out->erased_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    return sk_unpack_finish(&u) == SK_OK ? SK_OK : SK_E_IO;
}

static enum sk_status get_erasure(struct sk_engine *e, const struct sk_id *id,
                                  struct erasure *out)
{
    struct sk_key key = erasure_key(id);
    struct sk_bytes value;

    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value));
    *out = (struct erasure){.participant = {*id}};
    return read_erasure(e, value, out);
}

static enum sk_status put_part(struct sk_engine *e, const struct sk_key *key,
                               const struct part *part)
{
    struct sk_pack p = sk_scratch_pack(e, RECORD_SIZE_MAX);
    struct sk_bytes value;

    sk_pack_array(&p, 6);
    sk_pack_str(&p, sk_org_text(&part->to));
    sk_pack_uint(&p, part->at_ms);
    sk_pack_uint(&p, part->answered_ms);
    sk_pack_str(&p, part->law_reference);
    sk_pack_str(&p, part->keep_until);
    sk_pack_array(&p, part->messages_count);
    for (size_t i = 0; i < part->messages_count; i++) {
        sk_pack_array(&p, 2);
        sk_pack_id(&p, &part->messages[i].id.id);
        sk_pack_uint(&p, part->messages[i].state);
    }
    if (sk_pack_finish(&p, &value) != SK_OK)
        return SK_E_MEMORY;
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(key), value);
}

static enum sk_status read_part(struct sk_engine *e, struct sk_bytes value,
                                struct part *out)
{
    struct sk_bytes copy = sk_arena_copy(&e->scratch, value);
    struct sk_unpack u = sk_unpack_start(copy);

    if (copy.size == 0)
        return SK_E_MEMORY;
    sk_unpack_array(&u, 6);
    sk_unpack_org(&u, &out->to);
    out->at_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->answered_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->law_reference = sk_unpack_str(&u, 0, TEXT_MAX);
    out->keep_until = sk_unpack_str(&u, 0, TEXT_MAX);
    out->messages_count = sk_unpack_array_upto(&u, 0, SK_NOTICE_MESSAGES_MAX);
    for (size_t i = 0; i < out->messages_count; i++) {
        sk_unpack_array(&u, 2);
        sk_unpack_id(&u, &out->messages[i].id.id);
        out->messages[i].state = sk_unpack_uint(&u, PART_ASKED, PART_KEPT);
    }
    return sk_unpack_finish(&u) == SK_OK ? SK_OK : SK_E_IO;
}

/* In scratch; SK_E_NOT_FOUND. */
static enum sk_status get_part(struct sk_engine *e, const struct sk_key *key,
                               struct part **out)
{
    struct part *part = sk_arena_get(&e->scratch, sizeof(*part));
    struct sk_bytes value;

    if (part == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(key), &value));
    *out = part;
    return read_part(e, value, part);
}

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
    struct sk_key key = part_key(&participant->id, &notice->notice);
    struct part *part = sk_arena_get(&e->scratch, sizeof(*part));
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
    return put_part(e, &key, part);
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
    struct sk_key key = part_key(&participant->id, &answer->notice);
    bool kept = item->kind == SK_ITEM_KEPT;
    size_t asked = 0;
    struct part *part;
    uint64_t open;
    enum sk_status status = get_part(e, &key, &part);

    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    /* In full: an answer cannot be taken back. */
    if (part->answered_ms != 0)
        return SK_OK;
    for (size_t i = 0; i < part->messages_count; i++) {
        if (part->messages[i].state == PART_ASKED &&
            is_named(answer, &part->messages[i].id))
            part->messages[i].state = kept ? PART_KEPT : PART_ERASED;
        asked += part->messages[i].state == PART_ASKED ? 1 : 0;
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
    return put_part(e, &key, part);
}

static enum sk_status is_asked(struct sk_engine *e,
                               const struct sk_participant_id *participant,
                               const struct sk_message_id *message, bool *out)
{
    struct sk_key prefix = erasure_key(&participant->id);
    struct sk_scan scan = sk_scan_after(
        e->store, SK_SPACE_DATA, sk_key_done(&prefix), sk_key_done(&prefix));

    *out = false;
    for (;;) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct part *part = sk_arena_get(&e->scratch, sizeof(*part));
        struct sk_bytes key;
        struct sk_bytes value;
        enum sk_status status;

        if (part == NULL)
            return SK_E_MEMORY;
        status = sk_scan_next(&scan, &key, &value);
        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        SK_TRY(read_part(e, value, part));
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
    struct erasure erasure;
    bool asked;
    enum sk_status status;

    if (item == NULL)
        return SK_E_MEMORY;
    status = get_erasure(e, &participant->id, &erasure);
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
    struct sk_key key = part_key(&entry->participant.id, &entry->notice);
    struct part *part;
    enum sk_status status;

    if (entry->recall != SK_RECALL_KEPT || !entry->recall_all)
        return SK_OK;
    status = get_part(e, &key, &part);
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
    part->messages[part->messages_count++].state = PART_KEPT;
    return put_part(e, &key, part);
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
                                   struct erasure *out, int32_t *until)
{
    *out = (struct erasure){.at_ms = e->now_ms};
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
                                const struct erasure *erasure)
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
    struct erasure erasure;
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
    return put_erasure(e, &erasure);
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
    struct erasure erasure;
    struct since since = {0};
    struct open open;
    int32_t until;
    enum sk_status status = get_erasure(e, id, &erasure);

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
    return put_erasure(e, &erasure);
}

/* ------------------------------------------------------------- the report */

static int by_id(const struct part *part, size_t a, size_t b)
{
    return memcmp(&part->messages[a].id, &part->messages[b].id,
                  sizeof(part->messages[a].id));
}

static void pack_messages(struct sk_pack *p, const struct part *part)
{
    static const char *const states[] = {"asked", "erased", "kept"};
    size_t order[SK_NOTICE_MESSAGES_MAX];

    for (size_t i = 0; i < part->messages_count; i++) {
        size_t j = i;

        for (; j > 0 && by_id(part, order[j - 1], i) > 0; j--)
            order[j] = order[j - 1];
        order[j] = i;
    }
    sk_pack_cstr(p, "messages");
    sk_pack_map(p, part->messages_count);
    for (size_t i = 0; i < part->messages_count; i++) {
        char text[SK_ID_TEXT_SIZE + 1];

        sk_id_format(&part->messages[order[i]].id.id, text);
        sk_pack_cstr(p, text);
        sk_pack_cstr(p, states[part->messages[order[i]].state]);
    }
}

static void pack_part(struct sk_pack *p, const struct part *part,
                      const struct sk_id *notice)
{
    bool answered = part->answered_ms != 0;
    bool kept = part->law_reference.size > 0;

    sk_pack_map(p, 4u + (answered ? 1 : 0) + (kept ? 2 : 0));
    if (answered)
        sk_reply_instant(p, "answered", part->answered_ms);
    sk_reply_instant(p, "at", part->at_ms);
    if (kept) {
        sk_reply_text(p, "keep_until", part->keep_until);
        sk_reply_text(p, "law_reference", part->law_reference);
    }
    pack_messages(p, part);
    sk_reply_id(p, "notice", notice);
    sk_reply_text(p, "to", sk_org_text(&part->to));
}

/* The key "partners" with its value; open: how many did not answer in full. */
static enum sk_status pack_parts(struct sk_engine *e, const struct sk_id *id,
                                 uint64_t *open)
{
    struct sk_key prefix = erasure_key(id);
    struct sk_scan scan = sk_scan_after(
        e->store, SK_SPACE_DATA, sk_key_done(&prefix), sk_key_done(&prefix));
    size_t count = 0;
    size_t at;

    *open = 0;
    sk_pack_cstr(&e->reply, "partners");
    at = sk_reply_open(&e->reply);
    for (;;) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct part *part = sk_arena_get(&e->scratch, sizeof(*part));
        struct sk_id notice;
        struct sk_bytes key;
        struct sk_bytes value;
        enum sk_status status;

        if (part == NULL)
            return SK_E_MEMORY;
        status = sk_scan_next(&scan, &key, &value);
        if (status == SK_E_NOT_FOUND)
            break;
        SK_TRY(status);
        if (key.size != 1 + 2 * SK_ID_SIZE)
            return SK_E_BAD_LENGTH;
        memcpy(notice.bytes, key.data + 1 + SK_ID_SIZE, SK_ID_SIZE);
        SK_TRY(read_part(e, value, part));
        pack_part(&e->reply, part, &notice);
        *open += part->answered_ms == 0 ? 1 : 0;
        count++;
        sk_arena_reset(&e->scratch, mark);
    }
    sk_reply_close_array(&e->reply, at, count);
    return SK_OK;
}

static enum sk_status pack_erasure(struct sk_engine *e,
                                   const struct erasure *erasure)
{
    struct sk_pack *p = &e->reply;
    bool kept = erasure->keep_until.size > 0;
    bool erased = erasure->erased_ms != 0;
    uint64_t open;

    sk_pack_map(p, 6u + (erased ? 1 : 0) + (kept ? 2 : 0));
    sk_reply_instant(p, "at", erasure->at_ms);
    if (erased)
        sk_reply_instant(p, "erased", erasure->erased_ms);
    sk_reply_text(p, "ground", erasure->ground);
    if (kept) {
        sk_reply_text(p, "keep_until", erasure->keep_until);
        sk_reply_text(p, "law", erasure->law);
    }
    sk_reply_cstr(p, "own", erased ? "erased" : "kept");
    sk_reply_id(p, "participant", &erasure->participant.id);
    SK_TRY(pack_parts(e, &erasure->participant.id, &open));
    sk_reply_uint(p, "waiting", open);
    return SK_OK;
}

#define LIST_MAX 200

struct listing {
    struct sk_id last; /* shown */
    size_t count;
    bool more;
};

/* One that who asks may see. */
static enum sk_status list_one(struct sk_engine *e, struct listing *l,
                               const struct sk_id *id)
{
    struct erasure erasure;

    l->more = l->count == LIST_MAX;
    if (l->more)
        return SK_OK;
    l->count++;
    l->last = *id;
    SK_TRY(get_erasure(e, id, &erasure));
    return pack_erasure(e, &erasure);
}

/* Of a coach: the lists look at the own cases only. */
static enum sk_status list_own(struct sk_engine *e, struct listing *l,
                               struct sk_bytes after)
{
    const struct sk_key whole = {.size = 0};
    struct sk_list_walk *walk;

    SK_TRY(sk_list_walk(e, SK_LIST_ERASURES, &whole, 1, after, &walk));
    while (!l->more) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_id id;
        struct sk_bytes place;
        struct sk_bytes value;
        enum sk_status status = sk_list_walk_next(walk, &place, &value);

        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        if (place.size != SK_ID_SIZE)
            return SK_E_BAD_LENGTH;
        memcpy(id.bytes, place.data, SK_ID_SIZE);
        SK_TRY(list_one(e, l, &id));
        sk_arena_reset(&e->scratch, mark);
    }
    return SK_OK;
}

/* Of a privacy officer, who sees them all. */
static enum sk_status list_all(struct sk_engine *e, struct listing *l,
                               struct sk_bytes after)
{
    struct sk_key prefix = sk_key_start(SK_T_ERASURE);
    struct sk_key from = prefix;
    struct sk_scan scan;

    sk_key_bytes(&from, after);
    scan = sk_scan_after(e->store, SK_SPACE_DATA, sk_key_done(&prefix),
                         sk_key_done(&from));
    while (!l->more) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_id id;
        struct sk_bytes key;
        struct sk_bytes value;
        enum sk_status status = sk_scan_next(&scan, &key, &value);

        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        if (key.size != 1 + SK_ID_SIZE)
            continue; /* a part */
        memcpy(id.bytes, key.data + 1, SK_ID_SIZE);
        SK_TRY(list_one(e, l, &id));
        sk_arena_reset(&e->scratch, mark);
    }
    return SK_OK;
}

enum sk_status sk_op_participant_erasure(struct sk_engine *e,
                                         struct sk_value args)
{
    struct erasure erasure;
    struct sk_id id;
    enum sk_status status = SK_E_NOT_FOUND;

    if (sk_arg_id(args, "participant", &id))
        status = get_erasure(e, &id, &erasure);
    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "unknown-erasure", "participant",
                         (struct sk_bytes){0});
    SK_TRY(status);
    return pack_erasure(e, &erasure);
}

enum sk_status sk_op_participant_erasures(struct sk_engine *e,
                                          struct sk_value args)
{
    struct listing l = {.count = 0};
    struct sk_key after = {.size = 0};
    size_t top = sk_reply_open(&e->reply);
    struct sk_id id;
    size_t at;

    if (sk_arg_id(args, "after", &id))
        sk_key_id(&after, &id);
    sk_pack_cstr(&e->reply, "erasures");
    at = sk_reply_open(&e->reply);
    if (sk_asker_is_officer(e))
        SK_TRY(list_all(e, &l, sk_key_done(&after)));
    else
        SK_TRY(list_own(e, &l, sk_key_done(&after)));
    sk_reply_close_array(&e->reply, at, l.count);
    sk_reply_bool(&e->reply, "more", l.more);
    if (l.more)
        sk_reply_id(&e->reply, "next", &l.last);
    sk_reply_close_map(&e->reply, top, l.more ? 3 : 2);
    return SK_OK;
}
