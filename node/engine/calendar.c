#include "node/engine/due.h"

#include <string.h>

#include "node/engine/ops.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/timer.h"
#include "policies/civil.h"
#include "protocol/unpack.h"

#define CLOSED_DAYS_MAX 4096

/* META "closed": array of DATE, ascending. */

enum sk_status sk_calendar_closed(struct sk_engine *e, const int32_t **days,
                                  size_t *count)
{
    struct sk_bytes value;
    struct sk_unpack u;
    int32_t *list;
    size_t n;
    enum sk_status status = sk_meta_get(e, "closed", &value);

    if (status == SK_E_NOT_FOUND) {
        *days = NULL;
        *count = 0;
        return SK_OK;
    }
    SK_TRY(status);
    u = sk_unpack_start(value);
    n = sk_unpack_array_upto(&u, 0, CLOSED_DAYS_MAX);
    list = sk_arena_get_array(&e->scratch, n + 1, sizeof(*list));
    if (list == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < n; i++) {
        struct sk_bytes text = sk_unpack_str(&u, 10, 10);

        if (u.status == SK_OK && !sk_day_parse(text, &list[i]))
            return SK_E_BAD_VALUE;
    }
    SK_TRY(sk_unpack_finish(&u));
    *days = list;
    *count = n;
    return SK_OK;
}

/* Insert in order, without doubles. */
static size_t insert_day(int32_t *list, size_t count, int32_t day)
{
    size_t at = 0;

    while (at < count && list[at] < day)
        at++;
    if (at < count && list[at] == day)
        return count;
    memmove(&list[at + 1], &list[at], (count - at) * sizeof(*list));
    list[at] = day;
    return count + 1;
}

static void pack_days(struct sk_pack *p, const int32_t *list, size_t count)
{
    char text[11];

    sk_pack_array(p, count);
    for (size_t i = 0; i < count; i++) {
        sk_day_format(list[i], text);
        sk_pack_cstr(p, text);
    }
}

enum sk_status sk_op_calendar_close(struct sk_engine *e, struct sk_value args)
{
    const struct sk_bytes *added;
    const int32_t *known;
    size_t added_count;
    size_t known_count;
    int32_t *list;
    size_t count;
    struct sk_pack p;
    struct sk_bytes value;

    SK_TRY(sk_arg_words(e, args, "days", &added, &added_count));
    SK_TRY(sk_calendar_closed(e, &known, &known_count));
    count = known_count;
    list = sk_arena_get_array(&e->scratch, known_count + added_count + 1,
                              sizeof(*list));
    if (list == NULL)
        return SK_E_MEMORY;
    if (known_count > 0)
        memcpy(list, known, known_count * sizeof(*list));
    for (size_t i = 0; i < added_count; i++) {
        int32_t day;

        if (!sk_day_parse(added[i], &day))
            return sk_refuse(e, "bad-argument", "days", (struct sk_bytes){0});
        count = insert_day(list, count, day);
    }
    if (count > CLOSED_DAYS_MAX)
        return sk_refuse(e, "too-large", "days", (struct sk_bytes){0});
    p = sk_scratch_pack(e, count * 11 + 8);
    pack_days(&p, list, count);
    SK_TRY(sk_pack_finish(&p, &value));

    SK_TRY(sk_meta_put(e, "closed", value));
    SK_TRY(sk_timers_recount(e));
    sk_pack_map(&e->reply, 1);
    sk_pack_cstr(&e->reply, "days");
    pack_days(&e->reply, list, count);
    return SK_OK;
}
