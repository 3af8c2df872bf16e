#include "policies/paper.h"

#include <string.h>

#include "policies/rules.h"

/* POLICY.md 11.6, on the words of the files. */

#define DEPTH_MAX 20 /* of a file: 3.5, and the id of a rule */

struct walk {
    struct sk_arena *arena;
    const struct sk_losses *losses;
    uint64_t told[SK_RULES_MAX / 64 + 1]; /* shares of OLD with a change */
    const struct sk_bundle *old;
    enum sk_source_file file;
    struct sk_bytes path[DEPTH_MAX];
    size_t depth;
    struct sk_paper_change *list; /* NULL: only count */
    size_t grounds; /* so many legal grounds, which come first in the list */
    size_t others;
    size_t grounds_all;
};

/* ---------------------------------------------------------------- trees */

static bool has_same(const struct sk_node *list, const struct sk_node *one)
{
    const struct sk_node *node = list->first;

    while (node != NULL && !sk_written_same(node, one))
        node = node->next;
    return node != NULL;
}

bool sk_written_same(const struct sk_node *a, const struct sk_node *b)
{
    if (a == NULL || b == NULL || a->kind != b->kind || a->count != b->count)
        return a == b;
    if (a->kind == SK_NODE_SCALAR)
        return sk_bytes_equal(a->text, b->text);
    for (const struct sk_node *child = a->first; child != NULL;
         child = child->next)
        if (a->kind == SK_NODE_MAP
                ? !sk_written_same(child, sk_node_get_bytes(b, child->key))
                : !has_same(b, child))
            return false;
    for (const struct sk_node *child = b->first;
         child != NULL && a->kind == SK_NODE_LIST; child = child->next)
        if (!has_same(a, child))
            return false;
    return true;
}

/* What names a member of a list: its id, or the level of a grouping. */
static const struct sk_node *name_of(const struct sk_node *member)
{
    const struct sk_node *id = sk_node_get(member, "id");

    return id != NULL ? id : sk_node_get(member, "level");
}

static const struct sk_node *member_between(const struct sk_node *node,
                                            const struct sk_node *end,
                                            const struct sk_node *name)
{
    while (node != end && !sk_written_same(name_of(node), name))
        node = node->next;
    return node == end ? NULL : node;
}

/* The member with this name.  Two versions mostly have the same order: *near is
   where to look first, and then behind what was found. */
static const struct sk_node *member(const struct sk_node *list,
                                    const struct sk_node *name,
                                    const struct sk_node **near)
{
    const struct sk_node *node;

    if (list == NULL)
        return NULL;
    node = member_between(*near, NULL, name);
    if (node == NULL)
        node = member_between(list->first, *near, name);
    if (node != NULL)
        *near = node->next;
    return node;
}

static bool is_named(const struct sk_node *list)
{
    return list->kind == SK_NODE_LIST && list->first != NULL &&
           name_of(list->first) != NULL;
}

/* ---------------------------------------------------------------- note */

static bool is_at(const struct walk *w, size_t depth, const char *word)
{
    return depth < w->depth && sk_bytes_equal(w->path[depth], sk_text(word));
}

static struct sk_bytes join(const struct walk *w)
{
    size_t size = 0;
    uint8_t *text;
    size_t at = 0;

    for (size_t i = 0; i < w->depth; i++)
        size += w->path[i].size + 1;
    text = sk_arena_get(w->arena, size + 1);
    for (size_t i = 0; i < w->depth && text != NULL; i++) {
        if (i > 0)
            text[at++] = '.';
        memcpy(text + at, w->path[i].data, w->path[i].size);
        at += w->path[i].size;
    }
    return (struct sk_bytes){text, at};
}

static void note(struct walk *w, const struct sk_node *was,
                 const struct sk_node *is)
{
    bool ground = w->file == SK_SOURCE_POLICY && is_at(w, 0, "share") &&
                  is_at(w, 2, "basis");
    size_t at = ground ? w->grounds++ : w->grounds_all + w->others++;

    if (w->list != NULL)
        w->list[at] = (struct sk_paper_change){
            is != NULL ? is->place : was->place, join(w), was, is, ground};
}

/* ---------------------------------------------------------------- what not */

/* Told at the top of a difference, or nowhere: formats and versions. */
static bool is_heading(const struct walk *w)
{
    static const char *const words[] = {"format",  "language",   "version",
                                        "policy",  "vocabulary", "guards",
                                        "partners"};

    for (size_t i = 0; i < SK_COUNT(words) && w->depth == 1; i++)
        if (is_at(w, 0, words[i]))
            return true;
    return false;
}

/* A part of a share rule that section 11.2 compares, and told of. */
static bool is_told_as_flow(const struct walk *w)
{
    static const char *const words[] = {"text", "basis"};
    size_t at;

    if (w->file != SK_SOURCE_POLICY || !is_at(w, 0, "share") || w->depth != 3)
        return false;
    for (size_t i = 0; i < SK_COUNT(words); i++)
        if (is_at(w, 2, words[i]))
            return false;
    at = sk_share_at(w->old, w->path[1]);
    return at < w->old->shares_count &&
           (w->told[at / 64] >> (at % 64) & 1) != 0;
}

static bool is_told_as_loss(const struct walk *w, const struct sk_node *was)
{
    for (size_t i = 0; w->losses != NULL && i < w->losses->count; i++)
        if (w->losses->list[i].was == was)
            return true;
    return false;
}

