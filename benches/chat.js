#!/usr/bin/env node
"use strict";
// How much a delivered message costs: `osi-tutor chat serve` beside Node's official socket.io, in one run.
//
//   npm ci --prefix tests/chat
//   cargo build --release && node benches/chat.js target/release/osi-tutor
//   … [--clients 500] [--rate 20] [--seconds 15] [--rounds 3]
//
// So many clients sit in one room over WebSockets; some of them say something once a second, so that everybody
// hears `rate` messages a second. The servers take turns. Printed are, for each round and server, the messages
// delivered and lost, the server's CPU time a delivered message (from /proc, so on Linux only), how long delivery
// took (median, 99 %, longest), and the server's memory. The clients share the machine with the server: their own
// delay is part of the figure, for both alike. The chat does not capture: that is for lessons, not for a load.
const { spawn } = require("child_process");
const fs = require("fs");
const path = require("path");
const modules = path.join(__dirname, "../tests/chat/node_modules");
const WebSocket = require(path.join(modules, "ws"));

const argument = (name, usual) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? usual : Number(process.argv[at + 1]);
};
const CLIENTS = argument("clients", 500), RATE = argument("rate", 20), SECONDS = argument("seconds", 15), ROUNDS = argument("rounds", 3);
const PROGRAM = process.argv.slice(2).find((a, i, all) => !a.startsWith("--") && !all[i - 1]?.startsWith("--")) ?? "target/release/osi-tutor";
const sleep = (ms) => new Promise((yes) => setTimeout(yes, ms));

/** Node's server: the same events, with what the official library offers. */
if (process.argv[2] === "--serve-node") {
  const { Server } = require(path.join(modules, "socket.io"));
  const http = require("http").createServer();
  const io = new Server(http, { pingInterval: 20000, pingTimeout: 15000 });
  let members = 0, messages = 0;
  io.on("connection", (socket) => {
    const id = ++members;
    let name = "", room = "";
    socket.on("join", (data, answer) => {
      ({ name, room } = data);
      socket.join(room);
      socket.to(room).emit("joined", { id, name });
      answer({ you: id, name, room });
    });
    socket.on("say", ({ text, tag }, answer) => {
      const message = { from: id, id: ++messages, name, tag, text };
      io.to(room).emit("said", message);
      answer({ id: message.id, sent: io.sockets.adapter.rooms.get(room)?.size ?? 0 });
    });
  });
  http.listen(0, "127.0.0.1", () => console.error(`at http://127.0.0.1:${http.address().port}/`));
} else {
  main();
}

/**
 * Starts a server that ends with this program, however that ends: a shell waits for the end of its standard input,
 * whose other end only we hold, and kills the server then. Its first line is the server's process id.
 */
function start(command, args) {
  const script = '"$@" </dev/null & server=$!; echo $server; cat >/dev/null; kill -9 $server';
  const shell = spawn("sh", ["-c", script, "sh", command, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  const child = { pid: new Promise((yes) => shell.stdout.once("data", (bytes) => yes(Number(bytes)))), shell };
  const url = new Promise((yes, no) => {
    let said = "";
    shell.stderr.on("data", (bytes) => {
      said += bytes;
      const found = said.match(/http:\/\/([\d.]+:\d+)\//);
      if (found) yes(found[1]);
    });
    shell.on("error", no);
    setTimeout(() => no(new Error(`${command} does not serve: ${said}`)), 10000).unref();
  });
  return { child, url };
}

/** CPU seconds and resident megabytes of a process. */
function usage(pid) {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1].split(" ");
  const pages = Number(fs.readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]);
  return { cpu: (Number(fields[11]) + Number(fields[12])) / 100, megabytes: (pages * 4096) / 1e6 };
}

/** A client that has joined; it calls back with each text that it hears. */
function client(address, name, heard) {
  return new Promise((yes, no) => {
    const socket = new WebSocket(`ws://${address}/socket.io/?EIO=4&transport=websocket`, { perMessageDeflate: false });
    socket.on("error", no);
    socket.on("close", () => no(new Error(`${name} was let go`)));
    socket.on("message", (bytes) => {
      const text = bytes.toString("latin1");
      if (text[0] === "0") socket.send("40");
      else if (text[0] === "2") socket.send("3");
      else if (text.startsWith("40")) socket.send(`420${JSON.stringify(["join", { name, room: "load" }])}`);
      else if (text.startsWith("430[")) yes(socket);
      else if (text.startsWith('42["said"')) heard(text);
    });
  });
}

async function measure(name, command, args) {
  const { child, url } = start(command, args);
  const address = await url, pid = await child.pid;
  let delivered = 0, sent = 0;
  const delays = [];
  const heard = (text) => {
    delivered++;
    delays.push(performance.now() - Number(text.match(/at ([\d.]+)"/)[1]));
  };
  const clients = [];
  while (clients.length < CLIENTS) {
    const batch = Math.min(25, CLIENTS - clients.length);
    clients.push(...await Promise.all(Array.from({ length: batch }, (_, i) => client(address, `c${clients.length + i}`, heard))));
  }
  await sleep(1000);
  const before = usage(pid);
  const senders = clients.slice(0, RATE).map((socket, i) => sleep((i * 1000) / RATE).then(async () => {
    for (let n = 0; n < SECONDS; n++) {
      socket.send(`42${n + 1}${JSON.stringify(["say", { text: `message ${n} of ${i} at ${performance.now()}`, tag: n }])}`);
      sent++;
      await sleep(1000);
    }
  }));
  await Promise.all(senders);
  await sleep(1000);
  const after = usage(pid);
  for (const socket of clients) socket.terminate();
  child.shell.stdin.end();
  delays.sort((a, b) => a - b);
  const at = (share) => (delays[Math.min(delays.length - 1, Math.floor(share * delays.length))] ?? NaN).toFixed(1);
  const micros = ((after.cpu - before.cpu) * 1e6) / delivered;
  console.log(`${name.padEnd(16)} delivered ${delivered}, lost ${sent * CLIENTS - delivered}; ${micros.toFixed(1)} µs CPU a message; ` +
    `delay ${at(0.5)} ms median, ${at(0.99)} ms 99 %, ${at(1)} ms longest; ${after.megabytes.toFixed(0)} MB`);
  return micros;
}

async function main() {
  console.log(`${CLIENTS} clients, each hears ${RATE} messages a second for ${SECONDS} s; ${ROUNDS} rounds`);
  const ratios = [];
  for (let round = 0; round < ROUNDS; round++) {
    const ours = await measure("osi-tutor chat", PROGRAM, ["chat", "serve", "127.0.0.1:0", "--no-capture"]);
    const node = await measure("Node socket.io", process.execPath, [__filename, "--serve-node"]);
    ratios.push(ours / node);
  }
  ratios.sort((a, b) => a - b);
  console.log(`CPU a message, ours by Node's: median ${ratios[Math.floor(ratios.length / 2)].toFixed(2)}`);
  process.exit(0);
}
