#include "node/engine/state.h"
#include "tests/sim/sim.h"

/* What people do, at random, and what that tells the model. */

static uint64_t now_of(size_t at)
{
    uint64_t now = (uint64_t)((int64_t)sim.f.real_ms + sim.nodes[at].drift_ms);

    return engine(at)->now_ms > now ? engine(at)->now_ms : now;
}

static const char *instant_of(uint64_t ms)
{
    static char text[32];

    sk_instant_format((int64_t)(ms / 1000), text);
    return text;
}

static const char *day_of(uint64_t ms, int32_t days)
{
    static char text[4][16];
    static size_t next;
    char *out = text[next++ % 4];

    sk_day_format(sk_civil_day((int64_t)(ms / 1000)) + days, out);
    return out;
}

/* Somebody whom the owner still knows; NULL: nobody. */
static struct person *somebody(void)
{
    for (size_t tries = 0; tries < 8; tries++) {
        struct person *p = &sim.persons[chance(sim.persons_count)];

        if (!p->young && !p->gone)
            return p;
    }
    return NULL;
}

static size_t partner_of(size_t at)
{
    size_t to;

    do
        to = chance(sim.count);
    while (to == at);
    return to;
}

/* ------------------------------------------------------------- consent */

/* What may no longer be relied on: it was not allowed just now. */
static void doubt_gaps(const struct person *p)
{
    for (size_t i = 0; i < sim.messages_count; i++) {
        struct message *m = &sim.messages[i];

        if (m->collective || &sim.persons[m->person] != p)
            continue;
        m->widened = true;
        if (model_permits(m, sim.moment, now_of(p->owner)) != YES)
            m->doubtful = true;
    }
}

static void give(struct person *p)
{
    size_t to = partner_of(p->owner);
    int purpose = to == HOUTZAAK ? WORK : HANDOVER;
    uint64_t until = now_of(p->owner) +
                     (one_in(6) ? 1 + chance(3) : 20 + chance(60)) * 86400000;
    unsigned set = (unsigned)chance(1 << CATS);
    uint64_t given_s;
    char list[256] = "";

    if (!one_in(8))
        set |= 1u << (purpose == WORK ? CAT_JOB : CAT_PROCESS);
    if (one_in(2))
        set = (1 << CATS) - 1;
    for (int i = 0; i < CATS; i++) {
        if ((set >> i & 1) == 0)
            continue;
        strcat(list, list[0] == '\0' ? "" : ",");
        strcat(list, category_names[i]);
    }
    doubt_gaps(p);
    if (set == 0 ||
        !ask(p->owner, "consent.give",
             "categories=l explicit=b notice=x participant=s purposes=l "
             "recipients=l until=s",
             list, 1, "Mag dit?", p->id, purpose_names[purpose], node_names[to],
             instant_of(until)))
        return;
    say("  person %d: %s to %s until %s", (int)(p - sim.persons), list,
        node_names[to], instant_of(until));
    /* Of what was said in one second the withdrawal counts. */
    given_s = engine(p->owner)->now_ms / 1000;
    for (int i = 0; i < CATS; i++) {
        if ((set >> i & 1) != 0)
            history_put(&p->consent[purpose][to][i],
                        given_s == p->withdrawn_s ? MAYBE
                                                  : (int64_t)(until / 1000));
    }
}

static void withdraw(struct person *p)
{
    int purpose = one_in(4) ? (int)chance(PURPOSES) : -1;
    int category = one_in(3) ? (int)chance(CATS) : -1;
    size_t to = one_in(3) ? partner_of(p->owner) : NODES;
    bool ok;

    if (purpose < 0 && category < 0 && to == NODES)
        ok = ask(p->owner, "consent.withdraw", "participant=s", p->id);
    else if (purpose < 0 && category < 0)
        ok = ask(p->owner, "consent.withdraw", "participant=s recipients=l",
                 p->id, node_names[to]);
    else if (category < 0 && to == NODES)
        ok = ask(p->owner, "consent.withdraw", "participant=s purposes=l",
                 p->id, purpose_names[purpose]);
    else if (purpose < 0 && to == NODES)
        ok = ask(p->owner, "consent.withdraw", "categories=l participant=s",
                 category_names[category], p->id);
    else
        return;
    if (!ok)
        return;
    say("  person %d withdraws purpose %d, to %d, category %d",
        (int)(p - sim.persons), purpose, (int)to, category);
    p->withdrawn_s = engine(p->owner)->now_ms / 1000;
    model_withdrawn(p, purpose, to, category);
    sim.withdrawn++;
}

