#include "admin/routes.h"

#include <algorithm>

#include "admin/account_requests.h"
#include "admin/backup_requests.h"
#include "admin/call_requests.h"
#include "admin/config_requests.h"
#include "admin/group_requests.h"
#include "admin/log_requests.h"
#include "admin/metrics_requests.h"
#include "admin/record_requests.h"
#include "admin/session_requests.h"
#include "admin/system_requests.h"
#include "admin/trace_requests.h"
#include "admin/user_requests.h"

namespace tipring::admin {

namespace {

using port::HttpMethod;
using enum port::HttpMethod;

constexpr Role kViewer = Role::Viewer;
constexpr Role kAdmin = Role::Administrator;

constexpr Route kRoutes[] = {
    {Get, "/metrics", kViewer, Scope::Metrics, false, show_metrics},
    {Get, "/api/v1/status", kViewer, Scope::System, false, show_status},
    {Get, "/api/v1/history", kViewer, Scope::System, false, show_history},
    {Get, "/api/v1/pools", kViewer, Scope::System, false, list_pools},
    {Get, "/api/v1/version", kViewer, Scope::System, false, show_version},
    {Get, "/api/v1/health", Role::Nobody, Scope::System, false, show_health},
    {Get, "/api/v1/openapi.json", Role::Nobody, Scope::System, false, show_document},

    {Get, "/api/v1/session", Role::Nobody, Scope::Accounts, false, show_session},
    {Post, "/api/v1/session", Role::Nobody, Scope::Accounts, true, begin_session},
    {Delete, "/api/v1/session", kViewer, Scope::Accounts, true, end_session},
    {Put, "/api/v1/session/password", kViewer, Scope::Accounts, true, change_own_password},
    {Get, "/api/v1/setup", Role::Nobody, Scope::Accounts, false, show_setup},
    {Post, "/api/v1/setup", Role::Nobody, Scope::Accounts, true, set_up},
    {Get, "/api/v1/admins", kAdmin, Scope::Accounts, false, list_accounts},
    {Put, "/api/v1/admins/{admin}", kAdmin, Scope::Accounts, true, put_account},
    {Delete, "/api/v1/admins/{admin}", kAdmin, Scope::Accounts, true, remove_account},
    {Get, "/api/v1/tokens", kAdmin, Scope::Accounts, false, list_tokens},
    {Post, "/api/v1/tokens", kAdmin, Scope::Accounts, true, add_token},
    {Delete, "/api/v1/tokens/{token}", kAdmin, Scope::Accounts, true, remove_token},
    {Get, "/api/v1/audit", kAdmin, Scope::Accounts, false, list_audit},

    {Get, "/api/v1/users", kViewer, Scope::Users, false, list_users},
    {Post, "/api/v1/users/import", kAdmin, Scope::Users, true, import_users},
    {Get, "/api/v1/users/{user}", kViewer, Scope::Users, false, show_user},
    {Put, "/api/v1/users/{user}", kAdmin, Scope::Users, true, put_user},
    {Patch, "/api/v1/users/{user}", kAdmin, Scope::Users, true, rename_user},
    {Delete, "/api/v1/users/{user}", kAdmin, Scope::Users, true, remove_user},
    // Whoever reads one can register as the user.
    {Get, "/api/v1/credentials", kAdmin, Scope::Users, false, list_credentials},
    {Get, "/api/v1/registrations", kViewer, Scope::Users, false, list_registrations},
    {Get, "/api/v1/registrations/{user}", kViewer, Scope::Users, false, list_registrations_of},
    {Delete, "/api/v1/registrations/{user}", kAdmin, Scope::Users, true, remove_registrations},
    {Get, "/api/v1/refused", kViewer, Scope::Users, false, list_refused},
    {Get, "/api/v1/unknown", kViewer, Scope::Users, false, list_unknown},

    {Get, "/api/v1/groups", kViewer, Scope::Groups, false, list_groups},
    {Get, "/api/v1/groups.csv", kViewer, Scope::Groups, false, export_groups},
    {Post, "/api/v1/groups/import", kAdmin, Scope::Groups, true, import_groups},
    {Put, "/api/v1/groups/{group}/members/{member}", kAdmin, Scope::Groups, true, put_member},
    {Patch, "/api/v1/groups/{group}/members/{member}", kAdmin, Scope::Groups, true, put_member},
    {Delete, "/api/v1/groups/{group}/members/{member}", kAdmin, Scope::Groups, true, remove_member},
    {Get, "/api/v1/groups/{group}/members", kViewer, Scope::Groups, false, list_members},
    {Get, "/api/v1/groups/{group}", kViewer, Scope::Groups, false, show_group},
    {Put, "/api/v1/groups/{group}", kAdmin, Scope::Groups, true, put_group},
    {Patch, "/api/v1/groups/{group}", kAdmin, Scope::Groups, true, patch_group},
    {Delete, "/api/v1/groups/{group}", kAdmin, Scope::Groups, true, remove_group},

    {Get, "/api/v1/calls", kViewer, Scope::Calls, false, list_calls},
    {Delete, "/api/v1/calls/{id}", kAdmin, Scope::Calls, true, end_call},
    {Get, "/api/v1/records", kViewer, Scope::Records, false, list_records},
    {Get, "/api/v1/records.csv", kViewer, Scope::Records, false, export_records},
    {Get, "/api/v1/records/{call}", kViewer, Scope::Records, false, show_record},
    {Get, "/api/v1/blocks", kViewer, Scope::Blocks, false, list_blocks},
    {Delete, "/api/v1/blocks", kAdmin, Scope::Blocks, true, lift_block},
    {Get, "/api/v1/trace/messages", kAdmin, Scope::Trace, false, list_traced},
    {Get, "/api/v1/trace/calls/{call}", kAdmin, Scope::Trace, false, show_ladder},
    {Get, "/api/v1/trace.pcap", kAdmin, Scope::Trace, false, export_traced},
    {Get, "/api/v1/trace", kAdmin, Scope::Trace, false, read_trace},
    {Put, "/api/v1/trace", kAdmin, Scope::Trace, true, start_trace},
    {Delete, "/api/v1/trace", kAdmin, Scope::Trace, true, stop_trace},

    {Get, "/api/v1/log", kViewer, Scope::System, false, list_log},
    {Get, "/api/v1/events", kViewer, Scope::System, false, stream_events},

    // Whoever reads one can register as any user, and guess at passwords of the page at leisure;
    // whoever restores one can make himself an account.
    {Get, "/api/v1/backup", kAdmin, Scope::Accounts, false, show_backup},
    {Post, "/api/v1/restore", kAdmin, Scope::Accounts, true, restore},

    {Get, "/api/v1/config", kViewer, Scope::Config, false, show_configuration},
    {Patch, "/api/v1/config", kAdmin, Scope::Config, true, change_configuration},
    {Get, "/api/v1/config/schema", kViewer, Scope::Config, false, show_configuration_schema},
    {Post, "/api/v1/config/check", kAdmin, Scope::Config, false, check_configuration},
    {Post, "/api/v1/restart", kAdmin, Scope::Config, true, restart_server},
};

}  // namespace

std::span<const Route> routes() { return kRoutes; }

uint16_t scopes_changed(const Route& route) {
  constexpr auto bit = [](Scope scope) { return 1u << static_cast<unsigned>(scope); };
  if (route.handle == restore) return kEveryScope;
  // Whoever is renamed or deleted is so in groups too.
  const bool is_user = route.scope == Scope::Users;
  return static_cast<uint16_t>(bit(route.scope) | (is_user ? bit(Scope::Groups) : 0));
}

bool match(std::string_view pattern, std::string_view path,
           std::array<std::string_view, 2>& parts) {
  for (std::string_view& part : parts) {
    const size_t open = pattern.find('{');
    if (open == std::string_view::npos) break;
    if (path.substr(0, open) != pattern.substr(0, open)) return false;
    path.remove_prefix(open);
    pattern.remove_prefix(pattern.find('}') + 1);
    const size_t literal = std::min(pattern.find('{'), pattern.size());
    // The last one goes to the end of the path: a name may hold what stands before one.
    const bool is_last = literal == pattern.size();
    if (is_last && !path.ends_with(pattern)) return false;
    const size_t end =
        is_last ? path.size() - pattern.size() : path.find(pattern.substr(0, literal));
    if (end == std::string_view::npos) return false;
    part = path.substr(0, end);
    path.remove_prefix(end);
  }
  return pattern == path;
}

Routing find_route(HttpMethod method, std::string_view path) {
  Routing found;
  std::string_view pattern;
  for (const Route& route : kRoutes) {
    if (pattern.empty() && match(route.pattern, path, found.parts)) pattern = route.pattern;
    if (pattern.empty() || route.pattern != pattern) continue;
    if (route.method == method) found.route = &route;
    found.allowed += (found.allowed.empty() ? "" : ", ") + std::string(method_text(route.method));
  }
  return found;
}

std::string_view method_text(HttpMethod method) {
  switch (method) {
    case Get: return "GET";
    case Post: return "POST";
    case Put: return "PUT";
    case Patch: return "PATCH";
    case Delete: return "DELETE";
    case Other: break;
  }
  return "other";
}

}  // namespace tipring::admin
