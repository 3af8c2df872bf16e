/*
 * Plays a scenario (docs/SCENARIOS.md) on the engines of fixture.h, all in one
 * process, and checks every expectation but figures.
 *
 *     story_play("X1");        cr_fail with the step that came out otherwise
 */
#ifndef SK_TESTS_NODE_STORY_H
#define SK_TESTS_NODE_STORY_H

#include "policies/cases.h"
#include "tests/node/fixture.h"

#include <unistd.h>

#define STORY_MEMORY (96u * 1024 * 1024)
#define STORY_NAMES_MAX 512
#define STORY_TEXT_MAX 16384

/* What the story calls something, and what the nodes call it. */
struct story_name {
    char kind; /* P person at a node, E event, C consent, M message,
                  H handover */
    char name[256];
    char node[SK_ORG_SIZE_MAX + 1];
    char to[SK_ORG_SIZE_MAX + 1];
    char id[SK_ID_TEXT_SIZE + 1];
};

struct story {
    struct fx f;
    struct sk_arena arena;
    struct sk_findings findings;
    struct sk_node *tree;
    struct story_name names[STORY_NAMES_MAX];
    size_t names_count;
    const struct sk_node *step; /* for messages */
    const char *node;
    char at[32];
    size_t checks;
};

/* ------------------------------------------------------------- names */

static inline const char *story_str(const struct sk_node *node)
{
    return node == NULL ? "" : (const char *)node->text.data;
}

static inline const char *story_get(const struct sk_node *map, const char *key)
{
    return story_str(sk_node_get(map, key));
}

static inline struct story_name *story_find(struct story *s, char kind,
                                            const char *name, const char *node)
{
    for (size_t i = 0; i < s->names_count; i++) {
        struct story_name *n = &s->names[i];

        if (n->kind == kind && strcmp(n->name, name) == 0 &&
            (node == NULL || strcmp(n->node, node) == 0))
            return n;
    }
    return NULL;
}

static inline struct story_name *story_add(struct story *s, char kind,
                                           const char *name, const char *node,
                                           const char *id)
{
    struct story_name *n = &s->names[s->names_count++];

    cr_assert(s->names_count < STORY_NAMES_MAX);
    n->kind = kind;
    snprintf(n->name, sizeof(n->name), "%s", name);
    snprintf(n->node, sizeof(n->node), "%s", node);
    snprintf(n->id, sizeof(n->id), "%s", id);
    return n;
}

__attribute__((format(printf, 2, 3))) static inline void
story_fail(struct story *s, const char *format, ...)
{
    static char why[FX_TEXT_MAX];
    va_list list;

    va_start(list, format);
    vsnprintf(why, sizeof(why), format, list);
    va_end(list);
    cr_fatal("line %u, %s at %s: %s\nreply: %.4000s",
             (unsigned)s->step->place.line, s->node, s->at, why, s->f.reply);
}

#define story_is(s, what, got, want)                                           \
    do {                                                                       \
        const char *story_got = (got);                                         \
        const char *story_want = (want);                                       \
        (s)->checks++;                                                         \
        if (strcmp(story_got, story_want) != 0)                                \
            story_fail(s, "%s is %s, not %s", what, story_got, story_want);    \
    } while (0)

/* ------------------------------------------------------------- JSON */

/* A text in single quotes for fx_call(). */
static inline void story_quote(char *out, const char *text)
{
    size_t size = strlen(out);

    out[size++] = '\'';
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            out[size++] = '\\';
        out[size++] = *text;
    }
    out[size++] = '\'';
    out[size] = '\0';
}

static inline void story_json(char *out, const struct sk_node *node)
{
    if (node->kind == SK_NODE_SCALAR) {
        story_quote(out, story_str(node));
        return;
    }
    strcat(out, node->kind == SK_NODE_MAP ? "{" : "[");
    for (const struct sk_node *n = node->first; n != NULL; n = n->next) {
        if (node->kind == SK_NODE_MAP) {
            story_quote(out, (const char *)n->key.data);
            strcat(out, ":");
        }
        story_json(out, n);
        if (n->next != NULL)
            strcat(out, ",");
    }
    strcat(out, node->kind == SK_NODE_MAP ? "}" : "]");
}

/* "'key':value," when the step has it. */
static inline void story_arg(char *out, const struct sk_node *map,
                             const char *key)
{
    const struct sk_node *node = sk_node_get(map, key);

    if (node == NULL)
        return;
    story_quote(out, key);
    strcat(out, ":");
    if (sk_node_is(node, "true") || sk_node_is(node, "false"))
        strcat(out, story_str(node));
    else
        story_json(out, node);
    strcat(out, ",");
}