/* To be forgotten; now and then a law keeps what the owner has. */
static void forget(struct person *p)
{
    bool keep = one_in(3);
    bool ok;

    if (keep)
        ok = ask(p->owner, "participant.erase",
                 "ground=s keep_until=s law=s participant=s", "withdrawn",
                 "2030-01-01", "Een wet", p->id);
    else
        ok = ask(p->owner, "participant.erase", "ground=s participant=s",
                 "not-needed", p->id);
    if (!ok)
        return;
    say("  person %d is forgotten%s", (int)(p - sim.persons),
        keep ? ", but for a law" : "");
    p->withdrawn_s = engine(p->owner)->now_ms / 1000;
    model_withdrawn(p, -1, NODES, -1);
    p->gone = !keep;
    /* What partners sent about somebody here goes too. */
    if (p->gone)
        model_doubt(NODES, p->owner);
    sim.forgotten++;
}

/* Said at a partner that holds something. */
static void tell(size_t at)
{
    char id[64];
    struct message *m;

    if (!ask(at, "inbox.list", "") ||
        pick("messages", "message", id, sizeof(id)) == 0)
        return;
    m = model_message(id);
    if (m == NULL || m->collective)
        return;
    if (!ask(at, "inbox.withdraw", "message=s", id))
        return;
    sim.told++;
    sim.persons[m->person].told = true;
    say("  person %d withdraws at %s", (int)m->person, node_names[at]);
    for (size_t i = 0; i < sim.messages_count; i++) {
        if (!sim.messages[i].collective &&
            sim.messages[i].person == m->person) {
            sim.messages[i].doubtful = true;
            /* Who goes back to a backup may forget it. */
            sim.messages[i].told = sim.unlucky == NODES && sim.liar == NODES;
        }
    }
}

static void relate(struct person *p)
{
    size_t to = partner_of(p->owner);
    uint64_t now = now_of(p->owner);

    if (history_now(&p->relation[to]) == INT32_MAX) {
        if (!ask(p->owner, "relation.close", "org=s participant=s until=s",
                 node_names[to], p->id, day_of(now, -1)))
            return;
        history_put(&p->relation[to], sk_civil_day((int64_t)(now / 1000)) - 1);
        model_doubt(p->owner, to);
        return;
    }
    if (ask(p->owner, "relation.open", "from=s org=s participant=s",
            day_of(now, -1), node_names[to], p->id))
        history_put(&p->relation[to], INT32_MAX);
}

/* ------------------------------------------------------------- sending */

static const char *fields_of(enum purpose purpose)
{
    return purpose == HANDOVER
               ? "coach_name=" CANARY " Iris;coach_phone=+3214000003;"
                 "given_name=" CANARY " Jonas;handover_kind=warm;"
                 "handover_reason=next_step;participant_goal=" CANARY
                 " wil werken.;question=" CANARY " vraagt: hoe verder?;"
                 "respond_by=2027-03-12"
               : "coach_name=" CANARY " Iris;coach_phone=+3214000003;"
                 "given_name=" CANARY " Jonas;hours_week=16;"
                 "occupation=8219.1;schedule=" CANARY
                 " elke dag;start_date=2027-03-08;workplace_kind=stage;"
                 "workplace_org=1999916801";
}

