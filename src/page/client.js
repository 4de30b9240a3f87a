// The Socket.IO client of our pages. [`Client`] is what it has in common with another framing (src/chat/page/plain.js).
//
// The Socket.IO client is our own, not the official one, because this page shows each packet at the moment when it
// is sent or heard, and because the whole protocol can be read here: Engine.IO 4 by polling and WebSocket, the
// upgrade with its probe, the heartbeat, and of Socket.IO 5 what a chat needs: connect, event, acknowledgment,
// disconnect. The official client works with this server as well; the tests use it.
//
import { ENGINE, SOCKET } from "./digits.js";

/**
 * Who hears of a client: of each packet, of its state in words, of events, of a connection that is open, gone, or refused.
 * @typedef {{
 *   seen: (packet: { up: boolean, via: string, text: string }) => void, state: (text: string) => void,
 *   event: (name: string, data: any) => void, open: () => void, down: (why: string) => void, refused: () => void,
 * }} Heard
 * @typedef {(data: any) => void} Answer
 * @typedef {object} Round One connection: what belongs to another one is ignored.
 */

const BORDER = "\u001e";
/** The goodbye of Socket.IO. */
const GOODBYE = ENGINE.Message + SOCKET.Disconnect;
/** Milliseconds before the first attempt to connect again; doubled each time up to the last. */
const FIRST_PAUSE = 1000, LAST_PAUSE = 8000;

export class Client {
  /** Whether to be connected is wanted, and is so. */
  wanted = false;
  alive = false;
  pause = FIRST_PAUSE;
  /** @type {Round} */
  round = {};
  /** @type {Map<number, Answer>} */
  acks = new Map();
  lastAck = 0;
  heartbeat = 0;
  again = 0;
  /** Where the server is. */
  host = location.host;

  /** @param {Heard} heard */
  constructor(heard) {
    this.heard = heard;
  }

  /** Begins a connection. @param {Round} _round */
  start(_round) {}

  /** Sends an event; with a number, an answer is wanted. @param {string} _event @param {any} _data @param {number | null} _id */
  send(_event, _data, _id) {}

  /** Ends what is under way. */
  stop() {}

  /** Drops everything of a connection; what of it still arrives is ignored. */
  forget() {
    this.round = {};
    this.acks = new Map();
    this.lastAck = 0;
    this.alive = false;
    clearTimeout(this.heartbeat);
    clearTimeout(this.again);
  }

  connect() {
    this.wanted = true;
    this.forget();
    this.heard.state("connecting");
    this.start(this.round);
  }

  /** The connection is gone. Unless it was our wish, another is tried. @param {Round} round @param {string} why */
  lost(round, why) {
    if (round !== this.round) return;
    const acks = this.acks;
    this.stop();
    this.forget();
    for (const answer of acks.values()) answer({ error: "the connection was lost before the answer" });
    this.heard.down(why);
    if (!this.wanted) return this.heard.state("not connected");
    this.heard.state(`connection lost (${why}); next attempt in ${this.pause / 1000} s`);
    // Not all at the same moment: a whole class may have lost its connection.
    this.again = window.setTimeout(() => this.connect(), this.pause * (0.5 + Math.random() / 2));
    this.pause = Math.min(2 * this.pause, LAST_PAUSE);
  }

  /** The server does not want us: to ask again would change nothing. @param {Round} round @param {string} why */
  refuse(round, why) {
    this.wanted = false;
    this.lost(round, why);
    this.heard.refused();
  }

  opened() {
    this.alive = true;
    this.pause = FIRST_PAUSE;
    this.heard.open();
  }

  /** Sends an event; the answer calls back. @param {string} event @param {any} data @param {Answer} [answer] */
  emit(event, data, answer) {
    if (!this.alive) {
      if (answer) answer({ error: "not connected" });
      return;
    }
    if (!answer) return this.send(event, data, null);
    const id = this.lastAck++;
    this.acks.set(id, answer);
    this.send(event, data, id);
  }

  /** @param {number} id @param {any} data */
  answered(id, data) {
    const answer = this.acks.get(id);
    this.acks.delete(id);
    if (answer) answer(data ?? {});
  }

  /** @param {string} path */
  address(path) {
    return `${location.protocol === "https:" ? "wss" : "ws"}://${this.host}${path}`;
  }
}

