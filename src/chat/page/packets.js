// The packets beside the conversation, and the peeling of one. Everything that came over the network is put on the
// page as text, never as markup.

import { $, bytesOf, el, field, fill, hexOf } from "./parts.js";
import { ENGINE, SOCKET } from "./digits.js";
import { PLAIN } from "./mode.js";

/**
 * A packet of the feed (schema/feed.json), or one that this page has seen itself; and where it is on the page.
 * @typedef {Pick<import("../../page/types/feed.js").Step, "title" | "short" | "osi" | "own" | "holds" | "says" | "fields">
 *   & Partial<import("../../page/types/feed.js").Step>} Step
 * @typedef {{ event?: string, message?: number, tag?: number, steps: Step[] }} Peel
 * @typedef {{ n?: number, port?: number, bare?: boolean, own?: boolean, down: boolean, time: string | number, len: number, line: string, why: string,
 *   hex: string, peels: Peel[], since?: number, row?: HTMLElement }} Entry
 * @typedef {{ entry: Entry, peel: Peel }} Found
 */

/** Rows that the page keeps. */
const ROWS = 300;
/** Bytes of a packet that are drawn. */
const DRAWN = 1024;

/** Characters that command a screen or turn its text round are shown by their number, as in every other view. @param {string} text */
function visible(text) {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);
}

