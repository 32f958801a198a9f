#include "tools/load/exchange.h"

#include <doctest/doctest.h>

#include <vector>

using namespace tipring;
using namespace tipring::load;

namespace {

// Notes when something was sent; `wires` is never used by it.
class FakeEndpoint final : public Endpoint {
 public:
  FakeEndpoint(Wires& wires, const TimerWheel& wheel, bool is_reliable)
      : Endpoint(wires), wheel_(wheel), reliable_(is_reliable) {}
  void send(std::string_view) override { sent_at.push_back(wheel_.now().count()); }
  bool flush() override { return true; }
  bool reliable() const override { return reliable_; }

  std::vector<int64_t> sent_at;

 private:
  const TimerWheel& wheel_;
  const bool reliable_;
};

struct Nobody final : Receiver {
  void on_datagram(Endpoint&, std::string_view) override {}
  std::optional<size_t> on_stream(Endpoint&, std::string_view) override { return 0; }
  void on_unreachable() override {}
  void on_unreadable() override {}
  void on_connected() override {}
  void on_lost(Endpoint&, int) override {}
};

struct Fixture final : ExchangeOwner {
  explicit Fixture(bool reliable)
      : network(loop, {1}),
        wires(network, nobody, {*port::parse_ip("127.0.0.1"), 5060}),
        endpoint(wires, wheel, reliable),
        exchange(wheel, *this) {}
  void on_sent_again(Endpoint&) override { ++again; }
  void on_no_answer() override { given_up_at = wheel.now().count(); }
  void run(int64_t until) {
    for (int64_t ms = wheel.now().count(); ms <= until; ++ms) wheel.advance(Millis(ms));
  }

  port::LinuxLoop loop;
  port::LinuxNetwork network;
  Nobody nobody;
  Wires wires;
  TimerWheel wheel{Millis(0)};
  FakeEndpoint endpoint;
  Exchange exchange;
  int again = 0;
  int64_t given_up_at = -1;
};

}  // namespace

TEST_CASE("exchange: an INVITE without an answer goes out seven times, then Timer B fires" *
          doctest::description("RFC 3261 17.1.1.2")) {
  Fixture fixture(false);
  fixture.exchange.start(fixture.endpoint, true, Millis(0));
  fixture.run(40'000);
  CHECK(fixture.endpoint.sent_at == std::vector<int64_t>{0, 500, 1500, 3500, 7500, 15'500, 31'500});
  CHECK(fixture.again == 6);
  CHECK(fixture.given_up_at == 32'000);
}

TEST_CASE("exchange: another request is sent again every T2 at last, until Timer F" *
          doctest::description("RFC 3261 17.1.2.2")) {
  Fixture fixture(false);
  fixture.exchange.start(fixture.endpoint, false, Millis(0));
  fixture.run(40'000);
  CHECK(fixture.endpoint.sent_at == std::vector<int64_t>{0, 500, 1500, 3500, 7500, 11'500, 15'500,
                                                         19'500, 23'500, 27'500, 31'500});
  CHECK(fixture.given_up_at == 32'000);
}

TEST_CASE("exchange: a provisional response ends the INVITE's repetitions, but not the patience" *
          doctest::description("RFC 3261 17.1.1.2")) {
  Fixture fixture(false);
  fixture.exchange.start(fixture.endpoint, true, Millis(0));
  fixture.run(600);
  fixture.exchange.on_provisional(Millis(600), Millis(50'000));
  fixture.run(60'000);
  CHECK(fixture.endpoint.sent_at == std::vector<int64_t>{0, 500});
  CHECK(fixture.given_up_at == 50'600);
}

TEST_CASE("exchange: on a reliable transport nothing is sent again, and Timer F still fires" *
          doctest::description("RFC 3261 17.1.2.2")) {
  Fixture fixture(true);
  fixture.exchange.start(fixture.endpoint, false, Millis(0));
  fixture.run(40'000);
  CHECK(fixture.endpoint.sent_at == std::vector<int64_t>{0});
  CHECK(fixture.given_up_at == 32'000);
}

TEST_CASE("exchange: once stopped it is silent") {
  Fixture fixture(false);
  fixture.exchange.start(fixture.endpoint, false, Millis(0));
  fixture.exchange.stop();
  fixture.run(40'000);
  CHECK(fixture.endpoint.sent_at.size() == 1);
  CHECK(fixture.given_up_at == -1);
}
