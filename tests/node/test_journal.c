/* Tests: node/engine/journal_ops.c */
#include "tests/node/lines.h"
#include "tests/node/samira.h"

#include "node/engine/journal.h"
#include "node/engine/state.h"
#include "protocol/lines.h"

/* PROTOCOL.md 11: what a node did is in its journal, in the transaction of the
   effect, without a value; and the tree says so. */

static void start(struct samira *s)
{
    sm_begin(s, "'family_name':'Qanary',");
    sm_relate(s);
    sm_give(s);
    sm_record(s);
}

static void disclose(struct samira *s)
{
    sm_send(s);
    fx_run(&s->f);
}

/* ------------------------------------------------------------- reading */

struct journal {
    struct sk_entry entries[600];
    struct sk_hash leaves[600];
    size_t count;
};

/* All of it, from the outside, as text that lives until the next call. */
static void read_journal(struct fx *f, const char *org, struct journal *out)
{
    static uint8_t room[600 * SK_ENTRY_SIZE_MAX];
    size_t used = 0;

    out->count = 0;
    for (uint64_t from = 0;;) {
        struct sk_value_walk walk;

        fx_ok(f, org, "journal.read", "{'from':%d,'limit':7}", (int)from);
        walk = sk_value_walk(fx_at(f, "result.entries"));
        while (sk_value_next(&walk)) {
            struct sk_bytes entry = sk_value_bin(walk.value);

            cr_assert(out->count < SK_COUNT(out->entries));
            memcpy(room + used, entry.data, entry.size);
            entry.data = room + used;
            used += entry.size;
            sk_merkle_leaf(entry, &out->leaves[out->count]);
            cr_assert(eq(int, sk_entry_decode(entry, &out->entries[out->count]),
                         SK_OK));
            out->count++;
        }
        if (sk_value_uint(fx_at(f, "result.next")) == from)
            break;
        from = sk_value_uint(fx_at(f, "result.next"));
    }
}

static size_t count_of(const struct journal *j, enum sk_entry_kind kind)
{
    size_t count = 0;

    for (size_t i = 0; i < j->count; i++)
        count += j->entries[i].kind == kind ? 1 : 0;
    return count;
}

static const struct sk_entry *last_of(const struct journal *j,
                                      enum sk_entry_kind kind)
{
    for (size_t i = j->count; i-- > 0;)
        if (j->entries[i].kind == kind)
            return &j->entries[i];
    cr_fatal("no entry of kind %s", sk_entry_kind_text(kind));
    return NULL;
}

static struct sk_checkpoint head_of(struct fx *f, const char *org)
{
    struct sk_checkpoint head = {0};

    fx_ok(f, org, "journal.head", "{}");
    cr_assert(eq(int,
                 sk_checkpoint_open(sk_value_str(fx_at(f, "result.checkpoint")),
                                    &fx_node(f, org)->card.signing, &head),
                 SK_OK));
    return head;
}

static void expect_root(const struct journal *j, const struct sk_checkpoint *c)
{
    struct sk_merkle_edge edge = {0};
    struct sk_merkle_done done;
    struct sk_hash root;

    for (size_t i = 0; i < j->count; i++)
        sk_merkle_edge_add(&edge, &j->leaves[i], &done);
    sk_merkle_edge_root(&edge, &root);
    cr_expect(eq(u64, c->head.size, j->count));
    cr_expect(sk_hash_equal(&root, &c->head.root));
}

static bool names(const struct sk_entry *entry, const char *id)
{
    struct sk_id want;

    cr_assert(sk_id_parse(sk_text(id), &want));
    return entry->ids_count > 0 && sk_id_equal(&entry->ids[0], &want);
}

/* ------------------------------------------------------------- tests */

