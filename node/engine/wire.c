#include "node/engine/session.h"

#include <string.h>

#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "protocol/envelope.h"
#include "protocol/evidence.h"
#include "protocol/unpack.h"

/* Signed bytes of everything but ITEMS, RECEIPT, CARD, CHARTER and PROOF fit
   in this. */
#define SMALL_SIZE_MAX 1024

/* What msgpack puts in front of an item. */
#define ITEM_HEAD_SIZE_MAX 5

/* ------------------------------------------------------------- sending */

static size_t size_of_items(const struct sk_items *items)
{
    size_t size = SMALL_SIZE_MAX;

    for (size_t i = 0; i < items->count; i++)
        size += ITEM_HEAD_SIZE_MAX + items->items[i].size;
    return size;
}

/* Room that is taken is wiped: no more than its signed bytes may need. */
static size_t size_of(const struct sk_message *message)
{
    switch (message->kind) {
    case SK_MESSAGE_ITEMS:
        return size_of_items(&message->items);
    case SK_MESSAGE_CHARTER:
        return SK_CHARTER_PART_SIZE_MAX + SMALL_SIZE_MAX;
    case SK_MESSAGE_CARD:
        return SK_CARD_SIZE_MAX + SMALL_SIZE_MAX;
    case SK_MESSAGE_RECEIPT:
        return SK_CHECKPOINT_SIZE_MAX + SMALL_SIZE_MAX;
    case SK_MESSAGE_PROOF:
        return SK_SIGNED_HEAD_SIZE_MAX;
    case SK_MESSAGE_HELLO:
    case SK_MESSAGE_REFUSAL:
    case SK_MESSAGE_BYE:
    case SK_MESSAGE_WANT:
    case SK_MESSAGE_PROVE:
        break;
    }
    return SMALL_SIZE_MAX;
}

enum sk_status sk_wire_sign(struct sk_engine *e, const struct sk_session *s,
                            struct sk_message *message, struct sk_bytes *plain)
{
    struct sk_room room;

    room.size_max = size_of(message);
    room.data = sk_arena_take(&e->scratch, room.size_max);
    if (room.data == NULL)
        return SK_E_MEMORY;
    return sk_message_encode(message, &e->org, &s->org, &e->secrets.signing,
                             room, plain);
}

enum sk_status sk_wire_forward(struct sk_engine *e, struct sk_session *s,
                               struct sk_bytes plain, struct sk_bytes *frame)
{
    struct sk_seed seed;
    struct sk_room room;
    struct sk_bytes out;
    enum sk_status status;

    assert(s->known);

    SK_TRY(sk_frame_room(e, &room));
    sk_fill_random(e, seed.secret_bytes, sizeof(seed.secret_bytes));
    status = sk_envelope_seal(&e->card, &s->card, &seed, plain, room, &out);
    sk_wipe(&seed, sizeof(seed));
    SK_TRY(status);
    sk_frame_send(e, &s->org, out);
    s->spoke_ms = e->real_ms;
    if (frame != NULL)
        *frame = out;
    return SK_OK;
}

enum sk_status sk_wire_send(struct sk_engine *e, struct sk_session *s,
                            struct sk_message *message)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_bytes plain;

    SK_TRY(sk_wire_sign(e, s, message, &plain));
    SK_TRY(sk_wire_forward(e, s, plain, /* frame */ NULL));
    sk_arena_reset(&e->scratch, mark);
    return SK_OK;
}

static void copy_code(const char *code, char out[SK_CODE_SIZE_MAX + 1])
{
    size_t size = strlen(code);

    assert(size <= SK_CODE_SIZE_MAX);
    memcpy(out, code, size + 1);
}

void sk_wire_refusal(const char *code, const char *check,
                     struct sk_message *out)
{
    out->kind = SK_MESSAGE_REFUSAL;
    memset(&out->refusal, 0, sizeof(out->refusal));
    copy_code(code, out->refusal.code);
    copy_code(check, out->refusal.check);
}

enum sk_status sk_wire_refuse(struct sk_engine *e, struct sk_session *s,
                              const char *code, const char *check)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_message *message = sk_arena_get(&e->scratch, sizeof(*message));

    if (message == NULL)
        return SK_E_MEMORY;
    sk_wire_refusal(code, check, message);
    SK_TRY(sk_wire_send(e, s, message));
    sk_arena_reset(&e->scratch, mark);
    return SK_OK;
}

enum sk_status sk_wire_card(struct sk_engine *e, struct sk_session *s)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_key key = sk_key_start(SK_T_CARD);
    struct sk_message *message;
    struct sk_card own;
    struct sk_bytes card;
    enum sk_status status;

    sk_key_org(&key, &e->org);
    status = sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &card);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    if (sk_card_decode(card, &own) != SK_OK || own.version != e->card.version)
        return SK_OK;
    message = sk_arena_get(&e->scratch, sizeof(*message));
    if (message == NULL)
        return SK_E_MEMORY;
    message->kind = SK_MESSAGE_CARD;
    message->card = card;
    SK_TRY(sk_wire_send(e, s, message));
    sk_arena_reset(&e->scratch, mark);
    return SK_OK;
}