static void send(struct person *p)
{
    struct message *m = &sim.messages[sim.messages_count];
    size_t to = partner_of(p->owner);
    enum purpose purpose = to == HOUTZAAK ? WORK : HANDOVER;
    enum verdict verdict;
    char event[64];
    bool permit;

    if (one_in(16))
        purpose = purpose == WORK ? HANDOVER : WORK;
    if (sim.messages_count == MESSAGES ||
        !ask(p->owner, "event.record", "fields=m participant=s type=s",
             fields_of(purpose), p->id, type_names[purpose]))
        return;
    snprintf(event, sizeof(event), "%s", got("event"));
    memset(m, 0, sizeof(*m));
    m->person = (size_t)(p - sim.persons);
    m->from = p->owner;
    m->to = to;
    m->purpose = purpose;
    if (!ask(p->owner, "disclosure.send", "event=s for=s to=s", event,
             purpose_names[purpose], node_names[to]))
        return;
    permit = strcmp(got("decision"), "permit") == 0;
    verdict = model_permits(m, sim.moment, engine(p->owner)->now_ms);
    say("  person %d to %s: %s %s %s", (int)m->person, node_names[to],
        got("decision"), got("reason"), got("message"));
    check(!permit || verdict != NO, "I1: %s may send to %s",
          node_names[m->from], node_names[to]);
    check(permit || verdict != YES || purpose != WORK,
          "%s is denied what it may send to %s: %s", node_names[m->from],
          node_names[to], got("reason"));
    if (!permit) {
        sim.denied++;
        return;
    }
    snprintf(m->id, sizeof(m->id), "%s", got("message"));
    snprintf(m->event, sizeof(m->event), "%s", event);
    m->since = sim.moment;
    m->doubtful = p->told || is_leaving(to);
    sim.messages_count++;
    sim.sent++;
}

/* The phone of the coach was wrong. */
static void correct(void)
{
    struct message *m;
    char fields[64];

    if (sim.messages_count == 0)
        return;
    m = &sim.messages[chance(sim.messages_count)];
    if (m->collective || m->forgotten || sim.persons[m->person].gone ||
        sim.persons[m->person].young)
        return;
    snprintf(fields, sizeof(fields), "coach_phone=%s",
             model_phone(m->phones + 1));
    if (!ask(m->from, "event.correct", "event=s fields=m", m->event, fields))
        return;
    say("  %s of person %d to %s is corrected", m->id, (int)m->person,
        node_names[m->to]);
    snprintf(m->event, sizeof(m->event), "%s", got("event"));
    m->phones++;
    sim.corrected++;
}

/* I8: what came from another is never passed on. */
static void pass_on(size_t at)
{
    char id[64];
    bool ok;

    if (!ask(at, "inbox.list", "") ||
        pick("messages", "message", id, sizeof(id)) == 0)
        return;
    ok = ask(at, "disclosure.send", "event=s for=s to=s", id,
             purpose_names[chance(PURPOSES)], node_names[partner_of(at)]);
    check(!ok || strcmp(got("decision"), "deny") == 0, "I8: %s passes on %s",
          node_names[at], id);
}

static void publish(size_t from)
{
    struct message *m = &sim.messages[sim.messages_count];
    size_t to = partner_of(from);

    if (sim.messages_count == MESSAGES ||
        !ask(from, "collective.publish", "body=m recipients=l type=s",
             "hours_week=30;language_need=A1;municipality=13025;"
             "open_until=2027-12-15;place_ref=p-1;places=2;"
             "workplace_kind=stage;workplace_org=1999916801",
             node_names[to], "place.offered"))
        return;
    memset(m, 0, sizeof(*m));
    snprintf(m->id, sizeof(m->id), "%s", got("message"));
    m->collective = true;
    m->doubtful = is_leaving(to);
    m->from = from;
    m->to = to;
    m->since = sim.moment;
    sim.messages_count++;
}

/* ------------------------------------------------------------- receiving */

struct answer {
    const char *type;
    const char *fields;
};

/* Mostly what moves it on, sometimes anything. */
static struct answer next_answer(const char *state)
{
    static const struct answer all[] = {
        {"handover.completed", "first_contact=2027-03-08;talk_status=done"},
        {"handover.answered", "answer=accepted"},
        {"handover.answered", "answer=need_info"},
        {"handover.answered", "answer=waiting;waiting_until=2027-06-01"},
        {"handover.answered", "answer=declined;decline_reason=target_group"},
        {"handover.returned", "end_date=2027-03-08;handover_reason=next_step"},
    };

    if (one_in(4))
        return all[chance(SK_COUNT(all))];
    return all[strcmp(state, "accepted") == 0 ? 0 : 1];
}

/* Whom a handover that arrived here is about: people say so. */
static struct person *person_at(size_t at)
{
    struct person *found = NULL;

