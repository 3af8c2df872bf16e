#include "node/engine/due.h"

#include <string.h>

#include "node/engine/feed.h"
#include "node/engine/inbox.h"
#include "node/engine/leave.h"
#include "node/engine/policy.h"
#include "node/engine/rights.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/timer.h"
#include "node/engine/user.h"
#include "policies/civil.h"

/* At most this many in one transaction; the rest at the next input. */
#define DUE_PER_STEP_MAX 256

/* Key: day + 2^31 as 8 bytes, kind, id.  Days before 1970 sort first. */
static struct sk_key due_key(int32_t day, enum sk_due_kind kind,
                             const struct sk_id *id)
{
    struct sk_key key = sk_key_start(SK_T_DUE);
    uint8_t byte = (uint8_t)kind;

    sk_key_u64(&key, (uint64_t)((int64_t)day + INT64_C(0x80000000)));
    sk_key_bytes(&key, (struct sk_bytes){&byte, 1});
    sk_key_id(&key, id);
    return key;
}

struct due {
    int32_t day;
    enum sk_due_kind kind;
    struct sk_id id;
};

static bool due_read(struct sk_bytes key, struct due *out)
{
    uint64_t day;

    if (key.size != 1 + 8 + 1 + SK_ID_SIZE)
        return false;
    day = sk_u64_read(key.data + 1);
    if (day > UINT32_MAX)
        return false;
    out->day = (int32_t)((int64_t)day - INT64_C(0x80000000));
    out->kind = (enum sk_due_kind)key.data[9];
    memcpy(out->id.bytes, key.data + 10, SK_ID_SIZE);
    return true;
}

enum sk_status sk_due_put(struct sk_engine *e, int32_t day,
                          enum sk_due_kind kind, const struct sk_id *id,
                          struct sk_bytes value)
{
    struct sk_key key = due_key(day, kind, id);

    /* What is due today or before waits for the next look, which then must
       happen today. */
    if (day <= e->due_day)
        e->due_day = day == INT32_MIN ? day : day - 1;
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), value);
}

static enum sk_status due_do(struct sk_engine *e, const struct due *due,
                             struct sk_bytes value)
{
    const struct sk_message_id message = {due->id};

    switch (due->kind) {
    case SK_DUE_ERASE_BY:
        return sk_inbox_expire(e, &message, value);
    case SK_DUE_POLICY:
        return sk_policy_due(e, &due->id);
    case SK_DUE_PERSON:
        return sk_erasure_due(e, &due->id);
    }
    return SK_E_BAD_VALUE;
}

/* I5: one broken record must not stop the node for ever, nor be forgotten:
   it is tried again tomorrow. */
static enum sk_status due_try(struct sk_engine *e, const struct due *due,
                              struct sk_bytes value)
{
    uint64_t writes = e->store->writes;
    enum sk_status status = due_do(e, due, value);

    if (status == SK_OK || status == SK_E_FULL || status == SK_E_IO ||
        status == SK_E_AGAIN)
        return status;
    if (e->store->writes != writes)
        return SK_E_IO;
    return sk_due_put(e, sk_today(e) + 1, due->kind, &due->id, value);
}

static enum sk_status due_next(struct sk_engine *e, int32_t today, bool *done)
{
    struct sk_key prefix = sk_key_start(SK_T_DUE);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct sk_bytes at;
    struct sk_bytes value;
    struct sk_bytes copy;
    struct sk_key key;
    struct due due;
    enum sk_status status = sk_scan_next(&scan, &at, &value);

    if (status == SK_E_NOT_FOUND) {
        *done = true;
        return SK_OK;
    }
    SK_TRY(status);
    if (!due_read(at, &due))
        return SK_E_BAD_FORM;
    if (due.day > today) {
        *done = true;
        return SK_OK;
    }
    key.size = 0;
    sk_key_bytes(&key, at);
    copy = sk_arena_copy(&e->scratch, value);
    SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key)));
    return due_try(e, &due, copy);
}

void sk_due_again(struct sk_engine *e)
{
    e->due_day = sk_today(e) - 1;
    sk_wake_at(e, e->real_ms);
}

/* What is kept for a time only: `keep` of domain.yaml.  DOMAIN.md 6.8 */
static enum sk_status forget_old(struct sk_engine *e, int32_t today,
                                 size_t *budget, bool *done)
{
    const struct sk_timer_rules *rules = e->timer_rules;
    int32_t looks = sk_months_before(today, rules->keep_looks_months);

    SK_TRY(sk_access_prune(e, (uint64_t)sk_civil_start(looks) * 1000, budget,
                           done));
    if (!*done)
        return SK_OK;
    return sk_feed_prune(e, today - (int32_t)rules->keep_feed_days, budget,
                         done);
}

enum sk_status sk_due_run(struct sk_engine *e)
{
    int32_t today = sk_today(e);
    size_t budget = DUE_PER_STEP_MAX;
    bool timers = false;
    bool due = false;
    bool done = false;

    if (today <= e->due_day)
        return SK_OK;
    SK_TRY(sk_timers_run(e, today, &budget, &timers));
    for (; timers && !due && budget > 0; budget--) {
        size_t mark = sk_arena_mark(&e->scratch);

        SK_TRY(due_next(e, today, &due));
        sk_arena_reset(&e->scratch, mark);
    }
    if (due)
        SK_TRY(sk_left_run(e, &budget, &done));
    if (done)
        SK_TRY(forget_old(e, today, &budget, &done));
    if (done)
        e->due_day = today;
    else
        sk_wake_at(e, e->real_ms);
    return SK_OK;
}
