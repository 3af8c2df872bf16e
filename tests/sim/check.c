#include "tests/sim/sim.h"

#include "node/engine/inbox.h"
#include "node/engine/participant.h"
#include "node/engine/session.h"
#include "node/engine/state.h"

/* What must hold, against the model: docs/ARCHITECTURE.md 1. */

#define OWNED 64
struct owned {
    struct sk_id trajectories[OWNED];
    size_t count;
};
static struct owned owned[NODES];

/* ------------------------------------------------------------- looking */

/* Read what a node has, as its own functions read it; nothing is written and
   nothing that it remembers is forgotten by it. */
static size_t look_start(size_t at)
{
    cr_assert(sk_store_begin(sim.f.nodes[at].store) == SK_OK);
    return sk_arena_mark(&engine(at)->scratch);
}

static void look_end(size_t at, size_t mark)
{
    sk_arena_reset(&engine(at)->scratch, mark);
    cr_assert(sk_store_commit(sim.f.nodes[at].store) == SK_OK);
}

static bool table_changed(size_t at, enum sk_table table)
{
    uint64_t now = sim.f.nodes[at].store->changed[table];
    bool changed = sim.nodes[at].versions[table] != now;

    sim.nodes[at].versions[table] = now;
    return changed;
}

static bool same_text(struct sk_bytes bytes, const char *text)
{
    return sk_bytes_equal(bytes, sk_text(text));
}

/* ------------------------------------------------------------- arrivals */

static bool was_seen(struct node *node, const char *id)
{
    for (size_t i = 0; i < node->seen_count; i++) {
        if (strcmp(node->seen[i].id, id) == 0)
            return true;
    }
    return false;
}

/* I1, I2: it was allowed when one of these frames was sent. */
static void check_permitted(size_t at, const struct message *m,
                            const struct sk_item_field *field)
{
    const char *level = NULL;
    bool came = false;

    for (size_t i = 0; i < sim.arriving_count; i++) {
        const struct frame *f = sim.arriving[i];
        enum verdict v;

        if (f->from != m->from || f->to != at)
            continue;
        came = true;
        v = model_permits(m, f->since, f->at_ms);
        if (field != NULL && v != NO) {
            char name[64];

            snprintf(name, sizeof(name), "%.*s", (int)field->name.size,
                     (const char *)field->name.data);
            v = model_field(m, name, f->since, f->at_ms, &level);
        }
        if (v == NO)
            continue;
        check(field == NULL || same_text(field->level, level),
              "I1: %.*s came at another level", (int)field->name.size,
              (const char *)field->name.data);
        return;
    }
    check(came, "I10: %s has %s and nobody sent it", node_names[at], m->id);
    fail("I1: %s has %s%.*s of %s", node_names[at],
         field == NULL ? "message" : "field ",
         field == NULL ? 0 : (int)field->name.size,
         field == NULL ? "" : (const char *)field->name.data, m->id);
}

static void check_value(const struct message *m,
                        const struct sk_item_field *field)
{
    char name[64];
    const char *value;

    snprintf(name, sizeof(name), "%.*s", (int)field->name.size,
             (const char *)field->name.data);
    value = model_value(m, name);
    if (strcmp(name, "coach_phone") == 0) {
        bool known = false;

        for (uint32_t i = 0; i <= m->phones; i++)
            known = known || same_text(field->text, model_phone(i));
        /* A backup does not know how often it was corrected since. */
        check(known || sim.unlucky == m->from, "coach_phone of %s is made up",
              m->id);
        return;
    }
    check(value == NULL || same_text(field->text, value),
          "%s of %s has another value", name, m->id);
    check(value != NULL || !same_text(field->text, "stage"),
          "I1: %s of %s is exact", name, m->id);
}

static void check_order(size_t at, const struct message *m)
{
    struct node *node = &sim.nodes[at];
    size_t order = (size_t)(m - sim.messages) + 1;

    if (!node->restored && !sim.nodes[m->from].restored && m->from != sim.liar)
        check(order > node->last_order[m->from],
              "I10: %s from %s is out of order", m->id, node_names[m->from]);
    node->last_order[m->from] = order;
}

