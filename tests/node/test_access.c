/* CONTROL.md 7: who may do what, and that every look is kept.
   Tests: node/engine/access_ops.c */
#include "tests/node/staff.h"

static struct fx f;

static void start(void)
{
    fx_start(&f, "S2A", "2027-03-01T09:00:00Z");
}

/* ------------------------------------------------- every role, every operation
 */

/* What a need gives, by role: c coach, l team lead, p privacy officer,
   o operator, a auditor.  Not taken from the program. */
static const struct {
    enum sk_need need;
    const char *roles;
} matrix[] = {
    {SK_NEED_NODE, "clpo"},  {SK_NEED_STAFF, "clpoa"}, {SK_NEED_OPERATE, "o"},
    {SK_NEED_POLICY, "p"},   {SK_NEED_USERS, "p"},     {SK_NEED_AUDIT, "pa"},
    {SK_NEED_WORK, "c"},     {SK_NEED_CASES, "c"},     {SK_NEED_AGENDA, "clpo"},
    {SK_NEED_ASSIGN, "clp"}, {SK_NEED_ERASE, "cp"},    {SK_NEED_REGISTER, "cp"},
    {SK_NEED_FEED, ""},      {SK_NEED_CASE, "c"},      {SK_NEED_FOLLOW, "clpo"},
};

static const struct {
    char letter;
    uint32_t uid;
} who[] = {
    {'c', IRIS}, {'l', TESS}, {'p', ELS}, {'o', OMAR}, {'a', ANNA},
};

static bool has(enum sk_need need, char letter)
{
    for (size_t i = 0; i < SK_COUNT(matrix); i++)
        if (matrix[i].need == need)
            return strchr(matrix[i].roles, letter) != NULL;
    cr_fatal("a need that the test does not know: %d", (int)need);
    return false;
}

/* A file that is Bram's: what names somebody in it. */
struct ids {
    struct people_id participant;
    struct people_id event;
    struct people_id message;
    struct people_id handover;
};

/* A value of the kind, that the table takes; ids of Bram's file. */
static void value_of(const struct sk_arg *arg, const struct ids *ids, char *out,
                     size_t size)
{
    const char *id = ids->participant.text;

    if (strcmp(arg->name, "event") == 0)
        id = ids->event.text;
    else if (strcmp(arg->name, "message") == 0)
        id = ids->message.text;
    else if (strcmp(arg->name, "handover") == 0)
        id = ids->handover.text;
    if (arg->kind == SK_ARG_ID)
        snprintf(out, size, "'%s'", id);
    else
        snprintf(out, size, "%s", staff_value(arg->kind));
}

static bool names(const char *name)
{
    return strcmp(name, "participant") == 0 || strcmp(name, "event") == 0 ||
           strcmp(name, "message") == 0 || strcmp(name, "handover") == 0;
}

/* What is required, and the first that names somebody. */
static bool args_of(const struct sk_op *op, const struct ids *ids, char *out,
                    size_t size)
{
    size_t used = (size_t)snprintf(out, size, "{");
    bool named = false;

    for (size_t i = 0; i < SK_OP_ARGS_MAX && op->args[i].name != NULL; i++) {
        const struct sk_arg *arg = &op->args[i];
        char value[128];

        if (!arg->required &&
            (named || arg->kind != SK_ARG_ID || !names(arg->name)))
            continue;
        named = named || (arg->kind == SK_ARG_ID && names(arg->name));
        value_of(arg, ids, value, sizeof(value));
        used += (size_t)snprintf(out + used, size - used, "%s'%s':%s",
                                 used > 1 ? "," : "", arg->name, value);
    }
    snprintf(out + used, size - used, "}");
    return named;
}

/* What is refused for who asks, not for what is asked. */
static const char *verdict(void)
{
    static const char *const codes[] = {"role-lacks", "not-your-case",
                                        "not-a-user"};
    const char *code = fx_text(&f, "error.code");

    for (size_t i = 0; i < SK_COUNT(codes); i++)
        if (strcmp(code, codes[i]) == 0)
            return codes[i];
    return "heard";
}

