/* The journal page by page, from a node that is played here. */
#include "tests/tools/node.h"

#include <stdatomic.h>

#include "tools/schakel/cli.h"
#include "tools/schakel/journal_pages.h"

#define JOURNAL (2 * SK_JOURNAL_PAGE + 10)

#define PATIENCE_MS 20000

static struct sk_client *client;
static atomic_size_t requests; /* that reached the node */

struct script {
    size_t go_after; /* replies: then it hangs up, and is back; 0: never */
    uint64_t less;   /* entries that are not on a page, though it says so */
    bool stuck;      /* no entries, and `next` is where it began */
    bool refuse;
};

static size_t take(int fd, uint8_t *out, size_t size)
{
    size_t got = 0;

    while (got < size) {
        ssize_t n = recv(fd, out + got, size - got, 0);

        if (n <= 0)
            break;
        got += (size_t)n;
    }
    return got;
}

/* The arguments of the next request; false: the client is gone. */
static bool next_request(int fd, uint64_t *from, uint64_t *limit)
{
    static uint8_t bytes[4096];
    struct sk_value request;
    struct sk_value args;
    size_t size;

    if (take(fd, bytes, 4) < 4)
        return false;
    size = (size_t)bytes[2] << 8 | bytes[3];
    cr_assert(eq(sz, take(fd, bytes, size), size));
    cr_assert(sk_value_check((struct sk_bytes){bytes, size}, &request) ==
              SK_OK);
    args = sk_value_get(request, "args");
    *from = sk_value_uint(sk_value_get(args, "from"));
    *limit = sk_value_uint(sk_value_get(args, "limit"));
    requests++;
    return true;
}

static void pack_page(struct sk_pack *p, const struct script *script,
                      uint64_t from, uint64_t count)
{
    sk_pack_map(p, 2);
    sk_pack_cstr(p, "ok");
    sk_pack_bool(p, !script->refuse);
    if (script->refuse) {
        sk_pack_cstr(p, "result");
        sk_pack_nil(p);
        return;
    }
    sk_pack_cstr(p, "result");
    sk_pack_map(p, 3);
    sk_pack_cstr(p, "entries");
    sk_pack_array(p, (size_t)(count - script->less));
    for (uint64_t i = from; i < from + count - script->less; i++)
        sk_pack_bin(p, (struct sk_bytes){(const uint8_t *)&i, sizeof(i)});
    sk_pack_cstr(p, "next");
    sk_pack_uint(p, from + count);
    sk_pack_cstr(p, "nodes");
    sk_pack_array(p, 0);
}

static void reply(int fd, const struct script *script, uint64_t from,
                  uint64_t count)
{
    static uint8_t bytes[SK_JOURNAL_PAGE * 16];
    struct sk_pack p =
        sk_pack_start((struct sk_room){bytes + 4, sizeof(bytes) - 4});
    struct sk_bytes packed;

    pack_page(&p, script, from, count);
    cr_assert(sk_pack_finish(&p, &packed) == SK_OK);
    bytes[0] = 0;
    bytes[1] = (uint8_t)(packed.size >> 16);
    bytes[2] = (uint8_t)(packed.size >> 8);
    bytes[3] = (uint8_t)packed.size;
    for (size_t at = 0; at < packed.size + 4;) {
        ssize_t sent = send(fd, bytes + at, packed.size + 4 - at, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        at += (size_t)sent;
    }
}

/* One connection; false: the client hung up, and not the node. */
static bool serve(int fd, const struct script *script, size_t *replies)
{
    uint64_t from;
    uint64_t limit;

    while (next_request(fd, &from, &limit)) {
        if (script->stuck)
            limit = 0;
        if (script->go_after > 0 && *replies == script->go_after) {
            (*replies)++;
            return true; /* in the middle: it was asked already */
        }
        reply(fd, script, from, limit);
        (*replies)++;
    }
    return false;
}

static void *be_node(void *context)
{
    size_t replies = 0;
    bool again = true;

    while (again) {
        int fd = accept(node_listening, NULL, NULL);

        again = serve(fd, context, &replies);
        close(fd);
    }
    return NULL;
}

/* All entries up to the end, each once and in order. */
static void expect_all(struct sk_journal_pages *pages)
{
    uint64_t want = pages->next;

    while (pages->next < pages->end) {
        struct sk_journal_page page;
        struct sk_value_walk walk;

        cr_assert(eq(int, sk_journal_pages_next(pages, &page), -1));
        cr_assert(eq(u64, page.from, want));
        walk = sk_value_walk(page.entries);
        while (sk_value_next(&walk)) {
            struct sk_bytes entry = sk_value_bin(walk.value);
            uint64_t number;

            cr_assert(eq(sz, entry.size, sizeof(number)));
            memcpy(&number, entry.data, sizeof(number));
            cr_assert(eq(u64, number, want));
            want++;
        }
    }
    cr_expect(eq(u64, want, JOURNAL));
    cr_expect(not(pages->asked), "something is under way at the end");
}

Test(journal_pages, every_entry_comes_once)
{
    struct script script = {0};
    struct sk_journal_pages pages = {.next = 3, .end = JOURNAL};

    client = node_start(be_node, &script);
    pages.client = client;
    expect_all(&pages);
    node_end(&client);
}

/* It had the request for the next page, and answers no more. */
Test(journal_pages, goes_on_with_a_node_that_is_back)
{
    struct script script = {.go_after = 1};
    struct sk_journal_pages pages = {.end = JOURNAL};

    client = node_start(be_node, &script);
    pages.client = client;
    expect_all(&pages);
    node_end(&client);
}

Test(journal_pages, the_next_page_is_asked_while_this_one_is_looked_at)
{
    struct script script = {0};
    struct sk_journal_page page;
    struct sk_journal_pages pages = {.end = JOURNAL};
    struct sk_value reply_ahead;

    client = node_start(be_node, &script);
    pages.client = client;
    cr_assert(eq(int, sk_journal_pages_next(&pages, &page), -1));
    for (int i = 0; i < PATIENCE_MS && requests < 2; i++)
        usleep(1000);
    cr_assert(eq(sz, requests, 2), "the page behind was not asked for");
    /* The reply is there without a request more. */
    cr_assert(sk_client_value(client, &reply_ahead) == SK_OK);
    cr_expect(eq(u64,
                 sk_value_uint(
                     sk_value_get(sk_value_get(reply_ahead, "result"), "next")),
                 UINT64_C(2) * SK_JOURNAL_PAGE));
    cr_expect(eq(sz, requests, 2), "more pages than two are under way");
    node_end(&client);
}

static void expect_broken(struct script *script, int code)
{
    struct sk_journal_pages pages = {.end = JOURNAL};
    struct sk_journal_page page;

    client = node_start(be_node, script);
    pages.client = client;
    cr_expect(eq(int, sk_journal_pages_next(&pages, &page), code));
    node_end(&client);
}

Test(journal_pages, a_page_without_its_entries_is_refused)
{
    expect_broken(&(struct script){.less = 1}, SK_EXIT_SOFTWARE);
}

Test(journal_pages, a_page_that_goes_nowhere_is_refused)
{
    expect_broken(&(struct script){.stuck = true}, SK_EXIT_SOFTWARE);
}

Test(journal_pages, a_refusal_is_told)
{
    expect_broken(&(struct script){.refuse = true}, SK_EXIT_NO);
}
