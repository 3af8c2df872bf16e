#include "tools/schakel/policy_run.h"

#include "tools/schakel/json.h"

/* `schakel policy check`: every mistake of a bundle. */

static int tell_checked(const struct sk_policy_run *run, bool strict,
                        struct sk_findings *findings)
{
    static const struct sk_noun errors = {{"fout", "fouten"},
                                          {"error", "errors"}};
    size_t accepted = sk_policy_accepted(findings);
    bool ok =
        findings->errors == 0 && (!strict || findings->warnings == accepted);

    sk_policy_sort(findings);
    if (run->json) {
        json_t *answer =
            json_pack("{s:s, s:b, s:o, s:o}", "command", run->command, "ok", ok,
                      "errors", sk_policy_json(run, findings, 'E'), "warnings",
                      sk_policy_json(run, findings, 'W'));

        sk_json_print(answer);
        json_decref(answer);
    } else {
        sk_policy_print(run, stdout, findings);
        printf("%zu %s, %zu %s", findings->errors,
               sk_noun_word(&errors, run->dutch, findings->errors),
               findings->warnings - accepted,
               sk_noun_word(&sk_warnings, run->dutch,
                            findings->warnings - accepted));
        if (accepted > 0)
            printf(run->dutch ? ", %zu aanvaard" : ", %zu accepted", accepted);
        putchar('\n');
    }
    return ok ? SK_EXIT_YES : SK_EXIT_NO;
}

static int check(struct sk_policy_run *run, const char *path, bool strict)
{
    struct sk_findings findings = sk_findings_start(&run->arena);
    struct sk_bundle_folder folder;
    struct sk_bundle *bundle;
    enum sk_status status =
        sk_bundle_folder_read(path, &run->arena, &findings, &folder);

    if (status == SK_E_BAD_VALUE)
        return tell_checked(run, strict, &findings);
    if (status != SK_OK)
        return sk_policy_no_memory();
    if (folder.missing != NULL)
        return sk_policy_no_source(run, &folder);
    if (sk_sources_load(&folder.sources, run->day, &run->arena, &findings,
                        &bundle) != SK_OK)
        return sk_policy_no_memory();
    return tell_checked(run, strict, &findings);
}

int sk_policy_do_check(struct sk_policy_run *run,
                       const struct sk_parsed *parsed)
{
    return check(run, parsed->operands[0], sk_cli_has(parsed, "strict"));
}
