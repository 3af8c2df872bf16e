#include <stdlib.h>
#include <string.h>

#include "policies/ways.h"
#include "tools/schakel/json.h"
#include "tools/schakel/policy_export.h"
#include "tools/schakel/policy_words.h"

/* POLICY.md 17.2.  Names are urn:schakel:<kind>:<id>.  A large policy has a
   million rules: each is printed as soon as it is made, list by list. */

#define ODRL "http://www.w3.org/ns/odrl/2/"

struct exporting {
    const struct sk_bundle *bundle;
    const struct sk_vocabulary *v;
    struct sk_ways ways;
    enum list { OBLIGATIONS, PERMISSIONS, PROHIBITIONS } list; /* printed now */
    size_t permitted;                                          /* ways */
    size_t printed; /* of this list */
};

/* ---------------------------------------------------------------- printing */

static void print_member(const char *before, const char *key, json_t *value)
{
    printf("%s\n  \"%s\": ", before, key);
    sk_json_print_inside(value, 2);
}

static void print_rule(struct exporting *e, json_t *rule)
{
    fputs(e->printed++ == 0 ? "\n    " : ",\n    ", stdout);
    sk_json_print_inside(rule, 4);
}

static json_t *urn(const char *kind, struct sk_bytes id)
{
    return json_sprintf("urn:schakel:%s:%.*s", kind, SK_ARG(id));
}

/* ---------------------------------------------------------------- context */

/* A term whose values are names of things, or words of the vocabulary. */
static void term(json_t *context, const char *name, const char *type)
{
    json_t *id = json_sprintf("odrl:%s", name);

    json_object_set_new(context, name,
                        json_pack("{s:o, s:s}", "@id", id, "@type", type));
}

static json_t *context_json(void)
{
    static const char *const things[] = {
        "profile",  "permission", "prohibition", "obligation",
        "assigner", "assignee",   "target",      "source",
        "duty",     "constraint", "refinement"};
    static const char *const words[] = {"conflict", "action", "leftOperand",
                                        "operator"};
    static const char *const values[] = {"Set",           "AssetCollection",
                                         "prohibit",      "distribute",
                                         "delete",        "purpose",
                                         "obtainConsent", "dateTime",
                                         "delayPeriod",   "eq",
                                         "gteq",          "lteq",
                                         "isAnyOf",       "rightOperand"};
    json_t *context = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "odrl", ODRL, "dct",
        "http://purl.org/dc/terms/", "xsd", "http://www.w3.org/2001/XMLSchema#",
        "schakel", "urn:schakel:term:", "uid", "@id", "description",
        "dct:description", "hasVersion", "dct:hasVersion", "level",
        "schakel:level", "countedFrom", "schakel:countedFrom");

    for (size_t i = 0; i < SK_COUNT(things); i++)
        term(context, things[i], "@id");
    for (size_t i = 0; i < SK_COUNT(words); i++)
        term(context, words[i], "@vocab");
    for (size_t i = 0; i < SK_COUNT(values); i++)
        json_object_set_new(context, values[i],
                            json_sprintf("odrl:%s", values[i]));
    json_object_set_new(context, "consent", json_string("schakel:consent"));
    json_object_set_new(context, "notOlderThan",
                        json_string("schakel:notOlderThan"));
    return context;
}

/* ---------------------------------------------------------------- parts */

static json_t *constraint(const char *left, const char *operator,
                          json_t * right)
{
    return json_pack("{s:s, s:s, s:o}", "leftOperand", left,
                     "operator", operator, "rightOperand", right);
}

static json_t *day_value(int32_t day)
{
    char text[11];

    sk_day_format(day, text);
    return json_pack("{s:s, s:s}", "@value", text, "@type", "xsd:date");
}

static json_t *duration_value(struct sk_duration duration)
{
    return json_pack("{s:o, s:s}", "@value",
                     json_sprintf("P%u%s", duration.count,
                                  duration.unit == SK_DAYS ? "D" : "M"),
                     "@type", "xsd:duration");
}

/* Purposes as things, so that no reader takes them for texts. */
static json_t *purposes_value(const struct exporting *e, uint64_t set)
{
    json_t *list = json_array();

    for (; set != 0; set &= set - 1)
        json_array_append_new(
            list, json_pack("{s:o}", "@id",
                            urn("purpose", e->v->purposes[sk_lowest(set)].id)));
    return list;
}

/* A field of `where` and its values (7.3). */
static json_t *where_constraint(const struct exporting *e,
                                const struct sk_where *where)
{
    const struct sk_field *field = &e->v->fields[where->field];
    json_t *values = json_array();
    json_t *left = json_sprintf("schakel:field:%.*s", SK_ARG(field->id));
    json_t *out;

    for (uint64_t set = where->values; set != 0; set &= set - 1)
        json_array_append_new(
            values,
            sk_policy_string(field->codelist->values[sk_lowest(set)].id));
    out = constraint(json_string_value(left), "isAnyOf", values);
    json_decref(left);
    return out;
}

