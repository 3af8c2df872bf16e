/*
 * PROTOCOL.md 8.10: who has a newer charter hands it on.
 *
 * Every version that was in force stays in the store, so that a partner that
 * was away can take them one by one, each signed by stewards of the one
 * before.  One is fetched at a time, in memory; it is believed only when it
 * is whole, by the same function that a person's import goes through.
 */
#include "node/engine/session.h"

#include <string.h>

#include "node/engine/federation.h"
#include "node/engine/request.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "protocol/message.h"
#include "protocol/unpack.h"

/* How long a part may take; when to ask a partner again that had none, or had
   one that was not good. */
#define PART_WAIT_MS 5000
#define NONE_LATER_MS 60000
#define BAD_LATER_MS (10 * 60 * 1000)
/* Its bytes changed under way, or nothing came, so often: not now. */
#define RESTARTS_MAX 3
#define SILENCES_MAX 3

/* Parts given to one partner: so long each, so many ahead. */
#define GIVE_COST_MS 50
#define GIVE_BURST_MS (128 * GIVE_COST_MS)

/* What is around the files: names and heads. */
#define ENTRY_SIZE_MAX 512

/* ------------------------------------------------------------- the chain */

static struct sk_key version_prefix(uint64_t version)
{
    struct sk_key key = sk_key_start(SK_T_CHARTER);

    sk_key_u64(&key, version);
    return key;
}

enum sk_status sk_charter_keep(struct sk_engine *e, uint64_t version,
                               struct sk_bytes name, struct sk_bytes bytes)
{
    struct sk_key key = version_prefix(version);

    sk_key_bytes(&key, name);
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), bytes);
}

enum sk_status sk_charter_kept(struct sk_engine *e, uint64_t version,
                               struct sk_bytes name, struct sk_bytes *out)
{
    struct sk_key key = version_prefix(version);
    struct sk_bytes value;
    struct sk_bytes copy;

    sk_key_bytes(&key, name);
    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value));
    copy = sk_arena_copy(&e->scratch, value);
    if (copy.size != value.size)
        return SK_E_MEMORY;
    *out = copy;
    return SK_OK;
}

/* ------------------------------------------------------------- hand on */

static void pack_file(struct sk_pack *p, struct sk_bytes name,
                      struct sk_bytes bytes, size_t *count)
{
    sk_pack_array(p, 2);
    sk_pack_str(p, name);
    sk_pack_bin(p, bytes);
    *count += 1;
}

/* The newest card of each partner: those that signed may not have had it. */
static enum sk_status pack_cards(struct sk_engine *e,
                                 const struct sk_charter *charter,
                                 struct sk_pack *p, size_t *count)
{
    struct sk_key prefix = sk_key_start(SK_T_CARD);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    struct sk_bytes key;
    struct sk_bytes bytes;
    enum sk_status status;

    while ((status = sk_scan_next(&scan, &key, &bytes)) == SK_OK) {
        struct sk_key name = {.size = 0};
        struct sk_card card;

        /* Of who left, or under a key that is no longer its identity. */
        if (sk_charter_card(charter, bytes, &card) != SK_OK)
            continue;
        sk_key_bytes(&name, sk_text("cards/"));
        sk_key_bytes(&name, sk_org_text(&card.org));
        sk_key_bytes(&name, sk_text(".card"));
        pack_file(p, sk_key_done(&name), bytes, count);
    }
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

/* A version as it travels: array of [name, bytes].  SK_E_NOT_FOUND. */
static enum sk_status pack_version(struct sk_engine *e, uint64_t version,
                                   struct sk_bytes *out)
{
    struct sk_key prefix = version_prefix(version);
    struct sk_scan scan =
        sk_scan_start(e->store, SK_SPACE_DATA, sk_key_done(&prefix));
    bool last = version == e->charter_version;
    struct sk_charter *charter;
    size_t count = 0;
    struct sk_bytes key;
    struct sk_bytes bytes;
    enum sk_status status;
    struct sk_pack p;
    size_t at;

    if (last)
        SK_TRY(sk_federation_charter(e, &charter));
    p = sk_scratch_pack(e, SK_CHARTER_SIZE_MAX);
    at = sk_reply_open(&p);
    while ((status = sk_scan_next(&scan, &key, &bytes)) == SK_OK) {
        key.data += prefix.size;
        key.size -= prefix.size;
        pack_file(&p, key, bytes, &count);
    }
    if (status != SK_E_NOT_FOUND)
        return status;
    if (count == 0)
        return SK_E_NOT_FOUND;
    /* Who catches up needs cards for the last one only. */
    if (last)
        SK_TRY(pack_cards(e, charter, &p, &count));
    sk_reply_close_array(&p, at, count);
    return sk_scratch_packed(e, &p, out);
}

static enum sk_status send_part(struct sk_engine *e, struct sk_session *s,
                                const struct sk_want *want,
                                struct sk_bytes whole)
{
    struct sk_message *message = sk_arena_get(&e->scratch, sizeof(*message));
    struct sk_charter_part *part;

