/* A list that comes by the page. */
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
#include "tools/schakel/ask.h"
#include "tools/schakel/cli.h"

static char dir[64];
static int listening = -1;
static pthread_t node;

/* The names of its pages, each a row; behind each the next, behind the last
   nothing, or for ever itself. */
struct script {
    const char *pages[3];
    size_t count;
    bool stuck;
    size_t asked;
};

static size_t page(uint8_t *out, size_t room, struct script *script)
{
    struct sk_pack p = sk_pack_start((struct sk_room){out + 4, room - 4});
    size_t at =
        script->asked < script->count ? script->asked : script->count - 1;
    bool more = script->stuck || at + 1 < script->count;

    sk_pack_map(&p, 2);
    sk_pack_cstr(&p, "ok");
    sk_pack_bool(&p, true);
    sk_pack_cstr(&p, "result");
    sk_pack_map(&p, more ? 3 : 2);
    sk_pack_cstr(&p, "more");
    sk_pack_bool(&p, more);
    if (more) {
        sk_pack_cstr(&p, "next");
        sk_pack_cstr(&p, script->pages[at]);
    }
    sk_pack_cstr(&p, "rows");
    sk_pack_array(&p, 1);
    sk_pack_cstr(&p, script->pages[at]);
    script->asked++;
    memset(out, 0, 4);
    out[2] = (uint8_t)(p.size >> 8);
    out[3] = (uint8_t)p.size;
    return 4 + p.size;
}

/* A node that answers until it is left alone, and at most ten times. */
static void *be_node(void *context)
{
    struct script *script = context;
    int fd = accept(listening, NULL, NULL);
    uint8_t bytes[4096];

    while (script->asked < 10 && recv(fd, bytes, sizeof(bytes), 0) > 0) {
        size_t size = page(bytes, sizeof(bytes), script);

        cr_assert(eq(sz, (size_t)send(fd, bytes, size, MSG_NOSIGNAL), size));
    }
    close(fd);
    return NULL;
}

static int ask(struct script *script, json_t **reply)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct sk_client *client = NULL;
    char path[128];
    int code;

    snprintf(dir, sizeof(dir), "/tmp/test-ask-XXXXXX");
    cr_assert(mkdtemp(dir) != NULL);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/ctl.sock", dir);
    snprintf(path, sizeof(path), "%s", address.sun_path);
    listening = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert(bind(listening, (struct sockaddr *)&address, sizeof(address)) ==
              0);
    cr_assert(listen(listening, 1) == 0);
    cr_assert(pthread_create(&node, NULL, be_node, script) == 0);
    cr_assert(sk_client_open(dir, &client) == SK_OK);
    code = sk_ask_pages(client, "erasure.list", NULL, "rows", reply);
    sk_client_close(&client);
    pthread_join(node, NULL);
    close(listening);
    unlink(path);
    rmdir(dir);
    return code;
}

Test(ask, takes_every_page_once)
{
    struct script script = {.pages = {"a", "b", "c"}, .count = 3};
    json_t *reply = NULL;
    json_t *rows;

    cr_assert(eq(int, ask(&script, &reply), -1));
    rows = json_object_get(json_object_get(reply, "result"), "rows");
    cr_assert(eq(sz, json_array_size(rows), 3));
    for (size_t i = 0; i < 3; i++)
        cr_expect(eq(str, (char *)json_string_value(json_array_get(rows, i)),
                     (char *)script.pages[i]));
    json_decref(reply);
}

/* Else it would ask the same for ever. */
Test(ask, a_page_that_leads_to_itself_is_an_error)
{
    struct script script = {.pages = {"a", "b"}, .count = 2, .stuck = true};
    json_t *reply = NULL;

    cr_expect(eq(int, ask(&script, &reply), SK_EXIT_SOFTWARE));
    cr_expect(reply == NULL);
    cr_expect(eq(sz, script.asked, 3));
}
