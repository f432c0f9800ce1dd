import { Client } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isA, type MatchaPerson, matchaPerson, textsOf } from "../matcha-person.js";
import { connectNative, type NativeClient } from "../native-client.js";
import { connectRaw, type RawClient } from "../raw-client.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { testToken } from "../test-token.js";
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

async function connect(person: MatchaPerson): Promise<RawClient> {
  const client = await person.connect();
  open.push(client);
  return client;
}

async function connectNode(node: 0 | 1, userId: string): Promise<NativeClient> {
  const client = await connectNative(cluster.urls[node], { userId });
  open.push(client);
  return client;
}

const native = (userId: string, role = "user") => restClient(cluster.urls[1], { userId, role });

async function talk(one: MatchaPerson, other: { id: number }): Promise<number> {
  const { body } = await one.ask<{ id: number }>("POST", "/conversations", { user_id: other.id });
  return body.data.id;
}

async function say(person: MatchaPerson, conversation_id: number, message = "text"): Promise<number> {
  const body = { conversation_id, message };
  const sent = await person.ask<{ message: { id: number } }>("POST", "/messages", body);
  return sent.body.data.message.id;
}

type Data = Record<string, unknown>;
const refused = (status: number) => [status, { success: false, error: expect.stringMatching(/./) }];

async function outcome(person: MatchaPerson, call: [string, string, unknown?]) {
  const { status, body } = await person.ask(...call);
  return [status, body];
}

/** The integer names of chats, which no contract says that can't show them. */
async function numbersOf(chatIds: string[]): Promise<number[]> {
  const database = new Client({ connectionString: cluster.databaseUrl });
  await database.connect();
  const { rows } = await database.query("SELECT number FROM chats WHERE id = ANY ($1)", [chatIds]);
  await database.end();
  expect(rows).toHaveLength(chatIds.length);
  return rows.map(({ number }) => Number(number));
}

describe("who asks", () => {
  it("is refused with a text, on REST and before the upgrade", async () => {
    const cases: Array<[Record<string, string>, string]> = [
      [{}, ""],
      [{ "x-user-id": "7" }, ""],
      [{ authorization: `Bearer ${testToken({ userId: "ann" })}`, "x-user-id": "ann" }, ""],
      [{ authorization: `Bearer ${testToken({ userId: "7", expiresIn: -60 })}`, "x-user-id": "7" }, ""],
      [{ authorization: `Bearer ${testToken({ userId: "7" })}`, "x-user-id": "8" }, ""],
      [{ "x-user-id": "8" }, `?token=${testToken({ userId: "7" })}`],
      [{}, `?token=${testToken({ userId: "ann" })}`],
    ];
    for (const [headers, query] of cases) {
      const rest = await fetch(`${cluster.urls[0]}/api/v1/chat/conversations${query}`, { headers });
      expect([rest.status, await rest.json()]).toEqual(refused(401));
      await expect(
        connectRaw(`${cluster.urls[0]}/api/v1/chat/ws${query}`, { headers }),
      ).rejects.toMatchObject({
        status: 401,
        body: { success: false, error: expect.stringMatching(/./) },
      });
    }
    const ann = await fetch(`${cluster.urls[0]}/api/v1/chat/conversations`, { headers: cases[2]?.[0] ?? {} });
    expect(await ann.json()).toMatchObject({ error: expect.stringContaining("positive integers") });
  });
});

