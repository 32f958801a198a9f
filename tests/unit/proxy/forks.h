// The proxy with a callee who has several phones.
#pragma once

#include <doctest/doctest.h>

#include <memory>

#include "pair.h"

namespace tipring::proxy {

// bob has phones at 10.0.0.3, .4 and .5.
struct Forks : Pair {
  explicit Forks(std::vector<uint16_t> q = {1000, 1000, 1000}, const Limits& limits = kTinyLimits)
      : Pair(limits) {
    exchange.unbind("bob");
    for (size_t i = 0; i < q.size(); ++i) add(q[i]);
  }
  void add(uint16_t q) {
    const std::string ip = "10.0.0." + std::to_string(3 + count);
    exchange.bind_with_q("bob", "sip:bob@" + ip, q);
    if (count != 0) others.push_back(std::make_unique<Phone>(world, ip));
    ++count;
  }
  Phone& phone(size_t i) { return i == 0 ? bob : *others[i - 1]; }
  void invite(const std::string& lines = "") { request("INVITE", "sip:bob@tipring", lines); }
  // The INVITEs of the phones from the first to the last one.
  std::vector<Message> take_invites() {
    std::vector<Message> all;
    for (size_t i = 0; i < count; ++i) {
      all.push_back(phone(i).take());
      CHECK(all.back().first_line().starts_with("INVITE sip:bob@10.0.0."));
    }
    return all;
  }
  void say(size_t i, const Message& invite, const std::string& status,
           const std::string& lines = "") {
    phone(i).send(answer(invite, status, lines));
    world.run_for(Millis(5));
  }
  // Skips what comes before it.
  Message take_at(Phone& at, const std::string& start) {
    for (;;) {
      Message got = at.take();
      if (got.first_line().starts_with(start)) return got;
    }
  }
  Message final_at_alice() {
    for (;;) {
      Message got = alice.take();
      if (got.first_line().substr(8, 1) != "1") return got;
    }
  }
  void check_empty() {
    world.run_for(Millis(400'000));
    exchange.forget_calls();  // an answered one stands until its BYE
    CHECK(exchange.proxy.stats().in_use == 0);
    CHECK(exchange.proxy.branch_stats().in_use == 0);
    CHECK(exchange.leftovers() == "");
  }

  size_t count = 0;
  std::vector<std::unique_ptr<Phone>> others;
};

}  // namespace tipring::proxy
