/*
 * What test_hostile.sh cannot do with a shell.  Each prints what went wrong
 * and exits with 1, or is silent.
 *
 *   hostile garbage SOCK       random bytes over many connections
 *   hostile sizes SOCK         sizes that nobody may announce
 *   hostile slices SOCK        a request in single bytes, and half ones
 *   hostile many SOCK COUNT    so many connections at once, and one that asks
 *   hostile slow SOCK          half a request, until the node hangs up
 *   hostile stranger ENDPOINT CARD   all kinds of ZMTP without a known key
 *   hostile flood ENDPOINT DIR KEY CARD SECONDS OWN THEIRS CURSOR KIND   the
 *                              member whose node.key is in DIR (unlocked by
 *                              KEY) sends the one with this card good frames,
 *                              as fast as it takes them, until SIGINT;
 *                              incarnations of both logs, how far it has the
 *                              other's; KIND: talk (greetings and questions),
 *                              again (many items, all refused, over and over),
 *                              newer (each time its log starts anew), want
 *                              (the charter), prove (the journal), bye; says
 *                              how many left, and how many came back
 *   hostile halves ENDPOINT COUNT SECONDS   so many handshakes that stop half
 *                              way, again and again; says how many
 *   hostile flip FILE AT OUT   a copy with one bit of byte AT changed
 *   hostile cpu FILE CMD...    run it; milliseconds of CPU and status to FILE
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#include "protocol/envelope.h"
#include "protocol/message.h"
#include "tests/system/member.h"

#define PATIENCE_MS 20000
#define MANY_MAX 1024

/* {args: {}, op: "node.status", v: 1} with its size */
static const uint8_t status_request[] = "\0\0\0\x19\x83\xa4"
                                        "args\x80\xa2op\xab"
                                        "node.status\xa1v\x01";
#define STATUS_SIZE (sizeof(status_request) - 1)

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* SplitMix64: the same bytes in each run. */
static uint64_t next_random(void)
{
    static uint64_t state = 20261122;
    uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void fill_random(uint8_t *out, size_t size)
{
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)next_random();
}

/* ------------------------------------------------------------- ctl.sock */

static int dial(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    need(strlen(path) < sizeof(address.sun_path), "path too long");
    strcpy(address.sun_path, path);
    for (int i = 0; i < 200; i++) {
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
            return fd;
        need(errno == EAGAIN, "cannot connect");
        usleep(10000);
    }
    die("cannot connect");
    return -1;
}

/* It may hang up in the middle; that is its right. */
static void put(int fd, const void *data, size_t size)
{
    (void)!send(fd, data, size, MSG_NOSIGNAL);
}

/* Everything that comes until the node hangs up, or `size` bytes. */
static size_t get(int fd, uint8_t *data, size_t size, bool *closed)
{
    int64_t end = now_ms() + PATIENCE_MS;
    size_t at = 0;

    *closed = false;
    while (at < size) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int64_t left = end - now_ms();
        ssize_t got;

        need(left > 0 && poll(&wait, 1, (int)left) == 1, "no answer in time");
        got = recv(fd, data + at, size - at, 0);
        if (got <= 0) {
            *closed = true;
            break;
        }
        at += (size_t)got;
    }
    return at;
}

/* One reply, whole. */
static size_t get_reply(int fd, uint8_t *data, size_t room)
{
    bool closed;
    size_t size;

    if (get(fd, data, 4, &closed) < 4)
        return 0;
    size = (size_t)data[0] << 24 | (size_t)data[1] << 16 |
           (size_t)data[2] << 8 | data[3];
    need(size > 0 && size <= room, "a reply of a strange size");
    return get(fd, data, size, &closed) == size ? size : 0;
}

static bool says(const uint8_t *data, size_t size, const char *text)
{
    return memmem(data, size, text, strlen(text)) != NULL;
}

/* The node still answers on a new connection. */
static void must_serve(const char *path)
{
    static uint8_t reply[65536];
    int fd = dial(path);
    size_t size;

    put(fd, status_request, STATUS_SIZE);
    size = get_reply(fd, reply, sizeof(reply));
    need(says(reply, size, "\xa2ok\xc3"), "a good request is not answered");
    close(fd);
}

