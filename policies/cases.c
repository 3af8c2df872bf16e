#include "policies/cases_private.h"
#include "policies/facts.h"
#include "policies/read.h"

/* The form of a test file.  POLICY.md 14.1; what is wrong is E095. */

/* A test file while it is read. */
struct reading {
    struct sk_arena *arena;
    struct sk_findings *findings;
    struct sk_cases *cases;
};

/* ---------------------------------------------------------------- findings */

/* One E095; detail is a phrase of texts.c that may hold {key}. */
static bool refuse(struct reading *r, struct sk_place place, const char *detail,
                   struct sk_bytes key)
{
    struct sk_argument arguments[] = {
        {"detail", sk_text(detail)},
        {"key", key},
    };

    sk_findings_add(r->findings, "E095", place, arguments, SK_COUNT(arguments));
    return false;
}

static struct sk_bytes name_of(const struct sk_node *node)
{
    return node->key.size != 0 ? node->key : node->text;
}

static bool wrong_form(struct reading *r, const struct sk_node *node)
{
    return refuse(r, node->place, "'{key}' has the wrong form", name_of(node));
}

static bool check_kind(struct reading *r, const struct sk_node *node,
                       enum sk_node_kind kind)
{
    return node->kind == kind || wrong_form(r, node);
}

static bool check_keys(struct reading *r, const struct sk_node *map,
                       const char *const *known, size_t count)
{
    bool good = true;

    if (!check_kind(r, map, SK_NODE_MAP))
        return false;
    for (const struct sk_node *child = map->first; child != NULL;
         child = child->next) {
        bool found = false;

        for (size_t i = 0; i < count && !found; i++)
            found = sk_bytes_equal(child->key, sk_text(known[i]));
        if (!found)
            good =
                refuse(r, child->key_place, "unknown key '{key}'", child->key);
    }
    return good;
}

static const struct sk_node *need(struct reading *r, const struct sk_node *map,
                                  const char *key)
{
    const struct sk_node *node = sk_node_get(map, key);

    if (node == NULL)
        (void)refuse(r, map->place, "'{key}' is missing", sk_text(key));
    return node;
}

/* ---------------------------------------------------------------- words */

/* Text that must be there. */
static bool read_word(struct reading *r, const struct sk_node *map,
                      const char *key, struct sk_bytes *out)
{
    const struct sk_node *node = need(r, map, key);

    if (node == NULL || !check_kind(r, node, SK_NODE_SCALAR))
        return false;
    *out = node->text;
    return true;
}

static bool read_instant(struct reading *r, const struct sk_node *node,
                         int64_t *out)
{
    return node->kind == SK_NODE_SCALAR && sk_instant_parse(node->text, out)
               ? true
               : wrong_form(r, node);
}

static bool read_flag(struct reading *r, const struct sk_node *map,
                      const char *key, bool *out)
{
    const struct sk_node *node = sk_node_get(map, key);

    if (node == NULL)
        return true;
    if (!sk_node_is(node, "true") && !sk_node_is(node, "false"))
        return wrong_form(r, node);
    *out = sk_node_is(node, "true");
    return true;
}

/* A list of words in the arena; *out NULL when the key is absent. */
static bool read_words(struct reading *r, const struct sk_node *map,
                       const char *key, const struct sk_bytes **out,
                       size_t *count)
{
    const struct sk_node *node = sk_node_get(map, key);
    struct sk_bytes *list;

    *out = NULL;
    *count = 0;
    if (node == NULL)
        return true;
    if (!check_kind(r, node, SK_NODE_LIST))
        return false;
    list = sk_arena_get_array(r->arena, node->count + 1, sizeof(*list));
    if (list == NULL)
        return false;
    for (const struct sk_node *word = node->first; word != NULL;
         word = word->next) {
        if (!check_kind(r, word, SK_NODE_SCALAR))
            return false;
        list[(*count)++] = word->text;
    }
    *out = list;
    return true;
}

static bool read_period(struct reading *r, const struct sk_node *map,
                        struct sk_fact_period *out)
{
    const struct sk_node *from = need(r, map, "from");
    const struct sk_node *until = sk_node_get(map, "until");

