#include "node/engine/tables.h"

#include <string.h>

#include "node/engine/state.h"
#include "policies/civil.h"

/* Of sk_series, in META. */
static const char *const series_names[SK_SERIES] = {
    "events", "feed", "inbox", "keys", "notice", "requests", "timers",
};

/* ------------------------------------------------------------- keys */

struct sk_key sk_key_start(enum sk_table table)
{
    struct sk_key key;

    key.bytes[0] = (uint8_t)table;
    key.size = 1;
    return key;
}

struct sk_key sk_key_persons(const struct sk_id *participant)
{
    struct sk_key key = sk_key_start(SK_T_PERSON);

    sk_key_id(&key, participant);
    return key;
}

struct sk_key sk_key_person(enum sk_person_table table,
                            const struct sk_id *participant)
{
    struct sk_key key = sk_key_persons(participant);

    key.bytes[key.size++] = (uint8_t)table;
    return key;
}

void sk_key_bytes(struct sk_key *key, struct sk_bytes bytes)
{
    assert(bytes.size <= sizeof(key->bytes) - key->size);

    if (bytes.size > 0)
        memcpy(key->bytes + key->size, bytes.data, bytes.size);
    key->size += bytes.size;
}

void sk_key_id(struct sk_key *key, const struct sk_id *id)
{
    sk_key_bytes(key, (struct sk_bytes){id->bytes, sizeof(id->bytes)});
}

void sk_key_org(struct sk_key *key, const struct sk_org *org)
{
    struct sk_bytes text = sk_org_text(org);

    sk_key_bytes(key, (struct sk_bytes){text.data, text.size});
    sk_key_bytes(key, (struct sk_bytes){(const uint8_t *)"", 1});
}

uint64_t sk_u64_read(const uint8_t *at)
{
    uint64_t number = 0;

    for (size_t i = 0; i < 8; i++)
        number = number << 8 | at[i];
    return number;
}

void sk_u64_write(uint8_t *at, uint64_t number)
{
    for (size_t i = 0; i < 8; i++)
        at[i] = (uint8_t)(number >> (56 - 8 * i));
}

void sk_key_u64(struct sk_key *key, uint64_t number)
{
    uint8_t bytes[8];

    sk_u64_write(bytes, number);
    sk_key_bytes(key, (struct sk_bytes){bytes, sizeof(bytes)});
}

struct sk_bytes sk_key_done(const struct sk_key *key)
{
    return (struct sk_bytes){key->bytes, key->size};
}

enum sk_status sk_drop_all(struct sk_engine *e, const struct sk_key *prefix)
{
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(prefix));
    struct sk_bytes key;
    struct sk_bytes value;
    enum sk_status status;

    while ((status = sk_scan_next(&scan, &key, &value)) == SK_OK) {
        struct sk_key at = {.size = 0};

        sk_key_bytes(&at, key);
        SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&at)));
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

/* ------------------------------------------------------------- small parts */

static struct sk_key meta_key(const char *name)
{
    struct sk_key key = sk_key_start(SK_T_META);

    sk_key_bytes(&key, sk_text(name));
    return key;
}

enum sk_status sk_meta_get(struct sk_engine *e, const char *name,
                           struct sk_bytes *out)
{
    struct sk_key key = meta_key(name);

    return sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), out);
}

enum sk_status sk_meta_put(struct sk_engine *e, const char *name,
                           struct sk_bytes value)
{
    struct sk_key key = meta_key(name);

    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), value);
}

static enum sk_status read_number(struct sk_engine *e, const char *name,
                                  uint64_t *out)
{
    struct sk_bytes value;

    SK_TRY(sk_meta_get(e, name, &value));
    if (value.size != 8)
        return SK_E_BAD_LENGTH;
    *out = sk_u64_read(value.data);
    return SK_OK;
}

