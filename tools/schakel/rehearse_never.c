#include "tools/schakel/rehearse.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/schakel/json.h"

/* ------------------------------------------------------------- never */
static bool is_under(struct sk_bytes id, struct sk_bytes branch)
{
    return id.size >= branch.size &&
           memcmp(id.data, branch.data, branch.size) == 0 &&
           (id.size == branch.size || id.data[branch.size] == '.');
}

/* Is a category of the set under the branch? */
static bool set_is_under(const struct sk_vocabulary *v, uint64_t set,
                         struct sk_bytes branch)
{
    for (size_t c = 0; c < v->categories_count; c++)
        if ((set >> c & 1) != 0 && is_under(v->categories[c].id, branch))
            return true;
    return false;
}

static void never_category(struct sk_world *w, const struct sk_told *told,
                           struct sk_bytes branch)
{
    const struct sk_vocabulary *v = sk_bundle_vocabulary(w->words);
    uint16_t type = sk_vocabulary_event(v, sk_text(told->type));
    uint64_t event_set;

    if (type == SK_NONE)
        return; /* a collective message */
    event_set = UINT64_C(1) << v->events[type].category;
    sk_check(w, !set_is_under(v, event_set, branch),
             "%s got %s, which falls under %s", told->to->org, told->alias,
             (const char *)branch.data);
    for (void *it = json_object_iter(told->fields); it != NULL;
         it = json_object_iter_next(told->fields, it)) {
        const char *name = json_object_iter_key(it);
        uint16_t f = sk_vocabulary_field(v, sk_text(name));
        uint64_t set = event_set;

        if (f == SK_NONE)
            continue;
        if (v->fields[f].category != SK_NONE)
            set = UINT64_C(1) << v->fields[f].category;
        if (strcmp(sk_json_text(told->levels, name), "exact") == 0)
            set |= v->fields[f].reveals;
        sk_check(w, !set_is_under(v, set, branch),
                 "%s got %s of %s, which falls under %s", told->to->org, name,
                 told->alias, (const char *)branch.data);
    }
}

static void never_value(struct sk_world *w, const struct sk_told *told,
                        const char *value)
{
    char *text = json_dumps(told->fields, JSON_COMPACT);

    sk_check(w, text != NULL && strstr(text, value) == NULL,
             "%s got a forbidden value in %s", told->to->org, told->alias);
    free(text);
}

static void never_one(struct sk_world *w, const struct sk_node *rule,
                      const struct sk_told *told)
{
    static const char *const kinds[] = {"categories", "fields", "values"};

    if (sk_node_is(sk_node_get(rule, "all"), "true"))
        sk_check(w, false, "%s must get nothing about persons, got %s",
                 told->to->org, told->alias);
    for (size_t k = 0; k < SK_COUNT(kinds); k++) {
        const struct sk_node *list = sk_node_get(rule, kinds[k]);

        for (const struct sk_node *n = list == NULL ? NULL : list->first;
             n != NULL; n = n->next) {
            const char *text = (const char *)n->text.data;

            if (k == 0)
                never_category(w, told, n->text);
            else if (k == 1)
                sk_check(w, json_object_get(told->fields, text) == NULL,
                         "%s got %s in %s", told->to->org, text, told->alias);
            else
                never_value(w, told, text);
        }
    }
}

/* What a node has in its inbox now that no step of the story sent. */
static void never_unknown(struct sk_world *w, struct sk_actor *actor)
{
    json_t *inbox = sk_world_do(w, actor, "inbox.list", NULL);
    const json_t *list = json_object_get(inbox, "messages");
    const struct sk_vocabulary *v = sk_bundle_vocabulary(w->words);

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *m = json_array_get(list, i);
        bool known = false;

        for (struct sk_told *t = w->told; t != NULL; t = t->next)
            known = known || strcmp(t->id, sk_json_text(m, "message")) == 0;
        if (sk_vocabulary_event(v, sk_text(sk_json_text(m, "type"))) != SK_NONE)
            sk_check(w, known, "%s has a message that nobody sent in the story",
                     actor->org);
    }
    json_decref(inbox);
}

void sk_check_never(struct sk_world *w)
{
    const struct sk_node *never = sk_node_get(w->story, "never");

    for (const struct sk_node *rule = never == NULL ? NULL : never->first;
         rule != NULL; rule = rule->next) {
        const char *org = sk_step_text(rule, "node");
        struct sk_actor *actor = sk_world_actor(w, org);

        sk_check(w, actor != NULL, "'%s' in never is a partner of the story",
                 org);
        for (struct sk_told *t = w->told; t != NULL; t = t->next)
            if (strcmp(t->to->org, org) == 0 && !t->dropped)
                never_one(w, rule, t);
        if (actor != NULL && actor->online)
            never_unknown(w, actor);
    }
}

