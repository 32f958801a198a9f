// The first start, signing in, who may do what, and a restart.
import { assert, close, dialog_of, faults, go, kPassword, open_page, set_up, sign_in, start_server, test, wait_until } from "./support.mjs";

const server = await start_server();
const page = await open_page();
const dialog = () => dialog_of(page);

await test("before the first administrator is made, the page does nothing else", async () => {
  await page.goto(`${server.url}/#/users`);
  await page.getByRole("heading", { name: "Welcome" }).waitFor();
  for (const path of ["users", "calls", "status", "trace", "audit"]) {
    const answer = await fetch(`${server.url}/api/v1/${path}`);
    assert.ok([401, 403].includes(answer.status), `${path}: ${answer.status}`);
    assert.match(answer.headers.get("content-type"), /problem\+json/);
  }
});

await test("a wrong code, a short password and two different ones are refused in words", async () => {
  const submit = page.getByRole("button", { name: "Set the password and begin" });
  await submit.click();
  await page.getByText("Please fill this in.").first().waitFor();
  await page.getByLabel("Setup code").fill("0000-0000");
  await page.getByLabel("New password", { exact: true }).fill(kPassword);
  await page.getByLabel("Password again").fill("another");
  await submit.click();
  await page.getByText("The two passwords differ").waitFor();
  await page.getByLabel("Password again").fill(kPassword);
  await submit.click();
  await page.getByText("This is not the setup code").waitFor();
  await page.getByLabel("New password", { exact: true }).fill("short");
  await page.getByLabel("Password again").fill("short");
  await submit.click();
  await page.locator(".field-fault", { hasText: "10" }).waitFor();
});

await test("the code makes the first administrator, once", async () => {
  const used = await server.setup_code();
  await set_up(page, server);
  const again = await fetch(`${server.url}/api/v1/setup`, { method: "POST", headers: { "Content-Type": "application/json", Origin: server.url }, body: JSON.stringify({ code: used, name: "eve", password: kPassword }) });
  assert.equal(again.status, 409);
});

await test("whoever signs out is out, and a wrong password is told", async () => {
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await sign_in(page, server, "not this one");
  await page.getByText("The name or the password is wrong").waitFor();
  await page.getByLabel("Password", { exact: true }).fill(kPassword);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
});

await test("who signs out of a session that is over already, or that another tab has begun anew, is out", async () => {
  const answers = [];
  const note = (answer) => { if (answer.request().method() === "DELETE") answers.push(answer.status()); };
  const sign_out = async (send) => {
    let is_first = true;
    await page.route("**/api/v1/session", async (route) => {
      const is_held = is_first && route.request().method() === "DELETE";
      if (is_held) is_first = false;
      await (is_held ? send(route) : route.continue());
    });
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.locator("main.door").getByRole("heading", { name: "Sign in" }).waitFor();
    assert.equal(await dialog().count(), 0);
    await page.unroute("**/api/v1/session");
    await sign_in(page, server);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
  };
  page.on("response", note);
  await sign_out(async (route) => { await route.fetch(); await route.continue(); });
  await sign_out((route) => route.continue({ headers: { ...route.request().headers(), "x-tipring-csrf": "of the session before" } }));
  page.off("response", note);
  assert.deepEqual(answers, [401, 403, 204]);
});

await test("the session's cookie is kept from scripts, and the page is asked for by nobody else", async () => {
  const cookies = await page.context().cookies();
  assert.equal(cookies.length, 1);
  assert.deepEqual([cookies[0].httpOnly, cookies[0].sameSite], [true, "Strict"]);
  const answer = await fetch(server.url);
  const policy = answer.headers.get("content-security-policy");
  for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"]) assert.ok(policy.includes(part), policy);
  assert.ok(!policy.includes("unsafe"), policy);
  assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
});

