// A plain WebSocket client that writes Socket.IO's digits itself.
// Paste it into a browser's console, or run it: node bare.js (Node 22)
const server = globalThis.process?.argv[2] ?? "ws://localhost:3000";
const path = "/socket.io/?EIO=4&transport=websocket";
const socket = new WebSocket(server + path);

socket.onmessage = ({ data }) => {
  console.log("heard", data);
  const send = (text) => {
    console.log("sends", text);
    socket.send(text);
  };
  if (data.startsWith("0")) send('40{"name":"Bare"}'); // connect
  if (data.startsWith("40")) send('420["join","lab"]'); // event, id 0
  if (data.startsWith("430")) send('42["say","Digits are enough."]');
  if (data === "2") send("3"); // a ping: answer, or be cut off
};
socket.onclose = ({ code }) => console.log("closed", code);
