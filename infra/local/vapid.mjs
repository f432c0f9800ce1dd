import { ensureReady } from "./bootstrap.mjs";
import { createProgress } from "./progress.mjs";
import { runScript } from "./run-script.mjs";

// Only the variables go to stdout, so that they can be appended to a file.
const progress = createProgress({ stream: process.stderr, skipQuick: true });

await runScript(async ({ signal }) => {
  await ensureReady({ progress, signal });
  const { createVapidPair } = await import("../../packages/platform/dist/local/local-secrets.js");
  const { publicKey, privateKey } = createVapidPair();
  process.stdout.write(`VAPID_PUBLIC_KEY=${publicKey}\nVAPID_PRIVATE_KEY=${privateKey}\n`);
  return 0;
});
