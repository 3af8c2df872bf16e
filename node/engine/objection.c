#include "node/engine/internal.h"

#include <string.h>

#define OBJECTION_SIZE_MAX 8192
#define WORDS_MAX 64

/* Record: array [at in s, state, purposes: nil or array, recipients: nil or
   array].  Lists sorted, so that the same objection is found again. */

struct objection {
    struct sk_fact_objection of;
    uint64_t number;
};

static struct sk_key participant_prefix(const struct sk_participant_id *id)
{
    struct sk_key key = sk_key_start(SK_T_OBJECTION);

    sk_key_id(&key, &id->id);
    return key;
}

static void pack_list(struct sk_pack *p, const struct sk_bytes *list,
                      size_t count)
{
    if (list == NULL) {
        sk_pack_nil(p);
        return;
    }
    sk_pack_array(p, count);
    for (size_t i = 0; i < count; i++)
        sk_pack_str(p, list[i]);
}

static enum sk_status objection_put(struct sk_engine *e,
                                    const struct sk_participant_id *id,
                                    const struct objection *objection)
{
    struct sk_key key = participant_prefix(id);
    struct sk_pack p = sk_scratch_pack(e, OBJECTION_SIZE_MAX);
    struct sk_bytes plain;

    sk_key_u64(&key, objection->number);
    sk_pack_array(&p, 4);
    sk_pack_uint(&p, (uint64_t)objection->of.at);
    sk_pack_str(&p, objection->of.state);
    pack_list(&p, objection->of.purposes, objection->of.purposes_count);
    pack_list(&p, objection->of.recipients, objection->of.recipients_count);
    SK_TRY(sk_pack_finish(&p, &plain));
    return sk_vault_put(e, &id->id, sk_key_done(&key), plain);
}

static const struct sk_bytes *unpack_list(struct sk_engine *e,
                                          struct sk_unpack *u, size_t *count)
{
    struct sk_bytes *list;

    *count = 0;
    if (sk_unpack_is_nil(u))
        return NULL;
    *count = sk_unpack_array_upto(u, 0, WORDS_MAX);
    list = sk_arena_get_array(&e->scratch, *count + 1, sizeof(*list));
    if (list == NULL) {
        u->status = SK_E_MEMORY;
        return NULL;
    }
    for (size_t i = 0; i < *count; i++)
        list[i] = sk_unpack_str(u, 1, OBJECTION_SIZE_MAX);
    return list;
}

static enum sk_status objection_read(struct sk_engine *e, struct sk_bytes plain,
                                     struct sk_fact_objection *out)
{
    struct sk_unpack u = sk_unpack_start(plain);

    sk_unpack_array(&u, 4);
    out->at = (int64_t)sk_unpack_uint(&u, 0, INT64_MAX);
    out->state = sk_unpack_str(&u, 1, OBJECTION_SIZE_MAX);
    out->purposes = unpack_list(e, &u, &out->purposes_count);
    out->recipients = unpack_list(e, &u, &out->recipients_count);
    return sk_unpack_finish(&u);
}

