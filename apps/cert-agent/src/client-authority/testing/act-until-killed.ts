import { runCommand, type RunCommand } from "@appliance/command";
import { createClientAuthority } from "../index.ts";
import { request, signal } from "./fixture.ts";

/**
 * `node act-until-killed.ts FOLDER WORKFOLDER issue|revoke NUMBER`: does it and prints the serials, or dies when openssl is to be
 * started for the NUMBERth time (0: never).
 */
const [folder = "", workFolder = "", action, number] = process.argv.slice(2);

let starts = 0;
const run: RunCommand = (program, args, options) => {
  if (program === "openssl" && ++starts === Number(number)) process.kill(process.pid, "SIGKILL");
  return runCommand(program, args, options);
};
const now = () => new Date("2026-11-23T10:00:00Z");
const authority = createClientAuthority({
  run,
  workFolder,
  folder,
  now,
  builtAt: new Date(0),
  domain: () => "ecs.example",
});
const done =
  action === "issue"
    ? [(await authority.issue(request({ name: "the new one" }), signal)).certificate]
    : await authority.revoke("office@ecs.example", signal);
console.log(done.map(({ serial }) => serial).join("\n"));
