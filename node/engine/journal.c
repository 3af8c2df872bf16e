#include "node/engine/journal.h"

#include <string.h>

#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "protocol/unpack.h"

/* In META; the second, when the store was filled from a backup. */
#define NAME "journal"
#define RESTART "journal/restart"

/* Entries of one record at most, bytes: two of them fill a page of LMDB. */
#define RUN_SIZE_MAX 1900

/* In front of each entry in a run. */
#define LENGTH_SIZE 2

#define STATE_SIZE_MAX 2048

static struct sk_key journal_key(char kind)
{
    struct sk_key key = sk_key_start(SK_T_JOURNAL);

    sk_key_bytes(&key, (struct sk_bytes){(const uint8_t *)&kind, 1});
    return key;
}

static struct sk_key run_key(uint64_t last)
{
    struct sk_key key = journal_key('e');

    sk_key_u64(&key, last);
    return key;
}

static struct sk_key node_key(unsigned step, uint64_t index)
{
    struct sk_key key = journal_key('n');
    const uint8_t byte = (uint8_t)step;

    sk_key_bytes(&key, (struct sk_bytes){&byte, 1});
    sk_key_u64(&key, index);
    return key;
}

/* ------------------------------------------------------------- entries */

struct sk_entry sk_entry_start(const struct sk_engine *e,
                               enum sk_entry_kind kind,
                               const struct sk_org *org)
{
    struct sk_entry entry = {.kind = kind, .at_s = e->now_ms / 1000};

    if (org != NULL)
        entry.org = sk_org_text(org);
    return entry;
}

void sk_entry_id(struct sk_entry *entry, const struct sk_id *id)
{
    assert(entry->ids_count < SK_ENTRY_IDS_MAX);

    entry->ids[entry->ids_count++] = *id;
}

void sk_entry_number(struct sk_entry *entry, uint64_t number)
{
    assert(entry->numbers_count < SK_ENTRY_NUMBERS_MAX);

    entry->numbers[entry->numbers_count++] = number;
}

void sk_entry_hash(struct sk_entry *entry, const struct sk_hash *hash)
{
    entry->has_hash = true;
    entry->hash = *hash;
}

enum sk_status sk_journal_add(struct sk_engine *e, const struct sk_entry *entry)
{
    struct sk_journal *j = &e->journal;
    struct sk_room room;
    struct sk_bytes out;

    if (SK_JOURNAL_ROOM - j->used < LENGTH_SIZE + SK_ENTRY_SIZE_MAX)
        SK_TRY(sk_journal_flush(e));
    room.data = j->room + j->used + LENGTH_SIZE;
    room.size_max = SK_ENTRY_SIZE_MAX;
    SK_TRY(sk_entry_encode(entry, room, &out));
    j->room[j->used] = (uint8_t)(out.size >> 8);
    j->room[j->used + 1] = (uint8_t)out.size;
    j->used += LENGTH_SIZE + out.size;
    j->waiting++;
    return SK_OK;
}

struct sk_journal_mark sk_journal_mark(const struct sk_engine *e)
{
    return (struct sk_journal_mark){e->journal.edge.size, e->journal.waiting,
                                    e->journal.used};
}

void sk_journal_back(struct sk_engine *e, struct sk_journal_mark mark)
{
    /* Flushed since: then it wrote, and all of it is taken back. */
    if (e->journal.edge.size != mark.size)
        return;
    e->journal.used = mark.used;
    e->journal.waiting = mark.waiting;
}

uint64_t sk_journal_size(const struct sk_engine *e)
{
    return e->journal.edge.size + e->journal.waiting;
}

/* ------------------------------------------------------------- state */

static enum sk_status put_state(struct sk_engine *e)
{
    const struct sk_journal *j = &e->journal;
    uint8_t bytes[STATE_SIZE_MAX];
    struct sk_pack p = sk_pack_start((struct sk_room){bytes, sizeof(bytes)});
    struct sk_bytes value;

