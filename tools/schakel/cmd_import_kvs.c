#include <stdlib.h>
#include <string.h>

#include "protocol/keys.h"
#include "protocol/texts.h"
#include "tools/schakel/ask.h"
#include "tools/schakel/cmd_import.h"
#include "tools/schakel/cmd_node.h"
#include "tools/schakel/json.h"
#include "tools/schakel/kvs.h"

#define FILE_SIZE_MAX ((size_t)16 * 1024 * 1024)

/* One file: answers, the drafts they give, and what was not taken over. */
struct importing {
    const char *path;
    const char *from;
    const char *participant; /* --participant, or NULL */
    struct sk_client *client;
    json_t *drafts;   /* arguments of draft.add */
    json_t *unmapped; /* "Class.term" -> times */
    json_t *refused;  /* [{answer, type?, field?, code}] */
    json_t *differs;  /* [{answer, type}]: known, and another answer now */
    size_t added;
    size_t known;
    bool dry_run;
};

/* ------------------------------------------------------------- refusals */

static void refuse(struct importing *im, size_t answer, const char *type,
                   const char *code, const char *field)
{
    json_array_append_new(im->refused,
                          json_pack("{s:I, s:s, s:s, s:s}", "answer",
                                    (json_int_t)answer + 1, "type", type,
                                    "code", code, "field", field));
}

/* ------------------------------------------------------------- the person */

/* Who has this national number here: -1 with *out, empty for nobody. */
static int find_number(struct importing *im, const char *insz,
                       char out[SK_ID_TEXT_SIZE + 1])
{
    json_t *result = NULL;
    const json_t *first;
    int code = sk_node_ask(im->client, "participant.find",
                           json_pack("{s:s}", "insz", insz), NULL, 0, &result);

    first = json_array_get(json_object_get(result, "participants"), 0);
    snprintf(out, SK_ID_TEXT_SIZE + 1, "%s",
             sk_json_text(first, "participant"));
    json_decref(result);
    return code;
}

/* Whoever was named: the number in the answer is nobody else's. */
static int is_other(struct importing *im, const struct sk_kvs *kvs, bool *out)
{
    char id[SK_ID_TEXT_SIZE + 1] = "";
    json_t *person = NULL;
    const char *number;
    int code = -1;

    *out = false;
    if (kvs->insz[0] != '\0')
        code = find_number(im, kvs->insz, id);
    if (code >= 0 || kvs->insz[0] == '\0')
        return code;
    if (id[0] != '\0') {
        *out = strcmp(id, im->participant) != 0;
        return -1;
    }
    code = sk_node_ask(im->client, "participant.show",
                       json_pack("{s:s}", "participant", im->participant), NULL,
                       0, &person);
    number = sk_json_text(person, "insz");
    *out = number[0] != '\0' && strcmp(number, kvs->insz) != 0;
    json_decref(person);
    return code;
}

/* Who the answer is about: -1 with *out (empty: it was refused), or an exit
   code. */
static int find_person(struct importing *im, const struct sk_kvs *kvs,
                       size_t answer, char out[SK_ID_TEXT_SIZE + 1])
{
    const char *wrong = NULL;
    bool other = false;
    int code = -1;

    out[0] = '\0';
    if (kvs->persons > 1) {
        wrong = "kvs-persons";
    } else if (kvs->insz_bad) {
        wrong = "insz-invalid";
    } else if (kvs->insz_two) {
        wrong = "kvs-numbers";
    } else if (im->participant != NULL) {
        code = is_other(im, kvs, &other);
        wrong = other ? "kvs-other" : NULL;
        if (!other)
            snprintf(out, SK_ID_TEXT_SIZE + 1, "%s", im->participant);
    } else if (kvs->insz[0] == '\0') {
        wrong = "kvs-person";
    } else {
        code = find_number(im, kvs->insz, out);
        wrong = out[0] == '\0' ? "unknown-participant" : NULL;
    }
    if (code < 0 && wrong != NULL)
        refuse(im, answer, "", wrong, "GeregistreerdPersoon");
    return code;
}

/* ------------------------------------------------------------- drafts */

/* What has no name of its own is known by what it says, of this person. */
static void set_source(json_t *draft, const char *participant)
{
    char *text;
    struct sk_hash hash;
    char hex[33];

    if (json_object_get(draft, "source_id") != NULL)
        return;
    text = json_dumps(draft, JSON_SORT_KEYS | JSON_COMPACT);
    if (text == NULL)
        abort();
    sk_hash("schakel/kvs/1", sk_text(text), &hash);
    free(text);
    for (size_t i = 0; i < 16; i++)
        snprintf(hex + 2 * i, 3, "%02x", hash.bytes[i]);
    json_object_set_new(draft, "source_id",
                        json_sprintf("kvs:%s:%s", participant, hex));
}

