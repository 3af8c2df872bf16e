#include "node/engine/consent.h"

#include <string.h>

#include "node/engine/federation.h"
#include "node/engine/ops.h"
#include "node/engine/participant.h"
#include "node/engine/relation.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/withdraw.h"
#include "policies/civil.h"
#include "protocol/sha256.h"

/* After a refusal the same question rests so long (CONSENT 3.5). */
#define ASK_AGAIN_SECONDS ((int64_t)30 * 86400)

/* ------------------------------------------------------------- the lists */

static enum sk_status read_lists(struct sk_engine *e, struct sk_value args,
                                 struct sk_fact_consent *fact)
{
    SK_TRY(sk_arg_words(e, args, "purposes", &fact->purposes,
                        &fact->purposes_count));
    SK_TRY(sk_arg_words(e, args, "recipients", &fact->recipients,
                        &fact->recipients_count));
    return sk_arg_words(e, args, "categories", &fact->categories,
                        &fact->categories_count);
}

/* I5: a word that nobody knows is refused, also where it takes away: it would
   look recorded and do nothing. */
static enum sk_status check_known(struct sk_engine *e,
                                  const struct sk_fact_consent *fact)
{
    const struct sk_vocabulary *v = sk_bundle_vocabulary(e->bundle);

    for (size_t i = 0; i < fact->purposes_count; i++)
        if (sk_vocabulary_purpose(v, fact->purposes[i]) == SK_NONE)
            return sk_refuse(e, "unknown-purpose", "purposes",
                             fact->purposes[i]);
    for (size_t i = 0; i < fact->recipients_count; i++)
        if (sk_federation_org(e, fact->recipients[i]) == NULL)
            return sk_refuse(e, "unknown-org", "recipients",
                             fact->recipients[i]);
    for (size_t i = 0; i < fact->categories_count; i++)
        if (sk_vocabulary_category(v, fact->categories[i]) == SK_NONE)
            return sk_refuse(e, "unknown-category", "categories",
                             fact->categories[i]);
    return SK_OK;
}

static enum sk_status refuse_leaf(struct sk_engine *e, const char *field,
                                  struct sk_bytes word)
{
    return sk_refuse(e, "consent-not-leaf", field, word);
}

/* CONSENT 2: leaves by name, partners of the roster. */
static enum sk_status check_leaves(struct sk_engine *e,
                                   const struct sk_fact_consent *fact)
{
    const struct sk_vocabulary *v = sk_bundle_vocabulary(e->bundle);
    bool discovery = true;

    if (fact->purposes_count == 0)
        return refuse_leaf(e, "purposes", (struct sk_bytes){0});
    for (size_t i = 0; i < fact->purposes_count; i++) {
        uint16_t at = sk_vocabulary_purpose(v, fact->purposes[i]);

        if (at == SK_NONE || !v->purposes[at].leaf)
            return refuse_leaf(e, "purposes", fact->purposes[i]);
        if (!sk_bytes_equal(fact->purposes[i], sk_text("discovery")))
            discovery = false;
    }
    if (fact->recipients_count == 0)
        return refuse_leaf(e, "recipients", (struct sk_bytes){0});
    for (size_t i = 0; i < fact->recipients_count; i++)
        if (sk_federation_org(e, fact->recipients[i]) == NULL)
            return refuse_leaf(e, "recipients", fact->recipients[i]);
    if (fact->categories_count == 0 && !discovery)
        return refuse_leaf(e, "categories", (struct sk_bytes){0});
    for (size_t i = 0; i < fact->categories_count; i++) {
        uint16_t at = sk_vocabulary_category(v, fact->categories[i]);

        if (at == SK_NONE || !v->categories[at].leaf)
            return refuse_leaf(e, "categories", fact->categories[i]);
    }
    return SK_OK;
}

/* ------------------------------------------------------------- the giving */

/* A last day means its end; an instant is itself. */
static bool parse_until(struct sk_bytes text, int64_t *out)
{
    int32_t day;

    if (sk_day_parse(text, &day)) {
        *out = sk_civil_start(day + 1);
        return true;
    }
    return sk_instant_parse(text, out);
}

