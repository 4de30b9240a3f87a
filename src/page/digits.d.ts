// What `page::digits` (mod.rs) serves as /digits.js: which digit of Engine.IO and Socket.IO means what.
export const ENGINE: Record<"Open" | "Close" | "Ping" | "Pong" | "Message" | "Upgrade" | "Noop", string>;
export const SOCKET: Record<"Connect" | "Disconnect" | "Event" | "Ack" | "ConnectError" | "BinaryEvent" | "BinaryAck", string>;
