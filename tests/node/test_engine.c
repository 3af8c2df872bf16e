/* The engine as its caller sees it: open, requests, clock, rollback.
   Tests: node/engine/key.c, node/engine/open.c, node/engine/ops.c,
   node/engine/reply.c, node/engine/request.c, node/engine/status.c */
#include "tests/node/fixture.h"

#include "node/engine/federation.h"
#include "node/engine/ops.h"
#include "node/engine/session.h"
#include "node/engine/state.h"

static struct fx f;
static struct sk_effects effects;

static void begin_system(void)
{
    fx_begin(&f, "S2A", "2026-09-01T08:00:00Z", /* manual */ false);
}

/* protocol/control.h: the one table of operations; each is handled. */
Test(engine, handles_every_operation)
{
    cr_assert(eq(sz, sk_op_rows_count, sk_ops_count));
    for (size_t i = 0; i < sk_ops_count; i++) {
        const struct sk_op_row *row = sk_op_row_of(&sk_ops[i]);

        cr_expect(eq(str, (char *)row->name, (char *)sk_ops[i].name));
        cr_expect(sk_op_find(sk_text(row->name)) == &sk_ops[i]);
    }
    cr_expect(sk_op_find(sk_text("no.such")) == NULL);
    cr_expect(sk_op_find(sk_text("")) == NULL);
}

Test(engine, tells_how_the_node_is_doing)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    fx_ok(&f, "buso", "node.status", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.org"), "buso"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.charter"), "proef/1"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.policy"), "buso/1"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.clock"), "manual"));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.now"), "2026-09-01T08:00:00Z"));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.peers"), "{'known':4,'up':4}"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.pending"),
                 "{'events':0,'items':0}"));
    fx_ok(&f, "vdab", "node.status", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.policy"), "nil"));
    fx_end(&f);
}

static const char *able(const char *org)
{
    static char text[8];

    fx_ok(&f, org, "node.status", "{}");
    snprintf(text, sizeof(text), "%s%s%s%s",
             sk_value_bool(fx_at(&f, "result.able.journal")) ? "j" : "",
             sk_value_bool(fx_at(&f, "result.able.reach")) ? "r" : "",
             sk_value_bool(fx_at(&f, "result.able.seal")) ? "s" : "",
             sk_value_bool(fx_at(&f, "result.able.sign")) ? "S" : "");
    return text;
}

/* CONTROL.md 5: at a glance, what it can; and what takes each away. */
Test(engine, tells_what_it_can)
{
    uint64_t kept;

    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    cr_expect(eq(str, (char *)able("buso"), "jrsS"));
    fx_offline(&f, "gtb", true);
    cr_expect(eq(str, (char *)able("buso"), "jsS"));
    fx_partners(&f, "  gtb:\n", "  gtb:\n    status: suspended\n");
    cr_expect(eq(str, (char *)able("buso"), "jrsS"), "it is not missed");
    kept = fx_node(&f, "buso")->engine->card.sealing[0].until_s;
    fx_node(&f, "buso")->engine->card.sealing[0].until_s = 1;
    cr_expect(eq(str, (char *)able("buso"), "jrS"));
    fx_node(&f, "buso")->engine->card.sealing[0].until_s = kept;
    sk_session_find(fx_node(&f, "buso")->engine, &fx_node(&f, "vdab")->org)
        ->card.sealing[0]
        .until_s = 1;
    cr_expect(eq(str, (char *)able("buso"), "jrS"));
    fx_end(&f);
    fx_begin(&f, "S2A", "2026-09-01T08:00:00Z", true);
    cr_expect(eq(str, (char *)able("buso"), "j"), "no charter");
    fx_end(&f);
}

