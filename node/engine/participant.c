#include "node/engine/participant.h"

#include <string.h>

#include "node/engine/access.h"
#include "node/engine/clean.h"
#include "node/engine/ops.h"
#include "node/engine/request.h"
#include "node/engine/source.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/user.h"
#include "node/engine/vault.h"
#include "policies/civil.h"
#include "protocol/unpack.h"
#include "protocol/utf8.h"

#define PARTICIPANT_SIZE_MAX 1024

static const char context_insz[] = "schakel/index/insz/1";
static const char context_name[] = "schakel/index/name/1";

/* ------------------------------------------------------------- record
 * array [given name, family name, birth date, insz, administration: nil or
 * array [from DATE, until DATE or nil], added in ms]; absent texts empty. */

static struct sk_key record_key(const struct sk_participant_id *id)
{
    return sk_key_person(SK_T_PARTICIPANT, &id->id);
}

static void pack_day(struct sk_pack *p, int32_t day)
{
    char text[11];

    if (day == INT32_MAX) {
        sk_pack_nil(p);
        return;
    }
    sk_day_format(day, text);
    sk_pack_cstr(p, text);
}

static int32_t unpack_day(struct sk_unpack *u)
{
    int32_t day = INT32_MAX;
    struct sk_bytes text;

    if (sk_unpack_is_nil(u))
        return INT32_MAX;
    text = sk_unpack_str(u, 10, 10);
    if (u->status == SK_OK && !sk_day_parse(text, &day))
        u->status = SK_E_BAD_VALUE;
    return day;
}

static enum sk_status participant_put(struct sk_engine *e,
                                      const struct sk_participant *who)
{
    struct sk_key key = record_key(&who->id);
    struct sk_pack p = sk_scratch_pack(e, PARTICIPANT_SIZE_MAX);
    struct sk_bytes plain;

    sk_pack_array(&p, 6);
    sk_pack_str(&p, who->given_name);
    sk_pack_str(&p, who->family_name);
    sk_pack_str(&p, who->birth_date);
    sk_pack_str(&p, who->insz);
    if (who->administration.from == INT32_MAX) {
        sk_pack_nil(&p);
    } else {
        sk_pack_array(&p, 2);
        pack_day(&p, who->administration.from);
        pack_day(&p, who->administration.until);
    }
    sk_pack_uint(&p, e->now_ms);
    SK_TRY(sk_scratch_packed(e, &p, &plain));
    return sk_vault_put(e, &who->id.id, sk_key_done(&key), plain);
}

static enum sk_status participant_read(struct sk_bytes plain,
                                       struct sk_participant *out)
{
    struct sk_unpack u = sk_unpack_start(plain);

    sk_unpack_array(&u, 6);
    out->given_name = sk_unpack_str(&u, 0, PARTICIPANT_SIZE_MAX);
    out->family_name = sk_unpack_str(&u, 0, PARTICIPANT_SIZE_MAX);
    out->birth_date = sk_unpack_str(&u, 0, PARTICIPANT_SIZE_MAX);
    out->insz = sk_unpack_str(&u, 0, PARTICIPANT_SIZE_MAX);
    out->administration = (struct sk_fact_period){INT32_MAX, INT32_MAX};
    if (!sk_unpack_is_nil(&u)) {
        sk_unpack_array(&u, 2);
        out->administration.from = unpack_day(&u);
        out->administration.until = unpack_day(&u);
    }
    (void)sk_unpack_uint(&u, 0, UINT64_MAX);
    return sk_unpack_finish(&u);
}

enum sk_status sk_participant_get(struct sk_engine *e,
                                  const struct sk_participant_id *id,
                                  struct sk_participant *out)
{
    struct sk_key key = record_key(id);
    struct sk_participant who = {.id = *id};
    struct sk_bytes plain;

    SK_TRY(sk_vault_get(e, &id->id, sk_key_done(&key), &plain));
    SK_TRY(participant_read(plain, &who));
    *out = who;
    return SK_OK;
}

enum sk_status sk_participant_exists(struct sk_engine *e,
                                     const struct sk_participant_id *id)
{
    struct sk_key key = record_key(id);
    struct sk_bytes value;

    return sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value);
}

/* ------------------------------------------------------------- indexes */

struct sk_key sk_participant_insz_key(struct sk_engine *e, struct sk_bytes insz)
{
    struct sk_key key = sk_key_start(SK_T_INSZ);
    struct sk_hash hash;

