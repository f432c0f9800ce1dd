import { parseArgs } from "node:util";
import { startControlServer } from "./control-server.js";
import type { VerifyMode } from "./push-service.js";
import { startPushService } from "./start-push-service.js";

/**
 * A push service in a process of its own. Prints where it is and where it is steered, as one line of JSON with `origin`, `control` and
 * `certificate`.
 * Ends with SIGTERM, SIGINT, or the parent that forked it.
 */

const USAGE =
  "main.js [--port 0] [--control-port 0] [--hostname <name>] [--tls] [--verify full|sample|none] [--sample-every 100]";

function readOptions() {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "0" },
      "control-port": { type: "string", default: "0" },
      hostname: { type: "string", default: "127.0.0.1" },
      tls: { type: "boolean", default: false },
      verify: { type: "string", default: "full" },
      "sample-every": { type: "string", default: "100" },
    },
  });
  const port = wholeNumber(values.port, 0);
  const controlPort = wholeNumber(values["control-port"], 0);
  const sampleEvery = wholeNumber(values["sample-every"], 1);
  const { hostname, tls, verify } = values;
  if (!isVerifyMode(verify)) throw new Error(`--verify ${verify} is none of full, sample and none`);
  return { controlPort, service: { port, hostname, tls, verify, sampleEvery } };
}

function wholeNumber(text: string, least: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < least)
    throw new Error(`"${text}" is not a whole number from ${least} on`);
  return number;
}

function isVerifyMode(word: string): word is VerifyMode {
  return ["full", "sample", "none"].includes(word);
}

try {
  const { controlPort, service: options } = readOptions();
  const service = await startPushService(options);
  const control = await startControlServer(service, controlPort);
  const { origin, certificate } = service;
  process.stdout.write(`${JSON.stringify({ origin, control: control.url, certificate })}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n${USAGE}\n`);
  process.exit(1);
}

process.on("disconnect", () => process.exit(0));
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit(0));
