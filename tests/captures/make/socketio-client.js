const v = process.argv[3], io = require(v === "2" ? "socket.io-client-2" : "socket.io-client");
const url = "http://127.0.0.1:" + process.argv[2];
const s = io(url, process.argv[4] ? { transports: process.argv[4].split(",") } : {});
const t = (ms) => new Promise(r => setTimeout(r, ms));
s.on("connect", async () => {
  s.emit("chat", "hi");                       // while still polling
  s.emit("photo", Buffer.from([1, 2, 3]), { more: Buffer.from([4]) });
  await t(250);
  s.emit("chat", "hello \u{1f600}", (x) => {});
  s.emit("photo", Buffer.from([1, 2, 3]), { more: Buffer.from([4]) }, (x) => {});
  const a = (v === "2" ? io(url + "/admin?token=x") : s.io.socket("/admin", { auth: { token: "wrong" } }));
  a.on("connect_error", () => {}); a.on("error", () => {});
  if (v !== "2") { a.connect(); }
  await t(150);
  if (v !== "2") { const b = a; b.auth = { token: "secret" }; b.connect(); await t(100); b.emit("save", 1, () => {}); }
  await t(500);
  s.disconnect(); await t(100); process.exit(0);
});
