import { rmSync } from "node:fs";
import path from "node:path";
import { createThrowAwayFolder, freePort, type LocalRedis, startRedis } from "@parley/platform/local";
import { Redis } from "ioredis";
import { moveSlot } from "./move-slot.js";
import { until } from "./until.js";

/** Three masters, each with a replica: a real Redis Cluster on this machine. */
export interface RedisCluster {
  /** `redis+cluster://…`, with two of the nodes as seeds. */
  url: string;
  /** Where the node that now answers for a key listens. */
  ownerOf(key: string): Promise<number>;
  /** Kills a node with SIGKILL; the others soon take it for gone. */
  kill(port: number): Promise<void>;
  /** Kills all nodes. */
  killAll(): Promise<void>;
  /** Halts a node with SIGSTOP, so that its connections fall silent, or wakes it. */
  signal(port: number, name: "SIGSTOP" | "SIGCONT"): Promise<void>;
  /** Kills the master that has a key, and waits until its replica has taken its place. Resolves with the port that is gone. */
  failOver(key: string): Promise<number>;
  /** Starts those again that were killed, empty, and waits until the cluster is whole. */
  restart(): Promise<void>;
  /** Moves the slot of a key, with its contents, to another master, as an operator does who adds a node. */
  move(key: string): Promise<void>;
  /** Errors by which the servers refused commands: `CROSSSLOT` and others, by their names. */
  refusals(): Promise<Record<string, number>>;
  stop(): Promise<void>;
}

const MASTERS = 3;
const SLOTS = 16_384;
/** A busy machine must not make one of them believe that another is gone… */
const CALM_TIMEOUT_MS = 15_000;
/** …but where one is, nobody wants to wait for that. */
const HURRIED_TIMEOUT_MS = 1_000;

/** @param settings Further settings of all nodes. */
export async function startRedisCluster(
  root: string,
  settings: Record<string, string> = {},
): Promise<RedisCluster> {
  const nodes = new ClusterNodes(root, settings);
  const ports = await Promise.all(Array.from({ length: 2 * MASTERS }, () => freePort()));
  await Promise.all(ports.map((port) => nodes.start(port)));
  await join(nodes, ports);
  await nodes.mindSilence(CALM_TIMEOUT_MS);
  const [first, second] = ports;
  return {
    url: `redis+cluster://127.0.0.1:${first},127.0.0.1:${second}`,
    ownerOf: (key) => nodes.ownerOf(key),
    kill: (port) => nodes.lose(port),
    killAll: async () => void (await Promise.all(ports.map((port) => nodes.kill(port)))),
    signal: async (port, name) => {
      nodes.signal(port, name);
      if (name === "SIGSTOP") await nodes.mindSilence(HURRIED_TIMEOUT_MS, port);
      else await nodes.mindSilence(CALM_TIMEOUT_MS);
    },
    failOver: async (key) => {
      const before = await nodes.ownerOf(key);
      await nodes.lose(before);
      await until(async () => (await nodes.ownerOf(key)) !== before, `a replica answers for ${key}`);
      await until(() => nodes.agree(), "all nodes know the new master");
      await nodes.mindSilence(CALM_TIMEOUT_MS);
      return before;
    },
    restart: async () => {
      await Promise.all(ports.filter((port) => !nodes.has(port)).map((port) => nodes.start(port)));
      await until(async () => (await nodes.agree()) && nodes.areSynchronous(), "the cluster is whole again");
      await nodes.mindSilence(CALM_TIMEOUT_MS);
    },
    move: async (key) => {
      await moveSlot(await nodes.placeOf(key));
      await until(() => nodes.agree(), "all nodes know where the slot is now");
    },
    refusals: () => nodes.refusals(),
    stop: () => nodes.stop(),
  };
}

/** The first half become masters with an equal share of the slots, the others their replicas. */
async function join(nodes: ClusterNodes, ports: readonly number[]): Promise<void> {
  const [first = 0, ...others] = ports;
  for (const port of others)
    await nodes.ask(port, ["CLUSTER", "MEET", "127.0.0.1", first, await nodes.bus(first)]);
  await Promise.all(
    ports.map((port) =>
      until(async () => {
        const known = String(await nodes.ask(port, ["CLUSTER", "NODES"]));
        return known.trim().split("\n").length === ports.length && !known.includes("handshake");
      }, "the nodes know each other"),
    ),
  );
  const borders = Array.from({ length: MASTERS + 1 }, (_, place) => Math.floor((SLOTS * place) / MASTERS));
  for (const [place, port] of ports.slice(0, MASTERS).entries())
    await nodes.ask(port, ["CLUSTER", "ADDSLOTSRANGE", borders[place] ?? 0, (borders[place + 1] ?? 0) - 1]);
  for (const [place, port] of ports.slice(MASTERS).entries()) {
    const master = String(await nodes.ask(ports[place] ?? 0, ["CLUSTER", "MYID"]));
    await nodes.ask(port, ["CLUSTER", "REPLICATE", master]);
  }
  await until(async () => (await nodes.agree()) && nodes.areSynchronous(), "the cluster is whole");
}

