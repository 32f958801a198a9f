#include "admin/call_names.h"

#include <array>

#include "core/text.h"
#include "dialog/dialog.h"

namespace tipring::admin {

namespace {

std::string hex(uint32_t number) {
  std::array<char, 16> room;
  const std::string_view digits = write_hex_u64(number, room);
  const size_t first = digits.find_first_not_of('0');
  return first == std::string_view::npos ? "0" : std::string(digits.substr(first));
}

std::optional<uint32_t> parse_u32(std::string_view digits) {
  const Result<uint64_t> number = parse_hex_u64(digits);
  if (!number || *number > UINT32_MAX) return std::nullopt;
  return static_cast<uint32_t>(*number);
}

}  // namespace

std::string call_name(uint64_t id) {
  const dialog::DialogHandle handle = dialog::DialogHandle::from_u64(id);
  return hex(handle.index) + "-" + hex(handle.generation);
}

std::optional<uint64_t> parse_call_name(std::string_view name) {
  const auto [slot, generation] = split_once(name, '-');
  const std::optional<uint32_t> index = parse_u32(slot);
  const std::optional<uint32_t> number = parse_u32(generation);
  if (!index || !number) return std::nullopt;
  return dialog::DialogHandle{*index, *number}.to_u64();
}

}  // namespace tipring::admin
