#include "node/engine/correction.h"

#include <string.h>

#include "node/engine/apply.h"
#include "node/engine/event.h"
#include "node/engine/federation.h"
#include "node/engine/gate.h"
#include "node/engine/inbox.h"
#include "node/engine/ledger.h"
#include "node/engine/ops.h"
#include "node/engine/outbox.h"
#include "node/engine/request.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/timer.h"
#include "node/engine/vault.h"
#include "protocol/unpack.h"

/* ------------------------------------------------------------- the records */

static struct sk_key message_prefix(const struct sk_participant_id *participant,
                                    const struct sk_message_id *message)
{
    struct sk_key key = sk_key_person(SK_T_CORRECTION, &participant->id);

    sk_key_id(&key, &message->id);
    return key;
}

static enum sk_status unpack(struct sk_bytes plain, struct sk_correction *out)
{
    struct sk_unpack u = sk_unpack_start(plain);

    sk_unpack_array(&u, 4);
    out->number = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->sent_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->confirmed_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->fields_count = sk_unpack_array_upto(&u, 0, SK_EVENT_FIELDS_MAX);
    for (size_t i = 0; i < out->fields_count; i++) {
        sk_unpack_array(&u, 2);
        out->fields[i].name = sk_unpack_str(&u, 1, 64);
        out->fields[i].outcome = (enum sk_correction_outcome)sk_unpack_uint(
            &u, 0, SK_CORRECTION_WRONG);
    }
    return sk_unpack_finish(&u) == SK_OK ? SK_OK : SK_E_IO;
}

enum sk_status sk_correction_get(struct sk_engine *e,
                                 const struct sk_participant_id *participant,
                                 const struct sk_message_id *message,
                                 const struct sk_id *id,
                                 struct sk_correction *out)
{
    struct sk_key key = message_prefix(participant, message);
    struct sk_bytes plain;

    sk_key_id(&key, id);
    SK_TRY(sk_vault_get(e, &participant->id, sk_key_done(&key), &plain));
    out->participant = *participant;
    out->message = *message;
    out->id = *id;
    return unpack(plain, out);
}

enum sk_status sk_correction_put(struct sk_engine *e,
                                 const struct sk_correction *c)
{
    struct sk_pack p = sk_scratch_pack(e, 64 + 80 * SK_EVENT_FIELDS_MAX);
    struct sk_key key = message_prefix(&c->participant, &c->message);
    struct sk_bytes plain;

    sk_key_id(&key, &c->id);
    sk_pack_array(&p, 4);
    sk_pack_uint(&p, c->number);
    sk_pack_uint(&p, c->sent_ms);
    sk_pack_uint(&p, c->confirmed_ms);
    sk_pack_array(&p, c->fields_count);
    for (size_t i = 0; i < c->fields_count; i++) {
        sk_pack_array(&p, 2);
        sk_pack_str(&p, c->fields[i].name);
        sk_pack_uint(&p, c->fields[i].outcome);
    }
    SK_TRY(sk_pack_finish(&p, &plain));
    return sk_vault_put(e, &c->participant.id, sk_key_done(&key), plain);
}

enum sk_status sk_correction_delete(struct sk_engine *e,
                                    const struct sk_correction *c)
{
    struct sk_key key = message_prefix(&c->participant, &c->message);

    sk_key_id(&key, &c->id);
    return sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key));
}

/* Every correction of one message; what fn takes from scratch dies. */
static enum sk_status
each(struct sk_engine *e, const struct sk_participant_id *participant,
     const struct sk_message_id *message,
     enum sk_status (*fn)(void *context, struct sk_correction *), void *context)
{
    struct sk_key prefix = message_prefix(participant, message);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));

    for (;;) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_correction *c = sk_arena_get(&e->scratch, sizeof(*c));
        struct sk_bytes key;
        struct sk_bytes sealed;
        struct sk_bytes plain;
        enum sk_status status;

        if (c == NULL)
            return SK_E_MEMORY;
        status = sk_scan_next(&scan, &key, &sealed);
        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        if (key.size != prefix.size + SK_ID_SIZE)
            return SK_E_BAD_LENGTH;
        c->participant = *participant;
        c->message = *message;
        memcpy(c->id.bytes, key.data + prefix.size, SK_ID_SIZE);
        SK_TRY(sk_vault_open(e, &participant->id, key, sealed, &plain));
        SK_TRY(unpack(plain, c));
        SK_TRY(fn(context, c));
        sk_arena_reset(&e->scratch, mark);
    }
}