Test(journal, has_what_was_done_and_is_signed)
{
    static struct samira s;
    static struct journal j;
    struct sk_checkpoint head;

    start(&s);
    disclose(&s);
    read_journal(&s.f, "sopraco", &j);
    head = head_of(&s.f, "sopraco");
    expect_root(&j, &head);
    cr_expect(eq(str, head.org.text, "sopraco"));
    cr_expect(eq(sz, count_of(&j, SK_ENTRY_CHARTER), 1));
    cr_expect(eq(sz, count_of(&j, SK_ENTRY_POLICY), 1));
    cr_expect(eq(sz, count_of(&j, SK_ENTRY_CONSENT), 1));
    cr_expect(
        sk_bytes_equal(last_of(&j, SK_ENTRY_CONSENT)->word, sk_text("given")));
    cr_expect(eq(sz, count_of(&j, SK_ENTRY_SENT), 1));
    cr_expect(names(last_of(&j, SK_ENTRY_SENT), s.message));
    cr_expect(
        sk_bytes_equal(last_of(&j, SK_ENTRY_SENT)->org, sk_text("cvo-kempen")));
    cr_expect(eq(sz, count_of(&j, SK_ENTRY_RECEIPT_TAKEN), 1));
    cr_expect(eq(u64, last_of(&j, SK_ENTRY_SENT)->at_s,
                 s.f.nodes[0].engine->now_ms / 1000));
    read_journal(&s.f, "cvo-kempen", &j);
    cr_expect(eq(sz, count_of(&j, SK_ENTRY_RECEIVED), 1));
    cr_expect(names(last_of(&j, SK_ENTRY_RECEIVED), s.message));
    cr_expect(eq(sz, count_of(&j, SK_ENTRY_RECEIPT_GIVEN), 1));
    cr_expect(last_of(&j, SK_ENTRY_RECEIPT_GIVEN)->has_hash);
    fx_end(&s.f);
}

static void expect_objection(struct samira *s, const char *id,
                             const char *state)
{
    static struct journal j;
    const struct sk_entry *entry;

    read_journal(&s->f, "sopraco", &j);
    entry = last_of(&j, SK_ENTRY_OBJECTION);
    cr_expect(names(entry, id), "%s", state);
    cr_expect(sk_bytes_equal(entry->word, sk_text(state)), "%s", state);
    cr_expect(eq(sz, entry->org.size + entry->numbers_count, 0));
}

static void object(struct samira *s, const char *recipient, char *id)
{
    fx_ok(&s->f, "sopraco", "participant.object",
          "{'participant':'%s','recipients':['%s'],'reason':'Liever niet.'}",
          s->participant, recipient);
    snprintf(id, 64, "%s", fx_text(&s->f, "result.objection"));
}

/* CONSENT.md 5.7: said, taken back, answered; and what is asked back for it. */
/* They take more than one record. */
Test(journal, keeps_what_came_at_once)
{
    static struct samira s;
    static struct journal j;
    struct sk_checkpoint head;

    start(&s);
    fx_offline(&s.f, "cvo-kempen", true);
    for (size_t i = 0; i < 101; i++)
        disclose(&s);
    fx_offline(&s.f, "cvo-kempen", false);
    read_journal(&s.f, "sopraco", &j);
    cr_expect(eq(sz, count_of(&j, SK_ENTRY_SENT), 101));
    head = head_of(&s.f, "sopraco");
    expect_root(&j, &head);
    read_journal(&s.f, "cvo-kempen", &j);
    cr_expect(eq(sz, count_of(&j, SK_ENTRY_RECEIVED), 101));
    cr_expect(names(last_of(&j, SK_ENTRY_RECEIVED), s.message));
    head = head_of(&s.f, "cvo-kempen");
    expect_root(&j, &head);
    fx_end(&s.f);
}

Test(journal, has_the_way_of_an_objection)
{
    static struct samira s;
    static struct journal j;
    char id[64];

    start(&s);
    disclose(&s);
    object(&s, "ocmw-mol", id);
    expect_objection(&s, id, "open");
    object(&s, "ocmw-mol", id); /* said again: nothing new */
    fx_ok(&s.f, "sopraco", "objection.withdraw",
          "{'participant':'%s','objection':'%s'}", s.participant, id);
    expect_objection(&s, id, "withdrawn");
    object(&s, "cvo-kempen", id);
    fx_ok(&s.f, "sopraco", "objection.answer",
          "{'participant':'%s','objection':'%s','answer':'upheld','by':'Els',"
          "'reason':'Goed.'}",
          s.participant, id);
    expect_objection(&s, id, "upheld");
    read_journal(&s.f, "sopraco", &j);
    cr_expect(eq(sz, count_of(&j, SK_ENTRY_OBJECTION), 4));
    object(&s, "cvo-kempen", id);
    fx_ok(&s.f, "sopraco", "objection.answer",
          "{'participant':'%s','objection':'%s','answer':'rejected','by':'Els',"
          "'reason':'Neen.'}",
          s.participant, id);
    expect_objection(&s, id, "rejected");
    fx_end(&s.f);
}

