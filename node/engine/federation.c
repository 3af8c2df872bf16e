#include "node/engine/federation.h"

#include <string.h>

#include "node/engine/outbox.h"
#include "node/engine/policy.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"

/* ------------------------------------------------------------- files
 * The charter in force and the policy, as they were signed or given. */

static struct sk_key file_key(struct sk_bytes name)
{
    struct sk_key key = sk_key_start(SK_T_FILE);

    sk_key_bytes(&key, name);
    return key;
}

enum sk_status sk_file_get(struct sk_engine *e, const char *name,
                           struct sk_bytes *out)
{
    return sk_file_get_named(e, sk_text(name), out);
}

enum sk_status sk_file_get_named(struct sk_engine *e, struct sk_bytes name,
                                 struct sk_bytes *out)
{
    struct sk_key key = file_key(name);
    struct sk_bytes value;
    struct sk_bytes copy;

    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &value));
    copy = sk_arena_copy(&e->scratch, value);
    if (copy.size != value.size)
        return SK_E_MEMORY;
    *out = copy;
    return SK_OK;
}

enum sk_status sk_file_put(struct sk_engine *e, struct sk_bytes name,
                           struct sk_bytes bytes)
{
    struct sk_key key = file_key(name);

    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), bytes);
}

enum sk_status sk_file_delete(struct sk_engine *e, struct sk_bytes name)
{
    struct sk_key key = file_key(name);

    return sk_store_delete(e->store, SK_SPACE_DATA, sk_key_done(&key));
}

enum sk_status sk_federation_charter(struct sk_engine *e,
                                     struct sk_charter **out)
{
    static const char *const names[] = {"charter.yaml", "partners.yaml",
                                        "guards.yaml", "vocabulary.yaml",
                                        "MANIFEST"};
    struct sk_charter_file files[SK_COUNT(names)];
    struct sk_charter_fault fault;
    struct sk_charter *charter = sk_arena_get(&e->scratch, sizeof(*charter));

    if (charter == NULL)
        return SK_E_MEMORY;
    for (size_t i = 0; i < SK_COUNT(names); i++) {
        files[i].name = sk_text(names[i]);
        SK_TRY(sk_file_get(e, names[i], &files[i].bytes));
    }
    SK_TRY(sk_charter_read(files, SK_COUNT(files), charter, &fault));
    *out = charter;
    return SK_OK;
}

/* ------------------------------------------------------------- the bundle */

enum sk_status
sk_federation_compile(struct sk_engine *e, const struct sk_charter *charter,
                      struct sk_bytes policy, struct sk_bytes invariants,
                      struct sk_findings *findings, struct sk_bundle **out)
{
    struct sk_arena *arena = &e->bundle_memory[1 - e->bundle_at];
    struct sk_bundle_files files = {
        .vocabulary = {"vocabulary.yaml", charter->vocabulary_yaml},
        .partners = {"partners.yaml", charter->partners_yaml},
        .guards = {"guards.yaml", charter->guards_yaml},
        .policy = {"policy.yaml", policy},
        .invariants = {"invariants.yaml", invariants},
    };

    sk_arena_reset(arena, 0);
    arena->full = false;
    return sk_bundle_load(&files, sk_today(e), arena, findings, out);
}

void sk_federation_take(struct sk_engine *e, const struct sk_charter *charter,
                        struct sk_bundle *bundle, bool has_policy)
{
    e->bundle_at = 1 - e->bundle_at;
    e->bundle = bundle;
    e->bundle_number++;
    e->has_policy = has_policy;
    e->charter = charter->id;
    e->charter_version = charter->version;
}

enum sk_status sk_federation_draft(struct sk_engine *e, struct sk_bytes policy,
                                   struct sk_findings *findings,
                                   struct sk_bundle **out)
{
    struct sk_charter *charter;

    SK_TRY(sk_federation_charter(e, &charter));
    return sk_federation_compile(e, charter, policy, (struct sk_bytes){0},
                                 findings, out);
}

const struct sk_roster_org *sk_federation_org(const struct sk_engine *e,
                                              struct sk_bytes org)
{
    return e->bundle == NULL ? NULL : sk_bundle_org(e->bundle, org);
}

/* ------------------------------------------------------------- cards */

static struct sk_key card_key(const struct sk_org *org)
{
    struct sk_key key = sk_key_start(SK_T_CARD);

    sk_key_org(&key, org);
    return key;
}

/* SK_E_NOT_FOUND: none yet. */
static enum sk_status card_get(struct sk_engine *e,
                               const struct sk_charter *charter,
                               const struct sk_org *org, struct sk_card *out)
{
    struct sk_key key = card_key(org);
    struct sk_bytes bytes;

    SK_TRY(sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &bytes));
    return sk_charter_card(charter, bytes, out);
}