static void check_arrival(size_t at, const char *id,
                          const struct sk_inbox_entry *entry)
{
    const struct message *m = model_message(id);
    size_t from = fx_index(&sim.f, entry->from.text);

    if (from == sim.liar)
        return;
    check(m != NULL, "%s has %s, and nobody wrote it", node_names[at], id);
    check(m->from == from && m->to == at, "%s has %s, which is for %s",
          node_names[at], id, node_names[m->to]);
    check(m->collective == entry->collective, "%s is of another kind", id);
    check_order(at, m);
    if (m->collective)
        return;
    check(same_text(entry->event->source, node_names[from]),
          "I8: %s is not of its sender", id);
    check(same_text(entry->event->type, type_names[m->purpose]) &&
              same_text(entry->event->purpose, purpose_names[m->purpose]),
          "%s says something else", id);
    check(!is_leaving(at) || sim.nodes[at].restored,
          "%s leaves, and took in %s", node_names[at], id);
    check_permitted(at, m, NULL);
    for (size_t i = 0; i < entry->event->fields_count; i++) {
        check_permitted(at, m, &entry->event->fields[i]);
        check_value(m, &entry->event->fields[i]);
    }
}

/* Calls fn for every message in the inbox; views die with the call. */
static void each_message(size_t at, void (*fn)(size_t at, const char *id,
                                               struct sk_message_id *message))
{
    struct sk_engine *e = engine(at);
    struct sk_key prefix = sk_key_start(SK_T_INBOX);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct sk_bytes key;
    struct sk_bytes value;

    while (sk_scan_next(&scan, &key, &value) == SK_OK) {
        struct sk_message_id message;
        char id[SK_ID_TEXT_SIZE + 1];
        size_t mark = sk_arena_mark(&e->scratch);

        check(key.size == 1 + SK_ID_SIZE, "a key of the inbox");
        memcpy(message.id.bytes, key.data + 1, SK_ID_SIZE);
        sk_id_format(&message.id, id);
        id[SK_ID_TEXT_SIZE] = '\0';
        fn(at, id, &message);
        sk_arena_reset(&e->scratch, mark);
    }
}

/* What is new, in the order of arrival: the store has it by id. */
struct fresh {
    struct sk_message_id message;
    uint64_t number;
};
static struct fresh fresh[MESSAGES * 2];
static size_t fresh_count;

static int by_number(const void *a, const void *b)
{
    uint64_t x = ((const struct fresh *)a)->number;
    uint64_t y = ((const struct fresh *)b)->number;

    return x < y ? -1 : x > y;
}

/* I1, I2: also the values of a correction were allowed when they left. */
static void check_correction(size_t at, const struct message *m,
                             const struct sk_inbox_entry *entry)
{
    const struct sk_item_correction *c = entry->correction;

    for (size_t i = 0; c != NULL && i < c->fields_count; i++) {
        if (c->fields[i].level.size == 0)
            continue;
        check_permitted(at, m, &c->fields[i]);
        check_value(m, &c->fields[i]);
    }
}

static void look_at_correction(size_t at, const char *id,
                               const struct sk_message_id *message)
{
    static struct sk_inbox_entry entry;
    const struct message *m = model_message(id);
    struct seen *seen = sim.nodes[at].seen;

    while (strcmp(seen->id, id) != 0)
        seen++;
    check(sk_inbox_get(engine(at), message, &entry) == SK_OK, "an entry");
    if (m == NULL || m->from == sim.liar || entry.correction == NULL ||
        sk_id_equal(&entry.correction->correction, &seen->correction))
        return;
    seen->correction = entry.correction->correction;
    if (sim.arriving_count > 0)
        check_correction(at, m, &entry);
}

