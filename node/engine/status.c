#include "node/engine/engine.h"

#include "node/engine/due.h"
#include "node/engine/federation.h"
#include "node/engine/findings.h"
#include "node/engine/journal.h"
#include "node/engine/leave.h"
#include "node/engine/ops.h"
#include "node/engine/outbox.h"
#include "node/engine/request.h"
#include "node/engine/restored.h"
#include "node/engine/rights.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/user.h"
#include "node/engine/withdraw.h"
#include "policies/civil.h"
#include "protocol/version.h"

/* Operations on the node itself: how it is doing, and its clock. */

static void pack_frame_sizes(struct sk_engine *e)
{
    sk_pack_cstr(&e->reply, "frame_sizes");
    sk_pack_array(&e->reply, e->frame_sizes_count);
    for (size_t i = 0; i < e->frame_sizes_count; i++) {
        sk_pack_map(&e->reply, 2);
        sk_reply_uint(&e->reply, "count", e->frame_counts[i]);
        sk_reply_uint(&e->reply, "size", e->frame_sizes[i]);
    }
}

static void pack_peers(struct sk_engine *e)
{
    uint64_t known = 0;
    uint64_t up = 0;

    for (size_t i = 0; i < e->sessions_count; i++) {
        known += e->sessions[i].known ? 1 : 0;
        up += e->sessions[i].up ? 1 : 0;
    }
    sk_pack_cstr(&e->reply, "peers");
    sk_pack_map(&e->reply, 2);
    sk_reply_uint(&e->reply, "known", known);
    sk_reply_uint(&e->reply, "up", up);
}

/* What partners whose line is up could confirm, and did not yet. */
static enum sk_status pending_up(struct sk_engine *e, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < e->sessions_count; i++) {
        const struct sk_session *session = &e->sessions[i];
        uint64_t events;
        uint64_t items;

        if (!session->up || session->suspended)
            continue;
        SK_TRY(sk_outbox_pending(e, &session->org, &events, &items));
        *out += items;
    }
    return SK_OK;
}

static void pack_store(struct sk_engine *e)
{
    struct sk_store_stats stats;
    bool room;

    sk_store_stats(e->store, &stats);
    room = stats.room_bytes != UINT64_MAX;
    sk_pack_cstr(&e->reply, "store");
    sk_pack_map(&e->reply, room ? 3 : 2);
    sk_reply_uint(&e->reply, "data_bytes", stats.data_bytes);
    sk_reply_uint(&e->reply, "keys_bytes", stats.keys_bytes);
    if (room)
        sk_reply_uint(&e->reply, "room_bytes", stats.room_bytes);
}

static void pack_sandbox(struct sk_engine *e)
{
    sk_pack_cstr(&e->reply, "sandbox");
    sk_pack_map(&e->reply, 2);
    sk_reply_uint(&e->reply, "landlock", e->host.landlock);
    sk_reply_bool(&e->reply, "seccomp", e->host.seccomp);
}

void sk_engine_host_set(struct sk_engine *e, const struct sk_engine_host *host)
{
    e->host = *host;
    e->has_host = true;
}

/* Text, or nil when it is empty. */
static void pack_name(struct sk_engine *e, const char *key,
                      struct sk_bytes name)
{
    sk_pack_cstr(&e->reply, key);
    if (name.size == 0)
        sk_pack_nil(&e->reply);
    else
        sk_pack_str(&e->reply, name);
}

static void pack_two(struct sk_engine *e, const char *key, const char *first,
                     uint64_t one, const char *second, uint64_t two)
{
    sk_pack_cstr(&e->reply, key);
    sk_pack_map(&e->reply, 2);
    sk_reply_uint(&e->reply, first, one);
    sk_reply_uint(&e->reply, second, two);
}

/* Is the sealing key of this card one that is used now? */
static bool seals(const struct sk_engine *e, const struct sk_card *card)
{
    return card->sealing_count > 0 &&
           e->now_ms / 1000 < card->sealing[0].until_s;
}

