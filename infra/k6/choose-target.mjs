import { ensureReady } from "../local/bootstrap.mjs";
import { Fault } from "../local/run-command.mjs";

/** One virtual user stands for one person, but no person is as quick as a load test may be set to be. */
const WITHOUT_LIMITS = {
  LOG_LEVEL: "warn",
  MESSAGES_PER_MINUTE: "1000000",
  MESSAGES_BURST: "100000",
  REQUESTS_PER_MINUTE: "1000000",
  REQUESTS_BURST: "100000",
  // All of them come from one address.
  HANDSHAKES_PER_MINUTE: "1000000",
  HANDSHAKES_BURST: "100000",
  CONNECTS_PER_MINUTE: "1000000",
  CONNECTS_BURST: "100000",
  SOCKET_EVENTS_PER_SECOND: "100000",
  SOCKET_EVENTS_BURST: "100000",
};

/**
 * What is put under load: the cluster at `url`, or one that is started for it on free ports with throw-away data, as `npm start -- --fresh` does, and beside
 * one of these. Returns `{url, jwtSecret, gatewaySecret, stop}`.
 */
export async function chooseTarget({ root, url, env, progress, interruption }) {
  if (url === undefined) return startOwnCluster({ root, env, progress, interruption });
  const { JWT_SECRET: jwtSecret, GATEWAY_SECRET: gatewaySecret = "" } = env;
  const stop = async () => undefined;
  if (jwtSecret) return { url, jwtSecret, gatewaySecret, stop };
  if (!isThisMachine(url)) throw new Fault(`JWT_SECRET is not set: it must be the secret of ${url}.`);
  await ensureReady({ progress, signal: interruption.signal });
  return { url, ...(await readLocalSecrets(root, env)), stop };
}

async function startOwnCluster({ root, env, progress, interruption }) {
  const { signal, hurry } = interruption;
  await ensureReady({ progress, signal });
  const { startCluster } = await import("../../packages/platform/dist/local/index.js");
  const secrets = await readLocalSecrets(root, env);
  const cluster = await startCluster({
    root,
    port: 0,
    nodes: Number(env.NODES || 2),
    secrets,
    env: { ...WITHOUT_LIMITS, ...env },
    step: progress.step,
    signal,
  });
  const stop = () => progress.step("stopping", () => cluster.stop({ hurry }));
  return { url: cluster.url, ...secrets, stop };
}

/** The same as those of `npm start`. */
async function readLocalSecrets(root, env) {
  const { localSecrets } = await import("../../packages/platform/dist/local/local-secrets.js");
  return localSecrets(root, env);
}

function isThisMachine(url) {
  return ["localhost", "127.0.0.1", "[::1]"].includes(new URL(url).hostname);
}