/* The one of this name, or the next to make room. */
static struct sk_kept_number *kept_number(struct sk_engine *e, const char *name)
{
    for (size_t i = 0; i < SK_KEPT_NUMBERS; i++)
        if (strcmp(e->kept_numbers[i].name, name) == 0)
            return &e->kept_numbers[i];
    return &e->kept_numbers[e->kept_number_turn++ % SK_KEPT_NUMBERS];
}

enum sk_status sk_meta_get_u64(struct sk_engine *e, const char *name,
                               uint64_t *out)
{
    static const char meta[] = {SK_T_META, '\0'};
    uint64_t version = sk_store_version(e->store, meta);
    size_t size = strlen(name);
    struct sk_kept_number *kept;
    enum sk_status status;

    if (size > SK_KEPT_NAME_MAX)
        return read_number(e, name, out);
    kept = kept_number(e, name);
    if (kept->name[0] == '\0' || kept->version != version ||
        strcmp(kept->name, name) != 0) {
        kept->name[0] = '\0';
        status = read_number(e, name, &kept->number);
        if (status != SK_OK && status != SK_E_NOT_FOUND)
            return status;
        kept->found = status == SK_OK;
        kept->version = version;
        memcpy(kept->name, name, size + 1);
    }
    if (!kept->found)
        return SK_E_NOT_FOUND;
    *out = kept->number;
    return SK_OK;
}

enum sk_status sk_meta_put_u64(struct sk_engine *e, const char *name,
                               uint64_t value)
{
    uint8_t bytes[8];

    sk_u64_write(bytes, value);
    return sk_meta_put(e, name, (struct sk_bytes){bytes, sizeof(bytes)});
}

enum sk_status sk_series_count(struct sk_engine *e, enum sk_series which,
                               uint64_t *out)
{
    struct sk_count *series = &e->series[which];
    enum sk_status status = SK_OK;

    if (!series->loaded) {
        series->count = 0;
        status = sk_meta_get_u64(e, series_names[which], &series->count);
    }
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    series->loaded = true;
    *out = series->count;
    return SK_OK;
}

enum sk_status sk_series_next(struct sk_engine *e, enum sk_series which,
                              uint64_t *out)
{
    SK_TRY(sk_series_count(e, which, out));
    e->series[which].due = true;
    e->series[which].count++;
    sk_store_promise(e->store);
    return SK_OK;
}

enum sk_status sk_series_settle(struct sk_engine *e)
{
    for (size_t i = 0; i < SK_SERIES; i++) {
        struct sk_count *series = &e->series[i];

        if (!series->due)
            continue;
        SK_TRY(sk_meta_put_u64(e, series_names[i], series->count));
        series->due = false;
    }
    return SK_OK;
}

void sk_fill_random(struct sk_engine *e, void *out, size_t size)
{
    sk_random_fill(&e->random, out, size);
}

void sk_new_id(struct sk_engine *e, struct sk_id *out)
{
    uint8_t random[SK_ID_SIZE];

    sk_fill_random(e, random, sizeof(random));
    sk_id_from_random(random, out);
}

/* The first 48 bits are a number. */
static void begin_with(uint64_t number, struct sk_id *id)
{
    for (size_t i = 0; i < 6; i++)
        id->bytes[i] = (uint8_t)(number >> (40 - 8 * i));
}

void sk_new_id_in_order(struct sk_engine *e, struct sk_id *out)
{
    struct sk_id id;

    sk_new_id(e, &id);
    begin_with(e->now_ms, &id);
    id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0f) | 0x70);
    *out = id;
}

void sk_new_id_numbered(struct sk_engine *e, uint64_t number, struct sk_id *out)
{
    sk_new_id(e, out);
    begin_with(number, out);
}

int64_t sk_instant(const struct sk_engine *e)
{
    return (int64_t)(e->now_ms / 1000);
}

int32_t sk_today(const struct sk_engine *e)
{
    return sk_civil_day(sk_instant(e));
}
