#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "tools/schakel/doctor.h"
#include "tools/schakel/json.h"

/* The node knows people by the number of their system user.  After a restore
   on another machine that number may be somebody else. */
static void look_at_user(struct sk_doctor *d, const json_t *user)
{
    const char *login = sk_json_text(user, "system_user");
    json_int_t uid = json_integer_value(json_object_get(user, "uid"));
    const struct passwd *found = getpwuid((uid_t)uid);
    char detail[160];

    if (login[0] == '\0' ||
        (found != NULL && strcmp(found->pw_name, login) == 0))
        return;
    snprintf(detail, sizeof(detail), "uid %lld: %s, %s", (long long)uid, login,
             found == NULL ? "-" : found->pw_name);
    sk_doctor_note(
        d, &(struct sk_step){
               .check = "users",
               .state = SK_DOCTOR_WARN,
               .about = sk_json_text(user, "name"),
               .nl = "het nummer van deze gebruiker is op deze machine niet "
                     "van die aanmeldnaam",
               .en = "the number of this user is not that login's on this "
                     "machine",
               .detail = detail,
               .next_nl = "schakel user change NAAM --system-user AANMELDNAAM",
               .next_en = "schakel user change NAME --system-user LOGIN"});
}

static json_t *ask_users(struct sk_doctor *d)
{
    json_t *reply = NULL;
    json_t *out = NULL;

    if (sk_client_call(d->client, "user.list", NULL, NULL, 0, &reply) == SK_OK)
        out = json_incref(
            json_object_get(json_object_get(reply, "result"), "users"));
    json_decref(reply);
    return out;
}

void sk_doctor_users(struct sk_doctor *d, const json_t *status)
{
    const json_t *count =
        json_object_get(json_object_get(status, "users"), "count");
    bool none = json_integer_value(count) == 0;
    json_t *users = none ? NULL : ask_users(d);
    size_t i;
    json_t *user;

    sk_doctor_note(
        d, &(struct sk_step){
               .check = "users",
               .nl = none ? "er zijn geen gebruikers: wie bij ctl.sock kan, "
                            "ziet alles"
                          : "elke vraag is van een gebruiker, met een rol",
               .en = none ? "there are no users: whoever reaches ctl.sock sees "
                            "everything"
                          : "every request is a user's, with a role"});
    json_array_foreach(users, i, user) look_at_user(d, user);
    json_decref(users);
}
