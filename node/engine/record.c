#include "node/engine/event.h"

#include <string.h>

#include "node/engine/clean.h"
#include "node/engine/correction.h"
#include "node/engine/federation.h"
#include "node/engine/ops.h"
#include "node/engine/request.h"
#include "node/engine/source.h"
#include "node/engine/state.h"
#include "policies/civil.h"
#include "protocol/utf8.h"

/* event.record: a new event from what a person filled in, checked against the
   vocabulary as the decision will check it (POLICY.md 8.2). */

#define NUMBER_SIZE_MAX 20

/* The field that is wrong is told by name, never by value. */
static enum sk_status refuse_field(struct sk_engine *e, struct sk_bytes name)
{
    (void)sk_refuse(e, "malformed-event", NULL, (struct sk_bytes){0});
    e->refusal_field = name;
    return SK_E_REFUSED;
}

/* ------------------------------------------------------------- values */

static enum sk_status read_set(struct sk_engine *e, struct sk_value list,
                               struct sk_named_value *out)
{
    struct sk_value_walk walk = sk_value_walk(list);
    size_t count = sk_value_count(list);
    struct sk_bytes *set;

    set = sk_arena_get_array(&e->scratch, count + 1, sizeof(*set));
    if (set == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < count && sk_value_next(&walk); i++) {
        if (sk_value_kind(walk.value) != SK_VALUE_STR)
            return refuse_field(e, out->name);
        set[i] = sk_value_str(walk.value);
    }
    out->set = set;
    out->set_count = count;
    return SK_OK;
}

/* Booleans and numbers become the text that the vocabulary knows. */
static enum sk_status read_value(struct sk_engine *e,
                                 const struct sk_field *field,
                                 struct sk_value value,
                                 struct sk_named_value *out)
{
    char digits[NUMBER_SIZE_MAX + 1];

    switch (sk_value_kind(value)) {
    case SK_VALUE_STR:
        out->text = sk_value_str(value);
        if (field->kind == SK_KIND_CODE)
            out->text = sk_clean_code(e, field->format, out->text);
        return SK_OK;
    case SK_VALUE_BOOL:
        out->text = sk_text(sk_value_bool(value) ? "true" : "false");
        return SK_OK;
    case SK_VALUE_UINT:
        out->text = sk_arena_copy(
            &e->scratch, sk_number_format(sk_value_uint(value), digits));
        return SK_OK;
    case SK_VALUE_ARRAY:
        return read_set(e, value, out);
    case SK_VALUE_NONE:
    case SK_VALUE_NIL:
    case SK_VALUE_BIN:
    case SK_VALUE_MAP:
        break;
    }
    return refuse_field(e, out->name);
}

static bool is_legal(const struct sk_engine *e, const struct sk_field *field,
                     uint16_t at, const struct sk_named_value *value)
{
    struct sk_date today = sk_date_of_day(sk_today(e));
    struct sk_bytes set[SK_SET_MAX];
    struct sk_field_value exact = {.field = at, .text = value->text};

    if ((field->kind == SK_KIND_SET) != (value->set != NULL))
        return false;
    if (value->set != NULL) {
        if (value->set_count == 0 || value->set_count > SK_SET_MAX)
            return false;
        memcpy(set, value->set, value->set_count * sizeof(*set));
        exact.set = set;
        exact.set_count = value->set_count;
    }
    return sk_value_is_legal(field, &exact, (uint32_t)today.year);
}

/* Does the type carry the field, other than `occurred` itself? */
static bool is_carried(const struct sk_event_type *type, uint16_t field)
{
    for (size_t i = 1; i < type->fields_count; i++) {
        if (type->fields[i] == field)
            return true;
    }
    return false;
}

/* ------------------------------------------------------------- the event */

struct recording {
    const struct sk_event_type *type;
    struct sk_recorded_event event;
    struct sk_named_value *fields;
    bool whole;   /* what must be there must be there */
    size_t size;  /* of all values, bytes */
    bool odd_day; /* a national number has a day that no month has */
};

static enum sk_status read_field(struct sk_engine *e, struct recording *r,
                                 struct sk_bytes name, struct sk_value given)
{
    const struct sk_vocabulary *v = sk_bundle_vocabulary(e->bundle);
    struct sk_named_value *value = &r->fields[r->event.view.fields_count];
    uint16_t at = sk_vocabulary_field(v, name);
    const struct sk_field *field;

    if (at == SK_NONE || !is_carried(r->type, at))
        return refuse_field(e, name);
    field = &v->fields[at];
    value->name = name;
    SK_TRY(read_value(e, field, given, value));
    if (field->kind == SK_KIND_NAME)
        e->refusal_place = sk_utf8_hidden_at(value->text);
    if (e->refusal_place != 0) {
        (void)refuse_field(e, name);
        e->refusal = "hidden-character";
        return SK_E_REFUSED;
    }
    if (!is_legal(e, field, at, value))
        return refuse_field(e, name);
    if (field->kind == SK_KIND_CODE &&
        sk_bytes_equal(field->format, sk_text("insz")) &&
        sk_insz_is_odd(value->text))
        r->odd_day = true;
    r->size += name.size + value->text.size;
    for (size_t i = 0; i < value->set_count; i++)
        r->size += value->set[i].size;
    r->event.view.fields_count++;
    return SK_OK;
}

