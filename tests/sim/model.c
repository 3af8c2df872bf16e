#include "tests/sim/sim.h"

/*
 * Who allowed what, since when, in a few tables.  It knows the words of
 * tests/sim/world/policy.yaml by heart and shares nothing with the engine: a
 * rule is read here a second time, in another way.
 */
const char *const purpose_names[PURPOSES] = {"guidance.handover",
                                             "work.placement"};
const char *const category_names[CATS] = {"process.handover", "contact.coach",
                                          "identity.name", "work.job",
                                          "work.profile"};
const char *const type_names[PURPOSES] = {"handover.requested",
                                          "workplace.started"};

struct field {
    const char *name;
    int category;
    const char *value;
    const char *level;
};

static const struct field handover_fields[] = {
    {"handover_kind", CAT_PROCESS, "warm", "exact"},
    {"handover_reason", CAT_PROCESS, "next_step", "exact"},
    {"question", CAT_PROCESS, CANARY " vraagt: hoe verder?", "exact"},
    {"participant_goal", CAT_PROCESS, CANARY " wil werken.", "exact"},
    {"respond_by", CAT_PROCESS, "2027-03-12", "exact"},
    {"coach_name", CAT_COACH, CANARY " Iris", "exact"},
    {"coach_phone", CAT_COACH, "+3214000003", "exact"},
    {"given_name", CAT_NAME, CANARY " Jonas", "exact"},
};

static const struct field work_fields[] = {
    {"workplace_kind", CAT_JOB, NULL, "kind3"},
    {"start_date", CAT_JOB, "2027-03-08", "exact"},
    {"hours_week", CAT_JOB, "16", "exact"},
    {"schedule", CAT_JOB, CANARY " elke dag", "exact"},
    {"occupation", CAT_PROFILE, "8219.1", "exact"},
    {"given_name", CAT_NAME, CANARY " Jonas", "exact"},
    {"coach_name", CAT_COACH, CANARY " Iris", "exact"},
    {"coach_phone", CAT_COACH, "+3214000003", "exact"},
};

static const struct field *field_of(const struct message *m, const char *name)
{
    const struct field *list =
        m->purpose == HANDOVER ? handover_fields : work_fields;

    for (size_t i = 0; i < 8; i++) {
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    }
    return NULL;
}

/* ------------------------------------------------------------- histories */

void history_put(struct history *h, int64_t value)
{
    sim.moment++;
    if (h->count == HISTORY) {
        h->count--;
        memmove(h->since, h->since + 1, h->count * sizeof(*h->since));
        memmove(h->value, h->value + 1, h->count * sizeof(*h->value));
    }
    h->since[h->count] = sim.moment;
    h->value[h->count] = value;
    h->count++;
}

int64_t history_at(const struct history *h, uint32_t since)
{
    for (size_t i = h->count; i-- > 0;) {
        if (h->since[i] <= since)
            return h->value[i];
    }
    return h->count == HISTORY ? MAYBE : 0;
}

int64_t history_now(const struct history *h)
{
    return h->count == 0 ? 0 : h->value[h->count - 1];
}

struct message *model_message(const char *id)
{
    for (size_t i = 0; i < sim.messages_count; i++) {
        if (strcmp(sim.messages[i].id, id) == 0)
            return &sim.messages[i];
    }
    return NULL;
}

/* ------------------------------------------------------------- verdicts */

static enum verdict both(enum verdict a, enum verdict b)
{
    if (a == NO || b == NO)
        return NO;
    return a == YES && b == YES ? YES : UNSURE;
}

/* Within this of a border nobody says which side it was. */
#define BORDER_S 120

static enum verdict until(int64_t end, uint64_t at_ms)
{
    int64_t at = (int64_t)(at_ms / 1000);

    if (end == MAYBE)
        return UNSURE;
    if (end == 0 || at > end + BORDER_S)
        return NO;
    return at < end - BORDER_S ? YES : UNSURE;
}

static enum verdict consent(const struct message *m, int category,
                            uint32_t since, uint64_t at_ms)
{
    const struct person *p = &sim.persons[m->person];
    int64_t end = history_at(&p->consent[m->purpose][m->to][category], since);
    enum verdict v = until(end, at_ms);

    /* Somebody passed on a withdrawal: when it arrives, nobody knows. */
    return v == YES && p->told ? UNSURE : v;
}

