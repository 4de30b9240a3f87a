// Packets of a capture or a simulation: a list of any length, a filter, one packet with its seven layers and bytes, and
// pages about its connection.
import { count, el, fill } from "./parts.js";
import { OsiPacket } from "./packet.js";
import { drawBoth, drawFollow, drawHops, drawLadder, drawPlot, drawStats } from "./views.js";
import { faultsForm } from "./start.js";

/** Packets that the engine goes through at a time: less than a tenth of a second. */
const STEP = 8000;
/** Milliseconds after which the first packet is shown, though others are still being read. */
const SOON = 1000;
/** Lines that are fetched at a time, and how many such blocks are kept. */
const BLOCK = 100, BLOCKS = 60;
/** No browser scrolls over more pixels than that reliably. */
const TALLEST = 8_000_000;

/** A list of which only what can be seen is in the page. It says `change` when another one is chosen. */
export class OsiList extends HTMLElement {
  count = 0;
  chosen = -1;
  /** @type {Map<number, import("./types.js").Listed[]>} */
  blocks = new Map();
  /** @type {(from: number, count: number) => Promise<import("./types.js").Listed[]>} */
  fetch = async () => [];
  row = 28;
  /** The frame in which it's drawn again. @type {number | undefined} */
  frame;
  sizer = el("div", { class: "sizer" });
  window = el("div", { class: "window", role: "presentation" });
  box = el("div", { class: "box", role: "listbox", tabindex: 0, "aria-label": "Packets", onscroll: () => this.later(), onkeydown: (/** @type {KeyboardEvent} */ event) => this.key(event) },
    this.sizer, this.window);

  /** @param {(from: number, count: number) => Promise<import("./types.js").Listed[]>} fetch */
  begin(fetch) {
    this.fetch = fetch;
    fill(this, this.box);
    const probe = el("div", { class: "entry" }, "0");
    this.window.append(probe);
    this.row = probe.offsetHeight || 28;
    new ResizeObserver(() => this.later()).observe(this.box);
  }

  /** @param {number} count @param {boolean} [fresh] what was fetched no longer holds */
  resize(count, fresh = false) {
    if (fresh) this.blocks = new Map();
    // A block that was not full may have grown.
    else this.blocks.delete(Math.floor(this.count / BLOCK));
    this.count = count;
    this.sizer.style.blockSize = `${Math.min(count * this.row, TALLEST)}px`;
    this.later();
  }

