#include <string.h>

#include "policies/formats.h"
#include "policies/read.h"
#include "policies/rules.h"

/* POLICY.md 9.1 */

const char *const sk_duty_words[SK_DUTIES_COUNT] = {
    "confirm-erasure", "erase-on-withdrawal", "limit-roles",
    "log-access",      "no-onward",           "retain",
};

static const char *const secrecy_words[] = {
    [SK_SECRECY_NONE] = "none",
    [SK_SECRECY_DISCRETION] = "discretion",
    [SK_SECRECY_OFFICIAL] = "official",
    [SK_SECRECY_PROFESSIONAL] = "professional",
};

static const char *const status_words[] = {
    [SK_ORG_ACTIVE] = "active",
    [SK_ORG_SUSPENDED] = "suspended",
    [SK_ORG_LEFT] = "left",
};

/* Behind the roles of the vocabulary, in this order. */
static const char *const built_in[] = {
    "secrecy-none",         "secrecy-discretion", "secrecy-official",
    "secrecy-professional", "insz-authorised",    "person-level",
    "figures-only",         "public-body",
};

unsigned sk_duty_of(struct sk_bytes word)
{
    for (unsigned i = 0; i < SK_DUTIES_COUNT; i++) {
        if (sk_bytes_equal(word, sk_text(sk_duty_words[i])))
            return 1U << i;
    }
    return 0;
}

/* ---------------------------------------------------------------- look up */

uint16_t sk_roster_find(const struct sk_roster *roster, struct sk_bytes id)
{
    return sk_index_find(&roster->index, id);
}

const struct sk_group *sk_roster_group(const struct sk_roster *roster,
                                       struct sk_bytes id)
{
    for (size_t i = 0; i < roster->groups_count; i++) {
        if (sk_bytes_equal(roster->groups[i].id, id))
            return &roster->groups[i];
    }
    return NULL;
}

/* ---------------------------------------------------------------- words */

/* Position of a word of a short list; SK_NONE with E086. */
static uint16_t read_choice(struct sk_findings *findings,
                            const struct sk_node *node,
                            const char *const *words, size_t count)
{
    struct sk_hint hint;
    struct sk_argument arguments[2];

    if (!sk_read_is_scalar(findings, node))
        return SK_NONE;
    hint = sk_hint_start(node->text);
    for (size_t i = 0; i < count; i++) {
        if (sk_node_is(node, words[i]))
            return (uint16_t)i;
        sk_hint_offer(&hint, sk_text(words[i]));
    }
    arguments[0] = (struct sk_argument){"id", node->text};
    arguments[1] = (struct sk_argument){"hint", sk_hint_best(&hint)};
    sk_findings_add(findings, "E086", node->place, arguments, 2);
    return SK_NONE;
}

static uint16_t read_role(struct sk_loading *l, const struct sk_node *node)
{
    const struct sk_vocabulary *v = l->bundle->vocabulary;
    struct sk_hint hint;
    struct sk_argument arguments[2];
    uint16_t role;

    if (!sk_read_is_scalar(l->findings, node))
        return SK_NONE;
    role = sk_vocabulary_role(v, node->text);
    if (role != SK_NONE)
        return role;
    hint = sk_hint_start(node->text);
    for (size_t i = 0; i < v->roles_count; i++)
        sk_hint_offer(&hint, v->roles[i].id);
    arguments[0] = (struct sk_argument){"id", node->text};
    arguments[1] = (struct sk_argument){"hint", sk_hint_best(&hint)};
    sk_findings_add(l->findings, "E086", node->place, arguments, 2);
    return SK_NONE;
}

/* ---------------------------------------------------------------- one org */

static void say_wider(struct sk_loading *l, const struct sk_node *node,
                      const struct sk_roster_org *org)
{
    struct sk_argument arguments[] = {
        {"org", org->id},
        {"key", node->key},
        {"role", l->bundle->vocabulary->roles[org->role].id},
    };

    sk_findings_add(l->findings, "E087", node->place, arguments,
                    SK_COUNT(arguments));
}

static void read_secrecy(struct sk_loading *l, const struct sk_node *entry,
                         struct sk_roster_org *org, bool has_role)
{
    const struct sk_node *node = sk_node_get(entry, "secrecy");
    uint16_t secrecy;

    if (node == NULL)
        return;
    secrecy =
        read_choice(l->findings, node, secrecy_words, SK_COUNT(secrecy_words));
    if (secrecy == SK_NONE)
        return;
    if (has_role && secrecy > org->secrecy)
        say_wider(l, node, org);
    org->secrecy = (enum sk_secrecy)secrecy;
}

