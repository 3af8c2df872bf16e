#include "node/engine/gate.h"

#include <string.h>

#include "node/engine/facts.h"
#include "node/engine/federation.h"
#include "node/engine/ops.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"

/*
 * A draft that decides beside the policy in force, at each sending and preview
 * of an event.  Its answers are counted per partner, purpose and type of
 * event, and do nothing else.                                   POLICY.md 2.6
 * Kept: META "shadow": a number, another one for each draft, 0: none; files
 *     shadow/policy                        policy.yaml of the draft
 *     shadow/since                         when it began: 8 bytes, ms
 *     shadow/count/ORG/PURPOSE/TYPE        4 x 8 bytes: enum shadow_answer
 */

static const char meta_number[] = "shadow";
static const char policy_file[] = "shadow/policy";
static const char since_file[] = "shadow/since";
static const char counts_folder[] = "shadow/count/";

/* Nothing is counted on a disk with less: what is asked comes first. */
#define ROOM_MIN (16u * 1024 * 1024)

enum shadow_answer { SAME, LESS, MORE, REFUSE, ANSWERS };

/* ------------------------------------------------------------- the draft */

static enum sk_status number_get(struct sk_engine *e, uint64_t *out)
{
    enum sk_status status = sk_meta_get_u64(e, meta_number, out);

    if (status != SK_E_NOT_FOUND)
        return status;
    *out = 0;
    return SK_OK;
}

/* Under the charter in force; NULL: it has errors under it. */
static enum sk_status compile(struct sk_engine *e, struct sk_bytes policy,
                              struct sk_findings *findings,
                              struct sk_bundle **out)
{
    struct sk_charter *charter;
    struct sk_bundle_files files = {
        .policy = {"policy.yaml", policy},
        .invariants = {"invariants.yaml", {0}},
    };

    SK_TRY(sk_federation_charter(e, &charter));
    files.vocabulary =
        (struct sk_file){"vocabulary.yaml", charter->vocabulary_yaml};
    files.partners = (struct sk_file){"partners.yaml", charter->partners_yaml};
    files.guards = (struct sk_file){"guards.yaml", charter->guards_yaml};
    sk_arena_reset(&e->shadow_memory, 0);
    e->shadow_memory.full = false;
    e->shadow = NULL;
    SK_TRY(
        sk_bundle_load(&files, sk_today(e), &e->shadow_memory, findings, out));
    return SK_OK;
}

/* e->shadow: the draft, under the charter of now; NULL: none, or it does not
   load any more. */
static enum sk_status look(struct sk_engine *e)
{
    struct sk_findings findings;
    struct sk_bytes policy;
    uint64_t number;

    SK_TRY(number_get(e, &number));
    if (number == e->shadow_number &&
        (number == 0 || e->shadow_bundle == e->bundle_number))
        return SK_OK;
    e->shadow = NULL;
    if (number > 0) {
        findings = sk_findings_start(&e->scratch);
        SK_TRY(sk_file_get(e, policy_file, &policy));
        SK_TRY(compile(e, policy, &findings, &e->shadow));
    }
    e->shadow_number = number;
    e->shadow_bundle = e->bundle_number;
    return SK_OK;
}

/* ------------------------------------------------------------- compare */

static unsigned level_of(const struct sk_decision *d, struct sk_bytes name)
{
    for (size_t i = 0; i < d->fields_count; i++)
        if (d->fields[i].withheld == SK_SENT &&
            sk_bytes_equal(d->fields[i].name, name))
            return d->fields[i].level;
    return 0;
}

/* Does a send a field that b does not, or further?  One vocabulary. */
static bool sends_more(const struct sk_decision *a, const struct sk_decision *b)
{
    for (size_t i = 0; i < a->fields_count; i++)
        if (level_of(a, a->fields[i].name) > level_of(b, a->fields[i].name))
            return true;
    return false;
}

static enum shadow_answer compare(const struct sk_decision *live,
                                  const struct sk_decision *draft)
{
    if (!draft->permit)
        return live->permit ? REFUSE : SAME;
    if (!live->permit || sends_more(draft, live))
        return MORE;
    return sends_more(live, draft) ? LESS : SAME;
}

static enum sk_status decide(struct sk_engine *e,
                             const struct sk_gate_question *question,
                             struct sk_decision **out)
{
    struct sk_question asked = {.to = question->to,
                                .purpose = question->purpose,
                                .now = sk_instant(e),
                                .event = &question->event->view};
    struct sk_facts *facts;

    *out = sk_arena_get(&e->scratch, sizeof(**out));
    if (*out == NULL)
        return SK_E_MEMORY;
    SK_TRY(
        sk_facts_of(e, e->shadow, &question->event->participant, NULL, &facts));
    return sk_decide(e->shadow, facts, &asked, &e->scratch, *out);
}

