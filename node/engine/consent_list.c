#include "node/engine/consent.h"

#include "node/engine/ops.h"
#include "node/engine/participant.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "policies/civil.h"

/*
 * The consents of a participant as people read them: what was recorded, and
 * what each giving is worth now (CONSENT 3).  Only for reading: a decision
 * asks policies/, never this.
 */

struct atom {
    struct sk_bytes purpose;
    struct sk_bytes recipient;
    struct sk_bytes category; /* empty: a giving without categories */
};

static bool is_state(const struct sk_consent_record *r, const char *state)
{
    return sk_bytes_equal(r->fact.state, sk_text(state));
}

static bool has_word(const struct sk_bytes *list, size_t count,
                     struct sk_bytes word, bool branches)
{
    if (list == NULL)
        return branches;
    for (size_t i = 0; i < count; i++)
        if (branches ? sk_word_is_under(word, list[i])
                     : sk_bytes_equal(word, list[i]))
            return true;
    return false;
}

/* Does it say something about the atom (POLICY.md 8.3)? */
static bool speaks(const struct sk_consent_record *r, const struct atom *a)
{
    const struct sk_fact_consent *f = &r->fact;
    bool takes = !is_state(r, "given");

    if (is_state(r, "requested"))
        return false;
    return has_word(f->purposes, f->purposes_count, a->purpose, takes) &&
           has_word(f->recipients, f->recipients_count, a->recipient, takes) &&
           (a->category.size == 0 ||
            has_word(f->categories, f->categories_count, a->category, takes));
}

/* Of equal instants what takes away comes last, then what came in last. */
static bool is_later(const struct sk_consent_record *a,
                     const struct sk_consent_record *b)
{
    bool a_gives = is_state(a, "given");
    bool b_gives = is_state(b, "given");

    if (a->fact.at != b->fact.at)
        return a->fact.at > b->fact.at;
    if (a_gives != b_gives)
        return b_gives;
    return a->number > b->number;
}

enum worth { EXPIRED, REPLACED, REFUSED, WITHDRAWN, LIVE };

struct view {
    struct sk_engine *e;
    const struct sk_consent_record *all;
    size_t count;
    struct sk_bytes birth;
    int64_t at; /* the instant that is looked at */
};

static enum worth worth_of_atom(const struct view *view,
                                const struct sk_consent_record *giving,
                                const struct atom *atom)
{
    const struct sk_consent_record *last = giving;
    int64_t end = sk_consent_end(view->e, giving, atom->purpose, view->birth);

    for (size_t i = 0; i < view->count; i++) {
        const struct sk_consent_record *r = &view->all[i];

        if (!speaks(r, atom) || !is_later(r, last))
            continue;
        /* Two tracks: an ordinary renewal does not end an explicit one. */
        if (is_state(r, "given") && giving->fact.explicit_consent &&
            !r->fact.explicit_consent)
            continue;
        last = r;
    }
    if (is_state(last, "withdrawn"))
        return WITHDRAWN;
    if (is_state(last, "refused"))
        return REFUSED;
    if (last != giving)
        return REPLACED;
    return view->at < end ? LIVE : EXPIRED;
}

/* The product of its three lists, one by one; without categories: one empty. */
static struct atom atom_at(const struct sk_fact_consent *f, size_t i)
{
    size_t categories = f->categories_count == 0 ? 1 : f->categories_count;
    struct atom atom = {
        .purpose = f->purposes[i / categories / f->recipients_count],
        .recipient = f->recipients[i / categories % f->recipients_count]};

    if (f->categories_count > 0)
        atom.category = f->categories[i % categories];
    return atom;
}

static size_t atoms_of(const struct sk_fact_consent *f)
{
    size_t categories = f->categories_count == 0 ? 1 : f->categories_count;

    return f->purposes_count * f->recipients_count * categories;
}

/* One live atom keeps a giving alive; else the strongest word counts. */
static enum worth worth_of(const struct view *view,
                           const struct sk_consent_record *giving)
{
    enum worth worth = EXPIRED;

    for (size_t i = 0; i < atoms_of(&giving->fact) && worth != LIVE; i++) {
        struct atom atom = atom_at(&giving->fact, i);
        enum worth one = worth_of_atom(view, giving, &atom);

        if (one > worth)
            worth = one;
    }
    return worth;
}

static bool is_whole(const struct view *view,
                     const struct sk_consent_record *giving)
{
    for (size_t i = 0; i < atoms_of(&giving->fact); i++) {
        struct atom atom = atom_at(&giving->fact, i);

        if (worth_of_atom(view, giving, &atom) != LIVE)
            return false;
    }
    return atoms_of(&giving->fact) > 0;
}

static const char *now_of(const struct view *view,
                          const struct sk_consent_record *r)
{
    if (is_state(r, "withdrawn"))
        return "withdrawn";
    if (is_state(r, "refused"))
        return "refused";
    if (is_state(r, "requested"))
        return "requested";
    switch (worth_of(view, r)) {
    case LIVE:
        return "given";
    case WITHDRAWN:
        return "withdrawn";
    case REFUSED:
        return "refused";
    case REPLACED:
        return "replaced";
    case EXPIRED:
        break;
    }
    return "expired";
}

