#include "transport/datagrams.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tipring::transport {

namespace {

constexpr size_t kBufferBytes = MessageSlabs::kClassBytes[MessageSlabs::kReceiveClass];
constexpr size_t kSpillBytes = 65536;

// RFC 5626 4.4.1 and RFC 3261 7.5: empty lines before a message, or alone as a keepalive.
size_t count_empty_lines(std::string_view text) {
  return std::min(text.find_first_not_of("\r\n"), text.size());
}

}  // namespace

void Datagrams::plan(const Limits& limits, MemoryPlan& plan) {
  plan.add("udp_receive_slots", limits.receive_batch, sizeof(port::DatagramSlot));
  plan.add("udp_receive_buffers", limits.receive_batch, sizeof(MessageRef));
  plan.add("udp_spill", limits.receive_batch, kSpillBytes);
}

Datagrams::Datagrams(Shared& shared, const Limits& limits)
    : shared_(shared),
      buffers_(shared.dependencies.arena.take<MessageRef>(limits.receive_batch)),
      slots_(shared.dependencies.arena.take<port::DatagramSlot>(limits.receive_batch)),
      spill_(shared.dependencies.arena.take<char>(limits.receive_batch * kSpillBytes)) {}

int Datagrams::open(ListenPoint& point, uint8_t number) {
  const auto place = std::find_if(places_.begin(), places_.end(),
                                  [](const Place& one) { return one.socket == nullptr; });
  if (place == places_.end()) return ENFILE;
  int error = 0;
  const port::DatagramOptions options{point.bind, shared_.options.receive_buffer_bytes};
  place->socket = shared_.dependencies.network.open_datagram(options, *this, error);
  if (place->socket == nullptr) return error;
  place->number = number;
  place->is_group = false;
  point.bind = place->socket->local();
  log_receive_buffer(*place->socket);
  return 0;
}

// A socket that is bound to all addresses of the port takes the group's datagrams as well, and keeps
// others from its port.
int Datagrams::join(const GroupPoint& group) {
  for (const Place& place : places_) {
    const bool takes_all = place.socket != nullptr && !place.is_group &&
                           place.socket->local().ip.is_unspecified() &&
                           place.socket->local().ip.family == group.group.ip.family &&
                           place.socket->local().port == group.group.port;
    if (takes_all) return place.socket->join(group.group.ip, group.own);
  }
  const auto place = std::find_if(places_.begin(), places_.end(),
                                  [](const Place& one) { return one.socket == nullptr; });
  if (place == places_.end()) return ENFILE;
  int error = 0;
  const port::DatagramOptions options{group.group, shared_.options.receive_buffer_bytes};
  place->socket = shared_.dependencies.network.open_datagram(options, *this, error);
  if (place->socket == nullptr) return error;
  place->is_group = true;
  error = place->socket->join(group.group.ip, group.own);
  if (error != 0) place->socket.reset();
  return error;
}

void Datagrams::leave_groups() {
  for (Place& place : places_) {
    if (place.socket == nullptr || !place.is_group) continue;
    kernel_drops_before_ += place.socket->kernel_drops();
    place.socket.reset();
  }
}

// What was sent to a group is ours from the unicast side of the interface that it came by.
bool Datagrams::find_own_side(const port::DatagramSlot& slot, Flow& flow) const {
  const auto open = shared_.points.open();
  for (size_t i = 0; i < open.size(); ++i) {
    const ListenPoint& point = open[i];
    if (point.transport != sip::Transport::Udp ||
        point.bind.ip.family != slot.answers_from.family ||
        (point.bind.ip != slot.answers_from && !point.bind.ip.is_unspecified())) {
      continue;
    }
    flow.local = {slot.answers_from, point.bind.port};
    flow.listener = shared_.points.number(i);
    return true;
  }
  return false;
}

void Datagrams::close(uint8_t number) {
  const size_t place = place_of(number);
  if (place == kNoPlace) return;
  flush();
  kernel_drops_before_ += places_[place].socket->kernel_drops();
  places_[place].socket.reset();
}

size_t Datagrams::place_of(uint8_t number) const {
  for (size_t i = 0; i < kPlaces; ++i) {
    if (places_[i].socket != nullptr && !places_[i].is_group && places_[i].number == number)
      return i;
  }
  return kNoPlace;
}

