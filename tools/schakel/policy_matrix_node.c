#include <stdio.h>
#include <string.h>

#include "policies/civil.h"
#include "tools/schakel/cmd_node.h"
#include "tools/schakel/json.h"
#include "tools/schakel/policy_matrix.h"
#include "tools/schakel/policy_node.h"

/* `schakel policy matrix` of a running node: what its policy lets through now,
   and, with --person, what stands open for one participant. */

#define NOON (12 * 3600)

/* A question about nobody's event, to read the facts of the person. */
static int read_facts(struct sk_shown *s, const struct sk_bundle *bundle,
                      const json_t *known, struct sk_facts **out)
{
    struct sk_asked asked = {.facts = NULL};
    json_t *question = json_pack(
        "{s:{s:s, s:s, s:s, s:{s:s, s:s, s:s, s:{}}}, s:O}", "ask", "to",
        "nobody", "for", "nothing", "now", sk_json_text(known, "now"), "event",
        "type", "nothing", "subject", s->person, "occurred", "2000-01-01",
        "fields", "facts", json_object_get(known, "facts"));
    int code = sk_policy_node_asked(s->run, bundle, question, &asked);

    json_decref(question);
    *out = asked.facts;
    return code;
}

/* The instant that is asked about: now, or noon of another day. */
static bool find_instant(struct sk_shown *s, const json_t *known)
{
    if (!sk_instant_parse(sk_text(sk_json_text(known, "now")), &s->at))
        return false;
    if (s->run->day != INT32_MIN && s->run->day != sk_civil_day(s->at))
        s->at = sk_civil_start(s->run->day) + NOON;
    return true;
}

static int make(struct sk_shown *s, const struct sk_bundle *bundle,
                const json_t *known, const char *to)
{
    struct sk_facts *facts = NULL;
    int code;

    if (s->person[0] == '\0')
        return sk_shown_make(s, bundle, sk_policy_day(s->run), to);
    code = sk_shown_make(s, bundle, sk_civil_day(s->at), to);
    if (code < 0)
        code = read_facts(s, bundle, known, &facts);
    if (code < 0 && sk_person_cells(&s->matrix, facts, s->at, &s->run->arena,
                                    &s->cells) != SK_OK)
        return sk_policy_no_memory();
    return code;
}

/* ---------------------------------------------------------------- approval */

/* The cell of the same words in another matrix, or NULL. */
static const struct sk_cell *same_cell(const struct sk_shown *s, size_t i,
                                       const struct sk_shown *other)
{
    const struct sk_cell *cell = &s->matrix.cells[i];
    struct sk_spot spot = {
        sk_roster_find(&other->bundle->roster,
                       s->bundle->roster.orgs[cell->spot.org].id),
        sk_vocabulary_purpose(other->v, s->v->purposes[cell->spot.purpose].id),
        sk_vocabulary_event(other->v, s->v->events[cell->spot.event].id)};
    uint16_t field = SK_FACT;

    if (spot.org != SK_NONE &&
        !sk_org_is_same(&s->bundle->roster.orgs[cell->spot.org],
                        &other->bundle->roster.orgs[spot.org]))
        return NULL;
    if (cell->field != SK_FACT)
        field = sk_vocabulary_field(other->v, s->v->fields[cell->field].id);
    if (spot.org == SK_NONE || spot.purpose == SK_NONE ||
        spot.event == SK_NONE || (field == SK_NONE) != (cell->field == SK_FACT))
        return NULL;
    return sk_matrix_find(&other->matrix, spot, field);
}

/* The level that a cell has in the other one, in our words; 0: none. */
static uint8_t level_there(const struct sk_shown *s, size_t i,
                           const struct sk_shown *other)
{
    const struct sk_cell *cell = same_cell(s, i, other);
    const struct sk_field *here;
    const struct sk_field *there;
    uint16_t level;
    uint16_t ours;

    if (cell == NULL)
        return 0;
    level = sk_shown_level(other, (size_t)(cell - other->matrix.cells));
    if (level == 0 || cell->field == SK_FACT)
        return (uint8_t)level;
    here = &s->v->fields[s->matrix.cells[i].field];
    there = &other->v->fields[cell->field];
    ours = sk_field_level(here, there->levels[level]);
    if (ours == SK_NONE || !sk_level_is_same(there, level, here, ours))
        return 0;
    return (uint8_t)ours;
}

