/* docs/POLICY.md 2.6: a draft that is counted, and decides nothing. */
#include "tests/node/samira.h"

static struct samira s;

static void start(void)
{
    sm_start(&s);
    sm_give(&s);
}

static void end(void)
{
    fx_end(&s.f);
}

TestSuite(shadow, .init = start, .fini = end);

static void shadow(const char *fields)
{
    char *policy = sm_policy("sopraco", 2, fields);
    char *args = sm_file(policy);

    fx_ok(&s.f, "sopraco", "policy.shadow", "%s", args);
    free(args);
    free(policy);
}

static const char *counts(void)
{
    fx_ok(&s.f, "sopraco", "policy.shadow", "{}");
    return fx_text(&s.f, "result.counts");
}

#define COUNT(less, more, refuse, same)                                        \
    "[{'event':'workplace.evaluated','for':'guidance.joint','less':" less      \
    ",'more':" more ",'refuse':" refuse ",'same':" same ",'to':'cvo-kempen'}]"

/* ------------------------------------------------------------- counts */

Test(shadow, counts_each_answer_beside_the_real_one)
{
    shadow("eval_learning: exact");
    sm_preview(&s);
    EQ(counts(), COUNT("0", "0", "0", "1"));
    shadow("eval_learning: exact, next_step: exact");
    sm_preview(&s);
    EQ(counts(), COUNT("0", "1", "0", "0"));
    shadow("eval_safety: exact");
    sm_preview(&s);
    EQ(counts(), COUNT("0", "0", "1", "0"));
}

Test(shadow, counts_less_when_a_field_stays)
{
    char *wide =
        sm_policy("sopraco", 2, "eval_learning: exact, next_step: exact");
    char *args = fx_signed(&s.f, "sopraco", wide, SG_BOTH);

    fx_ok(&s.f, "sopraco", "policy.activate", "%s", args);
    shadow("next_step: exact");
    sm_preview(&s);
    sm_send(&s);
    EQ(counts(), COUNT("2", "0", "0", "0"));
    free(args);
    free(wide);
}

Test(shadow, counts_more_when_the_policy_in_force_denies)
{
    shadow("eval_learning: exact");
    fx_ok(&s.f, "sopraco", "consent.withdraw", "{'participant':'%s'}",
          s.participant);
    sm_preview(&s);
    EQ(counts(), COUNT("0", "0", "0", "1"));
    shadow("next_step: exact");
    sm_preview(&s);
    EQ(counts(), COUNT("0", "0", "0", "1"));
}

/* Who asks why decides nothing. */
Test(shadow, does_not_count_what_only_explains)
{
    shadow("eval_learning: exact, next_step: exact");
    fx_ok(&s.f, "sopraco", "disclosure.preview",
          "{'event':'%s','to':'cvo-kempen','for':'guidance.joint',"
          "'explain':true}",
          s.event);
    EQ(fx_text(&s.f, "result.decision"), "permit");
    EQ(counts(), "[]");
    sm_preview(&s);
    EQ(counts(), COUNT("0", "1", "0", "0"));
}

/* ------------------------------------------------------------- no influence */

/* The same answers, the same messages, whatever the draft says. */
Test(shadow, changes_nothing_of_what_is_answered_and_sent)
{
    char *preview;
    char *list;

    sm_preview(&s);
    preview = strdup(s.f.reply);
    shadow("eval_safety: exact");
    sm_preview(&s);
    EQ(s.f.reply, preview);
    sm_send(&s);
    EQ(fx_text(&s.f, "result.decision"), "permit");
    fx_ok(&s.f, "sopraco", "message.show", "{'message':'%s'}", s.message);
    EQ(fx_text(&s.f, "result.policy"), "sopraco/1");
    EQ(fx_text(&s.f, "result.rules"), "['cvo-learning-score']");
    fx_ok(&s.f, "cvo-kempen", "inbox.list", "{}");
    list = strdup(fx_text(&s.f, "result.messages"));
    cr_expect(ne(str, list, "[]"));
    fx_ok(&s.f, "sopraco", "policy.show", "{}");
    EQ(fx_text(&s.f, "result.policy"), "sopraco/1");
    free(list);
    free(preview);
}

/* I9: a preview shows values; that something was counted is no reason to keep
   its reply. */
Test(shadow, does_not_make_the_reply_of_a_preview_be_kept)
{
    shadow("eval_learning: exact");
    sm_preview(&s);
    s.f.request_id = "aaaaaaaa-0000-4000-8000-000000000001";
    sm_preview(&s);
    s.f.request_id = NULL;
    /* In this transaction one record: the count. */
    cr_expect(eq(u64, fx_node(&s.f, "sopraco")->store->writes, 1));
}

/* What is only supposed is no sending. */
Test(shadow, leaves_out_previews_of_what_is_not_there)
{
    shadow("eval_learning: exact");
    fx_ok(&s.f, "sopraco", "disclosure.preview",
          "{'event':'%s','to':'cvo-kempen','for':'guidance.joint',"
          "'with_link':true}",
          s.event);
    fx_ok(&s.f, "sopraco", "disclosure.preview",
          "{'event':'%s','to':'nobody','for':'guidance.joint'}", s.event);
    EQ(counts(), "[]");
}

/* ------------------------------------------------------------- its life */

Test(shadow, survives_a_crash_and_stops_when_told)
{
    shadow("eval_safety: exact");
    sm_preview(&s);
    fx_crash(&s.f, "sopraco");
    sm_preview(&s);
    EQ(counts(), COUNT("0", "0", "2", "0"));
    EQ(fx_text(&s.f, "result.policy"), "sopraco/2");
    EQ(fx_text(&s.f, "result.since"), "2026-09-18T12:00:00Z");
    fx_ok(&s.f, "sopraco", "policy.shadow", "{'stop':true}");
    EQ(fx_text(&s.f, "result"), "{'counts':[],'on':false}");
    sm_preview(&s);
    EQ(counts(), "[]");
    fx_crash(&s.f, "sopraco");
    EQ(counts(), "[]");
}

/* A new one starts from zero; one with errors changes nothing. */
Test(shadow, is_refused_with_errors_or_for_somebody_else)
{
    char *wrong = sm_file("language: sharing-policy/1\n");
    char *theirs = sm_policy("ocmw-mol", 2, "eval_learning: exact");
    char *file = sm_file(theirs);

    shadow("eval_safety: exact");
    sm_preview(&s);
    fx_refused(&s.f, "sopraco", "policy-invalid", "policy.shadow", "%s", wrong);
    fx_refused(&s.f, "sopraco", "policy-not-yours", "policy.shadow", "%s",
               file);
    sm_preview(&s);
    EQ(counts(), COUNT("0", "0", "2", "0"));
    free(wrong);
    free(theirs);
    free(file);
}

/* I9: what is kept are words of the federation and numbers. */
Test(shadow, keeps_no_values)
{
    struct sk_store *store = fx_node(&s.f, "sopraco")->store;
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;
    size_t found = 0;

    shadow("eval_safety: exact");
    sm_preview(&s);
    cr_assert(sk_store_begin(store) == SK_OK);
    scan = sk_scan_start(store, SK_SPACE_DATA, sk_text("fshadow/count/"));
    while (sk_scan_next(&scan, &key, &value) == SK_OK) {
        cr_expect(sk_bytes_equal(
            key, sk_text("fshadow/count/cvo-kempen/guidance.joint/"
                         "workplace.evaluated")));
        cr_expect(eq(sz, value.size, 32));
        found++;
    }
    sk_store_abort(store);
    cr_expect(eq(sz, found, 1));
}
