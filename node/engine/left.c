#include "node/engine/leave.h"

#include <string.h>

#include "node/engine/due.h"
#include "node/engine/federation.h"
#include "node/engine/handover.h"
#include "node/engine/ledger.h"
#include "node/engine/ops.h"
#include "node/engine/relation.h"
#include "node/engine/request.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "policies/civil.h"

/* CONSENT 5.6, at those who stay: the charter says that a partner has left. */

#define NAME "left "
/* Of what was open with partners that left, so much ends with the charter that
   says so; the rest in parts, as what is due (due.c). */
#define LEFT_NOW_MAX 64
/* Records of one request of peer.holds. */
#define PAGE_RECORDS 512

struct left_name {
    char text[sizeof(NAME) + SK_ORG_SIZE_MAX];
};

static struct left_name left_name(const struct sk_org *org)
{
    struct left_name name = {NAME};
    struct sk_bytes text = sk_org_text(org);

    memcpy(name.text + sizeof(NAME) - 1, text.data, text.size);
    return name;
}

enum sk_status sk_left_since(struct sk_engine *e, const struct sk_org *org,
                             uint64_t *since_ms)
{
    struct left_name name = left_name(org);

    return sk_meta_get_u64(e, name.text, since_ms);
}

/* ------------------------------------------------------------- what ends */

/* How far that is, in META: the phase, and the handle behind which it goes on.
 */
#define ENDING "ending "
#define PHASE_HANDOVERS 0
#define PHASE_RELATIONS 1

struct ending {
    struct sk_engine *e;
    const struct sk_org *org;
    size_t *budget; /* records that may still be looked at */
    uint8_t phase;
    struct sk_id behind;
    bool more; /* it stopped because that many were */
};

static struct sk_key ending_key(const struct sk_org *org)
{
    struct sk_key key = sk_key_start(SK_T_META);

    sk_key_bytes(&key, sk_text(ENDING));
    sk_key_bytes(&key, sk_org_text(org));
    return key;
}

static enum sk_status put_ending(const struct ending *ending)
{
    struct sk_key key = ending_key(ending->org);
    uint8_t bytes[1 + SK_ID_SIZE];

    bytes[0] = ending->phase;
    memcpy(bytes + 1, ending->behind.bytes, SK_ID_SIZE);
    return sk_store_put(ending->e->store, SK_SPACE_DATA, sk_key_done(&key),
                        (struct sk_bytes){bytes, sizeof(bytes)});
}

static enum sk_status drop_ending(struct sk_engine *e, const struct sk_org *org)
{
    struct sk_key key = ending_key(org);

    return sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key));
}

/* Nothing of a handover reaches a partner that left: it ends here, and who
   sent it goes on guiding. */
static enum sk_status end_handover(void *context, struct sk_handover *h)
{
    struct ending *ending = context;

    if (!sk_org_equal(&h->partner, ending->org))
        return SK_OK;
    if (*ending->budget == 0) {
        ending->more = true;
        return SK_E_AGAIN;
    }
    (*ending->budget)--;
    return sk_handover_move(ending->e, h, SK_HANDOVER_CANCELLED);
}

/* Our handles towards a partner name everybody with a relation to it. */
static struct sk_key handles_of(const struct sk_org *org)
{
    struct sk_key key = sk_key_start(SK_T_HANDLE_OWN);

    sk_key_org(&key, org);
    return key;
}

static enum sk_status take_person(struct sk_bytes value,
                                  struct sk_participant_id *out)
{
    if (value.size != SK_ID_SIZE)
        return SK_E_IO;
    memcpy(out->id.bytes, value.data, SK_ID_SIZE);
    return SK_OK;
}

static enum sk_status end_relations(struct ending *ending)
{
    struct sk_engine *e = ending->e;
    struct sk_key prefix = handles_of(ending->org);
    struct sk_key from = prefix;
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;
    enum sk_status status;

    sk_key_id(&from, &ending->behind);
    scan = sk_scan_after(e->store, SK_SPACE_DATA, sk_key_done(&prefix),
                         sk_key_done(&from));
    while ((status = sk_scan_next(&scan, &key, &value)) == SK_OK) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_participant_id person;
        bool ended;