static void start_with_file(struct ids *ids)
{
    start();
    staff_add(&f, "buso");
    staff_as(&f, BRAM);
    fx_ok(&f, "buso", "participant.add",
          "{'given_name':'Kanarie','birth_date':'2000-05-14'}");
    ids->participant = people_take(&f, "result.participant");
    people_link(&f, "buso", ids->participant, "gtb");
    (void)people_consent(&f, "buso", ids->participant, "gtb",
                         "guidance.handover",
                         "['process.handover','identity.name',"
                         "'contact.coach']");
    ids->event = people_request(&f, ids->participant);
    fx_ok(&f, "buso", "disclosure.send",
          "{'event':'%s','to':'gtb','for':'guidance.handover'}",
          ids->event.text);
    cr_assert(eq(str, (char *)fx_text(&f, "result.decision"), "permit"), "%s",
              f.reply);
    ids->message = people_take(&f, "result.message");
    ids->handover = people_take(&f, "result.handover");
}

Test(access, every_role_and_every_operation)
{
    struct ids ids;
    char args[1024];

    start_with_file(&ids);
    for (size_t i = 0; i < sk_ops_count; i++) {
        const struct sk_op *op = &sk_ops[i];
        bool file = op->need == SK_NEED_CASE || op->need == SK_NEED_REGISTER;
        bool named = args_of(op, &ids, args, sizeof(args));

        for (size_t k = 0; k < SK_COUNT(who); k++) {
            const char *want = "heard";
            enum sk_status status;

            if (!has(op->need, who[k].letter))
                want = "role-lacks";
            /* Bram's file: not for another coach, nor for the team lead. */
            if (file && named && strchr("cl", who[k].letter) != NULL)
                want = "not-your-case";
            else if (file && strchr("cl", who[k].letter) != NULL)
                want = "role-lacks";
            else if (op->need == SK_NEED_ERASE && named && who[k].letter == 'c')
                want = "not-your-case";
            staff_as(&f, who[k].uid);
            status = fx_try(&f, "buso", op->name, "%s", args);
            if (status == SK_OK)
                cr_expect(eq(str, (char *)verdict(), (char *)want),
                          "%s by %c: %s", op->name, who[k].letter, f.reply);
            else
                cr_expect(eq(str, (char *)want, "heard"), "%s by %c", op->name,
                          who[k].letter);
        }
        /* A system user who is nobody here, root among them. */
        for (uint32_t uid = 0; uid <= 4711; uid += 4711) {
            staff_as(&f, uid);
            fx_refused(&f, "buso", "not-a-user", op->name, "%s", args);
        }
        staff_as(&f, BRAM);
        if (op->need != SK_NEED_CASE)
            continue;
        /* And whose file it is, is heard: this says the rest means something.
         */
        if (fx_try(&f, "buso", op->name, "%s", args) == SK_OK)
            cr_expect(eq(str, (char *)verdict(), "heard"), "%s: %s", op->name,
                      f.reply);
    }
    fx_end(&f);
}

static const char *looks(const char *path)
{
    static char whole[64];

    snprintf(whole, sizeof(whole), "result.looks.%s", path);
    return fx_text(&f, whole);
}

/* Roles are a set: who has two may do what either may. */
Test(access, roles_add_up)
{
    start();
    fx_ok(&f, "buso", "user.add",
          "{'name':'els','role':['privacy-officer','coach'],'uid':7}");
    staff_as(&f, 7);
    fx_ok(&f, "buso", "participant.list", "{}");
    fx_ok(&f, "buso", "access.list", "{}");
    fx_refused(&f, "buso", "role-lacks", "backup.start", "{}");
    fx_ok(&f, "buso", "user.change",
          "{'name':'els','role':['privacy-officer','operator']}");
    fx_refused(&f, "buso", "role-lacks", "participant.add",
               "{'given_name':'Lotte'}");
    fx_end(&f);
}