static enum sk_status check_required(struct sk_engine *e,
                                     const struct recording *r)
{
    const struct sk_vocabulary *v = sk_bundle_vocabulary(e->bundle);

    for (size_t i = 1; i < r->type->fields_count; i++) {
        struct sk_bytes name = v->fields[r->type->fields[i]].id;
        bool found = !r->type->required[i];

        for (size_t j = 0; j < r->event.view.fields_count; j++)
            found |= sk_bytes_equal(r->fields[j].name, name);
        if (!found)
            return refuse_field(e, name);
    }
    return SK_OK;
}

static bool is_in(const struct sk_bytes *list, size_t count,
                  struct sk_bytes name)
{
    for (size_t i = 0; i < count; i++)
        if (sk_bytes_equal(list[i], name))
            return true;
    return false;
}

/* What the old event says and nobody changes or takes out; by name. */
static enum sk_status add_old(struct sk_engine *e, struct sk_value args,
                              const struct sk_event_view *old,
                              struct recording *r)
{
    struct sk_named_value *fields = r->fields;
    size_t *count = &r->event.view.fields_count;
    const struct sk_bytes *out;
    size_t out_count;
    size_t given = *count;

    SK_TRY(sk_arg_words(e, args, "remove", &out, &out_count));
    for (size_t i = 0; i < old->fields_count; i++) {
        bool changed = is_in(out, out_count, old->fields[i].name);

        for (size_t j = 0; j < given; j++)
            changed |= sk_bytes_equal(fields[j].name, old->fields[i].name);
        if (changed)
            continue;
        if (*count == SK_EVENT_FIELDS_MAX)
            return sk_refuse(e, "too-large", "fields", (struct sk_bytes){0});
        fields[*count] = old->fields[i];
        r->size += fields[*count].name.size + fields[*count].text.size;
        for (size_t j = 0; j < fields[*count].set_count; j++)
            r->size += fields[*count].set[j].size;
        (*count)++;
    }
    for (size_t i = 1; i < *count; i++) {
        struct sk_named_value field = fields[i];
        size_t j = i;

        for (; j > 0 && sk_bytes_compare(fields[j - 1].name, field.name) > 0;
             j--)
            fields[j] = fields[j - 1];
        fields[j] = field;
    }
    return SK_OK;
}

/* old: the event that these correct; NULL: a new one. */
static enum sk_status read_fields(struct sk_engine *e, struct sk_value args,
                                  const struct sk_event_view *old,
                                  struct recording *r)
{
    struct sk_value map = sk_value_get(args, "fields");
    struct sk_value_walk walk = sk_value_walk(map);
    size_t count = sk_value_count(map);

    if (count > SK_EVENT_FIELDS_MAX)
        return sk_refuse(e, "too-large", "fields", (struct sk_bytes){0});
    r->fields = sk_arena_get_array(&e->scratch, SK_EVENT_FIELDS_MAX + 1,
                                   sizeof(*r->fields));
    if (r->fields == NULL)
        return SK_E_MEMORY;
    while (sk_value_next(&walk))
        SK_TRY(read_field(e, r, walk.key, walk.value));
    if (old != NULL)
        SK_TRY(add_old(e, args, old, r));
    if (r->whole)
        SK_TRY(check_required(e, r));
    if (r->size > SK_EVENT_SIZE_MAX)
        return sk_refuse(e, "too-large", "fields", (struct sk_bytes){0});
    r->event.view.fields = r->fields;
    return SK_OK;
}

static enum sk_status read_occurred(struct sk_engine *e, struct sk_value args,
                                    struct recording *r)
{
    struct sk_bytes text = sk_arg_text(args, "occurred");
    char today[11];
    int32_t day;

    if (text.size == 0) {
        sk_day_format(sk_today(e), today);
        r->event.view.occurred = sk_arena_copy(&e->scratch, sk_text(today));
        return SK_OK;
    }
    if (!sk_day_parse(text, &day) || day > sk_today(e))
        return refuse_field(e, sk_text("occurred"));
    r->event.view.occurred = text;
    return SK_OK;
}

/* Our own are stored as empty: the words that decide.h takes for them. */
static enum sk_status read_source(struct sk_engine *e, struct sk_value args,
                                  struct recording *r)
{
    struct sk_bytes provenance = sk_arg_text(args, "provenance");
    struct sk_bytes source = sk_arg_text(args, "source");

    if (provenance.size > 0 && !sk_bytes_equal(provenance, sk_text("own"))) {
        if (!sk_bytes_equal(provenance, sk_text("authentic-source")))
            return sk_refuse(e, "bad-argument", "provenance",
                             (struct sk_bytes){0});
        r->event.view.provenance = provenance;
    }
    if (source.size > 0 && !sk_bytes_equal(source, sk_org_text(&e->org))) {
        if (sk_federation_org(e, source) == NULL)
            return sk_refuse(e, "unknown-org", "source", (struct sk_bytes){0});
        r->event.view.source = source;
    }
    return SK_OK;
}

