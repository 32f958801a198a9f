// What happens on the server, as it happens: one event stream for the whole page. A view says what it is interested in
// and is called when that may have changed; while there is no stream it is called every few seconds instead.
import { on_reach } from "./api.js";
import { t } from "./i18n.js";
import { toast } from "./ui.js";

const kTopics = ["registration", "call", "record", "group", "pools", "log", "problem", "changed", "lost"];
const kPollMs = 3000;
const kStreamPollMs = 30000;  // with a stream: against what it did not tell
const kSettleMs = 150;        // several events at once are one change
const kRest = 4;              // what was long in coming is asked for less often: so many times as long lies between
const kFirstLookMs = 1200;
const kRetryMs = [1000, 2000, 5000, 10000, 30000];

const watches = new Set();
let source = null;
let wanted = false;
let open = false;
let failures = 0;
let retry = 0;

function tell(topic, data) {
  if (topic === "lost") toast(t("live.lost", { n: data.events }), "warn");
  // What administrators change is told by what it is about: users, groups, blocks, accounts, config.
  const told = topic === "changed" ? Object.keys(data) : [topic];
  for (const watch of watches) {
    if (topic === "lost" || told.some((one) => watch.topics.includes(one))) watch.event();
  }
}

function on_message(topic, message) {
  let data = {};
  try { data = JSON.parse(message.data); } catch { /* the name is enough */ }
  tell(topic, data);
}

function connect() {
  if (!wanted || source) return;
  source = new EventSource("/api/v1/events");
  source.addEventListener("open", () => {
    open = true;
    failures = 0;
    // The stream tells what changes from its first look on; what came before that is asked for.
    setTimeout(() => { for (const watch of watches) watch.due(); }, kFirstLookMs);
  });
  source.addEventListener("error", () => {
    // Whether the server is gone is seen by asking it.
    if (open) for (const watch of watches) setTimeout(watch.due, kSettleMs);
    open = false;
    source?.close();
    source = null;
    clearTimeout(retry);
    if (wanted) retry = setTimeout(connect, kRetryMs[Math.min(failures++, kRetryMs.length - 1)]);
  });
  for (const topic of kTopics) source.addEventListener(topic, (message) => on_message(topic, message));
}

export function start_live() {
  wanted = true;
  connect();
}

export function stop_live() {
  wanted = open = false;
  clearTimeout(retry);
  source?.close();
  source = null;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  for (const watch of watches) watch.due();
});
on_reach((ok) => { if (ok) for (const watch of watches) watch.due(); });

// Calls `refresh()` (which may be async and is never run twice at a time) when one of the topics has news. The first
// call is the caller's own. Gives a function that ends it.
// `rest`: at least so long lies between two, whatever happens.
// `always`: every `poll`, also while there is a stream, for what that does not tell of.
export function watch(topics, refresh, { poll = kPollMs, always = false, rest: least = kSettleMs } = {}) {
  let timer = 0;
  let running = false;
  let again = false;
  let ended = false;
  let rest = least;
  let is_soon = false;
  const plan = () => {
    clearTimeout(timer);
    if (!ended) timer = setTimeout(run, open && !always ? kStreamPollMs : poll);
  };
  // More events do not put it off.
  const soon = () => {
    if (ended || is_soon) return;
    clearTimeout(timer);
    is_soon = true;
    timer = setTimeout(run, rest);
  };
  const run = async () => {
    clearTimeout(timer);
    is_soon = false;
    if (ended) return;
    if (running) { again = true; return; }
    if (document.hidden) { plan(); return; }
    running = true;
    const begun = Date.now();
    try { await refresh(); } catch (fault) { if (fault.name !== "AbortError") console.debug(fault.message); }
    running = false;
    rest = Math.max(least, Math.min(kRest * (Date.now() - begun), kPollMs));
    if (again) { again = false; soon(); } else plan();
  };
  const entry = {
    topics,
    due: run,
    event() { if (running) again = true; else soon(); },
  };
  watches.add(entry);
  plan();
  return () => { ended = true; clearTimeout(timer); watches.delete(entry); };
}
