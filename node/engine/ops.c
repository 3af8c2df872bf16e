#include "node/engine/ops.h"

#include <string.h>

#define ROW(name, handler)                                                     \
    {                                                                          \
        name, handler, false, false                                            \
    }
#define DATES(name, handler)                                                   \
    {                                                                          \
        name, handler, true, false                                             \
    }
#define AGAIN(name, handler)                                                   \
    {                                                                          \
        name, handler, false, true                                             \
    }

/* In the order of protocol/control.c. */
static const struct sk_op_row rows[] = {
    ROW("node.status", sk_op_node_status),
    ROW("backup.start", sk_op_backup_start),
    ROW("backup.read", sk_op_backup_read),
    ROW("backup.end", sk_op_backup_end),
    ROW("restore.done", sk_op_restore_done),
    ROW("journal.head", sk_op_journal_head),
    ROW("journal.read", sk_op_journal_read),
    ROW("journal.prove", sk_op_journal_prove),
    ROW("journal.findings", sk_op_journal_findings),
    ROW("journal.evidence", sk_op_journal_evidence),
    ROW("journal.settle", sk_op_journal_settle),
    ROW("clock.set", sk_op_clock_set),
    ROW("calendar.close", sk_op_calendar_close),
    ROW("contact.set", sk_op_contact_set),
    ROW("contact.clear", sk_op_contact_clear),
    ROW("agenda.list", sk_op_agenda_list),
    ROW("agenda.done", sk_op_agenda_done),
    ROW("charter.import", sk_op_charter_import),
    ROW("charter.show", sk_op_charter_show),
    ROW("charter.text", sk_op_charter_text),
    ROW("card.import", sk_op_card_import),
    ROW("card.renew", sk_op_card_renew),
    ROW("policy.activate", sk_op_policy_activate),
    ROW("policy.try", sk_op_policy_try),
    ROW("policy.show", sk_op_policy_show),
    ROW("policy.history", sk_op_policy_history),
    ROW("policy.version", sk_op_policy_version),
    ROW("policy.shadow", sk_op_policy_shadow),
    ROW("participant.add", sk_op_participant_add),
    ROW("participant.show", sk_op_participant_show),
    ROW("participant.find", sk_op_participant_find),
    ROW("participant.list", sk_op_participant_list),
    /* I7, as consent.withdraw. */
    ROW("participant.erase", sk_op_participant_erase),
    ROW("participant.erasure", sk_op_participant_erasure),
    ROW("participant.erasures", sk_op_participant_erasures),
    ROW("participant.assign", sk_op_participant_assign),
    ROW("participant.received", sk_op_participant_received),
    /* I7, as consent.withdraw. */
    ROW("participant.object", sk_op_participant_object),
    ROW("objection.list", sk_op_objection_list),
    ROW("objection.answer", sk_op_objection_answer),
    ROW("objection.withdraw", sk_op_objection_withdraw),
    ROW("relation.open", sk_op_relation_open),
    ROW("relation.close", sk_op_relation_close),
    DATES("event.record", sk_op_event_record),
    DATES("event.correct", sk_op_event_correct),
    ROW("event.list", sk_op_event_list),
    ROW("event.show", sk_op_event_show),
    DATES("draft.add", sk_op_draft_add),
    ROW("draft.list", sk_op_draft_list),
    DATES("draft.confirm", sk_op_draft_confirm),
    ROW("draft.drop", sk_op_draft_drop),
    DATES("consent.give", sk_op_consent_give),
    DATES("consent.renew", sk_op_consent_renew),
    DATES("consent.request", sk_op_consent_request),
    /* I7: what only narrows is never held up by a clock; it is dated with
       the largest time seen. */
    ROW("consent.refuse", sk_op_consent_refuse),
    ROW("consent.withdraw", sk_op_consent_withdraw),
    ROW("consent.list", sk_op_consent_list),
    /* A shadow counts it: its answer, with values, is not kept for that. */
    AGAIN("disclosure.preview", sk_op_disclosure_preview),
    DATES("disclosure.send", sk_op_disclosure_send),
    ROW("disclosure.list", sk_op_disclosure_list),
    ROW("disclosure.question", sk_op_disclosure_question),
    ROW("disclosure.history", sk_op_disclosure_history),
    ROW("message.show", sk_op_message_show),
    ROW("message.replay", sk_op_message_replay),
    ROW("text.check", sk_op_text_check),
    DATES("collective.publish", sk_op_collective_publish),
    ROW("inbox.list", sk_op_inbox_list),
    AGAIN("inbox.open", sk_op_inbox_open),
    ROW("inbox.peek", sk_op_inbox_peek),
    ROW("inbox.assign", sk_op_inbox_assign),
    ROW("inbox.accept", sk_op_inbox_accept),
    ROW("inbox.corrected", sk_op_inbox_corrected),
    ROW("inbox.withdraw", sk_op_inbox_withdraw),
    ROW("handover.list", sk_op_handover_list),
    ROW("handover.show", sk_op_handover_show),
    DATES("handover.open", sk_op_handover_open),
    DATES("handover.cancel", sk_op_handover_cancel),
    DATES("handover.input", sk_op_handover_input),
    ROW("erasure.list", sk_op_erasure_list),
    ROW("erasure.confirm", sk_op_erasure_confirm),
    ROW("erasure.refuse", sk_op_erasure_refuse),
    ROW("leave.report", sk_op_leave_report),
    DATES("leave.start", sk_op_leave_start),
    ROW("leave.stop", sk_op_leave_stop),
    ROW("leave.erase", sk_op_leave_erase),
    ROW("leave.keep", sk_op_leave_keep),
    ROW("feed.read", sk_op_feed_read),
    ROW("feed.confirm", sk_op_feed_confirm),
    ROW("feed.list", sk_op_feed_list),
    ROW("peer.list", sk_op_peer_list),
    ROW("peer.show", sk_op_peer_show),
    ROW("peer.holds", sk_op_peer_holds),
    ROW("user.add", sk_op_user_add),
    ROW("user.change", sk_op_user_change),
    ROW("user.end", sk_op_user_end),
    ROW("user.list", sk_op_user_list),
    ROW("user.stand-in", sk_op_user_stand_in),
    ROW("access.list", sk_op_access_list),
    ROW("access.seen", sk_op_access_seen),
};

const size_t sk_op_rows_count = SK_COUNT(rows);

const struct sk_op_row *sk_op_row_of(const struct sk_op *op)
{
    size_t at = (size_t)(op - sk_ops);

    assert(at < SK_COUNT(rows) && strcmp(rows[at].name, op->name) == 0);

    return &rows[at];
}
