#include "node/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum style { STYLE_UNKNOWN, STYLE_JOURNAL, STYLE_PLAIN };

static enum style style;
static bool dutch;

/* systemd names device and inode of the journal's end of stderr. */
static bool is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat info;
    char own[64];

    if (stream == NULL || fstat(STDERR_FILENO, &info) != 0)
        return false;
    (void)snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)info.st_dev,
                   (uintmax_t)info.st_ino);
    return strcmp(own, stream) == 0;
}

static bool wants_dutch(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

    for (size_t i = 0; i < SK_COUNT(names); i++) {
        const char *value = getenv(names[i]);

        if (value != NULL && value[0] != '\0')
            return strncmp(value, "nl", 2) == 0;
    }
    return false;
}

static void choose_style(void)
{
    if (style != STYLE_UNKNOWN)
        return;
    style = is_journal() ? STYLE_JOURNAL : STYLE_PLAIN;
    dutch = wants_dutch();
}

/* "<4>", or the time and "warning: ". */
static void head_of(int level, char *out, size_t size_max)
{
    const char *word = "info";
    time_t now = time(NULL);
    struct tm utc;
    char at[32] = "";

    choose_style();
    if (style == STYLE_JOURNAL) {
        (void)snprintf(out, size_max, "<%d>", level);
        return;
    }
    if (level == 3)
        word = dutch ? "fout" : "error";
    else if (level == 4)
        word = dutch ? "let op" : "warning";
    if (gmtime_r(&now, &utc) != NULL)
        (void)strftime(at, sizeof(at), "%Y-%m-%d %H:%M:%SZ ", &utc);
    (void)snprintf(out, size_max, "%s%s: ", at, word);
}

static void line(int level, const struct sk_org *org, enum sk_status status,
                 const char *text)
{
    const char *partner = org == NULL ? "" : org->text;
    const char *code = status == SK_OK ? "" : sk_status_text(status);
    bool both = partner[0] != '\0' && code[0] != '\0';
    bool any = partner[0] != '\0' || code[0] != '\0';
    char head[64];

    head_of(level, head, sizeof(head));
    /* One write per line: both processes share stderr. */
    fprintf(stderr, "%s%s%s%s%s%s%s\n", head, text, any ? " (" : "", partner,
            both ? "; " : "", code, any ? ")" : "");
}

void sk_log_error(const struct sk_org *org, enum sk_status status,
                  const char *text)
{
    line(3, org, status, text);
}

void sk_log_warn(const struct sk_org *org, enum sk_status status,
                 const char *text)
{
    line(4, org, status, text);
}

void sk_log_info(const struct sk_org *org, const char *text)
{
    line(6, org, SK_OK, text);
}

void sk_log_count(const char *text, uint64_t number)
{
    char head[64];

    head_of(6, head, sizeof(head));
    fprintf(stderr, "%s%s: %" PRIu64 "\n", head, text, number);
}
