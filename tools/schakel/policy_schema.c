#include <string.h>

#include "policies/rules.h"
#include "policies/words.h"
#include "tools/schakel/json.h"
#include "tools/schakel/policy_schema.h"
#include "tools/schakel/policy_words.h"

/* `schakel policy schema`: JSON Schema (draft-07) of policy.yaml for one
   vocabulary and roster, so that an editor completes and checks while typing.
   POLICY.md 7, 16 */

#define DURATION "^[1-9][0-9]{0,3} (days?|weeks?|months?|years?)$"
#define DATE "^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
#define ID "^(?!fed-)[a-z][a-z0-9]*([-_.][a-z0-9]+)*$" /* a member's */

static const char *word(const struct sk_drawing *d, const char *nl,
                        const char *en)
{
    return sk_policy_word(d->run, nl, en);
}

static void set(json_t *object, struct sk_bytes key, json_t *value)
{
    json_object_setn_new(object, (const char *)key.data, key.size, value);
}

/* One line of text. */
json_t *sk_schema_line(const char *description)
{
    return json_pack("{s:s, s:i, s:s, s:s}", "type", "string", "minLength", 1,
                     "pattern", "^[^\\n\\r]*$", "description", description);
}

json_t *sk_schema_pattern(const char *form, const char *description)
{
    return json_pack("{s:s, s:s, s:s}", "type", "string", "pattern", form,
                     "description", description);
}

json_t *sk_schema_ref(const char *definition)
{
    json_t *path = json_sprintf("#/definitions/%s", definition);

    return json_pack("{s:o}", "$ref", path);
}

/* {enum: [...]} with one description per word, for editors that show it. */
static json_t *words(json_t *list, json_t *descriptions)
{
    return json_pack("{s:o, s:o}", "enum", list, "enumDescriptions",
                     descriptions);
}

json_t *sk_schema_words(const char *const *list, size_t count)
{
    json_t *out = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(out, json_string(list[i]));
    return json_pack("{s:o}", "enum", out);
}

json_t *sk_schema_list(json_t *item)
{
    return json_pack("{s:s, s:i, s:o}", "type", "array", "minItems", 1, "items",
                     item);
}

json_t *sk_schema_object(json_t *properties, json_t *required)
{
    json_t *out =
        json_pack("{s:s, s:b, s:o}", "type", "object", "additionalProperties",
                  0, "properties", properties);

    if (required != NULL)
        json_object_set_new(out, "required", required);
    return out;
}

/* ---------------------------------------------------------------- words */

static json_t *orgs(const struct sk_drawing *d)
{
    json_t *list = json_array();
    json_t *names = json_array();

    for (size_t i = 0; i < d->bundle->roster.count; i++) {
        const struct sk_roster_org *org = &d->bundle->roster.orgs[i];

        if (sk_bytes_equal(org->id, d->owner))
            continue;
        json_array_append_new(list, sk_policy_string(org->id));
        json_array_append_new(names, sk_policy_string(org->name));
    }
    return words(list, names);
}

static json_t *groups(const struct sk_drawing *d)
{
    json_t *list = json_array();

    for (size_t i = 0; i < d->bundle->roster.groups_count; i++)
        json_array_append_new(list,
                              sk_policy_string(d->bundle->roster.groups[i].id));
    return json_pack("{s:o}", "enum", list);
}

/* leaves: only those that a share rule may name. */
static json_t *purposes(const struct sk_drawing *d, bool leaves)
{
    json_t *list = json_array();
    json_t *labels = json_array();

    for (size_t i = 0; i < d->v->purposes_count; i++) {
        const struct sk_purpose *p = &d->v->purposes[i];

        if (leaves && (!p->leaf || !p->events))
            continue;
        json_array_append_new(list, sk_policy_string(p->id));
        json_array_append_new(labels, sk_policy_string(sk_policy_label(
                                          d->run, &p->label, p->id)));
    }
    return words(list, labels);
}

static json_t *categories(const struct sk_drawing *d)
{
    json_t *list = json_array();
    json_t *labels = json_array();

    for (size_t i = 0; i < d->v->categories_count; i++) {
        const struct sk_category *c = &d->v->categories[i];

        json_array_append_new(list, sk_policy_string(c->id));
        json_array_append_new(labels, sk_policy_string(sk_policy_label(
                                          d->run, &c->label, c->id)));
    }
    return words(list, labels);
}

