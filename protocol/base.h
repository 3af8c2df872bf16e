/*
 * What every file starts from: views on bytes, typed identifiers, and the two
 * macros about failure.                                   docs/ARCHITECTURE.md
 *
 * Nothing here allocates or does I/O.
 */
#ifndef SK_PROTOCOL_BASE_H
#define SK_PROTOCOL_BASE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef NDEBUG
#error "Asserts are part of the program: do not build with NDEBUG."
#endif

/* The caller must look at the result; (void) with a comment to ignore it. */
#define SK_CHECKED __attribute__((warn_unused_result))

/* Hand a failure up.  Only where nothing is held. */
#define SK_TRY(call)                                                           \
    do {                                                                       \
        enum sk_status sk_try_status = (call);                                 \
        if (sk_try_status != SK_OK)                                            \
            return sk_try_status;                                              \
    } while (0)

#define SK_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A view on bytes that somebody else owns.  Empty is {NULL, 0}. */
struct sk_bytes {
    const uint8_t *data;
    size_t size;
};

/* Room that somebody else owns, to write into. */
struct sk_room {
    uint8_t *data;
    size_t size_max;
};

#define SK_ID_SIZE 16
#define SK_ID_TEXT_SIZE 36 /* UUID, without the terminating NUL */
#define SK_HASH_SIZE 32

/*
 * Identifiers made by a node: 16 random bytes, shown as a UUID (version 4).
 * Different types, so that the compiler finds a swap.
 */
struct sk_id {
    uint8_t bytes[SK_ID_SIZE];
};
struct sk_participant_id { /* local; never leaves the node */
    struct sk_id id;
};
struct sk_event_id { /* local to the node that recorded the event */
    struct sk_id id;
};
struct sk_consent_id {
    struct sk_id id;
};
struct sk_message_id { /* fixed when a disclosure is put in the outbox */
    struct sk_id id;
};
struct sk_handover_id { /* made by the sender, known to both sides */
    struct sk_id id;
};
struct sk_trajectory_id {
    struct sk_id id;
};
struct sk_handle { /* one participant towards one partner; DOMAIN 3.2 */
    struct sk_id id;
};

struct sk_hash {
    uint8_t bytes[SK_HASH_SIZE];
};

/* 32 bytes from which one step draws all its randomness. */
struct sk_seed {
    uint8_t secret_bytes[32];
};

/* An organisation of the roster: a POLICY.md ID of 1..64 characters. */
#define SK_ORG_SIZE_MAX 64
struct sk_org {
    char text[SK_ORG_SIZE_MAX + 1]; /* NUL-terminated, zero-filled */
};

/* View on a NUL-terminated text, without the NUL. */
struct sk_bytes sk_text(const char *text);
bool sk_bytes_equal(struct sk_bytes a, struct sk_bytes b);
/* memcmp order, then the shorter first. */
int sk_bytes_compare(struct sk_bytes a, struct sk_bytes b);

bool sk_id_equal(const struct sk_id *a, const struct sk_id *b);
bool sk_id_is_zero(const struct sk_id *id);
/* Write the UUID text and a NUL. */
void sk_id_format(const struct sk_id *id, char out[SK_ID_TEXT_SIZE + 1]);
/* False, and out untouched, unless text is a lower-case UUID of 36 bytes. */
bool sk_id_parse(struct sk_bytes text, struct sk_id *out);
/* Turn 16 random bytes into a version-4 UUID (sets version and variant). */
void sk_id_from_random(const uint8_t random[SK_ID_SIZE], struct sk_id *out);

/* False, and out untouched, unless text is a POLICY.md ID of 1..64 bytes. */
bool sk_org_parse(struct sk_bytes text, struct sk_org *out);
struct sk_bytes sk_org_text(const struct sk_org *org);
bool sk_org_equal(const struct sk_org *a, const struct sk_org *b);

#endif
