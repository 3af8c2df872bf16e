#include "node/core/core.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void sk_notify(const char *line)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size = path == NULL ? 0 : strlen(path);
    socklen_t address_size = (socklen_t)sizeof(sa_family_t);
    int fd;

    if (size == 0 || size >= sizeof(address.sun_path))
        return;
    memcpy(address.sun_path, path, size);
    if (path[0] == '@')
        address.sun_path[0] = '\0'; /* abstract */
    address_size += (socklen_t)size;
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    /* Nobody listens: nobody wanted to know. */
    (void)sendto(fd, line, strlen(line), MSG_NOSIGNAL,
                 (const struct sockaddr *)&address, address_size);
    (void)close(fd);
}

uint64_t sk_notify_watchdog_ms(void)
{
    const char *usec = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    uint64_t value;

    if (usec == NULL || (pid != NULL && strtol(pid, NULL, 10) != getpid()))
        return 0;
    value = strtoull(usec, NULL, 10) / 1000 / 2;
    /* Nonsense, or more than an hour: as if it did not ask. */
    return value < 100 || value > 3600000 ? 0 : value;
}
