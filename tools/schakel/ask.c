#include "tools/schakel/ask.h"

#include <stdio.h>
#include <string.h>

#include "protocol/texts.h"
#include "tools/schakel/cli.h"
#include "tools/schakel/hint.h"
#include "tools/schakel/json.h"
#include "tools/schakel/render.h"

/* ------------------------------------------------------------- asking */
static int fail_connect(enum sk_status status, const char *dir)
{
    struct sk_problem problem = {
        .code = "node-not-running",
        .nl = "er draait geen knooppunt in deze map",
        .en = "no node runs in this folder",
        .where = dir,
        .next_nl = "start het met: schakeld --dir MAP (of noem de juiste map "
                   "met --dir)",
        .next_en = "start it with: schakeld --dir DIR (or name the right "
                   "folder with --dir)"};

    if (status == SK_E_REFUSED) {
        problem.code = "permission";
        problem.nl = "u mag niet bij dit knooppunt";
        problem.en = "you may not talk to this node";
        problem.next_nl = "doe dit als de gebruiker van het knooppunt";
        problem.next_en = "do this as the user that runs the node";
        return sk_cli_fail(SK_EXIT_NOPERM, &problem);
    }
    if (status != SK_E_NOT_FOUND)
        problem.detail = sk_status_text(status);
    return sk_cli_fail(SK_EXIT_UNAVAILABLE, &problem);
}

/* The node went away in the middle of a request. */
static void tell_lost(void *context)
{
    (void)context;
    fputs(sk_cli_word(
              "schakel: het knooppunt viel weg voor het antwoord kwam; zodra "
              "het terug is, gaat\n"
              "  dezelfde vraag opnieuw (ze wordt maar een keer uitgevoerd)\n",
              "schakel: the node went away before it answered; as soon as it "
              "is back the same\n"
              "  request goes again (it is done only once)\n"),
          stderr);
}

static void tell_slow(void *context)
{
    (void)context;
    fputs(sk_cli_word("schakel: het knooppunt antwoordt nog niet; wacht, "
                      "hoogstens een minuut\n",
                      "schakel: the node does not answer yet; wait, a minute "
                      "at most\n"),
          stderr);
}

void sk_ask_tell(struct sk_client *client)
{
    sk_client_hook(client, &(struct sk_client_hooks){.lost = tell_lost,
                                                     .slow = tell_slow});
}

int sk_ask_open(const char *dir, struct sk_client **out)
{
    enum sk_status status = sk_client_open(dir, out);

    if (status != SK_OK)
        return fail_connect(status, dir);
    sk_ask_tell(*out);
    return -1;
}

/* An error reply: the code in words, what it is about, the next step. */
/* Not what the node decided, but what it could not make anything of. */
static int exit_code_of(const char *code)
{
    static const char *const uses[] = {"bad-argument",     "bad-request",
                                       "insz-invalid",     "missing-argument",
                                       "unknown-argument", "unknown-op"};

    for (size_t i = 0; i < SK_COUNT(uses); i++)
        if (strcmp(code, uses[i]) == 0)
            return SK_EXIT_USAGE;
    return SK_EXIT_NO;
}

/* The next step: of the field concerned, or else of the code. */
static const char *next_of(const char *code, const char *field, bool dutch)
{
    static const struct {
        const char *code;
        const char *field;
        const char *nl;
        const char *en;
    } all[] = {
        {"consent-not-leaf", "recipients",
         "Deze partner staat niet in het charter.  Zie: schakel peer list.",
         "This partner is not in the charter.  See: schakel peer list."},
        {"consent-not-leaf", "categories",
         "Deze soort bestaat niet, of heeft onderverdelingen.  Zie: schakel "
         "charter text.",
         "This category does not exist, or has parts.  See: schakel charter "
         "text."},
        {"consent-not-leaf", "purposes",
         "Dit doel bestaat niet, of heeft onderverdelingen.  Zie: schakel "
         "charter text.",
         "This purpose does not exist, or has parts.  See: schakel charter "
         "text."},
    };

    for (size_t i = 0; i < SK_COUNT(all); i++)
        if (strcmp(all[i].code, code) == 0 && strcmp(all[i].field, field) == 0)
            return dutch ? all[i].nl : all[i].en;
    return sk_code_next(code, dutch);
}

int sk_ask_refused(const json_t *reply)
{
    const json_t *error = json_object_get(reply, "error");
    const char *code = sk_json_text(error, "code");
    const json_t *findings = json_object_get(error, "errors");
    const char *nl = sk_code_text(code, true);
    const char *en = sk_code_text(code, false);
    long long place = json_integer_value(json_object_get(error, "place"));
    char detail[40];

    if (sk_cli_json()) {
        sk_json_print(reply);
        return exit_code_of(code);
    }
    for (size_t i = 0; i < json_array_size(findings); i++) {
        const json_t *f = json_array_get(findings, i);

        fprintf(stderr, "policy:%lld:%lld: %s: %s\n",
                (long long)json_integer_value(json_object_get(f, "line")),
                (long long)json_integer_value(json_object_get(f, "column")),
                sk_json_text(f, "code"),
                sk_json_text(f, sk_cli_dutch() ? "message_nl" : "message_en"));
    }
    if (place > 0)
        snprintf(detail, sizeof(detail), "%s %lld",
                 sk_cli_word("teken", "character"), place);
    return sk_cli_fail(
        exit_code_of(code),
        &(struct sk_problem){
            .code = code,
            .nl = nl == NULL ? code : nl,
            .en = en == NULL ? code : en,
            .where = sk_json_text(error, "field"),
            .detail = place > 0 ? detail
                                : sk_render_word(sk_json_text(error, "detail"),
                                                 sk_cli_dutch()),
            .next_nl = next_of(code, sk_json_text(error, "field"), true),
            .next_en = next_of(code, sk_json_text(error, "field"), false)});
}

