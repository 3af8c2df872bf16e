#include "node/engine/policy.h"

#include <string.h>

#include "node/engine/federation.h"
#include "node/engine/ops.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "protocol/unpack.h"

/* What became of the newest policy that was ever in force here: also when the
   charter changed and it loads no longer, an older one must not come back. */
static const char meta_version[] = "policy-version";
static const char root[] = "policy/";

/* ------------------------------------------------------------- versions */

enum sk_status sk_policy_newest(struct sk_engine *e, uint64_t *out)
{
    enum sk_status status = sk_meta_get_u64(e, meta_version, out);

    if (status != SK_E_NOT_FOUND)
        return status;
    *out = 0;
    return SK_OK;
}

enum sk_status sk_policy_set_newest(struct sk_engine *e, uint64_t version)
{
    return sk_meta_put_u64(e, meta_version, version);
}

struct sk_bytes sk_policy_folder(uint64_t version)
{
    static uint8_t digits[9];

    assert(version <= SK_MANIFEST_VERSION_MAX);

    for (size_t i = sizeof(digits); i > 0; i--) {
        digits[i - 1] = (uint8_t)('0' + version % 10);
        version /= 10;
    }
    return (struct sk_bytes){digits, sizeof(digits)};
}

/* ------------------------------------------------------------- files */

static struct sk_key path(struct sk_bytes folder, struct sk_bytes name)
{
    struct sk_key key = {.size = 0};

    sk_key_bytes(&key, sk_text(root));
    sk_key_bytes(&key, folder);
    sk_key_bytes(&key, sk_text("/"));
    sk_key_bytes(&key, name);
    return key;
}

enum sk_status sk_policy_file_get(struct sk_engine *e, struct sk_bytes folder,
                                  struct sk_bytes name, struct sk_bytes *out)
{
    struct sk_key key = path(folder, name);

    return sk_file_get_named(e, sk_key_done(&key), out);
}

enum sk_status sk_policy_file_put(struct sk_engine *e, struct sk_bytes folder,
                                  struct sk_bytes name, struct sk_bytes bytes)
{
    struct sk_key key = path(folder, name);

    return sk_file_put(e, sk_key_done(&key), bytes);
}

enum sk_status sk_policy_in_force(struct sk_engine *e, const char *name,
                                  struct sk_bytes *out)
{
    uint64_t version;

    SK_TRY(sk_policy_newest(e, &version));
    if (version == 0)
        return SK_E_NOT_FOUND;
    return sk_policy_file_get(e, sk_policy_folder(version), sk_text(name), out);
}

enum sk_status sk_policy_names(struct sk_engine *e, struct sk_bytes folder,
                               struct sk_policy_names *out)
{
    struct sk_key prefix = sk_key_start(SK_T_FILE);
    struct sk_key in = path(folder, (struct sk_bytes){0});
    size_t before;
    struct sk_scan scan;

    sk_key_bytes(&prefix, sk_key_done(&in));
    before = prefix.size;
    out->count = 0;
    scan = sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    for (;;) {
        struct sk_bytes key;
        struct sk_bytes value;
        enum sk_status status = sk_scan_next(&scan, &key, &value);

        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        if (out->count == SK_COUNT(out->list))
            return SK_E_BAD_FORM;
        out->list[out->count] =
            sk_arena_copy(&e->scratch, (struct sk_bytes){key.data + before,
                                                         key.size - before});
        if (out->list[out->count].size == 0)
            return SK_E_MEMORY;
        out->count++;
    }
}

enum sk_status sk_policy_drop(struct sk_engine *e, struct sk_bytes folder)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_policy_names *names = sk_arena_get(&e->scratch, sizeof(*names));

    if (names == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_policy_names(e, folder, names));
    for (size_t i = 0; i < names->count; i++) {
        struct sk_key key = path(folder, names->list[i]);

        SK_TRY(sk_file_delete(e, sk_key_done(&key)));
    }
    sk_arena_reset(&e->scratch, mark);
    return SK_OK;
}