    if (message == NULL)
        return SK_E_MEMORY;
    message->kind = SK_MESSAGE_CHARTER;
    part = &message->charter;
    part->version = want->version;
    part->size = whole.size;
    /* Behind the end: it began with other bytes than these. */
    part->at = want->at < whole.size ? want->at : 0;
    sk_charter_digest(whole, &part->digest);
    part->bytes.data = whole.data + part->at;
    part->bytes.size = whole.size - part->at;
    if (part->bytes.size > SK_CHARTER_PART_SIZE_MAX)
        part->bytes.size = SK_CHARTER_PART_SIZE_MAX;
    return sk_wire_send(e, s, message);
}

enum sk_status sk_charter_wanted(struct sk_engine *e, struct sk_session *s,
                                 const struct sk_want *want)
{
    struct sk_bytes whole;
    enum sk_status status;

    /* It asks again when it hears nothing. */
    if (!sk_session_has_time(e, &s->want_until_ms, GIVE_COST_MS,
                             GIVE_BURST_MS)) {
        sk_session_waste(e, s);
        return SK_OK;
    }
    /* DOMAIN 3.3: nothing but the notices it is owed. */
    if (s->suspended)
        return sk_wire_refuse(e, s, "suspended", "charter");
    status = pack_version(e, want->version, &whole);
    if (status == SK_E_NOT_FOUND || status == SK_E_NO_ROOM)
        return sk_wire_refuse(e, s, "no-charter", "charter");
    SK_TRY(status);
    return send_part(e, s, want, whole);
}

/* ------------------------------------------------------------- take */

static void stop(struct sk_engine *e, struct sk_session *s, uint64_t later_ms)
{
    e->fetch.active = false;
    s->charter_later_ms = e->real_ms + later_ms;
}

static enum sk_status want(struct sk_engine *e, struct sk_session *s,
                           uint64_t version, uint64_t at)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_message *message = sk_arena_get(&e->scratch, sizeof(*message));

    if (message == NULL)
        return SK_E_MEMORY;
    message->kind = SK_MESSAGE_WANT;
    message->want.version = version;
    message->want.at = at;
    SK_TRY(sk_wire_send(e, s, message));
    sk_arena_reset(&e->scratch, mark);
    return SK_OK;
}

static enum sk_status want_next(struct sk_engine *e, struct sk_session *s)
{
    SK_TRY(want(e, s, e->fetch.version, e->fetch.at));
    e->fetch.asked_ms = e->real_ms;
    e->fetch.silences = 0;
    return SK_OK;
}

/* The files in what came; views. */
static enum sk_status read_whole(struct sk_engine *e, struct sk_bytes whole,
                                 struct sk_charter_file **files, size_t *count)
{
    struct sk_unpack u = sk_unpack_start(whole);
    struct sk_charter_file *list;
    size_t n = sk_unpack_array_upto(&u, 1, SK_CHARTER_FILES_MAX);

    list = sk_arena_get_array(&e->scratch, n + 1, sizeof(*list));
    if (list == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < n; i++) {
        sk_unpack_array(&u, 2);
        list[i].name = sk_unpack_str(&u, 1, ENTRY_SIZE_MAX);
        list[i].bytes = sk_unpack_bin_upto(&u, 1, SK_YAML_SIZE_MAX);
        if (u.status != SK_OK)
            return u.status;
    }
    SK_TRY(sk_unpack_finish(&u));
    *files = list;
    *count = n;
    return SK_OK;
}

/* SK_E_REFUSED: e->refusal says why; nothing was written. */
static enum sk_status adopt(struct sk_engine *e, struct sk_bytes whole,
                            const struct sk_hash *digest)
{
    struct sk_charter_file *files;
    struct sk_charter *charter;
    struct sk_hash got;
    size_t count;

    sk_charter_digest(whole, &got);
    if (!sk_hash_equal(&got, digest) ||
        read_whole(e, whole, &files, &count) != SK_OK)
        return sk_refuse(e, "charter-invalid", NULL, (struct sk_bytes){0});
    return sk_charter_adopt(e, files, count, &charter);
}

static enum sk_status complete(struct sk_engine *e, struct sk_session *s)
{
    const struct sk_org from = s->org;
    const struct sk_bytes whole = {e->fetch_room.data, e->fetch.size};
    const uint64_t writes = e->store->writes;
    enum sk_status status = adopt(e, whole, &e->fetch.digest);

    e->fetch.active = false;
    /* The sessions may have moved; it may have left. */
    s = sk_session_find(e, &from);
    if (status == SK_OK) {
        e->effects->charter_from = from;
        return SK_OK;
    }
    if (status == SK_E_FULL || status == SK_E_IO)
        return status;
    /* I4: as a whole or not at all. */
    if (e->store->writes != writes)
        return SK_E_IO;
    assert(s != NULL);
    stop(e, s, BAD_LATER_MS);
    return sk_wire_refuse(
        e, s, status == SK_E_REFUSED ? e->refusal : "charter-invalid",
        "charter");
}

