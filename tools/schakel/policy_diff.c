#include "tools/schakel/policy_diff.h"

#include "policies/civil.h"

/* `schakel policy diff`: the command and its JSON.  POLICY.md 11, 16 */

/* So many changes are listed as JSON, of recipient and purpose apart. */
#define LISTED_MAX ((size_t)200000)

static struct sk_bytes words_of(struct sk_policy_run *run,
                                const struct sk_vocabulary *v, uint16_t field,
                                const struct sk_way *way,
                                enum sk_component part)
{
    return sk_component_words(v, field, way, part, &run->arena);
}

/* Words of a bundle need no escaping (3.4). */
static void print_change(struct sk_policy_run *run, const struct sk_diff *diff,
                         enum sk_direction direction,
                         const struct sk_change *change, struct sk_bytes to,
                         struct sk_bytes purpose)
{
    const struct sk_vocabulary *old = diff->bundles[SK_NARROWER]->vocabulary;
    const struct sk_vocabulary *new = diff->bundles[SK_WIDER]->vocabulary;
    const struct sk_vocabulary *v = diff->bundles[direction]->vocabulary;
    const struct sk_way *before =
        direction == SK_WIDER ? &change->nearest : &change->way;
    const struct sk_way *after =
        direction == SK_WIDER ? &change->way : &change->nearest;
    const char *between = "";
    char from[11];
    char until[11];

    sk_day_format(change->from, from);
    sk_day_format(change->until, until);
    printf("    {\"dir\": \"%s\", \"event\": \"%.*s\", \"field\": \"%.*s\", "
           "\"for\": \"%.*s\", \"from\": \"%s\", \"rule\": \"%.*s\", \"to\": "
           "\"%.*s\", \"until\": \"%s\", \"what\": [",
           direction == SK_WIDER ? "wider" : "narrower",
           SK_ARG(v->events[change->event].id),
           SK_ARG(sk_field_name(v, change->field)), SK_ARG(purpose), from,
           SK_ARG(change->way.share->id), SK_ARG(to), until);
    for (unsigned left = change->parts; left != 0; left &= left - 1) {
        enum sk_component part = (enum sk_component)sk_lowest(left);
        struct sk_bytes of_old = words_of(
            run, old,
            sk_policy_field_in(diff, direction, SK_NARROWER, change->field),
            before, part);
        struct sk_bytes of_new = words_of(
            run, new,
            sk_policy_field_in(diff, direction, SK_WIDER, change->field), after,
            part);

        printf("%s{\"component\": \"%s\", \"new\": \"%.*s\", \"old\": "
               "\"%.*s\"}",
               between, sk_component_text(part), SK_ARG(of_new),
               SK_ARG(of_old));
        between = ", ";
    }
    printf("]}");
}

uint16_t sk_policy_field_in(const struct sk_diff *diff,
                            enum sk_direction direction, enum sk_direction side,
                            uint16_t field)
{
    const struct sk_vocabulary *v = diff->bundles[direction]->vocabulary;

    if (field == SK_FACT || direction == side)
        return field;
    return sk_vocabulary_field(diff->bundles[side]->vocabulary,
                               v->fields[field].id);
}

bool sk_policy_replaced(const struct sk_diff *diff, size_t i,
                        const struct sk_roster_org **old,
                        const struct sk_roster_org **new)
{
    const struct sk_pair *pair = &diff->orgs[i];

    if (i + 1 == diff->orgs_count || !sk_bytes_equal(pair->id, pair[1].id))
        return false;
    *old = &diff->bundles[SK_NARROWER]->roster.orgs[pair->at[SK_NARROWER]];
    *new = &diff->bundles[SK_WIDER]->roster.orgs[pair[1].at[SK_WIDER]];
    return true;
}

static json_t *org_json(const struct sk_roster_org *org)
{
    return json_pack("{s:o, s:o}", "kbo", sk_policy_string(org->kbo), "name",
                     sk_policy_string(org->written));
}

