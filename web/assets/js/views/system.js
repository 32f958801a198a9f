// The device itself: version, memory, log, and who may administer it.
import { get, latest, list, request, segment, server_now } from "../api.js";
import { audit_text } from "../audit_text.js";
import { h, renew, replace, swap } from "../dom.js";
import { form } from "../form.js";
import { bytes, number, span, t, time, tn } from "../i18n.js";
import { restart } from "../restart.js";
import { table } from "../table.js";
import { badge, button, card, confirm, copy_button, dialog, facts, failed, header, icon_button, notice, tabs, toast } from "../ui.js";

const kDayMs = 24 * 3600 * 1000;
const kEndsSoonMs = 30 * kDayMs;  // when a restart makes a new one of its own

// What is left out when the server does not have it, or the reader may not see it.
async function optional(path, query) {
  try { return await get(path, query); } catch (fault) { if ([403, 404, 405].includes(fault.status)) return null; throw fault; }
}

export async function show(context) {
  const { page, parts, is_admin } = context;
  const kParts = [["", t("system.about")], ["log", t("system.log")], ...(is_admin ? [["access", t("system.access")], ["audit", t("system.audit")]] : [])];
  const part = kParts.some(([name]) => name === parts[0]) ? parts[0] : "";
  const body = h("div", { class: "stack" });
  const views = { "": show_about, log: show_log, access: show_access, audit: show_audit };
  await views[part](context, body);
  replace(page, header(t("nav.system"), { actions: is_admin && button(t("system.restart"), { glyph: "power", onclick: restart }) }),
    h("div", tabs(kParts, part, (name) => { location.hash = name ? `#/system/${name}` : "#/system"; })), body);
}

// --- the device

function pools_table() {
  return table({
    label: t("system.pools"), key: (row) => `${row.name} ${row.item_bytes}`,
    columns: [
      { name: "name", label: t("system.pool"), kind: "lead", sort: (row) => row.name, cell: (row) => h("code", row.name) },
      { name: "use", label: t("system.in_use"), kind: "number", sort: (row) => row.in_use / row.capacity, cell: (row) => `${number(row.in_use)} / ${number(row.capacity)}` },
      { name: "peak", label: t("system.peak"), kind: "number", sort: (row) => row.high_water / row.capacity, cell: (row) => number(row.high_water) },
      { name: "refusals", label: t("system.refusals"), kind: "number", sort: (row) => row.refusals, cell: (row) => number(row.refusals) },
      { name: "size", label: t("system.size"), kind: "number", sort: (row) => row.item_bytes * row.capacity, cell: (row) => bytes(row.item_bytes * row.capacity) },
    ],
  });
}

async function show_about({ watch }, body) {
  const about = h("div");
  const counters = h("div");
  const trust = h("div");
  const pools = pools_table();

  async function refresh() {
    const [{ status }, listed] = await Promise.all([get("/status"), get("/pools")]);
    const total = listed.pools.reduce((sum, pool) => sum + pool.item_bytes * pool.capacity, 0);
    renew(about, facts([
      [t("system.version"), status.version],
      [t("system.uptime"), span(status.uptime_s, "long")],
      [t("system.database"), status.store === "ok" ? t("system.works") : status.store],
      [t("system.memory"), bytes(total)],
      [t("system.received"), number(status.messages_received)],
      [t("system.sent"), number(status.messages_sent)],
      [t("system.failed_logins"), number(status.failed_logins)],
      [t("system.refused_capacity"), number(status.refused_for_capacity)],
    ]));
    const open = counters.querySelector("details")?.open;
    swap(counters, h("details", { open }, h("summary", t("system.all_counters")), facts(Object.entries(status).map(([name, value]) => [h("code", name), typeof value === "number" ? number(value) : value]))));
    pools.set(listed.pools);
  }

  await refresh();
  const { version } = await get("/version");
  replace(trust, version.certificate && certificate_card(version.certificate));
  replace(body, card(t("system.about"), {}, h("div", { class: "stack" }, about, counters)), trust,
    card(t("system.pools"), { kind: "flush", note: t("system.pools_note") }, pools));
  watch(["pools"], refresh, { poll: 4000, always: true });
}

