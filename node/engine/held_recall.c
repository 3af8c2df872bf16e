#include "node/engine/restored.h"

#include <string.h>

#include "node/engine/consent.h"
#include "node/engine/facts.h"
#include "node/engine/state.h"
#include "node/engine/withdraw.h"

/* The notices of one recall, that nobody reads: nobody asked here. */
#define UNREAD_SIZE_MAX (256 * 1024)

struct last {
    bool found;
    struct sk_consent_id withdrawal;
};

static enum sk_status look(void *context, const struct sk_consent_record *one)
{
    struct last *last = context;

    if (sk_bytes_equal(one->fact.state, sk_text("withdrawn"))) {
        last->found = true;
        last->withdrawal = one->consent;
    }
    return SK_OK;
}

static bool is_taken_back(struct sk_engine *e, const struct sk_facts *facts,
                          const struct sk_org *to, struct sk_bytes purpose,
                          uint16_t category)
{
    const struct sk_vocabulary *v = sk_bundle_vocabulary(e->bundle);

    return category != SK_NONE &&
           strcmp(sk_consent_state(facts, sk_org_text(to), purpose,
                                   v->categories[category].id,
                                   /* explicit_consent */ false, sk_instant(e)),
                  "withdrawn") == 0;
}

/* Anything of it: the event itself or a field that went out. */
static bool any_taken_back(struct sk_engine *e, const struct sk_facts *facts,
                           const struct sk_org *to,
                           const struct sk_item_event *event)
{
    const struct sk_vocabulary *v = sk_bundle_vocabulary(e->bundle);
    uint16_t type = sk_vocabulary_event(v, event->type);

    if (type != SK_NONE &&
        is_taken_back(e, facts, to, event->purpose, v->events[type].category))
        return true;
    for (size_t i = 0; i < event->fields_count; i++) {
        uint16_t at = sk_vocabulary_field(v, event->fields[i].name);

        if (at != SK_NONE &&
            is_taken_back(e, facts, to, event->purpose, v->fields[at].category))
            return true;
    }
    return false;
}

enum sk_status sk_held_recall(struct sk_engine *e,
                              const struct sk_participant_id *participant,
                              const struct sk_org *to,
                              const struct sk_item_event *event)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_pack reply = e->reply;
    size_t keys;
    struct last last = {0};
    struct sk_facts *facts;
    enum sk_status status;

    SK_TRY(sk_facts_of(e, e->bundle, participant, NULL, &facts));
    if (!any_taken_back(e, facts, to, event))
        return SK_OK;
    SK_TRY(sk_consent_each(e, participant, look, &last));
    if (!last.found)
        return SK_OK;
    e->reply = sk_scratch_pack(e, UNREAD_SIZE_MAX);
    status = sk_withdraw_recall(e, participant, &last.withdrawal, &keys);
    e->reply = reply;
    sk_arena_reset(&e->scratch, mark);
    return status;
}
