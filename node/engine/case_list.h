/*
 * Lists per coach: what a coach may see is found by whose it is, and not by
 * looking at everybody's.                          docs/CONTROL.md 7.3
 *
 * SK_T_LIST, list, coach (zero: nobody's yet), group, place -> value
 *     'p' participants of that coach: participant -> empty
 *     'm' messages: org or nothing (of all partners), zero byte, 'n' not opened
 *         or 'o' opened; number of arrival -> message.  Not what was asked back
 *     'v' handovers: 'o' open or 'c' closed; handover -> empty
 *     'e' requests to be forgotten: participant -> empty
 *     'q' what partners ask back: org, number -> empty
 *     'a' the same by whom it is about: a handle or participant stands in the
 *         place of the coach; notice_in.h
 * A group is its own list in the order of the places.
 *
 * What is on a list moves with what it is about, in the same transaction: when
 * somebody says whom a partner's handle is, when a case goes to another coach,
 * when a person is erased.
 */
#ifndef SK_NODE_ENGINE_CASE_LIST_H
#define SK_NODE_ENGINE_CASE_LIST_H

#include "node/engine/tables.h"

enum sk_list {
    SK_LIST_PARTICIPANTS = 'p',
    SK_LIST_MESSAGES = 'm',
    SK_LIST_HANDOVERS = 'v',
    SK_LIST_ERASURES = 'e',
    SK_LIST_NOTICES = 'q',
    SK_LIST_ABOUT = 'a',
};

/* In the place of the coach, for what is about people of more than one: only
   who stands in for another one may see that.  For SK_LIST_NOTICES. */
extern const struct sk_id sk_list_several;

/* The key so far: the caller adds group and place. */
struct sk_key sk_list_key(enum sk_list list, const struct sk_id *coach);
SK_CHECKED enum sk_status sk_list_put(struct sk_engine *e,
                                      const struct sk_key *row,
                                      struct sk_bytes value);
SK_CHECKED enum sk_status sk_list_drop(struct sk_engine *e,
                                       const struct sk_key *row);
/* If it is there: it goes, and is elsewhere with the same value. */
SK_CHECKED enum sk_status sk_list_move(struct sk_engine *e,
                                       const struct sk_key *row,
                                       const struct sk_key *to);

/*
 * These groups of one list, of everybody whose cases who asks may see (nobody's
 * yet, the own ones, those of whom they stand in for today), as one list in the
 * order of the places, behind the place `after` (empty: from the start).
 * In scratch.  groups: keys from sk_key_bytes() and the like, without a table;
 * they stay where they are.
 */
struct sk_list_walk;
SK_CHECKED enum sk_status sk_list_walk(struct sk_engine *e, enum sk_list list,
                                       const struct sk_key *groups,
                                       size_t groups_count,
                                       struct sk_bytes after,
                                       struct sk_list_walk **out);
/* SK_E_NOT_FOUND at the end.  place: dies with the next call; value: like any
   view of the store. */
SK_CHECKED enum sk_status sk_list_walk_next(struct sk_list_walk *walk,
                                            struct sk_bytes *place,
                                            struct sk_bytes *value);

/* What came under this handle is now of the cases of `to`. */
SK_CHECKED enum sk_status sk_list_handle_moved(struct sk_engine *e,
                                               const struct sk_org *org,
                                               const struct sk_handle *handle,
                                               const struct sk_id *from,
                                               const struct sk_id *to);
/* The case is now of `to`, with all that is about this person. */
SK_CHECKED enum sk_status
sk_list_case_moved(struct sk_engine *e, const struct sk_participant_id *person,
                   const struct sk_id *from, const struct sk_id *to);
/* What is left on the list of handovers of `from`: those that name somebody who
   was erased, by whom they are found no more. */
SK_CHECKED enum sk_status sk_list_handovers_moved(struct sk_engine *e,
                                                  const struct sk_id *from,
                                                  const struct sk_id *to);

#endif
