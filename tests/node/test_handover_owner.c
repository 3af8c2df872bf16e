/* I6, docs/DOMAIN.md 5.4: a trajectory has at most one owner, whatever is made
   up, crosses, repeats, comes late or is restored. */
#include "tests/node/inside.h"

#include "tests/node/handover.h"

TestSuite(handover_owner, .init = start, .fini = end);

/* ------------------------------------------------------------- ownership */

static struct sk_handover_id id_of(struct people_id text)
{
    struct sk_handover_id id;

    cr_assert(sk_id_parse(sk_text(text.text), &id.id));
    return id;
}

/* Give an item to an engine as if it came from a partner; the refusal. */
static const char *apply(const char *node, const char *from,
                         const struct sk_item *item)
{
    struct sk_engine *e = fx_enter(&f, node);
    const char *refusal = NULL;

    cr_assert(sk_handover_apply(e, &fx_node(&f, from)->org, item, &refusal) ==
              SK_OK);
    fx_leave(e);
    return refusal == NULL ? "none" : refusal;
}

static struct sk_item *claim(struct people_id h, uint64_t epoch)
{
    static struct sk_item item;

    memset(&item, 0, sizeof(item));
    item.kind = SK_ITEM_HANDOVER;
    item.handover.handover = id_of(h);
    item.handover.input = sk_text("complete");
    item.handover.epoch = epoch;
    item.handover.at_ms = 1;
    return &item;
}

/* What a partner could make up. */
Test(handover_owner, believes_no_claim_that_it_did_not_agree_to)
{
    struct people_id h = request("gtb");
    struct sk_item *item;

    fx_run(&f);
    /* Not accepted yet; another epoch; another partner. */
    EQ(apply("buso", "gtb", claim(h, 1)), "none");
    EQ(shown("buso", h, "state"), "requested");
    EQ(apply("buso", "gtb", claim(h, 2)), "stale-epoch");
    EQ(apply("buso", "vdab", claim(h, 1)), "unknown-handover");
    EQ(apply("gtb", "buso", claim(h, 1)), "wrong-state");
    EQ(apply("vdab", "gtb", claim(h, 1)), "unknown-handover");
    item = claim(h, 1);
    item->handover.input = sk_text("take");
    EQ(apply("buso", "gtb", item), "malformed-item");
    item = claim(h, 1);
    item->handover.input = sk_text("cancel");
    EQ(apply("buso", "gtb", item), "wrong-state");
    cr_expect(eq(int, owners(h), (int)fx_index(&f, "buso")));
}

/* An owner that nobody released is no owner. */
Test(handover_owner, takes_ownership_only_from_the_owner_who_lets_go)
{
    struct people_id h = request("gtb");
    struct sk_item *item = claim(h, 1);
    struct sk_trajectory_id trajectory;

    fx_run(&f);
    give("gtb", h, "answer-accepted");
    fx_run(&f);
    cr_assert(
        sk_id_parse(sk_text(shown("gtb", h, "trajectory")), &trajectory.id));
    memset(item, 0, sizeof(*item));
    item->kind = SK_ITEM_RELEASED;
    item->owner.handover = id_of(h);
    item->owner.trajectory = trajectory;
    item->owner.epoch = 2;
    item->owner.owner = sk_text("gtb");
    item->owner.previous = sk_text("buso");
    /* Not completed yet. */
    EQ(apply("gtb", "buso", item), "wrong-state");
    fx_offline(&f, "gtb", true);
    give("gtb", h, "complete");
    EQ(apply("gtb", "vdab", item), "unknown-handover");
    item->owner.owner = sk_text("vdab");
    EQ(apply("gtb", "buso", item), "wrong-state");
    item->owner.owner = sk_text("gtb");
    item->owner.epoch = 3;
    EQ(apply("gtb", "buso", item), "wrong-state");
    item->owner.epoch = 1;
    EQ(apply("gtb", "buso", item), "stale-epoch");
    EQ(shown("gtb", h, "owner"), "buso");
    item->owner.epoch = 2;
    EQ(apply("buso", "gtb", item), "wrong-state");
    fx_offline(&f, "gtb", false);
    fx_wait(&f, 130000);
    EQ(shown("gtb", h, "owner"), "gtb");
    /* A second copy is what we know; nothing changes. */
    EQ(apply("gtb", "buso", item), "none");
    EQ(shown("gtb", h, "epoch"), "2");
}

