// What goes wrong while somebody makes, changes or deletes something: the device is gone, the session has ended, another
// administrator was faster, the account may only look.
import fs from "node:fs";
import { Server, assert, at_end, close, dialog_of, faults, go, kPassword, kPatience, open_page, set_up, sign_in, start_phone, test, wait_until } from "./support.mjs";

const server = new Server();
server.config = `${server.data}/tipring.toml`;
fs.writeFileSync(server.config, "");
at_end(() => server.remove());
await server.start();
await server.add_users("100", "101", "102");
await server.ctl("group", "add", "600", "members=100,101");
const page = await open_page();
await set_up(page, server);
const anna = await start_phone(server, "100");
const bert = await start_phone(server, "101", ["--answer"]);
anna.say("call 101");
await anna.wait("answered");

const dialog = () => dialog_of(page);
// Anew, also where the page is there already: what others change it may learn half a minute later.
const open = async (view, name) => { if (page.url().endsWith(`#/${view}`)) await page.reload(); await go(page, server, view); await page.getByRole("button", { name, exact: true }).first().click(); };
const no_dialog = () => wait_until(async () => (await page.locator("dialog").count()) === 0, "a dialog stays open");
const press = (name) => () => dialog().getByRole("button", { name, exact: true }).click();
const fill = (label, value) => dialog().getByLabel(label, { exact: true }).first().fill(value);

// A move that could not be stored is taken back first.
const second_member = (name) => page.getByRole("button", { name: /^Move / }).nth(1).and(page.getByRole("button", { name: `Move ${name}`, exact: true })).waitFor();

// Each leads to what is sent, and sends it. The others are sent without a dialog.
const kInDialogs = {
  "a user is added": async () => { await open("users", "Add user"); await fill("Number or name", "110"); return press("Add user"); },
  "a user is changed": async () => { await open("users", "Edit 101"); await fill("Display name", "Berta"); return press("Save"); },
  "a password is set": async () => { await open("users/101", "New password"); return press("Set password"); },
  "a user is renamed": async () => { await open("users/102", "Rename"); await fill("New number or name", "112"); return press("Rename"); },
  "a user is deleted": async () => { await open("users", "Delete 102"); return press("Delete"); },
  "a phone is removed": async () => { await open("users/100", "Remove this phone"); return press("Remove this phone"); },
  "users are imported": async () => { await open("users", "Import"); await fill("Lines", "120,secret-120"); return press("Import"); },
  "a group is added": async () => { await open("groups", "Add hunt group"); await fill("Extension", "610"); return press("Add hunt group"); },
  "a group is changed": async () => { await open("groups/600", "Edit"); await fill("Display name", "Sales"); return press("Save"); },
  "a group gets another extension": async () => { await open("groups/600", "Change extension"); await fill("New extension", "601"); return press("Change extension"); },
  "a group is deleted": async () => { await open("groups/600", "Delete 600"); return press("Delete"); },
  "groups are imported": async () => { await open("groups", "Import"); await fill("Lines", "name\n620\n"); return press("Import"); },
  "a member is added": async () => { await open("groups/600", "Add member"); await fill("User or group", "102"); return press("Add member"); },
  "a member is changed": async () => { await open("groups/600", "Edit 101"); await fill("Begins to ring after", "5"); return press("Save"); },
  "a call is ended": async () => { await open("calls", "End call"); return press("End call"); },
  "an administrator is added": async () => { await open("system/access", "Add administrator"); await fill("Name", "eve"); await fill("New password", kPassword); return press("Add administrator"); },
  "an administrator is changed": async () => { await open("system/access", "Edit guest"); await dialog().getByLabel("Role").selectOption("administrator"); return press("Save"); },
  "an administrator is deleted": async () => { await open("system/access", "Delete guest"); return press("Delete"); },
  "the own password is changed": async () => { await open("system/access", "My password"); await fill("Present password", kPassword); await fill("New password", `${kPassword} 2`); await fill("Password again", `${kPassword} 2`); return press("Set password"); },
  "a token is made": async () => { await open("system/access", "Make token"); await fill("Name", "tool"); return press("Make token"); },
  "the server is restarted": async () => { await open("system", "Restart"); return press("Restart"); },
};
const kAtOnce = {
  "a group is switched off": async () => { await go(page, server, "groups/600"); return () => page.getByRole("button", { name: "Switch off" }).click(); },
  "a group is switched off in the list": async () => { await go(page, server, "groups"); return () => page.getByRole("switch", { name: "600 takes calls" }).click(); },
  "a member is switched off": async () => { await go(page, server, "groups/600"); return () => page.getByRole("switch", { name: "101 takes calls" }).click(); },
  "a member is removed": async () => { await go(page, server, "groups/600"); return () => page.getByRole("button", { name: "Remove 101" }).click(); },
  "a member is moved": async () => { await go(page, server, "groups/600"); await second_member("101"); await page.getByRole("button", { name: "Move 101", exact: true }).focus(); return () => page.keyboard.press("ArrowUp"); },
  "a backup is saved": async () => { await go(page, server, "backup"); return () => page.getByRole("button", { name: "Save a backup" }).click(); },
  "a setting is saved": async () => { await go(page, server, "settings/registrar"); await page.getByLabel("Longest registration").fill("5000"); return () => page.locator(".savebar").getByRole("button", { name: "Save" }).click(); },
};

