// A registrar over a real store in a simulated world, and a phone whose sockets send REGISTERs.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/registrar/registrar.h"
#include "sim/node.h"
#include "sip/headers.h"

namespace tipring::test {

// A registrar over a real store, which lets every user of it in without a password.
class Exchange final : public sim::Node,
                       public transaction::RequestHandler,
                       public store::StoreWaiter,
                       public service::OwnNames,
                       public service::AccessControl {
 public:
  Exchange(port::SimWorld& world, const Limits& limits, const registrar::RegistrarOptions& options)
      : Node(world, "exchange", "10.0.0.1", limits),
        slots_(256),
        ring_(slots_),
        lines_(ring_, host.clock(), LogLevel::Info),
        store(
            {arena, host.loop(), wheel, host.clock(), host.workers(), host.files(), lines_, {1, 2}},
            limits, {"/data/tipring.db", "tipring", Millis(10)}),
        overload_({5, 6}, lines_),
        calls_({slabs, wheel, host.loop(), arena}, limits),
        environment_{transport, locator, transactions, calls_, slabs,  wheel,    host.loop(),
                     *this,     *this,   "tipring",    {3, 4}, lines_, overload_},
        registrar(environment_, store, host.clock(), options, arena, limits) {
    host.files().make_directory("/data");
    REQUIRE(store.open().ready());
    store.set_observer(&registrar);
    transactions.set_request_handler(*this);
    REQUIRE(start());
  }

  void on_stored(uint64_t, store::StoreStatus status) override {
    stored += status == store::StoreStatus::Durable;
  }

  // How often a line of this event was written since the last look.
  int logged(std::string_view event) {
    int count = 0;
    for (const std::string& line : log_lines()) count += line.starts_with(event);
    return count;
  }

  int stored = 0;
  bool third_party = false;  // who sends is not the user

 private:
  void on_request(const service::Incoming& request) override { registrar.handle(request); }
  bool is_own(std::string_view name, uint16_t) const override {
    return name == "tipring" || name == "10.0.0.1";
  }
  service::Access judge(const service::Incoming& request, const service::RouteFacts&) override {
    const auto to = request.message.typed<sip::HeaderId::To>();
    const auto uri = sip::parse_uri(to->uri);
    const store::User* user = store.find_user("", uri->user);
    if (user == nullptr) return {403, {}, {}, 0};
    return {.user = store.handle_of(*user).to_u64(), .third_party = third_party};
  }
  const std::vector<std::string>& log_lines() {
    while (LogSlot* slot = ring_.front()) {
      seen_.emplace_back(slot->text.data(), slot->size);
      ring_.pop();
    }
    return seen_;
  }

  std::vector<LogSlot> slots_;
  LogRing ring_;
  Log lines_;
  std::vector<std::string> seen_;

 public:
  store::Store store;

 private:
  service::Overload overload_;
  dialog::Calls calls_;
  service::Environment environment_;

 public:
  registrar::Registrar registrar;
};

struct Answer {
  int status = 0;
  std::string text;

  bool has(std::string_view piece) const { return text.find(piece) != std::string::npos; }
  int contacts() const {
    int count = 0;
    for (size_t at = 0; (at = text.find("\r\nContact:", at)) != std::string::npos; ++at) ++count;
    return count;
  }
};

// A phone's socket on a host of its own.
class Bench final : public port::DatagramHandler {
 public:
  explicit Bench(const registrar::RegistrarOptions& options = {},
                 const Limits& limits = kTinyLimits)
      : exchange(world, limits, options),
        phone_(world.make_host("phone", {*port::parse_ip("10.0.0.2")})) {
    for (const char* name : {"alice", "bob"}) {
      store::UserRecord record;
      record.name = name;
      if (record.name == "bob") record.display_name = "Bob \"B\" Baker";
      REQUIRE(exchange.store.put_user(record, nullptr, store::PutMode::Create, exchange, 1)
                  .has_value());
    }
    REQUIRE(world.run_until([&] { return exchange.stored == 2; }, Millis(1000)));
  }

  // Sends a REGISTER and gives the answer to it; `lines` are whole.
  Answer send(const std::string& lines, const std::string& call_id = "c1",
              std::optional<int> cseq = {}, const std::string& user = "alice") {
    post(lines, call_id, cseq, user);
    const size_t before = answers_.size();
    REQUIRE(world.run_until([&] { return answers_.size() > before; }, Millis(5000)));
    return answers_.back();
  }
  void post(const std::string& lines, const std::string& call_id, std::optional<int> cseq = {},
            const std::string& user = "alice") {
    const std::string number = std::to_string(cseq ? *cseq : ++cseq_);
    const std::string text = "REGISTER " + request_uri +
                             " SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2:" + std::to_string(port) +
                             ";branch=z9hG4bK" + std::to_string(++branch_) +
                             "\r\nMax-Forwards: 70\r\nFrom: <sip:" + user +
                             "@10.0.0.1>;tag=" + from_tag + "\r\nTo: <" + scheme + ":" + user +
                             "@10.0.0.1>\r\nCall-ID: " + call_id + "\r\nCSeq: " + number +
                             " REGISTER\r\n" + lines + "Content-Length: 0\r\n\r\n";
    const port::OutgoingDatagram datagram{text, {*port::parse_ip("10.0.0.1"), 5060}, {}};
    REQUIRE(socket().send({&datagram, 1}) == 1);
  }
  // A binding as the store knows it, for what no datagram can bring about.
  void put(const store::BindingFields& fields) {
    const int before = exchange.stored;
    const auto update = exchange.store.begin_update(*exchange.store.find_user("", "alice"));
    REQUIRE((update && (*update)->add(fields)));
    REQUIRE(exchange.store.commit(**update, exchange, 1).has_value());
    REQUIRE(world.run_until([&] { return exchange.stored > before; }, Millis(1000)));
  }
  Answer fetch() { return send("", "fetch"); }
  size_t answer_count() const { return answers_.size(); }
  const Answer& answer(size_t at) const { return answers_[at]; }

  port::SimWorld world{1};
  Exchange exchange;
  // Of what is sent next.
  uint16_t port = 5060;
  std::string request_uri = "sip:10.0.0.1";
  std::string scheme = "sip";  // of To
  std::string from_tag = "f";

 private:
  port::DatagramSocket& socket() {
    std::unique_ptr<port::DatagramSocket>& found = sockets_[port];
    int error = 0;
    const port::SocketAddress address{*port::parse_ip("10.0.0.2"), port};
    if (!found) found = phone_.network().open_datagram({address}, *this, error);
    REQUIRE(found != nullptr);
    return *found;
  }
  void on_readable(port::DatagramSocket& readable) override {
    std::vector<char> buffer(65536);
    port::DatagramSlot slot;
    slot.buffer = buffer;
    while (readable.receive({&slot, 1}) == 1) {
      const std::string text(buffer.data(), slot.size);
      answers_.push_back({std::stoi(text.substr(8, 3)), text});
    }
  }
  void on_unreachable(port::DatagramSocket&, const port::SocketAddress&, int) override {}

  port::SimHost& phone_;
  std::map<uint16_t, std::unique_ptr<port::DatagramSocket>> sockets_;
  std::vector<Answer> answers_;
  int cseq_ = 0;
  int branch_ = 0;
};

}  // namespace tipring::test
