#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "node/ipc.h"

static uint8_t room_bytes[SK_IPC_SIZE_MAX];
static const struct sk_room room = {room_bytes, sizeof(room_bytes)};
static uint8_t frame_bytes[SK_FRAME_SIZE_MAX + 1];

static struct sk_org org_of(const char *text)
{
    struct sk_org org;

    cr_assert(sk_org_parse(sk_text(text), &org));
    return org;
}

static struct sk_ipc_down down_of(enum sk_ipc_down_type type)
{
    struct sk_ipc_down down = {.type = type};

    switch (type) {
    case SK_IPC_START:
        memset(down.secret.secret_bytes, 0x5a, 32);
        strcpy(down.listen, "tcp://127.0.0.1:7411");
        break;
    case SK_IPC_PEERS:
        down.peers = (struct sk_bytes){(const uint8_t *)"\x90", 1};
        break;
    case SK_IPC_SEND:
        down.org = org_of("ocmw-mol");
        down.frame = sk_text("frame");
        break;
    case SK_IPC_STOP:
        break;
    case SK_IPC_TAKEN:
        down.taken = SK_IPC_AHEAD_MAX;
        break;
    }
    return down;
}

static struct sk_ipc_up up_of(enum sk_ipc_up_type type)
{
    struct sk_ipc_up up = {.type = type};

    switch (type) {
    case SK_IPC_READY:
        strcpy(up.endpoint, "tcp://[::1]:1");
        break;
    case SK_IPC_LINK:
        up.org = org_of("ocmw-mol");
        up.up = true;
        break;
    case SK_IPC_RECEIVED:
        up.org = org_of("ocmw-mol");
        up.frame = sk_text("frame");
        break;
    case SK_IPC_NOTE:
        up.note = SK_IPC_NOTE_KEY_MISMATCH;
        up.has_org = true;
        up.org = org_of("ocmw-mol");
        break;
    case SK_IPC_COUNTS:
        up.strangers = 1;
        up.dropped = UINT64_MAX;
        up.unsent = 3;
        break;
    }
    return up;
}

/* What is decoded, encodes to the same bytes; every truncation and every
   extra byte is refused, and out is not touched. */
Test(ipc, down_messages_go_both_ways_and_nothing_shorter_does)
{
    for (int type = SK_IPC_START; type <= SK_IPC_TAKEN; type++) {
        struct sk_ipc_down in = down_of((enum sk_ipc_down_type)type);
        uint8_t copy[256];
        struct sk_bytes bytes;
        struct sk_bytes again;
        struct sk_ipc_down out = {.type = SK_IPC_STOP};

        cr_assert(eq(int, sk_ipc_down_encode(&in, room, &bytes), SK_OK));
        cr_assert(lt(sz, bytes.size, sizeof(copy) - 1));
        memcpy(copy, bytes.data, bytes.size);
        copy[bytes.size] = 0xc0;
        bytes.data = copy;
        for (size_t size = 0; size <= bytes.size + 1; size++) {
            struct sk_ipc_down cut;
            enum sk_status status;

            if (size == bytes.size)
                continue;
            memset(&cut, 0x77, sizeof(cut));
            status = sk_ipc_down_decode((struct sk_bytes){copy, size}, &cut);
            cr_expect(ne(int, status, SK_OK), "type %d size %zu", type, size);
            cr_expect(eq(int, cut.listen[0], 0x77), "out was touched");
        }
        cr_assert(eq(int, sk_ipc_down_decode(bytes, &out), SK_OK));
        cr_expect(eq(int, (int)out.type, type));
        cr_expect(eq(int, memcmp(&out.secret, &in.secret, 32), 0));
        cr_expect(eq(str, out.listen, in.listen));
        cr_assert(eq(int, sk_ipc_down_encode(&out, room, &again), SK_OK));
        cr_expect(sk_bytes_equal(again, bytes));
    }
}

