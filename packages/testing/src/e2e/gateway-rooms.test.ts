import { closeEngine } from "@parley/engine";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { gatewayCaller } from "../gateway-person.js";
import { connectNative } from "../native-client.js";
import { connectRaw, type RawClient, type RawFrame } from "../raw-client.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { openTestEngine } from "../test-engine.js";
import { TEST_GATEWAY_SECRET } from "../test-token.js";
import { until } from "../until.js";

/** What gateway rooms refuse, and what they withstand. */

let cluster: TestCluster;
let posts = 0;

beforeAll(async () => {
  cluster = await startTestCluster();
});

afterAll(() => cluster.stop());

const by = (userId: string, node: 0 | 1 = 0) => gatewayCaller(cluster.urls[node], { userId });

async function newRoom(owner = "1"): Promise<number> {
  const { body } = await by(owner).call<{ id: number }>("/chat/v1/create-room/", {
    name: "방",
    post_id: ++posts,
  });
  return body.id;
}

async function enter(userId: string, room: number, node: 0 | 1 = 0): Promise<RawClient> {
  const client = await by(userId, node).enter(room);
  onTestFinished(() => client.close());
  await client.ask({ type: "?" }, ({ type }) => type === "error");
  return client;
}

const PROOF = { "X-Gateway-Secret": TEST_GATEWAY_SECRET };
const isError = ({ type }: RawFrame) => type === "error";
const chatMessage = (message: string) => ({ type: "chat.message", message });

async function nativeId(room: number): Promise<string> {
  const { engine } = openTestEngine(cluster.databaseUrl);
  try {
    return (await engine.chatFacts.readByNumber(room)).id;
  } finally {
    await closeEngine(engine);
  }
}

describe("REST refuses in the framework's shape", () => {
  const refusals = async (path: string, bodies: unknown[]) => {
    const answers = [];
    for (const body of bodies) {
      const { status, body: told } = await by("1").call(path, body);
      answers.push([status, told]);
    }
    return answers;
  };

  it("what is wrong with fields, all of it at once", async () => {
    const text = [expect.any(String)];
    const wrongRooms = [
      {},
      { name: "", post_id: 0 },
      { name: 5, post_id: "one" },
      { name: " \n", post_id: -1 },
      { name: "x".repeat(201), post_id: 1.5 },
      { name: "a\0b", post_id: [1] },
      { name: null, post_id: 2 ** 53 },
    ];
    expect(await refusals("/chat/v1/create-room/", wrongRooms)).toEqual(
      wrongRooms.map(() => [400, { name: text, post_id: text }]),
    );
    const wrongMessages = [
      {},
      { message: "", room: "x" },
      { message: ["hi"], room: null },
      { message: "  ", room: -5 },
      { message: "😀".repeat(5_001), room: 0 },
      { message: "\ud800", room: {} },
    ];
    expect(await refusals("/chat/v1/message/", wrongMessages)).toEqual(
      wrongMessages.map(() => [400, { message: text, room: text }]),
    );
    const list = await by("1").call("/chat/v1/rooms/?limit=0&before=x");
    expect([list.status, list.body]).toEqual([400, { limit: text, before: text }]);
    const room = await newRoom();
    const longest = { message: "😀".repeat(5_000), room };
    expect((await by("1").call("/chat/v1/message/", longest)).status).toBe(201);
  });

  it("everything else, with one text", async () => {
    const detail = { detail: expect.any(String) };
    const room = await newRoom();
    const closed = await newRoom();
    const owner = restClient(cluster.urls[1], { userId: "1" });
    await owner.request("PUT", `/v1/chat/${await nativeId(closed)}/status`, { status: "closed" });
    const missing = { message: "hi", room: 999_999_999 };
    expect(
      await refusals("/chat/v1/message/", ["{", "[]", missing, { message: "hi", room: closed }]),
    ).toEqual([
      [400, detail],
      [400, { non_field_errors: [expect.any(String)] }],
      [404, { detail: "There is no such room." }],
      [409, { detail: "The room is closed and takes no new messages." }],
    ]);
    const large = { message: "x".repeat(300_000), room };
    expect(await refusals("/chat/v1/message/", [large])).toEqual([[413, detail]]);
    for (const path of ["/chat/v1/room/999999999/", "/chat/v1/room/abc/", "/chat/v1/nowhere", "/chat/v1"]) {
      expect(await by("1").call(path)).toMatchObject({ status: 404, body: detail });
    }
  });

  it("somebody who is blocked, also where they are connected", async () => {
    const room = await newRoom();
    const client = await enter("66", room);
    const operator = restClient(cluster.urls[1], { userId: "operator", role: "admin" });
    await operator.request("PUT", "/v1/admin/users/66/block");
    await client.closed;
    await until(
      async () => (await by("66").call("/chat/v1/rooms/")).status === 403,
      "the user is refused on this node",
    );
    await expect(by("66").enter(room)).rejects.toMatchObject({
      status: 403,
      body: { detail: expect.any(String) },
    });
  });
});

