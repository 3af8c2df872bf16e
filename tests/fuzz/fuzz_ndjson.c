/*
 * A line of NDJSON, as `schakel event record --stdin` reads it.
 *
 * Law: a line is refused, or what is packed from it is canonical and reads
 * back as the same JSON.
 */
#include <assert.h>
#include <stdlib.h>

#include "tools/schakel/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t room[1 << 20];
    json_error_t error;
    json_t *json =
        json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, &error);
    struct sk_pack p = sk_pack_start((struct sk_room){room, sizeof(room)});
    struct sk_bytes packed;
    struct sk_value value;

    if (json == NULL)
        return 0;
    if (sk_json_pack(&p, json) && sk_pack_finish(&p, &packed) == SK_OK &&
        sk_value_check(packed, &value) == SK_OK) {
        json_t *back = sk_json_of_value(value);

        assert(back != NULL && json_equal(json, back));
        json_decref(back);
    }
    json_decref(json);
    return 0;
}
