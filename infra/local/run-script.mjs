import { Interrupted, watchInterruption } from "./interruption.mjs";
import { Fault } from "./run-command.mjs";

const hurryMs = 5_000;

/**
 * Runs a command of this folder: `main` gets the interruption signals and returns the exit code. Faults become one
 * sentence on stderr; anything else is a bug and keeps its stack trace.
 */
export async function runScript(main, { interruptedCode } = {}) {
  const interruption = watchInterruption();
  interruption.hurry.addEventListener("abort", () => {
    // What still runs then is ended by its guard as soon as this process is gone.
    setTimeout(() => process.exit(interruptedCode ?? interruption.hurry.reason.exitCode), hurryMs);
  });
  try {
    process.exitCode = await main(interruption);
  } catch (error) {
    process.exitCode = 1;
    if (error instanceof Interrupted) process.exitCode = interruptedCode ?? error.exitCode;
    else if (error instanceof Fault || error?.name === "LocalFault")
      process.stderr.write(`${error.message}\n`);
    else process.stderr.write(`${error?.stack ?? error}\n`);
  }
  process.exit();
}
