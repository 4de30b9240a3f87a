// The page's side of the engine: questions go to the Worker, and answers come back. An engine that traps, or says nothing
// for ten seconds, is started again.

/** Milliseconds without an answer. */
const PATIENCE = 10_000;

/** The engine's answer is a sentence: what was asked makes no sense. */
export class Refused extends Error {}
/** The engine had to be started again; what was open in it is gone. */
export class Lost extends Error {}

export class Engine {
  /** @param {(why: string) => void} lost hears why the engine had to be started again */
  constructor(lost) {
    this.lost = lost;
    this.last = 0;
    /** @type {Map<number, { resolve: (answer: any) => void, reject: (why: Error) => void, timer: number }>} */
    this.waiting = new Map();
    /** How often it was started. */
    this.lives = 0;
    this.begin();
  }

  begin() {
    this.lives += 1;
    const inside = document.getElementById("worker");
    const url = inside ? URL.createObjectURL(new Blob([inside.textContent ?? ""], { type: "text/javascript" })) : "worker.js";
    const worker = this.worker = new Worker(url);
    worker.onmessage = ({ data: { id, answer, trap } }) => {
      if (trap !== undefined) return this.again(`It met something that it can't read (${trap.slice(0, 100)}).`);
      const asked = this.waiting.get(id);
      this.waiting.delete(id);
      if (!asked) return undefined;
      clearTimeout(asked.timer);
      return answer.error === undefined ? asked.resolve(answer) : asked.reject(new Refused(answer.error));
    };
    worker.onerror = () => this.again("It could not be started here.");
    this.ready = this.post({ kind: "start", data: packed("engine") ?? new URL("engine.wasm.gz", document.baseURI).href }, 60_000);
    this.ready.catch(() => {});
  }

  /** Starts a new engine in place of one that is of no use. @param {string} why */
  again(why) {
    this.worker?.terminate();
    for (const { reject, timer } of this.waiting.values()) {
      clearTimeout(timer);
      reject(new Lost(why));
    }
    this.waiting.clear();
    // One that can't even start would be started for ever.
    if (this.lives < 6) this.begin();
    this.lost(why);
  }

  /** @param {any} message @param {number} [patience] */
  post(message, patience = PATIENCE) {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.again("It gave no answer for ten seconds."), patience);
      this.waiting.set(id, { resolve, reject, timer });
      this.worker?.postMessage({ id, ...message });
    });
  }

  /** Asks something (src/wish.rs). @param {any} data @param {File} [capture] */
  async ask(data, capture) {
    await this.ready;
    return this.post({ kind: "ask", data, capture });
  }

  /** Drives the open lesson, or the open questions (schema/input.json). @param {any} data */
  async drive(data) {
    await this.ready;
    return this.post({ kind: "drive", data, now: performance.now() });
  }

  /**
   * Asks for something that takes long, bit by bit, until its answer no longer says how far it has come.
   * @param {any} begin
   * @param {any} again
   * @param {(seen: number, of: number) => boolean} goes hears how far it is, and says whether to go on
   */
  async through(begin, again, goes) {
    let answer = await this.ask(begin);
    while (answer.seen !== undefined) {
      if (!goes(answer.seen, answer.of)) return null;
      answer = await this.ask(again);
    }
    return answer;
  }
}

/** Bytes that this page carries, if it does. @param {string} id */
export function packed(id) {
  const inside = document.getElementById(id);
  if (!inside) return null;
  const text = atob((inside.textContent ?? "").trim());
  const bytes = new Uint8Array(text.length);
  for (let n = 0; n < text.length; n++) bytes[n] = text.charCodeAt(n);
  return bytes.buffer;
}