/* ------------------------------------------------------------- records */

enum sk_status sk_policy_record_put(struct sk_engine *e, struct sk_bytes folder,
                                    const struct sk_policy_record *r)
{
    struct sk_pack p = sk_scratch_pack(e, 4096);
    struct sk_bytes bytes;

    sk_pack_array(&p, 9);
    sk_pack_uint(&p, r->at_ms);
    sk_pack_bool(&p, r->wider);
    sk_pack_bool(&p, r->narrower);
    sk_pack_array(&p, r->signers_count);
    for (size_t i = 0; i < r->signers_count; i++)
        sk_pack_str(&p, r->signers[i]);
    sk_pack_uint(&p, r->needed);
    sk_pack_str(&p, r->charter);
    sk_pack_str(&p, r->refused);
    sk_pack_bin(&p, (struct sk_bytes){r->hash.bytes, sizeof(r->hash.bytes)});
    sk_pack_bool(&p, r->loosened);
    if (sk_pack_finish(&p, &bytes) != SK_OK)
        return SK_E_MEMORY;
    return sk_policy_file_put(e, folder, sk_text("record"), bytes);
}

enum sk_status sk_policy_record_read(struct sk_bytes bytes,
                                     struct sk_policy_record *out)
{
    struct sk_unpack u = sk_unpack_start(bytes);
    struct sk_policy_record r = {0};
    size_t parts = sk_unpack_array_upto(&u, 8, 9);

    r.at_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    r.wider = sk_unpack_bool(&u);
    r.narrower = sk_unpack_bool(&u);
    r.signers_count = sk_unpack_array_upto(&u, 0, SK_OFFICERS_MAX);
    for (size_t i = 0; i < r.signers_count; i++)
        r.signers[i] = sk_unpack_str(&u, 1, 64);
    r.needed = sk_unpack_uint(&u, 0, SK_OFFICERS_MAX);
    r.charter = sk_unpack_str(&u, 0, 128);
    r.refused = sk_unpack_str(&u, 0, 64);
    sk_unpack_bin(&u, r.hash.bytes, sizeof(r.hash.bytes));
    if (parts == 9)
        r.loosened = sk_unpack_bool(&u);
    if (sk_unpack_finish(&u) != SK_OK)
        return SK_E_IO;
    *out = r;
    return SK_OK;
}

enum sk_status sk_policy_since(struct sk_engine *e, uint64_t *since_ms)
{
    struct sk_policy_record record;
    struct sk_bytes bytes;

    SK_TRY(sk_policy_in_force(e, "record", &bytes));
    SK_TRY(sk_policy_record_read(bytes, &record));
    *since_ms = record.at_ms;
    return SK_OK;
}

/* As in docs/CONTROL.md 6: one version; waits: for this day, or empty. */
static enum sk_status pack_record(struct sk_engine *e, uint64_t version,
                                  uint64_t newest, struct sk_bytes bytes,
                                  struct sk_bytes waits)
{
    struct sk_pack *p = &e->reply;
    struct sk_policy_record r;
    char hex[2 * sizeof(r.hash.bytes) + 1];

    SK_TRY(sk_policy_record_read(bytes, &r));
    sk_hash_format(&r.hash, hex);
    sk_pack_map(p,
                10U + (r.refused.size > 0 ? 1 : 0) + (waits.size > 0 ? 1 : 0));
    sk_reply_instant(p, "at", r.at_ms);
    sk_reply_text(p, "charter", r.charter);
    sk_reply_cstr(p, "hash", hex);
    sk_reply_bool(p, "in_force", r.refused.size == 0 && version == newest);
    sk_reply_bool(p, "loosened", r.loosened);
    sk_reply_bool(p, "narrower", r.narrower);
    sk_reply_uint(p, "needed", r.needed);
    if (r.refused.size > 0)
        sk_reply_text(p, "refused", r.refused);
    sk_pack_cstr(p, "signers");
    sk_pack_array(p, r.signers_count);
    for (size_t i = 0; i < r.signers_count; i++)
        sk_pack_str(p, r.signers[i]);
    sk_reply_uint(p, "version", version);
    if (waits.size > 0)
        sk_reply_text(p, "waits", waits);
    sk_reply_bool(p, "wider", r.wider);
    return SK_OK;
}

