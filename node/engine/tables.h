/*
 * The tables of the store, their keys, and the values in META.  key.c
 *                                                    docs/ARCHITECTURE.md 5
 */
#ifndef SK_NODE_ENGINE_TABLES_H
#define SK_NODE_ENGINE_TABLES_H

#include "node/engine/engine.h"

/* First byte of a key in SPACE_DATA.  Integers in keys are big-endian; an
   organisation in a key is its text and a zero byte. */
enum sk_table {
    SK_T_META = 'm',          /* name -> value */
    SK_T_FILE = 'f',          /* charter and policy files: name -> bytes */
    SK_T_CARD = 'k',          /* org -> card as received */
    SK_T_CARD_BEFORE = '1',   /* org -> transport key of its card before that,
                                 the day from which it no longer counts */
    SK_T_CHARTER = 'g',       /* version, name -> file of that charter */
    SK_T_INSZ = 'I',          /* keyed hash -> participant */
    SK_T_SOURCE = 'i',        /* keyed hash -> what was imported; source.c */
    SK_T_FEED = 'F',          /* what happened, in order; feed.c */
    SK_T_NAME = 'N',          /* keyed hash 16, participant -> empty */
    SK_T_HANDLE = 'H',        /* org, handle -> participant (assigned) */
    SK_T_HANDLE_OWN = 'h',    /* org, our handle -> participant */
    SK_T_EVENT_OF = 'e',      /* event -> participant */
    SK_T_CONSENT_OF = 'c',    /* consent -> participant, number */
    SK_T_LEDGER_OF = 'd',     /* message -> participant, org */
    SK_T_OUT = 'Q',           /* org, number -> outbox entry */
    SK_T_HELD = 'u',          /* org, number -> event put aside; hold.c */
    SK_T_PEER = 'R',          /* org -> log state, both directions */
    SK_T_STORED = 's',        /* org, number -> when up to it was stored */
    SK_T_RECEIPT = 'S',       /* org, incarnation, last -> signed message */
    SK_T_INBOX = 'B',         /* message -> owner of its key, sealed */
    SK_T_INBOX_ORDER = 'b',   /* number -> message */
    SK_T_RECALLED = 'X',      /* org, message -> day */
    SK_T_TAKEN = '2',         /* org, incarnation, number -> what was asked
                                 back; taken.c */
    SK_T_RECALL = '3',        /* participant -> a withdrawal that partners are
                                 still to be told of; recall_later.c */
    SK_T_NOTICE_OUT = 'W',    /* notice -> what was asked of whom, answers */
    SK_T_NOTICE_WAITS = '5',  /* org, notice -> empty, until it is answered */
    SK_T_NOTICE_IN = 'w',     /* org, number -> notice to answer */
    SK_T_NOTICE_OF = 'a',     /* org, notice -> number, while it is open;
                                 notice_in.h */
    SK_T_HANDOVER = 'V',      /* handover -> state */
    SK_T_HANDOVER_OPEN = 'v', /* handover -> empty, while it is open */
    SK_T_HANDOVER_OF = 'U',   /* request event, org -> handover */
    SK_T_HANDOVER_BY = '4',   /* participant or handle, handover -> empty */
    SK_T_KEPT = 'K',          /* org, message -> day a law keeps it until */
    SK_T_ERASURE = 'x',       /* participant -> erasure; rights.h
                                 participant, notice -> what a partner has */
    SK_T_TRAJECTORY = 'T',    /* trajectory -> owner, epoch */
    SK_T_TRAJECTORY_OF = 't', /* participant -> trajectory */
    SK_T_DUE = 'Z',           /* day, kind, id -> what to do that day */
    SK_T_TIMER = 'A',         /* sealed or not, number -> scope, timer */
    SK_T_TIMER_OF = 'o',      /* scope, number -> lists that it is on */
    SK_T_TIMER_DAY = 'G',     /* those lists, by day: timer_list.c */
    SK_T_REQUEST = 'r',       /* request -> its reply; repeat.c */
    SK_T_REQUEST_AT = 'q',    /* number -> instant, requests from it on */
    SK_T_USER = 'M',          /* who works here: user.h */
    SK_T_LIST = '8',          /* what each coach may see: case_list.h */
    SK_T_ACCESS = 'n',        /* who looked at what: user.h */
    SK_T_JOURNAL = 'J',       /* journal.h */
    SK_T_PERSON = SK_STORE_GROUP, /* participant, table of sk_person_table: all
                                     about one person lies together */
};

