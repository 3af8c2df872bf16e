#include "protocol/charter.h"

#include <string.h>

#include "protocol/charter_text.h"
#include "protocol/sha256.h"

static const char signature_prefix[] = "MANIFEST.";
static const char signature_suffix[] = ".minisig";
static const char card_prefix[] = "cards/";
static const char card_suffix[] = ".card";

/* What one verification carries around. */
struct check {
    const struct sk_charter_file *files;
    size_t count;
    const struct sk_charter *previous; /* or NULL */
    struct sk_charter *out;
    struct sk_charter_fault *fault;
};

static enum sk_status fail(const struct check *c, const char *check,
                           struct sk_bytes subject, enum sk_status status)
{
    *c->fault = (struct sk_charter_fault){.check = check, .subject = subject};
    return status;
}

/* "cards/sopraco.card" -> "sopraco"; false for another kind of name. */
static bool org_of(struct sk_bytes name, const char *prefix, const char *suffix,
                   struct sk_org *org)
{
    size_t suffix_size = strlen(suffix);

    if (!sk_take_text(&name, prefix) || name.size <= suffix_size ||
        memcmp(name.data + name.size - suffix_size, suffix, suffix_size) != 0)
        return false;
    name.size -= suffix_size;
    return sk_org_parse(name, org);
}

/* ------------------------------------------------------------- files */
/* Where the file of this name goes in the charter, or NULL. */
static struct sk_bytes *place_of(struct sk_charter *charter,
                                 struct sk_bytes name)
{
    const struct {
        const char *name;
        struct sk_bytes *place;
    } places[] = {
        {"charter.yaml", &charter->charter_yaml},
        {"partners.yaml", &charter->partners_yaml},
        {"guards.yaml", &charter->guards_yaml},
        {"vocabulary.yaml", &charter->vocabulary_yaml},
        {SK_MANIFEST_NAME, &charter->manifest_text},
    };

    for (size_t i = 0; i < SK_COUNT(places); i++)
        if (sk_bytes_equal(name, sk_text(places[i].name)))
            return places[i].place;
    return NULL;
}

static bool is_known_name(struct sk_charter *charter, struct sk_bytes name)
{
    struct sk_org org;

    return place_of(charter, name) != NULL ||
           org_of(name, signature_prefix, signature_suffix, &org) ||
           org_of(name, card_prefix, card_suffix, &org);
}

static bool is_twice(const struct check *c, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (sk_bytes_equal(c->files[k].name, c->files[i].name))
            return true;
    return false;
}

static enum sk_status place_files(const struct check *c)
{
    static const char *const needed[] = {"MANIFEST", "charter.yaml",
                                         "partners.yaml", "guards.yaml",
                                         "vocabulary.yaml"};

    if (c->count > SK_CHARTER_FILES_MAX)
        return fail(c, "file-unknown", (struct sk_bytes){0}, SK_E_TOO_LARGE);
    for (size_t i = 0; i < c->count; i++) {
        const struct sk_charter_file *file = &c->files[i];
        struct sk_bytes *place = place_of(c->out, file->name);

        if (!is_known_name(c->out, file->name))
            return fail(c, "file-unknown", file->name, SK_E_BAD_VALUE);
        if (is_twice(c, i))
            return fail(c, "file-twice", file->name, SK_E_BAD_VALUE);
        if (place != NULL)
            *place = file->bytes;
    }
    for (size_t i = 0; i < SK_COUNT(needed); i++)
        if (place_of(c->out, sk_text(needed[i]))->size == 0)
            return fail(c, "file-missing", sk_text(needed[i]), SK_E_BAD_VALUE);
    return SK_OK;
}

