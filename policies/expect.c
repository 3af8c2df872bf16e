#include "policies/cases_private.h"
#include "policies/civil.h"

#include <string.h>

/* What was expected, compared with what came out.  POLICY.md 14.3 */

struct sk_problems sk_problems_start(struct sk_arena *arena)
{
    return (struct sk_problems){.arena = arena};
}

/* One problem, from up to six parts. */
#define PARTS_MAX 6
struct parts {
    struct sk_bytes list[PARTS_MAX];
};

static void say(struct sk_problems *problems, struct parts parts)
{
    size_t size = 0;
    char *text;

    if (problems->count >= SK_PROBLEMS_MAX) {
        problems->count++;
        return;
    }
    for (size_t i = 0; i < PARTS_MAX; i++)
        size += parts.list[i].size;
    text = sk_arena_get(problems->arena, size + 1);
    if (text == NULL)
        return;
    problems->list[problems->count++] = text;
    for (size_t i = 0; i < PARTS_MAX; i++) {
        if (parts.list[i].size != 0)
            memcpy(text, parts.list[i].data, parts.list[i].size);
        text += parts.list[i].size;
    }
}

static struct sk_bytes word_of(const struct sk_node *node)
{
    return node->kind == SK_NODE_SCALAR ? node->text : sk_text("(a list)");
}

static void say_other(struct sk_problems *problems, const char *what,
                      struct sk_bytes got, struct sk_bytes expected)
{
    say(problems, (struct parts){{sk_text(what), sk_text(": "), got,
                                  sk_text(", expected "), expected}});
}

void sk_problems_add(struct sk_problems *problems, const char *what,
                     struct sk_bytes word, const char *verdict)
{
    say(problems, (struct parts){{sk_text(what), sk_text(": "), word,
                                  sk_text(" "), sk_text(verdict)}});
}

/* ---------------------------------------------------------------- sets */

/* The elements of a list; a single scalar counts as a list of one. */
static const struct sk_node *elements(const struct sk_node *node)
{
    return node->kind == SK_NODE_SCALAR ? node : node->first;
}

static const struct sk_node *following(const struct sk_node *node,
                                       const struct sk_node *element)
{
    return node->kind == SK_NODE_SCALAR ? NULL : element->next;
}

static bool node_has(const struct sk_node *node, struct sk_bytes word)
{
    for (const struct sk_node *e = elements(node); e != NULL;
         e = following(node, e)) {
        if (e->kind == SK_NODE_SCALAR && sk_bytes_equal(e->text, word))
            return true;
    }
    return false;
}

static bool list_has(const struct sk_bytes *list, size_t count,
                     struct sk_bytes word)
{
    for (size_t i = 0; i < count; i++) {
        if (sk_bytes_equal(list[i], word))
            return true;
    }
    return false;
}

static void compare_set(struct sk_problems *problems, const char *what,
                        const struct sk_node *expected,
                        const struct sk_bytes *got, size_t count)
{
    for (const struct sk_node *e = elements(expected); e != NULL;
         e = following(expected, e)) {
        if (!list_has(got, count, word_of(e)))
            sk_problems_add(problems, what, word_of(e), "is missing");
    }
    for (size_t i = 0; i < count; i++) {
        if (!node_has(expected, got[i]))
            sk_problems_add(problems, what, got[i], "is not expected");
    }
}

/* ---------------------------------------------------------------- fields */

static bool same_value(const struct sk_node *expected,
                       const struct sk_field_value *value)
{
    size_t count = 0;

    if (expected->kind == SK_NODE_MAP)
        return false;
    if (value->set == NULL)
        return expected->kind == SK_NODE_SCALAR &&
               sk_bytes_equal(expected->text, value->text);
    if (expected->kind != SK_NODE_LIST)
        return false;
    for (const struct sk_node *e = expected->first; e != NULL; e = e->next) {
        if (e->kind != SK_NODE_SCALAR ||
            !list_has(value->set, value->set_count, e->text))
            return false;
        count++;
    }
    return count == value->set_count;
}

enum aspect { VALUE, LEVEL, WITHHELD };

/* Does the field count for this aspect? */
static bool counts(const struct sk_decided_field *field, enum aspect aspect)
{
    return (field->withheld == SK_SENT) == (aspect != WITHHELD);
}

static void compare_field(struct sk_problems *problems, const char *what,
                          const struct sk_node *expected,
                          const struct sk_decided_field *got,
                          enum aspect aspect)
{
    struct sk_bytes word = got->value.text;
    bool same = false;

