/*
 * Between charter.c and charter_text.c: charter.yaml as a struct.
 */
#ifndef SK_PROTOCOL_CHARTER_TEXT_H
#define SK_PROTOCOL_CHARTER_TEXT_H

#include "protocol/charter.h"

/*
 * Read charter.yaml into a charter that is all zero.
 * Fails with SK_E_BAD_FORM, SK_E_BAD_VALUE, SK_E_TOO_LARGE and a fault.
 */
SK_CHECKED enum sk_status sk_charter_decode(struct sk_bytes in,
                                            struct sk_charter *charter,
                                            struct sk_charter_fault *fault);

/* NULL when org is not there. */
struct sk_charter_identity *
sk_charter_find(struct sk_charter_identity *identities, size_t count,
                struct sk_bytes org);

#endif
