import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { type Cluster, startCluster } from "./cluster.js";
import { LocalFault } from "./local-fault.js";
import { type LocalSecrets, localSecrets } from "./local-secrets.js";
import { clearEarlierRun, removeRunningFile, writeRunningFile } from "./running-file.js";

export interface MainContext {
  /** The repository's root. */
  root: string;
  /** What follows the command's name. */
  args: string[];
  env: NodeJS.ProcessEnv;
  progress: {
    step: <T>(title: string, work: () => Promise<T>) => Promise<T>;
    note: (line: string) => void;
  };
  /** Aborted by the first Ctrl-C: stop in order. */
  signal: AbortSignal;
  /** Aborted by the second one: don't wait for open connections. */
  hurry: AbortSignal;
}

/** Runs a cluster until it is told to stop, and returns the exit code. Throws a LocalFault when it can't start. */
export async function main(context: MainContext): Promise<number> {
  const { root, env, progress, signal, hurry } = context;
  const fresh = readArguments(context.args);
  mkdirSync(path.join(root, ".parley"), { recursive: true });
  await clearEarlierRun(root);
  const secrets = localSecrets(root, env);
  let serving = false;
  const cluster = await startCluster({
    root,
    port: readNumber(env, { name: "PORT", standard: 8080, least: 0, most: 65_535 }),
    nodes: readNumber(env, { name: "NODES", standard: 2, least: 1, most: 32 }),
    dataDir: fresh ? undefined : path.join(root, ".parley/data"),
    logDir: path.join(root, ".parley/logs"),
    databaseUrl: env.DATABASE_URL,
    redisUrl: env.REDIS_URL,
    secrets,
    env,
    supervise: true,
    step: progress.step,
    log: (line) => serving && progress.note(line),
    signal,
  });
  try {
    writeRunningFile(root, cluster);
    await announce(context, { cluster, secrets });
    serving = true;
    const fault = await untilOver(cluster, signal);
    serving = false;
    await progress.step("stopping", () => cluster.stop({ hurry }));
    if (fault) throw new LocalFault(fault);
    return 0;
  } finally {
    await cluster.stop({ hurry });
    removeRunningFile(root);
  }
}

function readArguments(args: string[]): boolean {
  const unknown = args.find((argument) => argument !== "--fresh");
  if (unknown)
    throw new LocalFault(`"${unknown}" is no option of npm start: it takes -- --fresh and nothing else.`);
  return args.includes("--fresh");
}

function readNumber(
  env: NodeJS.ProcessEnv,
  { name, standard, least, most }: { name: string; standard: number; least: number; most: number },
): number {
  const text = env[name];
  if (!text) return standard;
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new LocalFault(`${name} is "${text}" and must be a whole number from ${least} to ${most}.`);
}

async function announce(
  context: MainContext,
  running: { cluster: Cluster; secrets: LocalSecrets },
): Promise<void> {
  const { cluster } = running;
  const lines = [
    ...cluster.nodes.map((node) => [node.name, node.url]),
    [cluster.worker.name, cluster.worker.url],
    ["docs", `${cluster.url}/docs`],
    ["admin", `${cluster.url}/admin`],
    ["logs", path.join(context.root, ".parley/logs")],
  ];
  const { postgres, dataDir } = cluster.services;
  if (postgres && !postgres.dataDir.startsWith(dataDir)) {
    lines.push(["data", `${postgres.dataDir}, because the database's user can't reach ${dataDir}`]);
  }
  const token = await createToken(context, running.secrets);
  if (token)
    lines.push([
      "token",
      `${token}\n${" ".repeat(10)}(user demo, role admin, for /admin and every call; npm run -s token makes others)`,
    ]);
  context.progress.note("");
  for (const [name = "", value = ""] of lines) context.progress.note(`  ${name.padEnd(8)}${value}`);
  context.progress.note(`\nparley ready ${cluster.url}`);
}

/** Left out when the command fails: the cluster is of use without it. */
async function createToken({ root, env }: MainContext, { jwtSecret }: LocalSecrets): Promise<string> {
  const script = path.join(root, "apps/api/dist/token.js");
  const args = [script, "--user", "demo", "--role", "admin", "--name", "Demo"];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: root,
      env: { ...env, JWT_SECRET: jwtSecret },
    });
    return stdout.trim();
  } catch {
    return "";
  }
}

/** Resolves when the cluster is asked to stop, or with a sentence when it can't go on. */
function untilOver({ services }: Cluster, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
    for (const [name, server] of [
      ["Postgres", services.postgres] as const,
      ["Redis", services.redis] as const,
    ]) {
      void server?.ended.then((how) =>
        resolve(`${name} ended unexpectedly (${how}): see .parley/logs/${name.toLowerCase()}.log.`),
      );
    }
  });
}
