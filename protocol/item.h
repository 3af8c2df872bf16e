/*
 * The items of a log: what one node tells another, in order, exactly once.
 *                                                        docs/PROTOCOL.md 7
 * Wire: array [uint kind, ...], per kind below.  Days are DATE text, instants
 * are uint milliseconds.  Lists of words are sorted and without doubles; so
 * are the texts of a set.  The caller of encode sees to it (an assert).
 *
 *  0 VOID       []   a place whose item may no longer be sent, or that was
 *                    taken back
 *  1 EVENT      [message id, handle id, source str, type str, purpose str,
 *                fields map name -> [level str, value (str|bool true|array)],
 *                erase_by DATE, duties array, roles nil|array, rules array,
 *                consents array of id, policy str "org/version",
 *                do str erase|stop, within_days uint,
 *                handover nil | [id, trajectory id, epoch uint, kind str]]
 *                handover: on handover.requested and whatever is about one
 *  2 WITHDRAWN  [notice id, handle id, entries array of [message id,
 *                nil (all) | array of field str], purposes array, categories
 *                array, do str, within_days uint, at]
 *  3 ERASED     [notice id, messages array of id, method str, at]
 *  4 KEPT       [notice id, messages array of id, law_reference str 1..500,
 *                keep_until DATE, at]
 *  5 READ       [message id, at]        receipt: opened by a person
 *  6 ACCEPTED   [message id, at]        receipt: a person said yes
 *  7 HANDOVER   [handover id, input str, epoch uint, at]
 *                input: open, answer-need_info, answer-waiting,
 *                answer-accepted, answer-declined, complete, return, cancel,
 *                expire
 *  8 RELEASED   [trajectory id, handover id, epoch uint, owner str,
 *                previous str, at]      epoch and owner from now on
 *  9 UNRELEASED [trajectory id, handover id, epoch uint, reason str, at]
 * 10 COLLECTIVE [message id, type str, body map]
 * 11 ASKED      [incarnation uint, after uint]   what do you have of my log,
 *                behind item `after` of that incarnation?
 * 12 HELD       [message id, handle id, type str, purpose str, fields map
 *                name -> level str, erase_by DATE, rules array, consents array
 *                of id, policy str, do str, within_days uint, handover as in
 *                EVENT, at]   one such message: what it showed, no values
 * 13 TOLD       [handle id, purposes nil|array, recipients nil|array,
 *                categories nil|array, given_by str, at]   the person said
 *                here that they withdraw; nil: all
 * 14 ERASURE    [notice id, handle id, messages array of id, ground str,
 *                within_days uint, at]   the person asks to be forgotten
 * 15 CORRECTION [correction id, handle id, message id, fields map name ->
 *                nil | [level str, value as in EVENT], at]   what that message
 *                said was wrong; nil: do not use it
 * 16 CORRECTED  [message id, correction id, at]   a person took it over
 */
#ifndef SK_PROTOCOL_ITEM_H
#define SK_PROTOCOL_ITEM_H

#include "protocol/limits.h"
#include "protocol/value.h"

#define SK_ITEM_FIELDS_MAX 64
#define SK_ITEM_WORDS_MAX 64
#define SK_ITEM_ENTRIES_MAX 256
#define SK_ITEM_DAYS_MAX 100000 /* within_days */
#define SK_ITEM_EPOCH_MAX 4294967295

enum sk_item_kind {
    SK_ITEM_VOID = 0,
    SK_ITEM_EVENT = 1,
    SK_ITEM_WITHDRAWN = 2,
    SK_ITEM_ERASED = 3,
    SK_ITEM_KEPT = 4,
    SK_ITEM_READ = 5,
    SK_ITEM_ACCEPTED = 6,
    SK_ITEM_HANDOVER = 7,
    SK_ITEM_RELEASED = 8,
    SK_ITEM_UNRELEASED = 9,
    SK_ITEM_COLLECTIVE = 10,
    SK_ITEM_ASKED = 11,
    SK_ITEM_HELD = 12,
    SK_ITEM_TOLD = 13,
    SK_ITEM_ERASURE = 14,
    SK_ITEM_CORRECTION = 15,
    SK_ITEM_CORRECTED = 16,
};

struct sk_words {
    struct sk_bytes list[SK_ITEM_WORDS_MAX];
    size_t count;
};

struct sk_item_field {
    struct sk_bytes name;
    struct sk_bytes level;
    bool is_set;          /* value is an array of str */
    struct sk_bytes text; /* scalar; "true" for present and bools */
    struct sk_words set;
};

struct sk_item_event {
    struct sk_message_id message;
    struct sk_handle handle;
    struct sk_bytes source;
    struct sk_bytes type;
    struct sk_bytes purpose;
    struct sk_bytes erase_by; /* DATE */
    struct sk_words duties;
    bool roles_all;
    struct sk_words roles;
    struct sk_words rules;
    struct sk_consent_id consents[SK_ITEM_WORDS_MAX];
    size_t consents_count;
    struct sk_bytes policy;
    bool erase; /* on withdrawal: erase, else stop */
    uint64_t within_days;
    bool has_handover;
    struct sk_handover_id handover;
    struct sk_trajectory_id trajectory;
    uint64_t epoch;
    struct sk_bytes handover_kind;
    size_t fields_count;
    /* Large, so last: who fills an event need not clear them. */
    struct sk_item_field fields[SK_ITEM_FIELDS_MAX]; /* sorted by name */
};

