// How users are made, changed and deleted, and what a phone of one needs to know.
import { get, name_path, request, segment } from "./api.js";
import { h } from "./dom.js";
import { form } from "./form.js";
import { t } from "./i18n.js";
import { import_table } from "./import_table.js";
import { full_name, new_password, phone_data } from "./people.js";
import { button, confirm, dialog, icon_button, notice, toast } from "./ui.js";

const kAlgorithms = ["MD5", "SHA-256"];
const kOnlyHere = /^(localhost|127\..*|\[?::1\]?)$/;  // what a phone elsewhere would take for itself

export const path_of = (user) => `/users/${name_path(user)}`;

// Where phones find the server, as it listens: "udp:0.0.0.0:5060", "tcp:[::]:5060".
async function server_data() {
  const { config } = await get("/config").catch(() => ({ config: { values: [] } }));
  const value_of = (key) => config.values.find((value) => value.key === key)?.value ?? [];
  const points = value_of("sip.listen").map((point) => ({ transport: point.split(":")[0].toUpperCase(), port: Number(point.slice(point.lastIndexOf(":") + 1)) }));
  const first = points.find((point) => point.transport === "UDP") ?? points[0] ?? { transport: "UDP", port: 5060 };
  const transports = [...new Set(points.filter((point) => point.port === first.port).map((point) => point.transport))];
  return { server: value_of("sip.domains")[0] || location.hostname, port: first.port, transport: transports.join(", ") || first.transport };
}

async function show_phone_data(title, name, password) {
  const server = await server_data();
  dialog(title, (close) => h("div", { class: "stack" },
    phone_data({ name, password, ...server }),
    kOnlyHere.test(server.server) && notice("warn", t("phone.only_here", { server: server.server })),
    notice("info", t("phone.once")),
    h("div", { class: "dialog-actions" }, button(t("done"), { kind: "primary", onclick: close, autofocus: true }))));
}

const password_field = (given) => ({
  name: "password", label: t("users.password"), help: t("users.password_help"), required: true, value: given, maxlength: 128,
  after: icon_button("refresh", t("users.another_password"), (event) => {
    const input = event.currentTarget.parentElement.querySelector("input");
    input.value = new_password();
    input.dispatchEvent(new Event("input"));
  }),
});

export function add(refresh, called = "") {
  dialog(t("users.add"), (close) => form({
    fields: [
      { name: "name", label: t("users.name"), help: t("users.name_help"), required: true, maxlength: 200, value: called, autofocus: true },
      { name: "display_name", label: t("users.display_name"), help: t("users.display_name_help"), maxlength: 128 },
      password_field(new_password()),
    ],
    submit: t("users.add"), cancel: close,
    onsubmit: async ({ name, display_name, password }) => {
      const clean = name.trim();
      await request("PUT", `/users/${clean.includes("/") ? "/" : ""}${segment(clean)}`, { query: { mode: "create" }, body: { password, ...(display_name && { display_name }) } });
      close();
      await show_phone_data(t("users.added", { name: clean }), clean.split("@")[0], password);
      await refresh();
    },
  }));
}

export async function edit(row, refresh) {
  const { data, etag } = await request("GET", path_of(row));
  const user = data.user;
  const own_login = user.auth_name && user.auth_name !== user.name;
  dialog(t("edit_what", { what: full_name(user) }), (close) => form({
    fields: [
      { name: "display_name", label: t("users.display_name"), help: t("users.display_name_help"), value: user.display_name, maxlength: 128, autofocus: true },
      { name: "aliases", label: t("users.aliases"), help: t("users.aliases_help"), value: user.aliases.join(", ") },
      { name: "exempt", type: "switch", label: t("users.exempt_switch"), help: t("users.exempt_help"), value: user.session_timer === "exempt" },
      { name: "algorithms", type: "select", label: t("users.algorithms"), help: t("users.algorithms_help"), value: user.algorithms.join(",") || "default",
        options: [["default", t("users.as_configured")], ...kAlgorithms.map((name) => [name, name]), [kAlgorithms.join(","), kAlgorithms.join(", ")]] },
      own_login && { name: "auth_name", label: t("users.auth_name"), value: user.auth_name, disabled: true, help: t("users.auth_name_help") },
    ],
    submit: t("save"), cancel: close,
    onreload: () => { close(); edit(row, refresh); },
    onsubmit: async (values, changed, { overwrite }) => {
      const body = {};
      if ("display_name" in changed) body.display_name = changed.display_name;
      if ("aliases" in changed) body.aliases = changed.aliases.split(",").map((one) => one.trim()).filter(Boolean);
      if ("exempt" in changed) body.session_timer = changed.exempt ? "exempt" : "default";
      if ("algorithms" in changed) body.algorithms = changed.algorithms;
      if (Object.keys(body).length) {
        await request("PUT", path_of(user), { query: { mode: "change" }, body, if_match: overwrite ? null : etag });
        toast(t("saved"));
      }
      close();
      await refresh();
    },
  }));
}

export function change_password(user, refresh) {
  dialog(t("users.new_password"), (close) => form({
    fields: [h("p", { class: "quiet" }, t("users.new_password_text")), password_field(new_password())],
    submit: t("users.set_password"), cancel: close,
    onsubmit: async ({ password }) => {
      await request("PUT", path_of(user), { query: { mode: "change" }, body: { password } });
      close();
      await show_phone_data(t("users.password_set", { name: full_name(user) }), user.auth_name || user.name, password);
      await refresh();
    },
  }));
}

export function rename(user) {
  const keeps = user.auth_name && user.auth_name !== user.name;
  dialog(t("users.rename"), (close) => form({
    fields: [
      { name: "name", label: t("users.new_name"), required: true, value: user.name, autofocus: true },
      keeps ? h("p", { class: "quiet" }, t("users.rename_keeps")) : password_field(new_password()),
    ],
    submit: t("users.rename"), cancel: close,
    onsubmit: async ({ name, password }) => {
      await request("PATCH", path_of(user), { query: { name }, ...(keeps ? {} : { body: { password } }) });
      close();
      location.hash = `#/users/${name_path({ ...user, name })}`;
      if (keeps) toast(t("saved")); else await show_phone_data(t("users.renamed", { name }), name, password);
    },
  }));
}

export const remove = (user, after) => confirm(t("delete_what", { what: full_name(user) }), t("users.delete_text"), { yes: t("delete"), run: async () => {
  await request("DELETE", path_of(user));
  toast(t("users.deleted", { name: full_name(user) }));
  await after();
} });

export const import_users = (refresh) => import_table({
  title: t("users.import"), text: t("users.import_text"), example: "100,secret\n101,secret", path: "/users/import",
}, refresh);
