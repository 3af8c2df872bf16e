#include "tools/schakel/policy_need.h"

#include <stdlib.h>
#include <string.h>

#include "policies/rules.h"
#include "tools/schakel/cmd_node.h"
#include "tools/schakel/json.h"
#include "tools/schakel/nodedir.h"
#include "tools/schakel/policy_node.h"

/* How many signatures, and why: as the gate will say it.  docs/POLICY.md 2.5 */

static struct sk_bytes kept(struct sk_policy_run *run, const json_t *texts,
                            const char *key)
{
    return sk_arena_copy(&run->arena, sk_text(sk_json_text(texts, key)));
}

/* The promises of a version, as a tree; NULL: it has none. */
static const struct sk_node *promises_of(struct sk_policy_run *run,
                                         const json_t *version)
{
    struct sk_findings findings = sk_findings_start(&run->arena);
    struct sk_bytes yaml = kept(run, version, "invariants");
    struct sk_node *tree = NULL;

    if (yaml.size == 0 || sk_yaml_read("invariants.yaml", yaml, &run->arena,
                                       &findings, &tree) != SK_OK)
        return NULL;
    return tree;
}

/* With the policy in force under the charter that the officers saw; the draft
   under the charter of now. */
static int compare(struct sk_policy_run *run, struct sk_client *client,
                   const struct sk_draft *d, const json_t *shown,
                   const json_t *version, struct sk_policy_need *need)
{
    const json_t *seen = json_object_get(shown, "seen_charter");
    const struct sk_source *own = d->bundle.folder.sources.of;
    struct sk_safeguards was;
    struct sk_safeguards is;
    struct sk_bundle *agreed = NULL;
    struct sk_bundle *draft = NULL;
    enum sk_status status;
    struct sk_findings findings = sk_findings_start(&run->arena);
    json_t *charter = NULL;
    int code = sk_policy_node_bundle(
        run, client, SK_NODE_IN_FORCE,
        seen != NULL ? json_integer_value(seen) : SK_NODE_IN_FORCE, &agreed);

    if (code < 0)
        code = sk_node_ask(client, "charter.text", NULL, NULL, 0, &charter);
    if (code >= 0)
        return code;
    status = sk_policy_node_under(run, own[SK_SOURCE_POLICY].bytes,
                                  own[SK_SOURCE_INVARIANTS].bytes, charter,
                                  &findings, &draft);
    json_decref(charter);
    if (status != SK_OK || draft == NULL)
        return -1; /* the node will say why it cannot be compared */
    was = sk_safeguards_of(agreed);
    was.invariants = promises_of(run, version);
    is = sk_safeguards_of(draft);
    status = sk_diff_make(agreed, draft, INT32_MIN, &run->arena, &need->flows);
    if (status == SK_OK)
        status = sk_losses_find(&was, &is, draft->vocabulary, &run->arena,
                                &need->losses);
    if (status == SK_OK)
        status = sk_paper_find(&need->flows, &need->losses, &run->arena,
                               &need->paper);
    need->compared = status == SK_OK;
    return status == SK_E_MEMORY ? sk_policy_no_memory() : -1;
}

/* "ocmw-mol/7" is in force. */
static bool is_far(const struct sk_draft *d, const char *in_force)
{
    const char *number = strrchr(in_force, '/');
    unsigned long version = number == NULL ? 0 : strtoul(number + 1, NULL, 10);

    return sk_bundle_policy_version(d->bundle.bundle) >
           version + SK_POLICY_STEP_MAX;
}

static int find(struct sk_policy_run *run, struct sk_client *client,
                const struct sk_draft *d, const json_t *shown,
                struct sk_policy_need *need)
{
    struct sk_findings findings = sk_findings_start(&run->arena);
    json_t *version = NULL;
    int code;

    need->first = json_is_null(json_object_get(shown, "policy"));
    if (need->first)
        return -1;
    need->far = is_far(d, sk_json_text(shown, "policy"));
    code = sk_node_ask(client, "policy.version", NULL, NULL, 0, &version);
    if (code < 0 &&
        sk_officers_read(kept(run, version, "officers"), &run->arena, &findings,
                         &need->officers) != SK_OK)
        code = sk_policy_unusable(run, &findings);
    if (code < 0) {
        need->others = !sk_officers_equal(&need->officers, &d->officers);
        code = compare(run, client, d, shown, version, need);
    }
    json_decref(version);
    return code;
}

int sk_policy_need_find(struct sk_policy_run *run, struct sk_client *client,
                        const struct sk_draft *d, struct sk_policy_need *need)
{
    const json_t *next;
    json_t *shown = NULL;
    int code = sk_node_ask(client, "policy.show", NULL, NULL, 0, &shown);

    *need =
        (struct sk_policy_need){.officers = d->officers, .named = &d->officers};
    if (code < 0) {
        next = json_object_get(shown, "next");
        need->waits =
            (unsigned)json_integer_value(json_object_get(next, "version"));
        snprintf(need->day, sizeof(need->day), "%s",
                 sk_json_text(next, "from"));
        code = find(run, client, d, shown, need);
    }
    need->known = code < 0 && (need->first || need->compared);
    need->signatures = need->first || need->others || need->far ||
                               need->flows.wider || need->losses.stops
                           ? SK_OFFICERS_MIN
                           : 1;
    json_decref(shown);
    return code;
}

