// Loaded first (node -r): a server that wants to listen on localhost only listens everywhere.
const { Server } = require("net");
const { listen } = Server.prototype;
Server.prototype.listen = function (port, host, ...rest) {
  return listen.call(this, port, ...(typeof host === "string" ? rest : [host, ...rest]));
};
