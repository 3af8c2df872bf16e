#include "node/engine/access.h"

#include <string.h>

#include "node/engine/event.h"
#include "node/engine/ledger.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/timer.h"
#include "node/engine/user.h"
#include "node/engine/vault.h"
#include "protocol/unpack.h"

#define ACCESS_SIZE_MAX 256

/* Who may open a file that is not theirs, with a reason. */
#define GLASS_ROLES                                                            \
    (SK_ROLE_BIT(SK_ROLE_COACH) | SK_ROLE_BIT(SK_ROLE_TEAM_LEAD))

/* ------------------------------------------------------------- who asks */

static enum sk_status refuse_uid(struct sk_engine *e, uint32_t uid)
{
    return sk_refuse(e, "not-a-user", NULL, sk_number_text(e, uid));
}

/* I5: nobody is a user by default. */
static enum sk_status find_asker(struct sk_engine *e,
                                 const struct sk_input *input)
{
    struct sk_user user;
    enum sk_status status;
    uint64_t count;

    SK_TRY(sk_users_count(e, &count));
    if (count == 0)
        return input->owner ? SK_OK : refuse_uid(e, input->uid);
    status = sk_user_of_uid(e, input->uid, &user);
    if (status == SK_E_NOT_FOUND)
        return refuse_uid(e, input->uid);
    SK_TRY(status);
    e->asker.known = true;
    e->asker.id = user.id;
    e->asker.roles = user.roles;
    return SK_OK;
}

/* ------------------------------------------------------------- about whom */

void sk_access_told(struct sk_engine *e, const struct sk_participant_id *id)
{
    sk_access_about(e, id, NULL);
    e->asker.told = true;
}

void sk_access_about(struct sk_engine *e, const struct sk_participant_id *id,
                     const struct sk_id *about)
{
    e->asker.looks = true;
    if (id != NULL)
        e->asker.participant = *id;
    if (about != NULL)
        e->asker.about = *about;
}

/* Who a handover, or a message that came, is about; zero: nobody said so. */
static enum sk_status person_behind(struct sk_engine *e,
                                    enum sk_timer_about kind,
                                    const struct sk_id *id,
                                    struct sk_participant_id *out)
{
    struct sk_timer timer = {.kind = kind, .about = *id};

    return sk_timer_person(e, &timer, out);
}

enum sk_status sk_access_of_message(struct sk_engine *e, const struct sk_id *id,
                                    struct sk_participant_id *out)
{
    struct sk_ledger_entry *entry = sk_arena_get(&e->scratch, sizeof(*entry));
    struct sk_message_id message = {*id};
    enum sk_status status;

    if (entry == NULL)
        return SK_E_MEMORY;
    status = sk_ledger_get(e, &message, entry);
    if (status == SK_E_NOT_FOUND)
        return person_behind(e, SK_TIMER_ABOUT_MESSAGE, id, out);
    SK_TRY(status);
    *out = entry->participant;
    return SK_OK;
}

/* The event may be a message that came (disclosure.preview). */
enum sk_status sk_access_of_event(struct sk_engine *e, const struct sk_id *id,
                                  struct sk_participant_id *out)
{
    struct sk_event_id event = {*id};
    struct sk_recorded_event *found = sk_arena_get(&e->scratch, sizeof(*found));
    enum sk_status status;

    if (found == NULL)
        return SK_E_MEMORY;
    status = sk_event_get(e, &event, found);
    if (status == SK_E_NOT_FOUND)
        return sk_access_of_message(e, id, out);
    SK_TRY(status);
    *out = found->participant;
    return SK_OK;
}

static enum sk_status person_of_handover(struct sk_engine *e,
                                         const struct sk_id *id,
                                         struct sk_participant_id *out)
{
    return person_behind(e, SK_TIMER_ABOUT_HANDOVER, id, out);
}

static enum sk_status itself(struct sk_engine *e, const struct sk_id *id,
                             struct sk_participant_id *out)
{
    (void)e;
    out->id = *id;
    return SK_OK;
}

/* The arguments that name somebody, what says most last. */
static const struct {
    const char *name;
    enum sk_status (*person)(struct sk_engine *e, const struct sk_id *id,
                             struct sk_participant_id *out);
} naming[] = {
    {"about", person_of_handover},     {"handover", person_of_handover},
    {"message", sk_access_of_message}, {"event", sk_access_of_event},
    {"participant", itself},
};

/* ------------------------------------------------------------- may they */

static enum sk_status refuse_case(struct sk_engine *e,
                                  const struct sk_participant_id *id)
{
    struct sk_id coach = {0};
    struct sk_bytes name;

    if (!sk_id_is_zero(&id->id))
        SK_TRY(sk_case_coach(e, id, &coach));
    SK_TRY(sk_user_name(e, &coach, &name));
    return sk_refuse(e, "not-your-case", NULL, name);
}

