import { createServer } from "node:net";
import { ensureReady, root } from "./bootstrap.mjs";
import { createProgress } from "./progress.mjs";
import { Fault } from "./run-command.mjs";
import { runScript } from "./run-script.mjs";

const { env } = process;

const progress = createProgress({ stream: process.stdout });

await runScript(
  async ({ signal, hurry }) => {
    await ensurePortFree(Number(env.PORT || 8080));
    await ensureReady({ progress, signal });
    const { main } = await import("../../packages/platform/dist/local/main.js");
    return main({ root, args: process.argv.slice(2), env: process.env, progress, signal, hurry });
  },
  { interruptedCode: 0 },
);

/** Setting up can take a minute; a taken port is better known before it. */
function ensurePortFree(port) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error) => {
      if (error.code !== "EADDRINUSE") resolve();
      else reject(new Fault(`Port ${port} is taken: stop what uses it or set PORT to another.`));
    });
    server.listen({ port: port >= 0 && port < 65_536 ? port : 0, host: "127.0.0.1" }, () =>
      server.close(resolve),
    );
  });
}
