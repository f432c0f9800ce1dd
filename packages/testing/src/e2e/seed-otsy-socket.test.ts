import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { testToken } from "../test-token.js";
import { until } from "../until.js";
import {
  newOrderChat,
  type OtsyPage,
  type OtsyPayload,
  type OtsyPerson,
  openPage,
  otsyCast,
  sayText,
} from "./otsy-cast.js";

/**
 * The native contract's own document, its chapter "WebSocket イベント", over two nodes: the user of a chat is on one, its shopper on the
 * other. The document's client asks for no acknowledgements, so nothing here does.
 */

let cluster: TestCluster;
const cast = otsyCast(() => cluster);
const { someone, onNode } = cast;

beforeAll(async () => {
  cluster = await startTestCluster();
});

afterEach(cast.leave);

afterAll(async () => {
  await cluster?.stop();
});

const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const UUID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);

interface Scene {
  chatId: string;
  orderId: string;
  user: OtsyPerson;
  shopper: OtsyPerson;
  /** The user's page, on the first node. */
  near: OtsyPage;
  /** The shopper's, on the second. */
  far: OtsyPage;
}

async function open(): Promise<Scene> {
  const [user, shopper] = [someone(0), someone(1, "shopper")];
  const { id, orderId } = await newOrderChat(cast, user, shopper);
  const [near, far] = [await user.open(), await shopper.open()];
  return { chatId: id, orderId, user, shopper, near, far };
}

const says =
  (content: string) =>
  (message: OtsyPayload): boolean =>
    message.content === content;

/** Waits until a page has heard everything that was said before. */
async function catchUp(page: OtsyPage, { user, chatId }: Scene): Promise<void> {
  const content = `the end ${page.told("new_message").length}`;
  await sayText(user, chatId, content);
  await page.hears("new_message", says(content));
}

describe("接続管理", () => {
  it("接続: `connected` says who one is", async () => {
    for (const person of [someone(0), someone(1, "shopper")]) {
      const page = await person.open();
      expect(page.told("connected")).toEqual([{ userId: person.id, role: person.role, timestamp: TIME }]);
    }
  });

  it("接続: auth.token must be good", async () => {
    const expired = testToken({ userId: "x", expiresIn: -60 });
    for (const [token, code] of [
      ["jwt-token", "token_invalid"],
      ["", "token_missing"],
      [expired, "token_expired"],
    ] as const) {
      const { socket } = openPage(cluster.urls[0], token);
      onTestFinished(() => void socket.disconnect());
      const error = await new Promise<Error & { data?: OtsyPayload }>((resolve) => {
        socket.once("connect_error", resolve);
      });
      expect(error.data).toEqual({ code, message: expect.any(String) });
      // It does not try again by itself with what will be refused again.
      expect([socket.connected, socket.active]).toEqual([false, false]);
    }
  });

  it("チャット参加: `join_chat` brings `chat_history`, and the others `user_joined`", async () => {
    const scene = await open();
    const { chatId, user, shopper, near, far } = scene;
    for (const content of ["1", "2"]) await sayText(user, chatId, content);
    far.emit("join_chat", { chat_id: chatId });
    const history = await far.hears("chat_history");
    expect(history).toEqual({ chatId, messages: expect.any(Array), hasMore: false });
    const messages = history.messages as OtsyPayload[];
    expect(messages.map(({ content }) => content)).toEqual(["1", "2"]);
    expect(messages[0]).toEqual({
      id: UUID,
      chat_id: chatId,
      seq: 1,
      rev: 2,
      sender_id: user.id,
      sender_role: "user",
      content: "1",
      type: "text",
      created_at: TIME,
    });
    const joined = { userId: shopper.id, role: "shopper", chatId, timestamp: TIME };
    expect(await near.hears("user_joined")).toEqual(joined);
    await catchUp(far, scene);
    expect([near.told("chat_history"), far.told("user_joined")]).toEqual([[], []]);
  });

  it("チャット参加: a chat of others is refused, and nobody is told", async () => {
    const scene = await open();
    const stranger = await someone(1).open();
    stranger.emit("join_chat", { chat_id: scene.chatId });
    expect(await stranger.hears("error")).toEqual({ code: "chat_not_found", message: expect.any(String) });
    scene.far.emit("join_chat", { chat_id: scene.chatId });
    await scene.near.hears("user_joined");
    expect(scene.near.told("user_joined")).toHaveLength(1);
    expect(stranger.told("chat_history")).toEqual([]);
  });
});

