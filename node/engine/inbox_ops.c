#include "node/engine/inbox.h"

#include <string.h>

#include "node/engine/case_list.h"
#include "node/engine/feed.h"
#include "node/engine/handover.h"
#include "node/engine/linked.h"
#include "node/engine/ops.h"
#include "node/engine/outbox.h"
#include "node/engine/participant.h"
#include "node/engine/relation.h"
#include "node/engine/request.h"
#include "node/engine/session.h"
#include "node/engine/state.h"
#include "node/engine/tables.h"
#include "node/engine/timer.h"
#include "node/engine/user.h"

#define LIST_LIMIT 100
#define LIST_LIMIT_MAX 1000

/* ------------------------------------------------------------- packing */

static size_t pack_participant(struct sk_engine *e, struct sk_pack *p,
                               const struct sk_inbox_entry *entry,
                               enum sk_status *status)
{
    struct sk_participant_id id;

    *status = SK_E_NOT_FOUND;
    if (!entry->collective)
        *status = sk_handle_find(e, &entry->from, &entry->event->handle, &id);
    if (*status == SK_OK)
        sk_reply_id(p, "participant", &id.id);
    if (*status != SK_E_NOT_FOUND)
        return *status == SK_OK ? 1 : 0;
    *status = SK_OK;
    return 0;
}

static bool is_locked(const struct sk_inbox_entry *entry, struct sk_bytes name)
{
    for (size_t i = 0; i < entry->locked.count; i++) {
        if (sk_bytes_equal(entry->locked.list[i], name))
            return true;
    }
    return false;
}

static void pack_words(struct sk_pack *p, const char *key,
                       const struct sk_words *words)
{
    sk_pack_cstr(p, key);
    sk_pack_array(p, words->count);
    for (size_t i = 0; i < words->count; i++)
        sk_pack_str(p, words->list[i]);
}

static void pack_value(struct sk_pack *p, const struct sk_item_field *field)
{
    if (!field->is_set) {
        sk_pack_str(p, field->text);
        return;
    }
    sk_pack_array(p, field->set.count);
    for (size_t i = 0; i < field->set.count; i++)
        sk_pack_str(p, field->set.list[i]);
}

static const struct sk_item_field *
correction_of(const struct sk_inbox_entry *entry, struct sk_bytes name)
{
    const struct sk_item_correction *c = entry->correction;

    for (size_t i = 0; c != NULL && i < c->fields_count; i++)
        if (sk_bytes_equal(c->fields[i].name, name))
            return &c->fields[i];
    return NULL;
}

/* CONSENT 5.4: what was wrong, so that whoever used it can put it right; until
   a person took the correction over. */
static void pack_wrong(struct sk_pack *p, const struct sk_inbox_entry *entry)
{
    size_t count = 0;
    size_t at;

    sk_pack_cstr(p, "wrong");
    at = sk_reply_open(p);
    for (size_t i = 0; i < entry->event->fields_count; i++) {
        const struct sk_item_field *field = &entry->event->fields[i];

        if (is_locked(entry, field->name) ||
            correction_of(entry, field->name) == NULL)
            continue;
        sk_pack_str(p, field->name);
        pack_value(p, field);
        count++;
    }
    sk_reply_close_map(p, at, count);
}

/* CONSENT 4.5: a field that was asked back is not shown; one that is wrong has
   its right value, or is not shown. */
static void pack_fields(struct sk_pack *p, const char *key,
                        const struct sk_inbox_entry *entry, bool levels)
{
    size_t count = 0;
    size_t at;

    sk_pack_cstr(p, key);
    if (entry->collective) {
        sk_pack_raw(p, entry->body.bytes);
        return;
    }
    at = sk_reply_open(p);
    for (size_t i = 0; i < entry->event->fields_count; i++) {
        const struct sk_item_field *field = &entry->event->fields[i];
        const struct sk_item_field *right = correction_of(entry, field->name);

        if (right != NULL)
            field = right;
        if (is_locked(entry, field->name) || field->level.size == 0)
            continue;
        sk_pack_str(p, field->name);
        if (levels)
            sk_pack_str(p, field->level);
        else
            pack_value(p, field);
        count++;
    }
    sk_reply_close_map(p, at, count);
}

