/* What an import refuses, and where: every field, every kind of value. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "policies/civil.h"
#include "tests/policies/helpers.h"
#include "tools/schakel/import.h"

static struct sk_importer importer;
static struct sk_import_faults faults;
static struct sk_import_row row;
static char out[8192];

static const struct sk_vocabulary *vocabulary(void)
{
    static struct sk_arena arena;
    struct sk_findings findings;
    struct sk_vocabulary *v = NULL;
    struct sk_node *tree = NULL;

    arena = test_arena();
    findings = sk_findings_start(&arena);
    cr_assert(eq(int,
                 sk_yaml_read("vocabulary.yaml",
                              test_file("policies/library/vocabulary.yaml"),
                              &arena, &findings, &tree),
                 SK_OK));
    cr_assert(eq(int, sk_vocabulary_load(tree, &arena, &findings, &v), SK_OK));
    return v;
}

static void say_faults(size_t *used)
{
    for (size_t i = 0; i < faults.count; i++) {
        cr_expect(strlen(faults.list[i].nl) > 8 &&
                  strlen(faults.list[i].en) > 8);
        *used += (size_t)snprintf(out + *used, sizeof(out) - *used,
                                  "%zu:%zu %s %s\n", faults.list[i].line,
                                  faults.list[i].column, faults.list[i].field,
                                  faults.list[i].code);
    }
}

/* Every fault of a file, "LINE:COLUMN FIELD CODE", and good rows as JSON. */
static const char *check(enum sk_import_kind kind, const char *name,
                         struct sk_bytes text)
{
    struct sk_import_file *file = NULL;
    struct sk_import_args args;
    size_t used = 0;

    memset(&importer, 0, sizeof(importer));
    free(faults.list);
    memset(&faults, 0, sizeof(faults));
    out[0] = '\0';
    importer.kind = kind;
    importer.vocabulary = kind == SK_IMPORT_EVENTS ? vocabulary() : NULL;
    cr_assert(sk_day_parse(sk_text("2026-09-01"), &importer.today));
    cr_assert(sk_importer_start(&importer));
    if (sk_import_file_open(name, text, &faults, &file) == SK_OK &&
        (!sk_import_file_is_csv(file) ||
         sk_import_check_columns(&importer, sk_import_file_columns(file),
                                 &faults))) {
        while (sk_import_file_next(file, &faults, &row)) {
            if (!row.bad &&
                sk_import_check_row(&importer, &row, &faults, &args)) {
                char *json =
                    json_dumps(args.args, JSON_COMPACT | JSON_SORT_KEYS);

                used += (size_t)snprintf(
                    out + used, sizeof(out) - used, "%s%s%s%s\n",
                    args.person == NULL ? "" : args.person,
                    args.person == NULL ? "" : " ",
                    args.person == NULL ? "" : args.key, json);
                free(json);
                sk_import_args_free(&args);
            }
            sk_import_row_free(&row);
        }
    }
    say_faults(&used);
    sk_import_file_close(&file);
    sk_importer_end(&importer);
    return out;
}

#define PEOPLE(text, want)                                                     \
    cr_expect(                                                                 \
        eq(str, (char *)check(SK_IMPORT_PARTICIPANTS, "x.csv", sk_text(text)), \
           want))
#define EVENTS(name, text, want)                                               \
    cr_expect(                                                                 \
        eq(str, (char *)check(SK_IMPORT_EVENTS, name, sk_text(text)), want))

Test(import, takes_labels_and_makes_values_canonical)
{
    PEOPLE("KENMERK;voornaam; x \n1;a;b\n", "1:18  x  unknown-column\n");
    PEOPLE("Kenmerk;Voornaam;Rijksregister- of bisnummer;Geboortedatum\n"
           "1; Yara ;91.11.02-998.57;1991\n",
           "{\"birth_date\":\"1991\",\"given_name\":\"Yara\","
           "\"insz\":\"91110299857\",\"source_id\":\"1\"}\n");
    EVENTS("x.csv",
           "source_id;participant_source_id;type;Beroep;Voorkeur;max_hours\n"
           "1;k1;Jobdoelwit gekozen;8344.1;gewenst beroep;19,5\n",
           "source_id k1{\"fields\":{\"max_hours\":\"19.5\","
           "\"occupation\":\"8344.1\",\"preference_kind\":\"wanted\"},"
           "\"source_id\":\"1\",\"type\":\"goal.set\"}\n");
}

Test(import, refuses_a_file_that_is_no_utf8)
{
    PEOPLE("source_id;given_name\n1;Zo\xeb\n", "2:5  not-utf8\n");
    PEOPLE("\xff\xfes\1o", "1:1  not-utf8\n");
    PEOPLE("", "1:1  no-header\n");
}

