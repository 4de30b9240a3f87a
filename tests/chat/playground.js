"use strict";
// The playground in a real browser, from a web server and from a disk: lessons by keyboard, addresses, captures (hostile
// ones, too), questions, simulations, an embedded step. Prints what was seen as one JSON object.
//   node playground.js SITE CAPTURES [FOLDER for pictures]
const { PHONE, SCREEN, pages, serve } = require("./pages.js");
const fs = require("fs"), os = require("os"), path = require("path");
const { pathToFileURL } = require("url");

const [site, captures, pictures] = process.argv.slice(2);
const MARKUP = "<img src=x onerror=document.title='hacked'><script>document.title='hacked'</script>";

/** A pcap of Ethernet frames. @param {Buffer[]} frames */
function pcap(frames) {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  [2, 4].forEach((n, at) => head.writeUInt16LE(n, 4 + 2 * at));
  head.writeUInt32LE(262144, 16);
  head.writeUInt32LE(1, 20);
  const parts = [head];
  frames.forEach((frame, n) => {
    const record = Buffer.alloc(16);
    [1_700_000_000 + Math.floor(n / 1000), (n % 1000) * 1000, frame.length, frame.length].forEach((value, at) => record.writeUInt32LE(value, 4 * at));
    parts.push(record, frame);
  });
  return Buffer.concat(parts);
}

/** The frames of a pcap with microseconds, this machine's byte order. @param {Buffer} file */
function framesOf(file) {
  const frames = [];
  for (let at = 24; at + 16 <= file.length;) {
    const length = file.readUInt32LE(at + 8);
    frames.push(file.subarray(at + 16, at + 16 + length));
    at += 16 + length;
  }
  return frames;
}

/** A segment whose payload looks like a part of a page. */
function markup() {
  const payload = Buffer.from(`GET /${MARKUP} HTTP/1.1\r\nHost: ${MARKUP}\r\n\r\n`);
  const ip = Buffer.from("45000000000100004006000 0c0000201c0000202".replace(" ", ""), "hex");
  ip.writeUInt16BE(40 + payload.length, 2);
  const tcp = Buffer.from("9c40005000000001000000015018fff000000000", "hex");
  return Buffer.concat([Buffer.from("020000000002020000000001" + "0800", "hex"), ip, tcp, payload]);
}

/** Damage that is the same each time. @param {Buffer} file @param {number} seed */
function damaged(file, seed) {
  const bytes = Buffer.from(file);
  let state = seed * 2654435761 >>> 0 || 1;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0);
  for (let n = 0; n < 12 + bytes.length / 60; n++) bytes[24 + next() % Math.max(1, bytes.length - 24)] ^= 1 << next() % 8;
  return next() % 3 === 0 ? bytes.subarray(0, bytes.length - 7) : bytes;
}

