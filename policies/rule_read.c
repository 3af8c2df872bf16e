#include "policies/rule_read.h"

#include <string.h>

/* ---------------------------------------------------------------- words */

void sk_join_add(struct sk_join *join, struct sk_bytes word)
{
    size_t comma = join->size > 0 ? 2 : 0;

    if (join->size + comma + word.size > sizeof(join->text))
        return;
    if (comma != 0)
        memcpy(join->text + join->size, ", ", comma);
    if (word.size != 0)
        memcpy(join->text + join->size + comma, word.data, word.size);
    join->size += comma + word.size;
}

struct sk_bytes sk_join_text(const struct sk_join *join)
{
    return (struct sk_bytes){(const uint8_t *)join->text, join->size};
}

static void say_hint(struct sk_loading *l, const char *code,
                     struct sk_place place, const struct sk_hint *hint)
{
    struct sk_argument arguments[] = {{"id", hint->word},
                                      {"hint", sk_hint_best(hint)}};

    sk_findings_add(l->findings, code, place, arguments, SK_COUNT(arguments));
}

bool sk_word_is_in(struct sk_bytes word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (sk_bytes_equal(word, sk_text(words[i])))
            return true;
    }
    return false;
}

void sk_say_unknown(struct sk_loading *l, const char *code,
                    const struct sk_node *node, const char *const *words,
                    size_t count)
{
    struct sk_hint hint = sk_hint_start(node->text);

    for (size_t i = 0; i < count; i++)
        sk_hint_offer(&hint, sk_text(words[i]));
    say_hint(l, code, node->place, &hint);
}

uint16_t sk_read_event(struct sk_loading *l, struct sk_bytes word,
                       struct sk_place place)
{
    const struct sk_vocabulary *v = l->bundle->vocabulary;
    uint16_t event = sk_vocabulary_event(v, word);
    struct sk_hint hint;

    if (event != SK_NONE)
        return event;
    hint = sk_hint_start(word);
    for (size_t i = 0; i < v->events_count; i++)
        sk_hint_offer_label(&hint, v->events[i].id, v->events[i].label.nl,
                            v->events[i].label.en);
    say_hint(l, "E028", place, &hint);
    return SK_NONE;
}

uint16_t sk_read_field(struct sk_loading *l, struct sk_bytes word,
                       struct sk_place place)
{
    const struct sk_vocabulary *v = l->bundle->vocabulary;
    uint16_t field = sk_vocabulary_field(v, word);
    struct sk_hint hint;

    if (field != SK_NONE)
        return field;
    hint = sk_hint_start(word);
    for (size_t i = 0; i < v->fields_count; i++)
        sk_hint_offer_label(&hint, v->fields[i].id, v->fields[i].label.nl,
                            v->fields[i].label.en);
    say_hint(l, "E030", place, &hint);
    return SK_NONE;
}

const char *sk_kind_word(enum sk_kind kind)
{
    static const char *const words[] = {
        [SK_KIND_TEXT] = "text", [SK_KIND_NAME] = "name",
        [SK_KIND_ENUM] = "enum", [SK_KIND_SET] = "set",
        [SK_KIND_BOOL] = "bool", [SK_KIND_NUMBER] = "number",
        [SK_KIND_DATE] = "date", [SK_KIND_DATETIME] = "datetime",
        [SK_KIND_WEEK] = "week", [SK_KIND_BIRTHDATE] = "birthdate",
        [SK_KIND_CODE] = "code",
    };

    return words[kind];
}

uint16_t sk_read_level(struct sk_loading *l, uint16_t field,
                       const struct sk_node *node, bool offer_drop)
{
    const struct sk_field *f = &l->bundle->vocabulary->fields[field];
    struct sk_argument arguments[4];
    struct sk_join choices = {.size = 0};
    uint16_t level;

    if (!sk_read_is_scalar(l->findings, node))
        return SK_NONE;
    level = sk_field_level(f, node->text);
    if (level != SK_NONE)
        return level;
    /* From revealing to protective. */
    for (size_t i = f->levels_count; i-- > (offer_drop ? 0U : 1U);)
        sk_join_add(&choices, f->levels[i]);
    arguments[0] = (struct sk_argument){"field", f->id};
    arguments[1] = (struct sk_argument){"kind", sk_text(sk_kind_word(f->kind))};
    arguments[2] = (struct sk_argument){"level", node->text};
    arguments[3] = (struct sk_argument){"choices", sk_join_text(&choices)};
    sk_findings_add(l->findings, "E031", node->place, arguments, 4);
    return SK_NONE;
}

/* ---------------------------------------------------------------- who */

