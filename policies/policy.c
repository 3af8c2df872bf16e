#include "policies/rule_read.h"

#include <string.h>

/* Share rules, and the policy file as a whole.  POLICY.md 7.1 to 7.3 */

#define WITHIN_DAYS_MAX 31
#define WITHIN_DAYS_DEFAULT 7

static const char *const share_keys[] = {
    "id",      "text",  "to",    "for",    "what",           "where",
    "consent", "basis", "valid", "retain", "not_older_than", "on_withdrawal",
    "duties",  "roles",
};

/* One share rule while it is read. */
struct reading {
    struct sk_loading *l;
    const struct sk_node *rule;
    struct sk_share share; /* begins with what `defaults` says */
    bool retains;          /* the rule or the defaults have `retain` */
};

/* ---------------------------------------------------------------- what */

static enum sk_status read_event_fields(struct reading *r,
                                        const struct sk_node *entry,
                                        struct sk_shared_event *shared)
{
    struct sk_loading *l = r->l;
    const struct sk_vocabulary *v = l->bundle->vocabulary;
    const struct sk_event_type *type = &v->events[shared->event];

    if (entry->kind != SK_NODE_MAP || entry->count == 0) {
        sk_findings_add(l->findings, "E029", entry->place, NULL, 0);
        return SK_OK;
    }
    for (const struct sk_node *named = entry->first; named != NULL;
         named = named->next) {
        uint16_t field = sk_read_field(l, named->key, named->key_place);
        size_t at = 0;
        uint16_t level;

        if (field == SK_NONE)
            continue;
        while (at < type->fields_count && type->fields[at] != field)
            at++;
        if (at == type->fields_count) {
            struct sk_argument arguments[] = {{"event", type->id},
                                              {"field", named->key}};

            sk_findings_add(l->findings, "E035", named->key_place, arguments,
                            2);
            continue;
        }
        level = sk_read_level(l, field, named, /* offer_drop */ false);
        if (level == SK_NONE)
            continue;
        if (level == 0)
            sk_read_say(l->findings, "W001", named->place, "field", named->key);
        shared->levels[at] = (uint8_t)level;
    }
    return SK_OK;
}

static enum sk_status read_what(struct reading *r)
{
    struct sk_loading *l = r->l;
    const struct sk_vocabulary *v = l->bundle->vocabulary;
    const struct sk_node *what = sk_node_get(r->rule, "what");

    if (what == NULL || what->kind != SK_NODE_MAP || what->count == 0) {
        sk_findings_add(l->findings, "E029",
                        what != NULL ? what->place : r->rule->place, NULL, 0);
        return SK_OK;
    }
    r->share.what =
        sk_arena_get_array(l->arena, what->count, sizeof(*r->share.what));
    if (r->share.what == NULL)
        return SK_E_MEMORY;
    for (const struct sk_node *entry = what->first; entry != NULL;
         entry = entry->next) {
        struct sk_shared_event shared = {.node = entry};

        shared.event = sk_read_event(l, entry->key, entry->key_place);
        if (shared.event == SK_NONE)
            continue;
        shared.levels =
            sk_arena_get(l->arena, v->events[shared.event].fields_count);
        if (shared.levels == NULL)
            return SK_E_MEMORY;
        if (sk_node_is(entry, "only-the-fact"))
            shared.only_the_fact = true;
        else
            SK_TRY(read_event_fields(r, entry, &shared));
        r->share.what[r->share.what_count++] = shared;
    }
    return SK_OK;
}

/* ---------------------------------------------------------------- where */

static void say_not_choice(struct sk_loading *l, const struct sk_node *entry,
                           uint16_t field)
{
    const struct sk_field *f = &l->bundle->vocabulary->fields[field];
    struct sk_argument arguments[] = {{"field", f->id},
                                      {"kind", sk_text(sk_kind_word(f->kind))}};

    sk_findings_add(l->findings, "E036", entry->key_place, arguments, 2);
}

