import { randomBytes, randomUUID } from "node:crypto";
import { JOB_CATALOGUE, NOTIFICATION_REASONS, QUEUE_NAMES } from "@parley/contracts";
import { createChat, sendMessage } from "@parley/engine";
import { createLogger, openQueue } from "@parley/platform";
import {
  createTestDatabase,
  openTestEngine,
  readMetricsPage,
  type TestDatabase,
  testRedisUrl,
  until,
} from "@parley/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWorker, type WorkerNode } from "./app.js";
import { type WorkerConfig, workerConfigSchema } from "./config.js";

let database: TestDatabase;
let config: WorkerConfig;
let worker: WorkerNode;

/** Part of everything that people and other processes make up here. */
const MARK = `mark${randomBytes(6).toString("hex")}`;

beforeAll(async () => {
  database = await createTestDatabase();
  config = workerConfigSchema.parse({
    HOST: "127.0.0.1",
    PORT: "0",
    NODE_NAME: "worker-1",
    DATABASE_URL: database.url,
    REDIS_URL: testRedisUrl(),
    REDIS_PREFIX: `test-${randomUUID()}`,
    NOTIFICATION_SWEEP_SECONDS: "1",
  });
  worker = await startWorker(config, createLogger({ level: "silent", node: "worker-1", name: "worker" }));
});

afterAll(async () => {
  await worker.stop("the test is over");
  await database.drop();
});

interface Registered {
  name: string;
  type: string;
  labelNames: string[];
}

test("the page has every metric of a worker, with its type and labels", () => {
  const metrics = worker.metrics.registry.getMetricsAsArray() as unknown as Registered[];
  const registered = metrics.map(({ name, type, labelNames }) => ({
    name,
    type,
    labels: labelNames.toSorted(),
  }));
  const page = readMetricsPage();
  expect(page.worker).toEqual(registered.toSorted((one, other) => (one.name < other.name ? -1 : 1)));
  const labels = new Set(registered.flatMap((metric) => metric.labels));
  expect([...labels].filter((label) => !page.labels.has(label))).toEqual([]);
  // Prometheus gives every series these two, and renames what a process calls so.
  for (const taken of ["job", "instance"]) expect(labels).not.toContain(taken);
});

/** What a worker's labels may say: closed sets. Those of Node itself are left out; pushes are counted elsewhere. */
const CLOSED: Record<string, readonly string[] | RegExp> = {
  node: ["worker-1"],
  process: ["worker"],
  dependency: ["postgres", "redis", "push"],
  state: ["total", "idle", "waiting", "active", "delayed", "failed", "raw", "stored"],
  queue: QUEUE_NAMES,
  job_name: Object.keys(JOB_CATALOGUE),
  outcome: ["done", "failed", "push", "wait", "suppress"],
  reason: [...Object.keys(NOTIFICATION_REASONS), "none"],
  step: ["collected", "decided", "due"],
  rule: ["seq_gap", "rev_ahead", "member_count", "read_ahead", "segment_missing", "segment_spoilt"],
  le: /^(\d+(\.\d+)?|\+Inf)$/,
};

interface Sample {
  name: string;
  labels: Record<string, string>;
}

async function samples(): Promise<Sample[]> {
  return [...(await worker.metrics.text()).matchAll(/^(\w+)\{(.*)\} \S+$/gm)].map(
    ([, name = "", list = ""]) => ({
      name,
      labels: Object.fromEntries(
        [...list.matchAll(/(\w+)="(.*?)"(?:,|$)/g)].map(([, key, value]) => [key, value]),
      ),
    }),
  );
}

/** A message to be notified of, a job that nobody knows, and one whose data nobody understands. */
async function causeTrouble(): Promise<void> {
  const { engine } = openTestEngine(database.url);
  const actor = { userId: `${MARK}-ann`, role: "user" };
  const request = { type: "group" as const, name: MARK, memberIds: [`${MARK}-ben`] };
  const { id: chatId } = await createChat(engine, { actor, request });
  await sendMessage(engine, { actor, chatId, draft: { content: MARK, type: "text" } });
  await engine.database.prisma.$disconnect();
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const { REDIS_URL: redisUrl, REDIS_PREFIX: prefix } = config;
  const queue = openQueue({ name: "jobs", redisUrl, prefix, log });
  await until(() => queue.counts().catch(() => false as const), "the queue can be reached");
  await queue.add(`chats.${MARK}`, {});
  await queue.add("chats.verify", { limit: MARK });
  await queue.close();
}

test("labels hold only what the code has words for, whatever comes", async () => {
  await causeTrouble();
  const said = await until(async () => {
    const found = await samples();
    const has = (label: string, value: string) => found.some(({ labels }) => labels[label] === value);
    return has("reason", "no_subscription") && has("outcome", "failed") && found;
  }, "the decision and the failure are counted");
  const own = said.filter(({ name }) => !/^parley_(nodejs|process)_/.test(name));
  const open = own.flatMap(({ name, labels }) =>
    Object.entries(labels)
      .filter(([label, value]) => {
        const allowed = CLOSED[label];
        return !(allowed instanceof RegExp ? allowed.test(value) : allowed?.includes(value));
      })
      .map(([label, value]) => `${name}{${label}="${value}"}`),
  );
  expect(open).toEqual([]);
  expect(JSON.stringify(said)).not.toContain(MARK);
});
