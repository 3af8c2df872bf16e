#include "tools/schakel/rehearse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "protocol/texts.h"
#include "tools/schakel/json.h"

#define REPLAY_MS 10000

/* ------------------------------------------------------------- helpers */
static void set_text(json_t *args, const char *key, const char *text)
{
    if (text[0] != '\0')
        json_object_set_new(args, key, json_string(text));
}

static void set_list(json_t *args, const char *key, const struct sk_node *map)
{
    const struct sk_node *node = sk_node_get(map, key);

    if (node != NULL)
        json_object_set_new(args, key, sk_json_of_node(node));
}

static void set_true(json_t *args, const char *key, const struct sk_node *map)
{
    if (sk_node_is(sk_node_get(map, key), "true"))
        json_object_set_new(args, key, json_true());
}

static const char *error_code(const json_t *reply)
{
    return sk_json_text(json_object_get(reply, "error"), "code");
}

static bool is_ok(const json_t *reply)
{
    return json_is_true(json_object_get(reply, "ok"));
}

/* The reply must be fine; says so and checks. */
static bool must_be_ok(struct sk_world *w, const char *what,
                       const json_t *reply)
{
    const json_t *error = json_object_get(reply, "error");

    if (is_ok(reply))
        return true;
    sk_check(w, false, "%s: %s %s %s", what, error_code(reply),
             sk_json_text(error, "field"), sk_json_text(error, "detail"));
    return false;
}

/* The participant of a person at a node; made there when new. */
static const char *participant(struct sk_world *w, struct sk_actor *actor,
                               const char *alias)
{
    const char *id = sk_alias_id(w, SK_ALIAS_PERSON, actor, alias);
    const struct sk_node *person =
        sk_node_get(sk_node_get(w->story, "persons"), alias);
    const struct sk_node *administration =
        sk_node_get(person, "administration");
    json_t *args;
    json_t *result;

    if (id != NULL)
        return id;
    args = json_object();
    set_text(args, "given_name", sk_step_text(person, "given_name"));
    if (json_object_get(args, "given_name") == NULL)
        set_text(args, "given_name", alias);
    set_text(args, "family_name", sk_step_text(person, "family_name"));
    set_text(args, "birth_date", sk_step_text(person, "birth_date"));
    set_text(args, "insz", sk_step_text(person, "insz"));
    if (administration != NULL && administration->first != NULL) {
        const struct sk_node *period = administration->kind == SK_NODE_LIST
                                           ? administration->first
                                           : administration;
        json_t *days = json_array();

        json_array_append_new(days, json_string(sk_step_text(period, "from")));
        if (sk_step_text(period, "until")[0] != '\0')
            json_array_append_new(days,
                                  json_string(sk_step_text(period, "until")));
        json_object_set_new(args, "administration", days);
    }
    result = sk_world_do(w, actor, "participant.add", args);
    sk_alias_set(w, SK_ALIAS_PERSON, actor, alias,
                 sk_json_text(result, "participant"));
    json_decref(result);
    return sk_alias_id(w, SK_ALIAS_PERSON, actor, alias);
}

static struct sk_told *told_by_id(struct sk_world *w, const char *id)
{
    for (struct sk_told *t = w->told; t != NULL; t = t->next)
        if (strcmp(t->id, id) == 0)
            return t;
    return NULL;
}

/* At a receiver: the coach links what came to the own participant. */
static void assign(struct sk_world *w, struct sk_actor *actor,
                   const char *handover, const char *person)
{
    const char *id = sk_alias_id(w, SK_ALIAS_HANDOVER, NULL, handover);
    json_t *view;
    const char *message;

    if (id == NULL || person[0] == '\0')
        return;
    view = sk_world_do(w, actor, "handover.show",
                       json_pack("{s:s}", "handover", id));
    message = sk_json_text(view, "request");
    if (strcmp(sk_json_text(view, "role"), "receiver") == 0 &&
        sk_json_text(view, "participant")[0] == '\0' && message[0] != '\0')
        json_decref(sk_world_do(w, actor, "inbox.assign",
                                json_pack("{s:s, s:s}", "message", message,
                                          "participant",
                                          participant(w, actor, person))));
    json_decref(view);
}

/* The person a handover is about, from the message that opened it. */
static const char *person_of(struct sk_world *w, const char *handover)
{
    for (struct sk_told *t = w->told; t != NULL; t = t->next)
        if (strcmp(t->event, handover) == 0)
            return t->person;
    return "";
}