/* Who keeps a journal has room for it, and can read it back. */
static enum sk_status journals(struct sk_engine *e, bool *out)
{
    struct sk_store_stats stats;
    bool broken;

    SK_TRY(sk_finding_is_open(e, &e->org, "broken", &broken));
    sk_store_stats(e->store, &stats);
    *out = !broken && stats.room_bytes >= SK_ROOM_BYTES_MIN;
    return SK_OK;
}

/* I5: without a charter nobody knows our keys, nor we theirs. */
static enum sk_status pack_able(struct sk_engine *e)
{
    bool ours = e->card.version > 0 &&
                sk_federation_org(e, sk_org_text(&e->org)) != NULL;
    bool seal = ours && seals(e, &e->card);
    bool reach = ours;
    bool journal;

    SK_TRY(journals(e, &journal));
    for (size_t i = 0; i < e->sessions_count; i++) {
        const struct sk_session *s = &e->sessions[i];

        if (s->suspended)
            continue;
        seal = seal && s->known && seals(e, &s->card);
        reach = reach && s->known && s->up && s->greeted;
    }
    sk_pack_cstr(&e->reply, "able");
    sk_pack_map(&e->reply, 4);
    sk_reply_bool(&e->reply, "journal", journal);
    sk_reply_bool(&e->reply, "reach", reach);
    sk_reply_bool(&e->reply, "seal", seal);
    sk_reply_bool(&e->reply, "sign", ours);
    return SK_OK;
}

/* Who asks; who works here, and what the privacy officer must look at. */
static enum sk_status pack_users(struct sk_engine *e, uint64_t count)
{
    struct sk_bytes name;
    uint64_t glass;

    SK_TRY(sk_user_name(e, &e->asker.id, &name));
    SK_TRY(sk_access_glass(e, &glass));
    if (e->asker.known)
        sk_reply_text(&e->reply, "user", name);
    pack_two(e, "users", "count", count, "glass", glass);
    return SK_OK;
}

/* On paper for participants; empty: nobody said it. */
#define CONTACT "contact"

static enum sk_status get_contact(struct sk_engine *e, struct sk_bytes *out)
{
    enum sk_status status = sk_meta_get(e, CONTACT, out);

    if (status == SK_E_NOT_FOUND)
        *out = (struct sk_bytes){0};
    else
        SK_TRY(status);
    *out = sk_arena_copy(&e->scratch, *out);
    return SK_OK;
}

enum sk_status sk_op_contact_set(struct sk_engine *e, struct sk_value args)
{
    struct sk_bytes text = sk_arg_text(args, "text");

    SK_TRY(sk_meta_put(e, CONTACT, text));
    sk_pack_map(&e->reply, 1);
    sk_reply_text(&e->reply, "contact", text);
    return SK_OK;
}

enum sk_status sk_op_contact_clear(struct sk_engine *e, struct sk_value args)
{
    (void)args; /* it has none */
    SK_TRY(sk_meta_put(e, CONTACT, (struct sk_bytes){0}));
    sk_pack_map(&e->reply, 1);
    sk_reply_bool(&e->reply, "ok", true);
    return SK_OK;
}

/* What is open, and what is not as always. */
struct stock {
    struct sk_bytes contact;
    uint64_t notices;
    uint64_t users;
    uint64_t findings;
    uint64_t events; /* that wait to be confirmed, and their items */
    uint64_t items;
    uint64_t up; /* of the items: their partner's line is up */
    uint64_t hold_ms;
    uint64_t erasures;
    uint64_t withdrawals;
    uint64_t leaving_ms;
    bool shred_due;
    bool hold;
    bool leaving;
};

