import { createTestDatabase, openTestEngine, type TestDatabase, type TestEngine } from "@parley/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { closeEngine } from "../open-engine.js";
import { createChat } from "./create-chat.js";

const ann = { userId: "ann", role: "user" };
let database: TestDatabase;
let test: TestEngine;

beforeAll(async () => {
  database = await createTestDatabase();
  test = openTestEngine(database.url);
});

afterAll(async () => {
  await closeEngine(test.engine);
  await database.drop();
});

it("tells what never changes about a chat, by either name", async () => {
  const { engine } = test;
  const pair = await createChat(engine, { actor: ann, request: { type: "direct", userId: "ben" } });
  const order = { type: "order", orderId: "o1", userId: "ann", shopperId: "cid" } as const;
  const sold = await createChat(engine, { actor: ann, request: order });
  const group = await createChat(engine, {
    actor: ann,
    request: { type: "group", name: "g", memberIds: ["ben", "cid"] },
  });
  expect(engine.chatFacts.get(pair.id)).toBeUndefined();
  expect(await engine.chatFacts.read(pair.id)).toEqual({
    id: pair.id,
    number: pair.number,
    type: "direct",
    isOpen: false,
    pair: ["ann", "ben"],
  });
  expect(engine.chatFacts.get(pair.id)?.number).toBe(pair.number);
  expect(await engine.chatFacts.readByNumber(sold.number)).toMatchObject({
    id: sold.id,
    pair: ["ann", "cid"],
  });
  const all = await engine.chatFacts.readAll([group.id, "00000000-0000-7000-8000-000000000000", pair.id]);
  expect([...all.keys()]).toEqual([group.id, pair.id]);
  expect(all.get(group.id)?.pair).toBeNull();
});

it("refuses a chat that does not exist, and finds it once it does", async () => {
  const { engine } = test;
  const next =
    (await createChat(engine, { actor: ann, request: { type: "direct", userId: "x1" } })).number + 1;
  await expect(engine.chatFacts.readByNumber(next)).rejects.toMatchObject({ code: "chat_not_found" });
  const chat = await createChat(engine, { actor: ann, request: { type: "direct", userId: "x2" } });
  expect(await engine.chatFacts.readByNumber(chat.number)).toMatchObject({ id: chat.id });
});
