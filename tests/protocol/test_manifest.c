#include "protocol/sha256.h"
#include "support.h"

#include "protocol/manifest.h"

/* sha256sum of nothing. */
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const char first[] =
    "format: manifest/1\n"
    "of: charter/kempen\n"
    "version: 1\n" EMPTY "  0  charter.yaml\n" EMPTY "  0  guards.yaml\n";
static const char second[] =
    "format: manifest/1\n"
    "of: policy/ocmw-mol\n"
    "version: 2\n"
    "previous: " EMPTY "\n" EMPTY "  1048576  policy.yaml\n";

static enum sk_status decode(const char *text)
{
    static struct sk_manifest manifest;

    return sk_manifest_decode(sk_text(text), &manifest);
}

Test(manifest, reads_what_it_says)
{
    struct sk_manifest manifest;
    struct sk_hash empty;

    sk_sha256((struct sk_bytes){0}, &empty);
    cr_assert(eq(int, sk_manifest_decode(sk_text(first), &manifest), SK_OK));
    cr_expect(sk_bytes_equal(manifest.kind, sk_text("charter")));
    cr_expect(sk_bytes_equal(manifest.name, sk_text("kempen")));
    cr_expect(eq(u64, manifest.version, 1));
    cr_expect(not(manifest.has_previous));
    cr_assert(eq(sz, manifest.files_count, 2));
    cr_expect(sk_bytes_equal(manifest.files[1].name, sk_text("guards.yaml")));
    cr_expect(sk_hash_equal(&manifest.files[1].sha256, &empty));

    cr_assert(eq(int, sk_manifest_decode(sk_text(second), &manifest), SK_OK));
    cr_expect(manifest.has_previous);
    cr_expect(sk_hash_equal(&manifest.previous, &empty));
    cr_expect(eq(u64, manifest.files[0].size, 1048576));
}

Test(manifest, writes_the_same_bytes)
{
    const char *const texts[] = {first, second};
    uint8_t out_room[SK_MANIFEST_SIZE_MAX];

    for (size_t i = 0; i < SK_COUNT(texts); i++) {
        struct sk_manifest manifest;
        struct sk_bytes out = {0};
        struct sk_bytes text = sk_text(texts[i]);

        cr_assert(eq(int, sk_manifest_decode(text, &manifest), SK_OK));
        for (size_t size = 0; size < text.size; size++)
            cr_assert(eq(int,
                         sk_manifest_encode(
                             &manifest, (struct sk_room){out_room, size}, &out),
                         SK_E_NO_ROOM));
        cr_assert(
            eq(int,
               sk_manifest_encode(&manifest,
                                  (struct sk_room){out_room, text.size}, &out),
               SK_OK));
        cr_expect(sk_bytes_equal(out, text));
    }
}

