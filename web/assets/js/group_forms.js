// How hunt groups and their members are made, changed and deleted.
import { list, name_path, request, segment } from "./api.js";
import { h } from "./dom.js";
import { form } from "./form.js";
import { t } from "./i18n.js";
import { full_name } from "./people.js";
import { confirm, dialog, failed, toast } from "./ui.js";

const kStrategies = ["all", "sequential", "round_robin", "longest_idle", "random"];
export const kBusyStatus = 486;

export const path_of = (group) => `/groups/${name_path(group)}`;
export const members_path = (group, member) => `${path_of(group)}/members${member === undefined ? "" : `/${segment(member)}`}`;

// What may be called: users and groups, as suggestions.
async function extensions(id) {
  const [users, groups] = await Promise.all([list("/users", "users", { most: 1000 }), list("/groups", "groups", { most: 1000 })]);
  return h("datalist", { id }, [...users.rows, ...groups.rows].map((row) => h("option", { value: row.name }, row.display_name || "")));
}

export async function change(group, refresh) {
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
      onreload: () => { close(); change(group, refresh); },
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

export async function add_member(group, rows, refresh) {
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

export function change_member(group, row, refresh) {
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

export function rename(group) {
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

export const remove = (group) => confirm(t("delete_what", { what: full_name(group) }), t("groups.delete_text"), { yes: t("delete"), run: async () => {
  await request("DELETE", path_of(group));
  toast(t("groups.deleted", { name: full_name(group) }));
  location.hash = "#/groups";
} });
