/*
 * Every limit, with its unit.  A limit has a test at, below and above it.
 */
#ifndef SK_PROTOCOL_LIMITS_H
#define SK_PROTOCOL_LIMITS_H

/* msgpack read from anybody: nesting, and values in one message. */
#define SK_VALUE_DEPTH_MAX 16
#define SK_VALUE_COUNT_MAX 65536

/* One frame on the wire: the envelope with everything in it, bytes. */
#define SK_FRAME_SIZE_MAX (128 * 1024)

/* One item inside an envelope, bytes; and items in one envelope. */
#define SK_ITEM_SIZE_MAX (32 * 1024)
#define SK_ITEMS_COUNT_MAX 128

/* Envelopes sent to one partner and not yet answered. */
#define SK_IN_FLIGHT_MAX 16

/* One request or reply on the control socket, bytes. */
#define SK_CONTROL_SIZE_MAX (4 * 1024 * 1024)

/* What may wait for people here of one partner, bytes: messages that nobody
   opened, notices that nobody answered (PROTOCOL.md 8.8); node.conf names
   another limit. */
#define SK_PARTNER_BYTES (UINT64_C(1) << 30)
/* Messages that a withdrawal looks at in one transaction: some 15 ms. */
#define SK_RECALL_PART 1024

/* Less room in the store, or on its disk, is no room left: `schakel doctor`
   fails, and node.status is not ready; bytes. */
#define SK_ROOM_BYTES_MIN (UINT64_C(16) << 20)

/* Answers that are kept for a request that comes again: how long, ms, and of
   how many requests (CONTROL.md 2.4). */
#define SK_REQUEST_KEPT_MS (24 * 60 * 60 * 1000u)
#define SK_REQUESTS_KEPT_MAX 16384

/* Who may follow along (feed.confirm), count. */
#define SK_SUBSCRIBERS_MAX 64

/* One file of a bundle or charter, bytes (POLICY.md 3.1). */
#define SK_YAML_SIZE_MAX 1048576

/* Values of one event, bytes, canonical (fields and their values). */
#define SK_EVENT_SIZE_MAX (16 * 1024)

/* A card, bytes; endpoints on it, count; one endpoint, bytes. */
#define SK_CARD_SIZE_MAX 4096
#define SK_ENDPOINTS_MAX 4
#define SK_ENDPOINT_SIZE_MAX 255

/* A charter as it is handed on, bytes, and the part in one message. */
#define SK_CHARTER_SIZE_MAX (4 * 1024 * 1024)
#define SK_CHARTER_PART_SIZE_MAX (64 * 1024)

/* Partners in a charter, count (POLICY.md 13); more only to measure
   (docs/decisions/0013). */
#ifndef SK_PARTNERS_MAX
#define SK_PARTNERS_MAX 256
#endif

/* Idle time before a node says it is still there, and before a partner
   counts as gone; the longest back-off between attempts; ms. */
#define SK_KEEPALIVE_MS 20000
#define SK_SILENCE_MS 60000
#define SK_BACKOFF_MAX_MS 120000

#endif
