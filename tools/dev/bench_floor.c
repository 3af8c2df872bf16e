#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <sodium.h>

#include "node/store.h"
#include "protocol/envelope.h"
#include "protocol/merkle.h"
#include "tools/dev/bench_floor.h"

/* As in section 2 of the page: events of 512 bytes, many under way. */
#define EVENTS 8960u
#define BATCH 448u     /* events in a commit */
#define ENVELOPE 128u  /* in an envelope */
#define PERSONS 500u   /* whom they are about, in turn */
#define ITEM_SIZE 620u /* in its envelope */
#define ENTRY_SIZE 52u /* of the journal */
#define RUN_SIZE 1900u /* entries in one record */
#define RECEIPT_SIZE 700u
#define RECORD_SIZE_MAX 2000u

static uint8_t plain[RECORD_SIZE_MAX];
static uint8_t sealed[RECORD_SIZE_MAX];
static uint8_t opened[RECORD_SIZE_MAX];
static uint8_t frame[ENVELOPE * ITEM_SIZE * 2];
static uint8_t message[ENVELOPE * ITEM_SIZE * 2];
static struct sk_box_key key;

static double processor_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ------------------------------------------------------------- records */

/* One nonce for all: where it comes from is not counted. */
static bool seal(size_t size, struct sk_bytes *out)
{
    static const uint8_t nonce[24];

    return sk_box_seal(&key, nonce, sk_text("place"),
                       (struct sk_bytes){plain, size},
                       (struct sk_room){sealed, sizeof(sealed)}, out) == SK_OK;
}

static bool measure_seal(size_t size, double *out)
{
    struct sk_bytes bytes;
    double start = processor_s();

    for (size_t i = 0; i < EVENTS; i++)
        if (!seal(size, &bytes))
            return false;
    *out += (processor_s() - start) / EVENTS;
    return true;
}

static bool measure_open(size_t size, double *out)
{
    struct sk_room room = {opened, sizeof(opened)};
    struct sk_bytes bytes;
    struct sk_bytes got;
    double start;

    if (!seal(size, &bytes))
        return false;
    start = processor_s();
    for (size_t i = 0; i < EVENTS; i++)
        if (sk_box_open(&key, sk_text("place"), bytes, room, &got) != SK_OK)
            return false;
    *out += (processor_s() - start) / EVENTS;
    return true;
}

/* ------------------------------------------------------------- hashes */

/* A leaf and the node above it, of the items and of the journal. */
static double hash_s(void)
{
    struct sk_hash hash;
    double start = processor_s();

    for (size_t i = 0; i < EVENTS; i++) {
        sk_merkle_leaf((struct sk_bytes){plain, ITEM_SIZE}, &hash);
        sk_merkle_node(&hash, &hash, &hash);
        sk_merkle_leaf((struct sk_bytes){plain, ENTRY_SIZE}, &hash);
        sk_merkle_node(&hash, &hash, &hash);
    }
    return (processor_s() - start) / EVENTS;
}

/* ------------------------------------------------------------- envelopes */

struct end {
    struct sk_card card;
    struct sk_sign_secret sign;
    struct sk_seal_secret seal;
};

static struct end ends[2];
static struct sk_signature signature; /* the last that was made */

static void make_end(struct end *end, int number)
{
    struct sk_seed seed;

    memset(seed.secret_bytes, number, sizeof(seed.secret_bytes));
    snprintf(end->card.org.text, sizeof(end->card.org.text), "org-%d", number);
    sk_sign_keypair(&seed, &end->card.signing, &end->sign);
    sk_seal_keypair(&seed, &end->card.sealing[0].key, &end->seal);
    sk_seal_id_of(&end->card.sealing[0].key, &end->card.sealing[0].id);
    end->card.sealing_count = 1;
}

/* What `signatures` sign, sealed: the items one, the receipt two, with the head
   of the journal. */
static bool send(const struct end *from, const struct end *to, size_t size,
                 size_t signatures, struct sk_bytes *out)
{
    struct sk_seed seed;

    for (size_t i = 0; i < signatures; i++)
        sk_sign(&from->sign, "bench", (struct sk_bytes){plain, 200},
                &signature);
    randombytes_buf(seed.secret_bytes, sizeof(seed.secret_bytes));
    return sk_envelope_seal(
               &from->card, &to->card, &seed, (struct sk_bytes){message, size},
               (struct sk_room){frame, sizeof(frame)}, out) == SK_OK;
}

static bool take(const struct end *from, const struct end *to,
                 struct sk_bytes in, size_t signatures)
{
    struct sk_bytes got;
    bool good = true;

    for (size_t i = 0; i < signatures; i++)
        good = good && sk_verify(&from->card.signing, "bench",
                                 (struct sk_bytes){plain, 200}, &signature);
    return good && sk_envelope_open(in, &from->card, &to->card, &to->seal,
                                    (struct sk_room){message, sizeof(message)},
                                    &got) == SK_OK;
}

