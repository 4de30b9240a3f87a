// The official client against a server that is told by its port: node client.js PORT TRANSPORT[,TRANSPORT]
// It prints one line of JSON that says what it saw.
"use strict";
const { io } = require("socket.io-client");

const [port, transports] = [process.argv[2], process.argv[3].split(",")];
const url = `http://127.0.0.1:${port}`;
const options = (name) => ({ transports, forceNew: true, reconnection: false, auth: { name } });
const fail = (why) => {
  console.error(why);
  process.exit(1);
};
setTimeout(() => fail("it takes too long"), 15000).unref();
const once = (socket, event) => new Promise((resolve) => socket.once(event, (...args) => resolve(args)));

async function main() {
  const ada = io(url, options("Ada"));
  ada.on("connect_error", (error) => fail(error));
  const first = ada.io.engine.transport.name;
  const upgraded = transports.length > 1 ? once(ada.io.engine, "upgrade") : undefined;
  const [welcome] = await once(ada, "welcome");
  const seen = { welcome, id: ada.id.length, first };
  await upgraded;
  seen.transport = ada.io.engine.transport.name;
  seen.echo = await ada.timeout(5000).emitWithAck("echo", { a: [1, "ü"] }, null);
  seen.joined = await ada.emitWithAck("join", "lab");

  const ben = io(url, options("Ben"));
  await once(ben, "connect");
  const joined = once(ada, "joined");
  await ben.emitWithAck("join", "lab");
  seen.other = await joined;
  const heard = [once(ada, "message"), once(ben, "message")];
  ben.emit("say", "one in, two out");
  seen.messages = (await Promise.all(heard)).map(([message]) => message);
  const picture = once(ada, "picture");
  ben.emit("picture", Buffer.from([0, 30, 255]));
  seen.picture = (await picture)[0].toString("hex");

  // Longer than the server's ping interval: the pongs keep it alive.
  await new Promise((resolve) => setTimeout(resolve, 700));
  seen.alive = await ada.emitWithAck("still there?");
  const left = once(ada, "left");
  ben.disconnect();
  seen.left = await left;
  const refused = io(`${url}/admin`, { ...options("Eve") });
  seen.refused = (await once(refused, "connect_error"))[0].message;
  refused.disconnect();
  ada.disconnect();
  console.log(JSON.stringify(seen));
}

main().catch(fail);