Test(ipc, up_messages_go_both_ways_and_nothing_shorter_does)
{
    for (int type = SK_IPC_READY; type <= SK_IPC_COUNTS; type++) {
        struct sk_ipc_up in = up_of((enum sk_ipc_up_type)type);
        uint8_t copy[256];
        struct sk_bytes bytes;
        struct sk_bytes again;
        struct sk_ipc_up out = {.type = SK_IPC_READY};

        cr_assert(eq(int, sk_ipc_up_encode(&in, room, &bytes), SK_OK));
        cr_assert(lt(sz, bytes.size, sizeof(copy) - 1));
        memcpy(copy, bytes.data, bytes.size);
        copy[bytes.size] = 0xc0;
        bytes.data = copy;
        for (size_t size = 0; size <= bytes.size + 1; size++) {
            struct sk_ipc_up cut;
            enum sk_status status;

            if (size == bytes.size)
                continue;
            memset(&cut, 0x77, sizeof(cut));
            status = sk_ipc_up_decode((struct sk_bytes){copy, size}, &cut);
            cr_expect(ne(int, status, SK_OK), "type %d size %zu", type, size);
            cr_expect(eq(int, cut.endpoint[0], 0x77), "out was touched");
        }
        cr_assert(eq(int, sk_ipc_up_decode(bytes, &out), SK_OK));
        cr_expect(eq(int, (int)out.type, type));
        cr_expect(eq(int, (int)out.up, (int)in.up));
        cr_expect(eq(int, (int)out.note, (int)in.note));
        cr_expect(eq(u64, out.dropped, in.dropped));
        cr_assert(eq(int, sk_ipc_up_encode(&out, room, &again), SK_OK));
        cr_expect(sk_bytes_equal(again, bytes));
    }
}

struct bad {
    const char *rule;
    const char *bytes;
    size_t size;
};

Test(ipc, refuses_a_message_that_breaks_one_rule)
{
    static const struct bad downs[] = {
        {"no array", "\x04", 1},
        {"type 0", "\x91\x00", 2},
        {"type 5", "\x91\x05", 2},
        {"STOP has no more", "\x92\x04\xc0", 3},
        {"SEND without frame", "\x92\x03\xa1m", 4},
        {"SEND of an empty frame", "\x93\x03\xa1m\xc4\x00", 6},
        {"an organisation in capitals", "\x93\x03\xa1M\xc4\x01x", 7},
        {"listen is tcp",
         "\x93\x01\xc4\x20"
         "12345678901234567890123456789012\xa9ipc:///a/b",
         46},
    };
    static const struct bad ups[] = {
        {"type 6", "\x92\x06\xa0", 3},
        {"LINK up is a bool", "\x93\x02\xa1m\x01", 5},
        {"NOTE is one of ours", "\x93\x04\x04\xa0", 4},
        {"COUNTS has three", "\x93\x05\x00\x00", 4},
        {"READY has one", "\x93\x01\xa0\xa0", 4},
        {"shortest form", "\x93\x02\xd9\x01m\xc3", 6},
    };
    struct sk_ipc_down down;
    struct sk_ipc_up up;

    for (size_t i = 0; i < SK_COUNT(downs); i++)
        cr_expect(ne(int,
                     sk_ipc_down_decode(
                         (struct sk_bytes){(const uint8_t *)downs[i].bytes,
                                           downs[i].size},
                         &down),
                     SK_OK),
                  "%s", downs[i].rule);
    for (size_t i = 0; i < SK_COUNT(ups); i++)
        cr_expect(
            ne(int,
               sk_ipc_up_decode((struct sk_bytes){(const uint8_t *)ups[i].bytes,
                                                  ups[i].size},
                                &up),
               SK_OK),
            "%s", ups[i].rule);
}

/* limits.h: SK_FRAME_SIZE_MAX */
Test(ipc, takes_a_frame_at_its_limit_and_none_above)
{
    struct sk_ipc_up up = up_of(SK_IPC_RECEIVED);
    struct sk_ipc_up out;
    struct sk_bytes bytes;

    for (size_t size = SK_FRAME_SIZE_MAX - 1; size <= SK_FRAME_SIZE_MAX + 1;
         size++) {
        up.frame = (struct sk_bytes){frame_bytes, size};
        cr_assert(eq(int, sk_ipc_up_encode(&up, room, &bytes), SK_OK));
        cr_expect(eq(int, sk_ipc_up_decode(bytes, &out) == SK_OK,
                     size <= SK_FRAME_SIZE_MAX));
    }
}

static void fill_peers(struct sk_ipc_peers *peers, size_t count)
{
    memset(peers, 0, sizeof(*peers));
    for (size_t i = 0; i < count; i++) {
        struct sk_ipc_peer *peer = &peers->list[i];
        char name[32];

        snprintf(name, sizeof(name), "org%zu", i);
        memset(&peer->org, 'a', SK_ORG_SIZE_MAX);
        memcpy(peer->org.text, name, strlen(name));
        peer->curve.bytes[0] = (uint8_t)i;
        peer->curve.bytes[1] = (uint8_t)(i >> 8);
        memcpy(peer->endpoint, "tcp://", 6);
        memset(peer->endpoint + 6, 'h', SK_ENDPOINT_SIZE_MAX - 8);
        for (size_t at = 50; at < SK_ENDPOINT_SIZE_MAX - 5; at += 50)
            peer->endpoint[at] = '.';
        strcpy(peer->endpoint + SK_ENDPOINT_SIZE_MAX - 2, ":1");
    }
    peers->count = count;
}