static bool is_awaited(const struct sk_engine *e, const struct sk_session *s,
                       const struct sk_charter_part *part)
{
    const struct sk_fetch *fetch = &e->fetch;

    return fetch->active && sk_org_equal(&fetch->from, &s->org) &&
           part->version == fetch->version &&
           (part->at == fetch->at || part->at == 0) &&
           fetch->version == e->charter_version + 1;
}

static bool is_the_same(const struct sk_fetch *fetch,
                        const struct sk_charter_part *part)
{
    return part->at == fetch->at && part->size == fetch->size &&
           sk_hash_equal(&part->digest, &fetch->digest);
}

enum sk_status sk_charter_part(struct sk_engine *e, struct sk_session *s,
                               const struct sk_charter_part *part)
{
    struct sk_fetch *fetch = &e->fetch;

    /* Nothing comes in that was not asked for. */
    if (!is_awaited(e, s, part))
        return SK_OK;
    /* Other bytes than it began with: a card in it was renewed meanwhile, or a
       newer charter took the cards. */
    if (fetch->at > 0 && !is_the_same(fetch, part)) {
        if (++fetch->restarts > RESTARTS_MAX) {
            stop(e, s, NONE_LATER_MS);
            return SK_OK;
        }
        fetch->at = 0;
    }
    if (part->at != fetch->at)
        return want_next(e, s);
    fetch->size = part->size;
    fetch->digest = part->digest;
    memcpy(e->fetch_room.data + part->at, part->bytes.data, part->bytes.size);
    fetch->at += part->bytes.size;
    return fetch->at < fetch->size ? want_next(e, s) : complete(e, s);
}

void sk_charter_not_given(struct sk_engine *e, struct sk_session *s,
                          const char *code)
{
    if (e->fetch.active && sk_org_equal(&e->fetch.from, &s->org))
        stop(e, s, NONE_LATER_MS);
    /* That it keeps no old ones is nobody's fault. */
    if (strcmp(code, "no-charter") != 0)
        memcpy(s->refused, code, strlen(code) + 1);
}

/* ------------------------------------------------------------- who, when */

static bool has_newer(const struct sk_engine *e, const struct sk_session *s)
{
    return s->up && s->known && s->greeted && !s->suspended &&
           s->charter_version > e->charter_version;
}

/* When something of this is due; UINT64_MAX: nothing waits. */
static uint64_t due_ms(const struct sk_engine *e)
{
    uint64_t due = UINT64_MAX;

    if (e->bundle == NULL)
        return due;
    if (e->fetch.active)
        return e->fetch.asked_ms + PART_WAIT_MS;
    for (size_t i = 0; i < e->sessions_count; i++) {
        const struct sk_session *s = &e->sessions[i];

        if (has_newer(e, s) && s->charter_later_ms < due)
            due = s->charter_later_ms;
    }
    return due;
}

static enum sk_status ask_for_next(struct sk_engine *e)
{
    for (size_t i = 0; i < e->sessions_count; i++) {
        struct sk_session *s = &e->sessions[i];

        if (!has_newer(e, s) || e->real_ms < s->charter_later_ms)
            continue;
        SK_TRY(want(e, s, e->charter_version + 1, 0));
        e->fetch = (struct sk_fetch){
            .active = true,
            .from = s->org,
            .version = e->charter_version + 1,
            .asked_ms = e->real_ms,
        };
        return SK_OK;
    }
    return SK_OK;
}

/* The one that gives it is gone, or silent: a frame may be lost. */
static enum sk_status on_silence(struct sk_engine *e)
{
    struct sk_session *s = sk_session_find(e, &e->fetch.from);

    if (s != NULL && has_newer(e, s) && e->fetch.silences < SILENCES_MAX) {
        SK_TRY(want(e, s, e->fetch.version, e->fetch.at));
        e->fetch.asked_ms = e->real_ms;
        e->fetch.silences++;
        return SK_OK;
    }
    e->fetch.active = false;
    if (s != NULL)
        stop(e, s, NONE_LATER_MS);
    return SK_OK;
}

enum sk_status sk_charter_tend(struct sk_engine *e)
{
    if (e->fetch.active &&
        (e->bundle == NULL || e->fetch.version != e->charter_version + 1))
        e->fetch.active = false; /* a person was faster */
    if (e->real_ms < due_ms(e))
        return SK_OK;
    if (e->fetch.active)
        SK_TRY(on_silence(e));
    return e->fetch.active || e->bundle == NULL ? SK_OK : ask_for_next(e);
}

void sk_charter_schedule(struct sk_engine *e)
{
    uint64_t due = due_ms(e);

    if (due != UINT64_MAX)
        sk_wake_at(e, due);
}
