/* Data keys: what is sealed under them, and what is left when they go. */
#include "tests/node/inside.h"

#include "node/engine/vault.h"

static struct fx f;
static struct sk_engine *begin(void)
{
    fx_begin(&f, "S2A", "2026-09-01T08:00:00Z", /* manual */ true);
    return fx_enter(&f, f.nodes[0].org.text);
}

static void end(struct sk_engine *e)
{
    fx_abort(e);
    fx_end(&f);
}

static const struct sk_id owner = {{1}};
static const struct sk_id other = {{2}};

Test(vault, opens_what_it_sealed)
{
    struct sk_engine *e = begin();
    struct sk_bytes key = sk_text("Pa");
    struct sk_bytes plain;
    struct sk_bytes stored;

    cr_assert(sk_vault_make(e, &owner) == SK_OK);
    cr_assert(sk_vault_put(e, &owner, key, sk_text("Samira")) == SK_OK);
    cr_assert(sk_vault_get(e, &owner, key, &plain) == SK_OK);
    cr_expect(sk_bytes_equal(plain, sk_text("Samira")));
    /* Not only with the key that is still in memory. */
    sk_vault_forget(e);
    cr_assert(sk_vault_get(e, &owner, key, &plain) == SK_OK);
    cr_expect(sk_bytes_equal(plain, sk_text("Samira")));
    cr_assert(sk_store_get(e->store, SK_SPACE_DATA, key, &stored) == SK_OK);
    cr_expect(eq(sz, stored.size, 6 + SK_BOX_OVERHEAD));
    cr_expect(memmem(stored.data, stored.size, "Samira", 6) == NULL);
    cr_assert(sk_vault_put(e, &owner, key, (struct sk_bytes){0}) == SK_OK);
    cr_assert(sk_vault_get(e, &owner, key, &plain) == SK_OK);
    cr_expect(eq(sz, plain.size, 0));
    end(e);
}

/* The same text twice gives other bytes: equal values do not show. */
Test(vault, seals_afresh_each_time)
{
    struct sk_engine *e = begin();
    uint8_t first[64];
    struct sk_bytes stored;

    cr_assert(sk_vault_make(e, &owner) == SK_OK);
    cr_assert(sk_vault_put(e, &owner, sk_text("Pa"), sk_text("x")) == SK_OK);
    cr_assert(sk_store_get(e->store, SK_SPACE_DATA, sk_text("Pa"), &stored) ==
              SK_OK);
    memcpy(first, stored.data, stored.size);
    cr_assert(sk_vault_put(e, &owner, sk_text("Pa"), sk_text("x")) == SK_OK);
    cr_assert(sk_store_get(e->store, SK_SPACE_DATA, sk_text("Pa"), &stored) ==
              SK_OK);
    cr_expect(memcmp(first, stored.data, stored.size) != 0);
    end(e);
}

Test(vault, refuses_a_record_that_was_moved)
{
    struct sk_engine *e = begin();
    struct sk_bytes stored;
    struct sk_bytes plain;
    uint8_t copy[128];

    cr_assert(sk_vault_make(e, &owner) == SK_OK);
    cr_assert(sk_vault_make(e, &other) == SK_OK);
    cr_assert(sk_vault_put(e, &owner, sk_text("Pa"), sk_text("x")) == SK_OK);
    cr_assert(sk_store_get(e->store, SK_SPACE_DATA, sk_text("Pa"), &stored) ==
              SK_OK);
    memcpy(copy, stored.data, stored.size);
    stored.data = copy;
    cr_expect(sk_vault_open(e, &owner, sk_text("Pb"), stored, &plain) ==
              SK_E_BAD_SEAL);
    cr_expect(sk_vault_open(e, &other, sk_text("Pa"), stored, &plain) ==
              SK_E_BAD_SEAL);
    for (size_t i = 0; i < stored.size; i++) {
        copy[i] ^= 1;
        cr_expect(sk_vault_open(e, &owner, sk_text("Pa"), stored, &plain) ==
                      SK_E_BAD_SEAL,
                  "byte %zu", i);
        copy[i] ^= 1;
    }
    stored.size = SK_BOX_OVERHEAD - 1;
    cr_expect(sk_vault_open(e, &owner, sk_text("Pa"), stored, &plain) ==
              SK_E_BAD_SEAL);
    end(e);
}

/* A wrapped key put under another owner opens nothing. */
Test(vault, binds_a_key_to_its_owner)
{
    struct sk_engine *e = begin();
    struct sk_bytes wrapped;
    struct sk_bytes plain;
    uint8_t copy[128];

    cr_assert(sk_vault_make(e, &owner) == SK_OK);
    cr_assert(sk_vault_put(e, &owner, sk_text("Pa"), sk_text("x")) == SK_OK);
    cr_assert(sk_store_get(e->store, SK_SPACE_KEYS,
                           (struct sk_bytes){owner.bytes, SK_ID_SIZE},
                           &wrapped) == SK_OK);
    memcpy(copy, wrapped.data, wrapped.size);
    wrapped.data = copy;
    cr_assert(sk_store_put(e->store, SK_SPACE_KEYS,
                           (struct sk_bytes){other.bytes, SK_ID_SIZE},
                           wrapped) == SK_OK);
    cr_expect(sk_vault_get(e, &other, sk_text("Pa"), &plain) == SK_E_BAD_SEAL);
    end(e);
}

