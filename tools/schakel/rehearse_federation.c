#include "tools/schakel/rehearse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/minisign.h"
#include "tools/schakel/nodedir.h"

/* ------------------------------------------------------------- reading */
static struct sk_bytes read_file(struct sk_world *w, const char *path)
{
    FILE *file = fopen(path, "rb");
    struct sk_bytes bytes;
    uint8_t *data;
    size_t size;

    if (file == NULL)
        sk_world_die(w, "cannot read %s: %s", path, strerror(errno));
    data = sk_world_must(w, malloc(SK_YAML_SIZE_MAX + 2));
    size = fread(data, 1, SK_YAML_SIZE_MAX + 1, file);
    fclose(file);
    bytes = sk_arena_copy(&w->arena, (struct sk_bytes){data, size});
    free(data);
    if (w->arena.full)
        sk_world_die(w, "%s: out of memory", path);
    return bytes;
}

static const struct sk_node *read_yaml(struct sk_world *w, const char *path)
{
    struct sk_node *tree = NULL;

    if (sk_yaml_read(path, read_file(w, path), &w->arena, &w->findings,
                     &tree) != SK_OK)
        sk_world_die(w, "%s: out of memory", path);
    for (size_t i = 0; tree == NULL && i < w->findings.count; i++) {
        const struct sk_finding *f = &w->findings.list[i];

        fprintf(stderr, "%s:%u:%u: %s: %s\n", f->place.file, f->place.line,
                f->place.column, f->code, w->dutch ? f->nl : f->en);
    }
    if (tree == NULL)
        sk_world_die(w, "%s cannot be read", path);
    return tree;
}

/* The files that a node's bundle.yaml names. */
static void load_bundle(struct sk_world *w, struct sk_actor *actor)
{
    static const char *const keys[SK_SOURCE_COUNT] = {
        "vocabulary", "partners", "guards", "policy", "invariants"};
    char *path = sk_world_path(w, "%s/bundle.yaml", actor->bundle_dir);
    const struct sk_node *bundle = read_yaml(w, path);
    struct sk_bundle *loaded = NULL;

    for (size_t i = 0; i < SK_SOURCE_COUNT; i++) {
        const char *name = sk_step_text(bundle, keys[i]);

        actor->sources.of[i].name = keys[i];
        if (name[0] == '\0')
            continue;
        path = name[0] == '/'
                   ? sk_world_path(w, "%s", name)
                   : sk_world_path(w, "%s/%s", actor->bundle_dir, name);
        actor->sources.of[i].name = path;
        actor->sources.of[i].bytes = read_file(w, path);
    }
    if (sk_sources_read(&actor->sources, &w->arena) != SK_OK ||
        sk_sources_load(&actor->sources, INT32_MIN, &w->arena, &w->findings,
                        &loaded) != SK_OK)
        sk_world_die(w, "%s: out of memory", actor->bundle_dir);
    if (loaded == NULL)
        sk_world_die(w,
                     "the bundle in %s has errors; run: schakel policy "
                     "check %s",
                     actor->bundle_dir, actor->bundle_dir);
    w->words = loaded;
}

static void read_roster(struct sk_world *w)
{
    char *path = sk_world_path(w, "%s/partners.yaml", w->bundles);
    const struct sk_node *roster = read_yaml(w, path);
    const struct sk_node *orgs = sk_node_get(roster, "orgs");

    for (const struct sk_node *org = orgs == NULL ? NULL : orgs->first;
         org != NULL; org = org->next) {
        struct sk_actor *actor = &w->actors[w->actors_count];
        struct stat exists;

        if (w->actors_count == SK_ACTORS_MAX)
            sk_world_die(w, "more than %d partners in one story",
                         SK_ACTORS_MAX);
        w->actors_count++;
        actor->org = sk_world_must(w, strdup((const char *)org->key.data));
        actor->name = sk_world_must(w, strdup(sk_step_text(org, "name")));
        actor->active = strcmp(sk_step_text(org, "status"), "left") != 0;
        actor->suspended =
            strcmp(sk_step_text(org, "status"), "suspended") == 0;
        path = sk_world_path(w, "%s/nodes/%s", w->bundles, actor->org);
        if (stat(path, &exists) == 0) {
            actor->bundle_dir = path;
            load_bundle(w, actor);
        }
    }
    if (w->actors_count == 0)
        sk_world_die(w, "%s/partners.yaml names no partners", w->bundles);
    if (w->words == NULL)
        sk_world_die(w, "no partner in %s has a bundle", w->bundles);
    w->glossary = sk_world_must(
        w, sk_glossary_of(sk_bundle_vocabulary(w->words), w->dutch));
}

