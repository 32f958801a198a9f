// `records`: the calls that have been.
#include "app/ctl_session.h"
#include "core/text.h"

namespace tipring::app {

namespace {

uint64_t number_of(const CtlRow& row, std::string_view name) {
  const Result<uint64_t> number = parse_u64(cell_text(row, name));
  return number ? *number : 0;
}

std::string shown_uri(std::string_view uri) {
  return std::string(uri.starts_with("sip:") ? uri.substr(4) : uri);
}

CtlRow shown_row(const CtlRow& row) {
  const auto text = [&](std::string_view name) { return std::string(cell_text(row, name)); };
  const bool answered = !text("answered_ms").empty();
  const std::string seconds = std::to_string((number_of(row, "duration_ms") + 500) / 1000);
  return {{"call", text("call"), false},
          {"begun", shown_time(row, "begun_ms")},
          {"from", shown_uri(text("from"))},
          {"to", shown_uri(text("to"))},
          {"group", text("group")},
          {"outcome", text("outcome")},
          {"status", text("status"), false},
          {"by", text("answered_by")},
          {"seconds", answered ? seconds : "", false},
          {"ended", text("ended_by")}};
}

}  // namespace

int list_records(CtlSession& session) {
  if (session.arguments.csv) {
    const auto write = [&](std::string_view text) { session.console.write(text); };
    const std::string fault = session.backend.export_records(session.arguments.operand, write);
    return fault.empty() ? kCtlDone : session.fail(fault);
  }
  CtlRows rows;
  if (const std::string fault = session.backend.list_records(session.arguments.operand, rows);
      !fault.empty()) {
    return session.fail(fault);
  }
  if (!session.arguments.json) {
    for (CtlRow& row : rows) row = shown_row(row);
  }
  return show_table(session, rows, "no calls");
}

}  // namespace tipring::app
