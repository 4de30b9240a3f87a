"use strict";
// A hub of Node's socket.io that does what a class costs: people join by token, pages go to all, a vote is judged, counted,
// written to a journal, and acknowledged once the disk has it (one sync for all who wait); counts go out five times a
// second. Only class.js plays against it.
//   node class-peer.js PAGES JOURNAL
const fs = require("fs"), http = require("http"), path = require("path"), { randomBytes } = require("crypto");
const { Server } = require(path.join(__dirname, "../tests/chat/node_modules/socket.io"));

const [pagesPath, journalPath] = process.argv.slice(2);
const pages = JSON.parse(fs.readFileSync(pagesPath, "utf8"));
const journal = fs.openSync(journalPath, "w");
const secret = randomBytes(16).toString("hex");
const server = http.createServer();
const io = new Server(server, { perMessageDeflate: false, maxHttpBufferSize: 4096 });

const members = new Map(), byToken = new Map(), votes = new Map();
let at = -1, changed = true, last = 0, waiting = [], syncing = false;
const page = () => (at < 0 ? { shown: { phase: "lobby" } } : pages[at]);
const count = () => ({ here: members.size, answered: votes.size });

/** Acknowledges once the disk has the line. */
function note(line, done) {
  fs.writeSync(journal, `${JSON.stringify({ n: ++last, at: Date.now(), input: line })}\n`);
  if (done) waiting.push(done);
  sync();
}

function sync() {
  if (syncing || waiting.length === 0) return;
  syncing = true;
  const those = waiting.splice(0);
  fs.fdatasync(journal, () => {
    syncing = false;
    those.forEach((done) => done());
    sync();
  });
}

io.on("connection", (socket) => {
  const { role, token } = socket.handshake.auth;
  if (role === "teach") {
    if (socket.handshake.auth.secret !== secret) return socket.disconnect();
    socket.join("consoles");
    socket.emit("welcome", { page: page(), count: count() });
    socket.on("command", (command, answer) => {
      at += 1;
      note({ command });
      io.to("students").emit("page", page());
      io.to("consoles").emit("page", page());
      answer({ ok: true });
    });
    return;
  }
  let id = byToken.get(token);
  const fresh = token ?? randomBytes(16).toString("hex");
  if (id === undefined) {
    id = members.size + 1;
    members.set(id, { name: `Quiet Router ${id}`, token: fresh });
    byToken.set(fresh, id);
  }
  note({ join: { token: fresh } });
  changed = true;
  socket.join(["students", `member ${id}`]);
  socket.emit("welcome", { token: fresh, you: { name: members.get(id).name }, page: page() });
  socket.on("vote", ({ slide, round, given, sure }, answer) => {
    const { shown } = page();
    const choice = Number(given);
    if (shown.phase !== "vote" || slide !== shown.slide || round !== shown.round || !(choice >= 1 && choice <= shown.task.choices.length)) {
      return answer({ error: "this vote is closed" });
    }
    votes.set(id, { given, sure: Boolean(sure), right: choice === 1 });
    changed = true;
    note({ vote: { member: id, slide, round, given, sure } }, () => answer({ ok: true }));
  });
});
setInterval(() => {
  if (!changed) return;
  changed = false;
  io.to("consoles").emit("count", count());
}, 200);
server.listen(0, "127.0.0.1", () => {
  console.error(`You teach at http://127.0.0.1:${server.address().port}/teach#${secret}\nCtrl-C ends it`);
});
