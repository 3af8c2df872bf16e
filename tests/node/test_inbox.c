/* Tests: node/engine/inbox_gone.c, node/engine/inbox_ops.c,
   node/engine/inbox_record.c */
#include "node/engine/inbox.h"
#include "node/engine/state.h"
#include "tests/node/lines.h"

#define START "2026-09-01T08:00:00Z"

/* Messages 1..count of buso at gtb. */
static void arrive(struct fx *f, unsigned count)
{
    static struct sk_item item;

    for (unsigned i = 1; i <= count; i++) {
        ln_event(&item, (uint8_t)i);
        ln_item(f, "buso", "gtb", &item, i);
    }
}

/* The id that ln_event() gives. */
static const char *id_text(uint8_t byte)
{
    static char texts[8][SK_ID_TEXT_SIZE + 1];
    static size_t next;
    char *out = texts[next++ % 8];
    struct sk_id id;

    memset(id.bytes, byte, sizeof(id.bytes));
    sk_id_format(&id, out);
    return out;
}

static struct sk_message_id id_of(uint8_t byte)
{
    struct sk_message_id id;

    memset(id.id.bytes, byte, sizeof(id.id.bytes));
    return id;
}

/* Something inside the engine of gtb, in a transaction. */
static void inside(struct fx *f, void (*fn)(struct sk_engine *, void *),
                   void *context)
{
    static struct sk_effects effects;
    struct fx_node *node = fx_node(f, "gtb");

    sk_effects_start(&effects, (struct sk_room){f->room, FX_ROOM_MAX});
    cr_assert(sk_store_begin(node->store) == SK_OK);
    node->engine->effects = &effects;
    node->engine->random = (struct sk_random){.seed = fx_seed(f)};
    fn(node->engine, context);
    node->engine->effects = NULL;
    sk_arena_reset(&node->engine->scratch, 0);
    cr_assert(sk_store_commit(node->store) == SK_OK);
    if (effects.shred) {
        node->shredded = true;
        cr_assert(sk_store_shred(node->store) == SK_OK);
    }
}

struct lock {
    uint8_t message;
    bool all;
    const char *field;
    bool erase;
};

static void lock_or_erase(struct sk_engine *e, void *context)
{
    struct lock *lock = context;
    struct sk_message_id id = id_of(lock->message);
    struct sk_words words = {.count = 0};
    struct sk_org from;

    cr_assert(sk_org_parse(sk_text("buso"), &from));
    if (lock->field != NULL)
        words.list[words.count++] = sk_text(lock->field);
    if (lock->erase)
        cr_assert(sk_inbox_erase(e, &from, &id, lock->all, &words) == SK_OK);
    else
        cr_assert(sk_inbox_lock(e, &from, &id, lock->all, &words) == SK_OK);
}

static const char *fields(struct fx *f, uint8_t message)
{
    fx_call(f, "gtb", "inbox.peek", "{'message':'%s'}", id_text(message));
    return fx_text(f, "result.fields");
}

/* Whose data key its record is under: what stands in front of it. */
static struct sk_id key_owner(struct fx *f, uint8_t message)
{
    struct sk_store *store = fx_node(f, "gtb")->store;
    struct sk_message_id id = id_of(message);
    struct sk_key key = sk_key_start(SK_T_INBOX);
    struct sk_id owner = {{0}};
    struct sk_bytes value;

    sk_key_id(&key, &id.id);
    cr_assert(sk_store_begin(store) == SK_OK);
    cr_assert(sk_store_get(store, SK_SPACE_DATA, sk_key_done(&key), &value) ==
              SK_OK);
    memcpy(owner.bytes, value.data, SK_ID_SIZE);
    sk_store_abort(store);
    return owner;
}

