#include "node/engine/consent.h"

#include "node/engine/timer.h"

#include <string.h>

#define BODY_SIZE_MAX ((size_t)32 * 1024)
#define BODY_COUNT 21
#define ADULT_MONTHS (18 * 12)

static const char schema[] = "consent-event/1";
static const char context_hash[] = "schakel/consent/hash/1";
static const char context_sign[] = "schakel/consent/sign/1";

/* ------------------------------------------------------------- the body */

static void pack_words(struct sk_pack *p, const struct sk_bytes *list,
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

static void pack_hash(struct sk_pack *p, const struct sk_hash *hash)
{
    sk_pack_bin(p, (struct sk_bytes){hash->bytes, sizeof(hash->bytes)});
}

/* The terms of CONSENT 1.1, in its order. */
static void pack_body(struct sk_pack *p, const struct sk_engine *e,
                      const struct sk_consent_record *r)
{
    const struct sk_fact_consent *fact = &r->fact;

    sk_pack_array(p, BODY_COUNT);
    sk_pack_cstr(p, schema);
    sk_pack_id(p, &r->consent.id);
    sk_pack_id(p, &r->participant.id);
    sk_pack_str(p, sk_org_text(&e->org));
    sk_pack_str(p, fact->state);
    sk_pack_bool(p, fact->explicit_consent);
    sk_pack_uint(p, (uint64_t)fact->at);
    if (fact->until == INT64_MIN)
        sk_pack_nil(p);
    else
        sk_pack_uint(p, (uint64_t)fact->until);
    pack_words(p, fact->purposes, fact->purposes_count);
    pack_words(p, fact->recipients, fact->recipients_count);
    pack_words(p, fact->categories, fact->categories_count);
    sk_pack_str(p, fact->given_by);
    sk_pack_str(p, r->form);
    sk_pack_str(p, r->language);
    sk_pack_bool(p, r->interpreter);
    if (r->has_notice)
        pack_hash(p, &r->notice);
    else
        sk_pack_nil(p);
    sk_pack_str(p, r->notice_id);
    sk_pack_str(p, r->told_by);
    sk_pack_str(p, r->vocabulary);
    sk_pack_uint(p, r->recorded_ms);
    pack_hash(p, &r->previous);
}

static const struct sk_bytes *unpack_words(struct sk_engine *e,
                                           struct sk_unpack *u, size_t *count)
{
    struct sk_bytes *list;
    size_t n;

    *count = 0;
    if (sk_unpack_is_nil(u))
        return NULL;
    n = sk_unpack_array_upto(u, 0, SK_VALUE_COUNT_MAX);
    list = sk_arena_get_array(&e->scratch, n + 1, sizeof(*list));
    if (list == NULL)
        return NULL;
    for (size_t i = 0; i < n; i++)
        list[i] = sk_unpack_str(u, 0, BODY_SIZE_MAX);
    *count = n;
    return list;
}

static enum sk_status unpack_body(struct sk_engine *e, struct sk_bytes body,
                                  struct sk_consent_record *r)
{
    struct sk_unpack u = sk_unpack_start(body);
    struct sk_fact_consent *fact = &r->fact;
    struct sk_org controller;
    char id[SK_ID_TEXT_SIZE + 1];

    sk_unpack_array(&u, BODY_COUNT);
    sk_unpack_key(&u, schema);
    sk_unpack_id(&u, &r->consent.id);
    sk_unpack_id(&u, &r->participant.id);
    sk_unpack_org(&u, &controller);
    fact->state = sk_unpack_str(&u, 1, 16);
    fact->explicit_consent = sk_unpack_bool(&u);
    fact->at = (int64_t)sk_unpack_uint(&u, 0, INT64_MAX);
    fact->until = INT64_MIN;
    if (!sk_unpack_is_nil(&u))
        fact->until = (int64_t)sk_unpack_uint(&u, 0, INT64_MAX);
    fact->purposes = unpack_words(e, &u, &fact->purposes_count);
    fact->recipients = unpack_words(e, &u, &fact->recipients_count);
    fact->categories = unpack_words(e, &u, &fact->categories_count);
    fact->given_by = sk_unpack_str(&u, 0, 64);
    r->form = sk_unpack_str(&u, 0, 64);
    r->language = sk_unpack_str(&u, 0, 64);
    r->interpreter = sk_unpack_bool(&u);
    r->has_notice = !sk_unpack_is_nil(&u);
    if (r->has_notice)
        sk_unpack_bin(&u, r->notice.bytes, sizeof(r->notice.bytes));
    r->notice_id = sk_unpack_str(&u, 0, 128);
    r->told_by = sk_unpack_str(&u, 0, 64);
    r->vocabulary = sk_unpack_str(&u, 0, 128);
    r->recorded_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    sk_unpack_bin(&u, r->previous.bytes, sizeof(r->previous.bytes));
    SK_TRY(sk_unpack_finish(&u));
    sk_id_format(&r->consent.id, id);
    fact->id = sk_arena_copy(&e->scratch, sk_text(id));
    return e->scratch.full ? SK_E_MEMORY : SK_OK;
}

static enum sk_status unpack_record(struct sk_engine *e, struct sk_bytes plain,
                                    struct sk_consent_record *r)
{
    struct sk_unpack u = sk_unpack_start(plain);
    struct sk_bytes body;

    sk_unpack_array(&u, 2);
    body = sk_unpack_bin_upto(&u, 1, BODY_SIZE_MAX);
    sk_unpack_bin(&u, r->signature.bytes, sizeof(r->signature.bytes));
    SK_TRY(sk_unpack_finish(&u));
    sk_hash(context_hash, body, &r->hash);
    return unpack_body(e, body, r);
}

/* ------------------------------------------------------------- the chain */

static struct sk_key record_key(const struct sk_participant_id *participant,
                                uint64_t number)
{
    struct sk_key key = sk_key_start(SK_T_CONSENT);

    sk_key_id(&key, &participant->id);
    sk_key_u64(&key, number);
    return key;
}

static uint64_t number_of(struct sk_bytes key)
{
    uint64_t number = 0;

    assert(key.size == 1 + SK_ID_SIZE + 8);

    for (size_t i = 0; i < 8; i++)
        number = number << 8 | key.data[1 + SK_ID_SIZE + i];
    return number;
}

struct chain {
    struct sk_hash last; /* zero before the first */
    uint64_t number;
    bool whole;
};

static void chain_step(struct chain *chain, struct sk_consent_record *r)
{
    if (r->number != chain->number + 1 ||
        memcmp(&r->previous, &chain->last, sizeof(chain->last)) != 0)
        chain->whole = false;
    r->in_chain = chain->whole;
    chain->number = r->number;
    chain->last = r->hash;
}

enum sk_status sk_consent_each(
    struct sk_engine *e, const struct sk_participant_id *id,
    enum sk_status (*fn)(void *context, const struct sk_consent_record *),
    void *context)
{
    struct sk_key prefix = sk_key_start(SK_T_CONSENT);
    struct chain chain = {.whole = true};
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes sealed;
    enum sk_status status;

    sk_key_id(&prefix, &id->id);
    scan = sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    for (;;) {
        struct sk_consent_record record = {0};
        struct sk_bytes plain;

        status = sk_scan_next(&scan, &key, &sealed);
        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        record.number = number_of(key);
        SK_TRY(sk_vault_open(e, &id->id, key, sealed, &plain));
        SK_TRY(unpack_record(e, plain, &record));
        chain_step(&chain, &record);
        SK_TRY(fn(context, &record));
    }
}

struct collection {
    struct sk_engine *e;
    struct sk_consent_record *list;
    size_t count;
    size_t count_max;
};

static enum sk_status collect(void *context, const struct sk_consent_record *r)
{
    struct collection *c = context;

    if (c->count == c->count_max) {
        size_t more = c->count_max == 0 ? 16 : c->count_max * 2;
        struct sk_consent_record *list =
            sk_arena_get_array(&c->e->scratch, more, sizeof(*list));

        if (list == NULL)
            return SK_E_MEMORY;
        if (c->count > 0)
            memcpy(list, c->list, c->count * sizeof(*list));
        c->list = list;
        c->count_max = more;
    }
    c->list[c->count++] = *r;
    return SK_OK;
}

enum sk_status sk_consent_all(struct sk_engine *e,
                              const struct sk_participant_id *id,
                              struct sk_consent_record **out, size_t *count)
{
    struct collection c = {.e = e};

    SK_TRY(sk_consent_each(e, id, collect, &c));
    *out = c.list;
    *count = c.count;
    return SK_OK;
}

static enum sk_status put_index(struct sk_engine *e,
                                const struct sk_consent_record *r)
{
    struct sk_key key = sk_key_start(SK_T_CONSENT_OF);
    struct sk_pack p = sk_scratch_pack(e, 64);
    struct sk_bytes value;

    sk_key_id(&key, &r->consent.id);
    sk_pack_array(&p, 2);
    sk_pack_id(&p, &r->participant.id);
    sk_pack_uint(&p, r->number);
    if (sk_pack_finish(&p, &value) != SK_OK)
        return SK_E_MEMORY;
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), value);
}

