import { type Host, startHost } from "../../../tools/lab/index.ts";

/** A certificate authority in a virtual host of its own: Pebble, which asks its visitors back on port 80 as real ones do. */
export interface Authority {
  host: Host;
  directoryUrl: string;
  /** PEM of what its own TLS is trusted by. */
  ca: string;
  /** PEM of the root that its certificates lead to; another one after each start. */
  root(): Promise<string>;
}

const CONFIG = {
  pebble: {
    listenAddress: "0.0.0.0:14000",
    managementListenAddress: "127.0.0.1:15000",
    certificate: "/root/tls.crt",
    privateKey: "/root/tls.key",
    httpPort: 80,
    tlsPort: 443,
    ocspResponderURL: "",
    externalAccountBindingRequired: false,
  },
};

/** Names are looked up as everywhere between virtual hosts; every other nonce is refused. */
const START = [
  "systemd-run --quiet --unit=pebble --setenv=PEBBLE_WFE_NONCEREJECT=50 --setenv=PEBBLE_VA_NOSLEEP=1",
  "pebble -config /root/pebble.json -dnsserver 127.0.0.11:53",
].join(" ");

export async function startAuthority(name: string): Promise<Authority> {
  const host = await startHost({ name, image: "bare" });
  await host.exec([
    "sh",
    "-c",
    "apt-get update -qq && apt-get install -y -qq --no-install-recommends pebble curl openssl",
  ]);
  const subject = `-subj /CN=${host.domain} -addext subjectAltName=DNS:${host.domain},DNS:localhost`;
  const key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout /root/tls.key";
  await host.exec(["sh", "-c", `openssl req -x509 ${key} -out /root/tls.crt -days 30 ${subject}`]);
  await host.exec(["sh", "-c", "cat > /root/pebble.json"], { input: JSON.stringify(CONFIG) });
  await host.exec(["sh", "-c", START]);
  const asked = [
    "curl",
    "-sS",
    "--retry",
    "20",
    "--retry-connrefused",
    "--retry-delay",
    "1",
    "--cacert",
    "/root/tls.crt",
  ];
  return {
    host,
    directoryUrl: `https://${host.domain}:14000/dir`,
    ca: (await host.exec(["cat", "/root/tls.crt"])).stdout,
    root: async () => (await host.exec([...asked, "https://localhost:15000/roots/0"])).stdout,
  };
}
