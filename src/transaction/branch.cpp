#include "transaction/branch.h"

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
  void hex(uint64_t value) { size_ += write_hex_u64(value, out_.subspan(size_)).size(); }
  std::string_view written() const { return {out_.data(), size_}; }

 private:
  std::span<char> out_;
  size_t size_ = 0;
};

// The handle as one number, the index in front.
uint64_t number_of(ClientHandle client) { return uint64_t{client.index} << 32 | client.generation; }

ClientHandle handle_of(uint64_t number) {
  return {static_cast<uint32_t>(number >> 32), static_cast<uint32_t>(number)};
}

}  // namespace

bool has_magic_cookie(std::string_view branch) {
  return branch.size() > kMagicCookie.size() && istarts_with(branch, sip::kMagicCookieText);
}

BranchCodec::BranchCodec(const HashKey& key, uint8_t node) : key_(key), node_(node) {
  write_hex({&node, 1}, node_text_);
}

BranchCodec::Parts BranchCodec::parts_of(ClientHandle client, uint64_t loop_hash) const {
  return {client, mac(client, loop_hash), loop_hash};
}

std::string_view BranchCodec::write(const Parts& parts, std::span<char> out) const {
  TIPRING_ASSERT(out.size() >= kSize);
  Appender branch(out);
  branch.text(kMagicCookie);
  branch.text({node_text_.data(), node_text_.size()});
  branch.hex(number_of(parts.client));
  branch.hex(parts.mac);
  branch.text(".");
  branch.hex(parts.loop_hash);
  return branch.written();
}

std::string_view BranchCodec::write_stateless(uint64_t unique, uint64_t loop_hash,
                                              std::span<char> out) const {
  return write({ClientHandle{}, unique, loop_hash}, out);
}

std::optional<BranchCodec::Parts> BranchCodec::read(std::string_view branch) const {
  if (branch.size() != kSize || !has_magic_cookie(branch) || branch[41] != '.') return {};
  if (!iequals(branch.substr(7, 2), {node_text_.data(), node_text_.size()})) return {};
  uint64_t handle = 0;
  Parts parts;
  if (!read_hex_u64(branch.data() + 9, handle) || !read_hex_u64(branch.data() + 25, parts.mac) ||
      !read_hex_u64(branch.data() + 42, parts.loop_hash)) {
    return {};
  }
  parts.client = handle_of(handle);
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
