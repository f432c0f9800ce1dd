import type { MessageShape } from "@parley/contracts";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connectNative, type NativeClient } from "../native-client.js";
import { restClient } from "../rest-client.js";
import { startOwnCluster, type TestCluster } from "../test-cluster.js";
import { until } from "../until.js";

let cluster: TestCluster;
const open: NativeClient[] = [];

beforeAll(async () => {
  cluster = await startOwnCluster();
});

afterEach(() => {
  for (const client of open.splice(0)) client.close();
});

afterAll(async () => {
  signalRedis("SIGCONT");
  await cluster?.stop();
});

/** Stops and wakes the cluster's own Redis; while stopped, connections stay open and nothing answers. */
function signalRedis(signal: "SIGSTOP" | "SIGCONT"): void {
  const redis = cluster.services.redis;
  if (redis === undefined) throw new Error("the cluster has no Redis of its own");
  process.kill(redis.pid, signal);
}

let names = 0;
const someone = (what: string) => `${what}-${++names}`;

async function connect(node: 0 | 1, userId: string): Promise<NativeClient> {
  const client = await connectNative(cluster.urls[node], { userId });
  open.push(client);
  return client;
}

const rest = (userId: string, node: 0 | 1 = 0) => restClient(cluster.urls[node], { userId });

async function createGroup(owner: string, memberIds: string[]): Promise<string> {
  const body = { type: "group", name: "test", member_ids: memberIds };
  return (await rest(owner).request<{ id: string }>("POST", "/v1/chat", body)).body.id;
}

async function say(client: NativeClient, chatId: string): Promise<MessageShape> {
  const { message } = await client.ask("send_message", { chatId, message: { content: "text" } });
  if (message === undefined) throw new Error("the message was refused");
  return message;
}

interface PositionEvent {
  userId: string;
  chatId: string;
  readSeq: number;
  deliveredSeq: number;
  rev?: number;
}

/** What a client has heard of somebody's reading, or of what their devices have. */
const heardOf = (client: NativeClient, userId: string, name: "messages_read" | "messages_delivered") =>
  client.all<PositionEvent>(name).filter((event) => event.userId === userId);

describe("read positions", () => {
  it("of somebody who marks every message of a burst reach the others as few moves", async () => {
    const [ann, ben] = [someone("ann"), someone("ben")];
    const chatId = await createGroup(ann, [ben]);
    const [a, b] = [await connect(0, ann), await connect(1, ben)];
    const ids: string[] = [];
    for (let count = 0; count < 40; count++) ids.push((await say(a, chatId)).id);
    const marks = await Promise.all(
      ids.map((id) => b.ask("mark_messages_read", { chatId, messageIds: [id] })),
    );
    for (const mark of marks) expect(mark).toMatchObject({ ok: true, chatId });
    await a.hear<PositionEvent>("messages_read", ({ readSeq }) => readSeq === 40);
    expect(heardOf(a, ben, "messages_read").length).toBeLessThan(20);
    expect(heardOf(b, ben, "messages_read")).toEqual([]);
  });
});

