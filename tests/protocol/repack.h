#ifndef SK_TESTS_PROTOCOL_REPACK_H
#define SK_TESTS_PROTOCOL_REPACK_H

#include <assert.h>

#include "protocol/pack.h"
#include "protocol/value.h"

/* Write a checked value again, through the walkers. */
static inline void repack(struct sk_pack *p, struct sk_value v)
{
    struct sk_value_walk walk = sk_value_walk(v);

    switch (sk_value_kind(v)) {
    case SK_VALUE_NONE:
        assert(false);
        return;
    case SK_VALUE_NIL:
        sk_pack_nil(p);
        return;
    case SK_VALUE_BOOL:
        sk_pack_bool(p, sk_value_bool(v));
        return;
    case SK_VALUE_UINT:
        sk_pack_uint(p, sk_value_uint(v));
        return;
    case SK_VALUE_STR:
        sk_pack_str(p, sk_value_str(v));
        return;
    case SK_VALUE_BIN:
        sk_pack_bin(p, sk_value_bin(v));
        return;
    case SK_VALUE_ARRAY:
        sk_pack_array(p, sk_value_count(v));
        break;
    case SK_VALUE_MAP:
        sk_pack_map(p, sk_value_count(v));
        break;
    }
    while (sk_value_next(&walk)) {
        if (walk.map) {
            struct sk_value same = sk_value_get_bytes(v, walk.key);

            assert(same.bytes.data == walk.value.bytes.data);
            sk_pack_str(p, walk.key);
        }
        repack(p, walk.value);
    }
}

#endif
