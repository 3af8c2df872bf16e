#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/store.h"
#include "protocol/envelope.h"
#include "tools/dev/bench_physics.h"
#include "tools/dev/measure.h"

#define TIMES 101
#define RECORD_SIZE 600

static double samples[TIMES];

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The median of what `once` takes. */
static bool median(bool (*once)(void *context), void *context, double *out)
{
    for (size_t i = 0; i < TIMES; i++) {
        double start = now_s();

        if (!once(context))
            return false;
        samples[i] = now_s() - start;
    }
    qsort(samples, TIMES, sizeof(samples[0]), compare_doubles);
    *out = samples[TIMES / 2];
    return true;
}

/* ------------------------------------------------------------- the disk */

static bool flush_once(void *context)
{
    static const char page[4096] = "x";
    const int *fd = context;

    return pwrite(*fd, page, sizeof(page), 0) == (ssize_t)sizeof(page) &&
           fdatasync(*fd) == 0;
}

static bool measure_flush(const char *dir, double *out)
{
    char path[4096];
    bool good;
    int fd;

    snprintf(path, sizeof(path), "%s/bench.tmp", dir);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    good = median(flush_once, &fd, out);
    close(fd);
    unlink(path);
    return good;
}

static bool commit_once(void *context)
{
    static uint32_t number;
    struct sk_store *store = context;
    uint32_t key = ++number * 2654435761u; /* anywhere */
    uint8_t record[RECORD_SIZE];

    memset(record, (int)number, sizeof(record));
    return sk_store_begin(store) == SK_OK &&
           sk_store_put(store, SK_SPACE_DATA,
                        (struct sk_bytes){(uint8_t *)&key, sizeof(key)},
                        (struct sk_bytes){record, sizeof(record)}) == SK_OK &&
           sk_store_commit(store) == SK_OK;
}

static bool measure_commit(const char *dir, double *out)
{
    struct sk_store *store = NULL;
    char path[4096];
    bool good;

    snprintf(path, sizeof(path), "%s/bench-store", dir);
    if (mkdir(path, 0700) != 0 || sk_store_open_lmdb(path, 0, &store) != SK_OK)
        return false;
    good = median(commit_once, store, out);
    sk_store_close(&store);
    return good;
}

/* ------------------------------------------------------------- the crypto */

struct pair {
    struct sk_card card;
    struct sk_sign_secret sign;
    struct sk_seal_secret seal;
};

static struct pair pairs[2];
static uint8_t sealed_room[4096];
static uint8_t opened_room[4096];

static void make_pair(struct pair *pair, uint8_t number)
{
    struct sk_seed seed;

    memset(seed.secret_bytes, number, sizeof(seed.secret_bytes));
    memset(&pair->card, 0, sizeof(pair->card));
    snprintf(pair->card.org.text, sizeof(pair->card.org.text), "org-%d",
             number);
    sk_sign_keypair(&seed, &pair->card.signing, &pair->sign);
    sk_seal_keypair(&seed, &pair->card.sealing[0].key, &pair->seal);
    sk_seal_id_of(&pair->card.sealing[0].key, &pair->card.sealing[0].id);
    pair->card.sealing_count = 1;
}

/* One message: signed and sealed here, opened and verified there. */
static bool pass(const struct pair *from, const struct pair *to)
{
    static const uint8_t plain[RECORD_SIZE];
    struct sk_bytes bytes = {plain, sizeof(plain)};
    struct sk_signature signature;
    struct sk_bytes sealed;
    struct sk_bytes opened;
    struct sk_seed seed;

    memset(seed.secret_bytes, 9, sizeof(seed.secret_bytes));
    sk_sign(&from->sign, "bench", bytes, &signature);
    return sk_envelope_seal(&from->card, &to->card, &seed, bytes,
                            (struct sk_room){sealed_room, sizeof(sealed_room)},
                            &sealed) == SK_OK &&
           sk_envelope_open(sealed, &from->card, &to->card, &to->seal,
                            (struct sk_room){opened_room, sizeof(opened_room)},
                            &opened) == SK_OK &&
           sk_verify(&from->card.signing, "bench", opened, &signature);
}

/* The event, its receipt, and the head of the journal that the receipt
   carries, which has a signature of its own. */
static bool crypto_once(void *context)
{
    static const uint8_t head[200];
    struct sk_bytes bytes = {head, sizeof(head)};
    struct sk_signature signature;

    (void)context;
    sk_sign(&pairs[1].sign, "bench", bytes, &signature);
    return pass(&pairs[0], &pairs[1]) && pass(&pairs[1], &pairs[0]) &&
           sk_verify(&pairs[1].card.signing, "bench", bytes, &signature);
}

bool physics_measure(const char *dir, struct physics *out)
{
    make_pair(&pairs[0], 1);
    make_pair(&pairs[1], 2);
    return measure_flush(dir, &out->flush_s) &&
           measure_commit(dir, &out->commit_s) &&
           median(crypto_once, NULL, &out->crypto_s);
}
