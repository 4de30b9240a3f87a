// Made from schema/stats.json by tests/chat/types.js --write; not to be edited.

export type Number = number;
export type Seconds = string;

/**
 * One capture, counted: what `osi-tutor stats FILE --json` prints. With --only, the other tables are left out.
 */
export interface Stats {
  /**
   * The version of this contract.
   */
  v: 1;
  frames: Number;
  bytes: Number;
  /**
   * When the first frame was captured, in seconds since 1970; null where there is none.
   */
  first: Seconds | null;
  last: Seconds | null;
  hierarchy?: Node;
  hierarchy_left_out?: Count;
  /**
   * In how many frames something of an OSI layer was read, layer 1 first (it is in no capture).
   *
   * @minItems 7
   * @maxItems 7
   */
  layers?: {
    osi: number;
    name: string;
    frames: Number;
    bytes: Number;
  }[];
  /**
   * By protocol, in the order of their first frame.
   */
  conversations?: {
    /**
     * This interface was referenced by `undefined`'s JSON-Schema definition
     * via the `patternProperty` "^(eth|ip|ipv6|tcp|udp)$".
     */
    [k: string]: {
      rows: Conversation[];
      left_out: Count;
    };
  };
  /**
   * By protocol, in the order of their first frame.
   */
  endpoints?: {
    /**
     * This interface was referenced by `undefined`'s JSON-Schema definition
     * via the `patternProperty` "^(eth|ip|ipv6|tcp|udp)$".
     */
    [k: string]: {
      rows: Endpoint[];
      left_out: Count;
    };
  };
}
export interface Node {
  protocol: string;
  name: string;
  frames: Number;
  bytes: Number;
  children: Node[];
}
export interface Count {
  frames: Number;
  bytes: Number;
}
export interface Conversation {
  a: End;
  b: End;
  /**
   * tcp.stream or udp.stream.
   */
  stream: number | null;
  a_to_b: Count;
  b_to_a: Count;
  start?: Seconds;
  duration?: Seconds;
}
export interface End {
  address: string;
  port?: number;
}
export interface Endpoint {
  end: End;
  sent: Count;
  received: Count;
}
