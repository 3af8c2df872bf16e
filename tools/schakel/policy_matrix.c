#include "tools/schakel/policy_matrix.h"

#include <stdlib.h>
#include <string.h>

#include "policies/civil.h"
#include "policies/matrix.h"
#include "tools/schakel/out.h"
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

static void put_word(struct sk_out *o, const char *before, struct sk_bytes word)
{
    sk_out_text(o, before);
    sk_out_bytes(o, word);
}

/* What flows; of a person also the most that could, and why it does not. */
static void put_level(struct sk_out *o, const struct sk_shown *s, size_t i)
{
    const struct sk_cell *cell = &s->matrix.cells[i];
    uint8_t level = sk_shown_level(s, i);

    sk_out_text(o, "\", \"level\": ");
    if (level == 0)
        sk_out_text(o, "null");
    else {
        put_word(o, "\"", sk_level_name(s->v, cell->field, level));
        sk_out_text(o, "\"");
    }
    if (s->cells == NULL)
        return;
    put_word(o, ", \"most\": \"",
             sk_level_name(s->v, cell->field, cell->level));
    sk_out_text(o, "\"");
    if (sk_shown_reason(s, i) == NULL)
        return;
    put_word(o, ", \"reason\": \"", sk_text(sk_shown_reason(s, i)));
    sk_out_text(o, "\"");
}

/* Words of a bundle need no escaping (3.4). */
static void put_cell(struct sk_out *o, const struct sk_shown *s, size_t i)
{
    const struct sk_cell *cell = &s->matrix.cells[i];

    sk_out_text(o,
                i > 0 ? ",\n    {\"consent\": \"" : "\n    {\"consent\": \"");
    sk_out_text(o, cell->explicit_consent ? "explicit" : "given");
    put_word(o, "\", \"event\": \"", s->v->events[cell->spot.event].id);
    put_word(o, "\", \"field\": \"", sk_field_name(s->v, cell->field));
    put_word(o, "\", \"for\": \"", s->v->purposes[cell->spot.purpose].id);
    put_level(o, s, i);
    sk_out_text(o, ", \"rules\": [");
    for (size_t k = 0; k < cell->rules_count; k++)
        put_word(o, k > 0 ? "\", \"" : "\"", rule_of(s, cell, k)->id);
    put_word(o, "\"], \"to\": \"", org_of(s, cell)->id);
    sk_out_text(o, "\"}");
}

static void print_json(const struct sk_shown *s)
{
    struct sk_out out = {.size = 0};
    char day[11];
    char at[21];

    sk_out_text(&out, "{\n  \"cells\": [");
    for (size_t i = 0; i < s->matrix.count; i++)
        put_cell(&out, s, i);
    sk_out_text(&out, s->matrix.count > 0 ? "\n  ]" : "]");
    if (s->person[0] != '\0') {
        sk_instant_format(s->at, at);
        put_word(&out, ",\n  \"at\": \"", sk_text(at));
        sk_out_text(&out, "\"");
    }
    sk_day_format(s->matrix.day, day);
    put_word(&out, ",\n  \"command\": \"matrix\",\n  \"day\": \"",
             sk_text(day));
    sk_out_text(&out, "\",\n  \"ok\": true");
    if (s->person[0] != '\0') {
        put_word(&out, ",\n  \"person\": \"", sk_text(s->person));
        sk_out_text(&out, "\"");
    }
    sk_out_text(&out, "\n}\n");
    sk_out_flush(&out);
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

    if (cell->field == SK_FACT) {
        sk_words_text(words,
                      sk_text(sk_policy_word(s->run, "dat het gebeurd is",
                                             "that it happened")));
        return;
    }
    sk_words_text(words, word);
    sk_words_text(words, sk_text(" ("));
    sk_words_text(words,
                  sk_text(sk_policy_level(s->run, s->v, cell->field, level)));
    add_why(s, words, cell);
    if (cell->explicit_consent && s->person[0] == '\0')
        sk_words_text(words,
                      sk_text(sk_policy_word(s->run, ", uitdrukkelijk akkoord",
                                             ", explicit consent")));
    add_where(s, words, cell);
    sk_words_text(words, sk_text(")"));
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
        sk_words_text(&words, sk_text(before));
        add_cell(s, &words, &cells[i]);
    }
    return words.text;
}

/* The reference of a rule, unless a rule before it has the same. */
static void add_reference(const struct sk_shown *s, const uint64_t *said,
                          size_t at, struct sk_words *words)
{
    const struct sk_share *shares = s->bundle->shares;

    for (size_t w = 0; w <= at / 64; w++) {
        uint64_t before = said[w];

        if (w == at / 64)
            before &= sk_bit(at % 64) - 1;
        for (; before != 0; before &= before - 1) {
            if (sk_bytes_equal(shares[w * 64 + sk_lowest(before)].reference,
                               shares[at].reference))
                return;
        }
    }
    if (words->size > 0)
        sk_words_text(words, sk_text("; "));
    sk_words_text(words, shares[at].reference);
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
    for (size_t w = 0; w < s->bundle->share_words; w++) {
        for (uint64_t left = said[w]; left != 0; left &= left - 1)
            add_reference(s, said, w * 64 + sk_lowest(left), &words);
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