static void look_at(size_t at, const char *id, struct sk_message_id *message)
{
    static struct sk_inbox_entry entry;
    struct node *node = &sim.nodes[at];

    if (was_seen(node, id)) {
        look_at_correction(at, id, message);
        return;
    }
    check(node->seen_count < SK_COUNT(node->seen), "too many messages");
    node->seen[node->seen_count] = (struct seen){0};
    snprintf(node->seen[node->seen_count++].id, sizeof(node->seen[0].id), "%s",
             id);
    check(sk_inbox_get(engine(at), message, &entry) == SK_OK,
          "%s cannot read %s", node_names[at], id);
    if (entry.correction != NULL)
        node->seen[node->seen_count - 1].correction =
            entry.correction->correction;
    fresh[fresh_count++] = (struct fresh){*message, entry.number};
}

static void look_at_inbox(size_t at)
{
    static struct sk_inbox_entry entry;

    fresh_count = 0;
    each_message(at, look_at);
    qsort(fresh, fresh_count, sizeof(*fresh), by_number);
    for (size_t i = 0; i < fresh_count; i++) {
        char id[SK_ID_TEXT_SIZE + 1];
        size_t mark = sk_arena_mark(&engine(at)->scratch);

        /* What it already had when it was restored was looked at then. */
        if (sim.nodes[at].restored && sim.arriving_count == 0)
            continue;
        check(sk_inbox_get(engine(at), &fresh[i].message, &entry) == SK_OK,
              "an entry");
        sk_id_format(&fresh[i].message.id, id);
        check_arrival(at, id, &entry);
        if (fx_index(&sim.f, entry.from.text) != sim.liar)
            check_correction(at, model_message(id), &entry);
        sk_arena_reset(&engine(at)->scratch, mark);
    }
}

/* ------------------------------------------------------------- owners */

static void read_owned(size_t at)
{
    struct sk_engine *e = engine(at);
    struct sk_key prefix = sk_key_start(SK_T_TRAJECTORY);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct sk_bytes key;
    struct sk_bytes value;

    owned[at].count = 0;
    while (sk_scan_next(&scan, &key, &value) == SK_OK) {
        struct sk_trajectory_id id;
        struct sk_trajectory t;

        memcpy(id.id.bytes, key.data + 1, SK_ID_SIZE);
        check(sk_trajectory_get(e, &id, &t) == SK_OK, "a trajectory");
        if (!sk_trajectory_is_ours(e, &t))
            continue;
        check(owned[at].count < OWNED, "too many trajectories");
        owned[at].trajectories[owned[at].count++] = id.id;
    }
}

static bool owns(size_t at, const struct sk_id *id)
{
    for (size_t i = 0; i < owned[at].count; i++) {
        if (sk_id_equal(&owned[at].trajectories[i], id))
            return true;
    }
    return false;
}

/* Was it ever handed to the liar, or by it?  It may give it away twice. */
static bool is_tainted(const struct sk_id *id)
{
    for (size_t at = 0; at < sim.count && sim.liar < NODES; at++) {
        struct sk_engine *e = engine(at);
        struct sk_key prefix = sk_key_start(SK_T_HANDOVER);
        struct sk_scan scan;
        struct sk_bytes key;
        struct sk_bytes value;
        size_t mark = look_start(at);
        bool found = false;

        scan = sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
        while (sk_scan_next(&scan, &key, &value) == SK_OK) {
            struct sk_handover_id handover;
            struct sk_handover h;

            memcpy(handover.id.bytes, key.data + 1, SK_ID_SIZE);
            check(sk_handover_get(e, &handover, &h) == SK_OK, "a handover");
            if (sk_id_equal(&h.trajectory.id, id) &&
                sk_org_equal(&h.partner, &sim.f.nodes[sim.liar].org))
                found = true;
        }
        look_end(at, mark);
        if (found)
            return true;
    }
    return false;
}

/* I6. A node that went back to a backup learns in time what it let go. */
static void check_owners(size_t at, bool quiet)
{
    for (size_t i = 0; i < owned[at].count; i++) {
        const struct sk_id *id = &owned[at].trajectories[i];

        for (size_t j = 0; j < sim.count; j++) {
            if (j == at || !owns(j, id) || at == sim.liar || j == sim.liar)
                continue;
            if (!quiet && (sim.nodes[at].restored || sim.nodes[j].restored))
                continue;
            check(is_tainted(id), "I6: %s and %s own one trajectory",
                  node_names[at], node_names[j]);
        }
    }
}

