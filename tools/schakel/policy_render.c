#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "policies/civil.h"
#include "policies/words.h"
#include "tools/schakel/out.h"
#include "tools/schakel/policy_rows.h"
#include "tools/schakel/policy_words.h"

/* `schakel policy render`: who sees what, as a table, a page for people, or
   the texts of the consents.  POLICY.md 16, CONSENT.md 7 */

struct rendering {
    struct sk_policy_run *run;
    const struct sk_bundle *bundle;
    const struct sk_vocabulary *v;
    struct sk_matrix matrix;
    struct sk_rows rows; /* of the recipients and purposes asked for */
    char day[11];
};

static const char *word(const struct rendering *r, const char *nl,
                        const char *en)
{
    return sk_policy_word(r->run, nl, en);
}

static const struct sk_roster_org *org_of(const struct rendering *r,
                                          const struct sk_row *row)
{
    return &r->bundle->roster.orgs[row->org];
}

/* ---------------------------------------------------------------- JSON */

/* Strengths of consent in the row: "explicit" before "given". */
static json_t *consent_json(const struct sk_row *row)
{
    json_t *out = json_array();
    bool seen[2] = {false, false};

    for (size_t i = 0; i < row->count; i++)
        seen[row->cells[i].explicit_consent ? 0 : 1] = true;
    if (seen[0])
        json_array_append_new(out, json_string("explicit"));
    if (seen[1])
        json_array_append_new(out, json_string("given"));
    return out;
}

static void put_fields(struct sk_out *o, const struct rendering *r,
                       const struct sk_cell *cells, size_t count)
{
    bool any = false;

    sk_out_text(o, "\n          \"fields\": [");
    for (size_t i = 0; i < count; i++) {
        const struct sk_cell *cell = &cells[i];

        if (cell->field == SK_FACT)
            continue;
        sk_out_text(o, any ? ",\n            {\n              \"consent\": "
                           : "\n            {\n              \"consent\": ");
        sk_out_text(o, cell->explicit_consent ? "\"explicit\"" : "\"given\"");
        sk_out_text(o, ",\n              \"field\": ");
        sk_out_string(o, sk_field_name(r->v, cell->field));
        sk_out_text(o, ",\n              \"level\": ");
        sk_out_string(o, sk_level_name(r->v, cell->field, cell->level));
        sk_out_text(o, "\n            }");
        any = true;
    }
    sk_out_text(o, any ? "\n          ]" : "]");
}

static void put_events(struct sk_out *o, const struct rendering *r,
                       const struct sk_row *row)
{
    size_t to;

    sk_out_text(o, "\n      \"what\": [");
    for (size_t from = 0; from < row->count; from = to) {
        uint16_t event = row->cells[from].spot.event;

        for (to = from; to < row->count && row->cells[to].spot.event == event;)
            to++;
        sk_out_text(o, from > 0 ? ",\n        {\n          \"event\": "
                                : "\n        {\n          \"event\": ");
        sk_out_string(o, r->v->events[event].id);
        sk_out_text(o, ",");
        put_fields(o, r, row->cells + from, to - from);
        sk_out_text(o, "\n        }");
    }
    sk_out_text(o, "\n      ]");
}

/* Takes the reference. */
static void put_strings(struct sk_out *o, const char *key, json_t *list)
{
    size_t i;
    json_t *text;

    sk_out_text(o, key);
    json_array_foreach(list, i, text)
    {
        sk_out_text(o, i > 0 ? ",\n        " : "\n        ");
        sk_out_string(o, sk_text(json_string_value(text)));
    }
    sk_out_text(o, json_array_size(list) > 0 ? "\n      ]," : "],");
    json_decref(list);
}

static void put_json_row(struct sk_out *o, const struct rendering *r,
                         const struct sk_row *row)
{
    const struct sk_purpose *purpose = &r->v->purposes[row->purpose];

    sk_out_text(o, row == r->rows.list ? "\n    {" : ",\n    {");
    put_strings(o, "\n      \"basis\": [", sk_row_basis(row));
    put_strings(o, "\n      \"consent\": [", consent_json(row));
    sk_out_text(o, "\n      \"for\": ");
    sk_out_string(o, purpose->id);
    sk_out_text(o, ",\n      \"for_label\": {\n        \"en\": ");
    sk_out_string(o, purpose->label.en);
    sk_out_text(o, ",\n        \"nl\": ");
    sk_out_string(o, purpose->label.nl);
    sk_out_text(o, "\n      },");
    put_strings(o, "\n      \"retain\": [", sk_row_retain(row));
    sk_out_text(o, "\n      \"to\": ");
    sk_out_string(o, org_of(r, row)->id);
    sk_out_text(o, ",\n      \"to_name\": ");
    sk_out_string(o, org_of(r, row)->name);
    sk_out_text(o, ",");
    put_events(o, r, row);
    sk_out_text(o, "\n    }");
}