/* ------------------------------------------------------------- record */
static void verb_record(struct sk_world *w, struct sk_actor *actor,
                        const struct sk_node *step)
{
    const char *alias = sk_step_text(step, "id");
    const char *about = sk_step_text(step, "about");
    const char *person = sk_step_text(step, "person");
    const char *want = sk_step_text(sk_node_get(step, "expect"), "reason");
    json_t *args = json_object();
    json_t *reply;

    set_text(args, "participant", participant(w, actor, person));
    set_text(args, "type", sk_step_text(step, "event"));
    set_list(args, "fields", step);
    set_text(args, "occurred", sk_step_text(step, "occurred"));
    set_text(args, "provenance", sk_step_text(step, "provenance"));
    set_text(args, "source", sk_step_text(step, "source"));
    if (about[0] != '\0') {
        const char *id = sk_alias_id(w, SK_ALIAS_HANDOVER, NULL, about);

        assign(w, actor, about, person);
        set_text(args, "about", id == NULL ? about : id);
    }
    reply = sk_world_ask(w, actor, "event.record", args, NULL, 0);
    if (want[0] != '\0') {
        sk_check(w, strcmp(error_code(reply), want) == 0,
                 "recording %s must be refused with %s, got '%s'", alias, want,
                 error_code(reply));
        sk_tell(w, "%s: %s", sk_tell_word(w, "geweigerd", "refused"), want);
    } else if (must_be_ok(w, alias, reply)) {
        sk_alias_set(w, SK_ALIAS_EVENT, actor, alias,
                     sk_json_text(json_object_get(reply, "result"), "event"));
    }
    json_decref(reply);
}

static void verb_link(struct sk_world *w, struct sk_actor *actor,
                      const struct sk_node *step)
{
    json_t *args = json_object();

    set_text(args, "participant",
             participant(w, actor, sk_step_text(step, "person")));
    set_text(args, "org", sk_step_text(step, "org"));
    set_text(args, "from", sk_step_text(step, "from"));
    set_text(args, "until", sk_step_text(step, "until"));
    json_decref(sk_world_do(w, actor, "relation.open", args));
}

static void verb_unlink(struct sk_world *w, struct sk_actor *actor,
                        const struct sk_node *step)
{
    json_t *args = json_object();

    set_text(args, "participant",
             participant(w, actor, sk_step_text(step, "person")));
    set_text(args, "org", sk_step_text(step, "org"));
    set_text(args, "until", sk_step_text(step, "until"));
    json_decref(sk_world_do(w, actor, "relation.close", args));
}

/* ------------------------------------------------------------- consent */
/* The notices of a reply with aliases: {to: {alias: all | [fields]}}. */
static json_t *notices_by_alias(struct sk_world *w, const json_t *result)
{
    const json_t *list = json_object_get(result, "notices");
    json_t *all = json_object();

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *notice = json_array_get(list, i);
        json_t *messages = json_object_get(notice, "messages");
        json_t *named = json_object_get(all, sk_json_text(notice, "to"));

        if (named == NULL) {
            named = json_object();
            json_object_set_new(all, sk_json_text(notice, "to"), named);
        }
        for (void *it = json_object_iter(messages); it != NULL;
             it = json_object_iter_next(messages, it)) {
            const char *id = json_object_iter_key(it);
            struct sk_told *told = told_by_id(w, id);

            if (told != NULL && json_is_string(json_object_iter_value(it)))
                told->recalled = true;
            json_object_set(named, told == NULL ? id : told->alias,
                            json_object_iter_value(it));
        }
    }
    return all;
}

static json_t *wanted_notices(const struct sk_node *list)
{
    json_t *all = json_object();

    for (const struct sk_node *n = list == NULL ? NULL : list->first; n != NULL;
         n = n->next)
        json_object_set_new(all, sk_step_text(n, "to"),
                            sk_json_of_node(sk_node_get(n, "messages")));
    return all;
}

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Lists in notices are sets: sort them before comparing. */
static void sort_lists(json_t *json)
{
    size_t count = json_array_size(json);
    const char *texts[SK_EVENT_FIELDS_MAX];
    json_t *sorted;

    for (void *it = json_object_iter(json); it != NULL;
         it = json_object_iter_next(json, it))
        sort_lists(json_object_iter_value(it));
    if (count == 0 || count > SK_COUNT(texts))
        return;
    for (size_t i = 0; i < count; i++)
        texts[i] = json_string_value(json_array_get(json, i));
    qsort(texts, count, sizeof(*texts), compare_strings);
    sorted = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(sorted, json_string(texts[i]));
    json_array_clear(json);
    json_array_extend(json, sorted);
    json_decref(sorted);
}

