#include "node/engine/policy.h"

#include <string.h>

#include "node/engine/due.h"
#include "node/engine/federation.h"
#include "node/engine/journal.h"
#include "node/engine/ops.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "policies/diff.h"
#include "policies/prove.h"
#include "policies/safeguards.h"
#include "protocol/sha256.h"

/* I5: what is not signed as it must be, not proved, or not understood, does
   not come into force. */

struct gate {
    struct sk_charter_file *files;
    size_t files_count;
    struct sk_signed_policy policy;
    struct sk_charter *charter;
    struct sk_findings *findings;
    struct sk_bundle *bundle;
    struct sk_policy_record record;
    uint8_t lost[64]; /* id of the first safeguard that goes */
    size_t lost_size;
    bool same;                  /* the very version that is in force */
    uint64_t instead_of;        /* a version that waits; 0: none is named */
    struct sk_policy_next next; /* what waits */
    bool again;                 /* it waits already, for the same day */
    int32_t day;                /* on which it is to come into force */
    bool later;                 /* than what waits, whose place it takes */
    bool far;                   /* its number: SK_POLICY_STEP_MAX */
};

static void add(char *text, size_t *size, size_t size_max, struct sk_bytes part)
{
    if (part.size < size_max - *size) {
        memcpy(text + *size, part.data, part.size);
        *size += part.size;
    }
}

/* ------------------------------------------------------------- signatures */

static enum sk_status officers_in_force(struct sk_engine *e,
                                        struct sk_officers *out, bool *any)
{
    struct sk_findings findings = sk_findings_start(&e->scratch);
    struct sk_bytes yaml;
    enum sk_status status = sk_policy_in_force(e, "officers.yaml", &yaml);

    *any = status == SK_OK;
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    return sk_officers_read(yaml, &e->scratch, &findings, out);
}

static enum sk_status refuse_signed(struct sk_engine *e, struct gate *g,
                                    const struct sk_signed_fault *fault)
{
    struct sk_bytes subject = sk_arena_copy(&e->scratch, fault->subject);

    if (strcmp(fault->check, "officers") == 0)
        return sk_refuse_findings(e, "policy-invalid", g->findings);
    if (strcmp(fault->check, "signature") == 0 ||
        strcmp(fault->check, "officer") == 0)
        return sk_refuse(e, "policy-signature", fault->check, subject);
    return sk_refuse(e, "policy-bundle", fault->check, subject);
}

static enum sk_status read_signed(struct sk_engine *e, struct gate *g)
{
    struct sk_officers *in_force = sk_arena_get(&e->scratch, sizeof(*in_force));
    struct sk_signed_fault fault;
    enum sk_status status;
    bool any;

    g->findings = sk_arena_get(&e->scratch, sizeof(*g->findings));
    if (in_force == NULL || g->findings == NULL)
        return SK_E_MEMORY;
    *g->findings = sk_findings_start(&e->scratch);
    SK_TRY(officers_in_force(e, in_force, &any));
    status =
        sk_signed_policy_read(g->files, g->files_count, any ? in_force : NULL,
                              &e->scratch, g->findings, &g->policy, &fault);
    if (status == SK_E_MEMORY)
        return status;
    if (status != SK_OK)
        return refuse_signed(e, g, &fault);
    /* Whoever may sign the next version decides about all that follow. */
    g->record.wider = !any || !sk_officers_equal(in_force, &g->policy.officers);
    g->record.signers_count = g->policy.signers_count;
    memcpy(g->record.signers, g->policy.signers, sizeof(g->record.signers));
    g->record.hash = g->policy.hash;
    return SK_OK;
}

/* ------------------------------------------------------------- versions */

static enum sk_status hash_in_force(struct sk_engine *e, struct sk_hash *out)
{
    struct sk_bytes manifest;
    enum sk_status status = sk_policy_in_force(e, SK_MANIFEST_NAME, &manifest);

    *out = (struct sk_hash){0};
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    sk_sha256(manifest, out);
    return SK_OK;
}

