#include "policies/yaml.h"

#include <string.h>
#include <yaml.h>

#include "policies/yaml_escape.h"
#include "policies/yaml_keys.h"
#include "protocol/limits.h"
#include "protocol/utf8.h"

#define DEPTH_MAX 16
#define SCALAR_SIZE_MAX 4096
#define KEY_SIZE_MAX 128
#define NODES_MAX 200000
#define SNIPPET_SIZE_MAX 40

/* A list or map that is still open. */
struct frame {
    struct sk_node *node;
    struct sk_node *last;    /* child */
    struct sk_node *pending; /* map: a key that waits for its value */
};

struct reader {
    yaml_parser_t parser;
    const char *file;
    struct sk_bytes bytes; /* without byte order mark */
    struct sk_arena *arena;
    struct sk_findings *findings;
    bool refused; /* POLICY.md 3.7: the first reading error stops the file */
    enum sk_status status;
    /* libyaml counts characters: where we are, in both. */
    size_t index;
    size_t at;
    yaml_mark_t end_mark; /* of the event before */
    size_t end;           /* byte behind the event before */
    yaml_mark_t opened;   /* start of the last text, if quoted over lines */
    size_t quoted_line;   /* where that text ended; SIZE_MAX: none */
    struct frame stack[DEPTH_MAX];
    size_t depth;
    struct sk_keys keys;
    size_t nodes;
    size_t documents;
    struct sk_node *root;
};

/* ---------------------------------------------------------------- findings */

static void refuse(struct reader *r, const char *code, struct sk_place place,
                   const struct sk_argument *arguments, size_t count)
{
    if (!r->refused)
        sk_findings_add(r->findings, code, place, arguments, count);
    r->refused = true;
}

static void refuse_one(struct reader *r, const char *code,
                       struct sk_place place, const char *name,
                       struct sk_bytes text)
{
    struct sk_argument argument = {name, text};

    refuse(r, code, place, &argument, 1);
}

/* POLICY.md 3.5 */
static void refuse_size(struct reader *r, struct sk_place place,
                        const char *what, size_t max)
{
    char number[21];
    struct sk_argument arguments[] = {
        {"what", sk_text(what)},
        {"max", sk_number_format(max, number)},
    };

    refuse(r, "E019", place, arguments, SK_COUNT(arguments));
}

/* POLICY.md 3.1: "U+202E". */
static void refuse_character(struct reader *r, struct sk_place place,
                             uint32_t character)
{
    static const char digits[] = "0123456789ABCDEF";
    char text[8] = "U+";
    size_t size = 2;
    uint32_t shift = character > 0xfffff ? 20 : character > 0xffff ? 16 : 12;

    for (;; shift -= 4) {
        text[size++] = digits[character >> shift & 15];
        if (shift == 0)
            break;
    }
    refuse_one(r, "E005", place, "what",
               (struct sk_bytes){(const uint8_t *)text, size});
}

static struct sk_place place_of(const struct reader *r, yaml_mark_t mark)
{
    return (struct sk_place){r->file, (uint32_t)mark.line + 1,
                             (uint32_t)mark.column + 1};
}

/* ---------------------------------------------------------------- bytes */

/* POLICY.md 3.1, before anything else reads them. */
static void check_bytes(struct reader *r)
{
    struct sk_place place = {r->file, 1, 1};
    size_t at = 0;

    while (at < r->bytes.size && !r->refused) {
        uint32_t c;

        if (r->bytes.data[at] >= 0x20 && r->bytes.data[at] < 0x7f) {
            at++;
            place.column++;
            continue;
        }
        if (r->bytes.data[at] == '\r' && at + 1 < r->bytes.size &&
            r->bytes.data[at + 1] == '\n')
            at++;
        c = sk_utf8_next(r->bytes, &at);
        if (c == SK_NO_CHARACTER)
            refuse_one(r, "E005", place, "what", sk_text("invalid UTF-8"));
        else if (sk_character_is_forbidden(c))
            refuse_character(r, place, c);
        place.column++;
        if (c == '\n') {
            place.line++;
            place.column = 1;
        }
    }
}

