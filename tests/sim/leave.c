#include "tests/sim/sim.h"

/*
 * A node leaves (CONSENT.md 5.6): it says so, erases what partners sent, a
 * part at a time, keeps something for a law, or stays after all.  From the
 * moment it says so nothing new leaves it, and nothing new comes in.
 */
bool is_leaving(size_t at)
{
    return history_now(&sim.nodes[at].leaving) != 0;
}

static void start(size_t at)
{
    if (!ask(at, "leave.start", ""))
        return;
    say("  %s leaves", node_names[at]);
    history_put(&sim.nodes[at].leaving, 1);
    sim.nodes[at].emptied = false;
    sim.nodes[at].emptied_to = 0;
    model_doubt(at, NODES);
    model_doubt(NODES, at);
}

/* What was refused meanwhile does not come any more. */
static void stay(size_t at)
{
    if (!ask(at, "leave.stop", ""))
        return;
    say("  %s stays", node_names[at]);
    model_doubt(at, NODES);
    model_doubt(NODES, at);
    history_put(&sim.nodes[at].leaving, 0);
    sim.nodes[at].emptied = false;
}

static void keep(size_t at)
{
    char id[64];

    if (ask(at, "inbox.list", "") &&
        pick("messages", "message", id, sizeof(id)) > 0 &&
        ask(at, "leave.keep", "keep_until=s law_reference=s message=s",
            "2028-01-01", "Een wet", id))
        sim.nodes[at].refused_erasure = true;
}

/* One part. */
static void erase(size_t at)
{
    struct node *node = &sim.nodes[at];

    if (!ask(at, "leave.erase", "after=u", node->emptied_to))
        return;
    node->emptied_to = got_number("next");
    if (node->emptied_to == 0 && !node->emptied) {
        node->emptied = true;
        sim.emptied++;
    }
}

void act_leave(void)
{
    size_t at = sim.leaver;

    if (!is_leaving(at))
        start(at);
    else if (one_in(8))
        stay(at);
    else if (one_in(4))
        keep(at);
    else
        erase(at);
}

void leave_settle(void)
{
    size_t at = sim.leaver;

    if (at == NODES || !is_leaving(at))
        return;
    for (size_t i = 0; i == 0 || !sim.nodes[at].emptied; i++) {
        check(i < 50, "%s never has erased all", node_names[at]);
        sim.nodes[at].emptied = false;
        erase(at);
    }
    check(net_wait(), "it never comes to rest");
}

static void nothing_left(size_t at, const char *id,
                         struct sk_message_id *message)
{
    (void)message;
    check(sim.nodes[at].refused_erasure, "%s leaves, and still has %s",
          node_names[at], id);
}

/* Nothing is open with anybody, but what a law keeps. */
void check_left(void)
{
    size_t at = sim.leaver;

    if (at == NODES || !is_leaving(at))
        return;
    check_messages_at(at, nothing_left);
    check(ask(at, "leave.report", ""), "%s has no report", node_names[at]);
    check(got_number("handovers_count") == 0,
          "%s leaves, and has an open handover", node_names[at]);
    check(got_true("settled") || sim.liar < NODES ||
              sim.nodes[at].refused_erasure || sim.unlucky < NODES,
          "%s leaves, and is not done with everybody", node_names[at]);
}