static bool has_key(struct fx *f, const struct sk_id *owner)
{
    struct sk_store *store = fx_node(f, "gtb")->store;
    struct sk_bytes value;
    enum sk_status status;

    cr_assert(sk_store_begin(store) == SK_OK);
    status = sk_store_get(store, SK_SPACE_KEYS,
                          (struct sk_bytes){owner->bytes, SK_ID_SIZE}, &value);
    sk_store_abort(store);
    return status == SK_OK;
}

/* ------------------------------------------------------------- reading */

Test(inbox, peek_shows_everything_that_came)
{
    static struct fx f;

    fx_start(&f, "S2A", START);
    arrive(&f, 1);
    fx_call(&f, "gtb", "inbox.peek", "{'message':'%s'}", id_text(1));
    cr_expect(
        eq(str, f.reply,
           "{'ok':true,'result':{'consents':[],'duties':[],"
           "'erase_by':'2026-12-01',"
           "'fields':{'eval_learning':'4','eval_period':'2026-W45'},"
           "'from':'buso','handle':'11111111-1111-1111-1111-111111111111',"
           "'levels':{'eval_learning':'exact','eval_period':'exact'},"
           "'message':'01010101-0101-0101-0101-010101010101',"
           "'on_withdrawal':{'do':'erase','within_days':30},'policy':'buso/1',"
           "'purpose':'guidance.joint','received':'2026-09-01T08:00:00Z',"
           "'roles':nil,'rules':['a-rule'],'type':'workplace.evaluated'}}"));
    fx_end(&f);
}

/* DOMAIN 3.4: opening is what a person does: once, and the sender hears it.
   Accepting is more. */
Test(inbox, open_and_accept_tell_the_sender_once)
{
    static struct fx f;
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    arrive(&f, 2);
    fx_call(&f, "gtb", "inbox.list", "{'new':true}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.messages")), 2));
    t = ln_trace(&f, "buso", "gtb");
    /* The clock of gtb only: buso sent nothing and must not be asked. */
    fx_call(&f, "gtb", "clock.set", "{'at':'2026-09-02T09:00:00Z'}");
    ln_clear(t);
    fx_call(&f, "gtb", "inbox.open", "{'message':'%s'}", id_text(1));
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.opened"), "2026-09-02T09:00:00Z"));
    cr_expect(eq(str, t->text, "gtb>buso ITEMS 1: 1-1\n"));
    fx_call(&f, "gtb", "inbox.open", "{'message':'%s'}", id_text(1));
    cr_expect(eq(str, t->text, "gtb>buso ITEMS 1: 1-1\n"));
    fx_call(&f, "gtb", "inbox.list", "{'new':true}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.messages")), 1));
    fx_call(&f, "gtb", "inbox.list", "{}");
    cr_expect(eq(str, (char *)fx_text(&f, "result.messages.0.opened"), "true"));
    /* Accepting what was not opened opens it: READ and ACCEPTED. */
    fx_call(&f, "gtb", "inbox.accept", "{'message':'%s'}", id_text(2));
    fx_call(&f, "gtb", "inbox.accept", "{'message':'%s'}", id_text(2));
    cr_expect(eq(str, t->text,
                 "gtb>buso ITEMS 1: 1-1\n"
                 "gtb>buso ITEMS 1: 2-3\n"));
    free(t);
    fx_end(&f);
}

/* DOMAIN 3.2: a person says who is behind a handle; then all its messages
   are theirs. */
Test(inbox, assign_names_the_participant)
{
    static struct fx f;
    char id[64];

    fx_start(&f, "S2A", START);
    arrive(&f, 2);
    fx_refused(&f, "gtb", "unknown-participant", "inbox.assign",
               "{'message':'%s','participant':'%s'}", id_text(1), id_text(9));
    fx_call(&f, "gtb", "participant.add", "{'given_name':'Lotte'}");
    snprintf(id, sizeof(id), "%s", fx_text(&f, "result.participant"));
    fx_call(&f, "gtb", "inbox.assign", "{'message':'%s','participant':'%s'}",
            id_text(1), id);
    fx_call(&f, "gtb", "inbox.list", "{}");
    cr_expect(
        eq(str, (char *)fx_text(&f, "result.messages.1.participant"), id));
    fx_end(&f);
}