  later() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.draw();
    });
  }

  /** Where the window begins: a line's place, perhaps within it. */
  get first() {
    const seen = this.box.clientHeight / this.row;
    const room = this.sizer.offsetHeight - this.box.clientHeight;
    return room <= 0 ? 0 : (this.box.scrollTop / room) * Math.max(0, this.count - seen);
  }

  draw() {
    const first = this.first, from = Math.floor(first);
    const height = Math.ceil(this.box.clientHeight / this.row) + 1;
    const to = Math.min(this.count, from + height);
    const lines = [];
    for (let at = from; at < to; at++) {
      const line = this.blocks.get(Math.floor(at / BLOCK))?.[at % BLOCK];
      lines.push(this.line(at, line));
    }
    this.window.style.transform = `translateY(${this.box.scrollTop - (first - from) * this.row}px)`;
    fill(this.window, ...lines);
    if (this.chosen >= from && this.chosen < to) this.box.setAttribute("aria-activedescendant", `line-${this.chosen}`);
    else this.box.removeAttribute("aria-activedescendant");
    for (let block = Math.floor(from / BLOCK); block * BLOCK < to; block++) if (!this.blocks.has(block)) this.load(block);
  }

  /** @param {number} block */
  async load(block) {
    this.blocks.set(block, []);
    const blocks = this.blocks, before = this.count;
    const rows = await this.fetch(block * BLOCK, BLOCK).catch(() => []);
    if (this.blocks !== blocks) return;
    if (this.blocks.size > BLOCKS) this.blocks.delete(/** @type {number} */ (this.blocks.keys().next().value));
    this.blocks.set(block, rows);
    if (this.count !== before && rows.length < BLOCK) this.blocks.delete(block);
    this.later();
  }

  /** @param {number} at @param {import("./types.js").Listed} [line] */
  line(at, line) {
    const cell = (/** @type {string} */ name, /** @type {string | number} */ text) => el("span", { class: name }, text);
    return el("div", {
      id: `line-${at}`, role: "option", class: ["entry", line && `of-${line.layer}`, line?.odd && "odd"].filter(Boolean).join(" "), "aria-selected": String(at === this.chosen),
      "aria-setsize": this.count, "aria-posinset": at + 1, onclick: () => this.choose(at),
    }, ...(line ? [cell("no", line.number), cell("time", line.time), cell("ends", `${line.from} → ${line.to}`), cell("protocol", line.protocol), cell("text", line.text),
      line.odd && el("span", { class: "flag" }, "unusual")] : ["…"]));
  }

  /** @param {number} at @param {boolean} [told] */
  choose(at, told = true) {
    if (this.count === 0) return;
    this.chosen = Math.max(0, Math.min(this.count - 1, at));
    const seen = Math.floor(this.box.clientHeight / this.row), first = this.first;
    if (this.chosen < first || this.chosen + 1 > first + seen) {
      const wanted = this.chosen < first ? this.chosen : this.chosen - seen + 1;
      const room = this.sizer.offsetHeight - this.box.clientHeight;
      this.box.scrollTop = (wanted / Math.max(1, this.count - this.box.clientHeight / this.row)) * room;
    }
    this.later();
    if (told) this.dispatchEvent(new Event("change"));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const page = Math.max(1, Math.floor(this.box.clientHeight / this.row) - 1);
    /** @type {Record<string, number | undefined>} */
    const places = { ArrowDown: this.chosen + 1, ArrowUp: this.chosen - 1, PageDown: this.chosen + page, PageUp: this.chosen - page, Home: 0, End: this.count - 1 };
    const to = places[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.choose(to);
  }

  /** The line that is chosen, once it is here. */
  get current() {
    return this.blocks.get(Math.floor(this.chosen / BLOCK))?.[this.chosen % BLOCK];
  }
}
customElements.define("osi-list", OsiList);

/** @type {Record<string, string>} */
const PLOTS = { sequence: "Sequence numbers", window: "The receiver's window", flight: "Bytes in flight" };

/** What can befall the packet that is chosen: a fault, and what it's called. @type {[string, string][]} */
const BREAKS = [["drop", "Lose it"], ["delay 300ms", "Delay it by 300 ms"], ["duplicate", "Send it twice"], ["corrupt", "Damage it"]];

