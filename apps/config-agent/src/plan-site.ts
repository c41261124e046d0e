import { isPublicName } from "@appliance/env";

/** What env.yml and the application group decide about the web site. The fixed rest is in compose/images/nginx. */
export interface SiteSettings {
  /** The public name, in ASCII. Also the name that other names of this host are told to use. */
  domain: string;
  /** Further names that the site answers to, in ASCII; the domain is always one of them. */
  allowedHosts: readonly string[];
  /**
   * `mandatory`: nobody reaches the application without a verified certificate, also while there is no CA to verify with.
   * `optional` (the default): the application is told what was verified and decides by itself.
   */
  clientCertificates?: "mandatory" | "optional";
  upstream: {
    /** The name of the container in the network `front`, such as `ecs.web`. */
    service: string;
    port: number;
    protocol: "http" | "uwsgi";
    /**
     * Path that is asked whether the application is well. It is passed on while the status page is shown and without a
     * client certificate: config-agent proves the application through nginx before visitors get it.
     */
    health?: string;
  };
  /** The largest request body, in MiB; 250 by default. */
  uploadLimitMiB?: number;
  /** The port that browsers connect to for TLS; 443 by default. Part of redirects and of the Host that is passed on. */
  httpsPort?: number;
}

const HEADER = "# Made by config-agent from env.yml. A change by hand is lost with the next `appliance apply`.";
const INCLUDES = "/etc/nginx/appliance";
const STATUS_PAGE_ON = "if (-f /var/lib/appliance/status/on) { return 503; }";
const TWO_YEARS_S = 63_072_000;
const DEFAULT_UPLOAD_MIB = 250;
const HTTPS_PORT = 443;

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
const URL_PATH = /^\/[A-Za-z0-9/._~-]*$/;

/**
 * The site part of nginx' configuration: file name → text, for one generation. Reads nothing and is the same for the same
 * settings.
 * @throws TypeError when a value could be read by nginx as anything but that value; env.yml's own checks come first.
 */
export function renderSite(wanted: SiteSettings): Record<string, string> {
  assertPlain(wanted);
  const names = [...new Set([wanted.domain, ...wanted.allowedHosts])].sort();
  const parts = [HEADER, maps(wanted, names), otherNames(), plain(names), encrypted(wanted, names)];
  return { "site.conf": `${parts.join("\n\n")}\n` };
}

/** Nothing of this is quoted in nginx' language: a value either needs no quoting or is refused. */
function assertPlain({ domain, allowedHosts, upstream, uploadLimitMiB, httpsPort }: SiteSettings) {
  for (const name of [domain, ...allowedHosts, upstream.service])
    if (!HOST_NAME.test(name)) throw new TypeError(`not a host name: ${JSON.stringify(name)}`);
  const { health = "/" } = upstream;
  if (!URL_PATH.test(health)) throw new TypeError(`not a plain path: ${JSON.stringify(health)}`);
  for (const port of [upstream.port, httpsPort ?? HTTPS_PORT])
    if (!isWithin(port, 1, 65_535)) throw new TypeError(`not a port: ${port}`);
  if (!isWithin(uploadLimitMiB ?? 1, 1, 1_048_576))
    throw new TypeError(`not an upload limit in MiB: ${uploadLimitMiB}`);
}

const isWithin = (value: number, low: number, high: number) => Number.isInteger(value) && value >= low && value <= high;

/**
 * HSTS binds a browser to TLS for two years, for every port of the name. A name of nobody's own, such as localhost, is also
 * other programs' name in the same browser; an address is no HSTS host anyway (RFC 6797 section 8.1.1). Behind a self-signed
 * certificate the header is sent and does nothing: browsers heed it only after a connection without errors (section 8.1).
 */
function hstsOf(domain: string): string {
  return isPublicName(domain) ? `max-age=${TWO_YEARS_S}` : "";
}

function maps(
  { domain, upstream, uploadLimitMiB, httpsPort: port = HTTPS_PORT }: SiteSettings,
  names: string[],
): string {
  const open = ["/.appliance/status.json", ...(hasHealthLocation(upstream.health) ? [upstream.health] : [])];
  return `client_max_body_size ${uploadLimitMiB ?? DEFAULT_UPLOAD_MIB}m;

# update-agent may send requests elsewhere for a time: lines of its own, such as \`~^ "ecs.web.next:5000";\`.
map $host $application {
  default "${upstream.service}:${upstream.port}";
  include upstream/*.map;
}
map $host $published_port {
  default "${port === HTTPS_PORT ? "" : `:${port}`}";
}
map $host $published_port_number {
  default "${port}";
}
map $https $hsts {
  default "";
  on "${hstsOf(domain)}";
}
# A connection that was opened for a foreign name gets nothing, whatever it asks for afterwards. One without SNI may.
map $ssl_server_name $foreign_sni {
  default 1;
  "" 0;
${names.map((name) => `  ${name} 0;`).join("\n")}
}
# Where a bad client certificate leads: to a page that says so, but for what is everybody's.
map $uri $path_of_bad_certificate {
  default /.appliance/certificate;
${open.map((path) => `  ${path} ${path};`).join("\n")}
}`;
}

/**
 * The page helps whoever comes by address while the appliance starts; afterwards only the site's own names are answered. A
 * challenge is answered for every name: one that was just added may be validated before the site knows it.
 */
function otherNames(): string {
  const refuse = (status: number) => `  include ${INCLUDES}/pages.conf;
  location / {
    ${STATUS_PAGE_ON}
    default_type text/plain;
    return ${status} "This server does not answer to that name.\\n";
  }
}`;
  return `# Names that are not this site's.
server {
  listen 8080 default_server;
  include ${INCLUDES}/acme.conf;
  include ${INCLUDES}/status-json.conf;
${refuse(400)}
server {
  listen 8443 ssl default_server;
  http2 on;
  ssl_certificate tls/server.crt;
  ssl_certificate_key tls/server.key;
  include ${INCLUDES}/status-json.conf;
${refuse(421)}`;
}

/** The page is shown without TLS too: at a first start there is only a self-signed certificate, and a warning before it. */
function plain(names: string[]): string {
  return `server {
  listen 8080;
  server_name ${names.join(" ")};
  include ${INCLUDES}/acme.conf;
  include ${INCLUDES}/pages.conf;
  include ${INCLUDES}/status-json.conf;
  location / {
    ${STATUS_PAGE_ON}
    return 301 https://$host$published_port$request_uri;
  }
}`;
}

function encrypted({ clientCertificates, upstream }: SiteSettings, names: string[]): string {
  const application = `include ${INCLUDES}/application-${upstream.protocol}.conf;`;
  const verified =
    clientCertificates === "mandatory"
      ? `
    if ($ssl_client_verify != SUCCESS) { rewrite ^ /.appliance/certificate last; }`
      : "";
  return `server {
  listen 8443 ssl;
  http2 on;
  server_name ${names.join(" ")};
  ssl_certificate tls/server.crt;
  ssl_certificate_key tls/server.key;
  add_header Strict-Transport-Security $hsts always;
  if ($foreign_sni) { return 421; }
  include ${INCLUDES}/pages.conf;
  include ${INCLUDES}/status-json.conf;${healthLocation(upstream.health, application)}
  location / {
    ${STATUS_PAGE_ON}${verified}
    ${application}
  }
}`;
}

const hasHealthLocation = (path: string | undefined): path is string => path !== undefined && path !== "/";

function healthLocation(path: string | undefined, application: string): string {
  if (!hasHealthLocation(path)) return "";
  return `
  location = ${path} {
    ${application}
  }`;
}
