import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { answersOk, type ClusterProcess, startClusterProcess } from "./cluster-process.js";
import { freePort, isPortFree } from "./free-port.js";
import { type LoadBalancer, startLoadBalancer } from "./load-balancer.js";
import { LocalFault } from "./local-fault.js";
import type { LocalSecrets } from "./local-secrets.js";
import { type LocalServices, type LocalServicesOptions, startLocalServices } from "./local-services.js";
import { tellingLine } from "./log-line.js";

export interface ClusterOptions extends LocalServicesOptions {
  /** The load balancer's port, 0 for a free one. The nodes take the following ones where they are free. */
  port: number;
  /** Number of api nodes; 2 when left out. */
  nodes?: number;
  secrets: LocalSecrets;
  /** The database that is given has the newest tables already. */
  isMigrated?: boolean;
  /** Environment of every api and worker process; this process's own when left out. */
  env?: NodeJS.ProcessEnv;
  /** Further environment by process name (`api-1`, `worker`). */
  envByName?: Record<string, NodeJS.ProcessEnv>;
  /** Start processes again that end unexpectedly. Tests that kill nodes leave it off. */
  supervise?: boolean;
  /** Let the processes write to this process's output instead of files. */
  inheritOutput?: boolean;
  /** Compiled entry files to run instead of the repository's own. */
  scripts?: Partial<ClusterScripts>;
  /** Shows what is being done. */
  step?: <T>(title: string, work: () => Promise<T>) => Promise<T>;
  /** Gets one line for each thing worth knowing while it runs. */
  log?: (line: string) => void;
}

interface ClusterScripts {
  api: string;
  worker: string;
  migrate: string;
}

export interface Cluster {
  /** The load balancer's address. */
  url: string;
  balancer: LoadBalancer;
  nodes: ClusterProcess[];
  worker: ClusterProcess;
  services: LocalServices;
  /** Stops everything in order: no new connections, api and worker drained (30 s at most), Redis, Postgres. */
  stop(options?: { hurry?: AbortSignal }): Promise<void>;
}

interface Parts {
  balancer?: LoadBalancer;
  services?: LocalServices;
  processes: ClusterProcess[];
}

const drainMs = 30_000;

/**
 * Starts a whole cluster on this machine: load balancer, Postgres, Redis, migrations, api nodes, worker. Resolves when
 * it serves; leaves nothing running when it fails.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const parts: Parts = { processes: [] };
  try {
    return await assemble(options, parts);
  } catch (error) {
    await stopParts(parts, {});
    throw error;
  }
}

async function assemble(options: ClusterOptions, parts: Parts): Promise<Cluster> {
  const { signal, log = () => undefined, step = (_title, work) => work() } = options;
  const names = Array.from({ length: options.nodes ?? 2 }, (_, index) => `api-${index + 1}`);
  const port = options.port || (await freePort());
  const ports = await choosePorts(port, names.length + 1);
  const targets = names.map((name, index) => ({ name, port: ports[index] ?? 0 }));
  // First of all, so that a taken port is known before anything else is set up.
  const balancer = await startLoadBalancer({ port, targets, log });
  parts.balancer = balancer;

  const services = await step("Postgres and Redis", () => startLocalServices(options));
  parts.services = services;
  signal?.throwIfAborted();
  const scripts = { ...repositoryScripts(options.root), ...options.scripts };
  if (!options.isMigrated) {
    const { databaseUrl } = services;
    await step("migrations", () => migrate(options, { script: scripts.migrate, databaseUrl }));
  }

  const all = [...targets, { name: "worker", port: ports.at(-1) ?? 0 }];
  await step("api nodes and worker", async () => {
    for (const { name, port } of all) {
      signal?.throwIfAborted();
      const script = name === "worker" ? scripts.worker : scripts.api;
      parts.processes.push(
        await startClusterProcess({ ...describe(options, services, name), name, port, script, log }),
      );
    }
    await Promise.all(parts.processes.map((process) => process.untilReady(signal)));
    while (balancer.readyNodes().length < names.length || !(await answersOk(`${balancer.url}/readyz`))) {
      signal?.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
  const nodes = parts.processes.slice(0, names.length);
  const worker = parts.processes.at(-1) as ClusterProcess;
  return { url: balancer.url, balancer, nodes, worker, services, stop: (how = {}) => stopParts(parts, how) };
}

/** The load balancer passes bytes, so all clients have its address: a limit by address would be one for everybody together. */
const WITHOUT_ADDRESSES = { HANDSHAKES_PER_MINUTE: "1000000", HANDSHAKES_BURST: "100000" };

