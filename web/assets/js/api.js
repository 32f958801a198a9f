// The server's API. A refusal becomes an ApiError whose message says what to do.
import { fault_text, has_text, t } from "./i18n.js";

const kBase = "/api/v1";
const kPatienceMs = 30000;  // a device that hangs answers as little as one that is gone

export class ApiError extends Error {
  constructor(status, code, message, field, body) {
    super(message);
    Object.assign(this, { status, code, field, body });
  }
}

let csrf = "";
export const set_csrf = (token) => { csrf = token ?? ""; };

// Asked when the session has ended: gives whether there is one again, so that what was refused is worth another try.
let sign_in_again = async () => false;
export const when_signed_out = (ask) => { sign_in_again = ask; };

const reach = { ok: true, listeners: new Set() };
export const is_reached = () => reach.ok;
export const on_reach = (listener) => reach.listeners.add(listener);
function set_reach(ok) {
  if (reach.ok === ok) return;
  reach.ok = ok;
  for (const listener of reach.listeners) listener(ok);
}

// The server's clock may be another than the browser's; answers tell it.
let ahead_ms = null;
export const server_now = () => Date.now() + (ahead_ms ?? 0);
function learn_time(answer) {
  const told = Date.parse(answer.headers.get("Date") ?? "");
  if (Number.isNaN(told)) return;
  const ahead = told + 500 - Date.now();  // it tells whole seconds
  if (ahead_ms === null || Math.abs(ahead - ahead_ms) > 1500) ahead_ms = Math.abs(ahead) < 2000 ? 0 : ahead;
}

// In the reader's language where there is a text for it, else as the server says it.
function words(status, code, detail, values) {
  for (const key of [`error.${code}.${values.field}`, `error.${code}`, detail ? "" : `error.${status}`]) if (key && has_text(key)) return t(key, values);
  return fault_text(detail) || t("error.unknown", { status });
}

function refusal(answer, text) {
  let body = null;
  try { body = JSON.parse(text); } catch { /* it has none, or not of ours */ }
  const code = body?.code ?? body?.type?.split(/[/:#]/).pop() ?? "";
  const detail = body?.detail ?? body?.title ?? "";
  return new ApiError(answer.status, code, words(answer.status, code, detail, body ?? {}), body?.field, body);
}

// One request and its answer: all of it, but for a `raw` one that is read by whoever asked.
async function exchange(url, how, raw, patience) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), patience);
  try {
    const answer = await fetch(url, { ...how, signal: stop.signal, cache: "no-store", credentials: "same-origin" });
    const text = raw && answer.ok ? "" : await answer.text();
    set_reach(true);
    return { answer, text };
  } catch {
    set_reach(false);
    throw new ApiError(0, "unreachable", t("error.unreachable"));
  } finally {
    clearTimeout(timer);
  }
}

// request("PUT", "/users/100", {body, query, if_match}) gives {data, etag, status}; `raw` leaves the Response alone. Where
// the session has ended somebody signs in again first, and it goes on, unless it is `quiet`.
export async function request(method, path, { body, query, if_match, raw, type, quiet, patience = kPatienceMs } = {}) {
  const is_text = typeof body === "string" || body instanceof Blob;
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const url = `${kBase}${path}${given.length ? `?${new URLSearchParams(given)}` : ""}`;
  for (let is_first = true; ; is_first = false) {
    const headers = {};
    if (if_match) headers["If-Match"] = if_match;
    if (method !== "GET" && csrf) headers["X-Tipring-CSRF"] = csrf;
    if (body !== undefined) headers["Content-Type"] = type ?? (is_text ? "application/octet-stream" : "application/json");
    const { answer, text } = await exchange(url, { method, headers, body: body === undefined || is_text ? body : JSON.stringify(body) }, raw, patience);
    learn_time(answer);
    if (answer.ok) return raw ? answer : { data: text ? JSON.parse(text) : {}, etag: answer.headers.get("ETag"), status: answer.status };
    const fault = refusal(answer, text);
    if (quiet || !is_first || (answer.status !== 401 && fault.code !== "csrf")) throw fault;
    if (!await sign_in_again()) throw new DOMException("signed out", "AbortError");
  }
}

export const get = async (path, query, options) => (await request("GET", path, { query, ...options })).data;

// One segment of a path. A name with a domain takes two, and so does one that would read as a path of the API.
export const segment = (text) => encodeURIComponent(text);
export const name_path = (row) => (row.domain || row.name.includes("/") || row.name === "import" ? `${segment(row.domain ?? "")}/${segment(row.name)}` : segment(row.name));

// const newest = latest(); await newest(asked): of several that overlap only the last one is answered.
export function latest() {
  let turn = 0;
  return async (asked) => {
    const mine = ++turn;
    const given = await asked;
    if (mine !== turn) throw new DOMException("overtaken", "AbortError");
    return given;
  };
}

// All rows of a listing, up to `most`; `is_cut` says that there are more. The server gives as many at a time as it likes.
export async function list(path, member, { query = {}, most = 5000 } = {}) {
  const rows = [];
  let next = query.after;
  do {
    const page = await get(path, { ...query, after: next });
    rows.push(...(page[member] ?? []));
    next = page.next;
  } while (next !== undefined && next !== "" && rows.length < most);
  return { rows: rows.slice(0, most), is_cut: rows.length > most || Boolean(next) };
}

// "2026-11-22", of the reader's day: for names of files.
export const today = () => new Date().toLocaleDateString("sv");

// Hands a file to the browser's downloads.
export function save_file(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

// The same with one that the API gives.
export async function download(path, { query, name } = {}) {
  const answer = await request("GET", path, { query, raw: true });
  const told = /filename="?([^";]+)/.exec(answer.headers.get("Content-Disposition") ?? "");
  save_file(await answer.blob(), told ? told[1] : name);
}
