#include "node/engine/internal.h"

/* The words of the federation, for programs that show events to people. */

enum sk_status sk_op_vocabulary_show(struct sk_engine *e, struct sk_value args)
{
    struct sk_charter *charter;

    (void)args;
    if (e->bundle == NULL)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    SK_TRY(sk_federation_charter(e, &charter));
    sk_pack_map(&e->reply, 2);
    sk_reply_text(&e->reply, "file", charter->vocabulary_yaml);
    sk_reply_text(&e->reply, "vocabulary",
                  sk_bundle_vocabulary(e->bundle)->name);
    return SK_OK;
}
