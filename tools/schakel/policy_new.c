#include "tools/schakel/policy_new.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policies/civil.h"
#include "protocol/utf8.h"
#include "tools/schakel/policy_coverage.h"
#include "tools/schakel/policy_words.h"

/* `schakel policy new`: ask a few things, write a bundle that passes check.
   What an option answers is not asked. */

#define ANSWER_SIZE_MAX 1024

struct asking {
    struct sk_policy_run *run;
    const struct sk_parsed *parsed;
    struct sk_new_policy policy; /* bundle: never NULL once it is open */
    bool ended;                  /* standard input is */
};

static const char *word(const struct asking *a, const char *nl, const char *en)
{
    return sk_policy_word(a->run, nl, en);
}

/* ---------------------------------------------------------------- ask */

/* A line of standard input; empty at its end. */
static void ask_line(struct asking *a, const char *nl, const char *en,
                     char out[ANSWER_SIZE_MAX])
{
    fprintf(stderr, "%s ", word(a, nl, en));
    fflush(stderr);
    if (fgets(out, ANSWER_SIZE_MAX, stdin) == NULL) {
        out[0] = '\0';
        a->ended = true;
        fputc('\n', stderr);
    }
    out[strcspn(out, "\r\n")] = '\0';
}

/* The answers to an option: its values, or words of a line that is asked. */
struct words {
    const char *list[SK_OPTION_VALUES_MAX];
    size_t count;
    char line[ANSWER_SIZE_MAX];
};

static void take_words(struct asking *a, const char *option, const char *nl,
                       const char *en, struct words *out)
{
    const struct sk_values *values = sk_cli_all(a->parsed, option);
    char *rest;

    out->count = 0;
    if (values != NULL && values->count > 0) {
        memcpy(out->list, values->list, sizeof(out->list));
        out->count = values->count;
        return;
    }
    ask_line(a, nl, en, out->line);
    for (char *one = strtok_r(out->line, ", ", &rest);
         one != NULL && out->count < SK_OPTION_VALUES_MAX;
         one = strtok_r(NULL, ", ", &rest))
        out->list[out->count++] = one;
}

static int bad_word(const struct asking *a, const char *option,
                    const char *given, struct sk_bytes best)
{
    char nl[256];
    char en[256];

    snprintf(nl, sizeof(nl), "'%s' kan hier niet%s%.*s%s", given,
             best.size != 0 ? "; bedoelde u '" : "", SK_ARG(best),
             best.size != 0 ? "'?" : "");
    snprintf(en, sizeof(en), "'%s' is not possible here%s%.*s%s", given,
             best.size != 0 ? "; did you mean '" : "", SK_ARG(best),
             best.size != 0 ? "'?" : "");
    (void)a;
    return sk_policy_bad_option(option, nl, en);
}

/* A choice: shown with its number, taken by number or by id. */
struct choice {
    uint16_t at;
    struct sk_bytes id;
    struct sk_bytes label;
};

static void show(const struct choice *choices, size_t count)
{
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, "  %2zu  %-28.*s %.*s\n", i + 1, SK_ARG(choices[i].id),
                SK_ARG(choices[i].label));
}

/* -1 and *out, or the exit code. */
static int choose(const struct asking *a, const char *option, const char *given,
                  const struct choice *choices, size_t count, uint16_t *out)
{
    struct sk_hint hint = sk_hint_start(sk_text(given));
    char *end;
    unsigned long number = strtoul(given, &end, 10);

    if (*end == '\0' && number >= 1 && number <= count) {
        *out = choices[number - 1].at;
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (sk_bytes_equal(choices[i].id, sk_text(given))) {
            *out = choices[i].at;
            return -1;
        }
        sk_hint_offer(&hint, choices[i].id);
    }
    return bad_word(a, option, given, sk_hint_best(&hint));
}

static bool is_asked(const struct asking *a, const char *option)
{
    return sk_cli_get(a->parsed, option) == NULL;
}

