// The server's API. A refusal becomes an ApiError whose message says what to do.
import { has_text, t } from "./i18n.js";

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

let on_signed_out = () => {};
export const when_signed_out = (callback) => { on_signed_out = callback; };

const reach = { ok: true, listeners: new Set() };
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
  for (const key of [`error.${code}`, `error.${code}.${values.field}`, detail ? "" : `error.${status}`]) if (key && has_text(key)) return t(key, values);
  return detail || t("error.unknown", { status });
}

// As `signal`, and when nothing has come for so long. Gives how to end that.
function with_patience(signal, ms) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new DOMException("no answer", "TimeoutError")), ms);
  signal?.addEventListener("abort", () => stop.abort(signal.reason));
  return { signal: stop.signal, end: () => clearTimeout(timer) };
}

async function refusal(answer) {
  let body = null;
  try { body = await answer.json(); } catch { /* it has none, or not of ours */ }
  const code = body?.code ?? body?.type?.split(/[/:#]/).pop() ?? "";
  const detail = body?.detail ?? body?.title ?? "";
  return new ApiError(answer.status, code, words(answer.status, code, detail, body ?? {}), body?.field, body);
}

// request("PUT", "/users/100", {body, query, if_match}) gives {data, etag, status}; `raw` leaves the Response alone.
export async function request(method, path, { body, query, if_match, signal, raw, type, quiet, patience = kPatienceMs } = {}) {
  const headers = {};
  if (if_match) headers["If-Match"] = if_match;
  if (method !== "GET" && csrf) headers["X-Tipring-CSRF"] = csrf;
  const is_text = typeof body === "string" || body instanceof Blob;
  if (body !== undefined) headers["Content-Type"] = type ?? (is_text ? "application/octet-stream" : "application/json");
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const url = `${kBase}${path}${given.length ? `?${new URLSearchParams(given)}` : ""}`;
  const waiting = with_patience(signal, patience);
  let answer;
  try {
    answer = await fetch(url, {
      method, headers, signal: waiting.signal, cache: "no-store", credentials: "same-origin",
      body: body === undefined || is_text ? body : JSON.stringify(body),
    });
  } catch (fault) {
    if (fault.name === "AbortError") throw fault;
    set_reach(false);
    throw new ApiError(0, "unreachable", t("error.unreachable"));
  } finally {
    waiting.end();
  }
  set_reach(true);
  learn_time(answer);
  if (!answer.ok) {
    const fault = await refusal(answer);
    if ((answer.status === 401 || fault.code === "csrf") && !quiet) on_signed_out();
    throw fault;
  }
  if (raw) return answer;
  const text = await answer.text();
  return { data: text ? JSON.parse(text) : {}, etag: answer.headers.get("ETag"), status: answer.status };
}

export const get = async (path, query, options) => (await request("GET", path, { query, ...options })).data;

// One segment of a path. A name with a domain takes two, and so does one that would read as a path of the API.
export const segment = (text) => encodeURIComponent(text);
export const name_path = (row) => (row.domain || row.name.includes("/") || row.name === "import" ? `${segment(row.domain ?? "")}/${segment(row.name)}` : segment(row.name));

// All rows of a listing, up to `most`; `next` says that there are more.
export async function list(path, member, { query = {}, most = 5000, signal } = {}) {
  const rows = [];
  let next = query.after;
  do {
    const page = await get(path, { ...query, after: next }, { signal });
    rows.push(...(page[member] ?? []));
    next = page.next;
  } while (next !== undefined && next !== "" && rows.length < most);
  return { rows, next };
}

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
export async function download(path, { query, name, method = "GET", body } = {}) {
  const answer = await request(method, path, { query, raw: true, body });
  const told = /filename="?([^";]+)/.exec(answer.headers.get("Content-Disposition") ?? "");
  save_file(await answer.blob(), told ? told[1] : name);
}
