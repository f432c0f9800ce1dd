import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { closeEngine, createChat, type Engine, openEngine, removeMember } from "@parley/engine";
import { createLogger, parseConfig } from "@parley/platform";
import {
  connectNative,
  connectRaw,
  createTestDatabase,
  type RawClient,
  TEST_JWT_SECRET,
  type TestDatabase,
  testRedisUrl,
  testToken,
  until,
} from "@parley/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { startApi } from "../../app.js";
import { apiConfigSchema } from "../../config.js";
import { toyDialect } from "../../testing/toy-dialect/toy-dialect.js";

type Node = Awaited<ReturnType<typeof startApi>>;

let database: TestDatabase;
let engine: Engine;
let nodes: Node[] = [];
const log = createLogger({ level: "silent", node: "test", name: "test" });
const prefix = `test-${randomBytes(6).toString("hex")}`;

async function startNode(env: Record<string, string> = {}, dialect = toyDialect): Promise<Node> {
  const config = parseConfig(apiConfigSchema, {
    NODE_ENV: "test",
    PORT: "0",
    NODE_NAME: `node-${randomBytes(4).toString("hex")}`,
    DATABASE_URL: database.url,
    REDIS_URL: testRedisUrl(),
    REDIS_PREFIX: prefix,
    JWT_SECRET: TEST_JWT_SECRET,
    MESSAGES_BURST: "1000",
    ...env,
  });
  return startApi(config, log, { dialects: [dialect] });
}

const urlOf = (node: Node | undefined) => `http://127.0.0.1:${node?.port}`;

async function connect(userId: string, node = nodes[0], token = testToken({ userId })): Promise<RawClient> {
  const client = await connectRaw(`${urlOf(node)}/toy/ws?token=${token}`);
  onTestFinished(() => client.close());
  return client;
}

