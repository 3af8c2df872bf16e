/* What the guards of the library leave of a policy that shares everything with
   everybody, against the table of docs/DOMAIN.md 7. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "bundles.h"
#include "policies/matrix.h"
#include "policies/rules.h"

#define LIBRARY "policies/library/"
#define DAY 20697 /* 2026-09-01 */

struct text {
    char *data;
    size_t size;
};

static void put(struct text *out, const char *part, struct sk_bytes rest)
{
    size_t size = strlen(part);

    memcpy(out->data + out->size, part, size);
    memcpy(out->data + out->size + size, rest.data, rest.size);
    out->size += size + rest.size;
    out->data[out->size] = '\0';
}

static struct text start_text(void)
{
    return (struct text){.data = test_alloc(1 << 20)};
}

static const struct sk_vocabulary *words(struct sk_arena *arena)
{
    struct sk_findings findings = sk_findings_start(arena);
    struct sk_vocabulary *v = NULL;

    cr_assert(eq(int,
                 sk_vocabulary_load(test_tree(LIBRARY "vocabulary.yaml", arena),
                                    arena, &findings, &v),
                 SK_OK));
    return v;
}

/* One organisation per role, and the owner. */
static struct sk_bytes roster(const struct sk_vocabulary *v, const char *owner)
{
    struct text out = start_text();

    put(&out,
        "format: partners/1\npartners: all\nversion: 1\n"
        "vocabulary: traject-vlaanderen/1\norgs:\n  owner: {name: O, role: ",
        sk_text(owner));
    put(&out, "}\n", sk_text(""));
    for (size_t i = 0; i < v->roles_count; i++) {
        put(&out, "  ", v->roles[i].id);
        put(&out, ": {name: P, role: ", v->roles[i].id);
        put(&out,
            ", duties: [retain, erase-on-withdrawal, confirm-erasure, "
            "no-onward]}\n",
            sk_text(""));
    }
    return (struct sk_bytes){(uint8_t *)out.data, out.size};
}

/* Everything, exact, to everybody, for every purpose. */
static struct sk_bytes everything(const struct sk_vocabulary *v,
                                  const char *rest)
{
    struct text out = start_text();
    const char *next = "";

    put(&out,
        "language: sharing-policy/1\npolicy: owner\nversion: 1\n"
        "vocabulary: traject-vlaanderen/1\nguards: vlaanderen/1\n"
        "partners: all\nshare:\n  - id: all\n    text: All.\n    to: {orgs: [",
        sk_text(""));
    for (size_t i = 0; i < v->roles_count; i++, next = ", ")
        put(&out, next, v->roles[i].id);
    next = "]}\n    for: [";
    for (size_t i = 0; i < v->purposes_count; i++) {
        if (v->purposes[i].leaf && v->purposes[i].events) {
            put(&out, next, v->purposes[i].id);
            next = ", ";
        }
    }
    put(&out, "]\n    what:\n", sk_text(""));
    for (size_t i = 0; i < v->events_count; i++) {
        const struct sk_event_type *type = &v->events[i];

        put(&out, "      ", type->id);
        next = ": {";
        for (size_t f = 0; f < type->fields_count; f++, next = ", ") {
            put(&out, next, v->fields[type->fields[f]].id);
            put(&out, ": exact", sk_text(""));
        }
        put(&out, "}\n", sk_text(""));
    }
    put(&out, rest, sk_text(""));
    put(&out,
        "    retain: {for: 1 week, from: sent}\n"
        "    valid: {from: 2026-09-01, until: 2027-08-31}\n",
        sk_text(""));
    return (struct sk_bytes){(uint8_t *)out.data, out.size};
}

static struct sk_matrix most(const char *owner, const char *rest,
                             struct sk_arena *arena)
{
    const struct sk_vocabulary *v = words(arena);
    struct sk_findings findings = sk_findings_start(arena);
    struct sk_sources sources = {
        .of = {
            [SK_SOURCE_VOCABULARY] = {"v", test_file(LIBRARY "vocabulary.yaml"),
                                      NULL},
            [SK_SOURCE_PARTNERS] = {"r", roster(v, owner), NULL},
            [SK_SOURCE_GUARDS] = {"g", test_file(LIBRARY "guards.yaml"), NULL},
            [SK_SOURCE_POLICY] = {"p", everything(v, rest), NULL}}};
    struct sk_bundle *bundle = NULL;
    struct sk_matrix matrix;

    cr_assert(
        eq(int, sk_sources_load(&sources, INT32_MIN, arena, &findings, &bundle),
           SK_OK));
    cr_assert(ne(ptr, bundle, NULL), "%s\n%s",
              (const char *)sources.of[SK_SOURCE_POLICY].bytes.data,
              test_findings(&findings));
    cr_assert(
        eq(int, sk_matrix_make(bundle, DAY, SK_NONE, arena, &matrix), SK_OK));
    return matrix;
}

/* The most that one role gets: of each event, field, and field per purpose. */
struct ceiling {
    bool event[256];
    uint8_t field[512];
    bool purpose[64][512];
    bool explicit_consent[512];
    size_t count;
};

