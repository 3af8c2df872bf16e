#include "tools/schakel/rehearse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/schakel/json.h"
#include "tools/schakel/render.h"

/* ------------------------------------------------------------- counting */
void sk_check(struct sk_world *w, bool holds, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    w->checks++;
    if (holds)
        return;
    w->failures++;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    if (w->step != NULL) {
        json_t *problems = json_object_get(w->step, "problems");

        if (problems == NULL) {
            problems = json_array();
            json_object_set_new(w->step, "problems", problems);
        }
        json_array_append_new(problems, json_string(text));
    }
    if (!w->json)
        printf("    !! %s: %s\n",
               sk_tell_word(w, "niet zoals verwacht", "not as expected"),
               text == NULL ? "" : text);
    free(text);
}

void sk_check_unchecked(struct sk_world *w, const char *what)
{
    w->unchecked++;
    if (w->step != NULL)
        json_object_set_new(w->step, "not_checked", json_string(what));
    if (!w->json)
        printf("    -- %s: %s\n",
               sk_tell_word(w, "niet nagekeken", "not checked"), what);
}

/* ------------------------------------------------------------- decisions */
static struct sk_bytes json_bytes(const json_t *text)
{
    return (struct sk_bytes){(const uint8_t *)json_string_value(text),
                             json_string_length(text)};
}

/* A list of texts in the arena. */
static struct sk_bytes *list_of(struct sk_world *w, const json_t *list,
                                size_t *count)
{
    struct sk_bytes *out;

    *count = json_array_size(list);
    out = sk_arena_get_array(&w->arena, *count + 1, sizeof(*out));
    if (out == NULL)
        sk_world_die(w, "out of memory");
    for (size_t i = 0; i < *count; i++)
        out[i] = json_bytes(json_array_get(list, i));
    return out;
}

static enum sk_withheld withheld_of(const char *reason)
{
    static const enum sk_withheld all[] = {
        SK_WITHHELD_FORBIDDEN, SK_WITHHELD_LIMITED, SK_WITHHELD_CONSENT,
        SK_WITHHELD_NOT_GRANTED};

    for (size_t i = 0; i < SK_COUNT(all); i++)
        if (strcmp(sk_withheld_text(all[i]), reason) == 0)
            return all[i];
    return SK_SENT;
}

static void add_sent(struct sk_world *w, const json_t *result,
                     struct sk_decision *decision)
{
    json_t *fields = json_object_get(result, "fields");
    const json_t *levels = json_object_get(result, "levels");

    for (void *it = json_object_iter(fields);
         it != NULL && decision->fields_count < SK_EVENT_FIELDS_MAX;
         it = json_object_iter_next(fields, it)) {
        struct sk_decided_field *f =
            &decision->fields[decision->fields_count++];
        const json_t *value = json_object_iter_value(it);

        f->name = sk_text(json_object_iter_key(it));
        f->withheld = SK_SENT;
        f->level_name = sk_text(sk_json_text(levels, json_object_iter_key(it)));
        if (json_is_array(value))
            f->value.set = list_of(w, value, &f->value.set_count);
        else
            f->value.text = json_bytes(value);
    }
}

static void add_withheld(const json_t *result, struct sk_decision *decision)
{
    json_t *withheld = json_object_get(result, "withheld");

    for (void *it = json_object_iter(withheld);
         it != NULL && decision->fields_count < SK_EVENT_FIELDS_MAX;
         it = json_object_iter_next(withheld, it)) {
        struct sk_decided_field *f =
            &decision->fields[decision->fields_count++];

        f->name = sk_text(json_object_iter_key(it));
        f->withheld =
            withheld_of(json_string_value(json_object_iter_value(it)));
    }
}

static int compare_fields(const void *a, const void *b)
{
    return sk_bytes_compare(((const struct sk_decided_field *)a)->name,
                            ((const struct sk_decided_field *)b)->name);
}

