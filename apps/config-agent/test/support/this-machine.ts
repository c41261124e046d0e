import { runCommand, type RunCommand } from "@appliance/command";

/** The command alone, without the way into a host: this machine stands for it, with a root folder for its files. */
export const onThisMachine: RunCommand = (_program, args, options) => {
  const command = args.slice(args.indexOf("--") + 1);
  // A host without systemd: a shell that leaves its cgroup comes before the command.
  const [program = "", ...rest] = command[3] === "appliance" ? command.slice(4) : command;
  return runCommand(program, rest, options);
};