static json_t *user_roles(const struct sk_drawing *d)
{
    json_t *list = json_array();
    json_t *labels = json_array();

    for (size_t i = 0; i < d->v->user_roles_count; i++) {
        const struct sk_word *w = &d->v->user_roles[i];

        json_array_append_new(list, sk_policy_string(w->id));
        json_array_append_new(labels, sk_policy_string(sk_policy_label(
                                          d->run, &w->label, w->id)));
    }
    return words(list, labels);
}

static json_t *events(const struct sk_drawing *d)
{
    json_t *list = json_array();
    json_t *labels = json_array();

    for (size_t i = 0; i < d->v->events_count; i++) {
        const struct sk_event_type *e = &d->v->events[i];

        json_array_append_new(list, sk_policy_string(e->id));
        json_array_append_new(labels, sk_policy_string(sk_policy_label(
                                          d->run, &e->label, e->id)));
    }
    return words(list, labels);
}

/* ---------------------------------------------------------------- fields */

/* The levels of one field, most revealing first. */
static json_t *levels(const struct sk_drawing *d, const struct sk_field *field)
{
    json_t *list = json_array();
    json_t *descriptions = json_array();
    json_t *out;

    for (uint8_t i = field->levels_count; i-- > 0;) {
        struct sk_label how = sk_level_words(field, i, &d->run->arena);

        json_array_append_new(list, sk_policy_string(field->levels[i]));
        json_array_append_new(
            descriptions, sk_policy_string(sk_label_of(&how, d->run->dutch)));
    }
    out = words(list, descriptions);
    json_object_set_new(
        out, "description",
        sk_policy_string(sk_policy_label(d->run, &field->label, field->id)));
    return out;
}

static json_t *level_ref(const struct sk_field *field)
{
    json_t *path = json_sprintf("#/definitions/field_%.*s", SK_ARG(field->id));

    return json_pack("{s:o}", "$ref", path);
}

static json_t *event_schema(const struct sk_drawing *d,
                            const struct sk_event_type *event)
{
    json_t *fields = json_object();
    json_t *map;

    for (size_t i = 0; i < event->fields_count; i++) {
        const struct sk_field *field = &d->v->fields[event->fields[i]];

        set(fields, field->id, level_ref(field));
    }
    map = sk_schema_object(fields, NULL);
    json_object_set_new(map, "minProperties", json_integer(1));
    return json_pack(
        "{s:o, s:[{s:s}, o]}", "description",
        sk_policy_string(sk_policy_label(d->run, &event->label, event->id)),
        "anyOf", "const", "only-the-fact", map);
}

static json_t *what(const struct sk_drawing *d)
{
    json_t *properties = json_object();
    json_t *out;

    for (size_t i = 0; i < d->v->events_count; i++)
        set(properties, d->v->events[i].id, event_schema(d, &d->v->events[i]));
    out = sk_schema_object(properties, NULL);
    json_object_set_new(out, "minProperties", json_integer(1));
    return out;
}

static json_t *where(const struct sk_drawing *d)
{
    json_t *properties = json_object();
    json_t *out;

    for (size_t i = 0; i < d->v->fields_count; i++) {
        const struct sk_field *field = &d->v->fields[i];
        json_t *values;

        if (field->kind != SK_KIND_ENUM)
            continue;
        values = json_array();
        for (size_t k = 0; k < field->codelist->count; k++)
            json_array_append_new(
                values, sk_policy_string(field->codelist->values[k].id));
        set(properties, field->id,
            sk_schema_list(json_pack("{s:o}", "enum", values)));
    }
    out = sk_schema_object(properties, NULL);
    json_object_set_new(out, "minProperties", json_integer(1));
    return out;
}

/* Every field with its levels, for a limit. */
json_t *sk_schema_levels(const struct sk_drawing *d)
{
    json_t *properties = json_object();
    json_t *out;

    for (size_t i = 0; i < d->v->fields_count; i++)
        set(properties, d->v->fields[i].id, level_ref(&d->v->fields[i]));
    out = sk_schema_object(properties, NULL);
    json_object_set_new(out, "minProperties", json_integer(1));
    return out;
}