static uint64_t read_value(struct sk_loading *l, const struct sk_field *field,
                           const struct sk_node *word)
{
    const struct sk_code_list *list = field->codelist;
    struct sk_argument arguments[3];
    struct sk_hint hint;

    if (!sk_read_is_scalar(l->findings, word))
        return 0;
    hint = sk_hint_start(word->text);
    for (size_t i = 0; i < list->count; i++) {
        if (sk_bytes_equal(list->values[i].id, word->text))
            return sk_bit((unsigned)i);
        sk_hint_offer_label(&hint, list->values[i].id, list->values[i].label.nl,
                            list->values[i].label.en);
    }
    arguments[0] = (struct sk_argument){"value", word->text};
    arguments[1] = (struct sk_argument){"field", field->id};
    arguments[2] = (struct sk_argument){"hint", sk_hint_best(&hint)};
    sk_findings_add(l->findings, "E037", word->place, arguments, 3);
    return 0;
}

static enum sk_status read_where(struct reading *r)
{
    struct sk_loading *l = r->l;
    const struct sk_vocabulary *v = l->bundle->vocabulary;
    const struct sk_node *where = sk_node_get(r->rule, "where");
    struct sk_share *share = &r->share;

    if (where == NULL || !sk_read_is_map(l->findings, where))
        return SK_OK;
    /* Nothing asked would always be met: a condition that got lost. */
    if (where->count == 0)
        sk_read_say(l->findings, "E008", where->place, "what",
                    sk_text("a map with at least one field"));
    share->where =
        sk_arena_get_array(l->arena, where->count + 1, sizeof(*share->where));
    share->where_names = sk_arena_get_array(l->arena, where->count + 1,
                                            sizeof(*share->where_names));
    if (share->where == NULL || share->where_names == NULL)
        return SK_E_MEMORY;
    for (const struct sk_node *entry = where->first; entry != NULL;
         entry = entry->next) {
        uint16_t field = sk_read_field(l, entry->key, entry->key_place);
        struct sk_where one = {field, 0};

        if (field == SK_NONE)
            continue;
        if (v->fields[field].kind != SK_KIND_ENUM) {
            say_not_choice(l, entry, field);
            continue;
        }
        if (!sk_read_is_list(l->findings, entry))
            continue;
        for (const struct sk_node *word = entry->first; word != NULL;
             word = word->next)
            one.values |= read_value(l, &v->fields[field], word);
        share->where_names[share->where_count] = v->fields[field].id;
        share->where[share->where_count++] = one;
    }
    return SK_OK;
}

/* ---------------------------------------------------------------- terms */

static void read_consent(struct sk_loading *l, const struct sk_node *node,
                         bool *explicit_consent)
{
    if (node == NULL || !sk_read_is_scalar(l->findings, node))
        return;
    if (!sk_node_is(node, "given") && !sk_node_is(node, "explicit"))
        sk_read_say(l->findings, "E033", node->place, "value", node->text);
    else
        *explicit_consent = sk_node_is(node, "explicit");
}

static void say_choice(struct sk_loading *l, const char *code,
                       const struct sk_node *node, const char *const *words,
                       size_t count)
{
    struct sk_join choices = {.size = 0};
    struct sk_argument arguments[2];

    for (size_t i = 0; i < count; i++)
        sk_join_add(&choices, sk_text(words[i]));
    arguments[0] = (struct sk_argument){"value", node->text};
    arguments[1] = (struct sk_argument){"choices", sk_join_text(&choices)};
    sk_findings_add(l->findings, code, node->place, arguments, 2);
}

