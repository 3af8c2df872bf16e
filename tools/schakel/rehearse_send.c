#include "tools/schakel/rehearse_verbs.h"

#include <stdio.h>
#include <string.h>

#include "protocol/texts.h"
#include "tools/schakel/json.h"

/* ------------------------------------------------------------- send */
/* The node's policy with a variant, as text in the arena. */
static struct sk_bytes draft_of(struct sk_world *w,
                                const struct sk_actor *actor,
                                const struct sk_node *variant)
{
    struct sk_sources sources = actor->sources;
    struct sk_bytes draft = {0};
    const char *problem = NULL;
    struct sk_room room = {0};

    if (actor->bundle_dir == NULL)
        sk_world_die(w, "%s has no policy to change", actor->org);
    if (sk_variant_apply(variant, &w->arena, &sources, &problem) != SK_OK)
        sk_world_die(w, "out of memory");
    if (problem != NULL) {
        sk_check(w, false, "the variant does not fit: %s", problem);
        return draft;
    }
    if (sources.of[SK_SOURCE_POLICY].tree == NULL)
        return sources.of[SK_SOURCE_POLICY].bytes;
    room.size_max = SK_YAML_SIZE_MAX;
    room.data = sk_arena_get(&w->arena, room.size_max);
    if (room.data == NULL ||
        sk_yaml_write(sources.of[SK_SOURCE_POLICY].tree, room, &draft) != SK_OK)
        sk_world_die(w, "the changed policy is too large");
    return draft;
}

/* Findings of a reply against `load`, `not_load`, `message` of an expect. */
static void check_load(struct sk_world *w, const struct sk_node *expect,
                       const json_t *result)
{
    struct sk_findings findings = sk_findings_start(&w->arena);
    struct sk_problems problems = sk_problems_start(&w->arena);
    static const char *const keys[] = {"errors", "warnings"};

    for (size_t k = 0; k < SK_COUNT(keys); k++) {
        const json_t *list = json_object_get(result, keys[k]);

        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *f = json_array_get(list, i);
            struct sk_place place = {
                "policy",
                (uint32_t)json_integer_value(json_object_get(f, "line")),
                (uint32_t)json_integer_value(json_object_get(f, "column"))};

            sk_findings_add(&findings, sk_json_text(f, "code"), place, NULL, 0);
            findings.list[findings.count - 1].nl =
                sk_json_text(f, "message_nl");
            findings.list[findings.count - 1].en =
                sk_json_text(f, "message_en");
            sk_tell(w, "%s: %s", sk_json_text(f, "code"),
                    sk_json_text(f, w->dutch ? "message_nl" : "message_en"));
        }
    }
    sk_expect_load(expect, &findings, &problems);
    for (size_t i = 0; i < problems.count && i < SK_PROBLEMS_MAX; i++)
        sk_check(w, false, "%s", problems.list[i]);
    sk_check(w, problems.count == 0, "the load goes as expected");
}

/* What the recipient really has must be what the sender says it sent. */
static void check_arrival(struct sk_world *w, struct sk_told *told)
{
    struct sk_actor *to = sk_world_actor(w, told->to->org);
    json_t *reply;
    const json_t *result;

    if (to == NULL || !to->online)
        return;
    reply = sk_world_ask(w, to, "inbox.peek",
                         json_pack("{s:s}", "message", told->id), NULL, 0);
    result = json_object_get(reply, "result");
    told->received = sk_reply_is_ok(reply);
    sk_check(w, told->received, "%s has %s", to->org, told->alias);
    if (told->received)
        sk_check(
            w,
            json_equal(json_object_get(result, "fields"), told->fields) &&
                json_equal(json_object_get(result, "levels"), told->levels),
            "%s has the same fields of %s as were sent", to->org, told->alias);
    json_decref(reply);
}

static void remember_sent(struct sk_world *w, struct sk_actor *actor,
                          struct sk_actor *to, const struct sk_node *step,
                          const json_t *result)
{
    const char *event = sk_step_text(step, "event");
    struct sk_told *told = calloc(1, sizeof(*told));
    char alias[256];
    char minute[17];
    int64_t instant = 0;

    if (told == NULL)
        sk_world_die(w, "out of memory");
    snprintf(alias, sizeof(alias), "%s@%s", event, to->org);
    if (sk_step_text(step, "as")[0] != '\0')
        snprintf(alias, sizeof(alias), "%s", sk_step_text(step, "as"));
    (void)sk_instant_parse(sk_text(w->now), &instant);
    sk_civil_minute_format(instant, minute);
    told->alias = strdup(alias);
    told->id = strdup(sk_json_text(result, "message"));
    told->type = strdup(sk_json_text(result, "type"));
    told->event = strdup(event);
    told->person = strdup(sk_json_text(result, "person"));
    told->at = strdup(minute);
    told->from = actor;
    told->to = to;
    told->fields = json_incref(json_object_get(result, "fields"));
    told->levels = json_incref(json_object_get(result, "levels"));
    told->next = w->told;
    w->told = told;
    sk_alias_set(w, SK_ALIAS_MESSAGE, NULL, alias, told->id);
    if (sk_json_text(result, "handover")[0] != '\0' &&
        sk_alias_id(w, SK_ALIAS_HANDOVER, NULL, event) == NULL)
        sk_alias_set(w, SK_ALIAS_HANDOVER, NULL, event,
                     sk_json_text(result, "handover"));
}

