// Makes seeded packets with the official codecs and says what the official decoders read in them, one JSON object
// a line: node generate.js SEED CASES
"use strict";
const engines = { 3: require("engine.io-parser-2"), 4: require("engine.io-parser") };
const sockets = { 3: require("socket.io-parser-3"), 4: require("socket.io-parser") };

// ---- chance (mulberry32)

let state = Number(process.argv[2]) >>> 0;
function chance() {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = (n) => Math.floor(chance() * n);
const pick = (all) => all[below(all.length)];
const many = (most, make) => Array.from({ length: below(most + 1) }, make);

const LETTERS = [..."abcXYZ0189-_ .:/?[]{}\"'\\\n\t", "é", "ß", "€", "漢", "😀", "𝄞", "\u0000", "\u2028"];
const text = (most) => many(most, () => pick(LETTERS)).join("");
const bytes = (most) => Buffer.from(many(most, () => below(256)));

function value(depth, binary) {
  switch (below(depth > 0 ? 8 : 5)) {
    case 0: return text(12);
    case 1: return below(2) ? below(1e9) : -below(1e6) / 1e6;
    case 2: return pick([true, false, null]);
    case 3: return text(200);
    case 4: return binary ? bytes(pick([0, 1, 40, 400])) : "";
    case 5: return many(4, () => value(depth - 1, binary));
    default: {
      const object = {};
      for (const name of many(4, () => text(6) || "k")) if (name !== "_placeholder") object[name] = value(depth - 1, binary);
      return object;
    }
  }
}

function hasBinary(data) {
  if (Buffer.isBuffer(data)) return true;
  return data !== null && typeof data === "object" && Object.values(data).some(hasBinary);
}

const namespace = () => (below(3) ? "/" : "/" + text(8).replace(/[,?]/g, "") + pick(["", "", "?a=b&c=d"]));

function socketPacket(eio, client) {
  const kind = below(10);
  const packet = { nsp: namespace() };
  if (kind === 0) {
    packet.type = 0;
    if (eio === 4 && below(3)) packet.data = client ? { token: text(9), sid: 1 } : pick([{ sid: text(20) }, { sid: "x", pid: "y" }]);
  } else if (kind === 1) {
    packet.type = 1;
  } else if (kind === 2) {
    packet.type = 4;
    packet.data = eio === 4 ? pick([{ message: text(20) }, { message: "no", data: value(2, false) }]) : text(20);
  } else {
    const binary = below(2) === 0;
    const ack = below(3) === 0;
    packet.data = many(4, () => value(3, binary));
    if (!ack) packet.data.unshift(below(9) ? "e" + text(12) : eio === 4 ? below(100) : "n");
    if (ack || below(3) === 0) packet.id = below(pick([10, 1e9]));
    packet.type = ack ? 3 : 2;
    if (eio === 3 && hasBinary(packet.data)) packet.type += 3;
  }
  return packet;
}

/// The messages that one Socket.IO packet becomes.
function encodeSocket(eio, packet) {
  const encoder = new sockets[eio].Encoder();
  if (eio === 4) return encoder.encode(packet);
  let all;
  encoder.encode(packet, (encoded) => (all = encoded));
  return all;
}

// ---- what the official decoders say

const TYPES = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];

function plain(data, attachments) {
  if (Buffer.isBuffer(data)) {
    attachments.push(data.toString("hex"));
    return { _placeholder: true, num: attachments.length - 1 };
  }
  if (data === null || typeof data !== "object") return data;
  if (Array.isArray(data)) return data.map((d) => plain(d, attachments));
  return Object.fromEntries(Object.entries(data).map(([k, v]) => [k, plain(v, attachments)]));
}

