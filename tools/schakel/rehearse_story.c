#include "tools/schakel/rehearse_verbs.h"

#include <stdio.h>
#include <string.h>

static void verb_discover(struct sk_world *w, struct sk_actor *actor,
                          const struct sk_node *step)
{
    (void)actor;
    (void)step;
    sk_check_unchecked(w, "discover");
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
        sk_story_assign(w, actor, handover, person);
    sk_check_state(w, actor, step);
}

/* ------------------------------------------------------------- playing */
struct verb {
    const char *name;
    void (*run)(struct sk_world *, struct sk_actor *, const struct sk_node *);
    bool anywhere; /* the node of the step need not be online */
};

static const struct verb verbs[] = {
    {"record", sk_verb_record, false},
    {"link", sk_verb_link, false},
    {"unlink", sk_verb_unlink, false},
    {"consent", sk_verb_consent, false},
    {"objection", sk_verb_objection, false},
    {"send", sk_verb_send, false},
    {"open", sk_verb_open, false},
    {"cancel", sk_verb_cancel, false},
    {"refuse_input", sk_verb_refuse_input, false},
    {"expect", verb_expect, false},
    {"offline", sk_verb_offline, true},
    {"online", sk_verb_online, true},
    {"erased", sk_verb_erased, false},
    {"refused_erasure", sk_verb_refused_erasure, false},
    {"leave", sk_verb_leave, false},
    {"standing", sk_verb_standing, true},
    {"replay", sk_verb_replay, false},
    {"publish", sk_verb_publish, false},
    {"policy", sk_verb_policy, false},
    {"purpose", sk_verb_purpose, false},
    {"forward", sk_verb_forward, false},
    {"text", sk_verb_text, false},
    {"discover", verb_discover, false},
    {"harness", sk_verb_harness, true},
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
