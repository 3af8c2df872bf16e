#include "node/engine/withdraw.h"

#include <string.h>

#include "node/engine/event.h"
#include "node/engine/facts.h"
#include "node/engine/gate.h"
#include "node/engine/handover.h"
#include "node/engine/ledger.h"
#include "node/engine/notice.h"
#include "node/engine/objection.h"
#include "node/engine/outbox.h"
#include "node/engine/relation.h"
#include "node/engine/request.h"
#include "node/engine/rights.h"
#include "node/engine/state.h"

/*
 * A withdrawal and what follows from it at the one who sent: queued messages
 * are dropped, what was handed over is recalled.        CONSENT 4.2 to 4.4, I7
 * Who asks to be forgotten takes back everything: the same, of whole messages.
 *                                                                  CONSENT 5.2
 * An objection that is upheld: the same, of what it is against.   CONSENT 5.7
 *
 * One walk over the participant's messages: each is opened once, judged, and
 * written when something of it is lost, with the id of the notice that will
 * name it.  Then the notices.  Scratch is given back after each message, so
 * that cost does not grow with history.
 */

/* What one message loses now. */
struct loss {
    struct sk_message_id message;
    struct sk_org to;
    bool erase;
    uint32_t within_days;
    bool all;
    bool has_handover;                    /* one that is over with it */
    uint16_t fields[SK_EVENT_FIELDS_MAX]; /* of the vocabulary */
    size_t fields_count;
    uint16_t purpose;
    uint64_t categories; /* set */
    struct loss *next;   /* in the same notice */
};

/* A notice in the making. */
struct draft {
    struct sk_id notice;
    struct loss *first;
    struct loss *last;
    size_t count;
    size_t size;
};

struct recall {
    struct sk_engine *e;
    struct sk_facts *facts;
    struct sk_consent_id withdrawal;
    struct sk_participant_id participant;
    struct sk_bytes ground; /* of an erasure; empty: a withdrawal */
    const struct sk_fact_objection *objection; /* upheld; or NULL */
    struct sk_ledger_page page;                /* which messages */
    struct sk_message_id *dropped;
    size_t dropped_count;
    struct loss *losses;
    size_t losses_count;
    struct draft *drafts;
    size_t drafts_count;
    size_t named; /* messages in the reply so far */
};

/* So many messages are named in the reply; behind them notices have a count.
   What happens to each is in the ledger, and a reply that has no room for all
   of them must not stand in the way of it. */
#define NAMED_MAX 512

static enum sk_status make_room(struct recall *r)
{
    struct sk_arena *scratch = &r->e->scratch;
    size_t n;

    SK_TRY(sk_ledger_count(r->e, &r->participant, r->page.most, &n));
    r->dropped = sk_arena_get_array(scratch, n + 1, sizeof(*r->dropped));
    r->losses = sk_arena_get_array(scratch, n + 1, sizeof(*r->losses));
    r->drafts = sk_arena_get_array(scratch, n + 1, sizeof(*r->drafts));
    return scratch->full ? SK_E_MEMORY : SK_OK;
}

/* ------------------------------------------------------------- what is lost */

/* 4.2: what no longer passes is never sent.  A reason that has nothing to do
   with consent may pass again by the time it would be sent. */
static bool is_final(const struct recall *r, const char *reason)
{
    if (r->objection != NULL)
        return strcmp(reason, "objection") == 0;
    return strncmp(reason, "consent-", 8) == 0 ||
           strcmp(reason, "nothing-left") == 0;
}

static enum sk_status judge_queued(struct recall *r,
                                   struct sk_ledger_entry *entry)
{
    struct sk_engine *e = r->e;
    struct sk_recorded_event event;
    struct sk_gate_question question = {.bundle = e->bundle,
                                        .event = &event,
                                        .to = sk_org_text(&entry->to),
                                        .purpose = entry->purpose};
    struct sk_gate_answer *answer;
    const char *reason = "consent-withdrawn";
    enum sk_status status;

    if (r->ground.size == 0 || r->objection != NULL) {
        status = sk_event_get(e, &entry->event, &event);
        if (status == SK_E_NOT_FOUND)
            return SK_OK; /* the gate will say so */
        SK_TRY(status);
        SK_TRY(sk_gate_judge(e, &question, &answer));
        if (answer->decision.permit || !is_final(r, answer->decision.reason))
            return SK_OK;
        reason = answer->decision.reason;
    }
    r->dropped[r->dropped_count++] = entry->message;
    return sk_ledger_drop(e, entry, reason);
}

