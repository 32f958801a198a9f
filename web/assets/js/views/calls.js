// The calls that stand or ring, as they do.
import { list, request, segment, server_now } from "../api.js";
import { h, replace } from "../dom.js";
import { clock, number, span, t, time, tn } from "../i18n.js";
import { short_uri, uri_parts } from "../people.js";
import { table } from "../table.js";
import { badge, button, confirm, dialog, dot, empty, facts, header, icon_button, toast } from "../ui.js";

const is_answered = (call) => call.state === "confirmed" || call.state === "ending";

function party(uri, name) {
  const { user, host } = uri_parts(uri);
  return h("span", { class: "strong", title: uri }, name || user || host);
}

function state_badge(call) {
  const kind = call.state === "confirmed" ? "good" : call.state === "ending" ? "" : "warn";
  return badge(kind, t(`call.${call.state}`));
}

const since = (call) => h("time", { "data-since": call.answered_ms ?? call.begun_ms }, clock((server_now() - (call.answered_ms ?? call.begun_ms)) / 1000));

// The session timer of one side: of a call that the server leads each side has one of its own, the server being the other
// party of it, else there is one for both.
function timer_of(call, side) {
  const of = side === "callee" ? "callee_" : "";
  if (!call[`${of}interval_s`]) return null;
  const is_led = Boolean(call.media);
  const refresher = call[`${of}refresher`];
  return {
    interval_s: call[`${of}interval_s`], refresh_s: call[`${of}refresh_s`], left_s: call[`${of}left_s`],
    by: is_led && refresher !== side ? "server" : refresher, side: is_led ? t(`calls.side_${side}`) : "",
  };
}

const timers_of = (call) => ["caller", "callee"].map((side) => timer_of(call, side)).filter(Boolean);
const until = (seconds) => h("time", { "data-until": server_now() + seconds * 1000 }, clock(seconds));

function session_text(call) {
  const timers = timers_of(call);
  if (!timers.length) return h("span", { class: "quiet" }, is_answered(call) ? t("calls.no_timer") : "–");
  return h("div", timers.map((timer) => h("div", { class: "small" }, timer.side && h("span", { class: "quiet" }, timer.side, ": "), span(timer.interval_s), " · ", t(`calls.by_${timer.by}`),
    timer.refresh_s !== undefined && h("span", { class: "quiet" }, " · ", t("calls.next_refresh"), " ", until(timer.refresh_s)))));
}

function timer_facts(timer) {
  const label = (key) => (timer.side ? `${t(key)} (${timer.side})` : t(key));
  return [
    [label("calls.interval"), `${span(timer.interval_s)} · ${t(`calls.by_${timer.by}`)}`],
    [label("calls.refresh_in"), timer.refresh_s !== undefined && until(timer.refresh_s)],
    [label("calls.over_in"), timer.left_s !== undefined && until(timer.left_s)],
  ];
}

function media_text(call) {
  if (!call.media) return h("span", { class: "quiet" }, t("calls.media_own"));
  return h("div", { class: "stack close" }, h("span", badge(call.media === "relayed" ? "info" : "", t(`calls.media_${call.media}`))),
    quality_of(call, "caller"), quality_of(call, "callee"));
}

const kSilentMs = 2000;  // longer than phones pause between packets, but for those that send none while nobody speaks

// How one side sounds, as the relay hears it.
function quality_of(call, side, is_named = true) {
  const sound = call[`${side}_sound`];
  if (!sound) return null;
  const name = is_named && h("span", { class: "quiet" }, t(`calls.from_${side}`), " ");
  if (sound.packets === 0) return h("span", { class: "small", "data-sound": side }, name, t("calls.nothing_heard"));
  const loss = sound.lost / (sound.packets + sound.lost);
  const is_bad = loss > .03 || sound.jitter_us > 50000;
  const text = t("calls.quality", { loss: number(loss, { style: "percent", maximumFractionDigits: 1 }), jitter: number(sound.jitter_us / 1000, { maximumFractionDigits: 1 }) });
  return h("span", { class: "small", "data-sound": side }, name, h("span", { class: is_bad ? "bad-text" : "" }, text),
    sound.silent_ms > kSilentMs && h("span", { class: "bad-text" }, " · ", t("calls.silent_for", { time: clock(sound.silent_ms / 1000) })));
}

