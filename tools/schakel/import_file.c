#include "tools/schakel/import.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "protocol/utf8.h"

struct sk_import_file {
    bool csv;
    struct sk_bytes bytes; /* behind the byte order mark */
    struct sk_csv reader;
    struct sk_csv_row *row;
    struct sk_csv_row *header;
    struct sk_import_row columns;
    size_t at; /* NDJSON */
    size_t line;
};

/* ------------------------------------------------------------- faults */

struct sk_import_fault *sk_import_fault_add(struct sk_import_faults *faults,
                                            size_t line, size_t column,
                                            const char *field, const char *code)
{
    struct sk_import_fault *fault;

    if (faults->count == faults->room) {
        faults->room = faults->room == 0 ? 16 : faults->room * 2;
        faults->list =
            realloc(faults->list, faults->room * sizeof(*faults->list));
        if (faults->list == NULL)
            abort();
    }
    fault = &faults->list[faults->count++];
    memset(fault, 0, sizeof(*fault));
    fault->line = line;
    fault->column = column;
    fault->code = code;
    /* A terminal is shown no trick that the file holds. */
    snprintf(fault->field, sizeof(fault->field), "%s",
             strlen(field) < sizeof(fault->field) &&
                     sk_utf8_is_line(sk_text(field))
                 ? field
                 : "?");
    return fault;
}

void sk_import_fault_say(struct sk_import_fault *fault, const char *nl,
                         const char *en, ...)
{
    va_list list;

    va_start(list, en);
    (void)vsnprintf(fault->nl, sizeof(fault->nl), nl, list);
    va_end(list);
    va_start(list, en);
    (void)vsnprintf(fault->en, sizeof(fault->en), en, list);
    va_end(list);
}

void sk_import_fault_text(struct sk_import_fault *fault, const char *nl,
                          const char *en)
{
    sk_import_fault_say(fault, "%s", "%s", nl);
    (void)snprintf(fault->en, sizeof(fault->en), "%s", en);
}

/* ------------------------------------------------------------- encoding */

#define SAVE_NL                                                                \
    "Kies in Excel Opslaan als, soort \"CSV UTF-8 (door scheidingstekens "     \
    "gescheiden)\"; in LibreOffice: tekenset Unicode (UTF-8)."
#define SAVE_EN                                                                \
    "In Excel choose Save as, type \"CSV UTF-8 (Comma delimited)\"; in "       \
    "LibreOffice: character set Unicode (UTF-8)."

/* Strict UTF-8 throughout; else the place of the first byte that is not. */
static bool check_encoding(struct sk_bytes bytes,
                           struct sk_import_faults *faults)
{
    size_t line = 1;
    size_t column = 1;
    size_t at = 0;

    if (bytes.size >= 2 && ((bytes.data[0] == 0xff && bytes.data[1] == 0xfe) ||
                            (bytes.data[0] == 0xfe && bytes.data[1] == 0xff))) {
        sk_import_fault_say(
            sk_import_fault_add(faults, 1, 1, "", "not-utf8"),
            "dit bestand is UTF-16 (\"Unicode-tekst\"), geen UTF-8.  " SAVE_NL,
            "this file is UTF-16 (\"Unicode text\"), not UTF-8.  " SAVE_EN);
        return false;
    }
    while (at < bytes.size) {
        uint32_t character = sk_utf8_next(bytes, &at);

        if (character == SK_NO_CHARACTER) {
            sk_import_fault_say(
                sk_import_fault_add(faults, line, column, "", "not-utf8"),
                "dit bestand is geen UTF-8 (vermoedelijk Windows-1252, de "
                "gewone \"CSV\" van Excel).  " SAVE_NL,
                "this file is not UTF-8 (probably Windows-1252, the plain "
                "\"CSV\" of Excel).  " SAVE_EN);
            return false;
        }
        column = character == '\n' ? 1 : column + 1;
        line += character == '\n';
    }
    return true;
}