/* ------------------------------------------------------------- operations */

static bool read_version(struct sk_bytes digits, uint64_t *out)
{
    uint64_t version = 0;

    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
        version = version * 10 + (uint64_t)(digits.data[i] - '0');
    }
    *out = version;
    return true;
}

/* "policy/000000012/record": oldest first, since the digits ascend. */
enum sk_status sk_op_policy_history(struct sk_engine *e, struct sk_value args)
{
    struct sk_key prefix = sk_key_start(SK_T_FILE);
    struct sk_policy_next next;
    struct sk_scan scan;
    size_t count = 0;
    uint64_t newest;
    size_t before;
    size_t at;

    (void)args; /* it has none */
    SK_TRY(sk_policy_newest(e, &newest));
    sk_key_bytes(&prefix, sk_text(root));
    before = prefix.size;
    sk_pack_map(&e->reply, 1);
    sk_pack_cstr(&e->reply, "versions");
    at = sk_reply_open(&e->reply);
    scan = sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    for (;;) {
        struct sk_bytes key;
        struct sk_bytes value;
        struct sk_bytes name;
        uint64_t version;
        enum sk_status status = sk_scan_next(&scan, &key, &value);

        if (status == SK_E_NOT_FOUND)
            break;
        SK_TRY(status);
        if (key.size != before + 9 + 7)
            continue;
        name = (struct sk_bytes){key.data + before + 9, 7};
        if (!sk_bytes_equal(name, sk_text("/record")) ||
            !read_version((struct sk_bytes){key.data + before, 9}, &version))
            continue;
        SK_TRY(pack_record(e, version, newest, value, (struct sk_bytes){0}));
        count++;
    }
    SK_TRY(sk_policy_next_get(e, &next));
    if (next.record.size > 0) {
        SK_TRY(pack_record(e, next.version, newest, next.record, next.day));
        count++;
    }
    sk_reply_close_array(&e->reply, at, count);
    return SK_OK;
}

static enum sk_status pack_file(struct sk_engine *e, uint64_t version,
                                const char *key, const char *name,
                                size_t *count)
{
    struct sk_bytes bytes;
    enum sk_status status =
        sk_policy_file_get(e, sk_policy_folder(version), sk_text(name), &bytes);

    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    sk_reply_text(&e->reply, key, bytes);
    (*count)++;
    return SK_OK;
}

enum sk_status sk_op_policy_version(struct sk_engine *e, struct sk_value args)
{
    struct sk_value version = sk_value_get(args, "version");
    uint64_t number =
        sk_value_kind(version) == SK_VALUE_UINT ? sk_value_uint(version) : 0;
    size_t count = 0;
    size_t at;

    if (number == 0)
        SK_TRY(sk_policy_newest(e, &number));
    at = sk_reply_open(&e->reply);
    if (number > 0 && number <= SK_MANIFEST_VERSION_MAX) {
        SK_TRY(pack_file(e, number, "invariants", "invariants.yaml", &count));
        SK_TRY(pack_file(e, number, "manifest", SK_MANIFEST_NAME, &count));
        SK_TRY(pack_file(e, number, "officers", "officers.yaml", &count));
        SK_TRY(pack_file(e, number, "policy", "policy.yaml", &count));
    }
    if (count == 0)
        return sk_refuse(e, "policy-unknown-version", "version",
                         (struct sk_bytes){0});
    sk_reply_close_map(&e->reply, at, count);
    return SK_OK;
}
