#include "node/engine/text.h"

#include <string.h>

#include "node/engine/clean.h"
#include "node/engine/federation.h"
#include "node/engine/ops.h"
#include "node/engine/request.h"
#include "node/engine/state.h"

/* DOMAIN 9.3, sensitive_words of domain.yaml, by their first letter. */
#define SAME_LETTER_MAX 6
static const char *const sensitive[26][SAME_LETTER_MAX] = {
    ['a' - 'a'] = {"alcohol", "asiel", "autisme"},
    ['d' - 'a'] = {"depressie", "drugs"},
    ['e' - 'a'] = {"enkelband"},
    ['g' - 'a'] = {"gevangenis", "geloof"},
    ['h' - 'a'] = {"handicap"},
    ['i' - 'a'] = {"illegaal"},
    ['l' - 'a'] = {"loonbeslag", "leefloon"},
    ['m' - 'a'] = {"medicatie"},
    ['r' - 'a'] = {"religie"},
    ['s' - 'a'] = {"schuld", "schulden", "schuldbemiddeling", "steun",
                   "strafblad"},
    ['v' - 'a'] = {"verslaving", "vluchteling", "vakbond"},
    ['z' - 'a'] = {"zwanger", "zwangerschap"},
};

/* The sensitive word that some word of the text begins with, or NULL.  Of
   several that fit, the longest says best what was meant. */
static const char *find_sensitive(struct sk_bytes text)
{
    struct sk_name_word word;

    while (sk_name_next(&text, &word)) {
        unsigned letter = word.bytes[0] - (unsigned)'a';
        const char *found = NULL;

        for (size_t i = 0;
             letter < 26 && i < SAME_LETTER_MAX && sensitive[letter][i] != NULL;
             i++) {
            const char *one = sensitive[letter][i];
            size_t size = strlen(one);

            if (word.size >= size && memcmp(word.bytes, one, size) == 0 &&
                (found == NULL || size > strlen(found)))
                found = one;
        }
        if (found != NULL)
            return found;
    }
    return NULL;
}

enum sk_text_result sk_text_check(const struct sk_engine *e,
                                  struct sk_bytes field, struct sk_bytes value,
                                  struct sk_bytes to, struct sk_bytes *word)
{
    const struct sk_roster_org *org = sk_federation_org(e, to);
    const struct sk_vocabulary *v;
    const char *found;
    uint16_t at;

    if (org == NULL)
        return SK_TEXT_ALLOWED; /* the decision refuses it */
    v = sk_bundle_vocabulary(e->bundle);
    at = sk_vocabulary_field(v, field);
    if (at == SK_NONE || !v->fields[at].free)
        return SK_TEXT_ALLOWED;
    if (org->secrecy == SK_SECRECY_PROFESSIONAL)
        return SK_TEXT_ALLOWED;
    found = find_sensitive(value);
    if (found == NULL)
        return SK_TEXT_ALLOWED;
    *word = sk_text(found);
    return org->secrecy == SK_SECRECY_NONE ? SK_TEXT_BLOCKED : SK_TEXT_WARNED;
}

enum sk_status sk_op_text_check(struct sk_engine *e, struct sk_value args)
{
    static const char *const texts[] = {
        [SK_TEXT_ALLOWED] = "allowed",
        [SK_TEXT_WARNED] = "warned",
        [SK_TEXT_BLOCKED] = "blocked",
    };
    struct sk_bytes field = sk_arg_text(args, "field");
    struct sk_bytes word = {0};
    enum sk_text_result result;
    struct sk_org to;

    SK_TRY(sk_arg_partner(e, args, "to", &to));
    if (sk_vocabulary_field(sk_bundle_vocabulary(e->bundle), field) == SK_NONE)
        return sk_refuse(e, "unknown-field", "field", (struct sk_bytes){0});
    result = sk_text_check(e, field, sk_arg_text(args, "value"),
                           sk_org_text(&to), &word);
    sk_pack_map(&e->reply, result == SK_TEXT_ALLOWED ? 1 : 2);
    sk_reply_cstr(&e->reply, "result", texts[result]);
    if (result != SK_TEXT_ALLOWED)
        sk_reply_text(&e->reply, "word", word);
    return SK_OK;
}