static int nothing(const struct asking *a, const char *option)
{
    if (a->ended)
        return sk_policy_bad_option(option,
                                    "geen antwoord: er is niets geschreven",
                                    "no answer: nothing was written");
    return sk_policy_bad_option(option, "noem er minstens een",
                                "name at least one");
}

/* At a terminal a wrong answer is asked for again; nothing is lost. */
static int until_good(struct asking *a, const char *option,
                      int (*ask)(struct asking *a))
{
    int code = ask(a);

    while (code == SK_EXIT_USAGE && is_asked(a, option) && !a->ended &&
           isatty(STDIN_FILENO))
        code = ask(a);
    return code;
}

/* ---------------------------------------------------------------- whom */

/* Organisations to choose from; but: one to leave out. */
static size_t list_orgs(const struct asking *a, uint16_t but,
                        struct choice choices[SK_ORGS_MAX])
{
    const struct sk_roster *roster = &a->policy.bundle->roster;
    size_t count = 0;

    assert(a->policy.bundle != NULL);

    for (uint16_t i = 0; i < roster->count; i++) {
        if (i == but || roster->orgs[i].status != SK_ORG_ACTIVE ||
            !roster->orgs[i].person_level)
            continue;
        choices[count++] =
            (struct choice){i, roster->orgs[i].id, roster->orgs[i].name};
    }
    return count;
}

static int ask_owner(struct asking *a)
{
    static struct choice choices[SK_ORGS_MAX];
    size_t count = list_orgs(a, SK_NONE, choices);
    struct words answer;

    if (is_asked(a, "org")) {
        fprintf(stderr, "%s\n", word(a, "Partners:", "Partners:"));
        show(choices, count);
    }
    take_words(a, "org", "Wie bent u? (nummer of woord)",
               "Who are you? (number or word)", &answer);
    if (answer.count != 1)
        return nothing(a, "--org");
    return choose(a, "--org", answer.list[0], choices, count, &a->policy.owner);
}

static int ask_recipients(struct asking *a)
{
    static struct choice choices[SK_ORGS_MAX];
    size_t count = list_orgs(a, a->policy.owner, choices);
    struct words answer;

    if (is_asked(a, "to"))
        show(choices, count);
    take_words(a, "to",
               "Met welke partners deelt u? (een of meer, met een komma)",
               "With which partners do you share? (one or more, with a comma)",
               &answer);
    a->policy.to = (struct sk_org_set){{0}};
    for (size_t i = 0; i < answer.count; i++) {
        uint16_t org = 0;
        int code = choose(a, "--to", answer.list[i], choices, count, &org);

        if (code >= 0)
            return code;
        sk_org_set_add(&a->policy.to, org);
    }
    return answer.count > 0 ? -1 : nothing(a, "--to");
}

/* ---------------------------------------------------------------- what */

static int ask_purposes(struct asking *a)
{
    const struct sk_vocabulary *v = a->policy.bundle->vocabulary;
    struct choice choices[SK_PURPOSES_MAX];
    size_t count = 0;
    struct words answer;

    for (uint16_t i = 0; i < v->purposes_count; i++) {
        if (v->purposes[i].leaf && v->purposes[i].events)
            choices[count++] =
                (struct choice){i, v->purposes[i].id,
                                sk_policy_label(a->run, &v->purposes[i].label,
                                                v->purposes[i].id)};
    }
    if (is_asked(a, "for"))
        show(choices, count);
    take_words(a, "for", "Waarvoor? (een of meer, met een komma)",
               "For what? (one or more, with a comma)", &answer);
    a->policy.purposes = 0;
    for (size_t i = 0; i < answer.count; i++) {
        uint16_t purpose = 0;
        int code = choose(a, "--for", answer.list[i], choices, count, &purpose);

        if (code >= 0)
            return code;
        a->policy.purposes |= sk_bit(purpose);
    }
    return answer.count > 0 ? -1 : nothing(a, "--for");
}

