/* Tests: protocol/need.c, protocol/request.c */
#include "support.h"

#include "protocol/control.h"
#include "protocol/form.h"
#include "protocol/texts.h"

static uint8_t data[SK_CONTROL_SIZE_MAX + 16];

static enum sk_status decode(struct sk_bytes in, struct sk_request *out,
                             struct sk_request_fault *fault)
{
    *fault = (struct sk_request_fault){.code = "none"};
    return sk_request_decode(in, out, fault);
}

/* A request for `op`; args: packed arguments, `count` of them. */
static struct sk_bytes request(const char *op, size_t count,
                               struct sk_bytes args)
{
    struct sk_pack p = sk_pack_start((struct sk_room){data, sizeof(data)});
    struct sk_bytes out = {0};

    sk_pack_map(&p, 3);
    sk_pack_cstr(&p, "args");
    sk_pack_map(&p, count);
    sk_pack_raw(&p, args);
    sk_pack_cstr(&p, "op");
    sk_pack_cstr(&p, op);
    sk_pack_cstr(&p, "v");
    sk_pack_uint(&p, 1);
    cr_assert(eq(int, sk_pack_finish(&p, &out), SK_OK));
    return out;
}

static struct sk_bytes unhex(const char *hex)
{
    static uint8_t bytes[400];
    size_t size = 0;

    cr_assert(sodium_hex2bin(bytes, sizeof(bytes), hex, strlen(hex), " ", &size,
                             NULL) == 0);
    return (struct sk_bytes){bytes, size};
}

Test(control, reads_the_known_requests)
{
    struct sk_request_fault fault;
    struct sk_request got;

    cr_assert(
        eq(int, decode(vector("control", "status"), &got, &fault), SK_OK));
    cr_expect(eq(str, (char *)got.op->name, "node.status"));
    cr_expect(eq(sz, sk_value_count(got.args), 0));
    cr_assert(
        eq(int, decode(vector("control", "relation"), &got, &fault), SK_OK));
    cr_expect(eq(str, (char *)got.op->name, "relation.open"));
    cr_expect(sk_bytes_equal(sk_value_str(sk_value_get(got.args, "from")),
                             sk_text("2026-09-01")));
    cr_assert(eq(int, decode(vector("control", "event"), &got, &fault), SK_OK));
    cr_expect(eq(u64,
                 sk_value_uint(sk_value_get(sk_value_get(got.args, "fields"),
                                            "hours_week")),
                 38));
}

Test(control, rejects_every_truncation_and_a_trailing_byte)
{
    struct sk_bytes full = vector("control", "event");
    struct sk_request got = {.op = NULL, .args = {{NULL, 77}}};
    struct sk_request_fault fault;

    for (size_t size = 0; size < full.size; size++) {
        struct sk_bytes in = exact_copy((struct sk_bytes){full.data, size});

        cr_expect(ne(int, decode(in, &got, &fault), SK_OK), "%zu", size);
        cr_expect(eq(str, (char *)fault.code, "bad-request"));
        free((void *)in.data);
    }
    memcpy(data, full.data, full.size);
    data[full.size] = 0;
    cr_expect(eq(int,
                 decode((struct sk_bytes){data, full.size + 1}, &got, &fault),
                 SK_E_BAD_LENGTH));
    cr_expect(eq(sz, got.args.bytes.size, 77), "out was touched");
}

