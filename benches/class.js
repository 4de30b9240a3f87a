"use strict";
// Plays N phones over real WebSockets against osi-tutor class, then the same against a hub of Node's socket.io
// (class-peer.js), and says how long each took. Needs `npm ci` in tests/chat.
//   cargo build --release && node benches/class.js [N] [PROGRAM]
// With REDIS=redis://127.0.0.1:6379 in the environment (and the feature `redis`), two programs also share a class, and every
// second phone is at the one that carries phones.
// Prints: all joined, a new page at all phones, a vote of all (counted and acknowledged), all back after every connection
// was cut, memory of the server, its CPU time in all and for each message that it heard or said.
const fs = require("fs"), os = require("os"), path = require("path");
const { Guest, start, now, later, share } = require("./class-guest.js");

const [n = "300", program = path.join(__dirname, "../target/release/osi-tutor")] = process.argv.slice(2);
const N = Number(n);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "osi-tutor-class-"));
const ms = (n) => `${n.toFixed(0)} ms`;

/** Starts a hub, or a second one beside it, plays a class on it, ends it. @param {string} program @param {string[]} args @param {string[]} [joins] */
async function play(program, args, joins) {
  const server = await start(program, args);
  const hubs = [server, ...(joins ? [await start(program, joins)] : [])];
  const { address, secret, status, cpu } = server;
  const teacher = await new Guest(address, { role: "teach", secret }).connect();
  const before = status("VmRSS");
  const phones = Array.from({ length: N }, (_, n) => new Guest(hubs[n % hubs.length].address, { role: "student" }));
  const result = { phones: N };
  const [allUsed, allMessages] = [cpu(), Guest.messages];

  let since = now();
  await Promise.all(phones.map((phone) => phone.connect()));
  result["all joined"] = ms(now() - since);

  // On to the first question, page by page; each page's way to the last phone.
  const pages = [];
  for (const button of ["next", "next", "open"]) {
    const all = Promise.all(phones.map((phone) => phone.paged()));
    since = now();
    teacher.ask("command", button);
    await all;
    pages.push(now() - since);
    shown.push(phones[0].page);
  }
  result["a page at all"] = pages.map(ms).join(", ");
  result["bytes of a page"] = phones[0].bytes;

  const { slide, round } = phones[0].page.shown;
  const [used, begun] = [cpu(), now()];
  const took = await Promise.all(phones.map(async (phone, n) => {
    const since = now();
    const answer = await phone.ask("vote", { slide, round, given: String(1 + n % 3), sure: n % 2 === 0 });
    if (!answer.ok) throw new Error(JSON.stringify(answer));
    return now() - since;
  }));
  took.sort((a, b) => a - b);
  result["all voted, at the same moment"] = ms(now() - begun);
  result["a vote acknowledged"] = `half within ${ms(share(took, 0.5))}, 99% within ${ms(share(took, 0.99))}`;
  result["CPU of that"] = ms(cpu() - used);
  await later(500);
  const counted = (await new Guest(address, { role: "teach", secret }).connect()).welcome.count;
  if (counted.answered !== N) throw new Error(`${counted.answered} of ${N} votes were counted`);

  // The same, but spread over three seconds, as people press buttons.
  const spread = await Promise.all(phones.map(async (phone, n) => {
    await later(3000 * n / N);
    const since = now();
    await phone.ask("vote", { slide, round, given: String(1 + n % 2), sure: true });
    return now() - since;
  }));
  spread.sort((a, b) => a - b);
  result["spread over 3 s, acknowledged"] = `half within ${share(spread, 0.5).toFixed(1)} ms, 99% within ${share(spread, 0.99).toFixed(1)} ms`;

  phones.forEach((phone) => phone.socket.terminate());
  since = now();
  await Promise.all(phones.map((phone) => phone.connect()));
  result["all back at once"] = ms(now() - since);
  result["memory"] = `${status("VmRSS").toFixed(0)} MB, at most ${status("VmHWM").toFixed(0)} MB (${before.toFixed(0)} MB with nobody)`;
  const [cost, messages] = [cpu() - allUsed, Guest.messages - allMessages];
  result["CPU of all"] = `${cost} ms for ${messages} messages: ${(1000 * cost / messages).toFixed(0)} µs each`;
  phones.concat(teacher).forEach((guest) => guest.socket.terminate());
  hubs.forEach((hub) => hub.child.kill());
  return result;
}

/** The pages that the class showed: the peer shows the same. */
const shown = [];

(async () => {
  const most = String(Math.max(N, 1000));
  const args = ["class", "handshake", "--listen", "127.0.0.1:0", "--state", folder, "--most", most];
  const ours = await play(program, [...args, "--no-capture"]);
  const pagesOfOurs = shown.splice(0);
  // The same, but each vote is captured, too, where this user may.
  const captured = await play(program, args);
  const pages = path.join(folder, "pages.json");
  fs.writeFileSync(pages, JSON.stringify(pagesOfOurs));
  const peer = await play(process.execPath, [path.join(__dirname, "class-peer.js"), pages, path.join(folder, "peer.journal")]);
  const redis = process.env.REDIS ? ["--redis", process.env.REDIS, "--no-capture", "--listen", "127.0.0.1:0", "--most", most] : null;
  const two = redis && await play(program, ["class", "handshake", "--open", "--state", folder, ...redis], ["class", "--join", ...redis]);
  console.log(JSON.stringify({ "osi-tutor": ours, "osi-tutor, votes captured": captured, "socket.io": peer, ...(two && { "two hubs": two }) }, null, 2));
  fs.rmSync(folder, { recursive: true, force: true });
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
