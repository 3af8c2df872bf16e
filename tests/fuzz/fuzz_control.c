/*
 * A request that decodes packs to the same bytes again; one that does not has
 * a code with words for it.
 */
#include "fuzz.h"

#include "protocol/control.h"
#include "protocol/texts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t again_data[1 << 20];
    struct sk_pack p =
        sk_pack_start((struct sk_room){again_data, sizeof(again_data)});
    struct sk_bytes in = {data, size};
    struct sk_request_fault fault = {0};
    struct sk_bytes again = {0};
    struct sk_request request;

    if (sk_request_decode(in, &request, &fault) != SK_OK) {
        MUST(fault.code != NULL && sk_code_text(fault.code, true) != NULL);
        return 0;
    }
    if (size > sizeof(again_data))
        return 0;
    sk_pack_map(&p, 3);
    sk_pack_cstr(&p, "args");
    repack(&p, request.args);
    sk_pack_cstr(&p, "op");
    sk_pack_cstr(&p, request.op->name);
    sk_pack_cstr(&p, "v");
    sk_pack_uint(&p, 1);
    MUST(sk_pack_finish(&p, &again) == SK_OK);
    MUST(sk_bytes_equal(again, in));
    return 0;
}