/* ------------------------------------------------------------- receiving */

/* PROTOCOL.md 4.5: one that was replaced opens until its day, and no longer;
   the one to seal for opens as long as there is no other. */
static bool still_opens(const struct sk_engine *e, size_t i)
{
    return i == 0 || e->now_ms / 1000 < e->card.sealing[i].until_s;
}

static const struct sk_seal_secret *secret_of(const struct sk_engine *e,
                                              const struct sk_seal_id *id)
{
    for (size_t i = 0; i < e->card.sealing_count; i++) {
        const struct sk_card_sealing *own = &e->card.sealing[i];

        if (i < e->secrets.sealing_count && still_opens(e, i) &&
            memcmp(own->id.bytes, id->bytes, sizeof(id->bytes)) == 0)
            return &e->secrets.sealing[i];
    }
    return NULL;
}

static enum sk_status bad(const char *code, const char *check,
                          const char **code_out, const char **check_out)
{
    *code_out = code;
    *check_out = check;
    return SK_E_REFUSED;
}

static enum sk_status open_envelope(struct sk_engine *e,
                                    const struct sk_session *s,
                                    struct sk_bytes frame,
                                    struct sk_bytes *plain, const char **code,
                                    const char **check)
{
    const struct sk_seal_secret *secret;
    struct sk_envelope_head head;
    struct sk_room room;

    if (sk_envelope_peek(frame, &head) != SK_OK)
        return bad("bad-envelope", "form", code, check);
    if (!sk_org_equal(&head.sender, &s->org))
        return bad("wrong-sender", "sender", code, check);
    if (!sk_org_equal(&head.recipient, &e->org))
        return bad("wrong-recipient", "recipient", code, check);
    secret = secret_of(e, &head.sealing);
    if (secret == NULL)
        return bad("wrong-sealing-key", "sealing", code, check);
    room.size_max = frame.size; /* it is shorter opened than sealed */
    room.data = sk_arena_take(&e->scratch, room.size_max);
    if (room.data == NULL)
        return SK_E_MEMORY;
    if (sk_envelope_open(frame, &s->card, &e->card, secret, room, plain) !=
        SK_OK)
        return bad("bad-seal", "seal", code, check);
    return SK_OK;
}

/* The card in a CARD message that its known key does not verify: believed
   only under the identity that the charter names. */
static bool newer_card(const struct sk_session *s, struct sk_bytes plain,
                       struct sk_card *out)
{
    struct sk_unpack u = sk_unpack_start(plain);
    struct sk_signature signature;
    struct sk_bytes body;
    struct sk_bytes bytes;
    struct sk_unpack inner;

    sk_unpack_array(&u, 3);
    sk_unpack_uint(&u, SK_MESSAGE_CARD, SK_MESSAGE_CARD);
    sk_unpack_bin(&u, signature.bytes, sizeof(signature.bytes));
    body = sk_unpack_bin_upto(&u, 1, SK_CARD_SIZE_MAX + 8);
    if (sk_unpack_finish(&u) != SK_OK)
        return false;
    inner = sk_unpack_start(body);
    sk_unpack_array(&inner, 1);
    bytes = sk_unpack_bin_upto(&inner, 1, SK_CARD_SIZE_MAX);
    if (sk_unpack_finish(&inner) != SK_OK ||
        sk_card_decode(bytes, out) != SK_OK)
        return false;
    return sk_org_equal(&out->org, &s->org) &&
           memcmp(out->identity.bytes, s->card.identity.bytes,
                  sizeof(out->identity.bytes)) == 0 &&
           out->version > s->card.version;
}

enum sk_status sk_wire_open(struct sk_engine *e, const struct sk_session *s,
                            struct sk_bytes frame, struct sk_message *out,
                            struct sk_bytes *plain, const char **code,
                            const char **check)
{
    struct sk_card card;
    enum sk_status status;

    SK_TRY(open_envelope(e, s, frame, plain, code, check));
    status = sk_message_decode(*plain, &s->org, &e->org, &s->card.signing, out);
    if (status == SK_E_BAD_SIGNATURE && newer_card(s, *plain, &card))
        status =
            sk_message_decode(*plain, &s->org, &e->org, &card.signing, out);
    if (status == SK_OK)
        return SK_OK;
    if (status == SK_E_BAD_SIGNATURE)
        return bad("bad-signature", "signature", code, check);
    return bad("bad-message", "message", code, check);
}
