import { describe, expect, it } from "vitest";
import { makeRsaKey, secretKeyBlock } from "./testing/example.ts";
import { appliance, problemsOf } from "./testing/parse.ts";

describe("a wrong value", () => {
  const weakKey = `|\n      ${makeRsaKey(1024).trimEnd().replaceAll("\n", "\n      ")}`;
  const brokenKey = secretKeyBlock.replace("lFgE", "lFgF").trimEnd().replaceAll("\n", "\\n");

  it.each([
    ["standby: maybe", "4:12: appliance:standby: must be yes or no, but here is text"],
    ["standby: 1", "4:12: appliance:standby: must be yes or no, but here is the number '1'"],
    ["metric: on", "4:11: appliance:metric: must be a section with keys below it, but here is a yes or no"],
    ["git: {branch: [a]}", "4:17: appliance:git:branch: must be text, but here is a list"],
    [
      "git: {branch: no}",
      "4:17: appliance:git:branch: is a yes or no here; if the text no is meant, write it in quotes",
    ],
    ["git: {branch: a..b}", "4:17: appliance:git:branch: 'a..b' is no name of a branch"],
    ["git: {source: 'ext::sh -c id'}", "4:17: appliance:git:source: must be a git URL without blanks"],
    ["git: {source: 'htps://x/y'}", "4:17: appliance:git:source: unknown scheme 'htps', did you mean 'https'?"],
    ["allowed_hosts: 10.0.0.1", "4:18: appliance:allowed_hosts: '10.0.0.1' is an address, and a host name is needed"],
    [
      "allowed_hosts: [a_b]",
      "4:19: appliance:allowed_hosts:0: 'a_b' is no host name: it may have letters, digits, '-' and '.'",
    ],
    [
      "allowed_hosts: 5",
      "4:18: appliance:allowed_hosts: must be a list, or one line of text, but here is the number '5'",
    ],
    [`allowed_hosts: ${"a ".repeat(9000)}`, "4:18: appliance:allowed_hosts: is longer than 16384 characters"],
    ["ssl: {key: k.pem}", "4:14: appliance:ssl:key: needs appliance:ssl:cert beside it"],
    ["ssl: {cert: c.pem}", "4:15: appliance:ssl:cert: needs appliance:ssl:key beside it"],
    ...(
      [
        ["directory_url: 'http://ca.test/dir'", "4:38", "directory_url: must be a URL that begins with https://"],
        ["directory_url: 'https://a:b@ca.test/dir'", "4:38", "directory_url: may have no user and no password"],
        ["profile: 'a b'", "4:32", "profile: 'a b' is no name of letters, digits and . _ -"],
        ["ca: ../ca.pem", "4:27", "ca: must be PEM text, or a file name of letters, digits and . _ + @ - /"],
        [
          "external_account: {key_id: a b, hmac_key: AAAAAAAAAAAAAAAAAAAAAAAA}",
          "4:50",
          "external_account:key_id: must be one word of ASCII characters",
        ],
        [
          "external_account: {key_id: a, hmac_key: 'not base64url!'}",
          "4:63",
          "external_account:hmac_key: must be base64url text, as the authority shows it",
        ],
        [
          "external_account: {key_id: a, hmac_key: AAAA}",
          "4:63",
          "external_account:hmac_key: is shorter than 16 bytes",
        ],
        ["external_account: {key_id: a}", "4:23", "external_account:hmac_key: is missing"],
      ] as const
    ).map(([text, place, message]) => [
      `ssl: {letsencrypt: {${text}}}`,
      `${place}: appliance:ssl:letsencrypt:${message}`,
    ]),
    [
      "sentry: {dsn: 'https://url'}",
      "4:17: appliance:sentry:dsn: must be a Sentry DSN, as in https://key@sentry.example/1",
    ],
    [
      "extra: {packages: qrcode}",
      "4:21: appliance:extra:packages: must be a list, each line of it with '- ' in front, but here is text",
    ],
    [
      "extra: {packages: [Curl]}",
      "4:22: appliance:extra:packages:0: 'Curl' is no name of a Debian package, did you mean 'curl'?",
    ],
    ["extra: {packages: [curl-]}", "4:22: appliance:extra:packages:0: 'curl-' is no name of a Debian package"],
    ["extra: {states: 'a: [b'}", "4:19: appliance:extra:states: wrong indentation"],
    ["extra: {files: [{contents: x}]}", "4:19: appliance:extra:files:0:path: is missing"],
    ["extra: {files: [{path: /a}]}", "4:19: appliance:extra:files:0:contents: is missing"],
    ["extra: {files: [{path: a, contents: x}]}", "4:26: appliance:extra:files:0:path: 'a' must be an absolute path"],
    [
      "extra: {files: [{path: /a/../b, contents: x}]}",
      "4:26: appliance:extra:files:0:path: '/a/../b' must name a file, without '//', '.', '..' and '/' at the end",
    ],
    [
      "extra: {files: [{path: /run/docker.sock, contents: x}]}",
      "4:26: appliance:extra:files:0:path: '/run/docker.sock' is not for files of one's own: /run/docker.sock belongs to the system",
    ],
    [
      "extra: {files: [{path: /a, contents: x}, {path: /a, contents: y}]}",
      "4:51: appliance:extra:files:1:path: '/a' is written by 1. file of the list already",
    ],
    [
      "extra: {files: [{path: /a, contents: x, permissions: 0999}]}",
      "4:56: appliance:extra:files:0:permissions: '0999' must be an octal mode such as 0600",
    ],
    [
      "extra: {files: [{path: /a, contents: x, permissions: u+s}]}",
      "4:56: appliance:extra:files:0:permissions: 'u+s' must be an octal mode such as 0600",
    ],
    [
      "extra: {files: [{path: /a, contents: x, owner: 'a b'}]}",
      "4:50: appliance:extra:files:0:owner: 'a b' must be user or user:group",
    ],
    ["update: {oncalendar: Snu}", "4:24: appliance:update:oncalendar: Calendar expression 'Snu', column 1:"],
    ["dkim: {key: abc}", "4:15: appliance:dkim:key: must be an RSA private key in PEM without a passphrase"],
    [`dkim:\n    key: ${weakKey}`, "5:10: warning: appliance:dkim:key: the key has 1024 bits; receivers ask for 2048"],
    ["backup: {encrypt: abc}", "4:21: appliance:backup:encrypt: must be an armored OpenPGP key"],
    [
      `backup: {encrypt: "${brokenKey}\\n"}`,
      "4:21: appliance:backup:encrypt: the OpenPGP key is not whole: its checksum does not fit",
    ],
    [
      `backup: {encrypt: "${brokenKey.replaceAll("PRIVATE", "PUBLIC")}\\n"}`,
      "4:21: appliance:backup:encrypt: must be the private key, but here is only a public one or a message",
    ],
    ["backup: {url: 'fpt://host/x'}", "4:17: appliance:backup:url: unknown scheme 'fpt', did you mean 'ftp'?"],
    ["backup: {mount: {type: nfs}}", "4:12: appliance:backup:mount:source: is missing"],
    [
      "backup: {mount: {type: cifs, source: 'host:/x', target: /mnt/x}}",
      "4:40: appliance:backup:mount:source: 'host:/x' must be a Windows share, as in //server/share",
    ],
    [
      "backup: {mount: {type: cifs, source: //h/s, target: /etc/x}}",
      "4:55: appliance:backup:mount:target: '/etc/x' would hide a folder of the system",
    ],
    [
      "backup: {url: file:///mnt/x, mount: {type: cfis, source: //h/s, target: /mnt/x}}",
      "4:46: warning: appliance:backup:mount:type: 'cfis' is an unusual type, did you mean 'cifs'?",
    ],
    ["database: {locale: de_DE}", "4:22: appliance:database:locale: 'de_DE' must be a UTF-8 locale"],
    ["database: {locale: de_ED.UTF-8}", "4:22: appliance:database:locale: 'de_ED.UTF-8' must be a UTF-8 locale"],
    [`git: {branch: ${"x".repeat(251)}}`, "4:17: appliance:git:branch: is longer than 250 characters"],
    ['git: {branch: "a\\nb"}', "4:17: appliance:git:branch: must be one line"],
    ['git: {branch: "a\\u202eb"}', "4:17: appliance:git:branch: holds the invisible character U+202E"],
  ])("%s", (lines, expected) => {
    const [first] = problemsOf(appliance(lines));
    expect(first?.slice(0, `env.yml:${expected}`.length)).toBe(`env.yml:${expected}`);
  });

  it("of an application that is not part of the appliance is met with the one that is", () => {
    expect(problemsOf(appliance() + "ecs: {git: {source: 'builtin:smaple'}}\n")).toEqual([
      "env.yml:4:21: ecs:git:source: unknown application 'builtin:smaple', did you mean 'builtin:sample'?",
    ]);
  });

  it("of an ssh key is found before it locks anyone out", () => {
    const problems = problemsOf(
      appliance() + "ssh_authorized_keys:\n  - ssh-rsa and some more\n  - ssh-ed25519 AAAA x\n",
    );
    expect(problems).toEqual([
      "env.yml:5:5: ssh_authorized_keys:0: is not whole: it does not hold a ssh-rsa key",
      "env.yml:6:5: ssh_authorized_keys:1: is not whole: it does not hold a ssh-ed25519 key",
    ]);
  });

  it("hides no other one: all are reported at once, in the order of the file", () => {
    const text = appliance("standby: x", "git: {branch: a..b}", "dkim: {key: x}").replace("ecs.example", "a b");
    expect(problemsOf(text).map((line) => line.split(":")[1])).toEqual(["3", "4", "5", "6"]);
  });
});
