/*
 * Policies as their officers sign them, for fixture.h.  Three officers with
 * fixed keys: bit 0 is `dpo`, bit 1 `deputy`, bit 2 `third`.
 */
#ifndef SK_TESTS_NODE_SIGNED_H
#define SK_TESTS_NODE_SIGNED_H

#include "policies/signed.h"

#define SG_OFFICERS 3
#define SG_BOTH 3U /* what is wider needs these */

static const char *const sg_names[SG_OFFICERS] = {"dpo", "deputy", "third"};

static inline void sg_key(size_t i, struct sk_sign_secret *secret,
                          struct sk_minisign_key *key)
{
    struct sk_seed seed;
    struct sk_sign_public public;

    memset(seed.secret_bytes, 0xe0 + (int)i, sizeof(seed.secret_bytes));
    sk_sign_keypair(&seed, &public, secret);
    sk_minisign_key_of(&public, key);
}

/* officers.yaml that names the officers of this set. */
static inline char *sg_officers(unsigned set)
{
    char *text = calloc(1, 1024);

    strcat(text, "format: officers/1\nofficers:\n");
    for (size_t i = 0; i < SG_OFFICERS; i++) {
        char base64[SK_MINISIGN_KEY_TEXT_SIZE + 1];
        struct sk_sign_secret secret;
        struct sk_minisign_key key;
        char line[128];

        if ((set >> i & 1) == 0)
            continue;
        sg_key(i, &secret, &key);
        sk_minisign_key_format(&key, base64);
        snprintf(line, sizeof(line), "  %s: %s\n", sg_names[i], base64);
        strcat(text, line);
    }
    return text;
}

/* Value of `policy:` or `version:` in a policy. */
static inline struct sk_bytes sg_line(const char *policy, const char *key)
{
    const char *at = strstr(policy, key);

    cr_assert(at != NULL, "the policy has no %s", key);
    at += strlen(key);
    return (struct sk_bytes){(const uint8_t *)at, strcspn(at, "\n #")};
}

struct sg_request {
    const char *policy;
    const char *invariants; /* NULL: none */
    const char *previous;   /* hex of the MANIFEST in force; NULL: none */
    unsigned officers;      /* whom officers.yaml names */
    unsigned signers;
    const char *from; /* DATE, or NULL */
};

static inline void sg_member(char *out, const char *name, struct sk_bytes bytes)
{
    size_t at = strlen(out);

    at += (size_t)sprintf(out + at, "%s'%s':{'$hex':'",
                          out[at - 1] == '{' ? "" : ",", name);
    sodium_bin2hex(out + at, 2 * bytes.size + 1, bytes.data, bytes.size);
    strcat(out + at, "'}");
}

/* The arguments of policy.activate, as fixture.h reads them; free(). */
static inline char *sg_arguments(const struct sg_request *r)
{
    static uint8_t manifest_room[SK_MANIFEST_SIZE_MAX];
    struct sk_hash previous = {0};
    char *officers = sg_officers(r->officers);
    char *out = calloc(1, 4 * strlen(r->policy) + 32768);
    struct sk_bytes version = sg_line(r->policy, "\nversion: ");
    struct sk_bytes invariants =
        r->invariants == NULL ? (struct sk_bytes){0} : sk_text(r->invariants);
    struct sk_bytes manifest;

    if (r->previous != NULL)
        sodium_hex2bin(previous.bytes, sizeof(previous.bytes), r->previous,
                       strlen(r->previous), NULL, NULL, NULL);
    cr_assert(sk_signed_policy_manifest(
                  sg_line(r->policy, "\npolicy: "),
                  strtoull((const char *)version.data, NULL, 10), &previous,
                  sk_text(r->policy), sk_text(officers), invariants,
                  (struct sk_room){manifest_room, sizeof(manifest_room)},
                  &manifest) == SK_OK);
    strcpy(out, "{'files':{");
    sg_member(out, "MANIFEST", manifest);
    for (size_t i = 0; i < SG_OFFICERS; i++) {
        uint8_t room[SK_MINISIGN_SIGNATURE_SIZE_MAX];
        struct sk_sign_secret secret;
        struct sk_minisign_key key;
        struct sk_bytes signature;
        char name[64];

        if ((r->signers >> i & 1) == 0)
            continue;
        sg_key(i, &secret, &key);
        cr_assert(sk_minisign_sign(&secret, &key, manifest, "proef",
                                   (struct sk_room){room, sizeof(room)},
                                   &signature) == SK_OK);
        snprintf(name, sizeof(name), "MANIFEST.%s.minisig", sg_names[i]);
        sg_member(out, name, signature);
    }
    if (r->invariants != NULL)
        sg_member(out, "invariants.yaml", invariants);
    sg_member(out, "officers.yaml", sk_text(officers));
    sg_member(out, "policy.yaml", sk_text(r->policy));
    strcat(out, "}");
    if (r->from != NULL)
        sprintf(out + strlen(out), ",'from':'%s'", r->from);
    strcat(out, "}");
    free(officers);
    return out;
}

#endif
