// The first look: is all well, who talks, and what should be looked at.
import { get, list, server_now } from "../api.js";
import { time_chart } from "../chart.js";
import { h, renew, replace } from "../dom.js";
import { icon } from "../icons.js";
import { ago, clock, has_text, number, span, t, tn } from "../i18n.js";
import { full_name, is_kept_out, short_uri, user_link } from "../people.js";
import { card, dot, header } from "../ui.js";

const kMostUsers = 500;  // in trouble
const kMostProblems = 8;
const kDayMs = 24 * 3600 * 1000;
const kNear = /^(10\.|127\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|\[?(::1|f[cd]|fe[89ab]))/i;  // networks of one's own
const kShortestMs = 30 * 60 * 1000;

function tile(glyph, label, href) {
  const value = h("span", { class: "value" });
  const note = h("span", { class: "note" });
  const element = h("a", { class: "card tile", href }, h("span", { class: "label" }, icon(glyph, "small"), label), value, note);
  return Object.assign(element, { show(big, small, told) {
    replace(value, big, small !== undefined && h("small", ` / ${small}`));
    replace(note, told);
  } });
}

// What a person should look at, the worst first: {kind, text, when_s, link}.
function problems_of({ status, pools, users, refused, blocks, told, unknown }) {
  const found = [];
  if (status.store && status.store !== "ok") found.push({ kind: "bad", text: t("problem.store", { state: status.store }), href: "#/system" });
  for (const row of told) {
    found.push({ kind: "warn", text: t("problem.log", { text: row.text }), when_s: (server_now() - row.time_ms) / 1000, href: "#/system/log" });
  }
  for (const row of refused) {
    found.push({ kind: "warn", text: tn("problem.refused", row.calls, { name: full_name(row) }), when_s: row.last_s, who: row });
  }
  for (const row of blocks) {
    found.push({ kind: "warn", text: row.user ? t("problem.block_user", row) : t("problem.block_source", row), when_s: row.since_s, href: "#/blocks" });
  }
  for (const row of users.filter(is_kept_out)) {
    found.push({ kind: "warn", text: t(has_text(`problem.sign_in_${row.last_failure.reason}`) ? `problem.sign_in_${row.last_failure.reason}` : "problem.sign_in", { name: full_name(row), source: row.last_failure.source }), when_s: row.last_failure.ago_s, who: row });
  }
  // Names from elsewhere are those of strangers who try their luck.
  for (const row of unknown.filter(({ source }) => kNear.test(source))) {
    found.push({ kind: "warn", text: t("problem.unknown", { name: full_name(row), source: row.source }), when_s: row.last_s, href: "#/users?unknown" });
  }
  for (const row of users.filter((user) => !user.has_password)) found.push({ kind: "bad", text: t("problem.no_password", { name: full_name(row) }), who: row });
  for (const row of pools.filter((pool) => pool.refusals > 0)) {
    found.push({ kind: "warn", text: tn("problem.pool", row.refusals, { name: row.name, capacity: number(row.capacity) }), href: "#/system" });
  }
  return found;
}

function problem_line(problem) {
  return h("li", { class: "problem" }, dot(problem.kind, t(`kind.${problem.kind}`)), h("span", { class: "grow" }, problem.text),
    problem.when_s !== undefined && h("span", { class: "quiet small" }, ago(problem.when_s)),
    problem.who ? user_link(problem.who, t("look")) : problem.href && h("a", { href: problem.href }, t("look")));
}

// What comes next where all is well: users, phones for them, and then nothing.
function next_step(status) {
  if (!status.users) {
    return h("li", { class: "step" }, h("span", { class: "grow" }, t("overview.no_users")),
      h("div", { class: "row" }, h("a", { class: "button small", href: "#/backup" }, t("backup.restore")), h("a", { class: "button primary small", href: "#/users?add" }, t("users.add"))));
  }
  if (!status.registrations) return h("li", { class: "step" }, icon("info"), h("span", { class: "grow" }, t("overview.no_phones")), h("a", { href: "#/users" }, t("nav.users")));
  return h("li", icon("check"), h("span", { class: "grow quiet" }, t("overview.no_problems")));
}

function pool_line(pool) {
  const share = pool.in_use / pool.capacity;
  const bar = h("span");
  const mark = h("i");
  bar.style.width = `${100 * share}%`;
  mark.style.left = `calc(${(100 * pool.high_water) / pool.capacity}% - 1px)`;
  return h("li", h("div", { class: "grow stack close" },
    h("div", { class: "row apart" }, h("span", pool.label), h("span", { class: "quiet small number" }, `${number(pool.in_use)} / ${number(pool.capacity)}`)),
    h("div", { class: `meter ${share > .9 ? "bad" : share > .7 ? "warn" : ""}`, title: t("pools.peak", { n: number(pool.high_water) }) }, bar, pool.high_water > 0 && mark)));
}

const kShownPools = ["calls", "b2bua_calls", "users", "bindings", "server_transactions", "tcp_connections", "relayed_calls"];

// The last day, or less where the server has not run for so long.
async function history() {
  const { history: rows } = await get("/history");
  const now = server_now();
  const first = rows.length ? rows[0].time_ms : now;
  return { from: Math.min(Math.max(first, now - kDayMs), now - kShortestMs), to: now, is_short: now - first < kDayMs - kShortestMs,
    points: rows.map((row) => ({ time_ms: Math.min(row.time_ms, now), values: [row.registrations, row.calls] })) };
}

export async function show({ page, watch, every }) {
  const phones = tile("phone", t("overview.phones"), "#/users");
  const calls_now = tile("calls", t("overview.calls"), "#/calls");
  const groups_now = tile("groups", t("overview.groups"), "#/groups");
  const state = tile("system", t("overview.state"), "#/system");
  const problems = h("ul", { class: "lines" });
  const problems_more = h("p", { class: "quiet small more" });
  const problems_card = card(t("overview.problems"), { kind: "flush" }, problems, problems_more);
  const problems_title = problems_card.querySelector("h2");
  const chart = h("div");
  const talking = h("ul", { class: "lines" });
  const pools_list = h("ul", { class: "lines" });
  const chart_note = h("p", { class: "quiet" });
  let now = {};     // what changes with every call
  let around = {};  // what is more, and changes less often

  const tick = () => {
    for (const element of talking.querySelectorAll("[data-since]")) element.textContent = clock((server_now() - Number(element.dataset.since)) / 1000);
  };

  async function look() {
    const [{ status }, { pools }, calls] = await Promise.all([get("/status"), get("/pools"), list("/calls", "calls")]);
    now = { status, pools, calls: calls.rows };
  }

  async function look_around() {
    // A viewer may not see all of it.
    const log = async () => { try { return (await get("/log", { level: "error", limit: 3 })).log; } catch (fault) { if (fault.status === 404 || fault.status === 403) return []; throw fault; } };
    const [users, refused, blocks, unknown, told, past] = await Promise.all([
      list("/users", "users", { query: { trouble: "yes" }, most: kMostUsers }), list("/refused", "refused"), list("/blocks", "blocks"), list("/unknown", "unknown"), log(), history()]);
    around = { users: users.rows, refused: refused.rows, blocks: blocks.rows, unknown: unknown.rows, told, past };
  }

  function draw() {
    const { status, pools, calls } = now;
    phones.show(number(status.users_on_line), number(status.users), tn("overview.registrations", status.registrations));
    const ringing = calls.filter((call) => call.state === "calling" || call.state === "early").length;
    calls_now.show(number(calls.length), undefined, ringing ? tn("overview.ringing", ringing) : calls.length ? tn("overview.talking", calls.length) : t("calls.none"));
    groups_now.show(number(status.groups), undefined, status.groups ? t("overview.groups_note") : t("overview.groups_none"));
    const found = problems_of({ ...now, ...around });
    const worst = found.some((one) => one.kind === "bad") ? "bad" : found.length ? "warn" : "good";
    state.show(h("span", { class: "row" }, dot(worst, t(`kind.${worst}`)), t(`overview.is_${worst}`)), undefined, t("overview.uptime", { span: span(status.uptime_s, "long") }));
    renew(problems, found.length ? found.slice(0, kMostProblems).map(problem_line) : next_step(status));
    replace(problems_more, found.length > kMostProblems && tn("overview.more_problems", found.length - kMostProblems));
    problems_title.textContent = t(status.users ? "overview.problems" : "overview.begin");
    renew(talking, calls.length ? calls.slice(0, 6).map((call) => h("li",
      dot(call.state === "confirmed" ? "good" : "ringing", t(`call.${call.state}`)),
      h("span", { class: "grow" }, h("span", { class: "strong" }, short_uri(call.caller)), " → ", h("span", { class: "strong" }, call.answered_by || short_uri(call.callee))),
      h("span", { class: "quiet number", "data-since": call.answered_ms ?? call.begun_ms }))) : h("li", h("span", { class: "quiet" }, t("calls.none"))));
    tick();
    renew(pools_list, kShownPools.map((name) => pools.find((pool) => pool.name === name)).filter((pool) => pool?.capacity)
      .map((pool) => pool_line({ ...pool, label: t(`pools.${pool.name}`) })));
    const { past } = around;
    // The part of it that is under way goes on until now.
    const points = past.points.length ? [...past.points, { time_ms: past.to, values: [status.registrations, calls.length] }] : [];
    // Who points at it reads it.
    if (!chart.matches(":hover")) renew(chart, time_chart(points, [{ name: t("overview.series_phones"), kind: "a" }, { name: t("overview.series_calls"), kind: "b" }], past.from, past.to));
    renew(chart_note, past.is_short ? t("overview.since_start") : t("overview.last_day"));
  }

  replace(page, header(t("nav.overview")),
    h("div", { class: "grid tiles" }, phones, calls_now, groups_now, state),
    h("div", { class: "grid main-aside" },
      h("div", { class: "stack" },
        problems_card,
        card(t("overview.activity"), { note: chart_note }, chart)),
      h("div", { class: "stack" },
        card(t("overview.calls"), { actions: h("a", { href: "#/calls" }, t("all")) }, talking),
        card(t("overview.load"), { actions: h("a", { href: "#/system" }, t("all")) }, pools_list))));
  await Promise.all([look(), look_around()]);
  draw();
  watch(["registration", "call", "group", "pools", "problem"], async () => { await look(); draw(); }, { poll: 4000 });
  watch(["registration", "problem", "users", "groups", "blocks"], async () => { await look_around(); draw(); }, { poll: 8000, rest: 3000 });
  every(1000, tick);
}
