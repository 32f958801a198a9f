// The page: who is signed in, the frame around the views, and which view the address names.
import { ApiError, get, is_reached, list, on_reach, request, set_csrf, when_signed_out } from "./api.js";
import { h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { has_text, language, languages, set_language, start_language, t } from "./i18n.js";
import { start_live, stop_live, watch } from "./live.js";
import { dialog, failed, icon_button, loading, notice, once } from "./ui.js";
import { show_setup, show_sign_in, sign_in_again } from "./views/door.js";

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
let shown = null;  // {name, leave}
let counts = {};

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
    try { await set_language(event.target.value); } catch { failed(new Error(t("error.unreachable"))); }
    if (frame) draw_frame(); else await start();
    document.querySelector("select.language")?.focus();
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
  try {
    await request("DELETE", "/session", { quiet: true });
  } catch (fault) {
    // Where another tab has begun the session anew, that one is ended; where it is over already, nobody signs in for this.
    if (fault.code === "csrf") await request("DELETE", "/session");
    else if (fault.status !== 401) throw fault;
  }
  leave();
}

function account() {
  if (!session?.name) return null;
  return h("div", { class: "row" },
    h("span", { class: "grow quiet small wrap" }, session.name),
    icon_button("leave", t("sign_out"), sign_out));
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
  const unreachable = h("div", { class: "offline", role: "alert", hidden: is_reached() }, icon("alert"), t("error.unreachable_short"));
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
  shown?.leave();
  shown = null;
  show_counts();
  route();
}

on_reach((ok) => { if (frame) frame.unreachable.hidden = ok; });

// --- which view

function parts_of(hash) {
  const parts = hash.replace(/^#\/?/, "").split("?")[0].split("/");
  try { return parts.map(decodeURIComponent); } catch { return parts; }
}

// What a view is given. What is watched and timed ends with the view, also when it is begun after that.
function context_of(parts, query) {
  const page = h("div", { class: "page" });
  const leavers = [];
  let is_shown = true;
  const until_left = (end) => { if (is_shown) leavers.push(end); else end(); };
  const leave = () => { is_shown = false; leavers.splice(0).forEach((run) => run()); };
  return {
    page, parts, query, session, is_admin: session.role !== "viewer", leave, on_leave: until_left,
    is_shown: () => is_shown,
    // What is shown may be deleted meanwhile.
    watch: (topics, refresh, more) => until_left(watch(topics, async () => {
      try { await refresh(); } catch (fault) {
        if (fault.status !== 404 || !is_shown) throw fault;
        leave();
        show_fault(page, fault);
      }
    }, more)),
    every: (ms, run) => { const timer = setInterval(run, ms); until_left(() => clearInterval(timer)); },
  };
}

function show_fault(page, fault) {
  const is_ours = fault instanceof ApiError;
  replace(page, notice("bad", h("p", is_ours ? fault.message : t("error.page", { fault: fault.message })),
    h("div", { class: "row" }, h("button", { class: "button", type: "button", onclick: route }, t("try_again")),
      fault.status === 404 && h("a", { class: "button", href: `#/${shown.name}` }, t(`nav.${shown.name}`)))));
  if (!is_ours) console.error(fault);
}

let turn = 0;
async function route() {
  if (!frame) return;
  const [wanted, ...parts] = parts_of(location.hash);
  const name = kViews.some(([known]) => known === wanted) ? wanted : "overview";
  const mine = ++turn;
  shown?.leave();
  const is_first = shown === null;
  const context = context_of(parts, new URLSearchParams(location.hash.split("?")[1] ?? ""));
  shown = { name, leave: context.leave };
  mark_current();
  document.querySelectorAll("dialog[open]:not(.door-again)").forEach((open) => open.close());
  const waiting = setTimeout(() => { if (mine === turn) replace(frame.main, loading()); }, 150);
  try {
    const view = await import(`./views/${name}.js`);
    if (mine !== turn) return;
    await view.show(context);
  } catch (fault) {
    if (mine !== turn || fault.name === "AbortError") return;
    show_fault(context.page, fault);
  } finally {
    clearTimeout(waiting);
  }
  if (mine !== turn) return;
  replace(frame.main, context.page);
  frame.main.dataset.hash = location.hash;
  const title = context.page.querySelector("h1");
  document.title = title ? `${title.textContent} · Tipring` : "Tipring";
  window.scrollTo(0, 0);
  if (!is_first) title?.focus({ preventScroll: true });
}

// --- in and out

// Everything that belongs to whoever was signed in goes.
function leave() {
  session = null;
  frame = null;
  shown?.leave();
  shown = null;
  ++turn;
  counts = {};
  end_counts();
  stop_live();
  set_csrf("");
  document.querySelectorAll("dialog[open]").forEach((open) => open.close());
  start();
}

function enter(given) {
  // Settings that are not saved yet outlive a look at another view, but not the session: key -> value, and what they were made on.
  session = { ...given, unsaved: { values: new Map(), revision: "" } };
  set_csrf(given.csrf);
  start_live();
  draw_frame();
  end_counts = watch(["call", "registration", "problem", "blocks"], count, { poll: 10000 });
  count().catch(() => {});
}

// What stands beside the names in the bar.
let end_counts = () => {};
async function count() {
  const [calls, blocks] = await Promise.all([list("/calls", "calls"), list("/blocks", "blocks")]);
  counts = { calls: calls.rows.length, blocks: blocks.rows.length };
  show_counts();
}

async function start() {
  try {
    const given = await get("/session", {}, { quiet: true });
    if (given.session) enter(given.session);
    else (given.setup_needed ? show_setup : show_sign_in)(root, enter);
  } catch (fault) {
    replace(root, h("main", { class: "door" }, h("div", brand(), h("section", { class: "card stack" }, notice("bad", fault.message),
      h("button", { type: "button", class: "button", onclick: once(start) }, t("try_again"))))));
  }
}

// The session is over, or another tab has begun one anew. Whoever was here signs in over all that stands, so that nothing
// typed is lost; anybody else begins from the start. Gives whether it goes on.
async function go_on() {
  const mine = session;
  if (!mine) return false;
  const told = await get("/session", {}, { quiet: true });
  let given = told.session;
  if (!given && !told.setup_needed) {
    stop_live();
    given = await sign_in_again(mine.name);
  }
  if (session !== mine) return false;
  if (given?.name !== mine.name || given.role !== mine.role) { leave(); return false; }
  Object.assign(session, given);
  set_csrf(given.csrf);
  start_live();
  return true;
}

let going_on = null;  // one for all requests that wait for it
when_signed_out(() => (going_on ??= go_on().finally(() => { going_on = null; })));
window.addEventListener("hashchange", route);
window.addEventListener("beforeunload", (event) => { if (session?.unsaved.values.size) event.preventDefault(); });
try {
  await start_language();
  start();
} catch {
  // Without its texts the page can say this in English alone.
  replace(root, h("main", { class: "door" }, h("section", { class: "card stack" }, notice("bad", "The device does not answer. Check that it has power and that you are on its network."),
    h("button", { type: "button", class: "button", onclick: () => location.reload() }, "Try again"))));
}
