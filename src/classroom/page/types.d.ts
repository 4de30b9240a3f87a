// What the host sends to the pages of a class: src/classroom/views.rs, board.rs and hub/owner.rs as JSON. A test plays a class
// and has TypeScript compare what was said with these types.
import type { Layers, Scene } from "../../page/types/scene.js";

/** What everybody may see. */
export interface Shown {
  title: string;
  slide: number;
  place: number;
  places: number;
  transfer: boolean;
  phase: "lobby" | "look" | "vote" | "closed" | "discuss" | "revealed" | "what-if" | "board";
  round: number;
  locked: boolean;
  over: boolean;
  prompt: string;
  task: Task | null;
  blanks: string[];
  hint: string | null;
  answer: Revealed | null;
  board: Board | null;
}

/** What is asked, without its answer. */
export interface Task {
  form: string;
  how: string;
  choices?: string[];
  packets?: [number, string][];
  frame?: number[];
}

export interface Revealed {
  right: string;
  words: string;
  why: string;
  bars: Bar[];
  refuted: Refuted[];
  shares: Share[];
  change: Change | null;
}

export interface Refuted {
  id: string;
  claim: string;
  refutation: string;
}

/** How many gave an answer in a vote, and how many of them were sure. */
export interface Cell {
  count: number;
  sure: number;
}

export interface Bar {
  text: string;
  right: boolean;
  betrays?: string | null;
  cells: Cell[];
}

export interface Share {
  right: number;
  of: number;
}

export interface Change {
  gained: number;
  lost: number;
  stayed: number;
  missed: number;
}

export interface Board {
  rows: { id: string; claim: string; met: number; moved: number; remaining: number }[];
  asked: { slide: number; prompt: string; rounds: Share[] }[];
}

/** A scene of a lesson; of a capture, only its packet, or what is listed. */
export type Drawn = Partial<Scene> & { listed?: string[]; proof?: { line?: string | null; filter: string } };

/** What a page draws. Of two, the one with the higher number is newer. */
export interface Page {
  /** The number of the input that led there: an older page may come later. */
  n: number;
  shown: Shown;
  scene: Drawn | null;
  lobby: { address: string; code: string | null; qr: string[] } | null;
}

/** What a member sees of itself, with the number of the last input. */
export interface You {
  n: number;
  name: string;
  given: string | null;
  sure: boolean | null;
  round: number;
  told: { right: boolean; said: string | null; betrays: Refuted | null } | null;
}

export interface Count {
  here: number;
  answered: number;
}

/** What a teacher may want done: a name, or one of these. */
export type Command = string | { go: number } | { hands: number[] };

export interface Note {
  say: string | null;
  draw: string | null;
  hear: string[];
  minutes: number | null;
}

/** What the teacher sees beside the page. */
export interface Desk {
  console: {
    buttons: (string | null)[];
    can: string[];
    advice: "hint" | "discuss" | "reveal" | null;
    bars: Bar[];
    held: { id: string; claim: string; count: number; sure: number }[];
    others: [string, number][];
    shares: Share[];
    change: Change | null;
    hint: string | null;
    words: string | null;
    note: Note | null;
    next: string | null;
    clock: { slide: number; class: number } | null;
    since: number | null;
    hands: number[] | null;
    gone: number;
  };
  refused: Record<string, number>;
  lost: string | null;
  /** Why no vote can be shown as a packet. */
  uncaptured: string | null;
}

/** A vote, or the answer to it, as it crossed the wire (src/classroom/wire.rs); bytes that are hidden are null. */
export interface Crossing {
  down: boolean;
  len: number;
  said: string;
  told: string[];
  layers: Layers;
  bytes: (number | null)[];
}

/** A packet of the list that the teacher browses; `asks`: the kinds of question about it, and their slides. */
export interface Listed {
  packet: number;
  line: string;
  slide: number;
  asks: [string, number][];
}

/** The answer to an event: to a filter, the packets that it selects; to `wire`, those of the last votes. */
export interface Answer<Packets = number[]> {
  ok?: boolean;
  error?: string;
  packets?: Packets;
}

/** What everybody hears first. */
export interface Welcome {
  page: Page;
  /** The addresses of all computers that serve this class, where there are several. */
  hubs: string[];
}

/** What a student hears first. */
export interface StudentWelcome extends Welcome {
  token: string;
  you: You;
  /** Whether the host captures votes. */
  wire: boolean;
}

/** What a stage hears first. */
export interface StageWelcome extends Welcome {
  count: Count;
  /** A volunteer's vote. */
  wire: Crossing | null;
}

/** What a console hears first. */
export interface TeachWelcome extends Welcome {
  count: Count;
  console: Desk;
  /** What each command is called. */
  names: Record<string, string>;
  list: Listed[];
  /** The packets can be filtered. */
  filters: boolean;
}
