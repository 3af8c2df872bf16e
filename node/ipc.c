#include "node/ipc.h"

#include <string.h>

#include "protocol/card.h"
#include "protocol/pack.h"
#include "protocol/unpack.h"

const char *sk_ipc_note_text(enum sk_ipc_note note)
{
    static const char *const texts[] = {
#define NOTE_TEXT(name, text) text,
        SK_IPC_NOTES(NOTE_TEXT)
#undef NOTE_TEXT
    };

    assert(note < SK_IPC_NOTE_COUNT);
    return texts[note];
}

/* ------------------------------------------------------------------- down */

enum sk_status sk_ipc_down_encode(const struct sk_ipc_down *down,
                                  struct sk_room room, struct sk_bytes *out)
{
    struct sk_pack p = sk_pack_start(room);

    sk_pack_array(&p, down->type == SK_IPC_STOP    ? 1
                      : down->type == SK_IPC_START ? 3
                      : down->type == SK_IPC_SEND  ? 3
                                                   : 2);
    sk_pack_uint(&p, (uint64_t)down->type);
    switch (down->type) {
    case SK_IPC_START:
        sk_pack_bin(&p, (struct sk_bytes){down->secret.secret_bytes,
                                          sizeof(down->secret.secret_bytes)});
        sk_pack_cstr(&p, down->listen);
        break;
    case SK_IPC_PEERS:
        sk_pack_raw(&p, down->peers);
        break;
    case SK_IPC_SEND:
        sk_pack_str(&p, sk_org_text(&down->org));
        sk_pack_bin(&p, down->frame);
        break;
    case SK_IPC_STOP:
        break;
    case SK_IPC_TAKEN:
        sk_pack_uint(&p, down->taken);
        break;
    }
    return sk_pack_finish(&p, out);
}

/* An endpoint or "". */
static void unpack_endpoint(struct sk_unpack *u,
                            char out[SK_ENDPOINT_SIZE_MAX + 1])
{
    struct sk_bytes text = sk_unpack_str(u, 0, SK_ENDPOINT_SIZE_MAX);

    memset(out, 0, SK_ENDPOINT_SIZE_MAX + 1);
    if (text.size == 0)
        return;
    if (!sk_endpoint_is_legal(text)) {
        if (u->status == SK_OK)
            u->status = SK_E_BAD_VALUE;
        return;
    }
    memcpy(out, text.data, text.size);
}

enum sk_status sk_ipc_down_decode(struct sk_bytes in, struct sk_ipc_down *out)
{
    struct sk_unpack u = sk_unpack_start(in);
    struct sk_ipc_down down = {.type = SK_IPC_STOP};
    size_t count = sk_unpack_array_upto(&u, 1, 3);
    size_t want = 0;

    down.type =
        (enum sk_ipc_down_type)sk_unpack_uint(&u, SK_IPC_START, SK_IPC_TAKEN);
    if (u.status != SK_OK)
        return u.status;
    switch (down.type) {
    case SK_IPC_START:
        want = 3;
        sk_unpack_bin(&u, down.secret.secret_bytes,
                      sizeof(down.secret.secret_bytes));
        unpack_endpoint(&u, down.listen);
        break;
    case SK_IPC_PEERS:
        want = 2;
        down.peers = sk_unpack_any(&u);
        break;
    case SK_IPC_SEND:
        want = 3;
        sk_unpack_org(&u, &down.org);
        down.frame = sk_unpack_bin_upto(&u, 1, SK_FRAME_SIZE_MAX);
        break;
    case SK_IPC_STOP:
        want = 1;
        break;
    case SK_IPC_TAKEN:
        want = 2;
        down.taken = sk_unpack_uint(&u, 1, SK_IPC_AHEAD_MAX);
        break;
    }
    SK_TRY(sk_unpack_finish(&u));
    if (count != want)
        return SK_E_BAD_FORM;
    *out = down;
    sk_wipe(&down, sizeof(down));
    return SK_OK;
}

/* ------------------------------------------------------------------ peers */

enum sk_status sk_ipc_peers_encode(const struct sk_ipc_peers *peers,
                                   struct sk_room room, struct sk_bytes *out)
{
    struct sk_pack p = sk_pack_start(room);

    assert(peers->count <= SK_PARTNERS_MAX);

    sk_pack_array(&p, peers->count);
    for (size_t i = 0; i < peers->count; i++) {
        const struct sk_ipc_peer *peer = &peers->list[i];

        sk_pack_array(&p, 4);
        sk_pack_str(&p, sk_org_text(&peer->org));
        sk_pack_bin(&p, (struct sk_bytes){peer->curve.bytes,
                                          sizeof(peer->curve.bytes)});
        sk_pack_cstr(&p, peer->endpoint);
        sk_pack_bin(&p, (struct sk_bytes){peer->before.bytes,
                                          peer->has_before ? 32u : 0});
    }
    return sk_pack_finish(&p, out);
}

static void unpack_before(struct sk_unpack *u, struct sk_ipc_peer *peer)
{
    struct sk_bytes before = sk_unpack_bin_upto(u, 0, 32);

    if (u->status != SK_OK || before.size == 0)
        return;
    if (before.size != 32) {
        u->status = SK_E_BAD_LENGTH;
        return;
    }
    peer->has_before = true;
    memcpy(peer->before.bytes, before.data, 32);
}

