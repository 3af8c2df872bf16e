#include <string.h>

#include "policies/civil.h"
#include "tools/schakel/policy_export.h"
#include "tools/schakel/policy_words.h"

/* `schakel policy export`: the record of processing activities.  The ODRL form
   is in policy_odrl.c.  POLICY.md 17 */

/* One recipient and purpose over several days. */
struct record {
    uint64_t categories; /* none: nothing flows */
    uint64_t *rules;     /* a set of bundle->shares */
};

struct recording {
    const struct sk_bundle *bundle;
    struct sk_arena *arena;
    struct sk_ways ways;
    struct record *records; /* per recipient and purpose */
};

/* ---------------------------------------------------------------- collect */

static struct record *record_of(const struct recording *r, uint16_t org,
                                uint16_t purpose)
{
    return &r->records[org * r->bundle->vocabulary->purposes_count + purpose];
}

static enum sk_status start(struct recording *r)
{
    const struct sk_bundle *bundle = r->bundle;
    size_t count = bundle->roster.count * bundle->vocabulary->purposes_count;
    uint64_t *rules = sk_arena_get_array(
        r->arena, count * bundle->share_words + 1, sizeof(*rules));

    r->records = sk_arena_get_array(r->arena, count + 1, sizeof(*r->records));
    if (r->records == NULL || rules == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < count; i++)
        r->records[i].rules = rules + i * bundle->share_words;
    return sk_ways_start(bundle, r->arena, &r->ways);
}

static enum sk_status collect_day(struct recording *r, int32_t day)
{
    size_t mark = sk_arena_mark(r->arena);
    struct sk_matrix matrix;

    SK_TRY(sk_matrix_make(r->bundle, day, SK_NONE, r->arena, &matrix));
    for (size_t i = 0; i < matrix.count; i++) {
        const struct sk_cell *cell = &matrix.cells[i];
        struct record *record =
            record_of(r, cell->spot.org, cell->spot.purpose);

        record->categories |= sk_way_tells(
            r->bundle->vocabulary, cell->spot.event, cell->field, cell->level);
        for (size_t k = 0; k < cell->rules_count; k++)
            record->rules[cell->rules[k] / 64] |= sk_bit(cell->rules[k] % 64);
    }
    sk_arena_reset(r->arena, mark);
    return SK_OK;
}

/* The days on which the matrix can change (POLICY.md 11.1): what flows on the
   first day of a rule flows also between them. */
static enum sk_status collect(struct recording *r, int32_t day)
{
    const struct sk_bundle *bundle = r->bundle;

    if (day != INT32_MIN)
        return collect_day(r, day);
    for (size_t i = 0; i < bundle->shares_count; i++) {
        bool seen = false;

        for (size_t k = 0; k < i; k++)
            seen = seen || bundle->shares[k].from == bundle->shares[i].from;
        if (!seen)
            SK_TRY(collect_day(r, bundle->shares[i].from));
    }
    return SK_OK;
}

/* ---------------------------------------------------------------- lists */

static int compare(const json_t *a, const json_t *b)
{
    return strcmp(json_string_value(a), json_string_value(b));
}

/* Into a sorted list, once; takes the reference. */
static void insert(json_t *list, json_t *text)
{
    size_t at = 0;

    while (at < json_array_size(list) &&
           compare(json_array_get(list, at), text) < 0)
        at++;
    if (at < json_array_size(list) &&
        compare(json_array_get(list, at), text) == 0)
        json_decref(text);
    else
        json_array_insert_new(list, at, text);
}

static void add_categories(const struct sk_vocabulary *v, uint64_t set,
                           json_t *categories, json_t *special)
{
    for (; set != 0; set &= set - 1) {
        const struct sk_category *c = &v->categories[sk_lowest(set)];

        insert(categories, sk_policy_string(c->id));
        if (c->special.size != 0)
            insert(special, sk_policy_string(c->special));
    }
}

static void add_rule(const struct sk_share *share, json_t *record)
{
    insert(json_object_get(record, "rules"), sk_policy_string(share->id));
    insert(json_object_get(record, "legal_basis"),
           json_sprintf("%.*s: %.*s", SK_ARG(share->gdpr_word),
                        SK_ARG(share->reference)));
    if (share->art9.size != 0)
        insert(json_object_get(record, "art9"), sk_policy_string(share->art9));
    insert(json_object_get(record, "retention"),
           json_sprintf("%.*s from %s", SK_ARG(share->retain_text),
                        share->retain_from_occurred ? "occurred" : "sent"));
    for (unsigned i = 0; i < SK_DUTIES_COUNT; i++) {
        if ((share->duties >> i & 1) != 0)
            insert(json_object_get(record, "measures"),
                   json_string(sk_duty_words[i]));
    }
}

static json_t *record_json(const struct recording *r, uint16_t org,
                           uint16_t purpose, const struct record *record)
{
    const struct sk_vocabulary *v = r->bundle->vocabulary;
    const struct sk_roster_org *to = &r->bundle->roster.orgs[org];
    json_t *out = json_pack(
        "{s:o, s:o, s:o, s:o, s:s, s:[], s:[], s:[], s:[], s:[], s:[], s:[]}",
        "controller", sk_policy_string(r->bundle->owner), "recipient",
        sk_policy_string(to->id), "recipient_name", sk_policy_string(to->name),
        "purpose", sk_policy_string(v->purposes[purpose].id), "data_subjects",
        "participants", "categories", "special", "legal_basis", "art9",
        "retention", "measures", "rules");

    add_categories(v, record->categories, json_object_get(out, "categories"),
                   json_object_get(out, "special"));
    for (size_t i = 0; i < r->bundle->shares_count; i++) {
        if ((record->rules[i / 64] >> (i % 64) & 1) != 0)
            add_rule(&r->bundle->shares[i], out);
    }
    return out;
}

