// Made from schema/session.json by tests/chat/types.js --write; not to be edited.

export type Hex = string;

/**
 * What there is to see of a quiz or of puzzles: a line of `osi-tutor quiz --drive` and `osi-tutor puzzle --drive`. Text is plain. Within a version, members are only added.
 */
export interface Session {
  /**
   * The version of this contract.
   */
  v: 1;
  /**
   * Where the questions come from.
   */
  title: string;
  /**
   * What the dice were begun with: a number, as text.
   */
  seed: string;
  /**
   * Which question, from 1.
   */
  number: number;
  /**
   * How many there are.
   */
  of: number;
  /**
   * The question's name, once it's answered.
   */
  id: string | null;
  /**
   * What the question is about.
   */
  kind: string | null;
  /**
   * Lines that stand with it: packets, or bytes.
   */
  shown: string[];
  /**
   * What is asked; null at the end.
   */
  question: Question | null;
  /**
   * What shows the right answer, once it's answered.
   */
  proof: {
    /**
     * A display filter that selects the packet.
     */
    filter: string;
    /**
     * Its number.
     */
    packet: number;
    /**
     * It, in one line.
     */
    line: string;
  } | null;
  /**
   * How it went, at the end.
   */
  result: string | null;
  /**
   * What was given can't be understood.
   */
  notice: string | null;
  /**
   * How an answer is given now; read for none.
   */
  mode: "read" | "choose" | "order" | "type" | "mark";
  /**
   * The inputs that mean something now, by their names in schema/input.json.
   */
  inputs: (
    | "look"
    | "next"
    | "back"
    | "first"
    | "last"
    | "deeper"
    | "layers"
    | "audience"
    | "view"
    | "choose"
    | "type"
    | "take"
    | "erase"
    | "mark"
    | "submit"
    | "hint"
    | "skip"
    | "what-if"
    | "quit"
  )[];
  /**
   * The learner is done.
   */
  over: boolean;
}
/**
 * What is asked. Until it's answered, the right answer isn't in it.
 */
export interface Question {
  /**
   * The kind; null where nothing can be answered, and note says why.
   */
  form: "choice" | "number" | "text" | "order" | "range" | "packet" | "blanks" | null;
  /**
   * What is asked.
   */
  prompt: string;
  /**
   * How to write an answer, in a few words.
   */
  how: string | null;
  /**
   * What can be chosen, or put in order.
   */
  items: Item[];
  /**
   * The packets to choose from.
   */
  packets: {
    /**
     * Its number.
     */
    packet: number;
    /**
     * What it is, in a line.
     */
    text: string;
  }[];
  /**
   * The numbers that are wanted, by name.
   */
  blanks: string[];
  /**
   * The bytes to mark.
   */
  bytes: Hex | null;
  /**
   * It can be answered now.
   */
  open: boolean;
  /**
   * What is typed so far.
   */
  typed: string;
  /**
   * What was chosen or taken, in its order, by its label.
   */
  taken: string[];
  /**
   * The first and the last byte that are marked, from 0.
   */
  marked: number[] | null;
  /**
   * Something to be said beside it.
   */
  note: string | null;
  /**
   * The hint, once it was asked for.
   */
  hint: string | null;
  /**
   * What the answer was worth; null before.
   */
  verdict: Verdict | null;
}
/**
 * Something to choose, or to put in order.
 */
export interface Item {
  /**
   * What it's called: 1 for the first.
   */
  label: string;
  /**
   * What it says.
   */
  text: string;
}
/**
 * What an answer was worth.
 */
export interface Verdict {
  /**
   * By the first attempt.
   */
  mark: "right" | "wrong" | "skipped";
  /**
   * Another attempt is open.
   */
  again: boolean;
  /**
   * The last attempt was right, after one that wasn't.
   */
  repaired: boolean;
  /**
   * What is said first.
   */
  headline: string;
  /**
   * What was given: one part, or the parts of an order or of several numbers. Empty for a choice, and where nothing was given.
   */
  given: {
    /**
     * It, as it was given.
     */
    text: string;
    /**
     * It's right, at its place.
     */
    right: boolean;
  }[];
  /**
   * The right answer as it would be written; null while another attempt is open.
   */
  right: string | null;
  /**
   * The same in words, where it wasn't given.
   */
  answer: string | null;
  /**
   * Of an order: the items as they should be, where that wasn't given.
   */
  order: Item[];
  /**
   * What is said to those who answered so.
   */
  said: string | null;
  /**
   * What the answer betrays.
   */
  misconception: {
    /**
     * Its name.
     */
    id: string;
    /**
     * What many believe.
     */
    claim: string;
    /**
     * What is true, in this audience's words.
     */
    refutation: string;
  } | null;
  /**
   * The packet that contradicts the answer.
   */
  against: Evidence | null;
  /**
   * Why the right answer is right.
   */
  why: string | null;
  /**
   * The packet that shows it.
   */
  proof: Evidence | null;
  /**
   * The section of a standard that says it.
   */
  spec: string | null;
}
/**
 * A packet that shows something.
 */
