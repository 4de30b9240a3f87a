// Draws a scene of a lesson (schema/scene.json): prose, ladder, seven layers, what is said, both timelines.
import { el, fill, picture } from "./parts.js";

/**
 * What is drawn is what the contract says (schema/scene.json).
 * @typedef {import("./types/scene.js").Scene} Scene
 * @typedef {import("./types/scene.js").Row} Row
 * @typedef {import("./types/scene.js").Ladder & { picture?: string }} Ladder with the picture that osi-tutor drew for a page
 * @typedef {"client" | "server"} End
 */

/** @param {import("./types/scene.js").Spans} spans */
const spans = (spans) => spans.map(({ style, text }) =>
  (style === "strong" ? el("strong", {}, text) : style === "code" ? el("code", {}, text) : document.createTextNode(text)));

/** @param {import("./types/scene.js").Block} block */
function block(block) {
  switch (block.block) {
    case "heading": return el("h2", {}, ...spans(block.spans));
    case "paragraph": return el("p", {}, ...spans(block.spans));
    case "list": return el("ul", {}, ...block.items.map((item) => el("li", {}, ...spans(item))));
    case "code": return el("pre", { tabindex: 0 }, block.text);
    default: return null;
  }
}

/**
 * A ladder: the picture of it, and a table of who, what, and both ends' states; on a small screen the table alone. The lit
 * row is what the text speaks of.
 * @param {Ladder | null | undefined} ladder
 * @param {{ caption: string, lit?: number | null, rows?: Row[], small?: boolean }} how on a small screen, states go below the packet
 */
export function ladder(ladder, { caption, lit = null, rows = ladder?.rows ?? [], small = false }) {
  if (!ladder || rows.length === 0) return ladder?.remark ? el("p", {}, ladder.remark) : null;
  /** @param {Row} row @param {number | null} end */
  const name = (row, end) => (end === null ? "all" : row.who?.[end === row.from ? 0 : 1] ?? ladder.hosts[end]?.name ?? "all");
  /** @param {Row} row @param {End} end */
  const at = (row, end) => [row.states, row.knows, row.calls].map((of) => of?.[end]).filter(Boolean);
  const states = !small && rows.some((row) => at(row, "client").length + at(row, "server").length > 0);
  /** @param {Row} row */
  const below = (row) => /** @type {End[]} */ (["client", "server"]).flatMap((end) => at(row, end).map((text) => `${end} ${text}`)).join(", ");
  /** @param {Row} row @param {End} end */
  const beside = (row, end) => el("td", { class: "state" }, ...at(row, end).map((text) => el("span", {}, text)));
  const head = el("tr", {}, el("th", { scope: "col" }, "No."), states && el("th", { scope: "col" }, "Client"),
    el("th", { scope: "col" }, "Packet"), states && el("th", { scope: "col" }, "Server"));
  /** @param {Row} row */
  const row = (row) => {
    const right = row.to === null || row.from <= row.to;
    const told = [row.gap, row.remark ?? (row.lost && "It never arrives.")].filter(Boolean).join(" ");
    const way = right ? `${name(row, row.from)} → ${name(row, row.to)}` : `${name(row, row.to)} ← ${name(row, row.from)}`;
    return el("tr", { class: [row.new && "new", row.lost && "lost", row.packet === lit && "lit"].filter(Boolean).join(" ") },
      el("th", { scope: "row" }, row.packet),
      states && beside(row, "client"),
      el("td", { class: right ? "to" : "fro" }, el("span", { class: "way" }, way), el("span", { class: "line" }, row.line), ...(row.messages ?? []).map((text) => el("small", {}, text)), row.hop && hop(row.hop),
        told && el("small", {}, told), ...(row.kernel ?? []).map((text) => el("small", {}, text)), small && el("small", {}, below(row))),
      states && beside(row, "server"));
  };
  const told = [caption, ladder.remark].filter(Boolean).join(". ");
  const drawn = !small && ladder.picture && picture(ladder.picture);
  const table = el("table", { class: "ladder" }, el("caption", {}, told), el("thead", {}, head), el("tbody", {}, ...rows.map(row)));
  return drawn ? el("figure", {}, el("figcaption", {}, told), framed(drawn), el("details", {}, el("summary", {}, "The same as a table"), table)) : table;
}

/** A picture in its frame, which scrolls if it has to. @param {SVGSVGElement} drawn */
export const framed = (drawn) => el("div", drawn.classList.contains("wide") ? { class: "frame", tabindex: 0, role: "group", "aria-label": "A wide picture" } : { class: "frame" }, drawn);

/** What changes from hop to hop, and what stays. @param {NonNullable<Row["hop"]>} hop */
const hop = ({ ttl, addresses, cards }) =>
  el("small", {}, `IP ${addresses.join(" → ")}, cards ${cards.join(" → ")}, hops left ${ttl}`);

/** The seven layers of a packet. @param {import("./types/scene.js").Layers} layers */
function layers(layers) {
  /** @param {import("./types/scene.js").Layer} row */
  const row = (row) => el("tr", { class: row.lit ? "lit" : "" }, el("th", { scope: "row" }, `${row.layer} ${row.name}`),
    el("td", {}, row.what, row.why && el("small", {}, row.why)),
    el("td", { class: "evidence" }, row.evidence));
  return el("table", { class: "layers" }, el("caption", {}, `Packet ${layers.packet}, layer by layer`),
    el("tbody", {}, ...[...layers.rows].reverse().map(row)));
}