static void check_same(struct sk_world *w, const char *what, json_t *got,
                       json_t *want)
{
    char *got_text;
    char *want_text;

    sort_lists(got);
    sort_lists(want);
    got_text = json_dumps(got, JSON_COMPACT | JSON_SORT_KEYS);
    want_text = json_dumps(want, JSON_COMPACT | JSON_SORT_KEYS);
    sk_check(w, json_equal(got, want), "%s: expected %s, got %s", what,
             want_text, got_text);
    free(got_text);
    free(want_text);
}

/* Message to "all" or the fields that are asked back. */
static void tell_asked_back(struct sk_world *w, json_t *messages)
{
    for (void *it = json_object_iter(messages); it != NULL;
         it = json_object_iter_next(messages, it)) {
        const json_t *what = json_object_iter_value(it);
        char text[512];
        size_t size;

        size = (size_t)snprintf(text, sizeof(text),
                                "  %s:", json_object_iter_key(it));
        if (json_is_string(what))
            snprintf(text + size, sizeof(text) - size, " %s",
                     sk_tell_word(w, "alles", "everything"));
        for (size_t i = 0; i < json_array_size(what) && size < sizeof(text) - 1;
             i++)
            size += (size_t)snprintf(
                text + size, sizeof(text) - size, "%s %s", i > 0 ? "," : "",
                sk_tell_label(w, json_string_value(json_array_get(what, i))));
        sk_tell(w, "%s", text);
    }
}

static void check_withdrawal(struct sk_world *w, const struct sk_node *expect,
                             const json_t *result)
{
    const json_t *dropped = json_object_get(result, "dropped");
    json_t *notices = notices_by_alias(w, result);

    for (size_t i = 0; i < json_array_size(dropped); i++) {
        const char *id = json_string_value(json_array_get(dropped, i));
        struct sk_told *told = told_by_id(w, id);

        if (told != NULL)
            told->dropped = true;
        json_array_append_new(w->dropped,
                              json_string(told == NULL ? id : told->alias));
        sk_tell(w, "%s: %s",
                sk_tell_word(w, "uit de wachtrij gehaald, nooit verstuurd",
                             "taken out of the queue, never sent"),
                told == NULL ? id : told->alias);
    }
    for (void *it = json_object_iter(notices); it != NULL;
         it = json_object_iter_next(notices, it)) {
        sk_tell(
            w, "%s %s:",
            sk_tell_word(w, "vraag om te wissen aan", "request to erase to"),
            sk_tell_org(w, json_object_iter_key(it)));
        tell_asked_back(w, json_object_iter_value(it));
    }
    if (sk_node_get(expect, "notices") != NULL) {
        json_t *want = wanted_notices(sk_node_get(expect, "notices"));

        check_same(w, "notices", notices, want);
        json_decref(want);
    }
    if (sk_node_get(expect, "dropped") != NULL) {
        json_t *want = sk_json_of_node(sk_node_get(expect, "dropped"));
        json_t *got = json_deep_copy(w->dropped);

        check_same(w, "dropped", got, want);
        json_decref(got);
        json_decref(want);
    }
    json_decref(notices);
}

/* What a coach reads aloud; a real node stores its hash (CONSENT 1.1). */
static size_t notice_text(struct sk_world *w, const struct sk_actor *actor,
                          const struct sk_node *step, char *room,
                          size_t size_max)
{
    const struct sk_node *to = sk_node_get(step, "recipients");
    int size = snprintf(
        room, size_max,
        "Mogen we dit delen?\n%s wil gegevens delen met:", actor->name);

    for (const struct sk_node *n = to == NULL ? NULL : to->first; n != NULL;
         n = n->next)
        size += snprintf(room + size, size_max - (size_t)size, " %s",
                         (const char *)n->text.data);
    size += snprintf(room + size, size_max - (size_t)size,
                     ".\nTot en met %s. Je mag nee zeggen. Je mag altijd "
                     "stoppen.\n",
                     sk_step_text(step, "until"));
    (void)w;
    return (size_t)size;
}

