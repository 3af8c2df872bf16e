/* What a person must know of the node itself, said in whole sentences. */
#include <string.h>

#include "protocol/base.h"
#include "tools/schakel/cli.h"
#include "tools/schakel/cmd_journal.h"
#include "tools/schakel/json.h"
#include "tools/schakel/render.h"

/* A ternary: the compiler then checks a format in both languages. */
#define SAY(s, nl, en) ((s)->dutch ? (nl) : (en))

/* "mol/3, in force since 2027-05-03", or that there is none. */
static void print_policy(const struct sk_screen *s, const json_t *policy,
                         const json_t *since)
{
    char room[64];

    if (!json_is_string(policy)) {
        fprintf(s->out, "%s\n",
                SAY(s, "Er geldt geen beleid: er wordt niets gedeeld.",
                    "No policy is in force: nothing is shared."));
        return;
    }
    fprintf(s->out, SAY(s, "Beleid: %s", "Policy: %s"),
            json_string_value(policy));
    if (json_is_string(since))
        fprintf(s->out, SAY(s, ", sinds %.10s", ", since %.10s"),
                sk_render_value(since, room, sizeof(room)));
    fputs(".\n", s->out);
}

/* ------------------------------------------------------------- status */

static void tell_hold(const struct sk_screen *s, const json_t *status,
                      const json_t *hold)
{
    char at[64];
    long long events =
        (long long)json_integer_value(json_object_get(hold, "events"));

    fprintf(
        s->out,
        SAY(s,
            "LET OP: dit knooppunt is teruggezet (%.10s) en deelt nog "
            "niets over personen.\n"
            "Wachtende berichten: %lld.  Noteer eerst alles wat na de "
            "kopie op papier kwam,\n"
            "intrekkingen en vragen om te wissen eerst, en kijk of het beleid "
            "het juiste is.\n",
            "TAKE CARE: this node was restored (%.10s) and shares nothing "
            "about persons yet.\n"
            "Messages that wait: %lld.  First enter what came on paper "
            "after the backup,\n"
            "withdrawals and requests to erase first, and see whether the "
            "policy is the right one.\n"),
        sk_render_value(json_object_get(hold, "since"), at, sizeof(at)),
        events);
    print_policy(s, json_object_get(status, "policy"),
                 json_object_get(hold, "policy_since"));
    fputs(SAY(s, "Is dat in orde:  schakel restore done\n\n",
              "When that is so:  schakel restore done\n\n"),
          s->out);
}

/* Somebody's journal is not what it was: for the operator and the privacy
   officer. */
static void tell_findings(const struct sk_screen *s, const json_t *journal)
{
    long long count =
        (long long)json_integer_value(json_object_get(journal, "findings"));

    if (count > 0)
        fprintf(s->out,
                SAY(s,
                    "LET OP: er is iets met een logboek (%lld).  Kijk na, en "
                    "verwittig de\nprivacyverantwoordelijke:  schakel journal "
                    "findings\n\n",
                    "TAKE CARE: something is the matter with a journal "
                    "(%lld).  Look, and tell the\nprivacy officer:  schakel "
                    "journal findings\n\n"),
                count);
}

/* What cannot wait, above the rest. */
static void tell_urgent(const struct sk_screen *s, const json_t *status)
{
    const json_t *hold = json_object_get(status, "hold");

    const json_t *users =
        json_object_get(json_object_get(status, "users"), "count");

    if (json_is_integer(users) && json_integer_value(users) == 0)
        fputs(SAY(s,
                  "Er zijn geen gebruikers: wie bij ctl.sock kan, ziet alles "
                  "(schakel user add --help).\n\n",
                  "There are no users: whoever reaches ctl.sock sees "
                  "everything (schakel user add --help).\n\n"),
              s->out);
    if (hold != NULL)
        tell_hold(s, status, hold);
    tell_findings(s, json_object_get(status, "journal"));
}

/* ------------------------------------------------------------- restore */

static void tell_done(const struct sk_screen *s, const json_t *result)
{
    fprintf(s->out,
            SAY(s,
                "Dit knooppunt deelt weer.  Wachtende berichten waarover nu "
                "opnieuw beslist\nwordt: %lld.\n",
                "This node shares again.  Messages that waited and are decided "
                "about anew\nnow: %lld.\n"),
            (long long)json_integer_value(json_object_get(result, "events")));
    print_policy(s, json_object_get(result, "policy"),
                 json_object_get(result, "policy_since"));
}

/* ------------------------------------------------------------- inbox */

static void tell_withdrawn(const struct sk_screen *s, const json_t *result)
{
    fprintf(s->out,
            SAY(s,
                "Doorgegeven aan %s.  Wat ingetrokken is, ziet u straks niet "
                "meer.\n",
                "Passed on to %s.  What was withdrawn you will soon not see "
                "any more.\n"),
            sk_glossary_word(s->glossary, sk_json_text(result, "to")));
}

/* ------------------------------------------------------------- journal */

static void tell_finding(const struct sk_screen *s, const json_t *f)
{
    static const struct sk_noun times = {{"keer", "keer"}, {"time", "times"}};
    const char *finding = sk_json_text(f, "finding");
    long long count = json_integer_value(json_object_get(f, "count"));
    const char *org = sk_json_text(f, "org");
    char first[64];
    char last[64];

    fprintf(s->out, "%s %s.\n", sk_glossary_word(s->glossary, org),
            sk_journal_finding(finding, s->dutch));
    sk_render_value(json_object_get(f, "first"), first, sizeof(first));
    sk_render_value(json_object_get(f, "last"), last, sizeof(last));
    fprintf(s->out,
            SAY(s, "  %s sinds %s, laatst %s, %lld %s.%s\n",
                "  %s since %s, last %s, %lld %s.%s\n"),
            finding, first, last, count,
            sk_noun_word(&times, s->dutch, (unsigned long long)count),
            json_is_true(json_object_get(f, "open"))
                ? ""
                : SAY(s, "  Behandeld.", "  Dealt with."));
    if (json_is_true(json_object_get(f, "evidence")))
        fprintf(s->out,
                SAY(s, "  Bewijs:     schakel journal evidence %s %s BESTAND\n",
                    "  Evidence:   schakel journal evidence %s %s FILE\n"),
                org, finding);
    if (json_is_true(json_object_get(f, "open")))
        fprintf(s->out,
                SAY(s, "  Behandeld:  schakel journal settle %s %s\n",
                    "  Dealt with: schakel journal settle %s %s\n"),
                org, finding);
}

static void tell_journals(const struct sk_screen *s, const json_t *result)
{
    const json_t *list = json_object_get(result, "findings");

    for (size_t i = 0; i < json_array_size(list); i++)
        tell_finding(s, json_array_get(list, i));
    if (json_array_size(list) == 0)
        fprintf(s->out, "%s\n",
                SAY(s, "Er is niets mis met de logboeken.",
                    "Nothing is wrong with the journals."));
}

bool sk_render_node(const struct sk_screen *s, const char *op,
                    const json_t *result)
{
    if (strcmp(op, "node.status") == 0) {
        tell_urgent(s, result);
        return false;
    }
    if (strcmp(op, "restore.done") == 0)
        tell_done(s, result);
    else if (strcmp(op, "inbox.withdraw") == 0)
        tell_withdrawn(s, result);
    else if (strcmp(op, "journal.findings") == 0)
        tell_journals(s, result);
    else if (strcmp(op, "journal.settle") == 0)
        tell_finding(s, result);
    else
        return sk_render_rights(s, op, result);
    return true;
}
