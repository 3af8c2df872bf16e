/* An item that decodes encodes to the same bytes. */
#include "fuzz.h"

#include "protocol/item.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t again_data[SK_ITEM_SIZE_MAX];
    static struct sk_item item;
    struct sk_bytes in = {data, size};
    struct sk_bytes again = {0};

    if (sk_item_decode(in, &item) != SK_OK) {
        MUST(item.kind == SK_ITEM_VOID);
        return 0;
    }
    MUST(sk_item_encode(&item, (struct sk_room){again_data, sizeof(again_data)},
                        &again) == SK_OK);
    MUST(sk_bytes_equal(again, in));
    return 0;
}