describe("delivered marks", () => {
  it("are told to the others and the own other devices, in both spellings, over the socket and REST", async () => {
    const [ann, ben] = [someone("ann"), someone("ben")];
    const chatId = await createGroup(ann, [ben]);
    const [a, phone, laptop] = [await connect(0, ann), await connect(1, ben), await connect(0, ben)];
    for (let count = 0; count < 6; count++) await say(a, chatId);
    const marks = await Promise.all(
      Array.from({ length: 24 }, (_, index) =>
        phone.ask("mark_delivered", { chat_id: chatId, seq: (index % 3) + 1 }),
      ),
    );
    const rev = Number(marks[0]?.rev);
    for (const mark of marks) expect(mark).toEqual({ ok: true, chatId, deliveredSeq: 3, rev });
    const told = { userId: ben, chatId, deliveredSeq: 3, rev, timestamp: expect.any(String) };
    expect(await a.hear("messages_delivered")).toEqual(told);
    expect(await laptop.hear("messages_delivered")).toEqual(told);
    const put = await rest(ben, 1).request("PUT", `/v1/chat/${chatId}/messages/delivered`, { seq: 5 });
    expect(put).toMatchObject({ status: 200, body: { success: true, delivered_seq: 5 } });
    for (const client of [a, laptop, phone]) {
      await client.hear<PositionEvent>("messages_delivered", ({ deliveredSeq }) => deliveredSeq === 5);
    }
    expect(heardOf(a, ben, "messages_delivered")).toHaveLength(2);
    expect(heardOf(phone, ben, "messages_delivered")).toHaveLength(1);
    expect(await phone.ask("mark_delivered", { chatId, seq: 7 })).toMatchObject({
      ok: false,
      error: { code: "invalid_input", errors: [{ path: "seq" }] },
    });
    const synced = await a.ask("sync", {});
    expect(synced.receipts).toContainEqual({ chat_id: chatId, user_id: ben, read_seq: 0, delivered_seq: 5 });
  });
});

describe("revisions", () => {
  it("come without a hole, whatever happens, so that a client would notice one", async () => {
    const [ann, ben, cid] = [someone("ann"), someone("ben"), someone("cid")];
    const b = await connect(1, ben);
    const chatId = await createGroup(ann, [ben]);
    const a = await connect(0, ann);
    const members = `/v1/chat/${chatId}/members`;
    const heard = () => b.heard.flatMap(({ payload }) => revisionsOf(payload, chatId));
    /** One after the other: a node that has to read what the bus has not brought in time tells several changes of one thing as one. */
    const untilHeard = (rev: number) => until(() => heard().includes(rev), `ben hears of revision ${rev}`);
    await untilHeard(1);
    const { id: messageId } = await say(a, chatId);
    await untilHeard(2);
    await a.ask("edit_message", { chatId, messageId, content: "changed" });
    await untilHeard(3);
    await rest(ann).request("POST", members, { user_ids: [cid] });
    const c = await connect(1, cid);
    await untilHeard(4);
    const { id: newId } = await say(a, chatId);
    await untilHeard(5);
    await c.ask("mark_delivered", { chatId, seq: 2 });
    await untilHeard(6);
    await c.ask("mark_messages_read", { chatId, messageIds: [newId] });
    await untilHeard(7);
    await rest(cid).request("PUT", "/v1/settings", { private_reading: true });
    const { id: quietly } = await say(a, chatId);
    await untilHeard(8);
    await c.ask("mark_messages_read", { chatId, messageIds: [quietly] });
    await say(c, chatId);
    await untilHeard(9);
    await rest(ann).request("DELETE", `${members}/${cid}`);
    await untilHeard(10);
    await say(a, chatId);
    await untilHeard(11);
    expect(b.messages(chatId)).toHaveLength(5);
    expect(heard()).toEqual(Array.from({ length: 11 }, (_, index) => index + 1));
  });
});

/** The revision that an event of the chat carries, directly or in its message. */
function revisionsOf(payload: unknown, chatId: string): number[] {
  const event = payload as { chatId?: string; chat_id?: string; rev?: number; message?: { rev: number } };
  const rev = event.rev ?? event.message?.rev;
  return (event.chatId ?? event.chat_id) === chatId && rev !== undefined ? [rev] : [];
}

