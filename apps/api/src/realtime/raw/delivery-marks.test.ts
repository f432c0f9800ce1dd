import { randomBytes } from "node:crypto";
import { AUDIENCE_LIST_LIMIT } from "@parley/contracts";
import type { Dialect } from "@parley/dialects";
import { closeEngine, createChat, type Engine, listMembers, openEngine, removeMember } from "@parley/engine";
import { createLogger, parseConfig } from "@parley/platform";
import {
  connectNative,
  connectRaw,
  createTestDatabase,
  type NativeClient,
  openTestEngine,
  TEST_JWT_SECRET,
  type TestDatabase,
  testRedisUrl,
  testToken,
  until,
} from "@parley/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { startApi } from "../../app.js";
import { apiConfigSchema } from "../../config.js";
import { toyDialect } from "../../testing/toy-dialect/toy-dialect.js";
import { DeliveryMarks } from "./delivery-marks.js";

/** The toy of clients that can't say what they have received, beside the one that says nothing about it. */
const silentDialect: Dialect = {
  ...toyDialect,
  name: "silent",
  basePaths: ["/silent"],
  routes: [],
  socket: { ...toyDialect.socket, path: "/silent/ws", countsAsDelivered: true },
};

let database: TestDatabase;
let engine: Engine;
let node: Awaited<ReturnType<typeof startApi>>;
const log = createLogger({ level: "silent", node: "test", name: "test" });
const url = () => `http://127.0.0.1:${node.port}`;
const alice = { userId: "alice", role: "user" };

beforeAll(async () => {
  database = await createTestDatabase();
  engine = openEngine({ databaseUrl: database.url, publish: () => undefined, log });
  const config = parseConfig(apiConfigSchema, {
    NODE_ENV: "test",
    PORT: "0",
    NODE_NAME: "node",
    DATABASE_URL: database.url,
    REDIS_URL: testRedisUrl(),
    REDIS_PREFIX: `test-${randomBytes(6).toString("hex")}`,
    JWT_SECRET: TEST_JWT_SECRET,
    MESSAGES_BURST: "1000",
  });
  node = await startApi(config, log, { dialects: [toyDialect, silentDialect] });
});

afterAll(async () => {
  await node.stop("the test is over");
  await closeEngine(engine);
  await database.drop();
});

const newGroup = (...memberIds: string[]) =>
  createChat(engine, { actor: alice, request: { type: "group", name: "test", memberIds } });

async function connect(path: string, userId: string) {
  const client = await connectRaw(`${url()}${path}?token=${testToken({ userId })}`);
  onTestFinished(() => client.close());
  await client.hear(({ type }) => type === "hello");
  return client;
}

const say = async (sender: NativeClient, chatId: string, content: string) => {
  const answer = await sender.ask("send_message", { chatId, message: { content } });
  expect(answer.ok).toBe(true);
};

const deliveredTo = async (chatId: string, userId: string) => {
  const members = await listMembers(engine, { actor: alice, chatId });
  return members.find((member) => member.userId === userId)?.deliveredSeq;
};

describe("what is handed to a socket", () => {
  it("counts as delivered where a contract's clients can't say so, and nowhere else", async () => {
    const { id: chatId } = await newGroup("ben", "cid");
    const sender = await connectNative(url(), { userId: "alice" });
    onTestFinished(() => sender.close());
    const ben = await connect("/silent/ws", "ben");
    const cid = await connect("/toy/ws", "cid");
    for (let turn = 1; turn <= 20; turn++) await say(sender, chatId, `${turn}`);
    await cid.hear(({ type, seq }) => type === "said" && seq === 20);
    await ben.hear(({ type, seq }) => type === "said" && seq === 20);
    await sender.hear<{ userId: string; deliveredSeq: number }>(
      "messages_delivered",
      ({ userId, deliveredSeq }) => userId === "ben" && deliveredSeq === 20,
    );
    expect(await deliveredTo(chatId, "ben")).toBe(20);
    expect(await deliveredTo(chatId, "cid")).toBe(0);
  });

  it("is not marked in a large chat", async () => {
    const crowd = Array.from({ length: AUDIENCE_LIST_LIMIT }, (_, index) => `crowd-${index}`);
    const { id: large } = await newGroup("ben", ...crowd);
    const { id: small } = await newGroup("ben");
    const sender = await connectNative(url(), { userId: "alice" });
    onTestFinished(() => sender.close());
    const ben = await connect("/silent/ws", "ben");
    await say(sender, large, "to many");
    await ben.hear(({ type, text }) => type === "said" && text === "to many");
    await say(sender, small, "to one");
    await until(async () => (await deliveredTo(small, "ben")) === 1, "the small chat's message is marked");
    expect(await deliveredTo(large, "ben")).toBe(0);
  });
});

describe("marks", () => {
  it("of one member and chat wait for each other and go on with the newest", async () => {
    const { engine: own, batches } = openTestEngine(database.url);
    onTestFinished(() => closeEngine(own));
    const { id: chatId } = await newGroup("ben");
    const sender = await connectNative(url(), { userId: "alice" });
    onTestFinished(() => sender.close());
    for (let turn = 1; turn <= 9; turn++) await say(sender, chatId, `${turn}`);
    const marks = new DeliveryMarks({ engine: own, log });
    for (const seq of [1, 4, 2, 9, 7]) marks.mark({ userId: "ben", role: "user" }, { chatId, seq });
    const moves = () =>
      batches
        .flatMap(({ changes }) => changes)
        .map(({ body }) => "deliveredSeq" in body && body.deliveredSeq);
    await until(() => moves().includes(9), "the newest is marked");
    expect(moves()).toEqual([1, 9]);
    expect(await deliveredTo(chatId, "ben")).toBe(9);
  });

  it("of somebody who is out of the chat meanwhile are dropped, and the next ones go on", async () => {
    const { id: chatId } = await newGroup("ben", "cid");
    const sender = await connectNative(url(), { userId: "alice" });
    onTestFinished(() => sender.close());
    await say(sender, chatId, "hi");
    await removeMember(engine, { actor: alice, chatId, userId: "cid" });
    const marks = new DeliveryMarks({ engine, log });
    marks.mark({ userId: "cid", role: "user" }, { chatId, seq: 1 });
    marks.mark({ userId: "ben", role: "user" }, { chatId, seq: 1 });
    await until(async () => (await deliveredTo(chatId, "ben")) === 1, "the other one is marked");
  });
});
