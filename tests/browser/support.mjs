// A real server, real phones and a real browser for the tests of the admin page.
import assert from "node:assert/strict";
import { spawn, execFile } from "node:child_process";
import { createRequire } from "node:module";
import fs from "node:fs";
import http from "node:http";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import readline from "node:readline";
import { promisify } from "node:util";

export const require = createRequire(`${process.env.TIPRING_NODE_MODULES}/`);
const { chromium } = require("playwright-core");

export const bin = process.argv[2];
const run = promisify(execFile);
export const kPassword = "correct horse battery";
export const kPatience = 10000;  // for what the page shall show; a machine under load is slow

// --- counting

const results = { passed: 0, failed: 0 };
export async function test(name, body) {
  const started = Date.now();
  try {
    await body();
    ++results.passed;
    console.log(`passed ${name} (${Date.now() - started} ms)`);
  } catch (fault) {
    ++results.failed;
    console.log(`FAILED ${name}: ${fault.stack ?? fault}`);
    for (const open of browser_pages) await open.screenshot({ path: `${process.env.TIPRING_NODE_MODULES}/failed-${results.failed}.png` }).catch(() => {});
  }
}

// However it ends, nothing that it started goes on.
const children = new Set();
function start_child(...how) {
  const child = spawn(...how);
  children.add(child);
  child.on("exit", () => children.delete(child));
  return child;
}
process.on("exit", () => { for (const child of children) child.kill("SIGKILL"); });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));
process.on("uncaughtException", (fault) => {
  console.log(`FAILED outside of a test: ${fault.stack ?? fault}`);
  console.log(`${results.passed} passed, ${results.failed + 1} failed`);
  process.exit(1);
});

const endings = [];
export const at_end = (ending) => endings.unshift(ending);

export async function close() {
  for (const ending of endings) {
    try { await ending(); } catch (fault) { console.log(`at the end: ${fault}`); }
  }
  console.log(`${results.passed} passed, ${results.failed} failed`);
  process.exit(results.failed || !results.passed ? 1 : 0);
}

export async function wait_until(condition, fault, ms = kPatience) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(typeof fault === "function" ? fault() : fault);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// --- the server

const given = new Set();
// Below the ports that the kernel and the server give out by themselves; free for TCP and very likely for UDP.
export async function free_port() {
  for (;;) {
    const port = 10240 + Math.floor(Math.random() * 19000);
    if (given.has(port)) continue;
    given.add(port);
    const is_free = await new Promise((resolve) => {
      const trial = net.createServer();
      trial.on("error", () => resolve(false));
      trial.listen(port, "127.0.0.1", () => trial.close(() => resolve(true)));
    });
    if (is_free) return port;
  }
}

export class Server {
  constructor(settings = []) {
    this.data = fs.mkdtempSync(path.join(os.tmpdir(), "tipring-browser-"));
    this.settings = settings;
    this.also_at = [];  // entries of admin.listen
  }

  async start() {
    this.sip ??= await free_port();
    this.web ??= await free_port();
    this.url = `http://127.0.0.1:${this.web}`;
    this.socket = `${this.data}/tipring.sock`;
    const settings = [
      `sip.listen=["udp:127.0.0.1:${this.sip}", "tcp:127.0.0.1:${this.sip}"]`, `store.path=${this.data}/tipring.db`,
      `admin.socket=${this.socket}`, `admin.listen=${JSON.stringify([`127.0.0.1:${this.web}`, ...this.also_at])}`, ...this.settings,
    ];
    const log = fs.openSync(`${this.data}/tipringd.log`, "a");
    const config = this.config ? ["--config", this.config] : [];
    this.process = start_child(`${bin}/tipringd`, [...config, ...settings.flatMap((one) => ["--set", one])], { stdio: ["ignore", log, log], cwd: this.data });
    fs.closeSync(log);
    this.ended = new Promise((resolve) => this.process.on("exit", resolve));
    await wait_until(async () => {
      if (this.process.exitCode !== null) throw new Error(`tipringd has ended:\n${this.log()}`);
      try { return (await fetch(this.url)).ok; } catch { return false; }
    }, () => `tipringd does not get ready:\n${this.log()}`, 15000);
    return this;
  }

  log() { return fs.readFileSync(`${this.data}/tipringd.log`, "utf8"); }

  async ctl(...words) { return (await run(`${bin}/tipringctl`, ["--socket", this.socket, ...words])).stdout; }

