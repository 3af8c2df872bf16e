#include "node/engine/witness.h"

#include <string.h>

#include "node/engine/findings.h"
#include "node/engine/journal.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "protocol/unpack.h"

/* PROTOCOL.md 11.5: how often we ask, and answer. */
#define ASK_AGAIN_MS 30000
#define ANSWER_COST_MS 1000
#define ANSWER_BURST_MS 10000

#define RECORD_SIZE_MAX                                                        \
    (2 * (SK_CARD_SIZE_MAX + SK_SIGNED_HEAD_SIZE_MAX +                         \
          SK_CHECKPOINT_SIZE_MAX) +                                            \
     64)

struct head {
    bool any;
    struct sk_checkpoint checkpoint;
    struct sk_bytes text; /* of the checkpoint */
    struct sk_bytes card;
    struct sk_bytes message;
};
struct seen { /* of one partner; views in scratch */
    struct head proved;
    struct head since;
};

/* ------------------------------------------------------------- records */

static struct sk_key seen_key(const struct sk_org *org)
{
    struct sk_key key = sk_key_start(SK_T_JOURNAL);

    sk_key_bytes(&key, sk_text("p"));
    sk_key_org(&key, org);
    return key;
}

static void pack_head(struct sk_pack *p, const struct head *head)
{
    sk_pack_array(p, head->any ? 3 : 0);
    if (!head->any)
        return;
    sk_pack_str(p, head->text);
    sk_pack_bin(p, head->card);
    sk_pack_bin(p, head->message);
}

static enum sk_status unpack_head(struct sk_unpack *u, struct head *out)
{
    out->any = sk_unpack_array_upto(u, 0, 3) == 3;
    if (!out->any)
        return SK_OK;
    out->text = sk_unpack_str(u, 1, SK_CHECKPOINT_SIZE_MAX);
    out->card = sk_unpack_bin_upto(u, 0, SK_CARD_SIZE_MAX);
    out->message = sk_unpack_bin_upto(u, 1, SK_SIGNED_HEAD_SIZE_MAX);
    if (u->status != SK_OK)
        return SK_E_IO;
    /* It was verified when it came. */
    return sk_checkpoint_open(out->text, NULL, &out->checkpoint) == SK_OK
               ? SK_OK
               : SK_E_IO;
}

static enum sk_status get_seen(struct sk_engine *e, const struct sk_org *org,
                               struct seen *out)
{
    struct sk_key key = seen_key(org);
    struct sk_bytes value;
    struct sk_unpack u;
    enum sk_status status;

    *out = (struct seen){0};
    status = sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    value = sk_arena_copy(&e->scratch, value);
    if (value.size == 0)
        return SK_E_MEMORY;
    u = sk_unpack_start(value);
    sk_unpack_array(&u, 2);
    SK_TRY(unpack_head(&u, &out->proved));
    SK_TRY(unpack_head(&u, &out->since));
    return sk_unpack_finish(&u) == SK_OK ? SK_OK : SK_E_IO;
}

static enum sk_status put_seen(struct sk_engine *e, const struct sk_org *org,
                               const struct seen *seen)
{
    struct sk_pack p = sk_scratch_pack(e, RECORD_SIZE_MAX);
    struct sk_key key = seen_key(org);
    struct sk_bytes value;

    sk_pack_array(&p, 2);
    pack_head(&p, &seen->proved);
    pack_head(&p, &seen->since);
    if (sk_scratch_packed(e, &p, &value) != SK_OK)
        return SK_E_MEMORY;
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), value);
}

/* ------------------------------------------------------------- heads */

/* A head that a partner shows, with what proves that it did.  False: it is
   not one of this partner. */
static enum sk_status open_head(struct sk_engine *e, const struct sk_session *s,
                                struct sk_bytes text, struct sk_bytes plain,
                                struct head *out, bool *good)
{
    struct head head = {.any = true, .text = text, .message = plain};
    struct sk_key key = sk_key_start(SK_T_CARD);

    *good =
        sk_checkpoint_open(text, &s->card.signing, &head.checkpoint) == SK_OK &&
        sk_org_equal(&head.checkpoint.org, &s->org) &&
        sk_org_equal(&head.checkpoint.charter, &e->charter) &&
        head.checkpoint.head.size > 0 && plain.size <= SK_SIGNED_HEAD_SIZE_MAX;
    if (!*good)
        return SK_OK;
    sk_key_org(&key, &s->org);
    SK_TRY(
        sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &head.card));
    head.card = sk_arena_copy(&e->scratch, head.card);
    if (head.card.size == 0)
        return SK_E_MEMORY;
    *out = head;
    return SK_OK;
}

