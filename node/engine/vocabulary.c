#include "node/engine/ops.h"

#include "node/engine/federation.h"
#include "node/engine/request.h"
#include "node/engine/state.h"

/* The files of the federation, for programs that show events to people or
   check a policy beside the node. */

static enum sk_status pack_version(struct sk_engine *e, uint64_t version)
{
    static const char *const names[] = {"guards", "partners", "vocabulary"};
    static const char *const files[] = {"guards.yaml", "partners.yaml",
                                        "vocabulary.yaml"};
    struct sk_bytes texts[SK_COUNT(names)];

    for (size_t i = 0; i < SK_COUNT(names); i++) {
        enum sk_status status =
            sk_charter_kept(e, version, sk_text(files[i]), &texts[i]);

        if (status == SK_E_NOT_FOUND)
            return sk_refuse(e, "charter-unknown-version", "version",
                             (struct sk_bytes){0});
        SK_TRY(status);
    }
    sk_pack_map(&e->reply, SK_COUNT(names));
    for (size_t i = 0; i < SK_COUNT(names); i++)
        sk_reply_text(&e->reply, names[i], texts[i]);
    return SK_OK;
}

enum sk_status sk_op_charter_text(struct sk_engine *e, struct sk_value args)
{
    struct sk_value version = sk_value_get(args, "version");
    struct sk_charter *charter;

    if (e->bundle == NULL)
        return sk_refuse(e, "no-charter", NULL, (struct sk_bytes){0});
    if (sk_value_kind(version) == SK_VALUE_UINT &&
        sk_value_uint(version) != e->charter_version)
        return pack_version(e, sk_value_uint(version));
    SK_TRY(sk_federation_charter(e, &charter));
    sk_pack_map(&e->reply, 3);
    sk_reply_text(&e->reply, "guards", charter->guards_yaml);
    sk_reply_text(&e->reply, "partners", charter->partners_yaml);
    sk_reply_text(&e->reply, "vocabulary", charter->vocabulary_yaml);
    return SK_OK;
}
