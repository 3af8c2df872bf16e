#include "policies/yaml_escape.h"

#include <string.h>

#include "protocol/utf8.h"

static uint32_t hex_value(uint8_t c)
{
    return c <= '9' ? (uint32_t)(c - '0') : (c | 0x20U) - 'a' + 10U;
}

static uint32_t hex_number(struct sk_bytes digits, size_t count)
{
    uint32_t number = 0;

    for (size_t i = 0; i < count && i < digits.size; i++)
        number = number << 4 | hex_value(digits.data[i]);
    return number;
}

/* The character of an escape; rest starts behind the backslash. */
static uint32_t escaped(struct sk_bytes rest)
{
    static const char names[] = "0abtnvfre NLP_";
    static const uint16_t values[] = {0,  7,  8,    9,    10,     11,     12,
                                      13, 27, 0x20, 0x85, 0x2028, 0x2029, 0xa0};
    struct sk_bytes digits = {rest.data + 1, rest.size - 1};
    const char *name;

    switch (rest.data[0]) {
    case 'x':
        return hex_number(digits, 2);
    case 'u':
        return hex_number(digits, 4);
    case 'U':
        return hex_number(digits, 8);
    default:
        name = strchr(names, rest.data[0]);
        return name == NULL ? rest.data[0] : values[name - names];
    }
}

static bool is_break(uint8_t byte)
{
    return byte == '\n' || byte == '\r';
}

/* POLICY.md 3.1 */
static bool is_refused(uint32_t character)
{
    return character == '\n' || sk_character_is_forbidden(character);
}

bool sk_escape_find(struct sk_bytes raw, struct sk_escape *out)
{
    struct sk_escape here = {0};

    for (size_t at = 0; at < raw.size; at++) {
        uint8_t byte = raw.data[at];

        if (byte == '\n') {
            here.line++;
            here.column = 0;
            continue;
        }
        /* A backslash at the end of a line yields nothing. */
        if (byte != '\\' || at + 1 == raw.size || is_break(raw.data[at + 1])) {
            here.column += (byte & 0xc0) != 0x80;
            continue;
        }
        at++;
        here.character =
            escaped((struct sk_bytes){raw.data + at, raw.size - at});
        if (is_refused(here.character)) {
            *out = here;
            return true;
        }
        here.column += 2;
    }
    return false;
}