static void verb_consent(struct sk_world *w, struct sk_actor *actor,
                         const struct sk_node *step)
{
    static const char *const states[][2] = {{"given", "consent.give"},
                                            {"refused", "consent.refuse"},
                                            {"withdrawn", "consent.withdraw"},
                                            {"requested", "consent.request"}};
    const struct sk_node *expect = sk_node_get(step, "expect");
    const char *want = sk_step_text(expect, "refused");
    const char *state = sk_step_text(step, "state");
    const char *op = "consent.give";
    struct sk_blob notice = {.argument = "notice"};
    json_t *args = json_object();
    char text[2048];
    json_t *reply;

    for (size_t i = 0; i < SK_COUNT(states); i++)
        if (strcmp(state, states[i][0]) == 0)
            op = states[i][1];
    set_text(args, "participant",
             participant(w, actor, sk_step_text(step, "person")));
    set_list(args, "purposes", step);
    set_list(args, "recipients", step);
    set_list(args, "categories", step);
    if (strcmp(op, "consent.request") != 0) {
        set_text(args, "given_by", sk_step_text(step, "given_by"));
        set_text(args, "form", sk_step_text(step, "form"));
    }
    if (strcmp(op, "consent.give") == 0) {
        set_text(args, "until", sk_step_text(step, "until"));
        set_true(args, "explicit", step);
        set_text(args, "language", sk_step_text(step, "language"));
        set_true(args, "interpreter", step);
        set_text(args, "notice_id", "rehearsal/1");
        notice.bytes.data = (const uint8_t *)text;
        notice.bytes.size = notice_text(w, actor, step, text, sizeof(text));
    }
    reply = sk_world_ask(w, actor, op, args, &notice,
                         notice.bytes.size > 0 ? 1 : 0);
    if (want[0] != '\0') {
        sk_check(w, strcmp(error_code(reply), want) == 0,
                 "consent must be refused with %s, got '%s'", want,
                 error_code(reply));
        sk_tell(w, "%s: %s",
                sk_tell_word(w, "niet aanvaard als akkoord",
                             "not accepted as consent"),
                want);
    } else if (must_be_ok(w, sk_step_text(step, "id"), reply)) {
        const json_t *result = json_object_get(reply, "result");

        sk_alias_set(w, SK_ALIAS_CONSENT, actor, sk_step_text(step, "id"),
                     sk_json_text(result, "consent"));
        if (strcmp(op, "consent.withdraw") == 0)
            check_withdrawal(w, expect, result);
    }
    json_decref(reply);
}

