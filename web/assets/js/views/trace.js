// The SIP messages of one number or address, or of one call, as the server keeps them.
import { download, get, request, segment, server_now } from "../api.js";
import { h, renew, replace, swap } from "../dom.js";
import { form } from "../form.js";
import { clock, has_text, t, tn, time } from "../i18n.js";
import { ladder } from "../ladder.js";
import { kind_of, parse_message, title_of } from "../sip_text.js";
import { roots_of, why_of } from "../trace_story.js";
import { button, card, empty, header, notice, toast } from "../ui.js";

const kMost = 2000;         // entries kept on the page
const kPagesAtOnce = 100;  // more may come than is read

// Joins the pieces of messages; one whose beginning was pushed out never gets whole.
function joined(messages, rows) {
  for (const row of rows) {
    const last = messages.at(-1);
    if (row.offset === 0) messages.push({ ...row });
    else if (last && last.number === row.number && last.text.length >= 0) { last.text += row.text; last.kept = row.kept; }
  }
  return messages.slice(-kMost);
}

// The parties of some messages: who calls on the left, the server, and the others.
function lanes_of(messages) {
  const lanes = new Map();
  for (const message of messages) {
    const known = lanes.get(message.remote);
    const parsed = message.parsed;
    const name = parsed.status ? "" : message.direction === "in" ? parsed.from : parsed.target || parsed.to;
    if (!known) lanes.set(message.remote, { id: message.remote, name: name || message.remote, note: `${message.remote} ${message.transport.toUpperCase()}`, named: Boolean(name) });
    else if (!known.named && name) Object.assign(known, { name, named: true });
  }
  const peers = [...lanes.values()];
  return [...peers.slice(0, 1), { id: "server", name: t("trace.this_server"), note: messages[0]?.local ?? "", is_server: true }, ...peers.slice(1)];
}

function word_of(value) {
  const key = [`skipped.${value}`, `strategy.${value}`].find(has_text);
  return key ? t(key) : value;
}

// The server's own word for what it has decided, with the names and numbers that it is about.
function sentence_of(decision) {
  const values = Object.fromEntries(decision.values.map((value, i) => [`v${i + 1}`, word_of(value)]));
  const key = `decision.${decision.decision}`;
  return has_text(key) ? t(key, values) : decision.text;
}

const is_decision = (entry) => entry.direction === "none";

// Whether the message is from, to or about this number, name or address.
function concerns(message, wanted) {
  const { from, to, target } = message.parsed;
  return [from, to, target].includes(wanted) || message.remote === wanted || message.remote.startsWith(`${wanted}:`);
}

const item_of = (message) => ({
  key: message.number, time_ms: message.time_ms,
  from: message.direction === "in" ? message.remote : "server",
  to: message.direction === "in" ? "server" : message.remote,
  title: title_of(message.parsed), kind: kind_of(message.parsed),
  note: message.parsed.status ? message.parsed.method : message.parsed.target,
  text: message.text + (message.size > message.kept ? `\n${t("trace.cut", { n: message.size - message.kept })}` : ""),
});

async function legs_of(record) {
  if (!record) return [];
  try { return (await get(`/trace/calls/${segment(record)}`)).call_ids; } catch (fault) { if (fault.status === 404) return []; throw fault; }
}

// The messages and the decisions between them; what the server did of its own accord without one has a line that says why.
function told_items(messages, roots) {
  const before = new Map();
  const said = new Map();
  const told = new Set();  // calls whose last entry is a decision: it explains what follows
  return messages.flatMap((message) => {
    const root = roots.get(message.parsed.call_id);
    if (is_decision(message)) {
      told.add(root);
      return { time_ms: message.time_ms, why: sentence_of(message) };
    }
    const earlier = before.get(root) ?? [];
    const given = why_of(message, earlier);
    const why = given === said.get(root) || told.has(root) ? "" : given;
    told.delete(root);
    if (given) said.set(root, given);
    before.set(root, [...earlier, message]);
    return [why && { time_ms: message.time_ms, why }, item_of(message)].filter(Boolean);
  });
}