/* The sender says that our completion did not count. */
Test(handover_owner, a_completion_that_is_refused_is_over)
{
    struct people_id h = request("gtb");
    struct sk_item *item = claim(h, 1);

    fx_run(&f);
    give("gtb", h, "answer-accepted");
    fx_run(&f);
    fx_offline(&f, "gtb", true);
    give("gtb", h, "complete");
    memset(item, 0, sizeof(*item));
    item->kind = SK_ITEM_UNRELEASED;
    item->owner.handover = id_of(h);
    cr_assert(sk_id_parse(sk_text(shown("gtb", h, "trajectory")),
                          &item->owner.trajectory.id));
    item->owner.epoch = 1;
    item->owner.reason = sk_text("wrong-state");
    EQ(apply("gtb", "vdab", item), "unknown-handover");
    EQ(apply("gtb", "buso", item), "none");
    EQ(shown("gtb", h, "state"), "cancelled");
    EQ(shown("gtb", h, "owner"), "buso");
    /* Nobody talks a node out of what it has: it was never restored. */
    item->owner.epoch = 9;
    item->owner.handover.id.bytes[0] ^= 1;
    EQ(apply("buso", "gtb", item), "unknown-handover");
    EQ(shown("buso", h, "owner"), "buso");
}

/* A request about a trajectory that is ours and that nobody was given. */
Test(handover_owner, believes_no_request_about_what_is_its_own)
{
    static struct sk_item_event event;
    struct people_id h = request("gtb");
    struct sk_engine *e;
    const uint64_t epochs[] = {1, 2, 99};

    fx_run(&f);
    event.has_handover = true;
    event.handover.id.bytes[0] = 1;
    event.handover_kind = sk_text("warm");
    cr_assert(sk_id_parse(sk_text(shown("gtb", h, "trajectory")),
                          &event.trajectory.id));
    for (size_t i = 0; i < SK_COUNT(epochs); i++) {
        const char *refusal = NULL;

        event.epoch = epochs[i];
        e = fx_enter(&f, "buso");
        cr_assert(sk_handover_arrived(e, &fx_node(&f, "gtb")->org, &event,
                                      &refusal) == SK_OK);
        fx_leave(e);
        cr_assert(refusal != NULL);
        EQ(refusal, "stale-epoch");
    }
    EQ(shown("buso", h, "owner"), "buso");
    EQ(shown("buso", h, "epoch"), "1");
}

/* It let go, and before that was heard one of the two is put out: DOMAIN 3.3.
   Without the release nobody would be the owner. */
static void release_across(const char *suspended)
{
    struct people_id h = request("gtb");
    char key[16];
    char line[64];

    fx_run(&f);
    give("gtb", h, "answer-accepted");
    fx_run(&f);
    fx_offline(&f, "gtb", true);
    give("gtb", h, "complete");
    EQ(apply("buso", "gtb", claim(h, 1)), "none");
    cr_expect(eq(int, owners(h), -2));
    snprintf(key, sizeof(key), "  %s:\n", suspended);
    snprintf(line, sizeof(line), "%s    status: suspended\n", key);
    fx_partners(&f, key, line);
    fx_offline(&f, "gtb", false);
    fx_wait(&f, 130000);
    cr_expect(eq(int, owners(h), (int)fx_index(&f, "gtb")));
    EQ(shown("gtb", h, "epoch"), "2");
}

Test(handover_owner, a_release_reaches_who_is_put_out)
{
    release_across("gtb");
}

Test(handover_owner, a_release_of_who_is_put_out_is_taken)
{
    release_across("buso");
}

/* The same completion twice: one move, and the release is said again. */
Test(handover_owner, a_completion_that_comes_twice_moves_once)
{
    struct people_id h = request("gtb");

    fx_run(&f);
    give("gtb", h, "answer-accepted");
    give("gtb", h, "complete");
    fx_run(&f);
    EQ(shown("buso", h, "epoch"), "2");
    EQ(apply("buso", "gtb", claim(h, 1)), "none");
    fx_wait(&f, 130000);
    EQ(shown("buso", h, "epoch"), "2");
    EQ(shown("gtb", h, "epoch"), "2");
    cr_expect(eq(int, owners(h), (int)fx_index(&f, "gtb")));
}

/* ------------------------------------------------------------- restores */

static void hand_over(struct people_id h)
{
    fx_run(&f);
    give("gtb", h, "answer-accepted");
    fx_run(&f);
    give("gtb", h, "complete");
    fx_run(&f);
}

static void expect_moved(struct people_id h)
{
    fx_wait(&f, 10000);
    cr_expect(eq(int, owners(h), (int)fx_index(&f, "gtb")));
    EQ(shown("gtb", h, "state"), "completed");
    EQ(shown("gtb", h, "epoch"), "2");
}

