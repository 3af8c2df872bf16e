#include "node/engine/findings.h"

#include <string.h>

#include "node/engine/journal.h"
#include "node/engine/ops.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "protocol/evidence.h"
#include "protocol/unpack.h"

#define RECORD_SIZE_MAX (SK_EVIDENCE_SIZE_MAX + 128)

struct finding {
    struct sk_org org;
    struct sk_bytes kind;
    uint64_t count;
    uint64_t first_ms;
    uint64_t last_ms;
    bool open;
    struct sk_bytes evidence;
};

static struct sk_key findings_key(void)
{
    struct sk_key key = sk_key_start(SK_T_JOURNAL);

    sk_key_bytes(&key, sk_text("f"));
    return key;
}

static struct sk_key finding_key(const struct sk_org *org, struct sk_bytes kind)
{
    struct sk_key key = findings_key();

    sk_key_org(&key, org);
    sk_key_bytes(&key, kind);
    return key;
}

/* ------------------------------------------------------------- records */

static enum sk_status put(struct sk_engine *e, const struct finding *f)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_pack p = sk_scratch_pack(e, RECORD_SIZE_MAX);
    struct sk_key key = finding_key(&f->org, f->kind);
    struct sk_bytes value;
    enum sk_status status;

    sk_pack_array(&p, 5);
    sk_pack_uint(&p, f->count);
    sk_pack_uint(&p, f->first_ms);
    sk_pack_uint(&p, f->last_ms);
    sk_pack_bool(&p, f->open);
    sk_pack_bin(&p, f->evidence);
    if (sk_scratch_packed(e, &p, &value) != SK_OK)
        return SK_E_MEMORY;
    status = sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), value);
    sk_arena_reset(&e->scratch, mark);
    return status;
}

/* Views of the key and value. */
static enum sk_status unpack(struct sk_bytes key, struct sk_bytes value,
                             struct finding *out)
{
    struct sk_unpack u = sk_unpack_start(value);
    struct sk_bytes rest = {key.data + 2, key.size - 2};
    const uint8_t *end = memchr(rest.data, 0, rest.size);
    size_t size = end == NULL ? 0 : (size_t)(end - rest.data);

    if (!sk_org_parse((struct sk_bytes){rest.data, size}, &out->org))
        return SK_E_IO;
    out->kind = (struct sk_bytes){rest.data + size + 1, rest.size - size - 1};
    sk_unpack_array(&u, 5);
    out->count = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->first_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->last_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->open = sk_unpack_bool(&u);
    out->evidence = sk_unpack_bin_upto(&u, 0, SK_EVIDENCE_SIZE_MAX);
    return sk_unpack_finish(&u) == SK_OK ? SK_OK : SK_E_IO;
}

/* SK_E_NOT_FOUND.  Evidence: in scratch. */
static enum sk_status get(struct sk_engine *e, const struct sk_org *org,
                          struct sk_bytes kind, struct finding *out)
{
    struct sk_key key = finding_key(org, kind);
    struct sk_bytes value;

    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value));
    SK_TRY(unpack(sk_key_done(&key), value, out));
    out->kind = kind;
    if (out->evidence.size == 0)
        return SK_OK;
    out->evidence = sk_arena_copy(&e->scratch, out->evidence);
    return out->evidence.size == 0 ? SK_E_MEMORY : SK_OK;
}

/* ------------------------------------------------------------- finding */

static enum sk_status journal(struct sk_engine *e, const struct finding *f)
{
    struct sk_entry entry = sk_entry_start(e, SK_ENTRY_FINDING, &f->org);

    sk_entry_number(&entry, f->count);
    entry.word = f->kind;
    return sk_journal_add(e, &entry);
}

enum sk_status sk_finding_put(struct sk_engine *e, const struct sk_org *org,
                              const char *kind, struct sk_bytes evidence)
{
    struct finding f = {0};
    enum sk_status status = get(e, org, sk_text(kind), &f);
    bool news = status == SK_E_NOT_FOUND || !f.open;

    if (status == SK_E_NOT_FOUND)
        f = (struct finding){.first_ms = e->now_ms};
    else if (status != SK_OK)
        return status;
    f.org = *org;
    f.kind = sk_text(kind);
    f.count++;
    f.last_ms = e->now_ms;
    /* A partner that lies for ever tells it once: the first evidence stays
       until somebody looked. */
    if (news)
        f.evidence = evidence;
    f.open = true;
    SK_TRY(put(e, &f));
    if (!news)
        return SK_OK;
    e->effects->finding = kind;
    e->effects->finding_about = *org;
    return journal(e, &f);
}

