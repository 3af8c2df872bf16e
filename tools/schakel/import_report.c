#include "tools/schakel/import_run.h"

#include <stdlib.h>
#include <string.h>

#include "tools/schakel/cli.h"
#include "tools/schakel/json.h"

size_t sk_import_count(const struct sk_import_run *im,
                       enum sk_import_outcome outcome)
{
    size_t count = 0;

    for (size_t i = 0; i < im->count; i++)
        count += im->lines[i].outcome == outcome;
    return count;
}

static int compare_faults(const void *a, const void *b)
{
    const struct sk_import_fault *x = a;
    const struct sk_import_fault *y = b;

    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    return 0;
}

static void tell_faults(struct sk_import_run *im)
{
    for (size_t i = 0; i < im->faults.count; i++) {
        const struct sk_import_fault *f = &im->faults.list[i];

        fprintf(stderr, "%s:%zu:%zu: %s%s%s\n", im->path, f->line, f->column,
                f->field, f->field[0] == '\0' ? "" : ": ",
                sk_cli_word(f->nl, f->en));
    }
    for (size_t i = 0; i < im->count; i++) {
        if (im->lines[i].outcome == SK_IMPORT_DIFFERS)
            fprintf(stderr, "%s:%zu: %s\n", im->path, im->lines[i].line,
                    sk_cli_word("dit kenmerk kwam al binnen met andere "
                                "gegevens; er is niets veranderd",
                                "this key came in before with other values; "
                                "nothing was changed"));
        if (im->lines[i].outcome == SK_IMPORT_ERASED)
            fprintf(stderr, "%s:%zu: %s\n", im->path, im->lines[i].line,
                    sk_cli_word("wat onder dit kenmerk stond is hier gewist, "
                                "en komt niet terug",
                                "what was under this key was erased here, and "
                                "does not come back"));
    }
}

static json_t *lines_of(const struct sk_import_run *im,
                        enum sk_import_outcome outcome)
{
    json_t *list = json_array();

    for (size_t i = 0; i < im->count; i++)
        if (im->lines[i].outcome == outcome)
            json_array_append_new(list,
                                  json_integer((json_int_t)im->lines[i].line));
    return list;
}

static void print_json(const struct sk_import_run *im, bool good)
{
    json_t *refused = json_array();
    json_t *result =
        json_pack("{s:I, s:I, s:I, s:I, s:o, s:o, s:b, s:b}", "rows",
                  (json_int_t)im->count, "added",
                  (json_int_t)sk_import_count(im, SK_IMPORT_ADDED), "new",
                  (json_int_t)sk_import_count(im, SK_IMPORT_NEW), "known",
                  (json_int_t)sk_import_count(im, SK_IMPORT_SAME), "differs",
                  lines_of(im, SK_IMPORT_DIFFERS), "erased",
                  lines_of(im, SK_IMPORT_ERASED), "dry_run", im->dry_run,
                  "stored", im->stored);
    json_t *out;

    for (size_t i = 0; i < im->faults.count; i++) {
        const struct sk_import_fault *f = &im->faults.list[i];

        json_array_append_new(refused,
                              json_pack("{s:I, s:I, s:s, s:s, s:s, s:s}",
                                        "line", (json_int_t)f->line, "column",
                                        (json_int_t)f->column, "field",
                                        f->field, "code", f->code, "message_nl",
                                        f->nl, "message_en", f->en));
    }
    json_object_set_new(result, "refused", refused);
    if (im->refused_path[0] != '\0')
        json_object_set_new(result, "refused_file",
                            json_string(im->refused_path));
    out = json_pack("{s:b, s:o}", "ok", good, "result", result);
    sk_json_print(out);
    json_decref(out);
}

static void print_summary(const struct sk_import_run *im)
{
    bool nl = sk_cli_dutch();
    size_t refused = sk_import_count(im, SK_IMPORT_REFUSED);
    size_t fresh = sk_import_count(im, SK_IMPORT_NEW) +
                   sk_import_count(im, SK_IMPORT_ADDED);
    static const struct sk_noun rows = {{"rij", "rijen"}, {"row", "rows"}};

    if (!im->usable) {
        puts(nl ? "Dit bestand is zo niet te gebruiken; er is niets bewaard."
                : "This file cannot be used as it is; nothing was stored.");
        return;
    }
    printf(nl ? "%zu %s: %zu nieuw, %zu al bekend, %zu geweigerd.\n"
              : "%zu %s: %zu new, %zu known already, %zu refused.\n",
           im->count, sk_noun_word(&rows, nl, im->count), fresh,
           im->count - fresh - refused, refused);
    if (im->dry_run)
        puts(nl ? "Dit was een proef: er is niets bewaard."
                : "This was a trial: nothing was stored.");
    else if (!im->stored)
        puts(nl ? "Er is niets bewaard.  Verbeter wat hierboven staat, of "
                  "bewaar de rest met --skip-bad."
                : "Nothing was stored.  Correct what stands above, or store "
                  "the rest with --skip-bad.");
    else
        printf(nl ? "%zu bewaard.\n" : "%zu stored.\n",
               sk_import_count(im, SK_IMPORT_ADDED));
    if (im->refused_path[0] != '\0')
        printf(nl ? "Wat geweigerd is staat in %s\n"
                  : "What was refused is in %s\n",
               im->refused_path);
}

int sk_import_report(struct sk_import_run *im)
{
    bool good = im->faults.count == 0;

    if (im->faults.count > 0)
        qsort(im->faults.list, im->faults.count, sizeof(*im->faults.list),
              compare_faults);
    if (sk_cli_json()) {
        print_json(im, good);
    } else {
        tell_faults(im);
        print_summary(im);
    }
    return good ? SK_EXIT_YES : SK_EXIT_NO;
}