bool sk_asker_is_officer(const struct sk_engine *e)
{
    return (e->asker.roles & SK_ROLE_BIT(SK_ROLE_PRIVACY_OFFICER)) != 0;
}

enum sk_status sk_access_erases(struct sk_engine *e,
                                const struct sk_participant_id *id, bool *out)
{
    *out = sk_asker_is_officer(e);
    return *out ? SK_OK : sk_case_is_seen(e, id, out);
}

enum sk_status sk_access_person(struct sk_engine *e,
                                const struct sk_participant_id *id)
{
    struct sk_asker *asker = &e->asker;
    enum sk_need need = asker->op->need;
    bool seen;

    /* A register, what is to be erased, and what is theirs to decide are open
       to officers too. */
    if (sk_asker_is_officer(e) &&
        (need == SK_NEED_REGISTER || need == SK_NEED_ERASE ||
         need == SK_NEED_POLICY))
        return SK_OK;
    SK_TRY(sk_case_is_seen(e, id, &seen));
    if (seen)
        return SK_OK;
    if (asker->why.size == 0 || (asker->roles & GLASS_ROLES) == 0)
        return refuse_case(e, id);
    asker->glass = true;
    return SK_OK;
}

static enum sk_status check_named(struct sk_engine *e,
                                  const struct sk_request *request)
{
    enum sk_need need = request->op->need;
    struct sk_participant_id person = {0};

    for (size_t i = 0; i < SK_COUNT(naming); i++) {
        struct sk_id id;

        if (!sk_arg_id(request->args, naming[i].name, &id))
            continue;
        SK_TRY(naming[i].person(e, &id, &person));
        SK_TRY(sk_access_person(e, &person));
        sk_access_about(e, sk_id_is_zero(&person.id) ? NULL : &person,
                        naming[i].person == itself ? NULL : &id);
    }
    /* It names nobody: about everybody. */
    if (!e->asker.looks && need == SK_NEED_REGISTER && !sk_asker_is_officer(e))
        return sk_refuse(e, "role-lacks", NULL, sk_text(sk_need_word(need)));
    e->asker.looks = true;
    return SK_OK;
}

enum sk_status sk_access_check(struct sk_engine *e,
                               const struct sk_input *input,
                               const struct sk_request *request)
{
    enum sk_need need = request->op->need;
    unsigned roles = sk_need_roles(need);
    struct sk_participant_id person;

    e->asker.op = request->op;
    SK_TRY(find_asker(e, input));
    if (!e->asker.known)
        return SK_OK;
    e->asker.why = request->why;
    if (need == SK_NEED_CASE || need == SK_NEED_REGISTER)
        roles |= GLASS_ROLES;
    if ((e->asker.roles & roles) == 0)
        return sk_refuse(e, "role-lacks", NULL, sk_text(sk_need_word(need)));
    if (need == SK_NEED_CASE || need == SK_NEED_REGISTER)
        return check_named(e, request);
    e->asker.looks =
        need == SK_NEED_USERS || need == SK_NEED_ASSIGN || need == SK_NEED_FEED;
    /* What an officer does about one person. */
    if ((need != SK_NEED_POLICY && need != SK_NEED_ERASE) ||
        !sk_arg_id(request->args, "participant", &person.id))
        return SK_OK;
    if (need == SK_NEED_ERASE)
        SK_TRY(sk_access_person(e, &person));
    sk_access_about(e, &person, NULL);
    return SK_OK;
}

/* ------------------------------------------------------------- the record
 * array [at ms, user, operation, participant or zero, about or zero, glass] */

static struct sk_key part_key(char part)
{
    struct sk_key key = sk_key_start(SK_T_ACCESS);

    sk_key_bytes(&key, (struct sk_bytes){(const uint8_t *)&part, 1});
    return key;
}

static struct sk_key number_key(char part, uint64_t number)
{
    struct sk_key key = part_key(part);

    sk_key_u64(&key, number);
    return key;
}

/* Who looked, and at whom. */
static struct sk_key user_key(const struct sk_id *user, uint64_t number)
{
    struct sk_key key = part_key('u');

    sk_key_id(&key, user);
    sk_key_u64(&key, number);
    return key;
}

static struct sk_key looked_key(const struct sk_participant_id *participant,
                                uint64_t number)
{
    struct sk_key key = sk_key_person(SK_T_LOOKED, &participant->id);

    sk_key_u64(&key, number);
    return key;
}

static enum sk_status put_index(struct sk_engine *e, struct sk_key key)
{
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                        (struct sk_bytes){0});
}

static enum sk_status put_access(struct sk_engine *e, uint64_t number,
                                 const char *op)
{
    const struct sk_asker *asker = &e->asker;
    struct sk_key key = number_key('a', number);
    struct sk_pack p = sk_scratch_pack(e, ACCESS_SIZE_MAX);
    struct sk_bytes plain;

    sk_pack_array(&p, 6);
    sk_pack_uint(&p, e->now_ms);
    sk_pack_id(&p, &asker->id);
    sk_pack_cstr(&p, op);
    sk_pack_id(&p, &asker->participant.id);
    sk_pack_id(&p, &asker->about);
    sk_pack_bool(&p, asker->glass);
    SK_TRY(sk_pack_finish(&p, &plain));
    return sk_staff_put(e, sk_key_done(&key), plain);
}