await test("a viewer sees everything and changes nothing", async () => {
  await go(page, server, "system/access");
  await page.getByRole("button", { name: "Add administrator" }).click();
  await dialog().getByLabel("Name", { exact: true }).fill("guest");
  await dialog().getByLabel("Role").selectOption("viewer");
  await dialog().getByLabel("New password").fill(kPassword);
  await dialog().getByRole("button", { name: "Add administrator" }).click();
  await page.locator("tr", { hasText: "guest" }).getByText("Viewer").waitFor();
  const other = await open_page();
  await sign_in(other, server, kPassword, "guest");
  await other.getByRole("heading", { name: "Overview" }).waitFor();
  await go(other, server, "users");
  assert.equal(await other.getByRole("button", { name: "Add user" }).count(), 0);
  const status = await other.evaluate(async () => {
    const { session } = await (await fetch("/api/v1/session")).json();
    return (await fetch("/api/v1/users/9?mode=create", { method: "PUT", headers: { "Content-Type": "application/json", "X-Tipring-CSRF": session.csrf }, body: '{"password":"secret"}' })).status;
  });
  assert.equal(status, 403);
  await other.close();
});

await test("the last administrator stays one", async () => {
  await page.getByRole("button", { name: "Edit admin" }).click();
  await dialog().getByLabel("Role").selectOption("viewer");
  await dialog().getByRole("button", { name: "Save" }).click();
  await dialog().getByText("The last administrator stays one").waitFor();
  await dialog().getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Delete guest" }).click();
  await dialog().getByRole("button", { name: "Delete", exact: true }).click();
  await page.locator("tr", { hasText: "guest" }).waitFor({ state: "detached" });
});

await test("a token is made, shown once, good for what it may touch, and removed", async () => {
  await page.getByRole("button", { name: "Make token" }).click();
  await dialog().getByLabel("Name", { exact: true }).fill("monitor");
  for (const scope of ["Users", "Hunt groups", "Calls", "Call log", "Trace", "Blocks", "Settings", "Access"]) await dialog().getByLabel(scope, { exact: true }).uncheck();
  await dialog().getByRole("button", { name: "Make token" }).click();
  const token = await page.locator("dialog code.token").innerText();
  await dialog().getByRole("button", { name: "Done" }).click();
  const ask = (path) => fetch(`${server.url}/api/v1/${path}`, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal((await ask("status")).status, 200);
  assert.equal((await ask("users")).status, 403);
  await page.getByRole("button", { name: "Delete monitor" }).click();
  await dialog().getByRole("button", { name: "Delete", exact: true }).click();
  await wait_until(async () => (await ask("status")).status === 401, "the token is still good");
});

await test("what was changed is listed with who did it", async () => {
  await go(page, server, "system/audit");
  await page.locator("tr", { hasText: "guest" }).first().getByText("admin", { exact: true }).waitFor();
});

await test("a changed password ends the old one", async () => {
  await go(page, server, "system/access");
  await page.getByRole("button", { name: "My password" }).click();
  await dialog().getByLabel("Present password").fill("wrong");
  await dialog().getByLabel("New password", { exact: true }).fill(`${kPassword} 2`);
  await dialog().getByLabel("Password again").fill(`${kPassword} 2`);
  await dialog().getByRole("button", { name: "Set password" }).click();
  await dialog().locator(".field-fault:not(:empty), .notice.bad").first().waitFor();
  await dialog().getByLabel("Present password").fill(kPassword);
  await dialog().getByRole("button", { name: "Set password" }).click();
  await dialog().waitFor({ state: "detached" });
});

await test("when the server is gone the page says so, and after its restart it asks who is there", async () => {
  await go(page, server, "overview");
  await server.stop();
  await page.getByText("The device does not answer").first().waitFor({ timeout: 20000 });
  await server.start();
  await page.getByRole("heading", { name: "Sign in" }).waitFor({ timeout: 20000 });
  await sign_in(page, server, `${kPassword} 2`);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
});

await test("the pages reported no fault", () => {
  // A stream or a request that ends with the server is told by the browser.
  assert.deepEqual(faults.filter((fault) => !/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY/.test(fault)), []);
});
await close();