/** What a packet of Engine.IO and Socket.IO means, for the page that has no capture. @param {string} text */
function meaning(text) {
  /** @type {Record<string, string>} */
  const engine = {
    [ENGINE.Open]: "Engine.IO open: the server names the dialogue",
    [ENGINE.Close]: "Engine.IO close",
    [ENGINE.Ping]: "heartbeat: are you there?",
    [ENGINE.Pong]: "heartbeat: I am here",
    [ENGINE.Upgrade]: "Engine.IO upgrade: from here on by WebSocket",
    [ENGINE.Noop]: "noop: ends a waiting request",
  };
  /** @type {Record<string, string>} */
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

export class Packets {
  /** All entries, the captured and the program's own. @type {Entry[]} */
  entries = [];
  /** By message, and by what its author called it: its packets. @type {Map<number, Found[]>} */
  byMessage = new Map();
  /** @type {Map<number, Found[]>} */
  byTag = new Map();
  captured = false;
  /** When the first was seen. @type {number | null} */
  first = null;
  /** What is peeled. @type {{ packets: Found[], at: number, step: number } | null} */
  at = null;
  /** What had the focus before. @type {Element | null} */
  before = null;

  constructor() {
    $("bare").addEventListener("change", () => this.redraw());
    $("peel-close").addEventListener("click", () => this.close());
    document.addEventListener("keydown", (event) => this.key(event));
  }

  /** What the server says about capturing. @param {{ on: boolean, share?: boolean, why?: string }} capture */
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

  /** The program's own log: a packet that this page sent or heard. @param {{ up: boolean, via: string, text: string }} packet */
  seen({ up, via, text }) {
    if (this.captured) return;
    const bytes = [...new TextEncoder().encode(text)];
    const says = PLAIN ? "our own framing: one JSON object" : meaning(text);
    const line = visible(text.slice(0, 300)) + (text.length > 300 ? "…" : "");
    /** @type {Step} */
    const step = {
      title: PLAIN ? "Text message" : "Engine.IO packet", short: PLAIN ? "Message" : "Engine.IO", osi: 7, own: [[0, bytes.length]], holds: [], fields: [],
      says: [{ truth: "observed", text: `${says}. This is what the page itself wrote or read (${via}); frame, TCP and IP were added below it.` }],
    };
    this.add({ own: true, down: !up, time: Date.now() / 1000, len: bytes.length, line, why: says, hex: bytes.map(hexOf).join(""), peels: [{ ...this.told(text), steps: [step] }] });
  }

  /** Which message a text of ours is about. @param {string} text @returns {{ event?: string, message?: number, tag?: number }} */
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

  /** A captured packet, as the server describes it. @param {Entry} entry */
  add(entry) {
    this.first ??= Number(entry.time);
    entry.since = Number(entry.time) - this.first;
    // A packet may have waited until it was known whose it is: the order is that of the capture.
    let at = this.entries.length;
    while (at > 0 && (this.entries[at - 1].n ?? 0) > (entry.n ?? Infinity)) at--;
    this.entries.splice(at, 0, entry);
    if (this.entries.length > ROWS) {
      this.entries.shift()?.row?.remove();
    }
    for (const peel of entry.peels) {
      /** @param {Map<number, Found[]>} map @param {number | null} [key] */
      const note = (map, key) => {
        if (key === undefined || key === null) return;
        map.set(key, [...(map.get(key) ?? []), { entry, peel }]);
        if (map.size > ROWS) map.delete(/** @type {number} */ (map.keys().next().value));
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

  /** @param {Entry} entry @param {HTMLElement} [before] */
  draw(entry, before) {
    if (entry.bare && !field("bare").checked) return;
    const list = $("packets");
    const below = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    const cell = (/** @type {string} */ name, /** @type {string} */ text) => el("span", { class: name }, text);
    const row = el("li", { class: entry.down ? "down" : "up" }, el("button", {
      type: "button", title: entry.down ? "from the server to you" : "from you to the server", onclick: () => this.open([{ entry, peel: entry.peels[0] }], 0),
    }, el("span", { class: "way", role: "img", "aria-label": entry.down ? "from the server" : "to the server" }, entry.down ? "↓" : "↑"),
    cell("since", (entry.since ?? 0).toFixed(3)), cell("line", entry.line), cell("len", `${entry.len} B`), cell("why", entry.why)));
    entry.row = row;
    list.insertBefore(row, before && before.parentNode === list ? before : null);
    if (below) list.scrollTop = list.scrollHeight;
  }

  /** The packets that carried a message: the way up first. @param {number} message @param {number} [tag] @returns {Found[]} */
  of(message, tag) {
    return [...((tag !== undefined && this.byTag.get(tag)) || []), ...(this.byMessage.get(message) || [])];
  }

  // ---- peeling

  /** @param {Found[]} packets @param {number} at */
  open(packets, at) {
    if (packets.length === 0) return;
    this.before ??= document.activeElement;
    this.at = { packets, at, step: 0 };
    $("peel").hidden = false;
    $("peel").focus();
    this.show();
  }

  close() {
    this.at = null;
    for (const row of $("packets").querySelectorAll(".open")) row.classList.remove("open");
    $("peel").hidden = true;
    const back = this.before instanceof HTMLElement && this.before.isConnected ? this.before : $("text");
    this.before = null;
    back.focus();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    // Where a text is written, a letter is a letter.
    if (!this.at || event.target instanceof HTMLInputElement) return;
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
    if (!this.at) return;
    const { packets, at, step } = this.at;
    const { entry, peel } = packets[at];
    const way = entry.down ? "server → you" : "you → server";
    const one = packets.length > 1 ? ` (${at + 1} of ${packets.length} packets)` : "";
    $("peel-title").textContent = entry.own ? `${way}, seen by this page${one}` : `Packet ${entry.n}, ${way}, port ${entry.port}${one}`;
    for (const row of $("packets").querySelectorAll(".open")) row.classList.remove("open");
    entry.row?.classList.add("open");
    entry.row?.scrollIntoView({ block: "nearest" });
    const turn = (/** @type {number} */ to) => {
      if (this.at) this.at.step = to;
      this.show();
    };
    const within = $("steps").contains(document.activeElement);
    fill($("steps"), ...peel.steps.map((one, n) => el("li", { class: `osi${one.osi}${n === step ? " now" : ""}` },
      el("button", { type: "button", "aria-current": n === step && "step", onclick: () => turn(n) }, el("span", { class: "osi" }, one.osi), one.short))));
    if (within) /** @type {HTMLElement | null} */ ($("steps").querySelector(".now button"))?.focus();
    this.showStep(peel.steps[step]);
    this.dump(entry, peel.steps[step]);
  }

  /** @param {Step} step */
  showStep(step) {
    fill($("step"), el("h3", { class: `osi${step.osi}` }, step.title), step.summary && el("p", { class: "summary" }, step.summary),
      ...step.says.map(({ truth, text }) => el("p", { class: truth === "observed" ? "" : "inferred" }, text)),
      ...(step.elsewhere ?? []).map(([frame, bytes]) => el("p", { class: "inferred" }, `${bytes} of its bytes came in packet ${frame}.`)),
      step.fields.length > 0 && el("dl", {}, ...step.fields.flatMap(([label, name, value]) => [el("dt", { title: name }, label), el("dd", {}, value)])));
  }

  /** The bytes; those of the step are lit, those that it carries are marked. @param {Entry} entry @param {Step} step */
  dump(entry, step) {
    const bytes = bytesOf(entry.hex);
    /** @type {Set<number>} */
    const over = new Set();
    bytesOf(step.over?.hex ?? "").forEach((byte, n) => {
      const at = (step.over?.at ?? 0) + n;
      bytes[at] = byte;
      over.add(at);
    });
    const inside = (/** @type {number[][]} */ ranges, /** @type {number} */ at) => ranges.some(([from, to]) => from <= at && at < to);
    const cell = (/** @type {number} */ at, /** @type {string} */ text) =>
      el("span", { class: `${inside(step.own, at) ? "own" : inside(step.holds, at) ? "holds" : ""}${over.has(at) ? " over" : ""}` }, text);
    const row = (/** @type {number} */ from) => {
      const own = bytes.slice(from, from + 16).map((byte, n) => /** @type {[number, number]} */ ([from + n, byte]));
      return el("div", { class: "row" }, el("span", { class: "place" }, from.toString(16).padStart(4, "0")),
        el("span", { class: "hex" }, ...own.map(([at, byte]) => cell(at, hexOf(byte)))),
        el("span", { class: "text" }, ...own.map(([at, byte]) => cell(at, byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "·"))));
    };
    const begins = bytes.slice(0, DRAWN).map((_, at) => at).filter((at) => at % 16 === 0);
    fill($("dump"), ...begins.map(row), bytes.length > DRAWN && el("p", { class: "inferred" }, `and ${bytes.length - DRAWN} more bytes`),
      over.size > 0 && el("p", { class: "inferred" }, "Underlined bytes are shown unmasked here."));
    $("dump").querySelector(".own")?.scrollIntoView({ block: "nearest" });
  }
}
