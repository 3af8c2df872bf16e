/* Tests: node/engine/findings.c */
#include "tests/node/lines.h"

#include "node/engine/federation.h"
#include "node/engine/journal.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "protocol/evidence.h"
#include "protocol/lines.h"
#include "protocol/unpack.h"

/* PROTOCOL.md 11.5 to 11.7: partners watch each other's journals.  Buso
   publishes, gtb receives: receipts show gtb's journal to buso. */

static struct fx f;

static void start(void)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
}

static void publish(unsigned first, unsigned count)
{
    ln_publish(&f, "buso", "gtb", first, count);
    fx_run(&f);
}

/* Questions are asked again after a while. */
static void wait_a_while(void)
{
    fx_wait(&f, 61000);
}

static const char *findings(const char *org)
{
    static char text[4][2048];
    static int at;
    struct sk_value_walk walk;
    char *out = text[at++ % 4];

    out[0] = '\0';
    fx_ok(&f, org, "journal.findings", "{}");
    walk = sk_value_walk(fx_at(&f, "result.findings"));
    while (sk_value_next(&walk)) {
        struct sk_bytes who = sk_value_str(sk_value_get(walk.value, "org"));
        struct sk_bytes what =
            sk_value_str(sk_value_get(walk.value, "finding"));

        sprintf(out + strlen(out), "%.*s %.*s%s;", (int)who.size,
                (const char *)who.data, (int)what.size, (const char *)what.data,
                sk_value_bool(sk_value_get(walk.value, "open")) ? ""
                                                                : " settled");
    }
    return out;
}

static bool all_is_well(void)
{
    for (size_t i = 0; i < f.count; i++)
        if (findings(f.nodes[i].org.text)[0] != '\0')
            return false;
    return true;
}

/* What `org` has of `about`: how many entries were proved. */
static uint64_t proved(const char *org, const char *about)
{
    struct sk_key key = sk_key_start(SK_T_JOURNAL);
    struct sk_store *store = fx_node(&f, org)->store;
    struct sk_checkpoint head = {0};
    struct sk_bytes value;
    struct sk_unpack u;

    sk_key_bytes(&key, sk_text("p"));
    sk_key_org(&key, &fx_node(&f, about)->org);
    cr_assert(sk_store_begin(store) == SK_OK);
    if (sk_store_get(store, SK_SPACE_DATA, sk_key_done(&key), &value) ==
        SK_OK) {
        u = sk_unpack_start(value);
        sk_unpack_array(&u, 2);
        sk_unpack_array(&u, 3);
        cr_assert(sk_checkpoint_open(sk_unpack_str(&u, 1, 1024),
                                     &fx_node(&f, about)->card.signing,
                                     &head) == SK_OK);
    }
    sk_store_abort(store);
    return head.head.size;
}

static uint64_t entries(const char *org)
{
    fx_ok(&f, org, "journal.head", "{}");
    return sk_value_uint(fx_at(&f, "result.entries"));
}

static enum sk_verdict evidence(const char *org, const char *about,
                                const char *finding)
{
    static struct sk_evidence checked;
    struct sk_checkpoint heads[2];
    struct sk_bytes texts[2];
    enum sk_verdict verdict = SK_VERDICT_GOOD;
    struct sk_bytes bytes;
    uint8_t *copy;

    fx_ok(&f, org, "journal.evidence", "{'org':'%s','finding':'%s'}", about,
          finding);
    bytes = sk_value_bin(fx_at(&f, "result.evidence"));
    cr_assert(eq(int,
                 sk_evidence_check(bytes, &checked, heads, texts, &verdict),
                 SK_OK));
    cr_expect(eq(str, checked.org.text, (char *)about));
    cr_expect(eq(str, checked.seen_by.text, (char *)org));
    cr_expect(memcmp(checked.cards[0].identity.bytes,
                     fx_node(&f, about)->card.identity.bytes, 32) == 0);
    /* No bit of it can be another. */
    copy = malloc(bytes.size);
    memcpy(copy, bytes.data, bytes.size);
    for (size_t i = 0; i < bytes.size; i += 3) {
        struct sk_bytes other = {copy, bytes.size};
        static struct sk_evidence wrong;
        enum sk_verdict ignored;
        bool same;

        copy[i] ^= 4;
        same =
            sk_evidence_check(other, &wrong, heads, texts, &ignored) == SK_OK;
        cr_expect(not(same), "byte %zu", i);
        copy[i] ^= 4;
    }
    free(copy);
    return verdict;
}