/* So many bytes of it, from its start on, hold something. */
size_t sk_item_event_size(const struct sk_item_event *event);

struct sk_item_entry {
    struct sk_message_id message;
    bool all;
    struct sk_words fields;
};

struct sk_item_withdrawn { /* WITHDRAWN and ERASURE */
    struct sk_id notice;
    struct sk_handle handle;
    struct sk_words purposes;
    struct sk_words categories;
    struct sk_bytes ground; /* ERASURE: all entries whole, and `erase` */
    bool erase;
    uint64_t within_days;
    uint64_t at_ms;
    size_t entries_count;
    struct sk_item_entry entries[SK_ITEM_ENTRIES_MAX]; /* large, so last */
};

struct sk_item_answer { /* ERASED and KEPT */
    struct sk_id notice;
    struct sk_bytes method;        /* ERASED */
    struct sk_bytes law_reference; /* KEPT */
    struct sk_bytes keep_until;    /* KEPT; DATE */
    uint64_t at_ms;
    size_t messages_count;
    struct sk_message_id messages[SK_ITEM_ENTRIES_MAX];
};

struct sk_item_receipt { /* READ and ACCEPTED */
    struct sk_message_id message;
    uint64_t at_ms;
};

struct sk_item_handover {
    struct sk_handover_id handover;
    struct sk_bytes input;
    uint64_t epoch;
    uint64_t at_ms;
};

struct sk_item_owner { /* RELEASED and UNRELEASED */
    struct sk_trajectory_id trajectory;
    struct sk_handover_id handover;
    uint64_t epoch;
    struct sk_bytes owner;    /* RELEASED */
    struct sk_bytes previous; /* RELEASED */
    struct sk_bytes reason;   /* UNRELEASED */
    uint64_t at_ms;
};

struct sk_item_collective {
    struct sk_message_id message;
    struct sk_bytes type;
    struct sk_value body;
};

struct sk_item_asked {
    uint64_t incarnation;
    uint64_t after; /* 0: all of it */
};

struct sk_item_held {
    uint64_t at_ms;
    struct sk_item_event event; /* no source, values, duties, roles */
};

/* A withdrawal that a recipient passes on to the owner (CONSENT 4.1). */
struct sk_item_told {
    struct sk_handle handle; /* the owner's, as its messages had it */
    bool purposes_all;       /* no list: all of them */
    struct sk_words purposes;
    bool recipients_all;
    struct sk_words recipients;
    bool categories_all;
    struct sk_words categories;
    struct sk_bytes given_by;
    uint64_t at_ms;
};

struct sk_item_correction {
    struct sk_id correction;
    struct sk_handle handle;
    struct sk_message_id message;
    uint64_t at_ms;
    size_t fields_count;
    /* Sorted by name; without level: no value, it is not to be used. */
    struct sk_item_field fields[SK_ITEM_FIELDS_MAX];
};

struct sk_item_corrected {
    struct sk_message_id message;
    struct sk_id correction;
    uint64_t at_ms;
};

/* Large (entries): keep it static or in the engine's scratch, not on a
   small stack. */
struct sk_item {
    enum sk_item_kind kind;
    union {
        struct sk_item_event event;
        struct sk_item_withdrawn withdrawn;
        struct sk_item_answer answer;
        struct sk_item_receipt receipt;
        struct sk_item_handover handover;
        struct sk_item_owner owner;
        struct sk_item_collective collective;
        struct sk_item_asked asked;
        struct sk_item_held held;
        struct sk_item_told told;
        struct sk_item_correction correction;
        struct sk_item_corrected corrected;
    };
};

/* So many bytes of an item, from its start on, are all that one of this kind
   has, with at most so many fields, entries or messages; 0 when it has none of
   them. */
size_t sk_item_size(enum sk_item_kind kind, size_t count);

/* Fails with SK_E_NO_ROOM or SK_E_TOO_LARGE (over SK_ITEM_SIZE_MAX). */
SK_CHECKED enum sk_status sk_item_encode(const struct sk_item *item,
                                         struct sk_room room,
                                         struct sk_bytes *out);
/*
 * Form only: words are checked against vocabulary and roster by the engine.
 * Views into `in`.  An item is large, so this decoder, unlike the others,
 * fills out as it reads: when it fails (with SK_E_BAD_* or SK_E_TOO_LARGE)
 * the kind is VOID and the rest is not to be looked at.
 */
SK_CHECKED enum sk_status sk_item_decode(struct sk_bytes in,
                                         struct sk_item *out);

/* Why a person may ask to be forgotten (GDPR art. 17.1, PROTOCOL.md 7.14). */
bool sk_item_ground_is_known(struct sk_bytes ground);

#endif
