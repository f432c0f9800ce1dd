import { isDeepStrictEqual } from "node:util";
import type { MessageShape } from "@parley/contracts";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { dataOf, isA, type MatchaPerson, matchaPerson, textsOf } from "../matcha-person.js";
import { connectNative, type NativeClient } from "../native-client.js";
import type { RawClient, RawFrame } from "../raw-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { until } from "../until.js";

let cluster: TestCluster;
const open: Array<RawClient | NativeClient> = [];

beforeAll(async () => {
  cluster = await startTestCluster();
});

afterEach(() => {
  for (const client of open.splice(0)) client.close();
});

afterAll(async () => {
  await cluster?.stop();
});

let ids = 100;
/** Somebody whom no other test knows. */
const someone = (node: 0 | 1 = 0): MatchaPerson => matchaPerson({ url: cluster.urls[node], id: ++ids });
const elsewhere = ({ id }: MatchaPerson): MatchaPerson => matchaPerson({ url: cluster.urls[1], id });

async function connect(person: MatchaPerson): Promise<RawClient> {
  const client = await person.connect();
  open.push(client);
  return client;
}

async function talk(one: MatchaPerson, other: { id: number }): Promise<number> {
  const { body } = await one.ask<{ id: number }>("POST", "/conversations", { user_id: other.id });
  return body.data.id;
}

type Data = Record<string, unknown>;
const idOf = (frame: RawFrame) => dataOf(frame).id as number;

describe("messages", () => {
  it("have one order for both people, on all their sockets, and for a native client beside them", async () => {
    const [ana, ben] = [someone(), someone(1)];
    const id = await talk(ana, ben);
    const sockets = [await connect(ana), await connect(elsewhere(ana)), await connect(ben)];
    const [a, , b] = sockets;
    const native = await connectNative(cluster.urls[0], { userId: String(ben.id) });
    open.push(native);
    for (let turn = 0; turn < 30; turn++) {
      a?.send({ type: "send_message", conversation_id: id, content: `ana ${turn}` });
      b?.send({ type: "send_message", conversation_id: id, content: `ben ${turn}` });
    }
    for (const socket of sockets)
      await until(() => textsOf(socket).length === 60, "everyone hears everything");
    await until(() => native.all("new_message").length === 60, "the native client, too");
    const order = native.all<MessageShape>("new_message").map(({ content }) => content);
    for (const socket of sockets) expect(textsOf(socket)).toEqual(order);
    const own = order.filter((text) => text.startsWith("ana"));
    expect(own).toEqual(Array.from({ length: 30 }, (_, turn) => `ana ${turn}`));
    const [message] = native.all<MessageShape>("new_message");
    await native.ask("send_message", { chatId: message?.chat_id, message: { content: "native" } });
    expect(await a?.hear(isA("new_message", { message: "native" }))).toMatchObject({
      data: { sender_id: ben.id },
    });
  });

  it("may come in the seed's front end's own spelling", async () => {
    const [ana, ben] = [someone(), someone(1)];
    const id = await talk(ana, ben);
    const [a, b] = [await connect(ana), await connect(ben)];
    for (const frame of [
      { type: "send_message", conversation_id: String(id), message: "1" },
      { type: "send_message", data: { conversation_id: id, content: "2" } },
      { type: "send_message", data: { conversation_id: String(id), message: "3" } },
    ]) {
      a.send(frame);
    }
    await b.hear(isA("new_message", { message: "3" }));
    expect(textsOf(b)).toEqual(["1", "2", "3"]);
    a.send({ type: "typing", data: { conversation_id: String(id), is_typing: true } });
    await b.hear(isA("typing", { user_id: ana.id, is_typing: true }));
    b.send({ type: "join_conversation", data: { conversation_id: String(id) } });
    await b.ask({ type: "ping" }, isA("pong"));
    const { body } = await ben.ask<Data>("GET", `/conversations/${id}`);
    expect(body.data.unread_count).toBe(0);
  });

  it("are stored once under a client id, and a retry is answered with the original", async () => {
    const [ana, ben] = [someone(), someone(1)];
    const id = await talk(ana, ben);
    const [a, b] = [await connect(ana), await connect(ben)];
    const frame = { type: "send_message", conversation_id: id, content: "once", client_id: "c-1" };
    const first = await a.ask(frame, isA("new_message"));
    expect(dataOf(first).client_id).toBe("c-1");
    const again = await connect(elsewhere(ana));
    const retried = await again.ask(frame, isA("new_message"));
    expect(retried).toEqual({ ...first, timestamp: expect.any(String) });
    const body = { conversation_id: id, message: "once", client_id: "c-1" };
    const overHttp = await ana.ask<{ message: { id: number } }>("POST", "/messages", body);
    expect([overHttp.status, overHttp.body.data.message.id]).toEqual([201, idOf(first)]);
    expect(await again.ask({ ...frame, content: "twice" }, isA("error"))).toMatchObject({
      data: { code: "client_id_reused", client_id: "c-1" },
    });
    await a.ask({ ...frame, content: "last", client_id: "c-2" }, isA("new_message", { message: "last" }));
    await b.hear(isA("new_message", { message: "last" }));
    expect(textsOf(b)).toEqual(["once", "last"]);
    expect(b.heard.filter(isA("new_message")).every((told) => !("client_id" in dataOf(told)))).toBe(true);
  });
});

