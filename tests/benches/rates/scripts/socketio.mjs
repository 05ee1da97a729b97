// socket.io-client: each user emits an event again and again, and waits for its acknowledgement.
// Usage: node socketio.mjs FOLDER_OF_PACKAGES URL USERS SECONDS; prints how many were acknowledged.
import { createRequire } from "node:module";

const [folder, url, users, seconds] = process.argv.slice(2);
const { io } = createRequire(`${folder}/`)("socket.io-client");
let acknowledged = 0;
let isOver = false;

async function run() {
  const socket = io(url, { transports: ["websocket"], forceNew: true });
  for (let number = 0; !isOver; number += 1) {
    const answer = await socket.emitWithAck("echo", { number, text: "twenty bytes of text" });
    if (answer.number !== number) throw new Error(`an answer to another event: ${JSON.stringify(answer)}`);
    acknowledged += 1;
  }
  socket.close();
}

setTimeout(() => (isOver = true), Number(seconds) * 1000);
await Promise.all(Array.from({ length: Number(users) }, run));
console.log(acknowledged);
