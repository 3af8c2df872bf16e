/*
 * Weather: three nodes work on the same persons while frames are lost, copied
 * and reordered, nodes crash, lines break and disks are full.  After the
 * network heals everything must have arrived exactly once (I10), withdrawals
 * must have reached everybody (I7), and each trajectory has one owner at
 * every moment (I6).
 *
 * A seed is a run.  SEEDS=N runs more of them, SEED=N one.
 */
#include "node/engine/ledger.h"
#include "node/engine/outbox.h"
#include "node/engine/state.h"
#include "tests/node/lines.h"
#include "tests/node/people.h"

#define PERSONS_MAX 12
#define SENT_MAX 128
#define PUBLISHED_MAX 128
#define STEPS 220

struct person {
    char id[SK_ID_TEXT_SIZE + 1];
    bool withdrawn;
    bool withdrawn_then; /* when the backup was taken */
    bool forgotten;      /* withdrawn after it; partners say so again */
};
struct sent {
    char message[SK_ID_TEXT_SIZE + 1];
    const char *to;
    size_t person;
};
struct published {
    char message[SK_ID_TEXT_SIZE + 1];
    size_t from;
    size_t to;
};

struct weather {
    struct fx f;
    uint64_t seed;
    uint64_t state;
    uint64_t step;
    struct person persons[PERSONS_MAX];
    size_t persons_count;
    struct sent sent[SENT_MAX];
    size_t sent_count;
    struct published published[PUBLISHED_MAX];
    size_t published_count;
    uint64_t crashes;
    uint64_t full;
    uint64_t lost;
};

static struct weather w;
static const char *const names[] = {"buso", "gtb", "houtzaak"};

/* SplitMix64: one number makes every choice. */
static uint64_t chance(uint64_t below)
{
    uint64_t z = w.state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % below;
}

/* ------------------------------------------------------------- network */

/* A failed input is as if it never came: the daemon aborts and goes on. */
static void give(size_t at, struct sk_input *input)
{
    static struct sk_effects effects;
    enum sk_status status = fx_step(&w.f, at, input, &effects);

    cr_assert(status == SK_OK || status == SK_E_FULL, "seed %d step %d: %s",
              (int)w.seed, (int)w.step, sk_status_text(status));
    w.full += status == SK_E_FULL ? 1 : 0;
}

static void carry_one(void)
{
    struct sk_input input = {.type = SK_INPUT_FRAME};
    size_t at = chance(4) == 0 ? chance(w.f.queue_count) : 0;
    struct fx_frame frame = w.f.queue[at];
    bool copy = chance(12) == 0;

    if (!copy) {
        w.f.queue_count--;
        memmove(&w.f.queue[at], &w.f.queue[at + 1],
                (w.f.queue_count - at) * sizeof(*w.f.queue));
    }
    if (fx_reaches(&w.f, frame.from, frame.to) && chance(12) != 0) {
        input.peer = w.f.nodes[frame.from].org;
        input.bytes = (struct sk_bytes){frame.bytes, frame.size};
        give(frame.to, &input);
    } else {
        w.lost++;
    }
    if (!copy)
        free(frame.bytes);
}

static void carry(size_t frames)
{
    while (frames-- > 0 && w.f.queue_count > 0)
        carry_one();
}

static void lines_of(size_t at)
{
    for (size_t i = 0; i < w.f.count; i++) {
        if (i != at)
            fx_line(&w.f, at, i);
    }
}

static void crash(size_t at)
{
    fx_close(&w.f, at);
    sk_store_memory_crash(w.f.nodes[at].store);
    lines_of(at);
    cr_assert(fx_open(&w.f, at) == SK_OK);
    lines_of(at);
    w.crashes++;
}

static void timers(void)
{
    for (size_t i = 0; i < w.f.count; i++) {
        struct sk_input input = {.type = SK_INPUT_TIMER};

        if (w.f.nodes[i].wake_ms <= w.f.real_ms)
            give(i, &input);
    }
}

