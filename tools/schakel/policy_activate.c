#include <string.h>

#include "tools/schakel/ask.h"
#include "tools/schakel/cmd_node.h"
#include "tools/schakel/json.h"
#include "tools/schakel/policy_need.h"
#include "tools/schakel/render.h"

/* `schakel policy activate`: put a signed policy into force.  When signatures
   are missing: why it takes two, and whose would do.  POLICY.md 2.5 */

static bool has_signed(const struct sk_signed_policy *policy,
                       struct sk_bytes name)
{
    for (size_t i = 0; i < policy->signers_count; i++)
        if (sk_bytes_equal(policy->signers[i], name))
            return true;
    return false;
}

/* "Getekend: dpo.  Kan nog tekenen: deputy, third." */
static void tell_signers(const struct sk_policy_run *run,
                         const struct sk_officers *officers,
                         const struct sk_signed_policy *policy,
                         const char *folder)
{
    size_t missing = 0;
    size_t last = 0;

    printf("%s:", sk_policy_word(run, "\nGetekend", "\nSigned"));
    for (size_t i = 0; i < policy->signers_count; i++)
        printf(" %.*s", SK_ARG(policy->signers[i]));
    if (policy->signers_count == 0)
        printf(" %s", sk_policy_word(run, "niemand", "nobody"));
    printf(".  %s", sk_policy_word(run, "Kan nog tekenen:", "May still sign:"));
    for (size_t i = 0; i < officers->count; i++) {
        if (has_signed(policy, officers->list[i].name))
            continue;
        printf("%s %.*s", missing++ > 0 ? "," : "",
               SK_ARG(officers->list[i].name));
        last = i;
    }
    printf(".\n  schakel policy sign %s --as %.*s --key %s\n", folder,
           SK_ARG(officers->list[last].name),
           sk_policy_word(run, "BESTAND", "FILE"));
    fflush(stdout);
}

/* One or more signatures are missing. */
static void tell_why(struct sk_policy_run *run, struct sk_client *client,
                     const struct sk_draft *d, const struct sk_given *given,
                     const char *from)
{
    struct sk_policy_need *need = sk_arena_get(&run->arena, sizeof(*need));
    struct sk_signed_policy *policy =
        sk_arena_get(&run->arena, sizeof(*policy));

    if (need == NULL || policy == NULL ||
        sk_policy_need_find(run, client, d, need) >= 0)
        return;
    sk_policy_need_tell(run, need, from);
    if (sk_given_check(given, &need->officers, run, policy) < 0)
        tell_signers(run, &need->officers, policy, d->dir);
}

/* ------------------------------------------------------------- into force */

/* POLICY.md 2.5: nothing else vouches for the first ones. */
static void tell_first(const struct sk_policy_run *run,
                       const struct sk_officers *officers)
{
    puts(sk_policy_word(
        run,
        "Dit is het eerste beleid van dit knooppunt.  Wie het noemt, tekent "
        "voortaan; het charter\nbevestigt dat niet.  Vergelijk deze sleutels "
        "met de privacyverantwoordelijken zelf:",
        "This is the first policy of this node.  Whom it names will sign from "
        "now on; the charter\ndoes not confirm that.  Compare these keys with "
        "the officers in person:"));
    for (size_t i = 0; i < officers->count; i++) {
        char key[SK_MINISIGN_KEY_TEXT_SIZE + 1];

        sk_minisign_key_format(&officers->list[i].key, key);
        printf("  %.*s: %s\n", SK_ARG(officers->list[i].name), key);
    }
}

