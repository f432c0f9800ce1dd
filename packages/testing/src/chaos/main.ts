import { fileURLToPath } from "node:url";
import { readChaosOptions } from "./chaos-options.js";
import { runChaos } from "./run-chaos.js";

/** `npm run chaos`: exit code 1 when a promise was broken. */

const root = fileURLToPath(new URL("../../../..", import.meta.url));

try {
  const options = readChaosOptions(process.argv.slice(2));
  const results = await runChaos({ root, options, write: (line) => process.stdout.write(`${line}\n`) });
  process.exit(results.every(({ kept }) => kept) ? 0 : 1);
} catch (error) {
  const { name, message, stack } = error as Error;
  process.stderr.write(`${name === "LocalFault" ? message : (stack ?? message)}\n`);
  process.exit(1);
}
