import { writeFileSync } from "node:fs";
import { createAcme, type Challenges } from "../index.ts";

// README.md shows what follows.
export async function obtain(directoryUrl: string, ca: string, key: string, csr: Uint8Array, challenges: Challenges) {
  const signal = AbortSignal.timeout(600_000);
  const acme = createAcme({ directoryUrl, ca });
  const account = await acme.openAccount({ key, termsOfServiceAgreed: true }, signal);
  const order = await account.newOrder({ names: ["a.example", "b.example"] }, signal);
  writeFileSync("/tmp/order", order.url); // after a crash: account.resumeOrder(url, signal) in place of newOrder
  const chain = await account.complete(order, { csr, challenges, preferredIssuer: "ISRG Root X1" }, signal);
  return chain.pem;
}
