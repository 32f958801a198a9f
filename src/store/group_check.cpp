#include "store/group_check.h"

#include <algorithm>

#include "core/text.h"

namespace tipring::store {
namespace {

bool is_plain(std::string_view text, size_t max) {
  return text.size() <= max && std::none_of(text.begin(), text.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < 0x20 || byte == 0x7f;
         });
}

bool is_extension(std::string_view name) { return !name.empty() && is_plain(name, kExtensionMax); }
bool is_time(uint16_t seconds) { return seconds > 0 && seconds <= kGroupTimeMax; }

}  // namespace

const char* fault_of(const GroupRecord& record) {
  if (!is_plain(record.domain, kGroupDomainMax) || has_upper(record.domain)) return "domain";
  if (!is_extension(record.name)) return "name";
  if (!is_plain(record.display_name, kGroupDisplayMax)) return "display_name";
  if (!is_time(record.ring_timeout_s)) return "ring_timeout";
  if (!is_time(record.member_ring_s)) return "member_ring";
  const uint16_t status = record.no_answer_status;
  if (status != 0 && (status < 400 || status > 699)) return "no_answer_status";
  if (!is_plain(record.no_answer_to, kExtensionMax)) return "no_answer_to";
  if (status != 0 && !record.no_answer_to.empty()) return "no_answer_to";
  return nullptr;
}

const char* fault_of(const MemberRecord& record) {
  if (!is_extension(record.name)) return "name";
  if (record.order > kMemberOrderMax) return "place";
  if (record.delay_s > kGroupTimeMax) return "delay";
  if (record.ring_s > kGroupTimeMax) return "ring";
  return nullptr;
}

}  // namespace tipring::store