/* A program that follows along reads that, is kept, and reads no more. */
Test(access, a_client_system_follows_and_does_nothing_else)
{
    struct ids ids;
    char args[1024];

    start_with_file(&ids);
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "user.add",
          "{'name':'kvs','role':['client-system'],'uid':4000}");
    for (size_t i = 0; i < sk_ops_count; i++) {
        const struct sk_op *op = &sk_ops[i];
        bool follows = op->need == SK_NEED_FEED || op->need == SK_NEED_FOLLOW;

        (void)args_of(op, &ids, args, sizeof(args));
        staff_as(&f, 4000);
        fx_call(&f, "buso", op->name, "%s", args);
        cr_expect(eq(str, (char *)verdict(), follows ? "heard" : "role-lacks"),
                  "%s: %s", op->name, f.reply);
    }
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "access.list", "{'user':'kvs'}");
    cr_expect(eq(str, (char *)looks("0.op"), "feed.read"));
    fx_end(&f);
}

/* ------------------------------------------------------------- without users
 */

/* The system user of the node may do all; another is nobody. */
Test(access, without_users_only_the_node_itself_is_heard)
{
    start();
    fx_ok(&f, "buso", "participant.add", "{'given_name':'Lotte'}");
    staff_as(&f, 4711);
    fx_refused(&f, "buso", "not-a-user", "node.status", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "error.detail"), "4711"));
    fx_refused(&f, "buso", "not-a-user", "user.add",
               "{'name':'ik','role':['privacy-officer'],'uid':4711}");
    staff_as(&f, 0);
    fx_ok(&f, "buso", "access.list", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.looks"), "[]"));
    fx_end(&f);
}

/* ------------------------------------------------------------- the record */

/* What was read and what was written is kept: who, what, whose, when. */
Test(access, every_look_is_kept)
{
    struct ids ids;

    start_with_file(&ids);
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "access.list", "{'participant':'%s'}",
          ids.participant.text);
    cr_expect(eq(str, (char *)looks("0.op"), "participant.add"));
    cr_expect(eq(str, (char *)looks("1.op"), "relation.open"));
    cr_expect(eq(str, (char *)looks("2.op"), "consent.give"));
    cr_expect(eq(str, (char *)looks("3.op"), "event.record"));
    cr_expect(eq(str, (char *)looks("4.op"), "disclosure.send"));
    cr_expect(eq(str, (char *)looks("4.about"), ids.event.text));
    cr_expect(eq(str, (char *)looks("4.user"), "bram"));
    cr_expect(eq(str, (char *)looks("4.at"), "2027-03-01T09:00:00Z"));
    cr_expect(eq(str, (char *)looks("5"), "absent"));

    staff_as(&f, BRAM);
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}",
          ids.participant.text);
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "disclosure.list", "{'participant':'%s'}",
          ids.participant.text);
    fx_ok(&f, "buso", "access.list", "{'participant':'%s','after':%s}",
          ids.participant.text, "0");
    cr_expect(eq(str, (char *)looks("5.op"), "participant.show"));
    cr_expect(eq(str, (char *)looks("6.op"), "disclosure.list"));
    cr_expect(eq(str, (char *)looks("6.user"), "els"));
    fx_end(&f);
}

/* What was refused showed nothing, and is no look. */
Test(access, what_was_refused_is_no_look)
{
    struct ids ids;
    char before[32];

    start_with_file(&ids);
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "access.list", "{'participant':'%s'}",
          ids.participant.text);
    snprintf(before, sizeof(before), "%zu",
             sk_value_count(fx_at(&f, "result.looks")));
    staff_as(&f, IRIS);
    fx_refused(&f, "buso", "not-your-case", "participant.show",
               "{'participant':'%s'}", ids.participant.text);
    cr_expect(eq(str, (char *)fx_text(&f, "error.detail"), "bram"));
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "access.list", "{'participant':'%s'}",
          ids.participant.text);
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.looks")),
                 (size_t)strtoul(before, NULL, 10)));
    fx_end(&f);
}