static enum sk_status check_until(struct sk_engine *e,
                                  const struct sk_fact_consent *fact)
{
    const struct sk_vocabulary *v = sk_bundle_vocabulary(e->bundle);
    int32_t last = INT32_MAX - 1;
    char text[11];

    if (fact->until <= fact->at)
        return sk_refuse(e, "bad-argument", "until", (struct sk_bytes){0});
    for (size_t i = 0; i < fact->purposes_count; i++) {
        uint16_t at = sk_vocabulary_purpose(v, fact->purposes[i]);
        int64_t days = (int64_t)v->purposes[at].consent_days;
        int32_t allowed = sk_civil_day(fact->at + days * 86400);

        last = allowed < last ? allowed : last;
    }
    if (fact->until <= sk_civil_start(last + 1))
        return SK_OK;
    sk_day_format(last, text);
    return sk_refuse(e, "consent-too-long", "until",
                     sk_arena_copy(&e->scratch, sk_text(text)));
}

/* POLICY.md 8.3: who may give on the civil day of `at`. */
static enum sk_status check_giver(struct sk_engine *e,
                                  const struct sk_consent_record *record)
{
    static const char *const adult[] = {"self", "self-and-parent",
                                        "self-and-administrator"};
    static const char *const minor[] = {"parent", "self-and-parent"};
    static const char *const administered[] = {"administrator",
                                               "self-and-administrator"};
    const char *const *may = adult;
    size_t count = SK_COUNT(adult);
    struct sk_participant p;
    int32_t today = sk_civil_day(record->fact.at);

    SK_TRY(sk_participant_get(e, &record->participant, &p));
    if (p.administration.from <= today && today <= p.administration.until) {
        may = administered;
        count = SK_COUNT(administered);
    } else if (p.birth_date.size > 0 && today < sk_adult_day(p.birth_date)) {
        may = minor;
        count = SK_COUNT(minor);
    }
    for (size_t i = 0; i < count; i++)
        if (sk_bytes_equal(record->fact.given_by, sk_text(may[i])))
            return SK_OK;
    return sk_refuse(e, "consent-wrong-giver", "given_by",
                     record->fact.given_by);
}

/* A current or announced relation with each recipient. */
static enum sk_status check_relations(struct sk_engine *e,
                                      const struct sk_consent_record *record)
{
    for (size_t i = 0; i < record->fact.recipients_count; i++) {
        struct sk_relation relation;
        struct sk_org org;
        enum sk_status status = SK_E_NOT_FOUND;

        if (sk_org_parse(record->fact.recipients[i], &org))
            status = sk_relation_get(e, &record->participant, &org, &relation);
        if (status == SK_OK && relation.until < sk_today(e))
            status = SK_E_NOT_FOUND;
        if (status == SK_E_NOT_FOUND)
            return sk_refuse(e, "consent-no-relation", "recipients",
                             record->fact.recipients[i]);
        SK_TRY(status);
    }
    return SK_OK;
}

static bool is_one_of(struct sk_bytes word, const char *const *list,
                      size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (sk_bytes_equal(word, sk_text(list[i])))
            return true;
    return false;
}

bool sk_consent_giver_is_known(struct sk_bytes word)
{
    static const char *const givers[] = {"self", "parent", "self-and-parent",
                                         "administrator",
                                         "self-and-administrator"};

    return is_one_of(word, givers, SK_COUNT(givers));
}

/* What every kind of record says about how it was said. */
static enum sk_status read_manner(struct sk_engine *e, struct sk_value args,
                                  struct sk_consent_record *record)
{
    static const char *const forms[] = {"paper", "screen", "spoken"};
    struct sk_bytes giver = sk_arg_text(args, "given_by");

    record->fact.given_by = giver.size > 0 ? giver : sk_text("self");
    if (!sk_consent_giver_is_known(record->fact.given_by))
        return sk_refuse(e, "bad-argument", "given_by", giver);
    record->form = sk_arg_text(args, "form");
    if (record->form.size > 0 &&
        !is_one_of(record->form, forms, SK_COUNT(forms)))
        return sk_refuse(e, "bad-argument", "form", record->form);
    record->language = sk_arg_text(args, "language");
    record->interpreter = sk_value_bool(sk_value_get(args, "interpreter"));
    record->notice_id = sk_arg_text(args, "notice_id");
    return SK_OK;
}

/* What a withdrawal covers; lists that are absent cover all. */
enum sk_status sk_consent_scope(struct sk_engine *e, struct sk_value args,
                                struct sk_consent_record *out)
{
    SK_TRY(read_manner(e, args, out));
    SK_TRY(read_lists(e, args, &out->fact));
    return check_known(e, &out->fact);
}