/* CONTROL.md 5: up to 200 bytes, kept over a crash, shown with the status. */
Test(engine, tells_how_to_reach_the_privacy_officer)
{
    char text[202];

    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    fx_ok(&f, "buso", "node.status", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.contact"), "absent"));
    memset(text, 'x', sizeof(text));
    text[201] = '\0';
    fx_refused(&f, "buso", "bad-argument", "contact.set", "{'text':'%s'}",
               text);
    text[200] = '\0';
    fx_ok(&f, "buso", "contact.set", "{'text':'%s'}", text);
    fx_ok(&f, "buso", "contact.set", "{'text':'014 00 00 00'}");
    fx_ok(&f, "buso", "node.status", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.contact"), "014 00 00 00"));
    for (size_t i = 0; i < 2; i++) {
        fx_ok(&f, "buso", "contact.clear", "{}");
        fx_ok(&f, "buso", "node.status", "{}");
        cr_expect(eq(str, (char *)fx_text(&f, "result.contact"), "absent"));
    }
    fx_end(&f);
}

/* A request of any bytes is answered with a coded refusal, never more. */
Test(engine, refuses_requests_by_code)
{
    static const uint8_t noise[] = {0x93, 0x01, 0xff, 0x00};
    struct sk_input input = {.type = SK_INPUT_CONTROL, .owner = true};

    fx_begin(&f, "S2A", "2026-09-01T08:00:00Z", true);
    input.bytes = (struct sk_bytes){noise, sizeof(noise)};
    cr_assert(fx_step(&f, 0, &input, &effects) == SK_OK);
    cr_assert(sk_value_check(effects.reply, &f.value) == SK_OK);
    cr_expect(eq(str, (char *)fx_text(&f, ""),
                 "{'error':{'code':'bad-request'},'ok':false}"));
    fx_refused(&f, "buso", "unknown-op", "no.such", "{}");
    fx_refused(&f, "buso", "missing-argument", "participant.add", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "error.field"), "given_name"));
    fx_refused(&f, "buso", "unknown-argument", "node.status", "{'x':1}");
    fx_refused(&f, "buso", "no-charter", "charter.show", "{}");
    fx_refused(&f, "buso", "no-charter", "text.check",
               "{'field':'question','value':'x','to':'gtb'}");
    fx_end(&f);
}

Test(engine, answers_without_an_engine_too)
{
    uint8_t room[64];
    struct sk_bytes out;
    struct sk_value v;

    cr_assert(sk_engine_error_reply("disk-full",
                                    (struct sk_room){room, sizeof(room)},
                                    &out) == SK_OK);
    cr_assert(sk_value_check(out, &v) == SK_OK);
    cr_expect(sk_bytes_equal(
        sk_value_str(sk_value_get(sk_value_get(v, "error"), "code")),
        sk_text("disk-full")));
    cr_expect(sk_engine_error_reply("disk-full", (struct sk_room){room, 8},
                                    &out) == SK_E_NO_ROOM);
}

/* ------------------------------------------------------------- open */

Test(engine, opens_only_its_own_store_with_its_own_key)
{
    begin_system();
    fx_close(&f, 0);
    cr_expect(fx_open(&f, 0) == SK_OK);
    fx_close(&f, 0);
    /* Another master key. */
    f.nodes[0].secrets.master.secret_bytes[0] ^= 1;
    cr_expect(fx_open(&f, 0) == SK_E_WRONG_KEY);
    f.nodes[0].secrets.master.secret_bytes[0] ^= 1;
    /* Another organisation. */
    cr_assert(sk_org_parse(sk_text("ander"), &f.nodes[0].card.org));
    cr_expect(fx_open(&f, 0) == SK_E_REFUSED);
    f.nodes[0].card.org = f.nodes[0].org;
    cr_expect(fx_open(&f, 0) == SK_OK);
    fx_end(&f);
}

/* Older or newer: its own word, since nothing is wrong with the folder. */
Test(engine, refuses_a_store_of_another_format)
{
    static const uint8_t formats[][8] = {{0, 0, 0, 0, 0, 0, 0, 1},
                                         {0, 0, 0, 0, 0, 0, 0, 255}};

    begin_system();
    fx_close(&f, 0);
    for (size_t i = 0; i < SK_COUNT(formats); i++) {
        struct sk_store *store = f.nodes[0].store;

        cr_assert(sk_store_begin(store) == SK_OK);
        cr_assert(sk_store_put(store, SK_SPACE_DATA, sk_text("mformat"),
                               (struct sk_bytes){formats[i], 8}) == SK_OK);
        cr_assert(sk_store_commit(store) == SK_OK);
        cr_expect(eq(int, fx_open(&f, 0), SK_E_UNSUPPORTED));
    }
    fx_end(&f);
}

