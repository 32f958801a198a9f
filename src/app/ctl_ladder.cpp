// `trace show` and `trace pcap`: what a call has come to, and all that is kept for other programs.
#include <array>

#include "app/ctl_session.h"
#include "core/log_sink.h"
#include "core/text.h"

namespace tipring::app {

namespace {

uint64_t number_of(const CtlRow& row, std::string_view name = "number") {
  const Result<uint64_t> found = parse_u64(cell_text(row, name));
  return found ? *found : 0;
}

// "19:17:03.250  192.0.2.7:5062 -> server  INVITE sip:bob@example.com SIP/2.0"; what a peer has sent
// must not steer the terminal.
std::string line_of(const CtlRow& row, const CtlRows& participants) {
  const auto name = [&](std::string_view end) {
    const uint64_t place = number_of(row, end);
    return place < participants.size() ? std::string(cell_text(participants[place], "id")) : "?";
  };
  std::array<char, kTimestampMax> time;
  std::array<char, 160> summary;
  const auto at = write_timestamp(Millis(static_cast<int64_t>(number_of(row, "time_ms"))), time);
  std::string line(at.substr(11, 12));
  line += "  " + name("from") + " -> " + name("to") + "  ";
  line += write_escaped(cell_text(row, "summary"), summary);
  return line + "\n";
}

}  // namespace

int show_ladder(CtlSession& session) {
  CtlLadder ladder;
  const std::string fault = session.backend.read_ladder(session.arguments.operand, ladder);
  if (!fault.empty()) return session.fail(fault);
  if (session.arguments.json) {
    session.console.write(ladder.json + "\n");
    return kCtlDone;
  }
  // A decision stands before the message that it led to, or under the one that shows it.
  auto decision = ladder.decisions.begin();
  const auto show_up_to = [&](uint64_t number) {
    for (; decision != ladder.decisions.end() && number_of(*decision) <= number; ++decision) {
      std::array<char, 600> text;
      session.console.write("              ! " +
                            std::string(write_escaped(cell_text(*decision, "text"), text)) + "\n");
    }
  };
  for (const CtlRow& row : ladder.messages) {
    show_up_to(number_of(row) - 1);
    session.console.write(line_of(row, ladder.participants));
    show_up_to(number_of(row));
  }
  show_up_to(UINT64_MAX);
  return kCtlDone;
}

int save_capture(CtlSession& session) {
  const std::string& file = session.arguments.operand;
  std::string bytes;
  if (const std::string fault = session.backend.read_capture(bytes); !fault.empty())
    return session.fail(fault);
  if (file == "-") {
    session.console.write(bytes);
    return kCtlDone;
  }
  if (const std::string fault = session.console.write_private(file, bytes); !fault.empty())
    return session.fail(fault);
  session.console.write(session.arguments.json ? "{\"result\":\"written\"}\n"
                                               : "what is kept of the trace is in " + file + "\n");
  return kCtlDone;
}

}  // namespace tipring::app
