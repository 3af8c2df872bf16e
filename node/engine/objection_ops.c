#include "node/engine/participant.h"

#include <string.h>

#include "node/engine/consent.h"
#include "node/engine/federation.h"
#include "node/engine/objection.h"
#include "node/engine/ops.h"
#include "node/engine/relation.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/timer.h"

/* ------------------------------------------------------------- words */

static void sort_words(struct sk_bytes *list, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct sk_bytes word = list[i];
        size_t at = i;

        while (at > 0 && sk_bytes_compare(list[at - 1], word) > 0) {
            list[at] = list[at - 1];
            at--;
        }
        list[at] = word;
    }
}

/* I5: a word that nobody knows would object to nothing. */
static bool is_known(const struct sk_engine *e, const char *name,
                     struct sk_bytes word)
{
    if (sk_bytes_equal(word, sk_text("*")))
        return true;
    if (strcmp(name, "recipients") == 0)
        return sk_federation_org(e, word) != NULL;
    return sk_vocabulary_purpose(sk_bundle_vocabulary(e->bundle), word) !=
           SK_NONE;
}

static enum sk_status read_words(struct sk_engine *e, struct sk_value args,
                                 const char *name, const struct sk_bytes **out,
                                 size_t *count)
{
    const struct sk_bytes *given;
    struct sk_bytes *list;

    SK_TRY(sk_arg_words(e, args, name, &given, count));
    *out = NULL;
    if (given == NULL)
        return SK_OK;
    if (*count > SK_OBJECTION_WORDS_MAX)
        return sk_refuse(e, "bad-argument", name, (struct sk_bytes){0});
    list = sk_arena_get_array(&e->scratch, *count, sizeof(*list));
    if (list == NULL)
        return SK_E_MEMORY;
    memcpy(list, given, *count * sizeof(*list));
    for (size_t i = 0; i < *count; i++) {
        if (!is_known(e, name, list[i]))
            return sk_refuse(e, "bad-argument", name, list[i]);
    }
    sort_words(list, *count);
    *out = list;
    return SK_OK;
}

static bool same_words(const struct sk_bytes *a, size_t a_count,
                       const struct sk_bytes *b, size_t b_count)
{
    if (a_count != b_count)
        return false;
    if (a == NULL || b == NULL)
        return a == b;
    for (size_t i = 0; i < a_count; i++) {
        if (!sk_bytes_equal(a[i], b[i]))
            return false;
    }
    return true;
}

static bool is_state(const struct sk_objection *objection, const char *state)
{
    return sk_bytes_equal(objection->of.state, sk_text(state));
}

/* ------------------------------------------------------------- pack */

struct packing {
    struct sk_pack *p;
    size_t count;
};

static void pack_words(struct sk_pack *p, const char *key,
                       const struct sk_bytes *list, size_t count)
{
    if (list == NULL)
        return;
    sk_pack_cstr(p, key);
    sk_pack_array(p, count);
    for (size_t i = 0; i < count; i++)
        sk_pack_str(p, list[i]);
}

static enum sk_status pack_one(void *context,
                               const struct sk_objection *objection)
{
    const struct sk_fact_objection *of = &objection->of;
    struct packing *packing = context;
    struct sk_pack *p = packing->p;
    bool answered = objection->answered_ms != 0;
    bool answer = objection->answer.size > 0;
    bool reason = objection->reason.size > 0;

    packing->count++;
    sk_pack_map(p, 4u + answered + 2u * answer + reason +
                       (of->purposes != NULL) + (of->recipients != NULL));
    if (answer)
        sk_reply_text(p, "answer", objection->answer);
    if (answered)
        sk_reply_instant(p, "answered", objection->answered_ms);
    sk_reply_instant(p, "at", (uint64_t)of->at * 1000);
    if (answer)
        sk_reply_text(p, "by", objection->by);
    sk_reply_text(p, "given_by", objection->given_by);
    sk_reply_id(p, "objection", &objection->id);
    pack_words(p, "purposes", of->purposes, of->purposes_count);
    if (reason)
        sk_reply_text(p, "reason", objection->reason);
    pack_words(p, "recipients", of->recipients, of->recipients_count);
    sk_reply_text(p, "state", of->state);
    return SK_OK;
}