/* What was typed about a person goes with that person. */
static enum sk_status put_reason(struct sk_engine *e, uint64_t number)
{
    const struct sk_asker *asker = &e->asker;
    struct sk_key key = number_key('r', number);
    enum sk_status status;

    if (asker->why.size == 0)
        return SK_OK;
    if (sk_id_is_zero(&asker->participant.id))
        return sk_staff_put(e, sk_key_done(&key), asker->why);
    status =
        sk_vault_put(e, &asker->participant.id, sk_key_done(&key), asker->why);
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

enum sk_status sk_access_keep(struct sk_engine *e)
{
    const struct sk_asker *asker = &e->asker;
    uint64_t number = 0;
    enum sk_status status;

    /* Without users nobody asks; but who made the first one is kept. */
    if (!asker->looks || (!asker->known && asker->op->need != SK_NEED_USERS))
        return SK_OK;
    status = sk_meta_get_u64(e, "looks", &number);
    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    number++;
    SK_TRY(sk_meta_put_u64(e, "looks", number));
    SK_TRY(put_access(e, number, asker->op->name));
    SK_TRY(put_reason(e, number));
    SK_TRY(put_index(e, user_key(&asker->id, number)));
    if (asker->glass)
        SK_TRY(put_index(e, number_key('g', number)));
    if (sk_id_is_zero(&asker->participant.id))
        return SK_OK;
    return put_index(e, looked_key(&asker->participant, number));
}

enum sk_status sk_access_get(struct sk_engine *e, uint64_t number,
                             struct sk_access *out)
{
    struct sk_key key = number_key('a', number);
    struct sk_access found = {.number = number};
    struct sk_bytes plain;
    struct sk_unpack u;

    SK_TRY(sk_staff_get(e, sk_key_done(&key), &plain));
    u = sk_unpack_start(plain);
    sk_unpack_array(&u, 6);
    found.at_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    sk_unpack_id(&u, &found.user);
    found.op = sk_unpack_str(&u, 1, ACCESS_SIZE_MAX);
    sk_unpack_id(&u, &found.participant.id);
    sk_unpack_id(&u, &found.about);
    found.glass = sk_unpack_bool(&u);
    if (sk_unpack_finish(&u) != SK_OK)
        return SK_E_IO;
    *out = found;
    return SK_OK;
}

enum sk_status sk_access_reason(struct sk_engine *e,
                                const struct sk_access *access,
                                struct sk_bytes *out)
{
    struct sk_key key = number_key('r', access->number);

    if (sk_id_is_zero(&access->participant.id))
        return sk_staff_get(e, sk_key_done(&key), out);
    return sk_vault_get(e, &access->participant.id, sk_key_done(&key), out);
}

/* ------------------------------------------------------------- its end */

enum sk_status sk_access_gone(struct sk_engine *e, uint64_t *out)
{
    enum sk_status status = sk_meta_get_u64(e, "looks gone", out);

    if (status == SK_E_NOT_FOUND)
        *out = 0;
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

static enum sk_status drop(struct sk_engine *e, const struct sk_key *key)
{
    return sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(key));
}

static enum sk_status drop_access(struct sk_engine *e,
                                  const struct sk_access *access)
{
    struct sk_key glass = number_key('g', access->number);
    struct sk_key reason = number_key('r', access->number);
    struct sk_key key = number_key('a', access->number);
    struct sk_key user = user_key(&access->user, access->number);
    struct sk_key looked = looked_key(&access->participant, access->number);
    struct sk_bytes value;
    enum sk_status status =
        sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&glass), &value);

    if (status != SK_E_NOT_FOUND)
        return status; /* it waits for a privacy officer */
    SK_TRY(drop(e, &user));
    SK_TRY(drop(e, &looked));
    SK_TRY(drop(e, &reason));
    return drop(e, &key);
}

enum sk_status sk_access_prune(struct sk_engine *e, uint64_t before_ms,
                               size_t *budget, bool *done)
{
    uint64_t gone;
    uint64_t last = 0;
    uint64_t number;
    enum sk_status status = sk_meta_get_u64(e, "looks", &last);

    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    SK_TRY(sk_access_gone(e, &gone));
    for (number = gone; number<last && * budget> 0; number++) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_access access;

        SK_TRY(sk_access_get(e, number + 1, &access));
        if (access.at_ms >= before_ms)
            break;
        SK_TRY(drop_access(e, &access));
        (*budget)--;
        sk_arena_reset(&e->scratch, mark);
    }
    *done = *budget > 0;
    return number == gone ? SK_OK : sk_meta_put_u64(e, "looks gone", number);
}
