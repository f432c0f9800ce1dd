import { writeFileSync } from "node:fs";
import path from "node:path";
import { type Cluster, type ClusterProcess, startCluster } from "@parley/platform/local";
import { type Edge, startEdge } from "../edge.js";
import { TEST_JWT_SECRET } from "../test-token.js";
import { type ChaosRedis, ChaosServices } from "./chaos-services.js";
import { CrashWatch } from "./crash-watch.js";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.js";

export interface ChaosClusterOptions {
  root: string;
  logDir: string;
  catchUp: boolean;
  /** Put the nginx of `infra/nginx` in front of the nodes. */
  behindNginx?: boolean;
  /** Give the nodes a Postgres with a replica. */
  withReplica?: boolean;
  /** Start a process again that ended by itself, as systemd, Docker and Kubernetes do. */
  supervise?: boolean;
  /** Which Redis the nodes use. */
  redis?: ChaosRedis;
}

/** What a scenario may break. */
export interface ChaosCluster {
  url: string;
  /** Where clients connect: the load balancer, or nginx in its place. */
  clientsUrl: string;
  /** What their processes need in their environment to trust it. */
  clientsEnv: NodeJS.ProcessEnv;
  nodes: ClusterProcess[];
  services: ChaosServices;
  /** The last node's own wires to Redis and Postgres, and one from the clients to the load balancer for a scenario that wants it. */
  wires: { redis: TcpProxy; postgres: TcpProxy; clients: TcpProxy };
  crashes: CrashWatch;
  /** Everything runs and is ready for traffic. */
  isWhole(): boolean;
  stop(): Promise<void>;
}

const NODES = 3;
const PLENTY = "1000000";

/** Three API processes, a worker, a load balancer, a Postgres and a Redis of their own. */
export async function startChaosCluster(options: ChaosClusterOptions): Promise<ChaosCluster> {
  const services = new ChaosServices(options);
  const wires: TcpProxy[] = [];
  let edge: Edge | undefined;
  const stopRest = async () => {
    if (edge) writeFileSync(path.join(options.logDir, "nginx.log"), edge.output());
    await edge?.stop();
    await Promise.all(wires.map((wire) => wire.stop()));
    await services.stop();
  };
  try {
    await services.start();
    const redis = await startTcpProxy(services.redis.port);
    const postgres = await startTcpProxy(services.postgres.port);
    wires.push(redis, postgres);
    const cluster = await startNodes(options, services, { redis: redis.port, postgres: postgres.port });
    edge = options.behindNginx ? await startEdge({ ports: portsOf(cluster.nodes) }) : undefined;
    const clients = await startTcpProxy(edge?.port ?? cluster.balancer.port);
    wires.push(clients);
    const { nodes, worker } = cluster;
    const crashes = new CrashWatch([...nodes, worker], options.logDir);
    return {
      url: cluster.url,
      clientsUrl: edge?.url ?? cluster.url,
      clientsEnv: edge === undefined ? {} : { NODE_EXTRA_CA_CERTS: edge.certificate },
      nodes,
      services,
      wires: { redis, postgres, clients },
      crashes,
      isWhole: () =>
        cluster.balancer.readyNodes().length === NODES && [...nodes, worker].every(({ pid }) => pid),
      stop: async () => {
        crashes.stop();
        // At once: whatever a shutdown in order would show belongs into a scenario.
        await cluster.stop({ hurry: AbortSignal.abort() });
        await stopRest();
      },
    };
  } catch (error) {
    await stopRest();
    throw error;
  }
}

function portsOf(nodes: readonly ClusterProcess[]): number[] {
  return nodes.map(({ url }) => Number(new URL(url).port));
}

function startNodes(
  { root, logDir, catchUp, supervise = false }: ChaosClusterOptions,
  services: ChaosServices,
  ports: { redis: number; postgres: number },
): Promise<Cluster> {
  return startCluster({
    root,
    port: 0,
    nodes: NODES,
    databaseUrl: services.postgres.url,
    redisUrl: services.redisUrl,
    logDir,
    supervise,
    secrets: { jwtSecret: TEST_JWT_SECRET, gatewaySecret: "a-gateway-secret-for-tests" },
    env: {
      ...process.env,
      LOG_LEVEL: "info",
      MESSAGES_PER_MINUTE: PLENTY,
      MESSAGES_BURST: "100000",
      REQUESTS_PER_MINUTE: PLENTY,
      REQUESTS_BURST: "100000",
      CONNECTS_PER_MINUTE: PLENTY,
      CONNECTS_BURST: "100000",
      ...(catchUp ? {} : { PARLEY_CATCH_UP: "off" }),
    },
    envByName: {
      [`api-${NODES}`]: {
        ...(services.redisUrl === services.redis.url && {
          REDIS_URL: throughPort(services.redis.url, ports.redis),
        }),
        DATABASE_URL: throughPort(services.postgres.url, ports.postgres),
      },
    },
  });
}

function throughPort(url: string, port: number): string {
  const changed = new URL(url);
  changed.port = String(port);
  return changed.toString();
}
