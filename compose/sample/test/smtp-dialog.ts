import { connect } from "node:net";
import { createInterface } from "node:readline";

/**
 * Sends each line after the reply to the one before and returns the last line of each reply, the greeting first.
 * A message is one "line", with its own line breaks and its final dot.
 */
export async function smtpDialog(host: string, lines: readonly string[]): Promise<string[]> {
  const socket = connect({ host, port: 8025, timeout: 15_000 });
  socket.on("timeout", () => socket.destroy(new Error("no reply within 15 s")));
  const replies: string[] = [];
  const waiting = [...lines, "QUIT"];
  try {
    for await (const line of createInterface({ input: socket })) {
      if (line[3] === "-") continue;
      replies.push(line);
      const next = waiting.shift();
      if (next === undefined) break;
      socket.write(`${next}\r\n`);
    }
  } finally {
    socket.destroy();
  }
  return replies;
}

/** The dialog that hands in one message for one recipient. */
export function delivery(sender: string, recipient: string, message: readonly string[]): string[] {
  const body = [...message, "."].join("\r\n");
  return ["EHLO client.example", `MAIL FROM:<${sender}>`, `RCPT TO:<${recipient}>`, "DATA", body];
}