/* ------------------------------------------------------------- the view */

struct packing {
    struct sk_engine *e;
    const struct sk_ledger_entry *entry;
    struct sk_pack *p;
    size_t at;
    size_t count;
};

static enum sk_status pack_one(void *context, struct sk_correction *c)
{
    static const char *const outcomes[] = {"waiting", "value", "wrong"};
    struct packing *packing = context;
    struct sk_pack *p = packing->p;
    uint64_t stored_ms = 0;
    size_t count = 2;
    size_t at;
    enum sk_status status = SK_E_NOT_FOUND;

    if (c->sent_ms != 0)
        status = sk_outbox_stored_at(packing->e, &packing->entry->to, c->number,
                                     &stored_ms);
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    if (packing->count++ == 0) {
        sk_pack_cstr(p, "corrections");
        packing->at = sk_reply_open(p);
    }
    at = sk_reply_open(p);
    if (c->confirmed_ms != 0) {
        sk_reply_instant(p, "confirmed", c->confirmed_ms);
        count++;
    }
    sk_reply_id(p, "correction", &c->id);
    sk_pack_cstr(p, "fields");
    sk_pack_map(p, c->fields_count);
    for (size_t i = 0; i < c->fields_count; i++) {
        sk_pack_str(p, c->fields[i].name);
        sk_pack_cstr(p, outcomes[c->fields[i].outcome]);
    }
    if (c->sent_ms != 0) {
        sk_reply_instant(p, "sent", c->sent_ms);
        count++;
    }
    if (stored_ms != 0) {
        sk_reply_instant(p, "stored", stored_ms);
        count++;
    }
    sk_reply_close_map(p, at, count);
    return SK_OK;
}

enum sk_status sk_corrections_pack(struct sk_engine *e,
                                   const struct sk_ledger_entry *entry,
                                   struct sk_pack *p, size_t *count)
{
    struct packing packing = {.e = e, .entry = entry, .p = p};

    SK_TRY(each(e, &entry->participant, &entry->message, pack_one, &packing));
    if (packing.count == 0)
        return SK_OK;
    sk_reply_close_array(p, packing.at, packing.count);
    (*count)++;
    return SK_OK;
}

/* ------------------------------------------------------------- who had it */

struct correcting {
    struct sk_engine *e;
    struct sk_recorded_event *old;
    struct sk_recorded_event *event;
    const struct sk_bytes *changed; /* names */
    size_t changed_count;
    bool shows;   /* what is right, to whom it may */
    size_t count; /* messages in the reply */
};

static const struct sk_named_value *value_of(const struct sk_event_view *view,
                                             struct sk_bytes name)
{
    for (size_t i = 0; i < view->fields_count; i++)
        if (sk_bytes_equal(view->fields[i].name, name))
            return &view->fields[i];
    return NULL;
}

static bool same_set(const struct sk_bytes *a, size_t a_count,
                     const struct sk_bytes *b, size_t b_count)
{
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++)
        if (!sk_bytes_equal(a[i], b[i]))
            return false;
    return true;
}

static bool same_value(const struct sk_named_value *a,
                       const struct sk_named_value *b)
{
    return a != NULL && b != NULL && sk_bytes_equal(a->text, b->text) &&
           same_set(a->set, a->set_count, b->set, b->set_count);
}

/* The names that differ, of both. */
static enum sk_status find_changed(struct correcting *c)
{
    const struct sk_event_view *old = &c->old->view;
    const struct sk_event_view *now = &c->event->view;
    struct sk_bytes *list = sk_arena_get_array(
        &c->e->scratch, old->fields_count + now->fields_count + 1,
        sizeof(*list));

    if (list == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < old->fields_count; i++)
        if (!same_value(&old->fields[i], value_of(now, old->fields[i].name)))
            list[c->changed_count++] = old->fields[i].name;
    for (size_t i = 0; i < now->fields_count; i++)
        if (value_of(old, now->fields[i].name) == NULL)
            list[c->changed_count++] = now->fields[i].name;
    c->changed = list;
    return SK_OK;
}

