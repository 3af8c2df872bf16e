/*
 * What partners ask back, until it is answered, and whose it is.
 *                                                docs/CONSENT.md 4.5, 5.3
 * SK_T_NOTICE_IN, org, number -> array of 8
 *     array of [str org, bin id] whom it is about (sk_notice_about),
 *     bin notice, uint at_ms, str due DATE, bool erase,
 *     array of [message, nil (all) | array of field], uint received_ms,
 *     str ground: the person asks to be forgotten; empty: a withdrawal
 * SK_T_NOTICE_OF, org, notice -> number, and the coach on whose list it is
 * Ids and words, no values.  Both go with the answer.
 */
#ifndef SK_NODE_ENGINE_NOTICE_IN_H
#define SK_NODE_ENGINE_NOTICE_IN_H

#include "node/engine/engine.h"
#include "protocol/item.h"

/* Of a message that came: its partner and the handle.  Of one that we sent, an
   empty name and the participant.  Noted when the notice comes: also when the
   message is gone before the answer, it is about the same person. */
struct sk_notice_about {
    struct sk_org org;
    struct sk_id id;
};

struct sk_notice_in {
    struct sk_org from;
    uint64_t number; /* order of arrival */
    struct sk_id notice;
    uint64_t at_ms;
    int32_t due;
    bool erase;
    uint64_t received_ms;
    struct sk_bytes ground;              /* empty: a withdrawal */
    const struct sk_notice_about *about; /* each once; in scratch */
    size_t about_count;                  /* 0: of no message that is here */
    size_t entries_count;
    struct sk_item_entry entries[SK_ITEM_ENTRIES_MAX]; /* large, so last */
};
size_t sk_notice_in_size(size_t entries);

/* A new one: finds whom it is about, and puts it on the list of whose that is.
   The messages are still here. */
SK_CHECKED enum sk_status sk_notice_in_add(struct sk_engine *e,
                                           struct sk_notice_in *notice);
/* It was answered. */
SK_CHECKED enum sk_status sk_notice_in_drop(struct sk_engine *e,
                                            const struct sk_notice_in *notice);
/* The number of an open notice.  SK_E_NOT_FOUND. */
SK_CHECKED enum sk_status sk_notice_in_number(struct sk_engine *e,
                                              const struct sk_org *from,
                                              const struct sk_id *notice,
                                              uint64_t *out);
SK_CHECKED enum sk_status sk_notice_in_get(struct sk_engine *e,
                                           const struct sk_org *from,
                                           uint64_t number,
                                           struct sk_notice_in **out);

/* Is who asks to see what it is about?  CONTROL.md 7.3: when that is so of
   everybody whom its messages are about. */
SK_CHECKED enum sk_status
sk_notice_in_is_seen(struct sk_engine *e, const struct sk_notice_in *notice,
                     bool *out);
/* The same of an answer: refuses not-your-case, and is kept as a look. */
SK_CHECKED enum sk_status
sk_notice_in_access(struct sk_engine *e, const struct sk_notice_in *notice);

/* Those of one partner or all (NULL), by partner and in order of arrival,
   behind a number of a partner (NULL: from the start).  own: only what is on
   the lists of who asks, which is to be looked at once more; else everybody's.
 */
struct sk_notice_walk;
SK_CHECKED enum sk_status sk_notice_walk(struct sk_engine *e, bool own,
                                         const struct sk_org *from,
                                         const struct sk_org *after_from,
                                         uint64_t after,
                                         struct sk_notice_walk **out);
/* In scratch.  SK_E_NOT_FOUND at the end. */
SK_CHECKED enum sk_status sk_notice_walk_next(struct sk_notice_walk *walk,
                                              struct sk_notice_in **out);

/* Those about this handle, or this participant, are on the list of whose they
   are now. */
SK_CHECKED enum sk_status sk_notices_relist(struct sk_engine *e,
                                            const struct sk_id *about);

#endif
