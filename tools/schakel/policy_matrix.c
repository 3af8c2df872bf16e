#include "tools/schakel/policy_matrix.h"

#include <stdlib.h>
#include <string.h>

#include "policies/civil.h"
#include "policies/matrix.h"
#include "tools/schakel/policy_words.h"

/* `schakel policy matrix`: who sees what on a day.  POLICY.md 10 */

uint8_t sk_shown_level(const struct sk_shown *s, size_t i)
{
    return s->cells != NULL ? s->cells[i].level : s->matrix.cells[i].level;
}

const char *sk_shown_reason(const struct sk_shown *s, size_t i)
{
    return s->cells != NULL ? s->cells[i].reason : NULL;
}

const char *sk_shown_why(const struct sk_shown *s, size_t i)
{
    return sk_reason_text(sk_shown_reason(s, i), s->run->dutch);
}

static const struct sk_roster_org *org_of(const struct sk_shown *s,
                                          const struct sk_cell *cell)
{
    return &s->bundle->roster.orgs[cell->spot.org];
}

static struct sk_bytes purpose_word(const struct sk_shown *s,
                                    const struct sk_cell *cell)
{
    const struct sk_purpose *purpose = &s->v->purposes[cell->spot.purpose];

    return sk_policy_label(s->run, &purpose->label, purpose->id);
}

static struct sk_bytes event_word(const struct sk_shown *s,
                                  const struct sk_cell *cell)
{
    const struct sk_event_type *event = &s->v->events[cell->spot.event];

    return sk_policy_label(s->run, &event->label, event->id);
}

static const struct sk_share *rule_of(const struct sk_shown *s,
                                      const struct sk_cell *cell, size_t i)
{
    return &s->bundle->shares[cell->rules[i]];
}

/* ---------------------------------------------------------------- JSON */

static void put(const char *text)
{
    fputs_unlocked(text, stdout);
}

static void put_word(const char *before, struct sk_bytes word)
{
    put(before);
    fwrite_unlocked(word.data, 1, word.size, stdout);
}

/* What flows; of a person also the most that could, and why it does not. */
static void put_level(const struct sk_shown *s, size_t i)
{
    const struct sk_cell *cell = &s->matrix.cells[i];
    uint8_t level = sk_shown_level(s, i);

    put("\", \"level\": ");
    if (level == 0)
        put("null");
    else {
        put_word("\"", sk_level_name(s->v, cell->field, level));
        put("\"");
    }
    if (s->cells == NULL)
        return;
    put_word(", \"most\": \"", sk_level_name(s->v, cell->field, cell->level));
    put("\"");
    if (sk_shown_reason(s, i) == NULL)
        return;
    put_word(", \"reason\": \"", sk_text(sk_shown_reason(s, i)));
    put("\"");
}

/* Words of a bundle need no escaping (3.4), so a large matrix is written as
   it is read; printf() would take most of the time. */
static void print_json(const struct sk_shown *s)
{
    char day[11];
    char at[21];

    put("{\n  \"cells\": [");
    for (size_t i = 0; i < s->matrix.count; i++) {
        const struct sk_cell *cell = &s->matrix.cells[i];

        put(i > 0 ? ",\n    {\"consent\": \"" : "\n    {\"consent\": \"");
        put(cell->explicit_consent ? "explicit" : "given");
        put_word("\", \"event\": \"", s->v->events[cell->spot.event].id);
        put_word("\", \"field\": \"", sk_field_name(s->v, cell->field));
        put_word("\", \"for\": \"", s->v->purposes[cell->spot.purpose].id);
        put_level(s, i);
        put(", \"rules\": [");
        for (size_t k = 0; k < cell->rules_count; k++)
            put_word(k > 0 ? "\", \"" : "\"", rule_of(s, cell, k)->id);
        put_word("\"], \"to\": \"", org_of(s, cell)->id);
        put("\"}");
    }
    sk_day_format(s->matrix.day, day);
    put(s->matrix.count > 0 ? "\n  ]" : "]");
    if (s->person[0] != '\0') {
        sk_instant_format(s->at, at);
        printf(",\n  \"at\": \"%s\"", at);
    }
    printf(",\n  \"command\": \"matrix\",\n  \"day\": \"%s\",\n  \"ok\": true",
           day);
    if (s->person[0] != '\0')
        printf(",\n  \"person\": \"%s\"", s->person);
    put("\n}\n");
}

/* ---------------------------------------------------------------- table */

/* One row of the table that VDAB publishes: all cells of one recipient and
   purpose. */
struct row {
    size_t from;
    size_t to;
};

static struct row row_at(const struct sk_shown *s, size_t from)
{
    const struct sk_cell *cells = s->matrix.cells;
    struct row row = {from, from + 1};

    while (row.to < s->matrix.count &&
           cells[row.to].spot.org == cells[from].spot.org &&
           cells[row.to].spot.purpose == cells[from].spot.purpose)
        row.to++;
    return row;
}

