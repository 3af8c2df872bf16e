#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "policies/civil.h"
#include "policies/reading.h"
#include "policies/words.h"
#include "protocol/sha256.h"
#include "tools/schakel/policy_rows.h"
#include "tools/schakel/policy_words.h"

/*
 * The text of a consent, from the policy.  CONSENT.md 7: short sentences, one
 * idea per line, je and we, fixed parts in a fixed order.
 */

#define BOX "\xe2\x98\x90 "
#define WRITE_HERE "______________________________"

struct writing {
    struct sk_policy_run *run;
    const struct sk_row *row;
    const struct sk_rows *all;
    const struct sk_notice_names *names;
    const struct sk_vocabulary *v;
    const struct sk_roster_org *to;
    FILE *out;
    struct sk_notice *notice;
};

static const char *word(const struct writing *w, const char *nl, const char *en)
{
    return sk_policy_word(w->run, nl, en);
}

static void heading(const struct writing *w, const char *nl, const char *en)
{
    fprintf(w->out, "\n%s\n", word(w, nl, en));
}

static const char *or_blank(const char *name)
{
    return name != NULL ? name : WRITE_HERE;
}

static struct sk_bytes category_label(const struct writing *w, unsigned c)
{
    return sk_policy_label(w->run, &w->v->categories[c].label,
                           w->v->categories[c].id);
}

/* ---------------------------------------------------------------- boxes */

/* What the fields of a category tell: each once, at its highest level. */
static uint8_t highest(const struct writing *w, uint16_t field, size_t from)
{
    uint8_t level = 0;

    for (size_t i = from; i < w->row->count; i++) {
        if (w->row->cells[i].field == field && w->row->cells[i].level > level)
            level = w->row->cells[i].level;
    }
    return level;
}

static bool is_first(const struct writing *w, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (w->row->cells[k].field == w->row->cells[i].field &&
            (w->row->cells[i].field != SK_FACT ||
             w->row->cells[k].spot.event == w->row->cells[i].spot.event))
            return false;
    }
    return true;
}

/* Categories that a cell tells of by itself, without what it reveals. */
static unsigned own_category(const struct writing *w,
                             const struct sk_cell *cell)
{
    return cell->field == SK_FACT
               ? w->v->events[cell->spot.event].category
               : sk_category_in(w->v, cell->field, cell->spot.event);
}

static uint64_t revealed(const struct writing *w, const struct sk_cell *cell)
{
    const struct sk_field *field;

    if (cell->field == SK_FACT)
        return 0;
    field = &w->v->fields[cell->field];
    return cell->level == sk_exact(field) ? field->reveals : 0;
}

/* What a field may give away without being asked (5.5); that it is there, by
   itself, does not. */
static uint64_t hinted(const struct writing *w, uint16_t field, uint8_t level)
{
    return field == SK_FACT || level < 2 ? 0 : w->v->fields[field].hints;
}

static void put_hints(const struct writing *w, uint64_t hints)
{
    const char *before =
        word(w, "Dit kan ook iets zeggen over: ", "This may also tell about: ");

    for (; hints != 0; hints &= hints - 1, before = ", ")
        fprintf(w->out, "%s%s%.*s", before[0] == ',' ? "" : "      ", before,
                SK_ARG(category_label(w, sk_lowest(hints))));
    fputs(".\n", w->out);
}

/* One line below a box: a field and how precise, or a fact. */
static void put_item(const struct writing *w, const struct sk_cell *cell,
                     uint8_t level)
{
    const struct sk_event_type *event = &w->v->events[cell->spot.event];
    struct sk_bytes label;
    struct sk_label how;
    struct sk_bytes text;
    uint64_t hints;

    if (cell->field == SK_FACT) {
        label = sk_policy_label(w->run, &event->label, event->id);
        fprintf(w->out, "    - %s: %.*s\n",
                word(w, "dat dit er is", "that it is so"), SK_ARG(label));
        return;
    }
    label = sk_policy_field(w->run, w->v, cell->field);
    fprintf(w->out, "    - %.*s", SK_ARG(label));
    if (level != sk_exact(&w->v->fields[cell->field])) {
        how = sk_level_words(&w->v->fields[cell->field], level, &w->run->arena);
        text = sk_label_of(&how, w->run->dutch);
        fprintf(w->out, " (%.*s)", SK_ARG(text));
    }
    fputc('\n', w->out);
    hints = hinted(w, cell->field, level) & ~sk_bit(own_category(w, cell));
    if (hints != 0)
        put_hints(w, hints);
}

