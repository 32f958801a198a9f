#include "app/ctl_group_rows.h"

#include "app/ctl_session.h"
#include "core/text.h"

namespace tipring::app {

namespace {

// "1.2 s": from milliseconds.
std::string seconds_text(uint64_t milliseconds) {
  return std::to_string(milliseconds / 1000) + "." + std::to_string(milliseconds % 1000 / 100) +
         " s";
}

uint64_t number_of(const CtlRow& row, std::string_view name) {
  const Result<uint64_t> number = parse_u64(cell_text(row, name));
  return number ? *number : 0;
}

std::string average_text(const CtlRow& row, std::string_view total) {
  const uint64_t answered = number_of(row, "answered");
  return answered == 0 ? "" : seconds_text(number_of(row, total) / answered);
}

std::string yes_no(const CtlRow& row, std::string_view name) {
  return cell_text(row, name) == "true" ? "yes" : "no";
}

std::string no_answer_text(const CtlRow& row) {
  const std::string to(cell_text(row, "no_answer_to"));
  const std::string status(cell_text(row, "no_answer_status"));
  const bool exists = cell_text(row, "no_answer_to_exists") != "false";
  if (!to.empty()) return "call goes to " + to + (exists ? "" : ", who does not exist");
  return status == "0" ? "caller is told what the calls came to" : "caller is told " + status;
}

constexpr std::string_view kCounts[] = {"offered",    "answered", "elsewhere", "abandoned",
                                        "unanswered", "ringing",  "talking"};

void append_counts(CtlRow& shown, const CtlRow& row) {
  for (const std::string_view count : kCounts)
    shown.push_back({std::string(count), std::string(cell_text(row, count)), false});
}

}  // namespace

CtlRow shown_group(const CtlRow& row) {
  const auto text = [&](std::string_view name) { return std::string(cell_text(row, name)); };
  CtlRow shown = {
      {"name", text("name")},
      {"domain", text("domain")},
      {"display_name", text("display_name")},
      {"strategy", text("strategy")},
      {"rings", text("ring_timeout_s") + " s, each member " +
                    (text("strategy") == "all" ? "as long" : text("member_ring_s") + " s")},
      {"no answer", no_answer_text(row)},
      {"enabled", yes_no(row, "enabled")}};
  if (find_cell(row, "offered") == nullptr) return shown;
  append_counts(shown, row);
  if (number_of(row, "answered") == 0) return shown;
  shown.push_back({"time to answer", average_text(row, "answer_total_ms") + " on average, from " +
                                         seconds_text(number_of(row, "answer_min_ms")) + " to " +
                                         seconds_text(number_of(row, "answer_max_ms"))});
  shown.push_back({"talk time", seconds_text(number_of(row, "talk_total_ms"))});
  shown.push_back({"last answered", text("last_answered_s") + " s ago"});
  return shown;
}

CtlRow shown_member(const CtlRow& row) {
  const auto text = [&](std::string_view name) { return std::string(cell_text(row, name)); };
  const auto unless_zero = [&](std::string_view name) {
    return text(name) == "0" ? std::string() : text(name);
  };
  CtlRow shown = {{"order", text("order"), false},
                  {"member", text("name")},
                  {"kind", text("kind")},
                  {"phones", text("phones"), false},
                  {"enabled", yes_no(row, "enabled")},
                  {"delay", unless_zero("delay_s"), false},
                  {"ring", unless_zero("ring_s"), false}};
  if (find_cell(row, "offered") != nullptr) append_counts(shown, row);
  shown.push_back({"to_answer", average_text(row, "answer_total_ms")});
  return shown;
}

CtlRow listed_group(const CtlRow& row) {
  const auto text = [&](std::string_view name) { return std::string(cell_text(row, name)); };
  CtlRow shown = {{"name", text("name")},
                  {"domain", text("domain")},
                  {"display_name", text("display_name")},
                  {"strategy", text("strategy")},
                  {"members", text("members_enabled") == text("member_count")
                                  ? text("member_count")
                                  : text("members_enabled") + " of " + text("member_count")},
                  {"rings", text("ring_timeout_s") + " s"},
                  {"enabled", yes_no(row, "enabled")}};
  if (find_cell(row, "offered") != nullptr) append_counts(shown, row);
  return shown;
}

}  // namespace tipring::app
