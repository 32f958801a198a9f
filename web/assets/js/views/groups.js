// Hunt groups: an extension that rings several members.
import { download, get, list, name_path, request, segment } from "../api.js";
import { h, renew, replace, swap } from "../dom.js";
import { form } from "../form.js";
import { icon } from "../icons.js";
import { ago, clock, number, t, tn } from "../i18n.js";
import { import_table } from "../import_table.js";
import { full_name, group_link, user_link } from "../people.js";
import { sortable } from "../sortable.js";
import { table } from "../table.js";
import { badge, button, card, confirm, dialog, empty, facts, failed, header, icon_button, notice, once, toast } from "../ui.js";

const kStrategies = ["all", "sequential", "round_robin", "longest_idle", "random"];
const kBusyStatus = 486;
const kExample = "name,display_name,strategy,members\n600,Sales,sequential,\"201,202:delay_s=5\"";

export async function show(context) {
  return context.parts.length ? show_one(context) : show_all(context);
}

const path_of = (group) => `/groups/${name_path(group)}`;
const members_path = (group, member) => `${path_of(group)}/members${member === undefined ? "" : `/${segment(member)}`}`;

function state_badge(group) {
  if (!group.enabled) return badge("", t("groups.disabled"));
  if (group.ringing > 0) return badge("warn", tn("groups.ringing", group.ringing));
  if (group.talking > 0) return badge("good", tn("groups.talking", group.talking));
  if (group.members_enabled === 0) return badge("bad", t("groups.nobody"));
  return badge("good", t("groups.ready"));
}

const share = (part, whole) => (whole ? number(part / whole, { style: "percent" }) : "–");
const average = (total, n) => (n ? clock(total / n / 1000) : "–");

// --- the listing

async function show_all(context) {
  const { page, is_admin, watch, query } = context;
  const make = () => change(context, null);
  const listing = table({
    label: t("nav.groups"), key: (row) => `${row.domain}/${row.name}`, order: { name: "name", down: false },
    row_kind: (row) => (row.enabled ? "" : "off"),
    columns: [
      { name: "name", label: t("groups.extension"), kind: "lead", sort: full_name, cell: (row) => h("div", { class: "who" }, h("div", { class: "grow" }, group_link(row), row.display_name && h("span", { class: "quiet" }, row.display_name))) },
      { name: "state", label: t("groups.state"), kind: "bare", cell: state_badge },
      { name: "members", label: t("groups.members"), sort: (row) => row.member_count, cell: (row) => (row.members_enabled === row.member_count ? number(row.member_count) : t("groups.members_of", { on: number(row.members_enabled), all: number(row.member_count) })) },
      { name: "strategy", label: t("groups.strategy"), cell: (row) => t(`strategy.${row.strategy}`) },
      { name: "answered", label: t("groups.answered"), kind: "number", sort: (row) => row.answered, cell: (row) => (row.offered ? t("groups.answered_of", { answered: number(row.answered), offered: number(row.offered) }) : "–") },
      { name: "more", label: "", kind: "end", cell: (row) => is_admin && h("input", { type: "checkbox", role: "switch", class: "switch small", checked: row.enabled, "aria-label": t("groups.enable_what", { name: full_name(row) }), onchange: (event) => enable(row, event.target, refresh) }) },
    ],
    empty: () => empty("groups", t("groups.none"), t("groups.none_text"), is_admin && button(t("groups.add"), { glyph: "plus", kind: "primary", onclick: make })),
  });
  async function refresh() { listing.set((await list("/groups", "groups")).rows); }
  await refresh();
  replace(page, header(t("nav.groups"), { note: t("groups.note"), actions: [
    button(t("groups.export"), { glyph: "download", onclick: () => download("/groups.csv", { name: "groups.csv" }) }),
    is_admin && button(t("groups.import"), { glyph: "upload", onclick: () => import_table({ title: t("groups.import"), text: t("groups.import_text"), example: kExample, path: "/groups/import" }, refresh) }),
    is_admin && button(t("groups.add"), { glyph: "plus", kind: "primary", onclick: make })] }),
    h("section", { class: "card flush" }, listing));
  watch(["group", "call", "registration", "groups"], refresh, { poll: 3000 });
  if (query.has("add") && is_admin && context.is_shown()) setTimeout(make);
}

