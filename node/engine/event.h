/*
 * Events that were recorded here.  event.c; record.c: what people may record
 */
#ifndef SK_NODE_ENGINE_EVENT_H
#define SK_NODE_ENGINE_EVENT_H

#include "node/engine/engine.h"
#include "policies/decide.h"
#include "protocol/pack.h"

struct sk_recorded_event {
    struct sk_event_id id;
    struct sk_participant_id participant;
    struct sk_event_view view; /* texts in scratch */
    bool has_about;
    struct sk_handover_id about;
    uint64_t recorded_ms;
    struct sk_event_id corrects;     /* that one was wrong; zero: none */
    struct sk_event_id corrected_by; /* this one is wrong; zero: no */
};
/* SK_E_NOT_FOUND. */
SK_CHECKED enum sk_status sk_event_get(struct sk_engine *e,
                                       const struct sk_event_id *id,
                                       struct sk_recorded_event *out);
/* Store a new event that was checked, with what follows from it: handover,
   employer, trajectory.  Refuses what sk_handover_recorded() refuses. */
SK_CHECKED enum sk_status sk_event_record(struct sk_engine *e,
                                          struct sk_recorded_event *event);
/* The same event with other values, instead of the old one, which stays as it
   was and says so. */
SK_CHECKED enum sk_status sk_event_replace(struct sk_engine *e,
                                           struct sk_recorded_event *old,
                                           struct sk_recorded_event *event);
/* A field of it (no set); false when absent. */
bool sk_event_field(const struct sk_event_view *view, const char *name,
                    struct sk_bytes *out);

/* What event.record takes, checked, without an id; whole: with all that must
   be there.  Refuses.  record.c */
SK_CHECKED enum sk_status sk_record_read(struct sk_engine *e,
                                         struct sk_value args, bool whole,
                                         struct sk_recorded_event *out);
/* Everything about it, as event.show. */
void sk_event_pack(struct sk_pack *p, const struct sk_recorded_event *event);
/* SK_E_NOT_FOUND when there is no such event; reads no values. */
SK_CHECKED enum sk_status sk_event_exists(struct sk_engine *e,
                                          const struct sk_event_id *id);

#endif