    out->until = INT32_MAX;
    if (from == NULL)
        return false;
    if (from->kind != SK_NODE_SCALAR || !sk_day_parse(from->text, &out->from))
        return wrong_form(r, from);
    if (until != NULL && (until->kind != SK_NODE_SCALAR ||
                          !sk_day_parse(until->text, &out->until)))
        return wrong_form(r, until);
    return true;
}

/* ---------------------------------------------------------------- facts */

static bool read_person(struct reading *r, const struct sk_node *node,
                        struct sk_case_person *out)
{
    static const char *const keys[] = {"birth_date", "administration", "why"};
    static const char *const period_keys[] = {"from", "until", "why"};
    const struct sk_node *birth = sk_node_get(node, "birth_date");
    const struct sk_node *periods = sk_node_get(node, "administration");

    out->id = node->key;
    if (!check_keys(r, node, keys, SK_COUNT(keys)))
        return false;
    if (birth != NULL) {
        struct sk_facts probe = {.bundle = NULL};

        if (!check_kind(r, birth, SK_NODE_SCALAR))
            return false;
        if (!sk_facts_birth_date(&probe, birth->text))
            return wrong_form(r, birth);
        out->birth_date = birth->text;
    }
    if (periods == NULL)
        return true;
    if (!check_kind(r, periods, SK_NODE_LIST))
        return false;
    out->administration = sk_arena_get_array(r->arena, periods->count + 1,
                                             sizeof(*out->administration));
    if (out->administration == NULL)
        return false;
    for (const struct sk_node *p = periods->first; p != NULL; p = p->next) {
        if (!check_keys(r, p, period_keys, SK_COUNT(period_keys)) ||
            !read_period(r, p, &out->administration[out->administration_count]))
            return false;
        out->administration_count++;
    }
    return true;
}

static void read_persons(struct reading *r, const struct sk_node *node,
                         struct sk_case_facts *facts)
{
    facts->has_persons = node != NULL;
    if (node == NULL || !check_kind(r, node, SK_NODE_MAP))
        return;
    facts->persons =
        sk_arena_get_array(r->arena, node->count + 1, sizeof(*facts->persons));
    if (facts->persons == NULL)
        return;
    for (const struct sk_node *child = node->first; child != NULL;
         child = child->next) {
        if (read_person(r, child, &facts->persons[facts->persons_count]))
            facts->persons_count++;
    }
}

static bool read_bond(struct reading *r, const struct sk_node *node,
                      struct sk_case_bond *out)
{
    static const char *const keys[] = {"subject", "org", "from", "until",
                                       "why"};

    return check_keys(r, node, keys, SK_COUNT(keys)) &&
           read_word(r, node, "subject", &out->subject) &&
           read_word(r, node, "org", &out->org) &&
           read_period(r, node, &out->period);
}

static void read_bonds(struct reading *r, const struct sk_node *node,
                       struct sk_case_bond **list, size_t *count)
{
    if (node == NULL || !check_kind(r, node, SK_NODE_LIST))
        return;
    *list = sk_arena_get_array(r->arena, node->count + 1, sizeof(**list));
    if (*list == NULL)
        return;
    for (const struct sk_node *child = node->first; child != NULL;
         child = child->next) {
        if (read_bond(r, child, &(*list)[*count]))
            (*count)++;
    }
}

static bool is_one_of(struct sk_bytes word, const char *const *words,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (sk_bytes_equal(word, sk_text(words[i])))
            return true;
    }
    return false;
}

static bool read_objection(struct reading *r, const struct sk_node *node,
                           struct sk_case_objection *out)
{
    static const char *const keys[] = {"subject",  "at",         "state",
                                       "purposes", "recipients", "why"};
    static const char *const states[] = {"open", "upheld", "rejected"};
    const struct sk_node *at;

