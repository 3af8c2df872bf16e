#include "tools/schakel/curve_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#define KEY 32
#define MAC crypto_box_MACBYTES
#define COOKIE 96
#define GREETING_SIZE 64
#define FRAME_COMMAND 0x04
/* Of a command, with its frame. */
#define COMMAND_SIZE_MAX 512

struct probe {
    int fd;
    int wait_ms;
    uint8_t server[KEY];       /* S */
    uint8_t own[KEY];          /* C */
    uint8_t own_secret[KEY];   /* c */
    uint8_t brief[KEY];        /* C' */
    uint8_t brief_secret[KEY]; /* c' */
    uint8_t in[COMMAND_SIZE_MAX];
    size_t in_size;
};

/* ------------------------------------------------------------- the name */

/* "tcp://HOST:PORT", HOST perhaps in brackets. */
static bool split(const char *endpoint, char host[256], char port[8])
{
    const char *at = endpoint + strlen("tcp://");
    const char *colon;
    size_t size;

    if (strncmp(endpoint, "tcp://", strlen("tcp://")) != 0)
        return false;
    colon = strrchr(at, ':');
    if (colon == NULL || colon == at || strlen(colon + 1) == 0 ||
        strlen(colon + 1) > 5)
        return false;
    size = (size_t)(colon - at);
    if (at[0] == '[' && size > 2 && at[size - 1] == ']') {
        at++;
        size -= 2;
    }
    if (size > 255)
        return false;
    memcpy(host, at, size);
    host[size] = '\0';
    memcpy(port, colon + 1, strlen(colon + 1) + 1);
    return true;
}

/* ------------------------------------------------------------- TCP */

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool wait_for(int fd, short events, int64_t until_ms)
{
    struct pollfd one = {.fd = fd, .events = events};
    int64_t left = until_ms - now_ms();
    int got;

    do {
        got = poll(&one, 1, left > 0 ? (int)left : 0);
        left = until_ms - now_ms();
    } while (got < 0 && errno == EINTR);
    return got == 1;
}

/* An open socket, or -1 and an errno. */
static int dial(const struct addrinfo *to, int wait_ms)
{
    int fd =
        socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t size = sizeof(int);
    int error = 0;

    if (fd < 0)
        return -1;
    if (connect(fd, to->ai_addr, to->ai_addrlen) != 0)
        error = errno;
    if (error == EINPROGRESS)
        error = !wait_for(fd, POLLOUT, now_ms() + wait_ms) ? ETIMEDOUT
                : getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0
                    ? errno
                    : error;
    if (error == 0)
        return fd;
    (void)close(fd);
    errno = error;
    return -1;
}

static enum sk_probe connect_to(struct probe *p, const char *endpoint,
                                char address[SK_PROBE_ADDRESS_SIZE])
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    char host[256];
    char port[8];
    int error = 0;

    if (!split(endpoint, host, port))
        return SK_PROBE_BAD_ENDPOINT;
    if (getaddrinfo(host, port, &hints, &list) != 0)
        return SK_PROBE_NO_NAME;
    for (struct addrinfo *at = list; at != NULL && p->fd < 0;
         at = at->ai_next) {
        (void)getnameinfo(at->ai_addr, at->ai_addrlen, address,
                          SK_PROBE_ADDRESS_SIZE, NULL, 0, NI_NUMERICHOST);
        p->fd = dial(at, p->wait_ms);
        /* Of several addresses, one that refuses says most. */
        if (p->fd < 0 && error != ECONNREFUSED)
            error = errno;
    }
    freeaddrinfo(list);
    if (p->fd >= 0)
        return SK_PROBE_ADMITTED;
    return error == ECONNREFUSED ? SK_PROBE_NO_LISTENER : SK_PROBE_NO_ROUTE;
}

/* ------------------------------------------------------------- bytes */

