// The loop's end of the admin channel: takes commands within a bounded share of a turn and answers
// them, at once or when the store has written. Takes no memory.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "admin/channel.h"
#include "admin/exchange.h"
#include "admin/figures.h"
#include "admin/group_desk.h"
#include "core/pool_registry.h"
#include "port/http_server.h"
#include "transport/trace.h"

namespace tipring::admin {

class LoopEndpoint {
 public:
  // All are borrowed and outlive it.
  LoopEndpoint(Channel& channel, Exchange& exchange, const PoolRegistry& pools)
      : channel_(channel), exchange_(exchange), pools_(pools) {}
  LoopEndpoint(const LoopEndpoint&) = delete;
  LoopEndpoint& operator=(const LoopEndpoint&) = delete;

  // Whom to tell of answers; null for nobody. Null again before the server is stopped.
  void set_server(port::HttpServer* server) { server_ = server; }

  // What the trace commands are about; without one they are refused.
  void set_trace(transport::Trace* trace) { trace_ = trace; }

  // Whom to tell of a new configuration and a restart; without one nobody is.
  void set_control(Control* control) { control_ = control; }

  // Whom the commands of hunt groups go to; without one there are no groups.
  void set_groups(GroupDesk* groups) { groups_ = groups; }

  // Serves at most `commands_max` commands. True when more could be served at once: call again in
  // the next turn. Otherwise the admin thread wakes the loop when there is something to do.
  bool serve(size_t commands_max);

  // What CopyFigures copies, and where to. Both outlive it.
  void set_figures(FigureSource& source, Figures& copy) {
    figure_source_ = &source;
    figures_ = &copy;
  }

  // The end of a command that Exchange or GroupDesk left open. `loop`: of GroupLoop.
  void complete(uint64_t ticket, Outcome outcome, std::string_view loop = {});

 private:
  // A command whose outcome comes later has room among the endings.
  struct Open {
    uint64_t ticket = 0;   // 0: this place is free
    uint64_t subject = 0;  // what it changes, as a hash
    bool of_group = false;
  };

  bool can_serve();
  void open(const Command& command);
  void close(uint64_t ticket);
  std::optional<Outcome> precondition(const Command& command) const;
  void serve_one(const Command& command);
  Outcome start_trace(const Command& command);
  uint64_t read_trace(uint64_t cursor, Page& page) const;
  uint64_t list_pools(uint64_t cursor, Page& page) const;
  std::optional<Outcome> change(const Command& command);
  void show_groups(const Command& command, Answer& answer) const;
  void show(const Command& command, Answer& answer);
  Answer& begin_answer(uint64_t ticket);
  void commit_answer();

  Channel& channel_;
  Exchange& exchange_;
  FigureSource* figure_source_ = nullptr;
  Figures* figures_ = nullptr;
  const PoolRegistry& pools_;
  port::HttpServer* server_ = nullptr;
  transport::Trace* trace_ = nullptr;
  Control* control_ = nullptr;
  GroupDesk* groups_ = nullptr;
  std::array<Open, Channel::kEndings> opened_{};
  size_t open_ = 0;         // of these
  size_t groups_open_ = 0;  // among them
};

}  // namespace tipring::admin
