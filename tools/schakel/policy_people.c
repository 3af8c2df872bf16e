#include <stdio.h>

#include "policies/words.h"
#include "tools/schakel/policy_rows.h"
#include "tools/schakel/policy_words.h"

/* `schakel policy render --for-people`: who gets what about you, in plain
   words, as a page to put on a website or a wall. */

static const char *word(const struct sk_policy_run *run, const char *nl,
                        const char *en)
{
    return sk_policy_word(run, nl, en);
}

static struct sk_bytes event_label(struct sk_policy_run *run,
                                   const struct sk_row *row, size_t i)
{
    const struct sk_event_type *event =
        &row->bundle->vocabulary->events[row->cells[i].spot.event];

    return sk_policy_label(run, &event->label, event->id);
}

/* The cells of one event as one line of a list; returns the next event. */
static size_t print_event(struct sk_policy_run *run, const struct sk_row *row,
                          size_t from)
{
    const struct sk_vocabulary *v = row->bundle->vocabulary;
    uint16_t event = row->cells[from].spot.event;
    struct sk_bytes label = event_label(run, row, from);
    size_t fields = 0;
    size_t i = from;

    printf("- %.*s", SK_ARG(label));
    for (; i < row->count && row->cells[i].spot.event == event; i++) {
        const struct sk_cell *cell = &row->cells[i];
        const struct sk_field *field;
        struct sk_label how;
        struct sk_bytes text;

        if (cell->field == SK_FACT)
            continue;
        field = &v->fields[cell->field];
        text = sk_policy_field(run, v, cell->field);
        printf("%s%.*s", fields++ == 0 ? ": " : ", ", SK_ARG(text));
        if (cell->level == sk_exact(field))
            continue;
        how = sk_level_words(field, cell->level, &run->arena);
        text = sk_label_of(&how, run->dutch);
        printf(" (%.*s)", SK_ARG(text));
    }
    if (fields == 0)
        printf("%s", word(run, " (alleen dat het gebeurde)",
                          " (only that it happened)"));
    putchar('\n');
    return i;
}

/* Which fields ask for a signature of their own, each once; none: nothing. */
static void print_explicit(struct sk_policy_run *run, const struct sk_row *row)
{
    const struct sk_vocabulary *v = row->bundle->vocabulary;
    const char *before =
        word(run, " Hiervoor teken je apart: ", " For this you sign apart: ");
    bool said = false;

    for (size_t i = 0; i < row->count; i++) {
        const struct sk_cell *cell = &row->cells[i];
        bool told = false;

        if (cell->field == SK_FACT || !cell->explicit_consent)
            continue;
        for (size_t k = 0; k < i; k++)
            told |= row->cells[k].field == cell->field &&
                    row->cells[k].explicit_consent;
        if (told)
            continue;
        printf("%s%.*s", before, SK_ARG(sk_policy_field(run, v, cell->field)));
        before = ", ";
        said = true;
    }
    if (said)
        putchar('.');
}

static void print_purpose(struct sk_policy_run *run, const struct sk_row *row)
{
    const struct sk_purpose *purpose =
        &row->bundle->vocabulary->purposes[row->purpose];
    const struct sk_share *longest = sk_row_longest(row);
    struct sk_bytes label = sk_policy_label(run, &purpose->label, purpose->id);
    struct sk_bytes sentence = sk_label_of(&purpose->sentence, run->dutch);

    printf("\n### %.*s\n\n", SK_ARG(label));
    if (sentence.size != 0)
        printf("**%s** %.*s\n\n", word(run, "Waarom?", "Why?"),
               SK_ARG(sentence));
    printf("**%s**\n\n", word(run, "Wat?", "What?"));
    for (size_t i = 0; i < row->count;)
        i = print_event(run, row, i);
    printf("\n**%s** %s %s.\n", word(run, "Hoe lang?", "How long?"),
           word(run, "Hoogstens", "At most"),
           sk_policy_duration(run, longest->retain));
    printf("\n**%s** %s", word(run, "Mag dat zomaar?", "Just like that?"),
           word(run, "Nee. Alleen als jij akkoord bent.",
                "No. Only when you agree."));
    print_explicit(run, row);
    printf("\n");
}

void sk_people_print(struct sk_policy_run *run, const struct sk_rows *rows)
{
    const struct sk_bundle *bundle;

    if (rows->count == 0) {
        printf("%s\n",
               word(run, "Niemand krijgt gegevens.", "Nobody gets data."));
        return;
    }
    bundle = rows->list[0].bundle;
    printf("# %s\n\n%s: ",
           word(run, "Wie krijgt wat over jou?", "Who gets what about you?"),
           word(run, "Hier lees je wat wij delen. Wij zijn",
                "Here you read what we share. We are"));
    sk_policy_md(sk_bundle_org(bundle, sk_bundle_owner(bundle))->name);
    printf(". %s\n", word(run, "Wat hier niet staat, delen we niet.",
                          "What is not here, we do not share."));
    for (size_t i = 0; i < rows->count; i++) {
        const struct sk_row *row = &rows->list[i];

        if (i == 0 || rows->list[i - 1].org != row->org) {
            printf("\n## ");
            sk_policy_md(bundle->roster.orgs[row->org].name);
            putchar('\n');
        }
        print_purpose(run, row);
    }
    printf("\n## %s\n\n%s\n",
           word(run, "Van gedacht veranderd?", "Changed your mind?"),
           word(run,
                "Zeg het aan je begeleider, of aan een partner die hierboven "
                "staat. Wij stoppen\ndezelfde dag. We vragen de partner om te "
                "wissen. Je begeleiding gaat door.",
                "Tell your coach, or a partner named above. We stop the same "
                "day. We ask the\npartner to erase. Your guidance goes on."));
}