/* ------------------------------------------------------------- requests */

/* True when it happened; a full disk and a refusal are both false. */
#define ask(node, op, ...)                                                     \
    (fx_try(&w.f, node, op, __VA_ARGS__) == SK_OK &&                           \
     sk_value_bool(fx_at(&w.f, "ok")))

#define must(node, op, ...)                                                    \
    do {                                                                       \
        bool done = ask(node, op, __VA_ARGS__);                                \
        cr_assert(done, "seed %d step %d: %s", (int)w.seed, (int)w.step,       \
                  w.f.reply);                                                  \
    } while (0)

static void copy_id(char out[SK_ID_TEXT_SIZE + 1], const char *path)
{
    snprintf(out, SK_ID_TEXT_SIZE + 1, "%s", fx_text(&w.f, path));
}

static void new_person(void)
{
    struct person *p = &w.persons[w.persons_count];

    if (w.persons_count == PERSONS_MAX)
        return;
    memset(p, 0, sizeof(*p));
    if (!ask("buso", "participant.add",
             "{'given_name':'Jonas','birth_date':'2001-02-03'}"))
        return;
    copy_id(p->id, "result.participant");
    if (!ask("buso", "relation.open",
             "{'participant':'%s','org':'gtb','from':'2026-09-01'}", p->id) ||
        !ask("buso", "relation.open",
             "{'participant':'%s','org':'houtzaak','from':'2026-09-01'}",
             p->id) ||
        !ask("buso", "consent.give",
             "{'participant':'%s','until':'2027-05-29','purposes':"
             "['guidance.handover'],'recipients':['gtb'],'categories':"
             "['process.handover','contact.coach']," PEOPLE_NOTICE "}",
             p->id) ||
        !ask("buso", "consent.give",
             "{'participant':'%s','until':'2027-05-29','purposes':"
             "['work.placement'],'recipients':['houtzaak'],'categories':%"
             "s," PEOPLE_NOTICE "}",
             p->id, PEOPLE_WORKPLACE_CATEGORIES))
        return;
    w.persons_count++;
}

static void offer(size_t person, const char *type, const char *fields,
                  const char *to, const char *purpose)
{
    struct sent *sent = &w.sent[w.sent_count];
    char event[SK_ID_TEXT_SIZE + 1];

    if (w.sent_count == SENT_MAX ||
        !ask("buso", "event.record",
             "{'participant':'%s','type':'%s','fields':%s}",
             w.persons[person].id, type, fields))
        return;
    copy_id(event, "result.event");
    if (!ask("buso", "disclosure.send", "{'event':'%s','to':'%s','for':'%s'}",
             event, to, purpose))
        return;
    /* Each partner says it of what it had itself. */
    if (w.persons[person].forgotten && !w.persons[person].withdrawn &&
        strcmp(fx_text(&w.f, "result.decision"), "deny") == 0) {
        cr_assert(eq(str, (char *)fx_text(&w.f, "result.reason"),
                     "consent-withdrawn"),
                  "seed %d step %d: %s", (int)w.seed, (int)w.step, w.f.reply);
        return;
    }
    /* Without consent nothing is ever queued. */
    cr_assert(eq(str, (char *)fx_text(&w.f, "result.decision"),
                 w.persons[person].withdrawn ? "deny" : "permit"),
              "seed %d step %d: %s", (int)w.seed, (int)w.step, w.f.reply);
    if (w.persons[person].withdrawn)
        return;
    copy_id(sent->message, "result.message");
    sent->to = to;
    sent->person = person;
    w.sent_count++;
}

static void withdraw(size_t person)
{
    if (ask("buso", "consent.withdraw", "{'participant':'%s'}",
            w.persons[person].id))
        w.persons[person].withdrawn = true;
}