/* ------------------------------------------------------------- all well */

Test(witness, partners_know_each_others_journals)
{
    start();
    cr_expect(proved("buso", "gtb") > 0, "since the first line");
    cr_expect(proved("gtb", "buso") > 0);
    publish(0, 3);
    wait_a_while();
    cr_expect(eq(u64, proved("buso", "gtb"), entries("gtb")));
    publish(3, 300);
    wait_a_while();
    cr_expect(entries("gtb") > 300);
    cr_expect(eq(u64, proved("buso", "gtb"), entries("gtb")));
    cr_expect(all_is_well());
    fx_end(&f);
}

Test(witness, crashes_and_lines_that_drop_are_nothing)
{
    struct ln_trace *t;

    start();
    for (unsigned i = 0; i < 6; i++) {
        publish(3 * i, 3);
        fx_crash(&f, i % 2 == 0 ? "gtb" : "buso");
        fx_run(&f);
        wait_a_while();
    }
    /* An old receipt that comes late is no rollback. */
    t = ln_trace(&f, "buso", "gtb");
    t->lose[SK_MESSAGE_RECEIPT] = 1;
    t->lose[SK_MESSAGE_PROOF] = 1;
    publish(18, 3);
    publish(21, 3);
    wait_a_while();
    wait_a_while();
    ln_check(&f, "gtb", "buso", 24);
    cr_expect(all_is_well());
    cr_expect(eq(u64, proved("buso", "gtb"), entries("gtb")));
    free(t);
    f.filter = NULL;
    fx_end(&f);
}

/* PROTOCOL.md 11.4: a restore is declared, and shown as one. */
Test(witness, a_restore_is_a_restore)
{
    struct sk_store *backup;

    start();
    publish(0, 3);
    wait_a_while();
    backup = ln_backup(&f, "gtb");
    publish(3, 3);
    wait_a_while();
    cr_assert(sk_store_begin(backup) == SK_OK);
    cr_assert(sk_engine_mark_restored(backup) == SK_OK);
    cr_assert(sk_store_commit(backup) == SK_OK);
    ln_restore(&f, "gtb", backup);
    wait_a_while();
    cr_expect(eq(str, (char *)findings("buso"), "gtb restored;"));
    cr_expect(eq(str, (char *)findings("gtb"), ""));
    fx_ok(&f, "buso", "agenda.list", "{}");
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.node.0.what"), "journal-finding"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.node.0.partner"), "gtb"));
    fx_ok(&f, "buso", "journal.settle", "{'org':'gtb','finding':'restored'}");
    fx_ok(&f, "buso", "agenda.list", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.node"), "[]"));
    cr_expect(eq(str, (char *)findings("buso"), "gtb restored settled;"));
    publish(6, 3);
    wait_a_while();
    cr_expect(eq(str, (char *)findings("buso"), "gtb restored settled;"));
    cr_expect(eq(u64, proved("buso", "gtb"), entries("gtb")));
    ln_check(&f, "gtb", "buso", 9);
    fx_end(&f);
}

/* A backup that lost nothing that anybody saw: nothing to tell. */
Test(witness, a_restore_that_lost_nothing_is_proved)
{
    struct sk_store *backup;

    start();
    publish(0, 3);
    wait_a_while();
    backup = ln_backup(&f, "gtb");
    cr_assert(sk_store_begin(backup) == SK_OK);
    cr_assert(sk_engine_mark_restored(backup) == SK_OK);
    cr_assert(sk_store_commit(backup) == SK_OK);
    ln_restore(&f, "gtb", backup);
    wait_a_while();
    publish(3, 3);
    wait_a_while();
    cr_expect(all_is_well());
    cr_expect(eq(u64, proved("buso", "gtb"), entries("gtb")));
    fx_end(&f);
}

/* ------------------------------------------------------------- not well */

