// A question of a lesson, a quiz or a puzzle: what is asked, the ways to answer, and what the answer was worth.
import { bytesOf, el } from "./parts.js";
import { verdict } from "./scene.js";
import { OsiAnswers } from "./answers.js";

/**
 * @param {NonNullable<import("./types.js").Scene["question"]>} question
 * @param {{ inputs: string[], send: (input: import("./types.js").Input) => void }} how
 */
export function asked(question, { inputs, send }) {
  const { verdict: told, form, open } = question;
  const answers = open && form ? new OsiAnswers() : null;
  const note = el("p", { class: "note", role: "status" });
  if (answers) {
    answers.ask({
      form: form ?? "", how: question.how ?? "", choices: question.items.map(({ text }) => text),
      packets: question.packets.map(({ packet, text }) => [packet, text]), frame: question.bytes === null ? undefined : bytesOf(question.bytes),
    }, { blanks: question.blanks, given: null, label: question.prompt });
  }
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (answers?.given) send({ input: "submit", answer: answers.given });
    else note.textContent = "Answer first, or skip.";
  };
  const may = (/** @type {string} */ input, /** @type {string} */ text) => inputs.includes(input) && el("button", { type: "button", onclick: () => send({ input }) }, text);
  const bar = (open || inputs.includes("hint") || inputs.includes("skip")) && el("p", { class: "bar-of" },
    answers && el("button", { class: "first" }, "Answer"), may("hint", "Hint"), may("skip", "Skip"));
  return el("form", { class: "question card", onsubmit: submit }, !answers && el("h3", { class: "prompt" }, question.prompt),
    question.note && el("p", {}, question.note), told && verdict(told), answers,
    question.hint && el("p", { class: "hint" }, el("strong", {}, "Hint: "), question.hint), note, bar);
}
