#include "node/engine/ops.h"

#include <string.h>

#include "node/engine/access.h"
#include "node/engine/case_list.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/user.h"

/* user.add, change, end, list, stand-in; participant.assign.  CONTROL.md 7.3 */

#define OFFICER SK_ROLE_BIT(SK_ROLE_PRIVACY_OFFICER)
#define LEAD SK_ROLE_BIT(SK_ROLE_TEAM_LEAD)
#define COACH SK_ROLE_BIT(SK_ROLE_COACH)

/* ------------------------------------------------------------- arguments */

/* A user who works here. */
static enum sk_status need_user(struct sk_engine *e, struct sk_value args,
                                const char *name, struct sk_user *out)
{
    struct sk_bytes text = sk_arg_text(args, name);
    enum sk_status status = sk_user_of_name(e, text, out);

    if (status == SK_E_NOT_FOUND || (status == SK_OK && out->ended_ms != 0))
        return sk_refuse(e, "unknown-user", name, text);
    return status;
}

static enum sk_status need_coach(struct sk_engine *e, struct sk_value args,
                                 const char *name, struct sk_user *out)
{
    SK_TRY(need_user(e, args, name, out));
    if ((out->roles & COACH) == 0)
        return sk_refuse(e, "not-a-coach", name, out->name);
    return SK_OK;
}

static bool role_of(struct sk_bytes word, unsigned *roles)
{
    for (unsigned i = 0; i < SK_ROLES; i++) {
        if (!sk_bytes_equal(word, sk_text(sk_role_words[i])))
            continue;
        *roles |= SK_ROLE_BIT(i);
        return true;
    }
    return false;
}

/* The arguments of a user that were given, over what is in *user. */
static enum sk_status read_user(struct sk_engine *e, struct sk_value args,
                                struct sk_user *user)
{
    struct sk_value uid = sk_value_get(args, "uid");
    const struct sk_bytes *words;
    size_t count;

    SK_TRY(sk_arg_words(e, args, "role", &words, &count));
    if (count > 0)
        user->roles = 0;
    for (size_t i = 0; i < count; i++)
        if (!role_of(words[i], &user->roles))
            return sk_refuse(e, "bad-argument", "role", words[i]);
    if (sk_value_kind(uid) == SK_VALUE_UINT) {
        /* The last number means nobody. */
        if (sk_value_uint(uid) >= UINT32_MAX)
            return sk_refuse(e, "bad-argument", "uid", (struct sk_bytes){0});
        user->uid = (uint32_t)sk_value_uint(uid);
        user->login = sk_arg_text(args, "system_user");
    }
    if (sk_arg_text(args, "team").size > 0)
        user->team = sk_arg_text(args, "team");
    return SK_OK;
}

/* Nobody else has this system user. */
static enum sk_status check_uid(struct sk_engine *e, const struct sk_user *user)
{
    struct sk_user other;
    enum sk_status status = sk_user_of_uid(e, user->uid, &other);

    if (status == SK_E_NOT_FOUND ||
        (status == SK_OK && sk_id_equal(&other.id, &user->id)))
        return SK_OK;
    SK_TRY(status);
    return sk_refuse(e, "uid-taken", "uid", other.name);
}

struct officers {
    struct sk_id but;
    size_t count;
    size_t users;
};

static enum sk_status count_officer(void *context, const struct sk_user *user)
{
    struct officers *officers = context;

    officers->users++;
    if (user->ended_ms == 0 && (user->roles & OFFICER) != 0 &&
        !sk_id_equal(&user->id, &officers->but))
        officers->count++;
    return SK_OK;
}

/* Somebody must stay who can let people in: nobody can lock all out. */
static enum sk_status check_officers(struct sk_engine *e,
                                     const struct sk_user *user)
{
    struct officers officers = {.but = user->id};

    if (user->ended_ms == 0 && (user->roles & OFFICER) != 0)
        return SK_OK;
    SK_TRY(sk_user_each(e, count_officer, &officers));
    if (officers.count > 0)
        return SK_OK;
    return sk_refuse(e, officers.users == 0 ? "first-user" : "last-officer",
                     NULL, user->name);
}

/* ------------------------------------------------------------- one user */

struct listing {
    struct sk_engine *e;
    bool all;
    size_t count;
};

static enum sk_status pack_stand_in(void *context, const struct sk_id *whom,
                                    int32_t until)
{
    struct listing *l = context;
    struct sk_bytes name;

    SK_TRY(sk_user_name(l->e, whom, &name));
    sk_pack_map(&l->e->reply, 2);
    sk_reply_text(&l->e->reply, "for", name);
    sk_reply_day(&l->e->reply, "until", until);
    l->count++;
    return SK_OK;
}

