import { COMMAND_CATALOGUE, type MessageShape } from "@parley/contracts";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connectNative, type NativeClient, type NativeClientOptions } from "../native-client.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { until } from "../until.js";

let cluster: TestCluster;
const open: NativeClient[] = [];

beforeAll(async () => {
  cluster = await startTestCluster({ TYPING_TIMEOUT_MS: "300" });
});

afterEach(() => {
  for (const client of open.splice(0)) client.close();
});

afterAll(async () => {
  await cluster?.stop();
});

let names = 0;
/** A user id that no other test uses. */
const someone = (what = "user") => `${what}-${++names}`;

async function connect(node: 0 | 1, options: NativeClientOptions): Promise<NativeClient> {
  const client = await connectNative(cluster.urls[node], options);
  open.push(client);
  return client;
}

async function createGroup(owner: string, memberIds: string[]): Promise<string> {
  const rest = restClient(cluster.urls[0], { userId: owner });
  const body = { type: "group", name: "test", member_ids: memberIds };
  const { body: chat } = await rest.request<{ id: string }>("POST", "/v1/chat", body);
  return chat.id;
}

describe("two people on two nodes", () => {
  it("hear each other in both spellings, with acknowledgements, from the moment they connect", async () => {
    const [ann, ben] = [someone("ann"), someone("ben")];
    const early = await connect(1, { userId: ben });
    const chatId = await createGroup(ann, [ben]);
    const a = await connect(0, { userId: ann });
    expect(await a.hear("connected")).toMatchObject({ userId: ann, role: "user" });
    const sent = await a.ask("send_message", { chatId, message: { content: "hello", type: "text" } });
    expect(sent).toMatchObject({ ok: true, message: { seq: 1, sender_id: ann, content: "hello" } });
    expect(await early.hear("new_message")).toEqual(sent.message);
    expect(await early.hear("member_added")).toEqual({ chatId, userId: ben, rev: 1 });
    const answer = {
      chat_id: chatId,
      message: { content: "hi", clientId: "c-1", replyTo: sent.message?.id },
    };
    expect(await early.ask("send_message", answer)).toMatchObject({
      ok: true,
      message: { seq: 2, client_id: "c-1" },
    });
    await a.hear<MessageShape>("new_message", (message) => message.seq === 2);
    await early.ask("mark_messages_read", { chat_id: chatId, message_ids: [sent.message?.id] });
    const joined = await a.ask("join_chat", { chat_id: chatId });
    expect(joined).toMatchObject({ ok: true, chatId, hasMore: false });
    const history = await a.hear<{ messages: MessageShape[] }>("chat_history");
    expect(history.messages.map((message) => message.seq)).toEqual([1, 2]);
    expect(history.messages[0]?.read_at).toBeDefined();
    expect(await early.hear("user_joined")).toMatchObject({ userId: ann, chatId });
    await early.ask("join_chat", { chatId, afterSeq: 1 });
    const rest = await early.hear<{ messages: MessageShape[] }>("chat_history");
    expect(rest.messages.map((message) => message.seq)).toEqual([2]);
    await a.ask("leave_chat", { chatId });
    expect(await early.hear("user_left")).toMatchObject({ userId: ann, chatId });
  });

  it("see edits, deletions, reactions and read positions of each other", async () => {
    const [ann, ben] = [someone("ann"), someone("ben")];
    const chatId = await createGroup(ann, [ben]);
    const [a, b] = [await connect(0, { userId: ann }), await connect(1, { userId: ben })];
    const { message } = await a.ask("send_message", { chatId, message: { content: "one" } });
    const at = { chatId, messageId: message?.id };
    expect(await a.ask("edit_message", { ...at, content: "two" })).toMatchObject({
      message: { content: "two" },
    });
    expect(await b.ask("react", { ...at, emoji: "👍" })).toMatchObject({ ok: true });
    await b.ask("mark_messages_read", { chatId, messageIds: [message?.id] });
    expect(await a.hear("messages_read")).toMatchObject({
      userId: ben,
      chatId,
      readSeq: 1,
      messageIds: [message?.id],
    });
    expect(b.all("messages_read")).toEqual([]);
    expect(await a.ask("delete_message", at)).toMatchObject({ message: { content: "", seq: 1 } });
    const updates = await until(() => {
      const heard = b.all<{ message: MessageShape }>("message_updated");
      return heard.length >= 3 && heard.map((update) => update.message);
    }, "ben hears three updates");
    expect(updates[0]?.content).toBe("two");
    expect(updates[1]?.reactions).toEqual([{ emoji: "👍", count: 1, user_ids: [ben] }]);
    expect(updates[2]?.deleted_at).toBeDefined();
  });

  it("see who types, until they stop or go silent", async () => {
    const [ann, ben] = [someone("ann"), someone("ben")];
    const chatId = await createGroup(ann, [ben]);
    const [a, b] = [await connect(0, { userId: ann }), await connect(1, { userId: ben })];
    await a.ask("typing_indicator", { chat_id: chatId, action: "start" });
    await a.ask("typing_indicator", { chat_id: chatId, action: "stop" });
    await a.ask("typing_indicator", { chat_id: chatId, action: "start" });
    const actions = await until(() => {
      const heard = b.all("typing_indicator");
      return heard.length >= 4 && heard.map((event) => event.action);
    }, "the second start has ended by itself");
    expect(actions).toEqual(["start", "stop", "start", "stop"]);
    expect(a.all("typing_indicator")).toEqual([]);
  });

  it("see each other come, go away and leave, and strangers see nothing", async () => {
    const [ann, ben, eve] = [someone("ann"), someone("ben"), someone("eve")];
    await createGroup(ann, [ben]);
    const [b, e] = [await connect(1, { userId: ben }), await connect(1, { userId: eve })];
    const a = await connect(0, { userId: ann });
    await b.hear("presence_update", (update) => update.userId === ann && update.status === "online");
    await a.ask("set_presence", { status: "away" });
    await b.hear("presence_update", (update) => update.userId === ann && update.status === "away");
    const asked = await b.ask("presence", { userIds: [ann, eve] });
    expect(asked.presence).toMatchObject([{ userId: ann, status: "away" }]);
    a.close();
    await b.hear("presence_update", (update) => update.userId === ann && update.status === "offline");
    expect(e.all("presence_update").filter((update) => update.userId !== eve)).toEqual([]);
  });

  it("hear of orders and receipts", async () => {
    const [ann, ben] = [someone("ann"), someone("ben")];
    const platform = restClient(cluster.urls[0], { userId: "platform", role: "system" });
    const order_id = someone("order");
    const { body: chat } = await platform.request<{ id: string }>("POST", "/v1/chat", {
      order_id,
      user_id: ann,
      shopper_id: ben,
      initial_message: "Welcome",
    });
    const [a, b] = [await connect(0, { userId: ann }), await connect(1, { userId: ben, role: "shopper" })];
    await platform.request("POST", `/v1/orders/${order_id}/updates`, { status: "shopping", eta: 5 });
    for (const client of [a, b]) {
      expect(await client.hear("order_update")).toMatchObject({
        orderId: order_id,
        update: { status: "shopping", eta: 5 },
        message: { type: "order_update", seq: 2 },
      });
      expect(client.messages(chat.id)).toHaveLength(1);
    }
    const shopper = restClient(cluster.urls[1], { userId: ben, role: "shopper" });
    await shopper.request("POST", `/v1/chat/${chat.id}/receipts`, {
      receipt_url: "https://example.com/r.pdf",
    });
    expect(await a.hear("receipt_shared")).toMatchObject({
      chatId: chat.id,
      receiptUrl: "https://example.com/r.pdf",
      sharedBy: ben,
    });
  });
});

