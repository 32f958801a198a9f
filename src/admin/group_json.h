// JSON of hunt groups. For the admin thread and the tool: it uses the heap.
#pragma once

#include <string>
#include <string_view>

#include "admin/group_fields.h"
#include "admin/group_rows.h"
#include "admin/reply.h"

namespace tipring::admin {

// Each appends one row as a JSON object.
void append_json(std::string& out, const GroupRow& row);
void append_json(std::string& out, const MemberRow& row);

// The bodies of a PUT: an object with fields as group_fields.h has them, as texts, numbers, true or
// false; all may be left out, and so may the body. Return what is wrong.
BodyFault parse_group_body(std::string_view body, GroupFields& fields);
BodyFault parse_member_body(std::string_view body, MemberFields& fields);

}  // namespace tipring::admin
