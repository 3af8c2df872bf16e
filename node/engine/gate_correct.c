#include "node/engine/gate.h"

#include <string.h>

#include "node/engine/correction.h"
#include "node/engine/event.h"
#include "node/engine/leave.h"
#include "node/engine/ledger.h"
#include "node/engine/outbox.h"
#include "node/engine/relation.h"
#include "node/engine/restored.h"
#include "node/engine/state.h"
#include "node/engine/timer.h"

/* I1, I2: a right value leaves only when it would leave in an event now; else
   the partner hears which value is wrong, and no more. */

static enum sk_status empty_place(struct sk_engine *e, struct sk_room room,
                                  struct sk_bytes *out)
{
    struct sk_item *item = sk_item_new(e, SK_ITEM_VOID, 0);

    if (item == NULL)
        return SK_E_MEMORY;
    return sk_item_encode(item, room, out);
}

enum sk_status sk_gate_shows_right(struct sk_engine *e, bool *out)
{
    uint64_t since_ms;
    bool leaving;
    bool hold;

    SK_TRY(sk_hold_since(e, &hold, &since_ms));
    SK_TRY(sk_leaving_since(e, &leaving, &since_ms));
    *out = e->bundle != NULL && e->has_policy && !hold && !leaving;
    return SK_OK;
}

/* What it would correct was asked back, or is gone: nothing waits any more. */
static enum sk_status leave_empty(struct sk_engine *e,
                                  const struct sk_correction *c,
                                  struct sk_room room, struct sk_bytes *out)
{
    SK_TRY(sk_timers_answered(e, &c->participant, &c->id));
    SK_TRY(sk_correction_delete(e, c));
    return empty_place(e, room, out);
}

/* NULL in *out: no value may leave now. */
static enum sk_status decide(struct sk_engine *e,
                             const struct sk_ledger_entry *entry,
                             struct sk_decision **out)
{
    struct sk_gate_question question = {.bundle = e->bundle,
                                        .to = sk_org_text(&entry->to),
                                        .purpose = entry->purpose};
    struct sk_recorded_event *event = sk_arena_get(&e->scratch, sizeof(*event));
    struct sk_gate_answer *answer;
    bool shows;
    enum sk_status status;

    *out = NULL;
    if (event == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_gate_shows_right(e, &shows));
    if (!shows)
        return SK_OK;
    status = sk_event_get(e, &entry->event, event);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    question.event = event;
    SK_TRY(sk_gate_judge(e, &question, &answer));
    if (answer->decision.permit && !answer->blocked)
        *out = &answer->decision;
    return SK_OK;
}

static const struct sk_decided_field *sent_of(const struct sk_decision *d,
                                              struct sk_bytes name)
{
    for (size_t i = 0; d != NULL && i < d->fields_count; i++)
        if (d->fields[i].withheld == SK_SENT &&
            sk_bytes_equal(d->fields[i].name, name))
            return &d->fields[i];
    return NULL;
}

static struct sk_ledger_field *ledger_of(struct sk_ledger_entry *entry,
                                         struct sk_bytes name)
{
    for (size_t i = 0; i < entry->fields_count; i++)
        if (sk_bytes_equal(entry->fields[i].name, name))
            return &entry->fields[i];
    return NULL;
}

static void fill_field(const struct sk_decided_field *from,
                       struct sk_bytes name, struct sk_item_field *out)
{
    *out = (struct sk_item_field){.name = name};
    if (from == NULL)
        return;
    out->level = from->level_name;
    out->is_set = from->value.set_count > 0;
    out->text = from->value.text;
    for (size_t i = 0; i < from->value.set_count && i < SK_ITEM_WORDS_MAX; i++)
        out->set.list[out->set.count++] = from->value.set[i];
}

/* I3: what it shows now counts as shown, with the rules that let it through,
   so that a later recall reaches it.  False: no room for their names. */
static enum sk_status note_shown(struct sk_engine *e, struct sk_decision *d,
                                 const struct sk_item_correction *item,
                                 struct sk_ledger_entry *entry, bool *fits)
{
    const struct sk_vocabulary *v = sk_bundle_vocabulary(e->bundle);
    struct sk_ledger_entry *now = sk_arena_get(&e->scratch, sizeof(*now));
    enum sk_status status;

