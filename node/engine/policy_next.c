#include "node/engine/policy.h"

#include <string.h>

#include "node/engine/state.h"
#include "protocol/sha256.h"

/* The one version that is signed and waits for its day.  POLICY.md 2.7 */

#define RECORD sk_text("record")

enum sk_status sk_policy_next_get(struct sk_engine *e,
                                  struct sk_policy_next *out)
{
    struct sk_manifest *manifest = sk_arena_get(&e->scratch, sizeof(*manifest));
    struct sk_policy_next next = {0};
    struct sk_bytes text;
    enum sk_status status =
        sk_policy_file_get(e, SK_POLICY_NEXT, SK_POLICY_DAY, &next.day);

    *out = next;
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    if (manifest == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_policy_file_get(e, SK_POLICY_NEXT, sk_text(SK_MANIFEST_NAME),
                              &text));
    SK_TRY(sk_manifest_decode(text, manifest));
    sk_sha256(text, &next.hash);
    next.version = manifest->version;
    status = sk_policy_file_get(e, SK_POLICY_NEXT, RECORD, &next.record);
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    *out = next;
    return SK_OK;
}

enum sk_status sk_policy_next_files(struct sk_engine *e,
                                    struct sk_charter_file **files,
                                    size_t *count)
{
    struct sk_policy_names *names = sk_arena_get(&e->scratch, sizeof(*names));

    *count = 0;
    if (names == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_policy_names(e, SK_POLICY_NEXT, names));
    *files = sk_arena_get_array(&e->scratch, names->count + 1, sizeof(**files));
    if (*files == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < names->count; i++) {
        struct sk_charter_file *file = &(*files)[*count];

        if (sk_bytes_equal(names->list[i], SK_POLICY_DAY) ||
            sk_bytes_equal(names->list[i], RECORD))
            continue;
        file->name = names->list[i];
        SK_TRY(sk_policy_file_get(e, SK_POLICY_NEXT, file->name, &file->bytes));
        (*count)++;
    }
    return SK_OK;
}

enum sk_status sk_policy_next_put(struct sk_engine *e,
                                  const struct sk_charter_file *files,
                                  size_t count, struct sk_bytes day,
                                  const struct sk_policy_record *record)
{
    SK_TRY(sk_policy_drop(e, SK_POLICY_NEXT));
    for (size_t i = 0; i < count; i++)
        SK_TRY(sk_policy_file_put(e, SK_POLICY_NEXT, files[i].name,
                                  files[i].bytes));
    SK_TRY(sk_policy_file_put(e, SK_POLICY_NEXT, SK_POLICY_DAY, day));
    return sk_policy_record_put(e, SK_POLICY_NEXT, record);
}

enum sk_status sk_policy_next_load(struct sk_engine *e,
                                   const struct sk_charter *charter,
                                   struct sk_bundle **out)
{
    struct sk_findings findings = sk_findings_start(&e->scratch);
    struct sk_bundle_files files = {
        .vocabulary = {"vocabulary.yaml", charter->vocabulary_yaml},
        .partners = {"partners.yaml", charter->partners_yaml},
        .guards = {"guards.yaml", charter->guards_yaml},
        .policy = {"policy.yaml", {0}},
        .invariants = {"invariants.yaml", {0}},
    };
    enum sk_status status;

    SK_TRY(sk_policy_file_get(e, SK_POLICY_NEXT, sk_text("policy.yaml"),
                              &files.policy.bytes));
    status = sk_policy_file_get(e, SK_POLICY_NEXT, sk_text("invariants.yaml"),
                                &files.invariants.bytes);
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    /* Lent by the draft that runs along, which is read again. */
    e->shadow = NULL;
    e->shadow_number = 0;
    sk_arena_reset(&e->shadow_memory, 0);
    e->shadow_memory.full = false;
    return sk_bundle_load(&files, sk_today(e), &e->shadow_memory, &findings,
                          out);
}

enum sk_status sk_policy_next_displace(struct sk_engine *e,
                                       const struct sk_policy_next *next)
{
    struct sk_policy_record record = {.needed = 0};

    /* Of before there were records of what waits: its hash is known. */
    if (next->record.size > 0)
        SK_TRY(sk_policy_record_read(next->record, &record));
    record.hash = next->hash;
    record.at_ms = e->now_ms;
    record.refused = sk_text("policy-displaced");
    SK_TRY(sk_policy_record_put(e, sk_policy_folder(next->version), &record));
    return sk_policy_drop(e, SK_POLICY_NEXT);
}