/* A value as the story writes it: text, or [a,b]. */
static inline void story_value(char *out, struct sk_value v)
{
    struct sk_value_walk walk = sk_value_walk(v);
    struct sk_bytes text = sk_value_str(v);
    size_t n = strlen(out);

    switch (sk_value_kind(v)) {
    case SK_VALUE_STR:
        snprintf(out + n, STORY_TEXT_MAX - n, "%.*s", (int)text.size,
                 (const char *)text.data);
        break;
    case SK_VALUE_BOOL:
        strcat(out, sk_value_bool(v) ? "true" : "false");
        break;
    case SK_VALUE_UINT:
        snprintf(out + n, STORY_TEXT_MAX - n, "%llu",
                 (unsigned long long)sk_value_uint(v));
        break;
    case SK_VALUE_ARRAY:
        strcat(out, "[");
        for (size_t i = 0; sk_value_next(&walk); i++) {
            strcat(out, i > 0 ? "," : "");
            story_value(out, walk.value);
        }
        strcat(out, "]");
        break;
    case SK_VALUE_NONE:
    case SK_VALUE_NIL:
    case SK_VALUE_BIN:
    case SK_VALUE_MAP:
        strcat(out, "?");
        break;
    }
}

static inline void story_node_value(char *out, const struct sk_node *node)
{
    if (node->kind == SK_NODE_SCALAR) {
        strcat(out, story_str(node));
        return;
    }
    strcat(out, "[");
    for (const struct sk_node *n = node->first; n != NULL; n = n->next) {
        story_node_value(out, n);
        strcat(out, n->next != NULL ? "," : "");
    }
    strcat(out, "]");
}

/* A map of the reply must be exactly this map of the story. */
static inline void story_map(struct story *s, const char *what,
                             struct sk_value got, const struct sk_node *want)
{
    struct sk_value_walk walk = sk_value_walk(got);
    size_t count = 0;

    for (const struct sk_node *n = want->first; n != NULL; n = n->next) {
        char a[STORY_TEXT_MAX] = "";
        char b[STORY_TEXT_MAX] = "";

        story_value(a, sk_value_get_bytes(got, n->key));
        story_node_value(b, n);
        if (strcmp(a, b) != 0)
            story_fail(s, "%s: %s is %s, not %s", what,
                       (const char *)n->key.data, a, b);
        s->checks++;
        count++;
    }
    while (sk_value_next(&walk)) {
        if (sk_node_get_bytes(want, walk.key) == NULL)
            story_fail(s, "%s: %.*s too many", what, (int)walk.key.size,
                       (const char *)walk.key.data);
    }
}

static inline void story_list(struct story *s, const char *what,
                              struct sk_value got, const struct sk_node *want)
{
    char a[STORY_TEXT_MAX] = "";
    char b[STORY_TEXT_MAX] = "";

    story_value(a, got);
    story_node_value(b, want);
    story_is(s, what, a, b);
}

/* ------------------------------------------------------------- people */

static inline const char *story_person(struct story *s, const char *node,
                                       const char *person)
{
    struct story_name *n = story_find(s, 'P', person, node);
    const struct sk_node *facts =
        sk_node_get(sk_node_get(s->tree, "persons"), person);
    char args[STORY_TEXT_MAX] = "{";

    if (n != NULL)
        return n->id;
    story_arg(args, facts, "given_name");
    story_arg(args, facts, "family_name");
    story_arg(args, facts, "birth_date");
    strcat(args, "}");
    fx_ok(&s->f, node, "participant.add", "%s", args);
    return story_add(s, 'P', person, node, fx_text(&s->f, "result.participant"))
        ->id;
}

/* ------------------------------------------------------------- verbs */

static inline void story_relation(struct story *s, const struct sk_node *verb,
                                  const char *op)
{
    char args[STORY_TEXT_MAX] = "";

    snprintf(args, sizeof(args), "{'participant':'%s',",
             story_person(s, s->node, story_get(verb, "person")));
    story_arg(args, verb, "org");
    story_arg(args, verb, "from");
    story_arg(args, verb, "until");
    strcat(args, "}");
    fx_ok(&s->f, s->node, op, "%s", args);
}