static json_t *share_constraints(const struct exporting *e,
                                 const struct sk_share *share,
                                 uint64_t purposes)
{
    json_t *out =
        json_pack("[o, o, o]",
                  constraint("purpose", "isAnyOf", purposes_value(e, purposes)),
                  constraint("dateTime", "gteq", day_value(share->from)),
                  constraint("dateTime", "lteq", day_value(share->until)));

    for (size_t i = 0; i < share->where_count; i++)
        json_array_append_new(out, where_constraint(e, &share->where[i]));
    if (share->not_older_than.count != 0)
        json_array_append_new(
            out, constraint("notOlderThan", "lteq",
                            duration_value(share->not_older_than)));
    return out;
}

/* An event, or one field of it at a level. */
static json_t *target_json(const struct exporting *e, uint16_t event,
                           uint16_t field, struct sk_bytes level)
{
    struct sk_bytes id = e->v->events[event].id;
    json_t *source =
        field == SK_FACT
            ? urn("event", id)
            : json_sprintf("urn:schakel:event:%.*s:%.*s", SK_ARG(id),
                           SK_ARG(e->v->fields[field].id));

    return json_pack("{s:s, s:o, s:[o]}", "@type", "AssetCollection", "source",
                     source, "refinement",
                     constraint("level", "eq", sk_policy_string(level)));
}

/* Consent is a duty before each sending (I1). */
static json_t *duty_json(bool explicit_consent)
{
    return json_pack(
        "{s:s, s:[o]}", "action", "obtainConsent", "constraint",
        constraint("consent", "eq",
                   json_string(explicit_consent ? "explicit" : "given")));
}

/* ---------------------------------------------------------------- rules */

static void permit(struct exporting *e, const struct sk_way *way,
                   uint64_t purposes, struct sk_spot spot, uint16_t field)
{
    struct sk_bytes level = sk_level_name(e->v, field, way->level);

    e->permitted++;
    if (e->list != PERMISSIONS)
        return;
    print_rule(e,
               json_pack("{s:o, s:o, s:o, s:s, s:o, s:o, s:[o]}", "description",
                         sk_policy_string(way->share->text), "assigner",
                         urn("org", e->bundle->owner), "assignee",
                         urn("org", e->bundle->roster.orgs[spot.org].id),
                         "action", "distribute", "target",
                         target_json(e, spot.event, field, level), "constraint",
                         share_constraints(e, way->share, purposes), "duty",
                         duty_json(way->explicit_consent)));
}

/* The most that the rule lets through there (10.1); false: nothing. */
static bool find_way(const struct exporting *e, const struct sk_share *share,
                     const struct sk_shared_event *shared, struct sk_spot spot,
                     size_t at, struct sk_way *out)
{
    const struct sk_caps *caps = &e->ways.caps;
    struct sk_way found[2];

    if (sk_caps_covers(caps, spot.org, spot.purpose, spot.event))
        return false;
    if (at == SK_FACT)
        return sk_ways_of_fact(caps, spot, share, shared, out);
    if (sk_ways_of_field(caps, spot, share, shared, at, found) == 0)
        return false;
    *out = found[0];
    return true;
}

/* One permission for the purposes for which the same goes. */
static void permit_field(struct exporting *e, const struct sk_share *share,
                         const struct sk_shared_event *shared, uint16_t org,
                         size_t at)
{
    struct sk_spot spot = {.org = org, .event = shared->event};
    uint16_t field =
        at == SK_FACT ? SK_FACT : e->v->events[shared->event].fields[at];

    for (uint64_t left = share->purposes; left != 0;) {
        uint64_t same = sk_bit(sk_lowest(left));
        struct sk_way way;
        struct sk_way other;

        spot.purpose = (uint16_t)sk_lowest(left);
        left &= left - 1;
        if (!find_way(e, share, shared, spot, at, &way))
            continue;
        for (uint64_t set = left; set != 0; set &= set - 1) {
            spot.purpose = (uint16_t)sk_lowest(set);
            if (find_way(e, share, shared, spot, at, &other) &&
                other.level == way.level &&
                other.explicit_consent == way.explicit_consent)
                same |= sk_bit(sk_lowest(set));
        }
        left &= ~same;
        permit(e, &way, same, spot, field);
    }
}

