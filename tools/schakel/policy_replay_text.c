#include <inttypes.h>
#include <string.h>

#include "policies/civil.h"
#include "tools/schakel/json.h"
#include "tools/schakel/policy_replay.h"

/* What `schakel policy replay --since` found, for people. */

static const char *word(const struct sk_history *h, const char *nl,
                        const char *en)
{
    return sk_policy_word(h->run, nl, en);
}

static const char *result_text(const struct sk_history *h, const char *result)
{
    static const struct {
        const char *result;
        const char *nl;
        const char *en;
    } rows[] = {
        {"same", "hetzelfde", "the same"},
        {"narrower", "enger", "narrower"},
        {"wider", "RUIMER", "WIDER"},
        {"wider-and-narrower", "RUIMER en enger", "WIDER and narrower"},
        {"refused", "zou niet vertrokken zijn", "would not have left"},
        {"new", "NIEUW mogelijk", "NEWLY possible"},
        {"gone", "niet meer mogelijk", "no longer possible"},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++)
        if (strcmp(rows[i].result, result) == 0)
            return word(h, rows[i].nl, rows[i].en);
    return result;
}

static void print_head(const struct sk_history *h)
{
    char since[11];
    char until[11];

    sk_day_format(h->since, since);
    sk_day_format(h->until, until);
    printf(h->run->dutch
               ? "Ontwerp, versie %" PRIu32 ", naast wat er was van %s tot en "
                 "met %s (nu geldt versie %" PRIu32 ").\n"
               : "Draft, version %" PRIu32 ", beside what happened from %s "
                 "through %s (in force now: version %" PRIu32 ").\n",
           sk_bundle_policy_version(h->draft), since, until,
           sk_bundle_policy_version(h->live));
    if (json_array_size(h->backdated) == 0)
        return;
    printf("%s", word(h,
                      "Deze regels beginnen later, en tellen mee alsof ze toen "
                      "al golden:",
                      "These rules begin later, and count as if they held "
                      "then:"));
    for (size_t i = 0; i < json_array_size(h->backdated); i++)
        printf(" %s", json_string_value(json_array_get(h->backdated, i)));
    putchar('\n');
}

static void print_partner(const struct sk_history *h, const char *org,
                          json_t *partner)
{
    const char *key;
    json_t *value;

    printf("  %s:", org);
    json_object_foreach(partner, key, value)
    {
        if (json_is_integer(value))
            printf(" %s %" JSON_INTEGER_FORMAT ";", result_text(h, key),
                   json_integer_value(value));
    }
    putchar('\n');
    json_object_foreach(json_object_get(partner, "fields"), key, value)
    {
        printf("    %s:", key);
        if (json_object_get(value, "wider") != NULL)
            printf(" %s %" JSON_INTEGER_FORMAT, result_text(h, "wider"),
                   json_integer_value(json_object_get(value, "wider")));
        if (json_object_get(value, "narrower") != NULL)
            printf(" %s %" JSON_INTEGER_FORMAT, result_text(h, "narrower"),
                   json_integer_value(json_object_get(value, "narrower")));
        putchar('\n');
    }
}

static void print_message(const struct sk_history *h, const json_t *one)
{
    const char *name;
    json_t *field;

    printf("  %s  %s, %s, %s: %s", sk_json_text(one, "message"),
           sk_json_text(one, "to"), sk_json_text(one, "for"),
           sk_json_text(one, "event"),
           result_text(h, sk_json_text(one, "result")));
    if (json_object_get(one, "reason") != NULL)
        printf(" [%s]", sk_json_text(one, "reason"));
    putchar('\n');
    json_object_foreach(json_object_get(one, "fields"), name, field)
    {
        printf("    %s: %s -> %s\n", name, sk_json_text(field, "was"),
               sk_json_text(field, "would"));
    }
}

static void print_disclosures(const struct sk_history *h)
{
    const char *org;
    json_t *partner;

    printf(h->run->dutch
               ? "\nWat vertrok: %zu %s. Hetzelfde %zu, enger %zu, "
                 "ruimer %zu, zou niet vertrokken zijn %zu.\n"
               : "\nWhat left: %zu %s. The same %zu, narrower %zu, wider "
                 "%zu, would not have left %zu.\n",
           h->total, sk_noun_word(&sk_messages, h->run->dutch, h->total),
           h->same, h->narrower, h->wider, h->refused);
    if (h->waiting > 0)
        printf(h->run->dutch
                   ? "Nog in de rij of nooit vertrokken, niet vergeleken: "
                     "%zu.\n"
                   : "Still queued or never left, not compared: %zu.\n",
               h->waiting);
    json_object_foreach(h->partners, org, partner)
    {
        print_partner(h, org, partner);
    }
    for (size_t i = 0; i < json_array_size(h->list); i++)
        print_message(h, json_array_get(h->list, i));
}

static void print_flow(const struct sk_history *h, const json_t *one)
{
    const json_t *fields = json_object_get(one, "fields");

    printf("  %s  %s, %s, %s: %s\n", sk_json_text(one, "event"),
           sk_json_text(one, "to"), sk_json_text(one, "for"),
           sk_json_text(one, "type"),
           result_text(h, sk_json_text(one, "result")));
    if (json_array_size(fields) == 0)
        return;
    printf("   ");
    for (size_t i = 0; i < json_array_size(fields); i++)
        printf(" %s", json_string_value(json_array_get(fields, i)));
    putchar('\n');
}

static void print_events(const struct sk_history *h)
{
    static const struct sk_noun events = {{"gebeurtenis", "gebeurtenissen"},
                                          {"event", "events"}};
    static const struct sk_noun questions = {{"vraag", "vragen"},
                                             {"question", "questions"}};

    printf(h->run->dutch
               ? "\nWat niet vertrok: %zu %s, %zu %s (elke "
                 "partner met een band, elk doel), zoals het nu staat.\n"
               : "\nWhat did not leave: %zu %s, %zu %s (each partner "
                 "with a relation, each purpose), as things are now.\n",
           h->events, sk_noun_word(&events, h->run->dutch, h->events), h->asked,
           sk_noun_word(&questions, h->run->dutch, h->asked));
    printf(
        h->run->dutch
            ? "Nieuw mogelijk %zu, ruimer %zu, enger %zu, niet meer mogelijk "
              "%zu.\n"
            : "Newly possible %zu, wider %zu, narrower %zu, no longer "
              "possible %zu.\n",
        h->newly, h->more, h->less, h->gone);
    for (size_t i = 0; i < json_array_size(h->flows); i++)
        print_flow(h, json_array_get(h->flows, i));
}

void sk_history_print(const struct sk_history *h)
{
    print_head(h);
    print_disclosures(h);
    print_events(h);
}