describe("REST calls", () => {
  it("refuse bad input with a text that names it", async () => {
    const ana = someone();
    const id = await talk(ana, someone());
    const message = await say(ana, id);
    const calls: Array<[string, string, unknown?]> = [
      ["POST", "/conversations", {}],
      ["POST", "/conversations", { user_id: "ann" }],
      ["POST", "/conversations", { user_id: -5 }],
      ["POST", "/conversations", { user_id: ana.id }],
      ["GET", "/conversations?limit=0"],
      ["GET", "/conversations/x"],
      ["GET", "/conversations/0"],
      ["PUT", "/conversations/1.5/read"],
      ["GET", `/conversations/${id}/messages?limit=-1`],
      ["GET", `/conversations/${id}/messages?offset=x`],
      ["POST", "/messages", { message: "a" }],
      ["POST", "/messages", { conversation_id: id }],
      ["POST", "/messages", { conversation_id: id, message: "" }],
      ["POST", "/messages", { conversation_id: id, message: " \n " }],
      ["POST", "/messages", { conversation_id: id, message: 5 }],
      ["POST", "/messages", { conversation_id: id, message: "x".repeat(1_001) }],
      ["POST", "/messages", { conversation_id: id, message: "a\0b" }],
      ["POST", "/reactions", { message_id: message }],
      ["POST", "/reactions", { message_id: message, emoji: "no" }],
      ["DELETE", `/messages/${message}/reactions/no`],
      ["GET", "/messages/x/reactions"],
      ["GET", "/users/ann/presence"],
    ];
    for (const call of calls) expect([call, ...(await outcome(ana, call))]).toEqual([call, ...refused(400)]);
    const named = await ana.ask("POST", "/messages", { message: "" });
    expect(named.body.error).toBe("conversation_id is missing; message must not be empty");
    expect(await outcome(ana, ["POST", "/messages", { conversation_id: String(id), message: "a" }])).toEqual([
      201,
      expect.anything(),
    ]);
  });

  it("say what else stands against them, each with its status", async () => {
    const [ana, ben] = [someone(), someone(1)];
    const id = await talk(ana, ben);
    const send = { conversation_id: id, message: "once", client_id: "c-1" };
    expect(await outcome(ana, ["POST", "/messages", send])).toMatchObject([201, {}]);
    expect(await outcome(ana, ["POST", "/messages", { ...send, message: "twice" }])).toEqual(refused(422));
    expect(await outcome(ana, ["POST", "/messages", { ...send, more: "x".repeat(300_000) }])).toEqual(
      refused(413),
    );
    expect(await outcome(ana, ["GET", "/nowhere"])).toEqual(refused(404));
    expect(await outcome(ana, ["DELETE", "/conversations"])).toEqual(refused(404));
    const broken = await fetch(`${cluster.urls[0]}/api/v1/chat/messages`, {
      method: "POST",
      headers: { ...ana.headers, "content-type": "application/json" },
      body: "{",
    });
    expect([broken.status, await broken.json()]).toEqual(refused(400));
    const chats = await native(String(ben.id)).request<{ chats: Array<{ id: string }> }>(
      "GET",
      "/v1/chat/my-chats",
    );
    const closing = { status: "closed" };
    await native(String(ben.id)).request("PUT", `/v1/chat/${chats.body.chats[0]?.id}/status`, closing);
    expect(await outcome(ana, ["POST", "/messages", { ...send, client_id: "c-2" }])).toEqual(refused(409));
  });

  it("tell outsiders what they tell of things that are not there, but for the conversation itself", async () => {
    const [ana, eve] = [someone(), someone(1)];
    const id = await talk(ana, someone());
    const message = await say(ana, id);
    const calls = (conversation_id: number, message_id: number): Array<[string, string, unknown?]> => [
      ["PUT", `/conversations/${conversation_id}/`],
      ["PUT", `/conversations/${conversation_id}/read`],
      ["GET", `/conversations/${conversation_id}/messages`],
      ["POST", "/messages", { conversation_id, message: "let me in" }],
      ["POST", "/reactions", { message_id, emoji: "👍" }],
      ["DELETE", `/messages/${message_id}/reactions/${encodeURIComponent("👍")}`],
      ["GET", `/messages/${message_id}/reactions`],
    ];
    for (const call of calls(id, message)) {
      expect([call, (await outcome(ana, call))[0]]).toEqual([call, expect.toBeOneOf([200, 201])]);
    }
    const nothing = calls(999_999, 999_999);
    for (const [place, call] of calls(id, message).entries()) {
      const told = await outcome(eve, call);
      expect([call, ...told]).toEqual([call, ...refused(404)]);
      expect(told).toEqual(await outcome(eve, nothing[place] ?? call));
    }
    expect(await outcome(eve, ["GET", `/conversations/${id}`])).toEqual(refused(403));
    expect(await outcome(eve, ["GET", "/conversations"])).toEqual([200, { success: true, data: [] }]);
  });
});

