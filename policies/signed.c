#include "policies/signed.h"

#include <string.h>

#include "policies/read.h"
#include "protocol/sha256.h"

static const char policy_name[] = "policy.yaml";
static const char officers_name[] = "officers.yaml";
static const char invariants_name[] = "invariants.yaml";
static const char signature_start[] = SK_MANIFEST_NAME ".";
static const char signature_end[] = ".minisig";

/* ------------------------------------------------------------- officers */

static void say(struct sk_findings *findings, const struct sk_node *node,
                const char *code, struct sk_argument one,
                struct sk_argument other)
{
    struct sk_argument arguments[] = {one, other};

    sk_findings_add(findings, code, node->place, arguments,
                    SK_COUNT(arguments));
}

static const struct sk_officer *find(const struct sk_officers *officers,
                                     struct sk_bytes name)
{
    for (size_t i = 0; i < officers->count; i++)
        if (sk_bytes_equal(officers->list[i].name, name))
            return &officers->list[i];
    return NULL;
}

/* Two names with one key would be one officer who signs twice. */
static const struct sk_officer *find_key(const struct sk_officers *officers,
                                         const struct sk_minisign_key *key)
{
    for (size_t i = 0; i < officers->count; i++)
        if (memcmp(&officers->list[i].key.public, &key->public,
                   sizeof(key->public)) == 0)
            return &officers->list[i];
    return NULL;
}

static void read_officer(struct sk_findings *findings,
                         const struct sk_node *node, struct sk_officers *out)
{
    struct sk_officer one = {.name = node->key};
    const struct sk_officer *other;
    struct sk_bytes text;

    if (!sk_read_id_key(findings, node) || !sk_read_line(findings, node, &text))
        return;
    if (sk_minisign_key_parse(text, &one.key) != SK_OK) {
        say(findings, node, "E009", (struct sk_argument){"value", text},
            (struct sk_argument){"type",
                                 sk_text("public key of minisign (RW...)")});
        return;
    }
    other = find_key(out, &one.key);
    if (other != NULL)
        say(findings, node, "E091", (struct sk_argument){"id", one.name},
            (struct sk_argument){"other", other->name});
    else if (out->count == SK_OFFICERS_MAX)
        sk_read_too_many(findings, node->place, "officers", SK_OFFICERS_MAX);
    else
        out->list[out->count++] = one;
}

enum sk_status sk_officers_read(struct sk_bytes yaml, struct sk_arena *arena,
                                struct sk_findings *findings,
                                struct sk_officers *out)
{
    static const char *const known[] = {"format", "officers"};
    struct sk_officers officers = {.count = 0};
    struct sk_node *map = NULL;
    const struct sk_node *list;

    SK_TRY(sk_yaml_read(officers_name, yaml, arena, findings, &map));
    if (map == NULL)
        return SK_E_BAD_VALUE;
    (void)sk_read_format(findings, map, "format", "officers/1");
    (void)sk_read_keys(findings, map, known, SK_COUNT(known));
    list = sk_read_need(findings, map, "officers");
    if (list != NULL && sk_read_is_map(findings, list)) {
        for (const struct sk_node *n = list->first; n != NULL; n = n->next)
            read_officer(findings, n, &officers);
        if (findings->errors == 0 && officers.count < SK_OFFICERS_MIN)
            sk_read_say(findings, "E008", list->place, "what",
                        sk_text("two officers or more"));
    }
    if (findings->errors > 0)
        return SK_E_BAD_VALUE;
    *out = officers;
    return SK_OK;
}

