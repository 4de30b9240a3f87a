// Questions and puzzles, one after the other (schema/session.json).
import { el, fill } from "./parts.js";
import { lines } from "./scene.js";
import { asked } from "./asked.js";

/** @param {import("./types.js").App} app @param {import("./address.js").Place} place */
export async function questions(app, place) {
  const root = el("article", { class: "questions" });
  const from = place.name === "all" || place.name === "" ? undefined : place.name;
  /** @type {import("./types.js").Session} */
  let session = await app.engine.ask({ ask: place.kind, from, seed: place.seed ?? 1 });
  const send = async (/** @type {import("./types.js").Input} */ input) => {
    const before = session;
    try {
      session = await app.engine.drive(input);
    } catch (why) {
      return app.trouble(why);
    }
    app.say(session.notice ?? "");
    return draw(before.number !== session.number || session.result !== null);
  };
  /** @param {boolean} another */
  function draw(another) {
    const { question, proof, result, inputs } = session;
    const heading = el("h2", { tabindex: -1 }, result === null ? `Question ${session.number} of ${session.of}` : "How it went");
    const told = result !== null && [el("p", { class: "result" }, result),
      el("p", {}, el("a", { href: app.link({ ...place, seed: (place.seed ?? 1) + 1 }) }, "Other questions from the same packets")), el("p", {}, el("a", { href: "#" }, "All lessons"))];
    fill(root, heading, el("p", { class: "origin" }, session.title),
      lines(session.shown, "What the question is about"),
      question && asked(question, { inputs, send }),
      proof && el("div", { class: "proof" }, el("p", {}, `Packet ${proof.packet} shows it: `, el("code", {}, proof.line)), el("p", {}, "To find it in a capture: ", el("code", {}, proof.filter))),
      ...(told || []), inputs.includes("next") && result === null && el("p", { class: "turn" }, el("button", { type: "button", class: "first", onclick: () => send({ input: "next" }) }, "Next")));
    app.title(heading.textContent);
    if (another) heading.focus();
    else if (question?.verdict) {
      const verdict = /** @type {HTMLElement | null} */ (root.querySelector(".verdict"));
      verdict?.setAttribute("tabindex", "-1");
      verdict?.focus();
    }
  }
  draw(false);
  return { root, update: async () => false, close() {} };
}