/** @param {import("./types.js").App} app @param {import("./address.js").Place} place @returns {Promise<import("./types.js").View>} */
export async function packets(app, place) {
  const simulated = place.kind === "simulate", { file } = app;
  if (!simulated && !file) throw new Error("That link spoke of a capture. A capture never leaves the browser that it was opened in: open the file again.");
  const about = simulated
    ? await app.engine.ask({ ask: "simulate", scenario: place.name, seed: place.seed, at: place.at, faults: place.faults })
    : await app.engine.ask({ ask: "capture", name: file?.name }, file ?? undefined);
  const title = simulated ? `Simulated: ${place.name}` : file?.name ?? "";

  let open = true, stream = /** @type {number | null} */ (null), view = "packet", turn = 0, filtered = 0, number = 0;
  const list = new OsiList();
  const told = el("p", { class: "counted", role: "status" });
  const mistake = el("p", { id: "mistake", class: "mistake" });
  const pane = el("section", { class: "pane", "aria-label": "What is chosen" });
  const input = /** @type {HTMLInputElement} */ (el("input", {
    id: "filter", autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: 2000, placeholder: "tcp.flags.syn == 1", "aria-describedby": "mistake", value: place.filter,
  }));
  /** @type {Record<string, string>} */
  const names = { packet: "Packet", ladder: "Ladder", follow: "What was said", plot: "Over time", ...(simulated && { hops: "Link by link", broken: "Break it" }), stats: "Counts" };
  const tabs = el("p", { class: "tabs", role: "group", "aria-label": "What to show" }, ...Object.entries(names).map(([name, text]) =>
    el("button", { type: "button", "data-view": name, "aria-pressed": String(name === view), onclick: () => turnTo(name) }, text)));
  const root = el("article", { class: "packets" }, el("h2", { tabindex: -1 }, title), el("p", { class: "origin" }, about.origin),
    simulated && el("details", { class: "card" }, el("summary", {}, "Other packets, or something that breaks"), faultsForm(app, place)),
    el("form", { class: "filter", role: "search", onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); sift(); } }, el("label", { for: "filter" }, "Filter"), input), mistake, told, list, tabs, pane,
    el("p", {}, el("a", { href: app.link({ kind: "quiz", name: simulated ? place.name : "capture", seed: 1 }) }, "Questions from these packets"), " · ",
      el("a", { href: app.link({ kind: "puzzle", name: simulated ? place.name : "capture", seed: 1 }) }, "Puzzles")));

  let all = 0, shown = 0, ended = false;
  const tell = () => {
    const part = input.value.trim() === "" || shown === all ? count(all, "packet") : `${shown.toLocaleString("en")} of ${count(all, "packet")}`;
    told.textContent = `${part.replace(/\d{4,}/g, (n) => Number(n).toLocaleString("en"))}${ended ? "" : ", reading on…"}${end}`;
  };
  let end = "";

  /** Takes everything in. */
  async function read() {
    const since = performance.now();
    const begin = () => list.chosen < 0 && all > 0 && place.packet === undefined && input.value.trim() === "" && list.choose(0);
    while (open && !ended) {
      const now = await app.engine.ask({ ask: "read", most: STEP });
      [all, ended] = [now.packets, now.ended];
      if (now.full) end = ". There was no room for more: what follows in the file isn't shown";
      if (now.trouble) end = `. ${now.trouble.charAt(0).toUpperCase()}${now.trouble.slice(1)}.`;
      if (input.value.trim() === "") {
        shown = all;
        list.resize(all);
      }
      tell();
      if (performance.now() - since > SOON) begin();
    }
    app.mark("listed");
    if (open) begin();
    if (open && input.value.trim() !== "") await sift();
    if (open && place.packet !== undefined) list.choose((await app.engine.ask({ ask: "find", number: place.packet })).place);
    if (open && all === 0) fill(pane, el("p", {}, "There is no packet in it."));
  }

  /** Filters; the old result stays until the new one is ready. */
  async function sift() {
    const mine = ++filtered, text = input.value;
    app.mark("filtering");
    const answer = await app.engine.ask({ ask: "filter", filter: text });
    if (!open || mine !== filtered) return;
    input.setAttribute("aria-invalid", String(Boolean(answer.wrong)));
    if (answer.wrong) {
      const { from, to, wrong, suggestion } = answer;
      fill(mistake, el("code", {}, text.slice(0, from), el("mark", {}, text.slice(from, to) || "␣"), text.slice(to)), " ", wrong, " ",
        suggestion && el("button", { type: "button", class: "link", onclick: () => { input.value = text.slice(0, from) + suggestion + text.slice(to); input.focus(); sift(); } }, `Use ${suggestion}`));
      return;
    }
    fill(mistake, answer.old);
    let now = answer;
    while (!now.done) {
      now = await app.engine.ask({ ask: "sift", most: STEP });
      if (!open || mine !== filtered) return;
    }
    const number = list.current?.number;
    shown = now.packets;
    list.resize(shown, true);
    tell();
    app.mark("filtered");
    app.remember({ ...place, filter: text.trim(), packet: number }, true);
    if (shown > 0) list.choose(number === undefined ? 0 : (await app.engine.ask({ ask: "find", number })).place);
  }

  /** @param {string} name @returns {Promise<string>} */
  const explain = (name) => app.engine.ask({ ask: "field", name }).then(({ text }) => text, (/** @type {Error} */ why) => why.message);
  const goes = (/** @type {number} */ mine) => (/** @type {number} */ seen, /** @type {number} */ of) => {
    if (mine === turn && seen > STEP) fill(pane, el("p", { role: "status" }, `${Math.round((100 * seen) / Math.max(1, of))}% read…`));
    return open && mine === turn;
  };

  /** Draws what is wanted of the packet that is chosen. */
  async function draw() {
    const mine = ++turn, at = list.chosen;
    if (at < 0) return;
    try {
      if (view === "packet") {
        const ask = { ask: "packet", place: at, audience: place.audience, most: 5 * STEP };
        const packet = await app.engine.through(ask, ask, goes(mine));
        if (!packet || mine !== turn) return;
        [stream, number] = [packet.stream, packet.number];
        for (const name of ["ladder", "follow", "plot"]) /** @type {HTMLButtonElement} */ (tabs.querySelector(`[data-view=${name}]`)).disabled = stream === null;
        const drawn = new OsiPacket();
        drawn.show(packet, explain);
        fill(pane, el("h3", {}, `Packet ${packet.number}`), drawn);
        app.mark("packet");
        return;
      }
      if (view === "hops" || view === "broken") return await again(mine);
      const begin = view === "plot" ? { ask: "plot", stream, kind: plot } : view === "stats" ? { ask: "stats" } : { ask: view, stream };
      const answer = await app.engine.through(begin, { ask: "go", most: STEP }, goes(mine));
      if (!answer || mine !== turn) return;
      /** @type {Record<string, (answer: any) => (Node | false | null)[]>} */
      const views = { ladder: drawLadder, follow: drawFollow, plot: drawPlot, stats: drawStats };
      const made = views[view](answer);
      const kinds = view === "plot" && el("p", { class: "tabs" }, ...Object.entries(PLOTS).map(([name, text]) => el("button", { type: "button", "aria-pressed": String(plot === name), onclick: () => { plot = name; draw(); } }, text)));
      fill(pane, el("h3", {}, view === "stats" ? "Everything, counted" : `${names[view]}: TCP stream ${stream}`), kinds, ...made);
    } catch (why) {
      if (mine === turn) app.trouble(why);
    }
  }
  /** Runs the simulation again: for the packet on every link, or with something that befalls it. @param {number} mine */
  async function again(mine) {
    if (view === "hops") {
      const way = await app.engine.ask({ ask: "hops", number });
      if (mine === turn) fill(pane, el("h3", {}, way.title), ...drawHops(way));
      return;
    }
    const result = el("div", { "aria-live": "polite" });
    const run = async (/** @type {string} */ fault) => {
      try {
        fill(result, ...drawBoth(await app.engine.ask({ ask: "what-if", faults: [`${fault} ${number}`] })));
      } catch (why) {
        app.trouble(why);
      }
    };
    fill(pane, el("h3", {}, `What if packet ${number} …`), el("p", { class: "tabs" },
      ...BREAKS.map(([fault, text]) => el("button", { type: "button", onclick: () => run(fault) }, text))), result);
  }
  let plot = "sequence";
  /** @param {string} name */
  function turnTo(name) {
    view = name;
    for (const button of tabs.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.view === name));
    draw();
  }
  let timer = 0;
  list.addEventListener("change", () => {
    turnTo("packet");
    clearTimeout(timer);
    timer = window.setTimeout(() => open && list.current && app.remember({ ...place, filter: input.value.trim(), packet: list.current.number }, true), 300);
  });
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => open && sift().catch(app.trouble), 200);
  });

  return {
    root,
    /** The page is there: sizes can be measured. */
    shown() {
      list.begin(async (from, count) => {
        const ask = { ask: "rows", place: from, count, most: 5 * STEP };
        return (await app.engine.through(ask, ask, () => open))?.rows ?? [];
      });
      read().catch(app.trouble);
      app.title(title);
    },
    update: async (to) => to.kind === place.kind && to.name === place.name && to.seed === place.seed && to.at === place.at && to.audience === place.audience
      && to.faults.join("\n") === place.faults.join("\n") && (input.value.trim() === to.filter || ((input.value = to.filter), await sift(), true)),
    close() {
      open = false;
      clearTimeout(timer);
    },
  };
}