static int64_t ends(const struct sk_engine *e,
                    const struct sk_consent_record *giving,
                    struct sk_bytes birth)
{
    int64_t end = giving->fact.until;

    for (size_t i = 0; i < giving->fact.purposes_count; i++) {
        int64_t one =
            sk_consent_end(e, giving, giving->fact.purposes[i], birth);

        end = one < end && one != INT64_MIN ? one : end;
    }
    return end;
}

static void pack_words(struct sk_pack *p, const char *key,
                       const struct sk_bytes *list, size_t count)
{
    sk_pack_cstr(p, key);
    sk_pack_array(p, count);
    for (size_t i = 0; i < count; i++)
        sk_pack_str(p, list[i]);
}

static void pack_hash(struct sk_pack *p, const char *key,
                      const struct sk_hash *hash)
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * SK_HASH_SIZE + 1] = {0};

    for (size_t i = 0; i < SK_HASH_SIZE; i++) {
        text[2 * i] = digits[hash->bytes[i] >> 4];
        text[2 * i + 1] = digits[hash->bytes[i] & 15];
    }
    sk_reply_cstr(p, key, text);
}

/* The keys of one record up to `given_by`; how many there are. */
static size_t pack_first(const struct view *view,
                         const struct sk_consent_record *r, struct sk_pack *p)
{
    const struct sk_fact_consent *f = &r->fact;
    size_t count = 2;

    sk_reply_instant(p, "at", (uint64_t)f->at * 1000);
    if (f->categories != NULL) {
        pack_words(p, "categories", f->categories, f->categories_count);
        count++;
    }
    sk_reply_id(p, "consent", &r->consent.id);
    if (is_state(r, "given")) {
        int64_t end = ends(view->e, r, view->birth);

        if (sk_civil_day(end - 1) < sk_civil_day(f->until - 1)) {
            sk_reply_instant(p, "ends", (uint64_t)end * 1000);
            count++;
        }
        sk_reply_bool(p, "explicit", f->explicit_consent);
        count++;
    }
    if (r->form.size > 0) {
        sk_reply_text(p, "form", r->form);
        count++;
    }
    if (f->given_by.size > 0) {
        sk_reply_text(p, "given_by", f->given_by);
        count++;
    }
    return count;
}

static void pack_one(const struct view *view, const struct sk_consent_record *r,
                     struct sk_pack *p)
{
    const struct sk_fact_consent *f = &r->fact;
    size_t at = sk_reply_open(p);
    size_t count = pack_first(view, r, p);

    if (is_state(r, "given")) {
        sk_reply_bool(p, "interpreter", r->interpreter);
        count++;
    }
    if (r->language.size > 0) {
        sk_reply_text(p, "language", r->language);
        count++;
    }
    if (r->has_notice) {
        pack_hash(p, "notice_hash", &r->notice);
        count++;
    }
    if (r->notice_id.size > 0) {
        sk_reply_text(p, "notice_id", r->notice_id);
        count++;
    }
    sk_reply_cstr(p, "now", now_of(view, r));
    if (f->purposes != NULL) {
        pack_words(p, "purposes", f->purposes, f->purposes_count);
        count++;
    }
    if (f->recipients != NULL) {
        pack_words(p, "recipients", f->recipients, f->recipients_count);
        count++;
    }
    sk_reply_uint(p, "recorded_ms", r->recorded_ms);
    sk_reply_text(p, "state", f->state);
    count += 3;
    if (r->told_by.size > 0) {
        sk_reply_text(p, "told_by", r->told_by);
        count++;
    }
    if (f->until != INT64_MIN) {
        sk_reply_instant(p, "until", (uint64_t)f->until * 1000);
        count++;
    }
    sk_reply_close_map(p, at, count);
}

static enum sk_status view_of(struct sk_engine *e,
                              const struct sk_participant_id *id, int64_t at,
                              struct view *out)
{
    struct sk_consent_record *all;
    struct sk_participant participant;

    *out = (struct view){.e = e, .at = at};
    SK_TRY(sk_consent_all(e, id, &all, &out->count));
    out->all = all;
    /* Without a charter there are no words to judge a giving by. */
    if (e->bundle == NULL)
        out->count = 0;
    SK_TRY(sk_participant_get(e, id, &participant));
    out->birth = participant.birth_date;
    return SK_OK;
}

enum sk_status sk_consents_pack(struct sk_engine *e,
                                const struct sk_participant_id *id,
                                struct sk_pack *p)
{
    struct view view;

    SK_TRY(view_of(e, id, sk_instant(e), &view));
    sk_pack_array(p, view.count);
    /* What does not fit is refused: no need to look through the rest. */
    for (size_t i = 0; i < view.count && !p->full; i++)
        pack_one(&view, &view.all[i], p);
    return SK_OK;
}

