/*
 * Who stole the transport key of a node and nothing else.
 *     thief KEY|ALL STOLEN-FOLDER UNLOCK PARTNER-CARD
 * KEY: takes the transport key out of STOLEN-FOLDER/node.key and connects as
 * that node to the partner: must be let in.  Every frame that the partner
 * sends is tried with the key, as are forged frames: a greeting and an item
 * signed with a key of its own, and what it received, sent back.
 * ALL: the control.  The same forged frames under the real signing key.
 * Prints how many frames came; exit status 0: none opened.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <zmq.h>

#include "protocol/envelope.h"
#include "protocol/item.h"
#include "protocol/keyfile.h"
#include "protocol/message.h"
#include "protocol/pack.h"

#define PATIENCE_MS 30000
#define INCARNATION 1000

static struct sk_node_secrets stolen;
static struct sk_card own;
static struct sk_card partner;
static struct sk_sign_secret signing;
static uint8_t frame[SK_FRAME_SIZE_MAX];
static uint8_t room[SK_FRAME_SIZE_MAX];

static void need(bool good, const char *what)
{
    if (good)
        return;
    printf("%s\n", what);
    exit(2);
}

static struct sk_bytes read_file(const char *folder, const char *name,
                                 uint8_t *bytes, size_t size_max)
{
    char path[4096];
    FILE *f;
    size_t size;

    snprintf(path, sizeof(path), "%s%s%s", folder, name[0] == '\0' ? "" : "/",
             name);
    f = fopen(path, "rb");
    need(f != NULL, path);
    size = fread(bytes, 1, size_max, f);
    fclose(f);
    return (struct sk_bytes){bytes, size};
}

static void read_card(const char *folder, const char *name, struct sk_card *out)
{
    uint8_t bytes[SK_CARD_SIZE_MAX];

    need(sk_card_decode(read_file(folder, name, bytes, sizeof(bytes)), out) ==
             SK_OK,
         "no card");
}

static void steal(const char *folder, const char *unlock_path, bool all)
{
    uint8_t key_bytes[SK_NODE_KEY_SIZE_MAX];
    uint8_t unlock_bytes[64];
    struct sk_sign_public public;
    struct sk_seed seed;
    struct sk_unlock unlock;

    need(sk_unlock_of(
             SK_UNLOCK_KEY,
             read_file(unlock_path, "", unlock_bytes, sizeof(unlock_bytes)),
             &unlock) == SK_OK,
         "no key file");
    need(sk_node_key_open(
             read_file(folder, "node.key", key_bytes, sizeof(key_bytes)),
             &unlock, &stolen) == SK_OK,
         "node.key does not open");
    read_card(folder, "own.card", &own);
    randombytes_buf(&seed, sizeof(seed));
    sk_sign_keypair(&seed, &public, &signing);
    if (all)
        signing = stolen.signing;
}

static void *connect_as_it(void *context)
{
    void *dealer = zmq_socket(context, ZMQ_DEALER);
    int none = 0;

    zmq_setsockopt(dealer, ZMQ_LINGER, &none, sizeof(none));
    zmq_setsockopt(dealer, ZMQ_CURVE_SERVERKEY, partner.curve.bytes, 32);
    zmq_setsockopt(dealer, ZMQ_CURVE_PUBLICKEY, own.curve.bytes, 32);
    zmq_setsockopt(dealer, ZMQ_CURVE_SECRETKEY, stolen.curve.secret_bytes, 32);
    need(zmq_connect(dealer, partner.endpoints[0]) == 0, "cannot dial");
    return dealer;
}

static void send_message(void *dealer, struct sk_message *message)
{
    struct sk_seed seed;
    struct sk_bytes plain;
    struct sk_bytes out;

    randombytes_buf(&seed, sizeof(seed));
    need(sk_message_encode(message, &own.org, &partner.org, &signing,
                           (struct sk_room){room, sizeof(room)},
                           &plain) == SK_OK,
         "cannot sign");
    need(sk_envelope_seal(&own, &partner, &seed, plain,
                          (struct sk_room){frame, sizeof(frame)},
                          &out) == SK_OK,
         "cannot seal");
    need(zmq_send(dealer, out.data, out.size, 0) >= 0, "cannot send");
}

/* An offer of a workplace that nobody made. */
static struct sk_bytes forged_item(uint8_t *bytes, size_t size)
{
    static const char *const fields[][2] = {
        {"hours_week", "30"},        {"language_need", "A1"},
        {"municipality", "13025"},   {"open_until", "2099-12-31"},
        {"place_ref", "p66666"},     {"places", "2"},
        {"workplace_kind", "stage"}, {"workplace_org", "1999916801"},
    };
    static uint8_t body_bytes[512];
    struct sk_pack p =
        sk_pack_start((struct sk_room){body_bytes, sizeof(body_bytes)});
    static struct sk_item item = {.kind = SK_ITEM_COLLECTIVE};
    uint8_t random[SK_ID_SIZE];
    struct sk_bytes body;
    struct sk_bytes out;

