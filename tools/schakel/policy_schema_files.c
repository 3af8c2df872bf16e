#include "tools/schakel/policy_schema.h"

#include "tools/schakel/json.h"

/* ---------------------------------------------------------------- grounds */

/* Does an event tell something that asks for more, with this field at this
   level; and of itself (field SK_NONE)? */
typedef bool asking(const struct sk_vocabulary *v, uint16_t event,
                    uint16_t field, uint8_t level);

/* POLICY.md 7.2, art9: E042. */
static bool asks_art9(const struct sk_vocabulary *v, uint16_t event,
                      uint16_t field, uint8_t level)
{
    uint64_t told = field == SK_NONE ? sk_bit(v->events[event].category)
                                     : sk_told(v, field, event, level);

    for (; told != 0; told &= told - 1)
        if (v->categories[sk_lowest(told)].special.size > 0)
            return true;
    return false;
}

/* POLICY.md 7.2, authorisation: E063. */
static bool asks_authorisation(const struct sk_vocabulary *v, uint16_t event,
                               uint16_t field, uint8_t level)
{
    (void)event; /* a guarded number is one in each */
    return field != SK_NONE && v->fields[field].authorise && level > 0;
}

/* {required: [key], properties: {key: value}} */
static json_t *has(struct sk_bytes key, json_t *value)
{
    json_t *properties = json_object();

    json_object_setn_new(properties, (const char *)key.data, key.size, value);
    return json_pack("{s:[o], s:o}", "required",
                     json_stringn((const char *)key.data, key.size),
                     "properties", properties);
}

/* The fields of an event, each at the levels that ask; NULL: none do. */
static json_t *fields_that_ask(const struct sk_drawing *d, uint16_t event,
                               asking *asks)
{
    const struct sk_event_type *type = &d->v->events[event];
    json_t *any = json_array();

    for (size_t i = 0; i < type->fields_count; i++) {
        const struct sk_field *field = &d->v->fields[type->fields[i]];
        json_t *levels = json_array();

        for (uint8_t k = 1; k < field->levels_count; k++)
            if (asks(d->v, event, type->fields[i], k))
                json_array_append_new(
                    levels, json_stringn((const char *)field->levels[k].data,
                                         field->levels[k].size));
        if (json_array_size(levels) > 0)
            json_array_append_new(
                any, has(field->id, json_pack("{s:o}", "enum", levels)));
        else
            json_decref(levels);
    }
    if (json_array_size(any) > 0)
        return json_pack("{s:s, s:o}", "type", "object", "anyOf", any);
    json_decref(any);
    return NULL;
}

/* Some event of `what` that asks. */
static json_t *what_asks(const struct sk_drawing *d, asking *asks)
{
    json_t *any = json_array();

    for (uint16_t i = 0; i < d->v->events_count; i++) {
        struct sk_bytes id = d->v->events[i].id;
        json_t *fields = asks(d->v, i, SK_NONE, 0)
                             ? json_object()
                             : fields_that_ask(d, i, asks);

        if (fields != NULL)
            json_array_append_new(any, has(id, fields));
    }
    return any;
}

static void add_ground(json_t *all, json_t *any, const char *key)
{
    if (json_array_size(any) == 0) {
        json_decref(any);
        return;
    }
    json_array_append_new(
        all, json_pack("{s:o, s:{s:{s:{s:[s]}}}}", "if",
                       has(sk_text("what"), json_pack("{s:o}", "anyOf", any)),
                       "then", "properties", "basis", "required", key));
}

json_t *sk_schema_grounds(const struct sk_drawing *d)
{
    json_t *all = json_array();

    add_ground(all, what_asks(d, asks_art9), "art9");
    add_ground(all, what_asks(d, asks_authorisation), "authorisation");
    /* E043 */
    json_array_append_new(
        all,
        json_pack("{s:{s:[s], s:{s:{s:[s], s:{s:{s:s}}}}}, s:{s:{s:{s:s}}}}",
                  "if", "required", "basis", "properties", "basis", "required",
                  "art9", "properties", "art9", "const", "explicit-consent",
                  "then", "properties", "consent", "const", "explicit"));
    return all;
}

/* ---------------------------------------------------------------- promises */

/* One form of POLICY.md 12 with these keys. */
static void add_form(json_t *properties, json_t *one_of, const char *name,
                     json_t *keys, json_t *required)
{
    json_object_set_new(properties, name, sk_schema_object(keys, required));
    json_array_append_new(one_of, json_pack("{s:[s]}", "required", name));
}

static json_t *to_whom(void)
{
    return json_pack("{s:o, s:o}", "to", sk_schema_ref("anyone_or_who"),
                     "except", sk_schema_ref("anyone_or_who"));
}

