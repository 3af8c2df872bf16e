/* A value that passes the check packs to the same bytes again. */
#include "fuzz.h"

#include "protocol/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t again_data[1 << 20];
    struct sk_pack p =
        sk_pack_start((struct sk_room){again_data, sizeof(again_data)});
    struct sk_bytes in = {data, size};
    struct sk_unpack u = sk_unpack_start(in);
    struct sk_bytes again = {0};
    struct sk_value value = {0};
    enum sk_status status = sk_value_check(in, &value);

    /* The cursor and the scan agree. */
    (void)sk_unpack_any(&u);
    MUST(sk_unpack_finish(&u) == status);
    if (status != SK_OK || size > sizeof(again_data))
        return 0;
    repack(&p, value);
    MUST(sk_pack_finish(&p, &again) == SK_OK);
    MUST(sk_bytes_equal(again, in));
    return 0;
}
