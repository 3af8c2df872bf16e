#include "tools/schakel/rehearse_verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/schakel/json.h"

/* ------------------------------------------------------------- helpers */
void sk_args_text(json_t *args, const char *key, const char *text)
{
    if (text[0] != '\0')
        json_object_set_new(args, key, json_string(text));
}

void sk_args_list(json_t *args, const char *key, const struct sk_node *map)
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

const char *sk_reply_code(const json_t *reply)
{
    return sk_json_text(json_object_get(reply, "error"), "code");
}

bool sk_reply_is_ok(const json_t *reply)
{
    return json_is_true(json_object_get(reply, "ok"));
}

/* The reply must be fine; says so and checks. */
bool sk_reply_must(struct sk_world *w, const char *what, const json_t *reply)
{
    const json_t *error = json_object_get(reply, "error");

    if (sk_reply_is_ok(reply))
        return true;
    sk_check(w, false, "%s: %s %s %s", what, sk_reply_code(reply),
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
    sk_args_text(args, "given_name", sk_step_text(person, "given_name"));
    if (json_object_get(args, "given_name") == NULL)
        sk_args_text(args, "given_name", alias);
    sk_args_text(args, "family_name", sk_step_text(person, "family_name"));
    sk_args_text(args, "birth_date", sk_step_text(person, "birth_date"));
    sk_args_text(args, "insz", sk_step_text(person, "insz"));
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
void sk_story_assign(struct sk_world *w, struct sk_actor *actor,
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
void sk_verb_record(struct sk_world *w, struct sk_actor *actor,
                    const struct sk_node *step)
{
    const char *alias = sk_step_text(step, "id");
    const char *about = sk_step_text(step, "about");
    const char *person = sk_step_text(step, "person");
    const char *want = sk_step_text(sk_node_get(step, "expect"), "reason");
    json_t *args = json_object();
    json_t *reply;

    sk_args_text(args, "participant", participant(w, actor, person));
    sk_args_text(args, "type", sk_step_text(step, "event"));
    sk_args_list(args, "fields", step);
    sk_args_text(args, "occurred", sk_step_text(step, "occurred"));
    sk_args_text(args, "provenance", sk_step_text(step, "provenance"));
    sk_args_text(args, "source", sk_step_text(step, "source"));
    if (about[0] != '\0') {
        const char *id = sk_alias_id(w, SK_ALIAS_HANDOVER, NULL, about);

        sk_story_assign(w, actor, about, person);
        sk_args_text(args, "about", id == NULL ? about : id);
    }
    reply = sk_world_ask(w, actor, "event.record", args, NULL, 0);
    if (want[0] != '\0') {
        sk_check(w, strcmp(sk_reply_code(reply), want) == 0,
                 "recording %s must be refused with %s, got '%s'", alias, want,
                 sk_reply_code(reply));
        sk_tell(w, "%s: %s", sk_tell_word(w, "geweigerd", "refused"), want);
    } else if (sk_reply_must(w, alias, reply)) {
        sk_alias_set(w, SK_ALIAS_EVENT, actor, alias,
                     sk_json_text(json_object_get(reply, "result"), "event"));
    }
    json_decref(reply);
}

void sk_verb_link(struct sk_world *w, struct sk_actor *actor,
                  const struct sk_node *step)
{
    json_t *args = json_object();

    sk_args_text(args, "participant",
                 participant(w, actor, sk_step_text(step, "person")));
    sk_args_text(args, "org", sk_step_text(step, "org"));
    sk_args_text(args, "from", sk_step_text(step, "from"));
    sk_args_text(args, "until", sk_step_text(step, "until"));
    json_decref(sk_world_do(w, actor, "relation.open", args));
}

void sk_verb_unlink(struct sk_world *w, struct sk_actor *actor,
                    const struct sk_node *step)
{
    json_t *args = json_object();

    sk_args_text(args, "participant",
                 participant(w, actor, sk_step_text(step, "person")));
    sk_args_text(args, "org", sk_step_text(step, "org"));
    sk_args_text(args, "until", sk_step_text(step, "until"));
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

void sk_verb_consent(struct sk_world *w, struct sk_actor *actor,
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
    sk_args_text(args, "participant",
                 participant(w, actor, sk_step_text(step, "person")));
    sk_args_list(args, "purposes", step);
    sk_args_list(args, "recipients", step);
    sk_args_list(args, "categories", step);
    if (strcmp(op, "consent.request") != 0) {
        sk_args_text(args, "given_by", sk_step_text(step, "given_by"));
        sk_args_text(args, "form", sk_step_text(step, "form"));
    }
    if (strcmp(op, "consent.give") == 0) {
        sk_args_text(args, "until", sk_step_text(step, "until"));
        set_true(args, "explicit", step);
        sk_args_text(args, "language", sk_step_text(step, "language"));
        set_true(args, "interpreter", step);
        sk_args_text(args, "notice_id", "rehearsal/1");
        notice.bytes.data = (const uint8_t *)text;
        notice.bytes.size = notice_text(w, actor, step, text, sizeof(text));
    }
    reply = sk_world_ask(w, actor, op, args, &notice,
                         notice.bytes.size > 0 ? 1 : 0);
    if (want[0] != '\0') {
        sk_check(w, strcmp(sk_reply_code(reply), want) == 0,
                 "consent must be refused with %s, got '%s'", want,
                 sk_reply_code(reply));
        sk_tell(w, "%s: %s",
                sk_tell_word(w, "niet aanvaard als akkoord",
                             "not accepted as consent"),
                want);
    } else if (sk_reply_must(w, sk_step_text(step, "id"), reply)) {
        const json_t *result = json_object_get(reply, "result");

        sk_alias_set(w, SK_ALIAS_CONSENT, actor, sk_step_text(step, "id"),
                     sk_json_text(result, "consent"));
        if (strcmp(op, "consent.withdraw") == 0)
            check_withdrawal(w, expect, result);
    }
    json_decref(reply);
}

void sk_verb_objection(struct sk_world *w, struct sk_actor *actor,
                       const struct sk_node *step)
{
    const char *state = sk_step_text(step, "state");
    const char *who = participant(w, actor, sk_step_text(step, "person"));
    json_t *args = json_object();
    json_t *reply;

    /* Said again, an objection that is open goes on: so this also finds the
       one that is answered. */
    sk_args_text(args, "participant", who);
    sk_args_list(args, "purposes", step);
    sk_args_list(args, "recipients", step);
    reply = sk_world_do(w, actor, "participant.object", args);
    if (strcmp(state, "upheld") == 0 || strcmp(state, "rejected") == 0) {
        args = json_object();
        sk_args_text(args, "participant", who);
        sk_args_text(args, "objection", sk_json_text(reply, "objection"));
        sk_args_text(args, "answer", state);
        sk_args_text(args, "by", "privacyverantwoordelijke");
        sk_args_text(args, "reason", "zie het verhaal");
        json_decref(sk_world_do(w, actor, "objection.answer", args));
    }
    json_decref(reply);
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

void sk_verb_open(struct sk_world *w, struct sk_actor *actor,
                  const struct sk_node *step)
{
    const char *alias = sk_step_text(step, "handover");

    const char *id = handover_id(w, alias);

    if (id == NULL)
        return;
    sk_story_assign(w, actor, alias, person_of(w, alias));
    json_decref(sk_world_do(w, actor, "handover.open",
                            json_pack("{s:s}", "handover", id)));
}

void sk_verb_cancel(struct sk_world *w, struct sk_actor *actor,
                    const struct sk_node *step)
{
    const char *id = handover_id(w, sk_step_text(step, "handover"));

    if (id != NULL)
        json_decref(sk_world_do(w, actor, "handover.cancel",
                                json_pack("{s:s}", "handover", id)));
}

void sk_verb_refuse_input(struct sk_world *w, struct sk_actor *actor,
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
    sk_check(w, strcmp(sk_reply_code(reply), want) == 0,
             "%s must be refused with %s, got '%s'",
             sk_step_text(step, "input"), want, sk_reply_code(reply));
    sk_tell(w, "%s: %s", sk_tell_word(w, "geweigerd", "refused"),
            sk_reply_code(reply));
    json_decref(reply);
}

/* ------------------------------------------------------------- erasure */
void sk_verb_erased(struct sk_world *w, struct sk_actor *actor,
                    const struct sk_node *step)
{
    json_decref(
        sk_world_do(w, actor, "erasure.confirm",
                    json_pack("{s:s}", "from", sk_step_text(step, "from"))));
}

void sk_verb_refused_erasure(struct sk_world *w, struct sk_actor *actor,
                             const struct sk_node *step)
{
    json_decref(sk_world_do(
        w, actor, "erasure.refuse",
        json_pack("{s:s, s:s, s:s}", "from", sk_step_text(step, "from"),
                  "law_reference", sk_step_text(step, "law_reference"),
                  "keep_until", sk_step_text(step, "keep_until"))));
}
