// Changes of the administration's rows, and the audit log.
#include <algorithm>

#include "admin/access/access.h"

namespace tipring::admin {

namespace {

constexpr size_t kActionMax = 256;
constexpr size_t kNotesMax = 64;

// The row of that name is replaced, or stands with the others in their order.
template <class Row>
void put(std::vector<Row>& rows, const Row& row) {
  std::erase_if(rows, [&](const Row& one) { return one.name == row.name; });
  const auto place = std::lower_bound(rows.begin(), rows.end(), row,
                                      [](const Row& a, const Row& b) { return a.name < b.name; });
  rows.insert(place, row);
}

}  // namespace

bool Access::write(std::function<int(store::Connection&)> run, std::function<void()> apply,
                   Done done) {
  if (is_changing_) return false;
  is_changing_ = parts_.errands.hand_over(store::make_errand<int>(
      store::Errand::Kind::Write,
      [run = std::move(run)](store::Connection& database, int&) { return run(database); },
      [this, apply = std::move(apply), done = std::move(done)](store::StoreStatus status, int&) {
        is_changing_ = false;
        if (status == store::StoreStatus::Durable) apply();
        done(status);
      }));
  return is_changing_;
}

bool Access::put_account(const store::AdminAccountRow& row, std::string but, Done done) {
  return write([row](store::Connection& database) { return put_admin_account(database, row); },
               [this, row, but = std::move(but)] {
                 put(accounts_, row);
                 sessions_.end_all(row.name, but);
                 sessions_.set_role(row.name, static_cast<Role>(row.role));
                 on_ended_();
                 if (row.role == static_cast<uint8_t>(Role::Administrator)) state_ = State::Ready;
               },
               std::move(done));
}

bool Access::remove_account(const std::string& name, Done done) {
  return write([name](store::Connection& database) { return remove_admin_account(database, name); },
               [this, name] {
                 std::erase_if(accounts_, [&](const auto& row) { return row.name == name; });
                 sessions_.end_all(name);
                 on_ended_();
               },
               std::move(done));
}

void Access::adopt(const std::vector<store::AdminAccountRow>& rows) {
  for (const store::AdminAccountRow& row : rows) {
    put(accounts_, row);
    if (row.role == static_cast<uint8_t>(Role::Administrator)) state_ = State::Ready;
  }
}

bool Access::put_token(const store::AdminTokenRow& row, Done done) {
  return write([row](store::Connection& database) { return put_admin_token(database, row); },
               [this, row] { put(tokens_, row); }, std::move(done));
}

bool Access::remove_token(const std::string& name, Done done) {
  return write([name](store::Connection& database) { return remove_admin_token(database, name); },
               [this, name] {
                 std::erase_if(tokens_, [&](const auto& row) { return row.name == name; });
                 on_ended_();
               },
               std::move(done));
}

// Bodies are left out, since they hold passwords; of the query only a new name says what was done.
void Access::note(const port::HttpExchange& exchange, const Caller& caller) {
  if (notes_.size() >= kNotesMax) return;
  std::string action =
      std::string(method_text(exchange.method())) + " " + std::string(exchange.path());
  for (const std::string_view name : {"name", "contact", "source", "user", "subject"}) {
    const std::string_view value = exchange.query(name);
    if (!value.empty()) action += " " + std::string(name) + "=" + std::string(value);
  }
  notes_[exchange.id()].row = {
      0, wall().count(), caller.name, source_text(exchange), action.substr(0, kActionMax), 0};
}

void Access::note_name(uint64_t exchange, std::string_view who) {
  if (const auto found = notes_.find(exchange); found != notes_.end())
    found->second.row.who = who.substr(0, kAdminNameMax);
}

void Access::note_done(uint64_t exchange) {
  if (const auto found = notes_.find(exchange); found != notes_.end()) found->second.done = true;
}

// A change that was refused is not kept, since nothing came of it; but who tries to get in is. Of one
// that the server has failed at nobody can be sure. A status of 0: the client had gone before its
// answer.
void Access::on_answered(uint64_t exchange, int status) {
  const auto found = notes_.find(exchange);
  if (found == notes_.end()) return;
  const bool done = found->second.done;
  store::AuditRow row = std::move(found->second.row);
  notes_.erase(found);
  row.status = status;
  const bool gets_in = row.action.ends_with("/session") || row.action.ends_with("/setup");
  const bool refused = status >= 400 && status < 500;
  if (refused && !done && !(gets_in && status == 401)) return;
  // When the queue is full there is nowhere to put it.
  static_cast<void>(parts_.errands.hand_over(store::make_errand<int>(
      store::Errand::Kind::Write,
      [row](store::Connection& database, int&) { return add_audit(database, row); },
      [](store::StoreStatus, int&) {})));
}

}  // namespace tipring::admin