/* I4, I5: when the look cannot be kept, nothing is shown. */
Test(access, on_a_full_disk_nothing_is_shown)
{
    struct ids ids;

    start_with_file(&ids);
    sk_store_memory_fail_after(fx_node(&f, "buso")->store, 1);
    cr_expect(eq(int,
                 fx_try(&f, "buso", "participant.show", "{'participant':'%s'}",
                        ids.participant.text),
                 SK_E_FULL));
    cr_expect(eq(str, f.reply, ""));
    sk_store_memory_fail_after(fx_node(&f, "buso")->store, 0);
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}",
          ids.participant.text);
    fx_end(&f);
}

/* A look is not a change: a request that only looked is not remembered, and
   the same request again is a look again.             CONTROL.md 2.4 */
Test(access, looking_again_is_looking_again)
{
    struct ids ids;

    start_with_file(&ids);
    f.request_id = "0190a3b2-0000-7000-8000-000000000001";
    for (int i = 0; i < 2; i++)
        fx_ok(&f, "buso", "event.list", "{'participant':'%s'}",
              ids.participant.text);
    /* And nobody gets another's answer by sending the same bytes. */
    fx_ok(&f, "buso", "relation.close",
          "{'participant':'%s','org':'gtb','until':'2027-12-31'}",
          ids.participant.text);
    staff_as(&f, IRIS);
    fx_refused(&f, "buso", "not-your-case", "relation.close",
               "{'participant':'%s','org':'gtb','until':'2027-12-31'}",
               ids.participant.text);
    f.request_id = NULL;
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "access.list", "{'participant':'%s','after':12}",
          ids.participant.text);
    cr_expect(eq(str, (char *)looks("0.op"), "event.list"), "%s", f.reply);
    cr_expect(eq(str, (char *)looks("1.op"), "event.list"));
    cr_expect(eq(str, (char *)looks("2.op"), "relation.close"));
    fx_end(&f);
}

/* ------------------------------------------------------------- pages */

Test(access, is_listed_by_the_page_by_user_and_since_a_day)
{
    struct people_id iris;
    struct people_id bram;

    start();
    staff_add(&f, "buso");
    staff_as(&f, IRIS);
    iris = people_add(&f, "buso", "2000-05-14");
    staff_as(&f, BRAM);
    bram = people_add(&f, "buso", "2000-05-14");
    staff_as(&f, OMAR); /* the first moment of the 2nd, in Brussels */
    fx_ok(&f, "buso", "clock.set", "{'at':'2027-03-01T23:00:00Z'}");
    for (int i = 0; i < 3; i++) {
        staff_as(&f, IRIS);
        fx_ok(&f, "buso", "event.list", "{'participant':'%s'}", iris.text);
        staff_as(&f, BRAM);
        fx_ok(&f, "buso", "consent.list", "{'participant':'%s'}", bram.text);
    }
    staff_as(&f, ANNA);
    fx_ok(&f, "buso", "access.list", "{'since':'2027-03-02'}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.looks")), 6));
    cr_expect(eq(str, (char *)looks("0.at"), "2027-03-01T23:00:00Z"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.next"), "absent"));
    fx_ok(&f, "buso", "access.list", "{'since':'2027-03-03'}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.looks")), 0));
    fx_ok(&f, "buso", "access.list", "{'since':'2027-03-01'}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.looks")), 15),
              "7 users, 2 participants, 6 looks: %s", f.reply);

    fx_ok(&f, "buso", "access.list",
          "{'since':'2027-03-02','user':'bram','limit':2}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.looks")), 2));
    cr_expect(eq(str, (char *)looks("1.user"), "bram"));
    cr_expect(eq(str, (char *)looks("1.op"), "consent.list"));
    fx_ok(&f, "buso", "access.list", "{'user':'bram','after':%s}",
          fx_text(&f, "result.next"));
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.looks")), 1));

    fx_ok(&f, "buso", "access.list", "{'user':'bram','participant':'%s'}",
          iris.text);
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.looks")), 0));
    fx_refused(&f, "buso", "unknown-user", "access.list", "{'user':'piet'}");
    fx_end(&f);
}

