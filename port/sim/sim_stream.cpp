#include "port/sim/sim_stream.h"

#include <algorithm>
#include <cerrno>

#include "port/sim/sim_host.h"

namespace tipring::port {
namespace {

// How much of `available` one call gives: by chance all, one byte, or something between.
size_t part_of(size_t available, SimRandom& random) {
  switch (random.below(4)) {
    case 0: return 1;
    case 1: return 1 + static_cast<size_t>(random.below(available));
    default: return available;
  }
}

}  // namespace

void SimStream::open(std::shared_ptr<SimConnection> connection, size_t side, bool connecting) {
  local_ = connection->address(side);
  remote_ = connection->peer_address(side);
  connection_ = std::move(connection);
  side_ = side;
  handler_ = nullptr;
  tag_ = 0;
  received_.clear();
  error_ = 0;
  outcome_.reset();
  at_end_ = false;
  connecting_ = connecting;
  want_read_ = true;
  want_write_ = false;
  in_turn_ = false;
  idle_ = false;
}

void SimStream::set_handler(StreamHandler* handler) {
  handler_ = handler;
  update();
}

IoResult SimStream::read(std::span<char> into) {
  if (connection_ == nullptr || into.empty()) return {};
  if (received_.empty()) {
    if (error_ != 0) return {IoStatus::Failed, 0, error_};
    return {at_end_ ? IoStatus::Eof : IoStatus::WouldBlock, 0, 0};
  }
  size_t count = std::min(into.size(), received_.size());
  if (connection_->link_to(side_).splits_reads)
    count = part_of(count, connection_->world().random());
  std::copy_n(received_.begin(), count, into.begin());
  received_.erase(0, count);
  idle_ = false;
  connection_->bytes_read(side_, count);
  update();
  return {IoStatus::Ok, count, 0};
}

IoResult SimStream::write(std::span<const std::span<const char>> pieces) {
  if (connection_ == nullptr) return {IoStatus::Failed, 0, EPIPE};
  if (error_ != 0) return {IoStatus::Failed, 0, error_ == ECONNRESET ? EPIPE : error_};
  if (connecting_) return {IoStatus::WouldBlock, 0, 0};
  std::string bytes;
  for (const auto& piece : pieces.first(std::min(pieces.size(), kPiecesMax))) {
    bytes.append(piece.begin(), piece.end());
  }
  if (bytes.empty()) return {};
  size_t count = std::min(bytes.size(), connection_->room(side_));
  if (count == 0) return {IoStatus::WouldBlock, 0, 0};
  SimRandom& random = connection_->world().random();
  if (connection_->link_to(1 - side_).splits_reads && random.chance(125))
    count = part_of(count, random);
  bytes.resize(count);
  idle_ = false;
  connection_->send(side_, SimConnection::Kind::Data, std::move(bytes));
  return {IoStatus::Ok, count, 0};
}

void SimStream::want_read(bool on) {
  want_read_ = on;
  update();
}

void SimStream::want_write(bool on) {
  want_write_ = on;
  update();
}

// Bytes that nobody read make the close a reset, as in TCP (RFC 2525 2.17).
void SimStream::close() {
  end_with(received_.empty() ? SimConnection::Kind::Fin : SimConnection::Kind::Reset);
}

void SimStream::reset() { end_with(SimConnection::Kind::Reset); }

void SimStream::shut_down() {
  if (connection_ != nullptr && error_ == 0) connection_->send(side_, SimConnection::Kind::Fin, {});
}

void SimStream::end_with(SimConnection::Kind kind) {
  if (connection_ == nullptr) return;  // died with its host
  if (connecting_) {
    // The server may have accepted already, with its answer still under way.
    if (connection_->attached(1 - side_)) connection_->send(side_, SimConnection::Kind::Reset, {});
  } else if (error_ == 0) {
    connection_->send(side_, kind, {});
  }
  connection_->detach(side_);
  connection_.reset();
  if (event_) network_.host().world().cancel(*event_);
  event_.reset();
  ++life_;
  network_.give_back(*this);
}

void SimStream::crash() {
  if (connection_ != nullptr) connection_->detach(side_);
  connection_.reset();
  ++life_;
}

void SimStream::connect_outcome(int error) {
  outcome_ = error;
  if (error == 0) connecting_ = false;
  update();
}

void SimStream::receive(std::string_view bytes) {
  received_.append(bytes);
  update();
}

void SimStream::receive_end() {
  at_end_ = true;
  update();
}

void SimStream::fail(int error) {
  error_ = error;
  update();
}

bool SimStream::readable() const {
  return want_read_ && !connecting_ && (!received_.empty() || at_end_ || error_ != 0);
}

bool SimStream::writable() const {
  return want_write_ && !connecting_ && (error_ != 0 || connection_->room(side_) > 0);
}

void SimStream::update() {
  if (connection_ == nullptr || handler_ == nullptr || event_ || in_turn_) return;
  if (!outcome_ && !readable() && !writable()) return;
  SimHost& host = network_.host();
  // A handler that changed nothing will not do so a moment later either: time goes on meanwhile,
  // where a real loop would be busy.
  const Millis delay{idle_ ? 1 : 0};
  event_ = host.loop().schedule(host.world().now() + delay, [this] { on_turn(); });
}

void SimStream::on_turn() {
  event_.reset();
  in_turn_ = true;
  idle_ = true;
  const uint64_t life = life_;
  if (outcome_ && handler_ != nullptr) {
    const int error = *outcome_;
    outcome_.reset();
    idle_ = false;
    if (error != 0) {
      in_turn_ = false;
      handler_->on_connect_failed(*this, error);
      return;  // nothing but close() follows
    }
    handler_->on_connected(*this);
  }
  if (life == life_ && handler_ != nullptr && readable()) handler_->on_readable(*this);
  if (life == life_ && handler_ != nullptr && writable()) handler_->on_writable(*this);
  if (life != life_) return;
  in_turn_ = false;
  update();
  idle_ = false;
}

SimListener::SimListener(SimNetwork& network, const SocketAddress& local, ListenerHandler& handler)
    : network_(network), local_(local), handler_(handler) {}

SimListener::~SimListener() {
  if (destroyed_ != nullptr) *destroyed_ = true;
  if (event_) network_.host().world().cancel(*event_);
  network_.forget(*this);
  for (SimStream* const stream : waiting_) {
    if (stream != nullptr) stream->reset();
  }
}

void SimListener::arrive(SimStream* stream) {
  waiting_.push_back(stream);
  if (event_) return;
  SimHost& host = network_.host();
  event_ = host.loop().schedule(host.world().now(), [this] { on_turn(); });
}

void SimListener::on_turn() {
  event_.reset();
  bool destroyed = false;
  destroyed_ = &destroyed;
  while (!waiting_.empty()) {
    SimStream* const stream = waiting_.front();
    waiting_.pop_front();
    if (stream != nullptr) {
      handler_.on_accept(*this, *stream);
    } else {
      handler_.on_accept_refused(*this, ENOBUFS);
    }
    if (destroyed) return;
  }
  destroyed_ = nullptr;
}

}  // namespace tipring::port
