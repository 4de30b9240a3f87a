// Where a learner begins: a capture, the lessons, questions, a simulation.
import { el, fill } from "./parts.js";

/**
 * A scenario, and what breaks in it; it's drawn once the engine has said what there is.
 * @param {import("./types.js").App} app
 * @param {Partial<import("./address.js").Place>} place
 */
export function faultsForm(app, place) {
  const box = el("div", {}, el("p", {}, "…"));
  app.worlds().then((/** @type {import("./types.js").Worlds} */ worlds) => fill(box, form(app, place, worlds)), app.trouble);
  return box;
}

/**
 * @param {import("./types.js").App} app
 * @param {Partial<import("./address.js").Place>} place
 * @param {import("./types.js").Worlds} worlds
 */
function form(app, place, { scenarios, faults, which }) {
  const option = (/** @type {string} */ value, /** @type {string} */ text, /** @type {string | undefined} */ chosen) => el("option", { value, selected: value === chosen }, text);
  /** @param {string} id @param {HTMLElement[]} options */
  const select = (id, options, props = {}) => /** @type {HTMLSelectElement} */ (el("select", { id, ...props }, ...options));
  const scenario = select("scenario", scenarios.map(({ name, about }) => option(name, `${name}: ${about}`, place.name)));
  const seed = /** @type {HTMLInputElement} */ (el("input", { id: "seed", inputmode: "numeric", pattern: "[0-9]{1,15}", value: place.seed ?? "", placeholder: "its own" }));
  const at = select("at", []);
  const places = () => {
    const chosen = scenarios.find(({ name }) => name === scenario.value);
    fill(at, option("", "the first host", place.at), ...(chosen?.places ?? []).map((name) => option(name, name, place.at)), option("all", "every card", place.at));
  };
  scenario.addEventListener("change", places);
  places();
  const list = el("ul", { class: "faults" });
  let last = 0;
  const add = (text = "") => {
    const [name, ...rest] = text.split(" ");
    const id = `fault${++last}`;
    const fault = select(`${id}-name`, faults.map((row) => option(row.name, `${row.name}: ${row.help}`, name)), { "aria-label": "What breaks" });
    const value = /** @type {HTMLInputElement} */ (el("input", { id: `${id}-value`, autocomplete: "off", spellcheck: "false", maxlength: 500, "aria-label": "Which, or how much" }));
    value.value = rest.join(" ");
    const hint = () => {
      const row = faults.find((row) => row.name === fault.value);
      if (!row) return;
      value.placeholder = row.example;
      value.disabled = row.value === "";
      if (text === "" || fault.value !== name) value.value = row.example;
    };
    fault.addEventListener("change", hint);
    hint();
    const item = el("li", {}, fault, value, el("button", { type: "button", onclick: () => item.remove() }, "Remove"));
    list.append(item);
  };
  (place.faults ?? []).forEach(add);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const broken = [...list.children].map((item) => `${item.querySelector("select")?.value} ${item.querySelector("input")?.value}`.trim());
    app.go({ kind: "simulate", name: scenario.value, seed: seed.value === "" ? undefined : Number(seed.value), at: at.value || undefined, faults: broken });
  };
  return el("form", { class: "simulate", onsubmit: submit }, el("label", { for: "scenario" }, "Scenario"), scenario, el("label", { for: "seed" }, "Seed"), seed,
    el("label", { for: "at" }, "Seen by"), at, list, el("p", { class: "how" }, `Which frames: ${which}.`),
    el("p", { class: "bar-of" }, el("button", { type: "button", onclick: () => add() }, "Add something that breaks"), el("button", { class: "first" }, "Simulate")));
}

/** @param {import("./types.js").App} app @returns {Promise<import("./types.js").View>} */
export async function start(app) {
  const { lessons } = app.contents;
  const pick = /** @type {HTMLInputElement} */ (el("input", { type: "file", id: "file", class: "hidden", onchange: () => pick.files?.[0] && app.openFile(pick.files[0]) }));
  /** @param {typeof lessons[number]} lesson @param {number} n */
  const entry = (lesson, n) => el("li", {}, el("a", { href: app.link({ kind: "lesson", name: lesson.id, audience: app.audience }) }, `${n + 1}. ${lesson.title}`),
    el("small", {}, `Layer ${lesson.layer}, ${lesson.minutes} minutes`));
  const source = /** @type {HTMLSelectElement} */ (el("select", { id: "from" }, el("option", { value: "all" }, "every scenario"), ...lessons.map(({ id, title }) => el("option", { value: id }, title))));
  const ask = (/** @type {string} */ kind) => app.go({ kind, name: source.value, seed: 1 });
  const root = el("article", { class: "start" }, el("h2", { tabindex: -1 }, "See how the network works, packet by packet"),
    el("section", { class: "card drop" }, el("h3", {}, "Open a capture"), el("p", {}, "Drop a pcap or pcapng file anywhere on this page, or choose one. It never leaves this browser."),
      pick, el("label", { for: "file", class: "button" }, "Choose a file")),
    el("section", {}, el("h3", {}, "Lessons"), el("ol", { class: "course" }, ...lessons.map(entry))),
    el("section", { class: "card" }, el("h3", {}, "Questions"), el("label", { for: "from" }, "From the packets of"), source,
      el("p", { class: "bar-of" }, el("button", { type: "button", onclick: () => ask("quiz") }, "Ten questions"), el("button", { type: "button", onclick: () => ask("puzzle") }, "Puzzles"))),
    el("section", { class: "card" }, el("h3", {}, "Simulate"), el("p", {}, "Hosts talk on a virtual wire. Break something, and see what becomes of it."), faultsForm(app, {})));
  app.title("Start");
  return { root, update: async () => false, close() {} };
}
