/*
 * Who handles which operation of protocol/control.h.  docs/ARCHITECTURE.md 4
 *
 * One handler per operation, named after it: "event.record" is
 * sk_op_event_record().  What a handler packs is in docs/CONTROL.md.
 */
#ifndef SK_NODE_ENGINE_OPS_H
#define SK_NODE_ENGINE_OPS_H

#include "node/engine/engine.h"

/* A handler packs exactly one value into e->reply and returns SK_OK, or
   refuses.  Every file with operations exports sk_op_<object>_<verb>(). */
typedef enum sk_status sk_op_handler(struct sk_engine *e, struct sk_value args);
/* The handler of an operation of protocol/control.h; ops.c. */
struct sk_op_row {
    const char *name;
    sk_op_handler *handler;
    bool dates; /* records an instant: refused when the clock was set back */
    bool again; /* doing it once more changes nothing and answers the same:
                   its reply, with values of a partner, is not kept */
};
/* op: in sk_ops.  Both tables have the same order. */
const struct sk_op_row *sk_op_row_of(const struct sk_op *op);

extern const size_t sk_op_rows_count; /* as many as sk_ops_count */

sk_op_handler sk_op_node_status;
sk_op_handler sk_op_backup_start;
sk_op_handler sk_op_backup_read;
sk_op_handler sk_op_backup_end;
sk_op_handler sk_op_restore_done;
sk_op_handler sk_op_journal_head;
sk_op_handler sk_op_journal_read;
sk_op_handler sk_op_journal_prove;
sk_op_handler sk_op_journal_findings;
sk_op_handler sk_op_journal_evidence;
sk_op_handler sk_op_journal_settle;
sk_op_handler sk_op_clock_set;
sk_op_handler sk_op_calendar_close;
sk_op_handler sk_op_contact_set;
sk_op_handler sk_op_contact_clear;
sk_op_handler sk_op_agenda_list;
sk_op_handler sk_op_agenda_done;
sk_op_handler sk_op_charter_import;
sk_op_handler sk_op_charter_show;
sk_op_handler sk_op_card_import;
sk_op_handler sk_op_card_renew;
sk_op_handler sk_op_policy_activate;
sk_op_handler sk_op_policy_try;
sk_op_handler sk_op_policy_show;
sk_op_handler sk_op_policy_history;
sk_op_handler sk_op_policy_version;
sk_op_handler sk_op_policy_shadow;
sk_op_handler sk_op_charter_text;
sk_op_handler sk_op_participant_add;
sk_op_handler sk_op_participant_show;
sk_op_handler sk_op_participant_find;
sk_op_handler sk_op_participant_list;
sk_op_handler sk_op_participant_erase;
sk_op_handler sk_op_participant_erasure;
sk_op_handler sk_op_participant_erasures;
sk_op_handler sk_op_participant_assign;
sk_op_handler sk_op_relation_open;
sk_op_handler sk_op_relation_close;
sk_op_handler sk_op_participant_received;
sk_op_handler sk_op_participant_object;
sk_op_handler sk_op_objection_list;
sk_op_handler sk_op_objection_answer;
sk_op_handler sk_op_objection_withdraw;
sk_op_handler sk_op_event_record;
sk_op_handler sk_op_event_correct;
sk_op_handler sk_op_event_list;
sk_op_handler sk_op_event_show;
sk_op_handler sk_op_draft_add;
sk_op_handler sk_op_draft_list;
sk_op_handler sk_op_draft_confirm;
sk_op_handler sk_op_draft_drop;
sk_op_handler sk_op_consent_give;
sk_op_handler sk_op_consent_renew;
sk_op_handler sk_op_consent_request;
sk_op_handler sk_op_consent_refuse;
sk_op_handler sk_op_consent_withdraw;
sk_op_handler sk_op_consent_list;
sk_op_handler sk_op_disclosure_preview;
sk_op_handler sk_op_disclosure_send;
sk_op_handler sk_op_disclosure_list;
sk_op_handler sk_op_disclosure_question;
sk_op_handler sk_op_disclosure_history;
sk_op_handler sk_op_message_show;
sk_op_handler sk_op_message_replay;
sk_op_handler sk_op_text_check;
sk_op_handler sk_op_collective_publish;
sk_op_handler sk_op_inbox_list;
sk_op_handler sk_op_inbox_open;
sk_op_handler sk_op_inbox_peek;
sk_op_handler sk_op_inbox_assign;
sk_op_handler sk_op_inbox_accept;
sk_op_handler sk_op_inbox_corrected;
sk_op_handler sk_op_inbox_withdraw;
sk_op_handler sk_op_handover_list;
sk_op_handler sk_op_handover_show;
sk_op_handler sk_op_handover_open;
sk_op_handler sk_op_handover_cancel;
sk_op_handler sk_op_handover_input;
sk_op_handler sk_op_erasure_list;
sk_op_handler sk_op_erasure_confirm;
sk_op_handler sk_op_erasure_refuse;
sk_op_handler sk_op_leave_report;
sk_op_handler sk_op_leave_start;
sk_op_handler sk_op_leave_stop;
sk_op_handler sk_op_leave_erase;
sk_op_handler sk_op_leave_keep;
sk_op_handler sk_op_feed_read;
sk_op_handler sk_op_feed_confirm;
sk_op_handler sk_op_feed_list;
sk_op_handler sk_op_peer_list;
sk_op_handler sk_op_peer_show;
sk_op_handler sk_op_peer_holds;
sk_op_handler sk_op_user_add;
sk_op_handler sk_op_user_change;
sk_op_handler sk_op_user_end;
sk_op_handler sk_op_user_list;
sk_op_handler sk_op_user_stand_in;
sk_op_handler sk_op_access_list;
sk_op_handler sk_op_access_seen;

#endif
