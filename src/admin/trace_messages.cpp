#include "admin/trace_messages.h"

#include <algorithm>

#include "admin/decision_text.h"
#include "admin/json.h"
#include "admin/reply.h"
#include "core/text.h"
#include "sip/name_addr.h"
#include "sip/uri.h"

namespace tipring::admin {
namespace {

bool is_of(std::string_view uri, std::string_view number) {
  const auto parsed = sip::parse_uri(uri);
  return parsed && parsed->user == number;
}

bool is_in(std::string_view address, std::string_view number) {
  const auto parsed = sip::parse_name_addr(address);
  return parsed && is_of(parsed->uri, number);
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json(out, value);
}
void append_member(std::string& out, std::string_view name, uint64_t value) {
  out += ",\"" + std::string(name) + "\":" + std::to_string(value);
}

class Ladder {
 public:
  explicit Ladder(const Traced& traced) : messages_(traced.messages), told_(traced.decisions) {}

  std::string write() {
    auto told = told_.begin();
    for (const TracedMessage& message : messages_) {
      for (; told != told_.end() && told->number < message.number; ++told) tell(*told);
      add(message);
    }
    for (; told != told_.end(); ++told) tell(*told);
    std::string out = "{\"call_ids\":[" + call_ids_ + "],\"participants\":[{\"id\":\"server\"}";
    for (const std::string_view participant : participants_) {
      out += ",{\"id\":";
      append_json(out, participant);
      out += '}';
    }
    return out + "],\"messages\":[" + arrows_ + "],\"decisions\":[" + decisions_ + "]}";
  }

 private:
  size_t place_of(std::string_view address) {
    const auto found = std::find(participants_.begin(), participants_.end(), address);
    const auto place = static_cast<size_t>(found - participants_.begin());
    if (found == participants_.end()) participants_.push_back(address);
    return place + 1;
  }

  void add(const TracedMessage& message) {
    const std::string_view call_id = message.call_id();
    if (std::find(known_.begin(), known_.end(), call_id) == known_.end()) {
      known_.push_back(call_id);
      if (!call_ids_.empty()) call_ids_ += ',';
      append_json(call_ids_, call_id);
    }
    const size_t peer = place_of(message.remote);
    if (!arrows_.empty()) arrows_ += ',';
    arrows_ += "{\"number\":" + std::to_string(message.number);
    append_member(arrows_, "time_ms", message.time_ms);
    append_member(arrows_, "from", message.sent ? 0 : peer);
    append_member(arrows_, "to", message.sent ? peer : 0);
    append_member(arrows_, "summary", message.start_line());
    append_member(arrows_, "cseq", message.header("CSeq"));
    append_member(arrows_, "call_id", call_id);
    append_member(arrows_, "transport", message.transport);
    arrows_ += '}';
    // Where it has said itself why, its message needs no explanation.
    if (message.sent && !is_told_) decide(message);
    is_told_ = false;
  }

  void tell(const TracedDecision& told) {
    is_told_ = true;
    begin_decision(told.number, told.time_ms, sentence_of(told.decision, told.values));
    append_member(decisions_, "decision", to_text(told.decision));
    decisions_ += ",\"values\":[";
    for (const std::string& value : told.values) {
      if (&value != told.values.data()) decisions_ += ',';
      append_json(decisions_, value);
    }
    decisions_ += ']';
    append_member(decisions_, "call_id", told.call_id);
    if (!told.joins.empty()) append_member(decisions_, "joins", told.joins);
    decisions_ += '}';
  }

  void begin_decision(uint64_t number, uint64_t time_ms, std::string_view text) {
    if (!decisions_.empty()) decisions_ += ',';
    decisions_ += "{\"number\":" + std::to_string(number);
    append_member(decisions_, "time_ms", time_ms);
    append_member(decisions_, "text", text);
  }

  // What went out and came from nobody was decided here.
  void decide(const TracedMessage& message) {
    std::string text;
    if (message.is_request()) {
      const std::string_view reason = message.header("Reason");
      if (reason.empty() || came_with("Reason", reason, message.number)) return;
      text = "the server sends " + std::string(split_once(message.start_line(), ' ').first) + ": " +
             std::string(reason);
    } else {
      if (message.status() < "300" || has_come(message)) return;
      text = "the server answers " + std::string(message.start_line().substr(8));
      if (message.status() == "401" || message.status() == "407")
        text += ": it asks for a password";
      for (const std::string_view name :
           {"Warning", "Require", "Unsupported", "Min-SE", "Retry-After"}) {
        const std::string_view value = message.header(name);
        if (!value.empty()) text += "; " + std::string(name) + ": " + std::string(value);
      }
    }
    begin_decision(message.number, message.time_ms, text);
    decisions_ += '}';
  }

