#include "tools/schakel/issue.h"

#include <string.h>
#include <time.h>

#include <sodium.h>

int sk_issue_endpoints(const struct sk_values *values, struct sk_card *card)
{
    struct sk_problem problem = {
        .code = "bad-endpoint",
        .nl = "dit is geen adres van een knooppunt",
        .en = "this is not the address of a node",
        .next_nl = "schrijf tcp://naam:poort, bijvoorbeeld "
                   "tcp://schakel.example.be:7411",
        .next_en = "write tcp://host:port, for example "
                   "tcp://schakel.example.be:7411"};

    if (values->count > SK_ENDPOINTS_MAX) {
        problem.nl = "hoogstens vier adressen op een kaart";
        problem.en = "at most four addresses on a card";
        return sk_cli_fail(SK_EXIT_USAGE, &problem);
    }
    memset(card->endpoints, 0, sizeof(card->endpoints));
    card->endpoints_count = 0;
    for (size_t i = 0; i < values->count; i++) {
        struct sk_bytes text = sk_text(values->list[i]);

        problem.where = values->list[i];
        if (text.size > SK_ENDPOINT_SIZE_MAX || !sk_endpoint_is_legal(text))
            return sk_cli_fail(SK_EXIT_USAGE, &problem);
        memcpy(card->endpoints[i], text.data, text.size);
        card->endpoints_count++;
    }
    return -1;
}

static uint64_t now_s(void)
{
    return (uint64_t)time(NULL);
}

/* Both kinds of X25519 keys. */
static void public_of(const uint8_t secret[32], uint8_t public[32])
{
    int rc = crypto_scalarmult_base(public, secret);

    assert(rc == 0);
}

static void begin_sealing(struct sk_card_sealing *sealing,
                          const struct sk_seal_public *public, uint64_t now)
{
    sealing->key = *public;
    sk_seal_id_of(public, &sealing->id);
    sealing->from_s = now;
    sealing->until_s = now + SK_SEALING_LIFE_S;
}

static void end_sealing(struct sk_card_sealing *sealing, uint64_t now)
{
    uint64_t until_s = now + SK_SEALING_GRACE_S;

    /* A clock that was set back must not end it before it began. */
    if (sealing->until_s > until_s && sealing->from_s < until_s)
        sealing->until_s = until_s;
}

/* A new sealing key in front; the one before it second, for a while. */
static void new_sealing(struct sk_node_secrets *secrets, struct sk_card *card,
                        uint64_t now)
{
    struct sk_seal_public public;
    struct sk_seed seed;

    if (card->sealing_count > 0) {
        end_sealing(&card->sealing[0], now);
        card->sealing[1] = card->sealing[0];
        secrets->sealing[1] = secrets->sealing[0];
        card->sealing_count = 2;
    } else {
        card->sealing_count = 1;
    }
    secrets->sealing_count = card->sealing_count;
    sk_seed_fill(&seed);
    sk_seal_keypair(&seed, &public, &secrets->sealing[0]);
    begin_sealing(&card->sealing[0], &public, now);
    sk_wipe(&seed, sizeof(seed));
}

/* The same key for longer; the one before it goes when its time is over. */
static void keep_sealing(struct sk_node_secrets *secrets, struct sk_card *card,
                         uint64_t now)
{
    uint64_t until_s = now + SK_SEALING_LIFE_S;

    if (until_s > card->sealing[0].until_s)
        card->sealing[0].until_s = until_s;
    if (card->sealing_count < 2 || card->sealing[1].until_s > now)
        return;
    sk_wipe(&secrets->sealing[1], sizeof(secrets->sealing[1]));
    memset(&card->sealing[1], 0, sizeof(card->sealing[1]));
    card->sealing_count = 1;
    secrets->sealing_count = 1;
}

/* Lines go on with the key that partners know: until all of them know the new
   one, and while that lasts there is no other one. */
static void new_curve(struct sk_node_secrets *secrets, struct sk_card *card)
{
    struct sk_seed seed;

    if (secrets->has_curve_before)
        return;
    secrets->has_curve_before = true;
    secrets->curve_before = secrets->curve;
    sk_seed_fill(&seed);
    sk_curve_keypair(&seed, &card->curve, &secrets->curve);
    sk_wipe(&seed, sizeof(seed));
}

