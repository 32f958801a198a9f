// Members of JSON objects that are being written. Internal to the rows of src/admin.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tipring::admin {

// REQUIRES: `out` ends within an object. Each puts a comma before it where one is due.
void append_member(std::string& out, std::string_view name, std::string_view text);
void append_member(std::string& out, std::string_view name, uint64_t number);
void append_flag(std::string& out, std::string_view name, bool value);

}  // namespace tipring::admin