/* When every rule of a cell has a condition: these conditions. */
static void add_where(const struct sk_shown *s, struct sk_words *words,
                      const struct sk_cell *cell)
{
    for (size_t i = 0; i < cell->rules_count; i++) {
        if (rule_of(s, cell, i)->where_count == 0)
            return;
    }
    for (size_t i = 0; i < cell->rules_count; i++) {
        sk_words_add(words, "%s%s",
                     i == 0
                         ? sk_policy_word(s->run, ", enkel als ", ", only if ")
                         : sk_policy_word(s->run, ", of als ", ", or if "),
                     sk_policy_where(s->run, s->v, rule_of(s, cell, i)));
    }
}

static void add_why(const struct sk_shown *s, struct sk_words *words,
                    const struct sk_cell *cell)
{
    size_t at = (size_t)(cell - s->matrix.cells);

    if (sk_shown_reason(s, at) == NULL)
        return;
    sk_words_add(
        words, "%s%s",
        sk_shown_level(s, at) == 0
            ? sk_policy_word(s->run, "gaat niet: ", "does not go: ")
            : sk_policy_word(s->run, ", niet preciezer: ", ", no further: "),
        sk_shown_why(s, at));
}

static void add_cell(const struct sk_shown *s, struct sk_words *words,
                     const struct sk_cell *cell)
{
    struct sk_bytes word = sk_policy_field(s->run, s->v, cell->field);
    uint8_t level = sk_shown_level(s, (size_t)(cell - s->matrix.cells));

    if (level == 0) {
        if (cell->field != SK_FACT)
            sk_words_add(words, "%.*s ", SK_ARG(word));
        sk_words_add(words, "(");
        add_why(s, words, cell);
        sk_words_add(words, ")");
        return;
    }

    if (cell->field == SK_FACT)
        sk_words_add(
            words, "%s",
            sk_policy_word(s->run, "dat het gebeurd is", "that it happened"));
    else
        sk_words_add(words, "%.*s (%s", SK_ARG(word),
                     sk_policy_level(s->run, s->v, cell->field, level));
    if (cell->field == SK_FACT)
        return;
    add_why(s, words, cell);
    if (cell->explicit_consent && s->person[0] == '\0')
        sk_words_add(words, "%s",
                     sk_policy_word(s->run, ", uitdrukkelijk akkoord",
                                    ", explicit consent"));
    add_where(s, words, cell);
    sk_words_add(words, ")");
}

/* Nothing goes, all for one reason. */
static bool all_closed(const struct sk_shown *s, struct row row)
{
    for (size_t i = row.from; i < row.to; i++) {
        if (sk_shown_level(s, i) > 0 ||
            strcmp(sk_shown_reason(s, i), sk_shown_reason(s, row.from)) != 0)
            return false;
    }
    return true;
}

/* "Opleiding afgerond: Datum (volledig), Resultaat (volledig); ..." */
static const char *what_of(const struct sk_shown *s, struct row row)
{
    const struct sk_cell *cells = s->matrix.cells;
    struct sk_words words = sk_words_start(&s->run->arena);
    bool closed = false; /* the event */

    if (all_closed(s, row)) {
        sk_words_add(&words, "%s%s",
                     sk_policy_word(s->run, "niets: ", "nothing: "),
                     sk_shown_why(s, row.from));
        return words.text;
    }
    for (size_t i = row.from; i < row.to; i++) {
        bool first =
            i == row.from || cells[i].spot.event != cells[i - 1].spot.event;
        bool last =
            i + 1 == row.to || cells[i].spot.event != cells[i + 1].spot.event;
        const char *before = first ? ": " : ", ";

        if (first)
            sk_words_add(&words, "%s%.*s", i == row.from ? "" : "; ",
                         SK_ARG(event_word(s, &cells[i])));
        /* The fact itself goes without saying when a field goes, and when it
           does not go, nothing of the event does. */
        if (cells[i].field == SK_FACT && !last && sk_shown_level(s, i) > 0)
            continue;
        if (cells[i].field != SK_FACT && closed)
            continue;
        closed = cells[i].field == SK_FACT && sk_shown_level(s, i) == 0;
        if (!first && cells[i - 1].field == SK_FACT)
            before = ": ";
        sk_words_add(&words, "%s", before);
        add_cell(s, &words, &cells[i]);
    }
    return words.text;
}

/* The references of all rules of the row, each once. */
static const char *references_of(const struct sk_shown *s, struct row row)
{
    struct sk_words words = sk_words_start(&s->run->arena);
    uint64_t said[SK_RULE_WORDS_MAX] = {0};

    for (size_t i = row.from; i < row.to; i++) {
        const struct sk_cell *cell = &s->matrix.cells[i];

        for (size_t k = 0; k < cell->rules_count; k++)
            said[cell->rules[k] / 64] |= sk_bit(cell->rules[k] % 64);
    }
    for (size_t i = 0; i < s->bundle->shares_count; i++) {
        const struct sk_share *share = &s->bundle->shares[i];
        bool again = false;

        if ((said[i / 64] >> (i % 64) & 1) == 0)
            continue;
        for (size_t k = 0; k < i && !again; k++)
            again = (said[k / 64] >> (k % 64) & 1) != 0 &&
                    sk_bytes_equal(share->reference,
                                   s->bundle->shares[k].reference);
        if (!again)
            sk_words_add(&words, "%s%.*s", words.size > 0 ? "; " : "",
                         SK_ARG(share->reference));
    }
    return words.text;
}

