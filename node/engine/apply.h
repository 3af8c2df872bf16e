/*
 * An item that arrived: is it known, and what follows from it.
 *                                                       docs/PROTOCOL.md 8
 */
#ifndef SK_NODE_ENGINE_APPLY_H
#define SK_NODE_ENGINE_APPLY_H

#include "node/engine/engine.h"
#include "policies/vocabulary.h"
#include "protocol/item.h"

/* One item of `from`, in order, exactly once, inside the transaction that
   moves the cursor.  A bad item never stops the log: it is refused (code) and
   the cursor moves on. refusal: static code, or NULL. */
SK_CHECKED enum sk_status sk_apply_item(struct sk_engine *e,
                                        const struct sk_org *from,
                                        struct sk_bytes item,
                                        const char **refusal,
                                        struct sk_message_id *message);
/* Is it a type of the closed table, with every key it needs and no others?
   For what is published and for what arrives.  collective.c */
bool sk_collective_is_known(struct sk_bytes type, struct sk_value body);
/* I5: a field of the vocabulary at a level of it, and a name that hides
   nothing. */
bool sk_field_is_known(const struct sk_vocabulary *v,
                       const struct sk_item_field *sent);
/* I5: type, fields and levels are words of the vocabulary. */
bool sk_words_are_known(const struct sk_vocabulary *v,
                        const struct sk_item_event *event);
/* An instant that a partner named, not later than a day from now. */
uint64_t sk_partner_ms(const struct sk_engine *e, uint64_t at_ms);

#endif