enum sk_status sk_federation_card_check(struct sk_engine *e,
                                        const struct sk_charter *charter,
                                        struct sk_bytes bytes,
                                        struct sk_card *out)
{
    struct sk_card known;
    struct sk_card card;
    enum sk_status status;

    SK_TRY(sk_charter_card(charter, bytes, &card));
    status = card_get(e, charter, &card.org, &known);
    /* A card under a key that the charter no longer names counts as none. */
    if (status == SK_OK && known.version >= card.version)
        return SK_E_OLD;
    if (status != SK_OK && status != SK_E_NOT_FOUND &&
        status != SK_E_BAD_SENDER)
        return status;
    *out = card;
    return SK_OK;
}

/* PROTOCOL.md 4.5: a partner that renews its transport key uses the one before
   until everybody knows the new one. */
#define CURVE_BEFORE_MS (UINT64_C(30) * 86400 * 1000)

static struct sk_key curve_before_key(const struct sk_org *org)
{
    struct sk_key key = sk_key_start(SK_T_CARD_BEFORE);

    sk_key_org(&key, org);
    return key;
}

static enum sk_status curve_before_put(struct sk_engine *e,
                                       struct sk_session *session,
                                       const struct sk_card *card)
{
    struct sk_key key = curve_before_key(&card->org);
    uint64_t until_ms = e->now_ms + CURVE_BEFORE_MS;
    uint8_t record[32 + 8];

    /* Another identity is another node. */
    if (session == NULL || !session->known ||
        memcmp(&session->card.identity, &card->identity,
               sizeof(card->identity)) != 0 ||
        memcmp(&session->card.curve, &card->curve, sizeof(card->curve)) == 0)
        return SK_OK;
    session->has_curve_before = true;
    session->curve_before = session->card.curve;
    memcpy(record, session->curve_before.bytes, 32);
    sk_u64_write(record + 32, until_ms);
    return sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key),
                        (struct sk_bytes){record, sizeof(record)});
}

static enum sk_status curve_before_get(struct sk_engine *e,
                                       struct sk_session *session)
{
    struct sk_key key = curve_before_key(&session->org);
    struct sk_bytes record;
    enum sk_status status =
        sk_store_get(e->store, SK_SPACE_DATA, sk_key_done(&key), &record);

    session->has_curve_before = false;
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    if (record.size != 32 + 8)
        return SK_E_BAD_LENGTH;
    if (!session->known || e->now_ms >= sk_u64_read(record.data + 32) ||
        memcmp(record.data, session->card.curve.bytes, 32) == 0)
        return SK_OK;
    session->has_curve_before = true;
    memcpy(session->curve_before.bytes, record.data, 32);
    return SK_OK;
}

enum sk_status sk_federation_card_put(struct sk_engine *e,
                                      const struct sk_card *card,
                                      struct sk_bytes bytes)
{
    struct sk_key key = card_key(&card->org);
    struct sk_session *session = sk_session_find(e, &card->org);

    SK_TRY(curve_before_put(e, session, card));
    SK_TRY(sk_store_put(e->store, SK_SPACE_DATA, sk_key_done(&key), bytes));
    if (session != NULL) {
        session->card = *card;
        session->known = true;
        e->cards_number++;
    }
    e->effects->peers_changed = true;
    return SK_OK;
}

enum sk_status sk_federation_card(struct sk_engine *e,
                                  const struct sk_org *from,
                                  struct sk_bytes bytes)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_charter *charter;
    struct sk_card card;
    enum sk_status status;

    SK_TRY(sk_federation_charter(e, &charter));
    status = sk_federation_card_check(e, charter, bytes, &card);
    sk_arena_reset(&e->scratch, mark);
    SK_TRY(status);
    if (!sk_org_equal(&card.org, from))
        return SK_E_BAD_SENDER;
    return sk_federation_card_put(e, &card, bytes);
}

/* ------------------------------------------------------------- sessions */

struct sk_session *sk_session_find(struct sk_engine *e,
                                   const struct sk_org *org)
{
    /* Mostly the same one again, or the next: a walk over all partners does
       not look through all of them for each. */
    for (size_t n = 0; n < e->sessions_count; n++) {
        size_t i = (e->session_at + n) % e->sessions_count;

        if (!sk_org_equal(&e->sessions[i].org, org))
            continue;
        e->session_at = i;
        return &e->sessions[i];
    }
    return NULL;
}

