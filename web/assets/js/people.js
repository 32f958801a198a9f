// Names and addresses as people read them, and what several views show of users.
import { h } from "./dom.js";
import { t } from "./i18n.js";
import { badge, copy_button, facts } from "./ui.js";
import { qr_picture } from "./qr.js";
import { name_path } from "./api.js";

// "sip:anna@192.0.2.1:5060;x=y" -> {user: "anna", host: "192.0.2.1:5060"}
export function uri_parts(uri) {
  const bare = String(uri ?? "").replace(/^<|>.*$/g, "").replace(/^(sips?|tel):/i, "").split(/[;?]/)[0];
  const at = bare.lastIndexOf("@");
  return at < 0 ? { user: "", host: bare } : { user: decode(bare.slice(0, at)), host: bare.slice(at + 1) };
}

function decode(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

export const short_uri = (uri) => { const { user, host } = uri_parts(uri); return user || host; };

export const user_link = (row, text) => h("a", { href: `#/users/${name_path(row)}` }, text ?? full_name(row));
export const group_link = (row, text) => h("a", { href: `#/groups/${name_path(row)}` }, text ?? full_name(row));
export const full_name = (row) => (row.domain ? `${row.name}@${row.domain}` : row.name);

const kLetters = "abcdefghjkmnpqrstuvwxyz23456789";  // without those that look like others

// 16 letters and digits: 79 bits.
export function new_password() {
  let text = "";
  while (text.length < 16) {
    for (const byte of crypto.getRandomValues(new Uint8Array(32))) {
      if (byte < kLetters.length * 8 && text.length < 16) text += kLetters[byte % kLetters.length];
    }
  }
  return text;
}

// A phone of this user is not let in. With others on line only what concerns another phone is said.
export const is_kept_out = (row) => Boolean(row.last_failure) && (!row.bindings || row.last_failure.reason === "too_many_phones");

export function registration_badge(row) {
  if (row.has_password === false) return badge("bad", t("users.needs_password"));
  return row.bindings > 0 ? badge("good", t("users.on_line")) : badge("", t("users.off_line"));
}

// What is to be entered into a phone. The password is shown here once, and is nowhere kept.
export function phone_data({ name, password, server, port, transport }) {
  const lines = [[t("phone.user"), name], [t("phone.password"), password], [t("phone.server"), server], [t("phone.port"), String(port)], [t("phone.transport"), transport]];
  const code = qr_picture(lines.map(([label, value]) => `${label}: ${value}`).join("\n"), t("phone.qr_label"));
  const list = facts(lines.map(([label, value]) => [label, [h("code", { class: "wrap" }, value), copy_button(value, t("copy_what", { what: label }))]]));
  list.classList.add("single");
  return h("div", { class: "stack" }, h("div", { class: "secret" }, list, code), h("p", { class: "quiet small" }, t("phone.text")));
}