async function enable(group, input, refresh) {
  try {
    await request("PATCH", path_of(group), { body: { enabled: input.checked } });
    toast(t(input.checked ? "groups.is_enabled" : "groups.is_disabled", { name: full_name(group) }));
  } catch (fault) {
    input.checked = !input.checked;
    failed(fault);
  }
  await refresh().catch(() => {});  // what is wrong was told
}

// --- one group

async function show_one(context) {
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
        button(t("edit"), { glyph: "edit", onclick: () => change(context, group, refresh) }),
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
    } catch (fault) { failed(fault); }
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

// --- changes

// What may be called: users and groups, as suggestions.
async function extensions(id) {
  const [users, groups] = await Promise.all([list("/users", "users", { most: 1000 }), list("/groups", "groups", { most: 1000 })]);
  return h("datalist", { id }, [...users.rows, ...groups.rows].map((row) => h("option", { value: row.name }, row.display_name || "")));
}

async function change(context, group, refresh) {
  const { data, etag } = group ? await request("GET", path_of(group)) : { data: {} };
  const known = data.group ?? { strategy: "all", ring_timeout_s: 60, member_ring_s: 20, no_answer_status: 0, no_answer_to: "", display_name: "" };
  const choices = await extensions("group-extensions");
  const outcome = known.no_answer_to ? "extension" : known.no_answer_status === kBusyStatus ? "busy" : known.no_answer_status ? "status" : "result";
  dialog(group ? t("edit_what", { what: full_name(group) }) : t("groups.add"), (close) => {
    const show_fields = () => {
      made.field("no_answer_to").element.hidden = made.field("outcome").value() !== "extension";
      made.field("no_answer_status").element.hidden = made.field("outcome").value() !== "status";
      made.field("member_ring_s").element.hidden = made.field("strategy").value() === "all";
      made.field("strategy").element.querySelector(".field-help").textContent = t(`strategy.${made.field("strategy").value()}_help`);
    };
    const made = form({
      fields: [
        !group && { name: "name", label: t("groups.extension"), help: t("groups.extension_help"), required: true, autofocus: true, maxlength: 200 },
        { name: "display_name", label: t("groups.display_name"), value: known.display_name, maxlength: 128, autofocus: Boolean(group) },
        !group && { name: "members", label: t("groups.first_members"), help: t("groups.first_members_help") },
        { name: "strategy", type: "select", label: t("groups.strategy"), value: known.strategy, options: kStrategies.map((name) => [name, t(`strategy.${name}`)]), help: t(`strategy.${known.strategy}_help`), oninput: () => show_fields() },
        { name: "ring_timeout_s", type: "number", label: t("groups.ring_timeout"), help: t("groups.ring_timeout_help"), value: known.ring_timeout_s, min: 1, max: 3600, required: true, suffix: t("unit.seconds") },
        { name: "member_ring_s", type: "number", label: t("groups.member_ring"), help: t("groups.member_ring_help"), value: known.member_ring_s, min: 1, max: 3600, required: true, suffix: t("unit.seconds") },
        { name: "outcome", type: "select", label: t("groups.no_answer"), value: outcome, options: ["result", "extension", "busy", "status"].map((name) => [name, t(`groups.outcome_${name}`)]), oninput: () => show_fields() },
        { name: "no_answer_to", label: t("groups.no_answer_to"), value: known.no_answer_to, list: "group-extensions" },
        { name: "no_answer_status", type: "number", label: t("groups.no_answer_status"), value: known.no_answer_status || 480, min: 400, max: 699 },
      ],
      extra: choices, submit: group ? t("save") : t("groups.add"), cancel: close,
      onreload: () => { close(); change(context, group, refresh); },
      onsubmit: async (values, changed, { overwrite }) => {
        const body = { display_name: values.display_name, strategy: values.strategy, ring_timeout_s: values.ring_timeout_s, member_ring_s: values.member_ring_s };
        if (values.outcome === "extension") body.no_answer_to = values.no_answer_to.trim();
        else body.no_answer_status = { busy: kBusyStatus, result: 0, status: values.no_answer_status }[values.outcome];
        if (values.outcome === "extension" && !body.no_answer_to) throw Object.assign(new Error(t("form.missing")), { field: "no_answer_to" });
        if (values.outcome === "result" && known.no_answer_to) body.no_answer_to = "";
        const name = group ? null : values.name.trim();
        const path = group ? path_of(group) : `/groups/${segment(name)}`;
        await request("PUT", path, { query: { mode: group ? "change" : "create" }, body, if_match: overwrite ? null : etag });
        if (!group) await first_members(path, values.members);
        close();
        toast(group ? t("saved") : t("groups.added", { name }));
        if (group) await refresh(); else location.hash = `#${path}`;
      },
    });
    show_fields();
    return made;
  });
}