Test(journal, has_the_way_of_a_withdrawal)
{
    static struct samira s;
    static struct journal j;

    start(&s);
    disclose(&s);
    fx_ok(&s.f, "sopraco", "consent.withdraw", "{'participant':'%s'}",
          s.participant);
    fx_run(&s.f);
    read_journal(&s.f, "sopraco", &j);
    cr_expect(eq(sz, count_of(&j, SK_ENTRY_CONSENT), 2));
    cr_expect(sk_bytes_equal(last_of(&j, SK_ENTRY_CONSENT)->word,
                             sk_text("withdrawn")));
    cr_expect(eq(sz, count_of(&j, SK_ENTRY_RECALL_SENT), 1));
    read_journal(&s.f, "cvo-kempen", &j);
    cr_expect(eq(sz, count_of(&j, SK_ENTRY_RECALL_TAKEN), 1));
    fx_ok(&s.f, "cvo-kempen", "erasure.confirm", "{'from':'sopraco'}");
    fx_run(&s.f);
    read_journal(&s.f, "cvo-kempen", &j);
    cr_expect(eq(sz, count_of(&j, SK_ENTRY_ANSWER_SENT), 1));
    read_journal(&s.f, "sopraco", &j);
    cr_expect(eq(sz, count_of(&j, SK_ENTRY_ANSWER_TAKEN), 1));
    cr_expect(sk_bytes_equal(last_of(&j, SK_ENTRY_ANSWER_TAKEN)->word,
                             sk_text("erased")));
    fx_end(&s.f);
}

/* I4: what was refused is not in it, and what could not be stored neither. */
Test(journal, has_nothing_of_what_did_not_happen)
{
    static struct samira s;
    static struct journal before;
    static struct journal after;
    struct sk_store *store;

    start(&s);
    read_journal(&s.f, "sopraco", &before);
    fx_refused(&s.f, "sopraco", "consent-no-notice", "consent.give",
               "{'participant':'%s','until':'2027-09-21',"
               "'purposes':['guidance.joint'],'recipients':['cvo-kempen'],"
               "'categories':['work.evaluation'],'form':'paper'}",
               s.participant);
    read_journal(&s.f, "sopraco", &after);
    cr_expect(eq(sz, after.count, before.count));
    store = fx_node(&s.f, "sopraco")->store;
    /* The journal itself cannot be written: nothing of it happens. */
    for (uint64_t writes = 1; writes < 60; writes++) {
        enum sk_status status;

        sk_store_memory_fail_after(store, writes);
        status = fx_try(&s.f, "sopraco", "consent.withdraw",
                        "{'participant':'%s'}", s.participant);
        sk_store_memory_fail_after(store, 0);
        if (status == SK_OK)
            break;
        read_journal(&s.f, "sopraco", &after);
        cr_expect(eq(sz, after.count, before.count));
        fx_ok(&s.f, "sopraco", "consent.list", "{'participant':'%s'}",
              s.participant);
        cr_expect(eq(sz, sk_value_count(fx_at(&s.f, "result.consents")), 1));
    }
    fx_end(&s.f);
}

Test(journal, goes_on_after_a_crash)
{
    static struct samira s;
    static struct journal before;
    static struct journal after;
    struct sk_checkpoint head;

    start(&s);
    disclose(&s);
    head = head_of(&s.f, "sopraco");
    read_journal(&s.f, "sopraco", &before);
    fx_crash(&s.f, "sopraco");
    fx_run(&s.f);
    fx_ok(&s.f, "sopraco", "consent.withdraw", "{'participant':'%s'}",
          s.participant);
    read_journal(&s.f, "sopraco", &after);
    cr_expect(after.count > before.count);
    cr_expect(eq(int,
                 memcmp(before.leaves, after.leaves,
                        before.count * sizeof(before.leaves[0])),
                 0));
    expect_root(&before, &head);
    head = head_of(&s.f, "sopraco");
    expect_root(&after, &head);
    fx_end(&s.f);
}