/* The categories that a lost field tells of. */
static uint64_t categories_of(const struct sk_vocabulary *v, uint16_t event,
                              const struct sk_ledger_field *field)
{
    uint16_t at = sk_vocabulary_field(v, field->name);
    uint16_t category;

    if (at == SK_NONE)
        return 0;
    category = v->fields[at].category;
    if (category == SK_NONE) {
        if (event == SK_NONE)
            return 0;
        category = v->events[event].category;
    }
    return UINT64_C(1) << category;
}

static bool is_exact(const struct sk_ledger_field *field)
{
    return sk_bytes_equal(field->level, sk_text("exact"));
}

/* The rules that it went under, without those that an objection stops. */
static enum sk_status standing_rules(const struct recall *r,
                                     const struct sk_ledger_entry *entry,
                                     struct sk_recall_rule **out, size_t *count)
{
    struct sk_recall_rule *rules = sk_arena_get_array(
        &r->e->scratch, entry->rules_count + 1, sizeof(*rules));

    if (rules == NULL)
        return SK_E_MEMORY;
    *count = 0;
    for (size_t i = 0; i < entry->rules_count; i++)
        if (r->objection == NULL ||
            !sk_objection_covers(r->e->bundle, r->objection, entry->rules[i].id,
                                 sk_org_text(&entry->to), entry->purpose))
            rules[(*count)++] = entry->rules[i];
    *out = rules;
    return SK_OK;
}

/* 4.3: which atoms still hold, with the rules that let it through.  Only what
   is newly lost goes into the notice. */
static enum sk_status judge_sent(const struct recall *r,
                                 const struct sk_ledger_entry *entry,
                                 struct loss *out, bool *loses)
{
    const struct sk_vocabulary *v = sk_bundle_vocabulary(r->e->bundle);
    uint16_t event = sk_vocabulary_event(v, entry->type);
    struct sk_recall_field fields[SK_EVENT_FIELDS_MAX];
    const struct sk_ledger_field *sent[SK_EVENT_FIELDS_MAX];
    bool lost[SK_EVENT_FIELDS_MAX];
    bool standing = false;
    size_t count = 0;
    struct sk_recall_rule *rules;
    size_t rules_count;

    for (size_t i = 0; i < entry->fields_count; i++) {
        if (entry->fields[i].withheld != SK_SENT)
            continue;
        sent[count] = &entry->fields[i];
        fields[count].name = entry->fields[i].name;
        fields[count].exact = is_exact(&entry->fields[i]);
        count++;
    }
    if (standing_rules(r, entry, &rules, &rules_count) != SK_OK)
        return SK_E_MEMORY;
    if (rules_count == entry->rules_count && r->objection != NULL)
        return SK_OK; /* the objection is not against this */
    out->all = sk_recall(r->e->bundle, r->facts, sk_org_text(&entry->to),
                         entry->purpose, entry->type, rules, rules_count,
                         fields, count, sk_instant(r->e), lost);
    for (size_t i = 0; i < count; i++) {
        uint16_t at = sk_vocabulary_field(v, fields[i].name);

        if (!lost[i] && !sent[i]->recalled)
            standing = true;
        if (!lost[i] || sent[i]->recalled)
            continue;
        /* A word that is gone from the vocabulary cannot be named. */
        if (at == SK_NONE)
            out->all = true;
        else
            out->fields[out->fields_count++] = at;
        out->categories |= categories_of(v, event, sent[i]);
    }
    if (out->fields_count > 0 && !standing)
        out->all = true;
    if (out->all && event != SK_NONE)
        out->categories |= UINT64_C(1) << v->events[event].category;
    *loses = out->all || out->fields_count > 0;
    return SK_OK;
}

/* Not asked back whole yet; for an erasure, not answered yet. */
static bool is_asked_for(const struct recall *r,
                         const struct sk_ledger_entry *entry)
{
    if (!sk_ledger_is_out(r->e, entry))
        return false;
    return !entry->recall_all || (r->ground.size > 0 && r->objection == NULL &&
                                  entry->recall == SK_RECALL_ASKED);
}