Test(engine, knows_everything_again_after_a_restart)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    fx_ok(&f, "buso", "participant.add", "{'given_name':'Lotte'}");
    fx_clock(&f, "2026-09-02T08:00:00Z");
    fx_crash(&f, "buso");
    fx_ok(&f, "buso", "node.status", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.charter"), "proef/1"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.policy"), "buso/1"));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.now"), "2026-09-02T08:00:00Z"));
    fx_ok(&f, "buso", "participant.find", "{'name':'lotte'}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.participants.0.given_name"),
                 "Lotte"));
    fx_end(&f);
}

/* ------------------------------------------------------------- clock */

Test(engine, moves_a_manual_clock_only_forward)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    fx_ok(&f, "buso", "clock.set", "{'at':'2026-09-01T08:00:00Z'}");
    fx_ok(&f, "buso", "clock.set", "{'at':'2026-09-01T08:00:01Z'}");
    cr_expect(eq(str, f.reply,
                 "{'ok':true,'result':{'now':"
                 "'2026-09-01T08:00:01Z'}}"));
    fx_refused(&f, "buso", "clock-back", "clock.set",
               "{'at':'2026-09-01T08:00:00Z'}");
    f.real_ms += 3600 * 1000;
    fx_ok(&f, "buso", "node.status", "{}");
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.now"), "2026-09-01T08:00:01Z"));
    fx_end(&f);
    begin_system();
    fx_refused(&f, "buso", "not-manual-clock", "clock.set",
               "{'at':'2026-09-01T08:00:00Z'}");
    fx_end(&f);
}

/* A system clock that is set back: a little is flattened, a lot stops what
   dates things, and the node says so. */
#define GOAL "{'occupation':'8344.1','preference_kind':'wanted'}"

Test(engine, does_not_date_things_with_a_clock_set_back)
{
    char *id;

    begin_system();
    fx_import_all(&f);
    fx_ok(&f, "buso", "participant.add", "{'given_name':'Lotte'}");
    id = strdup(fx_text(&f, "result.participant"));
    f.real_ms += 10 * 60 * 1000;
    fx_ok(&f, "buso", "node.status", "{}");
    f.real_ms -= 5 * 60 * 1000;
    fx_ok(&f, "buso", "node.status", "{}");
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.now"), "2026-09-01T08:10:00Z"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.clock_back"), "absent"));
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'goal.set','fields':" GOAL "}", id);
    f.real_ms -= 1;
    fx_ok(&f, "buso", "node.status", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.clock_back"), "true"));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.now"), "2026-09-01T08:10:00Z"));
    fx_refused(&f, "buso", "clock-back", "event.record",
               "{'participant':'%s','type':'goal.set','fields':" GOAL "}", id);
    /* Also after a restart: the largest time is kept. */
    fx_crash(&f, "buso");
    fx_refused(&f, "buso", "clock-back", "event.record",
               "{'participant':'%s','type':'goal.set','fields':" GOAL "}", id);
    f.real_ms += 10 * 60 * 1000;
    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'goal.set','fields':" GOAL "}", id);
    free(id);
    fx_end(&f);
}

/* I7: or a consent that was withdrawn would be there again. */
Test(engine, a_restart_is_not_before_what_was_written)
{
    begin_system();
    fx_import_all(&f);
    f.real_ms += 30 * 1000;
    fx_ok(&f, "buso", "participant.add", "{'given_name':'Lotte'}");
    f.real_ms -= 25 * 1000;
    fx_crash(&f, "buso");
    fx_ok(&f, "buso", "node.status", "{}");
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.now"), "2026-09-01T08:00:30Z"));
    fx_end(&f);
}

/* ------------------------------------------------------------- batches */

/* I4: when the store is full nothing happened, and the same request works
   when there is room again. */
