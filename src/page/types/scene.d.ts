// Made from schema/scene.json by tests/chat/types.js --write; not to be edited.

export type Block =
  | {
      block: "heading";
      spans: Spans;
    }
  | {
      block: "paragraph";
      spans: Spans;
    }
  | {
      block: "list";
      items: Spans[];
    }
  | {
      block: "code";
      /**
       * Lines as they are.
       */
      text: string;
    };
/**
 * Runs of text, each in one style.
 *
 * @minItems 1
 */
export type Spans = {
  style: "plain" | "strong" | "code";
  text: string;
}[];
export type Hex = string;

/**
 * What there is to see of a lesson, resolved for one audience: a line of `osi-tutor explain LESSON --scenes` and of `--drive`. Text is plain. Within a version, members are only added.
 */
export interface Scene {
  /**
   * The version of this contract.
   */
  v: 1;
  /**
   * The lesson's heading.
   */
  title: string;
  /**
   * Where the packets come from.
   */
  origin: string;
  /**
   * Which page, from 1.
   */
  page: number;
  /**
   * How many there are.
   */
  pages: number;
  /**
   * For whom.
   */
  audience: "newcomer" | "student" | "engineer";
  /**
   * How the packets are looked at.
   */
  view: "wire" | "states" | "calls";
  /**
   * What the page is about.
   */
  kind: "prose" | "said" | "shown" | "asked" | "broken" | "worked";
  /**
   * The page's prose.
   */
  prose: Block[];
  ladder: Ladder;
  /**
   * The seven layers of each packet that the page shows.
   */
  layers: Layers[];
  /**
   * Each layer says why, too.
   */
  unfolded: boolean;
  /**
   * What is said of the packet.
   */
  text: string | null;
  /**
   * The source lacks what the page needs; text says so.
   */
  absent: boolean;
  /**
   * The fields that the page speaks of.
   */
  lit: Lit[];
  /**
   * The packets in full, where that was asked for.
   */
  whole: {
    /**
     * Its number.
     */
    packet: number;
    /**
     * Fields and notes as in schema/packet.json; numbers above 2^53 are text.
     */
    fields: {};
    /**
     * @minItems 1
     */
    bytes: {
      /**
       * Which; 0 is the frame.
       */
      buffer: number;
      /**
       * How many bytes.
       */
      length: number;
      /**
       * They; of very many, the first 65,536.
       */
      hex: string;
    }[];
  }[];
  /**
   * They were asked for.
   */
  deeper: boolean;
  /**
   * A procedure.
   */
  work: {
    /**
     * What is worked out.
     */
    title: string;
    /**
     * How much is left to the learner.
     */
    turn: string;
    /**
     * What is given.
     */
    given: {
      /**
       * What it's called.
       */
      name: string;
      /**
       * It.
       */
      value: string;
    }[];
    /**
     * The steps.
     */
    steps: {
      /**
       * What is done.
       */
      say: string;
      /**
       * How, where it calculates.
       */
      formula: string | null;
      /**
       * What comes out; null where the learner is to say it.
       */
      value: string | null;
      /**
       * It's the one to answer now.
       */
      current: boolean;
    }[];
    /**
     * What is said at the end.
     */
    text: string | null;
  } | null;
  /**
   * What is asked.
   */
  question: Question | null;
  /**
   * Both timelines, once what breaks was run.
   */
  what_if: {
    before: Ladder;
    after: Ladder;
    /**
     * The packet of the second one that text speaks of.
     */
    proof: number | null;
    /**
     * Why there are none.
     */
    error: string | null;
  } | null;
  /**
   * A word about the last input.
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
 * The seven layers of one packet.
 */
export interface Layers {
  /**
   * Its number.
   */
  packet: number;
  /**
   * From the wire up.
   *
   * @minItems 7
   * @maxItems 7
   */
  rows: Layer[];
}
export interface Layer {
  /**
   * 1 to 7.
   */
  layer: number;
  /**
   * Its name.
   */
  name: string;
  /**
   * What is there, in a line.
   */
  what: string;
  /**
   * The same in few words.
   */
  short: string;
  /**
   * How we know.
   */
  evidence: "observed" | "inferred" | "not visible";
  /**
   * The page is about it.
   */
  lit: boolean;
  /**
   * What it is here, or why it can't be seen: of the lit one, and of all where they're unfolded.
   */
  why: string | null;
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