describe("one order", () => {
  it("holds for 50 concurrent senders over both nodes, in storage and for every member", async () => {
    const users = Array.from({ length: 50 }, () => someone("sender"));
    const chatId = await createGroup(users[0] ?? "", users.slice(1));
    const clients = await Promise.all(
      users.map((userId, index) => connect(index % 2 === 0 ? 0 : 1, { userId })),
    );
    const rounds = 6;
    const acks = await Promise.all(
      clients.flatMap((client) =>
        Array.from({ length: rounds }, (_, index) =>
          client.ask("send_message", { chatId, message: { content: `${client.userId} ${index}` } }),
        ),
      ),
    );
    expect(acks.every((ack) => ack.ok)).toBe(true);
    const total = users.length * rounds;
    const order = Array.from({ length: total }, (_, index) => index + 1);
    await until(
      () => clients.every((client) => client.messages(chatId).length >= total),
      "everyone has heard all",
    );
    for (const client of clients)
      expect(client.messages(chatId).map((message) => message.seq)).toEqual(order);
    const ids = clients.map((client) =>
      client
        .messages(chatId)
        .map((message) => message.id)
        .join(),
    );
    expect(new Set(ids).size).toBe(1);
    for (const client of clients) {
      const own = client.messages(chatId).filter((message) => message.sender_id === client.userId);
      expect(own.map((message) => message.content)).toEqual(
        Array.from({ length: rounds }, (_, index) => `${client.userId} ${index}`),
      );
    }
  });

  it("gives one message and equal answers to the same client id over REST and sockets on both nodes", async () => {
    const ann = someone("ann");
    const chatId = await createGroup(ann, [someone("ben")]);
    const sockets = [await connect(0, { userId: ann }), await connect(1, { userId: ann })];
    const rests = cluster.urls.map((url) => restClient(url, { userId: ann }));
    const message = { content: "once", type: "text", client_id: "the-same" };
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        if (index % 2 === 0)
          return (await sockets[(index / 2) % 2]?.ask("send_message", { chatId, message }))?.message;
        const rest = rests[((index - 1) / 2) % 2];
        return (await rest?.request<MessageShape>("POST", `/v1/chat/${chatId}/messages`, message))?.body;
      }),
    );
    expect(answers[0]).toMatchObject({ seq: 1, content: "once" });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    const reused = await sockets[0]?.ask("send_message", {
      chatId,
      message: { ...message, content: "other" },
    });
    expect(reused).toMatchObject({ ok: false, error: { code: "client_id_reused" } });
    // The acknowledgement of a retry may overtake the bus; what is said after all of them does not.
    await sockets[0]?.ask("send_message", { chatId, message: { content: "the end" } });
    await sockets[1]?.hear<MessageShape>("new_message", ({ content }) => content === "the end");
    expect(sockets[1]?.messages(chatId).map(({ content }) => content)).toEqual(["once", "the end"]);
  });
});

