/*
 * The floor: processor time that the bare primitives of one exchanged event
 * take on this machine, in batches as large as a busy node's.
 *                                                    docs/PERFORMANCE.md 3
 */
#ifndef SK_TOOLS_DEV_BENCH_FLOOR_H
#define SK_TOOLS_DEV_BENCH_FLOOR_H

#include <stdbool.h>

/* Of one end, seconds for one event. */
struct floor {
    double open_s;     /* sealed records opened */
    double seal_s;     /* sealed records made, and the key of one */
    double hash_s;     /* SHA-256: the item and the journal, and nodes above */
    double envelope_s; /* its share of the envelope and of the receipt */
    double store_s;    /* its records into a store of their own, committed */
};

/* Writes into `dir`.  False: it could not be measured. */
bool floor_measure(const char *dir, struct floor *sender,
                   struct floor *receiver);
double floor_total_s(const struct floor *floor);

#endif
