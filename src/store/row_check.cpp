#include "store/row_check.h"

#include <algorithm>
#include <array>

#include "core/text.h"
#include "sip/name_addr.h"
#include "sip/uri.h"
#include "sip/via.h"
#include "sip/writer.h"
#include "store/group_check.h"
#include "store/user_changes.h"

namespace tipring::store {
namespace {

constexpr Millis kIntervalMax{int64_t{UINT32_MAX} * 1000};  // what Expires can say

// "192.0.2.1:5060" or "[2001:db8::1]:5060".
bool read_address(std::string_view text, port::SocketAddress& address) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  const auto ip = port::parse_ip(text.substr(0, colon));
  const Result<uint16_t> port = parse_u16(text.substr(colon + 1));
  if (!ip || !port) return false;
  address = {*ip, *port};
  return true;
}

// A number that is one, from 0 to `max`.
template <class Number>
bool read_number(const Statement& row, int column, int64_t max, Number& number) {
  const int64_t value = row.integer(column);
  if (!row.is_integer(column) || value < 0 || value > max) return false;
  number = static_cast<Number>(value);
  return true;
}

// It goes into messages as it is: a line break in it would begin a header of its own.
bool is_one_line(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
  });
}

// Of any scheme: phones register addresses of mail as well (RFC 3261 10.2.1).
bool is_uri(std::string_view text) {
  const auto uri = sip::parse_uri(text);
  return uri || (uri.error().fault == sip::ParseFault::UnknownScheme &&
                 text.find_first_of("<> \"") == std::string_view::npos);
}

// It stands before a URI, as it is.
bool is_display_name(std::string_view text) {
  constexpr std::string_view kUri = " <sip:a>";
  std::array<char, sip::kMessageSizeMax / 16> room;
  if (text.empty()) return true;
  if (!is_one_line(text) || text.size() + kUri.size() > room.size()) return false;
  sip::Writer whole(room);
  whole.text(text).text(kUri);
  const auto address = sip::parse_name_addr(whole.view());
  return address && address->display == text && address->uri == "sip:a";
}

}  // namespace

const char* read_user(const Statement& row, UserRecord& record) {
  record.domain = row.text(1);
  record.name = row.text(2);
  record.auth_name = row.text(3);
  record.display_name = row.text(4);
  record.aliases = row.text(5);
  for (const auto& [column, text] : {std::pair("domain", record.domain),
                                     {"name", record.name},
                                     {"auth_name", record.auth_name},
                                     {"display_name", record.display_name},
                                     {"aliases", record.aliases}}) {
    if (!is_utf8(text)) return column;
  }
  if (!read_number(row, 6, kAlgorithmMd5 | kAlgorithmSha256, record.algorithms))
    return "algorithms";
  if (!read_number(row, 7, static_cast<int64_t>(SessionTimerRule::Exempt), record.session_timer))
    return "session_timer";
  return check_record(record) ? nullptr : "name";
}

const char* read_group(const Statement& row, GroupRecord& record) {
  record.domain = row.text(1);
  record.name = row.text(2);
  record.display_name = row.text(3);
  record.no_answer_to = row.text(8);
  for (const auto& [column, text] : {std::pair("domain", record.domain),
                                     {"name", record.name},
                                     {"display_name", record.display_name},
                                     {"no_answer_to", record.no_answer_to}}) {
    if (!is_utf8(text)) return column;
  }
  if (!read_number(row, 4, kGroupStrategies - 1, record.strategy)) return "strategy";
  if (!read_number(row, 5, kGroupTimeMax, record.ring_timeout_s)) return "ring_timeout";
  if (!read_number(row, 6, kGroupTimeMax, record.member_ring_s)) return "member_ring";
  if (!read_number(row, 7, 699, record.no_answer_status)) return "no_answer_status";
  if (!read_number(row, 9, 1, record.enabled)) return "enabled";
  return fault_of(record);
}

const char* read_member(const Statement& row, MemberRecord& record) {
  record.name = row.text(2);
  if (!is_utf8(record.name)) return "name";
  if (!read_number(row, 3, kMemberOrderMax, record.order) || record.order == 0) return "place";
  if (!read_number(row, 4, kGroupTimeMax, record.delay_s)) return "delay";
  if (!read_number(row, 5, kGroupTimeMax, record.ring_s)) return "ring";
  if (!read_number(row, 6, 1, record.enabled)) return "enabled";
  return fault_of(record);
}

const char* read_binding(const Statement& row, BindingRow& binding) {
  BindingFields& fields = binding.fields;
  binding.slot = static_cast<uint32_t>(row.integer(0));
  binding.user_id = row.integer(1);
  fields.contact = row.text(2);
  fields.params = row.text(3);
  fields.path = row.text(4);
  fields.call_id = row.text(5);
  fields.instance = row.text(14);
  fields.user_agent = row.text(16);
  fields.display_name = row.text(18);
  if (!is_one_line(fields.contact) || !is_uri(fields.contact)) return "contact";
  if (!is_display_name(fields.display_name)) return "display_name";
  if (!is_one_line(fields.params)) return "params";
  if (!is_one_line(fields.path)) return "path";
  if (fields.call_id.empty()) return "call_id";
  int64_t expires_at = 0;
  int64_t interval = 0;
  if (!read_number(row, 6, UINT32_MAX, fields.cseq)) return "cseq";
  if (!read_number(row, 7, kWallMax.count(), expires_at)) return "expires_at";
  if (!read_number(row, 8, kIntervalMax.count(), interval)) return "interval_ms";
  if (!read_number(row, 9, 1000, fields.q)) return "q";
  if (!read_address(row.text(10), fields.received)) return "received";
  if (!read_address(row.text(11), fields.local) || fields.local.port == 0) return "local";
  const auto transports = static_cast<int64_t>(sip::Transport::Other);
  if (!read_number(row, 12, transports - 1, fields.transport)) return "transport";
  if (!read_number(row, 13, UINT8_MAX, fields.listener)) return "listener";
  if (!read_number(row, 15, UINT32_MAX, fields.reg_id)) return "reg_id";
  if (!read_number(row, 17, UINT32_MAX, fields.methods)) return "methods";
  binding.expires_at_wall = Millis(expires_at);
  binding.interval = Millis(interval);
  return nullptr;
}

}  // namespace tipring::store
