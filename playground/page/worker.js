// The engine in its Worker. A question comes in, an answer goes out; a trap is told, and after it nothing can be asked.
"use strict";

/** @type {any} What the engine exports. */
let engine = null;
/** @type {File | null} The capture, and how far it was read. It is read here, bit by bit, and goes nowhere. */
let file = null, at = 0;
/** What was read ahead of the engine, and how much of it the engine has: a read of the disk costs more than its bytes. */
let ahead = new Uint8Array(0), used = 0;
/** Bytes of one read. */
const AHEAD = 4 << 20;

const decoder = new TextDecoder(), encoder = new TextEncoder();

/** The engine wants the file's next bytes. @param {number} into @param {number} most */
function read(into, most) {
  if (!file) return 0;
  try {
    if (used === ahead.length) {
      [ahead, used] = [new Uint8Array(new FileReaderSync().readAsArrayBuffer(file.slice(at, at + AHEAD))), 0];
      at += ahead.length;
    }
    const part = ahead.subarray(used, used + most);
    new Uint8Array(engine.memory.buffer, into, part.length).set(part);
    used += part.length;
    return part.length;
  } catch {
    // More than was wanted says that it could not be read.
    return most + 1;
  }
}

/** @param {ArrayBuffer} bytes perhaps compressed: some servers undo that, others don't */
async function unpacked(bytes) {
  if (new Uint8Array(bytes)[0] !== 0x1f) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

/** @param {ArrayBuffer | string} from the engine's bytes, or where they are */
async function start(from) {
  let bytes = from;
  if (typeof bytes === "string") {
    const response = await fetch(bytes);
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    bytes = await response.arrayBuffer();
  }
  const { instance } = await WebAssembly.instantiate(await unpacked(bytes), { page: { read } });
  engine = instance.exports;
  return {};
}

/** @param {(args: any) => number} call @param {string} text */
function told(call, text) {
  const bytes = encoder.encode(text);
  // Memory that grows gets another buffer: the place comes first, then the buffer.
  const room = engine.room(bytes.length);
  new Uint8Array(engine.memory.buffer, room, bytes.length).set(bytes);
  const length = call(engine);
  return JSON.parse(decoder.decode(new Uint8Array(engine.memory.buffer, engine.answer(), length)));
}

onmessage = async ({ data: { id, kind, data, capture, now } }) => {
  try {
    if (capture) [file, at, ahead, used] = [capture, 0, new Uint8Array(0), 0];
    const answer = kind === "start" ? await start(data)
      : kind === "drive" ? told((engine) => engine.drive(now), JSON.stringify(data)) : told((engine) => engine.ask(), JSON.stringify(data));
    postMessage({ id, answer });
  } catch (trap) {
    postMessage({ id, trap: String(trap) });
  }
};
