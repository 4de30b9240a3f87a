// A question and the ways to answer it: one of several, a number, a word, an order, a run of bytes, a packet. What comes
// out is one line of text, as the judge of osi-tutor takes it.
import { el, fill, hexOf } from "./parts.js";

let last = 0;
/** An id that is free on this page. */
const fresh = () => `a${++last}`;

/**
 * @typedef {{ form: string, how: string, choices?: string[], packets?: [number, string][], frame?: number[] }} Task
 */

/** An answer in the making. It says `change` whenever it is another one. */
export class OsiAnswers extends HTMLElement {
  /** The answer so far; empty while it is none. */
  given = "";

  /**
   * @param {Task} task
   * @param {{ blanks: string[], given: string | null, label: string }} how
   */
  ask(task, { blanks, given, label }) {
    this.given = given ?? "";
    const make = {
      choice: () => this.radios((task.choices ?? []).map((text, n) => [`${n + 1}`, text])),
      packet: () => this.radios((task.packets ?? []).map(([number, text]) => [`${number}`, `${number}  ${text}`])),
      order: () => this.order(task.choices ?? []),
      range: () => this.bytes(task.frame ?? []),
      blanks: () => this.blanks(blanks),
    }[task.form] ?? (() => this.typed(task.how, task.form === "number"));
    fill(this, el("fieldset", {}, el("legend", {}, label), ...make()));
  }

  /** @param {string} given */
  set(given) {
    this.given = given;
    this.dispatchEvent(new Event("change"));
  }

  /** @param {[string, string][]} items */
  radios(items) {
    const name = fresh();
    return items.map(([value, text]) => {
      const input = el("input", { type: "radio", name, value, onchange: () => this.set(value) });
      /** @type {HTMLInputElement} */ (input).checked = this.given === value;
      return el("label", { class: "choice" }, input, el("span", {}, text));
    });
  }

  /** @param {string} how @param {boolean} number */
  typed(how, number) {
    const id = fresh();
    const input = /** @type {HTMLInputElement} */ (el("input", {
      id, autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: 200, inputmode: number ? "decimal" : "text",
      oninput: () => this.set(input.value.trim()),
    }));
    input.value = this.given;
    return [el("label", { for: id, class: "how" }, `Write ${how}`), input];
  }

  /** @param {string[]} names */
  blanks(names) {
    const before = this.given.split(" ");
    const inputs = names.map((_, n) => {
      const input = /** @type {HTMLInputElement} */ (el("input", {
        autocomplete: "off", maxlength: 40, inputmode: "decimal",
        oninput: () => this.set(inputs.every((i) => i.value.trim()) ? inputs.map((i) => i.value.trim().replace(/\s/g, "")).join(" ") : ""),
      }));
      input.value = before[n] ?? "";
      return input;
    });
    return names.map((name, n) => el("label", { class: "how" }, name, inputs[n]));
  }

  /** Items with a button up and one down. @param {string[]} items */
  order(items) {
    const sound = this.given.split(" ").map((n) => Number(n) - 1).filter((n) => n in items);
    let order = sound.length === items.length ? sound : items.map((_, n) => n);
    const list = el("ol", { class: "order" });
    const draw = (focus = -1, up = true) => {
      /** @param {number} at @param {number} by */
      const move = (at, by) => {
        const to = at + by;
        if (to < 0 || to >= order.length) return;
        [order[at], order[to]] = [order[to], order[at]];
        draw(to, by < 0);
        this.set(order.map((n) => n + 1).join(" "));
      };
      fill(list, ...order.map((n, at) => el("li", {}, el("span", {}, items[n]), el("span", { class: "moves" },
        el("button", { type: "button", "aria-label": `${items[n]}: up`, disabled: at === 0, onclick: () => move(at, -1) }, "↑"),
        el("button", { type: "button", "aria-label": `${items[n]}: down`, disabled: at === order.length - 1, onclick: () => move(at, 1) }, "↓")))));
      const buttons = list.children[focus]?.querySelectorAll("button") ?? [];
      const wanted = buttons[up ? 0 : 1];
      (wanted?.disabled ? buttons[up ? 1 : 0] : wanted)?.focus();
    };
    draw();
    this.given = order.map((n) => n + 1).join(" ");
    return [el("p", { class: "how" }, "The earliest first."), list];
  }

  /** Bytes: the first and the last that are tapped. @param {number[]} frame */
  bytes(frame) {
    let [first, last] = this.given ? this.given.split("-").map(Number) : [-1, -1];
    last ??= first;
    let open = false;
    const told = el("output", {}, this.given ? `bytes ${this.given}` : "nothing yet");
    const buttons = frame.map((byte, at) => el("button", {
      type: "button", "aria-label": `byte ${at}: ${hexOf(byte)}`, onclick: () => {
        if (open) [first, last, open] = [Math.min(first, at), Math.max(first, at), false];
        else [first, last, open] = [at, at, true];
        draw();
        told.textContent = open ? `from byte ${first}; now tap the last one` : `bytes ${first}-${last}`;
        this.set(`${first}-${last}`);
      },
    }, hexOf(byte)));
    const draw = () => buttons.forEach((button, at) => button.setAttribute("aria-pressed", String(at >= first && at <= last)));
    draw();
    return [el("p", { class: "how" }, "Tap the first byte, then the last. "), told, el("div", { class: "bytes" }, ...buttons)];
  }
}
customElements.define("osi-answers", OsiAnswers);