/* Whom, and in which state; refuses what every record must have. */
static enum sk_status start(struct sk_engine *e, struct sk_value args,
                            const char *state, struct sk_consent_record *record)
{
    *record = (struct sk_consent_record){0};
    if (e->bundle == NULL)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    SK_TRY(sk_arg_participant(e, args, &record->participant));
    record->fact.state = sk_text(state);
    record->fact.at = sk_instant(e);
    record->fact.until = INT64_MIN;
    SK_TRY(read_manner(e, args, record));
    return read_lists(e, args, &record->fact);
}

static enum sk_status append_and_reply(struct sk_engine *e,
                                       struct sk_consent_record *record)
{
    SK_TRY(sk_consent_append(e, record));
    sk_pack_map(&e->reply, 2);
    sk_reply_instant(&e->reply, "at", (uint64_t)record->fact.at * 1000);
    sk_reply_id(&e->reply, "consent", &record->consent.id);
    return SK_OK;
}

/* What was given; when it ends before the day that was asked for, with that. */
static enum sk_status reply_given(struct sk_engine *e,
                                  const struct sk_consent_record *record,
                                  const struct sk_consent_id *renews)
{
    int64_t end;
    bool sooner;

    SK_TRY(sk_consent_ends(e, record, &end));
    sooner = end < record->fact.until;
    sk_pack_map(&e->reply, 2 + (size_t)sooner + (renews != NULL));
    sk_reply_instant(&e->reply, "at", (uint64_t)record->fact.at * 1000);
    sk_reply_id(&e->reply, "consent", &record->consent.id);
    if (sooner)
        sk_reply_instant(&e->reply, "ends", (uint64_t)end * 1000);
    if (renews != NULL)
        sk_reply_id(&e->reply, "renews", &renews->id);
    return SK_OK;
}

/* A giving whose lists are read: what CONSENT 2 asks of it. */
static enum sk_status check_giving(struct sk_engine *e, struct sk_value args,
                                   struct sk_consent_record *record)
{
    struct sk_value notice = sk_value_get(args, "notice");

    record->fact.explicit_consent =
        sk_value_bool(sk_value_get(args, "explicit"));
    if (!parse_until(sk_arg_text(args, "until"), &record->fact.until))
        return sk_refuse(e, "bad-argument", "until", (struct sk_bytes){0});
    SK_TRY(check_leaves(e, &record->fact));
    SK_TRY(check_until(e, &record->fact));
    SK_TRY(check_giver(e, record));
    if (sk_value_kind(notice) != SK_VALUE_BIN || sk_value_bin(notice).size == 0)
        return sk_refuse(e, "consent-no-notice", "notice",
                         (struct sk_bytes){0});
    SK_TRY(check_relations(e, record));
    record->has_notice = true;
    sk_sha256(sk_value_bin(notice), &record->notice);
    return SK_OK;
}

enum sk_status sk_op_consent_give(struct sk_engine *e, struct sk_value args)
{
    struct sk_consent_record record;

    SK_TRY(start(e, args, "given", &record));
    SK_TRY(check_giving(e, args, &record));
    SK_TRY(sk_consent_append(e, &record));
    return reply_given(e, &record, NULL);
}

/* ------------------------------------------------------------- renewal */

/* The giving that is named, of this participant, that holds in every part:
   renewing may not give back what was taken back (CONSENT 3.7). */
static enum sk_status find_whole(struct sk_engine *e, struct sk_value args,
                                 const struct sk_participant_id *participant,
                                 struct sk_consent_record *out)
{
    struct sk_consent_id id;
    enum sk_status status = SK_E_NOT_FOUND;
    bool whole = false;

    if (sk_arg_id(args, "consent", &id.id))
        status = sk_consent_get(e, &id, out);
    if (status == SK_OK && !sk_id_equal(&out->participant.id, &participant->id))
        status = SK_E_NOT_FOUND;
    if (status == SK_E_NOT_FOUND)
        return sk_refuse(e, "unknown-consent", "consent",
                         sk_arg_text(args, "consent"));
    SK_TRY(status);
    SK_TRY(sk_consent_is_whole(e, participant, &id, sk_instant(e), &whole));
    if (!whole)
        return sk_refuse(e, "consent-not-whole", "consent",
                         (struct sk_bytes){0});
    return SK_OK;
}

