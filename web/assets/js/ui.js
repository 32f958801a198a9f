// What all views are made of.
import { h, replace, unique_id } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";

// --- small things

export const badge = (kind, ...content) => h("span", { class: `badge ${kind}` }, ...content);
export const dot = (kind, label) => h("span", { class: `dot ${kind}`, role: "img", "aria-label": label, title: label });
export const quiet = (...content) => h("span", { class: "quiet" }, ...content);

export function button(label, { glyph, kind = "", onclick, type = "button", ...more } = {}) {
  return h("button", { type, class: `button ${kind}`, onclick: onclick && once(onclick), ...more }, glyph && icon(glyph), label && h("span", label));
}

export function icon_button(glyph, label, onclick, more = {}) {
  const { kind = "", ...rest } = more;
  return h("button", { type: "button", class: `icon-button ${kind}`, "aria-label": label, title: label, onclick: once(onclick), ...rest }, icon(glyph));
}

export function header(title, { note, actions = [], back } = {}) {
  return h("header", { class: "page-header" },
    h("div", { class: "page-title" },
      back && h("a", { class: "back", href: back.href }, icon("back"), back.label),
      h("h1", { tabindex: "-1" }, title),
      note && h("p", { class: "quiet" }, note)),
    h("div", { class: "actions" }, actions));
}

export function card(title, { actions, note, kind = "" } = {}, ...content) {
  const id = unique_id("card");
  return h("section", { class: `card ${kind}`, "aria-labelledby": title ? id : null },
    title && h("div", { class: "card-header" }, h("h2", { id }, title), note && h("p", { class: "quiet" }, note), actions),
    ...content);
}

export function empty(glyph, title, text, action) {
  return h("div", { class: "empty" }, icon(glyph, "large"), h("h2", title), text && h("p", text), action);
}

export function notice(kind, ...content) {
  const glyph = kind === "good" ? "check" : kind === "info" ? "info" : "alert";
  return h("div", { class: `notice ${kind}`, role: kind === "bad" ? "alert" : "status" }, icon(glyph), h("div", ...content));
}

export function loading() {
  return h("div", { class: "loading", role: "status" }, h("span", { class: "spinner" }), h("span", { class: "hidden-text" }, t("loading")));
}

// Facts as pairs; those without a value are left out.
export function facts(pairs) {
  return h("dl", { class: "facts" }, pairs.filter(([, value]) => value !== undefined && value !== null && value !== "" && value !== false)
    .map(([name, value]) => h("div", h("dt", name), h("dd", value))));
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without a secure context there is only the old way.
    const area = h("textarea", { class: "hidden-text", value: text });
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast(t("copied"));
}

export const copy_button = (text, label) => icon_button("copy", label ?? t("copy"), () => copy(text));

export function search_box(label, oninput, value = "") {
  return h("label", { class: "search" }, icon("search"),
    h("input", { type: "search", "aria-label": label, placeholder: label, value, autocomplete: "off", spellcheck: "false",
                 oninput: (event) => oninput(event.target.value) }));
}

// --- messages that go by themselves

// It is there before it says anything, so that screen readers know of it.
const toast_place = () => h("div", { class: "toasts", role: "status", "aria-live": "polite", popover: "manual" });
document.body.append(toast_place());
// While a dialog is open, neither they nor the mouse reach anything but what is in it: it has a place of its own.
const toast_place_now = () => [...document.querySelectorAll("body > .toasts, dialog[open] > .toasts")].at(-1);

function show_toasts(items) {
  const place = toast_place_now();
  place.append(...items);
  // A popover lies over the open dialog, however that is cut.
  if (place.hidePopover) { try { place.hidePopover(); } catch { /* it was not shown */ } place.showPopover(); }
}

export function toast(text, kind = "good") {
  const item = h("div", { class: `toast ${kind}` }, icon(kind === "good" ? "check" : "alert"), h("span", text),
    icon_button("close", t("close"), () => item.remove()));
  show_toasts([item]);
  setTimeout(() => item.remove(), kind === "good" ? 4000 : 10000);
}

export const failed = (fault) => { if (fault.name !== "AbortError") toast(fault.message, "bad"); };

// Runs what a click asks for; a second click waits until it is done.
export function once(run) {
  return async (event) => {
    const target = event?.currentTarget;
    if (target?.getAttribute("aria-busy") === "true") return;
    target?.setAttribute("aria-busy", "true");
    try { await run(event); } catch (fault) { failed(fault); } finally { target?.removeAttribute("aria-busy"); }
  };
}

// --- dialogs

// The browser gives the focus back to what opened the dialog, unless that was drawn anew meanwhile or is gone.
function focus_again(opener) {
  if (document.activeElement !== document.body) return;
  const within = document.querySelector("dialog[open]:last-of-type") ?? document;
  const same = [...within.querySelectorAll(opener.tagName)].find((one) => one.isEqualNode(opener));
  (same ?? document.querySelector("main h1"))?.focus({ preventScroll: true });
}

// Gives {close, body}; `content(close)` makes what is in it. Escape and the cross close it.
export function dialog(title, content, { kind = "", onclose, locked = false } = {}) {
  const id = unique_id("dialog");
  const body = h("div", { class: "dialog-body" });
  const close = () => element.close();
  const opener = document.activeElement;
  const told = toast_place();
  const onclosed = () => {
    element.remove();
    if (told.children.length) show_toasts(told.children);  // they outlive it
    focus_again(opener);
    onclose?.();
  };
  const element = h("dialog", { class: kind, "aria-labelledby": id, onclose: onclosed },
    h("div", { class: "dialog-header" }, h("h2", { id, tabindex: "-1" }, title),
      !locked && icon_button("close", t("close"), close)),
    body, told);
  if (locked) element.addEventListener("cancel", (event) => event.preventDefault());
  replace(body, content(close));
  document.body.append(element);
  element.showModal();
  (element.querySelector("[autofocus]") ?? element.querySelector(".dialog-body input, .dialog-body select") ?? element.querySelector("h2")).focus();
  element.scrollTop = body.scrollTop = 0;  // what it says comes first, whatever has the focus
  return { close, body, element };
}

// A question before what cannot be undone. `run` is done while it is open, so that a failure is told there.
export function confirm(title, text, { yes, kind = "danger", run }) {
  dialog(title, (close) => {
    const fault = h("div");
    return h("div", { class: "stack" }, ...[text].flat().map((part) => (part instanceof Node ? part : h("p", part))), fault,
      h("div", { class: "dialog-actions" },
        button(t("cancel"), { onclick: close, autofocus: true }),
        button(yes, { kind, onclick: async () => {
          try {
            await run();
            close();
          } catch (problem) {
            if (problem.name !== "AbortError") replace(fault, notice("bad", problem.message));
          }
        } })));
  }, { kind: "narrow" });
}

export function tabs(items, chosen, onchoose) {
  return h("div", { class: "segments", role: "group" }, items.map(([value, label]) =>
    h("button", { type: "button", "aria-pressed": String(value === chosen), onclick: (event) => {
      for (const other of event.currentTarget.parentElement.children) other.setAttribute("aria-pressed", String(other === event.currentTarget));
      onchoose(value);
    } }, label)));
}