    sk_keyed_hash(&e->index_secret, context_insz, insz, &hash);
    sk_key_bytes(&key, (struct sk_bytes){hash.bytes, sizeof(hash.bytes)});
    return key;
}

struct sk_key sk_participant_name_key(struct sk_engine *e,
                                      const struct sk_name_word *word)
{
    struct sk_key key = sk_key_start(SK_T_NAME);
    struct sk_hash hash;

    sk_keyed_hash(&e->index_secret, context_name,
                  (struct sk_bytes){word->bytes, word->size}, &hash);
    sk_key_bytes(&key, (struct sk_bytes){hash.bytes, 16});
    return key;
}

static enum sk_status index_name(struct sk_engine *e, struct sk_bytes name,
                                 const struct sk_participant_id *id)
{
    struct sk_name_word word;

    while (sk_name_next(&name, &word)) {
        struct sk_key key = sk_participant_name_key(e, &word);

        sk_key_id(&key, &id->id);
        SK_TRY(sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                            (struct sk_bytes){0}));
    }
    return SK_OK;
}

static enum sk_status unindex_name(struct sk_engine *e, struct sk_bytes name,
                                   const struct sk_participant_id *id)
{
    struct sk_name_word word;

    while (sk_name_next(&name, &word)) {
        struct sk_key key = sk_participant_name_key(e, &word);

        sk_key_id(&key, &id->id);
        SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key)));
    }
    return SK_OK;
}

enum sk_status sk_participant_unindex(struct sk_engine *e,
                                      const struct sk_participant_id *id)
{
    struct sk_participant who;
    struct sk_key key;

    SK_TRY(sk_participant_get(e, id, &who));
    SK_TRY(unindex_name(e, who.given_name, id));
    SK_TRY(unindex_name(e, who.family_name, id));
    if (who.insz.size == 0)
        return SK_OK;
    key = sk_participant_insz_key(e, who.insz);
    return sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key));
}

/* ------------------------------------------------------------- add */

static enum sk_status refuse_argument(struct sk_engine *e, const char *field)
{
    return sk_refuse(e, "bad-argument", field, (struct sk_bytes){0});
}

static bool is_name(struct sk_bytes text)
{
    struct sk_field field = {.kind = SK_KIND_NAME, .max = 200};
    struct sk_field_value value = {.text = text};

    return sk_value_is_legal(&field, &value, 0);
}

/* May be empty: what must be there is in protocol/control.c. */
static enum sk_status check_name(struct sk_engine *e, const char *field,
                                 struct sk_bytes name)
{
    e->refusal_place = sk_utf8_hidden_at(name);
    if (e->refusal_place != 0)
        return sk_refuse(e, "hidden-character", field, (struct sk_bytes){0});
    if (name.size > 0 && !is_name(name))
        return refuse_argument(e, field);
    return SK_OK;
}

/* YYYY, YYYY-MM or YYYY-MM-DD, and begun by today. */
static bool is_birth_date(const struct sk_engine *e, struct sk_bytes text)
{
    char whole[] = "YYYY-01-01";
    int32_t day;

    if (text.size != 4 && text.size != 7 && text.size != 10)
        return false;
    memcpy(whole, text.data, text.size);
    return sk_day_parse(sk_text(whole), &day) && day <= sk_today(e);
}

static enum sk_status read_administration(struct sk_engine *e,
                                          struct sk_value args,
                                          struct sk_fact_period *out)
{
    const struct sk_bytes *days;
    size_t count;
    struct sk_fact_period period = {INT32_MAX, INT32_MAX};

    SK_TRY(sk_arg_words(e, args, "administration", &days, &count));
    if (count > 2 || (count > 0 && !sk_day_parse(days[0], &period.from)) ||
        (count > 1 && !sk_day_parse(days[1], &period.until)) ||
        period.until < period.from)
        return refuse_argument(e, "administration");
    *out = period;
    return SK_OK;
}

static enum sk_status check_insz(struct sk_engine *e, struct sk_bytes insz)
{
    char text[SK_ID_TEXT_SIZE + 1];
    struct sk_bytes known;
    struct sk_key key;
    struct sk_id id;
    enum sk_status status;

    if (insz.size == 0)
        return SK_OK;
    if (!sk_insz_is_legal(e, insz))
        return sk_refuse(e, "insz-invalid", "insz", (struct sk_bytes){0});
    key = sk_participant_insz_key(e, insz);
    status = sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &known);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    if (known.size != sizeof(id.bytes))
        return SK_E_BAD_LENGTH;
    memcpy(id.bytes, known.data, sizeof(id.bytes));
    sk_id_format(&id, text);
    /* CONTROL.md 7.4: found by number, as with participant.find. */
    sk_access_told(e, &(struct sk_participant_id){id});
    return sk_refuse(e, "insz-known", "insz",
                     sk_arena_copy(&e->scratch, sk_text(text)));
}