/* One row per rule of the header. */
Test(manifest, refuses_every_other_form)
{
    static const char head[] = "format: manifest/1\nof: charter/kempen\n";
    static const char file[] = EMPTY "  0  a\n";
    static const struct {
        const char *name;
        const char *parts[3];
    } rows[] = {
        {"no format", {"of: charter/kempen\nversion: 1\n", file, ""}},
        {"other format",
         {"format: manifest/2\nof: charter/k\nversion: 1\n", file, ""}},
        {"no name", {"format: manifest/1\nof: charter/\nversion: 1\n", file}},
        {"no kind", {"format: manifest/1\nof: kempen\nversion: 1\n", file}},
        {"upper case",
         {"format: manifest/1\nof: charter/K\nversion: 1\n", file}},
        {"version 0", {head, "version: 0\n", file}},
        {"leading zero", {head, "version: 01\n", file}},
        {"sign", {head, "version: +1\n", file}},
        {"version too long", {head, "version: 1000000000\n", file}},
        {"previous in version 1",
         {head, "version: 1\nprevious: " EMPTY "\n", file}},
        {"no previous in version 2", {head, "version: 2\n", file}},
        {"short previous", {head, "version: 2\nprevious: abcd\n", file}},
        {"no files", {head, "version: 1\n", ""}},
        {"one space", {head, "version: 1\n", EMPTY " 0  a\n"}},
        {"three spaces", {head, "version: 1\n", EMPTY "   0  a\n"}},
        {"no size", {head, "version: 1\n", EMPTY "    a\n"}},
        {"size too large", {head, "version: 1\n", EMPTY "  1048577  a\n"}},
        {"no name of a file", {head, "version: 1\n", EMPTY "  0  \n"}},
        {"folder in a name", {head, "version: 1\n", EMPTY "  0  a/b\n"}},
        {"hidden file", {head, "version: 1\n", EMPTY "  0  .a\n"}},
        {"space in a name", {head, "version: 1\n", EMPTY "  0  a b\n"}},
        {"not sorted",
         {head, "version: 1\n", EMPTY "  0  b\n" EMPTY "  0  a\n"}},
        {"twice", {head, "version: 1\n", EMPTY "  0  a\n" EMPTY "  0  a\n"}},
        {"no line end", {head, "version: 1\n", EMPTY "  0  a"}},
        {"empty line", {head, "version: 1\n\n", file}},
        {"carriage return", {head, "version: 1\r\n", file}},
        {"upper-case hex",
         {head, "version: 1\n",
          "E3B0C44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
          "  0  a\n"}},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        char text[1024];

        snprintf(text, sizeof(text), "%s%s%s", rows[i].parts[0],
                 rows[i].parts[1] == NULL ? "" : rows[i].parts[1],
                 rows[i].parts[2] == NULL ? "" : rows[i].parts[2]);
        cr_expect(eq(int, decode(text), SK_E_BAD_FORM), "%s", rows[i].name);
    }
}

Test(manifest, refuses_every_truncation)
{
    struct sk_bytes text = sk_text(second);

    for (size_t size = 0; size < text.size; size++) {
        struct sk_bytes part = exact_copy((struct sk_bytes){text.data, size});
        struct sk_manifest manifest;

        cr_expect(eq(int, sk_manifest_decode(part, &manifest), SK_E_BAD_FORM));
    }
}

Test(manifest, holds_files_up_to_its_limit)
{
    static char text[2 * SK_MANIFEST_SIZE_MAX];
    struct sk_manifest manifest;

    strcpy(text, "format: manifest/1\nof: charter/kempen\nversion: 1\n");
    for (int i = 0; i <= SK_MANIFEST_FILES_MAX; i++) {
        char line[100];

        snprintf(line, sizeof(line), EMPTY "  0  f%02d\n", i);
        strcat(text, line);
        cr_expect(eq(int, sk_manifest_decode(sk_text(text), &manifest),
                     i < SK_MANIFEST_FILES_MAX ? SK_OK : SK_E_TOO_LARGE));
    }
    memset(text, 'x', SK_MANIFEST_SIZE_MAX + 1);
    cr_expect(eq(int, decode(text), SK_E_TOO_LARGE));
    text[SK_MANIFEST_SIZE_MAX] = '\0';
    cr_expect(eq(int, decode(text), SK_E_BAD_FORM));
}

Test(manifest, finds_a_changed_file)
{
    struct sk_manifest manifest;

    cr_assert(eq(int, sk_manifest_decode(sk_text(first), &manifest), SK_OK));
    cr_expect(eq(int,
                 sk_manifest_check(&manifest, sk_text("guards.yaml"),
                                   (struct sk_bytes){0}),
                 SK_OK));
    cr_expect(eq(
        int, sk_manifest_check(&manifest, sk_text("guards.yaml"), sk_text("x")),
        SK_E_BAD_HASH));
    cr_expect(eq(int,
                 sk_manifest_check(&manifest, sk_text("other.yaml"),
                                   (struct sk_bytes){0}),
                 SK_E_NOT_FOUND));
    /* The size is checked too. */
    manifest.files[1].size = 1;
    cr_expect(eq(int,
                 sk_manifest_check(&manifest, sk_text("guards.yaml"),
                                   (struct sk_bytes){0}),
                 SK_E_BAD_HASH));
}