static bool has_key(const struct sk_ipc_peer *peer,
                    const struct sk_curve_public *key)
{
    return memcmp(&peer->curve, key, sizeof(*key)) == 0 ||
           (peer->has_before && memcmp(&peer->before, key, sizeof(*key)) == 0);
}

/* Two partners behind one name or key would be told apart by nobody. */
static bool is_known(const struct sk_ipc_peers *peers,
                     const struct sk_ipc_peer *peer)
{
    for (size_t i = 0; i < peers->count; i++) {
        const struct sk_ipc_peer *other = &peers->list[i];

        if (sk_org_equal(&other->org, &peer->org) ||
            has_key(other, &peer->curve) ||
            (peer->has_before && has_key(other, &peer->before)))
            return true;
    }
    return false;
}

enum sk_status sk_ipc_peers_decode(struct sk_bytes in, struct sk_ipc_peers *out)
{
    static struct sk_ipc_peers peers; /* large; one thread */
    struct sk_unpack u = sk_unpack_start(in);
    size_t count = sk_unpack_array_upto(&u, 0, SK_PARTNERS_MAX);

    memset(&peers, 0, sizeof(peers));
    for (size_t i = 0; i < count && u.status == SK_OK; i++) {
        struct sk_ipc_peer *peer = &peers.list[i];

        sk_unpack_array(&u, 4);
        sk_unpack_org(&u, &peer->org);
        sk_unpack_bin(&u, peer->curve.bytes, sizeof(peer->curve.bytes));
        unpack_endpoint(&u, peer->endpoint);
        unpack_before(&u, peer);
        if (u.status == SK_OK && is_known(&peers, peer))
            return SK_E_BAD_VALUE;
        peers.count = i + 1;
    }
    SK_TRY(sk_unpack_finish(&u));
    *out = peers;
    return SK_OK;
}

/* --------------------------------------------------------------------- up */

enum sk_status sk_ipc_up_encode(const struct sk_ipc_up *up, struct sk_room room,
                                struct sk_bytes *out)
{
    struct sk_pack p = sk_pack_start(room);

    sk_pack_array(&p, up->type == SK_IPC_READY    ? 2
                      : up->type == SK_IPC_COUNTS ? 4
                                                  : 3);
    sk_pack_uint(&p, (uint64_t)up->type);
    switch (up->type) {
    case SK_IPC_READY:
        sk_pack_cstr(&p, up->endpoint);
        break;
    case SK_IPC_LINK:
        sk_pack_str(&p, sk_org_text(&up->org));
        sk_pack_bool(&p, up->up);
        break;
    case SK_IPC_RECEIVED:
        sk_pack_str(&p, sk_org_text(&up->org));
        sk_pack_bin(&p, up->frame);
        break;
    case SK_IPC_NOTE:
        sk_pack_uint(&p, (uint64_t)up->note);
        if (up->has_org)
            sk_pack_str(&p, sk_org_text(&up->org));
        else
            sk_pack_cstr(&p, "");
        break;
    case SK_IPC_COUNTS:
        sk_pack_uint(&p, up->strangers);
        sk_pack_uint(&p, up->dropped);
        sk_pack_uint(&p, up->unsent);
        break;
    }
    return sk_pack_finish(&p, out);
}

static void unpack_note(struct sk_unpack *u, struct sk_ipc_up *up)
{
    struct sk_bytes org;

    up->note = (enum sk_ipc_note)sk_unpack_uint(u, 0, SK_IPC_NOTE_COUNT - 1);
    org = sk_unpack_str(u, 0, SK_ORG_SIZE_MAX);
    up->has_org = org.size > 0;
    if (up->has_org && !sk_org_parse(org, &up->org) && u->status == SK_OK)
        u->status = SK_E_BAD_VALUE;
}

enum sk_status sk_ipc_up_decode(struct sk_bytes in, struct sk_ipc_up *out)
{
    struct sk_unpack u = sk_unpack_start(in);
    struct sk_ipc_up up = {.type = SK_IPC_READY};
    size_t count = sk_unpack_array_upto(&u, 2, 4);
    size_t want = 3;

    up.type =
        (enum sk_ipc_up_type)sk_unpack_uint(&u, SK_IPC_READY, SK_IPC_COUNTS);
    if (u.status != SK_OK)
        return u.status;
    switch (up.type) {
    case SK_IPC_READY:
        want = 2;
        unpack_endpoint(&u, up.endpoint);
        break;
    case SK_IPC_LINK:
        sk_unpack_org(&u, &up.org);
        up.up = sk_unpack_bool(&u);
        break;
    case SK_IPC_RECEIVED:
        sk_unpack_org(&u, &up.org);
        up.frame = sk_unpack_bin_upto(&u, 1, SK_FRAME_SIZE_MAX);
        break;
    case SK_IPC_NOTE:
        unpack_note(&u, &up);
        break;
    case SK_IPC_COUNTS:
        want = 4;
        up.strangers = sk_unpack_uint(&u, 0, UINT64_MAX);
        up.dropped = sk_unpack_uint(&u, 0, UINT64_MAX);
        up.unsent = sk_unpack_uint(&u, 0, UINT64_MAX);
        break;
    }
    SK_TRY(sk_unpack_finish(&u));
    if (count != want)
        return SK_E_BAD_FORM;
    *out = up;
    return SK_OK;
}
