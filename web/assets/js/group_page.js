// One hunt group: its members in their order, how it rings, and what came of it.
import { get, list, request, segment } from "./api.js";
import { h, renew, replace, swap } from "./dom.js";
import { add_member, change, change_member, kBusyStatus, members_path, remove, rename } from "./group_forms.js";
import { ago, clock, number, t, tn } from "./i18n.js";
import { icon } from "./icons.js";
import { full_name, group_link, user_link } from "./people.js";
import { sortable } from "./sortable.js";
import { badge, button, card, facts, failed, header, icon_button, notice, toast } from "./ui.js";

export function state_badge(group) {
  if (!group.enabled) return badge("", t("groups.disabled"));
  if (group.ringing > 0) return badge("warn", tn("groups.ringing", group.ringing));
  if (group.talking > 0) return badge("good", tn("groups.talking", group.talking));
  if (group.members_enabled === 0) return badge("bad", t("groups.nobody"));
  return badge("good", t("groups.ready"));
}

const share = (part, whole) => (whole ? number(part / whole, { style: "percent" }) : "–");
const average = (total, n) => (n ? clock(total / n / 1000) : "–");

export async function show_one(context) {
  const { page, parts, is_admin, watch } = context;
  const path = `/groups/${parts.map(segment).join("/")}`;
  const title = h("div");
  const tiles = h("div", { class: "grid tiles" });
  const rules = h("div");
  const members = h("ul", { class: "lines members" });
  const notes = h("div", { class: "stack" });
  let group = null;
  let rows = [];
  let told = "";
  let order = null;  // of members, while they are moved

  const tile = (label, value, note) => h("div", { class: "card tile" }, h("span", { class: "label" }, label), h("span", { class: "value" }, value), h("span", { class: "note" }, note));

  async function refresh() {
    const [one, listed] = await Promise.all([get(path), list(`${path}/members`, "members")]);
    const text = JSON.stringify([one, listed.rows]);
    if (text === told || order?.is_busy()) return;
    told = text;
    group = one.group;
    rows = listed.rows;
    draw();
  }

  function draw() {
    swap(title, header(group.display_name || full_name(group), {
      back: { href: "#/groups", label: t("nav.groups") },
      note: h("span", { class: "row" }, group.display_name && h("span", full_name(group)), state_badge(group)),
      actions: is_admin && [
        button(t(group.enabled ? "groups.disable" : "groups.enable"), { onclick: async () => {
          await request("PATCH", path, { body: { enabled: !group.enabled } });
          await refresh();
        } }),
        button(t("edit"), { glyph: "edit", onclick: () => change(group, refresh) }),
        icon_button("trash", t("delete_what", { what: full_name(group) }), () => remove(group), { kind: "danger" })],
    }));
    renew(tiles,
      tile(t("groups.now"), group.ringing ? tn("groups.ringing", group.ringing) : group.talking ? tn("groups.talking", group.talking) : t("groups.quiet"), group.last_answered_s !== undefined && t("groups.last_answered", { ago: ago(group.last_answered_s) })),
      tile(t("groups.offered"), number(group.offered), t("groups.since_start")),
      tile(t("groups.answered"), share(group.answered, group.offered), t("groups.lost", { abandoned: number(group.abandoned), unanswered: number(group.unanswered) })),
      tile(t("groups.wait"), average(group.answer_total_ms, group.answered), group.answered > 0 && t("groups.talk", { time: average(group.talk_total_ms, group.answered) })));
    swap(rules, facts([
      [t("groups.strategy"), t(`strategy.${group.strategy}`)],
      [t("groups.ring_timeout"), tn("time.seconds", group.ring_timeout_s)],
      group.strategy !== "all" ? [t("groups.member_ring"), tn("time.seconds", group.member_ring_s)] : [],
      [t("groups.no_answer"), no_answer_text(group)],
    ]));
    rules.firstChild.classList.add("single");
    const list_notes = [];
    if (!group.enabled) list_notes.push(notice("info", t("groups.disabled_text")));
    else if (rows.length && !rows.some((row) => row.enabled && (row.kind === "group" || row.phones > 0))) list_notes.push(notice("warn", t("groups.nobody_text")));
    if (group.no_answer_to_exists === false) list_notes.push(notice("warn", t("groups.no_answer_gone", { name: group.no_answer_to })));
    renew(notes, list_notes);
    draw_members();
  }

  // A line that has not changed is left alone, so that focus and what is being clicked at stay.
  function draw_members() {
    const known = new Map([...members.children].map((line) => [line.dataset.member, line]));
    const part = document.activeElement?.dataset?.part;
    const held = part && document.activeElement.closest("li")?.dataset.member;
    const lines = rows.map((row) => {
      const line = known.get(row.name);
      const text = JSON.stringify([{ ...row, order: 0, revision: "" }, group.domain]);
      if (line?.told === text) return line;
      return Object.assign(member_line(row), { told: text });
    });
    if (lines.length !== members.children.length || lines.some((line, i) => members.children[i] !== line)) {
      replace(members, lines.length ? lines : h("li", h("span", { class: "grow quiet" }, t("groups.no_members"))));
      if (held !== undefined && part) members.querySelector(`li[data-member="${CSS.escape(held)}"] [data-part="${part}"]`)?.focus();
    }
  }

  function member_state(row) {
    if (row.kind === "nobody") return badge("bad", t("groups.gone"));
    if (row.kind === "group") return badge("info", t("groups.a_group"));
    if (row.ringing) return badge("warn", t("groups.rings"));
    if (row.talking) return badge("good", t("groups.talks"));
    return row.phones ? badge("good", tn("groups.phones", row.phones)) : badge("warn", t("groups.unregistered"));
  }

  function member_line(row) {
    const name = row.kind === "user" ? user_link({ name: row.name, domain: group.domain }, row.name)
      : row.kind === "group" ? group_link({ name: row.name, domain: group.domain }, row.name) : h("span", row.name);
    const times = [row.delay_s > 0 && t("groups.after", { time: tn("time.seconds", row.delay_s) }), row.ring_s > 0 && t("groups.for", { time: tn("time.seconds", row.ring_s) })].filter(Boolean).join(", ");
    return h("li", { "data-member": row.name, class: row.enabled ? "" : "off" },
      is_admin && h("button", { type: "button", class: "icon-button grip", "data-part": "grip", "aria-label": t("groups.move", { name: row.name }), title: t("groups.move_help") }, icon("grip")),
      h("div", { class: "grow" }, h("div", { class: "row" }, h("span", { class: "strong" }, name), member_state(row)),
        h("div", { class: "quiet small" }, t("groups.member_counts", { answered: number(row.answered), offered: number(row.offered) }), times && ` · ${times}`)),
      is_admin && [
        h("input", { type: "checkbox", role: "switch", class: "switch small", "data-part": "switch", checked: row.enabled, "aria-label": t("groups.enable_what", { name: row.name }), onchange: async (event) => {
          try { await request("PATCH", members_path(group, row.name), { body: { enabled: event.target.checked } }); } catch (fault) { event.target.checked = row.enabled; failed(fault); }
          told = "";
          await refresh().catch(() => {});
        } }),
        icon_button("edit", t("edit_what", { what: row.name }), () => change_member(group, rows.find((now) => now.name === row.name) ?? row, refresh), { "data-part": "edit" }),
        icon_button("trash", t("groups.remove_member", { name: row.name }), async () => {
          await request("DELETE", members_path(group, row.name));
          toast(t("groups.member_removed", { name: row.name }));
          await refresh();
        }, { kind: "danger", "data-part": "remove" })]);
  }

  // The members' orders are 1, 2, 3 … afterwards; only those that change are sent.
  async function reorder(names) {
    try {
      for (const [i, name] of names.entries()) {
        if (rows.find((row) => row.name === name)?.order !== i + 1) await request("PATCH", members_path(group, name), { body: { order: i + 1 } });
      }
    } catch (fault) {
      draw_members();  // the order that is known, until the device answers again
      failed(fault);
    }
    told = "";
    setTimeout(() => refresh().catch(() => {}));  // once this is over
  }
  if (is_admin) order = sortable(members, { item: "li[data-member]", grip: ".grip", key: (item) => item.dataset.member, done: reorder });

  await refresh();
  replace(page, title, notes, tiles, h("div", { class: "grid main-aside" },
    card(t("groups.members"), { kind: "flush", note: t(`strategy.${group.strategy}_order`), actions: is_admin && button(t("groups.add_member"), { glyph: "plus", kind: "small", onclick: () => add_member(group, rows, refresh) }) }, members, order?.told),
    card(t("groups.rules"), { actions: is_admin && button(t("groups.rename"), { kind: "small", onclick: () => rename(group) }) }, rules)));
  watch(["group", "call", "registration", "groups"], refresh, { poll: 2000 });
}

function no_answer_text(group) {
  if (group.no_answer_to) return t("groups.goes_to", { name: group.no_answer_to });
  if (group.no_answer_status === kBusyStatus) return t("groups.says_busy");
  return group.no_answer_status ? t("groups.says", { status: group.no_answer_status }) : t("groups.says_result");
}
