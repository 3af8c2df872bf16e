#include "tests/node/story.h"

/* The whole engine, story by story: docs/SCENARIOS.md.  The numbers say that
   nothing was skipped. */

Test(stories, x1_withdrawal_and_erasure)
{
    cr_expect(eq(sz, story_play("X1"), 94));
}

Test(stories, l1_two_partners_leave)
{
    cr_expect(eq(sz, story_play("L1"), 76));
}

Test(stories, x2_deadlines_of_handovers)
{
    cr_expect(eq(sz, story_play("X2"), 136));
}

Test(stories, s0a_samira)
{
    cr_expect(eq(sz, story_play("S0A"), 179));
}

Test(stories, s1a_nadia)
{
    cr_expect(eq(sz, story_play("S1A"), 75));
}

Test(stories, s2a_jonas)
{
    cr_expect(eq(sz, story_play("S2A"), 141));
}

Test(stories, s4a_rachid)
{
    cr_expect(eq(sz, story_play("S4A"), 226));
}