/* Higher than any that was in force, and made from the one that is. */
static enum sk_status check_version(struct sk_engine *e, struct gate *g)
{
    const struct sk_manifest *manifest = &g->policy.manifest;
    struct sk_hash in_force;
    uint64_t newest;

    SK_TRY(hash_in_force(e, &in_force));
    if (memcmp(&in_force, &g->policy.hash, sizeof(in_force)) == 0) {
        g->same = true;
        return SK_OK;
    }
    SK_TRY(sk_policy_newest(e, &newest));
    if (manifest->version <= newest)
        return sk_refuse(e, "policy-version-not-higher", "files",
                         (struct sk_bytes){0});
    g->far = manifest->version - newest > SK_POLICY_STEP_MAX;
    if (memcmp(&in_force, &manifest->previous, sizeof(in_force)) != 0)
        return sk_refuse(e, "policy-not-next", "files", (struct sk_bytes){0});
    return SK_OK;
}

static enum sk_status load_bundle(struct sk_engine *e, struct gate *g)
{
    const struct sk_manifest *manifest = &g->policy.manifest;

    if (!sk_bytes_equal(manifest->name, sk_org_text(&e->org)))
        return sk_refuse(e, "policy-not-yours", "files",
                         sk_arena_copy(&e->scratch, manifest->name));
    SK_TRY(sk_federation_compile(e, g->charter, g->policy.policy,
                                 g->policy.invariants, g->findings,
                                 &g->bundle));
    if (g->bundle == NULL)
        return sk_refuse_findings(e, "policy-invalid", g->findings);
    if (!sk_bytes_equal(sk_bundle_owner(g->bundle), manifest->name))
        return sk_refuse(
            e, "policy-not-yours", "files",
            sk_arena_copy(&e->scratch, sk_bundle_owner(g->bundle)));
    if (sk_bundle_policy_version(g->bundle) != manifest->version)
        return sk_refuse(e, "policy-bundle", "version", sk_text("MANIFEST"));
    return SK_OK;
}

/* ------------------------------------------------------------- what it does */

static enum sk_status check_proved(struct sk_engine *e, const struct gate *g)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_bytes failed = {0};
    struct sk_proof *proofs;
    enum sk_status status;
    size_t count;

    status = sk_prove(g->bundle, &e->scratch, &proofs, &count);
    if (status == SK_E_TOO_LARGE || status == SK_E_MEMORY) {
        sk_arena_reset(&e->scratch, mark);
        e->scratch.full = false;
        return sk_refuse(e, "policy-too-large", NULL, (struct sk_bytes){0});
    }
    SK_TRY(status);
    for (size_t i = 0; i < count && failed.size == 0; i++)
        if (!proofs[i].holds)
            failed = proofs[i].invariant->id; /* in the bundle's memory */
    sk_arena_reset(&e->scratch, mark);
    if (failed.size > 0)
        return sk_refuse(e, "policy-not-proved", NULL, failed);
    return SK_OK;
}

/* Not from today: whoever sets the clock must not choose what is compared. */
static enum sk_status compare_with(struct sk_engine *e, struct gate *g,
                                   const struct sk_bundle *old, bool *narrower)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_diff diff = {0};
    enum sk_status status =
        sk_diff_make(old, g->bundle, INT32_MIN, &e->scratch, &diff);

    sk_arena_reset(&e->scratch, mark);
    if (status == SK_E_TOO_LARGE || status == SK_E_MEMORY) {
        e->scratch.full = false;
        return sk_refuse(e, "policy-too-large", NULL, (struct sk_bytes){0});
    }
    SK_TRY(status);
    g->record.wider = g->record.wider || diff.wider;
    *narrower = diff.narrower;
    return SK_OK;
}

static enum sk_status compare(struct sk_engine *e, struct gate *g)
{
    if (!e->has_policy) {
        g->record.wider = true;
        return SK_OK;
    }
    /* With what the officers last agreed to. */
    return compare_with(e, g, e->seen != NULL ? e->seen : e->bundle,
                        &g->record.narrower);
}