static void read_who_org(struct sk_loading *l, const struct sk_node *word,
                         enum sk_who_for use, struct sk_org_set *out)
{
    const struct sk_roster *roster = &l->bundle->roster;
    struct sk_hint hint;
    uint16_t org;

    if (!sk_read_is_scalar(l->findings, word))
        return;
    org = sk_roster_find(roster, word->text);
    if (org == SK_NONE) {
        hint = sk_hint_start(word->text);
        for (size_t i = 0; i < roster->count; i++)
            sk_hint_offer_label(&hint, roster->orgs[i].id, roster->orgs[i].name,
                                roster->orgs[i].name);
        say_hint(l, "E020", word->place, &hint);
        return;
    }
    if (use != SK_WHO_INVARIANT && org == l->bundle->owner_at) {
        sk_read_say(l->findings, "E021", word->place, "id", word->text);
        return;
    }
    sk_org_set_add(out, org);
}

static void read_who_group(struct sk_loading *l, const struct sk_node *word,
                           struct sk_org_set *out)
{
    const struct sk_roster *roster = &l->bundle->roster;
    const struct sk_vocabulary *v = l->bundle->vocabulary;
    const struct sk_group *group;
    struct sk_hint hint;

    if (!sk_read_is_scalar(l->findings, word))
        return;
    group = sk_roster_group(roster, word->text);
    if (group == NULL) {
        hint = sk_hint_start(word->text);
        for (size_t i = 0; i < roster->groups_count; i++)
            sk_hint_offer(&hint, roster->groups[i].id);
        for (size_t i = 0; i < v->roles_count; i++)
            sk_hint_offer_label(&hint, v->roles[i].id, v->roles[i].label.nl,
                                v->roles[i].label.en);
        say_hint(l, "E022", word->place, &hint);
        return;
    }
    for (size_t w = 0; w < SK_ORG_WORDS; w++)
        out->words[w] |= group->members.words[w];
}

void sk_read_who(struct sk_loading *l, const struct sk_node *node,
                 enum sk_who_for use, struct sk_org_set *out)
{
    static const char *const keys[] = {"orgs", "groups"};
    const struct sk_node *orgs = sk_node_get(node, "orgs");
    const struct sk_node *groups = sk_node_get(node, "groups");

    if (sk_node_is(node, "anyone") && use != SK_WHO_EXCEPT) {
        if (use == SK_WHO_SHARE)
            sk_findings_add(l->findings, "E024", node->place, NULL, 0);
        memset(out, 0xff, sizeof(*out));
        return;
    }
    if (node->kind != SK_NODE_MAP) {
        sk_read_say(l->findings, "E008", node->place, "what",
                    sk_text(use == SK_WHO_SHARE || use == SK_WHO_EXCEPT
                                ? "a map"
                                : "a map or the word 'anyone'"));
        return;
    }
    (void)sk_read_keys(l->findings, node, keys, SK_COUNT(keys));
    if (orgs == NULL && groups == NULL)
        sk_read_say(l->findings, "E023", node->key_place, "key", node->key);
    if (orgs != NULL && sk_read_is_list(l->findings, orgs)) {
        for (const struct sk_node *w = orgs->first; w != NULL; w = w->next)
            read_who_org(l, w, use, out);
    }
    if (groups != NULL && sk_read_is_list(l->findings, groups)) {
        for (const struct sk_node *w = groups->first; w != NULL; w = w->next)
            read_who_group(l, w, out);
    }
}

/* ---------------------------------------------------------------- purposes */

static uint16_t read_purpose(struct sk_loading *l, const struct sk_node *word)
{
    const struct sk_vocabulary *v = l->bundle->vocabulary;
    struct sk_hint hint;
    uint16_t purpose;

    if (!sk_read_is_scalar(l->findings, word))
        return SK_NONE;
    purpose = sk_vocabulary_purpose(v, word->text);
    if (purpose != SK_NONE)
        return purpose;
    if (sk_vocabulary_forbidden(v, word->text)) {
        sk_read_say(l->findings, "E039", word->place, "id", word->text);
        return SK_NONE;
    }
    hint = sk_hint_start(word->text);
    for (size_t i = 0; i < v->purposes_count; i++)
        sk_hint_offer_label(&hint, v->purposes[i].id, v->purposes[i].label.nl,
                            v->purposes[i].label.en);
    say_hint(l, "E025", word->place, &hint);
    return SK_NONE;
}

