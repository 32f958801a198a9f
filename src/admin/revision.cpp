#include "admin/revision.h"

#include <array>

#include "core/text.h"

namespace tipring::admin {

namespace {

constexpr size_t kDigits = 16;

class Hasher {
 public:
  explicit Hasher(const HashKey& key) : hasher_(key) {}

  Hasher& text(std::string_view text) {
    hasher_.add_sized(text);
    return *this;
  }
  Hasher& number(uint64_t number) {
    hasher_.add_u64(number);
    return *this;
  }
  template <size_t kSize>
  Hasher& bytes(const std::array<uint8_t, kSize>& bytes) {
    return text({reinterpret_cast<const char*>(bytes.data()), kSize});
  }
  uint64_t finish() const { return hasher_.finish() | 1; }

 private:
  SipHasher64 hasher_;
};

// One entity tag of the list `tags` is `tag`, in weak comparison: RFC 9110 8.8.3.2.
bool lists(std::string_view tags, std::string_view tag) {
  while (!tags.empty()) {
    const auto [item, rest] = split_once(tags, ',');
    std::string_view candidate = trim(item);
    if (candidate == "*") return true;
    if (candidate.starts_with("W/")) candidate.remove_prefix(2);
    if (candidate == tag) return true;
    tags = rest;
  }
  return false;
}

}  // namespace

uint64_t revision_of(const HashKey& key, const store::User& user) {
  const store::Credentials& secret = user.credentials();
  return Hasher(key)
      .text(user.domain())
      .text(user.name())
      .text(user.auth_name())
      .text(user.display_name())
      .text(user.aliases())
      .number(user.algorithms())
      .number(static_cast<uint64_t>(user.session_timer()))
      .number(secret.present)
      .bytes(secret.md5)
      .bytes(secret.sha256)
      .finish();
}

uint64_t revision_of(const HashKey& key, const store::Group& group) {
  return Hasher(key)
      .text(group.domain())
      .text(group.name())
      .text(group.display_name())
      .number(static_cast<uint64_t>(group.strategy()))
      .number(group.ring_timeout_s())
      .number(group.member_ring_s())
      .number(group.no_answer_status())
      .text(group.no_answer_to())
      .number(group.enabled() ? 1 : 0)
      .finish();
}

uint64_t revision_of(const HashKey& key, const store::GroupMember& member) {
  return Hasher(key)
      .text(member.name())
      .number(member.order())
      .number(member.delay_s())
      .number(member.ring_s())
      .number(member.enabled() ? 1 : 0)
      .finish();
}

std::string revision_text(uint64_t revision) {
  std::array<char, kDigits> digits;
  return std::string(write_hex_u64(revision, digits));
}

std::optional<uint64_t> if_match_of(const port::HttpExchange& exchange) {
  std::string_view tag = trim(exchange.header("If-Match"));
  if (tag.empty() || tag == "*") return 0;
  if (tag.size() < kDigits + 2 || tag.front() != '"' || tag.back() != '"') return std::nullopt;
  tag = tag.substr(1, tag.size() - 2);
  if (tag.size() > kDigits && tag[kDigits] != '-') return std::nullopt;
  const Result<uint64_t> revision = parse_hex_u64(tag.substr(0, kDigits));
  if (!revision || *revision == 0) return std::nullopt;
  return *revision;
}

void reply_tagged(port::HttpExchange& exchange, std::string_view body, uint64_t revision) {
  std::string tag = "\"";
  if (revision != 0) tag += revision_text(revision) + "-";
  tag += revision_text(siphash64(HashKey(), body)) + "\"";
  const port::HttpHeader headers[] = {{"ETag", tag}, {"Cache-Control", "no-cache"}};
  if (lists(exchange.header("If-None-Match"), tag)) return exchange.answer({304, "", "", headers});
  exchange.answer({200, "application/json", body, headers});
}

}  // namespace tipring::admin