static bool is_tail(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The byte of a mark; marks nearly always go forward. */
static size_t seek(struct reader *r, yaml_mark_t mark)
{
    while (r->index < mark.index && r->at < r->bytes.size) {
        do
            r->at++;
        while (r->at < r->bytes.size && is_tail(r->bytes.data[r->at]));
        r->index++;
    }
    while (r->index > mark.index && r->at > 0) {
        do
            r->at--;
        while (r->at > 0 && is_tail(r->bytes.data[r->at]));
        r->index--;
    }
    return r->at;
}

static uint8_t byte_at(const struct reader *r, size_t at)
{
    return at < r->bytes.size ? r->bytes.data[at] : 0;
}

/* The word at a mark, for messages: "&anchor", "!!str", "%YAML". */
static struct sk_bytes snippet(struct reader *r, yaml_mark_t mark)
{
    struct sk_bytes word = {r->bytes.data + seek(r, mark), 0};
    size_t max = r->bytes.size - r->at;

    if (max > SNIPPET_SIZE_MAX)
        max = SNIPPET_SIZE_MAX;
    while (word.size < max && word.data[word.size] > 0x20 &&
           word.data[word.size] < 0x7f &&
           memchr(",[]{}", word.data[word.size], 5) == NULL)
        word.size++;
    return word;
}

/* ---------------------------------------------------------------- escapes */

/* POLICY.md 3.1: no forbidden character or line break by way of an escape. */
static void check_escapes(struct reader *r, const yaml_event_t *event)
{
    size_t start = seek(r, event->start_mark) + 1;
    size_t end = seek(r, event->end_mark) - 1;
    struct sk_bytes inside = {r->bytes.data + start, end - start};
    struct sk_place place = place_of(r, event->start_mark);
    struct sk_escape escape;

    if (!sk_escape_find(inside, &escape))
        return;
    if (escape.line == 0)
        place.column += 1 + escape.column;
    else
        place.column = 1 + escape.column;
    place.line += escape.line;
    if (escape.character == '\n' || escape.character == '\r')
        refuse_one(r, "E005", place, "what",
                   sk_text("line break by an escape"));
    else
        refuse_character(r, place, escape.character);
}

/* ---------------------------------------------------------------- keys */

/* POLICY.md 3.3: the same key twice in one map. */
static void remember(struct reader *r, const struct sk_node *map,
                     const struct sk_node *node)
{
    const struct sk_node *before = NULL;

    if (!sk_keys_add(&r->keys, map, node, &before))
        r->status = SK_E_MEMORY;
    if (before != NULL) {
        char line[21];
        struct sk_argument arguments[] = {
            {"key", node->key},
            {"line", sk_number_format(before->key_place.line, line)},
        };

        refuse(r, "E004", node->key_place, arguments, SK_COUNT(arguments));
    }
}

/* ---------------------------------------------------------------- tree */

static struct frame *top(struct reader *r)
{
    return r->depth == 0 ? NULL : &r->stack[r->depth - 1];
}

static bool wants_key(struct reader *r)
{
    const struct frame *frame = top(r);

    return frame != NULL && frame->node->kind == SK_NODE_MAP &&
           frame->pending == NULL;
}

static bool count_node(struct reader *r, struct sk_place place)
{
    if (++r->nodes > NODES_MAX)
        refuse_size(r, place, "parts in a file", NODES_MAX);
    return !r->refused;
}

static struct sk_node *new_node(struct reader *r)
{
    struct sk_node *node = sk_arena_get(r->arena, sizeof(*node));

    if (node == NULL)
        r->status = SK_E_MEMORY;
    return node;
}

static bool copy_text(struct reader *r, const yaml_event_t *event,
                      struct sk_bytes *out)
{
    *out =
        sk_arena_copy(r->arena, (struct sk_bytes){event->data.scalar.value,
                                                  event->data.scalar.length});
    if (out->data == NULL)
        r->status = SK_E_MEMORY;
    return out->data != NULL;
}

/* Put a value where it belongs: the root, behind its key, or in the list. */
static struct sk_node *add_value(struct reader *r, enum sk_node_kind kind,
                                 const yaml_event_t *event)
{
    struct frame *frame = top(r);
    struct sk_node *node;

    if (!count_node(r, place_of(r, event->start_mark)))
        return NULL;
    node =
        frame != NULL && frame->pending != NULL ? frame->pending : new_node(r);
    if (node == NULL)
        return NULL;
    node->kind = kind;
    node->place = place_of(r, event->start_mark);
    if (frame == NULL) {
        r->root = node;
        return node;
    }
    if (frame->last == NULL)
        frame->node->first = node;
    else
        frame->last->next = node;
    frame->last = node;
    frame->pending = NULL;
    frame->node->count++;
    return node;
}

/* ---------------------------------------------------------------- events */

/* POLICY.md 3.3: anchors, aliases and tags show in the first byte. */
static void check_properties(struct reader *r, const yaml_event_t *event)
{
    uint8_t first = byte_at(r, seek(r, event->start_mark));
    struct sk_place place = place_of(r, event->start_mark);

    if (first == '&' || first == '*')
        refuse_one(r, "E002", place, "what", snippet(r, event->start_mark));
    else if (first == '!')
        refuse_one(r, "E003", place, "tag", snippet(r, event->start_mark));
}

/* POLICY.md 3.3: is there a '?' between the event before and this key? */
static bool is_explicit(struct reader *r, size_t start)
{
    for (size_t at = r->end; at < start; at++) {
        uint8_t byte = r->bytes.data[at];

        if (byte == '?')
            return true;
        if (byte == '#') {
            while (at < start && r->bytes.data[at] != '\n')
                at++;
        }
    }
    return false;
}

static bool is_empty(const yaml_event_t *event)
{
    return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           event->data.scalar.length == 0;
}

static void on_key(struct reader *r, const yaml_event_t *event)
{
    struct frame *frame = top(r);
    struct sk_place place = place_of(r, event->start_mark);
    yaml_scalar_style_t style = event->data.scalar.style;
    struct sk_node *node;

    if (is_explicit(r, seek(r, event->start_mark)) || is_empty(event) ||
        event->start_mark.line != event->end_mark.line ||
        style == YAML_LITERAL_SCALAR_STYLE ||
        style == YAML_FOLDED_SCALAR_STYLE) {
        refuse(r, "E007", place, NULL, 0);
        return;
    }
    if (event->data.scalar.length > KEY_SIZE_MAX) {
        refuse_size(r, place, "key, bytes", KEY_SIZE_MAX);
        return;
    }
    if (!count_node(r, place))
        return;
    node = new_node(r);
    if (node == NULL || !copy_text(r, event, &node->key))
        return;
    node->key_place = place;
    if (sk_bytes_equal(node->key, sk_text("<<"))) {
        refuse_one(r, "E002", place, "what", node->key);
        return;
    }
    frame->pending = node;
    remember(r, frame->node, node);
}

/* POLICY.md 3.3: a key or list item without a value. */
static void refuse_empty(struct reader *r, const yaml_event_t *event)
{
    const struct frame *frame = top(r);
    struct sk_place place = place_of(r, event->start_mark);

    if (frame == NULL) {
        refuse_one(r, "E001", place, "detail", sk_text("the file is empty"));
        return;
    }
    if (frame->pending != NULL)
        place = frame->pending->key_place;
    else if (place.column > 1 &&
             byte_at(r, seek(r, event->start_mark) - 1) == '-')
        place.column--;
    refuse_one(r, "E008", place, "what", sk_text("a value"));
}

static void on_scalar(struct reader *r, const yaml_event_t *event)
{
    struct sk_node *node;

    check_properties(r, event);
    if (!r->refused &&
        event->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE)
        check_escapes(r, event);
    if (r->refused)
        return;
    if (wants_key(r)) {
        on_key(r, event);
        return;
    }
    if (is_empty(event)) {
        refuse_empty(r, event);
        return;
    }
    if (r->depth == 0) {
        refuse_one(r, "E008", place_of(r, event->start_mark), "what",
                   sk_text("a map"));
        return;
    }
    if (event->data.scalar.length > SCALAR_SIZE_MAX) {
        refuse_size(r, place_of(r, event->start_mark), "text, bytes",
                    SCALAR_SIZE_MAX);
        return;
    }
    node = add_value(r, SK_NODE_SCALAR, event);
    if (node != NULL)
        (void)copy_text(r, event, &node->text); /* status is set */
}

static void on_open(struct reader *r, enum sk_node_kind kind,
                    const yaml_event_t *event)
{
    struct sk_place place = place_of(r, event->start_mark);
    struct sk_node *node;

    check_properties(r, event);
    if (r->refused)
        return;
    if (wants_key(r)) {
        refuse(r, "E007", place, NULL, 0);
        return;
    }
    if (r->depth == 0 && kind != SK_NODE_MAP) {
        refuse_one(r, "E008", place, "what", sk_text("a map"));
        return;
    }
    if (r->depth == DEPTH_MAX) {
        refuse_size(r, place, "nesting", DEPTH_MAX);
        return;
    }
    node = add_value(r, kind, event);
    if (node != NULL)
        r->stack[r->depth++] = (struct frame){.node = node};
}

static void on_document(struct reader *r, const yaml_event_t *event)
{
    struct sk_place place = place_of(r, event->start_mark);

    if (byte_at(r, seek(r, event->start_mark)) == '%')
        refuse_one(r, "E006", place, "what", snippet(r, event->start_mark));
    else if (r->documents++ > 0)
        refuse_one(r, "E006", place, "what", sk_text("---"));
}

static void on_event(struct reader *r, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_STREAM_START_EVENT:
    case YAML_NO_EVENT:
        break;
    case YAML_STREAM_END_EVENT:
        if (r->documents == 0)
            refuse_one(r, "E001", place_of(r, event->start_mark), "detail",
                       sk_text("the file is empty"));
        break;
    case YAML_DOCUMENT_START_EVENT:
        on_document(r, event);
        break;
    case YAML_DOCUMENT_END_EVENT:
        if (!event->data.document_end.implicit)
            refuse_one(r, "E006", place_of(r, event->start_mark), "what",
                       sk_text("..."));
        break;
    case YAML_ALIAS_EVENT:
        check_properties(r, event);
        break;
    case YAML_SCALAR_EVENT:
        on_scalar(r, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        on_open(r, SK_NODE_LIST, event);
        break;
    case YAML_MAPPING_START_EVENT:
        on_open(r, SK_NODE_MAP, event);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        r->depth--;
        break;
    }
}

/* For "opened on line": the last text that was quoted over several lines. */
static void note_event(struct reader *r, const yaml_event_t *event)
{
    r->end_mark = event->end_mark;
    r->end = seek(r, event->end_mark);
    if (event->type != YAML_SCALAR_EVENT)
        return;
    r->quoted_line = SIZE_MAX;
    if (event->data.scalar.style != YAML_SINGLE_QUOTED_SCALAR_STYLE &&
        event->data.scalar.style != YAML_DOUBLE_QUOTED_SCALAR_STYLE)
        return;
    if (event->start_mark.line == event->end_mark.line)
        return;
    r->opened = event->start_mark;
    r->quoted_line = event->end_mark.line;
}

/* ---------------------------------------------------------------- errors */

static bool has(const char *text, const char *part)
{
    return text != NULL && strstr(text, part) != NULL;
}

static void refuse_syntax(struct reader *r, yaml_mark_t mark,
                          const char *detail, yaml_mark_t opened)
{
    char line[21];
    struct sk_argument arguments[] = {
        {"detail", sk_text(detail)},
        {"line", sk_number_format(opened.line + 1, line)},
    };

    refuse(r, "E001", place_of(r, mark), arguments, SK_COUNT(arguments));
}

/* Where a text, list or map was opened that is not closed. */
static void on_unclosed(struct reader *r, const char *detail)
{
    const yaml_parser_t *p = &r->parser;
    bool at_end = seek(r, p->problem_mark) >= r->bytes.size;

    refuse_syntax(r, at_end ? p->context_mark : p->problem_mark, detail,
                  p->context_mark);
}

/* A surrogate, or above U+10FFFF; the mark is behind the "\\u". */
static void on_impossible_escape(struct reader *r)
{
    struct sk_place place = place_of(r, r->parser.problem_mark);

    place.column -= place.column > 2 ? 2 : 0;
    refuse_one(r, "E005", place, "what",
               sk_text("impossible character by an escape"));
}

/* The words of libyaml, which are all constants of its scanner and parser,
   turned into the codes of POLICY.md 3.3. */
static void on_problem(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem != NULL ? p->problem : "?";
    yaml_mark_t mark = p->context != NULL ? p->context_mark : p->problem_mark;

    if (has(p->context, "anchor") || has(p->context, "alias"))
        refuse_one(r, "E002", place_of(r, mark), "what", snippet(r, mark));
    else if (has(p->context, "directive") || has(problem, "directive") ||
             has(p->context, "%") || has(problem, "incompatible YAML"))
        refuse_one(r, "E006", place_of(r, mark), "what", snippet(r, mark));
    else if (has(p->context, "tag") || has(problem, "tag handle"))
        refuse_one(r, "E003", place_of(r, mark), "tag", snippet(r, mark));
    else if (has(problem, "<document start>") && byte_at(r, r->end) == '%')
        refuse_one(r, "E006", place_of(r, r->end_mark), "what",
                   snippet(r, r->end_mark));
    else if (has(problem, "Unicode character escape"))
        on_impossible_escape(r);
    else if ((has(problem, "expected key") || has(problem, "node content")) &&
             byte_at(r, seek(r, p->problem_mark)) == ':')
        refuse(r, "E007", place_of(r, p->problem_mark), NULL, 0);
    else if (has(p->context, "quoted scalar") && has(problem, "end of stream"))
        refuse_syntax(
            r, p->context_mark,
            "quoted text without closing quote, opened on line {line}",
            p->context_mark);
    else if (has(problem, "',' or ']'"))
        on_unclosed(r, "list without closing ']', opened on line {line}");
    else if (has(problem, "',' or '}'"))
        on_unclosed(r, "map without closing '}', opened on line {line}");
    else if (r->quoted_line == p->problem_mark.line)
        refuse_syntax(r, p->problem_mark,
                      "unexpected text behind a quoted text that was opened "
                      "on line {line}",
                      r->opened);
    else
        refuse_syntax(r, p->problem_mark, problem, p->problem_mark);
}

static void read_events(struct reader *r)
{
    bool more = true;

    while (more && !r->refused && r->status == SK_OK) {
        yaml_event_t event;

        if (yaml_parser_parse(&r->parser, &event) == 0) {
            if (r->parser.error == YAML_MEMORY_ERROR)
                r->status = SK_E_MEMORY;
            else
                on_problem(r);
            return;
        }
        more = event.type != YAML_STREAM_END_EVENT;
        on_event(r, &event);
        note_event(r, &event);
        yaml_event_delete(&event);
    }
}

enum sk_status sk_yaml_read(const char *file, struct sk_bytes bytes,
                            struct sk_arena *arena,
                            struct sk_findings *findings, struct sk_node **out)
{
    struct reader r = {.file = file,
                       .bytes = bytes.data != NULL ? bytes : sk_text(""),
                       .arena = arena,
                       .findings = findings,
                       .quoted_line = SIZE_MAX};
    struct sk_place start = {file, 1, 1};

    *out = NULL;
    if (bytes.size > SK_YAML_SIZE_MAX) {
        refuse_size(&r, start, "file, bytes", SK_YAML_SIZE_MAX);
        return arena->full ? SK_E_MEMORY : SK_OK;
    }
    if (r.bytes.size >= 3 && memcmp(r.bytes.data, "\xef\xbb\xbf", 3) == 0)
        r.bytes = (struct sk_bytes){r.bytes.data + 3, r.bytes.size - 3};
    check_bytes(&r);
    if (!r.refused) {
        if (yaml_parser_initialize(&r.parser) == 0)
            return SK_E_MEMORY;
        yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&r.parser, r.bytes.data, r.bytes.size);
        r.keys = sk_keys_start(arena, r.bytes);
        read_events(&r);
        yaml_parser_delete(&r.parser);
    }
    if (r.status == SK_OK && arena->full)
        r.status = SK_E_MEMORY;
    if (r.status == SK_OK && !r.refused)
        *out = r.root;
    return r.status;
}
