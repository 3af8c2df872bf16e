/* log.h: a line for a person, in the journal or elsewhere, in two languages. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/log.h"

static int file = -1;
static int before = -1;
static char text[1024];

/* What is said from now on lands in a file, under these variables. */
static void start(const char *all, const char *messages, const char *lang)
{
    before = dup(STDERR_FILENO);
    file = memfd_create("stderr", MFD_CLOEXEC);
    cr_assert(file >= 0);
    cr_assert(dup2(file, STDERR_FILENO) >= 0);
    unsetenv("JOURNAL_STREAM");
    setenv("LC_ALL", all, 1);
    setenv("LC_MESSAGES", messages, 1);
    setenv("LANG", lang, 1);
}

static char *said(void)
{
    ssize_t size = pread(file, text, sizeof(text) - 1, 0);

    cr_assert(dup2(before, STDERR_FILENO) >= 0);
    text[size > 0 ? size : 0] = '\0';
    return text;
}

/* Behind the time, "2026-09-01 08:00:00Z ". */
static char *behind_time(char *line)
{
    int year = 0;

    cr_assert(strlen(line) > 21, "%s", line);
    cr_expect(sscanf(line, "%4d-", &year) == 1 && year >= 2020, "%s", line);
    cr_expect(line[4] == '-' && line[10] == ' ' && line[13] == ':', "%s", line);
    cr_expect(line[19] == 'Z' && line[20] == ' ', "%s", line);
    return line + 21;
}

Test(log, says_who_and_why_in_brackets)
{
    static const struct sk_org gtb = {"gtb"};
    static char lines[4][256];
    char *at;

    start("C", "", "");
    sk_log_error(NULL, SK_OK, "stopped");
    sk_log_warn(&gtb, SK_OK, "is late");
    sk_log_error(NULL, SK_E_FULL, "cannot write");
    sk_log_warn(&gtb, SK_E_FULL, "refuses our key");
    at = said();
    for (size_t i = 0; i < 4; i++) {
        char *end = strchr(at, '\n');

        cr_assert(end != NULL, "line %zu", i);
        *end = '\0';
        snprintf(lines[i], sizeof(lines[i]), "%s", behind_time(at));
        at = end + 1;
    }
    cr_expect(eq(str, at, ""), "one line each");
    cr_expect(eq(str, lines[0], "error: stopped"));
    cr_expect(eq(str, lines[1], "warning: is late (gtb)"));
    snprintf(text, sizeof(text), "error: cannot write (%s)",
             sk_status_text(SK_E_FULL));
    cr_expect(eq(str, lines[2], text));
    snprintf(text, sizeof(text), "warning: refuses our key (gtb; %s)",
             sk_status_text(SK_E_FULL));
    cr_expect(eq(str, lines[3], text));
}

Test(log, is_dutch_when_the_first_variable_that_says_something_is)
{
    start("", "nl_BE.UTF-8", "C");
    sk_log_warn(NULL, SK_OK, "x");
    cr_expect(eq(str, behind_time(said()), "let op: x\n"));
}

Test(log, is_not_dutch_when_a_stronger_variable_is_not)
{
    start("C", "nl_BE.UTF-8", "nl_BE.UTF-8");
    sk_log_error(NULL, SK_OK, "x");
    cr_expect(eq(str, behind_time(said()), "error: x\n"));
}

Test(log, a_count_is_a_line)
{
    start("", "", "nl");
    sk_log_count("frames", UINT64_MAX);
    cr_expect(eq(str, behind_time(said()),
                 "info: frames: 18446744073709551615"
                 "\n"));
}

/* systemd reads the level, and has a clock of its own. */
Test(log, has_the_level_of_the_journal_there)
{
    struct stat info;
    char stream[64];

    start("nl_BE.UTF-8", "", "");
    cr_assert(fstat(file, &info) == 0);
    snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)info.st_dev,
             (uintmax_t)info.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    sk_log_error(NULL, SK_OK, "a");
    sk_log_warn(NULL, SK_OK, "b");
    sk_log_info(NULL, "c");
    cr_expect(eq(str, said(), "<3>a\n<4>b\n<6>c\n"));
}

/* The variable is inherited; stderr may have gone elsewhere since. */
Test(log, another_stream_is_not_the_journal)
{
    start("C", "", "");
    setenv("JOURNAL_STREAM", "1:2", 1);
    sk_log_info(NULL, "x");
    cr_expect(eq(str, behind_time(said()), "info: x\n"));
}
