/*
 * Control requests to real engines: any bytes, and operations of the table
 * with arguments that are mostly of the right kind, about ids that exist, one
 * after the other.  The school and gtb take turns; frames move between them.
 *
 * The law, after every request:
 *   - exactly one reply, canonical, {ok: true, result} or {error, ok: false};
 *   - an error has a code that there are words for in both languages, and
 *     nothing in it of what people typed (I9);
 *   - only what answers ok wrote anything (I4);
 *   - a full disk is the only thing that takes the reply away, and then
 *     nothing was written, and the same request is answered afterwards;
 *   - a request with an id that changed something is answered the same again,
 *     and writes nothing.                               CONTROL.md 2.4
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/say.h"

#include "protocol/texts.h"

#define REQUESTS_MAX 16
#define TYPED "Kanariegeheim"

static struct fx *const f = &world.f;
static struct say fresh;
static size_t nodes[2];
static size_t turn; /* of nodes */
static uint8_t charter_request[SK_CONTROL_SIZE_MAX];
static size_t charter_size;
static unsigned asked; /* in this input: every other one has an id, of four */
static bool armed;     /* the disk fills up within the next request */
static bool compiled;  /* a policy or charter was tried: that takes long */
static bool files; /* the error may quote a file, which is not about persons */

/* ------------------------------------------------------------- the law */

static void learn(struct sk_value v)
{
    struct sk_value_walk walk = sk_value_walk(v);
    struct sk_id id;

    if (sk_value_kind(v) == SK_VALUE_STR && sk_id_parse(sk_value_str(v), &id))
        say_learn(&id);
    while (sk_value_next(&walk))
        learn(walk.value);
}

static void check_error(struct sk_value error, struct sk_bytes reply)
{
    struct sk_bytes code = sk_value_str(sk_value_get(error, "code"));
    const struct sk_code *words = sk_code_find(code);

    MUST(words != NULL);
    MUST(sk_code_text(words->code, true) != NULL);
    MUST(sk_code_text(words->code, false) != NULL);
    MUST(sk_value_kind(sk_value_get(error, "field")) == SK_VALUE_NONE ||
         sk_value_kind(sk_value_get(error, "field")) == SK_VALUE_STR);
    MUST(files || memmem(reply.data, reply.size, TYPED, strlen(TYPED)) == NULL);
}

static bool is_of_policy(struct sk_value error)
{
    struct sk_bytes code = sk_value_str(sk_value_get(error, "code"));

    return sk_bytes_equal(code, sk_text("no-charter")) ||
           (code.size > 7 && memcmp(code.data, "policy-", 7) == 0);
}

static void check_reply(struct sk_bytes reply, size_t mark)
{
    struct sk_value v;
    struct sk_value ok;

    MUST(sk_value_check(reply, &v) == SK_OK);
    MUST(sk_value_kind(v) == SK_VALUE_MAP && sk_value_count(v) == 2);
    ok = sk_value_get(v, "ok");
    MUST(sk_value_kind(ok) == SK_VALUE_BOOL);
    if (sk_value_bool(ok)) {
        MUST(sk_value_kind(sk_value_get(v, "result")) != SK_VALUE_NONE);
        learn(v);
        return;
    }
    MUST(sk_value_kind(sk_value_get(v, "error")) == SK_VALUE_MAP);
    check_error(sk_value_get(v, "error"), reply);
    /* Frames that were due may have gone out after it; those are not its.  A
       policy that was refused leaves a record: journal and history. */
    for (size_t i = mark; i < world.writes_count; i++)
        MUST(world.writes[i].space == SK_SPACE_DATA &&
             strchr(is_of_policy(sk_value_get(v, "error")) ? "RDQJmf" : "RDQ",
                    world.writes[i].key[0]) != NULL);
}

/* What a request made due, such as a reminder for today, is not of the next. */
static void settle(size_t at)
{
    static struct sk_effects effects;
    struct sk_input timer = {.type = SK_INPUT_TIMER};

    MUST(fx_step(f, at, &timer, &effects) == SK_OK);
}

