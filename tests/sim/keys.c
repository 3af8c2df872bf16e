#include "tests/sim/sim.h"

#include "node/engine/federation.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "node/engine/vault.h"
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

/* `schakel key rotate`: another master key, and the node starts again; also
   when that goes wrong half-way. */
void act_rotate(size_t at)
{
    struct fx_node *node = &sim.f.nodes[at];
    struct sk_node_secrets *secrets = &node->secrets;
    struct sk_seed seed = fx_seed(&sim.f);

    if (secrets->has_master_before)
        return;
    say("%s has another master key", node_names[at]);
    sim.nodes[at].rotated = true;
    sim.nodes[at].master_before = secrets->master;
    secrets->master_before = secrets->master;
    secrets->has_master_before = true;
    memcpy(secrets->master.secret_bytes, seed.secret_bytes,
           sizeof(secrets->master.secret_bytes));
    sim.rotated++;
    node_start_hard(at, one_in(2) ? 0 : 1 + chance(60));
}

/* As schakeld does: what has had its time is destroyed. */
void keys_tend(size_t at)
{
    if (!sk_engine_keys_due(engine(at)))
        return;
    if (sk_engine_master_changed(engine(at)) &&
        sk_store_shred(sim.f.nodes[at].store) != SK_OK)
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

/* Does this data key open under that master key?  As vault.c wraps it. */
static bool opens(const struct sk_box_key *master, struct sk_bytes place,
                  struct sk_bytes sealed)
{
    uint8_t bound[SK_VAULT_BOUND_SIZE];
    struct sk_box_key wrap;
    struct sk_box_key key;
    struct sk_bytes plain;
    struct sk_id id;

    cr_assert(place.size == SK_ID_SIZE);
    memcpy(id.bytes, place.data, SK_ID_SIZE);
    sk_vault_bound(&id, bound);
    sk_derive(master, "schakel/store/wrap/1", &wrap);
    return sk_box_open(&wrap, (struct sk_bytes){bound, sizeof(bound)}, sealed,
                       (struct sk_room){key.secret_bytes, 32}, &plain) == SK_OK;
}

/* Who has the files, and the master key before, opens nothing. */
static void check_master(size_t at)
{
    struct fx_node *node = &sim.f.nodes[at];
    struct sk_scan scan;
    struct sk_bytes key;
    struct sk_bytes value;

    check(!node->secrets.has_master_before, "%s keeps the master key before",
          node_names[at]);
    cr_assert(sk_store_begin(node->store) == SK_OK);
    scan = sk_scan_start(node->store, SK_SPACE_KEYS, (struct sk_bytes){0});
    while (sk_scan_next(&scan, &key, &value) == SK_OK) {
        check(!opens(&sim.nodes[at].master_before, key, value),
              "%s has a data key under the master key before", node_names[at]);
        check(opens(&node->secrets.master, key, value),
              "%s has a data key under no master key", node_names[at]);
    }
    sk_store_abort(node->store);
}

void check_masters(void)
{
    for (size_t i = 0; i < sim.count; i++) {
        if (sim.nodes[i].rotated)
            check_master(i);
    }
}