static void publish(size_t from, size_t to)
{
    struct published *p = &w.published[w.published_count];

    if (from == to || w.published_count == PUBLISHED_MAX ||
        !ask(names[from], "collective.publish",
             "{'type':'place.offered','recipients':['%s'],'body':{"
             "'place_ref':'p-1','workplace_org':'1999916801',"
             "'workplace_kind':'stage','hours_week':30,"
             "'municipality':'13025','language_need':'A1','places':2,"
             "'open_until':'2027-12-15'}}",
             names[to]))
        return;
    copy_id(p->message, "result.message");
    p->from = from;
    p->to = to;
    w.published_count++;
}

/* A random entry of a list of the last reply: its id, or false. */
static bool pick(const char *list, const char *key,
                 char out[SK_ID_TEXT_SIZE + 1])
{
    size_t count = sk_value_count(fx_at(&w.f, list));
    char path[128];

    if (count == 0)
        return false;
    snprintf(path, sizeof(path), "%s.%d.%s", list, (int)chance(count), key);
    copy_id(out, path);
    return true;
}

static void answer(void)
{
    static const char *const answers[] = {
        "'type':'handover.answered','fields':{'answer':'accepted'}",
        "'type':'handover.answered','fields':{'answer':'accepted'}",
        "'type':'handover.answered','fields':{'answer':'need_info'}",
        "'type':'handover.answered','fields':{'answer':'waiting',"
        "'waiting_until':'2027-06-01'}",
        "'type':'handover.answered','fields':{'answer':'declined',"
        "'decline_reason':'target_group'}",
        "'type':'handover.completed','fields':{'first_contact':'2027-03-08',"
        "'talk_status':'done'}",
        "'type':'handover.completed','fields':{'first_contact':'2027-03-08',"
        "'talk_status':'done'}",
        "'type':'handover.returned','fields':{'handover_reason':'next_step',"
        "'end_date':'2027-03-08'}",
    };
    char handover[SK_ID_TEXT_SIZE + 1];
    char person[SK_ID_TEXT_SIZE + 1];

    if (!ask("gtb", "handover.list", "{}") ||
        !pick("result.handovers", "handover", handover))
        return;
    if (chance(4) == 0) {
        (void)ask("gtb", "handover.open", "{'handover':'%s'}", handover);
        return;
    }
    if (!ask("gtb", "participant.add", "{'given_name':'Jonas'}"))
        return;
    copy_id(person, "result.participant");
    (void)ask("gtb", "event.record", "{'participant':'%s','about':'%s',%s}",
              person, handover, answers[chance(SK_COUNT(answers))]);
}

static void cancel(void)
{
    char handover[SK_ID_TEXT_SIZE + 1];

    if (ask("buso", "handover.list", "{}") &&
        pick("result.handovers", "handover", handover))
        (void)ask("buso", "handover.cancel", "{'handover':'%s'}", handover);
}

static void read_mail(const char *node)
{
    char message[SK_ID_TEXT_SIZE + 1];

    if (ask(node, "inbox.list", "{'limit':500}") &&
        pick("result.messages", "message", message))
        (void)ask(node, "inbox.open", "{'message':'%s'}", message);
    if (chance(2) == 0)
        (void)ask(node, "erasure.confirm", "{'from':'buso'}");
}

/* ------------------------------------------------------------- laws */

/* I6: of no trajectory two nodes say "it is mine". */
static void one_owner(void)
{
    char owned[256][SK_ID_TEXT_SIZE + 1];
    size_t count = 0;

    must("buso", "handover.list", "{}");
    for (size_t i = 0; i < sk_value_count(fx_at(&w.f, "result.handovers"));
         i++) {
        char path[64];

        snprintf(path, sizeof(path), "result.handovers.%zu.owner", i);
        if (strcmp(fx_text(&w.f, path), "buso") != 0)
            continue;
        snprintf(path, sizeof(path), "result.handovers.%zu.trajectory", i);
        cr_assert(count < SK_COUNT(owned));
        copy_id(owned[count++], path);
    }
    must("gtb", "handover.list", "{}");
    for (size_t i = 0; i < sk_value_count(fx_at(&w.f, "result.handovers"));
         i++) {
        char path[64];
        const char *trajectory;

        snprintf(path, sizeof(path), "result.handovers.%zu.owner", i);
        if (strcmp(fx_text(&w.f, path), "gtb") != 0)
            continue;
        snprintf(path, sizeof(path), "result.handovers.%zu.trajectory", i);
        trajectory = fx_text(&w.f, path);
        for (size_t j = 0; j < count; j++)
            cr_assert(ne(str, owned[j], (char *)trajectory),
                      "seed %d step %d: two owners", (int)w.seed, (int)w.step);
    }
}

