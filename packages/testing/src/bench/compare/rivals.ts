import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { closeEngine, createChat } from "@parley/engine";
import { type Cluster, startCluster } from "@parley/platform/local";
import { v7 as uuidv7 } from "uuid";
import { createTestDatabase } from "../../test-database.js";
import { openTestEngine } from "../../test-engine.js";
import { TEST_GATEWAY_SECRET, TEST_JWT_SECRET } from "../../test-token.js";
import { WITHOUT_LIMITS } from "../without-limits.js";
import { type RivalProcess, startRival } from "./rival-process.js";

/** A server that is measured: two nodes of it. */
export interface Rival {
  name: string;
  urls: string[];
  /** Its own processes. */
  pids: number[];
  /** Clients have to say which rooms they are in. */
  join: boolean;
  /** Makes rooms, each with these members; returns their ids. */
  makeRooms(members: string[][]): Promise<string[]>;
}

/** All rivals, on one Redis and one durable Postgres. */
export interface Rivals {
  parley: Rival;
  relay: Rival;
  naive: Rival;
  services: { redis: number; postgres: number; worker: number };
  databaseUrl: string;
  stop(): Promise<void>;
}

const ROOT = fileURLToPath(new URL("../../../../..", import.meta.url));
const script = (name: string) => fileURLToPath(new URL(`${name}.js`, import.meta.url));

/** They collect their garbage when told to, so that memory can be compared. */
const COLLECTABLE = {
  NODE_OPTIONS: `--expose-gc --import ${new URL("../collect-garbage.js", import.meta.url).href}`,
};

/** What a measurement needs besides: settings of Postgres, and a module that Node loads into each server's process. */
export interface RivalsOptions {
  postgresSettings?: Record<string, string>;
  preload?: URL;
}

export async function startRivals({ postgresSettings, preload }: RivalsOptions = {}): Promise<Rivals> {
  const loaded = { NODE_OPTIONS: preload ? `--import ${preload.href}` : COLLECTABLE.NODE_OPTIONS };
  const cluster = await startCluster({
    root: ROOT,
    port: 0,
    nodes: 2,
    durable: true,
    postgresSettings,
    secrets: { jwtSecret: TEST_JWT_SECRET, gatewaySecret: TEST_GATEWAY_SECRET },
    env: {
      ...process.env,
      ...WITHOUT_LIMITS,
      ...loaded,
      REDIS_PREFIX: `bench-${randomBytes(6).toString("hex")}`,
    },
  });
  const { services } = cluster;
  if (!services.redis || !services.postgres)
    throw new Error("unset DATABASE_URL and REDIS_URL: the benchmark measures servers of its own");
  process.env.PARLEY_TEST_DATABASE_URL = services.adminUrl;
  const naiveDatabase = await createTestDatabase();
  const relays = await startTwo("relay-node", { ...loaded, REDIS_URL: services.redisUrl });
  const naives = await startTwo("naive-node", {
    ...loaded,
    REDIS_URL: services.redisUrl,
    DATABASE_URL: naiveDatabase.url,
  });
  return {
    parley: parleyOf(cluster),
    relay: {
      ...describe("Socket.IO relay, nothing stored", relays),
      makeRooms: async (members) => members.map(() => uuidv7()),
    },
    naive: {
      ...describe("Express + Socket.IO + Prisma", naives),
      makeRooms: (members) => makeRooms(naiveDatabase.url, members),
    },
    services: {
      redis: services.redis.pid,
      postgres: services.postgres.pid,
      worker: cluster.worker.pid ?? 0,
    },
    databaseUrl: services.databaseUrl,
    stop: async () => {
      for (const rival of [...relays, ...naives]) await rival.stop();
      await cluster.stop();
    },
  };
}

function startTwo(name: string, env: NodeJS.ProcessEnv): Promise<RivalProcess[]> {
  return Promise.all([startRival(script(name), env), startRival(script(name), env)]);
}

function parleyOf(cluster: Cluster): Rival {
  return {
    name: "Parley, durable",
    urls: cluster.nodes.map(({ url }) => url),
    pids: cluster.nodes.flatMap(({ pid }) => pid ?? []),
    join: false,
    makeRooms: (members) => makeRooms(cluster.services.databaseUrl, members),
  };
}

function describe(name: string, nodes: RivalProcess[]) {
  return { name, urls: nodes.map(({ url }) => url), pids: nodes.map(({ pid }) => pid), join: true };
}

/** Makes groups of Parley, each with these members, owner first; returns their ids. */
export async function makeRooms(databaseUrl: string, members: string[][]): Promise<string[]> {
  const { engine } = openTestEngine(databaseUrl);
  const ids: string[] = [];
  for (const [owner = "", ...others] of members) {
    const actor = { userId: owner, role: "user" };
    const request = { type: "group" as const, name: "room", memberIds: others };
    ids.push((await createChat(engine, { actor, request })).id);
  }
  await closeEngine(engine);
  return ids;
}
