#include "transaction/branch.h"

#include <array>

#include "core/assert.h"
#include "core/text.h"

namespace tipring::transaction {

namespace {

// Appends to a span that is known to be large enough.
class Appender {
 public:
  explicit Appender(std::span<char> out) : out_(out) {}

  void text(std::string_view piece) {
    copy_text(&out_[size_], piece);
    size_ += piece.size();
  }
  void hex(uint64_t value, size_t digits) {
    std::array<char, 16> all;
    text(write_hex_u64(value, all).substr(all.size() - digits));
  }
  std::string_view written() const { return {out_.data(), size_}; }

 private:
  std::span<char> out_;
  size_t size_ = 0;
};

std::string_view write_pieces(uint8_t node, ClientHandle client, uint64_t mac, uint64_t loop_hash,
                              std::span<char> out) {
  TIPRING_ASSERT(out.size() >= BranchCodec::kSize);
  Appender branch(out);
  branch.text(kMagicCookie);
  branch.hex(node, 2);
  branch.hex(client.index, 8);
  branch.hex(client.generation, 8);
  branch.hex(mac, 16);
  branch.text(".");
  branch.hex(loop_hash, 16);
  return branch.written();
}

}  // namespace

bool has_magic_cookie(std::string_view branch) {
  return branch.size() > kMagicCookie.size() && istarts_with(branch, sip::kMagicCookieText);
}

std::string_view BranchCodec::write(ClientHandle client, uint64_t loop_hash,
                                    std::span<char> out) const {
  return write_pieces(node_, client, mac(client, loop_hash), loop_hash, out);
}

std::string_view BranchCodec::write_stateless(uint64_t unique, uint64_t loop_hash,
                                              std::span<char> out) const {
  return write_pieces(node_, ClientHandle{}, unique, loop_hash, out);
}

std::optional<BranchCodec::Parts> BranchCodec::read(std::string_view branch) const {
  if (branch.size() != kSize || !has_magic_cookie(branch) || branch[41] != '.') return {};
  const Result<uint64_t> node = parse_hex_u64(branch.substr(7, 2));
  uint64_t handle = 0;
  Parts parts;
  if (!node || *node != node_ || !read_hex_u64(branch.data() + 9, handle) ||
      !read_hex_u64(branch.data() + 25, parts.mac) ||
      !read_hex_u64(branch.data() + 42, parts.loop_hash)) {
    return {};
  }
  parts.client = {static_cast<uint32_t>(handle >> 32), static_cast<uint32_t>(handle)};
  return parts.client ? std::optional(parts) : std::nullopt;
}

uint64_t BranchCodec::mac(ClientHandle client, uint64_t loop_hash) const {
  SipHasher64 hasher(key_);
  hasher.add_u64(node_);
  hasher.add_u64(client.to_u64());
  hasher.add_u64(loop_hash);
  return hasher.finish();
}

}  // namespace tipring::transaction
