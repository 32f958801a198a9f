// The configuration, made from what the server says of each key. What is changed is checked before it is stored.
import { get, latest, request } from "../api.js";
import { h, replace, swap } from "../dom.js";
import { make_field } from "../form.js";
import { fault_text, has_text, read_settings_texts, t, tn } from "../i18n.js";
import { restart } from "../restart.js";
import { badge, button, card, failed, header, notice, toast } from "../ui.js";

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const shown = (value) => (Array.isArray(value) ? value.join(", ") || t("settings.empty_list") : value === "" ? t("settings.empty") : String(value));
const label_of = (key) => (has_text(`key.${key}`) ? t(`key.${key}`) : key);
const section_label = (name) => (has_text(`section.${name}`) ? t(`section.${name}`) : name);
const text_of = (fault) => (fault ? fault_text(fault.message) : "");
const kShort = 200;  // is shown as a whole

function field_of(key, row, value, text, onchange, is_fixed) {
  const is_other = !same(row.next ?? row.value, key.default);
  const shared = {
    name: key.key, label: label_of(key.key), value, disabled: is_fixed, wide: true,
    badge: [key.when === "restart" && badge("", t("settings.restart_badge")), row.next !== undefined && badge("warn", t("settings.waits")), is_other && badge("accent", t("settings.own"))],
    help: [explain(text), h("code", key.key), ` · ${t("settings.default", { value: shown(key.default) })}`,
      row.source && row.source.startsWith("--set") && h("span", ` · ${t("settings.by_command_line")}`),
      key.on_device && h("span", ` · ${t("settings.on_device")}`)],
    oninput: (given) => onchange(key, given),
  };
  if (key.type === "switch") return { ...shared, type: "switch" };
  if (key.type === "integer") return { ...shared, type: "number", min: key.min, max: key.max, required: true };
  if (key.type === "text" && key.words) return { ...shared, type: "select", options: key.words.map((word) => [word, word]) };
  if (key.type === "list") return { ...shared, type: "lines", rows: Math.max(2, Math.min(8, value.length + 1)), placeholder: t("settings.one_a_line") };
  return { ...shared, type: "text" };
}

// The first sentence, and the others for who wants to know.
function explain(text) {
  const split = (signs) => new RegExp(`^(.{20,}?[${signs}])\\s+(.+)$`, "s").exec(text) ?? [];
  let [, first, rest] = split(".");
  if (!rest || first.length > kShort) [, first, rest] = split(".:;");
  if (!rest || text.length < kShort) return h("div", text);
  return h("details", h("summary", first, " ", h("span", { class: "link" }, t("settings.more"))), h("div", rest));
}

