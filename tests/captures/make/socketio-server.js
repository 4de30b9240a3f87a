// A server for both client versions: socketio-server.js PORT. See socketio.sh.
const { Server } = require("socket.io");
const io = new Server(Number(process.argv[2]), { allowEIO3: true, pingInterval: 300, pingTimeout: 5000 });

io.on("connection", (socket) => {
  socket.emit("welcome", { users: 1 });
  socket.on("chat", (text, ack) => {
    socket.emit("chat", text, "\u00e9\u{1f600}");
    if (ack) ack("seen");
  });
  socket.on("photo", (bytes, more, ack) => {
    socket.emit("photo", { size: bytes.length }, bytes, more);
    if (ack) ack(Buffer.from([9, 9]));
  });
});

io.of("/admin").use((socket, next) => {
  const error = new Error("not allowed");
  error.data = { code: 403 };
  next(socket.handshake.auth.token === "secret" ? undefined : error);
});
io.of("/admin").on("connection", (socket) => socket.on("save", (what, ack) => ack("saved", what)));
