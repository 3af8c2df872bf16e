#include "policies/example.h"

#include <string.h>

#include "policies/civil.h"
#include "policies/levels.h"

#define NOON_SECONDS 43200

/* ---------------------------------------------------------------- values */

static bool is_legal(const struct sk_field *field, struct sk_bytes text,
                     struct sk_bytes occurred)
{
    struct sk_field_value value = {.text = text};
    int32_t day;

    return sk_day_parse(occurred, &day) &&
           sk_value_is_legal(field, &value, (uint32_t)sk_date_of_day(day).year);
}

/* What the vocabulary shows, written as values are; empty when it is none. */
static struct sk_bytes shown(const struct sk_vocabulary *v,
                             const struct sk_field *field,
                             struct sk_bytes occurred, struct sk_arena *arena)
{
    const struct sk_node *ex = sk_node_get(
        sk_node_get_bytes(sk_node_get(v->tree, "fields"), field->id), "ex");
    struct sk_bytes none = {NULL, 0};
    struct sk_bytes text;
    char *clean;

    if (ex == NULL || ex->kind != SK_NODE_SCALAR)
        return none;
    text = ex->text;
    if (field->form != NULL) {
        clean = sk_arena_get(arena, text.size + 2);
        if (clean == NULL)
            return none;
        text.size = sk_format_clean(field->form, text, clean);
        text.data = (const uint8_t *)clean;
    }
    return is_legal(field, text, occurred) ? text : none;
}

static const char *made_code(struct sk_bytes format)
{
    static const char *const codes[][2] = {
        {"insz", "90051299783"},
        {"kbo", "1999900072"},
        {"kbo-unit", "8999000103"},
        {"nis", "13025"},
        {"esco", "8344.1"},
        {"nace", "3832"},
        {"isced-f", "1041"},
        {"digits4", "2400"},
        {"phone", "+32470000001"},
        {"email", "deelnemer@example.be"},
        {"lang", "nl"},
        {"uuid", "60c78287-22eb-4103-9c8c-28deaa460da0"},
        {"urn", "urn:example:1"},
        {"ref", "REF-1"},
    };

    for (size_t i = 0; i < SK_COUNT(codes); i++) {
        if (sk_bytes_equal(sk_text(codes[i][0]), format))
            return codes[i][1];
    }
    return "";
}

/* Dates and moments of that day; a week is the one of 1 January, which every
   year has. */
static struct sk_bytes made_time(enum sk_kind kind, struct sk_bytes occurred,
                                 struct sk_arena *arena)
{
    char text[17];

    memset(text, 0, sizeof(text));
    if (kind == SK_KIND_WEEK) {
        memcpy(text, occurred.data, 4);
        memcpy(text + 4, "-W01", 4);
    } else {
        memcpy(text, occurred.data, 10);
        if (kind == SK_KIND_DATETIME)
            memcpy(text + 10, "T09:00", 6);
    }
    return sk_arena_copy(
        arena,
        (struct sk_bytes){(uint8_t *)text, kind == SK_KIND_WEEK       ? 8
                                           : kind == SK_KIND_DATETIME ? 16
                                                                      : 10});
}

static struct sk_bytes made(const struct sk_field *field,
                            struct sk_bytes occurred, struct sk_arena *arena)
{
    switch (field->kind) {
    case SK_KIND_TEXT:
    case SK_KIND_NAME:
        return sk_text(field->max >= 9 ? "Voorbeeld" : "V");
    case SK_KIND_ENUM:
    case SK_KIND_SET:
        return field->codelist->values[0].id;
    case SK_KIND_BOOL:
        return sk_text("true");
    case SK_KIND_NUMBER:
        return sk_text(field->max >= 7 ? "7" : "0");
    case SK_KIND_DATE:
    case SK_KIND_DATETIME:
    case SK_KIND_WEEK:
        return made_time(field->kind, occurred, arena);
    case SK_KIND_BIRTHDATE:
        return sk_text("1990-05-12");
    case SK_KIND_CODE:
        return sk_text(made_code(field->format));
    }
    return sk_text("");
}

enum sk_status sk_example_value(const struct sk_vocabulary *v, uint16_t field,
                                struct sk_bytes occurred,
                                struct sk_arena *arena,
                                struct sk_named_value *out)
{
    const struct sk_field *f = &v->fields[field];
    bool timed = f->kind == SK_KIND_DATE || f->kind == SK_KIND_DATETIME ||
                 f->kind == SK_KIND_WEEK;
    struct sk_named_value value = {.name = f->id};
    struct sk_bytes *set;

