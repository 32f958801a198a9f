// Who has signed in by the page. Sessions are kept in memory alone: a restart ends them.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "admin/caller.h"
#include "port/crypto.h"
#include "port/entropy.h"
#include "port/time.h"

namespace tipring::admin {

struct Session {
  std::string account;
  Role role = Role::Nobody;
  std::string csrf;       // what requests that change something must show besides the cookie
  Millis ends_idle{};     // moved on by each request
  Millis ends_at_last{};  // whatever is done
  port::Sha256Digest id_hash{};
};

class Sessions {
 public:
  static constexpr size_t kMax = 64;
  static constexpr size_t kMaxOfAccount = 16;
  static constexpr Millis kIdle{30 * 60 * 1000};
  static constexpr Millis kWhole{12 * 60 * 60 * 1000};

  explicit Sessions(port::Entropy& entropy) : entropy_(entropy) {}

  // A new session and its id, which only the cookie has. Where there are as many as may be, the one
  // that has been idle the longest ends.
  std::string begin(std::string_view account, Role role, Millis now);
  // Null when there is none, or its time is over. Good until the next call of this class.
  Session* find(std::string_view id, Millis now);
  // Whether the session with the id of this hash goes on; it is not moved on.
  bool stands(const port::Sha256Digest& id_hash, Millis now) const;
  void set_role(std::string_view account, Role role);
  void end(std::string_view id);
  // All of the account but the one with `but`, which may be empty.
  void end_all(std::string_view account, std::string_view but = {});
  size_t size() const { return sessions_.size(); }

 private:
  void drop_idlest(std::string_view account);

  port::Entropy& entropy_;
  std::vector<Session> sessions_;
};

// `bytes` random bytes in hexadecimal.
std::string random_text(port::Entropy& entropy, size_t bytes);
port::Sha256Digest hash_of(std::string_view secret);
bool same_hash(const port::Sha256Digest& a, const port::Sha256Digest& b);  // in constant time

}  // namespace tipring::admin