/* I9: no value, no name, no id of the person, no handle. */
Test(journal, shows_nothing_of_a_person)
{
    static struct samira s;
    struct sk_participant_id person;
    struct sk_store *store;
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;
    struct sk_handle handle = {0};

    start(&s);
    disclose(&s);
    cr_assert(sk_id_parse(sk_text(s.participant), &person.id));
    for (size_t i = 0; i < 2; i++) {
        struct sk_key prefix = sk_key_start(SK_T_JOURNAL);
        struct sk_key handles = sk_key_start(SK_T_HANDLE_OWN);

        store = fx_node(&s.f, i == 0 ? "sopraco" : "cvo-kempen")->store;
        cr_assert(sk_store_begin(store) == SK_OK);
        if (i == 0) {
            scan = sk_scan_start(store, SK_SPACE_DATA, sk_key_done(&handles));
            cr_assert(sk_scan_next(&scan, &key, &value) == SK_OK);
            memcpy(handle.id.bytes, key.data + key.size - SK_ID_SIZE,
                   SK_ID_SIZE);
        }
        scan = sk_scan_start(store, SK_SPACE_DATA, sk_key_done(&prefix));
        while (sk_scan_next(&scan, &key, &value) == SK_OK) {
            cr_expect(memmem(value.data, value.size, person.id.bytes, 16) ==
                      NULL);
            cr_expect(memmem(value.data, value.size, handle.id.bytes, 16) ==
                      NULL);
            cr_expect(memmem(value.data, value.size, "Samira", 6) == NULL);
            cr_expect(memmem(value.data, value.size, "Qanary", 6) == NULL);
            cr_expect(memmem(value.data, value.size, "workplace", 9) == NULL);
            cr_expect(memmem(value.data, value.size, "guidance", 8) == NULL);
        }
        cr_assert(sk_store_commit(store) == SK_OK);
    }
    fx_end(&s.f);
}

static struct sk_merkle_proof proof_of(struct fx *f)
{
    struct sk_merkle_proof proof = {0};
    struct sk_value_walk walk = sk_value_walk(fx_at(f, "result.proof"));

    while (sk_value_next(&walk))
        memcpy(proof.hashes[proof.count++].bytes, sk_value_bin(walk.value).data,
               SK_HASH_SIZE);
    return proof;
}

/* Past 256 entries, where the tree keeps its first root. */
Test(journal, proves_its_entries_and_that_it_only_grew, .timeout = 300)
{
    static struct samira s;
    static struct journal j;
    struct sk_merkle_edge edge = {0};
    struct sk_merkle_done done;
    struct sk_checkpoint head;

    start(&s);
    for (int i = 0; i < 300; i++)
        fx_ok(&s.f, "sopraco", "consent.request",
              "{'participant':'%s','purposes':['guidance.joint'],"
              "'recipients':['cvo-kempen']}",
              s.participant);
    head = head_of(&s.f, "sopraco");
    read_journal(&s.f, "sopraco", &j);
    expect_root(&j, &head);
    cr_assert(j.count > 300);
    for (size_t i = 0; i < j.count; i++) {
        struct sk_merkle_head old = {.size = i + 1};
        struct sk_merkle_proof proof;

        sk_merkle_edge_add(&edge, &j.leaves[i], &done);
        sk_merkle_edge_root(&edge, &old.root);
        if (i % 17 != 0 && i < j.count - 3 && (i < 250 || i > 260))
            continue;
        fx_ok(&s.f, "sopraco", "journal.prove", "{'entry':%d}", (int)i);
        proof = proof_of(&s.f);
        cr_expect(
            sk_merkle_inclusion_holds(&j.leaves[i], i, &head.head, &proof),
            "%zu", i);
        fx_ok(&s.f, "sopraco", "journal.prove", "{'from':%d}", (int)i + 1);
        proof = proof_of(&s.f);
        cr_expect(sk_merkle_consistency_holds(&old, &head.head, &proof), "%zu",
                  i);
    }
    fx_ok(&s.f, "sopraco", "journal.read", "{'from':0}");
    cr_expect(eq(sz, sk_value_count(fx_at(&s.f, "result.nodes")), 1));
    fx_refused(&s.f, "sopraco", "bad-argument", "journal.prove", "{'entry':%d}",
               (int)j.count);
    fx_refused(&s.f, "sopraco", "bad-argument", "journal.prove", "{'from':%d}",
               (int)j.count + 1);
    fx_refused(&s.f, "sopraco", "bad-argument", "journal.prove", "{'from':0}");
    fx_refused(&s.f, "sopraco", "bad-argument", "journal.prove", "{}");
    fx_refused(&s.f, "sopraco", "bad-argument", "journal.read", "{'from':%d}",
               (int)j.count + 1);
    fx_end(&s.f);
}