/* ---------------------------------------------------------------- ropa */

/* The columns of art. 30, as a register of processing has them. */
static const struct {
    const char *key;
    const char *nl;
    const char *en;
} columns[] = {
    {"controller", "Verwerkingsverantwoordelijke", "Controller"},
    {"recipient", "Ontvanger", "Recipient"},
    {"recipient_name", "Naam van de ontvanger", "Name of the recipient"},
    {"purpose", "Doel", "Purpose"},
    {"data_subjects", "Betrokkenen", "Data subjects"},
    {"categories", "Categorieën van gegevens", "Categories of data"},
    {"special", "Bijzondere categorieën", "Special categories"},
    {"legal_basis", "Rechtsgrond", "Legal basis"},
    {"art9", "Grond van art. 9", "Ground of art. 9"},
    {"retention", "Bewaartermijn", "Retention"},
    {"measures", "Maatregelen", "Measures"},
    {"rules", "Deelregels", "Rules"},
};

/* The members of a list behind each other in one cell. */
static void print_cell(struct sk_policy_run *run, const json_t *value)
{
    struct sk_words words = sk_words_start(&run->arena);

    if (json_is_string(value)) {
        sk_policy_csv_cell(sk_text(json_string_value(value)));
        return;
    }
    for (size_t i = 0; i < json_array_size(value); i++)
        sk_words_add(&words, "%s%s", i > 0 ? "; " : "",
                     json_string_value(json_array_get(value, i)));
    sk_policy_csv_cell((struct sk_bytes){(uint8_t *)words.text, words.size});
}

static void print_csv(struct sk_policy_run *run, const json_t *list)
{
    for (size_t c = 0; c < SK_COUNT(columns); c++) {
        fputs(c > 0 ? "," : "", stdout);
        sk_policy_csv_cell(
            sk_text(sk_policy_word(run, columns[c].nl, columns[c].en)));
    }
    putchar('\n');
    for (size_t i = 0; i < json_array_size(list); i++) {
        for (size_t c = 0; c < SK_COUNT(columns); c++) {
            fputs(c > 0 ? "," : "", stdout);
            print_cell(
                run, json_object_get(json_array_get(list, i), columns[c].key));
        }
        putchar('\n');
    }
}

static int export_ropa(struct sk_policy_run *run,
                       const struct sk_bundle *bundle, bool csv)
{
    struct recording r = {.bundle = bundle, .arena = &run->arena};
    enum sk_status status = start(&r);
    json_t *list;

    if (status == SK_OK)
        status = collect(&r, run->day);
    if (status == SK_E_TOO_LARGE)
        return sk_policy_too_large(run);
    if (status != SK_OK)
        return sk_policy_no_memory();
    list = json_array();
    /* By recipient, then purpose. */
    for (size_t org = 0; org < bundle->roster.count; org++) {
        for (size_t p = 0; p < r.ways.purposes_count; p++) {
            const struct record *record =
                record_of(&r, r.ways.orgs[org], r.ways.purposes[p]);

            if (record->categories != 0)
                json_array_append_new(list,
                                      record_json(&r, r.ways.orgs[org],
                                                  r.ways.purposes[p], record));
        }
    }
    if (!csv) {
        sk_policy_answer(json_pack("{s:s, s:s, s:o}", "command", run->command,
                                   "format", "ropa", "records", list));
        return SK_EXIT_YES;
    }
    print_csv(run, list);
    json_decref(list);
    return SK_EXIT_YES;
}

/* ---------------------------------------------------------------- command */

int sk_policy_do_export(struct sk_policy_run *run,
                        const struct sk_parsed *parsed)
{
    const char *format = sk_cli_get(parsed, "format");
    bool odrl = strcmp(format, "odrl") == 0;
    bool dpv = strcmp(format, "dpv") == 0;
    bool csv = strcmp(format, "ropa-csv") == 0;
    struct sk_policy_bundle opened;
    int code;

    if (!odrl && !csv && !dpv && strcmp(format, "ropa") != 0)
        return sk_policy_bad_option("--format",
                                    "kies odrl, dpv, ropa of ropa-csv",
                                    "choose odrl, dpv, ropa or ropa-csv");
    if (!dpv && sk_cli_has(parsed, "participant"))
        return sk_policy_bad_option("--participant",
                                    "dit hoort bij --format dpv",
                                    "this goes with --format dpv");
    code = sk_policy_open(run, parsed->operands[0], &opened);
    if (code >= 0)
        return code;
    if (dpv)
        return sk_policy_export_dpv(run, opened.bundle, parsed);
    if (!odrl)
        return export_ropa(run, opened.bundle, csv);
    return sk_odrl_print(opened.bundle, run->day, &run->arena)
               ? SK_EXIT_YES
               : sk_policy_no_memory();
}
