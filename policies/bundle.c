#include "policies/bundle.h"

#include <string.h>

#include "policies/cases.h"
#include "policies/rules.h"

/* ---------------------------------------------------------------- index */

static int compare_ids(struct sk_bytes a, struct sk_bytes b)
{
    return sk_bytes_compare(a, b);
}

/* Insertion into sorted order, of those that lie `gap` apart. */
static void sort_shares_apart(struct sk_bundle *bundle, size_t gap)
{
    for (size_t i = gap; i < bundle->shares_count; i++) {
        struct sk_share share = bundle->shares[i];
        size_t at = i;

        while (at >= gap &&
               compare_ids(bundle->shares[at - gap].id, share.id) > 0) {
            bundle->shares[at] = bundle->shares[at - gap];
            at -= gap;
        }
        if (at != i)
            bundle->shares[at] = share;
    }
}

/* Shell's sort: no two have the same id (E015). */
static void sort_shares(struct sk_bundle *bundle)
{
    size_t gap = 1;

    while (gap < bundle->shares_count / 3)
        gap = 3 * gap + 1;
    for (; gap > 0; gap /= 3)
        sort_shares_apart(bundle, gap);
}

static void sort_takes(struct sk_bundle *bundle)
{
    for (size_t i = 1; i < bundle->takes_count; i++) {
        struct sk_take take = bundle->takes[i];
        size_t at = i;

        while (at > 0 && compare_ids(bundle->takes[at - 1].id, take.id) > 0) {
            bundle->takes[at] = bundle->takes[at - 1];
            at--;
        }
        bundle->takes[at] = take;
    }
}

static void put(uint64_t *sets, size_t words, size_t row, size_t rule)
{
    sets[row * words + rule / 64] |= sk_bit((unsigned)(rule % 64));
}

static void index_share(struct sk_bundle *b, size_t i)
{
    const struct sk_share *share = &b->shares[i];
    size_t words = b->share_words;

    for (size_t org = 0; org < b->roster.count; org++) {
        if (sk_org_set_has(&share->to, org))
            put(b->share_by_org, words, org, i);
    }
    for (uint64_t left = share->purposes; left != 0; left &= left - 1)
        put(b->share_by_purpose, words, sk_lowest(left), i);
    for (size_t e = 0; e < share->what_count; e++)
        put(b->share_by_event, words, share->what[e].event, i);
}

static void index_take(struct sk_bundle *b, size_t i)
{
    const struct sk_take *take = &b->takes[i];
    const struct sk_vocabulary *v = b->vocabulary;
    size_t words = b->take_words;

    for (size_t org = 0; org < b->roster.count; org++) {
        if (sk_org_set_has(&take->who, org))
            put(b->take_by_org, words, org, i);
    }
    for (size_t p = 0; p < v->purposes_count; p++) {
        if ((take->purposes & sk_bit((unsigned)p)) != 0)
            put(b->take_by_purpose, words, p, i);
    }
    for (size_t e = 0; e < v->events_count; e++) {
        if (sk_take_covers_event(take, v, (uint16_t)e))
            put(b->take_by_event, words, e, i);
    }
    for (size_t f = 0; f < v->fields_count; f++) {
        uint16_t category = v->fields[f].category;

        /* A field that inherits its category is covered through `data` only
           together with its event, which is refused before (8.4 step 2). */
        if (take->fields[f / 64] >> (f % 64) & 1 ||
            (category != SK_NONE &&
             sk_take_covers_field(take, (uint16_t)f, category)))
            put(b->never_by_field, words, f, i);
        if (sk_take_reaches(take, &v->fields[f]))
            put(b->cap_by_field, words, f, i);
    }
    for (size_t c = 0; c < take->caps_count; c++)
        put(b->cap_by_field, words, take->caps[c].field, i);
}

static uint64_t *sets(struct sk_loading *l, size_t rows, size_t words)
{
    return sk_arena_get_array(l->arena, rows * words + 1, sizeof(uint64_t));
}