static void verb_objection(struct sk_world *w, struct sk_actor *actor,
                           const struct sk_node *step)
{
    const char *state = sk_step_text(step, "state");
    const char *who = participant(w, actor, sk_step_text(step, "person"));
    json_t *args = json_object();
    json_t *reply;

    /* Said again, an objection that is open goes on: so this also finds the
       one that is answered. */
    set_text(args, "participant", who);
    set_list(args, "purposes", step);
    set_list(args, "recipients", step);
    reply = sk_world_do(w, actor, "participant.object", args);
    if (strcmp(state, "upheld") == 0 || strcmp(state, "rejected") == 0) {
        args = json_object();
        set_text(args, "participant", who);
        set_text(args, "objection", sk_json_text(reply, "objection"));
        set_text(args, "answer", state);
        set_text(args, "by", "privacyverantwoordelijke");
        set_text(args, "reason", "zie het verhaal");
        json_decref(sk_world_do(w, actor, "objection.answer", args));
    }
    json_decref(reply);
}

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
    told->received = is_ok(reply);
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
    set_list(args, "with_consent", step);
    reply = sk_world_ask(
        w, actor, hypothetical ? "disclosure.preview" : "disclosure.send", args,
        &draft, draft.bytes.size > 0 ? 1 : 0);
    result = json_object_get(reply, "result");
    if (sk_node_get(expect, "load") != NULL) {
        check_load(w, expect,
                   is_ok(reply) ? result : json_object_get(reply, "error"));
        json_decref(reply);
        return;
    }
    if (!is_ok(reply)) {
        /* A refusal before the decision (sensitive-text) has a code too. */
        sk_check(w,
                 strcmp(sk_step_text(expect, "reason"), error_code(reply)) == 0,
                 "expected %s %s, got '%s'", sk_step_text(expect, "decision"),
                 sk_step_text(expect, "reason"), error_code(reply));
        sk_tell(w, "%s: %s", sk_tell_word(w, "geweigerd", "refused"),
                error_code(reply));
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

static void verb_send(struct sk_world *w, struct sk_actor *actor,
                      const struct sk_node *step)
{
    bool hypothetical = sk_node_get(step, "variant") != NULL ||
                        sk_node_get(step, "with_link") != NULL ||
                        sk_node_get(step, "with_consent") != NULL;

    offer(w, actor, step, event_id(w, actor, sk_step_text(step, "event")),
          hypothetical);
}

static void verb_purpose(struct sk_world *w, struct sk_actor *actor,
                         const struct sk_node *step)
{
    offer(w, actor, step, event_id(w, actor, sk_step_text(step, "event")),
          true);
}

static void verb_forward(struct sk_world *w, struct sk_actor *actor,
                         const struct sk_node *step)
{
    offer(w, actor, step, event_id(w, actor, sk_step_text(step, "message")),
          false);
}

/* ------------------------------------------------------------- handover */
/* NULL: there is none, and a check has failed. */
static const char *handover_id(struct sk_world *w, const char *alias)
{
    const char *id = sk_alias_id(w, SK_ALIAS_HANDOVER, NULL, alias);

    if (id == NULL)
        sk_check(w, false, "there is no handover '%s'", alias);
    return id;
}

static void verb_open(struct sk_world *w, struct sk_actor *actor,
                      const struct sk_node *step)
{
    const char *alias = sk_step_text(step, "handover");

    const char *id = handover_id(w, alias);

    if (id == NULL)
        return;
    assign(w, actor, alias, person_of(w, alias));
    json_decref(sk_world_do(w, actor, "handover.open",
                            json_pack("{s:s}", "handover", id)));
}

static void verb_cancel(struct sk_world *w, struct sk_actor *actor,
                        const struct sk_node *step)
{
    const char *id = handover_id(w, sk_step_text(step, "handover"));

    if (id != NULL)
        json_decref(sk_world_do(w, actor, "handover.cancel",
                                json_pack("{s:s}", "handover", id)));
}

static void verb_refuse_input(struct sk_world *w, struct sk_actor *actor,
                              const struct sk_node *step)
{
    const char *id = handover_id(w, sk_step_text(step, "handover"));
    const char *want = sk_step_text(step, "expect");
    json_t *reply;

    if (id == NULL)
        return;
    reply = sk_world_ask(w, actor, "handover.input",
                         json_pack("{s:s, s:s}", "handover", id, "input",
                                   sk_step_text(step, "input")),
                         NULL, 0);
    sk_check(w, strcmp(error_code(reply), want) == 0,
             "%s must be refused with %s, got '%s'",
             sk_step_text(step, "input"), want, error_code(reply));
    sk_tell(w, "%s: %s", sk_tell_word(w, "geweigerd", "refused"),
            error_code(reply));
    json_decref(reply);
}

/* ------------------------------------------------------------- the rest */
static void verb_offline(struct sk_world *w, struct sk_actor *actor,
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

static void verb_online(struct sk_world *w, struct sk_actor *actor,
                        const struct sk_node *step)
{
    struct sk_actor *other = sk_world_actor(w, sk_step_text(step, "node"));

    other = other == NULL ? actor : other;
    sk_world_online(w, other);
    after_waiting(w, other);
}

static void verb_erased(struct sk_world *w, struct sk_actor *actor,
                        const struct sk_node *step)
{
    json_decref(
        sk_world_do(w, actor, "erasure.confirm",
                    json_pack("{s:s}", "from", sk_step_text(step, "from"))));
}

static void verb_refused_erasure(struct sk_world *w, struct sk_actor *actor,
                                 const struct sk_node *step)
{
    json_decref(sk_world_do(
        w, actor, "erasure.refuse",
        json_pack("{s:s, s:s, s:s}", "from", sk_step_text(step, "from"),
                  "law_reference", sk_step_text(step, "law_reference"),
                  "keep_until", sk_step_text(step, "keep_until"))));
}

/* As `schakel leave --confirm` does it, with what a law keeps first. */
static void verb_leave(struct sk_world *w, struct sk_actor *actor,
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

static void verb_standing(struct sk_world *w, struct sk_actor *actor,
                          const struct sk_node *step)
{
    (void)actor; /* a steward */
    sk_world_standing(w, sk_step_text(step, "org"),
                      sk_step_text(step, "status"));
}

static void verb_replay(struct sk_world *w, struct sk_actor *actor,
                        const struct sk_node *step)
{
    const char *alias = sk_step_text(step, "message");
    const char *want = sk_step_text(step, "expect");
    const char *id = sk_alias_id(w, SK_ALIAS_MESSAGE, NULL, alias);
    const char *text;
    char got[32] = "";

    if (id == NULL) {
        sk_check(w, false, "there is no message '%s'", alias);
        return;
    }
    /* The bytes are kept in memory only, by nodes with a manual clock. */
    if (actor->restarts > 0) {
        sk_check_unchecked(w, "replay after a crash of the sender");
        return;
    }
    json_decref(sk_world_do(w, actor, "message.replay",
                            json_pack("{s:s}", "message", id)));
    for (int tries = 0; tries < REPLAY_MS / 5; tries++) {
        json_t *view = sk_world_do(w, actor, "message.show",
                                   json_pack("{s:s}", "message", id));

        snprintf(got, sizeof(got), "%s", sk_json_text(view, "replay"));
        json_decref(view);
        if (strcmp(got, "pending") != 0)
            break;
        usleep(5000);
    }
    sk_check(w, strcmp(got, want) == 0,
             "a replay of %s is answered with %s, got '%s'", alias, want, got);
    text = sk_code_text(got, w->dutch);
    sk_tell(w, "%s: %s (%s)",
            sk_tell_word(w, "de partner antwoordt", "the partner answers"),
            text == NULL ? "-" : text, got);
}

static void verb_publish(struct sk_world *w, struct sk_actor *actor,
                         const struct sk_node *step)
{
    const struct sk_node *to = sk_node_get(step, "to");
    json_t *args = json_object();
    json_t *result;
    const json_t *recipients;

    set_text(args, "type", sk_step_text(step, "collective"));
    set_list(args, "body", step);
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
        sk_check(w, is_ok(reply), "%s has what was published", other->org);
        json_decref(reply);
    }
    sk_tell(w, "%s: %zu",
            sk_tell_word(w, "partners die het kregen", "partners who got it"),
            json_array_size(recipients));
    json_decref(result);
}

static void verb_policy(struct sk_world *w, struct sk_actor *actor,
                        const struct sk_node *step)
{
    struct sk_blob policy = {.argument = "policy"};
    json_t *reply;

    policy.bytes = draft_of(w, actor, sk_node_get(step, "variant"));
    reply = sk_world_ask(w, actor, "policy.try", NULL, &policy, 1);
    if (must_be_ok(w, "policy", reply))
        check_load(w, sk_node_get(step, "expect"),
                   json_object_get(reply, "result"));
    json_decref(reply);
}

static void verb_text(struct sk_world *w, struct sk_actor *actor,
                      const struct sk_node *step)
{
    const char *want = sk_step_text(step, "expect");
    json_t *result = sk_world_do(w, actor, "text.check",
                                 json_pack("{s:s, s:s, s:s}", "field",
                                           sk_step_text(step, "field"), "value",
                                           sk_step_text(step, "value"), "to",
                                           sk_step_text(step, "to")));

    sk_check(w, strcmp(sk_json_text(result, "result"), want) == 0,
             "the text is %s, got '%s'", want, sk_json_text(result, "result"));
    sk_tell(w, "%s %s", sk_json_text(result, "result"),
            sk_json_text(result, "word"));
    json_decref(result);
}

static void verb_discover(struct sk_world *w, struct sk_actor *actor,
                          const struct sk_node *step)
{
    (void)actor;
    (void)step;
    sk_check_unchecked(w, "discover");
}

/* Padme: at most log2(log2 size) significant bits in the padded plaintext. */
static bool is_padded_size(uint64_t size)
{
    uint32_t e = 63 - (uint32_t)__builtin_clzll(size);
    uint32_t s = 0;

    for (uint32_t bits = e; bits > 0; bits >>= 1)
        s++;
    return e <= s || (size & ((UINT64_C(1) << (e - s)) - 1)) == 0;
}

/*
 * A frame, counted without both names (PROTOCOL.md 5.1), is 3 bytes of head
 * and numbers, sealing id 10, ephemeral key 34, head of the ciphertext 3 (5
 * when it is long), padded plaintext and tag 16.
 */
static bool is_allowed_frame(uint64_t size)
{
    const uint64_t around = 3 + 10 + 34 + 16;
    const uint64_t head = size <= around - 16 + 3 + UINT16_MAX ? 3 : 5;

    return size >= around + head + 256 && is_padded_size(size - around - head);
}

/* Every frame ever sent has an allowed size. */
static void check_padding(struct sk_world *w, struct sk_actor *actor)
{
    json_t *status = sk_world_do(w, actor, "node.status", NULL);
    const json_t *sizes = json_object_get(status, "frame_sizes");

    for (size_t i = 0; i < json_array_size(sizes); i++) {
        uint64_t size = (uint64_t)json_integer_value(
            json_object_get(json_array_get(sizes, i), "size"));

        sk_check(w, is_allowed_frame(size),
                 "%s sent a frame of %llu bytes (without the names)",
                 actor->org, (unsigned long long)size);
    }
    json_decref(status);
}

/* Handles of one person, as each recipient saw them. */
static void check_handles(struct sk_world *w)
{
    for (struct sk_told *t = w->told; t != NULL; t = t->next) {
        json_t *one = NULL;

        if (!t->received || !t->to->online)
            continue;
        one = sk_world_ask(w, sk_world_actor(w, t->to->org), "inbox.peek",
                           json_pack("{s:s}", "message", t->id), NULL, 0);
        for (struct sk_told *u = t->next; u != NULL && is_ok(one);
             u = u->next) {
            json_t *two;

            if (u->to == t->to || u->from != t->from || !u->to->online ||
                strcmp(u->person, t->person) != 0)
                continue;
            two = sk_world_ask(w, sk_world_actor(w, u->to->org), "inbox.peek",
                               json_pack("{s:s}", "message", u->id), NULL, 0);
            if (is_ok(two))
                sk_check(w,
                         strcmp(sk_json_text(json_object_get(one, "result"),
                                             "handle"),
                                sk_json_text(json_object_get(two, "result"),
                                             "handle")) != 0,
                         "%s and %s know %s by different handles", t->to->org,
                         u->to->org, t->person);
            json_decref(two);
        }
        json_decref(one);
    }
}

static void verb_harness(struct sk_world *w, struct sk_actor *actor,
                         const struct sk_node *step)
{
    const char *check = sk_step_text(step, "check");

    (void)actor;
    if (strcmp(check, "handles-differ") == 0) {
        check_handles(w);
    } else if (strcmp(check, "padding") == 0) {
        for (size_t i = 0; i < w->actors_count; i++)
            if (w->actors[i].online)
                check_padding(w, &w->actors[i]);
    } else {
        sk_check(w, false, "there is no check '%s'", check);
    }
}

static void verb_local(struct sk_world *w, struct sk_actor *actor,
                       const struct sk_node *step)
{
    (void)actor;
    sk_tell(w, "%s", sk_step_text(step, "note"));
}

static void verb_expect(struct sk_world *w, struct sk_actor *actor,
                        const struct sk_node *step)
{
    const char *handover = sk_step_text(step, "handover");
    const char *person = sk_step_text(step, "person");

    if (handover[0] != '\0' && person[0] != '\0')
        assign(w, actor, handover, person);
    sk_check_state(w, actor, step);
}

/* ------------------------------------------------------------- playing */
struct verb {
    const char *name;
    void (*run)(struct sk_world *, struct sk_actor *, const struct sk_node *);
    bool anywhere; /* the node of the step need not be online */
};

static const struct verb verbs[] = {
    {"record", verb_record, false},
    {"link", verb_link, false},
    {"unlink", verb_unlink, false},
    {"consent", verb_consent, false},
    {"objection", verb_objection, false},
    {"send", verb_send, false},
    {"open", verb_open, false},
    {"cancel", verb_cancel, false},
    {"refuse_input", verb_refuse_input, false},
    {"expect", verb_expect, false},
    {"offline", verb_offline, true},
    {"online", verb_online, true},
    {"erased", verb_erased, false},
    {"refused_erasure", verb_refused_erasure, false},
    {"leave", verb_leave, false},
    {"standing", verb_standing, true},
    {"replay", verb_replay, false},
    {"publish", verb_publish, false},
    {"policy", verb_policy, false},
    {"purpose", verb_purpose, false},
    {"forward", verb_forward, false},
    {"text", verb_text, false},
    {"discover", verb_discover, false},
    {"harness", verb_harness, true},
    {"local", verb_local, false},
};

/* ------------------------------------------------------------- reading */
/* A word of a step that is none of those that may stand there.  The story is
   not played: a typing mistake must not become something else. */
static bool is_one_of(struct sk_world *w, const struct sk_node *map,
                      const char *key, const char *const *words)
{
    const struct sk_node *node = sk_node_get(map, key);
    const char *text = sk_step_text(map, key);
    char list[256] = "";

    if (node == NULL)
        return true;
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcmp(text, words[i]) == 0)
            return true;
        snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s",
                 i > 0 ? ", " : "", words[i]);
    }
    fprintf(stderr, "%s:%u:%u: %s: %s '%s' %s (%s)\n", node->place.file,
            node->place.line, node->place.column,
            sk_tell_word(w, "fout", "error"), key, text,
            sk_tell_word(w, "bestaat niet", "does not exist"), list);
    return false;
}