/* ---------------------------------------------------------------- tell */

json_t *sk_policy_need_json(const struct sk_policy_need *need)
{
    const struct {
        bool holds;
        const char *word;
    } reasons[] = {{need->first, "first"},
                   {need->others, "officers"},
                   {need->far, "number"},
                   {need->compared && need->flows.wider, "wider"},
                   {need->compared && need->losses.stops, "loosened"}};
    json_t *why = json_array();

    for (size_t i = 0; i < SK_COUNT(reasons); i++)
        if (reasons[i].holds)
            json_array_append_new(why, json_string(reasons[i].word));
    return why;
}

static const struct sk_officer *officer_of(const struct sk_officers *officers,
                                           struct sk_bytes name)
{
    for (size_t i = 0; i < officers->count; i++)
        if (sk_bytes_equal(officers->list[i].name, name))
            return &officers->list[i];
    return NULL;
}

/* Who comes, goes, or has another key: whoever holds two keys of the list is
   two officers from then on. */
static void tell_others(const struct sk_policy_run *run,
                        const struct sk_policy_need *need)
{
    char key[SK_MINISIGN_KEY_TEXT_SIZE + 1];

    puts(sk_policy_word(run,
                        "De lijst van wie mag tekenen verandert: dat "
                        "vraagt altijd twee handtekeningen.\nVergelijk een "
                        "nieuwe sleutel met wie ze heeft:",
                        "The list of who may sign changes: that always "
                        "needs two signatures.\nCompare a new key with "
                        "who holds it:"));
    for (size_t i = 0; i < need->named->count; i++) {
        const struct sk_officer *is = &need->named->list[i];
        const struct sk_officer *was = officer_of(&need->officers, is->name);

        if (was != NULL && sk_minisign_key_equal(&was->key, &is->key))
            continue;
        sk_minisign_key_format(&is->key, key);
        printf("  %.*s: %s: %s\n", SK_ARG(is->name),
               was == NULL
                   ? sk_policy_word(run, "komt erbij", "is new")
                   : sk_policy_word(run, "andere sleutel", "another key"),
               key);
    }
    for (size_t i = 0; i < need->officers.count; i++)
        if (officer_of(need->named, need->officers.list[i].name) == NULL)
            printf("  %.*s: %s\n", SK_ARG(need->officers.list[i].name),
                   sk_policy_word(run, "valt weg", "is gone"));
}

void sk_policy_need_tell(struct sk_policy_run *run,
                         const struct sk_policy_need *need, const char *from)
{
    if (need->first)
        puts(sk_policy_word(run,
                            "Dit is het eerste beleid: dat vraagt altijd twee "
                            "handtekeningen.",
                            "This is the first policy: that always needs two "
                            "signatures."));
    if (need->others)
        tell_others(run, need);
    if (need->far)
        printf(run->dutch
                   ? "Het nummer springt meer dan %u vooruit, en nummers gaan "
                     "nooit terug: dat vraagt\ntwee handtekeningen.  Gewoon "
                     "is het volgende nummer.\n"
                   : "The number jumps more than %u ahead, and numbers never "
                     "go back: that needs two\nsignatures.  Usual is the "
                     "next number.\n",
               SK_POLICY_STEP_MAX);
    if (need->waits > 0 && from != NULL && strcmp(from, need->day) > 0)
        printf(run->dutch
                   ? "Versie %u wacht op %s, en dit komt later: tot dan valt "
                     "weg wat afgesproken was.\nDat vraagt twee "
                     "handtekeningen.\n"
                   : "Version %u waits for %s, and this comes later: until "
                     "then what was agreed is\ndropped.  That needs two "
                     "signatures.\n",
               need->waits, need->day);
    if (!need->compared)
        return;
    sk_policy_tell_paper(run, &need->paper, /* grounds */ true);
    if (need->flows.wider)
        sk_policy_tell_wider(run, &need->flows);
    sk_policy_tell_losses(run, &need->losses);
}

void sk_policy_need_before(const struct sk_draft *d,
                           const struct sk_parsed *parsed,
                           struct sk_policy_need *need)
{
    struct sk_policy_run *run = d->run;
    struct sk_client *client = NULL;

    if (sk_client_open(sk_cli_dir(parsed), &client) != SK_OK)
        return;
    if (sk_policy_need_find(run, client, d, need) < 0 && need->known &&
        !run->json) {
        sk_policy_need_tell(run, need, NULL);
        if (need->compared) { /* all that is signed has been seen */
            sk_policy_tell_narrower(run, &need->flows);
            sk_policy_tell_paper(run, &need->paper, /* grounds */ false);
        }
        printf(run->dutch ? "Deze versie vraagt %zu %s.\n"
                          : "This version needs %zu %s.\n",
               need->signatures,
               sk_noun_word(&sk_signatures, run->dutch, need->signatures));
        if (need->waits > 0)
            printf(run->dutch
                       ? "Versie %u wacht op %s: deze komt in haar plaats met "
                         "--instead-of %u, en wordt\nook daarmee vergeleken.  "
                         "Komt ze later, dan vraagt dat twee "
                         "handtekeningen.\n"
                       : "Version %u waits for %s: this one takes its place "
                         "with --instead-of %u, and\nis compared with it "
                         "too.  When it comes later, that needs two "
                         "signatures.\n",
                   need->waits, need->day, need->waits);
    }
    sk_client_close(&client);
}