/* ---------------------------------------------------------- manifest */
static enum sk_status check_pins(const struct check *c,
                                 const struct sk_manifest *manifest)
{
    static const char *const pinned[] = {"charter.yaml", "partners.yaml",
                                         "guards.yaml", "vocabulary.yaml"};

    for (size_t i = 0; i < manifest->files_count; i++) {
        struct sk_bytes name = manifest->files[i].name;

        if (place_of(c->out, name) == NULL ||
            sk_bytes_equal(name, sk_text(SK_MANIFEST_NAME)))
            return fail(c, "file-missing", name, SK_E_BAD_VALUE);
    }
    for (size_t i = 0; i < SK_COUNT(pinned); i++) {
        struct sk_bytes name = sk_text(pinned[i]);
        enum sk_status status =
            sk_manifest_check(manifest, name, *place_of(c->out, name));

        if (status != SK_OK)
            return fail(c, "file-hash", name, SK_E_BAD_HASH);
    }
    return SK_OK;
}

/* Both say which charter this is: they must say the same. */
static enum sk_status compare(const struct check *c,
                              const struct sk_manifest *manifest)
{
    const struct sk_charter *charter = c->out;
    const struct sk_bytes name = sk_text(SK_MANIFEST_NAME);

    if (!sk_bytes_equal(manifest->kind, sk_text("charter")) ||
        !sk_bytes_equal(manifest->name, sk_org_text(&charter->id)))
        return fail(c, "manifest", name, SK_E_BAD_VALUE);
    if (manifest->version != charter->version)
        return fail(c, "version", name, SK_E_BAD_VALUE);
    if (manifest->has_previous != charter->has_previous ||
        (charter->has_previous &&
         !sk_hash_equal(&manifest->previous, &charter->previous)))
        return fail(c, "previous", name, SK_E_BAD_VALUE);
    return SK_OK;
}

/* DESIGN: versions only grow, each names the one before by its hash. */
static enum sk_status check_order(const struct check *c)
{
    const struct sk_charter *charter = c->out;
    const struct sk_charter *previous = c->previous;
    const struct sk_bytes id = sk_org_text(&charter->id);

    if (sk_hash_equal(&charter->manifest, &previous->manifest))
        return fail(c, "same", id, SK_E_EXISTS);
    if (!sk_org_equal(&charter->id, &previous->id))
        return fail(c, "manifest", id, SK_E_BAD_VALUE);
    if (charter->version <= previous->version)
        return fail(c, "older", id, SK_E_OLD);
    if (charter->version > previous->version + 1)
        return fail(c, "version", id, SK_E_NOT_FOUND);
    if (!sk_hash_equal(&charter->previous, &previous->manifest))
        return fail(c, "previous", id, SK_E_BAD_HASH);
    return SK_OK;
}

/* ------------------------------------------------------------- cards */
static enum sk_status check_cards(const struct check *c)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct sk_charter_file *file = &c->files[i];
        struct sk_charter_identity *identity;
        struct sk_card card;
        struct sk_org org;
        enum sk_status status;

        if (!org_of(file->name, card_prefix, card_suffix, &org))
            continue;
        status = sk_charter_card(c->out, file->bytes, &card);
        if (status == SK_OK && !sk_org_equal(&card.org, &org))
            status = SK_E_BAD_SENDER;
        if (status != SK_OK)
            return fail(c, "card", file->name, status);
        identity = sk_charter_find(c->out->identities, c->out->identities_count,
                                   sk_org_text(&org));
        assert(identity != NULL);
        identity->card = file->bytes;
    }
    return SK_OK;
}

/* --------------------------------------------------------- signatures */
/* True when this is a good signature by that identity key. */
static enum sk_status verify_by(const struct check *c,
                                const struct sk_charter_identity *identity,
                                struct sk_bytes signature)
{
    struct sk_bytes comment;

    if (identity == NULL)
        return SK_E_WRONG_KEY;
    return sk_minisign_verify(&identity->key, c->out->manifest_text, signature,
                              &comment);
}