static int render_json(const struct rendering *r)
{
    struct sk_out out = {.size = 0};

    sk_out_text(&out, "{\n  \"command\": \"render\",\n  \"day\": ");
    sk_out_string(&out, sk_text(r->day));
    sk_out_text(&out, ",\n  \"ok\": true,\n  \"rows\": [");
    for (size_t i = 0; i < r->rows.count; i++)
        put_json_row(&out, r, &r->rows.list[i]);
    sk_out_text(&out, r->rows.count > 0 ? "\n  ]\n}\n" : "]\n}\n");
    sk_out_flush(&out);
    return SK_EXIT_YES;
}

/* ---------------------------------------------------------------- Markdown */

/* Text in a cell of a table. */
static void put_texts(json_t *list, const char *between)
{
    size_t i;
    json_t *text;

    json_array_foreach(list, i, text)
    {
        fputs(i == 0 ? "" : between, stdout);
        sk_policy_md(sk_text(json_string_value(text)));
    }
    json_decref(list);
}

static void put_what(const struct rendering *r, const struct sk_row *row)
{
    size_t fields = 0;

    for (size_t i = 0; i < row->count; i++) {
        const struct sk_cell *cell = &row->cells[i];
        const struct sk_event_type *event = &r->v->events[cell->spot.event];
        const struct sk_field *field;

        if (i == 0 || row->cells[i - 1].spot.event != cell->spot.event) {
            fputs(i == 0 ? "**" : "<br>**", stdout);
            sk_policy_md(sk_policy_label(r->run, &event->label, event->id));
            fputs("**", stdout);
            fields = 0;
        }
        if (cell->field == SK_FACT)
            continue;
        field = &r->v->fields[cell->field];
        fputs(fields++ == 0 ? ": " : ", ", stdout);
        sk_policy_md(sk_policy_field(r->run, r->v, cell->field));
        if (cell->level != sk_exact(field)) {
            struct sk_label how =
                sk_level_words(field, cell->level, &r->run->arena);

            fputs(" (", stdout);
            sk_policy_md(sk_label_of(&how, r->run->dutch));
            fputs(")", stdout);
        }
        if (cell->explicit_consent)
            fputs(" \xe2\x9c\x93\xe2\x9c\x93", stdout);
    }
}

/* Of whom: who agreed and has a relation; and what `where` asks. */
static void put_whom(const struct rendering *r, const struct sk_row *row)
{
    fputs(word(r, "Deelnemers met een akkoord en een band met deze organisatie",
               "Participants with consent and a relation with this "
               "organisation"),
          stdout);
    for (size_t i = 0; i < row->rules_count; i++) {
        const struct sk_share *share = &r->bundle->shares[row->rules[i]];
        const char *where = sk_policy_where(r->run, r->v, share);

        if (where[0] == '\0')
            continue;
        fputs("<br>", stdout);
        sk_policy_md(share->id);
        fputs(": ", stdout);
        sk_policy_md(sk_text(where));
    }
}

/* Does a rule before it in the row keep as long, from the same day? */
static bool is_kept_as(const struct rendering *r, const struct sk_row *row,
                       size_t at)
{
    const struct sk_share *share = &r->bundle->shares[row->rules[at]];

    for (size_t i = 0; i < at; i++) {
        const struct sk_share *other = &r->bundle->shares[row->rules[i]];

        if (other->retain.count == share->retain.count &&
            other->retain.unit == share->retain.unit &&
            other->retain_from_occurred == share->retain_from_occurred)
            return true;
    }
    return false;
}

static void put_retain(const struct rendering *r, const struct sk_row *row)
{
    for (size_t i = 0; i < row->rules_count; i++) {
        const struct sk_share *share = &r->bundle->shares[row->rules[i]];

        if (is_kept_as(r, row, i))
            continue;
        printf("%s%s %s", i == 0 ? "" : "<br>",
               sk_policy_duration(r->run, share->retain),
               share->retain_from_occurred
                   ? word(r, "na het feit", "after the event")
                   : word(r, "na verzenden", "after sending"));
    }
}

