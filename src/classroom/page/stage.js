// The stage: what the projector shows. Before the answer is revealed it shows how many have answered, and nothing else
// of the votes: a histogram shown early pulls everybody to the commonest answer.
import { $, dump, el, fill } from "./parts.js";
import { bars, board, change, shares } from "./tally.js";
import { OsiScene } from "./scene.js";
import { fragment, link } from "./link.js";
import { crossing } from "./wire.js";

/** @type {import("./types.js").Page | null} */
let page = null;
/** A volunteer's vote. @type {import("./types.js").Crossing | null} */
let staged = null;
let counts = { here: 0, answered: 0 };
fragment("code");
const main = $("main");
const tally = el("p", { class: "tally", role: "status" });

link(() => ({ role: "stage", code: sessionStorage.getItem("code") ?? "" }), {
  welcome: (/** @type {import("./types.js").StageWelcome} */ first) => {
    [page, counts, staged] = [first.page, first.count, first.wire];
    sign(first.page.lobby);
  },
  page: (/** @type {import("./types.js").Page} */ now) => {
    [page, staged] = [now, null];
    draw();
  },
  wire: (/** @type {import("./types.js").Crossing} */ now) => {
    staged = now;
    draw();
  },
  lobby: sign,
  count: (/** @type {import("./types.js").Count} */ now) => {
    counts = now;
    tell();
  },
}, (why) => fill(main, el("p", { role: "alert" }, `Not let in: ${why}. Open the stage by the link that the terminal shows.`)));

/** Where students come in, whenever that changes; this page comes back by the same code. @param {import("./types.js").Page["lobby"]} now */
function sign(now) {
  if (now?.code) sessionStorage.setItem("code", now.code);
  if (page) page.lobby = now;
  draw();
}

function tell() {
  const voting = ["vote", "closed", "discuss"].includes(page?.shown.phase ?? "");
  tally.textContent = voting ? `${counts.answered} of ${counts.here} answered` : page?.shown.phase === "lobby" ? `${counts.here} here` : "";
}

/** The QR code as an image of cells. @param {string[]} rows */
function qr(rows) {
  if (rows.length === 0) return null;
  const SVG = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${rows.length} ${rows.length}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", "The address as a QR code");
  svg.setAttribute("class", "qr");
  const path = document.createElementNS(SVG, "path");
  const cells = rows.flatMap((row, y) => [...row].map((cell, x) => (cell === "1" ? `M${x} ${y}h1v1h-1z` : "")));
  path.setAttribute("d", cells.join(""));
  svg.append(path);
  return svg;
}

/** @param {NonNullable<import("./types.js").Page["lobby"]>} lobby */
function lobby({ address, code, qr: rows }) {
  return [el("div", { class: "lobby" }, qr(rows), el("div", {}, el("h2", {}, "Open this on your phone"), el("p", { class: "address" }, address),
    code && el("p", {}, "Room code ", el("strong", { class: "code" }, code))))];
}

/** @param {import("./types.js").Page} page */
function scene(page) {
  const made = new OsiScene();
  made.show(page.scene);
  return made;
}

/** A volunteer's vote, until the page moves on. @param {import("./types.js").Crossing} staged */
const volunteered = (staged) => el("section", { class: "volunteered" }, el("h2", {}, "A vote is a packet: a volunteer's"), crossing(staged));

/** @param {import("./types.js").Shown} shown @param {import("./types.js").Task} task */
function question(shown, task) {
  const { answer } = shown;
  const list = !answer && (task.choices ?? task.packets?.map(([number, text]) => `${number}: ${text}`) ?? []);
  /** @param {import("./types.js").Refuted} belief */
  const refuted = ({ claim, refutation }) => el("div", { class: "refuted" }, el("p", {}, el("strong", {}, "A common belief: "), claim), el("p", {}, refutation));
  return el("section", { class: "question" }, shown.transfer && el("p", { class: "transfer" }, "The same question, on other packets."), el("h2", {}, shown.prompt),
    list && list.length > 0 && el("ol", { class: task.form === "packet" ? "choices plain" : "choices" }, ...list.map((text) => el("li", {}, text))),
    task.frame && !answer && dump(task.frame),
    shown.hint && !answer && el("p", { class: "hint" }, el("strong", {}, "Hint: "), shown.hint),
    shown.phase === "discuss" && el("p", { class: "call" }, "Talk with your neighbour: who has another answer, and why?"),
    shown.phase === "vote" && el("p", { class: "call" }, shown.round > 1 ? "Vote again." : "Predict, alone."),
    shown.phase === "closed" && el("p", { class: "call" }, "The vote is closed."),
    answer && el("div", { class: "reveal" }, el("p", { class: "answer" }, el("strong", {}, "The answer: "), answer.words),
      answer.why && el("p", { class: "why" }, answer.why), ...answer.refuted.map(refuted), answer.shares.length > 0 && bars(answer.bars, { caption: "What the class answered" }),
      shares(answer.shares), change(answer.change)));
}

function draw() {
  if (!page) return;
  const { shown } = page;
  const on = !["lobby", "board"].includes(shown.phase);
  $("title").textContent = shown.title;
  const join = page.lobby && `${page.lobby.address}${page.lobby.code ? ` · room code ${page.lobby.code}` : ""}`;
  $("place").textContent = on ? [`${shown.place} of ${shown.places}`, join].filter(Boolean).join(" · ") : "";
  document.body.dataset.phase = shown.phase;
  fill(main, tally, ...(shown.phase === "lobby" && page.lobby ? lobby(page.lobby) : shown.board ? [board(shown.board)]
    : [shown.phase === "what-if" ? el("h2", {}, shown.prompt || "What happens") : shown.task && question(shown, shown.task), staged ? volunteered(staged) : scene(page)]));
  tell();
}
