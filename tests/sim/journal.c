#include "tests/sim/sim.h"

#include "node/engine/federation.h"
#include "node/engine/journal.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "protocol/evidence.h"
#include "protocol/unpack.h"
#include "tests/node/lines.h"

/*
 * What nodes show each other of their journals (PROTOCOL.md 11.5, 11.6): a
 * partner that lies signs heads of a journal that it does not have, a store
 * goes back and does not say so.  Both are found, at both ends, with evidence;
 * nobody is found to lie who does not.
 */

/* ------------------------------------------------------------- looking */

/* What a node keeps about a partner's journal: witness.c. */
static void read_shown(size_t at, size_t about, struct shown *out)
{
    struct sk_key key = sk_key_start(SK_T_JOURNAL);
    struct sk_bytes value;
    struct sk_unpack u;

    memset(out, 0, sizeof(*out));
    sk_key_bytes(&key, sk_text("p"));
    sk_key_org(&key, &sim.f.nodes[about].org);
    if (sk_store_get(sim.f.nodes[at].store, SK_SPACE_DATA, sk_key_done(&key),
                     &value) != SK_OK)
        return;
    u = sk_unpack_start(value);
    sk_unpack_array(&u, 2);
    for (size_t i = 0; i < 2; i++) {
        struct sk_bytes text;

        out->any[i] = sk_unpack_array_upto(&u, 0, 3) == 3;
        if (!out->any[i])
            continue;
        text = sk_unpack_str(&u, 1, SK_CHECKPOINT_SIZE_MAX);
        (void)sk_unpack_bin_upto(&u, 0, SK_CARD_SIZE_MAX);
        (void)sk_unpack_bin_upto(&u, 1, SK_SIGNED_HEAD_SIZE_MAX);
        check(sk_checkpoint_open(text, NULL, &out->heads[i]) == SK_OK,
              "a head that %s keeps", node_names[at]);
    }
    check(sk_unpack_finish(&u) == SK_OK, "a record of %s", node_names[at]);
}

void journal_shown(size_t at, size_t about, struct shown *out)
{
    cr_assert(sk_store_begin(sim.f.nodes[at].store) == SK_OK);
    read_shown(at, about, out);
    cr_assert(sk_store_commit(sim.f.nodes[at].store) == SK_OK);
}

/* Is there a finding, open or settled? */
static bool has_found(size_t at, size_t about, const char *kind)
{
    struct sk_key key = sk_key_start(SK_T_JOURNAL);
    struct sk_bytes value;
    bool found;

    sk_key_bytes(&key, sk_text("f"));
    sk_key_org(&key, &sim.f.nodes[about].org);
    sk_key_bytes(&key, sk_text(kind));
    cr_assert(sk_store_begin(sim.f.nodes[at].store) == SK_OK);
    found = sk_store_get(sim.f.nodes[at].store, SK_SPACE_DATA,
                         sk_key_done(&key), &value) == SK_OK;
    cr_assert(sk_store_commit(sim.f.nodes[at].store) == SK_OK);
    return found;
}

static bool has_found_lie(size_t at, size_t about)
{
    return has_found(at, about, "fork") || has_found(at, about, "rollback") ||
           has_found(at, about, "reset");
}

/* ------------------------------------------------------------- the liar */

/* A root that nobody has: the first bytes say so. */
static const uint8_t no_root[8] = {0xfa, 0x15, 0xe0, 0xfa,
                                   0x15, 0xe0, 0xfa, 0x15};

static bool is_made_up(const struct sk_checkpoint *head)
{
    return memcmp(head->head.root.bytes, no_root, sizeof(no_root)) == 0;
}

/* The liar's own journal, true or not, as a receipt shows it. */
struct sk_bytes journal_lie(struct sk_room room)
{
    struct fx_node *node = &sim.f.nodes[sim.liar];
    struct sk_checkpoint head;
    struct sk_bytes text;

    cr_assert(sk_store_begin(node->store) == SK_OK);
    cr_assert(sk_journal_head(node->engine, &head) == SK_OK);
    cr_assert(sk_store_commit(node->store) == SK_OK);
    if (one_in(2)) {
        if (one_in(3))
            head.head.size = 1 + chance(head.head.size);
        else if (one_in(2))
            head.head.size += 1 + chance(9);
        memcpy(head.head.root.bytes, no_root, sizeof(no_root));
    }
    cr_assert(sk_checkpoint_sign(&head, &node->secrets.signing, room, &text) ==
              SK_OK);
    return text;
}

/* A proof comes from the liar, of a head that it made up: what must be found
   when this happened. */
bool journal_is_test(const struct frame *frame)
{
    static struct sk_message message;
    const struct sk_prove *asked = &message.proof.asked;
    struct shown shown;
    const struct sk_session *s;

    if (frame->from != sim.liar || frame->size > SK_FRAME_SIZE_MAX ||
        ln_open(&sim.f, frame->from, frame->to, frame->bytes, frame->size,
                &message) != SK_OK ||
        message.kind != SK_MESSAGE_PROOF)
        return false;
    s = sk_session_find(engine(frame->to), &sim.f.nodes[sim.liar].org);
    if (s == NULL || s->suspended || !s->prove_asked ||
        s->prove.first != asked->first || s->prove.second != asked->second ||
        !sk_log_id_equal(&s->prove.log, &asked->log))
        return false;
    journal_shown(frame->to, sim.liar, &shown);
    return (shown.any[0] && is_made_up(&shown.heads[0])) ||
           (shown.any[1] && is_made_up(&shown.heads[1]) &&
            shown.heads[1].head.size == asked->second);
}

void journal_tested(size_t at)
{
    check(has_found_lie(at, sim.liar),
          "%s has a proof of a journal that %s made up, and found nothing",
          node_names[at], node_names[sim.liar]);
}