/* The items of one category; of the fact only where nothing else is. */
static void put_items(const struct writing *w, unsigned category, bool reveal)
{
    bool any = false;

    for (size_t pass = 0; pass < 2 && !any; pass++) {
        for (size_t i = 0; i < w->row->count; i++) {
            const struct sk_cell *cell = &w->row->cells[i];
            bool mine = reveal ? (revealed(w, cell) >> category & 1) != 0
                               : own_category(w, cell) == category;

            if (!mine || (cell->field == SK_FACT) != (pass == 1) ||
                !is_first(w, i))
                continue;
            put_item(w, cell, highest(w, cell->field, i));
            any = true;
        }
    }
}

/* Must every rule that brings this category have explicit consent for it? */
static bool is_explicit(const struct writing *w, unsigned category)
{
    const struct sk_bundle *bundle = w->row->bundle;

    for (size_t i = 0; i < w->row->count; i++) {
        const struct sk_cell *cell = &w->row->cells[i];

        if (own_category(w, cell) != category &&
            (revealed(w, cell) >> category & 1) == 0)
            continue;
        for (size_t r = 0; r < cell->rules_count; r++) {
            const struct sk_share *share = &bundle->shares[cell->rules[r]];

            if ((sk_explicit_for(bundle, share->explicit_consent,
                                 w->row->org) >>
                     category &
                 1) == 0)
                return false;
        }
    }
    return true;
}

static void put_box(const struct writing *w, unsigned category, bool reveal)
{
    struct sk_bytes label = category_label(w, category);

    fprintf(w->out, BOX "%.*s\n", SK_ARG(label));
    if (reveal)
        fprintf(w->out, "    %s %.*s.\n",
                word(w, "Dit zegt ook iets over:", "This also tells about:"),
                SK_ARG(label));
    put_items(w, category, reveal);
}

static void find_categories(const struct writing *w, uint64_t *own,
                            uint64_t *reveals)
{
    *own = 0;
    *reveals = 0;
    for (size_t i = 0; i < w->row->count; i++) {
        *own |= sk_bit(own_category(w, &w->row->cells[i]));
        *reveals |= revealed(w, &w->row->cells[i]);
    }
    *reveals &= ~*own;
}

/* What the rules that need the block apart need besides: the event's and the
   where categories, explicitly as well (POLICY.md 8.4 step 3). */
static uint64_t needed_with(const struct writing *w, uint64_t apart)
{
    const struct sk_bundle *bundle = w->row->bundle;
    uint64_t needed = 0;

    for (size_t i = 0; i < w->row->count; i++) {
        const struct sk_cell *cell = &w->row->cells[i];
        uint64_t told = revealed(w, cell) | sk_bit(own_category(w, cell));

        for (size_t r = 0; (told & apart) != 0 && r < cell->rules_count; r++) {
            const struct sk_share *share = &bundle->shares[cell->rules[r]];

            needed |=
                (sk_bit(w->v->events[cell->spot.event].category) |
                 sk_where_categories(w->v, share, cell->spot.event)) &
                sk_explicit_for(bundle, share->explicit_consent, w->row->org);
        }
    }
    return needed & ~apart;
}

/* ---------------------------------------------------------------- parts */

/* CONSENT.md 7.4: apart, with a signature of its own. */
static void put_apart(const struct writing *w, uint64_t own, uint64_t reveals,
                      uint64_t apart)
{
    uint64_t needed = needed_with(w, apart);

    fprintf(w->out, "\n%s\n",
            word(w, "Apart, met een eigen handtekening:",
                 "Apart, with a signature of its own:"));
    for (uint64_t left = apart; left != 0; left &= left - 1)
        put_box(w, sk_lowest(left),
                (reveals >> sk_lowest(left) & 1) != 0 &&
                    (own >> sk_lowest(left) & 1) == 0);
    if (needed != 0)
        fprintf(w->out, "%s\n",
                word(w, "Daarvoor teken je ook voor:",
                     "For that you also sign for:"));
    for (uint64_t left = needed; left != 0; left &= left - 1) {
        struct sk_bytes label = category_label(w, sk_lowest(left));

        fprintf(w->out, "    - %.*s\n", SK_ARG(label));
    }
    fprintf(w->out, "%s: " WRITE_HERE "\n",
            word(w, "Handtekening", "Signature"));
    w->notice->apart = apart;
    w->notice->explicit_categories = apart | needed;
}

static void put_what(const struct writing *w)
{
    uint64_t own;
    uint64_t reveals;
    uint64_t apart = 0;

    find_categories(w, &own, &reveals);
    for (uint64_t left = own | reveals; left != 0; left &= left - 1) {
        if (is_explicit(w, sk_lowest(left)))
            apart |= sk_bit(sk_lowest(left));
    }
    for (uint64_t left = (own | reveals) & ~apart; left != 0; left &= left - 1)
        put_box(w, sk_lowest(left), (own >> sk_lowest(left) & 1) == 0);
    if (apart != 0)
        put_apart(w, own, reveals, apart);
    w->notice->categories = own | reveals;
}

