#include "node/engine/timer.h"

#include <string.h>

#include "node/engine/handover.h"
#include "policies/read.h"

static const uint8_t domain_yaml[] = {
#include "node/engine/domain_yaml.inc"
};

struct sk_bytes sk_timer_domain(void)
{
    return (struct sk_bytes){domain_yaml, sizeof(domain_yaml)};
}

const struct sk_timer_rule *
sk_timer_rule_find(const struct sk_timer_rules *rules, struct sk_bytes name)
{
    for (size_t i = 0; i < rules->count; i++)
        if (sk_bytes_equal(rules->list[i].name, name))
            return &rules->list[i];
    return NULL;
}

/* ------------------------------------------------------------- words */

static bool keep(struct sk_timer_rules *r, struct sk_bytes text,
                 struct sk_bytes *out)
{
    uint8_t *at = r->texts + r->texts_size;

    if (text.size > sizeof(r->texts) - r->texts_size)
        return false;
    memcpy(at, text.data, text.size);
    r->texts_size += text.size;
    *out = (struct sk_bytes){at, text.size};
    return true;
}

/* A scalar child; absent leaves out empty. */
static bool keep_child(struct sk_timer_rules *r, const struct sk_node *map,
                       const char *key, struct sk_bytes *out)
{
    const struct sk_node *node = sk_node_get(map, key);

    if (node == NULL)
        return true;
    return node->kind == SK_NODE_SCALAR && node->text.size > 0 &&
           keep(r, node->text, out);
}

/* The place of a child's text in a list of words. */
static bool choose(const struct sk_node *map, const char *key,
                   const char *const *words, size_t count, size_t *out)
{
    const struct sk_node *node = sk_node_get(map, key);

    for (size_t i = 0; node != NULL && i < count; i++) {
        if (sk_node_is(node, words[i])) {
            *out = i;
            return true;
        }
    }
    return false;
}

static bool state_of(struct sk_bytes text, enum sk_handover_state *out)
{
    for (int s = SK_HANDOVER_DRAFT; s <= SK_HANDOVER_EXPIRED; s++) {
        enum sk_handover_state state = (enum sk_handover_state)s;

        if (sk_bytes_equal(text, sk_text(sk_handover_state_text(state)))) {
            *out = state;
            return true;
        }
    }
    return false;
}

static bool read_until(const struct sk_node *map, uint32_t *out)
{
    const struct sk_node *list = sk_node_get(map, "until_state");

    if (list == NULL)
        return true;
    if (list->kind != SK_NODE_LIST)
        return false;
    for (const struct sk_node *n = list->first; n != NULL; n = n->next) {
        enum sk_handover_state state;

        if (!state_of(n->text, &state))
            return false;
        *out |= 1u << state;
    }
    return true;
}

/* ------------------------------------------------------------- trigger */

/* The state that an input leads to, from any state. */
static bool state_after(struct sk_bytes word, enum sk_handover_state *out)
{
    enum sk_handover_input input;

    if (!sk_handover_input_parse(word, &input))
        return false;
    for (int s = SK_HANDOVER_DRAFT; s <= SK_HANDOVER_EXPIRED; s++)
        if (sk_handover_next((enum sk_handover_state)s, input, out))
            return true;
    return false;
}

static bool read_trigger(struct sk_timer_rules *r, const struct sk_node *map,
                         struct sk_timer_rule *rule)
{
    const struct sk_node *trigger = sk_node_get(map, "trigger");
    const struct sk_node *consent = sk_node_get(map, "consent");
    const struct sk_node *control = sk_node_get(map, "control");
    const struct sk_node *event = sk_node_get(map, "event");
    const struct sk_node *objection = sk_node_get(map, "objection");
    size_t given = (trigger != NULL ? 1u : 0u) + (consent != NULL ? 1u : 0u) +
                   (control != NULL ? 1u : 0u) + (event != NULL ? 1u : 0u) +
                   (objection != NULL ? 1u : 0u);

