"use strict";
// Ends this process as soon as its standard input does: whoever started it is gone.
process.stdin.on("end", () => process.exit()).on("error", () => process.exit()).resume();
