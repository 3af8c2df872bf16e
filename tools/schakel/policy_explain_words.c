#include "tools/schakel/policy_explain_words.h"

#include "policies/civil.h"
#include "policies/rules.h"
#include "policies/words.h"

/* "vdab-kempen (VDAB Kempen)"; the id alone when nobody knows it. */
static const char *named(const struct sk_telling *t, struct sk_bytes id,
                         struct sk_bytes name)
{
    size_t room = id.size + name.size + 8;
    char *text = sk_arena_get(&t->run->arena, room);

    if (text == NULL)
        return "";
    if (name.size == 0)
        snprintf(text, room, "%.*s", (int)id.size, (const char *)id.data);
    else
        snprintf(text, room, "%.*s (%.*s)", (int)id.size, (const char *)id.data,
                 (int)name.size, (const char *)name.data);
    return text;
}

const char *sk_told_org(const struct sk_telling *t, struct sk_bytes id)
{
    const struct sk_roster_org *org = sk_bundle_org(t->x->bundle, id);

    return named(t, id,
                 org != NULL ? org->written : (struct sk_bytes){NULL, 0});
}

static const char *labelled(const struct sk_telling *t, struct sk_bytes id,
                            const struct sk_label *label)
{
    return named(t, id,
                 label != NULL ? sk_label_of(label, t->run->dutch)
                               : (struct sk_bytes){NULL, 0});
}

const char *sk_told_purpose(const struct sk_telling *t, struct sk_bytes id)
{
    const struct sk_vocabulary *v = t->x->bundle->vocabulary;
    uint16_t at = sk_vocabulary_purpose(v, id);

    return labelled(t, id, at != SK_NONE ? &v->purposes[at].label : NULL);
}

const char *sk_told_event(const struct sk_telling *t, struct sk_bytes id)
{
    const struct sk_vocabulary *v = t->x->bundle->vocabulary;
    uint16_t at = sk_vocabulary_event(v, id);

    return labelled(t, id, at != SK_NONE ? &v->events[at].label : NULL);
}

const char *sk_told_category(const struct sk_telling *t, struct sk_bytes id)
{
    const struct sk_vocabulary *v = t->x->bundle->vocabulary;
    uint16_t at = sk_vocabulary_category(v, id);

    return labelled(t, id, at != SK_NONE ? &v->categories[at].label : NULL);
}

const char *sk_told_minute(const struct sk_telling *t, int64_t instant)
{
    char *text = sk_arena_get(&t->run->arena, 17);

    if (text == NULL)
        return "";
    sk_civil_minute_format(instant, text);
    text[10] = ' ';
    return text;
}