static bool has_verb(struct sk_world *w, const struct sk_node *step)
{
    for (size_t i = 0; i < SK_COUNT(verbs); i++)
        if (sk_node_get(step, verbs[i].name) != NULL)
            return true;
    fprintf(stderr, "%s:%u:%u: %s: %s\n", step->place.file, step->place.line,
            step->place.column, sk_tell_word(w, "fout", "error"),
            sk_tell_word(w, "een stap zonder gekend werkwoord",
                         "a step without a known verb"));
    return false;
}

bool sk_story_check(struct sk_world *w)
{
    static const char *const consents[] = {"given", "refused", "withdrawn",
                                           "requested", NULL};
    static const char *const standings[] = {"suspended", "left", NULL};
    static const char *const objections[] = {"open", "upheld", "rejected",
                                             NULL};
    const struct sk_node *steps = sk_node_get(w->story, "steps");
    bool good = true;

    for (const struct sk_node *s = steps == NULL ? NULL : steps->first;
         s != NULL; s = s->next) {
        good = has_verb(w, s) && good;
        good =
            is_one_of(w, sk_node_get(s, "consent"), "state", consents) && good;
        good = is_one_of(w, sk_node_get(s, "objection"), "state", objections) &&
               good;
        good = is_one_of(w, sk_node_get(s, "standing"), "status", standings) &&
               good;
    }
    return good;
}

