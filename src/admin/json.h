// JSON as the API reads and writes it. For the admin thread and the tool: it uses the heap.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "admin/page.h"
#include "admin/reply.h"
#include "admin/user_fields.h"
#include "admin/user_secret.h"

namespace tipring::admin {

// Appends `text` as a JSON string with its quotes (RFC 8259 7). Bytes that are not UTF-8, which
// peers may send us, become U+FFFD.
void append_json(std::string& out, std::string_view text);

// Each appends one row as a JSON object; a fact as one member of an object.
void append_json(std::string& out, const UserRow& row);
void append_json(std::string& out, const CredentialRow& row);
void append_json(std::string& out, const BindingRow& row);
void append_json(std::string& out, const BlockRow& row);
void append_json(std::string& out, const RefusedRow& row);
void append_json(std::string& out, const UnknownRow& row);
void append_json(std::string& out, const CallRow& row);
void append_json(std::string& out, const PoolRow& row);
void append_json(std::string& out, const FactRow& row);
void append_json(std::string& out, const TraceRow& row);

// The body of a user's PUT: {"password": "…"} and fields of UserFields, all of which may be left
// out. Fields are texts as set_user_field() takes them; aliases and algorithms may be arrays too.
struct UserBody {
  SecretText text;            // the body, parsed in place
  std::string_view password;  // lies in `text`; empty when there is none
  UserFields fields;
  BodyFault fault;
};
UserBody parse_user_body(std::string_view body);

}  // namespace tipring::admin
