/* charter.yaml and the MANIFEST of a charter: written and read. */
#include "protocol/charter.h"

#include <string.h>

#include "protocol/charter_text.h"
#include "protocol/sha256.h"

static const char format_line[] = "format: charter/1\n";
static const char id_key[] = "charter: ";
static const char version_key[] = "version: ";
static const char previous_key[] = "previous: ";
static const char threshold_key[] = "threshold: ";
static const char stewards_key[] = "stewards: [";
static const char identities_line[] = "identities:\n";

struct sk_charter_identity *
sk_charter_find(struct sk_charter_identity *identities, size_t count,
                struct sk_bytes org)
{
    for (size_t i = 0; i < count; i++)
        if (sk_bytes_equal(sk_org_text(&identities[i].org), org))
            return &identities[i];
    return NULL;
}

/* ------------------------------------------------------------- reading */
static enum sk_status fail(struct sk_charter_fault *fault, const char *check,
                           struct sk_bytes subject, enum sk_status status)
{
    *fault = (struct sk_charter_fault){.check = check, .subject = subject};
    return status;
}

static bool take_head(struct sk_bytes *rest, struct sk_charter *charter,
                      uint64_t *threshold)
{
    struct sk_bytes id;

    if (!sk_take_text(rest, format_line) || !sk_take_text(rest, id_key) ||
        !sk_take_until(rest, '\n', &id) || !sk_org_parse(id, &charter->id) ||
        !sk_take_text(rest, version_key) ||
        !sk_take_uint(rest, '\n', &charter->version))
        return false;
    charter->has_previous = sk_take_text(rest, previous_key);
    if (charter->has_previous && !sk_take_hash(rest, '\n', &charter->previous))
        return false;
    return sk_take_text(rest, threshold_key) &&
           sk_take_uint(rest, '\n', threshold);
}

static bool take_identity(struct sk_bytes *rest,
                          struct sk_charter_identity *identity)
{
    struct sk_bytes org;
    struct sk_bytes key;

    return sk_take_text(rest, "  ") && sk_take_until(rest, ':', &org) &&
           sk_take_text(rest, " ") && sk_take_until(rest, '\n', &key) &&
           key.size == SK_MINISIGN_KEY_TEXT_SIZE &&
           sk_org_parse(org, &identity->org) &&
           sk_minisign_key_parse(key, &identity->key) == SK_OK;
}

static enum sk_status take_identities(struct sk_bytes rest,
                                      struct sk_charter *charter)
{
    while (rest.size > 0) {
        struct sk_charter_identity *identity =
            &charter->identities[charter->identities_count];

        if (charter->identities_count == SK_PARTNERS_MAX)
            return SK_E_TOO_LARGE;
        if (!take_identity(&rest, identity))
            return SK_E_BAD_FORM;
        if (charter->identities_count > 0 &&
            sk_bytes_compare(sk_org_text(&identity[-1].org),
                             sk_org_text(&identity->org)) >= 0)
            return SK_E_BAD_FORM;
        charter->identities_count++;
    }
    return charter->identities_count == 0 ? SK_E_BAD_FORM : SK_OK;
}

/* "a, b, c": ascending, each with an identity key. */
static enum sk_status mark_stewards(struct sk_bytes list,
                                    struct sk_charter *charter,
                                    struct sk_charter_fault *fault)
{
    struct sk_bytes before = {0};

    while (list.size > 0) {
        const uint8_t *comma = memchr(list.data, ',', list.size);
        struct sk_bytes org = list;
        struct sk_charter_identity *identity;

        if (comma != NULL)
            org.size = (size_t)(comma - list.data);
        list.data += org.size;
        list.size -= org.size;
        if (comma != NULL && (!sk_take_text(&list, ", ") || list.size == 0))
            return fail(fault, "charter-yaml", org, SK_E_BAD_FORM);
        if (sk_bytes_compare(before, org) >= 0)
            return fail(fault, "charter-yaml", org, SK_E_BAD_FORM);
        identity = sk_charter_find(charter->identities,
                                   charter->identities_count, org);
        if (identity == NULL)
            return fail(fault, "steward", org, SK_E_BAD_VALUE);
        if (charter->stewards_count == SK_STEWARDS_MAX)
            return fail(fault, "steward", org, SK_E_TOO_LARGE);
        identity->steward = true;
        charter->stewards_count++;
        before = org;
    }
    return SK_OK;
}