/* CONTROL.md 2: {args: map, op: str, v: 1} and nothing else. */
Test(control, rejects_what_is_no_request)
{
    static const char *const bads[] = {
        "c0",
        "80",
        "93 80 a161 01",
        "82 a461726773 80 a176 01",
        "83 a461726773 90 a26f70 ab6e6f64652e737461747573 a176 01",
        "83 a461726773 80 a26f70 01 a176 01",
        "83 a461726773 80 a26f70 ab6e6f64652e737461747573 a176 02",
        "83 a461726773 80 a26f70 ab6e6f64652e737461747573 a176 c3",
        "83 a461726773 80 a26f70 ab6e6f64652e737461747573 a177 01",
        "84 a461726773 80 a26f70 ab6e6f64652e737461747573 a176 01 a178 01",
        "83 a26f70 ab6e6f64652e737461747573 a461726773 80 a176 01",
    };
    struct sk_request_fault fault;
    struct sk_request got;

    for (size_t i = 0; i < SK_COUNT(bads); i++) {
        cr_expect(ne(int, decode(unhex(bads[i]), &got, &fault), SK_OK), "%s",
                  bads[i]);
        cr_expect(eq(str, (char *)fault.code, "bad-request"), "%s", bads[i]);
    }
    cr_expect(eq(
        int,
        decode(request("node.statuz", 0, (struct sk_bytes){0}), &got, &fault),
        SK_E_BAD_VALUE));
    cr_expect(eq(str, (char *)fault.code, "unknown-op"));
}

/* CONTROL.md 2.4: a UUID in lower case, or none. */
Test(control, reads_the_id_of_a_request)
{
    static const char id[] = "0190a0b1-c2d3-4e4f-8a6b-7c8d9eafb0c1";
    static const char *const bads[] = {
        "a0", "01", "c0", "c410 0190a0b1c2d34e4f8a6b7c8d9eafb0c1",
        "d924 "
        "30313930413042312d433244332d344534462d384136422d374338443945414642"
        "304331"};
    struct sk_request_fault fault;
    struct sk_request got;
    struct sk_bytes in = {0};
    char text[SK_ID_TEXT_SIZE + 1];
    char hex[400];
    struct sk_pack p = sk_pack_start((struct sk_room){data, sizeof(data)});

    sk_pack_map(&p, 4);
    sk_pack_cstr(&p, "args");
    sk_pack_map(&p, 0);
    sk_pack_cstr(&p, "id");
    sk_pack_cstr(&p, id);
    sk_pack_cstr(&p, "op");
    sk_pack_cstr(&p, "node.status");
    sk_pack_cstr(&p, "v");
    sk_pack_uint(&p, 1);
    cr_assert(eq(int, sk_pack_finish(&p, &in), SK_OK));
    cr_assert(eq(int, decode(in, &got, &fault), SK_OK));
    cr_expect(got.has_id);
    sk_id_format(&got.id, text);
    cr_expect(eq(str, text, (char *)id));
    cr_assert(
        eq(int, decode(vector("control", "status"), &got, &fault), SK_OK));
    cr_expect(not(got.has_id));
    for (size_t i = 0; i < SK_COUNT(bads); i++) {
        snprintf(hex, sizeof(hex),
                 "84 a461726773 80 a26964 %s a26f70 ab6e6f64652e737461747573 "
                 "a176 01",
                 bads[i]);
        cr_expect(ne(int, decode(unhex(hex), &got, &fault), SK_OK), "%s",
                  bads[i]);
        cr_expect(eq(str, (char *)fault.code, "bad-request"), "%s", bads[i]);
    }
}

Test(control, is_at_most_4_mib)
{
    struct sk_bytes in = {data, SK_CONTROL_SIZE_MAX + 1};
    struct sk_request_fault fault;
    struct sk_request got;

    cr_expect(eq(int, decode(in, &got, &fault), SK_E_BAD_VALUE));
    cr_expect(eq(str, (char *)fault.code, "bad-request"));
}

Test(control, names_the_argument_that_is_wrong)
{
    struct sk_request_fault fault;
    struct sk_request got;

    cr_expect(
        eq(int,
           decode(request("clock.set", 0, (struct sk_bytes){0}), &got, &fault),
           SK_E_BAD_VALUE));
    cr_expect(eq(str, (char *)fault.code, "missing-argument"));
    cr_expect(sk_bytes_equal(fault.field, sk_text("at")));
    cr_expect(
        eq(int,
           decode(request("node.status", 1, unhex("a26174 01")), &got, &fault),
           SK_E_BAD_VALUE));
    cr_expect(eq(str, (char *)fault.code, "unknown-argument"));
    cr_expect(sk_bytes_equal(fault.field, sk_text("at")));
    cr_expect(eq(
        int, decode(request("clock.set", 1, unhex("a26174 01")), &got, &fault),
        SK_E_BAD_VALUE));
    cr_expect(eq(str, (char *)fault.code, "bad-argument"));
    cr_expect(sk_bytes_equal(fault.field, sk_text("at")));
}

