// A WebSocket server and its client, with npm's ws: `websocket.js serve|ask WHAT [PAGE]`.
const { WebSocket, WebSocketServer } = require("ws");
const http = require("http"), fs = require("fs");
const [role, what, page] = process.argv.slice(2);
const perMessageDeflate = what === "websocket-deflate" ? { threshold: 0 } : false;

if (role === "serve") {
  const server = http.createServer((request, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end(page && request.url === "/" ? fs.readFileSync(page) : "");
  });
  const sockets = new WebSocketServer({ server, perMessageDeflate, handleProtocols: () => "lesson" });
  sockets.on("connection", (socket) => {
    socket.on("message", (data, binary) => socket.send(data, { binary }));
    if (what === "websocket") socket.ping("are you there?");
  });
  server.listen(8000);
} else {
  const socket = new WebSocket("ws://192.0.2.2:8000/chat?a=1", page ? [] : ["lesson"], { perMessageDeflate });
  const say = [
    () => socket.send("hello"),
    () => socket.send("hello hello hello hello hello"),
    () => socket.send("é𝄞 \u0001 ünïcode"),
    () => socket.send(Buffer.from([0, 1, 2, 253, 254, 255])),
    () => socket.send("x".repeat(126)),
    () => ["one ", "two ", "three"].forEach((part, i) => socket.send(part, { fin: i === 2 })),
    () => { socket.send("first ", { fin: false }); socket.ping("between"); socket.send("last", { fin: true }); },
    () => socket.send(JSON.stringify({ type: "chat", text: "hello", to: ["all"], n: 1.5 })),
    () => socket.send("y".repeat(what === "websocket" ? 3000 : 66000)),
    () => socket.send(""),
  ];
  const next = () => { const step = say.shift(); step ? step() : socket.close(1000, "enough"); };
  socket.on("open", next);
  socket.on("message", next);
}