static void new_signing(struct sk_node_secrets *secrets, struct sk_card *card)
{
    struct sk_seed seed;

    sk_seed_fill(&seed);
    sk_sign_keypair(&seed, &card->signing, &secrets->signing);
    sk_wipe(&seed, sizeof(seed));
}

/*
 * A renewal that was cut short has new secrets under an old card: announce
 * them now, and the key of the old card as the one before.
 */
static void catch_up(struct sk_node_secrets *secrets, struct sk_card *card,
                     uint64_t now)
{
    struct sk_seal_public public;

    memcpy(card->signing.bytes, secrets->signing.secret_bytes + 32,
           sizeof(card->signing.bytes));
    public_of(secrets->curve.secret_bytes, card->curve.bytes);
    public_of(secrets->sealing[0].secret_bytes, public.bytes);
    if (memcmp(&public, &card->sealing[0].key, sizeof(public)) == 0)
        return;
    if (secrets->sealing_count == 2) {
        public_of(secrets->sealing[1].secret_bytes, card->sealing[1].key.bytes);
        end_sealing(&card->sealing[0], now);
        if (memcmp(&card->sealing[1].key, &card->sealing[0].key,
                   sizeof(public)) == 0)
            card->sealing[1] = card->sealing[0];
        else
            secrets->sealing_count = 1;
    }
    card->sealing_count = secrets->sealing_count;
    begin_sealing(&card->sealing[0], &public, now);
}

void sk_issue_first(struct sk_node_secrets *secrets,
                    const struct sk_identity *identity, struct sk_card *card)
{
    uint64_t now = now_s();

    card->org = identity->org;
    card->identity = identity->public.public;
    card->version = 1;
    card->issued_s = now;
    new_signing(secrets, card);
    new_curve(secrets, card);
    secrets->has_curve_before = false; /* there was none */
    new_sealing(secrets, card, now);
}

void sk_issue_next(struct sk_node_secrets *secrets, struct sk_card *card,
                   bool sealing, bool online)
{
    uint64_t now = now_s();

    catch_up(secrets, card, now);
    card->version++;
    card->issued_s = now;
    if (online) {
        new_signing(secrets, card);
        new_curve(secrets, card);
    }
    if (sealing)
        new_sealing(secrets, card, now);
    else
        keep_sealing(secrets, card, now);
}

int sk_issue_write_key(const char *dir, const struct sk_node_secrets *secrets,
                       const struct sk_unlock *unlock, bool replace)
{
    uint8_t room[SK_NODE_KEY_SIZE_MAX];
    struct sk_bytes bytes;
    struct sk_seed seed;
    enum sk_status status;

    sk_seed_fill(&seed);
    status = sk_node_key_seal(secrets, unlock, &seed,
                              (struct sk_room){room, sizeof(room)}, &bytes);
    sk_wipe(&seed, sizeof(seed));
    if (status != SK_OK)
        return sk_cli_fail(
            SK_EXIT_SOFTWARE,
            &(struct sk_problem){
                .code = "seal",
                .nl = "node.key kan niet gemaakt worden",
                .en = "node.key cannot be made",
                .where = dir,
                .detail = sk_status_text(status),
                .next_nl = "een wachtzin vraagt 64 MiB geheugen",
                .next_en = "a passphrase needs 64 MiB of memory"});
    return sk_nodedir_write(dir, SK_NODE_KEY_NAME, bytes, 0600, replace);
}

int sk_issue_write_card(const char *dir, const struct sk_card *card,
                        const struct sk_identity *identity, bool replace)
{
    uint8_t room[SK_CARD_SIZE_MAX];
    struct sk_bytes bytes;
    enum sk_status status = sk_card_encode(
        card, &identity->secret, (struct sk_room){room, sizeof(room)}, &bytes);

    assert(status == SK_OK);
    return sk_nodedir_write(dir, SK_OWN_CARD_NAME, bytes, 0644, replace);
}
