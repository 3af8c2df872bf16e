/*
 * A disk that takes its time, for one process: LD_PRELOAD this, with SLOW_MS.
 */
#include <poll.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int fdatasync(int fd)
{
    static int slow_ms = -1;

    if (slow_ms < 0)
        slow_ms = getenv("SLOW_MS") == NULL ? 0 : atoi(getenv("SLOW_MS"));
    poll(NULL, 0, slow_ms);
    return (int)syscall(SYS_fdatasync, fd);
}
