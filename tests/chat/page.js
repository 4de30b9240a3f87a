"use strict";
// Two people in a real browser on the page of a running osi-tutor chat. Prints what they see as one JSON object.
//   node page.js URL TRANSPORT [PICTURE.png]
const { chromium } = require("playwright-core");
const fs = require("fs"), os = require("os"), path = require("path");

const [url, transport, picture] = process.argv.slice(2);
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

(async () => {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), "osi-tutor-chat-"));
  const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
  const context = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args: ARGS, viewport: { width: 1360, height: 860 } });
  const complaints = [];
  const enter = async (name) => {
    const page = await context.newPage();
    page.on("console", (m) => ["error", "warning"].includes(m.type()) && complaints.push(m.text()));
    page.on("pageerror", (e) => complaints.push(String(e)));
    page.on("dialog", (d) => { complaints.push("a dialog opened"); d.dismiss(); });
    await page.goto(url);
    await page.fill("#name", name);
    if (transport !== "none") await page.selectOption("#transport", transport);
    await page.click("#join button");
    await page.waitForFunction(() => document.querySelector("#here").textContent.includes("(you)"));
    return page;
  };
  const say = async (page, text) => {
    await page.fill("#text", text);
    await page.press("#text", "Enter");
  };
  const ada = await enter("Ada");
  const bob = await enter("<img src=x onerror=alert(1)>");
  if (transport === "upgrade") {
    for (const page of [ada, bob]) await page.waitForFunction(() => document.querySelector("#state").textContent.includes("after an upgrade"));
  }
  await say(bob, "<b>Hello</b> Ada");
  await ada.waitForSelector(".theirs");
  await say(ada, "Hello! This went over the wire.");
  await ada.waitForFunction(() => document.querySelector(".mine .spread")?.textContent);
  await ada.waitForFunction(() => document.querySelectorAll("#packets li").length > 3);
  // The capture may come after the event itself.
  if (await ada.evaluate(() => packets.captured)) {
    await ada.waitForFunction(() => document.querySelector(".mine .spread").textContent.includes("2 frames"));
  }
  // Packets of several connections come in the order in which the server took their requests: the message may be the last.
  await ada.waitForFunction(() => [...document.querySelectorAll("#packets .line")].some((line) => /say|Hello! This went/.test(line.textContent)));
  // Peel the own message, down to the end.
  await ada.click(".mine .bubble");
  const peeled = [];
  for (let i = 0; i < 20; i++) {
    const now = await ada.evaluate(() => ({
      title: document.querySelector("#steps .now button").textContent,
      lit: document.querySelectorAll("#dump .hex .own").length,
      text: [...document.querySelectorAll("#dump .text .own")].map((s) => s.textContent).join(""),
    }));
    if (i > 0 && now.title === peeled[i - 1].title) break;
    peeled.push(now);
    if (picture && now.title.includes("mask")) await ada.screenshot({ path: picture });
    await ada.keyboard.press("ArrowDown");
  }
  if (picture && !fs.existsSync(picture)) await ada.screenshot({ path: picture });
  await ada.keyboard.press("Escape");
  const seen = await ada.evaluate(() => ({
    here: document.querySelector("#here").textContent,
    state: document.querySelector("#state").textContent,
    source: document.querySelector("#source").textContent,
    theirs: document.querySelector(".theirs .words").textContent,
    mine: document.querySelector(".mine .words").textContent,
    spread: document.querySelector(".mine .spread").textContent,
    packets: [...document.querySelectorAll("#packets .line")].map((l) => l.textContent),
    // The sids that each packet names: all of them must be our own.
    sids: [...new Set(packets.entries.flatMap((e) => {
      const text = (e.hex.match(/../g) ?? []).map((two) => String.fromCharCode(parseInt(two, 16))).join("");
      return [...text.matchAll(/sid(?:=|":")([\w-]{16})/g)].map((m) => m[1]);
    }))],
    markup: document.querySelectorAll("#messages img, #messages b, #here img").length,
  }));
  await bob.click("#hangup");
  await ada.waitForFunction(() => [...document.querySelectorAll(".note")].some((n) => n.textContent.includes("left")));
  await bob.waitForFunction(() => document.querySelector("#state").textContent === "not connected");
  await bob.click("#hangup");
  await bob.waitForFunction(() => document.querySelector("#here").textContent.includes("(you)"));
  const again = await bob.evaluate(() => [...document.querySelectorAll(".words")].map((w) => w.textContent));
  // What the page says of its own packets, where there is no capture.
  const own = await bob.evaluate(() => {
    packets.captured = false;
    packets.seen({ up: true, via: "a test", text: "42[\"say\",\"\u202eevil\u0007\"]" });
    return packets.entries.at(-1).line;
  });
  console.log(JSON.stringify({ ...seen, peeled, again, own, complaints }));
  await context.close();
  fs.rmSync(profile, { recursive: true, force: true });
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