/* PROTOCOL.md 11.4 */
Test(journal, goes_on_under_a_new_name_after_a_restore)
{
    static struct samira s;
    static struct journal old;
    static struct journal j;
    struct sk_store *backup;
    struct sk_checkpoint before;
    struct sk_checkpoint after;
    uint64_t size = 0;

    start(&s);
    read_journal(&s.f, "sopraco", &old);
    before = head_of(&s.f, "sopraco");
    backup = ln_backup(&s.f, "sopraco");
    disclose(&s);
    cr_assert(sk_store_begin(backup) == SK_OK);
    cr_assert(sk_engine_mark_restored(backup) == SK_OK);
    cr_assert(sk_store_commit(backup) == SK_OK);
    ln_restore(&s.f, "sopraco", backup);
    after = head_of(&s.f, "sopraco");
    cr_expect(not(sk_log_id_equal(&before.log, &after.log)));
    cr_expect(eq(int, sk_checkpoint_shares(&after, &before.log, &size), SK_OK));
    cr_expect(eq(u64, size, before.head.size));
    read_journal(&s.f, "sopraco", &j);
    expect_root(&j, &after);
    cr_expect(eq(int, j.entries[old.count].kind, SK_ENTRY_RESTORED));
    cr_expect(eq(u64, j.entries[old.count].numbers[0], old.count));
    cr_expect(
        eq(int, memcmp(old.leaves, j.leaves, old.count * sizeof(old.leaves[0])),
           0));
    /* Once: the next start is no restore. */
    fx_crash(&s.f, "sopraco");
    fx_run(&s.f);
    before = head_of(&s.f, "sopraco");
    cr_expect(sk_log_id_equal(&before.log, &after.log));
    cr_expect(eq(sz, before.restarts_count, 1));
    fx_end(&s.f);
}

Test(journal, without_a_charter_is_kept_and_not_signed)
{
    static struct fx f;

    fx_begin(&f, "kempen", "2026-09-18T12:00:00Z", true);
    fx_ok(&f, "sopraco", "participant.add", "{'given_name':'Samira'}");
    fx_ok(&f, "sopraco", "journal.head", "{}");
    cr_expect(eq(sz, fx_at(&f, "result.checkpoint").bytes.size, 0));
    fx_refused(&f, "sopraco", "no-charter", "journal.prove", "{'entry':0}");
    fx_end(&f);
}

/* ------------------------------------------------------------- its records
 * In one transaction that is taken back, on the engine itself. */

#define MANY 3000

static struct sk_engine *open_journal(struct samira *s)
{
    start(s);
    cr_assert(sk_store_begin(fx_node(&s->f, "sopraco")->store) == SK_OK);
    return fx_node(&s->f, "sopraco")->engine;
}

static void close_journal(struct samira *s)
{
    sk_store_abort(fx_node(&s->f, "sopraco")->store);
    sk_engine_rollback(fx_node(&s->f, "sopraco")->engine);
    fx_end(&s->f);
}

/* As large as one can be, or small: by its number. */
static void add_entry(struct sk_engine *e, uint64_t number)
{
    struct sk_entry entry = sk_entry_start(e, SK_ENTRY_SENT, &e->org);
    const struct sk_id id = {{(uint8_t)number}};
    const struct sk_hash hash = {{(uint8_t)number}};

    sk_entry_number(&entry, number);
    if (number * number % 11 > 2) {
        sk_entry_id(&entry, &id);
        sk_entry_id(&entry, &id);
        sk_entry_number(&entry, UINT64_MAX);
        sk_entry_number(&entry, UINT64_MAX);
        sk_entry_hash(&entry, &hash);
        entry.org = sk_text("an-org-with-a-name-that-is-as-long-as-names-of-"
                            "orgs-may-ever-be");
        entry.word = sk_text("a-word-that-is-as-long-as-words-may-be-x");
    }
    cr_assert(sk_journal_add(e, &entry) == SK_OK);
    cr_assert(e->journal.used <= SK_JOURNAL_ROOM);
}

