// Forms from a list of fields. What the server refuses is shown at the field that it names.
import { h, replace, unique_id } from "./dom.js";
import { t } from "./i18n.js";
import { button, failed, notice } from "./ui.js";

function control(field, id) {
  const shared = {
    id, name: field.name, required: field.required, disabled: field.disabled, autofocus: field.autofocus,
    "aria-describedby": `${id}-help ${id}-fault`,
  };
  if (field.type === "select") {
    return h("select", { ...shared, value: field.value ?? "" },
      field.options.map(([value, label]) => h("option", { value, selected: value === field.value }, label)));
  }
  if (field.type === "switch") return h("input", { ...shared, type: "checkbox", role: "switch", class: "switch", checked: Boolean(field.value) });
  if (field.type === "text-area" || field.type === "lines") {
    const value = Array.isArray(field.value) ? field.value.join("\n") : field.value ?? "";
    return h("textarea", { ...shared, rows: field.rows ?? 3, spellcheck: "false", value, placeholder: field.placeholder });
  }
  return h("input", {
    ...shared, type: field.type ?? "text", value: field.value ?? "", min: field.min, max: field.max, step: field.step,
    maxlength: field.maxlength, pattern: field.pattern, placeholder: field.placeholder,
    autocomplete: field.autocomplete ?? "off", spellcheck: "false", autocapitalize: "off", inputmode: field.inputmode,
    list: field.list,
  });
}

function value_of(field, input) {
  if (field.type === "switch") return input.checked;
  if (field.type === "number") return input.value === "" ? "" : Number(input.value);
  if (field.type === "lines") return input.value.split("\n").map((line) => line.trim()).filter(Boolean);
  return input.value;
}

function fault_of(input) {
  const state = input.validity;
  if (state.valid) return "";
  if (state.valueMissing) return t("form.missing");
  if (state.rangeUnderflow || state.rangeOverflow) return t("form.range", { min: input.min, max: input.max });
  if (state.badInput) return t("form.number");
  return input.title || input.validationMessage;
}

// One labelled field: {element, input, value(), fault(text)}.
export function make_field(field) {
  const id = unique_id(field.name.replaceAll(".", "-"));
  const input = control(field, id);
  const told = h("p", { class: "field-fault", id: `${id}-fault`, "aria-live": "polite" });
  const help = h("div", { class: "field-help", id: `${id}-help` }, field.help);
  const label = h("label", { for: id }, field.label, field.badge);
  const row = field.suffix || field.after ? h("div", { class: "with-suffix" }, input, field.suffix && h("span", { class: "quiet" }, field.suffix), field.after) : input;
  const element = field.type === "switch"
    ? h("div", { class: "field switch-field" }, h("div", label, help, told), input)
    : h("div", { class: `field ${field.wide ? "wide" : ""}` }, label, row, help, told);
  const fault = (text) => {
    replace(told, text);
    input.setAttribute("aria-invalid", String(Boolean(text)));
  };
  input.addEventListener("input", () => { fault(""); field.oninput?.(value_of(field, input), input); });
  return { element, input, field, value: () => value_of(field, input), fault };
}

// form({fields, submit, onsubmit(values, changed), cancel, …}): `onsubmit` throws what went wrong. `changed` has only the
// values that are no longer as they were. An error with status 412 offers to load or to overwrite.
export function form({ fields, submit, onsubmit, cancel, kind = "primary", extra, onreload, columns = false }) {
  const made = fields.filter(Boolean).map((field) => (field instanceof Node ? field : make_field(field)));
  const inputs = made.filter((one) => one.input);
  const first = new Map(inputs.map((one) => [one.field.name, JSON.stringify(one.value())]));
  const alert = h("div", { class: "form-alert" });
  const send = button(submit, { type: "submit", kind });

  const show = (fault) => {
    const at = fault.field && inputs.find((one) => one.field.name === fault.field);
    if (at) {
      at.fault(fault.message);
      at.input.focus();
    } else if (fault.status === 412 && onreload) {
      replace(alert, notice("warn", h("p", t("conflict.text")),
        h("div", { class: "row" }, button(t("conflict.load"), { onclick: onreload }),
          button(t("conflict.overwrite"), { kind: "danger", onclick: () => run(true) }))));
      alert.querySelector("button").focus();
    } else {
      replace(alert, notice("bad", fault.message));
      alert.scrollIntoView({ block: "nearest" });
    }
  };

  async function run(overwrite = false) {
    if (send.getAttribute("aria-busy") === "true") return;
    replace(alert);
    let wrong = null;
    for (const one of inputs) {
      const text = one.element.hidden ? "" : fault_of(one.input);
      one.fault(text);
      if (text && !wrong) wrong = one;
    }
    if (wrong) { wrong.input.focus(); return; }
    const values = Object.fromEntries(inputs.map((one) => [one.field.name, one.value()]));
    const changed = Object.fromEntries(Object.entries(values).filter(([name, value]) => JSON.stringify(value) !== first.get(name)));
    send.setAttribute("aria-busy", "true");
    try {
      await onsubmit(values, changed, { overwrite });
    } catch (fault) {
      // Also what goes wrong when the form has done its work and is closed.
      if (element.isConnected && fault.name !== "AbortError") show(fault); else failed(fault);
    } finally {
      send.removeAttribute("aria-busy");
    }
  }

  const element = h("form", { class: "form", novalidate: true, onsubmit: (event) => { event.preventDefault(); run(); } },
    alert, h("div", { class: columns ? "fields columns" : "fields" }, made.map((one) => one.element ?? one)), extra,
    h("div", { class: "dialog-actions" }, cancel && button(t("cancel"), { onclick: cancel }), send));
  element.field = (name) => inputs.find((one) => one.field.name === name);
  element.show = show;
  return element;
}