static void read_gdpr(struct reading *r, const struct sk_node *basis)
{
    static const char *const words[] = {
        [SK_GDPR_CONSENT] = "consent",
        [SK_GDPR_CONTRACT] = "contract",
        [SK_GDPR_PUBLIC_TASK] = "public-task",
        [SK_GDPR_LEGITIMATE_INTEREST] = "legitimate-interest",
    };
    const struct sk_node *node = sk_read_need(r->l->findings, basis, "gdpr");

    if (node == NULL || !sk_read_is_scalar(r->l->findings, node))
        return;
    for (size_t i = 0; i < SK_COUNT(words); i++) {
        if (!sk_node_is(node, words[i]))
            continue;
        r->share.gdpr = (enum sk_gdpr)i;
        r->share.gdpr_word = node->text;
        return;
    }
    say_choice(r->l, "E038", node, words, SK_COUNT(words));
}

static void read_basis(struct reading *r)
{
    static const char *const keys[] = {"gdpr", "reference", "art9",
                                       "authorisation"};
    static const char *const art9_words[] = {
        "explicit-consent", "employment-and-social-law",
        "health-or-social-care", "substantial-public-interest"};
    struct sk_findings *findings = r->l->findings;
    const struct sk_node *basis = sk_read_need(findings, r->rule, "basis");
    const struct sk_node *reference = sk_node_get(basis, "reference");
    const struct sk_node *art9 = sk_node_get(basis, "art9");

    if (basis == NULL || !sk_read_is_map(findings, basis))
        return;
    (void)sk_read_keys(findings, basis, keys, SK_COUNT(keys));
    read_gdpr(r, basis);
    if (reference == NULL ||
        (reference->kind == SK_NODE_SCALAR && reference->text.size == 0))
        sk_findings_add(findings, "E040",
                        reference != NULL ? reference->place : basis->place,
                        NULL, 0);
    else
        (void)sk_read_line(findings, reference, &r->share.reference);
    if (art9 != NULL && sk_read_is_scalar(findings, art9)) {
        if (sk_word_is_in(art9->text, art9_words, SK_COUNT(art9_words)))
            r->share.art9 = art9->text;
        else
            say_choice(r->l, "E053", art9, art9_words, SK_COUNT(art9_words));
    }
    (void)sk_read_line(findings, sk_node_get(basis, "authorisation"),
                       &r->share.authorisation);
}

static void read_valid(struct reading *r)
{
    static const char *const keys[] = {"from", "until"};
    const struct sk_duration two_years = {24, SK_MONTHS};
    struct sk_findings *findings = r->l->findings;
    const struct sk_node *valid = sk_node_get(r->rule, "valid");
    const struct sk_node *from = sk_node_get(valid, "from");
    const struct sk_node *until = sk_node_get(valid, "until");
    bool good;

    if (valid != NULL && !sk_read_keys(findings, valid, keys, SK_COUNT(keys)) &&
        valid->kind != SK_NODE_MAP)
        return;
    if (from == NULL || until == NULL)
        sk_read_say(findings, "E046",
                    valid != NULL ? valid->place : r->rule->place, "id",
                    r->share.id);
    good = sk_read_date(findings, from, &r->share.from);
    if (until == NULL || !sk_read_date(findings, until, &r->share.until) ||
        !good)
        return;
    if (r->share.until < r->share.from)
        sk_findings_add(findings, "E047", until->place, NULL, 0);
    else if (r->share.until >= sk_day_add(r->share.from, two_years))
        sk_read_say(findings, "E062", until->place, "id", r->share.id);
}

static void read_retain(struct reading *r, const struct sk_node *retain)
{
    static const char *const keys[] = {"for", "from"};
    struct sk_findings *findings = r->l->findings;
    const struct sk_node *length = sk_node_get(retain, "for");
    const struct sk_node *from = sk_node_get(retain, "from");

    if (retain == NULL || !sk_read_is_map(findings, retain))
        return;
    (void)sk_read_keys(findings, retain, keys, SK_COUNT(keys));
    if (length == NULL)
        sk_read_say(findings, "E044", retain->place, "id", r->share.id);
    if (length != NULL && sk_read_duration(findings, length, &r->share.retain))
        r->share.retain_text = length->text;
    if (!sk_node_is(from, "sent") && !sk_node_is(from, "occurred"))
        sk_findings_add(findings, "E045",
                        from != NULL ? from->place : retain->place, NULL, 0);
    r->share.retain_from_occurred = sk_node_is(from, "occurred");
}

