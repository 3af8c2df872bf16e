#include "policies/decide.h"
#include "policies/facts.h"
#include "policies/rules.h"

static uint64_t purposes_of(const struct sk_bundle *bundle,
                            const struct sk_fact_objection *o)
{
    return sk_wide_purposes(bundle->vocabulary, o->purposes, o->purposes_count);
}

static bool names(const struct sk_bundle *bundle,
                  const struct sk_fact_objection *o, uint16_t org)
{
    struct sk_org_set set =
        sk_orgs_of(&bundle->roster, o->recipients, o->recipients_count,
                   /* wide */ true);

    return sk_org_set_has(&set, org);
}

enum sk_reach sk_objection_reach(const struct sk_bundle *bundle,
                                 const struct sk_fact_objection *objection,
                                 size_t rule, struct sk_bytes to, int32_t day,
                                 struct sk_rule_view *view)
{
    uint16_t org = sk_roster_find(&bundle->roster, to);
    const struct sk_share *share;

    if (rule >= bundle->shares_count)
        return SK_REACH_NONE_LEFT;
    share = &bundle->shares[rule];
    *view = sk_share_view(share);
    if (org == SK_NONE || !sk_org_set_has(&share->to, org) ||
        day < share->from || day > share->until ||
        !names(bundle, objection, org) ||
        (share->purposes & purposes_of(bundle, objection)) == 0)
        return SK_REACH_NOT;
    return sk_share_objects(share) ? SK_REACH_STOPS : SK_REACH_GOES_ON;
}

bool sk_objection_covers(const struct sk_bundle *bundle,
                         const struct sk_fact_objection *objection,
                         struct sk_bytes rule, struct sk_bytes to,
                         struct sk_bytes purpose)
{
    uint16_t org = sk_roster_find(&bundle->roster, to);
    uint16_t p = sk_vocabulary_purpose(bundle->vocabulary, purpose);

    if (org != SK_NONE && !names(bundle, objection, org))
        return false;
    if (p != SK_NONE && (purposes_of(bundle, objection) & sk_bit(p)) == 0)
        return false;
    for (size_t i = 0; i < bundle->shares_count; i++)
        if (sk_bytes_equal(bundle->shares[i].id, rule))
            return sk_share_objects(&bundle->shares[i]);
    return true;
}