    if (!check_keys(r, node, keys, SK_COUNT(keys)) ||
        !read_word(r, node, "subject", &out->subject) ||
        !read_word(r, node, "state", &out->fact.state))
        return false;
    if (!is_one_of(out->fact.state, states, SK_COUNT(states)))
        return wrong_form(r, sk_node_get(node, "state"));
    at = need(r, node, "at");
    return at != NULL && read_instant(r, at, &out->fact.at) &&
           read_words(r, node, "purposes", &out->fact.purposes,
                      &out->fact.purposes_count) &&
           read_words(r, node, "recipients", &out->fact.recipients,
                      &out->fact.recipients_count);
}

static void read_objections(struct reading *r, const struct sk_node *node,
                            struct sk_case_facts *facts)
{
    facts->has_objections = node != NULL;
    if (node == NULL || !check_kind(r, node, SK_NODE_LIST))
        return;
    facts->objections = sk_arena_get_array(r->arena, node->count + 1,
                                           sizeof(*facts->objections));
    if (facts->objections == NULL)
        return;
    for (const struct sk_node *child = node->first; child != NULL;
         child = child->next) {
        if (read_objection(r, child,
                           &facts->objections[facts->objections_count]))
            facts->objections_count++;
    }
}

/* ---------------------------------------------------------------- consents */

static bool read_scope(struct reading *r, const struct sk_node *node,
                       struct sk_fact_consent *fact)
{
    return read_words(r, node, "purposes", &fact->purposes,
                      &fact->purposes_count) &&
           read_words(r, node, "recipients", &fact->recipients,
                      &fact->recipients_count) &&
           read_words(r, node, "categories", &fact->categories,
                      &fact->categories_count);
}

static bool read_consent(struct reading *r, const struct sk_node *node,
                         struct sk_case_consent *out)
{
    static const char *const keys[] = {
        "id",    "subject",  "state",      "at",         "explicit", "default",
        "until", "purposes", "recipients", "categories", "given_by", "why"};
    static const char *const states[] = {"given", "refused", "withdrawn",
                                         "requested"};
    struct sk_fact_consent *fact = &out->fact;
    const struct sk_node *at;
    const struct sk_node *until;
    const struct sk_node *given_by;

    out->by_default = true;
    fact->until = INT64_MIN;
    if (!check_keys(r, node, keys, SK_COUNT(keys)) ||
        !read_word(r, node, "id", &fact->id) ||
        !read_word(r, node, "subject", &out->subject) ||
        !read_word(r, node, "state", &fact->state) ||
        !read_flag(r, node, "explicit", &fact->explicit_consent) ||
        !read_flag(r, node, "default", &out->by_default) ||
        !read_scope(r, node, fact))
        return false;
    if (!is_one_of(fact->state, states, SK_COUNT(states)))
        return wrong_form(r, sk_node_get(node, "state"));
    at = need(r, node, "at");
    until = sk_node_get(node, "until");
    given_by = sk_node_get(node, "given_by");
    if (at == NULL || !read_instant(r, at, &fact->at) ||
        (until != NULL && !read_instant(r, until, &fact->until)))
        return false;
    if (given_by != NULL) {
        if (!check_kind(r, given_by, SK_NODE_SCALAR))
            return false;
        fact->given_by = given_by->text;
    }
    if (sk_bytes_equal(fact->state, sk_text("given")) &&
        (until == NULL || fact->purposes == NULL || fact->recipients == NULL ||
         fact->categories == NULL))
        return refuse(r, node->place,
                      "a giving must have until, purposes, recipients and "
                      "categories",
                      fact->id);
    return true;
}

static void read_consents(struct reading *r, const struct sk_node *node,
                          struct sk_case_facts *facts)
{
    if (node == NULL || !check_kind(r, node, SK_NODE_LIST))
        return;
    facts->consents =
        sk_arena_get_array(r->arena, node->count + 1, sizeof(*facts->consents));
    if (facts->consents == NULL)
        return;
    for (const struct sk_node *child = node->first; child != NULL;
         child = child->next) {
        if (read_consent(r, child, &facts->consents[facts->consents_count]))
            facts->consents_count++;
    }
}

/* What a file and a case may both say. */
static void read_facts(struct reading *r, const struct sk_node *map,
                       struct sk_case_facts *facts)
{
    const struct sk_node *now = sk_node_get(map, "now");
    const struct sk_node *links = sk_node_get(map, "links");
    const struct sk_node *employers = sk_node_get(map, "employers");

