// k6: sends a message as long as the path of the URL says, waits for the echo, and sends the next one, until SECONDS are over.
import ws from "k6/ws";
import { sleep } from "k6";

const size = Number(__ENV.TARGET.split("/").pop());
const message = new Uint8Array(size).fill(84).buffer;

export function setup() {
  return Date.now() + Number(__ENV.SECONDS) * 1000;
}

export default function (end) {
  const left = end - Date.now();
  if (left < 50) return sleep(0.05);
  ws.connect(__ENV.TARGET, {}, (socket) => {
    socket.on("open", () => socket.sendBinary(message));
    socket.on("binaryMessage", () => socket.sendBinary(message));
    socket.setTimeout(() => socket.close(), left);
  });
}