void Datagrams::log_receive_buffer(const port::DatagramSocket& socket) const {
  Log& log = shared_.dependencies.log;
  const int asked = shared_.options.receive_buffer_bytes;
  const int given = socket.receive_buffer_bytes();
  char text[port::kAddressTextMax];
  const auto address = kv("address", port::write_address(socket.local(), text));
  if (given >= asked) {
    log.info("udp_receive_buffer", address, kv("asked", asked), kv("given", given));
    return;
  }
  log.warning("udp_receive_buffer", address, kv("asked", asked), kv("given", given),
              kv("help", "a burst of datagrams may be lost: raise net.core.rmem_max"));
}

void Datagrams::close_all() {
  for (Place& place : places_) place.socket.reset();
  for (size_t i = 0; i < outgoing_count_; ++i) outgoing_[i] = {};
  outgoing_count_ = 0;
  for (MessageRef& buffer : buffers_) buffer.reset();
}

uint8_t Datagrams::number_of(const port::DatagramSocket& socket) const {
  const auto found = std::find_if(places_.begin(), places_.end(),
                                  [&](const Place& own) { return own.socket.get() == &socket; });
  TIPRING_ASSERT(found != places_.end());
  return found->number;
}

// Gives each slot a buffer; the number of slots that have one, all at the front.
size_t Datagrams::prepare_slots() {
  for (size_t i = 0; i < slots_.size(); ++i) {
    // A buffer that someone has kept is his now.
    if (buffers_[i] && buffers_[i].shared()) buffers_[i].reset();
    if (!buffers_[i]) buffers_[i] = shared_.dependencies.slabs.acquire_to_receive(kBufferBytes);
    if (!buffers_[i]) return i;
    slots_[i].buffer = buffers_[i].room();
    slots_[i].spill = spill_.subspan(i * kSpillBytes, kSpillBytes);
  }
  return slots_.size();
}

void Datagrams::on_readable(port::DatagramSocket& socket) {
  const uint8_t listener = number_of(socket);
  for (int batch = 0; batch < kBatchesPerEvent; ++batch) {
    const size_t prepared = prepare_slots();
    if (prepared == 0) return drop_batch(socket);
    const size_t received = socket.receive(slots_.first(prepared));
    for (size_t i = 0; i < received; ++i) take(i, listener);
    if (received < prepared) break;
  }
  note_kernel_drops();
}

// The kernel tells of them with the datagrams that it had room for.
void Datagrams::note_kernel_drops() {
  const uint64_t drops = kernel_drops();
  if (drops == kernel_drops_noted_) return;
  const uint64_t events = kernel_drop_burst_.note(shared_.now(), drops - kernel_drops_noted_);
  kernel_drops_noted_ = drops;
  if (events == 0) return;
  shared_.dependencies.log.warning(
      "udp_kernel_drops", kv("events", events),
      kv("help", "datagrams came faster than they were read: raise net.core.rmem_max"));
}

// No buffer at all: read on, lest old datagrams wait in the socket, and drop.
void Datagrams::drop_batch(port::DatagramSocket& socket) {
  for (size_t i = 0; i < slots_.size(); ++i) {
    slots_[i].buffer = {};
    slots_[i].spill = spill_.subspan(i * kSpillBytes, kSpillBytes);
  }
  if (const size_t dropped = socket.receive(slots_)) shared_.drop_for_want_of_buffer(dropped);
}

// The datagram's bytes without the empty lines in front: in the slot's own buffer, or in a large
// one when it spilled. Null when there is nothing to hand up.
MessageRef Datagrams::message_of(size_t index) {
  const port::DatagramSlot& slot = slots_[index];
  const size_t in_buffer = std::min(slot.size, slot.buffer.size());
  const size_t skipped = count_empty_lines({slot.buffer.data(), in_buffer});
  if (skipped == slot.size) {
    ++shared_.counters.keepalives;
    return {};
  }
  if (skipped == slot.buffer.size()) {  // nobody sends so many before a message
    ++shared_.counters.not_sip;
    return {};
  }
  MessageRef message = buffers_[index];
  if (slot.size > in_buffer) {
    message = shared_.dependencies.slabs.acquire(slot.size);
    if (!message) {
      shared_.drop_for_want_of_buffer(1);
      return {};
    }
    const std::span<char> room = message.room();
    std::memcpy(room.data(), slot.buffer.data() + skipped, in_buffer - skipped);
    std::memcpy(room.data() + in_buffer - skipped, slot.spill.data(), slot.size - in_buffer);
  } else if (skipped != 0) {
    std::memmove(slot.buffer.data(), slot.buffer.data() + skipped, slot.size - skipped);
  }
  message.set_size(slot.size - skipped);
  return message;
}

