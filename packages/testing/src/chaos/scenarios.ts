import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterProcess } from "@parley/platform/local";
import { until } from "../until.js";
import type { ChaosCluster } from "./chaos-cluster.js";
import type { ChaosRedis } from "./chaos-services.js";
import type { ChatShape } from "./plan-chats.js";
import { revokeUsers } from "./revoke-users.js";
import type { Stage } from "./stage.js";
import type { TcpProxy } from "./tcp-proxy.js";
import { untilWhole } from "./until-at-rest.js";

export interface Scenario {
  title: string;
  /** The clients' connections pass through a wire that can be cut. */
  clientsOnWire?: boolean;
  /** The nodes use a Postgres with a replica that commits wait for. */
  withReplica?: boolean;
  /** Processes that end by themselves are started again. */
  supervise?: boolean;
  /** Which Redis the nodes use; the single one when left out. */
  redis?: ChaosRedis;
  shape?: (clients: number) => Partial<ChatShape>;
  /** Breaks something and mends it again; the run waits until everything is whole. */
  fault(stage: Stage): Promise<void>;
}

const KILL_EVERY_MS = 10_000;
const NODE_AWAY_MS = 1_000;
const SLOW_SHARE = 0.05;
const HALT_MS = 20_000;
const SHORT_HALT_MS = 5_000;
/** Traffic over the new master. */
const AFTER_FAILOVER_MS = 3_000;
const POSTGRES_AWAY_MS = 2_000;
/** How long the replica answers at the address before it may write. */
const READING_ONLY_MS = 1_000;
const PEACE_MS = 5_000;

/** Everything that `npm run chaos` can do to a cluster. */
export const SCENARIOS = {
  calm: {
    title: "nothing is broken",
    fault: ({ faultMs }) => sleep(faultMs),
  },
  "kill-node": {
    title: "an API node is killed with SIGKILL every 10 s",
    fault: killNodes,
  },
  "redis-kill-1": { title: "Redis is killed, and back and empty after 1 s", fault: killRedis(1_000) },
  "redis-kill-10": { title: "Redis is killed, and back and empty after 10 s", fault: killRedis(10_000) },
  "redis-kill-60": { title: "Redis is killed, and back and empty after 60 s", fault: killRedis(60_000) },
  "redis-stop": { title: "Redis is halted with SIGSTOP for 20 s", fault: haltRedis },
  "redis-failover": {
    title: "the Redis master is killed, and sentinels make a replica the master",
    redis: "sentinels",
    fault: failOverRedis,
  },
  "redis-cluster-failover": {
    title: "masters of a Redis Cluster are killed, and replicas take their places; slots move",
    redis: "cluster",
    fault: failOverRedisCluster,
  },
  "postgres-restart": {
    title: "Postgres is stopped with -m immediate and started again",
    fault: restartPostgres,
  },
  "postgres-failover": {
    title: "the Postgres primary is killed, and its replica is promoted and takes its address",
    withReplica: true,
    supervise: true,
    fault: failOverPostgres,
  },
  "cut-redis": {
    title: "one node is cut off from Redis, first refused and then hanging",
    fault: (stage) => cutWire(stage, stage.cluster.wires.redis),
  },
  "cut-postgres": {
    title: "one node is cut off from Postgres, first refused and then hanging",
    fault: (stage) => cutWire(stage, stage.cluster.wires.postgres),
  },
  "drop-all": {
    title: "all clients lose their connections at once, every 10 s",
    clientsOnWire: true,
    fault: dropAll,
  },
  "rolling-restart": {
    title: "all API nodes are restarted in order, one after the other",
    fault: restartNodes,
  },
  "slow-readers": {
    title: "5 % of the clients stop reading",
    shape: (clients) => ({ slowReaders: slowCount(clients) }),
    fault: stallReaders,
  },
  "join-race": {
    title: "people are let in, speak at once, and leave; Redis is killed for 1 s meanwhile",
    shape: () => ({ guestChats: 6 }),
    fault: raceJoins,
  },
  revoke: {
    title: "users are revoked, with and without Redis, and come back with fresh tokens",
    fault: (stage) => again(stage.faultMs, () => revokeUsers(stage)),
  },
} as const satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof SCENARIOS;

async function killNodes({ cluster, random, faultMs }: Stage): Promise<void> {
  const everyMs = Math.min(KILL_EVERY_MS, faultMs);
  for (let left = faultMs; left >= everyMs; left -= everyMs) {
    const begun = performance.now();
    const node = random.pick(cluster.nodes);
    if (node !== undefined) await killNode(cluster, node);
    await sleep(Math.max(0, everyMs - (performance.now() - begun)));
  }
}

