#include "tools/schakel/cmd_rehearse.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/keys.h"
#include "tools/schakel/cli.h"
#include "tools/schakel/rehearse.h"

#define ARENA_SIZE ((size_t)512 * 1024 * 1024) /* touched as needed */

const struct sk_command sk_rehearse_commands[] = {
    {"rehearse",
     "STORY.yaml",
     1,
     1,
     "speel een verhaal op wegwerpknooppunten en toon wie wat zag",
     "play a story on throw-away nodes and show who saw what",
     "Elk knooppunt is echt: eigen processen, sleutels, gegevens en\n"
     "versleutelde lijnen op deze computer. Alleen de klok is van het "
     "verhaal.\n"
     "Einde 0: alles zoals verwacht; 1: niet; 2: het verhaal kan niet lopen.",
     "Every node is real: its own processes, keys, data and encrypted lines\n"
     "on this machine. Only the clock belongs to the story.\n"
     "Exit 0: everything as expected; 1: not; 2: the story cannot be played.",
     {{"keep", NULL, false, false, "laat de knooppunten daarna draaien",
       "leave the nodes running"},
      {"crash", "SEED", false, false,
       "breek onderweg processen af (kill -9) en start ze weer",
       "kill processes on the way (kill -9) and start them again"},
      {"programs", "DIR", false, false,
       "map met schakeld (naast dit programma)",
       "folder of schakeld (beside this program)"},
      {"lang", "nl|en", false, false, "taal van het verslag",
       "language of the report"},
      {0}}},
    {0},
};

/* ------------------------------------------------------------- programs */
/* schakel itself, and schakeld beside it. */
static bool find_programs(const struct sk_parsed *parsed, struct sk_world *w)
{
    static char self[PATH_MAX];
    static char daemon[PATH_MAX + 16];
    const char *folder = sk_cli_get(parsed, "programs");
    ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash;

    if (size <= 0)
        return false;
    self[size] = '\0';
    slash = strrchr(self, '/');
    if (slash == NULL)
        return false;
    if (folder != NULL)
        snprintf(daemon, sizeof(daemon), "%s/schakeld", folder);
    else
        snprintf(daemon, sizeof(daemon), "%.*s/schakeld", (int)(slash - self),
                 self);
    w->schakel = self;
    w->schakeld = daemon;
    return access(daemon, X_OK) == 0;
}

/* ------------------------------------------------------------- the story */
static int tell_findings(const struct sk_world *w)
{
    for (size_t i = 0; i < w->findings.count; i++) {
        const struct sk_finding *f = &w->findings.list[i];

        fprintf(stderr, "%s:%u:%u: %s %s: %s\n", f->place.file, f->place.line,
                f->place.column, w->dutch ? "fout" : "error", f->code,
                w->dutch ? f->nl : f->en);
    }
    return SK_EXIT_USAGE;
}

static int bad_story(const char *file, const char *nl, const char *en)
{
    return sk_cli_fail(SK_EXIT_USAGE,
                       &(struct sk_problem){
                           .code = "bad-story",
                           .nl = nl,
                           .en = en,
                           .where = file,
                           .next_nl = "docs/SCENARIOS.md beschrijft de vorm",
                           .next_en = "docs/SCENARIOS.md describes the form"});
}

static int read_story(struct sk_world *w)
{
    struct sk_node *tree = NULL;
    struct sk_bytes bytes;
    enum sk_status status = sk_cli_read(w->file, SK_YAML_SIZE_MAX + 1, &bytes);

    if (status != SK_OK)
        return sk_cli_fail_file(status, w->file);
    status = sk_yaml_read(w->file, bytes, &w->arena, &w->findings, &tree);
    free((void *)(uintptr_t)bytes.data);
    if (status != SK_OK)
        return sk_cli_fail_file(status, w->file);
    if (tree == NULL)
        return tell_findings(w);
    if (!sk_node_is(sk_node_get(tree, "format"), "scenario/1"))
        return bad_story(w->file, "dit is geen verhaal (format: scenario/1)",
                         "this is not a story (format: scenario/1)");
    w->story = tree;
    return -1;
}