static void read_on_withdrawal(struct reading *r, const struct sk_node *node)
{
    static const char *const keys[] = {"do", "within"};
    struct sk_findings *findings = r->l->findings;
    const struct sk_node *what = sk_node_get(node, "do");
    const struct sk_node *within = sk_node_get(node, "within");
    struct sk_duration duration;

    if (node == NULL || !sk_read_is_map(findings, node))
        return;
    (void)sk_read_keys(findings, node, keys, SK_COUNT(keys));
    if (what != NULL && sk_read_is_scalar(findings, what)) {
        if (sk_node_is(what, "erase") || sk_node_is(what, "stop")) {
            r->share.erase = sk_node_is(what, "erase");
        } else {
            struct sk_argument arguments[] = {{"value", what->text},
                                              {"type", sk_text("erase, stop")}};

            sk_findings_add(findings, "E009", what->place, arguments, 2);
        }
    }
    if (within == NULL || !sk_read_duration(findings, within, &duration))
        return;
    if (duration.unit != SK_DAYS || duration.count > WITHIN_DAYS_MAX)
        sk_read_say(findings, "E041", within->place, "value", within->text);
    else
        r->share.within_days = duration.count;
}

/* ---------------------------------------------------------------- duties */

static void read_duties(struct reading *r)
{
    struct sk_loading *l = r->l;
    const struct sk_node *list = sk_node_get(r->rule, "duties");

    r->share.duties = SK_DUTIES_ALWAYS;
    if (list == NULL || !sk_read_is_list(l->findings, list))
        return;
    for (const struct sk_node *word = list->first; word != NULL;
         word = word->next) {
        unsigned duty;

        if (!sk_read_is_scalar(l->findings, word))
            continue;
        duty = sk_duty_of(word->text);
        if (duty == 0)
            sk_say_unknown(l, "E052", word, sk_duty_words, SK_DUTIES_COUNT);
        r->share.duties |= (uint8_t)duty;
    }
}

static void say_unknown_role(struct sk_loading *l, const struct sk_node *word)
{
    const struct sk_vocabulary *v = l->bundle->vocabulary;
    struct sk_hint hint = sk_hint_start(word->text);
    struct sk_argument arguments[2];

    for (size_t i = 0; i < v->user_roles_count; i++)
        sk_hint_offer(&hint, v->user_roles[i].id);
    arguments[0] = (struct sk_argument){"id", word->text};
    arguments[1] = (struct sk_argument){"hint", sk_hint_best(&hint)};
    sk_findings_add(l->findings, "E052", word->place, arguments, 2);
}

/* Put the role in its place by bytes; a double counts once. */
static void add_role(struct sk_share *share, struct sk_bytes role)
{
    size_t at = share->roles_count;

    while (at > 0 && sk_bytes_compare(share->roles[at - 1], role) > 0)
        at--;
    if (at > 0 && sk_bytes_equal(share->roles[at - 1], role))
        return;
    memmove(&share->roles[at + 1], &share->roles[at],
            (share->roles_count - at) * sizeof(role));
    share->roles[at] = role;
    share->roles_count++;
}

static enum sk_status read_roles(struct reading *r)
{
    struct sk_loading *l = r->l;
    const struct sk_vocabulary *v = l->bundle->vocabulary;
    const struct sk_node *list = sk_node_get(r->rule, "roles");

