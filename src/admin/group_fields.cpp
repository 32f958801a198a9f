#include "admin/group_fields.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace tipring::admin {

namespace {

constexpr std::array<std::string_view, store::kGroupStrategies> kStrategies = {
    "all", "sequential", "round_robin", "longest_idle", "random"};

// False when it is no number from `min` to `max`. Empty: `otherwise`.
bool read_number(std::string_view text, uint16_t min, uint16_t max, uint16_t otherwise,
                 uint16_t& number) {
  const Result<uint16_t> read = parse_u16(text);
  if (!text.empty() && (!read || *read < min || *read > max)) return false;
  number = text.empty() ? otherwise : *read;
  return true;
}

bool read_switch(std::string_view text, bool& value) {
  const bool yes = text.empty() || text == "yes" || text == "true";
  if (!yes && text != "no" && text != "false") return false;
  value = yes;
  return true;
}

std::string switch_text(bool value) { return value ? "yes" : "no"; }

constexpr const char* kTimeRule = "must be from 1 to 3600 seconds";
constexpr const char* kLateRule = "must be from 0 to 3600 seconds";
constexpr const char* kSwitchRule = "must be yes or no";

template <class Fields>
struct Field {
  std::string_view name;
  uint8_t bit;
  const char* (*set)(Fields& fields, std::string_view text);  // what is wrong, or null
  std::string (*text)(const Fields& fields);
};

const char* set_display_name(GroupFields& fields, std::string_view text) {
  if (text.size() > store::kGroupDisplayMax) return "may have at most 128 bytes";
  if (!is_utf8(text)) return "must be UTF-8";
  if (has_control_characters(text)) return "may not hold control characters";
  fields.display_name = FixedText<store::kGroupDisplayMax>(text);
  return nullptr;
}

const char* set_strategy(GroupFields& fields, std::string_view text) {
  if (text.empty()) text = kStrategies.front();
  std::string name(text);
  std::replace(name.begin(), name.end(), '-', '_');
  const auto* const known = std::find(kStrategies.begin(), kStrategies.end(), name);
  if (known == kStrategies.end())
    return "must be all, sequential, round_robin, longest_idle or random";
  fields.strategy = static_cast<store::GroupStrategy>(known - kStrategies.begin());
  return nullptr;
}

const char* set_ring_timeout(GroupFields& fields, std::string_view text) {
  const uint16_t usual = store::GroupRecord().ring_timeout_s;
  return read_number(text, 1, store::kGroupTimeMax, usual, fields.ring_timeout_s) ? nullptr
                                                                                  : kTimeRule;
}

const char* set_member_ring(GroupFields& fields, std::string_view text) {
  const uint16_t usual = store::GroupRecord().member_ring_s;
  return read_number(text, 1, store::kGroupTimeMax, usual, fields.member_ring_s) ? nullptr
                                                                                 : kTimeRule;
}

const char* set_no_answer_status(GroupFields& fields, std::string_view text) {
  uint16_t status = 0;
  if (text != "0" && !read_number(text, 400, 699, 0, status))
    return "must be a SIP status from 400 to 699, or 0 for what the calls came to";
  fields.no_answer_status = status;
  if (status != 0) fields.no_answer_to = {};
  return nullptr;
}

const char* set_no_answer_to(GroupFields& fields, std::string_view text) {
  if (!text.empty() && fault_of(UserName{std::string(text), ""}) != nullptr)
    return "must be the name of a user or group of the group's domain, of at most 64 bytes, "
           "without \"@\", \":\", \",\" and control characters";
  fields.no_answer_to = FixedText<store::kExtensionMax>(text);
  if (!text.empty()) fields.no_answer_status = 0;
  return nullptr;
}

const char* set_group_enabled(GroupFields& fields, std::string_view text) {
  return read_switch(text, fields.enabled) ? nullptr : kSwitchRule;
}

constexpr std::array kGroupFields = {
    Field<GroupFields>{"display_name", store::kGroupDisplayName, set_display_name,
                       [](const GroupFields& f) { return std::string(f.display_name.view()); }},
    Field<GroupFields>{"strategy", store::kGroupStrategy, set_strategy,
                       [](const GroupFields& f) { return std::string(strategy_text(f.strategy)); }},
    Field<GroupFields>{"ring_timeout_s", store::kGroupRingTimeout, set_ring_timeout,
                       [](const GroupFields& f) { return std::to_string(f.ring_timeout_s); }},
    Field<GroupFields>{"member_ring_s", store::kGroupMemberRing, set_member_ring,
                       [](const GroupFields& f) { return std::to_string(f.member_ring_s); }},
    Field<GroupFields>{"no_answer_status", store::kGroupNoAnswer, set_no_answer_status,
                       [](const GroupFields& f) { return std::to_string(f.no_answer_status); }},
    Field<GroupFields>{"no_answer_to", store::kGroupNoAnswer, set_no_answer_to,
                       [](const GroupFields& f) { return std::string(f.no_answer_to.view()); }},
    Field<GroupFields>{"enabled", store::kGroupEnabled, set_group_enabled,
                       [](const GroupFields& f) { return switch_text(f.enabled); }},
};

const char* set_order(MemberFields& fields, std::string_view text) {
  return read_number(text, 1, store::kMemberOrderMax, 0, fields.order) ? nullptr
                                                                       : "must be from 1 to 9999";
}

const char* set_delay(MemberFields& fields, std::string_view text) {
  return read_number(text, 0, store::kGroupTimeMax, 0, fields.delay_s) ? nullptr : kLateRule;
}

const char* set_ring(MemberFields& fields, std::string_view text) {
  return read_number(text, 0, store::kGroupTimeMax, 0, fields.ring_s) ? nullptr : kLateRule;
}

const char* set_member_enabled(MemberFields& fields, std::string_view text) {
  return read_switch(text, fields.enabled) ? nullptr : kSwitchRule;
}

constexpr std::array kMemberFields = {
    Field<MemberFields>{"order", store::kMemberOrder, set_order,
                        [](const MemberFields& f) {
                          return f.order == 0 ? std::string() : std::to_string(f.order);
                        }},
    Field<MemberFields>{"delay_s", store::kMemberDelay, set_delay,
                        [](const MemberFields& f) { return std::to_string(f.delay_s); }},
    Field<MemberFields>{"ring_s", store::kMemberRing, set_ring,
                        [](const MemberFields& f) { return std::to_string(f.ring_s); }},
    Field<MemberFields>{"enabled", store::kMemberEnabled, set_member_enabled,
                        [](const MemberFields& f) { return switch_text(f.enabled); }},
};

template <class Table>
constexpr auto names_of(const Table& table) {
  std::array<std::string_view, std::tuple_size_v<Table>> names;
  for (size_t i = 0; i < names.size(); ++i) names[i] = table[i].name;
  return names;
}

constexpr auto kGroupFieldNames = names_of(kGroupFields);
constexpr auto kMemberFieldNames = names_of(kMemberFields);

// Null when there is none of this name.
template <class Table>
const typename Table::value_type* find(const Table& table, std::string_view name) {
  const auto* const found = std::find_if(table.begin(), table.end(),
                                         [&](const auto& field) { return field.name == name; });
  return found == table.end() ? nullptr : found;
}

template <class Table, class Fields>
std::string set_field(const Table& table, Fields& fields, std::string_view name,
                      std::string_view text) {
  const auto* const field = find(table, name);
  if (field == nullptr) {
    std::string known;
    for (const auto& other : table) known += (known.empty() ? "" : ", ") + std::string(other.name);
    return "there is no such field; there are " + known;
  }
  if (const char* fault = field->set(fields, text)) return std::string(name) + " " + fault;
  fields.present = static_cast<uint8_t>(fields.present | field->bit);
  return "";
}

}  // namespace