/* POLICY.md 2.5: no further than under the charter that the officers saw. */
static int cut(struct sk_shown *s, const struct sk_shown *seen)
{
    size_t count = s->matrix.count;

    if (s->cells == NULL) {
        s->cells =
            sk_arena_get_array(&s->run->arena, count + 1, sizeof(*s->cells));
        if (s->cells == NULL)
            return sk_policy_no_memory();
        for (size_t i = 0; i < count; i++)
            s->cells[i].level = s->matrix.cells[i].level;
    }
    for (size_t i = 0; i < count; i++) {
        uint8_t level = level_there(s, i, seen);

        if (level < s->cells[i].level)
            s->cells[i] = (struct sk_person_cell){level, "not-approved"};
    }
    return -1;
}

static int cut_to_seen(struct sk_shown *s, struct sk_client *client,
                       const json_t *known, const char *to)
{
    json_int_t charter = json_integer_value(json_object_get(known, "seen"));
    struct sk_shown seen = *s;
    struct sk_bundle *bundle = NULL;
    int code;

    if (charter == 0)
        return -1;
    /* A partner that was not there yet gets nothing. */
    seen.cells = NULL;
    code = sk_policy_node_bundle(
        s->run, client, json_integer_value(json_object_get(known, "policy")),
        charter, &bundle);
    if (code < 0 && to != NULL &&
        sk_roster_find(&bundle->roster, sk_text(to)) == SK_NONE)
        to = NULL;
    if (code < 0)
        code = make(&seen, bundle, known, to);
    return code < 0 ? cut(s, &seen) : code;
}

/* ---------------------------------------------------------------- node */

/* The draft, or what is in force. */
static int find_bundle(struct sk_shown *s, struct sk_client *client,
                       const struct sk_parsed *parsed, const json_t *known,
                       struct sk_bundle **out)
{
    struct sk_policy_bundle opened;
    int code;

    if (parsed->operands_count == 0)
        return sk_policy_node_bundle(
            s->run, client,
            json_integer_value(json_object_get(known, "policy")),
            json_integer_value(json_object_get(known, "charter")), out);
    code = sk_policy_open(s->run, parsed->operands[0], &opened);
    if (code < 0)
        *out = opened.bundle;
    return code;
}

static int show(struct sk_shown *s, struct sk_client *client,
                const struct sk_parsed *parsed, const json_t *known)
{
    const char *to = sk_cli_get(parsed, "to");
    struct sk_bundle *bundle = NULL;
    int code;

    if (s->person[0] != '\0' && !find_instant(s, known))
        return sk_cli_fail_file(SK_E_BAD_VALUE, "ctl.sock");
    code = find_bundle(s, client, parsed, known, &bundle);
    if (code < 0)
        code = make(s, bundle, known, to);
    if (code < 0 && parsed->operands_count == 0)
        code = cut_to_seen(s, client, known, to);
    return code;
}

/* Which versions hold, and what is known of the person. */
static int ask(struct sk_client *client, const char *person, json_t **out)
{
    json_t *shown = NULL;
    json_t *seen;
    int code;

    if (person != NULL)
        return sk_node_ask(client, "disclosure.question",
                           json_pack("{s:s}", "participant", person), NULL, 0,
                           out);
    code = sk_node_ask(client, "policy.show", NULL, NULL, 0, &shown);
    if (code >= 0)
        return code;
    *out = json_pack("{s:i, s:i}", "policy", SK_NODE_IN_FORCE, "charter",
                     SK_NODE_IN_FORCE);
    seen = json_object_get(shown, "seen_charter");
    if (seen != NULL)
        json_object_set(*out, "seen", seen);
    json_decref(shown);
    return -1;
}

int sk_shown_of_node(struct sk_shown *s, const struct sk_parsed *parsed)
{
    struct sk_client *client = NULL;
    json_t *known = NULL;
    int code = sk_node_open(parsed, &client);

    if (code < 0)
        code = ask(client, sk_cli_get(parsed, "person"), &known);
    if (code < 0) {
        snprintf(s->person, sizeof(s->person), "%s",
                 sk_json_text(known, "participant"));
        code = show(s, client, parsed, known);
    }
    json_decref(known);
    sk_client_close(&client);
    return code;
}
