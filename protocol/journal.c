#include "protocol/journal.h"

#include "protocol/form.h"
#include "protocol/pack.h"
#include "protocol/unpack.h"

#define KIND_LAST SK_ENTRY_OBJECTION

const char *sk_entry_kind_text(enum sk_entry_kind kind)
{
    switch (kind) {
#define TEXT_OF(number, name, text)                                            \
    case SK_ENTRY_##name:                                                      \
        return text;
        SK_ENTRY_LIST(TEXT_OF)
#undef TEXT_OF
    }
    return "";
}

enum sk_status sk_entry_encode(const struct sk_entry *entry,
                               struct sk_room room, struct sk_bytes *out)
{
    struct sk_pack p = sk_pack_start(room);

    assert(entry->ids_count <= SK_ENTRY_IDS_MAX);
    assert(entry->numbers_count <= SK_ENTRY_NUMBERS_MAX);
    assert(entry->word.size <= SK_ENTRY_WORD_MAX);
    assert(entry->org.size <= SK_ORG_SIZE_MAX);

    sk_pack_array(&p, 7);
    sk_pack_uint(&p, entry->kind);
    sk_pack_uint(&p, entry->at_s);
    sk_pack_str(&p, entry->org);
    sk_pack_array(&p, entry->ids_count);
    for (size_t i = 0; i < entry->ids_count; i++)
        sk_pack_id(&p, &entry->ids[i]);
    sk_pack_array(&p, entry->numbers_count);
    for (size_t i = 0; i < entry->numbers_count; i++)
        sk_pack_uint(&p, entry->numbers[i]);
    sk_pack_bin(&p, (struct sk_bytes){entry->hash.bytes,
                                      entry->has_hash ? SK_HASH_SIZE : 0});
    sk_pack_str(&p, entry->word);
    return sk_pack_finish(&p, out);
}

enum sk_status sk_entry_decode(struct sk_bytes in, struct sk_entry *out)
{
    struct sk_unpack u = sk_unpack_start(in);
    struct sk_entry entry = {0};
    struct sk_bytes hash;

    sk_unpack_array(&u, 7);
    entry.kind = (enum sk_entry_kind)sk_unpack_uint(&u, 1, KIND_LAST);
    entry.at_s = sk_unpack_uint(&u, 0, SK_AT_S_MAX);
    entry.org = sk_unpack_str(&u, 0, SK_ORG_SIZE_MAX);
    entry.ids_count = sk_unpack_array_upto(&u, 0, SK_ENTRY_IDS_MAX);
    for (size_t i = 0; i < entry.ids_count; i++)
        sk_unpack_id(&u, &entry.ids[i]);
    entry.numbers_count = sk_unpack_array_upto(&u, 0, SK_ENTRY_NUMBERS_MAX);
    for (size_t i = 0; i < entry.numbers_count; i++)
        entry.numbers[i] = sk_unpack_uint(&u, 0, UINT64_MAX);
    hash = sk_unpack_bin_upto(&u, 0, SK_HASH_SIZE);
    entry.word = sk_unpack_str(&u, 0, SK_ENTRY_WORD_MAX);
    SK_TRY(sk_unpack_finish(&u));
    if ((hash.size != 0 && hash.size != SK_HASH_SIZE) ||
        (entry.org.size > 0 && !sk_word_is_legal(entry.org)) ||
        (entry.word.size > 0 && !sk_word_is_legal(entry.word)))
        return SK_E_BAD_VALUE;
    entry.has_hash = hash.size > 0;
    for (size_t i = 0; i < hash.size; i++)
        entry.hash.bytes[i] = hash.data[i];
    *out = entry;
    return SK_OK;
}