    sk_pack_map(&p, SK_COUNT(fields));
    for (size_t i = 0; i < SK_COUNT(fields); i++) {
        sk_pack_cstr(&p, fields[i][0]);
        sk_pack_cstr(&p, fields[i][1]);
    }
    randombytes_buf(random, sizeof(random));
    sk_id_from_random(random, &item.collective.message.id);
    item.collective.type = sk_text("place.offered");
    need(sk_pack_finish(&p, &body) == SK_OK &&
             sk_value_check(body, &item.collective.body) == SK_OK &&
             sk_item_encode(&item, (struct sk_room){bytes, size}, &out) ==
                 SK_OK,
         "no item");
    return out;
}

static void forge(void *dealer)
{
    static uint8_t item_bytes[SK_ITEM_SIZE_MAX];
    static struct sk_message message;

    message.kind = SK_MESSAGE_HELLO;
    message.hello = (struct sk_hello){.incarnation = INCARNATION,
                                      .head = 1,
                                      .card_version = 1,
                                      .charter_version = 1,
                                      .sent_ms = 1,
                                      .answer = true};
    send_message(dealer, &message);
    message.kind = SK_MESSAGE_ITEMS;
    memset(&message.items, 0, sizeof(message.items));
    message.items.incarnation = INCARNATION;
    message.items.first = 1;
    message.items.count = 1;
    message.items.items[0] = forged_item(item_bytes, sizeof(item_bytes));
    send_message(dealer, &message);
}

/* With the only key that the thief has; with the partner's public ones too. */
static bool opens(struct sk_bytes bytes)
{
    static uint8_t plain_room[SK_FRAME_SIZE_MAX];
    struct sk_room to = {plain_room, sizeof(plain_room)};
    struct sk_seal_secret secret;
    struct sk_bytes plain;

    memcpy(secret.secret_bytes, stolen.curve.secret_bytes, 32);
    return sk_envelope_open(bytes, &partner, &own, &secret, to, &plain) ==
               SK_OK ||
           memmem(bytes.data, bytes.size, "place_ref", 9) != NULL;
}

int main(int argc, char **argv)
{
    void *context = zmq_ctx_new();
    void *dealer;
    size_t came = 0;
    size_t opened = 0;
    int waited = 0;

    if (argc != 5 || sodium_init() < 0)
        return 64;
    read_card(argv[4], "", &partner);
    steal(argv[2], argv[3], strcmp(argv[1], "ALL") == 0);
    dealer = connect_as_it(context);
    forge(dealer);
    while (waited < PATIENCE_MS && came < 3) {
        zmq_pollitem_t item = {.socket = dealer, .events = ZMQ_POLLIN};
        int size;

        if (zmq_poll(&item, 1, 100) <= 0) {
            waited += 100;
            continue;
        }
        size = zmq_recv(dealer, frame, sizeof(frame), 0);
        if (size <= 0)
            continue;
        came++;
        opened += opens((struct sk_bytes){frame, (size_t)size}) ? 1 : 0;
        zmq_send(dealer, frame, (size_t)size, 0); /* back to where it came */
        forge(dealer);
    }
    zmq_close(dealer);
    zmq_ctx_term(context);
    printf("%zu frames came, %zu opened\n", came, opened);
    return came > 0 && opened == 0 ? 0 : 1;
}