enum sk_status sk_objections_pack(struct sk_engine *e,
                                  const struct sk_participant_id *id,
                                  struct sk_pack *p)
{
    struct packing packing = {p, 0};
    size_t at = sk_reply_open(p);

    SK_TRY(sk_objection_all(e, id, pack_one, &packing));
    sk_reply_close_array(p, at, packing.count);
    return SK_OK;
}

enum sk_status sk_op_objection_list(struct sk_engine *e, struct sk_value args)
{
    struct sk_participant_id id;

    SK_TRY(sk_arg_participant(e, args, &id));
    sk_pack_map(&e->reply, 1);
    sk_pack_cstr(&e->reply, "objections");
    return sk_objections_pack(e, &id, &e->reply);
}

/* ------------------------------------------------------------- what it does */

struct reaching {
    struct sk_engine *e;
    const struct sk_objection *objection;
    enum sk_reach want;
    size_t count;
};

static enum sk_status reach_partner(void *context,
                                    const struct sk_relation *relation)
{
    struct reaching *r = context;
    struct sk_engine *e = r->e;
    struct sk_pack *p = &e->reply;
    int32_t today = sk_today(e);
    struct sk_rule_view rule;
    enum sk_reach reach = SK_REACH_NOT;

    if (today < relation->from || today > relation->until)
        return SK_OK;
    for (size_t i = 0; reach != SK_REACH_NONE_LEFT; i++) {
        reach = sk_objection_reach(e->bundle, &r->objection->of, i,
                                   sk_org_text(&relation->org), today, &rule);
        if (reach != r->want)
            continue;
        r->count++;
        sk_pack_map(p, 5);
        sk_reply_text(p, "ground", rule.gdpr);
        sk_reply_text(p, "id", rule.id);
        sk_reply_text(p, "reference", rule.reference);
        sk_reply_text(p, "text", rule.text);
        sk_reply_text(p, "to", sk_org_text(&relation->org));
    }
    return SK_OK;
}

/* Rules towards partners of today: those that stop, or that go on. */
static enum sk_status pack_reach(struct sk_engine *e, const char *key,
                                 const struct sk_participant_id *id,
                                 const struct sk_objection *objection,
                                 enum sk_reach want)
{
    struct reaching r = {.e = e, .objection = objection, .want = want};
    size_t at;

    sk_pack_cstr(&e->reply, key);
    at = sk_reply_open(&e->reply);
    SK_TRY(sk_relation_each(e, id, reach_partner, &r));
    sk_reply_close_array(&e->reply, at, r.count);
    return SK_OK;
}

/* ------------------------------------------------------------- to object */

struct place {
    const struct sk_objection *wanted;
    uint64_t number; /* of a new one */
    bool found;
    struct sk_objection open; /* the same one, that waits for its answer */
};

static enum sk_status look_same(void *context,
                                const struct sk_objection *objection)
{
    struct place *place = context;
    const struct sk_fact_objection *a = &objection->of;
    const struct sk_fact_objection *b = &place->wanted->of;

    place->number = objection->number + 1;
    if (is_state(objection, "open") &&
        same_words(a->purposes, a->purposes_count, b->purposes,
                   b->purposes_count) &&
        same_words(a->recipients, a->recipients_count, b->recipients,
                   b->recipients_count)) {
        place->found = true;
        place->open = *objection;
    }
    return SK_OK;
}

static enum sk_status read_objection(struct sk_engine *e, struct sk_value args,
                                     struct sk_objection *out)
{
    struct sk_bytes giver = sk_arg_text(args, "given_by");

    *out = (struct sk_objection){
        .of = {.at = sk_instant(e), .state = sk_text("open")},
        .reason = sk_arg_text(args, "reason"),
        .given_by = giver};
    if (giver.size == 0)
        out->given_by = sk_text("self");
    if (!sk_consent_giver_is_known(out->given_by))
        return sk_refuse(e, "bad-argument", "given_by", giver);
    SK_TRY(read_words(e, args, "purposes", &out->of.purposes,
                      &out->of.purposes_count));
    return read_words(e, args, "recipients", &out->of.recipients,
                      &out->of.recipients_count);
}

/* I7: like a withdrawal it only narrows, so it is never held up; who said it is
   written down and not judged. */
enum sk_status sk_op_participant_object(struct sk_engine *e,
                                        struct sk_value args)
{
    struct sk_pack *p = &e->reply;
    struct sk_objection objection;
    struct place place = {.wanted = &objection};
    struct sk_participant_id id;