/* ------------------------------------------------------------- notices */

/* 4.4: a notice gives the terms under which its messages were sent, so those
   with other terms need one of their own. */
static bool goes_with(const struct recall *r, const struct loss *a,
                      const struct loss *b)
{
    return sk_org_equal(&a->to, &b->to) && a->erase == b->erase &&
           (r->ground.size == 0 || a->all == b->all) &&
           a->within_days == b->within_days;
}

static size_t size_of(const struct sk_vocabulary *v, const struct loss *loss)
{
    size_t size = 32;

    for (size_t i = 0; i < loss->fields_count; i++)
        size += v->fields[loss->fields[i]].id.size + 3;
    return size;
}

/* The notice that names it: the last one of its kind while there is room, or a
   new one. */
static const struct draft *add_to_draft(struct recall *r, struct loss *loss)
{
    size_t size = size_of(sk_bundle_vocabulary(r->e->bundle), loss);
    struct draft *draft = NULL;

    for (size_t i = r->drafts_count; i > 0 && draft == NULL; i--)
        if (goes_with(r, r->drafts[i - 1].first, loss))
            draft = &r->drafts[i - 1];
    if (draft == NULL || draft->count == SK_NOTICE_MESSAGES_MAX ||
        draft->size + size > SK_NOTICE_SIZE_MAX) {
        draft = &r->drafts[r->drafts_count++];
        *draft = (struct draft){.first = loss};
        sk_new_id(r->e, &draft->notice);
    } else {
        draft->last->next = loss;
    }
    draft->last = loss;
    draft->count++;
    draft->size += size;
    return draft;
}

static void add_entry(const struct sk_vocabulary *v, const struct loss *loss,
                      struct sk_item_withdrawn *out)
{
    struct sk_item_entry *entry = &out->entries[out->entries_count++];

    entry->message = loss->message;
    entry->all = loss->all;
    if (loss->all)
        return;
    for (size_t i = 0; i < loss->fields_count; i++)
        entry->fields.list[entry->fields.count++] =
            v->fields[loss->fields[i]].id;
}

static void sort_words(struct sk_words *words)
{
    for (size_t i = 1; i < words->count; i++) {
        struct sk_bytes word = words->list[i];
        size_t j = i;

        for (; j > 0 && sk_bytes_compare(words->list[j - 1], word) > 0; j--)
            words->list[j] = words->list[j - 1];
        words->list[j] = word;
    }
}

/* The scope in leaves, as far as this partner ever knew it. */
static void add_scope(const struct sk_vocabulary *v, uint64_t purposes,
                      uint64_t categories, struct sk_item_withdrawn *out)
{
    for (size_t i = 0; i < v->purposes_count; i++)
        if ((purposes >> i & 1) != 0)
            out->purposes.list[out->purposes.count++] = v->purposes[i].id;
    for (size_t i = 0; i < v->categories_count; i++)
        if ((categories >> i & 1) != 0)
            out->categories.list[out->categories.count++] = v->categories[i].id;
    sort_words(&out->purposes);
    sort_words(&out->categories);
}

/* All of a draft into one item. */
static void gather(struct recall *r, const struct draft *draft,
                   struct sk_item_withdrawn *out)
{
    const struct sk_vocabulary *v = sk_bundle_vocabulary(r->e->bundle);
    const struct loss *first = draft->first;
    uint64_t purposes = 0;
    uint64_t categories = 0;

    assert(first != NULL);

    out->notice = draft->notice;
    for (const struct loss *l = first; l != NULL; l = l->next) {
        if (l->purpose != SK_NONE)
            purposes |= UINT64_C(1) << l->purpose;
        categories |= l->categories;
        add_entry(v, l, out);
    }
    add_scope(v, purposes, categories, out);
    if (first->all)
        out->ground = r->ground;
    out->erase = first->erase;
    out->within_days = first->within_days;
    out->at_ms = r->e->now_ms;
}

