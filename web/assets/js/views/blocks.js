// Who is kept out after too many wrong passwords, and letting them in again.
import { list, request } from "../api.js";
import { h, replace } from "../dom.js";
import { ago, span, t, number } from "../i18n.js";
import { table } from "../table.js";
import { button, confirm, empty, header, toast } from "../ui.js";

export async function show({ page, is_admin, watch }) {
  const listing = table({
    label: t("nav.blocks"), key: (row) => `${row.source} ${row.user}`,
    columns: [
      { name: "source", label: t("blocks.source"), kind: "lead", sort: (row) => row.source, cell: (row) => h("span", { class: "strong" }, row.source) },
      { name: "user", label: t("blocks.user"), sort: (row) => row.user, cell: (row) => row.user || h("span", { class: "quiet" }, t("blocks.everybody")) },
      { name: "failures", label: t("blocks.failures"), kind: "number", sort: (row) => row.failures, cell: (row) => number(row.failures) },
      { name: "since", label: t("blocks.since"), cell: (row) => ago(row.since_s) },
      { name: "left", label: t("blocks.left"), sort: (row) => row.remaining_s, cell: (row) => span(row.remaining_s) },
      { name: "more", label: "", kind: "end", cell: (row) => is_admin && button(t("blocks.lift"), { kind: "small", onclick: () => lift(row, refresh) }) },
    ],
    empty: () => empty("blocks", t("blocks.none"), t("blocks.none_text")),
  });
  async function refresh() { listing.set((await list("/blocks", "blocks")).rows); }
  await refresh();
  replace(page, header(t("nav.blocks"), { note: t("blocks.note") }), h("section", { class: "card flush" }, listing),
    h("p", { class: "quiet small" }, t("blocks.safe"), " ", h("a", { href: "#/settings/security" }, t("blocks.safe_link"))));
  watch(["problem", "registration", "blocks"], refresh, { poll: 4000 });
}

const lift = (row, refresh) => confirm(t("blocks.lift"), row.user ? t("blocks.lift_user", row) : t("blocks.lift_source", row), { yes: t("blocks.lift"), kind: "primary", run: async () => {
  await request("DELETE", "/blocks", { query: { source: row.source, user: row.user } });
  toast(t("blocks.lifted"));
  await refresh();
} });