Test(engine, forgets_a_batch_that_could_not_be_stored)
{
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    /* Key, record, one word of the name, whose case; and the commit. */
    for (uint64_t writes = 1; writes <= 5; writes++) {
        sk_store_memory_fail_after(fx_node(&f, "buso")->store, writes);
        cr_expect(fx_try(&f, "buso", "participant.add",
                         "{'given_name':'Lotte'}") == SK_E_FULL,
                  "after %d writes", (int)writes);
        sk_store_memory_fail_after(fx_node(&f, "buso")->store, 0);
        fx_ok(&f, "buso", "participant.find", "{'name':'lotte'}");
        cr_expect(eq(str, (char *)fx_text(&f, "result.participants"), "[]"));
    }
    sk_store_memory_fail_after(fx_node(&f, "buso")->store, 6);
    fx_ok(&f, "buso", "participant.add", "{'given_name':'Lotte'}");
    fx_end(&f);
}

/* A policy that was activated in a batch that failed is not in force. */
Test(engine, goes_back_to_the_policy_that_is_stored)
{
    struct fx_node *buso;
    char path[512];
    char *policy;
    char *args;

    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    snprintf(path, sizeof(path), "%s/nodes/buso/policy.yaml", f.bundles);
    policy = fx_need(path);
    strstr(policy, "\nversion: 1")[10] = '2';
    args = fx_signed(&f, "buso", policy, SG_BOTH);
    buso = fx_node(&f, "buso");
    /* Five files, the record, the version; and the commit. */
    for (uint64_t writes = 1; writes <= 8; writes++) {
        sk_store_memory_fail_after(buso->store, writes);
        cr_expect(fx_try(&f, "buso", "policy.activate", "%s", args) ==
                  SK_E_FULL);
        sk_store_memory_fail_after(buso->store, 0);
        fx_ok(&f, "buso", "policy.show", "{}");
        cr_expect(eq(str, (char *)fx_text(&f, "result.policy"), "buso/1"));
        fx_ok(&f, "buso", "node.status", "{}");
        cr_expect(
            eq(str, (char *)fx_text(&f, "result.peers"), "{'known':4,'up':4}"));
    }
    fx_ok(&f, "buso", "policy.activate", "%s", args);
    free(args);
    cr_expect(eq(str, (char *)fx_text(&f, "result.policy"), "buso/2"));
    free(policy);
    fx_end(&f);
}

/* ------------------------------------------------------------- limits */

Test(engine, refuses_a_reply_that_is_too_large)
{
    struct sk_engine *e;

    fx_begin(&f, "S2A", "2026-09-01T08:00:00Z", /* manual */ true);
    for (int i = 0; i < 4; i++)
        fx_ok(&f, "buso", "participant.add", "{'given_name':'Lotte'}");
    e = f.nodes[0].engine;
    e->reply_room.size_max = 300;
    fx_refused(&f, "buso", "too-large", "participant.list", "{}");
    e->reply_room.size_max = 400;
    fx_ok(&f, "buso", "participant.list", "{}");
    fx_end(&f);
}

/* Frames of one batch: as many as fit, then SK_E_AGAIN and nothing more. */
Test(engine, sends_no_more_frames_than_fit)
{
    struct sk_engine *e;
    struct sk_room room;
    struct sk_bytes frame;
    size_t sent = 0;

    fx_begin(&f, "S2A", "2026-09-01T08:00:00Z", /* manual */ true);
    e = f.nodes[0].engine;
    sk_effects_start(&effects, (struct sk_room){f.room, FX_ROOM_MAX});
    e->effects = &effects;
    while (sk_frame_room(e, &room) == SK_OK) {
        cr_assert(eq(sz, room.size_max, SK_FRAME_SIZE_MAX));
        frame = (struct sk_bytes){room.data, 300 + sent % 70};
        sk_frame_send(e, &e->org, frame);
        sent++;
    }
    cr_expect(eq(sz, sent, SK_EFFECT_FRAMES_MAX));
    /* More different sizes than are told apart: the first are counted. */
    cr_expect(eq(sz, e->frame_sizes_count, SK_FRAME_SIZES_MAX));
    cr_expect(eq(u64, e->frame_counts[0], (SK_EFFECT_FRAMES_MAX + 69) / 70));
    /* Room for one frame, and for one byte less. */
    sk_effects_start(&effects, (struct sk_room){f.room, SK_FRAME_SIZE_MAX});
    cr_expect(sk_frame_room(e, &room) == SK_OK);
    effects.room.size_max--;
    cr_expect(sk_frame_room(e, &room) == SK_E_AGAIN);
    e->effects = NULL;
    fx_end(&f);
}