describe("members", () => {
  it("gain and lose the live stream at once, on every node", async () => {
    const [ann, ben, cid] = [someone("ann"), someone("ben"), someone("cid")];
    const chatId = await createGroup(ann, [ben]);
    const [a, b, c] = [
      await connect(0, { userId: ann }),
      await connect(1, { userId: ben }),
      await connect(1, { userId: cid }),
    ];
    const say = (content: string) => a.ask("send_message", { chatId, message: { content } });
    const owner = restClient(cluster.urls[0], { userId: ann });
    await say("1");
    await owner.request("POST", `/v1/chat/${chatId}/members`, { user_ids: [cid] });
    await say("2");
    await c.hear<MessageShape>("new_message", (message) => message.content === "2");
    expect((await owner.request("DELETE", `/v1/chat/${chatId}/members/${cid}`)).status).toBe(204);
    await say("3");
    await b.hear<MessageShape>("new_message", (message) => message.content === "3");
    expect(await c.hear("member_removed")).toEqual({ chatId, userId: cid, rev: 5 });
    expect(c.messages(chatId).map((message) => message.content)).toEqual(["2"]);
    expect(await c.ask("join_chat", { chatId })).toMatchObject({
      ok: false,
      error: { code: "chat_not_found" },
    });
  });

  it("of a group that outgrows the named audience all keep the stream", async () => {
    const users = Array.from({ length: 60 }, () => someone("crowd"));
    const [owner = "", ...others] = users;
    const chatId = await createGroup(owner, others.slice(0, 40));
    const a = await connect(0, { userId: owner });
    const early = await connect(1, { userId: others[3] ?? "" });
    const added = await connect(1, { userId: others[55] ?? "" });
    const rest = restClient(cluster.urls[0], { userId: owner });
    await rest.request("POST", `/v1/chat/${chatId}/members`, { user_ids: others.slice(40) });
    const later = await connect(1, { userId: others[50] ?? "" });
    await a.ask("send_message", { chatId, message: { content: "to all" } });
    for (const client of [early, added, later]) {
      await client.hear<MessageShape>("new_message", (message) => message.content === "to all");
    }
  });
});

