#include "tools/schakel/erasure_due.h"

#include <string.h>

#include "tools/schakel/ask.h"
#include "tools/schakel/json.h"
#include "tools/schakel/render.h"

static int by_due(const void *a, const void *b)
{
    const json_t *const *left = a;
    const json_t *const *right = b;

    return strcmp(sk_json_text(*left, "due"), sk_json_text(*right, "due"));
}

json_t *sk_erasures_ask(struct sk_client *client, int *code)
{
    json_t *reply = NULL;
    json_t *out;

    *code = sk_ask_pages(client, "erasure.list", NULL, "notices", &reply);
    if (*code >= 0)
        return NULL;
    out = sk_json_sorted(
        json_object_get(json_object_get(reply, "result"), "notices"), by_due);
    json_decref(reply);
    return out;
}

size_t sk_erasures_print(const json_t *erasures, const char *today,
                         bool late_only, const struct sk_glossary *glossary,
                         bool dutch)
{
    size_t count = 0;

    for (size_t i = 0; i < json_array_size(erasures); i++) {
        const json_t *one = json_array_get(erasures, i);
        const char *due = sk_json_text(one, "due");
        const char *from = sk_json_text(one, "from");
        bool late = strncmp(due, today, 10) < 0;

        if (late_only && !late)
            continue;
        if (count++ == 0 && late_only)
            puts(dutch ? "TE LAAT: een partner wacht op uw wissing"
                       : "TOO LATE: a partner waits for you to erase");
        else if (count == 1)
            puts(dutch ? "Te wissen" : "To erase");
        printf(dutch ? "  uiterlijk %s%s  %s, berichten: %lld\n"
                     : "  due %s%s  %s, messages: %lld\n",
               due,
               !late || late_only ? ""
               : dutch            ? " TE LAAT"
                                  : " TOO LATE",
               sk_glossary_word(glossary, from),
               (long long)json_integer_value(json_object_get(one, "count")));
        if (sk_json_text(one, "ground")[0] != '\0')
            printf(dutch ? "    De deelnemer vraagt om te wissen: %s\n"
                         : "    The participant asks to be erased: %s\n",
                   sk_render_ground(sk_json_text(one, "ground"), dutch));
        printf("    schakel erasure confirm %s --notice %s\n", from,
               sk_json_text(one, "notice"));
    }
    return count;
}
