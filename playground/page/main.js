// The playground: what the address says is opened; what is done is written into the address.
import { $, el, fill } from "./parts.js";
import { Engine, Lost, packed } from "./engine.js";
import { AUDIENCES, read, write } from "./address.js";
import { lesson } from "./lesson.js";
import { questions } from "./questions.js";
import { packets } from "./packets.js";
import { start } from "./start.js";

/** @typedef {import("./types.js").View} View */

/** @type {Record<string, (app: import("./types.js").App, place: import("./address.js").Place) => Promise<View>>} */
const VIEWS = { start, lesson, quiz: questions, puzzle: questions, simulate: packets, capture: packets };
const main = $("main"), audience = /** @type {HTMLSelectElement} */ ($("audience"));
const embedded = new URLSearchParams(location.search).has("embed");

/** The view that is open. @type {View | null} */
let view = null;
/** Where it was opened. @type {import("./address.js").Place | null} */
let here = null;
/** @type {Promise<import("./types.js").Worlds> | null} */
let known = null;
/** Each route counts: one that was overtaken draws nothing. */
let routes = 0;

/** @type {import("./types.js").App} */
const app = {
  engine: new Engine((why) => gone(why)),
  contents: { lessons: [] },
  file: null,
  get audience() {
    return audience.value;
  },
  /** What can be simulated, and what can break: asked for once. */
  worlds: () => (known ??= app.engine.ask({ ask: "worlds" }).catch((why) => {
    known = null;
    throw why;
  })),
  link: write,
  say: (text) => {
    $("state").textContent = text;
  },
  title: (text) => {
    document.title = `${text} · osi-tutor`;
  },
  mark: (name) => performance.mark(name),
  /** Opens what an address means. */
  go(place) {
    const to = write({ audience: audience.value, ...place });
    if (location.hash === to || (to === "#" && location.hash === "")) route();
    else location.hash = to;
  },
  /** What is open has moved on: the address follows. */
  remember(place, replace = false) {
    if (here) here = { ...here, ...place };
    const to = write(place);
    if (to === location.hash) return;
    history[replace ? "replaceState" : "pushState"](null, "", to);
  },
  /** @param {File} file */
  openFile(file) {
    performance.mark("opening");
    app.file = file;
    const place = { kind: "capture", name: file.name.slice(0, 100) };
    if (location.hash === write({ audience: audience.value, ...place })) {
      view?.close();
      [view, here] = [null, null];
    }
    app.go(place);
  },
  /** Something could not be done. */
  trouble(why) {
    if (why instanceof Lost) return undefined;
    app.say(`${why?.message ?? why}`.replace(/^./, (first) => first.toUpperCase()));
    return undefined;
  },
};

/** What there is to open: asked for once. */
async function learn() {
  if (app.contents.lessons.length === 0) app.contents = await app.engine.ask({ ask: "contents" });
}

/** The start page, with a sentence. @param {string} text */
async function beginWith(text) {
  view?.close();
  [view, here] = [null, null];
  view = await start(app);
  fill(main, el("p", { class: "refuted", role: "alert" }, text), view.root);
}

/** The engine is lost, and with it what was open. @param {string} why */
async function gone(why) {
  routes += 1;
  if (here?.kind === "capture") app.file = null;
  try {
    await learn();
    await beginWith(`The engine had to be started again. ${why} Nothing else is affected: open something.`);
  } catch (again) {
    fill(main, el("p", { class: "refuted", role: "alert" }, `The engine doesn't run in this browser. ${again.message ?? again}`));
  }
}

async function route() {
  const mine = ++routes;
  try {
    await learn();
    const place = read(location.hash);
    audience.value = place.audience;
    if (view && here && place.kind === here.kind && (await view.update(place))) {
      here = place;
      return;
    }
    if (mine !== routes) return;
    view?.close();
    view = null;
    app.say("");
    main.setAttribute("aria-busy", "true");
    const opened = await VIEWS[place.kind](app, place);
    if (mine !== routes) return opened.close();
    [view, here] = [opened, place];
    fill(main, opened.root, embedded && el("p", { class: "whole-one" }, el("a", { href: location.pathname + location.hash, target: "_blank", rel: "noopener" }, "Open in osi-tutor")));
    opened.shown?.();
    if (routes > 1) /** @type {HTMLElement | null} */ (main.querySelector("h2"))?.focus({ preventScroll: true });
    performance.mark("ready");
  } catch (why) {
    // Of an engine that is lost, `gone` speaks.
    if (mine !== routes || why instanceof Lost) return undefined;
    await beginWith(`${why.message ?? why}`.replace(/^./, (first) => first.toUpperCase()).replace(/([^.?!])$/, "$1."));
  } finally {
    if (mine === routes) {
      main.removeAttribute("aria-busy");
      document.body.dataset.ready = String(routes);
    }
  }
  return undefined;
}

fill(audience, ...AUDIENCES.map((name) => el("option", { value: name }, name)));
audience.value = "student";
audience.addEventListener("change", () => {
  if (here && here.kind !== "start") app.go({ ...here, audience: audience.value });
  else if (view) route();
});
$("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", route);
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
document.addEventListener("dragleave", (event) => event.relatedTarget === null && document.body.classList.remove("dropping"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  const file = event.dataTransfer?.files[0];
  if (file) app.openFile(file);
});
if (embedded) {
  document.body.classList.add("embed");
  new ResizeObserver(() => parent.postMessage({ osiTrace: document.documentElement.scrollHeight }, "*")).observe(document.body);
}
// A file that `export html` wrote says what to open, and may carry a capture.
const opens = document.getElementById("opens");
if (opens) {
  const { address, name } = JSON.parse(opens.textContent ?? "");
  const bytes = packed("capture");
  if (bytes) app.file = new File([bytes], name);
  if (location.hash === "") history.replaceState(null, "", address);
}
route();
