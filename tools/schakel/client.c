#include "tools/schakel/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "tools/schakel/json.h"

#define ANSWER_MS 60000
/* Who waits so long is told (hooks.slow). */
#define SLOW_MS 2000
/* How long a node that went away may take to be back, and how often to look. */
#define RETURN_MS 15000
#define LOOK_MS 20

#define BUFFER_SIZE (SK_CONTROL_SIZE_MAX + 4)

struct sk_client {
    int fd; /* -1: the connection is gone */
    char *path;
    uint8_t *request; /* BUFFER_SIZE; stays, to be sent again */
    uint8_t *reply;   /* BUFFER_SIZE: what came and was not taken is from */
    size_t at;        /* here */
    size_t end;       /* to here */
    struct sk_client_hooks hooks;
    struct sk_id id; /* of the next request, when has_id */
    bool has_id;
    const char *why; /* or NULL */
    bool sent;       /* all of the last request left, on some connection */
    bool told_slow;  /* of the last request */
};

static enum sk_status status_of_errno(void)
{
    switch (errno) {
    case ENOENT:
    case ECONNREFUSED:
        return SK_E_NOT_FOUND;
    case EACCES:
    case EPERM:
        return SK_E_REFUSED;
    case EPIPE:
    case ECONNRESET:
        return SK_E_CLOSED;
    default:
        return SK_E_IO;
    }
}

static void disconnect(struct sk_client *client)
{
    if (client->fd >= 0)
        (void)close(client->fd);
    client->fd = -1;
    client->at = 0;
    client->end = 0;
}

static enum sk_status connect_node(struct sk_client *client)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    enum sk_status status;

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", client->path);
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd >= 0 &&
        connect(client->fd, (const struct sockaddr *)&address,
                sizeof(address)) == 0)
        return SK_OK;
    status = status_of_errno();
    disconnect(client);
    return status;
}

enum sk_status sk_client_open(const char *dir, struct sk_client **out)
{
    struct sk_client *client = calloc(1, sizeof(*client));
    enum sk_status status = SK_E_MEMORY;