/* ------------------------------------------------------------- count */

static struct sk_key count_name(const struct sk_gate_question *question)
{
    struct sk_key name = {.size = 0};

    sk_key_bytes(&name, sk_text(counts_folder));
    sk_key_bytes(&name, question->to);
    sk_key_bytes(&name, sk_text("/"));
    sk_key_bytes(&name, question->purpose);
    sk_key_bytes(&name, sk_text("/"));
    sk_key_bytes(&name, question->event->view.type);
    return name;
}

static bool read_counts(struct sk_bytes value, uint64_t out[ANSWERS])
{
    if (value.size != ANSWERS * 8)
        return false;
    for (size_t i = 0; i < ANSWERS; i++)
        out[i] = sk_u64_read(value.data + 8 * i);
    return true;
}

static enum sk_status count(struct sk_engine *e,
                            const struct sk_gate_question *question,
                            enum shadow_answer answer)
{
    struct sk_key name = count_name(question);
    struct sk_key value = {.size = 0};
    uint64_t counts[ANSWERS] = {0};
    struct sk_bytes known;
    enum sk_status status = sk_file_get_named(e, sk_key_done(&name), &known);

    if (status == SK_OK && !read_counts(known, counts))
        return SK_E_BAD_LENGTH;
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    counts[answer]++;
    for (size_t i = 0; i < ANSWERS; i++)
        sk_key_u64(&value, counts[i]);
    return sk_file_put(e, sk_key_done(&name), sk_key_done(&value));
}

/* Words that nobody knows are not kept. */
static bool is_known(const struct sk_engine *e,
                     const struct sk_gate_question *question)
{
    const struct sk_vocabulary *v = sk_bundle_vocabulary(e->bundle);

    return sk_bundle_org(e->bundle, question->to) != NULL &&
           sk_vocabulary_purpose(v, question->purpose) != SK_NONE &&
           sk_vocabulary_event(v, question->event->view.type) != SK_NONE;
}

static bool has_room(struct sk_engine *e)
{
    struct sk_store_stats stats;

    sk_store_stats(e->store, &stats);
    return stats.room_bytes >= ROOM_MIN;
}

enum sk_status sk_shadow_note(struct sk_engine *e,
                              const struct sk_gate_question *question,
                              const struct sk_gate_answer *live)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_decision *draft;
    enum shadow_answer answer = SAME;
    enum sk_status status = look(e);

    /* What the draft cannot be asked about does not hold up what was asked. */
    if (status == SK_OK &&
        (e->shadow == NULL || live->blocked || !is_known(e, question)))
        status = SK_E_NOT_FOUND;
    if (status == SK_OK)
        status = decide(e, question, &draft);
    if (status == SK_OK)
        answer = compare(&live->decision, draft);
    if (status == SK_OK && !has_room(e))
        status = SK_E_NO_ROOM;
    sk_arena_reset(&e->scratch, mark);
    e->scratch.full = false;
    if (status != SK_OK)
        return SK_OK;
    status = count(e, question, answer);
    sk_arena_reset(&e->scratch, mark);
    return status;
}

/* ------------------------------------------------------------- operation */

static enum sk_status drop_counts(struct sk_engine *e)
{
    struct sk_key prefix = sk_key_start(SK_T_FILE);
    struct sk_scan scan;

    sk_key_bytes(&prefix, sk_text(counts_folder));
    scan = sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    for (;;) {
        struct sk_bytes key;
        struct sk_bytes value;
        struct sk_key name = {.size = 0};
        enum sk_status status = sk_scan_next(&scan, &key, &value);

        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        sk_key_bytes(&name, (struct sk_bytes){key.data + 1, key.size - 1});
        SK_TRY(sk_file_delete(e, sk_key_done(&name)));
    }
}

static enum sk_status set(struct sk_engine *e, uint64_t number,
                          struct sk_bytes policy)
{
    struct sk_key since = {.size = 0};

    sk_key_u64(&since, e->now_ms);
    SK_TRY(sk_meta_put_u64(e, meta_number, number));
    SK_TRY(sk_file_put(e, sk_text(policy_file), policy));
    return sk_file_put(e, sk_text(since_file), sk_key_done(&since));
}

static enum sk_status start(struct sk_engine *e, struct sk_bytes policy)
{
    struct sk_findings *findings = sk_arena_get(&e->scratch, sizeof(*findings));
    struct sk_bundle *bundle = NULL;
    uint64_t last = 0;
    enum sk_status status;

