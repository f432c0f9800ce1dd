import { createVapidPair } from "@parley/platform/local";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { createTestDevice } from "../test-device.js";
import { newOrderChat, type OtsyPayload, type OtsyPerson, otsyCast, sayText } from "./otsy-cast.js";

/**
 * The native contract's own document, its chapter "API エンドポイント", over two nodes. Of most calls it shows the request only: their answers
 * are what the contract says (docs/contracts/native.md).
 */

let cluster: TestCluster;
const cast = otsyCast(() => cluster);
const { someone, onNode, unique } = cast;
const vapid = createVapidPair();

beforeAll(async () => {
  cluster = await startTestCluster({
    VAPID_PUBLIC_KEY: vapid.publicKey,
    VAPID_PRIVATE_KEY: vapid.privateKey,
  });
});

afterAll(async () => {
  await cluster?.stop();
});

const UUID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

/** The document shows no refusal; the contract says RFC 9457, with a stable code and the request's id. */
const problem = (status: number, code: string, more: object = {}) => ({
  status,
  body: expect.objectContaining({ status, code, title: expect.any(String), request_id: UUID, ...more }),
});

const wrongFields = (...paths: string[]) =>
  problem(400, "invalid_input", { errors: paths.map((path) => ({ path, message: expect.any(String) })) });

const answerOf = async (asked: ReturnType<OtsyPerson["ask"]>) => {
  const { status, body } = await asked;
  return { status, body };
};

/** Asks without a token. */
async function askAsNobody(method: string, path: string): Promise<{ status: number; body: OtsyPayload }> {
  const answer = await fetch(`${cluster.urls[0]}${path}`, { method });
  return { status: answer.status, body: (await answer.json()) as OtsyPayload };
}

const NOWHERE = "00000000-0000-4000-8000-000000000000";

it("Authorization: Bearer <token>: every call but the public key asks for it", async () => {
  for (const [method, path] of [
    ["POST", "/v1/chat"],
    ["GET", "/v1/chat/my-chats?page=1&limit=20"],
    ["POST", `/v1/chat/${NOWHERE}/messages`],
    ["GET", `/v1/chat/${NOWHERE}/messages?page=1&limit=50`],
    ["PUT", `/v1/chat/${NOWHERE}/messages/read`],
    ["POST", "/v1/notifications/subscribe"],
    ["GET", "/v1/notifications/preferences"],
    ["PUT", "/v1/notifications/preferences"],
  ] as const) {
    expect(await askAsNobody(method, path), `${method} ${path}`).toEqual(problem(401, "token_missing"));
  }
});