/* Categories that any purpose shares with this recipient, with the branches
   above them. */
static uint64_t shared_roots(const struct writing *w)
{
    uint64_t told = 0;
    uint64_t roots = 0;

    for (size_t i = 0; i < w->all->count; i++) {
        struct writing other = *w;

        other.row = &w->all->list[i];
        for (size_t k = 0; k < other.row->count; k++)
            told |= revealed(&other, &other.row->cells[k]) |
                    hinted(w, other.row->cells[k].field,
                           other.row->cells[k].level) |
                    sk_bit(own_category(&other, &other.row->cells[k]));
    }
    for (; told != 0; told &= told - 1)
        roots |= w->v->categories[sk_lowest(told)].under;
    return roots;
}

static bool is_field_shared(const struct writing *w, uint16_t field)
{
    for (size_t i = 0; i < w->all->count; i++) {
        for (size_t k = 0; k < w->all->list[i].count; k++) {
            if (w->all->list[i].cells[k].field == field)
                return true;
        }
    }
    return false;
}

/* CONSENT.md 7.2 part 3: always there. */
static void put_what_not(const struct writing *w)
{
    uint64_t roots = shared_roots(w);

    for (size_t c = 0; c < w->v->categories_count; c++) {
        const struct sk_category *category = &w->v->categories[c];
        struct sk_bytes label = category_label(w, (unsigned)c);

        if (category->under != sk_bit((unsigned)c) || (roots >> c & 1) != 0)
            continue;
        fprintf(w->out, "%s %.*s.\n", word(w, "Niets over:", "Nothing about:"),
                SK_ARG(label));
    }
    for (uint16_t f = 0; f < w->v->fields_count; f++) {
        struct sk_bytes label = sk_policy_field(w->run, w->v, f);

        if (w->v->fields[f].authorise && !is_field_shared(w, f))
            fprintf(w->out, "%s %.*s.\n", word(w, "Ook niet:", "Also not:"),
                    SK_ARG(label));
    }
    fprintf(w->out, "%s\n",
            word(w, "Wat hierboven niet staat, delen we niet.",
                 "What is not named above, we do not share."));
}

static void put_how_long(const struct writing *w)
{
    const struct sk_share *longest = sk_row_longest(w->row);
    char day[11];
    struct sk_field date = {.kind = SK_KIND_DATE, .levels_count = 2};
    struct sk_field_value value;
    struct sk_bytes text = sk_text(WRITE_HERE);

    if (w->names->until != INT32_MIN) {
        sk_day_format(w->names->until, day);
        value = (struct sk_field_value){.text = sk_text(day)};
        date.levels[1] = sk_text("exact");
        if (sk_value_words(&date, 1, &value, w->run->dutch, &w->run->arena,
                           &text) != SK_OK)
            text = sk_text(day);
    }
    fprintf(w->out, "%s %.*s.\n", word(w, "Tot", "Until"), SK_ARG(text));
    fprintf(w->out, "%.*s %s %s %s.\n", SK_ARG(w->to->name),
            word(w, "houdt dit hoogstens", "keeps this for at most"),
            sk_policy_duration(w->run, longest->retain), word(w, "bij", ""));
    fprintf(w->out, "%s\n",
            word(w, "Daarna stopt het vanzelf.", "Then it stops by itself."));
}

/* Only what is true of every policy: without consent nothing flows (I1). */
static void put_must(const struct writing *w)
{
    fprintf(w->out, "%s\n%s\n%s %.*s.\n%s\n",
            word(w, "Nee. Je mag nee zeggen.", "No. You may say no."),
            word(w, "Je mag ook maar een deel aankruisen.",
                 "You may also tick only a part."),
            word(w, "Zonder kruisje gaat dat deel niet naar",
                 "Without a tick that part does not go to"),
            SK_ARG(w->to->name),
            word(w, "Je begeleider zegt eerlijk wat dan moeilijker gaat.",
                 "Your coach tells you honestly what becomes harder."));
}

static void put_withdraw(const struct writing *w)
{
    const struct sk_bundle *bundle = w->row->bundle;
    bool erase = false;
    uint32_t within = UINT32_MAX;

    for (size_t i = 0; i < w->row->rules_count; i++) {
        const struct sk_share *share = &bundle->shares[w->row->rules[i]];

        erase = erase || share->erase;
        if (share->within_days < within)
            within = share->within_days;
    }
    fprintf(w->out, "%s %s, %s.\n%s\n", word(w, "Zeg het aan", "Tell"),
            or_blank(w->names->coach), or_blank(w->names->coach_phone),
            word(w, "Wij stoppen dezelfde dag.", "We stop the same day."));
    fprintf(w->out, "%s %.*s: %s %u %s.\n", word(w, "We vragen", "We ask"),
            SK_ARG(w->to->name),
            erase ? word(w, "wis alles binnen", "erase everything within")
                  : word(w, "gebruik het niet meer, binnen",
                         "use it no more, within"),
            within, word(w, "dagen", "days"));
}