    for (size_t i = 0; i < sim.persons_count; i++) {
        struct person *p = &sim.persons[i];

        if (p->owner == at && !p->young && !p->gone &&
            (found == NULL || one_in(2)))
            found = p;
    }
    if (found == NULL && is_guide(at) && sim.persons_count < PERSONS &&
        world_person(at, sim.persons_count) != NULL)
        found = &sim.persons[sim.persons_count - 1];
    return found;
}

static void answer(size_t at)
{
    struct answer what;
    struct person *p;
    char handover[64];
    char state[64];

    if (!ask(at, "handover.list", "open=b", 1) ||
        pick("handovers", "handover", handover, sizeof(handover)) == 0 ||
        !ask(at, "handover.show", "handover=s", handover))
        return;
    snprintf(state, sizeof(state), "%s", got("state"));
    if (one_in(8)) {
        (void)ask(at, "handover.open", "handover=s", handover);
        return;
    }
    if (one_in(16)) {
        (void)ask(at, "handover.cancel", "handover=s", handover);
        return;
    }
    p = person_at(at);
    what = next_answer(state);
    if (p == NULL ||
        !ask(at, "event.record", "about=s fields=m participant=s type=s",
             handover, what.fields, p->id, what.type))
        return;
    say("  %s of %s", what.type, handover);
    if (strcmp(what.type, "handover.completed") == 0)
        sim.handed_over++;
    else if (one_in(2))
        answer(at);
}

static void read_mail(size_t at)
{
    char id[64];
    char note[64];

    switch (chance(5)) {
    case 4:
        if (ask(at, "inbox.list", "") &&
            pick("messages", "message", id, sizeof(id)) > 0)
            (void)ask(at, "inbox.corrected", "message=s", id);
        break;
    case 0:
        if (ask(at, "inbox.list", "") &&
            pick("messages", "message", id, sizeof(id)) > 0)
            (void)ask(at, one_in(2) ? "inbox.open" : "inbox.accept",
                      "message=s", id);
        break;
    case 1:
        if (ask(at, "erasure.list", "") &&
            pick("notices", "from", note, sizeof(note)) > 0 &&
            ask(at, "erasure.refuse", "from=s keep_until=s law_reference=s",
                note, "2028-01-01", "Een wet"))
            sim.nodes[at].refused_erasure = true;
        break;
    default:
        (void)ask(at, "erasure.confirm", "from=s", node_names[partner_of(at)]);
        break;
    }
}

/* ------------------------------------------------------------- the node */

static void change_policy(size_t at)
{
    int variant = (int)chance(VARIANTS);
    uint64_t version = sim.nodes[at].policy_version + 1;

    if (!is_guide(at))
        return;
    sim.nodes[at].policy_version = version;
    if (!world_activate(at, version, variant))
        return;
    history_put(&sim.nodes[at].policy, variant);
    model_doubt(at, NODES);
}

static void clocks(size_t at)
{
    if (one_in(3))
        sim.f.real_ms += (1 + chance(3)) * 86400000;
    else if (one_in(3))
        sim.nodes[at].drift_ms -= (int64_t)chance(20 * 60000);
    else
        sim.nodes[at].drift_ms += (int64_t)chance(20 * 60000);
    say("the clock of %s: %s, drift %d s", node_names[at],
        instant_of(sim.f.real_ms), (int)(sim.nodes[at].drift_ms / 1000));
}

static void trouble(size_t at)
{
    size_t to = partner_of(at);

    switch (chance(5)) {
    case 0:
        if (!sim.weather.cuts)
            break;
        sim.cut[at][to] = !sim.cut[at][to];
        sim.cut[to][at] = sim.cut[at][to];
        say("%s-%s: %s", node_names[at], node_names[to],
            sim.cut[at][to] ? "cut" : "up");
        net_line(at, to);
        break;
    case 1:
        if (sim.weather.crashes && one_in(2))
            node_crash(at);
        else if (sim.weather.crashes)
            disk_die_after(sim.f.nodes[at].store, 1 + chance(40));
        break;
    case 2:
        if (sim.weather.full)
            disk_full_after(sim.f.nodes[at].store, 1 + chance(20));
        break;
    case 3:
        if (sim.weather.clocks)
            clocks(at);
        break;
    default:
        sim.f.real_ms += chance(30000);
        net_timers();
        break;
    }
}

