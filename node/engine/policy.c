#include "node/engine/internal.h"

/* What became of the newest policy that was ever in force here: also when the
   charter changed and it loads no longer, an older one must not come back. */
static const char meta_version[] = "policy-version";

static enum sk_status newest_version(struct sk_engine *e, uint64_t *out)
{
    enum sk_status status = sk_meta_get_u64(e, meta_version, out);

    if (status == SK_E_NOT_FOUND) {
        *out = 0;
        return SK_OK;
    }
    return status;
}

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
    return sk_federation_compile(e, *charter, policy, *findings, out);
}

static enum sk_status store_policy(struct sk_engine *e, struct sk_bytes policy,
                                   uint64_t version)
{
    SK_TRY(sk_file_put(e, sk_text("policy.yaml"), policy));
    return sk_meta_put_u64(e, meta_version, version);
}

enum sk_status sk_op_policy_activate(struct sk_engine *e, struct sk_value args)
{
    struct sk_bytes policy = sk_value_bin(sk_value_get(args, "policy"));
    struct sk_charter *charter;
    struct sk_findings *findings;
    struct sk_bundle *bundle;
    struct sk_bytes known = {0};
    uint64_t version;
    uint64_t newest;
    enum sk_status status;

    SK_TRY(load_policy(e, args, &charter, &findings, &bundle));
    if (bundle == NULL)
        return sk_refuse_findings(e, "policy-invalid", findings);
    if (!sk_bytes_equal(sk_bundle_owner(bundle), sk_org_text(&e->org)))
        return sk_refuse(e, "policy-not-yours", "policy",
                         sk_arena_copy(&e->scratch, sk_bundle_owner(bundle)));
    version = sk_bundle_policy_version(bundle);
    SK_TRY(newest_version(e, &newest));
    status = sk_file_get(e, "policy.yaml", &known);
    if (status != SK_E_NOT_FOUND)
        SK_TRY(status);
    /* The very same file again is no change, and may be asked for. */
    if (version < newest ||
        (version == newest && !sk_bytes_equal(policy, known)))
        return sk_refuse(e, "policy-version-not-higher", "policy",
                         (struct sk_bytes){0});

    SK_TRY(store_policy(e, policy, version));
    sk_federation_take(e, charter, bundle, true);
    sk_pack_map(&e->reply, 2);
    sk_reply_text(&e->reply, "policy", sk_policy_name(e));
    sk_reply_findings(&e->reply, "warnings", findings, 'W');
    return SK_OK;
}

enum sk_status sk_op_policy_try(struct sk_engine *e, struct sk_value args)
{
    struct sk_charter *charter;
    struct sk_findings *findings;
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

enum sk_status sk_op_policy_show(struct sk_engine *e, struct sk_value args)
{
    struct sk_bytes policy;

    (void)args; /* it has none */
    sk_pack_map(&e->reply, 2);
    sk_pack_cstr(&e->reply, "policy");
    if (e->bundle == NULL || !e->has_policy) {
        sk_pack_nil(&e->reply);
        sk_pack_cstr(&e->reply, "rules");
        sk_pack_array(&e->reply, 0);
        return SK_OK;
    }
    SK_TRY(sk_file_get(e, "policy.yaml", &policy));
    sk_pack_str(&e->reply, sk_policy_name(e));
    sk_pack_cstr(&e->reply, "rules");
    return pack_rules(e, policy);
}