describe("a chat that is no room", () => {
  it("is not shown, entered or written to, even by those who are in it", async () => {
    const native = restClient(cluster.urls[0], { userId: "1" });
    const made = await native.request<{ id: string }>("POST", "/v1/chat", {
      type: "group",
      name: "between us",
      member_ids: ["2"],
    });
    const { engine } = openTestEngine(cluster.databaseUrl);
    onTestFinished(() => closeEngine(engine));
    const { number } = await engine.chatFacts.read(made.body.id);
    for (const userId of ["1", "9"]) {
      const notFound = { status: 404, body: { detail: "There is no such room." } };
      expect(await by(userId).call(`/chat/v1/room/${number}/`)).toMatchObject(notFound);
      expect(await by(userId).call("/chat/v1/message/", { message: "hi", room: number })).toMatchObject(
        notFound,
      );
      await expect(by(userId).enter(number)).rejects.toMatchObject(notFound);
    }
    const { body } = await by("1").call<Array<{ id: number }>>("/chat/v1/rooms/");
    expect(body.length).toBeGreaterThan(0);
    expect(body.map(({ id }) => id)).not.toContain(number);
  });

  it("is a room for nobody whom the gateway did not bring", async () => {
    const chatId = await nativeId(await newRoom());
    const outsider = restClient(cluster.urls[0], { userId: "9" });
    expect((await outsider.request("GET", `/v1/chat/${chatId}`)).status).toBe(404);
    const client = await connectNative(cluster.urls[0], { userId: "9" });
    onTestFinished(() => client.close());
    for (const [name, payload] of [
      ["join_chat", { chatId }],
      ["send_message", { chatId, message: { content: "let me in" } }],
    ] as const) {
      expect(await client.ask(name, payload)).toMatchObject({ ok: false, error: { code: "chat_not_found" } });
    }
  });
});