void sk_check_decision(struct sk_world *w, struct sk_actor *actor,
                       const struct sk_node *expect, const json_t *result)
{
    struct sk_problems problems = sk_problems_start(&w->arena);
    struct sk_decision *d = sk_arena_get(&w->arena, sizeof(*d));
    const json_t *on = json_object_get(result, "on_withdrawal");
    const char *reason = sk_json_text(result, "reason");
    size_t named;

    if (d == NULL)
        sk_world_die(w, "out of memory");
    d->permit = strcmp(sk_json_text(result, "decision"), "permit") == 0;
    d->reason = d->permit ? NULL : reason;
    add_sent(w, result, d);
    add_withheld(result, d);
    qsort(d->fields, d->fields_count, sizeof(d->fields[0]), compare_fields);
    d->rules = list_of(w, json_object_get(result, "rules"), &d->rules_count);
    d->consents =
        list_of(w, json_object_get(result, "consents"), &d->consents_count);
    for (size_t i = 0; i < d->consents_count; i++)
        d->consents[i] = sk_text(sk_alias_of(
            w, SK_ALIAS_CONSENT, actor, (const char *)d->consents[i].data));
    d->duties = list_of(w, json_object_get(result, "duties"), &d->duties_count);
    d->roles_all = !json_is_array(json_object_get(result, "roles"));
    d->roles = list_of(w, json_object_get(result, "roles"), &d->roles_count);
    (void)sk_day_parse(sk_text(sk_json_text(result, "erase_by")), &d->erase_by);
    d->erase = strcmp(sk_json_text(on, "do"), "erase") == 0;
    d->within_days =
        (uint32_t)json_integer_value(json_object_get(on, "within_days"));
    named = sk_expect_decision(expect, d, &problems);
    for (size_t i = 0; i < problems.count && i < SK_PROBLEMS_MAX; i++)
        sk_check(w, false, "%s", problems.list[i]);
    for (size_t i = problems.count; i < named; i++)
        sk_check(w, true, "%s", "as expected");
}

/* ------------------------------------------------------------- states */
static bool same_value(const struct sk_node *want, const json_t *got)
{
    size_t found = 0;

    if (want->kind == SK_NODE_SCALAR)
        return json_is_string(got) &&
               sk_bytes_equal(want->text, json_bytes(got));
    if (!json_is_array(got) || json_array_size(got) != want->count)
        return false;
    for (const struct sk_node *n = want->first; n != NULL; n = n->next)
        for (size_t i = 0; i < json_array_size(got); i++)
            found +=
                sk_bytes_equal(n->text, json_bytes(json_array_get(got, i)));
    return found == want->count;
}

void sk_check_fields(struct sk_world *w, const struct sk_node *want,
                     const json_t *fields, const char *what)
{
    sk_check(w, json_object_size(fields) == want->count,
             "%s has %zu fields, expected %zu", what, json_object_size(fields),
             want->count);
    for (const struct sk_node *n = want->first; n != NULL; n = n->next)
        sk_check(
            w,
            same_value(n, json_object_get(fields, (const char *)n->key.data)),
            "%s: field %s", what, (const char *)n->key.data);
}

/* linked: {message: how it stands}, and nothing else. */
static void check_linked(struct sk_world *w, struct sk_actor *actor,
                         const struct sk_node *want, const json_t *view)
{
    const json_t *rows = json_object_get(view, "linked");
    size_t count = 0;

    for (const struct sk_node *n = want->first; n != NULL; n = n->next) {
        const char *alias = (const char *)n->key.data;
        const char *id = sk_alias_id(w, SK_ALIAS_MESSAGE, NULL, alias);
        const char *got = "absent";

        count++;
        for (size_t i = 0; i < json_array_size(rows); i++) {
            const json_t *row = json_array_get(rows, i);

            if (id == NULL || strcmp(sk_json_text(row, "message"), id) != 0)
                continue;
            got = sk_json_text(row, "state");
            if (got[0] == '\0')
                got = json_is_true(json_object_get(row, "opened")) ? "read"
                                                                   : "stored";
        }
        sk_check(w, strcmp(got, sk_step_text(want, alias)) == 0,
                 "%s: %s is %s for the handover, expected %s", actor->org,
                 alias, got, sk_step_text(want, alias));
    }
    sk_check(w, json_array_size(rows) == count,
             "%s: the handover refers to %zu messages, expected %zu",
             actor->org, json_array_size(rows), count);
}