void Datagrams::take(size_t index, uint8_t listener) {
  const port::DatagramSlot& slot = slots_[index];
  MessageRef message = message_of(index);
  if (!message) return;
  Flow flow{slot.local, slot.remote, {}, sip::Transport::Udp, listener};
  const bool by_group = slot.local.ip.is_multicast();
  if (by_group && !find_own_side(slot, flow)) {
    ++shared_.counters.not_for_group;
    return;
  }
  sip::ParsedMessage parsed = sip::parse_message(message.view(), index_, sip::Framing::Datagram);
  if (parsed.status == sip::ParseStatus::Complete) message.set_size(parsed.used);
  if (message.size() > shared_.options.message_bytes_max) {
    parsed.status = sip::ParseStatus::Malformed;
    parsed.error = {sip::ParseFault::TooLarge, sip::HeaderId::Other, 0};
  }
  deliver(shared_, parsed, message, flow, by_group);
}

// RFC 3261 18.4.
void Datagrams::on_unreachable(port::DatagramSocket&, const port::SocketAddress& remote,
                               int error) {
  char text[port::kAddressTextMax];
  shared_.dependencies.log.debug("udp_unreachable", kv("remote", port::write_address(remote, text)),
                                 kv("errno", error));
  const auto sender = last_senders_.take(remote, shared_.now());
  if (sender) shared_.fail(sender->observer, sender->tag, Error::Unreachable);
}

Result<void> Datagrams::send(MessageRef message, const Flow& flow, SendObserver* observer,
                             uint64_t tag) {
  const size_t place = place_of(flow.listener);
  if (place == kNoPlace) return Error::Unsupported;
  if (!message) return Error::PoolExhausted;
  if (outgoing_count_ == kOutgoingMax) flush();
  if (observer != nullptr) last_senders_.note(flow.remote, *observer, tag, shared_.now());
  outgoing_[outgoing_count_++] = {std::move(message), flow.local, flow.remote,
                                  observer,           tag,        static_cast<uint8_t>(place)};
  return {};
}

void Datagrams::flush() {
  size_t from = 0;
  while (from < outgoing_count_) {
    size_t to = from + 1;
    while (to < outgoing_count_ && outgoing_[to].place == outgoing_[from].place) ++to;
    from = send_run(from, to);
  }
  for (size_t i = 0; i < outgoing_count_; ++i) outgoing_[i].message.reset();
  outgoing_count_ = 0;
}

// Sends what shares a socket; where to go on. What the kernel has no room for is lost, as it may be
// on the way.
size_t Datagrams::send_run(size_t from, size_t to) {
  std::array<port::OutgoingDatagram, port::DatagramSocket::kBatchMax> batch;
  const size_t count = std::min(to - from, batch.size());
  for (size_t i = 0; i < count; ++i) {
    const Outgoing& out = outgoing_[from + i];
    batch[i] = {{out.message.data(), out.message.size()}, out.remote, out.local};
  }
  port::DatagramSocket& socket = *places_[outgoing_[from].place].socket;
  const size_t sent = socket.send(std::span(batch).first(count));
  shared_.counters.sent += sent;
  if (sent == count) return from + count;
  const Outgoing& failed = outgoing_[from + sent];
  if (socket.last_error() == 0) {
    shared_.counters.send_failed += count - sent;
    return from + count;
  }
  shared_.fail(failed.observer, failed.tag, Error::Unreachable);
  return from + sent + 1;
}

uint64_t Datagrams::kernel_drops() const {
  uint64_t drops = kernel_drops_before_;
  for (const Place& place : places_)
    drops += place.socket != nullptr ? place.socket->kernel_drops() : 0;
  return drops;
}

}  // namespace tipring::transport
