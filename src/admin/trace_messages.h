// Traced messages on the admin thread: whole, filtered, as a ladder and as a capture file.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "admin/jobs.h"
#include "admin/page.h"

namespace tipring::admin {

struct TracedMessage {
  uint64_t number = 0;
  uint64_t time_ms = 0;
  bool sent = false;
  std::string transport;
  std::string local;
  std::string remote;
  uint64_t size = 0;  // more than the text has where that was cut
  std::string text;

  std::string_view start_line() const;
  // By its full name and its compact one, the first; empty when there is none.
  std::string_view header(std::string_view name, std::string_view compact = {}) const;
  std::string_view call_id() const { return header("Call-ID", "i"); }
  bool is_request() const { return !start_line().starts_with("SIP/2.0 "); }
  std::string_view status() const { return is_request() ? "" : start_line().substr(8, 3); }
};

struct TracedDecision {
  uint64_t number = 0;
  uint64_t time_ms = 0;
  transport::Decision decision = transport::Decision::Refused;
  std::vector<std::string> values;
  std::string call_id;
  std::string joins;  // the Call-ID of another leg of the same call, or empty
};

// Both in the order of their numbers.
struct Traced {
  std::vector<TracedMessage> messages;
  std::vector<TracedDecision> decisions;
};
using TracedMessages = std::vector<TracedMessage>;

// What is not set does not count.
struct TraceFilter {
  std::string number;   // user part of Request-URI, From or To
  std::string address;  // of the peer
  // Any of these; with `whole_call` also of all legs that decisions join with them.
  std::vector<std::string> call_ids;
  bool whole_call = false;

  bool matches(const TracedMessage& message) const;
  void apply(Traced& traced);

 private:
  bool names(std::string_view call_id) const;
};

// Reads all that the ring has, page by page, and calls `done` with what the filter lets through.
class TraceJob final : public Job {
 public:
  using Done = std::function<void(port::HttpExchange&, const Traced&)>;

  TraceJob(uint64_t exchange, TraceFilter filter, Done done)
      : Job(exchange), filter_(std::move(filter)), done_(std::move(done)) {}

  // False when the ring of commands is full.
  bool start(Desk& desk, const std::shared_ptr<Job>& self, uint64_t after);
  void on_answer(Desk& desk, const std::shared_ptr<Job>& self, const Answer& answer) override;

 private:
  void take(const TraceRow& row);

  TraceFilter filter_;
  Done done_;
  Traced traced_;
  TracedMessage next_;
};

void append_json(std::string& out, const TracedMessage& message);

// {"call_ids": […], "participants": […], "messages": […], "decisions": […]}: arrows from and to
// participants by their places, the server being the first; and what the server decided itself, by
// its own word, or else as the message shows it that bears the same number.
std::string ladder_text(const Traced& traced);

// A capture file (libpcap's, link type RAW): each message in an IP packet of its own, with UDP, or
// with a TCP segment that continues the one before.
std::string pcap_bytes(const TracedMessages& messages);

}  // namespace tipring::admin
