// Users: who may register phones, whether they do, and why not.
import { get, latest, list, name_path, request, segment } from "../api.js";
import { h, renew, replace, swap } from "../dom.js";
import { form } from "../form.js";
import { ago, has_text, number, span, t, tn } from "../i18n.js";
import { import_table } from "../import_table.js";
import { full_name, is_kept_out, new_password, phone_data, registration_badge, uri_parts } from "../people.js";
import { table } from "../table.js";
import { badge, button, card, confirm, dialog, empty, facts, failed, header, icon_button, notice, quiet, search_box, tabs, toast } from "../ui.js";

const kMost = 2000;
const kAlgorithms = ["MD5", "SHA-256"];
const kOnlyHere = /^(localhost|127\..*|\[?::1\]?)$/;  // what a phone elsewhere would take for itself

export async function show(context) {
  return context.parts.length ? show_one(context) : show_all(context);
}

const path_of = (user) => `/users/${name_path(user)}`;
const key_of = (row) => `${row.domain}/${row.name}`;

// --- the listing

async function show_all(context) {
  const { page, is_admin, watch, query } = context;
  let rows = [];
  let strangers = [];
  let text = query.get("q") ?? "";
  let filter = query.has("unknown") ? "unknown" : "all";
  let is_long = false;  // more users than a browser should be given: the server searches
  const note = h("p", { class: "quiet small", role: "status" });
  const newest = latest();

  const listing = table({
    label: t("nav.users"), key: key_of,
    order: { name: "name", down: false },
    columns: [
      { name: "name", label: t("users.name"), kind: "lead", sort: (row) => full_name(row), cell: (row) => h("div", { class: "who" },
        h("div", { class: "grow" }, h("a", { href: `#${path_of(row)}` }, full_name(row)), row.display_name && h("span", { class: "quiet" }, row.display_name))) },
      { name: "state", label: t("users.state"), kind: "bare", sort: (row) => -row.bindings, cell: (row) => h("span", { class: "row" }, registration_badge(row), state_notes(row)) },
      { name: "phone", label: t("users.phones"), kind: "bare", cell: (row) => phones_text(row.phones) },
      { name: "seen", label: t("users.last_seen"), kind: "only-wide", sort: (row) => row.last_seen_s ?? Infinity, cell: (row) => (row.bindings ? t("time.now") : row.last_seen_s === undefined ? "" : ago(row.last_seen_s)) },
      { name: "more", label: "", kind: "end", cell: (row) => is_admin && [
        icon_button("edit", t("edit_what", { what: full_name(row) }), () => edit(context, row, refresh)),
        icon_button("trash", t("delete_what", { what: full_name(row) }), () => remove(row, refresh), { kind: "danger" })] },
    ],
    empty: () => (rows.length ? empty("search", t("users.none_found"), t("users.none_found_text"))
      : empty("users", t("users.none"), t("users.none_text"), is_admin && button(t("users.add"), { glyph: "plus", kind: "primary", onclick: () => add(refresh) }))),
  });

  const unknown = table({
    label: t("users.unknown"), key: (row) => `${row.domain}/${row.name} ${row.source}`,
    order: { name: "last", down: false },
    columns: [
      { name: "name", label: t("users.name"), kind: "lead", sort: full_name, cell: (row) => h("span", { class: "strong" }, full_name(row)) },
      { name: "source", label: t("users.address"), sort: (row) => row.source, cell: (row) => row.source },
      { name: "tries", label: t("users.tries"), kind: "number", sort: (row) => row.tries, cell: (row) => number(row.tries) },
      { name: "last", label: t("users.last_tried"), sort: (row) => row.last_s, cell: (row) => ago(row.last_s) },
      { name: "more", label: "", kind: "end", cell: (row) => is_admin && button(t("users.add"), { glyph: "plus", kind: "small", "aria-label": t("users.add_what", { name: full_name(row) }), onclick: () => add(refresh, full_name(row)) }) },
    ],
    empty: () => empty("search", t("users.none_found"), t("users.unknown_none")),
  });
  const strangers_count = h("span", { class: "count" });
  const known_box = h("section", { class: "card flush" }, listing);
  const unknown_box = card(t("users.unknown"), { kind: "flush", note: t("users.unknown_note") }, unknown);

  const choices = tabs([["all", t("users.all")], ["on", t("users.on_line")], ["off", t("users.off_line")], ["trouble", t("users.trouble")], ["unknown", [t("users.unknown_short"), strangers_count]]], filter, (value) => { filter = value; search(); });

  let typing = 0;
  function search() {
    clearTimeout(typing);
    if (is_long) typing = setTimeout(() => refresh().catch(failed), 250); else draw();
  }

  function draw() {
    known_box.hidden = filter === "unknown";
    unknown_box.hidden = !known_box.hidden;
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const says = (row) => [row.name, row.domain, row.display_name, ...row.aliases, ...row.phones.flatMap((phone) => [phone.user_agent, phone.received])].join(" ").toLowerCase();
    unknown.set(strangers.filter((row) => words.every((word) => `${full_name(row)} ${row.source}`.toLowerCase().includes(word))));
    note.hidden = filter === "unknown";
    choices.lastChild.hidden = filter !== "unknown" && !strangers.length;
    replace(strangers_count, strangers.length > 0 && number(strangers.length));
    listing.set(rows.filter((row) => words.every((word) => says(row).includes(word)))
      .filter((row) => filter === "all" || (filter === "on" ? row.bindings > 0 : filter === "off" ? row.bindings === 0 : Boolean(trouble(row)))));
  }

  async function refresh() {
    const asked = is_long ? { q: text, on_line: filter === "on" ? "yes" : filter === "off" ? "no" : "" } : {};
    const [users, phones, nobodies] = await newest(Promise.all([list("/users", "users", { query: asked, most: kMost }), list("/registrations", "registrations", { query: { q: asked.q }, most: kMost }), list("/unknown", "unknown")]));
    strangers = nobodies.rows;
    is_long ||= Boolean(users.next);
    renew(note, users.next && t("users.too_many", { n: number(users.rows.length) }));
    const of = new Map();
    for (const phone of phones.rows) of.set(key_of(phone), [...(of.get(key_of(phone)) ?? []), phone]);
    rows = users.rows.map((row) => ({ ...row, phones: (of.get(key_of(row)) ?? []).map(({ user_agent, received, transport }) => ({ user_agent, received, transport })) }));
    draw();
  }

  await refresh();
  replace(page, header(t("nav.users"), { note: t("users.note"), actions: is_admin && [
    button(t("users.import"), { glyph: "upload", onclick: () => import_users(refresh) }),
    button(t("users.add"), { glyph: "plus", kind: "primary", onclick: () => add(refresh) })] }),
  h("div", { class: "toolbar" }, search_box(t("users.search"), (value) => { text = value; search(); }, text),
    choices),
  known_box, unknown_box, note);
  watch(["registration", "problem", "users"], refresh, { poll: 5000 });
  if (query.has("add") && is_admin && context.is_shown()) setTimeout(() => add(refresh));
}