describe("somebody who reads in private", () => {
  it("is followed by their own devices and by nobody else, with the bus and without it", async () => {
    const [ann, ben] = [someone("ann"), someone("ben")];
    const chatId = await createGroup(ann, [ben]);
    const others = [await connect(0, ann), await connect(1, ann)] as const;
    const [phone, laptop] = [await connect(0, ben), await connect(1, ben)];
    const [near, far] = others;
    const read = async (message: MessageShape) => {
      const ack = await phone.ask("mark_messages_read", { chatId, messageIds: [message.id] });
      expect(ack).toMatchObject({ ok: true, readSeq: message.seq, unreadCount: 0 });
    };
    const laptopKnows = (seq: number) =>
      laptop.hear<PositionEvent>("messages_read", ({ readSeq }) => readSeq === seq);
    /** A word of ann's that both her connections hear after everything before it. */
    const othersHear = async (message: MessageShape) => {
      for (const client of others)
        await client.hear<MessageShape>("new_message", ({ id }) => id === message.id);
    };

    await read(await say(near, chatId));
    for (const client of others) await client.hear<PositionEvent>("messages_read");
    expect((await rest(ben).request("PUT", "/v1/settings", { private_reading: true })).status).toBe(200);

    await read(await say(near, chatId));
    await laptopKnows(2);
    await othersHear(await say(near, chatId));

    signalRedis("SIGSTOP");
    for (const client of [far, laptop]) await client.hear("bus");
    await read(await say(near, chatId));
    await laptopKnows(4);
    await phone.ask("mark_delivered", { chatId, seq: 4 });
    await far.hear<PositionEvent>("messages_delivered", ({ deliveredSeq }) => deliveredSeq === 4);
    await othersHear(await say(near, chatId));
    signalRedis("SIGCONT");
    for (const client of [far, laptop]) {
      await client.hear<{ state: string }>("bus", ({ state }) => state === "ok");
    }

    for (const client of others) {
      for (const event of heardOf(client, ben, "messages_read")) expect(event.readSeq).toBe(1);
    }
    const synced = await near.ask("sync", {});
    expect(synced.receipts).toContainEqual({ chat_id: chatId, user_id: ben, read_seq: 1, delivered_seq: 4 });
    const own = await laptop.ask("sync", {});
    expect(own.receipts).toContainEqual({ chat_id: chatId, user_id: ben, read_seq: 4, delivered_seq: 4 });
    const history = await rest(ann).request<{ messages: MessageShape[] }>(
      "GET",
      `/v1/chat/${chatId}/messages`,
    );
    expect(history.body.messages.map((message) => message.read_at !== undefined)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);

    await rest(ben).request("PUT", "/v1/settings", { private_reading: false });
    await read(await say(near, chatId));
    for (const client of others) {
      await client.hear<PositionEvent>("messages_read", ({ readSeq }) => readSeq === 6);
    }
  });
});

describe("typing", () => {
  it("is told once in a while, however often a client says so or takes it back", async () => {
    const [ann, ben] = [someone("ann"), someone("ben")];
    const chatId = await createGroup(ann, [ben]);
    const [a, b] = [await connect(0, ann), await connect(1, ben)];
    const type = (action: "start" | "stop") => a.ask("typing_indicator", { chatId, action });
    const told = () => b.all<{ action: string }>("typing_indicator").map(({ action }) => action);
    for (let count = 0; count < 5; count++) expect(await type("stop")).toEqual({ ok: true });
    const flood = await Promise.all(Array.from({ length: 50 }, () => type("start")));
    for (const ack of flood) expect(ack).toEqual({ ok: true });
    await Promise.all(Array.from({ length: 50 }, () => type("stop")));
    // Too soon to be told at once, and then it is.
    await type("start");
    await until(() => told().length >= 3, "ben hears the second start");
    await type("stop");
    await until(() => told().length >= 4, "ben hears the second stop");
    expect(told()).toEqual(["start", "stop", "start", "stop"]);
  });

  it("is refused in chats of others, also its end", async () => {
    const [ann, eve] = [someone("ann"), someone("eve")];
    const chatId = await createGroup(ann, []);
    const e = await connect(0, eve);
    for (const action of ["start", "stop"]) {
      const answer = await e.ask("typing_indicator", { chatId, action });
      expect(answer).toMatchObject({ ok: false, error: { code: "chat_not_found" } });
    }
  });
});