Test(import, refuses_columns_by_name)
{
    PEOPLE("given_name\nY\n", "1:1 source_id missing-column\n");
    PEOPLE("source_id;given_nam\n1;Y\n", "1:11 given_nam unknown-column\n");
    cr_expect(strstr(faults.list[0].nl, "'given_name'") != NULL);
    PEOPLE("source_id;Voornaam;given_name\n1;Y;Y\n",
           "1:20 given_name column-twice\n");
    /* what a terminal would obey is not shown */
    PEOPLE("source_id;\x1b[2J\n1;x\n", "1:11 ? unknown-column\n");
}

#define P "source_id;given_name;birth_date;insz;administration_from\n"
Test(import, says_what_is_wrong_with_a_participant)
{
    PEOPLE(P "1;;;;\n", "2:3 given_name missing\n");
    PEOPLE(P ";Y;;;\n", "2:1 source_id missing\n");
    PEOPLE(P "1;Y\x01;;;\n", "2:3 given_name control-character\n");
    PEOPLE(P "1;\"Y\nZ\";;;\n", "2:3 given_name control-character\n");
    PEOPLE(P "1;Y\xe2\x80\xae;;;\n", "2:3 given_name hidden-character\n");
    PEOPLE(P "1;Y\xe2\x81\xa9;;;\n", "2:3 given_name hidden-character\n");
    PEOPLE(P "1;Y\xe2\x80\x8b;;;\n", "2:3 given_name hidden-character\n");
    cr_expect(strstr(faults.list[0].en, "character 2 (U+200B)") != NULL);
    PEOPLE(P "1\xe2\x81\xa0;Y;;;\n", "2:1 source_id hidden-character\n");
    PEOPLE(P "1\xe2\x80\xae;Y;;;\n", "2:1 source_id hidden-character\n");
    PEOPLE(P "1;Y;1990-02-30;;\n", "2:5 birth_date bad-date\n");
    PEOPLE(P "1;Y;1850-02-01;;\n", "2:5 birth_date bad-date\n");
    PEOPLE(P "1;Y;30/2/1990;;\n", "2:5 birth_date bad-date\n");
    PEOPLE(P "1;Y;2026-09-02;;\n", "2:5 birth_date future\n");
    PEOPLE(P "1;Y;2027;;\n", "2:5 birth_date future\n");
    PEOPLE(P "1;Y;;91110299858;\n", "2:6 insz insz-invalid\n");
    PEOPLE(P "1;Y;;9111029985;\n", "2:6 insz insz-invalid\n");
    PEOPLE(P "1;Y;;;2026-13-01\n", "2:7 administration_from bad-date\n");
    PEOPLE(P "1;Y;;;\n2;Z;;;\n1;X;;;\n",
           "{\"given_name\":\"Y\",\"source_id\":\"1\"}\n"
           "{\"given_name\":\"Z\",\"source_id\":\"2\"}\n"
           "4:1 source_id twice\n");
    PEOPLE(P "1;Y;;91110299857;\n2;Z;;91.11.02-998.57;\n",
           "{\"given_name\":\"Y\",\"insz\":\"91110299857\","
           "\"source_id\":\"1\"}\n3:6 insz twice\n");
    PEOPLE(P "1;Y;;\n", "2:6  cells\n");
    PEOPLE(P "1;Y;;;;x\n", "2:8  cells\n");
    /* all faults of a row, each with its place */
    PEOPLE(P "1;;1990-02-30;1;x\n",
           "2:4 birth_date bad-date\n2:15 insz insz-invalid\n"
           "2:17 administration_from bad-date\n2:3 given_name missing\n");
}

Test(import, knows_how_long_a_name_may_be)
{
    char text[512];
    char name[202];

    memset(name, 'y', sizeof(name));
    name[201] = '\0';
    snprintf(text, sizeof(text), P "1;%s;;;\n", name);
    PEOPLE(text, "2:3 given_name too-long\n");
    name[200] = '\0';
    snprintf(text, sizeof(text), P "1;%s;;;\n", name);
    cr_expect(check(SK_IMPORT_PARTICIPANTS, "x.csv", sk_text(text)) != NULL);
    cr_expect(eq(sz, faults.count, 0));
}