static inline void story_record(struct story *s, const struct sk_node *verb)
{
    const struct sk_node *expect = sk_node_get(verb, "expect");
    const char *about = story_get(verb, "about");
    const struct sk_node *type = sk_node_get(verb, "event");
    char args[STORY_TEXT_MAX] = "";

    snprintf(args, sizeof(args), "{'participant':'%s','type':'%s',",
             story_person(s, s->node, story_get(verb, "person")),
             story_str(type));
    story_arg(args, verb, "fields");
    story_arg(args, verb, "occurred");
    story_arg(args, verb, "source");
    story_arg(args, verb, "provenance");
    if (about[0] != '\0') {
        struct story_name *h = story_find(s, 'H', about, NULL);

        cr_assert(h != NULL, "no handover %s", about);
        strcat(args, "'about':'");
        strcat(args, h->id);
        strcat(args, "',");
    }
    strcat(args, "}");
    if (expect != NULL) {
        fx_call(&s->f, s->node, "event.record", "%s", args);
        story_is(s, "code", fx_text(&s->f, "error.code"),
                 story_get(expect, "reason"));
        return;
    }
    fx_ok(&s->f, s->node, "event.record", "%s", args);
    story_add(s, 'E', story_get(verb, "id"), s->node,
              fx_text(&s->f, "result.event"));
}

/* The notices that went out: per partner, message to "all" or fields. */
static inline void story_notices(struct story *s, const struct sk_node *want)
{
    struct sk_value list = fx_at(&s->f, "result.notices");
    size_t count = 0;

    for (const struct sk_node *n = want->first; n != NULL; n = n->next) {
        const struct sk_node *messages = sk_node_get(n, "messages");
        struct sk_value_walk walk = sk_value_walk(list);
        bool found = false;

        count++;
        while (sk_value_next(&walk)) {
            char to[128] = "";
            struct sk_value got = sk_value_get(walk.value, "messages");

            story_value(to, sk_value_get(walk.value, "to"));
            if (strcmp(to, story_get(n, "to")) != 0)
                continue;
            found = true;
            if (sk_value_count(got) != messages->count)
                story_fail(s, "messages of the notice to %s", to);
            for (const struct sk_node *m = messages->first; m != NULL;
                 m = m->next) {
                struct story_name *name =
                    story_find(s, 'M', (const char *)m->key.data, NULL);

                cr_assert(name != NULL);
                story_list(s, "what the notice names",
                           sk_value_get(got, name->id), m);
            }
        }
        if (!found)
            story_fail(s, "no notice to %s", story_get(n, "to"));
    }
    if (sk_value_count(list) != count)
        story_fail(s, "%zu notices, not %zu", sk_value_count(list), count);
}

static inline void story_dropped(struct story *s, const struct sk_node *want)
{
    struct sk_value list = fx_at(&s->f, "result.dropped");
    char got[STORY_TEXT_MAX] = "";

    story_value(got, list);
    for (const struct sk_node *n = want->first; n != NULL; n = n->next) {
        struct story_name *name = story_find(s, 'M', story_str(n), NULL);

        cr_assert(name != NULL);
        s->checks++;
        if (strstr(got, name->id) == NULL)
            story_fail(s, "%s was not dropped", story_str(n));
    }
    if (sk_value_count(list) != want->count)
        story_fail(s, "dropped: %zu, not %zu", sk_value_count(list),
                   want->count);
}

static inline void story_consent(struct story *s, const struct sk_node *verb)
{
    const struct sk_node *expect = sk_node_get(verb, "expect");
    const char *state = story_get(verb, "state");
    const char *op = "consent.give";
    char args[STORY_TEXT_MAX] = "";
    bool gives = state[0] == '\0' || strcmp(state, "given") == 0;

    if (strcmp(state, "withdrawn") == 0)
        op = "consent.withdraw";
    if (strcmp(state, "refused") == 0)
        op = "consent.refuse";
    if (strcmp(state, "requested") == 0)
        op = "consent.request";
    snprintf(args, sizeof(args), "{'participant':'%s',",
             story_person(s, s->node, story_get(verb, "person")));
    story_arg(args, verb, "purposes");
    story_arg(args, verb, "recipients");
    story_arg(args, verb, "categories");
    if (strcmp(op, "consent.request") != 0) {
        story_arg(args, verb, "given_by");
        story_arg(args, verb, "form");
    }
    if (gives) {
        story_arg(args, verb, "until");
        story_arg(args, verb, "explicit");
        story_arg(args, verb, "language");
        story_arg(args, verb, "interpreter");
        strcat(args, "'notice':{'$hex':'4d61672064697420'},");
    }
    strcat(args, "}");
    fx_call(&s->f, s->node, op, "%s", args);
    if (expect != NULL && sk_node_get(expect, "refused") != NULL) {
        story_is(s, "code", fx_text(&s->f, "error.code"),
                 story_get(expect, "refused"));
        return;
    }
    story_is(s, "ok", fx_text(&s->f, "ok"), "true");
    if (story_get(verb, "id")[0] != '\0')
        story_add(s, 'C', story_get(verb, "id"), s->node,
                  fx_text(&s->f, "result.consent"));
    if (expect != NULL && sk_node_get(expect, "notices") != NULL)
        story_notices(s, sk_node_get(expect, "notices"));
    if (expect != NULL && sk_node_get(expect, "dropped") != NULL)
        story_dropped(s, sk_node_get(expect, "dropped"));
    fx_run(&s->f);
}