static void permit_event(struct exporting *e, const struct sk_share *share,
                         uint16_t org, const struct sk_shared_event *shared)
{
    const struct sk_event_type *type = &e->v->events[shared->event];
    size_t before = e->permitted;

    if (shared->only_the_fact)
        permit_field(e, share, shared, org, SK_FACT);
    for (size_t at = 0; at < type->fields_count; at++)
        permit_field(e, share, shared, org, at);
    if (e->permitted == before || e->list != OBLIGATIONS)
        return;
    print_rule(
        e, json_pack(
               "{s:o, s:o, s:o, s:s, s:o, s:[o, o]}", "description",
               sk_policy_string(share->id), "assigner",
               urn("org", e->bundle->owner), "assignee",
               urn("org", e->bundle->roster.orgs[org].id), "action", "delete",
               "target", urn("event", type->id), "constraint",
               constraint("delayPeriod", "eq", duration_value(share->retain)),
               constraint("countedFrom", "eq",
                          json_string(share->retain_from_occurred ? "occurred"
                                                                  : "sent"))));
}

/* To who is active and offers the duties (10.1). */
static void export_share(struct exporting *e, size_t at)
{
    const struct sk_share *share = &e->bundle->shares[at];

    for (uint16_t org = 0; org < e->bundle->roster.count; org++) {
        const uint64_t *open =
            e->ways.open_by_org + org * e->bundle->share_words;

        for (size_t i = 0;
             (open[at / 64] >> at % 64 & 1) != 0 && i < share->what_count; i++)
            permit_event(e, share, org, &share->what[i]);
    }
}

static void prohibit(struct exporting *e, const struct sk_take *take,
                     uint16_t org, json_t *target)
{
    const struct sk_node *text = sk_node_get(take->node, "text");
    json_t *out =
        json_pack("{s:o, s:o, s:o, s:s, s:o}", "description",
                  sk_policy_string(text != NULL ? text->text : take->id),
                  "assigner", urn("org", e->bundle->owner), "assignee",
                  urn("org", e->bundle->roster.orgs[org].id), "action",
                  "distribute", "target", target);

    if (sk_node_get(take->node, "for") != NULL)
        json_object_set_new(
            out, "constraint",
            json_pack("[o]", constraint("purpose", "isAnyOf",
                                        purposes_value(e, take->purposes))));
    print_rule(e, out);
}

/* Each thing that the rule names, as it names it. */
static void export_never(struct exporting *e, const struct sk_take *take)
{
    static const char *const keys[][2] = {
        {"data", "category"}, {"events", "event"}, {"fields", "field"}};

    for (uint16_t org = 0; org < e->bundle->roster.count; org++) {
        if (!sk_org_set_has(&take->who, org) || org == e->bundle->owner_at)
            continue;
        if (take->everything)
            prohibit(e, take, org, json_string("urn:schakel:everything"));
        for (size_t k = 0; k < SK_COUNT(keys); k++) {
            const struct sk_node *list = sk_node_get(take->node, keys[k][0]);

            for (const struct sk_node *one = list != NULL ? list->first : NULL;
                 one != NULL; one = one->next)
                prohibit(e, take, org, urn(keys[k][1], one->text));
        }
    }
}

static void print_list(struct exporting *e, const char *key, enum list list,
                       int32_t day)
{
    const struct sk_bundle *bundle = e->bundle;

    printf(",\n  \"%s\": [", key);
    e->list = list;
    e->printed = 0;
    for (size_t i = 0; list != PROHIBITIONS && i < bundle->shares_count; i++) {
        const struct sk_share *share = &bundle->shares[i];

        if (day == INT32_MIN || (share->from <= day && day <= share->until))
            export_share(e, i);
    }
    for (size_t i = 0; list == PROHIBITIONS && i < bundle->takes_count; i++) {
        if (!bundle->takes[i].limit)
            export_never(e, &bundle->takes[i]);
    }
    fputs(e->printed == 0 ? "]" : "\n  ]", stdout);
}

bool sk_odrl_print(const struct sk_bundle *bundle, int32_t day,
                   struct sk_arena *arena)
{
    struct exporting e = {.bundle = bundle, .v = bundle->vocabulary};

    if (sk_ways_start(bundle, arena, &e.ways) != SK_OK)
        return false;
    /* In the order of sk_json_print(). */
    print_member("{", "@context", context_json());
    print_member(",", "@type", json_string("Set"));
    print_member(",", "conflict", json_string("prohibit"));
    print_member(",", "hasVersion", json_sprintf("%u", bundle->policy_version));
    print_list(&e, "obligation", OBLIGATIONS, day);
    print_list(&e, "permission", PERMISSIONS, day);
    print_member(",", "profile",
                 json_string("urn:schakel:profile:sharing-policy-1"));
    print_list(&e, "prohibition", PROHIBITIONS, day);
    print_member(",", "uid",
                 json_sprintf("urn:schakel:policy:%.*s:%u",
                              SK_ARG(bundle->owner), bundle->policy_version));
    puts("\n}");
    return true;
}
