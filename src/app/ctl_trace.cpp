// `trace`: the SIP messages of one number or address, as the server keeps them, followed.
#include <array>
#include <utility>

#include "app/ctl_session.h"
#include "core/log_sink.h"
#include "core/text.h"

namespace tipring::app {

namespace {

constexpr uint64_t kSecondsDefault = 600;
constexpr uint64_t kSecondsMax = 24 * 3600;
constexpr Millis kLook{250};

uint64_t number_of(const CtlRow& row, std::string_view name) {
  const Result<uint64_t> number = parse_u64(cell_text(row, name));
  return number ? *number : 0;
}

// One message line by line; what a peer sent must not steer the terminal.
void append_lines(std::string& out, std::string_view text) {
  while (!text.empty()) {
    auto [line, rest] = split_once(text, '\n');
    if (line.ends_with('\r')) line.remove_suffix(1);
    while (!line.empty()) {
      std::array<char, 1024> escaped;
      const Escaped piece = escape_text(line, escaped);
      if (piece.read == 0) break;
      out += piece.written;
      line.remove_prefix(piece.read);
    }
    out += '\n';
    text = rest;
  }
}

class Follower {
 public:
  // `of_subject`: leaves out what the server keeps besides.
  Follower(CtlSession& session, bool of_subject) : session_(session), of_subject_(of_subject) {}

  // Goes behind what the server has kept up to now.
  std::string skip() {
    quiet_ = true;
    std::string fault = read_all();
    quiet_ = false;
    return fault;
  }

  std::string follow() {
    for (bool last = false;;) {
      if (std::string fault = read_all(); !fault.empty() || last) return fault;
      CtlRows status;
      if (std::string fault = session_.backend.list(CtlListing::Status, status); !fault.empty())
        return fault;
      last = status.empty() || cell_text(status.front(), "trace") == "off";
      if (!last) session_.console.pause(kLook);
    }
  }

 private:
  std::string read_all() {
    for (;;) {
      CtlRows rows;
      if (std::string fault = session_.backend.read_trace(after_, rows); !fault.empty())
        return fault;
      if (rows.empty()) return "";
      for (const CtlRow& row : rows) take(row);
      after_ = cell_text(rows.back(), "after");
      session_.console.flush();
    }
  }

  // Joins the pieces of a message. One that was pushed out in the middle never gets whole.
  void take(const CtlRow& row) {
    if (number_of(row, "offset") == 0) text_.clear();
    if (number_of(row, "offset") != text_.size()) return;
    text_ += cell_text(row, "text");
    if (text_.size() < number_of(row, "kept")) return;
    const uint64_t number = number_of(row, "number");
    const uint64_t lost = last_ == 0 ? 0 : number - last_ - 1;
    last_ = number;
    if (!quiet_ && (!of_subject_ || cell_text(row, "of_subject") == "true"))
      session_.arguments.json ? show_json(row, lost) : show(row, lost);
    text_.clear();
  }

  void show(const CtlRow& row, uint64_t lost) {
    std::array<char, kTimestampMax> time;
    const bool sent = cell_text(row, "direction") == "out";
    const bool is_decision = cell_text(row, "direction") == "none";
    std::string out;
    if (lost != 0)
      out += "--- " + std::to_string(lost) + " messages were pushed out before they were read\n";
    out += "--- ";
    out += write_timestamp(Millis(static_cast<int64_t>(number_of(row, "time_ms"))), time);
    if (is_decision) {
      out += " decided: ";
      append_lines(out, text_);
      return session_.console.write(out + "\n");
    }
    out += sent ? " sent " : " received ";
    out += cell_text(row, "transport");
    out += " " + std::string(cell_text(row, "local")) + (sent ? " -> " : " <- ");
    out += std::string(cell_text(row, "remote")) + "\n";
    append_lines(out, text_);
    if (number_of(row, "size") > text_.size())
      out += "--- cut: the message has " + std::to_string(number_of(row, "size")) + " bytes\n";
    session_.console.write(out + "\n");
  }

  // One object a line.
  void show_json(const CtlRow& row, uint64_t lost) {
    std::array<char, kTimestampMax> time;
    const auto at = write_timestamp(Millis(static_cast<int64_t>(number_of(row, "time_ms"))), time);
    const auto number = [&](std::string_view name) {
      return CtlCell{std::string(name), std::to_string(number_of(row, name)), false};
    };
    const auto text = [&](std::string_view name) {
      return CtlCell{std::string(name), std::string(cell_text(row, name))};
    };
    const CtlRow shown = {number("number"),
                          {"lost_before", std::to_string(lost), false},
                          {"time", std::string(at)},
                          text("direction"),
                          text("transport"),
                          text("local"),
                          text("remote"),
                          number("size"),
                          {"text", text_}};
    session_.console.write(format_json(shown) + "\n");
  }

  CtlSession& session_;
  const bool of_subject_;
  std::string after_;
  std::string text_;
  uint64_t last_ = 0;
  bool quiet_ = false;
};

}  // namespace

int start_trace(CtlSession& session) {
  uint64_t seconds = kSecondsDefault;
  if (!session.arguments.for_seconds.empty()) {
    const Result<uint64_t> given = parse_u64(session.arguments.for_seconds);
    if (!given || *given == 0 || *given > kSecondsMax)
      return session.fail("--for takes seconds, from 1 to " + std::to_string(kSecondsMax));
    seconds = *given;
  }
  const std::string& subject = session.arguments.operand;
  Follower follower(session, true);
  if (const std::string fault = follower.skip(); !fault.empty()) return session.fail(fault);
  if (const std::string fault = session.backend.start_trace(subject, seconds); !fault.empty())
    return session.fail(fault);
  if (session.arguments.quiet) return kCtlDone;
  session.console.write_error("trace of " + subject + " for " + std::to_string(seconds) +
                              " s; it goes on without this, until `tipringctl trace off`\n");
  const std::string fault = follower.follow();
  return fault.empty() ? kCtlDone : session.fail(fault);
}

int stop_trace(CtlSession& session) {
  const std::string fault = session.backend.stop_trace();
  if (!fault.empty()) return session.fail(fault);
  session.console.write(session.arguments.json ? "{\"result\":\"ended\"}\n"
                                               : "no trace is on now\n");
  return kCtlDone;
}

int follow_trace(CtlSession& session) {
  CtlRows status;
  if (const std::string fault = session.backend.list(CtlListing::Status, status); !fault.empty())
    return session.fail(fault);
  const CtlRow row = status.empty() ? CtlRow() : status.front();
  const std::string subject(cell_text(row, "trace"));
  session.console.write_error(subject == "off"
                                  ? "no trace is on; what is kept follows\n"
                                  : "trace of " + subject + ", for " +
                                        std::string(cell_text(row, "trace_left_s")) + " s more\n");
  const std::string fault = Follower(session, subject != "off").follow();
  return fault.empty() ? kCtlDone : session.fail(fault);
}

}  // namespace tipring::app