/* Only frames that were due may have gone out. */
static void must_repeat(struct sk_input *input, struct sk_bytes reply)
{
    static struct sk_effects effects;
    uint8_t *before = malloc(reply.size);
    size_t mark;

    cr_assert(before != NULL);
    memcpy(before, reply.data, reply.size);
    settle(nodes[turn]);
    mark = world.writes_count;
    MUST(fx_step(f, nodes[turn], input, &effects) == SK_OK);
    MUST(effects.reply.size == reply.size &&
         memcmp(effects.reply.data, before, reply.size) == 0);
    for (size_t i = mark; i < world.writes_count; i++)
        MUST(world.writes[i].space == SK_SPACE_DATA &&
             strchr("RDQ", world.writes[i].key[0]) != NULL);
    free(before);
}

/* Did it remember a request that it had not known? */
static bool is_kept(size_t mark)
{
    for (size_t i = mark; i < world.writes_count; i++)
        if (world.writes[i].space == SK_SPACE_DATA &&
            world.writes[i].key[0] == SK_T_REQUEST_AT)
            return true;
    return false;
}

static void ask(struct sk_bytes request)
{
    static struct sk_effects effects;
    struct sk_input input = {
        .type = SK_INPUT_CONTROL, .bytes = request, .owner = true};
    size_t mark = world.writes_count;
    size_t at = nodes[turn];
    uint64_t seeds = f->seeds;
    enum sk_status status = fx_step(f, at, &input, &effects);

    world_fail_after(f->nodes[at].store, 0);
    if (status == SK_E_FULL && armed) {
        world_must_be_back(mark);
        mark = world.writes_count;
        f->seeds = seeds;
        status = fx_step(f, at, &input, &effects);
    }
    armed = false;
    MUST(status == SK_OK);
    MUST(effects.reply.size > 0);
    MUST(effects.reply.size <= SK_CONTROL_SIZE_MAX);
    check_reply(effects.reply, mark);
    if (is_kept(mark))
        must_repeat(&input, effects.reply);
    settle(at);
}

/* ------------------------------------------------------------- arguments */

static void pack_typed(struct feed *feed, struct sk_pack *p)
{
    static const char *const texts[] = {
        TYPED,
        TYPED " Lotte",
        "2000",
        "2000-05-14",
        "1984-03",
        "84031499777",
        "84.03.14-997.77",
        "0032470990001",
        "2027-12-31",
        "2027-05-29T10:00",
        TYPED "\n" TYPED,
        "5",
    };
    uint8_t byte = feed_u8(feed);

    if (byte < 0xe0)
        sk_pack_cstr(p, texts[byte % (sizeof(texts) / sizeof(*texts))]);
    else
        say_text(feed, p);
}

static void pack_words(struct feed *feed, struct sk_pack *p)
{
    size_t count = 1 + (feed_u8(feed) & 3);

    sk_pack_array(p, count);
    for (size_t i = 0; i < count; i++)
        sk_pack_str(p, say_word(feed));
}

static void pack_days(struct feed *feed, struct sk_pack *p)
{
    size_t count = 1 + (feed_u8(feed) & 3);
    char day[11];

    sk_pack_array(p, count);
    for (size_t i = 0; i < count; i++)
        sk_pack_str(p, say_day(feed, day));
}

static void pack_instant(struct feed *feed, struct sk_pack *p)
{
    char day[11];
    char text[32];

    say_day(feed, day);
    snprintf(text, sizeof(text), "%sT%02u:00:00Z", day,
             (unsigned)feed_u8(feed) % 25u);
    sk_pack_cstr(p, text);
}

/* Fields of an event: names and values that may fit. */
static void pack_fields(struct feed *feed, struct sk_pack *p)
{
    static const char *const values[] = {
        "warm",        "next_step",   TYPED "?",          "2027-03-12",
        "+3214000003", "stage",       "8219.1",           "1999916801",
        "13025",       "accepted",    "active",           "declined",
        "2026-W45",    "4",           "work_experience",  "16",
        "true",        TYPED " plek", "2027-03-08T10:00",
    };
    struct say_member members[16];
    size_t count = feed_u8(feed) & 15;

    for (size_t i = 0; i < count; i++) {
        struct sk_pack inner;
        uint8_t byte;

        members[i].bytes = malloc(256);
        inner = sk_pack_start((struct sk_room){members[i].bytes, 256});
        members[i].key = say_word(feed);
        byte = feed_u8(feed);
        if (byte < 0xd0)
            sk_pack_cstr(&inner,
                         values[byte % (sizeof(values) / sizeof(*values))]);
        else if (byte < 0xe0)
            sk_pack_bool(&inner, true);
        else if (byte < 0xf0)
            sk_pack_uint(&inner, say_number(feed, 10));
        else
            pack_words(feed, &inner);
        if (inner.full) {
            inner = sk_pack_start((struct sk_room){members[i].bytes, 256});
            sk_pack_bool(&inner, false);
        }
        members[i].size = inner.size;
    }
    say_pack_members(members, count, p);
}