function describe(options: ClusterOptions, services: LocalServices, name: string) {
  const logDir = options.logDir ?? services.dataDir;
  mkdirSync(logDir, { recursive: true });
  return {
    cwd: options.root,
    logFile: options.inheritOutput ? undefined : path.join(logDir, `${name}.log`),
    supervise: options.supervise ?? false,
    env: {
      ...WITHOUT_ADDRESSES,
      ...(options.env ?? process.env),
      DATABASE_URL: services.databaseUrl,
      REDIS_URL: services.redisUrl,
      JWT_SECRET: options.secrets.jwtSecret,
      GATEWAY_SECRET: options.secrets.gatewaySecret,
      ...vapidEnv(options.secrets),
      ...storageEnv(options.env ?? process.env, services.dataDir),
      ...options.envByName?.[name],
    },
  };
}

function vapidEnv({ vapid }: LocalSecrets): NodeJS.ProcessEnv {
  if (vapid === undefined) return {};
  return { VAPID_PUBLIC_KEY: vapid.publicKey, VAPID_PRIVATE_KEY: vapid.privateKey };
}

/** Files lie beside the databases, where no other place is given. */
function storageEnv({ STORAGE_PATH, S3_BUCKET }: NodeJS.ProcessEnv, dataDir: string): NodeJS.ProcessEnv {
  return STORAGE_PATH || S3_BUCKET ? {} : { STORAGE_PATH: path.join(dataDir, "files") };
}

function repositoryScripts(root: string): ClusterScripts {
  return {
    api: path.join(root, "apps/api/dist/main.js"),
    worker: path.join(root, "apps/worker/dist/main.js"),
    migrate: path.join(root, "packages/engine/dist/migrate/main.js"),
  };
}

/** The ports after the load balancer's where they are free, so that addresses stay the same from start to start. */
async function choosePorts(balancerPort: number, count: number): Promise<number[]> {
  const taken = new Set([balancerPort]);
  for (let wanted = balancerPort + 1; taken.size <= count; wanted += 1) {
    taken.add(wanted < 65_536 && (await isPortFree(wanted)) ? wanted : await freePort());
  }
  return [...taken].slice(1);
}

async function migrate(
  options: ClusterOptions,
  { script, databaseUrl }: { script: string; databaseUrl: string },
): Promise<void> {
  try {
    await promisify(execFile)(process.execPath, [script], {
      cwd: options.root,
      env: { ...(options.env ?? process.env), DATABASE_URL: databaseUrl },
      ...(options.signal ? { signal: options.signal } : {}),
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    const said = (error as { stderr?: string }).stderr?.trim() ?? "";
    throw new LocalFault(
      said && !said.includes("\n") ? said : `The migrations failed (${tellingLine(said || String(error))}).`,
    );
  }
}

async function stopParts(
  { balancer, services, processes }: Parts,
  { hurry }: { hurry?: AbortSignal },
): Promise<void> {
  const balancerStopped = balancer?.stop(drainMs);
  const killAll = () => {
    for (const process of processes) process.signal("SIGKILL");
  };
  if (hurry?.aborted) killAll();
  hurry?.addEventListener("abort", killAll, { once: true });
  await Promise.all(processes.map((process) => process.stop(drainMs)));
  hurry?.removeEventListener("abort", killAll);
  await balancer?.stop(0);
  await balancerStopped;
  await services?.stop();
}