static void pack_handover(struct sk_pack *p, const struct sk_item_event *event)
{
    sk_pack_cstr(p, "handover");
    sk_pack_map(p, 4);
    sk_reply_uint(p, "epoch", event->epoch);
    sk_reply_id(p, "handover", &event->handover.id);
    sk_reply_text(p, "kind", event->handover_kind);
    sk_reply_id(p, "trajectory", &event->trajectory.id);
}

/* The name of whom it is about, when somebody said that. */
static enum sk_status name_of(struct sk_engine *e,
                              const struct sk_inbox_entry *entry,
                              struct sk_participant *out)
{
    struct sk_participant_id id;
    enum sk_status status = SK_E_NOT_FOUND;

    *out = (struct sk_participant){0};
    if (!entry->collective)
        status = sk_handle_find(e, &entry->from, &entry->event->handle, &id);
    if (status == SK_OK)
        status = sk_participant_get(e, &id, out);
    return status == SK_E_NOT_FOUND ? SK_OK : status;
}

/* One line of a list. */
static enum sk_status pack_line(struct sk_engine *e, struct sk_pack *p,
                                const struct sk_inbox_entry *entry)
{
    size_t at = sk_reply_open(p);
    size_t count = 4;
    struct sk_participant who;
    enum sk_status status;

    SK_TRY(name_of(e, entry, &who));
    if (entry->correction != NULL) {
        sk_reply_bool(p, "correction", true);
        count++;
    }
    if (who.family_name.size > 0) {
        sk_reply_text(p, "family_name", who.family_name);
        count++;
    }
    if (entry->collective) {
        pack_fields(p, "fields", entry, /* levels */ false);
        count++;
    }
    sk_reply_text(p, "from", sk_org_text(&entry->from));
    if (who.given_name.size > 0) {
        sk_reply_text(p, "given_name", who.given_name);
        count++;
    }
    if (entry->event->has_handover) {
        sk_reply_id(p, "handover", &entry->event->handover.id);
        count++;
    }
    sk_reply_id(p, "message", &entry->message.id);
    sk_reply_bool(p, "opened", entry->opened_ms != 0);
    count += pack_participant(e, p, entry, &status);
    SK_TRY(status);
    if (!entry->collective) {
        sk_reply_text(p, "purpose", entry->event->purpose);
        count++;
    }
    sk_reply_instant(p, "received", entry->received_ms);
    sk_reply_text(p, "type", entry->event->type);
    sk_reply_close_map(p, at, count + 1);
    return SK_OK;
}

static size_t pack_terms(struct sk_pack *p, const struct sk_item_event *event)
{
    sk_pack_cstr(p, "on_withdrawal");
    sk_pack_map(p, 2);
    sk_reply_cstr(p, "do", event->erase ? "erase" : "stop");
    sk_reply_uint(p, "within_days", event->within_days);
    return 1;
}

static void pack_consents(struct sk_pack *p, const struct sk_item_event *event)
{
    char text[SK_ID_TEXT_SIZE + 1];

    sk_pack_cstr(p, "consents");
    sk_pack_array(p, event->consents_count);
    for (size_t i = 0; i < event->consents_count; i++) {
        sk_id_format(&event->consents[i].id, text);
        sk_pack_cstr(p, text);
    }
}

static enum sk_status pack_event_tail(struct sk_engine *e, struct sk_pack *p,
                                      const struct sk_inbox_entry *entry,
                                      size_t *count)
{
    const struct sk_item_event *event = entry->event;
    enum sk_status status;

    *count += pack_participant(e, p, entry, &status);
    SK_TRY(status);
    sk_reply_text(p, "policy", event->policy);
    sk_reply_text(p, "purpose", event->purpose);
    sk_reply_instant(p, "received", entry->received_ms);
    if (event->roles_all) {
        sk_pack_cstr(p, "roles");
        sk_pack_nil(p);
    } else {
        pack_words(p, "roles", &event->roles);
    }
    pack_words(p, "rules", &event->rules);
    *count += 5;
    return SK_OK;
}