/* ---------------------------------------------------------------- walk */

static void compare(struct walk *w, const struct sk_node *was,
                    const struct sk_node *is);

static void compare_at(struct walk *w, struct sk_bytes name,
                       const struct sk_node *was, const struct sk_node *is)
{
    assert(w->depth < DEPTH_MAX);

    w->path[w->depth++] = name;
    if (!is_heading(w) && !is_told_as_flow(w))
        compare(w, was, is);
    w->depth--;
}

static void compare_maps(struct walk *w, const struct sk_node *was,
                         const struct sk_node *is)
{
    for (const struct sk_node *child = was->first; child != NULL;
         child = child->next)
        compare_at(w, child->key, child, sk_node_get_bytes(is, child->key));
    for (const struct sk_node *child = is->first; child != NULL;
         child = child->next)
        if (sk_node_get_bytes(was, child->key) == NULL)
            compare_at(w, child->key, NULL, child);
}

/* A rule that is told as a loss: only its sentence. */
static void compare_loss(struct walk *w, const struct sk_node *was,
                         const struct sk_node *is)
{
    const struct sk_node *old = sk_node_get(was, "text");
    const struct sk_node *new = sk_node_get(is, "text");

    if (is != NULL)
        compare_at(w, sk_text("text"), old, new);
}

static void compare_members(struct walk *w, const struct sk_node *was,
                            const struct sk_node *is)
{
    const struct sk_node *child = was == NULL ? NULL : was->first;
    const struct sk_node *near = NULL;

    for (; child != NULL; child = child->next) {
        const struct sk_node *name = name_of(child);
        const struct sk_node *other;

        if (name == NULL)
            continue;
        other = member(is, name, &near);
        if (is_told_as_loss(w, child)) {
            w->path[w->depth++] = name->text;
            compare_loss(w, child, other);
            w->depth--;
        } else {
            compare_at(w, name->text, child, other);
        }
    }
    near = NULL;
    for (child = is == NULL ? NULL : is->first; child != NULL;
         child = child->next) {
        const struct sk_node *name = name_of(child);

        if (name != NULL && member(was, name, &near) == NULL)
            compare_at(w, name->text, NULL, child);
    }
}

static void compare(struct walk *w, const struct sk_node *was,
                    const struct sk_node *is)
{
    if ((was != NULL && is_named(was)) || (is != NULL && is_named(is)))
        compare_members(w, was, is);
    else if (was != NULL && is != NULL && was->kind == SK_NODE_MAP &&
             is->kind == SK_NODE_MAP)
        compare_maps(w, was, is);
    else if (!sk_written_same(was, is))
        note(w, was, is);
}

/* ---------------------------------------------------------------- all */

static void walk_files(struct walk *w, const struct sk_diff *diff)
{
    for (size_t i = 0; i < SK_SOURCE_COUNT; i++) {
        const struct sk_node *was = diff->bundles[SK_NARROWER]->files[i];
        const struct sk_node *is = diff->bundles[SK_WIDER]->files[i];
        static const struct sk_node none = {.kind = SK_NODE_MAP};

        w->file = (enum sk_source_file)i;
        if (was != NULL || is != NULL)
            compare(w, was != NULL ? was : &none, is != NULL ? is : &none);
    }
}

/* Which rules of OLD have a change among the flows, on either side. */
static void find_told(struct walk *w, const struct sk_diff *diff)
{
    const struct sk_bundle *new = diff->bundles[SK_WIDER];
    size_t groups = diff->org_classes.count * diff->purpose_classes.count;
    uint64_t of_new[SK_RULES_MAX / 64 + 1] = {0};

    for (size_t g = 0; g < SK_DIRECTIONS * groups; g++) {
        const struct sk_changes *group = &diff->groups[g];
        bool wider = g >= SK_WIDER * groups;
        uint64_t *told = wider ? of_new : w->told;
        const struct sk_share *first = wider ? new->shares : w->old->shares;

        for (size_t i = 0; i < group->count; i++) {
            size_t at = (size_t)(group->list[i].way.share - first);

            told[at / 64] |= sk_bit(at % 64);
        }
    }
    for (size_t i = 0; i < new->shares_count; i++) {
        size_t at = sk_share_at(w->old, new->shares[i].id);

        if (at < w->old->shares_count && (of_new[i / 64] >> (i % 64) & 1) != 0)
            w->told[at / 64] |= sk_bit(at % 64);
    }
}

enum sk_status sk_paper_find(const struct sk_diff *diff,
                             const struct sk_losses *losses,
                             struct sk_arena *arena, struct sk_paper *out)
{
    struct walk w = {
        .arena = arena, .losses = losses, .old = diff->bundles[SK_NARROWER]};
    struct sk_paper paper = {.list = NULL};

    find_told(&w, diff);
    walk_files(&w, diff);
    paper.grounds = w.grounds;
    paper.count = w.grounds + w.others;
    paper.list =
        sk_arena_get_array(arena, paper.count + 1, sizeof(*paper.list));
    if (paper.list == NULL)
        return SK_E_MEMORY;
    w.list = paper.list;
    w.grounds_all = paper.grounds;
    w.grounds = 0;
    w.others = 0;
    walk_files(&w, diff);
    if (arena->full)
        return SK_E_MEMORY;
    assert(w.grounds == paper.grounds);
    assert(w.grounds + w.others == paper.count);
    *out = paper;
    return SK_OK;
}
