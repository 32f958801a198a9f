// What traced messages mean together: which calls are legs of one call that the server leads, and why the server did what
// no phone asked it for.
import { has_text, t } from "./i18n.js";

const kLegPatienceMs = 3600 * 1000;

// The legs that the server begins itself have a Call-ID of their own, and the caller's From. Gives for each Call-ID that of
// the call which it belongs to.
// Where the server has said which leg it began for which, that counts.
export function roots_of(messages) {
  const roots = new Map();
  const joined = new Map();
  for (const { joins, call_id } of messages) if (joins) joined.set(joins, call_id);
  const incoming = [];  // INVITEs that began a call, the latest last
  for (const message of messages) {
    const { call_id, method, status, from, headers } = message.parsed;
    if (roots.has(call_id) || message.direction === "none") continue;
    let root = call_id;
    const begins = method === "INVITE" && !status && !/;tag=/i.test(headers.to ?? "");
    if (begins && message.direction === "in") incoming.push({ call_id, from, time_ms: message.time_ms });
    if (begins && message.direction === "out") {
      const led = incoming.findLast((one) => one.from === from && message.time_ms - one.time_ms < kLegPatienceMs);
      if (led) root = led.call_id;
    }
    for (let up = joined.get(call_id), hops = 0; up && hops < 8; up = joined.get(up), ++hops) root = up;
    roots.set(call_id, root);
  }
  return roots;
}

const reason_text = (message) => /text="([^"]*)"/.exec(message.parsed.headers.reason ?? "")?.[1] ?? "";
const cause_of = (message) => Number(/cause=(\d+)/.exec(message.parsed.headers.reason ?? "")?.[1] ?? 0);

// A sentence for a message of the server's own accord; empty where it passes on what it was sent.
export function why_of(message, before) {
  if (message.direction !== "out") return "";
  const { status, method } = message.parsed;
  const came_in = (like) => before.some((other) => other.direction === "in" && like(other.parsed));
  if (status >= 300 && method !== "CANCEL") {
    if (came_in((other) => other.status === status && other.method === method)) return "";
    if (status === 487 && came_in((other) => other.method === "CANCEL" && !other.status)) return t("why.caller_gave_up");
    return has_text(`why.${status}`) ? t(`why.${status}`) : t("why.refused", { status, reason: message.parsed.reason });
  }
  if (status) return "";
  if (method === "CANCEL") {
    if (cause_of(message) === 200 || before.some((other) => other.direction === "in" && other.parsed.status === 200 && other.parsed.method === "INVITE")) return t("why.answered_elsewhere");
    return came_in((other) => other.method === "CANCEL" && !other.status) ? t("why.caller_gave_up") : t("why.rang_enough");
  }
  // Of a call whose beginning was not kept it cannot be known.
  const is_whole = before.some((other) => other.parsed.method === "INVITE" && !other.parsed.status);
  if (method === "BYE" && is_whole && !came_in((other) => other.method === "BYE" && !other.status)) {
    const text = reason_text(message);
    return text ? t("why.ended_for", { reason: text }) : t("why.ended");
  }
  return "";
}
