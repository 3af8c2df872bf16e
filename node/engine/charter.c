#include "node/engine/federation.h"

#include <string.h>

#include "node/engine/journal.h"
#include "node/engine/leave.h"
#include "node/engine/ops.h"
#include "node/engine/policy.h"
#include "node/engine/request.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"

static const char cards_folder[] = "cards/";
static const char signature_end[] = ".minisig";

static bool starts_with(struct sk_bytes text, const char *start)
{
    struct sk_bytes head = sk_text(start);

    if (text.size < head.size)
        return false;
    text.size = head.size;
    return sk_bytes_equal(text, head);
}

/* "id/version" in scratch. */
static struct sk_bytes name_version(struct sk_engine *e, struct sk_bytes id,
                                    uint64_t version)
{
    char digits[21];
    struct sk_bytes number = sk_number_format(version, digits);
    uint8_t *out = sk_arena_get(&e->scratch, id.size + 1 + number.size);

    if (out == NULL)
        return (struct sk_bytes){0};
    memcpy(out, id.data, id.size);
    out[id.size] = '/';
    memcpy(out + id.size + 1, number.data, number.size);
    return (struct sk_bytes){out, id.size + 1 + number.size};
}

struct sk_bytes sk_charter_name(struct sk_engine *e)
{
    if (e->charter_version == 0)
        return (struct sk_bytes){0};
    return name_version(e, sk_org_text(&e->charter), e->charter_version);
}

struct sk_bytes sk_policy_name(struct sk_engine *e)
{
    if (e->bundle == NULL || !e->has_policy)
        return (struct sk_bytes){0};
    return name_version(e, sk_bundle_owner(e->bundle),
                        sk_bundle_policy_version(e->bundle));
}

struct sk_bytes sk_policy_name_of(struct sk_engine *e, struct sk_bytes owner,
                                  uint64_t version)
{
    return name_version(e, owner, version);
}

/* ------------------------------------------------------------- import */

struct import {
    const struct sk_charter_file *files;
    size_t files_count;
    struct sk_charter *charter; /* the new one */
    bool same;                  /* it is in force already: only cards */
    struct sk_bundle *bundle;
    bool has_policy;
};

enum sk_status sk_arg_files(struct sk_engine *e, struct sk_value args,
                            size_t count_max, struct sk_charter_file **out,
                            size_t *count)
{
    struct sk_value map = sk_value_get(args, "files");
    struct sk_value_walk walk = sk_value_walk(map);
    struct sk_charter_file *files;
    size_t n = sk_value_count(map);

    if (n > count_max)
        return sk_refuse(e, "too-large", "files", (struct sk_bytes){0});
    files = sk_arena_get_array(&e->scratch, n + 1, sizeof(*files));
    if (files == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < n && sk_value_next(&walk); i++) {
        files[i].name = walk.key;
        files[i].bytes = sk_value_bin(walk.value);
    }
    *out = files;
    *count = n;
    return SK_OK;
}

static enum sk_status refuse_charter(struct sk_engine *e, enum sk_status status,
                                     const struct sk_charter_fault *fault)
{
    const char *code = "charter-invalid";

    if (status == SK_E_OLD)
        code = "charter-old";
    if (status == SK_E_NOT_FOUND)
        code = "charter-gap";
    if (status == SK_E_REFUSED)
        code = "charter-signatures";
    (void)sk_refuse(e, code, "files", sk_text(fault->check));
    return SK_E_REFUSED;
}

/* Signed, newer, and about us. */
static enum sk_status check_charter(struct sk_engine *e, struct import *import)
{
    struct sk_charter_fault fault = {0};
    struct sk_charter *known = NULL;
    const struct sk_charter_identity *us;
    enum sk_status status = sk_federation_charter(e, &known);