static bool make_sets(struct sk_loading *l)
{
    struct sk_bundle *b = l->bundle;
    const struct sk_vocabulary *v = b->vocabulary;
    size_t shares = (b->shares_count + 63) / 64;
    size_t takes = (b->takes_count + 63) / 64;

    assert(shares <= SK_RULE_WORDS_MAX);
    assert(takes <= SK_RULE_WORDS_MAX);

    b->share_words = shares;
    b->share_by_org = sets(l, b->roster.count, shares);
    b->share_by_purpose = sets(l, v->purposes_count, shares);
    b->share_by_event = sets(l, v->events_count, shares);
    b->take_words = takes;
    b->take_by_org = sets(l, b->roster.count, takes);
    b->take_by_purpose = sets(l, v->purposes_count, takes);
    b->take_by_event = sets(l, v->events_count, takes);
    b->never_by_field = sets(l, v->fields_count, takes);
    b->cap_by_field = sets(l, v->fields_count, takes);
    b->positions =
        sk_arena_get_array(l->arena, v->events_count, v->fields_count + 1);
    b->by_name =
        sk_arena_get_array(l->arena, v->events_count + 1, SK_EVENT_FIELDS_MAX);
    return !l->arena->full;
}

/* Positions of the event's fields, by field and in the order of their names. */
static void index_event(struct sk_bundle *b, size_t e)
{
    const struct sk_vocabulary *v = b->vocabulary;
    const struct sk_event_type *type = &v->events[e];
    uint8_t *positions = b->positions + e * v->fields_count;
    uint8_t *by_name = b->by_name + e * SK_EVENT_FIELDS_MAX;

    memset(positions, 0xff, v->fields_count);
    for (size_t i = 0; i < type->fields_count; i++) {
        struct sk_bytes name = v->fields[type->fields[i]].id;
        size_t at = i;

        positions[type->fields[i]] = (uint8_t)i;
        while (at > 0 &&
               compare_ids(v->fields[type->fields[by_name[at - 1]]].id, name) >
                   0) {
            by_name[at] = by_name[at - 1];
            at--;
        }
        by_name[at] = (uint8_t)i;
    }
}

enum sk_status sk_bundle_index(struct sk_loading *l)
{
    struct sk_bundle *b = l->bundle;

    sort_shares(b);
    sort_takes(b);
    if (!make_sets(l))
        return SK_E_MEMORY;
    for (size_t i = 0; i < b->shares_count; i++)
        index_share(b, i);
    for (size_t i = 0; i < b->takes_count; i++)
        index_take(b, i);
    for (size_t e = 0; e < b->vocabulary->events_count; e++)
        index_event(b, e);
    return SK_OK;
}

/* ---------------------------------------------------------------- load */

static bool is_there(const struct sk_source *source)
{
    return source->tree != NULL || source->bytes.data != NULL;
}

static enum sk_status load_vocabulary(struct sk_loading *l,
                                      const struct sk_node *file)
{
    struct sk_vocabulary *vocabulary = NULL;

    SK_TRY(sk_vocabulary_load(file, l->arena, l->findings, &vocabulary));
    l->bundle->vocabulary = vocabulary;
    return SK_OK;
}

static enum sk_status load_policy(struct sk_loading *l,
                                  const struct sk_node *file)
{
    SK_TRY(sk_policy_load(l, file));
    sk_policy_check(l);
    return sk_policy_warn(l);
}

static enum sk_status load_invariants(struct sk_loading *l,
                                      const struct sk_node *file)
{
    sk_invariants_load(l, file);
    return SK_OK;
}

/* One file; *good when it has no error.  Its bytes are read here and not
   before: a file with an error stops the files after it (2.2). */
static enum sk_status load_file(struct sk_loading *l,
                                const struct sk_source *source,
                                enum sk_source_file which, bool *good)
{
    static enum sk_status (*const loaders[])(struct sk_loading * l,
                                             const struct sk_node *file) = {
        [SK_SOURCE_VOCABULARY] = load_vocabulary,
        [SK_SOURCE_PARTNERS] = sk_roster_load,
        [SK_SOURCE_GUARDS] = sk_guards_load,
        [SK_SOURCE_POLICY] = load_policy,
        [SK_SOURCE_INVARIANTS] = load_invariants,
    };
    size_t errors = l->findings->errors;
    const struct sk_node *tree = source->tree;
    struct sk_node *read = NULL;

    *good = false;
    if (tree == NULL) {
        SK_TRY(sk_yaml_read(source->name, source->bytes, l->arena, l->findings,
                            &read));
        tree = read;
    }
    if (tree == NULL)
        return SK_OK;
    l->bundle->files[which] = tree;
    SK_TRY(loaders[which](l, tree));
    if (l->arena->full)
        return SK_E_MEMORY;
    *good = l->findings->errors == errors;
    return SK_OK;
}