/* I6: the backup does not know that it let go. */
Test(handover_owner, an_owner_of_a_backup_learns_that_it_let_go)
{
    struct people_id h = request("gtb");
    struct sk_store *backup;

    fx_run(&f);
    give("gtb", h, "answer-accepted");
    fx_run(&f);
    backup = ln_backup(&f, "buso");
    give("gtb", h, "complete");
    fx_run(&f);
    EQ(shown("buso", h, "owner"), "gtb");
    ln_restore(&f, "buso", backup);
    expect_moved(h);
    EQ(shown("buso", h, "state"), "completed");
    EQ(shown("buso", h, "epoch"), "2");
}

/* It begins its log anew without end: what reminds it is said once, until it
   has that.  PROTOCOL.md 8.9 */
Test(handover_owner, a_log_that_begins_anew_without_end_fills_nothing)
{
    static struct sk_message m;
    struct people_id h;
    uint64_t before;
    uint64_t after;

    h = request("gtb");
    hand_over(h);
    expect_moved(h);
    before = strtoull(ln_peer(&f, "buso", "gtb", "unconfirmed"), NULL, 10);
    m.kind = SK_MESSAGE_HELLO;
    for (uint64_t i = 2; i < 60; i++) {
        m.hello = (struct sk_hello){.incarnation = i,
                                    .peer_incarnation = 1,
                                    .card_version = 1,
                                    .charter_version = 1,
                                    .sent_ms = f.real_ms};
        ln_tell(&f, "gtb", "buso", &m);
        f.real_ms += 300;
    }
    after = strtoull(ln_peer(&f, "buso", "gtb", "unconfirmed"), NULL, 10);
    cr_expect(after > before && after <= before + 2, "%llu, %llu",
              (unsigned long long)before, (unsigned long long)after);
}

/* It forgot that it was called off, and lets go: nobody would be the owner. */
Test(handover_owner, an_owner_of_a_backup_takes_back_what_was_called_off)
{
    struct people_id h = request("gtb");
    struct sk_store *backup;

    fx_run(&f);
    give("gtb", h, "answer-accepted");
    fx_run(&f);
    backup = ln_backup(&f, "buso");
    cross(h, "cancel", "complete", "cancelled");
    ln_restore(&f, "buso", backup);
    fx_wait(&f, 130000);
    cr_expect(eq(int, owners(h), (int)fx_index(&f, "buso")));
    EQ(shown("buso", h, "epoch"), "3");
    expect_both(h, "cancelled");
}

/* It hands over again before it learns that it may not. */
Test(handover_owner, an_owner_of_a_backup_cannot_hand_over_again)
{
    struct people_id h = request("gtb");
    struct people_id late;
    struct sk_store *backup;

    fx_run(&f);
    give("gtb", h, "answer-accepted");
    fx_run(&f);
    backup = ln_backup(&f, "buso");
    give("gtb", h, "complete");
    fx_run(&f);
    fx_offline(&f, "buso", true);
    ln_restore(&f, "buso", backup);
    late = request("gtb");
    fx_offline(&f, "buso", false);
    expect_moved(h);
    EQ(shown("buso", late, "state"), "cancelled");
    EQ(shown("buso", late, "owner"), "gtb");
    fx_call(&f, "gtb", "handover.show", "{'handover':'%s'}", late.text);
    EQ(fx_text(&f, "error.code"), "unknown-handover");
}

/* Nor that there ever was a handover. */
Test(handover_owner, an_owner_of_an_older_backup_learns_it_too)
{
    struct people_id h;
    struct sk_store *backup;

    fx_ok(&f, "buso", "event.record",
          "{'participant':'%s','type':'trajectory.started','fields':{"
          "'start_date':'2027-03-01','phase':'intake','status':'active'}}",
          who.text);
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}", who.text);
    EQ(fx_text(&f, "result.trajectory.owner"), "buso");
    backup = ln_backup(&f, "buso");
    h = request("gtb");
    hand_over(h);
    ln_restore(&f, "buso", backup);
    expect_moved(h);
    fx_ok(&f, "buso", "participant.show", "{'participant':'%s'}", who.text);
    EQ(fx_text(&f, "result.trajectory.owner"), "gtb");
    EQ(fx_text(&f, "result.trajectory.epoch"), "2");
}

/* The new owner forgot that it became it, at each step of the way. */
Test(handover_owner, an_owner_learns_again_that_it_is)
{
    for (size_t i = 0; i < 3; i++) {
        struct people_id h = request("gtb");
        struct sk_store *backup = NULL;

        if (i == 0)
            backup = ln_backup(&f, "gtb");
        fx_run(&f);
        if (i == 1)
            backup = ln_backup(&f, "gtb");
        give("gtb", h, "answer-accepted");
        fx_run(&f);
        if (i == 2)
            backup = ln_backup(&f, "gtb");
        give("gtb", h, "complete");
        fx_run(&f);
        cr_expect(eq(int, owners(h), (int)fx_index(&f, "gtb")));
        ln_restore(&f, "gtb", backup);
        expect_moved(h);
        next_person();
    }
}