describe("joining a conversation", () => {
  it("opens it, which the other person's native client is told, until the next one is opened", async () => {
    const [ana, ben] = [someone(), someone(1)];
    const [first, second] = [await talk(ana, ben), await talk(ana, someone())];
    const native = await connectNative(cluster.urls[1], { userId: String(ben.id) });
    open.push(native);
    const client = await connect(ana);
    client.send({ type: "join_conversation", conversation_id: first });
    expect(await native.hear("user_joined")).toMatchObject({ userId: String(ana.id) });
    client.send({ type: "join_conversation", conversation_id: second });
    expect(await native.hear("user_left")).toMatchObject({ userId: String(ana.id) });
    expect(client.heard.filter(isA("error"))).toEqual([]);
  });
});

describe("reactions", () => {
  it("are told to both as they stand, and answered where nothing changed", async () => {
    const [ana, ben] = [someone(), someone(1)];
    const id = await talk(ana, ben);
    const [a, b] = [await connect(ana), await connect(ben)];
    const sent = await a.ask(
      { type: "send_message", conversation_id: id, content: "hi" },
      isA("new_message"),
    );
    const message_id = idOf(sent);
    const told = (...user_ids: number[]) => ({
      type: "reaction_update",
      conversation_id: id,
      data: {
        message_id,
        reactions: user_ids.length === 0 ? [] : [{ emoji: "👍", count: user_ids.length, user_ids }],
      },
      timestamp: expect.stringMatching(/Z$/),
    });
    const react = async (type: string, left: unknown) => {
      const frame = { type, message_id, emoji: "👍" };
      const isLeft = (heard: RawFrame) => isDeepStrictEqual(heard.data, left);
      return b.ask(frame, isLeft);
    };
    expect(await react("reaction_add", told(ben.id).data)).toEqual(told(ben.id));
    expect(await a.hear(isA("reaction_update"))).toEqual(told(ben.id));
    expect(await react("reaction_add", told(ben.id).data)).toEqual(told(ben.id));
    const path = `/messages/${message_id}/reactions`;
    const added = await ana.ask("POST", "/reactions", { message_id, emoji: "👍" });
    expect([added.status, added.body.data]).toEqual([201, told(ben.id, ana.id).data]);
    expect((await ben.ask("GET", path)).body).toEqual({ success: true, data: told(ben.id, ana.id).data });
    const removed = await ana.ask("DELETE", `${path}/${encodeURIComponent("👍")}`);
    expect([removed.status, removed.body.data]).toEqual([200, told(ben.id).data]);
    expect(await react("reaction_remove", told().data)).toEqual(told());
    expect(await react("reaction_remove", told().data)).toEqual(told());
    expect((await ben.ask("GET", path)).body.data).toEqual(told().data);
    // To the other one nothing is told twice.
    await b.hear(isA("reaction_update"));
    await a.ask({ type: "send_message", conversation_id: id, content: "end" }, isA("new_message"));
    expect(a.heard.filter(isA("reaction_update"))).toHaveLength(4);
  });
});