static void play_step(struct sk_world *w, const struct sk_node *step)
{
    struct sk_actor *actor = sk_world_actor(w, sk_step_text(step, "node"));
    int64_t instant;
    char now[21];

    if (!sk_civil_minute_parse(sk_text(sk_step_text(step, "at")), &instant))
        sk_world_die(w, "%s:%u: a step needs 'at: YYYY-MM-DDTHH:MM'",
                     step->place.file, step->place.line);
    if (instant < w->instant)
        sk_world_die(w, "%s:%u: time goes back", step->place.file,
                     step->place.line);
    w->instant = instant;
    if (actor == NULL)
        sk_world_die(w, "%s:%u: '%s' is not a partner of this story",
                     step->place.file, step->place.line,
                     sk_step_text(step, "node"));
    sk_instant_format(instant, now);
    sk_world_clock(w, now);
    for (size_t i = 0; i < SK_COUNT(verbs); i++) {
        const struct sk_node *body = sk_node_get(step, verbs[i].name);
        size_t mark = sk_arena_mark(&w->arena);

        if (body == NULL)
            continue;
        if (!verbs[i].anywhere && !actor->online)
            sk_world_die(w, "%s:%u: %s is offline", step->place.file,
                         step->place.line, actor->org);
        sk_tell_step(w, step, actor);
        verbs[i].run(w, actor, body);
        sk_world_weather(w);
        sk_world_settle(w);
        sk_arena_reset(&w->arena, mark);
        return;
    }
    sk_world_die(w, "%s:%u: a step without a known verb", step->place.file,
                 step->place.line);
}