static void add_counts(json_t *all, const json_t *some)
{
    const char *name;
    json_t *times;

    json_object_foreach((json_t *)(uintptr_t)some, name, times)
        json_object_set_new(
            all, name,
            json_integer(json_integer_value(times) +
                         json_integer_value(json_object_get(all, name))));
}

static int read_answer(struct importing *im, const json_t *json, size_t answer)
{
    char participant[SK_ID_TEXT_SIZE + 1];
    struct sk_kvs kvs;
    int code;

    if (!sk_kvs_read(json, &kvs)) {
        refuse(im, answer, "", "kvs-form", "");
        return -1;
    }
    add_counts(im->unmapped, kvs.unmapped);
    code = find_person(im, &kvs, answer, participant);
    for (size_t i = 0;
         code < 0 && participant[0] != '\0' && i < json_array_size(kvs.drafts);
         i++) {
        json_t *draft = json_array_get(kvs.drafts, i);

        json_object_set_new(draft, "participant", json_string(participant));
        json_object_set_new(draft, "source", json_string(im->from));
        set_source(draft, participant);
        json_object_set_new(draft, "answer", json_integer((json_int_t)answer));
        json_array_append(im->drafts, draft);
    }
    sk_kvs_free(&kvs);
    return code;
}

/* ------------------------------------------------------------- asking */

/* It is here already; when it says something else now, that is told. */
static void known(struct importing *im, const json_t *draft, const char *how,
                  bool dry_run)
{
    if (!dry_run)
        return;
    im->known++;
    if (strcmp(how, "differs") == 0)
        json_array_append_new(
            im->differs,
            json_pack("{s:I, s:s}", "answer",
                      json_integer_value(json_object_get(draft, "answer")) + 1,
                      "type", sk_json_text(draft, "type")));
}

/* One draft; refusals of the node are told in the report. */
static int ask_draft(struct importing *im, const json_t *draft, bool dry_run)
{
    json_t *args = json_copy((json_t *)(uintptr_t)draft);
    size_t answer =
        (size_t)json_integer_value(json_object_get(draft, "answer"));
    json_t *reply = NULL;
    const json_t *error;
    const json_t *result;
    enum sk_status status;

    json_object_del(args, "answer");
    if (dry_run)
        json_object_set_new(args, "dry_run", json_true());
    status = sk_client_call(im->client, "draft.add", args, NULL, 0, &reply);
    json_decref(args);
    if (status != SK_OK)
        return sk_ask_failed(im->client, "draft.add", status, 0);
    error = json_object_get(reply, "error");
    result = json_object_get(reply, "result");
    if (error != NULL)
        refuse(im, answer, sk_json_text(draft, "type"),
               sk_json_text(error, "code"), sk_json_text(error, "field"));
    else if (json_object_get(result, "known") != NULL)
        known(im, draft, sk_json_text(result, "known"), dry_run);
    else
        im->added += dry_run == im->dry_run;
    json_decref(reply);
    return -1;
}

static int ask_all(struct importing *im, bool dry_run)
{
    int code = -1;

    for (size_t i = 0; code < 0 && i < json_array_size(im->drafts); i++)
        code = ask_draft(im, json_array_get(im->drafts, i), dry_run);
    return code;
}

/* ------------------------------------------------------------- report */

static const char *words_of(const char *code)
{
    const char *text = sk_code_text(code, sk_cli_dutch());

    if (strcmp(code, "kvs-person") == 0)
        return sk_cli_word("het antwoord noemt niet één persoon met een "
                           "rijksregisternummer; zeg wie met --participant",
                           "the answer does not name one person with a "
                           "national number; say who with --participant");
    if (strcmp(code, "kvs-persons") == 0)
        return sk_cli_word(
            "het antwoord noemt meer dan één persoon (GeregistreerdPersoon); "
            "is het telkens dezelfde, vraag dan een antwoord waarin die één "
            "keer staat",
            "the answer names more than one person (GeregistreerdPersoon); if "
            "it is the same one each time, ask for an answer that has that "
            "person once");
    if (strcmp(code, "kvs-numbers") == 0)
        return sk_cli_word(
            "in de registratie staan twee verschillende rijksregisternummers; "
            "vraag een antwoord met alleen het nummer dat nu geldt",
            "the registration has two different national numbers; ask for an "
            "answer with only the one that counts now");
    if (strcmp(code, "kvs-other") == 0)
        return sk_cli_word("het rijksregisternummer in het antwoord is van "
                           "iemand anders dan --participant",
                           "the national number in the answer is another "
                           "person's than --participant");
    if (strcmp(code, "kvs-form") == 0)
        return sk_cli_word("dit is geen antwoord in JSON-LD",
                           "this is no answer in JSON-LD");
    return text == NULL ? code : text;
}

