import { existsSync } from "node:fs";
import path from "node:path";
import { ensureReady, root } from "./bootstrap.mjs";
import { createProgress } from "./progress.mjs";
import { Fault, runCommand } from "./run-command.mjs";
import { runScript } from "./run-script.mjs";

const { env } = process;

/** These measure no storage, or start what they measure themselves. */
const WITHOUT_SERVICES = new Set(["push", "messages", "full-node", "bystanders"]);

// A bench's figures are only worth something with a database that really writes to disk.
await runScript(async ({ signal }) => {
  const [name = "", ...args] = process.argv.slice(2);
  const progress = createProgress({ stream: process.stdout });
  await ensureReady({ progress, signal });
  const script = path.join(root, "packages/testing/dist/bench", `${name}.js`);
  if (!/^[a-z-]+$/.test(name) || !existsSync(script)) {
    throw new Fault(`There is no bench named "${name}": see packages/testing/src/bench.`);
  }
  const services = WITHOUT_SERVICES.has(name) ? undefined : await startServices(progress, signal);
  try {
    const urls = services && { DATABASE_URL: services.databaseUrl, REDIS_URL: services.redisUrl };
    const { code } = await runCommand([process.execPath, script, ...args], {
      cwd: root,
      env: { ...env, ...urls },
      signal,
      stdio: "inherit",
    });
    return code;
  } finally {
    await services?.stop();
  }
});

async function startServices(progress, signal) {
  const { startLocalServices } = await import("../../packages/platform/dist/local/local-services.js");
  return progress.step("Postgres and Redis for the bench", () =>
    startLocalServices({
      root,
      databaseUrl: env.DATABASE_URL,
      redisUrl: env.REDIS_URL,
      durable: true,
      signal,
    }),
  );
}