static const struct sk_decided_field *decided(const struct sk_gate_answer *a,
                                              struct sk_bytes name)
{
    for (size_t i = 0; a->decision.permit && i < a->decision.fields_count; i++)
        if (a->decision.fields[i].withheld == SK_SENT &&
            sk_bytes_equal(a->decision.fields[i].name, name))
            return &a->decision.fields[i];
    return NULL;
}

/* What it showed is still true, because it was less precise. */
static bool still_true(const struct sk_ledger_field *field,
                       const struct sk_gate_answer *was,
                       const struct sk_gate_answer *is)
{
    const struct sk_decided_field *a = decided(was, field->name);
    const struct sk_decided_field *b = decided(is, field->name);

    return a != NULL && b != NULL &&
           sk_bytes_equal(a->level_name, field->level) &&
           sk_bytes_equal(b->level_name, field->level) &&
           sk_bytes_equal(a->value.text, b->value.text) &&
           same_set(a->value.set, a->value.set_count, b->value.set,
                    b->value.set_count);
}

static enum sk_status judge(struct correcting *c,
                            const struct sk_recorded_event *event,
                            const struct sk_ledger_entry *entry,
                            struct sk_gate_answer **out)
{
    struct sk_gate_question question = {.bundle = c->e->bundle,
                                        .event = event,
                                        .to = sk_org_text(&entry->to),
                                        .purpose = entry->purpose};

    return sk_gate_judge(c->e, &question, out);
}

/* The fields of this message that are wrong now. */
static enum sk_status find_wrong(struct correcting *c,
                                 const struct sk_ledger_entry *entry,
                                 struct sk_gate_answer **is,
                                 struct sk_correction *out)
{
    struct sk_gate_answer *was;

    SK_TRY(judge(c, c->old, entry, &was));
    SK_TRY(judge(c, c->event, entry, is));
    for (size_t i = 0; i < entry->fields_count; i++) {
        const struct sk_ledger_field *field = &entry->fields[i];
        bool changed = false;

        for (size_t j = 0; j < c->changed_count; j++)
            changed |= sk_bytes_equal(c->changed[j], field->name);
        if (changed && field->withheld == SK_SENT && !field->recalled &&
            !still_true(field, was, *is))
            out->fields[out->fields_count++].name = field->name;
    }
    return SK_OK;
}

/* In the reply: as it would go now. */
static void pack_told(struct correcting *c, const struct sk_correction *out,
                      const struct sk_ledger_entry *entry,
                      const struct sk_gate_answer *is)
{
    struct sk_pack *p = &c->e->reply;

    sk_pack_map(p, 3);
    sk_pack_cstr(p, "fields");
    sk_pack_map(p, out->fields_count);
    for (size_t i = 0; i < out->fields_count; i++) {
        bool value = c->shows && !is->blocked &&
                     decided(is, out->fields[i].name) != NULL;

        sk_pack_str(p, out->fields[i].name);
        sk_pack_cstr(p, value ? "value" : "wrong");
    }
    sk_reply_id(p, "message", &entry->message.id);
    sk_reply_text(p, "to", sk_org_text(&entry->to));
    c->count++;
}

static enum sk_status correct_one(void *context, struct sk_ledger_entry *entry)
{
    struct correcting *c = context;
    struct sk_correction *out = sk_arena_get(&c->e->scratch, sizeof(*out));
    struct sk_out_entry place = {.kind = SK_OUT_CORRECTION};
    struct sk_gate_answer *is;
    bool there;

    if (out == NULL)
        return SK_E_MEMORY;
    if (!sk_id_equal(&entry->event.id, &c->old->id.id))
        return SK_OK;
    there = sk_ledger_is_out(c->e, entry) && !entry->recall_all;
    if (there)
        SK_TRY(find_wrong(c, entry, &is, out));
    /* What still waits, or goes again, has the right values. */
    entry->event = c->event->id;
    SK_TRY(sk_ledger_put(c->e, entry));
    if (!there || out->fields_count == 0)
        return SK_OK;
    out->participant = entry->participant;
    out->message = entry->message;
    sk_new_id(c->e, &out->id);
    place.message = entry->message;
    place.correction = out->id;
    SK_TRY(sk_outbox_put(c->e, &entry->to, &place, &out->number));
    SK_TRY(sk_correction_put(c->e, out));
    SK_TRY(sk_timers_correction(c->e, &out->participant, &out->message,
                                &entry->to, &out->id));
    pack_told(c, out, entry, is);
    return SK_OK;
}

