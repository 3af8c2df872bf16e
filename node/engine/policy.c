#include "node/engine/policy.h"

#include "node/engine/federation.h"
#include "node/engine/ops.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "protocol/sha256.h"

/* Load the policy of the arguments; findings in scratch. */
static enum sk_status load_policy(struct sk_engine *e, struct sk_value args,
                                  struct sk_charter **charter,
                                  struct sk_findings **findings,
                                  struct sk_bundle **out)
{
    struct sk_bytes policy = sk_value_bin(sk_value_get(args, "policy"));
    enum sk_status status = sk_federation_charter(e, charter);

    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    SK_TRY(status);
    if (policy.size == 0)
        return sk_refuse(e, "bad-argument", "policy", (struct sk_bytes){0});
    *findings = sk_arena_get(&e->scratch, sizeof(**findings));
    if (*findings == NULL)
        return SK_E_MEMORY;
    **findings = sk_findings_start(&e->scratch);
    return sk_federation_compile(e, *charter, policy, (struct sk_bytes){0},
                                 *findings, out);
}

enum sk_status sk_op_policy_try(struct sk_engine *e, struct sk_value args)
{
    struct sk_charter *charter;
    struct sk_findings *findings = NULL;
    struct sk_bundle *bundle;

    SK_TRY(load_policy(e, args, &charter, &findings, &bundle));
    sk_pack_map(&e->reply, 3);
    sk_reply_findings(&e->reply, "errors", findings, 'E');
    sk_reply_bool(&e->reply, "ok", bundle != NULL);
    sk_reply_findings(&e->reply, "warnings", findings, 'W');
    return SK_OK;
}

/* Every share rule, in the order of the file. */
static enum sk_status pack_rules(struct sk_engine *e, struct sk_bytes policy)
{
    struct sk_findings findings = sk_findings_start(&e->scratch);
    struct sk_node *tree;
    struct sk_node *share;
    struct sk_node *rule;

    SK_TRY(sk_yaml_read("policy.yaml", policy, &e->scratch, &findings, &tree));
    share = sk_node_get(tree, "share");
    sk_pack_array(&e->reply, share == NULL ? 0 : share->count);
    for (rule = share == NULL ? NULL : share->first; rule != NULL;
         rule = rule->next) {
        struct sk_rule_view view = {0};
        struct sk_node *id = sk_node_get(rule, "id");

        if (id == NULL || !sk_bundle_rule(e->bundle, id->text, &view))
            return SK_E_BAD_FORM;
        sk_pack_map(&e->reply, 4);
        sk_reply_text(&e->reply, "ground", view.gdpr);
        sk_reply_text(&e->reply, "id", view.id);
        sk_reply_text(&e->reply, "reference", view.reference);
        sk_reply_text(&e->reply, "text", view.text);
    }
    return SK_OK;
}

/* What is signed and waits for its day. */
static enum sk_status pack_next(struct sk_engine *e, size_t *count)
{
    struct sk_policy_next next;

    SK_TRY(sk_policy_next_get(e, &next));
    if (next.version == 0)
        return SK_OK;
    sk_pack_cstr(&e->reply, "next");
    sk_pack_map(&e->reply, 2);
    sk_reply_text(&e->reply, "from", next.day);
    sk_reply_uint(&e->reply, "version", next.version);
    (*count)++;
    return SK_OK;
}

/* Its hash, for who makes the next version. */
static enum sk_status pack_hash(struct sk_engine *e, size_t *count)
{
    struct sk_bytes manifest;
    struct sk_hash hash;
    char hex[2 * sizeof(hash.bytes) + 1];
    enum sk_status status = sk_policy_in_force(e, SK_MANIFEST_NAME, &manifest);

    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    sk_sha256(manifest, &hash);
    sk_hash_format(&hash, hex);
    sk_reply_cstr(&e->reply, "hash", hex);
    (*count)++;
    return SK_OK;
}

/* What a newer charter would let through waits for the officers. */
static void pack_approval(struct sk_engine *e, size_t *count)
{
    if (e->seen == NULL)
        return;
    sk_reply_uint(&e->reply, "seen_charter", e->seen_charter);
    (*count)++;
}

enum sk_status sk_op_policy_show(struct sk_engine *e, struct sk_value args)
{
    size_t at = sk_reply_open(&e->reply);
    struct sk_bytes policy;
    size_t count = 2;

    (void)args; /* it has none */
    SK_TRY(pack_hash(e, &count));
    SK_TRY(pack_next(e, &count));
    sk_pack_cstr(&e->reply, "policy");
    if (e->bundle == NULL || !e->has_policy) {
        sk_pack_nil(&e->reply);
        sk_pack_cstr(&e->reply, "rules");
        sk_pack_array(&e->reply, 0);
    } else {
        SK_TRY(sk_policy_in_force(e, "policy.yaml", &policy));
        sk_pack_str(&e->reply, sk_policy_name(e));
        sk_pack_cstr(&e->reply, "rules");
        SK_TRY(pack_rules(e, policy));
    }
    pack_approval(e, &count);
    sk_reply_close_map(&e->reply, at, count);
    return SK_OK;
}