/* ---------------------------------------------------------------- parts */

json_t *sk_schema_definitions(const struct sk_drawing *d)
{
    json_t *out = json_object();

    json_object_set_new(out, "org", orgs(d));
    json_object_set_new(out, "group", groups(d));
    json_object_set_new(out, "leaf_purpose", purposes(d, true));
    json_object_set_new(out, "purpose", purposes(d, false));
    json_object_set_new(out, "category", categories(d));
    json_object_set_new(out, "event", events(d));
    json_object_set_new(
        out, "duration",
        sk_schema_pattern(DURATION, word(d, "bv. '12 months' of '7 days'",
                                         "e.g. '12 months' or '7 days'")));
    json_object_set_new(out, "date",
                        sk_schema_pattern(DATE, word(d, "een dag: JJJJ-MM-DD",
                                                     "a day: YYYY-MM-DD")));
    json_object_set_new(
        out, "who",
        json_pack("{s:s, s:b, s:i, s:{s:o, s:o}}", "type", "object",
                  "additionalProperties", 0, "minProperties", 1, "properties",
                  "orgs", sk_schema_list(sk_schema_ref("org")), "groups",
                  sk_schema_list(sk_schema_ref("group"))));
    json_object_set_new(out, "anyone_or_who",
                        json_pack("{s:[{s:s}, o]}", "anyOf", "const", "anyone",
                                  sk_schema_ref("who")));
    for (size_t i = 0; i < d->v->fields_count; i++) {
        json_t *name = json_sprintf("field_%.*s", SK_ARG(d->v->fields[i].id));

        json_object_set_new(out, json_string_value(name),
                            levels(d, &d->v->fields[i]));
        json_decref(name);
    }
    return out;
}

static json_t *basis(const struct sk_drawing *d)
{
    static const char *const grounds[] = {"consent", "contract", "public-task",
                                          "legitimate-interest"};
    static const char *const art9[] = {
        "explicit-consent", "employment-and-social-law",
        "health-or-social-care", "substantial-public-interest"};

    return sk_schema_object(
        json_pack(
            "{s:o, s:o, s:o, s:o}", "gdpr",
            sk_schema_words(grounds, SK_COUNT(grounds)), "reference",
            sk_schema_line(word(d,
                                "de wet, het decreet, het protocol of de "
                                "overeenkomst",
                                "the law, decree, protocol or agreement")),
            "art9", sk_schema_words(art9, SK_COUNT(art9)), "authorisation",
            sk_schema_line(word(d, "de machtiging voor een bewaakt nummer",
                                "the authorisation for a guarded number"))),
        json_pack("[s, s]", "gdpr", "reference"));
}

static json_t *retain(void)
{
    static const char *const bases[] = {"sent", "occurred"};

    return sk_schema_object(json_pack("{s:o, s:o}", "for",
                                      sk_schema_ref("duration"), "from",
                                      sk_schema_words(bases, SK_COUNT(bases))),
                            json_pack("[s, s]", "for", "from"));
}

static json_t *on_withdrawal(void)
{
    static const char *const what_to_do[] = {"erase", "stop"};

    return sk_schema_object(
        json_pack("{s:o, s:o}", "do",
                  sk_schema_words(what_to_do, SK_COUNT(what_to_do)), "within",
                  json_pack("{s:s, s:s}", "type", "string", "pattern",
                            "^[1-9][0-9]* (days?|weeks?)$")),
        NULL);
}

json_t *sk_schema_consent(void)
{
    static const char *const strengths[] = {"given", "explicit"};

    return sk_schema_words(strengths, SK_COUNT(strengths));
}

/* id and text, which every rule has. */
json_t *sk_schema_rule_head(const struct sk_drawing *d)
{
    json_t *id =
        sk_schema_pattern(ID, word(d, "een korte naam, een keer gebruikt",
                                   "a short name, used once"));

    json_object_set_new(id, "maxLength", json_integer(64));
    return json_pack("{s:o, s:o}", "id", id, "text",
                     sk_schema_line(word(d, "een zin in gewone taal",
                                         "one sentence in plain words")));
}