    r->share.roles_all = list == NULL;
    if (list == NULL || !sk_read_is_list(l->findings, list))
        return SK_OK;
    r->share.duties |= SK_DUTY_LIMIT_ROLES;
    r->share.roles =
        sk_arena_get_array(l->arena, list->count, sizeof(*r->share.roles));
    if (r->share.roles == NULL)
        return SK_E_MEMORY;
    for (const struct sk_node *word = list->first; word != NULL;
         word = word->next) {
        bool known = false;

        if (!sk_read_is_scalar(l->findings, word))
            continue;
        for (size_t i = 0; i < v->user_roles_count && !known; i++)
            known = sk_bytes_equal(v->user_roles[i].id, word->text);
        if (known)
            add_role(&r->share, word->text);
        else
            say_unknown_role(l, word);
    }
    return SK_OK;
}

/* ---------------------------------------------------------------- rule */

static void read_reach(struct reading *r)
{
    struct sk_loading *l = r->l;
    const struct sk_node *to = sk_read_need(l->findings, r->rule, "to");
    const struct sk_node *purposes = sk_node_get(r->rule, "for");

    if (to != NULL)
        sk_read_who(l, to, SK_WHO_SHARE, &r->share.to);
    if (l->bundle->owner_at != SK_NONE)
        r->share.to.words[l->bundle->owner_at / 64] &=
            ~sk_bit(l->bundle->owner_at % 64);
    if (purposes == NULL ||
        (purposes->kind == SK_NODE_LIST && purposes->count == 0))
        sk_read_say(l->findings, "E027",
                    purposes != NULL ? purposes->place : r->rule->place, "id",
                    r->share.id);
    else if (sk_read_is_list(l->findings, purposes))
        r->share.purposes = sk_read_leaves(l, purposes);
}

/* The keys that `defaults` may have too. */
static void read_terms(struct reading *r, const struct sk_node *map)
{
    const struct sk_node *retain = sk_node_get(map, "retain");

    r->retains = r->retains || retain != NULL;
    read_retain(r, retain);
    read_on_withdrawal(r, sk_node_get(map, "on_withdrawal"));
    read_consent(r->l, sk_node_get(map, "consent"), &r->share.explicit_consent);
}

static enum sk_status read_share(struct reading *r)
{
    struct sk_loading *l = r->l;
    size_t errors = l->findings->errors;

    (void)sk_read_keys(l->findings, r->rule, share_keys, SK_COUNT(share_keys));
    read_reach(r);
    SK_TRY(read_what(r));
    SK_TRY(read_where(r));
    read_basis(r);
    read_valid(r);
    read_terms(r, r->rule);
    if (!r->retains)
        sk_read_say(l->findings, "E044", r->rule->place, "id", r->share.id);
    (void)sk_read_duration(l->findings, sk_node_get(r->rule, "not_older_than"),
                           &r->share.not_older_than);
    read_duties(r);
    SK_TRY(read_roles(r));
    r->share.broken = l->findings->errors != errors;
    return SK_OK;
}

static enum sk_status read_shares(struct sk_loading *l,
                                  const struct sk_node *list,
                                  const struct reading *defaults)
{
    struct sk_bundle *bundle = l->bundle;

    if (list == NULL || !sk_read_is_list(l->findings, list))
        return SK_OK;
    bundle->shares =
        sk_arena_get_array(l->arena, list->count, sizeof(*bundle->shares));
    if (bundle->shares == NULL)
        return SK_E_MEMORY;
    for (const struct sk_node *rule = list->first; rule != NULL;
         rule = rule->next) {
        struct reading r = *defaults;

        r.rule = rule;
        r.share.node = rule;
        r.share.place = rule->place;
        if (!sk_read_rule_head(l, rule, /* federation */ false, &r.share.id,
                               &r.share.text))
            continue;
        SK_TRY(read_share(&r));
        bundle->shares[bundle->shares_count++] = r.share;
    }
    return SK_OK;
}

/* ---------------------------------------------------------------- file */

