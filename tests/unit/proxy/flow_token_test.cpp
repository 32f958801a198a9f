#include "server/proxy/flow_token.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace tipring;
using proxy::kFlowTokenMax;
using proxy::read_flow_token;

namespace {

constexpr HashKey kKey = {1, 2};

transport::Flow flow_between(const char* local, const char* remote, sip::Transport transport) {
  transport::Flow flow;
  flow.local = {*port::parse_ip(local), 5060};
  flow.remote = {*port::parse_ip(remote), 65535};
  flow.connection = Handle<transport::Connection>::from_u64(0xFFFF'FFFF'0000'0001);
  flow.transport = transport;
  flow.listener = 7;
  return flow;
}

std::string write(const transport::Flow& flow) {
  std::array<char, kFlowTokenMax> room;
  return std::string(proxy::write_flow_token(kKey, "call", flow, room));
}

}  // namespace

TEST_CASE("flow token: a flow comes back whole, of either family" *
          doctest::description("RFC 5626 5.1")) {
  for (const auto& [local, remote] :
       {std::pair("10.0.0.1", "192.168.255.254"), std::pair("2001:db8::1", "2001:db8::ffff")}) {
    for (const sip::Transport transport : {sip::Transport::Udp, sip::Transport::Tcp}) {
      const transport::Flow flow = flow_between(local, remote, transport);
      const auto back = read_flow_token(kKey, "call", write(flow));
      REQUIRE(back.has_value());
      CHECK(back->local == flow.local);
      CHECK(back->remote == flow.remote);
      CHECK(back->connection == flow.connection);
      CHECK(back->transport == transport);
      CHECK(back->listener == 7);
    }
  }
}

TEST_CASE("flow token: of another dialog, of another key or changed in any digit it is nothing" *
          doctest::description("RFC 5626 5.1, 9")) {
  const std::string token = write(flow_between("2001:db8::1", "2001:db8::2", sip::Transport::Tcp));
  CHECK(token.size() == kFlowTokenMax);
  CHECK_FALSE(read_flow_token(kKey, "cal", token));
  CHECK_FALSE(read_flow_token({1, 3}, "call", token));
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == '0' ? '1' : '0';
    CAPTURE(i);
    CHECK_FALSE(read_flow_token(kKey, "call", changed));
  }
}

TEST_CASE("flow token: text of any other size is nothing" * doctest::description("R5.2")) {
  const std::string token = write(flow_between("10.0.0.1", "10.0.0.2", sip::Transport::Udp));
  for (size_t size = 0; size < token.size(); ++size) {
    CHECK_FALSE(read_flow_token(kKey, "call", std::string_view(token).substr(0, size)));
  }
  CHECK_FALSE(read_flow_token(kKey, "call", token + "00"));
  CHECK_FALSE(read_flow_token(kKey, "call", std::string(2 * kFlowTokenMax, '0')));
  CHECK_FALSE(read_flow_token(kKey, "call", std::string(token.size(), 'x')));
}
