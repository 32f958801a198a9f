// Calls on the page while phones ring and speak: live, as a ladder, and refused ones with the click that mends it.
import dgram from "node:dgram";
import fs from "node:fs";
import { assert, at_end, close, dialog_of, go, no_faults, open_page, set_up, start_phone, start_server, test, wait_until } from "./support.mjs";

// Loopback is like any address here: whoever guesses passwords is blocked.
const server = await start_server(["security.safe_sources=[]", "media.mode=relay"]);
await server.add_users("100", "101", "102", "103");
await server.ctl("group", "add", "600", "members=101,102", "strategy=all", "display_name=Sales");
const page = await open_page();
await set_up(page, server);
const anna = await start_phone(server, "100");
const bert = await start_phone(server, "101");
const carl = await start_phone(server, "102");

const dialog = () => dialog_of(page);
const line = (text) => page.locator("tbody tr", { hasText: text });

// A phone that speaks SIP for itself, with headers that no decent phone sends.
async function raw_request(lines) {
  const socket = dgram.createSocket("udp4");
  at_end(() => socket.close());
  await new Promise((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const port = socket.address().port;
  const answers = [];
  socket.on("message", (message) => answers.push(message.toString()));
  const send = (extra = []) => {
    const branch = `z9hG4bK${Math.random().toString(36).slice(2)}`;
    socket.send([...lines(port, branch), ...extra, "Content-Length: 0", "", ""].join("\r\n"), server.sip, "127.0.0.1");
  };
  return { send, answers };
}

await test("a call appears while the phone rings, and turns when it is answered", async () => {
  await go(page, server, "calls");
  await page.getByRole("heading", { name: "Nobody is calling" }).waitFor();
  anna.say("call 101");
  await line("100").getByText("Ringing").waitFor();
  assert.equal(await page.getByRole("button", { name: "End call" }).count(), 0);
  bert.say("answer");
  await line("100").getByText("Talking").waitFor();
  await line("100").getByText(/refreshes/).waitFor();
  const before = await line("100").locator("time[data-since]").innerText();
  await wait_until(async () => (await line("100").locator("time[data-since]").innerText()) !== before, "the timer stands still");
  await page.locator('.side [data-count="calls"]', { hasText: "1" }).waitFor();
});

await test("its details are shown", async () => {
  await line("100").getByRole("button", { name: "Details" }).click();
  await dialog().getByText("sip:100@127.0.0.1", { exact: false }).first().waitFor();
  await page.keyboard.press("Escape");
});

await test("it is ended from the page, on both sides", async () => {
  await line("100").getByRole("button", { name: "End call" }).click();
  await dialog().getByRole("button", { name: "End call" }).click();
  await anna.wait("ended");
  await bert.wait("ended");
  await page.getByRole("heading", { name: "Nobody is calling" }).waitFor();
});

await test("a call to a hunt group is traced, and its ladder joins both legs", async () => {
  await go(page, server, "trace");
  await page.getByLabel("Only this number or address").fill("nobody");
  await page.getByText("No kept message is from, to or about this number").waitFor();
  await page.getByLabel("Only this number or address").fill("600");
  anna.say("call 600");
  await bert.wait("incoming");
  await carl.wait("incoming");
  carl.say("answer");
  await anna.wait("answered");
  await wait_until(async () => (await page.locator(".ladder .arrow").count()) >= 8, "the ladder does not grow");
  const names = await page.locator(".ladder .lane-name").allTextContents();
  for (const name of ["100", "101", "102", "This server"]) assert.ok(names.includes(name), `${name} is not among ${names}`);
  const invite = page.locator('.ladder .arrow[data-title^="INVITE"]').first();
  await invite.focus();
  await page.keyboard.press("Enter");
  await page.locator("pre.message", { hasText: "INVITE sip:600@" }).waitFor();
  const told = async () => (await page.locator(".ladder .why").allTextContents()).join("\n");
  for (const text of ["The server asks for the password", "Hunt group 600 (All at once): 2 to ring", "Rings 101 at 127.0.0.1:", "102 has answered: all others stop ringing"])
    await wait_until(async () => (await told()).includes(text), `the ladder does not say: ${text}`);
  carl.say("hangup");
  await anna.wait("ended");
  await page.locator('.ladder .arrow[data-title="BYE"]').first().waitFor();
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save as pcap" }).click();
  const capture = fs.readFileSync(await (await saving).path());
  assert.ok(capture.length > 1000 && ["d4c3b2a1", "a1b2c3d4", "4d3cb2a1"].includes(capture.subarray(0, 4).toString("hex")), capture.subarray(0, 4).toString("hex"));
});

await test("the call log tells of both calls, with who answered and who ended it", async () => {
  await go(page, server, "records");
  const grouped = line("600").first();
  await grouped.getByText("Answered", { exact: true }).waitFor();
  await grouped.getByText("answered by 102").waitFor();
  await grouped.getByRole("button", { name: "Details" }).click();
  await dialog().getByText("the other side", { exact: true }).waitFor();
  await dialog().locator("li", { hasText: "101" }).getByText("Answered elsewhere").waitFor();
  await dialog().getByRole("link", { name: "Messages" }).click();
  await page.locator(".ladder .lane-name", { hasText: "102" }).waitFor();
  await page.goBack();
  await page.getByRole("heading", { name: "Call log" }).waitFor();
  await page.getByRole("searchbox").fill("nobody-of-that-name");
  await page.getByRole("heading", { name: "No such calls" }).waitFor();
  await page.getByRole("searchbox").fill("102");
  await line("600").first().waitFor();
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save as CSV" }).click();
  const text = fs.readFileSync(await (await saving).path(), "utf8");
  assert.match(text, /^id,call,leg,/);
  assert.ok(text.includes("sip:600@127.0.0.1"), text);
});

await test("the group's page counts the call", async () => {
  await go(page, server, "groups/600");
  await page.locator('li[data-member="102"]', { hasText: "1 of 1 answered" }).waitFor();
  await page.locator('li[data-member="101"]', { hasText: "0 of 1 answered" }).waitFor();
});

await test("a relayed call tells how each side sounds", async () => {
  await go(page, server, "calls");
  anna.say("call 600");
  await bert.wait("incoming");
  bert.say("answer");
  await anna.wait("answered");
  for (const side of ["caller", "callee"]) await line("100").locator(`[data-sound="${side}"]`, { hasText: /lost, jitter/ }).waitFor();
  await go(page, server, "records");
  const record = line("600").first();
  await record.getByText("going on").waitFor();
  anna.say("hangup");
  await bert.wait("ended");
  await record.getByText("going on").waitFor({ state: "hidden" });
  await go(page, server, "calls");
  await page.getByRole("heading", { name: "Nobody is calling" }).waitFor();
});

await test("markup in a User-Agent is shown as the text that it is", async () => {
  const phone = await raw_request((port, branch) => [
    "OPTIONS sip:127.0.0.1 SIP/2.0", `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=${branch};rport`, "Max-Forwards: 70",
    'From: "<img src=x onerror=alert(1)>" <sip:103@127.0.0.1>;tag=1', "To: <sip:103@127.0.0.1>", `Call-ID: ${branch}@test`, "CSeq: 1 OPTIONS",
    "User-Agent: <script>alert(1)</script>",
  ]);
  await go(page, server, "trace");
  await page.getByLabel("Only this number or address").fill("103");
  phone.send();
  await wait_until(() => phone.answers.length, "no answer");
  await page.locator('.ladder .arrow[data-title="OPTIONS"]').last().click();
  await page.locator("pre.message", { hasText: "<script>alert(1)</script>" }).waitFor();
  assert.equal(await page.locator("main img, main script").count(), 0);
});

await test("a phone without session timers is named, and let through by one click", async () => {
  const dora = await raw_request((port, branch) => [
    "INVITE sip:101@127.0.0.1 SIP/2.0", `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=${branch};rport`, "Max-Forwards: 70",
    "From: <sip:103@127.0.0.1>;tag=3", "To: <sip:101@127.0.0.1>", `Call-ID: ${branch}@test`, "CSeq: 1 INVITE", `Contact: <sip:103@127.0.0.1:${port}>`,
  ]);
  dora.send();
  await wait_until(() => dora.answers.at(-1)?.startsWith("SIP/2.0 421 "), () => `no 421 but ${dora.answers}`);
  await go(page, server, "overview");
  const problem = page.locator("li", { hasText: /call of 103 was refused/ });
  await problem.getByRole("link", { name: "Look" }).click();
  await page.getByRole("button", { name: "Let this phone call" }).click();
  await page.locator(".toast", { hasText: "103 may call without session timers" }).waitFor();
  dora.answers.length = 0;
  dora.send();
  await wait_until(() => dora.answers.at(-1)?.startsWith("SIP/2.0 407 "), () => `no 407 but ${dora.answers}`);
  await page.getByText(/refused \(421/).waitFor({ state: "detached" });
});

await test("who guesses passwords is shown as blocked, and let in again", async () => {
  const guesser = await raw_request((port, branch) => [
    "REGISTER sip:127.0.0.1 SIP/2.0", `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=${branch};rport`, "Max-Forwards: 70",
    "From: <sip:103@127.0.0.1>;tag=2", "To: <sip:103@127.0.0.1>", `Call-ID: ${branch}@test`, "CSeq: 1 REGISTER", `Contact: <sip:103@127.0.0.1:${port}>`,
  ]);
  await go(page, server, "blocks");
  await page.getByRole("heading", { name: "Nobody is blocked" }).waitFor();
  for (let i = 0; i < 12; ++i) {
    const seen = guesser.answers.length;
    guesser.send();
    await wait_until(() => guesser.answers.length > seen, "no challenge").catch(() => {});
    const nonce = /nonce="([^"]+)"/.exec(guesser.answers.at(-1))?.[1];
    if (!nonce) break;
    guesser.send([`Authorization: Digest username="103", realm="tipring", nonce="${nonce}", uri="sip:127.0.0.1", response="00000000000000000000000000000000", algorithm=MD5, qop=auth, nc=00000001, cnonce="a"`]);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  await go(page, server, "users/103");
  await page.getByText("so many wrong passwords that it is blocked").waitFor();
  await go(page, server, "users");
  await line("103").getByText("Cannot register").waitFor();
  await page.getByRole("button", { name: "Problems", exact: true }).click();
  await line("100").waitFor({ state: "detached" });
  assert.equal(await line("103").count(), 1);
  await go(page, server, "overview");
  await page.locator("li", { hasText: "A phone of 103 is kept out after wrong passwords, at 127.0.0.1" }).getByRole("link", { name: "Look" }).click();
  await page.getByText("so many wrong passwords that it is blocked").waitFor();
  await go(page, server, "blocks");
  await line("127.0.0.1").getByText("103").waitFor();
  await page.locator('.side [data-count="blocks"]', { hasText: "1" }).waitFor({ timeout: 15000 });
  await line("127.0.0.1").getByRole("button", { name: "Lift" }).click();
  await dialog().getByRole("button", { name: "Lift" }).click();
  await page.getByRole("heading", { name: "Nobody is blocked" }).waitFor();
});

await test("the pages reported no fault", no_faults);
await close();