/* A mark that may be false where the role says true, not the other way. */
static void read_mark(struct sk_loading *l, const struct sk_node *entry,
                      const char *key, const struct sk_roster_org *org,
                      bool has_role, bool *mark)
{
    const struct sk_node *node = sk_node_get(entry, key);
    bool value;

    if (node == NULL || !sk_read_bool(l->findings, node, &value))
        return;
    if (has_role && value && !*mark)
        say_wider(l, node, org);
    *mark = value;
}

static void read_kbo(struct sk_loading *l, const struct sk_node *entry,
                     struct sk_roster_org *org)
{
    const struct sk_roster *roster = &l->bundle->roster;
    const struct sk_node *node = sk_node_get(entry, "kbo");
    bool unique = true;

    if (node == NULL || !sk_read_is_scalar(l->findings, node))
        return;
    for (size_t i = 0; i < roster->count; i++)
        unique = unique && !sk_bytes_equal(roster->orgs[i].kbo, node->text);
    if (!unique || !sk_is_kbo(node->text)) {
        sk_read_say(l->findings, "E085", node->place, "value", node->text);
        return;
    }
    org->kbo = node->text;
}

static uint8_t read_duties(struct sk_loading *l, const struct sk_node *node)
{
    unsigned duties = 0;

    if (node == NULL || !sk_read_is_list(l->findings, node))
        return 0;
    for (const struct sk_node *child = node->first; child != NULL;
         child = child->next) {
        uint16_t at =
            read_choice(l->findings, child, sk_duty_words, SK_DUTIES_COUNT);

        if (at != SK_NONE)
            duties |= 1U << at;
    }
    return (uint8_t)duties;
}

static void check_languages(struct sk_loading *l, const struct sk_node *node)
{
    const struct sk_format *lang = sk_format_find(sk_text("lang"));

    if (node == NULL || !sk_read_is_list(l->findings, node))
        return;
    for (const struct sk_node *child = node->first; child != NULL;
         child = child->next) {
        if (sk_read_is_scalar(l->findings, child) &&
            !sk_format_matches(lang, child->text, 0))
            sk_read_say(l->findings, "E086", child->place, "id", child->text);
    }
}

static void take_role(struct sk_loading *l, uint16_t role,
                      struct sk_roster_org *org)
{
    const struct sk_role *of = &l->bundle->vocabulary->roles[role];

    org->role = role;
    org->secrecy = of->secrecy;
    org->insz = of->insz;
    org->person_level = of->person_level;
    org->public_body = of->public_body;
}

static void read_org(struct sk_loading *l, const struct sk_node *entry)
{
    static const char *const keys[] = {
        "name",         "kbo",    "role",      "secrecy", "public", "insz",
        "person_level", "duties", "languages", "status",  "groups",
    };
    struct sk_roster *roster = &l->bundle->roster;
    struct sk_roster_org org = {.id = entry->key};
    const struct sk_node *status = sk_node_get(entry, "status");
    uint16_t role;
    bool has_role;

    (void)sk_read_id_key(l->findings, entry); /* the finding is enough */
    if (!sk_read_is_map(l->findings, entry))
        return;
    (void)sk_read_keys(l->findings, entry, keys, SK_COUNT(keys));
    (void)sk_read_line(l->findings, sk_read_need(l->findings, entry, "name"),
                       &org.written);
    org.name = org.written;
    role = read_role(l, sk_read_need(l->findings, entry, "role"));
    has_role = role != SK_NONE;
    if (has_role)
        take_role(l, role, &org);
    read_secrecy(l, entry, &org, has_role);
    read_mark(l, entry, "insz", &org, has_role, &org.insz);
    read_mark(l, entry, "person_level", &org, has_role, &org.person_level);
    read_mark(l, entry, "public", &org, /* may say more */ false,
              &org.public_body);
    read_kbo(l, entry, &org);
    check_languages(l, sk_node_get(entry, "languages"));
    if (status != NULL) {
        uint16_t at = read_choice(l->findings, status, status_words,
                                  SK_COUNT(status_words));

        if (at != SK_NONE)
            org.status = (enum sk_org_status)at;
    }
    roster->duties[roster->count] =
        read_duties(l, sk_node_get(entry, "duties"));
    roster->orgs[roster->count] = org;
    roster->count++;
}

bool sk_org_is_same(const struct sk_roster_org *a,
                    const struct sk_roster_org *b)
{
    if (a->kbo.size > 0 && b->kbo.size > 0)
        return sk_bytes_equal(a->kbo, b->kbo);
    return sk_bytes_equal(a->written, b->written);
}

/* ---------------------------------------------------------------- names */

/* "Sopraco (sopraco-2)"; "(sopraco-2)" when there is no name to read. */
static enum sk_status name_apart(struct sk_loading *l,
                                 struct sk_roster_org *org)
{
    bool blank = sk_name_is_blank(org->written);
    size_t at = blank ? 0 : org->written.size + 1;
    uint8_t *text;

