// The conversation. A name or a text of somebody else is put on the page by textContent, never as markup.
import { $, el, field } from "./parts.js";
import { SocketIoClient } from "./client.js";
import { CODE, PLAIN } from "./mode.js";
import { Packets } from "./packets.js";
import { PlainClient } from "./plain.js";

/** @typedef {{ id: number, from: number, name: string, text: string, tag?: number }} Said */

export const packets = new Packets();
/** Who is here, by number. @type {Map<number, string>} */
const here = new Map();
/** Who is typing, and the timer that forgets it. @type {Map<number, { name: string, timer: number }>} */
const typing = new Map();
/** Messages on the page, by number: their elements. @type {Map<number, HTMLElement>} */
const shown = new Map();
/** @type {SocketIoClient | PlainClient | null} */
let client = null;
/** @type {WebSocket | null} */
let feed = null;
let me = -1, lastTag = 0, typed = 0;

/**
 * What is known of messages that have not arrived yet: the capture may be faster than polling.
 * @type {Map<number, Record<string, string>>}
 */
const early = new Map();

/** Messages that the page keeps. */
const KEPT = 300;

/** @type {import("./client.js").Heard} */
const heard = {
  seen: (packet) => packets.seen(packet),
  state: (text) => { $("state").textContent = text; },
  open: () => joinRoom(),
  down: (why) => {
    note(`disconnected: ${why}`);
    here.clear();
    showHere();
    $("hangup").textContent = client?.wanted ? "Disconnect" : "Connect again";
  },
  refused: () => {
    $("join").hidden = false;
    $("say").hidden = true;
    $("hangup").hidden = true;
    field("code").value = "";
    field("code").focus();
  },
  event: (name, data) => events[name]?.(data ?? {}),
};

/** @type {Record<string, (data: any) => void>} */
const events = {
  welcome: ({ capture, key }) => {
    packets.source(capture);
    if (capture.on) openFeed(key);
  },
  said: (message) => say(message),
  joined: ({ id, name }) => {
    here.set(id, name);
    showHere();
    note(`${name} joined`);
  },
  left: ({ id, name, why }) => {
    here.delete(id);
    quiet(id);
    showHere();
    note(`${name} left: ${why}`);
  },
  typing: ({ id, name, on }) => {
    quiet(id);
    if (on) typing.set(id, { name, timer: window.setTimeout(() => { quiet(id); showTyping(); }, 4000) });
    showTyping();
  },
  refused: ({ error }) => note(`the server refuses: ${error}`),
};

// ---- joining

$("mode").textContent = PLAIN ? "plain WebSocket, our own framing" : "Socket.IO";
if (PLAIN) $("how").hidden = true;
if (CODE) {
  $("key").hidden = false;
  field("code").required = true;
}

$("join").addEventListener("submit", (event) => {
  event.preventDefault();
  const code = field("code").value.trim();
  if (PLAIN) {
    const plain = client = new PlainClient(heard);
    plain.code = code;
  } else {
    const full = client = new SocketIoClient(field("transport").value, heard);
    full.auth = CODE ? { code } : null;
  }
  client.connect();
  $("join").hidden = true;
  $("say").hidden = false;
  $("hangup").hidden = false;
  $("text").focus();
});

$("hangup").addEventListener("click", () => {
  if (!client) return;
  if (client.wanted) client.leave();
  else client.connect();
  $("hangup").textContent = client.wanted ? "Disconnect" : "Connect again";
});

/** Says who we are, also after each new connection. */
function joinRoom() {
  client?.emit("join", { name: field("name").value, room: field("room").value }, (answer) => {
    if (answer.error) return note(answer.error);
    me = answer.you;
    here.clear();
    for (const { id, name } of answer.members) here.set(id, name);
    showHere();
    note(`you are ${answer.name} in the room ${answer.room}`);
    for (const message of answer.history) say(message);
  });
}