/* In the reply: the messages of one notice; ids ascend, as the ledger does. */
static void pack_notice(struct recall *r, const struct sk_org *to,
                        const struct sk_item_withdrawn *notice)
{
    struct sk_pack *p = &r->e->reply;

    r->named += notice->entries_count;
    sk_pack_map(p, 3);
    if (r->named > NAMED_MAX)
        sk_reply_uint(p, "count", notice->entries_count);
    else
        sk_notice_pack_messages(p, notice->entries, notice->entries_count);
    sk_reply_id(p, "notice", &notice->notice);
    sk_reply_text(p, "to", sk_org_text(to));
}

static enum sk_status send_notice(struct recall *r, const struct draft *draft)
{
    struct sk_engine *e = r->e;
    const struct loss *first = draft->first;
    size_t mark = sk_arena_mark(&e->scratch);
    /* Only WITHDRAWN can name fields (PROTOCOL.md 7.9, 7.14). */
    struct sk_item *item = sk_item_new(
        e,
        r->ground.size > 0 && first->all ? SK_ITEM_ERASURE : SK_ITEM_WITHDRAWN,
        draft->count);
    struct sk_relation relation;
    enum sk_status status;

    if (item == NULL)
        return SK_E_MEMORY;
    gather(r, draft, &item->withdrawn);
    /* The handle stays known when the relation is over. */
    status = sk_relation_get(e, &r->participant, &first->to, &relation);
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    if (status == SK_OK)
        item->withdrawn.handle = relation.handle;
    SK_TRY(sk_outbox_item(e, &first->to, item));
    SK_TRY(sk_notice_out_put(e, &first->to, &r->participant, &r->withdrawal,
                             &item->withdrawn,
                             r->ground.size == 0 || r->objection != NULL));
    if (r->ground.size > 0 && r->objection == NULL)
        SK_TRY(
            sk_erasure_asked(e, &r->participant, &first->to, &item->withdrawn));
    pack_notice(r, &first->to, &item->withdrawn);
    sk_arena_reset(&e->scratch, mark);
    return SK_OK;
}

/* ------------------------------------------------------------- the ledger */

static bool has_field(const struct sk_vocabulary *v, const struct loss *loss,
                      struct sk_bytes name)
{
    for (size_t i = 0; i < loss->fields_count; i++)
        if (sk_bytes_equal(v->fields[loss->fields[i]].id, name))
            return true;
    return false;
}

static enum sk_status write_loss(struct sk_engine *e, const struct loss *loss,
                                 const struct sk_id *notice,
                                 struct sk_ledger_entry *entry)
{
    const struct sk_vocabulary *v = sk_bundle_vocabulary(e->bundle);

    for (size_t i = 0; i < entry->fields_count; i++) {
        struct sk_ledger_field *field = &entry->fields[i];

        if (field->withheld == SK_SENT &&
            (loss->all || has_field(v, loss, field->name)))
            field->recalled = true;
    }
    entry->recall = SK_RECALL_ASKED;
    entry->recall_all = loss->all;
    entry->notice = *notice;
    entry->law_reference = (struct sk_bytes){0};
    entry->keep_until = (struct sk_bytes){0};
    entry->answered_ms = 0;
    return sk_ledger_put(e, entry);
}

/* One message: dropped, or judged and written. */
static enum sk_status judge_one(void *context, struct sk_ledger_entry *entry)
{
    struct recall *r = context;
    const struct sk_vocabulary *v = sk_bundle_vocabulary(r->e->bundle);
    const struct draft *draft;
    struct loss *loss = &r->losses[r->losses_count];
    bool loses = r->ground.size > 0 && r->objection == NULL;

    if (entry->state == SK_LEDGER_QUEUED)
        return judge_queued(r, entry);
    if (!is_asked_for(r, entry))
        return SK_OK;
    *loss = (struct loss){.message = entry->message,
                          .to = entry->to,
                          .erase = entry->erase || r->ground.size > 0,
                          .all = loses,
                          .within_days = entry->within_days,
                          .purpose = sk_vocabulary_purpose(v, entry->purpose)};
    if (!loses)
        SK_TRY(judge_sent(r, entry, loss, &loses));
    if (!loses)
        return SK_OK;
    r->losses_count++;
    loss->has_handover = loss->all && entry->has_handover;
    draft = add_to_draft(r, loss);
    return write_loss(r->e, loss, &draft->notice, entry);
}

/* ------------------------------------------------------------- all of it */