/* DOMAIN.md 6.8: after 60 months a look goes, in parts; break-glass that nobody
   looked at does not. */
Test(access, looks_go_after_their_time)
{
    struct ids ids;

    start_with_file(&ids);
    staff_as(&f, IRIS);
    f.why = "Bram is ziek";
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}",
          ids.participant.text);
    f.why = NULL;
    staff_as(&f, BRAM);
    for (int i = 0; i < 300; i++) /* more than one part */
        fx_ok(&f, "buso", "event.list", "{'participant':'%s'}",
              ids.participant.text);
    staff_as(&f, OMAR);
    fx_ok(&f, "buso", "clock.set", "{'at':'2032-02-29T09:00:00Z'}");
    staff_as(&f, BRAM);
    fx_ok(&f, "buso", "event.list", "{'participant':'%s'}",
          ids.participant.text);
    staff_as(&f, ANNA);
    fx_ok(&f, "buso", "access.list", "{'user':'bram','limit':1000}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.looks")), 306));

    staff_as(&f, OMAR);
    fx_ok(&f, "buso", "clock.set", "{'at':'2032-03-02T09:00:00Z'}");
    for (int i = 0; i < 3; i++)
        fx_ok(&f, "buso", "node.status", "{}");
    staff_as(&f, ANNA);
    fx_ok(&f, "buso", "access.list", "{'user':'bram'}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.looks")), 1));
    cr_expect(eq(str, (char *)looks("0.at"), "2032-02-29T09:00:00Z"));
    fx_ok(&f, "buso", "access.list", "{'participant':'%s'}",
          ids.participant.text);
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.looks")), 2));
    cr_expect(eq(str, (char *)looks("0.reason"), "Bram is ziek"));
    fx_ok(&f, "buso", "access.list", "{'since':'2032-02-29'}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.looks")), 1));
    fx_ok(&f, "buso", "access.list", "{}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.looks")), 2));
    fx_end(&f);
}

/* ------------------------------------------------------------- break-glass */

Test(access, break_glass_opens_is_kept_and_waits_for_the_privacy_officer)
{
    struct ids ids;
    char item[32];

    start_with_file(&ids);
    staff_as(&f, IRIS);
    f.why = "Bram is ziek, crisis op de werkvloer";
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}",
          ids.participant.text);
    f.why = NULL;
    fx_refused(&f, "buso", "not-your-case", "participant.show",
               "{'participant':'%s'}", ids.participant.text);

    staff_as(&f, ELS);
    fx_ok(&f, "buso", "node.status", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.users.glass"), "1"));
    fx_ok(&f, "buso", "access.list", "{'glass':true}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.looks")), 1));
    cr_expect(eq(str, (char *)looks("0.user"), "iris"));
    cr_expect(eq(str, (char *)looks("0.glass"), "true"));
    cr_expect(eq(str, (char *)looks("0.participant"), ids.participant.text));
    cr_expect(eq(str, (char *)looks("0.reason"),
                 "Bram is ziek, crisis op de werkvloer"));
    snprintf(item, sizeof(item), "%s", looks("0.item"));

    /* Who broke it cannot say that it was looked at. */
    staff_as(&f, IRIS);
    fx_refused(&f, "buso", "role-lacks", "access.seen", "{'item':%s}", item);
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "access.seen", "{'item':%s}", item);
    cr_expect(eq(str, (char *)fx_text(&f, "result.left"), "0"));
    fx_refused(&f, "buso", "unknown-look", "access.seen", "{'item':%s}", item);
    fx_ok(&f, "buso", "node.status", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.users.glass"), "0"));
    /* The record stays. */
    fx_ok(&f, "buso", "access.list", "{'user':'iris'}");
    cr_expect(eq(str, (char *)looks("0.glass"), "true"));
    fx_end(&f);
}

