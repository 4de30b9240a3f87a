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

/** @param {string} id */
export const $ = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

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
  const hex = (n, digits) => n.toString(16).padStart(digits, "0");
  const line = (at) => `${String(at).padStart(4)}   ${frame.slice(at, at + 16).map((byte) => (byte === null ? "··" : hex(byte, 2))).join(" ")}`;
  return el("pre", { class: "dump", tabindex: 0, "aria-label": "The bytes of the frame" }, frame.map((_, at) => at).filter((at) => at % 16 === 0).map(line).join("\n"));
}