/* ------------------------------------------------------------- sending */

/* The node's policy with the change of a variant, in a file. */
static inline void story_draft(struct story *s, const struct sk_node *variant,
                               char path[64])
{
    struct sk_bundle_files files = {0};
    size_t mark = sk_arena_mark(&s->arena);
    struct sk_sources sources;
    const char *problem = NULL;
    struct sk_bytes out;
    char name[512];
    char *policy;
    char *room = malloc(SK_YAML_SIZE_MAX);
    int fd;

    snprintf(name, sizeof(name), "%s/nodes/%s/policy.yaml", s->f.bundles,
             s->node);
    policy = fx_need(name);
    files.vocabulary = (struct sk_file){"v", sk_text(s->f.vocabulary)};
    files.partners = (struct sk_file){"p", sk_text(s->f.partners)};
    files.guards = (struct sk_file){"g", sk_text(s->f.guards)};
    files.policy = (struct sk_file){"policy.yaml", sk_text(policy)};
    files.invariants.name = "i";
    sources = sk_sources_of(&files);
    cr_assert(sk_sources_read(&sources, &s->arena) == SK_OK);
    cr_assert(sk_variant_apply(variant, &s->arena, &sources, &problem) ==
              SK_OK);
    cr_assert(problem == NULL, "%s", problem);
    cr_assert(sk_yaml_write(sources.of[SK_SOURCE_POLICY].tree,
                            (struct sk_room){(uint8_t *)room, SK_YAML_SIZE_MAX},
                            &out) == SK_OK);
    snprintf(path, 64, "/tmp/schakel-story-XXXXXX");
    fd = mkstemp(path);
    cr_assert(fd >= 0);
    cr_assert(write(fd, out.data, out.size) == (ssize_t)out.size);
    close(fd);
    free(room);
    free(policy);
    sk_arena_reset(&s->arena, mark);
}

/* An event recorded here, else the message of it that came here. */
static inline const char *story_event(struct story *s, const char *event)
{
    struct story_name *name = story_find(s, 'E', event, s->node);
    char alias[256];

    if (name != NULL)
        return name->id;
    snprintf(alias, sizeof(alias), "%s@%s", event, s->node);
    name = story_find(s, 'M', alias, NULL);
    if (name == NULL)
        name = story_find(s, 'M', event, NULL);
    cr_assert(name != NULL, "%s: nothing called %s", s->node, event);
    return name->id;
}

static inline void story_load_error(struct story *s, const char *code)
{
    struct sk_value_walk walk = sk_value_walk(fx_at(&s->f, "result.errors"));
    bool found = false;

    while (sk_value_next(&walk)) {
        char got[64] = "";

        story_value(got, sk_value_get(walk.value, "code"));
        if (strcmp(got, code) == 0)
            found = true;
    }
    s->checks++;
    if (!found)
        story_fail(s, "the changed policy has no %s", code);
}

static inline void story_decision(struct story *s, const struct sk_node *expect)
{
    static const char *const maps[] = {"fields", "levels", "withheld"};
    static const char *const texts[] = {"reason", "erase_by"};

    story_is(s, "decision", fx_text(&s->f, "result.decision"),
             story_get(expect, "decision"));
    for (size_t i = 0; i < SK_COUNT(texts); i++) {
        char path[64];

        snprintf(path, sizeof(path), "result.%s", texts[i]);
        if (sk_node_get(expect, texts[i]) != NULL)
            story_is(s, texts[i], fx_text(&s->f, path),
                     story_get(expect, texts[i]));
    }
    for (size_t i = 0; i < SK_COUNT(maps); i++) {
        const struct sk_node *want = sk_node_get(expect, maps[i]);
        char path[64];

        snprintf(path, sizeof(path), "result.%s", maps[i]);
        if (want != NULL)
            story_map(s, maps[i], fx_at(&s->f, path), want);
    }
    if (sk_node_get(expect, "rules") != NULL)
        story_list(s, "rules", fx_at(&s->f, "result.rules"),
                   sk_node_get(expect, "rules"));
}

