import { randomBytes, randomUUID } from "node:crypto";
import type { Batch } from "@parley/contracts";
import {
  closeEngine,
  createOpenChat,
  type Engine,
  enterChat,
  openEngine,
  rememberUser,
} from "@parley/engine";
import { createLogger, parseConfig } from "@parley/platform";
import {
  connectNative,
  connectRaw,
  createTestDatabase,
  type NativeClient,
  TEST_JWT_SECRET,
  type TestDatabase,
  testRedisUrl,
  testToken,
  until,
} from "@parley/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { startApi } from "../app.js";
import { apiConfigSchema } from "../config.js";
import { toyDialect } from "../testing/toy-dialect/toy-dialect.js";
import { createVisitAnnouncer } from "./visit-announcer.js";

type Node = Awaited<ReturnType<typeof startApi>>;

let database: TestDatabase;
let engine: Engine;
let nodes: Node[] = [];
const batches: Batch[] = [];
const log = createLogger({ level: "silent", node: "test", name: "test" });

beforeAll(async () => {
  database = await createTestDatabase();
  engine = openEngine({ databaseUrl: database.url, publish: (batch) => void batches.push(batch), log });
  const config = {
    NODE_ENV: "test",
    PORT: "0",
    DATABASE_URL: database.url,
    REDIS_URL: testRedisUrl(),
    REDIS_PREFIX: `test-${randomBytes(6).toString("hex")}`,
    JWT_SECRET: TEST_JWT_SECRET,
  };
  const start = (name: string) =>
    startApi(parseConfig(apiConfigSchema, { ...config, NODE_NAME: name }), log, { dialects: [toyDialect] });
  nodes = [await start("one"), await start("two")];
});

afterAll(async () => {
  for (const node of nodes) await node.stop("the test is over");
  await closeEngine(engine);
  await database.drop();
});

async function newRoom(...guests: string[]): Promise<string> {
  const actor = { userId: "owner", role: "user" };
  const { chat } = await createOpenChat(engine, { actor, name: "room", externalKey: randomUUID() });
  for (const userId of guests) await enterChat(engine, { actor: { userId, role: "user" }, chatId: chat.id });
  return chat.id;
}

async function connect(userId: string, node: number): Promise<NativeClient> {
  const client = await connectNative(`http://127.0.0.1:${nodes[node]?.port}`, { userId });
  onTestFinished(() => client.close());
  return client;
}

const visits = ({ heard }: NativeClient) =>
  heard
    .filter(({ name }) => name === "user_joined" || name === "user_left")
    .map(({ name, payload }) => `${(payload as { userId: string }).userId} ${name}`);

describe("who has an open chat open", () => {
  it("is told of once for all devices on all nodes, whichever contract they speak", async () => {
    const chatId = await newRoom("ann", "ben");
    const witness = await connect("owner", 0);
    const [phone, laptop] = [await connect("ann", 0), await connect("ann", 1)];
    await phone.ask("join_chat", { chatId });
    await until(() => visits(witness).length === 1, "the first device is told of");
    await laptop.ask("join_chat", { chatId });
    await phone.ask("leave_chat", { chatId });
    const ben = await connect("ben", 1);
    await ben.ask("join_chat", { chatId });
    await ben.ask("leave_chat", { chatId });
    // What the end of the phone's visit could have told came before it.
    await until(() => visits(witness).includes("ben user_left"), "the other's going is told");
    expect(visits(witness)).toEqual(["ann user_joined", "ben user_joined", "ben user_left"]);
    laptop.close();
    await until(() => visits(witness).includes("ann user_left"), "the last device's going is told");
  });

  it("is not told who only reloads the page", async () => {
    const reload = async () => {
      const chatId = await newRoom("ann", "ben");
      const witness = await connect("owner", 0);
      const [before, after] = [await connect("ann", 0), await connect("ann", 1)];
      await before.ask("join_chat", { chatId });
      await until(() => visits(witness).length === 1, "the visit is told of");
      before.close();
      await after.ask("join_chat", { chatId });
      const ben = await connect("ben", 1);
      await ben.ask("join_chat", { chatId });
      await ben.ask("leave_chat", { chatId });
      // This one's going takes as long to be told as that of the page which was left before it.
      await until(() => visits(witness).includes("ben user_left"), "a real going is told");
      return visits(witness);
    };
    const told = ["ann user_joined", "ben user_joined", "ben user_left"];
    // On a machine that is too busy the page is not back before its going is told, as it should be then.
    await until(async () => (await reload()).join() === told.join(), "a reload is not told");
  });

  it("is nobody who is not in it", async () => {
    const chatId = await newRoom("ben");
    const witness = await connect("owner", 0);
    const eve = await connect("eve", 1);
    expect(await eve.ask("join_chat", { chatId })).toMatchObject({ error: { code: "chat_not_found" } });
    const toyUrl = `http://127.0.0.1:${nodes[1]?.port}/toy/ws?token=${testToken({ userId: "eve" })}`;
    const toy = await connectRaw(toyUrl);
    onTestFinished(() => toy.close());
    const { number } = await engine.chatFacts.read(chatId);
    const refused = await toy.ask({ type: "open", chat: number }, ({ type }) => type === "oops");
    expect(refused.code).toBe("chat_not_found");
    const ben = await connect("ben", 1);
    await ben.ask("join_chat", { chatId });
    await until(() => visits(witness).length > 0, "somebody's coming is told");
    expect(visits(witness)).toEqual(["ben user_joined"]);
  });
});

