/*
 * The one way to fail.  A status lives inside a process: it is never sent and
 * never stored (what partners and users see are the coded texts of texts.h).
 *
 * Add a line here and both name and text exist.
 */
#ifndef SK_PROTOCOL_STATUS_H
#define SK_PROTOCOL_STATUS_H

#define SK_STATUS_LIST(X)                                                      \
    X(OK, "ok")                                                                \
    /* Bytes from a peer, a disk or a user are wrong. */                       \
    X(E_BAD_LENGTH, "wrong length")                                            \
    X(E_BAD_FORM, "malformed")                                                 \
    X(E_BAD_VALUE, "value not allowed")                                        \
    X(E_BAD_VERSION, "version not supported")                                  \
    X(E_BAD_SIGNATURE, "signature does not verify")                            \
    X(E_BAD_SEAL, "cannot be decrypted")                                       \
    X(E_BAD_SENDER, "not from the partner it names")                           \
    X(E_BAD_RECIPIENT, "not meant for this node")                              \
    X(E_BAD_HASH, "hash differs")                                              \
    X(E_TOO_LARGE, "too large")                                                \
    /* The world said no. */                                                   \
    X(E_NO_ROOM, "no room")                                                    \
    X(E_NOT_FOUND, "not found")                                                \
    X(E_EXISTS, "exists already")                                              \
    X(E_REFUSED, "refused")                                                    \
    X(E_WRONG_STATE, "not possible in this state")                             \
    X(E_WRONG_KEY, "wrong key or passphrase")                                  \
    X(E_OLD, "older than what is known")                                       \
    X(E_FULL, "disk full")                                                     \
    X(E_IO, "input/output error")                                              \
    X(E_LOCKED, "in use by another process")                                   \
    X(E_AGAIN, "not now")                                                      \
    X(E_CLOSED, "closed")                                                      \
    X(E_MEMORY, "out of memory")                                               \
    X(E_UNSUPPORTED, "not supported")

enum sk_status {
#define SK_STATUS_NAME(name, text) SK_##name,
    SK_STATUS_LIST(SK_STATUS_NAME)
#undef SK_STATUS_NAME
};

/* English text, static, never NULL. */
const char *sk_status_text(enum sk_status status);

#endif
