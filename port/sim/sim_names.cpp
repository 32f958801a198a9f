#include "port/sim/sim_names.h"

#include <algorithm>

#include "port/sim/sim_host.h"

namespace tipring::port {
namespace {

constexpr size_t kNameMax = 253;

std::string plain(std::string_view name) {
  if (!name.empty() && name.back() == '.') name.remove_suffix(1);
  std::string text(name);
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool wanted(const IpAddress& ip, QueryFamily family) {
  if (family == QueryFamily::Both) return true;
  return ip.family == (family == QueryFamily::V4 ? Family::V4 : Family::V6);
}

}  // namespace

void SimNames::set(std::string_view name, std::vector<IpAddress> addresses, Millis latency) {
  answers_[plain(name)] = {NamesStatus::Found, std::move(addresses), latency};
}

void SimNames::set_failure(std::string_view name, NamesStatus status, Millis latency) {
  answers_[plain(name)] = {status, {}, latency};
}

bool SimNames::resolve(std::string_view host, QueryFamily family, Millis deadline,
                       NamesHandler& handler, uint64_t tag) {
  if (host.empty() || host.size() > kNameMax || queries_.size() >= capacity_) return false;
  const auto found = answers_.find(plain(host));
  Answer answer = found == answers_.end() ? Answer{} : found->second;
  std::erase_if(answer.addresses, [&](const IpAddress& ip) { return !wanted(ip, family); });
  if (answer.addresses.size() > kAddressesMax) answer.addresses.resize(kAddressesMax);
  if (answer.status == NamesStatus::Found && answer.addresses.empty()) {
    answer.status = NamesStatus::NotFound;
  }
  const Millis now = host_.world().now();
  const Millis answered = answer.latency == kNever ? kNever : now + answer.latency;
  if (answered > deadline) answer = {NamesStatus::TimedOut, {}, {}};

  const auto query = queries_.insert(
      queries_.end(), {&handler, tag, answer.status, std::move(answer.addresses), {}});
  query->event = host_.loop().schedule(std::min(answered, deadline), [this, query] {
    const Query done = std::move(*query);
    queries_.erase(query);
    done.handler->on_names(done.tag, done.status, done.addresses);
  });
  return true;
}

void SimNames::cancel(NamesHandler& handler, uint64_t tag) {
  std::list<Query> cancelled;
  for (auto query = queries_.begin(); query != queries_.end();) {
    const auto next = std::next(query);
    if (query->handler == &handler && query->tag == tag) {
      host_.world().cancel(query->event);
      cancelled.splice(cancelled.end(), queries_, query);
    }
    query = next;
  }
  for (const Query& query : cancelled) {
    query.handler->on_names(query.tag, NamesStatus::Cancelled, {});
  }
}

}  // namespace tipring::port
