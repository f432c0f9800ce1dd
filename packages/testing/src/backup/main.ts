import { fileURLToPath } from "node:url";
import { runDrill } from "./drill.js";

/** `npm run drill -- [messages]`: loses a database of its own, restores it, and prints what came of it. */

const root = fileURLToPath(new URL("../../../..", import.meta.url));

try {
  const messages = Number(process.argv[2] ?? 100_000);
  if (!(messages >= 0)) throw new Error("How many messages? npm run drill -- 100000");
  const result = await runDrill({ root, messages, write: (line) => process.stdout.write(`${line}\n`) });
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  process.exit(0);
} catch (error) {
  process.stderr.write(`${(error as Error).stack}\n`);
  process.exit(1);
}