static enum sk_status
each(struct sk_engine *e, const struct sk_participant_id *id,
     enum sk_status (*fn)(void *context, const struct objection *),
     void *context)
{
    struct sk_key prefix = participant_prefix(id);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct sk_bytes key;
    struct sk_bytes sealed;
    enum sk_status status;

    while ((status = sk_scan_next(&scan, &key, &sealed)) == SK_OK) {
        struct objection objection = {0};
        struct sk_bytes plain;

        if (key.size != prefix.size + 8)
            return SK_E_BAD_LENGTH;
        for (size_t i = prefix.size; i < key.size; i++)
            objection.number = objection.number << 8 | key.data[i];
        SK_TRY(sk_vault_open(e, &id->id, key, sealed, &plain));
        SK_TRY(objection_read(e, plain, &objection.of));
        SK_TRY(fn(context, &objection));
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

struct outer {
    enum sk_status (*fn)(void *context, const struct sk_fact_objection *);
    void *context;
};

static enum sk_status call_outer(void *context,
                                 const struct objection *objection)
{
    struct outer *outer = context;

    return outer->fn(outer->context, &objection->of);
}

enum sk_status sk_objection_each(
    struct sk_engine *e, const struct sk_participant_id *id,
    enum sk_status (*fn)(void *context, const struct sk_fact_objection *),
    void *context)
{
    struct outer outer = {fn, context};

    return each(e, id, call_outer, &outer);
}

/* ------------------------------------------------------------- pack */

struct packing {
    struct sk_pack *p;
    size_t count;
};

static enum sk_status pack_one(void *context, const struct objection *objection)
{
    const struct sk_fact_objection *of = &objection->of;
    struct packing *packing = context;
    struct sk_pack *p = packing->p;
    bool purposes = of->purposes != NULL;
    bool recipients = of->recipients != NULL;

    packing->count++;
    sk_pack_map(p, 2u + (purposes ? 1 : 0) + (recipients ? 1 : 0));
    sk_reply_instant(p, "at", (uint64_t)of->at * 1000);
    if (purposes) {
        sk_pack_cstr(p, "purposes");
        pack_list(p, of->purposes, of->purposes_count);
    }
    if (recipients) {
        sk_pack_cstr(p, "recipients");
        pack_list(p, of->recipients, of->recipients_count);
    }
    sk_reply_text(p, "state", of->state);
    return SK_OK;
}

enum sk_status sk_objections_pack(struct sk_engine *e,
                                  const struct sk_participant_id *id,
                                  struct sk_pack *p)
{
    struct packing packing = {p, 0};
    size_t at = sk_reply_open(p);

    SK_TRY(each(e, id, pack_one, &packing));
    sk_reply_close_array(p, at, packing.count);
    return SK_OK;
}

/* ------------------------------------------------------------- record */

static void sort_words(struct sk_bytes *list, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct sk_bytes word = list[i];
        size_t at = i;

        while (at > 0 && sk_bytes_compare(list[at - 1], word) > 0) {
            list[at] = list[at - 1];
            at--;
        }
        list[at] = word;
    }
}

/* I5: a word that nobody knows would object to nothing. */
static bool is_known(const struct sk_engine *e, const char *name,
                     struct sk_bytes word)
{
    if (sk_bytes_equal(word, sk_text("*")))
        return true;
    if (strcmp(name, "recipients") == 0)
        return sk_federation_org(e, word) != NULL;
    return sk_vocabulary_purpose(sk_bundle_vocabulary(e->bundle), word) !=
           SK_NONE;
}

static enum sk_status read_words(struct sk_engine *e, struct sk_value args,
                                 const char *name, const struct sk_bytes **out,
                                 size_t *count)
{
    const struct sk_bytes *given;
    struct sk_bytes *list;

    SK_TRY(sk_arg_words(e, args, name, &given, count));
    *out = NULL;
    if (given == NULL)
        return SK_OK;
    if (*count > WORDS_MAX)
        return sk_refuse(e, "bad-argument", name, (struct sk_bytes){0});
    list = sk_arena_get_array(&e->scratch, *count, sizeof(*list));
    if (list == NULL)
        return SK_E_MEMORY;
    memcpy(list, given, *count * sizeof(*list));
    for (size_t i = 0; i < *count; i++) {
        if (!is_known(e, name, list[i]))
            return sk_refuse(e, "bad-argument", name, list[i]);
    }
    sort_words(list, *count);
    *out = list;
    return SK_OK;
}

static bool same_words(const struct sk_bytes *a, size_t a_count,
                       const struct sk_bytes *b, size_t b_count)
{
    if (a_count != b_count)
        return false;
    if (a == NULL || b == NULL)
        return a == b;
    for (size_t i = 0; i < a_count; i++) {
        if (!sk_bytes_equal(a[i], b[i]))
            return false;
    }
    return true;
}

struct place {
    const struct sk_fact_objection *wanted;
    uint64_t number; /* where it goes */
    bool found;
    int64_t at; /* since when, when it was found */
};

static enum sk_status look(void *context, const struct objection *objection)
{
    struct place *place = context;
    const struct sk_fact_objection *a = &objection->of;
    const struct sk_fact_objection *b = place->wanted;

    if (place->found)
        return SK_OK;
    if (same_words(a->purposes, a->purposes_count, b->purposes,
                   b->purposes_count) &&
        same_words(a->recipients, a->recipients_count, b->recipients,
                   b->recipients_count)) {
        place->found = true;
        place->number = objection->number;
        place->at = a->at;
    } else {
        place->number = objection->number + 1;
    }
    return SK_OK;
}

static bool is_state(struct sk_bytes state)
{
    return sk_bytes_equal(state, sk_text("open")) ||
           sk_bytes_equal(state, sk_text("upheld")) ||
           sk_bytes_equal(state, sk_text("rejected"));
}

enum sk_status sk_op_objection_record(struct sk_engine *e, struct sk_value args)
{
    struct objection objection = {0};
    struct place place = {.wanted = &objection.of};
    struct sk_participant_id id;

    if (e->bundle == NULL)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    SK_TRY(sk_arg_participant(e, args, &id));
    objection.of.state = sk_arg_text(args, "state");
    if (!is_state(objection.of.state))
        return sk_refuse(e, "bad-argument", "state", (struct sk_bytes){0});
    SK_TRY(read_words(e, args, "purposes", &objection.of.purposes,
                      &objection.of.purposes_count));
    SK_TRY(read_words(e, args, "recipients", &objection.of.recipients,
                      &objection.of.recipients_count));
    SK_TRY(each(e, &id, look, &place));
    objection.number = place.number;
    objection.of.at = place.found ? place.at : sk_instant(e);

    SK_TRY(objection_put(e, &id, &objection));
    sk_pack_map(&e->reply, 1);
    sk_reply_bool(&e->reply, "ok", true);
    return SK_OK;
}