static void put_row(const struct rendering *r, const struct sk_row *row)
{
    const struct sk_purpose *purpose = &r->v->purposes[row->purpose];
    json_t *consent = consent_json(row);
    size_t i;
    json_t *strength;

    fputs("| ", stdout);
    sk_policy_md(org_of(r, row)->name);
    fputs(" | ", stdout);
    sk_policy_md(sk_policy_label(r->run, &purpose->label, purpose->id));
    fputs(" | ", stdout);
    put_whom(r, row);
    fputs(" | ", stdout);
    put_what(r, row);
    fputs(" | ", stdout);
    json_array_foreach(consent, i, strength)
    {
        bool explicit_consent =
            strcmp(json_string_value(strength), "explicit") == 0;

        printf("%s%s", i == 0 ? "" : "<br>",
               explicit_consent
                   ? word(r, "uitdrukkelijk \xe2\x9c\x93\xe2\x9c\x93",
                          "explicit \xe2\x9c\x93\xe2\x9c\x93")
                   : word(r, "gewoon", "given"));
    }
    json_decref(consent);
    fputs(" | ", stdout);
    put_texts(sk_row_basis(row), "<br>");
    fputs(" | ", stdout);
    put_retain(r, row);
    fputs(" |\n", stdout);
}

static int render_table(const struct rendering *r)
{
    printf("%s %.*s/%u, %s\n\n", word(r, "Beleid", "Policy"),
           SK_ARG(r->bundle->owner), r->bundle->policy_version, r->day);
    puts(word(r,
              "| Organisatie | Doel | Van wie? | Wat? | Akkoord | Rechtsgrond "
              "| Bewaren |",
              "| Organisation | Purpose | Of whom? | What? | Consent | Legal "
              "ground | Retention |"));
    puts("|---|---|---|---|---|---|---|");
    for (size_t i = 0; i < r->rows.count; i++)
        put_row(r, &r->rows.list[i]);
    return SK_EXIT_YES;
}

/* ---------------------------------------------------------------- consent */

static json_t *categories_json(const struct rendering *r, uint64_t set)
{
    json_t *out = json_array();

    for (; set != 0; set &= set - 1)
        json_array_append_new(
            out, sk_policy_string(r->v->categories[sk_lowest(set)].id));
    return out;
}

/* "sopraco.work.placement.nl.txt" */
static bool write_notice(const struct rendering *r, const struct sk_row *row,
                         const char *dir, const struct sk_notice *notice)
{
    char name[256];
    char *path;
    enum sk_status status;

    snprintf(name, sizeof(name), "%.*s.%.*s.%s.txt", SK_ARG(org_of(r, row)->id),
             SK_ARG(r->v->purposes[row->purpose].id),
             r->run->dutch ? "nl" : "en");
    path = sk_cli_path(dir, name);
    status = sk_cli_write(
        path, (struct sk_bytes){(const uint8_t *)notice->text, notice->size},
        0644, /* replace */ true);
    if (status == SK_OK)
        printf("%s  %s\n", notice->sha256, path);
    else
        (void)sk_cli_fail_file(status, path);
    free(path);
    return status == SK_OK;
}

/* Every row to the recipient, whatever the purpose asked for. */
static enum sk_status rows_to(const struct rendering *r, uint16_t org,
                              struct sk_rows *out)
{
    struct sk_matrix *matrix = sk_arena_get(&r->run->arena, sizeof(*matrix));

    if (matrix == NULL)
        return SK_E_MEMORY;
    SK_TRY(
        sk_matrix_make(r->bundle, r->matrix.day, org, &r->run->arena, matrix));
    return sk_rows_make(matrix, &r->run->arena, out);
}

static int many(const struct rendering *r)
{
    return sk_policy_bad_option(
        "--to",
        r->rows.count == 0
            ? "op die dag gaat er niets naar deze ontvanger voor dit "
              "doel"
            : "er zijn meer teksten: kies --to en --for, of --out MAP",
        r->rows.count == 0
            ? "nothing goes to this recipient for this purpose on that day"
            : "there are more texts: choose --to and --for, or --out DIR");
}