/* Each handover looks the same from both sides.  After a restore only who
   owns the trajectory: answers that a backup forgot are a matter for people. */
static void same_handovers(bool restored)
{
    static const char *const keys[] = {"owner", "epoch", "state"};
    size_t keys_count = SK_COUNT(keys) - (restored ? 1 : 0);
    char ids[256][SK_ID_TEXT_SIZE + 1];
    size_t count;

    must("gtb", "handover.list", "{}");
    count = sk_value_count(fx_at(&w.f, "result.handovers"));
    cr_assert(count <= SK_COUNT(ids));
    for (size_t i = 0; i < count; i++) {
        char path[64];

        snprintf(path, sizeof(path), "result.handovers.%zu.handover", i);
        copy_id(ids[i], path);
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < keys_count; k++) {
            char path[64];
            char here[64];

            snprintf(path, sizeof(path), "result.%s", keys[k]);
            must("gtb", "handover.show", "{'handover':'%s'}", ids[i]);
            snprintf(here, sizeof(here), "%s", fx_text(&w.f, path));
            if (!ask("buso", "handover.show", "{'handover':'%s'}", ids[i]) &&
                restored)
                continue;
            cr_assert(eq(str, (char *)fx_text(&w.f, path), here),
                      "seed %d: %s of %s", (int)w.seed, keys[k], ids[i]);
        }
    }
}

/* How often the message is in the inbox of the last inbox.list. */
static size_t times_in_inbox(const char *message, size_t *place)
{
    size_t count = sk_value_count(fx_at(&w.f, "result.messages"));
    size_t times = 0;

    for (size_t i = 0; i < count; i++) {
        char path[64];

        snprintf(path, sizeof(path), "result.messages.%zu.message", i);
        if (strcmp(fx_text(&w.f, path), message) == 0) {
            *place = i;
            times++;
        }
    }
    return times;
}

/* I10: exactly once, and in the order of each sender. */
static void exactly_once(void)
{
    for (size_t to = 0; to < SK_COUNT(names); to++) {
        size_t last[SK_COUNT(names)] = {0};

        must(names[to], "inbox.list", "{'limit':500}");
        for (size_t i = 0; i < w.published_count; i++) {
            const struct published *p = &w.published[i];
            size_t place = 0;

            if (p->to != to)
                continue;
            cr_assert(eq(sz, times_in_inbox(p->message, &place), 1),
                      "seed %d: %s to %s", (int)w.seed, names[p->from],
                      names[to]);
            cr_assert(place >= last[p->from], "seed %d: order", (int)w.seed);
            last[p->from] = place;
        }
    }
}

