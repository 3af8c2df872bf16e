/*
 * ctl.sock: the command line and the web server ask here.  docs/CONTROL.md
 *
 * Whole requests that a client sent together are asked together and answered
 * in order; the next are read when it has taken all replies.  A buffer grows
 * as bytes come, never by the size that a client announces; all together have
 * a limit, and who is slow is cut.
 */
#include "node/core/core.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "node/log.h"

#define SOCKET_NAME "ctl.sock"
#define HEAD_SIZE 4
#define DATA_SIZE_MIN 8192

static size_t index_of(const struct sk_core *core,
                       const struct sk_client *client)
{
    return (size_t)(client - core->clients);
}

/* While a request is in the batch nobody waits: what epoll watches changes
   only for a reply that is not taken at once. */
static void watch(struct sk_core *core, struct sk_client *client,
                  uint32_t events)
{
    if (client->events == events)
        return;
    client->events = events;
    sk_loop_change(core, client->fd, SK_READY_CLIENT, index_of(core, client),
                   events);
}

/* ------------------------------------------------------------- buffers */

static void give_back(struct sk_core *core, struct sk_buffer *buffer)
{
    /* Requests and replies are about persons. */
    if (buffer->data != NULL)
        sodium_memzero(buffer->data, buffer->size);
    free(buffer->data);
    core->clients_size -= buffer->size_max;
    *buffer = (struct sk_buffer){0};
}

static bool grow(struct sk_core *core, struct sk_buffer *buffer, size_t size)
{
    size_t extra = size - buffer->size_max;
    uint8_t *data;

    if (size <= buffer->size_max)
        return true;
    if (extra > SK_CLIENTS_SIZE_MAX - core->clients_size)
        return false;
    data = malloc(size);
    if (data == NULL)
        return false;
    if (buffer->size > 0) {
        memcpy(data, buffer->data, buffer->size);
        sodium_memzero(buffer->data, buffer->size);
    }
    free(buffer->data);
    buffer->data = data;
    buffer->size_max = size;
    core->clients_size += extra;
    return true;
}

/* Drop the first `at` bytes. */
static void shift(struct sk_core *core, struct sk_buffer *buffer)
{
    size_t left = buffer->size - buffer->at;

    if (left == 0) {
        give_back(core, buffer);
        return;
    }
    memmove(buffer->data, buffer->data + buffer->at, left);
    sodium_memzero(buffer->data + left, buffer->at);
    buffer->size = left;
    buffer->at = 0;
}

static void cut(struct sk_core *core, struct sk_client *client)
{
    give_back(core, &client->in);
    give_back(core, &client->out);
    (void)close(client->fd); /* epoll forgets it */
    *client = (struct sk_client){.state = SK_CLIENT_FREE, .fd = -1};
}

/* ------------------------------------------------------------- accept */

/* Who may reach the socket is the folder's affair (its mode); who is heard,
   the engine's.                                          CONTROL.md 1.1, 7 */
static bool is_owner(uint32_t uid)
{
    return uid == geteuid() || uid == 0;
}

static bool read_uid(int fd, uint32_t *out)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return false;
    *out = peer.uid;
    return true;
}

/* One of many people must not take all connections. */
static bool has_enough(const struct sk_core *core, uint32_t uid)
{
    size_t count = 0;

    for (size_t i = 0; i < SK_CLIENTS_MAX; i++)
        count += core->clients[i].state != SK_CLIENT_FREE &&
                 core->clients[i].uid == uid;
    return !is_owner(uid) && count >= SK_CLIENTS_OTHERS_MAX;
}

static struct sk_client *find_free(struct sk_core *core)
{
    for (size_t i = 0; i < SK_CLIENTS_MAX; i++) {
        if (core->clients[i].state == SK_CLIENT_FREE)
            return &core->clients[i];
    }
    return NULL;
}