    if (given != 1)
        return false;
    if (consent != NULL) {
        rule->trigger = SK_TIMER_ON_CONSENT;
        return sk_node_is(consent, "given");
    }
    if (objection != NULL) {
        rule->trigger = SK_TIMER_ON_OBJECTION;
        return sk_node_is(objection, "open");
    }
    if (control != NULL) {
        rule->trigger = sk_node_is(control, "correction.sent")
                            ? SK_TIMER_ON_CORRECTION
                            : SK_TIMER_ON_RECALL;
        return rule->trigger == SK_TIMER_ON_CORRECTION ||
               sk_node_is(control, "consent.withdrawn");
    }
    if (event != NULL) {
        rule->trigger = SK_TIMER_ON_EVENT;
        return keep_child(r, map, "event", &rule->event);
    }
    if (sk_node_is(trigger, "last_message")) {
        rule->trigger = SK_TIMER_ON_MESSAGE;
        return true;
    }
    rule->trigger = SK_TIMER_ON_HANDOVER;
    return state_after(trigger->text, &rule->state);
}

static bool read_words(struct sk_timer_rules *r, const struct sk_node *list,
                       struct sk_timer_when *out)
{
    if (list->kind != SK_NODE_LIST || list->count == 0)
        return false;
    for (const struct sk_node *n = list->first; n != NULL; n = n->next) {
        if (n->kind != SK_NODE_SCALAR || n->text.size == 0 ||
            out->words_count == SK_TIMER_WORDS_MAX ||
            !keep(r, n->text, &out->words[out->words_count]))
            return false;
        out->words_count++;
    }
    return true;
}

/* when: {FIELD: {min: N}} or {FIELD: {in: [WORD, ...]}} */
static bool read_when(struct sk_timer_rules *r, const struct sk_node *map,
                      struct sk_timer_when *out)
{
    const struct sk_node *when = sk_node_get(map, "when");
    const struct sk_node *min;
    const struct sk_node *in;

    if (when == NULL)
        return true;
    if (when->kind != SK_NODE_MAP || when->count != 1 ||
        when->first->kind != SK_NODE_MAP || when->first->count != 1 ||
        !keep(r, when->first->key, &out->field))
        return false;
    min = sk_node_get(when->first, "min");
    in = sk_node_get(when->first, "in");
    if (in != NULL)
        return read_words(r, in, out);
    return min != NULL && sk_text_is_int(min->text, &out->min);
}

/* ------------------------------------------------------------- terms */

static bool read_steps(const struct sk_node *node, struct sk_timer_rule *rule)
{
    const struct sk_node *n = node;

    if (node->kind == SK_NODE_LIST)
        n = node->first;
    for (; n != NULL; n = node->kind == SK_NODE_LIST ? n->next : NULL) {
        if (rule->steps_count == SK_TIMER_STEPS_MAX ||
            n->kind != SK_NODE_SCALAR ||
            !sk_text_is_int(n->text, &rule->steps[rule->steps_count]) ||
            rule->steps[rule->steps_count] > 36500)
            return false;
        rule->steps_count++;
    }
    return rule->steps_count > 0;
}

static bool read_terms(const struct sk_node *map, struct sk_timer_rule *rule)
{
    static const char *const keys[] = {
        [SK_TIMER_WORKING_DAYS] = "working_days",
        [SK_TIMER_DAYS] = "days",
        [SK_TIMER_MONTHS] = "months",
        [SK_TIMER_DAYS_BEFORE] = "days_before",
        [SK_TIMER_MONTHS_BEFORE] = "before_months",
    };
    const struct sk_node *period = sk_node_get(map, "period_months");
    size_t given = 0;

    for (size_t i = 0; i < SK_COUNT(keys); i++) {
        const struct sk_node *node = sk_node_get(map, keys[i]);

        if (node == NULL)
            continue;
        given++;
        rule->unit = (enum sk_timer_unit)i;
        if (!read_steps(node, rule))
            return false;
    }
    if (given != 1 ||
        (period != NULL) != (rule->unit == SK_TIMER_MONTHS_BEFORE))
        return false;
    return period == NULL ||
           (sk_text_is_int(period->text, &rule->period_months) &&
            rule->period_months > 0 && rule->period_months <= 1200);
}