    switch (aspect) {
    case VALUE:
        same = same_value(expected, &got->value);
        break;
    case LEVEL:
        word = got->level_name;
        same = expected->kind == SK_NODE_SCALAR &&
               sk_bytes_equal(expected->text, word);
        break;
    case WITHHELD:
        word = sk_text(sk_withheld_text(got->withheld));
        same = expected->kind == SK_NODE_SCALAR &&
               sk_bytes_equal(expected->text, word);
        break;
    }
    if (same)
        return;
    if (aspect == VALUE && got->value.set != NULL)
        word = sk_text("(another list)");
    say(problems,
        (struct parts){{sk_text(what), sk_text("."), got->name, sk_text(": "),
                        word, sk_text(", not as expected")}});
}

static void compare_fields(struct sk_problems *problems, const char *what,
                           const struct sk_node *expected,
                           const struct sk_decision *got, enum aspect aspect)
{
    if (expected->kind != SK_NODE_MAP) {
        sk_problems_add(problems, what, sk_text("expected"), "is not a map");
        return;
    }
    for (size_t i = 0; i < got->fields_count; i++) {
        const struct sk_decided_field *field = &got->fields[i];
        const struct sk_node *node = sk_node_get_bytes(expected, field->name);

        if (!counts(field, aspect))
            continue;
        if (node == NULL)
            sk_problems_add(problems, what, field->name, "is not expected");
        else
            compare_field(problems, what, node, field, aspect);
    }
    for (const struct sk_node *e = expected->first; e != NULL; e = e->next) {
        bool found = false;

        for (size_t i = 0; i < got->fields_count && !found; i++)
            found = counts(&got->fields[i], aspect) &&
                    sk_bytes_equal(got->fields[i].name, e->key);
        if (!found)
            sk_problems_add(problems, what, e->key, "is missing");
    }
}

/* ---------------------------------------------------------------- decision */

static void compare_word(struct sk_problems *problems, const char *what,
                         const struct sk_node *expected, struct sk_bytes got)
{
    if (expected->kind != SK_NODE_SCALAR ||
        !sk_bytes_equal(expected->text, got))
        say_other(problems, what, got, word_of(expected));
}

static void compare_day(struct sk_problems *problems,
                        const struct sk_node *expected,
                        const struct sk_decision *got)
{
    char day[11];

    sk_day_format(got->erase_by, day);
    compare_word(problems, "erase_by", expected,
                 got->permit ? sk_text(day) : sk_text("none"));
}

static void compare_roles(struct sk_problems *problems,
                          const struct sk_node *expected,
                          const struct sk_decision *got)
{
    const struct sk_bytes all = sk_text("all");

    if (got->permit && got->roles_all)
        compare_set(problems, "roles", expected, &all, 1);
    else
        compare_set(problems, "roles", expected, got->roles, got->roles_count);
}

static void compare_withdrawal(struct sk_problems *problems,
                               const struct sk_node *expected,
                               const struct sk_decision *got)
{
    const struct sk_node *what = sk_node_get(expected, "do");
    const struct sk_node *within = sk_node_get(expected, "within_days");
    char days[21];

    if (!got->permit) {
        sk_problems_add(problems, "on_withdrawal", sk_text("deny"), "has none");
        return;
    }
    if (what == NULL && within == NULL)
        sk_problems_add(problems, "on_withdrawal", sk_text("expected"),
                        "is not {do, within_days}");
    if (what != NULL)
        compare_word(problems, "on_withdrawal.do", what,
                     sk_text(got->erase ? "erase" : "stop"));
    if (within != NULL)
        compare_word(problems, "on_withdrawal.within_days", within,
                     sk_number_format(got->within_days, days));
}

/* The keys of 8.5 that are lists or words. */
static size_t expect_lists(const struct sk_node *expect,
                           const struct sk_decision *got,
                           struct sk_problems *problems)
{
    const struct sk_node *rules = sk_node_get(expect, "rules");
    const struct sk_node *consents = sk_node_get(expect, "consents");
    const struct sk_node *duties = sk_node_get(expect, "duties");
    const struct sk_node *roles = sk_node_get(expect, "roles");
    size_t count = 0;

    if (rules != NULL && ++count)
        compare_set(problems, "rules", rules, got->rules, got->rules_count);
    if (consents != NULL && ++count)
        compare_set(problems, "consents", consents, got->consents,
                    got->consents_count);
    if (duties != NULL && ++count)
        compare_set(problems, "duties", duties, got->duties, got->duties_count);
    if (roles != NULL && ++count)
        compare_roles(problems, roles, got);
    return count;
}

static size_t expect_fields(const struct sk_node *expect,
                            const struct sk_decision *got,
                            struct sk_problems *problems)
{
    static const struct {
        const char *key;
        enum aspect aspect;
    } maps[] = {{"fields", VALUE}, {"levels", LEVEL}, {"withheld", WITHHELD}};
    size_t count = 0;

