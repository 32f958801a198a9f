#include "admin/events.h"

#include <algorithm>
#include <utility>

#include "admin/json.h"
#include "admin/json_members.h"
#include "admin/log_requests.h"
#include "admin/reply.h"

namespace tipring::admin {

namespace {

constexpr size_t kLinesPerTick = 50;
constexpr size_t kChangingMax = 64;
constexpr unsigned kQuietTicks = 30;  // after which a comment keeps the way open

struct Topic {
  std::string_view name;
  std::string_view of;  // a fact; one of a pool is "NAME:in_use"
};
// clang-format off
constexpr Topic kTopics[] = {
    {"registration", "users"},
    {"registration", "registrations"},
    {"registration", "blocks_begun"},
    {"registration", "refused_without_timer"},
    {"registration", "failed_logins"},
    {"call", "calls_begun"},
    {"call", "calls_answered"},
    {"call", "calls_expired"},
    {"call", "dialogs:in_use"},
    {"call", "b2bua_calls:in_use"},
    {"record", "records_written"},
    {"group", "groups"},
    {"group", "group_members:in_use"},
    {"group", "b2bua_calls:in_use"},
    {"group", "b2bua_legs:in_use"},
};
// clang-format on

std::string event_of(std::string_view topic, std::string_view data) {
  return "event: " + std::string(topic) + "\ndata: " + std::string(data) + "\n\n";
}

}  // namespace

// One look at the loop: its facts, then all pages of its pools.
class EventStreams::Pulse final : public Job {
 public:
  explicit Pulse(EventStreams& streams) : Job(0), streams_(streams) {}

  bool start(Desk& desk, const std::shared_ptr<Job>& self) {
    command_.kind = Command::Kind::Status;
    return desk.send(command_, self) != 0;
  }

  void on_answer(Desk& desk, const std::shared_ptr<Job>& self, const Answer& answer) override {
    const bool is_facts = command_.kind == Command::Kind::Status;
    is_facts ? read_facts(answer.page) : read_pools(answer.page);
    command_.kind = Command::Kind::ListPools;
    command_.cursor = answer.next;
    const bool is_last = !is_facts && answer.next == 0;
    if (!is_last && desk.send(command_, self) != 0) return;
    streams_.asked_ = false;
    if (is_last) streams_.take(desk, std::move(facts_), std::move(pools_));
  }

 private:
  void read_facts(const Page& page) {
    PageReader reader(page);
    FactRow row;
    while (reader.next(row)) facts_[std::string(row.name)] = row.number;
  }
  void read_pools(const Page& page) {
    PageReader reader(page);
    PoolRow row;
    while (reader.next(row)) {
      facts_[std::string(row.name) + ":in_use"] = row.in_use;
      pools_[std::string(row.name) + ":high_water"] = row.high_water;
      pools_[std::string(row.name) + ":refusals"] = row.refusals;
    }
  }