function certificate_card(told) {
  const ends = Date.parse(told.not_after);
  const left = ends - server_now();
  const how = t(told.is_own ? "system.certificate_mend_own" : "system.certificate_mend_given");
  return card(t("system.certificate"), {}, h("div", { class: "stack" },
    left < kEndsSoonMs && notice(left < 0 ? "bad" : "warn", h("p", left < 0 ? t("system.certificate_ended") : tn("system.certificate_ends", Math.floor(left / kDayMs))), h("p", how)),
    facts([
      [t("system.certificate_subject"), told.subject],
      [t("system.certificate_from"), t(told.is_own ? "system.certificate_own" : "system.certificate_given")],
      [t("system.certificate_until"), time(ends, { dateStyle: "long" })],
      [t("system.certificate_names"), told.names.length > 0 && h("span", { class: "wrap" }, told.names.join(", "))],
      [t("system.certificate_fingerprint"), [h("code", { class: "small wrap" }, told.sha256.split(":").flatMap((pair, at) => (at ? [":", h("wbr"), pair] : [pair]))), copy_button(told.sha256, t("copy_what", { what: t("system.certificate_fingerprint") }))]],
    ]),
    h("p", { class: "quiet small" }, t("system.certificate_text"))));
}

// --- the log

async function show_log({ watch }, body) {
  const lines = h("div", { class: "log-tail", tabindex: "0", role: "log", "aria-live": "off", "aria-label": t("system.log") });
  const newest = latest();
  let level = "";
  let told = "";
  async function refresh() {
    const given = await newest(optional("/log", { level }));
    const rows = given?.log ?? [];
    const text = JSON.stringify(rows);
    if (text === told) return;
    told = text;
    const at_end = lines.scrollTop + lines.clientHeight > lines.scrollHeight - 40;
    replace(lines, rows.length ? rows.map((row) => h("p", { class: row.level }, `${time(row.time_ms)}  ${row.text}`)) : h("p", given ? t("system.log_empty") : t("system.log_none")));
    if (at_end) lines.scrollTop = lines.scrollHeight;
  }
  await refresh();
  replace(body, card(t("system.log"), { note: t("system.log_note"), actions: tabs([["", t("users.all")], ["warning", t("system.log_warnings")], ["error", t("system.log_errors")]], level, (value) => { level = value; told = ""; refresh().catch(failed); }) }, lines));
  setTimeout(() => { lines.scrollTop = lines.scrollHeight; });
  watch(["log"], refresh, { poll: 3000 });
}

// --- who may administer

const kScopes = ["system", "users", "groups", "calls", "records", "trace", "blocks", "config", "accounts"];
const role_badge = (role) => badge(role === "administrator" ? "accent" : "", t(`role.${role}`));

