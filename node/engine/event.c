#include "node/engine/event.h"

#include <string.h>

#include "node/engine/employer.h"
#include "node/engine/feed.h"
#include "node/engine/handover.h"
#include "node/engine/ops.h"
#include "node/engine/participant.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/timer.h"
#include "node/engine/vault.h"
#include "protocol/unpack.h"

/* The record of one event, besides its values: words and texts. */
#define EVENT_RECORD_SIZE_MAX (2 * SK_EVENT_SIZE_MAX + 8192)

/* ------------------------------------------------------------- record
 * array [type, occurred DATE, source, provenance, about: nil or bin 16,
 *        number, recorded in ms, fields: map name -> str or array of str,
 *        corrects bin 16, corrected by bin 16]
 * source and provenance empty when it is our own.  number: in the order of
 * recording at this node. */

static struct sk_key participant_prefix(const struct sk_participant_id *id)
{
    return sk_key_person(SK_T_EVENT, &id->id);
}

static struct sk_key event_key(const struct sk_participant_id *participant,
                               const struct sk_event_id *event)
{
    struct sk_key key = participant_prefix(participant);

    sk_key_id(&key, &event->id);
    return key;
}

static struct sk_key index_key(const struct sk_event_id *event)
{
    struct sk_key key = sk_key_start(SK_T_EVENT_OF);

    sk_key_id(&key, &event->id);
    return key;
}

static void pack_value(struct sk_pack *p, const struct sk_named_value *value)
{
    if (value->set == NULL) {
        sk_pack_str(p, value->text);
        return;
    }
    sk_pack_array(p, value->set_count);
    for (size_t i = 0; i < value->set_count; i++)
        sk_pack_str(p, value->set[i]);
}

static void pack_fields(struct sk_pack *p, const struct sk_event_view *view)
{
    sk_pack_map(p, view->fields_count);
    for (size_t i = 0; i < view->fields_count; i++) {
        sk_pack_str(p, view->fields[i].name);
        pack_value(p, &view->fields[i]);
    }
}

static enum sk_status encode(struct sk_engine *e,
                             const struct sk_recorded_event *event,
                             uint64_t number, struct sk_bytes *out)
{
    const struct sk_event_view *view = &event->view;
    struct sk_pack p = sk_scratch_pack(e, EVENT_RECORD_SIZE_MAX);

    sk_pack_array(&p, 10);
    sk_pack_str(&p, view->type);
    sk_pack_str(&p, view->occurred);
    sk_pack_str(&p, view->source);
    sk_pack_str(&p, view->provenance);
    if (event->has_about)
        sk_pack_id(&p, &event->about.id);
    else
        sk_pack_nil(&p);
    sk_pack_uint(&p, number);
    sk_pack_uint(&p, event->recorded_ms);
    pack_fields(&p, view);
    sk_pack_id(&p, &event->corrects.id);
    sk_pack_id(&p, &event->corrected_by.id);
    return sk_scratch_packed(e, &p, out);
}

static void read_set(struct sk_engine *e, struct sk_unpack *u,
                     struct sk_named_value *out)
{
    struct sk_bytes *set;

    out->set_count = sk_unpack_array_upto(u, 1, SK_SET_MAX);
    set = sk_arena_get_array(&e->scratch, out->set_count + 1, sizeof(*set));
    if (set == NULL) {
        u->status = SK_E_MEMORY;
        return;
    }
    for (size_t i = 0; i < out->set_count; i++)
        set[i] = sk_unpack_str(u, 1, SK_EVENT_SIZE_MAX);
    out->set = set;
}

static enum sk_status read_fields(struct sk_engine *e, struct sk_unpack *u,
                                  struct sk_event_view *view)
{
    struct sk_named_value *fields;

    view->fields_count = sk_unpack_map_upto(u, 0, SK_EVENT_FIELDS_MAX);
    fields = sk_arena_get_array(&e->scratch, view->fields_count + 1,
                                sizeof(*fields));
    if (fields == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < view->fields_count; i++) {
        fields[i].name = sk_unpack_str(u, 1, SK_EVENT_SIZE_MAX);
        if (u->status == SK_OK && u->at < u->end && (*u->at & 0xf0) == 0x90)
            read_set(e, u, &fields[i]);
        else if (u->status == SK_OK && u->at < u->end &&
                 (*u->at == 0xdc || *u->at == 0xdd))
            read_set(e, u, &fields[i]);
        else
            fields[i].text = sk_unpack_str(u, 1, SK_EVENT_SIZE_MAX);
    }
    view->fields = fields;
    return SK_OK;
}

