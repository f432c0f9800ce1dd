import jwt from "jsonwebtoken";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { KelisimPerson } from "../kelisim-person.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { TEST_JWT_SECRET, testToken } from "../test-token.js";
import { until } from "../until.js";
import { untilNamed } from "../until-named.js";
import { frameOf, kelisimCast, messageFrame, newGroup, say } from "./kelisim-cast.js";

// Follows the seed's document from its top to the WebSocket; each test stands under the heading of its promise.

let cluster: TestCluster;
const { someone, online, leave } = kelisimCast(() => cluster);

beforeAll(async () => {
  cluster = await startTestCluster({ NODE_ENV: "development" });
});

afterEach(leave);

afterAll(async () => {
  await cluster?.stop();
});

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe("配置环境变量: JWT (与 Laravel 共享)", () => {
  it("takes a subject that is a number, as Laravel writes it, or its digits", async () => {
    for (const sub of [7_000_001, "7000001"]) {
      const token = jwt.sign({ sub, exp: Math.floor(Date.now() / 1_000) + 60 }, TEST_JWT_SECRET);
      const headers = { authorization: `Bearer ${token}` };
      const answer = await fetch(`${cluster.urls[0]}/api/chats`, { headers });
      expect([answer.status, await answer.json()]).toEqual([200, { chats: [], total: 0 }]);
    }
  });
});

describe("API 文档 / 认证", () => {
  it("asks every call for a bearer token, of somebody who has a number", async () => {
    const calls: Array<[string, string]> = [
      ["GET", "/api/chats"],
      ["POST", "/api/chats"],
      ["GET", "/api/chats/1"],
      ["GET", "/api/chats/1/participants"],
      ["POST", "/api/chats/1/participants"],
      ["DELETE", "/api/chats/1/participants/2"],
      ["GET", "/api/chats/1/messages"],
      ["POST", "/api/chats/1/messages"],
      ["PUT", "/api/messages/1/status"],
      ["DELETE", "/api/messages/1"],
      ["PUT", "/api/chats/1/read"],
      ["GET", "/api/unread-count"],
      ["POST", "/api/chats/1/files"],
      ["GET", "/api/chats/1/files"],
      ["GET", "/api/files/1/download"],
    ];
    for (const [method, path] of calls) {
      const answer = await fetch(`${cluster.urls[0]}${path}`, { method });
      expect([path, answer.status, await answer.json()]).toEqual([
        path,
        401,
        { error: expect.any(String), code: "token_missing" },
      ]);
    }
    for (const userId of ["ann", "0", "-7", "007", "1.5"]) {
      const headers = { authorization: `Bearer ${testToken({ userId })}` };
      const answer = await fetch(`${cluster.urls[0]}/api/chats`, { headers });
      expect([answer.status, await answer.json()]).toEqual([
        401,
        { error: expect.stringContaining("positive whole number"), code: "token_invalid" },
      ]);
    }
  });
});