describe("an outsider", () => {
  it("learns nothing from any event", async () => {
    const [ann, eve] = [someone("ann"), someone("eve")];
    const chatId = await createGroup(ann, [someone("ben")]);
    const a = await connect(0, { userId: ann });
    const { message } = await a.ask("send_message", { chatId, message: { content: "secret" } });
    const e = await connect(1, { userId: eve });
    const at = { chatId, messageId: message?.id };
    const attempts: Array<[string, unknown]> = [
      ["join_chat", at],
      ["send_message", { chatId, message: { content: "x" } }],
      ["edit_message", { ...at, content: "x" }],
      ["delete_message", at],
      ["react", { ...at, emoji: "👍" }],
      ["mark_messages_read", { chatId, messageIds: [message?.id] }],
      ["mark_delivered", { chatId, seq: 1 }],
      ["typing_indicator", { chatId, action: "start" }],
    ];
    for (const [event, input] of attempts) {
      expect([event, await e.ask(event, input)]).toMatchObject([
        event,
        { ok: false, error: { code: "chat_not_found" } },
      ]);
    }
    expect(await e.ask("presence", { userIds: [ann] })).toMatchObject({ ok: true, presence: [] });
    const synced = await e.ask("sync", {});
    expect(synced).toMatchObject({ ok: true, messages: [], chats: [] });
    await a.ask("send_message", { chatId, message: { content: "more" } });
    await a.hear<MessageShape>("new_message", (heard) => heard.content === "more");
    expect(e.heard.filter(({ name }) => name !== "connected" && name !== "presence_update")).toEqual([]);
  });
});

describe("bad input", () => {
  const wrong: unknown[] = [
    undefined,
    null,
    0,
    "text",
    [],
    {},
    { chatId: 7 },
    { chatId: "x", message: "y" },
    { messageIds: {} },
  ];

  it("of every event is answered, and the socket stays", async () => {
    const client = await connect(0, { userId: someone("clumsy") });
    for (const event of Object.keys(COMMAND_CATALOGUE)) {
      for (const input of wrong) {
        const answer = await client.ask(event, input);
        if (!answer.ok)
          expect([event, answer.error?.code]).toEqual([
            event,
            expect.stringMatching(/^(invalid_input|token_)/),
          ]);
        else expect(["sync", "leave_chat"]).toContain(event);
      }
    }
    expect(await client.ask("no_such_event", {})).toMatchObject({
      ok: false,
      error: { code: "unknown_event" },
    });
    expect(await client.ask("toString", {})).toMatchObject({ ok: false, error: { code: "unknown_event" } });
    client.socket.emit("send_message", { chatId: 1 });
    expect(await client.hear("error")).toMatchObject({ code: "invalid_input", errors: expect.any(Array) });
    client.socket.emit("send_message", { chatId: 1 }, { not: "a callback" });
    client.socket.emit("send_message", Buffer.from("binary"));
    await until(() => client.all("error").length >= 3, "every failure is told");
    expect(client.socket.connected).toBe(true);
  });

  it("in a frame over 64 KiB ends that connection and no other", async () => {
    const [ann, ben] = [someone("ann"), someone("ben")];
    const chatId = await createGroup(ann, [ben]);
    const [a, b] = [await connect(0, { userId: ann }), await connect(0, { userId: ben })];
    const fits = await a.ask("send_message", { chatId, message: { content: "😀".repeat(5_000) } });
    expect(fits.ok).toBe(true);
    a.socket.emit("send_message", { chatId, message: { content: "x".repeat(65_536) } });
    await until(() => !a.socket.connected, "the connection ends");
    expect(await b.ask("send_message", { chatId, message: { content: "still here" } })).toMatchObject({
      ok: true,
    });
  });

  it("is told apart from unusual text, which arrives as it was sent", async () => {
    const ann = someone("ann");
    const chatId = await createGroup(ann, []);
    const a = await connect(0, { userId: ann });
    const texts = [
      "こんにちは世界",
      "مرحبا بالعالم",
      "👨‍👩‍👧‍👦 🏳️‍🌈 🇯🇵",
      "e\u0301 \u202eabc\u202c",
      "<script>alert(1)</script>",
      "a\tb\nc",
    ];
    for (const content of texts) {
      const sent = await a.ask("send_message", { chatId, message: { content } });
      expect(sent.message?.content).toBe(content);
    }
    for (const content of ["a\u0000b", "\ud800", "x\udc00y", "   ", ""]) {
      expect(await a.ask("send_message", { chatId, message: { content } })).toMatchObject({
        ok: false,
        error: { code: "invalid_input" },
      });
    }
    const { body } = await restClient(cluster.urls[1], { userId: ann }).request<{ messages: MessageShape[] }>(
      "GET",
      `/v1/chat/${chatId}/messages`,
    );
    expect(body.messages.map((message) => message.content)).toEqual(texts);
  });
});
