/* schakel doctor: what is wrong with this node, and what to do about it. */
#include "tools/schakel/doctor.h"

#include <stdio.h>
#include <string.h>

#include "tools/schakel/cli.h"
#include "tools/schakel/json.h"

const struct sk_command sk_doctor_commands[] = {
    {.name = "doctor",
     .operands = "[PARTNER]",
     .operands_max = 1,
     .nl = "kijk na wat er mis is, stap voor stap, en wat u eraan doet",
     .en = "find what is wrong, step by step, and what to do about it",
     .more_nl = "Werkt ook als het knooppunt niet draait; dan blijft het bij "
                "de map.\nAfsluitcode 0: niets mis.  1: minstens een stap "
                "faalt.\n",
     .more_en = "Works also when the node does not run; then only its folder "
                "is looked at.\nExit code 0: nothing wrong.  1: at least one "
                "step fails.\n",
     .options =
         {
             {"dir", "DIR", false, false,
              "de map (anders SCHAKEL_DIR, /var/lib/schakel)",
              "the folder (else SCHAKEL_DIR, /var/lib/schakel)"},
         }},
    {0},
};

static const char *const state_names[] = {
    [SK_DOCTOR_OK] = "ok",
    [SK_DOCTOR_SKIPPED] = "skipped",
    [SK_DOCTOR_WARN] = "warn",
    [SK_DOCTOR_FAIL] = "fail",
};

static bool has_text(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static const char *mark_of(enum sk_finding_state state)
{
    switch (state) {
    case SK_DOCTOR_OK:
        return sk_cli_word("goed ", "good ");
    case SK_DOCTOR_SKIPPED:
        return sk_cli_word("  -  ", "  -  ");
    case SK_DOCTOR_WARN:
        return sk_cli_word("let op", "mind ");
    case SK_DOCTOR_FAIL:
        break;
    }
    return sk_cli_word("FOUT ", "WRONG");
}

static void print_step(const struct sk_step *step)
{
    const char *next = step->next_nl == NULL
                           ? NULL
                           : sk_cli_word(step->next_nl, step->next_en);

    printf("%-7s", mark_of(step->state));
    if (has_text(step->about))
        printf("%s: ", step->about);
    printf("%s", sk_cli_word(step->nl, step->en));
    if (has_text(step->detail))
        printf(" (%s)", step->detail);
    printf("\n");
    if (has_text(next))
        printf("       -> %s\n", next);
}

void sk_doctor_note(struct sk_doctor *d, const struct sk_step *step)
{
    json_t *row = json_object();

    if (step->state == SK_DOCTOR_FAIL)
        d->failures++;
    if (!sk_cli_json())
        print_step(step);
    json_object_set_new(row, "check", json_string(step->check));
    json_object_set_new(row, "state", json_string(state_names[step->state]));
    json_object_set_new(row, "text",
                        json_string(sk_cli_word(step->nl, step->en)));
    if (has_text(step->about))
        json_object_set_new(row, "about", json_string(step->about));
    if (has_text(step->detail))
        json_object_set_new(row, "detail", json_string(step->detail));
    if (has_text(step->next_nl))
        json_object_set_new(
            row, "next",
            json_string(sk_cli_word(step->next_nl, step->next_en)));
    json_array_append_new(d->checks, row);
}

static void tell_end(const struct sk_doctor *d)
{
    if (sk_cli_json()) {
        json_t *all =
            json_pack("{s:b, s:{s:O, s:I}}", "ok", d->failures == 0, "result",
                      "checks", d->checks, "failures", (json_int_t)d->failures);

        sk_json_print(all);
        json_decref(all);
        return;
    }
    if (d->failures == 0)
        printf("\n%s\n", sk_cli_word("Er is niets mis gevonden.",
                                     "Nothing wrong was found."));
    else
        printf(sk_cli_dutch()
                   ? "\nStappen die falen: %zu.  Begin met de bovenste.\n"
                   : "\nSteps that fail: %zu.  Begin with the first.\n",
               d->failures);
}

int sk_cmd_doctor(int argc, char **argv)
{
    static struct sk_doctor doctor;
    struct sk_parsed parsed;
    int code = sk_cli_parse(sk_doctor_commands, argc, argv, &parsed);

    if (code >= 0)
        return code;
    doctor.dir = sk_cli_dir(&parsed);
    doctor.partner = parsed.operands_count > 0 ? parsed.operands[0] : NULL;
    doctor.checks = json_array();
    sk_doctor_folder(&doctor);
    sk_doctor_node(&doctor);
    tell_end(&doctor);
    code = doctor.failures == 0 ? SK_EXIT_YES : SK_EXIT_NO;
    sk_client_close(&doctor.client);
    json_decref(doctor.checks);
    sk_wipe(&doctor, sizeof(doctor));
    return code;
}
