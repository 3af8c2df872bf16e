#include "tools/schakel/policy_matrix.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "policies/civil.h"
#include "tools/schakel/policy_words.h"

/* A matrix on a terminal: per purpose a grid, partners across, what they see
   down. */

#define WIDTH_DEFAULT 100
#define WIDTH_MIN 60
#define FIRST_MAX 38 /* of the column with the fields */
#define GAP 2
#define NOTES_MAX 16
#define CELL_MAX 26 /* a longer label gives way to the level's id */

/* The cells of one partner and purpose. */
struct range {
    size_t from;
    size_t to;
};

struct grid {
    const struct sk_shown *shown;
    struct sk_policy_run *run;
    const struct sk_matrix *matrix;
    const struct sk_vocabulary *v;
    size_t width;   /* of the terminal */
    size_t first;   /* of the first column */
    uint16_t *orgs; /* the partners of this purpose, sorted */
    size_t orgs_count;
    struct range *ranges; /* partner x purpose */
    const char *notes[NOTES_MAX];
    size_t notes_count;
};

static size_t terminal_width(void)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    size_t width = 0;

    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    else if (columns != NULL)
        width = (size_t)strtoul(columns, NULL, 10);
    if (width == 0 || width > 1000)
        return WIDTH_DEFAULT;
    return width < WIDTH_MIN ? WIDTH_MIN : width;
}

static void print_spaces(size_t count)
{
    static const char spaces[] = "                                ";

    for (; count >= sizeof(spaces); count -= sizeof(spaces) - 1)
        fputs_unlocked(spaces, stdout);
    fwrite_unlocked(spaces, 1, count, stdout);
}

/* The bytes of so many characters in front. */
static size_t bytes_of(struct sk_bytes text, size_t characters)
{
    size_t shown = 0;
    size_t at = 0;

    for (; at < text.size; at++) {
        shown += (text.data[at] & 0xc0) != 0x80;
        if (shown > characters)
            break;
    }
    return at;
}

/* Text in a column, cut with a point when it does not fit. */
static void print_padded(struct sk_bytes text, size_t width)
{
    size_t shown = sk_width(text);

    if (shown > width) {
        fwrite_unlocked(text.data, 1, bytes_of(text, width - 1), stdout);
        putchar('.');
    } else {
        fwrite_unlocked(text.data, 1, text.size, stdout);
        print_spaces(width - shown);
    }
}

/* ---------------------------------------------------------------- columns */

/* The reasons why cells are closed to a person are told below the grid. */
static size_t note_of(struct grid *g, const char *reason)
{
    size_t i = 0;

    while (i < g->notes_count && strcmp(g->notes[i], reason) != 0)
        i++;
    if (i == g->notes_count && i < NOTES_MAX)
        g->notes[g->notes_count++] = reason;
    return i + 1;
}

/* "jaar", "volledig *"; the star asks explicit consent.  Of a person: "jaar",
   "jaar (2)" when it could be more, "x (1)". */
static const char *cell_word(struct grid *g, const struct sk_cell *cell)
{
    size_t at = (size_t)(cell - g->matrix->cells);
    uint8_t level = sk_shown_level(g->shown, at);
    const char *reason = sk_shown_reason(g->shown, at);
    struct sk_words words = sk_words_start(&g->run->arena);
    struct sk_bytes word = sk_text("x");

    if (level > 0)
        word = sk_text(sk_policy_level(g->run, g->v, cell->field, level));
    if (sk_width(word) > CELL_MAX)
        word = sk_level_name(g->v, cell->field, level);
    sk_words_text(&words, word);
    if (reason != NULL)
        sk_words_add(&words, " (%zu)", note_of(g, reason));
    else if (cell->explicit_consent && g->shown->person[0] == '\0')
        sk_words_text(&words, sk_text(" *"));
    return words.text;
}

static struct range *range_of(const struct grid *g, uint16_t org,
                              uint16_t purpose)
{
    return &g->ranges[(size_t)org * SK_PURPOSES_MAX + purpose];
}

static bool find_ranges(struct grid *g)
{
    size_t count = g->matrix->bundle->roster.count * SK_PURPOSES_MAX;

    g->ranges = sk_arena_get_array(&g->run->arena, count, sizeof(*g->ranges));
    if (g->ranges == NULL)
        return false;
    for (size_t i = 0; i < g->matrix->count; i++) {
        const struct sk_spot *spot = &g->matrix->cells[i].spot;
        struct range *range = range_of(g, spot->org, spot->purpose);

        if (range->to == 0)
            range->from = i;
        range->to = i + 1;
    }
    return true;
}