    if (org->name.data != org->written.data)
        return SK_OK; /* it is already */
    text = sk_arena_get(l->arena, at + org->id.size + 2);
    if (text == NULL)
        return SK_E_MEMORY;
    if (!blank) {
        memcpy(text, org->written.data, org->written.size);
        text[at - 1] = ' ';
    }
    text[at] = '(';
    memcpy(text + at + 1, org->id.data, org->id.size);
    text[at + 1 + org->id.size] = ')';
    org->name = (struct sk_bytes){text, at + org->id.size + 2};
    return SK_OK;
}

/* Who has no name is shown by its id: nobody else is by that alone. */
static enum sk_status check_blank(struct sk_loading *l,
                                  const struct sk_roster_org *blank,
                                  struct sk_roster_org *other)
{
    if (!sk_name_is_blank(blank->written) ||
        !(sk_names_alike(other->written, blank->id) ||
          sk_names_alike(other->written, blank->name)))
        return SK_OK;
    return name_apart(l, other);
}

/* W024, at the later of two. */
static enum sk_status check_pair(struct sk_loading *l,
                                 const struct sk_node *name,
                                 struct sk_roster_org *org,
                                 struct sk_roster_org *other)
{
    struct sk_argument arguments[] = {{"org", org->id}, {"other", other->id}};
    bool left = org->status == SK_ORG_LEFT || other->status == SK_ORG_LEFT;

    if (!sk_names_alike(org->written, other->written))
        return SK_OK;
    if (!left && !org->name_shared)
        sk_findings_add(l->findings, "W024", name->place, arguments,
                        SK_COUNT(arguments));
    if (!left)
        org->name_shared = other->name_shared = true;
    if (!left || org->status == SK_ORG_LEFT)
        SK_TRY(name_apart(l, org));
    if (!left || other->status == SK_ORG_LEFT)
        SK_TRY(name_apart(l, other));
    return SK_OK;
}

/* No errors: a charter that others live under must not stop their flows. */
static enum sk_status check_names(struct sk_loading *l,
                                  const struct sk_node *orgs)
{
    struct sk_roster *roster = &l->bundle->roster;
    uint64_t sums[SK_ORGS_MAX];

    for (size_t i = 0; i < roster->count; i++) {
        struct sk_roster_org *org = &roster->orgs[i];
        const struct sk_node *name =
            sk_node_get(sk_node_get_bytes(orgs, org->id), "name");

        sums[i] = sk_name_sum(org->written);
        if (name == NULL)
            continue; /* E032 */
        if (sk_name_is_blank(org->written)) {
            sk_read_say(l->findings, "W025", name->place, "org", org->id);
            SK_TRY(name_apart(l, org));
        }
        for (size_t k = 0; k < i; k++) {
            if (sums[i] == sums[k])
                SK_TRY(check_pair(l, name, org, &roster->orgs[k]));
            SK_TRY(check_blank(l, org, &roster->orgs[k]));
            SK_TRY(check_blank(l, &roster->orgs[k], org));
        }
    }
    return SK_OK;
}

/* ---------------------------------------------------------------- groups */

static bool is_in(const struct sk_vocabulary *v,
                  const struct sk_roster_org *org, size_t group)
{
    if (group < v->roles_count)
        return org->role == group;
    group -= v->roles_count;
    if (group <= SK_SECRECY_PROFESSIONAL)
        return org->secrecy == (enum sk_secrecy)group;
    switch (group) {
    case 4:
        return org->insz;
    case 5:
        return org->person_level;
    case 6:
        return !org->person_level;
    default:
        return org->public_body;
    }
}

static void fill_built_in(struct sk_loading *l)
{
    const struct sk_vocabulary *v = l->bundle->vocabulary;
    struct sk_roster *roster = &l->bundle->roster;

    for (size_t i = 0; i < v->roles_count; i++)
        roster->groups[i].id = v->roles[i].id;
    for (size_t i = 0; i < SK_COUNT(built_in); i++)
        roster->groups[v->roles_count + i].id = sk_text(built_in[i]);
    roster->groups_count = v->roles_count + SK_COUNT(built_in);
    for (size_t g = 0; g < roster->groups_count; g++) {
        for (size_t i = 0; i < roster->count; i++) {
            if (is_in(v, &roster->orgs[i], g))
                sk_org_set_add(&roster->groups[g].members, i);
        }
    }
}