/* Behind the participant, in the order in which they lie: what is always needed
   first, what grows at the end.  docs/decisions/0015 */
enum sk_person_table {
    SK_T_PARTICIPANT = 1,  /* sealed */
    SK_T_CASE = 2,         /* the coach: user.h */
    SK_T_RELATION = 3,     /* org -> sealed */
    SK_T_CONSENT_LAST = 4, /* number of the last one */
    SK_T_CONSENT = 5,      /* number -> sealed */
    SK_T_OBJECTION = 6,    /* number -> sealed */
    SK_T_EMPLOYER = 7,     /* number -> sealed */
    SK_T_TOLD = 8,         /* org -> sealed: told.c */
    SK_T_HANDLE_OF = 9,    /* org, handle -> empty */
    SK_T_TIMER_LAST = 10,  /* org -> day of last message */
    SK_T_TIMER_ABOUT = 11, /* state, day, number -> empty: timer_list.c */
    SK_T_DRAFT = 12,       /* draft -> sealed: draft.c */
    SK_T_LOOKED = 13,      /* number -> empty: user.h */
    SK_T_CORRECTION = 14,  /* message, correction -> sealed */
    SK_T_LEDGER = 15,      /* message -> sealed */
    SK_T_EVENT = 16,       /* event -> sealed */
};

struct sk_key { /* a key under construction */
    uint8_t bytes[SK_STORE_KEY_SIZE_MAX];
    size_t size;
};
struct sk_key sk_key_start(enum sk_table table);
/* What a table has of one person: its rest comes behind SK_KEY_PERSON_SIZE. */
#define SK_KEY_PERSON_SIZE (2 + SK_ID_SIZE)
struct sk_key sk_key_person(enum sk_person_table table,
                            const struct sk_id *participant);
/* What all tables have of one person; their byte comes next. */
struct sk_key sk_key_persons(const struct sk_id *participant);
void sk_key_id(struct sk_key *key, const struct sk_id *id);
void sk_key_org(struct sk_key *key, const struct sk_org *org);
void sk_key_u64(struct sk_key *key, uint64_t number);
void sk_key_bytes(struct sk_key *key, struct sk_bytes bytes);
/* A number as it stands in a key or a value: 8 bytes, the highest first. */
uint64_t sk_u64_read(const uint8_t *at);
void sk_u64_write(uint8_t *at, uint64_t number);
struct sk_bytes sk_key_done(const struct sk_key *key);
/* Delete every record whose key begins with this one. */
SK_CHECKED enum sk_status sk_drop_all(struct sk_engine *e,
                                      const struct sk_key *prefix);

/* Numbers in the order in which things came; how many there were is kept in
   META, written once per batch. */
enum sk_series {
    SK_SERIES_EVENTS,
    SK_SERIES_FEED,
    SK_SERIES_INBOX,
    SK_SERIES_KEYS, /* taken: vault.c */
    SK_SERIES_NOTICES,
    SK_SERIES_REQUESTS,
    SK_SERIES_TIMERS,
    SK_SERIES
};
/* Named values of this node in SK_T_META, as bytes; SK_E_NOT_FOUND. */
SK_CHECKED enum sk_status sk_meta_get(struct sk_engine *e, const char *name,
                                      struct sk_bytes *out);
SK_CHECKED enum sk_status sk_meta_put(struct sk_engine *e, const char *name,
                                      struct sk_bytes value);
SK_CHECKED enum sk_status sk_meta_get_u64(struct sk_engine *e, const char *name,
                                          uint64_t *out);
SK_CHECKED enum sk_status sk_meta_put_u64(struct sk_engine *e, const char *name,
                                          uint64_t value);
/* How many there were before this one; from 0 on, never the same again. */
SK_CHECKED enum sk_status sk_series_next(struct sk_engine *e,
                                         enum sk_series which, uint64_t *out);
/* How many there are, now. */
SK_CHECKED enum sk_status sk_series_count(struct sk_engine *e,
                                          enum sk_series which, uint64_t *out);
/* At the end of the batch: write how far they came. */
SK_CHECKED enum sk_status sk_series_settle(struct sk_engine *e);

#endif