/** The servers that run, by their ports. */
class ClusterNodes {
  readonly #running = new Map<number, { server: LocalRedis; asker: Redis }>();
  readonly #busPorts = new Map<number, number>();
  readonly #folder = createThrowAwayFolder();
  readonly #binaryDir: string;
  readonly #settings: Record<string, string>;

  constructor(root: string, settings: Record<string, string>) {
    this.#binaryDir = path.join(root, ".parley/redis-program");
    this.#settings = settings;
  }

  has(port: number): boolean {
    return this.#running.has(port);
  }

  /** The port at which the nodes talk with each other: ten thousand above may be no port at all. */
  async bus(port: number): Promise<number> {
    const known = this.#busPorts.get(port) ?? (await freePort());
    this.#busPorts.set(port, known);
    return known;
  }

  async start(port: number): Promise<void> {
    const server = await startRedis({
      dataDir: path.join(this.#folder, `redis-${port}`),
      binaryDir: this.#binaryDir,
      port,
      durable: false,
      settings: {
        "cluster-enabled": "yes",
        "cluster-port": String(await this.bus(port)),
        "cluster-node-timeout": String(HURRIED_TIMEOUT_MS),
        "repl-diskless-sync-delay": "0",
        ...this.#settings,
      },
    });
    const asker = new Redis({ port, host: "127.0.0.1" });
    asker.on("error", () => undefined);
    this.#running.set(port, { server, asker });
  }

  async kill(port: number): Promise<void> {
    const node = this.#running.get(port);
    if (node === undefined) throw new Error(`no Redis was started at ${port}`);
    this.#running.delete(port);
    node.asker.disconnect();
    process.kill(node.server.pid, "SIGKILL");
    await node.server.ended;
  }

  /** Kills one, and has the others soon take it for gone. */
  async lose(port: number): Promise<void> {
    await this.kill(port);
    await this.mindSilence(HURRIED_TIMEOUT_MS);
  }

  /** Sets after which silence of one of them the others take it for gone. A halted one can't be told. */
  async mindSilence(timeoutMs: number, halted?: number): Promise<void> {
    const told = [...this.#running.keys()].filter((port) => port !== halted);
    await Promise.all(
      told.map((port) => this.ask(port, ["CONFIG", "SET", "cluster-node-timeout", timeoutMs])),
    );
  }

  signal(port: number, name: "SIGSTOP" | "SIGCONT"): void {
    const node = this.#running.get(port);
    if (node !== undefined) process.kill(node.server.pid, name);
  }

  async ask(port: number, [command, ...args]: [string, ...(string | number)[]]): Promise<unknown> {
    const node = this.#running.get(port);
    if (node === undefined) throw new Error(`no Redis runs at ${port}`);
    return await node.asker.call(command, ...args);
  }

  async ownerOf(key: string): Promise<number> {
    return (await this.placeOf(key)).owner;
  }

  /** A key's slot, its master, and another master. */
  async placeOf(key: string): Promise<{ slot: number; owner: number; other: number }> {
    const [port = 0] = this.#running.keys();
    const slot = Number(await this.ask(port, ["CLUSTER", "KEYSLOT", key]));
    const ranges = (await this.ask(port, ["CLUSTER", "SLOTS"])) as [number, number, [string, number]][];
    const owner = ranges.find(([from, to]) => from <= slot && slot <= to)?.[2][1] ?? 0;
    const other = ranges.find(([, , [, master]]) => master !== owner)?.[2][1] ?? 0;
    return { slot, owner, other };
  }

  /** Whether all that run say the same of all slots, and that the cluster is well. */
  async agree(): Promise<boolean> {
    const views = await Promise.all(
      [...this.#running.keys()].map(async (port) => {
        const info = String(await this.ask(port, ["CLUSTER", "INFO"]));
        const ranges = (await this.ask(port, ["CLUSTER", "SLOTS"])) as [number, number, [string, number]][];
        const owners = ranges.map(([from, to, [, master]]) => `${from}-${to}:${master}`).sort();
        return `${info.includes("cluster_state:ok")} ${owners.join(" ")}`;
      }),
    );
    return views[0]?.startsWith("true") === true && views.every((view) => view === views[0]);
  }

  /** Whether every master has a replica that follows it. */
  async areSynchronous(): Promise<boolean> {
    const texts = await Promise.all(
      [...this.#running.keys()].map(async (port) => String(await this.ask(port, ["INFO", "replication"]))),
    );
    const masters = texts.filter((text) => text.includes("role:master"));
    return masters.length === MASTERS && masters.every((text) => text.includes("state=online"));
  }

  async refusals(): Promise<Record<string, number>> {
    const sum: Record<string, number> = {};
    for (const port of this.#running.keys()) {
      const text = String(await this.ask(port, ["INFO", "errorstats"]));
      for (const [, name = "", count] of text.matchAll(/errorstat_(\w+):count=(\d+)/g))
        sum[name] = (sum[name] ?? 0) + Number(count);
    }
    return sum;
  }

  async stop(): Promise<void> {
    for (const { asker } of this.#running.values()) asker.disconnect();
    for (const port of this.#running.keys()) this.signal(port, "SIGCONT");
    await Promise.all([...this.#running.values()].map(({ server }) => server.stop()));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