static void read_own_groups(struct sk_loading *l, const struct sk_node *groups)
{
    static const char *const keys[] = {"nl", "en", "note"};
    struct sk_roster *roster = &l->bundle->roster;

    for (const struct sk_node *entry = groups->first; entry != NULL;
         entry = entry->next) {
        struct sk_label label;

        (void)sk_read_id_key(l->findings, entry);
        if (sk_read_keys(l->findings, entry, keys, SK_COUNT(keys)))
            (void)sk_read_label(l->findings, entry, &label);
        if (sk_roster_group(roster, entry->key) != NULL)
            sk_read_say(l->findings, "E088", entry->key_place, "id",
                        entry->key);
        else
            roster->groups[roster->groups_count++].id = entry->key;
    }
}

static void join_group(struct sk_loading *l, size_t org, size_t first_own,
                       const struct sk_node *word)
{
    struct sk_roster *roster = &l->bundle->roster;
    struct sk_argument arguments[2];
    struct sk_hint hint;

    if (!sk_read_is_scalar(l->findings, word))
        return;
    hint = sk_hint_start(word->text);
    for (size_t g = first_own; g < roster->groups_count; g++) {
        if (sk_bytes_equal(roster->groups[g].id, word->text)) {
            sk_org_set_add(&roster->groups[g].members, org);
            return;
        }
        sk_hint_offer(&hint, roster->groups[g].id);
    }
    arguments[0] = (struct sk_argument){"id", word->text};
    arguments[1] = (struct sk_argument){"hint", sk_hint_best(&hint)};
    sk_findings_add(l->findings, "E022", word->place, arguments, 2);
}

static enum sk_status make_groups(struct sk_loading *l,
                                  const struct sk_node *own,
                                  const struct sk_node *orgs)
{
    const struct sk_vocabulary *v = l->bundle->vocabulary;
    struct sk_roster *roster = &l->bundle->roster;
    size_t first_own = v->roles_count + SK_COUNT(built_in);
    size_t count = first_own + (own != NULL ? own->count : 0);

    roster->groups =
        sk_arena_get_array(l->arena, count, sizeof(*roster->groups));
    if (roster->groups == NULL)
        return SK_E_MEMORY;
    fill_built_in(l);
    if (own != NULL && sk_read_is_map(l->findings, own))
        read_own_groups(l, own);
    for (const struct sk_node *entry = orgs->first; entry != NULL;
         entry = entry->next) {
        const struct sk_node *groups = sk_node_get(entry, "groups");
        uint16_t org = sk_roster_find(roster, entry->key);

        if (groups == NULL || org == SK_NONE ||
            !sk_read_is_list(l->findings, groups))
            continue;
        for (const struct sk_node *word = groups->first; word != NULL;
             word = word->next)
            join_group(l, org, first_own, word);
    }
    return SK_OK;
}

/* ---------------------------------------------------------------- file */

static enum sk_status read_orgs(struct sk_loading *l,
                                const struct sk_node *orgs)
{
    struct sk_roster *roster = &l->bundle->roster;
    size_t count = orgs->count;

    if (count > SK_ORGS_MAX) {
        sk_read_too_many(l->findings, orgs->place, "organisations",
                         SK_ORGS_MAX);
        count = SK_ORGS_MAX;
    }
    roster->orgs =
        sk_arena_get_array(l->arena, count + 1, sizeof(*roster->orgs));
    roster->duties = sk_arena_get(l->arena, count + 1);
    if (roster->orgs == NULL || roster->duties == NULL)
        return SK_E_MEMORY;
    for (const struct sk_node *entry = orgs->first; entry != NULL && count > 0;
         entry = entry->next, count--)
        read_org(l, entry);
    if (!sk_index_start(&roster->index, l->arena, roster->count))
        return SK_E_MEMORY;
    for (size_t i = 0; i < roster->count; i++)
        (void)sk_index_add(&roster->index, roster->orgs[i].id, (uint16_t)i);
    return SK_OK;
}

enum sk_status sk_roster_load(struct sk_loading *l, const struct sk_node *file)
{
    static const char *const keys[] = {"format",     "partners", "version",
                                       "vocabulary", "groups",   "orgs"};
    struct sk_roster *roster = &l->bundle->roster;
    const struct sk_node *orgs;

    if (!sk_read_format(l->findings, file, "format", "partners/1"))
        return SK_OK;
    (void)sk_read_keys(l->findings, file, keys, SK_COUNT(keys));
    (void)sk_read_id(l->findings, sk_read_need(l->findings, file, "partners"),
                     &roster->id);
    (void)sk_read_int(l->findings, sk_read_need(l->findings, file, "version"),
                      0, 999999999, &roster->version);
    sk_check_version(l, file, "vocabulary", l->bundle->vocabulary->name);
    orgs = sk_read_need(l->findings, file, "orgs");
    if (orgs == NULL || !sk_read_is_map(l->findings, orgs))
        return SK_OK;
    SK_TRY(read_orgs(l, orgs));
    SK_TRY(check_names(l, orgs));
    return make_groups(l, sk_node_get(file, "groups"), orgs);
}
