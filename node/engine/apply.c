#include "node/engine/apply.h"

#include <string.h>

#include "node/engine/correction.h"
#include "node/engine/due.h"
#include "node/engine/federation.h"
#include "node/engine/handover.h"
#include "node/engine/inbox.h"
#include "node/engine/leave.h"
#include "node/engine/ledger.h"
#include "node/engine/restored.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "node/engine/timer.h"
#include "node/engine/withdraw.h"
#include "policies/civil.h"
#include "protocol/utf8.h"

#define DAY_MS UINT64_C(86400000)

uint64_t sk_partner_ms(const struct sk_engine *e, uint64_t at_ms)
{
    return at_ms > e->now_ms + DAY_MS ? e->now_ms : at_ms;
}

/* ------------------------------------------------------------- events */

bool sk_field_is_known(const struct sk_vocabulary *v,
                       const struct sk_item_field *sent)
{
    uint16_t at = sk_vocabulary_field(v, sent->name);
    const struct sk_field *field;
    uint16_t level;

    if (at == SK_NONE)
        return false;
    field = &v->fields[at];
    level = sk_field_level(field, sent->level);
    /* levels[0] is drop: nothing is sent at that level. */
    if (level == SK_NONE || level == 0)
        return false;
    /* POLICY.md 6.2: a name looks like what it is. */
    return field->kind != SK_KIND_NAME || sk_utf8_hidden_at(sent->text) == 0;
}

/* I5: every word of it is one of the vocabulary. */
bool sk_words_are_known(const struct sk_vocabulary *v,
                        const struct sk_item_event *event)
{
    uint16_t type = sk_vocabulary_event(v, event->type);
    const struct sk_event_type *row;

    if (type == SK_NONE)
        return false;
    row = &v->events[type];
    for (size_t i = 0; i < event->fields_count; i++) {
        const struct sk_item_field *sent = &event->fields[i];
        uint16_t field = sk_vocabulary_field(v, sent->name);
        bool of_type = false;

        for (size_t k = 0; k < row->fields_count; k++)
            of_type = of_type || row->fields[k] == field;
        if (!of_type || !sk_field_is_known(v, sent))
            return false;
    }
    return true;
}

/* DOMAIN 3.4: what the receiver checks for itself.  NULL: nothing wrong. */
static const char *fault_of(const struct sk_engine *e,
                            const struct sk_org *from,
                            const struct sk_item_event *event)
{
    const struct sk_vocabulary *v = sk_bundle_vocabulary(e->bundle);
    const struct sk_roster_org *self =
        sk_federation_org(e, sk_org_text(&e->org));
    uint16_t purpose = sk_vocabulary_purpose(v, event->purpose);
    int32_t erase_by;

    /* I8: only the source discloses. */
    if (!sk_bytes_equal(event->source, sk_org_text(from)))
        return "not-source";
    if (purpose == SK_NONE || !v->purposes[purpose].leaf ||
        !v->purposes[purpose].events ||
        sk_vocabulary_forbidden(v, event->purpose))
        return "unknown-purpose";
    if (!sk_day_parse(event->erase_by, &erase_by))
        return "malformed-item";
    if (erase_by <= sk_today(e))
        return "expired";
    /* No handle: it would be about nobody, and everybody. */
    if (sk_id_is_zero(&event->handle.id))
        return "malformed-item";
    if (!sk_words_are_known(v, event))
        return "malformed-item";
    /* HR03: a node that is for figures only keeps nothing about persons. */
    if (self == NULL || !self->person_level)
        return "forbidden";
    return NULL;
}

/* CONSENT 5.6: who leaves takes nothing new. */
static enum sk_status refuse_new(struct sk_engine *e, const char **refusal)
{
    uint64_t since_ms;
    bool leaving;

    SK_TRY(sk_leaving_since(e, &leaving, &since_ms));
    if (leaving)
        *refusal = "partner-leaving";
    return SK_OK;
}