/* `bundles` of the story is a folder relative to the story. */
static int find_bundles(struct sk_world *w)
{
    const char *name = sk_step_text(w->story, "bundles");
    const char *slash = strrchr(w->file, '/');
    struct stat exists;
    char *path = NULL;
    int size;

    if (name[0] == '\0')
        return bad_story(w->file, "het verhaal noemt geen 'bundles'",
                         "the story names no 'bundles'");
    if (name[0] == '/' || slash == NULL)
        size = asprintf(&path, "%s", name);
    else
        size =
            asprintf(&path, "%.*s/%s", (int)(slash - w->file), w->file, name);
    if (size < 0)
        return sk_cli_fail_file(SK_E_MEMORY, w->file);
    w->bundles = path;
    if (stat(path, &exists) != 0 || !S_ISDIR(exists.st_mode))
        return sk_cli_fail_file(SK_E_NOT_FOUND, path);
    return -1;
}

/* The nodes' clocks start where the story starts. */
static void set_first_moment(struct sk_world *w)
{
    const struct sk_node *steps = sk_node_get(w->story, "steps");
    const char *at = steps == NULL ? "" : sk_step_text(steps->first, "at");
    int64_t instant;

    memcpy(w->now, "2026-01-01T00:00:00Z", sizeof("2026-01-01T00:00:00Z"));
    if (sk_civil_minute_parse(sk_text(at), &instant))
        sk_instant_format(instant, w->now);
}

static void play(struct sk_world *w)
{
    set_first_moment(w);
    sk_world_start(w);
    sk_tell_title(w);
    sk_story_play(w);
    w->step = NULL;
    sk_check_never(w);
    sk_check_files(w);
    sk_check_once(w);
    sk_tell_end(w);
    sk_world_stop(w);
}

static int bad_option(const char *option, const char *nl, const char *en)
{
    return sk_cli_fail(
        SK_EXIT_USAGE,
        &(struct sk_problem){
            .code = "bad-argument", .nl = nl, .en = en, .where = option});
}

/* --crash and --lang; -1 or an exit code. */
static int read_options(const struct sk_parsed *parsed, struct sk_world *w)
{
    const char *crash = sk_cli_get(parsed, "crash");
    const char *lang = sk_cli_get(parsed, "lang");
    char *end = NULL;

    w->dutch = sk_cli_dutch();
    if (lang != NULL) {
        w->dutch = strcmp(lang, "nl") == 0;
        if (!w->dutch && strcmp(lang, "en") != 0)
            return bad_option("--lang", "kies nl of en", "choose nl or en");
    }
    w->crash_seed = 0;
    if (crash == NULL)
        return -1;
    errno = 0;
    w->crash_seed = strtoull(crash, &end, 10);
    if (errno != 0 || *end != '\0' || crash[0] < '0' || crash[0] > '9' ||
        w->crash_seed == 0)
        return bad_option("--crash", "geef een getal vanaf 1",
                          "give a number from 1 on");
    return -1;
}

int sk_cmd_rehearse(int argc, char **argv)
{
    static struct sk_world w;
    struct sk_parsed parsed;
    int code = sk_cli_parse(&sk_rehearse_commands[0], argc, argv, &parsed);

    if (code >= 0)
        return code;
    code = read_options(&parsed, &w);
    if (code >= 0)
        return code;
    w.json = sk_cli_json();
    w.keep = sk_cli_has(&parsed, "keep");
    w.file = parsed.operands[0];
    w.arena = sk_arena_start(sk_cli_reserve(ARENA_SIZE), ARENA_SIZE);
    if (w.arena.data == NULL)
        return sk_cli_fail_file(SK_E_MEMORY, w.file);
    w.findings = sk_findings_start(&w.arena);
    w.steps = json_array();
    w.dropped = json_array();
    if (!find_programs(&parsed, &w))
        return sk_cli_fail(
            SK_EXIT_USAGE,
            &(struct sk_problem){
                .code = "no-daemon",
                .nl = "schakeld is niet gevonden",
                .en = "schakeld was not found",
                .where = w.schakeld,
                .next_nl = "bouw het met make, of wijs de map aan met "
                           "--programs",
                .next_en = "build it with make, or name its folder with "
                           "--programs"});
    code = read_story(&w);
    if (code < 0)
        code = find_bundles(&w);
    if (code < 0 && !sk_story_check(&w))
        code = SK_EXIT_USAGE;
    if (code >= 0)
        return code;
    play(&w);
    return w.failures == 0 ? SK_EXIT_YES : SK_EXIT_NO;
}
