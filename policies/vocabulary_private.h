/*
 * The parts of the vocabulary loader, in the order in which they run.  Each
 * reads its section, reports, and fills its arrays as far as they are good;
 * the whole is used only when there was no error.
 */
#ifndef SK_POLICIES_VOCABULARY_PRIVATE_H
#define SK_POLICIES_VOCABULARY_PRIVATE_H

#include "policies/levels.h"
#include "policies/read.h"

/* Keys that every entry may have; for people and tools (POLICY.md 5). */
#define SK_ENTRY_KEYS                                                          \
    "nl", "en", "note", "ex", "std", "use", "unit", "oslo", "dpv"

#define SK_WORDS_MAX 1024 /* where POLICY.md 13 names no limit */

struct sk_loader {
    struct sk_arena *arena;
    struct sk_findings *findings;
    struct sk_vocabulary *v;
};

/* The map of a section with its entries counted: NULL when it is absent, no
   map, or larger than max (E019). */
const struct sk_node *sk_load_section(struct sk_loader *l, const char *key,
                                      const char *what, size_t max);
/* Room for the entries of a section; NULL when the arena is full. */
void *sk_load_room(struct sk_loader *l, const struct sk_node *section,
                   size_t size);

/* A leaf category by name; SK_NONE with E077. */
uint16_t sk_load_leaf(struct sk_loader *l, const struct sk_node *node);
/* `reveals`: leaf categories as a set; absent is none. */
uint64_t sk_load_reveals(struct sk_loader *l, const struct sk_node *entry);

void sk_load_codelists(struct sk_loader *l);
void sk_load_fields(struct sk_loader *l);
void sk_load_events(struct sk_loader *l);

/* POLICY.md 6.4: does each level follow from the next finer one?  Returns the
   coarser level that does not, or 0.  Scratch memory is given back. */
uint8_t sk_check_level_law(const struct sk_field *field,
                           struct sk_arena *arena);
void sk_check_levels(struct sk_loader *l);

#endif
