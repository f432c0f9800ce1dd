import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Cluster, type ClusterOptions, startCluster } from "./cluster.js";
import { isPortFree } from "./free-port.js";
import { isAlive } from "./running-process.js";

const node = `
  const server = require("node:http").createServer((request, response) => {
    if (request.url === "/crash") process.exit(3);
    response.end(request.url === "/readyz" ? "" : process.env.NODE_NAME + " " + process.env.EXTRA);
  });
  server.listen(Number(process.env.PORT), process.env.HOST);
  process.on("SIGTERM", () => { console.log("drained"); process.exit(0); });
`;

let folder: string;
let options: ClusterOptions;
let cluster: Cluster | undefined;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "parley-cluster-"));
  options = {
    root: folder,
    port: 0,
    dataDir: folder,
    databaseUrl: process.env.PARLEY_TEST_DATABASE_URL,
    redisUrl: process.env.PARLEY_TEST_REDIS_URL,
    secrets: { jwtSecret: "a".repeat(40), gatewaySecret: "b".repeat(40) },
    scripts: { api: script("api", node), worker: script("worker", node), migrate: script("migrate", "") },
    envByName: { "api-2": { EXTRA: "second" } },
  };
});

afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
  rmSync(folder, { recursive: true, force: true });
});

test("serves over all nodes and leaves no process when stopped", async () => {
  cluster = await startCluster(options);
  const answers = await Promise.all([1, 2].map(() => text(cluster?.url)));
  expect(answers.sort()).toEqual(["api-1 undefined", "api-2 second"]);
  const pids = [...cluster.nodes, cluster.worker].map(({ pid }) => pid ?? 0);
  await cluster.stop();
  expect(pids.map(isAlive)).toEqual([false, false, false]);
  expect(readFileSync(path.join(folder, "api-1.log"), "utf8")).toContain("drained");
  expect(await isPortFree(cluster.balancer.port)).toBe(true);
});

test("a killed node stays down until it is restarted at its old address", async () => {
  cluster = await startCluster(options);
  const [first] = cluster.nodes;
  const earlier = first?.pid;
  await first?.kill();
  expect(first?.pid).toBeUndefined();
  for (let n = 0; n < 3; n += 1) expect(await text(cluster.url)).toBe("api-2 second");
  await first?.restart();
  expect(first?.pid).not.toBe(earlier);
  expect(await text(first?.url)).toBe("api-1 undefined");
});

test("under supervision a node that ends by itself is reported and started again", async () => {
  const lines: string[] = [];
  cluster = await startCluster({ ...options, supervise: true, log: (line) => lines.push(line) });
  const [first] = cluster.nodes;
  await fetch(`${first?.url}/crash`).catch(() => undefined);
  while (!lines.some((line) => line.startsWith("api-1 ended unexpectedly (3) and starts again in 0.5 s")))
    await sleep(20);
  while ((await text(first?.url)) !== "api-1 undefined") await sleep(20);
});

test("a failing migration, a node that ends and a taken port each give one sentence and leave nothing running", async () => {
  const failing = script("failing", 'console.error("The database is away: start it."); process.exit(1)');
  const start = (changes: Partial<ClusterOptions>) => startCluster({ ...options, ...changes });
  const scripts = { ...options.scripts };
  await expect(start({ scripts: { ...scripts, migrate: failing } })).rejects.toThrow(
    /^The database is away: start it\.$/,
  );
  await expect(start({ scripts: { ...scripts, worker: failing } })).rejects.toThrow(
    /^worker ended while it started \(The database is away: start it\)\. See .*worker\.log\.$/,
  );
  cluster = await startCluster(options);
  await expect(start({ port: cluster.balancer.port })).rejects.toThrow(
    /is taken: stop what uses it or set PORT to another/,
  );
  if (process.platform !== "linux") return;
  const commands = execFileSync("sh", ["-c", "cat /proc/[0-9]*/cmdline 2>/dev/null || true"]).toString();
  const running = commands.split("\0").filter((word) => word.startsWith(folder) && word.endsWith(".js"));
  const { api = "", worker = "" } = options.scripts ?? {};
  expect(running.sort()).toEqual([api, api, worker]);
});

function script(name: string, content: string): string {
  const file = path.join(folder, `${name}.js`);
  writeFileSync(file, content);
  return file;
}

async function text(url: string | undefined): Promise<string> {
  return fetch(url ?? "", { headers: { connection: "close" } }).then(
    (response) => response.text(),
    () => "",
  );
}