export class SocketIoClient extends Client {
  /** What is said when connecting. @type {Record<string, any> | null} */
  auth = null;
  sid = "";
  via = "polling";
  /** Packets that wait for the transport. @type {string[]} */
  queue = [];
  polling = false;
  posting = false;
  paused = false;
  /** The most bytes of a request, and how long the server may be silent. */
  limit = 0;
  patience = 0;
  abort = new AbortController();
  /** @type {WebSocket | null} */
  socket = null;

  /** @param {string} transports `upgrade`, `polling` or `websocket` @param {Heard} heard */
  constructor(transports, heard) {
    super(heard);
    this.transports = transports;
  }

  /** @param {Round} round */
  start(round) {
    this.sid = "";
    this.queue = [];
    this.posting = false;
    this.paused = false;
    this.abort = new AbortController();
    this.socket = null;
    if (this.transports === "websocket") {
      this.via = "websocket";
      this.openSocket(round, false);
    } else {
      this.via = "polling";
      this.poll(round);
    }
  }

  /** @param {string} transport */
  target(transport) {
    return `/socket.io/?EIO=4&transport=${transport}` + (this.sid ? `&sid=${encodeURIComponent(this.sid)}` : "");
  }

  // ---- Engine.IO by polling: one request always waits for what the server has to say

  /** @param {Round} round */
  async poll(round) {
    this.polling = true;
    try {
      while (round === this.round && this.via === "polling" && !this.paused) {
        const response = await fetch(this.target("polling"), { cache: "no-store", signal: this.abort.signal });
        const body = await response.text();
        if (round !== this.round) return;
        if (!response.ok) return this.lost(round, `the server answered ${response.status}`);
        for (const packet of body.split(BORDER)) this.hear(round, packet, "polling");
      }
      if (round !== this.round) return;
      this.polling = false;
      if (this.paused) this.switch(round);
    } catch {
      this.lost(round, "no answer");
    }
  }

  /** @param {Round} round */
  async post(round) {
    if (this.posting || this.paused) return;
    this.posting = true;
    try {
      while (round === this.round && this.queue.length > 0 && this.via === "polling" && !this.paused) {
        const body = this.take();
        const response = await fetch(this.target("polling"), this.request(body));
        if (round === this.round && !response.ok) return this.lost(round, `the server answered ${response.status}`);
      }
    } catch {
      return this.lost(round, "no answer");
    } finally {
      if (round === this.round) this.posting = false;
    }
    if (round === this.round && this.paused) this.switch(round);
  }

  /** @param {string} body @returns {RequestInit} */
  request(body) {
    const headers = { "Content-Type": "text/plain;charset=UTF-8" };
    return { method: "POST", body, headers, cache: "no-store", signal: this.abort.signal };
  }

  /** As many waiting packets as one request may carry. */
  take() {
    let body = this.queue.shift() ?? "", size = new Blob([body]).size;
    while (this.queue.length > 0) {
      size += 1 + new Blob([this.queue[0]]).size;
      if (size > this.limit) break;
      body += BORDER + this.queue.shift();
    }
    return body;
  }

  // ---- Engine.IO by WebSocket, from the beginning or after a probe

  /** @param {Round} round @param {boolean} probe */
  openSocket(round, probe) {
    /** @type {WebSocket} */
    let socket;
    try {
      socket = new WebSocket(this.address(this.target("websocket")));
    } catch {
      // Not one that this page may reach.
      return void setTimeout(() => this.lost(round, "the browser refuses this address"));
    }
    this.socket = socket;
    socket.onopen = () => {
      if (round === this.round && probe) this.sendOn(socket, ENGINE.Ping + "probe");
    };
    socket.onmessage = ({ data }) => {
      if (round !== this.round) return socket.close();
      if (data !== ENGINE.Pong + "probe") return this.hear(round, data, "websocket");
      this.heard.seen({ up: false, via: "websocket", text: data });
      // The way works. No new request from here on; the pending ones come to their end.
      this.paused = true;
      // The server answers the pending request with a noop; the loop of polls then ends, and switches.
    };
    socket.onclose = () => {
      if (round !== this.round) return;
      if (this.via === "websocket" || this.paused) return this.lost(round, "the WebSocket was closed");
      this.heard.state("connected by polling; the upgrade to WebSocket failed");
    };
  }