/* ------------------------------------------- CONTROL.md 3: kinds of values */

/* An argument of each kind, in an operation where the rest is there. */
struct kind_row {
    const char *rule;
    const char *op;
    const char *before; /* required arguments that sort before it, hex */
    const char *name;
    const char *value; /* hex */
    const char *after;
    size_t count;
    bool good;
};

#define PARTICIPANT_HEX                                                        \
    "ab7061727469636970616e74 d92430303030303030302d303030302d3430303"         \
    "02d383030302d303030303030303030303030 "
#define ID_HEX                                                                 \
    "d92430303030303030302d303030302d343030302d383030302d3030303030303030"     \
    "30303030"
#define TYPE_HEX " a474797065 a161"
#define REASON(hex)                                                            \
    "relation.open",                                                           \
        "a466726f6d aa323032362d30392d3031"                                    \
        " a36f7267 a161 " PARTICIPANT_HEX,                                     \
        "reason", hex, "", 4

static const struct kind_row kind_rows[] = {
    {"text", REASON("a161"), true},
    {"text is not empty", REASON("a0"), false},
    {"text is a str", REASON("01"), false},
    {"text is not only spaces", REASON("a5 20090a c2a0"), false},
    {"nor only wide ones", REASON("a9 e28083 e280af e38080"), false},
    {"text may begin with a space", REASON("a22061"), true},
    {"text has lines", REASON("a3610a62"), true},
    {"text has no escape", REASON("a3611b62"), false},
    {"text has no NUL", REASON("a3610062"), false},
    {"word", "peer.show", "", "org", "a8 6f636d772d6d6f6c", "", 1, true},
    {"word is an ID", "peer.show", "", "org", "a8 4f636d772d6d6f6c", "", 1,
     false},
    {"word is a str", "peer.show", "", "org", "c401 61", "", 1, false},
    {"id", "message.show", "", "message", ID_HEX, "", 1, true},
    {"id is a UUID", "message.show", "", "message", "a161", "", 1, false},
    {"id is no bin", "message.show", "", "message",
     "c41000000000000000000000000000000000", "", 1, false},
    {"day", "relation.close", "a36f7267 a161 " PARTICIPANT_HEX, "until",
     "aa323032362d30392d3031", "", 3, true},
    {"day exists", "relation.close", "a36f7267 a161 " PARTICIPANT_HEX, "until",
     "aa323032362d30392d3331", "", 3, false},
    {"instant", "clock.set", "", "at",
     "b4323032362d30392d30315431323a30303a30305a", "", 1, true},
    {"instant is no day", "clock.set", "", "at", "aa323032362d30392d3031", "",
     1, false},
    {"uint", "participant.list", "", "limit", "05", "", 1, true},
    {"uint is no str", "participant.list", "", "limit", "a135", "", 1, false},
    {"bool", "handover.list", "", "open", "c3", "", 1, true},
    {"bool is no uint", "handover.list", "", "open", "01", "", 1, false},
    {"words", "consent.refuse", PARTICIPANT_HEX, "purposes", "92 a161 a162", "",
     2, true},
    {"words are not empty", "consent.refuse", PARTICIPANT_HEX, "purposes", "90",
     "", 2, false},
    {"words are words", "consent.refuse", PARTICIPANT_HEX, "purposes",
     "92 a161 a142", "", 2, false},
    {"words are an array", "consent.refuse", PARTICIPANT_HEX, "purposes",
     "a161", "", 2, false},
    {"days", "calendar.close", "", "days", "91 aa323032362d30392d3031", "", 1,
     true},
    {"days are days", "calendar.close", "", "days", "91 a161", "", 1, false},
    {"map", "event.record", "", "fields",
     "84 a161 a178 a162 c3 a163 05 a164"
     " 91 a178",
     PARTICIPANT_HEX TYPE_HEX, 3, true},
    {"an empty map", "event.record", "", "fields", "80",
     PARTICIPANT_HEX TYPE_HEX, 3, true},
    {"map: keys are words", "event.record", "", "fields", "81 a141 a178",
     PARTICIPANT_HEX TYPE_HEX, 3, false},
    {"map: no nil", "event.record", "", "fields", "81 a161 c0",
     PARTICIPANT_HEX TYPE_HEX, 3, false},
    {"map: no map inside", "event.record", "", "fields", "81 a161 80",
     PARTICIPANT_HEX TYPE_HEX, 3, false},
    {"map: no empty text", "event.record", "", "fields", "81 a161 a0",
     PARTICIPANT_HEX TYPE_HEX, 3, false},
    {"map: no empty array", "event.record", "", "fields", "81 a161 90",
     PARTICIPANT_HEX TYPE_HEX, 3, false},
    {"map: no uint in an array", "event.record", "", "fields", "81 a161 91 01",
     PARTICIPANT_HEX TYPE_HEX, 3, false},
    {"map: no bin", "event.record", "", "fields", "81 a161 c40101",
     PARTICIPANT_HEX TYPE_HEX, 3, false},
    {"file", "policy.try", "", "policy", "c4020102", "", 1, true},
    {"file is bytes", "policy.try", "", "policy", "a161", "", 1, false},
    {"files", "charter.import", "", "files", "81 a3612e62 c40101", "", 1, true},
    {"files in folders", "charter.import", "", "files",
     "81 a5612f622e63 c40101", "", 1, true},
    {"files: some", "charter.import", "", "files", "80", "", 1, false},
    {"files: bytes", "charter.import", "", "files", "81 a3612e62 a161", "", 1,
     false},
    {"files: all letters", "charter.import", "", "files",
     "81 ad 7a617a5a41302d392e5f2f595f c40101", "", 1, true},
    {"files: no way up", "charter.import", "", "files", "81 a42e2e2f61 c40101",
     "", 1, false},
    {"files: no way up inside", "charter.import", "", "files",
     "81 a6612f2e2e2f62 c40101", "", 1, false},
    {"files: not from the root", "charter.import", "", "files",
     "81 a22f61 c40101", "", 1, false},
    {"files: no folder", "charter.import", "", "files", "81 a2612f c40101", "",
     1, false},
    {"files: no empty part", "charter.import", "", "files",
     "81 a4612f2f62 c40101", "", 1, false},
    {"files: no hidden", "charter.import", "", "files", "81 a22e61 c40101", "",
     1, false},
    {"files: no space", "charter.import", "", "files", "81 a3612062 c40101", "",
     1, false},
};

