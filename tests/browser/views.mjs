// Every view in light and dark, on a phone's screen and a wide one, in each language: nothing that axe finds serious,
// nothing wider than the screen, nothing untranslated.
import fs from "node:fs";
import { assert, close, dialog_of, go, no_faults, open_page, require, set_up, start_phone, start_server, test } from "./support.mjs";

const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const server = await start_server();
await server.add_users("100", "101", "a-user-with-a-remarkably-long-name-that-does-not-end-soon");
await server.ctl("user", "set", "100", "display_name=Reception on the ground floor, left of the stairs");
await server.ctl("group", "add", "600", "members=100,101,ghost", "strategy=sequential", "display_name=Sales");
const first = await open_page();
await set_up(first, server);
const state = await first.context().storageState();
const anna = await start_phone(server, "100");
await start_phone(server, "101", ["--answer"]);
anna.say("call 101");
await anna.wait("answered");

const kViews = ["overview", "users", "users/100", "groups", "groups/600", "calls", "records", "trace", "blocks", "backup", "settings", "settings/session_timer", "system", "system/log", "system/access", "system/audit"];
const kDialogs = [["users", "Add user"], ["users", "Edit 100"], ["users", "Import"], ["users", "Delete 100"], ["users/100", "New password"], ["users/100", "Rename"], ["groups", "Add hunt group"], ["groups", "Import"], ["groups/600", "Add member"],
  ["groups/600", "Edit 100"], ["groups/600", "Change extension"], ["calls", "Details"], ["records", "Details"], ["system/access", "Make token"], ["system/access", "My password"], ["system", "Restart"]];

const kTexts = JSON.parse(fs.readFileSync(new URL("../../web/assets/lang/en.json", import.meta.url)));
const kKey = new RegExp(`\\b(${[...new Set(Object.keys(kTexts).map((key) => key.split(".")[0]))].join("|")})\\.[a-z_]+(\\.[a-z_]+)*`, "g");

async function check(page, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const serious = violations.filter((one) => ["serious", "critical"].includes(one.impact));
  assert.deepEqual(serious.map((one) => `${where}: ${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`), []);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `${where} is ${over} pixels wider than the screen`);
  // A text that a language lacks is shown by its key; settings and the log have names of that form too.
  const texts = await page.evaluate(() => {
    const body = document.body.cloneNode(true);
    for (const other of body.querySelectorAll("code, pre, select, .log-tail, .settings .field-help")) other.remove();
    return body.textContent;
  });
  const bare = texts.match(kKey) ?? [];
  assert.deepEqual(bare, [], `${where} shows keys of texts`);
}

for (const [width, dark, locale] of [[360, false, "en"], [360, true, "de"], [768, false, "de"], [1440, true, "en"]]) {
  await test(`${width} pixels, ${dark ? "dark" : "light"}, ${locale}: every view and dialog`, async () => {
    const page = await open_page({ width, dark, locale });
    await page.context().addCookies(state.cookies);
    for (const view of kViews) {
      await go(page, server, view);
      await check(page, view);
    }
    if (locale === "en") {
      for (const [view, button] of kDialogs) {
        await go(page, server, view);
        await page.getByRole("button", { name: button }).first().click();
        await dialog_of(page).waitFor();
        await check(page, `${view}: ${button}`);
        await page.keyboard.press("Escape");
      }
    }
    await page.close();
  });
}

await test("the page goes by the keyboard alone", async () => {
  const page = first;
  await go(page, server, "overview");
  await page.reload();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await page.getByRole("link", { name: "Users", exact: true }).first().focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Users" }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1");
  await page.getByRole("button", { name: "Add user" }).focus();
  await page.keyboard.press("Enter");
  await dialog_of(page).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.name), "name");
  await page.keyboard.press("Escape");
  await dialog_of(page).waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Add user");
});

await test("language and appearance are kept", async () => {
  const page = first;
  await page.getByLabel("Language").first().selectOption("de");
  await page.getByRole("heading", { name: "Benutzer" }).waitFor();
  await page.locator(".theme-switch").first().click();
  await page.locator(".theme-switch").first().click();
  await page.reload();
  await page.getByRole("heading", { name: "Benutzer" }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
});

await test("the pages reported no fault", no_faults);
await close();