    if (!timed && f->kind != SK_KIND_SET)
        value.text = shown(v, f, occurred, arena);
    if (value.text.size == 0)
        value.text = made(f, occurred, arena);
    if (f->kind == SK_KIND_SET) {
        set = sk_arena_get_array(arena, 1, sizeof(*set));
        if (set == NULL)
            return SK_E_MEMORY;
        set[0] = value.text;
        value.set = set;
        value.set_count = 1;
        value.text = (struct sk_bytes){NULL, 0};
    }
    if (arena->full)
        return SK_E_MEMORY;
    *out = value;
    return SK_OK;
}

/* ---------------------------------------------------------------- event */

/* The lowest value that `where` lets through, or empty. */
static struct sk_bytes wanted(const struct sk_vocabulary *v,
                              const struct sk_share *share, uint16_t field)
{
    for (size_t i = 0; i < share->where_count; i++) {
        if (share->where[i].field == field)
            return v->fields[field]
                .codelist->values[sk_lowest(share->where[i].values)]
                .id;
    }
    return (struct sk_bytes){NULL, 0};
}

static enum sk_status fill_event(const struct sk_vocabulary *v,
                                 const struct sk_share *share,
                                 struct sk_arena *arena, struct sk_example *out)
{
    const struct sk_event_type *type = &v->events[out->spot.event];
    const struct sk_shared_event *shared =
        sk_share_what(share, out->spot.event);
    struct sk_named_value *list =
        sk_arena_get_array(arena, type->fields_count + 1, sizeof(*list));
    size_t count = 0;

    if (list == NULL)
        return SK_E_MEMORY;
    for (size_t at = 1; at < type->fields_count; at++) {
        uint16_t field = type->fields[at];
        struct sk_bytes value = wanted(v, share, field);

        if (!type->required[at] && shared->levels[at] == 0 && value.size == 0)
            continue;
        SK_TRY(sk_example_value(v, field, sk_text(out->occurred), arena,
                                &list[count]));
        if (value.size != 0)
            list[count].text = value;
        count++;
    }
    out->event = (struct sk_event_view){
        .type = type->id,
        .subject = true,
        .occurred = sk_text(out->occurred),
        .fields = list,
        .fields_count = count,
    };
    return SK_OK;
}

/* ---------------------------------------------------------------- facts */

/* Everything that the event with these fields can tell. */
static uint64_t told_by(const struct sk_vocabulary *v,
                        const struct sk_example *x)
{
    uint16_t event = x->spot.event;
    uint64_t told = sk_bit(v->events[event].category);

    for (size_t i = 0; i < x->event.fields_count; i++) {
        uint16_t f = sk_vocabulary_field(v, x->event.fields[i].name);

        told |= sk_told(v, f, event, sk_exact(&v->fields[f]));
    }
    return told |
           sk_told(v, v->occurred, event, sk_exact(&v->fields[v->occurred]));
}

static enum sk_status fill_facts(const struct sk_bundle *bundle,
                                 struct sk_bytes id, struct sk_arena *arena,
                                 struct sk_example *out)
{
    const struct sk_vocabulary *v = bundle->vocabulary;
    uint64_t told = told_by(v, out);
    struct sk_fact_consent giving = {
        .id = id,
        .state = sk_text("given"),
        .explicit_consent = out->explicit_consent,
        .at = sk_civil_start(out->day),
        .until = sk_civil_start(out->day + 30),
        .purposes = &out->question.purpose,
        .purposes_count = 1,
        .recipients = &out->question.to,
        .recipients_count = 1,
    };

    out->categories = sk_arena_get_array(arena, sk_members(told) + 1,
                                         sizeof(*out->categories));
    if (out->categories == NULL)
        return SK_E_MEMORY;
    for (uint64_t left = told; left != 0; left &= left - 1)
        out->categories[out->categories_count++] =
            v->categories[sk_lowest(left)].id;
    giving.categories = out->categories;
    giving.categories_count = out->categories_count;
    SK_TRY(sk_facts_start(bundle, arena, &out->facts));
    SK_TRY(sk_facts_link(out->facts, out->question.to,
                         (struct sk_fact_period){out->day, INT32_MAX}));
    return sk_facts_consent(out->facts, &giving);
}

enum sk_status sk_example_ask(const struct sk_bundle *bundle,
                              const struct sk_share *share,
                              struct sk_example_spot spot, bool last_day,
                              bool explicit_consent, struct sk_bytes id,
                              struct sk_arena *arena, struct sk_example *out)
{
    const struct sk_vocabulary *v = bundle->vocabulary;

    memset(out, 0, sizeof(*out));
    out->spot = spot;
    out->explicit_consent = explicit_consent;
    out->day = last_day ? share->until : share->from;
    sk_day_format(out->day, out->occurred);
    SK_TRY(fill_event(v, share, arena, out));
    out->question = (struct sk_question){
        .to = bundle->roster.orgs[spot.org].id,
        .purpose = v->purposes[spot.purpose].id,
        .now = sk_civil_start(out->day) + NOON_SECONDS,
        .event = &out->event,
    };
    return fill_facts(bundle, id, arena, out);
}
