// A page that stays open: what others change appears by itself and disturbs nobody, and nothing is left behind.
import fs from "node:fs";
import { Phone, Server, assert, at_end, close, dialog_of, go, no_faults, open_page, set_up, start_phone, test, wait_until } from "./support.mjs";

const server = new Server();
server.config = `${server.data}/tipring.toml`;
fs.writeFileSync(server.config, "");
at_end(() => server.remove());
await server.start();
await server.add_users("100", "101");
await server.ctl("group", "add", "600", "members=100");
const page = await open_page();
await set_up(page, server);
const other = await page.context().newPage();
await other.goto(server.url);
await other.getByRole("heading", { name: "Overview" }).waitFor();

const kSoon = 10000;  // what no event tells comes after half a minute
const dialog = () => dialog_of(page);
const row = (name) => page.locator("tbody tr", { hasText: name });
const focused = () => page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent);
// As another administrator does it, on a page of their own.
const change = (method, path, body) => other.evaluate(async ([how, where, what]) => {
  const { session } = await (await fetch("/api/v1/session")).json();
  const answer = await fetch(`/api/v1${where}`, { method: how, headers: { "Content-Type": "application/json", "X-Tipring-CSRF": session.csrf }, body: what && JSON.stringify(what) });
  if (!answer.ok) throw new Error(await answer.text());
}, [method, path, body]);
await test("what another administrator changes of users, groups, access and settings appears by itself", async () => {
  await go(page, server, "users");
  await page.evaluate(() => { window.kept = true; });
  await change("PUT", "/users/101?mode=change", { display_name: "Theirs" });
  await row("Theirs").waitFor({ timeout: kSoon });
  await go(page, server, "users/101");
  await change("PUT", "/users/101?mode=change", { display_name: "Theirs again" });
  await page.getByRole("heading", { name: "Theirs again" }).waitFor({ timeout: kSoon });
  await go(page, server, "groups/600");
  await change("PUT", "/groups/600/members/101?mode=create", {});
  await page.locator('li[data-member="101"]').waitFor({ timeout: kSoon });
  await server.ctl("group", "set", "600", "display_name=By the tool");
  await page.getByRole("heading", { name: "By the tool" }).waitFor({ timeout: kSoon });
  await go(page, server, "system/access");
  await change("POST", "/tokens", { name: "robot", role: "viewer", scopes: ["users"] });
  await row("robot").waitFor({ timeout: kSoon });
  await go(page, server, "settings/registrar");
  await change("PATCH", "/config", { values: { "registrar.max_expires": 5400 } });
  await wait_until(async () => (await page.getByLabel("Longest registration").inputValue()) === "5400", "the setting is as it was", kSoon);
  fs.writeFileSync(server.config, "[registrar]\nmax_expires = 4800\n");
  server.process.kill("SIGHUP");
  await wait_until(async () => (await page.getByLabel("Longest registration").inputValue()) === "4800", "nothing is told of SIGHUP", kSoon);
  assert.equal(await page.evaluate(() => window.kept), true);
});

await test("it takes nothing from who is typing, and the focus from nobody", async () => {
  await go(page, server, "users");
  await page.getByRole("button", { name: "Edit 101" }).click();
  await dialog().getByLabel("Display name").fill("Mine");
  await change("PUT", "/users/100?mode=change", { display_name: "Others" });
  await row("Others").waitFor({ state: "attached", timeout: kSoon });
  assert.equal(await dialog().getByLabel("Display name").inputValue(), "Mine");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Delete 101" }).focus();
  await change("PUT", "/users/101?mode=change", { display_name: "Once more" });
  await row("Once more").waitFor({ timeout: kSoon });
  assert.equal(await focused(), "Delete 101");
  await go(page, server, "groups/600");
  await page.getByRole("button", { name: "Edit", exact: true }).focus();
  await change("PATCH", "/groups/600", { display_name: "Changed" });
  await page.getByRole("heading", { name: "Changed" }).waitFor({ timeout: kSoon });
  assert.equal(await focused(), "Edit");
});