/* DOMAIN 5.3: an answer to a handover says to which. */
static bool needs_about(struct sk_bytes type)
{
    return sk_bytes_equal(type, sk_text("handover.answered")) ||
           sk_bytes_equal(type, sk_text("handover.completed")) ||
           sk_bytes_equal(type, sk_text("handover.returned"));
}

static enum sk_status read_about(struct sk_engine *e, struct sk_value args,
                                 struct recording *r)
{
    r->event.has_about = sk_arg_id(args, "about", &r->event.about.id);
    if (!r->event.has_about && r->event.view.source.size == 0 &&
        needs_about(r->event.view.type))
        return sk_refuse(e, "missing-argument", "about", (struct sk_bytes){0});
    return SK_OK;
}

static enum sk_status read_event(struct sk_engine *e, struct sk_value args,
                                 struct recording *r)
{
    const struct sk_vocabulary *v;
    struct sk_bytes type = sk_arg_text(args, "type");
    uint16_t at;

    if (e->bundle == NULL)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    SK_TRY(sk_arg_participant(e, args, &r->event.participant));
    v = sk_bundle_vocabulary(e->bundle);
    at = sk_vocabulary_event(v, type);
    if (at == SK_NONE)
        return sk_refuse(e, "unknown-event-type", "type", (struct sk_bytes){0});
    r->type = &v->events[at];
    r->event.view.type = type;
    r->event.view.subject = true;
    r->event.recorded_ms = e->now_ms;
    SK_TRY(read_occurred(e, args, r));
    SK_TRY(read_fields(e, args, NULL, r));
    SK_TRY(read_source(e, args, r));
    return read_about(e, args, r);
}

enum sk_status sk_record_read(struct sk_engine *e, struct sk_value args,
                              bool whole, struct sk_recorded_event *out)
{
    struct recording r = {.whole = whole};

    SK_TRY(read_event(e, args, &r));
    *out = r.event;
    return SK_OK;
}

enum sk_status sk_op_event_record(struct sk_engine *e, struct sk_value args)
{
    struct recording r = {.whole = true};
    bool answered;

    SK_TRY(sk_source_answer(e, SK_SOURCE_EVENT, args, &answered));
    if (answered)
        return SK_OK;
    SK_TRY(read_event(e, args, &r));
    if (sk_arg_dry_run(e, args))
        return SK_OK;
    sk_new_id_in_order(e, &r.event.id.id);
    SK_TRY(sk_event_record(e, &r.event));
    SK_TRY(sk_source_keep(e, SK_SOURCE_EVENT, args, &r.event.id.id));
    sk_pack_map(&e->reply, r.event.has_about ? 4 : 3);
    sk_reply_id(&e->reply, "event", &r.event.id.id);
    if (r.event.has_about)
        sk_reply_id(&e->reply, "handover", &r.event.about.id);
    sk_reply_text(&e->reply, "type", r.event.view.type);
    sk_pack_cstr(&e->reply, "warnings");
    sk_pack_array(&e->reply, r.odd_day ? 1 : 0);
    if (r.odd_day)
        sk_pack_cstr(&e->reply, "insz-day");
    return SK_OK;
}

/* ------------------------------------------------------------- correct */

/* The event argument: recorded here, and not corrected already. */
static enum sk_status read_wrong(struct sk_engine *e, struct sk_value args,
                                 struct sk_recorded_event *out)
{
    char text[SK_ID_TEXT_SIZE + 1];
    struct sk_event_id id;
    enum sk_status status = SK_E_NOT_FOUND;

    if (e->bundle == NULL)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    if (sk_arg_id(args, "event", &id.id))
        status = sk_event_get(e, &id, out);
    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "unknown-event", "event", (struct sk_bytes){0});
    SK_TRY(status);
    /* What an answer did to a handover is done. */
    if (needs_about(out->view.type))
        return sk_refuse(e, "wrong-state", "event", out->view.type);
    if (sk_id_is_zero(&out->corrected_by.id))
        return SK_OK;
    sk_id_format(&out->corrected_by.id, text);
    return sk_refuse(e, "event-corrected", "event",
                     sk_arena_copy(&e->scratch, sk_text(text)));
}

enum sk_status sk_op_event_correct(struct sk_engine *e, struct sk_value args)
{
    struct sk_recorded_event old;
    struct recording r = {0};
    uint16_t at;

    SK_TRY(read_wrong(e, args, &old));
    at = sk_vocabulary_event(sk_bundle_vocabulary(e->bundle), old.view.type);
    if (at == SK_NONE)
        return sk_refuse(e, "unknown-event-type", "event", old.view.type);
    r.type = &sk_bundle_vocabulary(e->bundle)->events[at];
    r.whole = true;
    r.event = old;
    r.event.corrected_by = (struct sk_event_id){0};
    r.event.recorded_ms = e->now_ms;
    r.event.view.fields_count = 0;
    SK_TRY(read_fields(e, args, &old.view, &r));
    e->reply_owner = old.participant.id;
    return sk_correct(e, &old, &r.event);
}
