/* Tests: protocol/charter_text.c */
#include "protocol/sha256.h"
#include "support.h"

#include "protocol/charter.h"

/* One charter being made, with room for its files. */
struct world {
    struct party parties[4]; /* cvo-kempen, ocmw-mol, sopraco, vdab */
    struct sk_charter draft;
    struct sk_charter_file files[20];
    size_t count;
};

static const char *const orgs[] = {"cvo-kempen", "ocmw-mol", "sopraco", "vdab"};
enum { CVO, MOL, SOPRACO, VDAB };

/* Large: in memory that is zero at the start of each test. */
static struct world one;
static struct world two;
static struct sk_charter got;
static struct sk_charter before;
static struct sk_charter_fault fault;

static void add_file(struct world *w, const char *name, struct sk_bytes bytes)
{
    w->files[w->count].name = sk_text(keep(strdup(name)));
    w->files[w->count].bytes = exact_copy(bytes);
    w->count++;
}

static struct sk_charter_file *file_of(struct world *w, const char *name)
{
    for (size_t i = 0; i < w->count; i++)
        if (sk_bytes_equal(w->files[i].name, sk_text(name)))
            return &w->files[i];
    cr_assert(false, "no file %s", name);
    return NULL;
}

static void remove_file(struct world *w, const char *name)
{
    struct sk_charter_file *file = file_of(w, name);

    *file = w->files[--w->count];
}

static void add_card(struct world *w, int who)
{
    uint8_t room[SK_CARD_SIZE_MAX];
    struct sk_bytes bytes;
    char name[100];

    cr_assert(
        eq(int,
           sk_card_encode(&w->parties[who].card, &w->parties[who].identity,
                          (struct sk_room){room, sizeof(room)}, &bytes),
           SK_OK));
    snprintf(name, sizeof(name), "cards/%s.card", orgs[who]);
    add_file(w, name, bytes);
}

/* charter.yaml and MANIFEST from the draft. */
static void write_texts(struct world *w)
{
    static uint8_t room[65536];
    struct sk_bytes bytes;

    cr_assert(eq(int,
                 sk_charter_encode(
                     &w->draft, (struct sk_room){room, sizeof(room)}, &bytes),
                 SK_OK));
    add_file(w, "charter.yaml", bytes);
    w->draft.charter_yaml = file_of(w, "charter.yaml")->bytes;
    cr_assert(eq(int,
                 sk_charter_manifest(
                     &w->draft, (struct sk_room){room, sizeof(room)}, &bytes),
                 SK_OK));
    add_file(w, "MANIFEST", bytes);
}

/* Everybody but vdab takes part; cvo and mol are stewards; both must sign. */
static void start(struct world *w, uint64_t version, const char *partners)
{
    w->draft.id = org_of("kempen");
    w->draft.version = version;
    w->draft.threshold = 2;
    for (int i = CVO; i <= VDAB; i++)
        w->parties[i] = party_of(orgs[i], (uint8_t)(0x10 * (i + 1)));
    for (int i = CVO; i <= SOPRACO; i++) {
        w->draft.identities[i].org = w->parties[i].card.org;
        sk_minisign_key_of(&w->parties[i].card.identity,
                           &w->draft.identities[i].key);
        w->draft.identities[i].steward = i <= MOL;
    }
    w->draft.identities_count = 3;
    add_file(w, "vocabulary.yaml", sk_text("words\n"));
    add_file(w, "guards.yaml", sk_text("guards\n"));
    add_file(w, "partners.yaml", sk_text(partners));
    w->draft.vocabulary_yaml = file_of(w, "vocabulary.yaml")->bytes;
    w->draft.guards_yaml = file_of(w, "guards.yaml")->bytes;
    w->draft.partners_yaml = file_of(w, "partners.yaml")->bytes;
}

static void sign_as(struct world *w, const char *org,
                    const struct sk_sign_secret *secret,
                    const struct sk_sign_public *public)
{
    uint8_t room[SK_MINISIGN_SIGNATURE_SIZE_MAX];
    struct sk_minisign_key key;
    struct sk_bytes bytes;
    char name[100];

    sk_minisign_key_of(public, &key);
    cr_assert(
        eq(int,
           sk_minisign_sign(secret, &key, file_of(w, "MANIFEST")->bytes, "c",
                            (struct sk_room){room, sizeof(room)}, &bytes),
           SK_OK));
    snprintf(name, sizeof(name), "MANIFEST.%s.minisig", org);
    add_file(w, name, bytes);
}

