/* CONTROL.md 7.3: a coach tries every operation with the ids of a colleague's
   file, as they are and mixed with an own one.  Nothing of that file may be in
   an answer, in an error or in a list, and nothing of it may change. */
#include "tests/node/lines.h"
#include "tests/node/reads.h"
#include "tests/node/staff.h"

static struct fx f;

#define NODE "gtb"
#define INSZ "00051499705"

/* Bram's file at gtb: one of each thing that has an id. */
enum thing {
    PARTICIPANT,
    EVENT,
    MESSAGE, /* came from buso */
    HANDOVER,
    DRAFT,
    NOTICE, /* buso asks part of it back */
    FORGOTTEN,
    THINGS
};
static struct people_id things[THINGS];
static struct people_id own; /* Iris's participant */
static char before[4][FX_TEXT_MAX];

/* Values of the file that are in no request. */
static const char *const canaries[] = {"Kanarie", "kanariebijlage", "8344.1",
                                       "Kunnen jullie verder"};

struct shared {
    struct people_id handover;
    struct people_id message;
    struct people_id notice;
};

/* Buso tells gtb of somebody, whom a coach there knows, and asks part back. */
static struct shared share_from_buso(uint32_t coach, struct people_id known)
{
    struct shared shared;
    struct people_id who;

    staff_as(&f, 0); /* buso has no users */
    who = people_add(&f, "buso", "2000-05-14");
    people_link(&f, "buso", who, NODE);
    people_consent(&f, "buso", who, NODE, "guidance.handover",
                   "['process.handover','identity.name','contact.coach']");
    people_send(&f, "buso", people_request(&f, who), NODE, "guidance.handover");
    shared.handover = people_take(&f, "result.handover");
    shared.message = people_take(&f, "result.message");
    fx_run(&f);
    staff_as(&f, coach);
    fx_ok(&f, NODE, "inbox.assign", "{'message':'%s','participant':'%s'}",
          shared.message.text, known.text);
    staff_as(&f, 0);
    fx_ok(&f, "buso", "consent.withdraw",
          "{'participant':'%s','categories':['contact']}", who.text);
    shared.notice = people_take(&f, "result.notices.0.notice");
    fx_run(&f);
    return shared;
}

static void make_file(void)
{
    struct shared shared;

    staff_as(&f, BRAM);
    fx_ok(&f, NODE, "participant.add",
          "{'given_name':'Kanarie','insz':'" INSZ "','source_id':'bron-1'}");
    things[PARTICIPANT] = people_take(&f, "result.participant");
    fx_ok(&f, NODE, "event.record",
          "{'participant':'%s','type':'goal.set','source_id':'bron-2',"
          "'fields':{'occupation':'8344.1','preference_kind':'wanted'}}",
          things[PARTICIPANT].text);
    things[EVENT] = people_take(&f, "result.event");
    fx_ok(&f, NODE, "draft.add",
          "{'participant':'%s','type':'goal.set','source':'buso',"
          "'note':'kanariebijlage','source_id':'bron-3'}",
          things[PARTICIPANT].text);
    things[DRAFT] = people_take(&f, "result.draft");
    fx_ok(&f, NODE, "participant.add", "{'given_name':'Kanarietwee'}");
    things[FORGOTTEN] = people_take(&f, "result.participant");
    shared = share_from_buso(BRAM, things[PARTICIPANT]);
    things[HANDOVER] = shared.handover;
    things[MESSAGE] = shared.message;
    things[NOTICE] = shared.notice;
    staff_as(&f, ELS);
    fx_ok(&f, NODE, "participant.erase",
          "{'participant':'%s','ground':'withdrawn'}", things[FORGOTTEN].text);
}

/* What its own coach sees of it. */
static void look(char views[4][FX_TEXT_MAX])
{
    staff_as(&f, BRAM);
    fx_ok(&f, NODE, "participant.show", "{'participant':'%s'}",
          things[PARTICIPANT].text);
    snprintf(views[0], FX_TEXT_MAX, "%s", f.reply);
    fx_ok(&f, NODE, "handover.show", "{'handover':'%s'}",
          things[HANDOVER].text);
    snprintf(views[1], FX_TEXT_MAX, "%s", f.reply);
    fx_ok(&f, NODE, "draft.list", "{'participant':'%s'}",
          things[PARTICIPANT].text);
    snprintf(views[2], FX_TEXT_MAX, "%s", f.reply);
    fx_ok(&f, NODE, "erasure.list", "{}");
    snprintf(views[3], FX_TEXT_MAX, "%s", f.reply);
}

