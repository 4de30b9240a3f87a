// Pages about many packets: a connection's ladder, what was said on it, its plots, and everything counted.
import { bytesOf, el, picture } from "./parts.js";
import { framed, ladder } from "./scene.js";

/** @param {{ ladder: import("./types.js").Ladder, left_out: number }} told */
export function drawLadder({ ladder: drawn, left_out }) {
  const small = matchMedia("(max-width: 48rem)").matches;
  return [ladder(drawn, { caption: "The connection, packet by packet", small }), left_out > 0 && el("p", {}, `${left_out} more packets are left out.`)];
}

/** Text as it was said; what can't be shown is a dot. @param {number[]} bytes */
function text(bytes) {
  return new TextDecoder().decode(new Uint8Array(bytes)).replace(/\r\n/g, "\n")
    // Controls and what turns the direction of text.
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffd]/g, "·");
}

/** @param {import("./types.js").Said} told */
export function drawFollow({ ends: [client, server], runs, left_out }) {
  /** @type {{ from: string, missing?: number, hex: string }[]} */
  const turns = [];
  for (const run of runs) {
    const last = turns[turns.length - 1];
    if (last?.from === run.from && last.missing === undefined && run.missing === undefined) last.hex += run.hex ?? "";
    else turns.push({ from: run.from, missing: run.missing, hex: run.hex ?? "" });
  }
  /** @param {typeof turns[number]} one */
  const turn = ({ from, missing, hex }) => el("section", { class: `turn-of ${from}` }, el("h4", {}, from === "client" ? `Client ${client}` : `Server ${server}`),
    missing !== undefined ? el("p", {}, `${missing} bytes are missing: not in this capture.`) : el("pre", { tabindex: 0, "aria-label": `Said by the ${from}` }, text(bytesOf(hex))));
  return [runs.length === 0 && el("p", {}, "Not a byte of it is in this capture."), ...turns.slice(0, 500).map(turn), (left_out > 0 || turns.length > 500) && el("p", {}, "What follows is left out.")];
}

/** @param {{ picture: string, title: string }} told */
export function drawPlot({ picture: markup, title }) {
  const drawn = picture(markup);
  return drawn ? [el("p", {}, title), framed(drawn)] : [];
}

/** A packet on its way over every link. @param {{ picture: string, text: string }} way */
export function drawHops({ picture: markup, text }) {
  const drawn = picture(markup), words = el("pre", { class: "words", tabindex: 0, "aria-label": "The same in words" }, text);
  return drawn ? [framed(drawn), el("details", {}, el("summary", {}, "The same in words"), words)] : [words];
}

/** Both timelines. @param {{ same?: string, what_if?: { before: import("./types.js").Ladder, after: import("./types.js").Ladder } }} told */
export function drawBoth({ same, what_if }) {
  if (!what_if) return [el("p", {}, same)];
  const small = matchMedia("(max-width: 48rem)").matches;
  return [el("div", { class: "both" }, el("div", {}, ladder(what_if.before, { caption: "Without the fault (simulated)", small })),
    el("div", {}, ladder(what_if.after, { caption: "With the fault (simulated)", small })))];
}

const number = (/** @type {number} */ n) => n.toLocaleString("en");
const heads = (/** @type {string[]} */ names) => el("thead", {}, el("tr", {}, ...names.map((name) => el("th", { scope: "col" }, name))));
/** @param {string} caption @param {string[]} names @param {HTMLElement[]} rows */
const table = (caption, names, rows) => el("table", { class: "counts" }, el("caption", {}, caption), heads(names), el("tbody", {}, ...rows));
/** The most rows of a table. */
const MOST = 200;

/** Everything, counted (schema/stats.json). @param {import("./types.js").Stats} stats */
export function drawStats(stats) {
  const parts = [el("p", {}, `${number(stats.frames)} frames, ${number(stats.bytes)} bytes.`)];
  /** @param {string} head @param {(number | string)[]} numbers */
  const cells = (head, numbers, indent = 0) => {
    const th = el("th", { scope: "row" }, head);
    th.style.paddingInlineStart = `${0.5 + indent}rem`;
    return el("tr", {}, th, ...numbers.map((n) => el("td", {}, typeof n === "number" ? number(n) : n)));
  };
  /** @type {HTMLElement[]} */
  const rows = [];
  /** @param {import("./types.js").Stats["hierarchy"]} node @param {number} depth */
  const walk = (node, depth) => {
    if (rows.length >= MOST) return;
    rows.push(cells(node.name, [node.frames, node.bytes], Math.min(depth, 12)));
    node.children.forEach((child) => walk(child, depth + 1));
  };
  walk(stats.hierarchy, 0);
  parts.push(table("Which protocol follows which", ["Protocol", "Frames", "Bytes"], rows));
  parts.push(table("By layer", ["Layer", "Frames", "Bytes"], [...stats.layers].reverse().map((layer) => cells(`${layer.osi} ${layer.name}`, [layer.frames, layer.bytes]))));
  const end = (/** @type {{ address: string, port?: number }} */ { address, port }) => (port === undefined ? address : `${address.includes(":") ? `[${address}]` : address}:${port}`);
  for (const [kind, { rows }] of Object.entries(stats.conversations)) {
    if (rows.length > 0) {
      parts.push(table(`Conversations: ${kind}${rows.length > MOST ? `, the first ${MOST} of ${number(rows.length)}` : ""}`, ["Between", "there", "back", "Bytes"],
        rows.slice(0, MOST).map((row) => cells(`${end(row.a)} – ${end(row.b)}`, [row.a_to_b.frames, row.b_to_a.frames, row.a_to_b.bytes + row.b_to_a.bytes]))));
    }
  }
  return parts;
}
