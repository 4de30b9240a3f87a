// One person of the course's chat, as the official client speaks: chat.js NAME TRANSPORTS. Tells on a line what is heard,
// does what is told on a line: join, say TEXT, gone (without a goodbye), leave.
const { io } = require("socket.io-client");
const [name, transports] = process.argv.slice(2);
const socket = io("http://192.0.2.80", { auth: { name }, transports: transports.split(",") });
require("readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [word, ...rest] = line.split(" ");
    if (word === "join") socket.emit("join", "lab", () => {});
    else if (word === "say") socket.emit("say", rest.join(" "));
    else if (word === "gone") process.kill(process.pid, "SIGKILL");
    else socket.disconnect();
  })
  .on("close", () => process.exit());
