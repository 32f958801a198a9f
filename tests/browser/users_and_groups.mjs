// Users and hunt groups as an administrator makes, changes and deletes them on the page.
import fs from "node:fs";
import { announced, assert, close, dialog_of, go, no_faults, open_page, require, set_up, start_phone, start_server, test, wait_until } from "./support.mjs";

const server = await start_server();
const page = await open_page();
await set_up(page, server);

const dialog = () => dialog_of(page);
const row = (name) => page.locator("tbody tr", { has: page.getByRole("link", { name, exact: true }) });
const told = (text) => page.locator(".toast", { hasText: text }).first().waitFor();

async function add_user(name, display) {
  await go(page, server, "users");
  await page.getByRole("button", { name: "Add user" }).first().click();
  await dialog().getByLabel("Number or name").fill(name);
  if (display) await dialog().getByLabel("Display name").fill(display);
  const password = await dialog().getByLabel("Password", { exact: true }).inputValue();
  await dialog().getByRole("button", { name: "Add user" }).click();
  return password;
}

await test("a new exchange says how to begin", async () => {
  await go(page, server, "overview");
  await page.getByRole("link", { name: "Add user" }).waitFor();
  await go(page, server, "users");
  await page.getByRole("heading", { name: "No users yet" }).waitFor();
});

let password = "";
await test("a user is added, and what the phone needs is shown once, as text and as a QR code", async () => {
  password = await add_user("100", "Reception");
  assert.match(password, /^[a-z2-9]{16}$/);
  await page.getByRole("heading", { name: "100 is ready" }).waitFor();
  const text = await dialog().innerText();
  for (const part of ["100", password, "127.0.0.1", String(server.sip), "UDP"]) assert.ok(text.includes(part), text);
  const cells = await dialog().locator("svg.qr").evaluate((picture) => {
    const size = Number(picture.getAttribute("viewBox").split(" ")[2]);
    const dark = [...picture.querySelector("path").getAttribute("d").matchAll(/M(\d+) (\d+)h/g)].map((at) => [Number(at[1]), Number(at[2])]);
    return { size, dark };
  });
  const scale = 4;
  const side = (cells.size + 8) * scale;
  const pixels = new Uint8ClampedArray(side * side * 4).fill(255);
  for (const [x, y] of cells.dark) for (let i = 0; i < scale; ++i) for (let j = 0; j < scale; ++j) {
    pixels.fill(0, (((y + 4) * scale + j) * side + (x + 4) * scale + i) * 4, (((y + 4) * scale + j) * side + (x + 4) * scale + i) * 4 + 3);
  }
  const read = require("jsqr")(pixels, side, side);
  assert.ok(read?.data.includes(password) && read.data.includes("User: 100"), read?.data);
});

await test("what is told while a dialog is open reaches screen readers and the mouse, and outlives the dialog", async () => {
  const copied = page.locator(".toast", { hasText: "Copied" });
  const copy = () => dialog().getByRole("button", { name: /^Copy/ }).first().click();
  await copy();
  await wait_until(async () => (await announced(page)).includes("Copied"), "a screen reader is not told that it was copied");
  await copied.getByRole("button", { name: "Close" }).click();
  await copied.waitFor({ state: "detached" });
  await copy();
  await dialog().getByRole("button", { name: "Done" }).click();
  await dialog().waitFor({ state: "detached" });
  await copied.waitFor();
  await wait_until(async () => (await announced(page)).includes("Copied"), "a screen reader is not told any more");
  await row("100").getByText("Off line").waitFor();
});

await test("the phone registers with it, and the page shows so by itself", async () => {
  await start_phone(server, "100", [], password);
  await row("100").getByText("On line").waitFor();
  await row("100").getByText("tipring").waitFor();
});

await test("a name that is taken, missing or wrong is refused at its field", async () => {
  await add_user("100");
  await dialog().getByText(/There is one of that name already/).waitFor();
  await dialog().getByLabel("Number or name").fill("");
  await dialog().getByRole("button", { name: "Add user" }).click();
  await dialog().getByText("Please fill this in.").waitFor();
  assert.equal(await dialog().getByLabel("Number or name").getAttribute("aria-invalid"), "true");
  await dialog().getByLabel("Number or name").fill("a:b");
  await dialog().getByRole("button", { name: "Add user" }).click();
  await dialog().getByText(/may hold|may not hold|without|no "@"/).first().waitFor();
  await page.keyboard.press("Escape");
  await dialog().waitFor({ state: "detached" });
});