Test(inbox, list_goes_on_where_it_stopped)
{
    static struct fx f;
    char after[64];
    unsigned seen = 0;

    fx_start(&f, "S2A", START);
    arrive(&f, 7);
    fx_call(&f, "gtb", "inbox.list", "{'limit':3}");
    while (true) {
        size_t n = sk_value_count(fx_at(&f, "result.messages"));
        char path[64];

        for (size_t i = 0; i < n; i++) {
            snprintf(path, sizeof(path), "result.messages.%zu.message", i);
            seen++;
            cr_expect(eq(str, (char *)fx_text(&f, path),
                         (char *)id_text((uint8_t)seen)));
        }
        snprintf(after, sizeof(after), "%s", fx_text(&f, path));
        cr_expect(eq(int, sk_value_bool(fx_at(&f, "result.more")), seen < 7));
        if (!sk_value_bool(fx_at(&f, "result.more")))
            break;
        fx_call(&f, "gtb", "inbox.list", "{'limit':3,'after':'%s'}", after);
    }
    cr_expect(eq(u32, seen, 7));
    fx_call(&f, "gtb", "inbox.list", "{'from':'vdab'}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.messages")), 0));
    fx_end(&f);
}

/* ------------------------------------------------------------- locks */

/* CONSENT 4.5: what is asked back is not used from that moment on. */
Test(inbox, locked_field_is_not_shown)
{
    static struct fx f;
    struct lock lock = {.message = 1, .field = "eval_learning"};

    fx_start(&f, "S2A", START);
    arrive(&f, 1);
    inside(&f, lock_or_erase, &lock);
    cr_expect(eq(str, (char *)fields(&f, 1), "{'eval_period':'2026-W45'}"));
    cr_expect(eq(str, (char *)fx_text(&f, "result.levels"),
                 "{'eval_period':'exact'}"));
    fx_end(&f);
}

Test(inbox, locked_message_is_nowhere)
{
    static struct fx f;
    static struct sk_item item;
    struct lock lock = {.message = 1, .all = true};
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    arrive(&f, 2);
    inside(&f, lock_or_erase, &lock);
    fx_call(&f, "gtb", "inbox.list", "{}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.messages")), 1));
    fx_call(&f, "gtb", "inbox.list", "{'new':true}");
    cr_expect(eq(sz, sk_value_count(fx_at(&f, "result.messages")), 1));
    fx_refused(&f, "gtb", "unknown-message", "inbox.open", "{'message':'%s'}",
               id_text(1));
    cr_expect(eq(str, (char *)fx_text(&f, "error.detail"), "recalled"));
    /* Coming again, in a new place or in the old one, it is refused. */
    t = ln_trace(&f, "buso", "gtb");
    ln_event(&item, 1);
    ln_item(&f, "buso", "gtb", &item, 3);
    ln_item(&f, "buso", "gtb", &item, 1);
    cr_expect(eq(str, t->text,
                 "gtb>buso REFUSAL recalled item\n"
                 "gtb>buso RECEIPT 1: 3\n"
                 "gtb>buso REFUSAL recalled duplicate\n"
                 "gtb>buso RECEIPT 1: 1\n"));
    free(t);
    fx_end(&f);
}

/* Also what never came is remembered: the recall may overtake it. */
Test(inbox, recall_of_what_never_came)
{
    static struct fx f;
    static struct sk_item item;
    struct lock lock = {.message = 5, .all = true, .erase = true};
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    inside(&f, lock_or_erase, &lock);
    t = ln_trace(&f, "buso", "gtb");
    ln_event(&item, 5);
    ln_item(&f, "buso", "gtb", &item, 1);
    cr_expect(eq(str, t->text,
                 "gtb>buso REFUSAL recalled item\n"
                 "gtb>buso RECEIPT 1: 1\n"));
    free(t);
    fx_end(&f);
}

