// What every page is made of. Text goes in as text: nothing that a packet or a student says becomes markup.

/**
 * An element. `props` are attributes, but for `on…` (a listener) and `hidden`; children are elements or text.
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...(Node | string | number | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  put(made, ...children);
  return made;
}

/**
 * Puts children in, and leaves out what is none.
 * @param {Element} into
 * @param {...(Node | string | number | null | undefined | false)} children
 */
export function put(into, ...children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false || child === "") continue;
    into.append(child instanceof Node ? child : String(child));
  }
}

/**
 * Replaces what is in an element.
 * @param {Element} into
 * @param {...(Node | string | number | null | undefined | false)} children
 */
export function fill(into, ...children) {
  into.replaceChildren();
  put(into, ...children);
}

const SVG = "http://www.w3.org/2000/svg";
/** What our pictures are made of. There is nothing among it that loads, runs or leads away. */
const DRAWN = ["svg", "g", "path", "rect", "text", "title", "desc"];
const TOLD = ["xmlns", "viewBox", "width", "height", "class", "role", "x", "y", "d", "rx", "text-anchor", "transform", "fill", "stroke-width", "stroke-dasharray", "stroke-linecap"];

/**
 * A picture that osi-tutor has drawn (engine/src/view/picture), or nothing where it holds what no picture of ours does.
 * @param {string} markup
 * @returns {SVGSVGElement | null}
 */
export function picture(markup) {
  const svg = /** @type {any} */ (new DOMParser().parseFromString(markup, "image/svg+xml").documentElement);
  const sound = [svg, ...svg.querySelectorAll("*")].every((one) => one.namespaceURI === SVG && DRAWN.includes(one.localName)
    && [...one.attributes].every(({ name }) => TOLD.includes(name)));
  if (!sound) return null;
  // Its title would be a tooltip over all of it.
  const told = [...svg.querySelectorAll(":scope > title, :scope > desc")];
  svg.setAttribute("aria-label", told.map((one) => one.textContent).join(". "));
  told.forEach((one) => one.remove());
  if (svg.viewBox.baseVal.width > WIDE) svg.classList.add("wide");
  return document.adoptNode(svg);
}
/** Pictures that are wider are scrolled, not shrunk. */
const WIDE = 1100;

/** @param {string} id */
export const $ = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** Something to fill in. @param {string} id */
export const field = (id) => /** @type {HTMLInputElement} */ (document.getElementById(id));

/** Two digits a byte, as numbers. @param {string} hex */
export const bytesOf = (hex) => (hex.match(/../g) ?? []).map((two) => parseInt(two, 16));
/** A byte in two digits. @param {number} byte */
export const hexOf = (byte) => byte.toString(16).padStart(2, "0");

/**
 * One of several, or several: "1 vote", "2 votes".
 * @param {number} n
 * @param {string} word
 */
export const count = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;

/**
 * A frame's bytes, to be read: sixteen a line, each line with the place of its first byte. What is null is hidden.
 * @param {(number | null)[]} frame
 */
export function dump(frame) {
  const line = (/** @type {number} */ at) =>
    `${String(at).padStart(4)}   ${frame.slice(at, at + 16).map((byte) => (byte === null ? "··" : hexOf(byte))).join(" ")}`;
  return el("pre", { class: "dump", tabindex: 0, "aria-label": "The bytes of the frame" }, frame.map((_, at) => at).filter((at) => at % 16 === 0).map(line).join("\n"));
}
