/*
 * Typed readers: from a node of a tree to a value of a type, or a finding.
 *                                             docs/POLICY.md 3.4, 3.6, 3.8
 * Each returns whether the node has the type; out is written only then.  A
 * NULL node is false without a finding: whoever looked the key up has said
 * that it is missing (sk_read_need).  Findings carry the place of the node.
 */
#ifndef SK_POLICIES_READ_H
#define SK_POLICIES_READ_H

#include "policies/civil.h"
#include "policies/vocabulary.h"
#include "policies/yaml.h"

/* Shapes (E008).  A list has at least one element. */
bool sk_read_is_map(struct sk_findings *findings, const struct sk_node *node);
bool sk_read_is_list(struct sk_findings *findings, const struct sk_node *node);
bool sk_read_is_scalar(struct sk_findings *findings,
                       const struct sk_node *node);

/* Every key of the map is one of the known ones; else E010 with a hint.
   False also when it is no map (E008). */
bool sk_read_keys(struct sk_findings *findings, const struct sk_node *map,
                  const char *const *known, size_t count);

/* The child with this key; E032 at the place of the map when it is missing. */
struct sk_node *sk_read_need(struct sk_findings *findings,
                             const struct sk_node *map, const char *key);

/* The first line of a file: `format: vocabulary/1` (E011). */
bool sk_read_format(struct sk_findings *findings, const struct sk_node *map,
                    const char *key, const char *want);

/* Any text, also with line breaks (E008). */
bool sk_read_text(struct sk_findings *findings, const struct sk_node *node,
                  struct sk_bytes *out);
/* LINE (E009), ID and WORD (E017); views into the tree. */
bool sk_read_line(struct sk_findings *findings, const struct sk_node *node,
                  struct sk_bytes *out);
bool sk_read_id(struct sk_findings *findings, const struct sk_node *node,
                struct sk_bytes *out);
bool sk_read_word(struct sk_findings *findings, const struct sk_node *node,
                  struct sk_bytes *out);
/* The key of a child of a map is an ID, a WORD (E017 at the key). */
bool sk_read_id_key(struct sk_findings *findings, const struct sk_node *child);
bool sk_read_word_key(struct sk_findings *findings,
                      const struct sk_node *child);

/* INT of min..max, BOOL, DATE, INSTANT (E009), DURATION (E041). */
bool sk_read_int(struct sk_findings *findings, const struct sk_node *node,
                 uint32_t min, uint32_t max, uint32_t *out);
bool sk_read_bool(struct sk_findings *findings, const struct sk_node *node,
                  bool *out);
bool sk_read_date(struct sk_findings *findings, const struct sk_node *node,
                  int32_t *out);
bool sk_read_instant(struct sk_findings *findings, const struct sk_node *node,
                     int64_t *out);
bool sk_read_duration(struct sk_findings *findings, const struct sk_node *node,
                      struct sk_duration *out);

/* Labels nl and en of an entry; E081 at its key when one is missing. */
bool sk_read_label(struct sk_findings *findings, const struct sk_node *entry,
                   struct sk_label *out);

/* E019 at this place: more than max of these (a phrase of texts.c). */
void sk_read_too_many(struct sk_findings *findings, struct sk_place place,
                      const char *what, size_t max);

/* One finding with one argument, the usual case. */
void sk_read_say(struct sk_findings *findings, const char *code,
                 struct sk_place place, const char *name, struct sk_bytes text);

/* The bare forms, also for values that do not come from a file. */
bool sk_text_is_id(struct sk_bytes text);
bool sk_text_is_word(struct sk_bytes text);
bool sk_text_is_int(struct sk_bytes text, uint32_t *out);

#endif