/* ------------------------------------------------------------- erasure */

/* CONSENT 5.3: the key goes, and what was under it stays unreadable. */
Test(inbox, erase_destroys_the_key)
{
    static struct fx f;
    struct lock lock = {.message = 1, .all = true, .erase = true};
    struct sk_id first;
    struct sk_id second;

    fx_start(&f, "S2A", START);
    arrive(&f, 2);
    first = key_owner(&f, 1);
    second = key_owner(&f, 2);
    cr_expect(not(sk_id_equal(&first, &second)), "a key per message");
    cr_expect(has_key(&f, &first));
    inside(&f, lock_or_erase, &lock);
    cr_expect(not(has_key(&f, &first)));
    cr_expect(has_key(&f, &second));
    cr_expect(fx_node(&f, "gtb")->shredded);
    fx_refused(&f, "gtb", "unknown-message", "inbox.peek", "{'message':'%s'}",
               id_text(1));
    cr_expect(eq(str, (char *)fields(&f, 2),
                 "{'eval_learning':'4','eval_period':'2026-W45'}"));
    fx_end(&f);
}

/* Untouched fields stay, under another key than before, which is gone. */
Test(inbox, erase_of_fields_changes_the_key)
{
    static struct fx f;
    struct lock lock = {.message = 1, .field = "eval_learning", .erase = true};
    struct sk_id before;
    struct sk_id after;

    fx_start(&f, "S2A", START);
    arrive(&f, 1);
    before = key_owner(&f, 1);
    inside(&f, lock_or_erase, &lock);
    cr_expect(eq(str, (char *)fields(&f, 1), "{'eval_period':'2026-W45'}"));
    cr_expect(fx_node(&f, "gtb")->shredded);
    after = key_owner(&f, 1);
    cr_expect(not(sk_id_equal(&before, &after)));
    cr_expect(not(has_key(&f, &before)));
    cr_expect(has_key(&f, &after));
    fx_end(&f);
}

/* A partner erases only what came from it. */
Test(inbox, erase_is_of_the_partner_it_came_from)
{
    static struct fx f;
    static struct sk_item item;
    struct lock lock = {.message = 1, .all = true, .erase = true};

    fx_start(&f, "S2A", START);
    ln_event(&item, 1);
    item.event.source = sk_text("vdab");
    ln_item(&f, "vdab", "gtb", &item, 1);
    inside(&f, lock_or_erase, &lock); /* as buso */
    cr_expect(eq(str, (char *)fields(&f, 1),
                 "{'eval_learning':'4','eval_period':'2026-W45'}"));
    fx_end(&f);
}

/* CONSENT 5.1: on its erase_by day it goes by itself, at 00:00 of that day in
   Brussels, and only the id and the fact stay. */
Test(inbox, erase_by_comes_by_itself)
{
    static struct fx f;
    static struct sk_item item;
    struct sk_id owner;
    struct ln_trace *t;

    fx_start(&f, "S2A", START);
    fx_offline(&f, "buso", true);
    arrive(&f, 1);
    owner = key_owner(&f, 1);
    fx_clock(&f, "2026-11-30T22:59:00Z");
    cr_expect(has_key(&f, &owner));
    fx_clock(&f, "2026-11-30T23:00:00Z");
    cr_expect(not(has_key(&f, &owner)));
    fx_refused(&f, "gtb", "unknown-message", "inbox.open", "{'message':'%s'}",
               id_text(1));
    cr_expect(eq(str, (char *)fx_text(&f, "error.detail"), "erased"));
    fx_node(&f, "buso")->offline = false;
    t = ln_trace(&f, "buso", "gtb");
    ln_event(&item, 1);
    ln_item(&f, "buso", "gtb", &item, 1);
    cr_expect(eq(str, t->text,
                 "gtb>buso REFUSAL expired duplicate\n"
                 "gtb>buso RECEIPT 1: 1\n"));
    free(t);
    fx_end(&f);
}
