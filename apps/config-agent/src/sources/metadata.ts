import { OperatorError } from "@appliance/errors";
import { createFetch, type Fetch, type Fetched, type FetchDeps } from "./fetch.ts";
import type { Look } from "./look.ts";
import { judgeUserData, TOO_LONG } from "./user-data.ts";

/** For all requests to one service. They are asked at the same time, so that all of them together take no longer. */
const LIMIT_MS = 3_000;

interface Service {
  name: string;
  ask: (fetch: Fetch) => Promise<Fetched>;
}

const SERVICES: readonly Service[] = [
  { name: "EC2 metadata service", ask: askEc2 },
  { name: "GCE metadata service", ask: askGce },
  { name: "OpenStack metadata service", ask: (fetch) => fetch({ path: "/openstack/latest/user_data" }) },
];

/** Whether a source, by its name, can be read by every program of this host that is not kept from it. */
export function isMetadataService(source: string): boolean {
  return SERVICES.some(({ name }) => name === source);
}

/** The user-data of the clouds, in the manual's order. */
export async function* askMetadata(deps: FetchDeps, limitMs = LIMIT_MS): AsyncGenerator<Look> {
  const looks = SERVICES.map(({ name, ask }) => lookAt(name, ask(createFetch(deps, limitMs))));
  yield* await Promise.all(looks);
}

/** Of a host without a network of its own, none is asked: what answers there is meant for another host. */
export function passOverMetadata(reason: string): Look[] {
  return SERVICES.map(({ name }) => ({ source: name, passedOver: reason }));
}

const TOKEN = /^[\x21-\x7e]{1,1024}$/;

/** IMDSv2 wants a token of a PUT; what knows none answers with an error, and is asked as of old. */
async function askEc2(fetch: Fetch): Promise<Fetched> {
  const headers = { "X-aws-ec2-metadata-token-ttl-seconds": "60" };
  const answer = await fetch({ method: "PUT", path: "/latest/api/token", headers });
  if (answer === "too long" || "silent" in answer) return answer;
  const token = answer.status === 200 ? Buffer.from(answer.body).toString("utf8").trim() : "";
  return fetch({
    path: "/latest/user-data",
    ...(TOKEN.test(token) ? { headers: { "X-aws-ec2-metadata-token": token } } : {}),
  });
}

/** Attributes are text, so packed user-data is there in base64, and another attribute says so. */
async function askGce(fetch: Fetch): Promise<Fetched> {
  const headers = { "Metadata-Flavor": "Google" };
  const attribute = (name: string) => fetch({ path: `/computeMetadata/v1/instance/attributes/${name}`, headers });
  const data = await attribute("user-data");
  if (!hasBody(data)) return data;
  const encoding = await attribute("user-data-encoding");
  if (!hasBody(encoding) || toText(encoding.body) !== "base64") return data;
  return { ...data, body: Buffer.from(toText(data.body), "base64") };
}

const hasBody = (answer: Fetched): answer is { status: number; body: Uint8Array } =>
  answer !== "too long" && "status" in answer && answer.status === 200;

const toText = (body: Uint8Array) => Buffer.from(body).toString("utf8").trim();

async function lookAt(source: string, asked: Promise<Fetched>): Promise<Look> {
  const answer = await asked;
  if (answer === "too long") return { source, ...unusable(source, TOO_LONG) };
  if ("silent" in answer) return { source, passedOver: answer.silent };
  if (answer.status !== 200) return { source, passedOver: whyNone(answer.status) };
  // A portal that catches every request of a network answers with its own page.
  if (toText(answer.body.subarray(0, 1024)).startsWith("<"))
    return { source, passedOver: "it answers with a web page, as no metadata service does" };
  const data = await judgeUserData(answer.body);
  if (data.kind === "env") return { source, text: data.text };
  if (data.kind === "broken") return { source, ...unusable(source, data.why) };
  return { source, passedOver: `its user-data ${data.why}` };
}

function whyNone(status: number): string {
  if (status === 404) return "it has no user-data (404)";
  if (status >= 300 && status < 400) return `it redirects (${status}), which is not followed`;
  return `it answers with ${status}`;
}

function unusable(source: string, why: string): { unusable: OperatorError } {
  const remedy =
    "Correct the user-data of this machine, or put your env.yml at /app/env.yml; then run `appliance apply`.";
  const message = `The user-data of the ${source} cannot be used: it ${why}.`;
  return { unusable: new OperatorError("ENV_METADATA_UNUSABLE", message, { remedy }) };
}
