// Made from schema/feed.json by tests/chat/types.js --write; not to be edited.

/**
 * One message of the WebSocket /packets of `osi-tutor chat serve`. The reader sends its session's key first.
 */
export type Heard = Packet | Spread | Lost | Broken;
/**
 * Two digits a byte.
 */
export type Hex = string;
/**
 * The first byte of each range, and one past its last.
 */
export type Ranges = number[][];

/**
 * A captured packet of the reader's own connections.
 */
export interface Packet {
  kind: "packet";
  /**
   * Its number in the capture.
   */
  n: number;
  /**
   * Seconds since 1970.
   */
  time: string;
  /**
   * The server sent it.
   */
  down: boolean;
  /**
   * The client's port.
   */
  port: number;
  /**
   * Bytes on the wire.
   */
  len: number;
  /**
   * The innermost layer in one line.
   */
  line: string;
  /**
   * What that means; may be empty.
   */
  why: string;
  /**
   * A segment without data that opens and ends nothing: an acknowledgment.
   */
  bare: boolean;
  hex: Hex;
  /**
   * Once for each message in it.
   *
   * @minItems 1
   */
  peels: Peel[];
}
/**
 * The packet taken apart, from what a person meant down to the link.
 */
export interface Peel {
  /**
   * The event's name; `ack` for an acknowledgment; absent where there is no message.
   */
  event?: string;
  /**
   * Of `said` and `ack`: the number that the server gave to the message.
   */
  message?: number;
  /**
   * Of `say`: the number that its author gave to it.
   */
  tag?: number;
  steps: Step[];
}
export interface Step {
  /**
   * The protocol's name in filters; empty above all protocols.
   */
  proto: string;
  title: string;
  /**
   * A name for a list.
   */
  short: string;
  osi: number;
  summary: string;
  own: Ranges;
  holds: Ranges;
  /**
   * Its bytes in other packets: the packet's number, and how many.
   */
  elsewhere: number[][];
  says: {
    truth: "observed" | "inferred" | "not visible";
    text: string;
  }[];
  /**
   * Label, name and value.
   */
  fields: string[][];
  /**
   * Readable bytes to lay over those of the frame.
   */
  over?: {
    at: number;
    hex: Hex;
  };
}
/**
 * In how many frames a message has gone out so far; for its author.
 */
export interface Spread {
  kind: "spread";
  /**
   * The number that the server gave to the message.
   */
  message: number;
  frames: number;
}
/**
 * The reader was too slow: the oldest entries are gone.
 */
export interface Lost {
  kind: "lost";
  packets: number;
}
/**
 * A capture has ended: no more packets come from its interface.
 */
export interface Broken {
  kind: "broken";
  why: string;
}