/* The five columns of one row. */
#define COLUMNS 5
static void columns_of(const struct sk_shown *s, struct row row,
                       struct sk_bytes out[COLUMNS])
{
    const struct sk_cell *cell = &s->matrix.cells[row.from];
    const struct sk_roster_org *owner =
        &s->bundle->roster.orgs[s->bundle->owner_at];
    struct sk_words whom = sk_words_start(&s->run->arena);

    if (s->person[0] != '\0')
        sk_words_add(&whom, "%s %s",
                     sk_policy_word(s->run, "deelnemer", "participant"),
                     s->person);
    else
        sk_words_add(&whom,
                     s->run->dutch
                         ? "deelnemers van %.*s met een akkoord en een "
                           "band met de ontvanger"
                         : "participants of %.*s with consent and a "
                           "relation with the recipient",
                     SK_ARG(owner->name));
    out[0] = org_of(s, cell)->name;
    out[1] = purpose_word(s, cell);
    out[2] = sk_text(whom.text);
    out[3] = sk_text(what_of(s, row));
    out[4] = sk_text(references_of(s, row));
}

static void print_row(const struct sk_bytes columns[COLUMNS], bool csv)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        fputs(csv ? (i > 0 ? "," : "") : "| ", stdout);
        if (csv)
            sk_policy_csv_cell(columns[i]);
        else
            sk_policy_md(columns[i]);
        if (!csv)
            putchar(' ');
    }
    puts(csv ? "" : "|");
}

static void print_table(const struct sk_shown *s, bool csv)
{
    const struct sk_policy_run *run = s->run;
    struct sk_bytes columns[COLUMNS] = {
        sk_text(sk_policy_word(run, "Organisatie", "Organisation")),
        sk_text(sk_policy_word(run, "Doel", "Purpose")),
        sk_text(sk_policy_word(run, "Van wie?", "Of whom?")),
        sk_text(sk_policy_word(run, "Wat?", "What?")),
        sk_text(sk_policy_word(run, "Beraadslaging/protocol",
                               "Deliberation/protocol")),
    };
    char day[11];

    sk_day_format(s->matrix.day, day);
    if (!csv)
        printf(run->dutch ? "Wie ziet wat op %s\n\n"
                          : "Who sees what on %s\n\n",
               day);
    print_row(columns, csv);
    if (!csv)
        puts("|---|---|---|---|---|");
    for (size_t i = 0; i < s->matrix.count;) {
        size_t mark = sk_arena_mark(&s->run->arena);
        struct row row = row_at(s, i);

        columns_of(s, row, columns);
        print_row(columns, csv);
        sk_arena_reset(&s->run->arena, mark);
        i = row.to;
    }
}

/* ---------------------------------------------------------------- command */

int sk_shown_make(struct sk_shown *s, const struct sk_bundle *bundle,
                  int32_t day, const char *to)
{
    uint16_t only = SK_NONE;
    enum sk_status status;

    s->bundle = bundle;
    s->v = sk_bundle_vocabulary(bundle);
    if (to != NULL) {
        only = sk_roster_find(&bundle->roster, sk_text(to));
        if (only == SK_NONE)
            return sk_policy_bad_option(
                "--to", "deze organisatie staat niet op de ledenlijst",
                "this organisation is not in the roster");
    }
    status = sk_matrix_make(bundle, day, only, &s->run->arena, &s->matrix);
    if (status == SK_E_TOO_LARGE)
        return sk_policy_too_large(s->run);
    return status == SK_OK ? -1 : sk_policy_no_memory();
}

static int make(struct sk_shown *s, const struct sk_parsed *parsed)
{
    struct sk_policy_bundle loaded;
    int code;

    if (parsed->operands_count == 0 || sk_cli_has(parsed, "person"))
        return sk_shown_of_node(s, parsed);
    code = sk_policy_open(s->run, parsed->operands[0], &loaded);
    return code >= 0 ? code
                     : sk_shown_make(s, loaded.bundle, sk_policy_day(s->run),
                                     sk_cli_get(parsed, "to"));
}

int sk_policy_do_matrix(struct sk_policy_run *run,
                        const struct sk_parsed *parsed)
{
    const char *format = sk_cli_get(parsed, "format");
    struct sk_shown s = {.run = run};
    int code;

    if (format != NULL && strcmp(format, "md") != 0 &&
        strcmp(format, "csv") != 0 && strcmp(format, "json") != 0)
        return sk_policy_bad_option("--format", "kies md, csv of json",
                                    "choose md, csv or json");
    code = make(&s, parsed);
    if (code >= 0)
        return code;
    if (run->json || (format != NULL && strcmp(format, "json") == 0))
        print_json(&s);
    else if (format != NULL)
        print_table(&s, strcmp(format, "csv") == 0);
    else
        return sk_policy_grid(&s);
    return SK_EXIT_YES;
}
