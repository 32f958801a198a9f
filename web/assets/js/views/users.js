// Users: who may register phones, whether they do, and why not.
import { latest, list } from "../api.js";
import { h, renew, replace } from "../dom.js";
import { ago, number, t, tn } from "../i18n.js";
import { full_name, is_kept_out, registration_badge } from "../people.js";
import { table } from "../table.js";
import { badge, button, card, empty, failed, header, icon_button, search_box, tabs } from "../ui.js";
import { add, edit, import_users, path_of, remove } from "../user_forms.js";
import { show_one } from "../user_page.js";

const kMost = 2000;

const key_of = (row) => `${row.domain}/${row.name}`;

export const show = (context) => (context.parts.length ? show_one(context) : show_all(context));

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
        icon_button("edit", t("edit_what", { what: full_name(row) }), () => edit(row, refresh)),
        icon_button("trash", t("delete_what", { what: full_name(row) }), () => remove(row, refresh), { kind: "danger" })] },
    ],
    empty: () => (rows.length || is_long ? empty("search", t("users.none_found"), t("users.none_found_text"))
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
    const asked = is_long ? { q: text, on_line: { on: "yes", off: "no" }[filter], trouble: filter === "trouble" ? "yes" : undefined } : {};
    const [users, phones, nobodies] = await newest(Promise.all([list("/users", "users", { query: asked, most: kMost }), list("/registrations", "registrations", { query: { q: asked.q }, most: kMost }), list("/unknown", "unknown")]));
    strangers = nobodies.rows;
    is_long ||= users.is_cut || phones.is_cut;
    renew(note, users.is_cut && t("users.too_many", { n: number(users.rows.length) }));
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
