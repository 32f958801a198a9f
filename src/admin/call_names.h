// What operators call a dialog of a call by: "2f-3", slot and generation in hexadecimal; a call that
// is led through the server has the highest bit in its slot, "8000002f-3". It stands as long as the
// dialog or call, and none that comes later has it for a very long time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tipring::admin {

// Of a DialogHandle::to_u64(), or what CallDesk gives for an anchored call.
std::string call_name(uint64_t id);
std::optional<uint64_t> parse_call_name(std::string_view name);

}  // namespace tipring::admin
