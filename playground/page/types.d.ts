// What the playground's modules hand to each other, and what the engine answers (playground/src).
import type { Engine } from "./engine.js";
import type { Place } from "./address.js";
import type { Ladder as Bare, Scene } from "../../src/page/types/scene.js";
import type { Session } from "../../src/page/types/session.js";
import type { Stats as Counted } from "../../src/page/types/stats.js";

export type { Scene, Session };

/** A ladder with the picture that the engine drew of it. */
export type Ladder = Bare & { picture?: string };

/** What is counted of a capture: all of it. */
export type Stats = Required<Counted>;

/** What can be opened. */
export interface Contents {
  lessons: { id: string; title: string; layer: number; minutes: number }[];
}

/** What can be simulated, and what can break in it. */
export interface Worlds {
  scenarios: { name: string; about: string; places: string[] }[];
  faults: { name: string; help: string; value: string; example: string }[];
  which: string;
}

/** What is open. */
export interface View {
  root: HTMLElement;
  /** The page is there: sizes can be measured. */
  shown?: () => void;
  /** Moves on to another place, if it can without being opened again. */
  update: (to: Place) => Promise<boolean>;
  close: () => void;
}

/** The page, as its views know it. */
export interface App {
  engine: Engine;
  contents: Contents;
  file: File | null;
  readonly audience: string;
  worlds: () => Promise<Worlds>;
  link: (place: Partial<Place> & { kind: string }) => string;
  say: (text: string) => void;
  title: (text: string) => void;
  mark: (name: string) => void;
  go: (place: Partial<Place> & { kind: string }) => void;
  remember: (place: Partial<Place> & { kind: string }, replace?: boolean) => void;
  openFile: (file: File) => void;
  trouble: (why: any) => undefined;
}

/** An input of schema/input.json. */
export interface Input {
  input: string;
  answer?: string;
}

/** A row of the list of packets. */
export interface Listed {
  number: number;
  time: string;
  from: string;
  to: string;
  protocol: string;
  text: string;
  layer: number;
  odd: boolean;
}

/** What was said on a connection, piece by piece. */
export interface Said {
  ends: [string, string];
  runs: { from: "client" | "server"; frame: number; hex?: string; missing?: number }[];
  left_out: number;
}