/* ------------------------------------------------------------- files */
static bool file_has(const char *path, const char *value)
{
    size_t size = strlen(value);
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t got = 0;
    size_t room = 0;
    bool found;

    if (file == NULL)
        return false;
    for (;;) {
        uint8_t *grown = realloc(data, room + 65536);

        if (grown == NULL)
            break;
        data = grown;
        room += 65536;
        got += fread(data + got, 1, room - got, file);
        if (got < room)
            break;
    }
    fclose(file);
    found = data != NULL && size > 0 && memmem(data, got, value, size) != NULL;
    free(data);
    return found;
}

/* The charter and the policies are public and kept in the clear; a name may
   stand in them as an example. */
static bool is_public(const struct sk_world *w, const char *value)
{
    for (size_t i = 0; i < w->actors_count; i++)
        for (size_t f = 0; f < SK_SOURCE_COUNT; f++) {
            struct sk_bytes bytes = w->actors[i].sources.of[f].bytes;

            if (bytes.size > 0 &&
                memmem(bytes.data, bytes.size, value, strlen(value)) != NULL)
                return true;
        }
    return false;
}

static void search_files(struct sk_world *w, const struct sk_actor *actor,
                         const char *value)
{
    char path[4096];
    DIR *dir = NULL;
    struct dirent *entry;

    if (is_public(w, value))
        return;
    dir = opendir(actor->dir);
    snprintf(path, sizeof(path), "%s/%s.log", w->root, actor->org);
    sk_check(w, !file_has(path, value), "the log of %s holds a name or number",
             actor->org);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (entry->d_type != DT_REG && entry->d_type != DT_UNKNOWN)
            continue;
        snprintf(path, sizeof(path), "%s/%s", actor->dir, entry->d_name);
        sk_check(w, !file_has(path, value),
                 "%s of %s holds a name or number in the clear", entry->d_name,
                 actor->org);
    }
    if (dir != NULL)
        closedir(dir);
}

/* I9 and storage at rest: no name or number of a person in any file. */
void sk_check_files(struct sk_world *w)
{
    static const char *const keys[] = {"family_name", "insz"};
    const struct sk_node *persons = sk_node_get(w->story, "persons");
    const struct sk_node *never = sk_node_get(w->story, "never");

    for (size_t i = 0; i < w->actors_count; i++) {
        const struct sk_actor *actor = &w->actors[i];

        if (!actor->active)
            continue;
        for (const struct sk_node *p = persons == NULL ? NULL : persons->first;
             p != NULL; p = p->next)
            for (size_t k = 0; k < SK_COUNT(keys); k++)
                if (strlen(sk_step_text(p, keys[k])) >= 6)
                    search_files(w, actor, sk_step_text(p, keys[k]));
        for (const struct sk_node *n = never == NULL ? NULL : never->first;
             n != NULL; n = n->next) {
            const struct sk_node *values = sk_node_get(n, "values");

            if (strcmp(sk_step_text(n, "node"), actor->org) != 0)
                continue;
            /* Short values (a year) occur in any file by chance. */
            for (const struct sk_node *v = values == NULL ? NULL
                                                          : values->first;
                 v != NULL; v = v->next)
                if (v->text.size >= 6)
                    search_files(w, actor, (const char *)v->text.data);
        }
    }
}

/* ------------------------------------------------------------- once */
static size_t aliases_of(const struct sk_world *w, enum sk_alias_kind kind,
                         const struct sk_actor *actor)
{
    size_t count = 0;

    for (const struct sk_alias *a = w->aliases; a != NULL; a = a->next)
        count += a->kind == kind && a->actor == actor ? 1 : 0;
    return count;
}

static size_t events_of(struct sk_world *w, struct sk_actor *actor,
                        const char *participant)
{
    json_t *result = sk_world_do(
        w, actor, "event.list", json_pack("{s:s}", "participant", participant));
    size_t count = json_array_size(json_object_get(result, "events"));

    json_decref(result);
    return count;
}

void sk_check_once(struct sk_world *w)
{
    for (size_t i = 0; i < w->actors_count; i++) {
        struct sk_actor *actor = &w->actors[i];
        const json_t *people;
        json_t *result;
        size_t events = 0;

        if (!actor->online)
            continue;
        result = sk_world_do(w, actor, "participant.list", NULL);
        people = json_object_get(result, "participants");
        for (size_t k = 0; k < json_array_size(people); k++)
            events += events_of(
                w, actor,
                sk_json_text(json_array_get(people, k), "participant"));
        sk_check(
            w, json_array_size(people) == aliases_of(w, SK_ALIAS_PERSON, actor),
            "%s has each participant once: %zu, of the story %zu", actor->org,
            json_array_size(people), aliases_of(w, SK_ALIAS_PERSON, actor));
        sk_check(w, events == aliases_of(w, SK_ALIAS_EVENT, actor),
                 "%s has each event once: %zu, of the story %zu", actor->org,
                 events, aliases_of(w, SK_ALIAS_EVENT, actor));
        json_decref(result);
    }
}