// The group stands when one of them is refused; that is told, and its page shows who is missing.
async function first_members(path, text) {
  for (const name of text.split(/[\s,;]+/).filter(Boolean)) {
    try { await request("PUT", `${path}/members/${segment(name)}`, { query: { mode: "create" }, body: {} }); } catch (fault) { toast(`${name}: ${fault.message}`, "bad"); }
  }
}

async function add_member(group, rows, refresh) {
  const choices = await extensions("member-extensions");
  for (const option of [...choices.children]) if (option.value === group.name || rows.some((row) => row.name === option.value)) option.remove();
  dialog(t("groups.add_member"), (close) => form({
    fields: [
      { name: "name", label: t("groups.member"), help: t("groups.member_help"), required: true, list: "member-extensions", autofocus: true },
      { name: "delay_s", type: "number", label: t("groups.delay"), help: t("groups.delay_help"), value: 0, min: 0, max: 3600, suffix: t("unit.seconds") },
    ],
    extra: choices, submit: t("groups.add_member"), cancel: close,
    onsubmit: async ({ name, delay_s }) => {
      const body = delay_s ? { delay_s } : {};
      await request("PUT", members_path(group, name.trim()), { query: { mode: "create" }, body });
      close();
      await refresh();
    },
  }));
}

function change_member(group, row, refresh) {
  dialog(t("edit_what", { what: row.name }), (close) => form({
    fields: [
      { name: "delay_s", type: "number", label: t("groups.delay"), help: t("groups.delay_help"), value: row.delay_s, min: 0, max: 3600, suffix: t("unit.seconds"), autofocus: true },
      { name: "ring_s", type: "number", label: t("groups.ring"), help: t("groups.ring_help"), value: row.ring_s, min: 0, max: 3600, suffix: t("unit.seconds") },
    ],
    submit: t("save"), cancel: close,
    onreload: () => { close(); reload_member(group, row, refresh); },
    onsubmit: async (values, changed, { overwrite }) => {
      if (Object.keys(changed).length) await request("PATCH", members_path(group, row.name), { body: changed, if_match: overwrite ? null : `"${row.revision}"` });
      close();
      await refresh();
    },
  }));
}

async function reload_member(group, row, refresh) {
  const { rows } = await list(members_path(group), "members");
  const now = rows.find((other) => other.name === row.name);
  await refresh();
  if (now) change_member(group, now, refresh); else failed(new Error(t("error.no_member")));
}

function rename(group) {
  dialog(t("groups.rename"), (close) => form({
    fields: [
      { name: "name", label: t("groups.new_name"), help: t("groups.rename_help"), required: true, maxlength: 200, value: group.name, autofocus: true },
    ],
    submit: t("groups.rename"), cancel: close,
    onsubmit: async (values, changed) => {
      const name = values.name.trim();
      if ("name" in changed) await request("PATCH", path_of(group), { query: { name } });
      close();
      if (!("name" in changed)) return;
      toast(t("groups.renamed", { name }));
      location.hash = `#${path_of({ ...group, name })}`;
    },
  }));
}

const remove = (group) => confirm(t("delete_what", { what: full_name(group) }), t("groups.delete_text"), { yes: t("delete"), run: async () => {
  await request("DELETE", path_of(group));
  toast(t("groups.deleted", { name: full_name(group) }));
  location.hash = "#/groups";
} });