/* The promises of the version in force; NULL: it has none. */
static enum sk_status promises_in_force(struct sk_engine *e,
                                        const struct sk_node **out)
{
    struct sk_findings findings = sk_findings_start(&e->scratch);
    struct sk_node *tree = NULL;
    struct sk_bytes yaml;
    enum sk_status status = sk_policy_in_force(e, "invariants.yaml", &yaml);

    *out = NULL;
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    SK_TRY(
        sk_yaml_read("invariants.yaml", yaml, &e->scratch, &findings, &tree));
    *out = tree;
    return tree == NULL ? SK_E_IO : SK_OK;
}

/* POLICY.md 11.5: what stops flows, and is taken away or loosened. */
static enum sk_status find_losses(struct sk_engine *e, struct gate *g,
                                  const struct sk_safeguards *was)
{
    struct sk_safeguards is = sk_safeguards_of(g->bundle);
    struct sk_losses losses = {.count = 0};
    struct sk_bytes lost = sk_text("");
    enum sk_status status = sk_losses_find(
        was, &is, sk_bundle_vocabulary(g->bundle), &e->scratch, &losses);

    for (size_t i = losses.count; i-- > 0;)
        if (losses.list[i].stops)
            lost = sk_rule_id(losses.list[i].was);
    if (lost.size > 0 && lost.size <= sizeof(g->lost)) { /* E017: always */
        memcpy(g->lost, lost.data, lost.size);
        g->lost_size = lost.size;
    }
    g->record.loosened = g->record.loosened || losses.stops;
    return status;
}

static enum sk_status compare_promises(struct sk_engine *e, struct gate *g)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_safeguards was = sk_safeguards_of(e->bundle);
    enum sk_status status;

    if (!e->has_policy)
        return SK_OK;
    status = promises_in_force(e, &was.invariants);
    if (status == SK_OK)
        status = find_losses(e, g, &was);
    sk_arena_reset(&e->scratch, mark);
    if (status != SK_E_MEMORY)
        return status;
    e->scratch.full = false;
    return sk_refuse(e, "policy-too-large", NULL, (struct sk_bytes){0});
}

/* POLICY.md 2.7: "3 (2027-01-01)" */
static enum sk_status refuse_waiting(struct sk_engine *e, const struct gate *g)
{
    char *text = sk_arena_get(&e->scratch, 64);
    char number[21];
    size_t size = 0;

    if (text == NULL)
        return SK_E_MEMORY;
    add(text, &size, 64, sk_number_format(g->next.version, number));
    add(text, &size, 64, sk_text(" ("));
    add(text, &size, 64, g->next.day);
    add(text, &size, 64, sk_text(")"));
    return sk_refuse(e, "policy-waiting", "instead_of",
                     (struct sk_bytes){(const uint8_t *)text, size});
}

/* POLICY.md 2.7: it takes the place of a version that waits only when that is
   said, and by as many officers as if that one were in force; by two when it
   comes later: until then what waits is dropped. */
static enum sk_status check_next(struct sk_engine *e, struct gate *g)
{
    struct sk_bundle *waiting = NULL;
    struct sk_safeguards was;
    int32_t day;
    bool narrower;

    if (g->next.version == 0 || g->again)
        return SK_OK;
    if (g->instead_of != g->next.version)
        return refuse_waiting(e, g);
    g->later = !sk_day_parse(g->next.day, &day) || g->day > day;
    if (memcmp(&g->next.hash, &g->policy.hash, sizeof(g->next.hash)) == 0)
        return SK_OK; /* only on another day */
    if (g->policy.manifest.version <= g->next.version)
        return sk_refuse(e, "policy-version-not-higher", "files",
                         (struct sk_bytes){0});
    SK_TRY(sk_policy_next_load(e, g->charter, &waiting));
    if (waiting == NULL)
        return SK_OK; /* it could not have come into force */
    SK_TRY(compare_with(e, g, waiting, &narrower));
    was = sk_safeguards_of(waiting);
    return find_losses(e, g, &was);
}

/* What takes two, besides what is wider: a safeguard, a day or a number. */
static struct sk_bytes why_two(const struct gate *g)
{
    if (g->record.loosened)
        return (struct sk_bytes){g->lost, g->lost_size};
    if (g->later)
        return g->next.day;
    return sk_text(g->far ? "version" : "");
}