/* ------------------------------------------------------------- CSV */

static void say_csv_fault(const struct sk_csv_row *row,
                          struct sk_import_faults *faults)
{
    static const struct {
        const char *code;
        const char *nl;
        const char *en;
    } texts[] = {
        [SK_CSV_GOOD] = {"", "", ""},
        [SK_CSV_QUOTE_INSIDE] =
            {"csv-quote",
             "er staat een aanhalingsteken midden in de cel.  "
             "Zet de hele cel tussen aanhalingstekens en schrijf "
             "dit teken dubbel (\"\").",
             "there is a quote in the middle of the cell.  Put the whole cell "
             "in quotes and write this one twice (\"\")."},
        [SK_CSV_QUOTE_BEHIND] =
            {"csv-quote",
             "achter het sluitende aanhalingsteken staat nog "
             "iets.  Schrijf een aanhalingsteken in de cel dubbel "
             "(\"\").",
             "something stands behind the closing quote.  Write a quote inside "
             "the cell twice (\"\")."},
        [SK_CSV_QUOTE_OPEN] = {"csv-quote",
                               "dit aanhalingsteken gaat nergens dicht.  Sluit "
                               "het, of haal het weg.",
                               "this quote is closed nowhere.  Close it, or "
                               "take it away."},
        [SK_CSV_NUL] = {"control-character",
                        "hier staat een teken met waarde nul.  Haal het weg.",
                        "here is a character of value zero.  Take it away."},
        [SK_CSV_TOO_LARGE] = {"too-large",
                              "deze regel is te lang (hoogstens 64 kB en 128 "
                              "cellen).  Misschien sluit een aanhalingsteken "
                              "niet.",
                              "this row is too long (64 kB and 128 cells at "
                              "most).  Perhaps a quote is not closed."},
    };

    sk_import_fault_text(sk_import_fault_add(faults, row->place.line,
                                             row->place.column, "",
                                             texts[row->fault].code),
                         texts[row->fault].nl, texts[row->fault].en);
}

static enum sk_status open_csv(struct sk_import_file *file,
                               struct sk_import_faults *faults)
{
    file->reader = sk_csv_start(file->bytes, 0);
    file->header = calloc(1, sizeof(*file->header));
    file->row = calloc(1, sizeof(*file->row));
    if (file->header == NULL || file->row == NULL)
        return SK_E_MEMORY;
    if (!sk_csv_next(&file->reader, file->header)) {
        sk_import_fault_say(
            sk_import_fault_add(faults, 1, 1, "", "no-header"),
            "het bestand is leeg.  Zet op de eerste regel de namen van de "
            "kolommen.",
            "the file is empty.  Put the names of the columns on the first "
            "line.");
        return SK_E_BAD_FORM;
    }
    if (file->header->fault != SK_CSV_GOOD) {
        say_csv_fault(file->header, faults);
        return SK_E_BAD_FORM;
    }
    file->columns.line = file->header->line;
    file->columns.raw = file->header->raw;
    file->columns.count = file->header->count;
    for (size_t i = 0; i < file->header->count; i++)
        file->columns.cells[i] =
            (struct sk_import_cell){.name = file->header->cells[i].text,
                                    .line = file->header->cells[i].line,
                                    .column = file->header->cells[i].column};
    return SK_OK;
}

/* Behind the spaces and no-break spaces around a value. */
static json_t *trimmed(const char *text)
{
    size_t size;

    for (;;) {
        if (*text == ' ')
            text++;
        else if (strncmp(text, "\xc2\xa0", 2) == 0)
            text += 2;
        else
            break;
    }
    for (size = strlen(text); size > 0;) {
        if (text[size - 1] == ' ')
            size--;
        else if (size >= 2 && strncmp(text + size - 2, "\xc2\xa0", 2) == 0)
            size -= 2;
        else
            break;
    }
    return size == 0 ? NULL : json_stringn(text, size);
}