  // What the API says to the one who may open the server's socket.
  ask(path) {
    return new Promise((resolve, reject) => {
      http.get({ socketPath: this.socket, path: `/api/v1${path}` }, (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (piece) => { text += piece; });
        answer.on("end", () => resolve(JSON.parse(text)));
      }).on("error", reject);
    });
  }

  async setup_code() { return (await this.ask("/setup")).setup.code; }

  async add_users(...names) {
    const done = run(`${bin}/tipringctl`, ["--socket", this.socket, "user", "import", "-"]);
    done.child.stdin.end(names.map((name) => `${name},secret-${name}\n`).join(""));
    await done;
  }

  async stop() {
    this.process.kill("SIGTERM");
    const killer = setTimeout(() => this.process.kill("SIGKILL"), 15000);
    await this.ended;
    clearTimeout(killer);
  }

  async remove() {
    if (this.process && this.process.exitCode === null) await this.stop();
    fs.rmSync(this.data, { recursive: true, force: true });
  }
}

export async function start_server(settings) {
  const server = new Server(settings);
  at_end(() => server.remove());
  return server.start();
}

// --- phones

export class Phone {
  constructor(server, user, options = [], password = `secret-${user}`) {
    this.events = [];
    this.process = start_child(`${bin}/tipring-phone`, ["--json", ...options, `sip:${user}@127.0.0.1:${server.sip}`],
      { stdio: ["pipe", "pipe", "ignore"], env: { ...process.env, TIPRING_PASSWORD: password } });
    readline.createInterface({ input: this.process.stdout }).on("line", (line) => this.events.push(JSON.parse(line)));
    this.ended = new Promise((resolve) => this.process.on("exit", resolve));
    at_end(() => this.close());
  }

  say(command) { this.process.stdin.write(`${command}\n`); }

  wait(event) {
    return wait_until(() => {
      const at = this.events.findIndex((one) => one.event === event);
      return at >= 0 && this.events.splice(0, at + 1).at(-1);
    }, () => `no ${event} but ${JSON.stringify(this.events)}`);
  }

  async close() {
    if (this.process.exitCode !== null) return;
    this.process.stdin.end("quit\n");
    const killer = setTimeout(() => this.process.kill("SIGKILL"), 5000);
    await this.ended;
    clearTimeout(killer);
  }
}

export async function start_phone(...given_to) {
  const phone = new Phone(...given_to);
  await phone.wait("registered");
  return phone;
}

// --- the browser

let browser = null;
const browser_pages = new Set();
export const faults = [];  // what the pages wrote to their consoles

// A page of a browser that knows nothing yet. What it reports as an error fails the test at the end.
export async function open_page({ width = 1280, height = 860, dark = false, locale = "en" } = {}) {
  if (!browser) {
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
    at_end(() => browser.close());
  }
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? "dark" : "light", locale, ignoreHTTPSErrors: true, acceptDownloads: true, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(kPatience);
  browser_pages.add(page);
  page.on("close", () => browser_pages.delete(page));
  page.on("pageerror", (fault) => faults.push(`${page.url()}: ${fault.message}`));
  page.on("console", (message) => {
    // Refusals are part of the tests; the browser reports each as a resource that failed to load.
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) faults.push(`${page.url()}: ${message.text()}`);
  });
  return page;
}

export const no_faults = () => assert.deepEqual(faults, []);

export async function go(page, server, hash) {
  await page.goto(`${server.url}/#/${hash}`);
  await page.locator(`main[data-hash="#/${hash}"] h1`).waitFor();
}

export async function set_up(page, server, name = "admin") {
  const code = await wait_until(() => server.setup_code(), "there is no setup code");
  await page.goto(server.url);
  await page.getByLabel("Setup code").fill(code);
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("New password", { exact: true }).fill(kPassword);
  await page.getByLabel("Password again").fill(kPassword);
  await page.getByRole("button", { name: "Set the password and begin" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
}

export async function sign_in(page, server, password = kPassword, name = "admin") {
  await page.goto(server.url);
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

// What a screen reader is told without asking: the texts within live regions, as far as the page lets it see them.
export async function announced(page) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  await session.detach();
  const by_id = new Map(nodes.map((node) => [node.nodeId, node]));
  const texts_in = (node) => (node.role?.value === "StaticText" ? [node.name.value] : (node.childIds ?? []).flatMap((id) => texts_in(by_id.get(id))));
  const is_live = (node) => !node.ignored && node.properties?.some(({ name, value }) => name === "live" && value.value !== "off");
  return nodes.filter(is_live).flatMap(texts_in);
}

export const dialog_of = (page) => page.locator("dialog[open]").last();
export { assert };