describe("チャット管理", () => {
  const body = (user: OtsyPerson, shopper: OtsyPerson) => ({
    order_id: unique("order-uuid"),
    user_id: user.id,
    shopper_id: shopper.id,
    initial_message: "Hello! Ready to start shopping.",
  });

  it("チャット作成: POST /v1/chat", async () => {
    const [user, shopper] = [someone(0, "user", "田中さん"), someone(1, "shopper")];
    const wanted = body(user, shopper);
    const created = await user.ask("POST", "/v1/chat", wanted);
    const positions = { joined_at: TIME, read_seq: 0, delivered_seq: 0 };
    expect([created.status, created.body]).toEqual([
      201,
      {
        id: UUID,
        type: "order",
        order_id: wanted.order_id,
        user_id: user.id,
        shopper_id: shopper.id,
        status: "active",
        last_seq: 1,
        created_at: TIME,
        updated_at: TIME,
        // The document does not say whose message the first one is; the contract: the system's.
        last_message: {
          id: UUID,
          chat_id: created.body.id,
          seq: 1,
          rev: 2,
          sender_id: "system",
          sender_role: "system",
          content: "Hello! Ready to start shopping.",
          type: "system",
          created_at: TIME,
        },
        unread_count: 1,
        order: { id: wanted.order_id },
        user: { id: user.id, name: "田中さん" },
        shopper: { id: shopper.id },
        members: expect.arrayContaining([
          { user_id: user.id, name: "田中さん", role: "user", ...positions },
          { user_id: shopper.id, role: "shopper", ...positions },
        ]),
      },
    ]);
    // One chat for each order, whoever of the two asks and wherever.
    const again = await shopper.ask("POST", "/v1/chat", wanted);
    expect([again.status, again.body.id, again.body.last_seq]).toEqual([201, created.body.id, 1]);
    const { initial_message: _, ...silent } = body(user, shopper);
    expect(await answerOf(user.ask("POST", "/v1/chat", silent))).toMatchObject({
      status: 201,
      body: { last_seq: 0, unread_count: 0 },
    });
  });

  it("チャット作成, refused", async () => {
    const [user, shopper, other] = [someone(0), someone(1, "shopper"), someone(1, "shopper")];
    const wanted = body(user, shopper);
    expect((await user.ask("POST", "/v1/chat", wanted)).status).toBe(201);
    const differs = { ...wanted, shopper_id: other.id };
    expect(await answerOf(user.ask("POST", "/v1/chat", differs))).toEqual(problem(409, "order_chat_differs"));
    expect(await answerOf(other.ask("POST", "/v1/chat", body(user, shopper)))).toEqual(
      problem(403, "forbidden"),
    );
    expect(await answerOf(user.ask("POST", "/v1/chat", {}))).toMatchObject({
      status: 400,
      body: { code: "invalid_input" },
    });
  });

  it("マイチャット一覧: GET /v1/chat/my-chats?page=1&limit=20", async () => {
    const [user, shopper] = [someone(0), someone(1, "shopper")];
    const chats = [];
    for (let turn = 0; turn < 5; turn++) chats.push(await newOrderChat(cast, user, shopper));
    const [latest] = chats;
    await sayText(user, String(latest?.id), "First message");
    const message = await sayText(user, String(latest?.id), "Latest message");
    const list = "/v1/chat/my-chats?page=1&limit=20";
    const listed = await shopper.ask<{ chats: OtsyPayload[]; total: number }>("GET", list);
    expect([listed.status, Object.keys(listed.body).toSorted()]).toEqual([200, ["chats", "total"]]);
    expect(listed.body.total).toBe(5);
    expect(listed.body.chats[0]).toEqual({
      id: latest?.id,
      type: "order",
      order_id: latest?.orderId,
      user_id: user.id,
      shopper_id: shopper.id,
      status: "active",
      last_seq: 2,
      created_at: TIME,
      updated_at: TIME,
      last_message: {
        id: message,
        chat_id: latest?.id,
        seq: 2,
        rev: 3,
        sender_id: user.id,
        content: "Latest message",
        type: "text",
        sender_role: "user",
        created_at: TIME,
      },
      unread_count: 2,
    });
    const newestFirst = [latest, ...chats.slice(1).toReversed()].map((chat) => chat?.id);
    expect(listed.body.chats.map(({ id }) => id)).toEqual(newestFirst);
    const second = await user.ask<typeof listed.body>("GET", "/v1/chat/my-chats?page=2&limit=2");
    expect(second.body.chats.map(({ id }) => id)).toEqual(newestFirst.slice(2, 4));
    expect(second.body).toMatchObject({ total: 5, chats: [{ unread_count: 0 }, { unread_count: 0 }] });
  });

  it("メッセージ送信: POST /v1/chat/{chat_id}/messages", async () => {
    const [user, shopper] = [someone(0), someone(1, "shopper")];
    const { id } = await newOrderChat(cast, user, shopper);
    const path = `/v1/chat/${id}/messages`;
    const draft = {
      content: "Hello! How are you?",
      type: "text",
      attachment_url: "https://example.com/image.jpg",
      attachment_type: "image/jpeg",
      metadata: { custom_field: "value" },
    };
    const sent = await user.ask("POST", path, draft);
    const stored = { id: UUID, chat_id: id, seq: 1, rev: 2, sender_id: user.id, sender_role: "user" };
    expect([sent.status, sent.body]).toEqual([201, { ...stored, ...draft, created_at: TIME }]);
    const picture = { content: "", type: "image", attachment_url: "https://example.com/image.jpg" };
    expect(await answerOf(shopper.ask("POST", path, picture))).toMatchObject({
      status: 201,
      body: { ...picture, sender_role: "shopper" },
    });
    // "システムメッセージ" come from the platform; what a client sends is what people can say.
    for (const type of ["system", "order_update", "receipt_shared"]) {
      expect((await user.ask("POST", path, { content: "x", type })).status, type).toBe(403);
    }
    expect(await answerOf(user.ask("POST", path, { content: " ", type: "text" }))).toEqual(
      wrongFields("content"),
    );
    const faulty = { content: "x", attachment_url: "image.jpg", attachment_type: "image", metadata: "x" };
    expect(await answerOf(user.ask("POST", path, faulty))).toMatchObject({
      status: 400,
      body: {
        errors: expect.arrayContaining(
          ["attachment_url", "attachment_type", "metadata"].map((field) =>
            expect.objectContaining({ path: field }),
          ),
        ),
      },
    });
    const outsider = someone(1);
    for (const chat of [id, NOWHERE]) {
      const answer = await answerOf(outsider.ask("POST", `/v1/chat/${chat}/messages`, draft));
      expect(answer).toEqual(problem(404, "chat_not_found"));
    }
  });

  it("メッセージ履歴取得: GET /v1/chat/{chat_id}/messages?page=1&limit=50", async () => {
    const [user, shopper] = [someone(0), someone(1, "shopper")];
    const { id } = await newOrderChat(cast, user, shopper);
    for (let turn = 1; turn <= 52; turn++) await sayText(turn % 2 ? user : shopper, id, `${turn}`);
    type Page = { messages: OtsyPayload[]; hasMore: boolean; total: number };
    const page = async (query: string) => {
      const { status, body } = await shopper.ask<Page>("GET", `/v1/chat/${id}/messages${query}`);
      expect(status).toBe(200);
      return body;
    };
    const contents = ({ messages }: Page) => messages.map(({ content }) => content);
    const numbers = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`);
    const first = await page("?page=1&limit=50");
    expect(first).toEqual({ messages: expect.any(Array), hasMore: true, total: 52 });
    expect(contents(first)).toEqual(numbers(3, 52));
    expect(first.messages[0]).toMatchObject({ id: UUID, chat_id: id, sender_id: user.id, type: "text" });
    const second = await page("?page=2&limit=50");
    expect([contents(second), second.hasMore]).toEqual([numbers(1, 2), false]);
    expect(await page("")).toEqual(first);
    expect(await answerOf(someone(0).ask("GET", `/v1/chat/${id}/messages?page=1&limit=50`))).toEqual(
      problem(404, "chat_not_found"),
    );
  });

  it("既読マーク: PUT /v1/chat/{chat_id}/messages/read", async () => {
    const [user, shopper] = [someone(0), someone(1, "shopper")];
    const { id } = await newOrderChat(cast, user, shopper);
    const ids = [];
    for (const content of ["1", "2", "3"]) ids.push(await sayText(user, id, content));
    const path = `/v1/chat/${id}/messages/read`;
    // The ids may come in any order, and reading one is reading everything before it.
    const marked = await answerOf(shopper.ask("PUT", path, { message_ids: [ids[1], ids[0]] }));
    expect(marked).toEqual({ status: 200, body: { success: true, read_seq: 2, unread_count: 1 } });
    const { body } = await user.ask<{ messages: OtsyPayload[] }>(
      "GET",
      `/v1/chat/${id}/messages?page=1&limit=50`,
    );
    expect(body.messages.map(({ read_at }) => read_at)).toEqual([TIME, TIME, undefined]);
    expect(await answerOf(onNode(0, shopper).ask("GET", "/v1/chat/my-chats?page=1&limit=20"))).toMatchObject({
      body: { chats: [{ id, unread_count: 1 }] },
    });
    expect(await answerOf(shopper.ask("PUT", path, { message_ids: [ids[0]] }))).toEqual(marked);
    expect(await answerOf(shopper.ask("PUT", path, { message_ids: [] }))).toEqual(wrongFields("message_ids"));
    expect(await answerOf(shopper.ask("PUT", path, { message_ids: [NOWHERE] }))).toEqual(
      problem(404, "message_not_found"),
    );
    expect(await answerOf(someone(0).ask("PUT", path, { message_ids: ids }))).toEqual(
      problem(404, "chat_not_found"),
    );
  });
});

describe("プッシュ通知", () => {
  it("通知購読: POST /v1/notifications/subscribe", async () => {
    const user = someone(0);
    const path = "/v1/notifications/subscribe";
    const { endpoint, keys } = createTestDevice();
    expect(endpoint).toMatch("https://fcm.googleapis.com/fcm/send/");
    const done = { status: 201, body: { success: true, message: expect.any(String) } };
    expect(await answerOf(user.ask("POST", path, { endpoint, keys }))).toEqual(done);
    // What JSON.stringify(subscription) gives has one field more; the same browser subscribes at every start.
    const subscription = { endpoint, expirationTime: null, keys };
    expect(await answerOf(onNode(1, user).ask("POST", path, subscription))).toEqual(done);
    const refused: Array<[object, string]> = [
      [{ endpoint, keys: { ...keys, p256dh: "p256dh-key" } }, "keys.p256dh"],
      [{ endpoint, keys: { ...keys, auth: "auth-key" } }, "keys.auth"],
      [{ endpoint: endpoint.replace("https", "http"), keys }, "endpoint"],
      [{ endpoint: "https://10.0.0.1/fcm/send/1", keys }, "endpoint"],
    ];
    for (const [body, field] of refused) {
      expect(await answerOf(user.ask("POST", path, body))).toEqual(wrongFields(field));
    }
  });

  it("通知設定取得 · 通知設定更新: GET and PUT /v1/notifications/preferences", async () => {
    const user = someone(0);
    const path = "/v1/notifications/preferences";
    const standard = {
      order_updates: true,
      chat_messages: true,
      promotional: false,
      system_alerts: true,
      // Not in the document.
      muted_until: null,
      quiet_hours: null,
      locale: null,
    };
    expect(await answerOf(user.ask("GET", path))).toEqual({ status: 200, body: standard });
    const change = { order_updates: false, chat_messages: false, promotional: true, system_alerts: false };
    const updated = await answerOf(user.ask("PUT", path, change));
    expect(updated).toEqual({ status: 200, body: { success: true, ...standard, ...change } });
    expect(await answerOf(onNode(1, user).ask("GET", path))).toEqual({
      status: 200,
      body: { ...standard, ...change },
    });
    const part = await answerOf(user.ask("PUT", path, { chat_messages: true }));
    expect(part.body).toEqual({ success: true, ...standard, ...change, chat_messages: true });
    expect(await answerOf(user.ask("PUT", path, { promotional: "no" }))).toEqual(wrongFields("promotional"));
    expect((await answerOf(someone(1).ask("GET", path))).body).toEqual(standard);
  });

  it("VAPID公開鍵取得: GET /v1/notifications/vapid-public-key, without a token", async () => {
    const answer = await askAsNobody("GET", "/v1/notifications/vapid-public-key");
    expect(answer).toEqual({ status: 200, body: { publicKey: vapid.publicKey } });
    expect(Buffer.from(vapid.publicKey, "base64url")).toHaveLength(65);
  });
});