/* The event to send: recorded here, or received (then it is not ours).  NULL:
   it was not recorded, and a check has failed. */
static const char *event_id(struct sk_world *w, struct sk_actor *actor,
                            const char *alias)
{
    const char *id = sk_alias_id(w, SK_ALIAS_EVENT, actor, alias);
    char received[256];

    if (id != NULL)
        return id;
    snprintf(received, sizeof(received), "%s@%s", alias, actor->org);
    id = sk_alias_id(w, SK_ALIAS_MESSAGE, NULL, received);
    if (id == NULL)
        id = sk_alias_id(w, SK_ALIAS_MESSAGE, NULL, alias);
    if (id == NULL)
        sk_check(w, false, "%s has no event '%s' to share", actor->org, alias);
    return id;
}

/* Who an event of a node is about. */
static json_t *event_person(struct sk_world *w, struct sk_actor *actor,
                            const char *event)
{
    json_t *reply = sk_world_ask(w, actor, "event.show",
                                 json_pack("{s:s}", "event", event), NULL, 0);
    const char *id =
        sk_json_text(json_object_get(reply, "result"), "participant");
    json_t *alias = json_string(sk_alias_of(w, SK_ALIAS_PERSON, actor, id));

    json_decref(reply);
    return alias;
}

static void offer(struct sk_world *w, struct sk_actor *actor,
                  const struct sk_node *step, const char *event,
                  bool hypothetical)
{
    const struct sk_node *expect = sk_node_get(step, "expect");
    const struct sk_node *variant = sk_node_get(step, "variant");
    struct sk_actor *to = sk_world_actor(w, sk_step_text(step, "to"));
    struct sk_blob draft = {.argument = "draft"};
    json_t *args;
    json_t *reply;
    json_t *result;

    if (event == NULL)
        return;
    args =
        json_pack("{s:s, s:s, s:s}", "event", event, "to",
                  sk_step_text(step, "to"), "for", sk_step_text(step, "for"));

    if (variant != NULL)
        draft.bytes = draft_of(w, actor, variant);
    if (sk_node_get(step, "with_link") != NULL &&
        !sk_node_is(sk_node_get(step, "with_link"), "no") &&
        !sk_node_is(sk_node_get(step, "with_link"), "false"))
        json_object_set_new(args, "with_link", json_true());
    sk_args_list(args, "with_consent", step);
    reply = sk_world_ask(
        w, actor, hypothetical ? "disclosure.preview" : "disclosure.send", args,
        &draft, draft.bytes.size > 0 ? 1 : 0);
    result = json_object_get(reply, "result");
    if (sk_node_get(expect, "load") != NULL) {
        check_load(w, expect,
                   sk_reply_is_ok(reply) ? result
                                         : json_object_get(reply, "error"));
        json_decref(reply);
        return;
    }
    if (!sk_reply_is_ok(reply)) {
        /* A refusal before the decision (sensitive-text) has a code too. */
        sk_check(w,
                 strcmp(sk_step_text(expect, "reason"), sk_reply_code(reply)) ==
                     0,
                 "expected %s %s, got '%s'", sk_step_text(expect, "decision"),
                 sk_step_text(expect, "reason"), sk_reply_code(reply));
        sk_tell(w, "%s: %s", sk_tell_word(w, "geweigerd", "refused"),
                sk_reply_code(reply));
        json_decref(reply);
        return;
    }
    sk_check_decision(w, actor, expect, result);
    sk_tell_decision(w, result, to, hypothetical);
    if (!hypothetical && to != NULL &&
        sk_json_text(result, "message")[0] != '\0') {
        json_object_set_new(result, "person", event_person(w, actor, event));
        remember_sent(w, actor, to, step, result);
        sk_world_weather(w);
        sk_world_settle(w);
        check_arrival(w, w->told);
    }
    json_decref(reply);
}

void sk_verb_send(struct sk_world *w, struct sk_actor *actor,
                  const struct sk_node *step)
{
    bool hypothetical = sk_node_get(step, "variant") != NULL ||
                        sk_node_get(step, "with_link") != NULL ||
                        sk_node_get(step, "with_consent") != NULL;

    offer(w, actor, step, event_id(w, actor, sk_step_text(step, "event")),
          hypothetical);
}

void sk_verb_purpose(struct sk_world *w, struct sk_actor *actor,
                     const struct sk_node *step)
{
    offer(w, actor, step, event_id(w, actor, sk_step_text(step, "event")),
          true);
}

void sk_verb_forward(struct sk_world *w, struct sk_actor *actor,
                     const struct sk_node *step)
{
    offer(w, actor, step, event_id(w, actor, sk_step_text(step, "message")),
          false);
}