describe("a room's socket", () => {
  it("answers every bad frame and stays", async () => {
    const room = await newRoom();
    const client = await enter("1", room);
    const answers: unknown[] = [];
    for (const frame of [
      "not json",
      "[]",
      Buffer.from([1, 2]),
      `{"type":"chat.message","message":"${"x".repeat(70_000)}"}`,
      {},
      { type: 5 },
      { type: "chat.user.join" },
      { type: "chat.message" },
      { type: "chat.message", message: 5 },
      { type: "chat.message", message: "" },
      { type: "chat.message", message: " " },
      { type: "chat.message", message: "x".repeat(5_001) },
      { type: "chat.message", message: { text: "hi" } },
    ]) {
      const answer = await client.ask(frame, isError);
      expect(answer).toEqual({ type: "error", code: expect.any(String), message: expect.any(String) });
      answers.push(answer.code);
    }
    expect(answers).toEqual([
      ...Array.from({ length: 3 }, () => "invalid_json"),
      "body_too_large",
      ...Array.from({ length: 3 }, () => "unknown_event"),
      ...Array.from({ length: 6 }, () => "invalid_input"),
    ]);
    await client.ask(chatMessage("still here"), ({ message }) => message === "still here");
  });

  it("hears only of its room, and of nothing that happened in it natively but messages", async () => {
    const [red, blue] = [await newRoom(), await newRoom()];
    const [inRed, inBlue] = [await enter("21", red), await enter("21", blue, 1)];
    const native = await connectNative(cluster.urls[1], { userId: "1" });
    onTestFinished(() => native.close());
    const chatId = await nativeId(red);
    const first = await native.ask("send_message", { chatId, message: { content: "one" } });
    const place = { chatId, messageId: first.message?.id };
    await native.ask("edit_message", { ...place, content: "two" });
    await native.ask("react", { ...place, emoji: "👍" });
    await native.ask("typing_indicator", { chatId, action: "start" });
    await native.ask("delete_message", place);
    await native.ask("send_message", { chatId, message: { content: "last" } });
    await inRed.hear(({ message }) => message === "last");
    inBlue.send(chatMessage("in blue"));
    await inBlue.hear(({ message }) => message === "in blue");
    const heard = (client: RawClient) =>
      client.heard.filter(({ type }) => type !== "error").map(({ type, message }) => message ?? type);
    expect(heard(inRed).filter((what) => what !== "chat.user.join")).toEqual(["one", "last"]);
    expect(heard(inBlue).filter((what) => what !== "chat.user.join")).toEqual(["in blue"]);
    const { body } = await by("1").call<{ chat_messages: Array<{ message: string }> }>(
      `/chat/v1/room/${red}/`,
    );
    expect(body.chat_messages.map(({ message }) => message)).toEqual(["last"]);
  });

  it("of somebody who was taken out ends, and counts no more, until they enter again", async () => {
    const room = await newRoom();
    const [gone, other] = [await enter("31", room), await enter("32", room, 1)];
    const app = await connectNative(cluster.urls[0], { userId: "31" });
    onTestFinished(() => app.close());
    expect(await app.ask("join_chat", { chatId: await nativeId(room) })).toMatchObject({ ok: true });
    other.send(chatMessage("before"));
    await gone.hear(({ message }) => message === "before");
    const count = async () =>
      (await by("1").call<{ online_count: number }>(`/chat/v1/room/${room}/`)).body.online_count;
    expect(await count()).toBe(2);
    const owner = restClient(cluster.urls[1], { userId: "1" });
    expect((await owner.request("DELETE", `/v1/chat/${await nativeId(room)}/members/31`)).status).toBe(204);
    expect(await gone.closed).toBe(4404);
    expect(gone.heard.at(-1)).toEqual({
      type: "error",
      code: "chat_not_found",
      message: "There is no such room.",
    });
    await other.hear(({ type, username }) => type === "chat.user.leave" && username === "별명 31");
    expect(await count()).toBe(1);
    // What is not for this room alone stays.
    expect(await app.ask("set_presence", { status: "online" })).toMatchObject({ ok: true });
    await other.ask(chatMessage("after"), ({ message }) => message === "after");
    const back = await enter("31", room);
    await other.ask(chatMessage("welcome"), ({ message }) => message === "welcome");
    await back.hear(({ message }) => message === "welcome");
    expect(gone.heard.map(({ message }) => message)).not.toContain("after");
  });

  it("is entered once the directory has who comes, so that no node takes them for somebody without a name", async () => {
    const room = await newRoom();
    const witness = await enter("60", room, 1);
    const { engine } = openTestEngine(cluster.databaseUrl);
    onTestFinished(() => closeEngine(engine));
    await by("61").call("/chat/v1/rooms/");
    const renamed = gatewayCaller(cluster.urls[0], { userId: "61", nickname: "새 이름" });
    const isJoin = (name: string) => (frame: RawFrame) =>
      frame.type === "chat.user.join" && frame.username === name;
    const entering = await engine.database.prisma.$transaction(async (transaction) => {
      await transaction.$queryRaw`SELECT 1 FROM users WHERE id = '61' FOR UPDATE`;
      const late = renamed.enter(room);
      // Who sets out after them comes in before them.
      await enter("62", room);
      await witness.hear(isJoin("별명 62"));
      expect(witness.heard.filter(isJoin("새 이름"))).toEqual([]);
      const members = await engine.database.prisma.member.findMany({ where: { userId: "61" } });
      expect(members).toEqual([]);
      return { late };
    });
    const client = await entering.late;
    onTestFinished(() => client.close());
    await witness.hear(isJoin("새 이름"));
  });

  it("is a guest's of whom nobody takes notice: no push, no notification", async () => {
    const room = await newRoom("41");
    await enter("42", room);
    await by("43").call("/chat/v1/message/", { message: "hello", room });
    const list = (userId: string) =>
      restClient(cluster.urls[0], { userId }).request<{ notifications: unknown[] }>(
        "GET",
        "/v1/notifications/history",
      );
    await until(async () => (await list("41")).body.notifications.length > 0, "the owner is notified");
    expect((await list("42")).body.notifications).toEqual([]);
  });
});

