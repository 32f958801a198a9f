// A backup: one JSON file with users, hunt groups and settings, read and written by the API. Of passwords it has what the
// server has, hashes alone. Version 1; a newer one is refused in words.
import { get, list, name_path, request, segment } from "./api.js";
import { t } from "./i18n.js";

const kVersion = 1;
const kColumns = ["name", "auth_name", "display_name", "aliases", "algorithms", "session_timer", "realm", "ha1_md5", "ha1_sha256"];
const kLinesAtOnce = 1000;
const kAll = 1e6;
const kGroupFields = ["name", "domain", "display_name", "strategy", "ring_timeout_s", "member_ring_s", "no_answer_status", "no_answer_to", "enabled"];
const kMemberFields = ["name", "order", "delay_s", "ring_s", "enabled"];

const pick = (row, names) => Object.fromEntries(names.map((name) => [name, row[name]]));
const key_of = (row) => `${row.domain}/${row.name}`;

export async function make_backup() {
  const [users, credentials, groups, version, config] = await Promise.all([
    list("/users", "users", { most: kAll }), list("/credentials", "credentials", { most: kAll }), list("/groups", "groups", { most: kAll }), get("/version"), get("/config"),
  ]);
  const secrets = new Map(credentials.rows.map((row) => [key_of(row), row]));
  for (const group of groups.rows) group.members = (await list(`/groups/${name_path(group)}/members`, "members")).rows.map((row) => pick(row, kMemberFields));
  return {
    tipring_backup: kVersion, made: new Date().toISOString(), server: version.version.version,
    users: users.rows.map((row) => ({ ...secrets.get(key_of(row)), ...pick(row, ["name", "domain", "display_name", "aliases", "algorithms", "session_timer"]) })),
    groups: groups.rows.map((row) => ({ ...pick(row, kGroupFields), members: row.members })),
    // What the file says, not what a command line has set over it.
    settings: Object.fromEntries(config.config.values.filter((row) => row.source && row.source === config.config.file).map((row) => [row.key, row.next ?? row.value])),
  };
}

export function read_backup(text) {
  let backup = null;
  try { backup = JSON.parse(text); } catch { /* told below */ }
  if (!backup?.tipring_backup || !Array.isArray(backup.users) || !Array.isArray(backup.groups)) throw new Error(t("backup.no_backup"));
  if (backup.tipring_backup > kVersion) throw new Error(t("backup.newer", { version: backup.tipring_backup }));
  return backup;
}

const quoted = (text) => `"${String(text ?? "").replaceAll('"', '""')}"`;

function line_of(user) {
  const values = { ...user, name: user.domain ? `${user.name}@${user.domain}` : user.name, aliases: user.aliases.join(","), algorithms: user.algorithms.join(",") || "default" };
  return kColumns.map((name) => quoted(values[name])).join(",");
}

// What the file has takes the place of what has the same name; others stay. Those that are there already stay when a later
// part is refused, and the refusal says why.
export async function restore_backup(backup, with_settings, tell) {
  for (let i = 0; i < backup.users.length; i += kLinesAtOnce) {
    tell(t("backup.users_at", { n: i, of: backup.users.length }));
    const lines = backup.users.slice(i, i + kLinesAtOnce).map(line_of);
    await request("POST", "/users/import", { body: [kColumns.join(","), ...lines, ""].join("\n"), type: "text/plain; charset=utf-8" });
  }
  for (const [i, group] of backup.groups.entries()) {
    tell(t("backup.groups_at", { n: i, of: backup.groups.length }));
    await restore_group(group);
  }
  if (with_settings && Object.keys(backup.settings ?? {}).length) await request("PATCH", "/config", { body: { values: backup.settings } });
}

async function restore_group({ name, domain, members, no_answer_to, no_answer_status, ...fields }) {
  const path = `/groups/${name_path({ name, domain })}`;
  await request("PUT", path, { body: { ...fields, ...(no_answer_to ? { no_answer_to } : { no_answer_status }) } });
  const known = await list(`${path}/members`, "members");
  for (const row of known.rows.filter((one) => !members.some((member) => member.name === one.name))) await request("DELETE", `${path}/members/${segment(row.name)}`);
  for (const member of members) {
    const { name: who, ...of } = member;
    await request("PUT", `${path}/members/${segment(who)}`, { body: of });
  }
}
