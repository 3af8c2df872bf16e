#include "tests/sim/sim.h"

#include "node/engine/inbox.h"
#include "node/engine/session.h"

/*
 * A client system follows each node (docs/IMPORT.md 5): it reads from what it
 * confirmed on, and confirms what it has; either may be lost in a crash.
 * Nothing is missed, and nothing comes twice under another number.
 */
static struct sk_value entry_value(struct sk_value_walk *walk, const char *key)
{
    return sk_value_get(walk->value, key);
}

static bool is_kind(struct sk_value_walk *walk, const char *kind)
{
    return sk_bytes_equal(sk_value_str(entry_value(walk, "kind")),
                          sk_text(kind));
}

static struct row *row_of(struct node *node, struct sk_bytes id)
{
    for (size_t i = 0; i < node->rows_count; i++)
        if (sk_bytes_equal(sk_text(node->rows[i].id), id))
            return &node->rows[i];
    return NULL;
}

static void take_message(size_t at, uint64_t number, struct sk_bytes id)
{
    struct node *node = &sim.nodes[at];
    struct row *row = row_of(node, id);

    if (row == NULL) {
        check(node->rows_count < SK_COUNT(node->rows), "too many rows");
        row = &node->rows[node->rows_count++];
        snprintf(row->id, sizeof(row->id), "%.*s", (int)id.size,
                 (const char *)id.data);
        row->number = number;
    }
    /* What came again after a restore is news again. */
    check(row->number == number || node->restored,
          "%s: %s is in the feed twice", node_names[at], row->id);
}

static void take_entry(size_t at, struct sk_value_walk *walk)
{
    struct node *node = &sim.nodes[at];
    uint64_t number = sk_value_uint(entry_value(walk, "number"));
    struct sk_value message = entry_value(walk, "message");

    if (is_kind(walk, "message"))
        take_message(at, number,
                     sk_value_str(sk_value_get(message, "message")));
    if (number > node->feed)
        node->feed = number;
}

/* One page; false: there is no more, or it cannot be had now. */
static bool read_page(size_t at, uint64_t limit)
{
    struct node *node = &sim.nodes[at];
    struct sk_value_walk walk;
    uint64_t last = 0;
    uint64_t next;
    bool more;

    if (!ask(at, "feed.read", "limit=u subscriber=s", limit, "kvs"))
        return false;
    next = got_number("next");
    more = got_true("more");
    walk = sk_value_walk(got_value("entries"));
    while (sk_value_next(&walk)) {
        uint64_t number = sk_value_uint(entry_value(&walk, "number"));

        check(number > last && number <= next, "%s: the feed goes back",
              node_names[at]);
        last = number;
        take_entry(at, &walk);
    }
    if (next > node->feed)
        node->feed = next;
    if (!ask(at, "feed.confirm", "cursor=u subscriber=s", next, "kvs"))
        return false;
    return more;
}

void act_follow(size_t at)
{
    (void)read_page(at, 1 + chance(5));
}

/* All that is there to be used was told. */
static void check_told(size_t at, const char *id, struct sk_message_id *message)
{
    struct node *node = &sim.nodes[at];
    const struct message *m = model_message(id);
    const char *gone;

    if (m == NULL || m->from == sim.liar)
        return;
    check(sk_inbox_gone(engine(at), &sim.f.nodes[m->from].org, message,
                        &gone) == SK_OK,
          "a message at %s", node_names[at]);
    check(gone != NULL || row_of(node, sk_text(id)) != NULL,
          "%s has %s, and its feed does not say so", node_names[at], id);
}

void check_feed(size_t at)
{
    for (size_t i = 0; read_page(at, 50); i++)
        check(i < 1000, "the feed of %s has no end", node_names[at]);
    check_messages_at(at, check_told);
}
