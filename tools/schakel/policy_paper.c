#include "tools/schakel/policy_diff.h"

/* What changed on paper, for people and programs.  docs/POLICY.md 11.6, 16 */

/* "share.x.text (policy.yaml:12): 'old' -> 'new'"; a rule or word that is new
   or gone says so. */
static void tell_change(struct sk_policy_run *run,
                        const struct sk_paper_change *c)
{
    size_t mark = sk_arena_mark(&run->arena);

    printf("  %.*s (%s:%u)", SK_ARG(c->path), c->place.file, c->place.line);
    if (c->was == NULL)
        printf(" %s: '%s'\n", sk_policy_word(run, "is nieuw", "is new"),
               sk_policy_written(run, c->is));
    else if (c->is == NULL)
        printf(" %s: '%s'\n", sk_policy_word(run, "valt weg", "is gone"),
               sk_policy_written(run, c->was));
    else
        printf(": '%s' -> '%s'\n", sk_policy_written(run, c->was),
               sk_policy_written(run, c->is));
    sk_arena_reset(&run->arena, mark);
}

void sk_policy_tell_paper(struct sk_policy_run *run,
                          const struct sk_paper *paper, bool grounds)
{
    size_t from = grounds ? 0 : paper->grounds;
    size_t until = grounds ? paper->grounds : paper->count;

    if (from == until)
        return;
    puts(grounds
             ? sk_policy_word(
                   run, "RECHTSGROND: waarop een regel steunt, is anders.",
                   "LEGAL GROUND: what a rule rests on is another.")
             : sk_policy_word(run,
                              "OP PAPIER: wat mensen lezen, of wat nu niets "
                              "verandert aan wat er gaat.",
                              "ON PAPER: what people read, or what changes "
                              "nothing now of what flows."));
    for (size_t i = from; i < until; i++)
        tell_change(run, &paper->list[i]);
}

static json_t *side_json(struct sk_policy_run *run, const struct sk_node *node)
{
    return node == NULL ? json_null()
                        : json_string(sk_policy_written(run, node));
}

json_t *sk_policy_paper_json(struct sk_policy_run *run,
                             const struct sk_paper *paper)
{
    json_t *list = json_array();

    for (size_t i = 0; i < paper->count; i++) {
        const struct sk_paper_change *c = &paper->list[i];
        size_t mark = sk_arena_mark(&run->arena);

        json_array_append_new(
            list,
            json_pack("{s:o, s:s, s:b, s:i, s:o, s:o}", "at",
                      sk_policy_string(c->path), "file", c->place.file,
                      "ground", c->ground, "line", (int)c->place.line, "new",
                      side_json(run, c->is), "old", side_json(run, c->was)));
        sk_arena_reset(&run->arena, mark);
    }
    return list;
}