/** Begins a handshake on a transport that never hangs up by itself. */
async function begin(path: string, key = "dGhlIHNhbXBsZSBub25jZQ==") {
  const socket = connectTcp({ host: "127.0.0.1", port: nodes[0]?.port ?? 0, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  return socket;
}

async function newChat(...userIds: string[]): Promise<number> {
  const [owner = "", ...memberIds] = userIds;
  const request = { type: "group", name: "toys", memberIds } as const;
  return (await createChat(engine, { actor: { userId: owner, role: "user" }, request })).number;
}

beforeAll(async () => {
  database = await createTestDatabase();
  engine = openEngine({ databaseUrl: database.url, publish: () => undefined, log });
  nodes = [await startNode(), await startNode()];
});

afterAll(async () => {
  for (const node of nodes) await node.stop("the test is over");
  await closeEngine(engine);
  await database.drop();
});

describe("raw sockets of a dialect", () => {
  it("speak with each other across nodes, and with native clients, in one order", async () => {
    const chat = await newChat("ann", "ben", "cid");
    const ann = await connect("ann");
    const ben = await connect("ben", nodes[1]);
    const cid = await connectNative(urlOf(nodes[1]), { userId: "cid" });
    onTestFinished(() => cid.close());
    expect(await ben.hear(({ type }) => type === "hello")).toEqual({ type: "hello", user: "ben" });
    for (let turn = 0; turn < 30; turn++) {
      ann.send({ type: "say", chat, text: `ann ${turn}`, key: `a${turn}` });
      ben.send({ type: "say", chat, text: `ben ${turn}`, key: `b${turn}` });
    }
    const said = (client: RawClient) => client.heard.filter(({ type }) => type === "said");
    await ann.hear(({ type, seq }) => type === "said" && seq === 60);
    await ben.hear(({ type, seq }) => type === "said" && seq === 60);
    await cid.hear<{ seq: number }>("new_message", ({ seq }) => seq === 60);
    expect(said(ann)).toEqual(said(ben));
    expect(said(ann).map(({ seq }) => seq)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
    const heard = cid.all<{ content: string }>("new_message").map(({ content }) => content);
    expect(heard).toEqual(said(ann).map(({ text }) => text));
    // What one socket sends keeps its order.
    const own = said(ben).filter(({ from }) => from === "ann");
    expect(own.map(({ text }) => text)).toEqual(Array.from({ length: 30 }, (_, turn) => `ann ${turn}`));
    expect(ann.heard.filter(({ type }) => type === "stored")).toHaveLength(30);
  });

  it("answer a retry with the original, on another node too", async () => {
    const chat = await newChat("ann", "ben");
    const ann = await connect("ann");
    const again = await connect("ann", nodes[1]);
    const isStored = ({ type }: Record<string, unknown>) => type === "stored";
    const first = await ann.ask({ type: "say", chat, text: "once", key: "k" }, isStored);
    expect(await again.ask({ type: "say", chat, text: "once", key: "k" }, isStored)).toEqual(first);
    const reused = await again.ask(
      { type: "say", chat, text: "twice", key: "k" },
      ({ type }) => type === "oops",
    );
    expect(reused).toEqual({ type: "oops", code: "client_id_reused", key: "k" });
  });

  it("answer every bad frame in the dialect's words, and stay", async () => {
    const chat = await newChat("ann", "ben");
    const eve = await connect("eve");
    const isOops = ({ type }: Record<string, unknown>) => type === "oops";
    const answers: unknown[] = [];
    for (const frame of [
      "not json",
      "[]",
      "null",
      '"text"',
      Buffer.from([0, 1, 2]),
      "",
      "[".repeat(50_000),
      `{"type":"say","text":"${"x".repeat(70_000)}"}`,
      `{"a":${"[".repeat(40)}${"]".repeat(40)}}`,
      { type: "nothing" },
      { type: 5 },
      { type: "__proto__" },
      { type: "say", chat, text: "let me in", key: "e" },
      { type: "say", chat: 999_999, text: "let me in", key: "e" },
      { type: "break" },
    ]) {
      answers.push((await eve.ask(frame, isOops)).code);
    }
    expect(answers).toEqual([
      ...Array.from({ length: 7 }, () => "invalid_json"),
      "body_too_large",
      "invalid_json",
      ...Array.from({ length: 3 }, () => "unknown_event"),
      "chat_not_found",
      "chat_not_found",
      "internal",
    ]);
    expect(eve.socket.readyState).toBe(eve.socket.OPEN);
    const mine = await newChat("eve", "ann");
    expect(
      await eve.ask({ type: "say", chat: mine, text: "hi", key: "k" }, ({ type }) => type === "said"),
    ).toMatchObject({ text: "hi" });
  });

  it("refuse who shows no good token, before the upgrade and in the dialect's words", async () => {
    for (const query of [
      "",
      "?token=",
      "?token=nonsense",
      `?token=${testToken({ userId: "ann", expiresIn: -60 })}`,
    ]) {
      await expect(connectRaw(`${urlOf(nodes[0])}/toy/ws${query}`)).rejects.toMatchObject({
        status: 401,
        body: { toy_error: expect.stringMatching(/^token_/) },
      });
    }
    await expect(connectRaw(`${urlOf(nodes[0])}/nowhere`)).rejects.toMatchObject({ status: 404 });
  });

  it("are counted by what came of their handshakes, as native ones are", async () => {
    const node = await startNode({ ALLOWED_ORIGINS: "https://app.example" });
    onTestFinished(() => node.stop("the test is over"));
    const expired = testToken({ userId: "ann", expiresIn: -60 });
    await connect("ann", node);
    await expect(connect("ann", node, expired)).rejects.toMatchObject({ status: 401 });
    await expect(connectRaw(`${urlOf(node)}/nowhere`)).rejects.toMatchObject({ status: 404 });
    const native = await connectNative(urlOf(node), { userId: "ann" });
    onTestFinished(() => native.close());
    await expect(connectNative(urlOf(node), { userId: "ann", token: expired })).rejects.toThrow();
    const elsewhere = { origin: "https://other.example" };
    await expect(
      connectRaw(`${urlOf(node)}/socket.io/?EIO=4&transport=websocket`, elsewhere),
    ).rejects.toMatchObject({ status: 400 });
    const metrics = await (await fetch(`${urlOf(node)}/metrics`)).text();
    const counted = [
      ...metrics.matchAll(/^parley_handshakes_total\{contract="(\w+)",result="(\w+)".* (\d+)$/gm),
    ];
    expect(counted.map(([, contract, result, count]) => `${contract} ${result} ${count}`).toSorted()).toEqual(
      [
        "native ok 1",
        "native origin_not_allowed 1",
        "native token_expired 1",
        "none route_not_found 1",
        "toy ok 1",
        "toy token_expired 1",
      ],
    );
  });

  it("refuse handshakes that are none in the dialect's words", async () => {
    const socket = await begin(`/toy/ws?token=${testToken({ userId: "ann" })}`, "too short");
    let told = "";
    socket.on("data", (part) => {
      told += String(part);
    });
    await once(socket, "end");
    expect(told).toMatch(/^HTTP\/1\.1 400 /);
    expect(told).toMatch(/^Sec-WebSocket-Version: 13\r$/m);
    expect(told.split("\r\n\r\n")[1]).toBe('{"toy_error":"invalid_input"}');
  });

  it("let go of who was refused, whether or not they hang up", async () => {
    const guests = [await begin("/toy/ws"), await begin("/nowhere"), await begin("/toy/ws")];
    for (const socket of guests) {
      socket.resume();
      await once(socket, "end");
    }
    // One who hangs up is gone at once; the others keep their side open, and find out when they write.
    guests.pop()?.destroy();
    await until(() => {
      for (const socket of guests) if (!socket.destroyed) socket.write("x");
      return guests.every(({ destroyed }) => destroyed);
    }, "the node has let them go");
  });

  it.each(["ping", "pong"] as const)("count each %s like a frame", async (what) => {
    const node = await startNode({ SOCKET_EVENTS_PER_SECOND: "1", SOCKET_EVENTS_BURST: "2" });
    onTestFinished(() => node.stop("the test is over"));
    const ann = await connect("ann", node);
    for (let turn = 0; turn < 2_000 && ann.socket.readyState === ann.socket.OPEN; turn++) {
      ann.socket[what]();
      // Not so many at once that the transport ends it.
      if (turn % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => ann.socket.readyState === ann.socket.CLOSED, "the node has sent her away");
    expect(await ann.closed).toBe(4430);
  });

  it("tell of typing, which ends by itself when the client goes", async () => {
    const chat = await newChat("ann", "ben");
    const ann = await connect("ann");
    const ben = await connect("ben", nodes[1]);
    await ben.hear(({ type }) => type === "hello");
    await ann.hear(({ type }) => type === "hello");
    ann.send({ type: "typing", chat, on: true });
    await ben.hear(({ type, on }) => type === "typing" && on === true);
    ann.close();
    expect(await ben.hear(({ type, on }) => type === "typing" && on === false)).toMatchObject({
      chat,
      user: "ann",
    });
  });

  it("end with a reason when the token does, unless a fresh one comes", async () => {
    const ann = await connect("ann", nodes[0], testToken({ userId: "ann", expiresIn: 1 }));
    await ann.hear(({ code }) => code === "token_expired");
    const refused = await ann.ask({ type: "say", chat: 1, text: "late", key: "l" }, ({ key }) => key === "l");
    expect(refused.code).toBe("token_expired");
    const stranger = await ann.ask({ type: "reauthenticate", token: testToken({ userId: "ben" }) });
    expect(stranger.code).toBe("forbidden");
    const renewed = await ann.ask({ type: "reauthenticate", token: testToken({ userId: "ann" }) });
    expect(renewed).toEqual({ type: "reauthenticated" });
    const chat = await newChat("ann", "ben");
    expect(
      await ann.ask({ type: "say", chat, text: "back", key: "b" }, ({ type }) => type === "said"),
    ).toBeTruthy();
  });

  it("count each frame, and answer those beyond the rate with when to come again", async () => {
    const node = await startNode({ SOCKET_EVENTS_PER_SECOND: "1", SOCKET_EVENTS_BURST: "2" });
    onTestFinished(() => node.stop("the test is over"));
    const ann = await connect("ann", node);
    for (let frame = 0; frame < 5; frame++) ann.send({ type: "nothing", key: frame });
    const refused = await ann.hear(({ code }) => code === "rate_limited");
    expect(refused.retry_after_ms).toBeGreaterThan(0);
    expect(ann.socket.readyState).toBe(ann.socket.OPEN);
  });

  it("are sent away with a code that says to come back when the node stops", async () => {
    const node = await startNode();
    const ann = await connect("ann", node);
    await ann.hear(({ type }) => type === "hello");
    await node.stop("the test is over");
    expect(await ann.closed).toBe(4001);
  });

  it("end when who comes for one chat is taken out of it before they are live", async () => {
    const chatId = (await engine.chatFacts.readByNumber(await newChat("ann", "ben"))).id;
    const admit = async () => {
      await removeMember(engine, { actor: { userId: "ann", role: "user" }, chatId, userId: "ben" });
      return { chatId };
    };
    const node = await startNode({}, { ...toyDialect, socket: { ...toyDialect.socket, admit } });
    onTestFinished(() => node.stop("the test is over"));
    const ben = await connect("ben", node);
    expect(await ben.closed).toBe(4404);
    expect(ben.heard.at(-1)).toMatchObject({ type: "oops", code: "chat_not_found" });
  });

  it("take no more from a user than the node allows", async () => {
    const node = await startNode({ MAX_CONNECTIONS_PER_USER: "2" });
    onTestFinished(() => node.stop("the test is over"));
    const first = await connect("ann", node);
    await connect("ann", node);
    await expect(connect("ann", node)).rejects.toMatchObject({ status: 429 });
    first.close();
    await first.closed;
    const come = () =>
      connect("ann", node).then(
        () => true,
        () => false,
      );
    await until(come, "there is a place again");
  });
});

describe("REST calls of a dialect", () => {
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${urlOf(nodes[0])}${path}`, {
      ...init,
      headers: { Authorization: `Bearer ${testToken({ userId: "ann" })}`, ...init.headers },
    });

  it("are answered and refused in the dialect's words", async () => {
    const chat = await newChat("ann", "ben");
    const ann = await connect("ann");
    await ann.ask({ type: "say", chat, text: "hi", key: "k" }, ({ type }) => type === "stored");
    const found = await ask(`/toy/chats/${chat}`);
    expect([found.status, await found.json()]).toEqual([200, [expect.objectContaining({ text: "hi" })]]);
    const cases: Array<[string, RequestInit, number, string]> = [
      [`/toy/chats/${chat}`, { headers: { Authorization: "Bearer no" } }, 401, "token_invalid"],
      [`/toy/chats/${await newChat("ben", "cid")}`, {}, 404, "chat_not_found"],
      ["/toy/nowhere", {}, 404, "route_not_found"],
      [
        "/toy/echo",
        { method: "POST", body: "{", headers: { "Content-Type": "application/json" } },
        400,
        "invalid_json",
      ],
      [
        "/toy/echo",
        {
          method: "POST",
          body: JSON.stringify({ x: "y".repeat(300_000) }),
          headers: { "Content-Type": "application/json" },
        },
        413,
        "body_too_large",
      ],
    ];
    for (const [path, init, status, code] of cases) {
      const answer = await ask(path, init);
      expect([path, answer.status, await answer.json()]).toEqual([path, status, { toy_error: code }]);
    }
  });
});
