/*
 * An import under way: its rows, and what became of each.  docs/IMPORT.md 3
 */
#ifndef SK_TOOLS_IMPORT_RUN_H
#define SK_TOOLS_IMPORT_RUN_H

#include "tools/schakel/client.h"
#include "tools/schakel/glossary.h"
#include "tools/schakel/import.h"

enum sk_import_outcome {
    SK_IMPORT_NEW,
    SK_IMPORT_ADDED,
    SK_IMPORT_SAME,
    SK_IMPORT_DIFFERS,
    SK_IMPORT_ERASED,
    SK_IMPORT_REFUSED
};

struct sk_import_line {
    size_t line;
    struct sk_bytes raw;
    struct sk_import_args a;
    enum sk_import_outcome outcome;
};

struct sk_import_run {
    const char *path;
    const char *dir;
    struct sk_client *client;
    struct sk_glossary *glossary;
    struct sk_bytes bytes;
    struct sk_import_file *file;
    struct sk_importer importer;
    struct sk_import_faults faults;
    struct sk_import_line *lines;
    size_t count;
    size_t room;
    json_t *people;   /* "source_id kids-7" -> [args, participant or null] */
    json_t **persons; /* the same, by number; borrowed */
    bool dry_run;
    bool skip_bad;
    bool usable;  /* the file, as a whole */
    bool storing; /* what is asked now is no trial */
    bool stored;
    char refused_path[4096];
};

size_t sk_import_count(const struct sk_import_run *im,
                       enum sk_import_outcome outcome);
/* Print it, faults in order of place; the exit status.  import_report.c */
int sk_import_report(struct sk_import_run *im);

#endif