/* linked: with what else is here about the same person, for a request. */
static enum sk_status pack_message(struct sk_engine *e, struct sk_pack *p,
                                   const struct sk_inbox_entry *entry,
                                   bool linked)
{
    const struct sk_item_event *event = entry->event;
    size_t at = sk_reply_open(p);
    size_t count = 4;

    if (!entry->collective)
        pack_consents(p, event);
    if (entry->corrected_ms != 0) {
        sk_reply_instant(p, "corrected", entry->corrected_ms);
        count++;
    }
    if (entry->correction != NULL) {
        sk_reply_instant(p, "correction", entry->correction->at_ms);
        count++;
    }
    if (!entry->collective) {
        pack_words(p, "duties", &event->duties);
        sk_reply_text(p, "erase_by", event->erase_by);
        count += 3;
    }
    pack_fields(p, "fields", entry, /* levels */ false);
    sk_reply_text(p, "from", sk_org_text(&entry->from));
    if (!entry->collective) {
        sk_reply_id(p, "handle", &event->handle.id);
        count++;
    }
    if (event->has_handover) {
        pack_handover(p, event);
        count++;
    }
    if (!entry->collective) {
        pack_fields(p, "levels", entry, /* levels */ true);
        count++;
    }
    if (linked && event->has_handover &&
        sk_bytes_equal(event->type, sk_text("handover.requested"))) {
        SK_TRY(sk_linked_pack_received(e, &entry->from, &event->handle,
                                       &event->handover, p));
        count++;
    }
    sk_reply_id(p, "message", &entry->message.id);
    if (!entry->collective)
        count += pack_terms(p, event);
    if (entry->opened_ms != 0) {
        sk_reply_instant(p, "opened", entry->opened_ms);
        count++;
    }
    if (entry->collective) {
        sk_reply_instant(p, "received", entry->received_ms);
        count++;
    } else {
        SK_TRY(pack_event_tail(e, p, entry, &count));
    }
    sk_reply_text(p, "type", event->type);
    if (entry->correction != NULL) {
        pack_wrong(p, entry);
        count++;
    }
    sk_reply_close_map(p, at, count);
    return SK_OK;
}

/* Everything about one message. */
enum sk_status sk_inbox_pack(struct sk_engine *e, struct sk_pack *p,
                             const struct sk_inbox_entry *entry)
{
    return pack_message(e, p, entry, /* linked */ false);
}

/* ------------------------------------------------------------- finding */

/* What became of a message that is not kept: empty when nobody sent it. */
static enum sk_status what_became(struct sk_engine *e,
                                  const struct sk_message_id *id,
                                  struct sk_bytes *out)
{
    const char *code = NULL;

    for (size_t i = 0; i < e->sessions_count && code == NULL; i++)
        SK_TRY(sk_inbox_gone(e, &e->sessions[i].org, id, &code));
    *out = (struct sk_bytes){0};
    if (code != NULL)
        *out = sk_text(code[0] == 'r' ? "recalled" : "erased");
    return SK_OK;
}

/* The message argument: kept, and not asked back. */
enum sk_status sk_arg_message(struct sk_engine *e, struct sk_value args,
                              struct sk_inbox_entry **out)
{
    struct sk_inbox_entry *entry = sk_arena_get(&e->scratch, sizeof(*entry));
    struct sk_message_id id = {0};
    enum sk_status status = SK_E_NOT_FOUND;
    const char *gone = NULL;
    struct sk_bytes detail;

    if (entry == NULL)
        return SK_E_MEMORY;
    if (sk_arg_id(args, "message", &id.id))
        status = sk_inbox_get(e, &id, entry);
    if (status == SK_OK)
        status = sk_inbox_gone(e, &entry->from, &id, &gone);
    if (status == SK_E_NOT_FOUND || gone != NULL) {
        SK_TRY(what_became(e, &id, &detail));
        return sk_refuse(e, "unknown-message", "message", detail);
    }
    SK_TRY(status);
    *out = entry;
    return SK_OK;
}

/* ------------------------------------------------------------- list */

struct listing {
    struct sk_org from;
    bool only_from;
    bool only_new;
    uint64_t after; /* number; 0: from the start */
    uint64_t limit;
    uint64_t count;
    struct sk_message_id last; /* shown */
    bool more;
};

