#include "tools/schakel/slow.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

/* One at a time; the handler takes it. */
static const char *volatile waiting;

/* A write of one piece: it comes between lines of others, not within. */
static void say(int number)
{
    const char *text = waiting;
    int before = errno;
    struct iovec line[2];

    (void)number;
    waiting = NULL;
    if (text == NULL)
        return;
    line[0] = (struct iovec){(void *)(uintptr_t)text, strlen(text)};
    line[1] = (struct iovec){(void *)(uintptr_t) "\n", 1};
    (void)!writev(STDERR_FILENO, line, 2); /* or nobody is there to tell */
    errno = before;
}

static void set(long ms)
{
    struct itimerval timer = {
        .it_value = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000}};

    (void)setitimer(ITIMER_PROF, &timer, NULL); /* then nothing is said */
}

void sk_slow_start(const char *text, long ms)
{
    struct sigaction action = {.sa_handler = say, .sa_flags = SA_RESTART};

    waiting = text;
    if (sigaction(SIGPROF, &action, NULL) == 0)
        set(ms);
}

void sk_slow_stop(void)
{
    set(0);
    waiting = NULL;
}
