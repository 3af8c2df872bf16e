#include "tools/schakel/policy_diff.h"

/* What stops flows and is taken away or loosened, for people and programs.
   docs/POLICY.md 11.5, 16 */

static const char *kind_word(const struct sk_policy_run *run,
                             const struct sk_loss *loss)
{
    switch (loss->kind) {
    case SK_SAFEGUARD_PROMISE:
        return sk_policy_word(run, "belofte", "promise");
    case SK_SAFEGUARD_NEVER:
        return sk_policy_word(run, "verbod", "never");
    case SK_SAFEGUARD_LIMIT:
        return sk_policy_word(run, "limiet", "limit");
    }
    return "";
}

/* The part of a rule that says something: of a promise what is in its form. */
static const struct sk_node *body_of(const struct sk_loss *loss,
                                     const struct sk_node *rule)
{
    if (rule == NULL || loss->kind != SK_SAFEGUARD_PROMISE)
        return rule;
    return sk_rule_form(rule);
}

static bool is_told(struct sk_bytes key)
{
    return !sk_bytes_equal(key, sk_text("id")) &&
           !sk_bytes_equal(key, sk_text("text"));
}

/* One part of a rule that is not as it was; NULL: it is not there. */
struct part {
    struct sk_bytes key;
    const struct sk_node *was;
    const struct sk_node *is;
};

/* The next one, from *at on; false when there is none.  First what was there,
   then what is new. */
static bool next_part(const struct sk_node *was, const struct sk_node *is,
                      size_t *at, struct part *out)
{
    size_t count = was->count + is->count;

    for (; *at < count; (*at)++) {
        const struct sk_node *node = *at < was->count ? was->first : is->first;
        size_t left = *at < was->count ? *at : *at - was->count;

        while (left-- > 0)
            node = node->next;
        *out = (struct part){node->key, sk_node_get_bytes(was, node->key),
                             sk_node_get_bytes(is, node->key)};
        if (!is_told(node->key) || (*at >= was->count && out->was != NULL) ||
            sk_written_same(out->was, out->is))
            continue;
        (*at)++;
        return true;
    }
    return false;
}

static bool changes_form(const struct sk_loss *loss, const struct sk_node *was,
                         const struct sk_node *is)
{
    return loss->kind == SK_SAFEGUARD_PROMISE &&
           !sk_bytes_equal(was->key, is->key);
}

static void tell_parts(struct sk_policy_run *run, const struct sk_loss *loss)
{
    const struct sk_node *was = body_of(loss, loss->was);
    const struct sk_node *is = body_of(loss, loss->is);
    struct part part;
    size_t at = 0;

    if (is == NULL)
        return;
    if (changes_form(loss, was, is)) {
        printf("    %.*s: %s -> %.*s: %s\n", SK_ARG(was->key),
               sk_policy_written(run, was), SK_ARG(is->key),
               sk_policy_written(run, is));
        return;
    }
    while (next_part(was, is, &at, &part))
        printf("    %.*s: %s -> %s\n", SK_ARG(part.key),
               sk_policy_written(run, part.was),
               sk_policy_written(run, part.is));
}

static void tell_some(struct sk_policy_run *run, const struct sk_losses *losses,
                      bool stops)
{
    for (size_t i = 0; i < losses->count; i++) {
        const struct sk_loss *loss = &losses->list[i];
        const struct sk_node *at = loss->is != NULL ? loss->is : loss->was;

        if (loss->stops != stops)
            continue;
        printf("  %s '%.*s' %s (%s:%u): %.*s\n", kind_word(run, loss),
               SK_ARG(sk_rule_id(loss->was)),
               loss->is == NULL
                   ? sk_policy_word(run, "valt weg", "is gone")
                   : sk_policy_word(run, "wordt losser", "is looser"),
               at->place.file, at->place.line, SK_ARG(sk_rule_text(loss->was)));
        tell_parts(run, loss);
    }
}

void sk_policy_tell_losses(struct sk_policy_run *run,
                           const struct sk_losses *losses)
{
    bool flows = false;

    for (size_t i = 0; i < losses->count; i++)
        flows = flows || !losses->list[i].stops;
    if (losses->stops) {
        putchar('\n');
        puts(sk_policy_word(
            run,
            "MINDER BESCHERMD: wat tegenhoudt, valt weg of wordt losser.  Dat "
            "laat zelf niets door,\nmaar houdt de volgende stap niet meer "
            "tegen.  Dit vraagt twee handtekeningen.",
            "LESS PROTECTED: what stops flows goes, or gets looser.  That lets "
            "nothing through by\nitself, but no longer stops the next step.  "
            "This needs two signatures."));
        tell_some(run, losses, true);
    }
    if (flows) {
        puts(sk_policy_word(run, "Wat zeker moest kunnen, hoeft niet meer:",
                            "What had to be possible no longer has to be:"));
        tell_some(run, losses, false);
    }
}

/* ---------------------------------------------------------------- JSON */

static void add_part(struct sk_policy_run *run, json_t *list,
                     struct sk_bytes key, const struct sk_node *was,
                     const struct sk_node *is)
{
    json_array_append_new(list, json_pack("{s:o, s:s, s:s}", "component",
                                          sk_policy_string(key), "new",
                                          sk_policy_written(run, is), "old",
                                          sk_policy_written(run, was)));
}

static json_t *parts_json(struct sk_policy_run *run, const struct sk_loss *loss)
{
    const struct sk_node *was = body_of(loss, loss->was);
    const struct sk_node *is = body_of(loss, loss->is);
    json_t *list = json_array();
    struct part part;
    size_t at = 0;

    if (is == NULL)
        return list;
    if (changes_form(loss, was, is)) {
        add_part(run, list, was->key, was, NULL);
        add_part(run, list, is->key, NULL, is);
        return list;
    }
    while (next_part(was, is, &at, &part))
        add_part(run, list, part.key, part.was, part.is);
    return list;
}

json_t *sk_policy_losses_json(struct sk_policy_run *run,
                              const struct sk_losses *losses)
{
    static const char *const kinds[] = {"promise", "never", "limit"};
    json_t *list = json_array();

    for (size_t i = 0; i < losses->count; i++) {
        const struct sk_loss *loss = &losses->list[i];

        json_array_append_new(
            list, json_pack("{s:b, s:o, s:s, s:b, s:o, s:o}", "gone",
                            loss->is == NULL, "id",
                            sk_policy_string(sk_rule_id(loss->was)), "kind",
                            kinds[loss->kind], "stops", loss->stops, "text",
                            sk_policy_string(sk_rule_text(loss->was)), "what",
                            parts_json(run, loss)));
    }
    return list;
}