Test(witness, a_store_that_went_back_is_found_by_both)
{
    struct sk_store *backup;

    start();
    publish(0, 3);
    wait_a_while();
    backup = ln_backup(&f, "gtb");
    publish(3, 40);
    wait_a_while();
    ln_restore(&f, "gtb", backup);
    wait_a_while();
    cr_expect(eq(str, (char *)findings("buso"), "gtb rollback;"));
    cr_expect(eq(str, (char *)findings("gtb"), "buso behind;buso doubted;"));
    cr_expect(
        eq(int, evidence("buso", "gtb", "rollback"), SK_VERDICT_ROLLBACK));
    fx_refused(&f, "gtb", "no-evidence", "journal.evidence",
               "{'org':'buso','finding':'behind'}");
    fx_refused(&f, "gtb", "unknown-finding", "journal.evidence",
               "{'org':'buso','finding':'fork'}");
    fx_ok(&f, "buso", "node.status", "{}");
    cr_expect(eq(u64, sk_value_uint(fx_at(&f, "result.journal.findings")), 1));
    /* Said once; and the work goes on. */
    publish(43, 3);
    wait_a_while();
    ln_check(&f, "gtb", "buso", 46);
    cr_expect(eq(str, (char *)findings("buso"), "gtb rollback;"));
    fx_end(&f);
}

/* One byte of one old entry. */
static void tamper(const char *org)
{
    struct sk_store *store = fx_node(&f, org)->store;
    struct sk_key prefix = sk_key_start(SK_T_JOURNAL);
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;
    uint8_t kept[SK_STORE_KEY_SIZE_MAX];
    uint8_t bytes[4096];
    size_t key_size;
    size_t size;

    sk_key_bytes(&prefix, sk_text("e"));
    cr_assert(sk_store_begin(store) == SK_OK);
    scan = sk_scan_start(store, SK_SPACE_DATA, sk_key_done(&prefix));
    cr_assert(sk_scan_next(&scan, &key, &value) == SK_OK);
    memcpy(kept, key.data, key.size);
    memcpy(bytes, value.data, value.size);
    key_size = key.size;
    size = value.size;
    bytes[6] ^= 1;
    cr_assert(sk_store_put(store, SK_SPACE_DATA,
                           (struct sk_bytes){kept, key_size},
                           (struct sk_bytes){bytes, size}) == SK_OK);
    cr_assert(sk_store_commit(store) == SK_OK);
}

Test(witness, history_that_was_written_again_is_found)
{
    start();
    publish(0, 3);
    wait_a_while();
    cr_expect(all_is_well());
    tamper("gtb");
    publish(3, 3);
    wait_a_while();
    cr_expect(eq(str, (char *)findings("buso"), "gtb fork;"));
    cr_expect(eq(int, evidence("buso", "gtb", "fork"), SK_VERDICT_FORK));
    cr_expect(eq(str, (char *)findings("gtb"), "buso doubted;"));
    fx_end(&f);
}

/* Entries that cannot be read any more prove nothing: its own people hear it
   first, and its status says that it does not journal. */
Test(witness, a_journal_that_cannot_be_read_is_told_at_home)
{
    struct sk_key prefix = sk_key_start(SK_T_JOURNAL);
    struct sk_store *store;
    struct sk_scan scan;
    struct sk_bytes name;
    struct sk_bytes value;
    struct sk_key key = {.size = 0};

    start();
    publish(0, 3);
    wait_a_while();
    store = fx_node(&f, "gtb")->store;
    sk_key_bytes(&prefix, sk_text("e"));
    cr_assert(sk_store_begin(store) == SK_OK);
    scan = sk_scan_start(store, SK_SPACE_DATA, sk_key_done(&prefix));
    cr_assert(sk_scan_next(&scan, &name, &value) == SK_OK);
    memcpy(key.bytes, name.data, name.size);
    key.size = name.size;
    cr_assert(sk_store_delete(store, SK_SPACE_DATA, sk_key_done(&key)) ==
              SK_OK);
    cr_assert(sk_store_commit(store) == SK_OK);
    fx_ok(&f, "gtb", "node.status", "{}");
    cr_expect(sk_value_bool(fx_at(&f, "result.able.journal")));
    publish(3, 3);
    wait_a_while();
    cr_expect(eq(str, (char *)findings("gtb"), "buso doubted;gtb broken;"));
    cr_expect(eq(str, (char *)findings("buso"), "gtb fork;"));
    fx_ok(&f, "gtb", "node.status", "{}");
    cr_expect(not(sk_value_bool(fx_at(&f, "result.able.journal"))));
    fx_end(&f);
}