/* The partners that see something for this purpose, sorted as cells are. */
static void find_orgs(struct grid *g, uint16_t purpose)
{
    const struct sk_cell *cells = g->matrix->cells;

    g->orgs_count = 0;
    for (size_t i = 0; i < g->matrix->count;) {
        uint16_t org = cells[i].spot.org;

        if (range_of(g, org, purpose)->to != 0)
            g->orgs[g->orgs_count++] = org;
        while (i < g->matrix->count && cells[i].spot.org == org)
            i = range_of(g, org, cells[i].spot.purpose)->to;
    }
}

static size_t column_width(struct grid *g, uint16_t org, uint16_t purpose)
{
    size_t width = sk_width(g->matrix->bundle->roster.orgs[org].id);
    const struct range *range = range_of(g, org, purpose);
    size_t mark = sk_arena_mark(&g->run->arena);

    for (size_t i = range->from; i < range->to; i++) {
        size_t of_word = sk_width(sk_text(cell_word(g, &g->matrix->cells[i])));

        if (of_word > width)
            width = of_word;
        sk_arena_reset(&g->run->arena, mark);
    }
    return width + GAP;
}

/* ---------------------------------------------------------------- block */

/* Partners that fit beside each other. */
struct block {
    uint16_t purpose;
    size_t from; /* of g->orgs */
    size_t to;
    size_t widths[SK_ORGS_MAX];
    const struct sk_cell **cells; /* event x line x partner; see line_of() */
};

/* Lines of an event: the event itself, and its fields by position. */
#define LINES (SK_EVENT_FIELDS_MAX + 1)

static const struct sk_cell **line_of(const struct block *b, size_t event,
                                      size_t line)
{
    return &b->cells[(event * LINES + line) * (b->to - b->from)];
}

/* Put the cells of the block in their places. */
static bool find_cells(const struct grid *g, struct block *b)
{
    const struct sk_bundle *bundle = g->matrix->bundle;
    size_t events = g->v->events_count;

    b->cells = sk_arena_get_array(&g->run->arena,
                                  events * LINES * (b->to - b->from) + 1,
                                  sizeof(const void *));
    if (b->cells == NULL)
        return false;
    for (size_t o = b->from; o < b->to; o++) {
        const struct range *range = range_of(g, g->orgs[o], b->purpose);

        for (size_t i = range->from; i < range->to; i++) {
            const struct sk_cell *cell = &g->matrix->cells[i];
            size_t line = 0;

            if (cell->field != SK_FACT)
                line = 1 + bundle->positions[(size_t)cell->spot.event *
                                                 g->v->fields_count +
                                             cell->field];
            line_of(b, cell->spot.event, line)[o - b->from] = cell;
        }
    }
    return true;
}

static void print_line(struct grid *g, const struct block *b, uint16_t event,
                       size_t line)
{
    const struct sk_cell **cells = line_of(b, event, line);
    size_t count = b->to - b->from;
    const struct sk_event_type *type = &g->v->events[event];
    struct sk_words name;
    size_t shown = 0;

    while (shown < count && cells[shown] == NULL)
        shown++;
    if (shown == count)
        return;
    name = sk_words_start(&g->run->arena);
    if (line == 0) {
        sk_words_text(&name, sk_policy_label(g->run, &type->label, type->id));
    } else {
        sk_words_text(&name, sk_text("  "));
        sk_words_text(&name,
                      sk_policy_field(g->run, g->v, type->fields[line - 1]));
    }
    fputs("  ", stdout);
    print_padded(sk_text(name.text), g->first);
    for (size_t i = 0; i < count; i++) {
        const char *word = cells[i] == NULL ? "-" : cell_word(g, cells[i]);

        if (i + 1 < count)
            print_padded(sk_text(word), b->widths[b->from + i]);
        else
            fputs(word, stdout);
    }
    putchar('\n');
}

static void print_block(struct grid *g, const struct block *b)
{
    const struct sk_bundle *bundle = g->matrix->bundle;

    fputs("  ", stdout);
    print_padded(sk_text(""), g->first);
    for (size_t i = b->from; i < b->to; i++)
        print_padded(bundle->roster.orgs[g->orgs[i]].id,
                     i + 1 < b->to
                         ? b->widths[i]
                         : sk_width(bundle->roster.orgs[g->orgs[i]].id));
    putchar('\n');
    for (size_t e = 0; e < g->v->events_count; e++) {
        const struct sk_event_type *type = &g->v->events[e];
        size_t mark = sk_arena_mark(&g->run->arena);

        for (size_t line = 0; line <= type->fields_count; line++)
            print_line(g, b, (uint16_t)e, line);
        sk_arena_reset(&g->run->arena, mark);
    }
    putchar('\n');
}