  /** Both requests are over: from here on everything goes by WebSocket. @param {Round} round */
  switch(round) {
    if (!this.socket || !this.wanted || this.via === "websocket" || this.polling || this.posting || round !== this.round) return;
    this.via = "websocket";
    this.sendOn(this.socket, ENGINE.Upgrade);
    this.heard.state("connected by WebSocket, after an upgrade");
    this.flush(round);
  }

  /** @param {WebSocket} socket @param {string} text */
  sendOn(socket, text) {
    this.heard.seen({ up: true, via: "websocket", text });
    socket.send(text);
  }

  /** @param {Round} round */
  flush(round) {
    if (this.via === "polling") return void this.post(round);
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    for (const text of this.queue.splice(0)) this.socket.send(text);
  }

  /** @param {string} text */
  say(text) {
    this.heard.seen({ up: true, via: this.via, text });
    this.queue.push(text);
    this.flush(this.round);
  }

  // ---- what is heard

  /** @param {Round} round @param {any} packet @param {string} via */
  hear(round, packet, via) {
    if (round !== this.round || typeof packet !== "string") return;
    this.heard.seen({ up: false, via, text: packet });
    const data = packet.slice(1);
    switch (packet[0]) {
      case ENGINE.Open: return this.shake(round, JSON.parse(data));
      case ENGINE.Close: return this.lost(round, "the server closed the dialogue");
      case ENGINE.Ping:
        this.expect(round);
        return this.say(ENGINE.Pong + data);
      case ENGINE.Message: return this.message(round, data);
    }
  }

  /** @param {Round} round @param {any} hello */
  shake(round, { sid, upgrades, pingInterval, pingTimeout, maxPayload }) {
    this.sid = sid;
    this.limit = maxPayload;
    this.patience = pingInterval + pingTimeout;
    this.expect(round);
    this.heard.state(this.via === "polling" ? "connected by polling" : "connected by WebSocket");
    this.say(ENGINE.Message + SOCKET.Connect + (this.auth ? JSON.stringify(this.auth) : ""));
    if (this.transports === "upgrade" && upgrades.includes("websocket")) this.openSocket(round, true);
  }

  /** @param {Round} round */
  expect(round) {
    clearTimeout(this.heartbeat);
    this.heartbeat = window.setTimeout(() => this.lost(round, "no heartbeat"), this.patience);
  }

  /** Socket.IO: the second digit. @param {Round} round @param {string} text */
  message(round, text) {
    const rest = text.slice(1);
    const at = rest.search(/[[{]/);
    const data = at < 0 ? null : JSON.parse(rest.slice(at));
    switch (text[0]) {
      case SOCKET.Connect: return this.opened();
      case SOCKET.Disconnect: return this.lost(round, "the server said goodbye");
      case SOCKET.Event: return this.heard.event(data[0], data[1]);
      case SOCKET.Ack: return this.answered(Number(rest.slice(0, at)), data[0]);
      case SOCKET.ConnectError: return this.refuse(round, data?.message ?? "refused");
    }
  }

  /** @param {string} event @param {any} data @param {number | null} id */
  send(event, data, id) {
    this.say(ENGINE.Message + SOCKET.Event + (id ?? "") + JSON.stringify([event, data]));
  }

  /** Says goodbye, and hangs up when it has been sent. */
  leave() {
    this.wanted = false;
    const round = this.round;
    if (!this.alive || this.via === "websocket") {
      if (this.alive) this.say(GOODBYE);
      return this.lost(round, "you left");
    }
    // The goodbyes of Socket.IO and of Engine.IO in one request; nothing is asked for after it.
    this.paused = true;
    for (const text of [GOODBYE, ENGINE.Close]) this.heard.seen({ up: true, via: "polling", text });
    fetch(this.target("polling"), this.request(GOODBYE + BORDER + ENGINE.Close)).finally(() => this.lost(round, "you left"));
  }

  /** The page is being closed: a goodbye that outlives it. A WebSocket's end the server sees by itself. */
  bye() {
    if (this.alive && this.via === "polling") navigator.sendBeacon(this.target("polling"), GOODBYE + BORDER + ENGINE.Close);
  }

  stop() {
    this.abort.abort();
    this.socket?.close();
  }
}
