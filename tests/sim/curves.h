/*
 * Ed25519 and X25519 take most of the time of a run, and are the same in all
 * of them.  So a run has ideal ones, unless it asks for those of libsodium:
 * then everything else in it is as without, and so is its story.
 */
#ifndef SK_TESTS_SIM_CURVES_H
#define SK_TESTS_SIM_CURVES_H

#include <stdbool.h>

/* Set before the first key is made. */
extern bool curves_are_real;

#endif
