#include "fake_desk.h"

namespace tipring::admin::test {

namespace {

constexpr size_t kMemory = 512 << 10;

std::string key_of(std::string_view domain, std::string_view name) {
  return std::string(name) + "@" + std::string(domain);
}

}  // namespace

std::optional<Outcome> FakeExchange::put_user(const UserChange& change, uint64_t ticket) {
  const std::string key = key_of(change.domain, change.name);
  const bool exists = users.count(key) > 0;
  Outcome outcome = exists ? Outcome::Changed : Outcome::Created;
  if (refusal) {
    outcome = *refusal;
  } else if (exists && change.mode == PutMode::Create) {
    outcome = Outcome::Exists;
  } else if (!exists && change.mode == PutMode::Change) {
    outcome = Outcome::NotFound;
  } else if (!exists && users.size() == users_max) {
    outcome = Outcome::UsersFull;
  } else {
    if (change.secret != nullptr) users[key] = *change.secret;
  }
  if (!later) return outcome;
  due.emplace_back(ticket, outcome);
  return std::nullopt;
}

std::optional<Outcome> FakeExchange::rename_user(std::string_view domain, std::string_view name,
                                                 std::string_view new_name,
                                                 const UserSecret* secret, uint64_t) {
  if (refusal) return refusal;
  if (users.erase(key_of(domain, name)) == 0) return Outcome::NotFound;
  users[key_of(domain, new_name)] = secret != nullptr ? *secret : UserSecret();
  return Outcome::Changed;
}

std::optional<Outcome> FakeExchange::remove_user(std::string_view domain, std::string_view name,
                                                 uint64_t) {
  if (refusal) return refusal;
  return users.erase(key_of(domain, name)) > 0 ? Outcome::Done : Outcome::NotFound;
}

std::optional<Outcome> FakeExchange::remove_bindings(std::string_view, std::string_view name,
                                                     std::string_view contact, uint64_t) {
  const auto before = bindings.size();
  std::erase_if(bindings, [&](const BindingRow& row) {
    return row.name == name && (contact.empty() || row.contact == contact);
  });
  return bindings.size() < before ? Outcome::Done : Outcome::NoSuchRegistration;
}

bool FakeExchange::show_user(std::string_view domain, std::string_view name, Page& page) {
  if (users.count(key_of(domain, name)) == 0) return false;
  page.add(UserRow{name, domain, 0, true, name, "", "", 0, store::SessionTimerRule::AsConfigured});
  return true;
}

std::optional<uint64_t> FakeExchange::list_bindings_of(std::string_view domain,
                                                       std::string_view name, uint64_t,
                                                       Page& page) {
  if (users.count(key_of(domain, name)) == 0) return std::nullopt;
  for (const BindingRow& row : bindings) {
    if (row.name == name) page.add(row);
  }
  return 0;
}

// It goes with the hashes.
uint64_t FakeExchange::revision_of_user(std::string_view domain, std::string_view name) const {
  const auto found = users.find(key_of(domain, name));
  return found == users.end() ? 0 : found->second.md5[0] + uint64_t{1};
}

uint64_t FakeExchange::list_users(uint64_t cursor, const UserFilter&, Page& page) {
  uint64_t at = 0;
  for (const auto& [key, secret] : users) {
    if (at++ < cursor) continue;
    if (!page.has_room()) return at - 1;
    const UserName user = split_user_name(key);
    page.add(UserRow{user.name, user.domain, 0, true, user.name, "", "", 0,
                     store::SessionTimerRule::AsConfigured});
  }
  return 0;
}

uint64_t FakeExchange::list_bindings(uint64_t cursor, std::string_view, Page& page) {
  for (; cursor < bindings.size(); ++cursor) {
    if (!page.has_room()) return cursor;
    page.add(bindings[cursor]);
  }
  return 0;
}

void FakeExchange::status(Page& page) {
  page.add(FactRow{"version", "0.1.0", 0});
  page.add(FactRow{"users", "", users.size()});
}

FakeDesk::FakeDesk()
    : memory_(static_cast<std::byte*>(std::aligned_alloc(Arena::kAlignment, kMemory)), &std::free),
      arena_({memory_.get(), kMemory}),
      channel(arena_),
      api(channel, wakeup, "office", "home.example"),
      endpoint(channel, exchange, pools) {
  endpoint.set_server(&server);
  api.attach(server);
}

FakeHttpExchange& FakeDesk::ask(port::HttpMethod method, std::string path, std::string body,
                                std::map<std::string, std::string> query) {
  const uint64_t id = server.exchanges.size() + 1;
  FakeHttpExchange& request = server.exchanges[id];
  request.method_ = method;
  request.path_ = std::move(path);
  request.body_ = std::move(body);
  request.query_ = std::move(query);
  request.id_ = id;
  api.on_exchange(request);
  return request;
}

void FakeDesk::run() {
  for (int seen = -1; seen != server.notified + wakeup.notified;) {
    seen = server.notified + wakeup.notified;
    while (endpoint.serve(4)) {}
    while (!exchange.due.empty()) {
      const auto [ticket, outcome] = exchange.due.front();
      exchange.due.pop_front();
      endpoint.complete(ticket, outcome);
    }
    api.on_poll();
  }
}

FakeHttpExchange& FakeDesk::get(std::string path, std::map<std::string, std::string> query) {
  FakeHttpExchange& request = ask(port::HttpMethod::Get, std::move(path), "", std::move(query));
  run();
  return request;
}

FakeHttpExchange& FakeDesk::put(std::string path, std::string body,
                                std::map<std::string, std::string> query) {
  FakeHttpExchange& request =
      ask(port::HttpMethod::Put, std::move(path), std::move(body), std::move(query));
  run();
  return request;
}

}  // namespace tipring::admin::test