/* A REFUSAL is not confirmed: it is said again while nobody settled it. */
Test(witness, who_was_found_hears_it_after_the_line_dropped)
{
    struct sk_store *backup;
    struct ln_trace *t;

    start();
    publish(0, 3);
    wait_a_while();
    backup = ln_backup(&f, "gtb");
    publish(3, 40);
    wait_a_while();
    t = ln_trace(&f, "buso", "gtb");
    t->lose[SK_MESSAGE_REFUSAL] = 1;
    ln_restore(&f, "gtb", backup);
    wait_a_while();
    cr_expect(eq(str, (char *)findings("buso"), "gtb rollback;"));
    cr_expect(eq(str, (char *)findings("gtb"), "buso behind;"));
    fx_crash(&f, "buso");
    fx_run(&f);
    wait_a_while();
    cr_expect(eq(str, (char *)findings("gtb"), "buso behind;buso doubted;"));
    fx_ok(&f, "buso", "journal.settle", "{'org':'gtb','finding':'rollback'}");
    fx_ok(&f, "gtb", "journal.settle", "{'org':'buso','finding':'doubted'}");
    fx_crash(&f, "buso");
    fx_run(&f);
    wait_a_while();
    cr_expect(
        eq(str, (char *)findings("gtb"), "buso behind;buso doubted settled;"));
    free(t);
    f.filter = NULL;
    fx_end(&f);
}

/* Who is put out hears nothing more of it, until it is back. */
Test(witness, who_is_suspended_is_not_told_again)
{
    struct ln_trace *t;

    start();
    publish(0, 3);
    wait_a_while();
    tamper("gtb");
    publish(3, 3);
    wait_a_while();
    cr_expect(eq(str, (char *)findings("buso"), "gtb fork;"));
    fx_partners(&f, "  gtb:\n", "  gtb:\n    status: suspended\n");
    t = ln_trace(&f, "buso", "gtb");
    fx_crash(&f, "buso");
    fx_run(&f);
    wait_a_while();
    cr_expect(strstr(t->text, "HELLO") != NULL);
    cr_expect(strstr(t->text, "journal-forked") == NULL, "%s", t->text);
    fx_partners(&f, "  gtb:\n    status: suspended\n", "  gtb:\n");
    wait_a_while();
    cr_expect(strstr(t->text, "journal-forked") != NULL, "%s", t->text);
    free(t);
    f.filter = NULL;
    fx_end(&f);
}

/* A partner with good keys shows two roots of one size. */
static void receipt(uint64_t last, uint64_t size, uint8_t root, char what)
{
    static uint8_t room[SK_CHECKPOINT_SIZE_MAX];
    struct fx_node *gtb = fx_node(&f, "gtb");
    struct sk_checkpoint c = {.org = gtb->org, .head = {.size = size}};
    struct sk_message *m = calloc(1, sizeof(*m));
    struct sk_sign_secret secret = gtb->secrets.signing;
    struct sk_log log;

    c.charter = fx_node(&f, "buso")->engine->charter;
    if (what == 'c')
        cr_assert(sk_org_parse(sk_text("elsewhere"), &c.charter));
    if (what == 'o')
        c.org = fx_node(&f, "buso")->org;
    if (what == 'k')
        secret = fx_node(&f, "buso")->secrets.signing;
    c.log = gtb->engine->journal.log;
    memset(c.head.root.bytes, root, SK_HASH_SIZE);
    cr_assert(sk_store_begin(fx_node(&f, "buso")->store) == SK_OK);
    cr_assert(sk_log_get(fx_node(&f, "buso")->engine, &gtb->org, &log) ==
              SK_OK);
    sk_store_abort(fx_node(&f, "buso")->store);
    m->kind = SK_MESSAGE_RECEIPT;
    m->receipt.incarnation = log.incarnation;
    m->receipt.last = last;
    for (size_t i = 0; i < log.ranges_count; i++)
        if (log.ranges[i].last == log.base + last)
            m->receipt.root = log.ranges[i].root;
    m->receipt.at_ms = f.real_ms;
    cr_assert(sk_checkpoint_sign(&c, &secret,
                                 (struct sk_room){room, sizeof(room)},
                                 &m->receipt.checkpoint) == SK_OK);
    if (what == 'e')
        m->receipt.checkpoint = (struct sk_bytes){0};
    ln_tell(&f, "gtb", "buso", m);
    free(m);
}

