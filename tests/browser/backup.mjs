// A backup saved on one device and restored on an empty one.
import fs from "node:fs";
import { assert, close, dialog_of, go, no_faults, open_page, set_up, start_phone, start_server, test } from "./support.mjs";

const first = await start_server();
await first.add_users("100", "101", "102");
await first.ctl("user", "set", "100", "display_name=Anna, \"the first\"", "aliases=200,201", "session_timer=exempt");
await first.ctl("group", "add", "600", "members=101,102,ghost", "strategy=sequential", "no_answer_to=100", "display_name=Sales");
await first.ctl("group", "member", "set", "600", "102", "delay=3", "enabled=no");
const page = await open_page();
await set_up(page, first);
const second = await start_server();
const other = await open_page();
let path = "";

await test("a backup is saved, without passwords", async () => {
  await go(page, first, "backup");
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save a backup" }).click();
  path = await (await saving).path();
  const text = fs.readFileSync(path, "utf8");
  assert.ok(!text.includes("secret-100"));
  assert.deepEqual([JSON.parse(text).tipring_backup, JSON.parse(text).users.length], [1, 3]);
});

await test("an empty device at its first start leads from the setup code to the restore", async () => {
  await set_up(other, second);
  await other.getByRole("heading", { name: "First steps" }).waitFor();
  await other.getByRole("link", { name: "Restore a backup" }).click();
  await other.getByRole("heading", { name: "Backup", exact: true }).waitFor();
});

await test("what is no backup, or of a newer version, is refused in words", async () => {
  const give = (text) => other.locator("input[type=file]").setInputFiles({ name: "x.json", mimeType: "application/json", buffer: Buffer.from(text) });
  await give("no backup at all");
  await other.locator(".toast", { hasText: "This is no backup" }).waitFor();
  await give(JSON.stringify({ tipring_backup: 99, users: [], groups: [] }));
  await other.locator(".toast", { hasText: "newer version" }).waitFor();
});

await test("it is restored on an empty device: users, groups and all of their fields", async () => {
  await other.locator("input[type=file]").setInputFiles(path);
  await dialog_of(other).getByRole("button", { name: "Restore a backup" }).click();
  await other.locator(".toast", { hasText: "The backup is restored" }).waitFor();
  const fields = ({ display_name, aliases, algorithms, session_timer }) => ({ display_name, aliases, algorithms, session_timer });
  const group = ({ name, display_name, strategy, ring_timeout_s, member_ring_s, no_answer_to, enabled, members }) =>
    ({ name, display_name, strategy, ring_timeout_s, member_ring_s, no_answer_to, enabled, members: members.map((one) => [one.name, one.order, one.delay_s, one.ring_s, one.enabled]) });
  for (const name of ["100", "101", "102"]) {
    const [a, b] = await Promise.all([first, second].map(async (server) => fields(JSON.parse(await server.ctl("--json", "user", "show", name)))));
    assert.deepEqual(b, a);
  }
  const [a, b] = await Promise.all([first, second].map(async (server) => group(JSON.parse(await server.ctl("--json", "group", "show", "600")))));
  assert.deepEqual(b, a);
});

await test("users and groups are there, and phones register with the passwords that they have", async () => {
  await go(other, second, "overview");
  await other.getByText("No phone is registered yet").waitFor();
  const [anna, bert] = await Promise.all([start_phone(second, "100", [], "secret-100"), start_phone(second, "101", [], "secret-101")]);
  await go(other, second, "users");
  await other.locator("tr", { hasText: "101" }).getByText("On line").waitFor();
  await other.getByText('Anna, "the first"').waitFor();
  await go(other, second, "groups/600");
  await other.getByRole("heading", { name: "Sales" }).waitFor();
  await other.locator('li[data-member="ghost"]').getByText("Does not exist").waitFor();
  anna.say("call 600");
  await bert.wait("incoming");
  await other.locator('li[data-member="101"]').getByText("Ringing").waitFor();
  bert.say("answer");
  await anna.wait("answered");
  await go(other, second, "calls");
  await other.locator("tbody tr", { hasText: "600" }).getByText("Talking").waitFor();
  anna.say("hangup");
  await bert.wait("ended");
});

await test("a backup that does not fit is refused as a whole, and said why", async () => {
  const third = await start_server(["auth.realm=elsewhere"]);
  const page_of_third = await open_page();
  await set_up(page_of_third, third);
  await go(page_of_third, third, "backup");
  await page_of_third.locator("input[type=file]").setInputFiles(path);
  await dialog_of(page_of_third).getByRole("button", { name: "Restore a backup" }).click();
  await dialog_of(page_of_third).getByText("The users of this backup are made for another realm").waitFor();
  assert.equal((await third.ask("/users")).users.length, 0);
});

await test("the pages reported no fault", no_faults);
await close();
