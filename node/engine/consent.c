#include "node/engine/consent.h"

#include <string.h>

#include "node/engine/feed.h"
#include "node/engine/journal.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/timer.h"
#include "node/engine/vault.h"
#include "node/engine/withdraw.h"
#include "policies/civil.h"
#include "protocol/unpack.h"

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
    struct sk_key key = sk_key_person(SK_T_CONSENT, &participant->id);

    sk_key_u64(&key, number);
    return key;
}

static uint64_t number_of(struct sk_bytes key)
{
    assert(key.size == SK_KEY_PERSON_SIZE + 8);
    return sk_u64_read(key.data + SK_KEY_PERSON_SIZE);
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

typedef enum sk_status each(void *context, const struct sk_consent_record *);

/* keep: what is read stays in scratch.  Else it is given back and wiped after
   each record, so that memory does not grow with the chain. */
static enum sk_status walk(struct sk_engine *e,
                           const struct sk_participant_id *id, bool keep,
                           each *fn, void *context)
{
    struct sk_key prefix = sk_key_person(SK_T_CONSENT, &id->id);
    struct chain chain = {.whole = true};
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes sealed;
    enum sk_status status;

    scan = sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    for (;;) {
        size_t mark = sk_arena_mark(&e->scratch);
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
        if (keep)
            continue;
        sk_wipe(e->scratch.data + mark, e->scratch.size - mark);
        sk_arena_reset(&e->scratch, mark);
    }
}

enum sk_status sk_consent_each(struct sk_engine *e,
                               const struct sk_participant_id *id, each *fn,
                               void *context)
{
    return walk(e, id, /* keep */ false, fn, context);
}

struct collection {
    struct sk_consent_record *list;
    size_t count;
    size_t count_max;
};

static enum sk_status collect(void *context, const struct sk_consent_record *r)
{
    struct collection *c = context;

    assert(c->count < c->count_max);

    c->list[c->count++] = *r;
    return SK_OK;
}

static enum sk_status count_records(struct sk_engine *e,
                                    const struct sk_participant_id *id,
                                    size_t *out)
{
    struct sk_key prefix = sk_key_person(SK_T_CONSENT, &id->id);
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;
    enum sk_status status;
    size_t count = 0;

    scan = sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    while ((status = sk_scan_next(&scan, &key, &value)) == SK_OK)
        count++;
    *out = count;
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

enum sk_status sk_consent_all(struct sk_engine *e,
                              const struct sk_participant_id *id,
                              struct sk_consent_record **out, size_t *count)
{
    struct collection c = {0};

    SK_TRY(count_records(e, id, &c.count_max));
    c.list = sk_arena_get_array(&e->scratch, c.count_max + 1, sizeof(*c.list));
    if (c.list == NULL)
        return SK_E_MEMORY;
    SK_TRY(walk(e, id, /* keep */ true, collect, &c));
    *out = c.list;
    *count = c.count;
    return SK_OK;
}

/* ------------------------------------------------------------- the head
 * SK_T_CONSENT_LAST: the number of the last record, so that putting one behind
 * it costs the same however long the chain is.  Without it, or when it does
 * not fit what is there, the chain is walked. */

static struct sk_key head_key(const struct sk_participant_id *id)
{
    return sk_key_person(SK_T_CONSENT_LAST, &id->id);
}

static enum sk_status put_head(struct sk_engine *e,
                               const struct sk_consent_record *record)
{
    struct sk_key key = head_key(&record->participant);
    uint8_t value[8];

    sk_u64_write(value, record->number);
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                        (struct sk_bytes){value, sizeof(value)});
}

/* The number that is written down; SK_E_NOT_FOUND also when a record stands
   behind it. */
static enum sk_status kept_number(struct sk_engine *e,
                                  const struct sk_participant_id *id,
                                  uint64_t *out)
{
    struct sk_key prefix = sk_key_person(SK_T_CONSENT, &id->id);
    struct sk_key key = head_key(id);
    struct sk_scan scan;
    struct sk_bytes at;
    struct sk_bytes value;
    enum sk_status status;
    uint64_t number;

    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value));
    if (value.size != 8)
        return SK_E_NOT_FOUND;
    number = sk_u64_read(value.data);
    key = record_key(id, number);
    scan = sk_scan_after(e->store, SK_SPACE_DATA, sk_key_done(&prefix),
                         sk_key_done(&key));
    status = sk_scan_next(&scan, &at, &value);
    if (status != SK_E_NOT_FOUND)
        return status == SK_OK ? SK_E_NOT_FOUND : status;
    *out = number;
    return SK_OK;
}

static enum sk_status take_last(void *context,
                                const struct sk_consent_record *r)
{
    struct chain *last = context;

    last->number = r->number;
    last->last = r->hash;
    return SK_OK;
}