static const struct ceiling *ceiling_of(const struct sk_matrix *m,
                                        struct sk_bytes role)
{
    struct ceiling *out = test_alloc(sizeof(*out));
    uint16_t org = sk_roster_find(&m->bundle->roster, role);

    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < m->count; i++) {
        const struct sk_cell *c = &m->cells[i];

        if (c->spot.org != org)
            continue;
        out->count++;
        out->event[c->spot.event] = true;
        if (c->field == SK_FACT)
            continue;
        out->purpose[c->spot.purpose][c->field] = true;
        if (c->level > out->field[c->field])
            out->field[c->field] = c->level;
        out->explicit_consent[c->field] |= c->explicit_consent;
    }
    return out;
}

/* A heading and a list of words, when there are any; wrapped. */
struct words {
    struct text *out;
    const char *head;
    size_t column;
};

static void add_word(struct words *w, struct sk_bytes id, const char *level,
                     size_t size)
{
    size_t need = 1 + id.size + (size > 0 ? 1 + size : 0);

    if (w->column == 0) {
        put(w->out, "  ", sk_text(w->head));
        put(w->out, ":", sk_text(""));
        w->column = 3 + strlen(w->head);
    } else if (w->column + need > 100) {
        put(w->out, "\n     ", sk_text(""));
        w->column = 5;
    }
    put(w->out, " ", id);
    if (size > 0)
        put(w->out, "=", (struct sk_bytes){(const uint8_t *)level, size});
    w->column += need;
}

static void end_words(const struct words *w)
{
    if (w->column > 0)
        put(w->out, "\n", sk_text(""));
}

static void say_events(struct text *out, const struct sk_vocabulary *v,
                       const struct ceiling *most)
{
    struct words w = {out, "never, events", 0};

    for (size_t e = 0; e < v->events_count; e++) {
        if (!most->event[e])
            add_word(&w, v->events[e].id, NULL, 0);
    }
    end_words(&w);
}

static void say_fields(struct text *out, const struct sk_vocabulary *v,
                       const struct ceiling *most, bool never)
{
    struct words w = {out, never ? "never, fields" : "at most", 0};

    for (size_t f = 0; f < v->fields_count; f++) {
        const struct sk_field *field = &v->fields[f];
        struct sk_bytes level = field->levels[most->field[f]];

        if (most->field[f] == 0 && never)
            add_word(&w, field->id, NULL, 0);
        if (most->field[f] > 0 && !never && most->field[f] != sk_exact(field))
            add_word(&w, field->id, (const char *)level.data, level.size);
    }
    end_words(&w);
}

/* What flows for some purpose, but not for this one. */
static void say_purposes(struct text *out, const struct sk_vocabulary *v,
                         const struct ceiling *most)
{
    for (size_t p = 0; p < v->purposes_count; p++) {
        char head[128];
        struct words w = {out, head, 0};

        if (!v->purposes[p].leaf || !v->purposes[p].events)
            continue;
        snprintf(head, sizeof(head), "never for %.*s",
                 (int)v->purposes[p].id.size, v->purposes[p].id.data);
        for (size_t f = 0; f < v->fields_count; f++) {
            if (most->field[f] > 0 && !most->purpose[p][f])
                add_word(&w, v->fields[f].id, NULL, 0);
        }
        end_words(&w);
    }
}

/* From a sender without professional secrecy whose rule asks less. */
static void say_explicit(struct text *out, const struct sk_vocabulary *v,
                         const struct ceiling *most)
{
    struct words w = {out, "explicit consent, whoever sends", 0};

    for (size_t f = 0; f < v->fields_count; f++) {
        if (most->explicit_consent[f])
            add_word(&w, v->fields[f].id, NULL, 0);
    }
    end_words(&w);
}

static struct text ceilings(void)
{
    struct sk_arena arena = test_arena();
    struct sk_arena second = test_arena();
    struct sk_matrix m =
        most("ocmw",
             "    consent: explicit\n    basis: {gdpr: public-task, art9: "
             "explicit-consent, reference: r, authorisation: a}\n",
             &arena);
    struct sk_matrix given =
        most("integration",
             "    basis: {gdpr: public-task, art9: "
             "substantial-public-interest, reference: r, authorisation: a}\n",
             &second);
    const struct sk_vocabulary *v = m.bundle->vocabulary;
    struct text out = start_text();

    for (size_t i = 0; i < v->roles_count; i++) {
        struct sk_bytes role = v->roles[i].id;
        const struct ceiling *all = ceiling_of(&m, role);

        put(&out, "", role);
        put(&out, "\n", sk_text(""));
        if (all->count == 0) {
            put(&out, "  never: everything about persons\n", sk_text(""));
            continue;
        }
        say_events(&out, v, all);
        say_fields(&out, v, all, true);
        say_fields(&out, v, all, false);
        say_purposes(&out, v, all);
        say_explicit(&out, v, ceiling_of(&given, role));
    }
    return out;
}

/* DOMAIN.md 7.  When a guard or a word changes, read what changes here. */
Test(guards, leave_what_the_table_says)
{
    struct sk_bytes page = test_file("docs/DOMAIN.md");
    struct text is = ceilings();
    char *start;
    char *end;

    ((char *)page.data)[page.size] = '\0';
    start = strstr((char *)page.data, "```ceilings\n");
    cr_assert(ne(ptr, start, NULL));
    start += strlen("```ceilings\n");
    end = strstr(start, "```");
    cr_assert(ne(ptr, end, NULL));
    *end = '\0';
    cr_expect(eq(str, is.data, start), "docs/DOMAIN.md 7 should say:\n%s",
              is.data);
}