static void write_file(struct sk_world *w, const char *path,
                       struct sk_bytes bytes)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL || fwrite(bytes.data, 1, bytes.size, file) != bytes.size ||
        fclose(file) != 0)
        sk_world_die(w, "cannot write %s: %s", path, strerror(errno));
}

static int free_port(struct sk_world *w)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int port = 0;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 &&
        bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &size) == 0)
        port = ntohs(address.sin_port);
    if (fd >= 0)
        close(fd);
    if (port == 0)
        sk_world_die(w, "no free port on loopback: %s", strerror(errno));
    return port;
}

static void init_nodes(struct sk_world *w)
{
    char *key = sk_world_path(w, "%s/key", w->root);
    uint8_t secret_bytes[32];

    if (getrandom(secret_bytes, sizeof(secret_bytes), 0) !=
        (ssize_t)sizeof(secret_bytes))
        sk_world_die(w, "no randomness: %s", strerror(errno));
    write_file(w, key, (struct sk_bytes){secret_bytes, sizeof(secret_bytes)});
    chmod(key, 0600);
    for (size_t i = 0; i < w->actors_count; i++) {
        struct sk_actor *actor = &w->actors[i];
        char *endpoint;

        if (!actor->active)
            continue;
        actor->port = free_port(w);
        actor->dir = sk_world_path(w, "%s/%s", w->root, actor->org);
        endpoint = sk_world_path(w, "tcp://127.0.0.1:%d", actor->port);
        sk_world_run(w, (char *[]){(char *)(uintptr_t)w->schakel, "init",
                                   "--dir", actor->dir, "--org", actor->org,
                                   "--endpoint", endpoint, "--listen", endpoint,
                                   "--key-file", key, NULL});
    }
}

/* The first partner that runs a node signs the charters. */
static const struct sk_actor *steward_of(struct sk_world *w)
{
    for (size_t i = 0; i < w->actors_count; i++)
        if (w->actors[i].active)
            return &w->actors[i];
    sk_world_die(w, "no partner of the story is active");
}

static void sign_charter(struct sk_world *w, char *charter)
{
    sk_world_run(w, (char *[]){(char *)(uintptr_t)w->schakel, "charter", "sign",
                               "--dir", steward_of(w)->dir, charter, NULL});
}

static void import_charter(struct sk_world *w, const struct sk_actor *actor,
                           char *charter)
{
    sk_world_run(w, (char *[]){(char *)(uintptr_t)w->schakel, "charter",
                               "import", "--dir", actor->dir, charter, NULL});
}