static enum sk_status read_number(struct sk_engine *e,
                                  const struct sk_participant_id *id,
                                  uint64_t number,
                                  struct sk_consent_record *out)
{
    struct sk_key key = record_key(id, number);
    struct sk_bytes plain;

    *out = (struct sk_consent_record){.number = number};
    SK_TRY(sk_vault_get(e, &id->id, sk_key_done(&key), &plain));
    return unpack_record(e, plain, out);
}

/* Number and hash of the last record; zero: there is none. */
static enum sk_status find_head(struct sk_engine *e,
                                const struct sk_participant_id *id,
                                struct chain *out)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_consent_record record;
    enum sk_status status;
    uint64_t number;

    *out = (struct chain){0};
    status = kept_number(e, id, &number);
    if (status == SK_OK)
        status = read_number(e, id, number, &record);
    if (status == SK_E_NOT_FOUND)
        return walk(e, id, /* keep */ false, take_last, out);
    SK_TRY(status);
    (void)take_last(out, &record);
    sk_arena_reset(&e->scratch, mark);
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

static enum sk_status journal(struct sk_engine *e,
                              const struct sk_consent_record *record)
{
    struct sk_entry entry = sk_entry_start(e, SK_ENTRY_CONSENT, NULL);

    entry.org = record->told_by;
    sk_entry_id(&entry, &record->consent.id);
    sk_entry_hash(&entry, &record->hash);
    entry.word = record->fact.state;
    return sk_journal_add(e, &entry);
}

enum sk_status sk_consent_append(struct sk_engine *e,
                                 struct sk_consent_record *record)
{
    struct sk_pack body;
    struct sk_pack whole;
    struct chain head;
    struct sk_bytes bytes;
    struct sk_key key;

    /* What an earlier withdrawal takes back is judged without this one. */
    SK_TRY(sk_recall_settle(e, &record->participant));
    SK_TRY(find_head(e, &record->participant, &head));
    record->number = head.number + 1;
    record->previous = head.last;
    sk_new_id(e, &record->consent.id);
    record->recorded_ms = e->now_ms;
    record->vocabulary = sk_bundle_vocabulary(e->bundle)->name;
    body = sk_scratch_pack(e, BODY_SIZE_MAX);
    pack_body(&body, e, record);
    if (sk_scratch_packed(e, &body, &bytes) != SK_OK)
        return SK_E_MEMORY;
    sk_hash(context_hash, bytes, &record->hash);
    sk_sign(&e->secrets.signing, context_sign, bytes, &record->signature);
    whole = sk_scratch_pack(e, bytes.size + 128);
    sk_pack_array(&whole, 2);
    sk_pack_bin(&whole, bytes);
    sk_pack_bin(&whole, (struct sk_bytes){record->signature.bytes,
                                          sizeof(record->signature.bytes)});
    if (sk_pack_finish(&whole, &bytes) != SK_OK)
        return SK_E_MEMORY;
    key = record_key(&record->participant, record->number);
    SK_TRY(sk_vault_put(e, &record->participant.id, sk_key_done(&key), bytes));
    SK_TRY(put_head(e, record));
    SK_TRY(put_index(e, record));
    if (sk_bytes_equal(record->fact.state, sk_text("withdrawn")))
        SK_TRY(
            sk_feed_put(e, SK_FEED_WITHDRAWN, &record->consent.id, NULL, NULL));
    SK_TRY(journal(e, record));
    return sk_timers_consent(e, record);
}

struct looking {
    uint64_t number;
    bool in_chain;
};

static enum sk_status look_for(void *context, const struct sk_consent_record *r)
{
    struct looking *looking = context;

    if (r->number == looking->number)
        looking->in_chain = r->in_chain;
    return SK_OK;
}

enum sk_status sk_consent_get(struct sk_engine *e,
                              const struct sk_consent_id *id,
                              struct sk_consent_record *out)
{
    struct sk_key key = sk_key_start(SK_T_CONSENT_OF);
    struct sk_participant_id participant;
    struct sk_consent_record record;
    struct looking looking = {0};
    struct sk_bytes value;
    struct sk_unpack u;

    sk_key_id(&key, &id->id);
    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value));
    u = sk_unpack_start(value);
    sk_unpack_array(&u, 2);
    sk_unpack_id(&u, &participant.id);
    looking.number = sk_unpack_uint(&u, 1, UINT64_MAX);
    SK_TRY(sk_unpack_finish(&u));
    SK_TRY(walk(e, &participant, /* keep */ false, look_for, &looking));
    SK_TRY(read_number(e, &participant, looking.number, &record));
    record.in_chain = looking.in_chain;
    *out = record;
    return SK_OK;
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
