// A vote is a packet: as it crossed the wire, with its seven layers and its bytes.
import { dump, el, fill } from "./parts.js";
import { OsiScene } from "./scene.js";

/** @typedef {import("./types.js").Crossing} Crossing */

/** One packet. @param {Crossing} one */
export function crossing({ down, len, said, told, layers, bytes }) {
  const scene = new OsiScene();
  scene.show({ origin: `Captured: packet ${layers.packet}, ${len} bytes`, layers: [layers] });
  return el("section", { class: "crossing" }, el("h3", {}, down ? "The server's answer" : "The vote, from the phone to the server"),
    el("pre", { class: "listed", tabindex: 0, "aria-label": "What it says" }, said), ...told.map((text) => el("p", {}, text)), scene,
    el("details", {}, el("summary", {}, "Its bytes"), dump(bytes)));
}

/**
 * The packets of this phone's last votes, asked for when it is opened.
 * @param {{ emit: (event: string, data: any, answer: (answer: import("./types.js").Answer<any>) => void) => void }} connection
 * @param {boolean} revealed the answer is shown, so that everybody may see the vote
 */
export function panel(connection, revealed) {
  const body = el("div", { class: "rest" }), note = el("p", { class: "note", role: "status" });
  const volunteer = el("button", { type: "button", onclick: () => connection.emit("volunteer", null, ({ error }) => {
    note.textContent = error ? `Not shown: ${error}.` : "The stage shows it, without addresses and without your name.";
  }) }, "Show it on the stage");
  const made = el("details", { class: "wire" }, el("summary", {}, "Your vote is a packet: look at it"), body);
  made.addEventListener("toggle", () => {
    if (!(/** @type {HTMLDetailsElement} */ (made)).open) return;
    fill(body, el("p", {}, "Looking for it…"));
    connection.emit("wire", null, (/** @type {import("./types.js").Answer<Crossing[]>} */ { error, packets = [] }) => {
      const none = error ?? (packets.length === 0 ? "no vote of this connection has been captured" : null);
      if (none) return fill(body, el("p", {}, `Nothing to show: ${none}.`));
      const last = packets.findLastIndex(({ down }) => !down);
      fill(body, ...packets.slice(Math.max(last, 0)).map(crossing), revealed && volunteer, note);
    });
  });
  return made;
}
