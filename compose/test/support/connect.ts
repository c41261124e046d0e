/** Prints which of the given ADDRESS/PORT take a TCP connection, all tried at once. For a network namespace that was entered. */
import { connect } from "node:net";

/** What a firewall drops is never answered; what it lets through is answered by the same machine at once. */
const ANSWERS_WITHIN_MS = 3000;

for (const target of process.argv.slice(2)) {
  const [host = "", port = ""] = target.split("/");
  const socket = connect({ host, port: Number(port), timeout: ANSWERS_WITHIN_MS });
  socket.on("connect", () => {
    console.log(target);
    socket.destroy();
  });
  socket.on("timeout", () => socket.destroy());
  socket.on("error", () => {}); // refused is an answer: not reached
}
