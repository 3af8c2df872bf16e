/*
 * Replies of a node as text for people, Dutch or English.
 */
#ifndef SK_TOOLS_RENDER_H
#define SK_TOOLS_RENDER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Print the result of an operation to `out`. */
void sk_render(FILE *out, const char *op, const json_t *result, bool dutch);

/* Fields of a permitted decision or a received message, one per line. */
void sk_render_fields(FILE *out, const char *indent, const json_t *fields,
                      const json_t *levels, bool dutch);
/* Withheld fields with the reason in words, one per line. */
void sk_render_withheld(FILE *out, const char *indent, const json_t *withheld,
                        bool dutch);
/* A value (text, list, bool, number) in one line, into room. */
const char *sk_render_value(const json_t *value, char *room, size_t size_max);
/* Characters on screen of a UTF-8 text. */
size_t sk_render_width(const char *text);
/* Print text padded with spaces to width characters. */
void sk_render_cell(FILE *out, const char *text, size_t width);

#endif