    sk_pack_array(&p, 4);
    sk_pack_bin(&p, (struct sk_bytes){j->log.bytes, sizeof(j->log.bytes)});
    sk_pack_uint(&p, j->edge.size);
    sk_pack_bin(&p, (struct sk_bytes){(const uint8_t *)j->edge.full,
                                      sk_merkle_edge_count(j->edge.size) *
                                          SK_HASH_SIZE});
    sk_pack_array(&p, j->restarts_count);
    for (size_t i = 0; i < j->restarts_count; i++) {
        sk_pack_array(&p, 2);
        sk_pack_bin(&p, (struct sk_bytes){j->restarts[i].log.bytes,
                                          sizeof(j->restarts[i].log.bytes)});
        sk_pack_uint(&p, j->restarts[i].size);
    }
    SK_TRY(sk_pack_finish(&p, &value));
    return sk_meta_put(e, NAME, value);
}

static enum sk_status unpack_state(struct sk_bytes value,
                                   struct sk_journal *out)
{
    struct sk_unpack u = sk_unpack_start(value);
    struct sk_bytes edge;

    sk_unpack_array(&u, 4);
    sk_unpack_bin(&u, out->log.bytes, sizeof(out->log.bytes));
    out->edge.size = sk_unpack_uint(&u, 0, SK_MERKLE_SIZE_MAX);
    edge = sk_unpack_bin_upto(&u, 0, sizeof(out->edge.full));
    if (edge.size != sk_merkle_edge_count(out->edge.size) * SK_HASH_SIZE)
        return SK_E_IO;
    if (edge.size > 0)
        memcpy(out->edge.full, edge.data, edge.size);
    out->restarts_count = sk_unpack_array_upto(&u, 0, SK_RESTARTS_MAX);
    for (size_t i = 0; i < out->restarts_count; i++) {
        struct sk_restart *restart = &out->restarts[i];

        sk_unpack_array(&u, 2);
        sk_unpack_bin(&u, restart->log.bytes, sizeof(restart->log.bytes));
        restart->size = sk_unpack_uint(&u, 0, SK_MERKLE_SIZE_MAX);
    }
    return sk_unpack_finish(&u) == SK_OK ? SK_OK : SK_E_IO;
}

enum sk_status sk_journal_load(struct sk_engine *e)
{
    struct sk_bytes value;
    uint64_t mark;
    enum sk_status status = sk_meta_get_u64(e, RESTART, &mark);

    if (status != SK_OK && status != SK_E_NOT_FOUND)
        return status;
    e->journal.restart_due = status == SK_OK;
    status = sk_meta_get(e, NAME, &value);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    return unpack_state(value, &e->journal);
}

enum sk_status sk_journal_mark_restored(struct sk_engine *e)
{
    e->journal.restart_due = true;
    return sk_meta_put_u64(e, RESTART, 1);
}

/* PROTOCOL.md 11.4 */
static void rename_log(struct sk_engine *e)
{
    struct sk_journal *j = &e->journal;

    /* The oldest is forgotten: who was away that long cannot ask. */
    if (j->restarts_count == SK_RESTARTS_MAX) {
        j->restarts_count--;
        memmove(&j->restarts[0], &j->restarts[1],
                j->restarts_count * sizeof(j->restarts[0]));
    }
    j->restarts[j->restarts_count++] =
        (struct sk_restart){j->log, j->edge.size};
    sk_fill_random(e, j->log.bytes, sizeof(j->log.bytes));
}

enum sk_status sk_journal_begin(struct sk_engine *e)
{
    struct sk_journal *j = &e->journal;
    struct sk_key key = sk_key_start(SK_T_META);
    struct sk_entry entry;

    if (!j->restart_due)
        return SK_OK;
    sk_key_bytes(&key, sk_text(RESTART));
    SK_TRY(sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key)));
    j->restart_due = false;
    entry = sk_entry_start(e, SK_ENTRY_RESTORED, NULL);
    sk_entry_number(&entry, j->edge.size);
    if (!sk_log_id_is_none(&j->log))
        rename_log(e);
    return sk_journal_add(e, &entry);
}