/* What was full has room again, before long. */
static void make_room(void)
{
    for (size_t i = 0; i < sim.count; i++) {
        if (one_in(3))
            disk_full_after(sim.f.nodes[i].store, 0);
    }
}

void act(void)
{
    size_t at = chance(sim.count);
    struct person *p = somebody();
    uint64_t what = chance(100);

    make_room();
    if (p == NULL)
        return;
    /* Where something came, something may be done with it. */
    if (what >= 42 && sim.messages_count > 0 && !one_in(3))
        at = sim.messages[chance(sim.messages_count)].to;
    if (what < 12)
        give(p);
    else if (what < 42)
        send(p);
    else if (what < 46)
        withdraw(p);
    else if (what < 47)
        forget(p);
    else if (what < 49)
        tell(at);
    else if (what < 51)
        relate(p);
    else if (what < 53)
        pass_on(at);
    else if (what < 56)
        publish(at);
    else if (what < 58)
        correct();
    else if (what < 74)
        answer(at);
    else if (what < 80)
        read_mail(at);
    else if (what < 81)
        act_follow(at);
    else if (what < 82 && sim.persons_count < PERSONS && is_guide(at))
        (void)world_person(at, sim.persons_count);
    else if (what < 83 && sim.weather.policies)
        change_policy(at);
    else if (what < 84 && sim.unlucky < NODES && one_in(2))
        (void)ask(sim.unlucky, "restore.done", "");
    else if (what < 84 && sim.weather.charter && at != sim.liar)
        world_charter(at);
    else if (what < 85 && sim.weather.keys && one_in(3))
        act_rotate(at);
    else if (what < 85 && sim.weather.keys)
        act_renew(at);
    else
        trouble(at);
}

/* ------------------------------------------------------------- backups */

static struct backup *backup;
static struct person persons_then[PERSONS];
static size_t persons_count_then;
static uint32_t moment_then;
static int64_t policy_then;
static int64_t leaving_then;
static struct sk_node_secrets secrets_then;
static uint64_t entries_then; /* of the journal */

void act_backup(void)
{
    size_t at = sim.unlucky;

    backup_free(backup);
    backup = disk_backup(sim.f.nodes[at].store);
    entries_then = engine(at)->journal.edge.size;
    say("%s: a backup", node_names[at]);
    memcpy(persons_then, sim.persons, sizeof(persons_then));
    persons_count_then = sim.persons_count;
    policy_then = history_now(&sim.nodes[at].policy);
    leaving_then = history_now(&sim.nodes[at].leaving);
    secrets_then = sim.f.nodes[at].secrets;
    moment_then = sim.moment++;
    for (size_t i = 0; i < sim.messages_count; i++) {
        sim.messages[i].must_go_then = sim.messages[i].must_go;
        sim.messages[i].lost_then = sim.messages[i].lost;
    }
}

static void back(struct history *now, const struct history *then)
{
    if (history_now(now) != history_now(then))
        history_put(now, history_now(then));
}

/* What its people said since then is forgotten with it. */
static void model_restore(size_t at)
{
    for (size_t i = 0; i < sim.persons_count; i++) {
        struct person *p = &sim.persons[i];

        if (p->owner != at)
            continue;
        p->young = i >= persons_count_then;
        p->gone = !p->young && persons_then[i].gone;
        /* Partners tell what was taken back, some time. */
        if (p->withdrawn_s != persons_then[i].withdrawn_s)
            p->told = true;
        for (size_t j = 0; j < NODES && !p->young; j++) {
            back(&p->relation[j], &persons_then[i].relation[j]);
            for (int k = 0; k < PURPOSES; k++) {
                for (int c = 0; c < CATS; c++)
                    back(&p->consent[k][j][c],
                         &persons_then[i].consent[k][j][c]);
            }
        }
    }
    for (size_t i = 0; i < sim.messages_count; i++) {
        struct message *m = &sim.messages[i];

        if (m->from != at)
            continue;
        m->forgotten = m->since > moment_then;
        m->went_before = m->must_go && !m->must_go_then;
        m->must_go = m->must_go_then;
        m->lost = m->lost_then;
    }
    if (history_now(&sim.nodes[at].policy) != policy_then)
        history_put(&sim.nodes[at].policy, policy_then);
    if (history_now(&sim.nodes[at].leaving) != leaving_then)
        history_put(&sim.nodes[at].leaving, leaving_then);
    sim.nodes[at].emptied = false;
    sim.nodes[at].emptied_to = 0;
    model_doubt(at, NODES);
}