static bool lose_all(struct fx *fx, size_t from, size_t to, uint8_t *bytes,
                     size_t size)
{
    (void)fx;
    (void)from;
    (void)to;
    (void)bytes;
    (void)size;
    return false;
}

static char *stored(void)
{
    return (char *)ln_peer(&f, "buso", "gtb", "stored");
}

Test(witness, two_roots_of_one_size_are_a_fork)
{
    start();
    f.filter = lose_all;
    ln_publish(&f, "buso", "gtb", 0, 1);
    fx_run(&f);
    receipt(1, 77777, 1, ' ');
    cr_expect(eq(str, stored(), "1"));
    cr_expect(eq(str, (char *)findings("buso"), ""));
    ln_publish(&f, "buso", "gtb", 1, 1);
    fx_run(&f);
    receipt(2, 77777, 2, ' ');
    cr_expect(eq(str, (char *)findings("buso"), "gtb fork;"));
    cr_expect(eq(int, evidence("buso", "gtb", "fork"), SK_VERDICT_FORK));
    fx_end(&f);
}

/* Two machines with the keys and the folder of gtb: first one has the line,
   then the other, then the first again.  THREATS.md 12 */
Test(witness, a_node_that_runs_twice_is_found_by_both)
{
    struct sk_store *second;
    struct sk_store *one;

    start();
    publish(0, 3);
    wait_a_while();
    second = ln_backup(&f, "gtb");
    publish(3, 40);
    wait_a_while();
    one = ln_backup(&f, "gtb");
    ln_restore(&f, "gtb", second);
    wait_a_while();
    cr_expect(eq(str, (char *)findings("buso"), "gtb rollback;"));
    cr_expect(eq(str, (char *)findings("gtb"), "buso behind;buso doubted;"));
    publish(43, 3);
    wait_a_while();
    ln_restore(&f, "gtb", one);
    wait_a_while();
    cr_expect(eq(str, (char *)findings("buso"), "gtb fork;gtb rollback;"));
    cr_expect(eq(int, evidence("buso", "gtb", "fork"), SK_VERDICT_FORK));
    cr_expect(eq(str, (char *)findings("gtb"),
                 "buso doubted;clb doubted;houtzaak doubted;vdab doubted;"));
    /* Also by who saw nothing but greetings; nobody else is accused, and the
       work goes on. */
    cr_expect(eq(str, (char *)findings("vdab"), "gtb fork;"));
    publish(46, 3);
    wait_a_while();
    ln_check(&f, "gtb", "buso", 49);
    fx_end(&f);
}

/* Before anybody asks for a proof, the next receipt comes. */
Test(witness, a_shorter_head_does_not_hide_a_longer_one)
{
    struct ln_trace *t;

    start();
    publish(0, 1);
    t = ln_trace(&f, "buso", "gtb");
    t->lose[SK_MESSAGE_PROVE] = 9;
    t->lose[SK_MESSAGE_ITEMS] = 1;
    publish(1, 1);
    receipt(2, 77777, 1, ' ');
    publish(2, 1);
    cr_expect(all_is_well(), "%s", findings("buso"));
    t->lose[SK_MESSAGE_PROVE] = 0;
    publish(3, 1);
    wait_a_while();
    cr_expect(eq(str, (char *)findings("buso"), "gtb rollback;"));
    cr_expect(
        eq(int, evidence("buso", "gtb", "rollback"), SK_VERDICT_ROLLBACK));
    free(t);
    f.filter = NULL;
    fx_end(&f);
}

/* A receipt, the store goes back to before it, and grows beyond it before
   anybody can ask. */