/* Mark each warning that the policy itself accepts: a comment says why. */
static void mark_accepted(const struct sk_draft *d, const json_t *result)
{
    const json_t *warnings = json_object_get(result, "warnings");

    for (size_t i = 0; i < json_array_size(warnings); i++) {
        json_t *one = json_array_get(warnings, i);
        struct sk_finding f = {
            .place = {
                d->bundle.folder.sources.of[SK_SOURCE_POLICY].name,
                (uint32_t)json_integer_value(json_object_get(one, "line")),
                (uint32_t)json_integer_value(json_object_get(one, "column"))}};

        snprintf(f.code, sizeof(f.code), "%s", sk_json_text(one, "code"));
        json_object_set_new(one, "accepted",
                            json_boolean(strcmp(sk_json_text(one, "file"),
                                                "policy.yaml") == 0 &&
                                         sk_policy_accepts(&f)));
    }
}

static void tell_activated(const struct sk_policy_run *run,
                           const struct sk_draft *d, bool first,
                           const json_t *result)
{
    struct sk_screen screen = {.out = stdout, .dutch = run->dutch};

    mark_accepted(d, result);
    if (run->json) {
        sk_policy_answer(json_pack("{s:s, s:b, s:b, s:O}", "command",
                                   "activate", "first", first, "ok", 1,
                                   "result", result));
        return;
    }
    sk_render(&screen, "policy.activate", result);
    if (first)
        tell_first(run, &d->officers);
}

/* A reply that is ok, or not. */
static int tell_reply(struct sk_policy_run *run, struct sk_client *client,
                      const struct sk_draft *d, const struct sk_given *given,
                      const char *from, bool first, const json_t *reply)
{
    const json_t *error = json_object_get(reply, "error");

    if (error == NULL) {
        tell_activated(run, d, first, json_object_get(reply, "result"));
        return SK_EXIT_YES;
    }
    if (!run->json &&
        strcmp(sk_json_text(error, "code"), "policy-signatures") == 0)
        tell_why(run, client, d, given, from);
    return sk_ask_refused(reply);
}

static int activate(struct sk_policy_run *run, struct sk_client *client,
                    const struct sk_draft *d, const struct sk_given *given,
                    json_t *args)
{
    json_t *shown = NULL;
    json_t *reply = NULL;
    enum sk_status status;
    bool first;
    int code = sk_node_ask(client, "policy.show", NULL, NULL, 0, &shown);

    first = code < 0 && json_is_null(json_object_get(shown, "policy"));
    json_decref(shown);
    if (code >= 0)
        return code;
    status = sk_client_call(client, "policy.activate", args, given->blobs,
                            given->count, &reply);
    code = status == SK_OK
               ? tell_reply(run, client, d, given,
                            json_string_value(json_object_get(args, "from")),
                            first, reply)
               : sk_ask_failed(client, "policy.activate", status, 0);
    json_decref(reply);
    return code;
}

/* --from and --instead-of; -1, or the exit code. */
static int read_options(const struct sk_parsed *parsed, json_t *args)
{
    const char *from = sk_cli_get(parsed, "from");
    const char *instead = sk_cli_get(parsed, "instead-of");
    char *end;
    unsigned long long version;

    if (from != NULL)
        json_object_set_new(args, "from", json_string(from));
    if (instead == NULL)
        return -1;
    version = strtoull(instead, &end, 10);
    if (*end != '\0' || version == 0 || version > SK_MANIFEST_VERSION_MAX)
        return sk_policy_bad_option("--instead-of", "een versie die wacht",
                                    "a version that waits");
    json_object_set_new(args, "instead_of", json_integer((json_int_t)version));
    return -1;
}

int sk_policy_do_activate(struct sk_policy_run *run,
                          const struct sk_parsed *parsed)
{
    static struct sk_draft d;
    static struct sk_given given;
    struct sk_client *client = NULL;
    json_t *args = json_object();
    int code = sk_draft_open(run, parsed->operands[0], &d);

    memset(&given, 0, sizeof(given));
    if (code < 0)
        code = read_options(parsed, args);
    if (code < 0)
        code = sk_given_all(&given, &d);
    if (code < 0)
        code = sk_node_open(parsed, &client);
    if (code < 0)
        code = activate(run, client, &d, &given, args);
    json_decref(args);
    sk_client_close(&client);
    sk_given_free(&given);
    sk_draft_close(&d);
    return code;
}