describe("bad frames", () => {
  it("of every type are answered with an error frame, and the socket stays", async () => {
    const [ana, ben, eve] = [someone(), someone(1), someone(1)];
    const id = await talk(ana, ben);
    const [a, e] = [await connect(ana), await connect(eve)];
    const sent = await a.ask(
      { type: "send_message", conversation_id: id, content: "hi" },
      isA("new_message"),
    );
    const good: Record<string, Data> = {
      send_message: { conversation_id: id, content: "a" },
      join_conversation: { conversation_id: id },
      typing: { conversation_id: id, is_typing: true },
      reaction_add: { message_id: idOf(sent), emoji: "👍" },
      reaction_remove: { message_id: idOf(sent), emoji: "👍" },
    };
    const codeOf = async (client: RawClient, frame: unknown) =>
      dataOf(await client.ask(frame, isA("error"))).code;
    for (const [type, fields] of Object.entries(good)) {
      expect([type, await codeOf(a, { type })]).toEqual([type, "invalid_input"]);
      for (const key of Object.keys(fields)) {
        for (const value of [null, [], {}, "", -1, 1.5]) {
          const frame = { type, ...fields, [key]: value };
          expect([frame, await codeOf(a, frame)]).toEqual([frame, "invalid_input"]);
        }
      }
      const missing = fields.conversation_id === undefined ? "message_not_found" : "chat_not_found";
      const unknown = {
        type,
        ...fields,
        ...(fields.message_id ? { message_id: 9e9 } : { conversation_id: 9e9 }),
      };
      // An outsider is told what is told of nothing.
      expect([type, await codeOf(e, { type, ...fields })]).toEqual([type, missing]);
      expect(e.heard.at(-1)?.data).toEqual(dataOf(await e.ask(unknown, isA("error"))));
    }
    for (const frame of ["", "[]", "null", Buffer.from([1]), { type: 5 }, { type: "new_message" }, {}]) {
      expect(await codeOf(a, frame)).toMatch(/^(invalid_json|unknown_event)$/);
    }
    expect(await codeOf(a, { ...good.send_message, type: "send_message", content: "x".repeat(70_000) })).toBe(
      "body_too_large",
    );
    for (const client of [a, e]) {
      await client.ask({ type: "ping" }, isA("pong"));
      expect(client.socket.readyState).toBe(client.socket.OPEN);
    }
    expect(e.heard.filter(({ type }) => !["connected", "error", "pong"].includes(String(type)))).toEqual([]);
    for (const [type, fields] of Object.entries(good)) a.send({ type, ...fields });
    await a.hear(isA("reaction_update"));
  });
});

describe("100 messages a minute", () => {
  it("are counted over both nodes and both transports; what is beyond is refused, and a retry is not", async () => {
    const small = await startTestCluster({ MESSAGES_PER_MINUTE: "100", MESSAGES_BURST: "20" });
    try {
      const [ana, there] = small.urls.map((url) => matchaPerson({ url, id: 1 })) as [
        MatchaPerson,
        MatchaPerson,
      ];
      const id = await talk(ana, { id: 2 });
      const client = await connect(there);
      const body = { conversation_id: id, message: "a", client_id: "c-1" };
      expect((await ana.ask("POST", "/messages", body)).status).toBe(201);
      const refusedFrame = until(() => client.heard.find(isA("error")), "the socket is refused");
      for (let turn = 0; turn < 60; turn++) {
        client.send({ type: "send_message", conversation_id: id, content: "b", client_id: `s-${turn}` });
      }
      expect(await refusedFrame).toEqual({
        type: "error",
        data: {
          code: "rate_limited",
          message: expect.stringMatching(/try again in \d+ s/),
          retry_after_ms: expect.any(Number),
          client_id: expect.stringMatching(/^s-/),
        },
        timestamp: expect.any(String),
      });
      const answers = await Promise.all(
        Array.from({ length: 30 }, () => ana.ask("POST", "/messages", { ...body, client_id: undefined })),
      );
      const beyond = answers.find(({ status }) => status === 429);
      expect(beyond?.body).toEqual({ success: false, error: expect.stringMatching(/try again in \d+ s/) });
      expect(Number(beyond?.headers.get("retry-after"))).toBeGreaterThan(0);
      expect((await ana.ask("POST", "/messages", body)).status).toBe(201);
    } finally {
      await small.stop();
    }
  });
});