/* A charter of the story's own files, signed by its first partner. */
static void make_charter(struct sk_world *w)
{
    char *argv[24 + 2 * SK_ACTORS_MAX];
    char *charter = sk_world_path(w, "%s/charter-0", w->root);
    const struct sk_source *of = NULL;
    const struct sk_actor *steward = steward_of(w);
    char *roster = sk_world_path(w, "%s/partners.yaml", w->bundles);
    size_t n = 0;

    for (size_t i = 0; i < w->actors_count; i++) {
        if (of == NULL && w->actors[i].bundle_dir != NULL)
            of = w->actors[i].sources.of;
    }
    assert(of != NULL);
    w->roster =
        sk_world_must(w, strdup((const char *)read_file(w, roster).data));
    argv[n++] = (char *)(uintptr_t)w->schakel;
    argv[n++] = "charter";
    argv[n++] = "new";
    argv[n++] = "--out";
    argv[n++] = charter;
    argv[n++] = "--id";
    argv[n++] = "rehearsal";
    argv[n++] = "--vocabulary";
    argv[n++] = (char *)(uintptr_t)of[SK_SOURCE_VOCABULARY].name;
    argv[n++] = "--guards";
    argv[n++] = (char *)(uintptr_t)of[SK_SOURCE_GUARDS].name;
    argv[n++] = "--partners";
    argv[n++] = roster;
    argv[n++] = "--threshold";
    argv[n++] = "1";
    argv[n++] = "--steward";
    argv[n++] = steward->org;
    for (size_t i = 0; i < w->actors_count; i++) {
        if (!w->actors[i].active)
            continue;
        argv[n++] = "--card";
        argv[n++] = sk_world_path(w, "%s/own.card", w->actors[i].dir);
    }
    argv[n] = NULL;
    sk_world_run(w, argv);
    sign_charter(w, charter);
}

/* The roster with one more line under a partner; it outlives its step. */
static void change_roster(struct sk_world *w, const char *org,
                          const char *status)
{
    char *head = sk_world_path(w, "\n  %s:\n", org);
    const char *at = strstr(w->roster, head);
    char *text = NULL;
    int front;

    if (at == NULL)
        sk_world_die(w, "the roster has no partner %s", org);
    at += strlen(head);
    front = (int)(at - w->roster);
    if (asprintf(&text, "%.*s    status: %s\n%s", front, w->roster, status,
                 at) < 0)
        sk_world_die(w, "out of memory");
    free(w->roster);
    w->roster = text;
}

void sk_world_standing(struct sk_world *w, const char *org, const char *status)
{
    char *before = sk_world_path(w, "%s/charter-%zu", w->root, w->charters);
    char *charter = sk_world_path(w, "%s/charter-%zu", w->root, ++w->charters);
    char *roster =
        sk_world_path(w, "%s/partners-%zu.yaml", w->root, w->charters);

    change_roster(w, org, status);
    write_file(w, roster, sk_text(w->roster));
    sk_world_run(w, (char *[]){(char *)(uintptr_t)w->schakel, "charter", "add",
                               "--out", charter, "--partners", roster, before,
                               NULL});
    sign_charter(w, charter);
    for (size_t i = 0; i < w->actors_count; i++)
        if (w->actors[i].online)
            import_charter(w, &w->actors[i], charter);
}

/* ------------------------------------------------------------- policies
 * Signed by two officers of the story, with the commands that people use. */

#define OFFICERS 2
static const char *const officer_names[OFFICERS] = {"deputy", "dpo"};

static void make_officer(struct sk_world *w, size_t i, FILE *list)
{
    char *path = sk_world_path(w, "%s/%s.key", w->root, officer_names[i]);
    char base64[SK_MINISIGN_KEY_TEXT_SIZE + 1];
    uint8_t room[SK_MINISIGN_SECRET_SIZE_MAX];
    struct sk_sign_secret secret;
    struct sk_sign_public public;
    struct sk_minisign_key key;
    struct sk_seed seed;
    struct sk_bytes bytes;

    sk_seed_fill(&seed);
    sk_sign_keypair(&seed, &public, &secret);
    sk_minisign_key_of(&public, &key);
    if (sk_minisign_secret_format(&secret, &key,
                                  (struct sk_room){room, sizeof(room)},
                                  &bytes) != SK_OK)
        sk_world_die(w, "cannot make %s", path);
    write_file(w, path, bytes);
    chmod(path, 0600);
    sk_wipe(room, sizeof(room));
    sk_wipe(&secret, sizeof(secret));
    sk_minisign_key_format(&key, base64);
    fprintf(list, "  %s: %s\n", officer_names[i], base64);
}