/* POLICY.md 2.3: two different officers for what is wider or loosened, comes
   later than what waits, or has a number far up; else one. */
static enum sk_status check_signers(struct sk_engine *e, struct gate *g)
{
    bool two = g->record.wider || g->record.loosened || g->later || g->far;
    struct sk_bytes why = why_two(g);
    char counts[] = {(char)('0' + g->policy.signers_count), '/', '2', '\0'};
    char *text = sk_arena_get(&e->scratch, 192);
    size_t size = 0;

    g->record.needed = two ? SK_OFFICERS_MIN : 1;
    if (g->policy.signers_count >= g->record.needed)
        return SK_OK;
    if (text == NULL)
        return SK_E_MEMORY;
    counts[2] = (char)('0' + g->record.needed);
    add(text, &size, 192, sk_text(counts));
    /* Two are enough, so at most one has signed: who; and for what. */
    if (g->policy.signers_count == 1) {
        add(text, &size, 192, sk_text(": "));
        add(text, &size, 192, g->policy.signers[0]);
    }
    if (why.size > 0) {
        add(text, &size, 192, sk_text(" ("));
        add(text, &size, 192, why);
        add(text, &size, 192, sk_text(")"));
    }
    return sk_refuse(e, "policy-signatures", "files",
                     (struct sk_bytes){(const uint8_t *)text, size});
}

/* Everything that must hold before it may come into force. */
static enum sk_status pass(struct sk_engine *e, struct gate *g)
{
    enum sk_status status = sk_federation_charter(e, &g->charter);

    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    SK_TRY(status);
    g->record.charter = sk_charter_name(e);
    g->record.refused = (struct sk_bytes){0};
    SK_TRY(read_signed(e, g));
    SK_TRY(check_version(e, g));
    if (g->same)
        return SK_OK;
    SK_TRY(load_bundle(e, g));
    SK_TRY(check_proved(e, g));
    SK_TRY(compare(e, g));
    SK_TRY(compare_promises(e, g));
    SK_TRY(check_next(e, g));
    return check_signers(e, g);
}

/* ------------------------------------------------------------- in force */

static enum sk_status store(struct sk_engine *e, struct gate *g)
{
    uint64_t version = g->policy.manifest.version;
    struct sk_bytes folder = sk_policy_folder(version);

    for (size_t i = 0; i < g->files_count; i++)
        SK_TRY(
            sk_policy_file_put(e, folder, g->files[i].name, g->files[i].bytes));
    g->record.at_ms = e->now_ms;
    SK_TRY(sk_policy_record_put(e, folder, &g->record));
    return sk_policy_set_newest(e, version);
}

/* PROTOCOL.md 11.2; word: what became of it, "" when it came into force. */
static enum sk_status tell_journal(struct sk_engine *e, uint64_t version,
                                   const struct sk_hash *hash,
                                   struct sk_bytes word)
{
    struct sk_entry entry = sk_entry_start(e, SK_ENTRY_POLICY, NULL);

    entry.word = word;
    if (version > 0) {
        sk_entry_number(&entry, version);
        sk_entry_hash(&entry, hash);
    }
    return sk_journal_add(e, &entry);
}

/* Every step leaves a record (I4): in the journal, and for a version that may
   still come also in the history. */
static enum sk_status keep_refused(struct sk_engine *e, uint64_t version,
                                   const struct sk_policy_record *record)
{
    uint64_t newest;

    SK_TRY(tell_journal(e, version, &record->hash, record->refused));
    SK_TRY(sk_policy_newest(e, &newest));
    if (version <= newest)
        return SK_OK;
    return sk_policy_record_put(e, sk_policy_folder(version), record);
}

enum sk_status sk_policy_keep_refused(struct sk_engine *e)
{
    struct sk_policy_refused *r = e->policy_refused;

    if (r == NULL)
        return SK_OK;
    r->record.refused = sk_text(e->refusal);
    r->record.at_ms = e->now_ms;
    return keep_refused(e, r->version, &r->record);
}