static bool send_all(struct probe *p, const uint8_t *data, size_t size)
{
    int64_t until = now_ms() + p->wait_ms;

    while (size > 0) {
        ssize_t done = send(p->fd, data, size, MSG_NOSIGNAL);

        if (done < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        if (done < 0 && !wait_for(p->fd, POLLOUT, until))
            return false;
        if (done > 0) {
            data += done;
            size -= (size_t)done;
        }
    }
    return true;
}

static bool receive(struct probe *p, uint8_t *out, size_t size)
{
    int64_t until = now_ms() + p->wait_ms;

    while (size > 0) {
        ssize_t got = recv(p->fd, out, size, 0);

        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            return false;
        if (got < 0 && !wait_for(p->fd, POLLIN, until))
            return false;
        if (got > 0) {
            out += got;
            size -= (size_t)got;
        }
    }
    return true;
}

/* ------------------------------------------------------------- ZMTP 3 */

static bool greet(struct probe *p)
{
    uint8_t mine[GREETING_SIZE] = {0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0};
    uint8_t theirs[GREETING_SIZE];

    memcpy(mine + 12, "CURVE", 5);
    return send_all(p, mine, sizeof(mine)) &&
           receive(p, theirs, sizeof(theirs)) && theirs[0] == 0xff &&
           theirs[9] == 0x7f && theirs[10] >= 3 &&
           memcmp(theirs + 12, "CURVE\0", 6) == 0;
}

/* A command with a size in one byte, or in eight. */
static bool send_command(struct probe *p, const uint8_t *body, size_t size)
{
    uint8_t head[9] = {FRAME_COMMAND | 0x02, 0, 0, 0, 0, 0, 0, 0, 0};
    size_t head_size = sizeof(head);

    if (size < 256) {
        head[0] = FRAME_COMMAND;
        head[1] = (uint8_t)size;
        head_size = 2;
    } else {
        head[7] = (uint8_t)(size >> 8);
        head[8] = (uint8_t)size;
    }
    return send_all(p, head, head_size) && send_all(p, body, size);
}

static bool receive_command(struct probe *p)
{
    uint8_t head[2];

    if (!receive(p, head, sizeof(head)) || head[0] != FRAME_COMMAND)
        return false;
    p->in_size = head[1];
    return receive(p, p->in, p->in_size);
}

static bool command_is(const struct probe *p, const char *name, size_t size)
{
    size_t name_size = strlen(name);

    return p->in_size >= size && p->in_size > name_size &&
           p->in[0] == name_size && memcmp(p->in + 1, name, name_size) == 0;
}

/* ------------------------------------------------------------- CURVE */

static void nonce_of(const char *prefix, const uint8_t *tail,
                     uint8_t out[crypto_box_NONCEBYTES])
{
    size_t size = strlen(prefix);

    memcpy(out, prefix, size);
    memcpy(out + size, tail, crypto_box_NONCEBYTES - size);
}

static bool say_hello(struct probe *p)
{
    static const uint8_t zeros[64];
    static const uint8_t number[8] = {0, 0, 0, 0, 0, 0, 0, 1};
    uint8_t nonce[crypto_box_NONCEBYTES];
    uint8_t body[200] = {5, 'H', 'E', 'L', 'L', 'O', 1, 0};

    memcpy(body + 80, p->brief, KEY);
    memcpy(body + 112, number, sizeof(number));
    nonce_of("CurveZMQHELLO---", number, nonce);
    return crypto_box_easy(body + 120, zeros, sizeof(zeros), nonce, p->server,
                           p->brief_secret) == 0 &&
           send_command(p, body, sizeof(body));
}

/* Its short-term key and cookie: only the owner of S can make these. */
static bool read_welcome(struct probe *p, uint8_t plain[KEY + COOKIE])
{
    uint8_t nonce[crypto_box_NONCEBYTES];

    if (!receive_command(p) || p->in_size != 168 ||
        !command_is(p, "WELCOME", 168))
        return false;
    nonce_of("WELCOME-", p->in + 8, nonce);
    return crypto_box_open_easy(plain, p->in + 24, MAC + KEY + COOKIE, nonce,
                                p->server, p->brief_secret) == 0;
}

#define META_SIZE 22 /* what kind of socket we are */
#define INITIATE_PLAIN (KEY + 16 + MAC + 2 * KEY + META_SIZE)
#define INITIATE_SIZE (9 + COOKIE + 8 + MAC + INITIATE_PLAIN)

/* Who we are, vouched for with our own key. */
static bool say_initiate(struct probe *p, const uint8_t welcome[KEY + COOKIE])
{
    static const uint8_t number[8] = {0, 0, 0, 0, 0, 0, 0, 2};
    static const uint8_t meta[META_SIZE + 1] = "\x0bSocket-Type\x00\x00\x00\x06"
                                               "DEALER";
    uint8_t nonce[crypto_box_NONCEBYTES];
    uint8_t vouched[2 * KEY];
    uint8_t plain[INITIATE_PLAIN];
    uint8_t body[INITIATE_SIZE] = {8, 'I', 'N', 'I', 'T', 'I', 'A', 'T', 'E'};
    bool made;

    memcpy(plain, p->own, KEY);
    randombytes_buf(plain + KEY, 16);
    memcpy(vouched, p->brief, KEY);
    memcpy(vouched + KEY, p->server, KEY);
    nonce_of("VOUCH---", plain + KEY, nonce);
    made = crypto_box_easy(plain + KEY + 16, vouched, sizeof(vouched), nonce,
                           welcome, p->own_secret) == 0;
    memcpy(plain + KEY + 16 + MAC + sizeof(vouched), meta, META_SIZE);
    memcpy(body + 9, welcome + KEY, COOKIE);
    memcpy(body + 9 + COOKIE, number, sizeof(number));
    nonce_of("CurveZMQINITIATE", number, nonce);
    made = made && crypto_box_easy(body + 9 + COOKIE + 8, plain, sizeof(plain),
                                   nonce, welcome, p->brief_secret) == 0;
    sk_wipe(plain, sizeof(plain));
    return made && send_command(p, body, sizeof(body));
}

static enum sk_probe shake_hands(struct probe *p)
{
    uint8_t welcome[KEY + COOKIE];

    if (!greet(p))
        return SK_PROBE_NOT_A_NODE;
    /* A node drops a HELLO that was not made for its key. */
    if (!say_hello(p) || !read_welcome(p, welcome))
        return SK_PROBE_OTHER_KEY;
    if (!say_initiate(p, welcome) || !receive_command(p) ||
        !command_is(p, "READY", 30))
        return SK_PROBE_NOT_ADMITTED;
    return SK_PROBE_ADMITTED;
}

enum sk_probe sk_probe(const char *endpoint,
                       const struct sk_curve_public *server,
                       const struct sk_curve_secret *secret, int wait_ms,
                       char address[SK_PROBE_ADDRESS_SIZE])
{
    struct probe p = {.fd = -1, .wait_ms = wait_ms};
    enum sk_probe result;

    address[0] = '\0';
    memcpy(p.server, server->bytes, KEY);
    (void)crypto_box_keypair(p.brief, p.brief_secret);
    if (secret == NULL) {
        (void)crypto_box_keypair(p.own, p.own_secret);
    } else {
        memcpy(p.own_secret, secret->secret_bytes, KEY);
        (void)crypto_scalarmult_base(p.own, p.own_secret); /* always 0 */
    }
    result = connect_to(&p, endpoint, address);
    if (p.fd >= 0) {
        result = shake_hands(&p);
        (void)close(p.fd);
    }
    sk_wipe(&p, sizeof(p));
    return result;
}