    if (client == NULL)
        return SK_E_MEMORY;
    client->fd = -1;
    client->request = malloc(BUFFER_SIZE);
    client->reply = malloc(BUFFER_SIZE);
    if (asprintf(&client->path, "%s/ctl.sock", dir) < 0)
        client->path = NULL;
    if (client->request != NULL && client->reply != NULL &&
        client->path != NULL)
        status = SK_OK;
    if (status == SK_OK &&
        strlen(client->path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
        status = SK_E_TOO_LARGE;
    if (status == SK_OK)
        status = connect_node(client);
    if (status != SK_OK)
        sk_client_close(&client);
    if (status == SK_OK)
        *out = client;
    return status;
}

void sk_client_close(struct sk_client **client)
{
    if (*client == NULL)
        return;
    disconnect(*client);
    free((*client)->path);
    free((*client)->request);
    free((*client)->reply);
    free(*client);
    *client = NULL;
}

void sk_client_hook(struct sk_client *client,
                    const struct sk_client_hooks *hooks)
{
    client->hooks = *hooks;
}

void sk_client_use_id(struct sk_client *client, const struct sk_id *id)
{
    client->id = *id;
    client->has_id = true;
}

void sk_client_use_why(struct sk_client *client, const char *why)
{
    client->why = why;
}

bool sk_client_is_unknown(const struct sk_client *client)
{
    return client->sent;
}

static int64_t monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum sk_status send_all(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return status_of_errno();
        data += sent;
        size -= (size_t)sent;
    }
    return SK_OK;
}

static enum sk_status wait_readable(struct sk_client *client,
                                    int64_t deadline_ms)
{
    struct pollfd wait = {.fd = client->fd, .events = POLLIN};
    int64_t slow_ms = deadline_ms - ANSWER_MS + SLOW_MS;
    bool tell = client->hooks.slow != NULL && !client->told_slow;
    int64_t now_ms = monotonic_ms();

    if (now_ms >= deadline_ms)
        return SK_E_AGAIN;
    if (tell && now_ms >= slow_ms) {
        client->told_slow = true;
        client->hooks.slow(client->hooks.context);
        tell = false;
    }
    if (tell)
        deadline_ms = slow_ms;
    if (poll(&wait, 1, (int)(deadline_ms - now_ms)) < 0 && errno != EINTR)
        return SK_E_IO;
    return SK_OK;
}

/* Until `size` bytes of a reply are there; what came with them stays for the
   next one. */
static enum sk_status receive(struct sk_client *client, size_t size,
                              int64_t deadline_ms)
{
    if (BUFFER_SIZE - client->at < size || client->at == client->end) {
        memmove(client->reply, client->reply + client->at,
                client->end - client->at);
        client->end -= client->at;
        client->at = 0;
    }
    while (client->end - client->at < size) {
        ssize_t got = recv(client->fd, client->reply + client->end,
                           BUFFER_SIZE - client->end, MSG_DONTWAIT);

        if (got == 0)
            return SK_E_CLOSED;
        if (got > 0)
            client->end += (size_t)got;
        else if (errno == EAGAIN)
            SK_TRY(wait_readable(client, deadline_ms));
        else if (errno != EINTR)
            return status_of_errno();
    }
    return SK_OK;
}

/* ------------------------------------------------------------- requests */
struct argument {
    const char *name;
    const json_t *json; /* or NULL: the blobs of that name */
};

static int compare_arguments(const void *a, const void *b)
{
    return strcmp(((const struct argument *)a)->name,
                  ((const struct argument *)b)->name);
}

static int compare_blobs(const void *a, const void *b)
{
    const struct sk_blob *x = a;
    const struct sk_blob *y = b;
    int order = strcmp(x->argument, y->argument);

    return order != 0 ? order : sk_bytes_compare(x->name, y->name);
}

/* Arguments in sorted order: JSON members and blobs, each name once. */
static size_t collect(const json_t *args, const struct sk_blob *blobs,
                      size_t blobs_count, struct argument *out)
{
    json_t *object = (json_t *)(uintptr_t)args;
    size_t count = 0;

    for (void *it = args == NULL ? NULL : json_object_iter(object);
         it != NULL && count < SK_OP_ARGS_MAX;
         it = json_object_iter_next(object, it)) {
        out[count].name = json_object_iter_key(it);
        out[count++].json = json_object_iter_value(it);
    }
    for (size_t i = 0; i < blobs_count && count < 2 * SK_OP_ARGS_MAX; i++) {
        if (i > 0 && strcmp(blobs[i].argument, blobs[i - 1].argument) == 0)
            continue;
        out[count].name = blobs[i].argument;
        out[count++].json = NULL;
    }
    qsort(out, count, sizeof(*out), compare_arguments);
    return count;
}

static void pack_blobs(struct sk_pack *p, const char *name,
                       const struct sk_blob *blobs, size_t count)
{
    size_t first = 0;
    size_t last;

    while (first < count && strcmp(blobs[first].argument, name) != 0)
        first++;
    last = first;
    while (last < count && strcmp(blobs[last].argument, name) == 0)
        last++;
    if (blobs[first].name.size == 0) {
        sk_pack_bin(p, blobs[first].bytes);
        return;
    }
    sk_pack_map(p, last - first);
    for (size_t i = first; i < last; i++) {
        sk_pack_str(p, blobs[i].name);
        sk_pack_bin(p, blobs[i].bytes);
    }
}

/* A UUID of version 7: what the node keeps about requests that follow each
   other then lies together on its disk. */
static void make_id(struct sk_id *out)
{
    uint8_t random[SK_ID_SIZE];
    struct timespec now;
    uint64_t ms;

    clock_gettime(CLOCK_REALTIME, &now);
    ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    randombytes_buf(random, sizeof(random));
    sk_id_from_random(random, out);
    for (size_t i = 0; i < 6; i++)
        out->bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    out->bytes[6] = (uint8_t)((out->bytes[6] & 0x0f) | 0x70);
}

/* The id that was asked for, else a new one. */
static void pack_new_id(struct sk_client *client, struct sk_pack *p)
{
    char text[SK_ID_TEXT_SIZE + 1];

    if (!client->has_id)
        make_id(&client->id);
    client->has_id = false;
    sk_id_format(&client->id, text);
    sk_pack_cstr(p, "id");
    sk_pack_cstr(p, text);
}

static enum sk_status pack_request(struct sk_client *client, const char *op,
                                   const json_t *args,
                                   const struct sk_blob *blobs,
                                   size_t blobs_count, struct sk_bytes *out)
{
    struct argument list[2 * SK_OP_ARGS_MAX];
    size_t count = collect(args, blobs, blobs_count, list);
    struct sk_pack p = sk_pack_start(
        (struct sk_room){client->request + 4, SK_CONTROL_SIZE_MAX});

    sk_pack_map(&p, client->why == NULL ? 4 : 5);
    sk_pack_cstr(&p, "args");
    sk_pack_map(&p, count);
    for (size_t i = 0; i < count; i++) {
        sk_pack_cstr(&p, list[i].name);
        if (list[i].json == NULL)
            pack_blobs(&p, list[i].name, blobs, blobs_count);
        else if (!sk_json_pack(&p, list[i].json))
            return SK_E_BAD_VALUE;
    }
    pack_new_id(client, &p);
    sk_pack_cstr(&p, "op");
    sk_pack_cstr(&p, op);
    sk_pack_cstr(&p, "v");
    sk_pack_uint(&p, 1);
    if (client->why != NULL) {
        sk_pack_cstr(&p, "why");
        sk_pack_cstr(&p, client->why);
    }
    return sk_pack_finish(&p, out) == SK_OK ? SK_OK : SK_E_TOO_LARGE;
}

enum sk_status sk_client_value(struct sk_client *client, struct sk_value *reply)
{
    int64_t deadline = monotonic_ms() + ANSWER_MS;
    const uint8_t *data;
    struct sk_bytes bytes;