/* What nobody said whom it is about is every coach's. */
static enum sk_status is_seen(struct sk_engine *e,
                              const struct sk_inbox_entry *entry, bool *out)
{
    struct sk_participant_id person;
    enum sk_status status = SK_E_NOT_FOUND;

    if (!entry->collective)
        status =
            sk_handle_find(e, &entry->from, &entry->event->handle, &person);
    if (status == SK_E_NOT_FOUND)
        person = (struct sk_participant_id){0};
    else
        SK_TRY(status);
    return sk_case_is_seen(e, &person, out);
}

static enum sk_status list_one(struct sk_engine *e, struct listing *l,
                               const struct sk_message_id *id)
{
    struct sk_inbox_entry *entry = sk_arena_get(&e->scratch, sizeof(*entry));
    const char *gone;
    enum sk_status status;
    bool seen;

    if (entry == NULL)
        return SK_E_MEMORY;
    status = sk_inbox_get(e, id, entry);
    if (status == SK_E_NOT_FOUND)
        return SK_OK;
    SK_TRY(status);
    SK_TRY(sk_inbox_gone(e, &entry->from, id, &gone));
    SK_TRY(is_seen(e, entry, &seen));
    if (gone != NULL || !seen)
        return SK_OK;
    if (l->count == l->limit) {
        l->more = true;
        return SK_OK;
    }
    l->count++;
    l->last = *id;
    return pack_line(e, &e->reply, entry);
}

/* Those of the own cases, and of these only the partner's that is named: the
   lists look at no others.  list_one() looks at each again. */
static enum sk_status list_all(struct sk_engine *e, struct listing *l)
{
    const struct sk_org *from = l->only_from ? &l->from : NULL;
    const struct sk_key groups[] = {sk_inbox_group(from, /* opened */ false),
                                    sk_inbox_group(from, /* opened */ true)};
    struct sk_key after = {.size = 0};
    struct sk_list_walk *walk;
    enum sk_status status = SK_OK;

    sk_key_u64(&after, l->after);
    SK_TRY(sk_list_walk(e, SK_LIST_MESSAGES, groups, l->only_new ? 1 : 2,
                        sk_key_done(&after), &walk));
    while (!l->more) {
        size_t mark = sk_arena_mark(&e->scratch);
        struct sk_message_id id;
        struct sk_bytes place;
        struct sk_bytes value;

        status = sk_list_walk_next(walk, &place, &value);
        if (status == SK_E_NOT_FOUND)
            return SK_OK;
        SK_TRY(status);
        if (value.size != SK_ID_SIZE)
            return SK_E_IO;
        memcpy(id.id.bytes, value.data, SK_ID_SIZE);
        SK_TRY(list_one(e, l, &id));
        sk_arena_reset(&e->scratch, mark);
    }
    return SK_OK;
}

enum sk_status sk_op_inbox_list(struct sk_engine *e, struct sk_value args)
{
    struct listing l = {.limit = LIST_LIMIT};
    struct sk_value limit = sk_value_get(args, "limit");
    struct sk_message_id after_id;
    size_t top;
    size_t at;

    l.only_new = sk_value_bool(sk_value_get(args, "new"));
    if (sk_value_kind(sk_value_get(args, "from")) != SK_VALUE_NONE) {
        SK_TRY(sk_arg_partner(e, args, "from", &l.from));
        l.only_from = true;
    }
    if (sk_value_kind(limit) == SK_VALUE_UINT)
        l.limit = sk_value_uint(limit);
    if (l.limit < 1 || l.limit > LIST_LIMIT_MAX)
        return sk_refuse(e, "bad-argument", "limit", (struct sk_bytes){0});
    if (sk_arg_id(args, "after", &after_id.id)) {
        struct sk_inbox_entry *after =
            sk_arena_get(&e->scratch, sizeof(*after));
        enum sk_status status;

        if (after == NULL)
            return SK_E_MEMORY;
        status = sk_inbox_get(e, &after_id, after);
        if (status == SK_E_NOT_FOUND)
            return sk_refuse(e, "unknown-message", "after",
                             (struct sk_bytes){0});
        SK_TRY(status);
        l.after = after->number;
    }
    top = sk_reply_open(&e->reply);
    sk_pack_cstr(&e->reply, "messages");
    at = sk_reply_open(&e->reply);
    SK_TRY(list_all(e, &l));
    sk_reply_close_array(&e->reply, at, (size_t)l.count);
    sk_reply_bool(&e->reply, "more", l.more);
    if (l.more)
        sk_reply_id(&e->reply, "next", &l.last.id);
    sk_reply_close_map(&e->reply, top, l.more ? 3 : 2);
    return SK_OK;
}

