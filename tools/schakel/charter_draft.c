#include "tools/schakel/charter_draft.h"

#include <stdlib.h>
#include <string.h>

int sk_draft_start(struct sk_draft *draft)
{
    memset(draft, 0, sizeof(*draft));
    draft->charter = calloc(1, sizeof(*draft->charter));
    return draft->charter == NULL ? sk_cli_fail_file(SK_E_MEMORY, "charter")
                                  : -1;
}

void sk_draft_free(struct sk_draft *draft)
{
    for (size_t i = 0; i < draft->owned_count; i++)
        free(draft->owned[i]);
    free(draft->charter);
    memset(draft, 0, sizeof(*draft));
}

void sk_draft_follow(struct sk_draft *draft, const struct sk_charter *before)
{
    struct sk_charter *charter = draft->charter;

    *charter = *before;
    charter->version = before->version + 1;
    charter->has_previous = true;
    charter->previous = before->manifest;
    charter->signatures = 0;
    /* Valid once the stewards of the version before have signed. */
    charter->signatures_needed = before->threshold;
    for (size_t i = 0; i < charter->identities_count; i++)
        charter->identities[i].signed_this = false;
}

/* ------------------------------------------------------------- helpers */
static int read_owned(struct sk_draft *draft, const char *path, size_t size_max,
                      struct sk_bytes *out)
{
    enum sk_status status = sk_cli_read(path, size_max, out);

    if (status != SK_OK)
        return sk_cli_fail_file(status, path);
    assert(draft->owned_count < SK_COUNT(draft->owned));
    draft->owned[draft->owned_count++] = (uint8_t *)(uintptr_t)out->data;
    return -1;
}

static struct sk_charter_identity *find(struct sk_charter *charter,
                                        const struct sk_org *org)
{
    for (size_t i = 0; i < charter->identities_count; i++)
        if (sk_org_equal(&charter->identities[i].org, org))
            return &charter->identities[i];
    return NULL;
}

/* The entry of org, put in its place when it is new; NULL when full. */
static struct sk_charter_identity *find_or_add(struct sk_charter *charter,
                                               const struct sk_org *org)
{
    struct sk_charter_identity *identity = find(charter, org);
    size_t at = 0;

    if (identity != NULL || charter->identities_count == SK_PARTNERS_MAX)
        return identity;
    while (at < charter->identities_count &&
           strcmp(charter->identities[at].org.text, org->text) < 0)
        at++;
    identity = &charter->identities[at];
    memmove(identity + 1, identity,
            (charter->identities_count - at) * sizeof(*identity));
    memset(identity, 0, sizeof(*identity));
    identity->org = *org;
    charter->identities_count++;
    return identity;
}

static int fail(int code, const char *word, const char *where, const char *nl,
                const char *en, const char *next_nl, const char *next_en)
{
    return sk_cli_fail(code, &(struct sk_problem){.code = word,
                                                  .nl = nl,
                                                  .en = en,
                                                  .where = where,
                                                  .next_nl = next_nl,
                                                  .next_en = next_en});
}

static int unknown_org(const char *org)
{
    return fail(SK_EXIT_USAGE, "no-identity", org,
                "deze organisatie heeft geen sleutel in het charter",
                "this organisation has no key in the charter",
                "voeg haar kaart toe: --card FILE",
                "add its card: --card FILE");
}

static int full(void)
{
    return fail(SK_EXIT_USAGE, "full", NULL, "hoogstens 256 partners",
                "at most 256 partners", "splits de federatie",
                "split the federation");
}

/* --------------------------------------------------------------- parts */
static int apply_file(struct sk_draft *draft, const struct sk_parsed *parsed,
                      const char *option, struct sk_bytes *place)
{
    const char *path = sk_cli_get(parsed, option);

    if (path == NULL)
        return -1;
    return read_owned(draft, path, SK_YAML_SIZE_MAX, place);
}

static int apply_card(struct sk_draft *draft, const char *path)
{
    struct sk_charter_identity *identity;
    struct sk_bytes bytes;
    struct sk_card card;
    int code = read_owned(draft, path, SK_CARD_SIZE_MAX, &bytes);

    if (code >= 0)
        return code;
    if (sk_card_decode(bytes, &card) != SK_OK)
        return fail(SK_EXIT_NO, "bad-card", path, "dit is geen geldige kaart",
                    "this is not a valid card",
                    "vraag de partner zijn own.card",
                    "ask the partner for its own.card");
    identity = find(draft->charter, &card.org);
    if (identity != NULL &&
        memcmp(identity->key.public.bytes, card.identity.bytes,
               sizeof(card.identity.bytes)) != 0)
        return fail(SK_EXIT_NO, "other-identity", path,
                    "het charter noemt een andere sleutel voor deze partner",
                    "the charter names another key for this partner",
                    "bel de partner; klopt het, geef dan ook --remove ORG",
                    "call the partner; if it is right, give --remove ORG too");
    if (identity == NULL) {
        identity = find_or_add(draft->charter, &card.org);
        if (identity == NULL)
            return full();
        sk_minisign_key_of(&card.identity, &identity->key);
    }
    identity->card = bytes;
    return -1;
}