Test(control, knows_the_kinds_of_arguments)
{
    for (size_t i = 0; i < SK_COUNT(kind_rows); i++) {
        const struct kind_row *row = &kind_rows[i];
        uint8_t args_data[600];
        struct sk_pack p =
            sk_pack_start((struct sk_room){args_data, sizeof(args_data)});
        struct sk_request got = {.args = {{NULL, 77}}};
        struct sk_request_fault fault;
        struct sk_bytes args = {0};
        enum sk_status status;

        sk_pack_raw(&p, unhex(row->before));
        sk_pack_cstr(&p, row->name);
        sk_pack_raw(&p, unhex(row->value));
        sk_pack_raw(&p, unhex(row->after));
        cr_assert(eq(int, sk_pack_finish(&p, &args), SK_OK));
        status = decode(request(row->op, row->count, args), &got, &fault);
        cr_expect(eq(int, status == SK_OK, row->good), "%s: %s", row->rule,
                  fault.code);
        if (row->good)
            continue;
        cr_expect(eq(str, (char *)fault.code, "bad-argument"), "%s", row->rule);
        cr_expect(sk_bytes_equal(fault.field, sk_text(row->name)), "%s",
                  row->rule);
        cr_expect(eq(sz, got.args.bytes.size, 77), "%s", row->rule);
    }
}

