/*
 * What a handover can refer to: messages between the same two partners about
 * the same person.                                      docs/DOMAIN.md 5.6
 *
 * No reference travels.  Each side makes the list of its own records: the
 * sender of what it sent and what became of it, the receiver of what it has.
 * So a reference never tells of a message that the other side does not have.
 */
#ifndef SK_NODE_ENGINE_LINKED_H
#define SK_NODE_ENGINE_LINKED_H

#include "node/engine/engine.h"
#include "protocol/pack.h"

/* What this node sent `to` about the person, apart from the handover itself
   (zero: it has none yet).  Packs key "linked". */
SK_CHECKED enum sk_status
sk_linked_pack_sent(struct sk_engine *e, const struct sk_participant_id *person,
                    const struct sk_org *to,
                    const struct sk_handover_id *handover, struct sk_pack *p);
/* What `from` sent under the handle and is here, apart from the handover
   itself.  Packs key "linked". */
SK_CHECKED enum sk_status
sk_linked_pack_received(struct sk_engine *e, const struct sk_org *from,
                        const struct sk_handle *handle,
                        const struct sk_handover_id *handover,
                        struct sk_pack *p);

#endif
