/** Virtual hosts by hand: `tools/lab/main.ts` without arguments prints what it can do. */
import { attachHost, type Host, listHosts, startHost } from "./index.ts";

const USAGE = `Use: tools/node tools/lab/main.ts COMMAND

  start NAME [--bare] [IMAGE...]
                          a fresh host that lives until it is removed; --bare: without a Docker engine; with images of
                          this machine in its engine, which are prepared once and are there at once from then on
  copy NAME DIR           copies this checkout into DIR of the host
  load NAME IMAGE...      gives it images of this machine
  exec NAME COMMAND...    runs a program in it
  reboot NAME             shuts it down and starts it again
  cut NAME                kills everything in it at once and starts it again
  remove NAME             ends it and all it stored
  list                    all hosts on this machine
`;

type Command = (host: Host, args: string[]) => Promise<void>;

const commands: Record<string, Command> = {
  copy: (host, [dir]) => host.copyIn(process.cwd(), dir ?? "/app/appliance"),
  load: (host, images) => host.loadImages(images),
  exec: async (host, argv) => {
    const { code, stdout, stderr } = await host.exec(argv, { allowFailure: true, timeoutMs: 3_600_000 });
    process.stdout.write(stdout);
    process.stderr.write(stderr);
    process.exitCode = code;
  },
  reboot: (host) => host.reboot(),
  cut: (host) => host.cutPower(),
  remove: (host) => host.remove(),
};

async function main([verb = "", name = "", ...args]: string[]): Promise<void> {
  if (verb === "list") return console.log((await listHosts()).join("\n"));
  if (verb === "start" && name) return await start(name, args);
  const command = commands[verb];
  if (command && name) return await command(attachHost(name), args);
  process.stderr.write(USAGE);
  process.exitCode = 2;
}

async function start(name: string, args: string[]): Promise<void> {
  const images = args.filter((arg) => arg !== "--bare");
  const image = args.includes("--bare") ? "bare" : "host";
  const host = await startHost({ name, keep: true, image, ...(images.length > 0 ? { images } : {}) });
  console.log(`${name} is up: ${host.publishedUrl}`);
}

await main(process.argv.slice(2));