enum sk_status sk_consent_is_live(struct sk_engine *e,
                                  const struct sk_participant_id *id,
                                  const struct sk_consent_id *consent,
                                  int64_t at, bool *out)
{
    size_t mark = sk_arena_mark(&e->scratch);
    enum sk_status status;
    struct view view;
    bool live = false;

    status = view_of(e, id, at, &view);
    if (status == SK_E_MEMORY) {
        /* Too many to look through: who asks had better look. */
        sk_arena_reset(&e->scratch, mark);
        *out = true;
        return SK_OK;
    }
    SK_TRY(status);
    for (size_t i = 0; i < view.count; i++)
        if (sk_id_equal(&view.all[i].consent.id, &consent->id))
            live = worth_of(&view, &view.all[i]) == LIVE;
    sk_arena_reset(&e->scratch, mark);
    *out = live;
    return SK_OK;
}

enum sk_status sk_consent_is_whole(struct sk_engine *e,
                                   const struct sk_participant_id *id,
                                   const struct sk_consent_id *consent,
                                   int64_t at, bool *out)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct view view;
    bool whole = false;

    SK_TRY(view_of(e, id, at, &view));
    for (size_t i = 0; i < view.count; i++)
        if (is_state(&view.all[i], "given") &&
            sk_id_equal(&view.all[i].consent.id, &consent->id))
            whole = is_whole(&view, &view.all[i]);
    sk_arena_reset(&e->scratch, mark);
    *out = whole;
    return SK_OK;
}

enum sk_status sk_consent_ends(struct sk_engine *e,
                               const struct sk_consent_record *giving,
                               int64_t *out)
{
    struct sk_participant participant;

    SK_TRY(sk_participant_get(e, &giving->participant, &participant));
    *out = ends(e, giving, participant.birth_date);
    return SK_OK;
}

/* The end of the atoms of a giving that are live towards a partner. */
static int64_t live_until(const struct view *view,
                          const struct sk_consent_record *giving,
                          struct sk_bytes org)
{
    const struct sk_fact_consent *f = &giving->fact;
    size_t categories = f->categories_count == 0 ? 1 : f->categories_count;
    int64_t until = INT64_MIN;

    if (!has_word(f->recipients, f->recipients_count, org, false))
        return until;
    for (size_t p = 0; p < f->purposes_count; p++) {
        int64_t end =
            sk_consent_end(view->e, giving, f->purposes[p], view->birth);

        for (size_t c = 0; c < categories && end > until; c++) {
            struct atom atom = {.purpose = f->purposes[p], .recipient = org};

            if (f->categories_count > 0)
                atom.category = f->categories[c];
            if (worth_of_atom(view, giving, &atom) == LIVE)
                until = end;
        }
    }
    return until;
}

enum sk_status sk_consent_live_until(struct sk_engine *e,
                                     const struct sk_participant_id *id,
                                     const struct sk_org *org, int64_t at,
                                     int64_t *out)
{
    size_t mark = sk_arena_mark(&e->scratch);
    int64_t until = INT64_MIN;
    enum sk_status status;
    struct view view;

    status = view_of(e, id, at, &view);
    if (status == SK_E_MEMORY) {
        sk_arena_reset(&e->scratch, mark);
        *out = at + 1;
        return SK_OK;
    }
    SK_TRY(status);
    for (size_t i = 0; i < view.count; i++) {
        int64_t one = INT64_MIN;

        if (is_state(&view.all[i], "given"))
            one = live_until(&view, &view.all[i], sk_org_text(org));
        until = one > until ? one : until;
    }
    sk_arena_reset(&e->scratch, mark);
    *out = until;
    return SK_OK;
}

/* Behind the one that is named; without a name the first. */
static bool find_first(const struct view *view, struct sk_value args,
                       size_t *out)
{
    struct sk_id after;

    *out = 0;
    if (!sk_arg_id(args, "after", &after))
        return true;
    for (size_t i = 0; i < view->count; i++) {
        if (sk_id_equal(&view->all[i].consent.id, &after)) {
            *out = i + 1;
            return true;
        }
    }
    return false;
}

enum sk_status sk_op_consent_list(struct sk_engine *e, struct sk_value args)
{
    struct sk_participant_id id;
    struct view view;
    size_t first;
    size_t limit;
    size_t end;
    size_t top;

    SK_TRY(sk_arg_participant(e, args, &id));
    SK_TRY(sk_arg_limit(e, args, &limit));
    SK_TRY(view_of(e, &id, sk_instant(e), &view));
    if (!find_first(&view, args, &first))
        return sk_refuse(e, "unknown-consent", "after",
                         sk_arg_text(args, "after"));
    end = view.count - first < limit ? view.count : first + limit;
    top = sk_reply_open(&e->reply);
    sk_pack_cstr(&e->reply, "consents");
    sk_pack_array(&e->reply, end - first);
    for (size_t i = first; i < end && !e->reply.full; i++)
        pack_one(&view, &view.all[i], &e->reply);
    sk_reply_close_page(
        e, top, 1, end < view.count ? &view.all[end - 1].consent.id : NULL);
    return SK_OK;
}
