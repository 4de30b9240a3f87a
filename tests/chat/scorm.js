"use strict";
// A package of `osi-tutor export scorm`, unpacked, on a learning platform: scorm-again keeps what the page tells.
//   node scorm.js FOLDER
const { SCREEN, pages } = require("./pages.js");
const fs = require("fs");
const http = require("http");
const path = require("path");

const [folder] = process.argv.slice(2);
const seen = {};
const manifest = fs.readFileSync(path.join(folder, "imsmanifest.xml"), "utf8");
const agent = fs.readFileSync(require.resolve("scorm-again/scorm12"), "utf8");
const host = `<!doctype html><meta charset="utf-8"><title>Platform</title><script src="/agent.js"></script>
<script>
window.open12 = (address, kept) => {
  window.API = new Scorm12API({ autocommit: false, logLevel: 4 });
  if (kept) window.API.loadFromJSON(kept);
  const frame = document.createElement("iframe");
  [frame.src, frame.width, frame.height] = ["/index.html" + address, 1200, 700];
  document.body.replaceChildren(frame);
};
</script><body></body>`;
const server = http.createServer((request, answer) => {
  const name = new URL(request.url, "http://localhost").pathname;
  const [type, text] = name === "/" ? ["text/html", host] : name === "/agent.js" ? ["text/javascript", agent]
    : name === "/index.html" ? ["text/html", fs.readFileSync(path.join(folder, "index.html"))] : ["text/plain", ""];
  answer.writeHead(text === "" ? 204 : 200, { "content-type": `${type}; charset=utf-8` }).end(text);
});

(async () => {
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { end, open } = await pages(seen);
  const page = await open(`http://127.0.0.1:${server.address().port}/`, SCREEN);
  const items = await page.evaluate((text) => [...new DOMParser().parseFromString(text, "text/xml").querySelectorAll("organization > item")].map((item) => item.getAttribute("parameters")), manifest);
  seen.items = items.length;
  const address = items.find((item) => item.startsWith("#l=handshake"));
  const get = (key) => page.evaluate((key) => window.API.LMSGetValue(key), key);
  const frame = page.frameLocator("iframe");
  const heading = () => frame.locator(".lesson > h2").innerText();
  const turn = async () => {
    const before = await heading();
    await frame.locator(".turn button", { hasText: /^Next$/ }).click();
    await page.waitForFunction((before) => document.querySelector("iframe").contentDocument.querySelector("main h2")?.innerText !== before, before);
  };
  const begin = async (kept) => {
    await page.evaluate(([address, kept]) => window.open12(address, kept), [address, kept]);
    await frame.locator(".lesson > h2").waitFor();
  };
  const asked = () => frame.locator(".lesson form input").count();

  await begin(null);
  while (await asked() === 0) await turn();
  seen.first = { status: await get("cmi.core.lesson_status"), score: await get("cmi.core.score.raw") };
  seen.stopped = await heading();
  const kept = await page.evaluate(() => window.API.cmi.toJSON());
  await begin(JSON.parse(JSON.stringify(kept)));
  seen.again = await heading();

  // The first choice of each question; one of them is right.
  for (;;) {
    const choice = frame.locator(".lesson fieldset input[type=radio]").first();
    if (await choice.count() > 0 && await choice.isEnabled()) {
      await choice.check();
      await frame.locator(".lesson form button").first().click();
      await frame.locator(".verdict").waitFor();
    }
    if (await frame.locator(".turn button", { hasText: /^Next$/ }).isDisabled()) {
      await frame.locator("button", { hasText: "Skip" }).first().click();
    }
    await turn();
    if (await frame.locator(".turn").count() === 0) break;
  }
  seen.last = { status: await get("cmi.core.lesson_status"), score: await get("cmi.core.score.raw") };
  await page.evaluate(() => document.querySelector("iframe").remove());
  seen.last.time = await page.evaluate(() => window.API.cmi.getCurrentTotalTime());
  await end();
  server.close();
})().catch((error) => {
  process.stderr.write(`${error.stack}\nso far: ${JSON.stringify(seen)}\n`);
  process.exit(1);
});