describe("メッセージング", () => {
  it("メッセージ送信 · メッセージ受信: everybody in the chat hears `new_message`, the sender's pages too", async () => {
    const { chatId, user, near, far } = await open();
    const second = await onNode(1, user).open();
    const stranger = await someone(0).open();
    near.emit("send_message", { chatId, message: { content: "Hello!", type: "text" } });
    const message = {
      id: UUID,
      chat_id: chatId,
      seq: 1,
      rev: 2,
      sender_id: user.id,
      sender_role: "user",
      content: "Hello!",
      type: "text",
      created_at: TIME,
    };
    const heard = await far.hears("new_message");
    expect(heard).toEqual(message);
    // Nobody has sent `join_chat`: members hear their chats from the moment they connect (contract).
    for (const page of [near, second]) expect(await page.hears("new_message")).toEqual(heard);
    stranger.emit("send_message", { chatId, message: { content: "let me in", type: "text" } });
    await stranger.hears("error", ({ code }) => code === "chat_not_found");
    expect(stranger.told("new_message")).toEqual([]);
  });

  it("メッセージ送信 · メッセージ受信: all pages hear the same order, and each message once", async () => {
    const { chatId, near, far } = await open();
    for (let turn = 0; turn < 20; turn++) {
      near.emit("send_message", { chatId, message: { content: `near ${turn}`, type: "text" } });
      far.emit("send_message", { chatId, message: { content: `far ${turn}`, type: "text" } });
    }
    for (const page of [near, far]) {
      await until(() => page.told("new_message").length === 40, "all is heard");
    }
    expect(far.told("new_message")).toEqual(near.told("new_message"));
    expect(near.told("new_message").map(({ seq }) => seq)).toEqual(
      Array.from({ length: 40 }, (_, index) => index + 1),
    );
    for (const sender of ["near", "far"]) {
      const own = near.told("new_message").filter(({ content }) => String(content).startsWith(sender));
      expect(own.map(({ content }) => content)).toEqual(
        Array.from({ length: 20 }, (_, turn) => `${sender} ${turn}`),
      );
    }
  });

  it("both spellings of the document are taken in every event: chat_id, chatId, messageIds, message_ids", async () => {
    const scene = await open();
    const { chatId, near, far } = scene;
    near.emit("send_message", { chat_id: chatId, message: { content: "snake", type: "text" } });
    const { id } = await far.hears("new_message", says("snake"));
    far.emit("join_chat", { chatId });
    await far.hears("chat_history");
    far.emit("typing_indicator", { chatId, action: "start" });
    await near.hears("typing_indicator");
    far.emit("mark_messages_read", { chat_id: chatId, message_ids: [id] });
    expect(await near.hears("messages_read")).toMatchObject({ chatId, messageIds: [id] });
    expect([near.told("error"), far.told("error")]).toEqual([[], []]);
  });

  it("タイピングインジケーター: the others are told of `start` and `stop`", async () => {
    const scene = await open();
    const { chatId, user, near, far } = scene;
    const told = { userId: user.id, role: "user", chatId, timestamp: TIME };
    near.emit("typing_indicator", { chat_id: chatId, action: "start" });
    await far.hears("typing_indicator", ({ action }) => action === "start");
    near.emit("typing_indicator", { chat_id: chatId, action: "stop" });
    await far.hears("typing_indicator", ({ action }) => action === "stop");
    expect(far.told("typing_indicator")).toEqual([
      { ...told, action: "start" },
      { ...told, action: "stop" },
    ]);
    near.emit("typing_indicator", { chat_id: chatId, action: "pause" });
    expect(await near.hears("error")).toMatchObject({ code: "invalid_input", errors: [{ path: "action" }] });
    await catchUp(near, scene);
    expect([near.told("typing_indicator"), far.told("typing_indicator").length]).toEqual([[], 2]);
  });

  it("既読状態: `mark_messages_read` is told to the others as `messages_read`", async () => {
    const scene = await open();
    const { chatId, user, shopper, near, far } = scene;
    const ids = [await sayText(user, chatId, "1"), await sayText(user, chatId, "2")];
    far.emit("mark_messages_read", { chatId, messageIds: ids });
    const told = await near.hears("messages_read");
    expect({ ...told, messageIds: (told.messageIds as string[]).toSorted() }).toEqual({
      userId: shopper.id,
      chatId,
      messageIds: ids.toSorted(),
      readSeq: 2,
      rev: expect.any(Number),
      timestamp: TIME,
    });
    await catchUp(far, scene);
    expect(far.told("messages_read")).toEqual([]);
    // A message that the other has seen says so in the history.
    near.emit("join_chat", { chat_id: chatId });
    const { messages } = await near.hears("chat_history");
    expect((messages as OtsyPayload[]).map(({ read_at }) => read_at)).toEqual([TIME, TIME, undefined]);
  });

  it("answers what makes no sense with `error`, and stays connected", async () => {
    const { chatId, near, far } = await open();
    for (const [event, payload, code] of [
      ["join_chat", {}, "invalid_input"],
      ["send_message", { chatId, message: { content: "" } }, "invalid_input"],
      ["mark_messages_read", { chatId, messageIds: ["msg-1", "msg-2"] }, "invalid_input"],
      ["leave_everything", {}, "unknown_event"],
    ] as const) {
      const before = near.told("error").length;
      near.emit(event, payload);
      await until(() => near.told("error").length > before, `${event} is refused`);
      expect(near.told("error").at(-1), event).toMatchObject({ code, message: expect.any(String) });
    }
    near.emit("send_message", { chatId, message: { content: "still here", type: "text" } });
    await far.hears("new_message", says("still here"));
  });
});

