// Starting the server anew, and waiting until it is back.
import { get, request } from "./api.js";
import { h } from "./dom.js";
import { t } from "./i18n.js";
import { confirm, dialog, failed } from "./ui.js";

const kPatienceMs = 90000;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export function restart() {
  confirm(t("system.restart"), t("system.restart_text"), { yes: t("system.restart"), kind: "primary", run: async () => {
    await request("POST", "/restart");
    wait_for_server(t("system.restarting"));
  } });
}

// A new start is known by an uptime that is shorter than the wait.
async function wait_for_server(title) {
  const waiting = dialog(title, () => h("div", { class: "loading", role: "status" }, h("span", { class: "spinner" }), h("p", t("system.restarting_text"))), { kind: "narrow", locked: true });
  const begun = Date.now();
  await pause(1000);
  while (Date.now() - begun < kPatienceMs) {
    try {
      // Sessions end with the server: 401 is an answer of the new one.
      const { session } = await get("/session", {}, { quiet: true });
      if (!session || (await get("/status", {}, { quiet: true })).status.uptime_s * 1000 < Date.now() - begun + 2000) { location.reload(); return; }
    } catch (fault) {
      if (fault.status === 401) { location.reload(); return; }
    }
    await pause(700);
  }
  waiting.close();
  failed(new Error(t("system.not_back")));
}
