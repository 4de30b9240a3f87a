"use strict";
// Captures of strangers, each opened on the playground, its last packet looked at, and every page about its connection. Prints
// what went wrong as one JSON object.
//   node hostile.js SITE FOLDER [NAME…]
const { SCREEN, pages, serve } = require("./pages.js");
const fs = require("fs"), path = require("path");

const [site, folder, ...names] = process.argv.slice(2);
/** What the playground draws with; anything else came out of a packet. */
const TAGS = "a article b button code dd details div dl dt em form h2 h3 h4 img input kbd label li main mark ol optgroup option osi-answers osi-list osi-packet p pre section select small span strong summary svg table tbody td th thead tr ul caption".split(" ");
/** How long a capture may take, whatever it is: the engine is started again after ten seconds of silence. */
const PATIENCE = Number(process.env.PATIENCE ?? 120) * 1000;

/** The capture that is open. */
let now = "";
const seen = { files: 0, opened: 0, refused: {}, restarted: {}, wrong: [], slow: {} };
(async () => {
  const { url, close } = await serve(site);
  const { end, open } = await pages(seen);
  const page = await open(url, SCREEN);
  await page.waitForSelector(".course a");
  const state = () => page.evaluate(() => ({
    alert: document.querySelector("[role=alert]")?.textContent ?? "", counted: document.querySelector(".counted")?.textContent ?? "", said: document.querySelector("#state").textContent,
  }));
  const settled = () => page.waitForFunction(() => { const now = document.querySelector(".counted")?.textContent ?? ""; return document.querySelector("[role=alert]") || (now !== "" && !now.includes("reading on")); }, undefined, { timeout: PATIENCE });
  const drawn = () => page.waitForFunction(() => document.querySelector("[role=alert]") || (document.querySelector(".pane")?.children.length && !document.querySelector(".pane > [role=status]")), undefined, { timeout: PATIENCE });
  const start = async () => {
    await page.evaluate(() => { location.hash = ""; });
    await page.waitForSelector(".course a");
  };
  // Names need not be text; a browser shows what of them is.
  const at = (name) => Buffer.concat([Buffer.from(`${folder}/`), name]);
  const all = names.length ? names.map((name) => Buffer.from(name)) : fs.readdirSync(folder, { encoding: "buffer" }).filter((name) => fs.statSync(at(name)).isFile());
  for (const bytes of all) {
    const name = bytes.toString();
    const since = Date.now(), wrong = (what) => seen.wrong.push(`${name}: ${what}`);
    seen.files += 1;
    now = name;
    await start();
    await page.setInputFiles("#file", Buffer.from(name).equals(bytes) ? path.join(folder, name) : { name, mimeType: "", buffer: fs.readFileSync(at(bytes)) });
    await settled();
    let told = await state();
    if (!told.alert) {
      seen.opened += 1;
      await page.evaluate(() => [...document.querySelectorAll(".entry")].pop()?.click());
      await drawn();
      for (const view of ["ladder", "follow", "plot", "stats"]) {
        if (await page.evaluate((v) => { const tab = document.querySelector(`.tabs [data-view=${v}]`); tab?.click(); return Boolean(tab) && !tab.disabled; }, view)) await drawn();
      }
      told = await state();
    }
    if (told.alert.includes("started again")) seen.restarted[name] = told.alert;
    else if (told.alert) seen.refused[name] = told.alert;
    if (told.said) wrong(told.said);
    const strange = await page.evaluate((tags) => [...document.querySelectorAll("main *")].filter((e) => !e.closest("svg") && (!tags.includes(e.localName) || e.getAttributeNames().some((n) => n.startsWith("on")) || /^(javascript|data):/.test(e.getAttribute("href") ?? ""))).map((e) => e.outerHTML.slice(0, 80)), TAGS);
    if (strange.length) wrong(strange[0]);
    if (Date.now() - since > 5000) seen.slow[name] = Date.now() - since;
  }
  // After all that the page is what it was.
  await page.evaluate(() => { location.hash = "#l=handshake"; });
  await page.waitForFunction(() => document.querySelector("main h2")?.textContent.includes("page 1 of"));
  close();
  await end();
})().catch((error) => {
  process.stderr.write(`${now}: ${error.stack}\nso far: ${JSON.stringify(seen)}\n`);
  process.exit(1);
});