static void start(void)
{
    fx_start(&f, "S2A", "2027-03-01T09:00:00Z");
    staff_add(&f, NODE);
    make_file();
    staff_as(&f, IRIS);
    fx_ok(&f, NODE, "participant.add", "{'given_name':'Lotte'}");
    own = people_take(&f, "result.participant");
    look(before);
}

static void end(void)
{
    fx_end(&f);
}

TestSuite(attack, .init = start, .fini = end);

/* ------------------------------------------------------------- requests */

static const char *id_for(const char *name, bool mixed)
{
    static const struct {
        const char *name;
        enum thing thing;
    } rows[] = {{"event", EVENT}, {"message", MESSAGE}, {"handover", HANDOVER},
                {"draft", DRAFT}, {"notice", NOTICE},   {"about", HANDOVER}};

    for (size_t i = 0; i < SK_COUNT(rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            return things[rows[i].thing].text;
    return mixed ? own.text : things[PARTICIPANT].text;
}

/* Words that go as far as they can. */
static const char *word_for(const char *name)
{
    static const char *const rows[][2] = {
        {"to", "'buso'"},          {"from", "'buso'"},
        {"org", "'buso'"},         {"by", "'iris'"},
        {"coach", "'iris'"},       {"type", "'goal.set'"},
        {"state", "'open'"},       {"input", "'open'"},
        {"ground", "'child'"},     {"source", "'buso'"},
        {"field", "'goal'"},       {"name", "'n'"},
        {"finding", "'fork'"},     {"given_name", "'An'"},
        {"until", "'2027-04-01'"}, {"subscriber", "'kvs'"}};

    for (size_t i = 0; i < SK_COUNT(rows); i++)
        if (strcmp(rows[i][0], name) == 0)
            return rows[i][1];
    return "'gtb'";
}

static void value_for(const struct sk_op *op, const struct sk_arg *arg,
                      bool mixed, char *out, size_t size)
{
    bool stand_in = strcmp(op->name, "user.stand-in") == 0;
    bool text = arg->kind == SK_ARG_TEXT || arg->kind == SK_ARG_WORD;

    if (arg->kind == SK_ARG_ID)
        snprintf(out, size, "'%s'", id_for(arg->name, mixed));
    else if (text && strcmp(arg->name, "for") == 0)
        snprintf(out, size, stand_in ? "'bram'" : "'guidance.handover'");
    else if (text)
        snprintf(out, size, "%s", word_for(arg->name));
    else if (arg->kind == SK_ARG_WORDS)
        snprintf(out, size,
                 strcmp(arg->name, "purposes") == 0 ? "['guidance.handover']"
                                                    : "['buso']");
    else
        snprintf(out, size, "%s", staff_value(arg->kind));
}

/* What is required, and this one argument more (NULL: none). */
static void args_for(const struct sk_op *op, const struct sk_arg *more,
                     bool mixed, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "{");

    for (size_t i = 0; i < SK_OP_ARGS_MAX && op->args[i].name != NULL; i++) {
        const struct sk_arg *arg = &op->args[i];
        char value[128];

        if (!arg->required && arg != more)
            continue;
        value_for(op, arg, mixed, value, sizeof(value));
        used += (size_t)snprintf(out + used, size - used, "%s'%s':%s",
                                 used > 1 ? "," : "", arg->name, value);
    }
    snprintf(out + used, size - used, "}");
}

/* Nothing that the request did not say itself. */
static void check_reply(const char *op, const char *args)
{
    for (size_t i = 0; i < SK_COUNT(canaries); i++)
        cr_expect(strstr(f.reply, canaries[i]) == NULL, "%s %s: %s", op, args,
                  f.reply);
    /* A team lead is told what is late in the team, by number. */
    for (size_t i = 0; i < THINGS && f.uid != TESS; i++)
        cr_expect(strstr(f.reply, things[i].text) == NULL ||
                      strstr(args, things[i].text) != NULL,
                  "%s %s: %s", op, args, f.reply);
}

static size_t attack(const struct sk_op *op, const struct sk_arg *more,
                     bool mixed)
{
    static const uint32_t who[] = {IRIS, ZITA, TESS};
    char args[1024];

    args_for(op, more, mixed, args, sizeof(args));
    for (size_t i = 0; i < SK_COUNT(who); i++) {
        /* 7.2: whose case it is in the own team is a team lead's to say. */
        if (who[i] == TESS && op->need == SK_NEED_ASSIGN)
            continue;
        staff_as(&f, who[i]);
        if (fx_try(&f, NODE, op->name, "%s", args) == SK_OK)
            check_reply(op->name, args);
    }
    return SK_COUNT(who);
}

/* ------------------------------------------------------------- tests */

Test(attack, no_operation_tells_of_a_colleagues_file)
{
    static char after[4][FX_TEXT_MAX];
    size_t requests = 0;

    for (size_t i = 0; i < sk_ops_count; i++) {
        const struct sk_op *op = &sk_ops[i];

        for (int mixed = 0; mixed < 2; mixed++) {
            requests += attack(op, NULL, mixed != 0);
            for (size_t k = 0; k < SK_OP_ARGS_MAX && op->args[k].name != NULL;
                 k++)
                if (!op->args[k].required)
                    requests += attack(op, &op->args[k], mixed != 0);
        }
    }
    cr_expect(requests > 1000, "%zu", requests);
    look(after);
    for (size_t i = 0; i < SK_COUNT(after); i++)
        cr_expect(eq(str, after[i], before[i]));
}

/* The same request means something: whose file it is gets an answer. */
Test(attack, whose_file_it_is_gets_answers)
{
    fx_ok(&f, NODE, "inbox.open", "{'message':'%s'}", things[MESSAGE].text);
    fx_ok(&f, NODE, "participant.erasure", "{'participant':'%s'}",
          things[FORGOTTEN].text);
    fx_ok(&f, NODE, "participant.erasures", "{}");
    cr_expect(ne(ptr, strstr(f.reply, things[FORGOTTEN].text), NULL));
    fx_ok(&f, NODE, "erasure.list", "{}");
    cr_expect(ne(ptr, strstr(f.reply, things[MESSAGE].text), NULL));
    fx_ok(&f, NODE, "participant.add",
          "{'given_name':'Kanarie','insz':'" INSZ "','source_id':'bron-1'}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.known"), "same"));
    fx_ok(&f, NODE, "erasure.confirm", "{'from':'buso','notice':'%s'}",
          things[NOTICE].text);
}