    for (size_t i = 0; i < SK_COUNT(maps); i++) {
        const struct sk_node *node = sk_node_get(expect, maps[i].key);

        if (node != NULL && ++count)
            compare_fields(problems, maps[i].key, node, got, maps[i].aspect);
    }
    return count;
}

size_t sk_expect_decision(const struct sk_node *expect,
                          const struct sk_decision *decision,
                          struct sk_problems *problems)
{
    const struct sk_node *verdict = sk_node_get(expect, "decision");
    const struct sk_node *reason = sk_node_get(expect, "reason");
    const struct sk_node *erase_by = sk_node_get(expect, "erase_by");
    const struct sk_node *withdrawal = sk_node_get(expect, "on_withdrawal");
    size_t count = 0;

    if (verdict != NULL && ++count)
        compare_word(problems, "decision", verdict,
                     sk_text(decision->permit ? "permit" : "deny"));
    if (reason != NULL && ++count)
        compare_word(
            problems, "reason", reason,
            sk_text(decision->reason != NULL ? decision->reason : "none"));
    count += expect_lists(expect, decision, problems);
    count += expect_fields(expect, decision, problems);
    if (erase_by != NULL && ++count)
        compare_day(problems, erase_by, decision);
    if (withdrawal != NULL && ++count)
        compare_withdrawal(problems, withdrawal, decision);
    return count;
}

/* ---------------------------------------------------------------- load */

static bool was_reported(const struct sk_findings *findings,
                         struct sk_bytes code)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (sk_bytes_equal(sk_text(findings->list[i].code), code))
            return true;
    }
    return false;
}

static void expect_codes(struct sk_problems *problems,
                         const struct sk_node *load,
                         const struct sk_findings *findings)
{
    for (const struct sk_node *code = elements(load); code != NULL;
         code = following(load, code)) {
        if (!sk_node_is(code, "ok")) {
            if (!was_reported(findings, word_of(code)))
                sk_problems_add(problems, "load", word_of(code),
                                "was not reported");
            continue;
        }
        for (size_t i = 0; i < findings->count; i++) {
            if (findings->list[i].code[0] == 'E')
                sk_problems_add(problems, "load",
                                sk_text(findings->list[i].code),
                                findings->list[i].en);
        }
    }
}

static void expect_line(struct sk_problems *problems,
                        const struct sk_node *line, const struct sk_node *load,
                        const struct sk_findings *findings)
{
    const struct sk_node *code = load != NULL ? elements(load) : NULL;
    struct sk_bytes got = sk_text("none");
    char digits[21];

    for (size_t i = 0; i < findings->count && code != NULL; i++) {
        const struct sk_finding *finding = &findings->list[i];

        if (!sk_node_is(code, finding->code))
            continue;
        got = sk_number_format(finding->place.line, digits);
        if (line->kind == SK_NODE_SCALAR && sk_bytes_equal(line->text, got))
            return;
    }
    say_other(problems, "line", got, word_of(line));
}

static bool contains(const char *text, struct sk_bytes part)
{
    size_t size = strlen(text);

    for (size_t at = 0; at + part.size <= size; at++) {
        if (memcmp(text + at, part.data, part.size) == 0)
            return true;
    }
    return false;
}

static void expect_message(struct sk_problems *problems,
                           const struct sk_node *message,
                           const struct sk_findings *findings)
{
    for (size_t i = 0; message->kind == SK_NODE_SCALAR && i < findings->count;
         i++) {
        if (contains(findings->list[i].nl, message->text))
            return;
    }
    sk_problems_add(problems, "message", word_of(message), "was not reported");
}

size_t sk_expect_load(const struct sk_node *expect,
                      const struct sk_findings *findings,
                      struct sk_problems *problems)
{
    const struct sk_node *load = sk_node_get(expect, "load");
    const struct sk_node *not_load = sk_node_get(expect, "not_load");
    const struct sk_node *line = sk_node_get(expect, "line");
    const struct sk_node *message = sk_node_get(expect, "message");
    size_t count = 0;

    if (load != NULL && ++count)
        expect_codes(problems, load, findings);
    if (not_load != NULL && ++count) {
        for (const struct sk_node *code = elements(not_load); code != NULL;
             code = following(not_load, code)) {
            if (was_reported(findings, word_of(code)))
                sk_problems_add(problems, "not_load", word_of(code),
                                "was reported");
        }
    }
    if (line != NULL && ++count)
        expect_line(problems, line, load, findings);
    if (message != NULL && ++count)
        expect_message(problems, message, findings);
    return count;
}