await test("markup in a display name is shown as the text that it is", async () => {
  await add_user("101", "<img src=x onerror=alert(1)><b>Eve</b>");
  await dialog().getByRole("button", { name: "Done" }).click();
  await row("101").getByText("<img src=x onerror=alert(1)><b>Eve</b>").waitFor();
  assert.equal(await page.locator("main img, main tbody b").count(), 0);
  await page.getByRole("link", { name: "101", exact: true }).click();
  await page.getByRole("heading", { name: "<img src=x onerror=alert(1)><b>Eve</b>" }).waitFor();
});

await test("a user is searched for by name, number and state", async () => {
  await go(page, server, "users");
  await page.getByRole("searchbox").fill("recep");
  await row("101").waitFor({ state: "detached" });
  assert.equal(await row("100").count(), 1);
  await page.getByRole("searchbox").fill("nobody of that name");
  await page.getByRole("heading", { name: "Nobody found" }).waitFor();
  await page.getByRole("searchbox").fill("");
  await page.getByRole("button", { name: "Off line" }).click();
  await row("100").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "All", exact: true }).click();
  await row("100").waitFor();
});

await test("a user is edited, also to call without session timers", async () => {
  await page.getByRole("button", { name: "Edit 101" }).click();
  await dialog().getByLabel("Display name").fill("Eve Müller");
  await dialog().getByLabel("Other numbers").fill("200, 201");
  await dialog().getByRole("switch", { name: "May call without session timers" }).check();
  await dialog().getByRole("button", { name: "Save" }).click();
  await told("Saved");
  await row("101").getByText("Eve Müller").waitFor();
  const user = JSON.parse(await server.ctl("--json", "user", "show", "101"));
  assert.deepEqual([user.aliases, user.session_timer], [["200", "201"], "exempt"]);
});

await test("an alias that somebody has is refused in words", async () => {
  await page.getByRole("button", { name: "Edit 101" }).click();
  await dialog().getByLabel("Other numbers").fill("100");
  await dialog().getByRole("button", { name: "Save" }).click();
  await dialog().getByText(/somebody's name, login or alias/).waitFor();
  await dialog().getByRole("button", { name: "Cancel" }).click();
});

await test("two administrators do not overwrite each other unless they say so", async () => {
  await page.getByRole("button", { name: "Edit 101" }).click();
  await dialog().getByLabel("Display name").fill("Mine");
  await server.ctl("user", "set", "101", "display_name=Theirs");
  await dialog().getByRole("button", { name: "Save" }).click();
  await dialog().getByText(/Somebody else has changed this/).waitFor();
  await dialog().getByRole("button", { name: "Load as it is now" }).click();
  await wait_until(async () => (await dialog().getByLabel("Display name").inputValue()) === "Theirs", "the other's change is not loaded");
  await dialog().getByLabel("Display name").fill("Mine");
  await server.ctl("user", "set", "101", "display_name=Theirs again");
  await dialog().getByRole("button", { name: "Save" }).click();
  await dialog().getByRole("button", { name: "Overwrite with mine" }).click();
  await dialog().waitFor({ state: "detached" });
  assert.equal(JSON.parse(await server.ctl("--json", "user", "show", "101")).display_name, "Mine");
});

await test("a password is renewed, and a user renamed", async () => {
  await go(page, server, "users/101");
  await page.getByRole("button", { name: "New password" }).click();
  const fresh = await dialog().getByLabel("Password", { exact: true }).inputValue();
  await dialog().getByRole("button", { name: "Set password" }).click();
  await page.getByRole("heading", { name: "New password for 101" }).waitFor();
  assert.ok((await dialog().innerText()).includes(fresh));
  await dialog().getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "Rename" }).click();
  await dialog().getByLabel("New number or name").fill("100");
  await dialog().getByRole("button", { name: "Rename" }).click();
  await dialog().getByText(/already/).waitFor();
  await dialog().getByLabel("New number or name").fill("102");
  await dialog().getByRole("button", { name: "Rename" }).click();
  await dialog().getByRole("button", { name: "Done" }).click();
  await page.getByText("102", { exact: true }).first().waitFor();
});