static void put_end(const struct writing *w)
{
    heading(w, "Wil je zien wie wat kreeg?",
            "Do you want to see who got what?");
    fprintf(w->out, "%s %s.\n", word(w, "Vraag het aan", "Ask"),
            or_blank(w->names->coach));
    heading(w, "Vragen of een klacht?", "Questions or a complaint?");
    fprintf(w->out, "%s: %s\n%s\n",
            word(w, "Privacyverantwoordelijke", "Privacy officer"),
            or_blank(w->names->privacy),
            word(w,
                 "Gegevensbeschermingsautoriteit, Drukpersstraat 35, 1000 "
                 "Brussel.",
                 "Data Protection Authority, Drukpersstraat 35, 1000 "
                 "Brussels."));
    fprintf(w->out, "\n" BOX "%s\n" BOX "%s\n",
            word(w, "Ik ben akkoord met wat ik aankruiste.",
                 "I agree with what I ticked."),
            word(w, "Ik ben niet akkoord. Dat is ook goed.",
                 "I do not agree. That is fine too."));
    fprintf(w->out,
            "\n%s: " WRITE_HERE "\n%s: " WRITE_HERE "\n%s: " WRITE_HERE
            "\n%s: " WRITE_HERE "\n%s: " WRITE_HERE "\n",
            word(w, "Voorgelezen door", "Read aloud by"),
            word(w, "Tolk", "Interpreter"), word(w, "Taal", "Language"),
            word(w, "Datum", "Date"), word(w, "Handtekening", "Signature"));
}

static void put_all(const struct writing *w)
{
    const struct sk_purpose *purpose = &w->v->purposes[w->row->purpose];
    const struct sk_roster_org *owner =
        sk_bundle_org(w->row->bundle, sk_bundle_owner(w->row->bundle));
    struct sk_bytes sentence = sk_label_of(&purpose->sentence, w->run->dutch);

    if (sentence.size == 0)
        sentence = sk_policy_label(w->run, &purpose->label, purpose->id);
    fprintf(w->out, "%s\n",
            word(w, "Mogen we dit delen?", "May we share this?"));
    fprintf(w->out, "%s %s.\n", word(w, "Hallo", "Hello"),
            or_blank(w->names->participant));
    fprintf(w->out, "%s %s.\n", word(w, "Je begeleider is", "Your coach is"),
            or_blank(w->names->coach));
    fprintf(w->out, "%s %.*s.\n", word(w, "Wij zijn", "We are"),
            SK_ARG(owner->name));
    fprintf(w->out, "%s %.*s.\n",
            word(w, "We willen iets delen met", "We want to share with"),
            SK_ARG(w->to->name));
    fprintf(w->out, "\n%s %.*s?\n",
            word(w, "Wat delen we met", "What do we share with"),
            SK_ARG(w->to->name));
    put_what(w);
    heading(w, "Wat delen we niet?", "What do we not share?");
    put_what_not(w);
    heading(w, "Waarom?", "Why?");
    fprintf(w->out, "%.*s\n", SK_ARG(sentence));
    heading(w, "Hoe lang?", "How long?");
    put_how_long(w);
    heading(w, "Moet dit?", "Do I have to?");
    put_must(w);
    heading(w, "Van gedacht veranderd?", "Changed your mind?");
    put_withdraw(w);
    put_end(w);
}

enum sk_status sk_notice_make(struct sk_policy_run *run,
                              const struct sk_row *row,
                              const struct sk_rows *all,
                              const struct sk_notice_names *names,
                              struct sk_notice *out)
{
    struct sk_hash hash;
    struct writing w = {.run = run,
                        .row = row,
                        .all = all,
                        .names = names,
                        .v = row->bundle->vocabulary,
                        .to = &row->bundle->roster.orgs[row->org],
                        .notice = out};

    *out = (struct sk_notice){.text = NULL};
    w.out = open_memstream(&out->text, &out->size);
    if (w.out == NULL)
        return SK_E_MEMORY;
    put_all(&w);
    if (fclose(w.out) != 0 || run->arena.full) {
        free(out->text);
        out->text = NULL;
        return SK_E_MEMORY;
    }
    sk_sha256((struct sk_bytes){(const uint8_t *)out->text, out->size}, &hash);
    sodium_bin2hex(out->sha256, sizeof(out->sha256), hash.bytes,
                   sizeof(hash.bytes));
    return SK_OK;
}
