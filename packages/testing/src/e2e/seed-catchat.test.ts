import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { connectNative } from "../native-client.js";
import { connectRaw, type RawClient } from "../raw-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { testToken } from "../test-token.js";

/** What the CatChat integration guide names, in its order, over two nodes. Its client's calls have our paths (docs/contracts/catchat.md). */

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startTestCluster();
});

afterAll(() => cluster.stop());

interface Answer {
  status: number;
  body: { code: number; message?: string; data?: Record<string, unknown> & { list?: unknown[] } };
}

async function call(
  account: string,
  path: string,
  options: { body?: unknown; role?: string } = {},
): Promise<Answer> {
  const { body, role = "user" } = options;
  const response = await fetch(`${cluster.urls[0]}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      Authorization: `Bearer ${testToken({ userId: account, role, name: `${account}さん` })}`,
      "Content-Type": "application/json",
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Answer["body"] };
}

const say =
  (from: string, to: string) =>
  (content: string, more: object = {}) => ({
    from,
    to,
    content,
    contentType: 1,
    messageType: 1,
    ...more,
  });

async function connect(account: string, node: 0 | 1): Promise<RawClient> {
  const client = await connectRaw(`${cluster.urls[node]}/ws/catchat?token=${testToken({ userId: account })}`);
  onTestFinished(() => client.close());
  // The first answer shows that it is part of the live audience.
  await client.ask({ type: "heartbeat" }, ({ type }) => type === "heartbeat");
  return client;
}

const MESSAGE = {
  id: expect.any(Number),
  from: expect.any(String),
  to: expect.any(String),
  content: expect.any(String),
  contentType: expect.any(Number),
  messageType: expect.any(Number),
  createAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
};

describe("チャットAPI", () => {
  it("メッセージ送信: chatApi.sendMessage({from, to, content, contentType, messageType})", async () => {
    const sent = await call("shop", "/api/chat/messages", { body: say("shop", "cat")("いらっしゃいませ") });
    expect(sent.status).toBe(200);
    expect(sent.body).toEqual({
      code: 0,
      data: {
        ...MESSAGE,
        from: "shop",
        to: "cat",
        content: "いらっしゃいませ",
        contentType: 1,
        messageType: 1,
      },
    });
  });

  it("メッセージ取得: chatApi.getMessages(sessionId, {Account, ToAccount, MessageType})", async () => {
    for (let turn = 1; turn <= 5; turn++) {
      await call("m1", "/api/chat/messages", { body: say("m1", "m2")(`第${turn}通`) });
    }
    const all = await call("m2", "/api/chat/messages/m1?Account=m2&ToAccount=m1&MessageType=1");
    expect(all.body.data).toEqual({ list: expect.any(Array), total: 5 });
    expect(all.body.data?.list).toEqual(
      [1, 2, 3, 4, 5].map((turn) => ({ ...MESSAGE, from: "m1", to: "m2", content: `第${turn}通` })),
    );
    const newest = await call("m2", "/api/chat/messages/m1?Account=m2&MessageType=1&page=1&pageSize=2");
    expect(newest.body.data?.list).toMatchObject([{ content: "第4通" }, { content: "第5通" }]);
    const none = await call("m2", "/api/chat/messages/nobody?Account=m2&MessageType=1");
    expect(none.body).toEqual({ code: 0, data: { list: [], total: 0 } });
  });

  it("セッションリスト取得: chatApi.getConversations({account, page, pageSize})", async () => {
    await call("s2", "/api/chat/messages", { body: say("s2", "s1")("一つ目") });
    await call("s3", "/api/chat/messages", { body: say("s3", "s1")("二つ目") });
    await call("s3", "/api/chat/messages", { body: say("s3", "s1")("三つ目") });
    const sessions = await call("s1", "/api/chat/conversations?account=s1&page=1&pageSize=20");
    expect(sessions.body).toEqual({
      code: 0,
      data: {
        list: [
          {
            sessionId: "s3",
            account: "s3",
            nickname: "s3さん",
            avatar: "",
            messageType: 1,
            lastMessage: "三つ目",
            lastTime: MESSAGE.createAt,
            unread: 2,
          },
          expect.objectContaining({ sessionId: "s2", lastMessage: "一つ目", unread: 1 }),
        ],
        total: 2,
        page: 1,
        pageSize: 20,
      },
    });
    const second = await call("s1", "/api/chat/conversations?account=s1&page=2&pageSize=1");
    expect(second.body.data?.list).toMatchObject([{ sessionId: "s2" }]);
  });
});

describe("データフロー", () => {
  it("2. メッセージ送信: フロントエンド → チャットサーバー → データベース保存 → WebSocket配信", async () => {
    const [shop, cat] = [await connect("f-shop", 0), await connect("f-cat", 1)];
    const stored = { ...MESSAGE, from: "f-shop", to: "f-cat", content: "お元気ですか" };
    shop.send(say("f-shop", "f-cat")("お元気ですか", { clientId: "c1" }));
    expect(await cat.hear(({ content }) => content === "お元気ですか")).toEqual(stored);
    // Its sender hears of it, too, and knows it by its own id.
    const own = await shop.hear(({ content }) => content === "お元気ですか");
    expect(own).toEqual({ ...stored, clientId: "c1" });
    const read = await call("f-cat", "/api/chat/messages/f-shop?Account=f-cat&MessageType=1");
    expect(read.body.data?.list).toEqual([stored]);
    // The same again is the same message, told to nobody a second time.
    expect(await shop.ask(say("f-shop", "f-cat")("お元気ですか", { clientId: "c1" }))).toEqual(own);
    await shop.ask(say("f-shop", "f-cat")("次"), ({ content }) => content === "次");
    await cat.hear(({ content }) => content === "次");
    expect(cat.heard.filter(({ type }) => type === undefined)).toHaveLength(2);
  });

  it("3. メッセージ受信: people on several devices and other contracts hear the same, in one order", async () => {
    const [one, two] = [await connect("r1", 0), await connect("r1", 1)];
    const other = await connect("r2", 1);
    const native = await connectNative(cluster.urls[0], { userId: "r2" });
    onTestFinished(() => native.close());
    for (let turn = 0; turn < 20; turn++) {
      one.send(say("r1", "r2")(`a${turn}`));
      other.send(say("r2", "r1")(`b${turn}`));
    }
    const contents = ({ heard }: RawClient) =>
      heard.filter(({ content }) => content !== undefined).map(({ content }) => content);
    for (const client of [one, two, other]) {
      await expect.poll(() => contents(client).length, { timeout: 60_000 }).toBe(40);
      expect(contents(client)).toEqual(contents(one));
    }
    const heard = native.all<{ content: string }>("new_message").map(({ content }) => content);
    expect(heard).toEqual(contents(one));
  });

  it("messageType 2: a group that was opened on another contract", async () => {
    const native = await connectNative(cluster.urls[0], { userId: "g1" });
    onTestFinished(() => native.close());
    const created = await fetch(`${cluster.urls[0]}/v1/chat`, {
      method: "POST",
      headers: {
        Authorization: `Bearer ${testToken({ userId: "g1" })}`,
        "Content-Type": "application/json",
      },
      body: JSON.stringify({ type: "group", name: "猫の会", member_ids: ["g2", "g3"] }),
    });
    expect(created.status).toBe(201);
    const sessions = await call("g2", "/api/chat/conversations?account=g2");
    const [session] = (sessions.body.data?.list ?? []) as Array<{ sessionId: string; nickname: string }>;
    expect(session).toMatchObject({ nickname: "猫の会", messageType: 2 });
    const group = session?.sessionId ?? "";
    const [g2, g3] = [await connect("g2", 0), await connect("g3", 1)];
    g2.send(say("g2", group)("みなさん", { messageType: 2 }));
    const shape = { ...MESSAGE, from: "g2", to: group, content: "みなさん", messageType: 2 };
    expect(await g3.hear(({ content }) => content === "みなさん")).toEqual(shape);
    const read = await call("g3", `/api/chat/messages/${group}?Account=g3&MessageType=2`);
    expect(read.body.data?.list).toEqual([shape]);
    const outsider = await call("eve", `/api/chat/messages/${group}?Account=eve&MessageType=2`);
    expect([outsider.status, outsider.body.code]).toEqual([404, 404]);
    const written = await call("eve", "/api/chat/messages", {
      body: say("eve", group)("x", { messageType: 2 }),
    });
    expect([written.status, written.body.code]).toEqual([404, 404]);
  });

  it("contentType: 1 text, 2 file, 3 image, 4 audio, 5 video, which come back as they went", async () => {
    const url = "https://files.example.com/a";
    for (const contentType of [1, 2, 3, 4, 5]) {
      const sent = await call("k1", "/api/chat/messages", { body: say("k1", "k2")(url, { contentType }) });
      expect(sent.body.data).toMatchObject({ contentType, content: url });
    }
    const read = await call("k2", "/api/chat/messages/k1?Account=k2&MessageType=1");
    expect(
      ((read.body.data?.list ?? []) as Array<{ contentType: number }>).map(({ contentType }) => contentType),
    ).toEqual([1, 2, 3, 4, 5]);
  });
});

describe("セキュリティ: 認証", () => {
  it("JWTトークンを使用: nobody without one, and nobody in another's name", async () => {
    const bare = await fetch(`${cluster.urls[0]}/api/chat/conversations?account=a`);
    expect([bare.status, await bare.json()]).toEqual([401, { code: 401, message: expect.any(String) }]);
    await expect(connectRaw(`${cluster.urls[0]}/ws/catchat?token=bad`)).rejects.toMatchObject({
      status: 401,
      body: { code: 401, message: expect.any(String) },
    });
    const cases: Array<[string, { body?: unknown }]> = [
      ["/api/chat/conversations?account=victim", {}],
      ["/api/chat/messages/x?Account=victim&MessageType=1", {}],
      ["/api/chat/messages", { body: say("victim", "x")("forged") }],
    ];
    for (const [path, options] of cases) {
      const answer = await call("mallory", path, options);
      expect([path, answer.status, answer.body.code]).toEqual([path, 403, 403]);
    }
    const operator = await call("boss", "/api/chat/conversations?account=victim", { role: "admin" });
    expect(operator.status).toBe(200);
    const mallory = await connect("mallory", 0);
    expect(await mallory.ask(say("victim", "x")("forged", { clientId: "f" }))).toEqual({
      type: "error",
      code: 403,
      message: expect.any(String),
      clientId: "f",
    });
  });

  it("データ保護: wrong input is refused in words, and the socket stays", async () => {
    const bad: object[] = [
      { from: "w1", content: "to whom?" },
      say("w1", "w2")(""),
      say("w1", "w2")("x".repeat(5_001)),
      say("w1", "w2")("x", { contentType: 9 }),
      say("w1", "w2")("x", { messageType: 3 }),
      say("w1", "w2")("x", { contentType: "1" }),
      { ...say("w1", "w2")("x"), to: { $ne: 1 } },
      { ...say("w1", "w2")("x"), content: 5 },
      { ...say("w1", "w2")("x"), clientId: "" },
    ];
    const socket = await connect("w1", 0);
    for (const frame of bad) {
      const answer = await call("w1", "/api/chat/messages", { body: frame });
      expect([JSON.stringify(frame).slice(0, 90), answer.status, answer.body.code]).toEqual([
        JSON.stringify(frame).slice(0, 90),
        400,
        400,
      ]);
      expect(await socket.ask(frame)).toMatchObject({ type: "error", code: 400 });
    }
    const itself = await call("w1", "/api/chat/messages", { body: say("w1", "w1")("me") });
    expect(itself.status).toBe(400);
    expect(await socket.ask({ type: "message", ...say("w1", "w2")("x") })).toMatchObject({
      type: "error",
      code: 400,
    });
    expect(await socket.ask({ type: "dance" })).toMatchObject({ type: "error", code: 400 });
    const unknownGroup = await socket.ask(say("w1", "999999999")("x", { messageType: 2 }));
    expect(unknownGroup).toMatchObject({ type: "error", code: 404 });
    expect(await socket.ask(say("w1", "w2")("fine"), ({ content }) => content === "fine")).toBeTruthy();
    const broken = await call("w1", "/api/chat/messages", { body: "{" });
    expect([broken.status, broken.body.code]).toEqual([400, 400]);
    const nowhere = await call("w1", "/api/chat/nowhere");
    expect([nowhere.status, nowhere.body]).toEqual([404, { code: 404, message: expect.any(String) }]);
  });
});