static json_t *promise(const struct sk_drawing *d)
{
    json_t *properties = sk_schema_rule_head(d);
    json_t *one_of = json_array();
    json_t *keys = to_whom();
    json_t *out;

    json_object_set_new(keys, "for", sk_schema_list(sk_schema_ref("purpose")));
    json_object_set_new(keys, "data",
                        sk_schema_list(sk_schema_ref("category")));
    json_object_set_new(keys, "event", sk_schema_ref("event"));
    json_object_set_new(keys, "fields", sk_schema_levels(d));
    add_form(properties, one_of, "no_flow", keys, json_pack("[s]", "to"));
    add_form(properties, one_of, "only_to",
             json_pack("{s:o, s:o}", "data",
                       sk_schema_list(sk_schema_ref("category")), "to",
                       sk_schema_ref("anyone_or_who")),
             json_pack("[s, s]", "data", "to"));
    keys = to_whom();
    json_object_set_new(keys, "for", sk_schema_list(sk_schema_ref("purpose")));
    json_object_set_new(keys, "data",
                        sk_schema_list(sk_schema_ref("category")));
    json_object_set_new(keys, "at_least", sk_schema_consent());
    add_form(properties, one_of, "needs_consent", keys,
             json_pack("[s, s]", "to", "at_least"));
    keys = to_whom();
    json_object_set_new(keys, "data",
                        sk_schema_list(sk_schema_ref("category")));
    json_object_set_new(keys, "months",
                        json_pack("{s:[s, s], s:s}", "type", "integer",
                                  "string", "pattern", "^(0|[1-9][0-9]*)$"));
    add_form(properties, one_of, "max_retention", keys,
             json_pack("[s, s]", "to", "months"));
    add_form(properties, one_of, "flow",
             json_pack("{s:o, s:o, s:o, s:o}", "to",
                       sk_schema_ref("anyone_or_who"), "for",
                       sk_schema_list(sk_schema_ref("leaf_purpose")), "event",
                       sk_schema_ref("event"), "fields", sk_schema_levels(d)),
             json_pack("[s, s, s]", "to", "for", "event"));
    out = sk_schema_object(properties, json_pack("[s, s]", "id", "text"));
    json_object_set_new(out, "oneOf", one_of);
    return out;
}

json_t *sk_schema_invariants(const struct sk_drawing *d)
{
    return sk_schema_object(
        json_pack(
            "{s:{s:s}, s:o, s:o}", "format", "const", "invariants/1",
            "invariants",
            sk_schema_pattern("^[a-z][a-z0-9]*([-_.][a-z0-9]+)*$",
                              sk_policy_word(d->run, "een naam", "a name")),
            "rules", sk_schema_list(promise(d))),
        json_pack("[s, s, s]", "format", "invariants", "rules"));
}

/* ---------------------------------------------------------------- tests */

/* A word that an editor completes, and another one: a test may well ask for
   what does not exist. */
static json_t *offered(json_t *words)
{
    return json_pack("{s:[o, {s:s}]}", "anyOf", words, "type", "string");
}

static json_t *anything(const char *type)
{
    return json_pack("{s:s}", "type", type);
}

/* POLICY.md 14.1: what a file and a case may both say. */
static json_t *shared_facts(void)
{
    static const char *const lists[] = {"links", "employers", "objections",
                                        "consents"};
    json_t *out = json_pack("{s:o, s:o}", "now", anything("string"), "persons",
                            anything("object"));

    for (size_t i = 0; i < SK_COUNT(lists); i++)
        json_object_set_new(out, lists[i],
                            json_pack("{s:s, s:o}", "type", "array", "items",
                                      anything("object")));
    return out;
}

static json_t *ask(const struct sk_drawing *d)
{
    return sk_schema_object(json_pack("{s:o, s:o, s:{}, s:o, s:o, s:{}}", "to",
                                      offered(sk_schema_owners(d)), "for",
                                      offered(sk_schema_ref("purpose")),
                                      "event", "with", anything("object"),
                                      "without", anything("array"), "why"),
                            NULL);
}

static json_t *expect(void)
{
    static const char *const keys[] = {
        "fields", "levels",        "withheld", "decision", "reason",
        "rules",  "consents",      "duties",   "roles",    "erase_by",
        "load",   "on_withdrawal", "not_load", "line",     "message",
        "diff",   "invariants",    "matrix",   "why"};
    static const char *const decisions[] = {"permit", "deny"};
    json_t *properties = json_object();

    for (size_t i = 0; i < SK_COUNT(keys); i++)
        json_object_set_new(properties, keys[i], json_object());
    json_object_set_new(properties, "decision",
                        sk_schema_words(decisions, SK_COUNT(decisions)));
    return sk_schema_object(properties, NULL);
}

static json_t *variant(void)
{
    static const char *const keys[] = {
        "remove", "change", "add_share", "add_never", "add_limit", "orgs",
        "patch",  "raw",    "raw_as",    "raw_parts", "why"};
    json_t *properties = json_object();

    for (size_t i = 0; i < SK_COUNT(keys); i++)
        json_object_set_new(properties, keys[i], json_object());
    return sk_schema_object(properties, NULL);
}

json_t *sk_schema_tests(const struct sk_drawing *d)
{
    json_t *file = shared_facts();
    json_t *one = shared_facts();

    json_object_set_new(
        one, "name",
        sk_schema_line(sk_policy_word(d->run, "wat deze test toont",
                                      "what this test shows")));
    json_object_set_new(one, "why", json_object());
    json_object_set_new(one, "only_consents", anything("array"));
    json_object_set_new(one, "variant", variant());
    json_object_set_new(one, "ask", ask(d));
    json_object_set_new(one, "expect", expect());
    json_object_set_new(file, "format", json_pack("{s:s}", "const", "tests/1"));
    json_object_set_new(file, "bundle", anything("string"));
    json_object_set_new(file, "events", anything("object"));
    json_object_set_new(file, "why", json_object());
    json_object_set_new(
        file, "cases",
        json_pack(
            "{s:s, s:o}", "type", "array", "items",
            sk_schema_object(one, json_pack("[s, s]", "name", "expect"))));
    return sk_schema_object(file, json_pack("[s, s]", "format", "cases"));
}