static enum sk_status apply_event(struct sk_engine *e,
                                  const struct sk_org *from,
                                  struct sk_bytes item,
                                  const struct sk_item_event *event,
                                  const char **refusal)
{
    struct sk_bytes text = sk_org_text(from);
    enum sk_status status;
    int32_t erase_by = 0;

    SK_TRY(sk_inbox_gone(e, from, &event->message, refusal));
    if (*refusal != NULL)
        return SK_OK;
    *refusal = fault_of(e, from, event);
    if (*refusal != NULL)
        return SK_OK;
    status = sk_inbox_has(e, from, &event->message);
    /* It came before, under an older incarnation of the partner's log. */
    if (status == SK_OK)
        return SK_OK;
    SK_TRY(refuse_new(e, refusal));
    if (*refusal != NULL)
        return SK_OK;
    if (status == SK_E_EXISTS) {
        *refusal = "malformed-item";
        return SK_OK;
    }
    if (status != SK_E_NOT_FOUND)
        return status;
    if (event->has_handover &&
        sk_bytes_equal(event->type, sk_text("handover.requested"))) {
        SK_TRY(sk_handover_arrived(e, from, event, refusal));
        if (*refusal != NULL)
            return SK_OK;
    }
    SK_TRY(sk_inbox_add(e, from, &event->message, &event->handle, item));
    (void)sk_day_parse(event->erase_by, &erase_by); /* looked at above */
    SK_TRY(sk_due_put(e, erase_by, SK_DUE_ERASE_BY, &event->message.id, text));
    return sk_timers_received(e, event->type, &event->message);
}

static enum sk_status apply_collective(struct sk_engine *e,
                                       const struct sk_org *from,
                                       struct sk_bytes item,
                                       const struct sk_item_collective *c,
                                       const char **refusal)
{
    enum sk_status status = sk_inbox_has(e, from, &c->message);

    if (status == SK_OK)
        return SK_OK;
    if (status == SK_E_EXISTS || !sk_collective_is_known(c->type, c->body)) {
        *refusal = "malformed-item";
        return SK_OK;
    }
    if (status != SK_E_NOT_FOUND)
        return status;
    SK_TRY(refuse_new(e, refusal));
    if (*refusal != NULL)
        return SK_OK;
    return sk_inbox_add(e, from, &c->message, NULL, item);
}

/* ------------------------------------------------------------- receipts */

static void advance(struct sk_ledger_entry *entry, enum sk_item_kind kind,
                    uint64_t at_ms)
{
    bool read = kind == SK_ITEM_READ;

    if (entry->state == SK_LEDGER_DROPPED || entry->state == SK_LEDGER_REFUSED)
        return;
    if (entry->read_ms == 0)
        entry->read_ms = at_ms;
    if (!read)
        entry->state = SK_LEDGER_ACCEPTED;
    else if (entry->state != SK_LEDGER_ACCEPTED)
        entry->state = SK_LEDGER_READ;
}

static enum sk_status apply_receipt(struct sk_engine *e,
                                    const struct sk_org *from,
                                    const struct sk_item *item,
                                    const char **refusal)
{
    struct sk_ledger_entry *entry = sk_arena_get(&e->scratch, sizeof(*entry));
    enum sk_status status;

    if (entry == NULL)
        return SK_E_MEMORY;
    status = sk_ledger_get(e, &item->receipt.message, entry);
    if (status == SK_E_NOT_FOUND ||
        (status == SK_OK && !sk_org_equal(&entry->to, from))) {
        *refusal = "unknown-message";
        return SK_OK;
    }
    SK_TRY(status);
    advance(entry, item->kind, sk_partner_ms(e, item->receipt.at_ms));
    return sk_ledger_put(e, entry);
}

/* ------------------------------------------------------------- one item */

/* What a partner that is suspended or has left may still say: what narrows,
   and what it owes us. */