const trouble = (row) => row.calls_refused || row.last_failure || !row.has_password;

function state_notes(row) {
  return [row.calls_refused && badge("warn", t("users.refused_421")), is_kept_out(row) && badge("warn", t("users.failed"))];
}

function phones_text(phones) {
  if (!phones.length) return "";
  const [first, ...others] = phones;
  return h("div", { class: "small" }, first.user_agent || t("users.unnamed_phone"), h("span", { class: "quiet" }, ` · ${first.received}`),
    others.length > 0 && h("span", { class: "quiet" }, ` · ${tn("users.more_phones", others.length)}`));
}

// --- one user

async function show_one(context) {
  const { page, parts, is_admin, watch } = context;
  const path = `/users/${parts.length > 1 ? `${segment(parts[0])}/${segment(parts[1])}` : segment(parts[0])}`;
  const state = h("div", { class: "stack" });
  const data = h("div");
  const phones = h("div");
  const title = h("div");
  let user = null;
  let told = "";

  async function refresh() {
    const [one, bound] = await Promise.all([get(path), get(path.replace("/users/", "/registrations/"))]);
    const text = JSON.stringify([one, bound.registrations.map((row) => ({ ...row, expires_s: Math.round(row.expires_s / 60) }))]);
    user = one.user;
    if (text === told) return;
    told = text;
    draw(bound.registrations);
  }

  function draw(bindings) {
    swap(title, header(user.display_name || full_name(user), {
      back: { href: "#/users", label: t("nav.users") },
      note: h("span", { class: "row" }, user.display_name && h("span", full_name(user)), registration_badge(user)),
      actions: is_admin && [
        button(t("users.new_password"), { glyph: "key", onclick: () => change_password(user, refresh) }),
        button(t("edit"), { glyph: "edit", onclick: () => edit(context, user, refresh) }),
        icon_button("trash", t("delete_what", { what: full_name(user) }), () => remove(user, () => { location.hash = "#/users"; }), { kind: "danger" })],
    }));
    renew(state, notes_of(user, bindings, is_admin, refresh));
    swap(phones, card(t("users.phones_of"), { kind: bindings.length ? "flush" : "" }, bindings.length ? bindings_table(user, bindings, is_admin, refresh)
      : empty("phone", t("users.no_phone"), t("users.no_phone_text", { name: user.auth_name || user.name }))));
    swap(data, card(t("users.data"), { actions: is_admin && button(t("users.rename"), { kind: "small", onclick: () => rename(user) }) }, facts([
      [t("users.name"), full_name(user)],
      [t("users.display_name"), user.display_name],
      [t("users.auth_name"), user.auth_name !== user.name && user.auth_name],
      [t("users.aliases"), user.aliases.join(", ")],
      [t("users.session_timer"), user.session_timer === "exempt" ? t("users.exempt") : t("users.as_configured")],
      [t("users.algorithms"), user.algorithms.length ? user.algorithms.join(", ") : t("users.as_configured")],
      [t("users.last_seen"), user.last_seen_s !== undefined ? `${ago(user.last_seen_s)}, ${user.seen_at}` : user.bindings ? t("time.now") : t("users.not_since_start")],
      [t("nav.trace"), is_admin && h("a", { href: `#/trace?subject=${encodeURIComponent(user.name)}` }, t("users.messages"))],
    ])));
  }

  await refresh();
  replace(page, title, state, phones, data);
  watch(["registration", "problem", "users"], refresh, { poll: 4000 });
}

