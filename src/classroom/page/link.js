// The connection of a page with the class. It reconnects on its own, and says what is wrong while it is lost.
import { $ } from "./parts.js";
import { SocketIoClient } from "./client.js";

/** Attempts by WebSocket before polling is tried: some networks let nothing else through. */
const PATIENCE = 3;
/** When a phone wakes up, it waits this long at most, in milliseconds: all of a room may wake at once. */
const JITTER = 400;

/**
 * @param {() => Record<string, any>} who what is said when connecting: role, secret, code, token
 * @param {Record<string, (data: any) => void>} events
 * @param {(why: string) => void} refused
 */
export function link(who, events, refused) {
  let failures = 0, why = "";
  /** Where else the class is, as its servers say. @type {string[]} */
  let hubs = [];
  /** Where it is tried: the last address first. @type {string[]} */
  let tried = [location.host];
  /** What came before the welcome: it is told after it. @type {[string, any][] | null} */
  let early = null;
  /** The numbers of the page, and of what one sees of oneself, that were told last: an older one may come later. @type {Record<string, number>} */
  let newest = {};
  /** @param {string} name @param {any} data */
  const tell = (name, data) => {
    if (data.n <= newest[name]) return;
    if (data.n !== undefined) newest[name] = data.n;
    events[name]?.(data);
  };
  /** @param {string} name @param {any} data */
  const hear = (name, data) => {
    if (early && name !== "welcome" && name !== "refused") return void early.push([name, data]);
    if (name === "welcome") others(data);
    tell(name, data);
    if (name !== "welcome") return;
    newest = { page: data.page?.n, you: data.you?.n };
    for (const [later, said] of early ?? []) tell(later, said);
    early = null;
  };
  /** @param {any} data */
  const others = (data) => (hubs = (data.hubs ?? []).filter((/** @type {any} */ hub) => typeof hub === "string"));
  /** What servers say of themselves. @type {Record<string, (data: any) => void>} */
  const own = {
    hubs: others,
    hold: (data) => state(data.why ?? "connected", data.why ? "lost" : "here"),
  };
  /** @param {string} text @param {string} kind */
  const state = (text, kind) => {
    $("state").textContent = text;
    document.body.dataset.link = kind;
  };
  const client = new SocketIoClient("websocket", {
    seen() {},
    state() {},
    open() {
      failures = 0;
      [early, newest] = [[], {}];
      tried = [...new Set([client.host, location.host])];
      state("connected", "here");
      events.found?.(null);
    },
    down(text) {
      why = text;
      failures += 1;
      // Another computer may carry us; only the one that gave this page does so by polling, too.
      tried = [...new Set([...tried, ...hubs])];
      const round = Math.floor((failures - 1) / tried.length);
      client.host = tried[(failures - 1) % tried.length];
      const polls = client.host === location.host && failures >= PATIENCE && round % 2 === 0;
      client.transports = polls ? "polling" : "websocket";
      lost();
      events.lost?.(failures);
    },
    refused() {
      state("not let in", "out");
      refused(why);
    },
    event: (name, data) => (own[name] ?? ((said) => hear(name, said)))(data ?? {}),
  });
  const lost = () => (navigator.onLine === false ? state("you are offline", "offline") : state("the host is lost; trying again", "lost"));
  const again = () => {
    if (!client.alive && client.wanted) setTimeout(() => !client.alive && client.wanted && client.connect(), Math.random() * JITTER);
  };
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && again());
  window.addEventListener("online", again);
  window.addEventListener("offline", () => !client.alive && lost());
  window.addEventListener("pagehide", () => client.bye());
  const connect = () => {
    client.auth = who();
    state("connecting", "lost");
    client.connect();
  };
  // Each attempt says who we are now: a token may have come meanwhile.
  const start = client.start.bind(client);
  client.start = (/** @type {import("./client.js").Round} */ round) => {
    client.auth = who();
    start(round);
  };
  connect();
  /** @param {string} event @param {any} data @param {(answer: import("./types.js").Answer<any>) => void} answer */
  const emit = (event, data, answer) => client.emit(event, data, answer);
  return { connect, emit, leave: () => client.leave() };
}

/**
 * What the address carries after #, kept for this tab and taken off the address bar: a projector shows that.
 * @param {string} key
 */
export function fragment(key) {
  const here = decodeURIComponent(location.hash.slice(1));
  if (here) {
    sessionStorage.setItem(key, here);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(key) ?? "";
}