/* The same inputs, time and seeds give the same bytes. */
Test(engine, is_a_function_of_its_inputs)
{
    char *first;

    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    fx_ok(&f, "buso", "participant.add", "{'given_name':'Lotte'}");
    first = strdup(f.reply);
    fx_end(&f);
    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    fx_ok(&f, "buso", "participant.add", "{'given_name':'Lotte'}");
    cr_expect(eq(str, f.reply, first));
    free(first);
    fx_end(&f);
}

/* I9: nothing about a person outlives the step that worked with it; also not
   what a function took of scratch and gave back, or packed and then refused. */
Test(engine, nothing_of_a_person_is_left_in_its_memory)
{
    static const char *const canaries[] = {"Kanarievoornaam", "Kanariefamilie"};
    struct fx_node *node;
    char person[64];

    fx_start(&f, "S2A", "2026-09-01T08:00:00Z");
    node = fx_node(&f, "buso");
    fx_ok(&f, "buso", "participant.add",
          "{'given_name':'Kanarievoornaam','family_name':'Kanariefamilie',"
          "'birth_date':'1984-03-14','insz':'84031499777'}");
    snprintf(person, sizeof(person), "%s", fx_text(&f, "result.participant"));
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}", person);
    fx_ok(&f, "buso", "participant.list", "{}");
    fx_ok(&f, "buso", "participant.find", "{'name':'kanariefamilie'}");
    fx_refused(&f, "buso", "insz-known", "participant.add",
               "{'given_name':'Kanarievoornaam','insz':'84031499777'}");
    for (size_t i = 0; i < SK_COUNT(canaries); i++)
        cr_expect(memmem(node->memory, SK_ENGINE_MEMORY_SIZE, canaries[i],
                         strlen(canaries[i])) == NULL,
                  "%s is still there", canaries[i]);
    fx_end(&f);
}

/* ------------------------------------------------------------- numbers kept */

static void expect_number(struct sk_engine *e, const char *name, uint64_t want)
{
    uint64_t got = 0;
    enum sk_status status = sk_meta_get_u64(e, name, &got);

    if (want == 0)
        cr_expect(status == SK_E_NOT_FOUND, "%s: %s", name,
                  sk_status_text(status));
    else
        cr_expect(status == SK_OK && got == want, "%s: %llu", name,
                  (unsigned long long)got);
}

/* What META has is what it has now: written, taken back, deleted. */
Test(engine, numbers_of_the_store_are_as_in_the_store)
{
    static const char *const names[] = {"test", "a name longer than is kept"};
    struct sk_engine *e;
    struct sk_key key;

    begin_system();
    e = f.nodes[0].engine;
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        cr_assert(sk_store_begin(e->store) == SK_OK);
        expect_number(e, names[i], 0);
        cr_assert(sk_meta_put_u64(e, names[i], 1) == SK_OK);
        expect_number(e, names[i], 1);
        sk_store_abort(e->store);
        cr_assert(sk_store_begin(e->store) == SK_OK);
        expect_number(e, names[i], 0);
        cr_assert(sk_meta_put_u64(e, names[i], 2) == SK_OK);
        cr_assert(sk_store_commit(e->store) == SK_OK);
        cr_assert(sk_store_begin(e->store) == SK_OK);
        expect_number(e, names[i], 2);
        key = sk_key_start(SK_T_META);
        sk_key_bytes(&key, sk_text(names[i]));
        cr_assert(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key)) ==
                  SK_OK);
        expect_number(e, names[i], 0);
        sk_store_abort(e->store);
        cr_assert(sk_store_begin(e->store) == SK_OK);
        expect_number(e, names[i], 2);
        sk_store_abort(e->store);
    }
    fx_end(&f);
}