static void run_garbage(const char *path)
{
    static uint8_t bytes[65536];
    static uint8_t reply[65536];

    for (int i = 0; i < 150; i++) {
        int fd = dial(path);
        size_t size = next_random() % sizeof(bytes);
        bool closed;

        fill_random(bytes, size);
        /* Some of it in frames that the node reads to the end. */
        for (size_t at = 0; i % 3 != 0 && at + 400 < size; at += 260) {
            bytes[at] = bytes[at + 1] = 0;
            bytes[at + 2] = 1;
            bytes[at + 3] = 0;
            if (i % 3 == 2)
                memcpy(bytes + at + 4, status_request + 4, i % 26);
        }
        put(fd, bytes, size);
        shutdown(fd, SHUT_WR);
        do
            get(fd, reply, sizeof(reply), &closed);
        while (!closed);
        close(fd);
    }
    must_serve(path);
}

static void run_sizes(const char *path)
{
    static const uint8_t heads[][4] = {
        {0, 0, 0, 0},    {0, 0x40, 0, 1},          {0x7f, 0xff, 0xff, 0xff},
        {0x80, 0, 0, 0}, {0xff, 0xff, 0xff, 0xff},
    };
    uint8_t reply[256];

    for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
        int fd = dial(path);
        bool closed;
        size_t size;

        put(fd, heads[i], 4);
        size = get(fd, reply, sizeof(reply), &closed);
        need(closed, "it does not hang up on a wrong size");
        need(says(reply, size, i == 0 ? "bad-request" : "too-large"),
             "a wrong size is not answered with its code");
        close(fd);
    }
    must_serve(path);
}

static void run_slices(const char *path)
{
    static uint8_t big[3 * 1024 * 1024];
    static uint8_t reply[65536];
    static const uint8_t head[4] = {0, 0x40, 0, 0};
    int fd = dial(path);
    size_t size;

    for (size_t i = 0; i < STATUS_SIZE; i++)
        put(fd, status_request + i, 1);
    size = get_reply(fd, reply, sizeof(reply));
    need(says(reply, size, "\xa2ok\xc3"), "single bytes make no request");
    close(fd);
    for (size_t cut = 0; cut < STATUS_SIZE; cut++) {
        fd = dial(path);
        put(fd, status_request, cut);
        close(fd);
    }
    /* Three of four announced megabytes, and gone; again and again. */
    for (int i = 0; i < 20; i++) {
        fd = dial(path);
        put(fd, head, sizeof(head));
        put(fd, big, sizeof(big));
        close(fd);
    }
    must_serve(path);
}

static void run_many(const char *path, size_t count)
{
    static int fds[MANY_MAX];
    static uint8_t reply[65536];
    size_t size;

    need(count <= MANY_MAX, "too many");
    for (size_t i = 0; i < count; i++) {
        fds[i] = dial(path);
        put(fds[i], status_request, 1 + i % (STATUS_SIZE - 1));
    }
    /* The first of them finishes its request while all others wait. */
    put(fds[0], status_request + 1, STATUS_SIZE - 1);
    size = get_reply(fds[0], reply, sizeof(reply));
    need(says(reply, size, "\xa2ok\xc3"), "the first is not answered");
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
    must_serve(path);
}

static void run_slow(const char *path)
{
    int64_t start = now_ms();
    uint8_t reply[256];
    bool closed;
    int fd = dial(path);

    put(fd, status_request, 7);
    get(fd, reply, sizeof(reply), &closed);
    need(closed, "it does not hang up on who is slow");
    need(now_ms() - start >= 5000, "it hangs up at once");
    must_serve(path);
}

/* ------------------------------------------------------------- strangers */

static void raw(const char *endpoint)
{
    static uint8_t bytes[65536];
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const char *port = strrchr(endpoint, ':');

    need(port != NULL, "no port");
    address.sin_port = htons((uint16_t)atoi(port + 1));
    for (int i = 0; i < 40; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        size_t size = next_random() % sizeof(bytes);

        need(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0,
             "cannot dial");
        fill_random(bytes, size);
        /* A greeting of ZMTP 3, and then anything. */
        if (i % 2 == 0) {
            memset(bytes, 0, 64);
            bytes[0] = 0xff;
            bytes[9] = 0x7f;
            bytes[10] = 3;
            memcpy(bytes + 12, i % 4 == 0 ? "CURVE" : "NULL", 4 + (i % 4 == 0));
        }
        put(fd, bytes, size);
        close(fd);
    }
}

