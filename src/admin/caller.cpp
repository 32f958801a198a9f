#include "admin/caller.h"

namespace tipring::admin {

std::string_view role_text(Role role) {
  switch (role) {
    case Role::Nobody: return "nobody";
    case Role::Viewer: return "viewer";
    case Role::Administrator: return "administrator";
  }
  return {};
}

std::string_view scope_text(Scope scope) {
  switch (scope) {
    case Scope::System: return "system";
    case Scope::Users: return "users";
    case Scope::Groups: return "groups";
    case Scope::Calls: return "calls";
    case Scope::Records: return "records";
    case Scope::Trace: return "trace";
    case Scope::Blocks: return "blocks";
    case Scope::Config: return "config";
    case Scope::Accounts: return "accounts";
    case Scope::Metrics: return "metrics";
  }
  return {};
}

}  // namespace tipring::admin
