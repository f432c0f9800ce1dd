import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { type Cluster, type ClusterOptions, startCluster } from "@parley/platform/local";
import { createTestDatabase, testRedisUrl } from "./test-database.js";
import { TEST_GATEWAY_SECRET, TEST_JWT_SECRET } from "./test-token.js";

export interface TestCluster extends Cluster {
  /** The nodes' own addresses, past the load balancer. */
  urls: [string, string];
  databaseUrl: string;
  /** What every key and channel of it in Redis begins with. */
  redisPrefix: string;
}

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

const SECRETS = { jwtSecret: TEST_JWT_SECRET, gatewaySecret: TEST_GATEWAY_SECRET };

/** Two real API processes, or as many as asked for, a worker and a load balancer over a database of their own, and over another Redis where one is given. */
export async function startTestCluster(
  env: NodeJS.ProcessEnv = {},
  { nodes = 2, redisUrl = testRedisUrl() }: { nodes?: number; redisUrl?: string } = {},
): Promise<TestCluster> {
  const database = await createTestDatabase();
  const services = { databaseUrl: database.url, redisUrl, isMigrated: true };
  const cluster = await start(services, env, nodes);
  return {
    ...cluster,
    stop: async (how) => {
      await cluster.stop(how);
      await database.drop();
    },
  };
}

/** The same with a Postgres and a Redis of its own, for tests that hurt them. */
export function startOwnCluster(env: NodeJS.ProcessEnv = {}): Promise<TestCluster> {
  return start({}, env);
}

async function start(
  services: Pick<ClusterOptions, "databaseUrl" | "redisUrl" | "isMigrated">,
  env: NodeJS.ProcessEnv,
  nodes = 2,
): Promise<TestCluster> {
  const redisPrefix = `test-${randomBytes(6).toString("hex")}`;
  const cluster = await startCluster({
    root: ROOT,
    port: 0,
    nodes,
    ...services,
    durable: false,
    secrets: SECRETS,
    env: {
      ...process.env,
      ...WITHOUT_LIMITS,
      REDIS_PREFIX: redisPrefix,
      ...env,
    },
  });
  const [first, second] = cluster.nodes;
  if (first === undefined || second === undefined) throw new Error("the cluster has fewer than two nodes");
  const urls: [string, string] = [first.url, second.url];
  return { ...cluster, urls, databaseUrl: cluster.services.databaseUrl, redisPrefix };
}

const WITHOUT_LIMITS = {
  LOG_LEVEL: "warn",
  MESSAGES_PER_MINUTE: "1000000",
  MESSAGES_BURST: "100000",
  REQUESTS_PER_MINUTE: "1000000",
  REQUESTS_BURST: "100000",
  CONNECTS_PER_MINUTE: "1000000",
  CONNECTS_BURST: "100000",
  SOCKET_EVENTS_PER_SECOND: "100000",
  SOCKET_EVENTS_BURST: "100000",
};