// What keeps the user from calling or being called, and the click that mends it.
function notes_of(user, bindings, is_admin, refresh) {
  const notes = [];
  if (!user.has_password) notes.push(notice("bad", h("p", t("users.needs_password_text")), is_admin && h("div", button(t("users.new_password"), { kind: "small", onclick: () => change_password(user, refresh) }))));
  if (user.calls_refused) {
    notes.push(notice("warn", h("p", tn("users.refused_text", user.calls_refused, { ago: ago(user.last_refused_s), source: user.refused_source })),
      is_admin && h("div", button(t("users.except"), { kind: "small", onclick: async () => {
        await request("PUT", path_of(user), { query: { mode: "change" }, body: { session_timer: "exempt" } });
        toast(t("users.excepted", { name: full_name(user) }));
        await refresh();
      } }))));
  }
  if (user.last_failure) {
    notes.push(notice("warn", h("p", failure_text(user.last_failure)),
      is_admin && user.last_failure.reason === "wrong_password" && h("div", button(t("users.new_password"), { kind: "small", onclick: () => change_password(user, refresh) })),
      user.last_failure.reason === "blocked" && h("div", h("a", { href: "#/blocks" }, t("nav.blocks")))));
  }
  return notes;
}

function failure_text(failure) {
  const reason = typeof failure === "string" ? failure : failure.reason;
  const when = [failure.ago_s !== undefined && ago(failure.ago_s), failure.source].filter(Boolean).join(", ");
  const key = `failure.${reason}`;
  return [has_text(key) ? t(key) : t("failure.other", { reason }), " ", quiet(when)];
}

