"use strict";
// The packets beside the conversation, and the peeling of one. Everything that came over the network is put on the
// page as text, never as markup.

/** Rows that the page keeps. */
const ROWS = 300;
/** Bytes of a packet that are drawn. */
const DRAWN = 1024;

const $ = (id) => document.getElementById(id);

/** An element with a class and text. */
function make(tag, name, text) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  return element;
}

/** Characters that command a screen or turn its text round are shown by their number, as in every other view. */
function visible(text) {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
}

/** What a packet of Engine.IO and Socket.IO means, for the page that has no capture. */
function meaning(text) {
  const engine = {
    [ENGINE.Open]: "Engine.IO open: the server names the dialogue",
    [ENGINE.Close]: "Engine.IO close",
    [ENGINE.Ping]: "heartbeat: are you there?",
    [ENGINE.Pong]: "heartbeat: I am here",
    [ENGINE.Upgrade]: "Engine.IO upgrade: from here on by WebSocket",
    [ENGINE.Noop]: "noop: ends a waiting request",
  };
  const socket = {
    [SOCKET.Connect]: "Socket.IO connect",
    [SOCKET.Disconnect]: "Socket.IO disconnect",
    [SOCKET.Event]: "event",
    [SOCKET.Ack]: "acknowledgment",
    [SOCKET.ConnectError]: "refused",
  };
  if (text === ENGINE.Ping + "probe") return "does the WebSocket work?";
  if (text === ENGINE.Pong + "probe") return "the WebSocket works";
  return (text[0] === ENGINE.Message ? socket[text[1]] : engine[text[0]]) ?? "";
}

class Packets {
  constructor() {
    /** All entries, the captured and the program's own. */
    this.entries = [];
    /** By message: its packets. */
    this.byMessage = new Map();
    this.byTag = new Map();
    this.captured = false;
    this.first = null;
    this.at = null;
    $("bare").addEventListener("change", () => this.redraw());
    $("peel-close").addEventListener("click", () => this.close());
    document.addEventListener("keydown", (event) => this.key(event));
  }

  /** What the server says about capturing. */
  source(capture) {
    this.captured = capture.on;
    if (capture.on) {
      // What the page has logged itself comes again, captured.
      this.entries = this.entries.filter((entry) => !entry.own);
      this.first = null;
      this.redraw();
      $("source").textContent = "Packets of your connection, captured";
      $("hint").textContent = capture.share ? "This server shows everybody's packets to everybody." : "";
      return;
    }
    $("source").textContent = "What this browser knows";
    $("hint").textContent = `Seen by this program, not captured: ${capture.why}. ` +
      "TCP, IP and the link below cannot be seen from here. To see them, start the server with the right to capture: " +
      "sudo osi-tutor chat serve. osi-tutor doctor says how to do without sudo.";
  }

  /** The program's own log: a packet that this page sent or heard. */
  seen({ up, via, text }) {
    if (this.captured) return;
    const bytes = [...new TextEncoder().encode(text)];
    const says = PLAIN ? "our own framing: one JSON object" : meaning(text);
    const line = visible(text.slice(0, 300)) + (text.length > 300 ? "…" : "");
    const step = {
      title: PLAIN ? "Text message" : "Engine.IO packet", short: PLAIN ? "Message" : "Engine.IO", osi: 7, own: [[0, bytes.length]], holds: [], fields: [],
      says: [{ truth: "observed", text: `${says}. This is what the page itself wrote or read (${via}); frame, TCP and IP were added below it.` }],
    };
    const hex = bytes.map((b) => b.toString(16).padStart(2, "0")).join("");
    this.add({ own: true, down: !up, time: Date.now() / 1000, len: bytes.length, line, why: says, hex, peels: [{ ...this.told(text), steps: [step] }] });
  }