/* ------------------------------------------------------------- writing */

static enum sk_status put_done(struct sk_engine *e,
                               const struct sk_merkle_done *done)
{
    for (size_t i = 0; i < done->count; i++) {
        unsigned step = (unsigned)i + 1;
        uint64_t count = UINT64_C(1) << (SK_MERKLE_STEP * step);
        struct sk_key key = node_key(step, e->journal.edge.size / count - 1);

        SK_TRY(
            sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                         (struct sk_bytes){done->hash[i].bytes, SK_HASH_SIZE}));
    }
    return SK_OK;
}

static enum sk_status put_run(struct sk_engine *e, struct sk_bytes run)
{
    struct sk_key key = run_key(e->journal.edge.size - 1);

    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), run);
}

static size_t length_at(const uint8_t *at)
{
    return (size_t)at[0] << 8 | at[1];
}

enum sk_status sk_journal_flush(struct sk_engine *e)
{
    struct sk_journal *j = &e->journal;
    struct sk_merkle_done done;
    struct sk_hash leaf;
    size_t start = 0;

    if (j->used == 0)
        return SK_OK;
    if (sk_log_id_is_none(&j->log))
        sk_fill_random(e, j->log.bytes, sizeof(j->log.bytes));
    for (size_t at = 0; at < j->used;) {
        size_t size = LENGTH_SIZE + length_at(j->room + at);

        if (at + size - start > RUN_SIZE_MAX) {
            SK_TRY(put_run(e, (struct sk_bytes){j->room + start, at - start}));
            start = at;
        }
        sk_merkle_leaf(
            (struct sk_bytes){j->room + at + LENGTH_SIZE, size - LENGTH_SIZE},
            &leaf);
        sk_merkle_edge_add(&j->edge, &leaf, &done);
        SK_TRY(put_done(e, &done));
        at += size;
    }
    SK_TRY(put_run(e, (struct sk_bytes){j->room + start, j->used - start}));
    j->used = 0;
    j->waiting = 0;
    return put_state(e);
}

/* ------------------------------------------------------------- reading */

static uint64_t number_in(struct sk_bytes key)
{
    return sk_u64_read(key.data + key.size - 8);
}

/* How many entries a run has; 0: it is no run. */
static uint64_t count_in(struct sk_bytes run)
{
    uint64_t count = 0;

    for (size_t at = 0; at < run.size; count++) {
        if (run.size - at < LENGTH_SIZE ||
            run.size - at - LENGTH_SIZE < length_at(run.data + at))
            return 0;
        at += LENGTH_SIZE + length_at(run.data + at);
    }
    return count;
}

struct walk {
    uint64_t next;
    uint64_t end;
    sk_journal_fn *fn;
    void *context;
};

/* The part of one run that is walked. */
static enum sk_status walk_run(struct walk *w, struct sk_bytes key,
                               struct sk_bytes run)
{
    uint64_t last = number_in(key);
    uint64_t count = count_in(run);
    uint64_t number = last + 1 - count;
    size_t at = 0;

    /* Our own record: a gap is a broken store. */
    if (count == 0 || count > last + 1 || number > w->next)
        return SK_E_IO;
    for (; number <= last && w->next < w->end; number++) {
        size_t size = length_at(run.data + at);

        if (number == w->next) {
            SK_TRY(w->fn(w->context, number,
                         (struct sk_bytes){run.data + at + LENGTH_SIZE, size}));
            w->next++;
        }
        at += LENGTH_SIZE + size;
    }
    return SK_OK;
}

