#include "node/engine/gate.h"

#include <string.h>

#include "node/engine/facts.h"
#include "node/engine/federation.h"
#include "node/engine/policy.h"
#include "node/engine/state.h"
#include "policies/diff.h"

/*
 * POLICY.md 2.5: a charter comes into force by the signatures of stewards, but
 * what it makes wider has to be seen by the officers of this node too.  Until
 * they sign a version of the policy under it, an event goes only when it would
 * also have gone under the charter that they saw, and no further.
 */

/* ------------------------------------------------------------- what they saw
 */

/* The number behind the slash: "kempen/7". */
static uint64_t version_of(struct sk_bytes name)
{
    uint64_t version = 0;
    size_t i = 0;

    while (i < name.size && name.data[i] != '/')
        i++;
    for (i++; i < name.size; i++)
        version = version * 10 + (uint64_t)(name.data[i] - '0');
    return version;
}

/* The charter under which the policy in force was signed. */
static enum sk_status seen_charter(struct sk_engine *e, uint64_t *out)
{
    struct sk_policy_record record;
    struct sk_bytes bytes;

    SK_TRY(sk_policy_in_force(e, "record", &bytes));
    SK_TRY(sk_policy_record_read(bytes, &record));
    *out = version_of(record.charter);
    return SK_OK;
}

static enum sk_status compile_seen(struct sk_engine *e, uint64_t version,
                                   struct sk_bundle **out)
{
    struct sk_findings findings = sk_findings_start(&e->scratch);
    struct sk_bundle_files files = {
        .vocabulary = {"vocabulary.yaml", {0}},
        .partners = {"partners.yaml", {0}},
        .guards = {"guards.yaml", {0}},
        .policy = {"policy.yaml", {0}},
        .invariants = {"invariants.yaml", {0}},
    };
    struct sk_file *of[] = {&files.vocabulary, &files.partners, &files.guards};

    for (size_t i = 0; i < SK_COUNT(of); i++)
        SK_TRY(
            sk_charter_kept(e, version, sk_text(of[i]->name), &of[i]->bytes));
    SK_TRY(sk_policy_in_force(e, "policy.yaml", &files.policy.bytes));
    sk_arena_reset(&e->seen_memory, 0);
    e->seen_memory.full = false;
    return sk_bundle_load(&files, sk_today(e), &e->seen_memory, &findings, out);
}

/* Does the charter of today let more through than the one they saw, on any
   day?  What cannot be compared counts as more. */
static enum sk_status is_wider(struct sk_engine *e,
                               const struct sk_bundle *seen, bool *out)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_diff diff = {0};
    enum sk_status status =
        sk_diff_make(seen, e->bundle, INT32_MIN, &e->scratch, &diff);

    sk_arena_reset(&e->scratch, mark);
    if (status == SK_E_TOO_LARGE || status == SK_E_MEMORY) {
        e->scratch.full = false;
        *out = true;
        return SK_OK;
    }
    *out = diff.wider;
    return status;
}

enum sk_status sk_approval_look(struct sk_engine *e)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_bundle *seen = NULL;
    uint64_t version;
    enum sk_status status;
    bool wider;

    e->seen = NULL;
    if (!e->has_policy)
        return SK_OK;
    SK_TRY(seen_charter(e, &version));
    if (version == e->charter_version)
        return SK_OK;
    status = compile_seen(e, version, &seen);
    if (status != SK_E_NOT_FOUND)
        SK_TRY(status);
    /* I5: nobody knows what the officers agreed to. */
    if (seen == NULL) {
        e->has_policy = false;
        return SK_OK;
    }
    SK_TRY(is_wider(e, seen, &wider));
    if (wider)
        e->seen = seen;
    e->seen_charter = version;
    sk_arena_reset(&e->scratch, mark);
    return SK_OK;
}

/* ------------------------------------------------------------- no further */

static const struct sk_decided_field *find_sent(const struct sk_decision *d,
                                                struct sk_bytes name)
{
    for (size_t i = 0; i < d->fields_count; i++)
        if (d->fields[i].withheld == SK_SENT &&
            sk_bytes_equal(d->fields[i].name, name))
            return &d->fields[i];
    return NULL;
}

static void withhold(struct sk_decided_field *field)
{
    field->withheld = SK_WITHHELD_LIMITED;
    field->level = 0;
    field->level_name = (struct sk_bytes){0};
    field->value = (struct sk_field_value){0};
    field->rules = NULL;
    field->rules_count = 0;
}

/* As far as both let it go; what they call by one name must be one thing. */
static void cut_field(const struct sk_vocabulary *v,
                      const struct sk_vocabulary *then,
                      const struct sk_decision *seen,
                      struct sk_decided_field *field)
{
    const struct sk_decided_field *old = find_sent(seen, field->name);
    const struct sk_field *now = &v->fields[field->field];
    uint16_t level = SK_NONE;

    if (old != NULL)
        level = sk_field_level(now, old->level_name);
    if (level != SK_NONE &&
        !sk_level_is_same(&then->fields[old->field], old->level, now, level))
        level = SK_NONE;
    if (level == SK_NONE || level == 0) {
        withhold(field);
        return;
    }
    if (level >= field->level)
        return;
    field->level = (uint8_t)level;
    field->level_name = old->level_name;
    field->value = old->value;
}

static size_t count_sent(const struct sk_decision *d)
{
    size_t count = 0;

    for (size_t i = 0; i < d->fields_count; i++)
        count += d->fields[i].withheld == SK_SENT;
    return count;
}

/* The id of a partner, with another organisation behind it than they saw. */
static bool is_stranger(const struct sk_engine *e, struct sk_bytes id)
{
    const struct sk_roster_org *then = sk_bundle_org(e->seen, id);
    const struct sk_roster_org *now = sk_bundle_org(e->bundle, id);

    return then != NULL && now != NULL && !sk_org_is_same(then, now);
}

enum sk_status sk_approval_cut(struct sk_engine *e,
                               const struct sk_gate_question *question,
                               const struct sk_question *asked,
                               struct sk_decision *d)
{
    const struct sk_vocabulary *v = sk_bundle_vocabulary(e->bundle);
    struct sk_decision *seen = sk_arena_get(&e->scratch, sizeof(*seen));
    size_t before = count_sent(d);
    struct sk_facts *facts;

    if (seen == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_facts_of(e, e->seen, &question->event->participant,
                       question->extra, &facts));
    SK_TRY(sk_decide(e->seen, facts, asked, &e->scratch, seen));
    if (is_stranger(e, asked->to))
        seen->permit = false;
    for (size_t i = 0; seen->permit && i < d->fields_count; i++)
        if (d->fields[i].withheld == SK_SENT)
            cut_field(v, sk_bundle_vocabulary(e->seen), seen, &d->fields[i]);
    if (!seen->permit || (before > 0 && count_sent(d) == 0)) {
        d->permit = false;
        d->reason = "not-approved";
        d->fields_count = 0;
    }
    return SK_OK;
}