static void check_handover(struct sk_world *w, struct sk_actor *actor,
                           const struct sk_node *expect)
{
    const char *alias = sk_step_text(expect, "handover");
    const char *want = sk_step_text(expect, "state");
    const char *id = sk_alias_id(w, SK_ALIAS_HANDOVER, NULL, alias);
    json_t *view;

    if (id == NULL) {
        sk_check(w, false, "there is no handover %s", alias);
        return;
    }
    view = sk_world_do(w, actor, "handover.show",
                       json_pack("{s:s}", "handover", id));
    sk_check(w, strcmp(sk_json_text(view, "state"), want) == 0,
             "handover %s is %s at %s, expected %s", alias,
             sk_json_text(view, "state"), actor->org, want);
    sk_tell(w, "%s %s: %s", sk_tell_word(w, "overdracht", "handover"), alias,
            sk_render_word(sk_json_text(view, "state"), w->dutch));
    if (sk_node_get(expect, "linked") != NULL)
        check_linked(w, actor, sk_node_get(expect, "linked"), view);
    json_decref(view);
}

static void check_owner(struct sk_world *w, struct sk_actor *actor,
                        const struct sk_node *expect)
{
    const char *person = sk_step_text(expect, "person");
    const char *id = sk_alias_id(w, SK_ALIAS_PERSON, actor, person);
    json_t *view =
        sk_world_do(w, actor, "participant.show",
                    json_pack("{s:s}", "participant", id == NULL ? "" : id));
    const json_t *trajectory = json_object_get(view, "trajectory");
    char epoch[24];

    snprintf(
        epoch, sizeof(epoch), "%lld",
        (long long)json_integer_value(json_object_get(trajectory, "epoch")));
    if (sk_node_get(expect, "owner") != NULL) {
        sk_check(w,
                 strcmp(sk_json_text(trajectory, "owner"),
                        sk_step_text(expect, "owner")) == 0,
                 "%s says the owner of %s is '%s', expected %s", actor->org,
                 person, sk_json_text(trajectory, "owner"),
                 sk_step_text(expect, "owner"));
        sk_tell(w, "%s: %s", sk_tell_word(w, "wie begeleidt", "who guides"),
                sk_json_text(trajectory, "owner"));
    }
    if (sk_node_get(expect, "epoch") != NULL)
        sk_check(w, strcmp(epoch, sk_step_text(expect, "epoch")) == 0,
                 "epoch of %s is %s, expected %s", person, epoch,
                 sk_step_text(expect, "epoch"));
    json_decref(view);
}

static void check_received(struct sk_world *w, struct sk_actor *actor,
                           const struct sk_node *received)
{
    for (const struct sk_node *m = received->first; m != NULL; m = m->next) {
        const char *alias = (const char *)m->key.data;
        const char *id = sk_alias_id(w, SK_ALIAS_MESSAGE, NULL, alias);
        json_t *reply = sk_world_ask(
            w, actor, "inbox.peek",
            json_pack("{s:s}", "message", id == NULL ? "" : id), NULL, 0);

        sk_check(w, json_is_true(json_object_get(reply, "ok")), "%s has %s",
                 actor->org, alias);
        if (m->kind == SK_NODE_MAP)
            sk_check_fields(
                w, m,
                json_object_get(json_object_get(reply, "result"), "fields"),
                alias);
        json_decref(reply);
    }
}

static void check_not_received(struct sk_world *w, struct sk_actor *actor,
                               const struct sk_node *list)
{
    for (const struct sk_node *m = list->first; m != NULL; m = m->next) {
        const char *alias = (const char *)m->text.data;
        const char *id = sk_alias_id(w, SK_ALIAS_MESSAGE, NULL, alias);
        json_t *reply;

        if (id == NULL) {
            sk_check(w, true, "%s was never sent", alias);
            continue;
        }
        reply = sk_world_ask(w, actor, "inbox.peek",
                             json_pack("{s:s}", "message", id), NULL, 0);
        sk_check(w, json_is_false(json_object_get(reply, "ok")),
                 "%s must not have %s", actor->org, alias);
        json_decref(reply);
    }
}

