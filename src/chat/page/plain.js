// The client of osi-tutor chat --plain-websocket: the same conversation in our own framing, a JSON object a message.
import { Client } from "./client.js";

export class PlainClient extends Client {
  /** The room code. */
  code = "";
  /** @type {WebSocket | null} */
  socket = null;

  /** @param {import("./client.js").Round} round */
  start(round) {
    const socket = new WebSocket(this.address("/chat" + (this.code ? `?code=${encodeURIComponent(this.code)}` : "")));
    let stood = false;
    this.socket = socket;
    socket.onopen = () => {
      if (round !== this.round) return socket.close();
      stood = true;
      this.heard.state("connected by WebSocket, without Socket.IO");
      this.opened();
    };
    socket.onmessage = ({ data }) => {
      if (round !== this.round || typeof data !== "string") return;
      this.heard.seen({ up: false, via: "websocket", text: data });
      const word = JSON.parse(data);
      if (word.ack !== undefined) this.answered(word.ack, word.data);
      else this.heard.event(word.event, word.data);
    };
    socket.onclose = () => {
      // A page is not told why a WebSocket was refused.
      if (this.code && !stood && round === this.round) return this.refuse(round, "refused: is the room code right?");
      this.lost(round, "the WebSocket was closed");
    };
  }

  /** @param {string} event @param {any} data @param {number | null} id */
  send(event, data, id) {
    const text = JSON.stringify(id === null ? { event, data } : { event, data, id });
    this.heard.seen({ up: true, via: "websocket", text });
    this.socket?.send(text);
  }

  leave() {
    this.wanted = false;
    this.socket?.close(1000);
  }

  bye() {}

  stop() {
    this.socket?.close();
  }
}