Test(witness, a_longer_head_does_not_hide_one_that_was_not_proved)
{
    struct sk_store *backup;
    struct ln_trace *t;

    start();
    publish(0, 1);
    wait_a_while();
    t = ln_trace(&f, "buso", "gtb");
    t->lose[SK_MESSAGE_PROVE] = 99;
    backup = ln_backup(&f, "gtb");
    publish(1, 1);
    fx_offline(&f, "gtb", true);
    ln_restore(&f, "gtb", backup);
    fx_clock(&f, "2026-09-01T09:00:00Z");
    ln_publish(&f, "buso", "gtb", 2, 6);
    fx_offline(&f, "gtb", false);
    fx_run(&f);
    cr_expect(all_is_well(), "%s", findings("buso"));
    t->lose[SK_MESSAGE_PROVE] = 0;
    wait_a_while();
    cr_expect(eq(str, (char *)findings("buso"), "gtb fork;"));
    cr_expect(eq(int, evidence("buso", "gtb", "fork"), SK_VERDICT_FORK));
    free(t);
    f.filter = NULL;
    fx_end(&f);
}

/* I5: what shows no good checkpoint confirms nothing. */
Test(witness, a_receipt_without_a_good_checkpoint_confirms_nothing)
{
    start();
    f.filter = lose_all;
    ln_publish(&f, "buso", "gtb", 0, 1);
    fx_run(&f);
    for (const char *what = "coke"; *what != '\0'; what++) {
        receipt(1, 7, 1, *what);
        cr_expect(eq(str, stored(), "0"), "%c", *what);
    }
    receipt(1, 0, 1, ' '); /* of nothing */
    cr_expect(eq(str, stored(), "0"));
    receipt(1, 7, 1, ' ');
    cr_expect(eq(str, stored(), "1"));
    fx_end(&f);
}

/* An answer that nobody asked for, and questions without end. */
Test(witness, unasked_proofs_are_dropped_and_questions_are_limited)
{
    struct sk_message *m = calloc(1, sizeof(*m));
    static uint8_t room[SK_CHECKPOINT_SIZE_MAX];
    struct ln_trace *t;
    struct fx_node *gtb;
    struct sk_checkpoint c;
    uint64_t before;

    start();
    gtb = fx_node(&f, "gtb");
    before = proved("buso", "gtb");
    c = (struct sk_checkpoint){.charter = gtb->engine->charter,
                               .org = gtb->org,
                               .log = gtb->engine->journal.log,
                               .head = {.size = 99999}};
    m->kind = SK_MESSAGE_PROOF;
    m->proof.asked.log = c.log;
    m->proof.asked.first = before;
    cr_assert(sk_checkpoint_sign(&c, &gtb->secrets.signing,
                                 (struct sk_room){room, sizeof(room)},
                                 &m->proof.checkpoint) == SK_OK);
    ln_tell(&f, "gtb", "buso", m);
    cr_expect(eq(u64, proved("buso", "gtb"), before));
    memset(m, 0, sizeof(*m));
    m->kind = SK_MESSAGE_PROVE;
    t = ln_trace(&f, "buso", "gtb");
    for (int i = 0; i < 50; i++) {
        t->last_size[SK_MESSAGE_PROOF] = 0;
        ln_tell(&f, "buso", "gtb", m);
        if (i < 5)
            cr_expect(t->last_size[SK_MESSAGE_PROOF] > 0, "%d", i);
        if (i > 12)
            cr_expect(eq(sz, t->last_size[SK_MESSAGE_PROOF], 0), "%d", i);
    }
    free(t);
    free(m);
    f.filter = NULL;
    fx_end(&f);
}

/* ------------------------------------------------------------- on its own */

static struct sk_session *session(const char *org, const char *about)
{
    struct sk_session *s =
        sk_session_find(fx_node(&f, org)->engine, &fx_node(&f, about)->org);

    cr_assert(ne(ptr, s, NULL));
    return s;
}

/* PROTOCOL.md 11.6, also against what was proved, and without a question. */
Test(witness, another_root_of_what_was_proved_is_a_fork)
{
    uint64_t size;

    start();
    size = proved("buso", "gtb");
    f.filter = lose_all;
    ln_publish(&f, "buso", "gtb", 0, 1);
    fx_run(&f);
    receipt(1, size, 1, ' ');
    cr_expect(eq(str, (char *)findings("buso"), "gtb fork;"));
    cr_expect(eq(int, evidence("buso", "gtb", "fork"), SK_VERDICT_FORK));
    f.filter = NULL;
    fx_end(&f);
}