/* Is the handshake refused?  curve: with keys of our own making. */
static void knock(const char *endpoint, const struct sk_card *card, bool curve,
                  bool right_server)
{
    void *context = zmq_ctx_new();
    void *dealer = zmq_socket(context, ZMQ_DEALER);
    void *monitor = zmq_socket(context, ZMQ_PAIR);
    int64_t end = now_ms() + PATIENCE_MS;
    char public[41];
    char secret[41];
    char server[41];
    int none = 0;
    bool refused = false;

    if (curve) {
        zmq_curve_keypair(public, secret);
        zmq_z85_encode(server, card->curve.bytes, 32);
        zmq_setsockopt(dealer, ZMQ_CURVE_SERVERKEY,
                       right_server ? server : public, 40);
        zmq_setsockopt(dealer, ZMQ_CURVE_PUBLICKEY, public, 40);
        zmq_setsockopt(dealer, ZMQ_CURVE_SECRETKEY, secret, 40);
    }
    zmq_setsockopt(dealer, ZMQ_LINGER, &none, sizeof(none));
    zmq_socket_monitor(dealer, "inproc://watch", ZMQ_EVENT_ALL);
    zmq_connect(monitor, "inproc://watch");
    zmq_connect(dealer, endpoint);
    zmq_send(dealer, "x", 1, ZMQ_DONTWAIT);
    while (!refused && now_ms() < end) {
        zmq_pollitem_t item = {.socket = monitor, .events = ZMQ_POLLIN};
        zmq_msg_t part;
        uint16_t event;

        if (zmq_poll(&item, 1, 100) <= 0)
            continue;
        zmq_msg_init(&part);
        zmq_msg_recv(&part, monitor, 0);
        memcpy(&event, zmq_msg_data(&part), sizeof(event));
        zmq_msg_close(&part);
        zmq_msg_init(&part);
        zmq_msg_recv(&part, monitor, 0);
        zmq_msg_close(&part);
        need(event != ZMQ_EVENT_HANDSHAKE_SUCCEEDED, "a stranger is let in");
        refused = event == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL ||
                  event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL ||
                  event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH ||
                  event == ZMQ_EVENT_DISCONNECTED;
    }
    need(refused, "a stranger is neither refused nor let in");
    zmq_socket_monitor(dealer, NULL, 0);
    zmq_close(monitor);
    zmq_close(dealer);
    zmq_ctx_term(context);
}

static void run_stranger(const char *endpoint, const char *path)
{
    struct sk_card card = read_card(path);

    raw(endpoint);
    knock(endpoint, &card, /* curve */ false, /* right_server */ false);
    knock(endpoint, &card, /* curve */ true, /* right_server */ false);
    knock(endpoint, &card, /* curve */ true, /* right_server */ true);
}

/* ------------------------------------------------------------- a member */

#define FRAMES_COUNT 256

struct frame {
    uint8_t bytes[2048];
    struct sk_bytes view;
};

/* HELLO that asks for an answer, HELLO that does not, BYE, WANT, PROVE. */
static void fill_talk(size_t i, const uint64_t numbers[3],
                      struct sk_message *out)
{
    static const enum sk_message_kind kinds[] = {
        SK_MESSAGE_HELLO, SK_MESSAGE_HELLO, SK_MESSAGE_BYE, SK_MESSAGE_WANT,
        SK_MESSAGE_PROVE};
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    out->kind = kinds[i % 5];
    if (out->kind == SK_MESSAGE_HELLO)
        out->hello = (struct sk_hello){.incarnation = numbers[0],
                                       .peer_incarnation = numbers[1],
                                       .cursor = numbers[2],
                                       .card_version = 1,
                                       .charter_version = 1,
                                       .sent_ms = (uint64_t)now.tv_sec * 1000,
                                       .answer = i % 5 == 0};
    else if (out->kind == SK_MESSAGE_BYE)
        out->bye_sent_ms = (uint64_t)now.tv_sec * 1000;
    else if (out->kind == SK_MESSAGE_WANT)
        out->want = (struct sk_want){.version = 1};
}

