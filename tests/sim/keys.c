#include "tests/sim/sim.h"

#include "protocol/keyfile.h"

/*
 * Keys are renewed while a node runs (PROTOCOL.md 4.5): sealing keys, or all
 * of them.  What is under way, what waits and what comes again stays good.
 */
static const uint8_t unlocking[32] = {7};

static uint64_t second_of(size_t at)
{
    return engine(at)->now_ms / 1000;
}

/* What `schakel card renew` writes: keys and a card that follow these. */
static void next_keys(size_t at, bool all)
{
    struct fx_node *node = &sim.f.nodes[at];
    struct sk_card *card = &node->card;
    struct sk_seed seed = fx_seed(&sim.f);

    card->version++;
    card->issued_s = second_of(at);
    strcpy(card->endpoints[0], "tcp://127.0.0.1:7411");
    card->endpoints_count = 1;
    card->sealing[1] = card->sealing[0];
    card->sealing[1].until_s = second_of(at) + 30 * 86400;
    node->secrets.sealing[1] = node->secrets.sealing[0];
    sk_seal_keypair(&seed, &card->sealing[0].key, &node->secrets.sealing[0]);
    sk_seal_id_of(&card->sealing[0].key, &card->sealing[0].id);
    card->sealing_count = 2;
    node->secrets.sealing_count = 2;
    if (all) {
        seed = fx_seed(&sim.f);
        sk_sign_keypair(&seed, &card->signing, &node->secrets.signing);
        node->secrets.curve_before = node->secrets.curve;
        node->secrets.has_curve_before = true;
        seed = fx_seed(&sim.f);
        sk_curve_keypair(&seed, &card->curve, &node->secrets.curve);
    }
    fx_card(node);
}

void act_renew(size_t at)
{
    static uint8_t room[SK_NODE_KEY_SIZE_MAX];
    struct fx_node *node = &sim.f.nodes[at];
    struct fx_node before = *node;
    struct sk_unlock unlock = {.kind = SK_UNLOCK_KEY,
                               .secret_view = {unlocking, sizeof(unlocking)}};
    struct sk_seed seed = fx_seed(&sim.f);
    struct sk_bytes key;

    next_keys(at, one_in(2));
    cr_assert(sk_node_key_seal(&node->secrets, &unlock, &seed,
                               (struct sk_room){room, sizeof(room)},
                               &key) == SK_OK);
    if (ask(at, "card.renew", "card=y key=y", (size_t)node->card_size,
            node->card_bytes, key.size, key.data)) {
        sim.renewed++;
        return;
    }
    /* It did not happen: the ones of before are in force. */
    memcpy(node->card_bytes, before.card_bytes, sizeof(node->card_bytes));
    node->card_size = before.card_size;
    node->card = before.card;
    node->secrets = before.secrets;
}

/* As schakeld does: what has had its time is destroyed. */
void keys_tend(size_t at)
{
    if (!sk_engine_keys_due(engine(at)))
        return;
    sk_engine_keys_drop(engine(at));
    sim.f.nodes[at].secrets = engine(at)->secrets;
}

/* After a greeting everybody knows everybody's card. */
void check_cards(void)
{
    for (size_t i = 0; i < sim.count; i++) {
        for (size_t j = 0; j < sim.count; j++) {
            const struct sk_session *s =
                i == j ? NULL : sk_session_find(engine(i), &sim.f.nodes[j].org);

            if (s == NULL || i == sim.liar || j == sim.liar || s->suspended ||
                sk_session_find(engine(j), &sim.f.nodes[i].org)->suspended)
                continue;
            check(s->card.version == sim.f.nodes[j].card.version,
                  "%s has card %d of %s, which has %d", node_names[i],
                  (int)s->card.version, node_names[j],
                  (int)sim.f.nodes[j].card.version);
        }
    }
}
