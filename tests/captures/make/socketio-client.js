// A client of one version: socketio-client.js PORT VERSION. See socketio.sh.
const [port, version] = process.argv.slice(2);
const io = require(version === "2" ? "socket.io-client-2" : "socket.io-client");
const url = `http://127.0.0.1:${port}`;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const photo = [Buffer.from([1, 2, 3]), { more: Buffer.from([4]) }];

// Begins with polling, goes over to a WebSocket, and leaves.
async function upgrading() {
  const socket = io(url);
  await new Promise((done) => socket.on("connect", done));
  socket.emit("chat", "hi");
  await pause(150);
  socket.emit("chat", "hello \u{1f600}", () => {});
  socket.emit("photo", ...photo, () => {});
  await pause(100);
  if (version === "2") {
    io(url + "/admin?token=wrong").on("error", () => {});
  } else {
    const admin = socket.io.socket("/admin", { auth: { token: "wrong" } });
    await new Promise((done) => admin.on("connect_error", done));
    admin.auth = { token: "secret" };
    admin.connect();
    await new Promise((done) => admin.on("connect", done));
    admin.emit("save", 1, () => {});
  }
  await pause(400);
  socket.disconnect();
}

// Only ever polls.
async function polling() {
  const socket = io(url, { transports: ["polling"], forceNew: true });
  await new Promise((done) => socket.on("connect", done));
  socket.emit("chat", "only requests \u{1f600}");
  socket.emit("photo", ...photo, () => {});
  await pause(400);
  socket.disconnect();
}

(async () => {
  await upgrading();
  await pause(50);
  await polling();
  await pause(100);
  process.exit(0);
})();
