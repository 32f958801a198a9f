#include "tools/load/wires.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tipring::load {

using port::DatagramSlot;
using port::DatagramSocket;
using port::IoStatus;
using port::OutgoingDatagram;
using port::SocketAddress;
using port::Stream;

void Endpoint::set_local(const SocketAddress& local) {
  std::array<char, port::kAddressTextMax> text;
  host_port_ = port::write_address(local, text);
  port_ = local.port;
}

void Endpoint::mark() {
  if (marked_) return;
  marked_ = true;
  wires_.marked_.push_back(this);
}

class UdpEndpoint final : public Endpoint, private port::DatagramHandler {
 public:
  explicit UdpEndpoint(Wires& wires) : Endpoint(wires), batch_(DatagramSocket::kBatchMax) {}

  int open() {
    int error = 0;
    port::DatagramOptions options;
    options.bind = wires_.any_;
    socket_ = wires_.network_.open_datagram(options, *this, error);
    if (socket_ != nullptr) set_local(socket_->local());
    return error;
  }

  void send(std::string_view message) override {
    if (filled_ == batch_.size()) flush();
    if (filled_ == batch_.size()) batch_.emplace_back();
    batch_[filled_++].assign(message);
    mark();
  }

  bool flush() override {
    outgoing_.clear();
    for (size_t i = 0; i < filled_; ++i) outgoing_.push_back({batch_[i], wires_.server_, {}});
    const size_t sent = socket_->send(outgoing_);
    // Refused for another reason than a full buffer, a datagram is lost like one on the wire.
    const size_t gone = sent < filled_ && socket_->last_error() != 0 ? sent + 1 : sent;
    for (size_t i = gone; i < filled_; ++i) batch_[i - gone].swap(batch_[i]);
    filled_ -= gone;
    return filled_ == 0;
  }

  bool reliable() const override { return false; }
  uint64_t kernel_drops() const override { return socket_->kernel_drops(); }

 private:
  void on_readable(DatagramSocket& socket) override {
    std::array<DatagramSlot, DatagramSocket::kBatchMax> slots;
    for (size_t i = 0; i < slots.size(); ++i) slots[i].buffer = wires_.buffers_[i];
    const size_t count = socket.receive(slots);
    for (size_t i = 0; i < count; ++i) {
      if (slots[i].truncated) {
        wires_.receiver_.on_unreadable();
      } else {
        wires_.receiver_.on_datagram(*this, {slots[i].buffer.data(), slots[i].size});
      }
    }
  }

  void on_unreachable(DatagramSocket&, const SocketAddress&, int) override {
    wires_.receiver_.on_unreachable();
  }

  std::unique_ptr<DatagramSocket> socket_;
  std::vector<std::string> batch_;
  size_t filled_ = 0;
  std::vector<OutgoingDatagram> outgoing_;
};

class TcpEndpoint final : public Endpoint, private port::StreamHandler {
 public:
  explicit TcpEndpoint(Wires& wires) : Endpoint(wires) {}
  ~TcpEndpoint() override {
    if (stream_ != nullptr) stream_->close();
  }

  int connect() {
    int error = 0;
    stream_ = wires_.network_.connect({wires_.any_.ip, 0}, wires_.server_, *this, error);
    return error;
  }

  void send(std::string_view message) override {
    out_.append(message);
    mark();
  }

  bool flush() override {
    while (stream_ != nullptr && sent_ < out_.size()) {
      const std::span<const char> rest(out_.data() + sent_, out_.size() - sent_);
      const port::IoResult result = stream_->write({&rest, 1});
      if (result.status == IoStatus::WouldBlock) {
        stream_->want_write(true);
        return true;  // on_writable() goes on
      }
      if (result.status != IoStatus::Ok) {
        lose(result.error);
        break;
      }
      sent_ += result.bytes;
    }
    out_.clear();
    sent_ = 0;
    return true;
  }

  bool reliable() const override { return true; }

 private:
  void on_connected(Stream& stream) override {
    set_local(stream.local());
    ++wires_.connected_;
    wires_.connect_next();
  }

  void on_readable(Stream& stream) override {
    if (in_.size() < filled_ + Wires::kMessageMax) in_.resize(filled_ + Wires::kMessageMax);
    const port::IoResult result = stream.read({in_.data() + filled_, in_.size() - filled_});
    if (result.status == IoStatus::WouldBlock) return;
    if (result.status != IoStatus::Ok) return lose(result.error);
    filled_ += result.bytes;
    take_messages();
  }

  void take_messages() {
    size_t begin = 0;
    while (begin < filled_) {
      const std::string_view waiting(in_.data() + begin, filled_ - begin);
      const std::optional<size_t> taken = wires_.receiver_.on_stream(*this, waiting);
      if (!taken) {
        wires_.receiver_.on_unreadable();
        return lose(EPROTO);
      }
      if (*taken == 0) break;
      begin += *taken;
    }
    filled_ -= begin;
    std::memmove(in_.data(), in_.data() + begin, filled_);
  }

  void on_writable(Stream& stream) override {
    stream.want_write(false);
    flush();
  }

  void on_connect_failed(Stream&, int error) override { lose(error); }

  void lose(int error) {
    if (stream_ != nullptr) stream_->close();
    stream_ = nullptr;
    wires_.receiver_.on_lost(*this, error);
  }

  Stream* stream_ = nullptr;
  std::string out_;
  size_t sent_ = 0;
  std::string in_;
  size_t filled_ = 0;
};

Wires::Wires(port::LinuxNetwork& network, Receiver& receiver, const SocketAddress& server)
    : network_(network),
      receiver_(receiver),
      server_(server),
      any_{network.source_for(server.ip), 0},
      buffers_(DatagramSocket::kBatchMax) {}

Wires::~Wires() = default;

int Wires::open_udp(size_t count) {
  for (size_t i = 0; i < count; ++i) {
    auto endpoint = std::make_unique<UdpEndpoint>(*this);
    const int error = endpoint->open();
    if (error != 0) return error;
    endpoints_.push_back(std::move(endpoint));
  }
  return 0;
}

void Wires::open_tcp(size_t count) {
  wanted_ = count;
  while (endpoints_.size() < std::min(kConnectingMax, wanted_)) connect_next();
}

void Wires::connect_next() {
  if (connected_ == wanted_) return receiver_.on_connected();
  if (endpoints_.size() == wanted_) return;
  auto made = std::make_unique<TcpEndpoint>(*this);
  TcpEndpoint& endpoint = *made;
  endpoints_.push_back(std::move(made));
  const int error = endpoint.connect();
  if (error != 0) receiver_.on_lost(endpoint, error);
}

void Wires::flush() {
  size_t left = 0;
  for (Endpoint* const endpoint : marked_) {
    endpoint->marked_ = !endpoint->flush();
    if (endpoint->marked_) marked_[left++] = endpoint;
  }
  marked_.resize(left);
}

uint64_t Wires::kernel_drops() const {
  uint64_t drops = 0;
  for (const auto& endpoint : endpoints_) drops += endpoint->kernel_drops();
  return drops;
}

}  // namespace tipring::load
