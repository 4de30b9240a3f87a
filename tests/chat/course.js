"use strict";
// The chat of the course, as `osi-tutor lesson files` writes it: two terminals and a browser talk, survive a restart of the
// server and a client that sends nonsense; and a plain WebSocket speaks Socket.IO's digits. Prints what each saw as JSON.
//   node course.js CHAT-FOLDER BARE-FOLDER [no-browser]
require("./leash.js");
const { spawn } = require("node:child_process");
const { io } = require("socket.io-client");
const WebSocket = require("ws");
const path = require("node:path"), fs = require("node:fs"), os = require("node:os");

const [chat, bare, browserless] = process.argv.slice(2);
const env = { ...process.env, NODE_PATH: path.join(__dirname, "node_modules") };

/** A program of the lesson; `until` waits for a line of it. */
function program(folder, args, more = {}) {
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...env, ...more }, stdio: ["pipe", "pipe", "inherit"] });
  const seen = { lines: [], code: null }, looks = new Set();
  const look = () => looks.forEach((l) => l());
  let rest = "";
  child.stdout.on("data", (data) => {
    const all = (rest + data).split("\n");
    rest = all.pop();
    seen.lines.push(...all);
    look();
  });
  const ended = new Promise((yes) => child.on("exit", (code) => { seen.code = code; look(); yes(); }));
  let from = 0;
  const until = (wanted) => new Promise((yes, no) => {
    const late = setTimeout(() => no(new Error(`${args}: no line ${wanted} in\n${seen.lines.join("\n")}`)), 20000);
    const l = () => {
      const at = seen.lines.findIndex((line, i) => i >= from && wanted.test(line));
      if (at < 0) return;
      from = at + 1;
      looks.delete(l);
      clearTimeout(late);
      yes(seen.lines[at]);
    };
    looks.add(l);
    l();
  });
  return { child, seen, until, ended, type: (line) => child.stdin.write(line + "\n") };
}

async function serve(port) {
  const server = program(chat, ["-r", path.join(__dirname, "leash.js"), "server.js"], { PORT: String(port) });
  const line = await server.until(/Listening/);
  return { ...server, port: Number(/:(\d+)$/.exec(line)[1]) };
}

/** A page of the chat; `saw` waits for a line in it. */
async function browse(url) {
  if (browserless) return null;
  const { chromium } = require("playwright-core");
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), "osi-tutor-course-"));
  const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
  const context = await chromium.launchPersistentContext(profile, { executablePath, headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
  const page = await context.newPage(), complaints = [];
  page.on("pageerror", (e) => complaints.push(String(e)));
  page.on("dialog", (d) => { complaints.push("a dialog opened"); d.dismiss(); });
  await page.goto(`${url}/?name=Cleo`);
  const saw = (text) => page.waitForFunction((t) => [...document.querySelectorAll("li")].some((l) => l.textContent === t), text);
  return { page, saw, complaints, close: async () => { await context.close(); fs.rmSync(profile, { recursive: true, force: true }); } };
}

/** Everything that a class of thirty will send first. */
async function nonsense(url) {
  const auths = [{}, { name: { toString: 1 } }, { name: ["a"] }, { name: "x".repeat(5000) }];
  for (const auth of auths) {
    const socket = io(url, { auth, forceNew: true, reconnection: false });
    await new Promise((yes) => socket.on("connect", yes));
    for (const event of ["join", "say", "leave"]) {
      for (const args of [[], [null], [{ toString: null }], ["lab"], ["lab", 7], [["lab"]], ["x".repeat(5000)], [socket.id]]) socket.emit(event, ...args);
    }
    socket.emit("say", "<b>nonsense</b>");
    await new Promise((yes) => socket.on("message", ({ text }) => text === "<b>nonsense</b>" && yes()));
    socket.disconnect();
  }
  for (const text of ["Hello", "42[", "42{}", "9", "40[]"]) {
    const socket = new WebSocket(url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket");
    await new Promise((yes) => socket.on("open", yes));
    const closed = new Promise((yes) => socket.on("close", yes));
    socket.send(text);
    await Promise.race([closed, new Promise((yes) => setTimeout(yes, 1000))]);
    socket.terminate();
  }
}

(async () => {
  let server = await serve(0);
  const url = `http://localhost:${server.port}`;
  const ada = program(chat, ["client.js", "Ada", url]);
  await ada.until(/^\* 1 here$/);
  const ben = program(chat, ["client.js", "Ben", url]);
  await ben.until(/^\* 2 here$/);
  await ada.until(/^\* Ben joined lab$/);
  const cleo = await browse(url);
  if (cleo) await ada.until(/^\* Cleo joined lab$/);
  ada.type("");
  ada.type("Hello, everyone!");
  for (const one of [ada, ben]) await one.until(/^Ada: Hello, everyone!$/);
  if (cleo) {
    await cleo.saw("Ada: Hello, everyone!");
    await cleo.page.fill("input", "<b>Hi</b>");
    await cleo.page.press("input", "Enter");
    await ben.until(/^Cleo: <b>Hi<\/b>$/);
    await cleo.saw("Cleo: <b>Hi</b>");
  }
  await nonsense(url);
  await ada.until(/nobody left lab/);
  ada.type("Still here?");
  await ben.until(/^Ada: Still here\?$/);
  // The server's machine restarts; nobody touches the clients.
  const alive = server.seen.code === null;
  server.child.kill();
  await server.ended;
  await ada.until(/^\* disconnected: transport close$/);
  server = await serve(server.port);
  for (const one of [ada, ben]) await one.until(/^\* \d here$/);
  if (cleo) await cleo.page.waitForFunction(() => [...document.querySelectorAll("li")].filter((l) => / here$/.test(l.textContent)).length === 2);
  ben.type("Back again.");
  await ada.until(/^Ben: Back again\.$/);
  if (cleo) await cleo.saw("Ben: Back again.");
  const node = program(bare, ["--experimental-websocket", "bare.js", url.replace("http", "ws")]);
  await ben.until(/^Bare: Digits are enough\.$/);
  await node.until(/^heard 42\["message",\{"from":"Bare","text":"Digits are enough."\}\]$/);
  node.child.kill();
  ben.child.stdin.end();
  await ben.ended;
  await ada.until(/^\* Ben left lab$/);
  const complaints = cleo ? cleo.complaints : [];
  if (cleo) await cleo.close();
  ada.child.stdin.end();
  await ada.ended;
  server.child.kill();
  console.log(JSON.stringify({ alive, complaints, browser: Boolean(cleo), bare: node.seen.lines, ada: ada.seen.lines }));
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
