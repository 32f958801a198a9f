// Hunt groups: an extension that rings several members.
import { download, list, request } from "../api.js";
import { h, replace } from "../dom.js";
import { change, path_of } from "../group_forms.js";
import { show_one, state_badge } from "../group_page.js";
import { number, t } from "../i18n.js";
import { import_table } from "../import_table.js";
import { full_name, group_link } from "../people.js";
import { table } from "../table.js";
import { button, empty, failed, header, toast } from "../ui.js";

const kExample = "name,display_name,strategy,members\n600,Sales,sequential,\"201,202:delay_s=5\"";

export const show = (context) => (context.parts.length ? show_one(context) : show_all(context));

async function show_all(context) {
  const { page, is_admin, watch, query } = context;
  const make = () => change(null);
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
