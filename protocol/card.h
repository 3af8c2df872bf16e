/*
 * A card: a node's own signed keys and addresses.      docs/PROTOCOL.md 4
 * Wire: array of 10
 *     uint     format      1
 *     str      org         1..64
 *     bin 32   identity    the key that the charter names for org
 *     uint     version     grows with each card of this org, from 1
 *     bin 32   signing     online signing key (Ed25519)
 *     bin 32   curve       transport key
 *     array    sealing     1..2 of [bin 8 id, bin 32 key, uint from_s,
 *                          uint until_s]; current first
 *     array    endpoints   0..4 of str "tcp://host:port"
 *     uint     issued_s
 *     bin 64   signature   by identity, context "schakel/card/1", over the
 *                          first nine fields as an array of 9
 */
#ifndef SK_PROTOCOL_CARD_H
#define SK_PROTOCOL_CARD_H

#include "protocol/keys.h"
#include "protocol/limits.h"

struct sk_card_sealing {
    struct sk_seal_id id;
    struct sk_seal_public key;
    uint64_t from_s;
    uint64_t until_s;
};

struct sk_card {
    struct sk_org org;
    struct sk_sign_public identity;
    uint64_t version;
    struct sk_sign_public signing;
    struct sk_curve_public curve;
    struct sk_card_sealing sealing[2];
    size_t sealing_count;
    char endpoints[SK_ENDPOINTS_MAX][SK_ENDPOINT_SIZE_MAX + 1];
    size_t endpoints_count;
    uint64_t issued_s;
};

/* Sign and write.  Fails with SK_E_NO_ROOM. */
SK_CHECKED enum sk_status sk_card_encode(const struct sk_card *card,
                                         const struct sk_sign_secret *identity,
                                         struct sk_room room,
                                         struct sk_bytes *out);
/*
 * Read and verify against the key inside.  The caller compares `identity`
 * with the charter.  Fails with SK_E_BAD_*.
 */
SK_CHECKED enum sk_status sk_card_decode(struct sk_bytes in,
                                         struct sk_card *out);

/* "tcp://host:port", host a name, IPv4 or [IPv6], port 1..65535. */
bool sk_endpoint_is_legal(struct sk_bytes text);

#endif
