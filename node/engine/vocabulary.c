#include "node/engine/internal.h"

/* The files of the federation, for programs that show events to people or
   check a policy beside the node. */

enum sk_status sk_op_charter_text(struct sk_engine *e, struct sk_value args)
{
    struct sk_charter *charter;

    (void)args; /* it has none */
    if (e->bundle == NULL)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    SK_TRY(sk_federation_charter(e, &charter));
    sk_pack_map(&e->reply, 3);
    sk_reply_text(&e->reply, "guards", charter->guards_yaml);
    sk_reply_text(&e->reply, "partners", charter->partners_yaml);
    sk_reply_text(&e->reply, "vocabulary", charter->vocabulary_yaml);
    return SK_OK;
}