export async function show(context) {
  const { page, is_admin, watch, query, every } = context;
  const wanted = query.get("call");
  const led = new Set(await legs_of(query.get("record")));  // Call-IDs of one call, as its record has them
  let messages = [];
  let after;
  let uptime_s = 0;
  let chosen = wanted ?? "";
  let told = "";
  let filter = "";
  let subject = "";
  const state = h("div");
  const ends = h("time");
  const tick = () => { ends.textContent = clock((Number(ends.dataset.until) - server_now()) / 1000); };
  const only = h("input", { type: "search", value: query.get("subject") ?? "", placeholder: t("trace.only"), "aria-label": t("trace.only"), maxlength: 64,
    oninput: () => { filter = only.value.trim(); told = ""; draw(); } });
  filter = only.value;
  const calls = h("select", { "aria-label": t("trace.which"), onchange: (event) => { chosen = event.target.value; told = ""; draw(); } });
  const picture = h("div");
  const steps = ladder();
  const saver = button(t("trace.pcap"), { glyph: "download", kind: "small", onclick: () => download("/trace.pcap", { query: { call: chosen }, name: "trace.pcap" }) });

  const starter = form({
    fields: [
      { name: "subject", label: t("trace.subject"), help: t("trace.subject_help"), required: true, value: query.get("subject") ?? "", maxlength: 64 },
      { name: "seconds", type: "select", label: t("trace.how_long"), value: "600", options: [["60", tn("trace.minutes", 1)], ["600", tn("trace.minutes", 10)], ["3600", tn("trace.minutes", 60)], ["86400", t("trace.day")]] },
    ],
    columns: true, submit: t("trace.start"),
    onsubmit: async (values) => {
      await request("PUT", "/trace", { query: values });
      toast(t("trace.started", values));
      await refresh();
    },
  });

  const starter_box = card(null, {}, starter);

  async function refresh() {
    const { status } = await get("/status");
    const on = status.trace !== "off";
    state.hidden = !on;
    starter_box.hidden = status.trace_keeps !== "subject" || !is_admin;
    ends.dataset.until = server_now() + status.trace_left_s * 1000;
    if (subject !== status.trace) {
      subject = status.trace;
      swap(state, on && notice("good", h("p", t("trace.on", { subject }), " ", ends),
        is_admin && h("div", button(t("trace.stop"), { kind: "small", onclick: async () => { await request("DELETE", "/trace"); await refresh(); } }))));
      tick();
    }
    // What was read of a server that has ended meanwhile is not of this one.
    if (status.uptime_s < uptime_s) [messages, after] = [[], undefined];
    uptime_s = status.uptime_s;
    for (let pages = 0; pages < kPagesAtOnce; ++pages) {
      const { trace: rows } = await get("/trace", { after });
      if (!rows.length) break;
      messages = joined(messages, rows);
      after = rows.at(-1).after;
    }
    for (const message of messages) message.parsed ??= is_decision(message) ? { call_id: message.call_id } : parse_message(message.text);
    draw();
  }

  function draw() {
    const roots = roots_of(messages);
    for (const id of led) if (roots.has(id)) roots.set(id, wanted);
    const by_call = new Map();
    for (const message of messages.filter((entry) => !is_decision(entry) || roots.has(entry.call_id))) {
      const root = roots.get(message.parsed.call_id);
      by_call.set(root, [...(by_call.get(root) ?? []), message]);
    }
    chosen = roots.get(chosen) ?? chosen;
    if (chosen && !by_call.has(chosen) && chosen !== wanted) chosen = "";
    if (filter) for (const [root, of] of by_call) if (!of.some((entry) => !is_decision(entry) && concerns(entry, filter))) by_call.delete(root);
    const text = `${chosen} ${messages.length} ${messages.at(-1)?.number}`;
    if (text === told) return;
    told = text;
    const everything = messages.filter((message) => by_call.has(roots.get(message.parsed.call_id)));
    swap(calls, h("option", { value: "", selected: !chosen }, tn("trace.everything", everything.filter((entry) => !is_decision(entry)).length)),
      [...by_call].reverse().map(([id, of]) => {
        const { parsed, time_ms } = of.find((entry) => !is_decision(entry)) ?? of[0];
        return h("option", { value: id, selected: id === chosen }, `${time(time_ms, { timeStyle: "medium" })}  ${parsed.method}  ${parsed.from} → ${parsed.to}`);
      }));
    const visible = chosen ? by_call.get(chosen) ?? [] : everything.slice(-200);
    calls.hidden = saver.hidden = messages.length === 0;
    if (visible.length) {
      steps.set({ lanes: lanes_of(visible.filter((entry) => !is_decision(entry))), items: told_items(visible, roots) });
      if (!steps.parentElement) replace(picture, steps);
    } else renew(picture, empty("trace", t("trace.none"), t(chosen ? "trace.none_of_call" : filter ? "trace.none_of_filter" : starter_box.hidden ? "trace.none_yet" : "trace.none_text")));
  }

  await refresh();
  replace(page, header(t("nav.trace"), { note: t("trace.note") }),
    starter_box, state,
    card(t("trace.messages"), { actions: h("div", { class: "row" }, only, calls, saver) }, picture));
  watch(["call", "trace"], refresh, { poll: 1500, always: true });
  every(1000, tick);
}