static void ask(const struct sk_log_id *log, uint64_t first, uint64_t second)
{
    static struct sk_message m;

    m.kind = SK_MESSAGE_PROVE;
    m.prove = (struct sk_prove){.log = *log, .first = first, .second = second};
    ln_tell(&f, "buso", "gtb", &m);
}

/* Who is asked for more than it has was put back; at any of the two places. */
Test(witness, who_is_asked_for_more_than_it_has_is_behind)
{
    const struct sk_log_id none = {{0}};
    const struct sk_log_id other = {{1}};
    struct sk_log_id log;
    uint64_t size;

    start();
    publish(0, 1);
    wait_a_while();
    log = fx_node(&f, "gtb")->engine->journal.log;
    size = entries("gtb");
    ask(&none, size + 1, size + 1);
    ask(&log, size, size);
    cr_expect(eq(str, (char *)findings("gtb"), ""));
    ask(&log, 1, size + 1);
    cr_expect(eq(str, (char *)findings("gtb"), "buso behind;"));
    fx_ok(&f, "gtb", "journal.settle", "{'org':'buso','finding':'behind'}");
    ask(&log, entries("gtb") + 1, 1);
    cr_expect(eq(str, (char *)findings("gtb"), "buso behind;"));
    fx_ok(&f, "gtb", "journal.settle", "{'org':'buso','finding':'behind'}");
    ask(&other, 1, 0);
    cr_expect(eq(str, (char *)findings("gtb"), "buso behind;"), "not its log");
    fx_end(&f);
}

static size_t watched; /* PROVE and PROOF of buso to gtb */

static bool count_watching(struct fx *fx, size_t from, size_t to,
                           uint8_t *bytes, size_t size)
{
    static struct sk_message m;

    if (from == fx_index(fx, "buso") && to == fx_index(fx, "gtb") &&
        ln_open(fx, from, to, bytes, size, &m) == SK_OK)
        watched += m.kind == SK_MESSAGE_PROVE || m.kind == SK_MESSAGE_PROOF;
    return true;
}

Test(witness, who_is_suspended_is_neither_asked_nor_answered)
{
    start();
    publish(0, 1);
    f.filter = count_watching;
    wait_a_while();
    cr_expect(watched > 0);
    fx_partners(&f, "  gtb:\n", "  gtb:\n    status: suspended\n");
    watched = 0;
    fx_crash(&f, "buso");
    fx_run(&f);
    wait_a_while();
    cr_expect(eq(sz, watched, 0));
    f.filter = NULL;
    fx_end(&f);
}

/* What it was asked, under a key that is not its own. */
Test(witness, a_proof_without_a_good_checkpoint_proves_nothing)
{
    static struct sk_message m;
    static uint8_t room[SK_CHECKPOINT_SIZE_MAX];
    struct fx_node *gtb;
    struct sk_checkpoint c;
    struct ln_trace *t;
    uint64_t before;

    start();
    gtb = fx_node(&f, "gtb");
    before = proved("buso", "gtb");
    c = (struct sk_checkpoint){.charter = gtb->engine->charter,
                               .org = gtb->org,
                               .log = gtb->engine->journal.log,
                               .head = {.size = before}};
    session("buso", "gtb")->prove_asked = true;
    m.kind = SK_MESSAGE_PROOF;
    m.proof.asked = session("buso", "gtb")->prove;
    cr_assert(sk_checkpoint_sign(&c, &fx_node(&f, "buso")->secrets.signing,
                                 (struct sk_room){room, sizeof(room)},
                                 &m.proof.checkpoint) == SK_OK);
    t = ln_trace(&f, "buso", "gtb");
    ln_tell(&f, "gtb", "buso", &m);
    cr_expect(strstr(t->text, "bad-checkpoint") != NULL, "%s", t->text);
    cr_expect(eq(str, (char *)findings("buso"), ""));
    cr_expect(eq(u64, proved("buso", "gtb"), before));
    free(t);
    f.filter = NULL;
    fx_end(&f);
}

