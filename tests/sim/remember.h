/*
 * What five nodes and thousands of seeds read again and again is read once: a
 * charter, a vocabulary, guards, a policy are the same bytes each time, and
 * what is made of them is immutable.                        docs/TESTING.md
 *
 * Bytes are compared, not believed to be equal.  Nothing is remembered while
 * curves_are_real (curves.h): those runs do all that a node does.
 */
#ifndef SK_TESTS_SIM_REMEMBER_H
#define SK_TESTS_SIM_REMEMBER_H

/* What is known by now stays known. */
void remember_fixed(void);
/* Between seeds: when much was learned since, forget it. */
void remember_less(void);

#endif