/* What opens a store is kept with it; that of before is not looked for. */
static void master_restore(size_t at)
{
    struct sk_node_secrets *secrets = &sim.f.nodes[at].secrets;

    sim.nodes[at].rotated = false;
    secrets->master = secrets_then.master;
    secrets->master_before = secrets_then.master_before;
    secrets->has_master_before = secrets_then.has_master_before;
}

/* Something that its backup will not know. */
void act_between(void)
{
    struct person *p = somebody();

    if (one_in(3)) {
        sim.f.real_ms += 31000;
        net_timers();
    }
    if (p != NULL && p->owner == sim.unlucky && one_in(2))
        withdraw(p);
}

/* As `schakel restore` does. */
static void mark_restored(size_t at)
{
    struct sk_store *store = sim.f.nodes[at].store;

    cr_assert(sk_store_begin(store) == SK_OK);
    cr_assert(sk_engine_mark_restored(store) == SK_OK);
    cr_assert(sk_store_commit(store) == SK_OK);
}

void act_restore(void)
{
    size_t at = sim.unlucky;
    struct node *node = &sim.nodes[at];

    node->silent = one_in(2);
    say("%s goes back to its backup%s", node_names[at],
        node->silent ? ", and is not told" : "");
    sim.restored++;
    sk_store_abort(sim.f.nodes[at].store);
    disk_restore(sim.f.nodes[at].store, backup);
    node->restored = true;
    if (node->silent)
        journal_note_rollback(at, entries_then);
    else
        mark_restored(at);
    node->seen_count = 0;
    memset(node->versions, 0xff, sizeof(node->versions));
    memset(node->last_order, 0, sizeof(node->last_order));
    model_restore(at);
    master_restore(at);
    node_crash(at);
    check_step(at);
}

/* ------------------------------------------------------------- quiet */

static void erase_what_is_asked(size_t at)
{
    char from[64];

    for (size_t n = 0; n < 400; n++) {
        if (!ask(at, "erasure.list", "") ||
            pick("notices", "from", from, sizeof(from)) == 0)
            return;
        (void)ask(at, "erasure.confirm", "from=s", from);
    }
}

/* Every line is up, every disk has room, people do what they are asked. */
void act_settle(void)
{
    memset(&sim.weather, 0, sizeof(sim.weather));
    for (size_t i = 0; i < sim.count; i++) {
        disk_full_after(sim.f.nodes[i].store, 0);
        disk_die_after(sim.f.nodes[i].store, 0);
        for (size_t j = i + 1; j < sim.count; j++) {
            if (!sim.cut[i][j])
                continue;
            sim.cut[i][j] = false;
            sim.cut[j][i] = false;
            net_line(i, j);
        }
    }
    say("-- all is well again");
    check(net_wait(), "it never comes to rest");
    if (sim.unlucky < NODES && sim.nodes[sim.unlucky].restored &&
        ask(sim.unlucky, "restore.done", ""))
        check(net_wait(), "it never comes to rest");
    for (size_t i = 0; i < sim.count; i++)
        erase_what_is_asked(i);
    check(net_wait(), "it never comes to rest");
}

void act_withdraw_all(void)
{
    for (size_t i = 0; i < sim.persons_count; i++) {
        struct person *p = &sim.persons[i];

        if (p->young || p->gone)
            continue;
        check(ask(p->owner, "consent.withdraw", "participant=s", p->id) ||
                  strcmp(got("code"), "clock-back") == 0,
              "%s cannot withdraw: %s", node_names[p->owner], got("code"));
        if (strcmp(got("code"), "clock-back") != 0)
            model_withdrawn(p, -1, NODES, -1);
    }
    act_settle();
}
