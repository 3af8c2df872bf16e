/*
 * Keys live and die while the node runs.                docs/PROTOCOL.md 4.5
 *
 * A person makes new keys and a card (schakel card renew); card.renew puts
 * them into force.  Partners hear of it at once, over the lines that are there:
 * those keep the transport key before until every partner knows the new one.
 * The sealing key before opens until its day.  What has had its time is then
 * destroyed: here, and in node.key by who runs the engine.
 */
#include "node/engine/renew.h"

#include <string.h>

#include "node/engine/ops.h"
#include "node/engine/request.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"

/* A partner that was not there for so long takes the card from a person. */
#define CURVE_GRACE_S (UINT64_C(30) * 86400)

/* ------------------------------------------------------------- operation */

static bool is_ours(const struct sk_engine *e, const struct sk_card *card)
{
    return sk_org_equal(&card->org, &e->org) &&
           memcmp(card->identity.bytes, e->card.identity.bytes,
                  sizeof(card->identity.bytes)) == 0;
}

static enum sk_status open_keys(struct sk_engine *e, struct sk_bytes key,
                                const struct sk_card *card,
                                struct sk_node_secrets *out)
{
    enum sk_status status = sk_node_key_reopen(key, &e->secrets.master, out);

    if (status == SK_E_WRONG_KEY)
        return sk_refuse(e, "restart-needed", "key", (struct sk_bytes){0});
    if (status != SK_OK)
        return sk_refuse(e, "bad-argument", "key", (struct sk_bytes){0});
    if (sk_node_secrets_align(out, card) != SK_OK)
        return sk_refuse(e, "card-invalid", "card", (struct sk_bytes){0});
    return SK_OK;
}

static enum sk_status take(struct sk_engine *e, struct sk_bytes card_bytes,
                           const struct sk_card *card,
                           const struct sk_node_secrets *secrets)
{
    struct sk_key key = sk_key_start(SK_T_CARD);

    sk_key_org(&key, &e->org);
    SK_TRY(
        sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), card_bytes));
    e->secrets = *secrets;
    e->card = *card;
    sk_pack_map(&e->reply, 2);
    sk_reply_text(&e->reply, "org", sk_org_text(&card->org));
    sk_reply_uint(&e->reply, "version", card->version);
    return SK_OK;
}

enum sk_status sk_op_card_renew(struct sk_engine *e, struct sk_value args)
{
    struct sk_bytes bytes = sk_value_bin(sk_value_get(args, "card"));
    struct sk_bytes key = sk_value_bin(sk_value_get(args, "key"));
    struct sk_node_secrets secrets;
    struct sk_card card;
    enum sk_status status;

    if (sk_card_decode(bytes, &card) != SK_OK || !is_ours(e, &card))
        return sk_refuse(e, "card-invalid", "card", (struct sk_bytes){0});
    if (card.version <= e->card.version)
        return sk_refuse(e, "card-old", "card", (struct sk_bytes){0});
    status = open_keys(e, key, &card, &secrets);
    if (status == SK_OK)
        status = take(e, bytes, &card, &secrets);
    sk_wipe(&secrets, sizeof(secrets));
    return status;
}

/* ------------------------------------------------------------- partners */

enum sk_status sk_renew_tell(struct sk_engine *e, struct sk_session *s)
{
    if (!s->up || !s->known || s->their_card == 0 ||
        s->their_card >= e->card.version || s->card_said >= e->card.version)
        return SK_OK;
    SK_TRY(sk_wire_card(e, s));
    /* When it is lost, the partner's next HELLO says so. */
    s->card_said = e->card.version;
    return SK_OK;
}

/* Between two who only dial there is no line, and no key to miss. */
static bool can_meet(const struct sk_engine *e, const struct sk_session *s)
{
    return e->card.endpoints_count > 0 || s->card.endpoints_count > 0;
}

/* Partners who were not heard since the start may know an older card. */
static bool everybody_knows(const struct sk_engine *e)
{
    for (size_t i = 0; i < e->sessions_count; i++) {
        const struct sk_session *s = &e->sessions[i];

        if (s->known && !s->suspended && can_meet(e, s) &&
            s->their_card < e->card.version)
            return false;
    }
    return true;
}

/* ------------------------------------------------------------- the end */

static bool curve_is_over(const struct sk_engine *e)
{
    return e->secrets.has_curve_before &&
           (everybody_knows(e) ||
            e->now_ms / 1000 >= e->card.issued_s + CURVE_GRACE_S);
}

static bool sealing_is_over(const struct sk_engine *e)
{
    return e->secrets.sealing_count == 2 && e->card.sealing_count == 2 &&
           e->now_ms / 1000 >= e->card.sealing[1].until_s;
}

bool sk_engine_master_changed(const struct sk_engine *e)
{
    return e->secrets.has_master_before;
}

bool sk_engine_keys_due(const struct sk_engine *e)
{
    /* The store is under the other one since it was opened. */
    return e->secrets.has_master_before || curve_is_over(e) ||
           sealing_is_over(e);
}

/* Without what has had its time. */
static void drop(const struct sk_engine *e, struct sk_node_secrets *secrets)
{
    if (curve_is_over(e)) {
        sk_wipe(&secrets->curve_before, sizeof(secrets->curve_before));
        secrets->has_curve_before = false;
    }
    sk_wipe(&secrets->master_before, sizeof(secrets->master_before));
    secrets->has_master_before = false;
    if (sealing_is_over(e)) {
        sk_wipe(&secrets->sealing[1], sizeof(secrets->sealing[1]));
        secrets->sealing_count = 1;
    }
}

static bool are_in_force(const struct sk_engine *e,
                         const struct sk_node_secrets *secrets)
{
    const struct sk_node_secrets *ours = &e->secrets;

    return memcmp(&secrets->sealing[0], &ours->sealing[0],
                  sizeof(ours->sealing[0])) == 0 &&
           memcmp(&secrets->signing, &ours->signing, sizeof(ours->signing)) ==
               0 &&
           memcmp(&secrets->curve, &ours->curve, sizeof(ours->curve)) == 0;
}

enum sk_status sk_engine_keys_rewrite(const struct sk_engine *e,
                                      struct sk_bytes in,
                                      const struct sk_seed *seed,
                                      struct sk_room room, struct sk_bytes *out)
{
    struct sk_node_secrets secrets;
    enum sk_status status;

    SK_TRY(sk_node_key_reopen(in, &e->secrets.master, &secrets));
    /* Renewed by a person and not in force here yet: it is not ours to
       change. */
    status = SK_E_REFUSED;
    if (are_in_force(e, &secrets) &&
        sk_node_secrets_align(&secrets, &e->card) == SK_OK) {
        drop(e, &secrets);
        status = sk_node_key_rewrite(in, &secrets, seed, room, out);
    }
    sk_wipe(&secrets, sizeof(secrets));
    return status;
}

void sk_engine_keys_drop(struct sk_engine *e)
{
    drop(e, &e->secrets);
}

void sk_engine_curve(const struct sk_engine *e, struct sk_curve_secret *out)
{
    *out = e->secrets.has_curve_before ? e->secrets.curve_before
                                       : e->secrets.curve;
}
