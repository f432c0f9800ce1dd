import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connectRaw, type RawFrame } from "../raw-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { testToken } from "../test-token.js";
import { frameOf, kelisimCast, messageFrame, newGroup, say } from "./kelisim-cast.js";

// Follows the seed's document from the WebSocket to its end; each test stands under the heading of its promise.

let cluster: TestCluster;
const { someone, onNode, online, leave } = kelisimCast(() => cluster);

beforeAll(async () => {
  cluster = await startTestCluster({ NODE_ENV: "development" });
});

afterEach(leave);

afterAll(async () => {
  await cluster?.stop();
});

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe("WebSocket 消息协议", () => {
  it("客户端发送 / 服务器发送: what one sends, everybody in the chat hears", async () => {
    const [ann, ben] = [someone(0, { name: "张三" }), someone(1)];
    const chat = await newGroup(ann, ben);
    const [a, b] = [await online(ann), await online(ben)];
    a.send({
      type: "send_message",
      chat_id: chat,
      content: "消息内容",
      message_type: "text",
      temp_id: "client-generated-uuid",
    });
    const message = {
      id: expect.any(Number),
      chat_id: chat,
      sender: { id: ann.id, name: "张三" },
      type: "text",
      content: "消息内容",
      created_at: TIME,
    };
    expect(await b.hear(frameOf("new_message"))).toEqual({
      type: "new_message",
      message: { ...message, status: "delivered" },
    });
    const own = await a.hear(frameOf("new_message"));
    expect(own).toEqual({
      type: "new_message",
      message: { ...message, status: "sent", temp_id: "client-generated-uuid" },
    });
    // What was handed to a socket is delivered.
    const { id } = own.message as { id: number };
    expect(await a.hear(frameOf("message_status", { status: "delivered" }))).toEqual({
      type: "message_status",
      message_id: id,
      chat_id: chat,
      status: "delivered",
      user_id: ben.id,
    });
    const { body } = await ann.ask("GET", `/api/chats/${chat}/messages`);
    expect(body.messages[0]?.status).toBe("delivered");
    b.send({ type: "read", chat_id: chat, message_id: id });
    await a.hear(frameOf("message_status", { status: "read", message_id: id, user_id: ben.id }));
    await b.hear(frameOf("message_status", { status: "read", message_id: id, user_id: ben.id }));
  });

  it("a retry is answered with the original, on every node and over REST", async () => {
    const [ann, ben] = [someone(0), someone(1)];
    const chat = await newGroup(ann, ben);
    const elsewhere = await online(onNode(1, ann));
    const [a, b] = [await online(ann), await online(ben)];
    const frame = { type: "send_message", chat_id: chat, content: "once", temp_id: "t" };
    const first = await a.ask(frame, frameOf("new_message"));
    await elsewhere.hear(frameOf("new_message"));
    const again = await elsewhere.ask(frame, frameOf("new_message"));
    expect(again.message).toMatchObject({ id: (first.message as RawFrame).id, temp_id: "t" });
    expect((await say(ann, chat, { content: "once", temp_id: "t" })).id).toBe((first.message as RawFrame).id);
    const reused = await a.ask({ ...frame, content: "twice" }, frameOf("error"));
    expect(reused).toEqual({
      type: "error",
      code: "client_id_reused",
      message: expect.stringContaining("temp_id"),
      temp_id: "t",
    });
    await say(ann, chat, "the end");
    await b.hear(messageFrame("the end"));
    expect(b.heard.filter(frameOf("new_message"))).toHaveLength(2);
  });

  it("typing is told to the others, and ping is answered", async () => {
    const [ann, ben] = [someone(0), someone(1)];
    const chat = await newGroup(ann, ben);
    const [a, b] = [await online(ann), await online(ben)];
    a.send({ type: "typing", chat_id: chat, is_typing: true });
    expect(await b.hear(frameOf("typing"))).toEqual({
      type: "typing",
      chat_id: chat,
      user_id: ann.id,
      is_typing: true,
    });
    a.send({ type: "typing", chat_id: chat, is_typing: false });
    await b.hear(frameOf("typing", { is_typing: false }));
    expect(await a.ask({ type: "ping" })).toEqual({ type: "pong" });
    expect(a.heard.filter(frameOf("typing"))).toEqual([]);
  });

  it("GET /ws refuses a bad token before the upgrade", async () => {
    for (const query of ["", "?token=nonsense", `?token=${testToken({ userId: "ann" })}`]) {
      await expect(connectRaw(`${cluster.urls[0]}/ws${query}`)).rejects.toMatchObject({
        status: 401,
        body: { error: expect.any(String), code: expect.stringMatching(/^token_/) },
      });
    }
  });
});

describe("项目结构 / middleware / cors.go", () => {
  it("lets the pages of all origins call in development", async () => {
    const answer = await fetch(`${cluster.urls[0]}/api/chats`, {
      method: "OPTIONS",
      headers: {
        origin: "https://anywhere.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
      },
    });
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([
      204,
      "https://anywhere.example",
    ]);
  });
});
