#include "tools/schakel/rehearse_verbs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "protocol/texts.h"
#include "tools/schakel/json.h"

#define REPLAY_MS 10000

void sk_verb_replay(struct sk_world *w, struct sk_actor *actor,
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

void sk_verb_text(struct sk_world *w, struct sk_actor *actor,
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
        for (struct sk_told *u = t->next; u != NULL && sk_reply_is_ok(one);
             u = u->next) {
            json_t *two;

            if (u->to == t->to || u->from != t->from || !u->to->online ||
                strcmp(u->person, t->person) != 0)
                continue;
            two = sk_world_ask(w, sk_world_actor(w, u->to->org), "inbox.peek",
                               json_pack("{s:s}", "message", u->id), NULL, 0);
            if (sk_reply_is_ok(two))
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

void sk_verb_harness(struct sk_world *w, struct sk_actor *actor,
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
