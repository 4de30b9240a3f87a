// Before a class: does this phone reach the teacher's machine?
import { $, el, fill } from "./parts.js";
import { link } from "./link.js";

const main = $("main");
fill(main, el("h2", {}, "This phone has loaded the page"), el("p", {}, "Wait a moment: now it tries to talk."));
link(() => ({}), {
  seen: (websocket) => fill(main, el("h2", {}, "It works"), el("p", {}, websocket === true
    ? "This phone talks with the teacher's machine by WebSocket." : "This phone talks with the teacher's machine, by polling.")),
}, (why) => fill(main, el("p", { role: "alert" }, `It doesn't work: ${why}.`)));