enum sk_status sk_correct(struct sk_engine *e, struct sk_recorded_event *old,
                          struct sk_recorded_event *event)
{
    struct correcting c = {.e = e, .old = old, .event = event};
    size_t at;

    SK_TRY(find_changed(&c));
    SK_TRY(sk_gate_shows_right(e, &c.shows));
    if (c.changed_count == 0)
        return sk_refuse(e, "bad-argument", "fields", (struct sk_bytes){0});
    sk_new_id_in_order(e, &event->id.id);
    SK_TRY(sk_event_replace(e, old, event));
    sk_pack_map(&e->reply, 3);
    sk_reply_id(&e->reply, "corrects", &old->id.id);
    sk_reply_id(&e->reply, "event", &event->id.id);
    sk_pack_cstr(&e->reply, "messages");
    at = sk_reply_open(&e->reply);
    SK_TRY(sk_ledger_each(e, &event->participant, correct_one, &c));
    sk_reply_close_array(&e->reply, at, c.count);
    return SK_OK;
}

/* ------------------------------------------------------------- confirmed */

struct confirming {
    struct sk_engine *e;
    uint64_t number; /* of the one that is named */
};

/* All before it, too: the last word per field counts. */
static enum sk_status confirm(void *context, struct sk_correction *c)
{
    struct confirming *confirming = context;

    if (c->number > confirming->number || c->confirmed_ms != 0)
        return SK_OK;
    c->confirmed_ms = confirming->e->now_ms;
    SK_TRY(sk_timers_answered(confirming->e, &c->participant, &c->id));
    return sk_correction_put(confirming->e, c);
}

enum sk_status sk_correction_answer(struct sk_engine *e,
                                    const struct sk_org *from,
                                    const struct sk_item_corrected *item,
                                    const char **refusal)
{
    struct sk_ledger_entry *entry = sk_arena_get(&e->scratch, sizeof(*entry));
    struct sk_correction *c = sk_arena_get(&e->scratch, sizeof(*c));
    struct confirming confirming = {.e = e};
    enum sk_status status;

    if (entry == NULL || c == NULL)
        return SK_E_MEMORY;
    status = sk_ledger_get(e, &item->message, entry);
    if (status == SK_OK && !sk_org_equal(&entry->to, from))
        status = SK_E_NOT_FOUND;
    if (status == SK_OK)
        status = sk_correction_get(e, &entry->participant, &item->message,
                                   &item->correction, c);
    if (status == SK_E_NOT_FOUND) {
        *refusal = "unknown-message";
        return SK_OK;
    }
    SK_TRY(status);
    confirming.number = c->number;
    return each(e, &entry->participant, &item->message, confirm, &confirming);
}

/* ------------------------------------------------------------- received */

/* Where it stands in a sorted list, or would. */
static size_t place_of(const struct sk_item_field *fields, size_t count,
                       struct sk_bytes name)
{
    size_t at = 0;

    while (at < count && sk_bytes_compare(fields[at].name, name) < 0)
        at++;
    return at;
}

static bool is_at(const struct sk_item_field *fields, size_t count, size_t at,
                  struct sk_bytes name)
{
    return at < count && sk_bytes_equal(fields[at].name, name);
}

/* I5.  Without a level: do not use it any more. */
static bool is_known(const struct sk_vocabulary *v,
                     const struct sk_item_field *field)
{
    if (field->level.size == 0)
        return sk_vocabulary_field(v, field->name) != SK_NONE;
    return sk_field_is_known(v, field);
}