enum sk_status sk_consent_append(struct sk_engine *e,
                                 struct sk_consent_record *record)
{
    struct sk_consent_record *all;
    struct sk_pack body = sk_scratch_pack(e, BODY_SIZE_MAX);
    struct sk_pack whole = sk_scratch_pack(e, BODY_SIZE_MAX + 128);
    struct sk_bytes bytes;
    struct sk_key key;
    size_t count;

    SK_TRY(sk_consent_all(e, &record->participant, &all, &count));
    record->number = count == 0 ? 1 : all[count - 1].number + 1;
    if (count > 0)
        record->previous = all[count - 1].hash;
    sk_new_id(e, &record->consent.id);
    record->recorded_ms = e->now_ms;
    record->vocabulary = sk_bundle_vocabulary(e->bundle)->name;
    pack_body(&body, e, record);
    if (sk_pack_finish(&body, &bytes) != SK_OK)
        return SK_E_MEMORY;
    sk_hash(context_hash, bytes, &record->hash);
    sk_sign(&e->secrets.signing, context_sign, bytes, &record->signature);
    sk_pack_array(&whole, 2);
    sk_pack_bin(&whole, bytes);
    sk_pack_bin(&whole, (struct sk_bytes){record->signature.bytes,
                                          sizeof(record->signature.bytes)});
    if (sk_pack_finish(&whole, &bytes) != SK_OK)
        return SK_E_MEMORY;
    key = record_key(&record->participant, record->number);
    SK_TRY(sk_vault_put(e, &record->participant.id, sk_key_done(&key), bytes));
    SK_TRY(put_index(e, record));
    return sk_timers_consent(e, record);
}