export interface Evidence {
  /**
   * What it is here.
   */
  text: string;
  ladder: Ladder;
  /**
   * Its fields that show it.
   */
  fields: Lit[];
}
/**
 * Some packets, and who sends them. Words that would answer an open question are covered with question marks.
 */
export interface Ladder {
  /**
   * Who takes part, a line each, from left to right; rows name them by their place, from 0.
   */
  hosts: Host[];
  /**
   * The packets, oldest first.
   */
  rows: Row[];
  /**
   * What is to be said of all of them.
   */
  remark: string | null;
}
/**
 * Who takes part: a host, or one port of it.
 */
export interface Host {
  /**
   * What it's called; empty where nothing tells.
   */
  name: string;
  /**
   * Its addresses; where there is none, that of its card.
   */
  addresses: string[];
  /**
   * Its ports.
   */
  ports: number[];
}
/**
 * One packet.
 */
export interface Row {
  /**
   * Its number.
   */
  packet: number;
  /**
   * Seconds since the first packet; - where nobody knows.
   */
  time: string;
  /**
   * Which host sent it: its place in hosts.
   */
  from: number;
  /**
   * Which host it's for; null: everybody on the link.
   */
  to: number | null;
  /**
   * Who sends and who receives it, where that isn't the host alone.
   *
   * @minItems 2
   * @maxItems 2
   */
  who: (string | null)[];
  /**
   * What it is, in a line.
   */
  line: string;
  /**
   * What changes on the way, and what stays; null where packets aren't followed from card to card.
   */
  hop: {
    /**
     * The time to live, or hop limit, that is left.
     */
    ttl: string;
    /**
     * The IP addresses of both ends.
     *
     * @minItems 2
     * @maxItems 2
     */
    addresses: string[];
    /**
     * The MAC addresses of this hop's ends.
     *
     * @minItems 2
     * @maxItems 2
     */
    cards: string[];
  } | null;
  /**
   * The messages that it completes.
   */
  messages: string[];
  /**
   * What befell it.
   */
  remark: string | null;
  /**
   * It never arrived.
   */
  lost: boolean;
  /**
   * What the kernels of both ends said: only of a live lab.
   */
  kernel: string[];
  /**
   * The ends' states before it, where it's the first of its connection here.
   */
  before: Ends | null;
  /**
   * The ends' states after it; null where they aren't known, or an open question holds them back.
   */
  states: Ends | null;
  /**
   * What each end knows, in the view states.
   */
  knows: Ends | null;
  /**
   * What each end's program calls.
   */
  calls: Ends | null;
  /**
   * That frames are left out before it.
   */
  gap: string | null;
  /**
   * It belongs to this page.
   */
  new: boolean;
}
/**
 * Something of both ends of a connection.
 */
export interface Ends {
  /**
   * Of the client.
   */
  client: string | null;
  /**
   * Of the server.
   */
  server: string | null;
}
/**
 * A field that is lit.
 */
export interface Lit {
  /**
   * The packet's number.
   */
  packet: number;
  /**
   * What filters call it.
   */
  field: string;
  /**
   * What people call it.
   */
  label: string;
  /**
   * What it holds.
   */
  value: string;
  /**
   * Which buffer its bytes are in; 0 is the frame, 255 none.
   */
  buffer: number;
  /**
   * Its first byte there, from 0.
   */
  offset: number;
  /**
   * How many bytes it has; 0 for what was worked out.
   */
  length: number;
  /**
   * Which bits of them, as a decimal number; null for all.
   */
  mask: string | null;
  /**
   * Its bytes; of many, the first 256.
   */
  hex: string;
}
