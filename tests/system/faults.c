/*
 * What test_faults.sh cannot do with a shell.
 *
 *   faults people DIR COUNT EVENTS ORG...   ten people whom all ORGs may hear
 *                                about, COUNT events; their ids to EVENTS
 *   faults single DIR ORG EVENTS COUNT SENT   one event after the other, each
 *                                until its receipt is there; prints the
 *                                microseconds of p50, of p99 and of the slowest
 *   faults pour DIR ORG EVENTS COUNT SENT     many at once, and no waiting
 *                                (both: ids of messages are added to SENT)
 *   faults settled DIR SECONDS   waits until every receipt is there
 *   faults received DIR          ids of all messages that came
 *   faults proxy PORT TARGET BYTES   passes TCP on; cuts a line, in the middle
 *                                of anything, after about so many bytes (0:
 *                                never); SIGUSR1: passes nothing on any more,
 *                                and takes nothing; SIGUSR2: goes on
 *
 * Each dies in words, with 1.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tools/schakel/client.h"
#include "tools/schakel/json.h"

#define PEOPLE 10
#define EVENTS_MAX 4096
#define SAMPLES_MAX 4096
#define AHEAD 16
#define PATIENCE_S 60.0
#define PAGE 500

static char events[EVENTS_MAX][SK_ID_TEXT_SIZE + 1];
static size_t events_count;

static void die(const char *what)
{
    fprintf(stderr, "faults: %s\n", what);
    exit(1);
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ------------------------------------------------------------- requests */

static struct sk_client *open_node(const char *dir)
{
    struct sk_client *client = NULL;

    if (sk_client_open(dir, &client) != SK_OK)
        die("a node does not answer");
    return client;
}

static json_t *result_of(json_t *reply)
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

static json_t *must_with(struct sk_client *client, const char *op, json_t *args,
                         const struct sk_blob *blob)
{
    json_t *reply = NULL;

    if (sk_client_call(client, op, args, blob, blob == NULL ? 0 : 1, &reply) !=
        SK_OK)
        die(op);
    json_decref(args);
    return result_of(reply);
}

static json_t *must(struct sk_client *client, const char *op, json_t *args)
{
    return must_with(client, op, args, NULL);
}

/* ------------------------------------------------------------- people */

static void admit(struct sk_client *client, char **orgs, size_t count,
                  char out[SK_ID_TEXT_SIZE + 1])
{
    const struct sk_blob notice = {.argument = "notice",
                                   .bytes = sk_text("What it is about.")};
    json_t *list = json_array();
    json_t *made = must(client, "participant.add",
                        json_pack("{s:s}", "given_name", "Noor"));

    snprintf(out, SK_ID_TEXT_SIZE + 1, "%s", sk_json_text(made, "participant"));
    json_decref(made);
    for (size_t i = 0; i < count; i++) {
        json_decref(must(client, "relation.open",
                         json_pack("{s:s, s:s, s:s}", "participant", out, "org",
                                   orgs[i], "from", "2026-10-01")));
        json_array_append_new(list, json_string(orgs[i]));
    }
    json_decref(
        must_with(client, "consent.give",
                  json_pack("{s:s, s:s, s:[s], s:o, s:[s], s:s}", "participant",
                            out, "until", "2027-09-30", "purposes",
                            "guidance.joint", "recipients", list, "categories",
                            "process.trajectory", "form", "screen"),
                  &notice));
}

static void run_people(const char *dir, size_t count, const char *path,
                       char **orgs, size_t orgs_count)
{
    struct sk_client *client = open_node(dir);
    FILE *file = fopen(path, "w");
    char people[PEOPLE][SK_ID_TEXT_SIZE + 1];

    if (file == NULL)
        die(path);
    for (size_t i = 0; i < PEOPLE; i++)
        admit(client, orgs, orgs_count, people[i]);
    for (size_t i = 0; i < count; i++) {
        json_t *made = must(
            client, "event.record",
            json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:s}}", "participant",
                      people[i % PEOPLE], "type", "action.planned", "fields",
                      "action_kind", "application", "action_status", "planned",
                      "due_date", "2026-10-20", "action_title", "Gesprek"));

        fprintf(file, "%s\n", sk_json_text(made, "event"));
        json_decref(made);
    }
    fclose(file);
    sk_client_close(&client);
}

static void read_events(const char *path)
{
    FILE *file = fopen(path, "r");

    while (file != NULL && events_count < EVENTS_MAX &&
           fscanf(file, "%36s", events[events_count]) == 1)
        events_count++;
    if (file != NULL)
        fclose(file);
    if (events_count == 0)
        die(path);
}