enum sk_status sk_charter_decode(struct sk_bytes in, struct sk_charter *charter,
                                 struct sk_charter_fault *fault)
{
    const struct sk_bytes name = sk_text("charter.yaml");
    struct sk_bytes rest = in;
    struct sk_bytes stewards;
    uint64_t threshold = 0;
    enum sk_status status;

    if (!take_head(&rest, charter, &threshold) ||
        !sk_take_text(&rest, stewards_key) ||
        !sk_take_until(&rest, ']', &stewards) || !sk_take_text(&rest, "\n") ||
        !sk_take_text(&rest, identities_line))
        return fail(fault, "charter-yaml", name, SK_E_BAD_FORM);
    status = take_identities(rest, charter);
    if (status != SK_OK)
        return fail(fault, "charter-yaml", name, status);
    SK_TRY(mark_stewards(stewards, charter, fault));
    if (charter->version == 0 ||
        charter->has_previous != (charter->version > 1))
        return fail(fault, "version", name, SK_E_BAD_VALUE);
    if (threshold == 0 || threshold > charter->stewards_count)
        return fail(fault, "threshold", name, SK_E_BAD_VALUE);
    charter->threshold = (size_t)threshold;
    return SK_OK;
}

/* ------------------------------------------------------------- writing */
static void put_line(struct sk_lines *lines, const char *key,
                     struct sk_bytes value)
{
    sk_lines_text(lines, key);
    sk_lines_put(lines, value);
    sk_lines_text(lines, "\n");
}

static void put_number(struct sk_lines *lines, const char *key, uint64_t number)
{
    sk_lines_text(lines, key);
    sk_lines_uint(lines, number);
    sk_lines_text(lines, "\n");
}

enum sk_status sk_charter_encode(const struct sk_charter *charter,
                                 struct sk_room room, struct sk_bytes *out)
{
    struct sk_lines lines = sk_lines_start(room);
    bool first = true;

    assert(charter->identities_count >= 1);
    assert(charter->identities_count <= SK_PARTNERS_MAX);
    assert(charter->has_previous == (charter->version > 1));
    sk_lines_text(&lines, format_line);
    put_line(&lines, id_key, sk_org_text(&charter->id));
    put_number(&lines, version_key, charter->version);
    if (charter->has_previous) {
        sk_lines_text(&lines, previous_key);
        sk_lines_hash(&lines, &charter->previous);
        sk_lines_text(&lines, "\n");
    }
    put_number(&lines, threshold_key, charter->threshold);
    sk_lines_text(&lines, stewards_key);
    for (size_t i = 0; i < charter->identities_count; i++) {
        if (!charter->identities[i].steward)
            continue;
        sk_lines_text(&lines, first ? "" : ", ");
        sk_lines_put(&lines, sk_org_text(&charter->identities[i].org));
        first = false;
    }
    sk_lines_text(&lines, "]\n");
    sk_lines_text(&lines, identities_line);
    for (size_t i = 0; i < charter->identities_count; i++) {
        const struct sk_charter_identity *identity = &charter->identities[i];
        char key[SK_MINISIGN_KEY_TEXT_SIZE + 1];

        assert(i == 0 || sk_bytes_compare(sk_org_text(&identity[-1].org),
                                          sk_org_text(&identity->org)) < 0);
        sk_minisign_key_format(&identity->key, key);
        sk_lines_text(&lines, "  ");
        sk_lines_put(&lines, sk_org_text(&identity->org));
        put_line(&lines, ": ", sk_text(key));
    }
    return sk_lines_finish(&lines, out);
}

static struct sk_manifest_file pin(const char *name, struct sk_bytes bytes)
{
    struct sk_manifest_file file = {.name = sk_text(name), .size = bytes.size};

    sk_sha256(bytes, &file.sha256);
    return file;
}

enum sk_status sk_charter_manifest(const struct sk_charter *charter,
                                   struct sk_room room, struct sk_bytes *out)
{
    struct sk_manifest manifest = {
        .kind = sk_text("charter"),
        .name = sk_org_text(&charter->id),
        .version = charter->version,
        .has_previous = charter->has_previous,
        .previous = charter->previous,
        .files = {pin("charter.yaml", charter->charter_yaml),
                  pin("guards.yaml", charter->guards_yaml),
                  pin("partners.yaml", charter->partners_yaml),
                  pin("vocabulary.yaml", charter->vocabulary_yaml)},
        .files_count = 4,
    };

    return sk_manifest_encode(&manifest, room, out);
}
