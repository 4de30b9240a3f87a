// The teacher's console, also on a phone: two large buttons first. Before the answer is revealed it shows what was
// answered by the misconception that it betrays.
import { $, bars, board, change, count, el, fill, shares } from "./parts.js";
import "./scene.js";
import { fragment, link } from "./link.js";

/** @type {any} */
let page = null, counts = { here: 0, answered: 0 }, now = null, since = 0;
const secret = fragment("teach");
const main = $("main");
const note = el("p", { class: "note", role: "status" });
const clock = el("span", { class: "clock" });

const NAMES = {
  open: "Ask: let them vote", close: "Close the vote", hint: "Show the hint", discuss: "Let neighbours discuss", again: "Vote again",
  reveal: "Show the answer", "what-if": "Run the what-if", next: "Next slide", back: "Back", lock: "Lock: nobody new", unlock: "Unlock", end: "End the class",
};
const ADVICE = {
  hint: "Few are right. Give the hint, then vote again.",
  discuss: "Some are right. Let neighbours discuss, then vote again.",
  reveal: "Show the answer.",
};

const connection = link(() => ({ role: "teach", secret }), {
  welcome: (first) => {
    [page, counts] = [first.page, first.count];
    heard(first.console);
  },
  page: (next) => {
    page = next;
    heard(next.console);
  },
  count: (next) => {
    counts = next;
    draw();
  },
  console: heard,
}, (why) => fill(main, el("p", { role: "alert" }, `Not let in: ${why}. Open the console by the link that the terminal shows.`)));

/** @param {any} next */
function heard(next) {
  now = next;
  since = now.console.since === null ? 0 : Date.now() - now.console.since;
  draw();
}

/** @param {any} command */
function send(command) {
  connection.emit("command", command, (answer) => {
    note.textContent = answer.error ? `Not done: ${answer.error}.` : "";
  });
}

setInterval(() => {
  clock.textContent = since ? `${Math.floor((Date.now() - since) / 1000)} s` : "";
}, 500);

// A presenter's remote control has these two keys.
document.addEventListener("keydown", (event) => {
  if (event.key !== "PageDown" && event.key !== "PageUp") return;
  event.preventDefault();
  const command = event.key === "PageDown" ? now?.console.buttons[0] : "back";
  if (command) send(command);
});

/** Hands, counted for each choice. @param {any} shown @param {number[]} hands */
function handsForm(shown, hands) {
  const inputs = shown.task.choices.map((_, n) => {
    const input = /** @type {HTMLInputElement} */ (el("input", { type: "number", min: 0, max: 10000, value: hands[n] ?? 0 }));
    return input;
  });
  const done = (event) => {
    event.preventDefault();
    send({ hands: inputs.map((input) => Math.max(0, Math.floor(Number(input.value) || 0))) });
  };
  return el("details", { class: "hands", open: hands.some((n) => n > 0) }, el("summary", {}, "Hands, for a class without phones"),
    el("form", { onsubmit: done }, ...shown.task.choices.map((text, n) => el("label", {}, `${n + 1}. ${text}`, inputs[n])), el("button", {}, "Count these hands")));
}

let keptHands = null, keptKey = "";

/** The form is kept while it is filled in. */
function hands(shown, hands) {
  const key = `${shown.slide} ${shown.round}`;
  if (!keptHands || key !== keptKey) [keptHands, keptKey] = [handsForm(shown, hands), key];
  return keptHands;
}

function scene() {
  const made = /** @type {any} */ (document.createElement("osi-scene"));
  made.show(page.scene);
  return el("details", { class: "what" }, el("summary", {}, "What the stage shows"), made);
}

let keptScene = null, keptPage = null;

/** The buttons stay while the rest is drawn again: a finger may be on one. @type {Map<string, HTMLElement>} */
const buttons = new Map();

/** @param {string} id @param {string} command @param {string} kind */
function button(id, command, kind) {
  const made = buttons.get(id) ?? el("button", { type: "button", id, onclick: () => send(made.dataset.command) });
  buttons.set(id, made);
  made.className = kind;
  made.dataset.command = command;
  const name = command === "next" && page.shown.phase === "lobby" ? "Begin" : NAMES[command];
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
  const { shown } = page, { console: own, refused, lost } = now;
  const on = !["lobby", "board"].includes(shown.phase);
  $("title").textContent = shown.title;
  $("place").textContent = on ? `${shown.slide} of ${shown.slides} · ${shown.phase}` : shown.phase;
  const claims = new Map(own.held.map(({ id, claim }) => [id, claim]));
  const others = own.can.filter((command) => !own.buttons.includes(command));
  if (keptPage !== page) [keptPage, keptScene] = [page, on ? scene() : null];
  keep(large, own.buttons.filter(Boolean).map((command, n) => button(`button${n}`, command, n === 0 ? "big first" : "big")));
  keep(small, others.map((command) => button(`do-${command}`, command, "")));
  keep(forms, [own.hands && shown.task?.choices ? hands(shown, own.hands) : null, keptScene].filter(Boolean));
  keep(main, [large, note, rest, forms, small]);
  fill(rest,
    el("p", { class: "tally" }, on && shown.task ? `${counts.answered} of ${counts.here} answered ` : `${counts.here} here `, clock),
    page.lobby && el("p", {}, "Students open ", el("strong", {}, page.lobby.address),
      ...(page.lobby.code ? [" and give the room code ", el("strong", {}, page.lobby.code)] : []), ". The stage shows it, with a QR code."),
    own.advice && el("p", { class: "advice" }, el("strong", {}, "Advice: "), ADVICE[own.advice]),
    lost && el("p", { role: "alert" }, `The class can't be written to the disk: ${lost}.`),
    on && shown.prompt && el("p", { class: "prompt" }, shown.prompt),
    own.words && el("p", { class: "answer" }, el("strong", {}, "Right: "), own.words),
    own.held.length > 0 && el("table", { class: "held" }, el("caption", {}, "What the last vote betrays"),
      el("tbody", {}, ...own.held.map(({ claim, count: n, sure }) => el("tr", {}, el("th", { scope: "row" }, claim), el("td", {}, n), el("td", {}, `${sure} sure`))))),
    own.shares.length > 0 && bars(own.bars, { claims, caption: "What was answered" }),
    shares(own.shares), change(own.change),
    own.others.length > 0 && el("p", { class: "others" }, "Other answers: ", own.others.map(([given, n]) => `${given} (${n})`).join(", ")),
    own.hint && el("p", { class: "hint" }, el("strong", {}, shown.hint ? "Hint, shown: " : "Hint: "), own.hint),
    shown.board && board(shown.board),
    el("p", { class: "health" }, own.gone > 0 && `${count(own.gone, "phone")} lost the connection. `,
      shown.locked && "Locked. ", ...Object.entries(refused).map(([why, n]) => `Refused ${n}: ${why}. `)));
}
