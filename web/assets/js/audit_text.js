// What an entry of the audit log means: it has the request as it came.
import { t } from "./i18n.js";

const kActions = [
  ["POST /setup", "setup"],
  ["POST /session", "signed_in"],
  ["DELETE /session", "signed_out"],
  ["PUT /session/password", "own_password"],
  ["PUT|PATCH /groups/{group}/members/{name}", "member_set"],
  ["DELETE /groups/{group}/members/{name}", "member_removed"],
  ["POST /groups/import", "groups_imported"],
  ["PUT|PATCH /groups/{name}", "group_set"],
  ["DELETE /groups/{name}", "group_deleted"],
  ["POST /users/import", "users_imported"],
  ["PUT /users/{name}", "user_set"],
  ["PATCH /users/{name}", "user_renamed"],
  ["DELETE /users/{name}", "user_deleted"],
  ["DELETE /registrations/{name}", "phone_removed"],
  ["PUT /admins/{name}", "admin_set"],
  ["DELETE /admins/{name}", "admin_deleted"],
  ["POST /tokens", "token_made"],
  ["DELETE /tokens/{name}", "token_deleted"],
  ["PATCH /config", "settings"],
  ["POST /restart", "restart"],
  ["POST /restore", "restore"],
  ["PUT /trace", "trace_on"],
  ["DELETE /trace", "trace_off"],
  ["DELETE /calls/{name}", "call_ended"],
  ["DELETE /blocks", "block_lifted"],
].map(([pattern, key]) => [new RegExp(`^(?:${pattern.replace(" ", ") /api/v1").replace(/\{(\w+)\}/g, "(?<$1>.+)")}$`), key]);

// "/600" and "branch.example/600" as people write them.
function name_of(path) {
  let text = path;
  try { text = decodeURIComponent(path); } catch { /* as it stands */ }
  const at = text.indexOf("/");
  if (at < 0) return text;
  return at === 0 ? text.slice(1) : `${text.slice(at + 1)}@${text.slice(0, at)}`;
}

export function audit_text(action) {
  for (const [pattern, key] of kActions) {
    const found = pattern.exec(action.split("?")[0]);
    if (!found) continue;
    const values = Object.fromEntries(Object.entries(found.groups ?? {}).map(([name, path]) => [name, name_of(path)]));
    return t(`audit.${key}`, values);
  }
  return action;
}
