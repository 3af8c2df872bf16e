/*
 * One record per disclosure (message): made when it is queued, filled when it
 * is handed to the transport, and followed to the end (I3).  No values.
 */
#ifndef SK_NODE_ENGINE_LEDGER_H
#define SK_NODE_ENGINE_LEDGER_H

#include "node/engine/engine.h"
#include "policies/decide.h"
#include "protocol/item.h"

enum sk_ledger_state {
    SK_LEDGER_QUEUED, /* waits in the outbox */
    SK_LEDGER_SENT,   /* handed over at least once, no receipt yet */
    SK_LEDGER_STORED,
    SK_LEDGER_READ,
    SK_LEDGER_ACCEPTED,
    SK_LEDGER_DROPPED, /* never sent: reason */
    SK_LEDGER_REFUSED, /* by the recipient: reason */
};
enum sk_ledger_recall {
    SK_RECALL_NONE,
    SK_RECALL_ASKED,     /* a notice is on its way or waits for its answer */
    SK_RECALL_CONFIRMED, /* erased */
    SK_RECALL_KEPT,      /* refused: law_reference, keep_until */
};
struct sk_ledger_field {
    struct sk_bytes name;
    enum sk_withheld withheld;
    struct sk_bytes level; /* when sent */
    bool recalled;
};
struct sk_ledger_entry {
    struct sk_message_id message;
    struct sk_participant_id participant;
    struct sk_event_id event;
    struct sk_bytes type;
    struct sk_org to;
    struct sk_bytes purpose;
    uint64_t queued_ms;
    uint64_t number;    /* of its place in the log towards `to`; 0: none */
    uint64_t sent_ms;   /* first hand-over; 0 never */
    uint64_t stored_ms; /* as the partner's receipts say, also when the record
                           was not written since */
    uint64_t read_ms;
    enum sk_ledger_state state;
    struct sk_bytes reason; /* DROPPED, REFUSED */
    struct sk_bytes policy; /* "org/version" */
    int32_t erase_by;
    bool erase;
    uint32_t within_days;
    enum sk_ledger_recall recall;
    bool recall_all;
    struct sk_bytes law_reference;
    struct sk_bytes keep_until;
    uint64_t answered_ms;
    struct sk_id notice; /* the last one that names it; zero: none */
    bool has_handover;
    struct sk_handover_id handover;
    size_t fields_count;
    size_t rules_count;
    struct sk_ledger_field fields[SK_EVENT_FIELDS_MAX];
    struct sk_recall_rule rules[SK_ITEM_WORDS_MAX]; /* as of sending */
    struct sk_words consents;                       /* ids as text */
};
/* Nothing in it; entries of its lists, 7 KB, are not cleared. */
void sk_ledger_start(struct sk_ledger_entry *out);
/* Whom a message that we sent is about; reads no values.  SK_E_NOT_FOUND. */
SK_CHECKED enum sk_status sk_ledger_person(struct sk_engine *e,
                                           const struct sk_message_id *id,
                                           struct sk_participant_id *out);
SK_CHECKED enum sk_status sk_ledger_get(struct sk_engine *e,
                                        const struct sk_message_id *id,
                                        struct sk_ledger_entry *out);
/* Fails with SK_E_TOO_LARGE when it names more than a record can hold. */
SK_CHECKED enum sk_status sk_ledger_put(struct sk_engine *e,
                                        const struct sk_ledger_entry *entry);
/* How many messages of a participant there are, counted up to `most`. */
SK_CHECKED enum sk_status sk_ledger_count(struct sk_engine *e,
                                          const struct sk_participant_id *id,
                                          size_t most, size_t *out);
/* The partner may have it: handed over, and its day is not there yet.  I7:
   also when it says that it refused it, for it had it in hands. */
bool sk_ledger_is_out(const struct sk_engine *e,
                      const struct sk_ledger_entry *entry);
bool sk_ledger_fits(const struct sk_ledger_entry *entry);
/* The two halves of put: the record in scratch; and store it, sealed, also in
   the index that says who it is about. */
SK_CHECKED enum sk_status sk_ledger_pack(struct sk_engine *e,
                                         const struct sk_ledger_entry *entry,
                                         struct sk_bytes *out);
SK_CHECKED enum sk_status
sk_ledger_put_packed(struct sk_engine *e, const struct sk_message_id *message,
                     const struct sk_participant_id *participant,
                     const struct sk_org *to, struct sk_bytes record);
/* The other way. */
SK_CHECKED enum sk_status sk_ledger_unpack(struct sk_engine *e,
                                           struct sk_bytes record,
                                           struct sk_ledger_entry *out);
/* Its partner has not confirmed it, and may still. */
bool sk_ledger_waits(const struct sk_ledger_entry *entry);
/* Every message of a participant, ids ascend.  fn may write; views of the
   entry, and what fn takes from scratch, die when it returns. */
SK_CHECKED enum sk_status
sk_ledger_each(struct sk_engine *e, const struct sk_participant_id *id,
               enum sk_status (*fn)(void *context, struct sk_ledger_entry *),
               void *context);
/* The same of those behind `after` (zero: from the first), so many at most;
   `after` is then the last one, and whether more follow is in `more`.  passes:
   a record that cannot be opened is passed over, for work that must go on. */
struct sk_ledger_page {
    struct sk_message_id after;
    size_t most;
    bool passes;
    bool more;
};
SK_CHECKED enum sk_status
sk_ledger_page(struct sk_engine *e, const struct sk_participant_id *id,
               struct sk_ledger_page *page,
               enum sk_status (*fn)(void *context, struct sk_ledger_entry *),
               void *context);
/* The message waits no longer: it is never sent (DROPPED), with the reason;
   a handover that it would have opened is cancelled. */
SK_CHECKED enum sk_status sk_ledger_drop(struct sk_engine *e,
                                         struct sk_ledger_entry *entry,
                                         const char *reason);

#endif
