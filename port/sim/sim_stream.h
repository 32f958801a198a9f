// Connections between simulated hosts. Internal to port/sim.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "port/sim/sim_world.h"
#include "port/stream.h"

namespace tipring::port {

class SimNetwork;
class SimStream;

// What both ends of a connection share: two directions, each with what is under way. It outlives
// its ends, since bytes and the end of a closed stream are still to arrive.
class SimConnection : public std::enable_shared_from_this<SimConnection> {
 public:
  // `seen` is the client's address as the server sees it: another than `local` behind a router that
  // translates.
  SimConnection(SimHost& client, SimHost* server, const SocketAddress& local,
                const SocketAddress& remote, const SocketAddress& seen);

  enum class Kind : uint8_t { Data, Fin, Reset };

  void start();  // the client's first SYN
  void send(size_t side, Kind kind, std::string bytes);
  size_t room(size_t side) const;              // bytes that `side` may still write
  void bytes_read(size_t side, size_t count);  // the other end may write that much more
  void detach(size_t side) { ends_[side] = nullptr; }
  void attach(size_t side, SimStream& stream) { ends_[side] = &stream; }
  bool attached(size_t side) const { return ends_[side] != nullptr; }
  const SocketAddress& address(size_t side) const { return addresses_[side]; }
  const SocketAddress& peer_address(size_t side) const {
    return side == 0 ? addresses_[1] : client_seen_;
  }
  const SimLink& link_to(size_t side) const;
  SimWorld& world() const;

 private:
  struct Segment {
    Millis arrives;
    Kind kind;
    std::string bytes;
  };
  struct Pipe {
    std::deque<Segment> segments;
    size_t outstanding = 0;  // bytes under way, unread, or read without the sender's knowing
    Millis last_arrival{0};
    Millis stuck_since = kNever;
    bool scheduled = false;
  };

  void retry_syn(int attempt);
  void send_syn(int attempt);
  void syn_arrives(int attempt);
  void tell_client(Millis when, int error);
  void schedule(size_t side, Millis when);
  void deliver(size_t side);
  void arrive(size_t to, Segment& segment);
  Millis travel_time(const SimLink& link) const;

  std::array<SimHost*, 2> hosts_;  // client, server; the latter null when nobody has the address
  std::array<SocketAddress, 2> addresses_;
  SocketAddress client_seen_;
  uint64_t number_;
  std::array<SimStream*, 2> ends_{};
  std::array<Pipe, 2> pipes_;  // by the side that sends
};

class SimStream final : public Stream {
 public:
  explicit SimStream(SimNetwork& network) : network_(network) {}

  void set_handler(StreamHandler* handler) override;
  IoResult read(std::span<char> into) override;
  IoResult write(std::span<const std::span<const char>> pieces) override;
  void want_read(bool on) override;
  void want_write(bool on) override;
  SocketAddress local() const override { return local_; }
  SocketAddress remote() const override { return remote_; }
  void close() override;
  void reset() override;
  void set_tag(uint64_t tag) override { tag_ = tag; }
  uint64_t tag() const override { return tag_; }

  // Ends its own direction alone, as shutdown(SHUT_WR) does; what comes can still be read.
  void shut_down();

  // For port/sim only.
  void open(std::shared_ptr<SimConnection> connection, size_t side, bool connecting);
  void connect_outcome(int error);
  void receive(std::string_view bytes);
  void receive_end();
  void fail(int error);
  void update();  // makes a turn when there is something to tell the handler
  void crash();   // from now on a dead object that does nothing

 private:
  bool readable() const;
  bool writable() const;
  void end_with(SimConnection::Kind kind);
  void on_turn();

  SimNetwork& network_;
  std::shared_ptr<SimConnection> connection_;  // null when closed or dead
  size_t side_ = 0;
  StreamHandler* handler_ = nullptr;
  SocketAddress local_;
  SocketAddress remote_;
  uint64_t tag_ = 0;
  uint64_t life_ = 0;  // counts the connections it has been, so that a handler's close() is seen
  std::string received_;
  int error_ = 0;
  std::optional<int> outcome_;  // of connecting, not told yet
  bool at_end_ = false;
  bool connecting_ = false;
  bool want_read_ = true;
  bool want_write_ = false;
  bool in_turn_ = false;
  bool idle_ = false;  // the handler has neither read nor written in this turn
  std::optional<SimEventId> event_;
};

class SimListener final : public Listener {
 public:
  SimListener(SimNetwork& network, const SocketAddress& local, ListenerHandler& handler);
  ~SimListener() override;

  SimListener(const SimListener&) = delete;
  SimListener& operator=(const SimListener&) = delete;

  SocketAddress local() const override { return local_; }

  // For port/sim only. Null is a connection that was refused.
  void arrive(SimStream* stream);

 private:
  void on_turn();

  SimNetwork& network_;
  SocketAddress local_;
  ListenerHandler& handler_;
  std::deque<SimStream*> waiting_;
  std::optional<SimEventId> event_;
  bool* destroyed_ = nullptr;  // set while a handler runs: where the destructor leaves word
};

}  // namespace tipring::port