/* The sizes of the table hold: at the limit, and one above. */
Test(control, knows_the_sizes_of_the_table)
{
    static uint8_t args_data[SK_YAML_SIZE_MAX + 100];
    static uint8_t large[SK_YAML_SIZE_MAX + 1];
    struct sk_request_fault fault;
    struct sk_request got;

    memset(large, 'x', sizeof(large));
    for (size_t over = 0; over <= 1; over++) {
        struct sk_pack p =
            sk_pack_start((struct sk_room){args_data, sizeof(args_data)});
        struct sk_bytes args = {0};

        sk_pack_cstr(&p, "policy");
        sk_pack_bin(&p, (struct sk_bytes){large, SK_YAML_SIZE_MAX + over});
        cr_assert(eq(int, sk_pack_finish(&p, &args), SK_OK));
        cr_expect(eq(
            int, decode(request("policy.try", 1, args), &got, &fault) == SK_OK,
            over == 0));

        p = sk_pack_start((struct sk_room){args_data, sizeof(args_data)});
        sk_pack_cstr(&p, "given_name");
        sk_pack_str(&p, (struct sk_bytes){large, 200 + over});
        cr_assert(eq(int, sk_pack_finish(&p, &args), SK_OK));
        cr_expect(eq(
            int,
            decode(request("participant.add", 1, args), &got, &fault) == SK_OK,
            over == 0));

        p = sk_pack_start((struct sk_room){args_data, sizeof(args_data)});
        sk_pack_raw(&p, unhex(PARTICIPANT_HEX));
        sk_pack_cstr(&p, "purposes");
        sk_pack_array(&p, 64 + over);
        for (size_t i = 0; i < 64 + over; i++)
            sk_pack_cstr(&p, "a");
        cr_assert(eq(int, sk_pack_finish(&p, &args), SK_OK));
        cr_expect(eq(int,
                     decode(request("consent.refuse", 2, args), &got, &fault) ==
                         SK_OK,
                     over == 0));
    }
}

/* A list or map argument with `count` entries. */
static struct sk_bytes many(const char *name, bool map, size_t count,
                            const char *text)
{
    static uint8_t args_data[40000];
    struct sk_pack p =
        sk_pack_start((struct sk_room){args_data, sizeof(args_data)});
    struct sk_bytes args = {0};

    sk_pack_cstr(&p, name);
    if (map)
        sk_pack_map(&p, count);
    else
        sk_pack_array(&p, count);
    for (size_t i = 0; i < count; i++) {
        char key[24];

        snprintf(key, sizeof(key), "k%04zu", i);
        if (map)
            sk_pack_cstr(&p, key);
        if (text == NULL)
            sk_pack_bin(&p, (struct sk_bytes){(const uint8_t *)"x", 1});
        else
            sk_pack_cstr(&p, text);
    }
    cr_assert(eq(int, sk_pack_finish(&p, &args), SK_OK));
    return exact_copy(args);
}

/* CONTROL.md 3: a path of 200 bytes, and of 201. */
Test(control, knows_how_long_a_path_may_be)
{
    struct sk_request_fault fault;
    struct sk_request got;

    for (size_t over = 0; over <= 1; over++) {
        uint8_t args_data[300];
        struct sk_pack p =
            sk_pack_start((struct sk_room){args_data, sizeof(args_data)});
        struct sk_bytes args = {0};
        char path[202];

        memset(path, 'a', sizeof(path));
        sk_pack_cstr(&p, "files");
        sk_pack_map(&p, 1);
        sk_pack_str(&p, (struct sk_bytes){(uint8_t *)path, 200 + over});
        sk_pack_bin(&p, (struct sk_bytes){(uint8_t *)path, 1});
        cr_assert(eq(int, sk_pack_finish(&p, &args), SK_OK));
        cr_expect(eq(int,
                     decode(request("charter.import", 1, args), &got, &fault) ==
                         SK_OK,
                     over == 0));
    }
}