void sk_check_version(struct sk_loading *l, const struct sk_node *file,
                      const char *key, struct sk_bytes have)
{
    const struct sk_node *node = sk_read_need(l->findings, file, key);
    struct sk_argument arguments[2];

    if (node == NULL || !sk_read_is_scalar(l->findings, node) ||
        sk_bytes_equal(node->text, have))
        return;
    arguments[0] = (struct sk_argument){"want", node->text};
    arguments[1] = (struct sk_argument){"have", have};
    sk_findings_add(l->findings, "E012", node->place, arguments, 2);
}

static void read_owner(struct sk_loading *l, const struct sk_node *file)
{
    struct sk_bundle *bundle = l->bundle;
    const struct sk_node *node = sk_read_need(l->findings, file, "policy");
    const struct sk_roster_org *org;

    if (node == NULL || !sk_read_id(l->findings, node, &bundle->owner))
        return;
    bundle->owner_at = sk_roster_find(&bundle->roster, bundle->owner);
    if (bundle->owner_at == SK_NONE) {
        sk_read_say(l->findings, "E013", node->place, "org", bundle->owner);
        return;
    }
    org = &bundle->roster.orgs[bundle->owner_at];
    for (size_t c = 0; c < bundle->vocabulary->categories_count; c++) {
        const struct sk_category *category = &bundle->vocabulary->categories[c];

        if (category->always_explicit ||
            (category->secrecy && org->secrecy == SK_SECRECY_PROFESSIONAL))
            bundle->secret |= sk_bit((unsigned)c);
    }
}

static struct reading read_defaults(struct sk_loading *l,
                                    const struct sk_node *file)
{
    static const char *const keys[] = {"retain", "on_withdrawal", "consent"};
    const struct sk_node *node = sk_node_get(file, "defaults");
    struct reading r = {.l = l};

    r.share.id = sk_text("defaults");
    r.share.erase = true;
    r.share.within_days = WITHIN_DAYS_DEFAULT;
    if (node != NULL) {
        (void)sk_read_keys(l->findings, node, keys, SK_COUNT(keys));
        read_terms(&r, node);
    }
    r.share.id = (struct sk_bytes){NULL, 0};
    return r;
}

static void check_count(struct sk_loading *l, const struct sk_node *file,
                        bool *good)
{
    static const char *const lists[] = {"share", "never", "limit"};
    size_t count = 0;

    for (size_t i = 0; i < SK_COUNT(lists); i++) {
        const struct sk_node *list = sk_node_get(file, lists[i]);

        count += list != NULL ? list->count : 0;
    }
    *good = count <= SK_RULES_MAX;
    if (!*good)
        sk_read_too_many(l->findings, file->place, "rules", SK_RULES_MAX);
}

enum sk_status sk_policy_load(struct sk_loading *l, const struct sk_node *file)
{
    static const char *const keys[] = {
        "language", "policy",   "version", "vocabulary", "guards",
        "partners", "defaults", "share",   "never",      "limit"};
    struct sk_bundle *bundle = l->bundle;
    struct reading defaults;
    bool good;

    if (!sk_read_format(l->findings, file, "language", "sharing-policy/1"))
        return SK_OK;
    (void)sk_read_keys(l->findings, file, keys, SK_COUNT(keys));
    read_owner(l, file);
    (void)sk_read_int(l->findings, sk_read_need(l->findings, file, "version"),
                      0, 999999999, &bundle->policy_version);
    sk_check_version(l, file, "vocabulary", bundle->vocabulary->name);
    sk_check_version(l, file, "guards", bundle->guards_name);
    sk_check_version(l, file, "partners", bundle->roster.id);
    check_count(l, file, &good);
    if (!good)
        return SK_OK;
    defaults = read_defaults(l, file);
    SK_TRY(read_shares(l, sk_node_get(file, "share"), &defaults));
    SK_TRY(sk_read_takes(l, sk_node_get(file, "never"), /* limit */ false,
                         /* federation */ false));
    SK_TRY(sk_read_takes(l, sk_node_get(file, "limit"), /* limit */ true,
                         /* federation */ false));
    bundle->has_policy = true;
    return SK_OK;
}
