#include "node/engine/restored.h"

#include <string.h>

#include "node/engine/journal.h"
#include "node/engine/ops.h"
#include "node/engine/request.h"
#include "node/engine/state.h"

/*
 * backup.start, backup.read, backup.end: the store as it was at one moment,
 * piece by piece, while the node works on.           docs/CONTROL.md 6.3
 *
 * The pieces together are records, KEYS first (an erasure in between starts
 * the backup again, and they are few), then DATA, then one of space END:
 *
 *     space     1 byte: 1 KEYS, 0 DATA, 2 END
 *     key size  2 bytes, value size 4 bytes, big-endian; then key and value
 *
 * A request says where it goes on (`at`), so that one that is asked twice, or
 * runs again after a rollback, gives the same bytes:
 *
 *     space, 4 bytes of offset in the record behind this key, key
 */
#define SPACE_END 2
#define HEAD_SIZE 7
#define AT_HEAD_SIZE 5
#define AT_SIZE_MAX (AT_HEAD_SIZE + SK_STORE_KEY_SIZE_MAX)

/* Bytes of one piece. */
#define PIECE_SIZE (256u * 1024)

/* A client that does not come back must not hold pages for long. */
#define IDLE_MS 30000

struct place {
    int space;
    uint64_t offset;
    uint8_t key[SK_STORE_KEY_SIZE_MAX]; /* the record is behind this one */
    size_t key_size;
};

static bool read_place(struct sk_bytes in, struct place *out)
{
    struct place place = {.space = SK_SPACE_KEYS};

    if (in.size == 0) {
        *out = place;
        return true;
    }
    if (in.size < AT_HEAD_SIZE || in.size > AT_SIZE_MAX ||
        in.data[0] > SPACE_END)
        return false;
    place.space = in.data[0];
    for (size_t i = 1; i < AT_HEAD_SIZE; i++)
        place.offset = place.offset << 8 | in.data[i];
    place.key_size = in.size - AT_HEAD_SIZE;
    memcpy(place.key, in.data + AT_HEAD_SIZE, place.key_size);
    *out = place;
    return true;
}

static struct sk_bytes write_place(const struct place *place,
                                   uint8_t out[AT_SIZE_MAX])
{
    out[0] = (uint8_t)place->space;
    for (size_t i = 0; i < 4; i++)
        out[1 + i] = (uint8_t)(place->offset >> (24 - 8 * i));
    memcpy(out + AT_HEAD_SIZE, place->key, place->key_size);
    return (struct sk_bytes){out, AT_HEAD_SIZE + place->key_size};
}

/* Copy of these bytes what is behind `offset`, as far as there is room. */
static void copy_part(struct sk_bytes part, uint64_t *offset,
                      struct sk_room *room)
{
    size_t size;

    if (*offset >= part.size) {
        *offset -= part.size;
        return;
    }
    size = part.size - (size_t)*offset;
    if (size > room->size_max)
        size = room->size_max;
    memcpy(room->data, part.data + *offset, size);
    room->data += size;
    room->size_max -= size;
    *offset = 0;
}

/* The record, from place->offset on.  True when all of it is there. */
static bool put_record(struct place *place, struct sk_bytes key,
                       struct sk_bytes value, struct sk_room *room)
{
    uint8_t head[HEAD_SIZE];
    uint64_t left = HEAD_SIZE + key.size + value.size - place->offset;
    uint64_t offset = place->offset;
    size_t before = room->size_max;

    head[0] = (uint8_t)place->space;
    head[1] = (uint8_t)(key.size >> 8);
    head[2] = (uint8_t)key.size;
    for (size_t i = 0; i < 4; i++)
        head[3 + i] = (uint8_t)(value.size >> (24 - 8 * i));
    copy_part((struct sk_bytes){head, sizeof(head)}, &offset, room);
    copy_part(key, &offset, room);
    copy_part(value, &offset, room);
    if (before - room->size_max < left) {
        place->offset += before - room->size_max;
        return false;
    }
    place->offset = 0;
    memcpy(place->key, key.data, key.size);
    place->key_size = key.size;
    return true;
}

/* Fill the room; done: nothing comes behind it.  SK_E_BAD_VALUE: no such
   place. */
