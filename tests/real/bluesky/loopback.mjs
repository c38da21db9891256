// Every server of this process listens on 127.0.0.1, whatever address it asks for: the Bluesky
// packages bind to all interfaces and have no setting for it. Import this before them.
import net from "node:net";

const HOST = "127.0.0.1";
const listen = net.Server.prototype.listen;

net.Server.prototype.listen = function listenOnLoopback(...args) {
  const [where] = args;
  if (where !== null && typeof where === "object" && "port" in where) {
    return listen.call(this, { ...where, host: HOST }, ...args.slice(1));
  }
  // A path (a Unix socket) or a handle is no network address; a number, or nothing, is a port.
  const isPort = where == null || typeof where === "function" || /^\d+$/.test(String(where));
  if (!isPort) {
    return listen.apply(this, args);
  }
  const port = typeof where === "function" ? 0 : Number(where ?? 0);
  const callback = args.find((argument) => typeof argument === "function");
  return listen.call(this, { port, host: HOST }, callback);
};
