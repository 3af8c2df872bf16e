/* The client of ctl.sock: replies however the bytes of them come. */
#include "tests/tools/node.h"

/* Replies with their heads, {"n": 0}, {"n": 1}, ..., as a node packs them. */
static size_t replies(uint8_t *out, size_t room, size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++) {
        struct sk_pack p =
            sk_pack_start((struct sk_room){out + size + 4, room - size - 4});

        sk_pack_map(&p, 1);
        sk_pack_cstr(&p, "n");
        sk_pack_uint(&p, i);
        memset(out + size, 0, 4);
        out[size + 3] = (uint8_t)p.size;
        size += 4 + p.size;
    }
    return size;
}

struct script {
    size_t count; /* replies */
    size_t step;  /* bytes at a time; the last ones after a request */
    size_t cut;   /* bytes that never come */
};

/* A node that waits for one request, says all it has, and goes. */
static void *be_node(void *context)
{
    const struct script *script = context;
    uint8_t bytes[65536];
    size_t size = replies(bytes, sizeof(bytes), script->count) - script->cut;
    int fd = accept(node_listening, NULL, NULL);
    uint8_t request[4096];

    cr_assert(recv(fd, request, sizeof(request), 0) > 4);
    for (size_t at = 0; at < size; at += script->step) {
        size_t step = size - at < script->step ? size - at : script->step;

        cr_assert(eq(sz, (size_t)send(fd, bytes + at, step, 0), step));
    }
    close(fd);
    return NULL;
}

static struct sk_client *start(struct script *script)
{
    struct sk_client *client = node_start(be_node, script);

    cr_assert(sk_client_ask(client, "node.status", NULL, NULL, 0) == SK_OK);
    return client;
}

static void expect_replies(struct sk_client *client, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct sk_value reply;

        cr_assert(sk_client_value(client, &reply) == SK_OK, "reply %zu", i);
        cr_expect(eq(u64, sk_value_uint(sk_value_get(reply, "n")), i));
    }
}

Test(client, takes_replies_that_come_together)
{
    struct script script = {.count = 500, .step = 65536};
    struct sk_client *client = start(&script);

    expect_replies(client, 500);
    node_end(&client);
}

Test(client, takes_replies_that_come_in_pieces)
{
    struct script script = {.count = 40, .step = 5};
    struct sk_client *client = start(&script);

    expect_replies(client, 40);
    node_end(&client);
}

/* CONTROL.md 1.2: half a reply is none. */
Test(client, says_that_the_node_went_away)
{
    struct script script = {.count = 3, .step = 65536, .cut = 1};
    struct sk_client *client = start(&script);
    struct sk_value reply;

    expect_replies(client, 2);
    cr_expect(sk_client_value(client, &reply) == SK_E_CLOSED);
    node_end(&client);
}