/* "ocmw-mol=RWQ..." */
static int apply_identity(struct sk_draft *draft, const char *pair)
{
    const char *equals = strchr(pair, '=');
    struct sk_charter_identity *identity;
    struct sk_minisign_key key;
    struct sk_org org;
    struct sk_card card;

    if (equals == NULL ||
        !sk_org_parse(
            (struct sk_bytes){(const uint8_t *)pair, (size_t)(equals - pair)},
            &org) ||
        sk_minisign_key_parse(sk_text(equals + 1), &key) != SK_OK)
        return fail(SK_EXIT_USAGE, "bad-option", pair,
                    "dit is geen sleutel van een partner",
                    "this is not the key of a partner",
                    "schrijf ORG=RW..., de tweede regel van minisign.pub",
                    "write ORG=RW..., the second line of minisign.pub");
    identity = find_or_add(draft->charter, &org);
    if (identity == NULL)
        return full();
    if (identity->card.size > 0 &&
        (sk_card_decode(identity->card, &card) != SK_OK ||
         memcmp(card.identity.bytes, key.public.bytes,
                sizeof(key.public.bytes)) != 0))
        return fail(SK_EXIT_NO, "other-identity", pair,
                    "de kaart van deze partner draagt een andere sleutel",
                    "the card of this partner carries another key",
                    "vraag de partner welke van de twee klopt",
                    "ask the partner which of the two is right");
    identity->key = key;
    return -1;
}

static int apply_remove(struct sk_draft *draft, const char *text)
{
    struct sk_charter *charter = draft->charter;
    struct sk_charter_identity *identity;
    struct sk_org org;
    size_t behind;

    if (!sk_org_parse(sk_text(text), &org))
        return unknown_org(text);
    identity = find(charter, &org);
    if (identity == NULL)
        return unknown_org(text);
    behind = charter->identities_count -
             (size_t)(identity - charter->identities) - 1;
    memmove(identity, identity + 1, behind * sizeof(*identity));
    charter->identities_count--;
    return -1;
}

static int apply_stewards(struct sk_draft *draft,
                          const struct sk_values *stewards)
{
    struct sk_charter *charter = draft->charter;

    for (size_t i = 0; stewards->count > 0 && i < charter->identities_count;
         i++)
        charter->identities[i].steward = false;
    for (size_t i = 0; i < stewards->count; i++) {
        struct sk_charter_identity *identity = NULL;
        struct sk_org org;

        if (sk_org_parse(sk_text(stewards->list[i]), &org))
            identity = find(charter, &org);
        if (identity == NULL)
            return unknown_org(stewards->list[i]);
        identity->steward = true;
    }
    charter->stewards_count = 0;
    for (size_t i = 0; i < charter->identities_count; i++)
        charter->stewards_count += charter->identities[i].steward ? 1 : 0;
    return charter->stewards_count > SK_STEWARDS_MAX
               ? fail(SK_EXIT_USAGE, "full", NULL, "hoogstens 32 hoeders",
                      "at most 32 stewards", "kies er minder", "choose fewer")
               : -1;
}

static int apply_threshold(struct sk_draft *draft, const char *text)
{
    struct sk_charter *charter = draft->charter;
    char *end = NULL;
    unsigned long number;

    if (text != NULL) {
        number = strtoul(text, &end, 10);
        if (text[0] < '0' || text[0] > '9' || *end != '\0')
            number = 0;
        charter->threshold = number;
    }
    if (charter->threshold == 0 || charter->threshold > charter->stewards_count)
        return fail(SK_EXIT_USAGE, "threshold", text,
                    "de drempel past niet bij het aantal hoeders",
                    "the threshold does not fit the number of stewards",
                    "tussen 1 en het aantal hoeders: --threshold",
                    "between 1 and the number of stewards: --threshold");
    if (charter->version == 1)
        charter->signatures_needed = charter->threshold;
    return -1;
}

/* Every value of an option that may be repeated. */
static int apply_each(struct sk_draft *draft, const struct sk_values *values,
                      int (*apply)(struct sk_draft *, const char *))
{
    int code = -1;

    for (size_t i = 0; code < 0 && i < values->count; i++)
        code = apply(draft, values->list[i]);
    return code;
}

int sk_draft_apply(struct sk_draft *draft, const struct sk_parsed *parsed)
{
    struct sk_charter *charter = draft->charter;
    int code =
        apply_file(draft, parsed, "vocabulary", &charter->vocabulary_yaml);

    if (code < 0)
        code = apply_file(draft, parsed, "guards", &charter->guards_yaml);
    if (code < 0)
        code = apply_file(draft, parsed, "partners", &charter->partners_yaml);
    if (code < 0 && charter->version > 1)
        code = apply_each(draft, sk_cli_all(parsed, "remove"), apply_remove);
    if (code < 0)
        code = apply_each(draft, sk_cli_all(parsed, "card"), apply_card);
    if (code < 0)
        code =
            apply_each(draft, sk_cli_all(parsed, "identity"), apply_identity);
    if (code < 0)
        code = apply_stewards(draft, sk_cli_all(parsed, "steward"));
    if (code < 0)
        code = apply_threshold(draft, sk_cli_get(parsed, "threshold"));
    return code;
}