/* The last word per field counts; a field that is not there is passed over. */
static void merge(const struct sk_item_event *event,
                  const struct sk_item_correction *in, bool values,
                  struct sk_item_correction *out)
{
    for (size_t i = 0; i < in->fields_count; i++) {
        const struct sk_item_field *field = &in->fields[i];
        size_t there =
            place_of(event->fields, event->fields_count, field->name);
        size_t at = place_of(out->fields, out->fields_count, field->name);

        if (!is_at(event->fields, event->fields_count, there, field->name))
            continue;
        if (!is_at(out->fields, out->fields_count, at, field->name)) {
            if (out->fields_count == SK_ITEM_FIELDS_MAX)
                continue;
            memmove(&out->fields[at + 1], &out->fields[at],
                    (out->fields_count - at) * sizeof(out->fields[0]));
            out->fields_count++;
        }
        out->fields[at] = *field;
        if (!values)
            out->fields[at] = (struct sk_item_field){.name = field->name};
    }
    out->correction = in->correction;
    out->handle = in->handle;
    out->message = in->message;
    out->at_ms = in->at_ms;
}

enum sk_status sk_correction_apply(struct sk_engine *e,
                                   const struct sk_org *from,
                                   const struct sk_item_correction *item,
                                   const char **refusal)
{
    const struct sk_vocabulary *v = sk_bundle_vocabulary(e->bundle);
    const struct sk_session *s = sk_session_find(e, from);
    struct sk_inbox_entry *entry = sk_arena_get(&e->scratch, sizeof(*entry));
    const char *gone = NULL;
    enum sk_status status;

    if (entry == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < item->fields_count; i++) {
        if (is_known(v, &item->fields[i]))
            continue;
        *refusal = "malformed-item";
        return SK_OK;
    }
    status = sk_inbox_get(e, &item->message, entry);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    SK_TRY(sk_inbox_gone(e, from, &item->message, &gone));
    if (gone != NULL || entry->collective || !sk_org_equal(&entry->from, from))
        return SK_OK;
    if (!sk_id_equal(&entry->event->handle.id, &item->handle.id)) {
        *refusal = "unknown-handle";
        return SK_OK;
    }
    if (entry->correction == NULL) {
        entry->correction =
            sk_arena_get(&e->scratch, sizeof(*entry->correction));
        if (entry->correction == NULL)
            return SK_E_MEMORY;
    }
    merge(entry->event, item, s != NULL && !s->suspended, entry->correction);
    if (entry->correction->fields_count == 0)
        return SK_OK;
    return sk_inbox_put(e, entry);
}

/* The right values in the place of the wrong ones; what has none goes. */
static void take_over(struct sk_item_event *event,
                      const struct sk_item_correction *c)
{
    size_t kept = 0;

    for (size_t i = 0; i < event->fields_count; i++) {
        struct sk_bytes name = event->fields[i].name;
        size_t at = place_of(c->fields, c->fields_count, name);
        bool wrong = is_at(c->fields, c->fields_count, at, name);

        if (wrong && c->fields[at].level.size == 0)
            continue;
        event->fields[kept++] = wrong ? c->fields[at] : event->fields[i];
    }
    event->fields_count = kept;
}

enum sk_status sk_op_inbox_corrected(struct sk_engine *e, struct sk_value args)
{
    struct sk_item *item = sk_item_new(e, SK_ITEM_CORRECTED, 0);
    struct sk_inbox_entry *entry;

    if (item == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_arg_message(e, args, &entry));
    if (entry->correction == NULL)
        return sk_refuse(e, "no-correction", "message", (struct sk_bytes){0});
    item->corrected.message = entry->message;
    item->corrected.correction = entry->correction->correction;
    item->corrected.at_ms = e->now_ms;
    take_over(entry->event, entry->correction);
    entry->correction = NULL;
    entry->corrected_ms = e->now_ms;
    /* Another key: what was wrong can be read nowhere any more. */
    SK_TRY(sk_inbox_rekey(e, entry));
    SK_TRY(sk_outbox_item(e, &entry->from, item));
    sk_pack_map(&e->reply, 3);
    sk_reply_instant(&e->reply, "corrected", entry->corrected_ms);
    sk_reply_id(&e->reply, "message", &entry->message.id);
    sk_reply_text(&e->reply, "to", sk_org_text(&entry->from));
    return SK_OK;
}
