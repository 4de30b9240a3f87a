"use strict";
// What the scripts that play a class have in common: somebody who speaks just enough Socket.IO, and a server to start.
const { spawn } = require("child_process");
const fs = require("fs"), path = require("path");
const WebSocket = require(path.join(__dirname, "../tests/chat/node_modules/ws"));

/** A phone, a stage or a console. */
class Guest {
  static messages = 0;

  constructor(address, auth) {
    Object.assign(this, { address, auth, acks: new Map(), last: 0, waiting: [] });
  }

  connect() {
    this.acks.clear();
    return new Promise((yes, no) => {
      const socket = this.socket = new WebSocket(`ws://${this.address}/socket.io/?EIO=4&transport=websocket`, { perMessageDeflate: false });
      socket.on("error", no);
      socket.on("close", () => no(new Error("the connection was closed")));
      socket.on("message", (bytes) => {
        const text = bytes.toString();
        Guest.messages += 1;
        if (text === "2") return socket.send("3");
        if (text.startsWith("0")) return socket.send(`40${JSON.stringify(this.auth)}`);
        if (text.startsWith("44")) return no(new Error(JSON.parse(text.slice(2)).message));
        if (text.startsWith("43")) {
          const at = text.indexOf("[");
          return this.acks.get(Number(text.slice(2, at)))?.(JSON.parse(text.slice(at))[0]);
        }
        if (!text.startsWith("42")) return;
        const [event, data] = JSON.parse(text.slice(2));
        if (event === "welcome") {
          this.welcome = data;
          this.page = data.page;
          if (data.token) this.auth.token = data.token;
          yes(this);
        }
        if (event === "refused") no(new Error(data.error));
        if (event === "console") this.console = data;
        if (event === "wire") this.wire = data;
        if (event === "page") {
          this.page = data;
          this.bytes = text.length;
          if (data.console) this.console = data.console;
          this.waiting.splice(0).forEach((look) => look());
        }
      });
    });
  }

  ask(event, data) {
    return new Promise((yes) => {
      this.acks.set(++this.last, yes);
      Guest.messages += 1;
      this.socket.send(`42${this.last}${JSON.stringify([event, data])}`);
    });
  }

  paged() {
    return new Promise((yes) => this.waiting.push(yes));
  }
}

/** Starts a server; it has said where it is. @param {string} program @param {string[]} args */
async function start(program, args) {
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  process.on("exit", () => child.kill());
  const server = { child, said: "" };
  await new Promise((yes, no) => {
    child.on("exit", () => no(new Error(server.said)));
    child.stderr.on("data", (text) => {
      server.said += text;
      if (server.said.includes("Ctrl-C ends it")) yes();
    });
  });
  const [, address, secret] = /http:\/\/([^/]+)\/teach#(\S+)/.exec(server.said);
  /** A line of the kernel's view of it, in MB. @param {string} key */
  const status = (key) => Number(new RegExp(`${key}:\\s+(\\d+)`).exec(fs.readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  /** The CPU that it has used, in ms. */
  const cpu = () => fs.readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1].split(" ").slice(11, 13).reduce((a, b) => a + Number(b), 0) * 10;
  return Object.assign(server, { address, secret, status, cpu });
}

const now = () => performance.now();
const later = (ms) => new Promise((yes) => setTimeout(yes, ms));
/** What that part of them are below. @param {number[]} sorted @param {number} part */
const share = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];

module.exports = { Guest, start, now, later, share, WebSocket };
