"use strict";
// A phone while the host is killed and comes back, and while the phone itself is offline. Starts the class itself.
//   node class-lost.js PROGRAM FOLDER
const { launch } = require("./pages");
const { spawn } = require("child_process");

const [program, folder] = process.argv.slice(2);
let server = null;
process.on("exit", () => server?.kill("SIGKILL"));

const start = (args) => new Promise((yes) => {
  server = spawn(program, ["class", ...args, "--state", folder], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  server.stderr.on("data", (text) => {
    said += text;
    if (said.includes("Ctrl-C ends it")) yes(/http:\/\/([^/]+)\/teach#(\S+)/.exec(said));
  });
});

(async () => {
  const [, address, secret] = await start(["handshake", "--listen", "127.0.0.1:0"]);
  const browser = await launch();
  const open = async (url) => {
    const context = await browser.newContext({ viewport: { width: 360, height: 740 } });
    const page = await context.newPage();
    page.setDefaultTimeout(20000);
    await page.goto(url);
    return { context, page };
  };
  const { page: teacher } = await open(`http://${address}/teach#${secret}`);
  const { page: phone, context } = await open(`http://${address}/`);
  const state = (wanted) => phone.waitForFunction((w) => document.querySelector("#state").textContent === w, wanted);
  const press = async (label) => {
    await teacher.waitForFunction((w) => document.querySelector("#button0")?.textContent === w, label);
    await teacher.click("#button0");
  };
  await state("connected");
  await press("Begin");
  await press("Next slide");
  await press("Ask: let them vote");
  await phone.click(".choice");
  await phone.click("text=\"I'm sure\"");
  await phone.waitForFunction(() => document.querySelector(".note").textContent.startsWith("Your answer is in"));
  const place = () => phone.evaluate(() => document.querySelector("#place").textContent);
  const seen = { before: await place(), states: [] };
  server.kill("SIGKILL");
  await state("the host is lost; trying again");
  seen.states.push("lost");
  await context.setOffline(true);
  await state("you are offline");
  seen.states.push("offline");
  await start(["--resume", "--listen", address]);
  const since = Date.now();
  await context.setOffline(false);
  await state("connected");
  seen.states.push("connected");
  seen.seconds = (Date.now() - since) / 1000;
  seen.after = await place();
  await phone.waitForFunction(() => document.querySelector(".note").textContent.startsWith("Your answer is in"));
  seen.note = await phone.evaluate(() => document.querySelector(".note").textContent);
  await teacher.waitForFunction(() => document.querySelector(".tally").textContent.startsWith("1 of 1 answered"));
  // The host moves: at another address the phone is still the same member.
  server.kill("SIGKILL");
  const [, elsewhere] = await start(["--resume", "--listen", "127.0.0.1:0"]);
  await phone.fill("#address", `http://${elsewhere}/`);
  await phone.click("text=\"Go there\"");
  await state("connected");
  seen.moved = await place();
  seen.bar = phone.url().slice(0, -1).endsWith(elsewhere);
  console.log(JSON.stringify(seen));
  await browser.close();
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