/* At the first cell too many, or the last one that is there. */
static void say_cells(const struct sk_csv_row *row, size_t count,
                      char separator, struct sk_import_faults *faults)
{
    bool more = row->count > count;
    const struct sk_csv_cell *place =
        &row->cells[more ? count : row->count - 1];
    struct sk_import_fault *fault =
        sk_import_fault_add(faults, place->line, place->column, "", "cells");

    if (more)
        sk_import_fault_say(
            fault,
            "cellen op deze regel: %zu, op de eerste regel: %zu.  Zet "
            "een cel waarin '%c' staat tussen aanhalingstekens.",
            "cells in this row: %zu, in the first line: %zu.  Put a cell with "
            "'%c' in it between quotes.",
            row->count, count, separator);
    else
        sk_import_fault_say(
            fault,
            "cellen op deze regel: %zu, op de eerste regel: %zu.  Zet "
            "ook '%c' waar niets is ingevuld.",
            "cells in this row: %zu, in the first line: %zu.  Put '%c' also "
            "where nothing is filled in.",
            row->count, count, separator);
}

static bool next_csv(struct sk_import_file *file,
                     struct sk_import_faults *faults, struct sk_import_row *out)
{
    const struct sk_csv_row *row = file->row;
    size_t count = file->columns.count;

    if (!sk_csv_next(&file->reader, file->row))
        return false;
    out->line = row->line;
    out->raw = row->raw;
    out->count = 0;
    out->bad = true;
    if (row->fault != SK_CSV_GOOD) {
        say_csv_fault(row, faults);
        return true;
    }
    if (row->count != count) {
        say_cells(row, count, file->reader.separator, faults);
        return true;
    }
    for (size_t i = 0; i < count; i++)
        out->cells[i] =
            (struct sk_import_cell){.name = file->columns.cells[i].name,
                                    .value = trimmed(row->cells[i].text),
                                    .line = row->cells[i].line,
                                    .column = row->cells[i].column};
    out->count = count;
    out->bad = false;
    return true;
}

/* ------------------------------------------------------------- NDJSON */

/* Where the key stands in the line: characters from 1; 1 when not found. */
static size_t column_of(struct sk_bytes raw, const char *key)
{
    char quoted[256];
    const uint8_t *found;
    size_t column = 1;
    int size = snprintf(quoted, sizeof(quoted), "\"%s\"", key);

    if (size < 0 || (size_t)size >= sizeof(quoted))
        return 1;
    found = memmem(raw.data, raw.size, quoted, (size_t)size);
    for (const uint8_t *at = raw.data; found != NULL && at < found; at++)
        column += (*at & 0xc0) != 0x80;
    return column;
}

/* Members of the object, and those of "fields" beside them. */
static bool put_members(const json_t *object, struct sk_import_row *out)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        if (strcmp(key, "fields") == 0 && json_is_object(value)) {
            if (!put_members(value, out))
                return false;
            continue;
        }
        if (out->count == SK_CSV_CELLS_MAX)
            return false;
        out->cells[out->count++] = (struct sk_import_cell){
            .name = key,
            .value = json_is_null(value)     ? NULL
                     : json_is_string(value) ? trimmed(json_string_value(value))
                                             : json_incref(value),
            .line = out->line,
            .column = column_of(out->raw, key)};
    }
    return true;
}

static void take_line(struct sk_import_file *file, struct sk_bytes *out)
{
    const uint8_t *start = file->bytes.data + file->at;
    size_t left = file->bytes.size - file->at;
    const uint8_t *end = memchr(start, '\n', left);
    size_t size = end == NULL ? left : (size_t)(end - start);

    file->at += size + (end != NULL);
    file->line++;
    if (size > 0 && start[size - 1] == '\r')
        size--;
    *out = (struct sk_bytes){start, size};
}

