#include "tools/schakel/out.h"

#include <stdio.h>

void sk_out_flush(struct sk_out *out)
{
    fwrite_unlocked(out->data, 1, out->size, stdout);
    out->size = 0;
}

void sk_out_large(struct sk_out *out, struct sk_bytes bytes)
{
    sk_out_flush(out);
    fwrite_unlocked(bytes.data, 1, bytes.size, stdout);
}

static bool is_plain(uint8_t c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

static void put_escaped(struct sk_out *out, uint8_t c)
{
    static const char from[] = "\"\\\b\f\n\r\t";
    static const char to[] = "\"\\bfnrt";
    const char *at = c == 0 ? NULL : strchr(from, c);
    char text[7];

    if (at != NULL)
        snprintf(text, sizeof(text), "\\%c", to[at - from]);
    else
        snprintf(text, sizeof(text), "\\u%04X", c);
    sk_out_text(out, text);
}

void sk_out_string(struct sk_out *out, struct sk_bytes text)
{
    sk_out_text(out, "\"");
    for (size_t at = 0; at < text.size;) {
        size_t end = at;

        while (end < text.size && is_plain(text.data[end]))
            end++;
        if (end > at)
            sk_out_bytes(out, (struct sk_bytes){text.data + at, end - at});
        if (end < text.size)
            put_escaped(out, text.data[end++]);
        at = end;
    }
    sk_out_text(out, "\"");
}