function bindings_table(user, bindings, is_admin, refresh) {
  const listing = table({
    label: t("users.phones_of"), key: (row) => row.contact,
    columns: [
      { name: "phone", label: t("users.phone"), kind: "lead", cell: (row) => h("div", { class: "strong" }, row.user_agent || t("users.unnamed_phone")) },
      { name: "from", label: t("users.address"), cell: (row) => h("span", row.received, " ", h("span", { class: "quiet" }, row.transport.toUpperCase())) },
      { name: "contact", label: t("users.contact"), kind: "only-wide", cell: (row) => h("code", { class: "small", title: row.contact }, uri_parts(row.contact).host) },
      { name: "expires", label: t("users.expires"), cell: (row) => t("time.in", { span: span(row.expires_s) }) },
      { name: "more", label: "", kind: "end", cell: (row) => is_admin && icon_button("trash", t("users.unregister"), () => unregister(user, row, refresh), { kind: "danger" }) },
    ],
  });
  listing.set(bindings);
  return listing;
}

const unregister = (user, row, refresh) => confirm(t("users.unregister"), t("users.unregister_text", { phone: row.user_agent || row.received }), { yes: t("users.unregister"), run: async () => {
  await request("DELETE", path_of(user).replace("/users/", "/registrations/"), { query: { contact: row.contact } });
  await refresh();
} });

// --- changes

// Where phones find the server, as it listens: "udp:0.0.0.0:5060", "tcp:[::]:5060".
async function server_data() {
  const { config } = await get("/config").catch(() => ({ config: { values: [] } }));
  const value_of = (key) => config.values.find((value) => value.key === key)?.value ?? [];
  const points = value_of("sip.listen").map((point) => ({ transport: point.split(":")[0].toUpperCase(), port: Number(point.slice(point.lastIndexOf(":") + 1)) }));
  const first = points.find((point) => point.transport === "UDP") ?? points[0] ?? { transport: "UDP", port: 5060 };
  const transports = [...new Set(points.filter((point) => point.port === first.port).map((point) => point.transport))];
  return { server: value_of("sip.domains")[0] || location.hostname, port: first.port, transport: transports.join(", ") || first.transport };
}

async function show_phone_data(title, name, password) {
  const server = await server_data();
  dialog(title, (close) => h("div", { class: "stack" },
    phone_data({ name, password, ...server }),
    kOnlyHere.test(server.server) && notice("warn", t("phone.only_here", { server: server.server })),
    notice("info", t("phone.once")),
    h("div", { class: "dialog-actions" }, button(t("done"), { kind: "primary", onclick: close, autofocus: true }))));
}

const password_field = (given) => ({
  name: "password", label: t("users.password"), help: t("users.password_help"), required: true, value: given, maxlength: 128,
  after: icon_button("refresh", t("users.another_password"), (event) => {
    const input = event.currentTarget.parentElement.querySelector("input");
    input.value = new_password();
    input.dispatchEvent(new Event("input"));
  }),
});

function add(refresh, called = "") {
  dialog(t("users.add"), (close) => form({
    fields: [
      { name: "name", label: t("users.name"), help: t("users.name_help"), required: true, maxlength: 200, value: called, autofocus: true },
      { name: "display_name", label: t("users.display_name"), help: t("users.display_name_help"), maxlength: 128 },
      password_field(new_password()),
    ],
    submit: t("users.add"), cancel: close,
    onsubmit: async ({ name, display_name, password }) => {
      const clean = name.trim();
      await request("PUT", `/users/${clean.includes("/") ? "/" : ""}${segment(clean)}`, { query: { mode: "create" }, body: { password, ...(display_name && { display_name }) } });
      close();
      await show_phone_data(t("users.added", { name: clean }), clean.split("@")[0], password);
      await refresh();
    },
  }));
}

