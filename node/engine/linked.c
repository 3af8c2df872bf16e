#include "node/engine/linked.h"

#include "node/engine/inbox.h"
#include "node/engine/ledger.h"
#include "node/engine/request.h"
#include "node/engine/rights.h"
#include "node/engine/state.h"

struct linking {
    struct sk_engine *e;
    struct sk_pack *p;
    const struct sk_org *partner;
    const struct sk_handover_id *handover;
    size_t count;
};

static bool is_own(const struct linking *l, bool has_handover,
                   const struct sk_handover_id *handover)
{
    return has_handover && sk_id_equal(&handover->id, &l->handover->id);
}

/* ------------------------------------------------------------- sent */

/* What the partner can do with it, in one word. */
static const char *standing(const struct sk_engine *e,
                            const struct sk_ledger_entry *entry)
{
    if (entry->state == SK_LEDGER_DROPPED)
        return "dropped";
    if (entry->state == SK_LEDGER_REFUSED)
        return "refused";
    if (entry->recall != SK_RECALL_NONE && entry->recall_all)
        return entry->recall == SK_RECALL_CONFIRMED ? "erased"
               : entry->recall == SK_RECALL_KEPT    ? "kept"
                                                    : "asked-back";
    if (entry->erase_by <= sk_today(e))
        return "expired";
    if (entry->stored_ms == 0)
        return "waits";
    return entry->read_ms == 0 ? "stored" : "read";
}

static enum sk_status link_sent(void *context, struct sk_ledger_entry *entry)
{
    struct linking *l = context;

    if (!sk_org_equal(&entry->to, l->partner) ||
        is_own(l, entry->has_handover, &entry->handover))
        return SK_OK;
    l->count++;
    sk_pack_map(l->p, 4);
    sk_reply_instant(l->p, "at", entry->queued_ms);
    sk_reply_id(l->p, "message", &entry->message.id);
    sk_reply_cstr(l->p, "state", standing(l->e, entry));
    sk_reply_text(l->p, "type", entry->type);
    return SK_OK;
}

enum sk_status sk_linked_pack_sent(struct sk_engine *e,
                                   const struct sk_participant_id *person,
                                   const struct sk_org *to,
                                   const struct sk_handover_id *handover,
                                   struct sk_pack *p)
{
    struct linking l = {e, p, to, handover, 0};
    size_t at;

    sk_pack_cstr(p, "linked");
    at = sk_reply_open(p);
    SK_TRY(sk_ledger_each(e, person, link_sent, &l));
    sk_reply_close_array(p, at, l.count);
    return SK_OK;
}

/* ------------------------------------------------------------- received */

static enum sk_status link_received(void *context,
                                    const struct sk_inbox_entry *entry)
{
    struct linking *l = context;
    const char *gone = NULL;

    if (is_own(l, entry->event->has_handover, &entry->event->handover))
        return SK_OK;
    /* Asked back: it is shown to nobody any more (CONSENT 4.5). */
    SK_TRY(sk_inbox_gone(l->e, &entry->from, &entry->message, &gone));
    if (gone != NULL)
        return SK_OK;
    l->count++;
    sk_pack_map(l->p, 4);
    sk_reply_id(l->p, "message", &entry->message.id);
    sk_reply_bool(l->p, "opened", entry->opened_ms != 0);
    sk_reply_instant(l->p, "received", entry->received_ms);
    sk_reply_text(l->p, "type", entry->event->type);
    return SK_OK;
}

enum sk_status sk_linked_pack_received(struct sk_engine *e,
                                       const struct sk_org *from,
                                       const struct sk_handle *handle,
                                       const struct sk_handover_id *handover,
                                       struct sk_pack *p)
{
    struct linking l = {e, p, from, handover, 0};
    size_t at;

    sk_pack_cstr(p, "linked");
    at = sk_reply_open(p);
    SK_TRY(sk_received_about(e, from, handle, link_received, &l));
    sk_reply_close_array(p, at, l.count);
    return SK_OK;
}