/* PROTOCOL.md 11.6, 11.7: write down what two heads say together. */
static enum sk_status find(struct sk_engine *e, struct sk_session *s,
                           enum sk_verdict verdict, const struct head *old,
                           const struct head *new)
{
    struct sk_evidence *evidence = sk_arena_get(&e->scratch, sizeof(*evidence));
    struct sk_room room = {sk_arena_take(&e->scratch, SK_EVIDENCE_SIZE_MAX),
                           SK_EVIDENCE_SIZE_MAX};
    struct sk_bytes bytes;

    if (evidence == NULL || room.data == NULL)
        return SK_E_MEMORY;
    evidence->org = s->org;
    evidence->seen_by = e->org;
    evidence->card_bytes[0] = old->card;
    evidence->card_bytes[1] = new->card;
    evidence->messages[0] = old->message;
    evidence->messages[1] = new->message;
    SK_TRY(sk_evidence_encode(evidence, room, &bytes));
    SK_TRY(sk_finding_put(e, &s->org, sk_verdict_text(verdict), bytes));
    if (verdict == SK_VERDICT_RESTORED)
        return SK_OK;
    return sk_wire_refuse(e, s, "journal-forked", "journal");
}

static bool is_same_log(const struct head *a, const struct head *b)
{
    return sk_log_id_equal(&a->checkpoint.log, &b->checkpoint.log);
}

/* A receipt that came late, or entries that are gone: the proof will say.
   What was longer is not forgotten for it. */
static bool hides(const struct head *longer, const struct head *head)
{
    return longer->any && is_same_log(longer, head) &&
           longer->checkpoint.head.size > head->checkpoint.head.size;
}

/* A store goes back while the line is down.  What was seen before, and not
   proved, is what tells: it stays until there is a proof. */
static bool waits_for_proof(const struct sk_session *s, const struct seen *seen)
{
    return seen->since.any && !s->proved;
}

enum sk_status sk_witness_seen(struct sk_engine *e, struct sk_session *s,
                               struct sk_bytes text, struct sk_bytes plain,
                               bool *good)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct seen seen;
    struct head head;

    SK_TRY(open_head(e, s, text, plain, &head, good));
    if (!*good)
        return SK_OK;
    SK_TRY(get_seen(e, &s->org, &seen));
    s->prove_due = true;
    if (!seen.proved.any) {
        seen.proved = head;
    } else if (sk_judge(&seen.proved.checkpoint, &head.checkpoint, NULL) ==
               SK_VERDICT_FORK) {
        SK_TRY(find(e, s, SK_VERDICT_FORK, &seen.proved, &head));
        seen = (struct seen){.proved = head};
    } else if (seen.since.any &&
               sk_judge(&seen.since.checkpoint, &head.checkpoint, NULL) ==
                   SK_VERDICT_FORK) {
        SK_TRY(find(e, s, SK_VERDICT_FORK, &seen.since, &head));
        seen = (struct seen){.proved = head};
    } else if (is_same_log(&seen.proved, &head) && !waits_for_proof(s, &seen) &&
               !hides(&seen.since, &head)) {
        seen.since = head;
    }
    SK_TRY(put_seen(e, &s->org, &seen));
    sk_arena_reset(&e->scratch, mark);
    return SK_OK;
}

/* ------------------------------------------------------------- asking */

/* What was said when it was found may be lost: a crash, a line that dropped. */
static enum sk_status say_again(struct sk_engine *e, struct sk_session *s)
{
    static const enum sk_verdict lies[] = {SK_VERDICT_FORK, SK_VERDICT_ROLLBACK,
                                           SK_VERDICT_RESET};
    bool open = false;

    s->findings_due = false;
    for (size_t i = 0; !open && i < SK_COUNT(lies); i++)
        SK_TRY(sk_finding_is_open(e, &s->org, sk_verdict_text(lies[i]), &open));
    return open ? sk_wire_refuse(e, s, "journal-forked", "journal") : SK_OK;
}

static enum sk_status ask(struct sk_engine *e, struct sk_session *s)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_message *message = sk_arena_get(&e->scratch, sizeof(*message));
    struct seen seen;

    if (message == NULL)
        return SK_E_MEMORY;
    SK_TRY(get_seen(e, &s->org, &seen));
    message->kind = SK_MESSAGE_PROVE;
    message->prove = (struct sk_prove){0};
    if (seen.proved.any) {
        message->prove.log = seen.proved.checkpoint.log;
        message->prove.first = seen.proved.checkpoint.head.size;
    }
    if (seen.since.any)
        message->prove.second = seen.since.checkpoint.head.size;
    SK_TRY(sk_wire_send(e, s, message));
    s->prove_due = false;
    s->prove_asked = true;
    s->prove = message->prove;
    s->prove_ms = e->real_ms + ASK_AGAIN_MS;
    sk_arena_reset(&e->scratch, mark);
    return SK_OK;
}

static bool may_ask(const struct sk_session *s)
{
    return s->up && s->known && s->greeted && !s->suspended && s->prove_due;
}

enum sk_status sk_witness_tend(struct sk_engine *e)
{
    for (size_t i = 0; i < e->sessions_count; i++) {
        struct sk_session *s = &e->sessions[i];

        /* A clock that was set back holds nothing up. */
        if (s->prove_ms > e->real_ms + ASK_AGAIN_MS)
            s->prove_ms = e->real_ms;
        if (may_ask(s) && e->real_ms >= s->prove_ms)
            SK_TRY(ask(e, s));
        /* Who is suspended hears it when it is no longer. */
        if (s->findings_due && s->up && s->known && s->greeted && !s->suspended)
            SK_TRY(say_again(e, s));
    }
    return SK_OK;
}

