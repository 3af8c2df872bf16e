/* A list that comes by the page. */
#include "tests/tools/node.h"

#include "tools/schakel/ask.h"
#include "tools/schakel/cli.h"

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
    int fd = accept(node_listening, NULL, NULL);
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
    struct sk_client *client = node_start(be_node, script);
    int code = sk_ask_pages(client, "erasure.list", NULL, "rows", reply);

    node_end(&client);
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
