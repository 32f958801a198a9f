// The configuration as the page changes it: checked before it is stored, and with what needs a restart.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { X509Certificate } from "node:crypto";
import { Server, assert, at_end, close, faults, free_port, go, kPassword, open_page, set_up, sign_in, test, wait_until } from "./support.mjs";

const server = new Server();
server.also_at = [`https://127.0.0.1:${await free_port()}`];
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

await test("whoever leaves is asked about what is not saved, but not about what went with a session", async () => {
  let asked = 0;
  page.on("dialog", (question) => { ++asked; question.accept(); });
  const reload = async (heading) => {
    await page.reload();
    await page.getByRole("heading", { level: 1, name: heading }).waitFor();
  };
  await page.getByLabel("Longest registration").fill("4100");
  await bar.waitFor();
  await reload("Settings");
  assert.equal(asked, 1);
  await page.getByLabel("Longest registration").fill("4200");
  await bar.waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.getByLabel("Password", { exact: true }).fill(kPassword);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByLabel("Longest registration").waitFor();
  assert.equal(await bar.count(), 0);
  await reload("Settings");
  assert.equal(asked, 1);
});

const lang = new URL("../../web/assets/lang/", import.meta.url);
const texts_of = (name) => JSON.parse(fs.readFileSync(new URL(`${name}.json`, lang)));
const others = Object.keys(texts_of("languages")).filter((code) => code !== "en");

await test("each setting has a name in every language and a description in all but the server's own, and none is left over", async () => {
  const { schema } = await server.ask("/config/schema");
  const keys = schema.map((one) => one.key).sort();
  const sections = [...new Set(schema.map((one) => one.section))].sort();
  const named = (texts, stem) => Object.keys(texts).filter((key) => key.startsWith(stem)).map((key) => key.slice(stem.length)).sort();
  assert.deepEqual(schema.filter((one) => !one.description).map((one) => one.key), []);
  assert.ok(others.length > 0);
  for (const code of ["en", ...others]) {
    assert.deepEqual(named(texts_of(code), "key."), keys, code);
    assert.deepEqual(named(texts_of(code), "section."), sections, code);
    if (code !== "en") assert.deepEqual(Object.keys(texts_of(`settings.${code}`)).sort(), keys, code);
  }
});

await test("the languages have the same texts, with the same places for values", () => {
  const places = (text) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
  const english = texts_of("en");
  for (const code of others) {
    const texts = texts_of(code);
    assert.deepEqual(Object.keys(texts).sort(), Object.keys(english).sort(), code);
    for (const [key, text] of Object.entries(texts)) assert.deepEqual(places(text), places(english[key]), `${code}: ${key}`);
  }
});

await test("settings are described in the reader's language", async () => {
  const reader = await open_page({ locale: "de" });
  await reader.context().addCookies((await page.context().storageState()).cookies);
  await go(reader, server, "settings/registrar");
  await reader.getByText(texts_of("settings.de")["registrar.max_expires"]).waitFor();
  await go(page, server, "settings/registrar");
  await page.getByText("Seconds that a registration may last at most.").waitFor();
  await reader.close();
});

const fact = (name) => page.locator(".facts > div", { has: page.locator("dt", { hasText: name }) }).locator("dd").first();

await test("the certificate of the page is shown, as browsers show it", async () => {
  await go(page, server, "system");
  const shown = new X509Certificate(fs.readFileSync(`${server.data}/admin.crt`));
  assert.equal(await fact("SHA-256 fingerprint").innerText(), shown.fingerprint256);
  assert.equal(await fact("Subject").innerText(), shown.subject);
  assert.equal(await fact("From").innerText(), "made by this device");
  assert.match(await fact("Valid until").innerText(), new RegExp(String(new Date(shown.validTo).getUTCFullYear())));
  for (const name of ["localhost", "127.0.0.1"]) assert.ok((await fact("Names and addresses").innerText()).split(", ").includes(name));
  assert.equal(await page.getByText("This certificate ends").count(), 0);
});

await test("one that is given and ends soon is told with what mends it", async () => {
  const [crt, key] = ["crt", "key"].map((end) => `${server.data}/given.${end}`);
  execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=exchange.example",
    "-addext", "subjectAltName=DNS:exchange.example", "-days", "10", "-keyout", key, "-out", crt], { stdio: "ignore" });
  await server.stop();
  server.settings.push(`admin.certificate=${crt}`, `admin.key=${key}`);
  await server.start();
  await sign_in(page, server);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await go(page, server, "system");
  await page.getByText(/This certificate ends in (9|10) days/).waitFor();
  await page.getByText("Put a new certificate and key into the files").waitFor();
  assert.equal(await fact("Subject").innerText(), "CN=exchange.example");
  assert.equal(await fact("Names and addresses").innerText(), "exchange.example");
  assert.equal(await fact("From").innerText(), "the files given in the settings");
});

await test("the pages reported no fault", () => {
  // A stream or a request that ends with the server is told by the browser.
  assert.deepEqual(faults.filter((fault) => !/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY/.test(fault)), []);
});
await close();