static bool is_from_suspended(enum sk_item_kind kind)
{
    return kind == SK_ITEM_VOID || kind == SK_ITEM_WITHDRAWN ||
           kind == SK_ITEM_ERASED || kind == SK_ITEM_KEPT ||
           kind == SK_ITEM_TOLD || kind == SK_ITEM_ASKED ||
           kind == SK_ITEM_ERASURE || kind == SK_ITEM_CORRECTION ||
           kind == SK_ITEM_CORRECTED ||
           /* I7: what it has of us can only be asked back when we know it. */
           kind == SK_ITEM_HELD ||
           /* I6: it let go before; who completed it is the owner. */
           kind == SK_ITEM_RELEASED;
}

static struct sk_message_id message_of(const struct sk_item *item)
{
    switch (item->kind) {
    case SK_ITEM_EVENT:
        return item->event.message;
    case SK_ITEM_COLLECTIVE:
        return item->collective.message;
    case SK_ITEM_HELD:
        return item->held.event.message;
    case SK_ITEM_ASKED:
    case SK_ITEM_VOID:
    case SK_ITEM_WITHDRAWN:
    case SK_ITEM_ERASED:
    case SK_ITEM_KEPT:
    case SK_ITEM_READ:
    case SK_ITEM_ACCEPTED:
    case SK_ITEM_HANDOVER:
    case SK_ITEM_RELEASED:
    case SK_ITEM_UNRELEASED:
    case SK_ITEM_TOLD:
    case SK_ITEM_ERASURE:
    case SK_ITEM_CORRECTION:
    case SK_ITEM_CORRECTED:
        break;
    }
    return (struct sk_message_id){0};
}

static enum sk_status apply_kind(struct sk_engine *e, const struct sk_org *from,
                                 struct sk_bytes bytes,
                                 const struct sk_item *item,
                                 const char **refusal)
{
    switch (item->kind) {
    case SK_ITEM_VOID:
        return SK_OK;
    case SK_ITEM_EVENT:
        return apply_event(e, from, bytes, &item->event, refusal);
    case SK_ITEM_WITHDRAWN:
    case SK_ITEM_ERASURE:
        return sk_withdraw_apply(e, from, item, refusal);
    case SK_ITEM_ERASED:
    case SK_ITEM_KEPT:
        return sk_withdraw_answer(e, from, item, refusal);
    case SK_ITEM_READ:
    case SK_ITEM_ACCEPTED:
        return apply_receipt(e, from, item, refusal);
    case SK_ITEM_HANDOVER:
    case SK_ITEM_RELEASED:
    case SK_ITEM_UNRELEASED:
        return sk_handover_apply(e, from, item, refusal);
    case SK_ITEM_COLLECTIVE:
        return apply_collective(e, from, bytes, &item->collective, refusal);
    case SK_ITEM_ASKED:
        return sk_held_tell(e, from, &item->asked, refusal);
    case SK_ITEM_HELD:
        return sk_held_apply(e, from, &item->held, refusal);
    case SK_ITEM_CORRECTION:
        return sk_correction_apply(e, from, &item->correction, refusal);
    case SK_ITEM_CORRECTED:
        return sk_correction_answer(e, from, &item->corrected, refusal);
    case SK_ITEM_TOLD:
        return sk_told_apply(e, from, bytes, &item->told, refusal);
    }
    return SK_OK;
}

enum sk_status sk_apply_item(struct sk_engine *e, const struct sk_org *from,
                             struct sk_bytes bytes, const char **refusal,
                             struct sk_message_id *message)
{
    const struct sk_session *s = sk_session_find(e, from);
    struct sk_item *item = sk_item_room(e);

    *refusal = NULL;
    if (e->bundle == NULL) {
        *refusal = "no-charter";
        return SK_OK;
    }
    if (sk_item_decode(bytes, item) != SK_OK) {
        *refusal = "malformed-item";
        return SK_OK;
    }
    *message = message_of(item);
    if ((s == NULL || s->suspended) && !is_from_suspended(item->kind)) {
        *refusal = "suspended";
        return SK_OK;
    }
    return apply_kind(e, from, bytes, item, refusal);
}