static void print_report(const struct importing *im)
{
    static const struct sk_noun drafts = {{"ontwerp", "ontwerpen"},
                                          {"draft", "drafts"}};
    bool nl = sk_cli_dutch();
    const char *term;
    json_t *times;

    for (size_t i = 0; i < json_array_size(im->refused); i++) {
        const json_t *r = json_array_get(im->refused, i);

        fprintf(stderr, "%s: %s %lld: %s %s: %s\n", im->path,
                nl ? "antwoord" : "answer",
                (long long)json_integer_value(json_object_get(r, "answer")),
                sk_json_text(r, "type"), sk_json_text(r, "field"),
                words_of(sk_json_text(r, "code")));
    }
    for (size_t i = 0; i < json_array_size(im->differs); i++) {
        const json_t *d = json_array_get(im->differs, i);

        fprintf(stderr, "%s: %s %lld: %s: %s\n", im->path,
                nl ? "antwoord" : "answer",
                (long long)json_integer_value(json_object_get(d, "answer")),
                sk_json_text(d, "type"),
                nl ? "het antwoord is nu anders dan toen; er is niets gewijzigd"
                   : "the answer is not what it was; nothing was changed");
    }
    printf(nl ? "%zu %s, %zu al bekend, %zu geweigerd.\n"
              : "%zu %s, %zu known already, %zu refused.\n",
           im->added, sk_noun_word(&drafts, nl, im->added), im->known,
           json_array_size(im->refused));
    if (im->dry_run)
        puts(nl ? "Dit was een proef: er is niets bewaard."
                : "This was a trial: nothing was stored.");
    else if (json_array_size(im->refused) > 0)
        puts(nl ? "Er is niets bewaard." : "Nothing was stored.");
    if (json_object_size(im->unmapped) > 0)
        puts(nl ? "Niet overgenomen:" : "Not taken over:");
    json_object_foreach(im->unmapped, term, times)
        printf("  %-48s %lld\n", term, (long long)json_integer_value(times));
}

static int report(struct importing *im)
{
    bool good = json_array_size(im->refused) == 0;
    json_t *out;

    if (!good)
        im->added = 0;
    if (!sk_cli_json()) {
        print_report(im);
    } else {
        out = json_pack("{s:b, s:{s:I, s:O, s:I, s:O, s:O, s:b}}", "ok", good,
                        "result", "added", (json_int_t)im->added, "differs",
                        im->differs, "known", (json_int_t)im->known, "refused",
                        im->refused, "unmapped", im->unmapped, "dry_run",
                        im->dry_run);
        sk_json_print(out);
        json_decref(out);
    }
    return good ? SK_EXIT_YES : SK_EXIT_NO;
}

/* ------------------------------------------------------------- command */

static int read_file(struct importing *im, json_t **out)
{
    struct sk_bytes bytes = {0};
    json_error_t error;
    char where[64];
    enum sk_status status = sk_cli_read(im->path, FILE_SIZE_MAX, &bytes);

    if (status != SK_OK)
        return sk_cli_fail_file(status, im->path);
    *out = json_loadb((const char *)bytes.data, bytes.size,
                      JSON_REJECT_DUPLICATES, &error);
    free((void *)(uintptr_t)bytes.data);
    if (*out != NULL)
        return -1;
    snprintf(where, sizeof(where), "%d:%d", error.line, error.column);
    return sk_cli_fail(SK_EXIT_USAGE,
                       &(struct sk_problem){.code = "not-json",
                                            .nl = "dit bestand is geen JSON",
                                            .en = "this file is not JSON",
                                            .where = im->path,
                                            .detail = where});
}

static int run(struct importing *im)
{
    json_t *json = NULL;
    int code = read_file(im, &json);

    for (size_t i = 0;
         code < 0 && json_is_array(json) && i < json_array_size(json); i++)
        code = read_answer(im, json_array_get(json, i), i);
    if (code < 0 && !json_is_array(json))
        code = read_answer(im, json, 0);
    json_decref(json);
    if (code < 0)
        code = ask_all(im, /* dry_run */ true);
    if (code < 0 && !im->dry_run && json_array_size(im->refused) == 0)
        code = ask_all(im, /* dry_run */ false);
    return code < 0 ? report(im) : code;
}

int sk_cmd_import_kvs(const struct sk_parsed *parsed)
{
    struct importing im = {.path = parsed->operands[0],
                           .from = sk_cli_get(parsed, "from"),
                           .participant = sk_cli_get(parsed, "participant"),
                           .drafts = json_array(),
                           .unmapped = json_object(),
                           .refused = json_array(),
                           .differs = json_array(),
                           .dry_run = sk_cli_has(parsed, "dry-run")};
    int code = sk_node_open(parsed, &im.client);

    if (code < 0)
        code = run(&im);
    json_decref(im.drafts);
    json_decref(im.unmapped);
    json_decref(im.refused);
    json_decref(im.differs);
    sk_client_close(&im.client);
    return code;
}