/* ------------------------------------------------------------- each step */

static void check_charter(size_t at)
{
    struct node *node = &sim.nodes[at];
    uint64_t version = engine(at)->charter_version;
    size_t who = suspended_of_seed();

    if (node->charter_version == version)
        return;
    node->charter_version = version;
    if (who == NODES)
        return;
    say("%s has charter %d", node_names[at], (int)version);
    history_put(&node->suspended, version == 2 ? (int64_t)who + 1 : 0);
    model_doubt(who, NODES);
    model_doubt(NODES, who);
}

/* A new run starts; those of the world before own what is theirs. */
void check_forget(void)
{
    memset(owned, 0, sizeof(owned));
}

void check_step(size_t at)
{
    bool inbox = table_changed(at, SK_T_INBOX);
    bool owners = table_changed(at, SK_T_TRAJECTORY);
    size_t mark;

    check_charter(at);
    if (!inbox && !owners)
        return;
    mark = look_start(at);
    if (inbox)
        look_at_inbox(at);
    if (owners)
        read_owned(at);
    look_end(at, mark);
    if (owners)
        check_owners(at, /* quiet */ false);
}

/* I9.  Most bytes are no letter of it: memmem() starts slowly. */
bool shows_canary(struct sk_bytes bytes)
{
    const size_t size = strlen(CANARY);
    const uint8_t *at = bytes.data;
    const uint8_t *end = at + bytes.size;

    while (bytes.size > 0 && (size_t)(end - at) >= size) {
        at = memchr(at, CANARY[0], (size_t)(end - at) - size + 1);
        if (at == NULL)
            return false;
        if (memcmp(at, CANARY, size) == 0)
            return true;
        at++;
    }
    return false;
}

void check_frame(size_t from, const uint8_t *bytes, size_t size)
{
    check(!shows_canary((struct sk_bytes){bytes, size}),
          "I9: a frame of %s is not sealed", node_names[from]);
}

/* ------------------------------------------------------------- at rest */

/* The message at its recipient. */
static bool look_for(const struct message *m, struct sk_inbox_entry *out)
{
    struct sk_message_id id;

    check(sk_id_parse(sk_text(m->id), &id.id), "an id");
    return sk_inbox_get(engine(m->to), &id, out) == SK_OK;
}

/* I3: what the ledger says was shown is what is there. */
static void check_shown(const struct message *m,
                        const struct sk_ledger_entry *ledger,
                        const struct sk_inbox_entry *entry)
{
    bool exact = !m->doubtful && !m->widened;
    size_t shown = 0;

    for (size_t i = 0; i < entry->event->fields_count; i++) {
        const struct sk_item_field *field = &entry->event->fields[i];
        bool found = false;

        for (size_t j = 0; j < ledger->fields_count; j++) {
            const struct sk_ledger_field *f = &ledger->fields[j];

            if (sk_bytes_equal(f->name, field->name))
                found = f->withheld == SK_SENT &&
                        sk_bytes_equal(f->level, field->level);
        }
        check(found, "I3: %.*s of %s is not in the ledger",
              (int)field->name.size, (const char *)field->name.data, m->id);
        shown++;
    }
    /* Of what was sent twice, and differed, more counts as shown. */
    for (size_t j = 0; j < ledger->fields_count && exact; j++) {
        if (ledger->fields[j].withheld == SK_SENT)
            shown--;
    }
    check(!exact || shown == 0, "I3: the ledger shows more of %s", m->id);
}

