// The calls that have been: who with whom, how long, and why they ended.
import { get, latest, request, save_file, segment, today } from "../api.js";
import { h, replace } from "../dom.js";
import { clock, number, span, t, time } from "../i18n.js";
import { short_uri } from "../people.js";
import { table } from "../table.js";
import { badge, button, card, dialog, dot, empty, facts, failed, header, icon_button, search_box } from "../ui.js";

const kOutcomes = ["answered", "no_answer", "busy", "cancelled", "refused", "failed", "open"];
const kKinds = { answered: "good", open: "info", no_answer: "warn", cancelled: "", busy: "warn", refused: "bad", failed: "bad", elsewhere: "" };
const kDays = { today: 0, week: 6, month: 29 };

const outcome_badge = (row) => badge(kKinds[row.outcome] ?? "", t(`outcome.${row.outcome}`));
const party = (uri, name) => h("span", { class: "strong", title: uri }, name || short_uri(uri));
const lasted = (row) => { if (!row.answered_ms) return ""; return row.ended_ms ? clock(row.duration_ms / 1000) : t("records.going_on"); };
const rang = (row) => { const end = row.answered_ms ?? row.ended_ms; return end ? clock((end - row.begun_ms) / 1000) : ""; };

// All pages of the export as one file.
async function export_csv(query) {
  const pieces = [];
  let after;
  do {
    const answer = await request("GET", "/records.csv", { query: { ...query, after }, raw: true });
    pieces.push(await answer.text());
    after = /[?&]after=(\d+)[^>]*>; *rel="?next/.exec(answer.headers.get("Link") ?? "")?.[1];
  } while (after);
  save_file(new Blob(pieces, { type: "text/csv;charset=utf-8" }), `calls-${today()}.csv`);
}

export async function show(context) {
  const { page, watch, query } = context;
  const filter = { party: query.get("party") ?? "", outcome: "", days: "" };
  let rows = [];
  let next;
  let typing = 0;
  const newest = latest();
  const older = button(t("system.older"), { onclick: () => load(next) });
  const listing = table({
    label: t("nav.records"), key: (row) => row.id,
    columns: [
      { name: "who", label: t("calls.who"), kind: "lead", cell: (row) => h("div", { class: "who" }, dot(kKinds[row.outcome] || "none", t(`outcome.${row.outcome}`)),
        h("div", { class: "grow" }, party(row.from, row.from_name), " → ", party(row.to, row.group),
          row.answered_by && row.answered_by !== short_uri(row.to) && h("span", { class: "quiet" }, t("calls.answered_by", { name: row.answered_by })))) },
      { name: "when", label: t("records.when"), cell: (row) => h("time", time(row.begun_ms)) },
      { name: "outcome", label: t("records.outcome"), kind: "bare", cell: outcome_badge },
      { name: "rang", label: t("records.rang"), kind: "number", cell: rang },
      { name: "time", label: t("calls.duration"), kind: "number", cell: lasted },
      { name: "more", label: "", kind: "end", cell: (row) => icon_button("info", t("calls.details"), () => details(row)) },
    ],
    empty: () => (filter.party || filter.outcome || filter.days ? empty("search", t("records.none_found"), t("records.none_found_text")) : empty("records", t("records.none"), t("records.none_text"))),
  });

  function asked() {
    const begun = new Date();
    begun.setHours(0, 0, 0, 0);
    if (filter.days) begun.setDate(begun.getDate() - kDays[filter.days]);
    return { party: filter.party, outcome: filter.outcome, from: filter.days ? String(begun.getTime()) : "" };
  }

  async function load(after) {
    const given = await newest(get("/records", { ...asked(), after, limit: 100 }));
    rows = after ? [...rows, ...given.records] : given.records;
    next = given.next;
    listing.set(rows);
    older.hidden = !next;
  }
  const refresh = () => (rows.length > 100 || older.hasAttribute("aria-busy") ? null : load());
  const search = (value) => { filter.party = value; clearTimeout(typing); typing = setTimeout(() => load().catch(failed), 250); };
  const choice = (label, name, options) => h("select", { class: "narrow", "aria-label": label, onchange: (event) => { filter[name] = event.target.value; load().catch(failed); } },
    options.map(([value, text]) => h("option", { value }, text)));

  await load();
  replace(page, header(t("nav.records"), { note: t("records.note"), actions: button(t("records.csv"), { glyph: "download", onclick: () => export_csv(asked()) }) }),
    h("div", { class: "toolbar" }, search_box(t("records.search"), search, filter.party),
      choice(t("records.outcome"), "outcome", [["", t("records.every_outcome")], ...kOutcomes.map((name) => [name, t(`outcome.${name}`)])]),
      choice(t("records.days"), "days", [["", t("records.always")], ...Object.keys(kDays).map((name) => [name, t(`records.${name}`)])])),
    h("section", { class: "card flush" }, listing, h("div", { class: "more" }, older)));
  watch(["record"], refresh, { poll: 4000 });
}

function sound_text(sound) {
  if (!sound) return "";
  const share = sound.lost / Math.max(1, sound.packets + sound.lost);
  return t("records.sound", { packets: number(sound.packets), loss: number(share, { style: "percent", maximumFractionDigits: 1 }), jitter: number(sound.jitter_us / 1000, { maximumFractionDigits: 1 }) });
}

const status_text = (row) => [row.status, row.reason].filter(Boolean).join(" ");

async function details(row) {
  const { record, legs } = await get(`/records/${segment(row.call)}`);
  dialog(t("calls.details"), (close) => h("div", { class: "stack" },
    h("div", { class: "row" }, outcome_badge(record), record.answered_ms && h("span", lasted(record))),
    facts([
      [t("calls.caller"), h("code", record.from)], [t("calls.callee"), h("code", record.to)],
      [t("records.signed_in"), record.from_user], [t("nav.groups"), record.group], [t("calls.by"), record.answered_by],
      [t("calls.begun"), time(record.begun_ms)], [t("calls.answered"), record.answered_ms && time(record.answered_ms)], [t("records.ended"), record.ended_ms && time(record.ended_ms)],
      [t("records.ended_by"), record.ended_by && t(`ended_by.${record.ended_by}`)], [t("records.status"), status_text(record)],
      [t("calls.interval"), record.interval_s && span(record.interval_s)], [t("calls.media"), record.media && t(`calls.media_${record.media}`)],
      [t("records.caller_sound"), sound_text(record.caller_sound)], [t("records.callee_sound"), sound_text(record.callee_sound)],
      ["Call-ID", record.call_id && h("code", record.call_id)],
    ]),
    legs.length > 0 && card(t("records.legs"), { kind: "flush" }, h("ul", { class: "lines" }, legs.map((leg) => h("li",
      h("div", { class: "grow" }, h("span", { class: "strong" }, leg.user || short_uri(leg.to)), leg.peer && h("span", { class: "quiet small" }, ` ${leg.peer}`)),
      rang(leg) && h("span", { class: "quiet small number" }, t("records.rang_for", { time: rang(leg) })), outcome_badge(leg))))),
    h("div", { class: "dialog-actions" },
      record.call_id && h("a", { class: "button", href: `#/trace?call=${encodeURIComponent(record.call_id)}&record=${record.call}`, onclick: close }, t("calls.ladder")),
      button(t("close"), { onclick: close, autofocus: true }))), { kind: "broad" });
}
