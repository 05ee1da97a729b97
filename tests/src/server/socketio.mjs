// A server of `socket.io` that counts. When standard input and all sessions have ended, it says what it saw.
//
// node socketio.mjs PACKAGES OPTIONS, where OPTIONS is JSON: { port, cert, key, path, pingInterval, pingTimeout }
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [packages, text] = process.argv.slice(2);
const { port, cert, key, ...options } = JSON.parse(text);
const { Server } = createRequire(packages + "/")("socket.io");
const server = cert
  ? createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) })
  : createServer();
const io = new Server(server, { ...options, serveClient: false });
const seen = { sessions: 0, upgrades: 0, users: {}, refused: 0, events: 0, attachments: 0, pongs: 0, reasons: [], auths: [], queries: [], headers: [] };
let open = 0;
let isOver = false;
function tellAtTheEnd() {
  if (!isOver || open > 0) return;
  console.log(JSON.stringify(seen));
  process.exit(0);
}
io.engine.on("connection", (connection) => {
  seen.sessions += 1;
  open += 1;
  seen.queries.push(connection.request._query.team ?? null);
  seen.headers.push(connection.request.headers["x-team"] ?? null);
  connection.on("upgrade", () => {
    seen.upgrades += 1;
  });
  connection.on("packet", ({ type }) => {
    if (type === "pong") seen.pongs += 1;
  });
  connection.on("close", () => {
    open -= 1;
    tellAtTheEnd();
  });
});
// Only those who know the word come into /staff.
io.of("/staff").use((socket, next) => {
  if (socket.handshake.auth.word === "sesame") return next();
  seen.refused += 1;
  const error = new Error("who are you?");
  error.data = { code: 7 };
  next(error);
});
function serve(namespace) {
  namespace.on("connection", (socket) => {
    seen.users[namespace.name] = (seen.users[namespace.name] ?? 0) + 1;
    seen.auths.push(socket.handshake.auth);
    const held = [];
    socket.onAny((name, ...args) => {
      seen.events += 1;
      seen.attachments += args.filter((arg) => Buffer.isBuffer(arg)).length;
    });
    socket.on("who", () => socket.emit("you", { id: socket.id, namespace: namespace.name }));
    socket.on("echo", (...args) => {
      if (typeof args.at(-1) === "function") args.pop()(...args);
      else socket.emit("echo", ...args);
    });
    socket.on("ask", (data) => socket.emit("answer", data));
    socket.on("join", (room) => {
      socket.join(room);
      namespace.to(room).emit("joined", { room, id: socket.id });
    });
    socket.on("say", (room, text) => namespace.to(room).emit("said", { room, text }));
    socket.on("glue", (one, two) => socket.emit("glued", { whole: Buffer.concat([one, two]), sizes: [one.length, two.length] }));
    socket.on("news", (count) => {
      for (let number = 0; number < count; number += 1) socket.emit("news", { number });
    });
    socket.on("hold", (ack) => held.push(ack));
    socket.on("release", (ack) => {
      for (const late of held.splice(0)) late("late");
      ack("in time");
    });
    socket.on("never", () => {});
    socket.on("out", () => socket.disconnect());
    socket.on("close", () => socket.conn.close());
    socket.on("disconnect", (reason) => seen.reasons.push(reason));
  });
}
serve(io.of("/"));
serve(io.of("/staff"));
server.listen(port, "127.0.0.1");
process.stdin.resume();
process.stdin.on("end", () => {
  isOver = true;
  tellAtTheEnd();
});