describe("a node that dies", () => {
  it("takes its visitors out of the room, and those who are elsewhere stay in", async () => {
    const room = await newRoom();
    const witness = await enter("50", room, 1);
    const [lost, both] = [await enter("51", room), await enter("52", room)];
    await enter("52", room, 1);
    const joins = () => witness.heard.filter(({ type }) => type === "chat.user.join").length;
    await until(() => joins() === 3, "all have come");
    const count = async () =>
      (await by("50", 1).call<{ online_count: number }>(`/chat/v1/room/${room}/`)).body.online_count;
    expect(await count()).toBe(3);
    await cluster.nodes[0]?.kill("SIGKILL");
    onTestFinished(async () => {
      await cluster.nodes[0]?.restart();
    });
    await Promise.all([lost.closed, both.closed]);
    await witness.hear(({ type }) => type === "chat.user.leave");
    expect(witness.heard.filter(({ type }) => type === "chat.user.leave")).toEqual([
      { type: "chat.user.leave", username: "별명 51" },
    ]);
    expect(await count()).toBe(2);
  });
});

describe("requests", () => {
  it("are counted for each user whom the gateway brings, over all nodes", async () => {
    const strict = await startTestCluster({ REQUESTS_PER_MINUTE: "1", REQUESTS_BURST: "5" });
    onTestFinished(() => strict.stop());
    const ask = (userId: string, turn: number) =>
      gatewayCaller(strict.urls[turn % 2 ? 1 : 0], { userId }).call("/chat/v1/rooms/");
    const answers = [];
    for (let turn = 0; turn < 10; turn++) answers.push(await ask("1", turn));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(5);
    expect(refused[0]?.body).toEqual({ detail: expect.any(String) });
    expect(Number(refused[0]?.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect((await ask("2", 0)).status).toBe(200);
  });

  it("say where the client found the server, by the word of a trusted proxy", async () => {
    const ask = async (url: string, headers: Record<string, string> = {}) => {
      const identity = { "X-User-Id": "1", "X-Nickname": "n", "X-Email": "e@example.com" };
      const response = await fetch(`${url}/chat/v1/create-room/`, {
        method: "POST",
        headers: { ...PROOF, ...identity, "Content-Type": "application/json", ...headers },
        body: JSON.stringify({ name: "방", post_id: ++posts }),
      });
      return (await response.json()) as { id: number; chat_url: string };
    };
    const forwarded = { "X-Forwarded-Host": "chat.example.com" };
    const behind = await ask(cluster.urls[0], forwarded);
    expect(behind.chat_url).toBe(`chat.example.com/ws/chat/${behind.id}/chat/`);
    const { chat_url: url } = await ask(cluster.urls[1]);
    const query = "user_id=1&nickname=n&email=e%40example.com";
    const client = await connectRaw(`ws://${url}?${query}`, { headers: PROOF });
    onTestFinished(() => client.close());
    await client.ask(chatMessage("found"), ({ message }) => message === "found");
    const proud = await startTestCluster({ TRUST_PROXY: "none" });
    onTestFinished(() => proud.stop());
    const alone = await ask(proud.urls[0], forwarded);
    expect(alone.chat_url).toBe(`${new URL(proud.urls[0]).host}/ws/chat/${alone.id}/chat/`);
  });
});