    facts->has_now = now != NULL;
    if (now != NULL)
        (void)read_instant(r, now, &facts->now);
    facts->has_links = links != NULL;
    facts->has_employers = employers != NULL;
    read_persons(r, sk_node_get(map, "persons"), facts);
    read_bonds(r, links, &facts->links, &facts->links_count);
    read_bonds(r, employers, &facts->employers, &facts->employers_count);
    read_objections(r, sk_node_get(map, "objections"), facts);
    read_consents(r, sk_node_get(map, "consents"), facts);
}

/* ---------------------------------------------------------------- cases */

static bool check_event(struct reading *r, const struct sk_node *node,
                        bool whole)
{
    static const char *const keys[] = {
        "type", "subject", "occurred", "source", "provenance", "fields", "why"};
    const struct sk_node *fields = sk_node_get(node, "fields");

    if (!check_keys(r, node, keys, SK_COUNT(keys)))
        return false;
    for (const struct sk_node *child = node->first; child != NULL;
         child = child->next) {
        if (child != fields && !check_kind(r, child, SK_NODE_SCALAR))
            return false;
    }
    if (fields != NULL && !check_kind(r, fields, SK_NODE_MAP))
        return false;
    return !whole || need(r, node, "type") != NULL;
}

static bool check_ask(struct reading *r, const struct sk_case *one,
                      const struct sk_node *ask, const struct sk_node **event)
{
    static const char *const keys[] = {"to",   "for",     "event",
                                       "with", "without", "why"};
    const struct sk_node *name;
    const struct sk_node *with = sk_node_get(ask, "with");
    const struct sk_node *without = sk_node_get(ask, "without");
    struct sk_bytes word;

    if (!check_keys(r, ask, keys, SK_COUNT(keys)) ||
        !read_word(r, ask, "to", &word) || !read_word(r, ask, "for", &word))
        return false;
    name = need(r, ask, "event");
    if (name == NULL)
        return false;
    *event = name->kind == SK_NODE_SCALAR
                 ? sk_node_get_bytes(r->cases->events, name->text)
                 : name;
    if (*event == NULL)
        return refuse(r, name->place, "unknown event '{key}'", name->text);
    if (name->kind != SK_NODE_SCALAR && !check_event(r, name, true))
        return false;
    if (!one->facts.has_now && !r->cases->shared.has_now)
        return refuse(r, ask->place, "'{key}' is missing", sk_text("now"));
    return (with == NULL || check_event(r, with, false)) &&
           (without == NULL || check_kind(r, without, SK_NODE_LIST));
}

static bool check_variant(struct reading *r, const struct sk_node *variant)
{
    static const char *const keys[] = {
        "remove", "change", "add_share", "add_never", "add_limit", "orgs",
        "patch",  "raw",    "raw_parts", "raw_as",    "why"};

    return check_keys(r, variant, keys, SK_COUNT(keys));
}

static bool check_expect(struct reading *r, struct sk_case *one)
{
    static const char *const decision_keys[] = {
        "decision", "reason", "rules", "fields",   "levels",       "withheld",
        "consents", "duties", "roles", "erase_by", "on_withdrawal"};
    static const char *const other_keys[] = {
        "load", "not_load",   "line",   "message",
        "diff", "invariants", "matrix", "why"};
    const struct sk_node *expect = one->expect;
    size_t named = 0;

    if (!check_kind(r, expect, SK_NODE_MAP))
        return false;
    for (const struct sk_node *key = expect->first; key != NULL;
         key = key->next) {
        bool decided =
            is_one_of(key->key, decision_keys, SK_COUNT(decision_keys));

        if (!decided && !is_one_of(key->key, other_keys, SK_COUNT(other_keys)))
            return refuse(r, key->key_place, "unknown key '{key}'", key->key);
        if (decided && one->ask == NULL)
            return refuse(r, key->key_place, "'{key}' is missing",
                          sk_text("ask"));
        named += sk_bytes_equal(key->key, sk_text("why")) ? 0 : 1;
    }
    return named > 0 || wrong_form(r, expect);
}

