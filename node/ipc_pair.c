/*
 * The pair itself; ipc.c has what is said over it.
 */
#include "node/ipc.h"

#include <errno.h>
#include <sys/socket.h>

/* Several frames; the kernel's limit may give less, never too little. */
#define PAIR_BYTES (1024 * 1024)

enum sk_status sk_ipc_pair(int fds[2])
{
    int pair[2];
    int size = PAIR_BYTES;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                   pair) != 0)
        return SK_E_IO;
    for (int i = 0; i < 2; i++) {
        /* Best effort: the default takes one of the largest messages. */
        (void)setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    }
    fds[0] = pair[0];
    fds[1] = pair[1];
    return SK_OK;
}

static enum sk_status status_of(int error)
{
    switch (error) {
    case EAGAIN:
    case ENOBUFS:
    case EINTR:
        return SK_E_AGAIN;
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN:
        return SK_E_CLOSED;
    case EMSGSIZE:
        return SK_E_TOO_LARGE;
    default:
        return SK_E_IO;
    }
}

enum sk_status sk_ipc_send(int fd, struct sk_bytes message)
{
    ssize_t sent;

    assert(message.size > 0);
    assert(message.size <= SK_IPC_SIZE_MAX);

    sent = send(fd, message.data, message.size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0)
        return status_of(errno);
    assert((size_t)sent == message.size); /* packets are whole */
    return SK_OK;
}

enum sk_status sk_ipc_receive(int fd, struct sk_room room, struct sk_bytes *out)
{
    ssize_t got;

    assert(room.size_max >= SK_IPC_SIZE_MAX);

    /* MSG_TRUNC: the true size, so that a cut message shows. */
    got = recv(fd, room.data, room.size_max, MSG_DONTWAIT | MSG_TRUNC);
    if (got < 0)
        return status_of(errno);
    if (got == 0)
        return SK_E_CLOSED;
    if ((size_t)got > room.size_max)
        return SK_E_TOO_LARGE;
    *out = (struct sk_bytes){room.data, (size_t)got};
    return SK_OK;
}
