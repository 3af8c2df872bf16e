#include "tools/schakel/staff.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "protocol/control.h"
#include "tools/schakel/cli.h"
#include "tools/schakel/json.h"

int sk_staff_resolve(json_t *args)
{
    const char *login = sk_json_text(args, "system_user");
    const struct passwd *found;

    if (login[0] == '\0' || json_object_get(args, "uid") != NULL)
        return -1;
    errno = 0;
    found = getpwnam(login);
    if (found == NULL)
        return sk_cli_fail(
            SK_EXIT_NO,
            &(struct sk_problem){
                .code = "unknown-login",
                .nl = "deze aanmeldnaam bestaat niet op deze machine",
                .en = "this login does not exist on this machine",
                .where = login,
                .detail = errno != 0 ? strerror(errno) : NULL,
                .next_nl = "maak hem eerst aan (adduser), of geef --uid NUMMER",
                .next_en = "make it first (adduser), or give --uid NUMBER"});
    json_object_set_new(args, "uid", json_integer((json_int_t)found->pw_uid));
    return -1;
}

/* ------------------------------------------------------------- break-glass */

json_t *sk_staff_glass_ask(struct sk_client *client, const json_t *status)
{
    const json_t *glass =
        json_object_get(json_object_get(status, "users"), "glass");
    json_t *args;
    json_t *reply = NULL;
    json_t *out;

    if (json_integer_value(glass) == 0)
        return NULL;
    args = json_pack("{s:b}", "glass", 1);
    /* Refused: it is a matter of privacy officers, and others see the rest. */
    if (sk_client_call(client, "access.list", args, NULL, 0, &reply) != SK_OK)
        reply = NULL;
    json_decref(args);
    out =
        json_incref(json_object_get(json_object_get(reply, "result"), "looks"));
    json_decref(reply);
    return out;
}

size_t sk_staff_glass_print(const json_t *looks, bool dutch)
{
    size_t count = json_array_size(looks);

    if (count > 0)
        puts(dutch ? "Noodtoegang: kijk na of dit terecht was"
                   : "Break-glass: see whether it was right");
    for (size_t i = 0; i < count; i++) {
        const json_t *one = json_array_get(looks, i);
        long long item =
            (long long)json_integer_value(json_object_get(one, "item"));

        printf("  %s  %s: %s\n    %s\n", sk_json_text(one, "at"),
               sk_json_text(one, "user"), sk_json_text(one, "reason"),
               sk_staff_op_text(sk_json_text(one, "op"), dutch));
        printf("    %s %s;  schakel access seen %lld\n",
               dutch ? "deelnemer" : "participant",
               sk_json_text(one, "participant"), item);
    }
    return count;
}

/* ------------------------------------------------------------- words */

void sk_staff_stand_ins_print(FILE *out, const json_t *users, bool dutch)
{
    for (size_t i = 0; i < json_array_size(users); i++) {
        const json_t *user = json_array_get(users, i);
        const json_t *list = json_object_get(user, "stands_in");

        for (size_t k = 0; k < json_array_size(list); k++) {
            const json_t *one = json_array_get(list, k);

            fprintf(out,
                    dutch ? "%s vervangt %s tot en met %s\n"
                          : "%s stands in for %s through %s\n",
                    sk_json_text(user, "name"), sk_json_text(one, "for"),
                    sk_json_text(one, "until"));
        }
    }
}

const char *sk_staff_op_text(const char *op, bool dutch)
{
    const struct sk_op *found = sk_op_find(sk_text(op));

    if (found == NULL)
        return op;
    return dutch ? found->nl : found->en;
}
