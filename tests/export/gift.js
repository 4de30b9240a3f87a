// Reads GIFT from standard input, and prints the questions that gift-pegjs finds in it.
const { parse } = require("gift-pegjs");
let text = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (piece) => (text += piece));
process.stdin.on("end", () => process.stdout.write(JSON.stringify(parse(text))));