static void pack_dropped(struct sk_pack *p, const struct recall *r)
{
    sk_pack_cstr(p, "dropped");
    sk_pack_array(p, r->dropped_count);
    for (size_t i = 0; i < r->dropped_count; i++) {
        char text[SK_ID_TEXT_SIZE + 1];

        sk_id_format(&r->dropped[i].id, text);
        sk_pack_cstr(p, text);
    }
}

static enum sk_status send_notices(struct recall *r)
{
    size_t at;

    sk_pack_cstr(&r->e->reply, "notices");
    at = sk_reply_open(&r->e->reply);
    for (size_t i = 0; i < r->drafts_count; i++)
        SK_TRY(send_notice(r, &r->drafts[i]));
    sk_reply_close_array(&r->e->reply, at, r->drafts_count);
    return SK_OK;
}

/* What was offered with a message that is asked back whole. */
static enum sk_status end_handovers(struct recall *r)
{
    struct sk_engine *e = r->e;
    size_t mark = sk_arena_mark(&e->scratch);

    for (size_t i = 0; i < r->losses_count; i++) {
        struct sk_ledger_entry *entry;

        if (!r->losses[i].has_handover)
            continue;
        entry = sk_arena_get(&e->scratch, sizeof(*entry));
        if (entry == NULL)
            return SK_E_MEMORY;
        SK_TRY(sk_ledger_get(e, &r->losses[i].message, entry));
        SK_TRY(sk_handover_recalled(e, entry));
        sk_arena_reset(&e->scratch, mark);
    }
    return SK_OK;
}

static enum sk_status recall(struct recall *r)
{
    struct sk_engine *e = r->e;

    SK_TRY(make_room(r));
    SK_TRY(sk_facts_of(e, e->bundle, &r->participant, NULL, &r->facts));
    SK_TRY(sk_ledger_page(e, &r->participant, &r->page, judge_one, r));
    pack_dropped(&e->reply, r);
    SK_TRY(send_notices(r));
    return end_handovers(r);
}

/* An empty ground: a withdrawal. */
enum sk_status sk_erasure_recall(struct sk_engine *e,
                                 const struct sk_participant_id *participant,
                                 const struct sk_consent_id *withdrawal,
                                 struct sk_bytes ground)
{
    struct recall r = {.e = e,
                       .withdrawal = *withdrawal,
                       .participant = *participant,
                       .ground = ground,
                       .page = {.most = SIZE_MAX}};

    return recall(&r);
}

enum sk_status sk_objection_recall(struct sk_engine *e,
                                   const struct sk_participant_id *participant,
                                   const struct sk_objection *objection)
{
    struct recall r = {.e = e,
                       .withdrawal = {objection->id},
                       .participant = *participant,
                       .ground = sk_text("objection"),
                       .objection = &objection->of,
                       .page = {.most = SIZE_MAX}};

    return recall(&r);
}

enum sk_status sk_withdraw_part(struct sk_engine *e,
                                const struct sk_participant_id *participant,
                                const struct sk_consent_id *withdrawal,
                                struct sk_ledger_page *page)
{
    struct recall r = {.e = e,
                       .withdrawal = *withdrawal,
                       .participant = *participant,
                       .page = *page};

    SK_TRY(recall(&r));
    *page = r.page;
    return SK_OK;
}

/* I7: the withdrawal itself is recorded, and whatever would leave is decided
   again with it.  Who got so much that telling takes long is told in parts. */
enum sk_status sk_withdraw_recall(struct sk_engine *e,
                                  const struct sk_participant_id *participant,
                                  const struct sk_consent_id *withdrawal,
                                  size_t *keys)
{
    struct sk_ledger_page all = {.most = SIZE_MAX};
    size_t count;

    SK_TRY(sk_ledger_count(e, participant, e->recall_part + 1, &count));
    *keys = 2;
    if (count <= e->recall_part)
        return sk_withdraw_part(e, participant, withdrawal, &all);
    *keys = 3;
    SK_TRY(sk_recall_later(e, participant, withdrawal));
    sk_pack_cstr(&e->reply, "dropped");
    sk_pack_array(&e->reply, 0);
    sk_pack_cstr(&e->reply, "notices");
    sk_pack_array(&e->reply, 0);
    sk_reply_bool(&e->reply, "under_way", true);
    return SK_OK;
}
