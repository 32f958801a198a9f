// One file with what makes this exchange, and its way back.
import { read_backup, restore_backup, save_backup } from "../backup_file.js";
import { h, replace } from "../dom.js";
import { form } from "../form.js";
import { icon } from "../icons.js";
import { number, t, time } from "../i18n.js";
import { button, card, dialog, facts, failed, header, notice, toast } from "../ui.js";

async function ask(file) {
  if (!file) return;
  let text;
  let backup;
  try {
    text = await file.text();
    backup = read_backup(text);
  } catch (fault) { failed(fault); return; }
  const has_settings = Object.keys(backup.settings ?? {}).length > 0;
  dialog(t("backup.restore"), (close) => form({
    fields: [
      facts([[t("backup.made"), Date.parse(backup.made) > 0 && time(Date.parse(backup.made))], [t("nav.users"), number(backup.users.length)], [t("nav.groups"), number(backup.groups.length)], [t("system.version"), backup.server]]),
      h("p", t("backup.restore_text")),
      has_settings && { name: "settings", type: "switch", label: t("backup.settings"), help: t("backup.settings_help"), value: false },
    ],
    submit: t("backup.restore"), cancel: close,
    onsubmit: async (values) => {
      const { restart } = await restore_backup(text, Boolean(values.settings));
      close();
      toast(t(restart ? "backup.restored_restart" : "backup.restored"));
    },
  }));
}

export async function show({ page, is_admin }) {
  if (!is_admin) {
    replace(page, header(t("nav.backup")), notice("info", t("error.forbidden")));
    return;
  }
  const input = h("input", { type: "file", class: "hidden-text", accept: ".json,application/json", onchange: async () => { const [file] = input.files; await ask(file); input.value = ""; } });
  const drop = h("label", { class: "drop", ondragover: (event) => { event.preventDefault(); drop.classList.add("over"); }, ondragleave: () => drop.classList.remove("over"),
    ondrop: (event) => { event.preventDefault(); drop.classList.remove("over"); ask(event.dataTransfer.files[0]); } },
  icon("upload", "large"), h("span", { class: "strong" }, t("backup.choose")), h("span", t("backup.drop")), input);
  replace(page, header(t("nav.backup"), { note: t("backup.note") }),
    h("div", { class: "grid two" },
      card(t("backup.save"), {}, h("div", { class: "stack" }, h("p", { class: "quiet" }, t("backup.save_text")), notice("info", t("backup.secret")),
        h("div", button(t("backup.save"), { glyph: "download", kind: "primary", onclick: save_backup })))),
      card(t("backup.restore"), {}, h("div", { class: "stack" }, h("p", { class: "quiet" }, t("backup.restore_note")), drop))));
}