/* `never`: nothing of this kind may ever reach the node. */
static inline void story_never(struct story *s, const char *node)
{
    const struct sk_node *list = sk_node_get(s->tree, "never");

    if (list == NULL)
        return;
    for (const struct sk_node *n = list->first; n != NULL; n = n->next) {
        const struct sk_node *fields = sk_node_get(n, "fields");
        const struct sk_node *values = sk_node_get(n, "values");

        if (strcmp(story_get(n, "node"), node) != 0)
            continue;
        s->checks++;
        if (sk_node_get(n, "all") != NULL)
            story_fail(s, "%s gets nothing about persons", node);
        for (const struct sk_node *f = fields == NULL ? NULL : fields->first;
             f != NULL; f = f->next) {
            char path[128];

            snprintf(path, sizeof(path), "result.fields.%s", story_str(f));
            if (sk_value_kind(fx_at(&s->f, path)) != SK_VALUE_NONE)
                story_fail(s, "%s never gets %s", node, story_str(f));
        }
        for (const struct sk_node *v = values == NULL ? NULL : values->first;
             v != NULL; v = v->next) {
            char quoted[128];

            snprintf(quoted, sizeof(quoted), "'%s'", story_str(v));
            if (strstr(s->f.reply, quoted) != NULL)
                story_fail(s, "%s never gets %s", node, story_str(v));
        }
    }
}

/* What the partner got, if it can be reached, is exactly the view. */
static inline void story_received(struct story *s, const char *to,
                                  const char *message,
                                  const struct sk_node *fields)
{
    fx_call(&s->f, to, "inbox.peek", "{'message':'%s'}", message);
    story_is(s, "arrived", fx_text(&s->f, "ok"), "true");
    story_map(s, "received", fx_at(&s->f, "result.fields"), fields);
    story_never(s, to);
}

static inline void story_send(struct story *s, const struct sk_node *verb)
{
    const struct sk_node *expect = sk_node_get(verb, "expect");
    const struct sk_node *variant = sk_node_get(verb, "variant");
    const char *event = story_get(verb, "event");
    const char *to = story_get(verb, "to");
    char args[STORY_TEXT_MAX] = "";
    char path[64] = "";
    char alias[256];
    struct story_name *name;
    bool preview = variant != NULL || sk_node_get(verb, "with_link") != NULL ||
                   sk_node_get(verb, "with_consent") != NULL;

    if (event[0] == '\0')
        event = story_get(verb, "message");
    snprintf(args, sizeof(args), "{'event':'%s','to':'%s','for':'%s',",
             story_event(s, event), to, story_get(verb, "for"));
    if (variant != NULL) {
        story_draft(s, variant, path);
        snprintf(args + strlen(args), sizeof(args) - strlen(args),
                 "'draft':{'$file':'%s'},", path);
    }
    if (sk_node_get(verb, "with_link") != NULL)
        strcat(args, "'with_link':true,");
    story_arg(args, verb, "with_consent");
    strcat(args, "}");
    fx_call(&s->f, s->node, preview ? "disclosure.preview" : "disclosure.send",
            "%s", args);
    if (path[0] != '\0')
        unlink(path);
    story_is(s, "ok", fx_text(&s->f, "ok"), "true");
    if (sk_node_get(expect, "load") != NULL) {
        story_load_error(s, story_get(expect, "load"));
        return;
    }
    story_decision(s, expect);
    if (preview || strcmp(story_get(expect, "decision"), "permit") != 0) {
        story_is(s, "message", fx_text(&s->f, "result.message"), "absent");
        return;
    }
    snprintf(alias, sizeof(alias), "%s@%s", event, to);
    if (sk_node_get(verb, "as") != NULL)
        snprintf(alias, sizeof(alias), "%s", story_get(verb, "as"));
    name = story_add(s, 'M', alias, s->node, fx_text(&s->f, "result.message"));
    snprintf(name->to, sizeof(name->to), "%s", to);
    if (strcmp(fx_text(&s->f, "result.handover"), "absent") != 0 &&
        story_find(s, 'H', event, NULL) == NULL)
        story_add(s, 'H', event, s->node, fx_text(&s->f, "result.handover"));
    fx_run(&s->f);
    if (!fx_node(&s->f, to)->offline)
        story_received(s, to, name->id, sk_node_get(expect, "fields"));
}