static void pack_roles(struct sk_pack *p, unsigned roles)
{
    size_t at;
    size_t count = 0;

    sk_pack_cstr(p, "role");
    at = sk_reply_open(p);
    for (unsigned i = 0; i < SK_ROLES; i++) {
        if ((roles & SK_ROLE_BIT(i)) == 0)
            continue;
        sk_pack_cstr(p, sk_role_words[i]);
        count++;
    }
    sk_reply_close_array(p, at, count);
}

static enum sk_status pack_user(struct sk_engine *e, const struct sk_user *user)
{
    struct sk_pack *p = &e->reply;
    size_t at = sk_reply_open(p);
    size_t count = 5;
    struct listing standing = {.e = e};
    size_t list;

    if (user->ended_ms != 0) {
        sk_reply_instant(p, "ended", user->ended_ms);
        count++;
    }
    sk_reply_text(p, "name", user->name);
    pack_roles(p, user->roles);
    sk_reply_instant(p, "since", user->since_ms);
    sk_pack_cstr(p, "stands_in");
    list = sk_reply_open(p);
    SK_TRY(sk_stand_in_each(e, &user->id, pack_stand_in, &standing));
    sk_reply_close_array(p, list, standing.count);
    if (user->login.size > 0) {
        sk_reply_text(p, "system_user", user->login);
        count++;
    }
    if (user->team.size > 0) {
        sk_reply_text(p, "team", user->team);
        count++;
    }
    sk_reply_uint(p, "uid", user->uid);
    sk_reply_close_map(p, at, count);
    return SK_OK;
}

enum sk_status sk_op_user_add(struct sk_engine *e, struct sk_value args)
{
    struct sk_user user = {.name = sk_arg_text(args, "name"),
                           .since_ms = e->now_ms};
    struct sk_user known;
    uint64_t count;
    enum sk_status status = sk_user_of_name(e, user.name, &known);

    if (status == SK_OK)
        return sk_refuse(e, "user-known", "name", user.name);
    if (status != SK_E_NOT_FOUND)
        return status;
    SK_TRY(sk_users_count(e, &count));
    if (count >= SK_USERS_MAX)
        return sk_refuse(e, "too-large", NULL, (struct sk_bytes){0});
    if (sk_value_kind(sk_value_get(args, "uid")) == SK_VALUE_NONE)
        return sk_refuse(e, "missing-argument", "system_user",
                         (struct sk_bytes){0});
    sk_new_id(e, &user.id);
    SK_TRY(read_user(e, args, &user));
    SK_TRY(check_uid(e, &user));
    SK_TRY(check_officers(e, &user));
    SK_TRY(sk_user_put(e, &user, NULL));
    sk_access_about(e, NULL, &user.id);
    return pack_user(e, &user);
}

/* Does somebody have a case? */
static enum sk_status has_cases(struct sk_engine *e, const struct sk_id *coach,
                                bool *out)
{
    struct sk_key key = sk_list_key(SK_LIST_PARTICIPANTS, coach);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&key));
    struct sk_bytes at;
    struct sk_bytes value;
    enum sk_status status;

    status = sk_scan_next(&scan, &at, &value);
    *out = status == SK_OK;
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

enum sk_status sk_op_user_change(struct sk_engine *e, struct sk_value args)
{
    struct sk_user before;
    struct sk_user user;
    bool has;

    SK_TRY(need_user(e, args, "name", &before));
    user = before;
    SK_TRY(read_user(e, args, &user));
    SK_TRY(has_cases(e, &user.id, &has));
    if (has && (user.roles & COACH) == 0)
        return sk_refuse(e, "has-cases", "role", user.name);
    SK_TRY(check_uid(e, &user));
    SK_TRY(check_officers(e, &user));
    SK_TRY(sk_user_put(e, &user, &before));
    sk_access_about(e, NULL, &user.id);
    return pack_user(e, &user);
}

enum sk_status sk_op_user_end(struct sk_engine *e, struct sk_value args)
{
    struct sk_user before;
    struct sk_user user;
    struct sk_user to = {0};
    uint64_t moved = 0;
    bool has_to = sk_arg_text(args, "to").size > 0;
    bool has;

