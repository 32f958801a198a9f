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
