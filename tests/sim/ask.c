#include "tests/sim/sim.h"

/*
 * Requests as a client makes them.  The format has the arguments in their
 * order on the wire, and the kind of each:
 *
 *     ask(BUSO, "relation.open", "from=s org=s participant=s", day, org, id)
 *
 *     s text   u uint64_t   l words, with commas   b bool   x bytes of a text
 * y size_t, bytes   m "k=v;k=v"
 */

static void pack_list(struct sk_pack *p, const char *list, char separator)
{
    size_t count = list[0] == '\0' ? 0 : 1;

    for (const char *c = list; *c != '\0'; c++)
        count += *c == separator;
    sk_pack_array(p, count);
    while (count-- > 0) {
        size_t size = strcspn(list, ",");

        sk_pack_str(p, (struct sk_bytes){(const uint8_t *)list, size});
        list += size + (list[size] == '\0' ? 0 : 1);
    }
}

static void pack_map(struct sk_pack *p, const char *map)
{
    size_t count = map[0] == '\0' ? 0 : 1;

    for (const char *c = map; *c != '\0'; c++)
        count += *c == ';';
    sk_pack_map(p, count);
    while (count-- > 0) {
        size_t key = strcspn(map, "=");
        size_t value = strcspn(map + key + 1, ";");

        sk_pack_str(p, (struct sk_bytes){(const uint8_t *)map, key});
        sk_pack_str(p,
                    (struct sk_bytes){(const uint8_t *)map + key + 1, value});
        map += key + 1 + value;
        map += *map == ';';
    }
}

static void pack_argument(struct sk_pack *p, char kind, va_list *list)
{
    switch (kind) {
    case 's':
        sk_pack_cstr(p, va_arg(*list, const char *));
        break;
    case 'l':
        pack_list(p, va_arg(*list, const char *), ',');
        break;
    case 'u':
        sk_pack_uint(p, va_arg(*list, uint64_t));
        break;
    case 'b':
        sk_pack_bool(p, va_arg(*list, int) != 0);
        break;
    case 'x':
        sk_pack_bin(p, sk_text(va_arg(*list, const char *)));
        break;
    case 'y': {
        size_t size = va_arg(*list, size_t);

        sk_pack_bin(p, (struct sk_bytes){va_arg(*list, const uint8_t *), size});
        break;
    }
    case 'm':
        pack_map(p, va_arg(*list, const char *));
        break;
    default:
        fail("an argument of kind %c", kind);
    }
}

static void pack_arguments(struct sk_pack *p, const char *format, va_list *list)
{
    size_t count = 0;

    for (const char *c = format; *c != '\0'; c++)
        count += *c == '=';
    sk_pack_map(p, count);
    while (count-- > 0) {
        size_t key = strcspn(format, "=");

        sk_pack_str(p, (struct sk_bytes){(const uint8_t *)format, key});
        pack_argument(p, format[key + 1], list);
        format += key + 2;
        format += *format == ' ';
    }
}

static struct sk_value value_at(const char *key)
{
    struct sk_value result = sk_value_get(sim.reply, "result");

    if (sk_value_kind(result) == SK_VALUE_NONE)
        result = sk_value_get(sim.reply, "error");
    return sk_value_get(result, key);
}

static const char *text_of(struct sk_value v)
{
    static char texts[8][256];
    static size_t next;
    char *out = texts[next++ % 8];
    struct sk_bytes text = {0};

    if (sk_value_kind(v) == SK_VALUE_STR)
        text = sk_value_str(v);
    snprintf(out, sizeof(texts[0]), "%.*s", (int)text.size,
             text.size == 0 ? "" : (const char *)text.data);
    return out;
}

/* A text of the result, or of the error. */
const char *got(const char *key)
{
    return text_of(value_at(key));
}

uint64_t got_number(const char *key)
{
    return sk_value_uint(value_at(key));
}

bool got_true(const char *key)
{
    return sk_value_bool(value_at(key));
}

struct sk_value got_value(const char *key)
{
    return value_at(key);
}

struct sk_bytes got_bytes(const char *key)
{
    return sk_value_bin(value_at(key));
}

size_t listed(const char *list)
{
    return sk_value_count(value_at(list));
}

/* One entry of a list, at random: its text; the list's length. */
size_t pick(const char *list, const char *key, char *out, size_t room)
{
    struct sk_value_walk walk = sk_value_walk(value_at(list));
    size_t count = listed(list);
    size_t at = count == 0 ? 0 : chance(count);

    out[0] = '\0';
    for (size_t i = 0; sk_value_next(&walk); i++) {
        if (i == at)
            snprintf(out, room, "%s", text_of(sk_value_get(walk.value, key)));
    }
    return count;
}

/* I9: an error never says a value.  And what is asked here is well-formed. */
static void check_error(size_t at, const char *op)
{
    static const char *const ours[] = {"bad-request", "bad-argument",
                                       "unknown-argument", "missing-argument"};
    static char shown[65536];

    fx_show(sim.reply, shown, sizeof(shown));
    check(strstr(shown, CANARY) == NULL, "I9: %s %s: %s", node_names[at], op,
          shown);
    for (size_t i = 0; i < SK_COUNT(ours); i++)
        check(strcmp(got("code"), ours[i]) != 0, "%s %s: %s", node_names[at],
              op, shown);
}

static bool reached;

bool answered(void)
{
    return reached;
}

static bool finish(size_t at, const char *op, struct sk_pack *p)
{
    struct sk_input input = {.type = SK_INPUT_CONTROL, .owner = true};
    bool ok;

    sk_pack_cstr(p, "op");
    sk_pack_cstr(p, op);
    sk_pack_cstr(p, "v");
    sk_pack_uint(p, 1);
    cr_assert(sk_pack_finish(p, &input.bytes) == SK_OK);
    sim.reply = (struct sk_value){0};
    reached = node_step(at, &input, 1);
    if (!reached)
        sim.reply = (struct sk_value){0};
    ok = reached && sk_value_bool(sk_value_get(sim.reply, "ok"));
    if (reached && !ok)
        check_error(at, op);
    say("%s: %s%s%s", node_names[at], op, ok ? "" : ": ",
        ok         ? ""
        : !reached ? "(it never happened)"
                   : got("code"));
    return ok;
}

static uint8_t request[SK_CONTROL_SIZE_MAX];

static struct sk_pack start(void)
{
    struct sk_pack p =
        sk_pack_start((struct sk_room){request, sizeof(request)});

    sk_pack_map(&p, 3);
    sk_pack_cstr(&p, "args");
    return p;
}

bool ask(size_t at, const char *op, const char *format, ...)
{
    struct sk_pack p = start();
    va_list list;

    va_start(list, format);
    pack_arguments(&p, format, &list);
    va_end(list);
    return finish(at, op, &p);
}

bool ask_json(size_t at, const char *op, const char *arguments)
{
    struct sk_pack p = start();
    struct fx_json json = {arguments};

    fx_value(&json, &p);
    return finish(at, op, &p);
}
