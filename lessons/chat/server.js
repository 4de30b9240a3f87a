const { readFileSync } = require("node:fs");
const { createServer } = require("node:http");
const { Server } = require("socket.io");

const page = readFileSync(`${__dirname}/index.html`);
const web = createServer((request, response) => {
  response.setHeader("Content-Type", "text/html; charset=utf-8");
  response.end(page);
});
const io = new Server(web);
const isText = (x) =>
  typeof x === "string" && /\S/.test(x) && x.length < 500;

io.on("connection", (socket) => {
  const asked = socket.handshake.auth.name;
  const name = isText(asked) ? asked : "nobody";
  console.log("+", JSON.stringify(name), socket.id); // somebody is here
  let room = null;

  socket.on("join", (wanted, done) => {
    if (room || !isText(wanted)) return;
    if (io.sockets.sockets.has(wanted)) return; // somebody's own room
    room = wanted;
    socket.join(room); // the server's own note: nothing is sent
    socket.to(room).emit("joined", room, name); // to all others there
    const members = io.sockets.adapter.rooms.get(room).size;
    if (typeof done === "function") done({ members, room });
  });
  socket.on("say", (text) => {
    if (!room || !isText(text)) return;
    io.to(room).emit("message", { from: name, text }); // to all
  });
  socket.on("disconnect", (reason) => {
    console.log("-", JSON.stringify(name), reason);
    if (room) io.to(room).emit("left", room, name);
  });
});

const port = process.env.PORT || 3000;
web.listen(port, "localhost", () => {
  console.log(`Listening. Open http://localhost:${web.address().port}`);
});