static enum sk_status expect_number(void *context, uint64_t number,
                                    struct sk_bytes bytes)
{
    uint64_t *next = context;
    struct sk_entry entry;

    cr_assert(eq(int, sk_entry_decode(bytes, &entry), SK_OK));
    cr_expect(eq(u64, entry.numbers[0], *next), "entry %llu",
              (unsigned long long)number);
    *next += 1;
    return SK_OK;
}

/* More than there is room for, and some of it taken back: what is read is what
   was added, in records of which two fill a page. */
Test(journal, keeps_what_was_added_whatever_its_size)
{
    static struct samira s;
    struct sk_engine *e = open_journal(&s);
    uint64_t base = sk_journal_size(e);
    struct sk_key key = sk_key_start(SK_T_JOURNAL);
    struct sk_journal_mark mark = sk_journal_mark(e);
    struct sk_bytes name;
    struct sk_bytes run;
    struct sk_scan scan;
    uint64_t next = 0;

    for (uint64_t i = 0; i < MANY; i++) {
        add_entry(e, i);
        cr_expect(eq(u64, sk_journal_size(e), base + i + 1));
    }
    /* It was written meanwhile: only what wrote nothing is taken back. */
    cr_assert(e->journal.edge.size > base);
    sk_journal_back(e, mark);
    cr_expect(eq(u64, sk_journal_size(e), base + MANY));
    mark = sk_journal_mark(e);
    add_entry(e, 1);
    sk_journal_back(e, mark);
    cr_expect(eq(u64, sk_journal_size(e), base + MANY));
    cr_assert(sk_journal_flush(e) == SK_OK);
    cr_expect(eq(u64, e->journal.edge.size, base + MANY));
    cr_expect(
        eq(int, sk_journal_each(e, base, MANY, expect_number, &next), SK_OK));
    cr_expect(eq(u64, next, MANY));
    sk_key_bytes(&key, sk_text("e"));
    scan = sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&key));
    while (sk_scan_next(&scan, &name, &run) == SK_OK)
        cr_expect(run.size <= 2048, "%zu", run.size);
    close_journal(&s);
}

static enum sk_status ignore(void *context, uint64_t number,
                             struct sk_bytes entry)
{
    (void)context;
    (void)number;
    (void)entry;
    return SK_OK;
}

/* The record of the journal whose key ends so; its value in a buffer. */
static struct sk_bytes record_of(struct sk_engine *e, struct sk_key *key,
                                 char kind, size_t at)
{
    static uint8_t bytes[4096];
    struct sk_key prefix = sk_key_start(SK_T_JOURNAL);
    struct sk_scan scan;
    struct sk_bytes name;
    struct sk_bytes value = {0};

    sk_key_bytes(&prefix, (struct sk_bytes){(const uint8_t *)&kind, 1});
    scan = sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    for (size_t i = 0; i <= at; i++)
        cr_assert(sk_scan_next(&scan, &name, &value) == SK_OK);
    memcpy(bytes, value.data, value.size);
    memcpy(key->bytes, name.data, name.size);
    key->size = name.size;
    return (struct sk_bytes){bytes, value.size};
}

static enum sk_status read_all(struct sk_engine *e)
{
    struct sk_hash hash;

    SK_TRY(sk_journal_each(e, 0, e->journal.edge.size, ignore, NULL));
    return sk_journal_read(e, SK_MERKLE_STEP, 1, &hash);
}