async function edit(context, row, refresh) {
  const { data, etag } = await request("GET", path_of(row));
  const user = data.user;
  const own_login = user.auth_name && user.auth_name !== user.name;
  dialog(t("edit_what", { what: full_name(user) }), (close) => form({
    fields: [
      { name: "display_name", label: t("users.display_name"), help: t("users.display_name_help"), value: user.display_name, maxlength: 128, autofocus: true },
      { name: "aliases", label: t("users.aliases"), help: t("users.aliases_help"), value: user.aliases.join(", ") },
      { name: "exempt", type: "switch", label: t("users.exempt_switch"), help: t("users.exempt_help"), value: user.session_timer === "exempt" },
      { name: "algorithms", type: "select", label: t("users.algorithms"), help: t("users.algorithms_help"), value: user.algorithms.join(",") || "default",
        options: [["default", t("users.as_configured")], ...kAlgorithms.map((name) => [name, name]), [kAlgorithms.join(","), kAlgorithms.join(", ")]] },
      own_login && { name: "auth_name", label: t("users.auth_name"), value: user.auth_name, disabled: true, help: t("users.auth_name_help") },
    ],
    submit: t("save"), cancel: close,
    onreload: () => { close(); edit(context, row, refresh); },
    onsubmit: async (values, changed, { overwrite }) => {
      const body = {};
      if ("display_name" in changed) body.display_name = changed.display_name;
      if ("aliases" in changed) body.aliases = changed.aliases.split(",").map((one) => one.trim()).filter(Boolean);
      if ("exempt" in changed) body.session_timer = changed.exempt ? "exempt" : "default";
      if ("algorithms" in changed) body.algorithms = changed.algorithms;
      if (Object.keys(body).length) {
        await request("PUT", path_of(user), { query: { mode: "change" }, body, if_match: overwrite ? null : etag });
        toast(t("saved"));
      }
      close();
      await refresh();
    },
  }));
}

function change_password(user, refresh) {
  dialog(t("users.new_password"), (close) => form({
    fields: [h("p", { class: "quiet" }, t("users.new_password_text")), password_field(new_password())],
    submit: t("users.set_password"), cancel: close,
    onsubmit: async ({ password }) => {
      await request("PUT", path_of(user), { query: { mode: "change" }, body: { password } });
      close();
      await show_phone_data(t("users.password_set", { name: full_name(user) }), user.auth_name || user.name, password);
      await refresh();
    },
  }));
}

function rename(user) {
  const keeps = user.auth_name && user.auth_name !== user.name;
  dialog(t("users.rename"), (close) => form({
    fields: [
      { name: "name", label: t("users.new_name"), required: true, value: user.name, autofocus: true },
      keeps ? h("p", { class: "quiet" }, t("users.rename_keeps")) : password_field(new_password()),
    ],
    submit: t("users.rename"), cancel: close,
    onsubmit: async ({ name, password }) => {
      await request("PATCH", path_of(user), { query: { name }, ...(keeps ? {} : { body: { password } }) });
      close();
      location.hash = `#/users/${name_path({ ...user, name })}`;
      if (keeps) toast(t("saved")); else await show_phone_data(t("users.renamed", { name }), name, password);
    },
  }));
}

const remove = (user, after) => confirm(t("delete_what", { what: full_name(user) }), t("users.delete_text"), { yes: t("delete"), run: async () => {
  await request("DELETE", path_of(user));
  toast(t("users.deleted", { name: full_name(user) }));
  await after();
} });

const import_users = (refresh) => import_table({
  title: t("users.import"), text: t("users.import_text"), example: "100,secret\n101,secret", path: "/users/import",
}, refresh);