/* I7: of what was taken back nothing is there. */
static void check_taken_back(const struct message *m,
                             const struct sk_ledger_entry *ledger, bool there,
                             const struct sk_inbox_entry *entry)
{
    bool kept = ledger->recall == SK_RECALL_KEPT;
    bool told = m->told && history_now(&sim.nodes[m->from].suspended) == 0 &&
                history_now(&sim.nodes[m->to].suspended) == 0;

    check(ledger->recall != SK_RECALL_ASKED,
          "I7: nobody answered about %s to %s", m->id, node_names[m->to]);
    check(!kept || sim.nodes[m->to].refused_erasure,
          "I7: %s is kept, and no law was named", m->id);
    if (kept)
        return;
    check(!(m->must_go || told) || !there,
          "I7: %s was withdrawn and is still at %s", m->id, node_names[m->to]);
    if (m->must_go)
        sim.recalled++;
    for (size_t i = 0; there && i < entry->event->fields_count; i++) {
        const struct sk_item_field *field = &entry->event->fields[i];
        char name[64];

        snprintf(name, sizeof(name), "%.*s", (int)field->name.size,
                 (const char *)field->name.data);
        for (int c = 0; c < CATS; c++) {
            check((m->lost >> c & 1) == 0 || !model_is_of(m, name, c),
                  "I7: %s of %s was withdrawn and is still at %s", name, m->id,
                  node_names[m->to]);
        }
    }
}

/* I7: who went back to a backup learns from its partners what people took back
   since. */
static void check_learned(const struct message *m,
                          const struct sk_ledger_entry *ledger)
{
    const struct node *from = &sim.nodes[m->from];
    struct sk_message_id id;
    const char *gone;

    if (!m->went_before || !from->restored || from->silent ||
        history_now(&from->suspended) != 0 ||
        history_now(&sim.nodes[m->to].suspended) != 0)
        return;
    check(sk_id_parse(sk_text(m->id), &id.id), "an id");
    check(sk_inbox_gone(engine(m->to), &sim.f.nodes[m->from].org, &id, &gone) ==
              SK_OK,
          "a message at %s", node_names[m->to]);
    if (gone == NULL || strcmp(gone, "recalled") != 0)
        return;
    /* What waited in the backup was dropped for it, or refused. */
    check(ledger->recall != SK_RECALL_NONE ||
              ledger->state == SK_LEDGER_DROPPED ||
              ledger->state == SK_LEDGER_REFUSED,
          "I7: %s does not know again that %s was withdrawn",
          node_names[m->from], m->id);
    sim.relearned++;
}

/* CONSENT 5.4: nobody uses what was wrong: the right value is there, or the
   word that it is wrong. */
static void check_corrected(const struct message *m,
                            const struct sk_inbox_entry *entry)
{
    const struct sk_item_correction *c = entry->correction;
    const struct sk_item_field *shown = NULL;

    if (m->phones == 0 || sim.nodes[m->from].restored)
        return;
    for (size_t i = 0; i < entry->event->fields_count; i++)
        if (same_text(entry->event->fields[i].name, "coach_phone"))
            shown = &entry->event->fields[i];
    for (size_t i = 0; i < entry->locked.count; i++)
        if (same_text(entry->locked.list[i], "coach_phone"))
            shown = NULL;
    for (size_t i = 0; c != NULL && shown != NULL && i < c->fields_count; i++)
        if (same_text(c->fields[i].name, "coach_phone"))
            shown = &c->fields[i];
    check(shown == NULL || shown->level.size == 0 ||
              same_text(shown->text, model_phone(m->phones)),
          "%s at %s has a wrong value, and does not know it", m->id,
          node_names[m->to]);
}

/* A handover that was called off before it left; or one of a trajectory that
   its sender's backup forgot to have let go (I6). */
static bool is_overtaken(const struct message *m,
                         const struct sk_ledger_entry *ledger)
{
    if (ledger->state == SK_LEDGER_DROPPED)
        return same_text(ledger->reason, "wrong-state");
    return ledger->state == SK_LEDGER_REFUSED && sim.nodes[m->from].restored &&
           same_text(ledger->reason, "stale-epoch");
}

