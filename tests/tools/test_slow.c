/* Who waits is told what for, once. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "tools/schakel/slow.h"

/* Standard error is a pipe from now on: its end to read, which never waits. */
static int hear(void)
{
    int ends[2];

    cr_assert(eq(int, pipe2(ends, O_NONBLOCK), 0));
    cr_assert(eq(int, dup2(ends[1], STDERR_FILENO), STDERR_FILENO));
    return ends[0];
}

static const char *heard(int pipe)
{
    static char text[256];
    ssize_t size = read(pipe, text, sizeof(text) - 1);

    text[size > 0 ? size : 0] = '\0';
    return text;
}

/* Work until something is said, or for a minute: a failure. */
static const char *work(int pipe)
{
    time_t end = time(NULL) + 60;
    const char *text = "";

    while (text[0] == '\0' && time(NULL) < end)
        text = heard(pipe);
    return text;
}

Test(slow, says_once_what_takes_long)
{
    int pipe = hear();

    sk_slow_start("een\n  -> twee", 1);
    cr_expect(eq(str, (char *)work(pipe), "een\n  -> twee\n"));
    cr_assert(eq(int, raise(SIGPROF), 0));
    cr_expect(eq(str, (char *)heard(pipe), ""));
}

Test(slow, says_nothing_of_what_is_done)
{
    int pipe = hear();

    sk_slow_start("een", 1000000);
    sk_slow_stop();
    cr_assert(eq(int, raise(SIGPROF), 0)); /* one that came just then */
    cr_expect(eq(str, (char *)heard(pipe), ""));
    sk_slow_start("twee", 1);
    cr_expect(eq(str, (char *)work(pipe), "twee\n"));
}