/* ------------------------------------------------------------- sending */

static json_t *offer_of(size_t i, const char *org)
{
    return json_pack("{s:s, s:s, s:s}", "event", events[i % events_count],
                     "for", "guidance.joint", "to", org);
}

/* The message; "" for a deny. */
static void note_sent(FILE *sent, const json_t *result,
                      char out[SK_ID_TEXT_SIZE + 1])
{
    const char *message = sk_json_text(result, "message");

    if (message[0] == '\0')
        die("an event that may go is denied");
    fprintf(sent, "%s\n", message);
    snprintf(out, SK_ID_TEXT_SIZE + 1, "%s", message);
}

static bool is_stored(struct sk_client *client, const char *message)
{
    json_t *view =
        must(client, "message.show", json_pack("{s:s}", "message", message));
    bool stored = strcmp(sk_json_text(view, "state"), "stored") == 0;

    json_decref(view);
    return stored;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void run_single(const char *dir, const char *org, size_t count,
                       FILE *sent)
{
    static double samples[SAMPLES_MAX];
    struct sk_client *client = open_node(dir);

    if (count == 0 || count > SAMPLES_MAX)
        die("so many?");
    for (size_t i = 0; i < count; i++) {
        char message[SK_ID_TEXT_SIZE + 1];
        double start = now_s();
        json_t *result = must(client, "disclosure.send", offer_of(i, org));

        note_sent(sent, result, message);
        json_decref(result);
        while (!is_stored(client, message)) {
            if (now_s() > start + PATIENCE_S)
                die("a receipt does not come");
            usleep(300);
        }
        samples[i] = now_s() - start;
    }
    qsort(samples, count, sizeof(samples[0]), compare);
    printf("%.0f %.0f %.0f\n", samples[count / 2] * 1e6,
           samples[count * 99 / 100] * 1e6, samples[count - 1] * 1e6);
    sk_client_close(&client);
}

static void run_pour(const char *dir, const char *org, size_t count, FILE *sent)
{
    struct sk_client *client = open_node(dir);

    for (size_t first = 0; first < count; first += AHEAD) {
        size_t end = first + AHEAD < count ? first + AHEAD : count;

        for (size_t i = first; i < end; i++) {
            json_t *args = offer_of(i, org);

            if (sk_client_ask(client, "disclosure.send", args, NULL, 0) !=
                SK_OK)
                die("disclosure.send");
            json_decref(args);
        }
        for (size_t i = first; i < end; i++) {
            char message[SK_ID_TEXT_SIZE + 1];
            json_t *reply = NULL;
            json_t *result;

            if (sk_client_answer(client, &reply) != SK_OK)
                die("no answer");
            result = result_of(reply);
            note_sent(sent, result, message);
            json_decref(result);
        }
    }
    sk_client_close(&client);
}

static void run_settled(const char *dir, double seconds)
{
    struct sk_client *client = open_node(dir);
    double end = now_s() + seconds;

    for (;;) {
        json_t *status = must(client, "node.status", json_object());
        json_int_t left = json_integer_value(
            json_object_get(json_object_get(status, "pending"), "items"));

        json_decref(status);
        if (left == 0)
            break;
        if (now_s() > end)
            die("receipts do not come");
        usleep(20000);
    }
    sk_client_close(&client);
}

static void run_received(const char *dir)
{
    struct sk_client *client = open_node(dir);
    char after[SK_ID_TEXT_SIZE + 1] = "";
    bool more = true;

    while (more) {
        json_t *args = json_pack("{s:i}", "limit", PAGE);
        json_t *page;
        json_t *list;

        if (after[0] != '\0')
            json_object_set_new(args, "after", json_string(after));
        page = must(client, "inbox.list", args);
        list = json_object_get(page, "messages");
        for (size_t i = 0; i < json_array_size(list); i++) {
            snprintf(after, sizeof(after), "%s",
                     sk_json_text(json_array_get(list, i), "message"));
            puts(after);
        }
        more = json_is_true(json_object_get(page, "more"));
        json_decref(page);
    }
    sk_client_close(&client);
}

/* ------------------------------------------------------------- proxy */

#define LINES_MAX 32
#define CHUNK 16384

struct line {
    int fds[2];    /* who dialled, whom we dialled; -1: free */
    uint64_t left; /* bytes until it is cut */
};

static struct line lines[LINES_MAX];
static uint64_t cut_bytes;
static volatile sig_atomic_t stalled;

static void on_signal(int number)
{
    stalled = number == SIGUSR1;
}

static uint64_t next_random(void)
{
    static uint64_t state = 20261122;
    uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static struct sockaddr_in loopback(const char *port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)atoi(port)),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* Reset, not closed: what was under way is gone. */
static void cut(struct line *line)
{
    struct linger at_once = {.l_onoff = 1};

    for (int i = 0; i < 2; i++) {
        setsockopt(line->fds[i], SOL_SOCKET, SO_LINGER, &at_once,
                   sizeof(at_once));
        close(line->fds[i]);
        line->fds[i] = -1;
    }
}

static void take_line(int listener, const char *target)
{
    struct sockaddr_in address = loopback(target);
    struct line *line = NULL;
    int fd = accept(listener, NULL, NULL);

    for (size_t i = 0; i < LINES_MAX && line == NULL; i++)
        if (lines[i].fds[0] < 0)
            line = &lines[i];
    if (fd < 0 || line == NULL) {
        close(fd);
        return;
    }
    line->fds[0] = fd;
    line->fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    line->left = cut_bytes + next_random() % (cut_bytes + 1);
    if (connect(line->fds[1], (struct sockaddr *)&address, sizeof(address)) !=
        0)
        cut(line);
}

static bool put(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t done = send(fd, bytes, size, MSG_NOSIGNAL);

        if (done <= 0)
            return false;
        bytes += done;
        size -= (size_t)done;
    }
    return true;
}