uint64_t sk_read_branches(struct sk_loading *l, const struct sk_node *list)
{
    const struct sk_vocabulary *v = l->bundle->vocabulary;
    uint64_t set = 0;

    if (!sk_read_is_list(l->findings, list))
        return 0;
    for (const struct sk_node *word = list->first; word != NULL;
         word = word->next) {
        uint16_t purpose = read_purpose(l, word);

        for (size_t p = 0; purpose != SK_NONE && p < v->purposes_count; p++) {
            if ((v->purposes[p].under & sk_bit(purpose)) != 0)
                set |= sk_bit((unsigned)p);
        }
    }
    return set;
}

static void say_too_broad(struct sk_loading *l, const struct sk_node *word,
                          uint16_t purpose)
{
    const struct sk_vocabulary *v = l->bundle->vocabulary;
    struct sk_join choices = {.size = 0};
    struct sk_argument arguments[2];

    for (size_t p = 0; p < v->purposes_count; p++) {
        if (v->purposes[p].leaf &&
            (v->purposes[p].under & sk_bit(purpose)) != 0)
            sk_join_add(&choices, v->purposes[p].id);
    }
    arguments[0] = (struct sk_argument){"id", word->text};
    arguments[1] = (struct sk_argument){"choices", sk_join_text(&choices)};
    sk_findings_add(l->findings, "E026", word->place, arguments, 2);
}

uint64_t sk_read_leaves(struct sk_loading *l, const struct sk_node *list)
{
    const struct sk_vocabulary *v = l->bundle->vocabulary;
    uint64_t set = 0;

    for (const struct sk_node *word = list->first; word != NULL;
         word = word->next) {
        uint16_t purpose = read_purpose(l, word);

        if (purpose == SK_NONE)
            continue;
        if (!v->purposes[purpose].leaf)
            say_too_broad(l, word, purpose);
        else if (!v->purposes[purpose].events)
            sk_read_say(l->findings, "E034", word->place, "id", word->text);
        else
            set |= sk_bit(purpose);
    }
    return set;
}

uint64_t sk_read_data(struct sk_loading *l, const struct sk_node *list)
{
    const struct sk_vocabulary *v = l->bundle->vocabulary;
    uint64_t set = 0;

    if (!sk_read_is_list(l->findings, list))
        return 0;
    for (const struct sk_node *word = list->first; word != NULL;
         word = word->next) {
        uint16_t category;
        struct sk_hint hint;

        if (!sk_read_is_scalar(l->findings, word))
            continue;
        category = sk_vocabulary_category(v, word->text);
        if (category == SK_NONE) {
            hint = sk_hint_start(word->text);
            for (size_t i = 0; i < v->categories_count; i++)
                sk_hint_offer_label(&hint, v->categories[i].id,
                                    v->categories[i].label.nl,
                                    v->categories[i].label.en);
            say_hint(l, "E050", word->place, &hint);
            continue;
        }
        for (size_t c = 0; c < v->categories_count; c++) {
            if ((v->categories[c].under & sk_bit(category)) != 0)
                set |= sk_bit((unsigned)c);
        }
    }
    return set;
}

/* ---------------------------------------------------------------- head */

static bool is_used(const struct sk_bundle *bundle, struct sk_bytes id)
{
    for (size_t i = 0; i < bundle->takes_count; i++) {
        if (sk_bytes_equal(bundle->takes[i].id, id))
            return true;
    }
    for (size_t i = 0; i < bundle->shares_count; i++) {
        if (sk_bytes_equal(bundle->shares[i].id, id))
            return true;
    }
    return false;
}

static bool is_federal(struct sk_bytes id)
{
    return id.size >= 4 && memcmp(id.data, "fed-", 4) == 0;
}

bool sk_read_rule_head(struct sk_loading *l, const struct sk_node *rule,
                       bool federation, struct sk_bytes *id,
                       struct sk_bytes *text)
{
    const struct sk_node *id_node = sk_node_get(rule, "id");
    const struct sk_node *text_node = sk_node_get(rule, "text");

    if (!sk_read_is_map(l->findings, rule))
        return false;
    if (id_node == NULL) {
        sk_findings_add(l->findings, "E014", rule->place, NULL, 0);
    } else if (sk_read_id(l->findings, id_node, id)) {
        if (is_used(l->bundle, *id))
            sk_read_say(l->findings, "E015", id_node->place, "id", *id);
        if (is_federal(*id) != federation)
            sk_read_say(l->findings, "E018", id_node->place, "id", *id);
    }
    if (text_node == NULL ||
        (text_node->kind == SK_NODE_SCALAR && text_node->text.size == 0))
        sk_read_say(l->findings, "E016",
                    text_node != NULL ? text_node->place : rule->place, "id",
                    *id);
    else
        (void)sk_read_line(l->findings, text_node, text);
    return true;
}
