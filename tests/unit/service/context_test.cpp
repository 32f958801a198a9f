#include "service/context.h"

#include <doctest/doctest.h>

#include <vector>

using namespace tipring;
using namespace tipring::service;

namespace tipring::service {

// What the test's services note down.
struct Environment {
  std::vector<char>* order;
};

}  // namespace tipring::service

namespace {

template <char Name, Screening Verdict = Screening::Pass>
struct Screener {
  Screening screen_request(const Environment& environment, const Incoming&) {
    environment.order->push_back(Name);
    ++seen;
    return Verdict;
  }
  int seen = 0;
};

template <char Name, bool Event = true>
struct Helper {
  bool examine_request(const Environment&, const Incoming&) { return Event; }
  bool examine_response(const Environment& environment, int& status) {
    environment.order->push_back(Name);
    return status == Name;
  }
  static constexpr char kName = Name;
};

template <char Name>
struct Manager : Helper<Name> {
  using ManagesRequests = void;
};

struct Silent {
  int value = 7;
};

struct Last {};
struct First {
  using Before = ServiceList<Last, Silent>;
};
struct Needy {
  using Requires = ServiceList<First>;
};

Screening screen(auto& context, std::vector<char>& order) {
  const sip::MessageView message;
  const MessageRef buffer;
  const transport::Flow flow;
  const Incoming incoming{message, buffer, flow, Millis(0)};
  return context.screen_request(Environment{&order}, incoming);
}

}  // namespace

TEST_CASE("context: a request passes all services in the order of the type" *
          doctest::description("F4, F5")) {
  Context<Screener<'a'>, Silent, Screener<'b'>, Screener<'c'>> context;
  std::vector<char> order;
  CHECK(screen(context, order) == Screening::Pass);
  CHECK(order == std::vector<char>{'a', 'b', 'c'});
}

TEST_CASE("context: the services behind one that refuses do not see the request" *
          doctest::description("F5")) {
  Context<Screener<'a'>, Screener<'b', Screening::Refused>, Screener<'c'>> context;
  std::vector<char> order;
  CHECK(screen(context, order) == Screening::Refused);
  CHECK(order == std::vector<char>{'a', 'b'});
  CHECK(context.get<Screener<'c'>>().seen == 0);
}

TEST_CASE("context: services are found by their type") {
  Context<Silent, Last> context;
  context.get<Silent>().value = 9;
  CHECK(context.get<Silent>().value == 9);
  CHECK(Context<Silent, Last>::has<Last>());
  CHECK_FALSE(Context<Silent, Last>::has<First>());
}

TEST_CASE("context: wrong orders are known at compile time" * doctest::description("F14")) {
  CHECK(order_holds<First, Last>());
  CHECK(order_holds<First, Silent, Last>());
  CHECK(order_holds<First>());  // what is absent cannot stand wrongly
  CHECK_FALSE(order_holds<Last, First>());
  CHECK_FALSE(order_holds<Silent, First>());
  CHECK_FALSE(order_holds<First, Last, First>());  // twice
  CHECK_FALSE(order_holds<Needy, Last>());         // First is missing
  CHECK(order_holds<Needy, First>());
}

TEST_CASE("context: server events come in order, that of the request manager last" *
          doctest::description("F47, F48")) {
  Context<Manager<'m'>, Helper<'a'>, Silent, Helper<'b', false>, Helper<'c'>> context;
  std::vector<char> order;
  std::vector<char> reported;
  const sip::MessageView message;
  const MessageRef buffer;
  const transport::Flow flow;
  const Incoming incoming{message, buffer, flow, Millis(0)};
  const auto report = [&](auto& service) { reported.push_back(service.kName); };
  CHECK(context.pass_request(Environment{&order}, incoming, report) == Screening::Pass);
  CHECK(reported == std::vector<char>{'a', 'c', 'm'});
}

TEST_CASE("context: a request that a service has refused is reported by none" *
          doctest::description("F48")) {
  Context<Helper<'a'>, Screener<'s', Screening::Refused>, Manager<'m'>> context;
  std::vector<char> order;
  const sip::MessageView message;
  const MessageRef buffer;
  const transport::Flow flow;
  const Incoming incoming{message, buffer, flow, Millis(0)};
  bool reported = false;
  const auto report = [&](auto&) { reported = true; };
  CHECK(context.pass_request(Environment{&order}, incoming, report) == Screening::Refused);
  CHECK_FALSE(reported);
}

TEST_CASE("context: a client event is answered with reissue, next or done" *
          doctest::description("F47")) {
  Context<Helper<'a'>, Silent, Helper<'b'>, Helper<'c'>> context;
  std::vector<char> order;
  const auto ask = [&](ClientVerdict verdict) { return [verdict](auto&) { return verdict; }; };
  int status = 'b';
  CHECK(context.pass_response(Environment{&order}, status, ask(ClientVerdict::Reissue)) ==
        ClientVerdict::Reissue);
  CHECK(order == std::vector<char>{'a', 'b'});  // those behind it are not asked
  CHECK(context.pass_response(Environment{&order}, status, ask(ClientVerdict::Done)) ==
        ClientVerdict::Done);
  order.clear();
  CHECK(context.pass_response(Environment{&order}, status, ask(ClientVerdict::Next)) ==
        ClientVerdict::Next);
  CHECK(order == std::vector<char>{'a', 'b', 'c'});
}