/* It is written when the request has been taken back. */
static void remember_refused(struct sk_engine *e, const struct gate *g)
{
    struct sk_policy_refused *r = sk_arena_get(&e->scratch, sizeof(*r));

    e->policy_refused = r;
    if (r == NULL)
        return;
    *r = (struct sk_policy_refused){g->policy.manifest.version, g->record};
    r->record.hash = g->policy.hash;
}

static bool has_file(const struct gate *g, struct sk_bytes name)
{
    for (size_t i = 0; i < g->files_count; i++)
        if (sk_bytes_equal(g->files[i].name, name))
            return true;
    return false;
}

/* POLICY.md 2.7: these very files wait, and more had signed them.  Their
   signatures held when they came, for the officers of the same version; they
   stay with it, and count for nothing here. */
static enum sk_status keep_signers(struct sk_engine *e, struct gate *g)
{
    struct sk_findings *findings = g->findings; /* of the policy, too */
    bool wider = g->record.wider;
    struct sk_charter_file *kept;
    struct sk_charter_file *all;
    size_t count;

    if (g->next.version == 0 ||
        memcmp(&g->next.hash, &g->policy.hash, sizeof(g->next.hash)) != 0)
        return SK_OK;
    SK_TRY(sk_policy_next_files(e, &kept, &count));
    all = sk_arena_get_array(&e->scratch, g->files_count + count + 1,
                             sizeof(*all));
    if (all == NULL)
        return SK_E_MEMORY;
    memcpy(all, g->files, g->files_count * sizeof(*all));
    g->files = all;
    for (size_t i = 0; i < count && g->files_count < SK_SIGNED_FILES_MAX; i++)
        if (!has_file(g, kept[i].name))
            all[g->files_count++] = kept[i];
    SK_TRY(read_signed(e, g));
    g->findings = findings;
    g->record.wider = wider;
    /* Another signature under what waits: that is kept too. */
    g->again = g->again && g->files_count == count;
    return SK_OK;
}

static enum sk_status put_into_force(struct sk_engine *e, struct gate *g)
{
    SK_TRY(store(e, g));
    SK_TRY(tell_journal(e, g->policy.manifest.version, &g->policy.hash,
                        (struct sk_bytes){0}));
    sk_federation_take(e, g->charter, g->bundle, /* has_policy */ true);
    return sk_approval_look(e);
}

/* ------------------------------------------------------------- on a day */

static enum sk_status keep_next(struct sk_engine *e, struct gate *g,
                                struct sk_bytes day, int32_t number)
{
    struct sk_id id;

    g->record.at_ms = e->now_ms;
    /* It was refused before: no longer. */
    SK_TRY(sk_policy_drop(e, sk_policy_folder(g->policy.manifest.version)));
    SK_TRY(sk_policy_next_put(e, g->files, g->files_count, day, &g->record));
    memcpy(id.bytes, g->policy.hash.bytes, sizeof(id.bytes));
    SK_TRY(tell_journal(e, g->policy.manifest.version, &g->policy.hash,
                        sk_text("waits")));
    return sk_due_put(e, number, SK_DUE_POLICY, &id, day);
}

/* What waited does so no more: both records say it (I4). */
static enum sk_status displace(struct sk_engine *e, const struct gate *g)
{
    if (g->next.version == 0 ||
        memcmp(&g->next.hash, &g->policy.hash, sizeof(g->next.hash)) == 0)
        return sk_policy_drop(e, SK_POLICY_NEXT);
    SK_TRY(tell_journal(e, g->next.version, &g->next.hash,
                        sk_text("policy-displaced")));
    return sk_policy_next_displace(e, &g->next);
}

/* SK_DUE_POLICY: its day has come; the gate is asked again, for the policy
   and the charter of today. */
enum sk_status sk_policy_due(struct sk_engine *e, const struct sk_id *id)
{
    struct gate g = {0};
    enum sk_status status;
    int32_t day;