void sk_control_accept(struct sk_core *core)
{
    int fd =
        accept4(core->control_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct sk_client *client = find_free(core);
    uint32_t uid = 0;

    if (fd < 0)
        return;
    if (client == NULL || !read_uid(fd, &uid) || has_enough(core, uid)) {
        sk_log_warn(NULL, SK_E_REFUSED, "too many control connections");
        (void)close(fd);
        return;
    }
    *client = (struct sk_client){.state = SK_CLIENT_READING,
                                 .fd = fd,
                                 .events = EPOLLIN,
                                 .uid = uid,
                                 .owner = is_owner(uid)};
    if (sk_loop_watch(core, fd, SK_READY_CLIENT, index_of(core, client),
                      EPOLLIN) != SK_OK)
        cut(core, client);
}

/* ------------------------------------------------------------- replies */

static void write_replies(struct sk_core *core, struct sk_client *client)
{
    struct sk_buffer *out = &client->out;

    while (out->at < out->size) {
        ssize_t sent = send(client->fd, out->data + out->at,
                            out->size - out->at, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN) {
            watch(core, client, EPOLLOUT);
            return;
        }
        if (sent < 0) {
            cut(core, client);
            return;
        }
        out->at += (size_t)sent;
    }
    give_back(core, out);
    if (client->hang_up) {
        cut(core, client);
        return;
    }
    shift(core, &client->in);
    client->state = SK_CLIENT_READING;
    client->deadline_ms =
        client->in.size == 0 ? 0 : core->monotonic_ms + SK_CLIENT_SLOW_MS;
    watch(core, client, EPOLLIN);
}

/* Behind the replies that wait already.  False: the client was cut. */
static bool add_reply(struct sk_core *core, struct sk_client *client,
                      struct sk_bytes reply)
{
    struct sk_buffer *out = &client->out;
    size_t size = out->size + HEAD_SIZE + reply.size;
    uint8_t *head;

    assert(reply.size <= SK_CONTROL_SIZE_MAX);

    /* Many small ones: do not copy all of them for each. */
    if (!(out->size > 0 && size > out->size_max && grow(core, out, 2 * size)) &&
        !grow(core, out, size)) {
        sk_log_warn(NULL, SK_E_MEMORY, "no room for a reply");
        cut(core, client);
        return false;
    }
    head = out->data + out->size;
    head[0] = (uint8_t)(reply.size >> 24);
    head[1] = (uint8_t)(reply.size >> 16);
    head[2] = (uint8_t)(reply.size >> 8);
    head[3] = (uint8_t)reply.size;
    if (reply.size > 0)
        memcpy(head + HEAD_SIZE, reply.data, reply.size);
    out->size = size;
    return true;
}

static void start_writing(struct sk_core *core, struct sk_client *client)
{
    client->state = SK_CLIENT_WRITING;
    client->deadline_ms = core->monotonic_ms + SK_CLIENT_SLOW_MS;
    write_replies(core, client);
}

void sk_control_reply(struct sk_core *core, struct sk_client *client,
                      struct sk_bytes reply)
{
    if (client->state != SK_CLIENT_ASKING)
        return; /* cut at a reply before this one */
    assert(client->asked > 0);

    if (!add_reply(core, client, reply))
        return;
    client->asked--;
    if (client->asked == 0)
        start_writing(core, client);
}

/* ------------------------------------------------------------- requests */

/* Coded, and the end: where the next request would start nobody knows. */
static void refuse(struct sk_core *core, struct sk_client *client,
                   const char *code)
{
    uint8_t bytes[128];
    struct sk_bytes reply;

    client->hang_up = true;
    give_back(core, &client->in);
    if (sk_engine_error_reply(code, (struct sk_room){bytes, sizeof(bytes)},
                              &reply) != SK_OK)
        cut(core, client);
    else if (add_reply(core, client, reply))
        start_writing(core, client);
}

/* The head of the next request, or NULL when it is not here yet. */
static const uint8_t *next_head(const struct sk_buffer *in)
{
    return in->size - in->at < HEAD_SIZE ? NULL : in->data + in->at;
}

static uint32_t announced_size(const uint8_t *head)
{
    return (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 |
           (uint32_t)head[2] << 8 | (uint32_t)head[3];
}

/* How many bytes are wanted from `at` on: the head, then the whole request;
   the head alone when it announces what nobody may ask. */
static size_t wanted_size(const struct sk_buffer *in)
{
    const uint8_t *head = next_head(in);

    if (head == NULL || announced_size(head) > SK_CONTROL_SIZE_MAX)
        return HEAD_SIZE;
    return HEAD_SIZE + announced_size(head);
}

static bool has_next(const struct sk_buffer *in)
{
    return in->size - in->at >= HEAD_SIZE &&
           in->size - in->at >= wanted_size(in);
}

/* The code for what the next request announces; NULL: nothing wrong. */
static const char *fault_of(const struct sk_buffer *in)
{
    const uint8_t *head = next_head(in);

    if (head == NULL)
        return NULL;
    if (announced_size(head) == 0)
        return "bad-request";
    return announced_size(head) > SK_CONTROL_SIZE_MAX ? "too-large" : NULL;
}

/* Every whole request becomes an input; the buffer stays where it is until
   all of them are answered. */
static void ask(struct sk_core *core, struct sk_client *client)
{
    struct sk_buffer *in = &client->in;

    while (has_next(in) && fault_of(in) == NULL && sk_batch_has_room(core) &&
           core->inputs_count < SK_BATCH_CLIENTS_MAX) {
        struct sk_batch_input *slot = sk_batch_add(core, SK_INPUT_CONTROL);

        slot->client = client;
        slot->input.uid = client->uid;
        slot->input.owner = client->owner;
        slot->input.bytes = (struct sk_bytes){in->data + in->at + HEAD_SIZE,
                                              wanted_size(in) - HEAD_SIZE};
        in->at += wanted_size(in);
        client->asked++;
    }
    if (client->asked > 0) {
        client->state = SK_CLIENT_ASKING;
        client->deadline_ms = 0;
    } else if (fault_of(in) != NULL) {
        refuse(core, client, fault_of(in));
    }
}

/* The next size of a full buffer: twice, but not beyond what is wanted. */
static size_t next_size(const struct sk_buffer *in)
{
    size_t size = in->size == 0 ? DATA_SIZE_MIN : in->size * 2;
    size_t want = wanted_size(in);

    return size > want && want > DATA_SIZE_MIN ? want : size;
}

/* True when there may be more to read. */
static bool read_some(struct sk_core *core, struct sk_client *client)
{
    struct sk_buffer *in = &client->in;
    size_t room;
    ssize_t got;

    if (in->size == in->size_max && !grow(core, in, next_size(in))) {
        refuse(core, client, "busy");
        return false;
    }
    room = in->size_max - in->size;
    got = recv(client->fd, in->data + in->size, room, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (got <= 0) {
        cut(core, client);
        return false;
    }
    if (client->deadline_ms == 0)
        client->deadline_ms = core->monotonic_ms + SK_CLIENT_SLOW_MS;
    in->size += (size_t)got;
    return (size_t)got == room;
}

static void read_requests(struct sk_core *core, struct sk_client *client)
{
    bool more = true;

    while (more && !has_next(&client->in))
        more = read_some(core, client);
    if (client->state == SK_CLIENT_READING)
        ask(core, client);
}

void sk_control_serve(struct sk_core *core, struct sk_client *client)
{
    if (client->state == SK_CLIENT_READING && sk_batch_has_room(core))
        read_requests(core, client);
    else if (client->state == SK_CLIENT_WRITING)
        write_replies(core, client);
}

void sk_control_rest(struct sk_core *core)
{
    for (size_t i = 0; i < SK_CLIENTS_MAX; i++) {
        struct sk_client *client = &core->clients[i];

        if (client->state == SK_CLIENT_READING && has_next(&client->in))
            ask(core, client);
    }
}

uint64_t sk_control_expire(struct sk_core *core)
{
    uint64_t next_ms = UINT64_MAX;

    for (size_t i = 0; i < SK_CLIENTS_MAX; i++) {
        struct sk_client *client = &core->clients[i];

        if (client->state == SK_CLIENT_FREE || client->deadline_ms == 0)
            continue;
        if (core->monotonic_ms >= client->deadline_ms) {
            sk_log_warn(NULL, SK_E_CLOSED, "control connection is too slow");
            cut(core, client);
        } else if (client->deadline_ms < next_ms) {
            next_ms = client->deadline_ms;
        }
    }
    return next_ms;
}

/* --------------------------------------------------------- open and close */

enum sk_status sk_control_open(struct sk_core *core)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX,
                                  .sun_path = SOCKET_NAME};
    mode_t mask = umask(0111);
    enum sk_status status = SK_E_IO;
    int fd;

    for (size_t i = 0; i < SK_CLIENTS_MAX; i++)
        core->clients[i].fd = -1;
    /* Left by one that was killed: the store's lock says it is gone. */
    (void)unlink(SOCKET_NAME);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 &&
        bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
        listen(fd, SK_CLIENTS_MAX) == 0)
        status = SK_OK;
    (void)umask(mask);
    if (status == SK_OK)
        status = sk_loop_watch(core, fd, SK_READY_CONTROL, 0, EPOLLIN);
    if (status != SK_OK && fd >= 0) {
        (void)close(fd);
        fd = -1;
    }
    core->control_fd = fd;
    return status;
}

void sk_control_close(struct sk_core *core)
{
    if (core->control_fd < 0)
        return;
    for (size_t i = 0; i < SK_CLIENTS_MAX; i++) {
        if (core->clients[i].state != SK_CLIENT_FREE)
            cut(core, &core->clients[i]);
    }
    (void)close(core->control_fd);
    core->control_fd = -1;
    (void)unlink(SOCKET_NAME);
}