static enum sk_status fill(struct sk_engine *e, struct place *place,
                           struct sk_room *room, bool *done)
{
    *done = false;
    while (!*done && room->size_max > 0) {
        struct sk_bytes after = {place->key, place->key_size};
        struct sk_bytes key = {0};
        struct sk_bytes value = {0};
        enum sk_status status = SK_E_NOT_FOUND;

        if (place->space != SPACE_END)
            status = sk_store_frozen_next(e->store, (enum sk_space)place->space,
                                          after, &key, &value);
        if (status == SK_E_NOT_FOUND && place->space != SPACE_END) {
            if (place->offset != 0)
                return SK_E_BAD_VALUE;
            place->space =
                place->space == SK_SPACE_KEYS ? SK_SPACE_DATA : SPACE_END;
            place->key_size = 0;
            continue;
        }
        if (place->space != SPACE_END)
            SK_TRY(status);
        if (place->offset >= HEAD_SIZE + key.size + value.size)
            return SK_E_BAD_VALUE;
        if (place->space == SPACE_END)
            key = (struct sk_bytes){place->key, 0};
        *done =
            put_record(place, key, value, room) && place->space == SPACE_END;
    }
    return SK_OK;
}

enum sk_status sk_op_backup_start(struct sk_engine *e, struct sk_value args)
{
    struct sk_store_stats stats;

    (void)args;
    if (sk_store_freeze(e->store) != SK_OK)
        return sk_refuse(e, "backup-lost", NULL, (struct sk_bytes){0});
    e->backup++;
    e->backup_ms = e->real_ms;
    sk_wake_at(e, e->backup_ms + IDLE_MS);
    sk_store_stats(e->store, &stats);
    sk_pack_map(&e->reply, 2);
    sk_reply_uint(&e->reply, "backup", e->backup);
    sk_reply_uint(&e->reply, "bytes", stats.data_bytes + stats.keys_bytes);
    return SK_OK;
}

/* The one that is asked about is the one that is kept? */
static bool is_kept(const struct sk_engine *e, struct sk_value args)
{
    return e->backup_ms != 0 &&
           sk_value_uint(sk_value_get(args, "backup")) == e->backup;
}

enum sk_status sk_op_backup_read(struct sk_engine *e, struct sk_value args)
{
    uint8_t *bytes = sk_arena_take(&e->scratch, PIECE_SIZE);
    struct sk_room room = {bytes, PIECE_SIZE};
    uint8_t next[AT_SIZE_MAX];
    struct place place;
    enum sk_status status;
    bool done;

    if (bytes == NULL)
        return SK_E_MEMORY;
    if (!is_kept(e, args))
        return sk_refuse(e, "backup-lost", NULL, (struct sk_bytes){0});
    if (!read_place(sk_value_bin(sk_value_get(args, "at")), &place))
        return sk_refuse(e, "bad-argument", "at", (struct sk_bytes){0});
    status = fill(e, &place, &room, &done);
    if (status == SK_E_BAD_VALUE)
        return sk_refuse(e, "bad-argument", "at", (struct sk_bytes){0});
    if (status == SK_E_CLOSED)
        return sk_refuse(e, "backup-lost", NULL, (struct sk_bytes){0});
    SK_TRY(status);
    e->backup_ms = e->real_ms;
    sk_pack_map(&e->reply, done ? 1 : 2);
    sk_pack_cstr(&e->reply, "bytes");
    sk_pack_bin(&e->reply,
                (struct sk_bytes){bytes, PIECE_SIZE - room.size_max});
    if (!done) {
        sk_pack_cstr(&e->reply, "next");
        sk_pack_bin(&e->reply, write_place(&place, next));
    }
    return SK_OK;
}

enum sk_status sk_op_backup_end(struct sk_engine *e, struct sk_value args)
{
    struct sk_entry entry = sk_entry_start(e, SK_ENTRY_BACKUP, NULL);

    if (!is_kept(e, args))
        return sk_refuse(e, "backup-lost", NULL, (struct sk_bytes){0});
    sk_store_thaw(e->store);
    e->backup_ms = 0;
    SK_TRY(sk_journal_add(e, &entry));
    sk_pack_map(&e->reply, 1);
    sk_reply_bool(&e->reply, "ok", true);
    return SK_OK;
}

void sk_backup_expire(struct sk_engine *e)
{
    if (e->backup_ms == 0)
        return;
    if (e->real_ms >= e->backup_ms + IDLE_MS || e->real_ms < e->backup_ms) {
        sk_store_thaw(e->store);
        e->backup_ms = 0;
        return;
    }
    sk_wake_at(e, e->backup_ms + IDLE_MS);
}
