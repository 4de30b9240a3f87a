// A student's page: predict, sure or unsure, talk, predict again, see.
import { $, el, fill } from "./parts.js";
import { board, change, shares } from "./tally.js";
import { OsiAnswers } from "./answers.js";
import { OsiScene, lines } from "./scene.js";
import { fragment, link } from "./link.js";
import { panel } from "./wire.js";

/** What everybody sees. @type {import("./types.js").Page | null} */
let page = null;
/** What this member sees of itself. @type {import("./types.js").You | null} */
let you = null;
/** The vote that was acknowledged last, and what is drawn now. */
let told = "", drawn = "";
/** Whether the host captures votes. */
let wired = false;
// A phone that follows the host to another address brings its token along.
const brought = /^#token=(.+)$/.exec(location.hash);
fragment("code");
if (brought) {
  sessionStorage.setItem("token", brought[1]);
  sessionStorage.removeItem("code");
}

const main = $("main");
/** Attempts that fail before a student is asked whether the host has moved. */
const LOST = 3;
const moved = follow();
const note = el("p", { class: "note", role: "status" });

const connection = link(() => ({
  role: "student",
  code: sessionStorage.getItem("code") ?? "",
  ...(sessionStorage.getItem("token") ? { token: sessionStorage.getItem("token") } : {}),
}), {
  welcome: (/** @type {import("./types.js").StudentWelcome} */ first) => {
    sessionStorage.setItem("token", first.token);
    [page, you, wired] = [first.page, first.you, first.wire];
    drawn = "";
    draw();
  },
  page: (/** @type {import("./types.js").Page} */ now) => {
    const before = page?.shown;
    page = now;
    // Another slide or vote: what was given belongs to the one before, unless the host says so.
    if (before && (before.slide !== now.shown.slide || before.round !== now.shown.round)) {
      if (you) you = { ...you, given: before.slide === now.shown.slide ? you.given : null, told: null };
      told = "";
    }
    draw();
  },
  you: (/** @type {import("./types.js").You} */ now) => {
    you = now;
    draw(true);
  },
  refused: ({ error }) => out(error),
  lost: (failures) => {
    if (failures >= LOST && !moved.isConnected) main.after(moved);
  },
  found: () => moved.remove(),
}, (why) => out(why));

/** Not let in: why, and the room code once more. @param {string} why */
function out(why) {
  const code = /** @type {HTMLInputElement} */ (el("input", { id: "code", autocomplete: "off", autocapitalize: "off", maxlength: 64 }));
  const again = (/** @type {Event} */ event) => {
    event.preventDefault();
    sessionStorage.setItem("code", code.value.trim());
    connection.connect();
  };
  fill(main, el("form", { class: "card", onsubmit: again }, el("h2", {}, "Come in"), el("p", { role: "alert" }, `Not let in: ${why}.`),
    el("label", { for: "code" }, "The room code, as your teacher shows it"), code, el("button", { class: "big" }, "Try again")));
}

/** The host is elsewhere now: there, this phone is still the same member. */
function follow() {
  const address = /** @type {HTMLInputElement} */ (el("input", { id: "address", autocomplete: "off", autocapitalize: "off", inputmode: "url", maxlength: 80 }));
  const go = (/** @type {Event} */ event) => {
    event.preventDefault();
    const host = /^\s*(?:http:\/\/)?([\w.:[\]-]+)\/?\s*$/.exec(address.value)?.[1];
    if (host) location.href = `http://${host}/#token=${sessionStorage.getItem("token") ?? ""}`;
  };
  return el("form", { class: "card moved", onsubmit: go }, el("label", { for: "address" }, "Does the stage show another address now? Type it here, and you stay who you are."),
    address, el("button", { class: "big" }, "Go there"));
}

/** Draws the page; one that is being filled in is left alone, unless it must not be. */
function draw(always = false) {
  if (!page) return;
  const { shown } = page;
  $("title").textContent = shown.title;
  $("place").textContent = [you?.name, on(shown) && `${shown.place} of ${shown.places}`].filter(Boolean).join(" · ");
  const key = `${shown.slide} ${shown.phase} ${shown.round} ${shown.hint ? "hint" : ""}`;
  if (key === drawn && !(always && shown.phase !== "vote")) return;
  const within = main.contains(document.activeElement), same = key === drawn;
  const lost = within || (document.activeElement === document.body && !same);
  drawn = key;
  fill(note);
  const heading = el("h2", { tabindex: "-1" }, headline(shown));
  fill(main, heading, ...view(shown), note);
  if (lost) heading.focus({ preventScroll: same });
}

/** @typedef {import("./types.js").Shown} Shown */

/** @param {Shown} shown */
const on = (shown) => !["lobby", "board"].includes(shown.phase);

/** @param {Shown} shown */
function headline(shown) {
  switch (shown.phase) {
    case "lobby": return `You are ${you?.name ?? "here"}`;
    case "vote": return shown.round > 1 ? "Vote again: what do you think now?" : "Predict: what do you think?";
    case "closed": return "The vote is closed";
    case "discuss": return "Talk with your neighbour";
    case "revealed": return you?.told ? (you.told.right ? "You were right" : "Your answer wasn't right") : "The answer";
    case "what-if": return "What happens";
    case "board": return "What we believed, and what is left of it";
    default: return shown.task ? "A question comes" : "Look";
  }
}