static enum sk_status read_participant(struct sk_engine *e,
                                       struct sk_value args,
                                       struct sk_participant *out)
{
    struct sk_participant who = {0};

    who.given_name = sk_arg_text(args, "given_name");
    who.family_name = sk_arg_text(args, "family_name");
    who.birth_date = sk_arg_text(args, "birth_date");
    who.insz = sk_clean_code(e, sk_text("insz"), sk_arg_text(args, "insz"));
    SK_TRY(check_name(e, "given_name", who.given_name));
    SK_TRY(check_name(e, "family_name", who.family_name));
    if (who.birth_date.size > 0 && !is_birth_date(e, who.birth_date))
        return refuse_argument(e, "birth_date");
    SK_TRY(read_administration(e, args, &who.administration));
    SK_TRY(check_insz(e, who.insz));
    *out = who;
    return SK_OK;
}

enum sk_status sk_op_participant_add(struct sk_engine *e, struct sk_value args)
{
    struct sk_participant who;
    struct sk_key key;
    bool answered;

    SK_TRY(sk_source_answer(e, SK_SOURCE_PARTICIPANT, args, &answered));
    if (answered)
        return SK_OK;
    SK_TRY(read_participant(e, args, &who));
    if (sk_arg_dry_run(e, args))
        return SK_OK;

    sk_new_id_in_order(e, &who.id.id);
    SK_TRY(sk_vault_make(e, &who.id.id));
    SK_TRY(participant_put(e, &who));
    SK_TRY(index_name(e, who.given_name, &who.id));
    SK_TRY(index_name(e, who.family_name, &who.id));
    if (who.insz.size > 0) {
        key = sk_participant_insz_key(e, who.insz);
        SK_TRY(sk_store_put(
            e->store, SK_SPACE_DATA, sk_key_done(&key),
            (struct sk_bytes){who.id.id.bytes, sizeof(who.id.id.bytes)}));
    }
    SK_TRY(sk_source_keep(e, SK_SOURCE_PARTICIPANT, args, &who.id.id));
    SK_TRY(sk_case_new(e, &who.id));
    sk_pack_map(&e->reply, 1);
    sk_reply_id(&e->reply, "participant", &who.id.id);
    return SK_OK;
}

/* ------------------------------------------------------------- show */

static void pack_administration(struct sk_pack *p, struct sk_fact_period period)
{
    bool until = period.until != INT32_MAX;

    sk_pack_cstr(p, "administration");
    sk_pack_map(p, until ? 2 : 1);
    sk_reply_day(p, "from", period.from);
    if (until)
        sk_reply_day(p, "until", period.until);
}

static size_t pack_text(struct sk_pack *p, const char *key,
                        struct sk_bytes text)
{
    if (text.size == 0)
        return 0;
    sk_reply_text(p, key, text);
    return 1;
}

enum sk_status sk_op_participant_show(struct sk_engine *e, struct sk_value args)
{
    struct sk_pack *p = &e->reply;
    struct sk_participant_id id;
    struct sk_participant who;
    size_t count = 7;
    size_t at;

    SK_TRY(sk_arg_participant(e, args, &id));
    SK_TRY(sk_participant_get(e, &id, &who));
    at = sk_reply_open(p);
    if (who.administration.from != INT32_MAX) {
        pack_administration(p, who.administration);
        count++;
    }
    count += pack_text(p, "birth_date", who.birth_date);
    sk_pack_cstr(p, "consents");
    SK_TRY(sk_consents_pack(e, &id, p));
    sk_pack_cstr(p, "events");
    SK_TRY(sk_events_pack(e, &id, false, p));
    count += pack_text(p, "family_name", who.family_name);
    sk_reply_text(p, "given_name", who.given_name);
    count += pack_text(p, "insz", who.insz);
    sk_pack_cstr(p, "objections");
    SK_TRY(sk_objections_pack(e, &id, p));
    sk_reply_id(p, "participant", &id.id);
    sk_pack_cstr(p, "relations");
    SK_TRY(sk_relations_pack(e, &id, p));
    sk_pack_cstr(p, "trajectory");
    SK_TRY(sk_trajectory_pack(e, &id, p));
    sk_reply_close_map(p, at, count);
    return SK_OK;
}
