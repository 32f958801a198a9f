// The configuration as the page changes it: checked before it is stored, and with what needs a restart.
import fs from "node:fs";
import { Server, assert, at_end, close, go, no_faults, open_page, set_up, test, wait_until } from "./support.mjs";

const server = new Server();
server.config = `${server.data}/tipring.toml`;
fs.writeFileSync(server.config, "# Kept by whoever wrote it.\n[registrar]\nmax_expires = 7200  # two hours\n");
at_end(() => server.remove());
await server.start();
const page = await open_page();
await set_up(page, server);
const file = () => fs.readFileSync(server.config, "utf8");
const bar = page.locator(".savebar");

await test("what the file says is shown, beside the defaults", async () => {
  await go(page, server, "settings/registrar");
  assert.equal(await page.getByLabel("Longest registration").inputValue(), "7200");
  await page.getByText("registrar.max_expires").waitFor();
});

await test("a value that is out of range is told before it is saved", async () => {
  await page.getByLabel("Longest registration").fill("5");
  await page.locator(".field-fault", { hasText: /60|max_expires|must/ }).first().waitFor();
  await wait_until(() => bar.getByRole("button", { name: "Save" }).isDisabled(), "what is wrong can be saved");
  await bar.getByRole("button", { name: "Discard" }).click();
  assert.equal(await page.getByLabel("Longest registration").inputValue(), "7200");
});

await test("a value that can change at run time is in force at once, and comments stay", async () => {
  await page.getByLabel("Longest registration").fill("5400");
  await bar.getByRole("button", { name: "Save" }).click();
  await page.locator(".toast", { hasText: "Saved, and in force" }).waitFor();
  assert.match(file(), /# Kept by whoever wrote it\.\n\[registrar\]\nmax_expires = 5400 {2}# two hours/);
});

await test("one that needs a restart says so, and waits", async () => {
  await go(page, server, "settings/capacity");
  await page.getByLabel("Calls at one time").fill("32");
  await bar.getByText("after a restart").waitFor();
  await bar.getByRole("button", { name: "Save" }).click();
  await page.getByText(/counts after a restart/).first().waitFor();
  await page.getByRole("button", { name: "Restart" }).first().waitFor();
});

await test("another's change of the file is not overwritten unasked", async () => {
  await go(page, server, "settings/registrar");
  await page.getByLabel("Longest registration").fill("4000");
  fs.writeFileSync(server.config, file().replace("5400", "4800"));
  await bar.getByRole("button", { name: "Save" }).click();
  await page.getByText("Somebody else has changed this").waitFor();
  await page.getByRole("button", { name: "Load as it is now" }).click();
  await wait_until(async () => (await page.getByLabel("Longest registration").inputValue()) === "4800", "the other's change is not loaded");
});

await test("the pages reported no fault", no_faults);
await close();