/* One envelope of items there and its receipt back. */
static bool measure_envelopes(double *sender, double *receiver)
{
    double at[5];

    for (size_t i = 0; i < EVENTS; i += ENVELOPE) {
        struct sk_bytes items;
        struct sk_bytes receipt;
        bool good;

        at[0] = processor_s();
        good = send(&ends[0], &ends[1], ENVELOPE * ITEM_SIZE, 1, &items);
        at[1] = processor_s();
        good = good && take(&ends[0], &ends[1], items, 1);
        at[2] = processor_s();
        good = good && send(&ends[1], &ends[0], RECEIPT_SIZE, 2, &receipt);
        at[3] = processor_s();
        good = good && take(&ends[1], &ends[0], receipt, 2);
        at[4] = processor_s();
        if (!good)
            return false;
        *sender += (at[1] - at[0] + at[4] - at[3]) / EVENTS;
        *receiver += (at[3] - at[1]) / EVENTS;
    }
    return true;
}

/* ------------------------------------------------------------- the store */

/* A record of one event: where its key lies, and sizes of key and value. */
enum place { ASCENDING, BY_PERSON, ANYWHERE };
struct record {
    enum sk_space space;
    enum place place;
    size_t key;
    size_t value;
};

static const struct record of_sender[] = {
    {SK_SPACE_DATA, BY_PERSON, 33, 476}, /* ledger */
    {SK_SPACE_DATA, ANYWHERE, 17, 24},   /* found by message */
    {SK_SPACE_DATA, ASCENDING, 18, 20},  /* the log to the partner */
    {SK_SPACE_DATA, ASCENDING, 17, 811}, /* remembered request */
};
static const struct record of_receiver[] = {
    {SK_SPACE_DATA, ANYWHERE, 17, 588}, /* inbox */
    {SK_SPACE_DATA, ASCENDING, 10, 16}, /* all */
    {SK_SPACE_DATA, ASCENDING, 10, 16}, /* not opened yet */
    {SK_SPACE_DATA, ASCENDING, 27, 16}, /* in the partner's order */
    {SK_SPACE_DATA, BY_PERSON, 35, 16}, /* of a person */
    {SK_SPACE_DATA, ASCENDING, 10, 45}, /* feed */
    {SK_SPACE_DATA, ANYWHERE, 22, 10},  /* day on which it goes */
    {SK_SPACE_KEYS, ASCENDING, 16, 72}, /* its data key */
};

static void write_number(uint8_t *out, uint64_t number)
{
    for (size_t i = 0; i < 8; i++)
        out[i] = (uint8_t)(number >> (56 - 8 * i));
}

static bool put(struct sk_store *store, const struct record *record,
                uint8_t table, uint64_t number)
{
    uint8_t name[64] = {table};
    uint64_t person = number % PERSONS * UINT64_C(0x9e3779b97f4a7c15);
    uint64_t any = (number + 1) * UINT64_C(0xbf58476d1ce4e5b9);

    write_number(name + 1, record->place == ASCENDING   ? number
                           : record->place == BY_PERSON ? person
                                                        : any);
    if (record->place == BY_PERSON)
        write_number(name + record->key - 8, any);
    return sk_store_put(store, record->space,
                        (struct sk_bytes){name, record->key},
                        (struct sk_bytes){plain, record->value}) == SK_OK;
}

static bool put_all(struct sk_store *store, const struct record *records,
                    size_t count, uint64_t number)
{
    static const struct record run = {SK_SPACE_DATA, ASCENDING, 10, RUN_SIZE};

    for (size_t i = 0; i < count; i++)
        if (!put(store, &records[i], (uint8_t)('a' + i), number))
            return false;
    return number % (RUN_SIZE / ENTRY_SIZE) != 0 ||
           put(store, &run, 'z', number);
}

static bool measure_store(const char *dir, const char *name,
                          const struct record *records, size_t count,
                          double *out)
{
    struct sk_store *store = NULL;
    char path[4096];
    bool good = true;
    double start;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    if (mkdir(path, 0700) != 0 || sk_store_open_lmdb(path, 0, &store) != SK_OK)
        return false;
    start = processor_s();
    for (uint64_t i = 0; good && i < EVENTS; i++) {
        if (i % BATCH == 0)
            good = sk_store_begin(store) == SK_OK;
        good = good && put_all(store, records, count, i);
        if (i % BATCH == BATCH - 1)
            good = good && sk_store_commit(store) == SK_OK;
    }
    sk_store_close(&store); /* writes what of the tree still waits */
    *out = (processor_s() - start) / EVENTS;
    return good;
}

/* ------------------------------------------------------------- all of it */

bool floor_measure(const char *dir, struct floor *sender,
                   struct floor *receiver)
{
    *sender = (struct floor){0};
    *receiver = (struct floor){0};
    randombytes_buf(plain, sizeof(plain));
    randombytes_buf(key.secret_bytes, sizeof(key.secret_bytes));
    make_end(&ends[0], 1);
    make_end(&ends[1], 2);
    sender->hash_s = hash_s();
    receiver->hash_s = hash_s();
    /* The event; ledger entry and reply.  The message and its data key. */
    return measure_open(600, &sender->open_s) &&
           measure_seal(436, &sender->seal_s) &&
           measure_seal(723, &sender->seal_s) &&
           measure_seal(532, &receiver->seal_s) &&
           measure_seal(32, &receiver->seal_s) &&
           measure_envelopes(&sender->envelope_s, &receiver->envelope_s) &&
           measure_store(dir, "floor-sender", of_sender, SK_COUNT(of_sender),
                         &sender->store_s) &&
           measure_store(dir, "floor-receiver", of_receiver,
                         SK_COUNT(of_receiver), &receiver->store_s);
}

double floor_total_s(const struct floor *floor)
{
    return floor->open_s + floor->seal_s + floor->hash_s + floor->envelope_s +
           floor->store_s;
}