#define E "source_id;participant;participant_insz;type;occurred"
#define WHO "00000000-0000-4000-8000-000000000001"
Test(import, says_what_is_wrong_with_an_event)
{
    EVENTS("x.csv", E "\n1;;;trajectory.bogus;\n",
           "2:5 type unknown-event-type\n2:3 participant missing\n");
    EVENTS("x.csv", E "\n1;abc;;;\n",
           "2:3 participant bad-value\n2:8 type missing\n");
    EVENTS("x.csv",
           E ";missed_at\n1;" WHO ";91110299857;noshow.reported;;"
             "2026-08-31T09:00\n",
           "2:40 participant_insz twice\n");
    EVENTS("x.csv",
           E ";missed_at\n1;" WHO ";;noshow.reported;2026-09-02;"
             "2026-08-31T09:00\n",
           "2:57 occurred future\n");
    EVENTS("x.csv", E ";missed_at\n1;" WHO ";;noshow.reported;;\n",
           "2:58 missed_at missing\n");
    EVENTS("x.csv",
           E ";missed_at;skill\n1;" WHO ";;noshow.reported;;"
             "2026-08-31T09:00;x\n",
           "2:75 skill not-carried\n");
}

/* One value of each kind that is not of the field. */
Test(import, explains_every_kind_of_value)
{
    static const struct {
        const char *field;
        const char *value;
        const char *type;
        const char *say;
    } rows[] = {
        {"preference_kind", "wantd", "goal.set", "'wanted'"},
        {"occupation", "9x", "goal.set", "ESCO"},
        {"max_hours", "61", "goal.set", "60"},
        {"interpreter", "maybe", "language.assessed", "yes or no"},
        {"language", "NLD1", "language.assessed", "lower case"},
        {"period_week", "2026-36", "attendance.summarised", "2026-W36"},
        {"appointment_at", "2026-09-01", "action.planned", "HH:MM"},
        {"due_date", "1/9/2026", "action.planned", "YYYY-MM-DD"},
        {"workplace_org", "1999900073", "workplace.started", "KBO"},
        {"workplace_org", "BE 19", "workplace.started", "10 digits"},
        {"workplace_unit", "1999900072", "workplace.started", "2 to 8"},
        {"adaptations", "x|y", "workplace.started", "between them"},
        {"coach_phone", "0470", "workplace.started", "+32"},
        {"email", "a@b", "intake.registered", "e-mail"},
        {"municipality", "77", "intake.registered", "NIS"},
        {"skill", "X", "competence.recorded", "UUID"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char text[512];
        bool found = false;

        snprintf(text, sizeof(text),
                 "source_id;participant;type;%s\n1;" WHO ";%s;%s\n",
                 rows[i].field, rows[i].type, rows[i].value);
        (void)check(SK_IMPORT_EVENTS, "x.csv", sk_text(text));
        for (size_t k = 0; k < faults.count; k++)
            found |= strcmp(faults.list[k].field, rows[i].field) == 0 &&
                     strstr(faults.list[k].en, rows[i].say) != NULL &&
                     strstr(faults.list[k].en, rows[i].value) == NULL;
        cr_expect(found, "%s: %s", rows[i].field,
                  faults.count > 0 ? faults.list[0].en : "no fault");
    }
}

/* NDJSON: the same checks; the column is where the name stands. */
Test(import, reads_ndjson)
{
    EVENTS("x.ndjson",
           "\n{\"source_id\":\"1\",\"participant_insz\":\"91.11.02-998.57\","
           "\"type\":\"goal.set\",\"fields\":{\"occupation\":\"8344.1\","
           "\"preference_kind\":\"wanted\",\"max_hours\":19.5}}\n",
           "insz 91110299857{\"fields\":{\"max_hours\":\"19.5\","
           "\"occupation\":\"8344.1\",\"preference_kind\":\"wanted\"},"
           "\"source_id\":\"1\",\"type\":\"goal.set\"}\n");
    EVENTS("x.ndjson", "{\"source_id\":1,\"source_id\":2}\n[]\n{\"a\":\n",
           "1:26  not-json\n2:1  not-json\n3:5  not-json\n");
    EVENTS("x.ndjson",
           "{\"source_id\":\"1\",\"bogus\":1,\"participant\":[],"
           "\"type\":\"goal.set\",\"fields\":{\"occupation\":{},"
           "\"preference_kind\":\"wanted\"}}\n",
           "1:18 bogus unknown-column\n1:28 participant bad-value\n"
           "1:73 occupation bad-value\n");
    EVENTS("x.ndjson", "{\"type\":\"goal.set\",\"Soort\":\"x\"}\n",
           "1:20 Soort column-twice\n1:1 source_id missing\n"
           "1:1 occupation missing\n1:1 preference_kind missing\n"
           "1:1 participant_source_id missing\n");
}
