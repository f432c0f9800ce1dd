import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { closeEngine, createChat, type Engine, sendMessage } from "@parley/engine";
import { startCluster } from "@parley/platform/local";
import { restClient } from "../../rest-client.js";
import { createTestDatabase } from "../../test-database.js";
import { openTestEngine } from "../../test-engine.js";
import { TEST_GATEWAY_SECRET, TEST_JWT_SECRET, testToken } from "../../test-token.js";
import { Generator } from "../compare/generator.js";
import { fillDatabase, settleDatabase } from "../fill-database.js";
import { WITHOUT_LIMITS } from "../without-limits.js";

/** A database with its node, and people in it whose requests are measured. */
export interface ReadStage {
  /** Messages besides those of the people who are measured. */
  rows: number;
  url: string;
  /** Chats of at least 50 messages, each with a member; from all over the database. */
  histories: Array<{ chatId: string; userId: string }>;
  /** Somebody in 500 chats. */
  sociable: string;
  /** Somebody who has missed 1,000 messages since this cursor. */
  absent: { userId: string; cursor: string };
  /** Clients in rooms of two, connected. */
  generator: Generator;
  stop(): Promise<void>;
}

const ROOT = fileURLToPath(new URL("../../../../..", import.meta.url));
const ROOMS = 100;
const HISTORIES = 500;
const MISSED = 1_000;

/** Fills a database of its own on the server of DATABASE_URL, and starts one node and a worker on it. */
export async function openReadStage(rows: number, log: (line: string) => void): Promise<ReadStage> {
  process.env.PARLEY_TEST_DATABASE_URL = process.env.DATABASE_URL;
  const database = await createTestDatabase();
  const started = performance.now();
  await fillDatabase({ databaseUrl: database.url, messages: 1_000, chats: 500, userId: "sociable" });
  await fillDatabase({ databaseUrl: database.url, messages: 10_000, chats: 100 });
  if (rows > 0) await fillDatabase({ databaseUrl: database.url, messages: rows });
  await settleDatabase(database.url);
  log(`${rows} rows stored in ${((performance.now() - started) / 1_000).toFixed(0)} s`);
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
  const { engine } = openTestEngine(database.url);
  const histories = await findHistories(engine);
  const absent = await missMessages(engine, url);
  const generator = await connectRooms(engine, url);
  await closeEngine(engine);
  return {
    rows,
    url,
    histories,
    sociable: "sociable",
    absent,
    generator,
    stop: async () => {
      await generator.stop();
      await cluster.stop();
      await database.drop();
    },
  };
}

async function findHistories(engine: Engine): Promise<ReadStage["histories"]> {
  const { rows } = await engine.database.pool.query<{ chatId: string; userId: string }>(
    `SELECT c.id AS "chatId", c.created_by AS "userId" FROM chats c WHERE c.last_seq >= 50 ORDER BY random() LIMIT $1`,
    [HISTORIES],
  );
  return rows;
}

async function missMessages(engine: Engine, url: string): Promise<ReadStage["absent"]> {
  const userId = "absent";
  const actor = { userId: "talkative", role: "user" };
  const { id: chatId } = await createChat(engine, { actor, request: { type: "direct", userId } });
  const { body } = await restClient(url, { userId }).request<{ cursor: string }>("GET", "/v1/sync");
  const draft = { content: "A message of ordinary length that somebody has missed.", type: "text" as const };
  await Promise.all(Array.from({ length: MISSED }, () => sendMessage(engine, { actor, chatId, draft })));
  return { userId, cursor: body.cursor };
}

async function connectRooms(engine: Engine, url: string): Promise<Generator> {
  const rooms: Array<{ id: string; members: string[] }> = [];
  for (let room = 0; room < ROOMS; room++) {
    const [userId, partner] = [`room-${room}-a`, `room-${room}-b`];
    const request = { type: "direct" as const, userId: partner };
    const { id } = await createChat(engine, { actor: { userId, role: "user" }, request });
    rooms.push({ id, members: [userId, partner] });
  }
  const users = rooms.flatMap(({ members }) => members);
  const generator = new Generator();
  await generator.connect({
    urls: [url],
    users: users.map((userId) => ({ userId, token: testToken({ userId, expiresIn: 86_400 }) })),
    rooms,
    join: false,
  });
  return generator;
}