static void check_message(const struct message *m)
{
    static struct sk_ledger_entry ledger;
    static struct sk_inbox_entry entry;
    struct sk_message_id id;
    enum sk_status status;
    bool there = look_for(m, &entry);
    bool arrived;

    if (m->collective) {
        check(there || m->forgotten || m->doubtful, "I10: %s never came to %s",
              m->id, node_names[m->to]);
        return;
    }
    if (m->forgotten)
        return;
    check(sk_id_parse(sk_text(m->id), &id.id), "an id");
    if (sim.persons[m->person].gone) {
        check(!there || sim.nodes[m->to].refused_erasure,
              "I7: %s is of nobody and is still at %s", m->id,
              node_names[m->to]);
        check(sk_ledger_get(engine(m->from), &id, &ledger) == SK_E_NOT_FOUND,
              "I7: %s of somebody forgotten can be read at %s", m->id,
              node_names[m->from]);
        return;
    }
    status = sk_ledger_get(engine(m->from), &id, &ledger);
    check(status == SK_OK, "I3: %s is not in the ledger of %s", m->id,
          node_names[m->from]);
    check(ledger.state != SK_LEDGER_QUEUED && ledger.state != SK_LEDGER_SENT,
          "I10: %s still waits at %s", m->id, node_names[m->from]);
    check_taken_back(m, &ledger, there, &entry);
    check_learned(m, &ledger);
    if (there && ledger.recall == SK_RECALL_NONE)
        check_shown(m, &ledger, &entry);
    /* What a law keeps is locked: nobody uses it. */
    if (there && !ledger.recall_all && ledger.recall != SK_RECALL_KEPT)
        check_corrected(m, &entry);
    arrived = ledger.state == SK_LEDGER_STORED ||
              ledger.state == SK_LEDGER_READ ||
              ledger.state == SK_LEDGER_ACCEPTED;
    check(!there || arrived || sim.nodes[m->from].restored ||
              sim.nodes[m->to].restored,
          "I10: %s is at %s, but not for its sender", m->id, node_names[m->to]);
    check(!arrived || !was_seen(&sim.nodes[m->to], m->id) || there ||
              m->to != sim.leaver || !is_leaving(m->to) ||
              ledger.recall != SK_RECALL_NONE,
          "%s erased %s, and did not say so", node_names[m->to], m->id);
    if (!m->doubtful)
        check(there || is_overtaken(m, &ledger),
              "I10: %s never came to %s: %.*s", m->id, node_names[m->to],
              (int)ledger.reason.size, (const char *)ledger.reason.data);
}

/* Time alone ends consents too, and who is suspended may not know it yet. */
static void note_ends(void)
{
    for (size_t i = 0; i < sim.count; i++) {
        if (history_now(&sim.nodes[i].suspended) == 0)
            continue;
        model_doubt(suspended_of_seed(), NODES);
        model_doubt(NODES, suspended_of_seed());
    }
    for (size_t i = 0; i < sim.messages_count; i++) {
        struct message *m = &sim.messages[i];

        if (!m->collective &&
            model_permits(m, sim.moment, engine(m->from)->now_ms) != YES)
            m->doubtful = true;
    }
}

static void check_messages(void)
{
    note_ends();
    for (size_t i = 0; i < sim.messages_count; i++) {
        const struct message *m = &sim.messages[i];
        size_t marks[2];

        if (m->from == sim.liar || m->to == sim.liar)
            continue;
        marks[0] = look_start(m->from);
        marks[1] = look_start(m->to);
        check_message(m);
        look_end(m->to, marks[1]);
        look_end(m->from, marks[0]);
    }
}

/* Every trajectory that anybody knows has an owner. */
static void check_somebody_owns(size_t at)
{
    struct sk_engine *e = engine(at);
    struct sk_key prefix = sk_key_start(SK_T_TRAJECTORY);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct sk_bytes key;
    struct sk_bytes value;

    while (sk_scan_next(&scan, &key, &value) == SK_OK) {
        struct sk_trajectory_id id;
        struct sk_trajectory t;
        bool found = false;

        memcpy(id.id.bytes, key.data + 1, SK_ID_SIZE);
        for (size_t i = 0; i < sim.count; i++)
            found = found || owns(i, &id.id);
        check(sk_trajectory_get(e, &id, &t) == SK_OK, "a trajectory");
        /* Begun after the backup: its owner does not know of it. */
        if (sim.nodes[fx_index(&sim.f, t.owner.text)].restored)
            continue;
        check(found, "I6: nobody owns a trajectory that %s knows",
              node_names[at]);
    }
}

