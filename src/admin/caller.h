// Who makes a request, and what of it one may do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tipring::admin {

// Each may do what those before it may.
enum class Role : uint8_t { Nobody, Viewer, Administrator };

// What a request is about. A caller may be held to some of them, as a token is.
enum class Scope : uint8_t {
  System,
  Users,
  Groups,
  Calls,
  Records,
  Trace,
  Blocks,
  Config,
  Accounts,
  Metrics
};
inline constexpr size_t kScopes = 10;
inline constexpr uint16_t kEveryScope = (1u << kScopes) - 1;

// "viewer", "users": as tokens, answers and the API's document name them.
std::string_view role_text(Role role);
std::string_view scope_text(Scope scope);

struct Caller {
  std::string name;  // of the account or token; empty while nobody has signed in
  Role role = Role::Nobody;
  uint16_t scopes = kEveryScope;  // mask, 1 << Scope
  bool is_local = false;          // by the Unix socket, whose mode says who may open it

  bool may(Role needed, Scope scope) const {
    return role >= needed &&
           (needed == Role::Nobody || (scopes >> static_cast<int>(scope) & 1) != 0);
  }
};

}  // namespace tipring::admin