export async function show(context) {
  const { page, is_admin, watch, every } = context;
  let rows = [];
  const summary = h("span");
  const listing = table({
    label: t("nav.calls"), key: (row) => row.id,
    columns: [
      { name: "who", label: t("calls.who"), kind: "lead", cell: (row) => h("div", { class: "who" }, dot(is_answered(row) ? "good" : "ringing", t(`call.${row.state}`)),
        h("div", { class: "grow" }, party(row.caller), " → ", party(row.callee),
          row.answered_by && row.answered_by !== short_uri(row.callee) && h("span", { class: "quiet" }, t("calls.answered_by", { name: row.answered_by })))) },
      { name: "state", label: t("calls.state"), kind: "bare", cell: state_badge },
      { name: "time", label: t("calls.duration"), kind: "number", cell: since },
      { name: "session", label: t("calls.session"), cell: session_text },
      { name: "media", label: t("calls.media"), cell: media_text },
      { name: "more", label: "", kind: "end", cell: (row) => [
        icon_button("info", t("calls.details"), () => details(row)),
        is_admin && is_answered(row) && icon_button("hangup", t("calls.end"), () => end(row, refresh), { kind: "danger" })] },
    ],
    empty: () => empty("calls", t("calls.none"), t("calls.none_text")),
  });
  const tick = () => {
    for (const element of document.querySelectorAll("[data-since]")) element.textContent = clock((server_now() - Number(element.dataset.since)) / 1000);
    for (const element of document.querySelectorAll("[data-until]")) element.textContent = clock((Number(element.dataset.until) - server_now()) / 1000);
  };
  async function refresh() {
    rows = (await list("/calls", "calls")).rows;
    listing.set(rows);
    replace(summary, rows.length ? tn("calls.n", rows.length) : "");
    tick();
  }
  await refresh();
  replace(page, header(t("nav.calls"), { note: t("calls.note") }), h("section", { class: "card flush" }, listing), h("p", { class: "quiet small", role: "status" }, summary));
  watch(["call"], refresh, { poll: 3000, always: true });
  every(1000, tick);
}

function details(call) {
  dialog(t("calls.details"), (close) => h("div", { class: "stack" },
    h("div", { class: "row" }, state_badge(call), since(call)),
    facts([
      [t("calls.caller"), h("code", call.caller)],
      [t("calls.callee"), h("code", call.callee)],
      [t("calls.by"), call.answered_by],
      [t("calls.begun"), time(call.begun_ms)],
      [t("calls.answered"), call.answered_ms && time(call.answered_ms)],
      ...(timers_of(call).length ? timers_of(call).flatMap(timer_facts) : [[t("calls.interval"), t("calls.no_timer")]]),
      [t("records.caller_sound"), quality_of(call, "caller", false)], [t("records.callee_sound"), quality_of(call, "callee", false)],
      ["Call-ID", h("code", call.call_id)],
    ]),
    h("div", { class: "dialog-actions" },
      h("a", { class: "button", href: `#/trace?call=${encodeURIComponent(call.call_id)}`, onclick: close }, t("calls.ladder")),
      button(t("close"), { onclick: close }))), { kind: "broad" });
}

const end = (call, refresh) => confirm(t("calls.end"), t("calls.end_text", { caller: short_uri(call.caller), callee: call.answered_by || short_uri(call.callee) }), { yes: t("calls.end"), run: async () => {
  await request("DELETE", `/calls/${segment(call.id)}`);
  toast(t("calls.ended"));
  await refresh();
} });