enum sk_status sk_op_consent_renew(struct sk_engine *e, struct sk_value args)
{
    struct sk_consent_record record;
    struct sk_consent_record old;

    SK_TRY(start(e, args, "given", &record));
    SK_TRY(find_whole(e, args, &record.participant, &old));
    record.fact.purposes = old.fact.purposes;
    record.fact.purposes_count = old.fact.purposes_count;
    record.fact.recipients = old.fact.recipients;
    record.fact.recipients_count = old.fact.recipients_count;
    record.fact.categories = old.fact.categories;
    record.fact.categories_count = old.fact.categories_count;
    SK_TRY(check_giving(e, args, &record));
    /* Its boxes were ticked and signed one by one, and are so again (3.3). */
    if (old.fact.explicit_consent && !record.fact.explicit_consent)
        return sk_refuse(e, "consent-not-explicit", "explicit",
                         (struct sk_bytes){0});
    if (record.fact.until <= old.fact.until)
        return sk_refuse(e, "bad-argument", "until", (struct sk_bytes){0});
    SK_TRY(sk_consent_append(e, &record));
    return reply_given(e, &record, &old.consent);
}

/* ------------------------------------------------------------- the others */

/* Does what takes away name every word of the other list? */
static bool list_covers(const struct sk_bytes *list, size_t count,
                        const struct sk_bytes *words, size_t words_count)
{
    if (list == NULL)
        return true;
    if (words == NULL)
        return false;
    for (size_t i = 0; i < words_count; i++) {
        bool found = false;

        for (size_t j = 0; j < count && !found; j++)
            found = sk_word_is_under(words[i], list[j]);
        if (!found)
            return false;
    }
    return true;
}

bool sk_consent_covers(const struct sk_fact_consent *wide,
                       const struct sk_fact_consent *narrow)
{
    return list_covers(wide->purposes, wide->purposes_count, narrow->purposes,
                       narrow->purposes_count) &&
           list_covers(wide->recipients, wide->recipients_count,
                       narrow->recipients, narrow->recipients_count) &&
           list_covers(wide->categories, wide->categories_count,
                       narrow->categories, narrow->categories_count);
}

static bool is_recent_refusal(const struct sk_consent_record *r,
                              const struct sk_fact_consent *asked)
{
    const struct sk_fact_consent *fact = &r->fact;

    return sk_bytes_equal(fact->state, sk_text("refused")) &&
           asked->at - fact->at < ASK_AGAIN_SECONDS &&
           sk_consent_covers(fact, asked);
}

struct asking {
    const struct sk_fact_consent *asked;
    bool recently;
};

static enum sk_status look_back(void *context,
                                const struct sk_consent_record *one)
{
    struct asking *asking = context;

    if (is_recent_refusal(one, asking->asked))
        asking->recently = true;
    return SK_OK;
}

enum sk_status sk_op_consent_request(struct sk_engine *e, struct sk_value args)
{
    struct sk_consent_record record;
    struct asking asking = {.asked = &record.fact};

    SK_TRY(start(e, args, "requested", &record));
    SK_TRY(check_known(e, &record.fact));
    SK_TRY(sk_consent_each(e, &record.participant, look_back, &asking));
    if (asking.recently)
        return sk_refuse(e, "consent-asked-recently", NULL,
                         (struct sk_bytes){0});
    return append_and_reply(e, &record);
}

enum sk_status sk_op_consent_refuse(struct sk_engine *e, struct sk_value args)
{
    struct sk_consent_record record;

    SK_TRY(start(e, args, "refused", &record));
    SK_TRY(check_known(e, &record.fact));
    return append_and_reply(e, &record);
}

/* Open to the person, a parent and an administrator alike (3.4), so who it was
   is written down and not judged. */
enum sk_status sk_op_consent_withdraw(struct sk_engine *e, struct sk_value args)
{
    struct sk_consent_record record;
    size_t keys;
    size_t at;

    SK_TRY(start(e, args, "withdrawn", &record));
    SK_TRY(check_known(e, &record.fact));
    SK_TRY(sk_consent_append(e, &record));
    at = sk_reply_open(&e->reply);
    sk_reply_instant(&e->reply, "at", (uint64_t)record.fact.at * 1000);
    sk_reply_id(&e->reply, "consent", &record.consent.id);
    SK_TRY(sk_withdraw_recall(e, &record.participant, &record.consent, &keys));
    sk_reply_close_map(&e->reply, at, 2 + keys);
    return SK_OK;
}
