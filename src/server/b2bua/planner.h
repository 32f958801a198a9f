// Whom a call to a group rings: its members in the order of its strategy (store/group_order.h), with
// groups inside it taken apart.
//
// A group inside a group stands at the place of its entry, ordered by its own strategy; the entry's
// time is then the longest that any of its members rings. Inside a group that rings all at once
// everybody is of one step, and delays add up. A user rings once, however often he is named, and a
// group is taken apart once, so that no loop can form.
#pragma once

#include "server/b2bua/directory.h"
#include "server/b2bua/ring_plan.h"

namespace tipring::b2bua {

// `random`: see store::order_members(). `caller`: a user who is not rung, for it is he who calls;
// null for a stranger. Who is disabled, unknown or without a phone is left out, and so is what goes
// beyond the limits of the plan and of store::kGroupDepthMax. Who has phones that cannot be reached is
// not: he is told of when it is his turn.
void plan_group(const Directory& directory, store::Group& group, uint64_t random,
                Handle<store::User> caller, RingPlan& plan);

// Whether somebody would ring, if there were a call: a member of it, or of a group within it, or whoever
// gets its calls when nobody answers. Changes nothing.
bool can_ring(const Directory& directory, const store::Group& group);

// One user who is called through us.
void plan_user(const Directory& directory, const store::User& user, RingPlan& plan);

}  // namespace tipring::b2bua
