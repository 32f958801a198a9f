// Texts in the language of the reader. A language is a file lang/CODE.json with the keys of en.json, a file
// lang/settings.CODE.json with what each setting does, a file lang/faults.CODE.json with what the server says is wrong, and a line in lang/languages.json; what it lacks is shown in English.

const kStored = "tipring.language";

let code = "en";
let locale = "en";
let texts = {};
let english = {};
let faults = [];  // [how the server says it, how we do]
let plural = new Intl.PluralRules("en");
export let languages = { en: "English" };

async function read(name) {
  const answer = await fetch(new URL(`../lang/${name}.json`, import.meta.url));
  if (!answer.ok) throw new Error(`lang/${name}.json: ${answer.status}`);
  return answer.json();
}

// In the server's words {1} and {2} stand for any text; the longer ones say more.
async function read_faults(name) {
  const told = await read(`faults.${name}`).catch(() => ({}));
  const pattern = (text) => new RegExp(`^${text.split(/\{\d\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("(.*?)")}$`, "s");
  return Object.entries(told).sort(([a], [b]) => b.length - a.length).map(([text, ours]) => [pattern(text), ours]);
}

// What the server says is wrong, in the reader's language where there is a text for it.
export function fault_text(text) {
  for (const [pattern, ours] of faults) {
    const found = pattern.exec(text);
    if (found) return ours.replace(/\{(\d)\}/g, (_, at) => found[at]);
  }
  return text;
}

export const language = () => code;

export async function set_language(wanted, remember = true) {
  const found = wanted in languages ? wanted : "en";
  [texts, faults] = found === "en" ? [english, []] : await Promise.all([read(found), read_faults(found)]);
  code = found;
  // Dates and numbers as the reader's country has them.
  locale = navigator.languages.find((tag) => tag.slice(0, 2).toLowerCase() === code) ?? code;
  plural = new Intl.PluralRules(code);
  document.documentElement.lang = code;
  if (remember) localStorage.setItem(kStored, code);
}

export async function start_language() {
  [languages, english] = await Promise.all([read("languages"), read("en")]);
  const stored = localStorage.getItem(kStored);
  const own = navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in languages);
  await set_language(stored ?? own ?? "en", false);
}

export const has_text = (key) => key in texts || key in english;

// What each setting does, by its key; the server's own English words do for those that are missing.
export const read_settings_texts = () => (code === "en" ? {} : read(`settings.${code}`).catch(() => ({})));

// t("users.deleted", {name}) puts values where the text has {name}.
export function t(key, values = {}) {
  const text = texts[key] ?? english[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

// By number: the keys "calls.n.one" and "calls.n.other", in which {n} is the number.
export function tn(key, n, values = {}) {
  const form = `${key}.${plural.select(n)}`;
  return t(has_text(form) ? form : `${key}.other`, { n: number(n), ...values });
}

export const number = (n, options) => new Intl.NumberFormat(locale, options).format(n);

export function bytes(n) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  let i = 0;
  while (n >= 1024 && i < units.length - 1) { n /= 1024; ++i; }
  return number(n, { style: "unit", unit: units[i], unitDisplay: "short", maximumFractionDigits: i > 0 && n < 100 ? 1 : 0 });
}

// 75 -> "1:15", 3700 -> "1:01:40"
export function clock(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const head = s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}` : `${Math.floor(s / 60)}`;
  return `${head}:${two(s % 60)}`;
}

// About how long: "5 min", "3 days"; `style` "long" spells it.
export function span(seconds, style = "short") {
  const s = Math.max(0, Math.round(seconds));
  const [n, unit] = s < 60 ? [s, "second"] : s < 5400 ? [Math.round(s / 60), "minute"]
    : s < 129600 ? [Math.round(s / 3600), "hour"] : [Math.round(s / 86400), "day"];
  return number(n, { style: "unit", unit, unitDisplay: style });
}

export function ago(seconds) {
  if (seconds < 10) return t("time.now");
  return t("time.ago", { span: span(seconds) });
}

export function time(ms, options = { dateStyle: "short", timeStyle: "medium" }) {
  return new Intl.DateTimeFormat(locale, options).format(new Date(ms));
}
