/*
 * A node that a test plays: ctl.sock in a folder of its own, and a thread that
 * answers what comes there.
 *
 *     static void *be_node(void *context);      accepts at node_listening
 *     struct sk_client *client = node_start(be_node, &script);
 *     node_end(&client);                        closes, and waits for it
 */
#ifndef SK_TESTS_TOOLS_NODE_H
#define SK_TESTS_TOOLS_NODE_H

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "protocol/pack.h"
#include "tools/schakel/client.h"

static char node_dir[64];
static int node_listening = -1;
static pthread_t node_thread;

static inline struct sk_client *node_start(void *(*be_node)(void *context),
                                           void *context)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct sk_client *client = NULL;

    snprintf(node_dir, sizeof(node_dir), "/tmp/test-node-XXXXXX");
    cr_assert(mkdtemp(node_dir) != NULL);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/ctl.sock",
             node_dir);
    node_listening = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert(bind(node_listening, (struct sockaddr *)&address,
                   sizeof(address)) == 0);
    cr_assert(listen(node_listening, 1) == 0);
    cr_assert(pthread_create(&node_thread, NULL, be_node, context) == 0);
    cr_assert(sk_client_open(node_dir, &client) == SK_OK);
    return client;
}

static inline void node_end(struct sk_client **client)
{
    char path[128];

    sk_client_close(client);
    pthread_join(node_thread, NULL);
    close(node_listening);
    snprintf(path, sizeof(path), "%s/ctl.sock", node_dir);
    unlink(path);
    rmdir(node_dir);
}

#endif