    SK_TRY(sk_policy_next_get(e, &g.next));
    /* Another one came instead, or the same for another day. */
    if (g.next.version == 0 ||
        memcmp(id->bytes, g.next.hash.bytes, sizeof(id->bytes)) != 0 ||
        !sk_day_parse(g.next.day, &day) || day > sk_today(e))
        return SK_OK;
    g.again = true;
    SK_TRY(sk_policy_next_files(e, &g.files, &g.files_count));
    status = pass(e, &g);
    if (status != SK_OK && status != SK_E_REFUSED)
        return status;
    SK_TRY(sk_policy_drop(e, SK_POLICY_NEXT));
    if (g.same)
        return SK_OK;
    if (status == SK_OK)
        return put_into_force(e, &g);
    g.record.refused = sk_text(e->refusal);
    g.record.at_ms = e->now_ms;
    e->refusal = NULL; /* nobody asked */
    return keep_refused(e, g.policy.manifest.version, &g.record);
}

/* ------------------------------------------------------------- operation */

static void pack_done(struct sk_engine *e, const struct gate *g,
                      const char *from)
{
    struct sk_pack *p = &e->reply;

    sk_pack_map(p, from[0] == '\0' ? 7 : 8);
    if (from[0] != '\0')
        sk_reply_cstr(p, "from", from);
    sk_reply_bool(p, "loosened", g->record.loosened);
    sk_reply_bool(p, "narrower", g->record.narrower);
    sk_reply_uint(p, "needed", g->record.needed);
    sk_reply_text(p, "policy",
                  sk_policy_name_of(e, g->policy.manifest.name,
                                    g->policy.manifest.version));
    sk_pack_cstr(p, "signers");
    sk_pack_array(p, g->record.signers_count);
    for (size_t i = 0; i < g->record.signers_count; i++)
        sk_pack_str(p, g->record.signers[i]);
    sk_reply_findings(p, "warnings", g->findings, 'W');
    sk_reply_bool(p, "wider", g->record.wider);
}

/* What waits, and whether this is just that. */
static enum sk_status look_at_next(struct sk_engine *e, struct gate *g,
                                   struct sk_bytes from)
{
    const struct sk_bytes *manifest = NULL;
    struct sk_hash hash;

    SK_TRY(sk_policy_next_get(e, &g->next));
    for (size_t i = 0; i < g->files_count; i++)
        if (sk_bytes_equal(g->files[i].name, sk_text(SK_MANIFEST_NAME)))
            manifest = &g->files[i].bytes;
    if (g->next.version == 0 || manifest == NULL)
        return SK_OK;
    sk_sha256(*manifest, &hash);
    g->again = memcmp(&hash, &g->next.hash, sizeof(hash)) == 0 &&
               sk_bytes_equal(from, g->next.day);
    return SK_OK;
}

enum sk_status sk_op_policy_activate(struct sk_engine *e, struct sk_value args)
{
    struct sk_value instead_of = sk_value_get(args, "instead_of");
    struct sk_bytes from = sk_arg_text(args, "from");
    struct gate g = {.day = INT32_MIN};
    enum sk_status status;
    char text[11] = "";

    if (from.size > 0 && !sk_day_parse(from, &g.day))
        return sk_refuse(e, "bad-argument", "from", (struct sk_bytes){0});
    if (sk_value_kind(instead_of) == SK_VALUE_UINT)
        g.instead_of = sk_value_uint(instead_of);
    SK_TRY(
        sk_arg_files(e, args, SK_SIGNED_FILES_MAX, &g.files, &g.files_count));
    SK_TRY(look_at_next(e, &g, from));
    status = pass(e, &g);
    if (status == SK_E_REFUSED)
        remember_refused(e, &g);
    SK_TRY(status);
    SK_TRY(keep_signers(e, &g));
    if (!g.same && g.day > sk_today(e)) {
        sk_day_format(g.day, text);
        if (!g.again) {
            SK_TRY(displace(e, &g));
            SK_TRY(keep_next(e, &g, sk_text(text), g.day));
        }
    } else if (!g.same) {
        SK_TRY(displace(e, &g));
        SK_TRY(put_into_force(e, &g));
    }
    pack_done(e, &g, text);
    return SK_OK;
}
