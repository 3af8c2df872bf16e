/*
 * What one event cannot do without on this machine, measured now.
 *                                                       docs/PERFORMANCE.md
 */
#ifndef SK_TOOLS_DEV_BENCH_PHYSICS_H
#define SK_TOOLS_DEV_BENCH_PHYSICS_H

#include <stdbool.h>

struct physics {
    double flush_s;  /* one page in place, durable (fdatasync) */
    double commit_s; /* one record in a store of its own, durable */
    double crypto_s; /* one event, its receipt, and opening both */
};

/* Medians; writes into `dir`.  False: it could not be measured. */
bool physics_measure(const char *dir, struct physics *out);

#endif