describe("the announcer", () => {
  const at = "2030-01-01T00:00:00.000Z";
  const told = () =>
    batches.flatMap(({ signals }) => signals).map(({ chatId, body }) => ({ chatId, name: body.name }));

  it("tells together what comes together, of each person the newest, and nothing where it is crowded", async () => {
    const [quiet, crowded, full] = [await newRoom(), await newRoom(), await newRoom()];
    await rememberUser(engine, { userId: "ann", role: "user" });
    batches.splice(0);
    const asked: string[][] = [];
    const counts = new Map([
      [quiet, 2],
      [crowded, 1_001],
      [full, 1_000],
    ]);
    const announcer = createVisitAnnouncer({
      engine,
      countVisitors: async (chatIds) => {
        asked.push(chatIds);
        return chatIds.map((chatId) => counts.get(chatId) ?? 0);
      },
      log,
    });
    for (const chatId of [quiet, crowded, full]) {
      announcer.add({ chatId, userId: "ann", isHere: true, at });
      announcer.add({ chatId, userId: "ben", isHere: true, at });
      announcer.add({ chatId, userId: "ann", isHere: false, at });
    }
    await announcer.flush();
    expect(told()).toEqual([
      { chatId: quiet, name: "viewer.left" },
      { chatId: quiet, name: "viewer.joined" },
      { chatId: full, name: "viewer.left" },
      { chatId: full, name: "viewer.joined" },
    ]);
    expect(asked).toEqual([[quiet, crowded, full]]);
    expect(batches).toHaveLength(1);
  });

  it("asks the same few questions for thousands who go at once", async () => {
    const chatId = await newRoom();
    const announcer = createVisitAnnouncer({ engine, countVisitors: async () => [1], log });
    const before = engine.database.counts.statements;
    batches.splice(0);
    for (let number = 0; number < 2_000; number++) {
      announcer.add({ chatId, userId: `user-${number}`, isHere: false, at });
    }
    await announcer.flush();
    expect(told()).toHaveLength(2_000);
    expect(batches).toHaveLength(10);
    expect(engine.database.counts.statements - before).toBe(20);
  });

  it("goes on after what could not be told", async () => {
    const chatId = await newRoom();
    let fails = true;
    const countVisitors = async () => {
      if (fails) throw new Error("no");
      return [1];
    };
    const announcer = createVisitAnnouncer({ engine, countVisitors, log });
    batches.splice(0);
    announcer.add({ chatId, userId: "ann", isHere: true, at });
    await announcer.flush();
    expect(told()).toEqual([]);
    fails = false;
    announcer.add({ chatId, userId: "ann", isHere: false, at });
    await announcer.flush();
    expect(told()).toEqual([{ chatId, name: "viewer.left" }]);
  });
});
