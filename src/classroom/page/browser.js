// The packets of a capture, on the teacher's page: a list with a display filter; each can be shown, and asked about.
import { el, fill } from "./parts.js";

/** Rows that are drawn; more are reached by a filter. */
const ROWS = 100;
/** A filter is sent once nobody types, in milliseconds. */
const PAUSE = 300;

/**
 * @param {import("./types.js").Listed[]} list
 * @param {boolean} filters the capture is there to be filtered
 * @param {(command: import("./types.js").Command) => void} send
 * @param {(text: string, told: (answer: import("./types.js").Answer) => void) => void} filter
 */
export function browser(list, filters, send, filter) {
  const body = el("tbody"), more = el("p", { class: "health" });
  const wrong = el("p", { role: "status", class: "note" });
  /** @type {Set<number> | null} */
  let selected = null;
  let slide = -1, timer = 0, asked = 0;
  const input = /** @type {HTMLInputElement} */ (el("input", { id: "filter", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
    maxlength: 500, placeholder: "tcp.flags.syn == 1", oninput: () => {
      clearTimeout(timer);
      timer = window.setTimeout(look, PAUSE);
    } }));
  const look = () => {
    const mine = ++asked;
    filter(input.value, (answer) => {
      // The old result stays until the new one is right.
      if (mine !== asked) return;
      wrong.textContent = answer.error ?? "";
      if (answer.packets) selected = new Set(answer.packets);
      draw();
    });
  };
  /** @param {import("./types.js").Listed} one */
  const row = (one) => el("tr", { class: one.slide === slide || one.asks.some(([, at]) => at === slide) ? "lit" : "" }, el("td", {}, el("span", { class: "line" }, one.line),
    el("span", { class: "others-do" }, button("Show", one, one.slide), ...one.asks.map(([kind, at]) => button(`Ask: ${kind}`, one, at)))));
  /** @param {string} text @param {import("./types.js").Listed} one @param {number} at */
  const button = (text, one, at) => el("button", { type: "button", "aria-label": `${text}, packet ${one.packet}`, "aria-pressed": String(at === slide), onclick: () => send({ go: at }) }, text);
  const draw = () => {
    const rows = list.filter(({ packet }) => !selected || selected.has(packet));
    const active = document.activeElement instanceof HTMLElement && body.contains(document.activeElement) ? document.activeElement.getAttribute("aria-label") : null;
    fill(body, ...rows.slice(0, ROWS).map(row));
    if (active) [...body.querySelectorAll("button")].find((b) => b.getAttribute("aria-label") === active)?.focus();
    more.textContent = rows.length > ROWS ? `${rows.length - ROWS} more; a narrower filter shows them.` : rows.length === 0 ? "No packet is selected." : "";
  };
  draw();
  const made = el("section", { class: "browser", "aria-label": "Packets" },
    filters && el("label", { for: "filter", class: "how" }, "Packets: a display filter, as in Wireshark"), filters && input, wrong,
    el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "The list of packets" }, el("table", {}, body)), more);
  return Object.assign(made, {
    /** Which slide is shown now, from 0. @param {number} now */
    at(now) {
      if (now === slide) return;
      slide = now;
      draw();
    },
  });
}