static json_t *share(const struct sk_drawing *d)
{
    json_t *properties = sk_schema_rule_head(d);
    json_t *out;

    json_object_set_new(properties, "to", sk_schema_ref("who"));
    json_object_set_new(properties, "for",
                        sk_schema_list(sk_schema_ref("leaf_purpose")));
    json_object_set_new(properties, "what", what(d));
    json_object_set_new(properties, "where", where(d));
    json_object_set_new(properties, "consent", sk_schema_consent());
    json_object_set_new(properties, "basis", basis(d));
    json_object_set_new(
        properties, "valid",
        sk_schema_object(json_pack("{s:o, s:o}", "from", sk_schema_ref("date"),
                                   "until", sk_schema_ref("date")),
                         json_pack("[s, s]", "from", "until")));
    json_object_set_new(properties, "retain", retain());
    json_object_set_new(properties, "not_older_than",
                        sk_schema_ref("duration"));
    json_object_set_new(properties, "on_withdrawal", on_withdrawal());
    json_object_set_new(
        properties, "duties",
        sk_schema_list(sk_schema_words(sk_duty_words, SK_DUTIES_COUNT)));
    json_object_set_new(properties, "roles", sk_schema_list(user_roles(d)));
    out = sk_schema_object(properties,
                           json_pack("[s, s, s, s, s, s, s]", "id", "text",
                                     "to", "for", "what", "basis", "valid"));
    json_object_set_new(out, "allOf", sk_schema_grounds(d));
    return out;
}

/* A never, or a limit. */
static json_t *take(const struct sk_drawing *d, bool limit)
{
    json_t *properties = sk_schema_rule_head(d);

    json_object_set_new(properties, "to", sk_schema_ref("anyone_or_who"));
    json_object_set_new(properties, "except", sk_schema_ref("who"));
    json_object_set_new(properties, "for",
                        sk_schema_list(sk_schema_ref("purpose")));
    if (limit) {
        json_object_set_new(properties, "fields", sk_schema_levels(d));
        return sk_schema_object(properties, json_pack("[s, s, s, s]", "id",
                                                      "text", "to", "fields"));
    }
    json_object_set_new(properties, "data",
                        sk_schema_list(sk_schema_ref("category")));
    json_object_set_new(properties, "events",
                        sk_schema_list(sk_schema_ref("event")));
    {
        json_t *fields = json_array();

        for (size_t i = 0; i < d->v->fields_count; i++)
            json_array_append_new(fields, sk_policy_string(d->v->fields[i].id));
        json_object_set_new(properties, "fields",
                            sk_schema_list(json_pack("{s:o}", "enum", fields)));
    }
    return sk_schema_object(properties,
                            json_pack("[s, s, s]", "id", "text", "to"));
}

/* Owner: an organisation of the roster, also this policy's own. */
json_t *sk_schema_owners(const struct sk_drawing *d)
{
    struct sk_drawing all = *d;

    all.owner = (struct sk_bytes){NULL, 0};
    return orgs(&all);
}

static json_t *policy_schema(const struct sk_drawing *d)
{
    json_t *properties = json_object();
    json_t *out;

    json_object_set_new(properties, "language",
                        json_pack("{s:s}", "const", "sharing-policy/1"));
    json_object_set_new(properties, "policy", sk_schema_owners(d));
    json_object_set_new(properties, "version",
                        json_pack("{s:[s, s], s:s, s:i}", "type", "integer",
                                  "string", "pattern", "^[1-9][0-9]{0,8}$",
                                  "minimum", 1));
    json_object_set_new(
        properties, "vocabulary",
        json_pack("{s:o}", "const", sk_policy_string(d->v->name)));
    json_object_set_new(
        properties, "guards",
        json_pack("{s:o}", "const", sk_policy_string(d->bundle->guards_name)));
    json_object_set_new(
        properties, "partners",
        json_pack("{s:o}", "const", sk_policy_string(d->bundle->roster.id)));
    json_object_set_new(
        properties, "defaults",
        sk_schema_object(json_pack("{s:o, s:o, s:o}", "retain", retain(),
                                   "on_withdrawal", on_withdrawal(), "consent",
                                   sk_schema_consent()),
                         NULL));
    json_object_set_new(properties, "share", sk_schema_list(share(d)));
    json_object_set_new(properties, "never", sk_schema_list(take(d, false)));
    json_object_set_new(properties, "limit", sk_schema_list(take(d, true)));
    out = sk_schema_object(
        properties, json_pack("[s, s, s, s, s, s]", "language", "policy",
                              "version", "vocabulary", "guards", "partners"));
    return out;
}