  bool came_with(std::string_view name, std::string_view value, uint64_t before) const {
    return std::any_of(messages_.begin(), messages_.end(), [&](const TracedMessage& other) {
      return !other.sent && other.number < before && other.header(name) == value;
    });
  }
  // A response with this status to a request of this kind.
  bool has_come(const TracedMessage& message) const {
    const std::string_view method = split_once(message.header("CSeq"), ' ').second;
    return std::any_of(messages_.begin(), messages_.end(), [&](const TracedMessage& other) {
      return !other.sent && other.number < message.number && other.status() == message.status() &&
             split_once(other.header("CSeq"), ' ').second == method;
    });
  }

  const TracedMessages& messages_;
  const std::vector<TracedDecision>& told_;
  bool is_told_ = false;                        // a decision stands before the message
  std::vector<std::string_view> participants_;  // beside the server
  std::vector<std::string_view> known_;
  std::string call_ids_;
  std::string arrows_;
  std::string decisions_;
};

}  // namespace

std::string_view TracedMessage::start_line() const {
  return std::string_view(text).substr(0, std::min(text.find("\r\n"), text.size()));
}

std::string_view TracedMessage::header(std::string_view name, std::string_view compact) const {
  std::string_view rest = text;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) return {};  // the body
    const auto [before, value] = split_once(line, ':');
    const std::string_view found = trim(before);
    if (iequals(found, name) || (!compact.empty() && iequals(found, compact))) return trim(value);
  }
  return {};
}

bool TraceFilter::names(std::string_view call_id) const {
  return std::find(call_ids.begin(), call_ids.end(), call_id) != call_ids.end();
}

// What joins two legs may stand before either or behind both.
void TraceFilter::apply(Traced& traced) {
  for (bool more = whole_call; more;) {
    more = false;
    for (const TracedDecision& told : traced.decisions) {
      if (told.joins.empty() || names(told.call_id) == names(told.joins)) continue;
      call_ids.push_back(names(told.call_id) ? told.joins : told.call_id);
      more = true;
    }
  }
  if (call_ids.empty()) return;
  std::erase_if(traced.messages,
                [this](const TracedMessage& message) { return !names(message.call_id()); });
  std::erase_if(traced.decisions,
                [this](const TracedDecision& told) { return !names(told.call_id); });
}

bool TraceFilter::matches(const TracedMessage& message) const {
  if (!address.empty() && message.remote != address &&
      message.remote.substr(0, message.remote.rfind(':')) != address) {
    return false;
  }
  if (number.empty()) return true;
  if (message.is_request()) {
    const std::string_view uri =
        split_once(split_once(message.start_line(), ' ').second, ' ').first;
    if (is_of(uri, number)) return true;
  }
  return is_in(message.header("From", "f"), number) || is_in(message.header("To", "t"), number);
}

bool TraceJob::start(Desk& desk, const std::shared_ptr<Job>& self, uint64_t after) {
  Command command;
  command.kind = Command::Kind::ReadTrace;
  command.cursor = after;
  return desk.send(command, self) != 0;
}

void TraceJob::on_answer(Desk& desk, const std::shared_ptr<Job>& self, const Answer& answer) {
  PageReader reader(answer.page);
  TraceRow row;
  while (reader.next(row)) take(row);
  port::HttpExchange* client = desk.find(exchange());
  if (client == nullptr) return;
  if (answer.next != 0) {
    if (!start(desk, self, answer.next)) reply_refusal(*client, Outcome::Busy);
    return;
  }
  filter_.apply(traced_);
  done_(*client, traced_);
}

// Joins the pieces of a message. One that was pushed out in the middle never gets whole.
void TraceJob::take(const TraceRow& row) {
  if (row.is_decision()) {
    traced_.decisions.push_back({row.number, row.time_ms, row.decision,
                                 values_of_decision(row.text), std::string(row.call_id),
                                 std::string(row.joins)});
    return;
  }
  if (row.offset == 0) {
    next_ = {row.number,
             row.time_ms,
             row.kind == transport::TraceKind::Sent,
             std::string(row.transport),
             std::string(row.local),
             std::string(row.remote),
             row.size,
             {}};
  }
  if (row.number != next_.number || row.offset != next_.text.size()) return;
  next_.text += row.text;
  if (next_.text.size() == row.kept && filter_.matches(next_)) {
    traced_.messages.push_back(next_);
  }
}

void append_json(std::string& out, const TracedMessage& message) {
  out += "{\"number\":" + std::to_string(message.number);
  append_member(out, "time_ms", message.time_ms);
  append_member(out, "direction", message.sent ? "out" : "in");
  append_member(out, "transport", message.transport);
  append_member(out, "local", message.local);
  append_member(out, "remote", message.remote);
  append_member(out, "call_id", message.call_id());
  append_member(out, "size", message.size);
  append_member(out, "text", message.text);
  out += '}';
}

std::string ladder_text(const Traced& traced) { return Ladder(traced).write(); }

}  // namespace tipring::admin
