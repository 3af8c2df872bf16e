#include "tools/schakel/bundle_folder.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "policies/read.h"
#include "protocol/limits.h"
#include "tools/schakel/cli.h"

const char *sk_path_join(struct sk_arena *arena, const char *dir,
                         struct sk_bytes name)
{
    size_t size = strlen(dir);
    char *path;

    if (name.size > 0 && name.data[0] == '/')
        return (const char *)sk_arena_copy(arena, name).data;
    path = sk_arena_get(arena, size + 1 + name.size + 1);
    if (path == NULL)
        return NULL;
    memcpy(path, dir, size + 1);
    if (size > 0 && path[size - 1] != '/')
        path[size++] = '/';
    if (name.size != 0)
        memcpy(path + size, name.data, name.size);
    return path;
}

const char *sk_path_folder(struct sk_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct sk_bytes folder = {(const uint8_t *)path, 0};

    if (slash == NULL)
        return ".";
    folder.size = slash == path ? 1 : (size_t)(slash - path);
    return (const char *)sk_arena_copy(arena, folder).data;
}

bool sk_path_is_folder(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

enum sk_status sk_file_read(struct sk_arena *arena, const char *path,
                            struct sk_bytes *out)
{
    struct sk_bytes bytes;
    uint8_t *data;

    SK_TRY(sk_cli_read(path, (size_t)4 * SK_YAML_SIZE_MAX, &bytes));
    data = sk_arena_get(arena, bytes.size + 1);
    if (data != NULL && bytes.size != 0)
        memcpy(data, bytes.data, bytes.size);
    free((void *)(uintptr_t)bytes.data);
    if (data == NULL)
        return SK_E_MEMORY;
    *out = (struct sk_bytes){data, bytes.size};
    return SK_OK;
}

/* ---------------------------------------------------------------- bundle */

static const char *const file_keys[SK_SOURCE_COUNT] = {
    [SK_SOURCE_VOCABULARY] = "vocabulary", [SK_SOURCE_PARTNERS] = "partners",
    [SK_SOURCE_GUARDS] = "guards",         [SK_SOURCE_POLICY] = "policy",
    [SK_SOURCE_INVARIANTS] = "invariants",
};

/* One file; a file that is not there is noted, not an error of the bundle. */
static enum sk_status read_source(struct sk_bundle_folder *folder,
                                  struct sk_arena *arena, const char *dir,
                                  const struct sk_node *node,
                                  struct sk_bytes name,
                                  struct sk_source *source)
{
    enum sk_status status;

    source->name = sk_path_join(arena, dir, name);
    if (source->name == NULL)
        return SK_E_MEMORY;
    status = sk_file_read(arena, source->name, &source->bytes);
    if (status == SK_OK || status == SK_E_MEMORY)
        return status;
    if (folder->missing == NULL) {
        folder->missing = source->name;
        folder->why = status;
        folder->named = node->place;
    }
    return SK_OK;
}

static enum sk_status read_tests(struct sk_bundle_folder *folder,
                                 struct sk_arena *arena,
                                 struct sk_findings *findings, const char *dir,
                                 const struct sk_node *list)
{
    if (list == NULL || !sk_read_is_list(findings, list))
        return SK_OK;
    folder->tests =
        sk_arena_get_array(arena, list->count, sizeof(*folder->tests));
    if (folder->tests == NULL)
        return SK_E_MEMORY;
    for (const struct sk_node *name = list->first; name != NULL;
         name = name->next) {
        struct sk_bytes line;
        const char *path;

        if (!sk_read_line(findings, name, &line))
            continue;
        path = sk_path_join(arena, dir, line);
        if (path == NULL)
            return SK_E_MEMORY;
        folder->tests[folder->tests_count++] = path;
    }
    return SK_OK;
}

static enum sk_status read_bundle(const struct sk_node *tree, const char *dir,
                                  struct sk_arena *arena,
                                  struct sk_findings *findings,
                                  struct sk_bundle_folder *folder)
{
    static const char *const keys[] = {"format",     "bundle",   "vocabulary",
                                       "guards",     "partners", "policy",
                                       "invariants", "tests"};
    const struct sk_node *format = sk_node_get(tree, "format");
    struct sk_bytes name;

    if (sk_node_is(format, "tests/1")) {
        sk_findings_add(findings, "E092", format->place, NULL, 0);
        return SK_OK;
    }
    if (!sk_read_format(findings, tree, "format", "bundle/1"))
        return SK_OK;
    (void)sk_read_keys(findings, tree, keys, SK_COUNT(keys));
    (void)sk_read_line(findings, sk_read_need(findings, tree, "bundle"), &name);
    for (size_t i = 0; i < SK_SOURCE_COUNT; i++) {
        const struct sk_node *node =
            i == SK_SOURCE_INVARIANTS
                ? sk_node_get(tree, file_keys[i])
                : sk_read_need(findings, tree, file_keys[i]);

        folder->sources.of[i].name = file_keys[i];
        if (node != NULL && sk_read_line(findings, node, &name))
            SK_TRY(read_source(folder, arena, dir, node, name,
                               &folder->sources.of[i]));
    }
    return read_tests(folder, arena, findings, dir, sk_node_get(tree, "tests"));
}

enum sk_status sk_bundle_folder_read(const char *path, struct sk_arena *arena,
                                     struct sk_findings *findings,
                                     struct sk_bundle_folder *out)
{
    struct sk_bundle_folder folder = {.missing = NULL};
    const char *file = path;
    const char *dir;
    struct sk_bytes bytes;
    struct sk_node *tree = NULL;
    enum sk_status status;

    if (sk_path_is_folder(path))
        file = sk_path_join(arena, path, sk_text("bundle.yaml"));
    dir = file != NULL ? sk_path_folder(arena, file) : NULL;
    if (dir == NULL)
        return SK_E_MEMORY;
    status = sk_file_read(arena, file, &bytes);
    if (status == SK_E_MEMORY)
        return status;
    if (status != SK_OK) {
        folder.missing = file;
        folder.why = status;
        *out = folder;
        return SK_OK;
    }
    SK_TRY(sk_yaml_read(file, bytes, arena, findings, &tree));
    if (tree == NULL)
        return SK_E_BAD_VALUE;
    SK_TRY(read_bundle(tree, dir, arena, findings, &folder));
    if (findings->errors > 0)
        return SK_E_BAD_VALUE;
    *out = folder;
    return SK_OK;
}
