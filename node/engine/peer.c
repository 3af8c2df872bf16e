#include "node/engine/ops.h"

#include "node/engine/federation.h"
#include "node/engine/leave.h"
#include "node/engine/outbox.h"
#include "node/engine/request.h"
#include "node/engine/session.h"
#include "node/engine/state.h"

/* A clock that is further off than this is worth a look: days of consent and
   of erasure are counted by it. */
#define CLOCK_OFF_MS 60000

static const char *line_text(const struct sk_session *s)
{
    if (!s->line_known)
        return "unknown";
    return s->up ? "up" : "down";
}

static void pack_org(struct sk_engine *e, const struct sk_session *s,
                     size_t *count)
{
    const struct sk_roster_org *org =
        sk_federation_org(e, sk_org_text(&s->org));
    const struct sk_vocabulary *v;

    if (org == NULL)
        return;
    v = sk_bundle_vocabulary(e->bundle);
    sk_reply_text(&e->reply, "role", v->roles[org->role].id);
    *count += 1;
}

static struct sk_bytes name_of(const struct sk_engine *e,
                               const struct sk_session *s)
{
    const struct sk_roster_org *org =
        sk_federation_org(e, sk_org_text(&s->org));

    return org == NULL ? sk_org_text(&s->org) : org->name;
}

static const char *standing(const struct sk_engine *e,
                            const struct sk_session *s)
{
    const struct sk_roster_org *org =
        sk_federation_org(e, sk_org_text(&s->org));

    return org == NULL ? "left" : sk_org_status_text(org);
}

/* What this line waits for, as a person reads it: a state always says so. */
static const char *waits_for(const struct sk_engine *e,
                             const struct sk_session *s,
                             const struct sk_log *log)
{
    if (s->suspended)
        return standing(e, s); /* "suspended" or "left" */
    if (!s->known)
        return "their-card";
    if (!s->up)
        return "line";
    if (!s->greeted)
        return "their-hello";
    if (s->full_times > 0)
        return "their-room";
    if (log->stored < log->head)
        return "their-receipt";
    return "nothing";
}

static enum sk_status pack_peer(struct sk_engine *e, const struct sk_session *s)
{
    struct sk_pack *p = &e->reply;
    size_t at = sk_reply_open(p);
    size_t count = 15;
    struct sk_log log;
    uint64_t left_ms;
    uint64_t events;
    uint64_t items;
    enum sk_status status;

    SK_TRY(sk_log_get(e, &s->org, &log));
    SK_TRY(sk_outbox_pending(e, &s->org, &events, &items));
    sk_reply_uint(p, "card", s->card.version);
    if (s->charter_version != 0) {
        sk_reply_uint(p, "charter", s->charter_version);
        count++;
    }
    if (s->clock_known && s->clock_off_ms > CLOCK_OFF_MS) {
        sk_reply_cstr(p, "clock", s->clock_ahead ? "ahead" : "behind");
        sk_reply_uint(p, "clock_off_s", s->clock_off_ms / 1000);
        count += 2;
    }
    sk_reply_cstr(p, "endpoint",
                  s->card.endpoints_count > 0 ? s->card.endpoints[0] : "");
    if (s->heard_ms != 0) {
        sk_reply_instant(p, "heard", s->heard_ms);
        count++;
    }
    sk_reply_uint(p, "incarnation", log.incarnation);
    status = sk_left_since(e, &s->org, &left_ms);
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    if (status == SK_OK) {
        sk_reply_instant(p, "left", left_ms);
        count++;
    }
    sk_reply_cstr(p, "line", line_text(s));
    sk_reply_text(p, "name", name_of(e, s));
    sk_reply_text(p, "org", sk_org_text(&s->org));
    sk_reply_uint(p, "queue", events);
    sk_reply_uint(p, "received", log.peer_cursor);
    if (s->refused[0] != '\0') {
        sk_reply_cstr(p, "refused", s->refused);
        count++;
    }
    pack_org(e, s, &count);
    sk_reply_uint(p, "sent", log.handed);
    sk_reply_cstr(p, "status", standing(e, s));
    sk_reply_uint(p, "stored", log.stored);
    if (s->card.version != 0) {
        sk_pack_cstr(p, "transport");
        sk_pack_bin(p, (struct sk_bytes){s->card.curve.bytes,
                                         sizeof(s->card.curve.bytes)});
        count++;
    }
    sk_reply_uint(p, "unconfirmed", items);
    sk_reply_uint(p, "unread", log.counts[SK_COUNT_UNREAD]);
    sk_reply_uint(p, "unread_bytes", log.counts[SK_COUNT_WAITING]);
    sk_reply_cstr(p, "waits_for", waits_for(e, s, &log));
    sk_reply_close_map(p, at, count);
    return SK_OK;
}

enum sk_status sk_op_peer_list(struct sk_engine *e, struct sk_value args)
{
    size_t at;

    (void)args; /* it has none */
    sk_pack_map(&e->reply, 1);
    sk_pack_cstr(&e->reply, "peers");
    at = sk_reply_open(&e->reply);
    for (size_t i = 0; i < e->sessions_count; i++)
        SK_TRY(pack_peer(e, &e->sessions[i]));
    sk_reply_close_array(&e->reply, at, e->sessions_count);
    return SK_OK;
}

enum sk_status sk_op_peer_show(struct sk_engine *e, struct sk_value args)
{
    struct sk_session *s;
    struct sk_org org;

    SK_TRY(sk_arg_partner(e, args, "org", &org));
    s = sk_session_find(e, &org);
    if (s == NULL)
        return sk_refuse(e, "unknown-org", "org", (struct sk_bytes){0});
    return pack_peer(e, s);
}