/* A policy, a card, or anything, with a few bytes changed. */
static void pack_file(struct feed *feed, struct sk_pack *p)
{
    static uint8_t room[65536];
    static char *policy;
    struct sk_bytes bytes;
    uint8_t byte = feed_u8(feed);

    files = true;
    if (policy == NULL)
        policy =
            fx_need("policies/library/school-naar-werk/nodes/buso/policy.yaml");
    if (byte < 0x80)
        bytes = sk_text(policy);
    else if (byte < 0xc0)
        bytes = (struct sk_bytes){f->nodes[nodes[1 - turn]].card_bytes,
                                  f->nodes[nodes[1 - turn]].card_size};
    else
        bytes = feed_bytes(feed, feed_u16(feed));
    cr_assert(bytes.size <= sizeof(room));
    if (bytes.size > 0)
        memcpy(room, bytes.data, bytes.size);
    if (byte < 0x80)
        room[strstr(policy, "version: 1") - policy + 9] = '2';
    for (uint8_t n = byte & 3; n > 0 && bytes.size > 0; n--)
        room[feed_u16(feed) % bytes.size] ^= feed_u8(feed);
    sk_pack_bin(p, (struct sk_bytes){room, bytes.size});
}

static void pack_files(struct feed *feed, struct sk_pack *p)
{
    sk_pack_map(p, 1);
    sk_pack_cstr(p, feed_u8(feed) & 1 ? "MANIFEST" : "charter.yaml");
    pack_file(feed, p);
}

static void pack_id(struct feed *feed, struct sk_pack *p)
{
    struct sk_id id = say_id(feed);
    char text[SK_ID_TEXT_SIZE + 1];

    sk_id_format(&id, text);
    sk_pack_cstr(p, text);
}

static void pack_arg(struct feed *feed, const struct sk_arg *arg,
                     struct sk_pack *p)
{
    char day[11];

    switch (arg->kind) {
    case SK_ARG_TEXT:
        pack_typed(feed, p);
        return;
    case SK_ARG_WORD:
        sk_pack_str(p, say_word(feed));
        return;
    case SK_ARG_ID:
        pack_id(feed, p);
        return;
    case SK_ARG_DATE:
        sk_pack_str(p, say_day(feed, day));
        return;
    case SK_ARG_INSTANT:
        pack_instant(feed, p);
        return;
    case SK_ARG_UINT:
        sk_pack_uint(p, say_number(feed, 1));
        return;
    case SK_ARG_BOOL:
        sk_pack_bool(p, feed_u8(feed) & 1);
        return;
    case SK_ARG_WORDS:
        pack_words(feed, p);
        return;
    case SK_ARG_DATES:
        pack_days(feed, p);
        return;
    case SK_ARG_MAP:
        pack_fields(feed, p);
        return;
    case SK_ARG_FILE:
        pack_file(feed, p);
        return;
    case SK_ARG_FILES:
        pack_files(feed, p);
        return;
    }
}

/* ------------------------------------------------------------- requests */

static int arg_order(const void *a, const void *b)
{
    return strcmp((*(const struct sk_arg *const *)a)->name,
                  (*(const struct sk_arg *const *)b)->name);
}

static void pack_args(struct feed *feed, const struct sk_op *op,
                      struct sk_pack *p)
{
    const struct sk_arg *chosen[SK_OP_ARGS_MAX];
    uint16_t present = feed_u16(feed);
    uint8_t wrong = feed_u8(feed);
    size_t count = 0;

