const { createInterface } = require("node:readline");
const { io } = require("socket.io-client");

const [, , name, url = "http://localhost:3000"] = process.argv;
const socket = io(url, { auth: { name } });
// What others send must not command this terminal.
const show = (text) => console.log(text.replace(/\p{C}/gu, "?"));

// Runs after every connect, so a client that was cut off joins again.
socket.on("connect", () => {
  socket.emit("join", "lab", ({ members }) => {
    show(`* ${members} here`);
  });
});
socket.on("message", ({ from, text }) => show(`${from}: ${text}`));
socket.on("joined", (room, who) => show(`* ${who} joined ${room}`));
socket.on("left", (room, who) => show(`* ${who} left ${room}`));
socket.on("disconnect", (reason) => show(`* disconnected: ${reason}`));
socket.on("connect_error", (error) => show(`* ${error.message}`));

const keyboard = createInterface({ input: process.stdin });
keyboard.on("line", (text) => {
  if (text.trim()) socket.emit("say", text);
});
keyboard.on("close", () => socket.disconnect());