static void check_number(struct sk_world *w, const struct sk_actor *actor,
                         const struct sk_node *expect, const char *key,
                         const json_t *got)
{
    const char *want = sk_step_text(expect, key);
    char text[24];

    if (sk_node_get(expect, key) == NULL)
        return;
    snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(got));
    sk_check(w, strcmp(text, want) == 0, "%s: %s is %s, expected %s",
             actor->org, key, text, want);
    sk_tell(w, "%s: %s",
            strcmp(key, "queue") == 0
                ? sk_tell_word(w, "in de wachtrij", "in the queue")
                : sk_tell_word(w, "vragen om te wissen", "requests to erase"),
            text);
}

static const char *holding_nl(const char *word)
{
    static const char *const rows[][2] = {
        {"asked", "gevraagd te wissen, nog geen antwoord"},
        {"erased", "gewist en bevestigd"},
        {"expired", "voorbij de laatste dag"},
        {"held", "heeft het nog"},
        {"kept", "bewaart het voor een wet"},
        {"queued", "nog niet vertrokken"},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++)
        if (strcmp(rows[i][0], word) == 0)
            return rows[i][1];
    return word;
}

/* What a partner has of ours: {org, held, erased, ...}, as peer.holds. */
static void check_holds(struct sk_world *w, struct sk_actor *actor,
                        const struct sk_node *holds)
{
    json_t *result =
        sk_world_do(w, actor, "peer.holds",
                    json_pack("{s:s}", "org", sk_step_text(holds, "org")));
    const json_t *totals = json_object_get(result, "totals");

    for (const struct sk_node *n = holds->first; n != NULL; n = n->next) {
        const char *key = (const char *)n->key.data;
        long long got =
            (long long)json_integer_value(json_object_get(totals, key));

        if (strcmp(key, "org") == 0)
            continue;
        sk_check(w, got == strtoll(sk_step_text(holds, key), NULL, 10),
                 "%s: %s of %s is %lld, expected %s", actor->org, key,
                 sk_step_text(holds, "org"), got, sk_step_text(holds, key));
        sk_tell(w, "%s: %s: %lld", sk_tell_org(w, sk_step_text(holds, "org")),
                sk_tell_word(w, holding_nl(key), key), got);
    }
    json_decref(result);
}

/* Has who leaves nothing open any more? */
static void check_settled(struct sk_world *w, struct sk_actor *actor,
                          const char *want)
{
    json_t *report = sk_world_do(w, actor, "leave.report", NULL);
    bool settled = json_is_true(json_object_get(report, "settled"));

    sk_check(w, settled == (strcmp(want, "true") == 0),
             "%s: settled is %s, expected %s", actor->org,
             settled ? "true" : "false", want);
    json_decref(report);
}

void sk_check_state(struct sk_world *w, struct sk_actor *actor,
                    const struct sk_node *expect)
{
    json_t *status = sk_world_do(w, actor, "node.status", NULL);
    const struct sk_node *received = sk_node_get(expect, "received");
    const struct sk_node *absent = sk_node_get(expect, "not_received");

    if (sk_node_get(expect, "handover") != NULL)
        check_handover(w, actor, expect);
    if (sk_node_get(expect, "person") != NULL)
        check_owner(w, actor, expect);
    if (received != NULL)
        check_received(w, actor, received);
    if (absent != NULL)
        check_not_received(w, actor, absent);
    if (sk_node_get(expect, "holds") != NULL)
        check_holds(w, actor, sk_node_get(expect, "holds"));
    if (sk_node_get(expect, "settled") != NULL)
        check_settled(w, actor, sk_step_text(expect, "settled"));
    check_number(w, actor, expect, "queue",
                 json_object_get(json_object_get(status, "pending"), "events"));
    check_number(w, actor, expect, "notices_open",
                 json_object_get(status, "notices_open"));
    json_decref(status);
}
