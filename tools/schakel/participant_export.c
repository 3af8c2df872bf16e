#include <string.h>

#include "tools/schakel/cmd_node.h"
#include "tools/schakel/cmd_report.h"
#include "tools/schakel/json.h"

/*
 * Everything this node has about one person, for that person (GDPR art. 15 and
 * 20): docs/EXPORT.md, docs/participant-export.schema.json.  Made of looks that
 * the node keeps, each at the file of this person and no other.
 */

static int ask(struct sk_client *client, const char *op,
               const char *participant, json_t **out)
{
    return sk_node_ask(client, op,
                       json_pack("{s:s}", "participant", participant), NULL, 0,
                       out);
}

/* One list of a reply, or the problem told. */
static int ask_list(struct sk_client *client, const char *op,
                    const char *participant, const char *key, json_t *out,
                    const char *name)
{
    json_t *reply = NULL;
    int code = sk_node_ask_pages(client, op,
                                 json_pack("{s:s}", "participant", participant),
                                 key, &reply);

    if (code < 0)
        json_object_set(out, name, json_object_get(reply, key));
    json_decref(reply);
    return code;
}

/* By the page. */
static int ask_received(struct sk_client *client, const char *participant,
                        json_t *out)
{
    json_t *all = json_array();
    char after[SK_ID_TEXT_SIZE + 1] = "";
    int code = -1;

    do {
        json_t *args = json_pack("{s:s}", "participant", participant);
        json_t *page = NULL;

        if (after[0] != '\0')
            json_object_set_new(args, "after", json_string(after));
        code =
            sk_node_ask(client, "participant.received", args, NULL, 0, &page);
        if (code < 0)
            json_array_extend(all, json_object_get(page, "messages"));
        snprintf(after, sizeof(after), "%s", sk_json_text(page, "next"));
        json_decref(page);
    } while (code < 0 && after[0] != '\0');
    json_object_set_new(out, "received", all);
    return code;
}

/* Who the person is, as it was given to us. */
static json_t *person_of(const json_t *show)
{
    static const char *const keys[] = {"administration", "birth_date",
                                       "family_name",    "given_name",
                                       "insz",           "trajectory"};
    json_t *out = json_object();

    for (size_t i = 0; i < SK_COUNT(keys); i++) {
        json_t *value = json_object_get(show, keys[i]);

        if (value != NULL && !json_is_null(value))
            json_object_set(out, keys[i], value);
    }
    return out;
}

static int gather(struct sk_client *client, const char *participant,
                  json_t *out)
{
    static const char *const lists[] = {"consents", "objections", "relations"};
    json_t *show = NULL;
    json_t *status = NULL;
    int code = ask(client, "participant.show", participant, &show);

    if (code < 0)
        code = sk_node_ask(client, "node.status", NULL, NULL, 0, &status);
    if (code < 0) {
        json_object_set(out, "controller", json_object_get(status, "org"));
        json_object_set(out, "made", json_object_get(status, "now"));
        json_object_set_new(out, "person", person_of(show));
        for (size_t i = 0; i < SK_COUNT(lists); i++)
            json_object_set(out, lists[i], json_object_get(show, lists[i]));
        code = ask_list(client, "event.list", participant, "events", out,
                        "events");
    }
    if (code < 0)
        code = ask_list(client, "draft.list", participant, "drafts", out,
                        "drafts");
    if (code < 0)
        code = ask_list(client, "disclosure.list", participant, "disclosures",
                        out, "shared");
    if (code < 0)
        code = ask_received(client, participant, out);
    json_decref(show);
    json_decref(status);
    return code;
}

int sk_participant_export(const struct sk_parsed *parsed)
{
    struct sk_client *client = NULL;
    json_t *out = json_pack("{s:s}", "format", "participant-export/1");
    int code = sk_node_open(parsed, &client);

    if (code < 0)
        code = gather(client, parsed->operands[0], out);
    if (code < 0) {
        sk_json_print(out);
        code = SK_EXIT_YES;
    }
    json_decref(out);
    sk_client_close(&client);
    return code;
}
