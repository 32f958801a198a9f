// Before anybody is signed in: the first start, and signing in.
import { request } from "../api.js";
import { brand, preferences } from "../app.js";
import { h, replace } from "../dom.js";
import { form } from "../form.js";
import { t } from "../i18n.js";
import { dialog } from "../ui.js";

function door(root, title, text, content) {
  document.title = `${title} · Tipring`;
  replace(root, h("main", { class: "door" }, h("div", brand(), h("section", { class: "card" },
    h("h1", title), h("p", { class: "quiet" }, text), content), preferences())));
  content.querySelector("input")?.focus();
}

const sign_in_fields = (name) => [
  { name: "name", label: t("door.name"), required: true, autocomplete: "username", value: name },
  { name: "password", label: t("door.password"), type: "password", required: true, autocomplete: "current-password", autofocus: true },
];

export function show_sign_in(root, enter) {
  door(root, t("door.sign_in"), t("door.sign_in_text"), form({
    fields: sign_in_fields("admin"),
    submit: t("door.sign_in"),
    onsubmit: async (values) => enter((await request("POST", "/session", { body: values, quiet: true })).data.session),
  }));
  root.querySelector("input[type=password]").focus();
}

// In the middle of something: over all that stands, which is there again afterwards. Gives the session, or null.
export const sign_in_again = (name) => new Promise((resolve) => {
  let session = null;
  dialog(t("door.sign_in"), (close) => form({
    fields: [h("p", { class: "quiet" }, t("signed_out")), ...sign_in_fields(name)],
    submit: t("door.sign_in"),
    onsubmit: async (values) => {
      session = (await request("POST", "/session", { body: values, quiet: true })).data.session;
      close();
    },
  }), { kind: "narrow door-again", locked: true, onclose: () => resolve(session) });
});

export function show_setup(root, enter) {
  const content = form({
    fields: [
      { name: "code", label: t("door.code"), help: t("door.code_help"), required: true, autocomplete: "one-time-code" },
      { name: "name", label: t("door.name"), required: true, autocomplete: "username", value: "admin" },
      { name: "password", label: t("door.new_password"), help: t("door.new_password_help"), type: "password", required: true, autocomplete: "new-password" },
      { name: "again", label: t("door.again"), type: "password", required: true, autocomplete: "new-password" },
    ],
    submit: t("door.start"),
    onsubmit: async ({ again, ...values }) => {
      if (again !== values.password) throw Object.assign(new Error(t("door.differ")), { field: "again" });
      enter((await request("POST", "/setup", { body: values, quiet: true })).data.session);
    },
  });
  content.field("code").input.classList.add("code-input");
  door(root, t("door.welcome"), t("door.welcome_text"), content);
}