/* A head that came while a question was under way waits for the next one. */
Test(witness, a_head_that_came_after_the_question_is_asked_for)
{
    struct sk_input input = {.type = SK_INPUT_FRAME};
    struct sk_session *s;
    struct ln_trace *t;

    start();
    wait_a_while();
    t = ln_trace(&f, "buso", "gtb");
    s = session("buso", "gtb");
    s->prove = (struct sk_prove){.log = fx_node(&f, "gtb")->engine->journal.log,
                                 .first = proved("buso", "gtb")};
    ask(&s->prove.log, s->prove.first, 0);
    s->prove_asked = true;
    s->prove_ms = f.real_ms + 30000;
    f.filter = lose_all;
    ln_publish(&f, "buso", "gtb", 0, 1);
    fx_run(&f);
    receipt(1, 77777, 1, ' ');
    input.peer = fx_node(&f, "gtb")->org;
    input.bytes = (struct sk_bytes){t->last[SK_MESSAGE_PROOF],
                                    t->last_size[SK_MESSAGE_PROOF]};
    f.filter = NULL;
    fx_must(&f, fx_index(&f, "buso"), &input);
    wait_a_while();
    cr_expect(eq(str, (char *)findings("buso"), "gtb rollback;"));
    free(t);
    fx_end(&f);
}

/* The next question was to be asked at a time that is an hour away now. */
Test(witness, a_clock_that_is_set_back_holds_no_question_up)
{
    struct sk_session *s;

    start();
    s = session("buso", "gtb");
    s->prove_due = true;
    s->prove_asked = false;
    s->prove_ms = f.real_ms + 3600000;
    fx_timer(&f, "buso");
    cr_expect(s->prove_asked);
    fx_end(&f);
}

static size_t journalled(const char *org, const char *word)
{
    struct sk_value_walk walk;
    size_t count = 0;

    fx_ok(&f, org, "journal.read", "{'from':0,'limit':4096}");
    walk = sk_value_walk(fx_at(&f, "result.entries"));
    while (sk_value_next(&walk)) {
        struct sk_entry entry;

        cr_assert(sk_entry_decode(sk_value_bin(walk.value), &entry) == SK_OK);
        count += entry.kind == SK_ENTRY_FINDING &&
                 sk_bytes_equal(entry.word, sk_text(word));
    }
    return count;
}

/* It shows another root of the same size, again and again. */
static void lie(unsigned number)
{
    ln_publish(&f, "buso", "gtb", number - 1, 1);
    fx_run(&f);
    receipt(number, 77777, (uint8_t)number, ' ');
}

static size_t evidence_of(uint8_t *out)
{
    struct sk_bytes bytes;

    fx_ok(&f, "buso", "journal.evidence", "{'org':'gtb','finding':'fork'}");
    bytes = sk_value_bin(fx_at(&f, "result.evidence"));
    memcpy(out, bytes.data, bytes.size);
    return bytes.size;
}

/* A partner that lies for ever fills nothing: counted, with the evidence of the
   first time, until somebody looked; then it is news again. */
Test(witness, a_finding_is_news_once_until_it_is_settled)
{
    static uint8_t kept[2][SK_EVIDENCE_SIZE_MAX];
    size_t size;

    start();
    f.filter = lose_all;
    lie(1);
    lie(2);
    size = evidence_of(kept[0]);
    cr_expect(eq(sz, journalled("buso", "fork"), 1));
    lie(3);
    cr_expect(eq(sz, journalled("buso", "fork"), 1));
    fx_ok(&f, "buso", "journal.findings", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.findings.0.count"), "2"));
    cr_expect(eq(sz, evidence_of(kept[1]), size));
    cr_expect(eq(int, memcmp(kept[0], kept[1], size), 0));
    fx_ok(&f, "buso", "journal.settle", "{'org':'gtb','finding':'fork'}");
    lie(4);
    cr_expect(eq(sz, journalled("buso", "fork"), 2));
    cr_expect(evidence_of(kept[1]) != size ||
              memcmp(kept[0], kept[1], size) != 0);
    f.filter = NULL;
    fx_end(&f);
}