static void sign(struct world *w, int who)
{
    sign_as(w, orgs[who], &w->parties[who].identity,
            &w->parties[who].card.identity);
}

static enum sk_status verify(struct world *w, const struct sk_charter *previous)
{
    fault = (struct sk_charter_fault){.check = ""};
    return sk_charter_verify(w->files, w->count, previous, &got, &fault);
}

/* The status, and the word that says why. */
static bool refuses(struct world *w, const struct sk_charter *previous,
                    enum sk_status want, const char *check)
{
    enum sk_status status = verify(w, previous);

    if (status == want && strcmp(fault.check, check) == 0 &&
        got.identities_count == 0)
        return true;
    fprintf(stderr, "%s (%s), not %s (%s)\n", sk_status_text(status),
            fault.check, sk_status_text(want), check);
    return false;
}

/* Version 1, signed by both stewards, in force: `before`. */
static void make_first(void)
{
    start(&one, 1, "partners\n");
    write_texts(&one);
    sign(&one, CVO);
    sign(&one, MOL);
    add_card(&one, CVO);
    add_card(&one, MOL);
    cr_assert(eq(int, verify(&one, NULL), SK_OK), "%s", fault.check);
    before = got;
}

/* Version 2 on top of it, not signed yet. */
static void make_second(void)
{
    start(&two, 2, "more partners\n");
    two.draft.has_previous = true;
    two.draft.previous = before.manifest;
}

Test(charter, is_valid_when_its_stewards_signed)
{
    struct sk_org vdab = org_of("vdab");
    struct sk_org mol = org_of("ocmw-mol");
    struct sk_hash hash;
    struct sk_card card;

    make_first();
    cr_expect(eq(str, got.id.text, (char *)(uintptr_t) "kempen"));
    cr_expect(eq(u64, got.version, 1));
    cr_expect(not(got.has_previous));
    cr_expect(eq(sz, got.threshold, 2));
    cr_expect(eq(sz, got.stewards_count, 2));
    cr_expect(eq(sz, got.identities_count, 3));
    cr_expect(eq(sz, got.signatures, 2));
    cr_expect(eq(sz, got.signatures_needed, 2));
    cr_expect(got.identities[MOL].steward && got.identities[MOL].signed_this);
    cr_expect(not(got.identities[SOPRACO].steward));
    cr_expect(not(got.identities[SOPRACO].signed_this));
    cr_expect(sk_bytes_equal(got.guards_yaml, sk_text("guards\n")));
    cr_expect(sk_bytes_equal(got.vocabulary_yaml, sk_text("words\n")));
    cr_expect(sk_bytes_equal(got.partners_yaml, sk_text("partners\n")));
    sk_sha256(file_of(&one, "MANIFEST")->bytes, &hash);
    cr_expect(sk_hash_equal(&hash, &got.manifest));
    cr_expect(sk_charter_identity(&got, &vdab) == NULL);
    cr_expect(sk_charter_identity(&got, &mol) == &got.identities[MOL]);
    cr_expect(
        eq(int, sk_charter_card(&got, got.identities[MOL].card, &card), SK_OK));
    cr_expect(eq(sz, got.identities[SOPRACO].card.size, 0));
}

