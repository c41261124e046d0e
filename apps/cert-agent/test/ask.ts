import { request } from "node:https";
import { text } from "node:stream/consumers";

/** What nginx says of a client: `SUCCESS` with a good certificate, `NONE` without one, an error page for a bad one. */
export function ask(port: number, client: { cert?: string; key?: string } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, agent: false, rejectUnauthorized: false, ...client };
    const asked = request(options, (answer) => void text(answer).then(resolve, reject));
    asked.on("error", reject);
    asked.end();
  });
}