        ending->more = *ending->budget == 0;
        if (ending->more)
            return SK_OK;
        (*ending->budget)--;
        memcpy(ending->behind.bytes, key.data + key.size - SK_ID_SIZE,
               SK_ID_SIZE);
        SK_TRY(take_person(value, &person));
        SK_TRY(sk_relation_end(e, &person, ending->org, sk_today(e), &ended));
        sk_arena_reset(&e->scratch, mark);
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

/* The next part. */
static enum sk_status end_part(struct ending *ending)
{
    enum sk_status status = SK_OK;

    if (ending->phase == PHASE_HANDOVERS)
        status =
            sk_handover_each(ending->e, /* open */ true, end_handover, ending);
    if (ending->more)
        return SK_OK;
    SK_TRY(status);
    ending->phase = PHASE_RELATIONS;
    return end_relations(ending);
}

/* Goes on with one partner that left, if there is anything left to end. */
static enum sk_status run_ending(struct sk_engine *e, const struct sk_org *org,
                                 size_t *budget)
{
    struct ending ending = {.e = e, .org = org, .budget = budget};
    struct sk_key key = ending_key(org);
    struct sk_bytes value;
    enum sk_status status =
        sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value);

    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    if (value.size != 1 + SK_ID_SIZE)
        return SK_E_IO;
    ending.phase = value.data[0];
    memcpy(ending.behind.bytes, value.data + 1, SK_ID_SIZE);
    SK_TRY(end_part(&ending));
    return ending.more ? put_ending(&ending) : drop_ending(e, org);
}

enum sk_status sk_left_run(struct sk_engine *e, size_t *budget, bool *done)
{
    for (size_t i = 0; i < e->sessions_count; i++)
        SK_TRY(run_ending(e, &e->sessions[i].org, budget));
    *done = *budget > 0;
    return SK_OK;
}

static enum sk_status forget(struct sk_engine *e, const struct sk_org *org)
{
    struct left_name name = left_name(org);
    struct sk_key key = sk_key_start(SK_T_META);

    sk_key_bytes(&key, sk_text(name.text));
    SK_TRY(drop_ending(e, org));
    return sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key));
}

static enum sk_status look_at(struct sk_engine *e, const struct sk_org *org)
{
    const struct sk_roster_org *row = sk_federation_org(e, sk_org_text(org));
    bool left = row == NULL || row->status == SK_ORG_LEFT;
    struct left_name name = left_name(org);
    uint64_t since_ms;
    enum sk_status status = sk_left_since(e, org, &since_ms);

    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    if (!left)
        return status == SK_OK ? forget(e, org) : SK_OK;
    if (status == SK_OK)
        return SK_OK;
    SK_TRY(put_ending(&(struct ending){.e = e, .org = org}));
    return sk_meta_put_u64(e, name.text, e->now_ms);
}

enum sk_status sk_left_look(struct sk_engine *e)
{
    size_t budget = LEFT_NOW_MAX;
    bool done;

    for (size_t i = 0; i < e->sessions_count; i++)
        SK_TRY(look_at(e, &e->sessions[i].org));
    SK_TRY(sk_left_run(e, &budget, &done));
    if (!done)
        sk_due_again(e);
    return SK_OK;
}

/* ------------------------------------------------------------- what it holds
 */

enum holding {          /* in the order of their words */
               ASKED,   /* it was asked to erase, and did not answer yet */
               ERASED,  /* it said so */
               EXPIRED, /* past its last day there: it erases by itself */
               HELD,    /* as far as we know */
               KEPT,    /* and names a law */
               QUEUED,  /* not there yet */
               NOT,     /* never was */
};

static const char *const holding_words[] = {
    [ASKED] = "asked", [ERASED] = "erased", [EXPIRED] = "expired",
    [HELD] = "held",   [KEPT] = "kept",     [QUEUED] = "queued",
};

static enum holding holding_of(const struct sk_engine *e,
                               const struct sk_ledger_entry *entry)
{
    int32_t until;

    if (entry->state == SK_LEDGER_QUEUED)
        return QUEUED;
    if (entry->state == SK_LEDGER_DROPPED || entry->state == SK_LEDGER_REFUSED)
        return NOT;
    if (entry->recall == SK_RECALL_CONFIRMED && entry->recall_all)
        return ERASED;
    if (entry->recall == SK_RECALL_KEPT)
        return sk_day_parse(entry->keep_until, &until) && until < sk_today(e)
                   ? EXPIRED
                   : KEPT;
    if (entry->erase_by <= sk_today(e))
        return EXPIRED;
    return entry->recall == SK_RECALL_ASKED ? ASKED : HELD;
}