/// Reads Engine.IO packets as Socket.IO's decoder would get them; gives what is to be compared.
function told(eio, packets) {
  const found = [];
  let decoded = [];
  let decoder = new sockets[eio].Decoder();
  decoder.on("decoded", (packet) => decoded.push(packet));
  let waiting = null;
  for (const { type, data } of packets) {
    const one = { type: TYPES.indexOf(type) };
    if (Buffer.isBuffer(data)) one.binary = data.toString("hex");
    else if (data !== undefined && data !== "") one.data = data;
    found.push(one);
    if (type !== "message" || typeof data === "undefined" || data === "") continue;
    // To JavaScript a blank is the number 0: the decoders take one for a type or an id, by accident.
    if (typeof data === "string" && !/^\d(\S|$)/.test(data)) {
      one.refused = true;
      continue;
    }
    decoded = [];
    try {
      decoder.add(data);
    } catch {
      decoder = new sockets[eio].Decoder();
      decoder.on("decoded", (packet) => decoded.push(packet));
      one.refused = true;
      continue;
    }
    const awaits = typeof data === "string" && decoded.length === 0;
    if (awaits) waiting = one;
    if (decoded.length === 0) continue;
    const packet = decoded[0];
    // Version 3 reports a mistake as a packet, and takes any array with any type.
    const mistaken = packet.type === 4 ? String(packet.data).startsWith("parser error") : packet.type < 2 && packet.data;
    if (eio === 3 && mistaken) {
      one.refused = true;
      continue;
    }
    const into = typeof data === "string" ? one : waiting;
    const attachments = [];
    // Some decoders call a binary event an event, once it is whole.
    const kind = /^[56]/.test(into.data) ? Number(into.data[0]) : packet.type;
    into.socket = { type: kind, nsp: packet.nsp, data: plain(packet.data, attachments), attachments };
    if (packet.id !== undefined) into.socket.id = packet.id;
  }
  return found;
}

// ---- cases

const buffer = (data) => (Buffer.isBuffer(data) ? data : ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : data);

/// One packet as it stands in a WebSocket.
function frame(eio, packet, letters) {
  let encoded;
  if (eio === 4) engines[4].encodePacket(packet, !letters, (e) => (encoded = e));
  else engines[3].encodePacket(packet, !letters, (e) => (encoded = e));
  return buffer(encoded);
}

function websocket(eio, packets) {
  const letters = below(6) === 0;
  const wire = packets.map((p) => frame(eio, p, letters));
  const read = wire.map((w) => engines[eio].decodePacket(w, "nodebuffer"));
  return { wire, read };
}

function polling(eio, packets) {
  let body;
  const read = [];
  if (eio === 4) {
    engines[4].encodePayload(packets, (encoded) => (body = encoded));
    read.push(...engines[4].decodePayload(body, "nodebuffer"));
  } else {
    engines[3].encodePayload(packets, below(2) === 0, (encoded) => (body = encoded));
    engines[3].decodePayload(body, "nodebuffer", (packet) => void read.push(packet));
  }
  return { wire: [body], read };
}

function mutated(message) {
  if (typeof message !== "string" || message.length === 0) return message;
  const signs = [...message];
  const at = below(signs.length);
  const sign = pick([..."0123456789-/,[]{}\""]);
  signs[at] = pick(["", sign, sign + signs[at]]);
  return signs.join("");
}

function enginePackets(eio, client) {
  const packets = [];
  const opens = below(8) === 0;
  if (opens) {
    const open = { sid: text(20), upgrades: pick([[], ["websocket"]]), pingInterval: below(1e5), pingTimeout: below(1e5) };
    if (eio === 4) open.maxPayload = below(1e7);
    packets.push({ type: "open", data: JSON.stringify(open) });
  }
  for (let left = 1 + below(4); left > 0; left--) {
    switch (below(9)) {
      case 0: packets.push({ type: pick(["ping", "pong"]), data: pick([undefined, "probe", text(5)]) }); break;
      case 1: packets.push({ type: pick(["close", "upgrade", "noop"]) }); break;
      case 2: packets.push({ type: "message", data: text(30).replaceAll("\u001e", "") }); break;
      default: {
        const messages = encodeSocket(eio, socketPacket(eio, client));
        // A placeholder that is misspelt loses its bytes in the decoder: these stay whole.
        if (messages.length === 1 && below(6) === 0) messages[0] = mutated(messages[0]);
        for (const data of messages) packets.push({ type: "message", data });
      }
    }
  }
  return packets;
}

for (let n = Number(process.argv[3]); n > 0; n--) {
  const eio = pick([3, 4]);
  const transport = pick(["websocket", "polling"]);
  const client = below(2) === 0;
  const packets = enginePackets(eio, client);
  const { wire, read } = transport === "websocket" ? websocket(eio, packets) : polling(eio, packets);
  const line = {
    eio,
    transport,
    client,
    chunked: below(2) === 0,
    wire: wire.map((w) => (typeof w === "string" ? { text: w } : { hex: w.toString("hex") })),
    packets: told(eio, read),
  };
  process.stdout.write(JSON.stringify(line) + "\n");
}
