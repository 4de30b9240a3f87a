"use strict";
// A class of 40 phones, and what strangers and a hostile student may try on it. While each attack goes on, every honest
// phone votes again and again. Prints a table: the attack, what the hub did, what its terminal and the console said, and
// how the honest votes fared. Fails if one of them was lost. Needs `npm ci` in tests/chat.
//   cargo build --release && node benches/class-hostile.js [PROGRAM]
const fs = require("fs"), net = require("net"), os = require("os"), path = require("path");
const { Guest, start, now, later, share, WebSocket } = require("./class-guest.js");

const [program = path.join(__dirname, "../target/release/osi-tutor")] = process.argv.slice(2);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "osi-tutor-hostile-"));
const HONEST = 40, CODE = "tulip-7", VOTES = 8, PAUSE = 250, PATIENCE = 20000;

/** How connections ended: by an answer, by an end. @param {Promise<any>[]} tries */
async function outcomes(tries) {
  const counts = new Map();
  for (const { status, value, reason } of await Promise.allSettled(tries)) {
    const what = status === "rejected" ? reason.message : typeof value === "string" ? value : "let in";
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].map(([what, n]) => `${n} × ${what}`).join("; ");
}

(async () => {
  const server = await start(program, ["class", "handshake", "--listen", "127.0.0.1:0", "--state", folder, "--room-code", CODE]);
  const { address, secret } = server;
  const [host, port] = address.split(":");
  const student = { role: "student", code: CODE };
  const teacher = await new Guest(address, { role: "teach", secret }).connect();
  const honest = await Promise.all(Array.from({ length: HONEST }, () => new Guest(address, { ...student }).connect()));
  for (const button of ["next", "next", "open"]) await teacher.ask("command", button);
  const { slide, round } = teacher.page.shown;
  const vote = (given, more = {}) => ({ slide, round, given, sure: true, ...more });

  /** What each honest phone said last. */
  const said = new Map();
  let lost = 0;
  const votes = async (phone, n) => {
    const took = [];
    for (let i = 0; i < VOTES; i++) {
      await later(PAUSE + (n % 10) * 20);
      const given = String(1 + (n + i) % 3), since = now();
      const answer = await Promise.race([phone.ask("vote", vote(given)), later(PATIENCE)]);
      if (answer?.ok) {
        said.set(phone, given);
        took.push(now() - since);
      } else {
        lost += 1;
      }
    }
    return took;
  };

  const bad = (auth = student) => new Guest(address, { ...auth }).connect();
  const batch = async (n, make) => outcomes(Array.from({ length: n }, (_, i) => make(i)));
  const answers = (guest, all) => batch(all.length, async (i) => {
    const answer = await guest.ask(...all[i]);
    return answer.error ?? "taken";
  });
  /** Its end, or that it goes on. */
  const ends = (socket) => new Promise((yes) => {
    socket.on("close", () => yes("cut"));
    socket.on("error", () => yes("cut"));
    setTimeout(() => yes("still open"), 5000);
  });
  const sockets = [];

  const attacks = {
    "nothing (for comparison)": async () => "",
    "200 forged links of the teacher": () => batch(200, (i) => bad({ role: "teach", secret: `${i}`.padEnd(secret.length, "x") })),
    "100 guesses of the room code": () => batch(100, (i) => bad({ role: "student", code: `tulip-${i + 8}` })),
    "100 forged tokens": () => batch(100, async (i) => {
      const guest = await bad({ ...student, token: `${i}`.padEnd(40, "y") });
      guest.socket.terminate();
      return "a new member, nobody's place";
    }),
    "votes for others, for other slides and rounds; commands": async () => {
      const guest = await bad();
      const told = await answers(guest, [["vote", vote("1", { member: 1 })], ["vote", vote("1", { slide: slide + 1 })],
        ["vote", vote("1", { round: 9 })], ["command", "reveal"], ["command", { hands: [9, 9, 9, 9] }], ["filter", "tcp"], ["volunteer", null]]);
      guest.socket.terminate();
      return told;
    },
    "markup, control characters, numbers as answers": async () => {
      const guest = await bad();
      const given = ["<img src=x onerror=alert(1)>", "\u202e1", "\u0000", "1".repeat(3000), "9".repeat(30), "-1", "1e9", "☃"];
      const told = await answers(guest, given.map((text) => ["vote", vote(text)]));
      guest.socket.terminate();
      return told;
    },
    "20 floods of votes": () => batch(20, async () => {
      const guest = await bad(), over = ends(guest.socket);
      for (let i = 0; i < 2000 && guest.socket.readyState === WebSocket.OPEN; i++) {
        guest.socket.send(`42${JSON.stringify(["vote", vote("1")])}`);
        if (i % 50 === 0) await later(1);
      }
      return over;
    }),
    "50 frames of 1 MB": () => batch(50, async () => {
      const guest = await bad(), over = ends(guest.socket);
      guest.socket.send("4".repeat(1 << 20));
      return over;
    }),
    "50 binary messages": () => batch(50, async () => {
      const guest = await bad(), over = ends(guest.socket);
      guest.socket.send(Buffer.alloc(100));
      return over;
    }),
    "500 requests that never end": () => batch(500, () => new Promise((yes) => {
      const socket = net.connect(Number(port), host, () => socket.write("GET / HTTP/1.1\r\nHost: "));
      sockets.push(socket);
      const timer = setTimeout(() => yes("still waiting"), 14000);
      socket.on("error", () => {});
      socket.on("close", () => {
        clearTimeout(timer);
        yes("cut");
      });
    })),
    "5,000 sockets that say nothing": () => batch(5000, (i) => new Promise((yes) => setTimeout(() => {
      const socket = net.connect(Number(port), host);
      sockets.push(socket);
      const timer = setTimeout(() => yes("not cut within seconds, or not yet accepted"), 8000 - i / 5);
      socket.on("error", () => {});
      socket.on("close", () => {
        clearTimeout(timer);
        yes("cut to make room, or after 10 s");
      });
    }, i / 5))),
    "1,500 sessions of Engine.IO that never say hello": () => batch(1500, (i) => new Promise((yes) => setTimeout(() => {
      const socket = new WebSocket(`ws://${address}/socket.io/?EIO=4&transport=websocket`);
      sockets.push(socket);
      const timer = setTimeout(() => yes("still open"), 9000);
      socket.on("error", () => {});
      socket.on("close", () => {
        clearTimeout(timer);
        yes("cut");
      });
    }, i / 2))),
    "1,200 members more, where 1,000 may be": () => batch(1200, (i) => later(i).then(() => bad()).then((guest) => {
      sockets.push(guest.socket);
      return "let in";
    })),
    "a request by another site's name": async () => {
      const answer = await new Promise((yes) => {
        const socket = net.connect(Number(port), host, () => socket.write("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"));
        socket.once("data", (bytes) => yes(bytes.toString().split("\r\n")[0]));
      });
      return answer;
    },
  };

  console.log("| Attack | The hub | Console and terminal | Honest votes |\n|---|---|---|---|");
  for (const [name, attack] of Object.entries(attacks)) {
    const before = { ...teacher.console?.refused }, heard = server.said.length;
    lost = 0;
    const [did, took] = await Promise.all([attack(), Promise.all(honest.map(votes)).then((all) => all.flat().sort((a, b) => a - b))]);
    sockets.splice(0).forEach((socket) => (socket.terminate ?? socket.destroy).call(socket));
    await later(1500);
    const refused = Object.entries(teacher.console?.refused ?? {}).filter(([why, n]) => n !== (before[why] ?? 0)).map(([why, n]) => `${n - (before[why] ?? 0)} × ${why}`);
    const lines = server.said.slice(heard).split("\n").filter((line) => /^Refused|connections are open/.test(line));
    const row = [name, did || "–", refused.join("; ") || lines.find((line) => line.includes("connections")) || "–",
      `${took.length} of ${took.length + lost}, half ${share(took, 0.5).toFixed(0)} ms, 99% ${share(took, 0.99).toFixed(0)} ms`];
    console.log(`| ${row.join(" | ")} |`);
    if (lost > 0) process.exitCode = 1;
  }
  // What was acknowledged last is what the class has.
  for (const phone of honest) {
    phone.socket.terminate();
    await phone.connect();
    if (phone.welcome.you.given !== said.get(phone)) {
      console.error(`${phone.welcome.you.name}: ${phone.welcome.you.given} is kept, ${said.get(phone)} was acknowledged`);
      process.exitCode = 1;
    }
  }
  console.log(`All ${HONEST} honest votes are as they were acknowledged; the server holds ${server.status("VmRSS").toFixed(0)} MB, at most ${server.status("VmHWM").toFixed(0)} MB.`);
  const ended = new Promise((yes) => server.child.on("exit", yes));
  server.child.kill();
  await ended;
  fs.rmSync(folder, { recursive: true, force: true });
  process.exit();
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