    for (size_t i = 0; i < SK_OP_ARGS_MAX && op->args[i].name != NULL; i++) {
        if (op->args[i].required || (present >> i & 1) != 0)
            chosen[count++] = &op->args[i];
    }
    qsort(chosen, count, sizeof(*chosen), arg_order);
    sk_pack_map(p, count);
    for (size_t i = 0; i < count; i++) {
        sk_pack_cstr(p, chosen[i]->name);
        if (wrong == 0xf0 + i)
            say_value(feed, p, 1);
        else
            pack_arg(feed, chosen[i], p);
    }
}

static bool compiles(const struct sk_op *op)
{
    for (size_t i = 0; i < SK_OP_ARGS_MAX && op->args[i].name != NULL; i++) {
        if (op->args[i].kind == SK_ARG_FILE || op->args[i].kind == SK_ARG_FILES)
            return strcmp(op->name, "consent.give") != 0;
    }
    return false;
}

static void ask_op(struct feed *feed)
{
    static uint8_t room[262144];
    const struct sk_op *op = &sk_ops[feed_u8(feed) % sk_ops_count];
    struct sk_pack p = sk_pack_start((struct sk_room){room, sizeof(room)});
    struct sk_bytes request;
    char text[SK_ID_TEXT_SIZE + 1];
    struct sk_id id;

    if (compiles(op) && compiled)
        return;
    compiled = compiled || compiles(op);
    asked++;
    sk_pack_map(&p, asked % 2 == 0 ? 3 : 4);
    sk_pack_cstr(&p, "args");
    pack_args(feed, op, &p);
    if (asked % 2 != 0) {
        memset(id.bytes, (int)(asked / 2 % 4), sizeof(id.bytes));
        sk_id_format(&id, text);
        sk_pack_cstr(&p, "id");
        sk_pack_cstr(&p, text);
    }
    sk_pack_cstr(&p, "op");
    sk_pack_cstr(&p, op->name);
    sk_pack_cstr(&p, "v");
    sk_pack_uint(&p, 1);
    if (sk_pack_finish(&p, &request) == SK_OK)
        ask(request);
}

/* The next charter, as signed, or with bytes changed anywhere. */
static void ask_charter(struct feed *feed)
{
    uint8_t *request = malloc(charter_size);
    uint8_t changes = feed_u8(feed) & 3;

    compiled = true;
    cr_assert(request != NULL);
    memcpy(request, charter_request, charter_size);
    for (; changes > 0; changes--) {
        size_t at = ((size_t)feed_u16(feed) << 8 | feed_u8(feed));

        request[at % charter_size] ^= feed_u8(feed);
    }
    files = true;
    ask((struct sk_bytes){request, charter_size});
    free(request);
}

static void act(struct feed *feed)
{
    uint8_t byte = feed_u8(feed);

    files = false;
    turn = byte & 1;
    say.engine = f->nodes[nodes[turn]].engine;
    if (byte & 0x08) {
        armed = true;
        world_fail_after(f->nodes[nodes[turn]].store, 1 + feed_u8(feed) % 24);
    }
    if (byte >= 0xf8 && !compiled)
        ask_charter(feed);
    else if (byte >= 0xf0)
        ask(feed_bytes(feed, feed_u16(feed) % 1024));
    else
        ask_op(feed);
    world_fail_after(f->nodes[nodes[turn]].store, 0);
    if (byte & 0x04) {
        fx_run(f);
        settle(nodes[0]); /* of what frames made due, too */
        settle(nodes[1]);
    }
}

static void start(void)
{
    struct fx_charter *charter;

    world_start("buso", "gtb");
    nodes[0] = fx_index(f, "buso");
    nodes[1] = fx_index(f, "gtb");
    say_learn_text(world_people.jonas.text);
    say_learn_text(world_people.lotte.text);
    say_learn_text(world_people.request.text);
    say_learn_text(world_people.workplace.text);
    say_learn_text(world_people.message.text);
    say_learn_text(world_people.handover.text);
    fresh = say;
    charter = fx_charter(f);
    charter_size = fx_import_request(
        f, charter, (struct sk_room){charter_request, SK_CONTROL_SIZE_MAX});
    free(charter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct feed feed = {data, size};

    if (charter_size == 0)
        start();
    say = fresh;
    armed = false;
    asked = 0;
    compiled = false;
    for (int i = 0; i < REQUESTS_MAX && feed.left > 0; i++)
        act(&feed);
    world_reset();
    return 0;
}
