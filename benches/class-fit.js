"use strict";
// Leads a class through every slide of every lesson, with a vote that betrays all it can, and measures the stage at 1280x720:
// question, answer and refutations have to be in sight without scrolling. Needs `npm ci` in tests/chat, and Chromium.
//   node benches/class-fit.js [PROGRAM] [FOLDER FOR PICTURES] [LESSON…]
// Prints the slides whose revealed answer goes below the edge, by how many pixels; with what a vote is open, too.
const fs = require("fs"), os = require("os"), path = require("path");
const { launch } = require("../tests/chat/pages.js");
const { Guest, start } = require("./class-guest.js");

const [program = path.join(__dirname, "../target/debug/osi-tutor"), pictures, ...wanted] = process.argv.slice(2);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "osi-tutor-fit-"));
const HEIGHT = 720;
const own = path.join(__dirname, "../src/classroom/page");
const lessons = wanted.length > 0 ? wanted : fs.readdirSync(path.join(__dirname, "../lessons")).filter((name) => name.endsWith(".md"))
  .sort((a, b) => parseInt(a, 10) - parseInt(b, 10)).map((name) => name.replace(/^\d+-|\.md$/g, ""));

/** How far down what matters goes, and the whole page. */
const measure = () => {
  const bottom = (/** @type {string} */ wanted) => Math.max(0, ...[...document.querySelectorAll(wanted)].map((one) => one.getBoundingClientRect().bottom));
  return { must: Math.ceil(bottom(".question > h2, .question > ol, .answer, .refuted")), why: Math.ceil(bottom(".why")), all: document.documentElement.scrollHeight };
};

(async () => {
  const browser = await launch();
  let slides = 0, below = 0, scrolls = 0;
  for (const lesson of lessons) {
    const { child, address, secret } = await start(program, ["class", lesson, "--listen", "127.0.0.1:0", "--no-capture", "--state", folder]);
    const teacher = await new Guest(address, { role: "teach", secret }).connect();
    const phones = await Promise.all([1, 2, 3, 4].map(() => new Guest(address, { role: "student" }).connect()));
    const stage = await browser.newPage({ viewport: { width: 1280, height: HEIGHT } });
    // The style as it is here, whatever the program was built with.
    for (const file of ["class.css", "stage.js", "tally.js"]) await stage.route(`**/${file}`, (route) => route.fulfill({ path: path.join(own, file) }));
    await stage.goto(`http://${address}/stage`);
    const shows = (/** @type {any} */ page) => stage.waitForFunction(({ phase, place }) => document.body.dataset.phase === phase
      && (phase === "board" || document.querySelector("#place")?.textContent?.startsWith(`${place} of`)), page.shown);
    const lead = async (/** @type {string} */ command) => {
      const paged = teacher.paged(), { error } = await teacher.ask("command", command);
      if (error) throw new Error(`${lesson}: ${command}: ${error}`);
      await paged;
      await shows(teacher.page);
    };
    const note = async (/** @type {string} */ what) => {
      const { must, why, all } = await stage.evaluate(measure);
      slides += 1;
      below += Number(must > HEIGHT);
      scrolls += Number(all > HEIGHT);
      const name = `${lesson}-${teacher.page.shown.place}-${what}`;
      if (must > HEIGHT || why > HEIGHT) console.log(`${name}: what must be in sight ends at ${must}, why at ${why}, all at ${all}`);
      if (pictures) await stage.screenshot({ path: path.join(pictures, `${name}.png`) });
    };
    await lead("next");
    while (teacher.page.shown.phase !== "board") {
      const { task, slide } = teacher.page.shown;
      if (task) {
        await lead("open");
        await note("vote");
        const wrong = task.packets ? task.packets.map(([n]) => `${n}`) : (task.choices ?? []).map((_, n) => `${n + 1}`);
        await Promise.all(phones.map((phone, n) => phone.ask("vote", { slide, round: 1, given: wrong[n % Math.max(1, wrong.length)] ?? `${n}`, sure: n % 2 === 0 })));
        await lead("reveal");
        await note("revealed");
      }
      await lead("next");
    }
    phones.concat(teacher).forEach((guest) => guest.socket.terminate());
    await stage.close();
    child.removeAllListeners("exit");
    const ended = new Promise((yes) => child.on("exit", yes));
    child.kill();
    await ended;
  }
  console.log(`${slides} pictures: ${below} with something below the edge that must be in sight, ${scrolls} that scroll`);
  await browser.close();
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