async function show_access({ session, watch }, body) {
  const admins = table({
    label: t("system.admins"), key: (row) => row.name,
    columns: [
      { name: "name", label: t("system.name"), kind: "lead", cell: (row) => h("span", { class: "strong" }, row.name, row.name === session.name && h("span", { class: "quiet" }, ` (${t("system.you")})`)) },
      { name: "role", label: t("system.role"), kind: "bare", cell: (row) => role_badge(row.role) },
      { name: "made", label: t("system.made"), cell: (row) => time(row.created_ms, { dateStyle: "medium" }) },
      { name: "more", label: "", kind: "end", cell: (row) => [
        icon_button("edit", t("edit_what", { what: row.name }), () => change_admin(row, refresh)),
        row.name !== session.name && icon_button("trash", t("delete_what", { what: row.name }), () => remove_admin(row, refresh), { kind: "danger" })] },
    ],
  });
  const tokens = table({
    label: t("system.tokens"), key: (row) => row.name,
    columns: [
      { name: "name", label: t("system.name"), kind: "lead", cell: (row) => h("span", { class: "strong" }, row.name) },
      { name: "role", label: t("system.role"), kind: "bare", cell: (row) => role_badge(row.role) },
      { name: "scopes", label: t("system.scopes"), cell: (row) => h("span", { class: "small" }, scopes_text(row.scopes)) },
      { name: "ends", label: t("system.expires"), cell: (row) => (row.expires_ms ? time(row.expires_ms, { dateStyle: "medium" }) : t("system.never")) },
      { name: "more", label: "", kind: "end", cell: (row) => icon_button("trash", t("delete_what", { what: row.name }), () => remove_token(row, refresh), { kind: "danger" }) },
    ],
    empty: () => h("p", { class: "quiet in-card" }, t("system.no_tokens")),
  });
  async function refresh() {
    const [given, keys] = await Promise.all([list("/admins", "admins"), list("/tokens", "tokens")]);
    admins.set(given.rows);
    tokens.set(keys.rows);
  }
  await refresh();
  replace(body,
    card(t("system.admins"), { kind: "flush", actions: h("div", { class: "row" }, button(t("system.own_password"), { kind: "small", glyph: "key", onclick: own_password }), button(t("system.add_admin"), { kind: "small", glyph: "plus", onclick: () => add_admin(refresh) })) }, admins),
    card(t("system.tokens"), { kind: "flush", note: t("system.tokens_note"), actions: button(t("system.add_token"), { kind: "small", glyph: "plus", onclick: () => add_token(refresh) }) }, tokens));
  watch(["accounts"], refresh);
}

function scopes_text(scopes) {
  const names = Array.isArray(scopes) ? scopes : String(scopes).split(/,\s*/);
  return names.length === kScopes.length ? t("system.all_scopes") : names.map((name) => t(`scope.${name}`)).join(", ");
}

const role_field = (value) => ({ name: "role", type: "select", label: t("system.role"), help: t("system.role_help"), value, options: ["administrator", "viewer"].map((name) => [name, t(`role.${name}`)]) });
const new_password_field = (more) => ({ name: "password", label: t("door.new_password"), help: t("door.new_password_help"), type: "password", autocomplete: "new-password", ...more });

function add_admin(refresh) {
  dialog(t("system.add_admin"), (close) => form({
    fields: [{ name: "name", label: t("system.name"), required: true, maxlength: 64, autofocus: true }, role_field("viewer"), new_password_field({ required: true })],
    submit: t("system.add_admin"), cancel: close,
    onsubmit: async ({ name, ...body }) => {
      await request("PUT", `/admins/${segment(name.trim())}`, { query: { mode: "create" }, body });
      close();
      await refresh();
    },
  }));
}

function change_admin(row, refresh) {
  dialog(t("edit_what", { what: row.name }), (close) => form({
    fields: [role_field(row.role), new_password_field({ help: t("system.password_stays") })],
    submit: t("save"), cancel: close,
    onsubmit: async (values, changed) => {
      const body = { role: values.role, ...(values.password && { password: values.password }) };
      if (Object.keys(changed).length) await request("PUT", `/admins/${segment(row.name)}`, { query: { mode: "change" }, body });
      close();
      toast(t("saved"));
      await refresh();
    },
  }));
}

const remove_admin = (row, refresh) => confirm(t("delete_what", { what: row.name }), t("system.delete_admin_text"), { yes: t("delete"), run: async () => {
  await request("DELETE", `/admins/${segment(row.name)}`);
  await refresh();
} });