/* I7: who was forgotten is nobody, and every answer is known. */
static void check_forgotten(void)
{
    for (size_t i = 0; i < sim.persons_count; i++) {
        const struct person *p = &sim.persons[i];

        if (!p->gone)
            continue;
        check(!ask(p->owner, "participant.show", "participant=s", p->id) &&
                  strcmp(got("code"), "unknown-participant") == 0,
              "I7: %s still knows person %d", node_names[p->owner], (int)i);
        check(ask(p->owner, "participant.erasure", "participant=s", p->id),
              "I7: %s does not know that it erased person %d",
              node_names[p->owner], (int)i);
    }
}

/* I9: towards each partner another handle, and none is a participant's id. */
static void check_handles(void)
{
    static struct sk_id handles[PERSONS * NODES * 2];
    size_t count = 0;

    for (size_t at = 0; at < sim.count; at++) {
        struct sk_engine *e = engine(at);
        struct sk_key prefix = sk_key_start(SK_T_HANDLE_OWN);
        struct sk_scan scan;
        struct sk_bytes key;
        struct sk_bytes value;
        size_t mark = look_start(at);

        scan = sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
        while (sk_scan_next(&scan, &key, &value) == SK_OK) {
            struct sk_participant_id person;
            struct sk_id handle;

            check(count < SK_COUNT(handles), "too many handles");
            memcpy(handle.bytes, key.data + key.size - SK_ID_SIZE, SK_ID_SIZE);
            for (size_t i = 0; i < count; i++)
                check(!sk_id_equal(&handles[i], &handle),
                      "I9: one handle at two partners");
            person.id = handle;
            check(sk_participant_exists(e, &person) == SK_E_NOT_FOUND,
                  "I9: a handle is a participant's id");
            handles[count++] = handle;
        }
        look_end(at, mark);
    }
}

static void check_node(size_t at)
{
    size_t mark = look_start(at);

    read_owned(at);
    look_end(at, mark);
    check(ask(at, "node.status", ""), "%s has no status", node_names[at]);
    check(got_number("notices_open") == 0,
          "I7: %s was asked to erase, and said nothing", node_names[at]);
    check(got_number("erasures_open") == 0 || sim.liar < NODES,
          "I7: %s waits for an answer to an erasure", node_names[at]);
    check(!disk_shows(sim.f.nodes[at].store),
          "I9: a value lies open in the store of %s", node_names[at]);
}

void check_messages_at(size_t at, void (*fn)(size_t at, const char *id,
                                             struct sk_message_id *message))
{
    size_t mark = look_start(at);

    each_message(at, fn);
    look_end(at, mark);
}

void check_quiet(void)
{
    size_t mark;

    for (size_t i = 0; i < sim.count; i++) {
        check_node(i);
        check_feed(i);
    }
    for (size_t i = 0; i < sim.count; i++)
        check_owners(i, /* quiet */ true);
    for (size_t i = 0; i < sim.count && sim.liar == NODES; i++) {
        mark = look_start(i);
        check_somebody_owns(i);
        look_end(i, mark);
    }
    check_messages();
    check_forgotten();
    check_handles();
}

/* ------------------------------------------------------------- gone */

static void look_gone(size_t at, const char *id, struct sk_message_id *message)
{
    const struct message *m = model_message(id);

    (void)message;
    if (m == NULL || m->collective || m->from == sim.liar ||
        sim.persons[m->person].young || sim.nodes[at].refused_erasure)
        return;
    fail("I7: all was withdrawn, and %s still has %s", node_names[at], id);
}

/* After everybody withdrew everything. */
void check_gone(void)
{
    check_quiet();
    for (size_t i = 0; i < sim.count; i++) {
        size_t mark = look_start(i);

        if (i != sim.liar)
            each_message(i, look_gone);
        look_end(i, mark);
    }
}
