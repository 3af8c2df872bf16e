/*
 * The checks of Criterion that fixture.h uses, for programs without it: one
 * that fails says where and aborts.
 */
#ifndef SK_TESTS_FUZZ_PLAIN_H
#define SK_TESTS_FUZZ_PLAIN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void plain_fail(const char *file, int line, const char *fact)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, fact);
    abort();
}

#define plain_first(first, ...) first
#define plain_str(a, b) (strcmp((a), (b)) == 0)
#define eq(type, a, b) plain_##type((a), (b))

#define cr_assert(...)                                                         \
    (plain_first(__VA_ARGS__, 0)                                               \
         ? (void)0                                                             \
         : plain_fail(__FILE__, __LINE__, #__VA_ARGS__))
#define cr_expect(...) cr_assert(__VA_ARGS__)
#define cr_fatal(...) plain_fail(__FILE__, __LINE__, #__VA_ARGS__)

#endif