function killNode({ crashes }: ChaosCluster, node: ClusterProcess): Promise<void> {
  return crashes.expecting(node, async () => {
    await node.kill("SIGKILL");
    await sleep(NODE_AWAY_MS);
    await node.restart();
  });
}

/** Breaks and mends until the time is over, at least once, with some peace in between. */
async function again(faultMs: number, breakAndMend: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + faultMs;
  for (;;) {
    const begun = performance.now();
    await breakAndMend();
    const lasted = performance.now() - begun;
    if (performance.now() + PEACE_MS + lasted > deadline) return;
    await sleep(PEACE_MS);
  }
}

function killRedis(awayMs: number) {
  return ({ cluster: { services }, faultMs }: Stage): Promise<void> =>
    again(faultMs, async () => {
      await services.killRedis();
      await sleep(awayMs);
      await services.startRedis();
    });
}

function haltRedis({ cluster: { services }, faultMs, short }: Stage): Promise<void> {
  return again(faultMs, async () => {
    services.haltRedis();
    await sleep(short ? SHORT_HALT_MS : HALT_MS);
    services.resumeRedis();
  });
}

function failOverRedis({ cluster: { services }, faultMs }: Stage): Promise<void> {
  return again(faultMs, async () => {
    await services.sentinels?.killMaster();
    await sleep(AFTER_FAILOVER_MS);
    await services.sentinels?.restart();
  });
}

/** The servers that have the bus, presence, rate limits and the queues, one after the other. */
const CLUSTER_KEYS = ["parley#/chat#", "{presence}", "{rl}", "{parley}"];

async function failOverRedisCluster({ cluster: { services }, faultMs }: Stage): Promise<void> {
  let turn = 0;
  await again(faultMs, async () => {
    const key = CLUSTER_KEYS[turn++ % CLUSTER_KEYS.length] ?? "";
    await services.cluster?.failOver(key);
    await sleep(AFTER_FAILOVER_MS);
    await services.cluster?.restart();
    await services.cluster?.move(key);
  });
}

function restartPostgres({ cluster: { services }, faultMs }: Stage): Promise<void> {
  return again(faultMs, async () => {
    await services.stopPostgresAtOnce();
    await sleep(POSTGRES_AWAY_MS);
    await services.startPostgres();
  });
}

/** Each node ends once it meets the server that took over; that is what it is to do. */
function failOverPostgres({ cluster, faultMs }: Stage): Promise<void> {
  const { pair } = cluster.services;
  const nodes = new Map(cluster.nodes.map((node) => [node, node.pid]));
  return expectingAll(cluster, () =>
    again(faultMs, async () => {
      await pair?.killPrimary();
      pair?.moveAddress();
      await sleep(READING_ONLY_MS);
      await pair?.promote();
      for (const [node, pid] of nodes) {
        await until(() => node.pid !== undefined && node.pid !== pid, `${node.name} was started anew`);
        nodes.set(node, node.pid);
      }
      await untilWhole(cluster);
      await pair?.addReplica();
    }),
  );
}

function expectingAll({ crashes, nodes }: ChaosCluster, work: () => Promise<void>): Promise<void> {
  return nodes.reduce((inner, node) => () => crashes.expecting(node, inner), work)();
}

async function cutWire({ faultMs }: Stage, wire: TcpProxy): Promise<void> {
  wire.cut();
  await sleep(faultMs / 2);
  wire.join();
  await sleep(3_000);
  wire.hang();
  await sleep(faultMs / 2);
  wire.join();
}

function dropAll({ cluster: { wires }, faultMs }: Stage): Promise<void> {
  return again(faultMs, async () => {
    wires.clients.cut();
    wires.clients.join();
    await sleep(PEACE_MS);
  });
}

function restartNodes({ cluster: { nodes, crashes }, faultMs }: Stage): Promise<void> {
  return again(faultMs, async () => {
    for (const node of nodes) await crashes.expecting(node, () => node.restart());
  });
}

async function stallReaders({ load, slow, faultMs }: Stage): Promise<void> {
  await load.ask("stall", { users: slow, forMs: faultMs });
  await sleep(faultMs);
}

async function raceJoins(stage: Stage): Promise<void> {
  await sleep(stage.faultMs / 3);
  await killRedis(1_000)({ ...stage, faultMs: 0 });
  await sleep((stage.faultMs * 2) / 3);
}

function slowCount(clients: number): number {
  return Math.max(2, Math.round(clients * SLOW_SHARE));
}
