/*
 * An answer of a "Klant Volg Systeem" (OSLO, release 1), as JSON-LD, into
 * drafts.                                              docs/IMPORT.md 6
 *
 * Pure: an answer in, drafts and a list of every term that was not taken over
 * out.  Terms are read as they stand, `Activeringstraject.status`, or with a
 * prefix or a whole IRI before their last name; no context is fetched.
 */
#ifndef SK_TOOLS_KVS_H
#define SK_TOOLS_KVS_H

#include <jansson.h>
#include <stdbool.h>

#define SK_KVS_DEPTH_MAX 16

struct sk_kvs {
    char insz[16];    /* of the person it is about, digits; or "" */
    bool insz_bad;    /* something in the place of one is none */
    bool insz_two;    /* another valid one is there too: `insz` is the first */
    size_t persons;   /* how many it has */
    json_t *drafts;   /* arguments of draft.add, without participant, source;
                         owned */
    json_t *unmapped; /* "Class.term" -> times; owned */
};

/* False: no object with nodes, or nested too deep; then out is empty. */
bool sk_kvs_read(const json_t *answer, struct sk_kvs *out);
void sk_kvs_free(struct sk_kvs *kvs);

#endif