    if (now == NULL)
        return SK_E_MEMORY;
    *now = *entry;
    status = sk_gate_fill(e, e->bundle, d, now);
    *fits = status == SK_OK &&
            entry->rules_count + now->rules_count <= SK_ITEM_WORDS_MAX;
    if (status != SK_OK && status != SK_E_TOO_LARGE)
        return status;
    if (!*fits)
        return SK_OK;
    for (size_t i = 0; i < item->fields_count; i++) {
        const struct sk_item_field *shown = &item->fields[i];
        struct sk_ledger_field *field = ledger_of(entry, shown->name);
        uint16_t at = sk_vocabulary_field(v, shown->name);

        if (shown->level.size == 0 || field == NULL || at == SK_NONE)
            continue;
        if (sk_field_level(&v->fields[at], field->level) <
            sk_field_level(&v->fields[at], shown->level))
            field->level = shown->level;
    }
    for (size_t i = 0; i < now->rules_count; i++) {
        bool known = false;

        for (size_t j = 0; j < entry->rules_count; j++)
            known |= sk_bytes_equal(entry->rules[j].id, now->rules[i].id);
        if (!known)
            entry->rules[entry->rules_count++] = now->rules[i];
    }
    *fits = sk_ledger_fits(entry);
    return SK_OK;
}

/* The item; d: NULL for a notice without values. */
static void fill(const struct sk_correction *c, const struct sk_decision *d,
                 struct sk_ledger_entry *entry, struct sk_item_correction *out)
{
    out->fields_count = 0;
    for (size_t i = 0; i < c->fields_count; i++) {
        const struct sk_ledger_field *was = ledger_of(entry, c->fields[i].name);

        /* Asked back since: there is nothing to correct any more. */
        if (was == NULL || was->recalled)
            continue;
        fill_field(sent_of(d, c->fields[i].name), c->fields[i].name,
                   &out->fields[out->fields_count++]);
    }
}

static void note_outcome(struct sk_correction *c,
                         const struct sk_item_correction *item)
{
    for (size_t i = 0; i < item->fields_count; i++)
        for (size_t j = 0; j < c->fields_count; j++)
            if (sk_bytes_equal(c->fields[j].name, item->fields[i].name))
                c->fields[j].outcome = item->fields[i].level.size > 0
                                           ? SK_CORRECTION_VALUE
                                           : SK_CORRECTION_WRONG;
}

static enum sk_status write(struct sk_engine *e, struct sk_correction *c,
                            struct sk_decision *d,
                            struct sk_ledger_entry *entry, struct sk_room room,
                            struct sk_bytes *out)
{
    struct sk_item *item =
        sk_item_new(e, SK_ITEM_CORRECTION, SK_ITEM_FIELDS_MAX);
    struct sk_ledger_entry *before = sk_arena_get(&e->scratch, sizeof(*before));
    struct sk_relation relation;
    bool fits = true;
    enum sk_status status;

    if (item == NULL || before == NULL)
        return SK_E_MEMORY;
    *before = *entry;
    item->correction.correction = c->id;
    item->correction.message = c->message;
    item->correction.at_ms = e->now_ms;
    SK_TRY(sk_relation_get(e, &entry->participant, &entry->to, &relation));
    item->correction.handle = relation.handle;
    fill(c, d, entry, &item->correction);
    if (item->correction.fields_count == 0)
        return leave_empty(e, c, room, out);
    if (d != NULL)
        SK_TRY(note_shown(e, d, &item->correction, entry, &fits));
    status = fits ? sk_item_encode(item, room, out) : SK_E_TOO_LARGE;
    if (status == SK_E_TOO_LARGE || status == SK_E_NO_ROOM) {
        *entry = *before;
        fill(c, NULL, entry, &item->correction);
        status = sk_item_encode(item, room, out);
    }
    SK_TRY(status);
    note_outcome(c, &item->correction);
    c->sent_ms = e->now_ms;
    SK_TRY(sk_correction_put(e, c));
    return sk_ledger_put(e, entry);
}

enum sk_status sk_gate_correction(struct sk_engine *e,
                                  const struct sk_message_id *message,
                                  const struct sk_id *correction,
                                  struct sk_room room, struct sk_bytes *out)
{
    struct sk_ledger_entry *entry = sk_arena_get(&e->scratch, sizeof(*entry));
    struct sk_correction *c = sk_arena_get(&e->scratch, sizeof(*c));
    struct sk_decision *d;
    enum sk_status status;

    if (entry == NULL || c == NULL)
        return SK_E_MEMORY;
    status = sk_ledger_get(e, message, entry);
    if (status == SK_OK)
        status =
            sk_correction_get(e, &entry->participant, message, correction, c);
    if (status == SK_E_NOT_FOUND)
        return empty_place(e, room, out);
    SK_TRY(status);
    if (!sk_ledger_is_out(e, entry) || entry->recall_all)
        return leave_empty(e, c, room, out);
    SK_TRY(decide(e, entry, &d));
    /* Only what this corrects, whatever else may flow. */
    for (size_t i = 0; d != NULL && i < d->fields_count; i++) {
        bool named = false;

        for (size_t j = 0; j < c->fields_count; j++)
            named |= sk_bytes_equal(c->fields[j].name, d->fields[i].name);
        if (!named)
            d->fields[i].withheld = SK_WITHHELD_NOT_GRANTED;
    }
    return write(e, c, d, entry, room, out);
}