describe("API 文档 / 聊天管理", () => {
  it("POST /api/chats makes a chat of two or a group, and GET lists and shows it", async () => {
    const [ann, ben, cid] = [someone(0, { name: "张三" }), someone(1, { name: "李四" }), someone(0)];
    await ben.ask("GET", "/api/chats");
    await untilNamed(cluster.databaseUrl, [String(ben.id)]);
    const made = await ann.ask("POST", "/api/chats", { participant_ids: [ben.id] });
    const pair = {
      id: expect.any(Number),
      name: "李四",
      type: "private",
      created_by: ann.id,
      participants_count: 2,
      last_message: null,
      unread_count: 0,
      created_at: TIME,
      updated_at: TIME,
    };
    expect([made.status, made.body]).toEqual([201, pair]);
    await untilNamed(cluster.databaseUrl, [String(ann.id)]);
    // One chat per pair, whoever asks, and as digits too.
    const again = await ben.ask("POST", "/api/chats", {
      type: "private",
      name: "ignored",
      participant_ids: [String(ann.id), ann.id, ben.id],
    });
    expect([again.status, again.body.id, again.body.name]).toEqual([201, made.body.id, "张三"]);

    const group = await ann.ask("POST", "/api/chats", {
      name: "项目",
      participant_ids: [ben.id, cid.id, ben.id],
    });
    expect(group.body).toEqual({
      ...pair,
      id: expect.any(Number),
      name: "项目",
      type: "group",
      participants_count: 3,
    });
    await say(ann, made.body.id, "你好");
    const listed = await ben.ask("GET", "/api/chats?page=1&per_page=1");
    expect([listed.status, listed.body]).toEqual([
      200,
      {
        chats: [
          {
            ...pair,
            id: made.body.id,
            name: "张三",
            unread_count: 1,
            last_message: {
              id: expect.any(Number),
              chat_id: made.body.id,
              sender: { id: ann.id, name: "张三" },
              type: "text",
              content: "你好",
              status: "delivered",
              created_at: TIME,
            },
          },
        ],
        total: 2,
      },
    ]);
    const second = await ben.ask("GET", "/api/chats?page=2&per_page=1");
    expect(second.body.chats.map(({ id }) => id)).toEqual([group.body.id]);
    const shown = await cid.ask("GET", `/api/chats/${group.body.id}`);
    expect([shown.status, shown.body]).toEqual([
      200,
      {
        ...group.body,
        participants: [
          { user_id: ann.id, name: "张三", avatar: null, role: "owner", joined_at: TIME },
          { user_id: ben.id, name: "李四", avatar: null, role: "member", joined_at: TIME },
          { user_id: cid.id, name: `user ${cid.id}`, avatar: null, role: "member", joined_at: TIME },
        ],
      },
    ]);
  });

  it("participants are listed, added and removed, live sockets included", async () => {
    const [ann, ben, cid] = [someone(0), someone(1), someone(1)];
    const chat = await newGroup(ann, ben);
    const sockets = { ann: await online(ann), ben: await online(ben), cid: await online(cid) };
    const added = await ann.ask("POST", `/api/chats/${chat}/participants`, { user_id: cid.id });
    expect([added.status, added.body.total]).toEqual([201, 3]);
    // A newcomer's name may come a moment later than they do.
    const listed = await until(async () => {
      const { body } = await cid.ask("GET", `/api/chats/${chat}/participants`);
      return body.participants[2]?.name === cid.name && body;
    }, "the newcomer has a name");
    expect({ ...added.body, participants: [] }).toEqual({ ...listed, participants: [] });
    expect(listed.participants[2]).toEqual({
      user_id: cid.id,
      name: cid.name,
      avatar: null,
      role: "member",
      joined_at: TIME,
    });
    for (const client of Object.values(sockets)) {
      expect(await client.hear(frameOf("participant_added"))).toEqual({
        type: "participant_added",
        chat_id: chat,
        user_id: cid.id,
      });
    }
    await say(ann, chat, "welcome");
    await sockets.cid.hear(messageFrame("welcome"));

    const removed = await ann.ask("DELETE", `/api/chats/${chat}/participants/${cid.id}`);
    expect([removed.status, removed.body]).toEqual([204, undefined]);
    for (const client of Object.values(sockets)) {
      expect(await client.hear(frameOf("participant_removed"))).toEqual({
        type: "participant_removed",
        chat_id: chat,
        user_id: cid.id,
      });
    }
    await say(ann, chat, "without cid");
    await sockets.ben.hear(messageFrame("without cid"));
    // One who hears of another chat afterwards has heard all there was to hear.
    const other = await newGroup(cid, ann);
    await say(ann, other, "elsewhere");
    await sockets.cid.hear(messageFrame("elsewhere"));
    expect(sockets.cid.heard.filter(messageFrame("without cid"))).toEqual([]);
    expect((await cid.ask("GET", `/api/chats/${chat}/messages`)).status).toBe(404);
    // Anyone may go by themself.
    expect((await ben.ask("DELETE", `/api/chats/${chat}/participants/${ben.id}`)).status).toBe(204);
    expect((await ann.ask("GET", `/api/chats/${chat}/participants`)).body.total).toBe(1);
  });
});

