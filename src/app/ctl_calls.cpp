// `calls`: the dialogs that pass through the server, the calls that it leads, and the end of one.
#include <algorithm>
#include <array>

#include "app/ctl_session.h"
#include "core/log_sink.h"
#include "core/text.h"

namespace tipring::app {

namespace {

uint64_t number_of(const CtlRow& row, std::string_view name) {
  const Result<uint64_t> number = parse_u64(cell_text(row, name));
  return number ? *number : 0;
}

// Of "2026-11-21T19:17:03.250Z" what a screen has room for: "11-21 19:17:03", or the time alone.
std::string shown_time(const CtlRow& row, std::string_view name, bool with_day) {
  const uint64_t time = number_of(row, name);
  if (time == 0) return "";
  std::array<char, kTimestampMax> room;
  const std::string text(write_timestamp(Millis(static_cast<int64_t>(time)), room));
  return (with_day ? text.substr(5, 5) + " " : "") + text.substr(11, 8);
}

std::string shown_uri(const CtlRow& row, std::string_view name) {
  const std::string_view uri = cell_text(row, name);
  return std::string(uri.starts_with("sip:") ? uri.substr(4) : uri);
}

// For people: cells that a row has not are empty, the Call-ID is left out.
CtlRow shown_row(const CtlRow& row) {
  const auto text = [&](std::string_view name) { return std::string(cell_text(row, name)); };
  return {{"id", text("id")},
          {"state", text("state")},
          {"begun", shown_time(row, "begun_ms", true)},
          {"answered", shown_time(row, "answered_ms", false)},
          {"caller", shown_uri(row, "caller")},
          {"callee", shown_uri(row, "callee")},
          {"by", text("answered_by")},
          {"interval", text("interval_s"), false},
          {"refresher", text("refresher")},
          {"refresh", text("refresh_s"), false},
          {"left", text("left_s"), false},
          {"supervised", text("supervised") == "true" ? "yes" : "no"}};
}

}  // namespace

// The server lists by slot, and slots are used again.
int list_calls(CtlSession& session) {
  CtlRows rows;
  if (const std::string fault = session.backend.list(CtlListing::Calls, rows); !fault.empty())
    return session.fail(fault);
  std::stable_sort(rows.begin(), rows.end(), [](const CtlRow& a, const CtlRow& b) {
    return number_of(a, "begun_ms") < number_of(b, "begun_ms");
  });
  if (!session.arguments.json) std::transform(rows.begin(), rows.end(), rows.begin(), shown_row);
  return show_table(session, rows, "no calls");
}

int end_call(CtlSession& session) {
  const std::string& id = session.arguments.operand;
  if (const std::string fault = session.backend.end_call(id); !fault.empty())
    return session.fail("call " + id + ": " + fault);
  session.console.write(session.arguments.json ? "{\"result\":\"ended\"}\n"
                                               : "call " + id + " ended\n");
  return kCtlDone;
}

}  // namespace tipring::app