/* Decision 0003: made ahead, but never given twice, and gone one by one. */
Test(vault, gives_every_message_a_key_of_its_own)
{
    static struct sk_id owners[600];
    struct sk_engine *e = begin();
    struct sk_bytes key = sk_text("Ba");
    struct sk_bytes plain;
    struct sk_id found;

    for (size_t i = 0; i < SK_COUNT(owners); i++) {
        cr_assert(sk_vault_take(e, &owners[i]) == SK_OK);
        for (size_t k = 0; k < i; k++)
            cr_assert(not(sk_id_equal(&owners[i], &owners[k])));
    }
    cr_assert(sk_vault_put_owned(e, &owners[599], key, sk_text("Samira")) ==
              SK_OK);
    cr_assert(sk_vault_destroy(e, &owners[598]) == SK_OK);
    cr_assert(sk_vault_get_owned(e, key, &found, &plain) == SK_OK);
    cr_expect(sk_id_equal(&found, &owners[599]));
    cr_expect(sk_bytes_equal(plain, sk_text("Samira")));
    cr_assert(sk_vault_destroy(e, &owners[599]) == SK_OK);
    cr_expect(sk_vault_get_owned(e, key, &found, &plain) == SK_E_NOT_FOUND);
    end(e);
}

/* What a batch took that was not stored is forgotten with it. */
Test(vault, forgets_keys_of_an_aborted_batch)
{
    struct sk_engine *e = begin();
    struct sk_bytes key = sk_text("Pa");
    struct sk_bytes plain;

    cr_assert(sk_vault_make(e, &owner) == SK_OK);
    cr_assert(sk_vault_put(e, &owner, key, sk_text("x")) == SK_OK);
    sk_store_abort(e->store);
    sk_engine_rollback(e);
    cr_assert(sk_store_begin(e->store) == SK_OK);
    cr_expect(sk_vault_put(e, &owner, key, sk_text("x")) == SK_E_NOT_FOUND);
    cr_expect(sk_vault_get(e, &owner, key, &plain) == SK_E_NOT_FOUND);
    end(e);
}

/* I7: an erasure destroys keys. */
Test(vault, destroys_a_key_and_asks_for_the_shredder)
{
    struct sk_engine *e = begin();
    struct sk_bytes plain;

    cr_assert(sk_vault_make(e, &owner) == SK_OK);
    cr_assert(sk_vault_put(e, &owner, sk_text("Pa"), sk_text("x")) == SK_OK);
    cr_expect(not(e->effects->shred));
    cr_assert(sk_vault_destroy(e, &owner) == SK_OK);
    cr_expect(e->effects->shred);
    cr_expect(sk_vault_get(e, &owner, sk_text("Pa"), &plain) == SK_E_NOT_FOUND);
    cr_expect(sk_vault_put(e, &owner, sk_text("Pa"), sk_text("y")) ==
              SK_E_NOT_FOUND);
    end(e);
}

Test(vault, says_that_the_disk_is_full)
{
    struct sk_engine *e = begin();

    cr_assert(sk_vault_make(e, &owner) == SK_OK);
    sk_store_memory_fail_after(e->store, 1);
    cr_expect(sk_vault_put(e, &owner, sk_text("Pa"), sk_text("x")) ==
              SK_E_FULL);
    end(e);
}

/* Keys in memory share slots: each finds its own, one that was unwrapped is
   not read again, and one that was destroyed is gone from there too. */
Test(vault, keeps_keys_of_neighbours_apart)
{
    struct sk_engine *e = begin();
    struct sk_id owners[2 * SK_KEPT_WAYS] = {{{0}}};
    struct sk_bytes key = sk_text("Pa");
    struct sk_bytes plain;

    for (size_t i = 0; i < SK_COUNT(owners); i++) {
        owners[i].bytes[1] = (uint8_t)(i + 1); /* not one that names slots */
        cr_assert(sk_vault_make(e, &owners[i]) == SK_OK);
    }
    for (size_t i = 0; i < SK_COUNT(owners); i++) {
        struct sk_bytes text = {owners[i].bytes, SK_ID_SIZE};

        cr_assert(sk_vault_put(e, &owners[i], key, text) == SK_OK);
        cr_assert(sk_vault_get(e, &owners[i], key, &plain) == SK_OK);
        cr_expect(sk_bytes_equal(plain, text));
        cr_expect(sk_vault_get(e, &owners[i / 2], key, &plain) ==
                  (i / 2 == i ? SK_OK : SK_E_BAD_SEAL));
    }
    sk_vault_forget(e);
    for (size_t i = 0; i < SK_KEPT_WAYS; i++)
        cr_assert(sk_vault_put(e, &owners[i], key, sk_text("x")) == SK_OK);
    for (size_t i = 0; i < SK_KEPT_WAYS; i++)
        cr_assert(sk_store_delete(
                      e->store, SK_SPACE_KEYS,
                      (struct sk_bytes){owners[i].bytes, SK_ID_SIZE}) == SK_OK);
    for (size_t i = 0; i < SK_KEPT_WAYS; i++)
        cr_expect(sk_vault_put(e, &owners[i], key, sk_text("x")) == SK_OK);
    cr_assert(sk_vault_destroy(e, &owners[3]) == SK_OK);
    cr_expect(sk_vault_put(e, &owners[3], key, sk_text("x")) == SK_E_NOT_FOUND);
    cr_expect(sk_vault_put(e, &owners[4], key, sk_text("x")) == SK_OK);
    end(e);
}
