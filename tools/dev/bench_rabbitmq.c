/*
 * The other thing that a user would pick instead: RabbitMQ over TLS, a durable
 * queue, persistent messages, publisher confirms, acknowledgements by hand.
 * One publisher, WINDOW messages ahead of their confirms, and one consumer that
 * acknowledges ACK_EACH at once; they run together.
 *
 *     bench_rabbitmq PORT EVENTS SIZE
 *
 * 127.0.0.1, the user that a new server has.  Ends itself after SECONDS_MAX.
 */
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/dev/measure.h"

#define CHANNEL 1
#define PERSISTENT 2
#define WINDOW 2000
#define ACK_EACH 100
#define PREFETCH 1000
#define FRAME_SIZE 131072
#define SECONDS_MAX 300

static void die(const char *what)
{
    fprintf(stderr, "bench_rabbitmq: %s\n", what);
    exit(1);
}

static void must(amqp_rpc_reply_t reply, const char *what)
{
    if (reply.reply_type != AMQP_RESPONSE_NORMAL)
        die(what);
}

static amqp_bytes_t queue_name(void)
{
    return amqp_cstring_bytes("events");
}

static amqp_connection_state_t connect_to(int port)
{
    amqp_connection_state_t connection = amqp_new_connection();
    amqp_socket_t *socket = amqp_ssl_socket_new(connection);

    if (socket == NULL)
        die("out of memory");
    amqp_ssl_socket_set_verify_peer(socket, 0);
    amqp_ssl_socket_set_verify_hostname(socket, 0);
    if (amqp_socket_open(socket, "127.0.0.1", port) != AMQP_STATUS_OK)
        die("it does not answer");
    must(amqp_login(connection, "/", 0, FRAME_SIZE, 0, AMQP_SASL_METHOD_PLAIN,
                    "guest", "guest"),
         "login");
    amqp_channel_open(connection, CHANNEL);
    must(amqp_get_rpc_reply(connection), "channel");
    return connection;
}

/* What it waits for the answer of, comes behind all that went before. */
static void disconnect(amqp_connection_state_t connection)
{
    must(amqp_channel_close(connection, CHANNEL, AMQP_REPLY_SUCCESS), "close");
    must(amqp_connection_close(connection, AMQP_REPLY_SUCCESS), "close");
    (void)amqp_destroy_connection(connection);
}

/* ------------------------------------------------------------- consumer */

static void consume(int port, long count, long size)
{
    amqp_connection_state_t connection = connect_to(port);

    amqp_basic_qos(connection, CHANNEL, 0, PREFETCH, 0);
    must(amqp_get_rpc_reply(connection), "prefetch");
    amqp_basic_consume(connection, CHANNEL, queue_name(), amqp_empty_bytes, 0,
                       /* no_ack */ 0, 0, amqp_empty_table);
    must(amqp_get_rpc_reply(connection), "consume");
    for (long got = 1; got <= count; got++) {
        amqp_envelope_t envelope;

        amqp_maybe_release_buffers(connection);
        must(amqp_consume_message(connection, &envelope, NULL, 0), "message");
        if (envelope.message.body.len != (size_t)size)
            die("a message has another size");
        if ((got % ACK_EACH == 0 || got == count) &&
            amqp_basic_ack(connection, CHANNEL, envelope.delivery_tag,
                           /* multiple */ 1) != AMQP_STATUS_OK)
            die("ack");
        amqp_destroy_envelope(&envelope);
    }
    disconnect(connection);
    exit(0);
}

/* ------------------------------------------------------------- publisher */

struct confirms {
    bool *seen; /* by delivery tag, from 1 */
    uint64_t published;
    uint64_t below; /* all up to here are confirmed */
    uint64_t count;
};

/* One frame; it may confirm one message, or all up to one. */
static void take_confirm(amqp_connection_state_t connection,
                         struct confirms *confirms)
{
    const amqp_basic_ack_t *ack;
    amqp_frame_t frame;

    amqp_maybe_release_buffers(connection);
    if (amqp_simple_wait_frame(connection, &frame) != AMQP_STATUS_OK)
        die("confirm");
    if (frame.frame_type != AMQP_FRAME_METHOD ||
        frame.payload.method.id != AMQP_BASIC_ACK_METHOD)
        die("a message was not taken");
    ack = frame.payload.method.decoded;
    if (ack->delivery_tag == 0 || ack->delivery_tag > confirms->published)
        die("a confirm of no message");
    for (uint64_t tag = ack->multiple ? confirms->below + 1 : ack->delivery_tag;
         tag <= ack->delivery_tag; tag++) {
        confirms->count += confirms->seen[tag] ? 0 : 1;
        confirms->seen[tag] = true;
    }
    while (confirms->below < confirms->published &&
           confirms->seen[confirms->below + 1])
        confirms->below++;
}

static void publish(amqp_connection_state_t connection, long count, long size)
{
    struct confirms confirms = {.seen = calloc((size_t)count + 1, 1)};
    amqp_bytes_t body = {(size_t)size, calloc((size_t)size, 1)};
    const amqp_basic_properties_t properties = {
        ._flags = AMQP_BASIC_DELIVERY_MODE_FLAG, .delivery_mode = PERSISTENT};

    if (confirms.seen == NULL || body.bytes == NULL)
        die("out of memory");
    for (long i = 0; i < count; i++) {
        while (confirms.published - confirms.count >= WINDOW)
            take_confirm(connection, &confirms);
        if (amqp_basic_publish(connection, CHANNEL, amqp_empty_bytes,
                               queue_name(), 0, 0, &properties,
                               body) != AMQP_STATUS_OK)
            die("publish");
        confirms.published++;
    }
    while (confirms.count < confirms.published)
        take_confirm(connection, &confirms);
    free(body.bytes);
    free(confirms.seen);
}

int main(int argc, char **argv)
{
    int port = argc == 4 ? atoi(argv[1]) : 0;
    long count = argc == 4 ? atol(argv[2]) : 0;
    long size = argc == 4 ? atol(argv[3]) : 0;
    amqp_connection_state_t connection;
    double start;
    int status = 0;
    pid_t pid;

    if (port <= 0 || count <= 0 || size <= 0) {
        fprintf(stderr, "usage: bench_rabbitmq PORT EVENTS SIZE\n");
        return 2;
    }
    alarm(SECONDS_MAX);
    connection = connect_to(port);
    amqp_queue_declare(connection, CHANNEL, queue_name(), 0, /* durable */ 1, 0,
                       0, amqp_empty_table);
    must(amqp_get_rpc_reply(connection), "queue");
    amqp_confirm_select(connection, CHANNEL);
    must(amqp_get_rpc_reply(connection), "confirms");
    start = now_s();
    pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        alarm(SECONDS_MAX);
        consume(port, count, size);
    }
    publish(connection, count, size);
    if (waitpid(pid, &status, 0) != pid || status != 0)
        return 1;
    printf("rabbitmq-rate %.0f\n", (double)count / (now_s() - start));
    disconnect(connection);
    return 0;
}
