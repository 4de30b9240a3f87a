"use strict";
// Browsers that look at our pages: pictures of them, what axe-core finds on each picture, whether it scrolls sideways (also on the
// smallest phone, and with everything twice as large), and whether something moves.
const { chromium } = require("playwright-core");
const fs = require("fs"), http = require("http"), path = require("path");

const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
exports.PHONE = { width: 360, height: 740 };
exports.SCREEN = { width: 1280, height: 720 };
/** The smallest phone, and a screen of 1280 at 200%. */
const NARROW = [{ width: 320, height: 640 }, { width: 640, height: 360 }];

const KINDS = { html: "text/html", js: "text/javascript", css: "text/css", gz: "application/gzip", wasm: "application/wasm" };

/**
 * Serves a folder, as any web server does.
 * @param {string} site
 * @param {(name: string) => string | Buffer | undefined} [own] gives what is not in the folder
 */
exports.serve = async (site, own = () => undefined) => {
  /** Every request that came. @type {string[]} */
  const requests = [];
  const server = http.createServer((request, response) => {
    const at = new URL(request.url, "http://x").pathname, name = path.basename(at) || "index.html";
    requests.push(name);
    const answer = (error, bytes) => {
      response.writeHead(error ? 404 : 200, { "Content-Type": KINDS[name.split(".").pop()] ?? "text/html" });
      response.end(bytes ?? "");
    };
    const made = own(at);
    if (made === undefined) fs.readFile(path.join(site, name), answer);
    else answer(null, made);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${server.address().port}/`, requests, close: () => server.close() };
};

/** What checks a page for people who cannot see it, or use no mouse; an older `npm ci` has not brought it. */
const axe = (() => {
  try {
    return fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
  } catch {
    return null;
  }
})();

/** A browser that asks nobody for anything. */
const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", headless: true, args: ARGS });
exports.launch = launch;

/**
 * @param {Record<string, any>} seen what is printed at the end; what axe finds, what is too wide and what the browser complains
 *   of go into it
 * @param {string} [pictures] a folder for them
 */
exports.pages = async (seen, pictures) => {
  Object.assign(seen, { axe: axe ? [] : null, wide: [], complaints: [], moving: [], looked: 0 });
  const browser = await launch();
  const until = (page, what, ...args) => page.waitForFunction(what, ...args);
  return {
    /** `before` runs in the page before anything else, under a clock that the test moves. */
    async open(url, viewport, { before, ...options } = {}) {
      const context = await browser.newContext({ viewport, ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(20000);
      // Now and then Chromium complains of a module in a page that is part of itself.
      const own = (m) => m.text().startsWith("crbug/1173575");
      page.on("console", (m) => ["error", "warning"].includes(m.type()) && !own(m) && seen.complaints.push(m.text()));
      page.on("pageerror", (e) => seen.complaints.push(String(e)));
      page.on("dialog", (d) => { seen.complaints.push("a dialog opened"); d.dismiss(); });
      if (before) {
        await page.clock.install();
        await page.addInitScript(before);
      }
      await page.goto(url);
      return page;
    },
    async picture(page, name) {
      if (axe) {
        const { violations } = await page.evaluate(`${axe}; axe.run()`);
        seen.axe.push(...violations.map(({ id, nodes }) => `${name}: ${id}: ${nodes[0].html.slice(0, 100)}`));
      }
      seen.looked += 1;
      if (pictures) await page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: false });
      const size = page.viewportSize();
      for (const narrow of [size, ...NARROW]) {
        await page.setViewportSize(narrow);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (over > 0) seen.wide.push(`${name}: ${over} at ${narrow.width}`);
      }
      await page.emulateMedia({ reducedMotion: "reduce" });
      if (await page.evaluate(() => document.getAnimations().length)) seen.moving.push(name);
      await page.emulateMedia({ reducedMotion: null });
      await page.setViewportSize(size);
    },
    text: (page, selector) => page.evaluate((s) => document.querySelector(s)?.textContent ?? "", selector),
    until,
    heading: (page, wanted) => until(page, (w) => document.querySelector("main h2")?.textContent.includes(w), wanted),
    close: () => browser.close(),
    async end() {
      console.log(JSON.stringify(seen));
      await browser.close();
    },
  };
};