static bool read_case(struct reading *r, const struct sk_node *node,
                      struct sk_case *out)
{
    static const char *const keys[] = {"name",       "now",     "links",
                                       "employers",  "persons", "consents",
                                       "objections", "variant", "only_consents",
                                       "ask",        "expect",  "why"};
    const struct sk_node *only = sk_node_get(node, "only_consents");

    if (!check_keys(r, node, keys, SK_COUNT(keys)) ||
        !read_word(r, node, "name", &out->name))
        return false;
    if (out->name.size == 0)
        return wrong_form(r, sk_node_get(node, "name"));
    for (size_t i = 0; i < r->cases->count; i++) {
        if (sk_bytes_equal(r->cases->list[i].name, out->name))
            return refuse(r, node->place, "two cases are named '{key}'",
                          out->name);
    }
    read_facts(r, node, &out->facts);
    if (only != NULL && !check_kind(r, only, SK_NODE_LIST))
        return false;
    out->only_consents = only;
    out->variant = sk_node_get(node, "variant");
    if (out->variant != NULL && !check_variant(r, out->variant))
        return false;
    out->ask = sk_node_get(node, "ask");
    if (out->ask != NULL && !check_ask(r, out, out->ask, &out->event))
        return false;
    out->expect = need(r, node, "expect");
    return out->expect != NULL && check_expect(r, out);
}

static void read_cases(struct reading *r, const struct sk_node *list)
{
    struct sk_cases *cases = r->cases;

    if (!check_kind(r, list, SK_NODE_LIST))
        return;
    cases->list =
        sk_arena_get_array(r->arena, list->count + 1, sizeof(*cases->list));
    if (cases->list == NULL)
        return;
    for (const struct sk_node *node = list->first; node != NULL;
         node = node->next) {
        if (read_case(r, node, &cases->list[cases->count]))
            cases->count++;
        else
            cases->list[cases->count] = (struct sk_case){.expect = NULL};
    }
}

static void read_file(struct reading *r, const struct sk_node *tree)
{
    static const char *const keys[] = {
        "format",     "bundle",   "now",    "persons", "links", "employers",
        "objections", "consents", "events", "cases",   "why"};
    const struct sk_node *bundle = sk_node_get(tree, "bundle");
    const struct sk_node *list;

    (void)check_keys(r, tree, keys, SK_COUNT(keys));
    if (bundle != NULL && check_kind(r, bundle, SK_NODE_SCALAR))
        r->cases->bundle = bundle->text;
    read_facts(r, tree, &r->cases->shared);
    r->cases->events = sk_node_get(tree, "events");
    if (r->cases->events != NULL &&
        check_kind(r, r->cases->events, SK_NODE_MAP)) {
        for (const struct sk_node *event = r->cases->events->first;
             event != NULL; event = event->next)
            (void)check_event(r, event, /* whole */ true);
    }
    list = need(r, tree, "cases");
    if (list != NULL)
        read_cases(r, list);
}

enum sk_status sk_cases_load(const struct sk_node *tree, struct sk_arena *arena,
                             struct sk_findings *findings,
                             struct sk_cases **out)
{
    struct reading r = {.arena = arena, .findings = findings};
    size_t errors = findings->errors;

    *out = NULL;
    r.cases = sk_arena_get(arena, sizeof(*r.cases));
    if (r.cases == NULL)
        return SK_E_MEMORY;
    if (sk_read_format(findings, tree, "format", "tests/1"))
        read_file(&r, tree);
    if (arena->full || findings->arena->full)
        return SK_E_MEMORY;
    if (findings->errors == errors)
        *out = r.cases;
    return SK_OK;
}

/* ---------------------------------------------------------------- look up */

size_t sk_cases_count(const struct sk_cases *cases)
{
    return cases->count;
}

struct sk_bytes sk_cases_name(const struct sk_cases *cases, size_t i)
{
    assert(i < cases->count);

    return cases->list[i].name;
}

struct sk_bytes sk_cases_bundle(const struct sk_cases *cases)
{
    return cases->bundle;
}