await test("after a dialog the focus is where it was, also when that was drawn anew, or at the heading", async () => {
  await go(page, server, "users");
  await page.getByRole("button", { name: "Edit 101" }).focus();
  await page.keyboard.press("Enter");
  await dialog().getByLabel("Display name").waitFor();
  await change("PUT", "/users/101?mode=change", { display_name: "Behind" });
  await row("Behind").waitFor({ state: "attached", timeout: kSoon });
  await page.keyboard.press("Escape");
  await wait_until(async () => (await focused()) === "Edit 101", async () => `the focus is at ${await focused()}`);
  await server.add_users("150");
  await page.getByRole("button", { name: "Delete 150" }).click();
  await dialog().getByRole("button", { name: "Delete", exact: true }).click();
  await row("150").waitFor({ state: "detached" });
  await wait_until(async () => (await focused()) === "Users", "the focus is nowhere");
});

await test("who looks at what another deletes is told, with the way back", async () => {
  await server.add_users("151");
  await go(page, server, "users/151");
  await change("DELETE", "/users/151");
  await page.getByText("There is no such user any more").waitFor({ timeout: kSoon });
  await page.getByRole("main").getByRole("link", { name: "Users" }).click();
  await row("100").waitFor();
});

await test("a view that is left while it loads asks for nothing afterwards", async () => {
  await go(page, server, "system");
  let held = null;
  await page.route("**/api/v1/blocks*", async (route) => { if (!held) { held = route; return; } await route.continue(); });
  await page.evaluate(() => { location.hash = "#/overview"; });
  await wait_until(() => held, "the overview asks for nothing");
  await go(page, server, "backup");
  const asked = [];
  page.on("request", (one) => asked.push(new URL(one.url()).pathname));
  await held.continue();
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 500)));
  await server.add_users("152");
  await page.locator(".side").waitFor();
  await change("PUT", "/users/152?mode=change", { display_name: "Seen by nobody" });
  await page.waitForTimeout(2500);
  await page.unroute("**/api/v1/blocks*");
  assert.deepEqual(asked.filter((path) => !/calls|blocks|events/.test(path)), []);
});

await test("settings that are not saved yet outlive a look elsewhere", async () => {
  await go(page, server, "settings/registrar");
  await page.getByLabel("Longest registration").fill("4000");
  await page.locator(".savebar", { hasText: "1" }).waitFor();
  await go(page, server, "users");
  await go(page, server, "settings/security");
  await page.locator(".savebar").getByRole("button", { name: "Save" }).waitFor();
  await go(page, server, "settings/registrar");
  assert.equal(await page.getByLabel("Longest registration").inputValue(), "4000");
  await page.locator(".savebar").getByRole("button", { name: "Save" }).click();
  await page.locator(".savebar").waitFor({ state: "detached" });
  assert.match(fs.readFileSync(server.config, "utf8"), /max_expires = 4000/);
});

await test("a message that is read stays while others come", async () => {
  await start_phone(server, "100");
  await go(page, server, "trace");
  const register = page.locator('.ladder .arrow[data-title="REGISTER"]').first();
  await register.focus();
  await page.keyboard.press("Enter");
  const text = await page.locator("pre.message").innerText();
  const before = await page.locator(".ladder .arrow").count();
  await start_phone(server, "101");
  await wait_until(async () => (await page.locator(".ladder .arrow").count()) > before, "the ladder does not grow");
  assert.equal(await page.locator("pre.message").innerText(), text);
  assert.equal(await page.evaluate(() => document.activeElement.dataset.title), "REGISTER");
});

await test("a name that nobody has is shown, and made a user's by a click", async () => {
  new Phone(server, "177");
  await wait_until(async () => (await server.ask("/unknown")).unknown.some((one) => one.name === "177"), "the phone does not ask");
  await go(page, server, "overview");
  const { users_on_line, users } = (await server.ask("/status")).status;
  assert.equal(await page.locator("a.tile", { hasText: "Users on line" }).locator(".value").textContent(), `${users_on_line} / ${users}`);
  await page.locator("li", { hasText: "wants to sign in as 177" }).getByRole("link", { name: "Look" }).click();
  await row("177").getByRole("button", { name: "Add user 177" }).click();
  assert.equal(await dialog().getByLabel("Number or name").inputValue(), "177");
  await dialog().getByRole("button", { name: "Add user" }).click();
  await page.getByRole("heading", { name: "177 is ready" }).waitFor();
  await dialog().getByRole("button", { name: "Done" }).click();
  await page.getByRole("heading", { name: "Nobody found" }).waitFor();
  await page.getByRole("button", { name: "All", exact: true }).click();
  await row("177").waitFor();
});

await test("the pages reported no fault", no_faults);
await close();
