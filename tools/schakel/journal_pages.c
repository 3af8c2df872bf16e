#include "tools/schakel/journal_pages.h"

#include <assert.h>
#include <stdio.h>

#include "tools/schakel/ask.h"
#include "tools/schakel/cli.h"
#include "tools/schakel/cmd_node.h"
#include "tools/schakel/json.h"

#define READ "journal.read"

int sk_journal_broken(void)
{
    return sk_cli_fail(
        SK_EXIT_SOFTWARE,
        &(struct sk_problem){.code = "bad-reply",
                             .nl = "het antwoord van het knooppunt is vreemd",
                             .en = "the reply of the node is strange"});
}

int sk_journal_top(struct sk_client *client, struct sk_journal_top *out)
{
    json_t *result = NULL;
    int code = sk_node_ask(client, "journal.head", NULL, NULL, 0, &result);

    if (code >= 0)
        return code;
    out->entries =
        (uint64_t)json_integer_value(json_object_get(result, "entries"));
    snprintf(out->text, sizeof(out->text), "%s",
             sk_json_text(result, "checkpoint"));
    snprintf(out->vkey, sizeof(out->vkey), "%s", sk_json_text(result, "vkey"));
    json_decref(result);
    if (out->text[0] != '\0' &&
        sk_checkpoint_open(sk_text(out->text), NULL, &out->checkpoint) != SK_OK)
        return sk_journal_broken();
    return -1;
}

static json_t *args_of(const struct sk_journal_pages *pages)
{
    uint64_t left = pages->end - pages->next;
    json_int_t limit =
        (json_int_t)(left < SK_JOURNAL_PAGE ? left : SK_JOURNAL_PAGE);

    return json_pack("{s:I,s:I}", "from", (json_int_t)pages->next, "limit",
                     limit);
}

/* What was asked ahead; or now: the first page, or a node that went away. */
static int receive(struct sk_journal_pages *pages, struct sk_value *reply)
{
    enum sk_status status =
        pages->asked ? sk_client_value(pages->client, reply) : SK_E_CLOSED;

    pages->asked = false;
    if (status == SK_E_CLOSED) {
        json_t *args = args_of(pages);

        status =
            sk_client_call_value(pages->client, READ, args, NULL, 0, reply);
        json_decref(args);
    }
    return status == SK_OK ? -1 : sk_ask_failed(pages->client, READ, status, 0);
}

static int refused(struct sk_value reply)
{
    json_t *json = sk_json_of_value(reply);
    int code = sk_ask_refused(json);

    json_decref(json);
    return code;
}

/* One that fails is found by who receives. */
static void ask_ahead(struct sk_journal_pages *pages)
{
    json_t *args = args_of(pages);

    pages->asked = sk_client_ask(pages->client, READ, args, NULL, 0) == SK_OK;
    json_decref(args);
}

int sk_journal_pages_next(struct sk_journal_pages *pages,
                          struct sk_journal_page *out)
{
    struct sk_value reply;
    struct sk_value result;
    uint64_t next;
    int code;

    assert(pages->next < pages->end);

    code = receive(pages, &reply);
    if (code >= 0)
        return code;
    if (!sk_value_bool(sk_value_get(reply, "ok")))
        return refused(reply);
    result = sk_value_get(reply, "result");
    *out = (struct sk_journal_page){
        .from = pages->next,
        .entries = sk_value_get(result, "entries"),
        .nodes = sk_value_get(result, "nodes"),
    };
    next = sk_value_uint(sk_value_get(result, "next"));
    if (next <= pages->next || next > pages->end ||
        sk_value_count(out->entries) != next - pages->next)
        return sk_journal_broken();
    pages->next = next;
    if (next < pages->end)
        ask_ahead(pages);
    return -1;
}