/* A reason opens files to those who guide, and to nobody else. */
Test(access, break_glass_is_not_for_operators_auditors_and_officers)
{
    static const uint32_t others[] = {ELS, OMAR, ANNA};
    struct ids ids;

    start_with_file(&ids);
    f.why = "ik wil het weten";
    for (size_t i = 0; i < SK_COUNT(others); i++) {
        staff_as(&f, others[i]);
        fx_refused(&f, "buso", "role-lacks", "participant.show",
                   "{'participant':'%s'}", ids.participant.text);
    }
    staff_as(&f, TESS);
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}",
          ids.participant.text);
    /* On one's own file nothing is broken; the reason is kept all the same. */
    staff_as(&f, BRAM);
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}",
          ids.participant.text);
    f.why = NULL;
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "access.list", "{'glass':true}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.looks")), 1));
    cr_expect(eq(str, (char *)looks("0.user"), "tess"));
    fx_end(&f);
}

/* GDPR art. 5.2, 7.1: an officer shows who agreed to what; the look is kept,
   and the file stays closed. */
Test(access, officers_see_consents_and_are_kept)
{
    struct ids ids;

    start_with_file(&ids);
    staff_as(&f, ELS);
    fx_ok(&f, "buso", "consent.list", "{'participant':'%s'}",
          ids.participant.text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.consents.0.state"), "given"));
    cr_expect(eq(ptr, strstr(f.reply, "Kanarie"), NULL), "%s", f.reply);
    fx_refused(&f, "buso", "role-lacks", "participant.show",
               "{'participant':'%s'}", ids.participant.text);
    fx_ok(&f, "buso", "access.list", "{'user':'els'}");
    cr_expect(ne(ptr, strstr(f.reply, "consent.list"), NULL), "%s", f.reply);
    staff_as(&f, IRIS);
    fx_refused(&f, "buso", "not-your-case", "consent.list",
               "{'participant':'%s'}", ids.participant.text);
    staff_as(&f, ANNA);
    fx_refused(&f, "buso", "role-lacks", "consent.list", "{'participant':'%s'}",
               ids.participant.text);
    fx_end(&f);
}

/* ------------------------------------------------------------- I9 */

/* Every operation that an operator is heard in: nothing of a person in it. */
Test(access, operators_never_see_what_is_in_a_file)
{
    static const char *const canaries[] = {"Kanarie", "Kunnen jullie verder",
                                           "+3214000003"};
    struct ids ids;
    char args[1024];

    start_with_file(&ids);
    staff_as(&f, OMAR);
    for (size_t i = 0; i < sk_ops_count; i++) {
        (void)args_of(&sk_ops[i], &ids, args, sizeof(args));
        if (fx_try(&f, "buso", sk_ops[i].name, "%s", args) != SK_OK)
            continue;
        for (size_t k = 0; k < SK_COUNT(canaries); k++)
            cr_expect(eq(ptr, strstr(f.reply, canaries[k]), NULL), "%s: %s",
                      sk_ops[i].name, f.reply);
        cr_expect(eq(ptr, strstr(f.reply, ids.participant.text), NULL),
                  "%s: %s", sk_ops[i].name, f.reply);
    }
    /* The canaries are there for whose file it is. */
    staff_as(&f, BRAM);
    fx_ok(&f, "buso", "event.show", "{'event':'%s'}", ids.event.text);
    cr_expect(ne(ptr, strstr(f.reply, "Kunnen jullie"), NULL));
    fx_end(&f);
}