static json_t *replaced_json(const struct sk_diff *diff)
{
    const struct sk_roster_org *old;
    const struct sk_roster_org *new;
    json_t *list = json_array();

    for (size_t i = 0; i < diff->orgs_count; i++)
        if (sk_policy_replaced(diff, i, &old, &new))
            json_array_append_new(list,
                                  json_pack("{s:o, s:o, s:o}", "new",
                                            org_json(new), "old", org_json(old),
                                            "org", sk_policy_string(old->id)));
    return list;
}

/* All changes, recipient by recipient; *listed counts them. */
static void print_direction(struct sk_policy_run *run,
                            const struct sk_diff *diff,
                            enum sk_direction direction, size_t *listed)
{
    for (size_t o = 0; o < diff->orgs_count; o++) {
        for (size_t p = 0; p < diff->purposes_count; p++) {
            const struct sk_changes *group =
                sk_diff_group(diff, direction, diff->org_classes.of[o],
                              diff->purpose_classes.of[p]);

            for (size_t i = 0; i < group->count; i++) {
                size_t mark = sk_arena_mark(&run->arena);

                if (++*listed > LISTED_MAX)
                    return;
                fputs(*listed > 1 ? ",\n" : "\n", stdout);
                print_change(run, diff, direction, &group->list[i],
                             diff->orgs[o].id, diff->purposes[p].id);
                sk_arena_reset(&run->arena, mark);
            }
        }
    }
}

static void print_list(const char *key, json_t *list)
{
    printf("  \"%s\": ", key);
    json_dumpf(list, stdout, JSON_ENCODE_ANY | JSON_SORT_KEYS);
    printf(",\n");
    json_decref(list);
}

static void print_json(struct sk_policy_run *run,
                       const struct sk_policy_difference *d)
{
    const struct sk_diff *diff = &d->flows;
    size_t listed = 0;

    printf("{\n  \"changes\": [");
    print_direction(run, diff, SK_WIDER, &listed);
    print_direction(run, diff, SK_NARROWER, &listed);
    printf("%s],\n  \"command\": \"diff\",\n", listed > 0 ? "\n  " : "");
    printf("  \"complete\": %s,\n  \"loosened\": %s,\n",
           diff->cut || listed > LISTED_MAX ? "false" : "true",
           d->losses.stops ? "true" : "false");
    print_list("lost", sk_policy_losses_json(run, &d->losses));
    printf("  \"narrower\": %s,\n  \"ok\": true,\n",
           diff->narrower ? "true" : "false");
    print_list("paper", sk_policy_paper_json(run, &d->paper));
    print_list("replaced", replaced_json(diff));
    printf("  \"wider\": %s\n}\n", diff->wider ? "true" : "false");
}

int sk_policy_compare(struct sk_policy_run *run, const struct sk_bundle *old,
                      const struct sk_bundle *new,
                      struct sk_policy_difference *out)
{
    struct sk_safeguards was = sk_safeguards_of(old);
    struct sk_safeguards is = sk_safeguards_of(new);
    enum sk_status status =
        sk_diff_make(old, new, run->day, &run->arena, &out->flows);

    if (status == SK_OK)
        status = sk_losses_find(&was, &is, new->vocabulary, &run->arena,
                                &out->losses);
    if (status == SK_OK)
        status =
            sk_paper_find(&out->flows, &out->losses, &run->arena, &out->paper);
    if (status == SK_E_TOO_LARGE)
        return sk_policy_too_large(run);
    return status == SK_OK ? -1 : sk_policy_no_memory();
}

int sk_policy_do_diff(struct sk_policy_run *run, const struct sk_parsed *parsed)
{
    struct sk_policy_bundle loaded[SK_DIRECTIONS];
    struct sk_policy_difference d;
    int code = -1;

    for (size_t i = 0; code < 0 && i < SK_DIRECTIONS; i++)
        code = sk_policy_open(run, parsed->operands[i], &loaded[i]);
    if (code < 0)
        code = sk_policy_compare(run, loaded[0].bundle, loaded[1].bundle, &d);
    if (code >= 0)
        return code;
    if (run->json)
        print_json(run, &d);
    else
        sk_policy_tell_diff(run, &d);
    return d.flows.wider ? SK_EXIT_WIDER : SK_EXIT_YES;
}