enum sk_status sk_sources_load(const struct sk_sources *sources, int32_t day,
                               struct sk_arena *arena,
                               struct sk_findings *findings,
                               struct sk_bundle **out)
{
    struct sk_loading l = {.arena = arena, .findings = findings, .day = day};
    bool good = true;

    *out = NULL;
    l.bundle = sk_arena_get(arena, sizeof(*l.bundle));
    if (l.bundle == NULL)
        return SK_E_MEMORY;
    l.bundle->owner_at = SK_NONE;
    for (size_t i = 0; i < SK_SOURCE_COUNT; i++) {
        const struct sk_source *source = &sources->of[i];
        bool optional = i == SK_SOURCE_POLICY || i == SK_SOURCE_INVARIANTS;

        if (i == SK_SOURCE_VOCABULARY && sources->vocabulary != NULL) {
            l.bundle->vocabulary = sources->vocabulary;
            continue;
        }
        if (optional && !is_there(source))
            continue;
        SK_TRY(load_file(&l, source, (enum sk_source_file)i, &good));
        if (!good)
            return SK_OK;
    }
    SK_TRY(sk_bundle_index(&l));
    *out = l.bundle;
    return SK_OK;
}

struct sk_sources sk_sources_of(const struct sk_bundle_files *files)
{
    const struct sk_file *in[] = {
        [SK_SOURCE_VOCABULARY] = &files->vocabulary,
        [SK_SOURCE_PARTNERS] = &files->partners,
        [SK_SOURCE_GUARDS] = &files->guards,
        [SK_SOURCE_POLICY] = &files->policy,
        [SK_SOURCE_INVARIANTS] = &files->invariants,
    };
    struct sk_sources sources = {.vocabulary = NULL};

    for (size_t i = 0; i < SK_SOURCE_COUNT; i++) {
        sources.of[i].name = in[i]->name != NULL ? in[i]->name : "";
        sources.of[i].bytes = in[i]->bytes;
    }
    return sources;
}

enum sk_status sk_bundle_load(const struct sk_bundle_files *files, int32_t day,
                              struct sk_arena *arena,
                              struct sk_findings *findings,
                              struct sk_bundle **out)
{
    struct sk_sources sources = sk_sources_of(files);

    return sk_sources_load(&sources, day, arena, findings, out);
}

/* ---------------------------------------------------------------- look up */

const struct sk_vocabulary *sk_bundle_vocabulary(const struct sk_bundle *bundle)
{
    return bundle->vocabulary;
}

struct sk_bytes sk_bundle_owner(const struct sk_bundle *bundle)
{
    return bundle->owner;
}

uint32_t sk_bundle_policy_version(const struct sk_bundle *bundle)
{
    return bundle->policy_version;
}

size_t sk_bundle_orgs_count(const struct sk_bundle *bundle)
{
    return bundle->roster.count;
}

const struct sk_roster_org *sk_bundle_org_at(const struct sk_bundle *bundle,
                                             size_t i)
{
    assert(i < bundle->roster.count);

    return &bundle->roster.orgs[i];
}

const struct sk_roster_org *sk_bundle_org(const struct sk_bundle *bundle,
                                          struct sk_bytes id)
{
    uint16_t at = sk_roster_find(&bundle->roster, id);

    return at == SK_NONE ? NULL : &bundle->roster.orgs[at];
}

struct sk_rule_view sk_share_view(const struct sk_share *share)
{
    return (struct sk_rule_view){.id = share->id,
                                 .text = share->text,
                                 .place = share->place,
                                 .explicit_consent = share->explicit_consent,
                                 .where = share->where_names,
                                 .where_count = share->where_count,
                                 .gdpr = share->gdpr_word,
                                 .reference = share->reference};
}

size_t sk_share_at(const struct sk_bundle *bundle, struct sk_bytes id)
{
    size_t low = 0;
    size_t high = bundle->shares_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_ids(bundle->shares[middle].id, id);

        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return bundle->shares_count;
}

bool sk_bundle_rule(const struct sk_bundle *bundle, struct sk_bytes id,
                    struct sk_rule_view *out)
{
    size_t at = sk_share_at(bundle, id);

    if (at == bundle->shares_count)
        return false;
    *out = sk_share_view(&bundle->shares[at]);
    return true;
}
