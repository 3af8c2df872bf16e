/* Lists of JSON, in order. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "tools/schakel/json.h"

static int by_due(const void *a, const void *b)
{
    const json_t *const *one = a;
    const json_t *const *other = b;

    return strcmp(sk_json_text(*one, "due"), sk_json_text(*other, "due"));
}

Test(json, a_list_in_order_is_a_new_one_of_the_same_members)
{
    json_t *list = json_pack("[{s:s}, {s:s}, {s:s}]", "due", "2027-03-02",
                             "due", "2027-03-03", "due", "2027-03-01");
    json_t *sorted = sk_json_sorted(list, by_due);

    cr_assert(eq(sz, json_array_size(sorted), 3));
    cr_expect(eq(ptr, json_array_get(sorted, 0), json_array_get(list, 2)));
    cr_expect(eq(ptr, json_array_get(sorted, 1), json_array_get(list, 0)));
    cr_expect(eq(ptr, json_array_get(sorted, 2), json_array_get(list, 1)));
    json_decref(list);
    json_decref(sorted);
}

Test(json, nothing_in_order_is_an_empty_list)
{
    json_t *sorted = sk_json_sorted(NULL, by_due);

    cr_expect(eq(int, json_typeof(sorted), JSON_ARRAY));
    cr_expect(eq(sz, json_array_size(sorted), 0));
    json_decref(sorted);
}
