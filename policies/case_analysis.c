#include "policies/cases_private.h"
#include "policies/diff.h"
#include "policies/matrix.h"
#include "policies/prove.h"

#include <string.h>

/* Expectations of a difference, of invariants and of a matrix.
   POLICY.md 14.3 */

struct analysing {
    const struct sk_bundle *before; /* the unchanged bundle */
    const struct sk_bundle *after;
    struct sk_arena *arena;
    struct sk_problems *problems;
};

static void say(struct analysing *a, const char *what, struct sk_bytes word,
                const char *verdict)
{
    sk_problems_add(a->problems, what, word, verdict);
}

/* Not of the form of 14.3. */
static void malformed(struct analysing *a, const struct sk_node *node)
{
    say(a, "expect", node->key, "is malformed");
}

/* ---------------------------------------------------------------- diff */

static bool contains(struct sk_bytes text, struct sk_bytes part)
{
    for (size_t at = 0; at + part.size <= text.size; at++) {
        if (part.size == 0 || memcmp(text.data + at, part.data, part.size) == 0)
            return true;
    }
    return false;
}

static bool change_mentions(const struct sk_vocabulary *v,
                            const struct sk_change *change,
                            struct sk_bytes part)
{
    if (contains(v->events[change->event].id, part) ||
        contains(sk_field_name(v, change->field), part) ||
        contains(change->way.share->id, part))
        return true;
    for (unsigned left = change->parts; left != 0; left &= left - 1) {
        const char *text =
            sk_component_text((enum sk_component)sk_lowest(left));

        if (contains(sk_text(text), part))
            return true;
    }
    return false;
}

/* Does a change of this pair of classes name the text? */
static bool group_mentions(const struct sk_diff *diff,
                           enum sk_direction direction, size_t org_class,
                           size_t purpose_class, struct sk_bytes part)
{
    const struct sk_changes *group =
        sk_diff_group(diff, direction, org_class, purpose_class);

    for (size_t i = 0; i < diff->orgs_count && group->count > 0; i++) {
        if (diff->org_classes.of[i] == org_class &&
            contains(diff->orgs[i].id, part))
            return true;
    }
    for (size_t i = 0; i < diff->purposes_count && group->count > 0; i++) {
        if (diff->purpose_classes.of[i] == purpose_class &&
            contains(diff->purposes[i].id, part))
            return true;
    }
    for (size_t i = 0; i < group->count; i++) {
        if (change_mentions(diff->bundles[direction]->vocabulary,
                            &group->list[i], part))
            return true;
    }
    return false;
}

static bool mentions(const struct sk_diff *diff, struct sk_bytes part)
{
    for (size_t d = 0; d < SK_DIRECTIONS; d++) {
        for (size_t o = 0; o < diff->org_classes.count; o++) {
            for (size_t p = 0; p < diff->purpose_classes.count; p++) {
                if (group_mentions(diff, (enum sk_direction)d, o, p, part))
                    return true;
            }
        }
    }
    return false;
}

static void expect_bool(struct analysing *a, const char *what,
                        const struct sk_node *expected, bool got)
{
    if (expected != NULL && !sk_node_is(expected, got ? "true" : "false"))
        say(a, what, sk_text(got ? "true" : "false"), "is not expected");
}

static enum sk_status expect_diff(struct analysing *a,
                                  const struct sk_node *expected)
{
    const struct sk_node *named = sk_node_get(expected, "mentions");
    struct sk_diff diff;

    SK_TRY(sk_diff_make(a->before, a->after, INT32_MIN, a->arena, &diff));
    expect_bool(a, "diff.wider", sk_node_get(expected, "wider"), diff.wider);
    expect_bool(a, "diff.narrower", sk_node_get(expected, "narrower"),
                diff.narrower);
    if (named != NULL &&
        (named->kind != SK_NODE_SCALAR || !mentions(&diff, named->text)))
        say(a, "diff", named->text, "is not mentioned");
    return SK_OK;
}

/* ---------------------------------------------------------------- invariants
 */

static bool list_names(const struct sk_node *list, struct sk_bytes word)
{
    for (const struct sk_node *e = list->first; e != NULL; e = e->next) {
        if (e->kind == SK_NODE_SCALAR && sk_bytes_equal(e->text, word))
            return true;
    }
    return false;
}

static enum sk_status expect_invariants(struct analysing *a,
                                        const struct sk_node *expected)
{
    const struct sk_node *broken = sk_node_get(expected, "broken");
    struct sk_proof *proofs;
    size_t count;

    if (broken == NULL ||
        (broken->kind != SK_NODE_LIST && !sk_node_is(broken, "none"))) {
        malformed(a, expected);
        return SK_OK;
    }
    SK_TRY(sk_prove(a->after, a->arena, &proofs, &count));
    for (size_t i = 0; i < count; i++) {
        struct sk_bytes id = proofs[i].invariant->id;

        if (!proofs[i].holds && !list_names(broken, id))
            say(a, "invariants", id, "is broken");
    }
    for (const struct sk_node *e = broken->kind == SK_NODE_LIST ? broken->first
                                                                : NULL;
         e != NULL; e = e->next) {
        bool found = false;

        for (size_t i = 0; i < count && !found; i++)
            found = !proofs[i].holds &&
                    sk_bytes_equal(proofs[i].invariant->id, e->text);
        if (!found)
            say(a, "invariants", e->text, "is not broken");
    }
    return SK_OK;
}