describe("chats that are no conversations of two integers", () => {
  it("appear nowhere, also to their members", async () => {
    const [ana, ben] = [someone(), someone(1)];
    const [own, other] = [native(String(ana.id)), native(`name-${ben.id}`)];
    const group = { type: "group", name: "three", member_ids: [String(ben.id), other.userId] };
    const pair = { type: "direct", user_id: other.userId };
    const chats = [];
    for (const body of [group, pair]) {
      chats.push((await own.request<{ id: string }>("POST", "/v1/chat", body)).body);
    }
    const conversation = await talk(ana, ben);
    const client = await connect(ana);
    const beside = await connectNode(1, String(ana.id));
    for (const { id } of chats)
      await other.request("POST", `/v1/chat/${id}/messages`, { content: "not here" });
    await until(() => beside.all("new_message").length === 2, "a native client hears both");
    await say(ben, conversation, "here");
    await client.hear(isA("new_message", { message: "here" }));
    expect(textsOf(client)).toEqual(["here"]);
    const { body } = await ana.ask<Array<{ id: number }>>("GET", "/conversations");
    expect(body.data.map(({ id }) => id)).toEqual([conversation]);
    for (const number of await numbersOf(chats.map(({ id }) => id))) {
      for (const call of [
        ["GET", `/conversations/${number}`],
        ["GET", `/conversations/${number}/messages`],
        ["PUT", `/conversations/${number}/read`],
        ["POST", "/messages", { conversation_id: number, message: "a" }],
      ] as Array<[string, string, unknown?]>) {
        expect(await outcome(ana, call)).toEqual(refused(404));
      }
    }
  });

  it("do not include orders of two integers, whose system messages have a negative sender", async () => {
    const [ana, ben] = [someone(), someone(1)];
    const order = {
      type: "order",
      order_id: `o-${ana.id}`,
      user_id: String(ben.id),
      shopper_id: String(ana.id),
    };
    await native("platform", "system").request("POST", "/v1/chat", {
      ...order,
      initial_message: "Bienvenue",
    });
    const { body } = await ana.ask<Array<Data>>("GET", "/conversations");
    expect(body.data).toMatchObject([
      { user1_id: ana.id, user2_id: ben.id, last_message_content: "Bienvenue", other_user: { id: ben.id } },
    ]);
    type Page = { messages: Array<{ sender_id: number }> };
    const page = await ana.ask<Page>("GET", `/conversations/${body.data[0]?.id}/messages`);
    expect(page.body.data.messages[0]?.sender_id).toBeLessThan(0);
  });
});

describe("presence", () => {
  it("is told of people one shares a chat with, and of nobody else", async () => {
    const [ana, ben, eve] = [someone(), someone(1), someone()];
    await talk(ana, ben);
    const client = await connect(ana);
    // Who is told to be connected may be present for the other node a moment later.
    const here = await until(async () => {
      const answer = await ben.ask<{ is_online: boolean }>("GET", `/users/${ana.id}/presence`);
      return answer.body.data.is_online && answer;
    }, "ana is present");
    const time = expect.stringMatching(/Z$/);
    expect([here.status, here.body.data]).toEqual([
      200,
      { user_id: ana.id, is_online: true, last_seen: time, last_activity: time },
    ]);
    const other = await connect(ben);
    expect(await client.hear(isA("presence_update", { user_id: ben.id }))).toEqual({
      type: "presence_update",
      data: { user_id: ben.id, is_online: true, last_seen: time },
      timestamp: time,
    });
    other.close();
    await client.hear(isA("presence_update", { user_id: ben.id, is_online: false }));
    await until(async () => {
      const { body } = await ana.ask<{ is_online: boolean }>("GET", `/users/${ben.id}/presence`);
      return !body.data.is_online;
    }, "ben is gone");
    const stranger = await connect(eve);
    expect(await outcome(eve, ["GET", `/users/${eve.id}/presence`])).toMatchObject([200, {}]);
    const told = await outcome(eve, ["GET", `/users/${ana.id}/presence`]);
    expect(told).toEqual(refused(404));
    expect(told).toEqual(await outcome(eve, ["GET", "/users/999999999/presence"]));
    const back = await connect(ben);
    await client.hear(
      (frame) => isA("presence_update", { is_online: true })(frame) && client.heard.indexOf(frame) > 1,
    );
    await stranger.ask({ type: "ping" }, isA("pong"));
    expect(stranger.heard.filter(isA("presence_update"))).toEqual([]);
    back.close();
  });
});