await test("a phone is unregistered, and a user deleted", async () => {
  await go(page, server, "users/100");
  await page.getByRole("button", { name: "Remove this phone" }).click();
  await dialog().getByRole("button", { name: "Remove this phone" }).click();
  await page.getByRole("heading", { name: "No phone is registered" }).waitFor();
  await go(page, server, "users");
  await page.getByRole("button", { name: "Delete 102" }).click();
  await dialog().getByRole("button", { name: "Cancel" }).click();
  assert.equal(await row("102").count(), 1);
  await page.getByRole("button", { name: "Delete 102" }).click();
  await dialog().getByRole("button", { name: "Delete", exact: true }).click();
  await row("102").waitFor({ state: "detached" });
});

await test("users are imported, and a wrong line is named", async () => {
  await page.getByRole("button", { name: "Import" }).click();
  await dialog().getByLabel("Lines").fill("201,secret-201\n202 without a comma\n");
  await dialog().getByRole("button", { name: "Import" }).click();
  await dialog().getByText(/line 2|2:/).first().waitFor();
  await dialog().getByLabel("Lines").fill("201,secret-201\n202,secret-202\n203,secret-203\n");
  await dialog().getByRole("button", { name: "Import" }).click();
  await told("3 added");
  await row("203").waitFor();
});

const member = (name) => page.locator(`li[data-member="${name}"]`);
const members = () => page.locator("li[data-member]").evaluateAll((items) => items.map((item) => item.dataset.member));
const order_of = async () => JSON.parse(await server.ctl("--json", "group", "show", "600")).members.map((one) => one.name);

await test("a hunt group is made with its members", async () => {
  await go(page, server, "groups");
  await page.getByRole("heading", { name: "No hunt groups yet" }).waitFor();
  await page.getByRole("button", { name: "Add hunt group" }).first().click();
  await dialog().getByLabel("Extension", { exact: true }).first().fill("600");
  await dialog().getByLabel("Display name").fill("Sales");
  await dialog().getByLabel("Members").fill("201, 202, 203, ghost");
  await dialog().getByLabel("Who rings").selectOption("sequential");
  await dialog().getByLabel("When nobody answers").selectOption("extension");
  await dialog().getByRole("button", { name: "Add hunt group" }).click();
  await dialog().getByText("Please fill this in.").waitFor();
  await dialog().locator("input[name=no_answer_to]").fill("100");
  await dialog().getByRole("button", { name: "Add hunt group" }).click();
  await page.getByRole("heading", { name: "Sales" }).waitFor();
  assert.deepEqual(await members(), ["201", "202", "203", "ghost"]);
  await member("ghost").getByText("Does not exist").waitFor();
  await member("201").getByText("Off line").waitFor();
  await page.getByText(/No member of this group can ring now/).waitFor();
});

await test("a number that is taken is refused", async () => {
  await go(page, server, "groups");
  await page.getByRole("button", { name: "Add hunt group" }).first().click();
  await dialog().getByLabel("Extension", { exact: true }).first().fill("201");
  await dialog().getByRole("button", { name: "Add hunt group" }).click();
  await dialog().getByText(/already/).waitFor();
  await dialog().getByRole("button", { name: "Cancel" }).click();
});

await test("members are put in another order by the keyboard", async () => {
  await go(page, server, "groups/600");
  const focused = () => page.evaluate(() => document.activeElement.getAttribute("aria-label"));
  for (let i = 0; i < 30 && (await focused()) !== "Move 203"; ++i) await page.keyboard.press("Tab");
  assert.equal(await focused(), "Move 203");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.getByRole("status").getByText("203: place 1 of 4").waitFor({ state: "attached" });
  await wait_until(async () => (await order_of()).join() === "203,201,202,ghost", "the order is not stored");
  assert.deepEqual(await members(), ["203", "201", "202", "ghost"]);
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Move 203");
});

