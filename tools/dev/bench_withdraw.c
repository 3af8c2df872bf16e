/*
 * One person takes back what many partners got.       docs/PERFORMANCE.md 11
 *
 *     bench_withdraw DIR PID EVENTS ORG...
 *
 * DIR, PID: a running node that may share with every ORG.  Two persons: of one
 * every ORG gets EVENTS events, of the other one each.  Then the caller ends
 * the last ORG (this prints "stop" and reads a line), EVENTS more wait for it,
 * and both persons withdraw: how long until it is said that nothing leaves any
 * more, and until everybody who is there was told.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/dev/measure.h"
#include "tools/schakel/client.h"
#include "tools/schakel/json.h"

#define EVENTS_MAX 4096
#define AHEAD 32
#define PATIENCE_S 120.0

static char events[EVENTS_MAX][SK_ID_TEXT_SIZE + 1];
static struct sk_client *client;
static const char *pid;
static char **orgs;
static size_t orgs_count;

static void die(const char *what)
{
    fprintf(stderr, "bench_withdraw: %s\n", what);
    exit(1);
}

static double cpu_s(void)
{
    double s = cpu_s_of(strtol(pid, NULL, 10));

    if (s < 0)
        die("the node is gone");
    return s;
}

static json_t *taken(json_t *reply)
{
    json_t *result;

    if (!json_is_true(json_object_get(reply, "ok"))) {
        sk_json_print(reply);
        die("refused");
    }
    result = json_incref(json_object_get(reply, "result"));
    json_decref(reply);
    return result;
}

static json_t *must(const char *op, json_t *args, const struct sk_blob *blob)
{
    json_t *reply = NULL;

    if (sk_client_call(client, op, args, blob, blob == NULL ? 0 : 1, &reply) !=
        SK_OK)
        die(op);
    json_decref(args);
    return taken(reply);
}

static json_t *org_list(void)
{
    json_t *list = json_array();

    for (size_t i = 0; i < orgs_count; i++)
        json_array_append_new(list, json_string(orgs[i]));
    return list;
}

static void admit(const char *name, char out[SK_ID_TEXT_SIZE + 1])
{
    const struct sk_blob notice = {.argument = "notice",
                                   .bytes = sk_text("What it is about.")};
    json_t *made =
        must("participant.add", json_pack("{s:s}", "given_name", name), NULL);

    snprintf(out, SK_ID_TEXT_SIZE + 1, "%s", sk_json_text(made, "participant"));
    json_decref(made);
    for (size_t i = 0; i < orgs_count; i++)
        json_decref(must("relation.open",
                         json_pack("{s:s, s:s, s:s}", "participant", out, "org",
                                   orgs[i], "from", "2026-10-01"),
                         NULL));
    json_decref(
        must("consent.give",
             json_pack("{s:s, s:s, s:[s], s:o, s:[s], s:s}", "participant", out,
                       "until", "2027-09-30", "purposes", "guidance.joint",
                       "recipients", org_list(), "categories",
                       "process.trajectory", "form", "screen"),
             &notice));
}

static void record(const char *participant, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        json_t *made = must(
            "event.record",
            json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:s}}", "participant",
                      participant, "type", "action.planned", "fields",
                      "action_kind", "application", "action_status", "planned",
                      "due_date", "2026-10-20", "action_title", "Gesprek"),
            NULL);

        snprintf(events[i], sizeof(events[i]), "%s",
                 sk_json_text(made, "event"));
        json_decref(made);
    }
}

static void offer(size_t count, const char *org)
{
    for (size_t first = 0; first < count; first += AHEAD) {
        size_t end = first + AHEAD < count ? first + AHEAD : count;

        for (size_t i = first; i < end; i++) {
            json_t *args = json_pack("{s:s, s:s, s:s}", "event", events[i],
                                     "for", "guidance.joint", "to", org);

            if (sk_client_ask(client, "disclosure.send", args, NULL, 0) !=
                SK_OK)
                die("disclosure.send");
            json_decref(args);
        }
        for (size_t i = first; i < end; i++) {
            json_t *reply = NULL;

            if (sk_client_answer(client, &reply) != SK_OK)
                die("no answer");
            json_decref(taken(reply));
        }
    }
}

/* Nothing waits for a partner whose line is up, and nobody is still to be told
   of a withdrawal. */
static void settle(void)
{
    double end = now_s() + PATIENCE_S;
    json_int_t left;

    do {
        json_t *status = must("node.status", json_object(), NULL);

        left = json_integer_value(json_object_get(status, "pending_up")) +
               json_integer_value(json_object_get(status, "withdrawals"));
        json_decref(status);
        if (now_s() > end)
            die("receipts do not come");
        if (left > 0)
            usleep(5000);
    } while (left > 0);
}

static void withdraw(const char *name, const char *participant)
{
    double cpu = cpu_s();
    double start = now_s();
    double said;
    size_t messages = 0;
    size_t notices;
    char *text;
    json_t *done = must("consent.withdraw",
                        json_pack("{s:s, s:o}", "participant", participant,
                                  "recipients", org_list()),
                        NULL);
    json_t *list = json_object_get(done, "notices");

    said = now_s() - start;
    printf("  %s: said after %.0f ms (%.0f ms of processor)", name, said * 1e3,
           (cpu_s() - cpu) * 1e3);
    settle();
    notices = json_array_size(list);
    for (size_t i = 0; i < notices; i++) {
        const json_t *notice = json_array_get(list, i);

        messages +=
            json_object_size(json_object_get(notice, "messages")) +
            (size_t)json_integer_value(json_object_get(notice, "count"));
    }
    text = json_dumps(done, JSON_COMPACT);
    printf(", all told after %.0f ms (%.0f ms of processor); %zu messages "
           "asked back in %zu notices, %zu stopped%s; reply %zu KiB\n",
           (now_s() - start) * 1e3, (cpu_s() - cpu) * 1e3, messages, notices,
           json_array_size(json_object_get(done, "dropped")),
           json_is_true(json_object_get(done, "under_way"))
               ? " (the rest in parts, behind the answer)"
               : "",
           text == NULL ? 0 : strlen(text) / 1024);
    fflush(stdout);
    free(text);
    json_decref(done);
}

int main(int argc, char **argv)
{
    char many[SK_ID_TEXT_SIZE + 1];
    char few[SK_ID_TEXT_SIZE + 1];
    size_t count = argc > 4 ? strtoul(argv[3], NULL, 10) : 0;

    if (count == 0 || count > EVENTS_MAX)
        die("usage: bench_withdraw DIR PID EVENTS ORG...");
    pid = argv[2];
    orgs = argv + 4;
    orgs_count = (size_t)argc - 4;
    if (sk_client_open(argv[1], &client) != SK_OK)
        die("the node does not answer");
    admit("Noor", few);
    record(few, 1);
    for (size_t i = 0; i < orgs_count; i++)
        offer(1, orgs[i]);
    admit("Samira", many);
    record(many, count);
    for (size_t i = 0; i < orgs_count; i++)
        offer(count, orgs[i]);
    settle();
    puts("stop");
    fflush(stdout);
    (void)getchar();
    offer(count, orgs[orgs_count - 1]);
    withdraw("few", few);
    withdraw("many", many);
    sk_client_close(&client);
    return 0;
}
