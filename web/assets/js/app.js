// The page: who is signed in, the frame around the views, and which view the address names.
import { ApiError, get, on_reach, request, set_csrf, when_signed_out } from "./api.js";
import { h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { has_text, language, languages, set_language, start_language, t } from "./i18n.js";
import { start_live, stop_live, watch } from "./live.js";
import { dialog, failed, icon_button, loading, notice, once } from "./ui.js";
import { show_setup, show_sign_in } from "./views/door.js";

// In the order of the bar; the first four are at the foot of a phone's screen.
const kViews = [
  ["overview", "overview"], ["users", "users"], ["groups", "groups"], ["calls", "calls"], ["records", "records"], ["trace", "trace"], ["blocks", "blocks"],
  ["settings", "settings"], ["backup", "backup"], ["system", "system"],
];
const kFeet = 4;

const root = document.getElementById("app");
const icon_url = new URL("../icon.svg", import.meta.url).href;
let session = null;
let frame = null;
let shown = null;  // {name, parts, leave}
let counts = {};

export const is_admin = () => session?.role !== "viewer";
export const who = () => session;

// --- light, dark and language

const kThemes = ["auto", "light", "dark"];
const theme = () => localStorage.getItem("tipring.theme") ?? "auto";
function set_theme(chosen) {
  if (chosen === "auto") localStorage.removeItem("tipring.theme"); else localStorage.setItem("tipring.theme", chosen);
  window.dispatchEvent(new Event("tipring-theme"));
}

function theme_button() {
  const glyphs = { auto: "auto", light: "sun", dark: "moon" };
  const made = h("button", { type: "button", class: "icon-button theme-switch", onclick: () => {
    set_theme(kThemes[(kThemes.indexOf(theme()) + 1) % kThemes.length]);
    draw();
  } });
  const draw = () => {
    const label = t("theme.label", { theme: t(`theme.${theme()}`) });
    made.setAttribute("aria-label", label);
    made.title = label;
    replace(made, icon(glyphs[theme()]));
  };
  draw();
  return made;
}

function language_choice() {
  return h("select", { class: "language", "aria-label": t("language"), value: language(), onchange: async (event) => {
    await set_language(event.target.value);
    if (frame) draw_frame(); else start();
  } }, Object.entries(languages).map(([code, name]) => h("option", { value: code, selected: code === language(), lang: code }, name)));
}

export const brand = (small) => h("a", { class: "brand", href: "#/overview" },
  h("img", { src: icon_url, alt: "", width: 28, height: 28 }), h("span", "Tipring", small && h("small", small)));

export const preferences = () => h("div", { class: "row" }, language_choice(), theme_button());

// --- the frame

function nav_link([name, glyph], is_narrow) {
  const count = h("span", { class: "count", hidden: true, "data-count": name });
  const label = is_narrow && has_text(`nav.${name}_short`) ? t(`nav.${name}_short`) : t(`nav.${name}`);
  return h("a", { href: `#/${name}`, "data-view": name }, icon(glyph), h("span", label), count);
}

async function sign_out() {
  await request("DELETE", "/session");
  leave();
}

function account() {
  if (!session?.name) return null;
  return h("div", { class: "row" },
    h("span", { class: "grow quiet small wrap" }, session.name),
    icon_button("leave", t("sign_out"), once(sign_out)));
}

function show_more() {
  const sheet = dialog(t("nav.more"), (close) => h("div", { class: "stack" },
    h("nav", { class: "nav", "aria-label": t("nav.more"), onclick: (event) => { if (event.target.closest("a")) close(); } },
      kViews.slice(kFeet).map((view) => nav_link(view))),
    preferences(), account()));
  mark_current();
  show_counts();
  sheet.element.querySelector("nav a").focus();
  return sheet;
}

function mark_current() {
  for (const link of document.querySelectorAll("[data-view]")) {
    if (link.dataset.view === shown?.name) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  const more = document.querySelector("[data-more]");
  if (kViews.slice(kFeet).some(([name]) => name === shown?.name)) more?.setAttribute("aria-current", "true");
  else more?.removeAttribute("aria-current");
}

function show_counts() {
  for (const element of document.querySelectorAll("[data-count]")) {
    const n = counts[element.dataset.count] ?? 0;
    element.textContent = n;
    element.hidden = !n;
    element.classList.toggle("bad", element.dataset.count === "blocks");
  }
}

function draw_frame() {
  const main = h("main", { id: "main", tabindex: "-1" });
  const unreachable = h("div", { class: "offline", role: "alert", hidden: true }, icon("alert"), t("error.unreachable_short"));
  frame = { main, unreachable };
  replace(root,
    h("a", { class: "skip", href: "#main", onclick: (event) => { event.preventDefault(); main.focus(); } }, t("skip")),
    h("div", { class: "frame" },
      h("div", { class: "side" }, brand(location.hostname),
        h("nav", { class: "nav", "aria-label": t("nav.label") }, kViews.map((view) => nav_link(view))),
        h("div", { class: "side-foot" }, account(), preferences())),
      h("div", { class: "content" }, unreachable, main)),
    h("nav", { class: "feet", "aria-label": t("nav.label") }, kViews.slice(0, kFeet).map((view) => nav_link(view, true)),
      h("button", { type: "button", "data-more": true, "aria-haspopup": "dialog", onclick: show_more }, icon("more"), t("nav.more"))));
  shown?.leave?.();
  shown = null;
  show_counts();
  route();
}

on_reach((ok) => { if (frame) frame.unreachable.hidden = ok; });

// --- which view

const parts_of = (hash) => hash.replace(/^#\/?/, "").split("?")[0].split("/").map(decodeURIComponent);

let turn = 0;
async function route() {
  if (!frame) return;
  const [wanted, ...parts] = parts_of(location.hash);
  const name = kViews.some(([known]) => known === wanted) ? wanted : "overview";
  const query = new URLSearchParams(location.hash.split("?")[1] ?? "");
  const mine = ++turn;
  shown?.leave?.();
  const is_first = shown === null;
  shown = { name, parts };
  mark_current();
  document.querySelectorAll("dialog[open]").forEach((open) => open.close());
  const page = h("div", { class: "page" });
  const waiting = setTimeout(() => { if (mine === turn) replace(frame.main, loading()); }, 150);
  const leavers = [];
  const stop = new AbortController();
  const context = {
    page, parts, query, signal: stop.signal, is_admin: is_admin(), session,
    // What is watched and timed ends with the view.
    watch: (...given) => { const end = watch(...given); leavers.push(end); return end; },
    every: (ms, run) => { const timer = setInterval(run, ms); leavers.push(() => clearInterval(timer)); },
    on_leave: (run) => leavers.push(run),
    again: () => route(),
  };
  shown.leave = () => { stop.abort(); leavers.forEach((run) => run()); };
  try {
    const view = await import(`./views/${name}.js`);
    if (mine !== turn) return;
    await view.show(context);
  } catch (fault) {
    if (mine !== turn || fault.name === "AbortError" || fault.status === 401) return;
    replace(page, notice("bad", h("p", fault instanceof ApiError ? fault.message : t("error.page", { fault: fault.message })),
      h("button", { class: "button", type: "button", onclick: route }, t("try_again"))));
    if (!(fault instanceof ApiError)) console.error(fault);
  } finally {
    clearTimeout(waiting);
  }
  if (mine !== turn) return;
  replace(frame.main, page);
  frame.main.dataset.hash = location.hash;
  const title = page.querySelector("h1");
  document.title = title ? `${title.textContent} · Tipring` : "Tipring";
  window.scrollTo(0, 0);
  if (!is_first) title?.focus({ preventScroll: true });
}

// --- in and out

function leave() {
  session = null;
  frame = null;
  shown?.leave?.();
  shown = null;
  ++turn;
  stop_live();
  set_csrf("");
  document.querySelectorAll("dialog[open]").forEach((open) => open.close());
  start();
}

function enter(given) {
  session = given;
  set_csrf(given.csrf);
  start_live();
  draw_frame();
}

let counting = null;
function start_counts() {
  counting?.();
  const refresh = async () => {
    if (!session) return;
    const [calls, blocks] = await Promise.all([get("/calls"), get("/blocks")]);
    counts = { calls: calls.calls?.length ?? 0, blocks: blocks.blocks?.length ?? 0 };
    show_counts();
  };
  counting = watch(["call", "problem"], refresh, { poll: 10000 });
  refresh().catch(() => {});
}

async function start() {
  try {
    const given = await get("/session", {}, { quiet: true });
    if (given.session) return enter_counted(given.session);
    (given.setup_needed ? show_setup : show_sign_in)(root, enter_counted);
  } catch (fault) {
    replace(root, h("div", { class: "door" }, h("div", brand(), h("section", { class: "card stack" }, notice("bad", fault.message),
      h("button", { type: "button", class: "button", onclick: once(start) }, t("try_again"))))));
  }
}

function enter_counted(given) {
  enter(given);
  start_counts();
}

when_signed_out(() => { if (session) { failed(new Error(t("signed_out"))); leave(); } });
window.addEventListener("hashchange", route);
await start_language();
start();
