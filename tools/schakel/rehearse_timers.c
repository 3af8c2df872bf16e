#include "tools/schakel/rehearse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/schakel/json.h"

/* What the story calls the thing that a timer is about.  It may have several
   names: `wanted`, when that is one of them. */
static const char *alias_of(struct sk_world *w, const struct sk_actor *actor,
                            const json_t *item, const char *wanted)
{
    static const struct {
        const char *kind;
        enum sk_alias_kind alias;
    } kinds[] = {
        {"event", SK_ALIAS_EVENT},        {"message", SK_ALIAS_MESSAGE},
        {"consent", SK_ALIAS_CONSENT},    {"handover", SK_ALIAS_HANDOVER},
        {"withdrawal", SK_ALIAS_CONSENT},
    };
    const char *kind = sk_json_text(item, "kind");
    const char *about = sk_json_text(item, "about");

    for (size_t i = 0; i < SK_COUNT(kinds); i++) {
        enum sk_alias_kind alias = kinds[i].alias;
        bool of_all = alias == SK_ALIAS_MESSAGE || alias == SK_ALIAS_HANDOVER;
        const struct sk_actor *whose = of_all ? NULL : actor;
        const char *id;

        if (strcmp(kinds[i].kind, kind) != 0)
            continue;
        id = sk_alias_id(w, alias, whose, wanted);
        if (id != NULL && strcmp(id, about) == 0)
            return wanted;
        return sk_alias_of(w, alias, whose, about);
    }
    return sk_json_text(item, "partner");
}

/* ["DATE what", ...] of one timer at one node, in the order of raising; label:
   what people read for it. */
static json_t *raised(struct sk_world *w, struct sk_actor *actor,
                      const char *timer, const json_t *want, char label[128])
{
    const char *end = sk_step_text(sk_node_get(w->story, "clock"), "end");
    json_t *all = json_array();
    json_t *view =
        sk_world_do(w, actor, "agenda.list",
                    json_pack("{s:b, s:s}", "done", 1, "until", end));
    const json_t *items = json_object_get(view, "items");

    sk_check(w, json_is_false(json_object_get(view, "more")),
             "the agenda of %s is complete", actor->org);
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        const char *next =
            json_string_value(json_array_get(want, json_array_size(all)));
        const char *what = next == NULL ? NULL : strchr(next, ' ');
        char text[256];

        if (strcmp(sk_json_text(item, "timer"), timer) != 0 ||
            strcmp(sk_json_text(item, "state"), "coming") == 0)
            continue;
        snprintf(label, 128, "%s",
                 sk_json_text(item, w->dutch ? "label_nl" : "label_en"));
        snprintf(text, sizeof(text), "%s %s", sk_json_text(item, "day"),
                 alias_of(w, actor, item, what == NULL ? "" : what + 1));
        json_array_append_new(all, json_string(text));
    }
    json_decref(view);
    return all;
}

static char *text_of(const json_t *list)
{
    return json_dumps(list, JSON_COMPACT | JSON_ENCODE_ANY);
}

/* What the agenda of a partner said, and when. */
static void tell_raised(struct sk_world *w, const struct sk_actor *actor,
                        const char *label, const json_t *got)
{
    for (size_t i = 0; i < json_array_size(got); i++)
        sk_tell(w, "%s, agenda: %s, %s", sk_tell_org(w, actor->org),
                json_string_value(json_array_get(got, i)), label);
}

void sk_check_timers(struct sk_world *w)
{
    const struct sk_node *timers = sk_node_get(w->story, "timers");

    for (const struct sk_node *n = timers == NULL ? NULL : timers->first;
         n != NULL; n = n->next) {
        const char *timer = sk_step_text(n, "timer");
        struct sk_actor *actor = sk_world_actor(w, sk_step_text(n, "node"));
        json_t *want = sk_json_of_node(sk_node_get(n, "raised"));
        json_t *got;
        char *want_text;
        char *got_text;
        char label[128] = "";

        if (actor == NULL || !actor->online) {
            sk_check(w, false, "'%s' in timers is a node that runs",
                     sk_step_text(n, "node"));
            json_decref(want);
            continue;
        }
        got = raised(w, actor, timer, want, label);
        want_text = text_of(want);
        got_text = text_of(got);
        sk_check(w, json_equal(got, want), "%s at %s: expected %s, got %s",
                 timer, actor->org, want_text, got_text);
        tell_raised(w, actor, label, got);
        free(want_text);
        free(got_text);
        json_decref(want);
        json_decref(got);
    }
}