/* CONTROL.md 3: how many entries a list or map may have. */
Test(control, knows_how_many_are_too_many)
{
    struct sk_request_fault fault;
    struct sk_request got;

    for (size_t over = 0; over <= 1; over++) {
        cr_expect(
            eq(int,
               decode(request("calendar.close", 1,
                              many("days", false, 366 + over, "2026-01-01")),
                      &got, &fault) == SK_OK,
               over == 0));
        cr_expect(eq(int,
                     decode(request("charter.import", 1,
                                    many("files", true, 1000 + over, NULL)),
                            &got, &fault) == SK_OK,
                     over == 0));
        /* Not all of its arguments, but this one is checked first. */
        (void)decode(
            request("event.record", 1, many("fields", true, 64 + over, "x")),
            &got, &fault);
        cr_expect(eq(str, (char *)fault.code,
                     over == 0 ? "missing-argument" : "bad-argument"));
    }
}

/* --------------------------------------------------------- the table itself */

Test(control, has_a_sound_table)
{
    for (size_t i = 0; i < sk_ops_count; i++) {
        const struct sk_op *op = &sk_ops[i];
        size_t count = 0;

        cr_expect(sk_word_is_legal(sk_text(op->name)), "%s", op->name);
        cr_expect(ne(ptr, strchr(op->name, '.'), NULL), "%s", op->name);
        cr_expect(eq(ptr, (void *)sk_op_find(sk_text(op->name)), (void *)op),
                  "%s is there twice", op->name);
        cr_expect(op->nl != NULL && op->en != NULL, "%s", op->name);
        while (count < SK_OP_ARGS_MAX && op->args[count].name != NULL) {
            const struct sk_arg *arg = &op->args[count++];

            cr_expect(arg->nl != NULL && arg->en != NULL, "%s %s", op->name,
                      arg->name);
            for (size_t j = 0; j + 1 < count; j++)
                cr_expect(ne(str, (char *)op->args[j].name, (char *)arg->name),
                          "%s", op->name);
        }
        cr_expect(le(sz, count, SK_OP_ARGS_MAX));
    }
    cr_expect(eq(ptr, (void *)sk_op_find(sk_text("")), NULL));
    cr_expect(eq(ptr, (void *)sk_op_find(sk_text("node")), NULL));
}

static const char *const kind_names[] = {
    [SK_ARG_TEXT] = "text",       [SK_ARG_WORD] = "word",
    [SK_ARG_ID] = "id",           [SK_ARG_DATE] = "day",
    [SK_ARG_INSTANT] = "instant", [SK_ARG_UINT] = "uint",
    [SK_ARG_BOOL] = "bool",       [SK_ARG_WORDS] = "words",
    [SK_ARG_DATES] = "days",      [SK_ARG_MAP] = "map",
    [SK_ARG_FILE] = "file",       [SK_ARG_FILES] = "files",
};

/* The line of docs/CONTROL.md that describes an operation. */
static void line_of(const struct sk_op *op, char *out, size_t size)
{
    int at = snprintf(out, size, "| `%s`%s |", op->name,
                      op->manual_only ? " (rehearsal)" : "");

    for (size_t i = 0; i < SK_OP_ARGS_MAX && op->args[i].name != NULL; i++) {
        const struct sk_arg *arg = &op->args[i];

        at += snprintf(out + at, size - (size_t)at, "%s %s%s: %s",
                       i == 0 ? "" : ",", arg->name, arg->required ? "" : "?",
                       kind_names[arg->kind]);
        if (arg->size_max != 0)
            at += snprintf(out + at, size - (size_t)at, " %u", arg->size_max);
    }
    snprintf(out + at, size - (size_t)at, "%s | %s |\n",
             op->args[0].name == NULL ? " none" : "", op->en);
}