/* I5: a record that is gone, or not what it was, is never passed over. */
Test(journal, a_damaged_one_is_never_read_as_a_good_one)
{
    static struct samira s;
    struct sk_engine *e = open_journal(&s);
    const enum sk_space space = SK_SPACE_DATA;
    struct sk_bytes value;
    struct sk_key key;
    static const struct row {
        const char *what;
        char kind;
        size_t at;
        size_t less; /* bytes; all: gone */
    } rows[] = {{"an entry cut", 'e', 3, 1},
                {"entries gone", 'e', 3, SIZE_MAX},
                {"half of a root", 'n', 1, 16},
                {"a root gone", 'n', 1, SIZE_MAX}};

    for (uint64_t i = 0; i < MANY; i++)
        add_entry(e, i);
    cr_assert(sk_journal_flush(e) == SK_OK);
    cr_assert(read_all(e) == SK_OK);
    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        struct sk_bytes name;
        struct sk_bytes less;

        key = sk_key_start(SK_T_JOURNAL);
        value = record_of(e, &key, rows[i].kind, rows[i].at);
        name = sk_key_done(&key);
        less = (struct sk_bytes){value.data, value.size - rows[i].less};
        if (rows[i].less == SIZE_MAX)
            cr_assert(sk_store_delete(e->store, space, name) == SK_OK);
        else
            cr_assert(sk_store_put(e->store, space, name, less) == SK_OK);
        cr_expect(eq(int, read_all(e), SK_E_IO), "%s", rows[i].what);
        cr_assert(sk_store_put(e->store, space, name, value) == SK_OK);
        cr_expect(eq(int, read_all(e), SK_OK), "%s", rows[i].what);
    }
    /* An end that is not there; more entries than its number allows. */
    e->journal.edge.size++;
    cr_expect(eq(int, read_all(e), SK_E_IO));
    e->journal.edge.size--;
    key = sk_key_start(SK_T_JOURNAL);
    value = record_of(e, &key, 'e', 9);
    cr_assert(sk_store_delete(e->store, space, sk_key_done(&key)) == SK_OK);
    memset(key.bytes + key.size - 8, 0, 8);
    cr_assert(sk_store_put(e->store, space, sk_key_done(&key), value) == SK_OK);
    cr_expect(eq(int, read_all(e), SK_E_IO));
    close_journal(&s);
}

/* A state whose roots are not those of its size is none. */
Test(journal, a_damaged_state_is_not_taken)
{
    static struct samira s;
    struct sk_engine *e = open_journal(&s);
    uint8_t bytes[256] = {0};

    for (uint64_t roots = 1; roots < 4; roots++) {
        struct sk_pack p =
            sk_pack_start((struct sk_room){bytes + 128, sizeof(bytes) - 128});
        struct sk_bytes value;

        sk_pack_array(&p, 4);
        sk_pack_bin(&p, (struct sk_bytes){bytes, SK_LOG_ID_SIZE});
        sk_pack_uint(&p, 3);
        sk_pack_bin(&p, (struct sk_bytes){bytes, roots * SK_HASH_SIZE});
        sk_pack_array(&p, 0);
        cr_assert(sk_pack_finish(&p, &value) == SK_OK);
        cr_assert(sk_meta_put(e, "journal", value) == SK_OK);
        cr_expect(eq(int, sk_journal_load(e), roots == 2 ? SK_OK : SK_E_IO),
                  "%d", (int)roots);
    }
    close_journal(&s);
}

/* PROTOCOL.md 11.3: the last eight restarts, oldest first. */
Test(journal, names_the_last_eight_restarts)
{
    static struct samira s;
    struct sk_engine *e = open_journal(&s);
    struct sk_log_id logs[12];
    const size_t count = SK_COUNT(logs);

    for (size_t i = 0; i < count; i++) {
        logs[i] = e->journal.log;
        cr_assert(sk_journal_mark_restored(e) == SK_OK);
        cr_assert(sk_journal_begin(e) == SK_OK);
        cr_assert(sk_journal_flush(e) == SK_OK);
        cr_expect(eq(sz, e->journal.restarts_count,
                     i + 1 < SK_RESTARTS_MAX ? i + 1 : SK_RESTARTS_MAX));
    }
    for (size_t i = 0; i < SK_RESTARTS_MAX; i++)
        cr_expect(sk_log_id_equal(&e->journal.restarts[i].log,
                                  &logs[count - SK_RESTARTS_MAX + i]),
                  "%zu", i);
    close_journal(&s);
}