/* What one end has for the other, as far as the line lasts. */
static void pass(struct line *line, int from)
{
    static uint8_t bytes[CHUNK];
    ssize_t got = recv(line->fds[from], bytes, sizeof(bytes), MSG_DONTWAIT);
    size_t size;

    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        cut(line);
        return;
    }
    size = (size_t)got;
    if (cut_bytes > 0 && size > line->left)
        size = line->left;
    if (!put(line->fds[1 - from], bytes, size) || size < (size_t)got) {
        cut(line);
        return;
    }
    line->left -= cut_bytes > 0 ? size : 0;
}

static size_t watch(struct pollfd *items, int listener)
{
    size_t count = 1;

    items[0] = (struct pollfd){.fd = listener, .events = POLLIN};
    for (size_t i = 0; i < 2 * LINES_MAX; i++)
        items[count++] =
            (struct pollfd){.fd = lines[i / 2].fds[i % 2], .events = POLLIN};
    return count;
}

static void run_proxy(const char *port, const char *target)
{
    struct sockaddr_in address = loopback(port);
    struct pollfd items[1 + 2 * LINES_MAX];
    struct sigaction action = {.sa_handler = on_signal};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int yes = 1;

    for (size_t i = 0; i < LINES_MAX; i++)
        lines[i].fds[0] = lines[i].fds[1] = -1;
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(listener, 64) != 0)
        die("cannot listen");
    for (;;) {
        size_t count = watch(items, listener);

        if (stalled) {
            poll(NULL, 0, 10);
            continue;
        }
        if (poll(items, count, 1000) <= 0)
            continue;
        for (size_t i = 0; i < 2 * LINES_MAX; i++)
            if (items[1 + i].revents != 0 && lines[i / 2].fds[i % 2] >= 0)
                pass(&lines[i / 2], (int)(i % 2));
        if (items[0].revents != 0)
            take_line(listener, target);
    }
}

/* ------------------------------------------------------------- all */

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";
    bool sends = strcmp(what, "single") == 0 || strcmp(what, "pour") == 0;
    FILE *sent = NULL;

    if (sends && argc == 7) {
        read_events(argv[4]);
        sent = fopen(argv[6], "a");
    }
    if (sent != NULL && strcmp(what, "single") == 0)
        run_single(argv[2], argv[3], strtoul(argv[5], NULL, 10), sent);
    else if (sent != NULL)
        run_pour(argv[2], argv[3], strtoul(argv[5], NULL, 10), sent);
    else if (strcmp(what, "people") == 0 && argc > 5)
        run_people(argv[2], strtoul(argv[3], NULL, 10), argv[4], argv + 5,
                   (size_t)argc - 5);
    else if (strcmp(what, "settled") == 0 && argc == 4)
        run_settled(argv[2], strtod(argv[3], NULL));
    else if (strcmp(what, "received") == 0)
        run_received(argv[2]);
    else if (strcmp(what, "proxy") == 0 && argc == 5) {
        cut_bytes = strtoull(argv[4], NULL, 10);
        run_proxy(argv[2], argv[3]);
    } else
        die("what?");
    if (sent != NULL)
        fclose(sent);
    return 0;
}