/* Days on which a partner is closed (FORMAT 1). */
static void close_days(struct sk_world *w)
{
    const struct sk_node *closed = sk_node_get(w->story, "closed");

    for (const struct sk_node *n = closed == NULL ? NULL : closed->first;
         n != NULL; n = n->next) {
        struct sk_actor *actor = sk_world_actor(w, (const char *)n->key.data);

        if (actor != NULL && actor->online)
            json_decref(
                sk_world_do(w, actor, "calendar.close",
                            json_pack("{s:o}", "days", sk_json_of_node(n))));
    }
}

void sk_story_play(struct sk_world *w)
{
    const struct sk_node *steps = sk_node_get(w->story, "steps");
    const char *end = sk_step_text(sk_node_get(w->story, "clock"), "end");
    char instant[21];

    close_days(w);
    for (const struct sk_node *s = steps == NULL ? NULL : steps->first;
         s != NULL; s = s->next)
        play_step(w, s);
    /* Time goes on to the last day: what falls due still happens. */
    if (end[0] != '\0' && strncmp(end, w->now, 10) > 0) {
        snprintf(instant, sizeof(instant), "%sT12:00:00Z", end);
        sk_world_clock(w, instant);
    }
    sk_check_timers(w);
    if (sk_node_get(w->story, "figures") != NULL)
        sk_check_unchecked(w, "figures");
}
