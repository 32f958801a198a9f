#include "bench.h"

#include <algorithm>

#include "port/sim/sim_stream.h"

namespace tipring::transport {

std::string Request::text() const {
  std::string all =
      "OPTIONS sip:bob@10.0.0.1 SIP/2.0\r\nVia: " + via +
      "\r\nFrom: <sip:alice@10.0.0.2>;tag=f1\r\nTo: <sip:bob@10.0.0.1>\r\nCall-ID: " + call_id +
      "\r\nCSeq: 1 OPTIONS\r\n" + extra;
  if (!length) {
    all += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  } else if (!length->empty()) {
    all += "Content-Length: " + *length + "\r\n";
  }
  return all + "\r\n" + body;
}

std::string response(int status, const std::string& body) {
  return "SIP/2.0 " + std::to_string(status) +
         " Text\r\nVia: SIP/2.0/TCP 10.0.0.2:5060;branch=z9hG4bK1\r\n"
         "From: <sip:alice@10.0.0.2>;tag=f1\r\nTo: <sip:bob@10.0.0.1>;tag=t1\r\n"
         "Call-ID: c1\r\nCSeq: 1 OPTIONS\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

namespace {

std::span<std::byte> clear(std::byte* memory, size_t size) {
  std::fill_n(memory, size, std::byte{0});
  return {memory, size};
}

std::vector<port::IpAddress> all_of(const std::vector<std::string_view>& texts) {
  std::vector<port::IpAddress> addresses;
  for (const std::string_view text : texts) addresses.push_back(ip(text));
  return addresses;
}

}  // namespace

Bench::Bench(BenchOptions options)
    : host(world.make_host("server", all_of(options.addresses))),
      far(world.make_host("far", all_of({"10.0.0.2", "10.0.0.3", "2001:db8::2", "2001:db8::3",
                                         "2001:db8:0:1::2"}))),
      memory_(static_cast<std::byte*>(std::aligned_alloc(Arena::kAlignment, kMemory)), &std::free),
      arena(clear(memory_.get(), kMemory)),
      slabs(arena, options.slabs.value_or(message_slab_counts(options.limits))),
      wheel(host.loop().now()),
      driver(host.loop(), wheel),
      log_slots_(1024),
      log_ring_(log_slots_),
      log(log_ring_, host.clock(), LogLevel::Info) {
  if (options.receive_buffer_max != 0)
    host.network().set_receive_buffer_max(options.receive_buffer_max);
  layer = std::make_unique<TransportLayer>(
      TransportDependencies{host.network(), host.loop(), wheel, slabs, arena, host.entropy(), log},
      options.limits);
  host.loop().set_turn_handler(this);
  options.transport.listen = options.listen;
  ListenPoint failed_point;
  start_error = layer->start(options.transport, *this, failed_point);
}

// Whatever a test does, nothing is left behind.
Bench::~Bench() {
  on_heard = nullptr;
  on_failed = nullptr;
  layer.reset();
  host.loop().set_turn_handler(nullptr);
  for (size_t i = 0; i < MessageSlabs::kClasses; ++i) {
    CAPTURE(i);
    CHECK(slabs.stats(i).in_use == 0);
  }
  CHECK(host.network().streams_in_use() == 0);
}

void Bench::on_turn_end(Millis now) {
  heard_in_turn_max =
      std::max(heard_in_turn_max, heard.size() - std::min(heard_before_turn_, heard.size()));
  heard_before_turn_ = heard.size();
  driver.on_turn_end(now);
  layer->flush(now);
  driver.on_turn_end(now);
}

Result<void> Bench::send(const std::string& text, const Flow& flow, uint64_t tag) {
  Result<void> outcome = Error::Invalid;
  bool done = false;
  host.loop().schedule(host.loop().now(), [&] {
    outcome = layer->send(slabs.copy(text), flow, this, tag);
    done = true;
  });
  REQUIRE(until([&] { return done; }));
  return outcome;
}

void Bench::answer_with(int status, const std::string& body) {
  on_heard = [this, text = response(status, body)](const Incoming& incoming) {
    static_cast<void>(layer->send(slabs.copy(text), reply_flow(incoming), this, 1).has_value());
  };
}

void Bench::note(const Incoming& incoming, std::optional<sip::ParseFault> fault) {
  const auto call_id = incoming.message.header(sip::HeaderId::CallId);
  CHECK(incoming.buffer.view() == incoming.message.text());
  heard.push_back({std::string(incoming.message.text()), std::string(call_id.value_or("")),
                   incoming.flow, incoming.buffer.capacity(), fault, incoming.now});
  if (on_heard) on_heard(incoming);
}

void Bench::on_message(const Incoming& incoming) { note(incoming, std::nullopt); }

void Bench::on_malformed(const Incoming& incoming, const sip::ParseError& error) {
  note(incoming, error.fault);
}

void Bench::on_send_failed(uint64_t tag, Error error) {
  failed.emplace_back(tag, error);
  if (on_failed) on_failed(tag);
}

uint32_t Bench::slabs_held() const {
  uint32_t sum = 0;
  for (size_t i = 0; i < MessageSlabs::kClasses; ++i) sum += slabs.stats(i).in_use;
  return sum;
}

std::vector<std::string> Bench::log_lines() {
  std::vector<std::string> lines;
  for (; LogSlot* slot = log_ring_.front(); log_ring_.pop())
    lines.emplace_back(slot->text.data(), slot->size);
  return lines;
}

size_t Bench::count_lines(std::string_view event) {
  const auto lines = log_lines();
  return static_cast<size_t>(std::count_if(
      lines.begin(), lines.end(), [&](const auto& line) { return line.starts_with(event); }));
}

Flow tcp_flow(Bench& bench, uint16_t port) {
  const auto flow = bench.layer->flow_to(sip::Transport::Tcp, at("10.0.0.2", port));
  REQUIRE(flow);
  return *flow;
}

std::vector<uint64_t> failed_tags(const Bench& bench) {
  std::vector<uint64_t> tags;
  for (const auto& [tag, error] : bench.failed) tags.push_back(tag);
  std::sort(tags.begin(), tags.end());
  return tags;
}

// --- peers ---------------------------------------------------------------------------------------

void TcpPeer::connect(const port::SocketAddress& to, const port::SocketAddress& from) {
  int failure = 0;
  stream_ = bench_.far.network().connect(from, to, *this, failure);
  REQUIRE(stream_ != nullptr);
  bench_.until([&] { return connected || ended; });
}

void TcpPeer::accept(port::Stream& stream) {
  stream_ = &stream;
  connected = true;
  local = stream.local();
  stream.set_handler(this);
}

void TcpPeer::write(std::string_view text) {
  to_send_ += text;
  if (stream_ != nullptr && connected) on_writable(*stream_);
}

void TcpPeer::close() {
  if (stream_ != nullptr) stream_->close();
  stream_ = nullptr;
}

void TcpPeer::shut_down() { static_cast<port::SimStream*>(stream_)->shut_down(); }

void TcpPeer::reset() {
  if (stream_ != nullptr) stream_->reset();
  stream_ = nullptr;
}

void TcpPeer::read_nothing() {
  if (stream_ != nullptr) stream_->want_read(false);
}

void TcpPeer::read_a_little() {
  if (stream_ != nullptr) on_readable(*stream_);
}

void TcpPeer::read_again() {
  if (stream_ != nullptr) stream_->want_read(true);
}

void TcpPeer::on_connected(port::Stream& stream) {
  connected = true;
  local = stream.local();
  on_writable(stream);
}

void TcpPeer::on_readable(port::Stream& stream) {
  char bytes[4096];
  const port::IoResult read = stream.read(bytes);
  if (read.status == port::IoStatus::Ok) received.append(bytes, read.bytes);
  if (read.status == port::IoStatus::Ok || read.status == port::IoStatus::WouldBlock) return;
  ended = true;
  error = read.error;
  close();
}

void TcpPeer::on_writable(port::Stream& stream) {
  while (!to_send_.empty()) {
    const std::span<const char> piece(to_send_);
    const port::IoResult written = stream.write(std::span(&piece, 1));
    if (written.status != port::IoStatus::Ok) break;
    to_send_.erase(0, written.bytes);
  }
  stream.want_write(!to_send_.empty());
}

void TcpPeer::on_connect_failed(port::Stream&, int failure) {
  ended = true;
  error = failure;
  close();
}

Flow speak(Bench& bench, TcpPeer& peer) {
  const size_t before = bench.heard.size();
  if (!peer.connected) peer.connect();
  peer.write(Request{}.text());
  bench.settle();
  REQUIRE(bench.heard.size() == before + 1);
  return bench.heard.back().flow;
}

TcpPeer& Crowd::join(std::string_view from) {
  peers_.push_back(std::make_unique<TcpPeer>(bench_));
  const port::IpAddress source = ip(from);
  const bool v4 = source.family == port::Family::V4;
  peers_.back()->connect(at(v4 ? "10.0.0.1" : "2001:db8::1", 5060), {source, 0});
  bench_.settle();
  return *peers_.back();
}

size_t Crowd::still_there() const {
  return static_cast<size_t>(
      std::count_if(peers_.begin(), peers_.end(), [](const auto& peer) { return !peer->ended; }));
}

TcpDoor::TcpDoor(Bench& bench, const port::SocketAddress& address) : bench_(bench) {
  int error = 0;
  listener_ = bench.far.network().listen(address, *this, error);
  REQUIRE(listener_ != nullptr);
}

void TcpDoor::on_accept(port::Listener&, port::Stream& stream) {
  peers.push_back(std::make_unique<TcpPeer>(bench_));
  peers.back()->accept(stream);
}

UdpPeer::UdpPeer(Bench& bench, const port::SocketAddress& address) {
  int error = 0;
  socket_ = bench.far.network().open_datagram({address, 1 << 20}, *this, error);
  REQUIRE(socket_ != nullptr);
}

void UdpPeer::write(std::string_view text, const port::SocketAddress& to) {
  const port::OutgoingDatagram datagram{{text.data(), text.size()}, to, {}};
  REQUIRE(socket_->send(std::span(&datagram, 1)) == 1);
}

void UdpPeer::on_readable(port::DatagramSocket& socket) {
  port::DatagramSlot slot;
  slot.buffer = buffer_;
  while (socket.receive(std::span(&slot, 1)) == 1)
    received.push_back({buffer_.substr(0, slot.size), slot.remote});
}

}  // namespace tipring::transport
