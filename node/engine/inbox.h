/*
 * What partners sent and is kept here.
 *
 *   inbox.c         it arrives, and is read again
 *   inbox_gone.c    it is asked back, locked, erased
 *   inbox_record.h  records, orders, lists of a coach
 *   inbox_ops.c     what people do with it
 */
#ifndef SK_NODE_ENGINE_INBOX_H
#define SK_NODE_ENGINE_INBOX_H

#include "node/engine/engine.h"
#include "node/engine/tables.h"
#include "protocol/item.h"
#include "protocol/pack.h"

struct sk_inbox_entry {
    struct sk_message_id message;
    struct sk_id key_owner; /* vault.c */
    struct sk_org from;
    uint64_t number;
    uint64_t incarnation; /* its place in the log of `from` */
    uint64_t place;
    uint64_t received_ms;
    uint64_t opened_ms; /* 0: not yet */
    uint64_t accepted_ms;
    struct sk_item_event *event; /* in scratch, room for no more fields */
    bool collective;             /* then `event` has message, type only */
    struct sk_value body;        /* of a collective message */
    struct sk_words locked;      /* fields asked back, not yet erased */
    struct sk_item_correction *correction; /* not taken over yet; or NULL */
    uint64_t corrected_ms; /* a person took the last one over; 0: never */
    size_t waiting;        /* bytes it counts for; 0 once opened */
};
/* SK_E_NOT_FOUND also for what was erased. */
SK_CHECKED enum sk_status sk_inbox_get(struct sk_engine *e,
                                       const struct sk_message_id *id,
                                       struct sk_inbox_entry *out);
/* The argument "message" of an operation: what a partner sent.  SK_E_REFUSED:
   not here, or not any more.  inbox_ops.c. */
SK_CHECKED enum sk_status sk_arg_message(struct sk_engine *e,
                                         struct sk_value args,
                                         struct sk_inbox_entry **out);
SK_CHECKED enum sk_status sk_inbox_put(struct sk_engine *e,
                                       const struct sk_inbox_entry *entry);
/* The same under a new data key: what an entry no longer holds can be read
   nowhere any more.  What there is still to do is planned again from it. */
SK_CHECKED enum sk_status sk_inbox_rekey(struct sk_engine *e,
                                         struct sk_inbox_entry *entry);
/* Was this message of `from` recalled (or erased at its erase_by day)? */
SK_CHECKED enum sk_status sk_inbox_is_recalled(struct sk_engine *e,
                                               const struct sk_org *from,
                                               const struct sk_message_id *id,
                                               bool *out);
/* CONSENT 4.5: from a notice on the data are not used: locked fields and
   messages are in no list and cannot be opened, and the same message coming
   again is `recalled`.  Also for a message that never came. */
SK_CHECKED enum sk_status sk_inbox_lock(struct sk_engine *e,
                                        const struct sk_org *from,
                                        const struct sk_message_id *id,
                                        bool all,
                                        const struct sk_words *fields);
/* The erase_by day of a received message came (SK_DUE_ERASE_BY; value: the
   text of the partner it came from). */
SK_CHECKED enum sk_status sk_inbox_expire(struct sk_engine *e,
                                          const struct sk_message_id *id,
                                          struct sk_bytes from);
/* Take fields away (all: the whole message), destroying the key. */
SK_CHECKED enum sk_status sk_inbox_erase(struct sk_engine *e,
                                         const struct sk_org *from,
                                         const struct sk_message_id *id,
                                         bool all,
                                         const struct sk_words *fields);
/* Everything about one message, as inbox.open shows it.  inbox_ops.c */
SK_CHECKED enum sk_status sk_inbox_pack(struct sk_engine *e, struct sk_pack *p,
                                        const struct sk_inbox_entry *entry);
/* Why this message of `from` cannot come (again): "recalled", "expired"; NULL
   when nothing is against it. */
SK_CHECKED enum sk_status sk_inbox_gone(struct sk_engine *e,
                                        const struct sk_org *from,
                                        const struct sk_message_id *id,
                                        const char **code);
/* SK_OK: this message of `from` is kept; SK_E_EXISTS: another partner used the
   same id, or it is the id of a person here; SK_E_NOT_FOUND. */
SK_CHECKED enum sk_status sk_inbox_has(struct sk_engine *e,
                                       const struct sk_org *from,
                                       const struct sk_message_id *id);
/* Everything that came, in order of arrival, behind a number; and the next of
   it with its number.  SK_E_NOT_FOUND at the end. */
struct sk_scan sk_inbox_arrived(struct sk_engine *e, uint64_t after);
SK_CHECKED enum sk_status sk_inbox_next(struct sk_engine *e,
                                        struct sk_scan *scan, uint64_t *number,
                                        struct sk_org *from,
                                        struct sk_message_id *id);
/* The messages of `from` behind item `after` of that incarnation, oldest
   first: keys of a scan whose values are message ids. */
struct sk_scan sk_inbox_behind(struct sk_engine *e, const struct sk_org *from,
                               uint64_t incarnation, uint64_t after);
/* The messages of `from` under that handle, in order of arrival: keys of a scan
   whose values are message ids. */
struct sk_scan sk_inbox_about(struct sk_engine *e, const struct sk_org *from,
                              const struct sk_handle *handle);
/* Whose message it is, and the handle whom it is about.  SK_E_NOT_FOUND: about
   nobody, or not here. */
SK_CHECKED enum sk_status sk_inbox_handle(struct sk_engine *e,
                                          const struct sk_message_id *id,
                                          struct sk_org *from,
                                          struct sk_handle *handle);
/* The group of inbox.list: of this partner (NULL: all), opened or not. */
struct sk_key sk_inbox_group(const struct sk_org *from, bool opened);
/* What came under this handle moves from the lists of one coach to another's.
 */
SK_CHECKED enum sk_status sk_inbox_list_move(struct sk_engine *e,
                                             const struct sk_org *org,
                                             const struct sk_handle *handle,
                                             const struct sk_id *from,
                                             const struct sk_id *to);
/* Keep a message that came, under a data key of its own.  handle: whom it is
   about, NULL: nobody; item: its bytes as they came. */
SK_CHECKED enum sk_status sk_inbox_add(struct sk_engine *e,
                                       const struct sk_org *from,
                                       const struct sk_message_id *id,
                                       const struct sk_handle *handle,
                                       struct sk_bytes item);

#endif