static const char *the_page(void)
{
    static char page[200000];
    FILE *f = fopen("docs/CONTROL.md", "r");
    size_t size;

    cr_assert(f != NULL, "run the tests from the root");
    size = fread(page, 1, sizeof(page) - 1, f);
    page[size] = '\0';
    fclose(f);
    return page;
}

/* CONTROL.md 5 has this table, line for line; --verbose shows what to put. */
Test(control, is_described_line_by_line)
{
    const char *page = the_page();

    for (size_t i = 0; i < sk_ops_count; i++) {
        char line[2000];

        line_of(&sk_ops[i], line, sizeof(line));
        cr_expect(ne(ptr, strstr(page, line), NULL),
                  "docs/CONTROL.md 5 lacks:\n%s", line);
        snprintf(line, sizeof(line), "\n| `%s` | ", sk_ops[i].name);
        cr_expect(ne(ptr, strstr(strstr(page, "## 6"), line), NULL),
                  "docs/CONTROL.md 6 lacks %s", sk_ops[i].name);
    }
}

/* ------------------------------------------------- CONTROL.md 7: who may */

/* The line of a need in section 7; the end of the page when it has none. */
static const char *need_line(const char *page, enum sk_need need)
{
    const char *section = strstr(page, "\n## 7");
    char start[40];
    const char *line;

    cr_assert(ne(ptr, (void *)section, NULL));
    snprintf(start, sizeof(start), "\n| %s |", sk_need_word(need));
    line = strstr(section, start);
    return line == NULL ? page + strlen(page) : line + 1;
}

Test(control, says_of_each_operation_what_it_needs)
{
    const char *page = the_page();

    for (size_t i = 0; i < sk_ops_count; i++) {
        const struct sk_op *op = &sk_ops[i];
        const char *line = need_line(page, op->need);
        char name[64];
        const char *at;

        snprintf(name, sizeof(name), "`%s`", op->name);
        at = strstr(line, name);
        cr_expect(at != NULL && at < line + strcspn(line, "\n"),
                  "docs/CONTROL.md 7.2 lacks %s in the line of %s", name,
                  sk_need_word(op->need));
    }
}

/* Who is responsible for a file is found by what the operation names. */
Test(control, names_somebody_where_a_file_is_opened)
{
    static const char *const names[] = {"participant", "event", "message",
                                        "handover"};

    for (size_t i = 0; i < sk_ops_count; i++) {
        const struct sk_op *op = &sk_ops[i];
        bool named = false;

        for (size_t k = 0; k < SK_OP_ARGS_MAX && op->args[k].name != NULL; k++)
            for (size_t n = 0; n < SK_COUNT(names); n++)
                named = named || (op->args[k].kind == SK_ARG_ID &&
                                  strcmp(op->args[k].name, names[n]) == 0);
        cr_expect(named || op->need != SK_NEED_CASE, "%s", op->name);
    }
}

/* DOMAIN 2.3: who runs the node sees no person; who audits, no work. */
Test(control, keeps_operators_and_auditors_out)
{
    const unsigned operator_bit = SK_ROLE_BIT(SK_ROLE_OPERATOR);
    const unsigned auditor_bit = SK_ROLE_BIT(SK_ROLE_AUDITOR);

    for (enum sk_need need = SK_NEED_NODE; need < SK_NEEDS; need++) {
        unsigned roles = sk_need_roles(need);
        /* Of the agenda what is told to operators, about no person. */
        bool runs = need == SK_NEED_NODE || need == SK_NEED_STAFF ||
                    need == SK_NEED_OPERATE || need == SK_NEED_AGENDA ||
                    need == SK_NEED_FOLLOW;
        bool audits = need == SK_NEED_STAFF || need == SK_NEED_AUDIT;

        cr_expect(ne(uint, roles, 0));
        cr_expect(eq(int, (roles & operator_bit) != 0, runs), "%s",
                  sk_need_word(need));
        cr_expect(eq(int, (roles & auditor_bit) != 0, audits), "%s",
                  sk_need_word(need));
    }
}
