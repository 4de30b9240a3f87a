// The teacher's console, also on a phone: two large buttons first. Before the answer is revealed it shows what was
// answered by the misconception that it betrays.
import { $, count, el, fill } from "./parts.js";
import { bars, board, change, shares } from "./tally.js";
import { OsiScene } from "./scene.js";
import { browser } from "./browser.js";
import { fragment, link } from "./link.js";

/** @type {import("./types.js").Page | null} */
let page = null;
/** @type {import("./types.js").Desk | null} */
let now = null;
let counts = { here: 0, answered: 0 }, since = 0;
const secret = fragment("teach");
const main = $("main");
const note = el("p", { class: "note", role: "status" });
const clock = el("span", { class: "clock" });
/** How long the slide, and the class, have been going on. */
const timer = el("p", { class: "timer" });
/** When both began, by this machine's clock. @type {{ slide: number, class: number } | null} */
let begun = null;

/** What each command is called. @type {Record<string, string>} */
let names = {};
const ADVICE = {
  hint: "Few are right. Give the hint, then vote again.",
  discuss: "Some are right. Let neighbours discuss, then vote again.",
  reveal: "Show the answer.",
};

const connection = link(() => ({ role: "teach", secret }), {
  welcome: (/** @type {import("./types.js").TeachWelcome} */ first) => {
    [page, counts, names] = [first.page, first.count, first.names];
    shelf = first.list.length > 0 ? browser(first.list, first.filters, send, filter) : null;
    heard(first.console);
  },
  page: (/** @type {import("./types.js").Page & { console: import("./types.js").Desk }} */ next) => {
    page = next;
    heard(next.console);
  },
  lobby: (/** @type {import("./types.js").Page["lobby"]} */ next) => {
    if (page) page.lobby = next;
    draw();
  },
  count: (/** @type {import("./types.js").Count} */ next) => {
    counts = next;
    draw();
  },
  console: heard,
}, (why) => fill(main, el("p", { role: "alert" }, `Not let in: ${why}. Open the console by the link that the terminal shows.`)));

/** @param {import("./types.js").Desk} next */
function heard(next) {
  now = next;
  const { since: open, clock: both } = next.console;
  since = open === null ? 0 : Date.now() - open;
  begun = both && { slide: Date.now() - both.slide, class: Date.now() - both.class };
  tick();
  draw();
}

/** @param {import("./types.js").Command} command */
function send(command) {
  connection.emit("command", command, (answer) => {
    note.textContent = answer.error ? `Not done: ${answer.error}.` : "";
  });
}

/** A filter of the list: which packets it selects, or what is wrong with it. @param {string} text @param {(answer: import("./types.js").Answer) => void} told */
function filter(text, told) {
  connection.emit("filter", text, told);
}

