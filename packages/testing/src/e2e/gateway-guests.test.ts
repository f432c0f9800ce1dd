import { LIMITS } from "@parley/contracts";
import { closeEngine, type Engine } from "@parley/engine";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { gatewayCaller } from "../gateway-person.js";
import type { RawClient } from "../raw-client.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { openTestEngine } from "../test-engine.js";
import { until } from "../until.js";

/** What it means for people to be guests of a room, there and on other contracts. */

let cluster: TestCluster;
let engine: Engine;
let posts = 0;

beforeAll(async () => {
  cluster = await startTestCluster();
  engine = openTestEngine(cluster.databaseUrl).engine;
});

afterAll(async () => {
  await closeEngine(engine);
  await cluster.stop();
});

const by = (userId: string, node: 0 | 1 = 0) => gatewayCaller(cluster.urls[node], { userId });
const rest = (userId: string) => restClient(cluster.urls[1], { userId });

async function newRoom(owner: string): Promise<{ number: number; chatId: string }> {
  const body = { name: "방", post_id: ++posts };
  const { id: number } = (await by(owner).call<{ id: number }>("/chat/v1/create-room/", body)).body;
  return { number, chatId: (await engine.chatFacts.readByNumber(number)).id };
}

async function enter(userId: string, room: number, node: 0 | 1 = 0): Promise<RawClient> {
  const client = await by(userId, node).enter(room);
  onTestFinished(() => client.close());
  await client.ask({ type: "?" }, ({ type }) => type === "error");
  return client;
}

/** The numbers of somebody's chats on every contract that lists groups, and how much is unread in all of them. */
async function listsOf(userId: string) {
  const ask = async <Body>(path: string) => (await rest(userId).request<Body>("GET", path)).body;
  const native = await ask<{ chats: Array<{ id: string }>; total: number }>("/v1/chat/my-chats");
  const kelisim = await ask<{ chats: Array<{ id: number }>; total: number }>("/api/chats");
  const catchat = await ask<{ data: { list: Array<{ sessionId: string }>; total: number } }>(
    `/api/chat/conversations?account=${userId}`,
  );
  const numbers = await Promise.all(
    native.chats.map(async ({ id }) => (await engine.chatFacts.read(id)).number),
  );
  return {
    native: numbers,
    kelisim: kelisim.chats.map(({ id }) => id),
    catchat: catchat.data.list.map(({ sessionId }) => Number(sessionId)),
    totals: [native.total, kelisim.total, catchat.data.total],
    unread: (await ask<{ unread_count: number }>("/api/unread-count")).unread_count,
  };
}

it("a guest finds the room on no contract's list, in no sum, and each room where they are more than that", async () => {
  const [visited, own, joined] = [await newRoom("710001"), await newRoom("710002"), await newRoom("710001")];
  await enter("710002", visited.number);
  await enter("710002", joined.number);
  const added = await rest("710001").request("POST", `/v1/chat/${joined.chatId}/members`, {
    user_ids: ["710002"],
  });
  expect(added.status).toBe(201);
  for (const { number: room } of [visited, own, joined]) {
    const { status } = await by("710003").call("/chat/v1/message/", { message: "hi", room });
    expect(status).toBe(201);
  }
  const theirs = [own.number, joined.number].sort();
  const lists = await listsOf("710002");
  for (const list of [lists.native, lists.kelisim, lists.catchat]) expect(list.sort()).toEqual(theirs);
  expect([lists.totals, lists.unread]).toEqual([[2, 2, 2], 2]);
  expect(await listsOf("710003")).toEqual({
    native: [],
    kelisim: [],
    catchat: [],
    totals: [0, 0, 0],
    unread: 0,
  });
});

it("somebody's role stays what their token said, whatever rooms a gateway brings them to", async () => {
  const admin = restClient(cluster.urls[1], { userId: "730001", role: "admin" });
  expect((await admin.request("GET", "/v1/chat/my-chats")).status).toBe(200);
  const known = () => engine.database.prisma.user.findUnique({ where: { id: "730001" } });
  await until(async () => (await known())?.role === "admin", "the directory knows the role");
  const { number } = await newRoom("730002");
  await enter("730001", number);
  expect(await known()).toMatchObject({ name: "별명 730001", role: "admin" });
});

it("a room that was full of guests takes others, native members too, and keeps those who are there on any node", async () => {
  const { number, chatId } = await newRoom("720001");
  const present = await enter("720002", number, 1);
  const { pool } = engine.database;
  await pool.query(
    `INSERT INTO members (chat_id, user_id, role, muted_until, joined_rev, rev, seen_at)
      SELECT $1, 'once-' || n, 'guest', 'infinity', 2, 2, now() - interval '1 day' FROM generate_series(3, $2::int) AS n`,
    [chatId, LIMITS.groupMembers],
  );
  await pool.query("UPDATE chats SET member_count = $2 WHERE id = $1", [chatId, LIMITS.groupMembers]);
  // Nobody came longer ago.
  await pool.query("UPDATE members SET seen_at = now() - interval '2 days' WHERE user_id = '720002'");
  const newcomer = await enter("720003", number);
  const hears = (text: string) => present.hear(({ message }) => message === text);
  newcomer.send({ type: "chat.message", message: "room for me" });
  await hears("room for me");
  await pool.query("UPDATE members SET seen_at = now() WHERE user_id <> '720002'");
  await pool.query("UPDATE chats SET member_count = $2 WHERE id = $1", [chatId, LIMITS.groupMembers]);
  expect((await by("720004").call("/chat/v1/message/", { message: "hi", room: number })).status).toBe(409);
  const adding = { user_ids: ["720005"] };
  expect((await rest("720001").request("POST", `/v1/chat/${chatId}/members`, adding)).status).toBe(201);
  expect((await listsOf("720005")).native).toEqual([number]);
});
