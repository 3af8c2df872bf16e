#include "policies/diff.h"
#include "policies/findings.h"

#include <string.h>

/* A component of a way in the words of the files.  POLICY.md 11.4 */

/* A text that is written twice: first to know its size. */
struct writing {
    char *text; /* NULL: only count */
    size_t size;
};

static void put(struct writing *w, struct sk_bytes part)
{
    if (w->text != NULL && part.size != 0)
        memcpy(w->text + w->size, part.data, part.size);
    w->size += part.size;
}

static void put_text(struct writing *w, const char *text)
{
    put(w, sk_text(text));
}

static void put_number(struct writing *w, uint32_t number)
{
    char digits[21];

    put(w, sk_number_format(number, digits));
}

static void put_duration(struct writing *w, struct sk_duration duration)
{
    bool one = duration.count == 1;

    put_number(w, duration.count);
    put_text(w, duration.unit == SK_DAYS ? one ? " day" : " days"
                : one                    ? " month"
                                         : " months");
}

static void put_where(struct writing *w, const struct sk_vocabulary *v,
                      const struct sk_share *share)
{
    for (size_t i = 0; i < share->where_count; i++) {
        const struct sk_field *field = &v->fields[share->where[i].field];
        const char *between = ": ";

        put_text(w, i > 0 ? "; " : "");
        put(w, field->id);
        for (uint64_t left = share->where[i].values; left != 0;
             left &= left - 1) {
            put_text(w, between);
            put(w, field->codelist->values[sk_lowest(left)].id);
            between = ", ";
        }
    }
    if (share->where_count == 0)
        put_text(w, "none");
}

static void put_duties(struct writing *w, unsigned duties)
{
    const char *between = "";

    for (size_t i = 0; i < SK_DUTIES_COUNT; i++) {
        if ((duties >> i & 1) == 0)
            continue;
        put_text(w, between);
        put_text(w, sk_duty_words[i]);
        between = ", ";
    }
}

static void put_roles(struct writing *w, const struct sk_share *share)
{
    for (size_t i = 0; i < share->roles_count && !share->roles_all; i++) {
        put_text(w, i > 0 ? ", " : "");
        put(w, share->roles[i]);
    }
    if (share->roles_all)
        put_text(w, "all");
}

static void put_part(struct writing *w, const struct sk_vocabulary *v,
                     uint16_t field, const struct sk_way *way,
                     enum sk_component part)
{
    const struct sk_share *share = way->share;

    switch (part) {
    case SK_PART_LEVEL:
        put(w, sk_level_name(v, field, way->level));
        break;
    case SK_PART_CONSENT:
        put_text(w, way->explicit_consent ? "explicit" : "given");
        break;
    case SK_PART_RETAIN:
        put_duration(w, share->retain);
        put_text(w,
                 share->retain_from_occurred ? " from occurred" : " from sent");
        break;
    case SK_PART_NOT_OLDER_THAN:
        if (share->not_older_than.count != 0)
            put_duration(w, share->not_older_than);
        else
            put_text(w, "none");
        break;
    case SK_PART_WHERE:
        put_where(w, v, share);
        break;
    case SK_PART_DUTIES:
        put_duties(w, share->duties);
        break;
    case SK_PART_ROLES:
        put_roles(w, share);
        break;
    case SK_PART_ON_WITHDRAWAL:
        put_text(w, share->erase ? "erase within " : "stop within ");
        put_duration(w, (struct sk_duration){share->within_days, SK_DAYS});
        break;
    case SK_PART_OBJECTION:
        put_text(w, sk_way_objects(way) ? "possible" : "not possible");
        break;
    case SK_PART_COUNT:
        break;
    }
}

struct sk_bytes sk_component_words(const struct sk_vocabulary *v,
                                   uint16_t field, const struct sk_way *way,
                                   enum sk_component part,
                                   struct sk_arena *arena)
{
    struct writing w = {NULL, 0};
    size_t size;

    if (way->share == NULL)
        return sk_text("none");
    put_part(&w, v, field, way, part);
    size = w.size;
    w = (struct writing){sk_arena_get(arena, size + 1), 0};
    if (w.text == NULL)
        return (struct sk_bytes){NULL, 0};
    put_part(&w, v, field, way, part);
    return (struct sk_bytes){(const uint8_t *)w.text, size};
}
