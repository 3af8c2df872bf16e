#include "node/engine/forgotten.h"

#include "node/engine/case_list.h"
#include "node/engine/rights.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/user.h"
#include "protocol/unpack.h"

#define RECORD_SIZE_MAX ((size_t)8 * 1024)
#define TEXT_MAX 512

struct sk_key sk_forgotten_key(const struct sk_id *participant)
{
    struct sk_key key = sk_key_start(SK_T_ERASURE);

    sk_key_id(&key, participant);
    return key;
}

struct sk_key sk_forgotten_part_key(const struct sk_id *participant,
                                    const struct sk_id *notice)
{
    struct sk_key key = sk_forgotten_key(participant);

    sk_key_id(&key, notice);
    return key;
}

static struct sk_key row_key(const struct sk_id *participant,
                             const struct sk_id *coach)
{
    struct sk_key key = sk_list_key(SK_LIST_ERASURES, coach);

    sk_key_id(&key, participant);
    return key;
}

enum sk_status sk_erasure_list_move(struct sk_engine *e,
                                    const struct sk_participant_id *participant,
                                    const struct sk_id *from,
                                    const struct sk_id *to)
{
    struct sk_key row = row_key(&participant->id, from);
    struct sk_key there = row_key(&participant->id, to);

    return sk_list_move(e, &row, &there);
}

enum sk_status sk_forgotten_put(struct sk_engine *e,
                                const struct sk_forgotten *erasure)
{
    struct sk_key key = sk_forgotten_key(&erasure->participant.id);
    struct sk_pack p = sk_scratch_pack(e, RECORD_SIZE_MAX);
    struct sk_bytes value;
    struct sk_key row;
    struct sk_id coach;

    SK_TRY(sk_case_coach(e, &erasure->participant, &coach));
    row = row_key(&erasure->participant.id, &coach);
    SK_TRY(sk_list_put(e, &row, (struct sk_bytes){0}));
    sk_pack_array(&p, 5);
    sk_pack_uint(&p, erasure->at_ms);
    sk_pack_str(&p, erasure->ground);
    sk_pack_str(&p, erasure->keep_until);
    sk_pack_str(&p, erasure->law);
    sk_pack_uint(&p, erasure->erased_ms);
    if (sk_pack_finish(&p, &value) != SK_OK)
        return SK_E_MEMORY;
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), value);
}

/* value: as the store gave it; texts are copied to scratch. */
static enum sk_status read_erasure(struct sk_engine *e, struct sk_bytes value,
                                   struct sk_forgotten *out)
{
    struct sk_bytes copy = sk_arena_copy(&e->scratch, value);
    struct sk_unpack u = sk_unpack_start(copy);

    if (copy.size == 0)
        return SK_E_MEMORY;
    sk_unpack_array(&u, 5);
    out->at_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->ground = sk_unpack_str(&u, 1, TEXT_MAX);
    out->keep_until = sk_unpack_str(&u, 0, TEXT_MAX);
    out->law = sk_unpack_str(&u, 0, TEXT_MAX);
    out->erased_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    return sk_unpack_finish(&u) == SK_OK ? SK_OK : SK_E_IO;
}

enum sk_status sk_forgotten_get(struct sk_engine *e, const struct sk_id *id,
                                struct sk_forgotten *out)
{
    struct sk_key key = sk_forgotten_key(id);
    struct sk_bytes value;

    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value));
    *out = (struct sk_forgotten){.participant = {*id}};
    return read_erasure(e, value, out);
}

enum sk_status sk_forgotten_part_put(struct sk_engine *e,
                                     const struct sk_key *key,
                                     const struct sk_forgotten_part *part)
{
    struct sk_pack p = sk_scratch_pack(e, RECORD_SIZE_MAX);
    struct sk_bytes value;

    sk_pack_array(&p, 6);
    sk_pack_str(&p, sk_org_text(&part->to));
    sk_pack_uint(&p, part->at_ms);
    sk_pack_uint(&p, part->answered_ms);
    sk_pack_str(&p, part->law_reference);
    sk_pack_str(&p, part->keep_until);
    sk_pack_array(&p, part->messages_count);
    for (size_t i = 0; i < part->messages_count; i++) {
        sk_pack_array(&p, 2);
        sk_pack_id(&p, &part->messages[i].id.id);
        sk_pack_uint(&p, part->messages[i].state);
    }
    if (sk_pack_finish(&p, &value) != SK_OK)
        return SK_E_MEMORY;
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(key), value);
}

enum sk_status sk_forgotten_part_read(struct sk_engine *e,
                                      struct sk_bytes value,
                                      struct sk_forgotten_part *out)
{
    struct sk_bytes copy = sk_arena_copy(&e->scratch, value);
    struct sk_unpack u = sk_unpack_start(copy);

    if (copy.size == 0)
        return SK_E_MEMORY;
    sk_unpack_array(&u, 6);
    sk_unpack_org(&u, &out->to);
    out->at_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->answered_ms = sk_unpack_uint(&u, 0, UINT64_MAX);
    out->law_reference = sk_unpack_str(&u, 0, TEXT_MAX);
    out->keep_until = sk_unpack_str(&u, 0, TEXT_MAX);
    out->messages_count = sk_unpack_array_upto(&u, 0, SK_NOTICE_MESSAGES_MAX);
    for (size_t i = 0; i < out->messages_count; i++) {
        sk_unpack_array(&u, 2);
        sk_unpack_id(&u, &out->messages[i].id.id);
        out->messages[i].state =
            sk_unpack_uint(&u, SK_FORGOTTEN_ASKED, SK_FORGOTTEN_KEPT);
    }
    return sk_unpack_finish(&u) == SK_OK ? SK_OK : SK_E_IO;
}

enum sk_status sk_forgotten_part_get(struct sk_engine *e,
                                     const struct sk_key *key,
                                     struct sk_forgotten_part **out)
{
    struct sk_forgotten_part *part = sk_arena_get(&e->scratch, sizeof(*part));
    struct sk_bytes value;

    if (part == NULL)
        return SK_E_MEMORY;
    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(key), &value));
    *out = part;
    return sk_forgotten_part_read(e, value, part);
}