void sk_witness_schedule(struct sk_engine *e)
{
    for (size_t i = 0; i < e->sessions_count; i++)
        if (may_ask(&e->sessions[i]))
            sk_wake_at(e, e->sessions[i].prove_ms);
}

/* ------------------------------------------------------------- answering */

/* The partner has seen more of our journal than there is: the store went
   back, and nobody said so; or the partner is wrong. */
static bool is_behind(const struct sk_engine *e, const struct sk_prove *prove)
{
    const struct sk_journal *j = &e->journal;
    uint64_t most = prove->first > prove->second ? prove->first : prove->second;

    if (sk_log_id_is_none(&prove->log))
        return false;
    if (sk_log_id_equal(&prove->log, &j->log))
        return most > j->edge.size;
    return j->restarts_count == 0;
}

/* A journal that cannot be read proves nothing, and says so: an answer without
   a proof, and a finding here.  Nothing is written while it is read. */
static enum sk_status prove(struct sk_engine *e, uint64_t from,
                            struct sk_merkle_proof *out, bool *broken)
{
    enum sk_status status;

    out->count = 0;
    if (from == 0 || from > e->journal.edge.size)
        return SK_OK;
    status = sk_merkle_consistency(sk_journal_read, e, from,
                                   e->journal.edge.size, out);
    if (status != SK_E_IO || e->store->failed != SK_OK)
        return status;
    *broken = true;
    return SK_OK;
}

enum sk_status sk_witness_asked(struct sk_engine *e, struct sk_session *s,
                                const struct sk_prove *asked)
{
    struct sk_message *message = sk_arena_get(&e->scratch, sizeof(*message));
    enum sk_status status;
    bool broken = false;

    if (message == NULL)
        return SK_E_MEMORY;
    if (s->suspended || !sk_session_has_time(e, &s->proof_until_ms,
                                             ANSWER_COST_MS, ANSWER_BURST_MS)) {
        sk_session_waste(e, s);
        return SK_OK;
    }
    SK_TRY(sk_journal_flush(e));
    if (is_behind(e, asked))
        SK_TRY(sk_finding_put(e, &s->org, "behind", (struct sk_bytes){0}));
    message->kind = SK_MESSAGE_PROOF;
    message->proof.asked = *asked;
    status = sk_journal_checkpoint(e, &message->proof.checkpoint);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    SK_TRY(prove(e, asked->first, &message->proof.first, &broken));
    SK_TRY(prove(e, asked->second, &message->proof.second, &broken));
    if (broken)
        SK_TRY(sk_finding_put(e, &e->org, "broken", (struct sk_bytes){0}));
    return sk_wire_send(e, s, message);
}

enum sk_status sk_witness_doubted(struct sk_engine *e, struct sk_session *s)
{
    return sk_finding_put(e, &s->org, "doubted", (struct sk_bytes){0});
}

/* ------------------------------------------------------------- the proof */

static bool is_asked(const struct sk_session *s, const struct sk_prove *asked)
{
    return s->prove_asked && sk_log_id_equal(&s->prove.log, &asked->log) &&
           s->prove.first == asked->first && s->prove.second == asked->second;
}

/* What it says about one head; GOOD for one that it was not asked about. */
static enum sk_verdict judge(const struct sk_message *message,
                             const struct head *old, const struct head *new)
{
    enum sk_verdict verdict;

    if (!old->any)
        return SK_VERDICT_GOOD;
    verdict = sk_judge(&old->checkpoint, &new->checkpoint,
                       sk_proof_about(message, &old->checkpoint));
    return verdict == SK_VERDICT_OPEN ? SK_VERDICT_GOOD : verdict;
}

enum sk_status sk_witness_proof(struct sk_engine *e, struct sk_session *s,
                                const struct sk_message *message,
                                struct sk_bytes plain)
{
    struct seen seen;
    struct head head;
    enum sk_verdict verdict;
    bool good;

    if (!is_asked(s, &message->proof.asked))
        return SK_OK;
    s->prove_asked = false;
    s->proved = true;
    SK_TRY(open_head(e, s, message->proof.checkpoint, plain, &head, &good));
    if (!good)
        return sk_wire_refuse(e, s, "bad-checkpoint", "journal");
    SK_TRY(get_seen(e, &s->org, &seen));
    verdict = judge(message, &seen.proved, &head);
    if (verdict != SK_VERDICT_GOOD) {
        SK_TRY(find(e, s, verdict, &seen.proved, &head));
    } else {
        verdict = judge(message, &seen.since, &head);
        if (verdict != SK_VERDICT_GOOD)
            SK_TRY(find(e, s, verdict, &seen.since, &head));
    }
    /* One that came after the question waits for the next proof. */
    if (seen.since.any && verdict == SK_VERDICT_GOOD &&
        is_same_log(&seen.since, &head) &&
        sk_proof_about(message, &seen.since.checkpoint) == NULL)
        s->prove_due = true;
    else
        seen.since = (struct head){0};
    seen.proved = head;
    return put_seen(e, &s->org, &seen);
}
