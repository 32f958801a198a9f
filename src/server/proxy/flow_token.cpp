#include "server/proxy/flow_token.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace tipring::proxy {

namespace {

constexpr size_t kBytesMax = kFlowTokenMax / 2;
constexpr size_t kMacBytes = 8;

size_t address_bytes(port::Family family) { return family == port::Family::V4 ? 4 : 16; }

// The same walk over all fields writes and reads them.
class Bytes {
 public:
  explicit Bytes(std::span<uint8_t> bytes) : bytes_(bytes) {}

  size_t size() const { return size_; }
  void put(uint64_t value, size_t count) {
    for (; count != 0; --count) bytes_[size_++] = static_cast<uint8_t>(value >> 8 * (count - 1));
  }
  void put(std::span<const uint8_t> piece) {
    for (const uint8_t byte : piece) bytes_[size_++] = byte;
  }
  uint64_t take(size_t count) {
    uint64_t value = 0;
    for (; count != 0; --count) value = value << 8 | bytes_[size_++];
    return value;
  }
  void take(std::span<uint8_t> piece) {
    for (uint8_t& byte : piece) byte = bytes_[size_++];
  }

 private:
  std::span<uint8_t> bytes_;
  size_t size_ = 0;
};

uint64_t mac_of(const HashKey& key, std::string_view call_id, std::span<const uint8_t> bytes) {
  SipHasher64 hasher(key);
  hasher.add("flow\n");
  hasher.add(call_id);
  hasher.add("\n");
  hasher.add({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return hasher.finish();
}

}  // namespace

std::string_view write_flow_token(const HashKey& key, std::string_view call_id,
                                  const transport::Flow& flow, std::span<char> out) {
  std::array<uint8_t, kBytesMax> bytes;
  const size_t address = address_bytes(flow.remote.ip.family);
  Bytes fields(bytes);
  fields.put(static_cast<uint64_t>(flow.remote.ip.family), 1);
  fields.put(static_cast<uint64_t>(flow.transport), 1);
  fields.put(flow.listener, 1);
  fields.put(flow.local.port, 2);
  fields.put(flow.remote.port, 2);
  fields.put(std::span(flow.local.ip.bytes).first(address));
  fields.put(std::span(flow.remote.ip.bytes).first(address));
  fields.put(flow.connection.to_u64(), 8);
  fields.put(mac_of(key, call_id, std::span(bytes).first(fields.size())), kMacBytes);
  return write_hex(std::span(bytes).first(fields.size()), out);
}

std::optional<transport::Flow> read_flow_token(const HashKey& key, std::string_view call_id,
                                               std::string_view token) {
  std::array<uint8_t, kBytesMax> bytes;
  const size_t size = token.size() / 2;
  if (size <= kMacBytes || size > bytes.size() || !parse_hex(token, std::span(bytes).first(size))) {
    return std::nullopt;
  }
  const size_t covered = size - kMacBytes;
  if (Bytes(std::span(bytes).subspan(covered)).take(kMacBytes) !=
      mac_of(key, call_id, std::span(bytes).first(covered))) {
    return std::nullopt;
  }
  // What follows was written by us, and has the size that its family says.
  Bytes fields(bytes);
  transport::Flow flow;
  const auto family = static_cast<port::Family>(fields.take(1));
  flow.local.ip.family = flow.remote.ip.family = family;
  flow.transport = static_cast<sip::Transport>(fields.take(1));
  flow.listener = static_cast<uint8_t>(fields.take(1));
  flow.local.port = static_cast<uint16_t>(fields.take(2));
  flow.remote.port = static_cast<uint16_t>(fields.take(2));
  fields.take(std::span(flow.local.ip.bytes).first(address_bytes(family)));
  fields.take(std::span(flow.remote.ip.bytes).first(address_bytes(family)));
  flow.connection = Handle<transport::Connection>::from_u64(fields.take(8));
  return flow;
}

}  // namespace tipring::proxy