describe("API 文档 / 消息管理", () => {
  it("messages are sent, and read in pages and backwards", async () => {
    const [ann, ben] = [someone(0, { name: "张三" }), someone(1)];
    const chat = await newGroup(ann, ben);
    const first = await say(ann, chat, { content: "1", type: "text", temp_id: "t-1" });
    expect(first).toEqual({
      id: expect.any(Number),
      chat_id: chat,
      sender: { id: ann.id, name: "张三" },
      type: "text",
      content: "1",
      status: "sent",
      temp_id: "t-1",
      created_at: TIME,
    });
    expect(await say(ann, chat, { content: "1", temp_id: "t-1" })).toEqual(first);
    for (const content of ["2", "3", "4", "5"]) await say(ann, chat, content);
    const page = async (query: string, person = ben) => {
      const { status, body } = await person.ask("GET", `/api/chats/${chat}/messages?${query}`);
      expect([status, Object.keys(body)]).toEqual([200, ["messages", "total", "has_more"]]);
      return { ...body, messages: body.messages.map(({ content }) => content) };
    };
    expect(await page("page=1&per_page=2")).toEqual({ messages: ["4", "5"], total: 5, has_more: true });
    expect(await page("page=3&per_page=2")).toEqual({ messages: ["1"], total: 5, has_more: false });
    expect(await page("")).toEqual({ messages: ["1", "2", "3", "4", "5"], total: 5, has_more: false });
    const all = await ben.ask("GET", `/api/chats/${chat}/messages`);
    const third = all.body.messages[2]?.id;
    expect(await page(`before_id=${third}&limit=1`)).toEqual({ messages: ["2"], total: 5, has_more: true });
    expect(await page(`before_id=${third}&limit=9`)).toMatchObject({ messages: ["1", "2"], has_more: false });
    // The temporary id is the sender's own business.
    expect(all.body.messages[0]).toEqual({
      id: first.id,
      chat_id: chat,
      sender: { id: ann.id, name: "张三" },
      type: "text",
      content: "1",
      status: "delivered",
      created_at: TIME,
    });
    const own = await ann.ask("GET", `/api/chats/${chat}/messages`);
    expect(own.body.messages[0]?.temp_id).toBe("t-1");
  });

  it("are marked as read up to one, or all of a chat, and counted", async () => {
    const [ann, ben] = [someone(0), someone(1)];
    const [chat, other] = [await newGroup(ann, ben), await newGroup(ann, ben)];
    const client = await online(ann);
    const sent = [];
    for (const content of ["1", "2", "3"]) sent.push(await say(ann, chat, content));
    await say(ann, other, "4");
    const unread = async () => (await ben.ask("GET", "/api/unread-count")).body;
    expect(await unread()).toEqual({ unread_count: 4 });
    const marked = await ben.ask("PUT", `/api/messages/${sent[1]?.id}/status`, { status: "read" });
    expect([marked.status, marked.body]).toEqual([
      200,
      { message_id: sent[1]?.id, chat_id: chat, status: "read", unread_count: 1 },
    ]);
    expect(await client.hear(frameOf("message_status", { status: "read" }))).toEqual({
      type: "message_status",
      message_id: sent[1]?.id,
      chat_id: chat,
      status: "read",
      user_id: ben.id,
    });
    const statuses = async (person: KelisimPerson) => {
      const { body } = await person.ask("GET", `/api/chats/${chat}/messages`);
      return body.messages.map(({ status }) => status);
    };
    expect([await statuses(ann), await statuses(ben)]).toEqual([
      ["read", "read", "sent"],
      ["read", "read", "delivered"],
    ]);
    expect(await unread()).toEqual({ unread_count: 2 });
    const whole = await ben.ask("PUT", `/api/chats/${chat}/read`);
    expect([whole.status, whole.body]).toEqual([200, { chat_id: chat, unread_count: 0 }]);
    expect([await unread(), await statuses(ann)]).toEqual([{ unread_count: 1 }, ["read", "read", "read"]]);
    await client.hear(frameOf("message_status", { status: "read", message_id: sent[2]?.id }));
    expect((await ben.ask("PUT", `/api/chats/${chat}/read`)).status).toBe(200);
  });

  it("are deleted, and leave a tombstone", async () => {
    const [ann, ben] = [someone(0), someone(1)];
    const chat = await newGroup(ann, ben);
    const clients = [await online(ann), await online(ben)];
    const message = await say(ben, chat, "oops");
    const gone = await ben.ask("DELETE", `/api/messages/${message.id}`);
    expect([gone.status, gone.body]).toEqual([204, undefined]);
    for (const client of clients) {
      expect(await client.hear(frameOf("message_deleted"))).toEqual({
        type: "message_deleted",
        message_id: message.id,
        chat_id: chat,
      });
    }
    const { body } = await ann.ask("GET", `/api/chats/${chat}/messages`);
    expect(body).toMatchObject({ total: 1, messages: [{ id: message.id, content: "", is_deleted: true }] });
    // The owner may take away what others have said.
    const another = await say(ben, chat, "again");
    expect((await ann.ask("DELETE", `/api/messages/${another.id}`)).status).toBe(204);
  });
});