/** The packets of our own connections come over a WebSocket of their own, so that they do not show themselves. @param {string} key */
function openFeed(key) {
  feed?.close();
  const opened = feed = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/packets`);
  opened.onopen = () => opened.send(key);
  opened.onmessage = ({ data }) => {
    /** @type {import("../../page/types/feed.js").Heard} */
    const entry = JSON.parse(data);
    if (entry.kind === "packet") packets.add(entry);
    if (entry.kind === "spread") spread(entry.message, entry.frames);
    if (entry.kind === "broken") note(`No more packets from one interface: ${entry.why}`);
    if (entry.kind === "lost") note(`${entry.packets} packets could not be shown: too many at once`);
  };
}

window.addEventListener("pagehide", () => client?.bye());

// ---- talking

$("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = field("text").value;
  if (!text.trim()) return;
  const tag = ++lastTag;
  client?.emit("say", { text, tag }, (answer) => {
    if (answer.error) return note(answer.error);
    sent(answer.id, answer.sent);
  });
  field("text").value = "";
  typed = 0;
});

$("text").addEventListener("input", () => {
  const now = Date.now();
  if (now - typed < 2000 || !field("text").value) return;
  typed = now;
  client?.emit("typing", { on: true });
});

/** A message, from somebody or from ourselves. @param {Said} said */
function say({ id, from, name, text, tag }) {
  quiet(from);
  showTyping();
  if (shown.has(id)) return;
  const mine = from === me;
  const peel = () => {
    const found = packets.of(id, mine ? tag : undefined);
    if (found.length === 0) return note("no packet of this message was seen: it was said before you came, or too long ago");
    return packets.open(found, 0);
  };
  const item = el("li", { class: mine ? "mine" : "theirs" },
    el("button", { type: "button", class: "bubble", title: "Peel it: from these words down to the wire", onclick: peel },
      el("span", { class: "name" }, name), el("span", { class: "words" }, text)),
    mine && el("span", { class: "spread" }));
  shown.set(id, item);
  append(item);
  Object.assign(item.dataset, early.get(id));
  early.delete(id);
  tellSpread(item);
}

/** What the server says of our message: to how many connections it went. @param {number} id @param {number} count */
function sent(id, count) {
  know(id, { sent: String(count) });
}

/** What the capture says of it: how many frames carried it. @param {number} id @param {number} frames */
function spread(id, frames) {
  know(id, { frames: String(frames) });
}

/** @param {number} id @param {Record<string, string>} facts */
function know(id, facts) {
  const item = shown.get(id);
  if (item) {
    Object.assign(item.dataset, facts);
    return tellSpread(item);
  }
  early.set(id, { ...early.get(id), ...facts });
  if (early.size > KEPT) early.delete(/** @type {number} */ (early.keys().next().value));
}

/** @param {HTMLElement} item */
function tellSpread(item) {
  const { sent, frames } = item.dataset;
  if (!sent && !frames) return;
  const out = frames ? `${frames} frame${frames === "1" ? "" : "s"} out (captured)` : `${sent} sent out, says the server`;
  const box = item.querySelector(".spread");
  if (box) box.textContent = `1 message in, ${out}`;
}

/** @param {string} text */
function note(text) {
  append(el("li", { class: "remark" }, text));
}

/** @param {HTMLElement} item */
function append(item) {
  const list = $("messages");
  const below = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  list.append(item);
  while (list.children.length > KEPT) list.firstChild?.remove();
  while (shown.size > KEPT) shown.delete(/** @type {number} */ (shown.keys().next().value));
  if (below) list.scrollTop = list.scrollHeight;
}

/** Nobody with this number is typing any more. @param {number} id */
function quiet(id) {
  clearTimeout(typing.get(id)?.timer);
  typing.delete(id);
}

function showTyping() {
  const names = [...typing.values()].map(({ name }) => name);
  $("typing").textContent = names.length === 0 ? "" : `${names.slice(0, 3).join(", ")} ${names.length === 1 ? "is" : "are"} typing …`;
}

function showHere() {
  const names = [...here].map(([id, name]) => (id === me ? `${name} (you)` : name));
  $("here").textContent = names.length === 0 ? "" : `Here: ${names.slice(0, 20).join(", ")}${names.length > 20 ? ` and ${names.length - 20} more` : ""}`;
}

// What the address asks for is filled in; whoever opens it still presses the button.
for (const [key, value] of new URLSearchParams(location.search)) if (["name", "room", "transport"].includes(key)) field(key).value = value;
