/*
 * Replies of a node as text for people, Dutch or English.
 */
#ifndef SK_TOOLS_RENDER_H
#define SK_TOOLS_RENDER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "tools/schakel/glossary.h"

struct sk_screen {
    FILE *out;
    struct sk_glossary *glossary; /* NULL: ids stay ids */
    bool dutch;
};

/* Print the result of an operation. */
void sk_render(const struct sk_screen *screen, const char *op,
               const json_t *result);
/* False, and nothing printed: the operation does not show an event. */
bool sk_render_event(const struct sk_screen *screen, const char *op,
                     const json_t *result);
/* One handover, with the next step. */
void sk_render_handover(const struct sk_screen *screen, const json_t *view);
/* What a handover can refer to, `linked` of a reply (NULL: nothing is printed);
   sent: what we sent. */
void sk_render_linked(const struct sk_screen *screen, const json_t *linked,
                      const char *partner, bool sent);
/* True: all of it was printed.  False: the keys and values still are to be,
   perhaps below what was printed. */
bool sk_render_node(const struct sk_screen *screen, const char *op,
                    const json_t *result);

/* The same for the rights of a participant: erasure, correction. */
bool sk_render_rights(const struct sk_screen *screen, const char *op,
                      const json_t *result);
/* A ground of GDPR art. 17.1 in words. */
const char *sk_render_ground(const char *word, bool dutch);

/* A state of an objection in words. */
const char *sk_render_objection(const char *state, bool dutch);

/* What a key or a state of a reply is called; itself when it has no name.
   render_words.c */
const char *sk_render_word(const char *key, bool dutch);
/* A value (text, list, bool, number) in one line, into room. */
const char *sk_render_value(const json_t *value, char *room, size_t size_max);
/* Characters on screen of a UTF-8 text. */
size_t sk_render_width(const char *text);
/* Print text padded with spaces to width characters. */
void sk_render_cell(FILE *out, const char *text, size_t width);

#endif