static bool is_blank(struct sk_bytes line)
{
    for (size_t i = 0; i < line.size; i++)
        if (line.data[i] != ' ' && line.data[i] != '\t')
            return false;
    return true;
}

static void parse_line(struct sk_import_faults *faults,
                       struct sk_import_row *out, json_t **object)
{
    json_error_t error = {.column = 1};

    *object = json_loadb((const char *)out->raw.data, out->raw.size,
                         JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(*object))
        return;
    /* I9: the library's own words would quote the line. */
    sk_import_fault_say(
        sk_import_fault_add(faults, out->line,
                            error.column > 0 ? (size_t)error.column : 1, "",
                            "not-json"),
        "hier loopt het JSON-object fout, of een naam staat er twee keer.  "
        "Schrijf een object per regel.",
        "here the JSON object goes wrong, or a name stands there twice.  Write "
        "one object a line.");
    json_decref(*object);
    *object = NULL;
}

static bool next_ndjson(struct sk_import_file *file,
                        struct sk_import_faults *faults,
                        struct sk_import_row *out)
{
    do {
        if (file->at >= file->bytes.size)
            return false;
        take_line(file, &out->raw);
    } while (is_blank(out->raw));
    out->line = file->line;
    out->count = 0;
    out->bad = true;
    parse_line(faults, out, &out->object);
    if (out->object == NULL)
        return true;
    out->bad = !put_members(out->object, out);
    if (out->bad) {
        sk_import_row_free(out);
        sk_import_fault_say(
            sk_import_fault_add(faults, out->line, 1, "", "too-large"),
            "dit object heeft te veel namen", "this object has too many names");
    }
    return true;
}

/* ------------------------------------------------------------- both */

static bool ends_with(const char *name, const char *end)
{
    size_t size = strlen(name);
    size_t end_size = strlen(end);

    return size >= end_size && strcasecmp(name + size - end_size, end) == 0;
}

enum sk_status sk_import_file_open(const char *name, struct sk_bytes bytes,
                                   struct sk_import_faults *faults,
                                   struct sk_import_file **out)
{
    struct sk_import_file *file = calloc(1, sizeof(*file));
    enum sk_status status = SK_OK;

    if (file == NULL)
        return SK_E_MEMORY;
    file->csv = !ends_with(name, ".ndjson") && !ends_with(name, ".jsonl") &&
                !ends_with(name, ".json");
    file->bytes = bytes;
    if (!check_encoding(bytes, faults))
        status = SK_E_BAD_FORM;
    if (bytes.size >= 3 && memcmp(bytes.data, "\xef\xbb\xbf", 3) == 0)
        file->at = 3;
    if (status == SK_OK && file->csv)
        status = open_csv(file, faults);
    if (status != SK_OK)
        sk_import_file_close(&file);
    if (status == SK_OK)
        *out = file;
    return status;
}

bool sk_import_file_is_csv(const struct sk_import_file *file)
{
    return file->csv;
}

struct sk_bytes sk_import_file_header(const struct sk_import_file *file)
{
    return file->columns.raw;
}

const struct sk_import_row *
sk_import_file_columns(const struct sk_import_file *file)
{
    return &file->columns;
}

bool sk_import_file_next(struct sk_import_file *file,
                         struct sk_import_faults *faults,
                         struct sk_import_row *out)
{
    out->object = NULL;
    return file->csv ? next_csv(file, faults, out)
                     : next_ndjson(file, faults, out);
}

void sk_import_file_close(struct sk_import_file **file)
{
    if (*file == NULL)
        return;
    free((*file)->header);
    free((*file)->row);
    free(*file);
    *file = NULL;
}

void sk_import_row_free(struct sk_import_row *row)
{
    for (size_t i = 0; i < row->count; i++)
        json_decref(row->cells[i].value);
    json_decref(row->object);
    row->object = NULL;
    row->count = 0;
}