await test("members are put in another order by dragging", async () => {
  const from = await wait_until(() => page.getByRole("button", { name: "Move ghost", exact: true }).boundingBox(), "there is nothing to drag");
  const to = await wait_until(() => member("203").boundingBox(), "there is nothing to drop at");
  await page.mouse.move(from.x + 10, from.y + 10);
  await page.mouse.down();
  await page.mouse.move(to.x + 20, to.y + 30, { steps: 4 });
  await page.mouse.move(to.x + 20, to.y + 4, { steps: 4 });
  await page.mouse.up();
  await wait_until(async () => (await order_of()).join() === "ghost,203,201,202", "the order is not stored");
});

await test("members are switched off, changed, removed and added", async () => {
  await member("201").getByRole("switch").uncheck();
  await page.getByRole("button", { name: "Remove ghost" }).click();
  await member("ghost").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Edit 202" }).click();
  await dialog().getByLabel("Begins to ring after").fill("4000");
  await dialog().getByRole("button", { name: "Save" }).click();
  await dialog().getByText("Must be from 0 to 3600.").waitFor();
  await dialog().getByLabel("Begins to ring after").fill("5");
  await dialog().getByRole("button", { name: "Save" }).click();
  await member("202").getByText("after 5 seconds").waitFor();
  await page.getByRole("button", { name: "Add member" }).click();
  await dialog().getByLabel("User or group").fill("100");
  await dialog().getByRole("button", { name: "Add member" }).click();
  await member("100").waitFor();
  const stored = JSON.parse(await server.ctl("--json", "group", "show", "600")).members.map((one) => [one.name, one.enabled, one.delay_s]);
  assert.deepEqual(stored, [["203", true, 0], ["201", false, 0], ["202", true, 5], ["100", true, 0]]);
});

await test("a loop of groups is refused and named", async () => {
  await server.ctl("group", "add", "610", "members=600");
  await page.getByRole("button", { name: "Add member" }).click();
  await dialog().getByLabel("User or group").fill("610");
  await dialog().getByRole("button", { name: "Add member" }).click();
  await dialog().getByText(/600/).first().waitFor();
  assert.match(await dialog().innerText(), /loop|come back|610 > 600|600 > 610/);
  await dialog().getByRole("button", { name: "Cancel" }).click();
});

await test("a group gets another extension, unless that is somebody's", async () => {
  await page.getByRole("button", { name: "Change extension" }).click();
  await dialog().getByLabel("New extension").fill("201");
  await dialog().getByRole("button", { name: "Change extension" }).click();
  await dialog().getByText(/already/).waitFor();
  await dialog().getByLabel("New extension").fill("640");
  await dialog().getByRole("button", { name: "Change extension" }).click();
  await page.locator('main[data-hash="#/groups/640"]').waitFor();
  assert.equal(JSON.parse(await server.ctl("--json", "group", "show", "610")).members[0].name, "640");
  await page.getByRole("button", { name: "Change extension" }).click();
  await dialog().getByLabel("New extension").fill("600");
  await dialog().getByRole("button", { name: "Change extension" }).click();
  await page.locator('main[data-hash="#/groups/600"]').waitFor();
});

await test("groups are exported as the tool does, and imported with wrong lines told one by one", async () => {
  await go(page, server, "groups");
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export" }).click();
  const text = fs.readFileSync(await (await saving).path(), "utf8");
  assert.equal(text, await server.ctl("group", "export"));
  await page.getByRole("button", { name: "Import" }).click();
  const send = () => dialog().getByRole("button", { name: "Import" }).click();
  await dialog().getByLabel("Lines").fill("name,strategy\n650,all\n651,loud\n652,soft\n");
  await send();
  await dialog().getByRole("listitem").filter({ hasText: "Line 4:" }).waitFor();
  await dialog().getByRole("button", { name: "Line 3:" }).click();
  assert.equal(await page.evaluate(() => { const { value, selectionStart, selectionEnd } = document.activeElement; return value.slice(selectionStart, selectionEnd); }), "651,loud");
  await dialog().getByLabel("Lines").fill("name\n650\n203\n");
  await send();
  await dialog().getByRole("listitem").filter({ hasText: "Line 3:" }).getByText(/203/).waitFor();
  assert.equal(await server.ctl("group", "export"), text);
  await dialog().locator("input[type=file]").setInputFiles({ name: "groups.csv", mimeType: "text/csv", buffer: Buffer.from(`${text}650,"All, of us",all,60,20,,,yes,"201,202"\n`) });
  await send();
  await told("1 added, 2 changed");
  await row("650").getByText("All, of us").waitFor();
  await go(page, server, "groups/600");
});