/* ------------------------------------------------------------- the rest */

static inline void story_handover(struct story *s, const struct sk_node *verb,
                                  const char *op)
{
    struct story_name *h =
        story_find(s, 'H', story_get(verb, "handover"), NULL);

    cr_assert(h != NULL);
    fx_ok(&s->f, s->node, op, "{'handover':'%s'}", h->id);
}

static inline void story_refuse_input(struct story *s,
                                      const struct sk_node *verb)
{
    struct story_name *h =
        story_find(s, 'H', story_get(verb, "handover"), NULL);

    cr_assert(h != NULL);
    fx_call(&s->f, s->node, "handover.input", "{'handover':'%s','input':'%s'}",
            h->id, story_get(verb, "input"));
    story_is(s, "code", fx_text(&s->f, "error.code"),
             story_get(verb, "expect"));
}

static inline void story_expect(struct story *s, const struct sk_node *verb)
{
    const struct sk_node *received = sk_node_get(verb, "received");
    const struct sk_node *not_received = sk_node_get(verb, "not_received");
    const struct sk_node *holds = sk_node_get(verb, "holds");

    if (sk_node_get(verb, "handover") != NULL) {
        struct story_name *h =
            story_find(s, 'H', story_get(verb, "handover"), NULL);

        cr_assert(h != NULL);
        fx_ok(&s->f, s->node, "handover.show", "{'handover':'%s'}", h->id);
        story_is(s, "state", fx_text(&s->f, "result.state"),
                 story_get(verb, "state"));
        if (sk_node_get(verb, "owner") != NULL) {
            story_is(s, "owner", fx_text(&s->f, "result.owner"),
                     story_get(verb, "owner"));
            story_is(s, "epoch", fx_text(&s->f, "result.epoch"),
                     story_get(verb, "epoch"));
        }
    }
    if (sk_node_get(verb, "queue") != NULL) {
        fx_ok(&s->f, s->node, "node.status", "{}");
        story_is(s, "queue", fx_text(&s->f, "result.pending.events"),
                 story_get(verb, "queue"));
    }
    if (sk_node_get(verb, "notices_open") != NULL) {
        fx_ok(&s->f, s->node, "node.status", "{}");
        story_is(s, "notices_open", fx_text(&s->f, "result.notices_open"),
                 story_get(verb, "notices_open"));
    }
    if (sk_node_get(verb, "settled") != NULL) {
        fx_ok(&s->f, s->node, "leave.report", "{}");
        story_is(s, "settled", fx_text(&s->f, "result.settled"),
                 story_get(verb, "settled"));
    }
    if (holds != NULL) {
        fx_ok(&s->f, s->node, "peer.holds", "{'org':'%s'}",
              story_get(holds, "org"));
        for (const struct sk_node *n = holds->first; n != NULL; n = n->next) {
            char path[64];

            snprintf(path, sizeof(path), "result.totals.%s", n->key.data);
            if (strcmp((const char *)n->key.data, "org") != 0)
                story_is(s, path, fx_text(&s->f, path), story_str(n));
        }
    }
    for (const struct sk_node *n = received == NULL ? NULL : received->first;
         n != NULL; n = n->next) {
        struct story_name *m =
            story_find(s, 'M', (const char *)n->key.data, NULL);

        cr_assert(m != NULL);
        story_received(s, s->node, m->id, n);
    }
    for (const struct sk_node *n = not_received == NULL ? NULL
                                                        : not_received->first;
         n != NULL; n = n->next) {
        struct story_name *m = story_find(s, 'M', story_str(n), NULL);

        cr_assert(m != NULL);
        fx_call(&s->f, s->node, "inbox.peek", "{'message':'%s'}", m->id);
        story_is(s, "code", fx_text(&s->f, "error.code"), "unknown-message");
    }
}

static inline void story_replay(struct story *s, const struct sk_node *verb)
{
    struct story_name *m = story_find(s, 'M', story_get(verb, "message"), NULL);

    cr_assert(m != NULL);
    fx_ok(&s->f, s->node, "message.replay", "{'message':'%s'}", m->id);
    fx_ok(&s->f, s->node, "message.show", "{'message':'%s'}", m->id);
    story_is(s, "replay", fx_text(&s->f, "result.replay"),
             story_get(verb, "expect"));
}