/* The first items of a log; no item is one. */
static void fill_items(uint64_t incarnation, struct sk_message *out)
{
    static const uint8_t nothing = 0xc0;

    out->kind = SK_MESSAGE_ITEMS;
    out->items.incarnation = incarnation;
    out->items.first = 1;
    out->items.count = SK_ITEMS_COUNT_MAX;
    for (size_t i = 0; i < SK_ITEMS_COUNT_MAX; i++)
        out->items.items[i] = (struct sk_bytes){&nothing, 1};
}

static void fill_message(const char *kind, size_t i, const uint64_t numbers[3],
                         struct sk_message *out)
{
    memset(out, 0, sizeof(*out));
    if (strcmp(kind, "again") == 0)
        fill_items(numbers[0] + 1, out);
    else if (strcmp(kind, "newer") == 0)
        fill_items(numbers[0] + 1 + i, out);
    else if (strcmp(kind, "want") == 0)
        *out = (struct sk_message){.kind = SK_MESSAGE_WANT, .want = {1, 0}};
    else if (strcmp(kind, "prove") == 0)
        *out = (struct sk_message){.kind = SK_MESSAGE_PROVE};
    else if (strcmp(kind, "bye") == 0)
        fill_talk(2, numbers, out);
    else
        fill_talk(i, numbers, out);
}

static void make_frames(const struct member *from, const struct sk_card *to,
                        const char *kind, const uint64_t numbers[3],
                        struct frame *frames)
{
    for (size_t i = 0; i < FRAMES_COUNT; i++) {
        static uint8_t room[2048];
        static struct sk_message message;
        struct sk_bytes plain;
        struct sk_seed seed;

        fill_message(kind, i, numbers, &message);
        fill_random(seed.secret_bytes, sizeof(seed.secret_bytes));
        need(sk_message_encode(
                 &message, &from->card.org, &to->org, &from->secrets.signing,
                 (struct sk_room){room, sizeof(room)}, &plain) == SK_OK &&
                 sk_envelope_seal(
                     &from->card, to, &seed, plain,
                     (struct sk_room){frames[i].bytes, sizeof(frames[i].bytes)},
                     &frames[i].view) == SK_OK,
             "no frame");
    }
}

static void *dial_as(void *context, const struct member *member,
                     const struct sk_card *to, const char *endpoint)
{
    void *dealer = zmq_socket(context, ZMQ_DEALER);
    char text[41];
    int none = 0;
    int few = 64;

    zmq_z85_encode(text, to->curve.bytes, 32);
    zmq_setsockopt(dealer, ZMQ_CURVE_SERVERKEY, text, 40);
    zmq_z85_encode(text, member->card.curve.bytes, 32);
    zmq_setsockopt(dealer, ZMQ_CURVE_PUBLICKEY, text, 40);
    zmq_z85_encode(text, member->secrets.curve.secret_bytes, 32);
    zmq_setsockopt(dealer, ZMQ_CURVE_SECRETKEY, text, 40);
    zmq_setsockopt(dealer, ZMQ_LINGER, &none, sizeof(none));
    zmq_setsockopt(dealer, ZMQ_SNDHWM, &few, sizeof(few));
    need(zmq_connect(dealer, endpoint) == 0, "cannot dial");
    return dealer;
}

static volatile sig_atomic_t enough;

static void on_interrupt(int number)
{
    enough = number;
}