static enum sk_status decode(struct sk_engine *e, struct sk_bytes plain,
                             struct sk_recorded_event *out, uint64_t *number)
{
    struct sk_unpack u = sk_unpack_start(plain);

    sk_unpack_array(&u, 10);
    out->view.type = sk_unpack_str(&u, 1, EVENT_RECORD_SIZE_MAX);
    out->view.occurred = sk_unpack_str(&u, 10, 10);
    out->view.source = sk_unpack_str(&u, 0, SK_ORG_SIZE_MAX);
    out->view.provenance = sk_unpack_str(&u, 0, SK_ORG_SIZE_MAX);
    out->view.subject = true;
    out->has_about = !sk_unpack_is_nil(&u);
    if (out->has_about)
        sk_unpack_id(&u, &out->about.id);
    *number = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->recorded_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    SK_TRY(read_fields(e, &u, &out->view));
    sk_unpack_id(&u, &out->corrects.id);
    sk_unpack_id(&u, &out->corrected_by.id);
    return sk_unpack_finish(&u);
}

static enum sk_status put_numbered(struct sk_engine *e,
                                   const struct sk_recorded_event *event,
                                   uint64_t number)
{
    struct sk_key key = event_key(&event->participant, &event->id);
    struct sk_bytes plain;

    SK_TRY(encode(e, event, number, &plain));
    return sk_vault_put(e, &event->participant.id, sk_key_done(&key), plain);
}

static enum sk_status event_put(struct sk_engine *e,
                                const struct sk_recorded_event *event)
{
    struct sk_key index = index_key(&event->id);
    uint64_t number;

    SK_TRY(sk_series_next(e, SK_SERIES_EVENTS, &number));
    SK_TRY(put_numbered(e, event, number));
    return sk_store_put(
        e->store, SK_SPACE_DATA, sk_key_done(&index),
        (struct sk_bytes){event->participant.id.bytes, SK_ID_SIZE});
}

static enum sk_status get_numbered(struct sk_engine *e,
                                   const struct sk_event_id *id,
                                   struct sk_recorded_event *out,
                                   uint64_t *number)
{
    struct sk_recorded_event event = {.id = *id};
    struct sk_key index = index_key(id);
    struct sk_key key;
    struct sk_bytes value;

    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&index), &value));
    if (value.size != SK_ID_SIZE)
        return SK_E_BAD_LENGTH;
    memcpy(event.participant.id.bytes, value.data, SK_ID_SIZE);
    key = event_key(&event.participant, id);
    SK_TRY(sk_vault_get(e, &event.participant.id, sk_key_done(&key), &value));
    SK_TRY(decode(e, value, &event, number));
    *out = event;
    return SK_OK;
}

enum sk_status sk_event_get(struct sk_engine *e, const struct sk_event_id *id,
                            struct sk_recorded_event *out)
{
    uint64_t number;

    return get_numbered(e, id, out, &number);
}

enum sk_status sk_event_replace(struct sk_engine *e,
                                struct sk_recorded_event *old,
                                struct sk_recorded_event *event)
{
    struct sk_recorded_event kept;
    uint64_t number;

    SK_TRY(get_numbered(e, &old->id, &kept, &number));
    event->corrects = old->id;
    kept.corrected_by = event->id;
    SK_TRY(put_numbered(e, &kept, number));
    SK_TRY(event_put(e, event));
    if (event->view.source.size == 0)
        SK_TRY(sk_employer_recorded(e, event));
    SK_TRY(sk_timers_replaced(e, &event->participant, &old->id));
    return sk_timers_recorded(e, event);
}

enum sk_status sk_event_exists(struct sk_engine *e,
                               const struct sk_event_id *id)
{
    struct sk_key index = index_key(id);
    struct sk_bytes value;

    return sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&index), &value);
}

bool sk_event_field(const struct sk_event_view *view, const char *name,
                    struct sk_bytes *out)
{
    struct sk_bytes wanted = sk_text(name);