    if (findings == NULL)
        return SK_E_MEMORY;
    *findings = sk_findings_start(&e->scratch);
    e->shadow_number = 0; /* whatever comes of it, look() loads it again */
    SK_TRY(compile(e, policy, findings, &bundle));
    if (bundle == NULL)
        return sk_refuse_findings(e, "policy-invalid", findings);
    if (!sk_bytes_equal(sk_bundle_owner(bundle), sk_org_text(&e->org)))
        return sk_refuse(e, "policy-not-yours", "policy",
                         sk_arena_copy(&e->scratch, sk_bundle_owner(bundle)));
    status = sk_meta_get_u64(e, "shadow-last", &last);
    if (status != SK_E_NOT_FOUND)
        SK_TRY(status);
    SK_TRY(sk_meta_put_u64(e, "shadow-last", last + 1));
    SK_TRY(drop_counts(e));
    return set(e, last + 1, policy);
}

static enum sk_status stop(struct sk_engine *e)
{
    uint64_t number;

    SK_TRY(number_get(e, &number));
    if (number == 0)
        return SK_OK;
    SK_TRY(drop_counts(e));
    SK_TRY(sk_file_delete(e, sk_text(policy_file)));
    SK_TRY(sk_file_delete(e, sk_text(since_file)));
    return sk_meta_put_u64(e, meta_number, 0);
}

/* The part up to the next slash; false: there is none. */
static struct sk_bytes next_part(struct sk_bytes *rest)
{
    struct sk_bytes part = {rest->data, 0};

    while (part.size < rest->size && rest->data[part.size] != '/')
        part.size++;
    rest->data += part.size;
    rest->size -= part.size;
    if (rest->size > 0) {
        rest->data++;
        rest->size--;
    }
    return part;
}

static enum sk_status pack_count(struct sk_pack *p, struct sk_bytes name,
                                 struct sk_bytes value)
{
    struct sk_bytes to = next_part(&name);
    struct sk_bytes purpose = next_part(&name);
    uint64_t counts[ANSWERS];

    if (!read_counts(value, counts))
        return SK_E_BAD_LENGTH;
    sk_pack_map(p, 7);
    sk_reply_text(p, "event", name);
    sk_reply_text(p, "for", purpose);
    sk_reply_uint(p, "less", counts[LESS]);
    sk_reply_uint(p, "more", counts[MORE]);
    sk_reply_uint(p, "refuse", counts[REFUSE]);
    sk_reply_uint(p, "same", counts[SAME]);
    sk_reply_text(p, "to", to);
    return SK_OK;
}

static enum sk_status pack_counts(struct sk_engine *e)
{
    struct sk_key prefix = sk_key_start(SK_T_FILE);
    size_t counted = 0;
    size_t at;
    struct sk_scan scan;

    sk_key_bytes(&prefix, sk_text(counts_folder));
    sk_pack_cstr(&e->reply, "counts");
    at = sk_reply_open(&e->reply);
    scan = sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    for (;;) {
        struct sk_bytes key;
        struct sk_bytes value;
        enum sk_status status = sk_scan_next(&scan, &key, &value);

        if (status == SK_E_NOT_FOUND)
            break;
        SK_TRY(status);
        SK_TRY(pack_count(
            &e->reply,
            (struct sk_bytes){key.data + prefix.size, key.size - prefix.size},
            value));
        counted++;
    }
    sk_reply_close_array(&e->reply, at, counted);
    return SK_OK;
}

static enum sk_status pack_since(struct sk_engine *e)
{
    struct sk_bytes since;
    uint64_t ms = 0;

    SK_TRY(sk_file_get(e, since_file, &since));
    for (size_t i = 0; i < since.size; i++)
        ms = ms << 8 | since.data[i];
    sk_reply_instant(&e->reply, "since", ms);
    return SK_OK;
}

enum sk_status sk_op_policy_shadow(struct sk_engine *e, struct sk_value args)
{
    struct sk_value policy = sk_value_get(args, "policy");
    size_t entries = 2;
    size_t at;

    if (e->bundle == NULL)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    if (sk_value_bool(sk_value_get(args, "stop")))
        SK_TRY(stop(e));
    else if (sk_value_kind(policy) == SK_VALUE_BIN)
        SK_TRY(start(e, sk_value_bin(policy)));
    SK_TRY(look(e));
    at = sk_reply_open(&e->reply);
    SK_TRY(pack_counts(e));
    sk_reply_bool(&e->reply, "on", e->shadow_number != 0);
    if (e->shadow != NULL) {
        sk_reply_text(&e->reply, "policy",
                      sk_policy_name_of(e, sk_bundle_owner(e->shadow),
                                        sk_bundle_policy_version(e->shadow)));
        entries++;
    }
    if (e->shadow_number != 0) {
        SK_TRY(pack_since(e));
        entries++;
    }
    sk_reply_close_map(&e->reply, at, entries);
    return SK_OK;
}
