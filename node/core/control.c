/*
 * ctl.sock: the command line and the web server ask here.  docs/CONTROL.md
 *
 * One request at a time per client.  A buffer grows as bytes come, never by
 * the size that a client announces; all together have a limit, and who is
 * slow is cut.
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
#define DATA_SIZE_MIN 4096

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

static void give_back(struct sk_core *core, struct sk_client *client)
{
    /* Requests and replies are about persons. */
    if (client->data != NULL)
        sodium_memzero(client->data, client->size_max);
    free(client->data);
    core->clients_size -= client->size_max;
    client->data = NULL;
    client->size = 0;
    client->size_max = 0;
    client->at = 0;
}

static bool grow(struct sk_core *core, struct sk_client *client, size_t size)
{
    size_t extra = size - client->size_max;
    uint8_t *data;

    if (size <= client->size_max)
        return true;
    if (extra > SK_CLIENTS_SIZE_MAX - core->clients_size)
        return false;
    data = malloc(size);
    if (data == NULL)
        return false;
    if (client->size > 0)
        memcpy(data, client->data, client->size);
    if (client->data != NULL)
        sodium_memzero(client->data, client->size_max);
    free(client->data);
    client->data = data;
    client->size_max = size;
    core->clients_size += extra;
    return true;
}

static void cut(struct sk_core *core, struct sk_client *client)
{
    give_back(core, client);
    (void)close(client->fd); /* epoll forgets it */
    *client = (struct sk_client){.state = SK_CLIENT_FREE, .fd = -1};
}

/* ------------------------------------------------------------- accept */

/* The socket is 0600; this says the same again, for a folder that is not. */
static bool is_ours(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return false;
    return peer.uid == geteuid() || peer.uid == 0;
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

    if (fd < 0)
        return;
    if (client == NULL || !is_ours(fd)) {
        sk_log_warn(NULL, SK_E_REFUSED,
                    client == NULL ? "too many control connections"
                                   : "control connection of another user");
        (void)close(fd);
        return;
    }
    *client = (struct sk_client){
        .state = SK_CLIENT_READING, .fd = fd, .events = EPOLLIN};
    if (sk_loop_watch(core, fd, SK_READY_CLIENT, index_of(core, client),
                      EPOLLIN) != SK_OK)
        cut(core, client);
}

/* ------------------------------------------------------------- requests */

static uint32_t announced_size(const struct sk_client *client)
{
    return (uint32_t)client->data[0] << 24 | (uint32_t)client->data[1] << 16 |
           (uint32_t)client->data[2] << 8 | (uint32_t)client->data[3];
}

/* Coded, and the end: where the next request would start nobody knows. */
static void refuse(struct sk_core *core, struct sk_client *client,
                   const char *code)
{
    uint8_t bytes[128];
    struct sk_bytes reply;

    client->hang_up = true;
    if (sk_engine_error_reply(code, (struct sk_room){bytes, sizeof(bytes)},
                              &reply) == SK_OK)
        sk_control_reply(core, client, reply);
    else
        cut(core, client);
}

/* How many bytes are wanted now: the head, then the whole request. */
static size_t wanted_size(const struct sk_client *client)
{
    if (client->size < HEAD_SIZE)
        return HEAD_SIZE;
    return HEAD_SIZE + announced_size(client);
}

static void ask(struct sk_core *core, struct sk_client *client)
{
    struct sk_batch_input *slot = sk_batch_add(core, SK_INPUT_CONTROL);

    slot->client = client;
    slot->input.bytes =
        (struct sk_bytes){client->data + HEAD_SIZE, client->size - HEAD_SIZE};
    client->state = SK_CLIENT_ASKING;
    client->deadline_ms = 0;
}

/* The next size of a full buffer: twice, but not beyond what is wanted. */
static size_t next_size(const struct sk_client *client, size_t want)
{
    size_t size = client->size == 0 ? DATA_SIZE_MIN : client->size * 2;

    return size > want && want > DATA_SIZE_MIN ? want : size;
}

/* True when there may be more to read. */
static bool read_some(struct sk_core *core, struct sk_client *client)
{
    size_t want = wanted_size(client);
    size_t room;
    ssize_t got;

    if (client->size == client->size_max &&
        !grow(core, client, next_size(client, want))) {
        refuse(core, client, "busy");
        return false;
    }
    room = client->size_max - client->size;
    if (room > want - client->size)
        room = want - client->size;
    got = recv(client->fd, client->data + client->size, room, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (got <= 0) {
        cut(core, client);
        return false;
    }
    if (client->deadline_ms == 0)
        client->deadline_ms = core->monotonic_ms + SK_CLIENT_SLOW_MS;
    client->size += (size_t)got;
    return true;
}

static void read_request(struct sk_core *core, struct sk_client *client)
{
    while (read_some(core, client)) {
        if (client->size < HEAD_SIZE)
            continue;
        if (announced_size(client) == 0) {
            refuse(core, client, "bad-request");
            return;
        }
        if (announced_size(client) > SK_CONTROL_SIZE_MAX) {
            refuse(core, client, "too-large");
            return;
        }
        if (client->size == wanted_size(client)) {
            ask(core, client);
            return;
        }
    }
}

/* ------------------------------------------------------------- replies */

static void write_reply(struct sk_core *core, struct sk_client *client)
{
    while (client->at < client->size) {
        ssize_t sent = send(client->fd, client->data + client->at,
                            client->size - client->at, MSG_NOSIGNAL);

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
        client->at += (size_t)sent;
    }
    give_back(core, client);
    if (client->hang_up) {
        cut(core, client);
        return;
    }
    client->state = SK_CLIENT_READING;
    client->deadline_ms = 0;
    watch(core, client, EPOLLIN);
}

void sk_control_reply(struct sk_core *core, struct sk_client *client,
                      struct sk_bytes reply)
{
    assert(client->state != SK_CLIENT_FREE);
    assert(reply.size <= SK_CONTROL_SIZE_MAX);

    give_back(core, client); /* the request */
    if (!grow(core, client, HEAD_SIZE + reply.size)) {
        sk_log_warn(NULL, SK_E_MEMORY, "no room for a reply");
        cut(core, client);
        return;
    }
    client->data[0] = (uint8_t)(reply.size >> 24);
    client->data[1] = (uint8_t)(reply.size >> 16);
    client->data[2] = (uint8_t)(reply.size >> 8);
    client->data[3] = (uint8_t)reply.size;
    if (reply.size > 0)
        memcpy(client->data + HEAD_SIZE, reply.data, reply.size);
    client->size = HEAD_SIZE + reply.size;
    client->state = SK_CLIENT_WRITING;
    client->deadline_ms = core->monotonic_ms + SK_CLIENT_SLOW_MS;
    write_reply(core, client);
}

void sk_control_serve(struct sk_core *core, struct sk_client *client)
{
    if (client->state == SK_CLIENT_READING && sk_batch_has_room(core))
        read_request(core, client);
    else if (client->state == SK_CLIENT_WRITING)
        write_reply(core, client);
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
    mode_t mask = umask(0177);
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