/* ------------------------------------------------------------- one message */

/* READ or ACCEPTED, to who sent it. */
static enum sk_status tell(struct sk_engine *e,
                           const struct sk_inbox_entry *entry,
                           enum sk_item_kind kind)
{
    struct sk_item *item;

    if (entry->collective)
        return SK_OK;
    item = sk_item_new(e, kind, 0);
    if (item == NULL)
        return SK_E_MEMORY;
    item->receipt.message = entry->message;
    item->receipt.at_ms = e->now_ms;
    return sk_outbox_item(e, &entry->from, item);
}

/* A person sees it for the first time. */
static enum sk_status open_entry(struct sk_engine *e,
                                 struct sk_inbox_entry *entry)
{
    if (entry->opened_ms != 0)
        return SK_OK;
    if (entry->event->has_handover &&
        sk_bytes_equal(entry->event->type, sk_text("handover.requested")))
        SK_TRY(sk_handover_opened(e, &entry->event->handover));
    entry->opened_ms = e->now_ms;
    SK_TRY(sk_inbox_put(e, entry));
    entry->waiting = 0; /* as it is kept now */
    return tell(e, entry, SK_ITEM_READ);
}

enum sk_status sk_op_inbox_open(struct sk_engine *e, struct sk_value args)
{
    struct sk_inbox_entry *entry;

    SK_TRY(sk_arg_message(e, args, &entry));
    SK_TRY(open_entry(e, entry));
    return pack_message(e, &e->reply, entry, /* linked */ true);
}

enum sk_status sk_op_inbox_peek(struct sk_engine *e, struct sk_value args)
{
    struct sk_inbox_entry *entry;

    SK_TRY(sk_arg_message(e, args, &entry));
    return pack_message(e, &e->reply, entry, /* linked */ true);
}

enum sk_status sk_op_inbox_assign(struct sk_engine *e, struct sk_value args)
{
    struct sk_participant_id participant;
    struct sk_inbox_entry *entry;

    SK_TRY(sk_arg_message(e, args, &entry));
    SK_TRY(sk_arg_participant(e, args, &participant));
    if (entry->collective)
        return sk_refuse(e, "wrong-state", "message", (struct sk_bytes){0});
    SK_TRY(
        sk_handle_assign(e, &entry->from, &entry->event->handle, &participant));
    SK_TRY(sk_feed_put(e, SK_FEED_ASSIGNED, &entry->message.id, &entry->from,
                       NULL));
    if (entry->event->has_handover)
        SK_TRY(sk_handover_assigned(e, &entry->event->handover, &participant));
    SK_TRY(sk_timers_received(e, entry->event->type, &entry->message));
    sk_pack_map(&e->reply, 2);
    sk_reply_id(&e->reply, "message", &entry->message.id);
    sk_reply_id(&e->reply, "participant", &participant.id);
    return SK_OK;
}

enum sk_status sk_op_inbox_accept(struct sk_engine *e, struct sk_value args)
{
    struct sk_inbox_entry *entry;

    SK_TRY(sk_arg_message(e, args, &entry));
    if (entry->accepted_ms == 0) {
        SK_TRY(open_entry(e, entry));
        entry->accepted_ms = e->now_ms;
        SK_TRY(sk_inbox_put(e, entry));
        SK_TRY(tell(e, entry, SK_ITEM_ACCEPTED));
    }
    sk_pack_map(&e->reply, 2);
    sk_reply_instant(&e->reply, "accepted", entry->accepted_ms);
    sk_reply_id(&e->reply, "message", &entry->message.id);
    return SK_OK;
}