/** @param {Shown} shown */
function view(shown) {
  switch (shown.phase) {
    case "lobby": return [el("p", {}, "The lesson begins soon. Nobody else sees your answers: the class sees only numbers.")];
    case "vote": return shown.task ? vote(shown, shown.task) : [];
    case "closed": return [prompt(shown), mine(shown), el("p", {}, "Wait for your teacher."), packet(false)];
    case "discuss": return [el("p", {}, "Find somebody with another answer. Who can show why, from the packets?"), prompt(shown), hint(shown), choices(shown), mine(shown), packet(false)];
    case "revealed": return shown.answer ? revealed(shown, shown.answer) : [];
    case "what-if": return [scene()];
    case "board": return [shown.board && board(shown.board), el("p", {}, "That's the end. You can close this page.")];
    default: return [prompt(shown), shown.task ? null : scene()];
  }
}

/** @param {Shown} shown */
const prompt = (shown) => shown.prompt && el("p", { class: "prompt" }, transfer(shown), shown.prompt);
/** @param {Shown} shown */
const transfer = (shown) => shown.transfer && el("small", { class: "transfer" }, "The same question, on other packets.");
/** @param {Shown} shown */
const hint = (shown) => shown.hint && el("p", { class: "hint" }, el("strong", {}, "Hint: "), shown.hint);

/** What can be chosen, only to be read. @param {Shown} shown */
function choices(shown) {
  const list = shown.task?.choices ?? [];
  return list.length > 0 && el("ol", { class: "choices" }, ...list.map((text) => el("li", {}, text)));
}

/** What this student answered, in words. @param {Shown} shown */
function mine(shown) {
  if (!you?.given) return el("p", { class: "mine" }, "You didn't vote.");
  return el("p", { class: "mine" }, `Your answer: ${words(shown, you.given)}${you.sure ? " (sure)" : " (not sure)"}`);
}

/** An answer as words: a choice by its text. @param {Shown} shown @param {string} given */
function words(shown, given) {
  const { form, choices = [] } = shown.task ?? {};
  const choice = form === "choice" && choices[Number(given) - 1];
  if (form === "order") return given.split(" ").map((n) => choices[Number(n) - 1]).join(", ");
  if (form === "range") return `bytes ${given}`;
  return choice || given;
}

/** The packet of the vote. @param {boolean} revealed */
const packet = (revealed) => wired && you?.given && panel(connection, revealed);

function scene() {
  const made = new OsiScene();
  made.show(page?.scene ?? null, { small: true });
  return made;
}

/** @param {Shown} shown @param {import("./types.js").Task} task */
function vote(shown, task) {
  const answers = new OsiAnswers();
  const label = shown.prompt || "Your answer";
  answers.ask(task, { blanks: shown.blanks, given: you?.given ?? null, label });
  const before = you?.round === shown.round && you.given;
  note.textContent = before ? `Your answer is in: ${words(shown, before)}. You can change it.` : "";
  const send = (/** @type {boolean} */ sure) => {
    if (!answers.given) {
      note.textContent = "Answer first.";
      return;
    }
    const given = answers.given;
    note.textContent = "Sending…";
    connection.emit("vote", { slide: shown.slide, round: shown.round, given, sure }, (answer) => {
      if (page?.shown.phase !== "vote" || page.shown.round !== shown.round || page.shown.slide !== shown.slide) return;
      if (answer.error) {
        note.textContent = `Not counted: ${answer.error}.`;
        return;
      }
      if (you) you = { ...you, given, sure, round: shown.round };
      told = given;
      note.textContent = `Your answer is in: ${words(shown, given)}. You can change it until the vote closes.`;
      fill(wire, packet(false));
    });
  };
  const button = (/** @type {string} */ text, /** @type {boolean} */ sure) => el("button", { type: "button", class: "big", onclick: () => send(sure) }, text);
  answers.addEventListener("change", () => {
    if (told && answers.given !== told) note.textContent = "Not sent yet.";
  });
  const about = page?.scene?.listed ?? [];
  const wire = el("div", {}, before && packet(false));
  return [transfer(shown), lines(about, "What is asked about"), answers, hint(shown), el("div", { class: "send" }, button("I'm sure", true), button("I'm not sure", false)), wire];
}

/** @param {Shown} shown @param {import("./types.js").Revealed} answer */
function revealed(shown, answer) {
  const mine = you?.told;
  return [prompt(shown), you?.given && el("p", { class: mine?.right ? "mine right" : "mine wrong" }, `You said: ${words(shown, you.given)}`),
    el("p", { class: "answer" }, el("strong", {}, "The answer: "), answer.words),
    mine && !mine.right && mine.said && el("p", {}, mine.said),
    mine?.betrays && el("div", { class: "refuted" }, el("p", {}, el("strong", {}, "A common belief: "), mine.betrays.claim), el("p", {}, mine.betrays.refutation)),
    answer.why && el("p", { class: "why" }, answer.why), shares(answer.shares), change(answer.change), packet(true), scene()];
}