Test(charter, refuses_every_flipped_bit, .timeout = 120)
{
    size_t accepted = 0;
    size_t flipped = 0;

    make_first();
    for (size_t i = 0; i < one.count; i++) {
        struct sk_bytes bytes = one.files[i].bytes;
        uint8_t *data = (uint8_t *)(uintptr_t)bytes.data;
        size_t from = 0;

        /* Nothing protects minisign's untrusted comment. */
        if (strstr((const char *)one.files[i].name.data, ".minisig") != NULL)
            from = strcspn((const char *)data, "\n");
        for (size_t bit = 8 * from; bit < 8 * bytes.size; bit++) {
            data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            accepted += verify(&one, NULL) == SK_OK;
            flipped++;
            data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
    cr_expect(eq(sz, accepted, 0));
    cr_expect(flipped > 10000);
    cr_expect(eq(int, verify(&one, NULL), SK_OK));
}

Test(charter, needs_enough_stewards)
{
    make_first();
    remove_file(&one, "MANIFEST.ocmw-mol.minisig");
    cr_expect(refuses(&one, NULL, SK_E_REFUSED, "signatures"));
    /* A partner's signature is welcome, and does not count. */
    sign(&one, SOPRACO);
    cr_expect(refuses(&one, NULL, SK_E_REFUSED, "signatures"));
    cr_expect(
        eq(int, sk_charter_read(one.files, one.count, &got, &fault), SK_OK));
    cr_expect(eq(sz, got.signatures, 1));
    cr_expect(got.identities[SOPRACO].signed_this);
    /* The same steward twice is one steward. */
    sign_as(&one, "ocmw-mol", &one.parties[CVO].identity,
            &one.parties[CVO].card.identity);
    cr_expect(refuses(&one, NULL, SK_E_WRONG_KEY, "signature"));
}

Test(charter, follows_the_one_before)
{
    make_first();
    make_second();
    write_texts(&two);
    sign(&two, CVO);
    cr_expect(refuses(&two, &before, SK_E_REFUSED, "signatures"));
    sign(&two, MOL);
    cr_assert(eq(int, verify(&two, &before), SK_OK), "%s", fault.check);
    cr_expect(eq(u64, got.version, 2));
    cr_expect(sk_hash_equal(&got.previous, &before.manifest));
    before = got;
    cr_expect(refuses(&two, &before, SK_E_EXISTS, "same"));
    cr_expect(refuses(&one, &before, SK_E_OLD, "older"));
}

/* DESIGN 4: enough stewards *of the version before*. */
Test(charter, asks_the_stewards_before_not_the_new_ones)
{
    make_first();
    make_second();
    two.draft.identities[CVO].steward = false;
    two.draft.identities[SOPRACO].steward = true;
    two.draft.threshold = 1;
    write_texts(&two);
    sign(&two, MOL);
    sign(&two, SOPRACO);
    cr_expect(refuses(&two, &before, SK_E_REFUSED, "signatures"));
    sign(&two, CVO);
    cr_assert(eq(int, verify(&two, &before), SK_OK), "%s", fault.check);
    cr_expect(eq(sz, got.signatures_needed, 2));
    /* A newcomer has nothing before it, and asks its own stewards. */
    cr_assert(eq(int, verify(&two, NULL), SK_OK), "%s", fault.check);
    cr_expect(eq(sz, got.signatures, 2));
    cr_expect(eq(sz, got.signatures_needed, 1));
}

Test(charter, lets_a_steward_leave_or_change_its_key)
{
    struct party fresh = party_of("ocmw-mol", 0x70);

    make_first();
    make_second();
    /* cvo leaves; mol has a new identity key. */
    sk_minisign_key_of(&fresh.card.identity, &two.draft.identities[MOL].key);
    memmove(&two.draft.identities[0], &two.draft.identities[1],
            2 * sizeof(two.draft.identities[0]));
    two.draft.identities_count = 2;
    two.draft.identities[1].steward = true;
    write_texts(&two);
    sign(&two, CVO);
    sign(&two, MOL);
    cr_expect(eq(int, verify(&two, &before), SK_OK), "%s", fault.check);
    cr_expect(eq(sz, got.signatures, 2));
    cr_expect(not(got.identities[0].signed_this));
    /* Who has no version before cannot tell, and counts nothing. */
    cr_expect(refuses(&two, NULL, SK_E_REFUSED, "signatures"));
    /* The new key cannot sign itself in. */
    remove_file(&two, "MANIFEST.ocmw-mol.minisig");
    sign_as(&two, "ocmw-mol", &fresh.identity, &fresh.card.identity);
    cr_expect(refuses(&two, &before, SK_E_REFUSED, "signatures"));
}

Test(charter, refuses_a_fork_and_a_gap)
{
    make_first();
    /* Another version 1 by the same stewards. */
    start(&two, 1, "other partners\n");
    write_texts(&two);
    sign(&two, CVO);
    sign(&two, MOL);
    cr_expect(refuses(&two, &before, SK_E_OLD, "older"));

    /* A version 2 that follows another version 1. */
    two = (struct world){0};
    make_second();
    two.draft.previous.bytes[0] ^= 1;
    write_texts(&two);
    sign(&two, CVO);
    sign(&two, MOL);
    cr_expect(refuses(&two, &before, SK_E_BAD_HASH, "previous"));

    two = (struct world){0};
    make_second();
    two.draft.version = 3;
    write_texts(&two);
    sign(&two, CVO);
    sign(&two, MOL);
    cr_expect(refuses(&two, &before, SK_E_NOT_FOUND, "version"));

    /* Another federation. */
    two = (struct world){0};
    make_second();
    two.draft.id = org_of("antwerpen");
    write_texts(&two);
    sign(&two, CVO);
    sign(&two, MOL);
    cr_expect(refuses(&two, &before, SK_E_BAD_VALUE, "manifest"));
}

Test(charter, takes_no_stranger)
{
    make_first();
    sign(&one, VDAB);
    cr_expect(refuses(&one, NULL, SK_E_WRONG_KEY, "signature"));
    remove_file(&one, "MANIFEST.vdab.minisig");
    add_card(&one, VDAB);
    cr_expect(refuses(&one, NULL, SK_E_BAD_SENDER, "card"));
    remove_file(&one, "cards/vdab.card");
    add_file(&one, "cards/sopraco.card",
             file_of(&one, "cards/ocmw-mol.card")->bytes);
    cr_expect(refuses(&one, NULL, SK_E_BAD_SENDER, "card"));
    remove_file(&one, "cards/sopraco.card");
    /* A card of the right org by another key. */
    one.parties[SOPRACO] = party_of("sopraco", 0x70);
    add_card(&one, SOPRACO);
    cr_expect(refuses(&one, NULL, SK_E_BAD_SENDER, "card"));
}

Test(charter, has_exactly_its_files)
{
    static const char *const needed[] = {"MANIFEST", "charter.yaml",
                                         "partners.yaml", "guards.yaml",
                                         "vocabulary.yaml"};
    static const char *const strange[] = {
        "README",
        "charter.yaml~",
        "MANIFEST..minisig",
        "MANIFEST.sig",
        "cards/Upper.card",
        "cards/.card",
        "cards/x.txt",
        "policy.yaml",
        "cards/a/b.card",
        "",
        "MANIFEST.a/b.minisig",
    };

    make_first();
    for (size_t i = 0; i < SK_COUNT(needed); i++) {
        struct sk_charter_file saved = *file_of(&one, needed[i]);

        remove_file(&one, needed[i]);
        cr_expect(refuses(&one, NULL, SK_E_BAD_VALUE, "file-missing"));
        cr_expect(sk_bytes_equal(fault.subject, sk_text(needed[i])));
        add_file(&one, needed[i], saved.bytes);
        add_file(&one, needed[i], saved.bytes);
        cr_expect(refuses(&one, NULL, SK_E_BAD_VALUE, "file-twice"));
        one.count--;
    }
    for (size_t i = 0; i < SK_COUNT(strange); i++) {
        add_file(&one, strange[i], sk_text("x"));
        cr_expect(refuses(&one, NULL, SK_E_BAD_VALUE, "file-unknown"), "%s",
                  strange[i]);
        one.count--;
    }
    cr_expect(eq(int, verify(&one, NULL), SK_OK));
}

/* A signature under another kind of manifest is none under a charter. */
Test(charter, is_no_policy)
{
    struct sk_manifest manifest;
    static uint8_t room[SK_MANIFEST_SIZE_MAX];
    struct sk_bytes bytes;

    start(&one, 1, "partners\n");
    write_texts(&one);
    cr_assert(
        eq(int, sk_manifest_decode(file_of(&one, "MANIFEST")->bytes, &manifest),
           SK_OK));
    manifest.kind = sk_text("policy");
    cr_assert(eq(int,
                 sk_manifest_encode(
                     &manifest, (struct sk_room){room, sizeof(room)}, &bytes),
                 SK_OK));
    remove_file(&one, "MANIFEST");
    add_file(&one, "MANIFEST", bytes);
    sign(&one, CVO);
    sign(&one, MOL);
    cr_expect(refuses(&one, NULL, SK_E_BAD_VALUE, "manifest"));
}

/* MANIFEST and charter.yaml say the same, or nothing holds. */
Test(charter, must_agree_with_its_manifest)
{
    static const struct {
        const char *from;
        const char *to;
        const char *check;
    } rows[] = {
        {"of: charter/kempen", "of: charter/kampen", "manifest"},
        {"version: 1\n",
         "version: 2\nprevious: "
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
         "991b7852b855\n",
         "version"},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        char text[4096];
        char *at;

        one = (struct world){0};
        start(&one, 1, "partners\n");
        write_texts(&one);
        snprintf(text, sizeof(text), "%.*s",
                 (int)file_of(&one, "MANIFEST")->bytes.size,
                 file_of(&one, "MANIFEST")->bytes.data);
        at = strstr(text, rows[i].from);
        memmove(at + strlen(rows[i].to), at + strlen(rows[i].from),
                strlen(at + strlen(rows[i].from)) + 1);
        memcpy(at, rows[i].to, strlen(rows[i].to));
        remove_file(&one, "MANIFEST");
        add_file(&one, "MANIFEST", sk_text(text));
        sign(&one, CVO);
        sign(&one, MOL);
        cr_expect(refuses(&one, NULL, SK_E_BAD_VALUE, rows[i].check));
    }
}

/* The MANIFEST pins exactly the four files. */
Test(charter, pins_all_and_nothing_else)
{
    struct sk_manifest manifest;
    static uint8_t room[SK_MANIFEST_SIZE_MAX];
    struct sk_bytes bytes;

    start(&one, 1, "partners\n");
    write_texts(&one);
    cr_assert(
        eq(int, sk_manifest_decode(file_of(&one, "MANIFEST")->bytes, &manifest),
           SK_OK));
    manifest.files_count = 3; /* without the vocabulary */
    cr_assert(eq(int,
                 sk_manifest_encode(
                     &manifest, (struct sk_room){room, sizeof(room)}, &bytes),
                 SK_OK));
    remove_file(&one, "MANIFEST");
    add_file(&one, "MANIFEST", bytes);
    sign(&one, CVO);
    sign(&one, MOL);
    cr_expect(refuses(&one, NULL, SK_E_BAD_HASH, "file-hash"));
    cr_expect(sk_bytes_equal(fault.subject, sk_text("vocabulary.yaml")));
}

#define KEY "RWSSn5bRG8EmBdRXhY+McK8ekNcQigUJrqQ+YRBow/qEWMnk1K2TuwLx"

/* One row per rule of charter.yaml; read alone, pinned and unsigned. */
Test(charter, reads_one_form_of_charter_yaml)
{
    static const char head[] = "format: charter/1\ncharter: kempen\n";
    static const char tail[] = "identities:\n  a: " KEY "\n  b: " KEY "\n";
    static const struct {
        const char *text;
        const char *check; /* "" when it is right */
        bool tail;
    } rows[] = {
        {"version: 1\nthreshold: 1\nstewards: [a]\n", "", true},
        {"version: 1\nthreshold: 2\nstewards: [a, b]\n", "", true},
        {"version: 0\nthreshold: 1\nstewards: [a]\n", "version", true},
        {"version: 2\nthreshold: 1\nstewards: [a]\n", "version", true},
        {"version: 01\nthreshold: 1\nstewards: [a]\n", "charter-yaml", true},
        {"version: 1\nthreshold: 0\nstewards: [a]\n", "threshold", true},
        {"version: 1\nthreshold: 2\nstewards: [a]\n", "threshold", true},
        {"version: 1\nthreshold: 1\nstewards: []\n", "threshold", true},
        {"version: 1\nthreshold: 1\nstewards: [c]\n", "steward", true},
        {"version: 1\nthreshold: 1\nstewards: [b, a]\n", "charter-yaml", true},
        {"version: 1\nthreshold: 1\nstewards: [a, a]\n", "charter-yaml", true},
        {"version: 1\nthreshold: 1\nstewards: [a,b]\n", "charter-yaml", true},
        {"version: 1\nthreshold: 1\nstewards: [a, ]\n", "charter-yaml", true},
        {"version: 1\nstewards: [a]\nthreshold: 1\n", "charter-yaml", true},
        {"version: 1\nthreshold: 1\nstewards: [a] \n", "charter-yaml", true},
        {"version: 1\nthreshold: 1\nstewards: [a]\n# note\n", "charter-yaml",
         true},
        {"version: 1\nthreshold: 1\nstewards: [a]\nidentities:\n",
         "charter-yaml", false},
        {"version: 1\nthreshold: 1\nstewards: [a]\nidentities:\n a: " KEY "\n",
         "charter-yaml", false},
        {"version: 1\nthreshold: 1\nstewards: [a]\nidentities:\n  a: RWS\n",
         "charter-yaml", false},
        {"version: 1\nthreshold: 1\nstewards: [a]\nidentities:\n  A: " KEY "\n",
         "charter-yaml", false},
        {"version: 1\nthreshold: 1\nstewards: [a]\nidentities:\n  b: " KEY
         "\n  a: " KEY "\n",
         "charter-yaml", false},
        {"version: 1\nthreshold: 1\nstewards: [a]\nidentities:\n  a: " KEY
         "\n  a: " KEY "\n",
         "charter-yaml", false},
        {"version: 1\nthreshold: 1\nstewards: [a]\nidentities:\n  a: " KEY,
         "charter-yaml", false},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        static uint8_t room[SK_MANIFEST_SIZE_MAX];
        struct sk_bytes bytes;
        char text[2048];
        bool good;

        one = (struct world){0};
        start(&one, 1, "partners\n");
        snprintf(text, sizeof(text), "%s%s%s", head, rows[i].text,
                 rows[i].tail ? tail : "");
        add_file(&one, "charter.yaml", sk_text(text));
        one.draft.charter_yaml = sk_text(text);
        cr_assert(eq(int,
                     sk_charter_manifest(&one.draft,
                                         (struct sk_room){room, sizeof(room)},
                                         &bytes),
                     SK_OK));
        add_file(&one, "MANIFEST", bytes);
        fault.check = "";
        good = sk_charter_read(one.files, one.count, &got, &fault) == SK_OK;
        cr_expect(eq(int, good, rows[i].check[0] == '\0'));
        cr_expect(eq(str, (char *)(uintptr_t)fault.check,
                     (char *)(uintptr_t)rows[i].check),
                  "%s", rows[i].text);
    }
}

Test(charter, holds_partners_and_stewards_up_to_their_limits)
{
    static char text[SK_PARTNERS_MAX * 80 + 4096];
    static const struct {
        size_t stewards;
        size_t identities;
        enum sk_status status;
    } rows[] = {
        {SK_STEWARDS_MAX, SK_PARTNERS_MAX, SK_OK},
        {SK_STEWARDS_MAX + 1, SK_PARTNERS_MAX, SK_E_TOO_LARGE},
        {SK_STEWARDS_MAX, SK_PARTNERS_MAX + 1, SK_E_TOO_LARGE},
    };

    for (size_t i = 0; i < SK_COUNT(rows); i++) {
        static uint8_t room[SK_MANIFEST_SIZE_MAX];
        struct sk_bytes bytes;
        size_t at;

        at = (size_t)snprintf(text, sizeof(text),
                              "format: charter/1\ncharter: kempen\nversion: "
                              "1\nthreshold: 1\nstewards: [");
        for (size_t k = 0; k < rows[i].stewards; k++)
            at += (size_t)snprintf(text + at, sizeof(text) - at, "%so%03zu",
                                   k == 0 ? "" : ", ", k);
        at +=
            (size_t)snprintf(text + at, sizeof(text) - at, "]\nidentities:\n");
        for (size_t k = 0; k < rows[i].identities; k++)
            at += (size_t)snprintf(text + at, sizeof(text) - at,
                                   "  o%03zu: " KEY "\n", k);
        one = (struct world){0};
        start(&one, 1, "partners\n");
        add_file(&one, "charter.yaml", sk_text(text));
        one.draft.charter_yaml = sk_text(text);
        cr_assert(eq(int,
                     sk_charter_manifest(&one.draft,
                                         (struct sk_room){room, sizeof(room)},
                                         &bytes),
                     SK_OK));
        add_file(&one, "MANIFEST", bytes);
        cr_expect(eq(int, sk_charter_read(one.files, one.count, &got, &fault),
                     rows[i].status),
                  "row %zu", i);
        if (rows[i].status == SK_OK) {
            static uint8_t again[sizeof(text)];

            cr_assert(
                eq(int,
                   sk_charter_encode(
                       &got, (struct sk_room){again, strlen(text)}, &bytes),
                   SK_OK));
            cr_expect(sk_bytes_equal(bytes, sk_text(text)));
            cr_expect(
                eq(int,
                   sk_charter_encode(
                       &got, (struct sk_room){again, strlen(text) - 1}, &bytes),
                   SK_E_NO_ROOM));
        }
    }
}