/* ------------------------------------------------------------- unknown */

bool sk_ask_changes(const char *op)
{
    static const char *const looks[] = {".status",  ".show", ".list", ".find",
                                        ".preview", ".try",  ".peek", ".check"};
    const char *verb = strrchr(op, '.');

    for (size_t i = 0; verb != NULL && i < SK_COUNT(looks); i++)
        if (strcmp(verb, looks[i]) == 0)
            return false;
    return true;
}

/* Where it shows whether an operation was done. */
static const char *where_it_shows(const char *op)
{
    static const char *const shows[][2] = {
        {"participant.", "schakel participant find"},
        {"relation.", "schakel participant show"},
        {"objection.", "schakel participant show"},
        {"event.", "schakel event list"},
        {"consent.", "schakel consent list"},
        {"disclosure.", "schakel disclosure list"},
        {"inbox.", "schakel inbox list"},
        {"handover.", "schakel handover list"},
        {"erasure.", "schakel erasure list"},
        {"policy.", "schakel policy show"},
        {"charter.", "schakel charter show"},
        {"card.", "schakel peer list"},
    };

    for (size_t i = 0; i < SK_COUNT(shows); i++)
        if (strncmp(op, shows[i][0], strlen(shows[i][0])) == 0)
            return shows[i][1];
    return "schakel status";
}

static int fail_unknown(const char *op, const char *line)
{
    char next_nl[256];
    char next_en[256];

    snprintf(next_nl, sizeof(next_nl),
             "start het knooppunt en kijk eerst of het gebeurd is, met: %s",
             where_it_shows(op));
    snprintf(next_en, sizeof(next_en),
             "start the node and look first whether it was done, with: %s",
             where_it_shows(op));
    return sk_cli_fail(
        SK_EXIT_UNAVAILABLE,
        &(struct sk_problem){
            .code = "outcome-unknown",
            .nl = "het knooppunt kreeg de vraag, maar gaf geen antwoord: of ze "
                  "is uitgevoerd, is niet bekend",
            .en = "the node got the request but gave no answer: whether it was "
                  "done is not known",
            .where = op,
            .detail = line,
            .next_nl = next_nl,
            .next_en = next_en});
}

int sk_ask_failed(const struct sk_client *client, const char *op,
                  enum sk_status status, size_t line)
{
    char place[64] = "";
    bool lost = status == SK_E_CLOSED || status == SK_E_AGAIN;

    if (line > 0)
        snprintf(place, sizeof(place), "%s %zu", sk_cli_word("regel", "line"),
                 line);
    if (lost && sk_client_is_unknown(client) && sk_ask_changes(op))
        return fail_unknown(op, place);
    return sk_cli_fail(
        SK_EXIT_UNAVAILABLE,
        &(struct sk_problem){
            .code = "no-answer",
            .nl = "het knooppunt gaf geen antwoord; er is niets veranderd",
            .en = "the node gave no answer; nothing was changed",
            .where = place,
            .detail = status == SK_E_AGAIN ? NULL : sk_status_text(status),
            .next_nl = "kijk met: schakel doctor",
            .next_en = "look with: schakel doctor"});
}

int sk_ask(struct sk_client *client, const char *op, const json_t *args,
           const struct sk_blob *blobs, size_t blobs_count, json_t **reply)
{
    enum sk_status status =
        sk_client_call(client, op, args, blobs, blobs_count, reply);
    int code;

    if (status != SK_OK)
        return sk_ask_failed(client, op, status, 0);
    if (json_is_true(json_object_get(*reply, "ok")))
        return -1;
    code = sk_ask_refused(*reply);
    if (!sk_cli_json())
        sk_hint(client, args, json_object_get(*reply, "error"));
    json_decref(*reply);
    *reply = NULL;
    return code;
}

/* Where the next page begins: a value of `after`, or arguments by name.
   False: it begins where this one did, and so would all others. */
static bool take_next(json_t *args, json_t *next)
{
    json_t *before = json_copy(args);
    bool moved;

    if (json_is_object(next))
        json_object_update(args, next);
    else
        json_object_set(args, "after", next);
    moved = !json_equal(args, before);
    json_decref(before);
    return moved;
}

static int fail_pages(const char *op)
{
    return sk_cli_fail(
        SK_EXIT_SOFTWARE,
        &(struct sk_problem){.code = "internal",
                             .nl = sk_code_text("internal", true),
                             .en = sk_code_text("internal", false),
                             .where = op,
                             .next_nl = sk_code_next("internal", true),
                             .next_en = sk_code_next("internal", false)});
}

int sk_ask_pages(struct sk_client *client, const char *op, const json_t *args,
                 const char *key, json_t **reply)
{
    json_t *with = args == NULL ? json_object() : json_deep_copy(args);
    json_t *all = NULL;
    bool more = true;
    int code = -1;

    *reply = NULL;
    while (code < 0 && more) {
        json_t *page = NULL;
        json_t *result;

        code = sk_ask(client, op, with, NULL, 0, &page);
        if (code >= 0)
            break;
        result = json_object_get(page, "result");
        more = json_is_true(json_object_get(result, "more"));
        if (more && !take_next(with, json_object_get(result, "next")))
            code = fail_pages(op);
        if (all == NULL) {
            *reply = json_incref(page);
            all = json_object_get(result, key);
        } else {
            json_array_extend(all, json_object_get(result, key));
        }
        json_decref(page);
    }
    json_decref(with);
    if (code >= 0) {
        json_decref(*reply);
        *reply = NULL;
    }
    return code;
}
