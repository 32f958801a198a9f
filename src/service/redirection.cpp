#include "service/redirection.h"

#include <cstring>

#include "core/text.h"
#include "sip/headers.h"
#include "sip/uri.h"
#include "sip/writer.h"

namespace tipring::service {

namespace {

constexpr uint16_t kQDefault = 1000;
constexpr size_t kUriMax = 512;

bool is_sips(std::string_view uri) { return iequals(sip::scheme_of(uri), "sips"); }

// Of two that are sent to as the same Request-URI one is enough.
bool leads_to_same(std::string_view a, std::string_view b) {
  std::array<char, kUriMax> room_a;
  std::array<char, kUriMax> room_b;
  sip::Writer first(room_a);
  sip::Writer second(room_b);
  sip::write_request_uri(first, a);
  sip::write_request_uri(second, b);
  return sip::equal_uris(first.view(), second.view());
}

}  // namespace

bool Redirection::begin(MessageSlabs& slabs, std::string_view request_uri) {
  clear();
  if (!add(slabs, request_uri, kQDefault)) return false;
  targets_[0].tried = true;
  return true;
}

void Redirection::clear() {
  texts_.reset();
  count_ = current_ = 0;
}

size_t Redirection::on_redirect(MessageSlabs& slabs, const sip::MessageView& response) {
  if (count_ == 0) return 0;
  const bool secure = is_sips(text(targets_[0]));
  size_t taken = 0;
  for (const std::string_view value : response.values(sip::HeaderId::Contact)) {
    const auto contact = sip::parse_name_addr(value);
    if (!contact || !sip::parse_uri(contact->uri) || contact->uri.size() > kUriMax) continue;
    if (secure && !is_sips(contact->uri)) continue;
    uint16_t q = kQDefault;
    if (const auto param = contact->param("q"))
      q = sip::parse_q(param->value).value_or(uint16_t{0});
    if (knows(contact->uri) || !add(slabs, contact->uri, q)) continue;
    ++taken;
  }
  return taken;
}

std::string_view Redirection::next() {
  Target* best = nullptr;
  for (Target& target : std::span(targets_).first(count_)) {
    if (!target.tried && (best == nullptr || target.q > best->q)) best = &target;
  }
  if (best == nullptr) return {};
  best->tried = true;
  current_ = static_cast<uint8_t>(best - targets_.data());
  return text(*best);
}

std::string_view Redirection::current() const {
  return current_ == 0 ? std::string_view() : text(targets_[current_]);
}

bool Redirection::has_next() const {
  for (const Target& target : std::span(targets_).first(count_)) {
    if (!target.tried) return true;
  }
  return false;
}

std::string_view Redirection::text(const Target& target) const {
  return between(texts_.view(), target.begin, target.end);
}

bool Redirection::knows(std::string_view uri) const {
  for (const Target& target : std::span(targets_).first(count_)) {
    if (leads_to_same(text(target), uri)) return true;
  }
  return false;
}

bool Redirection::add(MessageSlabs& slabs, std::string_view uri, uint16_t q) {
  if (count_ == kTargetsMax) return false;
  const size_t size = texts_ ? texts_.size() : 0;
  const size_t end = size + uri.size();
  if (end > kTextsMax) return false;
  if (!texts_ || end > texts_.capacity()) {
    MessageRef larger = slabs.acquire(end);
    if (!larger) return false;
    larger.set_size(size);
    if (size != 0) std::memcpy(larger.data(), texts_.data(), size);
    texts_ = std::move(larger);
  }
  texts_.set_size(end);
  std::memcpy(texts_.data() + size, uri.data(), uri.size());
  targets_[count_++] = {static_cast<uint16_t>(size), static_cast<uint16_t>(end), q, false};
  return true;
}

}  // namespace tipring::service