void sk_verb_publish(struct sk_world *w, struct sk_actor *actor,
                     const struct sk_node *step)
{
    const struct sk_node *to = sk_node_get(step, "to");
    json_t *args = json_object();
    json_t *result;
    const json_t *recipients;

    sk_args_text(args, "type", sk_step_text(step, "collective"));
    sk_args_list(args, "body", step);
    if (to != NULL && to->kind == SK_NODE_LIST)
        json_object_set_new(args, "recipients", sk_json_of_node(to));
    result = sk_world_do(w, actor, "collective.publish", args);
    recipients = json_object_get(result, "recipients");
    sk_world_settle(w);
    for (size_t i = 0; i < json_array_size(recipients); i++) {
        struct sk_actor *other =
            sk_world_actor(w, json_string_value(json_array_get(recipients, i)));
        json_t *reply;

        if (other == NULL || !other->online)
            continue;
        reply = sk_world_ask(
            w, other, "inbox.peek",
            json_pack("{s:s}", "message", sk_json_text(result, "message")),
            NULL, 0);
        sk_check(w, sk_reply_is_ok(reply), "%s has what was published",
                 other->org);
        json_decref(reply);
    }
    sk_tell(w, "%s: %zu",
            sk_tell_word(w, "partners die het kregen", "partners who got it"),
            json_array_size(recipients));
    json_decref(result);
}

void sk_verb_policy(struct sk_world *w, struct sk_actor *actor,
                    const struct sk_node *step)
{
    struct sk_blob policy = {.argument = "policy"};
    json_t *reply;

    policy.bytes = draft_of(w, actor, sk_node_get(step, "variant"));
    reply = sk_world_ask(w, actor, "policy.try", NULL, &policy, 1);
    if (sk_reply_must(w, "policy", reply))
        check_load(w, sk_node_get(step, "expect"),
                   json_object_get(reply, "result"));
    json_decref(reply);
}

/* ------------------------------------------------------------- away */
/* ------------------------------------------------------------- the rest */
void sk_verb_offline(struct sk_world *w, struct sk_actor *actor,
                     const struct sk_node *step)
{
    struct sk_actor *other = sk_world_actor(w, sk_step_text(step, "node"));

    sk_world_offline(w, other == NULL ? actor : other);
}

/* What waited for this partner: it arrived, or may no longer go (I2). */
static void after_waiting(struct sk_world *w, const struct sk_actor *to)
{
    for (struct sk_told *t = w->told; t != NULL; t = t->next) {
        struct sk_actor *from = sk_world_actor(w, t->from->org);
        json_t *view;

        if (t->to != to || t->received || t->dropped || !from->online)
            continue;
        view = sk_world_do(w, from, "message.show",
                           json_pack("{s:s}", "message", t->id));
        if (strcmp(sk_json_text(view, "state"), "dropped") == 0) {
            t->dropped = true;
            json_array_append_new(w->dropped, json_string(t->alias));
            sk_tell(w, "%s: %s (%s)",
                    sk_tell_word(w, "niet verstuurd", "not sent"), t->alias,
                    sk_json_text(view, "reason"));
        } else if (strcmp(sk_json_text(view, "state"), "stored") == 0 &&
                   !t->recalled) {
            check_arrival(w, t);
        }
        json_decref(view);
    }
}

void sk_verb_online(struct sk_world *w, struct sk_actor *actor,
                    const struct sk_node *step)
{
    struct sk_actor *other = sk_world_actor(w, sk_step_text(step, "node"));

    other = other == NULL ? actor : other;
    sk_world_online(w, other);
    after_waiting(w, other);
}

/* As `schakel leave --confirm` does it, with what a law keeps first. */
void sk_verb_leave(struct sk_world *w, struct sk_actor *actor,
                   const struct sk_node *step)
{
    const struct sk_node *keep = sk_node_get(step, "keep");
    json_t *page = NULL;

    for (const struct sk_node *n = keep == NULL ? NULL : keep->first; n != NULL;
         n = n->next) {
        const char *alias = sk_step_text(n, "message");
        const char *id = sk_alias_id(w, SK_ALIAS_MESSAGE, NULL, alias);

        sk_check(w, id != NULL, "there is no message '%s'", alias);
        if (id != NULL)
            json_decref(sk_world_do(
                w, actor, "leave.keep",
                json_pack("{s:s, s:s, s:s}", "message", id, "law_reference",
                          sk_step_text(n, "law_reference"), "keep_until",
                          sk_step_text(n, "keep_until"))));
    }
    json_decref(sk_world_do(w, actor, "leave.start", NULL));
    page = sk_world_do(w, actor, "leave.erase", NULL);
    sk_check(w, json_object_get(page, "next") == NULL,
             "more than one page to erase");
    json_decref(page);
}

void sk_verb_standing(struct sk_world *w, struct sk_actor *actor,
                      const struct sk_node *step)
{
    (void)actor; /* a steward */
    sk_world_standing(w, sk_step_text(step, "org"),
                      sk_step_text(step, "status"));
}
