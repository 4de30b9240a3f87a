// How a class answered: shares, who moved, the board. Stage, console and phones draw the same.
import { el } from "./parts.js";

/**
 * @typedef {import("./types.js").Bar} Bar
 * @typedef {import("./types.js").Share} Share
 */

/**
 * How many gave each answer, as a table; the length of a bar is the share in that vote.
 * @param {Bar[]} bars
 * @param {{ claims?: Map<string, string>, caption: string }} how
 */
export function bars(bars, { claims = new Map(), caption }) {
  const rounds = bars[0]?.cells.length ?? 0;
  const totals = Array.from({ length: rounds }, (_, n) => bars.reduce((sum, bar) => sum + bar.cells[n].count, 0));
  const head = el("tr", {}, el("th", { scope: "col" }, "Answer"),
    ...totals.map((_, n) => el("th", { scope: "col" }, rounds > 1 ? `Vote ${n + 1}` : "Votes")));
  /** @param {Bar} bar */
  const row = (bar) => el("tr", { class: bar.right ? "right" : "" },
    el("th", { scope: "row" }, el("span", {}, bar.text), bar.right && el("strong", { class: "mark" }, " ✓ right"),
      bar.betrays && claims.has(bar.betrays) && el("small", {}, claims.get(bar.betrays))),
    ...bar.cells.map((cell, n) => {
      const meter = el("span", { class: "bar", "aria-hidden": "true" });
      meter.style.inlineSize = `${totals[n] ? Math.round(100 * cell.count / totals[n]) : 0}%`;
      const sure = el("span", { class: "bar sure", "aria-hidden": "true" });
      sure.style.inlineSize = `${totals[n] ? Math.round(100 * cell.sure / totals[n]) : 0}%`;
      return el("td", {}, el("div", { class: "cell" }, el("span", { class: "track" }, meter, sure), el("span", { class: "number" }, cell.count),
        cell.sure > 0 && el("small", {}, ` ${cell.sure} sure`)));
    }));
  return el("table", { class: "bars" }, el("caption", {}, caption), el("thead", {}, head), el("tbody", {}, ...bars.map(row)));
}

/** @param {Share[]} shares */
export function shares(shares) {
  /** @param {Share} share */
  const one = ({ right, of }) => (of ? `${right} of ${of} right (${Math.round(100 * right / of)}%)` : "no votes");
  if (shares.length === 0) return null;
  if (shares.length === 1) return el("p", { class: "shares" }, one(shares[0]));
  return el("p", { class: "shares" }, `First vote: ${one(shares[0])}. Last vote: ${one(shares[shares.length - 1])}.`);
}

/** @param {import("./types.js").Change | null} change */
export function change(change) {
  if (!change) return null;
  return el("p", { class: "change" },
    `${change.gained} moved to the right answer, ${change.lost} away from it; ${change.stayed} were right both times, ${change.missed} wrong both times.`);
}

/** The board. @param {import("./types.js").Board} board */
export function board(board) {
  /** @param {typeof board.rows[number]} one */
  const row = ({ claim, met, moved, remaining }) => el("tr", {}, el("th", { scope: "row" }, claim), el("td", {}, met),
    el("td", {}, moved), el("td", {}, remaining));
  /** @param {typeof board.asked[number]} one */
  const asked = ({ slide, prompt, rounds }) => el("tr", {}, el("th", { scope: "row" }, `${slide}. ${prompt}`),
    el("td", { class: "percent" }, rounds.map(({ right, of }) => (of ? `${Math.round(100 * right / of)}%` : "–")).join(" → ")));
  /** @param {string[]} names */
  const heads = (names) => el("thead", {}, el("tr", {}, ...names.map((name) => el("th", { scope: "col" }, name))));
  return el("section", { class: "board" },
    board.rows.length > 0 ? el("table", {}, el("caption", {}, "What was believed"),
      heads(["Misconception", "met", "moved", "remaining"]), el("tbody", {}, ...board.rows.map(row)))
      : el("p", {}, "No vote betrayed a known misconception."),
    board.asked.length > 0 && el("table", {}, el("caption", {}, "Right answers, vote by vote"),
      heads(["Question", "right"]), el("tbody", {}, ...board.asked.map(asked))));
}
