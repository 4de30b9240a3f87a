"use strict";
// Two clients with one face: Socket.IO, which chat and class speak, and the plain framing of osi-tutor chat
// --plain-websocket.
//
// The Socket.IO client is our own, not the official one, because this page shows each packet at the moment when it
// is sent or heard, and because the whole protocol can be read here: Engine.IO 4 by polling and WebSocket, the
// upgrade with its probe, the heartbeat, and of Socket.IO 5 what a chat needs: connect, event, acknowledgment,
// disconnect. The official client works with this server as well; the tests use it.
//
// Both call: seen({up, via, text}) for each packet, state(text), event(name, data), open(), down(why).

const BORDER = "\u001e";
/** The goodbye of Socket.IO. The digits come from the server, in mode.js. */
const GOODBYE = ENGINE.Message + SOCKET.Disconnect;
/** Milliseconds before the first attempt to connect again; doubled each time up to the last. */
const FIRST_PAUSE = 1000, LAST_PAUSE = 8000;

class Client {
  constructor(heard) {
    this.heard = heard;
    this.wanted = false;
    this.pause = FIRST_PAUSE;
    this.forget();
  }

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

  /** The connection is gone. Unless it was our wish, another is tried. */
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
    this.again = setTimeout(() => this.connect(), this.pause * (0.5 + Math.random() / 2));
    this.pause = Math.min(2 * this.pause, LAST_PAUSE);
  }

  /** The server does not want us: to ask again would change nothing. */
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

  /** Sends an event; the answer calls back. */
  emit(event, data, answer) {
    if (!this.alive) {
      if (answer) answer({ error: "not connected" });
      return;
    }
    const id = answer ? this.lastAck++ : null;
    if (answer) this.acks.set(id, answer);
    this.send(event, data, id);
  }

  answered(id, data) {
    const answer = this.acks.get(id);
    this.acks.delete(id);
    if (answer) answer(data ?? {});
  }

  address(path) {
    return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
  }
}

class SocketIoClient extends Client {
  constructor(transports, heard) {
    super(heard);
    this.transports = transports;
  }

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

  target(transport) {
    return `/socket.io/?EIO=4&transport=${transport}` + (this.sid ? `&sid=${encodeURIComponent(this.sid)}` : "");
  }

  // ---- Engine.IO by polling: one request always waits for what the server has to say

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

  request(body) {
    const headers = { "Content-Type": "text/plain;charset=UTF-8" };
    return { method: "POST", body, headers, cache: "no-store", signal: this.abort.signal };
  }

  /** As many waiting packets as one request may carry. */
  take() {
    let body = this.queue.shift(), size = new Blob([body]).size;
    while (this.queue.length > 0) {
      size += 1 + new Blob([this.queue[0]]).size;
      if (size > this.limit) break;
      body += BORDER + this.queue.shift();
    }
    return body;
  }

  // ---- Engine.IO by WebSocket, from the beginning or after a probe

  openSocket(round, probe) {
    const socket = new WebSocket(this.address(this.target("websocket")));
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

  /** Both requests are over: from here on everything goes by WebSocket. */
  switch(round) {
    if (!this.wanted || this.via === "websocket" || this.polling || this.posting || round !== this.round) return;
    this.via = "websocket";
    this.sendOn(this.socket, ENGINE.Upgrade);
    this.heard.state("connected by WebSocket, after an upgrade");
    this.flush(round);
  }

  sendOn(socket, text) {
    this.heard.seen({ up: true, via: "websocket", text });
    socket.send(text);
  }

  flush(round) {
    if (this.via === "polling") return void this.post(round);
    if (this.socket.readyState !== WebSocket.OPEN) return;
    for (const text of this.queue.splice(0)) this.socket.send(text);
  }

  say(text) {
    this.heard.seen({ up: true, via: this.via, text });
    this.queue.push(text);
    this.flush(this.round);
  }

  // ---- what is heard

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

  shake(round, { sid, upgrades, pingInterval, pingTimeout, maxPayload }) {
    this.sid = sid;
    this.limit = maxPayload;
    this.patience = pingInterval + pingTimeout;
    this.expect(round);
    this.heard.state(this.via === "polling" ? "connected by polling" : "connected by WebSocket");
    const auth = this.auth ?? (this.code ? { code: this.code } : null);
    this.say(ENGINE.Message + SOCKET.Connect + (auth ? JSON.stringify(auth) : ""));
    if (this.transports === "upgrade" && upgrades.includes("websocket")) this.openSocket(round, true);
  }

  expect(round) {
    clearTimeout(this.heartbeat);
    this.heartbeat = setTimeout(() => this.lost(round, "no heartbeat"), this.patience);
  }

  /** Socket.IO: the second digit. */
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
    this.abort?.abort();
    this.socket?.close();
  }
}

class PlainClient extends Client {
  start(round) {
    const socket = new WebSocket(this.address("/chat" + (this.code ? `?code=${encodeURIComponent(this.code)}` : "")));
    let stood = false;
    this.socket = socket;
    socket.onopen = () => {
      if (round !== this.round) return socket.close();
      stood = true;
      this.heard.state("connected by WebSocket, without Socket.IO");
      this.opened();
    };
    socket.onmessage = ({ data }) => {
      if (round !== this.round || typeof data !== "string") return;
      this.heard.seen({ up: false, via: "websocket", text: data });
      const word = JSON.parse(data);
      if (word.ack !== undefined) this.answered(word.ack, word.data);
      else this.heard.event(word.event, word.data);
    };
    socket.onclose = () => {
      // A page is not told why a WebSocket was refused.
      if (this.code && !stood && round === this.round) return this.refuse(round, "refused: is the room code right?");
      this.lost(round, "the WebSocket was closed");
    };
  }

  send(event, data, id) {
    const text = JSON.stringify(id === null ? { event, data } : { event, data, id });
    this.heard.seen({ up: true, via: "websocket", text });
    this.socket.send(text);
  }

  leave() {
    this.wanted = false;
    this.socket?.close(1000);
  }

  bye() {}

  stop() {
    this.socket?.close();
  }
}