// All that an action could have changed.
const stands = async () => JSON.stringify([
  (await server.ask("/users")).users.map((row) => [row.name, row.revision]), (await server.ask("/groups")).groups.map((row) => [row.name, row.revision]),
  (await server.ask("/groups/600/members")).members.map((row) => [row.name, row.revision]), (await server.ask("/admins")).admins, (await server.ask("/tokens")).tokens,
  (await server.ask("/registrations")).registrations.length, (await server.ask("/calls")).calls.length, (await server.ask("/config")).config.values,
]);

await server.ctl("user", "list");
const seen = page.context();
const cookies = (await seen.storageState()).cookies;
await page.evaluate(async (password) => {
  const { session } = await (await fetch("/api/v1/session")).json();
  await fetch("/api/v1/admins/guest?mode=create", { method: "PUT", headers: { "Content-Type": "application/json", "X-Tipring-CSRF": session.csrf }, body: JSON.stringify({ role: "viewer", password }) });
}, kPassword);
const before = await stands();

for (const [name, prepare] of [...Object.entries(kInDialogs), ...Object.entries(kAtOnce)]) {
  const in_dialog = name in kInDialogs;
  await test(`${name} while the device cannot be reached, and with a session that has ended`, async () => {
    const send = await prepare();
    await seen.setOffline(true);
    try {
      await send();
      await (in_dialog ? dialog() : page.locator(".toast")).getByText("The device does not answer. Check that").first().waitFor();
    } finally { await seen.setOffline(false); }
    if (in_dialog) await dialog().getByRole("button", { name: "Close" }).first().click();
    const again = await prepare();
    page.setDefaultTimeout(2000);
    try {
      await seen.clearCookies();
      // What the page asks for by itself may find out before the click is made.
      await again().catch(() => {});
    } finally {
      page.setDefaultTimeout(kPatience);
    }
    try {
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      await page.getByText("You have been signed out. Sign in again to go on.").first().waitFor();
    } finally {
      await seen.addCookies(cookies);
      await page.reload();
      await page.locator("main h1").waitFor();
    }
    assert.equal(await stands(), before);
  });
}

await test("what is being typed outlives the session: whoever signs in again goes on", async () => {
  const send = await kInDialogs["a user is changed"]();
  await fill("Display name", "Bertram");
  await seen.clearCookies();
  await send();
  await dialog().getByRole("heading", { name: "Sign in" }).waitFor();
  await page.keyboard.press("Escape");
  await dialog().getByLabel("Password", { exact: true }).fill("not this one");
  await dialog().getByRole("button", { name: "Sign in" }).click();
  await dialog().getByText("The name or the password is wrong").waitFor();
  assert.equal(JSON.parse(await server.ctl("--json", "user", "show", "101")).display_name, "");
  await dialog().getByLabel("Password", { exact: true }).fill(kPassword);
  await dialog().getByRole("button", { name: "Sign in" }).click();
  await no_dialog();
  assert.equal(JSON.parse(await server.ctl("--json", "user", "show", "101")).display_name, "Bertram");
  await page.locator("tbody tr", { hasText: "Bertram" }).waitFor();
});