static int ask_events(struct asking *a)
{
    const struct sk_vocabulary *v = a->policy.bundle->vocabulary;
    struct choice choices[SK_EVENTS_MAX];
    size_t count = 0;
    struct words answer;

    for (uint16_t i = 0; i < v->events_count; i++) {
        if (sk_new_offers(&a->policy, i))
            choices[count++] = (struct choice){
                i, v->events[i].id,
                sk_policy_label(a->run, &v->events[i].label, v->events[i].id)};
    }
    if (is_asked(a, "event"))
        show(choices, count);
    take_words(a, "event", "Welke gebeurtenissen? (een of meer, met een komma)",
               "Which events? (one or more, with a comma)", &answer);
    memset(a->policy.events, 0, sizeof(a->policy.events));
    for (size_t i = 0; i < answer.count; i++) {
        uint16_t event = 0;
        int code = choose(a, "--event", answer.list[i], choices, count, &event);

        if (code >= 0)
            return code;
        a->policy.events[event / 64] |= sk_bit(event % 64);
    }
    return answer.count > 0 ? -1 : nothing(a, "--event");
}

/* ---------------------------------------------------------------- ground */

static int ask_ground(struct asking *a)
{
    static const struct {
        const char *id;
        const char *nl;
        const char *en;
    } grounds[] = {
        {"public-task", "Taak van algemeen belang (wet of decreet)",
         "Task in the public interest (law or decree)"},
        {"contract", "Overeenkomst", "Contract"},
        {"consent", "Toestemming; voor een overheid zelden geldig",
         "Consent; rarely valid for a public body"},
        {"legitimate-interest", "Gerechtvaardigd belang, afgewogen",
         "Legitimate interest, weighed"},
    };
    bool public_body =
        a->policy.bundle->roster.orgs[a->policy.owner].public_body;
    size_t count = SK_COUNT(grounds) - (public_body ? 1 : 0);
    struct choice choices[SK_COUNT(grounds)];
    struct words answer;
    uint16_t ground = 0;
    int code;

    for (size_t i = 0; i < count; i++)
        choices[i] =
            (struct choice){(uint16_t)i, sk_text(grounds[i].id),
                            sk_text(word(a, grounds[i].nl, grounds[i].en))};
    if (is_asked(a, "ground"))
        show(choices, count);
    take_words(a, "ground", "Op welke rechtsgrond?", "On which legal ground?",
               &answer);
    if (answer.count != 1)
        return nothing(a, "--ground");
    code = choose(a, "--ground", answer.list[0], choices, count, &ground);
    if (code >= 0)
        return code;
    a->policy.gdpr = grounds[ground].id;
    return -1;
}

static int ask_reference(struct asking *a)
{
    static char reference[ANSWER_SIZE_MAX];

    a->policy.reference = sk_cli_get(a->parsed, "reference");
    if (a->policy.reference == NULL) {
        ask_line(a, "Welke wet, welk protocol of welke overeenkomst?",
                 "Which law, protocol or agreement?", reference);
        a->policy.reference = reference;
    }
    if (a->ended && a->policy.reference[0] == '\0')
        return nothing(a, "--reference");
    if (a->policy.reference[0] == '\0' ||
        strlen(a->policy.reference) >= ANSWER_SIZE_MAX ||
        !sk_utf8_is_line(sk_text(a->policy.reference)))
        return sk_policy_bad_option("--reference",
                                    "geef een regel gewone tekst",
                                    "give one line of plain text");
    return -1;
}

/* Not asked: today, for one year, unless an option says so. */
static int take_days(struct asking *a)
{
    const char *from = sk_cli_get(a->parsed, "from");
    const char *until = sk_cli_get(a->parsed, "until");
    struct sk_duration year = {12, SK_MONTHS};
    struct sk_duration longest = {24, SK_MONTHS};

    a->policy.from = sk_policy_day(a->run);
    if (from != NULL && !sk_day_parse(sk_text(from), &a->policy.from))
        return sk_policy_bad_option("--from", "dit is geen datum (JJJJ-MM-DD)",
                                    "this is not a date (YYYY-MM-DD)");
    a->policy.until = sk_day_add(a->policy.from, year) - 1;
    if (until != NULL && !sk_day_parse(sk_text(until), &a->policy.until))
        return sk_policy_bad_option("--until", "dit is geen datum (JJJJ-MM-DD)",
                                    "this is not a date (YYYY-MM-DD)");
    if (a->policy.until < a->policy.from ||
        a->policy.until >= sk_day_add(a->policy.from, longest))
        return sk_policy_bad_option(
            "--until", "de einddag ligt na de eerste dag, hooguit twee jaar",
            "the last day lies after the first, two years at most");
    return -1;
}