    SK_TRY(receive(client, 4, deadline));
    data = client->reply + client->at;
    bytes.size = (size_t)data[0] << 24 | (size_t)data[1] << 16 |
                 (size_t)data[2] << 8 | data[3];
    if (bytes.size > SK_CONTROL_SIZE_MAX)
        return SK_E_TOO_LARGE;
    SK_TRY(receive(client, 4 + bytes.size, deadline));
    bytes.data = client->reply + client->at + 4;
    client->at += 4 + bytes.size;
    return sk_value_check(bytes, reply);
}

static enum sk_status json_of(struct sk_value value, json_t **out)
{
    *out = sk_json_of_value(value);
    return *out == NULL ? SK_E_MEMORY : SK_OK;
}

enum sk_status sk_client_answer(struct sk_client *client, json_t **reply)
{
    struct sk_value value;

    SK_TRY(sk_client_value(client, &value));
    return json_of(value, reply);
}

/* Send the request, of `size` bytes with its head, and wait for the reply. */
static enum sk_status exchange(struct sk_client *client, size_t size,
                               struct sk_value *reply)
{
    enum sk_status status;

    if (client->fd < 0)
        return SK_E_CLOSED;
    status = send_all(client->fd, client->request, size);
    if (status == SK_OK) {
        client->sent = true;
        if (client->hooks.sent != NULL)
            client->hooks.sent(client->hooks.context);
        status = sk_client_value(client, reply);
    }
    /* What is left of an answer must not be read as the next one. */
    if (status != SK_OK)
        disconnect(client);
    return status;
}

/* The node may be starting: nobody listens yet, or the socket is still the
   one of the process that died. */
static enum sk_status wait_for_node(struct sk_client *client,
                                    int64_t deadline_ms)
{
    enum sk_status status;

    while ((status = connect_node(client)) == SK_E_NOT_FOUND ||
           status == SK_E_CLOSED) {
        if (monotonic_ms() >= deadline_ms)
            return SK_E_CLOSED;
        (void)poll(NULL, 0, LOOK_MS);
    }
    return status == SK_OK ? SK_OK : SK_E_CLOSED;
}

/* CONTROL.md 2.4: the same bytes, until they are answered. */
static enum sk_status ask(struct sk_client *client, size_t size,
                          struct sk_value *reply)
{
    enum sk_status status = exchange(client, size, reply);
    int64_t deadline_ms = monotonic_ms() + RETURN_MS;

    if (status == SK_E_CLOSED && client->hooks.lost != NULL)
        client->hooks.lost(client->hooks.context);
    while (status == SK_E_CLOSED) {
        SK_TRY(wait_for_node(client, deadline_ms));
        status = exchange(client, size, reply);
        if (status == SK_E_CLOSED && monotonic_ms() >= deadline_ms)
            break;
        if (status == SK_E_CLOSED)
            (void)poll(NULL, 0, LOOK_MS);
    }
    return status;
}

/* The request with its head into client->request; size: of both. */
static enum sk_status prepare(struct sk_client *client, const char *op,
                              const json_t *args, const struct sk_blob *blobs,
                              size_t blobs_count, size_t *size)
{
    struct sk_blob *sorted = calloc(blobs_count + 1, sizeof(*sorted));
    struct sk_bytes request;
    enum sk_status status;

    client->sent = false;
    client->told_slow = false;
    if (sorted == NULL)
        return SK_E_MEMORY;
    if (blobs_count > 0)
        memcpy(sorted, blobs, blobs_count * sizeof(*sorted));
    qsort(sorted, blobs_count, sizeof(*sorted), compare_blobs);
    status = pack_request(client, op, args, sorted, blobs_count, &request);
    free(sorted);
    if (status != SK_OK)
        return status;
    client->request[0] = (uint8_t)(request.size >> 24);
    client->request[1] = (uint8_t)(request.size >> 16);
    client->request[2] = (uint8_t)(request.size >> 8);
    client->request[3] = (uint8_t)request.size;
    *size = request.size + 4;
    return SK_OK;
}

enum sk_status sk_client_ask(struct sk_client *client, const char *op,
                             const json_t *args, const struct sk_blob *blobs,
                             size_t blobs_count)
{
    size_t size;

    SK_TRY(prepare(client, op, args, blobs, blobs_count, &size));
    return client->fd < 0 ? SK_E_CLOSED
                          : send_all(client->fd, client->request, size);
}

enum sk_status sk_client_call_value(struct sk_client *client, const char *op,
                                    const json_t *args,
                                    const struct sk_blob *blobs,
                                    size_t blobs_count, struct sk_value *reply)
{
    size_t size;

    SK_TRY(prepare(client, op, args, blobs, blobs_count, &size));
    return ask(client, size, reply);
}

enum sk_status sk_client_call(struct sk_client *client, const char *op,
                              const json_t *args, const struct sk_blob *blobs,
                              size_t blobs_count, json_t **reply)
{
    struct sk_value value;

    SK_TRY(sk_client_call_value(client, op, args, blobs, blobs_count, &value));
    return json_of(value, reply);
}
