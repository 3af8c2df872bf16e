/*
 * Law: an entry of a journal that decodes encodes to the same bytes.
 */
#include "fuzz.h"

#include "protocol/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t room[SK_ENTRY_SIZE_MAX];
    struct sk_entry entry;
    struct sk_bytes out;

    if (sk_entry_decode((struct sk_bytes){data, size}, &entry) != SK_OK)
        return 0;
    MUST(sk_entry_encode(&entry, (struct sk_room){room, sizeof(room)}, &out) ==
         SK_OK);
    MUST(out.size == size);
    MUST(memcmp(out.data, data, size) == 0);
    return 0;
}