/* limits.h: SK_PARTNERS_MAX, all with the longest names and addresses. */
Test(ipc, carries_a_table_of_as_many_partners_as_there_can_be)
{
    static struct sk_ipc_peers in;
    static struct sk_ipc_peers out;
    static uint8_t list[SK_IPC_SIZE_MAX];
    struct sk_ipc_down down = {.type = SK_IPC_PEERS};
    struct sk_bytes bytes;

    fill_peers(&in, SK_PARTNERS_MAX);
    cr_assert(eq(int,
                 sk_ipc_peers_encode(&in, (struct sk_room){list, sizeof(list)},
                                     &down.peers),
                 SK_OK));
    cr_assert(eq(int, sk_ipc_down_encode(&down, room, &bytes), SK_OK));
    cr_assert(eq(int, sk_ipc_down_decode(bytes, &down), SK_OK));
    cr_assert(eq(int, sk_ipc_peers_decode(down.peers, &out), SK_OK));
    cr_expect(eq(int, memcmp(&in, &out, sizeof(in)), 0));
    /* One more than there can be: array 16 of 257. */
    list[2] = 0x01;
    cr_expect(eq(int, list[0], 0xdc));
    cr_expect(
        ne(int, sk_ipc_peers_decode((struct sk_bytes){list, 3}, &out), SK_OK));
}

Test(ipc, refuses_two_partners_behind_one_name_or_key)
{
    static struct sk_ipc_peers in;
    static struct sk_ipc_peers out;
    struct sk_bytes bytes;

    fill_peers(&in, 3);
    in.list[2].curve = in.list[0].curve;
    cr_assert(eq(int, sk_ipc_peers_encode(&in, room, &bytes), SK_OK));
    cr_expect(eq(int, sk_ipc_peers_decode(bytes, &out), SK_E_BAD_VALUE));
    fill_peers(&in, 3);
    in.list[2].org = in.list[0].org;
    cr_assert(eq(int, sk_ipc_peers_encode(&in, room, &bytes), SK_OK));
    cr_expect(eq(int, sk_ipc_peers_decode(bytes, &out), SK_E_BAD_VALUE));
}

/* The key before is one of a partner too: its own, and nobody else's. */
Test(ipc, carries_the_key_before_of_a_partner_that_renews)
{
    static struct sk_ipc_peers in;
    static struct sk_ipc_peers out;
    struct sk_bytes bytes;

    fill_peers(&in, 3);
    in.list[1].has_before = true;
    memset(&in.list[1].before, 0x77, sizeof(in.list[1].before));
    cr_assert(eq(int, sk_ipc_peers_encode(&in, room, &bytes), SK_OK));
    cr_assert(eq(int, sk_ipc_peers_decode(bytes, &out), SK_OK));
    cr_expect(eq(int, memcmp(&in, &out, sizeof(in)), 0));
    in.list[2].curve = in.list[1].before;
    cr_assert(eq(int, sk_ipc_peers_encode(&in, room, &bytes), SK_OK));
    cr_expect(eq(int, sk_ipc_peers_decode(bytes, &out), SK_E_BAD_VALUE));
    fill_peers(&in, 3);
    in.list[2].has_before = true;
    in.list[2].before = in.list[0].curve;
    cr_assert(eq(int, sk_ipc_peers_encode(&in, room, &bytes), SK_OK));
    cr_expect(eq(int, sk_ipc_peers_decode(bytes, &out), SK_E_BAD_VALUE));
}

/* A full pair says so; nothing is lost, joined or cut. */
Test(ipc, the_pair_holds_whole_messages_and_says_when_it_is_full)
{
    int fds[2];
    struct sk_bytes got;
    size_t sent = 0;
    size_t taken = 0;
    enum sk_status status;

    cr_assert(eq(int, sk_ipc_pair(fds), SK_OK));
    cr_expect(eq(int, sk_ipc_receive(fds[1], room, &got), SK_E_AGAIN));
    while ((status = sk_ipc_send(
                fds[0], (struct sk_bytes){frame_bytes,
                                          SK_FRAME_SIZE_MAX - sent})) == SK_OK)
        sent++;
    cr_expect(eq(int, status, SK_E_AGAIN));
    cr_expect(ge(sz, sent, 1));
    while (sk_ipc_receive(fds[1], room, &got) == SK_OK) {
        cr_expect(eq(sz, got.size, SK_FRAME_SIZE_MAX - taken));
        taken++;
    }
    cr_expect(eq(sz, taken, sent));
    close(fds[0]);
    cr_expect(eq(int, sk_ipc_receive(fds[1], room, &got), SK_E_CLOSED));
    cr_expect(eq(int, sk_ipc_send(fds[1], sk_text("x")), SK_E_CLOSED));
    close(fds[1]);
}
