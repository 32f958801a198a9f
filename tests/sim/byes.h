// Sees the BYEs that the server sends of its own accord: no phone's BYE came before them.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "port/sim/sim_world.h"
#include "sip/message.h"

namespace tipring::sim {

struct SeenBye {
  port::SocketAddress to;
  std::string text;

  std::string first_line() const { return text.substr(0, text.find("\r\n")); }
  // The value of the first line of that name; empty without any.
  std::string line(const std::string& name) const {
    const size_t at = text.find("\r\n" + name + ": ");
    if (at == std::string::npos) return {};
    const size_t begin = at + name.size() + 4;
    return text.substr(begin, text.find("\r\n", begin) - begin);
  }
};

// Stands before another tap, which sees all the same. Of a repeated BYE the first one is kept.
class ByeWatch final : public port::SimTap {
 public:
  ByeWatch(port::SimWorld& world, port::SimTap& next) : world_(world), next_(next) {
    world_.set_tap(this);
  }
  ~ByeWatch() { world_.set_tap(&next_); }
  ByeWatch(const ByeWatch&) = delete;

  std::vector<SeenBye> all;

 private:
  void on_datagram(const port::SocketAddress& from, const port::SocketAddress& to,
                   std::string_view bytes) override {
    look(to, bytes);
    next_.on_datagram(from, to, bytes);
  }
  void on_stream(uint64_t connection, const port::SocketAddress& from,
                 const port::SocketAddress& to, std::string_view bytes) override {
    look(to, bytes);
    next_.on_stream(connection, from, to, bytes);
  }

  // Only the server writes a Reason into it.
  void look(const port::SocketAddress& to, std::string_view bytes) {
    if (!bytes.starts_with("BYE ") || bytes.find("\r\nReason: ") == std::string_view::npos) return;
    SeenBye bye{to, std::string(bytes)};
    if (seen_.insert(bye.line("Via")).second) all.push_back(std::move(bye));
  }

  port::SimWorld& world_;
  port::SimTap& next_;
  std::set<std::string> seen_;
};

}  // namespace tipring::sim
