#include "admin/group_json.h"

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>

#include "admin/json_members.h"
#include "admin/revision.h"

namespace tipring::admin {

namespace {

void append_tally(std::string& out, const TallyRow& tally) {
  append_member(out, "offered", uint64_t{tally.offered});
  append_member(out, "answered", uint64_t{tally.answered});
  append_member(out, "elsewhere", uint64_t{tally.elsewhere});
  append_member(out, "abandoned", uint64_t{tally.abandoned});
  append_member(out, "unanswered", uint64_t{tally.unanswered});
  append_member(out, "ringing", uint64_t{tally.ringing});
  append_member(out, "talking", uint64_t{tally.talking});
  append_member(out, "answer_total_ms", tally.answer_total_ms);
  append_member(out, "answer_min_ms", tally.answer_min_ms);
  append_member(out, "answer_max_ms", tally.answer_max_ms);
  append_member(out, "talk_total_ms", tally.talk_total_ms);
  if (tally.answered > 0) append_member(out, "last_answered_s", tally.last_answered_s);
}

std::string_view text_of(const rapidjson::Value& value) {
  return {value.GetString(), value.GetStringLength()};
}

// False when it is no text, no whole number and neither true nor false.
bool read_text(const rapidjson::Value& value, std::string& text) {
  if (value.IsString()) {
    text = text_of(value);
  } else if (value.IsUint64()) {
    text = std::to_string(value.GetUint64());
  } else if (value.IsBool()) {
    text = value.GetBool() ? "yes" : "no";
  } else {
    return false;
  }
  return true;
}

// `set(name, text)` says what is wrong with a member.
template <class Set>
BodyFault parse_body(std::string_view body, Set set) {
  if (body.empty()) return {};
  rapidjson::Document document;
  // Without recursion, as the body is foreign.
  document.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(
      body.data(), body.size());
  if (document.HasParseError()) {
    return {"the body is not JSON: " +
            std::string(rapidjson::GetParseError_En(document.GetParseError())) + " (at byte " +
            std::to_string(document.GetErrorOffset()) + ")"};
  }
  if (!document.IsObject()) return {"the body must be an object, whose members are fields"};
  const rapidjson::Document& read = document;  // its iterators compare one way only
  for (const auto& member : read.GetObject()) {
    std::string text;
    const std::string name(text_of(member.name));
    if (!read_text(member.value, text))
      return {name + " must be a text, a whole number, true or false", name};
    if (std::string fault = set(name, text); !fault.empty()) return {fault, name};
  }
  return {};
}

}  // namespace

void append_json(std::string& out, const GroupRow& row) {
  out += '{';
  append_member(out, "name", row.name);
  append_member(out, "domain", row.domain);
  append_member(out, "display_name", row.display_name);
  append_member(out, "strategy", strategy_text(row.strategy));
  append_member(out, "ring_timeout_s", uint64_t{row.ring_timeout_s});
  append_member(out, "member_ring_s", uint64_t{row.member_ring_s});
  append_member(out, "no_answer_status", uint64_t{row.no_answer_status});
  append_member(out, "no_answer_to", row.no_answer_to);
  if (!row.no_answer_to.empty()) append_flag(out, "no_answer_to_exists", row.no_answer_to_exists);
  append_flag(out, "enabled", row.enabled);
  append_member(out, "member_count", uint64_t{row.members});
  append_member(out, "members_enabled", uint64_t{row.members_enabled});
  append_member(out, "revision", revision_text(row.revision));
  append_tally(out, row.tally);
  out += '}';
}

void append_json(std::string& out, const MemberRow& row) {
  out += '{';
  append_member(out, "name", row.name);
  switch (row.kind) {
    case MemberKind::Nobody: append_member(out, "kind", "nobody"); break;
    case MemberKind::Group: append_member(out, "kind", "group"); break;
    case MemberKind::User:
      append_member(out, "kind", "user");
      append_member(out, "phones", uint64_t{row.phones});
      break;
  }
  append_member(out, "order", uint64_t{row.order});
  append_member(out, "delay_s", uint64_t{row.delay_s});
  append_member(out, "ring_s", uint64_t{row.ring_s});
  append_flag(out, "enabled", row.enabled);
  append_member(out, "revision", revision_text(row.revision));
  append_tally(out, row.tally);
  out += '}';
}

BodyFault parse_group_body(std::string_view body, GroupFields& fields) {
  return parse_body(body, [&](std::string_view name, std::string_view text) {
    return set_group_field(fields, name, text);
  });
}

BodyFault parse_member_body(std::string_view body, MemberFields& fields) {
  return parse_body(body, [&](std::string_view name, std::string_view text) {
    return set_member_field(fields, name, text);
  });
}

}  // namespace tipring::admin