/* ---------------------------------------------------------------- matrix */

/* "to|for|event|field" taken apart. */
struct cell_name {
    struct sk_spot spot;
    uint16_t field;
};

static bool split(struct sk_bytes text, struct sk_bytes parts[4])
{
    size_t part = 0;

    parts[0] = (struct sk_bytes){text.data, 0};
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] != '|')
            parts[part].size++;
        else if (++part < 4)
            parts[part] = (struct sk_bytes){text.data + i + 1, 0};
        else
            return false;
    }
    return part == 3;
}

static bool read_cell(const struct sk_bundle *bundle, struct sk_bytes text,
                      struct cell_name *out)
{
    const struct sk_vocabulary *v = bundle->vocabulary;
    struct sk_bytes parts[4];

    if (!split(text, parts))
        return false;
    out->spot = (struct sk_spot){sk_roster_find(&bundle->roster, parts[0]),
                                 sk_vocabulary_purpose(v, parts[1]),
                                 sk_vocabulary_event(v, parts[2])};
    out->field = sk_vocabulary_field(v, parts[3]);
    return out->spot.org != SK_NONE && out->spot.purpose != SK_NONE &&
           out->spot.event != SK_NONE &&
           (out->field != SK_NONE ||
            sk_bytes_equal(parts[3], sk_text("(fact)")));
}

static void expect_cell(struct analysing *a, const struct sk_matrix *matrix,
                        struct sk_bytes name, const struct sk_node *level)
{
    struct cell_name sought;
    const struct sk_cell *cell;
    struct sk_bytes got;

    if (!read_cell(a->after, name, &sought)) {
        say(a, "matrix", name, "is no cell of this bundle");
        return;
    }
    cell = sk_matrix_find(matrix, sought.spot, sought.field);
    if (cell == NULL) {
        if (level != NULL)
            say(a, "matrix", name, "is missing");
        return;
    }
    got = sk_level_name(a->after->vocabulary, cell->field, cell->level);
    if (level == NULL)
        say(a, "matrix", name, "is not absent");
    else if (level->kind != SK_NODE_SCALAR || !sk_bytes_equal(level->text, got))
        say(a, "matrix", name, "has another level");
}

static enum sk_status expect_matrix(struct analysing *a,
                                    const struct sk_node *expected)
{
    const struct sk_node *day = sk_node_get(expected, "day");
    const struct sk_node *cells = sk_node_get(expected, "cells");
    const struct sk_node *absent = sk_node_get(expected, "absent");
    struct sk_matrix matrix;
    int32_t on;

    if (day == NULL || day->kind != SK_NODE_SCALAR ||
        !sk_day_parse(day->text, &on) ||
        (cells != NULL && cells->kind != SK_NODE_MAP) ||
        (absent != NULL && absent->kind != SK_NODE_LIST)) {
        malformed(a, expected);
        return SK_OK;
    }
    SK_TRY(sk_matrix_make(a->after, on, SK_NONE, a->arena, &matrix));
    for (const struct sk_node *e = cells != NULL ? cells->first : NULL;
         e != NULL; e = e->next)
        expect_cell(a, &matrix, e->key, e);
    for (const struct sk_node *e = absent != NULL ? absent->first : NULL;
         e != NULL; e = e->next)
        expect_cell(a, &matrix, e->text, NULL);
    return SK_OK;
}

/* ---------------------------------------------------------------- expect */

bool sk_expects_analysis(const struct sk_node *expect)
{
    return sk_node_get(expect, "diff") != NULL ||
           sk_node_get(expect, "invariants") != NULL ||
           sk_node_get(expect, "matrix") != NULL;
}

enum sk_status sk_expect_analysis(const struct sk_node *expect,
                                  const struct sk_bundle *before,
                                  const struct sk_bundle *after,
                                  struct sk_arena *arena,
                                  struct sk_problems *problems)
{
    struct analysing a = {before, after, arena, problems};
    const struct sk_node *diff = sk_node_get(expect, "diff");
    const struct sk_node *invariants = sk_node_get(expect, "invariants");
    const struct sk_node *matrix = sk_node_get(expect, "matrix");
    enum sk_status status = SK_OK;

    if (diff != NULL)
        status = expect_diff(&a, diff);
    if (invariants != NULL && status == SK_OK)
        status = expect_invariants(&a, invariants);
    if (matrix != NULL && status == SK_OK)
        status = expect_matrix(&a, matrix);
    if (status == SK_E_TOO_LARGE) {
        say(&a, "expect", sk_text("the bundle"), "is too large to analyse");
        return SK_OK;
    }
    return status;
}
