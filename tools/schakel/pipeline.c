#include "tools/schakel/pipeline.h"

#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "tools/schakel/ask.h"
#include "tools/schakel/cli.h"

/* A few dozen (client.h): what is in flight is one transaction. */
#define FLIGHT_MAX 64
#define RETURN_MS 15000
#define LOOK_MS 50
#define TELL_EVERY 500

struct run {
    struct sk_client **client;
    const struct sk_pipeline *what;
    size_t next;               /* to be asked */
    size_t flight[FLIGHT_MAX]; /* asked and not answered, in order */
    size_t first;
    size_t count;
};

static int64_t monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Progress, for who looks at a terminal. */
static void tell(const struct run *r, size_t done, bool last)
{
    if (!isatty(STDERR_FILENO) || (!last && done % TELL_EVERY != 0))
        return;
    fprintf(stderr, "\r%s: %zu / %zu%s", sk_cli_word(r->what->nl, r->what->en),
            done, r->what->count, last ? "\n" : "");
}

/* The node went away: what is in flight is asked again. */
static int come_back(struct run *r)
{
    int64_t deadline_ms = monotonic_ms() + RETURN_MS;

    fputs(sk_cli_word("schakel: het knooppunt viel weg; zodra het terug is, "
                      "gaat het verder\n",
                      "schakel: the node went away; as soon as it is back it "
                      "goes on\n"),
          stderr);
    if (r->count > 0)
        r->next = r->flight[r->first];
    r->first = 0;
    r->count = 0;
    sk_client_close(r->client);
    while (monotonic_ms() < deadline_ms) {
        if (sk_client_open(r->what->dir, r->client) == SK_OK)
            return -1;
        (void)poll(NULL, 0, LOOK_MS);
    }
    return sk_ask_open(r->what->dir, r->client); /* it says what is wrong */
}

static bool is_away(enum sk_status status)
{
    return status == SK_E_CLOSED || status == SK_E_IO;
}

static enum sk_status ask_more(struct run *r)
{
    const struct sk_pipeline *what = r->what;

    while (r->count < FLIGHT_MAX && r->next < what->count) {
        const json_t *args = what->args(what->context, r->next);

        if (args != NULL) {
            SK_TRY(sk_client_ask(*r->client, what->op, args, NULL, 0));
            r->flight[(r->first + r->count++) % FLIGHT_MAX] = r->next;
        }
        r->next++;
    }
    return SK_OK;
}

static enum sk_status answer_one(struct run *r)
{
    json_t *reply = NULL;

    SK_TRY(sk_client_answer(*r->client, &reply));
    r->what->answer(r->what->context, r->flight[r->first], reply);
    json_decref(reply);
    tell(r, r->flight[r->first] + 1, false);
    r->first = (r->first + 1) % FLIGHT_MAX;
    r->count--;
    return SK_OK;
}

int sk_pipeline_run(struct sk_client **client, const struct sk_pipeline *what)
{
    struct run r = {.client = client, .what = what};

    while (r.next < what->count || r.count > 0) {
        enum sk_status status = ask_more(&r);
        int code;

        if (status == SK_OK && r.count > 0)
            status = answer_one(&r);
        if (status == SK_OK)
            continue;
        if (!is_away(status))
            return sk_ask_failed(*client, what->op, status, 0);
        code = come_back(&r);
        if (code >= 0)
            return code;
    }
    tell(&r, what->count, true);
    return -1;
}
