#!/usr/bin/env node
"use strict";
// How fast the playground takes in a large capture, beside Wireshark's own dissectors compiled for WebAssembly (wiregasm), in one
// run of one Chromium, on the same file.
//
//   npm ci --prefix tests/chat && playground/build
//   npm install --prefix target/wiregasm @goodtools/wiregasm@1.9.1      # without it, ours alone
//   node benches/page.js [FILE.pcap] [--packets 100000] [--rounds 3] [--filter 'tcp.flags.push == 1']
//
// Ours is the page as people use it: `ready` counts from the request for it, `listed` from the choice of a file until the last
// packet is in the list, `filtered` until the list shows what the filter selects, `longest` is the longest task of the page while
// the list is scrolled from end to end. wiregasm is called in a Worker, without any page: `ready` is its download and start,
// `listed` is load() and getFrames() of every row (ours has a line for each packet, too), `first` load() and the first 100 rows
// alone, `filtered` the first 100 rows of the filter, which needs a pass over all packets. Its file is in its memory before the
// clock starts. The two take turns; the median is printed.
const { SCREEN, pages, serve } = require("../tests/chat/pages.js");
const { execFileSync } = require("child_process");
const fs = require("fs"), os = require("os"), path = require("path"), zlib = require("zlib");

const argument = (name, usual) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? usual : process.argv[at + 1];
};
const FILTER = argument("filter", "tcp.flags.push == 1"), ROUNDS = Number(argument("rounds", 3)), PACKETS = Number(argument("packets", 100_000));
const given = process.argv.slice(2).find((a, n, all) => !a.startsWith("--") && !all[n - 1]?.startsWith("--"));
const root = path.join(__dirname, ".."), site = path.join(root, "target/site");
const other = path.join(root, "target/wiregasm/node_modules/@goodtools/wiregasm/dist");

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "osi-tutor-bench-"));
const file = given ?? path.join(folder, "big.pcap");
if (!given) execFileSync(path.join(__dirname, "big.py"), ["--packets", String(PACKETS), file], { stdio: "ignore" });

/** What runs in the Worker of wiregasm. */
const WORKER = `
importScripts("/wiregasm/wiregasm.js");
const took = async (work) => { const since = performance.now(); const value = await work(); return [performance.now() - since, value]; };
(async () => {
  const packets = new Uint8Array(await (await fetch("/capture")).arrayBuffer());
  const [ready, wg] = await took(async () => {
    const wg = await loadWiregasm({ locateFile: (name) => "/wiregasm/" + name, print: () => {}, printErr: () => {} });
    wg.init();
    return wg;
  });
  wg.FS.writeFile("/uploads/capture", packets);
  const session = new wg.DissectSession("/uploads/capture");
  const [first] = await took(() => { session.load(); session.getFrames("", 0, 100); });
  const [rest] = await took(() => session.getFrames("", 0, 0));
  const [filtered, rows] = await took(() => session.getFrames(${JSON.stringify(FILTER)}, 0, 100));
  postMessage({ ready, first, listed: first + rest, filtered, matched: rows.matched });
})().catch((why) => postMessage({ error: String(why) }));`;

/** What is served beside the site. @param {string} at */
const own = (at) => at === "/capture" ? fs.readFileSync(file) : at === "/other.js" ? WORKER : at === "/empty" ? "<!doctype html><link rel=icon href=data:,>" : at.startsWith("/wiregasm/") ? fs.readFileSync(path.join(other, path.basename(at))) : undefined;

const seen = {};
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const size = (name) => (fs.existsSync(name) ? fs.statSync(name).size : 0);