/* ---------------------------------------------------------------- files */

static int write_file(const char *dir, const char *name, struct sk_bytes bytes)
{
    char *path = sk_cli_path(dir, name);
    enum sk_status status =
        sk_cli_write(path, bytes, 0644, /* replace */ false);
    int code = status == SK_OK ? -1 : sk_cli_fail_file(status, path);

    free(path);
    return code;
}

/* text is freed. */
static int write_text(const char *dir, const char *name, char *text)
{
    int code;

    if (text == NULL)
        return sk_policy_no_memory();
    code = write_file(dir, name, sk_text(text));
    free(text);
    return code;
}

static int make_folder(const char *path)
{
    if (mkdir(path, 0755) == 0 || errno == EEXIST)
        return -1;
    return sk_cli_fail(SK_EXIT_CANTCREAT,
                       &(struct sk_problem){.code = "folder",
                                            .nl = "de map kan niet gemaakt "
                                                  "worden",
                                            .en = "the folder cannot be made",
                                            .where = path,
                                            .detail = strerror(errno)});
}

/* A test per rule, from what the bundle now answers. */
static char *tests_text(struct sk_policy_run *run,
                        const struct sk_bundle *bundle)
{
    struct sk_example *x = sk_arena_get(&run->arena, sizeof(*x));
    struct sk_decision *answer = sk_arena_get(&run->arena, sizeof(*answer));
    struct sk_coverage_search search = {.tries = SK_COVERAGE_TRIES_MAX};
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    fprintf(out, "# %s\nformat: tests/1\nbundle: ..\ncases:\n",
            run->dutch
                ? "Wat er moet gebeuren, met verzonnen mensen: schakel policy "
                  "test MAP --coverage"
                : "What should happen, with invented people: schakel policy "
                  "test FOLDER --coverage");
    for (size_t i = 0; x != NULL && answer != NULL && i < bundle->shares_count;
         i++) {
        char *one;

        if (sk_coverage_for_rule(bundle, i, &run->arena, &search, x, answer) !=
                SK_OK ||
            !search.found)
            continue;
        one = sk_policy_test_text(bundle->shares[i].id, x, answer);
        if (one != NULL)
            fputs(one, out);
        free(one);
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* The shared files are copied: a bundle is whole by itself. */
static int write_shared(const char *dir, const struct sk_sources *sources)
{
    static const struct {
        enum sk_source_file file;
        const char *name;
    } shared[] = {{SK_SOURCE_VOCABULARY, "vocabulary.yaml"},
                  {SK_SOURCE_GUARDS, "guards.yaml"},
                  {SK_SOURCE_PARTNERS, "partners.yaml"}};
    int code = -1;

    for (size_t i = 0; code < 0 && i < SK_COUNT(shared); i++)
        code =
            write_file(dir, shared[i].name, sources->of[shared[i].file].bytes);
    return code;
}

static int write_bundle(struct asking *a, const char *dir,
                        const struct sk_sources *sources)
{
    bool dutch = a->run->dutch;
    struct sk_policy_bundle opened;
    char *tests = sk_cli_path(dir, "tests");
    int code = make_folder(dir);

    if (code < 0)
        code = make_folder(tests);
    if (code < 0)
        code = write_text(dir, "policy.yaml",
                          sk_new_policy_text(a->run, &a->policy));
    if (code < 0)
        code = write_shared(dir, sources);
    if (code < 0)
        code = write_text(dir, "invariants.yaml",
                          sk_new_invariants_text(&a->policy, dutch));
    if (code < 0)
        code = write_text(dir, "bundle.yaml",
                          sk_new_bundle_text(&a->policy, dutch));
    if (code < 0)
        code = sk_policy_open(a->run, dir, &opened);
    if (code < 0)
        code =
            write_text(tests, "first.yaml", tests_text(a->run, opened.bundle));
    free(tests);
    return code;
}

/* ---------------------------------------------------------------- command */

/* Vocabulary, guards and roster, as options or beside each other. */
static int open_library(struct asking *a, struct sk_sources *sources)
{
    static const struct {
        enum sk_source_file file;
        const char *option;
        const char *name;
    } shared[] = {{SK_SOURCE_VOCABULARY, "vocabulary", "vocabulary.yaml"},
                  {SK_SOURCE_PARTNERS, "partners", "partners.yaml"},
                  {SK_SOURCE_GUARDS, "guards", "guards.yaml"}};
    struct sk_findings findings = sk_findings_start(&a->run->arena);
    const char *library = sk_cli_get(a->parsed, "library");
    struct sk_bundle *bundle;

    *sources = (struct sk_sources){.vocabulary = NULL};
    sources->of[SK_SOURCE_POLICY].name = "policy.yaml";
    sources->of[SK_SOURCE_INVARIANTS].name = "invariants.yaml";
    for (size_t i = 0; i < SK_COUNT(shared); i++) {
        struct sk_source *source = &sources->of[shared[i].file];
        enum sk_status status;

        source->name = sk_cli_get(a->parsed, shared[i].option);
        if (source->name == NULL)
            source->name =
                sk_path_join(&a->run->arena, library != NULL ? library : ".",
                             sk_text(shared[i].name));
        status = sk_file_read(&a->run->arena, source->name, &source->bytes);
        if (status != SK_OK)
            return sk_policy_no_file(a->run, status, source->name);
    }
    if (sk_sources_load(sources, INT32_MIN, &a->run->arena, &findings,
                        &bundle) != SK_OK)
        return sk_policy_no_memory();
    if (bundle == NULL)
        return sk_policy_unusable(a->run, &findings);
    a->policy.bundle = bundle;
    return -1;
}

/* What is there is not written over; said before anything is asked. */
static int find_free(const char *dir)
{
    char *path = sk_cli_path(dir, "policy.yaml");
    int code =
        access(path, F_OK) == 0 ? sk_cli_fail_file(SK_E_EXISTS, path) : -1;

    free(path);
    return code;
}

int sk_policy_do_new(struct sk_policy_run *run, const struct sk_parsed *parsed)
{
    static const struct {
        const char *option;
        int (*ask)(struct asking *a);
    } questions[] = {{"org", ask_owner},     {"to", ask_recipients},
                     {"for", ask_purposes},  {"event", ask_events},
                     {"ground", ask_ground}, {"reference", ask_reference}};
    struct asking a = {.run = run, .parsed = parsed};
    const char *dir = parsed->operands[0];
    struct sk_sources sources;
    int code = open_library(&a, &sources);

    if (code < 0)
        code = find_free(dir);
    if (code < 0)
        code = take_days(&a);
    for (size_t i = 0; code < 0 && i < SK_COUNT(questions); i++)
        code = until_good(&a, questions[i].option, questions[i].ask);
    if (code < 0)
        code = write_bundle(&a, dir, &sources);
    if (code >= 0)
        return code;
    if (run->json)
        sk_policy_answer(json_pack("{s:s, s:b, s:s}", "command", run->command,
                                   "ok", 1, "folder", dir));
    else
        printf(run->dutch
                   ? "%s staat klaar. Lees %s/policy.yaml, en daarna:\n"
                     "  schakel policy check %s\n  schakel policy matrix %s\n"
                     "  schakel policy test %s --coverage\n"
                   : "%s is ready. Read %s/policy.yaml, and then:\n"
                     "  schakel policy check %s\n  schakel policy matrix %s\n"
                     "  schakel policy test %s --coverage\n",
               dir, dir, dir, dir, dir);
    return SK_EXIT_YES;
}
