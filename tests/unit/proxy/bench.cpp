#include "bench.h"

#include <doctest/doctest.h>

namespace tipring::proxy {

std::vector<std::string> Message::lines(std::string_view name) const {
  const std::string start = "\r\n" + std::string(name) + ": ";
  std::vector<std::string> found;
  for (size_t at = text.find(start); at != std::string::npos; at = text.find(start, at + 2)) {
    const size_t from = at + start.size();
    found.push_back(text.substr(from, text.find("\r\n", from) - from));
  }
  return found;
}

std::string Message::line(std::string_view name) const {
  const std::vector<std::string> all = lines(name);
  return all.empty() ? std::string() : all.front();
}

Exchange::Exchange(port::SimWorld& world, const Limits& limits)
    : Node(world, "exchange", "10.0.0.1", limits),
      overload_({1, 2}, log),
      environment_{transport, locator, transactions, calls,  slabs, wheel,    host.loop(),
                   *this,     *this,   "tipring",    {3, 4}, log,   overload_},
      calls({slabs, wheel, host.loop(), arena}, limits),
      proxy(environment_, *this, arena, limits) {
  environment_.session_timer.mode = service::SessionTimerMode::Off;
  transactions.set_request_handler(*this);
  REQUIRE(start());
}

void Exchange::on_request(const service::Incoming& request) {
  last_flow_ = request.flow;
  UriRoom room;
  proxy.handle(request, read_routes(environment_, request.message, request.flow, room));
}

bool Exchange::is_own(std::string_view name, uint16_t port) const {
  return (name == "tipring" || name == "10.0.0.1") && (port == 0 || port == 5060);
}

service::Access Exchange::judge(const service::Incoming&, const service::RouteFacts& route) {
  judged_in_dialog.push_back(route.in_dialog);
  return {};
}

void Exchange::find_targets(const sip::Uri& uri, TargetList& targets, uint16_t& status) {
  const auto found = bindings_.find(std::string(uri.user));
  status = 404;
  if (found == bindings_.end()) return;
  for (const Binding& binding : found->second) {
    targets.add({sip::ParsedUri(binding.contact), binding.flow, binding.path, binding.q,
                 binding.params, binding.on_host});
  }
}

namespace {

port::SimHost& host_at(port::SimWorld& world, const port::IpAddress& ip) {
  port::SimHost* host = world.host_of(ip);
  return host != nullptr ? *host : world.make_host("phone", {ip});
}

}  // namespace

Phone::Phone(port::SimWorld& world, std::string_view address, uint16_t port) : world_(world) {
  const port::IpAddress ip = *port::parse_ip(address);
  int error = 0;
  socket_ = host_at(world, ip).network().open_datagram({{ip, port}}, *this, error);
  REQUIRE(socket_ != nullptr);
}

void Phone::send(const std::string& text) {
  const port::OutgoingDatagram datagram{text, {*port::parse_ip("10.0.0.1"), 5060}, {}};
  REQUIRE(socket_->send({&datagram, 1}) == 1);
}

Message Phone::take(Millis within) {
  REQUIRE(world_.run_until([&] { return received_.size() > taken_; }, within));
  return received_[taken_++];
}

bool Phone::got_nothing(Millis within) {
  world_.run_for(within);
  return received_.size() == taken_;
}

void Phone::on_readable(port::DatagramSocket& socket) {
  std::vector<char> buffer(65536);
  port::DatagramSlot slot;
  slot.buffer = buffer;
  while (socket.receive({&slot, 1}) == 1) {
    received_.push_back({std::string(buffer.data(), slot.size)});
  }
}

StreamListener::StreamListener(port::SimWorld& world, std::string_view address, uint16_t port)
    : world_(world) {
  const port::IpAddress ip = *port::parse_ip(address);
  int error = 0;
  listener_ = host_at(world, ip).network().listen({ip, port}, *this, error);
  REQUIRE(listener_ != nullptr);
}

void StreamListener::on_accept(port::Listener&, port::Stream& stream) {
  stream_ = &stream;
  stream.set_handler(this);
}

void StreamListener::send(const std::string& text) {
  REQUIRE(stream_ != nullptr);
  const std::span<const char> piece(text);
  for (size_t sent = 0; sent < text.size();) {
    const std::span<const char> rest = piece.subspan(sent);
    sent += stream_->write({&rest, 1}).bytes;
  }
}

size_t StreamListener::first_size() const {
  const size_t end = received_.find("\r\n\r\n");
  if (end == std::string::npos) return 0;
  const std::string length = Message{received_.substr(0, end + 2)}.line("Content-Length");
  const size_t size = end + 4 + std::stoul(length);
  return received_.size() >= size ? size : 0;
}

Message StreamListener::take() {
  REQUIRE(world_.run_until([&] { return first_size() != 0; }, Millis(1000)));
  Message message{received_.substr(0, first_size())};
  received_.erase(0, message.text.size());
  return message;
}

bool StreamListener::got_nothing(Millis within) {
  world_.run_for(within);
  return received_.empty();
}

void StreamListener::on_readable(port::Stream& stream) {
  std::vector<char> buffer(65536);
  for (;;) {
    const port::IoResult got = stream.read(buffer);
    if (got.status != port::IoStatus::Ok || got.bytes == 0) return;
    received_.append(buffer.data(), got.bytes);
  }
}

StreamPhone::StreamPhone(port::SimWorld& world, std::string_view address) : world_(world) {
  port::SimHost& host = world.make_host("stream phone", {*port::parse_ip(address)});
  int error = 0;
  stream_ = host.network().connect({}, {*port::parse_ip("10.0.0.1"), 5060}, *this, error);
  REQUIRE(stream_ != nullptr);
  REQUIRE(world.run_until([&] { return is_up_; }, Millis(1000)));
}

void StreamPhone::send(const std::string& text) {
  const std::span<const char> piece(text);
  REQUIRE(stream_->write({&piece, 1}).bytes == text.size());
}

Message StreamPhone::take() {
  const auto end = [&] { return received_.find("\r\n\r\n"); };
  REQUIRE(world_.run_until([&] { return end() != std::string::npos; }, Millis(1000)));
  const size_t size = end() + 4;
  Message message{received_.substr(0, size)};
  received_.erase(0, size);
  return message;
}

void StreamPhone::close() {
  stream_->close();
  world_.run_for(Millis(100));
}

void StreamPhone::on_readable(port::Stream& stream) {
  std::vector<char> buffer(65536);
  for (;;) {
    const port::IoResult got = stream.read(buffer);
    if (got.status != port::IoStatus::Ok || got.bytes == 0) return;
    received_.append(buffer.data(), got.bytes);
  }
}

}  // namespace tipring::proxy
