// A lesson, page by page: the scene, what is asked, and what can be done now.
import { bytesOf, el, fill, hexOf } from "./parts.js";
import { OsiScene } from "./scene.js";
import { asked } from "./asked.js";
import { Score } from "./score.js";

/** A learning platform keeps one record, of the lesson that it opened. @type {{ name: string, score: Score } | null | undefined} */
let kept;


/** @type {Record<string, string>} */
const VIEWS = { wire: "On the wire", states: "What both ends know", calls: "What programs call" };

/** Fields and bytes of a packet that is looked at whole. @param {{ packet: number, fields: any, bytes: { length: number, hex: string }[] }} whole */
function deep({ packet, fields, bytes }) {
  const value = (/** @type {any} */ value) => (typeof value === "string" ? value : JSON.stringify(value));
  /** @param {{ osi: number, name: string, fields: { name: string, value: any }[] }} layer */
  const layer = (layer) => el("details", {}, el("summary", {}, `Layer ${layer.osi}: ${layer.name}`), el("table", {},
    el("tbody", {}, ...layer.fields.map((field) => el("tr", {}, el("th", { scope: "row" }, el("code", {}, field.name)), el("td", {}, value(field.value)))))));
  const dump = bytesOf(bytes[0]?.hex ?? "");
  const lines = [];
  for (let at = 0; at < dump.length; at += 16) {
    lines.push(`${String(at).padStart(4)}  ${dump.slice(at, at + 16).map(hexOf).join(" ")}`);
  }
  return el("section", { class: "whole" }, el("h3", {}, `Packet ${packet}, field by field`), ...fields.layers.map(layer),
    el("pre", { class: "dump", tabindex: 0, "aria-label": `The bytes of packet ${packet}` }, lines.join("\n")));
}

/** @param {import("./types.js").App} app @param {import("./address.js").Place} place */
export async function lesson(app, place) {
  const root = el("article", { class: "lesson" });
  if (kept === undefined) {
    const score = Score.find();
    kept = score && { name: place.name ?? "", score };
  }
  const score = kept && kept.name === place.name ? kept.score : null;
  /** @type {import("./types.js").Scene} */
  let scene = await app.engine.ask({ ask: "lesson", lesson: place.name, seed: place.seed, page: place.page ?? score?.page, audience: place.audience });
  score?.see(scene);

  const send = async (/** @type {import("./types.js").Input} */ input) => {
    const before = scene;
    try {
      scene = await app.engine.drive(input);
    } catch (why) {
      return app.trouble(why);
    }
    app.say(scene.notice ?? "");
    score?.see(scene);
    if (scene.over) return ended();
    draw(before.page !== scene.page ? "heading" : scene.question?.verdict && !before.question?.verdict ? "verdict" : "");
    if (before.page !== scene.page) app.remember({ ...place, page: scene.page });
    return undefined;
  };

  /** What comes after the last page. */
  function ended() {
    const at = app.contents.lessons.findIndex(({ id }) => id === place.name);
    const next = app.contents.lessons[at + 1];
    /** @param {Partial<import("./address.js").Place> & { kind: string }} to @param {string} text */
    const link = (to, text) => el("p", {}, el("a", { href: app.link(to) }, text));
    const heading = el("h2", { tabindex: -1 }, "That was the lesson");
    fill(root, heading, link({ kind: "quiz", name: place.name, seed: 1 }, "Questions from its packets"),
      next && link({ kind: "lesson", name: next.id, audience: place.audience }, `Next lesson: ${next.title}`),
      link({ ...place, page: 1, seed: (place.seed ?? 0) + 1 }, "The same lesson on other packets (another seed)"), el("p", {}, el("a", { href: "#" }, "All lessons")));
    heading.focus();
  }

  /** @param {string} focus */
  function draw(focus) {
    const small = matchMedia("(max-width: 48rem)").matches;
    const has = (/** @type {typeof scene.inputs[number]} */ input) => scene.inputs.includes(input);
    /** @param {typeof scene.inputs[number]} input @param {string} text */
    const act = (input, text, more = {}) => has(input) && el("button", { type: "button", onclick: () => send({ input }), ...more }, text);
    const drawn = new OsiScene();
    drawn.show(scene, { small, full: true });
    const heading = el("h2", { tabindex: -1 }, `${scene.title} `, el("small", {}, `page ${scene.page} of ${scene.pages}`));
    const tools = el("p", { class: "tools" },
      act("layers", scene.unfolded ? "Layers in short" : "Layers with reasons", { "aria-pressed": String(scene.unfolded) }),
      act("deeper", "All fields and bytes", { "aria-pressed": String(scene.deeper) }), act("view", `View: ${VIEWS[scene.view]}`));
    const bar = el("p", { class: "turn" }, el("button", { type: "button", onclick: () => send({ input: "back" }), disabled: !has("back") || scene.page === 1 }, "Back"),
      act("what-if", "Break it: what if?", { class: "first" }), el("button", { type: "button", class: has("what-if") ? "" : "first", onclick: () => send({ input: "next" }), disabled: !has("next") }, "Next"));
    const question = scene.question && asked(scene.question, { inputs: scene.inputs, send });
    // On a wide screen the question is beside the packets, above what proves its answer.
    const told = !small && question && drawn.querySelector(".told");
    if (told) told.insertBefore(question, told.querySelector(":scope > .origin, :scope > .proof"));
    fill(root, heading, drawn, !told && question, ...scene.whole.map(deep), tools, bar);
    app.title(`${scene.title}, page ${scene.page}`);
    if (focus === "heading") {
      heading.focus({ preventScroll: true });
      scrollTo({ top: 0 });
    } else if (focus === "verdict") {
      const verdict = /** @type {HTMLElement | null} */ (root.querySelector(".verdict"));
      verdict?.setAttribute("tabindex", "-1");
      verdict?.focus();
    }
  }
  draw("");

  const key = (/** @type {KeyboardEvent} */ event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (event.altKey || event.ctrlKey || event.metaKey || target?.closest("input, select, textarea, pre, [tabindex='0'], fieldset")) return;
    const input = event.key === "ArrowRight" ? "next" : event.key === "ArrowLeft" ? "back" : null;
    if (input && scene.inputs.includes(input)) send({ input });
  };
  document.addEventListener("keydown", key);
  return {
    root,
    /** Another page of the same lesson, as the browser's Back wants it. @param {import("./address.js").Place} to */
    async update(to) {
      const same = to.kind === "lesson" && to.name === place.name && to.seed === place.seed && to.audience === place.audience;
      if (!same) return false;
      const wanted = to.page ?? 1, input = wanted > scene.page ? "next" : "back";
      for (let last = -1; scene.page !== wanted && scene.page !== last && !scene.over;) {
        last = scene.page;
        scene = await app.engine.drive({ input });
      }
      if (scene.page !== wanted) return false;
      draw("heading");
      return true;
    },
    close: () => document.removeEventListener("keydown", key),
  };
}
