// What a learning platform keeps of a lesson (SCORM 1.2, run-time environment §3.2): how far its learner is, and how many
// answers were right at the first attempt. Without a platform around the page nothing happens.

/** @typedef {{ LMSInitialize(no: ""): string, LMSGetValue(key: string): string, LMSSetValue(key: string, value: string): string, LMSCommit(no: ""): string, LMSFinish(no: ""): string }} Api */

/** The platform's side, in a frame around this one or in the window that opened it. @returns {Api | null} */
function platform() {
  /** @param {any} from */
  const above = (from) => {
    try {
      for (let window = from, depth = 0; window && depth < 20; depth += 1) {
        if (window.API) return window.API;
        if (window.parent === window) return null;
        window = window.parent;
      }
    } catch {
      // A frame of somebody else's says nothing.
    }
    return null;
  };
  return window.parent === window && !window.opener ? null : (above(window.parent) ?? above(window.opener));
}

/** The record of one lesson. */
export class Score {
  /** @type {Map<number, boolean>} Pages that asked, and whether the first answer was right. */
  #asked = new Map();
  #begun = Date.now();
  #over = false;

  /** @param {Api} api */
  constructor(api) {
    this.api = api;
    const said = api.LMSInitialize("");
    if (said === "false") console.warn("The learning platform keeps nothing.");
    for (const [, page, right] of api.LMSGetValue("cmi.suspend_data").matchAll(/(\d{1,4}):([01])/g)) this.#asked.set(Number(page), right === "1");
    const status = api.LMSGetValue("cmi.core.lesson_status");
    this.#over = status === "completed" || status === "passed";
    if (!this.#over) api.LMSSetValue("cmi.core.lesson_status", "incomplete");
    addEventListener("pagehide", () => this.#leave(), { once: true });
  }

  /** Who keeps it, if anybody does. */
  static find() {
    const api = platform();
    return api && new Score(api);
  }

  /** The page where the learner stopped, if it is known. */
  get page() {
    const page = Number(this.api.LMSGetValue("cmi.core.lesson_location"));
    return Number.isInteger(page) && page > 0 ? page : undefined;
  }

  /** What is shown now. @param {{ page: number, over?: boolean, question?: { verdict?: { mark: string } | null } | null }} scene */
  see({ page, over, question }) {
    if (question) {
      const mark = question.verdict?.mark;
      if (mark !== undefined || !this.#asked.has(page)) this.#asked.set(page, mark === "right");
    }
    this.#over ||= over === true;
    const right = [...this.#asked.values()].filter(Boolean).length;
    const tell = (/** @type {string} */ key, /** @type {string} */ value) => this.api.LMSSetValue(key, value);
    tell("cmi.core.lesson_location", String(page));
    tell("cmi.suspend_data", [...this.#asked].map(([page, right]) => `${page}:${right ? 1 : 0}`).join(","));
    tell("cmi.core.score.min", "0");
    tell("cmi.core.score.max", "100");
    tell("cmi.core.score.raw", String(this.#asked.size === 0 ? 0 : Math.round((100 * right) / this.#asked.size)));
    if (this.#over) tell("cmi.core.lesson_status", "completed");
    this.api.LMSCommit("");
  }

  #leave() {
    const seconds = Math.floor((Date.now() - this.#begun) / 1000), two = (/** @type {number} */ part) => String(part).padStart(2, "0");
    this.api.LMSSetValue("cmi.core.session_time", `${String(Math.min(9999, Math.floor(seconds / 3600))).padStart(4, "0")}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`);
    this.api.LMSSetValue("cmi.core.exit", this.#over ? "" : "suspend");
    this.api.LMSFinish("");
  }
}