    if (status != SK_E_NOT_FOUND)
        SK_TRY(status);
    import->charter = sk_arena_get(&e->scratch, sizeof(*import->charter));
    if (import->charter == NULL)
        return SK_E_MEMORY;
    status = sk_charter_verify(import->files, import->files_count, known,
                               import->charter, &fault);
    if (status == SK_E_EXISTS) {
        import->same = true;
        status = sk_charter_read(import->files, import->files_count,
                                 import->charter, &fault);
    }
    if (status != SK_OK)
        return refuse_charter(e, status, &fault);
    us = sk_charter_identity(import->charter, &e->org);
    if (us == NULL || memcmp(us->key.public.bytes, e->card.identity.bytes,
                             sizeof(us->key.public.bytes)) != 0)
        return sk_refuse(e, "charter-not-for-us", "files",
                         sk_org_text(&e->org));
    return SK_OK;
}

/* Its words and guards load; and so does our policy, or it stops. */
static enum sk_status compile_charter(struct sk_engine *e,
                                      struct import *import)
{
    struct sk_findings *findings;
    struct sk_bytes policy = {0};
    enum sk_status status = sk_policy_in_force(e, "policy.yaml", &policy);

    if (status == SK_OK) {
        struct sk_findings ours = sk_findings_start(&e->scratch);

        SK_TRY(sk_federation_compile(e, import->charter, policy,
                                     (struct sk_bytes){0}, &ours,
                                     &import->bundle));
        import->has_policy = import->bundle != NULL;
    } else if (status != SK_E_NOT_FOUND) {
        return status;
    }
    if (import->bundle != NULL)
        return SK_OK;
    findings = sk_arena_get(&e->scratch, sizeof(*findings));
    if (findings == NULL)
        return SK_E_MEMORY;
    *findings = sk_findings_start(&e->scratch);
    SK_TRY(sk_federation_compile(e, import->charter, (struct sk_bytes){0},
                                 (struct sk_bytes){0}, findings,
                                 &import->bundle));
    if (import->bundle == NULL)
        return sk_refuse_findings(e, "charter-invalid", findings);
    if (sk_bundle_org(import->bundle, sk_org_text(&e->org)) == NULL)
        return sk_refuse(e, "charter-not-for-us", "files",
                         sk_org_text(&e->org));
    return SK_OK;
}

static enum sk_status drop_signatures(struct sk_engine *e,
                                      const struct sk_charter *known)
{
    for (size_t i = 0; i < known->identities_count; i++) {
        struct sk_bytes org = sk_org_text(&known->identities[i].org);
        struct sk_key name = {.size = 0};

        sk_key_bytes(&name, sk_text("MANIFEST."));
        sk_key_bytes(&name, org);
        sk_key_bytes(&name, sk_text(signature_end));
        SK_TRY(sk_file_delete(e, sk_key_done(&name)));
    }
    return SK_OK;
}

static enum sk_status store_charter(struct sk_engine *e,
                                    const struct import *import)
{
    struct sk_charter *known;
    enum sk_status status = sk_federation_charter(e, &known);

    if (status == SK_OK)
        status = drop_signatures(e, known);
    else if (status == SK_E_NOT_FOUND)
        status = SK_OK;
    SK_TRY(status);
    for (size_t i = 0; i < import->files_count; i++) {
        const struct sk_charter_file *file = &import->files[i];

        if (!starts_with(file->name, cards_folder))
            SK_TRY(sk_file_put(e, file->name, file->bytes));
    }
    return SK_OK;
}

/* As it was signed, for partners that are behind. */
static enum sk_status keep_version(struct sk_engine *e,
                                   const struct import *import)
{
    for (size_t i = 0; i < import->files_count; i++) {
        const struct sk_charter_file *file = &import->files[i];

        if (!starts_with(file->name, cards_folder))
            SK_TRY(sk_charter_keep(e, import->charter->version, file->name,
                                   file->bytes));
    }
    return SK_OK;
}

static enum sk_status store_cards(struct sk_engine *e,
                                  const struct sk_charter *charter)
{
    for (size_t i = 0; i < charter->identities_count; i++) {
        const struct sk_charter_identity *one = &charter->identities[i];
        struct sk_card card;
        enum sk_status status;

        if (one->card.size == 0 || sk_org_equal(&one->org, &e->org))
            continue;
        status = sk_federation_card_check(e, charter, one->card, &card);
        if (status == SK_E_OLD)
            continue;
        SK_TRY(status);
        SK_TRY(sk_federation_card_put(e, &card, one->card));
    }
    return SK_OK;
}