    if (e->bundle == NULL)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    SK_TRY(sk_arg_participant(e, args, &id));
    SK_TRY(read_objection(e, args, &objection));
    SK_TRY(sk_objection_all(e, &id, look_same, &place));
    if (place.found) {
        objection = place.open; /* said again: it goes on */
    } else {
        objection.number = place.number;
        sk_new_id(e, &objection.id);
        SK_TRY(sk_objection_put(e, &id, &objection));
        SK_TRY(sk_timers_objection(e, &id, &objection.id));
    }
    sk_pack_map(p, 5);
    sk_reply_instant(p, "at", (uint64_t)objection.of.at * 1000);
    SK_TRY(pack_reach(e, "goes_on", &id, &objection, SK_REACH_GOES_ON));
    sk_reply_id(p, "objection", &objection.id);
    sk_reply_id(p, "participant", &id.id);
    return pack_reach(e, "stops", &id, &objection, SK_REACH_STOPS);
}

/* ------------------------------------------------------------- the answer */

struct finding {
    struct sk_id id;
    bool found;
    struct sk_objection objection;
};

static enum sk_status look_id(void *context,
                              const struct sk_objection *objection)
{
    struct finding *finding = context;

    if (sk_id_equal(&objection->id, &finding->id)) {
        finding->found = true;
        finding->objection = *objection;
    }
    return SK_OK;
}

/* The one that is named; refuses unknown-objection, and wrong-state when it
   was answered already. */
static enum sk_status find_open(struct sk_engine *e, struct sk_value args,
                                struct sk_participant_id *id,
                                struct sk_objection *out)
{
    struct finding finding = {.found = false};

    if (e->bundle == NULL)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    SK_TRY(sk_arg_participant(e, args, id));
    if (sk_arg_id(args, "objection", &finding.id))
        SK_TRY(sk_objection_all(e, id, look_id, &finding));
    if (!finding.found)
        return sk_refuse(e, "unknown-objection", "objection",
                         sk_arg_text(args, "objection"));
    *out = finding.objection;
    if (!is_state(out, "open"))
        return sk_refuse(e, "wrong-state", "objection", out->of.state);
    return SK_OK;
}

static enum sk_status close_it(struct sk_engine *e,
                               const struct sk_participant_id *id,
                               struct sk_objection *objection,
                               struct sk_bytes state)
{
    objection->of.state = state;
    objection->answered_ms = e->now_ms;
    SK_TRY(sk_objection_put(e, id, objection));
    return sk_timers_answered(e, id, &objection->id);
}

/* Art. 21.1: it stops for good, unless the grounds to go on weigh more; who
   decides says so with a name and a reason. */
enum sk_status sk_op_objection_answer(struct sk_engine *e, struct sk_value args)
{
    struct sk_bytes state = sk_arg_text(args, "answer");
    struct sk_pack *p = &e->reply;
    struct sk_objection objection;
    struct sk_participant_id id;

    if (!sk_bytes_equal(state, sk_text("upheld")) &&
        !sk_bytes_equal(state, sk_text("rejected")))
        return sk_refuse(e, "bad-argument", "answer", state);
    SK_TRY(find_open(e, args, &id, &objection));
    objection.by = sk_arg_text(args, "by");
    objection.answer = sk_arg_text(args, "reason");
    SK_TRY(close_it(e, &id, &objection, state));
    if (is_state(&objection, "rejected")) {
        sk_pack_map(p, 2);
    } else {
        sk_pack_map(p, 4);
        SK_TRY(sk_objection_recall(e, &id, &objection));
    }
    sk_reply_id(p, "objection", &objection.id);
    sk_reply_text(p, "state", state);
    return SK_OK;
}

enum sk_status sk_op_objection_withdraw(struct sk_engine *e,
                                        struct sk_value args)
{
    struct sk_objection objection;
    struct sk_participant_id id;

    SK_TRY(find_open(e, args, &id, &objection));
    SK_TRY(close_it(e, &id, &objection, sk_text("withdrawn")));
    sk_pack_map(&e->reply, 2);
    sk_reply_id(&e->reply, "objection", &objection.id);
    sk_reply_text(&e->reply, "state", objection.of.state);
    return SK_OK;
}
