/*
 * Questions of this node with their facts, as POLICY.md 8.1 has them: of an
 * event now, and of what went out, as it stood then.  Nothing is decided here:
 * who asks has the files of that day too (`policy.version`, `charter.text`).
 *                                                   docs/CONTROL.md 5, 6
 *
 *   question.c   one question     history.c   page by page, all there were
 */
#ifndef SK_NODE_ENGINE_QUESTION_H
#define SK_NODE_ENGINE_QUESTION_H

#include "node/engine/event.h"
#include "node/engine/ledger.h"

/* Into the reply: the question of a message that went out, as it stood then;
   and that of an event as it could be offered now, and to whom it was sent
   already.  Fails with SK_E_NOT_FOUND: erased. */
SK_CHECKED enum sk_status
sk_question_pack_message(struct sk_engine *e,
                         const struct sk_ledger_entry *entry);
SK_CHECKED enum sk_status
sk_question_pack_event(struct sk_engine *e,
                       const struct sk_recorded_event *event);

#endif
