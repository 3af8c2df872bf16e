#include "tools/schakel/erasure_choice.h"

#include <string.h>

#include "tools/schakel/ask.h"
#include "tools/schakel/cli.h"
#include "tools/schakel/json.h"

static void tell_notices(const json_t *notices)
{
    for (size_t i = 0; i < json_array_size(notices); i++) {
        const json_t *notice = json_array_get(notices, i);
        const json_t *count = json_object_get(notice, "count");

        fprintf(stderr, "  --notice %s   %s %.10s, %s %s, %lld %s\n",
                sk_json_text(notice, "notice"),
                sk_cli_word("gevraagd", "asked"), sk_json_text(notice, "at"),
                sk_cli_word("uiterlijk", "due"), sk_json_text(notice, "due"),
                (long long)json_integer_value(count),
                sk_noun_word(&sk_messages, sk_cli_dutch(),
                             (unsigned long long)json_integer_value(count)));
    }
}

int sk_erasure_choose(struct sk_client *client, const char *op,
                      const json_t *args)
{
    json_t *from = NULL;
    json_t *reply = NULL;
    const json_t *notices;
    int code;

    if ((strcmp(op, "erasure.confirm") != 0 &&
         strcmp(op, "erasure.refuse") != 0) ||
        json_object_get(args, "notice") != NULL)
        return -1;
    from = json_pack("{s:s}", "from", sk_json_text(args, "from"));
    code = sk_ask_pages(client, "erasure.list", from, "notices", &reply);
    json_decref(from);
    if (code >= 0)
        return code;
    notices = json_object_get(json_object_get(reply, "result"), "notices");
    if (json_array_size(notices) > 1) {
        code = sk_cli_fail(
            SK_EXIT_USAGE,
            &(struct sk_problem){
                .code = "several-notices",
                .nl = "deze partner vraagt meer dan een keer te wissen",
                .en = "this partner asks more than once to erase",
                .where = sk_json_text(args, "from"),
                .next_nl = "zeg welke vraag u bedoelt, met --notice; er is "
                           "niets veranderd",
                .next_en = "say which request you mean, with --notice; "
                           "nothing has changed"});
        if (!sk_cli_json())
            tell_notices(notices);
    }
    json_decref(reply);
    return code;
}