enum sk_status sk_consent_get(struct sk_engine *e,
                              const struct sk_consent_id *id,
                              struct sk_consent_record *out)
{
    struct sk_key key = sk_key_start(SK_T_CONSENT_OF);
    struct sk_participant_id participant;
    struct sk_consent_record *all;
    struct sk_bytes value;
    struct sk_unpack u;
    size_t count;

    sk_key_id(&key, &id->id);
    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value));
    u = sk_unpack_start(value);
    sk_unpack_array(&u, 2);
    sk_unpack_id(&u, &participant.id);
    (void)sk_unpack_uint(&u, 1, UINT64_MAX);
    SK_TRY(sk_unpack_finish(&u));
    SK_TRY(sk_consent_all(e, &participant, &all, &count));
    for (size_t i = 0; i < count; i++) {
        if (sk_id_equal(&all[i].consent.id, &id->id)) {
            *out = all[i];
            return SK_OK;
        }
    }
    return SK_E_NOT_FOUND;
}

bool sk_consent_is_signed(struct sk_engine *e,
                          const struct sk_consent_record *record,
                          const struct sk_sign_public *public)
{
    struct sk_pack body = sk_scratch_pack(e, BODY_SIZE_MAX);
    struct sk_bytes bytes;

    pack_body(&body, e, record);
    if (sk_pack_finish(&body, &bytes) != SK_OK)
        return false;
    return sk_verify(public, context_sign, bytes, &record->signature);
}

/* ------------------------------------------------------------- meaning */

bool sk_word_is_under(struct sk_bytes word, struct sk_bytes branch)
{
    if (sk_bytes_equal(branch, sk_text("*")) || sk_bytes_equal(word, branch))
        return true;
    return word.size > branch.size && word.data[branch.size] == '.' &&
           memcmp(word.data, branch.data, branch.size) == 0;
}

int32_t sk_adult_day(struct sk_bytes birth)
{
    static const char last[] = "-12-31";
    char text[11] = {0};
    int32_t day;

    if (birth.size != 4 && birth.size != 7 && birth.size != 10)
        return INT32_MIN;
    memcpy(text, birth.data, birth.size);
    /* 8.3: of a partial birth date the last possible day counts. */
    if (birth.size == 4)
        memcpy(text + 4, last, sizeof(last) - 1);
    if (birth.size == 7) {
        static const char *const ends[] = {"-31", "-30", "-29", "-28"};

        for (size_t i = 0; i < SK_COUNT(ends); i++) {
            memcpy(text + 7, ends[i], 3);
            if (sk_day_parse((struct sk_bytes){(uint8_t *)text, 10}, &day))
                break;
        }
    }
    if (!sk_day_parse((struct sk_bytes){(uint8_t *)text, 10}, &day))
        return INT32_MIN;
    return sk_day_add(day, (struct sk_duration){ADULT_MONTHS, SK_MONTHS});
}

int64_t sk_consent_end(const struct sk_engine *e,
                       const struct sk_consent_record *record,
                       struct sk_bytes purpose, struct sk_bytes birth)
{
    const struct sk_vocabulary *v = sk_bundle_vocabulary(e->bundle);
    uint16_t at = sk_vocabulary_purpose(v, purpose);
    const struct sk_fact_consent *fact = &record->fact;
    int64_t longest;
    int64_t end = fact->until;

    if (at == SK_NONE || !v->purposes[at].leaf)
        return INT64_MIN;
    longest = fact->at + (int64_t)v->purposes[at].consent_days * 86400;
    if (longest < end)
        end = longest;
    if (sk_bytes_equal(fact->given_by, sk_text("parent"))) {
        int32_t adult = sk_adult_day(birth);

        if (adult != INT32_MIN && sk_civil_start(adult) < end)
            end = sk_civil_start(adult);
    }
    return end;
}