enum sk_status sk_journal_each(struct sk_engine *e, uint64_t from,
                               uint64_t count, sk_journal_fn *fn, void *context)
{
    struct walk w = {from, from + count, fn, context};
    struct sk_key prefix = journal_key('e');
    struct sk_scan scan;
    enum sk_status status;

    assert(e->journal.used == 0);

    if (from == 0) {
        scan = sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    } else {
        struct sk_key before = run_key(from - 1);

        scan = sk_scan_after(e->store, SK_SPACE_DATA, sk_key_done(&prefix),
                             sk_key_done(&before));
    }
    while (w.next < w.end) {
        struct sk_bytes key;
        struct sk_bytes run;

        status = sk_scan_next(&scan, &key, &run);
        if (status == SK_E_NOT_FOUND)
            return SK_E_IO;
        SK_TRY(status);
        status = walk_run(&w, key, run);
        if (status == SK_E_CLOSED)
            return SK_OK;
        SK_TRY(status);
    }
    return SK_OK;
}

static enum sk_status add_leaf(void *context, uint64_t number,
                               struct sk_bytes entry)
{
    struct sk_merkle_done done;
    struct sk_hash leaf;

    (void)number; /* they come in order */
    sk_merkle_leaf(entry, &leaf);
    sk_merkle_edge_add(context, &leaf, &done);
    return SK_OK;
}

/* The root of `count` nodes of this step, from number `first` on. */
static enum sk_status read_nodes(struct sk_engine *e, unsigned step,
                                 uint64_t first, uint64_t count,
                                 struct sk_hash *out)
{
    struct sk_merkle_edge edge = {0};
    struct sk_merkle_done done;

    for (uint64_t i = first; i < first + count; i++) {
        struct sk_key key = node_key(step, i);
        struct sk_bytes value;
        struct sk_hash node;

        SK_TRY(
            sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value));
        if (value.size != SK_HASH_SIZE)
            return SK_E_IO;
        memcpy(node.bytes, value.data, SK_HASH_SIZE);
        sk_merkle_edge_add(&edge, &node, &done);
    }
    sk_merkle_edge_root(&edge, out);
    return SK_OK;
}

enum sk_status sk_journal_read(void *engine, unsigned level, uint64_t index,
                               struct sk_hash *out)
{
    struct sk_engine *e = engine;
    unsigned step = level / SK_MERKLE_STEP;
    uint64_t count = UINT64_C(1) << (level % SK_MERKLE_STEP);
    struct sk_merkle_edge edge = {0};
    enum sk_status status;

    if (step == 0) {
        SK_TRY(sk_journal_each(e, index * count, count, add_leaf, &edge));
        sk_merkle_edge_root(&edge, out);
        return SK_OK;
    }
    status = read_nodes(e, step, index * count, count, out);
    return status == SK_E_NOT_FOUND ? SK_E_IO : status;
}

/* ------------------------------------------------------------- our head */

enum sk_status sk_journal_head(struct sk_engine *e, struct sk_checkpoint *out)
{
    const struct sk_journal *j = &e->journal;

    SK_TRY(sk_journal_flush(e));
    if (j->edge.size == 0 || e->charter.text[0] == '\0')
        return SK_E_NOT_FOUND;
    *out = (struct sk_checkpoint){.charter = e->charter,
                                  .org = e->org,
                                  .log = j->log,
                                  .head = {.size = j->edge.size},
                                  .restarts_count = j->restarts_count};
    sk_merkle_edge_root(&j->edge, &out->head.root);
    memcpy(out->restarts, j->restarts, sizeof(out->restarts));
    return SK_OK;
}

enum sk_status sk_journal_checkpoint(struct sk_engine *e, struct sk_bytes *out)
{
    struct sk_checkpoint checkpoint;
    struct sk_room room = {NULL, SK_CHECKPOINT_SIZE_MAX};

    SK_TRY(sk_journal_head(e, &checkpoint));
    room.data = sk_arena_take(&e->scratch, room.size_max);
    if (room.data == NULL)
        return SK_E_MEMORY;
    return sk_checkpoint_sign(&checkpoint, &e->secrets.signing, room, out);
}
