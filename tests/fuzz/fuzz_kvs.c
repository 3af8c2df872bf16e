/*
 * A KVS answer, as `schakel import kvs` reads it.
 *
 * Law: it is refused, or every draft has a type and a map of fields whose
 * values are texts; and reading it again gives the same.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "tools/schakel/kvs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *json =
        json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    struct sk_kvs once;
    struct sk_kvs again;

    if (json != NULL && sk_kvs_read(json, &once)) {
        for (size_t i = 0; i < json_array_size(once.drafts); i++) {
            json_t *draft = json_array_get(once.drafts, i);
            json_t *fields = json_object_get(draft, "fields");
            const char *key;
            json_t *value;

            assert(json_is_string(json_object_get(draft, "type")));
            assert(json_is_object(fields));
            json_object_foreach(fields, key, value)
                assert(json_is_string(value));
        }
        assert(sk_kvs_read(json, &again));
        assert(json_equal(once.drafts, again.drafts));
        assert(json_equal(once.unmapped, again.unmapped));
        sk_kvs_free(&once);
        sk_kvs_free(&again);
    }
    json_decref(json);
    return 0;
}
