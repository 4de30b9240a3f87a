// What `chat/server.rs` serves as /mode.js.
/** The plain framing, without Socket.IO. */
export const PLAIN: boolean;
/** A room code is asked for. */
export const CODE: boolean;