/* I7, and the ledger tells the truth. */
static void ledger_is_true(void)
{
    for (size_t i = 0; i < w.sent_count; i++) {
        const struct sent *sent = &w.sent[i];
        char state[32];
        char recall[32];
        size_t place;
        size_t times;

        must("buso", "message.show", "{'message':'%s'}", sent->message);
        snprintf(state, sizeof(state), "%s", fx_text(&w.f, "result.state"));
        snprintf(recall, sizeof(recall), "%s", fx_text(&w.f, "result.recall"));
        must(sent->to, "inbox.list", "{'limit':500}");
        times = times_in_inbox(sent->message, &place);
        if (strcmp(state, "dropped") == 0) {
            cr_assert(eq(sz, times, 0), "seed %d: dropped but there",
                      (int)w.seed);
        } else if (w.persons[sent->person].withdrawn) {
            cr_assert(eq(str, recall, "confirmed"),
                      "seed %d: %s to %s is %s, recall %s", (int)w.seed,
                      sent->message, sent->to, state, recall);
            cr_assert(eq(sz, times, 0), "seed %d: recalled but there",
                      (int)w.seed);
        } else {
            cr_assert(strcmp(state, "stored") == 0 ||
                          strcmp(state, "read") == 0,
                      "seed %d: %s", (int)w.seed, state);
            cr_assert(eq(sz, times, 1), "seed %d: %s to %s", (int)w.seed,
                      sent->message, sent->to);
        }
    }
}

/* What is counted where it changes, counted one by one. */
static void counts_are_true(bool inbox)
{
    for (size_t a = 0; a < w.f.count; a++) {
        struct sk_engine *e = w.f.nodes[a].engine;
        uint64_t events = 0;
        uint64_t counted = 0;

        for (size_t b = 0; b < w.f.count; b++) {
            const char *to = w.f.nodes[b].org.text;

            if (b == a)
                continue;
            counted +=
                strtoull(ln_peer(&w.f, e->org.text, to, "queue"), NULL, 10);
            if (!inbox)
                continue; /* what is asked back is in no list, and counts */
            fx_ok(&w.f, e->org.text, "inbox.list",
                  "{'from':'%s','new':true,'limit':1000}", to);
            cr_assert(eq(sz, sk_value_count(fx_at(&w.f, "result.messages")),
                         strtoull(ln_peer(&w.f, e->org.text, to, "unread"),
                                  NULL, 10)),
                      "seed %llu: %s counts what it has unread of %s",
                      (unsigned long long)w.seed, e->org.text, to);
        }
        cr_assert(sk_store_begin(w.f.nodes[a].store) == SK_OK);
        for (size_t b = 0; b < w.f.count; b++) {
            struct sk_log log;

            if (b == a)
                continue;
            cr_assert(sk_log_get(e, &w.f.nodes[b].org, &log) == SK_OK);
            for (uint64_t n = log.stored + 1; n <= log.head; n++) {
                static struct sk_ledger_entry entry;
                struct sk_out_entry out;

                if (sk_outbox_get(e, &w.f.nodes[b].org, n, &out) == SK_OK &&
                    out.kind == SK_OUT_EVENT &&
                    sk_ledger_get(e, &out.message, &entry) == SK_OK)
                    events += entry.state == SK_LEDGER_DROPPED ? 0 : 1;
            }
        }
        sk_arena_reset(&e->scratch, 0);
        sk_store_abort(w.f.nodes[a].store);
        cr_assert(eq(u64, counted, events), "seed %llu: %s counts its queue",
                  (unsigned long long)w.seed, e->org.text);
    }
}

static void nothing_waits(void)
{
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        must(names[i], "node.status", "{}");
        cr_assert(eq(str, (char *)fx_text(&w.f, "result.pending_up"), "0"),
                  "seed %d: %s %s", (int)w.seed, names[i], w.f.reply);
    }
}

/* ------------------------------------------------------------- runs */

static void act(void)
{
    size_t person = w.persons_count > 0 ? chance(w.persons_count) : 0;
    size_t node = fx_index(&w.f, names[chance(SK_COUNT(names))]);
    uint64_t what = chance(100);

    if (what < 8 || w.persons_count == 0)
        new_person();
    else if (what < 22)
        offer(person, "handover.requested",
              "{'handover_kind':'warm','handover_reason':'next_step',"
              "'question':'Kunnen jullie verder?','participant_goal':"
              "'Werken.','respond_by':'2027-03-12','coach_name':'Iris V.',"
              "'coach_phone':'+3214000003'}",
              "gtb", "guidance.handover");
    else if (what < 32)
        offer(person, "workplace.started", PEOPLE_WORKPLACE, "houtzaak",
              "work.placement");
    else if (what < 35)
        withdraw(person);
    else if (what < 55)
        answer();
    else if (what < 58)
        cancel();
    else if (what < 70)
        publish(chance(SK_COUNT(names)), chance(SK_COUNT(names)));
    else if (what < 78)
        read_mail(names[1 + chance(2)]);
    else if (what < 82)
        crash(node);
    else if (what < 86) {
        w.f.nodes[node].offline = !w.f.nodes[node].offline;
        lines_of(node);
    } else {
        w.f.real_ms += chance(30000);
        timers();
    }
}

