// One user: the phones, what keeps them out, and the click that mends it.
import { get, request, segment } from "./api.js";
import { h, renew, replace, swap } from "./dom.js";
import { ago, has_text, span, t, tn } from "./i18n.js";
import { full_name, registration_badge, uri_parts } from "./people.js";
import { table } from "./table.js";
import { button, card, confirm, empty, facts, header, icon_button, notice, quiet, toast } from "./ui.js";
import { change_password, edit, path_of, remove, rename } from "./user_forms.js";

export async function show_one(context) {
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
        button(t("edit"), { glyph: "edit", onclick: () => edit(user, refresh) }),
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
