/** As a shell has it of a command that Ctrl-C ended. */
const ENDED_BY_SIGINT = 130;

/** Waits for work that an agent does; Ctrl-C ends the waiting alone, and `sentence` says so before the command ends. */
export async function whileItGoesOn<T>(
  work: () => Promise<T>,
  sentence: string,
  say: (text: string) => void,
): Promise<T> {
  const leave = () => {
    say(sentence);
    process.exit(ENDED_BY_SIGINT);
  };
  process.once("SIGINT", leave);
  try {
    return await work();
  } finally {
    process.off("SIGINT", leave);
  }
}