static enum sk_status take_stock(struct sk_engine *e, struct stock *s)
{
    s->shred_due = sk_store_shred_due(e->store);
    SK_TRY(sk_erasures_open(e, &s->erasures));
    SK_TRY(sk_hold_since(e, &s->hold, &s->hold_ms));
    SK_TRY(sk_leaving_since(e, &s->leaving, &s->leaving_ms));
    SK_TRY(sk_log_total(e, SK_COUNT_NOTICES, &s->notices));
    SK_TRY(sk_outbox_pending(e, NULL, &s->events, &s->items));
    SK_TRY(pending_up(e, &s->up));
    SK_TRY(sk_findings_open(e, &s->findings));
    SK_TRY(sk_users_count(e, &s->users));
    SK_TRY(sk_recalls_count(e, &s->withdrawals));
    return get_contact(e, &s->contact);
}

/* The keys that are always there, and those that say what is not as always. */
static size_t keys_count(const struct sk_engine *e, const struct stock *s)
{
    return 16u + (e->clock_back ? 1 : 0) + (e->has_host ? 1 : 0) +
           (e->host.deaf ? 1 : 0) + (s->shred_due ? 1 : 0) + (s->hold ? 1 : 0) +
           (s->leaving ? 1 : 0) + (s->erasures > 0 ? 1 : 0) +
           (e->asker.known ? 1 : 0) + (s->withdrawals > 0 ? 1 : 0) +
           (s->contact.size > 0 ? 1 : 0);
}

enum sk_status sk_op_node_status(struct sk_engine *e, struct sk_value args)
{
    struct stock s;

    (void)args; /* it has none */
    SK_TRY(take_stock(e, &s));
    sk_pack_map(&e->reply, keys_count(e, &s));
    SK_TRY(pack_able(e));
    sk_reply_uint(&e->reply, "card_version", e->card.version);
    pack_name(e, "charter", sk_charter_name(e));
    sk_reply_cstr(&e->reply, "clock", e->manual_clock ? "manual" : "system");
    if (e->clock_back)
        sk_reply_bool(&e->reply, "clock_back", true);
    if (s.contact.size > 0)
        sk_reply_text(&e->reply, "contact", s.contact);
    if (e->host.deaf)
        sk_reply_bool(&e->reply, "deaf", true);
    if (s.erasures > 0)
        sk_reply_uint(&e->reply, "erasures_open", s.erasures);
    pack_frame_sizes(e);
    if (s.hold)
        SK_TRY(sk_hold_pack(e, s.hold_ms));
    pack_two(e, "journal", "entries", sk_journal_size(e), "findings",
             s.findings);
    if (s.leaving)
        sk_reply_instant(&e->reply, "leaving", s.leaving_ms);
    sk_reply_uint(&e->reply, "notices_open", s.notices);
    sk_reply_instant(&e->reply, "now", e->now_ms);
    sk_reply_text(&e->reply, "org", sk_org_text(&e->org));
    pack_peers(e);
    pack_two(e, "pending", "events", s.events, "items", s.items);
    sk_reply_uint(&e->reply, "pending_up", s.up);
    pack_name(e, "policy", sk_policy_name(e));
    if (e->has_host)
        pack_sandbox(e);
    if (s.shred_due)
        sk_reply_bool(&e->reply, "shred_due", true);
    pack_store(e);
    SK_TRY(pack_users(e, s.users));
    sk_reply_cstr(&e->reply, "version", SK_VERSION);
    if (s.withdrawals > 0)
        sk_reply_uint(&e->reply, "withdrawals", s.withdrawals);
    return SK_OK;
}

enum sk_status sk_op_clock_set(struct sk_engine *e, struct sk_value args)
{
    int64_t at;
    uint64_t now_ms;

    if (!sk_instant_parse(sk_arg_text(args, "at"), &at) || at < 0)
        return sk_refuse(e, "bad-argument", "at", (struct sk_bytes){0});
    now_ms = (uint64_t)at * 1000;
    if (now_ms < e->now_ms / 1000 * 1000)
        return sk_refuse(e, "clock-back", "at", (struct sk_bytes){0});

    SK_TRY(sk_meta_put_u64(e, "clock", now_ms));
    e->now_ms = now_ms;
    SK_TRY(sk_due_run(e));
    sk_pack_map(&e->reply, 1);
    sk_reply_instant(&e->reply, "now", e->now_ms);
    return SK_OK;
}
