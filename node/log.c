#include "node/log.h"

#include <inttypes.h>
#include <stdio.h>

static bool use_words;

void sk_log_use_words(void)
{
    use_words = true;
}

static const char *level_text(int level)
{
    if (!use_words)
        return level == 3 ? "<3>" : level == 4 ? "<4>" : "<6>";
    return level == 3 ? "error " : level == 4 ? "warning " : "info ";
}

static void line(int level, const struct sk_org *org, enum sk_status status,
                 const char *text)
{
    /* One write per line: both processes share stderr. */
    fprintf(stderr, "%s%s %s %s\n", level_text(level),
            org == NULL ? "-" : org->text,
            status == SK_OK ? "-" : sk_status_text(status), text);
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
    fprintf(stderr, "%s- - %s: %" PRIu64 "\n", level_text(6), text, number);
}