static bool print_purpose(struct grid *g, uint16_t purpose)
{
    const struct sk_purpose *p = &g->v->purposes[purpose];
    struct block b = {.purpose = purpose};
    size_t mark = sk_arena_mark(&g->run->arena);

    find_orgs(g, purpose);
    if (g->orgs_count == 0)
        return true;
    printf("%.*s (%.*s)\n", SK_ARG(sk_policy_label(g->run, &p->label, p->id)),
           SK_ARG(p->id));
    while (b.to < g->orgs_count) {
        size_t used = 2 + g->first;

        b.from = b.to;
        while (b.to < g->orgs_count) {
            b.widths[b.to] = column_width(g, g->orgs[b.to], purpose);
            if (b.to > b.from && used + b.widths[b.to] > g->width)
                break;
            used += b.widths[b.to++];
        }
        if (!find_cells(g, &b))
            return false;
        print_block(g, &b);
        sk_arena_reset(&g->run->arena, mark);
    }
    return true;
}

/* The widest name of an event or field that flows. */
static size_t first_width(const struct grid *g)
{
    size_t width = 10;

    for (size_t i = 0; i < g->matrix->count; i++) {
        const struct sk_cell *cell = &g->matrix->cells[i];
        const struct sk_event_type *type = &g->v->events[cell->spot.event];
        size_t of_word =
            cell->field == SK_FACT
                ? sk_width(sk_policy_label(g->run, &type->label, type->id))
                : 2 + sk_width(sk_policy_field(g->run, g->v, cell->field));

        if (of_word > width)
            width = of_word;
    }
    return (width > FIRST_MAX ? FIRST_MAX : width) + GAP;
}

static void print_heading(const struct sk_shown *s)
{
    const struct sk_policy_run *run = s->run;
    char day[11];

    sk_day_format(s->matrix.day, day);
    if (s->person[0] == '\0') {
        printf(run->dutch ? "Wie ziet wat op %s: %.*s, versie %u\n"
                          : "Who sees what on %s: %.*s, version %u\n",
               day, SK_ARG(s->bundle->owner), s->bundle->policy_version);
        puts(sk_policy_word(
            run,
            "Het meeste dat kan, met een band en een akkoord van de "
            "deelnemer.\n* vraagt een uitdrukkelijk akkoord.\n",
            "The most that can be, with a relation and the participant's "
            "consent.\n* asks for explicit consent.\n"));
        return;
    }
    printf(run->dutch ? "Wie kan wat zien van deze deelnemer op %s: %.*s, "
                        "versie %u\nDeelnemer: %s\n"
                      : "Who can see what of this participant on %s: %.*s, "
                        "version %u\nParticipant: %s\n",
           day, SK_ARG(s->bundle->owner), s->bundle->policy_version, s->person);
    puts(sk_policy_word(
        run,
        "Met de banden, akkoorden, bezwaren, werkgevers en leeftijd die het "
        "knooppunt kent.\nx: gaat niet; (1): waarom niet, of niet preciezer; "
        "zie onderaan.\n",
        "With the relations, consents, objections, employers and age that the "
        "node knows.\nx: does not go; (1): why not, or not further; see "
        "below.\n"));
}

static void print_notes(const struct grid *g)
{
    for (size_t i = 0; i < g->notes_count; i++)
        printf("(%zu) %s [%s]\n", i + 1,
               sk_reason_text(g->notes[i], g->run->dutch), g->notes[i]);
}

int sk_policy_grid(const struct sk_shown *s)
{
    uint16_t orgs[SK_ORGS_MAX];
    struct grid g = {.shown = s,
                     .run = s->run,
                     .matrix = &s->matrix,
                     .v = s->v,
                     .width = terminal_width(),
                     .orgs = orgs};

    g.first = first_width(&g);
    if (!find_ranges(&g))
        return sk_policy_no_memory();
    print_heading(s);
    for (size_t p = 0; p < g.v->purposes_count; p++)
        if (!print_purpose(&g, (uint16_t)p))
            return sk_policy_no_memory();
    print_notes(&g);
    if (s->matrix.count == 0)
        puts(sk_policy_word(s->run, "Die dag gaat er niets uit.",
                            "Nothing goes out that day."));
    return SK_EXIT_YES;
}