/* What partners still ask for is done. */
static void confirm_all(void)
{
    while (ask("gtb", "erasure.confirm", "{'from':'buso'}"))
        w.step++;
    while (ask("houtzaak", "erasure.confirm", "{'from':'buso'}"))
        w.step++;
}

static void heal(void)
{
    for (size_t i = 0; i < w.f.count; i++) {
        w.f.nodes[i].offline = false;
        sk_store_memory_fail_after(w.f.nodes[i].store, 0);
    }
    for (size_t i = 0; i < w.f.count; i++) {
        for (size_t j = i + 1; j < w.f.count; j++)
            fx_line(&w.f, i, j);
    }
    fx_run(&w.f);
    fx_wait(&w.f, 5 * 60 * 1000);
}

static void run_seed(uint64_t seed)
{
    memset(&w, 0, sizeof(w));
    w.seed = seed;
    w.state = seed;
    fx_start(&w.f, "S2A", "2027-03-08T08:00:00Z");
    for (w.step = 0; w.step < STEPS; w.step++) {
        size_t node = chance(w.f.count);
        bool full = chance(4) == 0;

        if (full)
            sk_store_memory_fail_after(w.f.nodes[node].store, 1 + chance(12));
        if (full && chance(3) == 0)
            answer();
        carry(full ? 1 + chance(12) : chance(12));
        sk_store_memory_fail_after(w.f.nodes[node].store, 0);
        act();
        one_owner();
    }
    counts_are_true(/* inbox */ false);
    heal();
    one_owner();
    confirm_all();
    heal();
    nothing_waits();
    counts_are_true(/* inbox */ true);
    one_owner();
    same_handovers(/* restored */ false);
    exactly_once();
    ledger_is_true();
    if (getenv("SEED") != NULL)
        printf("seed %d: %d frames, %d lost, %d crashes, %d full, %d sent, "
               "%d published\n",
               (int)seed, (int)w.f.frames, (int)w.lost, (int)w.crashes,
               (int)w.full, (int)w.sent_count, (int)w.published_count);
    fx_end(&w.f);
}

/* ------------------------------------------------------------- restores */

struct backup {
    struct sk_bytes keys[8192];
    struct sk_bytes values[8192];
    enum sk_space spaces[8192];
    size_t count;
};
static struct backup backup;

static struct sk_bytes keep(struct sk_bytes bytes)
{
    uint8_t *copy = malloc(bytes.size + 1);

    if (bytes.size > 0)
        memcpy(copy, bytes.data, bytes.size);
    return (struct sk_bytes){copy, bytes.size};
}

static void drop_backup(void)
{
    for (size_t i = 0; i < backup.count; i++) {
        free((void *)backup.keys[i].data);
        free((void *)backup.values[i].data);
    }
    backup.count = 0;
}

static void take_backup(size_t at)
{
    static const enum sk_space spaces[] = {SK_SPACE_DATA, SK_SPACE_KEYS};
    struct sk_store *store = w.f.nodes[at].store;
    struct sk_bytes key;
    struct sk_bytes value;

    drop_backup();
    cr_assert(sk_store_begin(store) == SK_OK);
    for (size_t i = 0; i < 2; i++) {
        struct sk_scan scan =
            sk_scan_start(store, spaces[i], (struct sk_bytes){0});

        while (sk_scan_next(&scan, &key, &value) == SK_OK) {
            size_t n = backup.count++;

            cr_assert(n < SK_COUNT(backup.keys));
            backup.keys[n] = keep(key);
            backup.values[n] = keep(value);
            backup.spaces[n] = spaces[i];
        }
    }
    sk_store_abort(store);
    for (size_t i = 0; i < w.persons_count; i++)
        w.persons[i].withdrawn_then = w.persons[i].withdrawn;
}

