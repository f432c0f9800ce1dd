import { randomUUID } from "node:crypto";
import { findDirectChat } from "@parley/engine";
import { createTestDatabase, type TestDatabase, testRedisUrl } from "@parley/testing";
import request from "supertest";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type FileApi, openFileApi } from "./testing/open-file-api.js";

let database: TestDatabase;
let api: FileApi;

beforeAll(async () => {
  database = await createTestDatabase();
  const env = { MESSAGES_PER_MINUTE: "1", MESSAGES_BURST: "2" };
  api = await openFileApi({ databaseUrl: database.url, redisUrl: testRedisUrl(), env });
});

afterAll(async () => {
  await api.close();
  await database.drop();
});

it("a chat that begins with its first message is not made for one that is refused", async () => {
  const actor = { userId: `me-${randomUUID()}`, role: "user" };
  const { body } = await api.upload(actor.userId, await api.openChat(actor.userId), {
    bytes: Buffer.from("between others"),
  });
  const forward = async (content: string) => {
    const message = { from: actor.userId, to: "friend", content, contentType: 2 };
    const { status } = await api.ask(actor.userId, "POST /api/chat/messages", message);
    return [status, (await findDirectChat(api.engine, { actor, userId: "friend" })) !== null];
  };
  expect(await forward(`https://chat.example.com/v1/files/${body.id}`)).toEqual([400, false]);
  // One of another server of the same kind.
  expect(await forward(`https://chat.example.com/v1/files/${randomUUID()}`)).toEqual([200, true]);
});

it("a chat that begins with its first message is not made for one that comes too fast", async () => {
  const me = `me-${randomUUID()}`;
  const actor = { userId: me, role: "user" };
  const write = async (to: string, clientId: string) => {
    const call = request(api.app).post("/api/chat/messages").set("Authorization", api.bearer(me));
    return (await call.send({ from: me, to, content: "hi", clientId })).status;
  };
  const hasChatWith = async (userId: string) =>
    (await findDirectChat(api.engine, { actor, userId })) !== null;
  expect([await write("first", "1"), await hasChatWith("first")]).toEqual([200, true]);
  expect([await write("second", "2"), await hasChatWith("second")]).toEqual([200, true]);
  expect([await write("third", "3"), await hasChatWith("third")]).toEqual([429, false]);
  // A retry costs nothing.
  expect(await write("first", "1")).toBe(200);
});