static int render_notices(const struct rendering *r,
                          const struct sk_notice_names *names, const char *dir)
{
    json_t *list = json_array();
    int code = SK_EXIT_YES;

    if (r->rows.count == 0 ||
        (r->rows.count > 1 && dir == NULL && !r->run->json)) {
        json_decref(list);
        return many(r);
    }
    for (size_t i = 0; i < r->rows.count && code == SK_EXIT_YES; i++) {
        const struct sk_row *row = &r->rows.list[i];
        size_t mark = sk_arena_mark(&r->run->arena);
        struct sk_rows all;
        struct sk_notice notice;

        if (rows_to(r, row->org, &all) != SK_OK ||
            sk_notice_make(r->run, row, &all, names, &notice) != SK_OK) {
            code = sk_policy_no_memory();
            break;
        }
        if (r->run->json)
            json_array_append_new(
                list,
                json_pack("{s:o, s:o, s:s, s:s#, s:o, s:o}", "to",
                          sk_policy_string(org_of(r, row)->id), "for",
                          sk_policy_string(r->v->purposes[row->purpose].id),
                          "sha256", notice.sha256, "text", notice.text,
                          (int)notice.size, "categories",
                          categories_json(r, notice.categories), "explicit",
                          categories_json(r, notice.explicit_categories)));
        else if (dir != NULL && !write_notice(r, row, dir, &notice))
            code = SK_EXIT_CANTCREAT;
        else if (dir == NULL)
            fwrite(notice.text, 1, notice.size, stdout);
        free(notice.text);
        sk_arena_reset(&r->run->arena, mark);
    }
    if (r->run->json && code == SK_EXIT_YES)
        sk_policy_answer(json_pack("{s:s, s:b, s:s, s:O}", "command",
                                   r->run->command, "ok", 1, "day", r->day,
                                   "texts", list));
    json_decref(list);
    return code;
}

/* ---------------------------------------------------------------- command */

/* Keep the rows of one purpose; false when there is no such purpose. */
static bool keep_purpose(struct rendering *r, const char *purpose)
{
    uint16_t at = sk_vocabulary_purpose(r->v, sk_text(purpose));
    size_t count = 0;

    if (at == SK_NONE)
        return false;
    for (size_t i = 0; i < r->rows.count; i++) {
        if (r->rows.list[i].purpose == at)
            r->rows.list[count++] = r->rows.list[i];
    }
    r->rows.count = count;
    return true;
}

static int take_names(const struct sk_parsed *parsed,
                      struct sk_notice_names *out)
{
    const char *until = sk_cli_get(parsed, "until");

    *out = (struct sk_notice_names){
        .participant = sk_cli_get(parsed, "participant"),
        .coach = sk_cli_get(parsed, "coach"),
        .coach_phone = sk_cli_get(parsed, "coach-phone"),
        .privacy = sk_cli_get(parsed, "privacy"),
        .until = INT32_MIN,
    };
    if (until != NULL && !sk_day_parse(sk_text(until), &out->until))
        return sk_policy_bad_option("--until", "dit is geen datum (JJJJ-MM-DD)",
                                    "this is not a date (YYYY-MM-DD)");
    return -1;
}

static int start(struct rendering *r, const struct sk_parsed *parsed)
{
    const char *to = sk_cli_get(parsed, "to");
    const char *purpose = sk_cli_get(parsed, "for");
    uint16_t org = SK_NONE;
    int32_t day = sk_policy_day(r->run);
    enum sk_status status;

    sk_day_format(day, r->day);
    if (to != NULL) {
        org = sk_roster_find(&r->bundle->roster, sk_text(to));
        if (org == SK_NONE)
            return sk_policy_bad_option(
                "--to", "deze organisatie staat niet op de ledenlijst",
                "this organisation is not in the roster");
    }
    status = sk_matrix_make(r->bundle, day, org, &r->run->arena, &r->matrix);
    if (status == SK_OK)
        status = sk_rows_make(&r->matrix, &r->run->arena, &r->rows);
    if (status == SK_E_TOO_LARGE)
        return sk_policy_too_large(r->run);
    if (status != SK_OK)
        return sk_policy_no_memory();
    if (purpose != NULL && !keep_purpose(r, purpose))
        return sk_policy_bad_option("--for", "dit doel bestaat niet",
                                    "this purpose does not exist");
    return -1;
}

int sk_policy_do_render(struct sk_policy_run *run,
                        const struct sk_parsed *parsed)
{
    struct rendering r = {.run = run};
    struct sk_policy_bundle opened;
    struct sk_notice_names names;
    int code = sk_policy_open(run, parsed->operands[0], &opened);

    if (code < 0)
        code = take_names(parsed, &names);
    if (code >= 0)
        return code;
    r.bundle = opened.bundle;
    r.v = sk_bundle_vocabulary(opened.bundle);
    code = start(&r, parsed);
    if (code >= 0)
        return code;
    if (sk_cli_has(parsed, "consent"))
        return render_notices(&r, &names, sk_cli_get(parsed, "out"));
    if (run->json)
        return render_json(&r);
    if (!sk_cli_has(parsed, "for-people"))
        return render_table(&r);
    sk_people_print(run, &r.rows);
    return SK_EXIT_YES;
}
