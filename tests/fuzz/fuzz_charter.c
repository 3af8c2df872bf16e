/*
 * The input is a folder: for each file a name line, a line with its size in
 * decimal, and its bytes.  Law: what is accepted was signed by keys that
 * nobody has here, so with a threshold nothing is ever valid; a charter.yaml
 * and a MANIFEST that are read write to the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "protocol/charter.h"
#include "protocol/charter_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FILES_MAX 24

static uint8_t again_bytes[131072];
static const struct sk_room again_room = {again_bytes, sizeof(again_bytes)};
static struct sk_charter charter;
static struct sk_charter_fault fault;

static size_t split(struct sk_bytes in, struct sk_charter_file *files)
{
    size_t count = 0;
    uint64_t size;

    while (count < FILES_MAX && sk_take_until(&in, '\n', &files[count].name) &&
           sk_take_uint(&in, '\n', &size)) {
        if (size > in.size)
            size = in.size;
        files[count].bytes = (struct sk_bytes){in.data, (size_t)size};
        in.data += size;
        in.size -= (size_t)size;
        count++;
    }
    return count;
}

static void must_be_same(enum sk_status status, struct sk_bytes again,
                         struct sk_bytes in)
{
    if (status != SK_OK || !sk_bytes_equal(again, in))
        abort();
}

/* Each text on its own, so that no hash stands in the way. */
static void check_texts(struct sk_bytes in)
{
    struct sk_manifest manifest;
    struct sk_bytes again = {0};
    enum sk_status status;

    if (sk_manifest_decode(in, &manifest) == SK_OK) {
        status = sk_manifest_encode(&manifest, again_room, &again);
        must_be_same(status, again, in);
    }
    memset(&charter, 0, sizeof(charter));
    if (sk_charter_decode(in, &charter, &fault) == SK_OK) {
        status = sk_charter_encode(&charter, again_room, &again);
        must_be_same(status, again, in);
    }
}

/*
 * The same folder with a MANIFEST that fits it, so that what lies behind the
 * hashes is reached too.
 */
static void check_pinned(struct sk_charter_file *files, size_t count)
{
    static uint8_t room[SK_MANIFEST_SIZE_MAX];
    struct sk_charter draft = {0};
    struct sk_bytes manifest = {0};

    for (size_t i = 0; i < count; i++) {
        if (sk_bytes_equal(files[i].name, sk_text("charter.yaml")))
            draft.charter_yaml = files[i].bytes;
        if (sk_bytes_equal(files[i].name, sk_text("partners.yaml")))
            draft.partners_yaml = files[i].bytes;
        if (sk_bytes_equal(files[i].name, sk_text("guards.yaml")))
            draft.guards_yaml = files[i].bytes;
        if (sk_bytes_equal(files[i].name, sk_text("vocabulary.yaml")))
            draft.vocabulary_yaml = files[i].bytes;
    }
    memset(&charter, 0, sizeof(charter));
    if (sk_charter_decode(draft.charter_yaml, &charter, &fault) != SK_OK)
        return;
    draft.id = charter.id;
    draft.version = charter.version;
    draft.has_previous = charter.has_previous;
    draft.previous = charter.previous;
    if (sk_charter_manifest(&draft, (struct sk_room){room, sizeof(room)},
                            &manifest) != SK_OK)
        abort();
    for (size_t i = 0; i < count; i++)
        if (sk_bytes_equal(files[i].name, sk_text("MANIFEST")))
            files[i].bytes = manifest;
    if (sk_charter_verify(files, count, NULL, &charter, &fault) == SK_OK)
        abort();
    if (sk_charter_read(files, count, &charter, &fault) == SK_OK &&
        charter.signatures > 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sk_bytes in = {data, size};
    struct sk_charter_file files[FILES_MAX];
    size_t count = split(in, files);

    if (sodium_init() < 0)
        abort();
    check_texts(in);
    for (size_t i = 0; i < count; i++)
        check_texts(files[i].bytes);
    if (sk_charter_verify(files, count, NULL, &charter, &fault) == SK_OK)
        abort();
    if (fault.check == NULL)
        abort();
    check_pinned(files, count);
    return 0;
}