  /** Which message a text of ours is about. */
  told(text) {
    const at = text.search(/[[{]/);
    if (at < 0) return {};
    try {
      const data = JSON.parse(text.slice(at));
      const [event, body] = Array.isArray(data) ? (data.length > 1 ? data : ["ack", data[0]]) : [data.event ?? "ack", data.data];
      return event === "say" ? { event, tag: body?.tag } : { event, message: event === "said" || event === "ack" ? body?.id : undefined };
    } catch {
      return {};
    }
  }

  /** A captured packet, as the server describes it. */
  add(entry) {
    this.first ??= Number(entry.time);
    entry.since = Number(entry.time) - this.first;
    // A packet may have waited until it was known whose it is: the order is that of the capture.
    let at = this.entries.length;
    while (at > 0 && this.entries[at - 1].n > entry.n) at--;
    this.entries.splice(at, 0, entry);
    if (this.entries.length > ROWS) {
      const old = this.entries.shift();
      old.row?.remove();
    }
    for (const peel of entry.peels) {
      const note = (map, key) => {
        if (key === undefined || key === null) return;
        if (!map.has(key)) map.set(key, []);
        map.get(key).push({ entry, peel });
        if (map.size > ROWS) map.delete(map.keys().next().value);
      };
      note(this.byMessage, peel.message);
      note(this.byTag, peel.tag);
    }
    this.draw(entry, this.entries[at + 1]?.row);
  }

  redraw() {
    $("packets").replaceChildren();
    for (const entry of this.entries) this.draw(entry);
  }

  draw(entry, before) {
    if (entry.bare && !$("bare").checked) return;
    const list = $("packets");
    const below = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    const row = make("li", entry.down ? "down" : "up");
    const button = make("button");
    button.type = "button";
    button.append(
      make("span", "way", entry.down ? "↓" : "↑"),
      make("span", "since", entry.since.toFixed(3)),
      make("span", "line", entry.line),
      make("span", "len", `${entry.len} B`),
      make("span", "why", entry.why),
    );
    button.title = entry.down ? "from the server to you" : "from you to the server";
    button.addEventListener("click", () => this.open([{ entry, peel: entry.peels[0] }], 0));
    row.append(button);
    entry.row = row;
    list.insertBefore(row, before?.parentNode === list ? before : null);
    if (below) list.scrollTop = list.scrollHeight;
  }

  /** The packets that carried a message: the way up first. */
  of(message, tag) {
    return [...((tag !== undefined && this.byTag.get(tag)) || []), ...(this.byMessage.get(message) || [])];
  }

  // ---- peeling

  open(packets, at) {
    if (packets.length === 0) return;
    this.at = { packets, at, step: 0 };
    $("peel").hidden = false;
    $("peel").focus();
    this.show();
  }

  close() {
    this.at = null;
    for (const row of $("packets").querySelectorAll(".open")) row.classList.remove("open");
    $("peel").hidden = true;
    $("text").focus();
  }

  key(event) {
    if (!this.at) return;
    const { packets, at, step } = this.at;
    const steps = packets[at].peel.steps.length;
    switch (event.key) {
      case "ArrowDown": case "j": case " ": this.at.step = Math.min(step + 1, steps - 1); break;
      case "ArrowUp": case "k": this.at.step = Math.max(step - 1, 0); break;
      case "ArrowRight": case "l": this.at = { packets, at: Math.min(at + 1, packets.length - 1), step: 0 }; break;
      case "ArrowLeft": case "h": this.at = { packets, at: Math.max(at - 1, 0), step: 0 }; break;
      case "Escape": case "q": event.preventDefault(); return this.close();
      default: return;
    }
    event.preventDefault();
    this.show();
  }

  show() {
    const { packets, at, step } = this.at;
    const { entry, peel } = packets[at];
    const way = entry.down ? "server → you" : "you → server";
    const one = packets.length > 1 ? ` (${at + 1} of ${packets.length} packets)` : "";
    $("peel-title").textContent = entry.own ? `${way}, seen by this page${one}` : `Packet ${entry.n}, ${way}, port ${entry.port}${one}`;
    for (const row of $("packets").querySelectorAll(".open")) row.classList.remove("open");
    entry.row?.classList.add("open");
    entry.row?.scrollIntoView({ block: "nearest" });
    const list = $("steps");
    list.replaceChildren();
    peel.steps.forEach((s, i) => {
      const item = make("li", `osi${s.osi}` + (i === step ? " now" : ""));
      const button = make("button", "", s.short);
      button.type = "button";
      button.prepend(make("span", "osi", String(s.osi)));
      button.addEventListener("click", () => {
        this.at.step = i;
        this.show();
      });
      item.append(button);
      list.append(item);
    });
    this.showStep(peel.steps[step]);
    this.dump(entry, peel.steps[step]);
  }

  showStep(step) {
    const box = $("step");
    box.replaceChildren(make("h3", `osi${step.osi}`, step.title));
    if (step.summary) box.append(make("p", "summary", step.summary));
    for (const { truth, text } of step.says) box.append(make("p", truth === "observed" ? "" : "inferred", text));
    for (const [frame, bytes] of step.elsewhere ?? []) {
      box.append(make("p", "inferred", `${bytes} of its bytes came in packet ${frame}.`));
    }
    if (!step.fields?.length) return;
    const table = make("dl");
    for (const [label, name, value] of step.fields) {
      const term = make("dt", "", label);
      term.title = name;
      table.append(term, make("dd", "", value));
    }
    box.append(table);
  }

  /** The bytes; those of the step are lit, those that it carries are marked. */
  dump(entry, step) {
    const bytes = (entry.hex.match(/../g) ?? []).map((two) => parseInt(two, 16));
    const over = new Set();
    if (step.over) {
      (step.over.hex.match(/../g) ?? []).forEach((two, i) => {
        bytes[step.over.at + i] = parseInt(two, 16);
        over.add(step.over.at + i);
      });
    }
    const inside = (ranges, i) => ranges.some(([from, to]) => from <= i && i < to);
    const name = (i) => (inside(step.own, i) ? "own" : inside(step.holds, i) ? "holds" : "") + (over.has(i) ? " over" : "");
    const box = $("dump");
    box.replaceChildren();
    for (let from = 0; from < Math.min(bytes.length, DRAWN); from += 16) {
      const row = make("div", "row");
      row.append(make("span", "place", from.toString(16).padStart(4, "0")));
      const hex = make("span", "hex"), text = make("span", "text");
      for (let i = from; i < Math.min(from + 16, bytes.length); i++) {
        hex.append(make("span", name(i), bytes[i].toString(16).padStart(2, "0")));
        text.append(make("span", name(i), bytes[i] >= 32 && bytes[i] < 127 ? String.fromCharCode(bytes[i]) : "·"));
      }
      row.append(hex, text);
      box.append(row);
    }
    if (bytes.length > DRAWN) box.append(make("p", "inferred", `and ${bytes.length - DRAWN} bytes more`));
    if (over.size > 0) box.append(make("p", "inferred", "Underlined bytes are shown unmasked here."));
    box.querySelector(".own")?.scrollIntoView({ block: "nearest" });
  }
}
