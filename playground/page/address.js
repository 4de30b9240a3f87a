// What is open, as the address says it after #, so that a link is a shared experiment:
//   l lesson, p its page    q or z (quiz, puzzles) where the questions come from; all: every scenario
//   sim a scenario, at whose card sees it, w what breaks (as often as it is wanted)    c a capture of this browser
//   f a filter, n a packet's number, s the seed, a the audience

/** @typedef {{ kind: string, name?: string, page?: number, seed?: number, audience: string, at?: string, faults: string[], filter: string, packet?: number }} Place */

export const AUDIENCES = ["newcomer", "student", "engineer"];
/** @type {Record<string, string>} */
const KINDS = { l: "lesson", q: "quiz", z: "puzzle", sim: "simulate", c: "capture" };
const KNOWN = [...Object.keys(KINDS), "p", "s", "a", "at", "w", "f", "n"];
/** The longest address that is read. */
const LONGEST = 4000;

/**
 * Reads an address. What can't be meant is told as a sentence.
 * @param {string} hash
 * @returns {Place}
 */
export function read(hash) {
  const text = hash.replace(/^#/, "");
  if (text.length > LONGEST) throw new Error("This address is too long to be one of ours.");
  const said = new URLSearchParams(text);
  const place = { kind: "start", audience: "student", faults: said.getAll("w"), filter: said.get("f") ?? "" };
  if (text === "") return place;
  const strange = [...said.keys()].find((key) => !KNOWN.includes(key));
  if (strange !== undefined) throw new Error(`This address says “${strange.slice(0, 30)}”, which means nothing here.`);
  const kinds = Object.keys(KINDS).filter((key) => said.has(key));
  if (kinds.length !== 1) throw new Error("This address doesn't say what to open.");
  const [key] = kinds;
  /** @param {string} key @param {string} what @param {number} least */
  const number = (key, what, least) => {
    const text = said.get(key);
    if (text === null) return undefined;
    const n = Number(text);
    if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(n) || n < least) throw new Error(`In this address, ${what} isn't a whole number.`);
    return n;
  };
  const audience = said.get("a") ?? "student";
  if (!AUDIENCES.includes(audience)) throw new Error("In this address, the audience isn't newcomer, student or engineer.");
  return {
    ...place, kind: KINDS[key], name: said.get(key) ?? "", page: number("p", "the page", 1), seed: number("s", "the seed", 0), audience,
    at: said.get("at") ?? undefined, packet: number("n", "the packet's number", 1),
  };
}

/** @param {Partial<Place> & { kind: string }} place @returns {string} */
export function write({ kind, name = "", page, seed, audience = "student", at, faults = [], filter = "", packet }) {
  const key = Object.keys(KINDS).find((key) => KINDS[key] === kind);
  if (!key) return "#";
  const said = new URLSearchParams([[key, name]]);
  if (seed !== undefined) said.set("s", String(seed));
  if (page !== undefined && page > 1) said.set("p", String(page));
  if (at) said.set("at", at);
  for (const fault of faults) said.append("w", fault);
  if (filter) said.set("f", filter);
  if (packet !== undefined) said.set("n", String(packet));
  if (audience !== "student") said.set("a", audience);
  return `#${said}`;
}
