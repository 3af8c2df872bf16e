/* Entries of the journal for people, and as JSON for programs. */
#include <stdlib.h>
#include <time.h>

#include <sodium.h>

#include "protocol/journal.h"
#include "protocol/lines.h"
#include "tools/schakel/cmd_journal.h"
#include "tools/schakel/journal_pages.h"
#include "tools/schakel/json.h"
#include "tools/schakel/out.h"

static void instant_of(uint64_t at_s, char out[32])
{
    time_t t = (time_t)at_s;
    struct tm tm;

    gmtime_r(&t, &tm);
    strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static void print_entry(uint64_t number, const struct sk_entry *entry)
{
    char at[32];
    char text[SK_HEX_SIZE + 1];

    instant_of(entry->at_s, at);
    printf("%8llu  %s  %-14s", (unsigned long long)number, at,
           sk_entry_kind_text(entry->kind));
    if (entry->org.size > 0)
        printf(" %.*s", (int)entry->org.size, (const char *)entry->org.data);
    if (entry->word.size > 0)
        printf(" %.*s", (int)entry->word.size, (const char *)entry->word.data);
    for (size_t i = 0; i < entry->ids_count; i++) {
        sk_id_format(&entry->ids[i], text);
        printf(" %s", text);
    }
    for (size_t i = 0; i < entry->numbers_count; i++)
        printf(" %llu", (unsigned long long)entry->numbers[i]);
    if (entry->has_hash) {
        sk_hash_format(&entry->hash, text);
        printf(" %.16s", text);
    }
    putchar('\n');
}

/* ------------------------------------------------------------- JSON */

static void put_number(struct sk_out *out, uint64_t number)
{
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
    sk_out_text(out, text);
}

/* `,"key":"text"`; text as it is. */
static void put_text(struct sk_out *out, const char *key, const char *text)
{
    sk_out_text(out, ",\"");
    sk_out_text(out, key);
    sk_out_text(out, "\":\"");
    sk_out_text(out, text);
    sk_out_text(out, "\"");
}

/* Word and organisation are of a few letters, as the protocol has it, and
   still go through what escapes. */
static void put_word(struct sk_out *out, const char *key, struct sk_bytes word)
{
    if (word.size == 0)
        return;
    sk_out_text(out, ",\"");
    sk_out_text(out, key);
    sk_out_text(out, "\":");
    sk_out_string(out, word);
}

static void put_ids(struct sk_out *out, const struct sk_entry *entry)
{
    char text[SK_ID_TEXT_SIZE + 1];

    sk_out_text(out, ",\"ids\":[");
    for (size_t i = 0; i < entry->ids_count; i++) {
        sk_id_format(&entry->ids[i], text);
        sk_out_text(out, i == 0 ? "\"" : ",\"");
        sk_out_text(out, text);
        sk_out_text(out, "\"");
    }
    sk_out_text(out, "]");
}

static void put_numbers(struct sk_out *out, const struct sk_entry *entry)
{
    sk_out_text(out, ",\"numbers\":[");
    for (size_t i = 0; i < entry->numbers_count; i++) {
        if (i > 0)
            sk_out_text(out, ",");
        put_number(out, entry->numbers[i]);
    }
    sk_out_text(out, "]");
}

/* One line, keys in order. */
static void put_entry(struct sk_out *out, uint64_t number, struct sk_bytes leaf,
                      const struct sk_entry *entry)
{
    char text[2 * SK_ENTRY_SIZE_MAX + 1];

    instant_of(entry->at_s, text);
    sk_out_text(out, "{\"at\":\"");
    sk_out_text(out, text);
    sk_out_text(out, "\",\"entry\":");
    put_number(out, number);
    if (entry->has_hash) {
        sk_hash_format(&entry->hash, text);
        put_text(out, "hash", text);
    }
    put_ids(out, entry);
    put_text(out, "kind", sk_entry_kind_text(entry->kind));
    put_text(out, "leaf",
             sodium_bin2hex(text, sizeof(text), leaf.data, leaf.size));
    put_numbers(out, entry);
    put_word(out, "org", entry->org);
    put_word(out, "word", entry->word);
    sk_out_text(out, "}\n");
}

/* ------------------------------------------------------------- pages */

typedef void entry_fn(void *context, uint64_t number, struct sk_bytes leaf,
                      const struct sk_entry *entry);

/* False: one is none. */
static bool each_of(const struct sk_journal_page *page, entry_fn *fn,
                    void *context)
{
    struct sk_value_walk entries = sk_value_walk(page->entries);

    for (uint64_t i = page->from; sk_value_next(&entries); i++) {
        struct sk_bytes leaf = sk_value_bin(entries.value);
        struct sk_entry entry;

        if (sk_entry_decode(leaf, &entry) != SK_OK)
            return false;
        fn(context, i, leaf, &entry);
    }
    return true;
}

static void print_one(void *context, uint64_t number, struct sk_bytes leaf,
                      const struct sk_entry *entry)
{
    (void)context;
    (void)leaf;
    print_entry(number, entry);
}

static void put_one(void *context, uint64_t number, struct sk_bytes leaf,
                    const struct sk_entry *entry)
{
    put_entry(context, number, leaf, entry);
}

static void list_one(void *context, uint64_t number, struct sk_bytes leaf,
                     const struct sk_entry *entry)
{
    struct sk_out line = {0};

    put_entry(&line, number, leaf, entry);
    json_array_append_new(context, json_loadb((const char *)line.data,
                                              line.size, /* flags */ 0, NULL));
}

static int show_pages(struct sk_journal_pages *pages, entry_fn *fn,
                      void *context)
{
    while (pages->next < pages->end) {
        struct sk_journal_page page;
        int code = sk_journal_pages_next(pages, &page);

        if (code >= 0)
            return code;
        if (!each_of(&page, fn, context))
            return sk_journal_broken();
    }
    return -1;
}

static void show_end(const struct sk_journal_top *top, json_t *list)
{
    json_t *out;

    if (list == NULL) {
        if (top->text[0] != '\0')
            printf("\n%s", top->text);
        return;
    }
    out = json_pack("{s:s,s:I,s:O,s:s}", "checkpoint", top->text, "entries",
                    (json_int_t)top->entries, "list", list, "vkey", top->vkey);
    sk_json_print(out);
    json_decref(out);
}

static int fail_short(const char *where)
{
    return sk_cli_fail(SK_EXIT_USAGE, &(struct sk_problem){
                                          .code = "bad-argument",
                                          .nl = "zo lang is het logboek niet",
                                          .en = "the journal is not that long",
                                          .where = where});
}

int sk_journal_show(struct sk_client *client, const struct sk_parsed *parsed)
{
    json_t *list = sk_cli_json() ? json_array() : NULL;
    struct sk_journal_pages pages = {.client = client};
    struct sk_journal_top top;
    uint64_t limit;
    int code = sk_journal_number(sk_cli_get(parsed, "limit"), 20, &limit);

    if (code < 0)
        code = sk_journal_top(client, &top);
    if (code < 0 && limit > SK_JOURNAL_PAGE)
        limit = SK_JOURNAL_PAGE;
    if (code < 0)
        code = sk_journal_number(sk_cli_get(parsed, "from"),
                                 top.entries > limit ? top.entries - limit : 0,
                                 &pages.next);
    if (code < 0 && pages.next > top.entries)
        code = fail_short(sk_cli_get(parsed, "from"));
    if (code < 0) {
        pages.end = top.entries < limit || top.entries - limit < pages.next
                        ? top.entries
                        : pages.next + limit;
        code = show_pages(&pages, list == NULL ? print_one : list_one, list);
    }
    if (code < 0) {
        show_end(&top, list);
        code = SK_EXIT_YES;
    }
    json_decref(list);
    return code;
}

int sk_journal_export(struct sk_client *client, const struct sk_parsed *parsed)
{
    static struct sk_out out;
    struct sk_journal_pages pages = {.client = client};
    struct sk_journal_top top;
    json_t *last;
    int code = sk_journal_number(sk_cli_get(parsed, "from"), 0, &pages.next);

    if (code < 0)
        code = sk_journal_top(client, &top);
    if (code < 0) {
        pages.end = top.entries;
        code = show_pages(&pages, put_one, &out);
        sk_out_flush(&out);
    }
    if (code >= 0)
        return code;
    last = json_pack("{s:s,s:I,s:s}", "checkpoint", top.text, "entries",
                     (json_int_t)top.entries, "vkey", top.vkey);
    sk_json_print_line(last);
    json_decref(last);
    return SK_EXIT_YES;
}
