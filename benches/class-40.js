"use strict";
// A class of 40, played whole, while its votes are captured: by osi-tutor class itself, and beside it by osi-tutor capture,
// whose file any other program can read. Needs the right to capture, and `npm ci` in tests/chat.
//   cargo build && node benches/class-40.js [PROGRAM] [LESSON]
// Prints each question with both votes, a volunteer's packet as the stage shows it, what the capture has of the votes, and
// the board.
const { execFileSync, spawn } = require("child_process");
const fs = require("fs"), os = require("os"), path = require("path");
const { Guest, start, later } = require("./class-guest.js");

const [program = path.join(__dirname, "../target/debug/osi-tutor"), lesson = "handshake"] = process.argv.slice(2);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "osi-tutor-40-")), file = path.join(folder, "votes.pcapng");
const state = path.join(folder, "class"), MOST = 40;

/** The same throws each time. */
let dice = 7;
const roll = (n) => (dice = (dice * 48271) % 2147483647) % n;

/** What a phone answers: the right answer with a chance that grows, or something else. @param {any} task @param {string} right @param {number} chance */
function answer(task, right, chance) {
  if (roll(100) < chance) return right;
  switch (task.form) {
    case "choice": return String(1 + roll(task.choices.length));
    case "order": return [...task.choices.keys()].map((n) => n + 1).reverse().join(" ");
    case "range": return "0-3";
    default: return String(roll(5000));
  }
}

/** The right answer as a phone would send it, from the console's words. @param {any} task @param {string} words */
function rightOf(task, words) {
  if (task.form === "choice") return String(task.choices.indexOf(words) + 1);
  if (task.form === "order") return words.split(" → ").map((item) => task.choices.indexOf(item) + 1).join(" ");
  const range = /^bytes (\d+) to (\d+)/.exec(words);
  return range ? `${range[1]}-${range[2]}` : words.replace(/^(byte|packet) /, "");
}

(async () => {
  const server = await start(program, ["class", lesson, "--listen", "127.0.0.1:0", "--state", state]);
  const { address, secret } = server, port = address.split(":")[1];
  const tap = spawn(program, ["capture", "lo", "-w", file, "--filter", `tcp.port == ${port}`], { stdio: "ignore" });
  await later(1000);
  const teacher = await new Guest(address, { role: "teach", secret }).connect();
  const stage = await new Guest(address, { role: "stage" }).connect();
  const phones = await Promise.all(Array.from({ length: MOST }, () => new Guest(address, { role: "student" }).connect()));
  const command = async (name) => {
    const { error } = await teacher.ask("command", name);
    if (error) throw new Error(`${name}: ${error}`);
  };
  const voted = async (chance) => {
    const { shown } = teacher.page, right = rightOf(shown.task, teacher.console.console.words);
    let counted = 0;
    await Promise.all(phones.map(async (phone, n) => {
      await later(roll(400));
      const given = answer(shown.task, right, chance);
      const told = await phone.ask("vote", { slide: shown.slide, round: shown.round, given, sure: n % 3 > 0 });
      counted += told.ok ? 1 : 0;
    }));
    return counted;
  };

  let asked = 0, votes = 0, volunteer = null;
  await command("next");
  while (teacher.page.shown.phase !== "board") {
    const { shown } = teacher.page;
    if (!shown.task || shown.answer) {
      await command("next");
      continue;
    }
    asked += 1;
    await command("open");
    votes += await voted(45);
    await command("close");
    await later(300);
    const { advice } = teacher.console.console;
    if (advice === "discuss" || advice === "hint") {
      if (teacher.console.console.can.includes(advice)) await command(advice);
      if (teacher.console.console.can.includes("again")) {
        await command("again");
        votes += await voted(75);
        await command("close");
      }
    }
    await command("reveal");
    const shares = teacher.page.shown.answer.shares.map(({ right, of }) => `${right} of ${of}`).join(", then ");
    console.log(`${asked}. ${shown.prompt.replace(/\s+/g, " ").slice(0, 90)}\n   advice ${advice}; right: ${shares}`);
    if (!volunteer) {
      await phones[0].ask("wire", null);
      volunteer = await phones[0].ask("volunteer", null);
      await later(200);
    }
    await command("next");
  }
  if (volunteer?.error || !stage.wire) throw new Error(`no volunteer: ${JSON.stringify(volunteer)}`);
  console.log(`\nA volunteer's vote, as the stage showed it: ${stage.wire.said}`);
  for (const row of [...stage.wire.layers.rows].reverse()) console.log(`  ${row.layer} ${row.name.padEnd(13)} ${row.what}  (${row.evidence})`);
  await later(1500);
  const ended = [server.child, tap].map((child) => new Promise((yes) => child.on("exit", yes)));
  tap.kill("SIGINT");
  server.child.kill();
  await Promise.all(ended);

  const read = (...args) => execFileSync(program, args, { encoding: "utf8", maxBuffer: 1 << 28 });
  const seen = read("read", file, "--brief", "--filter", 'socketio.event == "vote"').split("\n").filter(Boolean);
  console.log(`\n${votes} votes were acknowledged; the capture has ${seen.length} packets with one. The first three:`);
  seen.slice(0, 3).forEach((line) => console.log(`  ${line.slice(0, 150)}`));
  console.log(`\n${read("class", "report", "--state", state)}`);
  fs.rmSync(folder, { recursive: true, force: true });
  process.exit();
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
