const { Server } = require("socket.io");
const io = new Server(+process.argv[2], { allowEIO3: true, pingInterval: 300, pingTimeout: 5000, maxHttpBufferSize: 1e5 });
io.of("/admin").use((s, next) => { const e = new Error("not allowed"); e.data = { code: 403 }; next(s.handshake.auth.token === "secret" ? undefined : e); });
io.of("/admin").on("connection", s => s.on("save", (x, ack) => ack && ack("saved", x)));
io.on("connection", s => {
  s.emit("welcome", { users: 1 });
  s.on("chat", (text, ack) => { s.emit("chat", text, "é😀"); if (ack) ack("seen"); });
  s.on("photo", (b, m, ack) => { s.emit("photo", { size: b.length }, b, m); if (ack) ack(Buffer.from([9, 9])); });
});