static inline void story_publish(struct story *s, const struct sk_node *verb)
{
    char args[STORY_TEXT_MAX] = "";

    snprintf(args, sizeof(args), "{'type':'%s',",
             story_get(verb, "collective"));
    story_arg(args, verb, "body");
    strcat(args, "}");
    fx_ok(&s->f, s->node, "collective.publish", "%s", args);
}

static inline void story_erasure(struct story *s, const struct sk_node *verb,
                                 const char *op)
{
    char args[STORY_TEXT_MAX] = "{";

    story_arg(args, verb, "from");
    story_arg(args, verb, "law_reference");
    story_arg(args, verb, "keep_until");
    strcat(args, "}");
    fx_ok(&s->f, s->node, op, "%s", args);
}

static inline void story_leave(struct story *s, const struct sk_node *verb)
{
    const struct sk_node *keep = sk_node_get(verb, "keep");

    for (const struct sk_node *n = keep == NULL ? NULL : keep->first; n != NULL;
         n = n->next) {
        struct story_name *m =
            story_find(s, 'M', story_get(n, "message"), NULL);

        cr_assert(m != NULL);
        fx_ok(&s->f, s->node, "leave.keep",
              "{'message':'%s','law_reference':'%s','keep_until':'%s'}", m->id,
              story_get(n, "law_reference"), story_get(n, "keep_until"));
    }
    fx_ok(&s->f, s->node, "leave.start", "{}");
    fx_ok(&s->f, s->node, "leave.erase", "{}");
    story_is(s, "next", fx_text(&s->f, "result.next"), "absent");
    fx_run(&s->f);
}

static inline void story_standing(struct story *s, const struct sk_node *verb)
{
    char from[80];
    char to[128];

    snprintf(from, sizeof(from), "\n  %s:\n", story_get(verb, "org"));
    snprintf(to, sizeof(to), "%s    status: %s\n", from,
             story_get(verb, "status"));
    fx_partners(&s->f, from, to);
}

static inline void story_clock(struct story *s, const char *minute)
{
    int64_t at;
    char text[21];

    cr_assert(sk_civil_minute_parse(sk_text(minute), &at), "%s", minute);
    snprintf(s->at, sizeof(s->at), "%s", minute);
    sk_instant_format(at, text);
    fx_clock(&s->f, text);
}

static inline void story_step(struct story *s)
{
    const struct sk_node *step = s->step;
    const struct sk_node *verb;

    s->node = story_get(step, "node");
    story_clock(s, story_get(step, "at"));
    if ((verb = sk_node_get(step, "record")) != NULL)
        story_record(s, verb);
    else if ((verb = sk_node_get(step, "link")) != NULL)
        story_relation(s, verb, "relation.open");
    else if ((verb = sk_node_get(step, "unlink")) != NULL)
        story_relation(s, verb, "relation.close");
    else if ((verb = sk_node_get(step, "consent")) != NULL)
        story_consent(s, verb);
    else if ((verb = sk_node_get(step, "send")) != NULL ||
             (verb = sk_node_get(step, "forward")) != NULL ||
             (verb = sk_node_get(step, "purpose")) != NULL)
        story_send(s, verb);
    else if ((verb = sk_node_get(step, "open")) != NULL)
        story_handover(s, verb, "handover.open");
    else if ((verb = sk_node_get(step, "cancel")) != NULL)
        story_handover(s, verb, "handover.cancel");
    else if ((verb = sk_node_get(step, "refuse_input")) != NULL)
        story_refuse_input(s, verb);
    else if ((verb = sk_node_get(step, "expect")) != NULL)
        story_expect(s, verb);
    else if ((verb = sk_node_get(step, "offline")) != NULL)
        fx_offline(&s->f, story_get(verb, "node"), true);
    else if ((verb = sk_node_get(step, "online")) != NULL)
        fx_offline(&s->f, story_get(verb, "node"), false);
    else if ((verb = sk_node_get(step, "erased")) != NULL)
        story_erasure(s, verb, "erasure.confirm");
    else if ((verb = sk_node_get(step, "refused_erasure")) != NULL)
        story_erasure(s, verb, "erasure.refuse");
    else if ((verb = sk_node_get(step, "leave")) != NULL)
        story_leave(s, verb);
    else if ((verb = sk_node_get(step, "standing")) != NULL)
        story_standing(s, verb);
    else if ((verb = sk_node_get(step, "replay")) != NULL)
        story_replay(s, verb);
    else if ((verb = sk_node_get(step, "publish")) != NULL)
        story_publish(s, verb);
    else
        cr_assert(sk_node_get(step, "local") != NULL,
                  "line %u: a verb that is not played here",
                  (unsigned)step->place.line);
}