function own_password() {
  dialog(t("system.own_password"), (close) => form({
    fields: [
      { name: "old_password", label: t("system.old_password"), type: "password", required: true, autocomplete: "current-password", autofocus: true },
      new_password_field({ required: true }),
      { name: "again", label: t("door.again"), type: "password", required: true, autocomplete: "new-password" },
    ],
    submit: t("users.set_password"), cancel: close,
    onsubmit: async ({ again, ...body }) => {
      if (again !== body.password) throw Object.assign(new Error(t("door.differ")), { field: "again" });
      await request("PUT", "/session/password", { body });
      close();
      toast(t("saved"));
    },
  }));
}

function add_token(refresh) {
  dialog(t("system.add_token"), (close) => form({
    fields: [
      { name: "name", label: t("system.name"), help: t("system.token_name_help"), required: true, maxlength: 64, autofocus: true },
      role_field("viewer"),
      { name: "days", type: "number", label: t("system.days"), help: t("system.days_help"), min: 1, max: 3650 },
      h("fieldset", h("legend", t("system.scopes")), h("div", { class: "row checks" }, kScopes.map((name) => h("label", { class: "row" }, h("input", { type: "checkbox", name: `scope-${name}`, checked: true, "data-scope": name }), t(`scope.${name}`))))),
    ],
    submit: t("system.add_token"), cancel: close,
    onsubmit: async ({ name, role, days }) => {
      const chosen = [...document.querySelectorAll("dialog[open] [data-scope]:checked")].map((box) => box.dataset.scope);
      if (!chosen.length) throw new Error(t("system.no_scope"));
      const { data } = await request("POST", "/tokens", { body: { name: name.trim(), role, scopes: chosen, ...(days && { days }) } });
      close();
      await refresh();
      dialog(t("system.token_made", { name: data.token.name }), (done) => h("div", { class: "stack" },
        h("div", { class: "row" }, h("code", { class: "wrap token" }, data.token.token), copy_button(data.token.token)),
        notice("info", t("system.token_once")),
        h("div", { class: "dialog-actions" }, button(t("done"), { kind: "primary", onclick: done, autofocus: true }))));
    },
  }));
}

const remove_token = (row, refresh) => confirm(t("delete_what", { what: row.name }), t("system.delete_token_text"), { yes: t("delete"), run: async () => {
  await request("DELETE", `/tokens/${segment(row.name)}`);
  await refresh();
} });

// --- who has changed what

async function show_audit({ watch }, body) {
  let rows = [];
  let next;
  const newest = latest();
  const older = button(t("system.older"), { onclick: () => load(next) });
  const listing = table({
    label: t("system.audit"), key: (row) => `${row.at_ms} ${row.action} ${row.source}`,
    columns: [
      { name: "when", label: t("system.when"), kind: "lead", cell: (row) => time(row.at_ms) },
      { name: "who", label: t("system.who"), cell: (row) => h("span", { class: "strong" }, row.who === "local" ? t("system.local") : row.who || "–") },
      { name: "source", label: t("system.from"), cell: (row) => (row.source === "local" ? "" : row.source) },
      { name: "what", label: t("system.what"), cell: (row) => h("span", { title: row.action }, audit_text(row.action)) },
      { name: "result", label: t("system.result"), cell: (row) => badge(row.status < 300 ? "good" : "warn", row.status < 300 ? t("system.is_done") : t("system.is_refused", { status: row.status })) },
    ],
    empty: () => h("p", { class: "quiet in-card" }, t("system.no_audit")),
  });
  async function load(after) {
    const page = await newest(get("/audit", { after }));
    rows = after ? [...rows, ...page.audit] : page.audit;
    next = page.next;
    listing.set(rows);
    older.hidden = !next;
  }
  await load();
  replace(body, card(t("system.audit"), { kind: "flush", note: t("system.audit_note") }, listing, h("div", { class: "more" }, older)));
  watch(["users", "groups", "calls", "trace", "blocks", "config", "accounts"], async () => { if (rows.length <= 100 && !older.hasAttribute("aria-busy")) await load(); }, { poll: 10000 });
}