static enum sk_status put_into_force(struct sk_engine *e, struct import *import)
{
    struct sk_entry entry;

    SK_TRY(compile_charter(e, import));
    SK_TRY(store_charter(e, import));
    SK_TRY(keep_version(e, import));
    SK_TRY(sk_charter_began(e, import->charter->version));
    entry = sk_entry_start(e, SK_ENTRY_CHARTER, NULL);
    sk_entry_number(&entry, import->charter->version);
    sk_entry_hash(&entry, &import->charter->manifest);
    SK_TRY(sk_journal_add(e, &entry));
    sk_federation_take(e, import->charter, import->bundle, import->has_policy);
    SK_TRY(sk_approval_look(e));
    SK_TRY(sk_left_look(e));
    e->effects->charter_version = import->charter->version;
    return SK_OK;
}

enum sk_status sk_charter_adopt(struct sk_engine *e,
                                const struct sk_charter_file *files,
                                size_t count, struct sk_charter **out)
{
    struct import import = {.files = files, .files_count = count};

    SK_TRY(check_charter(e, &import));
    if (!import.same)
        SK_TRY(put_into_force(e, &import));
    SK_TRY(store_cards(e, import.charter));
    SK_TRY(sk_federation_sessions(e, import.charter));
    /* PROTOCOL.md 8.10: a HELLO tells who is behind. */
    for (size_t i = 0; i < e->sessions_count && !import.same; i++)
        e->sessions[i].announce = true;
    *out = import.charter;
    return SK_OK;
}

/* POLICY.md 9.1: who is called like somebody else. */
static size_t count_shared(const struct sk_engine *e)
{
    size_t count = 0;

    for (size_t i = 0; i < sk_bundle_orgs_count(e->bundle); i++)
        count += sk_bundle_org_at(e->bundle, i)->name_shared;
    return count;
}

static void pack_shared(struct sk_engine *e, size_t count)
{
    sk_pack_cstr(&e->reply, "same_name");
    sk_pack_array(&e->reply, count);
    for (size_t i = 0; i < sk_bundle_orgs_count(e->bundle); i++) {
        const struct sk_roster_org *org = sk_bundle_org_at(e->bundle, i);

        if (org->name_shared)
            sk_pack_str(&e->reply, org->name);
    }
}

enum sk_status sk_op_charter_import(struct sk_engine *e, struct sk_value args)
{
    struct sk_charter_file *files = NULL;
    struct sk_charter *charter;
    size_t count = 0;
    size_t shared;

    SK_TRY(sk_arg_files(e, args, SK_CHARTER_FILES_MAX, &files, &count));
    SK_TRY(sk_charter_adopt(e, files, count, &charter));
    shared = count_shared(e);
    sk_pack_map(&e->reply, shared > 0 ? 3 : 2);
    sk_reply_text(&e->reply, "charter", sk_charter_name(e));
    sk_reply_uint(&e->reply, "partners", e->sessions_count);
    if (shared > 0)
        pack_shared(e, shared);
    return SK_OK;
}

enum sk_status sk_op_card_import(struct sk_engine *e, struct sk_value args)
{
    struct sk_bytes bytes = sk_value_bin(sk_value_get(args, "card"));
    struct sk_charter *charter;
    struct sk_card card;
    enum sk_status status = sk_federation_charter(e, &charter);

    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    SK_TRY(status);
    status = sk_federation_card_check(e, charter, bytes, &card);
    if (status == SK_E_OLD)
        return sk_refuse(e, "card-old", "card", (struct sk_bytes){0});
    if (status == SK_E_BAD_SENDER)
        return sk_refuse(e, "card-not-in-charter", "card",
                         (struct sk_bytes){0});
    if (status != SK_OK)
        return sk_refuse(e, "card-invalid", "card", (struct sk_bytes){0});
    if (sk_org_equal(&card.org, &e->org))
        return sk_refuse(e, "recipient-is-owner", "card", (struct sk_bytes){0});

