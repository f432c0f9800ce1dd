import { openTestNode, type TestNode } from "@parley/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createChat } from "../chats/create-chat.js";
import { poolStats } from "../open-engine.js";
import { sendMessage } from "./send-message.js";

const alice = { userId: "alice", role: "user" };

let node: TestNode;

beforeAll(async () => {
  node = await openTestNode();
});

afterAll(() => node.close());

it("finds a message's number by its place, and asks the database once however many ask", async () => {
  const { engine } = node;
  const request = { type: "direct" as const, userId: "bob" };
  const { id: chatId } = await createChat(engine, { actor: alice, request });
  const place = { chatId, seq: 1 };
  await expect(engine.messageNumbers.read(place)).rejects.toMatchObject({ code: "message_not_found" });
  const draft = { content: "hi", type: "text" as const };
  const { number } = await sendMessage(engine, { actor: alice, chatId, draft });
  const before = poolStats(engine).statements;
  const found = await Promise.all(Array.from({ length: 20 }, () => engine.messageNumbers.read(place)));
  expect([...new Set(found)]).toEqual([number]);
  const asked = poolStats(engine).statements - before;
  expect(asked).toBeGreaterThan(0);
  expect(await engine.messageNumbers.read(place)).toBe(number);
  expect(poolStats(engine).statements - before).toBe(asked);
  expect(asked).toBeLessThan(5);
});
