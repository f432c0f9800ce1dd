import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startCluster } from "@parley/platform/local";
import { restClient } from "../rest-client.js";
import { createTestDatabase } from "../test-database.js";
import { TEST_GATEWAY_SECRET, TEST_JWT_SECRET } from "../test-token.js";
import { median } from "./compare/measure-rooms.js";
import { settleDatabase } from "./fill-database.js";
import { BUSY, fillOversight, type OversightRows } from "./oversight/fill-oversight.js";
import { PAGE_CALLS } from "./oversight/page-calls.js";
import { WITHOUT_LIMITS } from "./without-limits.js";

/**
 * What the calls of each page of the dashboard take in a large database, beside an empty one: the same calls by turns, each database with one
 * real node. Run it with `npm run bench:oversight`; `-- --people 300000 --rounds 15` sets how large and how often.
 */

const { values } = parseArgs({
  options: {
    people: { type: "string", default: "300000" },
    rounds: { type: "string", default: "15" },
    /** Also tells every single call. */
    calls: { type: "boolean", default: false },
  },
});

interface Stage {
  url: string;
  /** What the calls name, in braces. */
  places: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const NOTHING = "00000000-0000-7000-8000-000000000000";

async function openStage(rows: OversightRows | undefined): Promise<Stage> {
  process.env.PARLEY_TEST_DATABASE_URL = process.env.DATABASE_URL;
  const database = await createTestDatabase();
  const started = performance.now();
  await fillOversight(database.url, rows ?? { people: 10, chats: 10, notifications: 10, auditEntries: 20 });
  await settleDatabase(database.url);
  console.log(
    `${JSON.stringify(rows ?? "empty")} in ${((performance.now() - started) / 1_000).toFixed(0)} s`,
  );
  const cluster = await startCluster({
    root: ROOT,
    port: 0,
    nodes: 1,
    databaseUrl: database.url,
    redisUrl: process.env.REDIS_URL,
    durable: true,
    secrets: { jwtSecret: TEST_JWT_SECRET, gatewaySecret: TEST_GATEWAY_SECRET },
    env: { ...process.env, ...WITHOUT_LIMITS, REDIS_PREFIX: `bench-${randomBytes(6).toString("hex")}` },
  });
  const url = cluster.nodes[0]?.url ?? "";
  const stop = async () => {
    await cluster.stop();
    await database.drop();
  };
  return { url, places: await findPlaces(url), stop };
}

async function findPlaces(url: string): Promise<Stage["places"]> {
  const ask = async <Body>(path: string) => (await ops(url).request<Body>("GET", path)).body;
  const chats = await ask<{ chats: Array<{ id: string }>; next_cursor: string | null }>(
    "/v1/admin/chats?limit=50",
  );
  const users = await ask<{ next_cursor: string | null }>("/v1/admin/users?limit=50");
  const { batches } = await ask<{ batches: Array<{ batch_id: string }> }>("/v1/notifications/batch?limit=1");
  const chatId = chats.chats[0]?.id ?? BUSY.chat;
  return {
    chats: chats.next_cursor ?? "",
    users: users.next_cursor ?? "",
    chatId,
    chat: chatId.slice(0, 4),
    campaign: batches[0]?.batch_id ?? NOTHING,
  };
}

const ops = (url: string) => restClient(url, { userId: "ops", role: "admin", expiresIn: 86_400 });

async function timeOf({ url, places }: Stage, call: string): Promise<number> {
  const filled = call.replace(/\{(\w+)\}/g, (_all, name) => encodeURIComponent(places[name] ?? ""));
  const path = filled.startsWith("/") ? filled : `/v1/admin/${filled}`;
  const started = performance.now();
  const { status, body } = await ops(url).request("GET", path);
  if (status !== 200) throw new Error(`${path} answered ${status}: ${JSON.stringify(body)}`);
  return performance.now() - started;
}

async function main(): Promise<void> {
  const people = Number(values.people);
  const third = Math.ceil(people / 3);
  const large = { people, chats: third, notifications: people, auditEntries: third };
  const stages: Stage[] = [];
  try {
    for (const rows of [undefined, large]) stages.push(await openStage(rows));
    const took = new Map<string, number[][]>();
    for (let round = -2; round < Number(values.rounds); round++)
      for (const call of Object.values(PAGE_CALLS).flat())
        for (const [place, stage] of stages.entries()) {
          const ms = await timeOf(stage, call);
          // What a process compiles and a cache takes in at first is nobody's speed.
          if (round < 0) continue;
          const known = took.get(call) ?? [[], []];
          known[place]?.push(ms);
          took.set(call, known);
        }
    report(took);
  } finally {
    for (const stage of stages) await stage.stop();
  }
}

function report(took: ReadonlyMap<string, number[][]>): void {
  const shown = (ms: readonly number[] = []) => `${median(ms).toFixed(1)} (${Math.max(...ms).toFixed(1)})`;
  const line = (page: string, call: string) => {
    const [empty, full] = took.get(call) ?? [];
    console.log(`| ${page} | \`${call}\` | ${shown(empty)} | ${shown(full)} |`);
  };
  console.log("| page | its slowest call | empty, ms: median (largest) | large |\n|---|---|---:|---:|");
  for (const [page, calls] of Object.entries(PAGE_CALLS)) {
    const slowest = [...calls].sort(
      (a, b) => median(took.get(b)?.[1] ?? []) - median(took.get(a)?.[1] ?? []),
    );
    for (const call of values.calls ? slowest : slowest.slice(0, 1)) line(page, call);
  }
}

await main();