await test("a session that another tab has begun is taken over without a question", async () => {
  const send = await kInDialogs["a user is changed"]();
  await fill("Display name", "Bert");
  const second = await seen.newPage();
  await second.goto(server.url);
  assert.equal(await second.evaluate(async (password) => (await fetch("/api/v1/session", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ name: "admin", password }) })).status, kPassword), 200);
  await send();
  await no_dialog();
  assert.equal(JSON.parse(await server.ctl("--json", "user", "show", "101")).display_name, "Bert");
  await second.close();
});

await test("who signs in as somebody else begins from the start, and sends nothing of what stood there", async () => {
  const send = await kInDialogs["a user is changed"]();
  await fill("Display name", "Mallory");
  await seen.clearCookies();
  await send();
  await dialog().getByLabel("Name", { exact: true }).fill("guest");
  await dialog().getByLabel("Password", { exact: true }).fill(kPassword);
  await dialog().getByRole("button", { name: "Sign in" }).click();
  await no_dialog();
  await page.locator(".side", { hasText: "guest" }).waitFor();
  await page.getByRole("heading", { name: "Users" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Edit 101" }).count(), 0);
  assert.equal(JSON.parse(await server.ctl("--json", "user", "show", "101")).display_name, "Bert");
  await page.getByRole("button", { name: "Sign out" }).first().click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await sign_in(page, server);
  await page.getByRole("button", { name: "Sign out" }).first().waitFor();
});

await test("what could not be sent is sent by a second click", async () => {
  const send = await kInDialogs["a user is changed"]();
  await seen.setOffline(true);
  await send();
  await dialog().getByText("The device does not answer. Check that").waitFor();
  await seen.setOffline(false);
  await send();
  await dialog().waitFor({ state: "detached" });
  assert.equal(JSON.parse(await server.ctl("--json", "user", "show", "101")).display_name, "Berta");
});

await test("what another has removed meanwhile is told at each change of it", async () => {
  const gone = async (name, remove, text) => {
    const send = await kInDialogs[name]();
    await remove();
    await send();
    await dialog().getByText(text).first().waitFor();
    await page.keyboard.press("Escape");
    await dialog().waitFor({ state: "detached" });
  };
  await gone("a user is renamed", () => server.ctl("user", "delete", "102"), "There is no such user any more");
  await server.add_users("102");
  await gone("a user is deleted", () => server.ctl("user", "delete", "102"), "There is no such user any more");
  await server.add_users("102");
  await gone("a member is changed", () => server.ctl("group", "member", "remove", "600", "101"), "Somebody else has changed this");
  await server.ctl("group", "member", "add", "600", "101");
  for (const name of ["a group is changed", "a group gets another extension", "a member is added", "a group is deleted"]) {
    await gone(name, () => server.ctl("group", "delete", "600"), /no such hunt group any more|Somebody else has changed/);
    await server.ctl("group", "add", "600", "members=100,101");
  }
});

await test("two administrators do not overwrite each other's group and member", async () => {
  let send = await kInDialogs["a group is changed"]();
  await server.ctl("group", "set", "600", "display_name=Theirs");
  await send();
  await dialog().getByText("Somebody else has changed this").waitFor();
  await dialog().getByRole("button", { name: "Load as it is now" }).click();
  await wait_until(async () => (await dialog().getByLabel("Display name").inputValue()) === "Theirs", "the other's change is not loaded");
  await page.keyboard.press("Escape");
  send = await kInDialogs["a member is changed"]();
  await server.ctl("group", "member", "set", "600", "101", "ring=7");
  await send();
  await dialog().getByText("Somebody else has changed this").waitFor();
  assert.equal(JSON.parse(await server.ctl("--json", "group", "show", "600")).members[1].delay_s, 0);
  await dialog().getByRole("button", { name: "Load as it is now" }).click();
  await wait_until(async () => (await dialog().getByLabel("Rings for").inputValue()) === "7", "the other's change is not loaded");
  await fill("Begins to ring after", "5");
  await press("Save")();
  await dialog().waitFor({ state: "detached" });
  const { delay_s, ring_s } = JSON.parse(await server.ctl("--json", "group", "show", "600")).members[1];
  assert.deepEqual([delay_s, ring_s], [5, 7]);
});

await test("what is taken, or cannot be, is refused where it was entered", async () => {
  const refused = async (prepare, edit, text) => {
    const send = await prepare();
    await edit();
    await send();
    await dialog().getByText(text).first().waitFor();
    await page.keyboard.press("Escape");
    await dialog().waitFor({ state: "detached" });
  };
  const at = (name) => kInDialogs[name];
  await refused(at("a user is added"), () => fill("Number or name", "600"), "A hunt group has that extension");
  await refused(at("a user is added"), () => fill("Number or name", "a:b"), "Choose another name");
  await refused(at("a user is changed"), () => fill("Other numbers", "100"), "That is somebody's name");
  await refused(at("a user is changed"), () => fill("Other numbers", "a:b"), /Each number or name has at most 64/);
  await refused(at("a user is renamed"), () => fill("New number or name", "600"), /A hunt group has that|already/);
  await refused(at("a group is added"), () => fill("Extension", "600"), "There is one of that name already");
  await refused(at("a group is added"), () => fill("Rings for", "0"), "Must be from 1 to 3600");
  await refused(at("a member is added"), () => fill("User or group", "100"), "There is one of that name already");
  await refused(at("a member is added"), () => fill("User or group", "600"), "Calls to the group would come back to it: 600 > 600");
  await refused(at("an administrator is added"), () => fill("Name", "guest"), "There is one of that name already");
  await refused(at("an administrator is added"), () => fill("New password", "short"), /10/);
});

await test("a viewer is offered nothing that changes anything", async () => {
  const viewer = await open_page();
  await sign_in(viewer, server, kPassword, "guest");
  await viewer.getByRole("heading", { name: "Overview" }).waitFor();
  const kHarmless = /^(Details|Export|Save as CSV|Copy.*|Sign out|All|On line|Off line|Problems|Unknown|Warnings|Errors|About|Log|Appearance.*|Show .* more)$/;
  for (const view of ["overview", "users", "users?add", "users/100", "groups", "groups?add", "groups/600", "calls", "records", "blocks", "backup", "settings/registrar", "system", "system/log", "system/access", "system/audit"]) {
    await go(viewer, server, view);
    const offered = await viewer.locator("main button, main input:not([type=search]), main a.button").evaluateAll((all) =>
      all.filter((one) => !one.disabled && one.checkVisibility()).map((one) => one.getAttribute("aria-label") ?? one.textContent));
    assert.deepEqual(offered.filter((name) => !kHarmless.test(name) && !/[↑↓]|^(Number or name|Status|Last seen|State|Extension|Members|Answered|Pool|In use|Peak|Refused|Size)$/.test(name)), [], view);
    assert.equal(await dialog_of(viewer).count(), 0, view);
  }
  await viewer.close();
});

await test("who is made a viewer in the middle of a change is told so, or asked who is there", async () => {
  await page.evaluate(async (password) => {
    const { session } = await (await fetch("/api/v1/session")).json();
    await fetch("/api/v1/admins/second?mode=create", { method: "PUT", headers: { "Content-Type": "application/json", "X-Tipring-CSRF": session.csrf }, body: JSON.stringify({ role: "administrator", password }) });
  }, kPassword);
  const other = await open_page();
  await sign_in(other, server, kPassword, "second");
  await other.getByRole("heading", { name: "Overview" }).waitFor();
  await go(other, server, "users");
  await other.getByRole("button", { name: "Edit 101" }).click();
  await dialog_of(other).getByLabel("Display name").fill("Mallory");
  await page.evaluate(async () => {
    const { session } = await (await fetch("/api/v1/session")).json();
    await fetch("/api/v1/admins/second?mode=change", { method: "PUT", headers: { "Content-Type": "application/json", "X-Tipring-CSRF": session.csrf }, body: JSON.stringify({ role: "viewer" }) });
  });
  await dialog_of(other).getByRole("button", { name: "Save" }).click({ timeout: 3000 }).catch(() => {});
  await other.getByText(/You have been signed out|may look at this but not change it/).first().waitFor();
  assert.equal(JSON.parse(await server.ctl("--json", "user", "show", "101")).display_name, "Berta");
  await other.close();
});

await test("the pages reported no fault", () => {
  // What was asked for while there was no network is told by the browser.
  assert.deepEqual(faults.filter((fault) => !/ERR_INTERNET_DISCONNECTED|ERR_NETWORK/.test(fault)), []);
});
await close();
