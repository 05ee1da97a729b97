// A WebSocket server of `ws` that counts. When standard input and all sessions have ended, it says what it saw.
//
// node ws.mjs PACKAGES OPTIONS, where OPTIONS is JSON: { port, cert, key, deflate, protocols }
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [packages, text] = process.argv.slice(2);
const options = JSON.parse(text);
const { WebSocketServer } = createRequire(packages + "/")("ws");
const server = options.cert
  ? createSecureServer({ cert: readFileSync(options.cert), key: readFileSync(options.key) })
  : createServer();
const seen = { sessions: 0, messages: 0, bytes: 0, compressed: 0, pongs: 0, closes: [], protocols: [], cookies: [] };
let open = 0;
let isOver = false;
function tellAtTheEnd() {
  if (!isOver || open > 0) return;
  console.log(JSON.stringify(seen));
  process.exit(0);
}
const sockets = new WebSocketServer({
  server,
  perMessageDeflate: options.deflate ? { threshold: 0 } : false,
  handleProtocols: (asked) => (options.protocols ?? []).find((one) => asked.has(one)) ?? false,
});
sockets.on("connection", (socket, request) => {
  seen.sessions += 1;
  open += 1;
  if (socket.protocol) seen.protocols.push(socket.protocol);
  if (request.headers.cookie) seen.cookies.push(request.headers.cookie);
  if (socket.extensions) seen.compressed += 1;
  socket.on("message", (data, isBinary) => {
    seen.messages += 1;
    seen.bytes += data.length;
    const said = isBinary ? "" : data.toString();
    // What it is told to do, or else an echo.
    if (said === "close 4001" || (said === "close the first" && seen.sessions === 1)) socket.close(4001, "as told");
    else if (said === "ping") socket.ping("are you there");
    else if (said === "terminate") socket.terminate();
    else socket.send(data, { binary: isBinary });
  });
  socket.on("pong", (data) => {
    seen.pongs += 1;
    socket.send("pong: " + data);
  });
  socket.on("close", (code, reason) => {
    seen.closes.push([code, reason.toString()]);
    open -= 1;
    tellAtTheEnd();
  });
});
server.listen(options.port, "127.0.0.1");
process.stdin.resume();
process.stdin.on("end", () => {
  isOver = true;
  tellAtTheEnd();
});