describe("システムイベント", () => {
  const platform = (node: 0 | 1 = 0) => someone(node, "system");

  it("注文更新通知: `order_update` has the update", async () => {
    const { chatId, orderId, user, near, far } = await open();
    const update = { status: "shopping", items_found: 3 };
    // The document shows the event and not what makes it; the contract: a call of the platform.
    const path = `/v1/orders/${orderId}/updates`;
    const stored = await platform().ask("POST", path, update);
    expect(stored.status).toBe(201);
    for (const page of [near, far]) {
      const told = await page.hears("order_update");
      expect(told).toEqual({ orderId, update, message: stored.body });
      expect(told.message).toMatchObject({ chat_id: chatId, type: "order_update", sender_role: "system" });
      // Clients that only show messages see it as well.
      expect(await page.hears("new_message")).toEqual(told.message);
    }
    expect((await user.ask("POST", path, update)).status).toBe(403);
  });

  it("レシート共有: `receipt_shared` has the receipt's address", async () => {
    const { chatId, user, shopper, near, far } = await open();
    const path = `/v1/chat/${chatId}/receipts`;
    const receipt = { receipt_url: "https://example.com/receipt.jpg" };
    const stored = await shopper.ask("POST", path, receipt);
    expect(stored.status).toBe(201);
    for (const page of [near, far]) {
      expect(await page.hears("receipt_shared")).toEqual({
        chatId,
        receiptUrl: receipt.receipt_url,
        sharedBy: shopper.id,
        message: stored.body,
      });
      expect(await page.hears("new_message")).toEqual(stored.body);
    }
    const onBehalf = { ...receipt, shared_by: user.id };
    expect((await platform(1).ask("POST", path, onBehalf)).status).toBe(201);
    await far.hears("receipt_shared", ({ sharedBy }) => sharedBy === user.id);
    expect((await user.ask("POST", path, receipt)).status).toBe(403);
  });
});

describe("機能概要: オンライン状態", () => {
  it("who shares a chat sees the other come and go; the document has no name for it, the contract has", async () => {
    const [user, shopper] = [someone(0), someone(1, "shopper")];
    await newOrderChat(cast, user, shopper);
    const near = await user.open();
    const updates: OtsyPayload[] = [];
    near.socket.on("presence_update", (update: OtsyPayload) => void updates.push(update));
    const seen = (status: string) =>
      until(
        () => updates.find((update) => update.userId === shopper.id && update.status === status),
        `the shopper is seen ${status}`,
      );
    const far = await shopper.open();
    expect(await seen("online")).toEqual({
      userId: shopper.id,
      status: "online",
      lastSeen: expect.anything(),
    });
    far.socket.disconnect();
    expect(await seen("offline")).toEqual({ userId: shopper.id, status: "offline", lastSeen: TIME });
  });
});