/* ------------------------------------------------------------- weather */

static uint64_t dice_state;

static uint64_t dice(uint64_t sides)
{
    uint64_t z = dice_state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % sides;
}

/* One random thing happens; refusals are fine, a second owner is not. */
static void happen(struct people_id h)
{
    static const char *const inputs[] = {
        "open",
        "answer-need_info",
        "answer-waiting",
        "answer-accepted",
        "answer-accepted",
        "answer-declined",
        "complete",
        "complete",
        "return",
        "cancel",
    };

    switch (dice(7)) {
    case 0:
        fx_offline(&f, "gtb", !fx_node(&f, "gtb")->offline);
        return;
    case 1:
        fx_wait(&f, 2000);
        return;
    case 2:
        fx_crash(&f, dice(2) == 0 ? "buso" : "gtb");
        return;
    default:
        break;
    }
    fx_call(&f, dice(4) == 0 ? "buso" : "gtb", "handover.input",
            "{'handover':'%s','input':'%s'}", h.text,
            inputs[dice(SK_COUNT(inputs))]);
    if (dice(2) == 0)
        fx_run(&f);
}

Test(handover_owner, has_one_owner_in_any_weather)
{
    size_t moved = 0;

    for (uint64_t seed = 1; seed <= 25; seed++) {
        struct people_id h = request("gtb");
        char state[32];
        int owner;

        dice_state = seed;
        fx_run(&f);
        for (size_t i = 0; i < 14; i++) {
            happen(h);
            cr_assert(owners(h) != -1, "two owners, seed %d", (int)seed);
        }
        fx_offline(&f, "gtb", false);
        fx_wait(&f, 10000);
        snprintf(state, sizeof(state), "%s", shown("buso", h, "state"));
        cr_assert(eq(str, (char *)shown("gtb", h, "state"), state), "seed %d",
                  (int)seed);
        owner = owners(h);
        cr_assert(owner >= 0, "nobody owns it, seed %d", (int)seed);
        if (owner == (int)fx_index(&f, "buso"))
            continue;
        /* It moved away for good: somebody else is next. */
        moved++;
        next_person();
    }
    cr_expect(moved > 2, "it moved %zu times", moved);
    cr_expect(moved < 23, "it moved %zu times", moved);
}

/* The same by the record of each node, also where the handover is unknown. */
static size_t claims(const struct sk_trajectory_id *id)
{
    size_t count = 0;

    for (size_t i = 0; i < f.count; i++) {
        struct sk_engine *e = f.nodes[i].engine;
        struct sk_trajectory t;

        cr_assert(sk_store_begin(e->store) == SK_OK);
        if (sk_trajectory_get(e, id, &t) == SK_OK &&
            sk_org_equal(&t.owner, &e->org))
            count++;
        sk_store_abort(e->store);
    }
    return count;
}

/* I6 with backups: once the nodes have spoken, at most one owner. */
Test(handover_owner, has_one_owner_after_any_restore)
{
    size_t moved = 0;

    for (uint64_t seed = 1; seed <= 25; seed++) {
        struct people_id h = request("gtb");
        struct sk_trajectory_id trajectory;
        struct sk_store *backup;
        const char *node;

        dice_state = seed + 1000;
        node = dice(2) == 0 ? "buso" : "gtb";
        cr_assert(sk_id_parse(sk_text(shown("buso", h, "trajectory")),
                              &trajectory.id));
        fx_run(&f);
        give("gtb", h, "answer-accepted");
        for (uint64_t i = dice(3); i > 0; i--)
            happen(h);
        backup = ln_backup(&f, node);
        for (uint64_t i = dice(6); i > 0; i--)
            happen(h);
        fx_call(&f, "gtb", "handover.input",
                "{'handover':'%s','input':'complete'}", h.text);
        fx_offline(&f, "gtb", dice(2) == 0);
        ln_restore(&f, node, backup);
        for (uint64_t i = dice(4); i > 0; i--)
            happen(h);
        fx_offline(&f, "gtb", false);
        fx_wait(&f, 10000);
        cr_assert(claims(&trajectory) <= 1, "seed %d", (int)seed);
        fx_call(&f, "buso", "participant.show", "{'participant':'%s'}",
                who.text);
        if (strcmp(fx_text(&f, "result.trajectory.owner"), "buso") == 0)
            continue;
        moved++;
        next_person();
    }
    cr_expect(moved > 2, "it moved %zu times", moved);
}