export async function show(context) {
  const { page, parts, is_admin, session, on_leave, watch } = context;
  const [{ schema }, loaded, texts] = await Promise.all([get("/config/schema"), request("GET", "/config"), read_settings_texts()]);
  let { config } = loaded.data;
  const sections = [...new Set(schema.map((key) => key.section))];
  const section = sections.includes(parts[0]) ? parts[0] : sections[0];
  const kept = session.unsaved;
  const edits = kept.values;
  if (!edits.size) kept.revision = loaded.etag;
  const newest = latest();
  const bar = h("div");
  const notes = h("div", { class: "stack" });
  const body = h("div");
  const row_of = (key) => config.values.find((row) => row.key === key) ?? {};
  const fields = new Map();
  let checking = 0;

  function on_change(key, value) {
    const row = row_of(key.key);
    if (same(value, row.next ?? row.value)) edits.delete(key.key); else edits.set(key.key, value);
    draw_bar();
    clearTimeout(checking);
    checking = setTimeout(() => check().catch(() => {}), 400);
  }

  const values = () => Object.fromEntries(edits);

  // What the server would say, at the fields, before anything is stored.
  async function check() {
    if (!edits.size) { for (const one of fields.values()) one.fault(""); return; }
    const { data } = await newest(request("POST", "/config/check", { body: { values: values() } }));
    for (const [key, one] of fields) one.fault(text_of(data.check.faults.find((fault) => fault.key === key)));
    const elsewhere = data.check.faults.filter((fault) => !fields.has(fault.key));
    draw_bar(data.check.faults.length, data.check.restart.filter((key) => edits.has(key)).length, elsewhere);
  }

  function draw_bar(faults = 0, restarts = 0, elsewhere = []) {
    swap(bar, edits.size > 0 && h("div", { class: "savebar", role: "region", "aria-label": t("settings.changes") },
      h("span", h("span", { class: "strong" }, tn("settings.changed", edits.size)), " ",
        faults > 0 ? h("span", { class: "field-fault" }, tn("settings.faults", faults), ...elsewhere.map((fault) => ` ${label_of(fault.key)}: ${text_of(fault)}`))
          : restarts > 0 && h("span", { class: "quiet" }, tn("settings.restarts", restarts))),
      h("div", { class: "row" },
        button(t("settings.discard"), { onclick: () => { edits.clear(); draw(); } }),
        button(t("save"), { kind: "primary", disabled: faults > 0, onclick: () => save(kept.revision) }))));
  }

  async function save(if_match) {
    let answer;
    try {
      answer = await request("PATCH", "/config", { body: { values: values() }, if_match });
    } catch (fault) {
      if (fault.status === 412) { offer_reload(); return; }
      if (fault.body?.faults) {
        for (const [key, one] of fields) one.fault(text_of(fault.body.faults.find((told) => told.key === key)));
        draw_bar(fault.body.faults.length, 0, fault.body.faults.filter((told) => !fields.has(told.key)));
        return;
      }
      throw fault;
    }
    edits.clear();
    await reload();
    if (answer.data.refused.length) failed(new Error(t("settings.refused", { keys: answer.data.refused.join(", ") })));
    else toast(answer.data.restart.length ? t("settings.saved_restart") : t("settings.saved"));
  }

  function offer_reload() {
    replace(notes, notice("warn", h("p", t("conflict.text")), h("div", { class: "row" },
      button(t("conflict.load"), { onclick: async () => { edits.clear(); await reload(); } }),
      button(t("conflict.overwrite"), { kind: "danger", onclick: () => save(null) }))));
    notes.scrollIntoView({ block: "center" });
  }

  async function reload() {
    const again = await request("GET", "/config");
    config = again.data.config;
    if (!edits.size) kept.revision = again.etag;
    draw();
  }

  function draw() {
    fields.clear();
    const waiting = config.values.filter((row) => row.next !== undefined);
    replace(notes,
      !config.file && notice("info", t("settings.no_file")),
      config.faults.length > 0 && notice("bad", h("p", t("settings.file_faults", { file: config.file })), h("ul", config.faults.map((fault) => h("li", h("code", fault.key), `${fault.line ? ` (${fault.line})` : ""}: ${text_of(fault)}`)))),
      waiting.length > 0 && notice("warn", h("p", tn("settings.waiting", waiting.length, { keys: waiting.map((row) => label_of(row.key)).join(", ") })),
        is_admin && h("div", button(t("system.restart"), { kind: "small", glyph: "power", onclick: restart }))));
    const made = schema.filter((key) => key.section === section).map((key) => {
      const row = row_of(key.key);
      const value = edits.get(key.key) ?? row.next ?? row.value;
      const one = make_field(field_of(key, row, value, texts[key.key] ?? key.description, on_change, !is_admin || !config.file || key.on_device === true));
      fields.set(key.key, one);
      return one.element;
    });
    replace(body, card(section_label(section), {}, h("div", { class: "fields" }, made)));
    draw_bar();
  }

  const nav = h("nav", { class: "nav", "aria-label": t("settings.sections") }, sections.map((name) =>
    h("a", { href: `#/settings/${name}`, "aria-current": name === section && "page" }, section_label(name))));
  const chooser = h("select", { "aria-label": t("settings.sections"), onchange: (event) => { location.hash = `#/settings/${event.target.value}`; } },
    sections.map((name) => h("option", { value: name, selected: name === section }, section_label(name))));
  on_leave(() => clearTimeout(checking));
  draw();
  if (edits.size) check().catch(() => {});
  replace(page, header(t("nav.settings"), { note: config.file ? h("span", { class: "row" }, t("settings.note"), h("code", config.file)) : null }), notes,
    h("div", { class: "settings" }, h("div", { class: "section-list" }, nav, chooser), h("div", { class: "stack" }, body, bar)));
  // What others change is shown, unless something is being changed here: saving that tells of both.
  watch(["config"], () => (edits.size || body.contains(document.activeElement) ? null : reload()));
}