async function ours(browser, url) {
  const page = await browser.open(url, SCREEN);
  await page.waitForSelector(".course a");
  const mark = (name) => page.evaluate((n) => performance.getEntriesByName(n).pop()?.startTime ?? 0, name);
  const ready = await mark("ready");
  await page.setInputFiles("#file", file);
  await page.waitForFunction(() => performance.getEntriesByName("listed").length > 0, undefined, { timeout: 60_000 });
  const listed = (await mark("listed")) - (await mark("opening"));
  const counted = await page.evaluate(() => document.querySelector(".counted").textContent);
  await page.evaluate(() => performance.clearMarks("filtered"));
  await page.fill("#filter", FILTER);
  await page.waitForFunction(() => performance.getEntriesByName("filtered").length > 0);
  const filtered = (await mark("filtered")) - (await mark("filtering"));
  const matched = await page.evaluate(() => document.querySelector(".counted").textContent);
  await page.fill("#filter", "");
  await page.waitForFunction((all) => document.querySelector(".counted").textContent === all, counted);
  const longest = await page.evaluate(async () => {
    const box = document.querySelector("osi-list .box"), tasks = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map((e) => e.duration))).observe({ entryTypes: ["longtask"] });
    for (let n = 1; n <= 120; n++) {
      box.scrollTop = (box.scrollHeight * n) / 120;
      await new Promise(requestAnimationFrame);
    }
    await new Promise((r) => setTimeout(r, 200));
    return Math.max(0, ...tasks);
  });
  await page.context().close();
  return { ready, listed, filtered, longest, matched };
}

async function theirs(browser, url) {
  const page = await browser.open(`${url}empty`, SCREEN);
  const told = await page.evaluate(() => new Promise((done) => { new Worker("/other.js").onmessage = ({ data }) => done(data); }));
  if (told.error) throw new Error(`wiregasm: ${told.error}`);
  await page.context().close();
  return told;
}

(async () => {
  const { url, close } = await serve(site, own);
  const both = fs.existsSync(path.join(other, "wiregasm.js"));
  const rounds = { ours: [], theirs: [] };
  for (let n = 0; n < ROUNDS; n++) {
    const browser = await pages(seen);
    rounds.ours.push(await ours(browser, url));
    if (both) rounds.theirs.push(await theirs(browser, url));
    await browser.close();
  }
  close();
  const row = (name, all) => [name, ...["ready", "first", "listed", "filtered", "longest"].map((key) => (all[0]?.[key] === undefined ? "-" : Math.round(median(all.map((one) => one[key])))))];
  const lines = [["ms", "ready", "first", "listed", "filtered", "longest"], row("playground", rounds.ours)];
  if (both) lines.push(row("wiregasm", rounds.theirs));
  for (const line of lines) console.log(line.map((cell, n) => String(cell)[n ? "padStart" : "padEnd"](12)).join(""));
  console.log(`${path.basename(file)}: ${size(file)} bytes; ${FILTER}: ${rounds.ours[0].matched}${both ? `, wiregasm ${rounds.theirs[0].matched}` : ""}`);
  const times = (key) => (median(rounds.theirs.map((one) => one[key])) / median(rounds.ours.map((one) => one[key]))).toFixed(1);
  if (both) console.log(`times as fast: listed ${times("listed")} (against its first 100 rows alone ${(median(rounds.theirs.map((one) => one.first)) / median(rounds.ours.map((one) => one.listed))).toFixed(1)}), filtered ${times("filtered")}`);
  const gzip = (name) => (fs.existsSync(name) ? zlib.gzipSync(fs.readFileSync(name), { level: 9 }).length : 0);
  console.log(`engine, gzipped: playground ${size(path.join(site, "engine.wasm.gz"))} bytes${both ? `, wiregasm ${size(path.join(other, "wiregasm.wasm.gz")) || gzip(path.join(other, "wiregasm.wasm"))} bytes and ${size(path.join(other, "wiregasm.data.gz"))} of data` : ""}; the one file ${size(path.join(site, "osi-tutor.html"))} bytes`);
  if (seen.complaints.length) console.log(`the browser complains: ${seen.complaints.join("; ")}`);
  fs.rmSync(folder, { recursive: true });
})().catch((error) => {
  console.error(error.stack);
  process.exit(1);
});
