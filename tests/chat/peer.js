"use strict";
// Two official clients in one room of a running osi-tutor chat. Prints what happened as one JSON object.
//   node peer.js URL polling|websocket|upgrade
const { io } = require("socket.io-client");
const WebSocket = require("ws");

const [url, way] = process.argv.slice(2);
const transports = way === "upgrade" ? ["polling", "websocket"] : [way];
const wait = (what, ms = 15000) => Promise.race([
  what, new Promise((_, no) => setTimeout(() => no(new Error("nothing came")), ms)),
]);

/** A client, and everything that it has heard. */
function member() {
  const socket = io(url, { transports, forceNew: true, reconnection: false });
  const heard = [], waiting = [];
  socket.onAny((event, data) => {
    heard.push([event, data]);
    for (const look of waiting) look();
  });
  const hears = (event, fits = () => true) => wait(new Promise((yes) => {
    const look = () => {
      const found = heard.find(([name, data]) => name === event && fits(data));
      if (found) yes(found[1]);
    };
    waiting.push(look);
    look();
  }));
  return { socket, heard, hears };
}

/** The feed of a session's captured packets. */
function feed(key) {
  const entries = [];
  const socket = new WebSocket(url.replace(/^http/, "ws") + "/packets");
  socket.on("open", () => socket.send(key));
  socket.on("message", (text) => entries.push(JSON.parse(text)));
  return entries;
}

/** What a feed holds; how many of its packets name the other session. */
function told(entries, other) {
  const packets = entries.filter((e) => e.kind === "packet");
  const text = (e) => Buffer.from(e.hex, "hex").toString("latin1");
  const titles = (e) => e.peels[0].steps.map((s) => s.title);
  const own = packets.find((e) => !e.down && e.peels[0].event === "say");
  return {
    lines: packets.map((e) => (e.down ? "down " : "up ") + e.line),
    foreign: packets.filter((e) => text(e).includes(other)).length,
    twice: packets.length - new Set(packets.map((e) => e.n)).size,
    events: packets.flatMap((e) => e.peels).map((p) => p.event).filter(Boolean),
    spread: entries.filter((e) => e.kind === "spread").map((e) => [e.message, e.frames]),
    peeled: own ? titles(own) : [],
    unmasked: own?.peels[0].steps[0].over ? Buffer.from(own.peels[0].steps[0].over.hex, "hex").toString() : null,
  };
}

(async () => {
  const ada = member(), bob = member();
  const welcome = await ada.hears("welcome");
  const [adas, bobs] = [feed(welcome.key), feed((await bob.hears("welcome")).key)];
  const joined = await ada.socket.timeout(9000).emitWithAck("join", { name: "Ada", room: "lab" });
  const other = await bob.socket.timeout(9000).emitWithAck("join", { name: "Bob\u202e\u0007 <b>", room: "lab" });
  await ada.hears("joined");
  if (way === "upgrade") {
    for (const { socket } of [ada, bob]) {
      if (socket.io.engine.transport.name !== "websocket") await wait(new Promise((yes) => socket.io.engine.once("upgrade", yes)));
    }
  }
  const answer = await ada.socket.timeout(9000).emitWithAck("say", { text: "one in", tag: 5 });
  const toBob = await bob.hears("said");
  const toAda = await ada.hears("said");
  const empty = await ada.socket.timeout(9000).emitWithAck("say", { text: "x".repeat(2000) });
  const transport = ada.socket.io.engine.transport.name;
  // The capture may come after the event itself.
  for (let i = 0; welcome.capture.on && i < 300 && !adas.some((e) => e.kind === "spread" && e.frames === 2); i++) {
    await new Promise((yes) => setTimeout(yes, 100));
  }
  const captured = [told(adas, bob.socket.id), told(bobs, ada.socket.id)];
  bob.socket.disconnect();
  const left = await ada.hears("left");
  // A flood: far more than anybody may say. Each word is answered, most of them with an error.
  const answers = await Promise.all(Array.from({ length: 120 }, (_, n) => ada.socket.timeout(9000).emitWithAck("say", { text: `${n}` })));
  const taken = answers.filter((a) => a.id).length;
  const order = ada.heard.filter(([name]) => name === "said").map(([, { id }]) => id);
  // A message beyond what the server takes at all ends the connection.
  const ended = wait(new Promise((yes) => ada.socket.on("disconnect", yes)));
  ada.socket.emit("say", { text: "y".repeat(100_000) });
  const why = await ended;
  console.log(JSON.stringify({ welcome, joined, other, answer, toBob, toAda, empty, transport, left, taken, order, why, captured }));
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