struct tally {
    struct sk_engine *e;
    struct sk_org org;
    uint64_t counts[NOT];
    size_t looked; /* records */
    size_t listed;
};

static void list_one(struct tally *t, const struct sk_ledger_entry *entry,
                     enum holding holding)
{
    struct sk_pack *p = &t->e->reply;
    bool kept = holding == KEPT;

    t->listed++;
    sk_pack_map(p, kept ? 7 : 5);
    sk_reply_day(p, "erase_by", entry->erase_by);
    sk_reply_cstr(p, "holding", holding_words[holding]);
    if (kept) {
        sk_reply_text(p, "keep_until", entry->keep_until);
        sk_reply_text(p, "law_reference", entry->law_reference);
    }
    sk_reply_id(p, "message", &entry->message.id);
    sk_reply_id(p, "participant", &entry->participant.id);
    sk_reply_text(p, "type", entry->type);
}

static enum sk_status tally_one(void *context, struct sk_ledger_entry *entry)
{
    struct tally *t = context;
    enum holding holding;

    t->looked++;
    if (!sk_org_equal(&entry->to, &t->org))
        return SK_OK;
    holding = holding_of(t->e, entry);
    if (holding == NOT)
        return SK_OK;
    t->counts[holding]++;
    if (holding == ASKED || holding == HELD || holding == KEPT)
        list_one(t, entry, holding);
    return SK_OK;
}

static struct sk_scan people_behind(struct sk_engine *e,
                                    const struct sk_org *org,
                                    struct sk_value args)
{
    struct sk_key prefix = handles_of(org);
    struct sk_key start = prefix;
    struct sk_id after;

    if (!sk_arg_id(args, "after", &after))
        return sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    sk_key_id(&start, &after);
    return sk_scan_after(e->store, SK_SPACE_DATA, sk_key_done(&prefix),
                         sk_key_done(&start));
}

/* Person by person, until a page is full; more: behind `last`. */
static enum sk_status tally_people(struct tally *t, struct sk_scan *scan,
                                   struct sk_id *last, bool *more)
{
    struct sk_engine *e = t->e;

    *more = false;
    while (t->looked < PAGE_RECORDS) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_participant_id person;
        struct sk_bytes key;
        struct sk_bytes value;
        enum sk_status status = sk_scan_next(scan, &key, &value);

        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        SK_TRY(take_person(value, &person));
        memcpy(last->bytes, key.data + key.size - SK_ID_SIZE, SK_ID_SIZE);
        t->looked++;
        SK_TRY(sk_ledger_each(e, &person, tally_one, t));
        sk_arena_reset(&e->scratch, mark);
    }
    *more = true;
    return SK_OK;
}

static void pack_totals(struct sk_pack *p, const struct tally *t)
{
    sk_pack_cstr(p, "totals");
    sk_pack_map(p, NOT);
    for (size_t i = 0; i < NOT; i++)
        sk_reply_uint(p, holding_words[i], t->counts[i]);
}

enum sk_status sk_op_peer_holds(struct sk_engine *e, struct sk_value args)
{
    struct tally tally = {.e = e};
    struct sk_pack *p = &e->reply;
    struct sk_scan scan;
    struct sk_id last = {0};
    size_t count = 3;
    uint64_t since_ms;
    enum sk_status status;
    size_t top;
    size_t at;
    bool more;

    SK_TRY(sk_arg_partner(e, args, "org", &tally.org));
    scan = people_behind(e, &tally.org, args);
    status = sk_left_since(e, &tally.org, &since_ms);
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    top = sk_reply_open(p);
    if (status == SK_OK) {
        sk_reply_instant(p, "left", since_ms);
        count++;
    }
    sk_pack_cstr(p, "messages");
    at = sk_reply_open(p);
    SK_TRY(tally_people(&tally, &scan, &last, &more));
    sk_reply_close_array(p, at, tally.listed);
    if (more) {
        sk_reply_id(p, "next", &last);
        count++;
    }
    sk_reply_text(p, "org", sk_org_text(&tally.org));
    pack_totals(p, &tally);
    sk_reply_close_map(p, top, count);
    return SK_OK;
}