/** Minutes and seconds since then. @param {number} then */
function passed(then) {
  const seconds = Math.max(0, Math.floor((Date.now() - then) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function tick() {
  clock.textContent = since ? `${Math.floor((Date.now() - since) / 1000)} s` : "";
  const planned = now?.console.note?.minutes;
  timer.textContent = begun ? `This slide ${passed(begun.slide)}${planned ? ` of ${planned}:00` : ""} · the class ${passed(begun.class)}` : "";
  timer.classList.toggle("late", Boolean(begun && planned && Date.now() - begun.slide > planned * 60000));
}
setInterval(tick, 500);

// A presenter's remote control has these two keys.
document.addEventListener("keydown", (event) => {
  if (event.key !== "PageDown" && event.key !== "PageUp") return;
  event.preventDefault();
  const command = event.key === "PageDown" ? now?.console.buttons[0] : "back";
  if (command) send(command);
});

/** Hands, counted for each choice. @param {string[]} choices @param {number[]} hands */
function handsForm(choices, hands) {
  const inputs = choices.map((_, n) => {
    const input = /** @type {HTMLInputElement} */ (el("input", { type: "number", min: 0, max: 10000, value: hands[n] ?? 0 }));
    return input;
  });
  const done = (/** @type {Event} */ event) => {
    event.preventDefault();
    send({ hands: inputs.map((input) => Math.max(0, Math.floor(Number(input.value) || 0))) });
  };
  return el("details", { class: "hands", open: hands.some((n) => n > 0) }, el("summary", {}, "Hands, for a class without phones"),
    el("form", { onsubmit: done }, ...choices.map((text, n) => el("label", {}, `${String.fromCharCode(65 + n)}. ${text}`, inputs[n])), el("button", {}, "Count these hands")));
}

/** @type {HTMLElement | null} */
let keptHands = null;
let keptKey = "";

/** The form is kept while it is filled in. @param {import("./types.js").Shown} shown @param {string[]} choices @param {number[]} hands */
function hands(shown, choices, hands) {
  const key = `${shown.slide} ${shown.round}`;
  if (!keptHands || key !== keptKey) [keptHands, keptKey] = [handsForm(choices, hands), key];
  return keptHands;
}

/** What the lesson tells the teacher. @param {import("./types.js").Note} note */
function told({ say, draw, hear }) {
  return el("section", { class: "notes", "aria-label": "Notes for you" }, say && el("p", {}, el("strong", {}, "Say: "), say),
    draw && el("p", {}, el("strong", {}, "Draw: "), draw),
    hear.length > 0 && el("p", {}, el("strong", {}, "You will hear:")), hear.length > 0 && el("ul", {}, ...hear.map((text) => el("li", {}, text))));
}

/** @param {import("./types.js").Page} page */
function scene(page) {
  const made = new OsiScene();
  made.show(page.scene);
  return el("details", { class: "what" }, el("summary", {}, "What the stage shows"), made);
}

/** @type {HTMLElement | null} */
let keptScene = null;
/** @type {import("./types.js").Page | null} */
let keptPage = null;
/** The packets of a capture. @type {ReturnType<typeof browser> | null} */
let shelf = null;

/** The buttons stay while the rest is drawn again: a finger may be on one. @type {Map<string, HTMLElement>} */
const buttons = new Map();

/** @param {string} id @param {string} command @param {string} kind */
function button(id, command, kind) {
  const made = buttons.get(id) ?? el("button", { type: "button", id, onclick: () => send(made.dataset.command ?? "") });
  buttons.set(id, made);
  made.className = kind;
  made.dataset.command = command;
  const name = command === "next" && page?.shown.phase === "lobby" ? "Begin" : names[command];
  if (made.textContent !== name) made.textContent = name;
  return made;
}

/** Puts these in, in order; what is there already is not touched. @param {Element} into @param {HTMLElement[]} wanted */
function keep(into, wanted) {
  if (into.children.length !== wanted.length || wanted.some((made, n) => into.children[n] !== made)) into.replaceChildren(...wanted);
}

const large = el("div", { class: "buttons" }), rest = el("div", { class: "rest" }), small = el("div", { class: "others-do" });
/** What is filled in, or opened, is not drawn again either. */
const forms = el("div", { class: "rest" });

function draw() {
  if (!page || !now) return;
  const { shown } = page, { console: own, refused, lost, uncaptured } = now;
  const on = !["lobby", "board"].includes(shown.phase);
  $("title").textContent = shown.title;
  $("place").textContent = on ? `${shown.place} of ${shown.places} · ${shown.phase}` : shown.phase;
  const claims = new Map(own.held.map(({ id, claim }) => [id, claim]));
  const others = own.can.filter((command) => !own.buttons.includes(command));
  if (keptPage !== page) [keptPage, keptScene] = [page, on ? scene(page) : null];
  keep(large, own.buttons.filter((command) => command !== null).map((command, n) => button(`button${n}`, command, n === 0 ? "big first" : "big")));
  keep(small, others.map((command) => button(`do-${command}`, command, "")));
  keep(forms, [own.hands && shown.task?.choices ? hands(shown, shown.task.choices, own.hands) : null, shelf, keptScene].filter((form) => form !== null));
  shelf?.at(on ? shown.slide - 1 : -1);
  keep(main, [large, note, timer, rest, forms, small]);
  // The votes beside the lesson, where there is room.
  const votes = [
    el("p", { class: "tally" }, on && shown.task ? `${counts.answered} of ${counts.here} answered ` : `${counts.here} here `, clock),
    own.advice && el("p", { class: "advice" }, el("strong", {}, "Advice: "), ADVICE[own.advice]),
    own.held.length > 0 && el("table", { class: "held" }, el("caption", {}, "What the last vote betrays"),
      el("tbody", {}, ...own.held.map(({ claim, count: n, sure }) => el("tr", {}, el("th", { scope: "row" }, claim), el("td", {}, n), el("td", {}, `${sure} sure`))))),
    own.shares.length > 0 && bars(own.bars, { claims, caption: "What was answered" }),
    shares(own.shares), change(own.change),
    own.others.length > 0 && el("p", { class: "others" }, "Other answers: ", own.others.map(([given, n]) => `${given} (${n})`).join(", "))];
  const lesson = [
    page.lobby && el("p", {}, "Students open ", el("strong", {}, page.lobby.address),
      ...(page.lobby.code ? [" and give the room code ", el("strong", {}, page.lobby.code)] : []), ". The stage shows it, with a QR code."),
    on && shown.prompt && el("p", { class: "prompt" }, shown.transfer && el("small", {}, "The same question, on other packets."), shown.prompt),
    own.words && el("p", { class: "answer" }, el("strong", {}, "Right: "), own.words),
    own.note && told(own.note),
    own.hint && el("p", { class: "hint" }, el("strong", {}, shown.hint ? "Hint, shown: " : "Hint: "), own.hint),
    own.next && el("p", { class: "next" }, el("strong", {}, "Next: "), own.next)];
  fill(rest, lost && el("p", { role: "alert" }, `The class can't be written to the disk: ${lost}.`),
    el("div", { class: "now" }, el("div", { class: "votes" }, ...votes), el("div", {}, ...lesson)), shown.board && board(shown.board),
    el("p", { class: "health" }, own.gone > 0 && `${count(own.gone, "phone")} lost the connection. `,
      shown.locked && "Locked. ", uncaptured && `Students can't see the packets of their votes: ${uncaptured}. `, ...Object.entries(refused).map(([why, n]) => `Refused ${n}: ${why}. `)));
}
