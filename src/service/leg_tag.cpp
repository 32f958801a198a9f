#include "service/leg_tag.h"

#include <algorithm>

#include "core/text.h"

namespace tipring::service {

std::string_view LegTagCodec::write(Handle<LegGroup> group, Text& out) const {
  std::array<char, 16> digits;
  const auto put = [&](uint64_t value, size_t count, size_t at) {
    write_hex_u64(value, digits).substr(digits.size() - count).copy(out.data() + at, count);
  };
  put(group.index, 8, 0);
  put(group.generation, 8, 8);
  put(mac(group), 16, 16);
  return {out.data(), out.size()};
}

Handle<LegGroup> LegTagCodec::read(std::string_view tag) const {
  if (tag.size() != kSize) return {};
  const Result<uint64_t> index = parse_hex_u64(tag.substr(0, 8));
  const Result<uint64_t> generation = parse_hex_u64(tag.substr(8, 8));
  const Result<uint64_t> code = parse_hex_u64(tag.substr(16));
  if (!index || !generation || !code) return {};
  const Handle<LegGroup> group{static_cast<uint32_t>(*index), static_cast<uint32_t>(*generation)};
  return group && mac(group) == *code ? group : Handle<LegGroup>();
}

bool LegTagCodec::is_alike(std::string_view tag) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return tag.size() == kSize && std::all_of(tag.begin(), tag.end(), is_digit);
}

uint64_t LegTagCodec::mac(Handle<LegGroup> group) const {
  SipHasher64 hasher(key_);
  hasher.add("leg\n");
  hasher.add_u64(group.to_u64());
  return hasher.finish();
}

}  // namespace tipring::service
