/**
 * The smallest application behind nginx: HTTP on port 5000, uwsgi on 5001. It answers with what reached it, as JSON. Run by
 * itself in a container, so it imports nothing but Node.
 *
 *   /status/NNN   that status          /silent   never an answer         /die   ends the connection without one
 *   /slow         an answer after 2 s          /endless  an answer that never ends, 100 KB a second
 */
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer, type Socket } from "node:net";

function answer(request: IncomingMessage, response: ServerResponse) {
  const { method, url = "", rawHeaders } = request;
  if (url === "/die") return request.socket.destroy();
  if (url === "/silent") return undefined;
  if (url === "/endless") return answerWithoutEnd(response);
  const status = Number(/^\/status\/(\d+)/.exec(url)?.[1] ?? 200);
  const headers = { "content-type": "application/json", "x-from": "application" };
  let bytes = 0;
  request.on("data", (chunk: Buffer) => (bytes += chunk.length));
  const reply = () => response.writeHead(status, headers).end(JSON.stringify({ method, url, rawHeaders, bytes }));
  request.on("end", () => setTimeout(reply, url === "/slow" ? 2000 : 0));
  return undefined;
}

function answerWithoutEnd(response: ServerResponse) {
  const timer = setInterval(() => response.write("more ".repeat(2000)), 100);
  response.on("close", () => clearInterval(timer));
}

createHttp(answer).listen(5000);

/** @see https://uwsgi-docs.readthedocs.io/en/latest/Protocol.html: one byte, a length, then strings with their lengths. */
function readVariables(packet: Buffer): [string, string][] {
  const strings: string[] = [];
  for (let at = 4; at < 4 + packet.readUInt16LE(1);) {
    const length = packet.readUInt16LE(at);
    strings.push(packet.toString("latin1", at + 2, at + 2 + length));
    at += 2 + length;
  }
  return Array.from({ length: strings.length / 2 }, (_, pair) => [strings[2 * pair]!, strings[2 * pair + 1]!]);
}

createServer((socket: Socket) => {
  let packet = Buffer.alloc(0);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    packet = Buffer.concat([packet, chunk]);
    if (packet.length < 4 || packet.length < 4 + packet.readUInt16LE(1)) return;
    const body = JSON.stringify({ variables: readVariables(packet) });
    socket.end(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n${body}`);
  });
}).listen(5001);