/* ------------------------------------------------------------- a store goes
 * back */

/* Who knows more of its journal than its backup has? */
void journal_note_rollback(size_t at, uint64_t entries)
{
    for (size_t i = 0; i < sim.count; i++) {
        struct shown shown;

        sim.nodes[i].knows_more = false;
        if (i == at)
            continue;
        journal_shown(i, at, &shown);
        /* Also what was not proved yet. */
        for (size_t j = 0; j < 2; j++)
            if (shown.any[j] && shown.heads[j].head.size > entries)
                sim.nodes[i].knows_more = true;
    }
}

/* ------------------------------------------------------------- at rest */

static bool is_suspended(size_t a, size_t b)
{
    const struct sk_session *s =
        sk_session_find(engine(a), &sim.f.nodes[b].org);

    return s == NULL || s->suspended;
}

static bool asks(size_t at, size_t about)
{
    const struct sk_session *s =
        sk_session_find(engine(at), &sim.f.nodes[about].org);

    /* A line that the liar spoiled is never greeted on, and nobody asks. */
    return s == NULL || s->suspended || !s->greeted || s->prove_due ||
           s->prove_asked;
}

/* Everybody asks everybody once more, and has its answer. */
void journal_settle(void)
{
    for (size_t i = 0; i < sim.count; i++) {
        for (size_t j = i + 1; j < sim.count; j++) {
            sim.cut[i][j] = true;
            net_line(i, j);
            sim.cut[i][j] = false;
            net_line(i, j);
        }
    }
    for (size_t i = 0; i < 2; i++) {
        check(net_wait(), "it never comes to rest");
        sim.f.real_ms += 31000;
        net_timers();
    }
    check(net_wait(), "it never comes to rest");
}

/* What is believed of a journal is that journal. */
static void check_believed(size_t at, size_t about)
{
    struct sk_engine *e = engine(about);
    struct shown shown;
    struct sk_hash root;
    const struct sk_checkpoint *head = &shown.heads[0];

    journal_shown(at, about, &shown);
    if (!shown.any[0] || asks(at, about) || is_suspended(about, at))
        return;
    check(sk_log_id_equal(&head->log, &e->journal.log),
          "%s believes in a journal that %s does not have", node_names[at],
          node_names[about]);
    check(head->head.size <= e->journal.edge.size,
          "%s believes that the journal of %s has more entries", node_names[at],
          node_names[about]);
    cr_assert(sk_store_begin(sim.f.nodes[about].store) == SK_OK);
    cr_assert(sk_merkle_root_at(sk_journal_read, e, head->head.size, &root) ==
              SK_OK);
    cr_assert(sk_store_commit(sim.f.nodes[about].store) == SK_OK);
    check(memcmp(root.bytes, head->head.root.bytes, SK_HASH_SIZE) == 0,
          "%s believes in another journal of %s", node_names[at],
          node_names[about]);
}

/* The evidence says what the finding says, to anybody. */
static void check_evidence(size_t at, size_t about, const char *kind)
{
    static struct sk_evidence evidence;
    struct sk_checkpoint heads[2];
    struct sk_bytes texts[2];
    enum sk_verdict verdict;

    check(
        ask(at, "journal.evidence", "finding=s org=s", kind, node_names[about]),
        "%s has no evidence of a %s of %s", node_names[at], kind,
        node_names[about]);
    check(sk_evidence_check(got_bytes("evidence"), &evidence, heads, texts,
                            &verdict) == SK_OK,
          "the evidence of %s against %s is none", node_names[at],
          node_names[about]);
    check(strcmp(sk_verdict_text(verdict), kind) == 0,
          "the evidence of %s against %s shows a %s, not a %s", node_names[at],
          node_names[about], sk_verdict_text(verdict), kind);
    check(memcmp(evidence.cards[0].identity.bytes,
                 sim.f.nodes[about].card.identity.bytes,
                 sizeof(evidence.cards[0].identity.bytes)) == 0,
          "the evidence of %s is against somebody else", node_names[at]);
}

static void check_pair(size_t at, size_t about)
{
    static const char *const lies[] = {"fork", "rollback", "reset"};
    const struct node *other = &sim.nodes[about];
    bool went_back = other->restored && other->silent;
    bool told =
        has_found(about, at, "doubted") || has_found(about, at, "behind");

    for (size_t i = 0; i < SK_COUNT(lies); i++) {
        if (!has_found(at, about, lies[i]))
            continue;
        check(about == sim.liar || went_back,
              "%s finds a %s of %s, which is honest", node_names[at], lies[i],
              node_names[about]);
        check_evidence(at, about, lies[i]);
        if (about == sim.liar)
            sim.forks++;
        check(told || about == sim.liar,
              "%s finds a %s of %s, which does not know", node_names[at],
              lies[i], node_names[about]);
    }
    check(!has_found(at, about, "restored") || other->restored,
          "%s finds that %s was restored", node_names[at], node_names[about]);
    check(!has_found(at, at, "broken"), "the journal of %s is broken",
          node_names[at]);
    check(!told || at == sim.liar || about == sim.liar || went_back,
          "%s is doubted by %s, and is honest", node_names[about],
          node_names[at]);
    if (went_back && sim.nodes[at].knows_more && !asks(at, about)) {
        check(has_found_lie(at, about),
              "%s knew more of the journal of %s, and found nothing",
              node_names[at], node_names[about]);
        sim.rollbacks++;
    }
}

void check_journals(void)
{
    for (size_t i = 0; i < sim.count; i++) {
        for (size_t j = 0; j < sim.count; j++) {
            if (i == j || i == sim.liar)
                continue;
            check_pair(i, j);
            check_believed(i, j);
        }
    }
}