/* What is in it decides; the title says of what. */
static json_t *schema(const struct sk_drawing *d, const char *of)
{
    json_t *out = strcmp(of, "invariants") == 0 ? sk_schema_invariants(d)
                  : strcmp(of, "tests") == 0    ? sk_schema_tests(d)
                                                : policy_schema(d);

    json_object_set_new(out, "$schema",
                        json_string("http://json-schema.org/draft-07/schema#"));
    json_object_set_new(
        out, "title",
        json_sprintf("%s, %.*s, %.*s/%u",
                     strcmp(of, "policy") == 0 ? "sharing-policy/1" : of,
                     SK_ARG(d->v->name), SK_ARG(d->bundle->roster.id),
                     d->bundle->roster.version));
    json_object_set_new(out, "definitions", sk_schema_definitions(d));
    return out;
}

/* ---------------------------------------------------------------- command */

/* The owner that the policy file names, also when it does not load: the
   schema is for people who are still writing it. */
static struct sk_bytes owner_of(struct sk_policy_run *run,
                                const struct sk_source *policy)
{
    struct sk_findings findings = sk_findings_start(&run->arena);
    struct sk_node *tree = NULL;
    const struct sk_node *owner;

    if (policy->bytes.data == NULL ||
        sk_yaml_read(policy->name, policy->bytes, &run->arena, &findings,
                     &tree) != SK_OK)
        return (struct sk_bytes){NULL, 0};
    owner = sk_node_get(tree, "policy");
    return owner != NULL && owner->kind == SK_NODE_SCALAR
               ? owner->text
               : (struct sk_bytes){NULL, 0};
}

int sk_policy_do_schema(struct sk_policy_run *run,
                        const struct sk_parsed *parsed)
{
    static const char *const files[] = {"policy", "invariants", "tests"};
    const char *of = sk_cli_get(parsed, "for");
    struct sk_findings findings = sk_findings_start(&run->arena);
    struct sk_drawing d = {.run = run};
    struct sk_bundle_folder folder;
    struct sk_bundle *bundle;
    struct sk_source *policy;
    enum sk_status status = sk_bundle_folder_read(
        parsed->operands[0], &run->arena, &findings, &folder);

    of = of == NULL ? "policy" : of;
    if (strcmp(of, files[0]) != 0 && strcmp(of, files[1]) != 0 &&
        strcmp(of, files[2]) != 0)
        return sk_policy_bad_option("--for", "policy, invariants of tests",
                                    "policy, invariants or tests");
    if (status == SK_E_BAD_VALUE)
        return sk_policy_unusable(run, &findings);
    if (status != SK_OK)
        return sk_policy_no_memory();
    policy = &folder.sources.of[SK_SOURCE_POLICY];
    if (folder.missing != NULL && strcmp(folder.missing, policy->name) != 0)
        return sk_policy_no_source(run, &folder);
    /* A promise, and a test, may well speak of the owner. */
    if (strcmp(of, files[0]) == 0)
        d.owner = owner_of(run, policy);
    policy->bytes = (struct sk_bytes){NULL, 0};
    folder.sources.of[SK_SOURCE_INVARIANTS].bytes = policy->bytes;
    if (sk_sources_load(&folder.sources, INT32_MIN, &run->arena, &findings,
                        &bundle) != SK_OK)
        return sk_policy_no_memory();
    if (bundle == NULL)
        return sk_policy_unusable(run, &findings);
    d.bundle = bundle;
    d.v = bundle->vocabulary;
    sk_policy_answer(schema(&d, of));
    return SK_EXIT_YES;
}