enum sk_status sk_finding_is_open(struct sk_engine *e, const struct sk_org *org,
                                  const char *kind, bool *open)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct finding f = {0};
    enum sk_status status = get(e, org, sk_text(kind), &f);

    sk_arena_reset(&e->scratch, mark);
    *open = status == SK_OK && f.open;
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

/* ------------------------------------------------------------- operations */

enum sk_status sk_findings_each(struct sk_engine *e,
                                void (*fn)(void *context,
                                           const struct sk_org *org,
                                           uint64_t first_ms),
                                void *context)
{
    struct sk_key prefix = findings_key();
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct sk_bytes key;
    struct sk_bytes value;
    enum sk_status status;

    while ((status = sk_scan_next(&scan, &key, &value)) == SK_OK) {
        struct finding f;

        SK_TRY(unpack(key, value, &f));
        if (f.open)
            fn(context, &f.org, f.first_ms);
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

static void count_one(void *context, const struct sk_org *org,
                      uint64_t first_ms)
{
    uint64_t *count = context;

    (void)org;
    (void)first_ms;
    *count += 1;
}

enum sk_status sk_findings_open(struct sk_engine *e, uint64_t *count)
{
    *count = 0;
    return sk_findings_each(e, count_one, count);
}

static void pack_one(struct sk_pack *p, const struct finding *f)
{
    sk_pack_map(p, 7);
    sk_reply_uint(p, "count", f->count);
    sk_reply_bool(p, "evidence", f->evidence.size > 0);
    sk_reply_text(p, "finding", f->kind);
    sk_reply_instant(p, "first", f->first_ms);
    sk_reply_instant(p, "last", f->last_ms);
    sk_reply_bool(p, "open", f->open);
    sk_reply_text(p, "org", sk_org_text(&f->org));
}

enum sk_status sk_op_journal_findings(struct sk_engine *e, struct sk_value args)
{
    struct sk_key prefix = findings_key();
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct sk_bytes key;
    struct sk_bytes value;
    struct finding f;
    enum sk_status status;
    size_t count = 0;
    size_t at;

    (void)args; /* it has none */
    sk_pack_map(&e->reply, 1);
    sk_pack_cstr(&e->reply, "findings");
    at = sk_reply_open(&e->reply);
    while ((status = sk_scan_next(&scan, &key, &value)) == SK_OK) {
        SK_TRY(unpack(key, value, &f));
        pack_one(&e->reply, &f);
        count++;
    }
    sk_reply_close_array(&e->reply, at, count);
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

/* The finding that the arguments name; refuses. */
static enum sk_status named(struct sk_engine *e, struct sk_value args,
                            struct finding *out)
{
    struct sk_org org;
    enum sk_status status;

    if (!sk_arg_org(args, "org", &org))
        return sk_refuse(e, "unknown-org", "org", (struct sk_bytes){0});
    status = get(e, &org, sk_arg_text(args, "finding"), out);
    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "unknown-finding", "finding", (struct sk_bytes){0});
    return status;
}

enum sk_status sk_op_journal_evidence(struct sk_engine *e, struct sk_value args)
{
    struct finding f;

    SK_TRY(named(e, args, &f));
    if (f.evidence.size == 0)
        return sk_refuse(e, "no-evidence", "finding", (struct sk_bytes){0});
    sk_pack_map(&e->reply, 1);
    sk_pack_cstr(&e->reply, "evidence");
    sk_pack_bin(&e->reply, f.evidence);
    return SK_OK;
}

enum sk_status sk_op_journal_settle(struct sk_engine *e, struct sk_value args)
{
    struct finding f;

    SK_TRY(named(e, args, &f));
    if (f.open) {
        f.open = false;
        SK_TRY(put(e, &f));
    }
    pack_one(&e->reply, &f);
    return SK_OK;
}