static enum sk_status check_signature(const struct check *c,
                                      const struct sk_charter_file *file,
                                      const struct sk_org *org)
{
    struct sk_charter_identity *own = sk_charter_find(
        c->out->identities, c->out->identities_count, sk_org_text(org));
    const struct sk_charter_identity *before =
        c->previous == NULL ? NULL : sk_charter_identity(c->previous, org);
    enum sk_status by_own = verify_by(c, own, file->bytes);
    enum sk_status by_before = verify_by(c, before, file->bytes);

    if (by_own == SK_OK)
        own->signed_this = true;
    if (c->previous == NULL ? by_own == SK_OK && own->steward
                            : by_before == SK_OK && before->steward)
        c->out->signatures++;
    if (by_own == SK_OK || by_before == SK_OK)
        return SK_OK;
    /*
     * A steward of a version before may have left or changed its key.  Who
     * does not have that version cannot tell, and does not count it.
     */
    if (by_own == SK_E_WRONG_KEY && c->previous == NULL && c->out->version > 1)
        return SK_OK;
    return fail(c, "signature", file->name,
                by_own == SK_E_WRONG_KEY && by_before != SK_E_WRONG_KEY
                    ? by_before
                    : by_own);
}

static enum sk_status check_signatures(const struct check *c)
{
    c->out->signatures_needed =
        c->previous == NULL ? c->out->threshold : c->previous->threshold;
    for (size_t i = 0; i < c->count; i++) {
        struct sk_org org;

        if (org_of(c->files[i].name, signature_prefix, signature_suffix, &org))
            SK_TRY(check_signature(c, &c->files[i], &org));
    }
    return SK_OK;
}

/* -------------------------------------------------------------- whole */
static enum sk_status read_parts(const struct check *c)
{
    struct sk_manifest manifest;
    enum sk_status status;

    SK_TRY(place_files(c));
    status = sk_manifest_decode(c->out->manifest_text, &manifest);
    if (status != SK_OK)
        return fail(c, "manifest", sk_text(SK_MANIFEST_NAME), status);
    sk_sha256(c->out->manifest_text, &c->out->manifest);
    SK_TRY(check_pins(c, &manifest));
    SK_TRY(sk_charter_decode(c->out->charter_yaml, c->out, c->fault));
    SK_TRY(compare(c, &manifest));
    if (c->previous != NULL)
        SK_TRY(check_order(c));
    SK_TRY(check_signatures(c));
    return check_cards(c);
}

static enum sk_status read_whole(const struct check *c)
{
    enum sk_status status;

    memset(c->out, 0, sizeof(*c->out));
    status = read_parts(c);
    if (status != SK_OK)
        memset(c->out, 0, sizeof(*c->out));
    return status;
}

enum sk_status sk_charter_read(const struct sk_charter_file *files,
                               size_t count, struct sk_charter *out,
                               struct sk_charter_fault *fault)
{
    const struct check c = {
        .files = files, .count = count, .out = out, .fault = fault};

    return read_whole(&c);
}

enum sk_status sk_charter_verify(const struct sk_charter_file *files,
                                 size_t count,
                                 const struct sk_charter *previous,
                                 struct sk_charter *out,
                                 struct sk_charter_fault *fault)
{
    const struct check c = {.files = files,
                            .count = count,
                            .previous = previous,
                            .out = out,
                            .fault = fault};

    assert(out != previous);
    SK_TRY(read_whole(&c));
    if (out->signatures < out->signatures_needed) {
        memset(out, 0, sizeof(*out));
        return fail(&c, "signatures", (struct sk_bytes){0}, SK_E_REFUSED);
    }
    return SK_OK;
}

const struct sk_charter_identity *
sk_charter_identity(const struct sk_charter *charter, const struct sk_org *org)
{
    for (size_t i = 0; i < charter->identities_count; i++)
        if (sk_org_equal(&charter->identities[i].org, org))
            return &charter->identities[i];
    return NULL;
}

enum sk_status sk_charter_card(const struct sk_charter *charter,
                               struct sk_bytes bytes, struct sk_card *out)
{
    const struct sk_charter_identity *identity;
    struct sk_card card;

    SK_TRY(sk_card_decode(bytes, &card));
    identity = sk_charter_identity(charter, &card.org);
    if (identity == NULL ||
        memcmp(identity->key.public.bytes, card.identity.bytes,
               sizeof(card.identity.bytes)) != 0)
        return SK_E_BAD_SENDER;
    *out = card;
    return SK_OK;
}