static void make_officers(struct sk_world *w)
{
    char *path = sk_world_path(w, "%s/officers.yaml", w->root);
    FILE *list = fopen(path, "w");

    if (list == NULL)
        sk_world_die(w, "cannot write %s: %s", path, strerror(errno));
    fputs("format: officers/1\nofficers:\n", list);
    for (size_t i = 0; i < OFFICERS; i++)
        make_officer(w, i, list);
    if (fclose(list) != 0)
        sk_world_die(w, "cannot write %s: %s", path, strerror(errno));
}

/* The bundle of a partner beside the list of officers. */
static char *make_bundle(struct sk_world *w, const struct sk_actor *actor)
{
    static const char *const keys[SK_SOURCE_COUNT] = {
        [SK_SOURCE_VOCABULARY] = "vocabulary", [SK_SOURCE_GUARDS] = "guards",
        [SK_SOURCE_PARTNERS] = "partners",     [SK_SOURCE_POLICY] = "policy",
        [SK_SOURCE_INVARIANTS] = "invariants",
    };
    char *dir = sk_world_path(w, "%s/%s.policy", w->root, actor->org);
    char *path = sk_world_path(w, "%s/bundle.yaml", dir);
    char *from = sk_world_path(w, "%s/officers.yaml", w->root);
    char *to = sk_world_path(w, "%s/officers.yaml", dir);
    FILE *bundle = mkdir(dir, 0700) == 0 ? fopen(path, "w") : NULL;

    if (bundle == NULL || symlink(from, to) != 0)
        sk_world_die(w, "cannot write %s: %s", path, strerror(errno));
    fprintf(bundle, "format: bundle/1\nbundle: %s\n", actor->org);
    for (size_t i = 0; i < SK_SOURCE_COUNT; i++) {
        const struct sk_source *one = &actor->sources.of[i];
        char *whole;

        if (one->bytes.size == 0)
            continue;
        whole = sk_world_must(w, realpath(one->name, NULL));
        /* What officers sign lies in the folder, under its own name. */
        if (i == SK_SOURCE_POLICY || i == SK_SOURCE_INVARIANTS) {
            if (symlink(whole, sk_world_path(w, "%s/%s.yaml", dir, keys[i])) !=
                0)
                sk_world_die(w, "cannot write %s: %s", path, strerror(errno));
            fprintf(bundle, "%s: %s.yaml\n", keys[i], keys[i]);
        } else {
            fprintf(bundle, "%s: '%s'\n", keys[i], whole);
        }
        free(whole);
    }
    if (fclose(bundle) != 0)
        sk_world_die(w, "cannot write %s: %s", path, strerror(errno));
    return dir;
}

/* Signed as on a computer without a node: with another folder than SCHAKEL_DIR,
   in which the reader's own may run. */
static void activate_policy(struct sk_world *w, const struct sk_actor *actor)
{
    char *schakel = (char *)(uintptr_t)w->schakel;
    char *dir = make_bundle(w, actor);

    for (size_t i = 0; i < OFFICERS; i++)
        sk_world_run(w, (char *[]){schakel, "policy", "sign", dir, "--first",
                                   "--dir", w->root, "--as",
                                   (char *)(uintptr_t)officer_names[i], "--key",
                                   sk_world_path(w, "%s/%s.key", w->root,
                                                 officer_names[i]),
                                   NULL});
    sk_world_run(w, (char *[]){schakel, "policy", "activate", dir, "--dir",
                               actor->dir, NULL});
}

void sk_federation_make(struct sk_world *w)
{
    read_roster(w);
    init_nodes(w);
    make_charter(w);
    make_officers(w);
}

void sk_federation_join(struct sk_world *w, const struct sk_actor *actor)
{
    import_charter(w, actor, sk_world_path(w, "%s/charter-0", w->root));
    if (actor->bundle_dir != NULL)
        activate_policy(w, actor);
}