    SK_TRY(need_user(e, args, "name", &before));
    if (has_to)
        SK_TRY(need_coach(e, args, "to", &to));
    if (has_to && sk_id_equal(&to.id, &before.id))
        return sk_refuse(e, "not-a-coach", "to", to.name);
    SK_TRY(has_cases(e, &before.id, &has));
    if (has && !has_to)
        return sk_refuse(e, "has-cases", "to", before.name);
    user = before;
    user.ended_ms = e->now_ms;
    SK_TRY(check_officers(e, &user));
    SK_TRY(sk_user_put(e, &user, &before));
    if (has_to)
        SK_TRY(sk_case_move_all(e, &user.id, &to.id, &moved));
    sk_access_about(e, NULL, &user.id);
    sk_pack_map(&e->reply, 2);
    sk_reply_uint(&e->reply, "moved", moved);
    sk_reply_text(&e->reply, "name", user.name);
    return SK_OK;
}

static enum sk_status list_user(void *context, const struct sk_user *user)
{
    struct listing *l = context;

    if (user->ended_ms != 0 && !l->all)
        return SK_OK;
    l->count++;
    return pack_user(l->e, user);
}

enum sk_status sk_op_user_list(struct sk_engine *e, struct sk_value args)
{
    struct listing l = {.e = e,
                        .all = sk_value_bool(sk_value_get(args, "ended"))};
    size_t at;

    sk_pack_map(&e->reply, 1);
    sk_pack_cstr(&e->reply, "users");
    at = sk_reply_open(&e->reply);
    SK_TRY(sk_user_each(e, list_user, &l));
    sk_reply_close_array(&e->reply, at, l.count);
    return SK_OK;
}

/* ------------------------------------------------------------- cases */

static bool same_team(const struct sk_user *a, const struct sk_user *b)
{
    return sk_bytes_equal(a->team, b->team);
}

static enum sk_status refuse_assign(struct sk_engine *e,
                                    const struct sk_user *coach)
{
    return sk_refuse(e, "not-your-case", NULL,
                     coach == NULL ? (struct sk_bytes){0} : coach->name);
}

/* A privacy officer for anybody; a team lead within the team; a coach for the
   own cases.  coach: whose it is now, NULL: nobody's; to: whose it becomes. */
static enum sk_status check_assign(struct sk_engine *e,
                                   const struct sk_user *coach,
                                   const struct sk_user *to)
{
    const struct sk_asker *asker = &e->asker;
    struct sk_user me;

    if (!asker->known || (asker->roles & OFFICER) != 0)
        return SK_OK;
    SK_TRY(sk_user_get(e, &asker->id, &me));
    if ((asker->roles & LEAD) != 0 && same_team(&me, to) &&
        (coach == NULL || same_team(&me, coach)))
        return SK_OK;
    if ((asker->roles & COACH) != 0 &&
        (coach == NULL || sk_id_equal(&coach->id, &asker->id)))
        return SK_OK;
    return refuse_assign(e, coach);
}

enum sk_status sk_op_participant_assign(struct sk_engine *e,
                                        struct sk_value args)
{
    struct sk_participant_id id;
    const struct sk_user *coach = NULL;
    struct sk_user known;
    struct sk_user to;
    struct sk_id owner;

    SK_TRY(sk_arg_participant(e, args, &id));
    SK_TRY(need_coach(e, args, "coach", &to));
    SK_TRY(sk_case_coach(e, &id, &owner));
    if (!sk_id_is_zero(&owner)) {
        SK_TRY(sk_user_get(e, &owner, &known));
        coach = &known;
    }
    SK_TRY(check_assign(e, coach, &to));
    SK_TRY(sk_case_give(e, &id, &to.id));
    sk_access_about(e, &id, &to.id);
    sk_pack_map(&e->reply, 2);
    sk_reply_text(&e->reply, "coach", to.name);
    sk_reply_id(&e->reply, "participant", &id.id);
    return SK_OK;
}

enum sk_status sk_op_user_stand_in(struct sk_engine *e, struct sk_value args)
{
    struct sk_user whom;
    struct sk_user by;
    int32_t until;

    SK_TRY(need_coach(e, args, "for", &whom));
    SK_TRY(need_coach(e, args, "by", &by));
    if (sk_id_equal(&whom.id, &by.id))
        return sk_refuse(e, "bad-argument", "by", by.name);
    if (!sk_arg_day(args, "until", &until))
        return sk_refuse(e, "bad-argument", "until", (struct sk_bytes){0});
    SK_TRY(check_assign(e, &whom, &by));
    /* A day that is over ends it. */
    SK_TRY(sk_stand_in_put(e, &by.id, &whom.id,
                           until < sk_today(e) ? INT32_MIN : until));
    sk_access_about(e, NULL, &whom.id);
    sk_pack_map(&e->reply, 3);
    sk_reply_text(&e->reply, "by", by.name);
    sk_reply_text(&e->reply, "for", whom.name);
    sk_reply_day(&e->reply, "until", until);
    return SK_OK;
}