const seen = { times: {} };
(async () => {
  const { url, requests, close } = await serve(site);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "osi-tutor-playground-"));
  const { picture, text, heading, end, ...browser } = await pages(seen, pictures);
  const open = async (...args) => {
    const page = await browser.open(...args);
    await page.waitForSelector("main h2");
    return page;
  };
  const tab = async (page, matches, shift = false) => {
    for (let n = 0; n < 200 && !(await page.evaluate(matches)); n++) await page.keyboard.press(shift ? "Shift+Tab" : "Tab");
  };
  /** Changes what is open, and waits until it is. */
  const go = async (page, hash) => {
    const before = await page.evaluate((h) => { const { ready } = document.body.dataset; location.hash = h; return ready; }, hash);
    await page.waitForFunction((b) => document.body.dataset.ready !== b, before);
  };
  const file = (name, bytes) => {
    const to = path.join(folder, name);
    fs.writeFileSync(to, bytes);
    return to;
  };
  /** Opens a capture, and waits until it was taken in. */
  const choose = async (page, name, counted) => {
    if (await page.evaluate(() => location.hash !== "")) await go(page, "");
    await page.setInputFiles("#file", name);
    await page.waitForFunction((w) => { const now = document.querySelector(".counted")?.textContent ?? ""; return now !== "" && !now.includes("reading on") && (!w || now.includes(w)); }, counted);
  };

  // ---- from a server: the start page, a lesson by keyboard alone
  const page = await open(url, SCREEN);
  seen.times.ready = await page.evaluate(() => performance.getEntriesByName("ready")[0].startTime);
  seen.lessons = await page.evaluate(() => document.querySelectorAll(".course a").length);
  await picture(page, "1-start");
  await tab(page, () => document.activeElement?.matches(".course a[href='#l=handshake']"));
  await page.keyboard.press("Enter");
  await heading(page, "page 1");
  seen.focus = await page.evaluate(() => document.activeElement?.tagName);
  const state = () => page.evaluate(() => ({
    next: !document.querySelector(".turn button:last-child")?.disabled, break: Boolean([...document.querySelectorAll(".turn .first")].find((b) => b.textContent.startsWith("Break"))),
    asks: Boolean(document.querySelector("osi-answers")), over: document.querySelector("main h2")?.textContent === "That was the lesson", text: document.querySelector("main")?.innerText,
  }));
  const changed = (before) => page.waitForFunction((b) => document.querySelector("main")?.innerText !== b, before);
  seen.keyboard = { answered: 0, broken: 0, pages: 0 };
  for (let n = 0; n < 80; n++) {
    const now = await state();
    if (now.over) break;
    if (now.text.includes("With the fault") && seen.keyboard.broken === 0) {
      seen.keyboard.broken += 1;
      await picture(page, "2-lesson-broken");
    }
    if (now.asks) {
      // Whatever is asked first is answered, the rest is skipped.
      const radio = seen.keyboard.answered === 0 && await page.evaluate(() => Boolean(document.querySelector("osi-answers input[type=radio]")));
      if (radio) {
        await tab(page, () => document.activeElement?.matches("osi-answers input[type=radio]"));
        await page.keyboard.press("Space");
        await tab(page, () => document.activeElement?.textContent === "Answer");
        await page.keyboard.press("Enter");
        await page.waitForSelector(".verdict");
        seen.keyboard.answered += 1;
        seen.keyboard.verdict = await text(page, ".verdict");
        await picture(page, "2-lesson-verdict");
        if (!(await page.evaluate(() => [...document.querySelectorAll("button")].some((b) => b.textContent === "Skip")))) continue;
      }
      await tab(page, () => document.activeElement?.textContent === "Skip");
      const before = (await state()).text;
      await page.keyboard.press("Enter");
      await changed(before);
      continue;
    }
    if (now.break) {
      await tab(page, () => document.activeElement?.textContent.startsWith("Break"));
      await page.keyboard.press("Enter");
      await changed(now.text);
      continue;
    }
    await page.evaluate(() => document.activeElement instanceof HTMLElement && document.activeElement.blur());
    await page.keyboard.press("ArrowRight");
    await changed(now.text);
    seen.keyboard.pages += 1;
  }
  seen.keyboard.over = await text(page, "main h2");

  // ---- the address: Back, a reload, what means nothing
  await page.goto(`${url}#l=handshake&s=7&p=3`);
  await heading(page, "page 3");
  await picture(page, "2-lesson");
  seen.bytes = await text(page, ".lit-fields");
  await page.click(".turn button:last-child");
  await heading(page, "page 4");
  await page.goBack();
  await heading(page, "page 3");
  seen.back = await page.evaluate(() => location.hash);
  await page.reload();
  await heading(page, "page 3");
  seen.broken = [];
  for (const hash of ["#l=nothing", "#l=handshake&p=x", "#l=handshake&s=99999999999999999999", "#what", `#l=${"a".repeat(5000)}`, "#sim=two-hosts&w=drop+(((", "#c=x", "#sim=two-hosts&at=moon", `#l=${encodeURIComponent(MARKUP)}`, "#l=handshake&p=9999"]) {
    await go(page, hash);
    seen.broken.push(await page.evaluate(() => document.querySelector("[role=alert]")?.textContent ?? document.querySelector("main h2")?.textContent));
  }

  // ---- every lesson, to its end
  seen.ended = [];
  const ids = await page.evaluate(async () => { location.hash = ""; while (!document.querySelector(".course a")) await new Promise((r) => setTimeout(r, 10)); return [...document.querySelectorAll(".course a")].map((a) => a.getAttribute("href")); });
  for (const id of ids) {
    seen.ended.push(await page.evaluate(async (hash) => {
      const settled = async (ok) => { for (let n = 0; n < 2000 && !ok(); n++) await new Promise((r) => setTimeout(r, 5)); };
      const main = () => document.querySelector("main");
      location.hash = hash;
      await settled(() => main().querySelector(".lesson h2 small")?.textContent.startsWith("page 1 of"));
      for (let n = 0; n < 200; n++) {
        if (main().querySelector("h2").textContent === "That was the lesson") return "over";
        const buttons = [...main().querySelectorAll("button")];
        const named = (text) => buttons.find((b) => b.textContent.startsWith(text) && !b.disabled);
        const press = named("Break it") ?? named("Skip") ?? named("Next");
        const before = main().querySelector(".lesson > *");
        if (!press) return `stuck: ${hash}: ${main().innerText.slice(0, 200)}`;
        press.click();
        await settled(() => main().querySelector(".lesson > *") !== before);
      }
      return `endless: ${hash}`;
    }, id));
  }

  // ---- a quiz, puzzles
  for (const [name, hash] of [["4-quiz", "#q=handshake&s=3"], ["4-puzzle", "#z=http&s=3"], ["4-mixed", "#q=all&s=4"]]) {
    await page.evaluate((h) => { location.hash = h; }, hash);
    await heading(page, "Question 1 of");
    await picture(page, name);
    for (let n = 0; n < 40 && (await text(page, "main h2")) !== "How it went"; n++) {
      const before = (await state()).text;
      await page.click("button:text-is('Skip'), button:text-is('Next')");
      await changed(before);
    }
    seen[name] = await text(page, ".result");
  }

  // ---- a simulation in which something breaks, from the form
  await go(page, "");
  await page.selectOption("#scenario", "two-hosts");
  await page.click("text=Add something that breaks");
  await page.fill(".faults input", "1 of tcp.flags.syn == 1");
  await page.click("button:text-is('Simulate')");
  await page.waitForFunction(() => /^\d/.test(document.querySelector(".counted")?.textContent ?? ""));
  seen.simulated = { hash: await page.evaluate(() => location.hash), origin: await text(page, ".origin") };
  await page.waitForSelector("osi-packet .layer");
  // Its packet on every link, and what else could have become of it.
  await page.click(".tabs button:text-is('Link by link')");
  await page.waitForSelector(".pane .picture");
  seen.hops = await text(page, ".pane");
  await picture(page, "4-hops");
  await page.click(".tabs button:text-is('Break it')");
  await page.click(".pane button:text-is('Lose it')");
  await page.waitForSelector(".both .picture");
  seen.both = await text(page, ".both");
  await picture(page, "4-both");

  // ---- a capture: list, layers and bytes, filter, the connection's pages; and not one request
  const quiet = requests.length;
  await choose(page, path.join(captures, "http.pcapng"));
  await page.waitForSelector("osi-packet .layer");
  seen.list = await page.evaluate(() => [...document.querySelectorAll(".entry")].slice(0, 4).map((l) => l.textContent));
  await page.click(".entry >> nth=0");
  await page.keyboard.press("End");
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  await page.waitForFunction(() => document.querySelector(".pane h3")?.textContent === "Packet 2");
  await page.click(".layer.of-4 > summary");
  await page.click(".layer.of-4 button:has-text('tcp.srcport')");
  seen.lit = await page.evaluate(() => [...document.querySelectorAll(".hex .lit")].map((b) => b.textContent).join(" "));
  await page.click(".hex [data-at='23']");
  seen.byte = await text(page, ".about");
  await page.click("text=What is ip.proto?");
  seen.meaning = await page.waitForSelector(".meaning pre").then((pre) => pre.textContent());
  await picture(page, "3-packets");
  await page.fill("#filter", "tcp.flags.sym == 1");
  await page.waitForSelector(".mistake button");
  seen.mistake = await text(page, ".mistake");
  await picture(page, "3-mistake");
  await page.click(".mistake button");
  await page.waitForFunction(() => document.querySelector(".counted").textContent.includes(" of "));
  seen.filtered = await text(page, ".counted");
  for (const [name, button] of [["ladder", "Ladder"], ["follow", "What was said"], ["plot", "Over time"], ["stats", "Counts"]]) {
    await page.click(`.tabs button:text-is('${button}')`);
    await page.waitForSelector({ ladder: ".pane .picture", follow: ".turn-of", plot: ".pane .picture .p-curve0", stats: ".counts" }[name]);
    seen[name] = (await text(page, ".pane")).slice(0, 600);
    await picture(page, `3-${name}`);
  }
  seen.plotted = await page.evaluate(async () => { const all = [...document.querySelectorAll(".tabs button")]; all.find((b) => b.textContent === "Over time").click(); const drawn = () => document.querySelector(".pane .picture [class*=p-curve]"); while (!drawn()) await new Promise((r) => setTimeout(r, 5)); return document.querySelector(".pane .picture").getBoundingClientRect().width; });

  // Captures that mean no good: all of ours, damaged; and one that speaks like a page.
  const names = fs.readdirSync(captures).filter((name) => /\.pcap(ng)?$/.test(name));
  seen.hostile = { files: 0, lost: [] };
  const look = async (name) => {
    seen.hostile.files += 1;
    await page.evaluate(() => [...document.querySelectorAll(".entry")].pop()?.click());
    await page.waitForFunction(() => document.querySelector("osi-packet .layer, .pane p"));
    const state = await text(page, "#state") + await text(page, "[role=alert]");
    if (state) seen.hostile.lost.push(`${path.basename(name)}: ${state}`);
  };
  for (const [n, name] of names.entries()) {
    const to = file(`damaged-${name}`, damaged(fs.readFileSync(path.join(captures, name)), n + 1));
    await go(page, "");
    await page.setInputFiles("#file", to);
    await page.waitForFunction(() => { const now = document.querySelector(".counted")?.textContent ?? ""; return document.querySelector("[role=alert]") || (now !== "" && !now.includes("reading on")); });
    if (await page.evaluate(() => Boolean(document.querySelector(".counted")))) await look(name);
  }
  await choose(page, file(`${MARKUP.replace(/\//g, "_")}.pcap`, pcap([markup()])), "1 packet");
  await page.waitForSelector("osi-packet .layer");
  await page.click(".tabs button:text-is('What was said')");
  await page.waitForSelector(".turn-of");
  seen.markup = await page.evaluate(() => ({ images: document.querySelectorAll("main img").length, scripts: document.querySelectorAll("main script").length, title: document.title.startsWith("hacked"), shown: document.querySelector(".turn-of").textContent.includes("<script>") }));
  await go(page, "");
  await page.setInputFiles("#file", file("no.pcap", "this is no capture at all, but a text"));
  seen.none = await page.waitForSelector("[role=alert]").then((alert) => alert.textContent());
  seen.requests = requests.slice(quiet);

  // ---- large packets: what takes long goes on bit by bit, so that there's always an answer in time
  const large = Buffer.alloc(250_000, 0x41);
  markup().copy(large);
  await choose(page, file("large.pcap", pcap(Array.from({ length: 200 }, () => large))), "200 packets");
  seen.large = await text(page, ".counted");

  // ---- more than fits into memory: a file of 2.2 GB, of which a disk keeps the headers alone
  const huge = path.join(folder, "huge.pcap"), disk = fs.openSync(huge, "w");
  const zeros = pcap([Buffer.alloc(250_000)]), record = 16 + 250_000;
  fs.writeSync(disk, zeros, 0, 24);
  for (let n = 0; n < 8800; n++) fs.writeSync(disk, zeros, 24, 16, 24 + n * record);
  fs.ftruncateSync(disk, 24 + 8800 * record);
  fs.closeSync(disk);
  await choose(page, huge);
  seen.huge = await text(page, ".counted");
  await page.focus("osi-list .box");
  await page.keyboard.press("End");
  await page.waitForFunction(() => /^Packet \d{4}$/.test(document.querySelector(".pane h3")?.textContent ?? ""));
  fs.rmSync(huge);

  // ---- many packets
  const frames = framesOf(fs.readFileSync(path.join(captures, "http-segments.pcap")));
  await choose(page, file("many.pcap", pcap(Array.from({ length: 100_000 }, (_, n) => frames[n % frames.length]))), "100,000");
  const mark = (name) => page.evaluate((n) => performance.getEntriesByName(n).pop().startTime, name);
  const begun = await page.evaluate(() => performance.getEntriesByName("opening").pop()?.startTime ?? 0);
  seen.times.listed = (await mark("listed")) - begun;
  await page.evaluate(() => { performance.clearMarks("filtered"); });
  await page.fill("#filter", "tcp.flags.push == 1");
  await page.waitForFunction(() => performance.getEntriesByName("filtered").length > 0);
  seen.times.filtered = (await mark("filtered")) - (await mark("filtering"));
  seen.many = await text(page, ".counted");
  await page.fill("#filter", "");
  await page.waitForFunction(() => document.querySelector(".counted").textContent === "100,000 packets");
  seen.times.longest = await page.evaluate(async () => {
    const box = document.querySelector("osi-list .box"), tasks = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map((e) => e.duration))).observe({ entryTypes: ["longtask"] });
    for (let n = 1; n <= 60; n++) {
      box.scrollTop = (box.scrollHeight * n) / 60;
      await new Promise(requestAnimationFrame);
    }
    await new Promise((r) => setTimeout(r, 100));
    return Math.max(0, ...tasks);
  });
  await page.focus("osi-list .box");
  await page.keyboard.press("End");
  await page.waitForFunction(() => document.querySelector(".pane h3")?.textContent === "Packet 100000");
  seen.last = await text(page, ".entry[aria-selected=true] .no");

  // ---- an engine that traps is started again
  const trapped = await open(url, SCREEN, { before: () => { window.workers = []; window.Worker = class extends window.Worker { constructor(...args) { super(...args); window.workers.push(this); } }; } });
  await trapped.setInputFiles("#file", path.join(captures, "dns.pcap"));
  await trapped.waitForSelector("osi-packet .layer");
  await trapped.evaluate(() => window.workers.at(-1).onmessage({ data: { id: 0, trap: "RuntimeError: unreachable" } }));
  seen.trapped = await trapped.waitForSelector("[role=alert]").then((alert) => alert.textContent());
  await go(trapped, "#l=handshake");
  await heading(trapped, "page 1");
  // So is one that says nothing; ten seconds pass on this page's clock alone.
  await trapped.evaluate(() => { window.workers.at(-1).postMessage = () => {}; });
  await trapped.click(".turn button:last-child");
  await trapped.clock.fastForward(11_000);
  seen.silent = await trapped.waitForSelector("[role=alert]").then((alert) => alert.textContent());

  // ---- phones
  for (const colorScheme of ["light", "dark"]) {
    const phone = await open(url, PHONE, { colorScheme, reducedMotion: "reduce" });
    await picture(phone, `5-phone-start-${colorScheme}`);
    await phone.evaluate(() => { location.hash = "#l=handshake&p=3"; });
    await heading(phone, "page 3");
    await picture(phone, `5-phone-lesson-${colorScheme}`);
    await choose(phone, path.join(captures, "http.pcapng"));
    await phone.waitForSelector("osi-packet .layer");
    await phone.click(".layer.of-4 > summary");
    await picture(phone, `5-phone-packets-${colorScheme}`);
    await phone.evaluate(() => document.querySelector(".pane").scrollIntoView());
    await picture(phone, `5-phone-packet-${colorScheme}`);
    await phone.setViewportSize({ width: 320, height: 640 });
    for (const hash of ["", "#l=handshake&p=4", "#q=handshake&s=3", "#sim=two-hosts"]) {
      await go(phone, hash);
      await picture(phone, `6-narrow-${colorScheme}${hash.slice(0, 3).replace("#", "-")}`);
    }
    await phone.context().close();
  }

  // ---- a step in another page
  const example = await open(`${url}example.html`, SCREEN);
  const step = example.frameLocator("osi-trace iframe").first();
  await step.locator(".lesson h2").waitFor();
  seen.embedded = { heading: await step.locator("h2").textContent(), header: await step.locator("header").isVisible() };
  await example.waitForFunction(() => parseInt(document.querySelector("osi-trace iframe").style.blockSize, 10) > 100);
  await picture(example, "7-embedded");

  // ---- one file, from a disk, without a network
  const one = await open(pathToFileURL(path.join(site, "osi-tutor.html")).href, SCREEN, { offline: true });
  seen.times.one = await one.evaluate(() => performance.getEntriesByName("ready")[0].startTime);
  await one.evaluate(() => { location.hash = "#l=dns&p=2"; });
  await heading(one, "page 2");
  await choose(one, path.join(captures, "dns.pcap"));
  await one.waitForSelector("osi-packet .layer");
  seen.one = await text(one, ".counted");

  close();
  fs.rmSync(folder, { recursive: true });
  await end();
})().catch((error) => {
  process.stderr.write(`${error.stack}\nso far: ${JSON.stringify(seen)}\n`);
  process.exit(1);
});