bool sk_officers_equal(const struct sk_officers *a, const struct sk_officers *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct sk_officer *same = find(b, a->list[i].name);

        if (same == NULL || !sk_minisign_key_equal(&same->key, &a->list[i].key))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------- verify */

struct verify {
    const struct sk_charter_file *files;
    size_t count;
    struct sk_signed_policy *out;
    struct sk_signed_fault *fault;
};

static enum sk_status wrong(const struct verify *v, enum sk_status status,
                            const char *check, struct sk_bytes subject)
{
    v->fault->check = check;
    v->fault->subject = subject;
    return status;
}

static struct sk_bytes bytes_of(const struct verify *v, const char *name)
{
    for (size_t i = 0; i < v->count; i++)
        if (sk_bytes_equal(v->files[i].name, sk_text(name)))
            return v->files[i].bytes;
    return (struct sk_bytes){0};
}

/* "MANIFEST.dpo.minisig": dpo; empty for other names. */
static struct sk_bytes signer_of(struct sk_bytes name)
{
    size_t start = sizeof(signature_start) - 1;
    size_t end = sizeof(signature_end) - 1;

    if (name.size <= start + end ||
        memcmp(name.data, signature_start, start) != 0 ||
        memcmp(name.data + name.size - end, signature_end, end) != 0)
        return (struct sk_bytes){0};
    return (struct sk_bytes){name.data + start, name.size - start - end};
}

/* Each file is one that belongs there, and is there once. */
static enum sk_status check_names(const struct verify *v)
{
    static const char *const known[] = {SK_MANIFEST_NAME, policy_name,
                                        officers_name, invariants_name};

    if (v->count > SK_SIGNED_FILES_MAX)
        return wrong(v, SK_E_BAD_VALUE, "file-unknown", (struct sk_bytes){0});
    for (size_t i = 0; i < v->count; i++) {
        struct sk_bytes name = v->files[i].name;
        bool good = signer_of(name).size > 0;

        for (size_t k = 0; k < SK_COUNT(known); k++)
            good = good || sk_bytes_equal(name, sk_text(known[k]));
        if (!good)
            return wrong(v, SK_E_BAD_VALUE, "file-unknown", name);
        for (size_t k = 0; k < i; k++)
            if (sk_bytes_equal(v->files[k].name, name))
                return wrong(v, SK_E_BAD_VALUE, "file-twice", name);
    }
    return SK_OK;
}

static enum sk_status check_pinned(const struct verify *v, const char *name,
                                   bool needed, struct sk_bytes *out)
{
    struct sk_bytes bytes = bytes_of(v, name);
    bool pinned = sk_manifest_find(&v->out->manifest, sk_text(name)) != NULL;

    *out = bytes;
    if (bytes.size == 0 && !pinned && !needed)
        return SK_OK;
    if (bytes.size == 0)
        return wrong(v, SK_E_BAD_VALUE, "file-missing", sk_text(name));
    if (!pinned ||
        sk_manifest_check(&v->out->manifest, sk_text(name), bytes) != SK_OK)
        return wrong(v, SK_E_BAD_HASH, "file-hash", sk_text(name));
    return SK_OK;
}

static enum sk_status check_manifest(const struct verify *v)
{
    struct sk_signed_policy *out = v->out;
    size_t files;

    out->manifest_text = bytes_of(v, SK_MANIFEST_NAME);
    if (out->manifest_text.size == 0)
        return wrong(v, SK_E_BAD_VALUE, "file-missing",
                     sk_text(SK_MANIFEST_NAME));
    if (sk_manifest_decode(out->manifest_text, &out->manifest) != SK_OK ||
        !sk_bytes_equal(out->manifest.kind, sk_text("policy")))
        return wrong(v, SK_E_BAD_FORM, "manifest", sk_text(SK_MANIFEST_NAME));
    sk_sha256(out->manifest_text, &out->hash);
    SK_TRY(check_pinned(v, policy_name, true, &out->policy));
    SK_TRY(check_pinned(v, officers_name, true, &out->officers_yaml));
    SK_TRY(check_pinned(v, invariants_name, false, &out->invariants));
    files = out->invariants.size > 0 ? 3 : 2;
    if (out->manifest.files_count != files)
        return wrong(v, SK_E_BAD_FORM, "manifest", sk_text(SK_MANIFEST_NAME));
    return SK_OK;
}

/* Every signature is a good one of an officer that counts, or (of a new
   officer, whom only this version names) at least a good one. */
static enum sk_status check_signatures(const struct verify *v,
                                       const struct sk_officers *counting)
{
    struct sk_signed_policy *out = v->out;

    for (size_t i = 0; i < v->count; i++) {
        struct sk_bytes name = v->files[i].name;
        struct sk_bytes signer = signer_of(name);
        const struct sk_officer *officer;
        struct sk_bytes comment;
        bool counts;

        if (signer.size == 0)
            continue;
        officer = find(counting, signer);
        counts = officer != NULL;
        if (officer == NULL)
            officer = find(&out->officers, signer);
        if (officer == NULL)
            return wrong(v, SK_E_BAD_VALUE, "officer", name);
        if (sk_minisign_verify(&officer->key, out->manifest_text,
                               v->files[i].bytes, &comment) != SK_OK)
            return wrong(v, SK_E_BAD_SIGNATURE, "signature", name);
        if (counts)
            out->signers[out->signers_count++] = officer->name;
    }
    return SK_OK;
}

enum sk_status sk_signed_policy_read(const struct sk_charter_file *files,
                                     size_t count,
                                     const struct sk_officers *in_force,
                                     struct sk_arena *arena,
                                     struct sk_findings *findings,
                                     struct sk_signed_policy *out,
                                     struct sk_signed_fault *fault)
{
    struct verify v = {files, count, out, fault};
    enum sk_status status;

    *out = (struct sk_signed_policy){0};
    *fault = (struct sk_signed_fault){.check = ""};
    SK_TRY(check_names(&v));
    SK_TRY(check_manifest(&v));
    status =
        sk_officers_read(out->officers_yaml, arena, findings, &out->officers);
    if (status == SK_E_BAD_VALUE)
        return wrong(&v, status, "officers", sk_text(officers_name));
    SK_TRY(status);
    return check_signatures(&v, in_force != NULL ? in_force : &out->officers);
}

/* ------------------------------------------------------------- write */

static void pin(struct sk_manifest *manifest, const char *name,
                struct sk_bytes bytes)
{
    struct sk_manifest_file *file = &manifest->files[manifest->files_count++];

    file->name = sk_text(name);
    file->size = bytes.size;
    sk_sha256(bytes, &file->sha256);
}

enum sk_status sk_signed_policy_manifest(
    struct sk_bytes owner, uint64_t version, const struct sk_hash *previous,
    struct sk_bytes policy, struct sk_bytes officers,
    struct sk_bytes invariants, struct sk_room room, struct sk_bytes *out)
{
    struct sk_manifest manifest = {.kind = sk_text("policy"),
                                   .name = owner,
                                   .version = version,
                                   .has_previous = version > 1};

    if (previous != NULL)
        manifest.previous = *previous;
    if (invariants.size > 0)
        pin(&manifest, invariants_name, invariants);
    pin(&manifest, officers_name, officers);
    pin(&manifest, policy_name, policy);
    return sk_manifest_encode(&manifest, room, out);
}