store::GroupRecord record_of(std::string_view domain, std::string_view name,
                             const GroupFields& fields) {
  store::GroupRecord record;
  record.domain = domain;
  record.name = name;
  record.display_name = fields.display_name.view();
  record.strategy = fields.strategy;
  record.ring_timeout_s = fields.ring_timeout_s;
  record.member_ring_s = fields.member_ring_s;
  record.no_answer_status = fields.no_answer_status;
  record.no_answer_to = fields.no_answer_to.view();
  record.enabled = fields.enabled;
  record.fields = fields.present;
  return record;
}

store::MemberRecord record_of(std::string_view name, const MemberFields& fields) {
  store::MemberRecord record;
  record.name = name;
  record.order = fields.order;
  record.delay_s = fields.delay_s;
  record.ring_s = fields.ring_s;
  record.enabled = fields.enabled;
  record.fields = fields.present;
  return record;
}

std::string set_group_field(GroupFields& fields, std::string_view name, std::string_view text) {
  return set_field(kGroupFields, fields, name, text);
}
std::string set_member_field(MemberFields& fields, std::string_view name, std::string_view text) {
  return set_field(kMemberFields, fields, name, text);
}
std::span<const std::string_view> group_field_names() { return kGroupFieldNames; }
std::span<const std::string_view> member_field_names() { return kMemberFieldNames; }

std::string group_field_text(const GroupFields& fields, std::string_view name) {
  return find(kGroupFields, name)->text(fields);
}
std::string member_field_text(const MemberFields& fields, std::string_view name) {
  return find(kMemberFields, name)->text(fields);
}
bool has_field(const GroupFields& fields, std::string_view name) {
  return (fields.present & find(kGroupFields, name)->bit) != 0;
}
bool has_field(const MemberFields& fields, std::string_view name) {
  return (fields.present & find(kMemberFields, name)->bit) != 0;
}

std::string_view strategy_text(store::GroupStrategy strategy) {
  return kStrategies[static_cast<size_t>(strategy)];
}

namespace {

std::string fault_of_name(const UserName& name, const char* what) {
  constexpr std::string_view kUser = "a user name";
  const char* const fault = fault_of(name);
  if (fault == nullptr) return "";
  const std::string text(fault);
  return text.starts_with(kUser) ? what + text.substr(kUser.size()) : text;
}

}  // namespace

std::string fault_of_group(const UserName& group) { return fault_of_name(group, "a group's name"); }
std::string fault_of_member(std::string_view member) {
  return fault_of_name({std::string(member), ""}, "a member's name");
}

}  // namespace tipring::admin