/* ------------------------------------------------------------- a rule */

static bool keys_are_known(const struct sk_node *map)
{
    static const char *const known[] = {"kind",        "trigger",
                                        "event",       "consent",
                                        "control",     "field",
                                        "when",        "until_state",
                                        "stop_event",  "stop_field",
                                        "stop_same",   "working_days",
                                        "days",        "months",
                                        "days_before", "period_months",
                                        "at",          "before_months",
                                        "tell",        "does",
                                        "nl",          "en",
                                        "objection"};

    if (map->kind != SK_NODE_MAP)
        return false;
    for (const struct sk_node *n = map->first; n != NULL; n = n->next) {
        bool found = false;

        for (size_t i = 0; i < SK_COUNT(known); i++)
            found = found || sk_bytes_equal(n->key, sk_text(known[i]));
        if (!found)
            return false;
    }
    return true;
}

static bool read_choices(const struct sk_node *map, struct sk_timer_rule *rule)
{
    static const char *const kinds[] = {"deadline", "reminder"};
    static const char *const places[] = {"sender", "receiver", "both", "owner",
                                         "recorder"};
    static const char *const does[] = {"", "expire", "close-relation",
                                       "propose-erasure"};
    static const char *const tells[] = {"coach", "team", "team-lead",
                                        "privacy"};
    size_t kind;
    size_t place;
    size_t doing = SK_TIMER_TELLS;
    size_t tell;

    if (!choose(map, "kind", kinds, SK_COUNT(kinds), &kind) ||
        !choose(map, "at", places, SK_COUNT(places), &place) ||
        !choose(map, "tell", tells, SK_COUNT(tells), &tell))
        return false;
    if (sk_node_get(map, "does") != NULL &&
        !choose(map, "does", does, SK_COUNT(does), &doing))
        return false;
    rule->kind = (enum sk_timer_kind)kind;
    rule->place = (enum sk_timer_place)place;
    rule->does = (enum sk_timer_does)doing;
    return true;
}

/* What only makes sense together. */
static bool fits(const struct sk_timer_rule *rule)
{
    bool handover = rule->trigger == SK_TIMER_ON_HANDOVER;
    bool event = rule->trigger == SK_TIMER_ON_EVENT;
    bool sides = rule->place == SK_TIMER_AT_SENDER ||
                 rule->place == SK_TIMER_AT_RECEIVER ||
                 rule->place == SK_TIMER_AT_BOTH;

    if (handover != sides && rule->trigger != SK_TIMER_ON_RECALL &&
        rule->trigger != SK_TIMER_ON_CORRECTION &&
        rule->trigger != SK_TIMER_ON_MESSAGE)
        return false;
    if (rule->does == SK_TIMER_EXPIRES && !handover)
        return false;
    if (rule->does == SK_TIMER_CLOSES && rule->trigger != SK_TIMER_ON_MESSAGE)
        return false;
    if (!event && (rule->field.size > 0 || rule->when.field.size > 0 ||
                   rule->stop_event.size > 0))
        return false;
    return rule->until == 0 || handover;
}

static bool read_rule(struct sk_timer_rules *r, const struct sk_node *map)
{
    struct sk_timer_rule *rule;

    if (r->count == SK_TIMER_RULES_MAX || !keys_are_known(map))
        return false;
    rule = &r->list[r->count];
    if (!keep(r, map->key, &rule->name) || !read_choices(map, rule) ||
        !read_trigger(r, map, rule) || !read_until(map, &rule->until) ||
        !read_when(r, map, &rule->when) || !read_terms(map, rule) ||
        !keep_child(r, map, "field", &rule->field) ||
        !keep_child(r, map, "stop_event", &rule->stop_event) ||
        !keep_child(r, map, "stop_field", &rule->stop_field) ||
        !keep_child(r, map, "stop_same", &rule->stop_same) ||
        !keep_child(r, map, "tell", &rule->tell) ||
        !keep_child(r, map, "nl", &rule->nl) ||
        !keep_child(r, map, "en", &rule->en) || rule->nl.size == 0 ||
        rule->en.size == 0)
        return false;
    r->count++;
    return fits(rule);
}

