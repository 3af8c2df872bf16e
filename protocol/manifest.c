#include "protocol/manifest.h"

#include <string.h>

#include "protocol/sha256.h"

static const char format_line[] = "format: manifest/1\n";
static const char of_key[] = "of: ";
static const char version_key[] = "version: ";
static const char previous_key[] = "previous: ";

/* ------------------------------------------------------------- writing */
enum sk_status sk_manifest_encode(const struct sk_manifest *manifest,
                                  struct sk_room room, struct sk_bytes *out)
{
    struct sk_lines t = sk_lines_start(room);

    assert(manifest->files_count >= 1);
    assert(manifest->files_count <= SK_MANIFEST_FILES_MAX);
    assert(manifest->has_previous == (manifest->version > 1));
    sk_lines_text(&t, format_line);
    sk_lines_text(&t, of_key);
    sk_lines_put(&t, manifest->kind);
    sk_lines_text(&t, "/");
    sk_lines_put(&t, manifest->name);
    sk_lines_text(&t, "\n");
    sk_lines_text(&t, version_key);
    sk_lines_uint(&t, manifest->version);
    sk_lines_text(&t, "\n");
    if (manifest->has_previous) {
        sk_lines_text(&t, previous_key);
        sk_lines_hash(&t, &manifest->previous);
        sk_lines_text(&t, "\n");
    }
    for (size_t i = 0; i < manifest->files_count; i++) {
        const struct sk_manifest_file *file = &manifest->files[i];

        assert(i == 0 || sk_bytes_compare(file[-1].name, file->name) < 0);
        sk_lines_hash(&t, &file->sha256);
        sk_lines_text(&t, "  ");
        sk_lines_uint(&t, file->size);
        sk_lines_text(&t, "  ");
        sk_lines_put(&t, file->name);
        sk_lines_text(&t, "\n");
    }
    return sk_lines_finish(&t, out);
}

/* ------------------------------------------------------------- reading */
static bool is_letter_or_digit(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
}

/* A plain name: no folder, nothing hidden, nothing a shell would touch. */
static bool is_file_name(struct sk_bytes name)
{
    if (name.size == 0 || name.size > SK_MANIFEST_FILE_NAME_SIZE_MAX ||
        !is_letter_or_digit(name.data[0]))
        return false;
    for (size_t i = 1; i < name.size; i++)
        if (!is_letter_or_digit(name.data[i]) && name.data[i] != '.' &&
            name.data[i] != '_' && name.data[i] != '-')
            return false;
    return true;
}

static bool take_head(struct sk_bytes *rest, struct sk_manifest *manifest)
{
    struct sk_org id;

    if (!sk_take_text(rest, format_line) || !sk_take_text(rest, of_key) ||
        !sk_take_until(rest, '/', &manifest->kind) ||
        !sk_take_until(rest, '\n', &manifest->name) ||
        !sk_org_parse(manifest->kind, &id) ||
        !sk_org_parse(manifest->name, &id))
        return false;
    if (!sk_take_text(rest, version_key) ||
        !sk_take_uint(rest, '\n', &manifest->version) || manifest->version == 0)
        return false;
    manifest->has_previous = sk_take_text(rest, previous_key);
    if (manifest->has_previous &&
        !sk_take_hash(rest, '\n', &manifest->previous))
        return false;
    return manifest->has_previous == (manifest->version > 1);
}

static bool take_file(struct sk_bytes *rest, struct sk_manifest_file *file)
{
    return sk_take_hash(rest, ' ', &file->sha256) && sk_take_text(rest, " ") &&
           sk_take_uint(rest, ' ', &file->size) && sk_take_text(rest, " ") &&
           sk_take_until(rest, '\n', &file->name) &&
           file->size <= SK_YAML_SIZE_MAX && is_file_name(file->name);
}

enum sk_status sk_manifest_decode(struct sk_bytes in, struct sk_manifest *out)
{
    struct sk_manifest manifest = {0};

    if (in.size > SK_MANIFEST_SIZE_MAX)
        return SK_E_TOO_LARGE;
    if (!take_head(&in, &manifest))
        return SK_E_BAD_FORM;
    while (in.size > 0) {
        struct sk_manifest_file *file = &manifest.files[manifest.files_count];

        if (manifest.files_count == SK_MANIFEST_FILES_MAX)
            return SK_E_TOO_LARGE;
        if (!take_file(&in, file))
            return SK_E_BAD_FORM;
        if (manifest.files_count > 0 &&
            sk_bytes_compare(file[-1].name, file->name) >= 0)
            return SK_E_BAD_FORM;
        manifest.files_count++;
    }
    if (manifest.files_count == 0)
        return SK_E_BAD_FORM;
    *out = manifest;
    return SK_OK;
}

/* --------------------------------------------------------------- check */
const struct sk_manifest_file *
sk_manifest_find(const struct sk_manifest *manifest, struct sk_bytes name)
{
    for (size_t i = 0; i < manifest->files_count; i++)
        if (sk_bytes_equal(manifest->files[i].name, name))
            return &manifest->files[i];
    return NULL;
}

enum sk_status sk_manifest_check(const struct sk_manifest *manifest,
                                 struct sk_bytes name, struct sk_bytes bytes)
{
    const struct sk_manifest_file *file = sk_manifest_find(manifest, name);
    struct sk_hash hash;

    if (file == NULL)
        return SK_E_NOT_FOUND;
    sk_sha256(bytes, &hash);
    if (file->size != bytes.size || !sk_hash_equal(&file->sha256, &hash))
        return SK_E_BAD_HASH;
    return SK_OK;
}