static void run_flood(char **args)
{
    static struct frame frames[FRAMES_COUNT];
    static uint8_t reply[256 * 1024];
    static struct member member;
    struct sk_card to = read_card(args[3]);
    uint64_t numbers[3];
    void *context = zmq_ctx_new();
    void *dealer;
    int64_t end;
    size_t sent = 0;
    size_t made = FRAMES_COUNT;
    size_t answered = 0;

    for (int i = 0; i < 3; i++)
        numbers[i] = strtoull(args[5 + i], NULL, 10);
    open_member(args[1], args[2], &member);
    make_frames(&member, &to, args[8], numbers, frames);
    dealer = dial_as(context, &member, &to, args[0]);
    end = now_ms() + 1000 * atol(args[4]);
    sigaction(SIGINT, &(struct sigaction){.sa_handler = on_interrupt}, NULL);
    while (now_ms() < end && !enough) {
        const struct frame *frame = &frames[sent % FRAMES_COUNT];

        if (strcmp(args[8], "newer") == 0 && sent == made) {
            numbers[0] += FRAMES_COUNT;
            made += FRAMES_COUNT;
            make_frames(&member, &to, args[8], numbers, frames);
        }
        if (zmq_send(dealer, frame->view.data, frame->view.size,
                     ZMQ_DONTWAIT) >= 0)
            sent++;
        else
            usleep(200);
        while (zmq_recv(dealer, reply, sizeof(reply), ZMQ_DONTWAIT) >= 0)
            answered++;
    }
    printf("%zu %zu\n", sent, answered);
    zmq_close(dealer);
    zmq_ctx_term(context);
}

/* ------------------------------------------------------------- halves */

static int half(const char *endpoint)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    uint8_t greeting[64] = {0xff, [9] = 0x7f, [10] = 3};

    memcpy(greeting + 12, "CURVE", 5);
    address.sin_port = htons((uint16_t)atoi(strrchr(endpoint, ':') + 1));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        struct pollfd wait = {.fd = fd, .events = POLLOUT};

        (void)poll(&wait, 1, 1000);
    }
    put(fd, greeting, sizeof(greeting));
    return fd;
}

static void run_halves(const char *endpoint, size_t count, long seconds)
{
    static int fds[MANY_MAX];
    int64_t end = now_ms() + 1000 * seconds;
    size_t made = 0;

    need(count > 0 && count <= MANY_MAX, "too many");
    for (; now_ms() < end; made++) {
        int *fd = &fds[made % count];

        if (made >= count)
            close(*fd);
        *fd = half(endpoint);
        if (made >= count)
            usleep(2000);
    }
    printf("%zu\n", made);
}

/* ------------------------------------------------------------- the rest */

static void run_flip(const char *path, size_t at, const char *out)
{
    static uint8_t bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    size_t size;

    need(file != NULL, "no file");
    size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    need(size > 0, "an empty file");
    bytes[at % size] ^= 1;
    file = fopen(out, "wb");
    need(file != NULL && fwrite(bytes, 1, size, file) == size, "cannot write");
    fclose(file);
}

static void run_cpu(const char *path, char **command)
{
    struct rusage usage;
    FILE *file = fopen(path, "w");
    pid_t pid = fork();
    int status;

    need(file != NULL && pid >= 0, "cannot run");
    if (pid == 0) {
        execvp(command[0], command);
        _exit(127);
    }
    need(wait4(pid, &status, 0, &usage) == pid, "cannot wait");
    fprintf(file, "%ld %d\n",
            (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
                (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000,
            WIFEXITED(status) ? WEXITSTATUS(status) : 128);
    fclose(file);
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";

    if (strcmp(what, "garbage") == 0)
        run_garbage(argv[2]);
    else if (strcmp(what, "sizes") == 0)
        run_sizes(argv[2]);
    else if (strcmp(what, "slices") == 0)
        run_slices(argv[2]);
    else if (strcmp(what, "many") == 0 && argc == 4)
        run_many(argv[2], (size_t)atoi(argv[3]));
    else if (strcmp(what, "slow") == 0)
        run_slow(argv[2]);
    else if (strcmp(what, "stranger") == 0 && argc == 4)
        run_stranger(argv[2], argv[3]);
    else if (strcmp(what, "flood") == 0 && argc == 11)
        run_flood(argv + 2);
    else if (strcmp(what, "halves") == 0 && argc == 5)
        run_halves(argv[2], strtoul(argv[3], NULL, 10), atol(argv[4]));
    else if (strcmp(what, "flip") == 0 && argc == 5)
        run_flip(argv[2], (size_t)atol(argv[3]), argv[4]);
    else if (strcmp(what, "cpu") == 0 && argc > 3)
        run_cpu(argv[2], argv + 3);
    else
        die("hostile: what?");
    return 0;
}