    SK_TRY(sk_federation_card_put(e, &card, bytes));
    sk_pack_map(&e->reply, 2);
    sk_reply_text(&e->reply, "org", sk_org_text(&card.org));
    sk_reply_uint(&e->reply, "version", card.version);
    return SK_OK;
}

/* ------------------------------------------------------------- show */

static const char *org_status(enum sk_org_status status)
{
    switch (status) {
    case SK_ORG_ACTIVE:
        return "active";
    case SK_ORG_SUSPENDED:
        return "suspended";
    case SK_ORG_LEFT:
        return "left";
    }
    return "left";
}

const char *sk_org_status_text(const struct sk_roster_org *org)
{
    return org_status(org->status);
}

static uint64_t card_version(struct sk_engine *e, struct sk_bytes id)
{
    const struct sk_session *session;
    struct sk_org org;

    if (!sk_org_parse(id, &org))
        return 0;
    if (sk_org_equal(&org, &e->org))
        return e->card.version;
    session = sk_session_find(e, &org);
    return session == NULL ? 0 : session->card.version;
}

static void pack_partners(struct sk_engine *e)
{
    const struct sk_vocabulary *v = sk_bundle_vocabulary(e->bundle);
    size_t count = sk_bundle_orgs_count(e->bundle);

    sk_pack_array(&e->reply, count);
    for (size_t i = 0; i < count; i++) {
        const struct sk_roster_org *org = sk_bundle_org_at(e->bundle, i);

        sk_pack_map(&e->reply, 5);
        sk_reply_uint(&e->reply, "card", card_version(e, org->id));
        sk_reply_text(&e->reply, "name", org->name);
        sk_reply_text(&e->reply, "org", org->id);
        sk_reply_text(&e->reply, "role", v->roles[org->role].id);
        sk_reply_cstr(&e->reply, "status", org_status(org->status));
    }
}

/* "vlaanderen/1" of guards.yaml, which the bundle does not keep. */
static enum sk_status guards_name(struct sk_engine *e,
                                  const struct sk_charter *charter,
                                  struct sk_bytes *out)
{
    struct sk_findings findings = sk_findings_start(&e->scratch);
    struct sk_node *tree;
    struct sk_node *id;
    struct sk_node *version;
    uint64_t number = 0;

    SK_TRY(sk_yaml_read("guards.yaml", charter->guards_yaml, &e->scratch,
                        &findings, &tree));
    id = sk_node_get(tree, "guards");
    version = sk_node_get(tree, "version");
    *out = (struct sk_bytes){0};
    if (id == NULL || version == NULL)
        return SK_OK;
    for (size_t i = 0; i < version->text.size; i++)
        number = number * 10 + (uint64_t)(version->text.data[i] - '0');
    *out = name_version(e, id->text, number);
    return SK_OK;
}

enum sk_status sk_op_charter_show(struct sk_engine *e, struct sk_value args)
{
    struct sk_charter *charter;
    struct sk_bytes guards;
    enum sk_status status = sk_federation_charter(e, &charter);

    (void)args; /* it has none */
    if (status == SK_E_NOT_FOUND || e->bundle == NULL)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    SK_TRY(status);
    SK_TRY(guards_name(e, charter, &guards));
    sk_pack_map(&e->reply, 7);
    sk_reply_text(&e->reply, "charter", sk_org_text(&charter->id));
    sk_reply_text(&e->reply, "guards", guards);
    sk_pack_cstr(&e->reply, "partners");
    pack_partners(e);
    sk_pack_cstr(&e->reply, "stewards");
    sk_pack_array(&e->reply, charter->stewards_count);
    for (size_t i = 0; i < charter->identities_count; i++) {
        if (charter->identities[i].steward)
            sk_pack_str(&e->reply, sk_org_text(&charter->identities[i].org));
    }
    sk_reply_uint(&e->reply, "threshold", charter->threshold);
    sk_reply_uint(&e->reply, "version", charter->version);
    sk_reply_text(&e->reply, "vocabulary",
                  sk_bundle_vocabulary(e->bundle)->name);
    return SK_OK;
}