static inline void story_closed(struct story *s)
{
    const struct sk_node *closed = sk_node_get(s->tree, "closed");

    for (const struct sk_node *n = closed == NULL ? NULL : closed->first;
         n != NULL; n = n->next) {
        char days[STORY_TEXT_MAX] = "";

        story_json(days, n);
        fx_ok(&s->f, (const char *)n->key.data, "calendar.close", "{'days':%s}",
              days);
    }
}

/* ------------------------------------------------------------- timers */

/* Who is called this at a node; a handover is one for both. */
static inline const char *story_alias(struct story *s, const char *id,
                                      const char *node)
{
    for (size_t i = 0; i < s->names_count; i++) {
        const struct story_name *n = &s->names[i];

        if (strcmp(n->id, id) == 0 &&
            (n->kind == 'H' || strcmp(n->node, node) == 0))
            return n->name;
    }
    return id;
}

/* All that one timer raised at a node: exactly these, in this order. */
static inline void story_timer(struct story *s, const struct sk_node *want)
{
    const struct sk_node *raised = sk_node_get(want, "raised");
    struct sk_value_walk walk;
    char got[STORY_TEXT_MAX] = "";
    char all[STORY_TEXT_MAX] = "";

    s->step = want;
    s->node = story_get(want, "node");
    fx_ok(&s->f, s->node, "agenda.list", "{'done':true,'until':'%s'}",
          story_get(sk_node_get(s->tree, "clock"), "end"));
    story_is(s, "more", fx_text(&s->f, "result.more"), "false");
    walk = sk_value_walk(fx_at(&s->f, "result.items"));
    while (sk_value_next(&walk)) {
        char timer[64] = "";
        char state[16] = "";
        char about[64] = "";

        story_value(timer, sk_value_get(walk.value, "timer"));
        story_value(state, sk_value_get(walk.value, "state"));
        story_value(about, sk_value_get(walk.value, "about"));
        if (strcmp(timer, story_get(want, "timer")) != 0 ||
            strcmp(state, "coming") == 0)
            continue;
        story_value(got, sk_value_get(walk.value, "day"));
        strcat(got, " ");
        strcat(got, story_alias(s, about, s->node));
        strcat(got, ";");
    }
    for (const struct sk_node *n = raised->first; n != NULL; n = n->next) {
        strcat(all, story_str(n));
        strcat(all, ";");
    }
    story_is(s, story_get(want, "timer"), got, all);
}

static inline void story_timers(struct story *s)
{
    const struct sk_node *timers = sk_node_get(s->tree, "timers");
    const char *end = story_get(sk_node_get(s->tree, "clock"), "end");
    char minute[32];

    if (timers == NULL)
        return;
    snprintf(minute, sizeof(minute), "%sT12:00", end);
    story_clock(s, minute);
    for (const struct sk_node *n = timers->first; n != NULL; n = n->next)
        story_timer(s, n);
}

/* How many expectations were checked. */
static inline size_t story_play(const char *name)
{
    static struct story story;
    struct story *s = &story;
    void *memory = malloc(STORY_MEMORY);
    const struct sk_node *steps;
    char path[256];
    char *text;

    memset(s, 0, sizeof(*s));
    s->arena = sk_arena_start(memory, STORY_MEMORY);
    s->findings = sk_findings_start(&s->arena);
    snprintf(path, sizeof(path), "tests/scenarios/%s.yaml", name);
    text = fx_need(path);
    cr_assert(sk_yaml_read("story", sk_text(text), &s->arena, &s->findings,
                           &s->tree) == SK_OK);
    cr_assert(s->tree != NULL, "%s does not load", path);
    fx_start(&s->f, name, "2026-08-01T08:00:00Z");
    story_closed(s);
    steps = sk_node_get(s->tree, "steps");
    for (s->step = steps->first; s->step != NULL; s->step = s->step->next)
        story_step(s);
    story_timers(s);
    fx_end(&s->f);
    free(text);
    free(memory);
    return s->checks;
}

#endif