  EventStreams& streams_;
  Command command_;
  Numbers facts_;
  Numbers pools_;
};

void EventStreams::open(port::HttpExchange& exchange, std::function<bool()> witness) {
  const uint64_t id = exchange.id();
  port::HttpAnswer head;
  head.content_type = "text/event-stream";
  head.body = "retry: 2000\n\n";
  if (!exchange.begin_stream(head)) {
    return reply_problem(exchange, {503, "too_many_streams",
                                    "as many pages as may be are looking on; close one of them"});
  }
  if (clients_.empty()) {
    has_seen_ = false;
    changes_ = {};
    if (log_ != nullptr) {
      const auto last = log_->read(0, LogLevel::Debug, 1);
      log_seen_ = last.empty() ? 0 : last.back().number;
    }
  }
  clients_[id] = {0, std::move(witness)};
}

void EventStreams::end_unwitnessed(Desk& desk) {
  for (auto client = clients_.begin(); client != clients_.end();) {
    if (client->second.witness()) {
      ++client;
      continue;
    }
    if (port::HttpExchange* const stream = desk.find(client->first)) stream->end();
    client = clients_.erase(client);
  }
}

void EventStreams::note_change(uint64_t exchange, uint16_t scopes) {
  if (changing_.size() < kChangingMax) changing_[exchange] = scopes;
}

void EventStreams::note_done(uint64_t exchange) {
  const auto found = changing_.find(exchange);
  if (found == changing_.end()) return;
  for (size_t scope = 0; scope < kScopes; ++scope)
    if ((found->second >> scope & 1) != 0) ++changes_[scope];
  changing_.erase(found);
}

// What was asked for may be done, or some of it, also where the server failed, and where the client
// had gone before its answer: a status of 0.
void EventStreams::on_answered(uint64_t exchange, int status) {
  if (status < 300 || status >= 500) note_done(exchange);
  changing_.erase(exchange);
}

void EventStreams::on_tick(Desk& desk) {
  end_unwitnessed(desk);
  const auto changes = std::exchange(changes_, {});
  if (clients_.empty()) return;
  tell_changes(desk, changes);
  tell_log(desk);
  if (!asked_) {
    const auto pulse = std::make_shared<Pulse>(*this);
    asked_ = pulse->start(desk, pulse);
  }
  if (++ticks_ % kQuietTicks != 0) return;
  for (const auto& [id, client] : clients_) {
    port::HttpExchange* exchange = desk.find(id);
    if (exchange != nullptr) static_cast<void>(exchange->send(":\n\n"));
  }
}

// What differs from the last time. The first time only shows where things stand.
void EventStreams::take(Desk& desk, Numbers facts, Numbers pools) {
  if (std::exchange(has_seen_, true)) {
    std::map<std::string_view, std::string> events;
    for (const Topic& topic : kTopics) {
      const auto now = facts.find(topic.of);
      const auto before = facts_.find(topic.of);
      if (now == facts.end() || (before != facts_.end() && before->second == now->second)) continue;
      std::string& data = events.try_emplace(topic.name, "{").first->second;
      append_member(data, topic.of, now->second);
    }
    for (const auto& [name, number] : pools) {
      const auto before = pools_.find(name);
      if (before != pools_.end() && before->second == number) continue;
      append_member(events.try_emplace("pools", "{").first->second, name, number);
    }
    for (const auto& [topic, data] : events) tell(desk, topic, data + "}");
  }
  facts_ = std::move(facts);
  pools_ = std::move(pools);
}

void EventStreams::tell_changes(Desk& desk, const Changes& changes) {
  std::string data = "{";
  for (size_t scope = 0; scope < kScopes; ++scope)
    if (changes[scope] != 0)
      append_member(data, scope_text(static_cast<Scope>(scope)), changes[scope]);
  if (data.size() > 1) tell(desk, "changed", data + "}");
}

void EventStreams::tell_log(Desk& desk) {
  if (log_ == nullptr) return;
  for (const LogTail::Line& line : log_->read(log_seen_, LogLevel::Debug, kLinesPerTick)) {
    log_seen_ = line.number;
    std::string data;
    append_json(data, line);
    tell(desk, "log", data);
    if (line.level <= LogLevel::Warning) tell(desk, "problem", data);
  }
}

void EventStreams::tell(Desk& desk, std::string_view topic, std::string_view data) {
  const std::string event = event_of(topic, data);
  for (auto& [id, client] : clients_) {
    port::HttpExchange* exchange = desk.find(id);
    if (exchange == nullptr) continue;
    if (client.lost > 0 || !exchange->send(event)) ++client.lost;
  }
}

// The client takes bytes again: it is told first how much it has not seen.
void EventStreams::on_ready(Desk& desk, uint64_t exchange) {
  const auto client = clients_.find(exchange);
  port::HttpExchange* stream = desk.find(exchange);
  if (client == clients_.end() || stream == nullptr || client->second.lost == 0) return;
  std::string data = "{";
  append_member(data, "events", client->second.lost);
  if (stream->send(event_of("lost", data + "}"))) client->second.lost = 0;
}

}  // namespace tipring::admin
