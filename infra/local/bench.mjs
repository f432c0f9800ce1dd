import { existsSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { ensureReady, root } from "./bootstrap.mjs";
import { createProgress } from "./progress.mjs";
import { Fault, runCommand } from "./run-command.mjs";
import { runScript } from "./run-script.mjs";

const { env } = process;

/** These measure no storage, or start what they measure themselves. */
const WITHOUT_SERVICES = new Set(["push", "messages", "full-node", "bystanders", "profile"]);

// A bench's figures are only worth something with a database that really writes to disk.
await runScript(async ({ signal }) => {
  const [name = "", ...args] = process.argv.slice(2);
  const progress = createProgress({ stream: process.stdout });
  await ensureReady({ progress, signal });
  const script = path.join(root, "packages/testing/dist/bench", `${name}.js`);
  if (!/^[a-z-]+$/.test(name) || !existsSync(script)) {
    throw new Fault(`There is no bench named "${name}": see packages/testing/src/bench.`);
  }
  const services = WITHOUT_SERVICES.has(name) ? undefined : await startServices({ progress, signal, args });
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

async function startServices({ progress, signal, args }) {
  // How much of the data Postgres keeps in its own memory is a matter of the server, which the bench itself finds running.
  const { values } = parseArgs({ args, options: { "shared-buffers": { type: "string" } }, strict: false });
  const shared = values["shared-buffers"];
  const { startLocalServices } = await import("../../packages/platform/dist/local/local-services.js");
  return progress.step("Postgres and Redis for the bench", () =>
    startLocalServices({
      root,
      databaseUrl: env.DATABASE_URL,
      redisUrl: env.REDIS_URL,
      durable: true,
      ...(shared === undefined ? {} : { postgresSettings: { shared_buffers: shared } }),
      signal,
    }),
  );
}
