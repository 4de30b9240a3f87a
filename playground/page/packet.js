// One packet: its seven layers, each to be unfolded, and its bytes. A line lights its bytes, and a byte finds its line.
import { bytesOf, count, el, fill, hexOf, put } from "./parts.js";

/** Bytes that are drawn at once; those around what is lit. */
const MOST = 2048;
const ROW = 16;

/**
 * @typedef {{ kind: string, indent: number, text: string, name: string, span: [number, number, number] | null, about: string | null, evidence: string | null }} Line
 * @typedef {{ layer: number, name: string, what: string, evidence: string, why: string, span: [number, number, number] | null, lines: Line[] }} Layer
 */

/** @typedef {{ span: [number, number, number], button: HTMLElement, fold: HTMLDetailsElement, text: string, line: Line | null }} Placed */

/** Bytes as people say them. @param {[number, number, number]} span */
const words = ([, from, to]) => (to - from === 1 ? `byte ${from}` : `bytes ${from} to ${to - 1}`);

export class OsiPacket extends HTMLElement {
  /** @type {{ kind: string, length: number, bytes: number[] }[]} */
  buffers = [];
  buffer = 0;
  cursor = 0;
  /** @type {Placed[]} */
  places = [];
  /** @type {[number, number, number] | null} */
  lit = null;
  /** @type {(field: string) => Promise<string>} */
  explain = async () => "";
  told = el("p", { class: "about", role: "status" });
  bytes = el("div", { class: "hex", tabindex: 0, role: "group", onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event), onclick: (/** @type {Event} */ event) => this.pick(event) });

  /**
   * @param {{ number: number, layers: Layer[], buffers: { kind: string, length: number, hex: string }[] }} packet
   * @param {(field: string) => Promise<string>} explain
   */
  show(packet, explain) {
    this.buffers = packet.buffers.map(({ kind, length, hex }) => ({ kind, length, bytes: bytesOf(hex) }));
    [this.places, this.lit, this.cursor] = [[], null, 0];
    this.explain = explain;
    const layers = el("div", { class: "stack" }, ...[...packet.layers].reverse().map((layer) => this.layer(layer)));
    fill(this, layers, el("div", { class: "side" }, this.told, this.bytes));
    this.buffer = 0;
    this.draw();
  }

  /** @param {Layer} layer */
  layer(layer) {
    const fold = /** @type {HTMLDetailsElement} */ (el("details", { class: `layer of-${layer.layer}` }));
    const lines = layer.lines.map((line) => this.line(line, fold));
    put(fold, el("summary", {}, el("span", { class: "number" }, layer.layer), el("span", { class: "name" }, layer.name),
      el("span", { class: "what" }, layer.what), el("span", { class: "evidence" }, layer.evidence)),
    el("p", { class: "why" }, layer.why), lines.length > 0 && el("ul", { class: "lines" }, ...lines));
    if (layer.span) fold.addEventListener("toggle", () => fold.open && this.lit === null && this.light(layer.span, `layer ${layer.layer}, ${layer.name}`, null));
    return fold;
  }

  /** @param {Line} line @param {HTMLDetailsElement} fold */
  line(line, fold) {
    const { span } = line;
    const text = [el("span", { class: "text" }, line.text), line.name && el("code", {}, line.name), line.evidence && el("span", { class: "evidence" }, line.evidence)];
    const item = el("li", { class: line.kind });
    item.style.marginInlineStart = `${Math.min(line.indent, 16) * 0.5}rem`;
    if (line.kind !== "field" && line.kind !== "protocol") {
      put(item, ...text);
      return item;
    }
    const button = el("button", { type: "button", "aria-pressed": "false" }, ...text);
    button.addEventListener("click", () => this.light(span, line.text, line, button));
    if (span) this.places.push({ span, button, fold, text: line.text, line });
    item.append(button);
    return item;
  }

  /**
   * Lights bytes, and says what they are.
   * @param {[number, number, number] | null} span
   * @param {string} text
   * @param {Line | null} line
   * @param {HTMLElement | null} [button]
   */
  light(span, text, line, button = null) {
    for (const pressed of this.querySelectorAll("button[aria-pressed=true]")) pressed.setAttribute("aria-pressed", "false");
    button?.setAttribute("aria-pressed", "true");
    this.lit = span;
    if (span) [this.buffer, this.cursor] = [span[0], span[1]];
    const more = el("div", { class: "meaning" });
    const ask = line?.kind === "field" && el("button", {
      type: "button", class: "link", onclick: async () => fill(more, el("pre", { tabindex: 0, "aria-label": `What ${line.name} means` }, await this.explain(line.name))),
    }, `What is ${line.name}?`);
    fill(this.told, el("strong", {}, text), span ? ` (${words(span)})` : " (worked out, not in the bytes)", line?.about && ` ${line.about}`, " ", ask);
    this.querySelector(".meaning")?.remove();
    this.told.after(more);
    this.draw();
  }

  /** The line around a byte that fits closest. @param {number} at */
  find(at) {
    const around = this.places.filter(({ span: [buffer, from, to] }) => buffer === this.buffer && from <= at && at < to);
    /** @type {Placed | null} */
    const none = null;
    return around.reduce((/** @type {Placed | null} */ best, one) => (!best || one.span[2] - one.span[1] <= best.span[2] - best.span[1] ? one : best), none);
  }

  /** @param {number} at */
  choose(at) {
    const found = this.find(at);
    if (found) {
      found.fold.open = true;
      this.light(found.span, found.text, found.line, found.button);
      // On a narrow screen the layers are above the bytes: to scroll there would take the bytes away.
      if (matchMedia("(min-width: 62rem)").matches) found.button.scrollIntoView({ block: "nearest" });
    } else this.light([this.buffer, at, at + 1], "nothing is known of this byte", null);
    this.cursor = at;
    this.draw();
  }

  /** A byte is tapped. @param {Event} event */
  pick(event) {
    const at = /** @type {HTMLElement} */ (event.target).dataset?.at;
    if (at !== undefined) this.choose(Number(at));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    /** @type {Record<string, number | undefined>} */
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -ROW, ArrowDown: ROW };
    const by = steps[event.key];
    const last = this.buffers[this.buffer].bytes.length - 1;
    if (by === undefined || last < 0) return;
    event.preventDefault();
    event.stopPropagation();
    this.choose(Math.max(0, Math.min(last, this.cursor + by)));
  }

  draw() {
    const { bytes, length, kind } = this.buffers[this.buffer] ?? { bytes: [], length: 0, kind: "captured" };
    const lit = this.lit && this.lit[0] === this.buffer ? this.lit : null;
    const from = bytes.length <= MOST ? 0 : Math.max(0, Math.min(Math.floor(this.cursor / ROW) * ROW - MOST / 2, bytes.length - MOST));
    const to = Math.min(bytes.length, from + MOST);
    const row = (/** @type {number} */ at) => {
      const own = bytes.slice(at, Math.min(at + ROW, to));
      const cell = (/** @type {number} */ n, /** @type {string} */ text) => {
        const on = lit && lit[1] <= at + n && at + n < lit[2];
        return el("span", { "data-at": at + n, class: [on && "lit", at + n === this.cursor && "cursor"].filter(Boolean).join(" ") || null }, text);
      };
      return el("div", { class: "row" }, el("span", { class: "offset" }, at.toString(16).padStart(4, "0")),
        el("span", { class: "pairs" }, ...own.map((byte, n) => cell(n, hexOf(byte)))),
        el("span", { class: "signs", "aria-hidden": "true" }, own.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join("")));
    };
    const tabs = this.buffers.length > 1 && el("p", { class: "buffers" }, ...this.buffers.map((buffer, n) => el("button", {
      type: "button", "aria-pressed": String(n === this.buffer), onclick: () => { [this.buffer, this.cursor, this.lit] = [n, 0, null]; this.draw(); },
    }, n === 0 ? "frame" : `${buffer.kind} ${n}`)));
    const rows = [];
    for (let at = from; at < to; at += ROW) rows.push(row(at));
    const shown = to - from < length && el("p", {}, `Bytes ${from} to ${to - 1} of ${length}.`);
    this.bytes.setAttribute("aria-label", `${count(length, "byte")}, ${kind}. Arrow keys move from byte to byte.`);
    fill(this.bytes, shown, ...rows);
    this.querySelector(".buffers")?.remove();
    if (tabs) this.bytes.before(tabs);
    // Only the box of bytes scrolls: the line that was chosen stays in sight.
    const cursor = /** @type {HTMLElement | null} */ (this.bytes.querySelector(".cursor"));
    const line = cursor?.parentElement?.parentElement;
    if (line && this.bytes.clientHeight > 0) {
      const top = line.offsetTop - this.bytes.offsetTop;
      if (top < this.bytes.scrollTop || top + line.offsetHeight > this.bytes.scrollTop + this.bytes.clientHeight) this.bytes.scrollTop = top - line.offsetHeight * 2;
    }
  }
}
customElements.define("osi-packet", OsiPacket);