static enum sk_status fill_session(struct sk_engine *e,
                                   const struct sk_charter *charter,
                                   const struct sk_roster_org *org,
                                   const struct sk_org *id,
                                   struct sk_session *out)
{
    const struct sk_session *known = sk_session_find(e, id);
    enum sk_status status;

    if (known != NULL)
        *out = *known;
    out->org = *id;
    out->suspended = org->status != SK_ORG_ACTIVE;
    status = card_get(e, charter, id, &out->card);
    out->known = status == SK_OK;
    if (status == SK_OK)
        return curve_before_get(e, out);
    memset(&out->card, 0, sizeof(out->card));
    return status == SK_E_NOT_FOUND || status == SK_E_BAD_SENDER ? SK_OK
                                                                 : status;
}

/* One per partner of the roster; what is known of its line stays known. */
enum sk_status sk_federation_sessions(struct sk_engine *e,
                                      const struct sk_charter *charter)
{
    size_t mark = sk_arena_mark(&e->scratch);
    size_t orgs = sk_bundle_orgs_count(e->bundle);
    struct sk_session *list =
        sk_arena_get_array(&e->scratch, orgs + 1, sizeof(*list));
    size_t count = 0;

    if (list == NULL)
        return SK_E_MEMORY;
    /* The log with a partner that leaves stays. */
    SK_TRY(sk_log_settle(e));
    for (size_t i = 0; i < orgs; i++) {
        const struct sk_roster_org *org = sk_bundle_org_at(e->bundle, i);
        struct sk_org id;

        if (!sk_org_parse(org->id, &id) || sk_org_equal(&id, &e->org))
            continue;
        if (count == SK_PARTNERS_MAX)
            return SK_E_TOO_LARGE;
        SK_TRY(fill_session(e, charter, org, &id, &list[count]));
        count++;
    }
    memcpy(e->sessions, list, count * sizeof(*list));
    e->sessions_count = count;
    e->cards_number++;
    sk_arena_reset(&e->scratch, mark);
    e->effects->peers_changed = true;
    return SK_OK;
}

enum sk_status sk_federation_load(struct sk_engine *e)
{
    size_t mark = sk_arena_mark(&e->scratch);
    struct sk_findings findings = sk_findings_start(&e->scratch);
    struct sk_charter *charter;
    struct sk_bundle *bundle = NULL;
    struct sk_bytes policy = {0};
    bool has_policy = true;
    enum sk_status status = sk_federation_charter(e, &charter);

    if (status == SK_E_NOT_FOUND) {
        e->reload = false;
        e->bundle = NULL;
        memset(&e->charter, 0, sizeof(e->charter));
        e->charter_version = 0;
        e->sessions_count = 0;
        return SK_OK;
    }
    SK_TRY(status);
    status = sk_policy_in_force(e, "policy.yaml", &policy);
    if (status == SK_E_NOT_FOUND)
        has_policy = false;
    else
        SK_TRY(status);
    SK_TRY(sk_federation_compile(e, charter, policy, (struct sk_bytes){0},
                                 &findings, &bundle));
    /* I5: a policy that does not load under this charter shares nothing. */
    if (bundle == NULL && has_policy) {
        has_policy = false;
        SK_TRY(sk_federation_compile(e, charter, (struct sk_bytes){0},
                                     (struct sk_bytes){0}, &findings, &bundle));
    }
    if (bundle == NULL)
        return SK_E_BAD_VALUE;
    sk_federation_take(e, charter, bundle, has_policy);
    SK_TRY(sk_approval_look(e));
    SK_TRY(sk_federation_sessions(e, charter));
    sk_arena_reset(&e->scratch, mark);
    e->reload = false;
    return SK_OK;
}

/* ------------------------------------------------------------- transport */

size_t sk_engine_peers_count(const struct sk_engine *e)
{
    size_t count = 0;

    for (size_t i = 0; i < e->sessions_count; i++)
        count += e->sessions[i].known ? 1 : 0;
    return count;
}

void sk_engine_peer_at(const struct sk_engine *e, size_t i,
                       struct sk_engine_peer *out)
{
    const struct sk_session *session = e->sessions;

    assert(i < sk_engine_peers_count(e));

    for (;; session++) {
        if (!session->known)
            continue;
        if (i == 0)
            break;
        i--;
    }
    memset(out, 0, sizeof(*out));
    out->org = session->org;
    out->curve = session->card.curve;
    out->has_curve_before = session->has_curve_before;
    out->curve_before = session->curve_before;
    if (session->card.endpoints_count > 0)
        memcpy(out->endpoint, session->card.endpoints[0],
               sizeof(out->endpoint));
}