await test("a group is switched off and on, changed and deleted", async () => {
  await page.getByRole("button", { name: "Switch off" }).click();
  await page.getByText(/This group is switched off/).waitFor();
  await page.getByRole("button", { name: "Switch on" }).click();
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await dialog().getByLabel("Who rings").selectOption("all");
  await dialog().getByLabel("When nobody answers").selectOption("busy");
  await dialog().getByRole("button", { name: "Save" }).click();
  await told("Saved");
  await page.getByText("the caller hears busy").waitFor();
  await page.getByRole("button", { name: "Delete 600" }).click();
  await dialog().getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("heading", { name: "Hunt groups" }).waitFor();
  assert.equal(await row("600").count(), 0);
});

await test("what the server finds wrong is told in the reader's language", async () => {
  const german = await open_page({ locale: "de" });
  await german.context().addCookies((await page.context().storageState()).cookies);
  await go(german, server, "users");
  await german.getByRole("button", { name: "Importieren" }).click();
  const window = dialog_of(german);
  await window.getByLabel("Zeilen").fill(`name,password,aliases,display_name\n901,x,"a:b",\n902,x,,${"x".repeat(200)}\na@b c,x,,\n901,x,,\n903,x,,,,\n`);
  await window.getByRole("button", { name: "Importieren" }).click();
  const lines = window.getByRole("listitem");
  await lines.first().waitFor();
  const told = (await lines.allTextContents()).join("\n");
  for (const text of ["aliases: Namen wie 200 oder empfang", "display_name: höchstens 128 Byte.", "Eine Domain besteht aus", "Hier stehen mehr Werte"]) assert.ok(told.includes(text), told);
  assert.doesNotMatch(told, /\b(may|must|are|there|already|have)\b/);
  await german.keyboard.press("Escape");
  await go(german, server, "groups");
  await german.getByRole("button", { name: "Importieren" }).click();
  await window.getByLabel("Zeilen").fill("name,strategy\n650,loud\n");
  await window.getByRole("button", { name: "Importieren" }).click();
  await window.getByText("strategy: all, sequential, round_robin, longest_idle oder random.").waitFor();
  await german.close();
});

await test("no fault is translated that the server does not tell", () => {
  const root = new URL("../../", import.meta.url);
  const sources = ["src/admin", "src/admin/access", "src/app"].flatMap((folder) => fs.readdirSync(new URL(folder, root)).filter((name) => name.endsWith(".cpp")).map((name) => fs.readFileSync(new URL(`${folder}/${name}`, root), "utf8")));
  const said = sources.join("\n").replace(/"(\s+|\s*\+\s*)"/g, "").replaceAll('\\"', '"');
  const faults = Object.keys(JSON.parse(fs.readFileSync(new URL("web/assets/lang/faults.de.json", root))));
  // Whose name it is, where routing.proxy says what, and numbers are put in.
  const bare = (text) => text.replace(/^\{1\}must be /, "").replace(/^a (group|member)'s name /, "a user name ").replace(/ where routing\.proxy is /, "{1}").replace(/(?<!\{)\b\d+\b.*$/, "");
  const unknown = faults.filter((fault) => !bare(fault).split(/\{\d\}/).every((part) => said.includes(part.replace(/^["\s]+|["\s]+$/g, ""))));
  assert.deepEqual(unknown, []);
});

await test("among more users than the page lists, who is not found is not taken for none there are", async () => {
  const large = await start_server(["capacity.users=2001", "capacity.bindings=2001"]);
  await large.add_users(...Array.from({ length: 2001 }, (_, i) => String(10000 + i)));
  const other = await open_page();
  await set_up(other, large);
  await go(other, large, "users");
  await other.getByText("The first 2,000 are shown.").waitFor();
  await other.getByRole("searchbox").fill("12000");
  await other.getByRole("link", { name: "12000", exact: true }).waitFor();
  await other.getByRole("searchbox").fill("nobody");
  await other.getByRole("heading", { name: "Nobody found" }).waitFor();
  assert.equal(await other.getByText("No users yet").count(), 0);
  await other.close();
});

await test("the pages reported no fault", no_faults);
await close();
