"use strict";
// The conversation. A name or a text of somebody else is put on the page by textContent, never as markup.

const packets = new Packets();
/** Who is here, by number. */
const here = new Map();
/** Who is typing, and the timer that forgets it. */
const typing = new Map();
/** Messages on the page, by number: their elements. */
const shown = new Map();
let client = null, me = null, feed = null, lastTag = 0, typed = 0;

/** What is known of messages that have not arrived yet: the capture may be faster than polling. */
const early = new Map();

/** Messages that the page keeps. */
const KEPT = 300;

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
    $("code").value = "";
    $("code").focus();
  },
  event: (name, data) => events[name]?.(data ?? {}),
};

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
    if (on) typing.set(id, { name, timer: setTimeout(() => { quiet(id); showTyping(); }, 4000) });
    showTyping();
  },
  refused: ({ error }) => note(`the server refuses: ${error}`),
};

// ---- joining

$("mode").textContent = PLAIN ? "plain WebSocket, our own framing" : "Socket.IO";
if (PLAIN) $("how").hidden = true;
if (CODE) {
  $("key").hidden = false;
  $("code").required = true;
}

$("join").addEventListener("submit", (event) => {
  event.preventDefault();
  const wanted = $("transport").value;
  client = PLAIN ? new PlainClient(heard) : new SocketIoClient(wanted, heard);
  if (CODE) client.code = $("code").value.trim();
  client.connect();
  $("join").hidden = true;
  $("say").hidden = false;
  $("hangup").hidden = false;
  $("text").focus();
});

$("hangup").addEventListener("click", () => {
  if (client.wanted) client.leave();
  else client.connect();
  $("hangup").textContent = client.wanted ? "Disconnect" : "Connect again";
});

/** Says who we are, also after each new connection. */
function joinRoom() {
  client.emit("join", { name: $("name").value, room: $("room").value }, (answer) => {
    if (answer.error) return note(answer.error);
    me = answer.you;
    here.clear();
    for (const { id, name } of answer.members) here.set(id, name);
    showHere();
    note(`you are ${answer.name} in the room ${answer.room}`);
    for (const message of answer.history) say(message);
  });
}

/** The packets of our own connections come over a WebSocket of their own, so that they do not show themselves. */
function openFeed(key) {
  feed?.close();
  feed = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/packets`);
  feed.onopen = (event) => event.target.send(key);
  feed.onmessage = ({ data }) => {
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
  const text = $("text").value;
  if (!text.trim()) return;
  const tag = ++lastTag;
  client.emit("say", { text, tag }, (answer) => {
    if (answer.error) return note(answer.error);
    sent(answer.id, answer.sent);
  });
  $("text").value = "";
  typed = 0;
});

$("text").addEventListener("input", () => {
  const now = Date.now();
  if (now - typed < 2000 || !$("text").value) return;
  typed = now;
  client?.emit("typing", { on: true });
});

/** A message, from somebody or from ourselves. */
function say({ id, from, name, text, tag }) {
  quiet(from);
  showTyping();
  if (shown.has(id)) return;
  const mine = from === me;
  const item = make("li", mine ? "mine" : "theirs");
  const bubble = make("button", "bubble");
  bubble.type = "button";
  bubble.title = "Peel it: from these words down to the wire";
  bubble.append(make("span", "name", name), make("span", "words", text));
  bubble.addEventListener("click", () => {
    const found = packets.of(id, mine ? tag : undefined);
    if (found.length === 0) return note("no packet of this message was seen: it was said before you came, or too long ago");
    packets.open(found, 0);
  });
  item.append(bubble);
  if (mine) item.append(make("span", "spread"));
  shown.set(id, item);
  append(item);
  Object.assign(item.dataset, early.get(id));
  early.delete(id);
  tellSpread(item);
}

/** What the server says of our message: to how many connections it went. */
function sent(id, count) {
  know(id, { sent: count });
}

/** What the capture says of it: how many frames carried it. */
function spread(id, frames) {
  know(id, { frames });
}

function know(id, facts) {
  const item = shown.get(id);
  if (item) {
    Object.assign(item.dataset, facts);
    return tellSpread(item);
  }
  early.set(id, { ...early.get(id), ...facts });
  if (early.size > KEPT) early.delete(early.keys().next().value);
}

function tellSpread(item) {
  const { sent, frames } = item.dataset;
  if (!sent && !frames) return;
  const out = frames ? `${frames} frame${frames === "1" ? "" : "s"} out (captured)` : `${sent} sent out, says the server`;
  const box = item.querySelector(".spread");
  if (box) box.textContent = `1 message in, ${out}`;
}

function note(text) {
  append(make("li", "note", text));
}

function append(item) {
  const list = $("messages");
  const below = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  list.append(item);
  while (list.children.length > KEPT) list.firstChild.remove();
  while (shown.size > KEPT) shown.delete(shown.keys().next().value);
  if (below) list.scrollTop = list.scrollHeight;
}

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
const asked = new URLSearchParams(location.search);
for (const key of ["name", "room", "transport"]) if (asked.has(key)) $(key).value = asked.get(key);
