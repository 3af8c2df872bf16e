/*
 * What a user would pick instead: NATS JetStream, file store, TLS, explicit
 * acks.  One publisher with acknowledged asynchronous publishing, one durable
 * pull consumer that acknowledges each message.
 *
 *     bench_nats URL EVENTS SIZE
 *
 * JetStream does not fsync each message; a Schakel node does, at both ends.
 */
#include <nats/nats.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/dev/measure.h"

#define STREAM "EVENTS"
#define SUBJECT "events.a"
#define BATCH 500

static void must(natsStatus status, const char *what)
{
    if (status == NATS_OK)
        return;
    fprintf(stderr, "bench_nats: %s: %s\n", what, natsStatus_GetText(status));
    exit(1);
}

static natsConnection *connect_to(const char *url)
{
    natsOptions *options = NULL;
    natsConnection *connection = NULL;

    must(natsOptions_Create(&options), "options");
    must(natsOptions_SetURL(options, url), "url");
    must(natsOptions_SkipServerVerification(options, true), "tls");
    must(natsOptions_SetSecure(options, true), "tls");
    must(natsConnection_Connect(&connection, options), "connect");
    natsOptions_Destroy(options);
    return connection;
}

static jsCtx *stream_of(natsConnection *connection)
{
    jsOptions options;
    jsCtx *stream = NULL;

    must(jsOptions_Init(&options), "jetstream");
    options.PublishAsync.MaxPending = 4000;
    must(natsConnection_JetStream(&stream, connection, &options), "jetstream");
    return stream;
}

static void consume(const char *url, long count)
{
    natsConnection *connection = connect_to(url);
    jsCtx *stream = stream_of(connection);
    natsSubscription *subscription = NULL;
    jsSubOptions options;
    long got = 0;

    must(jsSubOptions_Init(&options), "consumer");
    options.Stream = STREAM;
    options.Consumer = "durable";
    must(js_PullSubscribe(&subscription, stream, SUBJECT, "durable", NULL,
                          &options, NULL),
         "subscribe");
    while (got < count) {
        natsMsgList list;
        natsStatus status =
            natsSubscription_Fetch(&list, subscription, BATCH, 2000, NULL);

        if (status == NATS_TIMEOUT)
            continue;
        must(status, "fetch");
        for (int i = 0; i < list.Count; i++)
            must(natsMsg_Ack(list.Msgs[i], NULL), "ack");
        got += list.Count;
        natsMsgList_Destroy(&list);
    }
    must(natsConnection_Flush(connection), "flush");
    exit(0);
}

int main(int argc, char **argv)
{
    const char *url = argc == 4 ? argv[1] : NULL;
    long count = argc == 4 ? atol(argv[2]) : 0;
    int size = argc == 4 ? atoi(argv[3]) : 0;
    char *body = calloc(1, (size_t)size + 1);
    jsStreamConfig config;
    jsSubOptions options;
    natsSubscription *subscription = NULL;
    const char *subjects[] = {"events.>"};
    natsConnection *connection;
    jsCtx *stream;
    double start;
    int status = 0;
    pid_t pid;

    if (url == NULL || count <= 0 || size <= 0 || body == NULL) {
        fprintf(stderr, "usage: bench_nats URL EVENTS SIZE\n");
        return 2;
    }
    connection = connect_to(url);
    stream = stream_of(connection);
    must(jsStreamConfig_Init(&config), "stream");
    config.Name = STREAM;
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Storage = js_FileStorage;
    must(js_AddStream(NULL, stream, &config, NULL, NULL), "stream");
    must(jsSubOptions_Init(&options), "consumer");
    options.Config.AckPolicy = js_AckExplicit;
    options.Config.MaxAckPending = 20000;
    must(js_PullSubscribe(&subscription, stream, SUBJECT, "durable", NULL,
                          &options, NULL),
         "consumer");
    start = now_s();
    pid = fork();
    if (pid == 0)
        consume(url, count);
    for (long i = 0; i < count; i++)
        must(js_PublishAsync(stream, SUBJECT, body, size, NULL), "publish");
    must(js_PublishAsyncComplete(stream, NULL), "publish");
    if (waitpid(pid, &status, 0) != pid || status != 0)
        return 1;
    printf("nats-rate %.0f\n", (double)count / (now_s() - start));
    free(body);
    return 0;
}
