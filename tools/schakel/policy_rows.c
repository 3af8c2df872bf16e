#include "tools/schakel/policy_rows.h"

#include <string.h>

#include "policies/civil.h"
#include "tools/schakel/json.h"

/* ---------------------------------------------------------------- rows */

static bool same_row(const struct sk_cell *a, const struct sk_cell *b)
{
    return a->spot.org == b->spot.org && a->spot.purpose == b->spot.purpose;
}

/* The rules of the cells, each once. */
static bool collect_rules(struct sk_row *row, struct sk_arena *arena)
{
    uint64_t seen[SK_RULE_WORDS_MAX] = {0};
    size_t count = 0;
    uint16_t *list;

    for (size_t i = 0; i < row->count; i++) {
        for (size_t r = 0; r < row->cells[i].rules_count; r++) {
            uint16_t rule = row->cells[i].rules[r];

            seen[rule / 64] |= sk_bit(rule % 64);
        }
    }
    for (size_t w = 0; w < SK_RULE_WORDS_MAX; w++)
        count += sk_members(seen[w]);
    list = sk_arena_take(arena, count * sizeof(*list));
    if (list == NULL)
        return false;
    for (size_t w = 0; w < SK_RULE_WORDS_MAX; w++) {
        for (uint64_t left = seen[w]; left != 0; left &= left - 1)
            list[row->rules_count++] = (uint16_t)(w * 64 + sk_lowest(left));
    }
    row->rules = list;
    return true;
}

enum sk_status sk_rows_make(const struct sk_matrix *matrix,
                            struct sk_arena *arena, struct sk_rows *out)
{
    struct sk_rows rows = {NULL, 0};

    rows.list =
        sk_arena_get_array(arena, matrix->count + 1, sizeof(*rows.list));
    if (rows.list == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < matrix->count; i++) {
        struct sk_row *row = &rows.list[rows.count];

        if (i == 0 || !same_row(&matrix->cells[i - 1], &matrix->cells[i])) {
            *row = (struct sk_row){.bundle = matrix->bundle,
                                   .org = matrix->cells[i].spot.org,
                                   .purpose = matrix->cells[i].spot.purpose,
                                   .cells = &matrix->cells[i]};
            rows.count++;
        }
        rows.list[rows.count - 1].count++;
    }
    for (size_t i = 0; i < rows.count; i++) {
        if (!collect_rules(&rows.list[i], arena))
            return SK_E_MEMORY;
    }
    *out = rows;
    return SK_OK;
}

/* ---------------------------------------------------------------- terms */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(json_string_value(*(json_t *const *)a),
                  json_string_value(*(json_t *const *)b));
}

/* Sort a list of texts and drop doubles; takes the reference. */
static json_t *sorted(json_t *list)
{
    json_t *out = sk_json_sorted(list, compare_texts);

    for (size_t i = json_array_size(out); i > 1; i--) {
        if (json_equal(json_array_get(out, i - 1), json_array_get(out, i - 2)))
            json_array_remove(out, i - 1);
    }
    json_decref(list);
    return out;
}

json_t *sk_row_basis(const struct sk_row *row)
{
    json_t *list = json_array();

    for (size_t i = 0; i < row->rules_count; i++) {
        const struct sk_share *share = &row->bundle->shares[row->rules[i]];

        json_array_append_new(
            list, json_sprintf("%.*s: %.*s", (int)share->gdpr_word.size,
                               (const char *)share->gdpr_word.data,
                               (int)share->reference.size,
                               (const char *)share->reference.data));
    }
    return sorted(list);
}

json_t *sk_row_retain(const struct sk_row *row)
{
    json_t *list = json_array();

    for (size_t i = 0; i < row->rules_count; i++) {
        const struct sk_share *share = &row->bundle->shares[row->rules[i]];

        json_array_append_new(
            list,
            json_sprintf("%.*s from %s", (int)share->retain_text.size,
                         (const char *)share->retain_text.data,
                         share->retain_from_occurred ? "occurred" : "sent"));
    }
    return sorted(list);
}

const struct sk_share *sk_row_longest(const struct sk_row *row)
{
    const struct sk_share *longest = &row->bundle->shares[row->rules[0]];

    for (size_t i = 1; i < row->rules_count; i++) {
        const struct sk_share *share = &row->bundle->shares[row->rules[i]];

        if (!sk_duration_at_most(share->retain, longest->retain))
            longest = share;
    }
    return longest;
}