    for (size_t i = 0; i < view->fields_count; i++) {
        const struct sk_named_value *field = &view->fields[i];

        if (field->set == NULL && sk_bytes_equal(field->name, wanted)) {
            *out = field->text;
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------- list, show */

/* The keys of one event behind "event"; optional ones when they are there. */
static void pack_event(struct sk_pack *p, const struct sk_recorded_event *event,
                       bool fields, bool participant)
{
    const struct sk_event_view *view = &event->view;
    bool about = fields && event->has_about;
    bool provenance = fields && view->provenance.size > 0;
    bool source = fields && view->source.size > 0;
    bool corrects = !sk_id_is_zero(&event->corrects.id);
    bool corrected = !sk_id_is_zero(&event->corrected_by.id);
    size_t count = 3u + (corrects ? 1 : 0) + (corrected ? 1 : 0) +
                   (fields ? 1 : 0) + (participant ? 1 : 0) + (about ? 1 : 0) +
                   (provenance ? 1 : 0) + (source ? 1 : 0);

    sk_pack_map(p, count);
    if (about)
        sk_reply_id(p, "about", &event->about.id);
    if (corrected)
        sk_reply_id(p, "corrected_by", &event->corrected_by.id);
    if (corrects)
        sk_reply_id(p, "corrects", &event->corrects.id);
    sk_reply_id(p, "event", &event->id.id);
    if (fields) {
        sk_pack_cstr(p, "fields");
        pack_fields(p, view);
    }
    sk_reply_text(p, "occurred", view->occurred);
    if (participant)
        sk_reply_id(p, "participant", &event->participant.id);
    if (provenance)
        sk_reply_text(p, "provenance", view->provenance);
    if (source)
        sk_reply_text(p, "source", view->source);
    sk_reply_text(p, "type", view->type);
}

void sk_event_pack(struct sk_pack *p, const struct sk_recorded_event *event)
{
    pack_event(p, event, true, true);
}

struct listed {
    struct sk_recorded_event event;
    uint64_t number;
    struct listed *before; /* recorded earlier */
};

/* Keys are random: put them in the order of recording. */
static void insert(struct listed **last, struct listed *one)
{
    while (*last != NULL && (*last)->number > one->number)
        last = &(*last)->before;
    one->before = *last;
    *last = one;
}

static struct listed *reverse(struct listed *last)
{
    struct listed *first = NULL;

    while (last != NULL) {
        struct listed *before = last->before;

        last->before = first;
        first = last;
        last = before;
    }
    return first;
}

enum sk_status sk_events_pack(struct sk_engine *e,
                              const struct sk_participant_id *id, bool fields,
                              struct sk_pack *p)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_key prefix = participant_prefix(id);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct listed *last = NULL;
    struct sk_bytes key;
    struct sk_bytes sealed;
    struct sk_bytes plain;
    size_t count = 0;
    enum sk_status status;

    while ((status = sk_scan_next(&scan, &key, &sealed)) == SK_OK) {
        struct listed *one = sk_arena_get(&e->scratch, sizeof(*one));

        if (one == NULL)
            return SK_E_MEMORY;
        if (key.size != prefix.size + SK_ID_SIZE)
            return SK_E_BAD_LENGTH;
        memcpy(one->event.id.id.bytes, key.data + prefix.size, SK_ID_SIZE);
        SK_TRY(sk_vault_open(e, &id->id, key, sealed, &plain));
        SK_TRY(decode(e, plain, &one->event, &one->number));
        insert(&last, one);
        count++;
    }
    if (status != SK_E_NOT_FOUND)
        return status;
    sk_pack_array(p, count);
    for (struct listed *one = reverse(last); one != NULL; one = one->before)
        pack_event(p, &one->event, fields, false);
    sk_arena_reset(&e->scratch, mark);
    return SK_OK;
}

enum sk_status sk_op_event_list(struct sk_engine *e, struct sk_value args)
{
    struct sk_participant_id id;

    SK_TRY(sk_arg_participant(e, args, &id));
    sk_pack_map(&e->reply, 1);
    sk_pack_cstr(&e->reply, "events");
    return sk_events_pack(e, &id, true, &e->reply);
}

enum sk_status sk_op_event_show(struct sk_engine *e, struct sk_value args)
{
    struct sk_recorded_event event;
    struct sk_event_id id;
    enum sk_status status = SK_E_NOT_FOUND;

    if (sk_arg_id(args, "event", &id.id))
        status = sk_event_get(e, &id, &event);
    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "unknown-event", "event", (struct sk_bytes){0});
    SK_TRY(status);
    sk_event_pack(&e->reply, &event);
    return SK_OK;
}

/* ------------------------------------------------------------- put */

enum sk_status sk_event_record(struct sk_engine *e,
                               struct sk_recorded_event *event)
{
    bool ours = event->view.source.size == 0;

    /* The last that may refuse; it also writes, in this transaction. */
    if (event->has_about && ours)
        SK_TRY(sk_handover_recorded(e, event));
    SK_TRY(event_put(e, event));
    SK_TRY(sk_feed_put(e, SK_FEED_EVENT, &event->id.id, NULL, NULL));
    if (ours)
        SK_TRY(sk_employer_recorded(e, event));
    if (ours && sk_bytes_equal(event->view.type, sk_text("trajectory.started")))
        SK_TRY(sk_trajectory_started(e, &event->participant));
    return sk_timers_recorded(e, event);
}
