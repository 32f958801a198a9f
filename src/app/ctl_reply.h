// Replies of the admin API, as JSON, back to rows; and what in requests is secret.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "admin/user_secret.h"
#include "app/ctl_rows.h"

namespace tipring::app {

// Adds the rows of {"<name>": [{…}, …], "next": "…"} or {"<name>": {…}}. False when the reply is
// not of this form. `next` is empty after the last page. A `name` with a dot is that of a member of
// a member: "config.values".
bool parse_listing(std::string_view json, std::string_view name, CtlRows& rows, std::string& next);

// The texts of an array, each with "\n" behind it; `name` as above.
bool parse_list(std::string_view json, std::string_view name, std::string& texts);

// The detail of a problem document (RFC 9457); empty when the reply is none.
std::string parse_error_message(std::string_view json);

// What became of an import: {"created": N, "changed": N}, or a problem with the same and the "line"
// of the request that was refused.
struct CtlImportReply {
  uint32_t created = 0;
  uint32_t changed = 0;
  uint32_t line = 0;
};
bool parse_import_reply(std::string_view json, CtlImportReply& reply);

// A JSON string into memory that is wiped. REQUIRES: no control characters in `text`.
void append_secret(admin::SecretText& out, std::string_view text);

}  // namespace tipring::app