static void restore(size_t at)
{
    struct fx_node *node = &w.f.nodes[at];

    /* Withdrawals after the backup are lost with it, if it is ours, until a
       partner that was told of them says so. */
    for (size_t i = 0; i < w.persons_count; i++) {
        struct person *p = &w.persons[i];

        if (at != fx_index(&w.f, "buso"))
            continue;
        p->forgotten = p->withdrawn && !p->withdrawn_then;
        p->withdrawn = p->withdrawn_then;
    }
    fx_close(&w.f, at);
    lines_of(at);
    sk_store_close(&node->store);
    cr_assert(sk_store_open_memory(&node->store) == SK_OK);
    cr_assert(sk_store_begin(node->store) == SK_OK);
    for (size_t i = 0; i < backup.count; i++)
        cr_assert(sk_store_put(node->store, backup.spaces[i], backup.keys[i],
                               backup.values[i]) == SK_OK);
    cr_assert(sk_store_commit(node->store) == SK_OK);
    cr_assert(fx_open(&w.f, at) == SK_OK);
    lines_of(at);
}

/* Whoever is still known is withdrawn; nothing of them is left anywhere. */
static void everything_comes_back(void)
{
    for (size_t i = 0; i < w.persons_count; i++) {
        if (ask("buso", "participant.show", "{'participant':'%s'}",
                w.persons[i].id))
            must("buso", "consent.withdraw", "{'participant':'%s'}",
                 w.persons[i].id);
    }
    heal();
    confirm_all();
    heal();
    for (size_t i = 0; i < w.sent_count; i++) {
        const struct sent *sent = &w.sent[i];
        size_t place;

        if (!ask("buso", "participant.show", "{'participant':'%s'}",
                 w.persons[sent->person].id))
            continue;
        must(sent->to, "inbox.list", "{'limit':500}");
        cr_assert(eq(sz, times_in_inbox(sent->message, &place), 0),
                  "seed %d: %s is still at %s", (int)w.seed, sent->message,
                  sent->to);
    }
}

/* One node goes back to a backup in the middle of it all. */
static void run_restore(uint64_t seed)
{
    size_t node;

    memset(&w, 0, sizeof(w));
    w.seed = seed;
    w.state = seed * 1000003;
    fx_start(&w.f, "S2A", "2027-03-08T08:00:00Z");
    node = fx_index(&w.f, names[chance(2)]);
    for (w.step = 0; w.step < STEPS; w.step++) {
        if (w.step == STEPS / 3)
            take_backup(node);
        if (w.step == STEPS * 2 / 3)
            restore(node);
        carry(chance(12));
        act();
    }
    heal();
    nothing_waits();
    counts_are_true(/* inbox */ false);
    one_owner();
    same_handovers(/* restored */ true);
    everything_comes_back();
    nothing_waits();
    one_owner();
    drop_backup();
    fx_end(&w.f);
}

static void run_seeds(void (*run)(uint64_t seed), uint64_t usual)
{
    const char *one = getenv("SEED");
    const char *many = getenv("SEEDS");
    uint64_t count = many == NULL ? usual : strtoull(many, NULL, 10);

    if (one != NULL) {
        run(strtoull(one, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= count; seed++)
        run(seed);
}

Test(weather, changes_nothing_that_matters, .timeout = 3600)
{
    run_seeds(run_seed, 2);
}

Test(weather, survives_a_restore, .timeout = 3600)
{
    run_seeds(run_restore, 2);
}