/* Requests to erase: whose person it is about, officers all; who keeps the node
   running sees that something is due, not what. */
Test(attack, what_partners_ask_to_erase_is_of_whose_case_it_is)
{
    struct shared shared;

    staff_as(&f, IRIS);
    fx_ok(&f, NODE, "erasure.list", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.notices"), "[]"));
    fx_ok(&f, NODE, "participant.erasures", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.erasures"), "[]"));
    fx_refused(&f, NODE, "not-your-case", "participant.erasure",
               "{'participant':'%s'}", things[FORGOTTEN].text);
    fx_refused(&f, NODE, "not-your-case", "erasure.confirm",
               "{'from':'buso','notice':'%s'}", things[NOTICE].text);
    /* The oldest that she may see: there is none. */
    fx_refused(&f, NODE, "unknown-notice", "erasure.confirm",
               "{'from':'buso'}");

    staff_as(&f, OMAR);
    fx_ok(&f, NODE, "erasure.list", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.notices.0.count"), "1"));
    cr_expect(ne(str, (char *)fx_text(&f, "result.notices.0.due"), "absent"));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.notices.0.messages"), "absent"));

    staff_as(&f, ELS);
    fx_ok(&f, NODE, "participant.erasure", "{'participant':'%s'}",
          things[FORGOTTEN].text);
    /* A law that makes us keep it is hers to name, whose case it may be. */
    shared = share_from_buso(BRAM, things[PARTICIPANT]);
    staff_as(&f, ELS);
    fx_ok(&f, NODE, "erasure.refuse",
          "{'from':'buso','notice':'%s','keep_until':'2027-12-31',"
          "'law_reference':'decreet'}",
          shared.notice.text);
    fx_ok(&f, NODE, "erasure.confirm", "{'from':'buso'}");
    fx_ok(&f, NODE, "access.list", "{'participant':'%s'}",
          things[PARTICIPANT].text);
    cr_expect(ne(ptr, strstr(f.reply, "'op':'erasure.confirm'"), NULL), "%s",
              f.reply);
}

/* A page goes on behind a line that it showed: not behind one of a colleague
   that it passed on the way to the next. */
Test(attack, where_a_page_ends_names_nothing_of_a_colleague)
{
    struct shared shared;

    shared = share_from_buso(IRIS, own);
    (void)share_from_buso(BRAM, things[PARTICIPANT]);
    staff_as(&f, BRAM);
    fx_ok(&f, NODE, "inbox.list", "{'limit':1}");
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.next"), things[MESSAGE].text));
    fx_ok(&f, NODE, "inbox.list", "{'limit':1,'after':'%s'}",
          things[MESSAGE].text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.more"), "false"));
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.messages")), 1));
    cr_expect(eq(ptr, strstr(f.reply, shared.message.text), NULL));
    fx_ok(&f, NODE, "erasure.list", "{'limit':1}");
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.next.after"), things[NOTICE].text));
    fx_ok(&f, NODE, "erasure.list",
          "{'limit':1,'after_from':'buso','after':'%s'}", things[NOTICE].text);
    cr_expect(eq(str, (char *)fx_text(&f, "result.more"), "false"));
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.notices")), 1));
    cr_expect(eq(ptr, strstr(f.reply, shared.notice.text), NULL));
}

/* Any number of a colleague's: nothing is looked at, and nothing leads on. */
Test(attack, a_page_of_what_is_all_a_colleagues_is_empty)
{
    static struct sk_item item;
    uint64_t none;

    staff_as(&f, IRIS);
    fx_ok(&f, NODE, "erasure.list", "{}");
    reads_start(&f, NODE);
    fx_ok(&f, NODE, "erasure.list", "{}");
    none = reads_end(&f, NODE);
    item.kind = SK_ITEM_WITHDRAWN;
    item.withdrawn.handle.id.bytes[0] = 1;
    cr_assert(sk_id_parse(sk_text(things[MESSAGE].text),
                          &item.withdrawn.entries[0].message.id));
    item.withdrawn.entries[0].all = true;
    item.withdrawn.entries_count = 1;
    item.withdrawn.within_days = 30;
    for (uint64_t i = 1; i <= 1000; i++) {
        sk_u64_write(item.withdrawn.notice.bytes, i);
        ln_item(&f, "clb", NODE, &item, i);
    }
    fx_ok(&f, NODE, "erasure.list", "{}");
    reads_start(&f, NODE);
    fx_ok(&f, NODE, "erasure.list", "{}");
    cr_expect(eq(u64, reads_end(&f, NODE), none));
    cr_expect(eq(str, (char *)fx_text(&f, "result.notices"), "[]"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.more"), "false"));
}

/* 7.5: a reason opens these too, and is kept. */
Test(attack, a_reason_opens_what_is_to_be_erased)
{
    staff_as(&f, IRIS);
    f.why = "Bram is ziek, laatste dag";
    fx_ok(&f, NODE, "erasure.confirm", "{'from':'buso','notice':'%s'}",
          things[NOTICE].text);
    f.why = NULL;
    staff_as(&f, ELS);
    fx_ok(&f, NODE, "access.list", "{'glass':true}");
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.looks.0.op"), "erasure.confirm"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.looks.0.participant"),
                 things[PARTICIPANT].text));
}

/* A key of another system tells nothing of what a colleague made of it, not
   even whether it is the same. */
Test(attack, a_source_key_is_no_way_in)
{
    staff_as(&f, IRIS);
    fx_refused(&f, NODE, "not-your-case", "participant.add",
               "{'given_name':'Kanarie','insz':'" INSZ
               "','source_id':'bron-1'}");
    fx_refused(&f, NODE, "not-your-case", "participant.add",
               "{'given_name':'An','source_id':'bron-1','dry_run':true}");
    fx_refused(&f, NODE, "not-your-case", "event.record",
               "{'participant':'%s','type':'goal.set','source_id':'bron-2',"
               "'fields':{}}",
               own.text);
}

/* 7.4: who asks whether a number is known is kept, also when it is asked as if
   to register somebody. */
Test(attack, a_number_that_is_known_is_a_look)
{
    staff_as(&f, IRIS);
    fx_refused(&f, NODE, "insz-known", "participant.add",
               "{'given_name':'An','insz':'" INSZ "','dry_run':true}");
    staff_as(&f, ELS);
    fx_ok(&f, NODE, "access.list", "{'user':'iris','participant':'%s'}",
          things[PARTICIPANT].text);
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.looks")), 1));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.looks.0.op"), "participant.add"));
    /* When that cannot be kept, it is not told. */
    staff_as(&f, IRIS);
    sk_store_memory_fail_after(fx_node(&f, NODE)->store, 1);
    cr_expect(eq(int,
                 fx_try(&f, NODE, "participant.add",
                        "{'given_name':'An','insz':'" INSZ "','dry_run':true}"),
                 SK_E_FULL));
    sk_store_memory_fail_after(fx_node(&f, NODE)->store, 0);
}

/* A step for a colleague's handover cannot hang on an own person's event. */
Test(attack, a_handover_is_not_moved_through_an_own_event)
{
    staff_as(&f, IRIS);
    fx_refused(&f, NODE, "not-your-case", "event.record",
               "{'participant':'%s','type':'handover.answered','about':'%s',"
               "'fields':{'answer':'declined'}}",
               own.text, things[HANDOVER].text);
}