/* `keep: {NAME: {UNIT: N}}`, N from 1 on. */
static bool read_keep(const struct sk_node *keep, const char *name,
                      const char *unit, uint32_t *out)
{
    const struct sk_node *row = sk_node_get(keep, name);

    if (row == NULL || row->kind != SK_NODE_MAP)
        return false;
    row = sk_node_get(row, unit);
    return row != NULL && row->kind == SK_NODE_SCALAR &&
           sk_text_is_int(row->text, out) && *out > 0 && *out <= 36500;
}

enum sk_status sk_timer_rules_read(struct sk_bytes yaml,
                                   struct sk_arena *scratch,
                                   struct sk_timer_rules *out)
{
    size_t mark = sk_arena_mark(scratch);
    struct sk_findings findings = sk_findings_start(scratch);
    struct sk_node *tree = NULL;
    const struct sk_node *timers;
    enum sk_status status;

    memset(out, 0, sizeof(*out));
    status = sk_yaml_read("domain.yaml", yaml, scratch, &findings, &tree);
    if (status == SK_OK && tree == NULL)
        status = SK_E_BAD_VALUE;
    if (status != SK_OK)
        goto out;
    timers = sk_node_get(tree, "timers");
    if (timers == NULL || timers->kind != SK_NODE_MAP ||
        !sk_node_is(sk_node_get(tree, "format"), "domain/1"))
        status = SK_E_BAD_VALUE;
    for (const struct sk_node *n = status == SK_OK ? timers->first : NULL;
         n != NULL && status == SK_OK; n = n->next)
        if (!read_rule(out, n))
            status = SK_E_BAD_VALUE;
    if (status == SK_OK && (!read_keep(sk_node_get(tree, "keep"), "access_log",
                                       "months", &out->keep_looks_months) ||
                            !read_keep(sk_node_get(tree, "keep"), "feed",
                                       "days", &out->keep_feed_days)))
        status = SK_E_BAD_VALUE;
out:
    sk_arena_reset(scratch, mark);
    if (status != SK_OK)
        memset(out, 0, sizeof(*out));
    return status;
}

/* ------------------------------------------------------------- days */

int32_t sk_months_before(int32_t day, uint32_t months)
{
    struct sk_date date = sk_date_of_day(day);
    int64_t all = (int64_t)date.year * 12 + (int64_t)date.month - 1 - months;
    struct sk_date first;
    int32_t next;
    int32_t length;

    if (all < 0)
        return sk_day_of_date((struct sk_date){0, 1, 1});
    first = (struct sk_date){(int32_t)(all / 12), (uint32_t)(all % 12) + 1, 1};
    next =
        sk_day_add(sk_day_of_date(first), (struct sk_duration){1, SK_MONTHS});
    length = next - sk_day_of_date(first);
    if ((int32_t)date.day > length)
        return next - 1;
    first.day = date.day;
    return sk_day_of_date(first);
}

int32_t sk_timer_day(const struct sk_timer_rule *rule, uint32_t step,
                     int32_t base, const int32_t *closed, size_t closed_count)
{
    int32_t due = base;
    int32_t last;

    switch (rule->unit) {
    case SK_TIMER_WORKING_DAYS:
        due = sk_working_days_after(base, step, closed, closed_count);
        break;
    case SK_TIMER_DAYS:
        due = sk_day_add(base, (struct sk_duration){step, SK_DAYS});
        break;
    case SK_TIMER_MONTHS:
        due = sk_day_add(base, (struct sk_duration){step, SK_MONTHS});
        break;
    case SK_TIMER_DAYS_BEFORE:
        due = base - (int32_t)step;
        break;
    case SK_TIMER_MONTHS_BEFORE:
        last = sk_day_add(
                   base, (struct sk_duration){rule->period_months, SK_MONTHS}) -
               1;
        due = sk_months_before(last, step);
        break;
    }
    return rule->kind == SK_TIMER_DEADLINE ? due + 1 : due;
}