static enum verdict relation(const struct message *m, uint32_t since,
                             uint64_t at_ms)
{
    int64_t last = history_at(&sim.persons[m->person].relation[m->to], since);
    int32_t today = sk_civil_day((int64_t)(at_ms / 1000));

    if (last == MAYBE)
        return UNSURE;
    return last != 0 && today <= last ? YES : NO;
}

static enum verdict good_standing(size_t at, size_t partner, uint32_t since)
{
    int64_t suspended = history_at(&sim.nodes[at].suspended, since);

    if (suspended == MAYBE)
        return UNSURE;
    return suspended == (int64_t)partner + 1 || suspended == (int64_t)at + 1
               ? NO
               : YES;
}

/* CONSENT 5.6: who leaves sends nothing new. */
static enum verdict stays(size_t at, uint32_t since)
{
    int64_t leaving = history_at(&sim.nodes[at].leaving, since);

    return leaving == MAYBE ? UNSURE : leaving != 0 ? NO : YES;
}

static enum verdict policy(const struct message *m, uint32_t since,
                           const char *field)
{
    int64_t variant = history_at(&sim.nodes[m->from].policy, since);

    if (variant == MAYBE)
        return UNSURE;
    if (m->purpose == WORK)
        return m->to == HOUTZAAK && variant != 2 ? YES : NO;
    if (!is_guide(m->to))
        return NO;
    return field != NULL && strcmp(field, "given_name") == 0 && variant == 1
               ? NO
               : YES;
}

enum verdict model_permits(const struct message *m, uint32_t since,
                           uint64_t at_ms)
{
    int category = m->purpose == HANDOVER ? CAT_PROCESS : CAT_JOB;
    enum verdict v = consent(m, category, since, at_ms);

    v = both(v, relation(m, since, at_ms));
    v = both(v, policy(m, since, NULL));
    v = both(v, stays(m->from, since));
    return both(v, good_standing(m->from, m->to, since));
}

enum verdict model_field(const struct message *m, const char *name,
                         uint32_t since, uint64_t at_ms, const char **level)
{
    const struct field *field = field_of(m, name);

    if (field == NULL)
        return NO;
    *level = field->level;
    return both(policy(m, since, name),
                consent(m, field->category, since, at_ms));
}

bool model_is_of(const struct message *m, const char *name, int category)
{
    const struct field *field = field_of(m, name);

    return field != NULL && field->category == category;
}

const char *model_phone(uint32_t corrections)
{
    static char text[4][16];
    static size_t next;
    char *out = text[next++ % 4];

    snprintf(out, sizeof(text[0]), "+32140000%02u",
             corrections == 0 ? 3 : (unsigned)(10 + corrections % 80));
    return out;
}

/* NULL: no value to compare with. */
const char *model_value(const struct message *m, const char *name)
{
    const struct field *field = field_of(m, name);

    return field == NULL ? NULL : field->value;
}

/* ------------------------------------------------------------- endings */

/* -1: all purposes, NODES: all partners, -1: all categories. */
void model_withdrawn(struct person *p, int purpose, size_t to, int category)
{
    for (int i = 0; i < PURPOSES; i++) {
        for (size_t j = 0; j < NODES; j++) {
            for (int k = 0; k < CATS; k++) {
                if ((purpose < 0 || purpose == i) && (to == NODES || to == j) &&
                    (category < 0 || category == k) &&
                    history_now(&p->consent[i][j][k]) != 0)
                    history_put(&p->consent[i][j][k], 0);
            }
        }
    }
    for (size_t i = 0; i < sim.messages_count; i++) {
        struct message *m = &sim.messages[i];
        int main = m->purpose == HANDOVER ? CAT_PROCESS : CAT_JOB;

        if (m->collective || &sim.persons[m->person] != p ||
            (purpose >= 0 && (int)m->purpose != purpose) ||
            (to != NODES && m->to != to))
            continue;
        m->doubtful = true;
        if (category < 0 || category == main)
            m->must_go = true;
        m->lost |= (uint8_t)(category < 0 ? 0xff : 1 << category);
    }
}

/* A permission of another kind ended, or may have. NODES: all. */
void model_doubt(size_t from, size_t to)
{
    for (size_t i = 0; i < sim.messages_count; i++) {
        struct message *m = &sim.messages[i];

        if ((from == NODES || m->from == from) && (to == NODES || m->to == to))
            m->doubtful = true;
    }
}