/** @param {NonNullable<Scene["work"]>} work */
function procedure(work) {
  /** @param {typeof work.steps[number]} step */
  const step = (step) => el("li", { class: step.current ? "now" : "" }, step.say,
    step.formula && el("code", {}, ` ${step.formula}`), el("strong", {}, step.value === null ? " = ?" : ` = ${step.value}`));
  return el("section", { class: "work" }, el("h2", {}, work.title),
    work.given.length > 0 && el("p", {}, work.given.map(({ name, value }) => `${name} = ${value}`).join(", ")),
    el("ol", {}, ...work.steps.map(step)), work.text && el("p", {}, work.text));
}

/** The packet that shows something, and the fields that do. @param {import("./types/scene.js").Evidence} proof @param {boolean} small */
const evidence = (proof, small) => el("div", { class: "proof" }, ladder(proof.ladder, { caption: proof.text, small }),
  el("p", { class: "fields" }, ...proof.fields.map(({ field, value }) => el("code", {}, `${field} = ${value}`))));

/** Lines that stay as they are: packets of a list, bytes. @param {string[]} text @param {string} label */
export function lines(text, label) {
  if (text.length === 0) return null;
  const indent = Math.min(...text.map((line) => line.length - line.trimStart().length));
  return el("pre", { class: "listed", role: "group", "aria-label": label }, ...text.map((line) => el("span", {}, `${line.slice(indent)}\n`)));
}

/**
 * What an answer was worth. The packet that proves it, and the standard, are drawn by the scene.
 * @param {import("./types/scene.js").Verdict} told
 * @param {{ small?: boolean }} [how]
 */
export function verdict(told, { small = false } = {}) {
  const mark = told.mark === "right" || told.repaired ? "right" : told.mark;
  return el("div", { class: `verdict ${mark}` }, el("p", { class: `mine ${mark}` }, told.headline),
    told.answer && el("p", { class: "answer" }, el("strong", {}, "The answer: "), told.answer),
    told.order.length > 0 && el("ol", {}, ...told.order.map(({ text }) => el("li", {}, text))),
    told.said && el("p", {}, told.said),
    told.misconception && el("div", { class: "refuted" }, el("p", {}, el("strong", {}, "A common belief: "), told.misconception.claim),
      el("p", {}, told.misconception.refutation)),
    told.against && evidence(told.against, small), told.why && el("p", { class: "why" }, told.why));
}

/** The fields that the page speaks of, with their bytes. @param {import("./types/scene.js").Lit[]} lit */
function fields(lit) {
  /** @param {typeof lit[number]} one */
  const bytes = ({ hex }) => hex.slice(0, 32).replace(/../g, "$& ").trim() + (hex.length > 32 ? " …" : "");
  /** @param {typeof lit[number]} one */
  const place = ({ offset, length }) => (length === 0 ? "worked out" : length === 1 ? `byte ${offset}` : `bytes ${offset}–${offset + length - 1}`);
  /** @param {typeof lit[number]} one */
  const row = (one) => el("tr", {}, el("th", { scope: "row" }, one.label, el("small", {}, one.field)), el("td", {}, one.value),
    el("td", {}, el("code", { class: "lit-bytes" }, bytes(one)), el("small", {}, place(one))));
  return el("table", { class: "lit-fields" }, el("caption", {}, "Where it says so"), el("tbody", {}, ...lit.map(row)));
}

/** A scene. How much of it: `small` for a phone, `full` with the lit fields' bytes. */
export class OsiScene extends HTMLElement {
  /**
   * Of a capture that a class browses, only some of it is there, and what is listed.
   * @param {Partial<Scene> & { listed?: string[], proof?: { line?: string | null, filter: string } } | null} scene
   * @param {{ small?: boolean, full?: boolean }} [how]
   */
  show(scene, { small = false, full = false } = {}) {
    if (!scene || typeof scene !== "object") return fill(this);
    const rows = scene.ladder?.rows ?? [];
    const { question, what_if: broken, work } = scene;
    const stack = scene.layers?.[scene.layers.length - 1];
    // Above the first packet that is drawn, so that nobody takes a simulated one for a real one.
    const { listed, proof: shows } = scene;
    const proof = question?.verdict?.proof, source = el("p", { class: "origin" }, scene.origin);
    const left = el("div", { class: "told" }, ...(scene.prose ?? []).map(block), scene.text && el("p", { class: "said" }, scene.text),
      work && procedure(work), (proof || listed) && source, listed && lines(listed, "What is asked about"),
      shows && el("div", { class: "proof" }, shows.line && lines([shows.line], "The packet that shows it"), el("p", { class: "fields" }, el("code", {}, shows.filter))), proof && evidence(proof, small),
      question?.verdict?.spec && el("p", { class: "spec" }, `The standard: ${question.verdict.spec}`),
      small && stack && el("details", {}, el("summary", {}, "Layer by layer"), layers(stack)));
    const right = el("div", { class: broken ? "drawn timelines" : "drawn" },
      !proof && !listed && (broken || rows.length > 0 || stack) && source,
      ...(broken ? [broken.error && el("p", {}, broken.error), ladder(broken.before, { caption: "Without the fault (simulated)", small }),
        ladder(broken.after, { caption: "With the fault (simulated)", lit: broken.proof, small })]
        : [ladder(scene.ladder, { caption: "The packets so far", rows: small ? rows.filter((row) => row.new) : rows.slice(-8), small })]),
      full && scene.lit && scene.lit.length > 0 && fields(scene.lit),
      !small && stack && layers(stack));
    fill(this, left, right);
  }
}
customElements.define("osi-scene", OsiScene);
